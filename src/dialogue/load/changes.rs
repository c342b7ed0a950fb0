//! `CHANGES.yaml`: who signed that a form of the dialogue tells somebody less than the one before.

use super::*;
use crate::dialogue::{Change, Changed};

/// Read the entries once the form is known. An entry of another form is history: what it names may
/// be gone by now.
pub(super) fn read(l: &mut Loader<'_>, path: &str, file: &file::ChangesFile, d: &mut Dialogue) {
    for entry in &file.changes {
        let of = match (&entry.rule, &entry.screen) {
            (Some(rule), None) => Changed::Rule(rule.value.clone()),
            (None, Some(screen)) => Changed::Screen(screen.value.clone()),
            _ => {
                l.say(
                    Code::BadChange,
                    path,
                    span_of(&entry.form),
                    "an entry names a rule or a screen, one of the two".into(),
                    "Sign for each in an entry of its own; `backtalk diff` prints the entries that are missing.",
                );
                continue;
            }
        };
        if entry.form.value == d.form.to_string() {
            named(l, path, entry, d);
        }
        complete(l, path, entry);
        for id in &entry.source {
            if let Some(source) = d.sources.get_mut(&id.value) {
                source.used_by.push(of.to_string());
            } else {
                let cure = did_you_mean(&id.value, d.sources.keys().map(String::as_str));
                let message = format!("there is no source `{}`", id.value);
                l.say(Code::UnknownSource, path, span_of(id), message, cure);
            }
        }
        d.changes.push(Change {
            of,
            form: entry.form.value.clone(),
            reason: entry.reason.value.clone(),
            source: entry.source.iter().map(|s| s.value.clone()).collect(),
            who: entry.who.value.clone(),
            date: entry.date.value.clone(),
        });
    }
}

/// What an entry of this form names is there, or else it says that it is gone.
fn named(l: &mut Loader<'_>, path: &str, entry: &file::ChangeEntry, d: &Dialogue) {
    let rules = || d.rules.iter().map(|r| r.id.as_str());
    let screens = || d.screens.iter().map(|s| s.id.as_str());
    let (kind, code, id, known): (_, _, _, Vec<&str>) = match (&entry.rule, &entry.screen) {
        (Some(rule), _) => ("rule", Code::UnknownRule, rule, rules().collect()),
        (_, Some(screen)) => ("screen", Code::UnknownScreen, screen, screens().collect()),
        _ => return,
    };
    match (known.contains(&id.value.as_str()), entry.removed) {
        (true, false) | (false, true) => {}
        (false, false) => l.say(
            code,
            path,
            span_of(id),
            format!("there is no {kind} `{}`", id.value),
            format!(
                "{} Of one that this form takes out say `removed: true`.",
                did_you_mean(&id.value, known.iter().copied())
            ),
        ),
        (true, true) => l.say(
            Code::BadChange,
            path,
            span_of(id),
            format!(
                "the {kind} `{}` is said to be removed and is there",
                id.value
            ),
            "Leave `removed` out, or take it out of the dialogue.",
        ),
    }
}

/// A signature has a reason, a source, a name and a day.
fn complete(l: &mut Loader<'_>, path: &str, entry: &file::ChangeEntry) {
    let mut refuse = |at: &Text, message: &str, cure: &str| {
        l.say(Code::BadChange, path, span_of(at), message.into(), cure);
    };
    if entry.reason.value.trim().is_empty() {
        refuse(
            &entry.reason,
            "the reason of this change is empty",
            "Say why it is right to tell these people less.",
        );
    }
    if entry.who.value.trim().is_empty() {
        refuse(
            &entry.who,
            "nobody signs this change",
            "Name and profession of who decided it.",
        );
    }
    if entry.source.is_empty() {
        refuse(
            &entry.form,
            "this change has no source",
            "Name an id of sources.yaml; our own choices are OUR-JUDGEMENT.",
        );
    }
    if entry.date.value.parse::<jiff::civil::Date>().is_err() || entry.date.value.len() != 10 {
        refuse(
            &entry.date,
            "the day of this change cannot be read",
            "Write it as YYYY-MM-DD, such as 2026-03-02.",
        );
    }
}
