//! Which bit of a diagram stands for which answer, for one dialogue or for several at once.
//!
//! The spaces of an old and a new dialogue over one layout can be compared: a fact or an answer
//! that both know has the same bits, and what only one of them knows is free in the other.

use std::collections::HashMap;

use biodivine_lib_bdd::{BddPointer, BddVariable, BddVariableSet, BddVariableSetBuilder};

use super::space::People;
use crate::dialogue::{Dialogue, Fact, FactId, FactKind, FactOption, ScreenKind};

/// The number of a fact in a layout.
pub type SlotId = usize;

/// The answer to one fact: the code of a fact of one answer, a bit for each of several.
pub type Code = u64;

/// One fact, as all dialogues of the layout know it.
pub struct Slot {
    id: String,
    several: bool,
    /// Every option that a dialogue of the layout knows, by id.
    options: Vec<String>,
    /// From the first that is looked at to the last; of several answers one for each option.
    pub vars: Vec<BddVariable>,
    /// The code of each option of a fact of one answer; of several answers the harmless one alone.
    codes: Vec<Code>,
}

/// What somebody answers to every fact of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(Vec<Code>);

impl Answers {
    /// What they answer to this fact.
    pub fn at(&self, slot: SlotId) -> Code {
        self.0[slot]
    }

    /// Answer a fact with this code.
    pub fn set(&mut self, slot: SlotId, code: Code) {
        self.0[slot] = code;
    }

    /// Answer a fact of several with or without the option of this bit.
    pub fn set_bit(&mut self, slot: SlotId, bit: Code, holds: bool) {
        let bit = 1 << bit;
        self.0[slot] = match holds {
            true => self.0[slot] | bit,
            false => self.0[slot] & !bit,
        };
    }
}

/// The bits of all facts.
pub struct Layout {
    /// The variables of the diagrams.
    pub vars: BddVariableSet,
    slots: Vec<Slot>,
    /// The facts in the order of their bits.
    order: Vec<SlotId>,
}

/// Whether a fact is the one that an earlier dialogue calls so.
fn same_fact(id: &str, fact: &Fact) -> bool {
    fact.id == id || fact.was.iter().any(|was| was == id)
}

/// Whether an option is the one that an earlier dialogue calls so.
fn same_option(id: &str, option: &FactOption) -> bool {
    option.id == id || option.was.iter().any(|was| was == id)
}

impl Layout {
    /// The layout of these dialogues, the oldest first. Where their harmless answers differ, that
    /// of the last counts as harmless.
    pub fn of(all: &[&Dialogue]) -> Layout {
        let mut slots: Vec<Slot> = Vec::new();
        for f in all.iter().flat_map(|d| &d.facts) {
            let known = slots.iter().position(|s| s.is(f));
            let slot = known.unwrap_or(slots.len());
            if known.is_none() {
                slots.push(Slot {
                    id: f.id.clone(),
                    several: f.kind == FactKind::Multi,
                    options: Vec::new(),
                    vars: Vec::new(),
                    codes: Vec::new(),
                });
            }
            slots[slot].take_options(f);
        }
        for f in all.iter().flat_map(|d| &d.facts) {
            if let Some(slot) = slots.iter_mut().find(|s| s.is(f)) {
                slot.take_default(f);
            }
        }
        let mut read: Vec<Vec<SlotId>> = Vec::new();
        for d in all {
            let slot = |f: &FactId| slots.iter().position(|s| s.is(&d.facts[*f]));
            let together = read_together(d).into_iter();
            read.extend(together.map(|facts| facts.iter().filter_map(slot).collect::<Vec<_>>()));
        }
        let order = order(slots.len(), &read);
        let mut builder = BddVariableSetBuilder::new();
        for &slot in &order {
            let s = &mut slots[slot];
            let count = match s.several {
                true => s.options.len(),
                false => s.options.len().next_power_of_two().trailing_zeros() as usize,
            };
            s.vars = (0..count)
                .map(|n| builder.make_variable(&format!("{slot}.{n}")))
                .collect();
        }
        Layout {
            vars: builder.build(),
            slots,
            order,
        }
    }

    /// The number of a fact.
    pub fn slot_of(&self, fact: &Fact) -> Option<SlotId> {
        self.slots.iter().position(|s| s.is(fact))
    }

    /// How many facts it has.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How likely it is that somebody is among these, by how likely each code of each fact is, or
    /// each bit where it takes several answers.
    pub fn share(&self, people: &People, likely: &[Vec<(Code, f64)>]) -> f64 {
        self.weigh(
            people,
            0,
            people.root_pointer(),
            likely,
            &mut HashMap::new(),
        )
    }

    fn weigh(
        &self,
        people: &People,
        place: usize,
        node: BddPointer,
        likely: &[Vec<(Code, f64)>],
        known: &mut HashMap<(usize, BddPointer), f64>,
    ) -> f64 {
        if node.is_zero() {
            return 0.0;
        }
        let Some(&slot) = self.order.get(place) else {
            return 1.0;
        };
        if let Some(weight) = known.get(&(place, node)) {
            return *weight;
        }
        let ways = self.ways(people, slot, node, &likely[slot]);
        let weight = ways
            .into_iter()
            .map(|(own, next)| own * self.weigh(people, place + 1, next, likely, known))
            .sum();
        known.insert((place, node), weight);
        weight
    }

    /// The ways on from a node by the answers to this fact, each with how likely it is. Answers
    /// that the diagram does not look at count for 1.
    fn ways(
        &self,
        people: &People,
        slot: SlotId,
        node: BddPointer,
        likely: &[(Code, f64)],
    ) -> Vec<(f64, BddPointer)> {
        let s = &self.slots[slot];
        let is_own = |n: BddPointer| !n.is_terminal() && s.vars.contains(&people.var_of(n));
        if !is_own(node) {
            return vec![(1.0, node)];
        }
        if !s.several {
            let follow = |(code, own): &(Code, f64)| (*own, self.follow(people, slot, node, *code));
            return likely.iter().map(follow).collect();
        }
        let mut out = Vec::new();
        let mut ways = vec![(1.0, node)];
        while let Some((weight, at)) = ways.pop() {
            if !is_own(at) {
                out.push((weight, at));
                continue;
            }
            let var = people.var_of(at);
            let bit = s.vars.iter().position(|v| *v == var).unwrap_or(0) as Code;
            let yes = likely
                .iter()
                .find(|(b, _)| *b == bit)
                .map_or(0.0, |(_, p)| *p);
            ways.push((weight * (1.0 - yes), people.low_link_of(at)));
            ways.push((weight * yes, people.high_link_of(at)));
        }
        out
    }

    /// A fact by its number.
    pub fn slot(&self, slot: SlotId) -> &Slot {
        &self.slots[slot]
    }

    /// The bits of all facts.
    pub fn all_vars(&self) -> impl Iterator<Item = BddVariable> + '_ {
        self.order
            .iter()
            .flat_map(|s| self.slots[*s].vars.iter().copied())
    }

    /// Of these people the answers with the fewest that are not harmless.
    pub fn simplest(&self, people: &People) -> Option<Answers> {
        if people.is_false() {
            return None;
        }
        let mut best: Best = HashMap::new();
        self.cheapest(people, 0, people.root_pointer(), &mut best);
        let mut out = vec![0; self.slots.len()];
        let mut node = people.root_pointer();
        for (place, &slot) in self.order.iter().enumerate() {
            let (cost, code) = best.get(&(place, node)).copied()?;
            if cost == u32::MAX {
                return None;
            }
            out[slot] = code;
            node = self.follow(people, slot, node, code);
        }
        Some(Answers(out))
    }

    /// Whether somebody with these answers is among these.
    pub fn is_among(&self, answers: &Answers, people: &People) -> bool {
        let mut node = people.root_pointer();
        for &slot in &self.order {
            node = self.follow(people, slot, node, answers.0[slot]);
        }
        node.is_one()
    }

    /// Answers that are all harmless.
    pub fn harmless(&self) -> Answers {
        Answers(self.slots.iter().map(Slot::harmless).collect())
    }

    /// The fewest answers that are not harmless on a way from this node on, and the answer to the
    /// fact at this place; `u32::MAX` where there is no way.
    fn cheapest(&self, people: &People, place: usize, node: BddPointer, best: &mut Best) -> u32 {
        if node.is_zero() {
            return u32::MAX;
        }
        let Some(&slot) = self.order.get(place) else {
            return 0;
        };
        if let Some((cost, _)) = best.get(&(place, node)) {
            return *cost;
        }
        let s = &self.slots[slot];
        let mut found = (u32::MAX, s.harmless());
        for code in self.codes_at(people, slot, node) {
            let next = self.follow(people, slot, node, code);
            let rest = self.cheapest(people, place + 1, next, best);
            let differs = (code ^ s.harmless()).count_ones();
            let own = if s.several { differs } else { differs.min(1) };
            let cost = rest.saturating_add(own);
            if cost < found.0 {
                found = (cost, code);
            }
        }
        best.insert((place, node), found);
        found.0
    }

    /// The answers to a fact that are worth trying from a node: all of those that it tells apart.
    fn codes_at(&self, people: &People, slot: SlotId, node: BddPointer) -> Vec<Code> {
        let s = &self.slots[slot];
        let is_own = |n: BddPointer| !n.is_terminal() && s.vars.contains(&people.var_of(n));
        if !is_own(node) {
            return vec![s.harmless()];
        }
        if !s.several {
            let others = s.codes.iter().copied().filter(|c| *c != s.harmless());
            return std::iter::once(s.harmless()).chain(others).collect();
        }
        // Every way through the bits of this fact; what a way does not look at is harmless.
        let mut out = Vec::new();
        let mut ways = vec![(node, s.harmless())];
        while let Some((at, on)) = ways.pop() {
            if at.is_zero() {
                continue;
            }
            if !is_own(at) {
                out.push(on);
                continue;
            }
            let var = people.var_of(at);
            let option = s.vars.iter().position(|v| *v == var).unwrap_or(0);
            ways.push((people.low_link_of(at), on & !(1 << option)));
            ways.push((people.high_link_of(at), on | 1 << option));
        }
        out
    }

    /// Where the diagram goes on after this answer.
    fn follow(
        &self,
        people: &People,
        slot: SlotId,
        mut node: BddPointer,
        code: Code,
    ) -> BddPointer {
        let vars = &self.slots[slot].vars;
        while !node.is_terminal() {
            let var = people.var_of(node);
            let Some(bit) = vars.iter().position(|v| *v == var) else {
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
}

/// The cost and the answer at each place and node.
type Best = HashMap<(usize, BddPointer), (u32, Code)>;

impl Slot {
    /// A fact that takes one answer in one dialogue and several in another is two facts.
    fn is(&self, fact: &Fact) -> bool {
        self.several == (fact.kind == FactKind::Multi) && same_fact(&self.id, fact)
    }

    fn take_options(&mut self, fact: &Fact) {
        for o in &fact.options {
            if !self.options.iter().any(|id| same_option(id, o)) {
                self.options.push(o.id.clone());
            }
        }
    }

    fn take_default(&mut self, fact: &Fact) {
        if self.several {
            let on = (0..fact.options.len() as u8).filter(|o| fact.default.on & (1 << o) != 0);
            self.codes = vec![
                on.filter_map(|o| self.place(fact, o))
                    .fold(0, |set, p| set | 1 << p),
            ];
            return;
        }
        let harmless = fact.default.option().and_then(|o| self.place(fact, o));
        // The harmless option has code 0: it and the first change places.
        let mut codes: Vec<Code> = (0..self.options.len() as Code).collect();
        codes.swap(0, harmless.unwrap_or(0));
        self.codes = codes;
    }

    /// Where an option of a dialogue stands among those of the layout.
    fn place(&self, fact: &Fact, option: u8) -> Option<usize> {
        let option = &fact.options[usize::from(option)];
        self.options.iter().position(|id| same_option(id, option))
    }

    fn harmless(&self) -> Code {
        if self.several {
            self.codes.first().copied().unwrap_or(0)
        } else {
            0
        }
    }

    /// The code of an option of a fact of one answer.
    pub fn code(&self, fact: &Fact, option: u8) -> Code {
        self.place(fact, option)
            .and_then(|p| self.codes.get(p))
            .copied()
            .unwrap_or(0)
    }

    /// The bit of an option of a fact of several answers.
    pub fn bit(&self, fact: &Fact, option: u8) -> usize {
        self.place(fact, option).unwrap_or(0)
    }
}

/// The facts in an order that keeps diagrams small: each is put after those that it is read with,
/// the more of its conditions are settled by then the sooner.
fn order(count: usize, read: &[Vec<SlotId>]) -> Vec<SlotId> {
    let mut order: Vec<SlotId> = Vec::new();
    while order.len() < count {
        let nearness = |slot: SlotId| {
            let own = || read.iter().filter(|r| r.contains(&slot));
            let placed = |r: &Vec<SlotId>| r.iter().filter(|f| order.contains(f)).count();
            let settled: usize = own().map(|r| 1000 * placed(r) / r.len()).sum();
            settled / own().count().max(1)
        };
        let open = (0..count).filter(|f| !order.contains(f));
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
