//! Processes that share a store: what a turn costs when each one may reach any of them.

use std::sync::Arc;

use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::load;
use backtalk::engine::{Input, Press, Priority, view};
use backtalk::shipped;
use backtalk::store::{Record, UpdateId};
use backtalk::turn::{Bot, Origin, deliver, take};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::store::{Done, Unlimited, keys, of_a_process, own_cpu_us, person, server, whole};

/// How many people talk, so many at once.
const PEOPLE: usize = 2_000;
const ABREAST: usize = 200;

/// The turns of each: /start and twelve answers.
const TURNS: usize = 13;

/// Print a line for one to four processes.
pub async fn table() {
    println!(
        "\n### Processes on one Redis, {PEOPLE} people, {ABREAST} at once\n\n\
         | processes | updates of a person reach | scripts / commands a turn | Redis CPU µs a turn | CPU µs a turn, no Telegram |\n\
         |---:|---|---:|---:|---:|"
    );
    for processes in 1..=4 {
        for anywhere in [false, true] {
            if processes > 1 || !anywhere {
                row(processes, anywhere).await;
            }
        }
    }
}

async fn row(processes: usize, anywhere: bool) {
    let server = server();
    let keys = keys();
    let files = shipped::folder("benches/twelve".as_ref()).expect("the folder is there");
    let d = Arc::new(load::load(&files, "twelve").expect("it loads"));
    let mut bots = Vec::new();
    for _ in 0..processes {
        bots.push(Bot::new(d.clone(), of_a_process(&server, &keys).await));
    }
    let bots = &bots;
    // Records of long ago would have ended.
    let began = whole(SystemClock.now());
    let (before, own) = (Done::read(&server), own_cpu_us());
    let talks = stream::iter(0..PEOPLE).map(|n| async move {
        let mut record = None;
        for turn in 0..TURNS {
            // As a load balancer that knows nothing would choose.
            let chance = (n * TURNS + turn).wrapping_mul(2_654_435_761) >> 16;
            let bot = &bots[if anywhere { chance } else { n } % processes];
            record = Some(one(bot, n, turn, began, record).await);
        }
    });
    talks
        .buffer_unordered(ABREAST)
        .for_each(async |()| {})
        .await;
    let turns = PEOPLE * TURNS;
    let cpu = (own_cpu_us() - own) / turns as f64;
    let done = Done::read(&server).since(before, turns);
    println!(
        "| {processes} | {} | {:.2} / {:.2} | {:.1} | {cpu:.0} |",
        if anywhere { "any" } else { "the same" },
        done.scripts,
        done.commands,
        done.cpu_us,
    );
}

/// One turn: /start, then the first answer of whatever is shown.
async fn one(bot: &Bot, n: usize, turn: usize, began: Timestamp, before: Option<Record>) -> Record {
    let now = began + SignedDuration::from_secs(7 * turn as i64);
    let session = before.and_then(|record| record.body.session);
    let input = match session {
        None => Input::Start { language: None },
        Some(session) => {
            let shown = view::view(&bot.dialogue, &session, now).expect("a question is open");
            let press = Press::read(&shown.rows[0][0].data).expect("a press of our own");
            Input::Press(press)
        }
    };
    let origin = Origin {
        update: Some((n * TURNS + turn) as UpdateId),
        ..Origin::default()
    };
    let person = person(n);
    let turned = take(bot, person, &input, &origin, now).await;
    let turned = turned.expect("the store answers");
    assert!(!turned.already);
    assert_eq!(
        turned.notice, None,
        "the press is an answer to what is asked"
    );
    let record = turned.record.expect("a record");
    let urgency = Priority::Answer;
    let delivered = deliver(
        bot,
        person,
        record.clone(),
        &Unlimited,
        urgency,
        &SystemClock,
    )
    .await;
    delivered.expect("the store answers");
    record
}
