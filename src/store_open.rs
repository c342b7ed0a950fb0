//! Opens the store that the settings choose, with all that belongs to it.
//!
//! The commands call it. What a store is and does is in `store`.

use std::sync::Arc;

use tracing::warn;

use crate::config::{StoreChoice, StoreSettings};
use crate::store::memory::MemoryStore;
use crate::store::seal::Keyring;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, keys};

/// Open the store of this bot, and refuse one that is another's or whose keys are not all at hand.
/// The terminal is bot 0.
pub async fn open(settings: &StoreSettings, bot: u64) -> Result<Arc<dyn Store>, String> {
    let ring = settings.keys(bot).map_err(|e| e.to_string())?;
    let store = bare(settings, ring.clone()).await?;
    keys::adopt(&*store, bot, &ring)
        .await
        .map_err(|e| e.to_string())?;
    if ring.newest().is_none() && !matches!(settings.choice, StoreChoice::Memory) {
        warn!(
            "WHAT PEOPLE SAY IS NOT ENCRYPTED: make a key with `backtalk key` and set BACKTALK_KEY"
        );
    }
    Ok(store)
}

/// Open a store as it is, whoever it belongs to.
pub async fn bare(settings: &StoreSettings, keys: Keyring) -> Result<Arc<dyn Store>, String> {
    Ok(match &settings.choice {
        StoreChoice::Memory => Arc::new(MemoryStore::new()),
        StoreChoice::File(path) => {
            Arc::new(SqliteStore::open(path, keys).map_err(|e| e.to_string())?)
        }
        StoreChoice::Redis(_) => return Err("Redis comes next".into()),
    })
}

/// Open a store as it is, for somebody who must be its only user. A file is locked by its user.
pub async fn unused(settings: &StoreSettings) -> Result<Arc<dyn Store>, String> {
    bare(settings, Keyring::none()).await
}
