//! L8: messages have what they fill in, fit Telegram, and carry the country's number.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::answerer;
use crate::dialogue::{Dialogue, Disposition, Knowledge};
use crate::engine::verdict::{EMERGENCY_LIMIT, verdict};
use crate::engine::view::message_view;
use crate::engine::words::words;
use crate::engine::{Session, State};
use crate::proof::space::{LEVELS, People};
use crate::proof::{Broken, Exercised, Proved, World};

/// The most characters of a message (Bot API, sendMessage).
const LONGEST: usize = 4096;

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let d = w.d();
    let mut out = Proved::default();
    let people = people(w);
    let mut countries: Vec<Option<String>> = d
        .numbers
        .countries
        .iter()
        .map(|c| Some(c.code.clone()))
        .collect();
    countries.push(None);
    let mut seen = 0;
    let mut broken: BTreeSet<String> = BTreeSet::new();
    for (person, level) in &people {
        let held = answerer::hold(d, person, Timestamp::UNIX_EPOCH);
        let mut session = held.session;
        let Some(event) = State::of(d, &session).told.map(|t| t.index) else {
            continue;
        };
        for country in &countries {
            session.country.clone_from(country);
            let text = verdict(d, &session, event).text;
            seen += 1;
            for what in wrong_with(d, &session, &text, *level) {
                let first = broken.insert(what.clone());
                if first {
                    out.broken.push(Broken {
                        what: format!(
                            "{what} (country {})",
                            country.as_deref().unwrap_or("unknown")
                        ),
                        person: Some(person.clone()),
                        lawful: None,
                    });
                }
            }
        }
    }
    let messages = every_message(w, &countries, &mut out);
    out.how = format!(
        "{seen} verdicts rendered, of {} people: one for every rule, and the ones to whom most is said at once, in {} countries; {messages} other messages in every country and voice; and BT codes of `backtalk check` for the parts they are made of",
        people.len(),
        countries.len()
    );
    out
}

/// Somebody for every rule, and for every disposition those to whom most is said at once.
fn people(w: &World<'_>) -> Vec<(Knowledge, Disposition)> {
    let d = w.d();
    let mut out: Vec<(Knowledge, Disposition)> = Vec::new();
    let mut add = |who: &People, level: Disposition| {
        if let Some(person) = w.somebody(who)
            && !out.iter().any(|(p, _)| *p == person)
        {
            out.push((person, level));
        }
    };
    for rule in &d.rules {
        let level = rule.disposition;
        add(
            &w.verdict.holds(&rule.when).and(w.told.exactly(level)),
            level,
        );
    }
    for level in LEVELS {
        let of = w.told.exactly(level);
        for voice in d.voices.iter().map(|(_, when)| when) {
            add(&of.and(&w.verdict.holds(voice)), level);
        }
        add(&most_said(w, of), level);
        for (_, voice) in &d.voices {
            add(&most_said(w, &of.and(&w.verdict.holds(voice))), level);
        }
    }
    out
}

/// Of these people those for whom as many lines as possible are said, the longest first.
fn most_said(w: &World<'_>, people: &People) -> People {
    let d = w.d();
    let mut lines: Vec<(usize, People)> = Vec::new();
    for wait in &d.waits {
        lines.push((wait.say.source().len(), w.waits(wait)));
    }
    for line in &d.people {
        lines.push((
            line.say.source().len(),
            w.verdict.holds_told(&line.when, &w.told),
        ));
    }
    for rule in &d.rules {
        lines.push((rule.reason.source().len(), w.verdict.holds(&rule.when)));
    }
    lines.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    let mut out = w.there_are(people);
    for (_, who) in lines {
        let both = out.and(&who);
        if !both.is_false() {
            out = both;
        }
    }
    out
}

/// What is wrong with a verdict as it is sent.
fn wrong_with(d: &Dialogue, session: &Session, text: &str, level: Disposition) -> Vec<String> {
    let state = State::of(d, session);
    let words = words(d, session, &state);
    let has = |name: &str| words.get(name).is_some_and(|number| text.contains(number));
    let mut out = Vec::new();
    let what = crate::engine::verdict::name_of(level);
    if text.trim().is_empty() {
        out.push(format!("the verdict of {what} says nothing"));
    }
    if text.contains('{') {
        out.push(format!(
            "the verdict of {what} has a word that was not filled in"
        ));
    }
    let most = match level {
        Disposition::Emergency => EMERGENCY_LIMIT,
        _ => LONGEST,
    };
    let length = text.chars().count();
    if length > most {
        out.push(format!(
            "the verdict of {what} has {length} characters, more than {most}"
        ));
    }
    let needs = level > Disposition::NoTriage;
    if needs && !has("help_number") && !(has("crisis_line") && has("emergency_number")) {
        out.push(format!("the verdict of {what} names no number to call"));
    }
    out
}

/// Every message of the dialogue, in every country and voice.
fn every_message(w: &World<'_>, countries: &[Option<String>], out: &mut Proved) -> usize {
    let d = w.d();
    let mut ids: Vec<&String> = d.messages.keys().collect();
    ids.sort();
    let mut voices: Vec<Session> = Vec::new();
    let mut any = w.space.everybody();
    for (_, when) in &d.voices {
        let who = w.verdict.holds(when);
        any = any.and_not(&who);
        voices.extend(
            w.somebody(&who)
                .map(|p| answerer::hold(d, &p, Timestamp::UNIX_EPOCH).session),
        );
    }
    voices.extend(
        w.somebody(&any)
            .map(|p| answerer::hold(d, &p, Timestamp::UNIX_EPOCH).session),
    );
    for session in &mut voices {
        let state = State::of(d, session);
        for country in countries {
            session.country.clone_from(country);
            let words = words(d, session, &state);
            for id in &ids {
                let view = message_view(d, session, &state, &words, id);
                let length = view.text.chars().count();
                if length > LONGEST {
                    out.broken.push(Broken::of_dialogue(format!(
                        "the message `{id}` has {length} characters, more than {LONGEST}"
                    )));
                }
            }
        }
    }
    ids.len()
}
