//! On which screens an emergency rule can become true, so that the conversation ends there.
//!
//! Each rule is written as ways to make it true: lists of demands that must all be met. A way can
//! be completed on a screen when answers up to there can meet all demands, one of them is newly
//! met there, and the people who see the screen are not barred from it. Facts are taken one by
//! one, so a place may be shown that no set of answers reaches, but none is missed.

use std::collections::BTreeMap;

use crate::dialogue::knowledge::Options;
use crate::dialogue::{
    Condition, Dialogue, Disposition, Fact, FactId, FactKind, Item, Known, ScreenId, ScreenKind,
};

/// The emergency rules that the answers of a screen can complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupt {
    /// The screen.
    pub screen: ScreenId,
    /// For a detail, the screen that opens it.
    pub opened_by: Option<ScreenId>,
    /// The rules, by number.
    pub rules: Vec<usize>,
}

/// Every place where an emergency rule can interrupt, in asking order.
pub fn interrupts(d: &Dialogue) -> Vec<Interrupt> {
    let steps = steps(d);
    let rules: Vec<(usize, Vec<Way>)> = (0..d.rules.len())
        .filter(|&r| d.rules[r].disposition == Disposition::Emergency)
        .map(|r| (r, ways(&d.rules[r].when, &d.facts, true)))
        .collect();
    let mut out = Vec::new();
    for now in 0..steps.len() {
        let found: Vec<usize> = rules
            .iter()
            .filter(|(_, ways)| ways.iter().any(|way| completes(d, &steps, now, way)))
            .map(|(r, _)| *r)
            .collect();
        if !found.is_empty() {
            out.push(Interrupt {
                screen: steps[now].screen,
                opened_by: steps[now].opened_by,
                rules: found,
            });
        }
    }
    out
}

/// How many answers of a screen are an emergency by themselves.
pub fn alone(d: &Dialogue, screen: ScreenId) -> usize {
    d.screens[screen]
        .items
        .iter()
        .filter(|i| fires_alone(d, i))
        .count()
}

fn fires_alone(d: &Dialogue, item: &Item) -> bool {
    let mut known = d.nothing_known();
    for &(fact, option) in &item.sets {
        let before = known.get(fact);
        known.set(
            fact,
            Known {
                on: before.on | 1 << option,
                off: 0,
            },
        );
    }
    d.rules
        .iter()
        .any(|r| r.disposition == Disposition::Emergency && d.holds(&r.when, &known, None))
}

// ---- the order of asking -----------------------------------------------------------------------

/// One screen in its turn, or a detail right after the screen that opens it.
struct Step {
    screen: ScreenId,
    opened_by: Option<ScreenId>,
    /// What its answers can make true, by fact.
    on: BTreeMap<FactId, Options>,
    /// The same, without the answers that end the conversation by themselves.
    goes_on: BTreeMap<FactId, Options>,
    /// What it can make false of facts of several answers.
    off: BTreeMap<FactId, Options>,
    /// What is known for sure after it: facts with the options that are settled.
    settles: BTreeMap<FactId, Options>,
}

fn steps(d: &Dialogue) -> Vec<Step> {
    let mut out = Vec::new();
    for (id, screen) in d.screens.iter().enumerate().filter(|(_, s)| !s.opened) {
        out.push(step(d, id, None));
        let mut details: Vec<ScreenId> = Vec::new();
        for detail in screen.items.iter().filter_map(|i| i.then) {
            if !details.contains(&detail) {
                details.push(detail);
            }
        }
        out.extend(details.into_iter().map(|detail| step(d, detail, Some(id))));
    }
    out
}

fn step(d: &Dialogue, id: ScreenId, opened_by: Option<ScreenId>) -> Step {
    let s = &d.screens[id];
    let (mut on, mut goes_on) = (BTreeMap::new(), BTreeMap::new());
    let mut add = |fact: FactId, options: Options, ends: bool| {
        *on.entry(fact).or_default() |= options;
        if !ends {
            *goes_on.entry(fact).or_default() |= options;
        }
    };
    for item in &s.items {
        let ends = fires_alone(d, item);
        item.sets.iter().for_each(|&(f, o)| add(f, 1 << o, ends));
    }
    for &f in &s.none {
        if d.facts[f].kind != FactKind::Multi {
            add(f, d.facts[f].default.on, false);
        }
    }
    for &f in &s.not_sure {
        for (_, o) in d.facts[f].explain.iter().flat_map(|e| &e.answers) {
            let ends = s
                .items
                .iter()
                .any(|i| i.sets == [(f, *o)] && fires_alone(d, i));
            add(f, 1 << o, ends);
        }
    }
    let mut off: BTreeMap<FactId, Options> = BTreeMap::new();
    for (&f, &offered) in on
        .iter()
        .filter(|(f, _)| d.facts[**f].kind == FactKind::Multi)
    {
        if s.kind != ScreenKind::Any {
            off.insert(f, d.facts[f].all());
        } else if s.none.contains(&f) {
            off.insert(f, offered);
        }
    }
    Step {
        screen: id,
        opened_by,
        off,
        settles: settles(d, id),
        on,
        goes_on,
    }
}

/// What a screen and its details leave settled, whatever is answered.
fn settles(d: &Dialogue, id: ScreenId) -> BTreeMap<FactId, Options> {
    let s = &d.screens[id];
    let mut out: BTreeMap<FactId, Options> = BTreeMap::new();
    if s.skip {
        return out;
    }
    let offered = |item: &Item| {
        let detail = item.then.map_or(&[][..], |t| &d.screens[t].items);
        item.sets
            .iter()
            .chain(detail.iter().flat_map(|i| &i.sets))
            .copied()
            .collect::<Vec<_>>()
    };
    if s.kind == ScreenKind::Any {
        for (f, o) in s
            .items
            .iter()
            .flat_map(offered)
            .filter(|(f, _)| s.none.contains(f))
        {
            *out.entry(f).or_default() |= if d.facts[f].kind == FactKind::Multi {
                1 << o
            } else {
                d.facts[f].all()
            };
        }
        for &f in s
            .none
            .iter()
            .filter(|f| d.facts[**f].kind != FactKind::Multi)
        {
            out.insert(f, d.facts[f].all());
        }
        return out;
    }
    for f in 0..d.facts.len() {
        let by_all = s.items.iter().all(|i| {
            i.sets.iter().any(|(g, _)| *g == f)
                || i.then.is_some_and(|t| settles(d, t).contains_key(&f))
        });
        if by_all && !s.items.is_empty() {
            out.insert(f, d.facts[f].all());
        }
    }
    out
}

// ---- conditions as ways ------------------------------------------------------------------------

/// What must hold of one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// The answer is one of these.
    In(FactId, Options),
    /// One of these is among the answers.
    Has(FactId, Options),
    /// None of these is among the answers.
    HasNone(FactId, Options),
    /// There are so many answers or more.
    AtLeast(FactId, u32),
}

impl Demand {
    fn fact(self) -> FactId {
        match self {
            Demand::In(f, _)
            | Demand::Has(f, _)
            | Demand::HasNone(f, _)
            | Demand::AtLeast(f, _) => f,
        }
    }
}

/// Demands that together make a condition true.
type Way = Vec<Demand>;

/// The ways to make a condition true, or false where `wanted` is false.
fn ways(c: &Condition, facts: &[Fact], wanted: bool) -> Vec<Way> {
    let one = |demand: Demand| vec![vec![demand]];
    match c {
        Condition::Always if wanted => vec![Way::new()],
        Condition::Always => Vec::new(),
        Condition::All(cs) if wanted => all_of(cs.iter().map(|c| ways(c, facts, true))),
        Condition::Any(cs) if !wanted => all_of(cs.iter().map(|c| ways(c, facts, false))),
        Condition::All(cs) | Condition::Any(cs) => {
            cs.iter().flat_map(|c| ways(c, facts, wanted)).collect()
        }
        Condition::Not(c) => ways(c, facts, !wanted),
        Condition::Named { condition, .. } => ways(condition, facts, wanted),
        Condition::In { fact, options } if wanted => one(Demand::In(*fact, *options)),
        Condition::In { fact, options } => one(Demand::In(*fact, facts[*fact].all() & !options)),
        Condition::HasAny { fact, options } if wanted => one(Demand::Has(*fact, *options)),
        Condition::HasAny { fact, options } => one(Demand::HasNone(*fact, *options)),
        // An upper limit above zero bars nobody here: places are shown rather than missed.
        Condition::Count { fact, low, high } => {
            let none = || one(Demand::HasNone(*fact, facts[*fact].all()));
            match (wanted, *low, *high) {
                (true, _, 0) => none(),
                (true, 0, _) => vec![Way::new()],
                (true, low, _) => one(Demand::AtLeast(*fact, low)),
                (false, 1, u32::MAX) => none(),
                (false, 0, high) if high < u32::MAX => one(Demand::AtLeast(*fact, high + 1)),
                (false, 0, _) => Vec::new(),
                (false, _, _) => vec![Way::new()],
            }
        }
        // Not decided while questions are open.
        Condition::Disposition(_) | Condition::Else => vec![Way::new()],
    }
}

fn all_of(parts: impl Iterator<Item = Vec<Way>>) -> Vec<Way> {
    parts.fold(vec![Way::new()], |sofar, part| {
        sofar
            .iter()
            .flat_map(|a| part.iter().map(move |b| [a.as_slice(), b].concat()))
            .collect()
    })
}

// ---- whether a way ends on a screen ------------------------------------------------------------

fn completes(d: &Dialogue, steps: &[Step], now: usize, way: &Way) -> bool {
    way.iter().any(|demand| {
        let meets = new_here(d, &steps[now], *demand);
        meets.into_iter().any(|met| {
            let mut way = way.clone();
            way.push(met);
            barred(d, steps, now, met)
                .iter()
                .any(|bars| is_possible(d, steps, now, &way, bars))
        })
    })
}

/// The narrower demands by which a screen can newly meet this one.
fn new_here(d: &Dialogue, here: &Step, demand: Demand) -> Vec<Demand> {
    let fact = demand.fact();
    let on = here.on.get(&fact).copied().unwrap_or(0);
    let each = |options: Options| {
        (0..32)
            .map(|o| 1 << o)
            .filter(|o| options & o != 0)
            .map(|o| Demand::Has(fact, o))
            .collect()
    };
    match demand {
        Demand::In(_, options) => {
            let opener = here.opened_by.map_or(&[][..], |p| &d.screens[p].items);
            let met_before = opener
                .iter()
                .filter(|i| i.then == Some(here.screen))
                .all(|i| {
                    i.sets
                        .iter()
                        .any(|(f, o)| *f == fact && options & (1 << o) != 0)
                });
            let met_before = met_before && here.opened_by.is_some();
            if on & options == 0 || met_before {
                Vec::new()
            } else {
                vec![Demand::In(fact, on & options)]
            }
        }
        Demand::Has(_, options) => each(on & options),
        Demand::AtLeast(..) => each(on),
        Demand::HasNone(..) if here.off.contains_key(&fact) => vec![demand],
        Demand::HasNone(..) => Vec::new(),
    }
}

/// What must hold of the person for this screen to be shown with this demand still open: its own
/// guard, and that no earlier screen settled it. Each demand goes with the step it was read at.
fn barred(d: &Dialogue, steps: &[Step], now: usize, met: Demand) -> Vec<Vec<(usize, Demand)>> {
    let host = steps[now].opened_by.unwrap_or(steps[now].screen);
    let at = |screen: ScreenId| {
        steps
            .iter()
            .position(|s| s.screen == screen && s.opened_by.is_none())
            .unwrap_or(now)
    };
    let host_at = at(host);
    let dated = |c: &Condition, wanted: bool, at: usize| -> Vec<Vec<(usize, Demand)>> {
        ways(c, &d.facts, wanted)
            .into_iter()
            .map(|w| w.into_iter().map(|x| (at, x)).collect())
            .collect()
    };
    let wanted = match met {
        Demand::In(f, _) | Demand::AtLeast(f, _) => (f, d.facts[f].all()),
        Demand::Has(f, options) | Demand::HasNone(f, options) => (f, options),
    };
    let mut out = dated(&d.screens[host].when, true, host_at);
    for (i, earlier) in steps[..host_at]
        .iter()
        .enumerate()
        .filter(|(_, s)| s.opened_by.is_none())
    {
        let settled = earlier.settles.get(&wanted.0).copied().unwrap_or(0);
        let again = d.screens[host].ask_again;
        if settled & wanted.1 == wanted.1 && !again {
            let not_shown = dated(&d.screens[earlier.screen].when, false, i);
            out = out
                .iter()
                .flat_map(|a| not_shown.iter().map(move |b| [a.as_slice(), b].concat()))
                .collect();
        }
    }
    out
}

/// Whether one person can meet all the demands, fact by fact.
fn is_possible(
    d: &Dialogue,
    steps: &[Step],
    now: usize,
    way: &Way,
    bars: &[(usize, Demand)],
) -> bool {
    let bars: Vec<Demand> = bars
        .iter()
        .filter_map(|(at, b)| still_true(&steps[*at..=now], d, *b))
        .collect();
    let mut facts: Vec<FactId> = way.iter().chain(&bars).map(|x| x.fact()).collect();
    facts.sort_unstable();
    facts.dedup();
    facts.into_iter().all(|f| {
        let asked = way.iter().any(|x| x.fact() == f);
        let mut can = steps[..now]
            .iter()
            .filter_map(|s| s.goes_on.get(&f))
            .fold(0, |a, b| a | b);
        can |= steps[now].on.get(&f).copied().unwrap_or(0);
        if !asked {
            can |= d.facts[f].default.on;
        }
        let demands = || way.iter().chain(&bars).filter(|x| x.fact() == f);
        for demand in demands() {
            match demand {
                Demand::In(_, options) => can &= options,
                Demand::HasNone(_, options) => can &= !options,
                _ => {}
            }
        }
        demands().all(|demand| match demand {
            Demand::In(..) => can != 0,
            Demand::Has(_, options) => can & options != 0,
            Demand::AtLeast(_, n) => can.count_ones() >= *n,
            Demand::HasNone(..) => true,
        })
    })
}

/// What is left of a demand that a guard made, after steps that may have changed the fact.
fn still_true(since: &[Step], d: &Dialogue, demand: Demand) -> Option<Demand> {
    let f = demand.fact();
    let touched =
        |s: &Step| s.on.get(&f).copied().unwrap_or(0) | s.off.get(&f).copied().unwrap_or(0);
    let touched = since.iter().map(touched).fold(0, |a, b| a | b);
    match demand {
        Demand::HasNone(_, options) => Some(Demand::HasNone(f, options & !touched)),
        Demand::Has(_, options) if touched & options != 0 => None,
        _ if touched != 0 && d.facts[f].kind != FactKind::Multi => None,
        Demand::AtLeast(..) if touched != 0 => None,
        _ => Some(demand),
    }
}
