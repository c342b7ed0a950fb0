//! What all processes of one bot share beside the records: who polls, how fast to send, what was
//! parked, and a few notes.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Person, StoreError, UpdateId};
use crate::engine::session::Form;

/// A process of the bot, by a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(pub u64);

/// Whether a process may poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// It leads until the lease ends.
    Leading {
        /// The one that led before neither resigned nor was this one: it died, perhaps of an
        /// update.
        unclean: bool,
    },
    /// Another leads.
    Standby,
}

/// Messages that may be sent now, and how long to wait before asking for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// How many may be sent.
    pub count: u32,
    /// When the next may be had; zero when `count` is all that was asked for.
    pub wait: Duration,
}

/// Something that was given up after several tries. It tells nothing of what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// When it was parked, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whose it was, where that is known.
    pub person: Option<i64>,
    /// The update, where it was one.
    pub update: Option<UpdateId>,
    /// Why, in a word or two: "panic", "abort", "refused by Telegram".
    pub why: String,
}

/// The most dead letters that a store keeps; the oldest give way.
pub const MOST_LETTERS: u32 = 1000;

/// A small text that belongs to the bot as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Note {
    /// The number of the bot whose people these are, as in its token.
    Bot,
    /// The keys that records are sealed with: their ids, apart by spaces.
    Keys,
    /// When Telegram was last reached, in milliseconds since 1970.
    Polled,
    /// That records are being moved into this store and not all are there. Empty when all are.
    Moving,
}

impl Note {
    /// Every note.
    pub const ALL: [Note; 4] = [Note::Bot, Note::Keys, Note::Polled, Note::Moving];

    /// Its name in a store.
    pub fn name(self) -> &'static str {
        match self {
            Note::Bot => "bot",
            Note::Keys => "keys",
            Note::Polled => "polled_ms",
            Note::Moving => "moving",
        }
    }
}

/// The contract of what is shared. A store for one process keeps it simple: that process leads.
#[async_trait]
pub trait Commons: Send + Sync {
    /// Lead, or go on leading, for `lease` from now. The store's own clock counts.
    async fn lead(&self, who: Process, lease: Duration) -> Result<Lead, StoreError>;

    /// Lead no longer, so that another may at once. Nothing when `who` does not lead.
    async fn resign(&self, who: Process) -> Result<(), StoreError>;

    /// Tell that this process takes updates, for `lease` from now. The answer is whether another went
    /// away without [leaving](Commons::leave) within the last `remembered`: it died, perhaps of an
    /// update. A store for one process knows of no other.
    async fn present(
        &self,
        who: Process,
        lease: Duration,
        remembered: Duration,
    ) -> Result<bool, StoreError> {
        let _ = (who, lease, remembered);
        Ok(false)
    }

    /// Tell that this process takes no more updates.
    async fn leave(&self, who: Process) -> Result<(), StoreError> {
        let _ = who;
        Ok(())
    }

    /// A note, if it was written.
    async fn note(&self, note: Note) -> Result<Option<String>, StoreError>;

    /// Write a note.
    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError>;

    /// Keep the edition of a dialogue that has this form: its files, packed. One that is kept
    /// already may be replaced.
    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError>;

    /// The edition of this form, packed, if it was kept.
    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError>;

    /// The forms of all editions that are kept, in order.
    async fn editions(&self) -> Result<Vec<Form>, StoreError>;

    /// Count one more try to handle this update; the answer is how many there were, with this one.
    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError>;

    /// Forget all counts of tries.
    async fn calm(&self) -> Result<(), StoreError>;

    /// Keep a dead letter.
    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// All dead letters, oldest first.
    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError>;

    /// Throw all dead letters away.
    async fn clear_parked(&self) -> Result<(), StoreError>;

    /// Whether other processes may use this store at the same time.
    fn is_shared(&self) -> bool {
        false
    }

    /// Up to `most` of the messages that all processes together may send, at `per_second`.
    async fn grant(&self, most: u32, per_second: u32) -> Result<Grant, StoreError> {
        let _ = per_second;
        Ok(Grant {
            count: most,
            wait: Duration::ZERO,
        })
    }

    /// The time that counts for all processes, where the store has a clock of its own.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    /// Wait until what was committed before is as safe as this store can make it. An update is
    /// acknowledged only then.
    async fn durable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Return when another process may have made somebody due sooner than was known, with when that is
    /// where it is known.
    async fn woken(&self) -> Option<Timestamp> {
        std::future::pending().await
    }
}

/// Forget letters of a person, and the oldest beyond the most that are kept.
pub fn tidy(letters: &mut Vec<DeadLetter>, forgotten: Option<Person>) {
    if let Some(person) = forgotten {
        letters.retain(|l| l.person != Some(person.0));
    }
    let surplus = letters.len().saturating_sub(MOST_LETTERS as usize);
    letters.drain(..surplus);
}

/// When Telegram was last reached.
pub async fn last_polled(store: &dyn Commons) -> Result<Option<Timestamp>, StoreError> {
    let note = store.note(Note::Polled).await?;
    Ok(note
        .and_then(|text| text.parse().ok())
        .and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}
