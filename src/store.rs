//! Where records live: one small contract that every store keeps, and the record itself.
//!
//! A record is what is kept of one person: the session, what they see, what they are owed, and
//! when the bot must look at them again. `turn` and `reminder` are the callers while the bot runs;
//! `commons` is what its processes share besides.

pub mod cached;
pub mod commons;
pub mod keys;
pub mod look;
pub mod measured;
pub mod memory;
pub mod migrate;
pub mod record;
pub mod redis;
pub mod seal;
pub mod sqlite;
pub mod stored;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;

pub use commons::Commons;
pub use record::{Lane, Live, OwedEntry, Record, Shown};
pub use stored::Stored;

/// One person, by the number of their private chat. The terminal has number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(pub i64);

/// The number that the messenger gave an update. It need not grow.
pub type UpdateId = i64;

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// The record is stored, durably.
    Applied,
    /// This update was applied before; nothing changed. The record that stands now.
    Already(Record),
    /// Somebody else was faster; nothing changed. The record that stands now, if there is one.
    Conflict(Option<Record>),
}

/// A person who is due, held for the caller until the lease ends or a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub person: Person,
    /// The record as it stood when it was claimed. Its version fences the lease: a commit by
    /// anybody else makes the caller's commit a conflict.
    pub record: Record,
    /// They were held before, and that lease ran out without a commit: whoever held them died, or
    /// was slow.
    pub was_held: bool,
}

/// Why a store cannot do what is asked. The variants differ in what the caller does.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Try again soon; the write may or may not have happened, and repeating it is safe.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// Give up on this record and tell somebody: it cannot be read.
    #[error("a record cannot be read: {0}")]
    Unreadable(String),
    /// Try again later: there is no room for what was to be written, and nothing was.
    #[error("the store is full: {0}")]
    Full(String),
    /// Stop: the store cannot be used as it is set up.
    #[error("{0}")]
    Unusable(String),
}

/// The contract. Every implementation passes the suite in `tests/store.rs`.
#[async_trait]
pub trait Store: Commons {
    /// The record of a person, if anything is kept.
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError>;

    /// Read this person's record anew the next time, where a store remembers some.
    fn doubt(&self, person: Person) {
        let _ = person;
    }

    /// Store `record` if the stored version is still `expected` (0 when nothing is stored).
    ///
    /// The stored version becomes `expected + 1`, whatever `record.version` says, and any lease
    /// on the person ends. When `update` is among the updates that the stored record has seen,
    /// nothing is changed and the answer is [`Commit::Already`], even if the version differs. The
    /// caller adds the update to `record.seen` itself. Repeating a commit is safe.
    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError>;

    /// Up to `limit` people of this lane whose `due` is at or before `now` and who are not held by
    /// a lease, soonest first. Each is held until `now + lease`; somebody who was held without a
    /// commit counts as due from the end of the lease, in the same lane.
    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Let go of somebody who was claimed at this version and with whom nothing was done: they are due
    /// again as before the claim. Nothing changes when their record has changed since.
    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError>;

    /// The soonest `due` of anybody in these lanes, or end of a lease of somebody who is or was
    /// held: when the caller should look again. It may lie in the past.
    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError>;

    /// Erase everything kept of a person, dead letters too. Nothing readable stays behind.
    async fn forget(&self, person: Person) -> Result<(), StoreError>;

    /// Everybody who has a record, in order of their numbers.
    async fn people(&self) -> Result<Vec<Person>, StoreError>;

    /// Everybody who was last active after `after` and at or before `until`, in order of their
    /// numbers.
    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError>;

    /// Erase everybody who was last active at or before `until`; the answer is how many.
    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError>;

    /// What is kept of a person, as it is kept: for moving and counting, never for reading.
    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError>;

    /// Keep this of a person of whom nothing is kept. The answer is whether nothing was.
    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError>;
}
