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
        out.push(differs(
            "The question message differs.",
            s.line,
            shape(s.is.as_ref()),
            form(seen.sees.as_ref()),
        ));
    }
    if let Some(s) = &expect.asks
        && s.is != seen.asks
    {
        let id = |id: &Option<String>| vec![id.clone().unwrap_or(NOTHING.to_owned())];
        out.push(differs(
            "What is asked differs.",
            s.line,
            id(&s.is),
            id(&seen.asks),
        ));
    }
    if let Some(s) = &expect.state
        && s.is != seen.state
    {
        out.push(differs(
            "The state differs.",
            s.line,
            vec![s.is.clone()],
            vec![seen.state.clone()],
        ));
    }
    if let Some(s) = &expect.rules
        && !seen.rules.as_ref().is_some_and(|ids| s.is.accept(ids))
    {
        let actual = seen
            .rules
            .as_ref()
            .map_or("no verdict was told".to_owned(), |ids| {
                print_rules(&Rules::exactly(ids))
            });
        out.push(differs(
            "The rules differ.",
            s.line,
            vec![print_rules(&s.is)],
            vec![actual],
        ));
    }
    if let Some(s) = &expect.due
        && s.is != seen.due
    {
        let due = |due| vec![moment::print_due(due, &turn.at)];
        out.push(differs(
            "The next timer differs.",
            s.line,
            due(s.is),
            due(seen.due),
        ));
    }
    if is_last && let Some(missing) = last_must_state(turn) {
        out.push(Mismatch {
            line: turn.line.0,
            what: missing.to_owned(),
            expected: Vec::new(),
            actual: Vec::new(),
        });
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
    Mismatch {
        line: line.0,
        what: what.to_owned(),
        expected,
        actual,
    }
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
    align(wanted.len(), seen.len(), |i, j| {
        wanted[i].is.accepts(&seen[j])
    })
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
            Pair::Second(j) => (
                "A message came that is not written down here.",
                None,
                Some(j),
            ),
        };
        if let Some(i) = i {
            line = wanted[i].line;
        }
        out.push(Mismatch {
            line: line.0,
            what: what.to_owned(),
            expected: i.map(|i| wanted[i].is.plain()).unwrap_or_default(),
            actual: j
                .map(|j| Message::exactly(&seen[j]).plain())
                .unwrap_or_default(),
        });
    }
}

impl Rules {
    /// These rules and no others.
    pub fn exactly(ids: &[String]) -> Rules {
        Rules {
            ids: ids.to_vec(),
            others: false,
        }
    }

    /// Whether these are such rules.
    pub fn accept(&self, ids: &[String]) -> bool {
        self.ids.iter().all(|id| ids.contains(id))
            && (self.others || ids.iter().all(|id| self.ids.contains(id)))
    }
}

/// The lines of the difference: a minus before what was expected, a plus before what happened.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)?;
        let (expected, actual) = (&self.expected, &self.actual);
        let mut plus: Vec<usize> = Vec::new();
        let pairs = align(expected.len(), actual.len(), |i, j| {
            expected[i] == actual[j]
        });
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
    plus.drain(..)
        .try_for_each(|j| write!(f, "\n  + {}", actual[j]))
}

/// What a failed replay says to whoever runs it: what must hold, and where it does not.
pub fn report(path: &str, replay: &Replay, mismatches: &[Mismatch]) -> String {
    let mut out = format!("{path}\n{}\n", replay.must_hold());
    for m in mismatches {
        out.push_str(&format!("\n{path}, {m}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::parse_draft;
    use super::*;

    const TOP: &str = "# It holds.\ndialogue: back_spasm\n--- 2026-03-02 Europe/London\n";

    fn turn(body: &str) -> Turn {
        let replay = parse_draft(&format!("{TOP}{body}")).unwrap();
        replay.turns().next().unwrap().clone()
    }

    fn seen() -> Observed {
        Observed {
            bot: vec![
                Seen::new("One.\nTwo.", [vec!["Yes".to_owned(), "No".to_owned()]]),
                Seen::new("Three.", []),
            ],
            sees: None,
            asks: None,
            state: "verdict.urgent".to_owned(),
            rules: Some(vec!["U01_a".to_owned(), "U02_b".to_owned()]),
            due: Some("2026-03-03T08:00:00Z".parse().unwrap()),
        }
    }

    /// What is said when a turn, written on line 4 and below, did what [`seen`] says.
    fn check(body: &str, expected: &[&str]) {
        let found: Vec<String> = compare(&turn(body), &seen(), false)
            .iter()
            .map(|m| m.to_string())
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn what_holds_is_not_mentioned() {
        check(
            "09:00  bot    One.\n              Two.\n              [Yes] [No]\n       bot    Three.\n",
            &[],
        );
        check(
            "09:00  bot    *\n       bot    *\n       sees   (nothing)\n       asks   (nothing)\n",
            &[],
        );
        check(
            "09:00  bot    One.\n              *\n              [*]\n       bot    Three.\n              *\n",
            &[],
        );
        check(
            "09:00  bot    *\n              [Yes] [No]\n       bot    *\n              []\n       rules  U02_b, *\n",
            &[],
        );
        check(
            "09:00  bot    *\n       bot    *\n       rules  U02_b, U01_a\n       due    2026-03-03 08:00\n",
            &[],
        );
    }

    #[test]
    fn a_message_that_differs_is_shown_line_by_line() {
        check(
            "09:00  bot    One.\n              2.\n              [Yes] [No]\n       bot    Three.\n              [OK]\n",
            &[
                "line 4: The message differs.\n    One.\n  - 2.\n  + Two.\n    [Yes] [No]",
                "line 7: The message differs.\n    Three.\n  - [OK]",
            ],
        );
    }

    #[test]
    fn a_message_too_many_or_too_few_is_reported_by_itself() {
        check(
            "09:00  bot    Three.\n",
            &[
                "line 4: A message came that is not written down here.\n  + One.\n  + Two.\n  + [Yes] [No]",
            ],
        );
        check(
            "09:00  bot    *\n       bot    Between.\n       bot    Three.\n",
            &["line 5: This message did not come.\n  - Between."],
        );
    }

    #[test]
    fn everything_else_that_is_stated_must_be_so() {
        check(
            "09:00  bot    *\n       bot    *\n       sees   Plan.\n       asks   plan\n       state  plan\n       rules  none\n       due    09:20\n",
            &[
                "line 6: The question message differs.\n  - Plan.\n  + (nothing)",
                "line 7: What is asked differs.\n  - plan\n  + (nothing)",
                "line 8: The state differs.\n  - plan\n  + verdict.urgent",
                "line 9: The rules differ.\n  - none\n  + U01_a, U02_b",
                "line 10: The next timer differs.\n  - 09:20\n  + 2026-03-03 08:00",
            ],
        );
        let quiet = Observed {
            rules: None,
            ..seen()
        };
        let found = compare(
            &turn("09:00  bot    *\n       bot    *\n       rules  none\n"),
            &quiet,
            false,
        );
        assert_eq!(found[0].actual, ["no verdict was told"]);
    }

    #[test]
    fn the_last_turn_must_say_how_it_ends() {
        let found = compare(&turn("09:00  bot    *\n       bot    *\n"), &seen(), true);
        assert_eq!(
            found[0].to_string(),
            "line 4: The last turn says neither `state` nor `due`."
        );
    }

    #[test]
    fn a_report_begins_with_what_must_hold() {
        let replay = parse_draft(&format!("{TOP}09:00  bot    *\n")).unwrap();
        let found = compare(replay.turns().next().unwrap(), &seen(), false);
        let text = report("a.replay", &replay, &found);
        assert!(
            text.starts_with("a.replay\nIt holds.\n\na.replay, line 4: "),
            "{text}"
        );
    }
}
