//! Messages out: in their turn, with deadlines, and errors turned into what the caller does.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use teloxide::payloads::{SendMessageSetters, SendPhotoSetters};
use teloxide::prelude::Requester;
use teloxide::types::{ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile};
use teloxide::{ApiError, RequestError};
use tokio::time::Instant;
use tracing::warn;

use super::client::Client;
use super::gate::Gate;
use crate::engine::{Priority, View};
use crate::fail_point;
use crate::metrics::{SentMethod, SentOutcome, metrics};
use crate::store::Person;
use crate::turn::{Channel, SendError, caption_to_send};

/// The longest one request may take. teloxide sleeps 10 s inside a request on any 5xx answer, so
/// the deadline lies below that.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// The wait after Telegram could not be reached.
const SOON: Duration = Duration::from_secs(2);

/// Waiting times count from the answer, ours from a moment before the request.
const MARGIN: Duration = Duration::from_millis(500);

/// The way to Telegram.
pub struct Sender {
    client: Client,
    gate: Gate,
    /// Chats that Telegram asked to leave alone for a while.
    paused: Mutex<HashMap<i64, Instant>>,
}

impl Sender {
    /// A sender for this bot.
    pub fn new(client: Client, gate: Gate) -> Sender {
        Sender {
            client,
            gate,
            paused: Mutex::default(),
        }
    }

    /// Whatever waits to be sent to this person goes out as an answer from now on.
    pub fn hurry(&self, person: Person) {
        self.gate.hurry(person, Priority::Answer);
    }

    /// Change the question of somebody who answered, in its turn.
    pub async fn show(&self, person: Person, message: i64, view: &View) -> Result<(), SendError> {
        self.ready(person, Priority::Answer).await;
        fail_point::reach("send.before");
        let edited = self.edit(person, message, view).await;
        fail_point::reach("send.after");
        edited
    }

    /// How long a chat is still to be left alone.
    fn pause_of(&self, chat: i64) -> Option<Duration> {
        let now = Instant::now();
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.retain(|_, until| *until > now);
        paused.get(&chat).map(|until| *until - now)
    }

    /// Send one request about a chat, unless that chat is to be left alone, and count it. It is not
    /// taken by value, which would keep it in memory twice.
    async fn request<T>(
        &self,
        chat: i64,
        method: SentMethod,
        request: Pin<&mut impl Future<Output = Result<T, RequestError>>>,
    ) -> Result<T, SendError> {
        let sent = self.ask(chat, request).await;
        metrics().sent.of(method).of(&sent).one();
        sent
    }

    async fn ask<T>(
        &self,
        chat: i64,
        request: Pin<&mut impl Future<Output = Result<T, RequestError>>>,
    ) -> Result<T, SendError> {
        if let Some(rest) = self.pause_of(chat) {
            return Err(SendError::Later(rest));
        }
        match tokio::time::timeout(DEADLINE, request).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(RequestError::RetryAfter(seconds))) => {
                let rest = seconds.duration() + MARGIN;
                let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
                paused.insert(chat, Instant::now() + rest);
                Err(SendError::Later(rest))
            }
            Ok(Err(error)) => Err(what_to_do(&error)),
            Err(_) => Err(SendError::Later(SOON)),
        }
    }

    /// Answer a press, with a short notice or none. A press that is too old is no matter.
    pub async fn answer(&self, press: &str, notice: Option<&str>) {
        let request = self.client.answer_callback_query(press, notice);
        let outcome = match tokio::time::timeout(DEADLINE, request).await {
            Ok(Ok(_)) => SentOutcome::Ok,
            Ok(Err(error)) if is_too_old(&error) => SentOutcome::NoMessage,
            Ok(Err(error)) => {
                warn!(kind = super::kind(&error), "a press could not be answered");
                SentOutcome::Refused
            }
            Err(_) => SentOutcome::Later,
        };
        metrics().sent.of(SentMethod::Answer).of(outcome).one();
    }

    /// Send people of a group to the private chat.
    pub async fn to_private(&self, chat: i64, text: &str, label: &str, link: &str) {
        let Ok(url) = link.parse() else { return };
        let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::url(label, url)]]);
        self.gate.pass(Person(chat), Priority::Answer).await;
        let request = self
            .client
            .bot
            .send_message(ChatId(chat), text)
            .reply_markup(keyboard);
        // Whoever asked may ask again.
        let request = pin!(request.into_future());
        let _ = self.request(chat, SentMethod::Send, request).await;
    }
}

#[async_trait]
impl Channel for Sender {
    async fn ready(&self, person: Person, priority: Priority) {
        // A chat that is to be left alone takes nobody's turn.
        if self.pause_of(person.0).is_none() {
            self.gate.pass(person, priority).await;
        }
    }

    async fn send(&self, person: Person, view: &View) -> Result<i64, SendError> {
        let request = pin!(self.client.send_message(person.0, view));
        let sent = self.request(person.0, SentMethod::Send, request).await?;
        Ok(i64::from(sent))
    }

    async fn edit(&self, person: Person, message: i64, view: &View) -> Result<(), SendError> {
        let Ok(id) = i32::try_from(message) else {
            return Err(SendError::NoMessage);
        };
        // Without a keyboard the old one goes away, which is what a folded question wants.
        let request = self.client.edit_message_text(person.0, id, view);
        let unless_same = pin!(request.map(|edited| match edited {
            Err(RequestError::Api(ApiError::MessageNotModified)) => Ok(()),
            other => other,
        }));
        self.request(person.0, SentMethod::Edit, unless_same).await
    }

    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError> {
        let file = InputFile::memory(content.to_owned().into_bytes()).file_name(name.to_owned());
        let request = self.client.bot.send_document(ChatId(person.0), file);
        let request = pin!(request.into_future());
        let sent = self.request(person.0, SentMethod::File, request).await?;
        Ok(i64::from(sent.id.0))
    }

    async fn photo(
        &self,
        person: Person,
        name: &str,
        png: &[u8],
        caption: &str,
    ) -> Result<i64, SendError> {
        let file = InputFile::memory(png.to_owned()).file_name(name.to_owned());
        let mut request = self.client.bot.send_photo(ChatId(person.0), file);
        let caption = caption_to_send(caption);
        if !caption.is_empty() {
            request = request.caption(caption);
        }
        let request = pin!(request.into_future());
        let sent = self.request(person.0, SentMethod::Photo, request).await?;
        Ok(i64::from(sent.id.0))
    }
}

/// Whether a press was answered before or is too old. The Bot API server writes "query ID" where
/// teloxide expects "query id".
fn is_too_old(error: &RequestError) -> bool {
    match error {
        RequestError::Api(ApiError::InvalidQueryId) => true,
        RequestError::Api(ApiError::Unknown(text)) => {
            text.starts_with("Bad Request: query is too old")
        }
        _ => false,
    }
}

/// What an error means for the sender of a message.
fn what_to_do(error: &RequestError) -> SendError {
    match error {
        RequestError::Api(
            ApiError::BotBlocked
            | ApiError::UserDeactivated
            | ApiError::ChatNotFound
            | ApiError::CantInitiateConversation
            | ApiError::CantTalkWithBots
            | ApiError::UserNotFound,
        ) => SendError::Gone,
        RequestError::Api(
            ApiError::MessageToEditNotFound
            | ApiError::MessageIdInvalid
            | ApiError::MessageCantBeEdited,
        ) => SendError::NoMessage,
        // Texts that teloxide does not know, of people who cannot be written to.
        RequestError::Api(ApiError::Unknown(text)) if text.starts_with("Forbidden: ") => {
            SendError::Gone
        }
        // It may have been sent, and would be again for ever.
        RequestError::InvalidJson { .. } => {
            warn!("Telegram answered a message with what cannot be read");
            SendError::Refused
        }
        RequestError::Api(ApiError::InvalidToken) => {
            warn!("Telegram does not know this bot token; nothing can be sent");
            SendError::Later(SOON)
        }
        RequestError::Api(_) => {
            warn!("Telegram refused a message; it will be tried a few times");
            SendError::Refused
        }
        other => {
            let kind = super::kind(other);
            warn!(kind, "a message could not be sent; it will be tried again");
            SendError::Later(SOON)
        }
    }
}
