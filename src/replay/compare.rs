//! What a turn should have done against what it did.

use std::fmt;

use super::align::{Pair, align};
use super::message::{Message, NOTHING, Seen};
use super::print::print_rules;
use super::{At, Observed, Replay, Rules, Stated, Turn, moment};

/// A place where a replay and what happened part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The line in the replay's file.
    pub line: usize,
    /// What is wrong, in a few words.
    pub what: String,
    /// What the replay says, line by line.
    pub expected: Vec<String>,
    /// What happened, line by line.
    pub actual: Vec<String>,
}

/// Everything in which a turn did something else than its replay says. The last turn of a replay
/// must state where the conversation stands and when the next timer fires.
pub fn compare(turn: &Turn, seen: &Observed, is_last: bool) -> Vec<Mismatch> {
    let mut out = Vec::new();
    messages(turn, &seen.bot, &mut out);
    let expect = &turn.expect;
    if let Some(s) = &expect.sees
        && !accepts(s.is.as_ref(), seen.sees.as_ref())
    {
        out.push(differs("the question message", s.line, shape(s.is.as_ref()), form(seen.sees.as_ref())));
    }
    if let Some(s) = &expect.asks
        && s.is != seen.asks
    {
        let id = |id: &Option<String>| vec![id.clone().unwrap_or(NOTHING.to_owned())];
        out.push(differs("what is asked", s.line, id(&s.is), id(&seen.asks)));
    }
    if let Some(s) = &expect.state
        && s.is != seen.state
    {
        out.push(differs("the state", s.line, vec![s.is.clone()], vec![seen.state.clone()]));
    }
    if let Some(s) = &expect.rules
        && !seen.rules.as_ref().is_some_and(|ids| s.is.accept(ids))
    {
        let actual = seen.rules.as_ref().map_or("no verdict was told".to_owned(), |ids| print_rules(&Rules::exactly(ids)));
        out.push(differs("the rules", s.line, vec![print_rules(&s.is)], vec![actual]));
    }
    if let Some(s) = &expect.due
        && s.is != seen.due
    {
        let due = |due| vec![moment::print_due(due, &turn.at)];
        out.push(differs("the next timer", s.line, due(s.is), due(seen.due)));
    }
    if is_last && let Some(missing) = last_must_state(turn) {
        out.push(Mismatch { line: turn.line.0, what: missing.to_owned(), expected: Vec::new(), actual: Vec::new() });
    }
    out
}

/// What the last turn of a replay leaves out.
pub(super) fn last_must_state(turn: &Turn) -> Option<&'static str> {
    let stands = turn.expect.state.is_some() || turn.expect.asks.is_some();
    match (stands, turn.expect.due.is_some()) {
        (true, true) => None,
        (false, true) => Some("The last turn does not say `state`."),
        (true, false) => Some("The last turn does not say `due`."),
        (false, false) => Some("The last turn says neither `state` nor `due`."),
    }
}

fn differs(what: &str, line: At, expected: Vec<String>, actual: Vec<String>) -> Mismatch {
    Mismatch { line: line.0, what: format!("{} differs.", capital(what)), expected, actual }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

pub(super) fn accepts(wanted: Option<&Message>, seen: Option<&Seen>) -> bool {
    match (wanted, seen) {
        (None, None) => true,
        (Some(wanted), Some(seen)) => wanted.accepts(seen),
        _ => false,
    }
}

fn shape(message: Option<&Message>) -> Vec<String> {
    message.map_or_else(|| vec![NOTHING.to_owned()], Message::plain)
}

fn form(seen: Option<&Seen>) -> Vec<String> {
    shape(seen.map(Message::exactly).as_ref())
}

/// The wanted messages of a turn beside those that came.
pub(super) fn align_messages(wanted: &[Stated<Message>], seen: &[Seen]) -> Vec<Pair> {
    align(wanted.len(), seen.len(), |i, j| wanted[i].is.accepts(&seen[j]))
}

fn messages(turn: &Turn, seen: &[Seen], out: &mut Vec<Mismatch>) {
    let wanted = &turn.expect.bot;
    let mut line = turn.line;
    for pair in align_messages(wanted, seen) {
        let (what, i, j) = match pair {
            Pair::Same(i, _) => {
                line = wanted[i].line;
                continue;
            }
            Pair::Differ(i, j) => ("The message differs.", Some(i), Some(j)),
            Pair::First(i) => ("This message did not come.", Some(i), None),
            Pair::Second(j) => ("A message came that is not written down here.", None, Some(j)),
        };
        if let Some(i) = i {
            line = wanted[i].line;
        }
        out.push(Mismatch {
            line: line.0,
            what: what.to_owned(),
            expected: i.map(|i| wanted[i].is.plain()).unwrap_or_default(),
            actual: j.map(|j| Message::exactly(&seen[j]).plain()).unwrap_or_default(),
        });
    }
}

impl Rules {
    /// These rules and no others.
    pub fn exactly(ids: &[String]) -> Rules {
        Rules { ids: ids.to_vec(), others: false }
    }

    /// Whether these are such rules.
    pub fn accept(&self, ids: &[String]) -> bool {
        self.ids.iter().all(|id| ids.contains(id)) && (self.others || ids.iter().all(|id| self.ids.contains(id)))
    }
}

/// The lines of the difference: a minus before what was expected, a plus before what happened.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)?;
        let (expected, actual) = (&self.expected, &self.actual);
        let mut plus: Vec<usize> = Vec::new();
        let pairs = align(expected.len(), actual.len(), |i, j| expected[i] == actual[j]);
        for pair in pairs {
            if let Pair::Same(i, _) = pair {
                later(f, &mut plus, actual)?;
                write!(f, "\n    {}", expected[i])?;
                continue;
            }
            if let Pair::Differ(i, _) | Pair::First(i) = pair {
                write!(f, "\n  - {}", expected[i])?;
            }
            if let Pair::Differ(_, j) | Pair::Second(j) = pair {
                plus.push(j);
            }
        }
        later(f, &mut plus, actual)
    }
}

fn later(f: &mut fmt::Formatter<'_>, plus: &mut Vec<usize>, actual: &[String]) -> fmt::Result {
    plus.drain(..).try_for_each(|j| write!(f, "\n  + {}", actual[j]))
}

/// What a failed replay says to whoever runs it: what must hold, and where it does not.
pub fn report(path: &str, replay: &Replay, mismatches: &[Mismatch]) -> String {
    let mut out = format!("{path}\n{}\n", replay.must_hold());
    for m in mismatches {
        out.push_str(&format!("\n{path}, {m}\n"));
    }
    out
}
