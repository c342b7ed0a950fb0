//! The size of a dialogue: ten to a thousand questions of the kind of the twelve.

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use backtalk::dialogue::issue::Sources;
use backtalk::dialogue::{Dialogue, load};
use backtalk::engine::{Input, Press, Session, State, begin, step, view};
use backtalk::shipped;
use backtalk::store::{Person, Record, Stored};
use jiff::{SignedDuration, Timestamp};

use crate::store::keys;

/// Answers that are given before it is measured. A log takes some hundreds of events, and then a check
/// begins anew, so nobody gets to the end of a thousand questions.
const MOST_ANSWERS: usize = 250;

/// Print a line for each size.
pub fn table() {
    println!(
        "\n### Questions in the dialogue, half of them answered ({MOST_ANSWERS} at most)\n\n\
         | questions | answered | load ms | step µs | fold µs | view µs | sealed record bytes |\n\
         |---:|---:|---:|---:|---:|---:|---:|"
    );
    for questions in [10, 30, 100, 300, 1000] {
        row(questions);
    }
}

fn row(questions: usize) {
    let files = files(questions);
    let began = Instant::now();
    let d = load::load(&files, "twelve").expect("it loads");
    let load_ms = began.elapsed().as_secs_f64() * 1000.0;
    let mut now = Timestamp::from_second(1_772_434_800).expect("a time");
    let start = Input::Start { language: None };
    let mut session = after(&d, &begin(&d), &start, now);
    let answers = (questions / 2).min(MOST_ANSWERS);
    for _ in 0..answers {
        now += SignedDuration::from_secs(7);
        let press = first(&d, &session, now);
        session = after(&d, &session, &press, now);
    }
    let press = first(&d, &session, now);
    let step_us = middle(|| {
        black_box(step(&d, &session, &press, now));
    });
    let fold_us = middle(|| {
        black_box(State::of(&d, &session));
    });
    let view_us = middle(|| {
        black_box(view::view(&d, &session, now));
    });
    let mut record = Record::default();
    record.body.session = Some(session);
    let bytes = Stored::after(Person(1_000_000_001), 1, &record, &keys())
        .body
        .len();
    println!(
        "| {questions} | {answers} | {load_ms:.0} | {step_us:.1} | {fold_us:.1} | {view_us:.1} | {bytes} |"
    );
}

fn after(d: &Dialogue, session: &Session, input: &Input, now: Timestamp) -> Session {
    let after = step(d, session, input, now).session;
    after.expect("nobody is forgotten")
}

fn first(d: &Dialogue, session: &Session, now: Timestamp) -> Input {
    let shown = view::view(d, session, now).expect("a question is open");
    Input::Press(Press::read(&shown.rows[0][0].data).expect("a press of our own"))
}

/// Microseconds: the middle of what it takes, over a tenth of a second.
fn middle(mut run: impl FnMut()) -> f64 {
    let mut took = Vec::new();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(100) || took.len() < 10 {
        let one = Instant::now();
        run();
        took.push(one.elapsed());
    }
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1e6
}

/// The files of the twelve with so many questions in their place.
fn files(questions: usize) -> Sources {
    let mut files = shipped::folder("benches/twelve".as_ref()).expect("the folder is there");
    let (mut facts, mut screens, mut lines) = (String::new(), String::new(), String::new());
    for n in 1..=questions {
        let options = ["a", "b", "c", "d"];
        let labels = options.map(|o| format!("{{ id: {o}, label: \"Answer {o}\" }}"));
        let _ = writeln!(
            facts,
            "  - {{ fact: q{n}, type: choice, phase: 1, name: question {n}, options: [{}], default: a, \
             concern: none, question: \"What is {n}?\", why: \"It is counted.\", source: [OURS] }}",
            labels.join(", ")
        );
        let answers = options.map(|o| format!("{{ say: \"Answer {o}\", fact: q{n} = {o} }}"));
        let _ = writeln!(
            screens,
            "  - {{ screen: q{n}, phase: safety, ask: \"Question {n}. Which one?\", one_of: [{}] }}",
            answers.join(", ")
        );
        for o in options {
            let _ = writeln!(
                lines,
                "  - {{ line: q{n}_{o}, when: q{n} = {o}, say: \"{n}. {o}\", source: [OURS] }}"
            );
        }
    }
    let mut put = |file: &str, from: &str, to: Option<&str>, new: &str| {
        let text = files.get_mut(file).expect("the file is there");
        let start = text.find(from).expect("it begins there");
        let end = to.map_or(text.len(), |to| text.find(to).expect("it ends there"));
        text.replace_range(start..end, new);
    };
    put("twelve/facts.yaml", "  - fact: side", None, &facts);
    put("twelve/dialogue.yaml", "  - screen: side", None, &screens);
    put(
        "twelve/verdict.yaml",
        "  - { line: side_left",
        Some("\nmessages:"),
        &lines,
    );
    let plan = files
        .get_mut("twelve/plan.yaml")
        .expect("the file is there");
    *plan = plan.replace("fever = high", "q1 = a");
    files
}
