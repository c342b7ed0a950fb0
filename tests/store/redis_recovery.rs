//! The master changes or does not answer, and the store finds the right one by itself: demoted,
//! cut off from its master, hung, and slots that move.

use std::sync::{Mutex, MutexGuard, PoisonError};

use backtalk::store::redis::RedisStore;
use backtalk::store::{Commit, Lane, Person, Store, StoreError};

use crate::history::record;
use crate::redis_groups::{Cluster, Guarded};
use crate::redis_server::{Server, wait_until};
use crate::{ANNA, BEN, at, block_on};

/// So many that each of three masters has some.
const PEOPLE: i64 = 30;

/// Servers that find out by themselves that one is gone need time to think: one test after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(store: &RedisStore, person: i64, expected: u64, word: &str) -> Result<Commit, StoreError> {
    let new = record(0, Some(10), &[], word);
    block_on(store.commit(Person(person), expected, &new, None))
}

fn applied(store: &RedisStore, person: i64, expected: u64, word: &str) {
    assert_eq!(put(store, person, expected, word).unwrap(), Commit::Applied);
}

fn is_unavailable<T: std::fmt::Debug>(said: Result<T, StoreError>, why: &str) {
    match said {
        Err(StoreError::Unavailable(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    }
}

/// Commit until there is somebody to take it.
fn applied_in_the_end(store: &RedisStore, person: i64, expected: u64, word: &str) {
    wait_until("A commit", || match put(store, person, expected, word) {
        Ok(Commit::Applied) => true,
        Err(StoreError::Unavailable(_)) => false,
        other => panic!("{other:?}"),
    });
}

fn finds(store: &RedisStore, person: i64, version: u64, word: &str) {
    let found = block_on(store.load(Person(person))).unwrap();
    assert_eq!(found, Some(record(version, Some(10), &[], word)));
}

/// The slot of a person's record.
fn slot_of(store: &RedisStore, person: i64, cluster: &Cluster) -> u16 {
    let asked = format!("CLUSTER KEYSLOT {}", store.key_of(Person(person)));
    redis::from_redis_value(cluster.nodes[0].run(&asked)).unwrap()
}

/// Whether the replicas of a master have all that was written, as far as they have told.
fn is_copied(master: &Server, replicas: usize) -> bool {
    let told: String = redis::from_redis_value(master.run("INFO replication")).unwrap();
    let after = |line: &str, name: &str| {
        line.split_once(name)?
            .1
            .split(',')
            .next()?
            .parse::<u64>()
            .ok()
    };
    let written = told.lines().find_map(|l| after(l, "master_repl_offset:"));
    let slaves = told.lines().filter(|line| line.starts_with("slave"));
    let copied: Vec<_> = slaves.filter_map(|l| after(l, "offset=")).collect();
    copied.len() == replicas && copied.iter().all(|copied| Some(*copied) >= written)
}

#[test]
fn a_server_that_is_cut_off_from_its_master_is_told_of_and_found_again() {
    let _only = alone();
    let server = Server::start(&[]);
    let store = block_on(server.store("masterdown"));
    applied(&store, ANNA, 0, "before");
    server.run("CONFIG SET replica-serve-stale-data no");
    server.run("REPLICAOF 127.0.0.1 1");
    is_unavailable(put(&store, ANNA, 1, "meanwhile"), "MASTERDOWN");
    is_unavailable(block_on(store.load(Person(ANNA))), "MASTERDOWN");
    server.run("REPLICAOF NO ONE");
    finds(&store, ANNA, 1, "before");
    applied(&store, ANNA, 1, "after");
}

#[test]
fn a_master_that_was_demoted_is_left_for_the_new_one() {
    let _only = alone();
    let guarded = Guarded::start(1, 1, &[]);
    let store = block_on(guarded.store("demoted"));
    applied(&store, ANNA, 0, "before");
    wait_until("The replica's copy", || is_copied(&guarded.servers[0], 1));
    // The one that was asked last takes the writes of the other from now on.
    wait_until("A replica that the Sentinel trusts", || {
        guarded.sentinels[0]
            .try_run("SENTINEL FAILOVER back")
            .is_ok()
    });
    wait_until("A change of masters", || {
        guarded.master() == 1 && guarded.is_whole()
    });
    applied(&store, ANNA, 1, "after");
    finds(&store, ANNA, 2, "after");
    let said = guarded.servers[1].run(&format!("EXISTS {}", store.key_of(Person(ANNA))));
    assert_eq!(said, redis::Value::Int(1));
}

#[test]
fn a_cluster_that_changes_a_master_as_planned_loses_nobody() {
    let _only = alone();
    let cluster = Cluster::start(3, 1, &[]);
    let store = block_on(cluster.store("planned"));
    (0..PEOPLE).for_each(|person| applied(&store, person, 0, "before"));
    // The fourth node is the replica of the first.
    let mut looks = 0;
    wait_until("A change of masters", || {
        // A replica that is not ready gives it up after five seconds, and is asked again.
        if looks % 150 == 0 && cluster.master_of(0, 1) != Some(3) {
            let _ = cluster.nodes[3].try_run("CLUSTER FAILOVER");
        }
        looks += 1;
        cluster.master_of(0, 1) == Some(3) && cluster.is_whole()
    });
    (0..PEOPLE).for_each(|person| applied(&store, person, 1, "after"));
    let claims = store.claim_due(at(10), 99, std::time::Duration::ZERO, Lane::Other);
    assert_eq!(block_on(claims).unwrap().len(), PEOPLE as usize);
}

#[test]
fn a_slot_that_moves_keeps_its_people_waiting_and_is_found_where_it_went() {
    let _only = alone();
    let cluster = Cluster::start(3, 0, &[]);
    let store = block_on(cluster.store("moved"));
    applied(&store, ANNA, 0, "before");
    let slot = slot_of(&store, ANNA, &cluster);
    let other = (0..).find(|person| slot_of(&store, *person, &cluster) != slot);
    let from = cluster.master_of(slot, 0).unwrap();
    let to = (from + 1) % 3;
    let id = |n: usize| -> String {
        redis::from_redis_value(cluster.nodes[n].run("CLUSTER MYID")).unwrap()
    };
    let (source, target) = (id(from), id(to));
    cluster.nodes[to].run(&format!("CLUSTER SETSLOT {slot} IMPORTING {source}"));
    cluster.nodes[from].run(&format!("CLUSTER SETSLOT {slot} MIGRATING {target}"));
    let keys = cluster.nodes[from].run(&format!("CLUSTER GETKEYSINSLOT {slot} 1000"));
    let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
    let mut migrate = redis::cmd("MIGRATE");
    migrate.arg("127.0.0.1").arg(cluster.nodes[to].port).arg("");
    migrate.arg(0).arg(5000).arg("KEYS").arg(&keys);
    migrate.exec(&mut cluster.nodes[from].control()).unwrap();
    is_unavailable(put(&store, ANNA, 1, "meanwhile"), "ASK");
    applied(&store, other.unwrap(), 0, "not held up");
    for n in [to, from, 3 - to - from] {
        cluster.nodes[n].run(&format!("CLUSTER SETSLOT {slot} NODE {target}"));
    }
    applied(&store, ANNA, 1, "after");
    finds(&store, ANNA, 2, "after");
    let key = store.key_of(Person(ANNA));
    let there = cluster.nodes[to].run(&format!("EXISTS {key}"));
    assert_eq!(there, redis::Value::Int(1));
}

#[test]
fn a_master_of_a_cluster_that_hangs_is_left_for_its_replica() {
    let _only = alone();
    let cluster = Cluster::start(3, 1, &[]);
    let store = block_on(cluster.store("hung"));
    (0..PEOPLE).for_each(|person| applied(&store, person, 0, "before"));
    let hung = |person: &i64| cluster.master_of(slot_of(&store, *person, &cluster), 0) == Some(1);
    let (held_up, others): (Vec<i64>, Vec<i64>) = (0..PEOPLE).partition(hung);
    assert!(!held_up.is_empty() && !others.is_empty());
    wait_until("The replica's copy", || is_copied(&cluster.nodes[1], 1));
    cluster.nodes[1].signal("-STOP");
    for person in &others {
        applied_in_the_end(&store, *person, 1, "after");
    }
    for person in &held_up {
        applied_in_the_end(&store, *person, 1, "after");
    }
    // What it was asked before it hung it may do now, and then it follows the new master.
    cluster.nodes[1].signal("-CONT");
    cluster.wait_until_whole();
    for person in 0..PEOPLE {
        finds(&store, person, 2, "after");
        applied(&store, person, 2, "in the end");
    }
}

#[test]
fn a_master_that_hangs_is_left_for_the_one_that_sentinels_name() {
    let _only = alone();
    let guarded = Guarded::start(2, 3, &[]);
    let store = block_on(guarded.store("hung"));
    applied(&store, ANNA, 0, "before");
    wait_until("The replicas' copies", || is_copied(&guarded.servers[0], 2));
    guarded.servers[0].signal("-STOP");
    applied_in_the_end(&store, ANNA, 1, "after");
    assert_ne!(guarded.master(), 0);
    guarded.servers[0].signal("-CONT");
    wait_until("The replicas", || guarded.is_whole());
    finds(&store, ANNA, 2, "after");
    applied(&store, ANNA, 2, "in the end");
    applied(&store, BEN, 0, "new");
}
