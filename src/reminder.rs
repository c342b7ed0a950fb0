//! Wakes people who are due, and lets go of those who were silent for too long: one loop that
//! sleeps until the next, whoever set it.

mod places;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::metrics::metrics;
use crate::pulse::{Loop, pulse};
use crate::store::{Lane, Person, Store};
use places::{ENOUGH, Place, Places};

/// How long a claimed person is held.
const LEASE: Duration = Duration::from_secs(45);

/// How many people are claimed at once.
const BATCH: usize = 64;

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
    /// The version of their record when they were claimed, by which they are let go of again.
    pub version: u64,
    _in_hand: Place,
}

impl Reminder {
    /// Claim whoever is due and hand them on, the first lane before the other, until told to stop.
    pub async fn run(self, alarm: Arc<Alarm>, mut stop: watch::Receiver<bool>, hand: impl Fn(Due)) {
        let places = Arc::<Places>::default();
        let mut swept = None;
        // How much room a lane must have to be looked at.
        let mut least = ENOUGH;
        while !*stop.borrow() {
            pulse().beat(Loop::Reminding);
            alarm.looks();
            let now = self.clock.now();
            self.sweep(now, &mut swept).await;
            let (roomy, full): (Vec<_>, Vec<_>) = Lane::ALL
                .into_iter()
                .partition(|lane| places.room(*lane) >= least);
            least = ENOUGH;
            let sleep = match self.claim(now, &places, &roomy, &hand).await {
                Ok(0) => self.until_next(&roomy).await,
                // There may be more.
                Ok(_) => continue,
                Err(()) => LONGEST_SLEEP,
            };
            // A sleep is short.
            let wakes = self.clock.now() + SignedDuration::try_from(sleep).unwrap_or_default();
            alarm.set_to(wakes);
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = places.room_again(&full), if !full.is_empty() => least = 1,
                () = alarm.rings() => {}
                () = self.somebody_is_due_before(wakes) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Return when another process says that somebody is, or may be, due before then.
    async fn somebody_is_due_before(&self, then: Timestamp) {
        loop {
            let due = self.store.woken().await;
            if due.is_none_or(|due| due < then) {
                return;
            }
        }
    }

    /// Claim a batch of each of these lanes; the answer is how many people they are.
    async fn claim(
        &self,
        now: Timestamp,
        places: &Arc<Places>,
        lanes: &[Lane],
        hand: &impl Fn(Due),
    ) -> Result<usize, ()> {
        let mut count = 0;
        for lane in lanes {
            // The first lane may have taken what the other had.
            let room = places.room(*lane).min(BATCH);
            if room == 0 {
                continue;
            }
            let claims = self.store.claim_due(now, room, LEASE, *lane).await;
            let claims = claims.map_err(|error| {
                warn!(%error, "people who are due could not be claimed");
            })?;
            count += claims.len();
            if let Some(due) = claims.iter().filter_map(|c| c.record.due).min() {
                overdue_by(now.duration_since(due));
            }
            for claim in claims {
                hand(Due {
                    person: claim.person,
                    version: claim.record.version,
                    _in_hand: places.take(*lane),
                });
            }
        }
        Ok(count)
    }

    /// How long until somebody is due in these lanes.
    async fn until_next(&self, lanes: &[Lane]) -> Duration {
        if lanes.is_empty() {
            return LONGEST_SLEEP;
        }
        match self.store.next_due(lanes).await {
            Ok(next) => {
                let overdue = next.map(|next| self.clock.now().duration_since(next));
                // Of a lane that is full nothing newer is known.
                if lanes.len() == Lane::ALL.len() {
                    overdue_by(overdue.unwrap_or_default());
                }
                next.map_or(LONGEST_SLEEP, |next| {
                    self.clock.until(next).min(LONGEST_SLEEP)
                })
            }
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

/// Tell how long the soonest is overdue, if so.
fn overdue_by(time: SignedDuration) {
    let time = Duration::try_from(time).unwrap_or_default();
    metrics().due_overdue.set(time);
}
