//! Wakes people who are due, and lets go of those who were silent for too long: one loop that
//! sleeps until the next, whoever set it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tracing::{info, warn};

use crate::clock::Clock;
use crate::store::{Person, Store};

/// How long a claimed person is held.
const LEASE: Duration = Duration::from_secs(45);

/// How many people are claimed at once.
const BATCH: usize = 64;

/// How many people may be claimed and not yet dealt with: about what the send budget lets out
/// during a quarter of a lease, so that others can take their share.
const MOST_IN_HAND: usize = 256;

/// The longest sleep, so that a timer set by a process that died is not slept through.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// How often those are looked for who were silent for too long.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// What the loop works with.
pub struct Reminder {
    /// Where people are.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How long after their last message people are kept.
    pub retention: SignedDuration,
}

/// A person who is due. Dropping it tells that they are dealt with.
pub struct Due {
    /// Who.
    pub person: Person,
    _in_hand: OwnedSemaphorePermit,
}

impl Reminder {
    /// Claim whoever is due and hand them on, until told to stop.
    pub async fn run(
        self,
        wake: impl AsRef<Notify>,
        mut stop: watch::Receiver<bool>,
        hand: impl Fn(Due),
    ) {
        let in_hand = Arc::new(Semaphore::new(MOST_IN_HAND));
        let mut swept = None;
        while !*stop.borrow() {
            let now = self.clock.now();
            self.sweep(now, &mut swept).await;
            let free = in_hand.available_permits().min(BATCH);
            if free == 0 {
                // It is given back at once: only the moment counts.
                let room = tokio::select! {
                    room = in_hand.acquire() => room,
                    _ = stop.changed() => continue,
                };
                drop(room);
                continue;
            }
            let sleep = match self.store.claim_due(now, free, LEASE).await {
                Ok(claims) if claims.is_empty() => self.until_next().await,
                Ok(claims) => {
                    for claim in claims {
                        // There is room: nobody else takes any, and no more was claimed.
                        if let Ok(permit) = in_hand.clone().try_acquire_owned() {
                            hand(Due {
                                person: claim.person,
                                _in_hand: permit,
                            });
                        }
                    }
                    continue;
                }
                Err(error) => {
                    warn!(%error, "people who are due could not be claimed");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = wake.as_ref().notified() => {}
                () = self.store.woken() => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn until_next(&self) -> Duration {
        match self.store.next_due().await {
            Ok(Some(next)) => self.clock.until(next).min(LONGEST_SLEEP),
            Ok(None) => LONGEST_SLEEP,
            Err(error) => {
                warn!(%error, "the next time could not be read");
                LONGEST_SLEEP
            }
        }
    }

    /// Erase who was silent for too long, once in a while.
    async fn sweep(&self, now: Timestamp, swept: &mut Option<Timestamp>) {
        if swept.is_some_and(|before| now.duration_since(before) < SWEEP_EVERY) {
            return;
        }
        *swept = Some(now);
        match self.store.sweep(now - self.retention).await {
            Ok(0) => {}
            Ok(people) => info!(people, "people were silent for too long and are forgotten"),
            Err(error) => warn!(%error, "people who were silent for too long are still kept"),
        }
    }
}
