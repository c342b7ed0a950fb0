//! Other dialogue files for a bot that runs: loaded once they are checked and proved, or refused.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::stage::{ANN, Stage};

const TWELVE: &str = "benches/twelve";
const SECOND: &str = "Question 2 of 12. When did the pain begin?";

/// The files of the twelve questions, where they can be changed.
fn files() -> TempDir {
    let folder = tempfile::tempdir().expect("A folder can be made.");
    copy(Path::new(TWELVE), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("A folder can be made.");
    for entry in fs::read_dir(from).expect("It can be read.") {
        let entry = entry.expect("An entry.").path();
        let there = to.join(entry.file_name().expect("It has a name."));
        match entry.is_dir() {
            true => copy(&entry, &there),
            false => drop(fs::copy(&entry, &there).expect("It can be copied.")),
        }
    }
}

fn change(folder: &TempDir, old: &str, new: &str) {
    let file = folder.path().join("twelve/dialogue.yaml");
    let text = fs::read_to_string(&file).expect("It can be read.");
    assert!(text.contains(old), "{old} is not there.");
    fs::write(&file, text.replacen(old, new, 1)).expect("It can be written.");
}

/// Runs `backtalk reload` with the settings of this stage.
fn reload(stage: &Stage) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .arg("reload")
        .env_clear()
        .envs(stage.settings.iter().cloned())
        .output()
        .expect("The command runs.")
}

#[tokio::test]
async fn changed_files_are_loaded_while_people_talk_and_broken_ones_are_refused() {
    let folder = files();
    let mut stage = Stage::empty().await;
    let place = |path: &Path| path.display().to_string();
    stage.settings = vec![
        ("BACKTALK_DIALOGUES", place(folder.path())),
        ("BACKTALK_DIALOGUE", "twelve".to_owned()),
        ("BACKTALK_HEARTBEAT", place(&folder.path().join("alive"))),
    ];
    stage.start();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    change(&folder, SECOND, "Question 2 of 12. Since when?");
    let done = reload(&stage);
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "{said}\n{}", stage.printed());
    assert!(said.contains("The bot goes by these files now."), "{said}");
    let next = ann.press("Left").await;
    assert!(next.text.contains("Since when?"), "{}", next.text);

    change(&folder, "Question 3 of 12.", "{ $nobody_knows }");
    let refused = reload(&stage);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("BT014"),
        "{said}"
    );
    let next = ann.press("Today").await;
    assert!(next.text.starts_with("Question 3 of 12."), "{}", next.text);
}

#[tokio::test]
async fn what_is_built_into_the_program_cannot_be_loaded_again() {
    let stage = Stage::empty().await;
    let refused = reload(&stage);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("BACKTALK_DIALOGUES"), "{said}");
}
