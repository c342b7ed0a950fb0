//! The scorecard of the shipped cases is fresh, and a case by anybody counts in the same way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A case that is an emergency, in the least that a file of cases needs.
const CHEST: &str = r#"
version: 1
vignettes:
  - id: mine-01-chest
    title: Chest pain with a stiff back
    story: My back went and now my chest hurts.
    facts: { chest_pain: "yes" }
    expected: emergency
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `backtalk score` in a folder, with the files built into the program.
fn score(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .arg("score")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

/// A folder with one file of cases.
fn folder(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    fs::write(&file, text).unwrap();
    (folder, file)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_card_of_the_shipped_cases_is_fresh() {
    let (folder, _) = folder(CHEST);
    let done = score(folder.path(), &[]);
    assert!(done.status.success(), "{done:?}");
    let now = fs::read_to_string(folder.path().join("SCORECARD.md")).unwrap();
    let kept = root().join("SCORECARD.md");
    if std::env::var_os("BACKTALK_ACCEPT").is_some() {
        fs::write(&kept, &now).unwrap();
    }
    assert!(
        fs::read_to_string(&kept).unwrap_or_default() == now,
        "SCORECARD.md is not what `backtalk score` writes; run it, or this test with BACKTALK_ACCEPT=1:\n{now}"
    );
}

#[test]
fn a_file_in_another_folder_is_scored() {
    let (folder, file) = folder(CHEST);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = file.to_str().unwrap();
    let done = score(elsewhere.path(), &[file, "--out", "card.md"]);
    assert!(done.status.success(), "{done:?}");
    let card = fs::read_to_string(elsewhere.path().join("card.md")).unwrap();
    assert!(card.contains(&format!("1 from `{file}`")), "{card}");
    assert!(card.contains("| emergency | 1 | 0 | 0 | 0 | 0 |"), "{card}");
    assert!(
        card.contains("1 of 1, 100 % (21 to 100); few cases"),
        "{card}"
    );
    assert!(!folder.path().join("SCORECARD.md").exists());
}

#[test]
fn a_case_that_is_wrong_is_named_and_fails() {
    let (folder, _) = folder(&CHEST.replace("expected: emergency", "expected: routine"));
    let done = score(folder.path(), &["mine.yaml"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = text(&done.stderr);
    assert!(
        said.contains("WRONG mine-01-chest in mine.yaml: told emergency"),
        "{said}"
    );
    let card = fs::read_to_string(folder.path().join("SCORECARD.md")).unwrap();
    assert!(card.contains("- `mine-01-chest` in `mine.yaml`"), "{card}");
}

#[test]
fn a_fact_that_does_not_exist_is_named_with_the_nearest() {
    let (folder, _) = folder(&CHEST.replace("chest_pain", "chest_pian"));
    let done = score(folder.path(), &["mine.yaml"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let said = text(&done.stderr);
    assert!(said.contains("mine-01-chest"), "{said}");
    assert!(said.contains("chest_pain"), "{said}");
}

#[test]
fn json_is_for_programs_and_writes_no_file() {
    let (folder, _) = folder(CHEST);
    let done = score(folder.path(), &["mine.yaml", "--json"]);
    assert!(done.status.success(), "{done:?}");
    let card: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(card["cases"], 1);
    assert_eq!(card["table"][0]["told"][0], 1);
    assert_eq!(card["rates"][0]["measure"], "exact");
    assert_eq!(card["published"][0]["study"], "Semigran 2015");
    assert!(!folder.path().join("SCORECARD.md").exists());
}
