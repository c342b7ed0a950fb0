//! All that a turn must know of somebody at one moment, from one fold of their session.

use jiff::Timestamp;

use super::fold::State;
use super::session::{RoundWhat, Session};
use super::{Timer, View, rounds, timers, view};
use crate::dialogue::{Dialogue, Disposition};

/// How somebody stands at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The question message, while a question is open.
    pub question: Option<View>,
    /// The message of a round or an exercise, with the number that tells it from others.
    pub live: Option<(i64, View)>,
    /// Whether questions are being asked.
    pub is_open: bool,
    /// The wanted timers, soonest first.
    pub timers: Vec<Timer>,
    /// When what is shown changes next by itself.
    pub next_look: Option<Timestamp>,
    /// Whether they were last told that it is an emergency.
    is_emergency: bool,
}

impl Seen {
    /// Look at a session.
    pub fn of(d: &Dialogue, session: &Session, now: Timestamp) -> Seen {
        Seen::of_state(d, session, &State::of(d, session), now)
    }

    /// The same, of a session that is folded already.
    pub fn of_state(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Seen {
        let rounds = rounds::fold(d, session, state);
        let told = state.told.map(|told| told.disposition);
        Seen {
            question: view::view_of(d, session, state, now),
            live: view::live_of(d, session, state, &rounds, now),
            is_open: state.open,
            timers: timers::timers_of(d, session, state, &rounds, now),
            next_look: timers::next_look_of(d, state, &rounds, now),
            is_emergency: told == Some(Disposition::Emergency),
        }
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|timer| timer.at)
    }

    /// Whether a timer is wanted that must wait behind nobody: what is said to somebody with a pack on,
    /// and what follows an emergency.
    pub fn awaits_something_urgent(&self) -> bool {
        self.timers.iter().any(|timer| match timer.what {
            RoundWhat::SkinAsked
            | RoundWhat::MayStop
            | RoundWhat::OffAsked
            | RoundWhat::OffAgain => true,
            RoundWhat::FollowedUp(_) => self.is_emergency,
            _ => false,
        })
    }
}
