//! Whether the person is coached: the conditions under which rounds and exercises stop.

use jiff::Timestamp;

use super::coaching;
use super::fold::State;
use super::rounds::{hours, later, time};
use super::session::{Aside, Session};
use crate::dialogue::{Dialogue, Element};
use crate::plan;

/// Why nobody is coached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A gate leaves the plan out: the disposition, the mood, a child alone.
    Barred,
    /// Questions of a check are open, or one of danger.
    Asking,
    /// A pack hurt the skin. Check-ins go on.
    Skin,
    /// The check came out as soon or more too often, and no clinician has seen them. Check-ins go
    /// on.
    UntilSeen,
    /// The weeks of coaching are over.
    Ended,
}

/// Why the person is not coached at `now`; nothing when they are.
pub fn over(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Option<Over> {
    let of_danger =
        |aside: &Aside| matches!(aside, Aside::Crisis | Aside::Words { .. } | Aside::Mistake);
    if state.open || of_danger(&session.aside) || session.waiting.iter().any(of_danger) {
        return Some(Over::Asking);
    }
    if state.told.is_none() || plan::gates(d, state, now).1.contains(&Element::Coaching) {
        return Some(Over::Barred);
    }
    if ends_ms(d, state).is_some_and(|end_ms| now.as_millisecond() >= end_ms) {
        return Some(Over::Ended);
    }
    let standing = coaching::standing(session);
    if state.is_of_this_check(standing.skin_wrong_ms) {
        return Some(Over::Skin);
    }
    let seen_ms = standing.seen_ms.unwrap_or(i64::MIN);
    let again = state.soon_again_ms.iter().filter(|ms| **ms > seen_ms);
    let limit = usize::try_from(d.follow_up.stop_after_soon).unwrap_or(usize::MAX);
    (again.count() >= limit).then_some(Over::UntilSeen)
}

/// When coaching ends, in milliseconds since 1970: so many weeks after the last triage.
pub fn ends_ms(d: &Dialogue, state: &State) -> Option<i64> {
    let triaged = time(state.triaged_ms?);
    let end = later(triaged, hours(d.follow_up.coaching_ends_after_hours));
    Some(end.as_millisecond())
}
