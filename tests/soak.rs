//! Two hundred people talk with the real program while it is killed every few seconds, and its
//! Redis too: nobody loses an answer. Run by `scripts/soak`.
//!
//! `BACKTALK_SOAK_SEED` sets the seed and `BACKTALK_SOAK_PEOPLE` how many people there are. The same
//! seed has the same people and plans the same kills; what meets what is up to the machine.

mod emulator;

#[path = "soak/bots.rs"]
mod bots;
#[path = "soak/chance.rs"]
mod chance;
#[path = "soak/chaos.rs"]
mod chaos;
#[path = "soak/crowd.rs"]
mod crowd;
#[path = "soak/disk.rs"]
mod disk;
#[path = "soak/faultless.rs"]
mod faultless;
#[path = "soak/person.rs"]
mod person;
#[allow(dead_code, reason = "A part of it is used here.")]
#[path = "store/redis_server.rs"]
mod redis_server;
#[path = "soak/repeats.rs"]
mod repeats;
#[path = "soak/report.rs"]
mod report;

use std::sync::Arc;
use std::time::Duration;

use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::{Dialogue, Knowledge, load};
use backtalk::engine::{Owed, Session, State, view};
use backtalk::shipped;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Person, Store};
use backtalk::vignettes::{self, VignetteFile};
use tokio::sync::Mutex;
use tokio::time::Instant;

use bots::{Bots, Place};
use chaos::Chaos;
use crowd::Crowd;
use disk::{Disk, Fsync};
use emulator::Emulator;
use person::{Somebody, told};
use report::Report;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn two_hundred_people_lose_nothing() {
    let report = soak("Redis, appendfsync always", Some(Fsync::Always)).await;
    assert_eq!(report.broken(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn two_hundred_people_lose_nothing_that_is_kept_in_a_file() {
    let report = soak("a SQLite file", None).await;
    assert_eq!(report.broken(), [""; 0]);
}

/// What is lost here is what the setting allows; only the end must come.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn everysec_prints_what_it_can_lose() {
    let report = soak("Redis, appendfsync everysec", Some(Fsync::EverySecond)).await;
    assert_eq!(report.unfinished, 0);
}

/// Each run has the machine for itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// One run, on this Redis or else on a file. What is printed is the report.
async fn soak(what: &'static str, redis: Option<Fsync>) -> Report {
    let _only = ONE_AT_A_TIME.lock().await;
    let seed = setting("BACKTALK_SOAK_SEED").unwrap_or(1);
    let count = setting("BACKTALK_SOAK_PEOPLE").unwrap_or(200) as usize;
    println!("soak: {what}, BACKTALK_SOAK_SEED={seed}, {count} people");
    let built_in = shipped::built_in();
    let d = Arc::new(load::load(&built_in, "back_spasm").expect("The shipped dialogue loads."));
    let telegram = Arc::new(Emulator::start().await);
    telegram.set_patience(Duration::from_secs(60));
    let folder = tempfile::tempdir().expect("A folder can be made.");
    let file = folder.path().join("backtalk.sqlite");
    let disk = redis.map(Disk::start);
    let place = Place {
        token: telegram.token().to_owned(),
        telegram: telegram.url().to_owned(),
        store: match &disk {
            Some(disk) => format!("redis://127.0.0.1:{}", disk.server.port),
            None => file.display().to_string(),
        },
    };
    let mut store: Option<Arc<dyn Store>> = None;
    if let Some(disk) = &disk {
        store = Some(Arc::new(disk.server.store("backtalk").await));
    }
    // A file belongs to one process; of Redis two may take turns.
    let bots = Bots::start(place, if disk.is_some() { 2 } else { 1 });
    let begun = Instant::now();
    let mut crowd = Crowd::new(
        d.clone(),
        telegram.clone(),
        store.clone(),
        &stories(&d),
        seed,
        count,
    );
    let chaos = Chaos::begin(seed, telegram.clone(), bots, disk);
    let all_finished = crowd.talk().await;
    let ended = tokio::task::spawn_blocking(|| chaos.end()).await;
    let (done, bots, disk) = ended.expect("Chaos does not fail.");
    if all_finished {
        crowd.wait_until_all_is_confirmed().await;
    } else {
        println!("{}", bots.printed());
    }
    let seconds = begun.elapsed().as_secs();
    drop(bots);
    let store = store.unwrap_or_else(|| {
        Arc::new(SqliteStore::open(&file, Keyring::none()).expect("The store opens."))
    });
    let mut report = Report {
        what,
        seed,
        people: count,
        inputs: crowd.people.iter().map(|person| person.did.len()).sum(),
        tries_again: crowd.people.iter().map(|person| person.tries_again).sum(),
        requests: telegram.request_count(),
        repeats: repeats::count(&d, &crowd.people, &telegram.requests(), &done.marks).await,
        done,
        unfinished: 0,
        lost: crowd.lost,
        disagreements: crowd.disagreements,
        wrong_states: 0,
        wrong_verdicts: 0,
        unsaid_verdicts: 0,
        seconds,
    };
    for person in &crowd.people {
        let record = store
            .load(Person(person.id))
            .await
            .expect("The store answers.");
        judge(
            &d,
            &telegram,
            person,
            record.and_then(|r| r.body.session),
            &mut report,
        );
    }
    drop(disk);
    println!("{report}");
    if report.repeats.most > 1 {
        println!("sent again most often: {}", report.repeats.example);
    }
    report
}

/// Compare what is kept of somebody with what would be without any fault.
fn judge(
    d: &Dialogue,
    telegram: &Emulator,
    person: &Somebody,
    kept: Option<Session>,
    report: &mut Report,
) {
    let chat = telegram.chat(person.id);
    if !person.is_finished() {
        report.unfinished += 1;
        println!(
            "Person {} is not at the end:\n{}",
            person.id,
            chat.visible()
        );
    }
    report.lost += crowd::lost(&person.acknowledged, kept.as_ref());
    let timeless = kept.as_ref().map(without_times);
    if timeless != Some(without_times(&person.sure)) {
        report.wrong_states += 1;
        println!("Person {} is elsewhere:\n{}", person.id, chat.visible());
    }
    let Some(kept) = kept else { return };
    if told(d, &kept).is_none() || told(d, &kept) != person.verdict(d) {
        report.wrong_verdicts += 1;
    }
    if let Some(told) = State::of(d, &kept).told {
        let event = told.index as u16;
        let verdict = view::render(d, &kept, &Owed::Verdict { event }, SystemClock.now());
        let mut messages = chat.messages().into_iter();
        if !messages.any(|message| verdict.text.trim().ends_with(message.text.trim())) {
            report.unsaid_verdicts += 1;
        }
    }
}

/// The moment of an answer is the moment when it was handled, which a crash puts off.
fn without_times(session: &Session) -> Session {
    let mut session = session.clone();
    session.log.iter_mut().for_each(|event| event.at_ms = 0);
    session.rounds.iter_mut().for_each(|event| event.at_ms = 0);
    session
}

/// The facts of the vignettes.
fn stories(d: &Dialogue) -> Vec<Knowledge> {
    let built_in = shipped::built_in();
    let text = built_in.get("back_spasm/vignettes.yaml");
    let file: VignetteFile =
        serde_saphyr::from_str(text.expect("They are shipped.")).expect("They can be read.");
    let stories = file.vignettes.iter();
    let facts = stories.map(|story| vignettes::facts(d, &story.facts).expect("They fit."));
    facts.collect()
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number.")),
    )
}
