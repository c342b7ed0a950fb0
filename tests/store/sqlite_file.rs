//! What is special to a store in a file: reopening, locks, formats and modes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, Lane, Person, Record, Store, StoreError};
use tempfile::TempDir;

use crate::block_on;
use crate::history::{at, record};

pub const ANNA: Person = Person(7);
pub const BEN: Person = Person(8);

/// A place for a store that nobody used yet.
pub fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backtalk.db");
    (folder, path)
}

/// Commit a record with this word.
pub fn put(store: &SqliteStore, person: Person, expected: u64, due: Option<i64>, word: &str) {
    let new = record(0, due, &[40], word);
    let said = block_on(store.commit(person, expected, &new, None)).unwrap();
    assert_eq!(said, Commit::Applied);
}

/// Opening must fail, and this is what is said, with `{file}` for the path.
fn check_refused(path: &Path, why: &str) {
    match SqliteStore::open(path, Keyring::none()) {
        Err(StoreError::Unusable(said)) => {
            assert_eq!(said.replace(&path.display().to_string(), "{file}"), why);
        }
        other => panic!("It was not refused: {other:?}"),
    }
}

#[test]
fn a_record_survives_reopening_the_file() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, Some(10), "hello");
    drop(store);
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    let found = block_on(store.load(ANNA)).unwrap();
    assert_eq!(found, Some(record(1, Some(10), &[40], "hello")));
}

#[test]
fn a_lease_ends_with_the_store_that_gave_it() {
    let (_folder, path) = file();
    let hour = Duration::from_secs(3600);
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, Some(10), "hello");
    assert_eq!(
        block_on(store.claim_due(at(10), 9, hour, Lane::Other))
            .unwrap()
            .len(),
        1
    );
    drop(store);
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    assert_eq!(
        block_on(store.claim_due(at(10), 9, hour, Lane::Other))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_closed_store_has_kept_everything_and_says_that_it_is_closed() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, None, "hello");
    store.close();
    store.close();
    assert!(matches!(
        block_on(store.load(ANNA)),
        Err(StoreError::Unusable(_))
    ));
    let again = SqliteStore::open(&path, Keyring::none()).unwrap();
    assert!(block_on(again.load(ANNA)).unwrap().is_some());
}

#[test]
fn a_second_store_on_the_same_file_is_refused_kindly() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    let why = "another Backtalk is using {file}; stop it, or give another file with --store";
    check_refused(&path, why);
    put(&store, ANNA, 0, None, "undisturbed");
    drop(store);
    SqliteStore::open(&path, Keyring::none()).unwrap();
}

#[cfg(unix)]
#[test]
fn another_name_for_the_same_file_is_no_way_around_the_lock() {
    let (folder, path) = file();
    let _store = SqliteStore::open(&path, Keyring::none()).unwrap();
    let other = folder.path().join("other.db");
    std::os::unix::fs::symlink(&path, &other).unwrap();
    let why = "another Backtalk is using {file}; stop it, or give another file with --store";
    check_refused(&other, why);
}

#[test]
fn a_file_of_another_format_is_refused_kindly() {
    let (_folder, path) = file();
    for (format, why) in [
        (
            4,
            "{file} has format 4 and this Backtalk reads 3; run the newer Backtalk that wrote it, \
             or give another file with --store",
        ),
        (
            1,
            "{file} has format 1, from before the first release, and this Backtalk reads 3; \
             move it away, or give another file with --store",
        ),
    ] {
        let _ = fs::remove_file(&path);
        drop(SqliteStore::open(&path, Keyring::none()).unwrap());
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute("UPDATE meta SET value = ?1", [format])
            .unwrap();
        check_refused(&path, why);
    }
}

/// Make of a file what the Backtalk before lanes left.
fn take_lanes_away(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "DROP INDEX record_wake;
         ALTER TABLE record DROP COLUMN is_first;
         CREATE INDEX record_wake ON record (wake_ms) WHERE wake_ms IS NOT NULL;
         UPDATE meta SET value = 2 WHERE key = 'format';
         PRAGMA journal_mode = DELETE;",
    )
    .unwrap();
}

#[test]
fn a_file_from_before_lanes_is_read_as_it_is_and_opened_with_everybody_in_the_other() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    put(&store, ANNA, 0, Some(10), "hello");
    drop(store);
    take_lanes_away(&path);
    let before = fs::read(&path).unwrap();
    let store = SqliteStore::read(&path).unwrap();
    let kept = block_on(store.stored(ANNA)).unwrap().unwrap();
    assert_eq!((kept.due_ms, kept.lane), (Some(10), Lane::Other));
    let next = block_on(store.next_due(&Lane::ALL)).unwrap();
    assert_eq!(next, Some(at(10)));
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), before, "It was only read.");

    let store = SqliteStore::open(&path, Keyring::none()).unwrap();
    let standing = record(1, Some(10), &[40], "hello");
    assert_eq!(block_on(store.load(ANNA)).unwrap(), Some(standing.clone()));
    let urgent = Record {
        lane: Lane::First,
        ..standing
    };
    block_on(store.commit(ANNA, 1, &urgent, None)).unwrap();
    let hour = Duration::from_secs(3600);
    let claim = |lane| block_on(store.claim_due(at(10), 9, hour, lane)).unwrap();
    assert_eq!(claim(Lane::Other).len(), 0);
    assert_eq!(claim(Lane::First).len(), 1);
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let (_folder, path) = file();
    fs::write(
        &path,
        "Dear diary, this is not a database at all.".repeat(99),
    )
    .unwrap();
    let before = fs::read(&path).unwrap();
    check_refused(
        &path,
        "{file} is not a Backtalk store; give another file with --store",
    );
    assert_eq!(fs::read(&path).unwrap(), before);

    let (_folder, path) = file();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("CREATE TABLE recipe (name)", [])
        .unwrap();
    let before = fs::read(&path).unwrap();
    check_refused(
        &path,
        "{file} is not a Backtalk store; move it away, or give another file with --store",
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn the_folder_is_created_and_only_its_owner_reads_what_is_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("new/folder");
    let store = SqliteStore::open(&inner.join("backtalk.db"), Keyring::none()).unwrap();
    put(&store, ANNA, 0, None, "hello");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let files: Vec<_> = fs::read_dir(&inner)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(
        files.len() >= 3,
        "The file, its log and its lock: {files:?}"
    );
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
