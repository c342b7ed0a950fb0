//! Reminders that come due while nobody writes, from a store that was written before the start.

use std::sync::Arc;

use backtalk::answerer;
use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::{Act, Dialogue, load};
use backtalk::engine::{self, Input, Press, Session, State, Wish, step, timers, view};
use backtalk::shipped;
use backtalk::store::memory::MemoryStore;
use backtalk::store::record::Body;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Person, Record, Store};
use backtalk::turn::{self, Bot, Origin};
use jiff::{SignedDuration, Timestamp};

use crate::stage::{ANN, PLAIN, Stage};

/// A pack of ice on somebody with a plain strain, since this moment.
pub fn ice_since(d: &Dialogue, then: Timestamp) -> Session {
    let press = |session: &Session, press: Press| {
        step(d, session, &Input::Press(press), then)
            .session
            .expect("Nothing is erased.")
    };
    let by_label = |session: &Session, label: &str| {
        let view = view::view(d, session, then).expect("A question is open.");
        let button = view
            .buttons()
            .find(|button| button.label.starts_with(label));
        let button = button.unwrap_or_else(|| panic!("There is no {label:?} in {view:?}."));
        press(session, Press::read(&button.data).expect("Our own button."))
    };
    let mut session = engine::begin(d);
    engine::meet(d, &mut session, "en-GB");
    let session = PLAIN
        .iter()
        .fold(session, |session, label| by_label(&session, label));
    let state = State::of(d, &session);
    let session = press(
        &session,
        Press {
            visit: state.visit,
            wish: Wish::Act(Act::Plan),
        },
    );
    // The questions of the plan, answered as harmlessly as they can be.
    let harmless = d.completed(&state.known);
    let session = answerer::hold_from(d, session, &harmless, then).session;
    let session = by_label(&session, "Ice, ");
    by_label(&session, "Start")
}

#[tokio::test]
async fn an_ice_pack_that_stays_on_is_noticed_though_nobody_writes() {
    let mut stage = Stage::empty().await;
    let d = load::load(&shipped::built_in(), "back_spasm").expect("The dialogue loads.");
    let since = SystemClock.now() - SignedDuration::from_mins(45);
    let session = ice_since(&d, since);
    let due = timers::next_due(&d, &session, since);
    assert!(due.is_some_and(|due| due < SystemClock.now()), "{due:?}");
    let record = Record {
        due,
        active: since,
        body: Body {
            session: Some(session),
            ..Body::default()
        },
        ..Record::default()
    };
    let store =
        Arc::new(SqliteStore::open(&stage.store(), Keyring::none()).expect("The store opens."));
    store
        .commit(Person(ANN), 0, &record, None)
        .await
        .expect("The record is written.");
    store.close();
    drop(store);

    let ann = stage.talk(ANN);
    let ann = crate::stage::Talk {
        person: ann.person.already_started(),
        ..ann
    };
    stage.start();
    let late = |text: &str| text.starts_with("I'm late. Take it off now.");
    let messages = ann
        .chat
        .wait_for(|messages| messages.iter().any(|message| late(&message.text)))
        .await;
    assert_eq!(
        messages
            .iter()
            .filter(|message| late(&message.text))
            .count(),
        1,
        "{}",
        ann.chat.visible()
    );
    let off = ann.press("It is off").await;
    assert!(!late(&off.text), "{}", off.text);
    stage.telegram.wait_until_idle().await;
    stage.telegram.assert_each_press_answered_once();
}

/// The timer of somebody who erased everything meanwhile.
#[tokio::test]
async fn a_timer_of_which_nothing_is_kept_begins_nothing() {
    let d = load::load(&shipped::built_in(), "back_spasm").expect("The dialogue loads.");
    let store = Arc::new(MemoryStore::new());
    let bot = Bot::new(Arc::new(d), store.clone());
    let turned = turn::take(
        &bot,
        Person(ANN),
        &Input::Due,
        &Origin::default(),
        SystemClock.now(),
    )
    .await;
    assert_eq!(turned.expect("The store answers.").record, None);
    assert_eq!(store.people().await.expect("The store answers."), []);
}
