//! A store that forgets everything when the program ends: for tests, replays and `--memory`.
//!
//! It keeps bodies as bytes, so that what is loaded has gone through the stored form.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::stored::{self, Stored};
use super::{Claim, Commit, Person, Record, Store, StoreError, UpdateId};

/// Records in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<BTreeMap<Person, Row>>,
}

#[derive(Debug)]
struct Row {
    stored: Stored,
    lease_until_ms: Option<i64>,
}

impl Row {
    fn is_held(&self, now_ms: i64) -> bool {
        self.lease_until_ms.is_some_and(|until| until > now_ms)
    }
}

impl MemoryStore {
    /// A store in which nothing is kept yet.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Put other bytes where the body of a person stands, as a failing disk would. For tests.
    pub fn damage(&self, person: Person, body: &[u8]) {
        if let Some(row) = self.rows().get_mut(&person) {
            row.stored.body = body.to_vec();
        }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Person, Row>> {
        // Nothing is left half done under this lock, so it may be used after a panic elsewhere.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        let stored = self.rows().get(&person).map(|row| row.stored.clone());
        stored.map(Stored::read).transpose()
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let mut rows = self.rows();
        let standing = rows.get(&person).map(|row| row.stored.clone());
        if let Some(hindrance) = stored::hindrance(standing, expected, update)? {
            return Ok(hindrance);
        }
        let stored = Stored::after(expected, record);
        rows.insert(
            person,
            Row {
                stored,
                lease_until_ms: None,
            },
        );
        Ok(Commit::Applied)
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Claim>, StoreError> {
        let now_ms = stored::present(now);
        let mut rows = self.rows();
        let mut due: Vec<_> = rows
            .iter_mut()
            .filter(|(_, row)| !row.is_held(now_ms))
            .filter_map(|(person, row)| Some((row.stored.due_ms?, *person, row)))
            .filter(|(due_ms, ..)| *due_ms <= now_ms)
            .collect();
        due.sort_by_key(|(due_ms, person, _)| (*due_ms, *person));
        Ok(due
            .into_iter()
            .filter_map(|(_, person, row)| {
                row.lease_until_ms = Some(stored::lease_end(now_ms, lease));
                row.stored.clone().claim(person)
            })
            .take(limit)
            .collect())
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let now_ms = stored::present(now);
        self.rows()
            .values()
            .filter_map(|row| {
                if row.is_held(now_ms) {
                    row.lease_until_ms
                } else {
                    row.stored.due_ms
                }
            })
            .min()
            .map(stored::instant)
            .transpose()
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        self.rows().remove(&person);
        Ok(())
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        Ok(self.rows().keys().copied().collect())
    }
}
