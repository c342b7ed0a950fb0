//! What due timers do: each is noted, and what it says is owed.

use std::sync::Arc;

use jiff::Timestamp;

use super::effect::{Owed, Timer};
use super::fold::State;
use super::local;
use super::rounds::{self, RoundState, minutes};
use super::session::{Aside, Pack, RoundWhat, Session, What};
use super::timers::{RECHECK, timers};
use crate::dialogue::Dialogue;
use crate::plan;

/// What timers did.
#[derive(Debug, Default)]
pub struct Fired {
    /// What is owed for them, in order.
    pub owed: Vec<Owed>,
    /// Whether the open question is to be sent anew.
    pub fresh: bool,
}

/// Let every timer that is due at `now` happen. `state` is the session folded.
pub fn fire(d: &Dialogue, session: &mut Session, mut state: Arc<State>, now: Timestamp) -> Fired {
    let mut fired = Fired::default();
    let mut events = session.log.len();
    loop {
        if session.log.len() != events {
            events = session.log.len();
            state = Arc::new(State::of(d, session));
        }
        let all = timers(d, session, &state, now);
        let Some(timer) = all.iter().find(|t| t.at <= now) else {
            return fired;
        };
        let mut firing = Firing {
            d,
            session,
            now,
            state: &state,
            all: &all,
            fired: &mut fired,
        };
        firing.happens(timer);
    }
}

/// How many questions of a check-in are those that matter most: the danger signs, and better or
/// worse.
const CORE: usize = 2;

struct Firing<'a> {
    d: &'a Dialogue,
    session: &'a mut Session,
    now: Timestamp,
    state: &'a State,
    all: &'a [Timer],
    fired: &'a mut Fired,
}

impl Firing<'_> {
    fn happens(&mut self, timer: &Timer) {
        let before = rounds::fold(self.d, self.session, self.state);
        self.session.round(self.now, timer.what);
        // A check whose round is already over its time is covered by "take it off now".
        let over = self
            .all
            .iter()
            .any(|t| t.what == RoundWhat::OffAsked && t.at <= self.now);
        match timer.what {
            RoundWhat::SkinAsked if !over => self.owe(timer, "skin_check_5"),
            RoundWhat::MayStop if !over => self.owe(timer, "heat_15"),
            RoundWhat::OffAsked => {
                let ice = before.standing.round.pack() == Some(Pack::Ice);
                self.owe(timer, if ice { "ice_off" } else { "heat_off" });
            }
            RoundWhat::OffAgain => self.owe(timer, "off_again"),
            RoundWhat::Offered => {
                let late = minutes(self.d.clock.offer_late_after_minutes);
                let missed = self.now.duration_since(timer.planned) > late;
                self.offer(timer, missed.then_some("note_missed"));
            }
            RoundWhat::Missed => self.missed(timer, before.state),
            RoundWhat::Morning => {
                let was_on = matches!(before.state, RoundState::On { .. });
                self.morning(timer, was_on);
            }
            RoundWhat::DrillDone => {
                let drill = before.standing.drill;
                let done = drill.and_then(|(_, n)| self.d.drills.get(usize::from(n)));
                if let Some(drill) = done {
                    self.owe(timer, &drill.done);
                }
            }
            RoundWhat::FollowedUp(number) => self.follow_up(timer, number),
            RoundWhat::Repeated(RECHECK) => self.ask("recheck_repeat"),
            RoundWhat::Repeated(_) => match self.state.check_in {
                // What matters most was answered: the rest is left.
                Some(open) if open.answered.0 >= CORE => {
                    self.session.say(self.now, What::CheckedIn);
                }
                _ => self.ask("check_repeat"),
            },
            RoundWhat::Closed(number) => {
                if number != RECHECK {
                    self.session.say(self.now, What::CheckedIn);
                }
                if matches!(self.session.aside, Aside::Note(_)) {
                    self.session.aside = Aside::None;
                }
                self.owe(timer, "check_close");
            }
            _ => {}
        }
    }

    fn owe(&mut self, timer: &Timer, id: &str) {
        self.owe_with(timer, id, None);
    }

    fn owe_with(&mut self, timer: &Timer, id: &str, note: Option<&str>) {
        self.fired.owed.push(Owed::Reminder {
            id: id.to_owned(),
            planned_ms: timer.planned.as_millisecond(),
            note: note.map(str::to_owned),
        });
    }

    /// Offer the next round, unless the day is full or a gate bars the packs by now.
    fn offer(&mut self, timer: &Timer, note: Option<&str>) {
        let packs = plan::packs(self.d, self.session, self.state, self.now);
        let before = rounds::fold(self.d, self.session, self.state).standing;
        if !packs.ice && !packs.heat {
            self.session.round(self.now, RoundWhat::Stopped);
            // A gate has its own words; that the days of ice are over has not.
            if before.last_pack == Some(Pack::Ice) && packs.ice_is_over {
                self.owe(timer, "packs_end");
            }
            return;
        }
        let open = |pack| packs.allows(pack) && !self.is_full(pack);
        let id = match (open(Pack::Ice), open(Pack::Heat)) {
            (false, false) => {
                self.session.round(self.now, RoundWhat::StoppedToday);
                return self.owe(timer, "day_full");
            }
            (true, true) if self.is_new(before.came_off) => "choose_switch",
            (true, true) => "choose_round",
            (true, false) => "ice_round",
            (false, true) if before.last_pack == Some(Pack::Ice) && packs.ice_is_over => {
                "heat_switch"
            }
            (false, true) => "heat_round",
        };
        self.owe_with(timer, id, note);
    }

    /// Whether the hours of ice alone ended only after the last pack came off.
    fn is_new(&self, came_off: Option<(i64, Pack)>) -> bool {
        came_off.is_some_and(|(at_ms, _)| {
            let hours = plan::hours_since_start(self.d, self.state, rounds::time(at_ms));
            hours < self.d.clock.ice_until_hours
        })
    }

    fn is_full(&self, pack: Pack) -> bool {
        rounds::is_full(self.d, self.session, pack, self.now)
    }

    /// Whether to go on after a night, with what changed meanwhile.
    fn morning(&mut self, timer: &Timer, was_on: bool) {
        let packs = plan::packs(self.d, self.session, self.state, self.now);
        let before = rounds::fold(self.d, self.session, self.state).standing;
        let with_ice = before.last_pack == Some(Pack::Ice);
        let note = if was_on {
            Some("note_unconfirmed")
        } else if with_ice && packs.heat && packs.ice_is_over {
            Some("note_heat")
        } else {
            None
        };
        let known = local::hours(self.d, self.session).is_some();
        match (packs.ice, packs.heat) {
            (false, false) => {
                self.session.round(self.now, RoundWhat::Stopped);
                if with_ice && packs.ice_is_over {
                    self.owe(timer, "packs_end");
                }
            }
            (true, true) => self.owe_with(timer, "morning_choose", note),
            _ if known => self.owe_with(timer, "morning", note),
            // Where it is not known when they sleep, it is a day later.
            _ => self.owe_with(timer, "next_day", note),
        }
    }

    /// A round that nobody answered: the next is offered, or after too many no more.
    fn missed(&mut self, timer: &Timer, before: RoundState) {
        let missed = rounds::fold(self.d, self.session, self.state)
            .standing
            .missed;
        if missed >= self.d.clock.most_missed {
            self.session.round(self.now, RoundWhat::GaveUp);
            return self.owe(timer, "still_there");
        }
        let was_on = matches!(before, RoundState::On { .. });
        self.offer(timer, was_on.then_some("note_unconfirmed"));
    }

    /// A check-in opens its questions, or sends its message. Of several that have come by now only
    /// the last is asked.
    fn follow_up(&mut self, timer: &Timer, number: u8) {
        let of = |what| match what {
            RoundWhat::FollowedUp(n) => self.d.check_ins.get(usize::from(n)),
            _ => None,
        };
        let Some(own) = of(timer.what) else { return };
        let is_later = |t: &&Timer| {
            t.at <= self.now && of(t.what).is_some_and(|c| c.after_hours > own.after_hours)
        };
        if self.all.iter().any(|t| is_later(&t)) {
            return;
        }
        if let Some(message) = &own.message {
            let message = message.clone();
            return self.owe(timer, &message);
        }
        let r = rounds::fold(self.d, self.session, self.state);
        let triaged_ms = self.state.triaged_ms.unwrap_or(i64::MIN);
        self.session.say(
            self.now,
            What::CheckIn {
                number,
                packs: r.standing.used_packs(),
                no_visit: !r.has_visit(triaged_ms),
            },
        );
        let late = minutes(self.d.clock.late_after_minutes);
        if self.now.duration_since(timer.planned) > late {
            self.ask("late");
        } else {
            self.ask("");
        }
    }

    /// Send the open question anew, with this message over it.
    fn ask(&mut self, note: &str) {
        self.fired.fresh = true;
        // A question of danger, and the numbers to call, stand before it. What else is open gives way.
        let holds = |id: &str| ["help_now", "cant_call", "forget_ask"].contains(&id);
        let waits = matches!(
            &self.session.aside,
            Aside::Message(id) if holds(id)
        ) || matches!(
            self.session.aside,
            Aside::Crisis
                | Aside::Words { .. }
                | Aside::Mistake
                | Aside::Explain { .. }
                | Aside::Which
                | Aside::Took { .. }
        );
        if !waits {
            self.session.aside = match note {
                "" => Aside::None,
                note => Aside::Note(note.to_owned()),
            };
        }
    }
}
