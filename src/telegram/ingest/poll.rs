//! Long polling with late acknowledgement.
//!
//! Telegram forgets every update below the offset we ask from, so we ask from the lowest update
//! that is not finished. Those in flight come again and are passed over by their numbers. Only the
//! process that leads polls; after another died, each update that comes is counted before it is
//! handled, so that one that ends the process cannot do so for ever. One that was under way twice
//! when a process died is handled alone.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use teloxide::types::Me;
use teloxide::{ApiError, RequestError};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::absence::{self, Absence};
use super::flight::{Flight, Stage};
use super::frequency::Frequency;
use super::{Intake, Way};
use crate::fail_point;
use crate::metrics::metrics;
use crate::pulse::{Loop, pulse};
use crate::telegram::chats::{Chats, Done, End, Shared};
use crate::telegram::client::Client;
use crate::telegram::inbound::Arrived;
use crate::telegram::leader::Role;

/// How long Telegram holds a poll open while it has nothing for us, in seconds.
const HOLD: u32 = 10;

/// The most updates of one poll, by the Bot API.
const MOST: u8 = 100;

/// While updates are in flight a poll comes back at once, and the Bot API server gives only one
/// update to a poller that repeats an offset within half a second. So the same offset waits longer.
const PACE: Duration = Duration::from_millis(600);

/// With many updates in flight the next poll waits for most of them: all that are still in flight would
/// only come again.
const LINGER: Duration = Duration::from_millis(5);

/// So many updates in flight hold nobody up.
const FEW: usize = 8;

/// While more than so many updates come in a second, somebody is always waiting for the next poll.
const BUSY: f64 = 50.0;

/// How long a stop waits for updates in flight. With the last request it stays below the time that
/// `app` gives.
const LANDING: Duration = Duration::from_secs(4);

/// How often a process that stands by shows that it is alive.
const STANDING_BY: Duration = Duration::from_secs(10);

/// Poll while this process leads, until told to stop, and give each update to its chat.
pub async fn run(
    client: Client,
    me: Me,
    shared: Arc<Shared>,
    chats: Chats,
    heartbeat: PathBuf,
    mut role: watch::Receiver<Role>,
    mut stop: watch::Receiver<bool>,
) {
    let intake = Arc::new(Intake::new(me, shared.clone(), chats.clone()));
    while !*stop.borrow() {
        let now = *role.borrow_and_update();
        if let Role::Leader { unclean, .. } = now {
            let poll = Poll {
                client: client.clone(),
                absence: Absence::of_before(shared.clone(), chats.clone(), heartbeat.clone()).await,
                shared: shared.clone(),
                chats: chats.clone(),
                intake: intake.clone(),
                flight: Arc::default(),
                landed: Arc::default(),
                careful: unclean,
                counted: HashSet::new(),
                waited_below: None,
                frequency: Frequency::default(),
            };
            poll.lead(&mut role, &mut stop).await;
        } else {
            pulse().beat(Loop::Ingest);
            tokio::select! {
                _ = role.changed() => {}
                _ = stop.changed() => {}
                () = tokio::time::sleep(STANDING_BY) => {}
            }
        }
    }
}

/// One term of leading.
struct Poll {
    client: Client,
    shared: Arc<Shared>,
    chats: Chats,
    intake: Arc<Intake>,
    flight: Arc<Mutex<Flight>>,
    landed: Arc<Notify>,
    /// The process before died: each update is counted before it is handled, until all that
    /// waited for us is done.
    careful: bool,
    /// The updates that were counted in this term.
    counted: HashSet<i64>,
    /// What waited for us when we came, or came back, lies below this.
    waited_below: Option<u32>,
    absence: Absence,
    frequency: Frequency,
}

impl Poll {
    /// Poll until the role changes or the program stops.
    async fn lead(mut self, role: &mut watch::Receiver<Role>, stop: &mut watch::Receiver<bool>) {
        let mut wait = Duration::from_millis(500);
        if self.careful {
            absence::finish_what_was_begun(&self.shared, &self.chats).await;
        }
        let mut asked_from = 0;
        while !*stop.borrow() && !role.has_changed().unwrap_or(true) {
            pulse().beat(Loop::Ingest);
            let (offset, idle) = {
                let mut f = self.flight();
                (f.offset(), f.is_idle())
            };
            // New updates may be in flight at every moment, so they are not waited for.
            if self.waited_below.is_some_and(|below| offset >= below) {
                self.all_that_waited_is_done().await;
            }
            if offset != asked_from {
                fail_point::reach("acknowledge.before");
            }
            let hold = if idle { HOLD } else { 0 };
            let deadline = Duration::from_secs(u64::from(HOLD) + 8);
            let answer = tokio::select! {
                answer = tokio::time::timeout(deadline, self.client.get_updates(offset, MOST, hold)) => answer,
                _ = stop.changed() => break,
                _ = role.changed() => {
                    role.mark_changed();
                    break;
                }
            };
            if offset != asked_from {
                fail_point::reach("acknowledge.after");
                asked_from = offset;
            }
            match answer {
                Ok(Ok(updates)) => {
                    wait = Duration::from_millis(500);
                    let is_all = updates.len() < usize::from(MOST);
                    if self.absence.ends() {
                        self.waited_below = None;
                    }
                    let new = self.give_all(updates, stop).await;
                    self.frequency.add(new, Instant::now());
                    if is_all && self.waited_below.is_none() {
                        let end = self.flight().end();
                        self.waited_below = Some(end);
                    }
                    self.hurry();
                    self.pace(offset, stop).await;
                }
                Ok(Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))) => {
                    warn!("another process polls with this token; waiting for it to end");
                    pause(&mut wait, stop).await;
                }
                Ok(Err(RequestError::Api(ApiError::CantGetUpdates))) => {
                    error!(
                        "Telegram posts updates to a webhook, so that polling gets none: set \
                         BACKTALK_WEBHOOK_URL to it, or take it away (`backtalk doctor` says how)"
                    );
                    pause(&mut wait, stop).await;
                }
                Ok(Err(RequestError::Api(ApiError::InvalidToken))) => {
                    error!("Telegram no longer knows this bot token");
                    pause(&mut wait, stop).await;
                }
                Ok(Err(RequestError::RetryAfter(seconds))) => {
                    wait = seconds.duration();
                    pause(&mut wait, stop).await;
                }
                Ok(Err(other)) => {
                    warn!(
                        kind = crate::telegram::kind(&other),
                        "polling failed; trying again"
                    );
                    pause(&mut wait, stop).await;
                }
                Err(_) => warn!("Telegram does not answer; polling again"),
            }
        }
        self.land().await;
    }

    fn flight(&self) -> MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With few in flight a new message is shown before it is acknowledged; with many the next would wait
    /// for that, and also where they come one soon after the other.
    fn hurry(&self) {
        let is_much = self.flight().in_flight() > FEW || self.frequency.a_second > BUSY;
        self.shared.hurried.send_if_modified(|hurried| {
            let changes = *hurried != is_much;
            *hurried = is_much;
            changes
        });
    }

    /// Give each to its chat; the answer is how many are new.
    async fn give_all(&mut self, updates: Vec<Bytes>, stop: &watch::Receiver<bool>) -> usize {
        let mut new = 0;
        for update in updates {
            // What is not taken comes again, to us or to the next.
            if *stop.borrow() {
                break;
            }
            pulse().beat(Loop::Ingest);
            let intake = self.intake.clone();
            let Some(update) = Arrived::look(&update, intake.name()) else {
                warn!("Telegram gave something that is no update");
                continue;
            };
            let id = update.id;
            if !self.flight().is_new(id) {
                continue;
            }
            new += 1;
            let tries = self.tries(id).await;
            // One that was under way when a process died may have ended it. It flies alone, so
            // that it takes no other with it.
            let is_suspect = tries > 1;
            if is_suspect {
                self.has_landed().await;
            }
            self.flight().take(id);
            let (flight, landed) = (self.flight.clone(), self.landed.clone());
            let flying = metrics().in_flight.hold();
            let done: Done = Box::new(move |end| {
                drop(flying);
                let mut f = flight.lock().unwrap_or_else(PoisonError::into_inner);
                let stage = match end {
                    End::Finished(_) => Stage::Finished,
                    End::Again => Stage::Again,
                };
                f.taken.insert(id, stage);
                landed.notify_one();
            });
            intake.take(update, tries, Way::Poll, done).await;
            if is_suspect {
                self.has_landed().await;
            }
        }
        new
    }

    /// The next poll comes as soon as it can ask for something else.
    async fn pace(&self, offset: u32, stop: &mut watch::Receiver<bool>) {
        let pace = tokio::time::sleep(PACE);
        tokio::pin!(pace);
        let lingers = Instant::now() + LINGER;
        loop {
            let (now, idle, is_much) = {
                let mut f = self.flight();
                (f.offset(), f.is_idle(), f.in_flight() > FEW)
            };
            if idle || now != offset && !(is_much && Instant::now() < lingers) {
                return;
            }
            tokio::select! {
                () = self.landed.notified() => {}
                () = &mut pace => return,
                _ = stop.changed() => return,
            }
        }
    }

    /// Everything that came while nobody polled is handled.
    async fn all_that_waited_is_done(&mut self) {
        if self.careful {
            match self.shared.store.calm().await {
                Ok(()) => {
                    self.careful = false;
                    self.counted.clear();
                }
                Err(error) => warn!(%error, "counts of tries could not be forgotten"),
            }
        }
        self.absence.ask_again().await;
    }

    /// Let what is in flight end, and confirm what is finished, so that the next process does not
    /// get it again.
    async fn land(&self) {
        if !self.has_landed().await {
            info!("some updates are still under way; they are stored, or will come again");
        }
        let offset = self.flight().offset();
        if offset == 0 {
            return;
        }
        let last = self.client.get_updates(offset, 1, 0);
        if !matches!(
            tokio::time::timeout(Duration::from_secs(3), last).await,
            Ok(Ok(_))
        ) {
            info!("the last updates could not be confirmed; they will come again");
        }
    }

    /// Wait until nothing is in flight, but not for long.
    async fn has_landed(&self) -> bool {
        let landing = async {
            while !self.flight().is_idle() {
                self.landed.notified().await;
            }
        };
        tokio::time::timeout(LANDING, landing).await.is_ok()
    }

    /// Count one more try of an update, after another process died; the answer is how many there
    /// were, with this one. What comes again to the same process did not end it.
    async fn tries(&mut self, update: u32) -> u32 {
        let update = i64::from(update);
        if !self.careful || !self.counted.insert(update) {
            return 0;
        }
        match self.shared.store.attempt(update).await {
            Ok(tries) => tries,
            Err(error) => {
                warn!(%error, "a try could not be counted");
                0
            }
        }
    }
}

async fn pause(wait: &mut Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(*wait) => {}
        _ = stop.changed() => {}
    }
    *wait = (*wait * 2).min(Duration::from_secs(30));
}
