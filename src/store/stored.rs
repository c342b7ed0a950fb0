//! A record as a store keeps it, and what every store decides from it.
//!
//! The stores of this program hold this form, and `store migrate` carries it from one to another
//! without opening it; a store elsewhere follows the same rules. Instants are whole milliseconds since 1970: a moment to wait for is rounded up and the present is rounded
//! down, so that nobody is claimed before they are due.

use std::time::Duration;

use jiff::Timestamp;

use super::record::Body;
use super::seal::Keyring;
use super::{Claim, Commit, Lane, Person, Record, StoreError, UpdateId};

/// The header in numbers, the body in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Counts commits.
    pub version: u64,
    /// When the person is due.
    pub due_ms: Option<i64>,
    /// In which lane; the default when the person is not due.
    pub lane: Lane,
    /// When the person last wrote or pressed.
    pub active_ms: i64,
    /// The updates applied last, oldest first.
    pub seen: Vec<UpdateId>,
    /// The body as it is kept; see [`seal`](super::seal).
    pub body: Vec<u8>,
}

impl Stored {
    /// What a commit of a person's `record` over version `expected` leaves in the store.
    pub fn after(person: Person, expected: u64, record: &Record, keys: &Keyring) -> Stored {
        let version = expected.saturating_add(1);
        Stored {
            version,
            due_ms: record.due.map(to_wait_for),
            lane: record.due.map_or(Lane::default(), |_| record.lane),
            active_ms: present(record.active),
            seen: record.seen.clone(),
            body: keys.close(person, version, &record.body.bytes()),
        }
    }

    /// The record of this person.
    pub fn read(&self, person: Person, keys: &Keyring) -> Result<Record, StoreError> {
        Ok(Record {
            version: self.version,
            due: self.due_ms.map(instant).transpose()?,
            lane: self.lane,
            active: instant(self.active_ms)?,
            seen: self.seen.clone(),
            body: Body::read(&keys.open(person, self.version, &self.body)?)?,
        })
    }

    /// The record for whoever claimed it at `wake_ms`: its due time, or the end of a lease that ran
    /// out. One that cannot be read is told of here and left out: it must not keep the others
    /// waiting.
    pub fn claim(&self, person: Person, wake_ms: i64, keys: &Keyring) -> Option<Claim> {
        self.read(person, keys)
            .inspect_err(|why| tracing::error!("somebody is due, but {why}"))
            .map(|record| Claim {
                person,
                record,
                was_held: self.due_ms != Some(wake_ms),
            })
            .ok()
    }

    /// Why a commit over version `expected` changes nothing while this stands, if so.
    pub fn hinders(&self, expected: u64, update: Option<UpdateId>) -> Option<Hindrance> {
        if update.is_some_and(|update| self.seen.contains(&update)) {
            Some(Hindrance::Already)
        } else if self.version != expected {
            Some(Hindrance::Conflict)
        } else {
            None
        }
    }
}

/// Why a commit changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// The update was applied before.
    Already,
    /// Another version stands.
    Conflict,
}

impl Hindrance {
    /// What the caller is told, with the record that stands.
    pub fn tell(self, record: Record) -> Commit {
        match self {
            Hindrance::Already => Commit::Already(record),
            Hindrance::Conflict => Commit::Conflict(Some(record)),
        }
    }
}

/// Why a commit changes nothing, if so.
pub fn hindrance(
    person: Person,
    standing: Option<&Stored>,
    expected: u64,
    update: Option<UpdateId>,
    keys: &Keyring,
) -> Result<Option<Commit>, StoreError> {
    match standing {
        Some(standing) => match standing.hinders(expected, update) {
            Some(why) => Ok(Some(why.tell(standing.read(person, keys)?))),
            None => Ok(None),
        },
        None if expected != 0 => Ok(Some(Commit::Conflict(None))),
        None => Ok(None),
    }
}

/// The present, in milliseconds since 1970.
pub fn present(now: Timestamp) -> i64 {
    milliseconds(now.as_nanosecond().div_euclid(1_000_000))
}

/// A moment to wait for, in milliseconds since 1970.
fn to_wait_for(due: Timestamp) -> i64 {
    let rounded_up = -(-due.as_nanosecond()).div_euclid(1_000_000);
    milliseconds(rounded_up).min(latest_ms())
}

/// When a lease that is given now ends, in milliseconds since 1970.
pub fn lease_end(now_ms: i64, lease: Duration) -> i64 {
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    now_ms.saturating_add(lease_ms).min(latest_ms())
}

/// The instant of a stored number.
pub fn instant(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms)
        .map_err(|_| StoreError::Unreadable("its due time is damaged".into()))
}

/// The latest instant that [`instant`] reads: the last whole second that jiff knows.
fn latest_ms() -> i64 {
    Timestamp::MAX.as_second().saturating_mul(1000)
}

fn milliseconds(ms: i128) -> i64 {
    // Every instant that jiff knows fits many times over.
    i64::try_from(ms).unwrap_or(i64::MAX)
}
