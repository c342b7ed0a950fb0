//! Looks at everything that a bot needs, and says what is wrong and what to do about it.
//!
//! The command line calls [`examine`] and prints the findings with [`print`]. Each other file below
//! gathers what it can see of one thing, and judges it in a function that asks nobody. Nothing is
//! changed by looking, and no finding tells what a person said.

pub mod print;
mod records;
mod redis;
mod sqlite;
mod telegram;

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::{self, StoreChoice, StoreSettings, Telegram};
use crate::dialogue::Dialogue;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// It works, and something can go wrong.
    Warn,
    /// It does not work, or what people were promised is not kept.
    Fail,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What is asked and said.
    Dialogue,
    /// The messenger.
    Telegram,
    /// Where records are kept.
    Store,
    /// What is kept.
    Records,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub group: Group,
    /// How bad it is.
    pub level: Level,
    /// The thing.
    pub what: &'static str,
    /// How it is.
    pub value: String,
    /// What to do, where there is something to do.
    pub cure: Option<String>,
}

impl Group {
    fn ok(self, what: &'static str, value: impl Into<String>) -> Finding {
        Finding {
            group: self,
            level: Level::Ok,
            what,
            value: value.into(),
            cure: None,
        }
    }

    fn found(
        self,
        level: Level,
        what: &'static str,
        value: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        Finding {
            level,
            cure: Some(cure.into()),
            ..self.ok(what, value)
        }
    }

    fn note(
        self,
        what: &'static str,
        value: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        self.found(Level::Note, what, value, cure)
    }

    fn warn(
        self,
        what: &'static str,
        value: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        self.found(Level::Warn, what, value, cure)
    }

    fn fail(
        self,
        what: &'static str,
        value: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        self.found(Level::Fail, what, value, cure)
    }
}

/// What is to be looked at. What could not be read says why.
pub struct Case<'a> {
    /// What is asked and said.
    pub dialogue: Result<Dialogue, String>,
    /// The token and the messenger.
    pub telegram: Result<Telegram, String>,
    /// Where records are kept.
    pub store: &'a StoreSettings,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// Look at everything. Findings of one group stand together.
pub async fn examine(case: Case<'_>) -> Vec<Finding> {
    let bot = case.telegram.as_ref().ok();
    let bot = bot.map(|settings| config::bot_number(&settings.token));
    let mut findings = vec![dialogue(&case.dialogue)];
    findings.extend(match &case.telegram {
        Err(why) => vec![Group::Telegram.fail("token", "cannot be used", one_line(why))],
        Ok(settings) => telegram::examine(settings).await,
    });
    let keys = match case.store.keys(bot.unwrap_or_default()) {
        Ok(keys) => keys,
        Err(why) => {
            let cure = "correct BACKTALK_KEY; a lost key cannot be made again";
            findings.push(Group::Records.fail("keys", why.to_string(), cure));
            return findings;
        }
    };
    let question = records::Question {
        bot,
        keys: &keys,
        keep_days: case.store.keep_days,
        oldest: case
            .clock
            .now()
            .checked_sub(case.store.retention())
            .unwrap_or(Timestamp::MIN),
        now: case.clock.now(),
    };
    findings.extend(match &case.store.choice {
        StoreChoice::Memory => vec![Group::Store.warn(
            "place",
            "memory",
            "everything ends with the process; choose a file or a Redis with --store",
        )],
        StoreChoice::File(path) => sqlite::examine(path, &question).await,
        StoreChoice::Redis(address) => {
            redis::examine(address, case.store, &question, case.clock).await
        }
    });
    findings.sort_by_key(|finding| finding.group);
    findings
}

/// Whether nothing fails.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Fail)
}

fn dialogue(loaded: &Result<Dialogue, String>) -> Finding {
    match loaded {
        Err(_) => Group::Dialogue.fail(
            "dialogue",
            "cannot be used",
            "`backtalk check` says what is wrong with its files",
        ),
        Ok(d) => match &d.signed_off {
            Some(by) => Group::Dialogue.ok("dialogue", format!("{}, signed off by {by}", d.name)),
            None => Group::Dialogue.warn(
                "dialogue",
                format!("{}, a draft", d.name),
                "have a clinician check and sign it before people rely on it",
            ),
        },
    }
}

/// The first line of a message that may have several.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A span of time, to the precision that somebody needs who looks at it.
fn span(seconds: i64) -> String {
    match seconds {
        s if s < 120 => format!("{s} s"),
        s if s < 2 * 3600 => format!("{} min", s / 60),
        s if s < 48 * 3600 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}
