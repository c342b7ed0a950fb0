//! Somebody who cannot be reached is left alone, and is there again when they come back.

use std::sync::Arc;
use std::time::Duration;

use backtalk::clock::Clock;
use backtalk::engine::Input;
use backtalk::engine::timers;
use backtalk::store::memory::MemoryStore;
use backtalk::store::record::Body;
use backtalk::store::{Person, Record, Store};
use rstest::rstest;

use crate::emulator::Fault;
use crate::inside::{DIALOGUE, Inside};
use crate::reminders::ice_since;
use crate::stage::ANN;

const MINUTES: Duration = Duration::from_secs(6 * 60);

const TIME_OFF: Duration = Duration::from_secs(91 * 60);

#[rstest]
#[case::which_a_message_tells(Some((403, "Forbidden: bot was blocked by the user")))]
#[case::since_they_deleted_themselves(Some((403, "Forbidden: user is deactivated")))]
#[case::since_there_is_no_chat(Some((400, "Bad Request: chat not found")))]
#[case::which_telegram_tells(None)]
#[tokio::test]
async fn who_is_gone_has_no_timer_and_who_comes_back_is_reminded_again(
    #[case] refusal: Option<(u16, &str)>,
) {
    let store = Arc::new(MemoryStore::new());
    let inside = Inside::new(store.clone(), 1000).await;
    inside.telegram.person(ANN).already_started();
    let now = inside.clock.now();
    let session = ice_since(&DIALOGUE, now);
    let record = Record {
        due: timers::next_due(&DIALOGUE, &session, now),
        active: now,
        body: Body {
            session: Some(session),
            ..Body::default()
        },
        ..Record::default()
    };
    assert!(record.due.is_some(), "The skin is asked after.");
    let kept = store.commit(Person(ANN), 0, &record, None).await;
    kept.expect("The store answers.");
    match refusal {
        Some((code, description)) => {
            let refuse = Fault::Refuse {
                code,
                description: description.to_owned(),
            };
            let refused = inside.telegram.fault(refuse).on("sendMessage").arm();
            inside.advance(MINUTES);
            assert!(inside.give(ANN, Input::Due).await);
            assert_eq!(refused.hits(), 1);
        }
        None => assert!(inside.give(ANN, Input::Blocked).await),
    }
    let record = inside.record(ANN).await;
    assert_eq!((record.due, record.body.owed), (None, Vec::new()));
    inside.remind();
    inside.advance(MINUTES);
    assert_eq!(inside.telegram.chat(ANN).messages(), [], "Nothing is sent.");

    // The time off is kept after a round that was cut short, too.
    inside.advance(TIME_OFF);
    inside.start(ANN).await;
    let chat = inside.telegram.chat(ANN);
    inside.press(ANN, "Carry on").await;
    inside.press(ANN, "Ice, ").await;
    inside.press(ANN, "Start").await;
    inside.advance(MINUTES);
    let asks = |text: &str| text.starts_with("Five minutes.");
    chat.wait_for(|messages| messages.iter().any(|said| asks(&said.text)))
        .await;
}
