//! How long a person waits for the first that they see of what they did.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::engine::{Priority, View};
use crate::metrics::metrics;
use crate::store::Person;
use crate::turn::{Channel, SendError};

/// A way to reach a person, on which the first message or edit that arrives is timed.
pub struct FirstReply<'a> {
    channel: &'a dyn Channel,
    /// When the update came; none for what is no update, which nobody waits for.
    received: Option<Instant>,
    has_arrived: AtomicBool,
}

impl<'a> FirstReply<'a> {
    /// Time what goes out here for an update that came then.
    pub fn new(channel: &'a dyn Channel, received: Option<Instant>) -> FirstReply<'a> {
        FirstReply {
            channel,
            received,
            has_arrived: AtomicBool::new(false),
        }
    }

    fn time<T>(&self, sent: Result<T, SendError>) -> Result<T, SendError> {
        if sent.is_ok()
            && let Some(received) = self.received
            && !self.has_arrived.swap(true, Relaxed)
        {
            metrics().first_reply.took(received.elapsed());
        }
        sent
    }
}

#[async_trait]
impl Channel for FirstReply<'_> {
    async fn ready(&self, person: Person, priority: Priority) {
        self.channel.ready(person, priority).await;
    }

    async fn send(&self, person: Person, view: &View) -> Result<i64, SendError> {
        self.time(self.channel.send(person, view).await)
    }

    async fn edit(&self, person: Person, message: i64, view: &View) -> Result<(), SendError> {
        self.time(self.channel.edit(person, message, view).await)
    }

    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError> {
        self.time(self.channel.file(person, name, content).await)
    }

    async fn photo(
        &self,
        person: Person,
        name: &str,
        png: &[u8],
        caption: &str,
    ) -> Result<i64, SendError> {
        self.time(self.channel.photo(person, name, png, caption).await)
    }
}
