//! Days from left to right, and the dates below them.

/// The place of a label, in pixels from the left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// Which day it belongs to.
    pub day: usize,
    /// Its left edge.
    pub left: f32,
    /// Its right edge.
    pub right: f32,
}

/// The steps between labelled days: few days or whole weeks.
const STEPS: [usize; 6] = [1, 2, 3, 7, 14, 28];

/// The least room between two labels.
const GAP: f32 = 14.0;

/// Which days are labelled, so that no two labels touch and none leaves `from..to`.
///
/// Counted back from the last day, which is always labelled. `centres` and `widths` have one number
/// for each day.
pub fn thin(centres: &[f32], widths: &[f32], from: f32, to: f32) -> Vec<Label> {
    let label = |day: usize| {
        let width = widths[day].min(to - from);
        let left = (centres[day] - width / 2.0).clamp(from, to - width);
        let right = left + width;
        Label { day, left, right }
    };
    let days = centres.len().min(widths.len());
    let mut labels = Vec::new();
    for step in STEPS {
        labels = (0..days).rev().step_by(step).map(label).collect();
        labels.reverse();
        if labels
            .windows(2)
            .all(|two| two[0].right + GAP <= two[1].left)
        {
            return labels;
        }
    }
    labels.split_off(labels.len().saturating_sub(1))
}
