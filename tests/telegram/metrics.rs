//! What the running bot tells whoever watches it: `/healthz`, `/readyz`, `/metrics` and its log, and
//! that none of it is about a person.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use backtalk::clock::{Clock, SystemClock};
use backtalk::metrics::names;
use backtalk::store::{Lane, Person};
use jiff::SignedDuration;
use serde_json::Value;

use crate::emulator::{Fault, Message};
use crate::inside::{DIALOGUE, at_rest};
use crate::redis_server::Server;
use crate::reminders::ice_since;
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, PATIENCE, Stage, TO_DANGER};

/// Settings of a bot that is watched, and that may send as much as it likes.
const WATCHED: [(&str, &str); 3] = [
    ("BACKTALK_LISTEN", "127.0.0.1:0"),
    ("BACKTALK_LOG_FORMAT", "json"),
    ("BACKTALK_PER_SECOND", "1000"),
];

fn watch(stage: &mut Stage) {
    let settings = WATCHED.map(|(name, value)| (name, value.to_owned()));
    stage.settings.extend(settings);
}

/// The lines of its log so far.
fn log(stage: &Stage) -> Vec<Value> {
    let printed = stage.printed();
    // The last may be under way.
    let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let read = |line: &str| serde_json::from_str(line);
    whole
        .lines()
        .map(|line| read(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect()
}

/// Ask until this comes of it.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, looking).await;
    seen.unwrap_or_else(|_| panic!("{what} did not come about."))
}

/// Where the bot listens, once it does.
async fn address(stage: &Stage) -> String {
    until("Listening", async || {
        let lines = log(stage);
        let messages = lines.iter().filter_map(|line| line["message"].as_str());
        let address = messages.last_said("listening on ")?;
        Some(format!("http://{address}"))
    })
    .await
}

/// The last of some messages that begins so, without its beginning.
trait LastSaid<'a> {
    fn last_said(self, begin: &str) -> Option<&'a str>;
}

impl<'a, I: Iterator<Item = &'a str>> LastSaid<'a> for I {
    fn last_said(self, begin: &str) -> Option<&'a str> {
        self.filter_map(|message| message.strip_prefix(begin))
            .last()
    }
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("The bot listens.");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("A text."))
}

/// What a page of metrics says: each line's value by its name and labels.
struct Page {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Page {
    async fn of(address: &str) -> Page {
        let (status, text) = get(&format!("{address}/metrics")).await;
        assert_eq!(status, 200, "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("A name and a value.");
            (name.to_owned(), value.parse().expect("A number."))
        });
        let values = values.collect();
        Page { text, values }
    }

    fn value(&self, name: &str) -> f64 {
        let value = self.values.get(name).copied();
        value.unwrap_or_else(|| panic!("{name} is not shown:\n{}", self.text))
    }

    /// All values of a name that are not 0, by their labels.
    fn counts(&self, name: &str) -> Vec<(&str, f64)> {
        let of = |line: &'_ str| Some(line.strip_prefix(name)?.starts_with('{'));
        let values = self.values.iter();
        let values = values.filter(|(line, n)| of(line) == Some(true) && **n != 0.0);
        values.map(|(line, n)| (&line[name.len()..], *n)).collect()
    }
}

/// Prometheus's own tool finds nothing wrong with a page, where it is installed.
fn check_with_promtool(page: &str) {
    let tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut tool = match tool {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("promtool is not installed; the page was not shown to it");
            return;
        }
        tool => tool.expect("promtool runs."),
    };
    let mut to = tool.stdin.take().expect("Its standard input.");
    to.write_all(page.as_bytes()).expect("It reads.");
    drop(to);
    let done = tool.wait_with_output().expect("It ends.");
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success() && said.trim().is_empty(), "{said}");
}

#[tokio::test]
async fn what_happens_is_counted_and_verdicts_only_by_the_ten() {
    let mut stage = Stage::empty().await;
    watch(&mut stage);
    stage.start();
    let at = address(&stage).await;
    let talks: Vec<_> = (BEN..).map(|id| stage.talk(id)).take(10).collect();
    for (n, talk) in talks.iter().enumerate() {
        talk.command("start").await;
        talk.press_all(TO_DANGER).await;
        let verdict = talk.press(DANGER).await;
        assert!(verdict.text.starts_with(EMERGENCY), "{}", verdict.text);
        stage.telegram.wait_until_idle().await;
        let page = Page::of(&at).await;
        let shown = page.counts(names::DISPOSITIONS);
        let expected = [("{level=\"emergency\"}", 10.0)];
        assert_eq!(shown, expected[..(n + 1) / 10], "{n}");
    }
    // One more says something, and it is given twice.
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.command("help").await;
    stage.telegram.wait_until_idle().await;
    let said = ann.person.text("zanzibarquux").update;
    stage.telegram.wait_until_confirmed(said).await;
    stage.telegram.deliver_again(said);
    stage.telegram.wait_until_idle().await;
    // Answers to Telegram may still be on their way back.
    let all_arrived = async |page: &Page| {
        let sent = page.counts(names::SENT).iter().map(|(_, n)| n).sum::<f64>();
        let methods = ["sendMessage", "editMessageText", "answerCallbackQuery"];
        let taken = methods.map(|m| stage.telegram.count_of(m));
        sent == taken.iter().sum::<usize>() as f64
    };
    let page = until("Every answer", async || {
        let page = Page::of(&at).await;
        all_arrived(&page).await.then_some(page)
    })
    .await;
    assert_eq!(
        page.counts(names::TURNS),
        [
            ("{kind=\"command\",outcome=\"applied\"}", 1.0),
            ("{kind=\"press\",outcome=\"applied\"}", 30.0),
            ("{kind=\"start\",outcome=\"applied\"}", 11.0),
            ("{kind=\"text\",outcome=\"already\"}", 1.0),
            ("{kind=\"text\",outcome=\"applied\"}", 1.0),
        ]
    );
    let counts = |name: &str| page.value(name);
    assert_eq!(counts("backtalk_first_reply_seconds_count"), 43.0);
    assert!(counts("backtalk_first_reply_seconds_sum") > 0.0);
    // Every turn that was applied is one commit, and most were settled with another.
    assert!(counts("backtalk_store_seconds_count{call=\"commit\"}") > 43.0);
    assert!(counts("backtalk_store_seconds_count{call=\"load\"}") >= 44.0);
    assert!(counts(names::OWED) >= 10.0);
    let answered = stage.telegram.count_of("answerCallbackQuery") as f64;
    assert_eq!(answered, 30.0);
    assert_eq!(
        counts("backtalk_sent_total{method=\"answer\",outcome=\"ok\"}"),
        answered
    );
    assert!(counts("backtalk_send_wait_seconds_count{priority=\"answer\"}") > 40.0);
    assert!(counts("backtalk_send_wait_seconds_count{priority=\"emergency\"}") >= 10.0);
    for nothing in [
        names::LATE,
        names::SHED,
        names::PANICS,
        names::DEAD_LETTERS,
        names::SEND_WAITING,
        names::IN_FLIGHT,
    ] {
        assert_eq!(counts(nothing), 0.0, "{nothing}");
    }
    assert_eq!(page.counts(names::STORE_ERRORS), []);
    assert_eq!(counts(names::LEADING), 1.0);
    assert!(counts(names::MEMORY) > 1e6 && counts(names::CPU) > 0.0);
    let heads = page.text.lines().filter_map(|l| l.strip_prefix("# TYPE "));
    let shown: Vec<_> = heads.filter_map(|l| l.split(' ').next()).collect();
    assert_eq!(shown, names::ALL);
    check_with_promtool(&page.text);
}

#[tokio::test]
async fn a_reminder_that_another_claimed_and_never_sent_is_late_and_a_stolen_lease() {
    let server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    watch(&mut stage);
    let since = SystemClock.now() - SignedDuration::from_mins(45);
    let record = at_rest(ice_since(&DIALOGUE, since), since);
    assert_eq!(record.lane, Lane::First);
    let store = stage.open().await;
    let kept = store.commit(Person(ANN), 0, &record, None).await;
    kept.expect("The record is written.");
    let (then, lease) = (
        since + SignedDuration::from_mins(30),
        Duration::from_secs(45),
    );
    let claims = store.claim_due(then, 1, lease, Lane::First).await;
    assert_eq!(claims.expect("The store answers.").len(), 1);
    stage.telegram.person(ANN).already_started();
    stage.start();
    let at = address(&stage).await;
    let chat = stage.telegram.chat(ANN);
    chat.wait_for_text("I'm late. Take it off now.").await;
    let page = until("The late one", async || {
        let page = Page::of(&at).await;
        (page.value(names::LATE) >= 1.0).then_some(page)
    })
    .await;
    let steals = page.value(names::LEASE_STEALS);
    assert!(steals >= 1.0, "{steals}");
    let claimed = page.value("backtalk_claims_total{lane=\"first\"}");
    assert!(claimed >= steals, "{claimed}");
    // Nobody waited for it who had written.
    assert_eq!(page.value("backtalk_first_reply_seconds_count"), 0.0);
}

#[tokio::test]
async fn nothing_that_is_told_to_a_watcher_is_about_a_person() {
    const SOMEBODY: i64 = 7_770_001_777;
    let mut stage = Stage::empty().await;
    watch(&mut stage);
    stage.start();
    let at = address(&stage).await;
    let name = "Zanzibarquux";
    let somebody = stage.talk_as(SOMEBODY, Some("tlh-GBcanary"), name);
    somebody.command("start").await;
    somebody.press_all(TO_DANGER).await;
    somebody.text("quuxword, and my chest hurts").await;
    // What Telegram refuses is logged, and parked after some tries.
    let description = "Bad Request: quuxreason".to_owned();
    let refuse = Fault::Refuse {
        code: 400,
        description,
    };
    let refused = stage.telegram.fault(refuse).on("editMessageText");
    let refused = refused.times(1).arm();
    somebody.press_all(&["None of these"]).await;
    refused.reached(1).await;
    stage.telegram.wait_until_idle().await;
    let page = Page::of(&at).await.text;
    let printed = stage.printed();
    assert!(printed.contains("Telegram refused a message"), "{printed}");
    for said in [
        &SOMEBODY.to_string(),
        name,
        "canary",
        "quuxword",
        "quuxreason",
        "chest",
        "18 to 49",
    ] {
        assert!(!page.contains(said), "{said}:\n{page}");
        assert!(!printed.contains(said), "{said}:\n{printed}");
    }
}

#[tokio::test]
async fn it_is_ready_only_while_its_store_answers_and_the_lines_of_an_update_share_an_id() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    watch(&mut stage);
    // Telegram does not answer yet.
    let slow = stage.telegram.fault(Fault::HoldBefore).on("getMe");
    let slow = slow.times(1).arm();
    stage.start();
    let at = address(&stage).await;
    let (ready, healthy) = (format!("{at}/readyz"), format!("{at}/healthz"));
    let ok = (200, "ok\n".to_owned());
    slow.reached(1).await;
    assert_eq!(get(&ready).await, (503, "starting\n".to_owned()));
    assert_eq!(get(&healthy).await, ok);
    slow.release();
    let is_ready = async || (get(&ready).await.0 == 200).then_some(());
    until("Readiness", is_ready).await;
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    stage.telegram.wait_until_idle().await;

    server.kill();
    let tap = ann.person.press_on(&asked, "None of these");
    let said = until("Unreadiness", async || {
        let (status, said) = get(&ready).await;
        (status == 503).then_some(said)
    })
    .await;
    assert_eq!(said, "the store does not answer\n");
    assert_eq!(get(&healthy).await, ok, "No restart would help.");
    let gave_up = |line: &Value| line["message"] == "an update could not be stored";
    until("A failed try", async || {
        log(&stage).iter().any(gave_up).then_some(())
    })
    .await;
    let failed = async || {
        let page = Page::of(&at).await;
        let failed = page.value("backtalk_turns_total{kind=\"press\",outcome=\"failed\"}");
        let errors = page.value("backtalk_store_errors_total{kind=\"unavailable\"}");
        (failed >= 1.0 && errors >= 5.0).then_some(())
    };
    until("A failed turn", failed).await;

    server.restart();
    until("Readiness", is_ready).await;
    let is_next = |m: &Message| m.button("Numb between the legs").is_some();
    ann.chat.wait_for(|all| all.iter().any(is_next)).await;
    stage.telegram.wait_until_confirmed(tap.update).await;

    let lines = log(&stage);
    let mut updates: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in &lines {
        if let Some(id) = line["id"].as_str() {
            updates.entry(id).or_default().push(&line["update"]);
        }
    }
    let of_tap = |of: &&Vec<&Value>| of.iter().all(|update| **update == tap.update);
    let tries: Vec<_> = updates.values().filter(of_tap).collect();
    // Four tries that are told of, and the fifth, which is given up.
    assert!(tries.iter().any(|lines| lines.len() >= 5), "{updates:?}");
    for (id, of) in &updates {
        assert!(of.iter().all(|update| *update == of[0]), "{id}: {of:?}");
    }
}
