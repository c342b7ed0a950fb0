//! Somebody is coached: three days with their records in Redis and a clock that is moved on, and a
//! round with the real program that is killed in the middle of it.

use std::time::Duration;

use backtalk::clock::Clock;
use backtalk::engine::session::RoundWhat;
use backtalk::engine::{Command, Input, Press, State, Wish};
use backtalk::quiet::Quiet;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::emulator::{Chat, Message};
use crate::inside::{DIALOGUE, Inside};
use crate::redis_server::{new_prefix, shared};
use crate::stage::{ANN, PATIENCE, PLAIN, Stage};

/// The hour of the day at which the talk begins, in the person's own time.
const BEGINS: i64 = 9;

/// A zone without daylight saving in which it is about nine in the morning now, so that quiet hours
/// fall the same whenever this runs.
pub fn zone_of_the_morning(now: Timestamp) -> String {
    let hour = now.as_second().div_euclid(3600).rem_euclid(24);
    let ahead = (BEGINS - hour + 12).rem_euclid(24) - 12;
    // The signs of these names are the other way round.
    match ahead {
        0 => "Etc/GMT".to_owned(),
        ahead => format!("Etc/GMT{:+}", -ahead),
    }
}

/// One person of whom every message is followed.
struct Followed<'a> {
    inside: &'a Inside,
    chat: Chat,
    zone: TimeZone,
    began: Timestamp,
    /// Messages that were seen, by number.
    seen: usize,
    log: Vec<String>,
}

impl Followed<'_> {
    /// Move the clock to when the bot must look again, and wait until it has.
    async fn next(&mut self) {
        let due = self
            .inside
            .record(ANN)
            .await
            .due
            .expect("Something is due.");
        let wait = due.duration_since(self.inside.clock.now());
        let wait = Duration::try_from(wait).unwrap_or_default();
        self.inside.advance(wait + Duration::from_millis(20));
        self.settle().await;
    }

    /// Wait until all is said, and note what is new.
    async fn settle(&mut self) {
        let settled = async {
            loop {
                let record = self.inside.record(ANN).await;
                let now = self.inside.clock.now();
                let shown = record.body.owed.is_empty() && record.body.over.is_empty();
                if shown && record.due.is_none_or(|due| due > now) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, settled).await;
        in_time.unwrap_or_else(|_| panic!("Not settled:\n{}", self.chat.visible()));
        let messages = self.chat.messages();
        for message in &messages[self.seen..] {
            let text = message.text.replace('\n', " / ");
            self.log.push(format!("{}  bot   {text}", self.clock()));
        }
        self.seen = messages.len();
    }

    /// The day of the talk, and the time where they are.
    fn clock(&self) -> String {
        let now = self.inside.clock.now();
        let local = now.to_zoned(self.zone.clone());
        let first = self.began.to_zoned(self.zone.clone()).date();
        let day = local.date().duration_since(first).as_hours() / 24 + 1;
        format!("day {day} {}", local.strftime("%H:%M"))
    }

    /// Press this button of the newest message that has it.
    async fn press(&mut self, label: &str) {
        let messages = self.chat.messages();
        let button = messages.iter().rev().find_map(|m| m.button(label));
        let data = button.and_then(|b| b.data.clone());
        let data = data.unwrap_or_else(|| panic!("No [{label}]:\n{}", self.chat.visible()));
        let press = Press::read(&data).expect("Our own button.");
        self.log.push(format!("{}  you   [{label}]", self.clock()));
        assert!(self.inside.give(ANN, Input::Press(press)).await);
        self.settle().await;
    }

    /// The newest message with buttons.
    fn newest_that_asks(&self) -> Message {
        let messages = self.chat.messages();
        let asks = |m: &&Message| m.buttons().next().is_some();
        messages.iter().rev().find(asks).expect("One.").clone()
    }

    /// Whether a check-in is being asked.
    async fn is_checked(&self) -> bool {
        let record = self.inside.record(ANN).await;
        let session = record.body.session.as_ref().expect("A session.");
        State::of(&DIALOGUE, session).check_in.is_some()
    }

    /// Answer the check-in, as somebody who is getting better.
    async fn check_in(&mut self) {
        const ANSWERS: &[&str] = &[
            "None of these",
            "Better",
            "The skin is fine",
            "All right",
            "No, as it is",
            "4",
            "No",
            "Yes",
        ];
        while self.is_checked().await {
            let newest = self.newest_that_asks();
            let answer = ANSWERS.iter().find(|label| newest.button(label).is_some());
            let answer = answer.unwrap_or_else(|| panic!("{newest:?}"));
            self.press(answer).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_days_of_coaching_with_redis() {
    let store = std::sync::Arc::new(shared().store(&new_prefix()).await);
    let inside = Inside::new(store, 1000).await;
    inside.start(ANN).await;
    inside.press_all(ANN, PLAIN).await;
    let state = |session| State::of(&DIALOGUE, session);
    let visit = {
        let record = inside.record(ANN).await;
        state(record.body.session.as_ref().expect("A session.")).visit
    };
    let wish = |wish| Input::Press(Press { visit, wish });
    inside.remind();
    let began = inside.clock.now();
    let zone = zone_of_the_morning(began);
    assert!(inside.give(ANN, wish(Wish::Zone(zone.clone()))).await);
    let hours = Quiet::between((22, 0), (7, 0)).expect("Hours.");
    assert!(
        inside
            .give(ANN, wish(Wish::Quiet(hours.from, hours.to)))
            .await
    );
    let mut ann = Followed {
        inside: &inside,
        chat: inside.telegram.chat(ANN),
        zone: backtalk::engine::local::named(&zone).expect("A zone."),
        began,
        seen: inside.telegram.chat(ANN).messages().len(),
        log: Vec::new(),
    };
    ann.press("Make my plan").await;
    for _ in 0..4 {
        ann.press("None of these").await;
    }
    ann.press("Ice, 20 minutes").await;
    ann.press("Start").await;
    let three_days = began + SignedDuration::from_hours(71);
    let mut checked = 0;
    while inside.clock.now() < three_days {
        ann.next().await;
        if ann.is_checked().await {
            checked += 1;
            ann.check_in().await;
            continue;
        }
        let newest = ann.newest_that_asks();
        let steps: &[&str] = match newest.text.as_str() {
            text if text.starts_with("Five minutes.") => &["Skin is fine"],
            text if text.starts_with("Take the ") => &["It is off"],
            text if text.starts_with("Good morning") => &["Yes", "Start"],
            text if text.contains("Two days have passed") => &["Start ice"],
            text if text.contains("ice or heat") => &["Start ice"],
            text if text.contains("Time for ice") => &["Start"],
            _ => &[],
        };
        for label in steps {
            ann.press(label).await;
        }
    }
    println!("{}", ann.log.join("\n"));
    let record = inside.record(ANN).await;
    let session = record.body.session.as_ref().expect("A session.");
    let started = session
        .rounds
        .iter()
        .filter(|e| matches!(e.what, RoundWhat::Started(_)));
    assert!(started.count() >= 3, "Rounds go on on the third day.");
    assert_eq!(checked, 1, "A day later it is asked how it is, once.");
    let said = |beginning: &str| ann.log.iter().filter(|l| l.contains(beginning)).count();
    let taps = said("[Start]") + said("[Start ice]") + said("[Start heat]");
    let told = said("bot   Take the ice off") + said("bot   Take the heat off");
    assert!(
        told > 12 && told <= taps,
        "{told} of {taps} rounds were told to end"
    );
    assert!(said("bot   Good morning.") >= 2, "Two mornings.");
    assert_eq!(
        said("Two days have passed"),
        1,
        "Ice or heat after two days."
    );
    for line in ann.log.iter().filter(|l| l.contains("  bot   ")) {
        let hour: i64 = line["day 1 ".len()..][..2].parse().expect("An hour.");
        let of_a_pack = [
            "Five minutes",
            "Take the",
            "Is it off",
            "That's 15",
            "Well done",
        ];
        let answers = ["Ice is on", "Heat is on", "OK.", "That's enough"];
        let may = of_a_pack.iter().chain(&answers).any(|b| line.contains(b));
        assert!((7..22).contains(&hour) || may, "in quiet hours: {line}");
    }
    assert!(inside.give(ANN, Input::Command(Command::History)).await);
    ann.settle().await;
    let (picture, caption) = ann.chat.pictures().pop().expect("A picture.");
    assert!(picture.bytes.starts_with(b"\x89PNG"), "It is a PNG.");
    assert!(caption.contains("of ice"), "{caption}");
}

#[tokio::test]
async fn a_round_lives_on_when_the_program_is_killed_and_shows_in_the_picture() {
    let mut stage = Stage::empty().await;
    stage.start();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press_all(PLAIN).await;
    ann.press("Make my plan").await;
    for _ in 0..4 {
        ann.press("None of these").await;
    }
    ann.press("Ice, 20 minutes").await;
    ann.press("Start").await;
    let on = |text: &str| text.starts_with("Ice is on: 0 of 20 minutes");
    let messages = ann
        .chat
        .wait_for(|all| all.iter().any(|m| on(&m.text)))
        .await;
    let round = messages.iter().find(|m| on(&m.text)).expect("It.").id;
    stage.telegram.wait_until_idle().await;
    stage.kill();
    stage.start();
    ann.press("Take it off early").await;
    let over = |all: &[Message]| {
        let message = all.iter().find(|m| m.id == round);
        message.is_some_and(|m| m.text == "That one is done." && m.buttons().next().is_none())
    };
    ann.chat.wait_for(over).await;
    let done = ann.chat.messages();
    assert!(done.iter().any(|m| m.text.starts_with("Well done.")));
    ann.command("history").await;
    ann.chat
        .wait_for(|all| all.iter().any(|m| m.text.contains("1 of ice")))
        .await;
    assert_eq!(ann.chat.pictures().len(), 1);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}
