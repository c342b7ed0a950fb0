//! People to hold conversations with: random ones, and those at the edges of each rule and gate.
//!
//! They are the same in every run. A person is knowledge of every fact; [`Sayable`] brings it to
//! what somebody can say on the screens at all, as the facts' `ask_when` and the answers have it.

use std::collections::HashSet;

use crate::assess;
use crate::dialogue::{
    Concern, Condition, Dialogue, Disposition, FactId, FactKind, Knowledge, Known, Options,
    ScreenId, ScreenKind,
};

/// How often a fact is not harmless, among people who have few troubles or many.
const DENSITIES: [f64; 4] = [0.01, 0.03, 0.06, 0.12];

/// How many people are built to meet each condition, each with their near misses.
const FOR_EACH_CONDITION: usize = 3;

/// Chance that is the same in every run (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as this seed says.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where `n` is 0.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 <= p
    }

    /// One of the options in a set.
    fn option(&mut self, set: u32) -> Option<u8> {
        let count = set.count_ones() as usize;
        let wanted = self.below(count);
        (0..32).filter(|o| set & (1 << o) != 0).nth(wanted)
    }
}

/// Random people, `count` of them, then people around every rule and gate.
pub fn all(sayable: &Sayable<'_>, count: usize) -> Vec<Knowledge> {
    let d = sayable.d;
    let mut dice = Dice::new(7);
    let mut out: Vec<Knowledge> = Vec::new();
    for i in 0..count {
        out.push(random(d, &mut dice, DENSITIES[i % DENSITIES.len()]));
    }
    let conditions = d
        .rules
        .iter()
        .map(|r| &r.when)
        .chain(d.gates.iter().map(|g| &g.when));
    for when in conditions {
        around(sayable, when, &mut dice, &mut out);
    }
    for person in &mut out {
        sayable.settle(person);
    }
    // Near misses often come out alike.
    let mut seen: HashSet<Knowledge> = HashSet::new();
    out.retain(|p| seen.insert(p.clone()));
    out
}

/// A person whose facts are mostly harmless.
fn random(d: &Dialogue, dice: &mut Dice, density: f64) -> Knowledge {
    let mut person = d.completed(&d.nothing_known());
    for (fact, f) in d.facts.iter().enumerate() {
        // Age, time and the like have no harmless end: everybody has some.
        let odds = match (f.kind, &f.concern) {
            (FactKind::Number, _) => 1.0,
            (_, _) if f.ordered => 1.0,
            (FactKind::Choice, Concern::None) => 0.2,
            _ => 2.0 * density,
        };
        if f.kind == FactKind::Multi {
            let on = (0..f.options.len())
                .filter(|_| dice.chance(density))
                .fold(0, |set, o| set | 1 << o);
            if dice.chance(odds) || on != 0 {
                person.set(fact, Known::exactly(on, f.all()));
            }
        } else if dice.chance(odds)
            && let Some(option) = dice.option(f.all())
        {
            person.set(fact, Known::one(option));
        }
    }
    person
}

/// People who meet a condition, and for each of them the near misses: every fact it names once
/// harmless and once another.
fn around(sayable: &Sayable<'_>, when: &Condition, dice: &mut Dice, out: &mut Vec<Knowledge>) {
    let d = sayable.d;
    let facts = when.facts();
    if facts.is_empty() {
        return;
    }
    for i in 0..FOR_EACH_CONDITION {
        let Some(person) = (0..8).find_map(|_| {
            let mut person = if i == 0 {
                d.completed(&d.nothing_known())
            } else {
                random(d, dice, DENSITIES[i % 2])
            };
            meet(d, when, true, dice, &mut person);
            sayable.settle(&mut person);
            d.holds(when, &person, Some(Disposition::SelfCare))
                .then_some(person)
        }) else {
            continue;
        };
        for &fact in &facts {
            let mut harmless = person.clone();
            harmless.set(fact, d.facts[fact].default);
            out.push(harmless);
            let mut other = person.clone();
            change(d, fact, dice, &mut other);
            out.push(other);
        }
        out.push(person);
    }
}

/// Give a fact another answer, or one more or one fewer.
fn change(d: &Dialogue, fact: FactId, dice: &mut Dice, person: &mut Knowledge) {
    let (all, known) = (d.facts[fact].all(), person.get(fact));
    if d.facts[fact].kind == FactKind::Multi {
        if let Some(o) = dice.option(all) {
            person.set(fact, Known::exactly(known.on ^ (1 << o), all));
        }
    } else if let Some(o) = dice.option(all & !known.on) {
        person.set(fact, Known::one(o));
    }
}

/// Change a person so that a condition holds, or does not. Parts that exclude each other may fail.
fn meet(d: &Dialogue, when: &Condition, wanted: bool, dice: &mut Dice, person: &mut Knowledge) {
    match when {
        Condition::All(parts) | Condition::Any(parts) => {
            if matches!(when, Condition::All(_)) == wanted {
                parts.iter().for_each(|p| meet(d, p, wanted, dice, person));
            } else {
                let part = dice.below(parts.len());
                meet(d, &parts[part], wanted, dice, person);
            }
        }
        Condition::Not(part) => meet(d, part, !wanted, dice, person),
        Condition::Named { condition, .. } => meet(d, condition, wanted, dice, person),
        Condition::In { fact, options } => {
            let all = d.facts[*fact].all();
            let fitting = if wanted { *options } else { all & !options };
            if person.get(*fact).on & fitting == 0
                && let Some(o) = dice.option(fitting)
            {
                person.set(*fact, Known::one(o));
            }
        }
        Condition::HasAny { fact, options } => {
            let on = person.get(*fact).on;
            let on = match dice.option(*options) {
                Some(o) if wanted => on | 1 << o,
                _ => on & !options,
            };
            person.set(*fact, Known::exactly(on, d.facts[*fact].all()));
        }
        Condition::Count { fact, low, high } => {
            let all = d.facts[*fact].all();
            let (least, most) = match (wanted, low) {
                (true, _) => (*low, *high),
                (false, 0) => (high.saturating_add(1), u32::MAX),
                (false, _) => (0, low - 1),
            };
            let mut on = person.get(*fact).on;
            while on.count_ones() < least
                && let Some(o) = dice.option(all & !on)
            {
                on |= 1 << o;
            }
            while on.count_ones() > most
                && let Some(o) = dice.option(on)
            {
                on &= !(1 << o);
            }
            person.set(*fact, Known::exactly(on, all));
        }
        Condition::Always | Condition::Disposition(_) | Condition::Else => {}
    }
}

// ---- what somebody can say -------------------------------------------------------------------

/// What can be said on the screens of a dialogue.
pub struct Sayable<'a> {
    d: &'a Dialogue,
    /// The answers of each screen, with those of the details it opens.
    answers: Vec<Vec<Answer<'a>>>,
    /// The options of each fact that any screen can store.
    can: Vec<Options>,
}

/// One answer of a screen or of a detail it opens, with all that it stores.
struct Answer<'a> {
    sets: Vec<(FactId, u8)>,
    only_if: &'a Condition,
}

impl<'a> Sayable<'a> {
    /// What can be said on the screens of this dialogue.
    pub fn new(d: &'a Dialogue) -> Sayable<'a> {
        let answers: Vec<Vec<Answer<'a>>> = (0..d.screens.len()).map(|s| answers(d, s)).collect();
        let mut can: Vec<Options> = vec![0; d.facts.len()];
        for &(f, o) in answers.iter().flatten().flat_map(|a| &a.sets) {
            can[f] |= 1 << o;
        }
        for &f in d.screens.iter().flat_map(|s| &s.not_sure) {
            can[f] |= explained(d, f);
        }
        Sayable { d, answers, can }
    }

    /// Bring a person to what can be said: what does not apply to them is harmless, and where no
    /// answer of a question fits they take the nearest.
    pub fn settle(&self, person: &mut Knowledge) {
        for _ in 0..4 {
            let before = person.clone();
            let disposition = assess::assess(self.d, person).disposition;
            for fact in 0..self.d.facts.len() {
                self.keep_what_applies(fact, disposition, person);
            }
            for screen in 0..self.d.screens.len() {
                self.take_the_nearest(screen, disposition, person);
            }
            if *person == before {
                return;
            }
        }
    }

    fn is_shown(&self, screen: ScreenId, disposition: Disposition, person: &Knowledge) -> bool {
        let s = &self.d.screens[screen];
        !s.opened && self.d.holds(&s.when, person, Some(disposition))
    }

    fn offered(&self, screen: ScreenId, person: &Knowledge) -> impl Iterator<Item = &Answer<'a>> {
        self.answers[screen]
            .iter()
            .filter(|a| self.d.holds(a.only_if, person, None))
    }

    /// Take away what this person cannot be asked: options that no screen has, and, where the
    /// fact's `ask_when` says that it does not apply, what no screen asks them all the same.
    fn keep_what_applies(&self, fact: FactId, disposition: Disposition, person: &mut Knowledge) {
        let f = &self.d.facts[fact];
        let known = person.get(fact);
        if known == f.default {
            return;
        }
        let mut can = self.can[fact];
        if !self.d.holds(&f.ask_when, person, Some(disposition)) {
            can = 0;
            for screen in
                (0..self.d.screens.len()).filter(|s| self.is_shown(*s, disposition, person))
            {
                let mut asked = false;
                for a in self.offered(screen, person) {
                    let own = a.sets.iter().filter(|(g, _)| *g == fact);
                    // An answer that stores more counts where the rest is true as well.
                    let rest = a
                        .sets
                        .iter()
                        .all(|&(h, p)| h == fact || person.get(h).on & (1 << p) != 0);
                    for (_, o) in own {
                        asked = true;
                        can |= u32::from(rest) << o;
                    }
                }
                if asked && self.d.screens[screen].not_sure.contains(&fact) {
                    can |= explained(self.d, fact);
                }
            }
        }
        if f.kind == FactKind::Multi {
            person.set(
                fact,
                Known::exactly(known.on & (can | f.default.on), f.all()),
            );
        } else if known.on & can == 0 {
            person.set(fact, f.default);
        }
    }

    /// Where none of a single choice's answers is true, take the one of which most is true.
    fn take_the_nearest(&self, screen: ScreenId, disposition: Disposition, person: &mut Knowledge) {
        let d = self.d;
        let s = &d.screens[screen];
        if s.kind != ScreenKind::One || !self.is_shown(screen, disposition, person) {
            return;
        }
        let several = |f: FactId| d.facts[f].kind == FactKind::Multi;
        // On a single choice the place is the only one, unless a detail takes several.
        let is_true = |&(f, o): &(FactId, u8)| {
            let on = person.get(f).on;
            if several(f) && !opens_ticks(d, screen, f) {
                on == 1 << o
            } else {
                on & (1 << o) != 0
            }
        };
        let mut nearest: Option<(usize, &Answer<'_>)> = None;
        for a in self.offered(screen, person) {
            let count = a.sets.iter().filter(|s| is_true(s)).count();
            if count == a.sets.len() {
                return;
            }
            if nearest.is_none_or(|(most, _)| count >= most) {
                nearest = Some((count, a));
            }
        }
        let sets = nearest.map(|(_, a)| a.sets.clone()).unwrap_or_default();
        for (f, o) in sets {
            let known = if several(f) {
                Known::exactly(1 << o, d.facts[f].all())
            } else {
                Known::one(o)
            };
            person.set(f, known);
        }
    }
}

fn answers(d: &Dialogue, screen: ScreenId) -> Vec<Answer<'_>> {
    let mut out = Vec::new();
    for item in &d.screens[screen].items {
        let details = item.then.iter().flat_map(|t| &d.screens[*t].items);
        out.extend(
            details
                .map(|i| [item.sets.as_slice(), &i.sets].concat())
                .map(|sets| (sets, &item.only_if)),
        );
        out.push((item.sets.clone(), &item.only_if));
    }
    out.retain(|(sets, _)| !sets.is_empty());
    out.into_iter()
        .map(|(sets, only_if)| Answer { sets, only_if })
        .collect()
}

/// The options that the explanation of a fact can store.
fn explained(d: &Dialogue, fact: FactId) -> Options {
    d.facts[fact]
        .explain
        .iter()
        .flat_map(|e| &e.answers)
        .fold(0, |set, (_, o)| set | 1 << o)
}

/// Whether an answer of this screen opens ticks for a fact of several answers.
fn opens_ticks(d: &Dialogue, screen: ScreenId, fact: FactId) -> bool {
    let details = d.screens[screen].items.iter().filter_map(|i| i.then);
    details
        .flat_map(|t| &d.screens[t].items)
        .any(|i| i.sets.iter().any(|(f, _)| *f == fact))
}
