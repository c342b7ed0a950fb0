//! Messages out: budgets, deadlines, and errors turned into what the caller does.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use teloxide::payloads::{AnswerCallbackQuerySetters, EditMessageTextSetters, SendMessageSetters};
use teloxide::prelude::Requester;
use teloxide::types::{
    CallbackQueryId, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId,
};
use teloxide::{ApiError, RequestError};
use tracing::warn;

use crate::engine::View;
use crate::store::Person;
use crate::turn::{Channel, SendError};

/// The longest one request may take. teloxide sleeps 10 s inside a request on any 5xx answer, so
/// the deadline lies below that.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// Messages a second over all chats, by the Bot API's FAQ.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// The wait after Telegram could not be reached.
const SOON: Duration = Duration::from_secs(2);

/// The wait after Telegram refused a message: the same words are hardly taken a moment later.
const NOT_SOON: Duration = Duration::from_secs(10);

/// Waiting times count from the answer, ours from a moment before the request.
const MARGIN: Duration = Duration::from_millis(500);

/// The way to Telegram.
pub struct Sender {
    bot: teloxide::Bot,
    budget: DefaultDirectRateLimiter,
}

impl Sender {
    /// A sender for this bot.
    pub fn new(bot: teloxide::Bot) -> Sender {
        Sender {
            bot,
            budget: RateLimiter::direct(Quota::per_second(PER_SECOND)),
        }
    }

    /// Answer a press, with a short notice or none. A press that is too old is no matter.
    pub async fn answer(&self, press: &str, notice: Option<&str>) {
        let mut request = self
            .bot
            .answer_callback_query(CallbackQueryId(press.to_owned()));
        if let Some(notice) = notice {
            request = request.text(notice);
        }
        if let Ok(Err(error)) = tokio::time::timeout(DEADLINE, request).await
            && !is_too_old(&error)
        {
            warn!(kind = super::kind(&error), "a press could not be answered");
        }
    }

    /// Send people of a group to the private chat.
    pub async fn to_private(&self, chat: i64, text: &str, label: &str, link: &str) {
        let Ok(url) = link.parse() else { return };
        let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::url(label, url)]]);
        self.budget.until_ready().await;
        let request = self
            .bot
            .send_message(ChatId(chat), text)
            .reply_markup(keyboard);
        if let Ok(Err(error)) = tokio::time::timeout(DEADLINE, request).await {
            warn!(kind = super::kind(&error), "a group could not be answered");
        }
    }
}

#[async_trait]
impl Channel for Sender {
    async fn send(&self, person: Person, view: &View, _: u8) -> Result<i64, SendError> {
        self.budget.until_ready().await;
        let mut request = self.bot.send_message(ChatId(person.0), &view.text);
        if !view.rows.is_empty() {
            request = request.reply_markup(keyboard(view));
        }
        match tokio::time::timeout(DEADLINE, request).await {
            Ok(Ok(message)) => Ok(i64::from(message.id.0)),
            Ok(Err(error)) => Err(what_to_do(&error)),
            Err(_) => Err(SendError::Later(SOON)),
        }
    }

    async fn edit(&self, person: Person, message: i64, view: &View) -> Result<(), SendError> {
        self.budget.until_ready().await;
        let Ok(id) = i32::try_from(message) else {
            return Err(SendError::NoMessage);
        };
        // Without a keyboard the old one goes away, which is what a folded question wants.
        let request = self
            .bot
            .edit_message_text(ChatId(person.0), MessageId(id), &view.text)
            .reply_markup(keyboard(view));
        match tokio::time::timeout(DEADLINE, request).await {
            Ok(Ok(_)) | Ok(Err(RequestError::Api(ApiError::MessageNotModified))) => Ok(()),
            Ok(Err(error)) => Err(match what_to_do(&error) {
                // Whatever Telegram has against this edit, a new message is the way on.
                SendError::Later(_) if matches!(error, RequestError::Api(_)) => {
                    SendError::NoMessage
                }
                other => other,
            }),
            Err(_) => Err(SendError::Later(SOON)),
        }
    }

    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError> {
        self.budget.until_ready().await;
        let file = InputFile::memory(content.to_owned().into_bytes()).file_name(name.to_owned());
        match tokio::time::timeout(DEADLINE, self.bot.send_document(ChatId(person.0), file)).await {
            Ok(Ok(message)) => Ok(i64::from(message.id.0)),
            Ok(Err(error)) => Err(what_to_do(&error)),
            Err(_) => Err(SendError::Later(SOON)),
        }
    }
}

fn keyboard(view: &View) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new(view.rows.iter().map(|row| {
        row.iter()
            .map(|b| InlineKeyboardButton::callback(b.label.clone(), b.data.clone()))
            .collect::<Vec<_>>()
    }))
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
        RequestError::RetryAfter(seconds) => SendError::Later(seconds.duration() + MARGIN),
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
        other => {
            warn!(
                kind = super::kind(other),
                "a message could not be sent; it will be tried again"
            );
            SendError::Later(if matches!(other, RequestError::Api(_)) {
                NOT_SOON
            } else {
                SOON
            })
        }
    }
}
