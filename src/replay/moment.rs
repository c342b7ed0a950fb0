//! Times as a replay writes them: by the clock on the wall.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

/// What is wrong with a time, and the cure.
pub(super) type Wrong = (String, String);

/// The zone of that name, from the table inside the program.
pub(super) fn zone(name: &str) -> Result<TimeZone, Wrong> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| {
        (
            format!("There is no time zone `{name}`."),
            "Write one such as Europe/London or UTC.".to_owned(),
        )
    })
}

/// A time of the day `HH:MM`, `HH:MM:SS` or, the second time it comes that day, `HH:MMb`.
pub(super) fn read(text: &str, date: Date, zone: &TimeZone) -> Result<Zoned, Wrong> {
    let second = text.ends_with('b');
    let clock = text.strip_suffix('b').unwrap_or(text);
    let shaped = matches!(clock.as_bytes(), [a, b, b':', c, d, rest @ ..]
        if [a, b, c, d].iter().all(|x| x.is_ascii_digit()) && matches!(rest.first(), None | Some(b':')));
    let time: Time = clock.parse().ok().filter(|_| shaped).ok_or_else(|| {
        (
            format!("`{text}` is not a time."),
            "Write hours and minutes, such as 09:05.".to_owned(),
        )
    })?;
    let moment = zone.to_ambiguous_zoned(date.to_datetime(time));
    let wrong = match moment.offset() {
        AmbiguousOffset::Gap { .. } => "The clock jumps over this time on that day.",
        AmbiguousOffset::Unambiguous { .. } if second => "This time comes only once on that day.",
        _ => "",
    };
    if !wrong.is_empty() {
        return Err((
            wrong.to_owned(),
            "Write a time that the clock shows there, without `b`.".to_owned(),
        ));
    }
    let found = if second {
        moment.later()
    } else {
        moment.earlier()
    };
    found.map_err(|_| {
        (
            "The year is out of range.".to_owned(),
            "Take a day nearer to now.".to_owned(),
        )
    })
}

/// A time of its day, as [`read`] reads it.
pub(super) fn print(at: &Zoned) -> String {
    let time = at.time();
    let mut out = match (time.second(), time.subsec_nanosecond()) {
        (0, 0) => format!("{:02}:{:02}", time.hour(), time.minute()),
        _ => time.to_string(),
    };
    let civil = at.time_zone().to_ambiguous_timestamp(at.datetime());
    if let AmbiguousOffset::Fold { after, .. } = civil.offset()
        && after == at.offset()
    {
        out.push('b');
    }
    out
}

/// The moment of a timer, as seen from a turn: `none`, a time of the same day, or date and time.
pub(super) fn read_due(text: &str, from: &Zoned) -> Result<Option<Timestamp>, Wrong> {
    if text == "none" {
        return Ok(None);
    }
    let (date, time) = match text.split_once(' ') {
        None => (from.date(), text),
        Some((date, time)) => (read_date(date)?, time.trim_start()),
    };
    read(time, date, from.time_zone()).map(|at| Some(at.timestamp()))
}

/// The moment of a timer, as [`read_due`] reads it.
pub(super) fn print_due(due: Option<Timestamp>, from: &Zoned) -> String {
    let Some(due) = due else {
        return "none".to_owned();
    };
    let due = due.to_zoned(from.time_zone().clone());
    if due.date() == from.date() {
        print(&due)
    } else {
        format!("{} {}", due.date(), print(&due))
    }
}

/// A date `YYYY-MM-DD`.
pub(super) fn read_date(text: &str) -> Result<Date, Wrong> {
    let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| shaped).ok_or_else(|| {
        (
            format!("`{text}` is not a date."),
            "Write year, month and day, such as 2026-03-02.".to_owned(),
        )
    })
}
