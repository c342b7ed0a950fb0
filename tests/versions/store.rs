//! Turns, `migrate` and `recall` over a store, with the editions that it keeps.

use std::sync::Arc;

use backtalk::dialogue::issue::Sources;
use backtalk::dialogue::{Act, Disposition};
use backtalk::editions::Editions;
use backtalk::engine::session::RoundWhat;
use backtalk::engine::{Command, Input, Owed, Session, State, Wish, timers};
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Lane, Person, Record, Store};
use backtalk::turn::{Bot, Origin, take};
use backtalk::versions::{Counts, migrate, recall};
use jiff::{SignedDuration, Timestamp};

use crate::changed::{self, loaded};
use crate::{SHIPPED, after, next, noon, people, plain, press};

const ANN: Person = Person(7);

/// How many presses lead a plain strain to its verdict, at most.
const WHOLE: usize = 60;

/// A store that keeps the shipped edition, and these people on it.
async fn store(people: &[Session]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let editions = Editions::new(changed::shipped_files());
    editions.keep(&*store, &SHIPPED).await.expect("it is kept");
    for (n, session) in people.iter().enumerate() {
        put(&store, Person(ANN.0 + n as i64), session).await;
    }
    store
}

async fn put(store: &MemoryStore, person: Person, session: &Session) {
    let mut record = Record {
        active: noon(),
        due: timers::next_due(&SHIPPED, session, noon()),
        ..Record::default()
    };
    record.body.session = Some(session.clone());
    store
        .commit(person, 0, &record, None)
        .await
        .expect("it is stored");
}

/// A bot with these files.
fn bot(store: &Arc<MemoryStore>, files: Sources) -> Bot {
    Bot {
        dialogue: Arc::new(loaded(&files)),
        store: store.clone(),
        editions: Arc::new(Editions::new(files)),
    }
}

async fn say(bot: &Bot, input: &Input) -> Record {
    let origin = Origin::default();
    let turned = take(bot, ANN, input, &origin, noon()).await;
    turned
        .expect("the store answers")
        .record
        .expect("it is kept")
}

fn session(record: &Record) -> &Session {
    record.body.session.as_ref().expect("a session")
}

async fn kept(store: &MemoryStore, person: i64) -> Record {
    let record = store.load(Person(person)).await;
    record.expect("the store answers").expect("it is kept")
}

fn long_ago() -> Timestamp {
    noon() - SignedDuration::from_hours(24 * 90)
}

#[tokio::test]
async fn who_cannot_move_finishes_on_the_old_version_and_begins_again_on_the_new() {
    let old = &**SHIPPED;
    let store = store(&[after(old, 8)]).await;
    let bot = bot(&store, changed::without_an_answer());
    let facts = plain(old);
    let mut record = kept(&store, ANN.0).await;
    while let Some(input) = next(old, session(&record), &facts) {
        record = say(&bot, &input).await;
        assert_eq!(session(&record).form, old.form);
    }
    let state = State::of(old, session(&record));
    assert_eq!(state.disposition(), Some(Disposition::SelfCare));
    // Coaching goes on there, too.
    let plan = press(old, session(&record), Wish::Act(Act::Plan));
    assert_eq!(session(&say(&bot, &plan).await).form, old.form);
    assert_eq!(session(&say(&bot, &Input::Due).await).form, old.form);
    // The verdict is delivered.
    let mut record = kept(&store, ANN.0).await;
    let version = record.version;
    record.body.owed.clear();
    store
        .commit(ANN, version, &record, None)
        .await
        .expect("stored");
    let record = say(&bot, &Input::Command(Command::Restart)).await;
    assert_eq!(session(&record).form, bot.dialogue.form);
}

#[tokio::test]
async fn without_its_edition_a_talk_begins_again_with_an_apology() {
    let store = Arc::new(MemoryStore::new());
    put(&store, ANN, &after(&SHIPPED, 8)).await;
    let bot = bot(&store, changed::one_more_question());
    let record = say(&bot, &Input::Command(Command::Status)).await;
    assert_eq!(session(&record).form, bot.dialogue.form);
    assert!(session(&record).log.is_empty());
    let counts = migrate(&bot, long_ago(), noon(), false).await;
    assert_eq!(counts.expect("it counts").here, 1);
}

#[tokio::test]
async fn a_forgotten_person_is_bidden_farewell_over_the_version_they_knew() {
    let store = store(&[after(&SHIPPED, 8)]).await;
    let bot = bot(&store, changed::without_an_answer());
    say(&bot, &Input::Command(Command::Forget)).await;
    let sure = press(
        &SHIPPED,
        session(&kept(&store, ANN.0).await),
        Wish::Act(Act::Forget),
    );
    let turned = take(&bot, ANN, &sure, &Origin::default(), noon()).await;
    let turned = turned.expect("the store answers");
    assert!(turned.record.is_none());
    assert_eq!(turned.farewell.len(), 1);
    assert_eq!(store.load(ANN).await.expect("it answers"), None);
}

#[tokio::test]
async fn what_is_on_goes_on_after_a_move() {
    let on = people::on_ice(noon());
    let store = store(std::slice::from_ref(&on)).await;
    let before = kept(&store, ANN.0).await;
    let bot = bot(&store, changed::one_more_question());
    let counts = migrate(&bot, long_ago(), noon(), true).await;
    assert_eq!(counts.expect("it moves").moved, 1);
    let record = kept(&store, ANN.0).await;
    let moved = session(&record);
    assert_eq!(moved.form, bot.dialogue.form);
    assert_eq!((record.due, record.lane), (before.due, Lane::First));
    let of = |d, s: &Session| timers::timers(d, s, &State::of(d, s), noon());
    assert_eq!(of(&bot.dialogue, moved), of(&SHIPPED, &on));
}

#[tokio::test]
async fn migrate_counts_everybody_and_moves_whom_it_can_unseen() {
    let old = &**SHIPPED;
    let people = [
        after(old, 1),     // before the new question
        after(old, 9),     // after it
        after(old, WHOLE), // told
    ];
    let store = store(&people).await;
    put(
        &store,
        Person(90),
        &Session::new(backtalk::dialogue::Form([1; 8])),
    )
    .await;
    let more = bot(&store, changed::one_more_question());
    put(&store, Person(91), &after(&more.dialogue, 3)).await;
    let before = all(&store).await;
    let expected = Counts {
        here: 1,
        same: 1,
        more: 2,
        unknown: 1,
        ..Counts::default()
    };
    let counts = migrate(&more, long_ago(), noon(), false).await;
    assert_eq!(counts.expect("it counts"), expected);
    assert_eq!(all(&store).await, before, "a dry run wrote something");
    // Who was told moves; who is asked moves with the next word, so that their button counts.
    let counts = migrate(&more, long_ago(), noon(), true).await;
    assert_eq!(counts.expect("it moves").moved, 1);
    let form = |record: &Record| session(record).form;
    assert_eq!(form(&kept(&store, ANN.0 + 2).await), more.dialogue.form);
    assert_eq!(form(&kept(&store, ANN.0).await), old.form);
    // Nobody who is silent for too long is counted.
    let none = migrate(&more, noon(), noon(), true).await;
    assert_eq!(none.expect("it counts"), Counts::default());
}

#[tokio::test]
async fn migrate_tells_levels_and_pins_apart() {
    let old = &**SHIPPED;
    let people = [after(old, 9), after(old, WHOLE)];
    for (files, expected) in [
        (
            changed::renamed(),
            Counts {
                same: 2,
                moved: 2,
                ..Counts::default()
            },
        ),
        (
            changed::more_urgent("urgent"),
            Counts {
                same: 1,
                rises: 1,
                moved: 1,
                ..Counts::default()
            },
        ),
        (
            changed::without_an_answer(),
            Counts {
                pinned: 2,
                ..Counts::default()
            },
        ),
    ] {
        let store = store(&people).await;
        let bot = bot(&store, files);
        let counts = migrate(&bot, long_ago(), noon(), true).await;
        assert_eq!(counts.expect("it counts"), expected);
    }
    // The other way round it falls.
    let files = changed::more_urgent("urgent");
    let strict = loaded(&files);
    let store = Arc::new(MemoryStore::new());
    let editions = Editions::new(files);
    editions.keep(&*store, &strict).await.expect("it is kept");
    put(&store, ANN, &after(&strict, WHOLE)).await;
    let bot = bot(&store, changed::shipped_files());
    let counts = migrate(&bot, long_ago(), noon(), false).await;
    assert_eq!(counts.expect("it counts").falls, 1);
}

async fn all(store: &MemoryStore) -> Vec<(Person, Option<backtalk::store::Stored>)> {
    let mut all = Vec::new();
    for person in store.people().await.expect("it answers") {
        all.push((person, store.stored(person).await.expect("it answers")));
    }
    all
}

#[tokio::test]
async fn a_recall_is_counted_first_and_told_once_to_those_it_is_for() {
    let old = &**SHIPPED;
    let told = after(old, WHOLE);
    let with = |what| {
        let mut session = told.clone();
        session.round(noon(), what);
        session
    };
    let people = [
        told.clone(),
        with(RoundWhat::Silenced),
        with(RoundWhat::Seen),
        with(RoundWhat::GotHelp),
        after(old, 9),
    ];
    let store = store(&people).await;
    let bot = bot(&store, changed::more_urgent("urgent"));
    let before = all(&store).await;
    let level = (Disposition::SelfCare, Disposition::Urgent);
    let counted = recall(&bot, long_ago(), noon(), false)
        .await
        .expect("it counts");
    assert_eq!(
        counted.by_level.into_iter().collect::<Vec<_>>(),
        [(level, 1)]
    );
    assert_eq!(all(&store).await, before, "counting wrote something");

    let told = recall(&bot, long_ago(), noon(), true)
        .await
        .expect("it tells");
    assert_eq!(told.people(), 1);
    let record = kept(&store, ANN.0).await;
    let owed: Vec<&Owed> = record.body.owed.iter().map(|o| &o.owed).collect();
    assert_eq!(owed, [&Owed::message("recall_urgent")]);
    assert_eq!(record.due, Some(noon()));
    let again = recall(&bot, long_ago(), noon(), true)
        .await
        .expect("it counts");
    assert_eq!(again.people(), 0);
    assert_eq!(kept(&store, ANN.0).await, record);
    // Nor does the bot tell more by itself, before they have written.
    let after_due = say(&bot, &Input::Due).await;
    assert_eq!(after_due.body.owed, record.body.owed);
    assert_eq!(session(&after_due).form, old.form);
    // The one button asks the danger signs again, over the new version.
    let press = press(old, session(&after_due), Wish::Act(Act::CheckAgain));
    let record = say(&bot, &press).await;
    let state = State::of(&bot.dialogue, session(&record));
    assert_eq!(session(&record).form, bot.dialogue.form);
    assert!(state.open);
    let place = backtalk::engine::route::place(&bot.dialogue, &state);
    let danger = bot.dialogue.screen("danger_now").expect("the screen");
    assert_eq!(place, backtalk::engine::Place::Asking(danger));
}

#[tokio::test]
async fn at_night_only_an_emergency_is_told() {
    let night: Timestamp = "2026-03-02T23:30:00Z".parse().expect("a time");
    let morning: Timestamp = "2026-03-03T07:00:00Z".parse().expect("a time");
    let mut told = after(&SHIPPED, WHOLE);
    told.zone = Some("Europe/London".into());
    for (level, due, lane) in [
        ("soon", morning, Lane::Other),
        ("emergency", night, Lane::First),
    ] {
        let store = store(std::slice::from_ref(&told)).await;
        // No timer of theirs comes sooner.
        let mut record = kept(&store, ANN.0).await;
        record.due = None;
        store.commit(ANN, 1, &record, None).await.expect("stored");
        let bot = bot(&store, changed::more_urgent(level));
        let recalls = recall(&bot, long_ago(), night, true)
            .await
            .expect("it tells");
        assert_eq!(recalls.people(), 1);
        let record = kept(&store, ANN.0).await;
        assert_eq!((record.due, record.lane), (Some(due), lane), "{level}");
    }
}
