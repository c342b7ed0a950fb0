//! `backtalk prove`: the laws of the dialogue over all answers, each with how it was established.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::{Files, Outcome};
use crate::clock::{Clock, SystemClock};
use crate::dialogue::Dialogue;
use crate::mutants::Judges;
use crate::proof::edges::edges;
use crate::proof::laws::ALL;
use crate::proof::questions::questions;
use crate::proof::space::Space;
use crate::proof::{Broken, Exercised, Law, World};
use crate::replay_run;
use crate::vignettes::{self, VignetteFile};

/// So many ways in which one law is broken are shown as a conversation.
const MOST_SHOWN: usize = 3;

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// Only this law, such as L3; may be given more than once.
    #[arg(long = "law")]
    laws: Vec<String>,
    /// A folder of replays that L7 counts; without it `tests/replays/<dialogue>`, if it is there.
    #[arg(long)]
    replays: Option<PathBuf>,
    /// Print cases on both sides of every rule, gate and card instead, as a file of vignettes.
    #[arg(long)]
    edges: bool,
    /// Print instead how often the answer of each screen can change the level, and what asking
    /// several things at once saves.
    #[arg(long)]
    questions: bool,
    /// Try dialogues with one thing wrong instead, and report who notices each.
    #[arg(long)]
    mutants: bool,
    /// With --mutants: only every so many.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Write the conversations that break a law into this folder, instead of printing them.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Prove the laws; the exit code says whether all of them hold.
pub(super) fn prove(files: &Files, args: &ProveArgs) -> Outcome {
    let d = Arc::new(super::dialogue(files)?);
    let wanted: Vec<&Law> = ALL
        .iter()
        .filter(|l| args.laws.is_empty() || args.laws.iter().any(|a| a.eq_ignore_ascii_case(l.id)))
        .collect();
    if wanted.is_empty() {
        let ids: Vec<&str> = ALL.iter().map(|l| l.id).collect();
        return Err(format!(
            "There is no such law. The laws are {}.",
            ids.join(", ")
        ));
    }
    if args.edges {
        let space = Space::new(&d);
        print_edges(&d, &World::new(&space))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.questions {
        let space = Space::new(&d);
        print_questions(&d, &World::new(&space));
        return Ok(ExitCode::SUCCESS);
    }
    if args.mutants {
        let replays = replay_folder(&d, args.replays.as_deref());
        let replays = replays.map_or_else(|| Ok(Vec::new()), |f| replay_run::replays(&f))?;
        let cases = case_files(files, &d)?;
        let answers = PathBuf::from(format!("tests/answers/{}.txt", d.name));
        let answers = match std::fs::read_to_string(answers) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            // Without the list, labels are looked at by replays alone.
            Err(_) => Vec::new(),
        };
        let judges = Judges::new(super::sources(files)?, &d.name, &cases, answers, replays)?;
        return super::mutants::mutants(&judges, args.every);
    }
    let began = SystemClock.now();
    // Only the seventh looks at replays.
    let exercised = match wanted.iter().any(|l| l.id == "L7") {
        true => exercised(files, &d, args.replays.as_deref())?,
        false => Exercised::default(),
    };
    let space = Space::new(&d);
    let world = World::new(&space);
    println!(
        "{}, form {}: {} facts, {} rules, {} screens, {} gates. Read in {:.1} s.\n",
        d.name,
        d.form,
        d.facts.len(),
        d.rules.len(),
        d.screens.len(),
        d.gates.len(),
        seconds_since(began)
    );
    let mut broken = 0;
    for law in wanted {
        let started = SystemClock.now();
        let proved = (law.prove)(&world, &exercised);
        let verdict = if proved.broken.is_empty() {
            "holds"
        } else {
            "BROKEN"
        };
        println!(
            "{} {verdict} ({:.1} s): {}.\n   By {}.",
            law.id,
            seconds_since(started),
            law.says,
            proved.how
        );
        for note in &proved.notes {
            println!("   {note}");
        }
        for (n, b) in proved.broken.iter().enumerate() {
            println!("   - {}", b.what);
            if n < MOST_SHOWN {
                show(&d, law, n, b, args.out.as_deref())?;
            }
        }
        broken += usize::from(!proved.broken.is_empty());
    }
    println!(
        "\n{} in {:.1} s.",
        match broken {
            0 => "Every law holds".to_owned(),
            n => format!("{n} broken"),
        },
        seconds_since(began)
    );
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Seconds since then.
fn seconds_since(then: Timestamp) -> f64 {
    SystemClock.now().duration_since(then).as_secs_f64()
}

/// The conversation that breaks a law, as a replay file.
fn show(
    d: &Arc<Dialogue>,
    law: &Law,
    n: usize,
    b: &Broken,
    out: Option<&Path>,
) -> Result<(), String> {
    let Some(person) = &b.person else {
        return Ok(());
    };
    let says = format!("{}: {}. Here {}.", law.id, law.says, b.what);
    let text = replay_run::of_person(d, person, &says, b.lawful)?;
    match out {
        None => println!("\n{text}"),
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
            let path = folder.join(format!("{}_{}.replay", law.id.to_lowercase(), n + 1));
            super::write(&path, &text)?;
            println!("     backtalk replay {}", path.display());
        }
    }
    Ok(())
}

/// What the replays and cases reach; nothing where there are no replays, as beside a bot that runs.
fn exercised(
    files: &Files,
    d: &Arc<Dialogue>,
    replays: Option<&Path>,
) -> Result<Exercised, String> {
    let Some(folder) = replay_folder(d, replays) else {
        return Ok(Exercised::default());
    };
    let mut out = replay_run::exercised(d, &folder)?;
    for (path, file) in case_files(files, d)? {
        for v in &file.vignettes {
            let own =
                replay_run::exercised_by(d, v).map_err(|e| format!("{path}: {}: {e}", v.id))?;
            out.elements.extend(own.elements);
        }
    }
    Ok(out)
}

/// The folder with the replays of a dialogue: the one that was named, or the usual one.
fn replay_folder(d: &Dialogue, named: Option<&Path>) -> Option<PathBuf> {
    let usual = PathBuf::from(format!("tests/replays/{}", d.name));
    named.map_or_else(|| usual.is_dir().then_some(usual), |p| Some(p.to_owned()))
}

/// The files of cases that belong to a dialogue: its own vignettes, and those on the edges of its
/// rules where they are there.
fn case_files(files: &Files, d: &Dialogue) -> Result<Vec<(String, VignetteFile)>, String> {
    let sources = super::sources(files)?;
    let mut out = Vec::new();
    let own = format!("{}/vignettes.yaml", d.name);
    if let Some(text) = sources.get(&own) {
        let file = serde_saphyr::from_str(text).map_err(|e| format!("{own}: {e}"))?;
        out.push((own, file));
    }
    let edges = PathBuf::from(format!("tests/edges/{}.yaml", d.name));
    if edges.is_file() {
        out.push((edges.display().to_string(), super::yaml(&edges)?));
    }
    Ok(out)
}

/// The cases on both sides of every rule, gate and card, as a file of vignettes. What they should
/// be told is what they are told now: hold it against the clinical table before you keep it.
fn print_edges(d: &Dialogue, world: &World<'_>) -> Result<(), String> {
    println!(
        "# yaml-language-server: $schema=../../dialogues/schema/vignettes.schema.json\n\
         # Both sides of every rule, gate and card: for each comparison somebody for whom it decides,\n\
         # and somebody who misses it by just that. Written with `backtalk prove --edges`; what they\n\
         # should be told was held against the clinical table.\n\
         version: 1\nvignettes:"
    );
    let mut numbers: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for e in edges(world) {
        let short = e.of.split('_').next().unwrap_or(&e.of).to_owned();
        let n = numbers.entry(short.clone()).or_default();
        *n += 1;
        let facts =
            serde_json::to_string(&vignettes::facts_of(d, &e.person)).map_err(|e| e.to_string())?;
        let level = crate::engine::verdict::name_of(e.disposition);
        print!(
            "- {{ id: {short}-{n}, title: \"{}, {}\",\n    facts: {},\n    expected: {level}",
            e.of,
            e.title,
            facts.replace("\":", "\": ").replace(",\"", ", \"")
        );
        if let Some(rule) = &e.rule {
            print!(", must_mention: [{rule}]");
        }
        if !e.leaves_out.is_empty() {
            let names: Vec<String> = e
                .leaves_out
                .iter()
                .map(|x| vignettes::element_name(*x))
                .collect();
            print!(", must_not: [{}]", names.join(", "));
        }
        println!(" }}");
    }
    Ok(())
}

/// What each screen is good for, and the taps of the whole.
fn print_questions(d: &Dialogue, world: &World<'_>) {
    let all = questions(world);
    println!(
        "How often, by a rough idea of how often people say what (most have few troubles); it orders\n\
         screens and claims nothing about patients.\n\n\
         {:<20}{:>10}{:>18}{:>8}{:>14}",
        "screen", "asked of", "can change level", "taps", "one by one"
    );
    for q in &all {
        println!(
            "{:<20}{:>9.1}%{:>17.1}%{:>8.1}{:>14.1}",
            d.screens[q.screen].id,
            100.0 * q.asked,
            100.0 * q.matters,
            q.taps,
            q.one_by_one
        );
    }
    let sum = |f: &dyn Fn(&crate::proof::questions::Question) -> f64| -> f64 {
        all.iter().map(|q| q.asked * f(q)).sum()
    };
    println!(
        "\n{:.1} taps to the verdict for somebody; one fact at a time it would be {:.1}.",
        sum(&|q| q.taps),
        sum(&|q| q.one_by_one)
    );
}
