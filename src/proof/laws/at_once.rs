//! L2: an emergency is told with the next message.
//!
//! Two halves. While questions are open, the rules are three-valued; that loses nothing where
//! every fact has an answer that no emergency rule wants: whatever makes an emergency certain then
//! makes one rule certain. And the real conversation is held with somebody for every answer that
//! an emergency rule names, and looked at after every single input.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::answerer;
use crate::assess;
use crate::dialogue::{Condition, Dialogue, Disposition, FactId, FactKind, Knowledge, Options};
use crate::engine::{self, Input, Owed, Press, State};
use crate::proof::{Broken, Exercised, Proved, World};

/// More taps than any conversation can need; reaching it means that it never ends.
const MOST_TAPS: usize = 400;

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    let facts = harmless_answers(w, &mut out);
    let (people, inputs) = conversations(w, &mut out);
    out.how = format!(
        "the {facts} facts of emergency rules each have an answer that none of them wants, so three-valued rules miss no certain emergency; and {people} real conversations, one for every answer that an emergency rule names, looked at after each of {inputs} inputs"
    );
    out
}

/// What emergency rules want of one fact.
#[derive(Default)]
struct Wanted {
    /// Options of which a rule wants one.
    any: Options,
    /// Options of a fact of several that a rule wants to be absent.
    absent: Options,
}

fn emergency_rules(d: &Dialogue) -> impl Iterator<Item = &crate::dialogue::Rule> {
    d.rules
        .iter()
        .filter(|r| r.disposition == Disposition::Emergency)
}

fn harmless_answers(w: &World<'_>, out: &mut Proved) -> usize {
    let d = w.d();
    let mut wanted: BTreeMap<FactId, Wanted> = BTreeMap::new();
    for rule in emergency_rules(d) {
        literals(d, &rule.when, true, &mut wanted);
    }
    for (&fact, wanted) in &wanted {
        let f = &d.facts[fact];
        let torn = match f.kind {
            FactKind::Multi => wanted.any & wanted.absent != 0,
            _ => wanted.any == f.all(),
        };
        if torn {
            // Somebody whose emergency waits for this fact, with the rule that hangs on it most.
            let rules = emergency_rules(d).filter(|r| r.when.facts().contains(&fact));
            let waits = rules.map(|r| w.space.truly(&r.when, None));
            let person = waits.filter_map(|who| w.somebody(&who)).last();
            out.broken.push(Broken {
                what: format!(
                    "emergency rules want every answer to `{}`, so an emergency can be certain before any one rule is: give the rules one that does not hang on it",
                    f.id
                ),
                person,
                lawful: None,
            });
        }
    }
    wanted.len()
}

/// Which answers make parts of a condition true, with every `NOT` moved to the facts.
fn literals(
    d: &Dialogue,
    condition: &Condition,
    positive: bool,
    out: &mut BTreeMap<FactId, Wanted>,
) {
    match condition {
        Condition::All(cs) | Condition::Any(cs) => {
            cs.iter().for_each(|c| literals(d, c, positive, out));
        }
        Condition::Not(c) => literals(d, c, !positive, out),
        Condition::Named { condition, .. } => literals(d, condition, positive, out),
        Condition::In { fact, options } => {
            let all = d.facts[*fact].all();
            out.entry(*fact).or_default().any |= if positive { *options } else { all & !options };
        }
        Condition::HasAny { fact, options } => {
            let own = out.entry(*fact).or_default();
            *(if positive {
                &mut own.any
            } else {
                &mut own.absent
            }) |= *options;
        }
        Condition::Count { fact, low, high } => {
            let all = d.facts[*fact].all();
            let own = out.entry(*fact).or_default();
            let (at_least, at_most) = (*low > 0, *high < u32::MAX);
            own.any |= if at_least && positive || at_most && !positive {
                all
            } else {
                0
            };
            own.absent |= if at_most && positive || at_least && !positive {
                all
            } else {
                0
            };
        }
        Condition::Always | Condition::Disposition(_) | Condition::Else => {}
    }
}

/// Somebody for every answer that an emergency rule names.
fn people(w: &World<'_>) -> Vec<Knowledge> {
    let d = w.d();
    let mut out: Vec<Knowledge> = Vec::new();
    for rule in emergency_rules(d) {
        let fires = w.there_are(&w.space.truly(&rule.when, None));
        let mut wanted = BTreeMap::new();
        literals(d, &rule.when, true, &mut wanted);
        for (fact, wanted) in wanted {
            for o in (0..d.facts[fact].options.len() as u8).filter(|o| wanted.any & (1 << o) != 0) {
                let person = w.space.simplest(&fires.and(w.space.says(fact, o)));
                out.extend(person.filter(|p| !out.contains(p)));
            }
        }
    }
    out
}

fn conversations(w: &World<'_>, out: &mut Proved) -> (usize, usize) {
    let people = people(w);
    let mut inputs = 0;
    for person in &people {
        let (taps, wrong) = hold(w.d(), person);
        inputs += taps;
        if let Some(what) = wrong {
            out.broken.push(Broken {
                what,
                person: Some(person.clone()),
                lawful: Some(Disposition::Emergency),
            });
        }
    }
    (people.len(), inputs)
}

/// Hold the conversation; the answer is how many inputs it took, and what was wrong with it.
fn hold(d: &Dialogue, person: &Knowledge) -> (usize, Option<String>) {
    let now = Timestamp::UNIX_EPOCH;
    let mut session = engine::begin(d);
    for tap in 0..MOST_TAPS {
        let state = State::of(d, &session);
        let Some(wish) = answerer::next(d, &session, &state, person) else {
            let told = state.disposition();
            let wrong = (told != Some(Disposition::Emergency))
                .then(|| "an emergency rule fires and no emergency is told".to_owned());
            return (tap, wrong);
        };
        let press = Input::Press(Press {
            visit: state.visit,
            wish,
        });
        let step = engine::step(d, &session, &press, now);
        session = step.session.unwrap_or(session);
        let after = State::of(d, &session);
        let certain = assess::is_emergency(d, &after.known);
        let told = !after.open && after.disposition() == Some(Disposition::Emergency);
        let said = step
            .owed
            .first()
            .is_some_and(|o| matches!(o, Owed::Verdict { .. }));
        if certain != told || told && !said {
            let what = "an emergency is certain and the next message is not the emergency message";
            return (tap + 1, Some(what.into()));
        }
        if told {
            return (tap + 1, None);
        }
    }
    (MOST_TAPS, Some("the questions never end".into()))
}
