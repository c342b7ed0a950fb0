//! The bot was away for longer than Telegram keeps taps: who may have lost one is asked again.

use std::time::Duration;

use backtalk::clock::{Clock, SystemClock};
use backtalk::store::commons::Note;
use jiff::SignedDuration;

use crate::stage::{ANN, BEN, DANGER, PATIENCE, Stage, TO_DANGER};

const AWAY: &str = "Sorry, I was offline and may have missed your tap. Please tap again.";

/// The bot stops and was away for ten minutes when it starts again.
async fn is_away(stage: &mut Stage) {
    stage.stop(PATIENCE).await;
    let store = stage.open().await;
    // As if everybody had been active just before Telegram was last reached.
    for person in store.people().await.expect("The store answers.") {
        let record = store.load(person).await.expect("The store answers.");
        let mut record = record.expect("There is a record.");
        record.active -= SignedDuration::from_mins(11);
        let version = record.version;
        let kept = store.commit(person, version, &record, None).await;
        kept.expect("The store answers.");
    }
    let then = SystemClock.now() - SignedDuration::from_mins(10);
    let note = then.as_millisecond().to_string();
    let noted = store.set_note(Note::Polled, &note).await;
    noted.expect("The store answers.");
}

#[tokio::test]
async fn who_may_have_lost_a_tap_is_asked_again_once() {
    let mut stage = Stage::begin().await;
    let [ann, ben, cara, dan, eve] = [ANN, BEN, 9, 10, 11].map(|id| stage.talk(id));
    for talk in [&ann, &ben, &cara, &dan, &eve] {
        talk.command("start").await;
        talk.press_all(TO_DANGER).await;
    }
    // Cara has no open question any more, and Dan wants no messages.
    cara.press(DANGER).await;
    dan.command("stop").await;
    stage.telegram.wait_until_idle().await;
    is_away(&mut stage).await;
    // Telegram forgets what Ann pressed. What Ben writes is kept.
    let asked = ann.latest_with("None of these");
    ann.person.press_on(&asked, "None of these");
    stage.telegram.expire_presses();
    ben.person.command("status");
    let silent = [&cara, &dan].map(|talk| talk.chat.messages());
    let before_ben = ben.chat.messages().len();

    stage.start();
    for talk in [&ann, &eve] {
        let again = talk.chat.wait_for_text(AWAY).await;
        assert_eq!(again.labels(), asked.labels());
        assert_ne!(again.id, asked.id, "The question comes again, below.");
    }
    ben.chat
        .wait_for(|messages| messages.len() > before_ben)
        .await;
    // The tap works now, and the word of excuse goes.
    let next = ann.press("None of these").await;
    assert!(next.button("Numb between the legs").is_some());
    assert!(!next.text.contains(AWAY));
    stage.telegram.wait_until_idle().await;
    let count = |stage: &Stage| {
        let requests = stage.telegram.requests();
        let said = |request: &&crate::emulator::Request| {
            request.method == "sendMessage" && request.body["text"].to_string().contains(AWAY)
        };
        requests
            .iter()
            .filter(said)
            .filter_map(|request| request.chat)
            .collect::<Vec<_>>()
    };
    let mut told = count(&stage);
    told.sort_unstable();
    assert_eq!(told, [ANN, 11]);

    // Neither a kill nor another start asks them once more.
    stage.restart();
    ben.command("status").await;
    stage.stop(Duration::from_secs(10)).await;
    stage.start();
    ben.command("status").await;
    assert_eq!(count(&stage).len(), 2);
    assert_eq!([&cara, &dan].map(|talk| talk.chat.messages()), silent);
}
