//! Hears when another process made somebody due sooner than was known.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use redis::aio::PubSub;
use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::address::{Address, Place};
use super::node::{ANSWER, CONNECT};

/// How long it may be quiet before the server is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(20);

/// The first pause after the connection is lost; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Rings when somebody is due sooner than was known.
#[derive(Debug)]
pub struct Bell {
    rings: Notify,
    /// When the soonest of whom was heard is due, in milliseconds since 1970.
    soonest_ms: AtomicI64,
}

impl Default for Bell {
    fn default() -> Bell {
        Bell {
            rings: Notify::new(),
            soonest_ms: AtomicI64::new(i64::MAX),
        }
    }
}

impl Bell {
    /// Ring: somebody is due then. Nothing when something may have been missed.
    fn ring(&self, due_ms: Option<i64>) {
        self.soonest_ms
            .fetch_min(due_ms.unwrap_or(i64::MIN), SeqCst);
        self.rings.notify_one();
    }

    /// Wait until it rings; the answer is when the soonest is due, where that is known.
    pub async fn heard(&self) -> Option<Timestamp> {
        loop {
            self.rings.notified().await;
            match self.soonest_ms.swap(i64::MAX, SeqCst) {
                // It rang again while the last was heard, which told of both.
                i64::MAX => {}
                soonest_ms => return Timestamp::from_millisecond(soonest_ms).ok(),
            }
        }
    }
}

/// Ring the bell for every message on the channel, on a connection of its own, for ever.
pub async fn listen(address: Address, channel: String, bell: Arc<Bell>) {
    let mut pause = FIRST_PAUSE;
    for turn in 0_usize.. {
        let subscribed = timeout(CONNECT, subscribe(&address, &channel, turn)).await;
        if let Ok(Ok(heard)) = subscribed {
            // Something may have been missed meanwhile.
            bell.ring(None);
            pause = FIRST_PAUSE;
            ring(heard, &bell).await;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Ring until the connection is lost.
async fn ring(heard: PubSub, bell: &Bell) {
    let (mut sink, mut messages) = heard.split();
    loop {
        match timeout(QUIET, messages.next()).await {
            Ok(Some(message)) => {
                let due_ms = std::str::from_utf8(message.get_payload_bytes()).ok();
                bell.ring(due_ms.and_then(|ms| ms.parse().ok()));
            }
            Ok(None) => return,
            Err(_) => match timeout(ANSWER, sink.ping::<()>()).await {
                Ok(Ok(())) => {}
                _ => return,
            },
        }
    }
}

/// A connection on which the channel is heard. Every node of a Cluster hears it; with each `turn`
/// another is asked.
async fn subscribe(address: &Address, channel: &str, turn: usize) -> RedisResult<PubSub> {
    let info = match &address.place {
        Place::Single(info) => info.clone(),
        Place::Sentinel(question) => question.master(address).await?,
        Place::Cluster(nodes) => {
            let node = nodes.iter().cycle().nth(turn % nodes.len().max(1));
            let none = || RedisError::from((ErrorKind::InvalidClientConfig, "no node"));
            node.cloned().ok_or_else(none)?
        }
    };
    let mut heard = address.client(info)?.get_async_pubsub().await?;
    heard.subscribe(channel).await?;
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn each_ring_is_heard_once_and_many_at_once() {
        let bell = Bell::default();
        bell.ring(Some(7));
        bell.ring(Some(5));
        let five = Timestamp::from_millisecond(5).ok();
        assert_eq!(bell.heard().await, five);
        // As when it rings between being woken and looking.
        bell.rings.notify_one();
        assert_eq!(bell.heard().now_or_never(), None, "Nothing is new.");
        bell.ring(None);
        bell.ring(Some(5));
        assert_eq!(bell.heard().await, None, "Something may have been missed.");
    }
}
