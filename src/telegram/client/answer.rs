//! What the Bot API answers, and the same errors of it that teloxide makes.

use std::io;
use std::sync::Arc;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use teloxide::types::{ChatId, Seconds};
use teloxide::{ApiError, RequestError};

/// What an answer begins with that says yes, as the Bot API server writes it.
const YES: &[u8] = br#"{"ok":true"#;

/// An answer.
#[derive(Deserialize)]
struct Answer<T> {
    ok: bool,
    result: Option<T>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u32>,
    migrate_to_chat_id: Option<i64>,
}

/// Read an answer of which only matters whether it is yes.
pub fn is_yes(body: &[u8]) -> Result<(), RequestError> {
    if body.starts_with(YES) {
        return Ok(());
    }
    read::<serde::de::IgnoredAny>(body).map(drop)
}

/// Read an answer.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, RequestError> {
    let answer: Answer<T> = serde_json::from_slice(body).map_err(strange)?;
    if let (true, Some(result)) = (answer.ok, answer.result) {
        return Ok(result);
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

/// The updates of an answer, each as a part of it.
pub fn each(body: &Bytes) -> Result<Vec<Bytes>, RequestError> {
    let updates: Vec<&RawValue> = read(body)?;
    let part = |update: &RawValue| body.slice_ref(update.get().as_bytes());
    Ok(updates.into_iter().map(part).collect())
}

/// A request that came to no answer.
pub fn failed(what: &str) -> RequestError {
    RequestError::Io(Arc::new(io::Error::other(format!("{what} failed"))))
}

fn strange(source: serde_json::Error) -> RequestError {
    RequestError::InvalidJson {
        source: Arc::new(source),
        // It may hold what a person said.
        raw: "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sent {
        message_id: i32,
    }

    /// The error that an answer is, however it is read.
    #[track_caller]
    fn error(body: &str) -> RequestError {
        assert!(is_yes(body.as_bytes()).is_err());
        read::<Sent>(body.as_bytes()).expect_err("It is an error.")
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
        is_yes(br#"{"ok":true,"result":true}"#).unwrap();
        is_yes(br#"{ "result": {"message_id":7}, "ok": true }"#).unwrap();
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
