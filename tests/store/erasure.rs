//! Who is forgotten leaves no readable byte in the file, its log or its lock.

use std::fs;

use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Person, Store, StoreError};
use tempfile::TempDir;

use crate::block_on;
use crate::sqlite_file::{ANNA, BEN, file, put};

/// Whether any file of the store contains this.
fn can_be_read(folder: &TempDir, canary: &str) -> bool {
    fs::read_dir(folder.path()).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes
            .windows(canary.len())
            .any(|window| window == canary.as_bytes())
    })
}

#[test]
fn who_is_forgotten_leaves_no_readable_byte() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, Some(10), "canary-of-anna");
    put(&store, BEN, 0, None, "canary-of-ben");
    put(&store, ANNA, 1, None, &"canary-of-anna ".repeat(1000));
    put(&store, ANNA, 2, None, "canary-of-anna");
    assert!(can_be_read(&folder, "canary-of-anna"));
    block_on(store.forget(ANNA)).unwrap();
    assert!(!can_be_read(&folder, "canary-of-anna"));
    assert!(can_be_read(&folder, "canary-of-ben"));
}

#[test]
fn who_is_forgotten_among_many_leaves_no_readable_byte() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    let people = 211;
    let canary = |person: i64| format!("<c{person:04}>");
    // Small rows of many sizes, put in between each other: SQLite moves them from page to page, and
    // `secure_delete` alone leaves copies of some behind.
    let mut size = 1u64;
    for round in 0..2 {
        for step in 0..people {
            let person = step * 37 % people;
            size = size.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            put(
                &store,
                Person(person),
                round,
                None,
                &canary(person).repeat((size >> 33) as usize % 60 + 1),
            );
        }
    }
    for person in 0..people {
        block_on(store.forget(Person(person))).unwrap();
        assert!(!can_be_read(&folder, &canary(person)), "{person}");
    }
}

#[test]
fn to_forget_is_finished_by_the_next_opening() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, None, "canary");
    put(&store, BEN, 0, None, "hello");
    drop(store);
    let crashed = rusqlite::Connection::open(&path).unwrap();
    crashed
        .execute_batch(
            "PRAGMA secure_delete = OFF; DELETE FROM record WHERE person = 7;
             INSERT INTO meta VALUES ('forgetting', 1);",
        )
        .unwrap();
    drop(crashed);
    assert!(can_be_read(&folder, "canary"));
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    assert!(!can_be_read(&folder, "canary"));
    assert_eq!(block_on(store.people()).unwrap(), [BEN]);
}

#[test]
fn to_forget_while_another_program_reads_is_to_be_repeated() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, None, "canary");
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT * FROM record;")
        .unwrap();
    assert!(matches!(
        block_on(store.forget(ANNA)),
        Err(StoreError::Unavailable(_))
    ));
    reader.execute_batch("COMMIT").unwrap();
    block_on(store.forget(ANNA)).unwrap();
    assert!(!can_be_read(&folder, "canary"));
}
