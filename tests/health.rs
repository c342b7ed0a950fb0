//! `backtalk health` as whoever watches over the bot runs it: an exit code and one plain line.

use std::path::Path;
use std::process::Command;

use backtalk::clock::{Clock, SystemClock};
use backtalk::heartbeat::{self, ALIVE_FOR};
use jiff::SignedDuration;

fn check(file: &Path, code: i32, says: &[&str]) {
    let out = Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .arg("health")
        .env(heartbeat::SETTING, file)
        .output()
        .expect("The program runs.");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(out.stderr.is_empty());
    for says in says {
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn a_bot_that_reached_everything_just_now_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alive");
    heartbeat::beat(&file, SystemClock.now(), "edition");
    check(&file, 0, &["The bot is alive"]);
}

#[test]
fn a_bot_that_reached_nothing_for_long_is_not_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alive");
    heartbeat::beat(&file, SystemClock.now() - ALIVE_FOR, "edition");
    check(&file, 1, &["not well", "Read its log"]);
    let ahead = SystemClock.now() + SignedDuration::from_hours(1);
    heartbeat::beat(&file, ahead, "edition");
    check(&file, 1, &["not well", "Set the clock"]);
}

#[test]
fn where_no_bot_runs_it_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alive");
    let path = file.display().to_string();
    check(&file, 1, &["backtalk run", heartbeat::SETTING, &path]);
}

#[test]
fn a_file_of_something_else_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alive");
    std::fs::write(&file, "hello").unwrap();
    check(&file, 1, &["holds no sign of life", heartbeat::SETTING]);
}
