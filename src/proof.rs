//! All answers, not some: the laws of a dialogue, and what a change does to people.
//!
//! A law is proved over everybody there is ([`world`]), with decision diagrams; where it is about
//! what the program does, the real conversation is held with one person for every case that no
//! rule or guard tells apart. A broken law names the simplest person it is broken for, of whom
//! `replay_run` makes a conversation. Pure: callers time and print.

pub mod diff;
pub mod edges;
pub mod laws;
pub mod layout;
pub mod mutant;
pub mod possible;
pub mod questions;
pub mod space;
pub mod vary;
pub mod walk;
pub mod world;

use std::collections::BTreeSet;

use crate::dialogue::{Disposition, Knowledge};
pub use space::Space;
pub use world::World;

/// What replays and vignettes reach, by id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Exercised {
    /// Elements such as "rule E01_cauda_equina" or "screen who".
    pub elements: BTreeSet<String>,
}

/// A law, and what proves it.
pub struct Law {
    /// Its short name, such as "L3".
    pub id: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The proof.
    pub prove: fn(&World<'_>, &Exercised) -> Proved,
}

/// What came of a proof.
#[derive(Debug, Default)]
pub struct Proved {
    /// By what means it was established, and over how many cases.
    pub how: String,
    /// What else was found on the way.
    pub notes: Vec<String>,
    /// For whom or for what it is broken.
    pub broken: Vec<Broken>,
}

/// A way in which a law is broken.
#[derive(Debug)]
pub struct Broken {
    /// What is wrong, in words.
    pub what: String,
    /// The simplest person it is broken for, where it is about people.
    pub person: Option<Knowledge>,
    /// What they should be told, where that is settled.
    pub lawful: Option<Disposition>,
}

impl Broken {
    /// Something about the dialogue and nobody in it.
    pub fn of_dialogue(what: String) -> Broken {
        Broken {
            what,
            person: None,
            lawful: None,
        }
    }
}

/// A number of people, as one reads it: "4.3e47", or in full where it is small.
pub fn count(people: f64) -> String {
    if people < 1e6 {
        format!("{people:.0}")
    } else {
        format!("{people:.1e}")
    }
}
