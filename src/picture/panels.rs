//! The panels below each other: scores, rounds of ice, rounds of heat, check-ins.

use super::chart::{Columns, LEFT, RIGHT};
use super::colour;
use super::lettering::{Type, bold, medium};
use super::svg::{Anchor, Svg, fill, stroke};
use super::{Day, History};

const HEADING: Type = bold(36.0);
const NOTE: Type = medium(34.0);
const SCALE: Type = medium(34.0);
const SCORE: Type = bold(40.0);
const SENTENCE: Type = medium(42.0);
/// From one line of a sentence to the next.
const LINE: f32 = 58.0;
const COUNT: Type = bold(32.0);
/// Where numbers beside the panels end.
const SCALE_END: f32 = 126.0;
/// Where the words of a heading begin, behind its sign.
const HEADING_WORDS: f32 = LEFT + 58.0;
/// How high the highest column is.
const HIGHEST: f32 = 84.0;
/// A column is as high as its panel from this many rounds on.
const FEW: u8 = 4;
/// Ticks turn into dots when a day is less wide.
const TICKS_FROM: f32 = 24.0;

/// The pattern of the rounds of ice.
pub fn hatching() -> String {
    format!(
        "<pattern id=\"hatching\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"9\" height=\"9\" fill=\"{}\"/>\
         <rect width=\"4.5\" height=\"9\" fill=\"{}\"/></pattern>",
        colour::CARD,
        colour::ICE
    )
}

/// The heading of the scores, what its marks mean, and the lines of the scale.
pub fn pain_scale(
    svg: &mut Svg,
    history: &History,
    columns: &Columns,
    heading: f32,
    top: f32,
    foot: f32,
) {
    let middle = heading - 12.0;
    svg.line([LEFT, middle], [LEFT + 44.0, middle], colour::PAIN, 6.0);
    point(svg, [LEFT + 22.0, middle], 12.0, colour::CARD);
    let words = HEADING.cut(&history.words.pain, 420.0);
    let at = [HEADING_WORDS, heading];
    svg.text(at, Anchor::Start, HEADING, colour::TEXT, &words);
    if history.days.iter().any(|day| worst(day).is_some()) {
        let x = HEADING_WORDS + HEADING.width(&words) + 54.0;
        svg.line([x, middle - 10.0], [x, middle + 16.0], colour::WORST, 5.0);
        worst_mark(svg, [x, middle - 14.0], 13.0, colour::CARD);
        point(svg, [x, middle + 16.0], 8.0, colour::CARD);
        let note = NOTE.cut(&history.words.worst, RIGHT - x - 30.0);
        let at = [x + 30.0, heading];
        svg.text(at, Anchor::Start, NOTE, colour::TEXT, &note);
    }
    for score in (0..=10).step_by(2) {
        let y = height_of(score, top, foot);
        let (colour, thick) = match score {
            0 => (colour::AXIS, 4.0),
            _ => (colour::GRID, 2.0),
        };
        svg.line([columns.from, y], [columns.to, y], colour, thick);
        let at = [SCALE_END, y + 12.0];
        let text = score.to_string();
        svg.text(at, Anchor::End, SCALE, colour::TEXT, &text);
    }
}

/// The scores, or a sentence where there are none.
pub fn pain(svg: &mut Svg, history: &History, columns: &Columns, top: f32, foot: f32) {
    let days = || history.days.iter().zip(&columns.centres);
    let scores: Vec<([f32; 2], usize)> = days()
        .enumerate()
        .filter_map(|(n, (day, x))| Some(([*x, height_of(day.pain?, top, foot)], n)))
        .collect();
    let radius = (columns.slot * 0.28).clamp(5.5, 14.0);
    for (n, (day, x)) in days().enumerate() {
        let Some(worst) = worst(day) else { continue };
        let y = height_of(worst, top, foot);
        if let Some(pain) = day.pain {
            let end = height_of(pain, top, foot);
            svg.line([*x, y], [*x, end], colour::WORST, radius * 0.4);
        }
        worst_mark(svg, [*x, y], radius.max(7.0), columns.ground(n));
    }
    for two in scores.windows(2) {
        let ((from, a), (to, b)) = (two[0], two[1]);
        let thick = radius * 0.5;
        match b - a {
            1 => svg.line(from, to, colour::PAIN, thick),
            _ => svg.dashes(from, to, colour::PAIN, thick * 0.7),
        }
    }
    for (at, n) in &scores {
        point(svg, *at, radius, columns.ground(*n));
    }
    numbers(svg, &history.days, columns, &scores, radius);
    if scores.is_empty() {
        let middle = [(columns.from + columns.to) / 2.0, (top + foot) / 2.0];
        sentence(svg, &history.words.no_pain_yet, middle);
    }
}

/// A sentence around this point, on a ground of its own.
fn sentence(svg: &mut Svg, words: &str, [x, y]: [f32; 2]) {
    let lines = SENTENCE.lines(words, 520.0, 5);
    let widths = lines.iter().map(|line| SENTENCE.width(line));
    let width = widths.fold(0.0, f32::max) + 2.0 * 30.0;
    let height = lines.len() as f32 * LINE + 30.0;
    let ground = [x - width / 2.0, y - height / 2.0, width, height];
    svg.rect(ground, 20.0, &fill(colour::CARD));
    for (n, line) in lines.iter().enumerate() {
        let base = y - height / 2.0 + 15.0 + n as f32 * LINE + 43.0;
        svg.text([x, base], Anchor::Middle, SENTENCE, colour::TEXT, line);
    }
}

/// The rounds of ice: hatched columns with corners.
pub fn ice(svg: &mut Svg, history: &History, columns: &Columns, heading: f32, foot: f32) {
    let style = format!(
        "fill=\"url(#hatching)\" stroke=\"{}\" stroke-width=\"3\"",
        colour::ICE
    );
    svg.rect([LEFT + 6.0, heading - 28.0, 32.0, 30.0], 2.0, &style);
    let rounds: Vec<u8> = history.days.iter().map(|day| day.ice).collect();
    let empty = rounds.iter().all(|count| *count == 0);
    head(svg, &history.words.ice, none_yet(history, empty), heading);
    rounds_panel(svg, history, columns, &rounds, foot, |svg, [x, y, w, h]| {
        svg.rect([x + 1.5, y, w - 3.0, h], 2.0, &style);
    });
}

/// The rounds of heat: solid columns with round shoulders.
pub fn heat(svg: &mut Svg, history: &History, columns: &Columns, heading: f32, foot: f32) {
    let column = |svg: &mut Svg, [x, y, w, h]: [f32; 4]| {
        let r = (w / 2.0).min(h);
        svg.path(
            &format!(
                "M{x:.1} {:.1}v{:.1}a{r:.1} {r:.1} 0 0 1 {r:.1} -{r:.1}h{:.1}\
                 a{r:.1} {r:.1} 0 0 1 {r:.1} {r:.1}v{:.1}Z",
                y + h,
                r - h,
                w - 2.0 * r,
                h - r
            ),
            &fill(colour::HEAT),
        );
    };
    column(svg, [LEFT + 6.0, heading - 29.0, 32.0, 32.0]);
    let rounds: Vec<u8> = history.days.iter().map(|day| day.heat).collect();
    let empty = rounds.iter().all(|count| *count == 0);
    head(svg, &history.words.heat, none_yet(history, empty), heading);
    rounds_panel(svg, history, columns, &rounds, foot, column);
}

/// A tick on each day with a check-in, or a dot when there are many days.
pub fn check_ins(svg: &mut Svg, history: &History, columns: &Columns, heading: f32, y: f32) {
    let mark = |svg: &mut Svg, at: [f32; 2], size: f32| match columns.slot >= TICKS_FROM {
        true => tick(svg, at, size),
        false => svg.circle(at, 11.0 * size, &fill(colour::TICK)),
    };
    mark(svg, [LEFT + 22.0, heading - 12.0], 1.0);
    let empty = !history.days.iter().any(|day| day.checked_in);
    head(
        svg,
        &history.words.check_ins,
        none_yet(history, empty),
        heading,
    );
    let size = (columns.slot / 48.0).clamp(0.4, 1.0);
    let done = || {
        history
            .days
            .iter()
            .zip(&columns.centres)
            .filter(|(day, _)| day.checked_in)
    };
    for (_, x) in done() {
        mark(svg, [*x, y], size);
    }
}

fn none_yet(history: &History, empty: bool) -> Option<&str> {
    empty.then_some(history.words.none_yet.as_str())
}

/// The heading of a panel, and that there is nothing in it.
fn head(svg: &mut Svg, words: &str, empty: Option<&str>, heading: f32) {
    let words = HEADING.cut(words, 500.0);
    let colours = [colour::TEXT, colour::CARD];
    let at = [HEADING_WORDS, heading];
    svg.text_over(at, Anchor::Start, HEADING, colours, &words);
    if let Some(empty) = empty {
        let x = HEADING_WORDS + HEADING.width(&words) + 22.0;
        let colours = [colour::QUIET, colour::CARD];
        let empty = NOTE.cut(empty, RIGHT - x);
        svg.text_over([x, heading], Anchor::Start, NOTE, colours, &empty);
    }
}

/// Columns for the rounds of one kind. A number stands on each, or the highest one beside them.
fn rounds_panel(
    svg: &mut Svg,
    history: &History,
    columns: &Columns,
    rounds: &[u8],
    foot: f32,
    column: impl Fn(&mut Svg, [f32; 4]),
) {
    let most = |day: &Day| day.ice.max(day.heat);
    let full = history.days.iter().map(most).max().unwrap_or(0).max(FEW);
    let width = (columns.slot * 0.7).min(56.0);
    let height = |count: u8| HIGHEST * f32::from(count) / f32::from(full);
    let own = rounds.iter().copied().max().unwrap_or(0);
    if own > 0 && !columns.roomy() {
        let y = foot - height(own);
        svg.line([columns.from, y], [columns.to, y], colour::GRID, 2.0);
        let at = [SCALE_END, y + 11.0];
        svg.text(at, Anchor::End, COUNT, colour::TEXT, &own.to_string());
    }
    for (count, x) in rounds.iter().zip(&columns.centres).filter(|(n, _)| **n > 0) {
        let h = height(*count);
        column(svg, [x - width / 2.0, foot - h, width, h]);
        if columns.roomy() {
            let at = [*x, foot - h - 8.0];
            let text = count.to_string();
            svg.text(at, Anchor::Middle, COUNT, colour::TEXT, &text);
        }
    }
    svg.line([columns.from, foot], [columns.to, foot], colour::AXIS, 4.0);
}

/// The numbers of the scores: of each day, or of the last when there are many.
fn numbers(
    svg: &mut Svg,
    days: &[Day],
    columns: &Columns,
    scores: &[([f32; 2], usize)],
    radius: f32,
) {
    let first = match columns.roomy() {
        true => 0,
        false => scores.len().saturating_sub(1),
    };
    for ([x, y], n) in &scores[first..] {
        let pain = days[*n].pain.unwrap_or_default().min(10);
        // The line to the highest score goes up, so the number goes below, if there is room.
        let below = worst(&days[*n]).is_some() && pain >= 2;
        let (at, anchor) = match columns.roomy() {
            true if below => ([*x, y + radius + 38.0], Anchor::Middle),
            true => ([*x, y - radius - 12.0], Anchor::Middle),
            false => ([x + radius + 10.0, y + 14.0], Anchor::Start),
        };
        let ground = match columns.roomy() {
            true => columns.ground(*n),
            false => columns.ground(*n + 1),
        };
        svg.text_over(at, anchor, SCORE, [colour::PAIN, ground], &pain.to_string());
    }
}

/// The highest score of a day, when it is above the last.
fn worst(day: &Day) -> Option<u8> {
    day.worst
        .filter(|worst| day.pain.is_none_or(|pain| *worst > pain))
}

fn height_of(score: u8, top: f32, foot: f32) -> f32 {
    foot - (foot - top) * f32::from(score.min(10)) / 10.0
}

fn point(svg: &mut Svg, at: [f32; 2], radius: f32, ground: &str) {
    svg.circle(at, radius + radius * 0.2, &fill(ground));
    svg.circle(at, radius, &fill(colour::PAIN));
}

fn worst_mark(svg: &mut Svg, [x, y]: [f32; 2], size: f32, ground: &str) {
    let path = format!(
        "M{x:.1} {:.1}L{:.1} {:.1}H{:.1}Z",
        y - size * 0.7,
        x + size,
        y + size * 0.9,
        x - size
    );
    let style = format!(
        "fill=\"{ground}\" stroke=\"{}\" stroke-width=\"{:.1}\" stroke-linejoin=\"round\"",
        colour::WORST,
        (size * 0.3).max(3.0)
    );
    svg.path(&path, &style);
}

fn tick(svg: &mut Svg, [x, y]: [f32; 2], size: f32) {
    let path = format!(
        "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}",
        x - 15.0 * size,
        y + 1.0 * size,
        x - 4.0 * size,
        y + 12.0 * size,
        x + 15.0 * size,
        y - 12.0 * size
    );
    svg.path(&path, &stroke(colour::TICK, (7.0 * size).max(3.5)));
}
