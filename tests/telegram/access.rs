//! Only invited people: strangers get one line and leave nothing, a link lets somebody in for good.

use std::process::Command;

use backtalk::clock::{Clock, SystemClock};
use backtalk::invite::Key;
use jiff::SignedDuration;

use crate::emulator::USERNAME;
use crate::stage::{ANN, BEN, PLAIN, PLAIN_VERDICT, Stage, TO_DANGER};

const SORRY: &str = "Sorry, I can't help here: this bot is for the patients of one clinic.";
const OVER: &str = "Sorry, this link is no longer valid.";

/// A bot that only answers invited people and Ben, who is listed.
async fn clinic() -> Stage {
    let mut stage = Stage::empty().await;
    stage.settings = vec![
        ("BACKTALK_ACCESS", "invited".to_owned()),
        ("BACKTALK_ALLOWED", format!("5, {BEN}")),
    ];
    stage.start();
    stage
}

/// A code that is good for so many hours from now.
fn code(stage: &Stage, hours: i64) -> String {
    let until = SystemClock.now() + SignedDuration::from_hours(hours);
    Key::of_token(stage.telegram.token())
        .code(until, [1; 8])
        .expect("a code")
}

#[tokio::test]
async fn a_stranger_gets_one_line_with_the_numbers_and_leaves_nothing_behind() {
    let language = "tlh-GBcanary";
    let mut stage = clinic().await;
    let ann = stage.talk_as(ANN, Some(language), "Ann");
    let sorry = ann.command("start").await;
    assert!(sorry.text.starts_with(SORRY), "{}", sorry.text);
    assert!(sorry.text.contains("In danger, call "), "{}", sorry.text);
    assert!(sorry.keyboard.is_empty());
    ann.person.text("hello?");
    ann.person.command("start group");
    ann.person.sticker();
    let pressed = ann.person.press_data(sorry.id, "0!consent");
    stage.telegram.wait_until_confirmed(pressed.update).await;
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
    assert_eq!(ann.chat.messages().len(), 1, "{}", ann.chat.visible());
    let numbers = ann.text("i have chest pain").await;
    assert!(numbers.text.starts_with(SORRY), "{}", numbers.text);
    let said = ann.person.command("emergency");
    stage.telegram.wait_until_confirmed(said.update).await;
    stage
        .telegram
        .wait_until_confirmed(ann.person.block_bot())
        .await;
    assert_eq!(ann.chat.messages().len(), 2, "{}", ann.chat.visible());
    stage.telegram.wait_until_idle().await;
    stage.kill();
    assert_eq!(stage.record(ANN).await, None);
    assert!(!stage.is_stored(language.as_bytes()));
}

#[tokio::test]
async fn who_came_with_an_invitation_is_let_in_for_good_until_all_is_erased() {
    let mut stage = clinic().await;
    let code = code(&stage, 1);
    let ann = stage.talk(ANN);
    let welcome = ann.command(&format!("start {code}")).await;
    assert!(welcome.text.contains("OK to start?"), "{}", welcome.text);
    ann.press_all(TO_DANGER).await;
    stage.telegram.wait_until_idle().await;
    stage.restart();
    let verdict = ann.press_all(&PLAIN[TO_DANGER.len()..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    ann.command("forget").await;
    ann.press("Yes, delete all").await;
    let sorry = ann.command("start").await;
    assert!(sorry.text.starts_with(SORRY), "{}", sorry.text);
    let welcome = ann.command(&format!("start {code}")).await;
    assert!(welcome.text.contains("OK to start?"), "{}", welcome.text);
}

#[tokio::test]
async fn an_invitation_that_is_over_or_forged_opens_nothing_and_says_so() {
    let mut stage = clinic().await;
    let mut forged = code(&stage, 1);
    forged.replace_range(20..21, if &forged[20..21] == "A" { "B" } else { "A" });
    for (person, code) in [(ANN, code(&stage, -1)), (9, forged)] {
        let stranger = stage.talk(person);
        let over = stranger.command(&format!("start {code}")).await;
        assert!(over.text.starts_with(OVER), "{}", over.text);
        assert!(over.text.contains("call 999 or 112 now"), "{}", over.text);
        let again = stranger.person.command(&format!("start {code}"));
        stage.telegram.wait_until_confirmed(again.update).await;
        assert_eq!(stranger.chat.messages().len(), 1);
    }
    stage.telegram.wait_until_idle().await;
    stage.kill();
    assert_eq!(stage.record(ANN).await, None);
}

#[tokio::test]
async fn who_is_listed_needs_no_invitation() {
    let stage = clinic().await;
    let welcome = stage.talk(BEN).command("start").await;
    assert!(welcome.text.contains("OK to start?"), "{}", welcome.text);
}

#[tokio::test]
async fn the_command_makes_links_that_let_people_in() {
    let stage = clinic().await;
    let invite = |url: &str, more: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_backtalk"))
            .env_clear()
            .env("TELOXIDE_TOKEN", stage.telegram.token())
            .env("TELOXIDE_API_URL", url)
            .arg("invite")
            .args(more)
            .output()
            .expect("It runs.");
        let text = |bytes| String::from_utf8(bytes).expect("It is text.");
        assert!(done.status.success(), "{done:?}");
        (text(done.stdout), text(done.stderr))
    };
    let (links, said) = invite(stage.telegram.url(), &["--count", "3", "--days", "1"]);
    assert!(said.starts_with("Good until "), "{said}");
    let codes: Vec<&str> = links
        .lines()
        .filter_map(|link| link.strip_prefix(&format!("https://t.me/{USERNAME}?start=")))
        .collect();
    assert_eq!(codes.len(), 3, "{links}");
    assert_ne!(codes[0], codes[1]);
    let welcome = stage
        .talk(ANN)
        .command(&format!("start {}", codes[2]))
        .await;
    assert!(welcome.text.contains("OK to start?"), "{}", welcome.text);
    // Nothing listens on the port for discarding.
    let nowhere = "http://127.0.0.1:9";
    let (code, said) = invite(nowhere, &[]);
    assert_eq!(code.trim().len(), 38, "{code}");
    assert!(said.contains("--username"), "{said}");
    let (link, _) = invite(nowhere, &["--username", "@my_back_bot"]);
    assert!(
        link.starts_with("https://t.me/my_back_bot?start="),
        "{link}"
    );
}
