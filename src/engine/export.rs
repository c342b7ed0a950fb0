//! The file of `/export`: all that is kept of a person, in words they can read, and enough to
//! build their session again exactly.
//!
//! Here is the shape of the file. [`write`](mod@write) makes it from a session, [`read`](mod@read)
//! makes the session again, and [`retrace`](mod@retrace) walks through the conversation and holds
//! every verdict against the rules. Ids and places are what counts when it is read; questions,
//! answers and names stand beside them for people and may change with the wording. A form is the
//! same only while no id, order or rule has changed, so a file is read with the form it names.

mod read;
mod retrace;
mod rounds;
mod write;

use serde::{Deserialize, Serialize};

use super::coaching::Earlier;
use crate::dialogue::Disposition;
use crate::quiet::Quiet;
use rounds::{DayLine, RoundLine};

pub use read::{import, parse};
pub use retrace::{Retraced, retrace};
pub use write::export;

/// The name of the format.
pub const FORMAT: &str = "backtalk export";

/// The number of the format that is written and read.
pub const NUMBER: u32 = 2;

/// The whole file, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`NUMBER`].
    pub number: u32,
    /// What this file is, for whoever opens it.
    pub note: String,
    /// The dialogue, by its id.
    pub dialogue: String,
    /// Its form, as `backtalk check` prints it.
    pub form: String,
    /// When the file was made, in UTC, to the second.
    pub exported_at: String,
    /// The country whose numbers are shown, as an ISO code.
    pub country: Option<String>,
    /// The language code that the messenger gave.
    pub language: Option<String>,
    /// The time zone that was told, by its name in the tz database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When they want quiet, in minutes since midnight, where they chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What was said, in order.
    pub answers: Vec<Line>,
    /// Rounds of ice and heat, and what was sent later, in order.
    pub rounds: Vec<RoundLine>,
    /// The rounds by day, those above included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DayLine>,
    /// What is kept of rounds before those above, as the program needs it.
    #[serde(default)]
    pub earlier: Earlier,
    /// Where the answers led.
    pub result: Outcome,
    /// What else is kept for the talk to go on.
    pub talk: Talk,
}

/// Where the answers led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// What was told last, if anything was.
    pub disposition: Option<Disposition>,
    /// The rules behind it.
    pub rules: Vec<String>,
    /// Where the conversation stands, as replays say it.
    pub stands: String,
    /// What is known, fact by fact.
    pub facts: Vec<KnownFact>,
}

/// What is known of one fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFact {
    /// Its id.
    pub fact: String,
    /// Its short name.
    pub name: String,
    /// The options that hold, by id.
    pub is: Vec<String>,
    /// Those of several that do not, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is_not: Vec<String>,
    /// What holds, in words.
    pub answer: String,
}

/// One thing that was said or told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in UTC.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub what: Said,
}

/// What was said or told. An `item` is the place of an answer on its screen, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", deny_unknown_fields)]
pub enum Said {
    /// Consent was given and a check began from nothing.
    #[serde(rename = "began a check")]
    Began,
    /// The danger signs are asked again.
    #[serde(rename = "began again")]
    BeganAgain,
    /// A question was answered.
    #[serde(rename = "answered")]
    Answered(Choice),
    /// An item was ticked.
    #[serde(rename = "ticked")]
    Ticked(Choice),
    /// A tick was taken away.
    #[serde(rename = "took a tick away")]
    Unticked(Choice),
    /// *Done*, or *None of these*.
    #[serde(rename = "finished a list")]
    Finished(Asked),
    /// The list was skipped.
    #[serde(rename = "skipped a list")]
    Skipped(Asked),
    /// A fact was answered after an explanation, on this screen.
    #[serde(rename = "answered after an explanation")]
    Explained {
        /// The screen.
        screen: String,
        /// The fact.
        fact: String,
        /// What was asked.
        question: String,
        /// The option.
        option: String,
        /// What was answered.
        answer: String,
    },
    /// A fact was asked by itself and answered.
    #[serde(rename = "said")]
    Fact {
        /// The fact.
        fact: String,
        /// What was asked.
        question: String,
        /// The option.
        option: String,
        /// What was answered.
        answer: String,
    },
    /// The last answer was taken back.
    #[serde(rename = "took the last answer back")]
    Undone,
    /// An earlier question is asked again.
    #[serde(rename = "changed an answer")]
    Reopened(Asked),
    /// The answer behind an emergency was a slip.
    #[serde(rename = "said it was a slip")]
    Withdrawn,
    /// This was told.
    #[serde(rename = "was told")]
    Told {
        /// How urgent it is.
        disposition: Disposition,
        /// The rules that fired.
        rules: Vec<String>,
    },
    /// The plan was asked for.
    #[serde(rename = "asked for the plan")]
    Planned,
    /// The person came back after a pause.
    #[serde(rename = "came back")]
    CameBack {
        /// Whether it was so long that the danger signs are asked again.
        danger_again: bool,
    },
    /// Nothing was new after the pause.
    #[serde(rename = "nothing was new")]
    NothingNew,
    /// A check-in was asked.
    #[serde(rename = "was asked at a check-in")]
    CheckIn {
        /// Which.
        check_in: String,
        /// Whether ice or heat was used before.
        packs: bool,
        /// Whether no visit was booked or made yet.
        no_visit: bool,
    },
    /// The check-in was over.
    #[serde(rename = "the check-in was over")]
    CheckedIn,
    /// These danger signs go first.
    #[serde(rename = "is asked this first")]
    First(Asked),
    /// From here on a newer version of the questions counts.
    #[serde(rename = "went on with newer questions")]
    Moved {
        /// Whether buttons of before mean nothing any more.
        renumbered: bool,
    },
    /// It was told that newer rules find it more urgent.
    #[serde(rename = "was asked to check again")]
    Recalled,
}

/// An answer of a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The screen.
    pub screen: String,
    /// What was asked.
    pub question: String,
    /// The place of the answer, from 1.
    pub item: u16,
    /// What was answered.
    pub answer: String,
}

/// A screen that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The screen.
    pub screen: String,
    /// What was asked.
    pub question: String,
}

/// What is kept for the talk to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Talk {
    /// Questions counted in checks whose answers are gone, so that old buttons stay old.
    pub visits_before: u32,
    /// What stands over the open question.
    pub over_the_question: Over,
    /// Questions of danger that wait for their turn.
    pub waiting: Vec<Over>,
    /// The page of the plan that is open.
    pub page: Option<OpenPage>,
}

/// What stands over the open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shows", rename_all = "snake_case", deny_unknown_fields)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// Which item are you not sure about?
    WhichIsUnsure,
    /// The explanation of a fact.
    Explanation {
        /// The fact.
        fact: String,
    },
    /// The question of a fact, since these words of the dialogue's list were typed.
    DangerWords {
        /// The fact.
        fact: String,
        /// The words of the list.
        words: String,
    },
    /// The question after crisis words.
    Crisis,
    /// Whether an emergency was tapped by mistake.
    Mistake,
    /// A typed answer that is to be confirmed.
    Understood {
        /// The place of the answer on the open screen, from 1.
        item: u16,
    },
    /// The choice of a country.
    Country,
    /// The country is to be typed.
    CountryName,
    /// The choice of an answer to change.
    Change {
        /// Which part of the list.
        part: u8,
    },
    /// A message alone.
    Message {
        /// Its id.
        message: String,
    },
    /// A message over the question.
    Note {
        /// Its id.
        message: String,
    },
    /// The time it is now.
    Time,
    /// The time or a city is to be typed.
    TimeTyped,
    /// What was typed was no time and no city.
    TimeBad,
    /// The choice of a time zone.
    Zones {
        /// By their names in the tz database.
        zones: Vec<String>,
    },
    /// The choice of quiet hours.
    Quiet,
    /// Quiet hours are to be typed.
    QuietTyped {
        /// Whether those that were typed could not be read.
        bad: bool,
    },
    /// What is coming.
    Reminders,
    /// For how long to pause.
    Pause,
}

/// A page of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPage {
    /// Its place among the pages, from 0; those after the last page are cards.
    pub page: u8,
    /// Which part of it, from 0.
    pub part: u8,
}
