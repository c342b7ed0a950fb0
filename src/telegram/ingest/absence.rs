//! The times in which Telegram was not heard, and those who are asked again after a long one.
//!
//! Telegram keeps presses for a few minutes only. Who pressed something while the bot was away longer
//! sees a question that does nothing, and is asked it again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::clock::{Clock, SystemClock};
use crate::engine::Input;
use crate::heartbeat;
use crate::store::Person;
use crate::store::commons::{self, Note};
use crate::telegram::chats::{Chats, Job, Shared};

/// How long Telegram keeps a press while nobody asks for it, by trials.
const PRESSES_KEPT: SignedDuration = SignedDuration::from_secs(150);

/// Who was active so shortly before the bot went away had perhaps just pressed something.
const JUST_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// How often it is noted that Telegram was reached.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// How long before it is noticed that a process died it may have begun what it did not finish: a lease
/// of the leader, the time between two looks, and some more.
const BEGUN: SignedDuration = SignedDuration::from_secs(30);

/// After a process died: whoever it may have left without a word is looked at at once. What it had
/// stored, others would say only when its lease on that ends.
pub async fn finish_what_was_begun(shared: &Shared, chats: &Chats) {
    let now = shared.clock.now();
    match shared.store.active_between(now - BEGUN, now).await {
        Ok(people) => {
            for person in people {
                chats.give(person, Job::of_ours(Input::Due, |_| {}));
            }
        }
        Err(error) => {
            warn!(%error, "what a process left unfinished waits for the end of its lease")
        }
    }
}

/// What is known of when Telegram was reached. Only the process that leads keeps it.
pub struct Absence {
    shared: Arc<Shared>,
    chats: Chats,
    /// The file with the sign of life.
    heartbeat: PathBuf,
    /// When Telegram was last reached, by whichever process.
    reached: Option<Timestamp>,
    /// When that was last written down.
    noted: Option<Instant>,
    /// The bot was away, and people are to be told once all that waited is done.
    away: Option<Away>,
    /// They are being told, as long as others hold this too.
    asking: Option<Arc<()>>,
}

/// A time in which nobody heard Telegram, longer than it keeps presses.
#[derive(Debug, Clone, Copy)]
struct Away {
    since: Timestamp,
    until: Timestamp,
}

impl Absence {
    /// Begin with what the process before noted.
    pub async fn of_before(shared: Arc<Shared>, chats: Chats, heartbeat: PathBuf) -> Absence {
        let reached = match commons::last_polled(&*shared.store).await {
            Ok(reached) => reached,
            Err(error) => {
                warn!(%error, "it is not known how long the bot was away");
                None
            }
        };
        Absence {
            shared,
            chats,
            heartbeat,
            reached,
            noted: None,
            away: None,
            asking: None,
        }
    }

    /// Telegram was reached: note it. The answer is whether presses were lost since it last was.
    pub fn ends(&mut self) -> bool {
        // Records keep whole milliseconds of when people were active: what is handled within this
        // one is not from before it.
        let now = in_milliseconds(self.shared.clock.now());
        let mut was_away = false;
        if let Some(before) = self.reached.replace(now)
            && now.duration_since(before) > PRESSES_KEPT
        {
            // Of two absences in a row both are told at once.
            let since = self.away.map_or(before, |away| away.since);
            self.away = Some(Away { since, until: now });
            self.asking = None;
            was_away = true;
        }
        let now_real = Instant::now();
        if self.noted.is_none_or(|n| now_real - n >= NOTE_EVERY) {
            self.noted = Some(now_real);
            // While people are still to be told, the next process must learn of it too.
            let is_still_away = self.away.is_some();
            let (shared, heartbeat) = (self.shared.clone(), self.heartbeat.clone());
            let edition = shared.bot().editions.digest();
            tokio::spawn(async move {
                let store = &shared.store;
                let noted = match is_still_away {
                    true => store.note(Note::Polled).await.map(drop),
                    false => {
                        let text = now.as_millisecond().to_string();
                        store.set_note(Note::Polled, &text).await
                    }
                };
                match noted {
                    // Whoever reads it goes by the computer's clock.
                    Ok(()) => heartbeat::beat(&heartbeat, SystemClock.now(), &edition),
                    Err(error) => warn!(%error, "it could not be noted that Telegram was reached"),
                }
            });
        }
        was_away
    }

    /// Whether people are still to be asked again, or are being asked.
    pub fn is_open(&self) -> bool {
        self.away.is_some()
    }

    /// Everything that came meanwhile is handled: ask everybody who may have pressed something.
    /// Called again and again until nothing [is open](Absence::is_open).
    pub async fn ask_again(&mut self) {
        let Some(away) = self.away else { return };
        let store = &self.shared.store;
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
                        .for_each(|person| self.ask(person, away, asking.clone()));
                    self.asking = Some(asking);
                }
                Err(error) => warn!(%error, "who was asked something is not known"),
            },
        }
    }

    /// Ask somebody again, once for each time that the bot was away.
    fn ask(&self, person: Person, away: Away, asking: Arc<()>) {
        let since = away.until;
        let mut job = Job::of_ours(Input::Away { since }, move |_| drop(asking));
        // Numbers of Telegram's updates are not negative, and this one is the same for a process
        // that has to begin with it again.
        job.update = Some(-away.since.as_millisecond());
        self.chats.give(person, job);
    }
}

fn in_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
