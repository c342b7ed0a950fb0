//! What the pure mover does with one session.

use std::sync::LazyLock;

use backtalk::answerer;
use backtalk::dialogue::issue::Sources;
use backtalk::dialogue::{Act, Dialogue, Disposition};
use backtalk::engine::moved::{self, Fate, Moved, Way};
use backtalk::engine::route::{Place, place};
use backtalk::engine::session::{Aside, Event, What};
use backtalk::engine::{Command, Input, Owed, Press, Session, State, Wish, step, view};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rstest::rstest;

use crate::changed::{self, loaded};
use crate::{SHIPPED, after, next, noon, plain, press};

/// How many presses lead a plain strain to its verdict, at most.
const WHOLE: usize = 60;

fn to(moved: Moved) -> Session {
    match moved {
        Moved::To(session) => *session,
        Moved::Pinned(why) => panic!("pinned: {why}"),
    }
}

fn open(d: &Dialogue, session: &Session) -> String {
    match place(d, &State::of(d, session)) {
        Place::Asking(screen) => d.screens[screen].id.clone(),
        other => format!("{other:?}"),
    }
}

/// The session without the marks of moves, which nobody said.
fn said(session: &Session) -> Session {
    let mut session = session.clone();
    session
        .log
        .retain(|e| !matches!(e.what, What::Moved { .. }));
    session
}

#[test]
fn only_the_new_question_is_asked_and_the_verdict_is_the_same() {
    let (old, new) = (&**SHIPPED, loaded(&changed::one_more_question()));
    let facts = plain(&new);
    let verdict = |d, s: &Session| State::of(d, s).disposition();
    let expected = verdict(old, &after(old, WHOLE));
    assert_eq!(expected, Some(Disposition::SelfCare));
    let mut asked_first = 0;
    for presses in 0..WHOLE {
        let session = after(old, presses);
        let was_open = State::of(old, &session).open;
        let Some(input) = next(old, &session, &plain(old)) else {
            break;
        };
        // Their press was on what the old version showed, and it counts.
        let stepped = moved::step(old, &new, &session, &input, noon(), true);
        let after = stepped.session.expect("it is kept");
        assert_eq!(after.form, new.form, "after {presses}");
        let by_old = step(old, &session, &input, noon()).session.expect("kept");
        let counts = |e: &&Event| !matches!(e.what, What::Moved { .. } | What::Told { .. });
        let answers = |log: &[Event]| log.iter().filter(counts).count();
        assert_eq!(answers(&after.log), answers(&by_old.log), "after {presses}");
        let is_asked = open(&new, &after) == "rash";
        let lines = stepped
            .owed
            .iter()
            .filter(|o| **o == Owed::message("version_asks"));
        // The one line comes when the new question goes before the one that was open.
        let is_told = lines.count();
        let is_early = is_asked && was_open && open(old, &by_old) != "danger_nerves";
        assert!(
            is_told <= usize::from(is_asked && was_open),
            "after {presses}"
        );
        assert!(is_told >= usize::from(is_early), "after {presses}");
        asked_first += is_told;
        // From here on exactly one screen more is asked than by the old version.
        let held = answerer::hold_from(&new, after, &facts, noon());
        let ids = |d: &Dialogue, screens: &[usize]| -> Vec<String> {
            screens.iter().map(|s| d.screens[*s].id.clone()).collect()
        };
        let rest = answerer::hold_from(old, by_old, &plain(old), noon());
        let mut asked = ids(&new, &held.screens);
        assert_eq!(
            asked.iter().filter(|s| *s == "rash").count(),
            1,
            "after {presses}"
        );
        asked.retain(|s| s != "rash");
        assert_eq!(asked, ids(old, &rest.screens), "after {presses}");
        assert_eq!(verdict(&new, &held.session), expected);
    }
    assert!(asked_first > 10, "{asked_first}");
}

fn one_later(owed: Owed) -> Owed {
    match owed {
        Owed::Verdict { event } => Owed::Verdict { event: event + 1 },
        other => other,
    }
}

#[test]
fn a_rename_moves_silently_and_the_way_back_leads_to_the_same() {
    let (old, new) = (&**SHIPPED, loaded(&changed::renamed()));
    assert_ne!(old.form, new.form);
    for presses in 0..WHOLE {
        let session = after(old, presses);
        let way = Way::new(old, &new);
        assert_eq!(way.fate(&session), Fate::Same, "after {presses}");
        let there = to(way.moved(&session));
        assert_eq!(there.form, new.form);
        // No button has changed, so what is shown stays as it is.
        let shown = |d: &Dialogue, s: &Session| view::view(d, s, noon());
        assert_eq!(shown(old, &session), shown(&new, &there), "after {presses}");
        let Some(input) = next(old, &session, &plain(old)) else {
            continue;
        };
        let by_old = step(old, &session, &input, noon());
        let stepped = moved::step(old, &new, &session, &input, noon(), true);
        // The mark of the move stands before what was told.
        let owed: Vec<Owed> = by_old.owed.into_iter().map(one_later).collect();
        assert_eq!(stepped.owed, owed, "after {presses}");
    }
}

#[rstest]
#[case::an_answer_that_was_given_is_gone(changed::without_an_answer(), "something that was said")]
#[case::a_sign_stands_on_a_list_that_was_answered(
    changed::one_more_sign(),
    "the new form understands"
)]
fn what_cannot_be_said_in_the_new_form_stays(#[case] files: Sources, #[case] why: &str) {
    let (old, new) = (&**SHIPPED, loaded(&files));
    let told = after(old, WHOLE);
    let Moved::Pinned(said) = Way::new(old, &new).moved(&told) else {
        panic!("it moved")
    };
    assert!(said.starts_with(why), "{said}");
    // It goes on over the old form as if nothing had happened.
    let plan = press(old, &told, Wish::Act(Act::Plan));
    let stepped = moved::step(old, &new, &told, &plan, noon(), true);
    assert_eq!(stepped, step(old, &told, &plan, noon()));
    // A new check begins on the new form; only while a verdict of before is owed it waits.
    let restart = Input::Command(Command::Restart);
    let held = moved::step(old, &new, &told, &restart, noon(), false);
    let waits = held.session.is_some_and(|s| s.form == old.form);
    // Where every answer has its place, nothing needs to be left behind.
    assert_eq!(waits, why == "something that was said");
    let fresh = moved::step(old, &new, &told, &restart, noon(), true);
    let fresh = fresh.session.expect("it is kept");
    assert_eq!(fresh.form, new.form);
    assert_eq!(open(&new, &fresh), "who");
    assert_eq!(fresh.country, told.country);
    let visit = |d, s: &Session| State::of(d, s).visit;
    assert!(visit(&new, &fresh) > visit(old, &told));
    // What was told is still in the history.
    let days = backtalk::engine::coaching::days(&fresh);
    let by_day = days.iter().any(|d| d.done.told == [Disposition::SelfCare]);
    let is_told = |e: &Event| matches!(e.what, What::Told { .. });
    assert!(by_day != fresh.log.iter().any(is_told));
}

#[test]
fn a_button_of_before_never_answers_another_question() {
    let (old, new) = (&**SHIPPED, loaded(&changed::one_more_question()));
    for presses in 3..WHOLE {
        let session = after(old, presses);
        let Some(input) = next(old, &session, &plain(old)) else {
            break;
        };
        let there = to(Way::new(old, &new).moved(&session));
        let stepped = step(&new, &there, &input, noon());
        let after = stepped.session.expect("it is kept");
        assert_eq!(stepped.notice, Some("stale"), "after {presses}");
        assert_eq!(said(&after).log, said(&there).log, "after {presses}");
    }
    // Nor does one that counts whenever it is pressed.
    let told = to(Way::new(old, &new).moved(&after(old, WHOLE)));
    for wish in [
        Wish::Page(0, 0),
        Wish::Drill(0),
        Wish::CheckInNow(0),
        Wish::SkipCheckIn(0),
    ] {
        let input = Input::Press(Press { visit: 1, wish });
        let stepped = step(&new, &told, &input, noon());
        assert_eq!(stepped.notice, Some("stale"));
        assert_eq!(stepped.session, Some(told.clone()));
    }
}

#[test]
fn what_rises_is_told_with_the_next_word_and_an_emergency_at_once() {
    let old = &**SHIPPED;
    let told = after(old, WHOLE);
    let visit = State::of(old, &told).visit;
    let status = Input::Command(Command::Status);
    for (name, level) in [
        ("urgent", Disposition::Urgent),
        ("emergency", Disposition::Emergency),
    ] {
        let new = loaded(&changed::more_urgent(name));
        let way = Way::new(old, &new);
        assert_eq!(way.fate(&told), Fate::Rises(level));
        let is_emergency = level == Disposition::Emergency;
        let due = moved::step(old, &new, &told, &Input::Due, noon(), true);
        let due = due.session.expect("it is kept");
        assert_eq!(due.form == new.form, is_emergency, "{name}");
        let stepped = moved::step(old, &new, &told, &status, noon(), true);
        let after = stepped.session.expect("it is kept");
        assert_eq!(State::of(&new, &after).disposition(), Some(level));
        assert!(stepped.owed.contains(&Owed::message("version_rises")));
        assert!(
            stepped
                .owed
                .iter()
                .any(|o| matches!(o, Owed::Verdict { .. }))
        );
        assert!(State::of(&new, &after).visit >= visit);
    }
    // What falls stays until a new check.
    let files = changed::more_urgent("urgent");
    let urgent = loaded(&files);
    let told = after(&urgent, WHOLE);
    assert_eq!(
        State::of(&urgent, &told).disposition(),
        Some(Disposition::Urgent)
    );
    let fate = Way::new(&urgent, old).fate(&told);
    assert_eq!(fate, Fate::Falls(Disposition::SelfCare));
    let stepped = moved::step(&urgent, old, &told, &status, noon(), true);
    let kept = stepped.session.expect("it is kept");
    assert_eq!(kept.form, old.form);
    assert_eq!(
        State::of(old, &kept).disposition(),
        Some(Disposition::Urgent)
    );
}

#[test]
fn a_question_of_danger_moves_with_its_fact() {
    let (old, new) = (&**SHIPPED, loaded(&changed::renamed()));
    let mut session = after(old, 4);
    let fact = old.fact("tearing_pain").expect("the fact") as u8;
    let words = || "ripping".to_owned();
    session.aside = Aside::Words {
        fact,
        words: words(),
    };
    session.waiting = vec![Aside::Crisis];
    let there = to(Way::new(old, &new).moved(&session));
    let fact = new.fact("ripping_pain").expect("the fact") as u8;
    assert_eq!(
        there.aside,
        Aside::Words {
            fact,
            words: words()
        }
    );
    assert_eq!(there.waiting, [Aside::Crisis]);
}

static CHANGED: LazyLock<Vec<Dialogue>> = LazyLock::new(|| {
    [
        changed::one_more_question(),
        changed::renamed(),
        changed::without_an_answer(),
        changed::one_more_sign(),
        changed::more_urgent("urgent"),
    ]
    .iter()
    .map(loaded)
    .collect()
});

/// One thing that somebody does: a button by its place, or a word, or nothing for a while.
fn doing() -> impl Strategy<Value = (u8, u8, i64)> {
    let wait = prop_oneof![12 => 1_i64..120, 2 => Just(3 * 3600), 1 => Just(30 * 3600)];
    (0..20_u8, any::<u8>(), wait)
}

/// The session after all this, by real steps.
fn lived(d: &Dialogue, start: usize, doings: &[(u8, u8, i64)]) -> (Session, Timestamp) {
    let mut session = after(d, start);
    let mut now = noon();
    for (kind, which, wait) in doings {
        now += SignedDuration::from_secs(*wait);
        let buttons: Vec<Press> = view::view(d, &session, now)
            .iter()
            .flat_map(|v| v.buttons())
            .filter_map(|b| Press::read(&b.data))
            .filter(|p| !matches!(p.wish, Wish::Act(Act::Refuse | Act::Forget)))
            .collect();
        let input = match kind {
            0 => Input::Due,
            1 => Input::Text("numb between my legs".into()),
            2 => Input::Command(Command::Undo),
            3 => press(d, &session, Wish::Act(Act::Plan)),
            4 => press(d, &session, Wish::Act(Act::StartIce)),
            5 => press(d, &session, Wish::Act(Act::CheckAgain)),
            _ if buttons.is_empty() => Input::Due,
            _ => Input::Press(buttons[usize::from(*which) % buttons.len()].clone()),
        };
        session = step(d, &session, &input, now).session.unwrap_or(session);
    }
    (session, now)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_random_talk_moves_to_its_own_form_unchanged_and_to_others_with_all_that_is_known(
        start in 0..30_usize,
        doings in prop::collection::vec(doing(), 0..40),
    ) {
        let d = &**SHIPPED;
        let (session, now) = lived(d, start, &doings);
        prop_assert_eq!(said(&to(Way::new(d, d).moved(&session))), said(&session));
        let state = State::of(d, &session);
        for new in CHANGED.iter() {
            let Moved::To(there) = Way::new(d, new).moved(&session) else {
                continue;
            };
            let after = State::of(new, &there);
            prop_assert_eq!(after.told, state.told);
            prop_assert_eq!((after.open, after.planned), (state.open, state.planned));
            prop_assert_eq!(there.log.len(), session.log.len() + usize::from(!session.log.is_empty()));
            for (fact, f) in d.facts.iter().enumerate() {
                if let Some(n) = new.fact(&f.id) {
                    let (was, is) = (state.known.get(fact), after.known.get(n));
                    prop_assert_eq!(was.on.count_ones(), is.on.count_ones());
                }
            }
            // Whatever is done next, something comes of it.
            for input in [Input::Due, Input::Command(Command::Status)] {
                let stepped = moved::step(d, new, &session, &input, now, true);
                prop_assert!(stepped.session.is_some());
            }
        }
    }
}
