//! Connections to the Bot API server, kept for the next who asks.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::Uri;
use hyper::service::Service;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connection::{Answer, Connection};

/// How long coming in may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);

/// How many connections that nobody uses are kept.
const MOST_IDLE: usize = 512;

type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Connections to one server.
pub struct Pool {
    connector: TowerToHyperService<HttpsConnector<HttpConnector>>,
    server: Uri,
    /// Who was used last stands last.
    idle: Mutex<VecDeque<(Connection<Stream>, Instant)>>,
}

impl Pool {
    /// No connections yet to the server of this address.
    pub fn new(server: Uri) -> Pool {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Pool {
            connector: TowerToHyperService::new(https),
            server,
            idle: Mutex::default(),
        }
    }

    /// Send a whole request, head and body, and read the answer.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or did not answer; what was asked for may have been done.
    pub async fn ask(&self, request: &[u8]) -> io::Result<Answer> {
        let mut connection = match self.take().await {
            Some(open) => open,
            None => self.connect().await?,
        };
        let answer = connection.ask(request).await?;
        if answer.is_open {
            self.keep(connection);
        }
        Ok(answer)
    }

    /// The connection that was used last, if it is still open.
    async fn take(&self) -> Option<Connection<Stream>> {
        loop {
            let (mut connection, since) = self.idle().pop_back()?;
            if since.elapsed() < IDLE && connection.is_open().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: Connection<Stream>) {
        let mut idle = self.idle();
        let is_old = |(_, since): &(_, Instant)| since.elapsed() >= IDLE;
        while idle.len() >= MOST_IDLE || idle.front().is_some_and(is_old) {
            idle.pop_front();
        }
        idle.push_back((connection, Instant::now()));
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Connection<Stream>, Instant)>> {
        // Nothing is left half done under this lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> io::Result<Connection<Stream>> {
        let stream = self.connector.call(self.server.clone()).await;
        let stream = stream.map_err(io::Error::other)?;
        Ok(Connection::new(TokioIo::new(stream)))
    }
}
