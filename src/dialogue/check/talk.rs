//! Conversations with many people at once, and what each of them is told in the end.

use jiff::Timestamp;

use crate::answerer;
use crate::assess;
use crate::dialogue::{Act, Dialogue, Disposition, Element, Knowledge};
use crate::engine::{self, Input, Press, Session, State, Wish};
use crate::plan;

/// Fewer people than this are not worth a thread of their own.
const FEWEST_FOR_A_THREAD: usize = 200;

/// More taps than any conversation can need; reaching it means that it never ends.
const MOST_TAPS: usize = 400;

/// What comes of a conversation, or of knowing all facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Nothing when no verdict is reached.
    pub disposition: Option<Disposition>,
    /// The gates that fire, where there is a plan.
    pub gates: Vec<usize>,
}

/// A conversation that was held.
pub struct Held {
    /// What the person was told.
    pub advice: Advice,
    /// What is known at its end, harmless for the rest.
    pub known: Knowledge,
}

/// The advice when every fact is known.
pub fn by_facts(d: &Dialogue, person: &Knowledge) -> Advice {
    let disposition = assess::assess(d, person).disposition;
    let (gates, out) = assess::gates(d, person, disposition);
    let gates = if out.contains(&Element::Coaching) {
        Vec::new()
    } else {
        gates
    };
    Advice {
        disposition: Some(disposition),
        gates,
    }
}

/// A conversation under way, and those who have said the same so far.
struct Talk {
    session: Session,
    /// The verdict, once the plan is being asked for.
    told: Option<Disposition>,
    taps: usize,
    people: Vec<usize>,
}

/// The advice that each person gets in the real conversation, plan screens and all.
pub fn hold(d: &Dialogue, people: &[Knowledge]) -> Vec<Option<Held>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = people.len().div_ceil(workers).max(FEWEST_FOR_A_THREAD);
    std::thread::scope(|scope| {
        let held: Vec<_> = people
            .chunks(share)
            .map(|some| scope.spawn(|| hold_together(d, some)))
            .collect();
        // A panic in a worker is a panic here.
        held.into_iter()
            .flat_map(|h| h.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
            .collect()
    })
}

/// The same in one thread. People who have said the same so far are in the same session, so each
/// session is stepped only once.
pub fn hold_together(d: &Dialogue, people: &[Knowledge]) -> Vec<Option<Held>> {
    let now = Timestamp::UNIX_EPOCH;
    let mut out: Vec<Option<Held>> = people.iter().map(|_| None).collect();
    let all = (0..people.len()).collect();
    let mut open = vec![Talk {
        session: engine::begin(d),
        told: None,
        taps: 0,
        people: all,
    }];
    while let Some(talk) = open.pop() {
        let state = State::of(d, &talk.session);
        let mut ended: Vec<usize> = Vec::new();
        let mut groups: Vec<(Wish, Vec<usize>)> = Vec::new();
        for &p in &talk.people {
            let wish = answerer::next(d, &talk.session, &state, &people[p]);
            match wish.filter(|_| talk.taps < MOST_TAPS) {
                Some(wish) => match groups.iter_mut().find(|(w, _)| *w == wish) {
                    Some((_, group)) => group.push(p),
                    None => groups.push((wish, vec![p])),
                },
                None => ended.push(p),
            }
        }
        let mut go_on = |wish: Wish, told: Option<Disposition>, people: Vec<usize>| {
            let press = Input::Press(Press {
                visit: state.visit,
                wish,
            });
            let next = engine::step(d, &talk.session, &press, now).session;
            let session = next.unwrap_or_else(|| talk.session.clone());
            open.push(Talk {
                session,
                told,
                taps: talk.taps + 1,
                people,
            });
        };
        if !ended.is_empty() {
            let (gates, left_out) = plan::gates(d, &state, now);
            let coached = !left_out.contains(&Element::Coaching);
            match (talk.told, state.disposition()) {
                (None, Some(told)) if coached && talk.taps < MOST_TAPS => {
                    go_on(Wish::Act(Act::Plan), Some(told), ended);
                }
                (told, now_told) => {
                    let gates = if told.is_some() { gates } else { Vec::new() };
                    let advice = Advice {
                        disposition: told.or(now_told),
                        gates,
                    };
                    let known = d.completed(&state.known);
                    for p in ended {
                        out[p] = Some(Held {
                            advice: advice.clone(),
                            known: known.clone(),
                        });
                    }
                }
            }
        }
        for (wish, group) in groups {
            go_on(wish, talk.told, group);
        }
    }
    out
}
