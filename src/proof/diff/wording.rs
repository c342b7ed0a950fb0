//! Texts that changed, with their length and reading grade.

use serde::Serialize;

use crate::dialogue::Dialogue;
use crate::dialogue::check::{Worded, wording};

/// A text before and after a change.
#[derive(Debug, Serialize)]
pub struct Reworded {
    /// What it is, such as "the question of `who`".
    pub what: String,
    /// How it was; nothing where it is new.
    pub before: Option<Words>,
    /// How it is; nothing where it is gone.
    pub after: Option<Words>,
}

/// A text, how long it is and how hard to read.
#[derive(Debug, Serialize)]
pub struct Words {
    /// The text in its hardest form, with the labels below it.
    pub text: String,
    /// The most characters it has, without the labels.
    pub length: usize,
    /// Years of schooling needed to read it.
    pub years: f64,
}

impl Words {
    fn of(worded: &Worded) -> Words {
        Words {
            text: worded.text.clone(),
            length: worded.length,
            years: worded.years,
        }
    }
}

/// Every text that changed, came or went, in the order of the files.
pub(super) fn reworded(old: &Dialogue, new: &Dialogue) -> Vec<Reworded> {
    let (was, is) = (wording(old), wording(new));
    let mut out = Vec::new();
    for now in &is {
        let before = was.iter().find(|w| w.what == now.what);
        if before.is_none_or(|w| w.forms != now.forms) {
            out.push(Reworded {
                what: now.what.clone(),
                before: before.map(Words::of),
                after: Some(Words::of(now)),
            });
        }
    }
    for before in &was {
        if !is.iter().any(|w| w.what == before.what) {
            out.push(Reworded {
                what: before.what.clone(),
                before: Some(Words::of(before)),
                after: None,
            });
        }
    }
    out
}
