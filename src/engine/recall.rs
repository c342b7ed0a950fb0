//! Whom newer rules find more urgent than what they were told: who is to be written to, and what.
//!
//! `backtalk recall` calls it; the running bot sends what is owed.

use jiff::Timestamp;

use super::coaching;
use super::effect::Owed;
use super::fold::State;
use super::local;
use super::moved::{Fate, Way};
use super::rounds;
use super::session::{Session, What};
use crate::dialogue::{Dialogue, Disposition};

/// A person who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recall {
    /// What they were told.
    pub told: Disposition,
    /// What the new rules find.
    pub found: Disposition,
}

/// Whether somebody is to be told that newer rules find it more urgent, and what.
///
/// Nobody is told twice of one verdict. Left out are those who wanted silence or cannot be reached,
/// and those who have had help or were seen since.
pub fn recall(old: &Dialogue, way: &Way<'_>, session: &Session) -> Option<Recall> {
    let Fate::Rises(found) = way.fate(session) else {
        return None;
    };
    let state = State::of(old, session);
    let told = state.told.filter(|_| !state.open)?;
    let standing = coaching::standing(session);
    let told_ms = rounds::told_ms(&state);
    let since = |at_ms: Option<i64>| at_ms.is_some_and(|ms| ms >= told_ms);
    let is_in_hands = since(standing.seen_ms) || since(standing.got_help_ms);
    let is_to_be_told = !standing.silenced && !is_in_hands && !session.is_recalled();
    is_to_be_told.then_some(Recall {
        told: told.disposition,
        found,
    })
}

/// Note that somebody is told; the answer is the message they are owed.
pub fn note(session: &mut Session, recall: Recall, now: Timestamp) -> Owed {
    session.say(now, What::Recalled);
    Owed::message(match recall.found {
        Disposition::Emergency => EMERGENCY,
        Disposition::Urgent => "recall_urgent",
        Disposition::Soon => "recall_soon",
        Disposition::Routine | Disposition::SelfCare | Disposition::NoTriage => "recall_routine",
    })
}

/// The message to somebody for whom it is an emergency now.
pub(super) const EMERGENCY: &str = "recall_emergency";

/// When it may be sent: an emergency at once, anything else not in quiet hours.
pub fn may_come(d: &Dialogue, session: &Session, recall: Recall, now: Timestamp) -> Timestamp {
    match local::hours(d, session) {
        Some(hours) if recall.found < Disposition::Emergency => hours.good(now),
        _ => now,
    }
}
