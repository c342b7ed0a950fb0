//! Pushes updates to the bot's webhook, itself or as a balancer in front of several processes, and
//! carries out the method that an answer may name.
//!
//! Started by `Emulator`. What is pushed when, and when again, is in `webhook`.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, header::RETRY_AFTER};
use tokio::time::Instant;

use super::{
    body::Body,
    fault::Fault,
    methods::{self, Reply},
    server::released,
    state::Shared,
    view::Request,
    webhook::{Next, Outcome, Parcel},
};

/// As faults call a push.
pub const WEBHOOK: &str = "webhook";
/// The header with the secret token (Bot API, `setWebhook`).
const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";
/// For how long an answer is waited for (Bot API server, the connections of `WebhookActor`).
const LONGEST_ANSWER: Duration = Duration::from_secs(60);
/// Methods that an answer cannot call (Bot API server, `WebhookActor::handle`), besides all that get.
const NOT_IN_AN_ANSWER: [&str; 4] = ["deletewebhook", "setwebhook", "close", "logout"];

/// Pushes until the runtime is shut down.
pub async fn push(shared: Arc<Shared>) {
    let client = Client::builder().no_proxy().timeout(LONGEST_ANSWER);
    let client = client.build().expect("A client can be made.");
    let mut changed = shared.changed.subscribe();
    loop {
        changed.borrow_and_update();
        match shared.change_quietly(|state| state.next_to_push(Instant::now())) {
            Next::Push(parcel) => {
                tokio::spawn(deliver(client.clone(), shared.clone(), parcel));
            }
            Next::Wait(None) => {
                let _ = changed.changed().await;
            }
            Next::Wait(Some(until)) => {
                tokio::select! {
                    _ = changed.changed() => {}
                    () = tokio::time::sleep_until(until) => {}
                }
            }
        }
    }
}

async fn deliver(client: Client, shared: Arc<Shared>, parcel: Box<Parcel>) {
    let fault = shared.change(|state| state.fault_for(WEBHOOK, parcel.chat));
    let lost = || Outcome::without_answer("Connection reset by peer");
    let outcome = match fault {
        None => send(&client, &shared, &parcel).await,
        Some((_, Fault::CutBefore)) => lost(),
        Some((_, Fault::CutAfter)) => {
            let _ = send_over_wire(&client, &parcel).await;
            lost()
        }
        Some((id, Fault::HoldBefore)) => {
            released(&shared, id).await;
            send(&client, &shared, &parcel).await
        }
        Some((id, _)) => {
            let outcome = send(&client, &shared, &parcel).await;
            released(&shared, id).await;
            outcome
        }
    };
    shared.change(|state| state.pushed(&parcel, outcome));
}

/// Sends it and does what the answer says.
async fn send(client: &Client, shared: &Shared, parcel: &Parcel) -> Outcome {
    let (port, response) = match send_over_wire(client, parcel).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    let status = response.status();
    let mut outcome = Outcome {
        port,
        status: Some(status.as_u16()),
        error: None,
        retry_after: None,
    };
    if !status.is_success() {
        let after = response.headers().get(RETRY_AFTER);
        let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
        outcome.error = Some(format!("Wrong response from the webhook: {status}"));
        outcome.retry_after = after.map(Duration::from_secs);
        return outcome;
    }
    match response.bytes().await {
        Ok(answer) => call(shared, &answer),
        Err(_) => return Outcome::without_answer("Connection reset by peer"),
    }
    outcome
}

/// Posts the update: to the URL, or behind the balancer to the first port that does not refuse.
async fn send_over_wire(
    client: &Client,
    parcel: &Parcel,
) -> Result<(Option<u16>, Response), Outcome> {
    if parcel.ports.is_empty() {
        let answer = post(client, &parcel.url, parcel).await;
        return match answer {
            Ok(answer) => Ok((None, answer)),
            Err(error) if error.is_connect() => Err(Outcome::without_answer("Connection refused")),
            Err(error) if error.is_timeout() => {
                Err(Outcome::without_answer("Read timeout expired"))
            }
            Err(_) => Err(Outcome::without_answer("Connection reset by peer")),
        };
    }
    for port in &parcel.ports {
        let url = behind(&parcel.url, *port);
        match post(client, &url, parcel).await {
            Ok(answer) => return Ok((Some(*port), answer)),
            Err(error) if error.is_connect() => {}
            // The process may have taken it, so it is for Telegram to send it again.
            Err(_) => break,
        }
    }
    Err(Outcome {
        status: Some(502),
        ..Outcome::without_answer("Wrong response from the webhook: 502 Bad Gateway")
    })
}

async fn post(client: &Client, url: &str, parcel: &Parcel) -> reqwest::Result<Response> {
    let mut request = client.post(url).json(&parcel.update);
    if !parcel.secret.is_empty() {
        request = request.header(SECRET, &parcel.secret);
    }
    request.send().await
}

/// The same path at a port of this machine.
fn behind(url: &str, port: u16) -> String {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    format!("http://127.0.0.1:{port}{path}")
}

/// Carries out what an answer asks for. The bot never learns what came of it.
fn call(shared: &Shared, answer: &[u8]) {
    let Some(mut body) = Body::read("", "application/json", answer) else {
        return;
    };
    let method = body.text("method").to_owned();
    body.fields.remove("method");
    let lower = method.to_lowercase();
    if lower.is_empty() || lower.starts_with("get") || NOT_IN_AN_ANSWER.contains(&lower.as_str()) {
        return;
    }
    let known = methods::canonical(&method);
    shared.change(|state| {
        let chat = methods::chat_of(state, known.unwrap_or(&method), &body);
        let reply = match known {
            Some(method) => methods::call(state, method, &body),
            None => Reply::error(404, "Not Found"),
        };
        state.requests.push(Request {
            method: known.unwrap_or(&method).to_owned(),
            chat,
            body: body.logged(),
            status: Some(reply.status),
            in_answer: true,
        });
    });
}

impl Outcome {
    fn without_answer(error: &str) -> Outcome {
        Outcome {
            port: None,
            status: None,
            error: Some(error.to_owned()),
            retry_after: None,
        }
    }
}
