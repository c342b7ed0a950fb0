//! Redis is killed or full while people talk: they are told, nothing is half written, and the talk
//! goes on.

use backtalk::store::Person;

use crate::redis_server::{Server, wait_until};
use crate::stage::{ANN, DANGER, EMERGENCY, Stage, TO_DANGER};

#[tokio::test]
async fn a_tap_while_redis_is_away_is_answered_when_it_is_back() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    stage.start();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    stage.telegram.wait_until_idle().await;
    server.kill();
    let tap = ann.person.press_on(&asked, "None of these");
    wait_until("A failed try", || {
        stage.printed().contains("the store does not answer")
    });
    server.restart();
    let is_next =
        |message: &crate::emulator::Message| message.button("Numb between the legs").is_some();
    ann.chat
        .wait_for(|messages| messages.iter().any(is_next))
        .await;
    stage.telegram.wait_until_confirmed(tap.update).await;
    let verdict_before = ann.chat.messages().len();
    ann.press("None of these").await;
    assert_eq!(ann.chat.messages().len(), verdict_before);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered();
}

#[tokio::test]
async fn while_redis_is_full_people_are_told_and_nothing_is_half_written() {
    let server = Server::start(&[]);
    let mut stage = Stage::on_redis(server.address()).await;
    stage.start();
    let ann = stage.talk(ANN);
    ann.command("start").await;
    let asked = ann.press_all(TO_DANGER).await;
    stage.telegram.wait_until_idle().await;
    let store = stage.open().await;
    let kept = async || store.load(Person(ANN)).await.expect("Redis answers.");
    let before = kept().await;
    server.run("CONFIG SET maxmemory 1");
    let tap = ann.person.press_on(&asked, DANGER);
    ann.chat
        .wait_for_text("Sorry, I can't save your answer just now.")
        .await;
    stage.telegram.wait_until_confirmed(tap.update).await;
    assert_eq!(kept().await, before);
    server.run("CONFIG SET maxmemory 0");
    ann.person.press_on(&asked, DANGER);
    let verdict = ann.chat.wait_for_text("This needs help now.").await;
    assert!(verdict.text.starts_with(EMERGENCY), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered();
}
