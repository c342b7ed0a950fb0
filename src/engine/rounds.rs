//! Ice and heat rounds and follow-ups: their log folded to timers, and what a due timer does.

use jiff::{SignedDuration, Timestamp};

use super::coaching::{self, Rest, Round};
use super::effect::{Owed, Timer};
use super::fold::State;
use super::session::{Pack, RoundWhat, Session};
use crate::dialogue::{self, Dialogue, Disposition};
use crate::plan;

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
        /// Whether it may be started sooner: it was put off, so that the time off is over or never was.
        may_start: bool,
    },
    /// The next round was offered.
    Offered {
        /// Which.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounds {
    /// Where the rounds stand.
    pub state: RoundState,
    /// Whether the skin looked wrong, so that packs are over.
    pub skin_wrong: bool,
    /// Whether the person wants silence until they write.
    pub silenced: bool,
    /// Whether help was given since the last verdict.
    pub got_help: bool,
    /// Follow-ups sent since the last verdict, as bits by number.
    pub followed_up: u64,
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn minutes(n: u32) -> SignedDuration {
    SignedDuration::from_mins(n.into())
}

/// Fold the rounds log. Follow-ups and help count since the last verdict.
pub fn fold(d: &Dialogue, session: &Session, state: &State) -> Rounds {
    let standing = coaching::standing(session);
    let told_ms = state.told.map_or(i64::MIN, |t| t.at_ms);
    Rounds {
        state: round(d, standing.round),
        skin_wrong: standing.skin_wrong,
        silenced: standing.silenced,
        got_help: standing.got_help_ms.is_some_and(|ms| ms >= told_ms),
        followed_up: standing
            .followed_up
            .iter()
            .filter(|(at_ms, _)| *at_ms >= told_ms)
            .fold(0, |bits, (_, number)| bits | coaching::bit(*number)),
    }
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
            until: time(since_ms)
                + minutes(match rest {
                    Rest::Off | Rest::Skipped => times(d, pack).off_minutes,
                    Rest::PutOff => d.clock.snooze_minutes,
                }),
            may_start: rest != Rest::Off,
        },
        Round::Offered { pack } => RoundState::Offered { pack },
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

/// The timers the session wants, soonest first.
pub fn timers(d: &Dialogue, session: &Session, state: &State) -> Vec<Timer> {
    let r = fold(d, session, state);
    let mut out = Vec::new();
    if !r.silenced {
        round_timers(d, state, r.state, &mut out);
        follow_ups(d, state, &r, &mut out);
    }
    out.sort_by_key(|t| t.at);
    out
}

fn round_timers(d: &Dialogue, state: &State, round: RoundState, out: &mut Vec<Timer>) {
    match round {
        RoundState::On { pack, since, sent } => {
            let t = times(d, pack);
            let on = on_minutes(d, state, pack);
            match sent.off {
                None => {
                    if !sent.skin && t.check_after_minutes < on {
                        out.push(Timer {
                            at: since + minutes(t.check_after_minutes),
                            what: RoundWhat::SkinAsked,
                        });
                    }
                    if let Some(m) = t
                        .may_stop_after_minutes
                        .filter(|m| !sent.may_stop && *m < on)
                    {
                        out.push(Timer {
                            at: since + minutes(m),
                            what: RoundWhat::MayStop,
                        });
                    }
                    out.push(Timer {
                        at: since + minutes(on),
                        what: RoundWhat::OffAsked,
                    });
                }
                Some(asked) if !sent.again => {
                    out.push(Timer {
                        at: asked + minutes(d.clock.off_again_after_minutes),
                        what: RoundWhat::OffAgain,
                    });
                }
                Some(_) => {}
            }
        }
        RoundState::Resting { until, .. } => out.push(Timer {
            at: until,
            what: RoundWhat::Offered,
        }),
        RoundState::Idle | RoundState::Offered { .. } => {}
    }
}

/// "Did you get help?" after urgent and emergency.
fn follow_ups(d: &Dialogue, state: &State, r: &Rounds, out: &mut Vec<Timer>) {
    let Some(told) = state.told.filter(|_| !r.got_help) else {
        return;
    };
    if told.disposition < Disposition::Urgent {
        return;
    }
    for (n, c) in d.check_ins.iter().enumerate() {
        if c.dispositions.contains(&told.disposition) && r.followed_up & (1 << n) == 0 {
            let at = time(told.at_ms) + SignedDuration::from_hours(c.after_hours.into());
            out.push(Timer {
                at,
                what: RoundWhat::FollowedUp(n as u8),
            });
        }
    }
}

/// Let every timer that is due at `now` happen: note it and say what is owed.
pub fn fire(d: &Dialogue, session: &mut Session, now: Timestamp) -> Vec<Owed> {
    let mut owed = Vec::new();
    loop {
        let state = State::of(d, session);
        let Some(timer) = timers(d, session, &state).into_iter().find(|t| t.at <= now) else {
            return owed;
        };
        let pack = match fold(d, session, &state).state {
            RoundState::On { pack, .. }
            | RoundState::Resting { pack, .. }
            | RoundState::Offered { pack } => pack,
            RoundState::Idle => Pack::Ice,
        };
        session.round(now, timer.what);
        let late = now.duration_since(timer.at) > minutes(d.clock.late_after_minutes);
        // A check whose round is already over its time is covered by "take it off now".
        let over = timers(d, session, &state)
            .iter()
            .any(|t| t.what == RoundWhat::OffAsked && t.at <= now);
        let id = match timer.what {
            RoundWhat::SkinAsked if !over => "skin_check_5",
            RoundWhat::MayStop if !over => "heat_15",
            RoundWhat::OffAsked if late => "pack_late",
            RoundWhat::OffAsked if pack == Pack::Ice => "ice_off",
            RoundWhat::OffAsked => "heat_off",
            RoundWhat::OffAgain => "off_again",
            RoundWhat::Offered => match offer(d, session, &state, pack, now) {
                Some(id) => id,
                None => continue,
            },
            RoundWhat::FollowedUp(n) => {
                owed.push(Owed::message(&d.check_ins[usize::from(n)].message));
                continue;
            }
            _ => continue,
        };
        owed.push(Owed::Message {
            id: id.to_owned(),
            about_ms: Some(now.as_millisecond()),
        });
    }
}

/// Offer the next round, unless the day is full or a gate bars the pack by now.
fn offer(
    d: &Dialogue,
    session: &mut Session,
    state: &State,
    pack: Pack,
    now: Timestamp,
) -> Option<&'static str> {
    if !plan::packs(d, session, state, now).allows(pack) {
        session.round(now, RoundWhat::Stopped);
        return None;
    }
    if rounds_in_a_day(session, pack, now) >= times(d, pack).cap_per_day {
        session.round(now, RoundWhat::StoppedToday);
        return Some("day_full");
    }
    Some(match pack {
        Pack::Ice => "ice_round",
        Pack::Heat => "heat_round",
    })
}

/// Rounds of a pack started in the 24 hours before `now`.
pub fn rounds_in_a_day(session: &Session, pack: Pack, now: Timestamp) -> u32 {
    let now_ms = now.as_millisecond();
    let day_ago_ms = now_ms - 24 * 3600 * 1000;
    let logged = session.rounds.iter().filter_map(|e| match e.what {
        RoundWhat::Started(pack) => Some((e.at_ms, pack)),
        _ => None,
    });
    let starts = session.earlier.starts.iter().copied().chain(logged);
    starts
        .filter(|(at_ms, p)| *p == pack && *at_ms > day_ago_ms && *at_ms <= now_ms)
        .count() as u32
}

/// When the next of the session's timers is due.
pub fn next_due(d: &Dialogue, session: &Session) -> Option<Timestamp> {
    timers(d, session, &State::of(d, session))
        .first()
        .map(|t| t.at)
}
