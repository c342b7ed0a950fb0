//! What is counted of a turn and of what goes out, in the words of `metrics`.

use crate::engine::{Input, Priority};
use crate::metrics::{SendPriority, SentOutcome, TurnKind, TurnOutcome};
use crate::turn::{SendError, Turned};

impl From<&Input> for TurnKind {
    fn from(input: &Input) -> TurnKind {
        match input {
            Input::Start { .. } => TurnKind::Start,
            Input::Press(_) | Input::UnknownPress => TurnKind::Press,
            Input::Text(_) => TurnKind::Text,
            Input::Edited(_) => TurnKind::Edited,
            Input::Command(_) => TurnKind::Command,
            Input::Media => TurnKind::Media,
            Input::Due => TurnKind::Due,
            Input::Blocked => TurnKind::Blocked,
            Input::Away { .. } => TurnKind::Away,
        }
    }
}

impl From<&Turned> for TurnOutcome {
    fn from(turned: &Turned) -> TurnOutcome {
        match turned {
            _ if turned.turned_away => TurnOutcome::TurnedAway,
            _ if turned.already => TurnOutcome::Already,
            _ if turned.record.is_none() => TurnOutcome::Erased,
            _ => TurnOutcome::Applied,
        }
    }
}

impl<T> From<&Result<T, SendError>> for SentOutcome {
    fn from(sent: &Result<T, SendError>) -> SentOutcome {
        match sent {
            Ok(_) => SentOutcome::Ok,
            Err(SendError::Later(_)) => SentOutcome::Later,
            Err(SendError::Refused) => SentOutcome::Refused,
            Err(SendError::Gone) => SentOutcome::Gone,
            Err(SendError::NoMessage) => SentOutcome::NoMessage,
        }
    }
}

impl From<Priority> for SendPriority {
    fn from(priority: Priority) -> SendPriority {
        match priority {
            Priority::Emergency => SendPriority::Emergency,
            Priority::TakeOff => SendPriority::TakeOff,
            Priority::Answer => SendPriority::Answer,
            Priority::Safety => SendPriority::Safety,
            Priority::Reminder => SendPriority::Reminder,
            Priority::Progress => SendPriority::Progress,
        }
    }
}
