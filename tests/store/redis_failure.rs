//! Redis fails in every way we know of: what was asked is told the truth, and all goes on later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backtalk::store::commons::{Lead, Process};
use backtalk::store::redis::RedisStore;
use backtalk::store::{Commit, Commons, Lane, Person, Store, StoreError};

use crate::history::{at, record};
use crate::redis_server::{Server, new_prefix, shared};
use crate::{ANNA, BEN, block_on};

const HOUR: Duration = Duration::from_secs(3600);

fn put(store: &RedisStore, person: i64, expected: u64, word: &str) -> Result<Commit, StoreError> {
    let new = record(0, Some(10), &[], word);
    block_on(store.commit(Person(person), expected, &new, None))
}

fn applied(store: &RedisStore, person: i64, expected: u64, word: &str) {
    assert_eq!(put(store, person, expected, word).unwrap(), Commit::Applied);
}

fn is_unavailable<T: std::fmt::Debug>(said: Result<T, StoreError>) {
    assert!(matches!(said, Err(StoreError::Unavailable(_))), "{said:?}");
}

#[test]
fn scripts_that_were_thrown_away_are_brought_again() {
    let server = Server::start(&[]);
    let store = block_on(server.store("flush"));
    applied(&store, ANNA, 0, "one");
    server.run("SCRIPT FLUSH");
    applied(&store, ANNA, 1, "two");
    server.run("SCRIPT FLUSH");
    assert_eq!(
        block_on(store.claim_due(at(10), 9, HOUR, Lane::Other))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    let server = Server::start(&[]);
    let store = block_on(server.store("cut"));
    for version in 0..10 {
        applied(&store, ANNA, version, "cut");
        server.run("CLIENT KILL TYPE normal SKIPME yes");
        server.run("CLIENT KILL TYPE pubsub");
    }
}

#[test]
fn what_was_acknowledged_survives_a_killed_server() {
    let mut server = Server::start(&[]);
    let store = Arc::new(block_on(server.store("killed")));
    let ended = Arc::new(AtomicBool::new(false));
    let committers: Vec<_> = (0..4)
        .map(|person| {
            let (store, ended) = (store.clone(), ended.clone());
            std::thread::spawn(move || {
                let mut version = 0;
                while !ended.load(Ordering::Relaxed) {
                    // What became of a commit that is not acknowledged is not known.
                    match put(&store, person, version, &format!("word {version}")) {
                        Ok(Commit::Applied) => version += 1,
                        Ok(Commit::Conflict(Some(standing))) => version = standing.version,
                        Ok(other) => panic!("{other:?}"),
                        Err(StoreError::Unavailable(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                version
            })
        })
        .collect();
    for _ in 0..3 {
        let before = block_on(store.stored(Person(0)))
            .unwrap()
            .map_or(0, |s| s.version);
        crate::redis_server::wait_until("Progress", || {
            let found = block_on(store.stored(Person(0))).unwrap();
            found.is_some_and(|found| found.version > before + 20)
        });
        server.kill();
        server.restart();
    }
    ended.store(true, Ordering::Relaxed);
    for (person, committer) in (0..).zip(committers) {
        let acknowledged = committer.join().unwrap();
        let found = block_on(store.load(Person(person))).unwrap().unwrap();
        // The last may have been carried out without being acknowledged.
        let possible = acknowledged..=acknowledged + 1;
        assert!(
            possible.contains(&found.version),
            "{acknowledged} {}",
            found.version
        );
    }
}

#[test]
fn a_server_that_hangs_is_told_of_in_time_and_found_again() {
    let server = Server::start(&[]);
    let store = block_on(server.store("hung"));
    applied(&store, ANNA, 0, "before");
    server.signal("-STOP");
    is_unavailable(put(&store, BEN, 0, "meanwhile"));
    server.signal("-CONT");
    assert!(block_on(store.load(Person(ANNA))).unwrap().is_some());
    // It may have been carried out; then repeating it changes nothing.
    let again = put(&store, BEN, 0, "meanwhile").unwrap();
    assert!(matches!(again, Commit::Applied | Commit::Conflict(Some(_))));
}

#[test]
fn a_server_that_may_not_write_is_told_of_and_found_again() {
    let server = Server::start(&[]);
    let store = block_on(server.store("readonly"));
    applied(&store, ANNA, 0, "before");
    server.run("REPLICAOF 127.0.0.1 1");
    is_unavailable(put(&store, ANNA, 1, "meanwhile"));
    server.run("REPLICAOF NO ONE");
    applied(&store, ANNA, 1, "after");
}

#[test]
fn a_full_server_keeps_nothing_half_and_lets_people_be_told() {
    let server = Server::start(&[]);
    let store = block_on(server.store("full"));
    applied(&store, ANNA, 0, "before");
    let keys = || {
        let found = redis::from_redis_value(server.run("KEYS *:{bt:*"));
        found.map(|keys: Vec<String>| std::collections::BTreeSet::from_iter(keys))
    };
    let before = keys();
    let one = Process(1);
    block_on(store.lead(one, HOUR)).unwrap();
    server.run("CONFIG SET maxmemory 1");
    for (person, expected) in [(ANNA, 1), (BEN, 0)] {
        let said = put(&store, person, expected, "meanwhile");
        assert!(matches!(said, Err(StoreError::Full(_))), "{said:?}");
    }
    assert_eq!(keys(), before);
    assert_eq!(
        block_on(store.load(Person(ANNA))).unwrap(),
        Some(record(1, Some(10), &[], "before"))
    );
    let led = block_on(store.lead(one, HOUR)).unwrap();
    assert_eq!(led, Lead::Leading { unclean: false });
    assert_eq!(block_on(store.grant(1, 30)).unwrap().count, 1);
    block_on(store.forget(Person(ANNA))).unwrap();
    server.run("CONFIG SET maxmemory 0");
    applied(&store, ANNA, 0, "after");
    applied(&store, BEN, 0, "after");
}

#[test]
fn of_two_processes_that_commit_for_one_person_each_version_has_one_author() {
    let prefix = new_prefix();
    let handles: Vec<_> = (0..2)
        .map(|_| Arc::new(block_on(shared().store(&prefix))))
        .collect();
    let rounds = 25;
    let mut authors = block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let store = handles[task % 2].clone();
            tasks.spawn(async move {
                let mut written = Vec::new();
                let mut version = 0;
                while written.len() < rounds {
                    let word = format!("{task} {}", written.len());
                    let new = record(0, None, &[], &word);
                    match store.commit(Person(ANNA), version, &new, None).await {
                        Ok(Commit::Applied) => {
                            version += 1;
                            written.push((version, word));
                        }
                        Ok(Commit::Conflict(Some(standing))) => version = standing.version,
                        other => panic!("{other:?}"),
                    }
                }
                written
            });
        }
        tasks.join_all().await.concat()
    });
    authors.sort();
    let versions: Vec<u64> = authors.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, (1..=8 * rounds as u64).collect::<Vec<_>>());
    let (version, word) = authors.pop().unwrap();
    assert_eq!(
        block_on(handles[0].load(Person(ANNA))).unwrap(),
        Some(record(version, None, &[], &word))
    );
}

#[test]
fn a_process_is_woken_by_another_that_makes_somebody_due_sooner() {
    let prefix = new_prefix();
    let writes = block_on(shared().store(&prefix));
    let sleeps = block_on(shared().store(&prefix));
    // The first ring is that of the connection itself.
    block_on(sleeps.woken());
    let commits = async {
        let new = record(0, Some(10), &[], "due");
        let said = writes.commit(Person(ANNA), 0, &new, None).await.unwrap();
        assert_eq!(said, Commit::Applied);
    };
    let both = async { tokio::join!(sleeps.woken(), commits) };
    let done = async { tokio::time::timeout(Duration::from_secs(60), both).await };
    block_on(done).unwrap();
}
