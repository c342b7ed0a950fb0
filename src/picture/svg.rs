//! A drawing that is being written: shapes and escaped texts.

use super::lettering::{FAMILY, Type};

/// Where the named point of a text lies.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// The drawing so far.
#[derive(Debug, Default)]
pub struct Svg(String);

impl Svg {
    /// The whole document.
    pub fn finish(self, width: u32, height: u32, definitions: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\"><defs>{definitions}</defs>\n{}</svg>\n",
            self.0
        )
    }

    /// A rectangle with corners of this radius.
    pub fn rect(&mut self, [x, y, width, height]: [f32; 4], radius: f32, style: &str) {
        self.element(&format!(
            "rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"{radius:.1}\" {style}"
        ));
    }

    /// A straight line.
    pub fn line(&mut self, [x1, y1]: [f32; 2], [x2, y2]: [f32; 2], colour: &str, thick: f32) {
        self.path(
            &format!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"),
            &stroke(colour, thick),
        );
    }

    /// A straight line of dashes.
    pub fn dashes(&mut self, [x1, y1]: [f32; 2], [x2, y2]: [f32; 2], colour: &str, thick: f32) {
        let (dash, gap) = (thick * 2.0, thick * 2.0);
        self.path(
            &format!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"),
            &format!(
                "{} stroke-dasharray=\"{dash:.1} {gap:.1}\"",
                stroke(colour, thick)
            ),
        );
    }

    /// A circle.
    pub fn circle(&mut self, [x, y]: [f32; 2], radius: f32, style: &str) {
        self.element(&format!(
            "circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" {style}"
        ));
    }

    /// Any other shape.
    pub fn path(&mut self, path: &str, style: &str) {
        self.element(&format!("path d=\"{path}\" {style}"));
    }

    /// A text on its base line.
    pub fn text(&mut self, [x, y]: [f32; 2], anchor: Anchor, kind: Type, colour: &str, text: &str) {
        self.write_text([x, y], anchor, kind, &fill(colour), text);
    }

    /// A text that stays readable over lines.
    pub fn text_over(
        &mut self,
        [x, y]: [f32; 2],
        anchor: Anchor,
        kind: Type,
        [colour, ground]: [&str; 2],
        text: &str,
    ) {
        let style = format!(
            "{} stroke=\"{ground}\" stroke-width=\"10\" stroke-linejoin=\"round\" \
             paint-order=\"stroke\"",
            fill(colour)
        );
        self.write_text([x, y], anchor, kind, &style, text);
    }

    fn write_text(
        &mut self,
        [x, y]: [f32; 2],
        anchor: Anchor,
        kind: Type,
        style: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if kind.bold { 700 } else { 500 };
        self.0.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-family=\"{FAMILY}\" \
             font-weight=\"{weight}\" font-size=\"{:.1}\" {style}>{}</text>\n",
            kind.size,
            escape(text)
        ));
    }

    fn element(&mut self, inside: &str) {
        self.0.push_str(&format!("<{inside}/>\n"));
    }
}

/// A filled shape.
pub fn fill(colour: &str) -> String {
    format!("fill=\"{colour}\"")
}

/// A line without a filling.
pub fn stroke(colour: &str, thick: f32) -> String {
    format!(
        "fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thick:.1}\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\""
    )
}

/// A text as XML content. Characters that XML 1.0 does not allow become spaces.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
