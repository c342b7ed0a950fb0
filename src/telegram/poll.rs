//! Long polling with late acknowledgement.
//!
//! Telegram forgets every update below the offset we ask from, so we ask from the lowest update
//! that is not finished. Those in flight come again and are passed over by their numbers. Only the
//! process that leads polls; after another died, each update that comes is counted before it is
//! handled, so that one that ends the process cannot do so for ever. One that was under way twice
//! when a process died is handled alone.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use teloxide::RequestError;
use teloxide::payloads::GetUpdatesSetters;
use teloxide::prelude::Requester;
use teloxide::types::{AllowedUpdate, Me, Update, UpdateKind};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::chats::{Chats, Job, MOST_ATTEMPTS, Shared};
use super::inbound::{self, Inbound};
use super::leader::Role;
use crate::clock::{Clock, SystemClock};
use crate::engine::Input;
use crate::fail_point;
use crate::heartbeat;
use crate::metrics::metrics;
use crate::pulse::{Loop, pulse};
use crate::store::Person;
use crate::store::commons::{self, DeadLetter, Note};
use teloxide::ApiError;

/// How long Telegram holds a poll open while it has nothing for us, in seconds.
const HOLD: u32 = 10;

/// The most updates of one poll, by the Bot API.
const MOST: u8 = 100;

/// While updates are in flight a poll comes back at once, and the Bot API server gives only one
/// update to a poller that repeats an offset within half a second. So the same offset waits longer.
const PACE: Duration = Duration::from_millis(600);

/// How long a stop waits for updates in flight. With the last request it stays below the time that
/// `app` gives.
const LANDING: Duration = Duration::from_secs(4);

/// How long Telegram keeps a press while nobody asks for it, by trials.
const PRESSES_KEPT: SignedDuration = SignedDuration::from_secs(150);

/// Who was active so shortly before the bot went away had perhaps just pressed something.
const JUST_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// How often it is noted that Telegram was reached.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// How far an update has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is being worked on.
    Flying,
    /// It is stored, or can never be.
    Finished,
    /// It could not be stored and must come again; until then it holds the offset.
    Again,
}

/// Updates that were taken and not yet confirmed to Telegram.
#[derive(Default)]
struct Flight {
    taken: BTreeMap<u32, Stage>,
    /// One past the highest update that was ever finished with all below it.
    next: u32,
}

impl Flight {
    /// The offset to ask from. Everything below it is finished, and is forgotten here too.
    fn offset(&mut self) -> u32 {
        while let Some((&id, &Stage::Finished)) = self.taken.first_key_value() {
            self.taken.remove(&id);
            self.next = id.wrapping_add(1);
        }
        self.taken
            .first_key_value()
            .map_or(self.next, |(&id, _)| id)
    }

    /// Whether an update is new to us; it is then in flight.
    fn take(&mut self, id: u32) -> bool {
        let is_new = self.is_new(id);
        if is_new {
            self.taken.insert(id, Stage::Flying);
        }
        is_new
    }

    fn is_new(&self, id: u32) -> bool {
        !matches!(self.taken.get(&id), Some(Stage::Flying | Stage::Finished))
    }

    /// One past the highest update that was ever taken.
    fn end(&self) -> u32 {
        let highest = self.taken.last_key_value();
        highest.map_or(self.next, |(&id, _)| id.wrapping_add(1))
    }

    fn is_idle(&self) -> bool {
        !self.taken.values().any(|stage| *stage == Stage::Flying)
    }
}

/// Poll while this process leads, until told to stop, and give each update to its chat.
pub async fn run(
    bot: teloxide::Bot,
    me: Me,
    shared: Arc<Shared>,
    chats: Chats,
    heartbeat: PathBuf,
    mut role: watch::Receiver<Role>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let now = *role.borrow_and_update();
        if let Role::Leader { unclean, .. } = now {
            let poll = Poll {
                bot: bot.clone(),
                me: Arc::new(me.clone()),
                shared: shared.clone(),
                chats: chats.clone(),
                tree: inbound::tree(),
                flight: Arc::default(),
                landed: Arc::default(),
                careful: unclean,
                counted: HashSet::new(),
                away: None,
                asking: None,
                waited_below: None,
                reached: None,
                noted: None,
                heartbeat: heartbeat.clone(),
            };
            poll.lead(&mut role, &mut stop).await;
        } else {
            pulse().beat(Loop::Ingest);
            tokio::select! {
                _ = role.changed() => {}
                _ = stop.changed() => {}
                () = tokio::time::sleep(NOTE_EVERY) => {}
            }
        }
    }
}

/// One term of leading.
struct Poll {
    bot: teloxide::Bot,
    me: Arc<Me>,
    shared: Arc<Shared>,
    chats: Chats,
    tree: dptree::Handler<'static, Inbound, teloxide::dispatching::DpHandlerDescription>,
    flight: Arc<Mutex<Flight>>,
    landed: Arc<Notify>,
    /// The process before died: each update is counted before it is handled, until all that
    /// waited for us is done.
    careful: bool,
    /// The updates that were counted in this term.
    counted: HashSet<i64>,
    /// The bot was away, and people are to be told once all that waited is done.
    away: Option<Away>,
    /// They are being told, as long as others hold this too.
    asking: Option<Arc<()>>,
    /// What waited for us when we came, or came back, lies below this.
    waited_below: Option<u32>,
    /// When Telegram was last reached, by whichever process.
    reached: Option<Timestamp>,
    /// When that was last written down.
    noted: Option<Instant>,
    /// The file with the sign of life.
    heartbeat: PathBuf,
}

fn in_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A time in which nobody polled, longer than Telegram keeps presses.
#[derive(Debug, Clone, Copy)]
struct Away {
    since: Timestamp,
    until: Timestamp,
}

impl Poll {
    /// Poll until the role changes or the program stops.
    async fn lead(mut self, role: &mut watch::Receiver<Role>, stop: &mut watch::Receiver<bool>) {
        let mut wait = Duration::from_millis(500);
        self.reached = match commons::last_polled(&*self.shared.bot.store).await {
            Ok(reached) => reached,
            Err(error) => {
                warn!(%error, "it is not known how long the bot was away");
                None
            }
        };
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
                answer = tokio::time::timeout(deadline, self.ask(offset, hold)) => answer,
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
                    self.note_reached();
                    self.give_all(updates, stop).await;
                    if is_all && self.waited_below.is_none() {
                        let end = self.flight().end();
                        self.waited_below = Some(end);
                    }
                    self.pace(offset, stop).await;
                }
                Ok(Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))) => {
                    warn!("another process polls with this token; waiting for it to end");
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
                    warn!(kind = super::kind(&other), "polling failed; trying again");
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

    async fn ask(&self, offset: u32, hold: u32) -> Result<Vec<Update>, RequestError> {
        self.bot
            .get_updates()
            .timeout(hold)
            .limit(MOST)
            .allowed_updates([
                AllowedUpdate::Message,
                AllowedUpdate::EditedMessage,
                AllowedUpdate::CallbackQuery,
                AllowedUpdate::MyChatMember,
            ])
            // An offset of 0 means "from the oldest you have".
            .offset(i32::try_from(offset).unwrap_or_default())
            .await
    }

    /// Telegram answered: note it, and whether presses were lost since it last did.
    fn note_reached(&mut self) {
        // Records keep whole milliseconds of when people were active: what is handled within this
        // one is not from before it.
        let now = in_milliseconds(self.shared.clock.now());
        if let Some(before) = self.reached.replace(now)
            && now.duration_since(before) > PRESSES_KEPT
        {
            // Of two absences in a row both are told at once.
            let since = self.away.map_or(before, |away| away.since);
            self.away = Some(Away { since, until: now });
            self.asking = None;
            self.waited_below = None;
        }
        let now_real = Instant::now();
        if self.noted.is_none_or(|n| now_real - n >= NOTE_EVERY) {
            self.noted = Some(now_real);
            // While people are still to be told, the next process must learn of it too.
            let is_still_away = self.away.is_some();
            let (shared, heartbeat) = (self.shared.clone(), self.heartbeat.clone());
            tokio::spawn(async move {
                let store = &shared.bot.store;
                let noted = match is_still_away {
                    true => store.note(Note::Polled).await.map(drop),
                    false => {
                        let text = now.as_millisecond().to_string();
                        store.set_note(Note::Polled, &text).await
                    }
                };
                match noted {
                    // Whoever reads it goes by the computer's clock.
                    Ok(()) => heartbeat::beat(&heartbeat, SystemClock.now()),
                    Err(error) => warn!(%error, "it could not be noted that Telegram was reached"),
                }
            });
        }
    }

    async fn give_all(&mut self, updates: Vec<Update>, stop: &watch::Receiver<bool>) {
        for update in updates {
            // What is not taken comes again, to us or to the next.
            if *stop.borrow() {
                return;
            }
            pulse().beat(Loop::Ingest);
            let id = update.id.0;
            if !self.flight().is_new(id) {
                continue;
            }
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
            let done = move |finished: bool| {
                drop(flying);
                let mut f = flight.lock().unwrap_or_else(PoisonError::into_inner);
                let stage = if finished {
                    Stage::Finished
                } else {
                    Stage::Again
                };
                f.taken.insert(id, stage);
                landed.notify_one();
            };
            self.give(update, tries, done).await;
            if is_suspect {
                self.has_landed().await;
            }
        }
    }

    /// The next poll comes as soon as it can ask for something else.
    async fn pace(&self, offset: u32, stop: &mut watch::Receiver<bool>) {
        let pace = tokio::time::sleep(PACE);
        tokio::pin!(pace);
        loop {
            let (now, idle) = {
                let mut f = self.flight();
                (f.offset(), f.is_idle())
            };
            if now != offset || idle {
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
        let store = &self.shared.bot.store;
        if self.careful {
            match store.calm().await {
                Ok(()) => {
                    self.careful = false;
                    self.counted.clear();
                }
                Err(error) => warn!(%error, "counts of tries could not be forgotten"),
            }
        }
        let Some(away) = self.away else { return };
        match &self.asking {
            Some(asking) if Arc::strong_count(asking) > 1 => {}
            Some(_) => (self.asking, self.away) = (None, None),
            // The note of when Telegram was last reached may be older than what people did last.
            None => match store
                .active_between(away.since - JUST_BEFORE, away.until)
                .await
            {
                Ok(people) => {
                    info!(people = people.len(), "the bot was away; asking them again");
                    let asking = Arc::new(());
                    people
                        .into_iter()
                        .for_each(|person| self.ask_again(person, away, asking.clone()));
                    self.asking = Some(asking);
                }
                Err(error) => warn!(%error, "who was asked something is not known"),
            },
        }
    }

    /// Ask somebody again, once for each time that the bot was away.
    fn ask_again(&self, person: Person, away: Away, asking: Arc<()>) {
        let since = away.until;
        let mut job = Job::of_ours(Input::Away { since }, move |_| drop(asking));
        // Numbers of Telegram's updates are not negative, and this one is the same for a process
        // that has to begin with it again.
        job.update = Some(-away.since.as_millisecond());
        self.chats.give(person, job);
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
        let last = self
            .bot
            .get_updates()
            .timeout(0)
            .limit(1)
            .offset(i32::try_from(offset).unwrap_or_default());
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

    async fn give(&self, update: Update, tries: u32, done: impl FnOnce(bool) + Send + 'static) {
        let id = i64::from(update.id.0);
        if matches!(update.kind, UpdateKind::Error(_)) {
            let shared = self.shared.clone();
            tokio::spawn(async move {
                shared.park(None, Some(id), "unreadable update").await;
                done(true);
            });
            return;
        }
        match inbound::read(&self.tree, &self.me, update).await {
            Inbound::Input {
                person,
                input,
                language,
                press,
                code,
            } => {
                let now = self.shared.clock.now();
                let door = self.shared.doorkeeper.door(person, code.as_deref(), now);
                if tries >= MOST_ATTEMPTS {
                    let shared = self.shared.clone();
                    tokio::spawn(async move {
                        // Another death may have come between parking and acknowledging it.
                        let parked = shared.bot.store.parked().await;
                        let is_known = |l: &DeadLetter| l.update == Some(id);
                        if !parked.is_ok_and(|letters| letters.iter().any(is_known)) {
                            shared.park(Some(person), Some(id), "abort").await;
                            shared.excuse(person, "error").await;
                        }
                        done(true);
                    });
                    return;
                }
                let job = Job {
                    input,
                    update: Some(id),
                    language,
                    door,
                    press,
                    received: Some(Instant::now()),
                    done: Box::new(done),
                };
                self.chats.give(person, job);
            }
            Inbound::Group { chat } => {
                let link = format!("https://t.me/{}?start=group", self.me.username());
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    if let Some(m) = shared.bot.dialogue.messages.get("group") {
                        let label = m.buttons.first().map_or("Open", |b| b.label.source());
                        let text = m.text.source();
                        shared.sender.to_private(chat, text, label, &link).await;
                    }
                    done(true);
                });
            }
            Inbound::GroupPress { press } => {
                let shared = self.shared.clone();
                tokio::spawn(async move {
                    shared.sender.answer(&press, None).await;
                    done(true);
                });
            }
            Inbound::Nothing => done(true),
        }
    }

    /// Count one more try of an update, after another process died; the answer is how many there
    /// were, with this one. What comes again to the same process did not end it.
    async fn tries(&mut self, update: u32) -> u32 {
        let update = i64::from(update);
        if !self.careful || !self.counted.insert(update) {
            return 0;
        }
        match self.shared.bot.store.attempt(update).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_stays_at_the_lowest_unfinished_update() {
        let mut f = Flight::default();
        assert_eq!(f.offset(), 0);
        for id in [7, 8, 9] {
            assert!(f.take(id));
        }
        assert!(!f.take(8));
        f.taken.insert(8, Stage::Finished);
        assert_eq!(f.offset(), 7);
        f.taken.insert(7, Stage::Finished);
        assert_eq!(f.offset(), 9);
        f.taken.insert(9, Stage::Finished);
        assert_eq!(f.offset(), 10);
        assert!(f.is_idle());
    }

    #[test]
    fn an_update_that_must_come_again_holds_the_offset() {
        let mut f = Flight::default();
        assert!(f.take(7) && f.take(8));
        f.taken.insert(7, Stage::Again);
        f.taken.insert(8, Stage::Finished);
        assert_eq!(f.offset(), 7);
        assert!(f.take(7));
        assert!(!f.take(8));
    }
}
