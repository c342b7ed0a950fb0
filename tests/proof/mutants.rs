//! A sample of dialogues with one thing wrong. `backtalk prove --mutants` tries all of them.

use std::path::Path;

use backtalk::mutants::{Fate, Judges};
use backtalk::proof::World;
use backtalk::proof::mutant::{self, Mutation};
use backtalk::proof::space::Space;
use backtalk::{replay_run, shipped};

use super::{DIALOGUE, cases, replays};

/// Every so many: a number without a divisor, so that every kind is among them.
const EVERY: usize = 197;

fn judges() -> Judges {
    let replays = replay_run::replays(&replays()).expect("replays");
    let answers = answers().lines().map(str::to_owned).collect();
    Judges::new(
        shipped::built_in(),
        "back_spasm",
        &cases(),
        answers,
        replays,
    )
    .expect("judges")
}

/// The list of what each answer stores.
fn answers() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/back_spasm.txt");
    std::fs::read_to_string(path).expect("the list is there")
}

/// The list is written by hand, or with BACKTALK_ACCEPT=1, and then held against the screens as
/// they were drawn up.
#[test]
fn every_answer_stores_what_its_label_says() {
    let now = mutant::stored(&DIALOGUE).join("\n") + "\n";
    if std::env::var_os("BACKTALK_ACCEPT").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/back_spasm.txt");
        std::fs::write(path, &now).expect("the list can be written");
    }
    assert_eq!(now, answers());
}

#[test]
fn a_sample_of_mutants_is_noticed() {
    let judges = judges();
    let space = Space::new(&DIALOGUE);
    let original = World::new(&space);
    let all = mutant::all(&DIALOGUE);
    assert!(all.len() >= 200, "only {} mutants", all.len());
    let mut survived = Vec::new();
    for mutation in all.into_iter().step_by(EVERY) {
        if judges.judge(mutation, &original).expect("a fate") == Fate::Survived {
            survived.push(mutation.describe(&DIALOGUE));
        }
    }
    assert!(
        survived.is_empty(),
        "nobody noticed:\n{}",
        survived.join("\n")
    );
}

#[test]
fn what_changes_nothing_is_told_from_what_nobody_notices() {
    let nothing = (Vec::new(), Vec::new());
    let judges = Judges::new(shipped::built_in(), "back_spasm", &[], nothing.0, nothing.1);
    let judges = judges.expect("judges");
    let space = Space::new(&DIALOGUE);
    let original = World::new(&space);
    let rule = |id: &str| {
        DIALOGUE
            .rules
            .iter()
            .position(|r| r.id == id)
            .expect("a rule")
    };
    // Whoever has it is seen soon for longer pain in any case.
    let same = Mutation::NoRule {
        rule: rule("R07_inflammatory"),
    };
    assert_eq!(judges.judge(same, &original), Ok(Fate::Equivalent));
    // Without cases and replays no law knows that tearing pain is an emergency.
    let worse = Mutation::NoRule {
        rule: rule("S16_rash"),
    };
    assert_eq!(judges.judge(worse, &original), Ok(Fate::Survived));
}
