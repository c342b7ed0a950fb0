//! One bad update, person or message never stops the others.

use std::sync::Arc;
use std::time::Duration;

use backtalk::clock::Clock;
use backtalk::dialogue::Act;
use backtalk::engine::{Command, Input, Press, Wish};
use backtalk::store::commons::DeadLetter;
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Commons, Lane, Person, Store};
use jiff::{SignedDuration, Unit};
use serde_json::json;
use tokio::time::Instant;

use crate::breaking::Breaking;
use crate::emulator::Fault;
use crate::inside::{DIALOGUE, Inside, after, at_rest, followed_up};
use crate::reminders::ice_since;
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, PATIENCE, Stage, TO_DANGER};

const BUSY: &str = "That was a lot at once";
const ERROR: &str = "Sorry, that went wrong on my side.";

/// What was parked, and of whom.
fn whys(letters: &[DeadLetter]) -> Vec<(Option<i64>, &str)> {
    let whys = letters.iter();
    whys.map(|letter| (letter.person, &*letter.why)).collect()
}

#[tokio::test]
async fn a_flood_of_one_person_keeps_nobody_else_waiting() {
    let stage = Stage::begin().await;
    let [ann, ben] = [ANN, BEN].map(|id| stage.talk(id));
    for talk in [&ann, &ben] {
        talk.command("start").await;
        talk.press_all(TO_DANGER).await;
    }
    let began = Instant::now();
    let mut flood = None;
    for _ in 0..10_000 {
        flood = Some(ann.person.text("ow"));
    }
    let flood = flood.expect("A flood.").update;
    let mut slowest = Duration::ZERO;
    let mut times = 0;
    while !stage.telegram.is_confirmed(flood) || times == 0 {
        for label in ["None of these", "Back"] {
            let pressed = Instant::now();
            ben.press(label).await;
            slowest = slowest.max(pressed.elapsed());
            times += 1;
        }
    }
    println!(
        "10,000 messages were through after {:?}; of {times} taps the slowest took {slowest:?}",
        began.elapsed()
    );
    stage.telegram.wait_until_idle().await;
    let messages = ann.chat.messages();
    let busy = messages.iter().filter(|m| m.text.starts_with(BUSY)).count();
    println!(
        "Ann heard {busy} times that it was a lot, in {} messages",
        messages.len()
    );
    assert!((1..=5).contains(&busy), "{busy}");
    let verdict = ann.press(DANGER).await;
    assert!(verdict.text.starts_with(EMERGENCY), "{}", verdict.text);
}

#[tokio::test]
async fn an_update_that_cannot_be_read_is_parked_at_once() {
    let mut stage = Stage::begin().await;
    let unreadable = json!({ "message": { "message_id": 1, "date": "yesterday" } });
    let update = stage.telegram.raw_update(unreadable);
    let ann = stage.talk(ANN);
    ann.command("start").await;
    stage.telegram.wait_until_confirmed(update).await;
    stage.stop(PATIENCE).await;
    let store = stage.open().await;
    let letters = store.parked().await.expect("The store answers.");
    assert_eq!(whys(&letters), [(None, "unreadable update")]);
    assert_eq!(letters[0].update, Some(update.into()));
}

#[tokio::test]
async fn a_panic_for_one_person_is_parked_after_five_tries_and_told_once() {
    let store = Arc::new(Breaking {
        store: MemoryStore::new(),
        victim: Person(ANN),
    });
    let inside = Inside::new(store.clone(), 1000).await;
    inside.telegram.person(ANN).already_started();
    inside.start(BEN).await;
    for _ in 0..3 {
        let ann = inside.give(ANN, Input::Text("hello".to_owned()));
        let ben = inside.give(BEN, Input::Command(Command::Status));
        assert_eq!(tokio::join!(ann, ben), (true, true), "Both are finished.");
    }
    // A timer of hers breaks too, and nobody is told.
    assert!(inside.give(ANN, Input::Due).await);
    assert!(inside.give(BEN, Input::Media).await);
    let letters = store.parked().await.expect("The store answers.");
    assert_eq!(whys(&letters), [(Some(ANN), "panic"); 4]);
    let told = inside.telegram.chat(ANN).messages();
    assert_eq!(told.len(), 1, "{}", inside.telegram.chat(ANN).visible());
    assert!(told[0].text.starts_with(ERROR), "{}", told[0].text);
}

#[tokio::test]
async fn an_update_that_ends_the_process_is_parked_after_five_deaths_and_takes_no_other_with_it() {
    let mut stage = Stage::empty().await;
    let die = [("BACKTALK_DIE_AT", "load.before")];
    let [ann, ben] = [ANN, BEN].map(|id| stage.talk(id));
    let hers = ann.person.text("hello").update;
    let his = ben.person.command("start").update;
    for _ in 0..5 {
        stage.start_with(&die);
        stage.death().await;
    }
    // Hers is given up. His is the next that it dies of.
    stage.start_with(&die);
    ann.chat.wait_for_text(ERROR).await;
    stage.death().await;
    stage.start();
    ben.chat.wait_for_text("OK to start?").await;
    stage.telegram.wait_until_confirmed(his).await;
    ann.command("start").await;
    ben.press_all(TO_DANGER).await;
    stage.stop(PATIENCE).await;
    let store = stage.open().await;
    let letters = store.parked().await.expect("The store answers.");
    assert_eq!(whys(&letters), [(Some(ANN), "abort")]);
    assert_eq!(letters[0].update, Some(hers.into()));
    assert_eq!(ann.chat.messages().len(), 2, "{}", ann.chat.visible());
}

#[tokio::test]
async fn a_message_that_telegram_always_refuses_is_parked_and_the_talk_goes_on() {
    let store = Arc::new(MemoryStore::new());
    let inside = Inside::new(store.clone(), 1000).await;
    for person in [ANN, BEN] {
        inside.start(person).await;
        inside.press_all(person, TO_DANGER).await;
    }
    let refuse = Fault::Refuse {
        code: 400,
        description: "Bad Request: something new of Telegram's".to_owned(),
    };
    let refused = inside.telegram.fault(refuse).on("sendMessage").in_chat(ANN);
    let refused = refused.times(5).arm();
    inside.remind();
    inside.press(ANN, DANGER).await;
    for times in 1..=5 {
        refused.reached(times).await;
        inside.press(BEN, "None of these").await;
        inside.press(BEN, "Back").await;
        inside.advance(Duration::from_secs(60));
    }
    // What was refused for good is out of the way of the next.
    inside.give(ANN, Input::Command(Command::Why)).await;
    let chat = inside.telegram.chat(ANN);
    let why = chat.wait_for_text("Your answers that counted").await;
    assert!(why.edits == 0, "{}", why.text);
    let letters = store.parked().await.expect("The store answers.");
    assert_eq!(whys(&letters), [(Some(ANN), "refused by the messenger")]);
    let all = chat.messages();
    assert!(
        !all.iter().any(|said| said.text.starts_with(EMERGENCY)),
        "{}",
        chat.visible()
    );
}

/// How many have a check-in due, and how many messages may go out in a second.
const CHECK_INS: (i64, u32) = (1000, 20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_off_that_is_due_later_goes_out_ahead_of_all_who_wait_for_the_send_budget() {
    let store = Arc::new(MemoryStore::new());
    let inside = Inside::new(store.clone(), CHECK_INS.1).await;
    let off_at = inside.clock.now() + SignedDuration::from_mins(5);
    // Logs keep whole milliseconds.
    let off_at = off_at.round(Unit::Millisecond).expect("A near time.");
    let minutes = |n: u32| SignedDuration::from_mins(n.into());
    let ice = &DIALOGUE.clock.ice;
    let keep = async |person: i64, session, seen| {
        inside.telegram.person(person).already_started();
        let record = at_rest(session, seen);
        let kept = store.commit(Person(person), 0, &record, None).await;
        kept.expect("The store answers.");
        (record.due, record.lane)
    };
    // Ann was asked after her skin, and her ice comes off soon.
    let on = off_at - minutes(ice.on_minutes);
    let asked = on + minutes(ice.check_after_minutes);
    let ann = after(&ice_since(&DIALOGUE, on), &Input::Due, asked);
    assert_eq!(keep(ANN, ann, asked).await, (Some(off_at), Lane::First));
    // Others are offered their next round, since a while.
    let rested = off_at - minutes(6);
    let off = rested - minutes(ice.off_minutes);
    let off_pack = Input::Press(Press {
        visit: 0,
        wish: Wish::Act(Act::ItIsOff),
    });
    let other = after(&ice_since(&DIALOGUE, off - minutes(1)), &off_pack, off);
    for person in 1_000..1_000 + CHECK_INS.0 {
        let due = keep(person, other.clone(), off).await;
        assert_eq!(due, (Some(rested), Lane::Other));
    }
    inside.remind();
    let count = || inside.telegram.count_of("sendMessage");
    while count() < 2 * CHECK_INS.1 as usize {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    inside.advance(inside.clock.until(off_at));
    let chat = inside.telegram.chat(ANN);
    chat.wait_for_text("Take the ice off now").await;
    let sent = inside.telegram.requests_of("sendMessage");
    let before = sent.iter().filter(|r| r.chat != Some(ANN)).count();
    println!("{before} of {} went out before the take-off", CHECK_INS.0);
    assert!(before < CHECK_INS.0 as usize / 2, "{before}");
}

/// How many are due at the same second.
const MANY: i64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_people_who_are_due_at_once_are_all_reminded_once_and_keep_nobody_waiting() {
    let store = Arc::new(MemoryStore::new());
    let inside = Inside::new(store.clone(), 1000).await;
    // An emergency is followed up. All are due at the first of these times.
    let record = followed_up(inside.clock.now());
    let due = record.due.expect("A follow-up is wanted.");
    for person in 1_000..1_000 + MANY {
        inside.telegram.person(person).already_started();
        let kept = store.commit(Person(person), 0, &record, None).await;
        kept.expect("The store answers.");
    }
    inside.advance(inside.clock.until(due) + Duration::from_secs(1));
    inside.start(BEN).await;
    inside.press_all(BEN, TO_DANGER).await;
    let before = inside.telegram.requests_of("sendMessage").len();
    let began = Instant::now();
    inside.remind();
    let mut slowest = Duration::ZERO;
    let mut times = 0;
    let count = || inside.telegram.count_of("sendMessage") - before;
    let mut news = inside.telegram.changes();
    while count() < MANY as usize {
        let requests = inside.telegram.request_count();
        for label in ["None of these", "Back"] {
            let pressed = Instant::now();
            inside.press(BEN, label).await;
            slowest = slowest.max(pressed.elapsed());
            times += 1;
        }
        // A log holds no end of answers, so they are no quicker than this.
        while count() < MANY as usize && inside.telegram.request_count() < requests + 100 {
            news.changed().await.expect("Telegram goes on.");
        }
    }
    println!(
        "{MANY} reminders took {:?}; of {times} taps the slowest took {slowest:?}",
        began.elapsed()
    );
    let mut chats: Vec<_> = inside.telegram.requests_of("sendMessage")[before..]
        .iter()
        .filter_map(|request| request.chat)
        .filter(|chat| *chat != BEN)
        .collect();
    chats.sort_unstable();
    assert!(
        chats.iter().copied().eq(1_000..1_000 + MANY),
        "{}",
        chats.len()
    );
}
