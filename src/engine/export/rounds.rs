//! The rounds in an export: the log of ice, heat and follow-ups, in words and back.

use serde::{Deserialize, Serialize};

use super::read::{Problems, instant};
use super::write::moment;
use crate::dialogue::{Dialogue, Disposition};
use crate::engine::coaching::{self, Day};
use crate::engine::session::{Pack, RoundEvent, RoundWhat, Session};
use crate::engine::timers::RECHECK;

/// One event of the rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundLine {
    /// When, in UTC.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub what: Round,
}

/// What happened in the rounds and follow-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", deny_unknown_fields)]
#[allow(missing_docs)] // Their words in the file say it.
pub enum Round {
    #[serde(rename = "put the pack on")]
    Started { pack: PackName },
    #[serde(rename = "was asked about the skin")]
    SkinAsked,
    #[serde(rename = "the skin was fine")]
    SkinFine,
    #[serde(rename = "was told that it may come off")]
    MayStop,
    #[serde(rename = "was told to take it off")]
    OffAsked,
    #[serde(rename = "was told again to take it off")]
    OffAgain,
    #[serde(rename = "took it off")]
    Off,
    #[serde(rename = "was offered the next round")]
    Offered,
    #[serde(rename = "put it off")]
    Snoozed,
    #[serde(rename = "left a round out")]
    Skipped,
    #[serde(rename = "stopped for today")]
    StoppedToday,
    #[serde(rename = "the rounds ended")]
    Stopped,
    #[serde(rename = "the skin looked wrong")]
    SkinWrong,
    #[serde(rename = "was written to later")]
    FollowedUp { check_in: String },
    #[serde(rename = "had help")]
    GotHelp,
    #[serde(rename = "wanted no more messages")]
    Silenced,
    #[serde(rename = "wrote again")]
    Resumed,
    #[serde(rename = "put off the first round")]
    PutOff { pack: PackName },
    #[serde(rename = "put it off for a while")]
    SnoozedFor { minutes: u16 },
    #[serde(rename = "did not answer about a round")]
    Missed,
    #[serde(rename = "was offered no more rounds")]
    GaveUp,
    #[serde(rename = "wrote again after missed rounds")]
    Back,
    #[serde(rename = "was asked in the morning")]
    Morning,
    #[serde(rename = "ice made it worse")]
    IceWorse,
    #[serde(rename = "wanted a pause")]
    Paused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    #[serde(rename = "ended the pause")]
    Unpaused,
    #[serde(rename = "booked a visit")]
    Booked,
    #[serde(rename = "had booked no visit")]
    NotBooked,
    #[serde(rename = "was seen")]
    Seen,
    #[serde(rename = "was asked once more")]
    Repeated { check_in: String },
    #[serde(rename = "was asked no more")]
    Closed { check_in: String },
    #[serde(rename = "began an exercise")]
    Drill { drill: String },
    #[serde(rename = "ended the exercise")]
    DrillDone,
    #[serde(rename = "stopped the exercise")]
    DrillStopped,
    #[serde(rename = "leaves an exercise out")]
    DrillDropped { drill: String },
    #[serde(rename = "left a check-in out")]
    SkippedCheckIn { check_in: String },
    #[serde(rename = "it was off in time")]
    WasOff,
}

/// Ice or heat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Their names say it.
pub enum PackName {
    Ice,
    Heat,
}

/// What was done on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLine {
    /// When the day began, in UTC.
    pub from: String,
    /// Rounds of ice.
    pub ice: u8,
    /// Rounds of heat.
    pub heat: u8,
    /// What was told, where the answers behind it are no longer kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Disposition>,
    /// The pain score, where the answer is no longer kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain: Option<u8>,
}

/// The rounds of a session by day.
pub(super) fn days(session: &Session) -> Vec<DayLine> {
    let line = |day: Day| DayLine {
        from: moment(day.from_hour.saturating_mul(3_600_000)),
        ice: day.done.ice,
        heat: day.done.heat,
        told: day.done.told,
        pain: day.done.pain,
    };
    coaching::days(session).into_iter().map(line).collect()
}

/// The rounds of a session as lines.
pub(super) fn write(d: &Dialogue, session: &Session) -> Vec<RoundLine> {
    let check_in = |n: u8| check_in(d, n);
    let drill = |n: u8| {
        d.drills
            .get(usize::from(n))
            .map_or_else(|| "?".to_owned(), |c| c.id.clone())
    };
    let line = |e: &RoundEvent| RoundLine {
        at: moment(e.at_ms),
        what: match e.what {
            RoundWhat::Started(p) => Round::Started { pack: name(p) },
            RoundWhat::SkinAsked => Round::SkinAsked,
            RoundWhat::SkinFine => Round::SkinFine,
            RoundWhat::MayStop => Round::MayStop,
            RoundWhat::OffAsked => Round::OffAsked,
            RoundWhat::OffAgain => Round::OffAgain,
            RoundWhat::Off => Round::Off,
            RoundWhat::Offered => Round::Offered,
            RoundWhat::Snoozed => Round::Snoozed,
            RoundWhat::Skipped => Round::Skipped,
            RoundWhat::StoppedToday => Round::StoppedToday,
            RoundWhat::Stopped => Round::Stopped,
            RoundWhat::SkinWrong => Round::SkinWrong,
            RoundWhat::FollowedUp(n) => Round::FollowedUp {
                check_in: check_in(n),
            },
            RoundWhat::GotHelp => Round::GotHelp,
            RoundWhat::Silenced => Round::Silenced,
            RoundWhat::Resumed => Round::Resumed,
            RoundWhat::PutOff(p) => Round::PutOff { pack: name(p) },
            RoundWhat::SnoozedFor(minutes) => Round::SnoozedFor { minutes },
            RoundWhat::Missed => Round::Missed,
            RoundWhat::GaveUp => Round::GaveUp,
            RoundWhat::Back => Round::Back,
            RoundWhat::Morning => Round::Morning,
            RoundWhat::IceWorse => Round::IceWorse,
            RoundWhat::Paused(until_ms) => Round::Paused {
                until: (until_ms < i64::MAX).then(|| moment(until_ms)),
            },
            RoundWhat::Unpaused => Round::Unpaused,
            RoundWhat::Booked => Round::Booked,
            RoundWhat::NotBooked => Round::NotBooked,
            RoundWhat::WasOff => Round::WasOff,
            RoundWhat::Seen => Round::Seen,
            RoundWhat::Repeated(n) => Round::Repeated {
                check_in: check_in(n),
            },
            RoundWhat::Closed(n) => Round::Closed {
                check_in: check_in(n),
            },
            RoundWhat::Drill(n) => Round::Drill { drill: drill(n) },
            RoundWhat::DrillDone => Round::DrillDone,
            RoundWhat::DrillStopped => Round::DrillStopped,
            RoundWhat::DrillDropped(n) => Round::DrillDropped { drill: drill(n) },
            RoundWhat::SkippedCheckIn(n) => Round::SkippedCheckIn {
                check_in: check_in(n),
            },
        },
    };
    session.rounds.iter().map(line).collect()
}

/// Put the lines back into a session.
pub(super) fn read(
    d: &Dialogue,
    lines: &[RoundLine],
    session: &mut Session,
    problems: &mut Problems,
) {
    for (n, line) in lines.iter().enumerate() {
        let place = format!("rounds, line {}", n + 1);
        let what = match &line.what {
            Round::Started { pack } => Some(RoundWhat::Started(of(*pack))),
            Round::SkinAsked => Some(RoundWhat::SkinAsked),
            Round::SkinFine => Some(RoundWhat::SkinFine),
            Round::MayStop => Some(RoundWhat::MayStop),
            Round::OffAsked => Some(RoundWhat::OffAsked),
            Round::OffAgain => Some(RoundWhat::OffAgain),
            Round::Off => Some(RoundWhat::Off),
            Round::Offered => Some(RoundWhat::Offered),
            Round::Snoozed => Some(RoundWhat::Snoozed),
            Round::Skipped => Some(RoundWhat::Skipped),
            Round::StoppedToday => Some(RoundWhat::StoppedToday),
            Round::Stopped => Some(RoundWhat::Stopped),
            Round::SkinWrong => Some(RoundWhat::SkinWrong),
            Round::FollowedUp { check_in } => {
                check_in_of(d, check_in, &place, problems).map(RoundWhat::FollowedUp)
            }
            Round::Repeated { check_in } => {
                check_in_of(d, check_in, &place, problems).map(RoundWhat::Repeated)
            }
            Round::Closed { check_in } => {
                check_in_of(d, check_in, &place, problems).map(RoundWhat::Closed)
            }
            Round::SkippedCheckIn { check_in } => {
                check_in_of(d, check_in, &place, problems).map(RoundWhat::SkippedCheckIn)
            }
            Round::Drill { drill } => drill_of(d, drill, &place, problems).map(RoundWhat::Drill),
            Round::DrillDropped { drill } => {
                drill_of(d, drill, &place, problems).map(RoundWhat::DrillDropped)
            }
            Round::DrillDone => Some(RoundWhat::DrillDone),
            Round::DrillStopped => Some(RoundWhat::DrillStopped),
            Round::SnoozedFor { minutes } => Some(RoundWhat::SnoozedFor(*minutes)),
            Round::Missed => Some(RoundWhat::Missed),
            Round::GaveUp => Some(RoundWhat::GaveUp),
            Round::Back => Some(RoundWhat::Back),
            Round::Morning => Some(RoundWhat::Morning),
            Round::IceWorse => Some(RoundWhat::IceWorse),
            Round::Paused { until: None } => Some(RoundWhat::Paused(i64::MAX)),
            Round::Paused { until: Some(until) } => {
                instant(&place, until, problems).map(RoundWhat::Paused)
            }
            Round::Unpaused => Some(RoundWhat::Unpaused),
            Round::Booked => Some(RoundWhat::Booked),
            Round::NotBooked => Some(RoundWhat::NotBooked),
            Round::WasOff => Some(RoundWhat::WasOff),
            Round::Seen => Some(RoundWhat::Seen),
            Round::GotHelp => Some(RoundWhat::GotHelp),
            Round::Silenced => Some(RoundWhat::Silenced),
            Round::Resumed => Some(RoundWhat::Resumed),
            Round::PutOff { pack } => Some(RoundWhat::PutOff(of(*pack))),
        };
        let at_ms = instant(&place, &line.at, problems);
        if let (Some(at_ms), Some(what)) = (at_ms, what) {
            session.rounds.push(RoundEvent { at_ms, what });
        }
    }
}

/// The id of a check-in.
pub(super) fn check_in(d: &Dialogue, number: u8) -> String {
    match d.check_ins.get(usize::from(number)) {
        Some(check_in) => check_in.id.clone(),
        None if number == RECHECK => "danger signs".to_owned(),
        None => "?".to_owned(),
    }
}

/// The number of a check-in.
pub(super) fn check_in_of(
    d: &Dialogue,
    id: &str,
    place: &str,
    problems: &mut Problems,
) -> Option<u8> {
    if id == "danger signs" {
        return Some(RECHECK);
    }
    let found = d.check_ins.iter().position(|c| c.id == id);
    let known = d.check_ins.iter().map(|c| c.id.as_str());
    problems
        .known(place, "check-in", id, found, known)
        .and_then(|n| u8::try_from(n).ok())
}

fn drill_of(d: &Dialogue, id: &str, place: &str, problems: &mut Problems) -> Option<u8> {
    let found = d.drills.iter().position(|x| x.id == id);
    let known = d.drills.iter().map(|x| x.id.as_str());
    problems
        .known(place, "exercise", id, found, known)
        .and_then(|n| u8::try_from(n).ok())
}

/// The rounds in plain words, each with its moment in milliseconds since 1970.
pub(super) fn told(d: &Dialogue, session: &Session) -> Vec<(i64, String)> {
    write(d, session)
        .into_iter()
        .zip(&session.rounds)
        .map(|(line, e)| {
            let said = serde_json::to_value(&line.what).unwrap_or_default();
            let part = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
            let about = part("pack") + &part("check_in") + &part("drill");
            let words = match about.as_str() {
                "" => part("what"),
                about => format!("{}: {about}", part("what")),
            };
            (e.at_ms, words)
        })
        .collect()
}

fn name(pack: Pack) -> PackName {
    match pack {
        Pack::Ice => PackName::Ice,
        Pack::Heat => PackName::Heat,
    }
}

fn of(name: PackName) -> Pack {
    match name {
        PackName::Ice => Pack::Ice,
        PackName::Heat => Pack::Heat,
    }
}
