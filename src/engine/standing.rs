//! Where a conversation stands, in a word that does not change with wording.
//!
//! Replays and exports say it; nothing is decided from it.

use super::fold::State;
use super::rounds::{self, RoundState};
use super::route::{Place, place};
use super::session::{Pack, Session};
use super::verdict::name_of;
use crate::dialogue::Dialogue;

/// Where a conversation stands: `welcome`, `asking.safety`, `verdict.urgent`, `plan`, `cycle.ice` …
pub fn standing(d: &Dialogue, session: &Session) -> String {
    let state = State::of(d, session);
    let pack = |p: Pack| if p == Pack::Ice { "ice" } else { "heat" };
    match rounds::fold(d, session, &state).state {
        RoundState::On { pack: p, .. } => return format!("cycle.{}", pack(p)),
        RoundState::Resting { pack: p, .. } => return format!("cycle.{}_off", pack(p)),
        RoundState::Offered { pack: p, .. } => return format!("cycle.{}_offered", pack(p)),
        RoundState::Tomorrow { .. } => return "cycle.tomorrow".into(),
        RoundState::Morning { .. } => return "cycle.morning".into(),
        RoundState::Waiting { .. } => return "cycle.waiting".into(),
        RoundState::Idle => {}
    }
    match place(d, &state) {
        Place::Welcome => "welcome".into(),
        Place::Asking(_) if !state.open && state.check_in.is_some() => {
            let open = state
                .check_in
                .and_then(|c| d.check_ins.get(usize::from(c.number)));
            open.map_or_else(|| "asking.check_in".into(), |c| format!("asking.{}", c.id))
        }
        Place::Asking(screen) => format!("asking.{}", d.phases[d.screens[screen].phase].id),
        Place::Complete => "complete".into(),
        Place::Told => format!("verdict.{}", state.disposition().map_or("none", name_of)),
        Place::Plan => "plan".into(),
    }
}
