//! One server, and the connection to it that all calls share: made again when it is lost.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind,
    Value,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::address::Address;
use super::call::Call;
use super::fault::{Fault, classify};
use super::sentinel;

/// How long Redis may take for one answer.
pub const ANSWER: Duration = Duration::from_secs(2);

/// How long finding the server and coming in may take.
pub const CONNECT: Duration = Duration::from_millis(2500);

/// A server that is reached through one connection.
pub struct Node {
    address: Address,
    place: Place,
    current: Mutex<Current>,
}

/// How the server is found.
pub enum Place {
    /// It is always there.
    Single(ConnectionInfo),
    /// It is always there, as a part of a Cluster.
    Cluster(ConnectionInfo),
    /// It is the one that Sentinels name.
    Sentinel(sentinel::Question),
}

#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// Counts the connections, so that only the one that failed is dropped.
    number: u64,
}

impl Node {
    /// A server to which nobody is connected yet.
    pub fn new(address: Address, place: Place) -> Node {
        Node {
            address,
            place,
            current: Mutex::default(),
        }
    }

    /// Where it is, when it is always there.
    pub fn info(&self) -> Option<&ConnectionInfo> {
        match &self.place {
            Place::Single(info) | Place::Cluster(info) => Some(info),
            Place::Sentinel(_) => None,
        }
    }

    /// Whether there is a connection, as far as can be told at once.
    pub fn is_connected(&self) -> bool {
        let current = self.current.try_lock();
        current.is_ok_and(|current| current.connection.is_some())
    }

    /// Ask once. A connection that fails is dropped.
    pub async fn ask(&self, call: &Call) -> Result<Value, Fault> {
        let (number, mut connection) = self.connection().await?;
        let fault = match timeout(ANSWER, call.send(&mut connection)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => self.classify(&error),
            Err(_) => Fault::Again("Redis does not answer in time".into()),
        };
        if matches!(fault, Fault::Again(_)) {
            let mut current = self.current.lock().await;
            if current.number == number {
                current.connection = None;
            }
        }
        Err(fault)
    }

    fn classify(&self, error: &RedisError) -> Fault {
        classify(error, matches!(self.place, Place::Cluster(_)))
    }

    /// The connection, and its number. Whoever comes while one is made waits for it.
    async fn connection(&self) -> Result<(u64, MultiplexedConnection), Fault> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((current.number, connection.clone()));
        }
        let made = timeout(CONNECT, self.connect())
            .await
            .map_err(|_| Fault::Again("Redis does not answer in time".into()))?
            .map_err(|error| self.classify(&error))?;
        current.number += 1;
        current.connection = Some(made.clone());
        Ok((current.number, made))
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        match &self.place {
            Place::Single(info) | Place::Cluster(info) => self.come_in(info.clone()).await,
            Place::Sentinel(question) => {
                let info = question.master(&self.address).await?;
                let mut connection = self.come_in(info).await?;
                let role: RedisResult<Vec<Value>> =
                    redis::cmd("ROLE").query_async(&mut connection).await;
                let may_not_ask = ErrorKind::from(ServerErrorKind::NoPerm);
                // Sentinels may be late to know of a new master.
                match role {
                    Ok(role) if role.first() == Some(&Value::BulkString(b"master".into())) => {
                        Ok(connection)
                    }
                    Err(error) if error.kind() == may_not_ask => Ok(connection),
                    Err(error) => Err(error),
                    Ok(_) => Err(RedisError::from((
                        ErrorKind::Server(ServerErrorKind::ReadOnly),
                        "it is no master",
                    ))),
                }
            }
        }
    }

    async fn come_in(&self, info: ConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            // Whoever asks has a deadline.
            .set_response_timeout(None);
        let client = self.address.client(info)?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}
