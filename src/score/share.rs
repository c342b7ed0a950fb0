//! A share of some cases, with how sure one can be of it.

use std::fmt;

use serde::Serialize;

/// The quantile of the normal distribution that leaves 2.5 % on each side.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
    /// Both ends of the 95 % interval, as fractions; nothing where there are no cases.
    pub interval: Option<(f64, f64)>,
}

impl Share {
    /// So many of so many.
    pub fn new(hits: usize, of: usize) -> Share {
        Share {
            hits,
            of,
            interval: wilson(hits, of),
        }
    }

    /// How many of the cases that count are hits.
    pub fn count<T>(cases: &[T], counts: impl Fn(&T) -> bool, hits: impl Fn(&T) -> bool) -> Share {
        let counted: Vec<&T> = cases.iter().filter(|c| counts(c)).collect();
        Share::new(counted.iter().filter(|c| hits(c)).count(), counted.len())
    }
}

impl fmt::Display for Share {
    /// As in "38 of 40, 95 % (83 to 99)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.hits, self.of)?;
        let Some((low, high)) = self.interval else {
            return Ok(());
        };
        let percent = 100.0 * self.hits as f64 / self.of as f64;
        let (low, high) = (100.0 * low, 100.0 * high);
        write!(f, ", {percent:.0} % ({low:.0} to {high:.0})")
    }
}

/// The Wilson score interval: the shares for which `hits` of `of` would not be a surprise, at 95 %.
///
/// Unlike the interval that one adds to and takes from a share, it stays between 0 and 1, and is
/// honest for few cases and for shares of nothing or all: 10 hits of 10 say "at least 72 %".
/// (E. B. Wilson 1927, J Am Stat Assoc 22:209.)
pub fn wilson(hits: usize, of: usize) -> Option<(f64, f64)> {
    if of == 0 {
        return None;
    }
    let (n, share) = (of as f64, hits as f64 / of as f64);
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    Some((
        ((centre - half) / whole).max(0.0),
        ((centre + half) / whole).min(1.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hits: usize, of: usize, low: f64, high: f64) {
        let (l, h) = wilson(hits, of).unwrap();
        assert!((l - low).abs() < 5e-5, "{hits} of {of}: {l}");
        assert!((h - high).abs() < 5e-5, "{hits} of {of}: {h}");
    }

    #[test]
    fn the_interval_is_that_of_published_tables() {
        check(0, 10, 0.0, 0.2775);
        check(10, 10, 0.7225, 1.0);
        check(5, 10, 0.2366, 0.7634);
        check(8, 40, 0.1050, 0.3476);
        check(40, 40, 0.9124, 1.0);
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_share_says_its_interval() {
        assert_eq!(Share::new(38, 40).to_string(), "38 of 40, 95 % (83 to 99)");
        assert_eq!(Share::new(0, 0).to_string(), "0 of 0");
    }
}
