//! A master with a replica and a Sentinel over them, and what happens when the master dies.

use std::sync::LazyLock;

use backtalk::store::{Commit, Commons, Person, Store, StoreError};

use crate::block_on;
use crate::history::record;
use crate::redis_groups::Guarded;
use crate::redis_server::wait_until;

/// The servers that most tests share: a master, a replica and a Sentinel.
pub fn shared() -> &'static Guarded {
    static SHARED: LazyLock<Guarded> = LazyLock::new(start);
    &SHARED
}

fn start() -> Guarded {
    Guarded::start(1, 1, &[])
}

#[test]
fn what_was_safe_outlives_its_master() {
    let mut guarded = start();
    let store = block_on(guarded.store("failover"));
    for person in 0..20 {
        let new = record(0, None, &[], "before");
        let said = block_on(store.commit(Person(person), 0, &new, None)).unwrap();
        assert_eq!(said, Commit::Applied);
    }
    // Several callers share a round of waiting.
    let waits = (0..10).map(|_| store.durable());
    let safe = block_on(futures_util::future::try_join_all(waits));
    safe.unwrap();

    guarded.servers[0].kill();
    let new = record(1, None, &[], "after");
    wait_until("A new master", || {
        match block_on(store.commit(Person(0), 1, &new, None)) {
            Ok(Commit::Applied) => true,
            Err(StoreError::Unavailable(_)) => false,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(block_on(store.people()).unwrap().len(), 20);
    assert_eq!(
        block_on(store.load(Person(7))).unwrap(),
        Some(record(1, None, &[], "before"))
    );
    // Nobody is left who could have it too.
    assert!(matches!(
        block_on(store.durable()),
        Err(StoreError::Unavailable(_))
    ));
}

#[test]
fn a_replica_that_hears_nothing_makes_nothing_safe() {
    let guarded = start();
    let store = block_on(guarded.store("deaf"));
    block_on(store.durable()).unwrap();
    guarded.servers[1].signal("-STOP");
    let new = record(0, None, &[], "alone");
    let said = block_on(store.commit(Person(1), 0, &new, None)).unwrap();
    assert_eq!(said, Commit::Applied);
    assert!(matches!(
        block_on(store.durable()),
        Err(StoreError::Unavailable(_))
    ));
    guarded.servers[1].signal("-CONT");
    wait_until("Safety", || block_on(store.durable()).is_ok());
}

#[test]
fn what_a_new_master_lacks_is_never_called_safe() {
    let guarded = shared();
    let store = block_on(guarded.store("lacking"));
    for word in ["one", "two"] {
        let version = u64::from(word == "two");
        let new = record(version, None, &[], word);
        let said = block_on(store.commit(Person(1), version, &new, None)).unwrap();
        assert_eq!(said, Commit::Applied);
        block_on(store.durable()).unwrap();
    }
    let key = store.key_of(Person(1));
    let whole: Vec<u8> =
        redis::from_redis_value(guarded.servers[0].run(&format!("GET {key}"))).unwrap();
    let new = record(2, None, &[], "three");
    let said = block_on(store.commit(Person(1), 2, &new, None)).unwrap();
    assert_eq!(said, Commit::Applied);
    // As if the master had died before its replica heard of the third version.
    let mut lost = redis::cmd("SET");
    lost.arg(&key).arg(&whole);
    lost.exec(&mut guarded.servers[0].control()).unwrap();
    let said = block_on(store.durable());
    assert!(matches!(said, Err(StoreError::Unusable(_))), "{said:?}");
    // It stays so, until the program starts again and the update comes again.
    assert!(block_on(store.durable()).is_err());
    let anew = block_on(guarded.store("lacking"));
    let found = block_on(anew.load(Person(1))).unwrap().unwrap();
    assert_eq!(found.version, 2);
    block_on(anew.durable()).unwrap();
    block_on(anew.forget(Person(1))).unwrap();
    block_on(anew.durable()).unwrap();
}
