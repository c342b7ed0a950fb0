//! Random histories: every store says what the model says, step by step.

use backtalk::store::Lane;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::history::{Ask, at, every_store, record};
use crate::model::Model;

/// One step before it is known which version stands and what time it is.
#[derive(Debug, Clone)]
enum Step {
    /// Commit over the standing version plus `off`, due in `due` rounds of everybody's moments.
    Commit {
        person: i64,
        off: i64,
        due: Option<i64>,
        lane: Lane,
        update: Option<i64>,
        word: String,
    },
    /// Let this many milliseconds pass.
    Pass(i64),
    Ask(Ask),
}

const PEOPLE: i64 = 4;

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE;
    let off = prop_oneof![6 => Just(0i64), 1 => Just(-1), 1 => Just(1)];
    let due = prop::option::weighted(0.8, 0i64..15);
    let update = prop::option::of(0i64..8);
    // Some words are longer than a page of SQLite.
    let word = (0usize..9, prop_oneof![4 => Just(1), 1 => Just(900)])
        .prop_map(|(letters, times)| "backache"[..letters].repeat(times));
    let lane = prop::sample::select(&Lane::ALL[..]);
    let ask = prop_oneof![
        2 => person.clone().prop_map(Ask::Load),
        4 => (0usize..4, 0u64..40, lane.clone()).prop_map(|(limit, lease_ms, lane)| {
            Ask::Claim { limit, lease_ms, lane }
        }),
        2 => (person.clone(), 0u64..6).prop_map(|(person, version)| Ask::Release(person, version)),
        2 => Just(Ask::HeldBefore),
        2 => Just(Ask::NextDue),
        1 => lane.clone().prop_map(Ask::NextDueIn),
        1 => person.clone().prop_map(Ask::Forget),
        1 => Just(Ask::People),
        1 => (0i64..400, 0i64..400).prop_map(|(a, b)| Ask::Active(a, b)),
        1 => (0i64..200).prop_map(Ask::Sweep),
        1 => person.clone().prop_map(Ask::Damage),
    ];
    prop_oneof![
        8 => (person, off, due, lane, update, word).prop_map(|(person, off, due, lane, update, word)| {
            Step::Commit { person, off, due, lane, update, word }
        }),
        3 => (0i64..30).prop_map(Step::Pass),
        12 => ask.prop_map(Step::Ask),
    ]
}

fn ask(model: &Model, step: Step) -> Ask {
    match step {
        Step::Ask(ask) => ask,
        Step::Pass(ms) => Ask::At(model.now() + ms),
        Step::Commit {
            person,
            off,
            due,
            lane,
            update,
            word,
        } => {
            // No two people are due at once, because the contract does not order those.
            let due = due.map(|due| (model.now() / PEOPLE + due - 5) * PEOPLE + person);
            let expected = model.version(person).saturating_add_signed(off);
            let mut record = record(0, due, &model.seen(person), &word);
            record.lane = due.map_or(Lane::default(), |_| lane);
            record.active = at(model.now());
            update.into_iter().for_each(|update| record.saw(update));
            Ask::Commit {
                person,
                expected,
                record: Box::new(record),
                update,
            }
        }
    }
}

/// The same histories every time, unless PROPTEST_CASES or PROPTEST_RNG_SEED ask for others.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() {
            given.cases
        } else {
            64
        },
        rng_seed: match given.rng_seed {
            RngSeed::Random => RngSeed::Fixed(20_260_302),
            fixed => fixed,
        },
        failure_persistence: None,
        ..given
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_store_says_what_the_model_says(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut model = Model::default();
        let mut subjects = every_store();
        for (line, step) in steps.into_iter().enumerate() {
            let ask = ask(&model, step);
            let expected = model.ask(&ask);
            for subject in &mut subjects {
                let said = subject.ask_now(&ask);
                prop_assert_eq!(&said, &expected, "{}, line {}: {:?}", subject.name, line, &ask);
            }
        }
    }
}
