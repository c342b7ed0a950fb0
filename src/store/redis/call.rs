//! What is asked of a server, and how it is sent.

use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, RedisResult, ServerErrorKind, Value};

use super::script::Invocation;

/// What is asked. All of its keys belong to one shard where a Cluster is asked.
pub enum Call {
    /// A command of which the first argument is the key.
    Plain(Cmd),
    /// A script; one command when the server knows it.
    Script(Invocation),
    /// Write this key, and wait until as many replicas have it, for so many milliseconds. The two go
    /// out together: on another connection, waiting would cover nothing.
    Wait {
        /// The key.
        mark: String,
        /// How many replicas.
        replicas: u32,
        /// How long.
        milliseconds: u64,
    },
}

impl From<Cmd> for Call {
    fn from(command: Cmd) -> Call {
        Call::Plain(command)
    }
}

impl From<Invocation> for Call {
    fn from(invocation: Invocation) -> Call {
        Call::Script(invocation)
    }
}

impl Call {
    /// A key by which the server is found.
    pub fn key(&self) -> &[u8] {
        match self {
            Call::Plain(command) => match command.args_iter().nth(1) {
                Some(Arg::Simple(key)) => key,
                _ => b"",
            },
            Call::Script(script) => script.key().as_bytes(),
            Call::Wait { mark, .. } => mark.as_bytes(),
        }
    }

    /// Send it.
    pub async fn send(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        match self {
            Call::Plain(command) => command.query_async(connection).await,
            Call::Script(script) => match script.by_hash().query_async(connection).await {
                Err(error) if error.kind() == ServerErrorKind::NoScript.into() => {
                    script.whole().query_async(connection).await
                }
                answer => answer,
            },
            Call::Wait {
                mark,
                replicas,
                milliseconds,
            } => {
                let mut both = redis::pipe();
                both.cmd("SET").arg(mark).arg(1).ignore();
                both.cmd("WAIT").arg(replicas).arg(milliseconds);
                let (have,): (Value,) = both.query_async(connection).await?;
                Ok(have)
            }
        }
    }
}
