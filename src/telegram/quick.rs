//! Reading the two kinds of updates that almost all are, without making all that teloxide makes of
//! them: a press in a private chat, and words written there.
//!
//! Whatever is not exactly that is left to the tree of [`super::inbound`], which says the same of these
//! two (the test below, and the fuzz target `update`).

use std::borrow::Cow;

use serde::Deserialize;

use super::inbound::{self, Inbound};
use crate::engine::{Input, Press};
use crate::store::Person;

/// An update, as far as it is read here. Of one with anything else in it nothing is said.
#[derive(Deserialize)]
struct Update<'a> {
    update_id: u32,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    callback_query: Option<Query<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    chat: Chat<'a>,
    #[serde(borrow)]
    from: Option<User<'a>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Chat<'a> {
    id: i64,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct User<'a> {
    id: i64,
    #[serde(borrow)]
    language_code: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Query<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    from: User<'a>,
    #[serde(borrow)]
    message: Option<Shown<'a>>,
    #[serde(borrow)]
    data: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    chat: Chat<'a>,
}

/// The number of an update and what it asks for, where it is one of the two; `name` is the bot's user
/// name.
pub fn read(update: &str, name: &str) -> Option<(u32, Inbound)> {
    let update: Update = serde_json::from_str(update).ok()?;
    let inbound = match (update.message, update.callback_query) {
        (None, Some(query)) => press(query),
        (Some(message), None) => words(message, name),
        _ => None,
    };
    Some((update.update_id, inbound?))
}

fn press(query: Query) -> Option<Inbound> {
    if query.message?.chat.kind != "private" {
        return None;
    }
    let press = Press::read(&query.data?);
    Some(Inbound::Input {
        person: Person(query.from.id),
        input: press.map_or(Input::UnknownPress, Input::Press),
        language: query.from.language_code.map(Cow::into_owned),
        press: Some(query.id.into_owned()),
        code: None,
    })
}

fn words(message: Message, name: &str) -> Option<Inbound> {
    let text = message.text?;
    if message.chat.kind != "private" {
        return None;
    }
    let language = message.from.and_then(|user| user.language_code);
    Some(inbound::said(
        message.chat.id,
        &text,
        language.map(Cow::into_owned),
        name,
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use teloxide::types::Me;

    use super::*;

    fn me() -> Arc<Me> {
        let me = json!({
            "id": 1, "is_bot": true, "first_name": "Backtalk", "username": "backtalk_bot",
            "can_join_groups": true, "can_read_all_group_messages": false,
            "supports_inline_queries": false, "can_connect_to_business": false,
            "has_main_web_app": false,
        });
        Arc::new(serde_json::from_value(me).expect("The bot itself."))
    }

    /// Whether an update is read here; then it is read as the tree reads it.
    #[track_caller]
    fn check(update: Value, is_quick: bool) {
        let text = update.to_string();
        let quick = read(&text, "backtalk_bot");
        assert_eq!(quick.is_some(), is_quick, "{text}");
        let Some(quick) = quick else { return };
        let whole = serde_json::from_str(&text).expect("An update.");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let tree = inbound::tree();
        let me = me();
        let by_tree = inbound::read_with(&tree, &me, whole);
        let by_tree = runtime.expect("A runtime.").block_on(by_tree);
        assert_eq!(quick, (5, by_tree), "{text}");
    }

    fn private() -> Value {
        json!({"id": 7, "type": "private", "first_name": "Ann"})
    }

    fn ann() -> Value {
        json!({"id": 7, "is_bot": false, "first_name": "Ann", "language_code": "en-GB"})
    }

    fn written(text: &str) -> Value {
        json!({"update_id": 5, "message": {
            "message_id": 3, "date": 1_700_000_000, "chat": private(), "from": ann(), "text": text,
        }})
    }

    fn pressed(data: Value) -> Value {
        let message = json!({
            "message_id": 3, "date": 1_700_000_000, "chat": private(), "text": "Which?",
        });
        json!({"update_id": 5, "callback_query": {
            "id": "99", "from": ann(), "message": message, "chat_instance": "1", "data": data,
        }})
    }

    #[test]
    fn words_and_presses_are_read_as_the_tree_reads_them() {
        for text in [
            "both legs",
            "it's 7 \u{1f600} \"quoted\"\n",
            "/start",
            "/start group",
            "/start a-code",
            "/stop@backtalk_bot",
            "/stop@other_bot",
            "/nonsense",
            "/",
        ] {
            check(written(text), true);
        }
        for data in ["17t3", "1!Restart", "nonsense", ""] {
            check(pressed(data.into()), true);
        }
        let mut nameless = written("hello");
        nameless["message"]["from"]["language_code"].take();
        check(nameless, true);
        let mut gone = pressed("3a1".into());
        gone["callback_query"]["message"]["date"] = 0.into();
        check(gone, true);
    }

    #[test]
    fn everything_else_is_left_to_the_tree() {
        check(pressed(Value::Null), false);
        let mut group = written("/start");
        group["message"]["chat"] = json!({"id": -5, "type": "group", "title": "Us"});
        check(group, false);
        let mut photo = written("");
        photo["message"] = json!({
            "message_id": 3, "date": 1_700_000_000, "chat": private(), "from": ann(),
            "caption": "my back",
        });
        check(photo, false);
        let mut inline = pressed("3a1".into());
        inline["callback_query"]["message"].take();
        check(inline, false);
        check(
            json!({"update_id": 5, "edited_message": written("a")["message"]}),
            false,
        );
        check(json!({"update_id": 5}), false);
    }
}
