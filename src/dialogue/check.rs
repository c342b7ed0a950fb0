//! Rules over a whole dialogue: reachability, sources, lengths, reading grade, hidden questions.
//!
//! `load` has resolved every reference; here everything else is looked at, and all problems are
//! said at once. `cli` prints them, with the reports of this module on request. Only this module
//! of `dialogue` looks up to the engine: it holds the real conversation to see what it hides.

mod answerable;
mod hidden;
mod length;
pub mod people;
mod reach;
mod reading;
mod said;
mod source;
mod talk;
mod taps;

use std::ops::Range;

pub use reading::{Worded, grades, wording};
pub use source::sources_matrix;
pub use talk::{Advice, Held, hold};
pub use taps::{Effort, Spread, efforts, taps};

use super::Dialogue;
use super::issue::{Code, Issue, Sources};

/// How many random people hold the conversation, besides those built around each rule and gate.
pub const PEOPLE: usize = 2_000;

/// Everything that is wrong with a dialogue that could be loaded, by file and place.
pub fn check(d: &Dialogue, sources: &Sources) -> Vec<Issue> {
    check_with(d, sources, PEOPLE)
}

/// The same, with another number of random people.
pub fn check_with(d: &Dialogue, sources: &Sources, people: usize) -> Vec<Issue> {
    let mut report = Report {
        d,
        sources,
        issues: Vec::new(),
    };
    reach::check(&mut report);
    answerable::check(&mut report);
    source::check(&mut report);
    length::check(&mut report);
    reading::check(&mut report);
    // A screen that cannot be reached hides what it asks; saying both would say it twice.
    if !report
        .issues
        .iter()
        .any(|i| matches!(i.code, Code::Unreachable | Code::GuardLooksAhead))
    {
        hidden::check(&mut report, people);
    }
    report
        .issues
        .sort_by(|a, b| (&a.file, a.span.start, a.code).cmp(&(&b.file, b.span.start, b.code)));
    report.issues
}

/// What the checks write to.
struct Report<'a> {
    d: &'a Dialogue,
    sources: &'a Sources,
    issues: Vec<Issue>,
}

impl Report<'_> {
    /// A problem with an element as a whole.
    fn say(&mut self, code: Code, element: &str, message: String, cure: impl Into<String>) {
        let place = self.d.places.of(element);
        self.issues.push(Issue {
            code,
            file: place.file,
            span: place.span,
            message,
            cure: cure.into(),
        });
    }

    /// A problem with one word of an element's text.
    fn say_word(
        &mut self,
        code: Code,
        element: &str,
        word: &str,
        message: String,
        cure: impl Into<String>,
    ) {
        let place = self.d.places.of(element);
        let text = self.sources.get(&place.file).map_or("", String::as_str);
        let span = word_in(text, place.span.clone(), word).unwrap_or(place.span);
        self.issues.push(Issue {
            code,
            file: place.file,
            span,
            message,
            cure: cure.into(),
        });
    }

    /// A problem with the dialogue as a whole, at the top of one of its own files.
    fn say_of_file(&mut self, code: Code, file: &str, message: String, cure: impl Into<String>) {
        let file = format!("{}/{file}.yaml", self.d.name);
        self.issues.push(Issue {
            code,
            file,
            span: 0..0,
            message,
            cure: cure.into(),
        });
    }
}

/// Where a whole word stands within some bytes of a file.
fn word_in(text: &str, within: Range<usize>, word: &str) -> Option<Range<usize>> {
    let part = text.get(within.clone())?;
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    part.match_indices(word)
        .find(|(at, _)| {
            !inside(part[..*at].chars().next_back())
                && !inside(part[at + word.len()..].chars().next())
        })
        .map(|(at, _)| within.start + at..within.start + at + word.len())
}
