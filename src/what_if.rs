//! What would change an advice: the smallest changes of answers that would make it more urgent, and
//! the answers that keep it from being self-care.
//!
//! Pure. Which changes are looked at is content: the options of `facts.yaml` that have an `if_so`
//! phrase, since nobody becomes younger or goes back in time. What a change gives is asked of the
//! rules themselves, so what is said here cannot differ from what they would say.

use std::collections::HashSet;

use crate::assess::{Assessment, assess};
use crate::dialogue::{
    Concern, Dialogue, Disposition, Fact, FactId, FactKind, IfSo, Knowledge, Known,
};

/// The most changes that a person is told (our limit: a list that is remembered).
pub const MOST_CHANGES: usize = 4;

/// The most answers that are named as keeping an advice from being self-care (our limit: with more,
/// no single one does).
pub const MOST_ANSWERS: usize = 6;

/// One answer: a fact and an option of it. In a change of a number it stands for that value and
/// all above it.
pub type Answer = (FactId, u8);

/// Answers that are not there, and what would be told if they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The answers, of one fact or of two.
    pub answers: Vec<Answer>,
    /// What would be told.
    pub disposition: Disposition,
    /// The first rule of that disposition that would fire.
    pub rule: usize,
    /// Whether it is this person's own other answers that make it so urgent: for somebody of whom
    /// nothing else is known, it would not be.
    pub own: bool,
}

/// The changes that this person is told, at most [`MOST_CHANGES`]: what would be most urgent first;
/// there one answer before two, a rule that is not named yet before one that is, what is their own
/// before what holds for everybody, and then by the `plausible` of the files. Of what differs only
/// in how bad it is, the mildest is told: "38.3 or more" would say that 38.0 may wait.
pub fn changes(d: &Dialogue, full: &Knowledge, told: Disposition) -> Vec<Change> {
    let ones = of_one(d, full, told);
    let mut found = mildest(d, &ones);
    // Two answers at once come after one at the same level, and no level is above the highest.
    let highest = |c: &&Change| c.disposition == Disposition::Emergency;
    if found.iter().filter(highest).count() < MOST_CHANGES {
        let twos = of_two(d, full, told, &ones);
        found.extend(mildest(d, &twos));
    }
    rank(d, &mut found);
    found.truncate(MOST_CHANGES);
    found
}

/// Every answer that alone would be told as more urgent than `told`.
pub fn of_one(d: &Dialogue, full: &Knowledge, told: Disposition) -> Vec<Change> {
    can_arise(d, full)
        .into_iter()
        .filter_map(|answer| change(d, full, told, vec![answer]))
        .collect()
}

/// Every two answers that together would be told as more urgent than `told`, and than each alone;
/// `ones` are those that [`of_one`] found.
pub fn of_two(d: &Dialogue, full: &Knowledge, told: Disposition, ones: &[Change]) -> Vec<Change> {
    let answers = can_arise(d, full);
    let alone = |a: &Answer| {
        let one = ones.iter().find(|c| c.answers[0] == *a);
        one.map_or(told, |c| c.disposition)
    };
    let mut out: Vec<Change> = Vec::new();
    for (n, a) in answers.iter().enumerate() {
        for b in answers[n + 1..].iter().filter(|b| b.0 != a.0) {
            let least = alone(a).max(alone(b));
            out.extend(change(d, full, least, vec![*a, *b]));
        }
    }
    out
}

/// Those of which no milder form is told as at least as urgent.
fn mildest(d: &Dialogue, found: &[Change]) -> Vec<Change> {
    let milder = |a: &Change, b: &Change| {
        a.disposition >= b.disposition
            && a.answers != b.answers
            && a.answers
                .iter()
                .zip(&b.answers)
                .all(|(a, b)| a == b || (a.0 == b.0 && is_milder(&d.facts[a.0], a.1, b.1)))
    };
    found
        .iter()
        .filter(|b| !found.iter().any(|a| milder(a, b)))
        .cloned()
        .collect()
}

/// What these answers would be told as, where that is one thing and more urgent than `than`.
fn change(
    d: &Dialogue,
    full: &Knowledge,
    than: Disposition,
    answers: Vec<Answer>,
) -> Option<Change> {
    let found = would_be(d, full, &answers).filter(|f| f.disposition > than)?;
    let rule = found
        .rules
        .iter()
        .copied()
        .find(|r| d.rules[*r].disposition == found.disposition)?;
    let nobody = d.completed(&d.nothing_known());
    let own = would_be(d, &nobody, &answers).is_none_or(|f| f.disposition < found.disposition);
    Some(Change {
        answers,
        disposition: found.disposition,
        rule,
        own,
    })
}

/// What the rules say with these answers, where all the values they stand for give the same
/// disposition and every question of theirs is one that this person can be asked.
fn would_be(d: &Dialogue, full: &Knowledge, answers: &[Answer]) -> Option<Assessment> {
    let mut found: Option<Assessment> = None;
    for person in people(d, full, answers) {
        let now = assess(d, &person);
        let applies = answers
            .iter()
            .all(|(fact, _)| d.holds(&d.facts[*fact].ask_when, &person, Some(now.disposition)));
        match &found {
            _ if !applies => return None,
            Some(first) if first.disposition != now.disposition => return None,
            Some(_) => {}
            None => found = Some(now),
        }
    }
    found
}

/// Everybody that a change speaks of: this person with its answers, once for each value of a number.
pub fn people(d: &Dialogue, full: &Knowledge, answers: &[Answer]) -> Vec<Knowledge> {
    let mut out = vec![full.clone()];
    for &(fact, option) in answers {
        let f = &d.facts[fact];
        let last = match f.kind {
            FactKind::Number => f.options.len() as u8 - 1,
            _ => option,
        };
        out = out
            .iter()
            .flat_map(|person| {
                (option..=last).map(|o| {
                    let mut person = person.clone();
                    let known = match f.kind {
                        FactKind::Multi => Known::exactly(person.get(fact).on | 1 << o, f.all()),
                        _ => Known::one(o),
                    };
                    person.set(fact, known);
                    person
                })
            })
            .collect();
    }
    out
}

/// The answers with a phrase that this person did not give and that are no step back.
pub fn can_arise(d: &Dialogue, full: &Knowledge) -> Vec<Answer> {
    let mut out = Vec::new();
    for (fact, f) in d.facts.iter().enumerate() {
        let options = 0..f.options.len() as u8;
        out.extend(
            options
                .filter(|o| phrase(f, *o).is_some() && is_worse(f, full.get(fact), *o))
                .map(|o| (fact, o)),
        );
    }
    out
}

/// The phrase of an answer. That of a number is written at the lowest value it is for.
pub fn phrase(fact: &Fact, option: u8) -> Option<&IfSo> {
    let upto = fact.options.get(..=usize::from(option))?;
    match fact.kind {
        FactKind::Number => upto.iter().rev().find_map(|o| o.if_so.as_ref()),
        _ => upto.last()?.if_so.as_ref(),
    }
}

/// Whether an option would be no step back. What the order of concern leaves out is not compared.
fn is_worse(f: &Fact, known: Known, option: u8) -> bool {
    if f.kind == FactKind::Multi {
        return known.on & (1 << option) == 0;
    }
    known
        .option()
        .is_none_or(|now| now != option && !is_milder(f, option, now))
}

/// Whether the first of two options is the milder, where the order of concern says so.
fn is_milder(f: &Fact, option: u8, than: u8) -> bool {
    match &f.concern {
        Concern::Rising => option < than,
        Concern::Order(order) => {
            let place = |o: u8| order.iter().position(|x| *x == o);
            matches!((place(option), place(than)), (Some(a), Some(b)) if a < b)
        }
        Concern::None | Concern::Adding => false,
    }
}

fn rank(d: &Dialogue, found: &mut Vec<Change>) {
    let key = |c: &Change| {
        let plausible: u8 = c
            .answers
            .iter()
            .filter_map(|(f, o)| phrase(&d.facts[*f], *o))
            .map(|p| p.plausible)
            .max()
            .unwrap_or(u8::MAX);
        let urgency = std::cmp::Reverse(c.disposition);
        ((urgency, c.answers.len()), (!c.own, plausible))
    };
    found.sort_by_key(key);
    let mut named = HashSet::new();
    let mut ranked: Vec<(bool, Change)> = found
        .drain(..)
        .map(|c| (!named.insert(c.rule), c))
        .collect();
    ranked.sort_by_key(|(again, c)| {
        let (first, then) = key(c);
        (first, *again, then)
    });
    found.extend(ranked.into_iter().map(|(_, c)| c));
}

// ---- what keeps it from being self-care -----------------------------------------------------

/// A smallest set of answers without which these facts would be self-care, at most
/// [`MOST_ANSWERS`]; nothing where there is no set so small, and an empty one where they already are.
///
/// Without an answer a fact is harmless, and of several ticks the others stay.
pub fn keeps_from_self_care(d: &Dialogue, full: &Knowledge) -> Option<Vec<Answer>> {
    let answers = not_harmless(d, full);
    // Nobody with so many is held up by six.
    if answers.len() > Set::BITS as usize {
        return None;
    }
    let search = Search {
        d,
        full,
        facts: d.rules.iter().map(|r| r.when.facts()).collect(),
        answers,
    };
    (0..=MOST_ANSWERS).find_map(|most| {
        let mut seen = HashSet::new();
        search.within(most, 0, &mut seen)
    })
}

/// The answers of this person that are not harmless, those that say how somebody is before those
/// that say who they are.
pub fn not_harmless(d: &Dialogue, full: &Knowledge) -> Vec<Answer> {
    let mut out: Vec<Answer> = Vec::new();
    for (fact, f) in d.facts.iter().enumerate() {
        let (on, usual) = (full.get(fact).on, f.default.on);
        let more = on & !usual;
        out.extend(
            (0..f.options.len() as u8)
                .filter(|o| more & (1 << o) != 0)
                .map(|o| (fact, o)),
        );
    }
    out.sort_by_key(|(fact, _)| {
        let f = &d.facts[*fact];
        (f.phase == 0, f.concern == Concern::None, *fact)
    });
    out
}

/// The facts without these answers.
pub fn without(d: &Dialogue, full: &Knowledge, answers: &[Answer]) -> Knowledge {
    let mut out = full.clone();
    for &(fact, option) in answers {
        let f = &d.facts[fact];
        let left = out.get(fact).on & !(1 << option);
        let known = match f.kind {
            FactKind::Multi if left != 0 => Known::exactly(left, f.all()),
            _ => f.default,
        };
        out.set(fact, known);
    }
    out
}

/// A set of answers, as bits of their places in [`Search::answers`].
type Set = u128;

struct Search<'a> {
    d: &'a Dialogue,
    full: &'a Knowledge,
    /// The facts that each rule looks at.
    facts: Vec<Vec<FactId>>,
    answers: Vec<Answer>,
}

impl Search<'_> {
    /// What must go besides `gone`, `most` answers at most. A rule fires on unless an answer that it
    /// looks at goes, so only those are tried, and rules that share none need one each.
    fn within(&self, most: usize, gone: Set, seen: &mut HashSet<Set>) -> Option<Vec<Answer>> {
        if !seen.insert(gone) {
            return None;
        }
        let left = without(self.d, self.full, &self.of(gone));
        let mut firing: Vec<Set> = assess(self.d, &left)
            .rules
            .iter()
            .filter(|r| self.d.rules[**r].disposition > Disposition::SelfCare)
            .map(|r| self.looked_at(*r) & !gone)
            .collect();
        if firing.is_empty() {
            return Some(self.of(gone));
        }
        firing.sort_by_key(|set| set.count_ones());
        let (mut apart, mut needed) = (0, 0);
        for set in &firing {
            if set & apart == 0 {
                apart |= set;
                needed += 1;
            }
        }
        if needed > most {
            return None;
        }
        let fewest = firing[0];
        (0..self.answers.len())
            .filter(|n| fewest & (1 << n) != 0)
            .find_map(|n| self.within(most - 1, gone | 1 << n, seen))
    }

    fn of(&self, set: Set) -> Vec<Answer> {
        let all = self.answers.iter().enumerate();
        all.filter(|(n, _)| set & (1 << n) != 0)
            .map(|(_, a)| *a)
            .collect()
    }

    /// The answers that a rule looks at.
    fn looked_at(&self, rule: usize) -> Set {
        let facts = &self.facts[rule];
        let all = self.answers.iter().enumerate();
        all.filter(|(_, (fact, _))| facts.contains(fact))
            .fold(0, |set, (n, _)| set | 1 << n)
    }
}
