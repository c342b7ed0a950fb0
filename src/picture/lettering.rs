//! The fonts, how wide a text is in them, and how it is cut to its place.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// The name that the fonts go by.
pub const FAMILY: &str = "Inter";

const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/Inter-Medium.otf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.otf");

/// What a letter that the font lacks is taken to need, in its size.
const UNKNOWN: f32 = 0.7;

/// A weight and a size in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    pub bold: bool,
    pub size: f32,
}

/// Medium weight.
pub const fn medium(size: f32) -> Type {
    Type { bold: false, size }
}

/// Bold weight.
pub const fn bold(size: f32) -> Type {
    Type { bold: true, size }
}

/// The fonts for the renderer. Without them it draws no text at all.
pub fn fonts() -> Arc<fontdb::Database> {
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(MEDIUM.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    });
    FONTS.clone()
}

impl Type {
    /// How wide a text is, in pixels.
    pub fn width(self, text: &str) -> f32 {
        let bytes = if self.bold { BOLD } else { MEDIUM };
        let font = FontRef::new(bytes).ok();
        let metrics = font
            .as_ref()
            .map(|f| f.glyph_metrics(Size::new(self.size), LocationRef::default()));
        let letters = font.as_ref().map(FontRef::charmap);
        let advance = |c: char| metrics.as_ref()?.advance_width(letters.as_ref()?.map(c)?);
        text.chars()
            .map(|c| advance(c).unwrap_or(UNKNOWN * self.size))
            .sum()
    }

    /// The text, with its end cut so that it is at most so wide.
    pub fn cut(self, text: &str, widest: f32) -> String {
        let text = text.trim();
        if self.width(text) <= widest {
            return text.to_owned();
        }
        let mut kept = String::new();
        for c in text.chars() {
            kept.push(c);
            if self.width(&format!("{kept}…")) > widest {
                kept.pop();
                break;
            }
        }
        format!("{}…", kept.trim_end())
    }

    /// The same type, made smaller down to `least` pixels until the text is at most so wide.
    pub fn shrunk(self, text: &str, widest: f32, least: f32) -> Type {
        let fitting = self.size * widest / self.width(text).max(1.0);
        let size = self.size.min(fitting).max(least);
        Type { size, ..self }
    }

    /// The text in lines that are at most so wide; what is too much for so many lines is cut.
    pub fn lines(self, text: &str, widest: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let longer = lines.last().map(|last| format!("{last} {word}"));
            let full = lines.len() == most;
            match (longer, lines.last_mut()) {
                (Some(longer), Some(last)) if full || self.width(&longer) <= widest => {
                    *last = longer;
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().map(|line| self.cut(line, widest)).collect()
    }
}
