//! What happened day by day: pain scores, rounds, what was told, check-ins. For the picture of
//! `/history` and its caption.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::coaching::{self, Answer};
use super::fold;
use super::local;
use super::session::{Session, What};
use super::verdict::name_of;
use crate::dialogue::{Dialogue, Disposition, Words};
use crate::quiet::local_day;

/// The most days that are shown, the newest: as many as are kept.
pub const MOST_DAYS: usize = 56;

/// One local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// The last pain score of the day, 0 to 10.
    pub pain: Option<u8>,
    /// The worst pain score of the day.
    pub worst: Option<u8>,
    /// Rounds of ice that were started.
    pub ice: u8,
    /// Rounds of heat that were started.
    pub heat: u8,
    /// What was told, each once in a row, in order.
    pub told: Vec<Disposition>,
    /// Whether a check-in was answered.
    pub checked_in: bool,
}

/// Every day from the first of which anything is known until today, oldest first.
pub fn days(d: &Dialogue, session: &Session, now: Timestamp) -> Vec<Day> {
    let zone = local::zone(session);
    let date_of = |at_ms: i64| {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        local_day(&zone, at)
    };
    let mut all: BTreeMap<Date, Day> = BTreeMap::new();
    let mut day = |date: Date, change: &dyn Fn(&mut Day)| {
        change(all.entry(date).or_insert_with(|| empty(date)));
    };
    for kept in coaching::days(session) {
        let begin = Timestamp::from_second(kept.from_hour.saturating_mul(3600));
        // A day that was kept in another zone is the one that most of it lies on.
        let noon = begin
            .unwrap_or_default()
            .checked_add(SignedDuration::from_hours(12))
            .unwrap_or_default();
        let done = kept.done;
        day(local_day(&zone, noon), &|day| {
            day.ice = day.ice.saturating_add(done.ice);
            day.heat = day.heat.saturating_add(done.heat);
            for told in &done.told {
                add_told(day, *told);
            }
            if let Some(pain) = done.pain {
                add_pain(day, pain);
            }
        });
    }
    for (at_ms, answer) in coaching::answers(d, session) {
        day(date_of(at_ms), &|day| match answer {
            Answer::Told(told) => add_told(day, told),
            Answer::Pain(score) => add_pain(day, score),
        });
    }
    for (_, event) in fold::effective(d, &session.log) {
        let What::Answered { screen, .. } = event.what else {
            continue;
        };
        let screen = d.screens.get(usize::from(screen));
        if screen.is_some_and(|s| d.phases[s.phase].check_in) {
            day(date_of(event.at_ms), &|day| day.checked_in = true);
        }
    }
    let today = local_day(&zone, now);
    let first = all.keys().next().copied().unwrap_or(today).min(today);
    let span = (MOST_DAYS as i64 - 1).days();
    let oldest = today.checked_sub(span).unwrap_or(first);
    let mut out = Vec::new();
    let mut date = first.max(oldest);
    while date <= today {
        out.push(all.remove(&date).unwrap_or_else(|| empty(date)));
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    out
}

fn empty(date: Date) -> Day {
    Day {
        date,
        pain: None,
        worst: None,
        ice: 0,
        heat: 0,
        told: Vec::new(),
        checked_in: false,
    }
}

fn add_told(day: &mut Day, told: Disposition) {
    if told > Disposition::NoTriage && day.told.last() != Some(&told) {
        day.told.push(told);
    }
}

fn add_pain(day: &mut Day, score: u8) {
    day.pain = Some(score);
    day.worst = day.worst.max(Some(score));
}

/// The picture in words, for those who cannot see it.
pub fn caption(d: &Dialogue, session: &Session, words: Words, now: Timestamp) -> String {
    let days = days(d, session, now);
    let say = |id: &str, words: &Words| {
        d.messages
            .get(id)
            .map_or_else(String::new, |m| m.text.fill(words))
    };
    let picture = &d.common.picture;
    let date = |date: Date| date.strftime("%-d %b").to_string();
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return say("history_empty", &words);
    };
    let scores: Vec<String> = days
        .iter()
        .filter_map(|day| Some(format!("{} on {}", day.pain?, date(day.date))))
        .collect();
    let changes: Vec<String> = days
        .iter()
        .flat_map(|day| {
            day.told.iter().map(|told| {
                let word = picture.dispositions.get(name_of(*told));
                let word = word.map_or(name_of(*told), String::as_str);
                format!("{word} on {}", date(day.date))
            })
        })
        .collect();
    let rounds = |of: fn(&Day) -> u8| days.iter().map(|day| u32::from(of(day))).sum::<u32>();
    let (ice, heat) = (rounds(|day| day.ice), rounds(|day| day.heat));
    if scores.is_empty() && ice + heat == 0 {
        return say("history_empty", &words);
    }
    let checks = days.iter().filter(|day| day.checked_in).count();
    let list = |list: Vec<String>, none: &str| match list.as_slice() {
        [] => none.to_owned(),
        list => newest(list).join(", "),
    };
    let own = words
        .with("from", date(first.date))
        .with("to", date(last.date))
        .with("scores", list(scores, &picture.no_score))
        .with("ice", ice.to_string())
        .with("heat", heat.to_string())
        .with("changes", list(changes, &picture.no_advice))
        .with("n", checks.to_string());
    say("history", &own)
}

/// As many of the newest as fit under a picture.
fn newest(list: &[String]) -> &[String] {
    const MOST: usize = 14;
    &list[list.len().saturating_sub(MOST)..]
}
