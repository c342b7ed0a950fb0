//! How long what is stored is waited for to be safe, by all updates together.
//!
//! Were it for each update, a bot that lost its last replica would hold every update for that long: a
//! person's next press waits behind the one before, and Telegram posts again what it hears nothing of.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long replicas may be away, such as for a failover, before updates are acknowledged without
/// them.
const LONGEST: Duration = Duration::from_secs(60);

/// Since when nothing that was stored has become safe.
#[derive(Debug, Default)]
pub struct Patience(Mutex<Option<Instant>>);

impl Patience {
    /// Something is safe.
    pub fn is_rewarded(&self) {
        self.set(|since| *since = None);
    }

    /// Something is not safe yet; whether there is an end of waiting.
    pub fn ends(&self, now: Instant) -> bool {
        self.set(|since| now - *since.get_or_insert(now) >= LONGEST)
    }

    fn set<T>(&self, change: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        // Nothing is left half done under this lock.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_updates_wait_once_until_something_is_safe_again() {
        let patience = Patience::default();
        let begun = Instant::now();
        let at = |secs| begun + Duration::from_secs(secs);
        assert!(!patience.ends(at(0)));
        assert!(!patience.ends(at(59)), "Another update waits with it.");
        assert!(patience.ends(at(60)));
        assert!(patience.ends(at(61)), "Who comes later waits no more.");
        patience.is_rewarded();
        assert!(!patience.ends(at(62)));
        assert!(!patience.ends(at(121)));
        assert!(patience.ends(at(122)));
    }
}
