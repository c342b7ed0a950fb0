//! The hand of an operator: runs the program in a folder of its own and reads what it says.

#![allow(dead_code, reason = "Each test file uses a part of it.")]

use std::fs;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use backtalk::dialogue::Form;
use backtalk::engine::{Owed, Session};
use backtalk::store::record::Body;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Commit, OwedEntry, Person, Record, Store};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const ANNA: Person = Person(7);
pub const BEN: Person = Person(8);

/// A folder for stores, where nothing of this machine's settings holds.
pub struct Place {
    folder: TempDir,
}

/// What the program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Run the program with these arguments, settings and typed lines.
    pub fn run(&self, args: &[&str], settings: &[(&str, &str)], typed: &str) -> Said {
        let mut program = Command::new(env!("CARGO_BIN_EXE_backtalk"))
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("LANG", "en_GB.UTF-8")
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that ends without reading breaks the pipe.
        let _ = program.stdin.take().unwrap().write_all(typed.as_bytes());
        let said = program.wait_with_output().unwrap();
        Said {
            code: said.status.code(),
            out: String::from_utf8(said.stdout).unwrap(),
            err: String::from_utf8(said.stderr).unwrap(),
        }
    }

    /// Whether any file in the folder contains these bytes.
    pub fn has(&self, bytes: &[u8]) -> bool {
        fs::read_dir(self.path()).unwrap().any(|file| {
            let path = file.unwrap().path();
            path.is_file()
                && fs::read(path)
                    .unwrap()
                    .windows(bytes.len())
                    .any(|w| w == bytes)
        })
    }
}

/// A record of which `word` tells what was said, last active at `active`.
pub fn record(due: Option<Timestamp>, active: Timestamp, word: &str) -> Record {
    let mut session = Session::new(Form::default());
    session.country = Some(word.to_owned());
    Record {
        due,
        active,
        seen: vec![40, -3, i64::MAX],
        body: Body {
            session: Some(session),
            owed: vec![OwedEntry {
                number: 1,
                owed: Owed::message(word),
                attempts: 0,
                refused: 0,
            }],
            ..Body::default()
        },
        ..Record::default()
    }
}

/// Commit a record over this version.
pub async fn put(store: &dyn Store, person: Person, expected: u64, record: &Record) {
    let said = store.commit(person, expected, record, None).await.unwrap();
    assert_eq!(said, Commit::Applied);
}

/// The store in this file.
pub fn sqlite(path: &Path, keys: Keyring) -> SqliteStore {
    SqliteStore::open(path, keys).unwrap()
}

/// Wait for this. What it started in the background goes on afterwards.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(work)
}
