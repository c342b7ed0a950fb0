//! The way to the Bot API: a thin one for the few methods that are called all the time, teloxide for
//! all others.
//!
//! The thin way sends the same requests as teloxide and gives the same errors. Behind a proxy that the
//! environment names, teloxide is asked for everything, since it knows of proxies.

mod answer;
mod connection;
mod pool;
mod request;
mod teloxide_way;

use std::io::Write;
use std::sync::Arc;

use hyper::Uri;
use hyper::body::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use teloxide::RequestError;

use answer::{each, failed, is_yes, read};
use pool::Pool;
use request::{AnswerCallbackQuery, EditMessageText, GetUpdates, Keyboard, SendMessage};

use crate::config::{ConfigError, Telegram};
use crate::engine::View;

/// Telegram's own Bot API.
const TELEGRAM: &str = "https://api.telegram.org";

/// More room than the head of a request takes beside its names, in bytes.
const HEAD: usize = 128;

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
    pool: Pool,
    /// The path of every method, but for its name.
    path: SecretString,
    host: String,
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
        let thin = Thin::new(&base).filter(|_| !has_proxy).map(Arc::new);
        Ok(Client { bot, thin })
    }

    /// Send a new message; the answer is its number.
    pub async fn send_message(&self, chat: i64, view: &View) -> Result<i32, RequestError> {
        let Some(thin) = &self.thin else {
            return Box::pin(teloxide_way::send_message(&self.bot, chat, view)).await;
        };
        let request = SendMessage {
            chat_id: chat,
            text: &view.text,
            reply_markup: (!view.rows.is_empty()).then_some(Keyboard(view)),
        };
        let answer = thin.ask("sendMessage", &request).await?;
        Ok(read::<Sent>(&answer)?.message_id)
    }

    /// Change a message. Without buttons the old ones go away.
    pub async fn edit_message_text(
        &self,
        chat: i64,
        message: i32,
        view: &View,
    ) -> Result<(), RequestError> {
        let Some(thin) = &self.thin else {
            return Box::pin(teloxide_way::edit_message_text(
                &self.bot, chat, message, view,
            ))
            .await;
        };
        let request = EditMessageText {
            chat_id: chat,
            message_id: message,
            text: &view.text,
            reply_markup: Keyboard(view),
        };
        is_yes(&thin.ask("editMessageText", &request).await?)
    }

    /// Answer a press, with a short notice or none.
    pub async fn answer_callback_query(
        &self,
        press: &str,
        notice: Option<&str>,
    ) -> Result<(), RequestError> {
        let Some(thin) = &self.thin else {
            return Box::pin(teloxide_way::answer_callback_query(
                &self.bot, press, notice,
            ))
            .await;
        };
        let request = AnswerCallbackQuery {
            callback_query_id: press,
            text: notice,
        };
        is_yes(&thin.ask("answerCallbackQuery", &request).await?)
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
            return Box::pin(teloxide_way::get_updates(&self.bot, offset, limit, hold)).await;
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

#[derive(Deserialize)]
struct Sent {
    message_id: i32,
}

impl Thin {
    fn new(base: &str) -> Option<Thin> {
        let uri: Uri = base.parse().ok()?;
        let host = match (uri.host()?, uri.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let path = uri.path().trim_end_matches('/').to_owned();
        // Whoever connects need not know the token.
        let server = Uri::builder()
            .scheme(uri.scheme_str()?)
            .authority(host.as_str())
            .path_and_query("/");
        Some(Thin {
            pool: Pool::new(server.build().ok()?),
            path: path.into(),
            host,
        })
    }

    /// Ask; the answer as it came.
    async fn ask(&self, method: &str, request: &impl Serialize) -> Result<Bytes, RequestError> {
        let body = serde_json::to_vec(request).map_err(|_| failed("a request"))?;
        let (path, host) = (self.path.expose_secret(), &self.host);
        let mut whole = Vec::with_capacity(HEAD + path.len() + host.len() + body.len());
        // Writing into memory never fails.
        let _ = write!(
            whole,
            "POST {path}/{method} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        whole.extend_from_slice(&body);
        // A message that was sent twice would be read twice. All else changes nothing more.
        let may_be_repeated = method != "sendMessage";
        // What went wrong may name the address, and with it the token.
        let answer = self.pool.ask(&whole, may_be_repeated).await;
        let answer = answer.map_err(|_| failed("a request"))?;
        if answer.status >= 500 {
            return Err(failed("the server"));
        }
        Ok(answer.body)
    }
}
