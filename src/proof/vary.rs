//! Conditions with one comparison changed: for cases on both sides of every rule, and for mutants.

use crate::dialogue::Condition;

/// A condition that holds for nobody.
pub const NEVER: Condition = Condition::Any(Vec::new());

/// Every comparison of a condition, in order, each with whether it counts as it stands (and not
/// the other way round, under an odd number of `NOT`).
pub fn leaves(condition: &Condition) -> Vec<(&Condition, bool)> {
    let mut out = Vec::new();
    collect(condition, true, &mut out);
    out
}

fn collect<'a>(condition: &'a Condition, positive: bool, out: &mut Vec<(&'a Condition, bool)>) {
    match condition {
        Condition::All(cs) | Condition::Any(cs) => {
            cs.iter().for_each(|c| collect(c, positive, out));
        }
        Condition::Not(c) => collect(c, !positive, out),
        Condition::Named { condition, .. } => collect(condition, positive, out),
        leaf => out.push((leaf, positive)),
    }
}

/// The condition with its comparison of this number replaced.
pub fn replaced(condition: &Condition, number: usize, with: &Condition) -> Condition {
    let mut left = number;
    replace(condition, &mut left, with)
}

fn replace(condition: &Condition, left: &mut usize, with: &Condition) -> Condition {
    let mut each = |cs: &[Condition]| {
        cs.iter()
            .map(|c| replace(c, left, with))
            .collect::<Vec<_>>()
    };
    match condition {
        Condition::All(cs) => Condition::All(each(cs)),
        Condition::Any(cs) => Condition::Any(each(cs)),
        Condition::Not(c) => Condition::Not(Box::new(replace(c, left, with))),
        // Under its name it would be printed as it was.
        Condition::Named { condition, .. } => replace(condition, left, with),
        leaf => {
            let found = *left == 0;
            *left = left.wrapping_sub(1);
            if found { with.clone() } else { leaf.clone() }
        }
    }
}

/// The condition with its comparison of this number made to hold, or to fail, where it counts.
pub fn settled(condition: &Condition, number: usize, holds: bool) -> Condition {
    let positive = leaves(condition).get(number).is_none_or(|(_, p)| *p);
    let with = if holds == positive {
        Condition::Always
    } else {
        NEVER
    };
    replaced(condition, number, &with)
}
