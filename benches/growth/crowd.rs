//! People in the store: bytes of each, and what a turn of somebody takes who was not heard of for long.

use std::sync::Arc;
use std::time::Instant;

use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::load;
use backtalk::engine::{Priority, view};
use backtalk::shipped;
use backtalk::store::record::{Body, SEEN};
use backtalk::store::{Record, Shown, Stored, UpdateId};
use backtalk::turn::{self, Bot, Origin, deliver, take};
use futures_util::{StreamExt, stream};

use crate::store::{Done, Unlimited, keys, of_a_process, person, server, used_memory, whole};
use crate::work;

/// How many turns are taken, each of somebody else.
const TURNS: usize = 2_000;

/// How many are written at once.
const ABREAST: usize = 256;

/// Print a line for a thousand people, ten thousand and so on.
pub async fn table(most: usize) {
    println!(
        "\n### People in the store, each in the middle of twelve questions, sealed\n\n\
         | people | Redis bytes each | a turn ms p50 / p99 | Redis scripts / commands a turn | Redis CPU µs a turn |\n\
         |---:|---:|---:|---:|---:|"
    );
    let mut people = 1_000;
    while people <= most {
        row(people).await;
        people *= 10;
    }
}

async fn row(people: usize) {
    let server = server();
    let keys = keys();
    let store = of_a_process(&server, &keys).await;
    // A record of long ago would have ended.
    let next = work::after_six(whole(SystemClock.now()));
    let shown = view::view(next.d, &next.session, next.now).expect("a question is open");
    let mut record = Record {
        version: 14,
        active: next.now,
        body: Body {
            session: Some(next.session.clone()),
            shown: Some(Shown {
                message: 41_000,
                view: turn::hash(&shown),
            }),
            ..Body::default()
        },
        ..Record::default()
    };
    // Seven updates were applied: /start and six answers.
    for n in 0..7.min(SEEN as i64) {
        record.saw(500_000_000 + n * 977);
    }
    let empty = used_memory(&server);
    let each = stream::iter(0..people).map(|n| {
        let stored = Stored::after(person(n), record.version, &record, &keys);
        let store = &store;
        async move { store.restore(person(n), &stored).await }
    });
    let mut done = each.buffer_unordered(ABREAST);
    while let Some(is_new) = done.next().await {
        assert!(is_new.expect("the store answers"));
    }
    drop(done);
    let bytes = (used_memory(&server) - empty) as f64 / people as f64;

    let files = shipped::folder("benches/twelve".as_ref()).expect("the folder is there");
    let d = Arc::new(load::load(&files, "twelve").expect("it loads"));
    let bot = Bot::new(d, store);
    let turns = TURNS.min(people);
    let before = Done::read(&server);
    let mut took = Vec::with_capacity(turns);
    for n in 0..turns {
        // Spread over everybody, and nobody twice.
        let person = person(n * (people / turns));
        let origin = Origin {
            update: Some(600_000_000 + n as UpdateId),
            ..Origin::default()
        };
        let began = Instant::now();
        let turned = take(&bot, person, &next.input, &origin, next.now).await;
        let turned = turned.expect("the store answers");
        assert_eq!(
            turned.notice, None,
            "the press is an answer to what is asked"
        );
        let record = turned.record.expect("a record");
        let urgency = Priority::Answer;
        let delivered = deliver(&bot, person, record, &Unlimited, urgency, &SystemClock).await;
        delivered.expect("the store answers");
        took.push(began.elapsed());
    }
    let done = Done::read(&server).since(before, turns);
    took.sort_unstable();
    let ms = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    println!(
        "| {people} | {bytes:.0} | {:.2} / {:.2} | {:.2} / {:.2} | {:.1} |",
        ms(50),
        ms(99),
        done.scripts,
        done.commands,
        done.cpu_us
    );
}
