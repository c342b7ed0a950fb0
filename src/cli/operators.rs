//! The commands for whoever runs a bot: keys, moving a store, and the doctor.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{Files, KeepArgs, Outcome, StoreArgs, runtime};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, StoreChoice, StoreSettings};
use crate::store::commons::Note;
use crate::store::seal::Keyring;
use crate::store::{Store, keys, migrate};
use crate::{doctor, store_open};

/// What to do with a store.
#[derive(Debug, Subcommand)]
pub enum StoreCmd {
    /// Encrypt every record with the newest key. In Redis the bot may run meanwhile.
    Rotate(RotateArgs),
    /// Move everything from one store to another. The bot must not run.
    Migrate(MigrateArgs),
    /// Throw the dead letters away that `doctor` shows, once somebody has looked. A bot that keeps
    /// its records in a file must not run meanwhile.
    ClearLetters(ClearArgs),
}

#[derive(Debug, Args)]
pub struct ClearArgs {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct RotateArgs {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The store that holds the records: the path of a file, or the address of a Redis.
    from: SecretString,
    /// The store that is to hold them.
    to: SecretString,
    /// Go on with a move that was interrupted.
    #[arg(long)]
    resume: bool,
    /// When all is moved and compared, erase it in FROM.
    #[arg(long)]
    erase: bool,
    #[command(flatten)]
    keep: KeepArgs,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    webhook: super::WebhookArgs,
}

/// Look at everything, and print what was found.
pub fn doctor(files: &Files, args: &DoctorArgs) -> Outcome {
    let case = doctor::Case {
        dialogue: super::dialogue(files),
        telegram: super::telegram_settings().and_then(|mut telegram| {
            args.webhook.add_to(&mut telegram)?;
            Ok(telegram)
        }),
        store: &args.store.settings(config::BOT_FILE)?,
        clock: &SystemClock,
    };
    let findings = runtime()?.block_on(doctor::examine(case));
    if args.json {
        println!("{:#}", doctor::print::json(&findings));
    } else {
        print!("{}", doctor::print::text(&findings));
    }
    Ok(match doctor::is_well(&findings) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Print a new key.
pub fn key() -> Outcome {
    println!("{}", Keyring::new_key());
    eprintln!(
        "Set BACKTALK_KEY to it, and keep a copy where the records are not: without it nobody can read them. \
         To rotate, put the new one first (BACKTALK_KEY=new,old), start the bot again, run `backtalk store rotate`, \
         and then take the old one away."
    );
    Ok(ExitCode::SUCCESS)
}

/// Do this with a store.
pub fn store(command: StoreCmd) -> Outcome {
    let runtime = runtime()?;
    match command {
        StoreCmd::Rotate(args) => runtime.block_on(rotate(&args)),
        StoreCmd::Migrate(args) => runtime.block_on(move_all(&args)),
        StoreCmd::ClearLetters(args) => runtime.block_on(clear_letters(&args)),
    }
}

async fn rotate(args: &RotateArgs) -> Outcome {
    let settings = args.store.settings(config::BOT_FILE)?;
    must_exist(&settings.choice)?;
    let owner = owner(&settings).await?;
    let ring = settings.keys(owner).map_err(|e| e.to_string())?;
    let Some(newest) = ring.newest() else {
        return Err("There is no key to seal with. Make one with `backtalk key` and set BACKTALK_KEY to it.".into());
    };
    let store = store_open::as_it_is(&settings, ring.clone()).await?;
    let (found, left) = async {
        keys::adopt(&*store, owner, &ring).await?;
        keys::rotate(&*store, &ring).await
    }
    .await
    .map_err(|e| e.to_string())?;
    drop(store);
    if let StoreChoice::File(_) = settings.choice {
        // What was not sealed before is wiped from the gaps of the file as it is opened.
        drop(store_open::as_it_is(&settings, ring).await?);
    }
    println!(
        "{} records, {} were not sealed with key {newest}, {} still wait.",
        found.all, found.waiting, left.waiting
    );
    if left.waiting == 0 {
        println!(
            "Once no bot runs that has another key in the first place, older keys are not needed."
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "Somebody seals with another key: start every bot again with this key in the first place, and run this once more."
    );
    Ok(ExitCode::FAILURE)
}

async fn clear_letters(args: &ClearArgs) -> Outcome {
    let settings = args.store.settings(config::BOT_FILE)?;
    must_exist(&settings.choice)?;
    let store = store_open::as_it_is(&settings, Keyring::none()).await?;
    let count = store.parked().await.map_err(|e| e.to_string())?.len();
    store.clear_parked().await.map_err(|e| e.to_string())?;
    println!("{count} dead letters were thrown away.");
    Ok(ExitCode::SUCCESS)
}

/// The number of the bot that a store says it belongs to.
pub(super) async fn owner(settings: &StoreSettings) -> Result<u64, String> {
    let store = store_open::as_it_is(settings, Keyring::none()).await?;
    let owner = store.note(Note::Bot).await.map_err(|e| e.to_string())?;
    owner.and_then(|bot| bot.parse().ok()).ok_or_else(|| {
        format!(
            "No bot has used {} yet, so there is nothing to do.",
            settings.choice
        )
    })
}

/// A file is not created by looking at it.
pub(super) fn must_exist(choice: &StoreChoice) -> Result<(), String> {
    match choice {
        StoreChoice::Memory => {
            Err("What is kept in memory ends with its process. Give a file or a Redis.".into())
        }
        StoreChoice::File(path) if !path.exists() => {
            Err(format!("There is no file {}.", path.display()))
        }
        _ => Ok(()),
    }
}

async fn move_all(args: &MigrateArgs) -> Outcome {
    let settings = |store: &SecretString| {
        let choice = config::named(store.expose_secret()).map_err(|e| e.to_string())?;
        args.keep.settings(choice)
    };
    let (from_settings, to_settings) = (settings(&args.from)?, settings(&args.to)?);
    must_exist(&from_settings.choice)?;
    if let StoreChoice::Memory = to_settings.choice {
        return Err("What is kept in memory ends with its process. Give a file or a Redis.".into());
    }
    if is_same(&from_settings.choice, &to_settings.choice) {
        return Err("FROM and TO are the same store. Give two different ones.".into());
    }
    let from = store_open::unused(&from_settings, &SystemClock)
        .await
        .map_err(|e| format!("FROM: {e}"))?;
    let to = store_open::unused(&to_settings, &SystemClock)
        .await
        .map_err(|e| format!("TO: {e}"))?;
    let moved = copy(&*from, &*to, &from_settings, args.resume).await?;
    println!(
        "{} people and {} dead letters are in {} now, compared with {} one by one.",
        moved.people, moved.letters, to_settings.choice, from_settings.choice
    );
    if moved.before > 0 {
        println!("{} of them had been moved before.", moved.before);
    }
    if moved.expired > 0 {
        println!(
            "{} people were left behind: the {} days for which their answers are kept have passed.",
            moved.expired, from_settings.keep_days
        );
    }
    if args.erase {
        let erased = migrate::erase(&*from).await.map_err(|e| e.to_string())?;
        println!("{erased} people were erased in {}.", from_settings.choice);
    } else {
        println!(
            "{} still holds everything. Before the bot runs on the new store, erase it with the same command and: --resume --erase",
            from_settings.choice
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    settings: &StoreSettings,
    resume: bool,
) -> Result<migrate::Moved, String> {
    let now = SystemClock.now();
    let oldest = now
        .checked_sub(settings.retention())
        .unwrap_or(Timestamp::MIN);
    let moved = migrate::copy(from, to, oldest, resume, |done| {
        if done % 10_000 == 0 {
            eprintln!("{done} people …");
        }
    });
    moved.await.map_err(|e| e.to_string())
}

fn is_same(from: &StoreChoice, to: &StoreChoice) -> bool {
    match (from, to) {
        (StoreChoice::File(a), StoreChoice::File(b)) => {
            let real = |path: &Path| std::fs::canonicalize(path).ok();
            real(a).is_some_and(|a| Some(a) == real(b))
        }
        // Of two databases or prefixes at one address only one is named at a time, so the same words
        // are the same store. Two names of one Redis are found out by `migrate`.
        (StoreChoice::Redis(a), StoreChoice::Redis(b)) => a.to_string() == b.to_string(),
        _ => false,
    }
}
