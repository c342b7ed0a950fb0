//! Everybody at once: who has something to do does it, who sees something new goes on.

use std::sync::Arc;
use std::time::Duration;

use backtalk::dialogue::{Dialogue, Knowledge};
use backtalk::engine::Session;
use backtalk::engine::session::What;
use backtalk::store::{Person, Store};
use tokio::time::{Instant, sleep_until, timeout};

use crate::emulator::Emulator;
use crate::person::{Somebody, whats};

/// A bound on hanging.
const LONGEST: Duration = Duration::from_secs(600);

/// How often it is told how far they are.
const TELLING: Duration = Duration::from_secs(20);

/// The first id.
const FIRST: i64 = 1_000;

/// How long a store that may be away is asked.
const ASKING: Duration = Duration::from_secs(5);

/// All people.
pub struct Crowd {
    pub people: Vec<Somebody>,
    /// Acknowledged answers that the store did not have.
    pub lost: usize,
    /// How often the bot thought otherwise than somebody may expect.
    pub disagreements: usize,
    d: Arc<Dialogue>,
    telegram: Arc<Emulator>,
    /// Where it can be looked up what the bot thinks, while it runs.
    store: Option<Arc<dyn Store>>,
}

impl Crowd {
    /// So many people, each with the facts of one story.
    pub fn new(
        d: Arc<Dialogue>,
        telegram: Arc<Emulator>,
        store: Option<Arc<dyn Store>>,
        stories: &[Knowledge],
        seed: u64,
        count: usize,
    ) -> Crowd {
        let people = (FIRST..).zip(stories.iter().cycle()).take(count);
        let people =
            people.map(|(id, facts)| Somebody::new(&d, &telegram, seed, id, facts.clone()));
        Crowd {
            people: people.collect(),
            lost: 0,
            disagreements: 0,
            d,
            telegram,
            store,
        }
    }

    /// Talk until everybody is finished; whether they are.
    pub async fn talk(&mut self) -> bool {
        let mut changes = self.telegram.changes();
        let end = Instant::now() + LONGEST;
        let mut tell = Instant::now() + TELLING;
        while self.people.iter().any(|person| !person.is_finished()) {
            changes.borrow_and_update();
            for id in self.telegram.take_touched() {
                let chat = self.telegram.chat(id).messages();
                let place = (id - FIRST) as usize;
                self.people[place].look(&self.d, &chat);
            }
            for place in 0..self.people.len() {
                let person = &self.people[place];
                if person.acts_at().is_none_or(|at| at > Instant::now()) {
                    continue;
                }
                if !(person.is_at_a_loss(&self.telegram) && self.ask_the_store(place).await) {
                    let person = &mut self.people[place];
                    let chat = self.telegram.chat(person.id).messages();
                    person.act(&self.d, &chat);
                }
            }
            if tell <= Instant::now() {
                tell = Instant::now() + TELLING;
                let finished = self.people.iter().filter(|person| person.is_finished());
                let did: usize = self.people.iter().map(|person| person.did.len()).sum();
                println!(
                    "  {} of {} finished, who all did {did} things",
                    finished.count(),
                    self.people.len()
                );
            }
            let next = self.people.iter().filter_map(Somebody::acts_at).min();
            let next = next.unwrap_or(end).min(end);
            if next >= end && Instant::now() >= end {
                return false;
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = sleep_until(next) => {}
            }
            if Instant::now() >= end {
                return false;
            }
        }
        true
    }

    /// Wait until the bot has done with everything that they did.
    pub async fn wait_until_all_is_confirmed(&self) {
        let last = self.people.iter().map(|person| person.last_update).max();
        self.telegram
            .wait_until_confirmed(last.unwrap_or_default())
            .await;
    }

    /// Where the bot lost something, note it and let the person go on from there; whether it did.
    async fn ask_the_store(&mut self, place: usize) -> bool {
        let Some(store) = &self.store else {
            return false;
        };
        let id = Person(self.people[place].id);
        let Ok(Ok(record)) = timeout(ASKING, store.load(id)).await else {
            return false;
        };
        let kept = record.and_then(|record| record.body.session);
        let person = &mut self.people[place];
        let is_same =
            |kept: &Session| whats(kept) == whats(&person.sure) && kept.aside == person.sure.aside;
        if kept.as_ref().is_some_and(is_same) {
            return false;
        }
        self.disagreements += 1;
        self.lost += lost(&person.acknowledged, kept.as_ref());
        person.go_on_from(&self.d, kept);
        true
    }
}

/// How many of these answers are not in a session, in their order.
pub fn lost(acknowledged: &[What], kept: Option<&Session>) -> usize {
    let mut kept = kept.map(whats).unwrap_or_default().into_iter();
    let mut lost = 0;
    for what in acknowledged {
        if kept.clone().any(|other| other == *what) {
            kept.find(|other| other == what);
        } else {
            lost += 1;
        }
    }
    lost
}
