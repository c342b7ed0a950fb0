//! Talks that began over one version of the dialogue and go on over another: moved, pinned, counted
//! and recalled.

#[path = "changed/mod.rs"]
mod changed;
#[path = "versions/corpus.rs"]
mod corpus;
#[path = "versions/moves.rs"]
mod moves;
#[path = "people/mod.rs"]
mod people;
#[path = "versions/store.rs"]
mod store;

use std::sync::{Arc, LazyLock};

use backtalk::answerer;
use backtalk::dialogue::{Dialogue, Knowledge, Known};
use backtalk::engine::{Input, Press, Session, State, Wish, begin, meet, step};
use jiff::Timestamp;

/// The dialogue as it is shipped.
static SHIPPED: LazyLock<Arc<Dialogue>> =
    LazyLock::new(|| Arc::new(changed::loaded(&changed::shipped_files())));

/// Noon of a Monday in London.
fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

/// A plain strain, with pain that makes it very hard to move.
fn plain(d: &Dialogue) -> Knowledge {
    let mut facts = d.completed(&d.nothing_known());
    let fact = d.fact("mobility").expect("the fact");
    let option = d.facts[fact].option("hard_due_to_pain");
    let option = option.or(d.facts[fact].option("hard_for_pain"));
    facts.set(fact, Known::one(option.expect("the option")));
    facts
}

/// Somebody in Great Britain with whom nothing was said yet.
fn ann(d: &Dialogue) -> Session {
    let mut session = begin(d);
    meet(d, &mut session, "en-GB");
    session
}

/// A press on the open question.
fn press(d: &Dialogue, session: &Session, wish: Wish) -> Input {
    let visit = State::of(d, session).visit;
    Input::Press(Press { visit, wish })
}

/// What this person answers next.
fn next(d: &Dialogue, session: &Session, facts: &Knowledge) -> Option<Input> {
    let wish = answerer::next(d, session, &State::of(d, session), facts)?;
    Some(press(d, session, wish))
}

/// The plain person after so many presses.
fn after(d: &Dialogue, presses: usize) -> Session {
    let facts = plain(d);
    let mut session = ann(d);
    for _ in 0..presses {
        let Some(input) = next(d, &session, &facts) else {
            break;
        };
        let stepped = step(d, &session, &input, noon());
        session = stepped.session.expect("nobody asks to be forgotten");
    }
    session
}
