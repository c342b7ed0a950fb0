//! Replay files: a conversation that a clinician can read and a test can run.
//!
//! Here: what a replay says ([`Replay`]), reading it ([`parse()`]), writing it ([`print()`]), holding a
//! turn against what really happened ([`compare()`]) and taking that over ([`rewrite()`]). All of it is
//! pure; `replay_run` drives the turns and finds out what happened.
//!
//! ```text
//! # What must hold, in the first lines. The file is named for it.
//! dialogue: back_spasm
//! country: GB                                optional; so are `language` and `reviewed: name, date`
//!
//! --- 2026-03-02 Europe/London               the day, and the zone in which times are written
//! given  replay plain_strain_gets_a_plan     or: facts { duration: h0_24, pain_now: 6 }
//!
//! 21:40  user   [Ice, 20 minutes]
//!        bot    Ice on, wrapped in a cloth.
//!               [Something feels worse]
//!        state  cycle.ice
//!        due    21:45
//!
//! 21:45  bot    *
//! ```
//!
//! **Time.** A line that begins with a time begins a turn. The clock never goes back: another day
//! needs a `---` line of its own, which leaves the zone out when it stays. Seconds may be written.
//! In the hour that a zone has twice, `01:30b` is the second half past one.
//!
//! **What happens in a turn.** `user` with one of
//! - `[Label]`, a press on the newest message that has this button; `[Label]@2` on the one before it;
//!   `twice [Label]`, a double tap; `stale [Label]`, the button of a question that has since been
//!   replaced;
//! - `/command`; `"words typed"`, in which `\n` is a new line and inner quotes stand as they are;
//! - `(photo)`, `(voice)` and so on, see [`Media`]; `(blocks the bot)`.
//!
//! `restart` ends the bot's process and starts it again. A time without either moves the clock, so
//! that timers fire; what is expected may follow on its line.
//!
//! **What must follow.**
//! - `bot`: a new message. One that is not written down is a failure. Its words, then its buttons by
//!   row. A line that is only `*` stands for any lines; `*` alone for any message; `[*]` for any
//!   buttons, `[]` for none. Words go on from the line above when they are indented further. A
//!   backslash before a bracket, a star, a space or a backslash at the beginning of a line takes
//!   its meaning away.
//! - `sees`: the question message as it stands after the turn, in the same shape, or `(nothing)`.
//! - `asks`: the same in short, by the id of the screen or message that it shows, or `(nothing)`.
//! - `state`: where the conversation stands. `rules`: the rules behind a verdict told in this turn,
//!   or `none`; a `*` at the end allows others.
//! - `due`: when the next timer fires, or `none`; with its date when that is another day.
//!
//! What is not written is not checked, except messages. The last turn says `state` (or `asks`) and
//! `due`. Comments are lines that begin with `#`; they and blank lines stay where they are.

mod align;
mod compare;
mod message;
mod moment;
mod press;
mod print;
mod read;
mod rewrite;
mod value;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub use compare::{Mismatch, compare, report};
pub use message::{Buttons, Line, Message, Seen};
pub use press::{Chat, NoButton};
pub use print::print;
pub use read::{ReplayError, explain, parse, parse_draft};
pub use rewrite::{Fill, RewriteError, rewrite};

/// Comment and blank lines above a thing, as they stand: each empty or beginning with `#`.
pub type Above = Vec<String>;

/// A conversation, and what must hold in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The lines at the top of the file.
    pub comment: Above,
    /// The dialogue it runs on, by id.
    pub dialogue: String,
    /// Who has read it. From then on its expectations are changed by hand only.
    pub reviewed: Option<Reviewed>,
    /// The country that the person has from the start, as an ISO code.
    pub country: Option<String>,
    /// The language code that the messenger gives.
    pub language: Option<String>,
    /// Where the conversation starts, when not at the beginning.
    pub given: Option<Given>,
    /// The days on which something happens, in order.
    pub days: Vec<Day>,
    /// The lines at the end of the file.
    pub below: Above,
}

/// The person who stands for a replay's expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Their name.
    pub by: String,
    /// When they read it.
    pub on: Date,
}

/// The start of a replay that does not begin at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The lines above it.
    pub above: Above,
    /// Where it stands in the file.
    pub line: At,
    /// What it starts from.
    pub from: Start,
}

/// What a replay starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The end of another replay, by its name.
    Replay(String),
    /// A verdict: consent was given and the screens were answered from these facts, in the minute of
    /// the first turn. What is not named is harmless.
    Facts(Vec<(String, Said)>),
}

/// What is said of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// One option, or a number.
    One(String),
    /// Several options.
    Many(Vec<String>),
}

/// A day of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The lines above it.
    pub above: Above,
    /// Which day.
    pub date: Date,
    /// The zone in which its times are written.
    pub zone: TimeZone,
    /// What happens on it, in order.
    pub turns: Vec<Turn>,
}

/// One thing that happens, and what must follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The lines above it.
    pub above: Above,
    /// Where it stands in the file.
    pub line: At,
    /// When, in the zone of its day.
    pub at: Zoned,
    /// What happens.
    pub action: Action,
    /// What must follow.
    pub expect: Expect,
}

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Words are typed.
    Say(String),
    /// A command is sent; its name without the slash.
    Command(String),
    /// A button is pressed.
    Press {
        /// What the button says.
        label: String,
        /// Which one, and how.
        how: How,
    },
    /// Something that is not words is sent.
    Media(Media),
    /// The person blocks the bot.
    Block,
    /// The bot's process ends and starts again.
    Restart,
    /// Time passes up to this moment.
    Wait,
}

/// Which button of that label is pressed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The newest message that shows it.
    Newest,
    /// Not the newest message that shows it, but the one this many places before it.
    Older(usize),
    /// The newest message that shows it, two times in a row: two updates with the same press.
    Twice,
    /// As a view showed it that has been replaced since; the newest such view.
    Stale,
}

macro_rules! media {
    ($($name:ident = $word:literal,)*) => {
        /// What a person sends that is not words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // Their names say it.
        pub enum Media { $($name,)* }

        impl Media {
            /// All of them.
            pub const ALL: &'static [Media] = &[$(Media::$name,)*];

            /// How it is written in a replay.
            pub fn word(self) -> &'static str {
                match self { $(Media::$name => $word,)* }
            }
        }
    };
}

media! {
    Photo = "photo",
    Voice = "voice",
    Video = "video",
    Sticker = "sticker",
    File = "file",
    Location = "location",
    Contact = "contact",
    Edit = "edit",
}

/// What must follow a turn. What is not stated may be anything, but there are no more messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// The new messages, in order.
    pub bot: Vec<Stated<Message>>,
    /// The question message; nothing when no question is open.
    pub sees: Option<Stated<Option<Message>>>,
    /// What the question message shows, by id.
    pub asks: Option<Stated<Option<String>>>,
    /// Where the conversation stands.
    pub state: Option<Stated<String>>,
    /// The rules behind the verdict.
    pub rules: Option<Stated<Rules>>,
    /// When the next timer fires.
    pub due: Option<Stated<Option<Timestamp>>>,
}

/// A thing that a replay states, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// The lines above it.
    pub above: Above,
    /// Where it stands in the file.
    pub line: At,
    /// The thing.
    pub is: T,
}

/// Rules that must have fired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Their ids, in any order.
    pub ids: Vec<String>,
    /// Whether others may have fired too.
    pub others: bool,
}

/// What a turn really did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// The new messages, in order. A question that is sent anew is not among them.
    pub bot: Vec<Seen>,
    /// The question message after the turn; nothing when no question is open.
    pub sees: Option<Seen>,
    /// The id of the screen or message that it shows.
    pub asks: Option<String>,
    /// Where the conversation stands.
    pub state: String,
    /// The rules behind the verdict, when this turn told one.
    pub rules: Option<Vec<String>>,
    /// When the next timer fires.
    pub due: Option<Timestamp>,
}

/// The number of a line in its file, from 1; 0 for what was never in one.
///
/// Two replays that say the same are equal wherever their lines stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct At(pub usize);

impl PartialEq for At {
    fn eq(&self, _: &At) -> bool {
        true
    }
}

impl Eq for At {}

impl<T> Stated<T> {
    /// A thing that stands in no file yet.
    pub fn new(is: T) -> Stated<T> {
        Stated {
            above: Vec::new(),
            line: At(0),
            is,
        }
    }
}

impl Replay {
    /// What must hold: the first paragraph of the comment, in one line.
    pub fn must_hold(&self) -> String {
        let first = self.comment.iter().take_while(|l| !l.is_empty());
        let words: Vec<&str> = first.map(|l| l.trim_start_matches('#').trim()).collect();
        words.join(" ")
    }

    /// Every turn, in order.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.days.iter().flat_map(|d| &d.turns)
    }

    /// Its turns, to be changed.
    pub fn turns_mut(&mut self) -> impl Iterator<Item = &mut Turn> {
        self.days.iter_mut().flat_map(|d| &mut d.turns)
    }
}

impl Turn {
    /// On the line of a turn in which nothing is done stands what is expected first, so the lines
    /// above that stand above the turn.
    fn settle(&mut self) {
        if self.action != Action::Wait {
            return;
        }
        if let Some(above) = self.expect.above_first() {
            self.above.append(above);
        }
    }
}

impl Expect {
    fn above_first(&mut self) -> Option<&mut Above> {
        if let Some(first) = self.bot.first_mut() {
            return Some(&mut first.above);
        }
        let Expect {
            sees,
            asks,
            state,
            rules,
            due,
            ..
        } = self;
        sees.as_mut()
            .map(|s| &mut s.above)
            .or(asks.as_mut().map(|s| &mut s.above))
            .or(state.as_mut().map(|s| &mut s.above))
            .or(rules.as_mut().map(|s| &mut s.above))
            .or(due.as_mut().map(|s| &mut s.above))
    }
}
