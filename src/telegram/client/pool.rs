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

    /// Send a whole request, head and body, and read the answer. A server may close a connection at the
    /// moment at which it is used again; what `may_be_repeated` is then sent once more over a new one.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or did not answer; what was asked for may have been done.
    pub async fn ask(&self, request: &[u8], may_be_repeated: bool) -> io::Result<Answer> {
        if let Some(kept) = self.take().await {
            let answer = self.ask_over(kept, request).await;
            if answer.is_ok() || !may_be_repeated {
                return answer;
            }
        }
        self.ask_over(self.connect().await?, request).await
    }

    async fn ask_over(
        &self,
        mut connection: Connection<Stream>,
        request: &[u8],
    ) -> io::Result<Answer> {
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const YES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

    /// A server that answers so many requests over each connection and closes it at the next; with it
    /// the address.
    async fn server(answers: usize) -> (Uri, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                for _ in 0..answers {
                    let mut request = [0; 1];
                    stream.read_exact(&mut request).await.unwrap();
                    stream.write_all(YES).await.unwrap();
                }
                let mut last = [0; 1];
                let _ = stream.read_exact(&mut last).await;
            }
        });
        (address.parse().unwrap(), serving)
    }

    #[tokio::test]
    async fn a_connection_is_used_again_and_what_finds_it_closed_is_repeated_if_it_may_be() {
        let (address, _serving) = server(2).await;
        let pool = Pool::new(address);
        for _ in 0..2 {
            assert_eq!(pool.ask(b"?", false).await.unwrap().status, 200);
            assert_eq!(pool.idle().len(), 1);
        }
        // It is closed by this one, which may have been done.
        assert!(pool.ask(b"!", false).await.is_err());
        assert_eq!(pool.idle().len(), 0);
        for _ in 0..3 {
            assert_eq!(pool.ask(b"?", true).await.unwrap().status, 200);
        }
        // What finds it closed before it is used takes a new one.
        let (kept, since) = pool.idle().pop_back().unwrap();
        drop(kept);
        let (address, serving) = server(1).await;
        let pool = Pool::new(address);
        assert_eq!(pool.ask(b"?", false).await.unwrap().status, 200);
        pool.idle().back_mut().unwrap().1 = since.checked_sub(IDLE).unwrap();
        assert!(pool.take().await.is_none(), "It was idle for too long.");
        serving.abort();
        assert!(pool.ask(b"?", true).await.is_err(), "Nobody is there.");
    }
}
