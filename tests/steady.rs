//! The law of time: whatever happens to the clocks of computers, no round ends early and none is
//! doubled. Real turns by processes whose clocks the test moves.

#[path = "people/mod.rs"]
mod people;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use backtalk::clock::{Clock, Sample, Sources, SteadyClock};
use backtalk::dialogue::Act;
use backtalk::engine::session::{RoundEvent, RoundWhat};
use backtalk::engine::{Input, Priority, View};
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Lane, Person, Record, Store};
use backtalk::turn::{Bot, Channel, Origin, SendError, deliver, take};
use jiff::{SignedDuration, Timestamp};

const ANN: Person = Person(7);

const MINUTE_MS: i64 = 60_000;

const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Time itself, in milliseconds, which passes for everybody alike.
#[derive(Clone, Default)]
struct World(Arc<AtomicI64>);

impl World {
    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A computer whose clock is off, and can be set.
struct Computer {
    world: World,
    off_ms: Arc<AtomicI64>,
}

impl Sources for Computer {
    fn wall(&self) -> Timestamp {
        at(self.world.ms() + self.off_ms.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(self.world.ms().unsigned_abs())
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

/// So many milliseconds after the world began, by a clock that is right.
fn at(ms: i64) -> Timestamp {
    noon() + SignedDuration::from_millis(ms)
}

/// Takes every message, and keeps how they begin.
#[derive(Default)]
struct Phone(Mutex<Vec<String>>);

impl Phone {
    fn heard(&self, beginning: &str) -> usize {
        let heard = self.0.lock().expect("the phone");
        heard.iter().filter(|m| m.starts_with(beginning)).count()
    }
}

#[async_trait]
impl Channel for Phone {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        let mut heard = self.0.lock().expect("the phone");
        heard.push(view.text.clone());
        Ok(heard.len() as i64)
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(0)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(0)
    }
}

/// A process of the bot.
struct Process {
    bot: Bot,
    clock: SteadyClock<Computer>,
    off_ms: Arc<AtomicI64>,
}

impl Process {
    /// One that begins now on a computer whose clock is off by so much. With `is_shared` it sets its
    /// clock by the store, whose clock is right.
    fn begin(world: &World, store: &Arc<MemoryStore>, off_ms: i64, is_shared: bool) -> Process {
        let off_ms = Arc::new(AtomicI64::new(off_ms));
        let clock = SteadyClock::new(Computer {
            world: world.clone(),
            off_ms: off_ms.clone(),
        });
        if is_shared {
            clock.set(&sample(&clock, world));
        }
        Process {
            bot: Bot::new(people::shared_dialogue(), store.clone()),
            clock,
            off_ms,
        }
    }

    /// Somebody sets the clock of its computer.
    fn set(&self, by_ms: i64) {
        self.off_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    async fn turn(&self, input: &Input, phone: &Phone) {
        let now = self.clock.now();
        let turned = take(&self.bot, ANN, input, &Origin::default(), now).await;
        if let Some(record) = turned.expect("the store answers").record {
            deliver(
                &self.bot,
                ANN,
                record,
                phone,
                Priority::Reminder,
                &self.clock,
            )
            .await
            .expect("the store answers");
        }
    }

    async fn record(&self) -> Record {
        let found = self.bot.store.load(ANN).await.expect("the store answers");
        found.expect("a record")
    }

    /// Take a turn for everybody who is due, as the reminder loop does.
    async fn remind(&self, phone: &Phone) {
        for lane in Lane::ALL {
            let lease = Duration::from_secs(45);
            let claims = self.bot.store.claim_due(self.clock.now(), 9, lease, lane);
            for _ in claims.await.expect("the store answers") {
                self.turn(&Input::Due, phone).await;
            }
        }
    }

    /// Ann has put ice on, a moment ago by the clock of this process; the answer is when.
    async fn start_ice(&self) -> Timestamp {
        let started = self.clock.now();
        let record = people::at_rest(people::on_ice(started), started);
        let commit = self.bot.store.commit(ANN, 0, &record, None).await;
        commit.expect("the store answers");
        started
    }

    /// What happened in the rounds.
    async fn events(&self) -> Vec<RoundEvent> {
        self.record().await.body.session.expect("a session").rounds
    }
}

/// What the store's clock says to a process that asks now.
fn sample(clock: &SteadyClock<Computer>, world: &World) -> Sample {
    let asked = clock.passed();
    Sample {
        said: at(world.ms()),
        asked,
        heard: asked,
    }
}

/// How long the ice stays on, by the dialogue.
fn on_ms() -> i64 {
    i64::from(people::dialogue().clock.ice.on_minutes) * MINUTE_MS
}

/// Look every half second for so long, by every process in turn.
async fn watch(world: &World, processes: &[&Process], phone: &Phone, ms: i64) {
    for _ in 0..ms / 500 {
        for process in processes {
            process.remind(phone).await;
        }
        world.pass(500);
    }
}

/// How often "take it off" was noted, and the first time.
async fn offs(process: &Process) -> (usize, Option<i64>) {
    let events = process.events().await;
    let offs = events.iter().filter(|e| e.what == RoundWhat::OffAsked);
    let times: Vec<_> = offs.map(|e| e.at_ms).collect();
    (times.len(), times.first().copied())
}

const OFF: &str = "Take the ice off now.";

const LATE: &str = "I'm late. Take it off now.";

#[tokio::test]
async fn two_processes_with_two_seconds_between_their_clocks_end_a_round_once_and_never_early() {
    for (one_off, other_off) in [(0, 2000), (2000, 0), (-2000, 0), (0, -2000)] {
        let (world, store, phone) = (World::default(), Arc::default(), Phone::default());
        let one = Process::begin(&world, &store, one_off, true);
        let other = Process::begin(&world, &store, other_off, true);
        let started = one.start_ice().await;
        watch(&world, &[&other, &one], &phone, on_ms() + 30_000).await;
        let due = (started + SignedDuration::from_millis(on_ms())).as_millisecond();
        let (count, first) = offs(&one).await;
        let late = first.expect("it was asked for") - due;
        assert_eq!(count, 1);
        assert!((0..=1000).contains(&late), "{late} ms after it was due");
        assert_eq!((phone.heard(OFF), phone.heard(LATE)), (1, 0));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_ice_is_on_ends_nothing_early_and_doubles_nothing() {
    for by_ms in [HOUR_MS, -HOUR_MS] {
        let (world, store, phone) = (World::default(), Arc::default(), Phone::default());
        let one = Process::begin(&world, &store, 0, false);
        let started = one.start_ice().await;
        let due = started + SignedDuration::from_millis(on_ms());
        let left_ms = due.duration_since(one.clock.now()).as_millis() as i64;
        watch(&world, &[&one], &phone, 10 * MINUTE_MS).await;
        one.set(by_ms);
        watch(&world, &[&one], &phone, left_ms - 10 * MINUTE_MS - 1000).await;
        assert_eq!(offs(&one).await.0, 0, "It is not over yet.");
        watch(&world, &[&one], &phone, 30_000).await;
        one.set(-by_ms);
        watch(&world, &[&one], &phone, 20_000).await;
        assert_eq!(offs(&one).await.0, 1);
        assert_eq!((phone.heard(OFF), phone.heard(LATE)), (1, 0));
    }
}

#[tokio::test]
async fn a_process_that_was_paused_for_an_hour_asks_once_and_says_that_it_is_late() {
    let (world, store, phone) = (World::default(), Arc::default(), Phone::default());
    let one = Process::begin(&world, &store, 0, true);
    one.start_ice().await;
    watch(&world, &[&one], &phone, 6 * MINUTE_MS).await;
    world.pass(HOUR_MS);
    watch(&world, &[&one], &phone, 30_000).await;
    assert_eq!(offs(&one).await.0, 1);
    assert_eq!((phone.heard(OFF), phone.heard(LATE)), (0, 1));
}

#[tokio::test]
async fn while_one_process_is_paused_another_asks_in_time_and_the_first_not_again() {
    let (world, store, phone) = (World::default(), Arc::default(), Phone::default());
    let one = Process::begin(&world, &store, 0, true);
    let other = Process::begin(&world, &store, 2000, true);
    one.start_ice().await;
    watch(&world, &[&one, &other], &phone, 6 * MINUTE_MS).await;
    watch(&world, &[&other], &phone, on_ms() - 5 * MINUTE_MS).await;
    assert_eq!((phone.heard(OFF), phone.heard(LATE)), (1, 0));
    let off = people::pressed(
        &one.record().await.body.session.expect("a session"),
        Act::ItIsOff,
        other.clock.now(),
    );
    let record = one.record().await;
    let rests = people::at_rest(off, other.clock.now());
    let commit = store.commit(ANN, record.version, &rests, None).await;
    commit.expect("the store answers");
    watch(&world, &[&one], &phone, 30_000).await;
    assert_eq!((phone.heard(OFF), phone.heard(LATE)), (1, 0));
}
