//! What each question is good for: how often its answer can change the level, and what asking
//! several things on one screen saves.
//!
//! "How often" needs an idea of how often people say what. [`share`] is ours and rough: most
//! people have few troubles. It orders screens; it claims nothing about patients.

use std::collections::BTreeSet;

use super::space::{LEVELS, People, Space};
use super::world::World;
use crate::dialogue::{Concern, Fact, FactId, FactKind, ScreenId, ScreenKind};
use crate::engine::route;

/// How likely somebody is not to give the harmless answer, for facts that are a trouble.
const TROUBLE: f64 = 0.06;

/// The same for each answer of a list.
const TICK: f64 = 0.03;

/// The same for facts without an order of concern, such as how it began.
const OTHERWISE: f64 = 0.3;

/// What one screen is good for.
#[derive(Debug, Clone)]
pub struct Question {
    /// The screen.
    pub screen: ScreenId,
    /// Of how many people it is asked.
    pub asked: f64,
    /// Of those, for how many another answer to it would be another level.
    pub matters: f64,
    /// How many taps it takes those who are asked.
    pub taps: f64,
    /// How many it would take to ask its facts one by one.
    pub one_by_one: f64,
}

/// Every screen up to the verdict, in asking order.
pub fn questions(w: &World<'_>) -> Vec<Question> {
    let d = w.d();
    let possible = w.possible();
    let everybody = share(w.space, possible);
    let mut out = Vec::new();
    for (screen, s) in d.screens.iter().enumerate().skip(1) {
        if d.phases[s.phase].after_verdict {
            continue;
        }
        let shown = possible.and(&w.verdict.shown[screen]);
        let asked = share(w.space, &shown);
        if asked == 0.0 {
            continue;
        }
        let answers = route::asks(d, screen);
        let bits = w.space.bits_of_answers(&answers);
        let mut matters = w.space.nobody();
        for level in LEVELS {
            let own = w.levels.exactly(level);
            let other = possible.and_not(own).exists(&bits);
            matters = matters.or(&shown.and(own).and(&other));
        }
        let facts: BTreeSet<FactId> = answers.iter().map(|(f, _)| *f).collect();
        let ticks: f64 = s
            .items
            .iter()
            .filter(|i| s.kind == ScreenKind::Any && !i.sets.is_empty())
            .map(|i| {
                let sets = i.sets.iter();
                let who = sets.fold(shown.clone(), |who, (f, o)| who.and(w.space.says(*f, *o)));
                share(w.space, &who) / asked
            })
            .sum();
        out.push(Question {
            screen,
            asked: asked / everybody,
            matters: share(w.space, &matters) / asked,
            taps: 1.0 + ticks,
            one_by_one: facts.len().max(1) as f64 + ticks,
        });
    }
    out
}

/// How likely it is that somebody is among these, by our rough idea of how often people say what.
pub fn share(space: &Space<'_>, people: &People) -> f64 {
    space.share(people, |f, o| likely(&space.d.facts[f], o))
}

/// How likely this answer is, by itself.
fn likely(f: &Fact, option: u8) -> f64 {
    let others = (f.options.len().max(2) - 1) as f64;
    let harmless = f.default.on & (1 << option) != 0;
    match (f.kind, &f.concern) {
        (FactKind::Multi, _) => TICK,
        (FactKind::Number, _) => 1.0 / f.options.len() as f64,
        (_, Concern::None) if f.ordered => 1.0 / f.options.len() as f64,
        (_, Concern::None) if harmless => 1.0 - OTHERWISE,
        (_, Concern::None) => OTHERWISE / others,
        _ if harmless => 1.0 - TROUBLE,
        _ => TROUBLE / others,
    }
}
