//! How many taps it takes to a verdict, over the outcomes of vignettes.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::dialogue::Disposition;
use crate::engine::verdict::name_of;
use crate::vignettes::Outcome;

/// What it took to get to one disposition.
#[derive(Debug, Serialize)]
pub struct Effort {
    /// The disposition that was told.
    pub told: Disposition,
    /// In how many cases.
    pub cases: usize,
    /// Taps from consent to the verdict.
    pub taps: Spread,
    /// Screens shown.
    pub screens: Spread,
}

/// Fewest, median and most of some counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The fewest.
    pub least: usize,
    /// The one in the middle; of an even number of counts it lies between two.
    pub median: f64,
    /// The most.
    pub most: usize,
}

/// Taps and screens to each disposition that was told, most severe first.
pub fn efforts(outcomes: &[Outcome]) -> Vec<Effort> {
    [
        Disposition::Emergency,
        Disposition::Urgent,
        Disposition::Soon,
        Disposition::Routine,
        Disposition::SelfCare,
        Disposition::NoTriage,
    ]
    .into_iter()
    .filter_map(|told| {
        let of = || outcomes.iter().filter(move |o| o.disposition == told);
        Some(Effort {
            told,
            cases: of().count(),
            taps: Spread::of(of().map(|o| o.taps).collect())?,
            screens: Spread::of(of().map(|o| o.screens).collect())?,
        })
    })
    .collect()
}

/// Taps and screens to each disposition, as a table for a terminal.
pub fn taps(outcomes: &[Outcome]) -> String {
    let mut out = format!(
        "{:<12}{:>5}  {:<22}{}\n",
        "", "cases", "taps min/median/max", "screens min/median/max"
    );
    for e in efforts(outcomes) {
        let _ = writeln!(
            out,
            "{:<12}{:>5}  {:<22}{}",
            name_of(e.told),
            e.cases,
            e.taps.to_string(),
            e.screens
        );
    }
    out
}

impl Spread {
    /// The spread of these counts; nothing where there are none.
    fn of(mut counts: Vec<usize>) -> Option<Spread> {
        counts.sort_unstable();
        let n = counts.len();
        let (least, most) = (*counts.first()?, *counts.last()?);
        Some(Spread {
            least,
            median: (counts[(n - 1) / 2] + counts[n / 2]) as f64 / 2.0,
            most,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.least, self.median, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: Vec<usize>, expected: &str) {
        assert_eq!(Spread::of(counts).unwrap().to_string(), expected);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        check(vec![20, 27, 21, 22], "20 / 21.5 / 27");
        check(vec![3], "3 / 3 / 3");
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
