//! `backtalk prove`: the laws of the dialogue over all answers, each with how it was established.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::{Files, Outcome};
use crate::clock::{Clock, SystemClock};
use crate::dialogue::Dialogue;
use crate::proof::laws::ALL;
use crate::proof::space::Space;
use crate::proof::{Broken, Exercised, Law, World};
use crate::vignettes::{self, VignetteFile};
use crate::{answerer, replay_run, shipped};

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
    let began = SystemClock.now();
    let exercised = exercised(files, &d, args.replays.as_deref())?;
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

/// What the dialogue's vignettes and the replays reach.
fn exercised(
    files: &Files,
    d: &Arc<Dialogue>,
    replays: Option<&Path>,
) -> Result<Exercised, String> {
    let mut out = Exercised::default();
    for (path, file) in case_files(files, d)? {
        for v in &file.vignettes {
            let own = of_vignette(d, v).map_err(|e| format!("{path}: {}: {e}", v.id))?;
            out.elements.extend(own.elements);
        }
    }
    let usual = PathBuf::from(format!("tests/replays/{}", d.name));
    let folder = replays.map_or_else(|| usual.is_dir().then_some(usual), |p| Some(p.to_owned()));
    if let Some(folder) = folder {
        out.elements
            .extend(replay_run::exercised(d, &folder)?.elements);
    }
    Ok(out)
}

/// The files of cases that belong to a dialogue.
pub(super) fn case_files(
    files: &Files,
    d: &Dialogue,
) -> Result<Vec<(String, VignetteFile)>, String> {
    let sources = super::sources(files)?;
    let mut out = Vec::new();
    for name in shipped::CASES {
        let path = format!("{}/{name}", d.name);
        if let Some(text) = sources.get(&path) {
            let file = serde_saphyr::from_str(text).map_err(|e| format!("{path}: {e}"))?;
            out.push((path, file));
        }
    }
    Ok(out)
}

/// What a case reaches on the screens, to the end of the plan.
fn of_vignette(d: &Dialogue, v: &vignettes::Vignette) -> Result<Exercised, String> {
    use crate::dialogue::Act;
    use crate::engine::{self, Input, Press, State, Wish};
    let now = jiff::Timestamp::UNIX_EPOCH;
    let person = vignettes::facts(d, &v.facts).map_err(|w| w.join("; "))?;
    let mut session = answerer::hold(d, &person, now).session;
    let plan = Input::Press(Press {
        visit: State::of(d, &session).visit,
        wish: Wish::Act(Act::Plan),
    });
    session = engine::step(d, &session, &plan, now)
        .session
        .unwrap_or(session);
    if State::of(d, &session).planned {
        session = answerer::hold_from(d, session, &person, now).session;
    }
    Ok(crate::proof::laws::reached(d, &session, 0, now))
}
