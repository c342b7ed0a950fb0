//! How hard the texts are to read, in all voices, and the report on it.

use std::fmt::Write as _;

use super::Report;
use super::said::{self, Kind, Said};
use crate::dialogue::Dialogue;
use crate::dialogue::grade::{Exceptions, grade, hardest};
use crate::dialogue::issue::Code;

/// The highest grade of one text.
const MOST: f64 = 8.0;

/// The highest grade on average.
const MOST_ON_AVERAGE: f64 = 6.0;

/// Shorter texts than this are not graded one by one: a single name would decide.
const FEWEST_WORDS: usize = 20;

/// A text and the grade of its hardest form.
struct Graded {
    said: Said,
    words: usize,
    years: f64,
    /// The form that is hardest.
    text: String,
}

pub fn check(report: &mut Report<'_>) {
    let exceptions = Exceptions::new(&report.d.common.grade_exceptions);
    let all = graded(report.d, &exceptions);
    for g in all
        .iter()
        .filter(|g| g.words >= FEWEST_WORDS && g.years > MOST)
    {
        let hard = hardest(&g.text, &exceptions, 3);
        report.say(
            Code::TooHard,
            &g.said.element,
            format!(
                "{} needs {:.1} years of school to read, {MOST:.0} is the most",
                g.said.what, g.years
            ),
            format!(
                "Shorter sentences help, and plainer words for “{}”.",
                hard.join("”, “")
            ),
        );
    }
    let mean = mean(&all);
    if mean > MOST_ON_AVERAGE {
        report.say_of_file(
            Code::TooHard,
            "dialogue",
            format!("the texts need {mean:.1} years of school on average, {MOST_ON_AVERAGE:.0} is the most"),
            "`backtalk check --grades` lists the hardest.",
        );
    }
}

fn graded(d: &Dialogue, exceptions: &Exceptions) -> Vec<Graded> {
    let words = said::words(d, d.numbers.countries.first().as_slice());
    said::all(d, &words)
        .into_iter()
        .filter_map(|said| {
            // On a screen the labels are read with the question; under a message they stand apart.
            let labels = if said.kind == Kind::Screen {
                said.labels.join("\n")
            } else {
                String::new()
            };
            let (text, g) = said
                .texts
                .iter()
                .map(|t| {
                    let text = format!("{t}\n{labels}");
                    let g = grade(&text, exceptions);
                    (text, g)
                })
                .max_by(|a, b| a.1.years.total_cmp(&b.1.years))?;
            (g.words > 0).then_some(Graded {
                said,
                words: g.words,
                years: g.years,
                text,
            })
        })
        .collect()
}

/// The average over all texts that are long enough to be graded.
fn mean(all: &[Graded]) -> f64 {
    let years: Vec<f64> = all
        .iter()
        .filter(|g| g.words >= FEWEST_WORDS)
        .map(|g| g.years)
        .collect();
    if years.is_empty() {
        0.0
    } else {
        years.iter().sum::<f64>() / years.len() as f64
    }
}

/// A text of a dialogue, to be compared with what it was or will be.
pub struct Worded {
    /// What it is, in words that name it: "the question of `who`".
    pub what: String,
    /// The text in its hardest form, with the labels below it.
    pub text: String,
    /// The text and its labels in every voice.
    pub forms: Vec<String>,
    /// The most characters it has.
    pub length: usize,
    /// Years of schooling needed to read it.
    pub years: f64,
}

/// Every text that is written by itself: not the verdicts, which are put together from them, but
/// what a verdict begins with.
pub fn wording(d: &Dialogue) -> Vec<Worded> {
    let exceptions = Exceptions::new(&d.common.grade_exceptions);
    let words = said::words(d, d.numbers.countries.first().as_slice());
    let mut all = said::all(d, &words);
    all.retain(|s| s.kind != Kind::Verdict);
    all.extend(d.verdicts.iter().map(|v| Said {
        element: format!("verdict {}", v.id),
        what: format!("the verdict `{}`", v.id),
        kind: Kind::Message,
        texts: said::fill(&v.text, &words),
        labels: said::labels(&v.buttons, &words),
    }));
    for f in &d.facts {
        let labels = f.options.iter().map(|o| &o.label);
        let explained = f
            .explain
            .iter()
            .flat_map(|e| e.answers.iter().map(|(l, _)| l));
        all.push(Said {
            element: format!("fact {}", f.id),
            what: format!("the answers of the fact `{}`", f.id),
            kind: Kind::Screen,
            texts: vec![f.name.clone()],
            labels: labels
                .chain(explained)
                .flat_map(|l| said::fill(l, &words))
                .collect(),
        });
    }
    all.into_iter()
        .filter_map(|said| {
            let labels = said.labels.join("\n");
            let read = |t: &String| match said.kind {
                Kind::Screen => format!("{t}\n{labels}"),
                _ => t.clone(),
            };
            let years = |t: &String| grade(&read(t), &exceptions).years;
            let hardest = said
                .texts
                .iter()
                .max_by(|a, b| years(a).total_cmp(&years(b)))?;
            let length = said.texts.iter().map(|t| t.chars().count()).max();
            Some(Worded {
                text: format!("{hardest}\n{labels}").trim().to_owned(),
                length: length.unwrap_or(0),
                years: years(hardest),
                forms: [said.texts.clone(), said.labels.clone()].concat(),
                what: said.what,
            })
        })
        .collect()
}

/// The reading grades: mean, highest and the ten hardest texts.
pub fn grades(d: &Dialogue) -> String {
    let exceptions = Exceptions::new(&d.common.grade_exceptions);
    let mut all = graded(d, &exceptions);
    let every = all.iter().map(|g| g.years).sum::<f64>() / all.len().max(1) as f64;
    let mean = mean(&all);
    let count = all.len();
    all.retain(|g| g.words >= FEWEST_WORDS);
    all.sort_by(|a, b| b.years.total_cmp(&a.years));
    let most = all.first().map_or(0.0, |g| g.years);
    let mut out = format!(
        "Reading grade (Flesch–Kincaid, years of school), hardest of all voices:\n\
         {} texts of {FEWEST_WORDS} words or more: mean {mean:.1}, highest {most:.1}.\n\
         All {count} texts: mean {every:.1}.\n\
         The hardest:\n",
        all.len(),
    );
    for g in all.iter().take(10) {
        let _ = writeln!(out, "{:>5.1}  {}", g.years, g.said.what);
    }
    out
}
