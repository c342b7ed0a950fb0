//! Goes through an exported conversation event by event, and holds what was told against the rules.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::write::{outcome, rules_told};
use super::{Asked, Choice, Outcome, Said};
use super::{read, rounds};
use crate::dialogue::Dialogue;
use crate::engine::fold::State;
use crate::engine::session::{Session, What};
use crate::engine::verdict::{assessment, name_of};

/// The longest part of a question that a line of the conversation repeats.
const QUESTION: usize = 90;

/// A conversation that was gone through again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraced {
    /// What happened, one line each, in order of time.
    pub lines: Vec<String>,
    /// What does not hold, each in a sentence; nothing when all does.
    pub wrong: Vec<String>,
}

/// Build the session of an export event by event. At each verdict the rules must give what was
/// told, over what was known then, and in the end the result must be that of the file.
///
/// The errors are those of a file that cannot be read at all.
pub fn retrace(d: &Dialogue, json: &str) -> Result<Retraced, Vec<String>> {
    let file = read::parse(json)?;
    let whole = read::session(d, &file)?;
    let mut wrong = Vec::new();
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut so_far = Session {
        log: Vec::new(),
        ..whole.clone()
    };
    for (n, (&event, line)) in whole.log.iter().zip(&file.answers).enumerate() {
        if let What::Told { disposition } = event.what
            // What was told by older rules is not held against those of today.
            && !whole.is_of_older_form(n)
        {
            let state = State::of(d, &so_far);
            let found = assessment(d, &state).disposition;
            // It never falls before the danger signs were asked again.
            let due = state.floor.map_or(found, |floor| found.max(floor));
            if due != disposition {
                wrong.push(format!(
                    "answers, line {}: {} was told, and the rules give {} then.",
                    n + 1,
                    name_of(disposition),
                    name_of(due)
                ));
            }
            let rules = rules_told(d, &so_far, n);
            if let Said::Told { rules: said, .. } = &line.what
                && *said != rules
            {
                wrong.push(format!(
                    "answers, line {}: the rules were {}, and are {} now.",
                    n + 1,
                    list(said),
                    list(&rules)
                ));
            }
        }
        so_far.log.push(event);
        lines.push((event.at_ms, told(&line.what)));
    }
    compare(&file.result, &outcome(d, &so_far), &mut wrong);
    lines.extend(rounds::told(d, &whole));
    lines.sort_by_key(|(at_ms, _)| *at_ms);
    let lines = lines
        .into_iter()
        .map(|(at_ms, said)| format!("{}  {said}", clock(at_ms)))
        .collect();
    Ok(Retraced { lines, wrong })
}

/// Every part of the result that is another one now.
fn compare(said: &Outcome, is: &Outcome, wrong: &mut Vec<String>) {
    let disposition = |o: &Outcome| o.disposition.map_or("none", name_of);
    let mut differs = |what: &str, said: &str, is: &str| {
        if said != is {
            wrong.push(format!("result, {what}: it was {said}, and is {is} now."));
        }
    };
    differs("disposition", disposition(said), disposition(is));
    differs("rules", &list(&said.rules), &list(&is.rules));
    differs("stands", &said.stands, &is.stands);
    let mut ids: Vec<&String> = said
        .facts
        .iter()
        .chain(&is.facts)
        .map(|f| &f.fact)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let known = |o: &Outcome, id: &str| {
        o.facts.iter().find(|f| f.fact == id).map_or_else(
            || "not known".to_owned(),
            |f| match f.is_not.as_slice() {
                [] => list(&f.is),
                not => format!("{} and not {}", list(&f.is), list(not)),
            },
        )
    };
    for id in ids {
        differs(&format!("fact {id}"), &known(said, id), &known(is, id));
    }
}

/// One event as a line: what was asked, and what was answered.
fn told(said: &Said) -> String {
    match said {
        Said::Answered(c) => answered(c, "", &c.answer),
        Said::Ticked(c) => answered(c, "✓ ", &c.answer),
        Said::Unticked(c) => answered(c, "not any more: ", &c.answer),
        Said::Finished(a) => format!("{}  →  done, nothing else", short(&a.question)),
        Said::Skipped(a) => format!("{}  →  skipped", short(&a.question)),
        Said::Reopened(Asked { question, .. }) => format!("asked again: {}", short(question)),
        Said::Explained {
            question, answer, ..
        }
        | Said::Fact {
            question, answer, ..
        } => format!("{}  →  {answer}", short(question)),
        Said::Told { disposition, rules } => {
            format!("was told: {} ({})", name_of(*disposition), list(rules))
        }
        Said::Began => "began a check".into(),
        Said::BeganAgain => "began to answer the danger signs again".into(),
        Said::Undone => "took the last answer back".into(),
        Said::Withdrawn => "said it was a slip".into(),
        Said::Planned => "asked for the plan".into(),
        Said::CameBack { danger_again: true } => "came back after more than a day".into(),
        Said::CameBack { .. } => "came back after a pause".into(),
        Said::NothingNew => "nothing was new".into(),
        Said::CheckIn { check_in, .. } => format!("was asked at a check-in: {check_in}"),
        Said::CheckedIn => "the check-in was over".into(),
        Said::First(a) => format!("is asked first: {}", short(&a.question)),
        Said::Moved { .. } => "went on with a newer version of the questions".into(),
        Said::Recalled => "was told that newer rules find it more urgent".into(),
    }
}

fn answered(c: &Choice, mark: &str, answer: &str) -> String {
    format!("{}  →  {mark}{answer}", short(&c.question))
}

fn list(ids: &[String]) -> String {
    if ids.is_empty() {
        "none".into()
    } else {
        ids.join(", ")
    }
}

/// A question in one line that is not too long.
fn short(question: &str) -> String {
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUESTION {
        return line;
    }
    let start: String = line.chars().take(QUESTION).collect();
    format!("{}…", start.trim_end())
}

/// A moment as people write it, in UTC.
fn clock(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|t| {
            t.to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        })
        .unwrap_or_default()
}
