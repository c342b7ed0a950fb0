//! A store that forgets everything when the program ends: for tests, replays and `--memory`.
//!
//! It keeps bodies as bytes, so that what is loaded has gone through the stored form.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::commons::{self, DeadLetter, Lead, Note, Process};
use super::seal::Keyring;
use super::stored::{self, Stored};
use super::{Claim, Commit, Commons, Lane, Person, Record, Store, StoreError, UpdateId};
use crate::engine::session::Form;

/// Records in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    keys: Keyring,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    rows: BTreeMap<Person, Row>,
    leader: Option<Process>,
    notes: HashMap<Note, String>,
    editions: BTreeMap<[u8; 8], Vec<u8>>,
    attempts: HashMap<UpdateId, u32>,
    letters: Vec<DeadLetter>,
}

#[derive(Debug)]
struct Row {
    stored: Stored,
    /// When to look at them: their due time, or the end of the lease they are or were held by.
    wake_ms: Option<i64>,
}

impl Row {
    fn of(stored: Stored) -> Row {
        Row {
            wake_ms: stored.due_ms,
            stored,
        }
    }
}

impl MemoryStore {
    /// A store in which nothing is kept yet.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Put other bytes where the body of a person stands, as a failing disk would. For tests.
    pub fn damage(&self, person: Person, body: &[u8]) {
        if let Some(row) = self.all().rows.get_mut(&person) {
            row.stored.body = body.to_vec();
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // Nothing is left half done under this lock, so it may be used after a panic elsewhere.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn people_who(&self, fits: impl Fn(&Row) -> bool) -> Vec<Person> {
        let all = self.all();
        let fitting = all.rows.iter().filter(|(_, row)| fits(row));
        fitting.map(|(person, _)| *person).collect()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        let stored = self.stored(person).await?;
        stored.map(|s| s.read(person, &self.keys)).transpose()
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let mut all = self.all();
        let standing = all.rows.get(&person).map(|row| &row.stored);
        if let Some(hindrance) = stored::hindrance(person, standing, expected, update, &self.keys)?
        {
            return Ok(hindrance);
        }
        let stored = Stored::after(person, expected, record, &self.keys);
        all.rows.insert(person, Row::of(stored));
        Ok(Commit::Applied)
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        let now_ms = stored::present(now);
        let mut all = self.all();
        let mut due: Vec<_> = all
            .rows
            .iter_mut()
            .filter(|(_, row)| row.stored.lane == lane)
            .filter_map(|(person, row)| Some((row.wake_ms?, *person, row)))
            .filter(|(wake_ms, ..)| *wake_ms <= now_ms)
            .collect();
        due.sort_by_key(|(wake_ms, person, _)| (*wake_ms, *person));
        Ok(due
            .into_iter()
            .filter_map(|(wake_ms, person, row)| {
                row.wake_ms = Some(stored::lease_end(now_ms, lease));
                row.stored.claim(person, wake_ms, &self.keys)
            })
            .take(limit)
            .collect())
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        let mut all = self.all();
        let row = all.rows.get_mut(&person);
        if let Some(row) = row.filter(|row| row.stored.version == version) {
            row.wake_ms = row.stored.due_ms;
        }
        Ok(())
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let all = self.all();
        let fitting = all.rows.values();
        let fitting = fitting.filter(|row| lanes.contains(&row.stored.lane));
        let soonest = fitting.filter_map(|row| row.wake_ms).min();
        soonest.map(stored::instant).transpose()
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        let mut all = self.all();
        all.rows.remove(&person);
        commons::tidy(&mut all.letters, Some(person));
        Ok(())
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        Ok(self.people_who(|_| true))
    }

    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError> {
        let (after, until) = (stored::present(after), stored::present(until));
        Ok(self.people_who(|row| row.stored.active_ms > after && row.stored.active_ms <= until))
    }

    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError> {
        let until_ms = stored::present(until);
        let mut all = self.all();
        let before = all.rows.len();
        all.rows.retain(|_, row| row.stored.active_ms > until_ms);
        Ok(before - all.rows.len())
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        Ok(self.all().rows.get(&person).map(|row| row.stored.clone()))
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        let mut all = self.all();
        let is_new = !all.rows.contains_key(&person);
        if is_new {
            all.rows.insert(person, Row::of(stored.clone()));
        }
        Ok(is_new)
    }
}

#[async_trait]
impl Commons for MemoryStore {
    async fn lead(&self, who: Process, _: Duration) -> Result<Lead, StoreError> {
        let before = self.all().leader.replace(who);
        Ok(Lead::Leading {
            unclean: before.is_some_and(|b| b != who),
        })
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        self.all().leader.take_if(|leader| *leader == who);
        Ok(())
    }

    async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        Ok(self.all().notes.get(&note).cloned())
    }

    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError> {
        self.all().notes.insert(note, text.to_owned());
        Ok(())
    }

    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError> {
        self.all().editions.insert(form.0, packed.to_vec());
        Ok(())
    }

    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.all().editions.get(&form.0).cloned())
    }

    async fn editions(&self) -> Result<Vec<Form>, StoreError> {
        Ok(self.all().editions.keys().copied().map(Form).collect())
    }

    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError> {
        let mut all = self.all();
        let count = all.attempts.entry(update).or_default();
        *count = count.saturating_add(1);
        Ok(*count)
    }

    async fn calm(&self) -> Result<(), StoreError> {
        self.all().attempts.clear();
        Ok(())
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let mut all = self.all();
        all.letters.push(letter.clone());
        commons::tidy(&mut all.letters, None);
        Ok(())
    }

    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError> {
        Ok(self.all().letters.clone())
    }

    async fn clear_parked(&self) -> Result<(), StoreError> {
        self.all().letters.clear();
        Ok(())
    }
}
