//! Every law holds for the shipped dialogue, and every case is told as it should be.

use backtalk::proof::laws::ALL;
use backtalk::proof::space::Space;
use backtalk::proof::{Exercised, World};
use backtalk::{replay_run, vignettes};
use jiff::Timestamp;

use super::{DIALOGUE, cases, replays};

#[test]
fn every_law_holds() {
    let mut exercised = replay_run::exercised(&DIALOGUE, &replays()).expect("replays");
    for (_, file) in cases() {
        for v in &file.vignettes {
            let own = replay_run::exercised_by(&DIALOGUE, v).expect("a case");
            exercised.elements.extend(own.elements);
        }
    }
    let space = Space::new(&DIALOGUE);
    let world = World::new(&space);
    assert!(!world.possible().is_false(), "there is nobody");
    let mut broken = Vec::new();
    for law in &ALL {
        let proved = (law.prove)(&world, &exercised);
        assert!(!proved.how.is_empty(), "{} says nothing", law.id);
        broken.extend(
            proved
                .broken
                .into_iter()
                .map(|b| format!("{}: {}", law.id, b.what)),
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn without_replays_nothing_counts_as_missing() {
    let space = Space::new(&DIALOGUE);
    let world = World::new(&space);
    let occurs = ALL.iter().find(|l| l.id == "L7").expect("the law");
    let proved = (occurs.prove)(&world, &Exercised::default());
    let missing = proved
        .broken
        .iter()
        .filter(|b| b.what.starts_with("no replay"));
    assert_eq!(missing.count(), 0);
}

#[test]
fn every_case_is_told_as_it_should_be() {
    let mut wrong = Vec::new();
    for (path, file) in cases() {
        assert!(!file.vignettes.is_empty(), "{path} has no cases");
        for v in &file.vignettes {
            let outcome = vignettes::run(&DIALOGUE, v, Timestamp::UNIX_EPOCH).expect("a case");
            wrong.extend(outcome.wrong.iter().map(|w| format!("{}: {w}", v.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
