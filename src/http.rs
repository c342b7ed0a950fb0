//! The HTTP server of the bot: `/healthz`, `/readyz` and `/metrics`. Nothing it says is about a
//! person.
//!
//! [`router`] has the routes, to which others may be merged, and [`serve`] answers them. Both are
//! for a network of one's own or behind a proxy: there is no TLS here.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::warn;

use crate::metrics::{self, metrics};
use crate::pulse::{Loop, pulse};
use crate::readiness::Readiness;

/// The longest body that is read. An update is a few kilobytes, and never near this.
const LONGEST_BODY: usize = 1024 * 1024;

/// How long the whole body of a request may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may take to send the head of its next request; one that is idle for longer
/// is closed.
const HEAD_WITHIN: Duration = Duration::from_secs(60);

/// The most connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 512;

/// The wait after a connection could not be accepted, as when there are too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// How long a stop waits for requests under way.
const ENDING: Duration = Duration::from_secs(5);

/// The routes for whoever watches the bot. The bodies of all routes that are merged to them are
/// bounded.
pub fn router(readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(page))
        .with_state(readiness)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
}

/// 200 while the loops of the process go round; else 503 and which do not.
async fn healthz() -> (StatusCode, String) {
    let silent: Vec<_> = pulse().silent().into_iter().map(Loop::word).collect();
    match silent.is_empty() {
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => {
            let said = format!("not heard for too long: {}\n", silent.join(", "));
            (StatusCode::SERVICE_UNAVAILABLE, said)
        }
    }
}

/// 200 when the process may be sent work; else 503 and why not.
async fn readyz(State(readiness): State<Arc<Readiness>>) -> (StatusCode, String) {
    match readiness.look().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n", why.words()),
        ),
    }
}

/// What the process counts, for Prometheus.
async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics().page())
}

/// The whole body of a request that may be too long, or come too slowly; the error is what to answer
/// then: 413, 408, or 400 when it breaks off.
pub async fn body(request: Request) -> Result<Bytes, StatusCode> {
    match tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(refused)) => Err(refused.status()),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Answer requests until told to stop; then those under way are finished.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut open = JoinSet::new();
    while !*stop.borrow_and_update() {
        let accepted = async {
            // Nobody closes them.
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            _ = stop.changed() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let answering = answer(stream, router.clone(), stop.clone());
                open.spawn(async move {
                    answering.await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    let ending = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(ENDING, ending).await.is_err() {
        warn!("some requests did not end in time");
    }
}

/// Answer the requests of one connection.
async fn answer(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Answers are short, and whoever asks waits for them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // What is wrong with a connection is a matter of the other side.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::Phase;
    use crate::store::memory::MemoryStore;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server with one more route, which tells how long a body is; and how to stop it.
    async fn begin() -> (String, watch::Sender<bool>, Arc<Readiness>, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let readiness = Arc::new(Readiness::new(Arc::new(MemoryStore::new())));
        let length = post(async |request: Request| {
            let read = body(request).await;
            read.map(|bytes| bytes.len().to_string())
        });
        let more = Router::new().route("/length", length);
        let limited = more.layer(DefaultBodyLimit::max(LONGEST_BODY));
        let router = router(readiness.clone()).merge(limited);
        let (stopper, stop) = watch::channel(false);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, router, stop));
        (url, stopper, readiness, server)
    }

    async fn get(url: &str) -> (u16, String) {
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    #[tokio::test]
    async fn it_tells_whether_the_process_is_well_and_what_it_counts() {
        let (url, _stopper, readiness, _server) = begin().await;
        assert_eq!(get(&format!("{url}/healthz")).await, (200, "ok\n".into()));
        let ready = format!("{url}/readyz");
        assert_eq!(get(&ready).await, (503, "starting\n".into()));
        readiness.is_now(Phase::Ready);
        assert_eq!(get(&ready).await, (200, "ready\n".into()));
        readiness.is_now(Phase::Stopping);
        assert_eq!(get(&ready).await, (503, "stopping\n".into()));
        let (status, page) = get(&format!("{url}/metrics")).await;
        assert_eq!(status, 200);
        assert!(page.contains(metrics::names::TURNS), "{page}");
        assert_eq!(get(&format!("{url}/")).await.0, 404);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        let (url, _stopper, _readiness, _server) = begin().await;
        let send = async |length: usize| {
            let client = reqwest::Client::new().post(format!("{url}/length"));
            let answer = client.body(vec![0; length]).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let longest = (200, LONGEST_BODY.to_string());
        assert_eq!(send(LONGEST_BODY).await, longest);
        assert_eq!(send(LONGEST_BODY + 1).await.0, 413);
    }

    #[tokio::test]
    async fn a_stop_finishes_what_is_under_way_and_closes_what_is_idle() {
        let (url, stopper, _readiness, mut server) = begin().await;
        let address = url.trim_start_matches("http://");
        let _idle = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        let head = "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\na";
        slow.write_all(head.as_bytes()).await.unwrap();
        // Whoever is answered after it was accepted after it.
        assert_eq!(get(&format!("{url}/healthz")).await.0, 200);
        stopper.send(true).unwrap();
        slow.write_all(b"b").await.unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n2"), "{answer}");
        server.join_next().await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
