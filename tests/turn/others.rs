//! Two processes that share a store, and get two updates of one person at nearly the same time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use backtalk::clock::Clock;
use backtalk::engine::{Input, Press, Priority, View, view};
use backtalk::turn::{
    self, Bot, Channel, Edit, Origin, Others, SendError, Settled, deliver, put_right, settle, take,
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{ANN, Person, bot, noon, origin};

/// The clock that tokio holds, so that waiting passes at once.
struct Paused {
    begun: Instant,
}

impl Paused {
    fn now() -> Paused {
        let begun = Instant::now();
        Paused { begun }
    }
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        noon() + self.begun.elapsed()
    }

    fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(then.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }
}

/// A messenger that takes its time, with the messages that stand in the chat.
struct Slow {
    takes: Duration,
    chat: Arc<Mutex<Vec<View>>>,
}

impl Slow {
    fn taking(millis: u64) -> Slow {
        Slow {
            takes: Duration::from_millis(millis),
            chat: Arc::default(),
        }
    }

    /// The same chat, over a quick connection.
    fn quicker(&self) -> Slow {
        Slow {
            takes: Duration::from_millis(1),
            chat: self.chat.clone(),
        }
    }

    fn chat(&self) -> Vec<View> {
        let chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        chat.clone()
    }
}

#[async_trait]
impl Channel for Slow {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        tokio::time::sleep(self.takes).await;
        let mut chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        chat.push(view.clone());
        Ok(chat.len() as i64)
    }

    async fn edit(&self, _: Person, message: i64, view: &View) -> Result<(), SendError> {
        tokio::time::sleep(self.takes).await;
        let mut chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        chat[message as usize - 1].clone_from(view);
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        unreachable!("Nobody asks for a file.")
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        unreachable!("Nobody asks for a picture.")
    }
}

/// An update that reaches a process which knows nothing of the ones before, and all that it shows.
async fn handle(bot: &Bot, input: &Input, update: i64, chat: &Slow, clock: &Paused) -> Duration {
    let begun = Instant::now();
    let origin = Origin {
        others: Others::Some { ours: None },
        ..origin(update)
    };
    let turned = take(bot, ANN, input, &origin, clock.now()).await;
    let took = begun.elapsed();
    if let Some(record) = turned.expect("the store answers").record {
        let delivered = deliver(bot, ANN, record, chat, Priority::Answer, clock).await;
        delivered.expect("the store answers");
    }
    took
}

/// The press on a button of the open question.
async fn press_on(bot: &Bot, label: &str, clock: &Paused) -> Input {
    let view = question(bot, clock).await;
    let button = view.buttons().find(|button| button.label == label);
    let button = button.unwrap_or_else(|| panic!("no {label:?} in {view:?}"));
    Input::Press(Press::read(&button.data).expect("our own button"))
}

/// The open question as it is to be seen.
async fn question(bot: &Bot, clock: &Paused) -> View {
    let record = bot.store.load(ANN).await.expect("the store answers");
    let session = record.and_then(|record| record.body.session);
    let view = view::view(&bot.dialogue, &session.expect("a session"), clock.now());
    view.expect("a question")
}

/// A bot with Ann, who has pressed these.
async fn after(labels: &[&str], chat: &Slow, clock: &Paused) -> Bot {
    let bot = bot();
    handle(&bot, &Input::Start { language: None }, 1, chat, clock).await;
    for (label, update) in labels.iter().zip(2..) {
        let press = press_on(&bot, label, clock).await;
        handle(&bot, &press, update, chat, clock).await;
    }
    bot
}

const TO_DANGER: [&str; 2] = ["Yes, let's start", "I'm 18 to 49"];
const EMERGENCY: &str = "This needs help now. Call 999";
const DANGER: &str = "Chest pain or tightness";

/// How often the verdict stands in the chat.
fn verdicts(chat: &Slow) -> usize {
    let is_verdict = |view: &&View| view.text.starts_with(EMERGENCY);
    chat.chat().iter().filter(is_verdict).count()
}

#[tokio::test(start_paused = true)]
async fn what_another_process_is_sending_is_not_sent_again() {
    // The press comes twice, or its update does.
    for again in [5, 4] {
        let clock = Paused::now();
        let chat = Slow::taking(150);
        let bot = after(&TO_DANGER, &chat, &clock).await;
        let danger = press_on(&bot, DANGER, &clock).await;
        let other = async {
            // The first has stored the press, and is sending.
            tokio::time::sleep(Duration::from_millis(50)).await;
            handle(&bot, &danger, again, &chat, &clock).await
        };
        let (_, waited) = tokio::join!(handle(&bot, &danger, 4, &chat, &clock), other);
        assert_eq!(verdicts(&chat), 1, "{:#?}", chat.chat());
        assert!(waited >= Duration::from_millis(100), "{waited:?}");
        let record = bot.store.load(ANN).await.expect("the store answers");
        assert_eq!(record.expect("a record").body.owed, []);
    }
}

/// Nobody waits longer for a process that died than they may wait for an answer.
#[tokio::test(start_paused = true)]
async fn who_died_is_waited_for_no_longer_than_a_moment() {
    let clock = Paused::now();
    let chat = Slow::taking(150);
    let bot = after(&TO_DANGER, &chat, &clock).await;
    let danger = press_on(&bot, DANGER, &clock).await;
    // It dies before it has sent anything.
    let died = take(&bot, ANN, &danger, &origin(4), clock.now()).await;
    assert!(!died.expect("the store answers").already);
    let waited = handle(&bot, &danger, 5, &chat, &clock).await;
    assert!(waited >= Duration::from_millis(1_400), "{waited:?}");
    assert!(waited <= Duration::from_millis(1_750), "{waited:?}");
    assert_eq!(verdicts(&chat), 1, "{:#?}", chat.chat());
}

/// Who sends for longer than that is overtaken. Of the two questions one is folded soon.
#[tokio::test(start_paused = true)]
async fn a_question_that_was_sent_twice_stands_only_for_a_moment() {
    let clock = Paused::now();
    let chat = Slow::taking(4_000);
    let bot = bot();
    let start = Input::Start { language: None };
    let quick = chat.quicker();
    let other = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        handle(&bot, &start, 2, &quick, &clock).await
    };
    tokio::join!(handle(&bot, &start, 1, &chat, &clock), other);
    let is_open = |view: &&View| !view.rows.is_empty();
    let open = || chat.chat().iter().filter(is_open).count();
    assert_eq!(open(), 2, "{:#?}", chat.chat());
    let record = bot.store.load(ANN).await.expect("the store answers");
    let due = record.and_then(|record| record.due).expect("it is due");
    assert!(due <= clock.now() + Duration::from_secs(1), "{due}");
    tokio::time::sleep(clock.until(due)).await;
    handle(&bot, &Input::Due, 3, &quick, &clock).await;
    assert_eq!(open(), 1, "{:#?}", chat.chat());
}

/// Who presses what only an edit can have brought has seen it, and waits for nobody.
#[tokio::test(start_paused = true)]
async fn a_press_on_a_new_button_waits_for_nobody() {
    let clock = Paused::now();
    let chat = Slow::taking(150);
    let bot = after(&TO_DANGER, &chat, &clock).await;
    let none = press_on(&bot, "None of these", &clock).await;
    let first = take(&bot, ANN, &none, &origin(4), clock.now()).await;
    let body = first
        .expect("the store answers")
        .record
        .expect("a record")
        .body;
    assert!(body.owed.is_empty() && body.shown.is_some(), "{body:?}");
    let next = press_on(&bot, "None of these", &clock).await;
    assert_eq!(handle(&bot, &next, 5, &chat, &clock).await, Duration::ZERO);
    assert_eq!(chat.chat().len(), 1, "{:#?}", chat.chat());
}

/// A screen of which more than one item may be ticked, without an emergency.
const TO_TICKS: [&str; 5] = [
    TO_DANGER[0],
    TO_DANGER[1],
    "None of these",
    "None of these",
    "None of these",
];
const TICKS: [&str; 2] = ["Very hard to move, for pain", "Pain goes into a leg"];

/// A bot with Ann, who has that screen before her, and the ticks.
async fn before_ticks(chat: &Slow, clock: &Paused) -> (Bot, [Input; 2]) {
    let bot = after(&TO_TICKS, chat, clock).await;
    let ticks = [
        press_on(&bot, TICKS[0], clock).await,
        press_on(&bot, TICKS[1], clock).await,
    ];
    (bot, ticks)
}

/// The second tick is made before the first is seen, and two processes show them.
#[tokio::test(start_paused = true)]
async fn an_edit_of_another_process_is_given_time_to_arrive() {
    let clock = Paused::now();
    let chat = Slow::taking(200);
    let (bot, ticks) = before_ticks(&chat, &clock).await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        handle(&bot, &ticks[1], 11, &chat.quicker(), &clock).await
    };
    let (_, waited) = tokio::join!(handle(&bot, &ticks[0], 10, &chat, &clock), second);
    // It shows both once the first has come.
    assert_eq!(waited, Duration::from_millis(240));
    let shown = chat.chat().pop().expect("the question");
    assert_eq!(shown, question(&bot, &clock).await);
}

/// A tick was shown by a process that died before it could note that.
#[tokio::test(start_paused = true)]
async fn what_a_process_showed_that_died_is_taken_back_too() {
    let clock = Paused::now();
    let chat = Slow::taking(10);
    let (bot, [tick, _]) = before_ticks(&chat, &clock).await;
    let before = question(&bot, &clock).await;
    let taken = take(&bot, ANN, &tick, &origin(10), clock.now()).await;
    let taken = taken.expect("the store answers");
    let Edit::Question { message, view, .. } = turn::edit(taken.record.as_ref(), taken.seen) else {
        panic!("It is more than one edit.");
    };
    chat.edit(ANN, message, &view).await.expect("It is there.");
    assert_ne!(chat.chat().last(), Some(&before));
    let untick = press_on(&bot, &format!("✓ {}", TICKS[0]), &clock).await;
    handle(&bot, &untick, 11, &chat, &clock).await;
    assert_eq!(chat.chat().last(), Some(&before));
}

/// The messenger takes the first edit only after the second.
#[tokio::test(start_paused = true)]
async fn an_edit_that_came_late_is_put_right() {
    let clock = Paused::now();
    let chat = Slow::taking(600);
    let (bot, ticks) = before_ticks(&chat, &clock).await;
    let taken = take(&bot, ANN, &ticks[0], &origin(10), clock.now()).await;
    let mut taken = taken.expect("the store answers");
    let edit = turn::edit(taken.record.as_ref(), taken.seen.take());
    let Edit::Question {
        message,
        view,
        shown,
    } = edit
    else {
        panic!("It is one edit: {edit:?}");
    };
    let first = async { chat.edit(ANN, message, &view).await };
    let second = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        handle(&bot, &ticks[1], 11, &chat.quicker(), &clock).await
    };
    let (edited, _) = tokio::join!(first, second);
    edited.expect("It is there.");
    let both = question(&bot, &clock).await;
    assert_ne!(chat.chat().pop(), Some(both.clone()), "The older stays.");

    let record = taken.record.expect("a record");
    let settled = settle(&bot, ANN, record, shown, &clock).await;
    assert_eq!(settled.expect("the store answers"), Settled::Overtaken);
    let now = bot.store.load(ANN).await.expect("the store answers");
    let now = put_right(now.expect("a record"), shown);
    let delivered = deliver(&bot, ANN, now, &chat, Priority::Answer, &clock).await;
    delivered.expect("the store answers");
    assert_eq!(chat.chat().pop(), Some(both));
}
