//! The plan: which packs fit by the clock and the gates, and which lines of each page. Pure.

use jiff::Timestamp;

use crate::assess;
use crate::dialogue::{Dialogue, Disposition, Element, Knowledge, Known, Line};
use crate::engine::coaching;
use crate::engine::fold::{State, aged};
use crate::engine::session::{Pack, Session};

/// The state of the ice and heat clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Ice.
    Ice,
    /// The person picks.
    Choose,
    /// Heat.
    Heat,
    /// Heat before its time, as the person likes.
    EarlyHeat,
    /// Both are barred.
    Neither,
}

/// What packs are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packs {
    /// The clock.
    pub state: ClockState,
    /// Whether ice may be started.
    pub ice: bool,
    /// Whether heat may be started.
    pub heat: bool,
    /// Whether the skin looked wrong, so that both are barred.
    pub skin_wrong: bool,
    /// Whether the hours in which ice helps are over.
    pub ice_is_over: bool,
}

impl Packs {
    /// Whether this pack may be started.
    pub fn allows(self, pack: Pack) -> bool {
        match pack {
            Pack::Ice => self.ice,
            Pack::Heat => self.heat,
        }
    }
}

/// The facts with which gates are read at `now`: harmless where never asked, open where skipped,
/// and what the clock counts from as long ago as it is by now.
pub fn known_for_gates(d: &Dialogue, state: &State, now: Timestamp) -> Knowledge {
    let mut known = d.completed(&state.known);
    for aged in aged(d, &state.known, &state.said_at, now.as_millisecond()) {
        known.set(aged.fact, Known::one(aged.option));
    }
    // A question of the plan that is still to be answered, or is asked anew, says nothing harmless.
    let full = known.clone();
    let to_answer = (0..d.screens.len()).filter(|&id| {
        let s = &d.screens[id];
        let phase = &d.phases[s.phase];
        phase.after_verdict
            && !phase.check_in
            && !s.opened
            && !state.done.contains(&id)
            && d.holds(&s.when, &full, state.disposition())
    });
    for screen in to_answer.chain(state.skipped.iter().copied()) {
        for item in &d.screens[screen].items {
            for &(fact, _) in &item.sets {
                known.set(fact, state.known.get(fact));
            }
        }
    }
    known
}

/// The gates that fire at `now` and what they leave out, by the disposition told last.
pub fn gates(d: &Dialogue, state: &State, now: Timestamp) -> (Vec<usize>, Vec<Element>) {
    let disposition = state.disposition().unwrap_or(Disposition::NoTriage);
    assess::gates(d, &known_for_gates(d, state, now), disposition)
}

/// Hours since the bout or its injury began, by the answers and the time since they were given.
pub fn hours_since_start(d: &Dialogue, state: &State, now: Timestamp) -> u32 {
    let full = d.completed(&state.known);
    let passed = |since: i64| (now.as_millisecond() - since).max(0) / 3_600_000;
    d.clock
        .since
        .iter()
        .filter(|s| d.holds(&s.when, &full, None))
        .filter_map(|s| {
            let option = full.get(s.fact).option()?;
            let then = s.hours.get(usize::from(option)).copied().flatten()?;
            // A later verdict does not make the bout younger.
            let said = state
                .said_at
                .get(&s.fact)
                .copied()
                .unwrap_or(now.as_millisecond());
            Some(then.saturating_add(u32::try_from(passed(said)).unwrap_or(u32::MAX)))
        })
        .min()
        .unwrap_or(0)
}

/// Which packs fit this person now.
pub fn packs(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Packs {
    let (_, out) = gates(d, state, now);
    let standing = coaching::standing(session);
    let skin_wrong = state.is_of_this_check(standing.skin_wrong_ms);
    let ice_worse = state.is_of_this_check(standing.ice_worse_ms);
    let barred = |e: Element| skin_wrong || out.contains(&e) || out.contains(&Element::Coaching);
    let full = d.completed(&state.known);
    let hours = hours_since_start(d, state, now);
    let ice = !barred(Element::Ice) && !ice_worse;
    let heat = !barred(Element::Heat);
    let clock = if !ice && !heat {
        ClockState::Neither
    } else if hours < d.clock.ice_until_hours {
        if !ice && heat && d.holds(&d.clock.early_heat_when, &full, None) {
            ClockState::EarlyHeat
        } else if ice {
            ClockState::Ice
        } else {
            ClockState::Neither
        }
    } else if hours < d.clock.choose_until_hours {
        if d.holds(&d.clock.stay_on_ice_when, &full, None) {
            if ice {
                ClockState::Ice
            } else {
                ClockState::Neither
            }
        } else if ice && heat {
            ClockState::Choose
        } else if ice {
            ClockState::Ice
        } else {
            ClockState::Heat
        }
    } else if heat {
        ClockState::Heat
    } else {
        ClockState::Neither
    };
    let (ice, heat) = match clock {
        ClockState::Ice => (true, false),
        ClockState::Choose => (true, true),
        ClockState::Heat | ClockState::EarlyHeat => (false, true),
        ClockState::Neither => (false, false),
    };
    Packs {
        state: clock,
        ice,
        heat,
        skin_wrong,
        ice_is_over: hours >= d.clock.choose_until_hours,
    }
}

/// The lines of a page that fit this person now.
pub fn lines<'a>(
    d: &'a Dialogue,
    session: &Session,
    state: &State,
    page: usize,
    now: Timestamp,
) -> Vec<&'a Line> {
    let (_, mut out) = gates(d, state, now);
    if state.is_of_this_check(coaching::standing(session).skin_wrong_ms) {
        out.extend([Element::Ice, Element::Heat]);
    }
    let disposition = state.disposition();
    let full = d.completed(&state.known);
    let hours = hours_since_start(d, state, now);
    d.pages[page]
        .lines
        .iter()
        .filter(|l| {
            let barred =
                l.advises.iter().any(|e| out.contains(e)) || out.contains(&Element::Coaching);
            let instead = l.instead_of.is_empty() || l.instead_of.iter().any(|e| out.contains(e));
            !barred
                && instead
                && (l.from_hours..l.until_hours).contains(&hours)
                && d.holds(&l.when, &full, disposition)
        })
        .collect()
}

/// The guided exercises that fit this person now, by number.
pub fn drills(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Vec<usize> {
    let (_, out) = gates(d, state, now);
    let standing = coaching::standing(session);
    if out.contains(&Element::Coaching) || state.is_of_this_check(standing.skin_wrong_ms) {
        return Vec::new();
    }
    let full = d.completed(&state.known);
    let hours = hours_since_start(d, state, now);
    let pause_ms = i64::from(d.follow_up.drop_drill_hours).saturating_mul(3_600_000);
    let is_dropped = |number: usize| {
        standing.dropped.iter().any(|(at_ms, n)| {
            usize::from(*n) == number && now.as_millisecond() < at_ms.saturating_add(pause_ms)
        })
    };
    d.drills
        .iter()
        .enumerate()
        .filter(|(number, drill)| {
            !drill.advises.iter().any(|e| out.contains(e))
                && drill.from_hours <= hours
                && d.holds(&drill.when, &full, state.disposition())
                && !is_dropped(*number)
        })
        .map(|(number, _)| number)
        .collect()
}
