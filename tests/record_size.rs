//! How many bytes are kept of a person.

#[path = "people/mod.rs"]
mod people;
#[path = "store/redis_server.rs"]
#[allow(dead_code, reason = "The suite of the stores uses the rest.")]
mod redis_server;

use backtalk::engine::coaching::days;
use backtalk::engine::export::{export, import, retrace};
use backtalk::store::record::Body;
use backtalk::store::redis::{RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::{Commit, Person, Record, Store};
use serde::Serialize;

fn bytes(part: &impl Serialize) -> usize {
    postcard::to_allocvec(part)
        .expect("it can be written")
        .len()
}

/// The size of the body, once it was shown to survive being stored. The parts are printed.
fn size_of_body(name: &str, record: &Record) -> usize {
    let body = &record.body;
    let stored = postcard::to_allocvec(body).expect("it can be written");
    let read: Body = postcard::from_bytes(&stored).expect("it can be read");
    assert_eq!(&read, body);
    let session = body.session.as_ref().expect("a session");
    let mut bare = session.clone();
    bare.log.clear();
    bare.rounds.clear();
    bare.earlier = Default::default();
    let least = bytes(&bare);
    let mut with_log = bare.clone();
    with_log.log.clone_from(&session.log);
    let mut with_rounds = bare.clone();
    with_rounds.rounds.clone_from(&session.rounds);
    let mut with_earlier = bare.clone();
    with_earlier.earlier = session.earlier.clone();
    println!(
        "{name}: body {} bytes, with its format number {}",
        stored.len(),
        stored.len() + 1
    );
    println!(
        "  answers: {} events in {} bytes; rounds: {} events in {}; earlier: {} days in {}; \
         the rest of the session {least}; around the session {}",
        session.log.len(),
        bytes(&with_log) - least,
        session.rounds.len(),
        bytes(&with_rounds) - least,
        session.earlier.days.len(),
        bytes(&with_earlier) - least,
        stored.len() - bytes(session),
    );
    stored.len() + 1
}

/// The file of `/export` gives the session back, rolled-up days and all, and holds.
fn exports_whole(record: &Record) {
    let session = record.body.session.as_ref().expect("a session");
    let json = export(people::dialogue(), session, record.active);
    assert_eq!(import(people::dialogue(), &json).as_ref(), Ok(session));
    let again = retrace(people::dialogue(), &json).expect("it can be read");
    assert_eq!(again.wrong, Vec::<String>::new());
}

/// What Redis says that the sealed record of this person takes, and their places in the indexes,
/// in bytes.
fn memory_usage(name: &str, record: &Record) -> i64 {
    const ANN: Person = Person(7_000_000_000);
    let keys = Keyring::parse(4242, &Keyring::new_key()).expect("a key");
    let settings = Settings {
        prefix: redis_server::new_prefix(),
        ..Settings::default()
    };
    let server = redis_server::shared();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let key = runtime.block_on(async {
        let store = RedisStore::connect(&server.address(), settings, keys)
            .await
            .expect("the store opens");
        let committed = store.commit(ANN, 0, record, None).await;
        assert_eq!(committed.expect("Redis answers"), Commit::Applied);
        let again = store.load(ANN).await.expect("it can be read");
        assert_eq!(again.expect("it is kept").body, record.body);
        store.key_of(ANN)
    });
    let usage = |key: &str| match server.run(&format!("MEMORY USAGE {key} SAMPLES 0")) {
        redis::Value::Int(bytes) => bytes,
        // Nobody of that shard is due.
        redis::Value::Nil => 0,
        other => panic!("{key}: {other:?}"),
    };
    let (shard, _) = key.split_once("p:").expect("the key of a person");
    let sets = usage(&format!("{shard}due")) + usage(&format!("{shard}active"));
    let bytes = usage(&key);
    println!("  in Redis, sealed: {bytes} bytes, and {sets} for the sets of the indexes");
    println!("  ({name})");
    bytes + sets
}

#[test]
fn somebody_in_the_middle_takes_at_most_a_kibibyte_in_redis() {
    let record = people::in_the_middle();
    let size = size_of_body("in the middle", &record);
    assert!(size <= 700, "{size}");
    let usage = memory_usage("in the middle", &record);
    assert!(usage <= 1024, "{usage}");
}

#[test]
fn somebody_after_four_weeks_takes_at_most_four_kibibytes_in_redis() {
    let record = people::after_four_weeks();
    let size = size_of_body("after four weeks", &record);
    assert!(size <= 3_300, "{size}");
    let days = days(record.body.session.as_ref().expect("a session"));
    let usage = memory_usage("after four weeks", &record);
    assert!(usage <= 4096, "{usage}");
    exports_whole(&record);
    let done: Vec<(u8, u8)> = days.iter().map(|d| (d.done.ice, d.done.heat)).collect();
    println!("  ice and heat by day: {done:?}");
    assert_eq!(done.len(), 29);
    assert_eq!(done[0], (8, 0));
    assert!(done[4..].iter().all(|d| *d == (0, 6)), "{done:?}");
}
