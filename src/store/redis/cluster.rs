//! The nodes of a Cluster, and which of them has which keys.
//!
//! Each node has a connection of its own, so that one that is down holds up nobody whose keys are
//! elsewhere. While a slot is moved from one node to another, its people wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::cluster_routing::Slot;
use redis::{ConnectionAddr, ConnectionInfo, Value};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::address::Address;
use super::call::Call;
use super::fault::Fault;
use super::node::{Node, Place};

/// How long one node may take to tell who has what, so that a dead one leaves time for the others.
const PATIENCE: Duration = Duration::from_millis(700);

/// A Cluster.
pub struct Cluster {
    address: Address,
    seeds: Vec<ConnectionInfo>,
    known: StdMutex<Known>,
    asking: Mutex<()>,
}

#[derive(Default)]
struct Known {
    nodes: HashMap<String, Arc<Node>>,
    map: Option<Arc<Map>>,
}

/// Which node is the master of which slot.
type Map = HashMap<Slot, Arc<Node>>;

impl Cluster {
    /// A Cluster of which some nodes are known.
    pub fn new(address: Address, seeds: Vec<ConnectionInfo>) -> Cluster {
        Cluster {
            address,
            seeds,
            known: StdMutex::default(),
            asking: Mutex::default(),
        }
    }

    /// Ask the node that has the keys, once.
    pub async fn ask(&self, call: &Call) -> Result<Value, Fault> {
        let map = self.map().await?;
        let answer = match map.get(&Slot::for_key(call.key())) {
            Some(node) => node.ask(call).await,
            None => Err(Fault::Again("no node of the Redis Cluster has it".into())),
        };
        if matches!(answer, Err(Fault::Again(_))) {
            // Nothing is lost when nobody knows better.
            let _ = self.learn(Some(&map)).await;
        }
        answer
    }

    /// A number for the node that has this key now.
    pub async fn node_of(&self, key: &str) -> Result<usize, Fault> {
        let map = self.map().await?;
        let node = map.get(&Slot::for_key(key));
        let none = || Fault::Again("no node of the Redis Cluster has it".into());
        node.map(|node| Arc::as_ptr(node).addr()).ok_or_else(none)
    }

    async fn map(&self) -> Result<Arc<Map>, Fault> {
        let known = self.known().map.clone();
        match known {
            Some(map) => Ok(map),
            None => self.learn(None).await,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing is left half done under this lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ask who has what, unless somebody learned it since `old` was known.
    async fn learn(&self, old: Option<&Arc<Map>>) -> Result<Arc<Map>, Fault> {
        let _one_at_a_time = self.asking.lock().await;
        let known = self.known().map.clone();
        if let Some(map) = known
            && old.is_none_or(|old| !Arc::ptr_eq(old, &map))
        {
            return Ok(map);
        }
        let mut why = Fault::Again("no node of the Redis Cluster answers".into());
        for node in self.whom_to_ask() {
            let mut command = redis::cmd("CLUSTER");
            command.arg("SLOTS");
            match timeout(PATIENCE, node.ask(&command.into())).await {
                Ok(Ok(slots)) => {
                    let map = Arc::new(self.read(&node, slots));
                    self.known().map = Some(map.clone());
                    return Ok(map);
                }
                Ok(Err(fault @ Fault::Tell(_))) => return Err(fault),
                Ok(Err(fault)) => why = fault,
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// All nodes that are known, those with a connection first.
    fn whom_to_ask(&self) -> Vec<Arc<Node>> {
        let seeds: Vec<_> = self.seeds.iter().map(|seed| self.node(seed)).collect();
        let mut nodes: Vec<_> = self.known().nodes.values().cloned().collect();
        nodes.extend(seeds);
        nodes.sort_by_key(|node| !node.is_connected());
        nodes
    }

    /// The node that is there.
    fn node(&self, info: &ConnectionInfo) -> Arc<Node> {
        let mut known = self.known();
        let new = || Node::new(self.address.clone(), Place::Cluster(info.clone()));
        known
            .nodes
            .entry(info.addr().to_string())
            .or_insert_with(|| Arc::new(new()))
            .clone()
    }

    /// Read what `asked` said of the slots: for each range its ends, its master and its replicas.
    fn read(&self, asked: &Node, slots: Value) -> Map {
        let ranges: Vec<(u16, u16, Value)> = match slots {
            Value::Array(ranges) => ranges.into_iter().filter_map(range).collect(),
            _ => Vec::new(),
        };
        let mut map = Map::new();
        for (first, last, master) in ranges {
            let Some(node) = self.master(asked, master) else {
                continue;
            };
            let slots = (first..=last).filter_map(Slot::new);
            map.extend(slots.map(|slot| (slot, node.clone())));
        }
        let mut known = self.known();
        known
            .nodes
            .retain(|_, node| map.values().any(|n| Arc::ptr_eq(n, node)));
        map
    }

    fn master(&self, asked: &Node, master: Value) -> Option<Arc<Node>> {
        let like = asked.info()?;
        let Value::Array(mut parts) = master else {
            return None;
        };
        parts.truncate(2);
        let (host, port): (Option<String>, u16) =
            redis::from_redis_value(Value::Array(parts)).ok()?;
        // A node that does not know its own name leaves it out.
        let host = host.filter(|host| !host.is_empty() && host != "?");
        let host = host.or_else(|| match like.addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
                Some(host.clone())
            }
            _ => None,
        })?;
        Some(self.node(&self.address.elsewhere(like, host, port)))
    }
}

fn range(value: Value) -> Option<(u16, u16, Value)> {
    let Value::Array(parts) = value else {
        return None;
    };
    let mut parts = parts.into_iter();
    let first = redis::from_redis_value(parts.next()?).ok()?;
    let last = redis::from_redis_value(parts.next()?).ok()?;
    Some((first, last, parts.next()?))
}
