//! A message: as it was seen, and as a replay writes it down.

use std::iter;

/// Where words stand in a file, and how far those are indented that go on from the line above.
pub(super) const WORDS: usize = 14;
const GOES_ON: usize = 16;

/// Lines are folded so that they are at most this long, where they have spaces.
pub(super) const WIDTH: usize = 100;

/// How "there is none" is written.
pub(super) const NOTHING: &str = "(nothing)";

/// A message as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    text: String,
    rows: Vec<Vec<String>>,
}

impl Seen {
    /// A message of this text and these buttons, by row. As the messenger does, it loses white
    /// space at its ends and at the end of each line.
    pub fn new(text: &str, rows: impl IntoIterator<Item = Vec<String>>) -> Seen {
        let lines: Vec<&str> = text.trim().split('\n').map(str::trim_end).collect();
        let label = |l: String| l.split_whitespace().collect::<Vec<_>>().join(" ");
        let rows = rows.into_iter().map(|r| {
            r.into_iter()
                .map(label)
                .filter(|l| !l.is_empty())
                .collect::<Vec<_>>()
        });
        Seen {
            text: lines.join("\n"),
            rows: rows.filter(|r| !r.is_empty()).collect(),
        }
    }

    /// Its words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The labels of its buttons, by row.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

/// A message as a replay wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its words. None for a message of buttons alone.
    pub lines: Vec<Line>,
    /// Its buttons.
    pub buttons: Buttons,
}

/// A line of a wanted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// This line.
    Is(String),
    /// Any lines, or none.
    Any,
}

/// The buttons of a wanted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Buttons {
    /// Any buttons, or none.
    Any,
    /// These labels, by row.
    Rows(Vec<Vec<String>>),
}

impl Message {
    /// Exactly this message.
    pub fn exactly(seen: &Seen) -> Message {
        let lines = if seen.text.is_empty() {
            Vec::new()
        } else {
            seen.text
                .split('\n')
                .map(|l| Line::Is(l.to_owned()))
                .collect()
        };
        Message {
            lines,
            buttons: Buttons::Rows(seen.rows.clone()),
        }
    }

    /// Whether this is such a message.
    pub fn accepts(&self, seen: &Seen) -> bool {
        let lines: Vec<&str> = if seen.text.is_empty() {
            Vec::new()
        } else {
            seen.text.split('\n').collect()
        };
        let buttons = match &self.buttons {
            Buttons::Any => true,
            Buttons::Rows(rows) => *rows == seen.rows,
        };
        buttons && fits(&self.lines, &lines)
    }

    /// The message as lines without folding, for showing a difference.
    pub(super) fn plain(&self) -> Vec<String> {
        let lines = self.lines.iter().map(print_line);
        lines.chain(print_buttons(self)).collect()
    }

    /// The message as the lines of a block whose first line has `lead` characters before it.
    pub(super) fn block(&self, lead: usize) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for line in &self.lines {
            let lead = if out.is_empty() { lead } else { WORDS };
            let mut folded = fold(&print_line(line), lead).into_iter();
            out.extend(folded.next());
            out.extend(folded.map(|l| format!("{:pad$}{l}", "", pad = GOES_ON - WORDS)));
        }
        out.extend(print_buttons(self));
        out
    }
}

/// Whether the lines are such lines. A star takes as few as it can, and more when that fails.
fn fits(wanted: &[Line], lines: &[&str]) -> bool {
    let (mut w, mut l) = (0, 0);
    let mut star = None;
    loop {
        match (wanted.get(w), lines.get(l)) {
            (None, None) => return true,
            (Some(Line::Any), _) => {
                star = Some((w, l));
                w += 1;
            }
            (Some(Line::Is(is)), Some(line)) if is == line => (w, l) = (w + 1, l + 1),
            _ => match star {
                Some((at, from)) if from < lines.len() => {
                    star = Some((at, from + 1));
                    (w, l) = (at + 1, from + 1);
                }
                _ => return false,
            },
        }
    }
}

fn print_line(line: &Line) -> String {
    match line {
        Line::Any => "*".to_owned(),
        Line::Is(words)
            if words.starts_with(['[', '\\', ' ']) || words == "*" || words == NOTHING =>
        {
            format!("\\{words}")
        }
        Line::Is(words) => words.clone(),
    }
}

/// A line of words, without the backslash that takes the meaning of what follows away.
fn read_line(text: &str) -> Line {
    if text == "*" {
        return Line::Any;
    }
    let plain = text
        .strip_prefix('\\')
        .filter(|rest| rest.starts_with(['[', '\\', ' ', '*', '(']));
    Line::Is(plain.unwrap_or(text).to_owned())
}

/// Fold words at single spaces, but not before a bracket: that would read as a button.
fn fold(words: &str, lead: usize) -> Vec<String> {
    let chars: Vec<char> = words.chars().collect();
    let may_break = |i: usize| {
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        i > 0
            && chars[i] == ' '
            && !chars[i - 1].is_whitespace()
            && !next.is_whitespace()
            && next != '['
    };
    let mut out = Vec::new();
    let mut from = 0;
    let mut room = WIDTH.saturating_sub(lead);
    while chars.len() - from > room {
        // The last place that fits, or else the first after it. An escaped space is no place.
        let start = if from == 0 && chars.first() == Some(&'\\') {
            2
        } else {
            from
        };
        let fitting = (start..=from + room)
            .rev()
            .find(|&i| i < chars.len() && may_break(i));
        let Some(at) = fitting.or_else(|| (from + room..chars.len()).find(|&i| may_break(i)))
        else {
            break;
        };
        out.push(chars[from..at].iter().collect());
        from = at + 1;
        room = WIDTH - GOES_ON;
    }
    out.push(chars[from..].iter().collect());
    out
}

fn print_buttons(message: &Message) -> Vec<String> {
    match &message.buttons {
        Buttons::Any if message.lines == [Line::Any] => Vec::new(),
        Buttons::Any => vec!["[*]".to_owned()],
        Buttons::Rows(rows) if rows.is_empty() && message.lines == [Line::Any] => {
            vec!["[]".to_owned()]
        }
        Buttons::Rows(rows) => rows
            .iter()
            .map(|r| {
                r.iter()
                    .map(|l| print_label(l))
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect(),
    }
}

/// A label in its brackets.
pub(super) fn print_label(label: &str) -> String {
    let inner = if label == "*" {
        "\\*".to_owned()
    } else {
        label.replace('\\', "\\\\").replace(']', "\\]")
    };
    format!("[{inner}]")
}

/// A label in brackets at the beginning of `text`, and what follows it. `None` for the label means
/// `[*]`.
pub(super) fn read_label(text: &str) -> Option<(Option<String>, &str)> {
    let inner = text.strip_prefix('[')?;
    if let Some(rest) = inner.strip_prefix("*]") {
        return Some((None, rest));
    }
    let mut label = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ']' => return Some((Some(label.trim().to_owned()), &inner[at + 1..])),
            '\\' => label.push(chars.next()?.1),
            c => label.push(c),
        }
    }
    None
}

/// A row of buttons as it stands in a file.
enum Row {
    Any,
    None,
    Labels(Vec<String>),
}

fn read_row(text: &str) -> Option<Row> {
    match text {
        "[*]" => return Some(Row::Any),
        "[]" => return Some(Row::None),
        _ => {}
    }
    let mut labels = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (label, after) = read_label(rest)?;
        labels.push(label.filter(|l| !l.is_empty())?);
        rest = after.trim_start();
    }
    Some(Row::Labels(labels))
}

/// A message that is being read, line by line.
#[derive(Debug, Default)]
pub(super) struct Block {
    lines: Vec<Line>,
    words_on_last: bool,
    rows: Option<Buttons>,
}

/// What is wrong with a line of a message, and the cure.
type Wrong = (&'static str, &'static str);

impl Block {
    /// The next line, at column [`WORDS`], after that many blank lines.
    pub(super) fn line(&mut self, text: &str, blanks: usize) -> Result<(), Wrong> {
        if text.starts_with('[') {
            return self.row(text);
        }
        if self.rows.is_some() {
            return Err((
                "Words stand below buttons.",
                "Write the words of a message above its buttons.",
            ));
        }
        if !self.lines.is_empty() {
            self.lines
                .extend(iter::repeat_n(Line::Is(String::new()), blanks));
        }
        self.lines.push(read_line(text));
        self.words_on_last = text != "*";
        Ok(())
    }

    /// A line that is indented further: it goes on from the line above.
    pub(super) fn go_on(&mut self, text: &str, blanks: usize) -> Result<(), Wrong> {
        match self.lines.last_mut() {
            Some(Line::Is(last))
                if self.words_on_last
                    && self.rows.is_none()
                    && blanks == 0
                    && !text.starts_with('[') =>
            {
                last.push(' ');
                last.push_str(text);
                Ok(())
            }
            _ => Err((
                "This line is indented too far.",
                "Begin lines and buttons in column 15; only words that go on from the line above stand further in.",
            )),
        }
    }

    fn row(&mut self, text: &str) -> Result<(), Wrong> {
        let row = read_row(text).ok_or((
            "These buttons cannot be read.",
            "Write each as [Label], nothing between them; put a backslash before words that begin with a bracket.",
        ))?;
        self.rows = Some(match (self.rows.take(), row) {
            (None, Row::Any) => Buttons::Any,
            (None, Row::None) => Buttons::Rows(Vec::new()),
            (None, Row::Labels(labels)) => Buttons::Rows(vec![labels]),
            (Some(Buttons::Rows(mut rows)), Row::Labels(labels)) if !rows.is_empty() => {
                rows.push(labels);
                Buttons::Rows(rows)
            }
            _ => {
                return Err((
                    "[*] and [] stand alone.",
                    "Write all buttons, or [*] for any, or [] for none.",
                ));
            }
        });
        Ok(())
    }

    /// The message, if it has words or buttons.
    pub(super) fn end(self) -> Option<Message> {
        let buttons = match self.rows {
            Some(buttons) => buttons,
            None if self.lines == [Line::Any] => Buttons::Any,
            None => Buttons::Rows(Vec::new()),
        };
        let empty = self.lines.is_empty() && buttons == Buttons::Rows(Vec::new());
        (!empty).then_some(Message {
            lines: self.lines,
            buttons,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a pattern, its lines parted by `/`, accepts a text.
    fn check(pattern: &str, text: &str, expected: bool) {
        let lines: Vec<Line> = pattern.split('/').map(read_line).collect();
        let lines_seen: Vec<&str> = text.split('/').collect();
        assert_eq!(fits(&lines, &lines_seen), expected, "{pattern} {text}");
    }

    #[test]
    fn a_star_stands_for_any_lines() {
        check("a/b", "a/b", true);
        check("a/b", "a/b/c", false);
        check("a/b", "a", false);
        check("*", "a/b", true);
        check("a/*", "a", true);
        check("*/b/*/d", "a/b/c/b/d", true);
        check("*/b/*/d", "a/b/c", false);
        check(
            "*/*/*/*/*/*/*/*/x",
            "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
            false,
        );
        check("\\*", "*", true);
        check("\\*", "a", false);
    }

    #[test]
    fn long_lines_are_folded_where_they_have_single_spaces() {
        let words = "word ".repeat(30);
        let folded = fold(words.trim_end(), WORDS);
        assert!(
            folded.iter().all(|l| l.chars().count() <= WIDTH - WORDS),
            "{folded:?}"
        );
        assert_eq!(folded.join(" "), words.trim_end());
        assert_eq!(fold(&"x".repeat(300), WORDS).len(), 1);
        let bracket = format!("{} [not a button]", "x".repeat(80));
        assert_eq!(fold(&bracket, WORDS)[1], "a button]");
    }
}
