//! Where the elements of a dialogue stand in its files, so that `check` can point at them.
//!
//! `load` fills it. An element is named as people speak of it: "rule E01_cauda_equina",
//! "screen who", "screen who when", "page tablets line 3".

use std::collections::HashMap;
use std::ops::Range;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, as a path below `dialogues/`.
    pub file: String,
    /// The bytes.
    pub span: Range<usize>,
}

/// The places of all elements, by name.
#[derive(Debug, Default)]
pub struct Places(HashMap<String, Place>);

impl Places {
    /// Note where an element stands. The first place of a name counts.
    pub fn note(&mut self, element: impl Into<String>, file: &str, span: Range<usize>) {
        self.0.entry(element.into()).or_insert_with(|| Place {
            file: file.to_owned(),
            span,
        });
    }

    /// Where an element stands, or else what it is part of: "screen who item 3" may have no place
    /// of its own, "screen who" has one.
    pub fn of(&self, element: &str) -> Place {
        let mut name = element;
        loop {
            if let Some(place) = self.0.get(name) {
                return place.clone();
            }
            match name.rsplit_once(' ') {
                Some((whole, _)) => name = whole,
                None => return Place::default(),
            }
        }
    }
}
