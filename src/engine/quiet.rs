//! Quiet hours and days in a person's own time zone, and the times of day that people type.
//!
//! Called by whatever plans reminders or reads settings. Which hours are quiet unless somebody
//! says otherwise stands in the dialogue, and which zone a person is in is for
//! [`zones`](crate::dialogue::zones) to find. Every function is total: a damaged record may hold
//! any moment and any minute.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Minutes of a civil day.
const DAY: u16 = 24 * 60;

/// Hours longer than this are taken for a slip ("10 to 7"), unless am or pm was said.
const LONGEST_TYPED: u16 = 16 * 60;

/// How many days around a moment can have quiet hours that reach it: one for hours over midnight,
/// and one for a zone that repeats or skips a whole day.
const DAYS_AROUND: i64 = 2;

/// How many days ahead quiet hours are sure to begin: around a skipped day they may run together.
const DAYS_AHEAD: i64 = 5;

/// From when until when, in local civil time, the bot stays quiet: minutes since midnight,
/// `0..1440`, `from` inclusive and `to` exclusive. Hours with `to` before `from` run over
/// midnight; `from == to` means never quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quiet {
    /// The first quiet minute.
    pub from: u16,
    /// The first minute that is not quiet any more.
    pub to: u16,
}

impl Quiet {
    /// Quiet hours between two times of day, each hour and minute; nothing when one is not a time.
    pub fn between(from: (u8, u8), to: (u8, u8)) -> Option<Quiet> {
        let minute =
            |(h, m): (u8, u8)| (h < 24 && m < 60).then(|| u16::from(h) * 60 + u16::from(m));
        Some(Quiet {
            from: minute(from)?,
            to: minute(to)?,
        })
    }

    /// No quiet hours.
    pub fn never() -> Quiet {
        Quiet { from: 0, to: 0 }
    }

    /// Whether no hour is quiet.
    pub fn is_never(self) -> bool {
        self.from % DAY == self.to % DAY
    }

    /// Whether `at` is quiet for somebody in `zone`.
    ///
    /// Where the clock is set forward over `from` or `to`, the first moment after the jump stands
    /// for it. Where it is set back, hours begin with the first of the two and end with the last,
    /// so that nobody is written to in a doubtful hour.
    pub fn is_quiet(self, zone: &TimeZone, at: Timestamp) -> bool {
        self.around(zone, at, DAYS_AROUND)
            .iter()
            .any(|&(begin, end)| begin <= at && at < end)
    }

    /// The first moment at or after `at` that is not quiet.
    pub fn ends(self, zone: &TimeZone, at: Timestamp) -> Timestamp {
        let mut free = at;
        // In order of their beginnings, so one pass follows hours that run into each other.
        for (begin, end) in self.around(zone, at, DAYS_AHEAD) {
            if begin <= free && free < end {
                free = end;
            }
        }
        free
    }

    /// The next moment strictly after `at` at which quiet hours begin; the last moment there is
    /// when they never do.
    pub fn begins(self, zone: &TimeZone, at: Timestamp) -> Timestamp {
        let hours = self.around(zone, at, DAYS_AHEAD);
        hours
            .iter()
            .map(|&(begin, _)| begin)
            .filter(|&begin| begin > at)
            // Hours that begin while others last, or where others end, are no new beginning.
            .find(|&begin| !hours.iter().any(|&(b, e)| b < begin && begin <= e))
            .unwrap_or(Timestamp::MAX)
    }

    /// The quiet hours that begin on the days around the day of `at`, first and first-after
    /// moment, in order, leaving out those that no clock shows.
    fn around(self, zone: &TimeZone, at: Timestamp, ahead: i64) -> Vec<(Timestamp, Timestamp)> {
        let (from, to) = (self.from % DAY, self.to % DAY);
        if from == to {
            return Vec::new();
        }
        let today = local_day(zone, at);
        let mut out: Vec<(Timestamp, Timestamp)> = (-DAYS_AROUND..=ahead)
            .filter_map(|days| {
                let day = today.checked_add(days.days()).ok()?;
                let begin = within(day, moment(zone, day, from, Which::First));
                let last = if from < to { Ok(day) } else { day.tomorrow() };
                let end = within(
                    day,
                    last.ok().and_then(|l| moment(zone, l, to, Which::Last)),
                );
                (begin < end).then_some((begin, end))
            })
            .collect();
        out.sort_unstable();
        out
    }
}

/// A moment of a day, or the end of all time that the day is near when the moment is beyond it.
fn within(day: Date, moment: Option<Timestamp>) -> Timestamp {
    moment.unwrap_or(if day.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Which of two moments, where the clock shows a time twice.
#[derive(Debug, Clone, Copy)]
enum Which {
    First,
    Last,
}

/// When the clock of a zone shows a minute of a day; where it jumps over it, the first moment
/// after the jump. Nothing when that is out of range.
fn moment(zone: &TimeZone, day: Date, minute: u16, which: Which) -> Option<Timestamp> {
    let (hour, rest) = (minute % DAY / 60, minute % 60);
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(rest).ok()?, 0, 0).ok()?;
    let shown = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let offset = shown.offset();
    let (earlier, later) = (shown.earlier().ok()?, shown.later().ok()?);
    match (offset, which) {
        (AmbiguousOffset::Gap { .. }, _) => {
            Some(jump(zone, earlier.min(later), earlier.max(later)))
        }
        (_, Which::First) => Some(earlier),
        (_, Which::Last) => Some(later),
    }
}

/// The first moment after the clock is set forward, which happens after `before` and not after
/// `after`.
fn jump(zone: &TimeZone, before: Timestamp, after: Timestamp) -> Timestamp {
    zone.following(before)
        .map(|change| change.timestamp())
        .take_while(|&change| change <= after)
        .find(|&change| {
            let just_before = change
                .checked_sub(SignedDuration::from_nanos(1))
                .unwrap_or(change);
            zone.to_offset(just_before) < zone.to_offset(change)
        })
        .unwrap_or(after)
}

/// The civil day of `at` in a zone.
pub fn local_day(zone: &TimeZone, at: Timestamp) -> Date {
    zone.to_datetime(at).date()
}

/// The first instant of the civil day of `at` in a zone: midnight, or where the clock jumps over
/// midnight the first moment after it.
pub fn local_day_start(zone: &TimeZone, at: Timestamp) -> Timestamp {
    moment(zone, local_day(zone, at), 0, Which::First).unwrap_or(Timestamp::MIN)
}

/// A moment in words, as the clock of the zone shows it, by 24 hours: "14:30" on the day of `now`,
/// "07:00 tomorrow" on the next, "Tue 3 March, 09:00" on any other.
pub fn clock_words(zone: &TimeZone, at: Timestamp, now: Timestamp) -> String {
    let shown = zone.to_datetime(at);
    let today = local_day(zone, now);
    let form = if shown.date() == today {
        "%H:%M"
    } else if today.tomorrow().is_ok_and(|next| next == shown.date()) {
        "%H:%M tomorrow"
    } else {
        "%a %-d %B, %H:%M"
    };
    shown.strftime(form).to_string()
}

/// A time of day as somebody types it, hour and minute: "14:30", "14.30", "1430", "14 30",
/// "07h30", "2:30 pm", "7am", "noon". A bare hour such as "7" is not a time, it may be any number.
pub fn read_time(text: &str) -> Option<(u8, u8)> {
    let typed = Typed::read(&text.to_lowercase())?;
    (!typed.bare).then_some(typed.time)
}

/// Quiet hours as somebody types them: "22:30 to 07:00", "22.30-7", "10pm to 7am", "from 22 till
/// 7", or "never". Nothing when it is not sure what is meant: the same time twice, or most of the
/// day without a word of am or pm ("10 to 7").
pub fn read_quiet(text: &str) -> Option<Quiet> {
    let text = text.to_lowercase();
    let text = text.trim().trim_end_matches(['.', '!']);
    if matches!(
        text,
        "never" | "none" | "no" | "off" | "nothing" | "no quiet hours"
    ) {
        return Some(Quiet::never());
    }
    let text = ["from ", "between "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    let (from, to) = [
        " until ", " till ", " til ", " to ", " and ", "-", "–", "—", "to",
    ]
    .iter()
    .find_map(|word| text.split_once(word))?;
    let (from, to) = (Typed::read(from)?, Typed::read(to)?);
    let quiet = Quiet::between(from.time, to.time)?;
    let length = (quiet.to + DAY - quiet.from) % DAY;
    let sure = length > 0 && (from.half || length <= LONGEST_TYPED);
    sure.then_some(quiet)
}

/// A time of day that was typed.
struct Typed {
    time: (u8, u8),
    /// It is an hour and nothing else.
    bare: bool,
    /// It says which half of the day it is in.
    half: bool,
}

impl Typed {
    /// Read it from lower-case text.
    fn read(text: &str) -> Option<Typed> {
        let text = text.trim();
        let text = text.strip_prefix("at ").unwrap_or(text).trim();
        let word = |time| Typed {
            time,
            bare: false,
            half: true,
        };
        match text {
            "noon" | "midday" => return Some(word((12, 0))),
            "midnight" => return Some(word((0, 0))),
            _ => {}
        }
        let ends = |words: &[&str]| words.iter().find_map(|w| text.strip_suffix(w));
        let (digits, half) = if let Some(rest) = ends(&["am", "a.m.", "a.m", "a m"]) {
            (rest, Some(0))
        } else if let Some(rest) = ends(&["pm", "p.m.", "p.m", "p m"]) {
            (rest, Some(12))
        } else {
            (
                ends(&["o'clock", "o’clock", "oclock"]).unwrap_or(text),
                None,
            )
        };
        let said_hour = digits.len() < text.len();
        let (hour, minute) = hour_and_minute(digits.trim_end())?;
        let bare = minute.is_none() && !said_hour && !digits.ends_with('h');
        let hour = match (half, hour) {
            (None, 24) if minute.unwrap_or(0) == 0 => 0,
            (None, h) => h,
            (Some(half), 12) => half,
            (Some(half), h @ 1..=11) => h + half,
            (Some(0), 0) => 0,
            (Some(12), h @ 13..=23) => h,
            _ => return None,
        };
        let minute = minute.unwrap_or(0);
        (hour < 24 && minute < 60).then_some(Typed {
            time: (hour, minute),
            bare,
            half: half.is_some(),
        })
    }
}

/// The hour and the minute, if there is one, of "14:30", "1430", "07h30", "7h" or "7".
fn hour_and_minute(text: &str) -> Option<(u8, Option<u8>)> {
    let number = |t: &str| {
        let digits = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| t.parse::<u8>().ok()).flatten()
    };
    let Some((hour, rest)) = text.split_once([':', '.', ',', 'h', ' ', '：']) else {
        return match text.len() {
            1 | 2 => Some((number(text)?, None)),
            3 | 4 => {
                let (hour, minute) = text.split_at_checked(text.len() - 2)?;
                Some((number(hour)?, Some(number(minute)?)))
            }
            _ => None,
        };
    };
    if hour.len() > 2 {
        return None;
    }
    // "14 : 30" and "14:30:05" are times too.
    let rest = rest.trim_start_matches([':', '.', ' ']);
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "00"));
    match minute {
        "" if text.ends_with('h') => Some((number(hour)?, None)),
        _ if minute.len() == 2 && second.len() == 2 => {
            number(second).filter(|s| *s < 60)?;
            Some((number(hour.trim_end())?, Some(number(minute)?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
