//! A Cluster of three masters, and what is special to it.

use std::sync::LazyLock;

use backtalk::store::redis::{Address, RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::{Commit, Commons, Lane, Person, Store, StoreError};

use crate::history::record;
use crate::redis_groups::{Cluster, SLOTS};
use crate::redis_server::new_prefix;
use crate::{at, block_on};

/// The Cluster that most tests share: three masters.
pub fn shared() -> &'static Cluster {
    static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(3, 0, &[]));
    &SHARED
}

#[test]
fn a_node_that_dies_takes_nobody_else_along_and_comes_back_with_its_people() {
    let mut cluster = Cluster::start(3, 0, &[]);
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
        let slot: u16 = redis::cmd("CLUSTER")
            .arg("KEYSLOT")
            .arg(format!("{prefix}:meta"))
            .query(&mut cluster.nodes[0].control())
            .unwrap();
        usize::from(slot) * 3 / usize::from(SLOTS) != 0
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
