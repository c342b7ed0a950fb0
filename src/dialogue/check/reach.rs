//! What can be shown: guards look back, and every screen holds for somebody.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::dialogue::issue::Code;
use crate::dialogue::knowledge::Options;
use crate::dialogue::{
    Condition, Dialogue, Disposition, FactId, FactKind, Knowledge, Known, ScreenId,
};

/// The most combinations of facts that are looked through for a guard.
const MOST_COMBINATIONS: usize = 100_000;

pub fn check(report: &mut Report<'_>) {
    let d = report.d;
    guards_look_back(report, d);
    screens_can_be_shown(report, d);
}

/// The facts that a screen settles, with those of the details it opens.
fn asked_by(d: &Dialogue, screen: ScreenId) -> BTreeSet<FactId> {
    let s = &d.screens[screen];
    let mut out: BTreeSet<FactId> = s.none.iter().chain(&s.not_sure).copied().collect();
    for item in &s.items {
        out.extend(item.sets.iter().map(|(f, _)| *f));
        if let Some(detail) = item.then {
            out.extend(
                d.screens[detail]
                    .items
                    .iter()
                    .flat_map(|i| i.sets.iter().map(|(f, _)| *f)),
            );
            out.extend(&d.screens[detail].none);
        }
    }
    out
}

// ---- guards look back ------------------------------------------------------------------------

fn guards_look_back(report: &mut Report<'_>, d: &Dialogue) {
    let mut earlier: BTreeSet<FactId> = BTreeSet::new();
    for (id, s) in d.screens.iter().enumerate() {
        let element = format!("screen {}", s.id);
        if !s.opened || d.phases[s.phase].check_in {
            looks_back(
                report,
                d,
                &format!("{element} when"),
                "the guard",
                id,
                &s.when,
                &earlier,
            );
        }
        let mut before = earlier.clone();
        again_leads_to_danger(report, d, id);
        if let Some(opener) = opener(d, id) {
            before.extend((0..opener).flat_map(|i| asked_by(d, i)));
            before.extend(asked_by(d, opener));
        }
        for (n, item) in s.items.iter().enumerate() {
            let place = format!("{element} item {} when", n + 1);
            looks_back(
                report,
                d,
                &place,
                "the `only_if` of an answer",
                id,
                &item.only_if,
                &before,
            );
        }
        if !s.opened {
            earlier.extend(asked_by(d, id));
        }
    }
}

fn looks_back(
    report: &mut Report<'_>,
    d: &Dialogue,
    element: &str,
    what: &str,
    screen: ScreenId,
    condition: &Condition,
    earlier: &BTreeSet<FactId>,
) {
    for fact in condition.facts() {
        if earlier.contains(&fact) {
            continue;
        }
        let (name, screen) = (&d.facts[fact].id, &d.screens[screen].id);
        let asker =
            (0..d.screens.len()).find(|&i| !d.screens[i].opened && asked_by(d, i).contains(&fact));
        let cure = match asker {
            Some(a) if d.screens[a].id == *screen => {
                format!(
                    "`{screen}` asks it itself: take it out of the condition, or ask it on an earlier screen."
                )
            }
            Some(a) => format!(
                "`{}` asks it further down: move it above `{screen}`.",
                d.screens[a].id
            ),
            None => "No screen asks it: add one above, or take it out of the condition.".into(),
        };
        let word = word_for(condition, fact, name);
        let message = format!("{what} of `{screen}` reads `{name}`, which no earlier screen asks");
        report.say_word(Code::GuardLooksAhead, element, &word, message, cure);
    }
}

/// What goes first when the danger signs are asked again is one of them.
fn again_leads_to_danger(report: &mut Report<'_>, d: &Dialogue, id: ScreenId) {
    let items = d.screens[id].items.iter();
    for &screen in items.flat_map(|i| i.recheck.iter().flatten()) {
        let first = &d.screens[screen];
        if !d.phases[first.phase].danger || first.opened {
            report.say(
                Code::GuardLooksAhead,
                &format!("screen {}", d.screens[id].id),
                format!(
                    "`{}` asks `{}` first, which is no screen of danger signs",
                    d.screens[id].id, first.id
                ),
                "Name screens of a danger phase that no answer opens.",
            );
        }
    }
}

/// The first screen that opens this one.
fn opener(d: &Dialogue, screen: ScreenId) -> Option<ScreenId> {
    d.screens
        .iter()
        .position(|s| s.items.iter().any(|i| i.then == Some(screen)))
}

// ---- every screen can be shown ---------------------------------------------------------------

fn screens_can_be_shown(report: &mut Report<'_>, d: &Dialogue) {
    for (id, s) in d.screens.iter().enumerate() {
        let asked = d
            .check_ins
            .iter()
            .any(|c| c.asks.iter().any(|(s, _)| *s == id));
        if d.phases[s.phase].check_in {
            if !asked {
                report.say(
                    Code::Unreachable,
                    &format!("screen {}", s.id),
                    format!("no check-in asks the screen `{}`", s.id),
                    "Name it under `asks` of a check-in in plan.yaml, or take it out.",
                );
            }
        } else if s.opened && opener(d, id).is_none() {
            report.say(
                Code::Unreachable,
                &format!("screen {}", s.id),
                format!("nothing opens the screen `{}`", s.id),
                "Give an answer of another screen `then` to it, or take out `opened`.",
            );
        } else if !s.opened && !can_hold(d, &s.when) {
            report.say(
                Code::Unreachable,
                &format!("screen {} when", s.id),
                format!(
                    "the guard of `{}` holds for nobody, so the screen is never shown",
                    s.id
                ),
                "Some parts of the guard exclude each other: mend it, or take the screen out.",
            );
        }
    }
}

/// Whether a condition holds for any combination of the facts it names. Where there are too many
/// to look through, it is taken to.
fn can_hold(d: &Dialogue, condition: &Condition) -> bool {
    let known = d.nothing_known();
    let facts = condition.facts();
    let values: Vec<Vec<Known>> = facts
        .iter()
        .map(|&f| representatives(d, condition, f))
        .collect();
    let combinations = values
        .iter()
        .try_fold(6_usize, |n, v| n.checked_mul(v.len()));
    if combinations.is_none_or(|n| n > MOST_COMBINATIONS) {
        return true;
    }
    let mut at = vec![0; facts.len()];
    loop {
        let mut full: Knowledge = known.clone();
        for (i, &fact) in facts.iter().enumerate() {
            full.set(fact, values[i][at[i]]);
        }
        if Disposition::ALL
            .iter()
            .any(|&p| d.holds(condition, &full, Some(p)))
        {
            return true;
        }
        // The next combination, as one counts.
        let Some(place) = (0..at.len()).find(|&i| at[i] + 1 < values[i].len()) else {
            return false;
        };
        at[..place].fill(0);
        at[place] += 1;
    }
}

/// Answers of a fact that stand for all of them in this condition.
fn representatives(d: &Dialogue, condition: &Condition, fact: FactId) -> Vec<Known> {
    let f = &d.facts[fact];
    let mut sets: Vec<Options> = Vec::new();
    let mut counted = false;
    condition.visit(&mut |c| match c {
        Condition::In { fact: g, options } | Condition::HasAny { fact: g, options }
            if *g == fact =>
        {
            sets.push(*options)
        }
        Condition::Count { fact: g, .. } if *g == fact => counted = true,
        _ => {}
    });
    let mut chosen: BTreeMap<Vec<bool>, u8> = BTreeMap::new();
    for o in 0..f.options.len() as u8 {
        let kind: Vec<bool> = sets.iter().map(|s| s & (1 << o) != 0).collect();
        chosen.entry(kind).or_insert(o);
    }
    if f.kind != FactKind::Multi {
        return chosen.into_values().map(Known::one).collect();
    }
    let options: Vec<u8> = if counted {
        (0..f.options.len() as u8).collect()
    } else {
        chosen.into_values().collect()
    };
    (0..1_u32 << options.len().min(16))
        .map(|bits| {
            let on = options
                .iter()
                .enumerate()
                .filter(|(i, _)| bits & (1 << i) != 0);
            Known::exactly(on.fold(0, |set, (_, o)| set | 1 << o), f.all())
        })
        .collect()
}

// ---- inside a condition ----------------------------------------------------------------------

/// How a condition names a fact: by its id, or through a named condition.
pub fn word_for(condition: &Condition, fact: FactId, id: &str) -> String {
    let mut through = None;
    named_in(condition, &mut |name, inner| {
        if through.is_none() && inner.facts().contains(&fact) {
            through = Some(format!("@{name}"));
        }
    });
    let mut direct = false;
    own_atoms(condition, &mut |f, _| direct |= f == fact);
    match through {
        Some(name) if !direct => name,
        _ => id.to_owned(),
    }
}

/// Call `see` for each named condition inside this one, those inside them too.
pub fn named_in<'a>(condition: &'a Condition, see: &mut impl FnMut(&'a str, &'a Condition)) {
    match condition {
        Condition::All(cs) | Condition::Any(cs) => cs.iter().for_each(|c| named_in(c, see)),
        Condition::Not(c) => named_in(c, see),
        Condition::Named { name, condition } => {
            see(name, condition);
            named_in(condition, see);
        }
        _ => {}
    }
}

/// Call `see` for each comparison that is written out in this condition: its fact, and the options
/// of which it wants one (nothing where it counts).
pub fn own_atoms(condition: &Condition, see: &mut impl FnMut(FactId, Option<Options>)) {
    match condition {
        Condition::All(cs) | Condition::Any(cs) => cs.iter().for_each(|c| own_atoms(c, see)),
        Condition::Not(c) => own_atoms(c, see),
        Condition::In { fact, options } | Condition::HasAny { fact, options } => {
            see(*fact, Some(*options))
        }
        Condition::Count { fact, .. } => see(*fact, None),
        _ => {}
    }
}
