//! `backtalk diff`: what a change of the dialogue does to people, and whether it is signed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{Files, Outcome};
use crate::dialogue::issue::{self, Issue, Sources};
use crate::dialogue::{Dialogue, Disposition, load};
use crate::engine::verdict::name_of;
use crate::proof::diff::{Difference, diff as compare, refusal, text};
use crate::vignettes::{self, Vignette, VignetteFile, element_name};
use crate::{replay_run, shipped};

/// What the files of a dialogue stand in, in a checkout or a revision.
const FOLDER: &str = "dialogues";

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The dialogues before: a folder of them, a checkout, or a revision of this git repository.
    old: String,
    /// The dialogues after.
    new: String,
    /// A folder of replays to run on the new dialogue; without it `tests/replays/<dialogue>`, if it
    /// is there.
    #[arg(long)]
    replays: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Everything that differs.
#[derive(Debug, Serialize)]
struct Report {
    difference: Difference,
    vignettes: Vec<Case>,
    replays: Vec<Failed>,
}

/// A vignette that comes out otherwise.
#[derive(Debug, Serialize)]
struct Case {
    id: String,
    /// Nothing where a dialogue cannot be told of this person.
    before: Option<Came>,
    after: Option<Came>,
}

/// What came of a vignette.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Came {
    told: Disposition,
    gates: Vec<String>,
    leaves_out: Vec<String>,
    wrong: Vec<String>,
}

/// A replay that does not hold on the new dialogue.
#[derive(Debug, Serialize)]
struct Failed {
    file: String,
    said: String,
    /// Whether it held on the old dialogue.
    held_before: bool,
}

/// Print what differs; exit code 1 where somebody is told less and nobody has signed it.
pub(super) fn diff(files: &Files, args: &DiffArgs) -> Outcome {
    let name = &files.dialogue;
    let (old_sources, new_sources) = (sources(&args.old)?, sources(&args.new)?);
    let old = load::load_former(&old_sources, name)
        .map_err(|issues| unusable(&args.old, &issues, &old_sources, name))?;
    let old = Arc::new(old);
    let new = load::load(&new_sources, name)
        .map_err(|issues| unusable(&args.new, &issues, &new_sources, name))?;
    let new = Arc::new(new);
    let report = Report {
        difference: compare(&old, &new),
        vignettes: cases(&old, &new, &old_sources, &new_sources)?,
        // What holds on the same files holds again.
        replays: match same_words(&old_sources, &new_sources) {
            true => Vec::new(),
            false => replays(&old, &new, args.replays.as_deref())?,
        },
    };
    let refused = refusal(&report.difference, name);
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?;
        println!("{json}");
        if let Some(said) = &refused {
            eprint!("{said}");
        }
    } else {
        print!("{}", text(&report.difference));
        print!("{}", cases_text(&report.vignettes));
        print!("{}", replays_text(&report.replays));
        match &refused {
            Some(said) => print!("\n{said}"),
            None if report.difference.lowered > 0.0 => {
                println!("\nWhoever is told less is signed for in CHANGES.yaml.");
            }
            None => {}
        }
    }
    Ok(match refused {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    })
}

/// Whether all files are the same, but for the signatures, which nobody who is asked meets.
fn same_words(old: &Sources, new: &Sources) -> bool {
    let met = |s: &Sources| -> Sources {
        let files = s.iter().filter(|(path, _)| !path.ends_with("CHANGES.yaml"));
        files.map(|(p, t)| (p.clone(), t.clone())).collect()
    };
    met(old) == met(new)
}

/// The files of a folder or of a revision.
fn sources(place: &str) -> Result<Sources, String> {
    let path = Path::new(place);
    let folders = [path.to_owned(), path.join(FOLDER)];
    if let Some(folder) = folders.iter().find(|f| f.join("common.yaml").is_file()) {
        return shipped::folder(folder)
            .map_err(|e| format!("The folder {} cannot be read: {e}.", folder.display()));
    }
    if path.is_dir() {
        return Err(format!(
            "The folder {place} has no common.yaml, and no {FOLDER}/common.yaml. Give the folder of the dialogues, a checkout, or a git revision."
        ));
    }
    revision(place)
}

/// The files of a revision of the repository we are in.
fn revision(name: &str) -> Result<Sources, String> {
    let top = git(&["rev-parse", "--show-toplevel"]).map_err(|said| {
        format!("{name} is no folder, and this is no git repository: {said} Give two folders, or go to the repository.")
    })?;
    let top = top.trim();
    let commit = format!("{name}^{{commit}}");
    let commit = git(&[
        "-C",
        top,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &commit,
    ])
    .map_err(|_| {
        format!("{name} is neither a folder nor a revision of this repository. `git log --oneline -- {FOLDER}` lists revisions; `git fetch --unshallow` gets those that a shallow clone lacks.")
    })?;
    let commit = commit.trim();
    let list = git(&[
        "-C",
        top,
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        commit,
        "--",
        FOLDER,
    ])?;
    let mut out = Sources::new();
    for path in list.split('\0') {
        let Some(below) = path
            .strip_prefix(FOLDER)
            .and_then(|p| p.strip_prefix('/'))
            .filter(|p| p.ends_with(".yaml") || p.ends_with(".txt"))
        else {
            continue;
        };
        let text = git(&["-C", top, "show", &format!("{commit}:{path}")])?;
        out.insert(below.to_owned(), text);
    }
    if out.is_empty() {
        return Err(format!(
            "The revision {name} has no files below {FOLDER}/. Give one that has, or a folder."
        ));
    }
    Ok(out)
}

/// What git prints, or what it complains of.
fn git(args: &[&str]) -> Result<String, String> {
    let done = Command::new("git")
        .args(args)
        .output()
        .map_err(|e| format!("git cannot be run ({e}). Install it, or give two folders."))?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
    }
    String::from_utf8(done.stdout).map_err(|_| "git shows a file that is not UTF-8.".to_owned())
}

fn unusable(place: &str, issues: &[Issue], sources: &Sources, name: &str) -> String {
    format!(
        "{}\nThis program cannot use the dialogue {name} of {place}. Mend it there, or compare with a revision whose files it can read.",
        issue::print(issues, sources, super::color())
    )
}

/// The vignettes of both dialogues, of the same id those of the new one, that come out otherwise.
fn cases(
    old: &Dialogue,
    new: &Dialogue,
    old_sources: &Sources,
    new_sources: &Sources,
) -> Result<Vec<Case>, String> {
    let mut all: Vec<Vignette> = Vec::new();
    for sources in [new_sources, old_sources] {
        let path = format!("{}/vignettes.yaml", new.name);
        let Some(text) = sources.get(&path) else {
            continue;
        };
        let file: VignetteFile =
            serde_saphyr::from_str(text).map_err(|e| format!("{path}: {e}"))?;
        for v in file.vignettes {
            if !all.iter().any(|known| known.id == v.id) {
                all.push(v);
            }
        }
    }
    let out = all.iter().map(|v| Case {
        id: v.id.clone(),
        before: came(old, v),
        after: came(new, v),
    });
    Ok(out.filter(|c| c.before != c.after).collect())
}

fn came(d: &Dialogue, v: &Vignette) -> Option<Came> {
    let o = vignettes::run(d, v, Timestamp::UNIX_EPOCH).ok()?;
    Some(Came {
        told: o.disposition,
        gates: o.gates,
        leaves_out: o.leaves_out.iter().map(|e| element_name(*e)).collect(),
        wrong: o.wrong,
    })
}

fn cases_text(cases: &[Case]) -> String {
    let mut out = String::new();
    if !cases.is_empty() {
        out.push_str("\nVignettes\n");
    }
    for c in cases {
        let say = |came: &Option<Came>| {
            came.as_ref().map_or_else(
                || "cannot be told of this person".to_owned(),
                |c| {
                    let wrong = match c.wrong.as_slice() {
                        [] => String::new(),
                        wrong => format!("; WRONG: {}", wrong.join("; ")),
                    };
                    format!(
                        "{}; gates {}{wrong}",
                        name_of(c.told),
                        vignettes::join(&c.gates)
                    )
                },
            )
        };
        out += &format!(
            "  {}\n    before: {}\n    now:    {}\n",
            c.id,
            say(&c.before),
            say(&c.after)
        );
    }
    out
}

/// The replays that do not hold on the new dialogue.
fn replays(
    old: &Arc<Dialogue>,
    new: &Arc<Dialogue>,
    folder: Option<&Path>,
) -> Result<Vec<Failed>, String> {
    let usual = PathBuf::from(format!("tests/replays/{}", new.name));
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None if usual.is_dir() => usual,
        None => return Ok(Vec::new()),
    };
    let mut out = Vec::new();
    for path in replay_run::replays(&folder)? {
        if let Err(said) = replay_run::check(new, &path) {
            let file = path.display().to_string();
            out.push(Failed {
                held_before: replay_run::check(old, &path).is_ok(),
                file,
                said,
            });
        }
    }
    Ok(out)
}

fn replays_text(failed: &[Failed]) -> String {
    let mut out = String::new();
    if !failed.is_empty() {
        out.push_str("\nReplays that do not hold on the new dialogue\n");
    }
    for f in failed {
        let before = match f.held_before {
            true => "",
            false => " (nor on the old one)",
        };
        out += &format!("  backtalk replay {}{before}\n", f.file);
    }
    out
}
