//! What the log of rounds and follow-ups comes to: its fold as far as no dialogue is needed
//! ([`Standing`]), and the roll-up of what is older than a day ([`Earlier`]).
//!
//! `rounds` puts the times of a dialogue to it. Rolling up moves events from the front of the log
//! into the standing, so that folding the rest from there gives the same as folding everything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::compact::{self, Timed};
use super::fold;
use super::session::{Pack, RoundEvent, RoundWhat, Session, What};
use crate::dialogue::file::SummaryPlace;
use crate::dialogue::{Dialogue, Disposition, FactId, FactKind};

/// The age at which events are rolled up, in milliseconds: rounds are counted over 24 hours.
const ROLLED_UP_AFTER_MS: i64 = 24 * HOUR_MS;

const HOUR_MS: i64 = 3_600_000;

/// The most events that wait to be rolled up. A day of all rounds of both packs, with every
/// message of theirs, has 112; after that the older half is rolled up before its time, so that a
/// flood of taps cannot grow a record without end.
const MOST_ROUND_EVENTS: usize = 120;

/// The most starts of the last 24 hours that are kept of a log rolled up before its time. The caps
/// of both packs are far below it.
const MOST_STARTS: usize = 32;

/// The most days that are kept, the newest: twice the 28 days of check-ins.
const MOST_DAYS: usize = 56;

/// The most dispositions that are kept of one day, the newest.
const MOST_TOLD_A_DAY: usize = 4;

/// Where the rounds and follow-ups stand after some events, before the times of a dialogue.
///
/// Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The round.
    pub round: Round,
    /// The pack that was started or put off last.
    pub last_pack: Option<Pack>,
    /// Whether the skin ever looked wrong.
    pub skin_wrong: bool,
    /// Whether the person wants silence until they write.
    pub silenced: bool,
    /// When help was given last.
    pub got_help_ms: Option<i64>,
    /// When each follow-up was sent last, with its number, the latest at the end.
    #[serde(with = "compact")]
    pub followed_up: Vec<(i64, u8)>,
}

/// Where a round stands. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Round {
    /// No round is under way.
    #[default]
    Idle,
    /// A pack is on.
    On {
        /// Which.
        pack: Pack,
        /// Since when.
        since_ms: i64,
        /// The skin check was sent.
        skin: bool,
        /// "You can stop now" was sent.
        may_stop: bool,
        /// When "Take it off now" was sent.
        off_ms: Option<i64>,
        /// It was repeated.
        again: bool,
    },
    /// No pack is on; the next round is offered after a while.
    Resting {
        /// Which.
        pack: Pack,
        /// Since when.
        since_ms: i64,
        /// For what reason, which says how long.
        rest: Rest,
    },
    /// The next round was offered.
    Offered {
        /// Which.
        pack: Pack,
    },
}

/// Why no pack is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rest {
    /// The time off, which is part of the round.
    Off,
    /// The round was put off for a little while.
    PutOff,
    /// The round was left out.
    Skipped,
}

impl Standing {
    /// Take in the next event.
    pub fn take(&mut self, event: RoundEvent) {
        let RoundEvent { at_ms, what } = event;
        let resting = |pack, rest| Round::Resting {
            pack,
            since_ms: at_ms,
            rest,
        };
        match (what, &mut self.round) {
            (RoundWhat::Started(pack), round) => {
                self.last_pack = Some(pack);
                *round = Round::On {
                    pack,
                    since_ms: at_ms,
                    skin: false,
                    may_stop: false,
                    off_ms: None,
                    again: false,
                };
            }
            (RoundWhat::PutOff(pack), round) => {
                self.last_pack = Some(pack);
                *round = resting(pack, Rest::PutOff);
            }
            (RoundWhat::SkinAsked, Round::On { skin, .. }) => *skin = true,
            (RoundWhat::MayStop, Round::On { may_stop, .. }) => *may_stop = true,
            (RoundWhat::OffAsked, Round::On { off_ms, .. }) => *off_ms = Some(at_ms),
            (RoundWhat::OffAgain, Round::On { again, .. }) => *again = true,
            (RoundWhat::Off, Round::On { pack, .. }) => self.round = resting(*pack, Rest::Off),
            (RoundWhat::Offered, Round::Resting { pack, .. }) => {
                self.round = Round::Offered { pack: *pack };
            }
            (RoundWhat::Snoozed, Round::Offered { pack }) => {
                self.round = resting(*pack, Rest::PutOff);
            }
            (RoundWhat::Skipped, Round::Offered { pack } | Round::Resting { pack, .. }) => {
                self.round = resting(*pack, Rest::Skipped);
            }
            (RoundWhat::StoppedToday | RoundWhat::Stopped, round) => *round = Round::Idle,
            (RoundWhat::SkinWrong, round) => {
                *round = Round::Idle;
                self.skin_wrong = true;
            }
            (RoundWhat::Silenced, round) => {
                *round = Round::Idle;
                self.silenced = true;
            }
            (RoundWhat::Resumed, _) => self.silenced = false,
            (RoundWhat::GotHelp, _) => self.got_help_ms = Some(at_ms),
            (RoundWhat::FollowedUp(number), _) => self.follow_up(at_ms, number),
            (
                RoundWhat::SkinFine
                | RoundWhat::SkinAsked
                | RoundWhat::MayStop
                | RoundWhat::OffAsked
                | RoundWhat::OffAgain
                | RoundWhat::Off
                | RoundWhat::Offered
                | RoundWhat::Snoozed
                | RoundWhat::Skipped,
                _,
            ) => {}
        }
    }

    /// The newest time counts, also when a clock was set back: a verdict may be taken back, and
    /// then the follow-ups since the one before count again.
    fn follow_up(&mut self, at_ms: i64, number: u8) {
        let of_number = |(_, n): &(i64, u8)| *n == number;
        let newest_ms = match self.followed_up.iter().position(of_number) {
            Some(place) => at_ms.max(self.followed_up.remove(place).0),
            None => at_ms,
        };
        let newer = |(ms, _): &(i64, u8)| *ms > newest_ms;
        let place = self.followed_up.iter().position(newer);
        let place = place.unwrap_or(self.followed_up.len());
        self.followed_up.insert(place, (newest_ms, number));
    }
}

/// What is kept of events that were rolled up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Earlier {
    /// Where things stood after them.
    pub standing: Standing,
    /// Rounds that were started in the last 24 hours, where a flood was rolled up before its time.
    #[serde(with = "compact")]
    pub starts: Vec<(i64, Pack)>,
    /// What was done on each day on which anything was, oldest first.
    #[serde(with = "compact")]
    pub days: Vec<Day>,
}

/// What is kept of one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    /// When the day began, in hours since 1970: at midnight UTC, as no zone is known. A day that
    /// began at another hour could stand beside it.
    pub from_hour: i64,
    /// What was done.
    pub done: Done,
}

/// What was done on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    /// Rounds of ice that were started.
    pub ice: u8,
    /// Rounds of heat that were started.
    pub heat: u8,
    /// Follow-ups that were sent, as bits by number.
    pub followed_up: u64,
    /// The dispositions told, each once in a row, in order; of answers whose log is cleared.
    pub told: Vec<Disposition>,
    /// The last pain score; of answers whose log is cleared.
    pub pain: Option<u8>,
}

impl Timed for Day {
    type Rest = Done;

    fn parts(&self) -> (i64, Done) {
        (self.from_hour, self.done.clone())
    }

    fn whole(from_hour: i64, done: Done) -> Day {
        Day { from_hour, done }
    }
}

impl Earlier {
    /// Roll up one event.
    fn take(&mut self, event: RoundEvent) {
        self.standing.take(event);
        match event.what {
            RoundWhat::Started(pack) => {
                self.starts.push((event.at_ms, pack));
                let done = self.day(event.at_ms);
                let rounds = match pack {
                    Pack::Ice => &mut done.ice,
                    Pack::Heat => &mut done.heat,
                };
                *rounds = rounds.saturating_add(1);
            }
            RoundWhat::FollowedUp(number) => {
                self.day(event.at_ms).followed_up |= bit(number);
            }
            _ => {}
        }
    }

    /// The day of a moment.
    fn day(&mut self, at_ms: i64) -> &mut Done {
        let from_hour = at_ms.div_euclid(HOUR_MS).div_euclid(24) * 24;
        let place = match self.days.binary_search_by_key(&from_hour, |d| d.from_hour) {
            Ok(place) => place,
            Err(place) => {
                let day = Day {
                    from_hour,
                    done: Done::default(),
                };
                self.days.insert(place, day);
                place
            }
        };
        &mut self.days[place].done
    }

    /// Forget what is beyond the bounds.
    fn prune(&mut self, day_ago_ms: i64) {
        self.starts.retain(|(at_ms, _)| *at_ms > day_ago_ms);
        keep_newest(&mut self.starts, MOST_STARTS);
        keep_newest(&mut self.days, MOST_DAYS);
    }
}

fn keep_newest<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}

/// The bit of a follow-up; a number that no dialogue can have has none.
pub(super) fn bit(number: u8) -> u64 {
    1_u64.checked_shl(number.into()).unwrap_or(0)
}

/// Fold all events, also those that were rolled up.
pub fn standing(session: &Session) -> Standing {
    let mut standing = session.earlier.standing.clone();
    for event in &session.rounds {
        standing.take(*event);
    }
    standing
}

/// What was done on each day, also in the last 24 hours, oldest first.
pub fn days(session: &Session) -> Vec<Day> {
    let mut all = session.earlier.clone();
    for event in &session.rounds {
        all.take(*event);
    }
    all.days
}

/// Roll up the events that are older than a day at `now`.
///
/// From then on everything about the session is as if they were still there, as long as no clock
/// is set back.
pub fn roll_up(session: &mut Session, now: Timestamp) {
    let day_ago_ms = now.as_millisecond().saturating_sub(ROLLED_UP_AFTER_MS);
    let old = session
        .rounds
        .iter()
        .take_while(|e| e.at_ms <= day_ago_ms)
        .count();
    let flood = if session.rounds.len() - old > MOST_ROUND_EVENTS {
        session.rounds.len() - MOST_ROUND_EVENTS / 2
    } else {
        0
    };
    for event in session.rounds.drain(..old.max(flood)) {
        session.earlier.take(event);
    }
    session.earlier.prune(day_ago_ms);
}

/// Keep what was told and the pain scores by day, before the log that has them is cleared.
pub fn keep_days_of_answers(d: &Dialogue, session: &mut Session) {
    for (_, event) in fold::effective(d, &session.log) {
        let day = &mut session.earlier;
        let item = |screen: u16, item: u8| {
            let screen = d.screens.get(usize::from(screen))?;
            let item = screen.items.get(usize::from(item))?;
            item.sets.iter().find_map(|(f, o)| pain_score(d, *f, *o))
        };
        let pain = match event.what {
            What::Told { disposition } => {
                let told = &mut day.day(event.at_ms).told;
                if told.last() != Some(&disposition) {
                    told.push(disposition);
                    keep_newest(told, MOST_TOLD_A_DAY);
                }
                None
            }
            What::Answered { screen, item: i } | What::Ticked { screen, item: i } => {
                item(screen, i)
            }
            What::Explained { fact, option, .. } | What::Asked { fact, option } => {
                pain_score(d, fact.into(), option)
            }
            _ => None,
        };
        if pain.is_some() {
            day.day(event.at_ms).pain = pain;
        }
    }
    keep_newest(&mut session.earlier.days, MOST_DAYS);
}

/// The score that an option of a fact means, if it is a score of pain.
fn pain_score(d: &Dialogue, fact: FactId, option: u8) -> Option<u8> {
    let f = d.facts.get(fact)?;
    if f.kind != FactKind::Number || f.summary != Some(SummaryPlace::Pain) {
        return None;
    }
    f.options.get(usize::from(option))?.id.parse().ok()
}
