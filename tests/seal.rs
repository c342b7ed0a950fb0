//! What people said is encrypted at rest: keys at the start, rotation, and records that were moved.

#[path = "operators/hand.rs"]
mod hand;

use std::collections::HashSet;
use std::fs;

use backtalk::store::keys;
use backtalk::store::seal::Keyring;
use backtalk::store::{Person, Store, StoreError};
use jiff::Timestamp;
use rstest::rstest;

use hand::{ANNA, BEN, Place, Said, block_on, put, record, sqlite};

const CANARY: &str = "canary-of-anna";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// The terminal, as the program numbers it.
const TERMINAL: Person = Person(0);

fn chat(place: &Place, key: &str, typed: &str) -> Said {
    let store = place.file("chat.sqlite");
    let args = ["chat", "--store", store.to_str().unwrap()];
    match key {
        "" => place.run(&args, &[], typed),
        key => place.run(&args, &[("BACKTALK_KEY", key)], typed),
    }
}

fn rotate(place: &Place, key: &str) -> Said {
    let store = place.file("chat.sqlite");
    let args = ["store", "rotate", "--store", store.to_str().unwrap()];
    place.run(&args, &[("BACKTALK_KEY", key)], "")
}

#[test]
fn a_sealed_store_holds_no_readable_byte_of_what_was_said() {
    let place = Place::new();
    let key = Keyring::new_key();
    let ring = || Keyring::parse(1, &key).unwrap();
    let store = sqlite(&place.file("a.sqlite"), ring());
    let said = record(None, NOW, &CANARY.repeat(500));
    block_on(put(&store, ANNA, 0, &said));
    assert!(!place.has(CANARY.as_bytes()));
    drop(store);
    assert!(!place.has(CANARY.as_bytes()));
    let store = sqlite(&place.file("a.sqlite"), ring());
    let found = block_on(store.load(ANNA)).unwrap().unwrap();
    assert_eq!(found.body, said.body);
}

#[test]
fn what_is_typed_in_the_terminal_is_sealed_too() {
    let place = Place::new();
    let key = Keyring::new_key();
    let said = chat(&place, &key, "1\n");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("chat.sqlite, encrypted."), "{said:?}");
    let store = sqlite(&place.file("chat.sqlite"), Keyring::parse(0, &key).unwrap());
    let body = block_on(store.load(TERMINAL)).unwrap().unwrap().body;
    drop(store);
    let told = body.bytes();
    assert!(told.len() > 32);
    // A row of zeros is in every file.
    let telling = |part: &&[u8]| part.iter().collect::<HashSet<_>>().len() >= 6;
    let parts: Vec<&[u8]> = told.windows(12).filter(telling).collect();
    assert!(parts.len() > 20, "{told:?}");
    for part in parts {
        assert!(!place.has(part), "{part:?}");
    }
}

#[rstest]
#[case::no_key("")]
#[case::another_key("6dTnTxYMYl1WZb5xGcnAFQZJ6kNSrCvs4Xnl4oZTTPY=")]
fn a_key_that_is_missing_at_the_start_is_named_and_nothing_is_touched(#[case] wrong: &str) {
    let place = Place::new();
    let key = Keyring::new_key();
    assert_eq!(chat(&place, &key, "1\n").code, Some(0));
    let path = place.file("chat.sqlite");
    let before = fs::read(&path).unwrap();
    let said = chat(&place, wrong, "2\n");
    assert_eq!(said.code, Some(2), "{said:?}");
    let id = Keyring::parse(0, &key).unwrap().newest().unwrap();
    let why = format!("sealed with key {id}, which is not in BACKTALK_KEY");
    assert!(said.err.contains(&why), "{said:?}");
    assert!(!said.err.contains(&key), "{said:?}");
    assert!(before == fs::read(&path).unwrap(), "The file was changed.");
    assert_eq!(chat(&place, &key, "2\n").code, Some(0));
}

#[test]
fn a_key_that_cannot_be_one_is_refused_without_showing_it() {
    let place = Place::new();
    let said = chat(&place, "c2hvcnQ=", "1\n");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("backtalk key"), "{said:?}");
    assert!(!said.err.contains("c2hvcnQ"), "{said:?}");
    assert!(!place.file("chat.sqlite").exists());
}

#[test]
fn the_store_of_the_terminal_is_refused_by_a_bot() {
    let place = Place::new();
    assert_eq!(chat(&place, "", "1\n").code, Some(0));
    let path = place.file("chat.sqlite");
    let settings = [
        ("TELOXIDE_TOKEN", "4242:AAAAAAAAAAsecretAAAAAAAAAAAAAAAAAAA"),
        ("BACKTALK_STORE", path.to_str().unwrap()),
    ];
    let said = place.run(&["run"], &settings, "");
    assert_eq!(said.code, Some(2), "{said:?}");
    let why = "this store holds the records of the terminal, and this is bot 4242. Give another";
    assert!(said.err.contains(why), "{said:?}");
}

#[test]
fn a_new_key_is_all_that_is_printed_and_the_rest_is_said_beside_it() {
    let place = Place::new();
    let said = place.run(&["key"], &[], "");
    assert!(
        Keyring::parse(1, said.out.trim())
            .unwrap()
            .newest()
            .is_some()
    );
    assert_eq!((said.out.lines().count(), said.err.lines().count()), (1, 1));
    assert!(said.err.contains("BACKTALK_KEY=new,old"), "{said:?}");
}

#[test]
fn rotation_seals_everything_anew_and_then_the_old_key_is_not_needed() {
    let place = Place::new();
    let (old, new) = (Keyring::new_key(), Keyring::new_key());
    assert_eq!(chat(&place, &old, "1\n").code, Some(0));
    let path = place.file("chat.sqlite");
    let ring = |text: &str| Keyring::parse(0, text).unwrap();
    let store = sqlite(&path, ring(&old));
    for person in 1..=40 {
        block_on(put(&store, Person(person), 0, &record(None, NOW, CANARY)));
    }
    drop(store);

    let said = rotate(&place, &format!("{new},{old}"));
    assert_eq!(said.code, Some(0), "{said:?}");
    let newest = ring(&new).newest().unwrap();
    let counts = format!("41 records, 41 were not sealed with key {newest}, 0 still wait.");
    assert!(said.out.contains(&counts), "{said:?}");
    let said = rotate(&place, &new);
    assert!(said.out.contains("41 records, 0 were"), "{said:?}");
    assert_eq!(chat(&place, &new, "2\n").code, Some(0));
    assert_eq!(chat(&place, &old, "2\n").code, Some(2));

    let store = sqlite(&path, ring(&new));
    assert_eq!(block_on(keys::used(&store)).unwrap().len(), 1);
    for person in 1..=40 {
        let found = block_on(store.load(Person(person))).unwrap().unwrap();
        assert_eq!(found.body, record(None, NOW, CANARY).body);
    }
}

#[test]
fn what_was_kept_open_cannot_be_read_in_the_file_once_it_is_sealed() {
    let place = Place::new();
    assert!(chat(&place, "", "1\n").out.contains("not encrypted"));
    let path = place.file("chat.sqlite");
    let store = sqlite(&path, Keyring::none());
    for person in 1..=60 {
        let told = record(None, NOW, &CANARY.repeat(person as usize % 7 + 1));
        block_on(put(&store, Person(person), 0, &told));
    }
    drop(store);
    assert!(place.has(CANARY.as_bytes()));
    let said = rotate(&place, &Keyring::new_key());
    assert!(said.out.contains("61 records, 61 were"), "{said:?}");
    assert!(!place.has(CANARY.as_bytes()));
}

#[test]
fn there_is_nothing_to_rotate_without_a_key_or_a_store() {
    let place = Place::new();
    let said = rotate(&place, &Keyring::new_key());
    assert!(said.err.contains("There is no file"), "{said:?}");
    assert_eq!(chat(&place, "", "1\n").code, Some(0));
    let said = rotate(&place, "");
    assert!(
        said.err.contains("There is no key to seal with."),
        "{said:?}"
    );
}

#[test]
fn a_record_in_the_row_of_somebody_else_does_not_open() {
    let place = Place::new();
    let key = Keyring::new_key();
    assert_eq!(chat(&place, &key, "").code, Some(0));
    let path = place.file("chat.sqlite");
    let ring = || Keyring::parse(0, &key).unwrap();
    let store = sqlite(&path, ring());
    let version = block_on(store.load(TERMINAL)).unwrap().unwrap().version;
    for expected in 0..version {
        block_on(put(&store, ANNA, expected, &record(None, NOW, CANARY)));
    }
    block_on(put(&store, BEN, 0, &record(None, NOW, CANARY)));
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute(
        "UPDATE record SET body = (SELECT body FROM record WHERE person = 7) WHERE person = 0",
        [],
    )
    .unwrap();
    // The same person at another version is another place too.
    file.execute(
        "UPDATE record SET version = version + 1 WHERE person = 8",
        [],
    )
    .unwrap();
    drop(file);
    let store = sqlite(&path, ring());
    for person in [TERMINAL, BEN] {
        let found = block_on(store.load(person));
        assert!(matches!(found, Err(StoreError::Unreadable(_))), "{found:?}");
    }
    drop(store);
    let said = chat(&place, &key, "1\n");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("a record cannot be read"), "{said:?}");
    assert!(!format!("{said:?}").contains(CANARY));
}
