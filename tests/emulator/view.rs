//! What the bot did, as people and tests see it: messages, keyboards, answers, requests, and dumps.
//!
//! Returned by `Emulator` and `Chat`. These are copies: they do not change when the bot goes on.

use std::{fmt::Write, future::Future, panic::Location, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    body::Upload,
    state::{Shared, State},
};

/// A button of an inline keyboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    pub label: String,
    pub data: Option<String>,
    pub url: Option<String>,
}

/// A message in a chat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub chat: i64,
    pub id: i64,
    /// The person who wrote it; `None` for the bot.
    pub from: Option<i64>,
    /// The text or caption as people see it, without markup.
    pub text: String,
    /// The text or caption as the bot sent it.
    pub source: String,
    pub entities: Vec<Value>,
    pub keyboard: Vec<Vec<Button>>,
    /// `reply_markup` as the bot sent it, of any kind.
    pub markup: Option<Value>,
    pub document: Option<Upload>,
    /// How often text or keyboard were changed.
    pub edits: usize,
    pub deleted: bool,
    /// Since 1970, on the emulated clock.
    pub sent_at: Duration,
    /// Further fields of the Bot API's message.
    pub extra: Map<String, Value>,
}

impl Message {
    /// All buttons, row after row.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.keyboard.iter().flatten()
    }

    /// The labels, row by row.
    pub fn labels(&self) -> Vec<Vec<&str>> {
        let mut rows = Vec::new();
        for row in &self.keyboard {
            rows.push(row.iter().map(|button| button.label.as_str()).collect());
        }
        rows
    }

    /// The button with this label.
    pub fn button(&self, label: &str) -> Option<&Button> {
        self.buttons().find(|button| button.label == label)
    }

    fn print(&self, out: &mut String) {
        let who = if self.from.is_some() { "user" } else { "bot" };
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        if let Some(document) = &self.document {
            let what = match self.extra.contains_key("photo") {
                true => format!("(picture {})", document.name),
                false => format!("({}, {})", document.name, document.mime),
            };
            lines.insert(0, what);
        }
        if self.from.is_some() {
            lines.extend(self.extra.keys().map(|kind| format!("({kind})")));
        }
        for row in &self.keyboard {
            let row: Vec<_> = row
                .iter()
                .map(|button| format!("[{}]", button.label))
                .collect();
            lines.push(row.join(" "));
        }
        for (number, line) in lines.iter().enumerate() {
            let who = if number == 0 { who } else { "" };
            let line = format!("{who:<5} {line}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

/// An answer to a press that Telegram accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub query: String,
    pub chat: i64,
    pub text: String,
    pub show_alert: bool,
}

/// A request of the bot, in the order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// As the Bot API writes it, such as `sendMessage`; as the bot wrote it when unknown.
    pub method: String,
    /// The chat it is about, for `answerCallbackQuery` the chat of the press.
    pub chat: Option<i64>,
    pub body: Value,
    /// The status of the answer; `None` while it is held, and when it was cut.
    pub status: Option<u16>,
    /// Whether it came in the answer to an update that was pushed, and so cost no request.
    pub in_answer: bool,
}

/// A chat as its people see it.
#[derive(Clone)]
pub struct Chat {
    pub(super) shared: Arc<Shared>,
    pub(super) id: i64,
}

impl Chat {
    /// What the bot sent, in order, deleted messages included.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.read(|state| bot_messages(state, self.id))
    }

    /// The latest message of the bot that is not deleted.
    #[track_caller]
    pub fn last(&self) -> Message {
        let messages = self.messages();
        let mut visible = messages.into_iter().filter(|message| !message.deleted);
        let last = visible.next_back();
        last.unwrap_or_else(|| panic!("The bot has said nothing in chat {}.", self.id))
    }

    /// The files that the bot sent, pictures included.
    pub fn documents(&self) -> Vec<Upload> {
        let messages = self.messages().into_iter();
        messages.filter_map(|message| message.document).collect()
    }

    /// The pictures that the bot sent, each with its caption.
    pub fn pictures(&self) -> Vec<(Upload, String)> {
        let messages = self.messages().into_iter();
        let pictures = messages.filter(|message| message.extra.contains_key("photo"));
        pictures
            .filter_map(|message| Some((message.document?, message.text)))
            .collect()
    }

    /// The whole chat as text, in the shape of a replay: who, words, buttons in brackets.
    pub fn visible(&self) -> String {
        self.shared.read(|state| visible(state, self.id))
    }

    /// Waits until what the bot sent is so, and returns it.
    #[track_caller]
    pub fn wait_for(
        &self,
        mut holds: impl FnMut(&[Message]) -> bool,
    ) -> impl Future<Output = Vec<Message>> {
        let place = Location::caller();
        self.shared
            .until(place, "messages", Some(self.id), move |state| {
                let messages = bot_messages(state, self.id);
                holds(&messages).then_some(messages)
            })
    }

    /// Waits until the latest message of the bot is so, and returns it.
    #[track_caller]
    pub fn wait_for_last(
        &self,
        mut holds: impl FnMut(&Message) -> bool,
    ) -> impl Future<Output = Message> {
        let place = Location::caller();
        self.shared
            .until(place, "a message", Some(self.id), move |state| {
                let messages = bot_messages(state, self.id);
                let last = messages.into_iter().rfind(|message| !message.deleted)?;
                holds(&last).then_some(last)
            })
    }

    /// Waits until the latest message of the bot contains this text, and returns it.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) -> impl Future<Output = Message> {
        self.wait_for_last(move |message| message.text.contains(text))
    }
}

fn bot_messages(state: &State, chat: i64) -> Vec<Message> {
    let messages = state.messages_of(chat);
    messages
        .filter(|message| message.from.is_none())
        .cloned()
        .collect()
}

fn visible(state: &State, chat: i64) -> String {
    let mut out = String::new();
    for message in state.messages_of(chat).filter(|message| !message.deleted) {
        message.print(&mut out);
    }
    out
}

/// Everything that may explain why a test waits in vain.
pub fn dump(state: &State, chat: Option<i64>) -> String {
    let mut out = String::new();
    let chats: Vec<i64> = match chat {
        Some(chat) => vec![chat],
        None => state.chats.keys().copied().collect(),
    };
    for chat in chats {
        let _ = write!(out, "--- chat {chat}\n{}", visible(state, chat));
    }
    let first = state.requests.len().saturating_sub(20);
    let _ = writeln!(out, "--- last of {} requests", state.requests.len());
    for request in &state.requests[first..] {
        let status = request
            .status
            .map_or("---".to_owned(), |status| status.to_string());
        let body: String = request.body.to_string().chars().take(300).collect();
        let _ = writeln!(out, "{status} {} {body}", request.method);
    }
    let _ = writeln!(out, "--- {} updates not confirmed", state.queue.len());
    for queued in &state.queue {
        let update: String = queued.update.to_string().chars().take(300).collect();
        let _ = writeln!(out, "{update}");
    }
    for press in state.presses.iter().filter(|press| !press.answered) {
        let fate = if press.expired {
            "expired"
        } else {
            "not answered"
        };
        let _ = writeln!(
            out,
            "press {} in chat {}: {fate}, {} attempts",
            press.query, press.chat, press.attempts
        );
    }
    out
}
