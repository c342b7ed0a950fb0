//! One worker for each chat: in order, bounded, isolated. A panic, a slow chat or a flood never
//! touches another. What cannot be finished comes again, and with it all that waits behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::{error, warn};

use super::access::Doorkeeper;
use super::first_reply::FirstReply;
use super::sender::Sender;
use crate::clock::Clock;
use crate::engine::{Input, Owed, Priority, View, view};
use crate::logs::Mark;
use crate::metrics::{TurnOutcome, metrics};
use crate::store::commons::DeadLetter;
use crate::store::{Person, StoreError, UpdateId};
use crate::turn::{Bot, Channel, Door, Origin, Turned, deliver, put_off, take};

/// How many updates of one chat may wait; more are answered with "too many at once".
const MOST_WAITING: usize = 10;

/// A worker with nothing to do ends after this long.
const IDLE: Duration = Duration::from_secs(60);

/// How often a turn is tried against a store that does not answer.
const TRIES: u32 = 5;

/// How often an update is handled that breaks its handler, before it is parked.
pub const MOST_ATTEMPTS: u32 = 5;

/// How long showing what came of an update may hold up that it is acknowledged: as long as Telegram
/// gives it, it gives nobody the hundredth update behind it.
const MOST_SHOWING: Duration = Duration::from_secs(2);

/// How many seconds an update waits for replicas before it is acknowledged without them.
const MOST_WAITS: u32 = 60;

/// How many turns in a row may leave what is to be shown to the next.
const MOST_UNSPOKEN: u32 = 5;

/// A chat of which an update was shed is answered when it has shed none for so long: a flood is
/// answered once, at its end, and takes no more of what all may send.
const CALM: Duration = Duration::from_secs(1);

/// The same excuse is made to the same person only this often.
const EXCUSE_EVERY: Duration = Duration::from_secs(60);

/// How long somebody is left alone whose timer breaks its handler.
const AFTER_PANIC: SignedDuration = SignedDuration::from_hours(1);

/// Something for a chat to do.
pub struct Job {
    /// What happened.
    pub input: Input,
    /// The update it came with.
    pub update: Option<UpdateId>,
    /// Their language code.
    pub language: Option<String>,
    /// How they come in.
    pub door: Door,
    /// The press to answer.
    pub press: Option<String>,
    /// When the update came; none for what is no update.
    pub received: Option<Instant>,
    /// Called once the update is finished (true), or must come again (false).
    pub done: Box<dyn FnOnce(bool) + Send>,
}

impl Job {
    /// Something that the person did not do, such as a timer.
    pub fn of_ours(input: Input, done: impl FnOnce(bool) + Send + 'static) -> Job {
        Job {
            input,
            update: None,
            language: None,
            door: Door::Open,
            press: None,
            received: None,
            done: Box::new(done),
        }
    }
}

/// Everything a worker needs.
pub struct Shared {
    /// Dialogue and store.
    pub bot: Bot,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The way out.
    pub sender: Sender,
    /// The way in.
    pub doorkeeper: Doorkeeper,
    /// Woken when somebody may be due sooner than was known.
    pub wake: Notify,
    /// Whether this process must end, and begin again from what the store has.
    pub broken: watch::Sender<bool>,
    /// When which excuse was last made to whom.
    pub excuses: Mutex<HashMap<(Person, &'static str), Instant>>,
}

impl Shared {
    /// Say one of our own lines outside of the conversation, unless it was said a moment ago.
    pub async fn excuse(&self, person: Person, id: &'static str) {
        if !self.is_news(person, id) {
            return;
        }
        let Some(text) = self.text(id) else { return };
        let view = View {
            text,
            rows: Vec::new(),
        };
        self.sender.ready(person, Priority::Answer).await;
        // It is only an excuse: what they did comes again, or they do it again.
        let _ = self.sender.send(person, &view).await;
    }

    /// Whether this was not said of a person a moment ago. It counts as said from now on.
    fn is_news(&self, person: Person, id: &'static str) -> bool {
        let now = Instant::now();
        let mut excuses = self.excuses.lock().unwrap_or_else(PoisonError::into_inner);
        excuses.retain(|_, said| now.duration_since(*said) < EXCUSE_EVERY);
        let is_news = !excuses.contains_key(&(person, id));
        excuses.entry((person, id)).or_insert(now);
        is_news
    }

    /// One of our own lines, to somebody whose country is not at hand.
    fn text(&self, id: &str) -> Option<String> {
        let d = &self.bot.dialogue;
        let session = crate::engine::begin(d);
        let state = crate::engine::State::of(d, &session);
        let words = crate::engine::words::words(d, &session, &state);
        d.messages.get(id).map(|m| m.text.fill(&words))
    }

    /// Keep a note of what was given up. It matters less than what comes next, so a store that
    /// cannot is only told of.
    pub async fn park(&self, person: Option<Person>, update: Option<UpdateId>, why: &str) {
        let letter = DeadLetter {
            at_ms: self.clock.now().as_millisecond(),
            person: person.map(|p| p.0),
            update,
            why: why.to_owned(),
        };
        let park = async {
            error!(why, "an update was given up and parked");
            if let Err(error) = self.bot.store.park(&letter).await {
                error!(%error, "a dead letter could not be kept");
            }
        };
        let mark = Mark::here().unwrap_or_else(|| Mark::new(update));
        mark.on(park).await;
    }
}

/// The workers, by chat.
#[derive(Clone)]
pub struct Chats {
    shared: Arc<Shared>,
    workers: Arc<Mutex<HashMap<Person, Worker>>>,
}

/// The way to a worker.
struct Worker {
    jobs: mpsc::Sender<Job>,
    flood: Flood,
}

impl Worker {
    /// Whether a flood is still being worked off. Until then no more of it is taken, since others
    /// wait behind it in Telegram.
    fn is_flooded(&self) -> bool {
        self.flood.is_on() && self.jobs.capacity() < MOST_WAITING
    }
}

/// When an update of a chat was last shed.
#[derive(Clone, Default)]
struct Flood(Arc<Mutex<Option<Instant>>>);

impl Flood {
    fn rises(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_on(&self) -> bool {
        let shed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shed.is_some_and(|at| at.elapsed() < CALM)
    }
}

impl Chats {
    /// No workers yet.
    pub fn new(shared: Arc<Shared>) -> Chats {
        Chats {
            shared,
            workers: Arc::default(),
        }
    }

    /// Give a chat something to do. A chat that is full gets one kind line instead.
    pub fn give(&self, person: Person, job: Job) {
        if job.input.is_theirs() {
            self.shared.sender.hurry(person);
        }
        let mut workers = self.workers.lock().unwrap_or_else(|e| e.into_inner());
        let mut job = job;
        if let Some(worker) = workers.get(&person) {
            if job.input.is_theirs() && worker.is_flooded() {
                worker.flood.rises();
                drop(workers);
                return self.shed(person, job);
            }
            match worker.jobs.try_send(job) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(shed)) => {
                    worker.flood.rises();
                    drop(workers);
                    return self.shed(person, shed);
                }
                Err(mpsc::error::TrySendError::Closed(back)) => job = back,
            }
        }
        let (send, receive) = mpsc::channel(MOST_WAITING);
        // A new queue has room for its first job.
        let _ = send.try_send(job);
        let flood = Flood::default();
        let worker = Worker {
            jobs: send,
            flood: flood.clone(),
        };
        workers.insert(person, worker);
        tokio::spawn(work(self.clone(), person, receive, flood));
    }

    fn shed(&self, person: Person, job: Job) {
        if !job.input.is_theirs() {
            // A reminder that finds the chat busy is claimed again when its lease ends.
            return (job.done)(false);
        }
        metrics().shed.one();
        let shared = self.shared.clone();
        tokio::spawn(Mark::new(job.update).on(async move {
            warn!("a chat sent more than it may; an update was shed");
            match &job.press {
                Some(press) => {
                    let busy = shared.text("busy");
                    shared.sender.answer(press, busy.as_deref()).await;
                }
                None => shared.excuse(person, "busy").await,
            }
            (job.done)(true);
        }));
    }
}

async fn work(chats: Chats, person: Person, mut jobs: mpsc::Receiver<Job>, flood: Flood) {
    let mut unspoken = 0;
    let mut failed: Option<Failed> = None;
    loop {
        let patience = if unspoken > 0 { CALM } else { IDLE };
        let job = match tokio::time::timeout(patience, jobs.recv()).await {
            Ok(Some(job)) => job,
            Ok(None) => return,
            // The flood is over. Any turn shows where they are now.
            Err(_) if unspoken > 0 => Job::of_ours(Input::Due, |_| {}),
            Err(_) => {
                // Nobody can give a job while the table is held, so none is lost.
                let mut workers = chats.workers.lock().unwrap_or_else(|e| e.into_inner());
                if jobs.is_empty() {
                    workers.remove(&person);
                    return;
                }
                continue;
            }
        };
        let Job {
            input,
            update,
            language,
            door,
            press,
            received,
            done,
        } = job;
        // Of many taps only the last needs to be shown, and it is.
        let is_last = !flood.is_on() && (jobs.is_empty() || unspoken >= MOST_UNSPOKEN);
        unspoken = if is_last { 0 } else { unspoken + 1 };
        let is_theirs = input.is_theirs();
        if is_theirs && failed.is_some_and(|f| f.is_before(update)) {
            // What failed comes again first.
            done(false);
            continue;
        }
        let task = Task {
            shared: chats.shared.clone(),
            person,
            input,
            origin: Origin {
                update,
                language,
                door,
            },
            press,
            received,
            mark: Mark::new(update),
            is_last,
            is_repeated: failed.is_some_and(|f| f.update == update),
        };
        failed = None;
        if !task.mark.on(task.handle(done)).await && is_theirs {
            failed = Some(Failed {
                update,
                at: Instant::now(),
            });
            // It comes again, and what waits behind it then comes behind it.
            while let Ok(job) = jobs.try_recv() {
                (job.done)(false);
            }
        }
    }
}

/// An update that could not be stored and comes again.
#[derive(Clone, Copy)]
struct Failed {
    update: Option<UpdateId>,
    at: Instant,
}

impl Failed {
    /// Whether it is still to come before this one.
    fn is_before(&self, other: Option<UpdateId>) -> bool {
        self.update != other && self.at.elapsed() < IDLE
    }
}

/// One update, or one timer, and how it is handled.
#[derive(Clone)]
struct Task {
    shared: Arc<Shared>,
    person: Person,
    input: Input,
    origin: Origin,
    press: Option<String>,
    received: Option<Instant>,
    /// What its lines in the log have in common.
    mark: Mark,
    /// Nothing of this chat waits behind it.
    is_last: bool,
    /// It was tried before, and the person was told.
    is_repeated: bool,
}

/// What storing an update came to.
enum Stored {
    /// It is stored.
    Done(Box<Turned>),
    /// It never can be, and the person was told.
    Never,
    /// It must come again.
    NotYet,
}

impl Task {
    /// Store it, acknowledge it, and show what came of it. A handler that breaks is tried again, and
    /// the update parked when it always does. The answer is whether it is done with, and `done` is
    /// told the same, for an update of theirs not much later than it is stored.
    async fn handle(self, done: Box<dyn FnOnce(bool) + Send>) -> bool {
        for _ in 0..MOST_ATTEMPTS {
            let Ok(stored) = tokio::spawn(self.mark.on(self.clone().store())).await else {
                error!("an update broke its handler");
                continue;
            };
            let turned = match stored {
                Stored::Done(turned) => turned,
                Stored::Never => {
                    self.came_to(TurnOutcome::Failed);
                    done(true);
                    return true;
                }
                Stored::NotYet => {
                    self.came_to(TurnOutcome::Failed);
                    done(false);
                    return false;
                }
            };
            self.came_to(&*turned);
            let show = tokio::spawn(self.mark.on(self.clone().show(*turned.clone())));
            if self.input.is_theirs() {
                let (is_shown, shown) = oneshot::channel();
                tokio::spawn(self.mark.on(self.acknowledge(turned.notice, shown, done)));
                broke(show.await);
                // Nobody waits for it any more when it took too long.
                let _ = is_shown.send(());
            } else {
                broke(show.await);
                done(true);
            }
            return true;
        }
        self.came_to(TurnOutcome::Failed);
        self.give_up().await;
        done(true);
        true
    }

    /// Count the turn.
    fn came_to(&self, outcome: impl Into<TurnOutcome>) {
        metrics().turns.of(&self.input).of(outcome).one();
    }

    /// Answer the press, and tell that the update is done with once it is safe. It is so whether
    /// shown or not, but the next process is spared to show it.
    async fn acknowledge(
        self,
        notice: Option<&'static str>,
        shown: oneshot::Receiver<()>,
        done: Box<dyn FnOnce(bool) + Send>,
    ) {
        if let Some(press) = &self.press {
            let notice = notice.and_then(|id| self.shared.text(id));
            self.shared.sender.answer(press, notice.as_deref()).await;
        }
        let is_safe = self.is_safe().await;
        let _ = tokio::time::timeout(MOST_SHOWING, shown).await;
        done(is_safe);
    }

    /// Wait until what was stored is as safe as the store can make it.
    async fn is_safe(&self) -> bool {
        for _ in 0..MOST_WAITS {
            match self.shared.bot.store.durable().await {
                Ok(()) => return true,
                Err(error @ StoreError::Unusable(_)) => {
                    // What was stored is gone; only those who come again know it.
                    error!(%error, "the store lost what it had taken");
                    self.shared.broken.send_replace(true);
                    return false;
                }
                Err(error) => {
                    warn!(%error, "an update is stored, but not safely yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        // A bot that hears nobody is worse than one that may lose something if a master dies too.
        error!("no replica has an update; it is acknowledged all the same");
        true
    }

    /// The handler always breaks.
    async fn give_up(&self) {
        let shared = &self.shared;
        shared
            .park(Some(self.person), self.origin.update, "panic")
            .await;
        if self.input.is_theirs() {
            return self.apologise("error").await;
        }
        let (bot, person) = (shared.bot.clone(), self.person);
        let until = shared.clock.now() + AFTER_PANIC;
        // It may break as its handler did.
        let put_off = async move { put_off(&bot, person, until).await };
        let put_off = tokio::spawn(self.mark.on(put_off));
        if !matches!(put_off.await, Ok(Ok(()))) {
            warn!("somebody whose timer breaks its handler could not be put off");
        }
    }

    async fn apologise(&self, id: &'static str) {
        if let Some(press) = &self.press {
            self.shared.sender.answer(press, None).await;
        }
        // Nobody waits for a timer of ours.
        if self.input.is_theirs() {
            self.shared.excuse(self.person, id).await;
        }
    }

    /// Take one turn.
    async fn store(self) -> Stored {
        let shared = &*self.shared;
        let mut wait = Duration::from_millis(100);
        for attempt in 1..=TRIES {
            let now = shared.clock.now();
            match take(&shared.bot, self.person, &self.input, &self.origin, now).await {
                Ok(turned) => {
                    shared.wake.notify_one();
                    return Stored::Done(Box::new(turned));
                }
                Err(StoreError::Unavailable(_)) if attempt < TRIES => {
                    warn!(attempt, "the store does not answer; trying again");
                    tokio::time::sleep(wait).await;
                    wait *= 3;
                }
                Err(error) => {
                    error!(%error, "an update could not be stored");
                    return self.not_stored(&error).await;
                }
            }
        }
        Stored::NotYet
    }

    /// Tell the person, as far as they must know.
    async fn not_stored(&self, error: &StoreError) -> Stored {
        match error {
            StoreError::Full(_) => {
                self.apologise("full").await;
                Stored::Never
            }
            StoreError::Unreadable(_) => {
                let shared = &self.shared;
                if shared.is_news(self.person, "unreadable") {
                    let update = self.origin.update;
                    shared
                        .park(Some(self.person), update, "unreadable record")
                        .await;
                }
                self.apologise("error").await;
                Stored::Never
            }
            // The store may answer later, or be mended: Telegram gives the update again.
            StoreError::Unavailable(_) | StoreError::Unusable(_) => {
                if !self.is_repeated {
                    self.apologise("trouble").await;
                }
                Stored::NotYet
            }
        }
    }

    /// Show what came of it.
    async fn show(self, turned: Turned) {
        let reply = FirstReply::new(&self.shared.sender, self.received);
        if turned.turned_away {
            self.turn_away(&reply).await;
        }
        self.say_farewell(&turned, &reply).await;
        if let Some(record) = turned.record
            && self.input != Input::Blocked
            && (self.is_last || record.body.owed.iter().any(|o| is_urgent(&o.owed)))
        {
            let (bot, person) = (&self.shared.bot, self.person);
            let urgency = if self.input.is_theirs() {
                Priority::Answer
            } else {
                Priority::Reminder
            };
            let clock = &*self.shared.clock;
            if let Err(error) = deliver(bot, person, record, &reply, urgency, clock).await {
                // It is stored as owed, and the reminder loop tries again.
                warn!(%error, "a delivery could not be settled");
            }
        }
        self.shared.wake.notify_one();
    }

    /// Answer somebody who may not come in.
    async fn turn_away(&self, channel: &dyn Channel) {
        let shared = &self.shared;
        let from = (self.origin.door, self.origin.language.as_deref());
        let (d, now) = (&shared.bot.dialogue, shared.clock.now());
        shared
            .doorkeeper
            .turn_away(d, channel, self.person, &self.input, from, now)
            .await;
    }

    /// Last words to somebody of whom nothing is kept any more.
    async fn say_farewell(&self, turned: &Turned, sender: &dyn Channel) {
        for (n, view) in turned.farewell.iter().enumerate() {
            sender.ready(self.person, Priority::Answer).await;
            // The first takes the place of the question, which has no buttons then.
            let there = turned.left_behind.first().filter(|_| n == 0);
            let is_said = match there {
                Some(message) => sender.edit(self.person, *message, view).await.is_ok(),
                None => false,
            };
            if !is_said {
                let _ = sender.send(self.person, view).await;
            }
        }
        // What showed a round promises nothing any more.
        let over = view::live_over(&self.shared.bot.dialogue);
        for message in turned.left_behind.iter().skip(1) {
            sender.ready(self.person, Priority::Progress).await;
            let _ = sender.edit(self.person, *message, &over).await;
        }
    }
}

/// What is to be shown is stored, so whoever finds it due tries again.
fn broke(shown: Result<(), tokio::task::JoinError>) {
    if shown.is_err() {
        error!("what came of an update broke while it was shown");
    }
}

fn is_urgent(owed: &Owed) -> bool {
    owed.priority().is_some()
}
