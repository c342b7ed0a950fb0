//! Hidden questions: whoever answers the screens gets the advice that all their facts would give.
//!
//! Many people hold the real conversation; a guard that keeps back a question is found by the
//! first of them to whom it matters.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::reach::{asked_by, word_for};
use super::people::{self, Sayable};
use super::Report;
use crate::answerer;
use crate::assess;
use crate::dialogue::issue::Code;
use crate::dialogue::{Act, Condition, Dialogue, Disposition, Element, FactId, FactKind, Knowledge, ScreenId};
use crate::engine::verdict::name_of;
use crate::engine::{self, Input, Press, Session, State, Wish};
use crate::plan;

/// After so many different problems the rest is left for the next run.
const MOST_ISSUES: usize = 12;

/// More taps than any conversation can need; reaching it means that it never ends.
const MOST_TAPS: usize = 400;

/// What comes of a conversation, or of knowing all facts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Advice {
    /// Nothing when no verdict is reached.
    disposition: Option<Disposition>,
    /// The gates that fire, where there is a plan.
    gates: Vec<usize>,
}

/// A conversation that was held.
struct Held {
    advice: Advice,
    /// What is known at its end, harmless for the rest.
    known: Knowledge,
}

/// What a conversation kept back: the fact, where one fact alone explains it, and the screen
/// whose guard is to blame.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Blame {
    fact: Option<FactId>,
    screen: Option<ScreenId>,
    gate: Option<usize>,
}

pub fn check(report: &mut Report<'_>, count: usize) {
    let d = report.d;
    let sayable = Sayable::new(d);
    let t = std::time::Instant::now();
    let people = people::all(&sayable, count);
    eprintln!("people {} {:?}", people.len(), t.elapsed());
    let held = hold(d, &people);
    let mut said: BTreeSet<Blame> = BTreeSet::new();
    for (person, held) in people.into_iter().zip(held) {
        if said.len() >= MOST_ISSUES {
            break;
        }
        let Some(blame) = held.and_then(|h| difference(d, &person, &h)) else { continue };
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
    let gate = (held.advice.disposition == wanted.disposition)
        .then(|| (0..d.gates.len()).find(|g| held.advice.gates.contains(g) != wanted.gates.contains(g)))
        .flatten();
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
    let screen = fact.and_then(|f| guard_to_blame(d, f, &held.known, held.advice.disposition));
    Some(Blame { fact, screen, gate })
}

/// The advice when every fact is known.
fn by_facts(d: &Dialogue, person: &Knowledge) -> Advice {
    let disposition = assess::assess(d, person).disposition;
    let (gates, out) = assess::gates(d, person, disposition);
    let gates = if out.contains(&Element::Coaching) { Vec::new() } else { gates };
    Advice { disposition: Some(disposition), gates }
}

/// A conversation under way, and those who have said the same so far.
struct Talk {
    session: Session,
    /// The verdict, once the plan is being asked for.
    told: Option<Disposition>,
    taps: usize,
    people: Vec<usize>,
}

/// The advice that each person gets in the real conversation, plan screens and all.
///
/// People who have said the same so far are in the same session, so each is stepped only once.
fn hold(d: &Dialogue, people: &[Knowledge]) -> Vec<Option<Held>> {
    let now = Timestamp::UNIX_EPOCH;
    let mut out: Vec<Option<Held>> = people.iter().map(|_| None).collect();
    let all = (0..people.len()).collect();
    let mut open = vec![Talk { session: engine::begin(d), told: None, taps: 0, people: all }];
    while let Some(talk) = open.pop() {
        let state = State::of(d, &talk.session);
        let mut ended: Vec<usize> = Vec::new();
        let mut groups: Vec<(Wish, Vec<usize>)> = Vec::new();
        for &p in &talk.people {
            let wish = answerer::next(d, &talk.session, &state, &people[p]);
            match wish.filter(|_| talk.taps < MOST_TAPS) {
                Some(wish) => match groups.iter_mut().find(|(w, _)| *w == wish) {
                    Some((_, group)) => group.push(p),
                    None => groups.push((wish, vec![p])),
                },
                None => ended.push(p),
            }
        }
        let mut go_on = |wish: Wish, told: Option<Disposition>, people: Vec<usize>| {
            let press = Input::Press(Press { visit: state.visit, wish });
            let next = engine::step(d, &talk.session, &press, now).session;
            let session = next.unwrap_or_else(|| talk.session.clone());
            open.push(Talk { session, told, taps: talk.taps + 1, people });
        };
        if !ended.is_empty() {
            let (gates, left_out) = plan::gates(d, &state);
            let coached = !left_out.contains(&Element::Coaching);
            match (talk.told, state.disposition()) {
                (None, Some(told)) if coached && talk.taps < MOST_TAPS => {
                    go_on(Wish::Act(Act::Plan), Some(told), ended);
                }
                (told, now_told) => {
                    let gates = if told.is_some() { gates } else { Vec::new() };
                    let advice = Advice { disposition: told.or(now_told), gates };
                    let known = d.completed(&state.known);
                    for p in ended {
                        out[p] = Some(Held { advice: advice.clone(), known: known.clone() });
                    }
                }
            }
        }
        for (wish, group) in groups {
            go_on(wish, talk.told, group);
        }
    }
    out
}

/// What one person alone is told that differs, and what is to blame.
fn difference_of_one(d: &Dialogue, person: &Knowledge) -> Option<(Blame, Held)> {
    let held = hold(d, std::slice::from_ref(person)).pop().flatten()?;
    difference(d, person, &held).map(|b| (b, held))
}

/// The screen that asks this fact and whose guard did not hold.
fn guard_to_blame(d: &Dialogue, fact: FactId, known: &Knowledge, disposition: Option<Disposition>) -> Option<ScreenId> {
    let hides = |s: &ScreenId| {
        let when = &d.screens[*s].when;
        *when != Condition::Always && asked_by(d, *s).contains(&fact) && !d.holds(when, known, disposition)
    };
    // The last one: the earlier ones are the shortcuts for some people.
    (0..d.screens.len()).rev().find(hides)
}

/// The same person with as little as possible that is not harmless.
fn simplest(sayable: &Sayable<'_>, d: &Dialogue, mut person: Knowledge, blame: &Blame) -> Knowledge {
    for fact in 0..d.facts.len() {
        let mut simpler = person.clone();
        simpler.set(fact, d.facts[fact].default);
        sayable.settle(&mut simpler);
        if simpler != person && difference_of_one(d, &simpler).is_some_and(|(b, _)| b == *blame) {
            person = simpler;
        }
    }
    person
}

fn say(report: &mut Report<'_>, person: &Knowledge, blame: &Blame) {
    let d = report.d;
    let Some((_, held)) = difference_of_one(d, person) else { return };
    let wanted = by_facts(d, person);
    let who = describe(d, person);
    let differs = match (blame.gate, held.advice.disposition, wanted.disposition) {
        (Some(g), _, _) if wanted.gates.contains(&g) => {
            format!("the plan for somebody with {who} misses the gate `{}`", d.gates[g].id)
        }
        (Some(g), _, _) => {
            format!("the plan for somebody with {who} has the gate `{}` without need", d.gates[g].id)
        }
        (None, Some(told), Some(all)) => {
            format!("somebody with {who} is told {}, and all their facts say {}", name_of(told), name_of(all))
        }
        _ => format!("the questions never end for somebody with {who}"),
    };
    match (blame.fact, blame.screen) {
        (Some(fact), Some(screen)) => {
            let (f, s) = (&d.facts[fact].id, &d.screens[screen]);
            let word = s.when.facts().first().map_or_else(String::new, |&g| word_for(&s.when, g, &d.facts[g].id));
            report.say_word(
                Code::HiddenQuestion,
                &format!("screen {} when", s.id),
                &word,
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
        let options: Vec<&str> =
            (0..f.options.len()).filter(|o| on & (1 << o) != 0).map(|o| f.options[o].id.as_str()).collect();
        out.push(match (f.kind, options.as_slice()) {
            (FactKind::Multi, []) => format!("no {}", f.id),
            (FactKind::Multi, many) => format!("{} + {}", f.id, many.join(" + ")),
            (_, many) => format!("{} = {}", f.id, many.join(", ")),
        });
    }
    if out.is_empty() { "nothing but harmless answers".into() } else { out.join(", ") }
}
