//! The way to Redis, wherever it is.
//!
//! Every call has a deadline. What is asked here may be repeated safely, so that a call whose answer
//! is lost is repeated by itself while time lasts.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use redis::{FromRedisValue, Value};
use tokio::time::{sleep, timeout};

use super::address::{Address, Place};
use super::call::Call;
use super::cluster::Cluster;
use super::fault::Fault;
use super::names::Shard;
use super::node::{self, Node};
use crate::store::StoreError;

/// How long a call may take with everything that is repeated.
const OVERALL: Duration = Duration::from_secs(5);

/// The pause before a call is repeated for the first time; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest pause before a call is repeated.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// A way to Redis that many use at the same time.
pub struct Link {
    address: Address,
    servers: Servers,
}

enum Servers {
    One(Box<Node>),
    Cluster(Box<Cluster>),
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
        let one = |place| Servers::One(Box::new(Node::new(address.clone(), place)));
        let servers = match address.place.clone() {
            Place::Single(info) => one(node::Place::Single(info)),
            Place::Sentinel(question) => one(node::Place::Sentinel(question)),
            Place::Cluster(seeds) => {
                Servers::Cluster(Box::new(Cluster::new(address.clone(), seeds)))
            }
        };
        Link { address, servers }
    }

    /// `things` in groups of which one script may touch all the keys.
    pub fn groups<T>(&self, things: Vec<T>, shard: impl Fn(&T) -> Shard) -> Vec<Vec<T>> {
        if things.is_empty() {
            return Vec::new();
        }
        if matches!(self.servers, Servers::One(_)) {
            return vec![things];
        }
        let mut groups = BTreeMap::<Shard, Vec<T>>::new();
        for thing in things {
            groups.entry(shard(&thing)).or_default().push(thing);
        }
        groups.into_values().collect()
    }

    /// A number for the server that has this key now; others have others.
    pub async fn node_of(&self, key: &str) -> Result<usize, StoreError> {
        match &self.servers {
            Servers::One(_) => Ok(0),
            Servers::Cluster(cluster) => {
                let found = timeout(OVERALL, cluster.node_of(key)).await;
                match found {
                    Ok(Ok(node)) => Ok(node),
                    Ok(Err(Fault::Tell(error))) => Err(error),
                    _ => Err(StoreError::Unavailable(format!(
                        "no node of {} has what was written",
                        self.address
                    ))),
                }
            }
        }
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
        match &self.servers {
            Servers::One(node) => node.ask(call).await,
            Servers::Cluster(cluster) => cluster.ask(call).await,
        }
    }
}
