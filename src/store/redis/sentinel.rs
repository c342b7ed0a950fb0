//! Which server is the master now: the Sentinels are asked one after the other.

use std::time::Duration;

use redis::{Client, ConnectionInfo, ErrorKind, RedisConnectionInfo, RedisError, RedisResult};
use tokio::time::timeout;

use super::address::Address;

/// How long one Sentinel may take, so that a dead one does not use up the time for the others.
const PATIENCE: Duration = Duration::from_millis(700);

/// Where the master is, by the first Sentinel that knows.
pub async fn master(
    address: &Address,
    sentinels: &[ConnectionInfo],
    name: &str,
    login: &RedisConnectionInfo,
) -> RedisResult<ConnectionInfo> {
    let mut why = RedisError::from((ErrorKind::EmptySentinelList, "no Sentinel"));
    for sentinel in sentinels {
        let client = address.client(sentinel.clone())?;
        match timeout(PATIENCE, ask(&client, name)).await {
            Ok(Ok(Some((host, port)))) => {
                let info = address.elsewhere(sentinel, host, port);
                return Ok(info.set_redis_settings(login.clone()));
            }
            Ok(Ok(None)) => {
                why = RedisError::from((ErrorKind::MasterNameNotFoundBySentinel, "no such master"));
            }
            Ok(Err(error)) => why = error,
            Err(_) => why = RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)),
        }
    }
    Err(why)
}

async fn ask(sentinel: &Client, name: &str) -> RedisResult<Option<(String, u16)>> {
    let mut connection = sentinel.get_multiplexed_async_connection().await?;
    redis::cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(name)
        .query_async(&mut connection)
        .await
}
