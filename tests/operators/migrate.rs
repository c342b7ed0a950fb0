//! Everything moves from one store to another, unopened and whole, also when it is interrupted.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backtalk::engine::session::Form;
use backtalk::store::commons::{DeadLetter, Note, Process};
use backtalk::store::migrate::{self, Moved};
use backtalk::store::redis::RedisStore;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commons, Person, Store, Stored, keys};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::hand::{ANNA, BEN, Place, Said, block_on, put, record, sqlite};
use crate::redis_server;

const CANARY: &str = "canary-of-anna";
const KEY: &str = "6dTnTxYMYl1WZb5xGcnAFQZJ6kNSrCvs4Xnl4oZTTPY=";
const BOT: u64 = 4242;
const PEOPLE: i64 = 300;
const FORM: Form = Form([7; 8]);

fn ring() -> Keyring {
    Keyring::parse(BOT, KEY).unwrap()
}

/// The present, which is not read from a clock: a year that Redis lets nothing expire in.
fn now() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().unwrap()
}

/// Sealed records of many people in several versions, two of them long silent, and dead letters.
async fn fill(store: &dyn Store) {
    keys::adopt(store, BOT, &ring()).await.unwrap();
    store.set_note(Note::Polled, "123").await.unwrap();
    store.keep_edition(FORM, b"packed").await.unwrap();
    for person in 0..PEOPLE {
        let active = match person {
            0 | 1 => now() - SignedDuration::from_hours(24 * 100),
            _ => now() - SignedDuration::from_secs(person),
        };
        let due = (person % 3 == 0).then_some(now());
        for expected in 0..(person as u64 % 3 + 1) {
            let said = record(due, active, &format!("{CANARY} {person}"));
            put(store, who(person), expected, &said).await;
        }
    }
    for at_ms in 0..5 {
        store.park(&letter(at_ms)).await.unwrap();
    }
}

/// People have numbers of any size.
fn who(n: i64) -> Person {
    Person(n * 7_777_777_777 - 1_000_000_000)
}

fn letter(at_ms: i64) -> DeadLetter {
    DeadLetter {
        at_ms,
        person: (at_ms != 2).then(|| who(at_ms).0),
        update: Some(at_ms),
        why: "panic".into(),
    }
}

/// All that is kept, unopened.
async fn all(store: &dyn Store) -> Vec<(Person, Stored)> {
    let mut all = Vec::new();
    for person in store.people().await.unwrap() {
        all.push((person, store.stored(person).await.unwrap().unwrap()));
    }
    all
}

async fn copy(from: &dyn Store, to: &dyn Store, resume: bool) -> Result<Moved, String> {
    let moving = migrate::copy(from, to, Timestamp::MIN, resume, |_| {});
    moving.await.map_err(|why| why.to_string())
}

/// `TO` is as `FROM`, and a bot may start on it.
async fn check_same(from: &dyn Store, to: &dyn Store) {
    let kept = all(from).await;
    assert_eq!(kept.len() as i64, PEOPLE);
    assert!(kept == all(to).await, "The records differ.");
    assert_eq!(from.parked().await.unwrap(), to.parked().await.unwrap());
    for note in Note::ALL {
        let text = |t: Option<String>| t.unwrap_or_default();
        let (here, there) = (from.note(note).await.unwrap(), to.note(note).await.unwrap());
        assert_eq!(text(here), text(there), "{note:?}");
    }
    assert_eq!(to.editions().await.unwrap(), [FORM]);
    let packed = to.edition(FORM).await.unwrap();
    assert_eq!(packed.as_deref(), Some(&b"packed"[..]));
    keys::adopt(to, BOT, &ring()).await.unwrap();
}

/// An empty store on a real Redis.
async fn redis() -> RedisStore {
    redis_server::shared()
        .store(&redis_server::new_prefix())
        .await
}

#[test]
fn everything_moves_to_redis_and_back_as_it_is_kept() {
    let place = Place::new();
    block_on(async {
        let from = sqlite(&place.file("a"), ring());
        fill(&from).await;
        let there = redis().await;
        let moved = copy(&from, &there, false).await.unwrap();
        let people = PEOPLE as usize;
        assert_eq!((moved.people, moved.before, moved.letters), (people, 0, 5));
        check_same(&from, &there).await;
        let back = sqlite(&place.file("b"), ring());
        copy(&there, &back, false).await.unwrap();
        check_same(&from, &back).await;
        let found = back.load(who(17)).await.unwrap().unwrap();
        assert_eq!(
            found.body,
            record(None, now(), &format!("{CANARY} 17")).body
        );
        let again = sqlite(&place.file("c"), ring());
        copy(&back, &again, false).await.unwrap();
        check_same(&from, &again).await;
    });
}

#[test]
fn a_move_that_was_interrupted_goes_on_where_it_was() {
    let place = Place::new();
    block_on(async {
        let from = sqlite(&place.file("a"), ring());
        fill(&from).await;
        let stores: [Box<dyn Store>; 2] = [
            Box::new(redis().await),
            Box::new(sqlite(&place.file("b"), ring())),
        ];
        for to in &stores {
            // What is dropped here stops between two records, as a killed process does.
            let far = Arc::new(Notify::new());
            let told = far.clone();
            let moving = migrate::copy(&from, &**to, Timestamp::MIN, false, move |done| {
                if done == 100 {
                    told.notify_one();
                }
            });
            tokio::select! {
                biased;
                () = far.notified() => {}
                _ = moving => panic!("It was not interrupted."),
            }
            let there = to.people().await.unwrap().len();
            assert!((100..PEOPLE as usize).contains(&there), "{there}");

            let refused = keys::adopt(&**to, BOT, &ring())
                .await
                .unwrap_err()
                .to_string();
            assert!(refused.contains("--resume"), "{refused}");
            let refused = copy(&from, &**to, false).await.unwrap_err();
            assert!(refused.contains("TO already holds"), "{refused}");
            let refused = copy(&**to, &from, true).await.unwrap_err();
            assert!(refused.contains("FROM is not whole"), "{refused}");
            let moved = copy(&from, &**to, true).await.unwrap();
            assert!(moved.before >= there, "{moved:?}");
            check_same(&from, &**to).await;
            let moved = copy(&from, &**to, true).await.unwrap();
            assert_eq!(moved.before, PEOPLE as usize);
        }
    });
}

#[test]
fn a_target_that_somebody_used_meanwhile_is_found_out() {
    let place = Place::new();
    block_on(async {
        let (from, to) = (sqlite(&place.file("a"), ring()), redis().await);
        fill(&from).await;
        copy(&from, &to, false).await.unwrap();
        let said = record(None, now(), "more");
        put(&from, who(5), 3, &said).await;
        let refused = copy(&from, &to, true).await.unwrap_err();
        assert!(
            refused.contains("1 records in TO are not as they are in FROM"),
            "{refused}"
        );
        assert_eq!(all(&from).await.len(), all(&to).await.len());
    });
}

#[test]
fn the_store_of_another_bot_is_no_target() {
    let place = Place::new();
    block_on(async {
        let (from, to) = (sqlite(&place.file("a"), ring()), redis().await);
        fill(&from).await;
        keys::adopt(&to, 7, &Keyring::none()).await.unwrap();
        let refused = copy(&from, &to, false).await.unwrap_err();
        assert!(refused.contains("TO belongs to another bot"), "{refused}");
        // One Redis under two names is known by the mark that the move leaves in it.
        let refused = copy(&to, &to, false).await.unwrap_err();
        assert!(refused.contains("the same store"), "{refused}");
        keys::adopt(&to, 7, &Keyring::none()).await.unwrap();
    });
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Move by command, between a file and a prefix of the shared Redis.
fn run(place: &Place, from: &str, to: &str, prefix: &str, more: &[&str]) -> Said {
    let args = [&["store", "migrate", from, to], more].concat();
    place.run(&args, &[("BACKTALK_REDIS_PREFIX", prefix)], "")
}

/// A file that is filled, and closed.
fn filled(place: &Place) -> String {
    let path = place.file("a.sqlite");
    let store = sqlite(&path, ring());
    block_on(fill(&store));
    text(&path).to_owned()
}

#[test]
fn by_command_it_is_counted_compared_and_erased_when_asked_for() {
    let place = Place::new();
    let file = filled(&place);
    let prefix = redis_server::new_prefix();
    let server = redis_server::shared();
    let address = server.address().to_string();
    let said = run(&place, &file, &address, &prefix, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let counts = format!("{PEOPLE} people and 5 dead letters are in {address} now");
    assert!(said.out.contains(&counts), "{said:?}");
    assert!(said.out.contains("--resume --erase"), "{said:?}");
    let to = block_on(server.store(&prefix));
    let before = block_on(all(&to));
    assert!(before == block_on(all(&sqlite(Path::new(&file), Keyring::none()))));

    let said = run(&place, &file, &address, &prefix, &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("TO already holds 300 people"), "{said:?}");

    // Somebody who was erased before the command was killed is no hindrance.
    let from = sqlite(Path::new(&file), Keyring::none());
    block_on(from.forget(who(3))).unwrap();
    drop(from);
    let said = run(&place, &file, &address, &prefix, &["--resume", "--erase"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("299 people were erased"), "{said:?}");
    let from = sqlite(Path::new(&file), Keyring::none());
    assert_eq!(block_on(from.people()).unwrap(), []);
    assert_eq!(block_on(from.parked()).unwrap(), []);
    let bodies = before.iter().map(|(_, stored)| &stored.body[..]);
    assert!(bodies.take(9).all(|body| !place.has(body)));
    assert!(before == block_on(all(&to)));
}

#[test]
fn whose_time_has_passed_is_left_behind() {
    let place = Place::new();
    let path = place.file("a.sqlite");
    let from = sqlite(&path, Keyring::none());
    let long_ago = Timestamp::UNIX_EPOCH;
    block_on(put(&from, ANNA, 0, &record(None, long_ago, "old")));
    block_on(put(&from, BEN, 0, &record(None, now(), "new")));
    drop(from);
    let to = place.file("b.sqlite");
    let said = run(&place, text(&path), text(&to), "p", &[]);
    assert!(said.out.contains("1 people and 0 dead letters"), "{said:?}");
    assert!(said.out.contains("1 people were left behind"), "{said:?}");
    let to = sqlite(&to, Keyring::none());
    assert_eq!(block_on(to.people()).unwrap(), [BEN]);
}

/// This move is refused, and the file stays as it is.
#[track_caller]
fn check_refused(place: &Place, file: &str, from: &str, to: &str, prefix: &str, why: &str) {
    let before = fs::read(file).unwrap();
    let said = run(place, from, to, prefix, &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains(why), "{said:?}");
    assert!(fs::read(file).unwrap() == before, "{why}");
}

#[test]
fn what_cannot_be_moved_is_refused_with_the_reason() {
    let place = Place::new();
    let file = filled(&place);
    let server = redis_server::shared();
    let address = server.address().to_string();
    let prefix = redis_server::new_prefix();
    let check = |from: &str, to: &str, why| check_refused(&place, &file, from, to, &prefix, why);
    let link = place.file("link.sqlite");
    symlink(&file, &link).unwrap();
    check(&file, &file, "the same store");
    check(&file, text(&link), "the same store");
    check(&address, &address, "the same store");
    check(&file, "memory", "in memory");
    check("memory", &file, "in memory");
    check(text(&place.file("none")), &address, "There is no file");
    assert!(!place.file("none").exists());
    check(&file, "postgres://:hush@x", "`postgres://`");

    let leader = block_on(server.store(&prefix));
    block_on(leader.lead(Process(9), Duration::from_secs(3600))).unwrap();
    check(&file, &address, "TO: a bot uses");
    check(&address, &file, "FROM: a bot uses");
    block_on(leader.resign(Process(9))).unwrap();

    let held = SqliteStore::open(Path::new(&file), Keyring::none()).unwrap();
    check(&file, &address, "FROM: another Backtalk is using");
    drop(held);
    assert_eq!(run(&place, &file, &address, &prefix, &[]).code, Some(0));
}

#[test]
fn dead_letters_are_thrown_away_when_somebody_has_looked() {
    let place = Place::new();
    let path = place.file("backtalk.sqlite");
    let store = sqlite(&path, Keyring::none());
    block_on(store.park(&letter(5))).unwrap();
    drop(store);
    let args = ["store", "clear-letters", "--store", path.to_str().unwrap()];
    for count in [1, 0] {
        let said = place.run(&args, &[], "");
        assert_eq!(said.code, Some(0), "{said:?}");
        let expected = format!("{count} dead letters were thrown away.\n");
        assert_eq!(said.out, expected);
    }
}
