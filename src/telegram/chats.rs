//! One worker for each chat: in order, bounded, isolated. A panic, a slow chat or a flood never
//! touches another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tracing::{error, warn};

use super::access::Gate;
use super::sender::Sender;
use crate::clock::Clock;
use crate::engine::{Input, View};
use crate::store::{Person, StoreError, UpdateId};
use crate::turn::{Bot, Channel, Door, Origin, deliver, take};

/// How many updates of one chat may wait; more are answered with "too many at once".
const MOST_WAITING: usize = 10;

/// A worker with nothing to do ends after this long.
const IDLE: Duration = Duration::from_secs(60);

/// How often a turn is tried against a store that does not answer.
const TRIES: u32 = 5;

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
    /// Called once the update is finished (true), or must come again (false).
    pub done: Box<dyn FnOnce(bool) + Send>,
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
    pub gate: Gate,
    /// Woken when somebody may be due sooner than was known.
    pub wake: Notify,
}

/// The workers, by chat.
#[derive(Clone)]
pub struct Chats {
    shared: Arc<Shared>,
    workers: Arc<Mutex<HashMap<Person, mpsc::Sender<Job>>>>,
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
        let mut workers = self.workers.lock().unwrap_or_else(|e| e.into_inner());
        let mut job = job;
        if let Some(worker) = workers.get(&person) {
            match worker.try_send(job) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(shed)) => {
                    drop(workers);
                    return self.shed(person, shed);
                }
                Err(mpsc::error::TrySendError::Closed(back)) => job = back,
            }
        }
        let (send, receive) = mpsc::channel(MOST_WAITING);
        // A new queue has room for its first job.
        let _ = send.try_send(job);
        workers.insert(person, send);
        tokio::spawn(work(self.clone(), person, receive));
    }

    /// How many chats have a worker.
    pub fn busy(&self) -> usize {
        self.workers.lock().unwrap_or_else(|e| e.into_inner()).len()
    }

    fn shed(&self, person: Person, job: Job) {
        if job.update.is_none() {
            // A reminder that finds the chat busy is claimed again when its lease ends.
            return (job.done)(false);
        }
        let shared = self.shared.clone();
        tokio::spawn(async move {
            warn!("a chat sent more than it may; an update was shed");
            if let Some(press) = &job.press {
                shared
                    .sender
                    .answer(press, text(&shared, "busy").as_deref())
                    .await;
            } else if let Some(busy) = text(&shared, "busy") {
                let _ = shared
                    .sender
                    .send(
                        person,
                        &View {
                            text: busy,
                            rows: Vec::new(),
                        },
                        2,
                    )
                    .await;
            }
            (job.done)(true);
        });
    }
}

fn text(shared: &Shared, id: &str) -> Option<String> {
    shared
        .bot
        .dialogue
        .messages
        .get(id)
        .map(|m| m.text.fill(&plain_words(shared)))
}

/// Words for texts to somebody whose country is not at hand.
fn plain_words(shared: &Shared) -> crate::dialogue::Words {
    let d = &shared.bot.dialogue;
    let session = crate::engine::begin(d);
    crate::engine::words::words(d, &session, &crate::engine::State::of(d, &session))
}

async fn work(chats: Chats, person: Person, mut jobs: mpsc::Receiver<Job>) {
    loop {
        let job = match tokio::time::timeout(IDLE, jobs.recv()).await {
            Ok(Some(job)) => job,
            Ok(None) => return,
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
            done,
        } = job;
        let origin = Origin {
            update,
            language,
            door,
        };
        let shared = chats.shared.clone();
        let handled = tokio::spawn(handle(shared, person, input, origin, press.clone())).await;
        match handled {
            Ok(finished) => done(finished),
            Err(panicked) => {
                error!(
                    panic = panicked.is_panic(),
                    "an update broke its handler; the person was told"
                );
                if let Some(press) = &press {
                    chats.shared.sender.answer(press, None).await;
                }
                apologise(&chats.shared, person).await;
                done(true);
            }
        }
    }
}

async fn apologise(shared: &Shared, person: Person) {
    if let Some(text) = text(shared, "error") {
        let _ = shared
            .sender
            .send(
                person,
                &View {
                    text,
                    rows: Vec::new(),
                },
                2,
            )
            .await;
    }
}

/// Take one turn and deliver it. The answer is whether the update is finished: it is committed,
/// or can never be.
async fn handle(
    shared: Arc<Shared>,
    person: Person,
    input: Input,
    origin: Origin,
    press: Option<String>,
) -> bool {
    let mut wait = Duration::from_millis(100);
    for attempt in 1..=TRIES {
        let now = shared.clock.now();
        match take(&shared.bot, person, &input, &origin, now).await {
            Ok(turned) => {
                shared.wake.notify_one();
                let notice = turned.notice.and_then(|id| text(&shared, id));
                let answer = async {
                    if let Some(press) = &press {
                        shared.sender.answer(press, notice.as_deref()).await;
                    }
                };
                let speak = async {
                    if turned.turned_away {
                        let from = (origin.door, origin.language.as_deref());
                        let (d, out) = (&shared.bot.dialogue, &shared.sender);
                        let gate = &shared.gate;
                        gate.turn_away(d, out, person, &input, from, now).await;
                    }
                    for (n, view) in turned.farewell.iter().enumerate() {
                        // The first takes the place of the question, which has no buttons then.
                        let there = turned.left_behind.filter(|_| n == 0);
                        let is_said = match there {
                            Some(message) => {
                                shared.sender.edit(person, message, view).await.is_ok()
                            }
                            None => false,
                        };
                        if !is_said {
                            let _ = shared.sender.send(person, view, 2).await;
                        }
                    }
                    if let Some(record) = turned.record
                        && let Err(error) =
                            deliver(&shared.bot, person, record, &shared.sender, now).await
                    {
                        // It is stored as owed, and the reminder loop tries again.
                        warn!(%error, "a delivery could not be settled");
                    }
                };
                tokio::join!(answer, speak);
                shared.wake.notify_one();
                return true;
            }
            Err(StoreError::Unavailable(_)) if attempt < TRIES => {
                warn!(attempt, "the store does not answer; trying again");
                tokio::time::sleep(wait).await;
                wait *= 3;
            }
            Err(error) => {
                let readable = matches!(error, StoreError::Unavailable(_));
                error!(%error, "an update could not be stored");
                if let Some(press) = &press {
                    shared.sender.answer(press, None).await;
                }
                apologise(&shared, person).await;
                // A store that does not answer may do so later: let Telegram send it again.
                return !readable;
            }
        }
    }
    false
}
