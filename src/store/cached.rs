//! A store with a memory: what was read or written last is not asked for again.
//!
//! `app` puts it before a store that others write to as well. What it remembers may be out of date,
//! which costs a conflict at the next commit and nothing else; that somebody is unknown is never
//! remembered.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lru::LruCache;
use tokio::time::Instant;

use crate::engine::session::Form;

use super::commons::{DeadLetter, Grant, Lead, Note, Process};
use super::{Claim, Commit, Commons, Lane, Person, Record, Store, StoreError, Stored, UpdateId};

/// How many people are remembered; those not seen for longest give way.
const MOST: NonZeroUsize = NonZeroUsize::new(2_000).unwrap();

/// A store, and the records that passed through it last.
pub struct Cached {
    store: Arc<dyn Store>,
    recent: Mutex<LruCache<Person, Known>>,
}

/// A record, and when it was last known to stand.
struct Known {
    record: Record,
    since: Instant,
}

/// How long what is remembered is believed. Versions begin again after somebody was forgotten, so
/// that a memory without end could be taken for the record of their new beginning.
const BELIEVED: Duration = Duration::from_secs(60);

impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").finish_non_exhaustive()
    }
}

impl Cached {
    /// Remember what passes through `store`.
    pub fn new(store: Arc<dyn Store>) -> Cached {
        Cached {
            store,
            recent: Mutex::new(LruCache::new(MOST)),
        }
    }

    /// Remember nothing of a person.
    pub fn evict(&self, person: Person) {
        self.recent().pop(&person);
    }

    fn recent(&self) -> MutexGuard<'_, LruCache<Person, Known>> {
        // Nothing is left half done under this lock.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, person: Person, record: Record) {
        let since = Instant::now();
        self.recent().put(person, Known { record, since });
    }

    /// Remember what was read, unless something newer was committed meanwhile.
    fn read(&self, person: Person, record: &Record) {
        let known = self.known(person);
        if known.is_none_or(|known| known.version <= record.version) {
            self.remember(person, record.clone());
        }
    }

    /// What is remembered of a person, and still believed.
    fn known(&self, person: Person) -> Option<Record> {
        let mut recent = self.recent();
        let known = recent.get(&person)?;
        (known.since.elapsed() < BELIEVED).then(|| known.record.clone())
    }
}

#[async_trait]
impl Store for Cached {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        if let Some(known) = self.known(person) {
            return Ok(Some(known));
        }
        let found = self.store.load(person).await?;
        if let Some(record) = &found {
            self.read(person, record);
        }
        Ok(found)
    }

    fn doubt(&self, person: Person) {
        self.evict(person);
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let said = self.store.commit(person, expected, record, update).await;
        match &said {
            Ok(Commit::Applied) => {
                let version = expected.saturating_add(1);
                let record = record.clone();
                self.remember(person, Record { version, ..record });
            }
            Ok(Commit::Already(standing) | Commit::Conflict(Some(standing))) => {
                self.remember(person, standing.clone());
            }
            Ok(Commit::Conflict(None)) | Err(_) => self.evict(person),
        }
        said
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        let claims = self.store.claim_due(now, limit, lease, lane).await?;
        for claim in &claims {
            self.read(claim.person, &claim.record);
        }
        Ok(claims)
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(lanes).await
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        self.store.release(person, version).await
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        self.evict(person);
        let done = self.store.forget(person).await;
        // Somebody may have read the record while it was still there.
        self.evict(person);
        done
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.store.people().await
    }

    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError> {
        self.store.active_between(after, until).await
    }

    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError> {
        let swept = self.store.sweep(until).await;
        self.recent().clear();
        swept
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        self.store.stored(person).await
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        self.evict(person);
        self.store.restore(person, stored).await
    }
}

#[async_trait]
impl Commons for Cached {
    async fn lead(&self, who: Process, lease: Duration) -> Result<Lead, StoreError> {
        self.store.lead(who, lease).await
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        self.store.resign(who).await
    }

    async fn present(
        &self,
        who: Process,
        lease: Duration,
        remembered: Duration,
    ) -> Result<bool, StoreError> {
        self.store.present(who, lease, remembered).await
    }

    async fn leave(&self, who: Process) -> Result<(), StoreError> {
        self.store.leave(who).await
    }

    async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        self.store.note(note).await
    }

    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError> {
        self.store.set_note(note, text).await
    }

    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError> {
        self.store.keep_edition(form, packed).await
    }

    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.edition(form).await
    }

    async fn editions(&self) -> Result<Vec<Form>, StoreError> {
        self.store.editions().await
    }

    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError> {
        self.store.attempt(update).await
    }

    async fn calm(&self) -> Result<(), StoreError> {
        self.store.calm().await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        self.store.park(letter).await
    }

    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.parked().await
    }

    async fn clear_parked(&self) -> Result<(), StoreError> {
        self.store.clear_parked().await
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn grant(&self, most: u32, per_second: u32) -> Result<Grant, StoreError> {
        self.store.grant(most, per_second).await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.time().await
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.store.durable().await
    }

    async fn woken(&self) -> Option<Timestamp> {
        self.store.woken().await
    }
}
