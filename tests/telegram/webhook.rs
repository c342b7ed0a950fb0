//! Updates by webhook: taken once they are stored, by whichever process, from Telegram alone.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::emulator::Fault;
use crate::redis_server::Server;
use crate::stage::{ANN, BEN, DANGER, EMERGENCY, PATIENCE, PLAIN, PLAIN_VERDICT, Stage, TO_DANGER};

const URL: &str = "https://bot.example.org/telegram";
const SECRET: &str = "0123456789-abcdef_SECRET";

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("A port is free.");
    listener.local_addr().expect("It has an address.").port()
}

/// A stage where Telegram is to post to these ports.
fn prepare(stage: &mut Stage, ports: &[u16]) {
    stage.telegram.balance_webhook(ports);
    stage.telegram.hasten_webhook(20);
    stage.settings = vec![
        ("BACKTALK_WEBHOOK_URL", URL.to_owned()),
        ("BACKTALK_WEBHOOK_SECRET", SECRET.to_owned()),
    ];
}

fn listen(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// Waits until a process says that it may be sent updates.
async fn wait_until_ready(port: u16) {
    let ready = async {
        let url = format!("http://127.0.0.1:{port}/readyz");
        while !reqwest::get(&url)
            .await
            .is_ok_and(|a| a.status().is_success())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, ready).await;
    in_time.expect("It is ready some time.");
}

/// Posts to the program as anybody may; the answer is the status.
async fn post(port: u16, secret: Option<&str>, body: String) -> u16 {
    let request = reqwest::Client::new().post(format!("http://127.0.0.1:{port}/telegram"));
    let request = match secret {
        Some(secret) => request.header("X-Telegram-Bot-Api-Secret-Token", secret),
        None => request,
    };
    let answer = request.body(body).send().await;
    answer.expect("The program answers.").status().as_u16()
}

#[tokio::test]
async fn a_talk_by_webhook_is_the_same_as_by_polling() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    stage.start_with(&[("BACKTALK_LISTEN", &listen(port))]);
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let verdict = ann.press_all(PLAIN).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    let ben = stage.talk(BEN);
    ben.command("start").await;
    ben.press_all(TO_DANGER).await;
    let told = ben.press(DANGER).await;
    assert!(told.text.starts_with(EMERGENCY), "{}", told.text);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
    // Each answer to a press came with the acknowledgement, and no update came twice.
    let answers = stage.telegram.requests_of("answerCallbackQuery");
    assert!(!answers.is_empty() && answers.iter().all(|answer| answer.in_answer));
    assert_eq!(stage.telegram.count_of("getUpdates"), 0);
    let mut updates: Vec<u32> = stage
        .telegram
        .deliveries()
        .iter()
        .map(|d| d.update)
        .collect();
    let all = updates.len();
    updates.dedup();
    assert_eq!(updates.len(), all);
}

#[tokio::test]
async fn the_webhook_is_set_only_when_telegram_has_another_and_stays_after_a_stop() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    let listen = listen(port);
    for _ in 0..2 {
        stage.start_with(&[("BACKTALK_LISTEN", &listen)]);
        stage.talk(ANN).command("start").await;
        assert!(stage.stop(Duration::from_secs(10)).await.success());
    }
    assert_eq!(stage.telegram.count_of("setWebhook"), 1);
    assert_eq!(stage.telegram.count_of("deleteWebhook"), 0);
    stage.start_with(&[
        ("BACKTALK_LISTEN", &listen),
        ("BACKTALK_WEBHOOK_CONNECTIONS", "7"),
    ]);
    let is_set = |all: &[crate::emulator::Request]| {
        all.iter().filter(|r| r.method == "setWebhook").count() == 2
    };
    stage.telegram.wait_for_requests(is_set).await;
    let last = stage
        .telegram
        .requests_of("setWebhook")
        .pop()
        .expect("It was set.");
    assert_eq!(last.body["max_connections"], json!("7"));
    assert_eq!(last.body["secret_token"], json!(SECRET));
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_is_refused_and_nothing_happens() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    stage.start_with(&[("BACKTALK_LISTEN", &listen(port))]);
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let forged = json!({
        "update_id": 7, "message": {
            "message_id": 1, "date": 1_700_000_000, "text": "/forget",
            "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
            "from": {"id": ANN, "is_bot": false, "first_name": "Ann"},
        },
    });
    assert_eq!(post(port, None, forged.to_string()).await, 401);
    assert_eq!(post(port, Some("wrong"), forged.to_string()).await, 401);
    assert_eq!(post(port, Some(SECRET), "nonsense".into()).await, 400);
    assert_eq!(post(port, Some(SECRET), "{}".into()).await, 400);
    assert_eq!(post(port, Some(SECRET), "a".repeat(2 << 20)).await, 413);
    // An update of a kind that nobody knows is taken, and does nothing.
    assert_eq!(
        post(port, Some(SECRET), r#"{"update_id": 8}"#.into()).await,
        200
    );
    ann.press_all(TO_DANGER).await;
    stage.stop(PATIENCE).await;
    assert!(stage.record(ANN).await.is_some());
    assert!(!stage.printed().contains(SECRET));
}

#[tokio::test]
async fn what_cannot_be_stored_comes_again_and_is_answered_once() {
    let server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    stage.start_with(&[("BACKTALK_LISTEN", &listen(port))]);
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press("Yes, let's start").await;
    let mut server = server;
    server.kill();
    let asked = ann.chat.last();
    let press = ann.person.press_on(&asked, "I'm 18 to 49");
    let is_refused = |all: &[crate::emulator::Delivery]| all.iter().any(|d| d.status == Some(503));
    stage.telegram.wait_for_deliveries(is_refused).await;
    server.restart();
    let is_asked =
        |all: &[crate::emulator::Message]| all.iter().any(|m| m.button(DANGER).is_some());
    ann.chat.wait_for(is_asked).await;
    stage.telegram.wait_until_confirmed(press.update).await;
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered();
}

#[tokio::test]
async fn a_chat_may_land_on_any_process_and_one_that_dies_is_not_missed() {
    let server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    let ports = [free_port(), free_port()];
    prepare(&mut stage, &ports);
    stage.start_with(&[("BACKTALK_LISTEN", &listen(ports[0]))]);
    stage.settings.push(("BACKTALK_LISTEN", listen(ports[1])));
    let mut other = stage.another();
    for port in ports {
        wait_until_ready(port).await;
    }
    let ann = stage.talk(ANN);
    ann.command("start").await;
    ann.press_all(&PLAIN[..8]).await;
    let taken = stage.telegram.deliveries();
    for port in ports {
        let took = |d: &&crate::emulator::Delivery| d.port == Some(port) && d.status == Some(200);
        assert!(taken.iter().any(|d| took(&d)), "{port} took nothing.");
    }
    other.kill();
    let verdict = ann.press_all(&PLAIN[8..]).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered();
}

#[tokio::test]
async fn what_is_posted_while_a_process_starts_is_taken_once_it_can_be() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    let slow = stage.telegram.fault(Fault::HoldBefore).on("getMe").arm();
    stage.start_with(&[("BACKTALK_LISTEN", &listen(port))]);
    slow.reached(1).await;
    let posted = tokio::spawn(post(port, Some(SECRET), r#"{"update_id": 8}"#.into()));
    for _ in 0..10 {
        let url = format!("http://127.0.0.1:{port}/readyz");
        let asked = reqwest::get(url).await.expect("The program answers.");
        assert_eq!(asked.status().as_u16(), 503);
    }
    assert!(!posted.is_finished(), "Nothing can be taken yet.");
    slow.release();
    assert_eq!(posted.await.expect("It is posted."), 200);
}

/// Telegram, or a balancer, then tries the next process at once; what was refused would come again only
/// seconds later.
#[tokio::test]
async fn a_process_that_stops_closes_its_door_before_it_finishes() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    stage.settings.push(("BACKTALK_LISTEN", listen(port)));
    let process = stage.another();
    wait_until_ready(port).await;
    let slow = stage
        .telegram
        .fault(Fault::HoldBefore)
        .on("sendMessage")
        .arm();
    let ann = stage.talk(ANN);
    let start = ann.person.command("start");
    slow.reached(1).await;
    stage.telegram.wait_until_confirmed(start.update).await;
    process.ask_to_stop();
    let closed = async {
        while TcpStream::connect(listen(port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, closed).await;
    in_time.expect("It is closed some time.");
    slow.release();
    ann.chat.wait_for_text("back").await;
}

#[tokio::test]
async fn an_update_that_ends_the_process_is_parked_behind_a_webhook_too() {
    let mut stage = Stage::empty().await;
    let port = free_port();
    prepare(&mut stage, &[port]);
    let listen = listen(port);
    let settings = [
        ("BACKTALK_LISTEN", listen.as_str()),
        ("BACKTALK_DIE_AT", "load.before"),
    ];
    // The webhook must be set for anything to come.
    stage.start_with(&settings[..1]);
    let is_set = |all: &[crate::emulator::Request]| all.iter().any(|r| r.method == "setWebhook");
    stage.telegram.wait_for_requests(is_set).await;
    stage.stop(PATIENCE).await;
    let ann = stage.talk(ANN);
    ann.person.text("hello");
    for _ in 0..5 {
        stage.start_with(&settings);
        stage.death().await;
    }
    stage.start_with(&settings);
    ann.chat
        .wait_for_text("Sorry, that went wrong on my side.")
        .await;
    stage.kill();
    let letters = stage
        .open()
        .await
        .parked()
        .await
        .expect("The store answers.");
    let whys: Vec<_> = letters.iter().map(|l| (l.person, l.why.as_str())).collect();
    assert_eq!(whys, [(Some(ANN), "abort")]);
}
