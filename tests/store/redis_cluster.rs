//! A Cluster of three masters, and what is special to it.

use std::sync::LazyLock;

use backtalk::store::redis::{Address, RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::{Commit, Commons, Lane, Person, Store, StoreError};
use redis::cluster::{ClusterClient, ClusterConnection};

use crate::history::record;
use crate::redis_server::{Server, new_prefix, store_at, wait_until};
use crate::{at, block_on};

/// Slots of any Cluster.
const SLOTS: usize = 16384;

/// Three masters.
pub struct Cluster {
    nodes: Vec<Server>,
}

/// The Cluster that most tests share.
pub fn shared() -> &'static Cluster {
    static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);
    &SHARED
}

impl Cluster {
    fn start() -> Cluster {
        let settings = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            "2000",
            "--cluster-require-full-coverage",
            "no",
        ];
        let nodes: Vec<Server> = (0..3).map(|_| Server::start(&settings)).collect();
        for (n, node) in nodes.iter().enumerate() {
            let mut slots = redis::cmd("CLUSTER");
            slots.arg("ADDSLOTS");
            (0..SLOTS)
                .filter(|slot| slot * 3 / SLOTS == n)
                .for_each(|slot| {
                    slots.arg(slot);
                });
            slots.exec(&mut node.control()).unwrap();
            node.run(&format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1));
            node.run(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port));
        }
        let cluster = Cluster { nodes };
        cluster.wait_until_whole();
        cluster
    }

    fn wait_until_whole(&self) {
        wait_until("The whole Cluster", || {
            self.nodes.iter().all(|node| {
                let mut command = redis::cmd("CLUSTER");
                let info: String = command.arg("INFO").query(&mut node.control()).unwrap();
                ["state:ok", "size:3", "slots_ok:16384", "known_nodes:3"]
                    .iter()
                    .all(|line| info.contains(&format!("cluster_{line}\r")))
            })
        });
    }

    fn address(&self) -> Address {
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis-cluster://{}", nodes.join(","))
            .parse()
            .unwrap()
    }

    pub async fn store(&self, prefix: &str) -> RedisStore {
        store_at(&self.address(), prefix).await
    }

    pub fn control(&self) -> ClusterConnection {
        let nodes = self
            .nodes
            .iter()
            .map(|n| format!("redis://127.0.0.1:{}", n.port));
        ClusterClient::new(nodes).unwrap().get_connection().unwrap()
    }
}

#[test]
fn a_node_that_dies_takes_nobody_else_along_and_comes_back_with_its_people() {
    let mut cluster = Cluster::start();
    let store = block_on(cluster.store("lost"));
    for person in 0..30 {
        let new = record(0, Some(5), &[], "before");
        let said = block_on(store.commit(Person(person), 0, &new, None)).unwrap();
        assert_eq!(said, Commit::Applied);
    }
    assert_eq!(block_on(store.people()).unwrap().len(), 30);
    cluster.nodes[1].kill();
    let loads = (0..30).map(|person| store.load(Person(person)));
    let found = block_on(futures_util::future::join_all(loads));
    let lost: Vec<i64> = (0..30)
        .filter(|n| matches!(found[*n as usize], Err(StoreError::Unavailable(_))))
        .collect();
    let kept = found.iter().filter(|f| matches!(f, Ok(Some(_)))).count();
    assert!(!lost.is_empty() && kept > 0, "{found:?}");
    assert_eq!(lost.len() + kept, 30, "{found:?}");
    let at_once = std::time::Duration::ZERO;
    let claims = block_on(store.claim_due(at(5), 99, at_once, Lane::Other)).unwrap();
    assert_eq!(claims.len(), kept, "They are reminded meanwhile.");
    cluster.nodes[1].restart();
    cluster.wait_until_whole();
    for person in lost {
        let found = block_on(store.load(Person(person))).unwrap();
        assert_eq!(found, Some(record(1, Some(5), &[], "before")));
    }
    let hour = std::time::Duration::from_secs(3600);
    let claims = block_on(store.claim_due(at(5), 99, hour, Lane::Other)).unwrap();
    assert_eq!(claims.len(), 30);
}

#[test]
fn a_cluster_and_a_single_server_are_told_from_each_other() {
    use crate::redis_kept::check_refused;
    let cluster = shared();
    let single: Address = format!("redis://127.0.0.1:{}", cluster.nodes[0].port)
        .parse()
        .unwrap();
    // Which node keeps the note depends on the prefix, and a node that has it says nothing.
    let elsewhere = (0..).map(|_| new_prefix()).find(|prefix| {
        let slot: usize = redis::cmd("CLUSTER")
            .arg("KEYSLOT")
            .arg(format!("{prefix}:meta"))
            .query(&mut cluster.nodes[0].control())
            .unwrap();
        slot * 3 / SLOTS != 0
    });
    check_refused(
        &single,
        &elsewhere.unwrap(),
        "begin the address with redis-cluster://",
    );
    let single = crate::redis_server::shared().port;
    let cluster: Address = format!("redis-cluster://127.0.0.1:{single}")
        .parse()
        .unwrap();
    check_refused(&cluster, "any", "belongs to no Cluster");
}

#[test]
fn without_replicas_a_cluster_makes_nothing_safe_when_that_is_asked_for() {
    let settings = Settings {
        prefix: new_prefix(),
        wait_replicas: Some(1),
        ..Settings::default()
    };
    let address = shared().address();
    let store = block_on(RedisStore::connect(&address, settings, Keyring::none())).unwrap();
    block_on(store.durable()).unwrap();
    for person in 0..9 {
        let new = record(0, None, &[], "alone");
        block_on(store.commit(Person(person), 0, &new, None)).unwrap();
    }
    let said = block_on(store.durable()).unwrap_err();
    assert!(said.to_string().contains("0 of 1 replicas"), "{said}");
}
