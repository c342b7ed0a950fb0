//! What the servers tell of themselves: for `backtalk doctor`, which judges it.
//!
//! Nothing is written. What a server does not tell, since it is managed by somebody else or the
//! user may not ask, is left out.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::Timestamp;
use redis::{ConnectionAddr, ConnectionInfo, FromRedisValue};

use super::FORMAT;
use super::address::{Address, Place};
use super::call::Call;
use super::fault::{Fault, classify};
use super::link::Link;
use super::names::{Names, SHARDS};
use super::node::{self, Node};
use crate::store::StoreError;

/// The settings of a server that are asked for.
const SETTINGS: [&str; 4] = ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"];

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    /// The servers that are written to: one, or every master of a Cluster.
    pub servers: Vec<Server>,
    /// The address has a password.
    pub has_password: bool,
    /// The connection is encrypted.
    pub is_encrypted: bool,
    /// Every server of the address is on this machine.
    pub is_near: bool,
    /// How what is kept with this prefix is kept; nothing when nothing is kept yet.
    pub kept: Option<Kept>,
    /// For how many milliseconds from now a process may still poll; nothing when none does, and
    /// below zero when it died.
    pub leads_for_ms: Option<i64>,
}

/// How a store is kept: what it notes of itself, and whether this program keeps it like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The count of shards.
    pub shards: String,
    /// The format.
    pub format: String,
    /// Whether this program can use it.
    pub is_ours: bool,
}

/// What one server told.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// Its host and port.
    pub name: String,
    /// Its `INFO`.
    pub info: HashMap<String, String>,
    /// Those of its settings that may be read.
    pub settings: HashMap<String, String>,
    /// Its `CLUSTER INFO`, where it belongs to a Cluster.
    pub cluster: HashMap<String, String>,
    /// How many milliseconds its clock is ahead of that of this machine.
    pub ahead_ms: Option<i64>,
    /// As whom we are known.
    pub user: Option<String>,
}

/// Look at the servers of an address, and at what is kept there with this prefix.
pub async fn probe(
    address: &Address,
    prefix: &str,
    now: impl Fn() -> Timestamp,
) -> Result<Probe, StoreError> {
    let names = Names::new(prefix)?;
    let mut found = Probe {
        has_password: login(address).redis_settings().password().is_some(),
        is_encrypted: matches!(login(address).addr(), ConnectionAddr::TcpTls { .. }),
        is_near: hosts(address).into_iter().all(is_near),
        ..Probe::default()
    };
    let told = |fault| told(address, fault);
    for info in masters(address).await.map_err(told)? {
        found
            .servers
            .push(look(address, info, &now).await.map_err(told)?);
    }
    let link = Link::new(address.clone());
    let mut asked = redis::cmd("HMGET");
    asked.arg(names.meta()).arg(&["shards", "format"]);
    let (shards, format): (Option<String>, Option<String>) = link.ask(asked).await?;
    found.kept = shards.zip(format).map(|(shards, format)| Kept {
        is_ours: shards == SHARDS.to_string() && format == FORMAT.to_string(),
        shards,
        format,
    });
    let mut asked = redis::cmd("HGET");
    asked.arg(names.lead()).arg("until");
    let until_ms: Option<i64> = link.ask(asked).await?;
    // The lease is by the clock of the server.
    let ahead_ms = found.servers.first().and_then(|s| s.ahead_ms).unwrap_or(0);
    found.leads_for_ms = until_ms.map(|until| until - now().as_millisecond() - ahead_ms);
    Ok(found)
}

/// The first place of an address, with the user and the password for its masters.
fn login(address: &Address) -> ConnectionInfo {
    match &address.place {
        Place::Single(info) => info.clone(),
        Place::Cluster(nodes) => nodes[0].clone(),
        Place::Sentinel(question) => {
            let sentinel = question.sentinels[0].clone();
            sentinel.set_redis_settings(question.login.clone())
        }
    }
}

fn hosts(address: &Address) -> Vec<&ConnectionAddr> {
    match &address.place {
        Place::Single(info) => vec![info.addr()],
        Place::Cluster(nodes) => nodes.iter().map(ConnectionInfo::addr).collect(),
        Place::Sentinel(question) => {
            let sentinels = question.sentinels.iter();
            sentinels.map(ConnectionInfo::addr).collect()
        }
    }
}

fn is_near(place: &ConnectionAddr) -> bool {
    match place {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        _ => true,
    }
}

/// The servers that are written to.
async fn masters(address: &Address) -> Result<Vec<ConnectionInfo>, Fault> {
    match &address.place {
        Place::Single(info) => Ok(vec![info.clone()]),
        Place::Sentinel(question) => {
            let master = question.master(address).await;
            Ok(vec![master.map_err(|error| classify(&error, false))?])
        }
        Place::Cluster(seeds) => {
            let mut why = Fault::Again("no node of the Redis Cluster answers".into());
            for seed in seeds {
                match ask::<String>(&server(address, seed), &["CLUSTER", "NODES"]).await {
                    Ok(list) => return Ok(masters_in(&list, address, seed)),
                    Err(fault) => why = fault,
                }
            }
            Err(why)
        }
    }
}

/// A way to this server.
fn server(address: &Address, info: &ConnectionInfo) -> Node {
    Node::new(address.clone(), node::Place::Single(info.clone()))
}

/// The masters that `asked` listed.
fn masters_in(list: &str, address: &Address, asked: &ConnectionInfo) -> Vec<ConnectionInfo> {
    list.lines()
        .filter_map(master_in)
        .map(|(host, port)| match host.as_str() {
            // A server alone may not know its own name.
            "" => asked.clone(),
            _ => address.elsewhere(asked, host, port),
        })
        .collect()
}

/// The host and port in a line of `CLUSTER NODES`, if it is of a master that lives:
/// `id host:port@bus,name flags …`.
fn master_in(line: &str) -> Option<(String, u16)> {
    let mut words = line.split(' ').skip(1);
    let place = words.next()?.split('@').next()?;
    let flags: Vec<&str> = words.next()?.split(',').collect();
    let lives = flags.contains(&"master") && !flags.contains(&"fail");
    let (host, port) = place.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?)).filter(|_| lives)
}

async fn look(
    address: &Address,
    info: ConnectionInfo,
    now: &impl Fn() -> Timestamp,
) -> Result<Server, Fault> {
    let node = server(address, &info);
    let mut server = Server {
        name: info.addr().to_string(),
        info: pairs(&ask::<String>(&node, &["INFO"]).await?),
        ..Server::default()
    };
    // From here on it may refuse to tell.
    for setting in SETTINGS {
        let found = ask::<HashMap<String, String>>(&node, &["CONFIG", "GET", setting]).await;
        server.settings.extend(found.unwrap_or_default());
    }
    let before = now();
    let time = ask::<(i64, i64)>(&node, &["TIME"]).await.ok();
    let here_ms = before.as_millisecond().midpoint(now().as_millisecond());
    server.ahead_ms = time.map(|(s, us)| s * 1000 + us / 1000 - here_ms);
    server.user = ask(&node, &["ACL", "WHOAMI"]).await.ok();
    if server
        .info
        .get("cluster_enabled")
        .is_some_and(|on| on == "1")
    {
        let found = ask::<String>(&node, &["CLUSTER", "INFO"]).await;
        server.cluster = pairs(&found.unwrap_or_default());
    }
    Ok(server)
}

async fn ask<T: FromRedisValue>(node: &Node, words: &[&str]) -> Result<T, Fault> {
    let mut command = redis::Cmd::new();
    command.arg(words);
    let said = node.ask(&Call::Plain(command)).await?;
    redis::from_redis_value(said).map_err(|_| {
        Fault::Tell(StoreError::Unusable(
            "Redis answered with something else than was asked for".into(),
        ))
    })
}

/// Lines of `name:value`.
fn pairs(text: &str) -> HashMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn told(address: &Address, fault: Fault) -> StoreError {
    match fault {
        Fault::Tell(error) => error,
        Fault::Again(why) => StoreError::Unavailable(format!("{why}, at {address}")),
        Fault::NoScript => StoreError::Unavailable(format!("Redis is busy, at {address}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masters_of_a_cluster_are_found_among_its_nodes() {
        let one = "07c3 127.0.0.1:30004@31004,host slave e7d1 0 1426238317239 4 connected";
        assert_eq!(master_in(one), None);
        let two = "e7d1 ::1:30001@31001 myself,master - 0 0 1 connected 0-5460";
        assert_eq!(master_in(two), Some(("::1".to_owned(), 30001)));
        assert_eq!(
            master_in("67ed 127.0.0.1:3@4 master,fail - 0 0 2 connected"),
            None
        );
    }
}
