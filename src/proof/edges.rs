//! People on both sides of every rule and gate: for each comparison in a condition somebody for
//! whom it decides, and somebody who misses it by just that.
//!
//! Written down as cases, with what they should be told from the clinical table, they tell a rule
//! that is not as it was meant. `backtalk prove --edges` prints them.

use super::space::{People, Space};
use super::vary::{leaves, settled};
use super::world::World;
use crate::assess;
use crate::dialogue::{Condition, Dialogue, Disposition, Element, FactKind, Knowledge};

/// Somebody beside a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The rule, gate or card it is about.
    pub of: String,
    /// What is special about them.
    pub title: String,
    /// Who they are.
    pub person: Knowledge,
    /// What they are told.
    pub disposition: Disposition,
    /// The rule that fires for them and is looked at.
    pub rule: Option<String>,
    /// What the gate that is looked at leaves out for them, where no other gate does.
    pub leaves_out: Vec<Element>,
}

/// Everybody on the edges of this dialogue, each once.
pub fn edges(w: &World<'_>) -> Vec<Edge> {
    let d = w.d();
    let mut out: Vec<Edge> = Vec::new();
    for (n, rule) in d.rules.iter().enumerate() {
        if rule.when == Condition::Else || rule.disposition == Disposition::NoTriage {
            continue;
        }
        let others = d.rules.iter().enumerate();
        let others = others.filter(|(m, r)| *m != n && r.disposition >= rule.disposition);
        let above = others.fold(w.space.nobody(), |all, (_, r)| {
            all.or(&w.space.truly(&r.when, None))
        });
        let beside = Beside {
            w,
            when: &rule.when,
            prefer: above.not(),
            near: w.levels.at_least(rule.disposition).not(),
        };
        for (title, person, fires) in beside.people() {
            let rule = fires.then(|| rule.id.clone());
            add(w, &mut out, &d.rules[n].id, title, person, rule, Vec::new());
        }
    }
    gates(w, &mut out);
    cards(w, &mut out);
    out
}

fn gates(w: &World<'_>, out: &mut Vec<Edge>) {
    let d = w.d();
    let coached = w.with_plan();
    for (n, gate) in d.gates.iter().enumerate() {
        let others = d.gates.iter().enumerate().filter(|(m, _)| *m != n);
        let overlap = others
            .filter(|(_, g)| g.leaves_out.iter().any(|e| gate.leaves_out.contains(e)))
            .fold(w.space.nobody(), |all, (_, g)| {
                all.or(&w.space.truly(&g.when, Some(&w.levels)))
            });
        let beside = Beside {
            w,
            when: &gate.when,
            prefer: coached.and_not(&overlap),
            near: w.space.nobody(),
        };
        for (title, person, _) in beside.people() {
            let level = assess::assess(d, &person).disposition;
            let alone = assess::gates(d, &person, level).0;
            let others = alone
                .iter()
                .filter(|g| **g != n)
                .flat_map(|g| &d.gates[*g].leaves_out);
            let others: Vec<Element> = others.copied().collect();
            let own = gate
                .leaves_out
                .iter()
                .copied()
                .filter(|e| !others.contains(e))
                .collect();
            add(w, out, &gate.id, title, person, None, own);
        }
    }
}

fn cards(w: &World<'_>, out: &mut Vec<Edge>) {
    let d = w.d();
    for (n, card) in d.cards.iter().enumerate() {
        let Some(when) = &card.when else { continue };
        let coached = w
            .told
            .exactly(Disposition::SelfCare)
            .or(w.told.exactly(Disposition::Routine));
        let who = coached.and(&w.space.truly(when, Some(&w.levels)));
        let shown = |p: &Knowledge| {
            let level = assess::assess(d, p).disposition;
            assess::cards(d, p, level).contains(&n)
        };
        if let Some(person) = w.somebody(&who).filter(shown) {
            add(
                w,
                out,
                &card.id,
                "the card fits".into(),
                person,
                None,
                Vec::new(),
            );
        }
    }
}

fn add(
    w: &World<'_>,
    out: &mut Vec<Edge>,
    of: &str,
    title: String,
    person: Knowledge,
    rule: Option<String>,
    leaves_out: Vec<Element>,
) {
    let known = out
        .iter_mut()
        .find(|e| e.person == person && (e.of == of || rule.is_none() && leaves_out.is_empty()));
    if known.is_some() {
        return;
    }
    out.push(Edge {
        of: of.to_owned(),
        title,
        disposition: assess::assess(w.d(), &person).disposition,
        person,
        rule,
        leaves_out,
    });
}

/// A condition, and whom to look for on its two sides.
struct Beside<'a> {
    w: &'a World<'a>,
    when: &'a Condition,
    /// Of those for whom it holds these tell most.
    prefer: People,
    /// Of those for whom it nearly holds only these.
    near: People,
}

impl Beside<'_> {
    /// Each with what is special about them, and whether the condition holds for them.
    fn people(&self) -> Vec<(String, Knowledge, bool)> {
        let (w, d) = (self.w, self.w.d());
        let holds = w.space.truly(self.when, Some(&w.levels));
        let mut out: Vec<(String, Knowledge, bool)> = Vec::new();
        for (n, (leaf, positive)) in leaves(self.when).into_iter().enumerate() {
            let without = w
                .space
                .truly(&settled(self.when, n, false), Some(&w.levels));
            let decides = holds.and_not(&without);
            let best = |own: &People| {
                w.somebody(&own.and(&self.prefer))
                    .or_else(|| w.somebody(own))
            };
            let mut found = false;
            for (words, who) in options(w.space, leaf, positive, true) {
                let person = best(&decides.and(&who));
                found |= person.is_some();
                out.extend(person.map(|p| (format!("with {words}"), p, true)));
            }
            if !found {
                let not = if positive { "" } else { "not " };
                let words = format!("with {not}{}", leaf.print(&d.facts));
                out.extend(best(&decides).map(|p| (words, p, true)));
            }
            let with = w.space.truly(&settled(self.when, n, true), Some(&w.levels));
            let near = with.and_not(&holds).and(&self.near);
            if near.is_false() {
                continue;
            }
            let outside = options(w.space, leaf, positive, false);
            let mut found = false;
            for (words, who) in outside {
                let person = w.somebody(&near.and(&who));
                found |= person.is_some();
                out.extend(person.map(|p| (format!("but {words}"), p, false)));
            }
            if !found {
                let words = format!("but not {}", leaf.print(&d.facts));
                out.extend(w.somebody(&near).map(|p| (words, p, false)));
            }
        }
        out
    }
}

/// The answers inside a comparison, or those just outside it, with those who give them. Of ordered
/// answers only those at its border.
fn options(
    space: &Space<'_>,
    leaf: &Condition,
    positive: bool,
    inside: bool,
) -> Vec<(String, People)> {
    let d = space.d;
    let (Condition::In { fact, options } | Condition::HasAny { fact, options }) = leaf else {
        return Vec::new();
    };
    let f = &d.facts[*fact];
    let several = f.kind == FactKind::Multi;
    let wanted = if positive == inside {
        *options
    } else {
        f.all() & !options
    };
    if several {
        // Somebody without any of them is found without help.
        let each =
            (0..f.options.len() as u8).filter(|o| positive && inside && wanted & (1 << o) != 0);
        return each
            .map(|o| (words(d, *fact, o), space.says(*fact, o).clone()))
            .collect();
    }
    let at_border = |o: u8| {
        let beside = |p: Option<u8>| {
            p.is_some_and(|p| usize::from(p) < f.options.len() && wanted & (1 << p) == 0)
        };
        !f.ordered || beside(o.checked_sub(1)) || beside(o.checked_add(1))
    };
    (0..f.options.len() as u8)
        .filter(|o| wanted & (1 << o) != 0 && at_border(*o))
        // Of answers without an order the simplest outside is found without help.
        .filter(|_| inside || f.ordered)
        .map(|o| (words(d, *fact, o), space.says(*fact, o).clone()))
        .collect()
}

fn words(d: &Dialogue, fact: usize, option: u8) -> String {
    let f = &d.facts[fact];
    format!("{} {}", f.id, f.options[usize::from(option)].id)
}
