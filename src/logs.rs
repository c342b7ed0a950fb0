//! Logs on the standard error, as text or JSON, and which update a line belongs to.
//!
//! Libraries are quiet, since theirs may carry whole messages; ours name kinds of errors and never
//! what somebody said. All lines that are written while an update is handled carry its number and a
//! short id (`mark`): the number is Telegram's and may come again, the id is of this one time.

mod line;
mod mark;

use std::io::IsTerminal;

use thiserror::Error;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::metrics::metrics;
pub use mark::Mark;

/// The setting that says how a line looks.
pub const FORMAT: &str = "BACKTALK_LOG_FORMAT";

/// A setting of logs that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LogError {
    /// Such a form of logs there is not.
    #[error("{FORMAT} is `text` or `json`, not `{0}`.")]
    BadFormat(String),
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl Format {
    /// The form of this name; text where none is given.
    pub fn named(name: Option<&str>) -> Result<Format, LogError> {
        match name.map(str::trim) {
            None | Some("" | "text") => Ok(Format::Text),
            Some("json") => Ok(Format::Json),
            Some(other) => Err(LogError::BadFormat(other.to_owned())),
        }
    }
}

/// Write logs from here on, and count panics.
pub fn begin(format: Format) {
    let level = std::env::var("BACKTALK_LOG").ok();
    let level = level.and_then(|level| level.parse::<Level>().ok());
    let only_ours = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_target("backtalk", level.unwrap_or(Level::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let all = tracing_subscriber::registry().with(only_ours);
    // A second call in one process (tests) keeps the first.
    let _ = match format {
        Format::Text => all.with(lines.event_format(line::Text)).try_init(),
        Format::Json => all.with(lines.event_format(line::Json)).try_init(),
    };
    let counted = metrics();
    std::panic::set_hook(Box::new(move |panic| {
        counted.panics.one();
        // What a panic says may carry what a person said; where it was does not.
        let place = panic
            .location()
            .map(|at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(place, "a panic");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_text_or_json_and_nothing_else() {
        assert_eq!(Format::named(None), Ok(Format::Text));
        assert_eq!(Format::named(Some(" text ")), Ok(Format::Text));
        assert_eq!(Format::named(Some("json")), Ok(Format::Json));
        let said = Format::named(Some("xml")).unwrap_err().to_string();
        assert_eq!(said, "BACKTALK_LOG_FORMAT is `text` or `json`, not `xml`.");
    }
}
