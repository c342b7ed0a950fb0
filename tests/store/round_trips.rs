//! How often Redis is asked, counted by a proxy in between, and what is not lost with an answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use async_trait::async_trait;
use backtalk::clock::Still;
use backtalk::dialogue::{Act, load};
use backtalk::engine::{Input, Press, Priority, View, Wish};
use backtalk::shipped;
use backtalk::store::cached::Cached;
use backtalk::store::{Commit, Lane, Person, Record, Store};
use backtalk::turn::{Bot, Channel, Origin, SendError, deliver, take};
use jiff::Timestamp;

use crate::history::{at, record};
use crate::redis_server::{new_prefix, shared, store_at};
use crate::{ANNA, BEN, block_on};

/// Stands between a store and the shared server, and notes the commands that belong to a store.
struct Proxy {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    /// Cut the connection in the place of the next answer to a script.
    swallows: Arc<AtomicBool>,
}

impl Proxy {
    fn start() -> Proxy {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy {
            port: door.local_addr().unwrap().port(),
            heard: Arc::default(),
            swallows: Arc::default(),
        };
        let (heard, swallows) = (proxy.heard.clone(), proxy.swallows.clone());
        thread::spawn(move || {
            for client in door.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", shared().port)).unwrap();
                let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (heard, swallows) = (heard.clone(), swallows.clone());
                let is_last = Arc::new(AtomicBool::new(false));
                let same = is_last.clone();
                thread::spawn(move || pass_on(client, server, &heard, &swallows, &is_last));
                thread::spawn(move || pass_back(ends.1, ends.0, &same));
            }
        });
        proxy
    }

    /// What was heard since the last time, without greetings.
    fn commands(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn store(&self) -> Arc<dyn Store> {
        let address = format!("redis://127.0.0.1:{}", self.port).parse().unwrap();
        let store = block_on(store_at(&address, &new_prefix()));
        self.commands();
        Arc::new(store)
    }
}

fn pass_on(
    mut client: TcpStream,
    mut server: TcpStream,
    heard: &Mutex<Vec<String>>,
    swallows: &AtomicBool,
    is_last: &AtomicBool,
) {
    let mut waiting = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut chunk) {
        waiting.extend(&chunk[..count]);
        while let Some((name, length)) = command(&waiting) {
            if name.starts_with("EVAL") && swallows.swap(false, Ordering::SeqCst) {
                is_last.store(true, Ordering::SeqCst);
            }
            if !["CLIENT", "SUBSCRIBE", "PING"].contains(&name.as_str()) {
                heard.lock().unwrap().push(name);
            }
            server.write_all(&waiting[..length]).unwrap();
            waiting.drain(..length);
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn pass_back(mut server: TcpStream, mut client: TcpStream, is_last: &AtomicBool) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = server.read(&mut chunk) {
        if is_last.load(Ordering::SeqCst) || client.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// The name and the length of the first whole command, in the protocol of Redis.
fn command(bytes: &[u8]) -> Option<(String, usize)> {
    let line = |from: usize| {
        let end = bytes[from..].windows(2).position(|w| w == b"\r\n")? + from;
        let number = std::str::from_utf8(&bytes[from + 1..end]).unwrap();
        Some((number.parse::<usize>().unwrap(), end + 2))
    };
    let (count, mut from) = line(0)?;
    let mut name = None;
    for _ in 0..count {
        let (length, start) = line(from)?;
        let part = bytes.get(start..start + length)?;
        name.get_or_insert_with(|| String::from_utf8_lossy(part).to_ascii_uppercase());
        from = start + length + 2;
    }
    (from <= bytes.len()).then_some((name?, from))
}

/// A channel on which everything arrives.
struct Open;

#[async_trait]
impl Channel for Open {
    async fn send(&self, _: Person, _: &View) -> Result<i64, SendError> {
        Ok(1)
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(1)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(1)
    }
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

async fn turn(bot: &Bot, person: i64, update: i64, input: &Input) -> Record {
    let origin = Origin {
        update: Some(update),
        ..Origin::default()
    };
    let turned = take(bot, Person(person), input, &origin, noon()).await;
    turned.unwrap().record.unwrap()
}

#[test]
fn before_the_answer_redis_is_asked_once_when_warm_and_twice_when_cold() {
    let proxy = Proxy::start();
    let dialogue = load::load(&shipped::built_in(), "back_spasm").unwrap();
    let bot = Bot::new(Arc::new(dialogue), Arc::new(Cached::new(proxy.store())));
    let start = Input::Start { language: None };
    let consent = Input::Press(Press {
        visit: 0,
        wish: Wish::Act(Act::Consent),
    });
    // The first ever may bring the script.
    block_on(turn(&bot, BEN, 1, &start));
    proxy.commands();

    let cold = block_on(turn(&bot, ANNA, 2, &start));
    assert_eq!(proxy.commands(), ["GET", "EVALSHA"]);
    block_on(deliver(
        &bot,
        Person(ANNA),
        cold,
        &Open,
        Priority::Answer,
        &Still(noon()),
    ))
    .unwrap();
    assert_eq!(proxy.commands(), ["EVALSHA"], "This is the settling.");

    let warm = block_on(turn(&bot, ANNA, 3, &consent));
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    block_on(deliver(
        &bot,
        Person(ANNA),
        warm,
        &Open,
        Priority::Answer,
        &Still(noon()),
    ))
    .unwrap();
    assert_eq!(proxy.commands(), ["EVALSHA"], "This is the settling.");
}

#[test]
fn looking_who_is_due_is_one_question_when_nobody_is() {
    let proxy = Proxy::start();
    let store = proxy.store();
    let minute = std::time::Duration::from_secs(60);
    let claim = || block_on(store.claim_due(at(10), 50, minute, Lane::Other)).unwrap();
    claim();
    for person in 0..200 {
        let new = record(0, Some(10 + person), &[], "due");
        block_on(store.commit(Person(person), 0, &new, None)).unwrap();
    }
    assert_eq!(claim().len(), 1);
    proxy.commands();
    assert_eq!(claim(), []);
    assert_eq!(proxy.commands(), ["EVALSHA"]);
    block_on(store.next_due(&Lane::ALL)).unwrap();
    assert_eq!(proxy.commands(), ["EVALSHA"]);
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_taken_for_somebody_elses() {
    let proxy = Proxy::start();
    let store = proxy.store();
    for (version, update) in [None, Some(5), None, Some(6)].into_iter().enumerate() {
        proxy.swallows.store(true, Ordering::SeqCst);
        let mut new = record(0, None, &[], &format!("word {version}"));
        update.into_iter().for_each(|update| new.saw(update));
        let commit = store.commit(Person(ANNA), version as u64, &new, update);
        assert_eq!(block_on(commit).unwrap(), Commit::Applied);
        assert!(proxy.commands().len() >= 2, "It was repeated.");
    }
    let found = block_on(store.load(Person(ANNA))).unwrap();
    assert_eq!(found.unwrap().version, 4);
}
