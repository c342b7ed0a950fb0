//! Backtalk in Telegram: updates in, acknowledged late; messages out, each with a deadline.
//!
//! teloxide gives types, requests and errors, dptree the handler tree ([`inbound`]). Taking updates
//! ([`ingest`]), the order of work ([`chats`]) and sending ([`sender`]) are our own, because an
//! update may be acknowledged only once it is stored.

pub mod access;
pub mod chats;
pub mod client;
mod counts;
mod first_reply;
pub mod gate;
pub mod inbound;
pub mod ingest;
pub mod leader;
pub mod quick;
pub mod sender;

use std::time::Duration;

use teloxide::prelude::Requester;
use teloxide::types::{BotCommand, Me};
use teloxide::{ApiError, RequestError};
use tracing::warn;

use crate::config::Telegram;
use crate::engine::Command;
use client::Client;

/// Ask Telegram who we are, again and again until it answers. A wrong token ends it.
pub async fn who_am_i(bot: &teloxide::Bot) -> Result<Me, String> {
    let mut wait = Duration::from_millis(500);
    loop {
        match tokio::time::timeout(sender::DEADLINE, bot.get_me()).await {
            Ok(Ok(me)) => return Ok(me),
            Ok(Err(RequestError::Api(ApiError::InvalidToken))) => {
                return Err("Telegram does not know this bot token. Copy it again from @BotFather into TELOXIDE_TOKEN.\n\
                     To try Backtalk without Telegram, run: backtalk chat"
                    .into());
            }
            Ok(Err(error)) => warn!(
                kind = kind(&error),
                "Telegram cannot be reached; trying again"
            ),
            Err(_) => warn!("Telegram does not answer; trying again"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
}

/// The bot's user name, if Telegram says it now.
pub async fn username(settings: &Telegram) -> Option<String> {
    let bot = Client::new(settings).ok()?.bot;
    match tokio::time::timeout(sender::DEADLINE, bot.get_me()).await {
        Ok(Ok(me)) => Some(me.username().to_owned()),
        Ok(Err(error)) => {
            warn!(kind = kind(&error), "Telegram did not say who we are");
            None
        }
        Err(_) => None,
    }
}

/// Tell Telegram our commands. It matters little, so a failure is only logged.
pub async fn introduce(bot: &teloxide::Bot) {
    let start = BotCommand::new("start", "Start, or carry on");
    let all = Command::ALL
        .iter()
        .map(|(name, _, says)| BotCommand::new(*name, *says));
    let commands: Vec<BotCommand> = std::iter::once(start).chain(all).collect();
    if !matches!(
        tokio::time::timeout(sender::DEADLINE, bot.set_my_commands(commands)).await,
        Ok(Ok(_))
    ) {
        warn!("the list of commands could not be set");
    }
}

/// An error in a word, without the body it may carry.
pub fn kind(error: &RequestError) -> &'static str {
    match error {
        RequestError::Api(_) => "api",
        RequestError::MigrateToChatId(_) => "migrated",
        RequestError::RetryAfter(_) => "too many requests",
        RequestError::Network(_) => "network",
        RequestError::InvalidJson { .. } => "unreadable answer",
        RequestError::Io(_) => "io",
    }
}
