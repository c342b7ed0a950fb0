//! Wakes people who are due: one loop that sleeps until the next, whoever set it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tracing::warn;

use crate::clock::Clock;
use crate::store::{Person, Store};

/// How long a claimed person is held.
const LEASE: Duration = Duration::from_secs(45);

/// How many people are claimed at once.
const BATCH: usize = 64;

/// The longest sleep, so that a timer set by a process that died is not slept through.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// Claim whoever is due and hand them on, until told to stop.
pub async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    wake: impl AsRef<Notify>,
    mut stop: watch::Receiver<bool>,
    hand: impl Fn(Person),
) {
    while !*stop.borrow() {
        let now = clock.now();
        let sleep = match store.claim_due(now, BATCH, LEASE).await {
            Ok(claims) if claims.is_empty() => until_next(&*store, &*clock).await,
            Ok(claims) => {
                for claim in claims {
                    hand(claim.person);
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
            _ = stop.changed() => {}
        }
    }
}

async fn until_next(store: &dyn Store, clock: &dyn Clock) -> Duration {
    match store.next_due().await {
        Ok(Some(next)) => clock.until(next).min(LONGEST_SLEEP),
        Ok(None) => LONGEST_SLEEP,
        Err(error) => {
            warn!(%error, "the next time could not be read");
            LONGEST_SLEEP
        }
    }
}
