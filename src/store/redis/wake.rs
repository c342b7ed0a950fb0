//! Hears when another process made somebody due sooner than was known.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
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

/// Ring the bell for every message on the channel, on a connection of its own, for ever.
pub async fn listen(address: Address, channel: String, bell: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    for turn in 0_usize.. {
        let subscribed = timeout(CONNECT, subscribe(&address, &channel, turn)).await;
        if let Ok(Ok(heard)) = subscribed {
            // Something may have been missed meanwhile.
            bell.notify_one();
            pause = FIRST_PAUSE;
            ring(heard, &bell).await;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Ring until the connection is lost.
async fn ring(heard: PubSub, bell: &Notify) {
    let (mut sink, mut messages) = heard.split();
    loop {
        match timeout(QUIET, messages.next()).await {
            Ok(Some(_)) => bell.notify_one(),
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
