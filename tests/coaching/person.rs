//! People who were told a verdict, each by answering the real screens.

use std::collections::HashMap;
use std::sync::LazyLock;

use backtalk::dialogue::{Act, Dialogue, Disposition, load};
use backtalk::engine::{Input, Press, Session, State, Wish, meet, step};
use backtalk::{answerer, shipped, vignettes};
use jiff::Timestamp;

static DIALOGUE: LazyLock<Dialogue> = LazyLock::new(|| {
    load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads")
});

/// The dialogue of these people.
pub fn dialogue() -> &'static Dialogue {
    &DIALOGUE
}

/// Who they are: a name, their facts, and what they are told.
pub const PEOPLE: &[(&str, &str, Disposition)] = &[
    ("plain", "{duration: h0_24}", Disposition::SelfCare),
    ("third day", "{duration: h48_72}", Disposition::SelfCare),
    (
        "65 or over",
        "{duration: h0_24, age_band: age_65_plus}",
        Disposition::SelfCare,
    ),
    (
        "child",
        "{duration: h0_24, age_band: age_12_15, for_whom: minor_with_adult}",
        Disposition::Routine,
    ),
    (
        "pregnant",
        "{duration: d4_7, pregnancy: first_20w}",
        Disposition::Routine,
    ),
    (
        "injury",
        "{duration: h48_72, trauma_kind: low_fall, trauma_when: d2_14}",
        Disposition::Soon,
    ),
    (
        "soon",
        "{duration: d4_7, trend: worse, pain_now: 8}",
        Disposition::Soon,
    ),
    (
        "routine",
        "{duration: w4_12, trend: same, episode_history: repeat_same_often}",
        Disposition::Routine,
    ),
    (
        "heat barred",
        "{duration: h48_72, skin_temp_risk: [medicine_patch]}",
        Disposition::SelfCare,
    ),
    (
        "ice barred",
        "{duration: h0_24, skin_temp_risk: [cold_sensitivity]}",
        Disposition::SelfCare,
    ),
    (
        "urgent",
        "{duration: h0_24, fever: t38_3_plus}",
        Disposition::Urgent,
    ),
    (
        "emergency",
        "{duration: h0_24, bladder_change: new}",
        Disposition::Emergency,
    ),
];

/// When the conversations of [`told`] are held, before they are moved to where they are wanted.
const HELD_MS: i64 = 1_772_487_600_000;

static TOLD: LazyLock<HashMap<&'static str, Session>> = LazyLock::new(|| {
    let hold = |facts: &str| {
        let facts: vignettes::FactMap = serde_saphyr::from_str(facts).expect("facts");
        let facts = vignettes::facts(&DIALOGUE, &facts).expect("they fit the dialogue");
        let told = answerer::hold(&DIALOGUE, &facts, time(HELD_MS)).session;
        let planned = press(&told, Wish::Act(Act::Plan), HELD_MS);
        answerer::hold_from(&DIALOGUE, planned, &facts, time(HELD_MS)).session
    };
    let people = PEOPLE.iter();
    people
        .map(|(name, facts, _)| (*name, hold(facts)))
        .collect()
});

/// Somebody who was told their verdict at `at_ms` and, where there is one, asked for the plan.
pub fn told(name: &str, language: &str, at_ms: i64) -> Session {
    let mut session = TOLD[name].clone();
    for event in &mut session.log {
        event.at_ms += at_ms - HELD_MS;
    }
    meet(&DIALOGUE, &mut session, language);
    session
}

/// The session after a press of the visit that is open.
pub fn press(session: &Session, wish: Wish, at_ms: i64) -> Session {
    let visit = State::of(&DIALOGUE, session).visit;
    let input = Input::Press(Press { visit, wish });
    step(&DIALOGUE, session, &input, time(at_ms))
        .session
        .expect("nothing is erased")
}

pub fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("a time")
}

#[test]
fn everybody_is_told_what_is_expected() {
    let found = PEOPLE.iter().map(|(name, _, _)| {
        let told = told(name, "en-GB", HELD_MS);
        (*name, State::of(&DIALOGUE, &told).disposition())
    });
    let wanted = PEOPLE.iter().map(|(name, _, d)| (*name, Some(*d)));
    assert_eq!(found.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
}
