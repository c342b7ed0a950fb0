//! Whether this process may be sent work, for `/readyz`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::store::Store;
use crate::store::commons::Note;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the store said counts for so long, so that no number of probes is a load.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// How far the process has come. The dialogue is loaded before there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It does not take updates yet.
    Starting,
    /// It takes updates, or stands by to.
    Ready,
    /// It takes no more.
    Stopping,
}

/// Why a process may not be sent work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// It is starting.
    Starting,
    /// It is stopping.
    Stopping,
    /// The store does not answer in time.
    Store,
}

impl NotReady {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            NotReady::Starting => "starting",
            NotReady::Stopping => "stopping",
            NotReady::Store => "the store does not answer",
        }
    }
}

/// What is known of it.
pub struct Readiness {
    phase: watch::Sender<Phase>,
    store: Arc<dyn Store>,
    /// When the store was last asked, and whether it answered.
    asked: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// A process that starts, with this store.
    pub fn new(store: Arc<dyn Store>) -> Readiness {
        Readiness {
            phase: watch::Sender::new(Phase::Starting),
            store,
            asked: Mutex::default(),
        }
    }

    /// It has come so far.
    pub fn is_now(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Whether it may be sent work now.
    pub async fn look(&self) -> Result<(), NotReady> {
        let phase = *self.phase.borrow();
        match phase {
            Phase::Starting => Err(NotReady::Starting),
            Phase::Stopping => Err(NotReady::Stopping),
            Phase::Ready if self.has_store().await => Ok(()),
            Phase::Ready => Err(NotReady::Store),
        }
    }

    /// Whether the store answers. Those who ask at the same time get the same answer.
    async fn has_store(&self) -> bool {
        let mut asked = self.asked.lock().await;
        if let Some((at, answered)) = *asked
            && at.elapsed() < COUNTS_FOR
        {
            return answered;
        }
        let answer = tokio::time::timeout(PATIENCE, self.store.note(Note::Bot)).await;
        let answered = matches!(answer, Ok(Ok(_)));
        *asked = Some((Instant::now(), answered));
        answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn only_a_process_that_takes_updates_is_ready() {
        let readiness = Readiness::new(Arc::new(MemoryStore::new()));
        assert_eq!(readiness.look().await, Err(NotReady::Starting));
        readiness.is_now(Phase::Ready);
        assert_eq!(readiness.look().await, Ok(()));
        readiness.is_now(Phase::Stopping);
        assert_eq!(readiness.look().await, Err(NotReady::Stopping));
    }

    #[tokio::test]
    async fn the_store_is_asked_once_a_second_at_most() {
        let readiness = Readiness::new(Arc::new(MemoryStore::new()));
        readiness.is_now(Phase::Ready);
        // As if it had not answered a moment ago; the moment lasts as long as this test.
        let now = Instant::now();
        *readiness.asked.lock().await = Some((now + Duration::from_secs(3600), false));
        assert_eq!(readiness.look().await, Err(NotReady::Store));
        *readiness.asked.lock().await = Some((now - COUNTS_FOR, false));
        assert_eq!(readiness.look().await, Ok(()));
    }
}
