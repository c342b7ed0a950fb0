//! What can be told of a store without opening a record: for `backtalk doctor`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::commons::{self, DeadLetter, Note};
use super::keys::{self, Waiting};
use super::seal::KeyId;
use super::{Lane, Store, StoreError, migrate};

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// The number of the bot whose store it is; nothing when no bot has used it.
    pub owner: Option<u64>,
    /// Records are being moved into it, and not all are there.
    pub is_half_filled: bool,
    /// The keys that records may be sealed with.
    pub keys: BTreeSet<KeyId>,
    /// How many records there are, and how many wait for rotation.
    pub records: Waiting,
    /// How many people have records that should have been erased, since their time has passed.
    pub expired: usize,
    /// Dead letters, oldest first.
    pub letters: Vec<DeadLetter>,
    /// When the next person is due. It may lie in the past.
    pub due: Option<Timestamp>,
    /// When Telegram was last reached.
    pub polled: Option<Timestamp>,
}

/// Look at a store. `newest` is the key that seals; `oldest` is when somebody was last active whose
/// record may just still be kept.
pub async fn look(
    store: &dyn Store,
    newest: Option<KeyId>,
    oldest: Timestamp,
) -> Result<Look, StoreError> {
    let owner = store.note(Note::Bot).await?;
    Ok(Look {
        owner: owner.and_then(|bot| bot.parse().ok()),
        is_half_filled: migrate::is_half_filled(store).await?,
        keys: keys::used(store).await?,
        records: keys::waiting(store, newest).await?,
        expired: store.active_between(Timestamp::MIN, oldest).await?.len(),
        letters: store.parked().await?,
        due: store.next_due(&Lane::ALL).await?,
        polled: commons::last_polled(store).await?,
    })
}
