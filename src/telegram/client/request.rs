//! What the hot methods are asked with.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::engine::{Button, View};

/// `sendMessage`.
#[derive(Serialize)]
pub struct SendMessage<'a> {
    pub chat_id: i64,
    pub text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<Keyboard<'a>>,
}

/// `editMessageText`.
#[derive(Serialize)]
pub struct EditMessageText<'a> {
    pub chat_id: i64,
    pub message_id: i32,
    pub text: &'a str,
    pub reply_markup: Keyboard<'a>,
}

/// `answerCallbackQuery`.
#[derive(Serialize)]
pub struct AnswerCallbackQuery<'a> {
    pub callback_query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// `getUpdates`.
#[derive(Serialize)]
pub struct GetUpdates<'a> {
    pub offset: u32,
    pub limit: u8,
    pub timeout: u32,
    pub allowed_updates: &'a [teloxide::types::AllowedUpdate],
}

/// The buttons of a view, as an inline keyboard.
pub struct Keyboard<'a>(pub &'a View);

impl Serialize for Keyboard<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keyboard = serializer.serialize_struct("InlineKeyboardMarkup", 1)?;
        keyboard.serialize_field("inline_keyboard", &Rows(&self.0.rows))?;
        keyboard.end()
    }
}

struct Rows<'a>(&'a [Vec<Button>]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| Row(row)))
    }
}

struct Row<'a>(&'a [Button]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|button| Key {
            text: &button.label,
            callback_data: &button.data,
        }))
    }
}

#[derive(Serialize)]
struct Key<'a> {
    text: &'a str,
    callback_data: &'a str,
}
