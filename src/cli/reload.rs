//! `backtalk reload`: a running bot goes on with other dialogue files, once they are checked and proved.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Files, Outcome, sources, versions};
use crate::clock::{Clock, SystemClock};
use crate::dialogue::issue::{self, Sources};
use crate::dialogue::{Dialogue, check, load};
use crate::editions::Editions;
use crate::heartbeat;
use crate::proof::laws::ALL;
use crate::proof::space::Space;
use crate::proof::{Exercised, World};
use crate::store::Store;
use crate::turn::Bot;

/// The law that looks at replays, which are where the dialogue is made and not where it is used.
const LOOKS_AT_REPLAYS: &str = "L7";

/// How long a bot may take to check, prove and load: many times what it takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// The file with the bot's sign of life; without it `backtalk.alive` where temporary files are.
    #[arg(long, env = heartbeat::SETTING)]
    heartbeat: Option<PathBuf>,
}

/// Check and prove the files, have the bot on this machine load them, and wait until it has.
pub fn reload(files: &Files, args: &ReloadArgs) -> Outcome {
    let (sources, dialogue) = proved(files)?;
    println!(
        "{}, form {}: checked and proved.",
        dialogue.name, dialogue.form
    );
    let path = heartbeat::file(args.heartbeat.clone());
    let sign = heartbeat::read(&path, SystemClock.now());
    let Some(alive) = heartbeat::alive(&path).filter(|_| sign.is_alive()) else {
        return Err(format!("No bot was told. {}", sign.explain(&path)));
    };
    let edition = Editions::new(sources).digest();
    if alive.edition == edition {
        println!("The bot goes by these files already.");
        return Ok(ExitCode::SUCCESS);
    }
    hang_up(alive.process)?;
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
        if heartbeat::alive(&path).is_some_and(|alive| alive.edition == edition) {
            println!("The bot goes by these files now.");
            return Ok(ExitCode::SUCCESS);
        }
    }
    Err(
        "The bot was told, and does not go by these files yet. Its log says why; it goes on with \
         those it had."
            .into(),
    )
}

/// Tell a process to load its files again.
#[cfg(target_os = "linux")]
fn hang_up(process: u32) -> Result<(), String> {
    use rustix::process::{Pid, Signal, kill_process};
    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    let id = id.ok_or("The sign of life names no process.")?;
    kill_process(id, Signal::HUP)
        .map_err(|error| format!("The bot (process {process}) could not be told: {error}."))
}

/// Tell a process to load its files again.
#[cfg(not(target_os = "linux"))]
fn hang_up(process: u32) -> Result<(), String> {
    Err(format!("Tell the bot by hand: kill -HUP {process}"))
}

/// The files, read, checked and proved; or all that is wrong with them.
fn proved(files: &Files) -> Result<(Sources, Dialogue), String> {
    if files.dialogues.is_none() {
        return Err(
            "The dialogue is built into the program, so there is nothing to load again. Give the \
             bot a folder with --dialogues or BACKTALK_DIALOGUES."
                .into(),
        );
    }
    let sources = sources(files)?;
    let told = |issues: &[issue::Issue]| issue::print(issues, &sources, false);
    let dialogue = load::load(&sources, &files.dialogue).map_err(|issues| told(&issues))?;
    let issues = check::check(&dialogue, &sources);
    if !issues.is_empty() {
        return Err(told(&issues));
    }
    let dialogue = Arc::new(dialogue);
    let broken: Vec<String> = {
        let space = Space::new(&dialogue);
        let world = World::new(&space);
        let laws = ALL.iter().filter(|law| law.id != LOOKS_AT_REPLAYS);
        laws.flat_map(|law| {
            let proved = (law.prove)(&world, &Exercised::default());
            let said = move |b: crate::proof::Broken| format!("{} is broken: {}", law.id, b.what);
            proved.broken.into_iter().map(said)
        })
        .collect()
    };
    if !broken.is_empty() {
        return Err(format!(
            "{}\n`backtalk prove` says more.",
            broken.join("\n")
        ));
    }
    let dialogue = Arc::into_inner(dialogue).ok_or("The proofs still hold the dialogue.")?;
    Ok((sources, dialogue))
}

/// The bot over the files as they are now, if they can be used.
pub async fn again(files: Files, store: Arc<dyn Store>, keep_days: u32) -> Result<Bot, String> {
    // It takes a while, in which others are answered.
    let proved = tokio::task::spawn_blocking(move || proved(&files)).await;
    let (sources, mut dialogue) = proved.map_err(|_| "The proofs broke down.")??;
    dialogue.keep_days = keep_days;
    versions::bot(sources, Arc::new(dialogue), store).await
}
