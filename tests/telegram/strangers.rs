//! Groups, things that are not words, and updates that make no sense.

use rstest::rstest;
use serde_json::json;

use crate::emulator::{Person, Said, USERNAME};
use crate::stage::{ANN, BEN, Stage, TO_DANGER};

const FAMILY: i64 = -1_000_000_000_100;
const ONLY_TEXT: &str = "I can only read taps and short texts";

#[tokio::test]
async fn in_a_group_only_words_to_us_are_answered_and_only_with_the_way_to_the_private_chat() {
    let stage = Stage::begin().await;
    let ann = stage.telegram.person(ANN).in_group(FAMILY, "Family");
    ann.text("my back is killing me");
    ann.command("help@somebody_elses_bot");
    ann.photo();
    let said = ann.text("chest pain");
    ann.edited_text(said.message, "chest pain!");
    let family = stage.telegram.chat(FAMILY);
    let last = ann.command("help");
    stage.telegram.wait_until_confirmed(last.update).await;
    let link = format!("https://t.me/{USERNAME}?start=group");
    for words in [
        format!("/start@{}", USERNAME.to_uppercase()),
        format!("hey @{USERNAME}, help"),
    ] {
        let said = ann.text(&words);
        stage.telegram.wait_until_confirmed(said.update).await;
    }
    let messages = family.messages();
    assert_eq!(messages.len(), 3, "{}", family.visible());
    for message in &messages {
        assert!(
            message.text.starts_with("I only talk in private"),
            "{}",
            message.text
        );
        assert_eq!(
            message
                .buttons()
                .map(|button| button.url.as_deref())
                .collect::<Vec<_>>(),
            [Some(&*link)]
        );
    }
    let press = ann.press_data(messages[0].id, "0!consent");
    stage.telegram.wait_until_confirmed(press.update).await;
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
    assert_eq!(family.messages(), messages);
    assert!(stage.telegram.chat(ANN).messages().is_empty());
}

#[rstest]
#[case::a_sticker(|ann: &Person, _: i64| ann.sticker(), ONLY_TEXT)]
#[case::a_voice_message(|ann: &Person, _: i64| ann.voice(), ONLY_TEXT)]
#[case::a_photo(|ann: &Person, _: i64| ann.photo(), ONLY_TEXT)]
#[case::a_place(|ann: &Person, _: i64| ann.sends(json!({ "location": { "latitude": 1.5, "longitude": 2.5 } })), ONLY_TEXT)]
#[case::a_changed_message(|ann: &Person, hello: i64| ann.edited_text(hello, "None of these"), ONLY_TEXT)]
#[case::a_message_changed_to_a_danger(|ann: &Person, hello: i64| ann.edited_text(hello, "i have chest pain"), "chest pain")]
#[case::a_picture_with_words(|ann: &Person, _: i64| captioned(ann, "look at this"), ONLY_TEXT)]
#[case::a_picture_with_a_danger(|ann: &Person, _: i64| captioned(ann, "i have chest pain"), "chest pain")]
#[case::words_that_fit_nothing(|ann: &Person, _: i64| ann.text("blue bananas"), "I didn't get that.")]
#[case::a_command_we_do_not_have(|ann: &Person, _: i64| ann.command("fly"), "I didn't get that.")]
#[tokio::test]
async fn what_is_no_answer_gets_a_kind_line(
    #[case] act: fn(&Person, i64) -> Said,
    #[case] says: &str,
) {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    let hello = ann.person.text("hello").message;
    ann.chat.wait_for_text("OK to start?").await;
    let asked = ann.press_all(TO_DANGER).await;
    act(&ann.person, hello);
    let said = ann.news_since(Some(asked.clone())).await;
    assert!(
        said.text.to_lowercase().contains(&says.to_lowercase()),
        "{}",
        said.text
    );
    assert_ne!(said.id, asked.id, "It stands below what was sent.");
    assert!(!said.keyboard.is_empty());
    let welcome = stage.talk(BEN).command("start").await;
    assert!(welcome.text.contains("OK to start?"));
}

fn captioned(person: &Person, caption: &str) -> Said {
    let photo = json!([{ "file_id": "p", "file_unique_id": "p1", "file_size": 9, "width": 9, "height": 6 }]);
    person.sends(json!({ "photo": photo, "caption": caption }))
}

#[tokio::test]
async fn updates_that_make_no_sense_are_passed_over() {
    let stage = Stage::begin().await;
    let chat = json!({ "id": ANN, "type": "private", "first_name": "Ann" });
    let nonsense = [
        json!({ "unheard_of": { "x": 1 } }),
        json!({ "message": { "no": "message" } }),
        json!({ "callback_query": { "id": 5 } }),
        json!({ "message": { "message_id": 1, "date": 1, "chat": chat, "text": 17 } }),
        json!({}),
        json!({ "poll_answer": { "poll_id": "1", "user": { "id": 1, "is_bot": false, "first_name": "a" }, "option_ids": [] } }),
    ];
    let last = nonsense
        .map(|update| stage.telegram.raw_update(update))
        .into_iter()
        .next_back();
    stage
        .telegram
        .wait_until_confirmed(last.expect("There are some."))
        .await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press("Yes, let's start").await;
    assert_eq!(ann.chat.messages().len(), 1);
}

#[tokio::test]
async fn update_ids_may_begin_again_lower_down() {
    let stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    stage.telegram.wait_until_idle().await;
    stage.telegram.continue_update_ids_at(1000);
    ann.press_all(TO_DANGER).await;
    stage.telegram.wait_until_idle().await;
}

const MARKED: &str = "<b>Ann</b> &amp; *_[x](tg://user?id=1)_* `\u{202e}nnA\u{202c} \u{2067}A\u{0}n\u{200b}n \
                      Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}";

/// What could be markup, turn the direction of a line, hide, or pile up.
const NEVER: &[&str] = &[
    "<b>", "&amp;", "](", "`", "tg://", "\u{202e}", "\u{2067}", "\u{0}", "\u{200b}", "\u{300}",
];

#[rstest]
#[case::markup(MARKED.to_owned(), "I didn't get that.")]
#[case::emoji(String::from_iter(["👍"; 4096]), "I didn't get that.")]
#[case::marks_alone("\u{301}".repeat(4096), "I didn't get that.")]
#[case::nothing_to_see("\u{200b}\u{202e}\u{2066}".repeat(9), "I didn't get that.")]
#[case::no_and_far_below_the_opposite(format!("no{}but yes, numb", " 👍".repeat(500)), "I didn't get that.")]
#[case::a_danger_under_marks("c\u{335}h\u{335}e\u{335}st\u{200b} \u{202e}pain".to_owned(), "chest pain")]
#[case::a_danger_at_the_very_end(format!("{}I have chest pain", "👍 ".repeat(2030)), "chest pain")]
#[tokio::test]
async fn no_mark_of_what_people_type_or_are_called_comes_back(
    #[case] text: String,
    #[case] says: &str,
) {
    let stage = Stage::begin().await;
    let ann = stage.talk_as(ANN, Some("en-GB"), MARKED);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    ann.person.text(&text);
    let said = ann.news_since(Some(asked)).await;
    assert!(said.text.contains(says), "{}", said.text);
    for command in ["why", "summary", "privacy", "help", "status"] {
        ann.command(command).await;
    }
    stage.telegram.wait_until_idle().await;
    for message in ann.chat.messages() {
        for never in NEVER {
            assert!(!message.text.contains(never), "{never:?}: {}", message.text);
        }
        assert_eq!(message.entities, [json!(null); 0], "{}", message.text);
    }
    for request in stage.telegram.requests() {
        assert!(
            request.status.is_none_or(|status| status == 200),
            "{request:?}"
        );
        assert!(request.body.get("parse_mode").is_none(), "{request:?}");
    }
}
