//! A store that breaks for one person, for tests of what that does to others.

use std::time::Duration;

use async_trait::async_trait;
use backtalk::engine::session::Form;
use backtalk::store::commons::{DeadLetter, Lead, Note, Process};
use backtalk::store::memory::MemoryStore;
use backtalk::store::{
    Claim, Commit, Commons, Lane, Person, Record, Store, StoreError, Stored, UpdateId,
};
use jiff::Timestamp;

/// Panics whenever anything of `victim` is loaded.
pub struct Breaking {
    pub store: MemoryStore,
    pub victim: Person,
}

#[async_trait]
impl Store for Breaking {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        assert_ne!(person, self.victim, "Broken on purpose.");
        self.store.load(person).await
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        self.store.commit(person, expected, record, update).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        self.store.claim_due(now, limit, lease, lane).await
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        self.store.release(person, version).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(lanes).await
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        self.store.forget(person).await
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
        self.store.sweep(until).await
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        self.store.stored(person).await
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        self.store.restore(person, stored).await
    }
}

#[async_trait]
impl Commons for Breaking {
    async fn lead(&self, who: Process, lease: Duration) -> Result<Lead, StoreError> {
        self.store.lead(who, lease).await
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        self.store.resign(who).await
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
}
