//! The same inputs once more, one after the other and with nothing going wrong: how often each new
//! message is sent then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use backtalk::clock::Still;
use backtalk::dialogue::Dialogue;
use backtalk::engine::{Input, Priority, View};
use backtalk::store::Person;
use backtalk::store::memory::MemoryStore;
use backtalk::turn::{Bot, Channel, Origin, SendError, deliver, take};
use jiff::Timestamp;

use crate::person::LANGUAGE;

/// A new message: what it says and what its buttons carry.
pub type Words = (String, Vec<String>);

/// How often each new message is sent to somebody who does this.
pub async fn new_messages(
    d: &Arc<Dialogue>,
    id: i64,
    did: &[(Timestamp, Input)],
) -> HashMap<Words, usize> {
    let bot = Bot::new(d.clone(), Arc::new(MemoryStore::new()));
    let phone = Phone::default();
    for (n, (at, input)) in (1..).zip(did) {
        let origin = Origin {
            update: Some(n),
            language: Some(LANGUAGE.to_owned()),
            ..Origin::default()
        };
        let turned = take(&bot, Person(id), input, &origin, *at).await;
        let turned = turned.expect("Memory does not fail.");
        let record = turned.record.expect("Nobody asks to be forgotten.");
        let urgency = Priority::Answer;
        deliver(&bot, Person(id), record, &phone, urgency, &Still(*at))
            .await
            .expect("Memory does not fail.");
    }
    phone.0.into_inner().expect("Nobody panicked.")
}

/// A phone that takes everything.
#[derive(Default)]
struct Phone(Mutex<HashMap<Words, usize>>);

#[async_trait]
impl Channel for Phone {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        let data = view.buttons().map(|button| button.data.clone()).collect();
        let mut messages = self.0.lock().expect("Nobody panicked.");
        *messages.entry((view.text.clone(), data)).or_default() += 1;
        Ok(messages.values().sum::<usize>() as i64)
    }

    async fn edit(&self, _: Person, _: i64, _: &View) -> Result<(), SendError> {
        Ok(())
    }

    async fn file(&self, _: Person, _: &str, _: &str) -> Result<i64, SendError> {
        Ok(0)
    }

    async fn photo(&self, _: Person, _: &str, _: &[u8], _: &str) -> Result<i64, SendError> {
        Ok(0)
    }
}
