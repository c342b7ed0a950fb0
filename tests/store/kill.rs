//! What a store in a file acknowledged outlives its process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, Person, Store};

use crate::block_on;
use crate::history::record;
use crate::sqlite_file::file;

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
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        // What it said before it died counts, too, although it is read later.
        for line in said {
            let line = line.unwrap();
            let Some((_, numbers)) = line.split_once("acknowledged ") else {
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

        let store = SqliteStore::open(&path, Keyring::none()).unwrap();
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
            "kill::child_that_commits_until_killed",
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
    let store = Arc::new(SqliteStore::open(Path::new(&path), Keyring::none()).unwrap());
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
