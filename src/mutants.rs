//! Whether the laws, the cases and the replays notice a dialogue with one thing wrong.
//!
//! Each mutant is tried against the quickest first. What nobody notices is held against the
//! dialogue as it is: where nobody is told or shown anything else, it is no mistake.

use std::path::PathBuf;
use std::sync::Arc;

use crate::assess;
use crate::dialogue::check::{Held, hold};
use crate::dialogue::issue::Sources;
use crate::dialogue::{Dialogue, Disposition, Element, Knowledge, load};
use crate::proof::laws::ALL;
use crate::proof::mutant::{Mutation, stored};
use crate::proof::space::{LEVELS, People, Space};
use crate::proof::{Exercised, World};
use crate::replay_run;
use crate::vignettes::{self, VignetteFile};

/// Who noticed a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A case, by its id.
    Case(String),
    /// The list of what each answer stores, by its label.
    Answers,
    /// A law, by its id.
    Law(&'static str),
    /// A replay, by its name.
    Replay(String),
    /// Nobody, and nothing is different for anybody there is: proved.
    Equivalent,
    /// Nobody.
    Survived,
}

/// What mutants are tried against.
pub struct Judges {
    sources: Sources,
    name: String,
    cases: Vec<Case>,
    answers: Vec<String>,
    replays: Vec<PathBuf>,
}

/// A case, ready to be tried.
struct Case {
    id: String,
    person: Knowledge,
    accepted: Vec<Disposition>,
    expected: Disposition,
    rules: Vec<usize>,
    must_not: Vec<Element>,
}

impl Judges {
    /// The cases of these files, what each answer is to store, and the replays of a folder, for
    /// this dialogue.
    pub fn new(
        sources: Sources,
        name: &str,
        files: &[(String, VignetteFile)],
        answers: Vec<String>,
        replays: Vec<PathBuf>,
    ) -> Result<Judges, String> {
        let mut out = Judges {
            sources,
            name: name.to_owned(),
            cases: Vec::new(),
            answers,
            replays,
        };
        let d = out.fresh()?;
        let intent = d.fact("intent");
        for (path, file) in files {
            for v in &file.vignettes {
                let person = vignettes::facts(&d, &v.facts)
                    .map_err(|w| format!("{path}: {}: {}", v.id, w.join("; ")))?;
                // Somebody who is not there for their back answers no screens.
                if intent.is_some_and(|f| person.get(f) != d.facts[f].default) {
                    continue;
                }
                let mut accepted = v.acceptable.clone();
                accepted.push(v.expected);
                let rules = v.must_mention.iter();
                out.cases.push(Case {
                    id: v.id.clone(),
                    person,
                    accepted,
                    expected: v.expected,
                    rules: rules
                        .filter_map(|id| d.rules.iter().position(|r| r.id == *id))
                        .collect(),
                    must_not: v.must_not.clone(),
                });
            }
        }
        Ok(out)
    }

    /// The dialogue as it is.
    pub fn fresh(&self) -> Result<Dialogue, String> {
        load::load(&self.sources, &self.name)
            .map_err(|_| "The dialogue cannot be used. `backtalk check` says why.".to_owned())
    }

    /// What becomes of a mutant. `original` is the world of the dialogue as it is.
    pub fn judge(&self, mutation: Mutation, original: &World<'_>) -> Result<Fate, String> {
        let mut d = self.fresh()?;
        mutation.apply(&mut d);
        if let Some(id) = self.by_facts(&d) {
            return Ok(Fate::Case(id));
        }
        // The proofs go by what an answer stores; people go by its label.
        if !self.answers.is_empty() && stored(&d) != self.answers {
            return Ok(Fate::Answers);
        }
        let space = Space::like(&d, original.space);
        let world = World::with_people_of(&space, original);
        if is_the_same(original, &world) {
            return Ok(Fate::Equivalent);
        }
        // How worse answers and doubt count is in the rules; the rest is in the screens.
        let wanted: &[&str] = match mutation.is_of_rules() {
            true => &["L4", "L5"],
            false => &["L1", "L3"],
        };
        for law in ALL.iter().filter(|l| wanted.contains(&l.id)) {
            if !(law.prove)(&world, &Exercised::default()).broken.is_empty() {
                return Ok(Fate::Law(law.id));
            }
        }
        if let Some(id) = self.by_screens(&d) {
            return Ok(Fate::Case(id));
        }
        let d = Arc::new(d);
        for path in &self.replays {
            if replay_run::check(&d, path).is_err() {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                return Ok(Fate::Replay(name.into_owned()));
            }
        }
        Ok(Fate::Survived)
    }

    /// The first case that the rules over all its facts get wrong.
    fn by_facts(&self, d: &Dialogue) -> Option<String> {
        let wrong = |c: &&Case| {
            let found = assess::assess(d, &c.person);
            let left_out = assess::gates(d, &c.person, found.disposition).1;
            found.disposition != c.expected
                || c.rules.iter().any(|r| !found.rules.contains(r))
                || c.must_not.iter().any(|e| !left_out.contains(e))
        };
        self.cases.iter().find(wrong).map(|c| c.id.clone())
    }

    /// The first case that the screens get wrong.
    fn by_screens(&self, d: &Dialogue) -> Option<String> {
        let people: Vec<Knowledge> = self.cases.iter().map(|c| c.person.clone()).collect();
        let told = |h: &Option<Held>| h.as_ref().and_then(|h| h.advice.disposition);
        let held = hold(d, &people);
        let mut each = self.cases.iter().zip(&held);
        each.find(|(c, h)| !told(h).is_some_and(|level| c.accepted.contains(&level)))
            .map(|(c, _)| c.id.clone())
    }
}

/// Whether everybody there is is told the same, and the same is left out of their plan.
fn is_the_same(a: &World<'_>, b: &World<'_>) -> bool {
    let nobody = |who| a.there_are(&who).is_false();
    let told = LEVELS
        .iter()
        .all(|l| nobody(a.told.exactly(*l).xor(b.told.exactly(*l))));
    told && Element::ALL
        .iter()
        .all(|e| nobody(left_out(a, *e).xor(&left_out(b, *e))))
}

/// Of whose plan this is left out: by a gate of its own, or with all coaching.
fn left_out(w: &World<'_>, element: Element) -> People {
    let gates = w.d().gates.iter();
    let own = gates
        .filter(|g| g.leaves_out.contains(&element) || g.leaves_out.contains(&Element::Coaching));
    own.fold(w.space.nobody(), |all, g| all.or(&w.plan.holds(&g.when)))
}
