//! Wakes the reminder loop when somebody is due sooner than it knows of, and only then: most turns put
//! off what is due, and to look at everybody for each of them would be most of the work.

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use jiff::Timestamp;
use tokio::sync::Notify;

/// When the loop looks again, and the way to wake it before.
#[derive(Debug)]
pub struct Alarm {
    rings: Notify,
    /// When the loop looks again, in milliseconds since 1970; the end of time while it is looking.
    set_to_ms: AtomicI64,
}

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm {
            rings: Notify::new(),
            set_to_ms: AtomicI64::new(i64::MAX),
        }
    }
}

impl Alarm {
    /// Somebody is due then, or not at all: the store says so by now.
    pub fn due(&self, at: Option<Timestamp>) {
        if at.is_some_and(|at| at.as_millisecond() < self.set_to_ms.load(SeqCst)) {
            self.ring();
        }
    }

    /// Have the loop look, whatever is due.
    pub fn ring(&self) {
        self.rings.notify_one();
    }

    /// The loop looks from now on. Whoever becomes due meanwhile is heard of afterwards.
    pub fn looks(&self) {
        self.set_to_ms.store(i64::MAX, SeqCst);
    }

    /// The loop sleeps until then.
    pub fn set_to(&self, at: Timestamp) {
        self.set_to_ms.store(at.as_millisecond(), SeqCst);
    }

    /// Return when it rings.
    pub async fn rings(&self) {
        self.rings.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).expect("A moment.")
    }

    #[test]
    fn it_rings_for_what_is_sooner_and_for_all_that_comes_while_the_loop_looks() {
        let alarm = Alarm::default();
        let has_rung = || alarm.rings().now_or_never().is_some();
        alarm.due(Some(at(500)));
        assert!(has_rung(), "It is not known yet when the loop looks.");
        alarm.set_to(at(100));
        for (due, rings) in [(Some(at(99)), true), (Some(at(100)), false), (None, false)] {
            alarm.due(due);
            assert_eq!(has_rung(), rings, "{due:?}");
        }
        alarm.looks();
        alarm.due(Some(at(500)));
        alarm.set_to(at(100));
        assert!(has_rung(), "It was told while the loop looked.");
    }
}
