//! What a step asks the edge to do, as data.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fold::State;
use super::press::{Press, Wish};
use super::session::Session;

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The session after the input. Nothing when it is to be erased.
    pub session: Option<Session>,
    /// That session as the step folded it, if it did.
    pub state: Option<Arc<State>>,
    /// New messages, in order. They are kept as keys and rendered when they are sent.
    pub owed: Vec<Owed>,
    /// Whether the open question is to be sent anew, below what was written since.
    pub fresh: bool,
    /// What the messenger shows for a moment over the button that was pressed: a message id.
    pub notice: Option<&'static str>,
}

/// A new message that is owed, as key and arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owed {
    /// The verdict that the log's event of this number told.
    Verdict { event: u16 },
    /// A message by id, with the moment it speaks of, in milliseconds since 1970.
    Message { id: String, about_ms: Option<i64> },
    /// The summary of the answers.
    Summary,
    /// Why the verdict is what it is.
    WhyVerdict,
    /// All that is kept, as a file.
    Export,
    /// The open question was folded into a summary of the answers.
    Folded,
    /// A message by id that a timer sends.
    Reminder {
        /// Its id.
        id: String,
        /// When it was to come, in milliseconds since 1970: one that comes late says so.
        planned_ms: i64,
        /// A message by id that stands in front of it.
        note: Option<String>,
    },
    /// The picture of the days.
    History,
}

impl Owed {
    /// A message by id.
    pub fn message(id: &str) -> Owed {
        Owed::Message {
            id: id.to_owned(),
            about_ms: None,
        }
    }

    /// How soon it must go out whoever asked for it; nothing when that depends on them.
    pub fn priority(&self) -> Option<Priority> {
        match self {
            Owed::Verdict { .. } => Some(Priority::Emergency),
            Owed::Message { id, .. } | Owed::Reminder { id, .. } => match id.as_str() {
                "ice_off" | "heat_off" | "off_again" | "skin_check_5" => Some(Priority::TakeOff),
                "safety_2h" | "safety_24h" => Some(Priority::Safety),
                super::recall::EMERGENCY => Some(Priority::Emergency),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How soon a message must go out when not all can at once; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A verdict, which may be that of an emergency.
    Emergency,
    /// "Take it off now".
    TakeOff,
    /// What somebody waits for who has just written or pressed.
    Answer,
    /// "Did you get help?"
    Safety,
    /// Other reminders.
    Reminder,
    /// How far a round has come.
    Progress,
}

/// A message as it is shown: text and rows of buttons.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct View {
    /// What it says. Plain text; the edge escapes it.
    pub text: String,
    /// The buttons, by row.
    pub rows: Vec<Vec<Button>>,
}

impl View {
    /// The visit that its buttons carry, when there are any.
    pub fn visit(&self) -> Option<u32> {
        let button = self.rows.first()?.first()?;
        Press::read(&button.data).map(|press| press.visit)
    }
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it carries: a [`Press`] as text.
    pub data: String,
}

impl Button {
    /// A button of a visit.
    pub fn new(label: &str, visit: u32, wish: Wish) -> Button {
        Button {
            label: label.to_owned(),
            data: Press { visit, wish }.to_string(),
        }
    }
}

impl View {
    /// All buttons, in order.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.rows.iter().flatten()
    }
}

/// A timer that the session wants: when, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// When it is due.
    pub at: Timestamp,
    /// When it was to come, by which it is late: at the end of the quiet hours or the pause that it
    /// would have fallen into.
    pub planned: Timestamp,
    /// What for.
    pub what: super::session::RoundWhat,
}
