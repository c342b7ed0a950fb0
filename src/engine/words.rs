//! The words that fill placeables: voice, numbers, times.

use jiff::Timestamp;

use super::fold::State;
use super::local;
use super::rounds::{self, RoundState};
use super::session::{Pack, RoundWhat, Session};
use super::timers;
use crate::dialogue::{Dialogue, Words};
use crate::plan;

/// The words that every text may use, for this person. They are made only when a text needs one.
pub fn words<'a>(d: &'a Dialogue, session: &'a Session, state: &'a State) -> Words<'a> {
    Words::later(move || made(d, session, state))
}

fn made<'a>(d: &'a Dialogue, session: &'a Session, state: &'a State) -> Words<'a> {
    let full = d.completed(&state.known);
    let voice = d
        .voices
        .iter()
        .find(|(_, when)| d.holds(when, &full, None))
        .map_or("self", |(voice, _)| voice.as_str());
    let mut words = Words::new();
    if let Some(own) = d.common.voices.get(voice) {
        for (name, word) in own {
            let left_out = d
                .only_words
                .iter()
                .any(|(n, when)| n == name && !d.holds(when, &full, None));
            // Placeables are known by name to `load`, so this finds each of them.
            if let Some(name) = crate::dialogue::load::PLACEABLES
                .iter()
                .find(|p| *p == name)
            {
                words.set(name, if left_out { "" } else { word.as_str() });
            }
        }
    }
    // A word that is a message of its own, for some people.
    for (name, when) in &d.only_words {
        let name = crate::dialogue::load::PLACEABLES
            .iter()
            .find(|p| *p == name);
        if let (Some(name), Some(line)) = (name, name.and_then(|n| d.messages.get(*n))) {
            let holds = d.holds(when, &full, None);
            words.set(name, if holds { line.text.source() } else { "" });
        }
    }
    let code = session.country.as_deref().unwrap_or("");
    let unknown = &d.numbers.unknown;
    let row = d.numbers.country(code);
    words.set(
        "help_number",
        row.map_or(&unknown.help_number, |c| &c.help).clone(),
    );
    words.set(
        "emergency_number",
        row.map_or(&unknown.emergency_number, |c| &c.emergency)
            .clone(),
    );
    words.set(
        "crisis_line",
        row.map_or(&unknown.crisis_line, |c| &c.crisis).clone(),
    );
    words.set("country", row.map_or("?", |c| c.code.as_str()));
    let rooms = &d.common.emergency_room;
    let er = rooms
        .get(code)
        .or_else(|| rooms.get("default"))
        .map_or("a hospital", String::as_str);
    words.set("er", er);
    let draft = match (&d.signed_off, d.messages.get("draft_line")) {
        (None, Some(line)) => line.text.source().to_owned(),
        _ => String::new(),
    };
    words.set("draft_line", draft);
    words.set("keep_days", days(d.keep_days));
    words
}

fn days(n: u32) -> String {
    if n == 1 {
        "1 day".to_owned()
    } else {
        format!("{n} days")
    }
}

/// The words of rounds, offers, times and pauses, said at `now`.
pub fn round_words(
    d: &Dialogue,
    session: &Session,
    state: &State,
    now: Timestamp,
    words: &mut Words,
) {
    let r = rounds::fold(d, session, state);
    let standing = &r.standing;
    let packs = plan::packs(d, session, state, now);
    // What is on, or was used last, unless only the other fits by now.
    let used = standing.last_pack.unwrap_or(Pack::Ice);
    let pack = match r.state {
        RoundState::On { pack, .. } => pack,
        _ if packs.allows(used) => used,
        _ if packs.heat => Pack::Heat,
        _ => Pack::Ice,
    };
    let times = rounds::times(d, pack);
    let on = rounds::on_minutes(d, state, pack);
    let since = match r.state {
        RoundState::On { since, .. } => since,
        _ => now,
    };
    let when = |at| local::when(session, at, now);
    let check = rounds::later(since, rounds::minutes(times.check_after_minutes));
    words.set("when_check", when(check));
    words.set("when_off", when(rounds::later(since, rounds::minutes(on))));
    let rests = rounds::rests_until(d, standing).unwrap_or(now);
    let next = match r.state {
        RoundState::Resting { until, .. } => timers::timers(d, session, state, now)
            .iter()
            .find(|t| t.what == RoundWhat::Offered)
            .map_or(until.max(rests), |t| t.at),
        RoundState::On { .. } => rounds::later(now, rounds::minutes(times.off_minutes)),
        _ => rests.max(now),
    };
    words.set("when_next", when(next));
    let passed = now.duration_since(since).as_mins().max(0);
    words.set("passed", passed.to_string());
    words.set("minutes", on.to_string());
    words.set(
        "bar",
        bar(passed, on.into(), d.clock.progress_minutes.into()),
    );
    words.set(
        "n",
        (rounds::rounds_today(d, session, pack, now) + 1).to_string(),
    );
    words.set("cap", times.cap_per_day.to_string());
    words.set("pack", if pack == Pack::Ice { "ice" } else { "heat" });
    let full = d.completed(&state.known);
    let waits = matches!(r.state, RoundState::On { .. }) && now < check;
    for (name, holds) in [
        ("sleepy_line", d.holds(&d.clock.sleepy_when, &full, None)),
        ("warm_line", d.holds(&d.clock.warm_when, &full, None)),
        ("child_line", d.holds(&d.clock.child_when, &full, None)),
        ("check_line", waits && times.check_after_minutes < on),
    ] {
        let line = d.messages.get(name).filter(|_| holds);
        let line = line.map_or_else(String::new, |m| m.text.fill(words));
        words.set(name, line);
    }
    if let Some(until_ms) = standing.paused_until_ms.filter(|ms| *ms < i64::MAX) {
        words.set("until", when(rounds::time(until_ms)));
    }
    time_words(d, session, now, words);
}

/// The clock and the quiet hours, where they are known.
fn time_words(d: &Dialogue, session: &Session, now: Timestamp, words: &mut Words) {
    let quiet = session.quiet.unwrap_or(d.clock.quiet);
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    words.set("from", time(quiet.from));
    words.set("to", time(quiet.to));
    if let Some(zone) = local::told_zone(session) {
        let clock = now.to_zoned(zone);
        words.set("clock", clock.strftime("%H:%M").to_string());
    }
}

/// How far something has come, as dots of `step` each.
fn bar(passed: i64, whole: i64, step: i64) -> String {
    let step = step.max(1);
    let dots = (whole + step - 1) / step;
    (0..dots)
        .map(|n| {
            if passed >= (n + 1) * step || passed >= whole {
                '●'
            } else {
                '○'
            }
        })
        .collect()
}
