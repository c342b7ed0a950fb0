//! The picture of `/history`: pain by day, rounds of ice and heat, what was told, check-ins done.
//!
//! Pure: the same history gives the same bytes. Whoever answers `/history` gathers the days and the
//! words; what a dot or a flag looks like is decided here. Texts come in as words, so that none is
//! written in Rust.

/// Which days get a date below the axis.
pub mod axis;
mod chart;
/// The colours, and which text stands on which ground.
pub mod colour;
mod flags;
mod lettering;
mod panels;
mod svg;

mod of_session;

use resvg::{tiny_skia, usvg};

pub use crate::engine::history::{Day, MOST_DAYS};
pub use of_session::of_session;

/// The width of every picture in pixels.
pub const WIDTH: u32 = 1080;
/// The height of every picture in pixels.
pub const HEIGHT: u32 = 1350;
/// What a picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The headline, such as "Your last 7 days".
    pub title: String,
    /// 1 to 56 days without gaps, oldest first. The last one is today.
    pub days: Vec<Day>,
    /// Every other text.
    pub words: Words,
}

/// The texts of a picture. What is too long for its place is cut with an ellipsis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Above the scores: "Pain, 0 to 10".
    pub pain: String,
    /// Beside the mark of the highest score: "worst that day".
    pub worst: String,
    /// Above the rounds of ice.
    pub ice: String,
    /// Above the rounds of heat.
    pub heat: String,
    /// Above the ticks.
    pub check_ins: String,
    /// A sentence in place of the scores when there are none.
    pub no_pain_yet: String,
    /// In place of rounds or ticks when there are none: "none yet".
    pub none_yet: String,
    /// Below the last day.
    pub today: String,
    /// Short names of the months, January first. A date is written as "2 Mar".
    pub months: [String; 12],
    /// What `Disposition::SelfCare` is called.
    pub self_care: String,
    /// What `Disposition::Routine` is called.
    pub routine: String,
    /// What `Disposition::Soon` is called.
    pub soon: String,
    /// What `Disposition::Urgent` is called.
    pub urgent: String,
    /// What `Disposition::Emergency` is called.
    pub emergency: String,
}

/// Why there is no picture. Either way the history can only be told in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A picture shows 1 to 56 days, and not so many.
    #[error("a picture shows 1 to {MOST_DAYS} days, not {0}")]
    Days(usize),
    /// The drawing could not be turned into pixels.
    #[error("the picture could not be drawn: {0}")]
    Drawing(String),
}

/// The history as a PNG file of `WIDTH` by `HEIGHT` pixels.
pub fn png(history: &History) -> Result<Vec<u8>, PictureError> {
    let drawing = |error: &dyn std::fmt::Display| PictureError::Drawing(error.to_string());
    let options = usvg::Options {
        font_family: lettering::FAMILY.to_owned(),
        fontdb: lettering::fonts(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&svg(history)?, &options).map_err(|e| drawing(&e))?;
    let mut pixels = tiny_skia::Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| drawing(&"no room"))?;
    resvg::render(
        &tree,
        tiny_skia::Transform::identity(),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|e| drawing(&e))
}

/// The history as the SVG that `png` turns into pixels.
pub fn svg(history: &History) -> Result<String, PictureError> {
    match history.days.len() {
        1..=MOST_DAYS => Ok(chart::draw(history)),
        other => Err(PictureError::Days(other)),
    }
}
