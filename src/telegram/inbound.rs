//! Update to input: the handler tree over teloxide's types.

use std::sync::Arc;

use dptree::Handler;
use teloxide::dispatching::{DpHandlerDescription, UpdateFilterExt};
use teloxide::types::{CallbackQuery, ChatMemberUpdated, Me, Message, Update, UpdateKind};

use super::quick;
use crate::engine::{Command, Input, Press};
use crate::store::Person;

/// What an update asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// An input of a person in their private chat.
    Input {
        /// Who.
        person: Person,
        /// What.
        input: Input,
        /// Their language code.
        language: Option<String>,
        /// The press to answer.
        press: Option<String>,
        /// What stood behind their /start: the code of an invitation.
        code: Option<String>,
    },
    /// A command or mention in a group: send them to the private chat.
    Group {
        /// The group.
        chat: i64,
    },
    /// A press in a group, which gets no more than an answer.
    GroupPress {
        /// The press to answer.
        press: String,
    },
    /// It cannot be read.
    Unreadable,
    /// Nothing to do.
    Nothing,
}

/// The number of an update.
fn number(update: &str) -> Option<u32> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        update_id: u32,
    }
    let numbered: Numbered = serde_json::from_str(update).ok()?;
    Some(numbered.update_id)
}

/// The tree: messages, edited messages, presses, blocks; everything else is nothing.
pub fn tree() -> Handler<'static, Inbound, DpHandlerDescription> {
    dptree::entry()
        .branch(Update::filter_callback_query().endpoint(press))
        .branch(
            Update::filter_message()
                .filter(is_private)
                .endpoint(message),
        )
        .branch(Update::filter_message().endpoint(group))
        .branch(
            Update::filter_edited_message()
                .filter(is_private)
                .endpoint(edited),
        )
        .branch(Update::filter_my_chat_member().endpoint(member))
}

/// An update that came.
pub struct Arrived<'a> {
    /// Its number.
    pub id: u32,
    text: &'a str,
    /// What it asks for, where [`quick`] can tell.
    quick: Option<Inbound>,
}

impl Arrived<'_> {
    /// Look at an update of the bot with this user name. Nothing where it has no number, so that it is
    /// none.
    pub fn look<'a>(update: &'a [u8], name: &str) -> Option<Arrived<'a>> {
        let text = std::str::from_utf8(update).ok()?;
        let (id, quick) = match quick::read(text, name) {
            Some((id, inbound)) => (id, Some(inbound)),
            None => (number(text)?, None),
        };
        Some(Arrived { id, text, quick })
    }

    /// What it asks for. Most are read by [`quick`], all others by the tree.
    pub async fn read(
        self,
        tree: &Handler<'static, Inbound, DpHandlerDescription>,
        me: &Arc<Me>,
    ) -> Inbound {
        match self.quick {
            Some(inbound) => inbound,
            None => match serde_json::from_str(self.text) {
                Ok(update) => read_with(tree, me, update).await,
                Err(_) => Inbound::Unreadable,
            },
        }
    }
}

/// What an update asks for, by the tree alone.
pub async fn read_with(
    tree: &Handler<'static, Inbound, DpHandlerDescription>,
    me: &Arc<Me>,
    update: Update,
) -> Inbound {
    if matches!(update.kind, UpdateKind::Error(_)) {
        return Inbound::Unreadable;
    }
    match tree.dispatch(dptree::deps![update, me.clone()]).await {
        std::ops::ControlFlow::Break(inbound) => inbound,
        std::ops::ControlFlow::Continue(_) => Inbound::Nothing,
    }
}

fn is_private(message: Message) -> bool {
    message.chat.is_private()
}

async fn message(message: Message, me: Arc<Me>) -> Inbound {
    let language = message.from.as_ref().and_then(|u| u.language_code.clone());
    let input = match (message.text(), message.caption()) {
        (Some(text), _) => return said(message.chat.id.0, text, language, me.username()),
        // The words under a picture answer nothing, but they may name a danger.
        (None, Some(caption)) => Input::Edited(caption.to_owned()),
        (None, None) => Input::Media,
    };
    Inbound::Input {
        person: Person(message.chat.id.0),
        input,
        language,
        press: None,
        code: None,
    }
}

/// What words ask for that somebody wrote in their private chat.
pub(super) fn said(chat: i64, text: &str, language: Option<String>, name: &str) -> Inbound {
    let Some(input) = text_input(text, name) else {
        return Inbound::Nothing;
    };
    let started = matches!(input, Input::Start { .. });
    Inbound::Input {
        person: Person(chat),
        code: started.then(|| start_code(text)).flatten(),
        input,
        language,
        press: None,
    }
}

/// What stands behind a /start. The link out of a group says `group`, which is no code.
fn start_code(text: &str) -> Option<String> {
    let code = text.split_whitespace().nth(1)?;
    (code != "group").then(|| code.to_owned())
}

/// A command for us, or words. Nothing for a command to another bot.
fn text_input(text: &str, name: &str) -> Option<Input> {
    let Some(rest) = text.strip_prefix('/') else {
        return Some(Input::Text(text.to_owned()));
    };
    let word = rest.split_whitespace().next().unwrap_or("");
    let (command, to) = word
        .split_once('@')
        .map_or((word, None), |(n, t)| (n, Some(t)));
    if to.is_some_and(|t| !t.eq_ignore_ascii_case(name)) {
        return None;
    }
    Some(match command {
        "start" => Input::Start { language: None },
        command => {
            Command::named(command).map_or_else(|| Input::Text(text.to_owned()), Input::Command)
        }
    })
}

async fn edited(message: Message) -> Inbound {
    let language = message.from.as_ref().and_then(|u| u.language_code.clone());
    let words = message.text().or(message.caption()).unwrap_or_default();
    let input = Input::Edited(words.to_owned());
    Inbound::Input {
        person: Person(message.chat.id.0),
        input,
        language,
        press: None,
        code: None,
    }
}

async fn group(message: Message, me: Arc<Me>) -> Inbound {
    let text = message.text().unwrap_or_default();
    let mention = format!("@{}", me.username());
    let to_us = text_input(text, me.username()).is_some();
    if (text.starts_with('/') && to_us) || text.contains(&mention) {
        Inbound::Group {
            chat: message.chat.id.0,
        }
    } else {
        Inbound::Nothing
    }
}

async fn press(query: CallbackQuery) -> Inbound {
    let id = query.id.0.clone();
    let here = query.message.as_ref().map(|m| m.chat());
    if here.is_some_and(|c| !c.is_private()) {
        return Inbound::GroupPress { press: id };
    }
    let input = match query.data.as_deref().and_then(Press::read) {
        Some(press) => Input::Press(press),
        None => Input::UnknownPress,
    };
    // In a private chat the chat has the number of the person, also when the message is gone.
    let person = Person(i64::try_from(query.from.id.0).unwrap_or_default());
    Inbound::Input {
        person,
        input,
        language: query.from.language_code.clone(),
        press: Some(id),
        code: None,
    }
}

async fn member(change: ChatMemberUpdated) -> Inbound {
    if change.chat.is_private() && !change.new_chat_member.is_present() {
        let person = Person(change.chat.id.0);
        return Inbound::Input {
            person,
            input: Input::Blocked,
            language: None,
            press: None,
            code: None,
        };
    }
    Inbound::Nothing
}
