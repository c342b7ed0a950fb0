//! Hidden questions: whoever answers the screens gets the advice that all their facts would give.
//!
//! Many people hold the real conversation; a guard that keeps back a question is found by the
//! first of them to whom it matters.

use std::collections::BTreeSet;

use super::Report;
use super::people::{self, Sayable};
use super::reach::word_for;
use super::talk::{Advice, Held, by_facts, hold, hold_together};
use crate::dialogue::issue::Code;
use crate::dialogue::{Condition, Dialogue, FactId, FactKind, Knowledge, Known, ScreenId};
use crate::engine::route;
use crate::engine::verdict::name_of;

/// After so many different problems the rest is left for the next run.
const MOST_ISSUES: usize = 12;

/// What a conversation kept back: the fact, where one fact alone explains it, and the screen
/// whose guard is to blame.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Blame {
    fact: Option<FactId>,
    screen: Option<ScreenId>,
    /// Whether it is about a gate of the plan rather than the disposition.
    plan: bool,
}

pub fn check(report: &mut Report<'_>, count: usize) {
    let d = report.d;
    let sayable = Sayable::new(d);
    let people = people::all(&sayable, count);
    let held = hold(d, &people);
    let mut said: BTreeSet<Blame> = BTreeSet::new();
    for (person, held) in people.into_iter().zip(held) {
        if said.len() >= MOST_ISSUES {
            break;
        }
        let Some(blame) = held.and_then(|h| difference(d, &person, &h)) else {
            continue;
        };
        if said.insert(blame.clone()) {
            let person = simplest(&sayable, d, person, &blame);
            say(report, &person, &blame);
        }
    }
}

/// Whether this person was told something else than all their facts say, and what is to blame.
fn difference(d: &Dialogue, person: &Knowledge, held: &Held) -> Option<Blame> {
    let wanted = by_facts(d, person);
    if held.advice == wanted {
        return None;
    }
    let gate = gate_that_differs(d, &held.advice, &wanted);
    // Told one more fact, would the conversation have come to the same?
    let mends = |fact: FactId| {
        let mut known = held.known.clone();
        known.set(fact, person.get(fact));
        let advice = by_facts(d, &known);
        match gate {
            Some(g) => advice.gates.contains(&g) == wanted.gates.contains(&g),
            None => advice.disposition == wanted.disposition,
        }
    };
    let differs = |f: &FactId| held.known.get(*f) != person.get(*f);
    let fact = (0..d.facts.len()).filter(differs).find(|f| mends(*f));
    let screen = fact.and_then(|f| guard_to_blame(d, f, person, held, gate.is_some()));
    Some(Blame {
        fact,
        screen,
        plan: gate.is_some(),
    })
}

/// The first gate that differs, where the disposition is the same.
fn gate_that_differs(d: &Dialogue, told: &Advice, wanted: &Advice) -> Option<usize> {
    (0..d.gates.len())
        .filter(|_| told.disposition == wanted.disposition)
        .find(|g| told.gates.contains(g) != wanted.gates.contains(g))
}

/// What one person alone is told that differs, and what is to blame.
fn difference_of_one(d: &Dialogue, person: &Knowledge) -> Option<(Blame, Held)> {
    let held = hold_together(d, std::slice::from_ref(person))
        .pop()
        .flatten()?;
    difference(d, person, &held).map(|b| (b, held))
}

/// The screen that would have brought this out and whose guard did not hold: of several, the one
/// whose guard looks at most of what is special about this person.
fn guard_to_blame(
    d: &Dialogue,
    fact: FactId,
    person: &Knowledge,
    held: &Held,
    plan: bool,
) -> Option<ScreenId> {
    let several = d.facts[fact].kind == FactKind::Multi;
    let missing = person.get(fact).on & !held.known.get(fact).on;
    let hides = |s: &ScreenId| {
        let screen = &d.screens[*s];
        (plan || !d.phases[screen.phase].after_verdict)
            && screen.when != Condition::Always
            && route::asks(d, *s)
                .iter()
                .any(|&(f, o)| f == fact && (!several || missing == 0 || missing & (1 << o) != 0))
            && !d.holds(&screen.when, &held.known, held.advice.disposition)
    };
    let special = |s: &ScreenId| {
        let read = d.screens[*s].when.facts();
        read.into_iter()
            .filter(|&f| person.get(f) != d.facts[f].default)
            .count()
    };
    (0..d.screens.len()).rev().filter(hides).max_by_key(special)
}

/// The same person with as little as possible that is not harmless, for the reader.
fn simplest(
    sayable: &Sayable<'_>,
    d: &Dialogue,
    mut person: Knowledge,
    blame: &Blame,
) -> Knowledge {
    let try_instead = |mut simpler: Knowledge, person: &mut Knowledge| {
        sayable.settle(&mut simpler);
        let differs = || difference_of_one(d, &simpler).is_some_and(|(b, _)| b == *blame);
        if simpler != *person && differs() {
            *person = simpler;
        }
    };
    let try_without = |facts: &[FactId], person: &mut Knowledge| {
        let mut simpler = person.clone();
        facts
            .iter()
            .for_each(|&f| simpler.set(f, d.facts[f].default));
        try_instead(simpler, person);
    };
    for fact in 0..d.facts.len() {
        if person.get(fact) != d.facts[fact].default {
            try_without(&[fact], &mut person);
        }
    }
    for (fact, f) in d
        .facts
        .iter()
        .enumerate()
        .filter(|(_, f)| f.kind == FactKind::Multi)
    {
        for option in 0..f.options.len() {
            let on = person.get(fact).on;
            if on & (1 << option) != 0 {
                let mut simpler = person.clone();
                simpler.set(fact, Known::exactly(on & !(1 << option), f.all()));
                try_instead(simpler, &mut person);
            }
        }
    }
    // Some go only together, such as who it is about and how old they are.
    for first in 0..d.facts.len() {
        for second in first + 1..d.facts.len() {
            if [first, second]
                .iter()
                .all(|&f| person.get(f) != d.facts[f].default)
            {
                try_without(&[first, second], &mut person);
            }
        }
    }
    person
}

fn say(report: &mut Report<'_>, person: &Knowledge, blame: &Blame) {
    let d = report.d;
    let Some((_, held)) = difference_of_one(d, person) else {
        return;
    };
    let wanted = by_facts(d, person);
    let who = describe(d, person);
    let gate = gate_that_differs(d, &held.advice, &wanted);
    let differs = match (gate, held.advice.disposition, wanted.disposition) {
        (Some(g), _, _) if wanted.gates.contains(&g) => {
            format!(
                "the plan for somebody with {who} misses the gate `{}`",
                d.gates[g].id
            )
        }
        (Some(g), _, _) => {
            format!(
                "the plan for somebody with {who} has the gate `{}` without need",
                d.gates[g].id
            )
        }
        (None, Some(told), Some(all)) => {
            format!(
                "somebody with {who} is told {}, and all their facts say {}",
                name_of(told),
                name_of(all)
            )
        }
        _ => format!("the questions never end for somebody with {who}"),
    };
    match (blame.fact, blame.screen) {
        (Some(fact), Some(screen)) => {
            let (f, s) = (&d.facts[fact].id, &d.screens[screen]);
            let read = s
                .when
                .facts()
                .first()
                .map(|&g| word_for(&s.when, g, &d.facts[g].id));
            report.say_word(
                Code::HiddenQuestion,
                &format!("screen {} when", s.id),
                &read.unwrap_or_else(|| "DISPOSITION".into()),
                format!("the guard of `{}` hides `{f}`: {differs}", s.id),
                format!("Widen the guard so that it holds for such a person, or ask `{f}` on a screen they see."),
            );
        }
        (Some(fact), None) => {
            let f = &d.facts[fact].id;
            report.say(
                Code::HiddenQuestion,
                &format!("fact {f}"),
                format!("the screens do not bring out `{f}`: {differs}"),
                "Look at the answers of the screens that ask it: one of them is missing or hidden.",
            );
        }
        (None, _) => report.say_of_file(
            Code::HiddenQuestion,
            "dialogue",
            differs,
            "No single question explains it. Look at the guards of what this person is asked.",
        ),
    }
}

/// What is not harmless about somebody.
fn describe(d: &Dialogue, person: &Knowledge) -> String {
    let mut out = Vec::new();
    for (fact, f) in d.facts.iter().enumerate() {
        let on = person.get(fact).on;
        if on == f.default.on {
            continue;
        }
        let options: Vec<&str> = (0..f.options.len())
            .filter(|o| on & (1 << o) != 0)
            .map(|o| f.options[o].id.as_str())
            .collect();
        out.push(match (f.kind, options.as_slice()) {
            (FactKind::Multi, []) => format!("no {}", f.id),
            (FactKind::Multi, many) => format!("{} + {}", f.id, many.join(" + ")),
            (_, many) => format!("{} = {}", f.id, many.join(", ")),
        });
    }
    if out.is_empty() {
        "nothing but harmless answers".into()
    } else {
        out.join(", ")
    }
}
