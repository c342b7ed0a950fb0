//! Telegram refuses, floods, breaks and cuts; people block the bot and come back.

use rstest::rstest;

use crate::emulator::{Answer, Fault, Request};
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, Stage, TO_DANGER};

fn refusal(description: &str) -> Fault {
    Fault::Refuse {
        code: 400,
        description: format!("Bad Request: {description}"),
    }
}

/// Whatever happens to one request, the message arrives and can be used.
#[rstest]
#[case::flooded("sendMessage", Fault::Flood { retry_after: 1 })]
#[case::broken("sendMessage", Fault::Broken { status: 502 })]
#[case::cut_before("sendMessage", Fault::CutBefore)]
#[case::cut_after("sendMessage", Fault::CutAfter)]
#[case::refused("sendMessage", refusal("something new of Telegram's"))]
#[case::flooded_edit("editMessageText", Fault::Flood { retry_after: 1 })]
#[case::cut_before_edit("editMessageText", Fault::CutBefore)]
#[case::cut_after_edit("editMessageText", Fault::CutAfter)]
#[case::another_poller("getUpdates", Fault::Refuse {
    code: 409,
    description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running".into(),
})]
#[case::poll_cut("getUpdates", Fault::CutAfter)]
#[case::poll_flooded("getUpdates", Fault::Flood { retry_after: 1 })]
#[case::press_answered_too_late(
    "answerCallbackQuery",
    refusal("query is too old and response timeout expired or query ID is invalid")
)]
#[tokio::test]
async fn a_failing_request_does_not_lose_the_talk(#[case] method: &str, #[case] fault: Fault) {
    let stage = Stage::begin().await;
    let fault = stage.telegram.fault(fault).on(method).arm();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press("Yes, let's start").await;
    ann.chat.wait_for_text("Who has the pain").await;
    ann.press("I'm 18 to 49").await;
    let said = ann.press(DANGER).await;
    assert!(said.text.starts_with(EMERGENCY), "{}", ann.chat.visible());
    assert_eq!(fault.hits(), 1);
}

#[rstest]
#[case::since_it_is_gone("message to edit not found")]
#[case::since_it_is_too_old("message can't be edited")]
#[case::since_its_number_is_wrong("MESSAGE_ID_INVALID")]
#[case::for_a_new_reason("something new of Telegram's")]
#[tokio::test]
async fn a_question_that_cannot_be_edited_is_sent_anew(#[case] reason: &str) {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let welcome = ann.command("start").await;
    stage
        .telegram
        .fault(refusal(reason))
        .on("editMessageText")
        .arm();
    let asked = ann.press("Yes, let's start").await;
    assert!(asked.text.starts_with("Who has the pain"), "{}", asked.text);
    assert_ne!(asked.id, welcome.id);
    let next = ann.press("I'm 18 to 49").await;
    assert_eq!((next.id, next.edits), (asked.id, 1));
}

/// The press is answered and the message is sent, whichever of the two is slow.
#[rstest]
#[case::a_slow_answer("answerCallbackQuery")]
#[case::a_slow_message("sendMessage")]
#[tokio::test]
async fn a_press_and_its_message_do_not_wait_for_each_other(#[case] slow: &str) {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    let held = stage.telegram.fault(Fault::HoldBefore).on(slow).arm();
    let press = ann.person.press(asked.id, DANGER);
    held.reached(1).await;
    if slow == "sendMessage" {
        stage
            .telegram
            .wait_for_answers(|answers| answers.iter().any(|a| a.query == press.query))
            .await;
    } else {
        ann.chat.wait_for_text(EMERGENCY).await;
    }
    held.release();
    ann.chat.wait_for_text(EMERGENCY).await;
    stage.telegram.wait_until_idle().await;
}

#[tokio::test]
async fn a_flooded_message_is_tried_again_when_telegram_allows_it() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    stage
        .telegram
        .fault(Fault::Flood { retry_after: 1 })
        .on("sendMessage")
        .in_chat(ANN)
        .arm();
    ann.command("start").await;
    let answered = |requests: &[Request]| {
        let sent = requests
            .iter()
            .filter(|request| request.method == "sendMessage");
        sent.map(|request| request.status).collect::<Vec<_>>() == [Some(429), Some(200)]
    };
    stage.telegram.wait_for_requests(answered).await;
}

/// Ann's messages do not get through; Ben does not notice.
#[rstest]
#[case::flooded(Fault::Flood { retry_after: 3600 })]
#[case::held(Fault::HoldBefore)]
#[tokio::test]
async fn one_chat_in_trouble_does_not_block_another(#[case] fault: Fault) {
    let stage = Stage::begin().await;
    let fault = stage
        .telegram
        .fault(fault)
        .on("sendMessage")
        .in_chat(ANN)
        .until_cleared()
        .arm();
    let (ann, ben) = (stage.talk(ANN), stage.talk(BEN));
    ann.person.command("start");
    fault.reached(1).await;
    ben.command("start").await;
    ben.press_all(TO_DANGER).await;
    let said = ben.press(DANGER).await;
    assert!(said.text.starts_with(EMERGENCY), "{}", said.text);
    assert!(ann.chat.messages().is_empty());
}

#[tokio::test]
async fn a_flood_of_updates_gets_one_kind_line_each_and_the_rest_is_in_order() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let asked = ann.command("start").await;
    let held = stage
        .telegram
        .fault(Fault::HoldBefore)
        .on("editMessageText")
        .arm();
    ann.person.press_on(&asked, "Yes, let's start");
    held.reached(1).await;
    for _ in 0..14 {
        ann.person.press_on(&asked, "Tell me more");
    }
    // Ten wait for their turn; those beyond are answered at once.
    let busy = |text: &str| text.starts_with("That was a lot at once");
    let all_shed =
        |answers: &[Answer]| answers.iter().filter(|answer| busy(&answer.text)).count() == 4;
    stage.telegram.wait_for_answers(all_shed).await;
    held.release();
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
    assert!(all_shed(&stage.telegram.answers()));
    assert_eq!(ann.chat.messages().len(), 1);
}

/// Who blocks the bot is left alone, and nothing is due any more; who comes back goes on.
#[rstest]
#[case::which_telegram_tells(false)]
#[case::which_shows_when_we_write(true)]
#[tokio::test]
async fn a_block_stops_everything_until_the_person_comes_back(#[case] on_writing: bool) {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press_all(TO_DANGER).await;
    let verdict = ann.press(DANGER).await;
    stage.telegram.wait_until_idle().await;
    ann.chat
        .wait_for(|messages| messages[0].keyboard.is_empty())
        .await;
    if on_writing {
        // Telegram says nothing of the block, so the bot finds out by itself.
        let told = stage.telegram.fault(Fault::Refuse {
            code: 403,
            description: "Forbidden: bot was blocked by the user".into(),
        });
        let told = told.on("sendMessage").arm();
        let asked = ann.person.command("status");
        told.reached(1).await;
        stage.telegram.wait_until_confirmed(asked.update).await;
    } else {
        let blocked = ann.person.block_bot();
        stage.telegram.wait_until_confirmed(blocked).await;
    }
    stage.kill();
    let record = stage.record(ANN).await.expect("There is a record.");
    assert_eq!(record.due, None, "No timer is left.");
    assert!(record.body.owed.is_empty());
    let so_far = ann.chat.messages();
    stage.start();
    if !on_writing {
        let back = ann.person.unblock();
        stage.telegram.wait_until_confirmed(back).await;
    }
    let ben = stage.talk(BEN);
    ben.command("start").await;
    assert_eq!(ann.chat.messages(), so_far, "The bot does not write first.");
    let again = ann.command("start").await;
    assert!(again.text.starts_with("Welcome back."), "{}", again.text);
    let same = ann.press("Carry on").await;
    assert_eq!(same.text, verdict.text);
    stage.telegram.wait_until_idle().await;
    stage.kill();
    let record = stage.record(ANN).await.expect("There is a record.");
    assert!(record.due.is_some(), "The check-in is wanted again.");
}

#[tokio::test]
async fn a_block_by_somebody_unknown_keeps_and_sends_nothing() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let blocked = ann.person.block_bot();
    stage.telegram.wait_until_confirmed(blocked).await;
    assert!(stage.telegram.requests_of("sendMessage").is_empty());
    stage.kill();
    assert_eq!(stage.record(ANN).await, None);
}
