//! What people said: in no log, in their file when they ask for it, nowhere once erased.

use serde_json::{Value, json};

use backtalk::{dialogue, shipped};

use crate::emulator::Fault;
use crate::stage::{ANN, DANGER, EMERGENCY, PLAIN, PLAIN_VERDICT, Stage, TO_DANGER, program};

const CANARY: &str = "zanzibarquux";

#[tokio::test]
async fn nothing_that_a_person_said_is_printed() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk_as(ANN, Some("en-GB"), "Quillabelle");
    ann.text(CANARY).await;
    ann.press_all(TO_DANGER).await;
    ann.text(&format!("{CANARY} numb between my legs")).await;
    ann.person.command(CANARY);
    let said = ann.person.text(&format!("chest pain {CANARY}"));
    ann.person
        .edited_text(said.message, &format!("suicide {CANARY}"));
    let shown = ann.chat.last();
    ann.person.press_data(shown.id, CANARY);
    stage.telegram.wait_until_idle().await;
    // Everything that can fail, with the canary in what Telegram says of it.
    let description = format!("Bad Request: {CANARY}");
    for method in [
        "sendMessage",
        "editMessageText",
        "answerCallbackQuery",
        "getUpdates",
    ] {
        let refused = Fault::Refuse {
            code: 400,
            description: description.clone(),
        };
        for fault in [refused, Fault::CutAfter, Fault::Flood { retry_after: 1 }] {
            stage.telegram.fault(fault).on(method).arm();
        }
    }
    let chat = json!({ "id": ANN, "type": "private", "first_name": "Quillabelle" });
    stage
        .telegram
        .raw_update(json!({ "message": { "chat": chat, "text": CANARY } }));
    ann.person.command("restart");
    ann.chat
        .wait_for_last(|last| last.button("I'm 18 to 49").is_some())
        .await;
    for label in ["I'm 18 to 49", DANGER] {
        let on = ann.latest_with(label);
        ann.person.press_on(&on, label);
        let label = label.to_owned();
        ann.chat
            .wait_for_last(move |last| last.button(&label).is_none())
            .await;
    }
    ann.chat.wait_for_text(EMERGENCY).await;
    ann.command("why").await;
    stage
        .telegram
        .wait_until_confirmed(ann.person.block_bot())
        .await;
    stage.restart();
    stage
        .telegram
        .wait_until_confirmed(ann.person.unblock())
        .await;
    stage.stop(std::time::Duration::from_secs(10)).await;

    let printed = stage.printed();
    assert!(
        printed.contains("WARN"),
        "The faults were logged at all:\n{printed}"
    );
    let secret = stage
        .telegram
        .token()
        .split(':')
        .next_back()
        .expect("A token has two parts.");
    let d = dialogue::load::load(&shipped::built_in(), "back_spasm").expect("The dialogue loads.");
    let options = d
        .facts
        .iter()
        .flat_map(|fact| fact.options.iter().map(|option| &option.id));
    // Ids of one word, such as `yes` or `none`, are words of any sentence.
    let ids = d
        .facts
        .iter()
        .map(|fact| &fact.id)
        .chain(options)
        .filter(|id| id.contains('_'));
    let rules = d.rules.iter().map(|rule| &rule.id);
    let never = [CANARY, secret, "Quillabelle", "chest", "Chest"].into_iter();
    for never in never.chain(ids.chain(rules).map(String::as_str)) {
        assert!(!printed.contains(never), "{never:?} is in:\n{printed}");
    }
}

#[tokio::test]
async fn all_that_is_kept_is_given_as_a_file_and_erased_when_asked() {
    let language = "tlh-GBcanary";
    let mut stage = Stage::begin().await;
    let ann = stage.talk_as(ANN, Some(language), "Ann");
    ann.command("start").await;
    let verdict = ann.press_all(PLAIN).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    ann.person.command("export");
    ann.chat
        .wait_for(|messages| messages.iter().any(|message| message.document.is_some()))
        .await;
    let [document] = ann.chat.documents().try_into().expect("There is one file.");
    assert_eq!(document.name, "backtalk.json");
    let kept: Value = serde_json::from_slice(&document.bytes).expect("It is JSON.");
    assert_eq!(kept["language"], language);
    let folder = tempfile::tempdir().expect("A folder can be made.");
    let file = folder.path().join(&document.name);
    std::fs::write(&file, &document.bytes).expect("It is written.");
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .arg("replay")
        .arg(&file)
        .output()
        .expect("It runs.");
    let said = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success(), "{said}");
    assert!(said.contains("was told: self_care"), "{said}");
    let answers = kept["answers"].to_string();
    for label in PLAIN
        .iter()
        .filter(|label| !["Yes, let's start", "None of these", "Done"].contains(label))
    {
        assert!(answers.contains(label), "{label}: {answers}");
    }
    stage.telegram.wait_until_idle().await;
    stage.kill();
    assert!(
        stage.is_stored(language.as_bytes()),
        "The test looks where it is kept."
    );
    stage.start();
    ann.command("forget").await;
    let done = ann.press("Yes, delete all").await;
    for says in ["Done. I deleted it all on ", " UTC", "Telegram still has"] {
        assert!(done.text.contains(says), "{}", done.text);
    }
    stage.telegram.wait_until_idle().await;
    stage.kill();
    assert!(!stage.is_stored(language.as_bytes()));
    assert_eq!(stage.record(ANN).await, None);
    assert!(
        ann.chat
            .messages()
            .iter()
            .all(|message| message.button("Back").is_none()),
        "{}",
        ann.chat.visible()
    );
    stage.start();
    let welcome = ann.command("start").await;
    assert!(welcome.text.contains("OK to start?"), "{}", welcome.text);
}

#[tokio::test]
async fn who_says_no_leaves_nothing_behind() {
    let mut stage = Stage::begin().await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let bye = ann.press("No, thanks").await;
    assert!(bye.text.contains("I keep nothing."), "{}", bye.text);
    stage.telegram.wait_until_idle().await;
    stage.kill();
    assert_eq!(stage.record(ANN).await, None);
}

#[tokio::test]
async fn what_a_panic_says_is_not_printed() {
    let stage = Stage::empty().await;
    stage.talk(ANN).person.command("start");
    // A boundary that does not exist is told of by a panic, in the handler and then in the loop
    // that polls, which ends the program.
    let said = program()
        .env("TELOXIDE_TOKEN", stage.telegram.token())
        .env("TELOXIDE_API_URL", stage.telegram.url())
        .env("BACKTALK_STORE", "memory")
        .env("BACKTALK_LOG", "trace")
        .env("BACKTALK_DIE_AT", CANARY)
        .output()
        .expect("The program runs.");
    assert_eq!(said.status.code(), Some(2));
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.contains("a panic"), "{said}");
    assert!(said.contains("src/fail_point.rs"), "{said}");
    assert!(!said.contains(CANARY), "{said}");
}
