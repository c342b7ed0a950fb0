//! A record as a store keeps it, and what every store decides from it.
//!
//! The stores of this program hold this form; a store elsewhere follows the same rules. Instants
//! are whole milliseconds since 1970: a moment to wait for is rounded up and the present is rounded
//! down, so that nobody is claimed before they are due.

use std::time::Duration;

use jiff::Timestamp;

use super::{Claim, Commit, Person, Record, StoreError, UpdateId};

/// The header in numbers, the body in bytes.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Counts commits.
    pub version: u64,
    /// When the person is due.
    pub due_ms: Option<i64>,
    /// The updates applied last, oldest first.
    pub seen: Vec<UpdateId>,
    /// The body, with its format number in front.
    pub body: Vec<u8>,
}

impl Stored {
    /// What a commit of `record` over version `expected` leaves in the store.
    pub fn after(expected: u64, record: &Record) -> Stored {
        Stored {
            version: expected.saturating_add(1),
            due_ms: record.due.map(to_wait_for),
            seen: record.seen.clone(),
            body: record.body_bytes(),
        }
    }

    /// The record.
    pub fn read(self) -> Result<Record, StoreError> {
        let due = match self.due_ms {
            Some(ms) => Some(instant(ms)?),
            None => None,
        };
        Record::read(self.version, due, self.seen, &self.body)
    }

    /// The record for whoever claimed it. One that cannot be read is told of here and left out: it
    /// must not keep the others waiting.
    pub fn claim(self, person: Person) -> Option<Claim> {
        self.read()
            .inspect_err(|why| tracing::error!("somebody is due, but {why}"))
            .map(|record| Claim { person, record })
            .ok()
    }
}

/// Why a commit changes nothing, if so.
pub fn hindrance(
    standing: Option<Stored>,
    expected: u64,
    update: Option<UpdateId>,
) -> Result<Option<Commit>, StoreError> {
    match standing {
        Some(standing) if update.is_some_and(|update| standing.seen.contains(&update)) => {
            Ok(Some(Commit::Already(standing.read()?)))
        }
        Some(standing) if standing.version != expected => {
            Ok(Some(Commit::Conflict(Some(standing.read()?))))
        }
        None if expected != 0 => Ok(Some(Commit::Conflict(None))),
        _ => Ok(None),
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
