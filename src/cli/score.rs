//! `backtalk score`: cases in, `SCORECARD.md` out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Files, Outcome, dialogue, outcomes, sources, write, yaml};
use crate::dialogue::issue::Sources;
use crate::score::published::PublishedFile;
use crate::score::{self, Answered, Card, Measure, Study};
use crate::shipped;
use crate::vignettes::VignetteFile;

/// The name of the file with what was published of others, below the folder of dialogues.
const PUBLISHED: &str = "published.yaml";

#[derive(Debug, Args)]
pub(super) struct ScoreArgs {
    /// Files of cases, in the shape of dialogues/schema/vignettes.schema.json; without any, the
    /// dialogue's own vignettes.yaml.
    files: Vec<PathBuf>,
    /// Where the card is written.
    #[arg(long, default_value = "SCORECARD.md")]
    out: PathBuf,
    /// Print JSON, and write no file.
    #[arg(long)]
    json: bool,
}

/// Answer every case, write the card, and name each case that is wrong.
pub(super) fn score(files: &Files, args: &ScoreArgs) -> Outcome {
    let sources = sources(files)?;
    let d = dialogue(files)?;
    let mut answered = Vec::new();
    for (name, file) in cases(&sources, &d.name, &args.files)? {
        let outcomes = outcomes(&d, &file).map_err(|said| format!("{name}:\n{said}"))?;
        answered.push(Answered {
            file: name,
            outcomes,
        });
    }
    let card = score::card(&d, answered, published(&sources)?);
    if args.json {
        let json = serde_json::to_string_pretty(&card).map_err(|e| e.to_string())?;
        println!("{json}");
    } else {
        write(&args.out, &score::page(&card))?;
        println!("{}\n{} is written.", in_short(&card), args.out.display());
    }
    for w in &card.wrong {
        eprintln!("WRONG {} in {}: {}", w.id, w.file, w.said.join("; "));
    }
    Ok(if card.wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The files of cases with their names, or the dialogue's own.
fn cases(
    sources: &Sources,
    dialogue: &str,
    paths: &[PathBuf],
) -> Result<Vec<(String, VignetteFile)>, String> {
    if paths.is_empty() {
        let name = format!("{dialogue}/vignettes.yaml");
        let text = sources.get(&name).ok_or_else(|| {
            format!("There is no file {name} to score. Name a file of cases instead.")
        })?;
        let file = serde_saphyr::from_str(text).map_err(|e| format!("{name}: {e}"))?;
        return Ok(vec![(name, file)]);
    }
    paths
        .iter()
        .map(|path| Ok((path.display().to_string(), yaml(path)?)))
        .collect()
}

/// What was published of others: by the folder of dialogues, else what is built in.
fn published(sources: &Sources) -> Result<Vec<Study>, String> {
    let built_in = shipped::built_in();
    let Some(text) = sources.get(PUBLISHED).or_else(|| built_in.get(PUBLISHED)) else {
        return Ok(Vec::new());
    };
    let file: PublishedFile =
        serde_saphyr::from_str(text).map_err(|e| format!("{PUBLISHED}: {e}"))?;
    Ok(file.studies)
}

fn in_short(card: &Card) -> String {
    let say = |measure: Measure| {
        card.rates
            .iter()
            .find(|r| r.measure == measure)
            .map_or_else(String::new, |r| {
                format!("{}: {}", r.measure.words(), r.share)
            })
    };
    format!(
        "{} cases with a level. {}. {}. {}. {} wrong.",
        card.cases,
        say(Measure::Exact),
        say(Measure::EmergenciesCaught),
        say(Measure::FellTwoLevels),
        card.wrong.len()
    )
}
