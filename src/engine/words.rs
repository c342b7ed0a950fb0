//! The words that fill placeables: voice, numbers, times.

use jiff::Timestamp;

use super::coaching;
use super::fold::State;
use super::rounds;
use super::session::{Pack, Session};
use crate::dialogue::{Dialogue, Words};

/// The words that every text may use, for this person.
pub fn words(d: &Dialogue, session: &Session, state: &State) -> Words {
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

/// The words of a round's message, which speaks of the moment `at`.
pub fn round_words(
    d: &Dialogue,
    session: &Session,
    state: &State,
    at: Timestamp,
    words: &mut Words,
) {
    let pack = coaching::standing(session).last_pack.unwrap_or(Pack::Ice);
    let times = rounds::times(d, pack);
    let on = rounds::on_minutes(d, state, pack);
    // Until the person's time zone is known, messages give durations only.
    let in_minutes = |m: u32| format!("in {m} minutes");
    words.set("when_check", in_minutes(times.check_after_minutes));
    words.set("when_off", in_minutes(on));
    let next = match rounds::fold(d, session, state).state {
        rounds::RoundState::Resting { until, .. } => {
            let seconds = until.duration_since(at).as_secs().max(0);
            u32::try_from((seconds + 59) / 60).unwrap_or(times.off_minutes)
        }
        _ => times.off_minutes,
    };
    words.set("when_next", in_minutes(next));
    words.set(
        "when_15",
        in_minutes(times.may_stop_after_minutes.unwrap_or(on)),
    );
    let already = match rounds::fold(d, session, state).state {
        rounds::RoundState::On { since, .. } => {
            u32::try_from(at.duration_since(since).as_mins().max(0)).unwrap_or(0)
        }
        _ => 0,
    };
    words.set("when_20", in_minutes(on.saturating_sub(already)));
    words.set(
        "n",
        (rounds::rounds_in_a_day(session, pack, at) + 1).to_string(),
    );
    words.set("cap", times.cap_per_day.to_string());
    words.set("pack", if pack == Pack::Ice { "ice" } else { "heat" });
    let full = d.completed(&state.known);
    for (name, when) in [
        ("sleepy_line", &d.clock.sleepy_when),
        ("warm_line", &d.clock.warm_when),
        ("child_line", &d.clock.child_when),
    ] {
        let line = if d.holds(when, &full, None) {
            d.messages.get(name)
        } else {
            None
        };
        words.set(name, line.map_or("", |m| m.text.source()));
    }
}
