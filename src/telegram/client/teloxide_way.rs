//! The hot methods by teloxide, for whoever is behind a proxy.

use hyper::body::Bytes;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, EditMessageTextSetters, GetUpdatesSetters, SendMessageSetters,
};
use teloxide::prelude::Requester;
use teloxide::types::{
    CallbackQueryId, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, MessageId, Update,
};
use teloxide::{Bot, RequestError};

use super::answer::failed;
use crate::engine::View;
use crate::telegram::ingest::ALLOWED;

/// Send a new message; the answer is its number.
pub async fn send_message(bot: &Bot, chat: i64, view: &View) -> Result<i32, RequestError> {
    let mut request = bot.send_message(ChatId(chat), &view.text);
    if !view.rows.is_empty() {
        request = request.reply_markup(keyboard(view));
    }
    Ok(request.await?.id.0)
}

/// Change a message.
pub async fn edit_message_text(
    bot: &Bot,
    chat: i64,
    message: i32,
    view: &View,
) -> Result<(), RequestError> {
    bot.edit_message_text(ChatId(chat), MessageId(message), &view.text)
        .reply_markup(keyboard(view))
        .await?;
    Ok(())
}

/// Answer a press.
pub async fn answer_callback_query(
    bot: &Bot,
    press: &str,
    notice: Option<&str>,
) -> Result<(), RequestError> {
    let mut request = bot.answer_callback_query(CallbackQueryId(press.to_owned()));
    if let Some(notice) = notice {
        request = request.text(notice);
    }
    request.await?;
    Ok(())
}

/// The next updates, each as JSON.
pub async fn get_updates(
    bot: &Bot,
    offset: u32,
    limit: u8,
    hold: u32,
) -> Result<Vec<Bytes>, RequestError> {
    let updates = bot
        .get_updates()
        .timeout(hold)
        .limit(limit)
        .allowed_updates(ALLOWED)
        // An offset of 0 means "from the oldest you have".
        .offset(i32::try_from(offset).unwrap_or_default())
        .await?;
    let raw = |update: &Update| serde_json::to_vec(update).map(Bytes::from);
    let raw: Result<Vec<_>, _> = updates.iter().map(raw).collect();
    raw.map_err(|_| failed("reading an update"))
}

fn keyboard(view: &View) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new(view.rows.iter().map(|row| {
        row.iter()
            .map(|b| InlineKeyboardButton::callback(b.label.clone(), b.data.clone()))
            .collect::<Vec<_>>()
    }))
}
