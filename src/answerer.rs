//! Someone who answers the real screens from a set of facts: for vignettes, checks and tests.
//!
//! It sees only what a person would see: the items that are offered, and taps the ones that are
//! true. Where no item fits it takes the nearest, or *Not sure*.

use jiff::Timestamp;

use crate::dialogue::Act;
use crate::dialogue::{Dialogue, FactId, FactKind, Item, Knowledge, ScreenId, ScreenKind};
use crate::engine::route::{self, Place, is_offered};
use crate::engine::session::Aside;
use crate::engine::{self, Input, Press, Session, State, Wish};

/// A conversation held to its verdict.
#[derive(Debug, Clone)]
pub struct Held {
    /// The session at the end.
    pub session: Session,
    /// Every press, in order.
    pub presses: Vec<Wish>,
    /// Each screen that was shown, in order, without repeats in a row.
    pub screens: Vec<ScreenId>,
}

/// More taps than any conversation can need; reaching it means that it never ends.
const MOST_TAPS: usize = 400;

/// Answer everything until the verdict, or until the limit that no honest conversation reaches.
pub fn hold(d: &Dialogue, person: &Knowledge, now: Timestamp) -> Held {
    hold_from(d, engine::begin(d), person, now)
}

/// Go on from a session until the verdict.
pub fn hold_from(d: &Dialogue, mut session: Session, person: &Knowledge, now: Timestamp) -> Held {
    let mut presses = Vec::new();
    let mut screens = Vec::new();
    while presses.len() < MOST_TAPS {
        let state = State::of(d, &session);
        if let Place::Asking(screen) = route::place(d, &state)
            && screens.last() != Some(&screen)
        {
            screens.push(screen);
        }
        let Some(wish) = next(d, &session, &state, person) else {
            break;
        };
        presses.push(wish.clone());
        let input = Input::Press(Press {
            visit: state.visit,
            wish,
        });
        if let Some(s) = engine::step(d, &session, &input, now).session {
            session = s;
        }
    }
    Held {
        session,
        presses,
        screens,
    }
}

/// What this person taps next; nothing once the verdict is told.
pub fn next(d: &Dialogue, session: &Session, state: &State, person: &Knowledge) -> Option<Wish> {
    match &session.aside {
        Aside::Which => {
            let Place::Asking(screen) = route::place(d, state) else {
                return None;
            };
            return unsure(d, state, screen, person).map(|f| Wish::Explain(f as u8));
        }
        Aside::Explain { fact } => {
            let answers = &d.facts[usize::from(*fact)].explain.as_ref()?.answers;
            let wanted = person.get(usize::from(*fact)).option();
            let option = answers
                .iter()
                .find(|(_, o)| Some(*o) == wanted)
                .or(answers.last())?
                .1;
            return Some(Wish::Explained(*fact, option));
        }
        Aside::Message(_) => return Some(Wish::Act(Act::CarryOn)),
        _ => {}
    }
    if state.came_back.is_some() {
        return Some(Wish::Act(Act::CarryOn));
    }
    match route::place(d, state) {
        Place::Welcome => Some(Wish::Act(Act::Consent)),
        Place::Asking(screen) => Some(answer(d, state, screen, person)),
        Place::Complete | Place::Told | Place::Plan => None,
    }
}

fn answer(d: &Dialogue, state: &State, screen: ScreenId, person: &Knowledge) -> Wish {
    let s = &d.screens[screen];
    let offered = || {
        s.items
            .iter()
            .enumerate()
            .filter(|(_, i)| i.act.is_none() && is_offered(d, state, screen, i))
    };
    if s.kind == ScreenKind::Any {
        let wanted = offered().find(|(n, i)| {
            !state.is_ticked(screen, *n as u8) && fits_tick(d, s.not_sure.as_slice(), i, person)
        });
        if let Some((n, _)) = wanted {
            return Wish::Tick(n as u8);
        }
        if unsure(d, state, screen, person).is_some() {
            return Wish::NotSure;
        }
        return Wish::Finish;
    }
    let exact = offered().find(|(_, i)| {
        !i.sets.is_empty() && i.then.is_none() && i.sets.iter().all(|s| is_exactly(person, *s))
    });
    let opened = || offered().find(|(_, i)| i.then.is_some_and(|t| detail_fits(d, t, person)));
    let nearest = || {
        let unsure = offered().find(|(_, i)| {
            i.sets
                .iter()
                .any(|(f, o)| d.facts[*f].options[usize::from(*o)].id == "unsure")
        });
        unsure.or_else(|| {
            offered().max_by_key(|(_, i)| i.sets.iter().filter(|s| is_exactly(person, **s)).count())
        })
    };
    let item = exact
        .or_else(opened)
        .or_else(nearest)
        .map_or(0, |(n, _)| n as u8);
    Wish::Answer(item)
}

/// A fact that this person is unsure of, which the screen explains and does not know yet.
fn unsure(d: &Dialogue, state: &State, screen: ScreenId, person: &Knowledge) -> Option<FactId> {
    let s = &d.screens[screen];
    s.not_sure
        .iter()
        .copied()
        .find(|&f| is_unsure(d, f, person) && state.known.get(f).is_open())
}

fn is_unsure(d: &Dialogue, fact: FactId, person: &Knowledge) -> bool {
    person
        .get(fact)
        .option()
        .is_some_and(|o| d.facts[fact].options[usize::from(o)].id == "unsure")
}

fn fits_tick(d: &Dialogue, not_sure: &[FactId], item: &Item, person: &Knowledge) -> bool {
    let Some(detail) = item.then else {
        return item.sets.iter().all(|s| has(person, *s));
    };
    let through_not_sure = detail_facts(d, detail)
        .into_iter()
        .any(|f| not_sure.contains(&f) && is_unsure(d, f, person));
    !through_not_sure && detail_fits(d, detail, person)
}

/// Whether a detail screen has something to say about this person beyond the harmless.
fn detail_fits(d: &Dialogue, detail: ScreenId, person: &Knowledge) -> bool {
    d.screens[detail].items.iter().any(|i| {
        i.sets.iter().any(|&(f, o)| {
            d.facts[f].default.on & (1 << o) == 0 || d.facts[f].kind == FactKind::Multi
        }) && i.sets.iter().all(|s| has(person, *s))
    })
}

fn detail_facts(d: &Dialogue, detail: ScreenId) -> Vec<FactId> {
    d.screens[detail]
        .items
        .iter()
        .flat_map(|i| i.sets.iter().map(|s| s.0))
        .collect()
}

fn has(person: &Knowledge, (fact, option): (FactId, u8)) -> bool {
    person.get(fact).on & (1 << option) != 0
}

/// On a single choice, an item for a fact of several answers means this one alone.
fn is_exactly(person: &Knowledge, (fact, option): (FactId, u8)) -> bool {
    person.get(fact).on == 1 << option
}
