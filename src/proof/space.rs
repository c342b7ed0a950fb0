//! Sets of people, as decision diagrams over their answers.
//!
//! A person is an answer to every fact. A fact of one answer takes as many bits as its options
//! need, a fact of several one bit for each option. A set of people is a diagram over these bits,
//! so that a law about all of them is one operation, and a set can be counted exactly.

use std::collections::HashMap;

use biodivine_lib_bdd::{Bdd, BddPointer, BddVariable, BddVariableSet, BddVariableSetBuilder};

use crate::dialogue::{
    Condition, Dialogue, Disposition, FactId, FactKind, Knowledge, Known, Options, ScreenKind,
};

/// A set of people.
pub type People = Bdd;

/// All dispositions, from the least severe to the most.
pub const LEVELS: [Disposition; 6] = [
    Disposition::NoTriage,
    Disposition::SelfCare,
    Disposition::Routine,
    Disposition::Soon,
    Disposition::Urgent,
    Disposition::Emergency,
];

/// The bits of one fact.
struct Bits {
    /// From the first that is looked at to the last.
    vars: Vec<BddVariable>,
    /// Who gives each option.
    options: Vec<People>,
    /// The code of each option of a fact of one answer; that of the harmless one is 0.
    codes: Vec<usize>,
}

/// Everybody who could answer the facts of a dialogue, possible or not.
pub struct Space<'a> {
    /// The dialogue.
    pub d: &'a Dialogue,
    vars: BddVariableSet,
    bits: Vec<Bits>,
    /// The facts in the order of their bits.
    order: Vec<FactId>,
    /// Everybody whose facts of one answer have one.
    pub whole: People,
}

/// Who is told what: a set for each disposition, which exclude each other.
#[derive(Clone)]
pub struct Levels {
    exact: [People; 6],
}

impl Levels {
    /// Who gets exactly this disposition.
    pub fn exactly(&self, level: Disposition) -> &People {
        &self.exact[level as usize]
    }

    /// Who gets this disposition or a more severe one.
    pub fn at_least(&self, level: Disposition) -> People {
        let mut out = self.exact[level as usize].clone();
        for more in &self.exact[level as usize + 1..] {
            out = out.or(more);
        }
        out
    }
}

impl<'a> Space<'a> {
    /// The space of a dialogue.
    pub fn new(d: &'a Dialogue) -> Space<'a> {
        Space::ordered(d, order(d))
    }

    /// The space of a dialogue with the same facts, so that its sets are those of the other's.
    pub fn like(d: &'a Dialogue, other: &Space<'_>) -> Space<'a> {
        Space::ordered(d, other.order.clone())
    }

    fn ordered(d: &'a Dialogue, order: Vec<FactId>) -> Space<'a> {
        let mut builder = BddVariableSetBuilder::new();
        let mut own: Vec<Vec<BddVariable>> = vec![Vec::new(); d.facts.len()];
        for &fact in &order {
            let f = &d.facts[fact];
            let count = match f.kind {
                FactKind::Multi => f.options.len(),
                _ => f.options.len().next_power_of_two().trailing_zeros() as usize,
            };
            for n in 0..count {
                own[fact].push(builder.make_variable(&format!("{}.{n}", f.id)));
            }
        }
        let vars = builder.build();
        let bits: Vec<Bits> = own
            .into_iter()
            .enumerate()
            .map(|(fact, own)| Bits::new(d, fact, own, &vars))
            .collect();
        let mut whole = vars.mk_true();
        for (fact, f) in d.facts.iter().enumerate() {
            if f.kind != FactKind::Multi {
                let mut any = vars.mk_false();
                for option in &bits[fact].options {
                    any = any.or(option);
                }
                whole = whole.and(&any);
            }
        }
        Space {
            d,
            vars,
            bits,
            order,
            whole,
        }
    }

    /// Everybody.
    pub fn everybody(&self) -> People {
        self.vars.mk_true()
    }

    /// Nobody.
    pub fn nobody(&self) -> People {
        self.vars.mk_false()
    }

    /// Who gives this answer.
    pub fn says(&self, fact: FactId, option: u8) -> &People {
        &self.bits[fact].options[usize::from(option)]
    }

    /// For whom a condition holds, when `says` tells who is known to give an answer.
    pub fn holds<'b>(
        &'b self,
        condition: &Condition,
        says: &impl Fn(FactId, u8) -> &'b People,
        levels: Option<&Levels>,
    ) -> People {
        let any = |fact: FactId, options: Options| {
            let mut out = self.nobody();
            for o in (0..self.d.facts[fact].options.len() as u8).filter(|o| options & (1 << o) != 0)
            {
                out = out.or(says(fact, o));
            }
            out
        };
        match condition {
            Condition::Always => self.everybody(),
            Condition::All(all) => all.iter().fold(self.everybody(), |out, c| {
                if out.is_false() {
                    out
                } else {
                    out.and(&self.holds(c, says, levels))
                }
            }),
            Condition::Any(any) => any
                .iter()
                .fold(self.nobody(), |out, c| out.or(&self.holds(c, says, levels))),
            Condition::Not(c) => self.holds(c, says, levels).not(),
            Condition::Named { condition, .. } => self.holds(condition, says, levels),
            Condition::In { fact, options } | Condition::HasAny { fact, options } => {
                any(*fact, *options)
            }
            Condition::Count { fact, low, high } => {
                let least = self.at_least(*fact, *low, says);
                match high.checked_add(1) {
                    Some(more) => least.and_not(&self.at_least(*fact, more, says)),
                    None => least,
                }
            }
            Condition::Disposition(set) => {
                let mut out = self.nobody();
                for level in LEVELS.iter().filter(|l| set & (1 << **l as u8) != 0) {
                    if let Some(levels) = levels {
                        out = out.or(levels.exactly(*level));
                    }
                }
                out
            }
            Condition::Else => levels.map_or_else(
                || self.nobody(),
                |l| l.exactly(Disposition::SelfCare).clone(),
            ),
        }
    }

    /// For whom a condition holds, when all their answers are known.
    pub fn truly(&self, condition: &Condition, levels: Option<&Levels>) -> People {
        self.holds(condition, &|f, o| self.says(f, o), levels)
    }

    /// Who gives at least `least` answers of a fact of several.
    fn at_least<'b>(
        &'b self,
        fact: FactId,
        least: u32,
        says: &impl Fn(FactId, u8) -> &'b People,
    ) -> People {
        // `counts[n]`: who gives at least n of the answers looked at so far.
        let most = least as usize;
        let mut counts = vec![self.nobody(); most + 1];
        counts[0] = self.everybody();
        for o in 0..self.d.facts[fact].options.len() as u8 {
            for n in (1..=most).rev() {
                counts[n] = counts[n].or(&counts[n - 1].and(says(fact, o)));
            }
        }
        counts.pop().unwrap_or_else(|| self.everybody())
    }

    /// Who is told what by the rules, when `says` tells who is known to give an answer.
    pub fn levels<'b>(&'b self, says: &impl Fn(FactId, u8) -> &'b People) -> Levels {
        let mut fires: [People; 6] = std::array::from_fn(|_| self.nobody());
        for rule in self.d.rules.iter().filter(|r| r.when != Condition::Else) {
            let level = rule.disposition as usize;
            fires[level] = fires[level].or(&self.holds(&rule.when, says, None));
        }
        let mut above = self.nobody();
        let mut exact: [People; 6] = std::array::from_fn(|_| self.nobody());
        for level in LEVELS.into_iter().rev() {
            exact[level as usize] = fires[level as usize].and_not(&above);
            above = above.or(&fires[level as usize]);
        }
        // Where no rule fires.
        exact[Disposition::SelfCare as usize] =
            exact[Disposition::SelfCare as usize].or(&above.not());
        Levels { exact }
    }

    /// How many people these are.
    pub fn count(&self, people: &People) -> f64 {
        people.and(&self.whole).cardinality()
    }

    /// These people as they would be with this answer, whatever theirs is now.
    pub fn given(&self, people: &People, fact: FactId, option: u8) -> People {
        let bits = &self.bits[fact];
        if self.d.facts[fact].kind == FactKind::Multi {
            return people.var_restrict(bits.vars[usize::from(option)], true);
        }
        let code = bits.codes[usize::from(option)];
        let fixed: Vec<(BddVariable, bool)> = bits
            .vars
            .iter()
            .enumerate()
            .map(|(bit, v)| (*v, code & (1 << bit) != 0))
            .collect();
        people.restrict(&fixed)
    }

    /// These people as they would be without this answer to a fact of several.
    pub fn without(&self, people: &People, fact: FactId, option: u8) -> People {
        people.var_restrict(self.bits[fact].vars[usize::from(option)], false)
    }

    /// The bits of some facts.
    pub fn bits_of(&self, facts: impl IntoIterator<Item = FactId>) -> Vec<BddVariable> {
        facts
            .into_iter()
            .flat_map(|f| self.bits[f].vars.iter().copied())
            .collect()
    }

    /// The bits of these answers: all of a fact of one answer, one of a fact of several.
    pub fn bits_of_answers(&self, answers: &[(FactId, u8)]) -> Vec<BddVariable> {
        let mut out: Vec<BddVariable> = Vec::new();
        for &(fact, option) in answers {
            match self.d.facts[fact].kind {
                FactKind::Multi => out.push(self.bits[fact].vars[usize::from(option)]),
                _ => out.extend(&self.bits[fact].vars),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Whether there is no fact at this place, nor after it.
    pub fn is_last(&self, place: usize) -> bool {
        place >= self.order.len()
    }

    /// The ways on from a node by the answers to the fact at this place, each with how likely it
    /// is. `likely` tells it of one answer; answers that the diagram does not look at count for 1.
    pub fn answers_from(
        &self,
        people: &People,
        place: usize,
        node: BddPointer,
        likely: &impl Fn(FactId, u8) -> f64,
    ) -> Vec<(f64, BddPointer)> {
        let fact = self.order[place];
        let own = &self.bits[fact].vars;
        let is_own = |n: BddPointer| !n.is_terminal() && own.contains(&people.var_of(n));
        if !is_own(node) {
            return vec![(1.0, node)];
        }
        let options = 0..self.d.facts[fact].options.len() as u8;
        if self.d.facts[fact].kind != FactKind::Multi {
            return options
                .map(|o| (likely(fact, o), self.follow(people, fact, node, 1 << o)))
                .collect();
        }
        let mut out = Vec::new();
        let mut ways = vec![(1.0, node)];
        while let Some((weight, at)) = ways.pop() {
            if !is_own(at) {
                out.push((weight, at));
                continue;
            }
            let var = people.var_of(at);
            let option = own.iter().position(|v| *v == var).unwrap_or(0);
            let yes = likely(fact, option as u8);
            ways.push((weight * (1.0 - yes), people.low_link_of(at)));
            ways.push((weight * yes, people.high_link_of(at)));
        }
        out
    }

    /// Of these people the one with the fewest answers that are not harmless.
    pub fn simplest(&self, people: &People) -> Option<Knowledge> {
        let people = people.and(&self.whole);
        if people.is_false() {
            return None;
        }
        let mut best: HashMap<(usize, BddPointer), (u32, Options)> = HashMap::new();
        self.cheapest(&people, 0, people.root_pointer(), &mut best);
        let mut person = self.d.completed(&self.d.nothing_known());
        let mut node = people.root_pointer();
        for (place, &fact) in self.order.iter().enumerate() {
            let (_, on) = best.get(&(place, node)).copied()?;
            let f = &self.d.facts[fact];
            let known = match f.kind {
                FactKind::Multi => Known::exactly(on, f.all()),
                _ => Known { on, off: 0 },
            };
            person.set(fact, known);
            node = self.follow(&people, fact, node, on);
        }
        Some(person)
    }

    /// The fewest answers that are not harmless on a way from this node on, and the answer to the
    /// fact at this place; `u32::MAX` where there is no way.
    fn cheapest(
        &self,
        people: &People,
        place: usize,
        node: BddPointer,
        best: &mut HashMap<(usize, BddPointer), (u32, Options)>,
    ) -> u32 {
        if node.is_zero() {
            return u32::MAX;
        }
        let Some(&fact) = self.order.get(place) else {
            return 0;
        };
        if let Some((cost, _)) = best.get(&(place, node)) {
            return *cost;
        }
        let harmless = self.d.facts[fact].default.on;
        let mut found = (u32::MAX, harmless);
        for on in self.answers_at(people, fact, node) {
            let next = self.follow(people, fact, node, on);
            let rest = self.cheapest(people, place + 1, next, best);
            let own = (on ^ harmless)
                .count_ones()
                .min(match self.d.facts[fact].kind {
                    FactKind::Multi => u32::MAX,
                    _ => 1,
                });
            let cost = rest.saturating_add(own);
            if cost < found.0 {
                found = (cost, on);
            }
        }
        best.insert((place, node), found);
        found.0
    }

    /// The answers to a fact that are worth trying from a node: all of those that it tells apart.
    fn answers_at(&self, people: &People, fact: FactId, node: BddPointer) -> Vec<Options> {
        let f = &self.d.facts[fact];
        let harmless = f.default.on;
        let own = &self.bits[fact].vars;
        let is_own = |n: BddPointer| !n.is_terminal() && own.contains(&people.var_of(n));
        if !is_own(node) {
            return vec![harmless];
        }
        if f.kind != FactKind::Multi {
            let mut all: Vec<Options> = vec![harmless];
            all.extend(
                (0..f.options.len())
                    .map(|o| 1 << o)
                    .filter(|o| *o != harmless),
            );
            return all;
        }
        // Every way through the bits of this fact; what a way does not look at is harmless.
        let mut out = Vec::new();
        let mut ways = vec![(node, harmless)];
        while let Some((at, on)) = ways.pop() {
            if at.is_zero() {
                continue;
            }
            if !is_own(at) {
                out.push(on);
                continue;
            }
            let var = people.var_of(at);
            let option = own.iter().position(|v| *v == var).unwrap_or(0);
            ways.push((people.low_link_of(at), on & !(1 << option)));
            ways.push((people.high_link_of(at), on | 1 << option));
        }
        out
    }

    /// Where the diagram goes on after this answer.
    fn follow(
        &self,
        people: &People,
        fact: FactId,
        mut node: BddPointer,
        on: Options,
    ) -> BddPointer {
        let bits = &self.bits[fact];
        let several = self.d.facts[fact].kind == FactKind::Multi;
        let code = if several {
            on as usize
        } else {
            bits.codes[on.trailing_zeros() as usize]
        };
        while !node.is_terminal() {
            let var = people.var_of(node);
            let Some(bit) = bits.vars.iter().position(|v| *v == var) else {
                break;
            };
            node = if code & (1 << bit) != 0 {
                people.high_link_of(node)
            } else {
                people.low_link_of(node)
            };
        }
        node
    }

    /// Whether this person is among these.
    pub fn is_among(&self, person: &Knowledge, people: &People) -> bool {
        let mut node = people.root_pointer();
        for &fact in &self.order {
            node = self.follow(people, fact, node, person.get(fact).on);
        }
        node.is_one()
    }
}

impl Bits {
    fn new(d: &Dialogue, fact: FactId, own: Vec<BddVariable>, vars: &BddVariableSet) -> Bits {
        let f = &d.facts[fact];
        if f.kind == FactKind::Multi {
            return Bits {
                options: own.iter().map(|v| vars.mk_var(*v)).collect(),
                codes: Vec::new(),
                vars: own,
            };
        }
        let harmless = f.default.option().map_or(0, usize::from);
        // The harmless option has code 0: it and the first change places.
        let codes: Vec<usize> = (0..f.options.len())
            .map(|o| match o {
                _ if o == harmless => 0,
                0 => harmless,
                other => other,
            })
            .collect();
        let options = codes
            .iter()
            .map(|code| {
                own.iter()
                    .enumerate()
                    .fold(vars.mk_true(), |out, (bit, v)| {
                        out.and(&vars.mk_literal(*v, code & (1 << bit) != 0))
                    })
            })
            .collect();
        Bits {
            vars: own,
            options,
            codes,
        }
    }
}

/// The facts in an order that keeps diagrams small: each is put after those that it is read with,
/// the more of its conditions are settled by then the sooner.
fn order(d: &Dialogue) -> Vec<FactId> {
    let read = read_together(d);
    let mut order: Vec<FactId> = Vec::new();
    while order.len() < d.facts.len() {
        let nearness = |fact: FactId| {
            let own = || read.iter().filter(|r| r.contains(&fact));
            let placed = |r: &Vec<FactId>| r.iter().filter(|f| order.contains(f)).count();
            let settled: usize = own().map(|r| 1000 * placed(r) / r.len()).sum();
            settled / own().count().max(1)
        };
        let open = (0..d.facts.len()).filter(|f| !order.contains(f));
        // Of several that are as near the first.
        let Some(next) = open.rev().max_by_key(|f| nearness(*f)) else {
            break;
        };
        order.push(next);
    }
    order
}

/// Facts that are read together: by a rule, a gate, a guard, or stored by one screen.
fn read_together(d: &Dialogue) -> Vec<Vec<FactId>> {
    let rules = d.rules.iter().map(|r| r.when.facts());
    let gates = d.gates.iter().map(|g| g.when.facts());
    let guards = d.screens.iter().map(|s| s.when.facts());
    let applies = d.facts.iter().enumerate().map(|(fact, f)| {
        let mut read = f.ask_when.facts();
        read.push(fact);
        read
    });
    let choices = d.screens.iter().filter(|s| s.kind != ScreenKind::Any);
    let stored = choices.map(|s| {
        let sets = s.items.iter().flat_map(|i| i.sets.iter().map(|x| x.0));
        sets.chain(s.when.facts()).collect()
    });
    let all = rules
        .chain(gates)
        .chain(guards)
        .chain(applies)
        .chain(stored);
    all.map(|mut read: Vec<FactId>| {
        read.sort_unstable();
        read.dedup();
        read
    })
    .filter(|read| read.len() > 1)
    .collect()
}
