//! Two processes of one bot on one Redis: one polls, the other takes over, and one person's updates
//! apply one at a time whichever of the two they reach.

use std::sync::Arc;

use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::load;
use backtalk::engine::route::{Place, place};
use backtalk::engine::session::What;
use backtalk::engine::{Input, Press, State, Wish, view};
use backtalk::shipped;
use backtalk::store::cached::Cached;
use backtalk::store::{Person, Store, StoreError};
use backtalk::turn::{Bot, Origin, take};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::redis_server::{Server, new_prefix, shared, wait_until};
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, PLAIN, PLAIN_VERDICT, Stage, TO_DANGER};

#[tokio::test]
async fn when_the_one_that_polls_ends_the_other_goes_on_with_the_talk() {
    let server = Server::start(&[]);
    let stage = Stage::on_redis(server.address()).await;
    let started = |times| {
        let printed = || stage.printed().matches("answering as").count();
        wait_until("A start", || printed() >= times);
    };
    let mut first = stage.another();
    started(1);
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let second = stage.another();
    started(2);
    ann.press_all(&PLAIN[..9]).await;
    let polls = stage.telegram.requests_of("getUpdates");
    let is_alone = polls.iter().all(|poll| poll.status != Some(409));
    assert!(is_alone, "Only one polls.");

    first.kill();
    let killed = Instant::now();
    ann.press(PLAIN[9]).await;
    println!("answered {:?} after a kill", killed.elapsed());
    ann.press_all(&PLAIN[10..14]).await;

    let _third = stage.another();
    started(3);
    second.ask_to_stop();
    let stopped = Instant::now();
    ann.press(PLAIN[14]).await;
    println!("answered {:?} after a polite stop", stopped.elapsed());
    let verdict = ann.press_all(&PLAIN[15..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    let ben = stage.talk(BEN);
    ben.command("start").await;
    ben.press_all(TO_DANGER).await;
    let verdict = ben.press(DANGER).await;
    assert!(verdict.text.starts_with(EMERGENCY), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered();
    let messages = ann.chat.messages();
    assert_eq!(
        messages.len(),
        2,
        "Nothing came twice: {}",
        ann.chat.visible()
    );
}

/// How many taps each item gets.
const TAPS: usize = 100;

/// Two items of the list that is open after the first answers, harmless on their own.
const ITEMS: [u8; 2] = [4, 6];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_apply_each_update_of_one_person_once_and_in_a_possible_order() {
    let prefix = new_prefix();
    let dialogue = Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("It loads."));
    let bot = async || {
        Bot::new(
            dialogue.clone(),
            Arc::new(Cached::new(Arc::new(shared().store(&prefix).await))),
        )
    };
    let bots = [bot().await, bot().await];
    let (ann, now) = (Person(ANN), SystemClock.now());
    let mut commits = 0;
    for label in &PLAIN[..5] {
        let record = bots[0].store.load(ann).await.expect("Redis answers.");
        let session = match record.and_then(|record| record.body.session) {
            Some(session) => session,
            None => backtalk::engine::begin(&dialogue),
        };
        let view = view::view(&dialogue, &session, now).expect("A question is open.");
        let button = view.buttons().find(|button| button.label == *label);
        let button = button.unwrap_or_else(|| panic!("There is no {label:?} in {view:?}."));
        let press = Press::read(&button.data).expect("Our own button.");
        let input = Input::Press(press);
        let turned = take(&bots[0], ann, &input, &Origin::default(), now).await;
        turned.expect("Redis answers.");
        commits += 1;
    }
    let record = bots[0].store.load(ann).await.expect("Redis answers.");
    let session = record.and_then(|r| r.body.session).expect("A session.");
    let state = State::of(&dialogue, &session);
    let Place::Asking(screen) = place(&dialogue, &state) else {
        panic!("Nothing is asked.");
    };
    let before = session.log.len();

    // Somebody ticks and unticks two items at once, and each update reaches both processes.
    let race = |item: u8| {
        let (bots, visit) = (bots.clone(), state.visit);
        tokio::spawn(async move {
            let mut applied = 0;
            for n in 0..TAPS {
                let input = Input::Press(Press {
                    visit,
                    wish: match n % 2 {
                        0 => Wish::Tick(item),
                        _ => Wish::Untick(item),
                    },
                });
                let origin = Origin {
                    update: Some(1_000 * i64::from(item) + n as i64),
                    ..Origin::default()
                };
                let by = |bot| once(bot, &input, &origin, now);
                let (one, other) = tokio::join!(by(&bots[0]), by(&bots[1]));
                applied += usize::from(one) + usize::from(other);
            }
            applied
        })
    };
    let (one, other) = tokio::join!(race(ITEMS[0]), race(ITEMS[1]));
    let applied = (one.expect("No panic."), other.expect("No panic."));
    assert_eq!(applied, (TAPS, TAPS));

    let record = shared().store(&prefix).await.load(ann).await;
    let record = record.expect("Redis answers.").expect("A record.");
    assert_eq!(record.version, commits + 2 * TAPS as u64);
    let log = &record.body.session.expect("A session.").log[before..];
    assert_eq!(log.len(), 2 * TAPS);
    for item in ITEMS {
        let ours: Vec<What> = log
            .iter()
            .map(|event| event.what)
            .filter(|what| {
                matches!(what, What::Ticked { item: i, .. } | What::Unticked { item: i, .. } if *i == item)
            })
            .collect();
        let screen = screen as u16;
        let expected = (0..TAPS).map(|n| match n % 2 {
            0 => What::Ticked { screen, item },
            _ => What::Unticked { screen, item },
        });
        assert_eq!(ours, expected.collect::<Vec<_>>());
    }
    let swaps = log.windows(2).filter(|two| {
        let item = |what| match what {
            What::Ticked { item, .. } | What::Unticked { item, .. } => item,
            _ => 0,
        };
        item(two[0].what) != item(two[1].what)
    });
    println!("the two items took turns {} times", swaps.count());
}

/// Whether this changed anything. Tried as a chat's worker does when others were faster again and
/// again.
async fn once(bot: &Bot, input: &Input, origin: &Origin, now: Timestamp) -> bool {
    loop {
        match take(bot, Person(ANN), input, origin, now).await {
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            said => return !said.expect("Redis answers.").already,
        }
    }
}
