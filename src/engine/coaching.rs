//! What the log of rounds and follow-ups comes to: its fold as far as no dialogue is needed
//! ([`Standing`]), and the roll-up of what is older than a day ([`Earlier`]).
//!
//! `rounds` puts the times of a dialogue to it. Rolling up moves events from the front of the log
//! into the standing, so that folding the rest from there gives the same as folding everything.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::compact::{self, Timed};
use super::session::{Pack, RoundEvent, RoundWhat, Session, What};
use super::{fold, local};
use crate::dialogue::file::SummaryPlace;
use crate::dialogue::{Dialogue, Disposition, FactId, FactKind};
use crate::quiet::local_day_start;

/// The age at which events are rolled up, in milliseconds: rounds are counted over 24 hours.
const ROLLED_UP_AFTER_MS: i64 = 24 * HOUR_MS;

const HOUR_MS: i64 = 3_600_000;

/// The most events that wait to be rolled up. A day of all rounds of both packs, with every
/// message of theirs, has 126; after that the older half is rolled up before its time, so that a
/// flood of taps cannot grow a record without end.
const MOST_ROUND_EVENTS: usize = 160;

/// How long starts are kept for counting the rounds of a local day, in milliseconds. A day is 48
/// hours long for somebody who crosses the date line.
const STARTS_KEPT_MS: i64 = 50 * HOUR_MS;

/// The most starts that are kept of a log that was rolled up. The caps of both packs over two days
/// are below it.
const MOST_STARTS: usize = 64;

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
    /// When a pack last came off, as far as is known, and which.
    pub came_off: Option<(i64, Pack)>,
    /// Whether nobody said that it came off.
    pub unconfirmed: bool,
    /// How often the offer that is open was put off.
    pub snoozes: u8,
    /// How many rounds in a row had no answer.
    pub missed: u8,
    /// When ice was said to make it worse.
    pub ice_worse_ms: Option<i64>,
    /// When the skin last looked wrong.
    pub skin_wrong_ms: Option<i64>,
    /// Whether the person wants silence until they write.
    pub silenced: bool,
    /// Until when they want no reminders; the largest number until they say so.
    pub paused_until_ms: Option<i64>,
    /// When they last wrote after a silence, or ended a pause.
    pub back_ms: Option<i64>,
    /// When help was given last.
    pub got_help_ms: Option<i64>,
    /// When a visit was last booked.
    pub booked_ms: Option<i64>,
    /// When a clinician last saw them.
    pub seen_ms: Option<i64>,
    /// When each follow-up was sent last, with its number, the latest at the end.
    #[serde(with = "compact")]
    pub followed_up: Vec<(i64, u8)>,
    /// The check-in that was asked once more for want of an answer, and when.
    pub repeated: Option<(i64, u8)>,
    /// Whether a check-in was closed for want of an answer: no more until the person writes.
    pub closed: bool,
    /// The guided exercise that is under way, by its number, and when it began.
    pub drill: Option<(i64, u8)>,
    /// The guided exercise that was begun last, by its number.
    pub last_drill: Option<u8>,
    /// Exercises that are left out for a while, and since when.
    #[serde(with = "compact")]
    pub dropped: Vec<(i64, u8)>,
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
        /// Which was used before.
        pack: Pack,
        /// When.
        since_ms: i64,
    },
    /// No more today; tomorrow it is asked whether to go on.
    Tomorrow {
        /// Which was used before.
        pack: Pack,
        /// Since when.
        since_ms: i64,
    },
    /// In the morning it was asked whether to go on.
    Morning {
        /// Which was used before.
        pack: Pack,
    },
    /// Too many rounds were missed: nothing is offered until the person writes.
    Waiting {
        /// Which was used before.
        pack: Pack,
    },
}

impl Round {
    /// The pack that is on, resting or offered.
    pub fn pack(self) -> Option<Pack> {
        match self {
            Round::Idle => None,
            Round::On { pack, .. }
            | Round::Resting { pack, .. }
            | Round::Offered { pack, .. }
            | Round::Tomorrow { pack, .. }
            | Round::Morning { pack }
            | Round::Waiting { pack } => Some(pack),
        }
    }
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
    /// The round was put off for so many minutes.
    PutOffFor(u16),
}

impl Standing {
    /// Whether a pack was ever on.
    pub fn used_packs(&self) -> bool {
        self.came_off.is_some() || matches!(self.round, Round::On { .. })
    }

    /// Take in the next event.
    pub fn take(&mut self, event: RoundEvent) {
        let RoundEvent { at_ms, what } = event;
        match what {
            RoundWhat::Started(_)
            | RoundWhat::PutOff(_)
            | RoundWhat::SkinAsked
            | RoundWhat::MayStop
            | RoundWhat::OffAsked
            | RoundWhat::OffAgain
            | RoundWhat::Off
            | RoundWhat::Offered
            | RoundWhat::Snoozed
            | RoundWhat::SnoozedFor(_)
            | RoundWhat::Skipped
            | RoundWhat::Missed
            | RoundWhat::GaveUp
            | RoundWhat::Back
            | RoundWhat::Morning
            | RoundWhat::StoppedToday => self.take_round(at_ms, what),
            RoundWhat::Stopped => {
                self.end(at_ms);
                self.drill = None;
            }
            RoundWhat::IceWorse => {
                self.end(at_ms);
                self.ice_worse_ms = Some(at_ms);
            }
            RoundWhat::SkinWrong => {
                self.end(at_ms);
                self.drill = None;
                self.skin_wrong_ms = Some(at_ms);
            }
            RoundWhat::Silenced => {
                self.end(at_ms);
                self.drill = None;
                self.silenced = true;
            }
            RoundWhat::Resumed => {
                self.silenced = false;
                self.closed = false;
                self.back_ms = Some(at_ms);
            }
            RoundWhat::GotHelp => self.got_help_ms = Some(at_ms),
            RoundWhat::FollowedUp(number) | RoundWhat::SkippedCheckIn(number) => {
                self.follow_up(at_ms, number);
            }
            RoundWhat::Paused(until_ms) => self.paused_until_ms = Some(until_ms),
            RoundWhat::Unpaused => {
                self.paused_until_ms = None;
                self.back_ms = Some(at_ms);
            }
            RoundWhat::Booked => self.booked_ms = Some(at_ms),
            RoundWhat::Seen => self.seen_ms = Some(at_ms),
            RoundWhat::Repeated(number) => self.repeated = Some((at_ms, number)),
            RoundWhat::Closed(_) => self.closed = true,
            RoundWhat::Drill(number) => {
                self.drill = Some((at_ms, number));
                self.last_drill = Some(number);
            }
            RoundWhat::DrillDone | RoundWhat::DrillStopped => self.drill = None,
            RoundWhat::DrillDropped(number) => {
                self.dropped.retain(|(_, n)| *n != number);
                self.dropped.push((at_ms, number));
            }
            RoundWhat::SkinFine => self.missed = 0,
            RoundWhat::WasOff => self.unconfirmed = false,
            RoundWhat::NotBooked => {}
        }
    }

    fn take_round(&mut self, at_ms: i64, what: RoundWhat) {
        let resting = |pack, rest| Round::Resting {
            pack,
            since_ms: at_ms,
            rest,
        };
        match (what, &mut self.round) {
            (RoundWhat::Started(pack), round) => {
                self.last_pack = Some(pack);
                self.snoozes = 0;
                self.missed = 0;
                self.unconfirmed = false;
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
                self.snoozes = self.snoozes.saturating_add(1);
                self.missed = 0;
                *round = resting(pack, Rest::PutOff);
            }
            (RoundWhat::SkinAsked, Round::On { skin, .. }) => *skin = true,
            (RoundWhat::MayStop, Round::On { may_stop, .. }) => *may_stop = true,
            (RoundWhat::OffAsked, Round::On { off_ms, .. }) => *off_ms = Some(at_ms),
            (RoundWhat::OffAgain, Round::On { again, .. }) => *again = true,
            (RoundWhat::Off, Round::On { pack, .. }) => {
                let pack = *pack;
                self.end(at_ms);
                self.round = resting(pack, Rest::Off);
            }
            // Said late, after the next was offered: the time off runs from now.
            (RoundWhat::Off, round) if self.unconfirmed => {
                if let Some(pack) = round.pack() {
                    *round = resting(pack, Rest::Off);
                    self.came_off = Some((at_ms, pack));
                    self.unconfirmed = false;
                    self.missed = 0;
                }
            }
            (RoundWhat::Offered, Round::Resting { pack, .. }) => {
                self.round = Round::Offered {
                    pack: *pack,
                    since_ms: at_ms,
                };
            }
            (RoundWhat::Snoozed | RoundWhat::SnoozedFor(_), Round::Offered { pack, .. }) => {
                let rest = match what {
                    RoundWhat::SnoozedFor(minutes) => Rest::PutOffFor(minutes),
                    _ => Rest::PutOff,
                };
                self.round = resting(*pack, rest);
                self.snoozes = self.snoozes.saturating_add(1);
                self.missed = 0;
            }
            (RoundWhat::Skipped, Round::Offered { pack, .. } | Round::Resting { pack, .. }) => {
                self.round = resting(*pack, Rest::Skipped);
                self.snoozes = 0;
                self.missed = 0;
            }
            (RoundWhat::Missed, Round::On { pack, off_ms, .. }) => {
                // Nobody knows when it came off; it was to at the time that was said.
                self.came_off = Some((off_ms.unwrap_or(at_ms), *pack));
                self.unconfirmed = true;
                self.missed = self.missed.saturating_add(1);
                self.round = Round::Offered {
                    pack: *pack,
                    since_ms: at_ms,
                };
            }
            (RoundWhat::Missed, Round::Offered { since_ms, .. }) => {
                *since_ms = at_ms;
                self.missed = self.missed.saturating_add(1);
            }
            (RoundWhat::GaveUp, round) => {
                if let Some(pack) = round.pack() {
                    *round = Round::Waiting { pack };
                }
            }
            (RoundWhat::Back, Round::Waiting { pack }) => {
                self.round = resting(*pack, Rest::Skipped);
                self.missed = 0;
            }
            (RoundWhat::Morning, round) => {
                if let Round::On { pack, off_ms, .. } = round {
                    self.came_off = Some((off_ms.unwrap_or(at_ms), *pack));
                    self.unconfirmed = true;
                }
                if let Some(pack) = round.pack() {
                    *round = Round::Morning { pack };
                    self.snoozes = 0;
                    self.missed = 0;
                }
            }
            (RoundWhat::StoppedToday, round) => {
                // Asked in the morning and said no: they begin again when they like.
                let asked = matches!(round, Round::Morning { .. });
                let pack = round.pack().filter(|_| !asked);
                self.end(at_ms);
                if let Some(pack) = pack {
                    self.round = Round::Tomorrow {
                        pack,
                        since_ms: at_ms,
                    };
                }
            }
            _ => {}
        }
    }

    /// The round ends. A pack that is on comes off.
    fn end(&mut self, at_ms: i64) {
        if let Round::On { pack, .. } = self.round {
            self.came_off = Some((at_ms, pack));
        }
        self.round = Round::Idle;
        self.snoozes = 0;
        self.missed = 0;
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
    /// Rounds that were started in the last 50 hours.
    #[serde(with = "compact")]
    pub starts: Vec<(i64, Pack)>,
    /// What was done on each day on which anything was, oldest first.
    #[serde(with = "compact")]
    pub days: Vec<Day>,
}

/// What is kept of one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    /// When the day began, in whole hours since 1970: at midnight of the zone that was known then,
    /// of UTC where none was.
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
    /// Roll up one event; `zone` says which day it belongs to.
    fn take(&mut self, event: RoundEvent, zone: &TimeZone) {
        self.standing.take(event);
        match event.what {
            RoundWhat::Started(pack) => {
                self.starts.push((event.at_ms, pack));
                let done = self.day(event.at_ms, zone);
                let rounds = match pack {
                    Pack::Ice => &mut done.ice,
                    Pack::Heat => &mut done.heat,
                };
                *rounds = rounds.saturating_add(1);
            }
            RoundWhat::FollowedUp(number) => {
                self.day(event.at_ms, zone).followed_up |= bit(number);
            }
            _ => {}
        }
    }

    /// The day of a moment.
    fn day(&mut self, at_ms: i64, zone: &TimeZone) -> &mut Done {
        let from_hour = first_hour(at_ms, zone);
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
    fn prune(&mut self, now_ms: i64) {
        let kept_ms = now_ms.saturating_sub(STARTS_KEPT_MS);
        self.starts.retain(|(at_ms, _)| *at_ms > kept_ms);
        keep_newest(&mut self.starts, MOST_STARTS);
        keep_newest(&mut self.days, MOST_DAYS);
    }
}

/// The hour since 1970 in which the local day of a moment begins.
fn first_hour(at_ms: i64, zone: &TimeZone) -> i64 {
    match Timestamp::from_millisecond(at_ms) {
        Ok(at) => local_day_start(zone, at)
            .as_millisecond()
            .div_euclid(HOUR_MS),
        // A damaged record may hold any moment.
        Err(_) => at_ms.div_euclid(HOUR_MS).div_euclid(24) * 24,
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

/// What was done on each day, also in the last 24 hours, oldest first; answers only of logs that
/// were cleared. [`history`](super::history) has all.
pub fn days(session: &Session) -> Vec<Day> {
    let zone = local::zone(session);
    let mut all = session.earlier.clone();
    for event in &session.rounds {
        all.take(*event, &zone);
    }
    all.days
}

/// Roll up the events that are older than a day at `now`.
///
/// From then on everything about the session is as if they were still there, as long as no clock
/// is set back.
pub fn roll_up(session: &mut Session, now: Timestamp) {
    let zone = local::zone(session);
    let now_ms = now.as_millisecond();
    let day_ago_ms = now_ms.saturating_sub(ROLLED_UP_AFTER_MS);
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
        session.earlier.take(event, &zone);
    }
    session.earlier.prune(now_ms);
}

/// Keep what was told and the pain scores by day, before the log that has them is cleared.
pub fn keep_days_of_answers(d: &Dialogue, session: &mut Session) {
    let zone = local::zone(session);
    for (at_ms, answer) in answers(d, session) {
        let day = session.earlier.day(at_ms, &zone);
        match answer {
            Answer::Told(disposition) => {
                if day.told.last() != Some(&disposition) {
                    day.told.push(disposition);
                    keep_newest(&mut day.told, MOST_TOLD_A_DAY);
                }
            }
            Answer::Pain(score) => day.pain = Some(score),
        }
    }
    keep_newest(&mut session.earlier.days, MOST_DAYS);
}

/// What an answer or a verdict means for the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This was told.
    Told(Disposition),
    /// The pain was scored so.
    Pain(u8),
}

/// The verdicts and pain scores of the log, each with its moment in milliseconds since 1970.
pub fn answers(d: &Dialogue, session: &Session) -> Vec<(i64, Answer)> {
    let item = |screen: u16, item: u8| {
        let screen = d.screens.get(usize::from(screen))?;
        let item = screen.items.get(usize::from(item))?;
        item.sets.iter().find_map(|(f, o)| pain_score(d, *f, *o))
    };
    fold::effective(d, &session.log)
        .into_iter()
        .filter_map(|(_, event)| {
            let answer = match event.what {
                What::Told { disposition } => Answer::Told(disposition),
                What::Answered { screen, item: i } | What::Ticked { screen, item: i } => {
                    Answer::Pain(item(screen, i)?)
                }
                What::Explained { fact, option, .. } | What::Asked { fact, option } => {
                    Answer::Pain(pain_score(d, fact.into(), option)?)
                }
                _ => return None,
            };
            Some((event.at_ms, answer))
        })
        .collect()
}

/// The score that an option of a fact means, if it is a score of pain.
fn pain_score(d: &Dialogue, fact: FactId, option: u8) -> Option<u8> {
    let f = d.facts.get(fact)?;
    if f.kind != FactKind::Number || f.summary != Some(SummaryPlace::Pain) {
        return None;
    }
    f.options.get(usize::from(option))?.id.parse().ok()
}
