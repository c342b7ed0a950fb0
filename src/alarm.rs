//! Wakes the reminder loop when somebody is due sooner than it knows of, and only then: most turns put
//! off what is due, and to look at everybody for each of them would be most of the work.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

/// When the loop looks again, and the way to wake it before.
#[derive(Debug)]
pub struct Alarm {
    rings: Notify,
    set: Mutex<Set>,
}

/// What it is set to. Times are in milliseconds since 1970.
#[derive(Debug)]
enum Set {
    /// The loop sleeps until then.
    To(i64),
    /// The loop is looking; whoever became due meanwhile is so at this time, or later.
    Looking { soonest_ms: i64 },
}

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm {
            rings: Notify::new(),
            set: Mutex::new(Set::Looking {
                soonest_ms: i64::MAX,
            }),
        }
    }
}

impl Alarm {
    /// Somebody is due then, or not at all: the store says so by now.
    pub fn due(&self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        let at_ms = at.as_millisecond();
        match &mut *self.set() {
            Set::To(then_ms) if at_ms < *then_ms => self.ring(),
            Set::To(_) => {}
            Set::Looking { soonest_ms } => *soonest_ms = at_ms.min(*soonest_ms),
        }
    }

    /// Have the loop look, whatever is due.
    pub fn ring(&self) {
        self.rings.notify_one();
    }

    /// The loop looks from now on. Whoever becomes due meanwhile it may see or not.
    pub fn looks(&self) {
        *self.set() = Set::Looking {
            soonest_ms: i64::MAX,
        };
    }

    /// The loop sleeps until then, unless somebody became due before that while it looked.
    pub fn set_to(&self, at: Timestamp) {
        let mut set = self.set();
        let at_ms = at.as_millisecond();
        if matches!(*set, Set::Looking { soonest_ms } if soonest_ms < at_ms) {
            self.ring();
        }
        *set = Set::To(at_ms);
    }

    /// Return when it rings.
    pub async fn rings(&self) {
        self.rings.notified().await;
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        // Nothing is left half done under this lock.
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn it_rings_for_what_is_sooner_also_when_it_was_told_while_the_loop_looked() {
        let alarm = Alarm::default();
        let has_rung = || alarm.rings().now_or_never().is_some();
        alarm.due(Some(at(50)));
        assert!(!has_rung(), "It is looking, or will be.");
        alarm.set_to(at(100));
        assert!(has_rung(), "It was told before the loop looked.");
        for (due, rings) in [(Some(at(99)), true), (Some(at(100)), false), (None, false)] {
            alarm.due(due);
            assert_eq!(has_rung(), rings, "{due:?}");
        }
        for (due, rings) in [(99, true), (100, false)] {
            alarm.looks();
            alarm.due(Some(at(due)));
            alarm.due(Some(at(500)));
            alarm.set_to(at(100));
            assert_eq!(has_rung(), rings, "It was told while the loop looked.");
            alarm.set_to(at(100));
            assert!(!has_rung(), "It rang already.");
        }
    }
}
