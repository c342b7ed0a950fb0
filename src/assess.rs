//! From facts to advice: which rules fire, how urgent it is, what the plan leaves out.
//!
//! Pure. The engine asks while facts are still open; `triage` and `vignettes` ask with all known.

use crate::dialogue::{Condition, Dialogue, Disposition, Element, Knowledge};

/// What the rules say of one set of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The most severe disposition among the rules that fired.
    pub disposition: Disposition,
    /// The rules that fired, by number, in table order.
    pub rules: Vec<usize>,
}

/// Every rule over facts that are all known (`Dialogue::completed` makes them so).
pub fn assess(d: &Dialogue, known: &Knowledge) -> Assessment {
    let mut rules: Vec<usize> = (0..d.rules.len())
        .filter(|&i| d.rules[i].when != Condition::Else && d.holds(&d.rules[i].when, known, None))
        .collect();
    let severest = rules.iter().map(|&i| d.rules[i].disposition).max();
    let disposition = severest.unwrap_or(Disposition::SelfCare);
    if severest.is_none() {
        rules.extend((0..d.rules.len()).filter(|&i| d.rules[i].when == Condition::Else));
    }
    Assessment { disposition, rules }
}

/// Whether an emergency rule holds whatever the open facts turn out to be.
pub fn is_emergency(d: &Dialogue, known: &Knowledge) -> bool {
    d.rules.iter().any(|r| {
        r.disposition == Disposition::Emergency
            && d.holds(&r.when, known, Some(Disposition::Emergency))
    })
}

/// The gates that fire, by number, and the union of what they leave out.
///
/// A fact that was skipped stays open in `known`: a gate that could hang on it counts as firing,
/// since skipped is not no.
pub fn gates(
    d: &Dialogue,
    known: &Knowledge,
    disposition: Disposition,
) -> (Vec<usize>, Vec<Element>) {
    let firing: Vec<usize> = (0..d.gates.len())
        .filter(|&i| {
            use crate::dialogue::Truth;
            d.gates[i].when.truth(&d.facts, known, Some(disposition)) != Truth::False
        })
        .collect();
    let mut out: Vec<Element> = firing
        .iter()
        .flat_map(|&i| d.gates[i].leaves_out.clone())
        .collect();
    out.sort_unstable();
    out.dedup();
    (firing, out)
}

/// The contributor cards that fit, at most two, in table order.
pub fn cards(d: &Dialogue, known: &Knowledge, disposition: Disposition) -> Vec<usize> {
    if !is_coached(disposition) {
        return Vec::new();
    }
    (0..d.cards.len())
        .filter(|&i| {
            d.cards[i]
                .when
                .as_ref()
                .is_some_and(|w| d.holds(w, known, Some(disposition)))
        })
        .take(2)
        .collect()
}

/// Whether a plan goes with this disposition.
pub fn is_coached(disposition: Disposition) -> bool {
    matches!(
        disposition,
        Disposition::Soon | Disposition::Routine | Disposition::SelfCare
    )
}
