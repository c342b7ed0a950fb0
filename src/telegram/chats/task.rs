//! One update, or one timer: stored, acknowledged, and what is said of it beside the record.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{error, warn};

use super::{Done, End, Shared};
use crate::engine::{Input, Priority, view};
use crate::logs::Mark;
use crate::metrics::{TurnOutcome, metrics};
use crate::store::{Person, StoreError};
use crate::telegram::first_reply::FirstReply;
use crate::telegram::ingest::Way;
use crate::turn::{Channel, Origin, Turned, put_off, take};

/// How often a turn is tried against a store that does not answer.
const TRIES: u32 = 5;

/// How often an update is handled that breaks its handler, before it is parked.
pub const MOST_ATTEMPTS: u32 = 5;

/// How long showing what came of an update may hold up that it is acknowledged: as long as Telegram
/// gives it, it gives nobody the hundredth update behind it.
const MOST_SHOWING: Duration = Duration::from_secs(2);

/// How long somebody is left alone whose timer breaks its handler.
const AFTER_PANIC: SignedDuration = SignedDuration::from_hours(1);

/// One update, or one timer, and how it is handled.
pub struct Task<'a> {
    pub shared: &'a Arc<Shared>,
    pub person: Person,
    pub input: Input,
    pub origin: Origin,
    pub press: Option<String>,
    /// When the update came; none for what is no update.
    pub received: Option<Instant>,
    /// What its lines in the log have in common.
    pub mark: Mark,
    /// It was tried before, and the person was told.
    pub is_repeated: bool,
}

/// What storing an update came to.
pub enum Stored {
    /// It is stored.
    Done(Box<Turned>),
    /// It never can be, and the person was told.
    Never,
    /// It must come again.
    NotYet,
}

impl Task<'_> {
    /// Store it. A handler that breaks is tried again, and the update parked when it always does.
    pub async fn take(&self) -> Stored {
        for _ in 0..MOST_ATTEMPTS {
            // A turn changes nothing but the store, so that one that broke leaves nothing behind.
            match AssertUnwindSafe(self.store()).catch_unwind().await {
                Ok(stored) => {
                    self.came_to(match &stored {
                        Stored::Done(turned) => TurnOutcome::from(&**turned),
                        Stored::Never | Stored::NotYet => TurnOutcome::Failed,
                    });
                    return stored;
                }
                Err(_) => error!("an update broke its handler"),
            }
        }
        self.came_to(TurnOutcome::Failed);
        self.give_up().await;
        Stored::Never
    }

    /// Count the turn.
    fn came_to(&self, outcome: TurnOutcome) {
        metrics().turns.of(&self.input).of(outcome).one();
    }

    /// Answer the press, and tell that the update is done with once it is safe. Where it is polled for
    /// and not much else is under way, it is shown and answered first, so that the next process is spared
    /// to do it again; `shown` ends then.
    pub fn acknowledge(
        &self,
        notice: Option<&'static str>,
        way: Way,
        shown: oneshot::Receiver<()>,
        done: Done,
        token: &TaskTrackerToken,
    ) {
        let (shared, press, token) = (self.shared.clone(), self.press.clone(), token.clone());
        let notice = notice.and_then(|id| shared.text(id));
        tokio::spawn(self.mark.on(async move {
            match press {
                // It goes with the answer that Telegram waits for.
                Some(press) if way == Way::Webhook => match is_safe(&shared).await {
                    true => done(End::answering(press, notice)),
                    false => done(End::Again),
                },
                press => {
                    let (tell, answered) = oneshot::channel();
                    let answering = async {
                        if let Some(press) = press {
                            shared.sender.answer(&press, notice.as_deref()).await;
                        }
                        // Nobody waits for it any more when it took too long.
                        let _ = tell.send(());
                    };
                    let acknowledging = async {
                        let is_safe = is_safe(&shared).await;
                        let mut hurried = shared.hurried.subscribe();
                        // Whether they came to an end or were given up is the same here.
                        let all = async { drop((answered.await, shown.await)) };
                        if way == Way::Poll {
                            tokio::select! {
                                () = all => {}
                                _ = hurried.wait_for(|hurried| *hurried) => {}
                                () = tokio::time::sleep(MOST_SHOWING) => {}
                            }
                        }
                        done(match is_safe {
                            true => End::finished(),
                            false => End::Again,
                        });
                    };
                    tokio::join!(answering, acknowledging);
                }
            }
            drop(token);
        }));
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
        let until = shared.clock.now() + AFTER_PANIC;
        // It may break as its handler did.
        let bot = shared.bot();
        let put_off = AssertUnwindSafe(put_off(&bot, self.person, until)).catch_unwind();
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
    async fn store(&self) -> Stored {
        let shared = &**self.shared;
        let bot = shared.bot();
        let mut wait = Duration::from_millis(100);
        for attempt in 1..=TRIES {
            let now = shared.clock.now();
            match take(&bot, self.person, &self.input, &self.origin, now).await {
                Ok(turned) => {
                    let record = turned.record.as_ref();
                    shared.alarm.due(record.and_then(|record| record.due));
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

    /// Say what belongs to no record: to somebody who may not come in, or of whom nothing is kept any
    /// more.
    pub async fn say_what_is_not_kept(&self, turned: &Turned) {
        let reply = FirstReply::new(&self.shared.sender, self.received);
        if turned.turned_away {
            self.turn_away(&reply).await;
        }
        self.say_farewell(turned, &reply).await;
    }

    /// Answer somebody who may not come in.
    async fn turn_away(&self, channel: &dyn Channel) {
        let shared = &self.shared;
        let from = (self.origin.door, self.origin.language.as_deref());
        let (d, now) = (&*shared.bot().dialogue, shared.clock.now());
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
        let over = view::live_over(&self.shared.bot().dialogue);
        for message in turned.left_behind.iter().skip(1) {
            sender.ready(self.person, Priority::Progress).await;
            let _ = sender.edit(self.person, *message, &over).await;
        }
    }
}

/// Wait until what was stored is as safe as the store can make it.
async fn is_safe(shared: &Shared) -> bool {
    loop {
        match shared.store.durable().await {
            Ok(()) => {
                shared.patience.is_rewarded();
                return true;
            }
            Err(error @ StoreError::Unusable(_)) => {
                // What was stored is gone; only those who come again know it.
                error!(%error, "the store lost what it had taken");
                shared.broken.send_replace(true);
                return false;
            }
            Err(error) if shared.patience.ends(Instant::now()) => {
                // A bot that hears nobody is worse than one that may lose something if a master dies
                // too.
                error!(%error, "no replica has an update; it is acknowledged all the same");
                return true;
            }
            Err(error) => {
                warn!(%error, "an update is stored, but not safely yet");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
