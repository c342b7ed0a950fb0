//! A store in Redis, for many processes of one bot: one server, Sentinels or a Cluster.
//!
//! `app` connects it. `address` says where Redis is, `link` gets there and back over a `node` or the
//! nodes of a `cluster`, the node that `sentinel` names, `fault` says what errors mean, `call`, `script` and `lua/` what the server does by itself, `names` and `packed` how it is
//! kept; `due` finds who is due over all shards, `wake` hears of it, `shared` is what belongs to all,
//! `safety` waits for replicas, `caution` warns of dangerous settings, `probe` asks the servers of
//! themselves for `backtalk doctor`.
//!
//! Redis's append-only file tells of those who were forgotten until it is rewritten, which Redis
//! does by itself as the file grows, and at once with `BGREWRITEAOF`.

pub mod address;
mod call;
mod caution;
mod cluster;
mod due;
mod fault;
mod link;
mod names;
mod node;
mod packed;
pub mod probe;
mod safety;
mod script;
mod sentinel;
mod shared;
mod wake;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::seal::Keyring;
use super::stored::{self, Hindrance, Stored};
use super::{Claim, Commit, Lane, Person, Record, Store, StoreError, UpdateId};
pub use address::Address;
use link::Link;
use names::{Names, SHARDS, Shard};
use safety::Safety;

/// The format of everything that is kept here, besides the records' own.
const FORMAT: u16 = 1;

/// The most people who are erased in one go of a sweep.
const MOST_SWEPT: usize = 500;

/// How a store in Redis is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What all keys begin with, so that several bots share one Redis. It has no braces.
    pub prefix: String,
    /// How long a record is kept after the person was last active; for ever when not given.
    pub retention: Option<Duration>,
    /// How many replicas must have what was written before it counts as safe. When not given, one
    /// where there are Sentinels, and else none.
    pub wait_replicas: Option<u32>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            prefix: "backtalk".to_owned(),
            retention: None,
            wait_replicas: None,
        }
    }
}

/// Records in Redis.
pub struct RedisStore {
    link: Link,
    names: Names,
    keys: Keyring,
    retention: Option<Duration>,
    safety: Safety,
    bell: Arc<wake::Bell>,
    /// Ends with the store.
    _listener: JoinSet<()>,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.names.prefix())
            .finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Connect, and make sure that what is kept there was kept by a store like this one.
    pub async fn connect(
        address: &Address,
        settings: Settings,
        keys: Keyring,
    ) -> Result<RedisStore, StoreError> {
        let names = Names::new(&settings.prefix)?;
        let replicas = settings
            .wait_replicas
            .unwrap_or(u32::from(address.has_sentinels()));
        let link = Link::new(address.clone());
        adopt(&link, &names).await?;
        caution::warn(&link, replicas).await;
        let bell = Arc::<wake::Bell>::default();
        let mut listener = JoinSet::new();
        listener.spawn(wake::listen(address.clone(), names.wake(), bell.clone()));
        Ok(RedisStore {
            link,
            names,
            keys,
            retention: settings.retention,
            safety: Safety::new(Link::new(address.clone()), replicas),
            bell,
            _listener: listener,
        })
    }

    /// The key under which a person's record is kept, for looking at it with Redis's own tools.
    pub fn key_of(&self, person: Person) -> String {
        self.names.record(person)
    }

    /// Put `new` where version `expected` stands.
    async fn put(
        &self,
        person: Person,
        expected: u64,
        new: &Stored,
        update: Option<UpdateId>,
    ) -> Result<Put, StoreError> {
        let shard = Shard::of(person);
        let bytes = packed::pack(new);
        let expires_ms = self
            .retention
            .map(|retention| stored::lease_end(new.active_ms, retention));
        let call = script::COMMIT
            .on([
                self.names.record(person),
                self.names.due(shard, Lane::First),
                self.names.due(shard, Lane::Other),
                self.names.active(shard),
            ])
            .with(&expected.to_be_bytes()[..])
            .with(update.map_or(Vec::new(), |update| update.to_be_bytes().to_vec()))
            .with(&bytes)
            .with(or_empty(new.due_ms))
            .with(new.active_ms)
            .with(or_empty(expires_ms))
            .with(person.0)
            .with(self.names.wake());
        let answer = self.link.ask_once::<Vec<Vec<u8>>>(call).await?;
        let mut said = answer.said.into_iter();
        let (word, standing) = (said.next(), said.next());
        // What stands may be what the first try put there, when its answer was lost.
        if answer.was_repeated && standing.as_ref() == Some(&bytes) {
            self.safety.touch(person, new.version);
            return Ok(Put::Applied);
        }
        let standing = standing.map(|bytes| packed::unpack(&bytes)).transpose()?;
        if let Some(standing) = &standing {
            self.safety.touch(person, standing.version);
        }
        match (word.as_deref(), standing) {
            (Some(b"applied"), None) => {
                self.safety.touch(person, new.version);
                Ok(Put::Applied)
            }
            (Some(b"conflict"), None) => Ok(Put::Gone),
            (Some(b"conflict"), Some(standing)) => Ok(Put::Hindered(Hindrance::Conflict, standing)),
            (Some(b"already"), Some(standing)) => Ok(Put::Hindered(Hindrance::Already, standing)),
            _ => Err(StoreError::Unusable(
                "Redis answered with something else than was asked for".into(),
            )),
        }
    }

    async fn listed(&self, after: &str, until: &str) -> Result<Vec<Person>, StoreError> {
        let calls = Shard::all().map(|shard| {
            script::LISTED
                .on([self.names.active(shard)])
                .with(after)
                .with(until)
                .with(self.names.records(shard))
        });
        let found: Vec<Vec<i64>> = self.link.ask_all(calls).await?;
        let mut people: Vec<Person> = found.into_iter().flatten().map(Person).collect();
        people.sort_unstable();
        Ok(people)
    }

    async fn sweep_shard(&self, shard: Shard, until_ms: i64) -> Result<usize, StoreError> {
        let mut count = 0;
        loop {
            let call = script::SWEEP
                .on([
                    self.names.due(shard, Lane::First),
                    self.names.due(shard, Lane::Other),
                    self.names.active(shard),
                ])
                .with(until_ms)
                .with(self.names.records(shard))
                .with(MOST_SWEPT);
            let gone: Vec<i64> = self.link.ask(call).await?;
            let gone: Vec<Person> = gone.into_iter().map(Person).collect();
            self.burn_letters(&gone).await?;
            count += gone.len();
            if gone.len() < MOST_SWEPT {
                return Ok(count);
            }
        }
    }
}

/// What putting a record did.
enum Put {
    Applied,
    Gone,
    Hindered(Hindrance, Stored),
}

/// Note how this store keeps things where nothing is noted, and refuse what is kept otherwise.
async fn adopt(link: &Link, names: &Names) -> Result<(), StoreError> {
    let call = script::ADOPT.on([names.meta()]).with(SHARDS).with(FORMAT);
    let (shards, format): (String, String) = link.ask(call).await?;
    if format != FORMAT.to_string() {
        return Err(StoreError::Unusable(format!(
            "what is kept in Redis with the prefix {} has format {format} and this Backtalk reads \
             {FORMAT}; run the Backtalk that wrote it, or give another prefix with \
             BACKTALK_REDIS_PREFIX",
            names.prefix()
        )));
    }
    if shards != SHARDS.to_string() {
        return Err(StoreError::Unusable(format!(
            "what is kept in Redis with the prefix {} is spread over {shards} shards and this \
             Backtalk knows {SHARDS}; run the Backtalk that wrote it, or give another prefix with \
             BACKTALK_REDIS_PREFIX",
            names.prefix()
        )));
    }
    Ok(())
}

fn or_empty(number: Option<i64>) -> String {
    number.map(|n| n.to_string()).unwrap_or_default()
}

#[async_trait]
impl Store for RedisStore {
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
        let new = Stored::after(person, expected, record, &self.keys);
        match self.put(person, expected, &new, update).await? {
            Put::Applied => Ok(Commit::Applied),
            Put::Gone => Ok(Commit::Conflict(None)),
            Put::Hindered(why, standing) => Ok(why.tell(standing.read(person, &self.keys)?)),
        }
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        self.claim(now, limit, lease, lane).await
    }

    async fn release(&self, person: Person, version: u64) -> Result<(), StoreError> {
        let Some(stored) = self.stored(person).await? else {
            return Ok(());
        };
        let (true, Some(due_ms)) = (stored.version == version, stored.due_ms) else {
            return Ok(());
        };
        let call = script::RELEASE
            .on([
                self.names.record(person),
                self.names.due(Shard::of(person), stored.lane),
            ])
            .with(&version.to_be_bytes()[..])
            .with(due_ms)
            .with(person.0);
        self.link.ask(call).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.soonest(lanes).await
    }

    async fn forget(&self, person: Person) -> Result<(), StoreError> {
        let shard = Shard::of(person);
        let call = script::FORGET
            .on([
                self.names.record(person),
                self.names.due(shard, Lane::First),
                self.names.due(shard, Lane::Other),
                self.names.active(shard),
            ])
            .with(person.0);
        self.link.ask::<()>(call).await?;
        self.safety.touch(person, 0);
        self.burn_letters(&[person]).await
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.listed("-inf", "+inf").await
    }

    async fn active_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Person>, StoreError> {
        let after = format!("({}", stored::present(after));
        let until = stored::present(until).to_string();
        self.listed(&after, &until).await
    }

    async fn sweep(&self, until: Timestamp) -> Result<usize, StoreError> {
        let until_ms = stored::present(until);
        let sweeping = Shard::all().map(|shard| self.sweep_shard(shard, until_ms));
        Ok(try_join_all(sweeping).await?.into_iter().sum())
    }

    async fn stored(&self, person: Person) -> Result<Option<Stored>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(self.names.record(person));
        let found: Option<Vec<u8>> = self.link.ask(command).await?;
        let found = found.map(|bytes| packed::unpack(&bytes)).transpose()?;
        if let Some(found) = &found {
            self.safety.touch(person, found.version);
        }
        Ok(found)
    }

    async fn restore(&self, person: Person, stored: &Stored) -> Result<bool, StoreError> {
        let put = self.put(person, 0, stored, None).await?;
        Ok(matches!(put, Put::Applied))
    }
}
