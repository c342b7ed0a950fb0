//! Talks as they should go: the whole way, an emergency, presses of every kind, two people at once.

use rstest::rstest;

use crate::emulator::{Message, Person, Pressed};
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, PLAIN, PLAIN_VERDICT, Stage, TO_DANGER};

const STALE: &str = "That question is done. Here is where we are now.";

#[tokio::test]
async fn a_plain_strain_is_one_question_message_that_is_edited_and_then_a_verdict() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let welcome = ann.command("start").await;
    assert!(
        welcome.text.contains("Call 999 or 112 now"),
        "{}",
        welcome.text
    );
    let verdict = ann.press_all(PLAIN).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    assert!(verdict.button("Make my plan").is_some());
    stage.telegram.wait_until_idle().await;
    let messages = ann
        .chat
        .wait_for(|messages| messages[0].keyboard.is_empty())
        .await;
    let [question, last] = messages.as_slice() else {
        panic!("{}", ann.chat.visible())
    };
    assert_eq!((question.id, last.id), (welcome.id, verdict.id));
    assert_eq!(question.edits, PLAIN.len());
    assert!(
        question.text.starts_with("Your answers so far:\n"),
        "{}",
        question.text
    );
    assert!(
        question.text.contains("Lifting or twisting · "),
        "{}",
        question.text
    );
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}

#[tokio::test]
async fn an_emergency_acts_on_the_tap_and_can_be_taken_back_as_a_slip() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    let verdict = ann.press(DANGER).await;
    assert!(verdict.text.starts_with(EMERGENCY), "{}", verdict.text);
    assert_eq!(ann.chat.messages().len(), 2);
    let slip = ann.command("undo").await;
    assert!(
        slip.text.starts_with("OK, just to be clear."),
        "{}",
        slip.text
    );
    let again = ann.press("No, a slip").await;
    assert_eq!(again.labels(), asked.labels());
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}

/// The presses that fit no open question.
#[rstest]
#[case::on_a_button_of_an_earlier_question(|ann: &Person, old: &Message| ann.press_on(old, "I'm 18 to 49"))]
#[case::on_the_welcome(|ann: &Person, old: &Message| ann.press_data(old.id, "0!consent"))]
#[case::on_a_message_telegram_no_longer_shows(|ann: &Person, old: &Message| ann.press_inaccessible(old.id, "1a0"))]
#[case::on_no_message(|ann: &Person, _: &Message| ann.press_without_message("1a0"))]
#[case::of_data_we_never_made(|ann: &Person, old: &Message| ann.press_data(old.id, "9d1; drop"))]
#[case::of_an_item_that_is_not_there(|ann: &Person, old: &Message| ann.press_data(old.id, "2t200"))]
#[case::of_too_much_data(|ann: &Person, old: &Message| ann.press_data(old.id, &"9".repeat(80)))]
#[case::of_no_data(|ann: &Person, old: &Message| ann.press_data(old.id, ""))]
#[tokio::test]
async fn a_press_that_fits_nothing_gets_a_notice_and_the_question_stays(
    #[case] press: fn(&Person, &Message) -> Pressed,
) {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let old = ann.press("Yes, let's start").await;
    ann.press("I'm 18 to 49").await;
    let before = ann.chat.messages();
    let pressed = press(&ann.person, &old);
    let answers = stage
        .telegram
        .wait_for_answers(|answers| answers.len() == 3)
        .await;
    assert_eq!(
        (answers[2].query.as_str(), answers[2].text.as_str()),
        (pressed.query.as_str(), STALE)
    );
    stage.telegram.wait_until_confirmed(pressed.update).await;
    assert_eq!(ann.chat.messages(), before);
    let next = ann.press("None of these").await;
    assert!(
        next.button("Numb between the legs").is_some(),
        "{}",
        next.text
    );
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}

#[tokio::test]
async fn a_double_tap_does_nothing_twice() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let welcome = ann.command("start").await;
    ann.person.press_on(&welcome, "Yes, let's start");
    ann.person.press_on(&welcome, "Yes, let's start");
    stage.telegram.wait_until_idle().await;
    let who = ann.chat.wait_for_text("Who has the pain").await;
    assert_eq!(who.edits, 1);
    ann.press_all(&["I'm 18 to 49", "None of these", "None of these"])
        .await;
    let breath = ann.chat.last();
    for _ in 0..2 {
        ann.person.press_on(&breath, "Dizzy or faint");
    }
    stage.telegram.wait_until_idle().await;
    let ticked = ann
        .chat
        .wait_for_last(|last| last.button("✓ Dizzy or faint").is_some())
        .await;
    assert_eq!(ticked.edits, breath.edits + 1);
    stage.telegram.wait_until_idle().await;
    // In the order of the presses: their answers may overtake each other.
    let mut answers = stage.telegram.answers();
    answers.sort_by_key(|answer| answer.query.parse::<u64>().ok());
    let notices: Vec<_> = answers.iter().map(|answer| &*answer.text).collect();
    assert_eq!(notices, ["", STALE, "", "", "", "", ""]);
    stage.telegram.assert_each_press_answered_once();
}

#[tokio::test]
async fn two_people_at_once_never_see_each_other() {
    let stage = Stage::begin().await;
    // The real server gives one update only to a bot that repeats its offset.
    stage.telegram.give_one_by_one_on_repeated_offset(true);
    let (ann, ben) = (stage.talk(ANN), stage.talk_as(BEN, Some("en-US"), "Ben"));
    let (mine, other) = tokio::join!(ann.command("start"), ben.command("start"));
    assert!(mine.text.contains("Call 999 or 112 now"), "{}", mine.text);
    assert!(other.text.contains("Call 911"), "{}", other.text);
    let others = [
        "Yes, let's start",
        "They're 65 or over",
        "None of these",
        "None of these",
        "Heart racing",
    ];
    tokio::join!(ann.press_all(PLAIN), ben.press_all(&others));
    ben.press("✓ Heart racing").await;
    tokio::join!(ann.command("summary"), ben.press("Back"));
    stage.telegram.wait_until_idle().await;
    let messages = ann
        .chat
        .wait_for(|messages| messages[0].keyboard.is_empty())
        .await;
    assert!(
        messages[0].text.contains("I'm 18 to 49"),
        "{}",
        messages[0].text
    );
    assert!(
        messages
            .iter()
            .any(|message| message.text.starts_with(PLAIN_VERDICT))
    );
    for message in &messages {
        assert!(
            !message.text.contains("65 or over") && !message.text.contains("911"),
            "{}",
            message.text
        );
    }
    assert_eq!(ben.chat.messages().len(), 1, "{}", ben.chat.visible());
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}
