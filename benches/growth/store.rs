//! A Redis to measure with, and a way to people that takes everything at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backtalk::engine::View;
use backtalk::store::cached::Cached;
use backtalk::store::redis::{RedisStore, Settings};
use backtalk::store::seal::Keyring;
use backtalk::store::{Person, Store};
use backtalk::turn::{Channel, SendError};
use jiff::{Timestamp, Unit};

use crate::redis_server::Server;

/// A server that keeps nothing on disk.
pub fn server() -> Server {
    Server::start_as(|port, folder| {
        let words = format!("--port {port} --bind 127.0.0.1 --dir {folder} --appendonly no --save");
        let words = words.split(' ').map(str::to_owned);
        words.chain([String::new()]).collect()
    })
}

/// Keys as a bot has them.
pub fn keys() -> Keyring {
    Keyring::parse(1, &Keyring::new_key()).expect("a new key is one")
}

/// The store of one process, as `backtalk run` makes it.
pub async fn of_a_process(server: &Server, keys: &Keyring) -> Arc<dyn Store> {
    let settings = Settings {
        retention: Some(Duration::from_secs(90 * 24 * 3600)),
        ..Settings::default()
    };
    let store = RedisStore::connect(&server.address(), settings, keys.clone()).await;
    Arc::new(Cached::new(Arc::new(store.expect("Redis answers"))))
}

/// Somebody by their number, numbered as people of Telegram are.
pub fn person(n: usize) -> Person {
    let n = i64::try_from(n).expect("some people");
    Person(1_000_000_000 + n * 40_009)
}

/// This moment, in whole milliseconds, as logs keep it.
pub fn whole(at: Timestamp) -> Timestamp {
    at.round(Unit::Millisecond).expect("a near time")
}

/// What Redis has done: scripts that it was asked for, commands with those inside, and microseconds of
/// its processor.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub scripts: f64,
    pub commands: f64,
    pub cpu_us: f64,
}

impl Done {
    /// Until now.
    pub fn read(server: &Server) -> Done {
        let all: String = redis::cmd("INFO")
            .arg("everything")
            .query(&mut server.control())
            .expect("Redis answers");
        let calls = |line: &str| -> f64 {
            let calls = line.split("calls=").nth(1);
            let calls = calls.and_then(|c| c.split(',').next()?.parse().ok());
            calls.unwrap_or_default()
        };
        let stats: Vec<&str> = all
            .lines()
            .filter(|l| l.starts_with("cmdstat_") && !l.starts_with("cmdstat_info"))
            .collect();
        let number = |field: &str| -> f64 {
            let line = all.lines().find_map(|l| l.strip_prefix(field));
            line.and_then(|n| n.trim().parse().ok()).expect("a number")
        };
        let cpu_s = number("used_cpu_user:") + number("used_cpu_sys:");
        let scripts = stats.iter().filter(|l| l.starts_with("cmdstat_evalsha"));
        Done {
            scripts: scripts.map(|l| calls(l)).sum(),
            commands: stats.iter().map(|l| calls(l)).sum(),
            cpu_us: cpu_s * 1e6,
        }
    }

    /// Since then, for each of so many.
    pub fn since(self, before: Done, count: usize) -> Done {
        let each = |now: f64, then: f64| (now - then) / count as f64;
        Done {
            scripts: each(self.scripts, before.scripts),
            commands: each(self.commands, before.commands),
            cpu_us: each(self.cpu_us, before.cpu_us),
        }
    }
}

/// The bytes that Redis uses.
pub fn used_memory(server: &Server) -> u64 {
    let all: String = redis::cmd("INFO")
        .arg("memory")
        .query(&mut server.control())
        .expect("Redis answers");
    let used = all.lines().find_map(|l| l.strip_prefix("used_memory:"));
    used.and_then(|n| n.trim().parse().ok()).expect("a number")
}

/// Microseconds of the processor that this process has used.
pub fn own_cpu_us() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux says");
    // Behind the name in brackets: user and system time are the 12th and 13th, in hundredths.
    let behind = stat.rsplit_once(") ").expect("a name").1;
    let ticks = behind.split(' ').skip(11).take(2);
    ticks
        .map(|t| t.parse::<f64>().expect("a number"))
        .sum::<f64>()
        * 10_000.0
}

/// Takes everything at once.
pub struct Unlimited;

#[async_trait]
impl Channel for Unlimited {
    async fn send(&self, _: Person, _: &View) -> Result<i64, SendError> {
        Ok(41_001)
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(41_002)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(41_003)
    }
}
