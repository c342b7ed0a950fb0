//! What people cost who are not due for long.

use std::sync::Arc;
use std::time::Duration;

use backtalk::alarm::Alarm;
use backtalk::clock::{Clock, SteadyClock};
use backtalk::dialogue::Act;
use backtalk::engine::{Input, Session};
use backtalk::quiet::Quiet;
use backtalk::reminder::Reminder;
use backtalk::store::seal::Keyring;
use backtalk::store::{Person, Record, Store, Stored};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp, Unit};
use tokio::sync::watch;

use crate::people;
use crate::redis_server::Server;

/// How many are written at once.
const ABREAST: usize = 256;

/// How long it is watched what a loop asks.
const WATCHED: Duration = Duration::from_secs(10);

/// Somebody by their number in the bench, numbered as people of Telegram are.
pub fn person(n: usize) -> Person {
    let n = i64::try_from(n).expect("some people");
    Person(1_000_000_000 + n * 40_009)
}

/// This moment, in whole milliseconds, as logs keep it.
pub fn whole(at: Timestamp) -> Timestamp {
    at.round(Unit::Millisecond).expect("a near time")
}

/// The same without quiet hours, so that nothing hangs on the hour at which this runs.
pub fn never_quiet(mut session: Session) -> Session {
    session.quiet = Some(Quiet::never());
    session
}

/// Somebody whose first round is over and whose next is offered at this moment.
pub fn resting(until: Timestamp) -> Record {
    let until = whole(until);
    let clock = &people::dialogue().clock.ice;
    let off = until - SignedDuration::from_mins(clock.off_minutes.into());
    let on = off - SignedDuration::from_mins(clock.on_minutes.into());
    let asked = on + SignedDuration::from_mins(clock.check_after_minutes.into());
    let mut session = never_quiet(people::on_ice(on));
    for due in [asked, off] {
        session = people::after(&session, &Input::Due, due);
    }
    let session = people::pressed(&session, Act::ItIsOff, off);
    let record = people::at_rest(session, off);
    assert_eq!(record.due, Some(until));
    record
}

/// Fill a store with people who rest for two days.
pub async fn fill(store: &dyn Store, keys: &Keyring, people: usize) {
    let until = SteadyClock::of_this_machine().now() + SignedDuration::from_hours(48);
    let record = resting(until);
    let each = stream::iter(0..people).map(|n| {
        let mut record = record.clone();
        record.due = Some(until + SignedDuration::from_millis(n as i64));
        let stored = Stored::after(person(n), record.version, &record, keys);
        async move { store.restore(person(n), &stored).await }
    });
    let mut done = each.buffer_unordered(ABREAST);
    while let Some(is_new) = done.next().await {
        assert!(is_new.expect("the store answers"));
    }
}

/// The bytes that Redis uses.
pub fn used_memory(server: &Server) -> u64 {
    info(server, "memory", "used_memory:")
}

fn info(server: &Server, section: &str, field: &str) -> u64 {
    let mut control = server.control();
    let all: String = redis::cmd("INFO")
        .arg(section)
        .query(&mut control)
        .expect("Redis answers");
    let found = all.lines().find_map(|line| line.strip_prefix(field));
    let number = found.and_then(|text| text.split([',', '\r']).next()?.parse().ok());
    number.expect("a number")
}

/// The bytes of these sets of all shards.
pub fn index_bytes(server: &Server, prefix: &str, sets: &[&str]) -> u64 {
    let mut control = server.control();
    let mut sum = 0;
    for shard in 0..128 {
        for set in sets {
            let bytes: Option<u64> = redis::cmd("MEMORY")
                .arg("USAGE")
                .arg(format!("{prefix}:{{bt:{shard:03}}}:{set}"))
                .arg("SAMPLES")
                .arg(0)
                .query(&mut control)
                .expect("Redis answers");
            sum += bytes.unwrap_or(0);
        }
    }
    sum
}

/// How many commands a second reach Redis while the loop runs and nobody is due, and how many it
/// carries out with those inside of scripts.
pub async fn commands_while_idle(server: &Server, store: Arc<dyn Store>) -> (f64, f64) {
    let (stopper, stop) = watch::channel(false);
    let reminder = Reminder {
        store,
        clock: Arc::new(SteadyClock::of_this_machine()),
        retention: SignedDuration::from_hours(24 * 90),
    };
    let wake = Arc::<Alarm>::default();
    let running = tokio::spawn(reminder.run(wake, stop, |_| panic!("nobody is due")));
    // What it asks once at its start is no matter.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let count = || {
        let scripts = info(server, "commandstats", "cmdstat_evalsha:calls=");
        let all = info(server, "stats", "total_commands_processed:");
        (scripts, all)
    };
    let before = count();
    tokio::time::sleep(WATCHED).await;
    let after = count();
    stopper.send(true).expect("the loop runs");
    running.await.expect("the loop ends");
    let rate = |before: u64, after: u64| (after - before) as f64 / WATCHED.as_secs_f64();
    (rate(before.0, after.0), rate(before.1, after.1))
}
