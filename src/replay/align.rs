//! Two lists side by side: which items belong to each other, and which stand alone.

/// A place in the first list, in the second, or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// These two belong to each other, and agree.
    Same(usize, usize),
    /// These two stand at the same place, and differ.
    Differ(usize, usize),
    /// Only in the first list.
    First(usize),
    /// Only in the second.
    Second(usize),
}

/// Match as many items as agree, in order; what stands between matches is paired from the top.
pub(super) fn align(
    first: usize,
    second: usize,
    agree: impl Fn(usize, usize) -> bool,
) -> Vec<Pair> {
    let mut best = vec![vec![0_usize; second + 1]; first + 1];
    for i in (0..first).rev() {
        for j in (0..second).rev() {
            best[i][j] = if agree(i, j) {
                best[i + 1][j + 1] + 1
            } else {
                best[i + 1][j].max(best[i][j + 1])
            };
        }
    }
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    let (mut from_i, mut from_j) = (0, 0);
    while i < first && j < second {
        if agree(i, j) {
            between(from_i..i, from_j..j, &mut out);
            out.push(Pair::Same(i, j));
            (i, j) = (i + 1, j + 1);
            (from_i, from_j) = (i, j);
        } else if best[i + 1][j] >= best[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    between(from_i..first, from_j..second, &mut out);
    out
}

fn between(first: std::ops::Range<usize>, second: std::ops::Range<usize>, out: &mut Vec<Pair>) {
    let both = first.len().min(second.len());
    out.extend(
        first
            .clone()
            .zip(second.clone())
            .map(|(i, j)| Pair::Differ(i, j)),
    );
    out.extend(first.skip(both).map(Pair::First));
    out.extend(second.skip(both).map(Pair::Second));
}

#[cfg(test)]
mod tests {
    use super::Pair::{Differ, First, Same, Second};
    use super::*;

    fn check(first: &str, second: &str, expected: &[Pair]) {
        let (a, b) = (first.as_bytes(), second.as_bytes());
        assert_eq!(
            align(a.len(), b.len(), |i, j| a[i] == b[j]),
            expected,
            "{first} {second}"
        );
    }

    #[test]
    fn what_agrees_is_matched_and_the_rest_is_paired_from_the_top() {
        check("ab", "ab", &[Same(0, 0), Same(1, 1)]);
        check("ab", "b", &[First(0), Same(1, 0)]);
        check("b", "ab", &[Second(0), Same(0, 1)]);
        check("axb", "ayb", &[Same(0, 0), Differ(1, 1), Same(2, 2)]);
        check("ax", "yza", &[Second(0), Second(1), Same(0, 2), First(1)]);
        check("", "", &[]);
    }
}
