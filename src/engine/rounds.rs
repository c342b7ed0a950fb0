//! Ice and heat rounds: their log folded with the times of a dialogue.
//!
//! `timers` says what they wait for, `fire` what a due timer does.

use jiff::{SignedDuration, Timestamp};

use super::coaching::{self, Rest, Round, Standing};
use super::fold::State;
use super::local;
use super::session::{Pack, RoundWhat, Session};
use crate::dialogue::{self, Dialogue};
use crate::quiet::local_day_start;

/// Where the rounds stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundState {
    /// No round is under way.
    Idle,
    /// A pack is on.
    On {
        /// Which.
        pack: Pack,
        /// Since when.
        since: Timestamp,
        /// What was sent in this round, in order.
        sent: Sent,
    },
    /// The pack is off; the next round is offered at this time.
    Resting {
        /// Which.
        pack: Pack,
        /// When it is offered.
        until: Timestamp,
    },
    /// The next round was offered.
    Offered {
        /// Which was used before.
        pack: Pack,
        /// When.
        since: Timestamp,
    },
    /// No more today; tomorrow it is asked whether to go on.
    Tomorrow {
        /// Which was used before.
        pack: Pack,
        /// Since when.
        since: Timestamp,
    },
    /// It was asked whether to go on.
    Morning {
        /// Which was used before.
        pack: Pack,
    },
    /// Nothing is offered until the person writes.
    Waiting {
        /// Which was used before.
        pack: Pack,
    },
}

/// What was sent while a pack is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// The skin check.
    pub skin: bool,
    /// "You can stop now".
    pub may_stop: bool,
    /// "Take it off now", and when.
    pub off: Option<Timestamp>,
    /// It was repeated.
    pub again: bool,
}

/// Everything the rounds log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounds {
    /// Where the rounds stand.
    pub state: RoundState,
    /// What needs no dialogue.
    pub standing: Standing,
    /// Whether help was given since the last verdict.
    pub got_help: bool,
}

impl Rounds {
    /// Whether this follow-up was sent at that time or later.
    pub fn followed_up(&self, number: usize, since_ms: i64) -> bool {
        self.standing
            .followed_up
            .iter()
            .any(|(at_ms, n)| usize::from(*n) == number && *at_ms >= since_ms)
    }

    /// When this follow-up was last sent.
    pub fn asked_ms(&self, number: u8) -> Option<i64> {
        let mut sent = self.standing.followed_up.iter();
        sent.find(|(_, n)| *n == number).map(|(at_ms, _)| *at_ms)
    }

    /// Whether a visit was booked or made since then.
    pub fn has_visit(&self, since_ms: i64) -> bool {
        let since = |at_ms: Option<i64>| at_ms.is_some_and(|ms| ms >= since_ms);
        since(self.standing.booked_ms) || since(self.standing.seen_ms)
    }
}

/// A moment, or 1970 where a damaged record holds none.
pub(super) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

pub(super) fn minutes(n: u32) -> SignedDuration {
    SignedDuration::from_mins(n.into())
}

pub(super) fn hours(n: u32) -> SignedDuration {
    SignedDuration::from_hours(n.into())
}

/// A moment later, or the last one there is: a damaged record may hold any moment.
pub(super) fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Fold the rounds log. Help counts since the last verdict.
pub fn fold(d: &Dialogue, session: &Session, state: &State) -> Rounds {
    let standing = coaching::standing(session);
    let told_ms = told_ms(state);
    Rounds {
        state: round(d, standing.round),
        got_help: standing.got_help_ms.is_some_and(|ms| ms >= told_ms),
        standing,
    }
}

/// When the last verdict was told. A moment that cannot be is that of the timer that follows from
/// it, so that it fires once.
pub(super) fn told_ms(state: &State) -> i64 {
    state
        .told
        .map_or(i64::MIN, |t| time(t.at_ms).as_millisecond())
}

/// A round with the times of the dialogue.
fn round(d: &Dialogue, round: Round) -> RoundState {
    match round {
        Round::Idle => RoundState::Idle,
        Round::On {
            pack,
            since_ms,
            skin,
            may_stop,
            off_ms,
            again,
        } => RoundState::On {
            pack,
            since: time(since_ms),
            sent: Sent {
                skin,
                may_stop,
                off: off_ms.map(time),
                again,
            },
        },
        Round::Resting {
            pack,
            since_ms,
            rest,
        } => RoundState::Resting {
            pack,
            until: later(
                time(since_ms),
                minutes(match rest {
                    Rest::Off | Rest::Skipped => times(d, pack).off_minutes,
                    Rest::PutOff => d.clock.snooze_minutes,
                    Rest::PutOffFor(minutes) => minutes.into(),
                }),
            ),
        },
        Round::Offered { pack, since_ms } => RoundState::Offered {
            pack,
            since: time(since_ms),
        },
        Round::Tomorrow { pack, since_ms } => RoundState::Tomorrow {
            pack,
            since: time(since_ms),
        },
        Round::Morning { pack } => RoundState::Morning { pack },
        Round::Waiting { pack } => RoundState::Waiting { pack },
    }
}

/// The times of a pack's rounds.
pub fn times(d: &Dialogue, pack: Pack) -> &dialogue::Round {
    match pack {
        Pack::Ice => &d.clock.ice,
        Pack::Heat => &d.clock.heat,
    }
}

/// How long the pack stays on for this person.
pub fn on_minutes(d: &Dialogue, state: &State, pack: Pack) -> u32 {
    let round = times(d, pack);
    let full = d.completed(&state.known);
    let short = d.holds(&d.clock.child_when, &full, None)
        || (pack == Pack::Ice && d.holds(&d.clock.short_ice_when, &full, None));
    round
        .short_on_minutes
        .filter(|_| short)
        .unwrap_or(round.on_minutes)
}

/// Until when no pack may go on: the time off is part of the round, and skin that is still numb
/// from ice feels no heat.
pub fn rests_until(d: &Dialogue, standing: &Standing) -> Option<Timestamp> {
    let (at_ms, pack) = standing.came_off?;
    Some(later(time(at_ms), minutes(times(d, pack).off_minutes)))
}

/// Rounds of a pack started on the local day of `now`; where no zone is known, in the 24 hours
/// before it.
pub fn rounds_today(d: &Dialogue, session: &Session, pack: Pack, now: Timestamp) -> u32 {
    let from = match local::hours(d, session) {
        Some(hours) => local_day_start(&hours.zone, now),
        None => now
            .checked_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MIN),
    };
    let (from_ms, now_ms) = (from.as_millisecond(), now.as_millisecond());
    let logged = session.rounds.iter().filter_map(|e| match e.what {
        RoundWhat::Started(pack) => Some((e.at_ms, pack)),
        _ => None,
    });
    let starts = session.earlier.starts.iter().copied().chain(logged);
    starts
        .filter(|(at_ms, p)| *p == pack && *at_ms >= from_ms && *at_ms <= now_ms)
        .count() as u32
}

/// Whether no more rounds of a pack may be started today.
pub fn is_full(d: &Dialogue, session: &Session, pack: Pack, now: Timestamp) -> bool {
    rounds_today(d, session, pack, now) >= times(d, pack).cap_per_day
}
