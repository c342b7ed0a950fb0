//! L7: nothing in the files is dead, and everything is reached by a replay or a vignette.

use jiff::Timestamp;

use crate::assess;
use crate::dialogue::{Condition, Dialogue, Disposition, Knowledge};
use crate::engine::route::{self, Place};
use crate::engine::session::{Session, What};
use crate::engine::{State, verdict};
use crate::plan;
use crate::proof::space::People;
use crate::proof::{Broken, Exercised, Proved, World};

pub fn prove(w: &World<'_>, exercised: &Exercised) -> Proved {
    let mut out = Proved::default();
    let all = elements(w);
    for (element, who) in &all {
        // Somebody under twelve who is alone waits for an adult; no answer of theirs is true until
        // then, so only a replay shows that they are asked to.
        if let Some(who) = who
            && w.there_are(who).is_false()
            && !exercised.elements.contains(element)
        {
            out.broken
                .push(Broken::of_dialogue(format!("the {element} is for nobody")));
        }
    }
    out.how = format!(
        "decision diagrams: for each of {} rules, gates, cards, screens, lines and waits there is somebody",
        all.len()
    );
    if exercised.elements.is_empty() {
        out.notes
            .push("No replays and vignettes were looked at.".into());
        return out;
    }
    let reached = |e: &String| exercised.elements.contains(e);
    let listed = |e: &String| w.d().unexercised.iter().any(|(u, _)| u == e);
    let own = all.iter().map(|(e, _)| e).filter(|e| is_counted(e));
    for element in own {
        if !reached(element) && !listed(element) {
            out.broken.push(Broken {
                what: format!("no replay or vignette reaches the {element}"),
                person: all
                    .iter()
                    .find(|(e, _)| e == element)
                    .and_then(|(_, who)| w.somebody(who.as_ref()?)),
                lawful: None,
            });
        }
    }
    for (element, reason) in &w.d().unexercised {
        if reached(element) {
            out.broken.push(Broken::of_dialogue(format!(
                "the {element} is listed as unexercised, and is reached"
            )));
        } else {
            out.notes.push(format!("Unexercised: {element}: {reason}"));
        }
    }
    let counted = all.iter().filter(|(e, _)| is_counted(e)).count();
    out.how = format!(
        "{}; and {counted} of them reached in replays and vignettes",
        out.how
    );
    out
}

/// Whether replays and vignettes are to reach an element of this kind.
fn is_counted(element: &str) -> bool {
    ["rule ", "gate ", "card ", "screen "]
        .iter()
        .any(|kind| element.starts_with(kind))
}

/// Every element with the people it is for, where that can be said.
fn elements<'a>(w: &World<'a>) -> Vec<(String, Option<People>)> {
    let d = w.d();
    let mut out: Vec<(String, Option<People>)> = Vec::new();
    let coached = w.with_plan();
    let grave = w.told.at_least(Disposition::Urgent);
    for rule in &d.rules {
        let who = match rule.when {
            Condition::Else => w.told.exactly(Disposition::SelfCare).clone(),
            // It is about somebody who never begins.
            _ if rule.disposition == Disposition::NoTriage => w.space.everybody(),
            _ => w.verdict.holds(&rule.when),
        };
        out.push((format!("rule {}", rule.id), Some(who)));
    }
    for gate in &d.gates {
        let named = matches!(&gate.when, Condition::Disposition(_));
        let who = if named {
            w.space.everybody()
        } else {
            w.plan.holds(&gate.when)
        };
        out.push((format!("gate {}", gate.id), Some(who)));
    }
    for card in &d.cards {
        let who = card
            .when
            .as_ref()
            .map(|when| coached.and(&w.plan.holds(when)));
        // The others are opened from a menu.
        if who.is_some() {
            out.push((format!("card {}", card.id), who));
        }
    }
    for (n, screen) in d.screens.iter().enumerate() {
        let asked_later = d.phases[screen.phase].check_in;
        let who = (!asked_later).then(|| w.plan.shown[n].clone());
        out.push((format!("screen {}", screen.id), who));
    }
    for page in &d.pages {
        for (n, line) in page.lines.iter().enumerate() {
            let who = coached.and(&w.plan.holds(&line.when));
            out.push((format!("line {} of the page {}", n + 1, page.id), Some(who)));
        }
    }
    for line in d.people.iter() {
        let who = w.verdict.holds_told(&line.when, &w.told);
        out.push((format!("line {}", line.id), Some(who)));
    }
    for wait in &d.waits {
        out.push((format!("wait {}", wait.id), Some(grave.and(&w.waits(wait)))));
    }
    out
}

/// What one conversation reaches from the event of this number on, by id.
pub fn reached(d: &Dialogue, session: &Session, from: usize, now: Timestamp) -> Exercised {
    let mut out = Exercised::default();
    for (index, event) in session.log.iter().enumerate().skip(from) {
        let mut screen = |n: usize| {
            let id = d.screens.get(n).map(|s| format!("screen {}", s.id));
            out.elements.extend(id);
        };
        match event.what {
            What::Answered { screen: n, .. }
            | What::Finished { screen: n }
            | What::Skipped { screen: n }
            | What::Ticked { screen: n, .. } => screen(n.into()),
            What::Began(_) => screen(0),
            What::Told { .. } => {
                let state = State::until(d, session, index + 1);
                let rules = verdict::assessment(d, &state).rules;
                let ids = rules.iter().map(|r| format!("rule {}", d.rules[*r].id));
                out.elements.extend(ids);
                firing(d, &state, &d.completed(&state.known), &mut out);
            }
            _ => {}
        }
    }
    let state = State::of(d, session);
    match route::place(d, &state) {
        Place::Asking(n) => {
            out.elements.insert(format!("screen {}", d.screens[n].id));
        }
        Place::Plan => firing(d, &state, &plan::known_for_gates(d, &state, now), &mut out),
        _ => {}
    }
    out
}

/// The gates that fire for certain, and the cards that are shown.
fn firing(d: &Dialogue, state: &State, known: &Knowledge, out: &mut Exercised) {
    let level = state.disposition();
    let gates = d.gates.iter().filter(|g| d.holds(&g.when, known, level));
    out.elements.extend(gates.map(|g| format!("gate {}", g.id)));
    for card in level
        .map(|l| assess::cards(d, known, l))
        .unwrap_or_default()
    {
        out.elements.insert(format!("card {}", d.cards[card].id));
    }
}
