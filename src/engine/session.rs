//! A session: what one person said, as a log. Where they stand is a fold of it (`fold`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::coaching::Earlier;
use super::compact::{self, Timed};
use crate::dialogue::Disposition;
pub use crate::dialogue::Form;
use crate::quiet::Quiet;

/// Everything kept about one person's conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The form of the dialogue that the numbers in the log refer to.
    pub form: Form,
    /// The country whose numbers are shown, as an ISO code.
    pub country: Option<String>,
    /// The language code the messenger gave, for guessing the country.
    pub language: Option<String>,
    /// The person's time zone as they told it, by its name in the tz database.
    pub zone: Option<String>,
    /// When they want quiet, where they chose other hours than those of the dialogue.
    pub quiet: Option<Quiet>,
    /// Visits counted in logs that a new check has cleared, so that old buttons stay old.
    pub visits_before: u32,
    /// What was said, in order. Never changed, only added to.
    #[serde(with = "compact")]
    pub log: Vec<Event>,
    /// Rounds and follow-ups of the last 24 hours, in order.
    #[serde(with = "compact")]
    pub rounds: Vec<RoundEvent>,
    /// What is kept of rounds and follow-ups before those, and of cleared logs.
    pub earlier: Earlier,
    /// What stands over the open question for the moment.
    pub aside: Aside,
    /// Questions of danger that wait until the one before is answered.
    pub waiting: Vec<Aside>,
    /// The page of the plan that is open, with its part.
    pub page: Option<(u8, u8)>,
}

/// Something the person said or was told, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub what: What,
}

/// The events of a log. Numbers are those of the form that the session names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A check began.
    Began(Begin),
    /// A single choice or a number was answered.
    Answered { screen: u16, item: u8 },
    /// An item was ticked.
    Ticked { screen: u16, item: u8 },
    /// A tick was taken away.
    Unticked { screen: u16, item: u8 },
    /// *Done* or *None of these*.
    Finished { screen: u16 },
    /// The list was skipped.
    Skipped { screen: u16 },
    /// A fact was answered after an explanation, from this screen.
    Explained { screen: u16, fact: u8, option: u8 },
    /// A fact was asked by itself, because of typed words or a button of a message.
    Asked { fact: u8, option: u8 },
    /// The last answer was taken back.
    Undone,
    /// An earlier screen is asked again.
    Reopened { screen: u16 },
    /// The tap behind an emergency was a slip.
    Withdrawn,
    /// This disposition was told.
    Told { disposition: Disposition },
    /// The person asked for the plan.
    Planned,
    /// The person came back after a long pause; after a day the danger signs are asked again.
    CameBack { a_day: bool },
    /// Back from the pause, nothing is new.
    NothingNew,
    /// A check-in was asked, by its number in the dialogue.
    CheckIn {
        number: u8,
        /// Whether ice or heat was used before.
        packs: bool,
        /// Whether no visit was booked or made yet.
        no_visit: bool,
    },
    /// The check-in is over: answered, or closed for want of an answer.
    CheckedIn,
    /// Of the danger signs that are asked again, this screen goes first.
    First { screen: u16 },
    /// From here on the log is in the numbers of a newer form. It has the time of the event before
    /// it, since nobody said anything.
    Moved {
        /// Whether a number on a button of before may mean something else by now, or nothing.
        renumbered: bool,
    },
    /// The person was told that newer rules find more urgent what they had answered.
    Recalled,
}

/// How a check begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begin {
    /// From nothing.
    Fresh,
    /// The danger signs again; other answers stay.
    Again,
}

/// What stands over the open question.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Aside {
    /// Nothing.
    #[default]
    None,
    /// Which item are you not sure about?
    Which,
    /// The explanation of a fact, for this screen.
    Explain { fact: u8 },
    /// A fact asked by itself since these words were typed.
    Words { fact: u8, words: String },
    /// Crisis words were typed.
    Crisis,
    /// An emergency was tapped by mistake.
    Mistake,
    /// A typed answer, to be confirmed: the item of the open screen.
    Took { item: u8 },
    /// Choosing a country.
    Country,
    /// Waiting for the name of a country.
    CountryName,
    /// Choosing an answer to change.
    Change { part: u8 },
    /// A message by id, alone.
    Message(String),
    /// A message by id, over the open question.
    Note(String),
    /// Choosing the time that it is now.
    Time,
    /// Waiting for the time or the name of a city.
    TimeTyped,
    /// What was typed was no time and no city.
    TimeBad,
    /// Choosing among time zones, by their names in the tz database.
    Zones(Vec<String>),
    /// Choosing quiet hours.
    Quiet,
    /// Waiting for quiet hours; whether those that were typed could not be read.
    QuietTyped { bad: bool },
    /// What is coming.
    Reminders,
    /// For how long to pause.
    Pause,
}

/// Something that happened in the rounds and follow-ups, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundEvent {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub what: RoundWhat,
}

/// Ice or heat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pack {
    /// Ice.
    Ice,
    /// Heat.
    Heat,
}

/// The events of rounds and follow-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundWhat {
    /// The pack went on.
    Started(Pack),
    /// The skin check was sent.
    SkinAsked,
    /// The skin is fine.
    SkinFine,
    /// "You can stop now" was sent.
    MayStop,
    /// "Take it off now" was sent.
    OffAsked,
    /// It was sent once more.
    OffAgain,
    /// The pack is off.
    Off,
    /// The next round was offered.
    Offered,
    /// Ask again later.
    Snoozed,
    /// This round is left out.
    Skipped,
    /// No more rounds today.
    StoppedToday,
    /// No more rounds: the person stopped, feels worse, or a verdict ended coaching.
    Stopped,
    /// The skin looked wrong: no more packs.
    SkinWrong,
    /// A follow-up was sent, by its number in the dialogue.
    FollowedUp(u8),
    /// Help was given or is on its way.
    GotHelp,
    /// The person wants no more messages until they write.
    Silenced,
    /// They wrote again.
    Resumed,
    /// The first round is put off; it is offered later.
    PutOff(Pack),
    /// Ask again after so many minutes.
    SnoozedFor(u16),
    /// Neither the offer was answered nor the pack said to be off; the next round is offered, or no
    /// more.
    Missed,
    /// Rounds were missed too often in a row: no more are offered until the person writes.
    GaveUp,
    /// The person wrote again after that.
    Back,
    /// After quiet hours or a day that was over, it was asked whether to go on.
    Morning,
    /// Ice makes it worse.
    IceWorse,
    /// No reminders until then, in milliseconds since 1970; the largest number until they say so.
    Paused(i64),
    /// The pause is over.
    Unpaused,
    /// A visit is booked.
    Booked,
    /// No visit is booked yet.
    NotBooked,
    /// A clinician has seen them.
    Seen,
    /// An unanswered check-in was asked once more, by its number.
    Repeated(u8),
    /// An unanswered check-in was closed: no more of them until the person writes.
    Closed(u8),
    /// A guided exercise began, by its number in the dialogue.
    Drill(u8),
    /// It ended, by itself.
    DrillDone,
    /// It was stopped.
    DrillStopped,
    /// This exercise is left out for a while.
    DrillDropped(u8),
    /// A check-in that is coming is left out, by its number.
    SkippedCheckIn(u8),
    /// The pack of which nobody had said that it is off was off in time.
    WasOff,
}

impl What {
    /// Whether something was only ticked, or unticked, on a screen that stays.
    pub fn is_tick(self) -> bool {
        matches!(self, What::Ticked { .. } | What::Unticked { .. })
    }
}

impl Session {
    /// A session in which nothing was said.
    pub fn new(form: Form) -> Session {
        Session {
            form,
            country: None,
            language: None,
            zone: None,
            quiet: None,
            visits_before: 0,
            log: Vec::new(),
            rounds: Vec::new(),
            earlier: Earlier::default(),
            aside: Aside::None,
            waiting: Vec::new(),
            page: None,
        }
    }

    /// Add an event.
    pub fn say(&mut self, now: Timestamp, what: What) {
        self.log.push(Event {
            at_ms: now.as_millisecond(),
            what,
        });
    }

    /// Add an event of the rounds.
    pub fn round(&mut self, now: Timestamp, what: RoundWhat) {
        self.rounds.push(RoundEvent {
            at_ms: now.as_millisecond(),
            what,
        });
    }

    /// Whether they were told of newer rules since their last verdict.
    pub fn is_recalled(&self) -> bool {
        let mut after = self.log.iter().rev();
        let last = after.find(|e| matches!(e.what, What::Told { .. } | What::Recalled));
        last.is_some_and(|e| e.what == What::Recalled)
    }

    /// Whether what the log's event of this number says was said over an older form.
    pub fn is_of_older_form(&self, event: usize) -> bool {
        let mut after = self.log.iter().skip(event);
        after.any(|e| matches!(e.what, What::Moved { .. }))
    }

    /// When the person last said anything.
    pub fn last_said(&self) -> Option<Timestamp> {
        self.log
            .last()
            .and_then(|e| Timestamp::from_millisecond(e.at_ms).ok())
    }
}

impl Timed for Event {
    type Rest = What;

    fn parts(&self) -> (i64, What) {
        (self.at_ms, self.what)
    }

    fn whole(at_ms: i64, what: What) -> Event {
        Event { at_ms, what }
    }
}

impl Timed for RoundEvent {
    type Rest = RoundWhat;

    fn parts(&self) -> (i64, RoundWhat) {
        (self.at_ms, self.what)
    }

    fn whole(at_ms: i64, what: RoundWhat) -> RoundEvent {
        RoundEvent { at_ms, what }
    }
}
