//! The commands for a new version of the dialogue: what it means for those who talk, moving them,
//! and telling those whom it finds more urgent.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::operators::{must_exist, owner};
use super::{Files, Outcome, StoreArgs, dialogue, runtime, sources};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, StoreSettings};
use crate::dialogue::Dialogue;
use crate::dialogue::issue::Sources;
use crate::editions::Editions;
use crate::engine::verdict::name_of;
use crate::store::{Store, StoreError, keys};
use crate::store_open;
use crate::turn::Bot;
use crate::versions::{self, Counts, Recalls};

#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Only count, and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Args)]
pub struct RecallArgs {
    /// Tell them. Without it, they are only counted.
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// A bot that keeps this edition of its dialogue, and finds older ones.
pub async fn bot(
    files: Sources,
    dialogue: Arc<Dialogue>,
    store: Arc<dyn Store>,
) -> Result<Bot, String> {
    let editions = Editions::new(files);
    let kept = editions.keep(&*store, &dialogue).await;
    kept.map_err(|e| format!("This version of the dialogue cannot be kept: {e}"))?;
    Ok(Bot {
        dialogue,
        store,
        editions: Arc::new(editions),
    })
}

/// Count what this version means for everybody, and move whom it can be moved unseen.
pub fn migrate(files: &Files, args: &MigrateArgs) -> Outcome {
    let settings = args.store.settings(config::BOT_FILE)?;
    let counts = runtime()?.block_on(async {
        let (bot, now) = open(files, &settings, !args.dry_run).await?;
        let counts = versions::migrate(&bot, oldest(&settings, now), now, !args.dry_run).await;
        counts.map_err(|e| e.to_string())
    })?;
    print!("{}", said(&counts, args.dry_run));
    Ok(ExitCode::SUCCESS)
}

/// Count whom this version finds more urgent, and tell them.
pub fn recall(files: &Files, args: &RecallArgs) -> Outcome {
    let settings = args.store.settings(config::BOT_FILE)?;
    let recalls = runtime()?.block_on(async {
        let (bot, now) = open(files, &settings, args.confirm).await?;
        let recalls = versions::recall(&bot, oldest(&settings, now), now, args.confirm).await;
        recalls.map_err(|e| e.to_string())
    })?;
    print!("{}", recalled(&recalls, args.confirm));
    Ok(ExitCode::SUCCESS)
}

/// The store of whichever bot it belongs to, with its people as a bot sees them, and the time.
async fn open(
    files: &Files,
    settings: &StoreSettings,
    writes: bool,
) -> Result<(Bot, Timestamp), String> {
    must_exist(&settings.choice)?;
    let mut today = dialogue(files)?;
    today.keep_days = settings.keep_days;
    let owner = owner(settings).await?;
    let ring = settings.keys(owner).map_err(|e| e.to_string())?;
    let store = store_open::as_it_is(settings, ring.clone()).await?;
    let say = |e: StoreError| e.to_string();
    let now = store.time().await.map_err(say)?;
    let now = now.unwrap_or_else(|| SystemClock.now());
    if writes {
        keys::adopt(&*store, owner, &ring).await.map_err(say)?;
        return Ok((bot(sources(files)?, Arc::new(today), store).await?, now));
    }
    let editions = Arc::new(Editions::new(sources(files)?));
    let bot = Bot {
        dialogue: Arc::new(today),
        store,
        editions,
    };
    Ok((bot, now))
}

/// When somebody was last active whose record may just still be kept.
fn oldest(settings: &StoreSettings, now: Timestamp) -> Timestamp {
    now.checked_sub(settings.retention())
        .unwrap_or(Timestamp::MIN)
}

fn said(counts: &Counts, dry_run: bool) -> String {
    let mut out = format!(
        "same                   {}\n\
         one more question      {}\n\
         level rises            {}\n\
         level falls            {}\n\
         pinned                 {}\n\
         of no known edition    {}\n\
         on this version        {}\n",
        counts.same,
        counts.more,
        counts.rises,
        counts.falls,
        counts.pinned,
        counts.unknown,
        counts.here
    );
    if counts.unreadable > 0 {
        out += &format!("unreadable             {}\n", counts.unreadable);
    }
    if dry_run {
        out += "Nothing was written.\n";
    } else {
        out += &format!(
            "{} were moved. Others move as they write, or finish on the version that they began with.\n",
            counts.moved
        );
    }
    if counts.rises > 0 {
        out += "For those whose level rises there is `backtalk recall`.\n";
    }
    out
}

fn recalled(recalls: &Recalls, told: bool) -> String {
    let mut out = String::new();
    for ((before, now), count) in &recalls.by_level {
        out += &format!(
            "told {}, now {}: {count}\n",
            name_of(*before),
            name_of(*now)
        );
    }
    let people = recalls.people();
    out += &match (people, told) {
        (0, _) => "Nobody is to be told.\n".to_owned(),
        (_, false) => format!(
            "Nothing was sent. To tell these {people}, once each, run it again with --confirm.\n"
        ),
        (_, true) => format!("{people} will be told by the bot, once it runs.\n"),
    };
    if recalls.pinned > 0 {
        out += &format!(
            "{} cannot be judged by this version: what they answered has no place in it.\n",
            recalls.pinned
        );
    }
    if recalls.unknown > 0 {
        out += &format!(
            "{} cannot be judged: the version that they began with is not kept, or their record cannot be read.\n",
            recalls.unknown
        );
    }
    out
}
