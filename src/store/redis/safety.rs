//! Waits until replicas have what was written, for many callers at once.

use std::collections::BTreeSet;
use std::sync::{Mutex as StdMutex, PoisonError};

use tokio::sync::Mutex;

use super::call::Call;
use super::link::Link;
use super::names::{Names, Shard};
use crate::store::StoreError;

/// How long replicas may take, in milliseconds.
const PATIENCE_MS: u64 = 1000;

/// What was written and may not be safe yet.
pub struct Safety {
    /// A connection of its own, since waiting blocks it.
    link: Link,
    replicas: u32,
    /// The shards that were written to since replicas last had everything.
    open: StdMutex<BTreeSet<Shard>>,
    /// How many rounds of waiting began.
    begun: StdMutex<u64>,
    last: Mutex<Last>,
}

/// The last round of waiting that ended.
#[derive(Default)]
struct Last {
    round: u64,
    why_not: Option<String>,
}

impl Safety {
    /// Wait for this many replicas; for none, waiting takes no time.
    pub fn new(link: Link, replicas: u32) -> Safety {
        Safety {
            link,
            replicas,
            open: StdMutex::default(),
            begun: StdMutex::default(),
            last: Mutex::default(),
        }
    }

    /// Something of this shard was written, or was found written by somebody who may have died
    /// before it was safe.
    pub fn touch(&self, shard: Shard) {
        if self.replicas > 0 {
            lock(&self.open).insert(shard);
        }
    }

    /// Return when what was touched before is safe. One round of waiting serves all who came before
    /// it began.
    pub async fn wait(&self, names: &Names) -> Result<(), StoreError> {
        if self.replicas == 0 {
            return Ok(());
        }
        let seen = *lock(&self.begun);
        let mut last = self.last.lock().await;
        if last.round <= seen {
            let round = {
                let mut begun = lock(&self.begun);
                *begun += 1;
                *begun
            };
            let why_not = self.round(names).await.err().map(|why| match why {
                StoreError::Unavailable(why) => why,
                other => other.to_string(),
            });
            *last = Last { round, why_not };
        }
        match &last.why_not {
            None => Ok(()),
            Some(why) => Err(StoreError::Unavailable(why.clone())),
        }
    }

    async fn round(&self, names: &Names) -> Result<(), StoreError> {
        let shards = std::mem::take(&mut *lock(&self.open));
        let done = self.wait_for(names, &shards).await;
        if done.is_err() {
            lock(&self.open).extend(shards);
        }
        done
    }

    async fn wait_for(&self, names: &Names, shards: &BTreeSet<Shard>) -> Result<(), StoreError> {
        // One server has all shards.
        let most = if self.link.keeps_shards_together() {
            1
        } else {
            usize::MAX
        };
        let calls = shards.iter().take(most).map(|shard| Call::Wait {
            mark: names.mark(*shard),
            replicas: self.replicas,
            milliseconds: PATIENCE_MS,
        });
        let have: Vec<u32> = self.link.ask_all(calls).await?;
        match have.into_iter().min() {
            Some(least) if least < self.replicas => Err(StoreError::Unavailable(format!(
                "{least} of {} replicas of Redis have what was written",
                self.replicas
            ))),
            _ => Ok(()),
        }
    }
}

fn lock<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing is left half done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
