//! Who is sent to first when not all can be at once, and who waits for nobody.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backtalk::clock::{Clock, SystemClock};
use backtalk::engine::Priority;
use backtalk::store::record::Body;
use backtalk::store::{Person, Record, Store};
use backtalk::telegram::gate::Gate;
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::emulator::Fault;
use crate::inside::{DIALOGUE, button, followed_up};
use crate::redis_server::{new_prefix, shared};
use crate::reminders::ice_since;
use crate::stage::{ANN, BEN, DANGER, PATIENCE, Stage, TO_DANGER};

#[tokio::test]
async fn a_chat_that_telegram_wants_left_alone_keeps_no_other_waiting() {
    let stage = Stage::begin().await;
    let [ann, ben] = [ANN, BEN].map(|id| stage.talk(id));
    for talk in [&ann, &ben] {
        talk.command("start").await;
        talk.press_all(TO_DANGER).await;
    }
    let flood = Fault::Flood { retry_after: 3 };
    let flood = stage.telegram.fault(flood).on("sendMessage").in_chat(ANN);
    let flood = flood.arm();
    let before = ann.chat.messages().len();
    let hers = ann.person.press_on(&ann.chat.last(), DANGER);
    flood.reached(1).await;
    let began = Instant::now();
    ben.press(DANGER).await;
    println!("Ben was answered after {:?}", began.elapsed());
    assert_eq!(ann.chat.messages().len(), before, "Ann waits.");
    ann.chat.wait_for(|messages| messages.len() > before).await;
    println!("Ann was answered after {:?}", began.elapsed());
    stage.telegram.wait_until_confirmed(hers.update).await;
    assert_eq!(flood.hits(), 1);
    let asked = stage.telegram.requests_of("sendMessage");
    let refused = asked.iter().filter(|r| r.status == Some(429)).count();
    assert_eq!(refused, 1, "The wait was kept.");
}

/// So many are reminded, and so many write, at two messages a second.
const REMINDED: std::ops::Range<i64> = 100..108;
const WRITING: std::ops::Range<i64> = 200..206;
const WITH_ICE: i64 = 300;

#[tokio::test]
async fn the_urgent_overtake_those_who_write_and_these_the_reminders() {
    let mut stage = Stage::empty().await;
    stage.settings = vec![("BACKTALK_PER_SECOND", "2".to_owned())];
    let now = SystemClock.now();
    let until_due = followed_up(now).due.expect("A time.").duration_since(now);
    let reminded = followed_up(now - until_due - SignedDuration::from_secs(1));
    let with_ice = Record {
        due: Some(now + SignedDuration::from_secs(2)),
        active: now,
        body: Body {
            session: Some(ice_since(&DIALOGUE, now - SignedDuration::from_mins(45))),
            ..Body::default()
        },
        ..Record::default()
    };
    let store = stage.open().await;
    let everybody = REMINDED
        .map(|id| (id, &reminded))
        .chain([(WITH_ICE, &with_ice)]);
    for (id, record) in everybody {
        stage.telegram.person(id).already_started();
        let kept = store.commit(Person(id), 0, record, None).await;
        kept.expect("The store answers.");
    }
    // Ann is at the list of danger signs.
    let mut ann = followed_up(now);
    if let Some(session) = &mut ann.body.session {
        session.log.truncate(2);
        session.rounds.clear();
    }
    ann.due = None;
    ann.body.shown = None;
    let tap = button(&ann, DANGER, now);
    let hers = stage.telegram.person(ANN).already_started();
    let kept = store.commit(Person(ANN), 0, &ann, None).await;
    kept.expect("The store answers.");
    drop(store);

    stage.start();
    let sends = |requests: &[crate::emulator::Request]| -> Vec<i64> {
        let sends = requests.iter().filter(|r| r.method == "sendMessage");
        sends.filter_map(|request| request.chat).collect()
    };
    stage
        .telegram
        .wait_for_requests(|all| !sends(all).is_empty())
        .await;
    for id in WRITING {
        stage.talk(id).person.command("start");
    }
    hers.press_data(1, &tap.to_string());
    let all = WRITING.chain(REMINDED).chain([ANN, WITH_ICE]);
    let are_sent_to = |all: Vec<i64>| {
        move |requests: &[crate::emulator::Request]| {
            let sent = sends(requests);
            all.iter().all(|id| sent.contains(id))
        }
    };
    let requests = stage
        .telegram
        .wait_for_requests(are_sent_to(all.collect()))
        .await;
    let order = sends(&requests);
    println!("sent to {order:?}");
    let place = |id: i64| order.iter().position(|sent| *sent == id);
    let last = |ids: std::ops::Range<i64>| ids.map(place).max().flatten();
    assert!(place(ANN) < last(WRITING));
    assert!(place(WITH_ICE) < last(WRITING));
    assert!(last(WRITING) < last(REMINDED));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_together_send_as_fast_as_one_may() {
    const PER_SECOND: u32 = 20;
    let prefix = new_prefix();
    let passed = Arc::new(AtomicU32::new(0));
    let began = Instant::now();
    for _ in 0..2 {
        let store: Arc<dyn Store> = Arc::new(shared().store(&prefix).await);
        let gate = Gate::new(store, NonZeroU32::new(PER_SECOND).expect("Some."));
        for person in 0..200 {
            let (gate, passed) = (gate.clone(), passed.clone());
            tokio::spawn(async move {
                gate.pass(Person(person), Priority::Answer).await;
                passed.fetch_add(1, Ordering::SeqCst);
            });
        }
    }
    let watched = async {
        while passed.load(Ordering::SeqCst) < 3 * PER_SECOND {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, watched).await;
    in_time.expect("The budget is used.");
    let (count, took) = (passed.load(Ordering::SeqCst), began.elapsed());
    println!("{count} passed in {took:?}");
    let most = f64::from(PER_SECOND) * took.as_secs_f64() + 30.0;
    assert!(f64::from(count) <= most, "{count} in {took:?}");
    assert!(took > Duration::from_secs(1), "{took:?}");
}
