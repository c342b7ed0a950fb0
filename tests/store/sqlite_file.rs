//! What is special to a store in a file: reopening, kill -9, locks, formats, modes and erasure.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, Person, Store, StoreError};
use tempfile::TempDir;

use crate::block_on;
use crate::history::{at, record};

const ANNA: Person = Person(7);
const BEN: Person = Person(8);

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backtalk.db");
    (folder, path)
}

fn put(store: &SqliteStore, person: Person, expected: u64, due: Option<i64>, word: &str) {
    let new = record(0, due, &[40], word);
    let said = block_on(store.commit(person, expected, &new, None)).unwrap();
    assert_eq!(said, Commit::Applied);
}

/// Opening must fail, and this is what is said, with `{file}` for the path.
fn check_refused(path: &Path, why: &str) {
    match SqliteStore::open(path) {
        Err(StoreError::Unusable(said)) => {
            assert_eq!(said.replace(&path.display().to_string(), "{file}"), why);
        }
        other => panic!("It was not refused: {other:?}"),
    }
}

#[test]
fn a_record_survives_reopening_the_file() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, ANNA, 0, Some(10), "hello");
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let found = block_on(store.load(ANNA)).unwrap();
    assert_eq!(found, Some(record(1, Some(10), &[40], "hello")));
}

#[test]
fn a_lease_ends_with_the_store_that_gave_it() {
    let (_folder, path) = file();
    let hour = Duration::from_secs(3600);
    let store = SqliteStore::open(&path).unwrap();
    put(&store, ANNA, 0, Some(10), "hello");
    assert_eq!(block_on(store.claim_due(at(10), 9, hour)).unwrap().len(), 1);
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(block_on(store.claim_due(at(10), 9, hour)).unwrap().len(), 1);
}

#[test]
fn a_closed_store_has_kept_everything_and_says_that_it_is_closed() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).unwrap();
    put(&store, ANNA, 0, None, "hello");
    store.close();
    store.close();
    assert!(matches!(
        block_on(store.load(ANNA)),
        Err(StoreError::Unusable(_))
    ));
    let again = SqliteStore::open(&path).unwrap();
    assert!(block_on(again.load(ANNA)).unwrap().is_some());
}

#[test]
fn a_second_store_on_the_same_file_is_refused_kindly() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).unwrap();
    let why = "another Backtalk is using {file}; stop it, or give another file with --store";
    check_refused(&path, why);
    put(&store, ANNA, 0, None, "undisturbed");
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn another_name_for_the_same_file_is_no_way_around_the_lock() {
    let (folder, path) = file();
    let _store = SqliteStore::open(&path).unwrap();
    let other = folder.path().join("other.db");
    std::os::unix::fs::symlink(&path, &other).unwrap();
    let why = "another Backtalk is using {file}; stop it, or give another file with --store";
    check_refused(&other, why);
}

#[test]
fn a_file_of_a_newer_format_is_refused_kindly() {
    let (_folder, path) = file();
    drop(SqliteStore::open(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("UPDATE meta SET value = 2", [])
        .unwrap();
    check_refused(
        &path,
        "{file} has format 2 and this Backtalk reads 1; run the newer Backtalk that wrote it, \
         or give another file with --store",
    );
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
    let store = SqliteStore::open(&inner.join("backtalk.db")).unwrap();
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
    let store = SqliteStore::open(&path).unwrap();
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
    let store = SqliteStore::open(&path).unwrap();
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
    let store = SqliteStore::open(&path).unwrap();
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
    let store = SqliteStore::open(&path).unwrap();
    assert!(!can_be_read(&folder, "canary"));
    assert_eq!(block_on(store.people()).unwrap(), [BEN]);
}

#[test]
fn to_forget_while_another_program_reads_is_to_be_repeated() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path).unwrap();
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

/// Where the child finds the store; set by its parent only.
const CHILD_STORE: &str = "BACKTALK_TEST_CHILD_STORE";

/// How many people the child commits for at once.
const CHILD_PEOPLE: i64 = 5;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let (_folder, path) = file();
    let mut acknowledged = [0; CHILD_PEOPLE as usize];
    for lines in [1, 7, 60, 200, 333] {
        let mut child = start_child(&path);
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        // What it said before it died counts, too, although it is read later.
        while let Some(line) = said.next() {
            let line = line.unwrap();
            let Some(("", numbers)) = line.split_once("acknowledged ") else {
                continue;
            };
            let (person, version) = numbers.split_once(' ').unwrap();
            acknowledged[person.parse::<usize>().unwrap()] = version.parse().unwrap();
            heard += 1;
            if heard == lines {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(heard >= lines, "The child stopped by itself.");

        let store = SqliteStore::open(&path).unwrap();
        for (person, version) in (0..).zip(acknowledged) {
            let found = block_on(store.load(Person(person))).unwrap();
            let found_version = found.as_ref().map_or(0, |found| found.version);
            assert!(
                found_version == version || found_version == version + 1,
                "{person} has version {found_version}, and {version} was acknowledged."
            );
            if let Some(found) = found {
                assert_eq!(
                    found,
                    record(found_version, None, &[], &word(found_version))
                );
            }
        }
    }
}

fn start_child(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "sqlite_file::child_that_commits_until_killed",
        ])
        .env(CHILD_STORE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn word(version: u64) -> String {
    format!("word {version} ").repeat(version as usize % 50)
}

#[test]
#[ignore = "It is the child of what_was_acknowledged_survives_kill_9."]
fn child_that_commits_until_killed() {
    let Some(path) = std::env::var_os(CHILD_STORE) else {
        return;
    };
    let store = Arc::new(SqliteStore::open(Path::new(&path)).unwrap());
    block_on(async {
        let mut committers = tokio::task::JoinSet::new();
        for person in 0..CHILD_PEOPLE {
            let store = Arc::clone(&store);
            committers.spawn(async move {
                let found = store.load(Person(person)).await.unwrap();
                let mut version = found.map_or(0, |found| found.version);
                loop {
                    let new = record(0, None, &[], &word(version + 1));
                    let said = store
                        .commit(Person(person), version, &new, None)
                        .await
                        .unwrap();
                    assert_eq!(said, Commit::Applied);
                    version += 1;
                    println!("acknowledged {person} {version}");
                }
            });
        }
        committers.join_all().await
    });
}
