//! One worker for each chat: in order, bounded, isolated. A panic, a slow chat or a flood never
//! touches another. What cannot be finished comes again, and with it all that waits behind it.

mod job;
mod patience;
mod task;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{error, warn};

use super::access::Doorkeeper;
use super::sender::Sender;
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::engine::{Priority, View};
use crate::logs::Mark;
use crate::metrics::metrics;
use crate::store::commons::DeadLetter;
use crate::store::{Person, Store, UpdateId};
use crate::turn::{Bot, Channel};

pub use job::{Answer, Done, End, Job};
use patience::Patience;
pub use task::MOST_ATTEMPTS;
use worker::{CALM, Worker};

/// How many updates of one chat may wait; more are answered with "too many at once".
const MOST_WAITING: usize = 10;

/// The same excuse is made to the same person only this often.
const EXCUSE_EVERY: Duration = Duration::from_secs(60);

/// Everything a worker needs.
pub struct Shared {
    /// Dialogue and store; another dialogue may take the place of this one.
    bot: RwLock<Bot>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The way out.
    pub sender: Sender,
    /// The way in.
    pub doorkeeper: Doorkeeper,
    /// Told when somebody is due.
    pub alarm: Arc<Alarm>,
    /// Whether so much is under way that nothing is acknowledged later than it must be.
    pub hurried: watch::Sender<bool>,
    /// Whether this process must end, and begin again from what the store has.
    pub broken: watch::Sender<bool>,
    /// How long replicas are waited for.
    patience: Patience,
    /// What was begun and is neither shown nor given back yet.
    pub under_way: TaskTracker,
    /// When which excuse was last made to whom.
    excuses: Mutex<HashMap<(Person, &'static str), Instant>>,
    /// Whether the program is to stop: nothing more is begun then.
    stop: watch::Receiver<bool>,
}

impl Shared {
    /// What all workers of a bot share. Nothing is begun once `stop` says so.
    pub fn new(
        bot: Bot,
        clock: Arc<dyn Clock>,
        sender: Sender,
        doorkeeper: Doorkeeper,
        stop: watch::Receiver<bool>,
    ) -> Shared {
        Shared {
            store: bot.store.clone(),
            bot: RwLock::new(bot),
            clock,
            sender,
            doorkeeper,
            alarm: Arc::default(),
            hurried: watch::Sender::new(false),
            broken: watch::Sender::new(false),
            patience: Patience::default(),
            under_way: TaskTracker::new(),
            excuses: Mutex::default(),
            stop,
        }
    }

    /// The bot as it is now.
    pub fn bot(&self) -> Bot {
        // Nothing is left half done under this lock.
        self.bot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on turns are taken with this bot. What was begun ends with the one before.
    pub fn replace(&self, bot: Bot) {
        *self.bot.write().unwrap_or_else(PoisonError::into_inner) = bot;
    }

    /// Whether nothing more is to be begun.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

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
        let d = &*self.bot().dialogue;
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
            if let Err(error) = self.store.park(&letter).await {
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
    workers: Arc<Mutex<HashMap<Person, Line>>>,
}

/// The line to a worker.
struct Line {
    jobs: mpsc::Sender<Box<InHand>>,
    flood: Flood,
}

/// A job, which counts as under way. It goes to the worker in a box: a queue keeps room for many.
struct InHand {
    job: Job,
    token: TaskTrackerToken,
}

impl Line {
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
        let token = self.shared.under_way.token();
        let mut in_hand = Box::new(InHand { job, token });
        if let Some(line) = workers.get(&person) {
            if in_hand.job.input.is_theirs() && line.is_flooded() {
                line.flood.rises();
                drop(workers);
                return self.shed(person, *in_hand);
            }
            match line.jobs.try_send(in_hand) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(shed)) => {
                    line.flood.rises();
                    drop(workers);
                    return self.shed(person, *shed);
                }
                Err(mpsc::error::TrySendError::Closed(back)) => in_hand = back,
            }
        }
        let (send, receive) = mpsc::channel(MOST_WAITING);
        // A new queue has room for its first job.
        let _ = send.try_send(in_hand);
        let flood = Flood::default();
        let line = Line {
            jobs: send,
            flood: flood.clone(),
        };
        workers.insert(person, line);
        let worker = Worker::new(self.shared.clone(), person, receive, flood);
        let all = self.workers.clone();
        tokio::spawn(worker.run(move |jobs| {
            // Nobody can give a job while the table is held, so none is lost.
            let mut workers = all.lock().unwrap_or_else(|e| e.into_inner());
            let may_end = jobs.is_empty();
            if may_end {
                workers.remove(&person);
            }
            may_end
        }));
    }

    fn shed(&self, person: Person, in_hand: InHand) {
        let InHand { job, token } = in_hand;
        if !job.input.is_theirs() {
            // A reminder that finds the chat busy is claimed again when its lease ends.
            return (job.done)(End::Again);
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
            (job.done)(End::finished());
            drop(token);
        }));
    }
}
