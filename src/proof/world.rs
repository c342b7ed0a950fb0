//! Everything a proof looks at: who there is, what the rules say of them, and what the
//! conversation brings out.

use std::cell::OnceCell;

use super::possible;
use super::space::{LEVELS, Levels, People, Space};
use super::walk::Walk;
use crate::assess;
use crate::dialogue::{Dialogue, Knowledge, Wait};

/// A dialogue with everybody who could hold it.
pub struct World<'a> {
    /// All combinations of answers.
    pub space: &'a Space<'a>,
    /// What the rules say when every fact is known.
    pub levels: Levels,
    /// The conversation to the verdict.
    pub verdict: Walk<'a>,
    /// What it tells.
    pub told: Levels,
    /// The conversation to the end of the plan's questions.
    pub plan: Walk<'a>,
    /// What holds of everybody there is.
    parts: Vec<People>,
    possible: OnceCell<People>,
}

impl<'a> World<'a> {
    /// The dialogue of a space.
    pub fn new(space: &'a Space<'a>) -> World<'a> {
        World::build(space, None)
    }

    /// The dialogue of a space, held by the people of another over the same facts.
    pub fn with_people_of(space: &'a Space<'a>, other: &World<'_>) -> World<'a> {
        World::build(space, Some(other.possible().clone()))
    }

    fn build(space: &'a Space<'a>, people: Option<People>) -> World<'a> {
        let levels = space.levels(&|f, o| space.says(f, o));
        let everybody = space.everybody();
        let verdict = Walk::to_the_verdict(space, &everybody);
        let told = verdict.told();
        let mut plan = verdict.clone();
        plan.to_the_plan(&everybody, told.clone());
        let parts = match people {
            Some(people) => vec![people],
            None => possible::parts(space, &levels),
        };
        World {
            space,
            levels,
            verdict,
            told,
            plan,
            parts,
            possible: OnceCell::new(),
        }
    }

    /// The dialogue.
    pub fn d(&self) -> &'a Dialogue {
        self.space.d
    }

    /// Those of these people who there are: whose facts go together and can be said.
    pub fn there_are(&self, people: &People) -> People {
        if let Some(possible) = self.possible.get() {
            return people.and(possible);
        }
        let mut out = people.clone();
        for part in &self.parts {
            if out.is_false() {
                break;
            }
            out = out.and(part);
        }
        out
    }

    /// Everybody there is.
    pub fn possible(&self) -> &People {
        self.possible.get_or_init(|| {
            let mut parts = self.parts.clone();
            // Two by two, so that no product is larger than it need be.
            while parts.len() > 1 {
                parts = parts
                    .chunks(2)
                    .map(|two| two.iter().skip(1).fold(two[0].clone(), |a, b| a.and(b)))
                    .collect();
            }
            parts.pop().unwrap_or_else(|| self.space.everybody())
        })
    }

    /// Who is told something with which a plan goes.
    pub fn with_plan(&self) -> People {
        let coached = LEVELS.into_iter().filter(|l| assess::is_coached(*l));
        coached.fold(self.space.nobody(), |all, l| all.or(self.told.exactly(l)))
    }

    /// To whom a "while you wait" line is said, where they are told something that it goes with.
    pub fn waits(&self, wait: &Wait) -> People {
        let rules = wait.rules.iter().map(|r| &self.d().rules[*r].when);
        let fires = rules.fold(self.space.nobody(), |all, when| {
            all.or(&self.verdict.holds(when))
        });
        fires.and(&self.verdict.holds(&wait.when))
    }

    /// The simplest person there is among these.
    pub fn somebody(&self, people: &People) -> Option<Knowledge> {
        self.space.simplest(&self.there_are(people))
    }
}
