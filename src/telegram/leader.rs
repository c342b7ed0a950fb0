//! One process of a bot polls, the others stand by: who it is, held with a lease in the store.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{info, warn};

use crate::metrics::metrics;
use crate::pulse::{Loop, pulse};
use crate::store::Store;
use crate::store::commons::{Lead, Process};

/// How long a leader that died keeps the others waiting, at most. With the time between two looks
/// a hot pair changes over in less than ten seconds.
const LEASE: Duration = Duration::from_secs(6);

/// How often the lease is renewed, or asked for.
const EVERY: Duration = Duration::from_secs(2);

/// Whether this process polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Another does.
    Standby,
    /// It does. `term` counts how often it came to that; `unclean` tells that the one before died.
    Leader { term: u32, unclean: bool },
}

/// A number for this process that no other has.
pub fn process() -> Process {
    // The state is random, and its hasher the only random number that the standard library has.
    Process(RandomState::new().build_hasher().finish() >> 1)
}

/// Hold the lease as long as it can be had, and tell of every change. `standing_by` is called now
/// and then while another leads.
pub async fn run(
    store: Arc<dyn Store>,
    me: Process,
    role: watch::Sender<Role>,
    standing_by: impl Fn(),
    mut stop: watch::Receiver<bool>,
) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut held_until = Instant::now();
    let mut term = 0;
    let mut is_known = false;
    while !*stop.borrow() {
        tokio::select! {
            _ = every.tick() => {}
            _ = stop.changed() => break,
        }
        pulse().beat(Loop::Leading);
        let asked = Instant::now();
        let before = *role.borrow();
        let after = match tokio::time::timeout(EVERY, store.lead(me, LEASE)).await {
            Ok(Ok(Lead::Leading { unclean })) => {
                held_until = asked + LEASE;
                match before {
                    Role::Leader { .. } => before,
                    Role::Standby => {
                        term += 1;
                        Role::Leader { term, unclean }
                    }
                }
            }
            Ok(Ok(Lead::Standby)) => {
                standing_by();
                Role::Standby
            }
            // The lease may still be ours; when it is over, another may lead.
            Ok(Err(_)) | Err(_) if Instant::now() < held_until => before,
            Ok(Err(_)) | Err(_) => Role::Standby,
        };
        if after != before {
            match after {
                Role::Standby => warn!("another process polls, or the store is away; standing by"),
                Role::Leader { .. } => info!("this process polls"),
            }
            let leads = matches!(after, Role::Leader { .. });
            metrics().leading.set(usize::from(leads));
            role.send_replace(after);
        } else if !is_known {
            // Whoever waits for the first answer hears of it, too.
            role.send_replace(after);
        }
        is_known = true;
    }
}
