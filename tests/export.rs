//! The file of `/export`: of every replay it gives the same session back, and `backtalk replay`
//! goes through it again; a file that was changed is told from one that was not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use backtalk::dialogue::{Dialogue, load};
use backtalk::engine::Session;
use backtalk::engine::export::{Retraced, export, import, retrace};
use backtalk::replay::parse;
use backtalk::replay_run::{Mode, beside, run};
use backtalk::shipped;
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Person, Store};
use jiff::Timestamp;
use rstest::rstest;
use serde_json::Value;

static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads"))
});

fn now() -> Timestamp {
    "2026-04-01T12:00:00Z".parse().expect("a time")
}

/// What is kept at the end of a replay; nothing when it ends with everything erased.
fn kept_after(path: &Path) -> Option<Session> {
    let text = std::fs::read_to_string(path).expect("a replay");
    let replay = parse(&text).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let find = |name: &str| beside(path, name);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        run(&DIALOGUE, &replay, Mode::Straight, &open, &find)
            .await
            .expect("it runs");
        let record = store.load(Person(1)).await.expect("it can be read");
        record.and_then(|r| r.body.session)
    })
}

fn exported(replay: &str) -> String {
    let path = PathBuf::from(format!("tests/replays/back_spasm/{replay}.replay"));
    export(
        &DIALOGUE,
        &kept_after(&path).expect("something is kept"),
        now(),
    )
}

/// The checker: this change of an export is refused when it is read, or found when it is gone
/// through again, with these words.
fn check(change: impl FnOnce(&mut Value), says: &str) {
    let mut all: Value = serde_json::from_str(&exported(HEALTHY)).expect("JSON");
    change(&mut all);
    let said = match retrace(&DIALOGUE, &all.to_string()) {
        Err(wrong) | Ok(Retraced { wrong, .. }) => wrong.join("\n"),
    };
    assert!(said.contains(says), "{said}");
}

const HEALTHY: &str = "take_it_off_is_said_once_more";

#[rstest]
fn an_export_gives_the_same_session_back_and_holds_when_gone_through_again(
    #[files("tests/replays/back_spasm/*.replay")] path: PathBuf,
) {
    let Some(session) = kept_after(&path) else {
        return;
    };
    let json = export(&DIALOGUE, &session, now());
    assert_eq!(import(&DIALOGUE, &json), Ok(session.clone()));
    let again = retrace(&DIALOGUE, &json).expect("it can be read");
    assert_eq!(again.wrong, [""; 0], "{json}");
    assert_eq!(again.lines.len(), session.log.len() + session.rounds.len());
}

#[rstest]
#[case::no_json(|all: &mut Value| *all = "?".into(), "This is not a file of /export")]
#[case::another_number(|all: &mut Value| all["number"] = 1.into(), "format number 1; this program reads 2")]
#[case::another_dialogue(|all: &mut Value| all["dialogue"] = "knee".into(), "of the dialogue `knee`")]
#[case::another_form(|all: &mut Value| all["form"] = "0011223344556677".into(), "its questions or rules have changed since")]
#[case::an_unknown_key(|all: &mut Value| all["more"] = 1.into(), "unknown field `more`")]
#[case::an_unknown_screen(|all: &mut Value| all["answers"][1]["screen"] = "whoo".into(), "answers, line 2: there is no screen `whoo`. Did you mean `who`?")]
#[case::no_such_answer(|all: &mut Value| all["answers"][1]["item"] = 99.into(), "none in place 99")]
#[case::answers_count_from_one(|all: &mut Value| all["answers"][1]["item"] = 0.into(), "none in place 0")]
#[case::no_moment(|all: &mut Value| all["answers"][1]["at"] = "noon".into(), "answers, line 2: `at` is no moment")]
#[case::an_unknown_event(|all: &mut Value| all["answers"][1]["what"] = "sang".into(), "unknown variant `sang`")]
#[case::an_unknown_message(|all: &mut Value| all["talk"]["over_the_question"] = serde_json::json!({ "shows": "note", "message": "hello" }), "there is no message `hello`")]
#[case::no_such_page(|all: &mut Value| all["talk"]["page"] = serde_json::json!({ "page": 200, "part": 0 }), "the plan has no page 200")]
#[case::a_round_without_its_pack(|all: &mut Value| { all["rounds"][0].as_object_mut().expect("a line").remove("pack"); }, "missing field `pack`")]
#[case::another_verdict(|all: &mut Value| told(all)["disposition"] = "urgent".into(), "urgent was told, and the rules give self_care then")]
#[case::other_rules(|all: &mut Value| told(all)["rules"] = serde_json::json!(["E10"]), "the rules were E10, and are")]
#[case::another_result(|all: &mut Value| all["result"]["stands"] = "welcome".into(), "result, stands: it was welcome")]
#[case::another_fact(|all: &mut Value| all["result"]["facts"][0]["is"] = serde_json::json!(["never"]), "it was never, and is")]
fn what_was_changed_in_an_export_is_found(#[case] change: fn(&mut Value), #[case] says: &str) {
    check(change, says);
}

fn told(all: &mut Value) -> &mut Value {
    let lines = all["answers"].as_array_mut().expect("a list");
    let told = lines.iter_mut().find(|line| line["what"] == "was told");
    told.expect("a verdict")
}

#[test]
fn every_problem_of_an_export_is_told_at_once() {
    let mut all: Value = serde_json::from_str(&exported(HEALTHY)).expect("JSON");
    all["answers"][1]["screen"] = "whoo".into();
    all["rounds"][0]["at"] = "noon".into();
    let wrong = import(&DIALOGUE, &all.to_string()).expect_err("two problems");
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[test]
fn an_export_reads_as_what_was_asked_and_answered() {
    let all: Value = serde_json::from_str(&exported(HEALTHY)).expect("JSON");
    assert_eq!(all["format"], "backtalk export");
    assert_eq!(all["exported_at"], "2026-04-01T12:00:00Z");
    let who = &all["answers"][1];
    assert_eq!(who["what"], "answered");
    let question = who["question"].as_str().expect("words");
    assert!(question.starts_with("Who has the pain"), "{question}");
    assert_eq!(who["answer"], "I'm 18 to 49");
    assert_eq!(who["item"], 1);
    assert_eq!(all["result"]["disposition"], "self_care");
}

#[test]
fn the_command_prints_the_conversation_and_fails_when_it_does_not_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("backtalk.json");
    let replay = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).expect("written");
        let done = Command::new(env!("CARGO_BIN_EXE_backtalk"))
            .arg("replay")
            .arg(&file)
            .args(more)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        (done.status.success(), said)
    };
    let good = exported(HEALTHY);
    let (held, said) = replay(&good, &[]);
    assert!(held, "{said}");
    for line in [
        "  →  I'm 18 to 49",
        "was told: self_care",
        "put the pack on: ice",
        "ok    ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (held, said) = replay(&good.replacen("\"self_care\"", "\"soon\"", 1), &[]);
    assert!(!held && said.contains("FAIL  "), "{said}");
    let (held, said) = replay(&good, &["--accept"]);
    assert!(!held && said.contains("nothing to accept"), "{said}");
}
