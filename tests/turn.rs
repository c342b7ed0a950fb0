//! Turns over a real store with a channel that fails on demand.

#[path = "turn/others.rs"]
mod others;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use backtalk::clock::Still;
use backtalk::dialogue::{Act, Dialogue, load};
use backtalk::engine::{Command, Input, Owed, Press, Priority, View, Wish};
use backtalk::shipped;
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Lane, Person, Record};
use backtalk::turn::{Bot, Channel, Origin, SendError, deliver, take};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads"))
});

const ANN: Person = Person(7);

/// What was asked of the channel, and what it answers next.
#[derive(Default)]
struct Script {
    log: Vec<String>,
    failures: Vec<SendError>,
    /// Edits are put off, though new messages are taken.
    no_edits: bool,
    next: i64,
}

#[derive(Default)]
struct Scripted(Mutex<Script>);

impl Scripted {
    fn failing(failures: &[SendError]) -> Scripted {
        Scripted(Mutex::new(Script {
            failures: failures.to_vec(),
            ..Script::default()
        }))
    }

    fn note(&self, what: &str, text: &str) -> Result<i64, SendError> {
        let mut s = self.0.lock().expect("the script");
        if !s.failures.is_empty() {
            let failure = s.failures.remove(0);
            s.log.push(format!("{what} fails"));
            return Err(failure);
        }
        s.log.push(format!(
            "{what} {}",
            text.chars().take(24).collect::<String>()
        ));
        s.next += 1;
        Ok(s.next)
    }

    fn log(&self) -> Vec<String> {
        self.0.lock().expect("the script").log.clone()
    }
}

#[async_trait]
impl Channel for Scripted {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        self.note("send", &view.text)
    }

    async fn edit(&self, _: Person, _: i64, view: &View) -> Result<(), SendError> {
        if self.0.lock().expect("the script").no_edits {
            return Err(SendError::Later(Duration::from_secs(30)));
        }
        self.note("edit", &view.text).map(|_| ())
    }

    async fn file(&self, _: Person, name: &str, _: &str) -> Result<i64, SendError> {
        self.note("file", name)
    }

    async fn photo(&self, _: Person, name: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        self.note("photo", name)
    }
}

fn bot() -> Bot {
    Bot::new(DIALOGUE.clone(), Arc::new(MemoryStore::new()))
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

fn origin(update: i64) -> Origin {
    Origin {
        update: Some(update),
        language: Some("en-GB".into()),
        ..Origin::default()
    }
}

fn press(visit: u32, wish: Wish) -> Input {
    Input::Press(Press { visit, wish })
}

async fn turn(
    bot: &Bot,
    input: &Input,
    update: i64,
    channel: &Scripted,
    now: Timestamp,
) -> Option<Record> {
    let done = take(bot, ANN, input, &origin(update), now)
        .await
        .expect("the store answers");
    if let Some(record) = done.record {
        deliver(bot, ANN, record, channel, Priority::Answer, &Still(now))
            .await
            .expect("the store answers");
    }
    bot.store.load(ANN).await.expect("the store answers")
}

/// Consent, an adult, then chest pain: the verdict is owed.
const CHEST_PAIN: [Wish; 3] = [Wish::Act(Act::Consent), Wish::Answer(0), Wish::Tick(0)];

#[tokio::test]
async fn what_could_not_be_sent_stays_owed_and_goes_out_later() {
    let bot = bot();
    let good = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &good, noon()).await;
    turn(&bot, &press(0, CHEST_PAIN[0].clone()), 2, &good, noon()).await;
    turn(&bot, &press(1, CHEST_PAIN[1].clone()), 3, &good, noon()).await;
    let bad = Scripted::failing(&[SendError::Later(Duration::from_secs(30))]);
    let record = turn(&bot, &press(2, CHEST_PAIN[2].clone()), 4, &bad, noon())
        .await
        .expect("a record");
    assert_eq!(record.body.owed.len(), 1);
    assert_eq!(record.body.owed[0].attempts, 1);
    assert_eq!(record.due, Some(noon() + SignedDuration::from_secs(30)));
    let later = noon() + SignedDuration::from_secs(31);
    let claims = bot
        .store
        .claim_due(later, 10, Duration::from_secs(45), Lane::First)
        .await
        .expect("the store answers");
    assert_eq!(claims.iter().map(|c| c.person).collect::<Vec<_>>(), [ANN]);
    let record = turn(&bot, &Input::Due, 0, &good, later)
        .await
        .expect("a record");
    assert!(record.body.owed.is_empty());
    assert!(
        good.log()
            .iter()
            .any(|l| l.starts_with("send This needs help now")),
        "{:?}",
        good.log()
    );
}

#[tokio::test]
async fn a_process_that_died_between_commit_and_delivery_leaves_the_verdict_owed_and_due() {
    let bot = bot();
    let good = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &good, noon()).await;
    turn(&bot, &press(0, CHEST_PAIN[0].clone()), 2, &good, noon()).await;
    turn(&bot, &press(1, CHEST_PAIN[1].clone()), 3, &good, noon()).await;
    // Committed, and then nothing more happens.
    take(
        &bot,
        ANN,
        &press(2, CHEST_PAIN[2].clone()),
        &origin(4),
        noon(),
    )
    .await
    .expect("the store answers");
    let due = bot
        .store
        .next_due(&Lane::ALL)
        .await
        .expect("the store answers")
        .expect("somebody is due");
    assert!(due <= noon() + SignedDuration::from_secs(15), "{due}");
    let after = turn(&bot, &Input::Due, 0, &good, due)
        .await
        .expect("a record");
    assert!(after.body.owed.is_empty());
    assert!(
        good.log()
            .iter()
            .any(|l| l.starts_with("send This needs help now")),
        "{:?}",
        good.log()
    );
}

#[tokio::test]
async fn while_nothing_can_be_sent_the_verdict_stays_owed_and_the_rest_is_bounded() {
    let bot = bot();
    let bad = Scripted::failing(&vec![SendError::Later(Duration::from_secs(30)); 100]);
    for (n, wish) in (0..).zip(CHEST_PAIN) {
        turn(&bot, &press(n, wish), n.into(), &bad, noon()).await;
    }
    let summary = Input::Command(Command::Summary);
    for n in 10..50 {
        turn(&bot, &summary, n, &bad, noon()).await;
    }
    let record = bot.store.load(ANN).await.expect("the store answers");
    let owed = record.expect("a record").body.owed;
    assert_eq!(owed.len(), 16);
    assert!(matches!(owed[0].owed, Owed::Verdict { .. }), "{owed:?}");
}

#[tokio::test]
async fn while_nothing_can_be_edited_few_messages_wait_to_be_folded() {
    let bot = bot();
    let channel = Scripted::default();
    channel.0.lock().expect("the script").no_edits = true;
    let mut folding = Vec::new();
    for n in 0..20 {
        let record = turn(&bot, &Input::Media, n, &channel, noon()).await;
        folding = record.expect("a record").body.folding;
    }
    assert_eq!(folding.len(), 8);
    assert_eq!(folding.last(), Some(&19), "the newest that was left behind");
}

#[tokio::test]
async fn the_same_update_changes_nothing_twice() {
    let bot = bot();
    let channel = Scripted::default();
    let first = turn(&bot, &Input::Start { language: None }, 1, &channel, noon())
        .await
        .expect("a record");
    let sent = channel.log().len();
    let done = take(
        &bot,
        ANN,
        &Input::Start { language: None },
        &origin(1),
        noon(),
    )
    .await
    .expect("the store answers");
    assert!(done.already);
    assert_eq!(
        bot.store.load(ANN).await.expect("the store answers"),
        Some(first)
    );
    assert_eq!(channel.log().len(), sent);
}

#[tokio::test]
async fn somebody_who_blocked_the_bot_is_owed_nothing_and_never_due() {
    let bot = bot();
    let good = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &good, noon()).await;
    turn(&bot, &press(0, CHEST_PAIN[0].clone()), 2, &good, noon()).await;
    turn(&bot, &press(1, CHEST_PAIN[1].clone()), 3, &good, noon()).await;
    let blocked = Scripted::failing(&[SendError::Gone]);
    let record = turn(&bot, &press(2, CHEST_PAIN[2].clone()), 4, &blocked, noon())
        .await
        .expect("a record");
    assert!(record.body.owed.is_empty());
    assert_eq!(record.due, None);
}

#[tokio::test]
async fn a_question_message_that_is_gone_is_sent_anew() {
    let bot = bot();
    let channel = Scripted::default();
    let before = turn(&bot, &Input::Start { language: None }, 1, &channel, noon())
        .await
        .expect("a record");
    let gone = Scripted::failing(&[SendError::NoMessage]);
    let after = turn(&bot, &press(0, CHEST_PAIN[0].clone()), 2, &gone, noon())
        .await
        .expect("a record");
    assert_eq!(gone.log(), ["edit fails", "send Who has the pain, and ho"]);
    assert!(before.body.shown.is_some() && after.body.shown.is_some());
}

/// Takes so many new messages, and answers nothing to the next.
struct Silent(Scripted, i64);

#[async_trait]
impl Channel for Silent {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        match self.0.note("send", &view.text) {
            Ok(n) if n > self.1 => std::future::pending().await,
            answer => answer,
        }
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(0)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(0)
    }
}

#[tokio::test]
async fn a_crash_between_two_new_messages_leaves_only_the_second_owed() {
    let bot = bot();
    let good = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &good, noon()).await;
    turn(&bot, &press(0, CHEST_PAIN[0].clone()), 2, &good, noon()).await;
    let summary = Input::Command(Command::Summary);
    let first = take(&bot, ANN, &summary, &origin(3), noon()).await;
    let second = take(&bot, ANN, &summary, &origin(4), noon()).await;
    assert!(first.is_ok());
    let record = second.expect("the store answers").record.expect("a record");
    assert_eq!(record.body.owed.len(), 2);
    let silent = Silent(Scripted::default(), 1);
    let still = Still(noon());
    let sending = deliver(&bot, ANN, record, &silent, Priority::Answer, &still);
    // The process dies while it waits for the second.
    assert!(sending.now_or_never().is_none());
    let record = bot.store.load(ANN).await.expect("the store answers");
    assert_eq!(record.expect("a record").body.owed.len(), 1);
}

#[tokio::test]
async fn refusing_consent_leaves_no_record() {
    let bot = bot();
    let channel = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &channel, noon()).await;
    let done = take(
        &bot,
        ANN,
        &press(0, Wish::Act(Act::Refuse)),
        &origin(2),
        noon(),
    )
    .await
    .expect("the store answers");
    assert_eq!(done.record, None);
    assert_eq!(done.farewell.len(), 1);
    assert_eq!(bot.store.load(ANN).await.expect("the store answers"), None);
}

/// P5 of the promises: never early, never after its cancel was committed, and by one process.
#[tokio::test]
async fn a_reminder_is_claimed_when_due_and_not_sent_once_it_is_cancelled() {
    let bot = bot();
    let good = Scripted::default();
    turn(&bot, &Input::Start { language: None }, 1, &good, noon()).await;
    for (visit, wish) in (0..).zip(CHEST_PAIN) {
        let update = i64::from(visit) + 2;
        turn(&bot, &press(visit, wish), update, &good, noon()).await;
    }
    // "Did you get help?" comes two hours after the verdict.
    let due = noon() + SignedDuration::from_hours(2);
    let lease = Duration::from_secs(45);
    let claimed = async |at: Timestamp| {
        let claims = bot.store.claim_due(at, 10, lease, Lane::First).await;
        claims.expect("the store answers").len()
    };
    assert_eq!(claimed(due - SignedDuration::from_millis(1)).await, 0);
    assert_eq!(claimed(due).await, 1);
    assert_eq!(claimed(due).await, 0, "One process holds the claim.");
    let before = good.log();
    let stop = Input::Command(Command::Stop);
    let stopped = turn(&bot, &stop, 5, &good, due).await.expect("a record");
    assert_eq!(stopped.due, None, "Nothing is due any more.");
    let said_to_stop = good.log().len();
    assert!(said_to_stop > before.len());
    let late = due + SignedDuration::from_secs(46);
    assert_eq!(claimed(late).await, 0, "Nor when the lease ends.");
    // The process that claimed goes on.
    turn(&bot, &Input::Due, 6, &good, late).await;
    assert_eq!(good.log().len(), said_to_stop, "{:?}", good.log());
}
