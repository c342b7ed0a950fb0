//! The person's own time: their zone, their quiet hours, and how a moment is said.
//!
//! Until they have told their zone, moments are said as durations, and quiet hours are kept only
//! where nearly all of their country live in one zone.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::session::Session;
use crate::dialogue::Dialogue;
use crate::quiet::{Quiet, clock_words};

/// Quiet hours in a zone.
#[derive(Debug, Clone)]
pub struct Hours {
    /// The zone: theirs, or that of nearly all of their country.
    pub zone: TimeZone,
    /// The hours.
    pub quiet: Quiet,
}

impl Hours {
    /// The first moment at or after `at` at which a reminder may come.
    pub fn good(&self, at: Timestamp) -> Timestamp {
        self.quiet.ends(&self.zone, at)
    }

    /// Whether no reminder may come.
    pub fn is_quiet(&self, at: Timestamp) -> bool {
        self.quiet.is_quiet(&self.zone, at)
    }
}

/// The zone of this name; nothing for a name that the tz database has not.
///
/// Sessions are folded many times a turn, and finding a zone by its name is slow.
pub fn named(name: &str) -> Option<TimeZone> {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    let zones = ZONES.get_or_init(TimeZoneDatabase::bundled);
    zones.get(name).ok()
}

/// The zone that the person told.
pub fn told_zone(session: &Session) -> Option<TimeZone> {
    session.zone.as_deref().and_then(named)
}

/// The zone by which days are kept: the one that was told, or UTC.
pub fn zone(session: &Session) -> TimeZone {
    told_zone(session).unwrap_or(TimeZone::UTC)
}

/// The person's quiet hours; nothing where their zone can only be guessed.
pub fn hours(d: &Dialogue, session: &Session) -> Option<Hours> {
    let likely = || {
        let zones = d.zones.of_country(session.country.as_deref()?);
        let all: u64 = zones.iter().map(|z| u64::from(z.people)).sum();
        let first = zones.first()?;
        let nearly_all = zones.len() == 1 || u64::from(first.people) * 20 >= all * 19;
        named(&first.id).filter(|_| nearly_all)
    };
    Some(Hours {
        zone: told_zone(session).or_else(likely)?,
        quiet: session.quiet.unwrap_or(d.clock.quiet),
    })
}

/// When something is, as it is said at `now`: "at 14:30" where the zone was told, otherwise
/// "in 20 minutes".
pub fn when(session: &Session, at: Timestamp, now: Timestamp) -> String {
    if let Some(zone) = told_zone(session) {
        return format!("at {}", clock_words(&zone, at, now));
    }
    let seconds = at.duration_since(now).as_secs().max(0);
    let minutes = (seconds + 59) / 60;
    match minutes {
        0 => "now".to_owned(),
        1 => "in 1 minute".to_owned(),
        m if m <= 120 => format!("in {m} minutes"),
        m if m < 48 * 60 => format!("in {} hours", (m + 30) / 60),
        m => format!("in {} days", (m + 12 * 60) / (24 * 60)),
    }
}
