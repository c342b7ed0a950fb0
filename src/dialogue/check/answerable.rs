//! What can be answered: whatever a rule, gate, card or line reads, and every option of a fact.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use super::reach::{named_in, own_atoms};
use crate::dialogue::issue::Code;
use crate::dialogue::knowledge::Options;
use crate::dialogue::{Condition, Dialogue, FactId, Item};

pub fn check(report: &mut Report<'_>) {
    let d = report.d;
    let unread = reads_can_be_answered(report, d);
    options_can_be_answered(report, d, &unread);
}

/// The options of each fact that a person can come to have.
fn settable(d: &Dialogue) -> Vec<Options> {
    let mut out: Vec<Options> = vec![0; d.facts.len()];
    let mut explained: BTreeSet<FactId> = BTreeSet::new();
    let mut set = |item: &Item| {
        for &(fact, option) in &item.sets {
            out[fact] |= 1 << option;
        }
    };
    d.screens.iter().flat_map(|s| &s.items).for_each(&mut set);
    buttons(d).into_iter().for_each(|(_, item)| set(item));
    explained.extend(d.screens.iter().flat_map(|s| s.not_sure.iter().copied()));
    for (fact, _) in &d.common.emergency_words {
        if d.facts[*fact].explain.is_none() {
            out[*fact] = d.facts[*fact].all();
        }
        explained.insert(*fact);
    }
    for fact in explained {
        let answers = d.facts[fact].explain.iter().flat_map(|e| &e.answers);
        out[fact] |= answers.fold(0, |set, (_, o)| set | 1 << o);
    }
    for (fact, options) in out.iter_mut().enumerate() {
        *options |= d.facts[fact].default.on;
    }
    out
}

/// The buttons of all messages, verdicts and lines, each with the element it is.
pub fn buttons(d: &Dialogue) -> Vec<(String, &Item)> {
    let mut out = Vec::new();
    let mut ids: Vec<&String> = d.messages.keys().collect();
    ids.sort();
    let lists = ids
        .into_iter()
        .map(|id| (format!("message {id}"), d.messages[id].buttons.as_slice()))
        .chain(
            d.verdicts
                .iter()
                .map(|v| (format!("verdict {}", v.id), v.buttons.as_slice())),
        )
        .chain(
            d.people
                .iter()
                .map(|p| (format!("line {}", p.id), p.button.as_slice())),
        );
    for (element, items) in lists {
        out.extend(
            items
                .iter()
                .enumerate()
                .map(|(n, i)| (format!("{element} item {}", n + 1), i)),
        );
    }
    out
}

/// Every condition that decides what is asked, said or left out, with the element it stands in.
/// Named conditions stand apart, once each.
fn conditions(d: &Dialogue) -> Vec<(String, &Condition)> {
    let mut own: Vec<(String, &Condition)> = Vec::new();
    own.extend(d.rules.iter().map(|r| (format!("rule {}", r.id), &r.when)));
    own.extend(
        d.screens
            .iter()
            .map(|s| (format!("screen {}", s.id), &s.when)),
    );
    own.extend(d.waits.iter().map(|w| (format!("wait {}", w.id), &w.when)));
    own.extend(d.people.iter().map(|p| (format!("line {}", p.id), &p.when)));
    own.extend(d.gates.iter().map(|g| (format!("gate {}", g.id), &g.when)));
    own.extend(
        d.cards
            .iter()
            .filter_map(|c| Some((format!("card {}", c.id), c.when.as_ref()?))),
    );
    for p in &d.pages {
        own.extend(
            p.lines
                .iter()
                .enumerate()
                .map(|(n, l)| (format!("page {} line {}", p.id, n + 1), &l.when)),
        );
    }
    own.extend(
        d.drills
            .iter()
            .map(|x| (format!("drill {}", x.id), &x.when)),
    );
    for c in &d.check_ins {
        own.extend(
            c.closes
                .iter()
                .map(|(when, _)| (format!("check-in {}", c.id), when)),
        );
    }
    let clock = &d.clock;
    own.extend(
        [
            ("stay_on_ice_when", &clock.stay_on_ice_when),
            ("early_heat_when", &clock.early_heat_when),
            ("short_ice_when", &clock.short_ice_when),
            ("child_when", &clock.child_when),
            ("sleepy_when", &clock.sleepy_when),
            ("warm_when", &clock.warm_when),
        ]
        .map(|(name, when)| (format!("clock {name}"), when)),
    );
    let mut named: BTreeMap<&str, &Condition> = BTreeMap::new();
    for (_, condition) in &own {
        named_in(condition, &mut |name, inner| {
            named.insert(name, inner);
        });
    }
    own.extend(
        named
            .into_iter()
            .map(|(name, inner)| (format!("condition {name}"), inner)),
    );
    own
}

/// Report what is read but cannot be answered, and give it back.
fn reads_can_be_answered(report: &mut Report<'_>, d: &Dialogue) -> BTreeSet<(FactId, u8)> {
    let can = settable(d);
    let mut said: BTreeSet<(FactId, u8)> = BTreeSet::new();
    for (element, condition) in conditions(d) {
        let when = format!("{element} when");
        let place = d.places.of(&when);
        let text = report
            .sources
            .get(&place.file)
            .and_then(|t| t.get(place.span.clone()))
            .unwrap_or("")
            .to_owned();
        let mut found: BTreeSet<(FactId, Option<u8>)> = BTreeSet::new();
        own_atoms(condition, &mut |fact, wanted| {
            let f = &d.facts[fact];
            let never = can[fact] & !f.default.on == 0;
            match wanted {
                _ if never && f.options.len() > 1 => {
                    found.insert((fact, None));
                }
                Some(options) => {
                    for o in
                        (0..f.options.len() as u8).filter(|o| options & !can[fact] & (1 << o) != 0)
                    {
                        let written =
                            super::word_in(&text, 0..text.len(), &f.options[usize::from(o)].id)
                                .is_some();
                        if written || options & can[fact] == 0 {
                            found.insert((fact, Some(o)));
                        }
                    }
                }
                None => {}
            }
        });
        for (fact, option) in found {
            let f = &d.facts[fact];
            match option {
                None => {
                    said.extend((0..f.options.len() as u8).map(|o| (fact, o)));
                    let message = format!(
                        "{} reads `{}`, which no question asks",
                        spoken(&element),
                        f.id
                    );
                    report.say_word(
                        Code::FactNeverAsked,
                        &when,
                        &f.id,
                        message,
                        "Ask it on a screen, or take it out of the condition.",
                    );
                }
                Some(o) => {
                    said.insert((fact, o));
                    let option = &f.options[usize::from(o)].id;
                    let message = format!(
                        "{} waits for `{}` to be `{option}`, which nobody can answer",
                        spoken(&element),
                        f.id
                    );
                    let cure = format!(
                        "Add an answer that stores `{option}` to a screen that asks `{}`, or take it out of the condition.",
                        f.id
                    );
                    report.say_word(Code::FactNeverAsked, &when, option, message, cure);
                }
            }
        }
    }
    said
}

/// An element as it stands in a sentence: "rule `E01`".
fn spoken(element: &str) -> String {
    match element.split_once(' ') {
        Some(("clock", name)) => format!("`{name}` of the clock"),
        Some((kind, id)) => match id.split_once(" line ") {
            Some((page, n)) => format!("line {n} of the page `{page}`"),
            None => format!("the {kind} `{id}`"),
        },
        None => format!("the {element}"),
    }
}

fn options_can_be_answered(report: &mut Report<'_>, d: &Dialogue, said: &BTreeSet<(FactId, u8)>) {
    let can = settable(d);
    for (fact, f) in d.facts.iter().enumerate() {
        let missing: Vec<&str> = (0..f.options.len() as u8)
            .filter(|o| (can[fact] | f.default.on) & (1 << o) == 0 && !said.contains(&(fact, *o)))
            .map(|o| f.options[usize::from(o)].id.as_str())
            .collect();
        if missing.is_empty() {
            continue;
        }
        let (message, cure) =
            if missing.len() + f.default.on.count_ones() as usize >= f.options.len() {
                (
                    format!("nobody can answer `{}`: no screen asks it", f.id),
                    "Ask it on a screen, or take the fact out.",
                )
            } else {
                (
                    format!(
                        "nobody can answer `{}` with `{}`",
                        f.id,
                        missing.join("` or `")
                    ),
                    "Add an answer for it to a screen that asks the fact, or take the option out.",
                )
            };
        report.say(
            Code::NotAnswerable,
            &format!("fact {}", f.id),
            message,
            cure,
        );
    }
}
