//! A dialogue with one thing wrong: what laws, cases and replays must notice.
//!
//! The changes are those that a slip of the hand makes in the files. Each is made on a loaded
//! dialogue, whose numbers stay as they are.

use super::vary::{NEVER, leaves, replaced, settled};
use crate::dialogue::{Condition, Dialogue, Disposition, FactKind, ScreenKind};

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The rule is gone.
    NoRule { rule: usize },
    /// The rule is one level milder.
    Milder { rule: usize },
    /// One comparison of the rule always counts, so that the rule is weaker in what it asks.
    Weaker { rule: usize, leaf: usize },
    /// One comparison of the rule never counts.
    Stricter { rule: usize, leaf: usize },
    /// A border of an ordered comparison is one further out, or in.
    Border { rule: usize, leaf: usize, out: bool },
    /// The screen is never shown.
    Hidden { screen: usize },
    /// Two answers beside each other store what the other should.
    Swapped { screen: usize, item: usize },
    /// An answer stores one thing less.
    Unstored {
        screen: usize,
        item: usize,
        set: usize,
    },
    /// *None of these* leaves a fact open.
    LeftOpen { screen: usize, fact: usize },
    /// The gate is gone.
    NoGate { gate: usize },
    /// One comparison of the gate never counts.
    GateStricter { gate: usize, leaf: usize },
    /// The gate leaves out one thing less.
    GateLess { gate: usize, element: usize },
}

impl Mutation {
    /// The kind, as reports count it.
    pub fn kind(self) -> &'static str {
        match self {
            Mutation::NoRule { .. } => "rule dropped",
            Mutation::Milder { .. } => "rule one level milder",
            Mutation::Weaker { .. } => "condition weakened",
            Mutation::Stricter { .. } => "condition made stricter",
            Mutation::Border { .. } => "border moved by one",
            Mutation::Hidden { .. } => "screen hidden",
            Mutation::Swapped { .. } => "answers swapped",
            Mutation::Unstored { .. } => "answer's fact deleted",
            Mutation::LeftOpen { .. } => "none-of-these leaves a fact open",
            Mutation::NoGate { .. } => "gate dropped",
            Mutation::GateStricter { .. } => "gate made stricter",
            Mutation::GateLess { .. } => "gate leaves out less",
        }
    }

    /// Whether it is in the rules, and not in the screens or gates.
    pub fn is_of_rules(self) -> bool {
        matches!(
            self,
            Mutation::NoRule { .. }
                | Mutation::Milder { .. }
                | Mutation::Weaker { .. }
                | Mutation::Stricter { .. }
                | Mutation::Border { .. }
        )
    }

    /// Make it so.
    pub fn apply(self, d: &mut Dialogue) {
        match self {
            Mutation::NoRule { rule } => d.rules[rule].when = NEVER,
            Mutation::Milder { rule } => {
                d.rules[rule].disposition = milder(d.rules[rule].disposition)
            }
            Mutation::Weaker { rule, leaf } => {
                d.rules[rule].when = settled(&d.rules[rule].when, leaf, true);
            }
            Mutation::Stricter { rule, leaf } => {
                d.rules[rule].when = settled(&d.rules[rule].when, leaf, false);
            }
            Mutation::Border { rule, leaf, out } => {
                let when = d.rules[rule].when.clone();
                if let Some((found, _)) = leaves(&when).get(leaf)
                    && let Some(moved) = moved(d, found, out)
                {
                    d.rules[rule].when = replaced(&when, leaf, &moved);
                }
            }
            Mutation::Hidden { screen } => d.screens[screen].when = NEVER,
            Mutation::Swapped { screen, item } => {
                let (before, after) = d.screens[screen].items.split_at_mut(item + 1);
                if let (Some(one), Some(other)) = (before.last_mut(), after.first_mut()) {
                    std::mem::swap(&mut one.sets, &mut other.sets);
                }
            }
            Mutation::Unstored { screen, item, set } => {
                d.screens[screen].items[item].sets.remove(set);
            }
            Mutation::LeftOpen { screen, fact } => {
                d.screens[screen].none.remove(fact);
            }
            Mutation::NoGate { gate } => d.gates[gate].when = NEVER,
            Mutation::GateStricter { gate, leaf } => {
                d.gates[gate].when = settled(&d.gates[gate].when, leaf, false);
            }
            Mutation::GateLess { gate, element } => {
                d.gates[gate].leaves_out.remove(element);
            }
        }
    }

    /// What is wrong, in the words of the files.
    pub fn describe(self, d: &Dialogue) -> String {
        let leaf_of = |when: &Condition, leaf: usize| {
            leaves(when)
                .get(leaf)
                .map_or_else(String::new, |(c, _)| c.print(&d.facts))
        };
        let rule = |r: usize| d.rules[r].id.clone();
        let label = |s: usize, i: usize| d.screens[s].items[i].label.source().to_owned();
        match self {
            Mutation::NoRule { rule: r } => format!("{}: dropped", rule(r)),
            Mutation::Milder { rule: r } => format!("{}: one level milder", rule(r)),
            Mutation::Weaker { rule: r, leaf } => {
                format!("{}: without `{}`", rule(r), leaf_of(&d.rules[r].when, leaf))
            }
            Mutation::Stricter { rule: r, leaf } => {
                format!("{}: `{}` never", rule(r), leaf_of(&d.rules[r].when, leaf))
            }
            Mutation::Border { rule: r, leaf, out } => format!(
                "{}: `{}` one step {}",
                rule(r),
                leaf_of(&d.rules[r].when, leaf),
                if out { "wider" } else { "narrower" }
            ),
            Mutation::Hidden { screen } => format!("{}: hidden", d.screens[screen].id),
            Mutation::Swapped { screen, item } => format!(
                "{}: [{}] and [{}] swapped",
                d.screens[screen].id,
                label(screen, item),
                label(screen, item + 1)
            ),
            Mutation::Unstored { screen, item, set } => {
                let (fact, option) = d.screens[screen].items[item].sets[set];
                let f = &d.facts[fact];
                format!(
                    "{}: [{}] does not store {} {}",
                    d.screens[screen].id,
                    label(screen, item),
                    f.id,
                    f.options[usize::from(option)].id
                )
            }
            Mutation::LeftOpen { screen, fact } => format!(
                "{}: none of these leaves {} open",
                d.screens[screen].id, d.facts[d.screens[screen].none[fact]].id
            ),
            Mutation::NoGate { gate } => format!("{}: dropped", d.gates[gate].id),
            Mutation::GateStricter { gate, leaf } => format!(
                "{}: `{}` never",
                d.gates[gate].id,
                leaf_of(&d.gates[gate].when, leaf)
            ),
            Mutation::GateLess { gate, element } => format!(
                "{}: leaves in {:?}",
                d.gates[gate].id, d.gates[gate].leaves_out[element]
            ),
        }
    }
}

/// What each answer of each screen stores, by its label: the list that is held against the screens
/// as they were drawn up, since a proof cannot read labels.
pub fn stored(d: &Dialogue) -> Vec<String> {
    let mut out = Vec::new();
    for s in d.screens.iter().skip(1) {
        for i in s
            .items
            .iter()
            .filter(|i| s.kind != ScreenKind::Number && i.act.is_none())
        {
            let sets = i.sets.iter().map(|(f, o)| {
                let f = &d.facts[*f];
                format!("{} {}", f.id, f.options[usize::from(*o)].id)
            });
            let mut stores: Vec<String> = sets.collect();
            stores.extend(i.then.map(|t| format!("asks {}", d.screens[t].id)));
            let label = i.label.source();
            out.push(
                format!("{} [{label}] {}", s.id, stores.join(", "))
                    .trim_end()
                    .to_owned(),
            );
        }
    }
    out
}

fn milder(level: Disposition) -> Disposition {
    match level {
        Disposition::Emergency => Disposition::Urgent,
        Disposition::Urgent => Disposition::Soon,
        Disposition::Soon => Disposition::Routine,
        _ => Disposition::SelfCare,
    }
}

/// An ordered comparison with its border one step further out or in; nothing where it has none, or
/// where nothing would be left.
fn moved(d: &Dialogue, leaf: &Condition, out: bool) -> Option<Condition> {
    let Condition::In { fact, options } = leaf else {
        return None;
    };
    let f = &d.facts[*fact];
    if !f.ordered || f.kind == FactKind::Multi {
        return None;
    }
    let all = f.all();
    let wider = (options | options << 1 | options >> 1) & all;
    let inner = options & (options << 1 | 1) & (options >> 1 | !(all >> 1));
    let moved = if out { wider } else { inner & all };
    (moved != *options && moved != 0 && moved != all).then_some(Condition::In {
        fact: *fact,
        options: moved,
    })
}

/// Every change of these kinds that this dialogue can have.
pub fn all(d: &Dialogue) -> Vec<Mutation> {
    let mut out = Vec::new();
    for (rule, r) in d.rules.iter().enumerate() {
        if r.when == Condition::Else || r.disposition == Disposition::NoTriage {
            continue;
        }
        out.extend([Mutation::NoRule { rule }, Mutation::Milder { rule }]);
        let own = leaves(&r.when);
        for (leaf, (found, _)) in own.iter().enumerate() {
            if own.len() > 1 {
                out.extend([
                    Mutation::Weaker { rule, leaf },
                    Mutation::Stricter { rule, leaf },
                ]);
            }
            let moves = [true, false]
                .into_iter()
                .filter(|out| moved(d, found, *out).is_some());
            out.extend(moves.map(|out| Mutation::Border { rule, leaf, out }));
        }
    }
    // A comparison that is alone in its group makes the same condition either way.
    out.retain(|m| match m {
        Mutation::Weaker { rule, leaf } => {
            settled(&d.rules[*rule].when, *leaf, true) != d.rules[*rule].when
        }
        _ => true,
    });
    for (screen, s) in d.screens.iter().enumerate() {
        if d.phases[s.phase].check_in || screen == 0 {
            continue;
        }
        if !s.opened {
            out.push(Mutation::Hidden { screen });
        }
        if s.kind == ScreenKind::Number {
            continue;
        }
        for (item, i) in s.items.iter().enumerate() {
            let next = s.items.get(item + 1);
            if next.is_some_and(|n| n.sets != i.sets) {
                out.push(Mutation::Swapped { screen, item });
            }
            out.extend((0..i.sets.len()).map(|set| Mutation::Unstored { screen, item, set }));
        }
        out.extend((0..s.none.len()).map(|fact| Mutation::LeftOpen { screen, fact }));
    }
    for (gate, g) in d.gates.iter().enumerate() {
        out.push(Mutation::NoGate { gate });
        let own = leaves(&g.when).len();
        if own > 1 {
            out.extend((0..own).map(|leaf| Mutation::GateStricter { gate, leaf }));
        }
        out.extend((0..g.leaves_out.len()).map(|element| Mutation::GateLess { gate, element }));
    }
    out
}
