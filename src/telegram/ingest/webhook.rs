//! Updates by webhook: Telegram posts each, and is answered once it is stored.
//!
//! Any process takes any update; who else has the chat in hand is found out by the store. What cannot
//! be stored is answered with 503, and Telegram posts it again. After a process died, each update is
//! counted for a while before it is handled, so that one that ends the process cannot do so for ever.
//! [`watch`](super::watch) sets the webhook, and nobody takes it away: the other processes go on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, SetOnce, oneshot};
use tracing::warn;

use super::watch::Caution;
use super::{Intake, Way};
use crate::config::Webhook;
use crate::http;
use crate::metrics::{WebhookStatus, metrics};
use crate::telegram::chats::{Answer, Done, End, Shared};
use crate::telegram::inbound::Arrived;

/// The header that tells that a request comes from Telegram (Bot API, `setWebhook`).
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// The largest update that is read, in bytes; those of Telegram are far smaller.
const LARGEST: usize = 1024 * 1024;

/// How many updates may be on their way into the store at once; more are to come again a moment
/// later.
const MOST_AT_ONCE: usize = 1000;

/// How long an update may take until it is stored, before Telegram is asked to post it again.
const LONGEST: Duration = Duration::from_secs(50);

/// How long what is posted waits for a bot that starts.
const STARTING: Duration = Duration::from_secs(8);

/// How soon Telegram is to post again what could not be taken, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");

/// What the handler of the webhook works with.
pub struct Hook {
    secret: SecretString,
    intake: Arc<Intake>,
    shared: Arc<Shared>,
    room: Semaphore,
    caution: Arc<Caution>,
}

impl Hook {
    /// A handler that takes updates as `caution` says.
    pub fn new(
        settings: &Webhook,
        intake: Arc<Intake>,
        shared: Arc<Shared>,
        caution: Arc<Caution>,
    ) -> Arc<Hook> {
        Arc::new(Hook {
            secret: settings.secret.clone(),
            intake,
            shared,
            room: Semaphore::new(MOST_AT_ONCE),
            caution,
        })
    }
}

/// Where the handler will be once the bot can take updates.
pub type Place = Arc<SetOnce<Arc<Hook>>>;

/// The route that Telegram posts to. While the bot starts, what is posted waits for the handler: if it
/// was refused, Telegram would send it again only seconds later.
pub fn route(path: &str, hook: Place) -> Router {
    Router::new()
        .route(path, post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(hook)
}

async fn receive(State(place): State<Place>, request: Request) -> Response {
    let response = match tokio::time::timeout(STARTING, place.wait()).await {
        Ok(hook) => hook.take(request).await,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let status = match response.status() {
        StatusCode::OK => Some(WebhookStatus::Taken),
        StatusCode::UNAUTHORIZED => Some(WebhookStatus::Forbidden),
        StatusCode::PAYLOAD_TOO_LARGE => Some(WebhookStatus::TooLarge),
        StatusCode::BAD_REQUEST => Some(WebhookStatus::BadRequest),
        StatusCode::SERVICE_UNAVAILABLE => Some(WebhookStatus::Overloaded),
        _ => None,
    };
    if let Some(status) = status {
        metrics().webhook_requests.of(status).one();
    }
    response
}

/// Acknowledged, with the answer to the press.
fn reply(answer: &Answer) -> Response {
    let mut call = serde_json::json!({
        "method": "answerCallbackQuery",
        "callback_query_id": answer.press,
    });
    if let Some(notice) = &answer.notice {
        call["text"] = notice.as_str().into();
    }
    (
        [(header::CONTENT_TYPE, "application/json")],
        call.to_string(),
    )
        .into_response()
}

/// Not taken; it is to come again a little later.
fn later() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, SOON)],
    )
        .into_response()
}

impl Hook {
    async fn take(&self, request: Request) -> Response {
        if !self.is_from_telegram(request.headers()) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let opened = tokio::time::timeout(STARTING, self.caution.opened.wait());
        if opened.await.is_err() || self.shared.is_stopping() {
            // Another process may take it at once.
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let Ok(_room) = self.room.try_acquire() else {
            warn!("more updates come than can be stored; Telegram is asked to wait");
            return later();
        };
        let body = match http::body(request).await {
            Ok(body) => body,
            Err(status) => return status.into_response(),
        };
        let Some(update) = Arrived::look(&body, self.intake.name()) else {
            warn!("something was posted that is no update");
            return StatusCode::BAD_REQUEST.into_response();
        };
        let tries = self.tries(update.id.into()).await;
        let flying = metrics().in_flight.hold();
        let (tell, told) = oneshot::channel();
        let done: Done = Box::new(move |end| {
            drop(flying);
            // Nobody listens when it took too long; it comes again.
            let _ = tell.send(end);
        });
        self.intake.take(update, tries, Way::Webhook, done).await;
        match tokio::time::timeout(LONGEST, told).await {
            Ok(Ok(End::Finished(None))) => StatusCode::OK.into_response(),
            Ok(Ok(End::Finished(Some(answer)))) => reply(&answer),
            Ok(Ok(End::Again) | Err(_)) | Err(_) => later(),
        }
    }

    fn is_from_telegram(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(SECRET).map_or(&b""[..], |said| said.as_bytes());
        let secret = self.secret.expose_secret().as_bytes();
        bool::from(said.ct_eq(secret))
    }

    /// Count one more try of an update, while that is needed.
    async fn tries(&self, update: i64) -> u32 {
        if !self.caution.is_careful.load(Ordering::Relaxed) {
            return 0;
        }
        match self.shared.store.attempt(update).await {
            Ok(tries) => tries,
            Err(error) => {
                warn!(%error, "a try could not be counted");
                0
            }
        }
    }
}
