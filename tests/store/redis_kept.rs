//! How things are kept in Redis: for how long, how large, for whom, and who may come in.

use std::time::Duration;

use backtalk::store::commons::{DeadLetter, Note, Process};
use backtalk::store::redis::{Address, RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::{Commons, Lane, Person, Store, StoreError, Stored};
use futures_util::future::try_join_all;
use redis_test::utils::{build_keys_and_certs_for_tls, get_random_available_port};

use crate::history::{at, record};
use crate::redis_server::{Server, new_prefix, shared};
use crate::{ANNA, BEN, block_on};

/// Connecting must fail, and this is part of what is said.
pub fn check_refused(address: &Address, prefix: &str, why: &str) {
    let settings = Settings {
        prefix: prefix.to_owned(),
        ..Settings::default()
    };
    match block_on(RedisStore::connect(address, settings, Keyring::none())) {
        Err(StoreError::Unusable(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("It was not refused: {other:?}"),
    }
}

#[test]
fn a_record_expires_a_retention_time_after_the_person_was_last_active() {
    let retention = Duration::from_secs(30 * 24 * 3600);
    let settings = Settings {
        prefix: new_prefix(),
        retention: Some(retention),
        ..Settings::default()
    };
    let address = shared().address();
    let store = block_on(RedisStore::connect(&address, settings, Keyring::none())).unwrap();
    let mut new = record(0, Some(10), &[], "anna");
    // Some time after this was written.
    new.active = "2099-01-01T00:00:00Z".parse().unwrap();
    block_on(store.commit(Person(ANNA), 0, &new, None)).unwrap();
    let key = store.key_of(Person(ANNA));
    let expires = shared().run(&format!("PEXPIRETIME {key}"));
    let expected = new.active.as_millisecond() + 30 * 24 * 3600 * 1000;
    assert_eq!(expires, redis::Value::Int(expected));

    // One who was active long ago is gone at once, and is neither listed nor claimed.
    new.active = at(0);
    block_on(store.commit(Person(BEN), 0, &new, None)).unwrap();
    assert_eq!(block_on(store.load(Person(BEN))).unwrap(), None);
    assert_eq!(block_on(store.people()).unwrap(), [Person(ANNA)]);
    let claims = block_on(store.claim_due(at(10), 9, retention, Lane::Other)).unwrap();
    let claimed: Vec<_> = claims.into_iter().map(|claim| claim.person).collect();
    assert_eq!(claimed, [Person(ANNA)]);
}

#[test]
fn a_person_takes_a_kibibyte_and_little_more_in_the_indexes() {
    let store = block_on(shared().store(&new_prefix()));
    // Enough people of one shard that its sets are no longer packed: the dearest case.
    let shard_of = |person: i64| {
        store
            .key_of(Person(person))
            .split('}')
            .next()
            .unwrap()
            .to_owned()
    };
    let shard = shard_of(7_000_000_000);
    let people: Vec<i64> = (7_000_000_000..7_000_040_000)
        .filter(|person| shard_of(*person) == shard)
        .collect();
    assert!(people.len() > 200);
    let stored = |bytes: usize| Stored {
        version: 40,
        due_ms: Some(1_767_225_600_000),
        lane: Lane::Other,
        active_ms: 1_767_225_600_000,
        seen: (0..16).map(|n| 900_000_000 + 5000 * n).collect(),
        body: vec![b'x'; bytes],
    };
    let middle = stored(700);
    let restoring = people.iter().map(|p| store.restore(Person(*p), &middle));
    let restored = block_on(try_join_all(restoring)).unwrap();
    assert!(restored.into_iter().all(|is_new| is_new));
    let usage = |key: &str| match shared().run(&format!("MEMORY USAGE {key} SAMPLES 0")) {
        redis::Value::Int(bytes) => bytes,
        other => panic!("{other:?}"),
    };
    let record = usage(&store.key_of(Person(people[0])));
    let indexes = (usage(&format!("{shard}}}:due")) + usage(&format!("{shard}}}:active")))
        / i64::try_from(people.len()).unwrap();
    println!("A record takes {record} bytes, and its places in the indexes {indexes}.");
    assert!(record <= 1024, "{record}");
    assert!(indexes <= 256, "{indexes}");

    assert!(block_on(store.restore(Person(1), &stored(3300))).unwrap());
    let large = usage(&store.key_of(Person(1)));
    assert!(large + indexes <= 4096, "{large}");
}

#[test]
fn a_store_that_is_spread_otherwise_or_newer_is_refused() {
    let prefix = new_prefix();
    let connect = || block_on(shared().store(&prefix));
    drop(connect());
    shared().run(&format!("HSET {prefix}:meta shards 64"));
    check_refused(&shared().address(), &prefix, "over 64 shards");
    shared().run(&format!("HSET {prefix}:meta shards 128 format 2"));
    check_refused(&shared().address(), &prefix, "has format 2");
    shared().run(&format!("HSET {prefix}:meta format 1"));
    drop(connect());
    shared().run(&format!("DEL {prefix}:meta"));
    shared().run(&format!("SET {prefix}:meta recipe"));
    check_refused(&shared().address(), &prefix, "BACKTALK_REDIS_PREFIX");
}

#[test]
fn two_bots_with_prefixes_of_their_own_do_not_see_each_other() {
    let one = block_on(shared().store(&new_prefix()));
    let two = block_on(shared().store(&new_prefix()));
    let new = record(0, Some(1), &[], "one");
    block_on(one.commit(Person(ANNA), 0, &new, None)).unwrap();
    assert_eq!(block_on(two.load(Person(ANNA))).unwrap(), None);
    assert_eq!(block_on(two.people()).unwrap(), []);
    assert_eq!(block_on(two.next_due(&Lane::ALL)).unwrap(), None);
}

#[test]
fn who_may_not_come_in_is_told_so_and_never_the_password() {
    let server = Server::start(&[]);
    server.run("ACL SETUSER bot on >canary ~bt:* &bt:* +@all -@dangerous +INFO");
    server.run("ACL SETUSER guest on >canary ~other:* +@all");
    server.run("ACL SETUSER default resetpass");
    let at = |login: &str| -> Address {
        format!("redis://{login}127.0.0.1:{}", server.port)
            .parse()
            .unwrap()
    };
    check_refused(&at(""), "bt", "refuses the user or password");
    check_refused(&at("bot:wrong@"), "bt", "refuses the user or password");
    check_refused(&at("guest:canary@"), "bt", "may not do what a store needs");
    let store = block_on(crate::redis_server::store_at(&at("bot:canary@"), "bt"));
    let new = record(0, Some(1), &[], "one");
    block_on(store.commit(Person(ANNA), 0, &new, None)).unwrap();
    assert_eq!(block_on(store.people()).unwrap(), [Person(ANNA)]);
    assert!(!format!("{store:?} {:?}", at("bot:canary@")).contains("canary"));
}

#[test]
fn an_encrypted_connection_trusts_the_certificate_that_is_given_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let files = build_keys_and_certs_for_tls(&folder);
    let port = get_random_available_port();
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (ca, crt, key) = (
        path(&files.ca_crt),
        path(&files.redis_crt),
        path(&files.redis_key),
    );
    let server = Server::start(&[
        "--tls-port",
        &port.to_string(),
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        &ca,
        "--tls-cert-file",
        &crt,
        "--tls-key-file",
        &key,
    ]);
    let read = |text: String| -> Address { text.parse().unwrap() };
    let trusted = read(format!("rediss://127.0.0.1:{port}?ca={ca}"));
    let store = block_on(crate::redis_server::store_at(&trusted, "tls"));
    let new = record(0, Some(1), &[], "secret");
    block_on(store.commit(Person(ANNA), 0, &new, None)).unwrap();
    assert!(block_on(store.load(Person(ANNA))).unwrap().is_some());
    let unknown = read(format!("rediss://127.0.0.1:{port}"));
    check_refused(&unknown, "tls", "?ca=FILE");
    drop(server);
}

#[test]
fn the_user_that_the_readme_advises_may_do_all_that_a_bot_does() {
    let prefix = new_prefix();
    shared().run(&format!(
        "ACL SETUSER advised on >hush ~{prefix}:* &{prefix}:* +@all -@dangerous +info +role \
         +config|get"
    ));
    let address = format!("redis://advised:hush@127.0.0.1:{}", shared().port);
    let settings = Settings {
        prefix,
        wait_replicas: Some(0),
        ..Settings::default()
    };
    let address: Address = address.parse().unwrap();
    block_on(async {
        let store = RedisStore::connect(&address, settings, Keyring::none())
            .await
            .unwrap();
        let (anna, lease) = (Person(ANNA), Duration::from_secs(6));
        let new = record(0, Some(10), &[], "anna");
        store.commit(anna, 0, &new, None).await.unwrap();
        assert_eq!(
            store
                .claim_due(at(10), 9, lease, Lane::Other)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(store.people().await.unwrap(), [anna]);
        store.next_due(&Lane::ALL).await.unwrap();
        store.lead(Process(1), lease).await.unwrap();
        store.resign(Process(1)).await.unwrap();
        store.attempt(1).await.unwrap();
        store.calm().await.unwrap();
        assert!(store.time().await.unwrap().is_some());
        assert!(store.grant(1, 30).await.unwrap().count > 0);
        store.set_note(Note::Polled, "1").await.unwrap();
        let letter = DeadLetter {
            at_ms: 1,
            person: Some(ANNA),
            update: None,
            why: "panic".to_owned(),
        };
        store.park(&letter).await.unwrap();
        assert_eq!(store.parked().await.unwrap(), [letter]);
        store.durable().await.unwrap();
        store.sweep(at(-1)).await.unwrap();
        store.forget(anna).await.unwrap();
        assert!(store.people().await.unwrap().is_empty());
        store.clear_parked().await.unwrap();
    });
}
