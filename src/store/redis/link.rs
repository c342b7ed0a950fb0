//! The way to Redis: one connection that all calls share, found again when it is lost.
//!
//! Every call has a deadline. What is asked here may be repeated safely, so that a call whose answer
//! is lost is repeated by itself while time lasts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, RedisError, RedisResult,
    ServerErrorKind, Value,
};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::address::{Address, Place};
use super::fault::{Fault, classify};
use super::script::Invocation;
use super::sentinel;
use crate::store::StoreError;

/// How long Redis may take for one answer.
pub const ANSWER: Duration = Duration::from_secs(2);

/// How long finding the server and coming in may take.
pub const CONNECT: Duration = Duration::from_millis(2500);

/// How long a call may take with everything that is repeated.
pub const OVERALL: Duration = Duration::from_secs(5);

/// The pause before a call is repeated for the first time; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause before a call is repeated.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// After so many failures on end, the connection to a Cluster is made anew. Until then it finds by
/// itself what moved, and a node that is down is no reason to leave the others.
const MOST_FAILURES: u32 = 16;

/// A shared connection, and how to find it again.
pub struct Link {
    address: Address,
    current: Mutex<Current>,
    /// Failed calls since the last that succeeded.
    failures: AtomicU32,
}

#[derive(Default)]
struct Current {
    wire: Option<Wire>,
    /// Counts the connections, so that only the one that failed is dropped.
    number: u64,
}

/// A connection. Its clones share it.
#[derive(Clone)]
enum Wire {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// What is asked of Redis.
pub enum Call {
    /// A command.
    Plain(Cmd),
    /// A script; one command when the server knows it.
    Script(Invocation),
    /// Write this key, and wait until as many replicas have it, for so many milliseconds. The two go
    /// out together: on another connection, waiting would cover nothing.
    Wait {
        /// The key.
        mark: String,
        /// How many replicas.
        replicas: u32,
        /// How long.
        milliseconds: u64,
    },
}

impl From<Cmd> for Call {
    fn from(command: Cmd) -> Call {
        Call::Plain(command)
    }
}

impl From<Invocation> for Call {
    fn from(invocation: Invocation) -> Call {
        Call::Script(invocation)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer<T> {
    /// What Redis said.
    pub said: T,
    /// The call was sent more than once; an earlier one may have been carried out.
    pub was_repeated: bool,
}

impl Link {
    /// A way to Redis, not yet gone.
    pub fn new(address: Address) -> Link {
        Link {
            address,
            current: Mutex::default(),
            failures: AtomicU32::new(0),
        }
    }

    /// Whether one script may touch the keys of several shards.
    pub fn keeps_shards_together(&self) -> bool {
        !matches!(self.address.place, Place::Cluster(_))
    }

    /// Ask, and read the answer.
    pub async fn ask<T: FromRedisValue>(&self, call: impl Into<Call>) -> Result<T, StoreError> {
        Ok(self.ask_once(call).await?.said)
    }

    /// Ask several things at the same time. The answers are in the same order.
    pub async fn ask_all<T: FromRedisValue>(
        &self,
        calls: impl IntoIterator<Item = impl Into<Call>>,
    ) -> Result<Vec<T>, StoreError> {
        try_join_all(calls.into_iter().map(|call| self.ask(call))).await
    }

    /// Ask several things at the same time, and be content with the answers of those servers that
    /// can be reached, when there are any.
    pub async fn ask_some<T: FromRedisValue>(
        &self,
        calls: impl IntoIterator<Item = impl Into<Call>>,
    ) -> Result<Vec<T>, StoreError> {
        let answers = join_all(calls.into_iter().map(|call| self.ask(call))).await;
        let mut found = Vec::new();
        let mut missing = None;
        for answer in answers {
            match answer {
                Ok(answer) => found.push(answer),
                Err(StoreError::Unavailable(why)) => missing = Some(why),
                Err(other) => return Err(other),
            }
        }
        match missing {
            Some(why) if found.is_empty() => Err(StoreError::Unavailable(why)),
            Some(why) => {
                tracing::warn!("a part of Redis does not answer: {why}");
                Ok(found)
            }
            None => Ok(found),
        }
    }

    /// Ask, and tell whether that was repeated.
    pub async fn ask_once<T: FromRedisValue>(
        &self,
        call: impl Into<Call>,
    ) -> Result<Answer<T>, StoreError> {
        let call = call.into();
        let mut why = String::from("Redis cannot be reached");
        let mut tries = 0;
        let repeating = async {
            loop {
                match self.attempt(&call).await {
                    Ok(value) => return Ok(value),
                    Err(Fault::Tell(error)) => return Err(error),
                    Err(Fault::Again(reason)) => why = reason,
                    // It was thrown away between the two tries to call it.
                    Err(Fault::NoScript) => {}
                }
                sleep((FIRST_PAUSE * 2_u32.pow(tries.min(8))).min(LONGEST_PAUSE)).await;
                tries += 1;
            }
        };
        let done = timeout(OVERALL, repeating).await;
        let value = done.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!(
                "{why}, at {}",
                self.address
            )))
        })?;
        let said = redis::from_redis_value(value).map_err(|_| {
            StoreError::Unusable("Redis answered with something else than was asked for".into())
        })?;
        Ok(Answer {
            said,
            was_repeated: tries > 0,
        })
    }

    async fn attempt(&self, call: &Call) -> Result<Value, Fault> {
        let (number, mut wire) = self.wire().await?;
        let fault = match timeout(ANSWER, wire.send(call)).await {
            Ok(Ok(value)) => {
                self.failures.store(0, Ordering::Relaxed);
                return Ok(value);
            }
            Ok(Err(error)) => self.classify(&error),
            Err(_) => Fault::Again("Redis does not answer in time".into()),
        };
        if matches!(fault, Fault::Again(_)) {
            let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            if self.keeps_shards_together() || failures >= MOST_FAILURES {
                self.drop_wire(number).await;
            }
        }
        Err(fault)
    }

    fn classify(&self, error: &RedisError) -> Fault {
        classify(error, !self.keeps_shards_together())
    }

    async fn drop_wire(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.wire = None;
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// The connection, and its number. Whoever comes while one is made waits for it.
    async fn wire(&self) -> Result<(u64, Wire), Fault> {
        let mut current = self.current.lock().await;
        if current.wire.is_none() {
            let wire = timeout(CONNECT, connect(&self.address))
                .await
                .map_err(|_| Fault::Again("Redis does not answer in time".into()))?
                .map_err(|error| self.classify(&error))?;
            current.number += 1;
            current.wire = Some(wire);
        }
        match &current.wire {
            Some(wire) => Ok((current.number, wire.clone())),
            None => Err(Fault::Again("Redis cannot be reached".into())),
        }
    }
}

async fn connect(address: &Address) -> RedisResult<Wire> {
    match &address.place {
        Place::Single(info) => Ok(Wire::Single(to_one(address, info.clone()).await?)),
        Place::Sentinel {
            sentinels,
            master,
            login,
        } => {
            let info = sentinel::master(address, sentinels, master, login).await?;
            let mut connection = to_one(address, info).await?;
            let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
            // Sentinels may be late to know of a new master.
            match role.first() {
                Some(Value::BulkString(role)) if role == b"master" => Ok(Wire::Single(connection)),
                _ => Err(RedisError::from((
                    ErrorKind::Server(ServerErrorKind::ReadOnly),
                    "it is no master",
                ))),
            }
        }
        Place::Cluster(nodes) => {
            let mut builder = ClusterClientBuilder::new(nodes.clone())
                .connection_timeout(CONNECT / 2)
                .response_timeout(ANSWER)
                .overall_response_timeout(Some(ANSWER))
                .retries(3);
            if let Some(certificates) = address.certificates() {
                builder = builder.certs(certificates.clone());
            }
            Ok(Wire::Cluster(
                builder.build()?.get_async_connection().await?,
            ))
        }
    }
}

async fn to_one(address: &Address, info: ConnectionInfo) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER));
    let client = address.client(info)?;
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

impl Wire {
    async fn send(&mut self, call: &Call) -> RedisResult<Value> {
        match call {
            Call::Plain(command) => self.command(command).await,
            Call::Script(script) => match self.command(&script.by_hash()).await {
                Err(error) if error.kind() == ServerErrorKind::NoScript.into() => {
                    self.command(&script.whole()).await
                }
                answer => answer,
            },
            Call::Wait {
                mark,
                replicas,
                milliseconds,
            } => self.wait(mark, *replicas, *milliseconds).await,
        }
    }

    async fn command(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Wire::Single(connection) => command.query_async(connection).await,
            Wire::Cluster(connection) => command.query_async(connection).await,
        }
    }

    async fn wait(&mut self, mark: &str, replicas: u32, milliseconds: u64) -> RedisResult<Value> {
        let mut both = redis::pipe();
        both.cmd("SET").arg(mark).arg(1);
        both.cmd("WAIT").arg(replicas).arg(milliseconds);
        let mut answers: Vec<Value> = match self {
            Wire::Single(connection) => both.query_async(connection).await?,
            Wire::Cluster(connection) => {
                let node =
                    SingleNodeRoutingInfo::SpecificNode(Route::with_key(mark, SlotAddr::Master));
                connection.route_pipeline(both, 0, 2, node).await?
            }
        };
        answers.pop().unwrap_or(Value::Nil).extract_error()
    }
}
