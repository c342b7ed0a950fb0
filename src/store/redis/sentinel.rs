//! Which server is the master now: the Sentinels are asked one after the other.

use std::io;
use std::time::Duration;

use redis::{Client, ConnectionInfo, ErrorKind, RedisConnectionInfo, RedisError, RedisResult};
use tokio::time::timeout;

use super::address::Address;

/// How long one Sentinel may take, so that a dead one does not use up the time for the others.
const PATIENCE: Duration = Duration::from_millis(700);

/// What Sentinels are asked.
#[derive(Clone)]
pub struct Question {
    /// Whom.
    pub sentinels: Vec<ConnectionInfo>,
    /// The name of the master.
    pub master: String,
    /// How to come in to the master.
    pub login: RedisConnectionInfo,
}

impl Question {
    /// Where the master is, by the first Sentinel that knows.
    pub async fn master(&self, address: &Address) -> RedisResult<ConnectionInfo> {
        let mut why = RedisError::from((ErrorKind::EmptySentinelList, "no Sentinel"));
        for sentinel in &self.sentinels {
            let client = address.client(sentinel.clone())?;
            match timeout(PATIENCE, ask(&client, &self.master)).await {
                Ok(Ok(Some((host, port)))) => {
                    let info = address.elsewhere(sentinel, host, port);
                    return Ok(info.set_redis_settings(self.login.clone()));
                }
                Ok(Ok(None)) => {
                    why = (ErrorKind::MasterNameNotFoundBySentinel, "no such master").into();
                }
                Ok(Err(error)) => why = error,
                Err(_) => why = io::Error::from(io::ErrorKind::TimedOut).into(),
            }
        }
        Err(why)
    }
}

async fn ask(sentinel: &Client, name: &str) -> RedisResult<Option<(String, u16)>> {
    let mut connection = sentinel.get_multiplexed_async_connection().await?;
    redis::cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(name)
        .query_async(&mut connection)
        .await
}
