//! The way to the Bot API: a thin one for the few methods that are called all the time, teloxide for
//! all others.
//!
//! The thin way sends the same requests as teloxide and gives the same errors. Behind a proxy that the
//! environment names, teloxide is asked for everything, since it knows of proxies.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use teloxide::types::{ChatId, Seconds};
use teloxide::{ApiError, RequestError};

use crate::config::{ConfigError, Telegram};
use crate::engine::View;

/// Telegram's own Bot API.
const TELEGRAM: &str = "https://api.telegram.org";

/// How long coming in may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);

/// The largest answer that is read, in bytes: a hundred updates are far smaller.
const LARGEST: usize = 16 * 1024 * 1024;

/// The settings that name a proxy.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The way to the Bot API.
#[derive(Clone)]
pub struct Client {
    /// teloxide's, for whatever is asked seldom.
    pub bot: teloxide::Bot,
    thin: Option<Arc<Thin>>,
}

/// The thin way.
struct Thin {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The address of every method, but for its name.
    base: SecretString,
}

impl Client {
    /// A way for the bot of this token. Nothing is sent yet.
    pub fn new(settings: &Telegram) -> Result<Client, ConfigError> {
        let token = settings.token.expose_secret();
        let bot = teloxide::Bot::new(token);
        let bot = match &settings.api_url {
            None => bot,
            Some(url) => bot.set_api_url(url.parse().map_err(|_| ConfigError::BadUrl)?),
        };
        let has_proxy = PROXIES.iter().any(|name| std::env::var_os(name).is_some());
        let url = settings.api_url.as_deref().unwrap_or(TELEGRAM);
        let base = format!("{}/bot{token}/", url.trim_end_matches('/'));
        let thin = (!has_proxy).then(|| Arc::new(Thin::new(base.into())));
        Ok(Client { bot, thin })
    }

    /// Send a new message; the answer is its number.
    pub async fn send_message(&self, chat: i64, view: &View) -> Result<i32, RequestError> {
        let Some(thin) = &self.thin else {
            return teloxide_way::send_message(&self.bot, chat, view).await;
        };
        let request = SendMessage {
            chat_id: chat,
            text: &view.text,
            reply_markup: (!view.rows.is_empty()).then(|| Keyboard::of(view)),
        };
        let sent: Sent = thin.call("sendMessage", &request).await?;
        Ok(sent.message_id)
    }

    /// Change a message. Without buttons the old ones go away.
    pub async fn edit_message_text(
        &self,
        chat: i64,
        message: i32,
        view: &View,
    ) -> Result<(), RequestError> {
        let Some(thin) = &self.thin else {
            return teloxide_way::edit_message_text(&self.bot, chat, message, view).await;
        };
        let request = EditMessageText {
            chat_id: chat,
            message_id: message,
            text: &view.text,
            reply_markup: Keyboard::of(view),
        };
        thin.call::<IgnoredAny>("editMessageText", &request).await?;
        Ok(())
    }

    /// Answer a press, with a short notice or none.
    pub async fn answer_callback_query(
        &self,
        press: &str,
        notice: Option<&str>,
    ) -> Result<(), RequestError> {
        let Some(thin) = &self.thin else {
            return teloxide_way::answer_callback_query(&self.bot, press, notice).await;
        };
        let request = AnswerCallbackQuery {
            callback_query_id: press,
            text: notice,
        };
        thin.call::<IgnoredAny>("answerCallbackQuery", &request)
            .await?;
        Ok(())
    }

    /// The next updates from this number on, at most so many, as they came. Telegram holds the request
    /// open for so many seconds while it has none.
    pub async fn get_updates(
        &self,
        offset: u32,
        limit: u8,
        hold: u32,
    ) -> Result<Vec<Bytes>, RequestError> {
        let Some(thin) = &self.thin else {
            return teloxide_way::get_updates(&self.bot, offset, limit, hold).await;
        };
        let request = GetUpdates {
            offset,
            limit,
            timeout: hold,
            allowed_updates: &super::ingest::ALLOWED,
        };
        each(&thin.ask("getUpdates", &request).await?)
    }
}

#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: i64,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard<'a>>,
}

#[derive(Serialize)]
struct EditMessageText<'a> {
    chat_id: i64,
    message_id: i32,
    text: &'a str,
    reply_markup: Keyboard<'a>,
}

#[derive(Serialize)]
struct AnswerCallbackQuery<'a> {
    callback_query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct GetUpdates<'a> {
    offset: u32,
    limit: u8,
    timeout: u32,
    allowed_updates: &'a [teloxide::types::AllowedUpdate],
}

#[derive(Serialize)]
struct Keyboard<'a> {
    inline_keyboard: Vec<Vec<Key<'a>>>,
}

#[derive(Serialize)]
struct Key<'a> {
    text: &'a str,
    callback_data: &'a str,
}

impl Keyboard<'_> {
    fn of(view: &View) -> Keyboard<'_> {
        let rows = view.rows.iter().map(|row| {
            let keys = row.iter().map(|button| Key {
                text: &button.label,
                callback_data: &button.data,
            });
            keys.collect()
        });
        Keyboard {
            inline_keyboard: rows.collect(),
        }
    }
}

#[derive(Deserialize)]
struct Sent {
    message_id: i32,
}

/// What the Bot API answers.
#[derive(Deserialize)]
struct Answer<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u32>,
    migrate_to_chat_id: Option<i64>,
}

impl Thin {
    fn new(base: SecretString) -> Thin {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(https);
        Thin { http, base }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        request: &impl Serialize,
    ) -> Result<T, RequestError> {
        read(&self.ask(method, request).await?)
    }

    /// Ask; the answer as it came.
    async fn ask(&self, method: &str, request: &impl Serialize) -> Result<Bytes, RequestError> {
        let body = serde_json::to_vec(request).map_err(|_| failed("a request"))?;
        let address = format!("{}{method}", self.base.expose_secret());
        let uri: Uri = address.parse().map_err(|_| failed("an address"))?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let response = self.http.request(request).await;
        // What went wrong may name the address, and with it the token.
        let response = response.map_err(|_| failed("a request"))?;
        let is_broken = response.status().is_server_error();
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|_| failed("an answer"))?.to_bytes();
        if is_broken {
            return Err(failed("the server"));
        }
        Ok(body)
    }
}

/// The updates of an answer, each as a part of it.
fn each(body: &Bytes) -> Result<Vec<Bytes>, RequestError> {
    #[derive(Deserialize)]
    struct Updates<'a> {
        #[serde(borrow)]
        result: Vec<&'a RawValue>,
    }
    match serde_json::from_slice::<Updates>(body) {
        Ok(updates) => {
            let all = updates.result.iter();
            Ok(all
                .map(|update| body.slice_ref(update.get().as_bytes()))
                .collect())
        }
        // It is an error, or cannot be read.
        Err(_) => read(body).map(|_: [(); 0]| Vec::new()),
    }
}

/// Read an answer.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    let strange = |source| RequestError::InvalidJson {
        source: Arc::new(source),
        // It may hold what a person said.
        raw: "".into(),
    };
    let answer: Answer = serde_json::from_slice(body).map_err(strange)?;
    if let (true, Some(result)) = (answer.ok, answer.result) {
        return serde_json::from_str(result.get()).map_err(strange);
    }
    if let Some(parameters) = answer.parameters {
        if let Some(seconds) = parameters.retry_after {
            return Err(RequestError::RetryAfter(Seconds::from_seconds(seconds)));
        }
        if let Some(chat) = parameters.migrate_to_chat_id {
            return Err(RequestError::MigrateToChatId(ChatId(chat)));
        }
    }
    let description = answer.description.unwrap_or_default();
    let error = serde_json::from_value::<ApiError>(description.clone().into());
    Err(RequestError::Api(
        error.unwrap_or(ApiError::Unknown(description)),
    ))
}

fn failed(what: &str) -> RequestError {
    RequestError::Io(Arc::new(io::Error::other(format!("{what} failed"))))
}

/// The same by teloxide.
mod teloxide_way {
    use teloxide::payloads::{
        AnswerCallbackQuerySetters, EditMessageTextSetters, GetUpdatesSetters, SendMessageSetters,
    };
    use teloxide::prelude::Requester;
    use teloxide::types::{CallbackQueryId, InlineKeyboardButton, InlineKeyboardMarkup, MessageId};
    use teloxide::{Bot, types};

    use super::*;

    pub async fn send_message(bot: &Bot, chat: i64, view: &View) -> Result<i32, RequestError> {
        let mut request = bot.send_message(ChatId(chat), &view.text);
        if !view.rows.is_empty() {
            request = request.reply_markup(keyboard(view));
        }
        Ok(request.await?.id.0)
    }

    pub async fn edit_message_text(
        bot: &Bot,
        chat: i64,
        message: i32,
        view: &View,
    ) -> Result<(), RequestError> {
        bot.edit_message_text(ChatId(chat), MessageId(message), &view.text)
            .reply_markup(keyboard(view))
            .await?;
        Ok(())
    }

    pub async fn answer_callback_query(
        bot: &Bot,
        press: &str,
        notice: Option<&str>,
    ) -> Result<(), RequestError> {
        let mut request = bot.answer_callback_query(CallbackQueryId(press.to_owned()));
        if let Some(notice) = notice {
            request = request.text(notice);
        }
        request.await?;
        Ok(())
    }

    pub async fn get_updates(
        bot: &Bot,
        offset: u32,
        limit: u8,
        hold: u32,
    ) -> Result<Vec<Bytes>, RequestError> {
        let updates = bot
            .get_updates()
            .timeout(hold)
            .limit(limit)
            .allowed_updates(crate::telegram::ingest::ALLOWED)
            // An offset of 0 means "from the oldest you have".
            .offset(i32::try_from(offset).unwrap_or_default())
            .await?;
        let raw = |update: &types::Update| serde_json::to_vec(update).map(Bytes::from);
        let raw: Result<Vec<_>, _> = updates.iter().map(raw).collect();
        raw.map_err(|_| failed("reading an update"))
    }

    fn keyboard(view: &View) -> InlineKeyboardMarkup {
        InlineKeyboardMarkup::new(view.rows.iter().map(|row| {
            row.iter()
                .map(|b| InlineKeyboardButton::callback(b.label.clone(), b.data.clone()))
                .collect::<Vec<_>>()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(body: &str) -> RequestError {
        match read::<Sent>(body.as_bytes()) {
            Ok(_) => panic!("It is an error."),
            Err(error) => error,
        }
    }

    #[test]
    fn answers_mean_what_they_mean_to_teloxide() {
        let sent: Sent = read(br#"{"ok":true,"result":{"message_id":7,"chat":{"id":1}}}"#).unwrap();
        assert_eq!(sent.message_id, 7);
        let some = Bytes::from_static(br#"{"ok":true,"result":[{"update_id":7},{"update_id":8}]}"#);
        assert_eq!(
            each(&some).unwrap(),
            [r#"{"update_id":7}"#, r#"{"update_id":8}"#]
        );
        let none =
            Bytes::from_static(br#"{"ok":false,"error_code":409,"description":"Conflict: x"}"#);
        assert!(matches!(each(&none), Err(RequestError::Api(_))));
        read::<IgnoredAny>(br#"{"ok":true,"result":true}"#).unwrap();
        read::<IgnoredAny>(br#"{"ok":true,"result":{"message_id":7}}"#).unwrap();
        let wait = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5",
                       "parameters":{"retry_after":5}}"#;
        assert!(matches!(error(wait), RequestError::RetryAfter(s) if s.seconds() == 5));
        let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was
                        upgraded","parameters":{"migrate_to_chat_id":-100}}"#
            .replace('\n', " ");
        assert!(matches!(
            error(&moved),
            RequestError::MigrateToChatId(ChatId(-100))
        ));
        let blocked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
        assert!(matches!(
            error(blocked),
            RequestError::Api(ApiError::BotBlocked)
        ));
        let strange = r#"{"ok":false,"error_code":400,"description":"Bad Request: something new"}"#;
        let unknown = ApiError::Unknown("Bad Request: something new".to_owned());
        assert!(matches!(error(strange), RequestError::Api(e) if e == unknown));
        assert!(matches!(error("<html>"), RequestError::InvalidJson { .. }));
    }
}
