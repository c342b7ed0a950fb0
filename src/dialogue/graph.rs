//! The states of a dialogue as a drawing: Mermaid or Graphviz text, pure and deterministic.
//!
//! `backtalk graph` and the documents call [`mermaid`] and [`dot`]. What is drawn is computed from
//! the dialogue alone ([`overview`], [`full`], [`interrupt`]); [`write`](mod@write) knows the two
//! notations. Words typed in place of taps, undoing and re-checks may ask in another order and are
//! left out.

pub mod full;
pub mod interrupt;
pub mod overview;
pub mod write;

use std::collections::BTreeSet;

use super::{Act, Condition, Dialogue, Disposition, Phase, Screen};

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// One box for each phase and each disposition.
    Overview,
    /// Every screen.
    Full,
}

/// The drawing as Mermaid text.
pub fn mermaid(d: &Dialogue, detail: Detail) -> String {
    write::mermaid(&drawing(d, detail))
}

/// The drawing as Graphviz text.
pub fn dot(d: &Dialogue, detail: Detail) -> String {
    write::dot(&drawing(d, detail))
}

fn drawing(d: &Dialogue, detail: Detail) -> Drawing {
    match detail {
        Detail::Overview => overview::draw(d),
        Detail::Full => full::draw(d),
    }
}

/// Boxes and arrows, in the order in which they are written.
#[derive(Debug, Default)]
pub struct Drawing {
    /// What it shows.
    pub title: String,
    /// Boxes in frames; a frame without a title is not drawn.
    pub groups: Vec<Group>,
    /// Arrows.
    pub edges: Vec<Edge>,
}

/// Boxes that belong together.
#[derive(Debug, Default)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// The words on the frame.
    pub title: String,
    /// The boxes.
    pub nodes: Vec<Node>,
    /// Boxes that stand in one row, from the left, where the notation can say so.
    pub row: Vec<String>,
}

/// One box.
#[derive(Debug)]
pub struct Node {
    /// Its id: letters, digits and `_`, starting with a letter.
    pub id: String,
    /// Its name, in bold.
    pub title: String,
    /// Further lines, in small.
    pub lines: Vec<String>,
    /// What it is.
    pub look: Look,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// A phase, or a screen that everybody is asked.
    Asked,
    /// A screen with a guard.
    Guarded,
    /// A screen that an answer opens.
    Opened,
    /// The emergency, or the rules by which a screen leads to it.
    Emergency,
    /// Where all answers are weighed.
    Verdict,
    /// Any other disposition.
    Outcome,
    /// What follows a disposition.
    After,
    /// The name of a box or frame that stands elsewhere.
    Onward,
}

/// One arrow.
#[derive(Debug)]
pub struct Edge {
    /// The box it leaves.
    pub from: String,
    /// The box it reaches.
    pub to: String,
    /// The words on it.
    pub label: String,
    /// What it is.
    pub kind: Kind,
}

/// What an arrow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The next in order.
    Next,
    /// From the end of a frame to the next one.
    Onward,
    /// Not drawn: the one stands below the other.
    Below,
    /// An answer opens it.
    Opens,
    /// A rule interrupts.
    Interrupt,
    /// A rule interrupts, drawn beside its screen.
    InterruptBeside,
    /// Seldom taken.
    Seldom,
}

impl Edge {
    fn new(from: &str, to: &str, label: &str, kind: Kind) -> Edge {
        Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            label: label.to_owned(),
            kind,
        }
    }
}

/// The dispositions that follow from questions, most severe first.
const DISPOSITIONS: [Disposition; 5] = [
    Disposition::Emergency,
    Disposition::Urgent,
    Disposition::Soon,
    Disposition::Routine,
    Disposition::SelfCare,
];

/// A space that no line breaks at.
const NO_BREAK: &str = "\u{a0}";

fn name(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::NoTriage => "no_triage",
        Disposition::SelfCare => "self_care",
        Disposition::Routine => "routine",
        Disposition::Soon => "soon",
        Disposition::Urgent => "urgent",
        Disposition::Emergency => "emergency",
    }
}

fn outcome_node(disposition: Disposition) -> String {
    format!("d_{}", name(disposition))
}

fn outcome(d: &Dialogue, disposition: Disposition) -> Node {
    let rules = d
        .rules
        .iter()
        .filter(|r| r.disposition == disposition && r.when != Condition::Else)
        .count();
    let line = match (disposition, rules) {
        (Disposition::NoTriage, _) => "not about anyone's symptoms".to_owned(),
        (_, 0) => "no other rule fires".to_owned(),
        _ => count(rules, "rule", "rules"),
    };
    let look = if disposition == Disposition::Emergency {
        Look::Emergency
    } else {
        Look::Outcome
    };
    let title = capital(&name(disposition).replace('_', " "));
    Node {
        id: outcome_node(disposition),
        title,
        lines: vec![line],
        look,
    }
}

/// Whether its verdict offers a plan.
fn has_plan(d: &Dialogue, disposition: Disposition) -> bool {
    let verdicts = d.verdicts.iter().filter(|v| v.disposition == disposition);
    verdicts
        .flat_map(|v| &v.buttons)
        .any(|b| b.act == Some(Act::Plan))
}

/// When the check-ins come that go to any of these dispositions.
fn check_ins(d: &Dialogue, to: &[Disposition]) -> Option<String> {
    let hours: BTreeSet<u32> = d
        .check_ins
        .iter()
        .filter(|c| c.dispositions.iter().any(|x| to.contains(x)))
        .map(|c| c.after_hours)
        .collect();
    let times: Vec<String> = hours
        .into_iter()
        .map(|h| {
            if h > 24 && h % 24 == 0 {
                format!("{} d", h / 24)
            } else {
                format!("{h} h")
            }
        })
        .collect();
    (!times.is_empty()).then(|| times.join(", "))
}

fn title(phase: &Phase) -> String {
    let title = if phase.title.is_empty() {
        phase.id.replace('_', " ")
    } else {
        phase.title.clone()
    };
    capital(&title)
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(rest).collect())
}

fn screen_node(screen: &Screen) -> String {
    format!("s_{}", screen.id)
}

/// Whether everybody who reaches its phase is asked this screen.
fn is_always_asked(screen: &Screen) -> bool {
    !screen.opened && matches!(screen.when, Condition::Always | Condition::Disposition(_))
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Words in lines of at most `width` characters; a longer word stands alone. Only a plain space
/// parts words, so that a no-break space keeps a name together.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
