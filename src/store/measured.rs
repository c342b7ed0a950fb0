//! A store of which every call is timed and every failure counted, for `/metrics`.
//!
//! `store_open` puts it around the store itself, below [`Cached`](super::cached::Cached), so that
//! what is remembered counts as no call. It changes nothing that the store says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;

use super::commons::{DeadLetter, Grant, Lead, Note, Process};
use super::{Claim, Commit, Commons, Lane, Person, Record, Store, StoreError, Stored, UpdateId};
use crate::engine::session::Form;
use crate::metrics::{ClaimLane, Metrics, StoreCall, StoreTrouble, metrics};

/// A store, and where its calls are counted.
pub struct Measured {
    store: Arc<dyn Store>,
    metrics: &'static Metrics,
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured").finish_non_exhaustive()
    }
}

impl Measured {
    /// Measure this store.
    pub fn new(store: Arc<dyn Store>) -> Measured {
        Measured {
            store,
            metrics: metrics(),
        }
    }

    /// Time one call.
    async fn time<T>(
        &self,
        call: StoreCall,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let said = asked.await;
        self.metrics.store.of(call).took(began.elapsed());
        self.count(said)
    }

    /// Count what the store could not do.
    fn count<T>(&self, said: Result<T, StoreError>) -> Result<T, StoreError> {
        said.inspect_err(|error| self.metrics.store_errors.of(error).one())
    }
}

impl From<&StoreError> for StoreTrouble {
    fn from(error: &StoreError) -> StoreTrouble {
        match error {
            StoreError::Unavailable(_) => StoreTrouble::Unavailable,
            StoreError::Unreadable(_) => StoreTrouble::Unreadable,
            StoreError::Full(_) => StoreTrouble::Full,
            StoreError::Unusable(_) => StoreTrouble::Unusable,
        }
    }
}

impl From<Lane> for ClaimLane {
    fn from(lane: Lane) -> ClaimLane {
        match lane {
            Lane::First => ClaimLane::First,
            Lane::Other => ClaimLane::Other,
        }
    }
}

#[async_trait]
impl Store for Measured {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        self.time(StoreCall::Load, self.store.load(person)).await
    }

    fn doubt(&self, person: Person) {
        self.store.doubt(person);
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let asked = self.store.commit(person, expected, record, update);
        let said = self.time(StoreCall::Commit, asked).await;
        if matches!(said, Ok(Commit::Conflict(_))) {
            self.metrics.commit_conflicts.one();
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
        let asked = self.store.claim_due(now, limit, lease, lane);
        let claims = self.time(StoreCall::Claim, asked).await?;
        self.metrics.claims.of(lane).many(claims.len());
        let stolen = claims.iter().filter(|claim| claim.was_held).count();
        self.metrics.lease_steals.many(stolen);
        Ok(claims)
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        self.count(self.store.release(person, version).await)
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.count(self.store.next_due(lanes).await)
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        self.count(self.store.forget(person).await)
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.count(self.store.people().await)
    }

    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError> {
        self.count(self.store.active_between(after, until).await)
    }

    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError> {
        self.count(self.store.sweep(until).await)
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        self.count(self.store.stored(person).await)
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        self.count(self.store.restore(person, stored).await)
    }
}

#[async_trait]
impl Commons for Measured {
    async fn lead(&self, who: Process, lease: Duration) -> Result<Lead, StoreError> {
        self.count(self.store.lead(who, lease).await)
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        self.count(self.store.resign(who).await)
    }

    async fn present(
        &self,
        who: Process,
        lease: Duration,
        remembered: Duration,
    ) -> Result<bool, StoreError> {
        self.count(self.store.present(who, lease, remembered).await)
    }

    async fn leave(&self, who: Process) -> Result<(), StoreError> {
        self.count(self.store.leave(who).await)
    }

    async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        self.count(self.store.note(note).await)
    }

    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError> {
        self.count(self.store.set_note(note, text).await)
    }

    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError> {
        self.count(self.store.keep_edition(form, packed).await)
    }

    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError> {
        self.count(self.store.edition(form).await)
    }

    async fn editions(&self) -> Result<Vec<Form>, StoreError> {
        self.count(self.store.editions().await)
    }

    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError> {
        self.count(self.store.attempt(update).await)
    }

    async fn calm(&self) -> Result<(), StoreError> {
        self.count(self.store.calm().await)
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        // Given up it is, whether the letter can be kept or not.
        self.metrics.dead_letters.one();
        self.count(self.store.park(letter).await)
    }

    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.count(self.store.parked().await)
    }

    async fn clear_parked(&self) -> Result<(), StoreError> {
        self.count(self.store.clear_parked().await)
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    async fn grant(&self, most: u32, per_second: u32) -> Result<Grant, StoreError> {
        let asked = self.store.grant(most, per_second);
        self.time(StoreCall::Grant, asked).await
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        self.count(self.store.time().await)
    }

    async fn durable(&self) -> Result<(), StoreError> {
        self.time(StoreCall::Durable, self.store.durable()).await
    }

    async fn woken(&self) -> Option<Timestamp> {
        self.store.woken().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Label;
    use crate::store::memory::MemoryStore;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// A measured store that counts for itself alone.
    fn measured() -> Measured {
        Measured {
            store: Arc::new(MemoryStore::new()),
            metrics: Box::leak(Box::default()),
        }
    }

    #[tokio::test]
    async fn calls_conflicts_claims_and_lost_leases_are_counted() {
        let store = measured();
        let ann = Person(1);
        let record = Record {
            due: Some(at(10)),
            ..Record::default()
        };
        for expected in [0, 0, 0] {
            store.commit(ann, expected, &record, None).await.unwrap();
        }
        let lease = Duration::from_millis(5);
        for now in [10, 12, 15] {
            let claims = store.claim_due(at(now), 9, lease, Lane::Other).await;
            assert_eq!(claims.unwrap().len(), usize::from(now != 12));
        }
        let m = store.metrics;
        assert_eq!(m.commit_conflicts.count(), 2);
        assert_eq!(m.claims.of(ClaimLane::Other).count(), 2);
        assert_eq!(m.claims.of(ClaimLane::First).count(), 0);
        assert_eq!(m.lease_steals.count(), 1);
        let calls = |call: StoreCall| m.store.of(call).counts().1;
        assert_eq!(
            StoreCall::ALL.iter().map(|c| calls(*c)).collect::<Vec<_>>(),
            [0, 3, 3, 0, 0]
        );
    }

    #[tokio::test]
    async fn what_the_store_cannot_do_is_counted_by_its_reason() {
        let store = measured();
        let refused = store.count::<()>(Err(StoreError::Full("no room".into())));
        assert!(refused.is_err());
        let m = store.metrics;
        let counts = m.store_errors.all().map(|(word, n)| (word, n.count()));
        let expected = [
            ("unavailable", 0),
            ("unreadable", 0),
            ("full", 1),
            ("unusable", 0),
        ];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
    }
}
