//! The stores that are measured, and what is measured of each.

use std::sync::Arc;

use backtalk::store::cached::Cached;
use backtalk::store::redis::{RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Lane, Store};

use crate::late::{self, Late, Spread};
use crate::redis_server::Server;
use crate::sleep;

/// How many people.
#[derive(Debug)]
pub struct Args {
    /// Who sleep.
    pub people: usize,
    /// Who are due in the same second.
    pub due: Vec<usize>,
}

/// One line of the table.
pub struct Row {
    pub store: &'static str,
    pub what: String,
    pub measured: String,
}

impl Args {
    /// What was asked for. What cargo adds is passed over.
    pub fn read() -> Args {
        let given: Vec<String> = std::env::args().collect();
        let number = |name: &str| {
            let at = given.iter().position(|arg| arg == name)?;
            given.get(at + 1)?.parse().ok()
        };
        Args {
            people: number("--people").unwrap_or(100_000),
            due: number("--due").map_or(vec![1_000, 10_000], |due| vec![due]),
        }
    }
}

fn keyring() -> Keyring {
    Keyring::parse(1, &Keyring::new_key()).expect("a new key is one")
}

/// What a Redis is told that keeps nothing on a disk.
pub const IN_MEMORY: &[&str] = &["--appendonly", "no"];

/// Measure a store in Redis, which writes to its disk before it answers unless `options` say otherwise.
pub async fn redis(args: &Args, (name, options): (&'static str, &[&str]), rows: &mut Vec<Row>) {
    let mut row = |what: String, measured: String| {
        println!("{name}: {what}: {measured}");
        rows.push(Row {
            store: name,
            what,
            measured,
        });
    };
    let server = Server::start(options);
    let keys = keyring();
    let store = async |prefix: &str| -> Arc<dyn Store> {
        let settings = Settings {
            prefix: prefix.to_owned(),
            retention: Some(std::time::Duration::from_secs(90 * 24 * 3600)),
            ..Settings::default()
        };
        let store = RedisStore::connect(&server.address(), settings, keys.clone()).await;
        let store = Arc::new(store.expect("Redis answers"));
        Arc::new(Cached::new(store)) as Arc<dyn Store>
    };
    let asleep = store("asleep").await;
    let empty = sleep::used_memory(&server);
    sleep::fill(&*asleep, &keys, args.people).await;
    let per = |bytes: u64| format!("{:.0} bytes", bytes as f64 / args.people as f64);
    let used = sleep::used_memory(&server).saturating_sub(empty);
    row("memory of a sleeping person".into(), per(used));
    let places = sleep::index_bytes(&server, "asleep", &["due", "first"]);
    row("of these, their place among those due".into(), per(places));
    let (scripts, all) = sleep::commands_while_idle(&server, asleep).await;
    row(
        format!("asked while {} sleep and nobody is due", args.people),
        format!("{scripts:.1} scripts a second, {all:.0} commands with those inside"),
    );
    server.run("FLUSHALL");

    for lane in Lane::ALL {
        let busy = store(&format!("claims{lane:?}")).await;
        let rate = late::claims_per_second(&*busy, 10_000, lane).await;
        row(
            format!("claimed and committed, lane {lane:?}"),
            format!("{rate:.0} a second"),
        );
        server.run("FLUSHALL");
    }
    for count in &args.due {
        let busy = store(&format!("due{count}")).await;
        let late = late::lateness(busy, *count).await;
        report(&mut row, *count, &late);
        server.run("FLUSHALL");
    }
}

/// Measure a store in a file.
pub async fn sqlite(args: &Args, rows: &mut Vec<Row>) {
    let mut row = |what: String, measured: String| {
        println!("sqlite: {what}: {measured}");
        rows.push(Row {
            store: "SQLite",
            what,
            measured,
        });
    };
    let folder = tempfile::tempdir().expect("a folder");
    let keys = keyring();
    let path = |name: &str| folder.path().join(name);
    let store = |name: &str| -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&path(name), keys.clone()).expect("the file opens"))
    };
    let asleep = store("asleep");
    sleep::fill(&*asleep, &keys, args.people).await;
    drop(asleep);
    let bytes = std::fs::metadata(path("asleep")).expect("the file").len();
    row(
        "room in the file of a sleeping person".into(),
        format!("{:.0} bytes", bytes as f64 / args.people as f64),
    );
    let rate = late::claims_per_second(&*store("claims"), 10_000, Lane::Other).await;
    row(
        "claimed and committed".into(),
        format!("{rate:.0} a second"),
    );
    for count in &args.due {
        let late = late::lateness(store(&format!("due{count}")), *count).await;
        report(&mut row, *count, &late);
    }
}

fn report(row: &mut impl FnMut(String, String), count: usize, late: &Late) {
    row(
        format!("{count} due in a second, handed to the sender after p50, p99, at most"),
        Spread(&late.other).to_string(),
    );
    row(
        format!("take-offs among those {count}, the same"),
        Spread(&late.first).to_string(),
    );
}
