//! The Bot API emulator against its own promises, over real HTTP.
//!
//! Most tests speak raw HTTP, so that they see status and text; some go through teloxide, to show
//! that it reads what the emulator says.

mod emulator;
#[path = "emulator_self/webhook.rs"]
mod webhook;

use std::time::Duration;

use emulator::{Button, Emulator, Fault, Said};
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};
use teloxide::{
    Bot, RequestError,
    payloads::{GetUpdatesSetters, SendDocumentSetters, SendMessageSetters, SendPhotoSetters},
    requests::Requester,
    types::{
        BotCommand, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId,
        ParseMode, UpdateKind,
    },
};

const ANN: i64 = 7;
const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
const TOO_OLD: &str =
    "Bad Request: query is too old and response timeout expired or query ID is invalid";

/// A bot that speaks raw HTTP.
#[derive(Clone)]
struct RawBot {
    client: Client,
    base: String,
}

impl RawBot {
    fn of(telegram: &Emulator) -> RawBot {
        let base = format!("{}/bot{}", telegram.url(), telegram.token());
        RawBot {
            client: client(),
            base,
        }
    }

    async fn try_call(&self, method: &str, body: Value) -> reqwest::Result<(u16, String)> {
        let url = format!("{}/{method}", self.base);
        let response = self.client.post(url).json(&body).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }

    async fn call(&self, method: &str, body: Value) -> (u16, Value) {
        let (status, text) = self.try_call(method, body).await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    async fn result(&self, method: &str, body: Value) -> Value {
        let (status, body) = self.call(method, body).await;
        assert_eq!((status, &body["ok"]), (200, &json!(true)), "{body}");
        body["result"].clone()
    }

    /// The checker of refusals: the status, and the description that comes with it.
    async fn refused(&self, method: &str, body: Value, status: u16, description: &str) {
        let expected = json!({ "ok": false, "error_code": status, "description": description });
        assert_eq!(self.call(method, body).await, (status, expected));
    }

    async fn say(&self, text: &str) -> i64 {
        let sent = self
            .result("sendMessage", json!({ "chat_id": ANN, "text": text }))
            .await;
        sent["message_id"].as_i64().unwrap()
    }

    async fn ask(&self, text: &str, keyboard: Value) -> i64 {
        let markup = json!({ "inline_keyboard": keyboard });
        let body = json!({ "chat_id": ANN, "text": text, "reply_markup": markup });
        let sent = self.result("sendMessage", body).await;
        sent["message_id"].as_i64().unwrap()
    }

    async fn update_ids(&self, arguments: Value) -> Vec<u32> {
        let updates = self.result("getUpdates", arguments).await;
        let id = |update: &Value| u32::try_from(update["update_id"].as_u64().unwrap()).unwrap();
        updates.as_array().unwrap().iter().map(id).collect()
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn teloxide(telegram: &Emulator) -> Bot {
    let url = telegram.url().parse().unwrap();
    Bot::with_client(telegram.token(), client()).set_api_url(url)
}

async fn begin() -> (Emulator, emulator::Person, RawBot) {
    let telegram = Emulator::start().await;
    let ann = telegram.person(ANN).already_started();
    let bot = RawBot::of(&telegram);
    (telegram, ann, bot)
}

fn yes_no() -> Value {
    json!([[{ "text": "Yes", "callback_data": "y" }, { "text": "No", "callback_data": "n" }]])
}

#[tokio::test]
async fn a_conversation_through_teloxide_reads_as_a_chat() {
    let telegram = Emulator::start().await;
    let bot = teloxide(&telegram);
    let ann = telegram.person_with(ANN, None, "Ann <3").named("ann");
    ann.command("start deep-link");

    let updates = bot.get_updates().timeout(5).await.unwrap();
    let UpdateKind::Message(message) = &updates[0].kind else {
        panic!("{:?}", updates[0]);
    };
    assert_eq!(message.text(), Some("/start deep-link"));
    let from = message.from.as_ref().unwrap();
    assert_eq!(
        (from.language_code.as_deref(), from.username.as_deref()),
        (None, Some("ann"))
    );

    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Yes", "y")]]);
    let sent = bot
        .send_message(ChatId(ANN), "Is it <b>new</b> &amp; bad?")
        .parse_mode(ParseMode::Html)
        .reply_markup(keyboard)
        .await
        .unwrap();
    assert_eq!(sent.text(), Some("Is it new & bad?"));
    let asked = telegram.chat(ANN).wait_for_text("new").await;
    assert_eq!(asked.entities.len(), 1);
    assert_eq!(
        asked.keyboard,
        [[Button {
            label: "Yes".to_owned(),
            data: Some("y".to_owned()),
            url: None
        }]]
    );

    let pressed = ann.press(asked.id, "Yes");
    let updates = bot.get_updates().offset(updates[0].id.as_offset()).await;
    let updates = updates.unwrap();
    let UpdateKind::CallbackQuery(query) = &updates[0].kind else {
        panic!("{:?}", updates[0]);
    };
    assert_eq!(
        (query.id.0.as_str(), query.data.as_deref()),
        (pressed.query.as_str(), Some("y"))
    );
    assert_eq!(
        query.message.as_ref().unwrap().id(),
        MessageId(asked.id.try_into().unwrap())
    );
    bot.answer_callback_query(query.id.clone()).await.unwrap();
    bot.edit_message_text(ChatId(ANN), sent.id, "Thank you.")
        .await
        .unwrap();
    telegram.assert_each_press_answered_once();
    assert_eq!(
        telegram.chat(ANN).visible(),
        "user  /start deep-link\nbot   Thank you.\n"
    );
    let methods: Vec<_> = telegram
        .requests()
        .into_iter()
        .map(|request| request.method)
        .collect();
    assert_eq!(
        methods,
        [
            "getUpdates",
            "sendMessage",
            "getUpdates",
            "answerCallbackQuery",
            "editMessageText"
        ]
    );
}

#[tokio::test]
async fn teloxide_reads_every_kind_of_update_that_people_can_send() {
    let (telegram, ann, _) = begin().await;
    let bot = teloxide(&telegram);
    let said = ann.text("hello");
    ann.sticker();
    ann.voice();
    ann.photo();
    ann.edited_text(said.message, "hello again");
    ann.reply(said.message, "to that");
    ann.in_group(-100, "Family").command("start@other_bot");
    ann.in_group(-1_000_000_000_100, "Big family").text("hi");
    ann.press_data(99, "forged");
    ann.press_inaccessible(said.message, "old");
    ann.press_without_message("nowhere");
    ann.block_bot();
    ann.unblock();
    telegram.raw_update(json!({ "unheard_of": { "x": 1 } }));
    telegram.raw_update(json!({ "message": { "no": "message" } }));
    let updates = bot.get_updates().await.unwrap();
    let kinds: Vec<_> = updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(message) if message.text().is_some() => "text",
            UpdateKind::Message(message) if message.sticker().is_some() => "sticker",
            UpdateKind::Message(message) if message.voice().is_some() => "voice",
            UpdateKind::Message(message) if message.photo().is_some() => "photo",
            UpdateKind::EditedMessage(_) => "edited",
            UpdateKind::CallbackQuery(query) => match &query.message {
                None => "press without message",
                Some(message) if message.regular_message().is_none() => "press on old message",
                Some(_) => "press",
            },
            UpdateKind::MyChatMember(_) => "member",
            UpdateKind::Error(_) => "unreadable",
            _ => "something else",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "text",
            "sticker",
            "voice",
            "photo",
            "edited",
            "text",
            "text",
            "text",
            "press on old message",
            "press on old message",
            "press without message",
            "member",
            "member",
            "unreadable",
            "unreadable",
        ]
    );
}

#[tokio::test]
async fn teloxide_reads_the_profile_and_uploads_files() {
    let (telegram, _ann, _) = begin().await;
    let bot = teloxide(&telegram);
    let me = bot.get_me().await.unwrap();
    assert_eq!(me.username(), emulator::USERNAME);
    assert!(bot.get_webhook_info().await.unwrap().url.is_none());
    bot.delete_webhook().await.unwrap();
    bot.set_my_commands([BotCommand::new("start", "Begin")])
        .await
        .unwrap();
    bot.set_my_description().await.unwrap();
    bot.set_my_short_description().await.unwrap();
    let expected = [("start".to_owned(), "Begin".to_owned())];
    assert_eq!(telegram.commands("default", ""), expected);
    assert_eq!(telegram.profile("description", "").as_deref(), Some(""));

    let bytes = b"line\r\n--not the boundary\r\n\0end".to_vec();
    let file = InputFile::memory(bytes.clone()).file_name("récit.txt");
    let sent = bot
        .send_document(ChatId(ANN), file)
        .caption("Your <i>data</i>")
        .parse_mode(ParseMode::Html)
        .await
        .unwrap();
    let document = sent.document().unwrap();
    assert_eq!(document.file_name.as_deref(), Some("récit.txt"));
    assert_eq!(sent.caption(), Some("Your data"));
    let again = InputFile::file_id(document.file.id.clone());
    bot.send_document(ChatId(ANN), again).await.unwrap();
    let documents = telegram.documents();
    assert_eq!(documents.len(), 2);
    assert!(documents.iter().all(|document| document.bytes == bytes));
    let log = telegram.requests_of("sendDocument");
    assert_eq!(log[0].chat, Some(ANN));
    assert_eq!(log[0].body["chat_id"], "7");

    bot.delete_message(ChatId(ANN), sent.id).await.unwrap();
    assert!(telegram.chat(ANN).messages()[0].deleted);
}

/// A PNG as far as its header.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes
}

/// A JPEG as far as its frame header, which comes after another segment.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08".to_vec();
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes
}

#[tokio::test]
async fn a_photo_arrives_in_its_sizes_and_with_its_caption() {
    let (telegram, _ann, _) = begin().await;
    let bot = teloxide(&telegram);
    let picture = InputFile::memory(png(1080, 1350)).file_name("chart.png");
    let sent = bot
        .send_photo(ChatId(ANN), picture)
        .caption("Your <b>week</b>")
        .parse_mode(ParseMode::Html)
        .await
        .unwrap();
    let sizes = sent.photo().unwrap();
    let sides: Vec<_> = sizes.iter().map(|size| (size.width, size.height)).collect();
    assert_eq!(sides, [(80, 100), (256, 320), (640, 800), (1024, 1280)]);
    assert_eq!(sent.caption(), Some("Your week"));
    assert_eq!(
        telegram.chat(ANN).visible(),
        "bot   (picture chart.png)\n      Your week\n"
    );

    let again = InputFile::file_id(sizes.last().unwrap().file.id.clone());
    bot.send_photo(ChatId(ANN), again).await.unwrap();
    let small = InputFile::memory(jpeg(90, 60)).file_name("small.jpg");
    let sent = bot.send_photo(ChatId(ANN), small).await.unwrap();
    let sizes = sent.photo().unwrap();
    assert_eq!((sizes.len(), sizes[0].width, sizes[0].height), (1, 90, 60));
    let pictures = telegram.chat(ANN).pictures();
    let captions: Vec<_> = pictures
        .iter()
        .map(|(_, caption)| caption.as_str())
        .collect();
    assert_eq!(captions, ["Your week", "", ""]);
    assert_eq!(pictures[1].0.bytes, png(1080, 1350));
}

#[rstest]
#[case::text(b"not a picture".to_vec(), "IMAGE_PROCESS_FAILED")]
#[case::cut(png(9, 9)[..20].to_vec(), "IMAGE_PROCESS_FAILED")]
#[case::cut_jpeg(jpeg(9, 9)[..12].to_vec(), "IMAGE_PROCESS_FAILED")]
#[case::flat(png(100, 0), "PHOTO_INVALID_DIMENSIONS")]
#[case::too_large(png(5000, 5001), "PHOTO_INVALID_DIMENSIONS")]
#[case::too_long(png(2001, 100), "PHOTO_INVALID_DIMENSIONS")]
#[case::too_big(
    [png(9, 9), vec![0; 10 * 1024 * 1024]].concat(),
    "file of size 10485784 bytes is too big for a photo; the maximum size is 10485760 bytes"
)]
#[tokio::test]
async fn a_photo_that_telegram_would_refuse_is_refused(
    #[case] bytes: Vec<u8>,
    #[case] description: &str,
) {
    let (telegram, _ann, _) = begin().await;
    let picture = InputFile::memory(bytes).file_name("chart.png");
    let refused = teloxide(&telegram).send_photo(ChatId(ANN), picture).await;
    let error = refused.unwrap_err().to_string();
    assert!(
        error.contains(&format!("Bad Request: {description}")),
        "{error}"
    );
    assert!(telegram.chat(ANN).pictures().is_empty());
}

#[rstest]
#[case::just_right(1024, true)]
#[case::too_long(1025, false)]
#[tokio::test]
async fn captions_have_a_longest_length(#[case] length: usize, #[case] taken: bool) {
    let (telegram, _ann, _) = begin().await;
    let picture = InputFile::memory(png(2000, 100)).file_name("chart.png");
    let sent = teloxide(&telegram)
        .send_photo(ChatId(ANN), picture)
        .caption("ü".repeat(length))
        .await;
    assert_eq!(sent.is_ok(), taken);
}

#[rstest]
#[case::of_any_case("SENDMESSAGE")]
#[case::in_pascal_case("SendMessage")]
#[case::in_camel_case("sendMessage")]
#[tokio::test]
async fn method_names_are_accepted(#[case] method: &str) {
    let (telegram, _ann, bot) = begin().await;
    bot.result(method, json!({ "chat_id": ANN, "text": "Hello" }))
        .await;
    assert_eq!(telegram.requests()[0].method, "sendMessage");
    assert_eq!(telegram.requests()[0].status, Some(200));
    assert_eq!(telegram.chat(ANN).last().text, "Hello");
}

#[tokio::test]
async fn a_query_string_is_read_too() {
    let (telegram, _ann, bot) = begin().await;
    let url = format!("{}/sendMessage?chat_id=7&text=a%20b%2Bc+d", bot.base);
    bot.client.get(url).send().await.unwrap();
    assert_eq!(telegram.chat(ANN).last().text, "a b+c d");
}

#[tokio::test]
async fn unknown_methods_and_wrong_tokens_are_refused() {
    let (telegram, _ann, bot) = begin().await;
    bot.refused("sendTelepathy", json!({}), 404, "Not Found")
        .await;
    let stranger = RawBot {
        base: format!("{}/bot1:wrong", telegram.url()),
        ..bot
    };
    stranger
        .refused("getMe", json!({}), 401, "Unauthorized")
        .await;
}

#[rstest]
#[case::empty_text(json!({ "text": "" }), "Bad Request: message text is empty")]
#[case::no_text(json!({}), "Bad Request: message text is empty")]
#[case::white_space(json!({ "text": " \n " }), "Bad Request: text must be non-empty")]
#[case::white_space_in_tags(
    json!({ "text": "<b> </b>", "parse_mode": "HTML" }),
    "Bad Request: text must be non-empty"
)]
#[case::too_long(json!({ "text": "é".repeat(4097) }), "Bad Request: message is too long")]
#[case::unknown_chat(json!({ "text": "a", "chat_id": 8 }), "Bad Request: chat not found")]
#[case::markdown(
    json!({ "text": "a", "parse_mode": "MarkdownV2" }),
    "Bad Request: unsupported parse_mode (the emulator knows HTML only)"
)]
#[case::reply_to_nothing(
    json!({ "text": "a", "reply_parameters": { "message_id": 5 } }),
    "Bad Request: message to be replied not found"
)]
#[case::long_data(
    json!({ "text": "a", "reply_markup": { "inline_keyboard": [[
        { "text": "Yes", "callback_data": "é".repeat(33) },
    ]] } }),
    "Bad Request: BUTTON_DATA_INVALID"
)]
#[case::empty_data(
    json!({ "text": "a", "reply_markup": { "inline_keyboard": [[
        { "text": "Yes", "callback_data": "" },
    ]] } }),
    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
)]
#[case::empty_label(
    json!({ "text": "a", "reply_markup": { "inline_keyboard": [[
        { "text": " ", "callback_data": "y" },
    ]] } }),
    "Bad Request: inline keyboard button text must be non-empty"
)]
#[case::many_buttons(
    json!({ "text": "a", "reply_markup": {
        "inline_keyboard": vec![[json!({ "text": "Yes", "callback_data": "y" })]; 101],
    } }),
    "Bad Request: reply markup is too long"
)]
#[tokio::test]
async fn bad_messages_are_refused(#[case] mut body: Value, #[case] description: &str) {
    let (telegram, _ann, bot) = begin().await;
    if body.get("chat_id").is_none() {
        body["chat_id"] = json!(ANN);
    }
    bot.refused("sendMessage", body, 400, description).await;
    assert_eq!(telegram.chat(ANN).messages(), []);
}

#[tokio::test]
async fn limits_are_inclusive() {
    let (telegram, _ann, bot) = begin().await;
    bot.say(&"é".repeat(4096)).await;
    let data = "x".repeat(64);
    bot.ask("a", json!([[{ "text": "Yes", "callback_data": data }]]))
        .await;
    assert_eq!(telegram.chat(ANN).messages().len(), 2);
}

#[rstest]
#[case::br("a<br>b", "Unsupported start tag \"br\" at byte offset 1")]
#[case::p("<p>a</p>", "Unsupported start tag \"p\" at byte offset 0")]
#[case::less_than("1 < 2", "Unsupported start tag \"\" at byte offset 2")]
#[case::crossed(
    "<b><i>a</b></i>",
    "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\""
)]
#[case::open("<b>a", "Can't find end tag corresponding to start tag \"b\"")]
#[case::not_open("a</b>", "Unexpected end tag at byte offset 1")]
#[case::torn("a <b", "Unclosed start tag at byte offset 2")]
#[case::ampersand("you & me", "Unescaped \"&\" at byte offset 4")]
#[case::unknown_entity("a&nbsp;b", "Unescaped \"&\" at byte offset 1")]
#[tokio::test]
async fn html_that_telegram_does_not_know_is_refused(#[case] text: &str, #[case] problem: &str) {
    let (_telegram, _ann, bot) = begin().await;
    let body = json!({ "chat_id": ANN, "text": text, "parse_mode": "HTML" });
    let description = format!("Bad Request: can't parse entities: {problem}");
    bot.refused("sendMessage", body, 400, &description).await;
}

#[rstest]
#[case::nested("<b>a <i>b</i></b>", "a b", json!([
    { "type": "bold", "offset": 0, "length": 3 },
    { "type": "italic", "offset": 2, "length": 1 },
]))]
#[case::escaped("&lt;b&gt; &amp; &quot;&#33;&#x21;", "<b> & \"!!", json!([]))]
#[case::utf16("🦴 <u>x</u>", "🦴 x", json!([{ "type": "underline", "offset": 3, "length": 1 }]))]
#[case::link("<a href=\"https://e.org/?a=1&amp;b=2\">x</a>", "x", json!([
    { "type": "text_link", "offset": 0, "length": 1, "url": "https://e.org/?a=1&b=2" },
]))]
#[case::trimmed("\n <s>x </s>\n", "x", json!([{ "type": "strikethrough", "offset": 0, "length": 1 }]))]
#[case::other_tags(
    "<code>a</code><pre>b</pre><blockquote expandable>c</blockquote><tg-spoiler>d</tg-spoiler>",
    "abcd",
    json!([
        { "type": "code", "offset": 0, "length": 1 },
        { "type": "pre", "offset": 1, "length": 1 },
        { "type": "expandable_blockquote", "offset": 2, "length": 1 },
        { "type": "spoiler", "offset": 3, "length": 1 },
    ])
)]
#[tokio::test]
async fn html_is_shown_as_people_see_it(
    #[case] html: &str,
    #[case] text: &str,
    #[case] entities: Value,
) {
    let (telegram, _ann, bot) = begin().await;
    let body = json!({ "chat_id": ANN, "text": html, "parse_mode": "HTML" });
    bot.result("sendMessage", body).await;
    let seen = telegram.chat(ANN).last();
    assert_eq!(
        (
            seen.text.as_str(),
            seen.source.as_str(),
            json!(seen.entities)
        ),
        (text, html, entities)
    );
}

#[tokio::test]
async fn an_edit_without_a_keyboard_removes_it() {
    let (telegram, _ann, bot) = begin().await;
    let id = bot.ask("Is it new?", yes_no()).await;
    assert_eq!(telegram.chat(ANN).last().labels(), [["Yes", "No"]]);
    let edit = json!({ "chat_id": ANN, "message_id": id, "text": "Is it new?" });
    let edited = bot.result("editMessageText", edit).await;
    assert_eq!(edited.get("reply_markup"), None);
    let seen = telegram.chat(ANN).last();
    assert_eq!((seen.keyboard.len(), seen.edits), (0, 1));
}

#[tokio::test]
async fn edits_that_cannot_be_made_are_refused() {
    let (_telegram, ann, bot) = begin().await;
    let id = bot.ask("Is it new?", yes_no()).await;
    let markup = json!({ "inline_keyboard": yes_no() });
    let edit = |id: i64, text: &str| json!({ "chat_id": ANN, "message_id": id, "text": text, "reply_markup": markup });
    bot.refused("editMessageText", edit(id, "Is it new?"), 400, NOT_MODIFIED)
        .await;
    let same = json!({ "chat_id": ANN, "message_id": id, "reply_markup": markup });
    bot.refused("editMessageReplyMarkup", same, 400, NOT_MODIFIED)
        .await;
    bot.refused(
        "editMessageText",
        edit(99, "a"),
        400,
        "Bad Request: message to edit not found",
    )
    .await;
    bot.refused(
        "editMessageText",
        edit(id, &"a".repeat(4097)),
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    .await;
    let Said { message, .. } = ann.text("mine");
    bot.refused(
        "editMessageText",
        edit(message, "yours"),
        400,
        "Bad Request: message can't be edited",
    )
    .await;

    let named = json!({ "chat_id": ANN, "message_id": id });
    bot.result("deleteMessage", named.clone()).await;
    bot.refused(
        "editMessageText",
        edit(id, "a"),
        400,
        "Bad Request: message to edit not found",
    )
    .await;
    bot.refused(
        "deleteMessage",
        named,
        400,
        "Bad Request: message to delete not found",
    )
    .await;
}

#[tokio::test]
async fn old_messages_cannot_be_deleted() {
    let (telegram, _ann, bot) = begin().await;
    let id = bot.say("Hello").await;
    telegram.advance(Duration::from_secs(49 * 3600));
    let named = json!({ "chat_id": ANN, "message_id": id });
    bot.refused(
        "deleteMessage",
        named,
        400,
        "Bad Request: message can't be deleted",
    )
    .await;
}

#[tokio::test]
async fn a_chat_is_found_once_the_person_wrote_and_closed_when_they_block() {
    let telegram = Emulator::start().await;
    let bot = RawBot::of(&telegram);
    let ann = telegram.person(ANN);
    let hello = json!({ "chat_id": ANN, "text": "Hello" });
    bot.refused(
        "sendMessage",
        hello.clone(),
        400,
        "Bad Request: chat not found",
    )
    .await;
    ann.command("start");
    bot.result("sendMessage", hello.clone()).await;
    ann.block_bot();
    bot.refused(
        "sendMessage",
        hello.clone(),
        403,
        "Forbidden: bot was blocked by the user",
    )
    .await;
    ann.unblock();
    bot.result("sendMessage", hello).await;
}

#[tokio::test]
async fn each_press_can_be_answered_once() {
    let (telegram, ann, bot) = begin().await;
    let id = bot.ask("Is it new?", yes_no()).await;
    let query = ann.press(id, "No").query;
    let answer = json!({ "callback_query_id": query, "text": "Noted", "show_alert": true });
    bot.result("answerCallbackQuery", answer.clone()).await;
    telegram.assert_each_press_answered_once();
    bot.refused("answerCallbackQuery", answer, 400, TOO_OLD)
        .await;
    telegram.assert_each_press_answered();
    let unknown = json!({ "callback_query_id": "1" });
    bot.refused("answerCallbackQuery", unknown, 400, TOO_OLD)
        .await;
    let answers = telegram.answers();
    assert_eq!(
        (answers.len(), answers[0].text.as_str(), answers[0].chat),
        (1, "Noted", ANN)
    );
    assert!(answers[0].show_alert);
    assert_eq!(telegram.answer_attempts(&query), 2);
}

#[tokio::test]
#[should_panic(expected = "not answered exactly once")]
async fn an_unanswered_press_is_found_out() {
    let (telegram, ann, _bot) = begin().await;
    ann.press_data(1, "y");
    telegram.assert_each_press_answered_once();
}

#[tokio::test]
#[should_panic(expected = "not answered exactly once")]
async fn a_press_answered_twice_is_found_out() {
    let (telegram, ann, bot) = begin().await;
    let query = ann.press_data(1, "y").query;
    for _ in 0..2 {
        let answer = json!({ "callback_query_id": query });
        bot.call("answerCallbackQuery", answer).await;
    }
    telegram.assert_each_press_answered_once();
}

#[tokio::test]
#[should_panic(expected = "bot   Hello\n--- last of 1 requests\n200 sendMessage")]
async fn waiting_in_vain_fails_with_what_there_is() {
    let (telegram, _ann, bot) = begin().await;
    bot.say("Hello").await;
    telegram.set_patience(Duration::ZERO);
    telegram.chat(ANN).wait_for_text("Goodbye").await;
}

#[tokio::test]
#[should_panic(expected = "allowed_updates leaves it out")]
async fn waiting_for_an_update_that_is_never_delivered_fails_at_once() {
    let (telegram, ann, bot) = begin().await;
    bot.update_ids(json!({ "allowed_updates": ["callback_query"] }))
        .await;
    let said = ann.text("not wanted");
    telegram.wait_until_confirmed(said.update).await;
}

#[tokio::test]
async fn presses_expire_while_messages_wait() {
    let (telegram, ann, bot) = begin().await;
    let said = ann.text("hello");
    let early = ann.press_data(1, "early").query;
    telegram.advance(Duration::from_secs(151));
    let late = ann.press_data(1, "late");
    assert_eq!(bot.update_ids(json!({})).await, [said.update, late.update]);
    let answer = |query: &str| json!({ "callback_query_id": query });
    bot.refused("answerCallbackQuery", answer(&early), 400, TOO_OLD)
        .await;
    telegram.expire_presses();
    assert_eq!(bot.update_ids(json!({})).await, [said.update]);
    bot.refused("answerCallbackQuery", answer(&late.query), 400, TOO_OLD)
        .await;
    telegram.advance(Duration::from_secs(24 * 3600));
    assert!(bot.update_ids(json!({})).await.is_empty());
}

#[tokio::test]
async fn old_keyboards_can_still_be_pressed() {
    let (telegram, ann, bot) = begin().await;
    let id = bot.ask("Is it new?", yes_no()).await;
    let before = telegram.chat(ANN).last();
    let edit = json!({ "chat_id": ANN, "message_id": id, "text": "And now?" });
    bot.result("editMessageText", edit).await;
    ann.press_on(&before, "Yes");
    let updates = bot.result("getUpdates", json!({})).await;
    let query = &updates[0]["callback_query"];
    assert_eq!(
        (&query["data"], &query["message"]["text"]),
        (&json!("y"), &json!("And now?"))
    );
}

#[tokio::test]
async fn an_offset_confirms_what_lies_below_it() {
    let (telegram, ann, bot) = begin().await;
    let ids: Vec<_> = ["a", "b", "c"].map(|text| ann.text(text).update).into();
    assert_eq!(bot.update_ids(json!({})).await, ids);
    assert_eq!(bot.update_ids(json!({ "limit": 2 })).await, ids[..2]);
    assert!(!telegram.is_confirmed(ids[0]));
    assert_eq!(bot.update_ids(json!({ "offset": ids[1] })).await, ids[1..]);
    telegram.wait_until_confirmed(ids[0]).await;
    assert_eq!(bot.update_ids(json!({ "offset": 0 })).await, ids[1..]);
    assert_eq!(bot.update_ids(json!({ "offset": -1 })).await, ids[2..]);
    assert!(telegram.is_confirmed(ids[1]));
    assert!(
        bot.update_ids(json!({ "offset": ids[2] + 1 }))
            .await
            .is_empty()
    );
    telegram.wait_until_idle().await;
}

#[tokio::test]
async fn a_long_poll_returns_as_soon_as_something_is_there() {
    let (telegram, ann, bot) = begin().await;
    let poll = tokio::spawn({
        let bot = bot.clone();
        async move { bot.update_ids(json!({ "timeout": 50 })).await }
    });
    telegram
        .wait_for_requests(|requests| requests.len() == 1)
        .await;
    let said = ann.text("hello");
    assert_eq!(poll.await.unwrap(), [said.update]);
    assert_eq!(
        bot.update_ids(json!({ "timeout": 50 })).await,
        [said.update]
    );
    assert!(
        bot.update_ids(json!({ "offset": said.update + 1, "timeout": 0 }))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn the_older_of_two_pollers_is_told_of_the_conflict() {
    let (telegram, ann, bot) = begin().await;
    let poll = |bot: &RawBot| {
        let bot = bot.clone();
        tokio::spawn(async move { bot.call("getUpdates", json!({ "timeout": 50 })).await })
    };
    let older = poll(&bot);
    telegram
        .wait_for_requests(|requests| requests.len() == 1)
        .await;
    let newer = poll(&RawBot::of(&telegram));
    let (status, body) = older.await.unwrap();
    assert_eq!(status, 409);
    assert!(
        body["description"]
            .as_str()
            .unwrap()
            .starts_with("Conflict: terminated by other getUpdates request;")
    );
    let said = ann.text("hello");
    let (_, body) = newer.await.unwrap();
    assert_eq!(body["result"][0]["update_id"], said.update);
}

#[tokio::test]
async fn a_webhook_and_a_poller_exclude_each_other() {
    let (_telegram, _ann, bot) = begin().await;
    let hook = json!({ "url": "https://example.org/hook" });
    bot.result("setWebhook", hook).await;
    assert_eq!(
        bot.result("getWebhookInfo", json!({})).await["url"],
        "https://example.org/hook"
    );
    bot.refused(
        "getUpdates",
        json!({}),
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    .await;
    bot.result("deleteWebhook", json!({})).await;
    assert!(bot.update_ids(json!({})).await.is_empty());
}

#[tokio::test]
async fn allowed_updates_are_respected_and_remembered() {
    let (telegram, ann, bot) = begin().await;
    bot.update_ids(json!({ "allowed_updates": ["callback_query"] }))
        .await;
    ann.text("not wanted");
    let pressed = ann.press_data(1, "y");
    let raw = telegram.raw_update(json!({ "unheard_of": {} }));
    assert_eq!(bot.update_ids(json!({})).await, [pressed.update, raw]);
    bot.update_ids(json!({ "allowed_updates": [] })).await;
    let said = ann.text("wanted");
    assert_eq!(
        bot.update_ids(json!({ "offset": raw + 1 })).await,
        [said.update]
    );
}

#[tokio::test]
async fn an_update_can_be_delivered_twice_before_and_after_it_was_confirmed() {
    let (telegram, ann, bot) = begin().await;
    let first = ann.text("a").update;
    telegram.deliver_again(first);
    let second = ann.text("b").update;
    assert_eq!(bot.update_ids(json!({})).await, [first, first, second]);
    let beyond = json!({ "offset": second + 1 });
    assert!(bot.update_ids(beyond.clone()).await.is_empty());
    telegram.deliver_again(first);
    assert!(!telegram.is_confirmed(first));
    assert_eq!(bot.update_ids(beyond.clone()).await, [first]);
    assert!(bot.update_ids(beyond).await.is_empty());
    assert!(telegram.is_confirmed(first));
}

#[tokio::test]
async fn update_ids_can_start_again_below_an_offset_kept_by_the_bot() {
    let (telegram, ann, bot) = begin().await;
    let old = ann.text("a").update;
    bot.update_ids(json!({ "offset": old + 1 })).await;
    telegram.continue_update_ids_at(1000);
    ann.text("b");
    assert_eq!(bot.update_ids(json!({ "offset": old + 1 })).await, [1000]);
}

#[tokio::test]
async fn a_repeated_offset_can_be_made_to_give_one_update_only() {
    let (telegram, ann, bot) = begin().await;
    telegram.give_one_by_one_on_repeated_offset(true);
    let ids = ["a", "b", "c"].map(|text| ann.text(text).update);
    let offset = json!({ "offset": ids[0] });
    assert_eq!(bot.update_ids(offset.clone()).await, ids);
    assert_eq!(bot.update_ids(offset).await, ids[..1]);
    assert_eq!(bot.update_ids(json!({ "offset": ids[1] })).await, ids[1..]);
}

#[tokio::test]
async fn long_texts_arrive_split() {
    let (_telegram, ann, bot) = begin().await;
    ann.text(&"x".repeat(5000));
    let updates = bot.result("getUpdates", json!({})).await;
    let length = |number: usize| updates[number]["message"]["text"].as_str().unwrap().len();
    assert_eq!((length(0), length(1)), (4096, 904));
}

#[tokio::test]
async fn a_flood_asks_to_wait_and_then_passes() {
    let (telegram, _ann, bot) = begin().await;
    let flood = telegram
        .fault(Fault::Flood { retry_after: 3 })
        .on("sendMessage")
        .arm();
    let error = teloxide(&telegram)
        .send_message(ChatId(ANN), "Hello")
        .await
        .unwrap_err();
    assert!(
        matches!(error, RequestError::RetryAfter(wait) if wait.seconds() == 3),
        "{error}"
    );
    assert_eq!(telegram.chat(ANN).messages(), []);
    bot.say("Hello").await;
    assert_eq!(flood.hits(), 1);
}

#[tokio::test]
async fn faults_fit_by_method_and_chat_and_count() {
    let (telegram, _ann, bot) = begin().await;
    telegram.person(8).already_started();
    let broken = telegram
        .fault(Fault::Broken { status: 502 })
        .on("sendMessage")
        .on("editMessageText")
        .in_chat(8)
        .times(2)
        .arm();
    let hello = json!({ "chat_id": 8, "text": "Hello" });
    bot.result("getMe", json!({})).await;
    bot.say("Hello").await;
    for _ in 0..2 {
        let (status, text) = bot.try_call("sendMessage", hello.clone()).await.unwrap();
        assert_eq!(status, 502);
        assert!(serde_json::from_str::<Value>(&text).is_err());
    }
    bot.result("sendMessage", hello.clone()).await;
    assert_eq!(broken.hits(), 2);

    let always = telegram
        .fault(Fault::Broken { status: 500 })
        .until_cleared()
        .arm();
    for method in ["sendMessage", "getUpdates", "getMe"] {
        assert_eq!(bot.try_call(method, hello.clone()).await.unwrap().0, 500);
    }
    always.clear();
    bot.result("sendMessage", hello).await;
    assert_eq!(telegram.chat(8).messages().len(), 2);
}

#[tokio::test]
async fn a_fault_of_a_chat_fits_the_answers_to_its_presses() {
    let (telegram, ann, bot) = begin().await;
    telegram
        .fault(Fault::Flood { retry_after: 1 })
        .in_chat(ANN)
        .arm();
    let query = ann.press_data(1, "y").query;
    let answer = json!({ "callback_query_id": query });
    assert_eq!(bot.call("answerCallbackQuery", answer.clone()).await.0, 429);
    bot.result("answerCallbackQuery", answer).await;
}

#[tokio::test]
async fn refusals_and_migrations_can_be_ordered() {
    let (telegram, _ann, bot) = begin().await;
    let description = "Forbidden: user is deactivated".to_owned();
    telegram
        .fault(Fault::Refuse {
            code: 403,
            description: description.clone(),
        })
        .arm();
    let hello = json!({ "chat_id": ANN, "text": "Hello" });
    bot.refused("sendMessage", hello, 403, &description).await;
    telegram.fault(Fault::Migrated { to: -1009 }).arm();
    let error = teloxide(&telegram)
        .send_message(ChatId(ANN), "Hello")
        .await
        .unwrap_err();
    assert!(
        matches!(error, RequestError::MigrateToChatId(ChatId(-1009))),
        "{error}"
    );
}

#[rstest]
#[case::before_it_took_effect(Fault::CutBefore, 0)]
#[case::after_it_took_effect(Fault::CutAfter, 1)]
#[tokio::test]
async fn a_connection_is_cut(#[case] fault: Fault, #[case] sent: usize) {
    let (telegram, _ann, bot) = begin().await;
    bot.result("getMe", json!({})).await;
    telegram.fault(fault).on("sendMessage").arm();
    let hello = json!({ "chat_id": ANN, "text": "Hello" });
    let error = bot.try_call("sendMessage", hello).await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(telegram.chat(ANN).messages().len(), sent);
    let log = telegram.requests_of("sendMessage");
    assert_eq!((log.len(), log[0].status), (1, None));
    bot.say("Hello again").await;
}

#[rstest]
#[case::before_it_takes_effect(Fault::HoldBefore, 0)]
#[case::after_it_took_effect(Fault::HoldAfter, 1)]
#[tokio::test]
async fn an_answer_is_held_until_released(#[case] fault: Fault, #[case] sent: usize) {
    let (telegram, _ann, bot) = begin().await;
    let hold = telegram.fault(fault).on("sendMessage").arm();
    let slow = tokio::spawn({
        let bot = bot.clone();
        async move { bot.say("Slow").await }
    });
    hold.reached(1).await;
    bot.result("getMe", json!({})).await;
    let chat = telegram.chat(ANN);
    chat.wait_for(|messages| messages.len() == sent).await;
    assert_eq!(telegram.requests_of("sendMessage")[0].status, None);
    hold.release();
    slow.await.unwrap();
    assert_eq!(chat.last().text, "Slow");
}

#[tokio::test]
async fn a_request_that_the_bot_gave_up_on_can_still_take_effect() {
    let (telegram, _ann, bot) = begin().await;
    let hold = telegram.fault(Fault::HoldBefore).on("sendMessage").arm();
    let given_up = tokio::spawn(async move { bot.say("Late").await });
    hold.reached(1).await;
    given_up.abort();
    given_up.await.unwrap_err();
    hold.release();
    telegram.chat(ANN).wait_for_text("Late").await;
}

#[tokio::test]
async fn updates_whose_answer_was_lost_come_again() {
    let (telegram, ann, bot) = begin().await;
    let said = ann.text("hello");
    telegram.fault(Fault::CutAfter).on("getUpdates").arm();
    bot.try_call("getUpdates", json!({})).await.unwrap_err();
    assert_eq!(bot.update_ids(json!({})).await, [said.update]);
}

#[tokio::test]
async fn what_is_visible_reads_as_a_replay() {
    let (telegram, ann, bot) = begin().await;
    ann.command("start");
    ann.sticker();
    let gone = bot.say("Wait.").await;
    let body = json!({ "chat_id": ANN, "message_id": gone });
    bot.result("deleteMessage", body).await;
    bot.ask(
        "Since this began,\nis any of this new?",
        json!([
            [{ "text": "Numb", "callback_data": "1" }, { "text": "Weak", "callback_data": "2" }],
            [{ "text": "Call 999", "url": "https://example.org" }],
        ]),
    )
    .await;
    let expected = "\
user  /start
user  (sticker)
bot   Since this began,
      is any of this new?
      [Numb] [Weak]
      [Call 999]
";
    assert_eq!(telegram.chat(ANN).visible(), expected);
    let dump = telegram.dump();
    assert!(dump.contains(expected), "{dump}");
    assert!(dump.contains("200 deleteMessage"), "{dump}");
}

#[tokio::test]
async fn commands_are_kept_by_scope_and_language() {
    let (telegram, _ann, bot) = begin().await;
    let command = |name: &str| json!([{ "command": name, "description": "Say it" }]);
    let scope = json!({ "type": "all_private_chats" });
    bot.result(
        "setMyCommands",
        json!({ "commands": command("start"), "scope": scope, "language_code": "de" }),
    )
    .await;
    assert_eq!(telegram.commands("all_private_chats", "de").len(), 1);
    assert_eq!(telegram.commands("default", ""), []);
    bot.refused(
        "setMyCommands",
        json!({ "commands": command("/start") }),
        400,
        "Bad Request: BOT_COMMAND_INVALID",
    )
    .await;
    bot.result("setMyDescription", json!({ "description": "A bot." }))
        .await;
    assert_eq!(
        bot.result("getMyDescription", json!({ "language_code": "de" }))
            .await["description"],
        "A bot."
    );
}

#[tokio::test]
async fn it_is_gone_once_dropped() {
    let (telegram, _ann, bot) = begin().await;
    bot.result("getMe", json!({})).await;
    drop(telegram);
    let mut answered = true;
    while answered {
        answered = bot.try_call("getMe", json!({})).await.is_ok();
    }
}
