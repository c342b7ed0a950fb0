//! One of the people a change is about, as a conversation to read.

use jiff::Timestamp;
use serde::Serialize;

use crate::answerer;
use crate::dialogue::{Act, Dialogue, Disposition, Item, Knowledge, ScreenId};
use crate::engine::route::{Place, place};
use crate::engine::{self, Input, Press, Session, State, Wish};
use crate::vignettes::{FactMap, facts_of};

/// Somebody, with what they answer and what they are told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Their facts that are not harmless, as either dialogue knows them.
    pub facts: FactMap,
    /// What they answer beyond the harmless, in the order of the screens.
    pub answers: Vec<Answer>,
    /// What the old dialogue tells them.
    pub before: Option<Disposition>,
    /// What the new one tells them.
    pub after: Option<Disposition>,
}

/// What somebody answers on one screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The screen.
    pub screen: String,
    /// Its question.
    pub asks: String,
    /// The buttons they tap.
    pub says: Vec<String>,
    /// Whether only one of the dialogues asks it of them, or takes these answers.
    pub only: Option<Only>,
}

/// Which of two dialogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// The old one.
    Before,
    /// The new one.
    Now,
}

/// Somebody, as the old dialogue knows them and as the new one does.
pub(super) fn example(old: &Dialogue, was: &Knowledge, new: &Dialogue, is: &Knowledge) -> Example {
    let mut facts = facts_of(old, was);
    facts.extend(facts_of(new, is));
    let (before, mut answers) = hold(old, was);
    let (after, now) = hold(new, is);
    // One conversation: what both ask stands once, and what an emergency cut short goes on.
    let shorter = |screens: &[Answer], told: Option<Disposition>, screen: &str| {
        told == Some(Disposition::Emergency) && !screens.iter().any(|a| a.screen == screen)
    };
    for a in &mut answers {
        let in_both = now.contains(a) || shorter(&now, after, &a.screen);
        a.only = (!in_both).then_some(Only::Before);
    }
    for (n, mut a) in now.iter().cloned().enumerate() {
        if answers
            .iter()
            .any(|b| b.screen == a.screen && b.says == a.says)
        {
            continue;
        }
        a.only = (!shorter(&answers, before, &a.screen)).then_some(Only::Now);
        let after = now[..n]
            .iter()
            .rev()
            .find_map(|p| answers.iter().rposition(|b| b.screen == p.screen));
        answers.insert(after.map_or(0, |i| i + 1), a);
    }
    Example {
        facts,
        answers,
        before,
        after,
    }
}

/// The conversation with somebody to the end of the plan's questions: what they are told, and what
/// they answer beyond the harmless.
fn hold(d: &Dialogue, person: &Knowledge) -> (Option<Disposition>, Vec<Answer>) {
    let now = Timestamp::UNIX_EPOCH;
    let held = answerer::hold(d, person, now);
    let told = State::of(d, &held.session).disposition();
    let mut out = Vec::new();
    let mut session = engine::begin(d);
    let plan = [Wish::Act(Act::Plan)];
    for wish in held.presses.iter().chain(&plan) {
        session = tap(d, &session, wish, person, &mut out);
    }
    if State::of(d, &session).planned {
        let rest = answerer::hold_from(d, session.clone(), person, now);
        for wish in &rest.presses {
            session = tap(d, &session, wish, person, &mut out);
        }
    }
    (told, out)
}

fn tap(
    d: &Dialogue,
    session: &Session,
    wish: &Wish,
    person: &Knowledge,
    out: &mut Vec<Answer>,
) -> Session {
    let now = Timestamp::UNIX_EPOCH;
    let state = State::of(d, session);
    if let Place::Asking(screen) = place(d, &state) {
        let words = engine::words::words(d, session, &state);
        let says = said(d, screen, wish, person, |i| {
            engine::view::label(d, session, &state, &words, i)
        });
        if let Some(says) = says {
            let s = &d.screens[screen];
            match out.last_mut().filter(|a| a.screen == s.id) {
                Some(open) => open.says.push(says),
                None => out.push(Answer {
                    screen: s.id.clone(),
                    asks: s.ask.fill(&words).lines().next().unwrap_or("").to_owned(),
                    says: vec![says],
                    only: None,
                }),
            }
        }
    }
    let input = Input::Press(Press {
        visit: state.visit,
        wish: wish.clone(),
    });
    let after = engine::step(d, session, &input, now).session;
    after.unwrap_or_else(|| session.clone())
}

/// The button of an answer that says more than the harmless.
fn said(
    d: &Dialogue,
    screen: ScreenId,
    wish: &Wish,
    person: &Knowledge,
    label: impl Fn(&Item) -> String,
) -> Option<String> {
    let harmless = |&(f, o): &(usize, u8)| {
        let d = &d.facts[f];
        d.default.on & (1 << o) != 0
    };
    match wish {
        Wish::Answer(n) | Wish::Tick(n) => {
            let item = d.screens[screen].items.get(usize::from(*n))?;
            let says_nothing = item.sets.iter().all(harmless) && item.then.is_none();
            (!says_nothing).then(|| label(item))
        }
        Wish::Explained(fact, option) => {
            let f = &d.facts[usize::from(*fact)];
            let open = person.get(usize::from(*fact)).option() != Some(*option);
            let answer = &f.options[usize::from(*option)];
            let says = if open {
                "not sure"
            } else {
                answer.label.source()
            };
            Some(format!("{}: {says}", f.name))
        }
        _ => None,
    }
}
