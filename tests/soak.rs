//! Two hundred people talk with the real program while it is killed every few seconds, and its
//! Redis too: nobody loses an answer. It polls, or two replicas of it take turns at a webhook behind
//! the emulator's balancer, and are restarted one after the other. Run by `scripts/soak`.
//!
//! `BACKTALK_SOAK_SEED` sets the seed and `BACKTALK_SOAK_PEOPLE` how many people there are. The same
//! seed has the same people and plans the same kills; what meets what is up to the machine. With
//! `BACKTALK_SOAK_PROGRAM` another build of the program is run, such as the one that is released.

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
#[path = "soak/ground.rs"]
mod ground;
#[path = "soak/person.rs"]
mod person;
#[allow(dead_code, reason = "A part of it is used here.")]
#[path = "store/redis_groups.rs"]
mod redis_groups;
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
use backtalk::store::redis::RedisStore;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Person, Store};
use backtalk::vignettes::{self, VignetteFile};
use tokio::sync::Mutex;
use tokio::time::Instant;

use bots::{Bots, Place};
use chaos::{Chaos, Plan};
use crowd::Crowd;
use disk::Fsync;
use emulator::{Emulator, Request};
use ground::{Cut, Ground};
use person::{Somebody, told};
use report::{Recovery, Report};

/// What is run.
struct Run {
    what: &'static str,
    ground: fn() -> Ground,
    /// How many processes of the bot there are.
    processes: usize,
    /// Telegram posts updates to all of them; else one of them polls.
    webhook: bool,
    plan: Plan,
}

const POLLING: Run = Run {
    what: "Redis, appendfsync always",
    ground: || Ground::one(Fsync::Always),
    processes: 2,
    webhook: false,
    plan: Plan::BREAKS,
};

const WEBHOOK: Run = Run {
    what: "webhook, Redis, appendfsync always",
    webhook: true,
    plan: Plan::ALL,
    ..POLLING
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn polling_on_one_redis_loses_nothing() {
    let report = soak(POLLING).await;
    assert_eq!(report.broken(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn polling_on_a_file_loses_nothing() {
    let report = soak(Run {
        what: "a SQLite file",
        ground: || Ground::File,
        // A file belongs to one process; of Redis two may take turns.
        processes: 1,
        ..POLLING
    });
    assert_eq!(report.await.broken(), [""; 0]);
}

/// What is lost here is what the setting allows; only the end must come.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn everysec_prints_what_it_can_lose() {
    let report = soak(Run {
        what: "Redis, appendfsync everysec",
        ground: || Ground::one(Fsync::EverySecond),
        ..POLLING
    });
    assert_eq!(report.await.unfinished, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn polling_on_a_cluster_loses_nothing() {
    let report = soak(Run {
        what: "Redis Cluster, one replica waited for",
        ground: Ground::cluster,
        ..POLLING
    });
    assert_eq!(report.await.broken(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn polling_behind_sentinels_loses_nothing() {
    let report = soak(Run {
        what: "Redis behind Sentinels, one replica waited for",
        ground: Ground::guarded,
        ..POLLING
    });
    assert_eq!(report.await.broken(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn a_webhook_on_one_redis_loses_nothing() {
    let report = soak(WEBHOOK).await;
    assert_eq!(report.broken(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn a_webhook_on_a_cluster_loses_nothing() {
    let report = soak(Run {
        what: "webhook, Redis Cluster, one replica waited for",
        ground: Ground::cluster,
        ..WEBHOOK
    });
    assert_eq!(report.await.broken(), [""; 0]);
}

/// Whoever has no replica left waits for one, and then goes on without. What waits for longer than a
/// post may take is posted again and shown again, which is printed only.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn a_webhook_on_an_unrepaired_cluster_loses_nothing_and_goes_on() {
    let report = soak(Run {
        what: "webhook, Redis Cluster of which a master stays away",
        ground: Ground::cluster,
        plan: Plan::NO_REPAIRS,
        ..WEBHOOK
    });
    let report = report.await;
    assert_eq!((report.unfinished, report.lost), (0, 0));
    assert_eq!((report.wrong_states, report.wrong_verdicts), (0, 0));
}

/// An upgrade that nobody notices.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; scripts/soak runs it"]
async fn rolling_restarts_behind_a_webhook_keep_nobody_waiting() {
    let report = soak(Run {
        what: "webhook, Redis, only rolling restarts",
        plan: Plan::ONLY_RESTARTS,
        ..WEBHOOK
    });
    let report = report.await;
    assert_eq!(report.broken(), [""; 0]);
    assert!(!report.stops.is_empty(), "Nobody was restarted.");
    assert_eq!((report.late(), report.repeats.total), (0, 0));
}

/// Each run has the machine for itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// One run. What is printed is the report.
async fn soak(run: Run) -> Report {
    let _only = ONE_AT_A_TIME.lock().await;
    let what = run.what;
    let seed = setting("BACKTALK_SOAK_SEED").unwrap_or(1);
    let count = setting("BACKTALK_SOAK_PEOPLE").unwrap_or(200) as usize;
    println!("soak: {what}, BACKTALK_SOAK_SEED={seed}, {count} people");
    let built_in = shipped::built_in();
    let d = Arc::new(load::load(&built_in, "back_spasm").expect("The shipped dialogue loads."));
    let telegram = Arc::new(Emulator::start().await);
    telegram.set_patience(Duration::from_secs(60));
    let folder = tempfile::tempdir().expect("A folder can be made.");
    let file = folder.path().join("backtalk.sqlite");
    let started = tokio::task::spawn_blocking(run.ground).await;
    let ground = started.expect("What records stand on starts.");
    let address = ground.address();
    let port = |_| redis_test::utils::get_random_available_port();
    let ports: Vec<u16> = match run.webhook {
        true => (0..run.processes).map(port).collect(),
        false => Vec::new(),
    };
    telegram.balance_webhook(&ports);
    let place = Place {
        token: telegram.token().to_owned(),
        telegram: telegram.url().to_owned(),
        store: address.clone().unwrap_or(file.display().to_string()),
        redis_wait: ground.replicas(),
        ports,
    };
    let mut redis: Option<Arc<RedisStore>> = None;
    if let Some(address) = address {
        let address = address.parse().expect("An address.");
        redis = Some(Arc::new(redis_server::store_at(&address, "backtalk").await));
    }
    let store = redis.clone().map(|redis| redis as Arc<dyn Store>);
    let bots = Bots::start(place, run.processes);
    let bots = match run.webhook {
        true => wait_until_posted_to(&telegram, bots).await,
        false => bots,
    };
    let begun = Instant::now();
    let mut crowd = Crowd::new(
        d.clone(),
        telegram.clone(),
        store.clone(),
        &stories(&d),
        seed,
        count,
    );
    let chaos = Chaos::begin(seed, run.plan, telegram.clone(), bots, ground);
    let all_finished = crowd.talk().await;
    let ended = tokio::task::spawn_blocking(|| chaos.end()).await;
    let (done, bots, ground) = ended.expect("Chaos does not fail.");
    if all_finished {
        crowd.wait_until_all_is_confirmed().await;
    } else {
        println!("{}", bots.printed());
    }
    let seconds = begun.elapsed().as_secs();
    let (mut stops, bad_stops, gave_up) = (bots.stops.clone(), bots.bad_stops, bots.gave_up);
    if bad_stops + gave_up > 0 {
        println!("{}", bots.printed());
    }
    drop(bots);
    let store = store.unwrap_or_else(|| {
        Arc::new(SqliteStore::open(&file, Keyring::none()).expect("The store opens."))
    });
    let waits = crowd.people.iter().flat_map(|person| &person.waits);
    let mut waits: Vec<Duration> = waits.map(|(since, until)| *until - *since).collect();
    waits.sort();
    stops.sort();
    let mut report = Report {
        what,
        seed,
        people: count,
        inputs: crowd.people.iter().map(|person| person.did.len()).sum(),
        tries_again: crowd.people.iter().map(|person| person.tries_again).sum(),
        requests: telegram.request_count(),
        repeats: repeats::count(&d, &crowd.people, &telegram.requests(), &done.marks).await,
        recoveries: recoveries(redis.as_deref(), &crowd.people, &done.cuts),
        done,
        unfinished: 0,
        lost: crowd.lost,
        disagreements: crowd.disagreements,
        wrong_states: 0,
        wrong_verdicts: 0,
        unsaid_verdicts: 0,
        waits,
        stops,
        bad_stops,
        gave_up,
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
    drop(ground);
    println!("{report}");
    if report.repeats.most > 1 {
        println!("sent again most often: {}", report.repeats.example);
    }
    report
}

/// Wait until Telegram posts to the processes and all are ready, so that nobody's wait is for the start.
async fn wait_until_posted_to(telegram: &Emulator, bots: Bots) -> Bots {
    let set = |request: &Request| request.method == "setWebhook" && request.status == Some(200);
    telegram
        .wait_for_requests(|requests| requests.iter().any(set))
        .await;
    let ready = tokio::task::spawn_blocking(|| {
        redis_server::wait_until("All processes' readiness", || bots.are_ready());
        bots
    });
    ready.await.expect("They become ready.")
}

/// What came of each kill for those whose record was there.
fn recoveries(redis: Option<&RedisStore>, people: &[Somebody], cuts: &[Cut]) -> Vec<Recovery> {
    let Some(redis) = redis else {
        return Vec::new();
    };
    let recovery = |cut: &Cut| {
        let theirs = people.iter().filter(|person| {
            let had_begun = person.waits.iter().any(|(since, _)| *since < cut.at);
            had_begun && cut.concerns(&redis.key_of(Person(person.id)))
        });
        let went_on = theirs.filter_map(|person| {
            let mut waits = person.waits.iter();
            let (_, until) = waits.find(|(since, _)| *since >= cut.at)?;
            Some(*until - cut.at)
        });
        let went_on: Vec<Duration> = went_on.collect();
        Some(Recovery {
            replaced: cut.replaced_after,
            first: *went_on.iter().min()?,
            last: *went_on.iter().max()?,
        })
    };
    cuts.iter().filter_map(recovery).collect()
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
