//! What is asked of a server, and how it is sent.

use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, RedisResult, ServerErrorKind, Value};

use super::script::Invocation;

/// What is asked. All of its keys are on one node.
pub enum Call {
    /// A command of which the first argument is the key.
    Plain(Cmd),
    /// A script; one command when the server knows it.
    Script(Invocation),
    /// Write a mark, read the versions of records, and wait until as many replicas have it all, for
    /// so many milliseconds. All goes out together: on another connection, waiting would cover
    /// nothing. The answer is the versions, 8 bytes each, and how many replicas.
    Wait {
        /// The key of the mark.
        mark: String,
        /// The keys of the records.
        records: Vec<String>,
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
                records,
                replicas,
                milliseconds,
            } => {
                let mut all = redis::pipe();
                all.cmd("SET").arg(mark).arg(1).ignore();
                for record in records {
                    all.cmd("GETRANGE").arg(record).arg(1).arg(8);
                }
                all.cmd("WAIT").arg(replicas).arg(milliseconds);
                let mut answers: Vec<Value> = all.query_async(connection).await?;
                let have = answers.pop().unwrap_or(Value::Nil);
                Ok(Value::Array(vec![Value::Array(answers), have]))
            }
        }
    }
}
