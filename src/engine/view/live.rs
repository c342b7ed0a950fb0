//! The message that changes as time goes by: a pack that is on, or a guided exercise.
//!
//! It stands beside the question message. What it shows follows from the session and the time, in
//! steps, so that it is edited at the end of each and may miss some.

use super::*;
use crate::engine::rounds::{self, RoundState};
use crate::engine::session::Pack;

/// What is shown now, with a number that tells one round or exercise from the next; nothing while
/// none is under way.
pub fn live(d: &Dialogue, session: &Session, now: Timestamp) -> Option<(i64, View)> {
    let state = State::of(d, session);
    live_of(d, session, &state, &rounds::fold(d, session, &state), now)
}

/// The same, of somebody of whom it is known where they stand.
pub fn live_of(
    d: &Dialogue,
    session: &Session,
    state: &State,
    r: &rounds::Rounds,
    now: Timestamp,
) -> Option<(i64, View)> {
    let words = words(d, session, state);
    let pack = pack_view(d, session, state, &words, r, now);
    let Some((began_ms, number)) = r.standing.drill else {
        return pack;
    };
    let drill = d.drills.get(usize::from(number))?;
    let passed = now.as_millisecond().saturating_sub(began_ms) / 1000;
    let words = drill_words(drill, passed, words)?;
    let mut view = message_view(d, session, state, &words, "drill_now");
    // An exercise with a pack on shows both, in the message of the pack.
    match pack {
        None => Some((began_ms, view)),
        Some((since_ms, below)) => {
            view.text.push_str("\n\n");
            view.text.push_str(&below.text);
            view.rows.extend(below.rows);
            Some((since_ms, view))
        }
    }
}

/// A pack that is on, as it is now.
fn pack_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    r: &rounds::Rounds,
    now: Timestamp,
) -> Option<(i64, View)> {
    let RoundState::On { pack, since, sent } = r.state else {
        return None;
    };
    let id = match (pack, sent.off) {
        (_, Some(_)) => "time_up",
        (Pack::Ice, None) => "ice_on",
        (Pack::Heat, None) => "heat_on",
    };
    // It changes in steps, whenever it is looked at.
    let step = i64::from(d.clock.progress_minutes) * 60;
    let passed = now.duration_since(since).as_secs().max(0) / step * step;
    let shown_at = rounds::later(since, jiff::SignedDuration::from_secs(passed));
    let mut own = words.clone();
    round_words(d, session, state, shown_at, &mut own);
    let view = message_view(d, session, state, &own, id);
    Some((since.as_millisecond(), view))
}

/// What is left of it once it is over.
pub fn live_over(d: &Dialogue) -> View {
    let over = d.messages.get("round_over");
    View {
        text: over.map_or_else(String::new, |m| m.text.source().to_owned()),
        rows: Vec::new(),
    }
}

/// The words of an exercise so many seconds after it began; nothing once it is over.
fn drill_words<'a>(
    drill: &crate::dialogue::Drill,
    passed: i64,
    words: Words<'a>,
) -> Option<Words<'a>> {
    let whole: i64 = drill.steps.iter().map(|(_, s)| i64::from(*s)).sum();
    let rounds = i64::from(drill.rounds);
    // A damaged record may have begun in the future, and the end is noted a moment late.
    let passed = passed.clamp(0, (whole * rounds - 1).max(0));
    let round = passed.checked_div(whole)?;
    let mut left = passed % whole;
    let (step, _) = drill.steps.iter().find(|(_, seconds)| {
        left -= i64::from(*seconds);
        left < 0
    })?;
    let bar: String = (0..rounds)
        .map(|n| {
            if n < round {
                '●'
            } else if n == round {
                '◐'
            } else {
                '○'
            }
        })
        .collect();
    let step = step.fill(&words);
    let (title, stop) = (drill.title.fill(&words), drill.stop.fill(&words));
    Some(
        words
            .with("n", (round + 1).to_string())
            .with("cap", rounds.to_string())
            .with("bar", bar)
            .with("title", title)
            .with("step", step)
            .with("stop", stop),
    )
}
