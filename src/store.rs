//! Where records live: one small contract that every store keeps, and the record itself.
//!
//! A record is what is kept of one person: the session, what they see, what they are owed, and
//! when the bot must look at them again. `turn` and `reminder` are the only callers.

pub mod memory;
pub mod record;
pub mod sqlite;
mod stored;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;

pub use record::{OwedEntry, Record, Shown};

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
    /// Stop: the store cannot be used as it is set up.
    #[error("{0}")]
    Unusable(String),
}

/// The contract. Every implementation passes the suite in `tests/store.rs`.
#[async_trait]
pub trait Store: Send + Sync {
    /// The record of a person, if anything is kept.
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError>;

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

    /// Up to `limit` people whose `due` is at or before `now` and who are not held by a lease,
    /// soonest first. Each is held until `now + lease`.
    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Claim>, StoreError>;

    /// The soonest `due` of anybody who is not held by a lease at `now`, and the soonest end of a
    /// lease of somebody who is: when the caller should look again.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Erase everything kept of a person. Nothing readable stays behind.
    async fn forget(&self, person: Person) -> Result<(), StoreError>;

    /// Everybody who has a record, in order of their numbers.
    async fn people(&self) -> Result<Vec<Person>, StoreError>;
}
