//! What a session waits for: the wanted set of timers, and when the bot must look again.
//!
//! No timer is stored. Cancelling one is committing a log that no longer wants it. A timer that
//! may not come in quiet hours moves to their end; so does one that was late and would come in
//! them now.

use jiff::{SignedDuration, Timestamp};

use super::coach::{self, Over};
use super::effect::Timer;
use super::fold::State;
use super::local::{self, Hours};
use super::rounds::{self, RoundState, Rounds, hours, later, minutes, time};
use super::session::{RoundWhat, Session};
use crate::dialogue::{Dialogue, Disposition};

/// The timers the session wants, soonest first.
pub fn timers(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Vec<Timer> {
    timers_of(d, session, state, &rounds::fold(d, session, state), now)
}

/// The same, where the rounds are folded already.
pub fn timers_of(
    d: &Dialogue,
    session: &Session,
    state: &State,
    r: &Rounds,
    now: Timestamp,
) -> Vec<Timer> {
    let mut wanted = Wanted {
        d,
        now,
        state,
        r,
        hours: local::hours(d, session),
        out: Vec::new(),
    };
    if !r.standing.silenced {
        wanted.pack_on();
        wanted.drill();
        wanted.safety();
        match coach::over(d, session, state, now) {
            None => {
                wanted.rounds();
                wanted.check_ins();
            }
            // They watch over somebody whom nobody coaches any more.
            Some(Over::Skin | Over::UntilSeen | Over::Ended) => wanted.check_ins(),
            Some(Over::Asking) => wanted.recheck(),
            Some(Over::Barred) => {}
        }
    }
    let mut out = wanted.out;
    out.sort_by_key(|t| t.at);
    out
}

/// When the next of the session's timers is due.
pub fn next_due(d: &Dialogue, session: &Session, now: Timestamp) -> Option<Timestamp> {
    timers(d, session, &State::of(d, session), now)
        .first()
        .map(|t| t.at)
}

/// When what is shown of a pack that is on, or of an exercise, changes next by itself. Nothing is
/// noted then: a change that comes late, or not at all, is made up for by the next.
pub fn next_look(d: &Dialogue, session: &Session, now: Timestamp) -> Option<Timestamp> {
    let state = State::of(d, session);
    next_look_of(d, &state, &rounds::fold(d, session, &state), now)
}

/// The same, of somebody of whom it is known where they stand.
pub fn next_look_of(d: &Dialogue, state: &State, r: &Rounds, now: Timestamp) -> Option<Timestamp> {
    let pack = match r.state {
        RoundState::On { pack, since, sent } if sent.off.is_none() => {
            let step = minutes(d.clock.progress_minutes);
            let end = later(since, minutes(rounds::on_minutes(d, state, pack)));
            let passed = now.duration_since(since).as_secs().max(0) / step.as_secs().max(1);
            let next = i32::try_from(passed + 1).ok().map(|n| step * n);
            next.map(|wait| later(since, wait))
                .filter(|at| *at < end && *at > now)
        }
        _ => None,
    };
    let drill = r.standing.drill.and_then(|(at_ms, number)| {
        let drill = d.drills.get(usize::from(number))?;
        let began = time(at_ms);
        let mut at = began;
        for _ in 0..drill.rounds {
            for (_, seconds) in &drill.steps {
                at = later(at, SignedDuration::from_secs((*seconds).into()));
                if at > now {
                    return Some(at);
                }
            }
        }
        None
    });
    [pack, drill].into_iter().flatten().min()
}

/// When something comes that keeps to quiet hours.
struct Gently {
    /// When it is due, seen from now.
    due: Timestamp,
    /// When it was to come, by which it is late.
    planned: Timestamp,
    /// Whether quiet hours moved it, or have passed since it was to come.
    over_night: bool,
}

/// The number that stands for a check of the danger signs, where check-ins have theirs.
pub const RECHECK: u8 = u8::MAX;

/// Whether a check-in is near enough to be asked, or left out, at the person's own wish: the next
/// one, within a day and a half.
pub fn is_near(state: &State, timer: &Timer, now: Timestamp) -> bool {
    state.check_in.is_none() && timer.at <= later(now, hours(36))
}

struct Wanted<'a> {
    d: &'a Dialogue,
    now: Timestamp,
    state: &'a State,
    r: &'a Rounds,
    hours: Option<Hours>,
    out: Vec<Timer>,
}

impl Wanted<'_> {
    /// A timer that comes at its time, whatever the hour.
    fn at(&mut self, at: Timestamp, what: RoundWhat) {
        self.out.push(Timer {
            at,
            planned: at,
            what,
        });
    }

    /// When something may come that may not come in quiet hours, nor, where `pauses` is set, in a
    /// pause. Nothing while the pause is open.
    fn gently(&self, at: Timestamp, pauses: bool) -> Option<Gently> {
        // What waited for them to write again, or for a check, is not late for that.
        let free_ms = self.r.standing.back_ms.unwrap_or(i64::MIN);
        let told_ms = self.state.told.map_or(i64::MIN, |t| t.at_ms);
        let at = at.max(time(free_ms.max(told_ms).max(0)));
        let wanted = match self.r.standing.paused_until_ms.filter(|_| pauses) {
            Some(i64::MAX) => return None,
            Some(until_ms) => at.max(time(until_ms)),
            None => at,
        };
        let Some(hours) = &self.hours else {
            return Some(Gently {
                due: wanted,
                planned: wanted,
                over_night: false,
            });
        };
        let planned = hours.good(wanted);
        let late = planned <= self.now;
        let due = if late && hours.is_quiet(self.now) {
            hours.good(self.now)
        } else {
            planned
        };
        let comes = if late { due.max(self.now) } else { due };
        Some(Gently {
            due,
            planned,
            over_night: hours.is_quiet(at) || hours.quiet.begins(&hours.zone, at) <= comes,
        })
    }

    fn push_gently(&mut self, at: Timestamp, pauses: bool, what: RoundWhat) {
        if let Some(Gently { due, planned, .. }) = self.gently(at, pauses) {
            self.out.push(Timer {
                at: due,
                planned,
                what,
            });
        }
    }

    /// What belongs to a pack that is on. Nothing holds it back.
    fn pack_on(&mut self) {
        let RoundState::On { pack, since, sent } = self.r.state else {
            return;
        };
        let t = rounds::times(self.d, pack);
        let on = rounds::on_minutes(self.d, self.state, pack);
        match sent.off {
            None => {
                if !sent.skin && t.check_after_minutes < on {
                    let at = later(since, minutes(t.check_after_minutes));
                    self.at(at, RoundWhat::SkinAsked);
                }
                let may_stop = t.may_stop_after_minutes.filter(|m| *m < on);
                if let Some(m) = may_stop.filter(|_| !sent.may_stop) {
                    self.at(later(since, minutes(m)), RoundWhat::MayStop);
                }
                self.at(later(since, minutes(on)), RoundWhat::OffAsked);
            }
            Some(asked) if !sent.again => {
                let at = later(asked, minutes(self.d.clock.off_again_after_minutes));
                self.at(at, RoundWhat::OffAgain);
            }
            Some(_) => {}
        }
    }

    fn drill(&mut self) {
        let Some((at_ms, number)) = self.r.standing.drill else {
            return;
        };
        // An exercise that this form does not have is over.
        let seconds = self
            .d
            .drills
            .get(usize::from(number))
            .map_or(0, |drill| drill.seconds());
        let wait = SignedDuration::from_secs(seconds.into());
        self.at(later(time(at_ms), wait), RoundWhat::DrillDone);
    }

    /// The next round, as long as the person is coached.
    fn rounds(&mut self) {
        let off = |pack| minutes(rounds::times(self.d, pack).off_minutes);
        let (at, what) = match self.r.state {
            RoundState::Resting { until, .. } => {
                let may_start = rounds::rests_until(self.d, &self.r.standing);
                (until.max(may_start.unwrap_or(until)), RoundWhat::Offered)
            }
            // Where it is not known when they sleep, nobody who does not answer is written to again.
            RoundState::Offered { .. } | RoundState::On { .. } if self.hours.is_none() => return,
            RoundState::Offered { pack, since } => (later(since, off(pack)), RoundWhat::Missed),
            RoundState::On { pack, sent, .. } if sent.again => match sent.off {
                Some(asked) => (later(asked, off(pack)), RoundWhat::Missed),
                None => return,
            },
            RoundState::Tomorrow { since, .. } => {
                let at = match &self.hours {
                    Some(hours) if hours.is_quiet(since) => hours.good(since),
                    Some(hours) if !hours.quiet.is_never() => {
                        hours.good(hours.quiet.begins(&hours.zone, since))
                    }
                    // Where the hours are not known, a day later it is as light as now.
                    _ => later(since, hours(24)),
                };
                (at, RoundWhat::Morning)
            }
            RoundState::Idle
            | RoundState::On { .. }
            | RoundState::Morning { .. }
            | RoundState::Waiting { .. } => return,
        };
        let Some(gently) = self.gently(at, true) else {
            return;
        };
        let planned_ms = gently.planned.as_millisecond();
        if coach::ends_ms(self.d, self.state).is_some_and(|end_ms| planned_ms >= end_ms) {
            return;
        }
        // What falls into quiet hours is asked about once, in the morning.
        let what = if gently.over_night {
            RoundWhat::Morning
        } else {
            what
        };
        self.out.push(Timer {
            at: gently.due,
            planned: gently.planned,
            what,
        });
    }

    /// "Did you get help?" after urgent and emergency. What follows an emergency may come in quiet
    /// hours.
    fn safety(&mut self) {
        let Some(told) = self.state.told.filter(|_| !self.r.got_help) else {
            return;
        };
        if told.disposition < Disposition::Urgent {
            return;
        }
        let told_ms = rounds::told_ms(self.state);
        for (n, c) in self.d.check_ins.iter().enumerate() {
            let wanted = c.dispositions.contains(&told.disposition) && c.message.is_some();
            if !wanted || self.r.followed_up(n, told_ms) {
                continue;
            }
            let at = later(time(told.at_ms), hours(c.after_hours));
            let what = RoundWhat::FollowedUp(n as u8);
            if told.disposition == Disposition::Emergency {
                self.at(at, what);
            } else {
                self.push_gently(at, false, what);
            }
        }
    }

    /// Somebody who began to check the danger signs again and went silent is asked once more, and
    /// then told whom to call.
    fn recheck(&mut self) {
        let state = self.state;
        let (true, Some(_), false) = (state.open, state.told, self.r.standing.closed) else {
            return;
        };
        self.once_more(RECHECK, state.last_ms);
    }

    /// An unanswered question is asked once more after a while, and closed after another.
    fn once_more(&mut self, number: u8, asked_ms: i64) {
        let f = &self.d.follow_up;
        let repeated = self.r.standing.repeated;
        let (at, what) = match repeated.filter(|(at_ms, n)| *n == number && *at_ms >= asked_ms) {
            None => {
                let at = later(time(asked_ms), self.awake(f.repeat_after_hours));
                (at, RoundWhat::Repeated(number))
            }
            Some((at_ms, _)) => {
                let at = later(time(at_ms), self.awake(f.close_after_hours));
                (at, RoundWhat::Closed(number))
            }
        };
        self.push_gently(at, true, what);
    }

    /// A wait of some hours. Where it is not known when the person sleeps, it is a whole day: then
    /// it is as light as it was.
    fn awake(&self, wait: u32) -> SignedDuration {
        match &self.hours {
            Some(_) => hours(wait),
            None => hours(24),
        }
    }

    /// Check-ins after the other dispositions.
    fn check_ins(&mut self) {
        let (Some(told), Some(triaged_ms)) = (self.state.told, self.state.triaged_ms) else {
            return;
        };
        if told.disposition >= Disposition::Urgent || self.r.standing.closed {
            return;
        }
        let f = &self.d.follow_up;
        if let Some(open) = self.state.check_in {
            self.once_more(open.number, open.answered.1);
        }
        for (n, c) in self.d.check_ins.iter().enumerate() {
            let wanted = c.dispositions.contains(&told.disposition) && c.message.is_none();
            if wanted && !self.r.followed_up(n, time(triaged_ms).as_millisecond()) {
                let at = later(time(triaged_ms), hours(c.after_hours));
                let at = later(at, spread(f.spread_minutes, triaged_ms, n));
                // Whoever has just come back is not met by it at the door.
                let back = self.r.standing.back_ms.map(time);
                let pause = minutes(self.d.clock.offer_late_after_minutes);
                let at = back.map_or(at, |back| at.max(later(back, pause)));
                self.push_gently(at, true, RoundWhat::FollowedUp(n as u8));
            }
        }
    }
}

/// How much later a check-in comes, so that those of many people do not come at once: the same for
/// the same person and check-in, below so many minutes.
fn spread(minutes: u32, triaged_ms: i64, number: usize) -> SignedDuration {
    // Fibonacci hashing: the high bits of the product are well mixed.
    let mixed = (triaged_ms.cast_unsigned() ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let seconds = u64::from(minutes).saturating_mul(60).max(1);
    SignedDuration::from_secs(((mixed >> 32) % seconds).cast_signed())
}
