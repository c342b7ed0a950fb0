//! Histories: what is asked of a store, what it says, and the stores that are asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backtalk::dialogue::Form;
use backtalk::engine::{Owed, Session};
use backtalk::store::cached::Cached;
use backtalk::store::measured::Measured;
use backtalk::store::memory::MemoryStore;
use backtalk::store::record::{Body, FORMAT};
use backtalk::store::redis::RedisStore;
use backtalk::store::seal::{self, Keyring};
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, Lane, OwedEntry, Person, Record, Store, StoreError};
use jiff::Timestamp;
use redis::ConnectionLike;
use tempfile::TempDir;

use crate::{block_on, redis_cluster, redis_sentinel, redis_server};

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
        lane: Lane,
    },
    /// Who of those claimed last had been held before, by a lease that ran out.
    HeldBefore,
    /// Let go of somebody who was claimed at this version.
    Release(i64, u64),
    /// Of any lane.
    NextDue,
    NextDueIn(Lane),
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
        lane: Lane::default(),
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
    /// Another handle on the same store, for one that dies between any two steps.
    anew: Option<Box<dyn Fn() -> Arc<dyn Store>>>,
    now: Timestamp,
    held_before: Vec<i64>,
    _folder: Option<TempDir>,
}

/// Every store, each with nothing in it.
pub fn every_store() -> Vec<Subject> {
    vec![memory(), cached(), sqlite(), redis()]
}

/// Every store in every place, each with nothing in it: for what is too long to be asked everywhere.
pub fn every_place() -> Vec<Subject> {
    let mut all = every_store();
    all.extend([redis_anew(), redis_cluster(), redis_sentinel()]);
    all
}

const DAMAGED: [u8; 3] = [seal::PLAIN, FORMAT, 0xff];

fn memory() -> Subject {
    let store = Arc::new(MemoryStore::new());
    let same = store.clone();
    Subject {
        name: "memory",
        store,
        damage: Box::new(move |person| same.damage(person, &DAMAGED)),
        anew: None,
        now: at(0),
        held_before: Vec::new(),
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
        anew: None,
        now: at(0),
        held_before: Vec::new(),
        _folder: Some(folder),
    }
}

fn cached() -> Subject {
    let memory = Arc::new(MemoryStore::new());
    // As a bot has it: what passes through is measured below what is remembered.
    let measured = Arc::new(Measured::new(memory.clone()));
    let store = Arc::new(Cached::new(measured));
    let same = store.clone();
    Subject {
        name: "cached",
        store,
        damage: Box::new(move |person| {
            memory.damage(person, &DAMAGED);
            same.evict(person);
        }),
        anew: None,
        now: at(0),
        held_before: Vec::new(),
        _folder: None,
    }
}

fn redis() -> Subject {
    let server = redis_server::shared();
    let prefix = redis_server::new_prefix();
    let store = block_on(server.store(&prefix));
    in_redis("redis", store, || server.control())
}

/// Redis, with a handle that dies between any two steps.
fn redis_anew() -> Subject {
    let server = redis_server::shared();
    let prefix = redis_server::new_prefix();
    let store = block_on(server.store(&prefix));
    let anew = move || Arc::new(block_on(server.store(&prefix))) as Arc<dyn Store>;
    Subject {
        anew: Some(Box::new(anew)),
        ..in_redis("redis, each time anew", store, || server.control())
    }
}

fn redis_cluster() -> Subject {
    let cluster = redis_cluster::shared();
    let store = block_on(cluster.store(&redis_server::new_prefix()));
    in_redis("redis cluster", store, || cluster.control())
}

fn redis_sentinel() -> Subject {
    let guarded = redis_sentinel::shared();
    let store = block_on(guarded.store(&redis_server::new_prefix()));
    in_redis("redis behind Sentinel", store, || {
        guarded.servers[0].control()
    })
}

fn in_redis<C: ConnectionLike>(
    name: &'static str,
    store: RedisStore,
    control: impl Fn() -> C + 'static,
) -> Subject {
    let store = Arc::new(store);
    let same = store.clone();
    Subject {
        name,
        store,
        damage: Box::new(move |person| {
            redis_server::damage(&mut control(), &same.key_of(person), &DAMAGED);
        }),
        anew: None,
        now: at(0),
        held_before: Vec::new(),
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
    /// Ask the store, through a new handle where that is wanted.
    pub fn ask_now(&mut self, ask: &Ask) -> Said {
        if let Some(anew) = &self.anew {
            self.store = anew();
        }
        block_on(self.ask(ask))
    }

    /// Ask the store.
    async fn ask(&mut self, ask: &Ask) -> Said {
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
            Ask::Claim {
                limit,
                lease_ms,
                lane,
            } => {
                let lease = Duration::from_millis(*lease_ms);
                let claims = store.claim_due(self.now, *limit, lease, *lane).await?;
                let held = claims.iter().filter(|c| c.was_held);
                self.held_before = held.map(|c| c.person.0).collect();
                Said::Claims(claims.into_iter().map(|c| (c.person.0, c.record)).collect())
            }
            Ask::HeldBefore => Said::People(self.held_before.clone()),
            Ask::NextDue => {
                let next = store.next_due(&Lane::ALL).await?;
                Said::Next(next.map(Timestamp::as_millisecond))
            }
            Ask::NextDueIn(lane) => {
                let next = store.next_due(&[*lane]).await?;
                Said::Next(next.map(Timestamp::as_millisecond))
            }
            Ask::Release(person, version) => {
                store.release(Person(*person), *version).await?;
                Said::Done
            }
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
