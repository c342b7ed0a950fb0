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

    /// Send a picture.
    async fn photo(&self, person: Person, name: &str, png: &[u8], caption: &str) -> Result<i64, SendError> { let _ = (person, name, png, caption); Err(SendError::Refused) }

    /// Send a text file.
    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError>;
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
