//! Updates in, each acknowledged only once it is stored: by long polling ([`poll`]) or by a webhook
//! ([`webhook`]).
//!
//! Both hand every update to its chat with [`Intake::take`], and hear what became of it.

mod absence;
mod flight;
mod frequency;
pub mod poll;
pub mod watch;
pub mod webhook;

use std::sync::Arc;

use dptree::Handler;
use teloxide::dispatching::DpHandlerDescription;
use teloxide::types::{AllowedUpdate, Me};

use tokio::time::Instant;

use super::chats::{Chats, Done, End, Job, MOST_ATTEMPTS, Shared};
use super::inbound::{self, Arrived, Inbound};
use crate::logs::Mark;
use crate::store::commons::DeadLetter;
use crate::store::{Person, UpdateId};

/// The kinds of updates that we ask Telegram for; all others would only be passed over.
pub const ALLOWED: [AllowedUpdate; 4] = [
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::MyChatMember,
];

/// The way from an update to the chat that it belongs to.
pub struct Intake {
    me: Arc<Me>,
    shared: Arc<Shared>,
    chats: Chats,
    tree: Handler<'static, Inbound, DpHandlerDescription>,
}

/// How an update came, which is how its end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Telegram keeps it until a later poll: presses are answered by calls of their own, and what
    /// came of it is shown first.
    Poll,
    /// Telegram waits for an answer, which may carry that to a press.
    Webhook,
}

impl Intake {
    /// A way for the updates of this bot.
    pub fn new(me: Me, shared: Arc<Shared>, chats: Chats) -> Intake {
        Intake {
            me: Arc::new(me),
            shared,
            chats,
            tree: inbound::tree(),
        }
    }

    /// The bot's user name.
    pub fn name(&self) -> &str {
        self.me.username()
    }

    /// Give an update to its chat. `tries` is how often it was begun with, where that is counted;
    /// `done` is told once it is finished, or must come again.
    pub async fn take(&self, update: Arrived<'_>, tries: u32, way: Way, done: Done) {
        let id = UpdateId::from(update.id);
        match update.read(&self.tree, &self.me).await {
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
                    return self.give_up(person, id, done);
                }
                let job = Job {
                    input,
                    update: Some(id),
                    language,
                    door,
                    press,
                    received: Some(Instant::now()),
                    way,
                    done,
                };
                self.chats.give(person, job);
            }
            Inbound::Group { chat } => self.show_the_way_out(chat, done),
            Inbound::GroupPress { press } => match way {
                Way::Webhook => done(End::answering(press, None)),
                Way::Poll => {
                    let shared = self.shared.clone();
                    tokio::spawn(async move {
                        shared.sender.answer(&press, None).await;
                        done(End::finished());
                    });
                }
            },
            Inbound::Unreadable => {
                let shared = self.shared.clone();
                tokio::spawn(Mark::new(Some(id)).on(async move {
                    shared.park(None, Some(id), "unreadable update").await;
                    done(End::finished());
                }));
            }
            Inbound::Nothing => done(End::finished()),
        }
    }

    /// Put an update aside with which processes died.
    fn give_up(&self, person: Person, id: i64, done: Done) {
        let shared = self.shared.clone();
        tokio::spawn(Mark::new(Some(id)).on(async move {
            // Another death may have come between parking and acknowledging it.
            let parked = shared.store.parked().await;
            let is_known = |l: &DeadLetter| l.update == Some(id);
            if !parked.is_ok_and(|letters| letters.iter().any(is_known)) {
                shared.park(Some(person), Some(id), "abort").await;
                shared.excuse(person, "error").await;
            }
            done(End::finished());
        }));
    }

    /// A group gets a link to the private chat.
    fn show_the_way_out(&self, chat: i64, done: Done) {
        let link = format!("https://t.me/{}?start=group", self.me.username());
        let shared = self.shared.clone();
        tokio::spawn(async move {
            if let Some(m) = shared.bot().dialogue.messages.get("group") {
                let label = m.buttons.first().map_or("Open", |b| b.label.source());
                let text = m.text.source();
                shared.sender.to_private(chat, text, label, &link).await;
            }
            done(End::finished());
        });
    }
}
