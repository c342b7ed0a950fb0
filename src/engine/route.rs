//! The next screen: where the conversation stands, given what is known.

use super::fold::State;
use crate::dialogue::{CheckInOnly, Dialogue, FactId, FactKind, Item, ScreenId, ScreenKind};
use crate::plan;

/// Where a conversation stands, apart from asides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before consent.
    Welcome,
    /// A question is open.
    Asking(ScreenId),
    /// Every question is answered and the verdict is due.
    Complete,
    /// The verdict was told and nothing is open.
    Told,
    /// The plan is shown.
    Plan,
}

/// Where this person stands.
pub fn place(d: &Dialogue, state: &State) -> Place {
    if state.open {
        return next(d, state, false).map_or(Place::Complete, Place::Asking);
    }
    if let Some(screen) = checking(d, state) {
        return Place::Asking(screen);
    }
    match (state.told, state.planned) {
        (Some(_), true) => next(d, state, true).map_or(Place::Plan, Place::Asking),
        (Some(_), false) => Place::Told,
        (None, _) => Place::Welcome,
    }
}

/// The next screen of the check-in that is being asked; nothing when none is, or none is left.
pub fn checking(d: &Dialogue, state: &State) -> Option<ScreenId> {
    check_in_screens(d, state)
        .into_iter()
        .find(|screen| !state.done.contains(screen))
}

/// The screens of the check-in that is being asked, as they fit this person.
pub fn check_in_screens(d: &Dialogue, state: &State) -> Vec<ScreenId> {
    let Some(open) = state.check_in else {
        return Vec::new();
    };
    let full = d.completed(&state.known);
    let now = super::rounds::time(state.last_ms);
    let left_out = plan::gates(d, state, now).1;
    let asks = d.check_ins.get(usize::from(open.number)).map(|c| &c.asks);
    asks.into_iter()
        .flatten()
        .filter(|(_, only)| match only {
            None => true,
            Some(CheckInOnly::UsedPacks) => open.packs,
            Some(CheckInOnly::NoVisit) => open.no_visit,
        })
        .map(|(screen, _)| *screen)
        .filter(|&s| {
            let screen = &d.screens[s];
            let barred = screen.advises.iter().any(|e| left_out.contains(e));
            state.done.contains(&s) || !barred && d.holds(&screen.when, &full, state.disposition())
        })
        .collect()
}

/// The first screen that is to be shown, before or after the verdict.
fn next(d: &Dialogue, state: &State, after_verdict: bool) -> Option<ScreenId> {
    if let Some(detail) = state.detail(d) {
        return Some(detail);
    }
    in_order(d, state, after_verdict).next()
}

/// The screens that are still to be answered before the verdict, as far as can be told by now.
pub fn pending(d: &Dialogue, state: &State) -> Vec<ScreenId> {
    let details = state.detail(d);
    details
        .into_iter()
        .chain(in_order(d, state, false))
        .collect()
}

/// The screens that wait for their turn, without those that an answer opened.
fn in_order<'a>(
    d: &'a Dialogue,
    state: &'a State,
    after_verdict: bool,
) -> impl Iterator<Item = ScreenId> + 'a {
    let full = d.completed(&state.known);
    (0..d.screens.len()).filter(move |&id| {
        let s = &d.screens[id];
        !s.opened
            && d.phases[s.phase].after_verdict == after_verdict
            && !state.done.contains(&id)
            && d.holds(&s.when, &full, state.disposition())
            && (s.ask_again || !is_known(d, state, id))
    })
}

/// Whether everything a screen asks is known already.
fn is_known(d: &Dialogue, state: &State, id: ScreenId) -> bool {
    let s = &d.screens[id];
    if s.items
        .iter()
        .all(|i| i.sets.is_empty() && i.then.is_none())
    {
        return false;
    }
    asks(d, id).into_iter().all(|(fact, option)| {
        let known = state.known.get(fact);
        match d.facts[fact].kind {
            FactKind::Multi => (known.on | known.off) & (1 << option) != 0,
            _ => known.on != 0,
        }
    })
}

/// The facts, and for facts of several answers the options, that a screen and its details settle.
pub fn asks(d: &Dialogue, id: ScreenId) -> Vec<(FactId, u8)> {
    let s = &d.screens[id];
    let mut out: Vec<(FactId, u8)> = Vec::new();
    for item in &s.items {
        out.extend(&item.sets);
        if let Some(detail) = item.then {
            out.extend(
                d.screens[detail]
                    .items
                    .iter()
                    .flat_map(|i| i.sets.iter().copied()),
            );
        }
    }
    out.extend(
        s.none
            .iter()
            .filter(|f| d.facts[**f].kind != FactKind::Multi)
            .map(|f| (*f, 0)),
    );
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether an item is offered to this person on this screen.
pub fn is_offered(d: &Dialogue, state: &State, screen: ScreenId, item: &Item) -> bool {
    let place = d.screens[screen]
        .items
        .iter()
        .position(|i| std::ptr::eq(i, item));
    if place.is_some_and(|n| state.is_ticked(screen, n as u8)) {
        return true;
    }
    let full = d.completed(&state.known);
    if !d.holds(&item.only_if, &full, state.disposition()) {
        return false;
    }
    if d.screens[screen].kind != ScreenKind::Any
        || item.only_if != crate::dialogue::Condition::Always
    {
        return true;
    }
    // An item whose answer another screen has settled is left out.
    let settled = |sets: &[(FactId, u8)]| {
        !sets.is_empty()
            && sets
                .iter()
                .all(|&(f, o)| state.is_settled_elsewhere(d, screen, f, o))
    };
    if !item.sets.is_empty() {
        return !settled(&item.sets);
    }
    item.then.is_none_or(|detail| {
        let all: Vec<(FactId, u8)> = d.screens[detail]
            .items
            .iter()
            .filter(|i| i.only_if == crate::dialogue::Condition::Always)
            .flat_map(|i| i.sets.clone())
            .collect();
        state.done.contains(&screen) || !settled(&all)
    })
}
