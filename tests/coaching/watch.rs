//! Holds the laws of coaching on every step. What a law needs of the past it has seen itself.

use backtalk::dialogue::{Act, Disposition};
use backtalk::engine::coaching::{Round, Standing, standing};
use backtalk::engine::session::{Pack, RoundEvent, RoundWhat};
use backtalk::engine::timers::RECHECK;
use backtalk::engine::{
    self, Command, Input, Owed, Press, Session, State, Step, Timer, Wish, begin, local, rounds,
    timers,
};
use backtalk::plan;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::day;
use crate::person::dialogue;

const MINUTE_MS: i64 = 60_000;

/// Somebody and what was seen of them.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Their session.
    pub session: Session,
    /// The fold of their log.
    pub state: State,
    /// The pack that is on.
    pub on: Option<On>,
    /// How often "take it off" was sent for the first time, and once more.
    pub told_off: (usize, usize),
    /// When the last pack came off, or was to come off where nobody said so.
    off: Option<(i64, Pack)>,
    /// Every start.
    pub starts: Vec<(i64, Pack)>,
    /// Whether they stopped everything and have not written since.
    silent: bool,
    /// When the laws of what waits were last held of this session.
    held_at: Option<Timestamp>,
    /// When timers sent something, since their hours or the clock last changed.
    sent: Vec<i64>,
}

/// A pack that is on.
#[derive(Debug, Clone, Copy)]
pub struct On {
    pub pack: Pack,
    pub since_ms: i64,
    /// When "take it off" was sent.
    pub asked_ms: Option<i64>,
}

/// What a law is about, to be said where it is broken.
struct Seen<'a> {
    input: &'a Input,
    now: Timestamp,
    before: &'a Session,
    after: &'a Session,
    was: &'a State,
    is: &'a State,
    step: &'a Step,
    due: bool,
}

impl Watch {
    pub fn new(session: Session) -> Watch {
        Watch {
            state: State::of(dialogue(), &session),
            session,
            on: None,
            told_off: (0, 0),
            off: None,
            starts: Vec::new(),
            silent: false,
            held_at: None,
            sent: Vec::new(),
        }
    }

    /// Somebody who started a pack.
    pub fn with_a_pack(session: Session, pack: Pack, since_ms: i64) -> Watch {
        let mut watch = Watch::new(session);
        watch.starts.push((since_ms, pack));
        watch.on = Some(On {
            pack,
            since_ms,
            asked_ms: None,
        });
        watch
    }

    /// When the next timer is due.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = timers::timers(dialogue(), &self.session, &self.state, now);
        waits.first().map(|t| t.at)
    }

    /// The clock was set: what was sent before is of no day that it counts.
    pub fn clock_was_set(&mut self) {
        self.sent.clear();
    }

    /// One step, with every law held.
    pub fn step(&mut self, input: &Input, now: Timestamp) -> Step {
        let d = dialogue();
        let before = self.session.clone();
        let step = engine::step(d, &before, input, now);
        let Some(after) = step.session.clone() else {
            *self = Watch::new(begin(d));
            return step;
        };
        let was = self.state.clone();
        let same = after.log == before.log && after.visits_before == before.visits_before;
        let is = if same {
            was.clone()
        } else {
            State::of(d, &after)
        };
        let seen = Seen {
            input,
            now,
            before: &before,
            after: &after,
            was: &was,
            is: &is,
            step: &step,
            due: *input == Input::Due,
        };
        let new = new_events(&before.rounds, &after.rounds);
        if seen.due {
            self.only_what_is_due(&seen, new);
            self.quiet_hours_are_kept(&seen, new);
            self.no_more_than_the_bound(&seen, new);
        }
        for event in new {
            assert_eq!(event.at_ms, ms(now), "an event of another time: {event:?}");
            self.happened(&seen, event.what);
        }
        no_pack_that_is_barred_is_offered(&seen);
        self.silent = match input {
            Input::Blocked | Input::Command(Command::Stop) => true,
            Input::Press(Press { wish, .. }) if *wish == Wish::Act(Act::Stop) => true,
            input => self.silent && !input.is_theirs(),
        };
        if after.zone != before.zone || after.quiet != before.quiet {
            self.sent.clear();
        }
        self.session = after.clone();
        if after != before || seen.due || self.held_at != Some(now) {
            self.what_waits(&seen);
            self.held_at = Some(now);
        }
        self.state = is;
        step
    }

    /// A timer fires when it is due, and then it is gone.
    fn only_what_is_due(&self, seen: &Seen<'_>, new: &[RoundEvent]) {
        let d = dialogue();
        let waits = timers::timers(d, seen.before, seen.was, seen.now);
        if waits.first().is_none_or(|t| t.at > seen.now) || self.silent {
            assert_eq!(new, [], "nothing was due");
            assert_eq!(seen.step.owed, [], "nothing was due");
            assert!(!seen.step.fresh, "nothing was due");
            assert_eq!(seen.was, seen.is, "nothing was due");
        } else {
            assert_ne!(new, [], "what was due happens");
        }
    }

    /// No reminder comes in quiet hours, but what belongs to a pack that is on, the end of an
    /// exercise, and what follows an emergency.
    fn quiet_hours_are_kept(&self, seen: &Seen<'_>, new: &[RoundEvent]) {
        if !is_quiet(seen.before, seen.now) {
            return;
        }
        for event in new {
            assert!(
                may_come_at_night(event.what, seen.was),
                "{:?} in quiet hours, at {}",
                event.what,
                seen.now
            );
        }
        assert!(!seen.step.fresh, "a question in quiet hours");
        for owed in &seen.step.owed {
            assert!(matches!(owed, Owed::Reminder { .. }), "{owed:?} at night");
        }
    }

    fn no_more_than_the_bound(&mut self, seen: &Seen<'_>, new: &[RoundEvent]) {
        let ended = |e: &&RoundEvent| e.what == RoundWhat::DrillDone;
        let all = seen.step.owed.len() + usize::from(seen.step.fresh);
        let count = all - new.iter().filter(ended).count().min(all);
        self.sent.extend(std::iter::repeat_n(ms(seen.now), count));
        let hours = local::hours(dialogue(), seen.before);
        let from = day_begins(hours.as_ref().map(|h| &h.zone), seen.now);
        let today = self.sent.iter().filter(|at| **at >= ms(from)).count();
        let most = day::most(hours.map(|h| h.quiet));
        assert!(today <= most, "{today} messages in a day");
    }

    fn happened(&mut self, seen: &Seen<'_>, what: RoundWhat) {
        let now_ms = ms(seen.now);
        let d = dialogue();
        match what {
            RoundWhat::Started(pack) => self.started(seen, pack),
            RoundWhat::SkinAsked | RoundWhat::MayStop => {
                assert!(self.on.is_some() && seen.due, "{what:?} without a pack");
            }
            RoundWhat::OffAsked => {
                let on = self.on.as_mut().expect("a pack that is on");
                let end = on.since_ms + on_ms(seen.was, on.pack);
                assert!(seen.due && now_ms >= end, "the round ended early");
                assert_eq!(on.asked_ms, None, "the round ended twice");
                on.asked_ms = Some(now_ms);
                self.told_off.0 += 1;
            }
            RoundWhat::OffAgain => {
                let asked_ms = self.on.and_then(|on| on.asked_ms).expect("asked before");
                let wait_ms = i64::from(d.clock.off_again_after_minutes) * MINUTE_MS;
                assert!(seen.due && now_ms >= asked_ms + wait_ms, "asked too soon");
                self.told_off.1 += 1;
            }
            RoundWhat::Off => self.off = self.on.take().map(|on| (now_ms, on.pack)).or(self.off),
            RoundWhat::Stopped
            | RoundWhat::StoppedToday
            | RoundWhat::SkinWrong
            | RoundWhat::IceWorse
            | RoundWhat::Silenced => {
                if let Some(on) = self.on.take() {
                    says_take_it_off(seen, what, on);
                    self.off = Some((now_ms, on.pack));
                }
            }
            RoundWhat::Missed | RoundWhat::GaveUp | RoundWhat::Morning => {
                assert!(seen.due, "{what:?} by somebody");
                if let Some(on) = self.on.take() {
                    let asked_ms = on.asked_ms.expect("nobody said to take it off");
                    self.off = Some((asked_ms, on.pack));
                }
            }
            RoundWhat::Drill(number) => {
                let fit = plan::drills(d, seen.before, seen.was, seen.now);
                assert!(fit.contains(&usize::from(number)), "a drill that is barred");
            }
            RoundWhat::DrillDone => {
                assert!(seen.due, "an exercise ends by itself");
            }
            _ => {}
        }
    }

    fn started(&mut self, seen: &Seen<'_>, pack: Pack) {
        let d = dialogue();
        let now_ms = ms(seen.now);
        assert!(!seen.due, "a pack goes on by itself");
        assert!(self.on.is_none(), "two packs at once");
        let packs = plan::packs(d, seen.after, seen.is, seen.now);
        assert!(packs.allows(pack), "a pack that is barred was started");
        if let Some((off_ms, before)) = self.off {
            let rest_ms = i64::from(rounds::times(d, before).off_minutes) * MINUTE_MS;
            assert!(
                now_ms >= off_ms + rest_ms,
                "{pack:?} {} minutes after {before:?}",
                (now_ms - off_ms) / MINUTE_MS
            );
        }
        self.starts.push((now_ms, pack));
        let hours = local::hours(d, seen.before);
        let from_ms = ms(day_begins(hours.as_ref().map(|h| &h.zone), seen.now));
        let of_today = |(at_ms, p): &&(i64, Pack)| *p == pack && *at_ms >= from_ms;
        let today = self.starts.iter().filter(of_today).count();
        let cap = rounds::times(d, pack).cap_per_day as usize;
        assert!(today <= cap, "{today} rounds of {pack:?} in a day");
        self.on = Some(On {
            pack,
            since_ms: now_ms,
            asked_ms: None,
        });
    }

    /// The laws of the timers that are wanted now.
    fn what_waits(&self, seen: &Seen<'_>) {
        let d = dialogue();
        let now = seen.now;
        let standing = standing(seen.after);
        let on = matches!(standing.round, Round::On { .. });
        assert_eq!(on, self.on.is_some(), "{:?}", standing.round);
        let waits = timers::timers(d, seen.after, seen.is, now);
        let look = timers::next_look(d, seen.after, now);
        assert!(look.is_none_or(|look| look > now), "{look:?} at {now}");
        if self.silent {
            assert_eq!(waits, [], "after stop");
            return;
        }
        if seen.due {
            let hot = waits.first().filter(|t| t.at <= now);
            assert_eq!(hot, None, "fires at {now} and is wanted again");
        }
        for timer in &waits {
            has_an_owner(timer, &standing, seen.is);
            is_allowed(timer, seen.is);
            let paused = standing.paused_until_ms.is_some_and(|u| u > ms(timer.at));
            let kept = of_a_pack_that_is_on(timer.what)
                || timer.what == RoundWhat::DrillDone
                || is_safety(timer.what);
            assert!(!paused || kept, "{timer:?} in a pause");
            // What is overdue is looked at when it fires.
            assert!(
                timer.at <= now
                    || may_come_at_night(timer.what, seen.is)
                    || !is_quiet(seen.after, timer.at),
                "{timer:?} in quiet hours"
            );
        }
        self.a_pack_that_is_on_is_told_to_come_off(seen, &waits);
    }

    fn a_pack_that_is_on_is_told_to_come_off(&self, seen: &Seen<'_>, waits: &[Timer]) {
        let Some(on) = self.on else { return };
        let Round::On { again, .. } = standing(seen.after).round else {
            return;
        };
        let wanted = |what| waits.iter().find(|t| t.what == what).map(|t| ms(t.at));
        let end_ms = on.since_ms + on_ms(seen.is, on.pack);
        match on.asked_ms {
            None => {
                assert_eq!(wanted(RoundWhat::OffAsked), Some(end_ms));
                assert!(ms(waits[0].at) <= end_ms);
                assert!(!seen.due || ms(seen.now) < end_ms, "not told to come off");
            }
            Some(asked_ms) if !again => {
                let wait_ms = i64::from(dialogue().clock.off_again_after_minutes) * MINUTE_MS;
                assert_eq!(wanted(RoundWhat::OffAgain), Some(asked_ms + wait_ms));
            }
            Some(_) => {}
        }
    }
}

/// What a step added to a log of rounds, from the front of which it may have taken some.
fn new_events<'a>(before: &[RoundEvent], after: &'a [RoundEvent]) -> &'a [RoundEvent] {
    let first = if before.first() == after.first() {
        before.len().min(after.len())
    } else {
        let kept = |n: &usize| before.ends_with(&after[..*n]);
        (0..=after.len()).rev().find(kept).unwrap_or(0)
    };
    &after[first..]
}

fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn on_ms(state: &State, pack: Pack) -> i64 {
    i64::from(rounds::on_minutes(dialogue(), state, pack)) * MINUTE_MS
}

/// When the local day began; where no zone is known, a day ago.
fn day_begins(zone: Option<&TimeZone>, now: Timestamp) -> Timestamp {
    match zone {
        Some(zone) => {
            let day = now.to_zoned(zone.clone()).start_of_day();
            day.expect("a day").timestamp()
        }
        None => now - jiff::SignedDuration::from_hours(24),
    }
}

/// Whether the clock of this person shows a quiet time; it is not where their zone is not known.
fn is_quiet(session: &Session, at: Timestamp) -> bool {
    let Some(hours) = local::hours(dialogue(), session) else {
        return false;
    };
    let clock = hours.zone.to_datetime(at).time();
    let minute = clock.hour() as u16 * 60 + clock.minute() as u16;
    let (from, to) = (hours.quiet.from, hours.quiet.to);
    if from <= to {
        (from..to).contains(&minute)
    } else {
        minute >= from || minute < to
    }
}

fn of_a_pack_that_is_on(what: RoundWhat) -> bool {
    matches!(
        what,
        RoundWhat::SkinAsked | RoundWhat::MayStop | RoundWhat::OffAsked | RoundWhat::OffAgain
    )
}

/// Whether it asks "did you get help?".
fn is_safety(what: RoundWhat) -> bool {
    let RoundWhat::FollowedUp(number) = what else {
        return false;
    };
    let check_in = dialogue().check_ins.get(usize::from(number));
    check_in.is_some_and(|c| c.message.is_some())
}

fn may_come_at_night(what: RoundWhat, state: &State) -> bool {
    let emergency = state.told.map(|t| t.disposition) == Some(Disposition::Emergency);
    of_a_pack_that_is_on(what) || what == RoundWhat::DrillDone || is_safety(what) && emergency
}

/// Every timer belongs to something that is there now.
fn has_an_owner(timer: &Timer, standing: &Standing, state: &State) {
    let is_on_again = matches!(standing.round, Round::On { again: true, .. });
    let is_resting = matches!(standing.round, Round::Resting { .. });
    let is_offered = matches!(standing.round, Round::Offered { .. });
    let owned = match (timer.what, standing.round) {
        (RoundWhat::SkinAsked, Round::On { skin, off_ms, .. }) => !skin && off_ms.is_none(),
        (
            RoundWhat::MayStop,
            Round::On {
                may_stop, off_ms, ..
            },
        ) => !may_stop && off_ms.is_none(),
        (RoundWhat::OffAsked, Round::On { off_ms, .. }) => off_ms.is_none(),
        (RoundWhat::OffAgain, Round::On { off_ms, again, .. }) => off_ms.is_some() && !again,
        (RoundWhat::Offered, _) => is_resting,
        (RoundWhat::Missed, _) => is_offered || is_on_again,
        (RoundWhat::Morning, round) => {
            is_resting || is_offered || is_on_again || matches!(round, Round::Tomorrow { .. })
        }
        (RoundWhat::DrillDone, _) => standing.drill.is_some(),
        (RoundWhat::FollowedUp(number), _) => {
            let check_in = dialogue().check_ins.get(usize::from(number));
            let told = state.told.map(|t| t.disposition);
            check_in
                .zip(told)
                .is_some_and(|(c, told)| c.dispositions.contains(&told))
        }
        (RoundWhat::Repeated(RECHECK) | RoundWhat::Closed(RECHECK), _) => {
            state.open && state.told.is_some() && !standing.closed
        }
        (RoundWhat::Repeated(number) | RoundWhat::Closed(number), _) => {
            state.check_in.map(|c| c.number) == Some(number) && !standing.closed
        }
        _ => false,
    };
    assert!(owned, "{timer:?} has no owner: {:?}", standing.round);
}

/// While questions of a check are open only a pack and an exercise go on; after urgent and
/// emergency nothing does. "Did you get help?" comes in both.
fn is_allowed(timer: &Timer, state: &State) {
    let told = state.told.map(|t| t.disposition);
    let grave = told.is_some_and(|t| t >= Disposition::Urgent);
    let runs = of_a_pack_that_is_on(timer.what) || timer.what == RoundWhat::DrillDone;
    // Whoever falls silent over the danger signs is asked once more.
    let once_more = [RoundWhat::Repeated(RECHECK), RoundWhat::Closed(RECHECK)];
    if state.open {
        assert!(
            runs || once_more.contains(&timer.what) || grave && is_safety(timer.what),
            "{timer:?} while asking"
        );
    } else if grave {
        assert!(is_safety(timer.what), "{timer:?} after {told:?}");
    }
}

/// Whoever ends a round while a pack is on is told to take it off, unless they say that it is, or
/// nobody can tell them, or they are told to call for help.
fn says_take_it_off(seen: &Seen<'_>, what: RoundWhat, on: On) {
    let says = |wanted: &str| {
        seen.step.owed.iter().any(|owed| match owed {
            Owed::Message { id, .. } | Owed::Reminder { id, .. } => id == wanted,
            _ => false,
        })
    };
    let emergency = seen.is.disposition() == Some(Disposition::Emergency);
    let said = says("off_again") || says("skin_wrong") || on.asked_ms.is_some() && seen.due;
    let blocked = *seen.input == Input::Blocked;
    assert!(
        said || emergency || blocked,
        "{what:?} says nothing of {on:?}"
    );
}

/// The gates win over every history.
fn no_pack_that_is_barred_is_offered(seen: &Seen<'_>) {
    let d = dialogue();
    for owed in &seen.step.owed {
        let Owed::Reminder { id, .. } = owed else {
            continue;
        };
        let wanted: &[Pack] = match id.as_str() {
            "ice_round" => &[Pack::Ice],
            "heat_round" | "heat_switch" => &[Pack::Heat],
            "choose_round" | "choose_switch" => &[Pack::Ice, Pack::Heat],
            _ => continue,
        };
        let packs = plan::packs(d, seen.after, seen.is, seen.now);
        for pack in wanted {
            assert!(packs.allows(*pack), "{id} is barred");
            let full = rounds::is_full(d, seen.after, *pack, seen.now);
            assert!(!full, "{id} on a full day");
        }
    }
}
