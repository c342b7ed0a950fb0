//! What `check` reports: a code, a place, a message and a cure.
//!
//! `load` and `check` collect issues; `cli` prints them. The codes are stable: each has its
//! failing example under `tests/check/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteSpanContents,
    SourceCode, SourceSpan,
};
use strsim::jaro_winkler;

use super::file::Text;

/// The files of a dialogue: path below `dialogues/`, and content.
pub type Sources = BTreeMap<String, String>;

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal,)*) => {
        /// The kinds of problem that `check` knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The stable code, such as `BT004`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// What it stands for.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Missing = "BT001": "A file is missing.",
    Shape = "BT002": "The YAML does not have the shape of its file: a key is unknown, missing, double or of the wrong kind.",
    Condition = "BT003": "A condition cannot be read.",
    UnknownFact = "BT004": "A fact is not in facts.yaml.",
    UnknownOption = "BT005": "A fact has no such option.",
    WrongOperator = "BT006": "An operator does not fit the kind of its fact.",
    UnknownCondition = "BT007": "A named condition does not exist.",
    UnknownScreen = "BT008": "A screen does not exist.",
    UnknownMessage = "BT009": "A message or page does not exist.",
    UnknownRule = "BT010": "A rule does not exist.",
    UnknownSource = "BT011": "A source is not in sources.yaml.",
    Duplicate = "BT012": "An id stands twice.",
    BadText = "BT013": "A text is not valid Fluent.",
    UnknownPlaceable = "BT014": "A placeable is not known.",
    BadFact = "BT015": "A fact is not well formed: its options, default or order of concern do not fit together.",
    BadItem = "BT016": "An answer or button is not well formed.",
    BadScreen = "BT017": "A screen is not well formed.",
    GuardLooksAhead = "BT018": "A guard names a fact that no earlier screen asks.",
    UnknownPhase = "BT019": "A phase does not exist.",
    Unreachable = "BT020": "A screen can never be shown.",
    FactNeverAsked = "BT021": "A rule reads a fact or option that no screen asks.",
    NoSource = "BT022": "Advice stands without a source.",
    UnusedSource = "BT023": "Nobody uses this source.",
    TooLong = "BT024": "A text is longer than its limit.",
    TooHard = "BT025": "A text is too hard to read.",
    LabelTooLong = "BT026": "A label does not fit on a narrow phone.",
    MissingMessage = "BT027": "A message that the bot needs is missing.",
    SignedOther = "BT028": "The signature is for another form of the dialogue.",
    HiddenQuestion = "BT029": "A guard hides a question whose answer would change the advice.",
    NotAnswerable = "BT030": "An option of a fact cannot be answered on its screens.",
    BadNumbers = "BT031": "A row of numbers.yaml breaks the rules of that list.",
    CircularCondition = "BT032": "A named condition leads back to itself.",
    EmergencyText = "BT033": "The emergency message does not say at once what to do.",
    MissingVerdict = "BT034": "A disposition has no verdict text.",
    BadZones = "BT035": "A line of zones.txt does not name a time zone and its cities.",
    BadFormer = "BT036": "A former id is in use, or claimed twice.",
    BadChange = "BT037": "A signature under a change is not complete.",
}

/// One problem in the dialogue files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What kind of problem.
    pub code: Code,
    /// The file, as a path below `dialogues/`.
    pub file: String,
    /// The bytes it is about; empty at the start when it is about the whole file.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How to cure it.
    pub cure: String,
}

impl Issue {
    /// Line and column, from 1, of where the issue begins in `text`.
    pub fn place(&self, text: &str) -> (usize, usize) {
        let before = &text[..self.span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// The issues as a person reads them, each with its code frame, then a line that counts them.
pub fn print(issues: &[Issue], sources: &Sources, color: bool) -> String {
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_context_lines(1);
    let empty = String::new();
    let mut out = String::new();
    for issue in issues {
        let text = sources.get(&issue.file).unwrap_or(&empty);
        let report = Report { issue, text };
        // Writing to a string cannot fail; an unprintable frame still leaves the message.
        if handler.render_report(&mut out, &report).is_err() {
            let _ = writeln!(out, "{} {}: {}", issue.code.id(), issue.file, issue.message);
        }
        out.push('\n');
    }
    match issues.len() {
        0 => out.push_str("No problems found.\n"),
        1 => out.push_str("1 problem.\n"),
        n => {
            let _ = writeln!(out, "{n} problems.");
        }
    }
    out
}

/// The name in `known` that is nearest to `name`, when one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (jaro_winkler(name, k), k))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

/// "Did you mean …?", or the list of what is known when nothing is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("Did you mean `{near}`?");
    }
    let all: Vec<&str> = known.into_iter().take(12).collect();
    if all.is_empty() {
        "There are none yet.".into()
    } else {
        format!("Known: {}.", all.join(", "))
    }
}

/// The bytes of a scalar as it stands in its file.
pub fn span_of(text: &Text) -> Range<usize> {
    location(&text.referenced)
}

/// The bytes of a YAML location.
pub fn location(at: &serde_saphyr::Location) -> Range<usize> {
    let start = at.span().byte_offset().unwrap_or(0) as usize;
    start..start + at.span().byte_len().unwrap_or(0) as usize
}

/// Where the bytes `part` of the scalar's value stand in its file.
///
/// Quotes, block indicators and line folding move characters, so the value is walked beside the
/// source and only characters that are not white space are matched.
pub fn span_inside(
    file: &str,
    scalar: Range<usize>,
    value: &str,
    part: Range<usize>,
) -> Range<usize> {
    let wanted = value.get(..part.start).unwrap_or(value);
    let mut skip = wanted.chars().filter(|c| !c.is_whitespace()).count();
    let body = value.chars().find(|c| !c.is_whitespace());
    let mut begun = false;
    for (i, c) in file.get(scalar.start..).unwrap_or("").char_indices() {
        if c.is_whitespace() {
            continue;
        }
        if !begun {
            if Some(c) != body {
                continue;
            }
            begun = true;
        }
        if skip == 0 {
            let start = scalar.start + i;
            return start..start + part.len().max(1);
        }
        skip -= 1;
    }
    scalar
}

#[derive(Debug)]
struct Report<'a> {
    issue: &'a Issue,
    text: &'a str,
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.issue.message)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.issue.code.id()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.issue.cure))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.text.is_empty()).then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::from((self.issue.span.start, self.issue.span.len()));
        Some(Box::new(std::iter::once(
            LabeledSpan::new_primary_with_span(None, span),
        )))
    }
}

impl SourceCode for Report<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let c = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            format!("dialogues/{}", self.issue.file),
            c.data(),
            *c.span(),
            c.line(),
            c.column(),
            c.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_folded_scalar_is_found_in_its_file() {
        let file = "when: >-\n  a = 1\n  AND b = 2\n";
        let got = span_inside(file, 6..file.len(), "a = 1 AND b = 2", 10..11);
        assert_eq!(&file[got], "b");
    }

    #[test]
    fn the_nearest_name_is_suggested_only_when_near() {
        assert_eq!(
            nearest("chest_pian", ["chest_pain", "fever"]),
            Some("chest_pain")
        );
        assert_eq!(nearest("zzz", ["chest_pain", "fever"]), None);
    }
}
