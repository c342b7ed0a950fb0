//! A way to reach a person: what `turn` asks of a messenger or a terminal.

use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Priority, View};
use crate::store::Person;

/// A way to reach a person.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Wait until one message or edit of this urgency may go out.
    async fn ready(&self, person: Person, priority: Priority) {
        let _ = (person, priority);
    }

    /// Send a new message; the answer is its number.
    async fn send(&self, person: Person, view: &View) -> Result<i64, SendError>;

    /// Change a message. A message that shows this already is a success.
    async fn edit(&self, person: Person, message: i64, view: &View) -> Result<(), SendError>;

    /// Send a text file.
    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError>;

    /// Send a picture, a PNG file, with words below it; the answer is its number.
    ///
    /// The name is that of a file, such as `backtalk-history.png`. A caption over
    /// `LONGEST_CAPTION` is cut.
    async fn photo(
        &self,
        person: Person,
        name: &str,
        png: &[u8],
        caption: &str,
    ) -> Result<i64, SendError>;
}

/// The longest caption, in characters (Bot API, `sendPhoto`).
pub const LONGEST_CAPTION: usize = 1024;

/// The caption as far as it may be sent. One that is too long ends with an ellipsis.
///
/// Counted in UTF-16 units, the strictest way to count characters.
pub fn caption_to_send(caption: &str) -> String {
    let caption = caption.trim();
    if caption.encode_utf16().count() <= LONGEST_CAPTION {
        return caption.to_owned();
    }
    let mut units = 1;
    let kept = caption.chars().take_while(|c| {
        units += c.len_utf16();
        units <= LONGEST_CAPTION
    });
    let kept: String = kept.collect();
    format!("{}…", kept.trim_end())
}

/// Why a message was not sent. The variants differ in what the caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The person cannot be reached any more: stop their timers.
    Gone,
    /// The message to edit does not exist: send anew.
    NoMessage,
    /// Try again after this long.
    Later(Duration),
    /// This very message is refused: after a few tries give it up.
    Refused,
}
