//! How many taps it takes to a verdict, over the outcomes of vignettes.

use std::fmt::Write as _;

use crate::dialogue::Disposition;
use crate::engine::verdict::name_of;
use crate::vignettes::Outcome;

/// Taps and screens to each disposition: fewest, median and most.
pub fn taps(outcomes: &[Outcome]) -> String {
    let mut out = format!(
        "{:<12}{:>5}  {:<22}{}\n",
        "", "cases", "taps min/median/max", "screens min/median/max"
    );
    for disposition in [
        Disposition::Emergency,
        Disposition::Urgent,
        Disposition::Soon,
        Disposition::Routine,
        Disposition::SelfCare,
        Disposition::NoTriage,
    ] {
        let of: Vec<&Outcome> = outcomes
            .iter()
            .filter(|o| o.disposition == disposition)
            .collect();
        if of.is_empty() {
            continue;
        }
        let taps = spread(of.iter().map(|o| o.taps).collect());
        let screens = spread(of.iter().map(|o| o.screens).collect());
        let _ = writeln!(
            out,
            "{:<12}{:>5}  {taps:<22}{screens}",
            name_of(disposition),
            of.len()
        );
    }
    out
}

/// Fewest, median and most. The median of an even number lies between two.
fn spread(mut counts: Vec<usize>) -> String {
    counts.sort_unstable();
    let n = counts.len();
    let (Some(least), Some(most)) = (counts.first(), counts.last()) else {
        return "none".into();
    };
    let twice = counts[(n - 1) / 2] + counts[n / 2];
    let half = if twice.is_multiple_of(2) { "" } else { ".5" };
    format!("{least} / {}{half} / {most}", twice / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert_eq!(spread(vec![20, 27, 21, 22]), "20 / 21.5 / 27");
        assert_eq!(spread(vec![3]), "3 / 3 / 3");
    }
}
