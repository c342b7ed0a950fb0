//! The workers, the sender and the reminder loop of the program inside the test, on the emulated
//! Telegram, with any store and a clock that can be moved. Nothing polls: updates are given by hand.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backtalk::clock::{Clock, SystemClock};
use backtalk::config::{Access, Telegram};
use backtalk::dialogue::{Dialogue, load};
use backtalk::engine::{Input, Press, Seen, Session, begin, meet, step, timers, view};
use backtalk::reminder::{Due, Reminder};
use backtalk::store::record::Body;
use backtalk::store::{Person, Record, Shown, Store};
use backtalk::telegram::access::Doorkeeper;
use backtalk::telegram::chats::{Chats, End, Job, Shared};
use backtalk::telegram::client::Client;
use backtalk::telegram::gate::Gate;
use backtalk::telegram::sender::Sender;
use backtalk::turn::{self, Bot, Door};
use backtalk::{invite, shipped};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::emulator::Emulator;
use crate::stage::{DANGER, PATIENCE, TO_DANGER};

pub static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("The dialogue loads."))
});

/// The computer's clock, moved ahead at will.
pub struct Ahead(AtomicI64);

impl Ahead {
    /// A clock that begins at twenty past nine in the morning of a day to come, so that quiet hours
    /// fall the same whenever this runs.
    fn from_the_morning() -> Ahead {
        const MINUTE_MS: i64 = 60_000;
        let ahead = (9 * 60 + 20) * MINUTE_MS - SystemClock.now().as_millisecond();
        Ahead(AtomicI64::new(ahead.rem_euclid(24 * 60 * MINUTE_MS)))
    }

    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("Some hours.");
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(then.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }
}

/// The program but for its polling.
pub struct Inside {
    pub telegram: Emulator,
    pub store: Arc<dyn Store>,
    pub clock: Arc<Ahead>,
    pub chats: Chats,
    pub shared: Arc<Shared>,
    next_update: AtomicI64,
    /// Ends the reminder loop when it is dropped.
    _stop: watch::Sender<bool>,
}

impl Inside {
    /// With this store, so many messages a second.
    pub async fn new(store: Arc<dyn Store>, per_second: u32) -> Inside {
        let emulator = Emulator::start().await;
        emulator.set_patience(PATIENCE);
        let per_second = NonZeroU32::new(per_second).expect("Some messages.");
        let settings = Telegram {
            token: emulator.token().to_owned().into(),
            api_url: Some(emulator.url().to_owned()),
            per_second,
            heartbeat: Default::default(),
            listen: None,
            webhook: None,
        };
        let client = Client::new(&settings).expect("The address is one.");
        let clock = Arc::new(Ahead::from_the_morning());
        let stop = watch::Sender::new(false);
        let shared = Arc::new(Shared::new(
            Bot::new(DIALOGUE.clone(), store.clone()),
            clock.clone(),
            Sender::new(client, Gate::new(store.clone(), per_second)),
            Doorkeeper::new(Access::Open, invite::Key::of_token(emulator.token())),
            stop.subscribe(),
        ));
        Inside {
            telegram: emulator,
            store,
            clock,
            chats: Chats::new(shared.clone()),
            shared,
            next_update: AtomicI64::new(1),
            _stop: stop,
        }
    }

    /// Reminders go out from now on, until this is dropped.
    pub fn remind(&self) {
        let reminder = Reminder {
            store: self.store.clone(),
            clock: self.clock.clone(),
            retention: SignedDuration::from_hours(24 * 30),
        };
        let chats = self.chats.clone();
        let hand = move |due: Due| {
            chats.give(due.person, Job::of_ours(Input::Due, move |_| drop(due)));
        };
        let alarm = self.shared.alarm.clone();
        let mut stop = self._stop.subscribe();
        let run = reminder.run(alarm, self._stop.subscribe(), hand);
        tokio::spawn(async move {
            tokio::select! {
                () = run => {}
                _ = stop.changed() => {}
            }
        });
    }

    /// Moves the clock, and wakes the reminder loop.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.shared.alarm.ring();
    }

    /// Somebody the bot may write to does this; the answer is whether the update is finished.
    pub async fn give(&self, person: i64, input: Input) -> bool {
        let (done, is_done) = oneshot::channel();
        let theirs = input.is_theirs();
        let mut job = Job::of_ours(input, |end| {
            let _ = done.send(matches!(end, End::Finished(_)));
        });
        if theirs {
            job.update = Some(self.next_update.fetch_add(1, Ordering::SeqCst));
            job.language = Some("en-GB".to_owned());
            job.door = Door::Open;
        }
        self.chats.give(Person(person), job);
        is_done.await.expect("Every job is told to be done.")
    }

    /// Somebody presses the button of the open question that begins with this.
    pub async fn press(&self, person: i64, label: &str) {
        let record = self.record(person).await;
        let press = button(&record, label, self.clock.now());
        assert!(self.give(person, Input::Press(press)).await);
    }

    pub async fn press_all(&self, person: i64, labels: &[&str]) {
        for label in labels {
            self.press(person, label).await;
        }
    }

    pub async fn start(&self, person: i64) {
        self.telegram.person(person).already_started();
        assert!(self.give(person, Input::Start { language: None }).await);
    }

    pub async fn record(&self, person: i64) -> Record {
        let found = self.store.load(Person(person)).await;
        found.expect("The store answers.").expect("A record.")
    }
}

/// The press on the button of the open question that begins with this.
pub fn button(record: &Record, label: &str, now: Timestamp) -> Press {
    let session = record.body.session.as_ref().expect("A session.");
    let view = view::view(&DIALOGUE, session, now).expect("A question is open.");
    let button = view
        .buttons()
        .find(|button| button.label.starts_with(label));
    let button = button.unwrap_or_else(|| panic!("There is no {label:?} in {view:?}."));
    Press::read(&button.data).expect("Our own button.")
}

/// Somebody who was told of an emergency and is followed up.
pub fn followed_up(now: Timestamp) -> Record {
    let mut session = begin(&DIALOGUE);
    meet(&DIALOGUE, &mut session, "en-GB");
    let mut record = Record::default();
    for label in TO_DANGER.iter().chain([&DANGER]) {
        record.body.session = Some(session);
        let press = button(&record, label, now);
        let said = step(
            &DIALOGUE,
            record.body.session.as_ref().expect("One."),
            &Input::Press(press),
            now,
        );
        session = said.session.expect("Nothing is erased.");
    }
    at_rest(session, now)
}

/// A session after this input.
pub fn after(session: &Session, input: &Input, now: Timestamp) -> Session {
    let after = step(&DIALOGUE, session, input, now).session;
    after.expect("Nothing is erased.")
}

/// A record with this session while the bot waits: nothing is owed, and all is shown.
pub fn at_rest(session: Session, now: Timestamp) -> Record {
    let shown = view::view(&DIALOGUE, &session, now);
    let mut record = Record {
        due: timers::next_due(&DIALOGUE, &session, now),
        active: now,
        body: Body {
            shown: shown.map(|view| Shown {
                message: 1,
                view: turn::hash(&view),
            }),
            session: Some(session),
            ..Body::default()
        },
        ..Record::default()
    };
    if let Some(session) = &record.body.session {
        record.lane = turn::lane(&record, &Seen::of(&DIALOGUE, session, now));
    }
    record
}
