//! The whole picture: the card, the headline, and where each panel lies.

use super::axis::{self, Label};
use super::colour;
use super::flags;
use super::lettering::{Type, bold, medium};
use super::panels;
use super::svg::{Anchor, Svg, fill};
use super::{HEIGHT, History, WIDTH};

/// Texts stay within these.
pub const LEFT: f32 = 68.0;
pub const RIGHT: f32 = 1012.0;
/// Days lie from here to `RIGHT`.
const FIRST_DAY: f32 = 146.0;
/// Room for a number behind the last of many days.
const BEHIND: f32 = 30.0;

const INSET: f32 = 20.0;
const TITLE: Type = bold(56.0);
const TITLE_BASE: f32 = 116.0;
const PAIN_HEADING: f32 = 186.0;
const FLAGS_TOP: f32 = 210.0;
/// Room above a score of 10 for its number.
const HEADROOM: f32 = 56.0;
const PAIN_FOOT: f32 = 736.0;
const ICE_HEADING: f32 = 800.0;
const ICE_FOOT: f32 = 938.0;
const HEAT_HEADING: f32 = 996.0;
const HEAT_FOOT: f32 = 1134.0;
const TICKS_HEADING: f32 = 1192.0;
const TICKS: f32 = 1226.0;
const DATES: f32 = 1290.0;
const DATE: Type = medium(32.0);
const WIDEST_DATE: f32 = 240.0;

/// The days from left to right.
#[derive(Debug)]
pub struct Columns {
    /// The middle of each day.
    pub centres: Vec<f32>,
    /// How wide a day is.
    pub slot: f32,
    /// Where the first day begins.
    pub from: f32,
    /// Where the last day ends.
    pub to: f32,
}

/// A day that is at least so wide has room for its own numbers.
const ROOMY: f32 = 48.0;

impl Columns {
    fn of(days: usize) -> Columns {
        let slot_to = |to: f32| (to - FIRST_DAY) / days as f32;
        let to = match slot_to(RIGHT) >= ROOMY {
            true => RIGHT,
            false => RIGHT - BEHIND,
        };
        let slot = slot_to(to);
        let centres = (0..days).map(|n| FIRST_DAY + (n as f32 + 0.5) * slot);
        Columns {
            centres: centres.collect(),
            slot,
            from: FIRST_DAY,
            to,
        }
    }

    /// Whether numbers stand at each day.
    pub fn roomy(&self) -> bool {
        self.slot >= ROOMY
    }

    /// The colour behind a day.
    pub fn ground(&self, day: usize) -> &'static str {
        match self.marks_today() && day + 1 == self.centres.len() {
            true => colour::TODAY,
            false => colour::CARD,
        }
    }

    /// Whether the column of today is tinted: among few days it is found without.
    fn marks_today(&self) -> bool {
        self.centres.len() > 4
    }
}

/// Draw it all.
pub fn draw(history: &History) -> String {
    let days = history.days.len();
    let columns = Columns::of(days);
    let flags = flags::place(history, &columns.centres, LEFT, RIGHT);
    let pain_top = FLAGS_TOP + flags::rows(&flags) as f32 * flags::ROW + HEADROOM;
    let dates = dates(history, &columns);

    let mut svg = Svg::default();
    card(&mut svg);
    guides(&mut svg, &columns, &dates, pain_top);
    title(&mut svg, &history.title);
    panels::pain_scale(
        &mut svg,
        history,
        &columns,
        PAIN_HEADING,
        pain_top,
        PAIN_FOOT,
    );
    flags::draw_poles(&mut svg, &flags, FLAGS_TOP, PAIN_FOOT);
    panels::pain(&mut svg, history, &columns, pain_top, PAIN_FOOT);
    flags::draw(&mut svg, &flags, FLAGS_TOP, PAIN_FOOT);
    panels::ice(&mut svg, history, &columns, ICE_HEADING, ICE_FOOT);
    panels::heat(&mut svg, history, &columns, HEAT_HEADING, HEAT_FOOT);
    panels::check_ins(&mut svg, history, &columns, TICKS_HEADING, TICKS);
    for (label, text) in &dates {
        let today = label.day + 1 == days;
        let colour = match today {
            true => colour::TEXT,
            false => colour::QUIET,
        };
        let at = [label.left, DATES];
        svg.text(at, Anchor::Start, date_type(today), colour, text);
    }
    svg.finish(WIDTH, HEIGHT, &panels::hatching())
}

fn card(svg: &mut Svg) {
    let (width, height) = (WIDTH as f32, HEIGHT as f32);
    svg.rect([0.0, 0.0, width, height], 0.0, &fill(colour::SURROUND));
    let inside = [INSET, INSET, width - 2.0 * INSET, height - 2.0 * INSET];
    svg.rect(inside, 56.0, &fill(colour::CARD));
}

/// The column of today, and a thin line through each day that has a date.
fn guides(svg: &mut Svg, columns: &Columns, dates: &[(Label, String)], top: f32) {
    let Some(today) = columns.centres.last() else {
        return;
    };
    let width = columns.slot.min(120.0);
    let from = top - 30.0;
    let column = [today - width / 2.0, from, width, TICKS + 26.0 - from];
    if columns.marks_today() {
        svg.rect(column, 8.0, &fill(colour::TODAY));
    }
    for (label, _) in dates
        .iter()
        .filter(|(label, _)| columns.slot < 80.0 && columns.centres[label.day] < *today)
    {
        let x = columns.centres[label.day];
        svg.line([x, top], [x, TICKS + 26.0], colour::GRID, 2.0);
    }
}

fn title(svg: &mut Svg, title: &str) {
    let kind = TITLE.shrunk(title, RIGHT - LEFT, 40.0);
    let text = kind.cut(title, RIGHT - LEFT);
    svg.text([LEFT, TITLE_BASE], Anchor::Start, kind, colour::TEXT, &text);
}

/// The dates below the axis.
fn dates(history: &History, columns: &Columns) -> Vec<(Label, String)> {
    let words = &history.words;
    let last = history.days.len().saturating_sub(1);
    let mut texts = Vec::new();
    let mut widths = Vec::new();
    for (n, day) in history.days.iter().enumerate() {
        let month = usize::try_from(day.date.month() - 1).unwrap_or_default();
        let text = match n == last {
            true => words.today.clone(),
            false => format!("{} {}", day.date.day(), words.months[month % 12]),
        };
        let kind = date_type(n == last);
        let text = kind.cut(&text, WIDEST_DATE);
        widths.push(kind.width(&text));
        texts.push(text);
    }
    let labels = axis::thin(&columns.centres, &widths, LEFT, RIGHT);
    labels
        .into_iter()
        .map(|label| (label, std::mem::take(&mut texts[label.day])))
        .collect()
}

fn date_type(today: bool) -> Type {
    match today {
        true => bold(DATE.size),
        false => DATE,
    }
}
