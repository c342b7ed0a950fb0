//! The stored form of what is kept of one person.
//!
//! The header (version, due time and lane, update ids) stands apart from the body, so that a store can
//! index it without reading what the person said. The body begins with a format number, and is
//! sealed by the store.

mod format2;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, UpdateId};
use crate::engine::{Owed, Session};

/// The format this program writes. It reads this one and the one before.
pub const FORMAT: u8 = 3;

/// How many recent updates a record remembers.
pub const SEEN: usize = 16;

/// Which of those who are due come first. Of one lane whoever is due sooner comes first; no number of
/// people in one keeps anybody in the other waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Lane {
    /// Somebody for whom a minute matters, such as "take it off now".
    First,
    /// Everybody else.
    #[default]
    Other,
}

impl Lane {
    /// Both, in order.
    pub const ALL: [Lane; 2] = [Lane::First, Lane::Other];
}

/// What is kept of one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Counts commits; 0 for a record that was never stored.
    pub version: u64,
    /// When the bot must look again: the next timer or the next try to deliver.
    pub due: Option<Timestamp>,
    /// In which lane they are due. Kept only of somebody who is due; else it is the default.
    pub lane: Lane,
    /// When the person last wrote or pressed. What is kept of them ends a retention time later.
    pub active: Timestamp,
    /// The updates applied last, oldest first, at most [`SEEN`].
    pub seen: Vec<UpdateId>,
    /// Everything else.
    pub body: Body,
}

/// The part of a record that tells what the person said. Never logged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// What they said. Nothing after they refused, or erased everything.
    pub session: Option<Session>,
    /// The open question's message, as they see it.
    pub shown: Option<Shown>,
    /// Question messages that were left behind and are to be folded, by message number.
    pub folding: Vec<i64>,
    /// The message of a pack that is on, or of an exercise, as they see it.
    pub live: Option<Live>,
    /// Messages of rounds and exercises that are over, which are yet to say so, by message number.
    pub over: Vec<i64>,
    /// New messages that are owed, oldest first.
    pub owed: Vec<OwedEntry>,
    /// The number for the next owed message.
    pub next_owed: u32,
    /// How often the open question was refused by the messenger, since it was last taken.
    pub refused: u8,
    /// Whether they came with an invitation, which lets them in from then on.
    pub invited: bool,
}

/// A message that shows the open question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its number in the chat.
    pub message: i64,
    /// The hash of the view it shows, or [`Shown::UNKNOWN`].
    pub view: u64,
}

impl Shown {
    /// The view is being changed. What it shows until that is settled, nobody can tell, and a process that
    /// dies meanwhile never will.
    pub const UNKNOWN: u64 = 0;
}

/// A message that shows a pack that is on, or an exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// When that began, in milliseconds since 1970: it tells one from the next.
    pub began_ms: i64,
    /// Its number in the chat, and the hash of what it shows.
    pub shown: Shown,
}

/// A new message that is owed, and how often it was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedEntry {
    /// Its number, within this person.
    pub number: u32,
    /// What it is.
    pub owed: Owed,
    /// Failed tries.
    pub attempts: u8,
    /// Tries after which the messenger refused this very message.
    pub refused: u8,
}

impl Record {
    /// Note an update as applied.
    pub fn saw(&mut self, update: UpdateId) {
        self.seen.push(update);
        if self.seen.len() > SEEN {
            self.seen.remove(0);
        }
    }
}

impl Body {
    /// Owe one more message.
    pub fn owe(&mut self, owed: Owed) {
        self.owed.push(OwedEntry {
            number: self.next_owed,
            owed,
            attempts: 0,
            refused: 0,
        });
        self.next_owed = self.next_owed.wrapping_add(1);
    }

    /// The body as bytes, with its format number in front.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        // Writing to memory cannot fail, and every type in it has a form in this encoding.
        out.extend(postcard::to_allocvec(self).unwrap_or_default());
        out
    }

    /// A body from its bytes.
    pub fn read(bytes: &[u8]) -> Result<Body, StoreError> {
        match bytes {
            [FORMAT, rest @ ..] => postcard::from_bytes(rest)
                .map_err(|_| StoreError::Unreadable("its bytes are damaged".into())),
            [format2::FORMAT, rest @ ..] => format2::read(rest)
                .map_err(|_| StoreError::Unreadable("its bytes are damaged".into())),
            [other, ..] => Err(StoreError::Unreadable(format!(
                "it has format {other}, this program reads {FORMAT}"
            ))),
            [] => Err(StoreError::Unreadable("it is empty".into())),
        }
    }
}
