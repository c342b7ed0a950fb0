//! Histories: what is asked of a store, what it says, and the stores that are asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backtalk::dialogue::Form;
use backtalk::engine::{Owed, Session};
use backtalk::store::memory::MemoryStore;
use backtalk::store::record::{Body, FORMAT};
use backtalk::store::seal::{self, Keyring};
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, OwedEntry, Person, Record, Store, StoreError};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::{block_on, redis_server};

/// One thing asked of a store.
#[derive(Debug, Clone)]
pub enum Ask {
    Load(i64),
    Commit {
        person: i64,
        expected: u64,
        record: Box<Record>,
        update: Option<i64>,
    },
    Claim {
        limit: usize,
        lease_ms: u64,
    },
    NextDue,
    Forget(i64),
    People,
    /// Spoil the bytes of a body behind the store's back.
    Damage(i64),
    /// Who was last active after the first and until the second of these moments.
    Active(i64, i64),
    /// Erase who was last active until then.
    Sweep(i64),
    /// From here on it is this many milliseconds after 1970.
    At(i64),
}

/// What a store says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    Nothing,
    Has(Record),
    Applied,
    Already(Record),
    Conflict(Option<Record>),
    Claims(Vec<(i64, Record)>),
    Next(Option<i64>),
    People(Vec<i64>),
    Swept(usize),
    Unreadable,
    Unavailable,
    Full,
    Unusable(String),
}

/// A record of which `word` tells what was said.
pub fn record(version: u64, due: Option<i64>, seen: &[i64], word: &str) -> Record {
    let mut session = Session::new(Form::default());
    session.country = Some(word.to_owned());
    Record {
        version,
        due: due.map(at),
        seen: seen.to_vec(),
        active: at(0),
        body: Body {
            session: Some(session),
            owed: vec![OwedEntry {
                number: 1,
                owed: Owed::message(word),
                attempts: 0,
                refused: 0,
            }],
            ..Body::default()
        },
    }
}

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A store that is tested, and what it needs to stand on.
pub struct Subject {
    pub name: &'static str,
    pub store: Arc<dyn Store>,
    damage: Box<dyn Fn(Person)>,
    now: Timestamp,
    _folder: Option<TempDir>,
}

/// Every store, each with nothing in it.
pub fn every_store() -> Vec<Subject> {
    vec![memory(), sqlite(), redis()]
}

const DAMAGED: [u8; 3] = [seal::PLAIN, FORMAT, 0xff];

fn memory() -> Subject {
    let store = Arc::new(MemoryStore::new());
    let same = store.clone();
    Subject {
        name: "memory",
        store,
        damage: Box::new(move |person| same.damage(person, &DAMAGED)),
        now: at(0),
        _folder: None,
    }
}

fn sqlite() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backtalk.db");
    Subject {
        name: "sqlite",
        store: Arc::new(SqliteStore::open(&path, Keyring::none()).unwrap()),
        damage: Box::new(move |person| damage_file(&path, person)),
        now: at(0),
        _folder: Some(folder),
    }
}

fn redis() -> Subject {
    let server = redis_server::shared();
    let store = block_on(server.store(&redis_server::new_prefix()));
    let store = Arc::new(store);
    let same = store.clone();
    Subject {
        name: "redis",
        store,
        damage: Box::new(move |person| {
            redis_server::damage(&mut server.control(), &same.key_of(person), &DAMAGED);
        }),
        now: at(0),
        _folder: None,
    }
}

pub fn damage_file(path: &Path, person: Person) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute(
        "UPDATE record SET body = ?2 WHERE person = ?1",
        (person.0, DAMAGED),
    )
    .unwrap();
}

impl Subject {
    /// Ask the store.
    pub async fn ask(&mut self, ask: &Ask) -> Said {
        self.try_ask(ask).await.unwrap_or_else(|error| match error {
            StoreError::Unreadable(_) => Said::Unreadable,
            StoreError::Unavailable(_) => Said::Unavailable,
            StoreError::Unusable(why) => Said::Unusable(why),
            StoreError::Full(_) => Said::Full,
        })
    }

    async fn try_ask(&mut self, ask: &Ask) -> Result<Said, StoreError> {
        let store = &self.store;
        Ok(match ask {
            Ask::Load(person) => store
                .load(Person(*person))
                .await?
                .map_or(Said::Nothing, Said::Has),
            Ask::Commit {
                person,
                expected,
                record,
                update,
            } => {
                match store
                    .commit(Person(*person), *expected, record, *update)
                    .await?
                {
                    Commit::Applied => Said::Applied,
                    Commit::Already(record) => Said::Already(record),
                    Commit::Conflict(record) => Said::Conflict(record),
                }
            }
            Ask::Claim { limit, lease_ms } => {
                let lease = Duration::from_millis(*lease_ms);
                let claims = store.claim_due(self.now, *limit, lease).await?;
                Said::Claims(claims.into_iter().map(|c| (c.person.0, c.record)).collect())
            }
            Ask::NextDue => Said::Next(store.next_due().await?.map(Timestamp::as_millisecond)),
            Ask::Forget(person) => {
                store.forget(Person(*person)).await?;
                Said::Done
            }
            Ask::People => Said::People(store.people().await?.into_iter().map(|p| p.0).collect()),
            Ask::Active(after, until) => {
                let people = store.active_between(at(*after), at(*until)).await?;
                Said::People(people.into_iter().map(|p| p.0).collect())
            }
            Ask::Sweep(until) => Said::Swept(store.sweep(at(*until)).await?),
            Ask::Damage(person) => {
                (self.damage)(Person(*person));
                Said::Done
            }
            Ask::At(ms) => {
                self.now = at(*ms);
                Said::Done
            }
        })
    }
}
