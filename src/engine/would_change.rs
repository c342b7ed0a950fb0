//! The part of *Why?* that says what would change the advice.

use super::fold::State;
use super::verdict::labels_of;
use crate::assess::assess;
use crate::dialogue::{Dialogue, Disposition, FactId, Words};
use crate::what_if::{self, Answer, Change};

/// What would make the advice more urgent, and what keeps it from being self-care.
///
/// Nothing after an emergency, since no advice is above it; and nothing where the talk is about not
/// being safe with oneself: a list of what would be worse is no help there, and nobody is to read
/// that they would be fine without such thoughts.
pub fn would_change(d: &Dialogue, state: &State, words: &Words) -> Option<String> {
    let told = state.disposition()?;
    if matches!(told, Disposition::Emergency | Disposition::NoTriage) {
        return None;
    }
    let full = d.completed(&state.known);
    let found = assess(d, &full);
    let private = crisis_facts(d);
    let fires = |r: &usize| {
        let facts = d.rules[*r].when.facts();
        facts.iter().any(|f| private.contains(f))
    };
    if found.rules.iter().any(fires) {
        return None;
    }
    let mut parts = more_urgent(d, &what_if::changes(d, &full, told), words);
    // Where an older advice is kept, it is not these answers that keep it.
    if told > Disposition::SelfCare && told == found.disposition {
        parts.extend(what_if::keeps_from_self_care(d, &full).map(|k| keeps(d, &k, words)));
    }
    if parts.is_empty() {
        return None;
    }
    Some(message(d, "what_if", words, "list", parts.join("\n\n")))
}

/// The facts of the rules whose verdict is one of its own: a crisis.
fn crisis_facts(d: &Dialogue) -> Vec<FactId> {
    d.verdicts
        .iter()
        .flat_map(|v| &v.rules)
        .flat_map(|r| d.rules[*r].when.facts())
        .collect()
}

/// The changes by what they would be told as, most urgent first.
fn more_urgent(d: &Dialogue, changes: &[Change], words: &Words) -> Vec<String> {
    [
        (Disposition::Emergency, "what_if_emergency"),
        (Disposition::Urgent, "what_if_urgent"),
        (Disposition::Soon, "what_if_soon"),
        (Disposition::Routine, "what_if_routine"),
    ]
    .into_iter()
    .filter_map(|(level, id)| {
        let list: Vec<String> = changes
            .iter()
            .filter(|c| c.disposition == level)
            .map(|c| format!("• {}", said(d, &c.answers, words)))
            .collect();
        (!list.is_empty()).then(|| message(d, id, words, "list", list.join("\n")))
    })
    .collect()
}

/// The phrases of a change.
fn said(d: &Dialogue, answers: &[Answer], words: &Words) -> String {
    let phrases: Vec<String> = answers
        .iter()
        .filter_map(|(fact, option)| {
            let f = &d.facts[*fact];
            let n = f.options[usize::from(*option)].id.as_str();
            let phrase = what_if::phrase(f, *option)?;
            Some(phrase.say.fill(&words.clone().with("n", n)))
        })
        .collect();
    phrases.join(", and ")
}

/// What keeps it from being self-care, each fact once with all of its answers that count.
fn keeps(d: &Dialogue, answers: &[Answer], words: &Words) -> String {
    let mut facts: Vec<(FactId, u32)> = Vec::new();
    for &(fact, option) in answers {
        match facts.iter_mut().find(|(f, _)| *f == fact) {
            Some((_, on)) => *on |= 1 << option,
            None => facts.push((fact, 1 << option)),
        }
    }
    let list: Vec<String> = facts
        .into_iter()
        .map(|(fact, on)| match labels_of(d, fact, on) {
            labels if labels == "Yes" => format!("• {}", d.facts[fact].name),
            labels => format!("• {}: {labels}", d.facts[fact].name),
        })
        .collect();
    message(d, "what_keeps", words, "answers", list.join("\n"))
}

fn message(d: &Dialogue, id: &str, words: &Words, name: &'static str, word: String) -> String {
    let words = words.clone().with(name, word);
    d.messages
        .get(id)
        .map(|m| m.text.fill(&words))
        .unwrap_or_default()
}
