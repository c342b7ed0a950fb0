//! How soon people are heard of who are due, with a sender that takes everything at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use backtalk::alarm::Alarm;
use backtalk::clock::{Clock, SteadyClock};
use backtalk::common_time;
use backtalk::engine::{Input, Priority, View};
use backtalk::reminder::{Due, Reminder};
use backtalk::store::{Commit, Lane, Person, Record, Store};
use backtalk::turn::{Bot, Channel, Origin, SendError, deliver, take};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::people;
use crate::sleep::{never_quiet, person, resting, whole};

/// How many people are claimed at once, as the reminder loop does.
const BATCH: usize = 64;

/// One of so many has ice on that is to come off.
const ONE_IN: usize = 100;

/// How long after the people are in the store they are due.
const BEFORE: SignedDuration = SignedDuration::from_secs(3);

/// How late people were, in milliseconds.
pub struct Late {
    /// Those whose ice is to come off.
    pub first: Vec<i64>,
    /// All others.
    pub other: Vec<i64>,
}

/// Prints the middle, the 99th of a hundred, and the last.
pub struct Spread<'a>(pub &'a [i64]);

impl fmt::Display for Spread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.to_vec();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get((sorted.len() * part / 100).min(sorted.len() - 1));
        match (at(50), at(99), sorted.last()) {
            (Some(p50), Some(p99), Some(most)) => write!(f, "{p50}, {p99}, {most} ms"),
            _ => f.write_str("nobody"),
        }
    }
}

/// How many people a second are claimed and committed, when so many are due.
pub async fn claims_per_second(store: &dyn Store, people: usize, lane: Lane) -> f64 {
    let clock = common_time::clock(store).await.expect("the store answers");
    let mut record = resting(clock.now() - SignedDuration::from_secs(1));
    record.lane = lane;
    put(store, (0..people).map(|n| (n, record.clone()))).await;
    let began = Instant::now();
    let mut claimed = 0;
    loop {
        let lease = Duration::from_secs(45);
        let claims = store.claim_due(clock.now(), BATCH, lease, lane).await;
        let claims = claims.expect("the store answers");
        if claims.is_empty() {
            break;
        }
        claimed += claims.len();
        let commits = claims.into_iter().map(async |claim| {
            let mut next = claim.record;
            next.due = next.due.map(|due| due + SignedDuration::from_hours(1));
            let said = store.commit(claim.person, next.version, &next, None).await;
            assert_eq!(said.expect("the store answers"), Commit::Applied);
        });
        join_all(commits).await;
    }
    assert_eq!(claimed, people);
    people as f64 / began.elapsed().as_secs_f64()
}

async fn put(store: &dyn Store, records: impl Iterator<Item = (usize, Record)>) {
    let commits = stream::iter(records)
        .map(|(n, record)| async move { store.commit(person(n), 0, &record, None).await });
    let mut done = commits.buffer_unordered(256);
    while let Some(said) = done.next().await {
        assert_eq!(said.expect("the store answers"), Commit::Applied);
    }
}

/// Takes everything at once, and notes how late it was.
struct Unlimited {
    clock: Arc<SteadyClock>,
    /// Who was not heard of yet.
    due: Mutex<HashMap<Person, (Timestamp, Lane)>>,
    late: Mutex<Late>,
    all: Notify,
}

#[async_trait]
impl Channel for Unlimited {
    async fn send(&self, person: Person, _: &View) -> Result<i64, SendError> {
        let mut due = self.due.lock().expect("no panic");
        // "Take it off now" is repeated after a while, which is not counted.
        let Some((at, lane)) = due.remove(&person) else {
            return Ok(41_003);
        };
        let by = self.clock.now().duration_since(at).as_millis() as i64;
        let mut late = self.late.lock().expect("no panic");
        match lane {
            Lane::First => late.first.push(by),
            Lane::Other => late.other.push(by),
        }
        if due.is_empty() {
            self.all.notify_one();
        }
        Ok(41_001)
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(41_002)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(1)
    }
}

/// How late so many people are heard of who are due in the same second.
pub async fn lateness(store: Arc<dyn Store>, people: usize) -> Late {
    let clock = common_time::clock(&*store).await;
    let clock = Arc::new(clock.expect("the store answers"));
    // Writing them takes a while, in which none may be due.
    let began = Instant::now();
    let far = clock.now() + SignedDuration::from_hours(1);
    let ready = people_due(far, people);
    put(&*store, ready.iter().cloned().enumerate()).await;
    let took = SignedDuration::try_from(began.elapsed()).expect("some seconds");
    let at = clock.now() + took + took + BEFORE;
    let ready = people_due(at, people);
    let again = stream::iter(ready.iter().enumerate()).map(|(n, record)| {
        let store = &store;
        async move { store.commit(person(n), 1, record, None).await }
    });
    let mut done = again.buffer_unordered(256);
    while let Some(said) = done.next().await {
        assert_eq!(said.expect("the store answers"), Commit::Applied);
    }
    drop(done);
    assert!(clock.now() < at, "all are written before any is due");
    let due = ready.iter().enumerate();
    let due = due.map(|(n, record)| (person(n), (record.due.expect("due"), record.lane)));
    let channel = Arc::new(Unlimited {
        clock: clock.clone(),
        due: Mutex::new(due.collect()),
        late: Mutex::new(Late {
            first: Vec::new(),
            other: Vec::new(),
        }),
        all: Notify::new(),
    });
    let bot = Bot::new(people::shared_dialogue(), store.clone());
    let reminder = Reminder {
        store,
        clock: clock.clone(),
        retention: SignedDuration::from_hours(24 * 90),
    };
    let hand = {
        let (bot, channel) = (bot.clone(), channel.clone());
        move |due: Due| {
            let (bot, channel, clock) = (bot.clone(), channel.clone(), clock.clone());
            tokio::spawn(async move { turn(&bot, &*channel, &*clock, due).await });
        }
    };
    let (stopper, stop) = watch::channel(false);
    let running = tokio::spawn(reminder.run(Arc::<Alarm>::default(), stop, hand));
    channel.all.notified().await;
    stopper.send(true).expect("the loop runs");
    running.await.expect("the loop ends");
    let mut late = channel.late.lock().expect("no panic");
    Late {
        first: std::mem::take(&mut late.first),
        other: std::mem::take(&mut late.other),
    }
}

/// One turn, as the worker of a chat takes it.
async fn turn(bot: &Bot, channel: &dyn Channel, clock: &dyn Clock, due: Due) {
    let origin = Origin::default();
    let turned = take(bot, due.person, &Input::Due, &origin, clock.now()).await;
    let record = turned.expect("the store answers").record;
    let record = record.expect("nobody is forgotten");
    let delivered = deliver(bot, due.person, record, channel, Priority::Reminder, clock);
    delivered.await.expect("the store answers");
}

/// People who are due in the second after this moment. Some have ice on that is to come off.
fn people_due(at: Timestamp, people: usize) -> Vec<Record> {
    // Made once and moved by milliseconds: a due time is in the record, and the engine finds each
    // timer due that lies before it.
    let at = whole(at);
    let minutes = &people::dialogue().clock.ice;
    let on = at - SignedDuration::from_mins(minutes.on_minutes.into());
    let asked = on + SignedDuration::from_mins(minutes.check_after_minutes.into());
    let session = people::after(&never_quiet(people::on_ice(on)), &Input::Due, asked);
    let off = people::at_rest(session, asked);
    let other = resting(at);
    (0..people)
        .map(|n| {
            let mut record = match n % ONE_IN {
                0 => off.clone(),
                _ => other.clone(),
            };
            record.due = Some(at + SignedDuration::from_millis((n * 1000 / people) as i64));
            record
        })
        .collect()
}
