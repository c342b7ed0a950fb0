//! The program is replaced by one with a newer dialogue while people talk with it.

use std::fs;
use std::path::Path;

use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::issue::Sources;
use backtalk::store::{Commit, Person};
use rstest::rstest;
use tempfile::TempDir;

use crate::changed;
use crate::coached::zone_of_the_morning;
use crate::redis_server::{new_prefix, shared};
use crate::stage::{ANN, PLAIN, PLAIN_VERDICT, Stage, Talk};

/// How many of the answers of a plain strain come before *Very hard to move*.
const BEFORE: usize = 5;

/// The one line about a question that was added.
const MORE: &str = "My questions were updated just now.";

/// A folder with these files.
fn folder(files: &Sources) -> TempDir {
    let folder = tempfile::tempdir().expect("A folder can be made.");
    for (name, text) in files {
        let path = folder.path().join(name);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).expect("A folder can be made.");
        fs::write(path, text).expect("A file can be written.");
    }
    folder
}

/// Kills the program and starts it with the dialogue of these files, as a deploy does.
fn deploy(stage: &mut Stage, files: &Sources) -> TempDir {
    stage.kill();
    let folder = use_files(stage, files);
    stage.start();
    folder
}

/// From now on the program and its commands use these files.
fn use_files(stage: &mut Stage, files: &Sources) -> TempDir {
    let folder = folder(files);
    let path = folder.path().to_string_lossy().into_owned();
    stage
        .settings
        .retain(|(name, _)| *name != "BACKTALK_DIALOGUES");
    stage.settings.push(("BACKTALK_DIALOGUES", path));
    folder
}

/// Ann lives where it is morning, so that no quiet hours keep anything back whenever this runs.
async fn let_it_be_morning(stage: &Stage) {
    let store = stage.open().await;
    let loaded = store.load(Person(ANN)).await.expect("The store answers.");
    let mut record = loaded.expect("It is kept.");
    let session = record.body.session.as_mut().expect("A session.");
    session.zone = Some(zone_of_the_morning(SystemClock.now()));
    let kept = store
        .commit(Person(ANN), record.version, &record, None)
        .await;
    assert!(matches!(kept, Ok(Commit::Applied)), "{kept:?}");
}

/// Everything runs, and somebody has given so many answers of a plain strain.
async fn asked(stage: Stage, answers: usize) -> (Stage, Talk) {
    let mut stage = stage;
    stage.start();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press_all(&PLAIN[..answers]).await;
    stage.telegram.wait_until_idle().await;
    (stage, ann)
}

/// How many messages were ever sent that begin like this.
fn sent(talk: &Talk, start: &str) -> usize {
    let messages = talk.chat.messages();
    messages.iter().filter(|m| m.text.contains(start)).count()
}

#[rstest]
#[case::in_a_file(false)]
#[case::in_redis(true)]
#[tokio::test]
async fn a_talk_under_way_is_asked_only_the_question_that_was_added(#[case] in_redis: bool) {
    let mut stage = Stage::empty().await;
    if in_redis {
        let address = format!("redis://127.0.0.1:{}", shared().port);
        stage.settings.push(("BACKTALK_STORE", address));
        stage.settings.push(("BACKTALK_REDIS_PREFIX", new_prefix()));
    }
    let (mut stage, ann) = asked(stage, BEFORE).await;
    let _new = deploy(&mut stage, &changed::one_more_question());
    // They tap what the old version showed, which counts; then the new question is asked.
    let before = ann.lowest();
    ann.person
        .press_on(&ann.latest_with(PLAIN[BEFORE]), PLAIN[BEFORE]);
    let is_asked = |last: &crate::emulator::Message| last.text.contains(changed::QUESTION);
    ann.chat
        .wait_for_last(|last| before.as_ref() != Some(last) && is_asked(last))
        .await;
    assert_eq!(sent(&ann, MORE), 1, "{}", ann.chat.visible());
    // After it they are where they were, and what they tapped is ticked.
    let there = ann.press("No rash").await;
    assert!(there.text.contains("Now legs and arms."), "{}", there.text);
    assert!(
        there.button(&format!("✓ {}", PLAIN[BEFORE])).is_some(),
        "{:?}",
        there.keyboard
    );
    let verdict = ann.press_all(&PLAIN[BEFORE + 1..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    assert_eq!(sent(&ann, MORE), 1, "{}", ann.chat.visible());
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}

#[tokio::test]
async fn a_rename_moves_a_talk_silently() {
    let (mut stage, ann) = asked(Stage::empty().await, BEFORE).await;
    let _new = deploy(&mut stage, &changed::renamed());
    let verdict = ann.press_all(&PLAIN[BEFORE..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    assert_eq!(ann.chat.messages().len(), 2, "{}", ann.chat.visible());
    stage.stop(crate::stage::PATIENCE).await;
    let record = stage.record(ANN).await.expect("It is kept.");
    let form = record.body.session.map(|s| s.form);
    assert_eq!(form, Some(changed::loaded(&changed::renamed()).form));
}

#[tokio::test]
async fn what_cannot_move_finishes_on_the_old_version_and_begins_again_on_the_new() {
    let (mut stage, ann) = asked(Stage::empty().await, BEFORE + 1).await;
    let gone = PLAIN[BEFORE];
    let _new = deploy(&mut stage, &changed::without_an_answer());
    let verdict = ann.press_all(&PLAIN[BEFORE + 1..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    // The next check is that of today.
    ann.command("restart").await;
    let asked = ann.press_all(&PLAIN[1..BEFORE]).await;
    assert!(asked.text.contains("Now legs and arms."), "{}", asked.text);
    assert!(asked.button(gone).is_none(), "{:?}", asked.keyboard);
}

#[tokio::test]
async fn a_recall_is_counted_confirmed_and_told_once() {
    let (mut stage, ann) = asked(Stage::empty().await, PLAIN.len()).await;
    stage.stop(crate::stage::PATIENCE).await;
    let_it_be_morning(&stage).await;
    let _new = use_files(&mut stage, &changed::more_urgent("urgent"));
    let counts = stage.operate(&["migrate", "--dry-run"]);
    assert!(counts.contains("level rises            1\n"), "{counts}");
    let counted = stage.operate(&["recall"]);
    assert!(
        counted.contains("told self_care, now urgent: 1\n"),
        "{counted}"
    );
    assert!(counted.contains("--confirm"), "{counted}");
    let none = stage.record(ANN).await.expect("It is kept.");
    assert!(none.body.owed.is_empty());
    let told = stage.operate(&["recall", "--confirm"]);
    assert!(told.contains("1 will be told"), "{told}");
    let again = stage.operate(&["recall", "--confirm"]);
    assert!(again.contains("Nobody is to be told."), "{again}");
    let before = ann.lowest();
    stage.start();
    let recall = ann.news_since(before).await;
    assert!(
        recall.text.starts_with("My rules were updated."),
        "{}",
        recall.text
    );
    let asked = ann.press("Check the danger signs").await;
    assert!(asked.text.contains("Safety first."), "{}", asked.text);
    assert_eq!(
        sent(&ann, "My rules were updated."),
        1,
        "{}",
        ann.chat.visible()
    );
}
