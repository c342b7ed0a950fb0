//! What is said to change an advice does change it, for thousands of people: nothing is claimed
//! that the rules do not say, and nothing more urgent is missed.

use std::sync::LazyLock;

use backtalk::assess::assess;
use backtalk::dialogue::check::people::{self, Sayable};
use backtalk::dialogue::{Concern, Dialogue, Disposition, FactKind, Knowledge, Known, load};
use backtalk::engine::{State, verdict};
use backtalk::what_if::{
    self, Answer, MOST_ANSWERS, MOST_CHANGES, changes, keeps_from_self_care, not_harmless, phrase,
    without,
};
use backtalk::{answerer, shipped};
use jiff::Timestamp;

static DIALOGUE: LazyLock<Dialogue> = LazyLock::new(|| {
    load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads")
});

/// People who are told what would change their advice, with what they are told.
static PEOPLE: LazyLock<Vec<(Knowledge, Disposition)>> = LazyLock::new(|| {
    people::all(&Sayable::new(&DIALOGUE), 2_000)
        .into_iter()
        .map(|p| {
            let told = assess(&DIALOGUE, &p).disposition;
            (p, told)
        })
        .filter(|(_, told)| *told < Disposition::Emergency && *told > Disposition::NoTriage)
        .collect()
});

/// What the rules say of a person with one more answer, by nothing but the rules.
fn told_with(person: &Knowledge, fact: usize, option: u8) -> Disposition {
    let d = &*DIALOGUE;
    let mut changed = person.clone();
    changed.set(
        fact,
        match d.facts[fact].kind {
            FactKind::Multi => {
                Known::exactly(person.get(fact).on | 1 << option, d.facts[fact].all())
            }
            _ => Known::one(option),
        },
    );
    assess(d, &changed).disposition
}

#[test]
fn each_change_gives_exactly_what_it_says() {
    let d = &*DIALOGUE;
    assert!(PEOPLE.len() > 2_000, "{}", PEOPLE.len());
    for (person, told) in PEOPLE.iter() {
        let found = changes(d, person, *told);
        assert!(!found.is_empty() && found.len() <= MOST_CHANGES);
        assert!(found.is_sorted_by(|a, b| a.disposition >= b.disposition));
        for c in &found {
            assert!(c.disposition > *told, "{c:?}");
            for changed in what_if::people(d, person, &c.answers) {
                assert_eq!(assess(d, &changed).disposition, c.disposition, "{c:?}");
            }
            for &(fact, option) in &c.answers {
                assert!(phrase(&d.facts[fact], option).is_some(), "{c:?}");
                assert!(person.get(fact).on & (1 << option) == 0, "{c:?}");
            }
        }
    }
}

#[test]
fn no_single_answer_with_a_phrase_is_more_urgent_than_the_first() {
    let d = &*DIALOGUE;
    for (person, told) in PEOPLE.iter() {
        let first = changes(d, person, *told).remove(0);
        for (fact, f) in d.facts.iter().enumerate() {
            for option in (0..f.options.len() as u8).filter(|o| phrase(f, *o).is_some()) {
                let would = told_with(person, fact, option);
                assert!(
                    would <= first.disposition,
                    "{} = {} gives {would:?}, the first is {first:?}",
                    f.id,
                    f.options[usize::from(option)].id
                );
            }
        }
    }
}

/// "A temperature of 38.3 or more" would say that 38.0 may wait.
#[test]
fn no_milder_answer_is_as_urgent_as_one_that_is_told() {
    let d = &*DIALOGUE;
    for (person, told) in PEOPLE.iter() {
        for c in changes(d, person, *told) {
            let [(fact, option)] = c.answers[..] else {
                continue;
            };
            let (f, now) = (&d.facts[fact], person.get(fact).option());
            let milder: Vec<u8> = match &f.concern {
                Concern::Order(order) => {
                    let place = |o: u8| order.iter().position(|x| *x == o);
                    let Some(at) = place(option) else { continue };
                    let from = now.and_then(place).map_or(0, |n| n + 1);
                    order.get(from..at).unwrap_or_default().to_vec()
                }
                Concern::Rising => (now.unwrap_or(0) + 1..option).collect(),
                Concern::None | Concern::Adding => continue,
            };
            for o in milder.into_iter().filter(|o| phrase(f, *o).is_some()) {
                let range = what_if::people(d, person, &[(fact, o)]);
                let all = range.iter().map(|p| assess(d, p).disposition);
                let least = all.min().expect("at least one value");
                assert!(least < c.disposition, "{} {o} is as urgent: {c:?}", f.id);
            }
        }
    }
}

#[test]
fn two_answers_are_named_only_where_neither_alone_does_it() {
    let d = &*DIALOGUE;
    for (person, told) in PEOPLE.iter().step_by(PEOPLE.len() / 20) {
        let ones = what_if::of_one(d, person, *told);
        let twos = what_if::of_two(d, person, *told, &ones);
        assert!(!twos.is_empty());
        for c in twos {
            for changed in what_if::people(d, person, &c.answers) {
                assert_eq!(assess(d, &changed).disposition, c.disposition, "{c:?}");
            }
            for &(fact, option) in &c.answers {
                let alone = what_if::people(d, person, &[(fact, option)]);
                let all = alone.iter().map(|p| assess(d, p).disposition);
                assert!(all.min() < Some(c.disposition), "{c:?}");
            }
        }
    }
}

#[test]
fn without_what_keeps_it_from_self_care_it_is_self_care() {
    let d = &*DIALOGUE;
    let (mut named, mut too_many) = (0, 0);
    for (person, told) in PEOPLE.iter() {
        let Some(kept) = keeps_from_self_care(d, person) else {
            too_many += 1;
            continue;
        };
        named += 1;
        assert_eq!(kept.is_empty(), *told == Disposition::SelfCare);
        assert!(kept.len() <= MOST_ANSWERS);
        let left = without(d, person, &kept);
        assert_eq!(assess(d, &left).disposition, Disposition::SelfCare);
    }
    assert!(named > 10 * too_many, "{named} named, {too_many} too many");
}

#[test]
fn no_smaller_set_of_answers_would_do() {
    let d = &*DIALOGUE;
    let self_care = |p: &Knowledge, gone: &[Answer]| {
        assess(d, &without(d, p, gone)).disposition == Disposition::SelfCare
    };
    for (person, _) in PEOPLE.iter().step_by(4) {
        let size = keeps_from_self_care(d, person).map_or(MOST_ANSWERS + 1, |k| k.len());
        let all = not_harmless(d, person);
        for (n, a) in all.iter().enumerate() {
            assert!(size <= 1 || !self_care(person, &[*a]), "{a:?}");
            if size <= 2 || all.len() > 24 {
                continue;
            }
            for (m, b) in all.iter().enumerate().skip(n + 1) {
                assert!(!self_care(person, &[*a, *b]), "{a:?} {b:?}");
                if size <= 3 || all.len() > 12 {
                    continue;
                }
                for c in &all[m + 1..] {
                    assert!(!self_care(person, &[*a, *b, *c]), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}

/// Telegram takes 4096 characters; a longer message goes in parts, cut between lines.
#[test]
fn what_would_change_it_is_short_for_everybody() {
    let d = &*DIALOGUE;
    let heading = d.messages["what_if"].text.source();
    let heading = heading.lines().next().expect("a heading");
    let mut most = 0;
    for (person, told) in PEOPLE.iter().step_by(PEOPLE.len() / 150) {
        let session = answerer::hold(d, person, Timestamp::UNIX_EPOCH).session;
        let state = State::of(d, &session);
        if state.disposition() != Some(*told) {
            continue;
        }
        let why = verdict::why(d, &session, &state);
        assert!(why.lines().all(|l| l.chars().count() <= 1_000), "{why}");
        let Some(at) = why.find(heading) else {
            continue;
        };
        most = most.max(why[at..].chars().count());
        assert!(why[at..].chars().count() <= 900, "{}", &why[at..]);
    }
    assert!(most > 200, "{most}");
}

#[test]
fn nothing_is_above_an_emergency_and_nobody_is_talked_out_of_their_need() {
    let d = &*DIALOGUE;
    let heading = "What would change this advice";
    for (fact, option, told, is_said) in [
        ("chest_pain", "yes", Disposition::Emergency, false),
        ("mood", "in_danger_now", Disposition::Emergency, false),
        ("mood", "thoughts_of_harm", Disposition::Urgent, false),
        ("mood", "hopeless", Disposition::Soon, false),
        ("mood", "low", Disposition::SelfCare, true),
        ("rash_band", "yes", Disposition::Soon, true),
    ] {
        let mut person = d.completed(&d.nothing_known());
        let id = d.fact(fact).expect("a fact");
        let option = d.facts[id].option(option).expect("an option");
        person.set(id, Known::one(option));
        let session = answerer::hold(d, &person, Timestamp::UNIX_EPOCH).session;
        let state = State::of(d, &session);
        assert_eq!(state.disposition(), Some(told), "{fact}");
        let why = verdict::why(d, &session, &state);
        assert_eq!(why.contains(heading), is_said, "{fact}: {why}");
    }
}
