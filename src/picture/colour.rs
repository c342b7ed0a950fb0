//! Colours that neither glare in a dark chat nor fade in a light one.
//!
//! Each text stands on a ground of at least 4.5 : 1 (WCAG 2.2, 1.4.3), each mark on one of 3 : 1
//! (1.4.11); `tests/picture.rs` computes both.

use crate::dialogue::Disposition;

/// Around the card.
pub const SURROUND: &str = "#b7c4cd";
/// The card that everything is drawn on.
pub const CARD: &str = "#d3dce2";
/// The column of today.
pub const TODAY: &str = "#c1cdd5";
/// Headline, labels and numbers.
pub const TEXT: &str = "#16242f";
/// Dates and what is said in place of marks.
pub const QUIET: &str = "#3b4c59";
/// Lines of the grid, which only guide the eye.
pub const GRID: &str = "#a8b7c1";
/// The axes.
pub const AXIS: &str = "#5a6b78";
/// The scores.
pub const PAIN: &str = "#5b2a86";
/// The highest score of a day.
pub const WORST: &str = "#7f4aa8";
/// Rounds of ice, hatched.
pub const ICE: &str = "#175f99";
/// Rounds of heat, solid.
pub const HEAT: &str = "#a8401a";
/// Ticks of check-ins.
pub const TICK: &str = "#1d5c41";
/// Words on a flag.
pub const FLAG_TEXT: &str = "#ffffff";

/// The colour of a flag.
pub fn flag(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::NoTriage => QUIET,
        Disposition::SelfCare => "#1d6642",
        Disposition::Routine => "#2a5a85",
        Disposition::Soon => "#7a5200",
        Disposition::Urgent => "#a23c0c",
        Disposition::Emergency => "#981028",
    }
}
