//! Whether a reminder that is still owed is meant by now: what was answered, stopped or passed
//! meanwhile is not said any more.

use jiff::Timestamp;

use super::coaching::{self, Round};
use super::effect::Owed;
use super::local;
use super::rounds::minutes;
use super::session::Session;
use super::view::OFFERS;
use crate::dialogue::Dialogue;

/// Whether what a timer owed still fits where the person stands.
pub fn is_meant(session: &Session, owed: &Owed, now: Timestamp) -> bool {
    let Owed::Reminder { id, .. } = owed else {
        return true;
    };
    let standing = coaching::standing(session);
    let paused = standing
        .paused_until_ms
        .is_some_and(|ms| ms > now.as_millisecond());
    let round = standing.round;
    match id.as_str() {
        "morning" | "morning_choose" | "next_day" => {
            matches!(round, Round::Morning { .. }) && !paused
        }
        "still_there" => matches!(round, Round::Waiting { .. }) && !paused,
        id if OFFERS.contains(&id) => matches!(round, Round::Offered { .. }) && !paused,
        "ice_off" | "heat_off" | "off_again" => matches!(round, Round::On { .. }),
        "skin_check_5" | "heat_15" => matches!(round, Round::On { off_ms: None, .. }),
        _ => true,
    }
}

/// Whether it may be sent now: an offer that could not be sent for long is not sent at night, and
/// not long after. The next comes instead.
pub fn is_timely(d: &Dialogue, session: &Session, owed: &Owed, now: Timestamp) -> bool {
    let Owed::Reminder { id, planned_ms, .. } = owed else {
        return true;
    };
    if !OFFERS.contains(&id.as_str()) {
        return true;
    }
    let quiet = local::hours(d, session).is_some_and(|h| h.is_quiet(now));
    let limit = minutes(d.clock.offer_late_after_minutes);
    let about_missed = matches!(owed, Owed::Reminder { note: Some(_), .. });
    let late_ms = now.as_millisecond().saturating_sub(*planned_ms);
    let is_late = i128::from(late_ms) > limit.as_millis();
    !quiet && (about_missed || !is_late || id.starts_with("morning") || id == "next_day")
}
