//! Flags of what was told: which are drawn, and in which row each hangs.

use super::colour;
use super::lettering::{Type, bold};
use super::svg::{Anchor, Svg, fill, stroke};
use super::{History, Words};
use crate::dialogue::Disposition;

/// The height of a row of flags.
pub const ROW: f32 = 60.0;
/// The most rows of flags.
const MOST_ROWS: usize = 4;
const HEIGHT: f32 = 52.0;
const TYPE: Type = bold(34.0);
const WIDEST_LABEL: f32 = 420.0;
/// From the edge of a flag to its sign, and from its label to the other edge.
const PADDING: f32 = 18.0;
/// The sign and the room behind it.
const SIGN: f32 = 42.0;
/// The radius of the ground of a sign without a flag.
const AROUND_SIGN: f32 = 19.0;
/// How far a flag reaches over its pole.
const OVERHANG: f32 = 10.0;
/// The least room between two flags of a row.
const GAP: f32 = 10.0;

/// A change of what was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    disposition: Disposition,
    label: String,
    /// The middle of its day.
    pole: f32,
    left: f32,
    right: f32,
    /// It hangs to the left of its pole, since there is no room to the right.
    mirrored: bool,
    /// Where it hangs, the topmost row first; nothing when there is no room for its label.
    row: Option<usize>,
}

/// The changes of what was told, each in its row, within `from..to`.
pub fn place(history: &History, centres: &[f32], from: f32, to: f32) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut before = None;
    for (day, pole) in history.days.iter().zip(centres) {
        for &told in &day.told {
            if before.replace(told) != Some(told)
                && let Some(word) = word(&history.words, told)
            {
                flags.push(flag(told, word, *pole, from, to));
            }
        }
    }
    while let Some(crowded) = hang(&mut flags) {
        give_way(&mut flags, crowded);
    }
    lift(&mut flags);
    flags
}

/// How many rows the flags take.
pub fn rows(flags: &[Flag]) -> usize {
    flags
        .iter()
        .filter_map(|f| f.row)
        .max()
        .map_or(0, |row| row + 1)
}

/// Draw the poles, from the flags below `top` down to `foot`; several flags of a day have one.
pub fn draw_poles(svg: &mut Svg, flags: &[Flag], top: f32, foot: f32) {
    for flag in flags {
        let lower = |other: &&Flag| other.pole == flag.pole && other.row > flag.row;
        let Some(row) = flag.row.filter(|_| !flags.iter().any(|f| lower(&f))) else {
            continue;
        };
        let from = [flag.pole, top + row as f32 * ROW + HEIGHT];
        svg.dashes(from, [flag.pole, foot], colour::flag(flag.disposition), 4.0);
    }
}

/// Draw the flags below `top`. One without a label stands near the foot of its day as a sign.
pub fn draw(svg: &mut Svg, flags: &[Flag], top: f32, foot: f32) {
    let mut signs: Vec<[f32; 2]> = Vec::new();
    for flag in flags {
        let colour = colour::flag(flag.disposition);
        let Some(row) = flag.row else {
            let mut at = [flag.pole, foot];
            let near = |at: [f32; 2], [x, y]: &[f32; 2]| {
                (x - at[0]).abs() < 2.0 * AROUND_SIGN && (y - at[1]).abs() < AROUND_SIGN
            };
            while signs.iter().any(|other| near(at, other)) {
                at[1] -= 2.0 * AROUND_SIGN;
            }
            signs.push(at);
            svg.circle(at, AROUND_SIGN, &fill(colour::CARD));
            sign(svg, flag.disposition, at, colour);
            continue;
        };
        let y = top + row as f32 * ROW;
        let place = [flag.left, y, flag.right - flag.left, HEIGHT];
        svg.rect(place, 14.0, &fill(colour));
        let middle = [flag.left + PADDING + 13.0, y + HEIGHT / 2.0];
        sign(svg, flag.disposition, middle, colour::FLAG_TEXT);
        let at = [flag.left + PADDING + SIGN, y + 38.0];
        svg.text(at, Anchor::Start, TYPE, colour::FLAG_TEXT, &flag.label);
    }
}

fn word(words: &Words, told: Disposition) -> Option<&str> {
    match told {
        Disposition::NoTriage => None,
        Disposition::SelfCare => Some(&words.self_care),
        Disposition::Routine => Some(&words.routine),
        Disposition::Soon => Some(&words.soon),
        Disposition::Urgent => Some(&words.urgent),
        Disposition::Emergency => Some(&words.emergency),
    }
}

fn flag(disposition: Disposition, word: &str, pole: f32, from: f32, to: f32) -> Flag {
    let label = TYPE.cut(word, WIDEST_LABEL);
    let width = PADDING + SIGN + TYPE.width(&label) + PADDING;
    let mirrored = pole - OVERHANG + width > to;
    let wanted = if mirrored {
        pole + OVERHANG - width
    } else {
        pole - OVERHANG
    };
    let left = wanted.clamp(from, to - width);
    Flag {
        disposition,
        label,
        pole,
        left,
        right: left + width,
        mirrored,
        row: Some(0),
    }
}

/// Give each flag that has a row its best one; the answer is a flag for which there is none.
///
/// A flag to the right of its pole hangs above later ones, one to the left above earlier ones, so
/// that no pole runs behind a flag.
fn hang(flags: &mut [Flag]) -> Option<usize> {
    let labelled = (0..flags.len()).filter(|n| flags[*n].row.is_some());
    let (mut mirrored, mut order): (Vec<usize>, Vec<usize>) =
        labelled.partition(|n| flags[*n].mirrored);
    // Later days first, but what was told on one day stays in its order.
    mirrored.sort_by(|a, b| flags[*b].pole.total_cmp(&flags[*a].pole));
    order.append(&mut mirrored);
    for (done, n) in order.iter().enumerate() {
        let hung: Vec<&Flag> = order[..done].iter().map(|other| &flags[*other]).collect();
        let free = (0..MOST_ROWS).filter(|row| {
            let mut in_row = hung.iter().filter(|other| other.row == Some(*row));
            !in_row.any(|other| flags[*n].touches(other))
        });
        let best = free.min_by_key(|row| (flags[*n].crossings(*row, &hung), *row));
        match best {
            Some(row) => flags[*n].row = Some(row),
            None => return Some(*n),
        }
    }
    None
}

/// Take the label from the least grave of those that are in each other's way, then the oldest.
fn give_way(flags: &mut [Flag], crowded: usize) {
    let least = (0..flags.len())
        .filter(|n| flags[*n].row.is_some() && flags[*n].touches(&flags[crowded]))
        .min_by_key(|n| (flags[*n].disposition, *n));
    if let Some(flag) = flags.get_mut(least.unwrap_or(crowded)) {
        flag.row = None;
    }
}

/// Leave no empty row.
fn lift(flags: &mut [Flag]) {
    for row in (0..MOST_ROWS).rev() {
        if flags.iter().all(|f| f.row != Some(row)) {
            let below = flags.iter_mut().filter_map(|f| f.row.as_mut());
            below.filter(|r| **r > row).for_each(|r| *r -= 1);
        }
    }
}

impl Flag {
    fn touches(&self, other: &Flag) -> bool {
        self.left < other.right + GAP && other.left < self.right + GAP
    }

    fn covers(&self, other: &Flag) -> bool {
        other.pole != self.pole && (self.left..=self.right).contains(&other.pole)
    }

    /// How often a pole runs behind a flag when this one hangs in a row.
    fn crossings(&self, row: usize, hung: &[&Flag]) -> usize {
        let crosses = |other: &&&Flag| match other.row {
            Some(theirs) if theirs < row => self.covers(other),
            Some(theirs) if theirs > row => other.covers(self),
            _ => false,
        };
        hung.iter().filter(crosses).count()
    }
}

/// The sign of a disposition: each has its own shape, so that colour is not needed.
fn sign(svg: &mut Svg, disposition: Disposition, [x, y]: [f32; 2], colour: &str) {
    let polygon = |points: &[[f32; 2]]| {
        let mut path = String::new();
        for (n, [dx, dy]) in points.iter().enumerate() {
            let letter = if n == 0 { 'M' } else { 'L' };
            path.push_str(&format!("{letter}{:.1} {:.1}", x + dx, y + dy));
        }
        path.push('Z');
        path
    };
    let solid = fill(colour);
    match disposition {
        Disposition::NoTriage => {}
        Disposition::SelfCare => svg.circle([x, y], 12.0, &solid),
        Disposition::Routine => svg.rect([x - 11.0, y - 11.0, 22.0, 22.0], 2.0, &solid),
        Disposition::Soon => svg.circle([x, y], 10.0, &stroke(colour, 5.0)),
        Disposition::Urgent => {
            svg.path(
                &polygon(&[[0.0, -14.0], [14.0, 11.0], [-14.0, 11.0]]),
                &solid,
            );
        }
        Disposition::Emergency => {
            svg.rect([x - 3.5, y - 14.0, 7.0, 17.0], 3.0, &solid);
            svg.circle([x, y + 10.0], 4.5, &solid);
        }
    }
}
