//! What is known of a person's facts while they are being asked, and truth under doubt.
//!
//! Every fact, of one answer or several, is two sets of option numbers: those known to hold and
//! those known not to. A number is a fact with one option for each value.

use serde::{Deserialize, Serialize};

/// The number of a fact in its dialogue.
pub type FactId = usize;

/// The most options one fact may have; the sets are bits of a word.
pub const MOST_OPTIONS: usize = 32;

/// A set of option numbers, as bits.
pub type Options = u32;

/// True, false, or not to be said yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds whatever the open answers turn out to be.
    True,
    /// It fails whatever the open answers turn out to be.
    False,
    /// It hangs on an open answer.
    Unknown,
}

impl Truth {
    /// The other way round; doubt stays doubt.
    #[must_use]
    pub fn negated(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }

    /// Whether it certainly holds.
    pub fn holds(self) -> bool {
        self == Truth::True
    }
}

impl From<bool> for Truth {
    fn from(b: bool) -> Truth {
        if b { Truth::True } else { Truth::False }
    }
}

/// What is known of one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Known {
    /// The options that hold. At most one for a fact of one answer.
    pub on: Options,
    /// The options that do not hold. For facts of one answer it stays empty.
    pub off: Options,
}

impl Known {
    /// A fact of one answer with that answer.
    pub fn one(option: u8) -> Known {
        Known {
            on: 1 << option,
            off: 0,
        }
    }

    /// A fact of several answers, wholly known.
    pub fn exactly(on: Options, all: Options) -> Known {
        Known { on, off: all & !on }
    }

    /// The option of a fact of one answer, when it is known.
    pub fn option(self) -> Option<u8> {
        (self.on != 0).then(|| self.on.trailing_zeros() as u8)
    }

    /// Whether nothing is known.
    pub fn is_open(self) -> bool {
        self.on == 0 && self.off == 0
    }
}

/// What is known of every fact of a dialogue, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Knowledge {
    facts: Vec<Known>,
}

impl Knowledge {
    /// Nothing known of `facts` facts.
    pub fn nothing(facts: usize) -> Knowledge {
        Knowledge {
            facts: vec![Known::default(); facts],
        }
    }

    /// What is known of one fact.
    pub fn get(&self, fact: FactId) -> Known {
        self.facts.get(fact).copied().unwrap_or_default()
    }

    /// Replace what is known of one fact.
    pub fn set(&mut self, fact: FactId, known: Known) {
        if let Some(f) = self.facts.get_mut(fact) {
            *f = known;
        }
    }

    /// Whether nothing is known of any fact.
    pub fn facts_are_open(&self) -> bool {
        self.facts.iter().all(|k| k.is_open())
    }

    /// Forget one fact.
    pub fn open(&mut self, fact: FactId) {
        self.set(fact, Known::default());
    }

    /// Whether a fact of one answer is among `wanted`; `all` are the options it has.
    pub fn is_in(&self, fact: FactId, wanted: Options, all: Options) -> Truth {
        let known = self.get(fact);
        if known.on != 0 {
            return Truth::from(known.on & wanted != 0);
        }
        let possible = all & !known.off;
        match (possible & wanted, possible & !wanted) {
            (0, _) => Truth::False,
            (_, 0) => Truth::True,
            _ => Truth::Unknown,
        }
    }

    /// Whether a fact of several answers has any of `wanted`.
    pub fn has_any(&self, fact: FactId, wanted: Options) -> Truth {
        let known = self.get(fact);
        if known.on & wanted != 0 {
            Truth::True
        } else if wanted & !known.off == 0 {
            Truth::False
        } else {
            Truth::Unknown
        }
    }

    /// Whether the number of answers of a fact of several lies in `low..=high`.
    pub fn count_in(&self, fact: FactId, low: u32, high: u32, all: Options) -> Truth {
        let known = self.get(fact);
        let least = known.on.count_ones();
        let most = (all & !known.off).count_ones();
        if least >= low && most <= high {
            Truth::True
        } else if most < low || least > high {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}
