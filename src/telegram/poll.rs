//! Long polling with late acknowledgement.
//!
//! Telegram forgets every update below the offset we ask from, so we ask from the lowest update
//! that is not finished. Those in flight come again and are passed over by their numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use teloxide::RequestError;
use teloxide::payloads::GetUpdatesSetters;
use teloxide::prelude::Requester;
use teloxide::types::{AllowedUpdate, Me, Update, UpdateKind};
use tokio::sync::{Notify, watch};
use tracing::{error, info, warn};

use super::chats::{Chats, Job, Shared};
use super::inbound::{self, Inbound};
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
        if matches!(self.taken.get(&id), Some(Stage::Flying | Stage::Finished)) {
            return false;
        }
        self.taken.insert(id, Stage::Flying);
        true
    }

    fn is_idle(&self) -> bool {
        !self.taken.values().any(|stage| *stage == Stage::Flying)
    }
}

/// Poll until told to stop, and give each update to its chat.
pub async fn run(
    bot: teloxide::Bot,
    me: Me,
    shared: Arc<Shared>,
    chats: Chats,
    mut stop: watch::Receiver<bool>,
) {
    let tree = inbound::tree();
    let me = Arc::new(me);
    let flight = Arc::new(Mutex::new(Flight::default()));
    let landed = Arc::new(Notify::new());
    let mut wait = Duration::from_millis(500);
    while !*stop.borrow() {
        let (offset, idle) = {
            let mut f = flight.lock().unwrap_or_else(|e| e.into_inner());
            (f.offset(), f.is_idle())
        };
        let hold = if idle { HOLD } else { 0 };
        let mut request = bot
            .get_updates()
            .timeout(hold)
            .limit(MOST)
            .allowed_updates([
                AllowedUpdate::Message,
                AllowedUpdate::EditedMessage,
                AllowedUpdate::CallbackQuery,
                AllowedUpdate::MyChatMember,
            ]);
        // An offset of 0 means "from the oldest you have".
        request = request.offset(i32::try_from(offset).unwrap_or_default());
        let deadline = Duration::from_secs(u64::from(HOLD) + 8);
        let answer = tokio::select! {
            answer = tokio::time::timeout(deadline, request) => answer,
            _ = stop.changed() => break,
        };
        match answer {
            Ok(Ok(updates)) => {
                wait = Duration::from_millis(500);
                let fresh: Vec<Update> = {
                    let mut f = flight.lock().unwrap_or_else(|e| e.into_inner());
                    updates.into_iter().filter(|u| f.take(u.id.0)).collect()
                };
                for update in fresh {
                    let id = update.id.0;
                    let done = {
                        let (flight, landed) = (flight.clone(), landed.clone());
                        move |finished: bool| {
                            let mut f = flight.lock().unwrap_or_else(|e| e.into_inner());
                            let stage = if finished {
                                Stage::Finished
                            } else {
                                Stage::Again
                            };
                            f.taken.insert(id, stage);
                            landed.notify_one();
                        }
                    };
                    give(&tree, &me, &shared, &chats, update, done).await;
                }
                let pace = tokio::time::sleep(PACE);
                tokio::pin!(pace);
                // The next poll comes as soon as it can ask for something else.
                while flight.lock().unwrap_or_else(|e| e.into_inner()).offset() == offset {
                    if flight.lock().unwrap_or_else(|e| e.into_inner()).is_idle() {
                        break;
                    }
                    tokio::select! {
                        () = landed.notified() => {}
                        () = &mut pace => break,
                        _ = stop.changed() => break,
                    }
                }
            }
            Ok(Err(RequestError::Api(ApiError::TerminatedByOtherGetUpdates))) => {
                warn!("another process polls with this token; waiting for it to end");
                pause(&mut wait, &mut stop).await;
            }
            Ok(Err(RequestError::Api(ApiError::InvalidToken))) => {
                error!("Telegram no longer knows this bot token");
                pause(&mut wait, &mut stop).await;
            }
            Ok(Err(RequestError::RetryAfter(seconds))) => {
                wait = seconds.duration();
                pause(&mut wait, &mut stop).await;
            }
            Ok(Err(other)) => {
                warn!(kind = super::kind(&other), "polling failed; trying again");
                pause(&mut wait, &mut stop).await;
            }
            Err(_) => warn!("Telegram does not answer; polling again"),
        }
    }
    let is_idle = || flight.lock().unwrap_or_else(|e| e.into_inner()).is_idle();
    let landing = async {
        while !is_idle() {
            landed.notified().await;
        }
    };
    if tokio::time::timeout(LANDING, landing).await.is_err() {
        info!("some updates are still under way; they are stored, or will come again");
    }
    // Confirm what is finished, so that the next process does not get it again.
    let offset = flight.lock().unwrap_or_else(|e| e.into_inner()).offset();
    let last = bot
        .get_updates()
        .timeout(0)
        .limit(1)
        .offset(i32::try_from(offset).unwrap_or_default());
    if offset > 0
        && !matches!(
            tokio::time::timeout(Duration::from_secs(3), last).await,
            Ok(Ok(_))
        )
    {
        info!("the last updates could not be confirmed; they will come again and be recognised");
    }
}

async fn pause(wait: &mut Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(*wait) => {}
        _ = stop.changed() => {}
    }
    *wait = (*wait * 2).min(Duration::from_secs(30));
}

async fn give(
    tree: &dptree::Handler<'static, Inbound, teloxide::dispatching::DpHandlerDescription>,
    me: &Arc<Me>,
    shared: &Arc<Shared>,
    chats: &Chats,
    update: Update,
    done: impl FnOnce(bool) + Send + 'static,
) {
    let id = i64::from(update.id.0);
    if matches!(update.kind, UpdateKind::Error(_)) {
        warn!("an update could not be read; it was passed over");
        return done(true);
    }
    match inbound::read(tree, me, update).await {
        Inbound::Input {
            person,
            input,
            language,
            press,
            code,
        } => {
            let door = shared
                .gate
                .door(person, code.as_deref(), shared.clock.now());
            chats.give(
                person,
                Job {
                    input,
                    update: Some(id),
                    language,
                    door,
                    press,
                    done: Box::new(done),
                },
            );
        }
        Inbound::Group { chat } => {
            let (shared, link) = (
                shared.clone(),
                format!("https://t.me/{}?start=group", me.username()),
            );
            tokio::spawn(async move {
                if let Some(m) = shared.bot.dialogue.messages.get("group") {
                    let label = m.buttons.first().map_or("Open", |b| b.label.source());
                    shared
                        .sender
                        .to_private(chat, m.text.source(), label, &link)
                        .await;
                }
                done(true);
            });
        }
        Inbound::GroupPress { press } => {
            let shared = shared.clone();
            tokio::spawn(async move {
                shared.sender.answer(&press, None).await;
                done(true);
            });
        }
        Inbound::Nothing => done(true),
    }
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
