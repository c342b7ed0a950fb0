//! L4: a more worrying answer never lowers the disposition.

use crate::dialogue::{Concern, Disposition, FactId};
use crate::engine::verdict::name_of;
use crate::proof::space::{LEVELS, People};
use crate::proof::{Broken, Exercised, Proved, World};

/// A step from an answer to a more worrying one. All of them, and not only those to the next: the
/// one between may be nobody's.
struct Step {
    fact: FactId,
    /// Nothing where an answer is added to a fact of several.
    from: Option<u8>,
    to: u8,
}

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    let d = w.d();
    let steps = steps(w);
    let facts = d
        .facts
        .iter()
        .filter(|f| f.concern != Concern::None)
        .count();
    out.how = format!(
        "decision diagrams: {} steps to a more worrying answer, of {facts} facts with an order of concern, each with every combination of all other answers",
        steps.len()
    );
    let mut excused = vec![false; d.exceptions.len()];
    for step in &steps {
        let Some((level, who)) = lowered(w, step) else {
            continue;
        };
        let exception = d
            .exceptions
            .iter()
            .position(|e| e.fact == step.fact && e.to == step.to && e.from == step.from);
        if let Some(n) = exception {
            excused[n] = true;
            continue;
        }
        out.broken.push(broken(w, step, level, &who));
    }
    for (e, used) in d.exceptions.iter().zip(excused) {
        let f = &d.facts[e.fact];
        let to = &f.options[usize::from(e.to)].id;
        out.notes
            .push(format!("Exception: `{}` to `{to}`: {}", f.id, e.reason));
        if !used {
            out.broken.push(Broken::of_dialogue(format!(
                "the exception for `{}` to `{to}` is not needed: take it out of rules.yaml",
                f.id
            )));
        }
    }
    out
}

fn steps(w: &World<'_>) -> Vec<Step> {
    let mut out = Vec::new();
    for (fact, f) in w.d().facts.iter().enumerate() {
        let last = f.options.len() as u8;
        match &f.concern {
            Concern::None => {}
            Concern::Adding => out.extend((0..last).map(|to| Step {
                fact,
                from: None,
                to,
            })),
            Concern::Rising => upwards(&mut out, fact, &(0..last).collect::<Vec<u8>>()),
            Concern::Order(order) => upwards(&mut out, fact, order),
        }
    }
    out
}

/// From each of these answers to each after it.
fn upwards(out: &mut Vec<Step>, fact: FactId, order: &[u8]) {
    for (n, from) in order.iter().enumerate() {
        out.extend(order[n + 1..].iter().map(|to| Step {
            fact,
            from: Some(*from),
            to: *to,
        }));
    }
}

/// Who is told less with the more worrying answer, whatever their answer to this fact is now; and
/// what they are told at least with the other.
fn lowered(w: &World<'_>, step: &Step) -> Option<(Disposition, People)> {
    LEVELS[2..].iter().rev().find_map(|&level| {
        let at_least = w.levels.at_least(level);
        let before = before(w, &at_least, step);
        let after = w.space.given(&at_least, step.fact, step.to);
        let lower = before.and_not(&after);
        if lower.is_false() {
            return None;
        }
        // Both are people there are.
        let worse = w.there_are(&lower.and(w.space.says(step.fact, step.to)));
        let milder = w.there_are(&match step.from {
            Some(from) => lower.and(w.space.says(step.fact, from)),
            None => lower.and_not(w.space.says(step.fact, step.to)),
        });
        // The same person in all other answers.
        let bits = w.space.bits_of_answers(&[(step.fact, step.to)]);
        let both = worse.and(&milder.exists(&bits));
        (!both.is_false()).then_some((level, both))
    })
}

fn before(w: &World<'_>, people: &People, step: &Step) -> People {
    match step.from {
        Some(from) => w.space.given(people, step.fact, from),
        None => w.space.without(people, step.fact, step.to),
    }
}

fn broken(w: &World<'_>, step: &Step, level: Disposition, who: &People) -> Broken {
    let f = &w.d().facts[step.fact];
    let to = &f.options[usize::from(step.to)].id;
    let from = step
        .from
        .map_or("without it", |o| &f.options[usize::from(o)].id);
    let person = w.space.simplest(who);
    let told = person.as_ref().and_then(|p| w.space.level(p, &w.levels));
    Broken {
        what: format!(
            "`{}` {to} gives {}, and {from} gives {}",
            f.id,
            told.map_or("nothing", name_of),
            name_of(level)
        ),
        person,
        lawful: Some(level),
    }
}
