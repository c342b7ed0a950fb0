//! The program dies at every boundary that an update passes, and is started again: the talk goes on
//! as if nothing had happened, but for one message that may stand in the chat twice.

use backtalk::engine::Session;
use backtalk::fail_point;
use backtalk::store::Record;
use rstest::rstest;

use crate::redis_server::Server;
use crate::stage::{DANGER, EMERGENCY, PATIENCE, Stage, TO_DANGER, Talk};

/// What is done while the program dies, and how its answer is known.
#[derive(Clone, Copy)]
enum Act {
    Press(&'static str),
    Write(&'static str),
}

impl Act {
    /// Do it; the answer is its update.
    fn by(self, talk: &Talk) -> u32 {
        match self {
            Act::Press(label) => talk.person.press_on(&talk.latest_with(label), label).update,
            Act::Write(text) => talk.person.text(text).update,
        }
    }
}

const TAP: (Act, &str) = (Act::Press("None of these"), "Numb between the legs");
const TYPED: (Act, &str) = (Act::Write("none of these"), "Numb between the legs");
const VERDICT: (Act, &str) = (Act::Press(DANGER), "");

#[rstest]
#[case::with_a_tap(TAP)]
#[case::with_typed_words(TYPED)]
#[case::with_a_verdict(VERDICT)]
#[tokio::test]
async fn a_death_at_any_boundary_changes_nothing(#[case] act: (Act, &str)) {
    let stage = Stage::empty().await;
    dies_at(stage, &fail_point::ALL, act).await;
}

#[tokio::test]
async fn a_death_at_any_boundary_changes_nothing_on_redis() {
    let server = Server::start(&[]);
    let stage = Stage::on_redis(server.address()).await;
    let points = ["commit.after", "send.after"];
    dies_at(stage, &points, VERDICT).await;
}

/// One person for each boundary, and one who sees no fault.
async fn dies_at(mut stage: Stage, points: &[&str], (act, offers): (Act, &str)) {
    let offers = |talk: &Talk| {
        let is_answer = move |text: &str, has: bool| match offers {
            "" => text.starts_with(EMERGENCY),
            _ => has,
        };
        let chat = talk.chat.clone();
        async move {
            chat.wait_for_last(|last| is_answer(&last.text, last.button(offers).is_some()))
                .await
        }
    };
    stage.start();
    let well = stage.talk(100);
    let people: Vec<Talk> = (1..=points.len() as i64)
        .map(|n| stage.talk(100 + n))
        .collect();
    for talk in people.iter().chain([&well]) {
        talk.command("start").await;
        talk.press_all(TO_DANGER).await;
    }
    act.by(&well);
    offers(&well).await;
    well.command("status").await;
    stage.telegram.wait_until_idle().await;
    stage.stop(PATIENCE).await;
    for (point, talk) in points.iter().zip(&people) {
        stage.start_with(&[("BACKTALK_DIE_AT", point)]);
        let update = act.by(talk);
        stage.death().await;
        stage.start();
        offers(talk).await;
        stage.telegram.wait_until_confirmed(update).await;
        let said = talk.person.command("status");
        stage.telegram.wait_until_confirmed(said.update).await;
        // On Redis the next leader need not wait for the lease of one that stopped.
        stage.stop(PATIENCE).await;
    }
    let expected = seen(&stage, &well).await;
    for (point, talk) in points.iter().zip(&people) {
        let (chat, kept) = seen(&stage, talk).await;
        assert_eq!(kept, expected.1, "{point}");
        let duplicates = chat.len() - expected.0.len();
        println!("{point}: {duplicates} message(s) twice");
        let is_same = match duplicates {
            0 => chat == expected.0,
            1 => (0..chat.len()).any(|twice| {
                let mut once = chat.clone();
                let (text, _) = once.remove(twice);
                once == expected.0 && once.iter().any(|(other, _)| *other == text)
            }),
            _ => false,
        };
        assert!(is_same, "{point}:\n{}", talk.chat.visible());
    }
    stage.telegram.assert_each_press_answered();
}

/// A chat as its person sees it, and what is kept of them but for times and numbers of messages.
async fn seen(stage: &Stage, talk: &Talk) -> (Vec<(String, String)>, String) {
    let messages = talk.chat.messages();
    let chat = messages.iter().map(|message| {
        let labels = format!("{:?}", message.labels());
        (message.text.clone(), labels)
    });
    let record = stage.record(talk.person.id()).await;
    let record = record.expect("There is a record.");
    let lowest = messages.last().map(|message| message.id);
    if let Some(shown) = record.body.shown {
        assert_eq!(Some(shown.message), lowest);
    }
    (chat.collect(), kept(record))
}

fn kept(record: Record) -> String {
    let body = record.body;
    let session = body.session.map(|session| Session {
        log: without_times(session.log, |event| event.at_ms = 0),
        rounds: without_times(session.rounds, |event| event.at_ms = 0),
        ..session
    });
    let is_due = record.due.is_some();
    let shown = body.shown.map(|shown| shown.view);
    format!(
        "{session:#?} {shown:?} {:?} {:?} due: {is_due}",
        body.owed, body.folding
    )
}

fn without_times<T>(mut events: Vec<T>, strip: impl Fn(&mut T)) -> Vec<T> {
    events.iter_mut().for_each(strip);
    events
}
