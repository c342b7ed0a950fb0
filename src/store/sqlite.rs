//! A store in one SQLite file, for one process.
//!
//! `app` opens it. One thread owns the file (`writer`) and runs what `queries` says; `file` finds,
//! locks and prepares it; `fault` says what to do when SQLite cannot.

mod fault;
mod file;
mod queries;
mod writer;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::stored::{self, Stored};
use super::{Claim, Commit, Person, Record, Store, StoreError, UpdateId};
use writer::{After, Writer};

/// Records in a SQLite file. Dropping it waits until the file is closed.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
}

impl SqliteStore {
    /// Open the file, and create it and its folder when they are missing. What is created can be
    /// read by its owner only. The file belongs to this store until it is closed.
    pub fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        Ok(SqliteStore {
            writer: Writer::start(file::open(path)?)?,
        })
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
        self.writer
            .ask(After::Commit, move |file| queries::load(file, person))
            .await
    }

    async fn commit(
        &self,
        person: Person,
        expected: u64,
        record: &Record,
        update: Option<UpdateId>,
    ) -> Result<Commit, StoreError> {
        let new = Stored::after(expected, record);
        self.writer
            .ask(After::Commit, move |file| {
                queries::commit(file, person, expected, &new, update)
            })
            .await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
    ) -> Result<Vec<Claim>, StoreError> {
        let now_ms = stored::present(now);
        let until_ms = stored::lease_end(now_ms, lease);
        self.writer
            .ask(After::Commit, move |file| {
                queries::claim_due(file, now_ms, limit, until_ms)
            })
            .await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let now_ms = stored::present(now);
        self.writer
            .ask(After::Commit, move |file| queries::next_due(file, now_ms))
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
}
