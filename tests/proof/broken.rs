//! Each law, broken once on purpose: it says so, and the conversation that it prints runs as a
//! replay, which fails where it says what is lawful.

use std::sync::Arc;

use backtalk::dialogue::{Dialogue, load};
use backtalk::proof::laws::ALL;
use backtalk::proof::space::Space;
use backtalk::proof::{Exercised, World};
use backtalk::{replay_run, shipped};

/// The shipped dialogue with one text replaced by another.
fn patched(file: &str, from: &str, to: &str) -> Arc<Dialogue> {
    let mut sources = shipped::built_in();
    let path = format!("back_spasm/{file}.yaml");
    let text = sources.get_mut(&path).expect("the file");
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let loaded = load::load(&sources, "back_spasm");
    Arc::new(loaded.unwrap_or_else(|issues| {
        panic!(
            "{}",
            backtalk::dialogue::issue::print(&issues, &sources, false)
        )
    }))
}

/// With this patch the law is broken in this way. The conversation that it prints is what happens,
/// and where it says what is lawful, it fails for that alone.
fn check(law: &str, (file, from, to): (&str, &str, &str), says: &str) {
    let d = patched(file, from, to);
    let space = Space::new(&d);
    let world = World::new(&space);
    let law = ALL.iter().find(|l| l.id == law).expect("the law");
    let proved = (law.prove)(&world, &Exercised::default());
    let broken: Vec<&str> = proved.broken.iter().map(|b| b.what.as_str()).collect();
    let found = proved.broken.iter().find(|b| b.what.contains(says));
    let found = found.unwrap_or_else(|| panic!("{}: {broken:?}", law.id));
    let Some(person) = &found.person else { return };
    // What happens now holds as a replay, and what is lawful does not.
    let as_it_is = replay_run::of_person(&d, person, &found.what, None).expect("a replay");
    assert_eq!(replay_run::check_text(&d, &as_it_is), Ok(()), "{as_it_is}");
    if found.lawful.is_some() {
        let text = replay_run::of_person(&d, person, &found.what, found.lawful).expect("a replay");
        let said = replay_run::check_text(&d, &text).expect_err("it is broken");
        assert!(said.contains("state"), "{said}");
    }
}

#[test]
fn l1_a_screen_that_offers_somebody_nothing_is_a_dead_end() {
    let from = r#"- { say: "A grown-up is here now", fact: for_whom = minor_with_adult }
  source: [SCREEN-PLAN, grp-minors, OUR-JUDGEMENT]"#;
    let to = from.replace(
        "minor_with_adult }",
        "minor_with_adult, only_if: age_band = age_18_49 }",
    );
    check(
        "L1",
        ("dialogue", from, &to),
        "`wait_adult` offers somebody no answer",
    );
}

#[test]
fn l2_an_emergency_that_hangs_on_every_answer_to_a_fact_is_told_late() {
    let from = "aaa_risk HAS_ANY (known_aneurysm, pulsing_tummy) AND duration <= d4_7";
    let to = "aaa_risk HAS_ANY (known_aneurysm, pulsing_tummy) AND duration >= h0_24";
    check("L2", ("rules", from, to), "want every answer to `duration`");
}

#[test]
fn l3_a_guard_that_hides_a_question_of_danger_hides_an_emergency() {
    let from = "when: pain_on_breathing = yes OR NOT breathless = no OR chest_signs COUNT >= 1\n";
    let to = "when: pain_on_breathing = yes OR chest_signs COUNT >= 1\n";
    check(
        "L3",
        ("dialogue", from, to),
        "and all their facts say emergency",
    );
}

#[test]
fn l3_a_guard_that_hides_what_a_gate_needs_is_found() {
    let from =
        "- screen: skin_check\n  phase: plan\n  when: DISPOSITION IN (soon, routine, self_care)";
    let to = "- screen: skin_check\n  phase: plan\n  when: DISPOSITION IN (soon, routine)";
    check("L3", ("dialogue", from, to), "misses the gate");
}

#[test]
fn l4_pain_in_both_legs_that_counts_less_than_in_one_is_found() {
    let from = "OR NOT leg_pain = none OR @leg_numb OR rest_pain = night_wakes)";
    let to =
        "OR leg_pain IN (one_above_knee, one_below_knee) OR @leg_numb OR rest_pain = night_wakes)";
    check(
        "L4",
        ("rules", from, to),
        "`leg_pain` both_legs gives routine, and one_below_knee gives soon",
    );
}

#[test]
fn l5_doubt_about_chest_pain_that_is_no_reason_is_found() {
    check(
        "L5",
        ("rules", "OR chest_pain = unsure OR", "OR"),
        "not sure about `chest_pain` gives less than urgent",
    );
}

#[test]
fn l6_a_line_that_no_gate_could_take_away_is_found() {
    let from = "Would you like that?\n  one_of:\n  - { say: \"Yes\", reply: re_heat }\n  - { say: \"No, as it is\", goes_on: true }\n  advises: [heat]\n";
    let to = from.replace("  advises: [heat]\n", "");
    check("L6", ("dialogue", from, &to), "`check_heat` names heat");
}

#[test]
fn l7_a_rule_that_can_fire_for_nobody_is_found() {
    let from = "when: tummy_pain = severe\n    disposition: urgent";
    let to = "when: tummy_pain = severe AND tummy_pain = mild\n    disposition: urgent";
    check(
        "L7",
        ("rules", from, to),
        "the rule U12_tummy_severe is for nobody",
    );
}

#[test]
fn l8_a_verdict_without_the_number_to_call_is_found() {
    let from = "Call { $help_number } now if there is chest pain or it is hard to breathe. The same if there is";
    let to = "Get help now if there is chest pain or it is hard to breathe. The same if there is";
    check("L8", ("verdict", from, to), "names no number to call");
}
