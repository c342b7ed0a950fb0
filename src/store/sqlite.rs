//! A store in one SQLite file, for one process.
//!
//! `app` opens it. One thread owns the file (`writer`) and runs what `queries` says; `file` finds,
//! locks and prepares it; `fault` says what to do when SQLite cannot.

mod fault;
mod file;
mod queries;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use jiff::Timestamp;
use rusqlite::Connection;

use super::commons::{DeadLetter, Lead, Note, Process};
use super::seal::Keyring;
use super::stored::{self, Stored};
use super::{Claim, Commit, Commons, Lane, Person, Record, Store, StoreError, UpdateId};
use crate::engine::session::Form;
use writer::{After, Writer};

/// Records in a SQLite file. Dropping it waits until the file is closed.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    keys: Arc<Keyring>,
}

/// What the notes begin with that keep the files of an edition; its form follows. A text can be
/// kept without another table, which an older program would not know.
const EDITION: &str = "edition:";

/// The note that keeps the edition of this form.
fn edition(form: Form) -> String {
    format!("{EDITION}{form}")
}

/// The note that names the process which polls.
const LEADER: &str = "leader";

impl SqliteStore {
    /// Open the file, and create it and its folder when they are missing. What is created can be
    /// read by its owner only. The file belongs to this store until it is closed.
    pub fn open(path: &Path, keys: Keyring) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore {
            writer: Writer::start(file::open(path)?)?,
            keys: Arc::new(keys),
        })
    }

    /// Open a file that exists, to look at it while another process may be using it. Nothing of it
    /// is locked or changed, and whatever would change it is refused.
    pub fn read(path: &Path) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore {
            writer: Writer::start(file::read(path)?)?,
            keys: Arc::new(Keyring::none()),
        })
    }

    /// Whether a process leads, or led and died.
    pub async fn is_led(&self) -> Result<bool, StoreError> {
        self.writer
            .ask(After::Commit, |file| {
                Ok(queries::note(file, LEADER)?.is_some())
            })
            .await
    }

    /// Finish what was asked before, then close the file. Blocks this thread meanwhile; afterwards
    /// the store answers that it cannot be used.
    pub fn close(&self) {
        self.writer.stop();
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, person: Person) -> Result<Option<Record>, StoreError> {
        let stored = self.stored(person).await?;
        stored.map(|s| s.read(person, &self.keys)).transpose()
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let keys = self.keys.clone();
        let new = Stored::after(person, expected, record, &keys);
        self.writer
            .ask(After::Commit, move |file| {
                queries::commit(file, &keys, person, expected, &new, update)
            })
            .await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        let keys = self.keys.clone();
        let now_ms = stored::present(now);
        let until_ms = stored::lease_end(now_ms, lease);
        self.writer
            .ask(After::Commit, move |file| {
                queries::claim_due(file, &keys, now_ms, limit, until_ms, lane)
            })
            .await
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        self.writer
            .ask(After::Commit, move |file| {
                queries::release(file, person, version)
            })
            .await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let lanes = lanes.to_vec();
        self.writer
            .ask(After::Commit, move |file| queries::next_due(file, &lanes))
            .await
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        self.writer
            .ask(After::Scrubbing, move |file| queries::forget(file, person))
            .await
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.writer.ask(After::Commit, queries::people).await
    }

    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError> {
        let (after, until) = (stored::present(after), stored::present(until));
        self.writer
            .ask(After::Commit, move |file| {
                queries::active_between(file, after, until)
            })
            .await
    }

    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError> {
        let until_ms = stored::present(until);
        self.writer
            .ask(After::Scrubbing, move |file| queries::sweep(file, until_ms))
            .await
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        self.writer
            .ask(After::Commit, move |file| queries::standing(file, person))
            .await
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        let stored = stored.clone();
        self.writer
            .ask(After::Commit, move |file| {
                queries::restore(file, person, &stored)
            })
            .await
    }
}

#[async_trait]
impl Commons for SqliteStore {
    /// The file belongs to one process, so that one leads.
    async fn lead(&self, who: Process, _: Duration) -> Result<Lead, StoreError> {
        let who = who.0.to_string();
        self.writer
            .ask(After::Commit, move |file| {
                let before = queries::note(file, LEADER)?;
                let unclean = before.as_ref().is_some_and(|b| *b != who);
                // A lease that is only renewed costs no write.
                if before.as_ref() != Some(&who) {
                    queries::set_note(file, LEADER, &who)?;
                }
                Ok(Lead::Leading { unclean })
            })
            .await
    }

    async fn resign(&self, who: Process) -> Result<(), StoreError> {
        let who = who.0.to_string();
        self.writer
            .ask(After::Commit, move |file| {
                queries::unset_note(file, LEADER, &who)
            })
            .await
    }

    async fn note(&self, note: Note) -> Result<Option<String>, StoreError> {
        self.writer
            .ask(After::Commit, move |file| queries::note(file, note.name()))
            .await
    }

    async fn set_note(&self, note: Note, text: &str) -> Result<(), StoreError> {
        let text = text.to_owned();
        self.writer
            .ask(After::Commit, move |file| {
                queries::set_note(file, note.name(), &text)
            })
            .await
    }

    async fn keep_edition(&self, form: Form, packed: &[u8]) -> Result<(), StoreError> {
        let text = BASE64_STANDARD_NO_PAD.encode(packed);
        self.writer
            .ask(After::Commit, move |file| {
                queries::set_note(file, &edition(form), &text)
            })
            .await
    }

    async fn edition(&self, form: Form) -> Result<Option<Vec<u8>>, StoreError> {
        let text = self
            .writer
            .ask(After::Commit, move |file| {
                queries::note(file, &edition(form))
            })
            .await?;
        let damaged = |_| StoreError::Unreadable("the files of an edition are damaged".into());
        let unpack = |text: String| BASE64_STANDARD_NO_PAD.decode(text).map_err(damaged);
        text.map(unpack).transpose()
    }

    async fn editions(&self) -> Result<Vec<Form>, StoreError> {
        let names = |file: &Connection| queries::notes_after(file, EDITION);
        let names = self.writer.ask(After::Commit, names).await?;
        Ok(names.iter().filter_map(|n| Form::parse(n)).collect())
    }

    async fn attempt(&self, update: UpdateId) -> Result<u32, StoreError> {
        self.writer
            .ask(After::Commit, move |file| queries::attempt(file, update))
            .await
    }

    async fn calm(&self) -> Result<(), StoreError> {
        self.writer.ask(After::Commit, queries::calm).await
    }

    async fn park(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let letter = letter.clone();
        self.writer
            .ask(After::Commit, move |file| queries::park(file, &letter))
            .await
    }

    async fn parked(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.writer.ask(After::Commit, queries::parked).await
    }

    async fn clear_parked(&self) -> Result<(), StoreError> {
        self.writer.ask(After::Commit, queries::clear_parked).await
    }
}
