//! What the proofs go by is the conversation as it is held: for thousands of people what it is
//! known of them at the end, what they are told and which screens they see are the same.

use backtalk::answerer;
use backtalk::dialogue::check::people::{Sayable, all};
use backtalk::dialogue::{Disposition, FactKind};
use backtalk::engine::State;
use backtalk::proof::World;
use backtalk::proof::edges::edges;
use backtalk::proof::space::Space;
use jiff::Timestamp;

use super::DIALOGUE;

#[test]
fn the_walk_is_the_real_conversation() {
    let d = &**DIALOGUE;
    let space = Space::new(d);
    let world = World::new(&space);
    let mut people = all(&Sayable::new(d), 300);
    people.extend(edges(&world).into_iter().map(|e| e.person));
    let mut wrong: Vec<String> = Vec::new();
    let mut whole = 0;
    for person in &people {
        // Whoever is brought to what can be said is among those there are.
        if !space.is_among(person, world.possible()) {
            wrong.push(format!("there is no such person: {}", facts(person)));
            continue;
        }
        let held = answerer::hold(d, person, Timestamp::UNIX_EPOCH);
        let state = State::of(d, &held.session);
        let told = state.disposition().expect("a verdict");
        if !space.is_among(person, world.told.exactly(told)) {
            wrong.push(format!("told {told:?}: {}", facts(person)));
        }
        // An emergency ends it early.
        if told == Disposition::Emergency {
            continue;
        }
        whole += 1;
        for screen in 1..d.screens.len() {
            let phase = &d.phases[d.screens[screen].phase];
            let seen = held.screens.contains(&screen);
            let proved = space.is_among(person, &world.verdict.shown[screen]);
            if !phase.after_verdict && seen != proved {
                wrong.push(format!(
                    "{}: seen {seen}: {}",
                    d.screens[screen].id,
                    facts(person)
                ));
            }
        }
        for (fact, f) in d.facts.iter().enumerate() {
            for o in 0..f.options.len() as u8 {
                let known = state.known.get(fact);
                let real = match f.kind {
                    FactKind::Multi => (known.on | known.off) & (1 << o) != 0,
                    _ => known.on != 0,
                };
                if real != space.is_among(person, &world.verdict.knows(fact, o)) {
                    wrong.push(format!("{} {o}: known {real}: {}", f.id, facts(person)));
                }
            }
        }
    }
    assert!(whole > 500, "only {whole} whole conversations");
    wrong.truncate(10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn facts(person: &backtalk::dialogue::Knowledge) -> String {
    format!("{:?}", backtalk::vignettes::facts_of(&DIALOGUE, person))
}

#[test]
fn the_simplest_person_is_one_of_them_and_no_other_is_simpler() {
    let d = &**DIALOGUE;
    let space = Space::new(d);
    let world = World::new(&space);
    let fact = |id: &str| d.fact(id).expect("a fact");
    let both = space
        .says(fact("chest_pain"), 1)
        .and(space.says(fact("leg_pain"), 3));
    let person = world.somebody(&both).expect("somebody");
    assert!(space.is_among(&person, &both));
    // Pain in both legs is asked how it went on; nothing else is needed.
    let said = backtalk::vignettes::facts_of(d, &person);
    assert!(said.len() <= 3, "{said:?}");
    assert!(world.somebody(&both.and(&both.not())).is_none());
}
