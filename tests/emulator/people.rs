//! People: what they write, press and do, which becomes updates for the bot.
//!
//! Used by tests through `Emulator::person`. Nothing here waits: the update is in the queue when
//! the call returns.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    html,
    state::{ChatRecord, Press, Shared, State},
    view::Message,
};

/// The longest text that clients send in one message; longer ones arrive split.
const LONGEST_TEXT: usize = 4096;

/// Someone who writes to the bot, in private or, through `in_group`, in a group.
#[derive(Clone)]
pub struct Person {
    shared: Arc<Shared>,
    id: i64,
    chat: i64,
}

/// What became of a message of a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    pub update: u32,
    pub message: i64,
}

/// What became of a press.
#[derive(Clone, Debug, PartialEq)]
pub struct Pressed {
    pub update: u32,
    /// The id of the callback query.
    pub query: String,
}

impl Person {
    pub(super) fn new(shared: Arc<Shared>, id: i64, language: Option<&str>, name: &str) -> Self {
        shared.change(|state| {
            let chat = state.chats.entry(id).or_insert_with(|| ChatRecord {
                id,
                name: String::new(),
                username: None,
                language_code: None,
                started: false,
                blocked: false,
            });
            chat.name = name.to_owned();
            chat.language_code = language.map(str::to_owned);
        });
        let chat = id;
        Person { shared, id, chat }
    }

    /// The id of the person, and of the private chat with them.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The same person writing in a group. The emulator knows no privacy mode: all arrives.
    pub fn in_group(&self, group: i64, title: &str) -> Person {
        assert!(group < 0, "Groups have negative ids.");
        self.shared.change(|state| {
            state.chats.entry(group).or_insert_with(|| ChatRecord {
                id: group,
                name: title.to_owned(),
                username: None,
                language_code: None,
                started: true,
                blocked: false,
            });
        });
        Person {
            chat: group,
            ..self.clone()
        }
    }

    /// Lets the bot write first, as if the person had written to it before.
    pub fn already_started(self) -> Person {
        self.shared.change(|state| {
            if let Some(chat) = state.chats.get_mut(&self.chat) {
                chat.started = true;
            }
        });
        self
    }

    /// Gives the person a user name.
    pub fn named(self, username: &str) -> Person {
        self.shared.change(|state| {
            if let Some(chat) = state.chats.get_mut(&self.id) {
                chat.username = Some(username.to_owned());
            }
        });
        self
    }

    /// Writes a text. One that is too long arrives as several messages; the last is returned.
    pub fn text(&self, text: &str) -> Said {
        let all: Vec<char> = text.chars().collect();
        let mut said = None;
        for piece in all.chunks(LONGEST_TEXT) {
            let piece: String = piece.iter().collect();
            said = Some(self.write(&piece, Map::new()));
        }
        said.expect("People cannot send an empty text.")
    }

    /// Writes a command, given without its slash: `start`, `start payload`, `help@bot`.
    pub fn command(&self, command: &str) -> Said {
        self.text(&format!("/{command}"))
    }

    /// Writes a text as a reply to a message of the chat.
    pub fn reply(&self, message: i64, text: &str) -> Said {
        let replied = self.shared.read(|state| {
            let replied = state.message(self.chat, message);
            let replied = replied.unwrap_or_else(|| panic!("There is no message {message}."));
            state.as_message(replied)
        });
        self.write(
            text,
            Map::from_iter([("reply_to_message".to_owned(), replied)]),
        )
    }

    /// Sends a sticker.
    pub fn sticker(&self) -> Said {
        self.sends(json!({ "sticker": {
            "file_id": "sticker", "file_unique_id": "sticker-1", "file_size": 9000, "type": "regular",
            "width": 512, "height": 512, "is_animated": false, "is_video": false, "emoji": "👍",
        }}))
    }

    /// Sends a voice message.
    pub fn voice(&self) -> Said {
        self.sends(json!({ "voice": {
            "file_id": "voice", "file_unique_id": "voice-1", "file_size": 9000, "duration": 3,
            "mime_type": "audio/ogg",
        }}))
    }

    /// Sends a photo.
    pub fn photo(&self) -> Said {
        self.sends(json!({ "photo": [{
            "file_id": "photo", "file_unique_id": "photo-1", "file_size": 9000,
            "width": 90, "height": 60,
        }]}))
    }

    /// Sends anything else, by the fields that make a Bot API message what it is.
    pub fn sends(&self, fields: Value) -> Said {
        let Value::Object(fields) = fields else {
            panic!("The fields of a message are an object.");
        };
        self.write("", fields)
    }

    /// Changes a message written before.
    pub fn edited_text(&self, message: i64, text: &str) -> Said {
        let update = self.shared.change(|state| {
            let (chat, id) = (self.chat, self.id);
            let mut messages = state.messages.iter_mut();
            let edited = messages
                .find(|edited| {
                    edited.chat == chat && edited.id == message && edited.from == Some(id)
                })
                .unwrap_or_else(|| panic!("Person {id} wrote no message {message}."));
            edited.text = text.to_owned();
            edited.source = text.to_owned();
            edited.edits += 1;
            let edited = edited.clone();
            let content = state.as_message(&edited);
            state.push_update("edited_message", content)
        });
        Said { update, message }
    }

    /// Presses the button with this label on a message as it is now.
    #[track_caller]
    pub fn press(&self, message: i64, label: &str) -> Pressed {
        let pressed = self
            .shared
            .read(|state| state.message(self.chat, message).cloned());
        let pressed = pressed.unwrap_or_else(|| panic!("There is no message {message}."));
        assert!(!pressed.deleted, "Message {message} is deleted.");
        self.press_on(&pressed, label)
    }

    /// Presses a button on a message as the test kept it, also if it was edited since.
    #[track_caller]
    pub fn press_on(&self, message: &Message, label: &str) -> Pressed {
        let button = message.button(label);
        let data = button.and_then(|button| button.data.as_deref());
        let data = data.unwrap_or_else(|| {
            let labels = message.labels();
            panic!("There is nothing to press called {label:?}, but {labels:?}.")
        });
        self.press_data(message.id, data)
    }

    /// Presses with this callback data, also of no button and on a message that never was.
    pub fn press_data(&self, message: i64, data: &str) -> Pressed {
        self.press_with(data, |state| {
            let known = state
                .message(self.chat, message)
                .filter(|known| !known.deleted);
            let content = known.map(|known| state.as_message(known));
            Some(content.unwrap_or_else(|| self.inaccessible(state, message)))
        })
    }

    /// Presses on a message that Telegram no longer shows the bot (`date` is 0).
    pub fn press_inaccessible(&self, message: i64, data: &str) -> Pressed {
        self.press_with(data, |state| Some(self.inaccessible(state, message)))
    }

    /// Presses, with no message in the callback query at all.
    pub fn press_without_message(&self, data: &str) -> Pressed {
        self.press_with(data, |_| None)
    }

    /// Blocks the bot.
    pub fn block_bot(&self) -> u32 {
        self.set_blocked(true)
    }

    /// Unblocks the bot.
    pub fn unblock(&self) -> u32 {
        self.set_blocked(false)
    }

    fn write(&self, text: &str, extra: Map<String, Value>) -> Said {
        self.shared.change(|state| {
            self.begin(state);
            let mut message = Message {
                chat: self.chat,
                from: Some(self.id),
                text: text.to_owned(),
                source: text.to_owned(),
                extra,
                ..Message::default()
            };
            if text.starts_with('/') {
                let length = text.split_whitespace().next().map_or(0, html::utf16);
                message.entities =
                    vec![json!({ "type": "bot_command", "offset": 0, "length": length })];
            }
            let message = state.add_message(message);
            let content = state.as_message(&message);
            Said {
                update: state.push_update("message", content),
                message: message.id,
            }
        })
    }

    fn press_with(&self, data: &str, message: impl Fn(&State) -> Option<Value>) -> Pressed {
        self.shared.change(|state| {
            self.begin(state);
            let query = format!("{}{:03}", self.id, state.presses.len() + 1);
            let mut content = json!({
                "id": query,
                "from": state.chat(self.id).as_user(),
                "chat_instance": format!("instance{}", self.chat),
                "data": data,
            });
            if let Some(message) = message(state) {
                content["message"] = message;
            }
            let update = state.push_update("callback_query", content);
            let at = state.now();
            state.presses.push(Press {
                query: query.clone(),
                chat: self.chat,
                update,
                at,
                expired: false,
                attempts: 0,
                answered: false,
            });
            Pressed { update, query }
        })
    }

    fn inaccessible(&self, state: &State, message: i64) -> Value {
        json!({ "chat": state.chat(self.chat).as_chat(), "message_id": message, "date": 0 })
    }

    fn begin(&self, state: &mut State) {
        let chat = state.chats.get_mut(&self.chat);
        let chat = chat.expect("A person's chat is known.");
        assert!(
            !chat.blocked,
            "Who has blocked the bot cannot write to it: unblock first."
        );
        chat.started = true;
    }

    fn set_blocked(&self, blocked: bool) -> u32 {
        self.shared.change(|state| {
            let bot = state.bot();
            let member = json!({ "user": bot, "status": "member" });
            let kicked = json!({ "user": bot, "status": "kicked", "until_date": 0 });
            let (old, new) = if blocked {
                (member, kicked)
            } else {
                (kicked, member)
            };
            if let Some(chat) = state.chats.get_mut(&self.chat) {
                chat.blocked = blocked;
            }
            let content = json!({
                "chat": state.chat(self.chat).as_chat(),
                "from": state.chat(self.id).as_user(),
                "date": state.now().as_secs(),
                "old_chat_member": old,
                "new_chat_member": new,
            });
            state.push_update("my_chat_member", content)
        })
    }
}
