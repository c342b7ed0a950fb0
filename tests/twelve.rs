//! The dialogue that Backtalk is measured with beside other bots: `benches/twelve`.

use std::path::Path;

use backtalk::dialogue::check::check;
use backtalk::dialogue::issue;
use backtalk::dialogue::{Dialogue, load};
use backtalk::engine::{Input, Owed, Press, Session, Step, begin, step, view};
use backtalk::shipped;
use jiff::Timestamp;

fn twelve() -> Dialogue {
    let sources = shipped::folder(Path::new("benches/twelve")).expect("the folder is there");
    load::load(&sources, "twelve")
        .unwrap_or_else(|issues| panic!("{}", issue::print(&issues, &sources, false)))
}

fn say(d: &Dialogue, session: &Session, input: &Input) -> Step {
    step(d, session, input, Timestamp::UNIX_EPOCH)
}

/// The talk of somebody who presses this answer of every question: what each question says, and
/// what is owed after the last.
fn talk(d: &Dialogue, answer: usize) -> (Vec<String>, Session, Vec<Owed>) {
    let start = Input::Start { language: None };
    let mut now = say(d, &begin(d), &start);
    let mut asked = Vec::new();
    loop {
        let session = now.session.expect("nobody is forgotten");
        let Some(shown) = view::view(d, &session, Timestamp::UNIX_EPOCH) else {
            return (asked, session, now.owed);
        };
        asked.push(shown.text);
        let rows: Vec<usize> = shown.rows.iter().map(Vec::len).collect();
        assert_eq!(rows[..2], [2, 2], "two answers a row");
        let button = shown.rows.iter().flatten().nth(answer).expect("a button");
        let press = Press::read(&button.data).expect("a press of our own");
        now = say(d, &session, &Input::Press(press));
    }
}

#[test]
fn start_shows_the_first_question_and_twelve_taps_reach_the_summary() {
    let d = twelve();
    for (answer, first, last) in [(0, "1. Left", "12. Never"), (3, "1. Centre", "12. Often")] {
        let (asked, session, owed) = talk(&d, answer);
        assert_eq!(asked.len(), 12, "{asked:#?}");
        for (n, text) in asked.iter().enumerate() {
            assert!(
                text.starts_with(&format!("Question {} of 12.", n + 1)),
                "{text}"
            );
        }
        let told: Vec<String> = owed
            .iter()
            .map(|o| view::render(&d, &session, o, Timestamp::UNIX_EPOCH).text)
            .collect();
        let [summary] = told.as_slice() else {
            panic!("one message is owed: {told:?}");
        };
        assert!(summary.starts_with("Summary\n"), "{summary}");
        assert!(
            summary.contains(first) && summary.contains(last),
            "{summary}"
        );
    }
}

#[test]
fn nothing_is_wrong_with_it() {
    let sources = shipped::folder(Path::new("benches/twelve")).expect("the folder is there");
    let issues = check(&twelve(), &sources);
    assert!(
        issues.is_empty(),
        "{}",
        issue::print(&issues, &sources, false)
    );
}
