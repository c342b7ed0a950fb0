//! Reading a replay file: every line that cannot be read is reported at once.

use std::fmt;

use jiff::{Timestamp, Zoned};

use super::compare::last_must_state;
use super::message::{Block, NOTHING, WORDS};
use super::value::{facts, is_name, keyword, reviewed, rules, said};
use super::{Above, Action, At, Day, Expect, Given, Replay, Start, Stated, Turn, moment};
use crate::dialogue::issue::did_you_mean;

/// Something in a replay file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong, in a sentence.
    pub message: String,
    /// How to cure it.
    pub cure: String,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} {}",
            self.line, self.column, self.message, self.cure
        )
    }
}

impl std::error::Error for ReplayError {}

/// The errors as a person reads them, each under its line.
pub fn explain(path: &str, text: &str, errors: &[ReplayError]) -> String {
    let mut out = String::new();
    for e in errors {
        let line = text.split('\n').nth(e.line - 1).unwrap_or("").trim_end();
        let gutter = e.line.to_string();
        let pad = " ".repeat(gutter.len());
        let caret = " ".repeat(e.column - 1);
        out.push_str(&format!(
            "{path}:{}:{}: {}\n{gutter} | {line}\n{pad} | {caret}^\n{pad}   {}\n\n",
            e.line, e.column, e.message, e.cure
        ));
    }
    out
}

/// Read a replay.
pub fn parse(text: &str) -> Result<Replay, Vec<ReplayError>> {
    read(text, true)
}

/// Read a replay whose expectations are still to be filled: the last turn may leave out `state` and
/// `due`.
pub fn parse_draft(text: &str) -> Result<Replay, Vec<ReplayError>> {
    read(text, false)
}

fn read(text: &str, complete: bool) -> Result<Replay, Vec<ReplayError>> {
    let mut reader = Reader::new();
    for (n, raw) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        reader.number = n + 1;
        reader.raw = raw.trim_end();
        reader.line();
    }
    reader.end(complete)
}

/// What a column-15 line goes on with.
enum Open<'a> {
    Nothing,
    /// A message, to be put down as `bot` or `sees` when it ends.
    Message {
        bot: bool,
        above: Above,
        line: usize,
        block: Block,
    },
    /// Facts whose brace is not closed yet: their text so far, and where they began.
    Facts {
        above: Above,
        line: usize,
        text: String,
        raw: &'a str,
    },
    /// Lines of a message that was refused.
    Refused,
}

struct Reader<'a> {
    number: usize,
    raw: &'a str,
    above: Above,
    open: Open<'a>,
    replay: Replay,
    header_begun: bool,
    last: Option<Zoned>,
    errors: Vec<ReplayError>,
}

impl<'a> Reader<'a> {
    fn new() -> Reader<'a> {
        Reader {
            number: 1,
            raw: "",
            above: Above::new(),
            open: Open::Nothing,
            replay: Replay {
                comment: Above::new(),
                dialogue: String::new(),
                reviewed: None,
                country: None,
                language: None,
                given: None,
                days: Vec::new(),
                below: Above::new(),
            },
            header_begun: false,
            last: None,
            errors: Vec::new(),
        }
    }

    /// Report something about `part`, which ends where the line ends.
    fn wrong(&mut self, part: &str, message: impl Into<String>, cure: impl Into<String>) {
        let before = self.raw.len().saturating_sub(part.len());
        let column = self.raw.get(..before).unwrap_or("").chars().count() + 1;
        self.errors.push(ReplayError {
            line: self.number,
            column,
            message: message.into(),
            cure: cure.into(),
        });
    }

    fn wrong_at(&mut self, line: usize, message: impl Into<String>, cure: impl Into<String>) {
        self.errors.push(ReplayError {
            line,
            column: 1,
            message: message.into(),
            cure: cure.into(),
        });
    }

    fn line(&mut self) {
        let raw = self.raw;
        if raw.is_empty() || raw.starts_with('#') {
            return self.above.push(raw.to_owned());
        }
        let text = raw.trim_start_matches(' ');
        let indent = raw.len() - text.len();
        if text.starts_with('\t') {
            return self.wrong(text, "A tab stands here.", "Indent with spaces.");
        }
        if indent > 0 && matches!(self.open, Open::Facts { .. }) {
            return self.more_facts(text);
        }
        if indent >= WORDS {
            return self.words(text, indent);
        }
        self.close();
        match (indent, text.as_bytes().first()) {
            (1.., _) => self.expectation(text),
            (_, Some(b'0'..=b'9')) => self.turn(text),
            _ if text.starts_with("---") => self.day(text),
            _ if keyword(text).0 == "given" => self.given(text),
            _ => self.header(text),
        }
    }

    /// The lines above, blank ones in a row as one.
    fn take_above(&mut self) -> Above {
        tidy(std::mem::take(&mut self.above))
    }

    // ---- the header ------------------------------------------------------------------------

    fn header(&mut self, text: &'a str) {
        let Some((key, value)) = text
            .split_once(':')
            .filter(|(k, _)| k.bytes().all(|b| b.is_ascii_lowercase()))
        else {
            return self.wrong(
                text,
                "This line cannot be read.",
                "A turn begins with a time, a day with ---, and what must follow is indented by 7 spaces.",
            );
        };
        let value = value.trim_start();
        let above = self.take_above();
        if !self.replay.days.is_empty() {
            return self.wrong(
                text,
                format!("`{key}` stands below a day."),
                "Write it at the top of the file.",
            );
        }
        if !self.header_begun {
            self.header_begun = true;
            self.replay.comment = above.into_iter().skip_while(String::is_empty).collect();
        } else if above.iter().any(|l| !l.is_empty()) {
            self.wrong(
                text,
                "A comment stands inside the header.",
                "Write it above the first line of the header.",
            );
        }
        if value.is_empty() {
            return self.wrong(
                text,
                format!("`{key}` is empty."),
                "Write a value behind the colon, or leave the line out.",
            );
        }
        let (line, replay) = (self.number, &mut self.replay);
        let double = match key {
            "dialogue" => !std::mem::replace(&mut replay.dialogue, value.to_owned()).is_empty(),
            "country" if value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()) => {
                replay.country.replace(value.to_ascii_uppercase()).is_some()
            }
            "country" => {
                return self.wrong(
                    value,
                    format!("`{value}` is not a country."),
                    "Write its two letters, such as GB.",
                );
            }
            "language" => replay.language.replace(value.to_owned()).is_some(),
            "reviewed" => match reviewed(value) {
                Ok(reviewed) => replay.reviewed.replace(reviewed).is_some(),
                Err((message, cure)) => return self.wrong(value, message, cure),
            },
            other => {
                let cure = did_you_mean(other, ["dialogue", "reviewed", "country", "language"]);
                return self.wrong(
                    text,
                    format!("`{other}` is not a line of the header."),
                    cure,
                );
            }
        };
        if double {
            self.wrong_at(line, format!("`{key}` stands twice."), "Keep one of them.");
        }
    }

    // ---- days and starts -------------------------------------------------------------------

    fn day(&mut self, text: &'a str) {
        let above = self.take_above();
        let rest = text.trim_start_matches('-').trim_start();
        let (date, zone) = keyword(rest);
        let before = self.replay.days.last();
        let zone = match (zone, before) {
            ("", Some(before)) => Ok(before.zone.clone()),
            ("", None) => Err((
                "The day has no time zone.".into(),
                "Write it behind the date, such as Europe/London.".into(),
            )),
            (name, _) => moment::zone(name),
        };
        let date = moment::read_date(date);
        let back = match (&date, before) {
            (Ok(date), Some(before)) => *date < before.date,
            _ => false,
        };
        for (message, cure) in date.as_ref().err().into_iter().chain(zone.as_ref().err()) {
            self.wrong(rest, message.as_str(), cure.as_str());
        }
        if back {
            self.wrong(
                rest,
                "This day is before the last one.",
                "Write the days in order.",
            );
        }
        let nowhere = epoch();
        self.replay.days.push(Day {
            above,
            date: date.unwrap_or(nowhere.date()),
            zone: zone.unwrap_or(nowhere.time_zone().clone()),
            turns: Vec::new(),
        });
    }

    fn given(&mut self, text: &'a str) {
        let above = self.take_above();
        if self.replay.days.len() != 1 || !self.replay.days[0].turns.is_empty() {
            return self.wrong(
                text,
                "`given` stands out of place.",
                "Write it below the first day, above the first turn.",
            );
        }
        if self.replay.given.is_some() {
            return self.wrong(
                text,
                "`given` stands twice.",
                "A replay starts from one place. Keep one of them.",
            );
        }
        let (kind, rest) = keyword(keyword(text).1);
        let line = At(self.number);
        match kind {
            "replay" if is_name(rest) => {
                self.replay.given = Some(Given {
                    above,
                    line,
                    from: Start::Replay(rest.to_owned()),
                });
            }
            "replay" => self.wrong(
                rest,
                "The replay is not named.",
                "Write its file name without the ending.",
            ),
            "facts" if rest.starts_with('{') => {
                self.open = Open::Facts {
                    above,
                    line: self.number,
                    text: String::new(),
                    raw: self.raw,
                };
                self.more_facts(rest);
            }
            "facts" => self.wrong(
                rest,
                "The facts have no brace.",
                "Write them as { duration: h0_24, pain_now: 6 }.",
            ),
            _ => self.wrong(
                text,
                "This start is not known.",
                "Write `given  replay NAME` or `given  facts { … }`.",
            ),
        }
    }

    fn more_facts(&mut self, more: &str) {
        self.above.clear();
        let Open::Facts {
            above, line, text, ..
        } = &mut self.open
        else {
            return;
        };
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(more);
        if !text.contains('}') {
            return;
        }
        let (above, line) = (std::mem::take(above), At(*line));
        let read = facts(text);
        self.open = Open::Nothing;
        match read {
            Ok(facts) => {
                self.replay.given = Some(Given {
                    above,
                    line,
                    from: Start::Facts(facts),
                })
            }
            Err(part) => self.wrong(
                more,
                format!("The facts cannot be read at `{part}`."),
                "Write them as { duration: h0_24, pain_now: 6, pain_where: [neck, chest] }.",
            ),
        }
    }

    // ---- turns -----------------------------------------------------------------------------

    fn turn(&mut self, text: &'a str) {
        let above = self.take_above();
        let (time, rest) = keyword(text);
        if self.replay.days.is_empty() {
            self.wrong(
                text,
                "A turn stands before any day.",
                "Write a line such as `--- 2026-03-02 Europe/London` above.",
            );
            let nowhere = epoch();
            let zone = nowhere.time_zone().clone();
            self.replay.days.push(Day {
                above: Above::new(),
                date: nowhere.date(),
                zone,
                turns: Vec::new(),
            });
        }
        let at = match self.replay.days.last() {
            Some(day) => moment::read(time, day.date, &day.zone),
            None => Ok(epoch()),
        };
        let at = match at {
            Err((message, cure)) => {
                self.wrong(text, message, cure);
                self.last.clone().unwrap_or_else(epoch)
            }
            Ok(at) if self.last.as_ref().is_some_and(|last| at < *last) => {
                self.wrong(
                    text,
                    "The clock goes back here.",
                    "Write a line such as `--- 2026-03-03` above when it is another day.",
                );
                at
            }
            Ok(at) => at,
        };
        self.last = Some(at.clone());
        let (word, doing) = keyword(rest);
        let action = match word {
            "restart" if doing.is_empty() => Ok(Action::Restart),
            "restart" => Err((
                "Nothing stands behind `restart`.".into(),
                "Write what follows below it.".into(),
            )),
            "user" => said(doing),
            _ => Ok(Action::Wait),
        };
        let action = action.unwrap_or_else(|(message, cure)| {
            self.wrong(doing, message, cure);
            Action::Wait
        });
        let turn = Turn {
            above,
            line: At(self.number),
            at,
            action,
            expect: Expect::default(),
        };
        if let Some(day) = self.replay.days.last_mut() {
            day.turns.push(turn);
        }
        if !matches!(word, "" | "user" | "restart") {
            self.expectation(rest);
        }
    }

    fn expectation(&mut self, text: &'a str) {
        let above = self.take_above();
        let (word, value) = keyword(text);
        let line = At(self.number);
        let Some(turn) = self.replay.days.last_mut().and_then(|d| d.turns.last_mut()) else {
            return self.wrong(
                text,
                "This line belongs to no turn.",
                "Write a line that begins with a time above it.",
            );
        };
        let expect = &mut turn.expect;
        let double = match word {
            "bot" | "sees" if value != NOTHING => return self.message(word == "bot", above, value),
            "bot" => {
                let cure = "Leave the line out: a turn without `bot` is one without a message.";
                return self.wrong(value, "`bot` has no message.", cure);
            }
            "asks" | "state" | "rules" | "due" if value.is_empty() => {
                return self.wrong(
                    text,
                    format!("`{word}` is empty."),
                    "Write a value behind it, or leave the line out.",
                );
            }
            "sees" => put(&mut expect.sees, above, line, None),
            "asks" => put(
                &mut expect.asks,
                above,
                line,
                (value != NOTHING).then(|| value.to_owned()),
            ),
            "state" => put(&mut expect.state, above, line, value.to_owned()),
            "rules" => match rules(value) {
                Some(rules) => put(&mut expect.rules, above, line, rules),
                None => {
                    return self.wrong(
                        value,
                        "These rules cannot be read.",
                        "Write their ids with commas between them, or `none`.",
                    );
                }
            },
            "due" => match moment::read_due(value, &turn.at) {
                Ok(due) => put(&mut expect.due, above, line, due),
                Err((message, cure)) => return self.wrong(value, message, cure),
            },
            "user" | "restart" => {
                return self.wrong(
                    text,
                    format!("`{word}` has no time."),
                    "Write the time in front of it.",
                );
            }
            other => {
                self.open = Open::Refused;
                let cure = did_you_mean(
                    other,
                    [
                        "bot", "sees", "asks", "state", "rules", "due", "user", "restart",
                    ],
                );
                return self.wrong(
                    text,
                    format!("`{other}` is not something that can be expected."),
                    cure,
                );
            }
        };
        if double {
            self.wrong(
                text,
                format!("`{word}` stands twice in this turn."),
                "Keep one of them.",
            );
        }
    }

    // ---- messages --------------------------------------------------------------------------

    fn message(&mut self, bot: bool, above: Above, words: &str) {
        let mut block = Block::default();
        if !words.is_empty()
            && let Err((message, cure)) = block.line(words, 0)
        {
            self.wrong(words, message, cure);
        }
        self.open = Open::Message {
            bot,
            above,
            line: self.number,
            block,
        };
    }

    fn words(&mut self, text: &'a str, indent: usize) {
        let between = std::mem::take(&mut self.above);
        let result = match &mut self.open {
            Open::Message { .. } if between.iter().any(|l| !l.is_empty()) => Err((
                "A comment stands inside this message.",
                "Write it above the message.",
            )),
            Open::Message { block, .. } if indent == WORDS => block.line(text, between.len()),
            Open::Message { block, .. } => block.go_on(text, between.len()),
            Open::Refused => Ok(()),
            _ => Err((
                "This line belongs to no message.",
                "Indent it by 7 spaces if it is something that must follow.",
            )),
        };
        if let Err((message, cure)) = result {
            self.wrong(text, message, cure);
        }
    }

    /// Put down what was open.
    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Refused => {}
            Open::Facts { line, raw, .. } => {
                let column = raw.find('{').map_or(1, |at| raw[..at].chars().count() + 1);
                let (message, cure) = (
                    "This brace is not closed.".to_owned(),
                    "Write } behind the facts.".to_owned(),
                );
                self.errors.push(ReplayError {
                    line,
                    column,
                    message,
                    cure,
                });
            }
            Open::Message {
                bot,
                above,
                line,
                block,
            } => {
                let turn = self.replay.days.last_mut().and_then(|d| d.turns.last_mut());
                let (Some(turn), Some(message)) = (turn, block.end()) else {
                    return self.wrong_at(
                        line,
                        "The message is empty.",
                        "Write its words, or * for any, or leave the line out.",
                    );
                };
                if bot {
                    turn.expect.bot.push(Stated {
                        above,
                        line: At(line),
                        is: message,
                    });
                } else if put(&mut turn.expect.sees, above, At(line), Some(message)) {
                    self.wrong_at(
                        line,
                        "`sees` stands twice in this turn.",
                        "Keep one of them.",
                    );
                }
            }
        }
    }

    // ---- the end ---------------------------------------------------------------------------

    fn end(mut self, complete: bool) -> Result<Replay, Vec<ReplayError>> {
        self.close();
        let mut below = self.take_above();
        while below.last().is_some_and(String::is_empty) {
            below.pop();
        }
        self.replay.below = below;
        if self.replay.must_hold().is_empty() {
            self.wrong_at(
                1,
                "The file does not say what must hold.",
                "Say it in a comment on the first line.",
            );
        }
        if self.replay.dialogue.is_empty() {
            self.wrong_at(
                1,
                "The dialogue is not named.",
                "Write `dialogue: back_spasm` below the comment.",
            );
        }
        let last = self
            .replay
            .turns()
            .last()
            .map(|t| (t.line.0, last_must_state(t)));
        match last {
            None => self.wrong_at(
                1,
                "Nothing happens.",
                "Write a day, and a line that begins with a time.",
            ),
            Some((line, Some(missing))) if complete => {
                self.wrong_at(line, missing, "Write it, or fill it in with `--accept`.");
            }
            Some(_) => {}
        }
        self.replay.turns_mut().for_each(Turn::settle);
        self.errors.sort_by_key(|e| (e.line, e.column));
        if self.errors.is_empty() {
            Ok(self.replay)
        } else {
            Err(self.errors)
        }
    }
}

/// Blank lines in a row become one.
pub(super) fn tidy(mut above: Above) -> Above {
    above.dedup_by(|a, b| a.is_empty() && b.is_empty());
    above
}

/// A moment that stands in for one that cannot be read.
fn epoch() -> Zoned {
    Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)
}

/// Whether something stood there before.
fn put<T>(slot: &mut Option<Stated<T>>, above: Above, line: At, is: T) -> bool {
    slot.replace(Stated { above, line, is }).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: &str = "# It holds.\ndialogue: back_spasm\n\n--- 2026-03-28 Europe/London\n";

    /// A body below [`TOP`] gives exactly these errors, as `line:column: message`; lines count from
    /// the first of the body.
    fn check(body: &str, expected: &[&str]) {
        let errors = parse_draft(&format!("{TOP}{body}"))
            .map(|_| Vec::new())
            .unwrap_or_else(|e| e);
        let found: Vec<String> = errors
            .iter()
            .map(|e| format!("{}:{}: {}", e.line - 4, e.column, e.message))
            .collect();
        assert_eq!(found, expected, "{body}");
        assert!(errors.iter().all(|e| !e.cure.is_empty()), "{body}");
    }

    #[test]
    fn every_line_that_cannot_be_read_is_reported() {
        check(
            "9:00  user   [Yes]\n       stat   plan\n10:00  user   Yes\nwhat is this\n       due    soon\n",
            &[
                "1:1: `9:00` is not a time.",
                "2:8: `stat` is not something that can be expected.",
                "3:15: What the person does cannot be read.",
                "4:1: This line cannot be read.",
                "5:15: `soon` is not a time.",
            ],
        );
    }

    #[test]
    fn the_clock_does_not_go_back() {
        check(
            "09:00  restart\n08:59  restart\n",
            &["2:1: The clock goes back here."],
        );
        check(
            "09:00  restart\n--- 2026-03-27\n08:00\n",
            &[
                "2:5: This day is before the last one.",
                "3:1: The clock goes back here.",
            ],
        );
        check("23:59  restart\n--- 2026-03-29\n00:00  restart\n", &[]);
    }

    #[test]
    fn a_time_that_the_clock_does_not_show_is_refused() {
        check(
            "--- 2026-03-29\n01:30  restart\n",
            &["2:1: The clock jumps over this time on that day."],
        );
        check("--- 2026-10-25\n01:30  restart\n01:15b  restart\n", &[]);
        check(
            "02:15b  restart\n",
            &["1:1: This time comes only once on that day."],
        );
        check("24:00  restart\n", &["1:1: `24:00` is not a time."]);
        check(
            "--- 2026-10-25 Europe/Lundon\n09:00\n",
            &["1:5: There is no time zone `Europe/Lundon`."],
        );
    }

    #[test]
    fn what_a_person_does_is_read_strictly() {
        check(
            "09:00  user   [Yes\n",
            &["1:15: What the person does cannot be read."],
        );
        check(
            "09:00  user   twice [Yes]@2\n",
            &["1:15: What the person does cannot be read."],
        );
        check(
            "09:00  user   [Yes]@1\n",
            &["1:15: What the person does cannot be read."],
        );
        check(
            "09:00  user   \"my back\n",
            &["1:15: The quotes are not closed."],
        );
        check(
            "09:00  user   /start now\n",
            &["1:15: This command cannot be read."],
        );
        check(
            "09:00  user   (smoke)\n",
            &["1:15: `(smoke)` is not known."],
        );
        check(
            "09:00  restart now\n",
            &["1:16: Nothing stands behind `restart`."],
        );
        check(
            "09:00\n       user   [Yes]\n",
            &["2:8: `user` has no time."],
        );
    }

    #[test]
    fn messages_have_words_then_buttons_in_their_column() {
        check(
            "09:00  bot    A\n              [B] and C\n",
            &["2:15: These buttons cannot be read."],
        );
        check(
            "09:00  bot    A\n              [B]\n              C\n",
            &["3:15: Words stand below buttons."],
        );
        check(
            "09:00  bot    A\n                [B]\n",
            &["2:17: This line is indented too far."],
        );
        check(
            "09:00  bot    A\n# Why.\n              B\n",
            &["3:15: A comment stands inside this message."],
        );
        check("09:00  bot\n", &["1:1: The message is empty."]);
        check(
            "09:00  bot    (nothing)\n",
            &["1:15: `bot` has no message."],
        );
        check(
            "09:00  bot    A\n              [*]\n              [B]\n",
            &["3:15: [*] and [] stand alone."],
        );
        check(
            "09:00  state  plan\n              more\n",
            &["2:15: This line belongs to no message."],
        );
        check("09:00  bot    A\n\tB\n", &["2:1: A tab stands here."]);
    }

    #[test]
    fn nothing_stands_twice_and_nothing_is_empty() {
        check(
            "09:00  state  plan\n       state  plan\n",
            &["2:8: `state` stands twice in this turn."],
        );
        check(
            "09:00  sees   A\n       sees   (nothing)\n",
            &["2:8: `sees` stands twice in this turn."],
        );
        check("09:00  due\n", &["1:8: `due` is empty."]);
        check(
            "09:00  rules  E01 and E02\n",
            &["1:15: These rules cannot be read."],
        );
    }

    #[test]
    fn a_start_stands_above_the_first_turn_and_its_facts_can_be_read() {
        check(
            "given  facts { pain_now: 6, sides: [left, right],\n       trend: same }\n09:00  restart\n",
            &[],
        );
        check(
            "given  facts { pain_now: }\n09:00  restart\n",
            &["1:14: The facts cannot be read at `pain_now:`."],
        );
        check(
            "given  facts { a: b, a: c }\n09:00  restart\n",
            &["1:14: The facts cannot be read at `a: c`."],
        );
        check(
            "given  facts { a: b\n09:00  restart\n",
            &["1:14: This brace is not closed."],
        );
        check(
            "09:00  restart\ngiven  replay other\n",
            &["2:1: `given` stands out of place."],
        );
        check(
            "given  now\n09:00  restart\n",
            &["1:1: This start is not known."],
        );
    }

    #[test]
    fn the_top_of_a_file_names_what_must_hold_and_the_dialogue() {
        let errors = |text: &str| {
            parse_draft(text)
                .unwrap_err()
                .iter()
                .map(|e| e.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            errors("dialog: back_spasm\n--- 2026-03-02\nreviewed: me\n"),
            [
                "1:1: `dialog` is not a line of the header. Did you mean `dialogue`?",
                "1:1: The file does not say what must hold. Say it in a comment on the first line.",
                "1:1: The dialogue is not named. Write `dialogue: back_spasm` below the comment.",
                "1:1: Nothing happens. Write a day, and a line that begins with a time.",
                "2:5: The day has no time zone. Write it behind the date, such as Europe/London.",
                "3:1: `reviewed` stands below a day. Write it at the top of the file.",
            ]
        );
    }

    #[test]
    fn the_last_turn_states_where_it_ends() {
        let end = |expect: &str| parse(&format!("{TOP}09:00  restart\n{expect}"));
        assert!(end("       state  plan\n       due    none\n").is_ok());
        assert!(end("       asks   welcome\n       due    none\n").is_ok());
        assert_eq!(
            end("       due    none\n").unwrap_err()[0].message,
            "The last turn does not say `state`."
        );
        assert_eq!(end("").unwrap_err()[0].line, 5);
    }

    #[test]
    fn an_error_is_shown_under_its_line() {
        let text = format!("{TOP}09:00  user   Yes\n");
        let errors = parse_draft(&text).unwrap_err();
        let shown = explain("a.replay", &text, &errors);
        assert!(shown.starts_with("a.replay:5:15: What the person does cannot be read.\n5 | 09:00  user   Yes\n  |               ^\n"), "{shown}");
    }
}
