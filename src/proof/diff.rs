//! What a change of a dialogue does to people: who is told something else, why, and who is asked
//! something else.
//!
//! Both dialogues are looked at over one layout of answers, so that a set of people of the old one
//! is a set of people of the new one. A fact or answer that only one of them knows is free in the
//! other: everybody is there with and without it. Pure; `cli::diff` loads and prints.

mod plan;
mod report;
mod settings;
mod signed;
mod story;
mod wording;

use serde::Serialize;

use super::layout::Answers;
use super::space::{LEVELS, People};
use super::{Space, World};
use crate::dialogue::{Condition, Dialogue, Disposition};
pub use report::{refusal, text};
pub use signed::{SignOff, Unsigned};
pub use story::{Answer, Example, Only};
pub use wording::Reworded;

/// What differs between two dialogues.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The form of the old dialogue.
    pub old_form: String,
    /// The form of the new one.
    pub new_form: String,
    /// How many possible answer sets are compared.
    pub people: f64,
    /// Those of them that could be said before and no longer can. What the new dialogue does not
    /// take counts there as the harmless answer.
    pub no_longer_said: f64,
    /// Answer sets beyond those compared, which can only be said now.
    pub newly_said: f64,
    /// Who is told something else, the most severe first.
    pub moves: Vec<Move>,
    /// How many are told more than before.
    pub raised: f64,
    /// How many are told less than before.
    pub lowered: f64,
    /// Who is told less without a signature, and what is missing.
    pub unsigned: Option<Unsigned>,
    /// Screens that other people meet than before.
    pub screens: Vec<Changes>,
    /// Gates that fire for other people than before, among those who are coached in both.
    pub gates: Vec<Changes>,
    /// What the plan has for other people than before.
    pub elements: Vec<Changes>,
    /// Lines, cards, exercises and choices of the plan that are for other people than before.
    pub plan: Vec<Changes>,
    /// Other values and lists that changed, by name.
    pub settings: Vec<Setting>,
    /// Texts that changed.
    pub wording: Vec<Reworded>,
}

/// People who were told one thing and are told another.
#[derive(Debug, Serialize)]
pub struct Move {
    /// What they were told.
    pub from: Disposition,
    /// What they are told.
    pub to: Disposition,
    /// Whether that is more urgent.
    pub direction: Direction,
    /// How many answer sets.
    pub people: f64,
    /// Their share of all that are compared.
    pub share: f64,
    /// Their share of those who had the old disposition.
    pub share_of_level: f64,
    /// The rules that cause it.
    pub causes: Vec<Cause>,
    /// The simplest of these people.
    pub example: Option<Example>,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More urgent than before.
    Up,
    /// Less urgent than before.
    Down,
}

/// A rule that tells these people something else.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// The rule.
    pub rule: String,
    /// What became of it.
    pub how: How,
    /// For how many of these people.
    pub people: f64,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It fires for more.
    Widened,
    /// It fires for fewer.
    Narrowed,
    /// It gives a more urgent disposition.
    Raised,
    /// It gives a less urgent one.
    Lowered,
    /// It is the same, and what it reads is asked of others than before.
    Asked,
}

/// For whom something came, and for whom it went.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// What it is, by its id.
    pub id: String,
    /// Those who have it only now.
    pub gained: Option<Group>,
    /// Those who had it only before.
    pub lost: Option<Group>,
}

/// Some people, and the simplest of them.
#[derive(Debug, Serialize)]
pub struct Group {
    /// How many answer sets.
    pub people: f64,
    /// Their share of all that are compared.
    pub share: f64,
    /// The simplest of them.
    pub example: Option<Example>,
}

/// A value or a list that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name.
    pub id: String,
    /// What it was; empty where it is new.
    pub before: String,
    /// What it is; empty where it is gone.
    pub after: String,
}

/// Compare two dialogues.
pub fn diff(old: &Dialogue, new: &Dialogue) -> Difference {
    let both = [old, new];
    let (old_space, new_space) = (Space::joint(old, &both), Space::joint(new, &both));
    let (old, new) = (World::new(&old_space), World::new(&new_space));
    Pair::new(&old, &new).difference()
}

/// Two worlds over one layout, and who is compared.
struct Pair<'a> {
    old: &'a World<'a>,
    new: &'a World<'a>,
    /// Everybody who is compared.
    people: People,
    /// How many they are.
    count: f64,
    /// Whom no completion of their answers makes somebody that the new dialogue knows.
    no_longer: People,
    newly: People,
    /// For whom each rule fires by the conversation, in each dialogue.
    old_fires: Vec<People>,
    new_fires: Vec<People>,
}

impl<'a> Pair<'a> {
    fn new(old: &'a World<'a>, new: &'a World<'a>) -> Pair<'a> {
        let (was, is) = (old.possible(), new.possible());
        let both = was.and(is);
        let no_longer = was.and_not(&is.exists(&old.space.foreign()));
        let newly = is.and_not(&was.exists(&new.space.foreign()));
        // What only the new dialogue asks says nothing of them.
        let no_longer = old.space.harmless_abroad(&no_longer);
        let newly = new.space.harmless_abroad(&newly);
        let people = both.or(&no_longer);
        Pair {
            count: people.cardinality(),
            old_fires: fires(old),
            new_fires: fires(new),
            old,
            new,
            people,
            no_longer,
            newly,
        }
    }

    fn difference(&self) -> Difference {
        let moves = self.moves();
        let sum = |direction| {
            let of = moves.iter().filter(|m| m.direction == direction);
            of.fold(0.0, |sum, m| sum + m.people)
        };
        Difference {
            old_form: self.old.d().form.to_string(),
            new_form: self.new.d().form.to_string(),
            people: self.count,
            no_longer_said: self.no_longer.cardinality(),
            newly_said: self.newly.cardinality(),
            raised: sum(Direction::Up),
            lowered: sum(Direction::Down),
            moves,
            unsigned: signed::unsigned(self),
            screens: plan::screens(self),
            gates: plan::gates(self),
            elements: plan::elements(self),
            plan: plan::parts(self),
            settings: settings::settings(self.old.d(), self.new.d()),
            wording: wording::reworded(self.old.d(), self.new.d()),
        }
    }

    fn moves(&self) -> Vec<Move> {
        let mut out = Vec::new();
        for from in LEVELS.into_iter().rev() {
            let mut had = None;
            for to in LEVELS.into_iter().rev().filter(|to| *to != from) {
                let who = self.told(from, to);
                if who.is_false() {
                    continue;
                }
                let of_level = || self.old.told.exactly(from).and(&self.people).cardinality();
                let people = who.cardinality();
                out.push(Move {
                    from,
                    to,
                    direction: if to > from {
                        Direction::Up
                    } else {
                        Direction::Down
                    },
                    people,
                    share: people / self.count,
                    share_of_level: people / *had.get_or_insert_with(of_level),
                    causes: self.causes(&who, from, to),
                    example: self.example(&who),
                });
            }
        }
        out
    }

    /// Who was told this and is told that.
    fn told(&self, from: Disposition, to: Disposition) -> People {
        let who = self.old.told.exactly(from).and(self.new.told.exactly(to));
        if who.is_false() {
            return who;
        }
        who.and(&self.people)
    }

    /// Who is told less than before.
    fn lowered(&self) -> People {
        let mut out = self.old.space.nobody();
        for from in LEVELS {
            for to in LEVELS.into_iter().filter(|to| *to < from) {
                out = out.or(&self.told(from, to));
            }
        }
        out
    }

    /// Which rules tell these people something else: where it is more, those that decide now, and
    /// where it is less, those that decided before.
    fn causes(&self, who: &People, from: Disposition, to: Disposition) -> Vec<Cause> {
        let up = to > from;
        let (d, fires, level) = match up {
            true => (self.new.d(), &self.new_fires, to),
            false => (self.old.d(), &self.old_fires, from),
        };
        let mut out = Vec::new();
        for (rule, fires) in d.rules.iter().zip(fires) {
            if rule.disposition != level {
                continue;
            }
            let people = who.and(fires);
            if !people.is_false() {
                out.push(Cause {
                    rule: rule.id.clone(),
                    how: self.how(&rule.id, up),
                    people: people.cardinality(),
                });
            }
        }
        out.sort_by(|a, b| b.people.total_cmp(&a.people));
        out
    }

    /// What became of a rule, where people go up or down by it.
    fn how(&self, rule: &str, up: bool) -> How {
        let find = |d: &Dialogue| d.rules.iter().position(|r| r.id == rule);
        let (was, is) = match (find(self.old.d()), find(self.new.d())) {
            (None, _) => return How::Added,
            (_, None) => return How::Removed,
            (Some(was), Some(is)) => (&self.old.d().rules[was], &self.new.d().rules[is]),
        };
        match (up, was.disposition.cmp(&is.disposition)) {
            (true, std::cmp::Ordering::Less) => return How::Raised,
            (false, std::cmp::Ordering::Greater) => return How::Lowered,
            _ => {}
        }
        match (self.same(&was.when, &is.when), up) {
            (true, _) => How::Asked,
            (false, true) => How::Widened,
            (false, false) => How::Narrowed,
        }
    }

    /// Whether two conditions hold for the same of all whom both dialogues know.
    fn same(&self, was: &Condition, is: &Condition) -> bool {
        let (old, new) = (self.old, self.new);
        let was = old.space.truly(was, Some(&old.levels));
        let is = new.space.truly(is, Some(&new.levels));
        let differs = was.xor(&is).and(&old.space.whole).and(&new.space.whole);
        differs.is_false()
    }

    /// Those who have something only now, and those who had it only before, of these people.
    fn changes(&self, id: String, was: &People, is: &People, of: &People) -> Option<Changes> {
        if was == is {
            return None;
        }
        let gained = self.group(&of.and(&is.and_not(was)));
        let lost = self.group(&of.and(&was.and_not(is)));
        (gained.is_some() || lost.is_some()).then_some(Changes { id, gained, lost })
    }

    fn group(&self, who: &People) -> Option<Group> {
        let people = who.cardinality();
        (!who.is_false()).then(|| Group {
            people,
            share: people / self.count,
            example: self.example(who),
        })
    }

    /// The simplest of these people.
    fn simplest(&self, who: &People) -> Option<Answers> {
        self.old.space.simplest_answers(who)
    }

    fn example(&self, who: &People) -> Option<Example> {
        let answers = self.simplest(who)?;
        let (old, new) = (self.old.space, self.new.space);
        let (was, is) = (old.person(&answers), new.person(&answers));
        Some(story::example(old.d, &was, new.d, &is))
    }
}

/// For whom each rule of a dialogue fires by the conversation.
fn fires(w: &World<'_>) -> Vec<People> {
    let rules = w.d().rules.iter();
    rules
        .map(|r| w.verdict.holds_told(&r.when, &w.told))
        .collect()
}
