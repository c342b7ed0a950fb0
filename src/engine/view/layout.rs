//! Buttons in rows that fit a narrow phone.

use crate::engine::effect::Button;

/// Labels up to this length stand two in a row on a narrow phone.
pub(super) const HALF_ROW: usize = 20;

/// Two short labels beside each other, longer ones alone.
pub fn button_rows(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    let mut rows: Vec<Vec<Button>> = Vec::new();
    for b in buttons {
        let fits = b.label.chars().count() <= HALF_ROW;
        match rows.last_mut() {
            Some(row) if fits && row.len() == 1 && row[0].label.chars().count() <= HALF_ROW => {
                row.push(b)
            }
            _ => rows.push(vec![b]),
        }
    }
    rows
}

pub(super) fn singles(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    buttons.into_iter().map(|b| vec![b]).collect()
}

/// Numbers, six a row.
pub(super) fn grid(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    buttons.chunks(6).map(<[Button]>::to_vec).collect()
}

pub(super) fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut out: String = line.chars().take(40).collect();
    if line.chars().count() > 40 {
        out.push('…');
    }
    out
}
