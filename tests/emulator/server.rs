//! The Bot API over HTTP: reads a request, applies faults, runs the method, answers or cuts.
//!
//! Started by `Emulator`. `getUpdates` is here because it waits; the other methods are in
//! `methods`.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    serve::{IncomingStream, Listener},
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{
    body::Body,
    fault::{Fault, FaultId},
    methods::{self, Reply},
    state::Shared,
    view,
};

/// Files go up to 50 MB (Bot API, «Sending files»).
const LARGEST_REQUEST: usize = 52 * 1024 * 1024;
/// The longest long poll (Bot API server, `LONG_POLL_MAX_TIMEOUT`).
const LONGEST_POLL_SECS: i64 = 50;

/// Serves until the runtime is shut down.
pub async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = Wires(TcpListener::from_std(listener)?);
    let app = Router::new().fallback(handle).with_state(shared);
    let app = app.into_make_service_with_connect_info::<Scissors>();
    axum::serve(listener, app).await
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let query = parts.uri.query().unwrap_or_default();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_REQUEST).await else {
        return respond(&Reply::error(413, "Request Entity Too Large"));
    };
    let path = parts.uri.path().strip_prefix("/bot");
    let Some((token, method)) = path.and_then(|path| path.split_once('/')) else {
        return respond(&Reply::error(404, "Not Found"));
    };
    let Some(body) = Body::read(query, content_type.unwrap_or_default(), &bytes) else {
        return respond(&Reply::error(400, "Bad Request: can't parse the request"));
    };
    let known = methods::canonical(method);
    let right_token = shared.read(|state| state.token == token);
    let method_or_refusal = match known {
        _ if !right_token => Err(Reply::error(401, "Unauthorized")),
        None => Err(Reply::error(404, "Not Found")),
        Some(known) => Ok(known),
    };
    let method = known.unwrap_or(method);
    let (number, fault) = shared.change(|state| {
        let chat = methods::chat_of(state, method, &body);
        let logged = view::Request {
            method: method.to_owned(),
            chat,
            body: body.logged(),
            status: None,
            in_answer: false,
        };
        state.requests.push(logged);
        let number = state.requests.len() - 1;
        let fault = match &method_or_refusal {
            Ok(method) => state.fault_for(method, chat),
            Err(_) => None,
        };
        (number, fault)
    });
    let answer = match method_or_refusal {
        Err(refusal) => respond(&refusal),
        Ok(method) => match answer(&shared, method, body, fault).await {
            Some(answer) => answer,
            None => return scissors.cut(),
        },
    };
    let status = answer.status().as_u16();
    shared.change(|state| state.requests[number].status = Some(status));
    answer
}

/// The answer, through the fault if there is one; `None` when the connection is to be cut.
async fn answer(
    shared: &Arc<Shared>,
    method: &'static str,
    body: Body,
    fault: Option<(FaultId, Fault)>,
) -> Option<Response> {
    let Some((id, fault)) = fault else {
        return Some(respond(&run(shared, method, &body).await));
    };
    let reply = match fault {
        Fault::Flood { retry_after } => Reply::flood(retry_after),
        Fault::Refuse { code, description } => Reply::error(code, &description),
        Fault::Migrated { to } => Reply::migrated(to),
        Fault::Broken { status } => return Some(broken(status)),
        Fault::CutBefore => return None,
        Fault::CutAfter => {
            run(shared, method, &body).await;
            return None;
        }
        Fault::HoldBefore => {
            let shared = shared.clone();
            let late = tokio::spawn(async move {
                released(&shared, id).await;
                run(&shared, method, &body).await
            });
            late.await.ok()?
        }
        Fault::HoldAfter => {
            let reply = run(shared, method, &body).await;
            released(shared, id).await;
            reply
        }
    };
    Some(respond(&reply))
}

async fn run(shared: &Shared, method: &str, body: &Body) -> Reply {
    if method == "getUpdates" {
        get_updates(shared, body).await
    } else {
        shared.change(|state| methods::call(state, method, body))
    }
}

/// Waits until a test lets held requests go on.
pub async fn released(shared: &Shared, id: FaultId) {
    let mut changed = shared.changed.subscribe();
    while !shared.read(|state| state.faults[id].released) {
        if changed.changed().await.is_err() {
            return;
        }
    }
}

/// As the Bot API server does it: an older long poll ends with 409 when a newer one waits too.
async fn get_updates(shared: &Shared, body: &Body) -> Reply {
    let offset = body.number("offset").unwrap_or_default();
    let limit = body.number("limit").unwrap_or(100).clamp(1, 100);
    let seconds = body.number("timeout").unwrap_or_default();
    let timeout = Duration::from_secs(seconds.clamp(0, LONGEST_POLL_SECS).unsigned_abs());
    let mut changed = shared.changed.subscribe();
    let mut limit = usize::try_from(limit).unwrap_or(100);
    let begun = shared.change(|state| {
        if state.webhook.is_set() {
            return Err(webhook_is_active());
        }
        state.allow(body.get("allowed_updates"));
        if state.one_by_one_on_repeat && state.last_offset == Some(offset) {
            limit = 1;
        }
        state.last_offset = Some(offset);
        let updates = state.fetch(offset, limit);
        if updates.is_empty() && !timeout.is_zero() {
            state.poll_turn += 1;
            return Ok(state.poll_turn);
        }
        Err(Reply::ok(json!(updates)))
    });
    let turn = match begun {
        Ok(turn) => turn,
        Err(reply) => return reply,
    };
    let end = tokio::time::sleep(timeout);
    tokio::pin!(end);
    loop {
        changed.borrow_and_update();
        let found = shared.change_quietly(|state| {
            if state.webhook.is_set() {
                return Some(Reply::error(
                    409,
                    "Conflict: terminated by setWebhook request",
                ));
            }
            if state.poll_turn != turn {
                return Some(terminated());
            }
            let updates = state.fetch(offset, limit);
            (!updates.is_empty()).then(|| Reply::ok(json!(updates)))
        });
        if let Some(reply) = found {
            return reply;
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = &mut end => return Reply::ok(json!([])),
        }
    }
}

fn terminated() -> Reply {
    Reply::error(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance \
         is running",
    )
}

fn webhook_is_active() -> Reply {
    Reply::error(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to \
         delete the webhook first",
    )
}

fn respond(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(CONTENT_TYPE, "application/json")];
    (status, headers, reply.body.to_string()).into_response()
}

fn broken(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!("<html><body><h1>{status}</h1></body></html>");
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

/// Accepts connections that can be cut.
struct Wires(TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Wire, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let wire = Wire {
            stream,
            scissors: Scissors::default(),
        };
        (wire, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// Cuts the connection of a request: not one byte of an answer gets out.
#[derive(Clone, Debug, Default)]
struct Scissors(Arc<AtomicBool>);

impl Scissors {
    fn cut(&self) -> Response {
        self.0.store(true, Ordering::Release);
        StatusCode::NO_CONTENT.into_response()
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, Wires>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().scissors.clone()
    }
}

/// A connection that fails once it is cut.
struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.scissors.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
