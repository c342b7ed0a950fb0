//! Opens the store that the settings choose, with all that belongs to it.
//!
//! The commands call it. What a store is and does is in `store`.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::clock::Clock;
use crate::config::{StoreChoice, StoreSettings};
use crate::store::cached::Cached;
use crate::store::measured::Measured;
use crate::store::memory::MemoryStore;
use crate::store::redis::probe::probe;
use crate::store::redis::{self, RedisStore};
use crate::store::seal::Keyring;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, keys};

/// Open the store of this bot, and refuse one that is another's or whose keys are not all at hand.
/// The terminal is bot 0.
pub async fn open(settings: &StoreSettings, bot: u64) -> Result<Arc<dyn Store>, String> {
    let ring = settings.keys(bot).map_err(|e| e.to_string())?;
    let mut store = bare(settings, ring.clone(), Some(settings.retention())).await?;
    keys::adopt(&*store, bot, &ring)
        .await
        .map_err(|e| e.to_string())?;
    store = Arc::new(Measured::new(store));
    if store.is_shared() {
        store = Arc::new(Cached::new(store));
    }
    if ring.newest().is_none() && !matches!(settings.choice, StoreChoice::Memory) {
        warn!(
            "WHAT PEOPLE SAY IS NOT ENCRYPTED: make a key with `backtalk key` and set BACKTALK_KEY"
        );
    }
    Ok(store)
}

/// Open a store as it is, whoever it belongs to. What is written has no expiry, which only the
/// bot knows: its hourly sweep ends what is to end.
pub async fn as_it_is(settings: &StoreSettings, keys: Keyring) -> Result<Arc<dyn Store>, String> {
    bare(settings, keys, None).await
}

async fn bare(
    settings: &StoreSettings,
    keys: Keyring,
    retention: Option<Duration>,
) -> Result<Arc<dyn Store>, String> {
    Ok(match &settings.choice {
        StoreChoice::Memory => Arc::new(MemoryStore::new()),
        StoreChoice::File(path) => {
            Arc::new(SqliteStore::open(path, keys).map_err(|e| e.to_string())?)
        }
        StoreChoice::Redis(address) => {
            let settings = redis::Settings {
                prefix: settings.redis_prefix.clone(),
                retention,
                wait_replicas: settings.redis_wait,
            };
            let store = RedisStore::connect(address, settings, keys).await;
            Arc::new(store.map_err(|e| e.to_string())?)
        }
    })
}

/// Open a store as it is, for somebody who must be its only user. A file is locked by its user; in
/// Redis a bot that polls is found by the lead that it holds.
pub async fn unused(settings: &StoreSettings, now: &dyn Clock) -> Result<Arc<dyn Store>, String> {
    if let StoreChoice::Redis(address) = &settings.choice {
        let seen = probe(address, &settings.redis_prefix, || now.now()).await;
        if seen.map_err(|e| e.to_string())?.leads_for_ms > Some(0) {
            return Err(format!(
                "a bot uses {address} with the prefix {}. Stop it, and wait until its lease has ended, which takes less than a minute",
                settings.redis_prefix
            ));
        }
    }
    as_it_is(settings, Keyring::none()).await
}
