//! What can be asked: guards look back, every screen can be shown, every fact that is read can be
//! answered.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::dialogue::issue::Code;
use crate::dialogue::knowledge::Options;
use crate::dialogue::{
    Condition, Dialogue, Disposition, FactId, FactKind, Item, Known, Knowledge, ScreenId,
};

/// The most combinations of facts that are looked through for a guard.
const MOST_COMBINATIONS: usize = 100_000;

pub fn check(report: &mut Report<'_>) {
    let d = report.d;
    guards_look_back(report, d);
    screens_can_be_shown(report, d);
    let unread = reads_can_be_answered(report, d);
    options_can_be_answered(report, d, &unread);
}

/// The facts that a screen settles, with those of the details it opens.
pub fn asked_by(d: &Dialogue, screen: ScreenId) -> BTreeSet<FactId> {
    let s = &d.screens[screen];
    let mut out: BTreeSet<FactId> = s.none.iter().chain(&s.not_sure).copied().collect();
    for item in &s.items {
        out.extend(item.sets.iter().map(|(f, _)| *f));
        if let Some(detail) = item.then {
            out.extend(d.screens[detail].items.iter().flat_map(|i| i.sets.iter().map(|(f, _)| *f)));
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
        if !s.opened {
            looks_back(report, d, &format!("{element} when"), "the guard", id, &s.when, &earlier);
        }
        let mut before = earlier.clone();
        if let Some(opener) = opener(d, id) {
            before.extend((0..opener).flat_map(|i| asked_by(d, i)));
            before.extend(asked_by(d, opener));
        }
        for (n, item) in s.items.iter().enumerate() {
            let place = format!("{element} item {} when", n + 1);
            looks_back(report, d, &place, "the `only_if` of an answer", id, &item.only_if, &before);
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
        let asker = (0..d.screens.len()).find(|&i| !d.screens[i].opened && asked_by(d, i).contains(&fact));
        let cure = match asker {
            Some(a) if d.screens[a].id == *screen => {
                format!("`{screen}` asks it itself: take it out of the condition, or ask it on an earlier screen.")
            }
            Some(a) => format!("`{}` asks it further down: move it above `{screen}`.", d.screens[a].id),
            None => "No screen asks it: add one above, or take it out of the condition.".into(),
        };
        let word = word_for(condition, fact, name);
        let message = format!("{what} of `{screen}` reads `{name}`, which no earlier screen asks");
        report.say_word(Code::GuardLooksAhead, element, &word, message, cure);
    }
}

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

/// The first screen that opens this one.
fn opener(d: &Dialogue, screen: ScreenId) -> Option<ScreenId> {
    d.screens.iter().position(|s| s.items.iter().any(|i| i.then == Some(screen)))
}

// ---- every screen can be shown ---------------------------------------------------------------

fn screens_can_be_shown(report: &mut Report<'_>, d: &Dialogue) {
    for (id, s) in d.screens.iter().enumerate() {
        if s.opened && opener(d, id).is_none() {
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
                format!("the guard of `{}` holds for nobody, so the screen is never shown", s.id),
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
    let values: Vec<Vec<Known>> = facts.iter().map(|&f| representatives(d, condition, f)).collect();
    let dispositions = [
        Disposition::NoTriage,
        Disposition::SelfCare,
        Disposition::Routine,
        Disposition::Soon,
        Disposition::Urgent,
        Disposition::Emergency,
    ];
    let combinations = values.iter().try_fold(6_usize, |n, v| n.checked_mul(v.len()));
    if combinations.is_none_or(|n| n > MOST_COMBINATIONS) {
        return true;
    }
    let mut at = vec![0; facts.len()];
    loop {
        let mut full: Knowledge = known.clone();
        for (i, &fact) in facts.iter().enumerate() {
            full.set(fact, values[i][at[i]]);
        }
        if dispositions.iter().any(|&p| d.holds(condition, &full, Some(p))) {
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
        Condition::In { fact: g, options } | Condition::HasAny { fact: g, options } if *g == fact => sets.push(*options),
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
    let options: Vec<u8> = if counted { (0..f.options.len() as u8).collect() } else { chosen.into_values().collect() };
    (0..1_u32 << options.len().min(16))
        .map(|bits| {
            let on = options.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0);
            Known::exactly(on.fold(0, |set, (_, o)| set | 1 << o), f.all())
        })
        .collect()
}

// ---- everything that is read can be answered -------------------------------------------------

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
        .chain(d.verdicts.iter().map(|v| (format!("verdict {}", v.id), v.buttons.as_slice())))
        .chain(d.people.iter().map(|p| (format!("line {}", p.id), p.button.as_slice())));
    for (element, items) in lists {
        out.extend(items.iter().enumerate().map(|(n, i)| (format!("{element} item {}", n + 1), i)));
    }
    out
}

/// Every condition that decides what is asked, said or left out, with the element it stands in.
/// Named conditions stand apart, once each.
fn conditions(d: &Dialogue) -> Vec<(String, &Condition)> {
    let mut own: Vec<(String, &Condition)> = Vec::new();
    own.extend(d.rules.iter().map(|r| (format!("rule {}", r.id), &r.when)));
    own.extend(d.screens.iter().map(|s| (format!("screen {}", s.id), &s.when)));
    own.extend(d.waits.iter().map(|w| (format!("wait {}", w.id), &w.when)));
    own.extend(d.people.iter().map(|p| (format!("line {}", p.id), &p.when)));
    own.extend(d.gates.iter().map(|g| (format!("gate {}", g.id), &g.when)));
    own.extend(d.cards.iter().filter_map(|c| Some((format!("card {}", c.id), c.when.as_ref()?))));
    for p in &d.pages {
        own.extend(p.lines.iter().enumerate().map(|(n, l)| (format!("page {} line {}", p.id, n + 1), &l.when)));
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
    own.extend(named.into_iter().map(|(name, inner)| (format!("condition {name}"), inner)));
    own
}

/// Call `see` for each named condition inside this one, those inside them too.
fn named_in<'a>(condition: &'a Condition, see: &mut impl FnMut(&'a str, &'a Condition)) {
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
fn own_atoms(condition: &Condition, see: &mut impl FnMut(FactId, Option<Options>)) {
    match condition {
        Condition::All(cs) | Condition::Any(cs) => cs.iter().for_each(|c| own_atoms(c, see)),
        Condition::Not(c) => own_atoms(c, see),
        Condition::In { fact, options } | Condition::HasAny { fact, options } => see(*fact, Some(*options)),
        Condition::Count { fact, .. } => see(*fact, None),
        _ => {}
    }
}

/// Report what is read but cannot be answered, and give it back.
fn reads_can_be_answered(report: &mut Report<'_>, d: &Dialogue) -> BTreeSet<(FactId, u8)> {
    let can = settable(d);
    let mut said: BTreeSet<(FactId, u8)> = BTreeSet::new();
    for (element, condition) in conditions(d) {
        let when = format!("{element} when");
        let place = d.places.of(&when);
        let text = report.sources.get(&place.file).and_then(|t| t.get(place.span.clone())).unwrap_or("").to_owned();
        let mut found: BTreeSet<(FactId, Option<u8>)> = BTreeSet::new();
        own_atoms(condition, &mut |fact, wanted| {
            let f = &d.facts[fact];
            let never = can[fact] & !f.default.on == 0;
            match wanted {
                _ if never && f.options.len() > 1 => {
                    found.insert((fact, None));
                }
                Some(options) => {
                    for o in (0..f.options.len() as u8).filter(|o| options & !can[fact] & (1 << o) != 0) {
                        let written = super::word_in(&text, 0..text.len(), &f.options[usize::from(o)].id).is_some();
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
                    let message = format!("{} reads `{}`, which no question asks", spoken(&element), f.id);
                    report.say_word(Code::FactNeverAsked, &when, &f.id, message, "Ask it on a screen, or take it out of the condition.");
                }
                Some(o) => {
                    said.insert((fact, o));
                    let option = &f.options[usize::from(o)].id;
                    let message = format!("{} waits for `{}` to be `{option}`, which nobody can answer", spoken(&element), f.id);
                    let cure = format!("Add an answer that stores `{option}` to a screen that asks `{}`, or take it out of the condition.", f.id);
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
        let (message, cure) = if missing.len() + f.default.on.count_ones() as usize >= f.options.len() {
            (format!("nobody can answer `{}`: no screen asks it", f.id), "Ask it on a screen, or take the fact out.")
        } else {
            (
                format!("nobody can answer `{}` with `{}`", f.id, missing.join("` or `")),
                "Add an answer for it to a screen that asks the fact, or take the option out.",
            )
        };
        report.say(Code::NotAnswerable, &format!("fact {}", f.id), message, cure);
    }
}
