//! Which update is being handled, for the lines that are written meanwhile.
//!
//! It goes with the task and is looked at when a line is written, and only then. A span of `tracing`
//! would do the same and costs some microseconds an update, since it is made, entered and left
//! whether a line is written or not.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::task::futures::TaskLocalFuture;

use crate::store::UpdateId;

tokio::task_local! {
    static HANDLED: Mark;
}

/// What the lines of one update, or of one timer, have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The number of the update; none for what is no update, such as a timer.
    pub update: Option<UpdateId>,
    /// Tells this one time from others. It says nothing of anybody.
    pub id: u32,
}

impl Mark {
    /// A new mark.
    pub fn new(update: Option<UpdateId>) -> Mark {
        // Its keys are random in each process, so that replicas have ids of their own.
        static IDS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Mark {
            update,
            id: IDS.hash_one(NEXT.fetch_add(1, Relaxed)) as u32,
        }
    }

    /// Do this, and mark all lines that it writes. What it spawns is marked only if it says so.
    pub fn on<F: Future>(self, work: F) -> TaskLocalFuture<Mark, F> {
        HANDLED.scope(self, work)
    }

    /// The mark of what is being handled here.
    pub fn here() -> Option<Mark> {
        HANDLED.try_with(|mark| *mark).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_goes_with_the_work_and_no_further() {
        let (one, other) = (Mark::new(Some(7)), Mark::new(None));
        assert_ne!(one.id, other.id);
        assert_eq!(Mark::here(), None);
        let meanwhile = one.on(async {
            tokio::task::yield_now().await;
            let inner = tokio::spawn(other.on(async { Mark::here() })).await;
            (Mark::here(), inner.unwrap())
        });
        assert_eq!(meanwhile.await, (Some(one), Some(other)));
        assert_eq!(Mark::here(), None);
    }
}
