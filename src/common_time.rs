//! One time for all processes of a bot: that of the store they share.
//!
//! `app` and the terminal go by the clock that is set here. A store that one process has for itself
//! tells no time, and the clock of the computer is as good.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::clock::{Clock, Machine, Sample, Sources, SteadyClock};
use crate::store::{Commons, StoreError};

/// How often the store is asked for one sample; the one with the shortest way counts.
const TRIES: usize = 5;

/// How often it is looked whether this clock and the store's drift apart.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// From here on a computer's clock is told of that is off from the store's, in seconds.
const TOLD: f64 = 1.0;

/// A clock that shows what the store's does, or the computer's where the store tells no time.
pub async fn clock(store: &dyn Commons) -> Result<SteadyClock, StoreError> {
    let clock = SteadyClock::of_this_machine();
    if let Some(sample) = ask(store, &clock).await? {
        clock.set(&sample);
        let ahead = Machine.wall().duration_since(clock.now()).as_secs_f64();
        if ahead.abs() >= TOLD {
            info!(
                ahead_by_seconds = ahead,
                "this computer's clock is not the store's; the store's time counts"
            );
        }
    }
    Ok(clock)
}

/// Follow the store's clock as it drifts, until told to stop.
pub async fn follow(
    store: &dyn Commons,
    clock: &SteadyClock<impl Sources>,
    mut stop: watch::Receiver<bool>,
) {
    while store.is_shared() && !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => return,
        }
        match ask(store, clock).await {
            Ok(Some(sample)) => {
                clock.follow(&sample);
            }
            Ok(None) => return,
            // Until it answers again, time goes on by itself.
            Err(error) => warn!(%error, "the store's time could not be read"),
        }
    }
}

/// The time of the store; nothing when it tells none.
async fn ask(
    store: &dyn Commons,
    clock: &SteadyClock<impl Sources>,
) -> Result<Option<Sample>, StoreError> {
    let mut best: Option<Sample> = None;
    for _ in 0..TRIES {
        let asked = clock.passed();
        let Some(said) = store.time().await? else {
            return Ok(None);
        };
        let heard = clock.passed();
        let sample = Sample { said, asked, heard };
        let is_better = |best: Sample| sample.round_trip() < best.round_trip();
        if best.is_none_or(is_better) {
            best = Some(sample);
        }
    }
    Ok(best)
}
