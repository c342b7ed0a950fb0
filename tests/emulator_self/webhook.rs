//! Updates that are pushed: to whom, in which order, how often, and what the answers do.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::emulator::{Delivery, Emulator, Fault, Person};
use crate::{ANN, RawBot, begin};

const BEN: i64 = 8;

/// A process that updates are pushed to; the test answers each. Dropped, it is as if killed.
struct Hook {
    port: u16,
    came: mpsc::UnboundedReceiver<Came>,
    runtime: Option<Runtime>,
}

/// A push that waits for its answer.
struct Came {
    path: String,
    headers: HeaderMap,
    update: Value,
    answer: oneshot::Sender<Response>,
}

impl Hook {
    fn start() -> Hook {
        Hook::start_at(0)
    }

    fn start_at(port: u16) -> Hook {
        let runtime = Runtime::new().unwrap();
        let (told, came) = mpsc::unbounded_channel();
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = axum::Router::new().fallback(Hook::take).with_state(told);
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        let runtime = Some(runtime);
        Hook {
            port,
            came,
            runtime,
        }
    }

    async fn take(State(told): State<mpsc::UnboundedSender<Came>>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let (answer, answered) = oneshot::channel();
        let came = Came {
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            update: serde_json::from_slice(&body).unwrap(),
            answer,
        };
        told.send(came).unwrap();
        answered.await.unwrap()
    }

    async fn next(&mut self) -> Came {
        let came = tokio::time::timeout(Duration::from_secs(20), self.came.recv());
        came.await.expect("Nothing is pushed.").unwrap()
    }

    /// Take the next push.
    async fn takes(&mut self) -> u32 {
        self.next().await.answer(StatusCode::OK)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Came {
    fn id(&self) -> u32 {
        u32::try_from(self.update["update_id"].as_u64().unwrap()).unwrap()
    }

    fn answer(self, answer: impl IntoResponse) -> u32 {
        let id = self.id();
        self.answer.send(answer.into_response()).unwrap();
        id
    }
}

async fn begin_at(hook: &Hook, mut settings: Value) -> (Emulator, Person, RawBot) {
    let (telegram, ann, bot) = begin().await;
    telegram.allow_plain_http_webhooks();
    telegram.hasten_webhook(1000);
    settings["url"] = json!(hook.url());
    bot.result("setWebhook", settings).await;
    (telegram, ann, bot)
}

/// Which port answered each update, and with what.
fn answered(deliveries: &[Delivery]) -> Vec<(u32, Option<u16>, Option<u16>)> {
    let ended = deliveries.iter().filter(|delivery| delivery.ended);
    ended
        .map(|delivery| (delivery.update, delivery.port, delivery.status))
        .collect()
}

#[tokio::test]
async fn an_update_is_pushed_with_the_secret_until_it_is_taken() {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({ "secret_token": "s3cret-_" })).await;
    let said = ann.text("hello");
    let came = hook.next().await;
    assert_eq!(came.path, "/hook");
    assert_eq!(came.headers["X-Telegram-Bot-Api-Secret-Token"], "s3cret-_");
    assert_eq!(came.headers["content-type"], "application/json");
    assert_eq!(came.update["message"]["text"], "hello");
    let pending = "pending_update_count";
    assert_eq!(bot.result("getWebhookInfo", json!({})).await[pending], 1);
    assert!(!telegram.is_confirmed(said.update));
    assert_eq!(came.answer(StatusCode::NO_CONTENT), said.update);
    telegram.wait_until_confirmed(said.update).await;
    assert_eq!(bot.result("getWebhookInfo", json!({})).await[pending], 0);
    bot.result("setWebhook", json!({ "url": hook.url() })).await;
    ann.text("no secret");
    let came = hook.next().await;
    assert!(!came.headers.contains_key("X-Telegram-Bot-Api-Secret-Token"));
}

#[rstest]
#[case::plain_http(json!({ "url": "http://127.0.0.1:80/x" }), "bad webhook: An HTTPS URL must be provided for webhook")]
#[case::long_secret(json!({ "url": "https://example.org", "secret_token": "s".repeat(257) }), "secret token is too long")]
#[case::odd_secret(json!({ "url": "https://example.org", "secret_token": "a+b" }), "secret token contains unallowed characters")]
#[tokio::test]
async fn bad_webhooks_are_refused(#[case] settings: Value, #[case] description: &str) {
    let (_telegram, _ann, bot) = begin().await;
    let description = format!("Bad Request: {description}");
    bot.refused("setWebhook", settings, 400, &description).await;
    assert_eq!(bot.result("getWebhookInfo", json!({})).await["url"], "");
}

#[tokio::test]
async fn plain_http_is_taken_only_on_this_machine() {
    let (telegram, _ann, bot) = begin().await;
    telegram.allow_plain_http_webhooks();
    let elsewhere = json!({ "url": "http://example.org/hook" });
    let description = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook";
    bot.refused("setWebhook", elsewhere, 400, description).await;
    let here = json!({ "url": "http://127.0.0.1:9/hook" });
    bot.result("setWebhook", here).await;
}

#[tokio::test]
async fn what_is_set_can_be_read_and_is_gone_when_deleted() {
    let mut hook = Hook::start();
    let settings = json!({ "max_connections": 7, "allowed_updates": ["message"] });
    let (telegram, ann, bot) = begin_at(&hook, settings).await;
    let expected = json!({
        "url": hook.url(),
        "has_custom_certificate": false,
        "pending_update_count": 0,
        "max_connections": 7,
        "allowed_updates": ["message"],
    });
    assert_eq!(bot.result("getWebhookInfo", json!({})).await, expected);
    ann.press_data(1, "not wanted");
    ann.text("wanted");
    let came = hook.next().await;
    assert!(came.update.get("message").is_some());
    came.answer((StatusCode::SERVICE_UNAVAILABLE, "busy"));
    hook.next().await.answer(StatusCode::OK);
    telegram.wait_until_idle().await;
    let info = bot.result("getWebhookInfo", json!({})).await;
    let expected = "Wrong response from the webhook: 503 Service Unavailable";
    assert_eq!(info["last_error_message"], expected);
    assert!(info["last_error_date"].as_u64().unwrap() > 0);

    bot.result("deleteWebhook", json!({})).await;
    let said = ann.text("to be fetched");
    assert_eq!(bot.update_ids(json!({})).await, [said.update]);
    bot.result("setWebhook", json!({ "url": hook.url() })).await;
    let info = bot.result("getWebhookInfo", json!({})).await;
    assert_eq!(
        (&info["max_connections"], &info["last_error_message"]),
        (&json!(40), &Value::Null)
    );
    assert_eq!(
        hook.takes().await,
        said.update,
        "It was fetched, not confirmed."
    );
}

#[tokio::test]
async fn messages_of_a_chat_come_one_by_one_and_beside_them_presses_and_others() {
    let mut hook = Hook::start();
    let (telegram, ann, _bot) = begin_at(&hook, json!({})).await;
    let ben = telegram.person(BEN);
    let first = ann.text("one");
    let second = ann.text("two");
    let pressed = ann.press_data(1, "y");
    let pressed_again = ann.press_data(1, "n");
    let bens = ben.text("three");
    let mut under_way = vec![hook.next().await, hook.next().await, hook.next().await];
    under_way.sort_by_key(Came::id);
    let ids: Vec<u32> = under_way.iter().map(Came::id).collect();
    assert_eq!(ids, [first.update, pressed.update, bens.update]);
    under_way.remove(1).answer(StatusCode::OK);
    let next = hook.next().await;
    assert_eq!(next.id(), pressed_again.update);
    under_way.remove(0).answer(StatusCode::OK);
    assert_eq!(hook.takes().await, second.update);
    next.answer(StatusCode::OK);
    under_way.remove(0).answer(StatusCode::OK);
    telegram.wait_until_confirmed(bens.update).await;
}

#[tokio::test]
async fn no_more_are_under_way_than_there_are_connections() {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({ "max_connections": 1 })).await;
    let anns = ann.text("one");
    let bens = telegram.person(BEN).text("two");
    let came = hook.next().await;
    assert_eq!(came.id(), anns.update);
    // Whatever else happens.
    bot.result("getMe", json!({})).await;
    assert_eq!(telegram.deliveries().len(), 1);
    came.answer(StatusCode::OK);
    assert_eq!(hook.takes().await, bens.update);
}

#[tokio::test]
async fn what_is_not_taken_comes_again_at_once_and_then_after_longer_and_longer() {
    let mut hook = Hook::start();
    let (telegram, ann, _bot) = begin_at(&hook, json!({})).await;
    let said = ann.text("hello");
    let failures = [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::UNAUTHORIZED,
        StatusCode::BAD_GATEWAY,
    ];
    for status in failures {
        assert_eq!(hook.next().await.answer(status), said.update);
    }
    let wait = (StatusCode::TOO_MANY_REQUESTS, [("Retry-After", "30")]);
    hook.next().await.answer(wait);
    hook.next().await.answer(StatusCode::NOT_FOUND);
    assert_eq!(hook.takes().await, said.update);
    telegram.wait_until_confirmed(said.update).await;
    let waits = telegram.deliveries().into_iter();
    let waits: Vec<_> = waits
        .map(|d| d.again_after.map(|wait| wait.as_secs()))
        .collect();
    let expected = [Some(0), Some(2), Some(4), Some(30), Some(8), None];
    assert_eq!(waits, expected);
    ann.text("another begins anew");
    hook.next().await.answer(StatusCode::BAD_GATEWAY);
    hook.takes().await;
    telegram.wait_until_idle().await;
    let again = telegram.deliveries()[6].again_after;
    assert_eq!(again, Some(Duration::ZERO));
}

#[tokio::test]
async fn who_waits_to_come_again_holds_up_only_their_own_queue() {
    let mut hook = Hook::start();
    let (telegram, ann, _bot) = begin_at(&hook, json!({})).await;
    // As good as never.
    let long = || (StatusCode::SERVICE_UNAVAILABLE, [("Retry-After", "3000")]);
    telegram.hasten_webhook(1);
    ann.text("one");
    let behind = ann.text("two");
    hook.next().await.answer(long());
    let pressed = ann.press_data(1, "y");
    assert_eq!(hook.takes().await, pressed.update);
    telegram.wait_until_confirmed(pressed.update).await;
    let bens = telegram.person(BEN).text("three");
    assert_eq!(hook.takes().await, bens.update);
    telegram.wait_until_confirmed(bens.update).await;
    let tried = telegram.deliveries();
    assert!(tried.iter().all(|tried| tried.update != behind.update));
}

#[tokio::test]
async fn what_a_killed_process_did_not_acknowledge_comes_again() {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({})).await;
    let said = ann.text("hello");
    let came = hook.next().await;
    let port = hook.port;
    drop(hook);
    telegram
        .wait_for_deliveries(|tried| tried.iter().filter(|tried| tried.ended).count() > 1)
        .await;
    let info = bot.result("getWebhookInfo", json!({})).await;
    assert_eq!(info["last_error_message"], "Connection refused");
    let mut hook = Hook::start_at(port);
    assert_eq!(hook.takes().await, said.update);
    assert!(came.answer.send(StatusCode::OK.into_response()).is_err());
    telegram.wait_until_confirmed(said.update).await;
}

#[tokio::test]
async fn a_balancer_takes_turns_and_passes_by_whoever_refuses() {
    let (mut one, mut two) = (Hook::start(), Hook::start());
    let (telegram, ann, bot) = begin().await;
    telegram.hasten_webhook(1000);
    telegram.balance_webhook(&[one.port, two.port]);
    let url = json!({ "url": "https://bot.example.org/telegram" });
    bot.result("setWebhook", url).await;
    for turn in 0..3 {
        let hook = if turn == 1 { &mut two } else { &mut one };
        let said = ann.text("hello");
        let came = hook.next().await;
        assert_eq!(came.path, "/telegram");
        assert_eq!(came.answer(StatusCode::OK), said.update);
        telegram.wait_until_confirmed(said.update).await;
    }
    // It is the other's turn, who is gone.
    let gone = two.port;
    drop(two);
    for _ in 0..2 {
        let said = ann.text("hello");
        assert_eq!(one.takes().await, said.update);
        telegram.wait_until_confirmed(said.update).await;
        let last = telegram.deliveries().pop().unwrap();
        assert_eq!(
            (last.port, last.status),
            (Some(one.port), Some(200)),
            "not {gone}"
        );
    }
    // Killed while it held one: it comes again, elsewhere.
    let said = ann.text("hello");
    one.next().await;
    let ports = [one.port, gone];
    drop(one);
    let mut two = Hook::start_at(ports[1]);
    assert_eq!(two.takes().await, said.update);
    telegram.wait_until_confirmed(said.update).await;
    let tries = answered(&telegram.deliveries());
    assert!(tries.contains(&(said.update, None, Some(502))), "{tries:?}");
    assert_eq!(tries.last(), Some(&(said.update, Some(gone), Some(200))));
}

#[tokio::test]
async fn an_answer_may_call_a_method() {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({})).await;
    let pressed = ann.press_data(1, "y");
    let call = json!({
        "method": "answerCallbackQuery",
        "callback_query_id": pressed.query,
        "text": "Noted.",
    });
    hook.next().await.answer(axum::Json(call));
    telegram.wait_until_idle().await;
    telegram.assert_each_press_answered_once();
    let answers = telegram
        .wait_for_answers(|answers| !answers.is_empty())
        .await;
    assert_eq!(answers[0].text, "Noted.");
    let calls = telegram.requests_of("answerCallbackQuery");
    assert_eq!((calls[0].in_answer, calls[0].status), (true, Some(200)));
    assert_eq!(calls[0].chat, Some(ANN));
    // What is no call, what may not be called, and what fails is not for the bot to know.
    let others = [
        json!({ "method": "deleteWebhook" }),
        json!({ "method": "getMe" }),
        json!(["method"]),
        json!({ "ok": true }),
        json!({ "method": "sendMessage", "chat_id": ANN, "text": "" }),
    ];
    let before = telegram.request_count();
    for other in others {
        let said = ann.text("hello");
        hook.next().await.answer(axum::Json(other));
        telegram.wait_until_confirmed(said.update).await;
    }
    let made = &telegram.requests()[before..];
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(
        (made[0].method.as_str(), made[0].status),
        ("sendMessage", Some(400))
    );
    assert_eq!(
        bot.result("getWebhookInfo", json!({})).await["url"],
        hook.url()
    );
}

#[rstest]
#[case::before(Fault::CutBefore, 1)]
#[case::after(Fault::CutAfter, 2)]
#[tokio::test]
async fn a_push_can_be_cut(#[case] fault: Fault, #[case] comes: usize) {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({})).await;
    // One that names no method befalls no push.
    telegram.fault(Fault::Broken { status: 500 }).arm();
    telegram.fault(fault).on("webhook").in_chat(ANN).arm();
    let said = ann.text("hello");
    for _ in 0..comes {
        assert_eq!(hook.takes().await, said.update);
    }
    telegram.wait_until_confirmed(said.update).await;
    let tried = answered(&telegram.deliveries());
    let expected = [(said.update, None, None), (said.update, None, Some(200))];
    assert_eq!(tried, expected);
    let (status, _) = bot.try_call("getMe", json!({})).await.unwrap();
    assert_eq!(status, 500);
}

#[rstest]
#[case::before(Fault::HoldBefore)]
#[case::after(Fault::HoldAfter)]
#[tokio::test]
async fn a_push_can_be_held(#[case] fault: Fault) {
    let mut hook = Hook::start();
    let (telegram, ann, _bot) = begin_at(&hook, json!({})).await;
    let held = telegram.fault(fault.clone()).on("webhook").arm();
    let said = ann.text("hello");
    if fault == Fault::HoldAfter {
        hook.takes().await;
    }
    held.reached(1).await;
    assert!(!telegram.is_confirmed(said.update));
    held.release();
    if fault == Fault::HoldBefore {
        hook.takes().await;
    }
    telegram.wait_until_confirmed(said.update).await;
}

#[tokio::test]
#[should_panic = "can only be cut or held"]
async fn a_push_cannot_be_refused() {
    let (telegram, _ann, _bot) = begin().await;
    let flood = Fault::Flood { retry_after: 1 };
    telegram.fault(flood).on("webhook").arm();
}

#[tokio::test]
async fn what_expired_or_was_dropped_comes_no_more() {
    let mut hook = Hook::start();
    let (telegram, ann, bot) = begin_at(&hook, json!({})).await;
    let pressed = ann.press_data(1, "y");
    let came = hook.next().await;
    telegram.expire_presses();
    assert_eq!(came.answer(StatusCode::BAD_GATEWAY), pressed.update);
    let next = ann.press_data(1, "n");
    assert_eq!(hook.takes().await, next.update);
    telegram.wait_until_confirmed(next.update).await;

    ann.text("dropped");
    let came = hook.next().await;
    let settings = json!({ "url": hook.url(), "drop_pending_updates": true });
    bot.result("setWebhook", settings).await;
    came.answer(StatusCode::BAD_GATEWAY);
    let said = ann.text("after");
    assert_eq!(hook.takes().await, said.update);
}

#[tokio::test]
async fn an_update_can_be_pushed_once_more() {
    let mut hook = Hook::start();
    let (telegram, ann, _bot) = begin_at(&hook, json!({})).await;
    let said = ann.text("hello");
    hook.takes().await;
    telegram.wait_until_confirmed(said.update).await;
    telegram.deliver_again(said.update);
    assert_eq!(hook.takes().await, said.update);
    telegram.wait_until_confirmed(said.update).await;
}
