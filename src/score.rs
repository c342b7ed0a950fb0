//! The scorecard: how often cases get the advice they should, beside what was published of others.
//!
//! Pure: outcomes in, a card out. `cli/score.rs` reads the files and writes `SCORECARD.md`.

mod page;
pub mod published;
mod share;

use serde::Serialize;

use crate::dialogue::check::{Effort, efforts};
use crate::dialogue::{Dialogue, Disposition};
use crate::vignettes::Outcome;

pub use page::page;
pub use published::{Measure, Study};
pub use share::Share;

/// The levels of the table, most urgent first.
pub const LEVELS: [Disposition; 5] = [
    Disposition::Emergency,
    Disposition::Urgent,
    Disposition::Soon,
    Disposition::Routine,
    Disposition::SelfCare,
];

/// From this many cases on, a share is worth more than a glance (our limit).
pub const FEW: usize = 10;

/// The outcomes of one file.
#[derive(Debug)]
pub struct Answered {
    /// The file, as it was named.
    pub file: String,
    /// What came out of its cases.
    pub outcomes: Vec<Outcome>,
}

/// A scorecard.
#[derive(Debug, Serialize)]
pub struct Card {
    /// The dialogue that was scored.
    pub dialogue: String,
    /// Its form, by which a sign-off names it.
    pub form: String,
    /// Who signed this form, or nothing while it is a draft.
    pub signed_off: Option<String>,
    /// The files of cases.
    pub files: Vec<Cases>,
    /// The cases that have a level, so all but those that are about nobody's back.
    pub cases: usize,
    /// Cases by expected level, most urgent first.
    pub table: Vec<Row>,
    /// Cases about nobody's back that were set aside, of all of those.
    pub no_triage: Share,
    /// Every measure over the cases that have a level.
    pub rates: Vec<Rate>,
    /// Taps and screens by the level that was told.
    pub efforts: Vec<Effort>,
    /// Every case with something wrong.
    pub wrong: Vec<Wrong>,
    /// What was published of others.
    pub published: Vec<Study>,
}

/// A file of cases.
#[derive(Debug, Serialize)]
pub struct Cases {
    /// The file, as it was named.
    pub file: String,
    /// How many cases are in it.
    pub cases: usize,
}

/// One measure, and what it came to.
#[derive(Debug, Serialize)]
pub struct Rate {
    /// What was measured.
    pub measure: Measure,
    /// In how many cases it is so.
    #[serde(flatten)]
    pub share: Share,
}

/// What the cases of one expected level were told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The expected level.
    pub expected: Disposition,
    /// How many were told each of [`LEVELS`].
    pub told: [usize; 5],
    /// How many were set aside as being about nobody's back.
    pub set_aside: usize,
}

/// A case with something wrong.
#[derive(Debug, Serialize)]
pub struct Wrong {
    /// The file it stands in.
    pub file: String,
    /// Its id.
    pub id: String,
    /// What is wrong.
    pub said: Vec<String>,
}

/// The card of a dialogue over the outcomes of some files.
pub fn card(d: &Dialogue, answered: Vec<Answered>, published: Vec<Study>) -> Card {
    let files = answered
        .iter()
        .map(|a| Cases {
            file: a.file.clone(),
            cases: a.outcomes.len(),
        })
        .collect();
    let wrong = answered
        .iter()
        .flat_map(|a| a.outcomes.iter().map(move |o| (a, o)))
        .filter(|(_, o)| !o.wrong.is_empty())
        .map(|(a, o)| Wrong {
            file: a.file.clone(),
            id: o.id.clone(),
            said: o.wrong.clone(),
        })
        .collect();
    let all: Vec<Outcome> = answered.into_iter().flat_map(|a| a.outcomes).collect();
    let efforts = efforts(&all);
    let (levels, aside): (Vec<Outcome>, Vec<Outcome>) = all
        .into_iter()
        .partition(|o| o.expected != Disposition::NoTriage);
    Card {
        dialogue: d.name.clone(),
        form: d.form.to_string(),
        signed_off: d.signed_off.clone(),
        files,
        cases: levels.len(),
        table: LEVELS.iter().map(|l| row(&levels, *l)).collect(),
        no_triage: Share::count(&aside, |_| true, |o| o.disposition == o.expected),
        rates: Measure::ALL
            .iter()
            .map(|m| Rate {
                measure: *m,
                share: rate(&levels, *m),
            })
            .collect(),
        efforts,
        wrong,
        published,
    }
}

fn row(cases: &[Outcome], expected: Disposition) -> Row {
    let of = |told| {
        cases
            .iter()
            .filter(|o| o.expected == expected && o.disposition == told)
            .count()
    };
    Row {
        expected,
        told: LEVELS.map(of),
        set_aside: of(Disposition::NoTriage),
    }
}

/// One measure over cases that have a level.
fn rate(cases: &[Outcome], measure: Measure) -> Share {
    let emergency = Disposition::Emergency;
    let self_care = |o: &Outcome| o.expected == Disposition::SelfCare;
    let all = |_: &Outcome| true;
    match measure {
        Measure::Exact => Share::count(cases, all, |o| o.disposition == o.expected),
        Measure::Acceptable => Share::count(cases, all, |o| o.acceptable.contains(&o.disposition)),
        Measure::EmergenciesCaught => Share::count(
            cases,
            |o| o.expected == emergency,
            |o| o.disposition == emergency,
        ),
        Measure::TooLow => Share::count(cases, all, |o| o.disposition < o.expected),
        Measure::FellTwoLevels => Share::count(
            cases,
            |o| o.expected >= Disposition::Soon,
            |o| levels_lost(o) >= 2,
        ),
        Measure::AtMostOneTooLow => Share::count(cases, all, |o| levels_lost(o) <= 1),
        Measure::TooHigh => Share::count(cases, all, |o| o.disposition > o.expected),
        Measure::SelfCareRight => {
            Share::count(cases, self_care, |o| o.disposition == Disposition::SelfCare)
        }
        Measure::SelfCareCalledEmergency => {
            Share::count(cases, self_care, |o| o.disposition == emergency)
        }
    }
}

/// By how many levels somebody was told too little; setting them aside is one below self-care.
fn levels_lost(o: &Outcome) -> u8 {
    (o.expected as u8).saturating_sub(o.disposition as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(expected: Disposition, told: Disposition) -> Outcome {
        Outcome {
            id: "a".into(),
            expected,
            acceptable: vec![expected],
            disposition: told,
            by_facts: told,
            rules: Vec::new(),
            not_asked: Vec::new(),
            gates: Vec::new(),
            leaves_out: Vec::new(),
            taps: 3,
            screens: 4,
            wrong: Vec::new(),
        }
    }

    fn check(measure: Measure, hits: usize, of: usize) {
        use Disposition::*;
        let cases = [
            outcome(Emergency, Emergency),
            outcome(Emergency, Urgent),
            outcome(Urgent, Routine),
            outcome(Soon, NoTriage),
            outcome(Routine, SelfCare),
            outcome(SelfCare, SelfCare),
            outcome(SelfCare, Emergency),
            outcome(SelfCare, Routine),
        ];
        let share = rate(&cases, measure);
        assert_eq!((share.hits, share.of), (hits, of), "{measure:?}");
    }

    #[test]
    fn each_measure_counts_what_its_words_say() {
        check(Measure::Exact, 2, 8);
        check(Measure::Acceptable, 2, 8);
        check(Measure::EmergenciesCaught, 1, 2);
        check(Measure::TooLow, 4, 8);
        check(Measure::FellTwoLevels, 2, 4);
        check(Measure::AtMostOneTooLow, 6, 8);
        check(Measure::TooHigh, 2, 8);
        check(Measure::SelfCareRight, 1, 3);
        check(Measure::SelfCareCalledEmergency, 1, 3);
    }

    #[test]
    fn a_row_counts_what_was_told_and_what_was_set_aside() {
        use Disposition::*;
        let cases = [
            outcome(Soon, Urgent),
            outcome(Soon, Soon),
            outcome(Soon, NoTriage),
            outcome(Routine, Soon),
        ];
        let expected = Row {
            expected: Soon,
            told: [0, 1, 1, 0, 0],
            set_aside: 1,
        };
        assert_eq!(row(&cases, Soon), expected);
    }
}
