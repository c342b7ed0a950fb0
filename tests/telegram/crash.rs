//! The program is killed, stopped, and given the same update again.

use std::time::Duration;

use rstest::rstest;

use crate::emulator::Fault;
use crate::stage::{ANN, DANGER, EMERGENCY, Stage, TO_DANGER};

#[tokio::test]
async fn after_a_kill_the_talk_goes_on_where_it_was() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    stage.kill();
    // A press while nobody is there, on the message as it stands.
    let press = ann.person.press(asked.id, "None of these");
    stage.start();
    let next = ann
        .chat
        .wait_for_last(|last| last.button("Numb between the legs").is_some())
        .await;
    assert_eq!((next.id, next.edits), (asked.id, asked.edits + 1));
    stage.telegram.wait_until_confirmed(press.update).await;
    stage.restart();
    let status = ann.command("status").await;
    assert_eq!((&status.text, status.labels()), (&next.text, next.labels()));
    assert_ne!(status.id, next.id, "A command is answered below it.");
    let after = ann.press("None of these").await;
    assert!(after.text.contains("breath and heart"), "{}", after.text);
    assert_eq!(after.id, status.id);
}

/// Killed after the commit, before Telegram had the message: it is owed, and arrives.
#[rstest]
#[case::a_verdict("sendMessage", DANGER, EMERGENCY)]
#[case::the_next_question("editMessageText", "None of these", "numb")]
#[tokio::test]
async fn what_was_committed_and_not_sent_arrives_after_a_kill(
    #[case] method: &str,
    #[case] label: &str,
    #[case] arrives: &str,
) {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    let held = stage
        .telegram
        .fault(Fault::HoldBefore)
        .on(method)
        .in_chat(ANN)
        .arm();
    let press = ann.person.press(asked.id, label);
    held.reached(1).await;
    stage.kill();
    assert_eq!(ann.chat.last().text, asked.text, "Nothing was said yet.");
    assert!(
        !stage.telegram.is_confirmed(press.update),
        "While little is under way, what is not delivered is not acknowledged."
    );
    stage.start();
    let said = ann
        .chat
        .wait_for_last(|last| last.text.to_lowercase().contains(&arrives.to_lowercase()))
        .await;
    stage.telegram.wait_until_confirmed(press.update).await;
    stage.telegram.wait_until_idle().await;
    let messages = ann.chat.messages();
    let same = messages
        .iter()
        .filter(|message| message.text == said.text)
        .count();
    assert_eq!(same, 1, "{}", ann.chat.visible());
    stage.telegram.assert_each_press_answered();
}

#[tokio::test]
async fn an_update_that_was_given_and_never_handled_is_not_lost() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    stage.kill();
    ann.person.press(asked.id, DANGER);
    let held = stage
        .telegram
        .fault(Fault::HoldAfter)
        .on("getUpdates")
        .arm();
    stage.start();
    held.reached(1).await;
    stage.restart();
    ann.chat.wait_for_text(EMERGENCY).await;
}

#[tokio::test]
async fn the_same_update_again_changes_nothing() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let start = ann.person.command("start");
    let welcome = ann.chat.wait_for_text("OK to start?").await;
    let consent = ann.person.press_on(&welcome, "Yes, let's start");
    ann.chat.wait_for_text("Who has the pain").await;
    ann.press("I'm 18 to 49").await;
    let tick = ann.person.press(welcome.id, DANGER);
    ann.chat.wait_for_text(EMERGENCY).await;
    stage.telegram.wait_until_idle().await;
    let before = ann
        .chat
        .wait_for(|messages| messages[0].keyboard.is_empty())
        .await;
    for round in 0..2 {
        for update in [start.update, consent.update, tick.update] {
            stage.telegram.deliver_again(update);
            stage.telegram.wait_until_confirmed(update).await;
        }
        assert_eq!(ann.chat.messages(), before, "Round {round}");
        stage.restart();
    }
}

/// Stopping does not wait for Telegram for ever, and never fails.
#[rstest]
#[case::while_nothing_happens(None)]
#[case::while_a_message_is_under_way(Some("sendMessage"))]
#[case::while_telegram_is_silent(Some("getUpdates"))]
#[tokio::test]
async fn a_polite_stop_ends_the_program_in_time(#[case] held: Option<&str>) {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    stage.telegram.wait_until_idle().await;
    if let Some(method) = held {
        let held = stage
            .telegram
            .fault(Fault::HoldBefore)
            .on(method)
            .until_cleared()
            .arm();
        ann.person.command("status");
        held.reached(1).await;
    }
    let status = stage.stop(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", stage.printed());
}

#[tokio::test]
async fn a_polite_stop_confirms_what_is_done() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let start = ann.person.command("start");
    ann.chat.wait_for_text("OK to start?").await;
    stage.stop(Duration::from_secs(10)).await;
    assert!(stage.telegram.is_confirmed(start.update));
}

#[rstest]
#[case::before_it_knows_itself("getMe")]
#[case::before_it_is_introduced("setMyCommands")]
#[tokio::test]
async fn a_polite_stop_ends_a_start_that_hangs(#[case] method: &str) {
    let mut stage = Stage::empty().await;
    let held = stage
        .telegram
        .fault(Fault::HoldBefore)
        .on(method)
        .until_cleared()
        .arm();
    stage.start();
    held.reached(1).await;
    let status = stage.stop(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", stage.printed());
}
