//! In which lane somebody is due. `turn` asks it whenever it says when they are.

use jiff::Timestamp;

use crate::dialogue::{Dialogue, Disposition};
use crate::engine::session::RoundWhat;
use crate::engine::{Priority, State, timers};

use crate::store::{Lane, Record};

/// The lane of somebody who is due. Who has a pack on is in the first, whatever else is due before:
/// else what is due a minute later would wait behind it.
pub fn lane(d: &Dialogue, record: &Record, now: Timestamp) -> Lane {
    let owes = record.body.owed.iter().any(|o| {
        let priority = o.owed.priority();
        let first = [Priority::Emergency, Priority::TakeOff, Priority::Safety];
        priority.is_some_and(|p| first.contains(&p))
    });
    if owes {
        return Lane::First;
    }
    let Some(session) = record.body.session.as_ref() else {
        return Lane::Other;
    };
    let state = State::of(d, session);
    let is_emergency = state
        .told
        .is_some_and(|told| told.disposition == Disposition::Emergency);
    let waits = timers::timers(d, session, &state, now)
        .iter()
        .any(|timer| match timer.what {
            RoundWhat::SkinAsked
            | RoundWhat::MayStop
            | RoundWhat::OffAsked
            | RoundWhat::OffAgain => true,
            RoundWhat::FollowedUp(_) => is_emergency,
            _ => false,
        });
    match waits {
        true => Lane::First,
        false => Lane::Other,
    }
}
