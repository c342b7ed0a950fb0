//! The editions of a dialogue: its files as they were at each form, kept in the store.
//!
//! A talk that cannot move to a newer form goes on over the edition that it began with. The commands
//! that talk keep that of today as they start; `turn` and the operator's commands find older ones.
//! What holds everywhere is read as it is today, so that a corrected emergency number holds for
//! everybody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tracing::warn;

use crate::dialogue::issue::Sources;
use crate::dialogue::{Dialogue, Form, load};
use crate::store::{Commons, StoreError};

/// The first byte of a packed edition: what follows are the files by name as JSON, deflated.
const FORMAT: u8 = 1;

/// The most that a packed edition may unpack to: many times what a dialogue has.
const MOST_BYTES: usize = 16 << 20;

/// How hard to pack; it is done once for each form.
const LEVEL: u8 = 8;

/// The file that holds in every dialogue, and names facts of this one.
const COMMON: &str = "common.yaml";

/// Older editions of one dialogue, as far as they were needed.
#[derive(Debug, Default)]
pub struct Editions {
    /// The files of today.
    files: Sources,
    found: Mutex<HashMap<Form, Option<Arc<Dialogue>>>>,
}

impl Editions {
    /// Editions that are read with what these files say everywhere.
    pub fn new(files: Sources) -> Editions {
        Editions {
            files,
            found: Mutex::default(),
        }
    }

    /// A number by which the files of today are told from all others.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in &self.files {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        let hash = hash.finalize();
        hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
    }

    /// Keep the edition of today, unless it is kept already.
    pub async fn keep(&self, store: &dyn Commons, today: &Dialogue) -> Result<(), StoreError> {
        if self.files.is_empty() || store.editions().await?.contains(&today.form) {
            return Ok(());
        }
        let packed = pack(&own(&self.files, &today.name));
        store.keep_edition(today.form, &packed).await
    }

    /// The edition of this form. Nothing when it was not kept, or cannot be read by this program.
    pub async fn find(
        &self,
        store: &dyn Commons,
        today: &Arc<Dialogue>,
        form: Form,
    ) -> Result<Option<Arc<Dialogue>>, StoreError> {
        if form == today.form {
            return Ok(Some(today.clone()));
        }
        if let Some(found) = self.found().get(&form) {
            return Ok(found.clone());
        }
        let packed = match store.edition(form).await {
            // To whoever needs it, that is as if it were not there.
            Err(StoreError::Unreadable(why)) => {
                warn!(%form, "an older version of the dialogue cannot be read: {why}");
                None
            }
            packed => packed?,
        };
        let Some(packed) = packed else {
            return Ok(None);
        };
        let (files, name, keep_days) = (self.files.clone(), today.name.clone(), today.keep_days);
        // Reading one takes a moment, in which others are answered.
        let read = move || read(&packed, files, &name, form);
        let read = tokio::task::spawn_blocking(read).await.ok().flatten();
        if read.is_none() {
            warn!(%form, "an older version of the dialogue cannot be read by this program");
        }
        let found = read.map(|mut d| {
            d.keep_days = keep_days;
            Arc::new(d)
        });
        self.found().insert(form, found.clone());
        Ok(found)
    }

    fn found(&self) -> MutexGuard<'_, HashMap<Form, Option<Arc<Dialogue>>>> {
        // Nothing is left half done under this lock.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an edition of the dialogue `name` keeps of all files.
pub fn own(files: &Sources, name: &str) -> Sources {
    let own = load::FILES.map(|file| format!("{name}/{file}.yaml"));
    let kept = |file: &String| file == COMMON || own.contains(file);
    let files = files.iter().filter(|(file, _)| kept(file));
    files.map(|(f, text)| (f.clone(), text.clone())).collect()
}

/// Pack files.
pub fn pack(files: &Sources) -> Vec<u8> {
    let mut packed = vec![FORMAT];
    let text = serde_json::json!(files).to_string();
    let small = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL);
    packed.extend(small);
    packed
}

/// The files that were packed; nothing when this program cannot unpack them.
pub fn unpack(packed: &[u8]) -> Option<Sources> {
    let [FORMAT, packed @ ..] = packed else {
        return None;
    };
    let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, MOST_BYTES).ok()?;
    serde_json::from_slice(&unpacked).ok()
}

/// The dialogue `name` of a packed edition, with what `today` says everywhere.
///
/// Where today's words no longer fit the facts of then, those of then are taken, but never the
/// numbers to call.
pub fn read(packed: &[u8], today: Sources, name: &str, form: Form) -> Option<Dialogue> {
    let mut kept = unpack(packed)?;
    let common = kept.remove(COMMON);
    let mut files = today;
    let own = format!("{name}/");
    files.retain(|file, _| !file.starts_with(&own));
    files.extend(kept);
    if let Ok(d) = load::load_edition(&files, name, form) {
        return Some(d);
    }
    files.insert(COMMON.into(), common?);
    load::load_edition(&files, name, form).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::form;
    use crate::shipped;
    use crate::store::memory::MemoryStore;

    fn shipped() -> (Sources, Arc<Dialogue>) {
        let files = shipped::built_in();
        let d = load::load(&files, "back_spasm").expect("The shipped dialogue loads.");
        (files, Arc::new(d))
    }

    #[tokio::test]
    async fn an_edition_is_the_dialogue_of_then_with_the_numbers_of_today() {
        let (files, then) = shipped();
        let store = MemoryStore::new();
        let kept = Editions::new(files.clone());
        kept.keep(&store, &then).await.expect("It is kept.");

        let mut now = files;
        let numbers = now.get_mut("numbers.yaml").expect("The numbers.");
        *numbers = numbers.replace("\"999\"", "\"998\"");
        let rules = now.get_mut("back_spasm/rules.yaml").expect("The rules.");
        *rules = rules.replace("disposition: routine", "disposition: soon");
        let today = Arc::new(load::load(&now, "back_spasm").expect("It loads."));
        assert_ne!(today.form, then.form);
        let editions = Editions::new(now);
        let found = editions.find(&store, &today, then.form).await;
        let found = found.expect("The store answers.").expect("It is kept.");
        assert_eq!(found.form, then.form);
        assert_eq!(form::form(&found), then.form);
        let help = |d: &Dialogue| d.numbers.country("GB").map(|c| c.help.clone());
        assert_eq!(help(&found), help(&today));
        assert_ne!(help(&found), help(&then));
        let found = editions.find(&store, &today, today.form).await;
        let found = found.expect("Nothing is asked.").expect("It is there.");
        assert!(Arc::ptr_eq(&found, &today));
        let nothing = editions.find(&store, &today, Form([9; 8])).await;
        assert!(nothing.expect("The store answers.").is_none());
    }

    #[tokio::test]
    async fn what_this_program_cannot_read_is_not_there() {
        let (files, today) = shipped();
        let store = MemoryStore::new();
        let editions = Editions::new(files);
        let damaged = [&b""[..], b"\x01", b"\x02{}", b"\x01damaged"];
        for (n, packed) in damaged.into_iter().enumerate() {
            let form = Form([n as u8; 8]);
            store.keep_edition(form, packed).await.expect("It is kept.");
            let found = editions.find(&store, &today, form).await;
            assert!(found.expect("The store answers.").is_none(), "{n}");
        }
    }
}
