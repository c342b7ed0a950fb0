//! Which bot and which keys a store belongs to: checked when it is opened, and changed by rotation.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::commons::Note;
use super::seal::{self, KeyId, Keyring};
use super::{Commit, Person, Store, StoreError, migrate};

/// How many records are asked for at once.
const ABREAST: usize = 64;

/// Make sure that this store holds the people of this bot, and that every key its records are
/// sealed with is at hand. Nothing but the notes is written, and those only when all is well.
///
/// `bot` is the number of the bot in its token; 0 is the terminal.
pub async fn adopt(store: &dyn Store, bot: u64, keys: &Keyring) -> Result<(), StoreError> {
    if migrate::is_half_filled(store).await? {
        return Err(StoreError::Unusable(
            "records are being moved into this store and not all are there. Finish with: backtalk store migrate FROM TO --resume".into(),
        ));
    }
    let owner = store.note(Note::Bot).await?;
    match &owner {
        Some(owner) if *owner != bot.to_string() => {
            return Err(StoreError::Unusable(format!(
                "this store holds the records of {}, and this is {}. Give another store with --store, or for Redis another prefix with BACKTALK_REDIS_PREFIX",
                called(owner),
                called(&bot.to_string()),
            )));
        }
        _ => {}
    }
    let used = used(store).await?;
    let at_hand: BTreeSet<KeyId> = keys.ids().collect();
    let missing: Vec<String> = used.difference(&at_hand).map(KeyId::to_string).collect();
    if !missing.is_empty() {
        return Err(StoreError::Unusable(format!(
            "records in this store are sealed with key {}, which is not in BACKTALK_KEY. Add it after a comma; nothing was touched",
            missing.join(" and ")
        )));
    }
    if owner.is_none() {
        store.set_note(Note::Bot, &bot.to_string()).await?;
    }
    match keys.newest() {
        Some(newest) if !used.contains(&newest) => {
            let all = used.into_iter().chain([newest]);
            note(store, all).await
        }
        _ => Ok(()),
    }
}

/// How a bot is named to an operator.
fn called(bot: &str) -> String {
    match bot {
        "0" => "the terminal".to_owned(),
        bot => format!("bot {bot}"),
    }
}

/// The keys that records may be sealed with.
pub async fn used(store: &dyn Store) -> Result<BTreeSet<KeyId>, StoreError> {
    let note = store.note(Note::Keys).await?.unwrap_or_default();
    Ok(note.split_whitespace().filter_map(KeyId::parse).collect())
}

/// Note the keys that records may be sealed with.
pub(super) async fn note(
    store: &dyn Store,
    keys: impl Iterator<Item = KeyId>,
) -> Result<(), StoreError> {
    let text: Vec<String> = keys.map(|k| k.to_string()).collect();
    store.set_note(Note::Keys, &text.join(" ")).await
}

/// How many records there are, and how many are not kept as the newest key would keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Records.
    pub all: usize,
    /// Those sealed with another key than the newest, or not sealed although there is one.
    pub waiting: usize,
}

/// Count the records that wait for rotation.
pub async fn waiting(store: &dyn Store, newest: Option<KeyId>) -> Result<Waiting, StoreError> {
    let people = store.people().await?;
    let kept = stream::iter(&people).map(|person| store.stored(*person));
    kept.buffered(ABREAST)
        .try_fold(Waiting::default(), async |mut count, kept| {
            if let Some(stored) = kept {
                count.all += 1;
                count.waiting += usize::from(seal::key_of(&stored.body) != newest);
            }
            Ok(count)
        })
        .await
}

/// Seal every record with the newest key, also while the bot runs. Afterwards the store needs no
/// older key, unless one was written meanwhile. The answer is what was found and what still waits.
pub async fn rotate(store: &dyn Store, keys: &Keyring) -> Result<(Waiting, Waiting), StoreError> {
    let found = waiting(store, keys.newest()).await?;
    stream::iter(store.people().await?)
        .map(|person| reseal(store, keys, person))
        .buffer_unordered(ABREAST)
        .try_collect::<()>()
        .await?;
    let left = waiting(store, keys.newest()).await?;
    if left.waiting == 0 {
        note(store, keys.newest().into_iter()).await?;
    }
    Ok((found, left))
}

/// Commit a person's record as it is, if it is not sealed with the newest key.
async fn reseal(store: &dyn Store, keys: &Keyring, person: Person) -> Result<(), StoreError> {
    let Some(stored) = store.stored(person).await? else {
        return Ok(());
    };
    if seal::key_of(&stored.body) != keys.newest() {
        let record = stored.read(person, keys)?;
        // Whoever else writes meanwhile seals with the newest key too.
        let _: Commit = store.commit(person, record.version, &record, None).await?;
    }
    Ok(())
}
