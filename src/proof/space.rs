//! Sets of people, as decision diagrams over their answers.
//!
//! A person is an answer to every fact. A fact of one answer takes as many bits as its options
//! need, a fact of several one bit for each option. A set of people is a diagram over these bits,
//! so that a law about all of them is one operation, and a set can be counted exactly.

use std::sync::Arc;

use biodivine_lib_bdd::{Bdd, BddVariable};

use super::layout::{Answers, Code, Layout, SlotId};
use crate::dialogue::{
    Condition, Dialogue, Disposition, Fact, FactId, FactKind, Knowledge, Known, Options,
};

/// A set of people.
pub type People = Bdd;

/// All dispositions, from the least severe to the most.
pub const LEVELS: [Disposition; 6] = Disposition::ALL;

/// The bits of one fact.
struct Bits {
    /// The fact in the layout.
    slot: SlotId,
    /// Of a fact of several answers, the bit of each option.
    vars: Vec<BddVariable>,
    /// Who gives each option.
    options: Vec<People>,
    /// The code of each option of a fact of one answer, the place of its bit where it takes several.
    codes: Vec<Code>,
}

/// Everybody who could answer the facts of a dialogue, possible or not.
pub struct Space<'a> {
    /// The dialogue.
    pub d: &'a Dialogue,
    layout: Arc<Layout>,
    bits: Vec<Bits>,
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
        Space::joint(d, &[d])
    }

    /// The space of one of several dialogues, the oldest first, with bits that they all share: sets
    /// of people of one of them can be combined with those of another.
    pub fn joint(d: &'a Dialogue, all: &[&Dialogue]) -> Space<'a> {
        Space::over(d, Arc::new(Layout::of(all)))
    }

    /// The space of a dialogue with the same facts as another's, so that its sets are those of that.
    pub fn like(d: &'a Dialogue, other: &Space<'_>) -> Space<'a> {
        Space::over(d, other.layout.clone())
    }

    fn over(d: &'a Dialogue, layout: Arc<Layout>) -> Space<'a> {
        let bits: Vec<Bits> = d
            .facts
            .iter()
            .filter_map(|f| Some(Bits::new(f, layout.slot_of(f)?, &layout)))
            .collect();
        let mut whole = layout.vars.mk_true();
        for (fact, f) in d.facts.iter().enumerate() {
            if f.kind != FactKind::Multi {
                let mut any = layout.vars.mk_false();
                for option in &bits[fact].options {
                    any = any.or(option);
                }
                whole = whole.and(&any);
            }
        }
        Space {
            d,
            layout,
            bits,
            whole,
        }
    }

    /// Everybody.
    pub fn everybody(&self) -> People {
        self.layout.vars.mk_true()
    }

    /// Nobody.
    pub fn nobody(&self) -> People {
        self.layout.vars.mk_false()
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
        let vars = &self.layout.slot(bits.slot).vars;
        let fixed: Vec<(BddVariable, bool)> = vars
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
            .flat_map(|f| self.layout.slot(self.bits[f].slot).vars.iter().copied())
            .collect()
    }

    /// The bits of these answers: all of a fact of one answer, one of a fact of several.
    pub fn bits_of_answers(&self, answers: &[(FactId, u8)]) -> Vec<BddVariable> {
        let mut out: Vec<BddVariable> = Vec::new();
        for &(fact, option) in answers {
            match self.d.facts[fact].kind {
                FactKind::Multi => out.push(self.bits[fact].vars[usize::from(option)]),
                _ => out.extend(self.bits_of([fact])),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// How likely it is that somebody is among these, where each answer is as likely as `likely`
    /// says, whatever else they answer.
    pub fn share(&self, people: &People, likely: impl Fn(FactId, u8) -> f64) -> f64 {
        let mut table: Vec<Vec<(Code, f64)>> = vec![Vec::new(); self.layout.len()];
        for (fact, f) in self.d.facts.iter().enumerate() {
            let bits = &self.bits[fact];
            let codes = (0..f.options.len() as u8).zip(&bits.codes);
            table[bits.slot] = codes.map(|(o, code)| (*code, likely(fact, o))).collect();
        }
        self.layout.share(&people.and(&self.whole), &table)
    }

    /// The bits that this dialogue says nothing of: facts and answers that only another knows.
    pub fn foreign(&self) -> Vec<BddVariable> {
        let several = |b: &Bits| !b.vars.is_empty();
        let own = |v: &BddVariable| {
            self.bits.iter().any(|b| match several(b) {
                true => b.vars.contains(v),
                false => self.layout.slot(b.slot).vars.contains(v),
            })
        };
        self.layout.all_vars().filter(|v| !own(v)).collect()
    }

    /// These people as far as another dialogue of the layout may say more of them: those of whom
    /// it says nothing harmful.
    pub fn harmless_abroad(&self, people: &People) -> People {
        let foreign: Vec<(BddVariable, bool)> =
            self.foreign().into_iter().map(|v| (v, false)).collect();
        people.select(&foreign)
    }

    /// Of these people the one with the fewest answers that are not harmless.
    pub fn simplest(&self, people: &People) -> Option<Knowledge> {
        self.simplest_answers(people).map(|a| self.person(&a))
    }

    /// The same as answers that every dialogue of the layout can read.
    pub fn simplest_answers(&self, people: &People) -> Option<Answers> {
        self.layout.simplest(&people.and(&self.whole))
    }

    /// Somebody with these answers, as this dialogue knows them. An answer that it does not know
    /// counts as the harmless one.
    pub fn person(&self, answers: &Answers) -> Knowledge {
        let mut person = self.d.completed(&self.d.nothing_known());
        for (fact, f) in self.d.facts.iter().enumerate() {
            let bits = &self.bits[fact];
            let code = answers.at(bits.slot);
            let options = (0..f.options.len() as u8).zip(&bits.codes);
            match f.kind {
                FactKind::Multi => {
                    let on = options.filter(|(_, bit)| code & (1 << **bit) != 0);
                    let on = on.fold(0, |set, (o, _)| set | 1 << o);
                    person.set(fact, Known::exactly(on, f.all()));
                }
                _ => {
                    if let Some((o, _)) = options.into_iter().find(|(_, c)| **c == code) {
                        person.set(fact, Known::one(o));
                    }
                }
            }
        }
        person
    }

    /// What this person answers; harmless where this dialogue asks nothing.
    pub fn answers(&self, person: &Knowledge) -> Answers {
        let mut out = self.layout.harmless();
        for (fact, f) in self.d.facts.iter().enumerate() {
            let bits = &self.bits[fact];
            let on = person.get(fact).on;
            let codes = (0..f.options.len() as u8).zip(&bits.codes);
            for (o, code) in codes {
                let holds = on & (1 << o) != 0;
                match f.kind {
                    FactKind::Multi => out.set_bit(bits.slot, *code, holds),
                    _ if holds => out.set(bits.slot, *code),
                    _ => {}
                }
            }
        }
        out
    }

    /// What this person is told by these levels.
    pub fn level(&self, person: &Knowledge, levels: &Levels) -> Option<Disposition> {
        let is = |l: &Disposition| self.is_among(person, levels.exactly(*l));
        LEVELS.into_iter().find(is)
    }

    /// Whether this person is among these.
    pub fn is_among(&self, person: &Knowledge, people: &People) -> bool {
        self.layout.is_among(&self.answers(person), people)
    }
}

impl Bits {
    fn new(f: &Fact, slot: SlotId, layout: &Layout) -> Bits {
        let s = layout.slot(slot);
        let vars = &layout.vars;
        let all = 0..f.options.len() as u8;
        if f.kind == FactKind::Multi {
            let codes: Vec<Code> = all.map(|o| s.bit(f, o) as Code).collect();
            let own: Vec<BddVariable> = codes.iter().map(|bit| s.vars[*bit as usize]).collect();
            return Bits {
                slot,
                options: own.iter().map(|v| vars.mk_var(*v)).collect(),
                codes,
                vars: own,
            };
        }
        let codes: Vec<Code> = all.map(|o| s.code(f, o)).collect();
        let says = |code: &Code| {
            s.vars
                .iter()
                .enumerate()
                .fold(vars.mk_true(), |out, (bit, v)| {
                    out.and(&vars.mk_literal(*v, code & (1 << bit) != 0))
                })
        };
        Bits {
            slot,
            options: codes.iter().map(says).collect(),
            codes,
            vars: Vec::new(),
        }
    }
}
