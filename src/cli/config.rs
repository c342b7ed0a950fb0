//! `backtalk config`: the settings that hold, and where each comes from.

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use super::{Cli, Files, Outcome, RunArgs, prepare};
use crate::config::table::{SETTINGS, Setting};

/// Print the settings of `run`, as they would hold. What cannot hold is an error, as at the start.
pub fn config(files: &Files, args: &RunArgs) -> Outcome {
    let prepared = prepare(files, args)?;
    let all = Cli::command().get_matches();
    let flags = all.subcommand().map_or(&all, |(_, flags)| flags);
    let store = prepared.store.choice.to_string();
    let width = SETTINGS.iter().map(|s| s.env.len()).max().unwrap_or(0);
    for setting in SETTINGS {
        let (value, from) = told(&setting, flags);
        println!("{:width$}  {value}  ({from})", setting.env);
    }
    println!("\nRecords are kept in {store}.");
    match &prepared.telegram.webhook {
        Some(webhook) => println!("Updates come by webhook, to {}.", webhook.listen),
        None => println!("Updates come by polling."),
    }
    Ok(ExitCode::SUCCESS)
}

/// What a setting is, and who says so.
fn told(setting: &Setting, flags: &ArgMatches) -> (String, &'static str) {
    let id = setting
        .flag
        .map(|flag| flag.trim_start_matches("--").replace('-', "_"));
    let source = id.as_deref().and_then(|id| {
        flags
            .try_contains_id(id)
            .ok()
            .and_then(|_| flags.value_source(id))
    });
    let env = std::env::var(setting.env)
        .ok()
        .filter(|v| !v.trim().is_empty());
    let given = match (source, &id) {
        (Some(ValueSource::CommandLine), Some(id)) => {
            let values = flags.try_get_raw(id).ok().flatten();
            values
                .and_then(|mut v| v.next())
                .map(|v| (v.to_string_lossy().into_owned(), "flag"))
        }
        _ => env.map(|value| (value, "environment")),
    };
    match given {
        Some((_, from)) if setting.is_secret => ("(hidden)".to_owned(), from),
        Some((value, from)) => (value, from),
        None => match setting.default {
            "" => ("-".to_owned(), "not set"),
            default => (default.to_owned(), "default"),
        },
    }
}
