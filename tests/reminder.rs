//! The loop that wakes people: who is handed on before whom, and how many.

use std::sync::Arc;
use std::time::Duration;

use backtalk::alarm::Alarm;
use backtalk::clock::{Clock, SteadyClock};
use backtalk::reminder::{Due, Reminder};
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Lane, Person, Record, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// A bound on hanging for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many of the other lane are in hand at most.
const MOST_OTHERS: usize = 192;

/// A store, and the loop once it is started. Whoever is handed on stays in hand until dropped.
struct Stage {
    store: Arc<MemoryStore>,
    clock: Arc<SteadyClock>,
    stopper: watch::Sender<bool>,
}

impl Stage {
    fn new() -> Stage {
        Stage {
            store: Arc::default(),
            clock: Arc::new(SteadyClock::of_this_machine()),
            stopper: watch::Sender::new(false),
        }
    }

    /// Make these people due in so many milliseconds.
    async fn put(&self, people: std::ops::Range<i64>, lane: Lane, ms: i64) -> Timestamp {
        let due = self.clock.now() + SignedDuration::from_millis(ms);
        let record = Record {
            due: Some(due),
            lane,
            active: due,
            ..Record::default()
        };
        for person in people {
            let said = self.store.commit(Person(person), 0, &record, None).await;
            said.expect("the store answers");
        }
        due
    }

    /// Start the loop. It ends with the stage.
    fn start(&self) -> mpsc::UnboundedReceiver<(Due, Timestamp)> {
        let reminder = Reminder {
            store: self.store.clone(),
            clock: self.clock.clone(),
            retention: SignedDuration::from_hours(24 * 30),
        };
        let (hand, handed) = mpsc::unbounded_channel();
        let clock = self.clock.clone();
        let hand = move |due| {
            // Nobody listens any more once the test is over.
            let _ = hand.send((due, clock.now()));
        };
        let wake = Arc::<Alarm>::default();
        tokio::spawn(reminder.run(wake, self.stopper.subscribe(), hand));
        handed
    }

    /// Somebody who was handed on is due no more.
    async fn deal_with(&self, due: Due) {
        let found = self
            .store
            .load(due.person)
            .await
            .expect("the store answers");
        let mut record = found.expect("a record");
        (record.due, record.lane) = (None, Lane::Other);
        let said = self.store.commit(due.person, record.version, &record, None);
        said.await.expect("the store answers");
    }
}

async fn next<T>(handed: &mut mpsc::UnboundedReceiver<T>) -> T {
    let next = timeout(PATIENCE, handed.recv()).await;
    next.expect("somebody is handed on").expect("the loop runs")
}

#[tokio::test]
async fn the_first_lane_is_handed_on_in_time_while_others_fill_all_places_that_they_may() {
    let stage = Stage::new();
    stage.put(0..1000, Lane::Other, -1000).await;
    let due = stage.put(20_000..20_010, Lane::First, 500).await;
    let mut handed = stage.start();
    let (mut others, mut first) = (Vec::new(), Vec::new());
    // None of them is dealt with, so nobody gives a place back.
    while others.len() < MOST_OTHERS || first.len() < 10 {
        let (who, at) = next(&mut handed).await;
        match who.person.0 {
            20_000.. => {
                assert!(at >= due);
                first.push(who);
            }
            _ => others.push(who),
        }
    }
    assert_eq!((others.len(), first.len()), (MOST_OTHERS, 10));
    // A place of the first is none for the others.
    drop(first);
    drop(others.pop());
    others.push(next(&mut handed).await.0);
}

#[tokio::test]
async fn of_those_who_are_due_at_once_the_first_lane_is_handed_on_before_the_other() {
    let stage = Stage::new();
    stage.put(0..1000, Lane::Other, -1000).await;
    stage.put(20_000..20_010, Lane::First, -1000).await;
    let mut handed = stage.start();
    let mut kept = Vec::new();
    for _ in 0..10 {
        let who = next(&mut handed).await;
        assert!(who.0.person.0 >= 20_000);
        kept.push(who);
    }
}

#[tokio::test]
async fn whoever_waits_for_a_place_gets_one_that_is_given_back() {
    let stage = Stage::new();
    stage.put(0..1000, Lane::Other, -1000).await;
    let mut handed = stage.start();
    let mut seen = Vec::new();
    for _ in 0..1000 {
        let (who, _) = next(&mut handed).await;
        seen.push(who.person.0);
        stage.deal_with(who).await;
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..1000));
}
