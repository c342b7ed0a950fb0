//! Waits until replicas have what was written, for many callers at once.
//!
//! When a master dies, the next may lack what was written last, and waiting on it would cover
//! nothing. So before waiting it is looked whether everything is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};

use redis::Value;
use tokio::sync::Mutex;

use super::call::Call;
use super::link::Link;
use super::names::{Names, Shard};
use crate::store::{Person, StoreError};

/// How long replicas may take, in milliseconds.
const PATIENCE_MS: u64 = 1000;

/// What is said when it did not last.
const LOST: &str = "Redis lost what was written last, when its master changed; start Backtalk \
    again, so that it asks Telegram for it anew";

/// The most people who are looked at in one go.
const MOST: usize = 5000;

/// What was written and may not be safe yet.
pub struct Safety {
    /// A connection of its own, since waiting blocks it.
    link: Link,
    replicas: u32,
    open: StdMutex<Open>,
    /// How many rounds of waiting began.
    begun: StdMutex<u64>,
    last: Mutex<Last>,
}

/// Whose record was seen or written since replicas last had everything.
#[derive(Default)]
struct Open {
    people: BTreeMap<Person, Seen>,
    count: u64,
    /// Something is gone that was written.
    lost: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    version: u64,
    /// Tells this time from a later one.
    number: u64,
}

/// The last round of waiting that ended.
#[derive(Default)]
struct Last {
    round: u64,
    why_not: Option<WhyNot>,
}

#[derive(Clone)]
enum WhyNot {
    /// Not yet.
    Late(String),
    /// Never.
    Lost,
}

impl Safety {
    /// Wait for this many replicas; for none, waiting takes no time.
    pub fn new(link: Link, replicas: u32) -> Safety {
        Safety {
            link,
            replicas,
            open: StdMutex::default(),
            begun: StdMutex::default(),
            last: Mutex::default(),
        }
    }

    /// This version of a person's record was written, or was found written by somebody who may have
    /// died before it was safe; 0 when it was erased.
    pub fn touch(&self, person: Person, version: u64) {
        if self.replicas > 0 {
            let mut open = lock(&self.open);
            let before = open.people.get(&person).map_or(0, |seen| seen.version);
            // An older version than one that is not safe yet: a new master lacks that one.
            open.lost |= (1..before).contains(&version);
            open.count += 1;
            let number = open.count;
            open.people.insert(person, Seen { version, number });
        }
    }

    /// Return when what was touched before is safe. One round of waiting serves all who came before
    /// it began.
    pub async fn wait(&self, names: &Names) -> Result<(), StoreError> {
        if self.replicas == 0 {
            return Ok(());
        }
        if lock(&self.open).lost {
            return Err(StoreError::Unusable(LOST.to_owned()));
        }
        let seen = *lock(&self.begun);
        let mut last = self.last.lock().await;
        if last.round <= seen {
            let round = {
                let mut begun = lock(&self.begun);
                *begun += 1;
                *begun
            };
            let why_not = match self.round(names).await {
                Ok(()) => None,
                Err(StoreError::Unusable(why)) if why == LOST => Some(WhyNot::Lost),
                Err(other) => Some(WhyNot::Late(other.to_string())),
            };
            *last = Last { round, why_not };
        }
        match last.why_not.clone() {
            None => Ok(()),
            Some(WhyNot::Late(why)) => Err(StoreError::Unavailable(why)),
            Some(WhyNot::Lost) => Err(StoreError::Unusable(LOST.to_owned())),
        }
    }

    async fn round(&self, names: &Names) -> Result<(), StoreError> {
        let people = lock(&self.open).people.clone();
        // One wait for each node: on one connection they would follow each other.
        let mut nodes = BTreeMap::<usize, Vec<Person>>::new();
        for person in people.keys() {
            let mark = names.mark(Shard::of(*person));
            let node = self.link.node_of(&mark).await?;
            nodes.entry(node).or_default().push(*person);
        }
        let groups: Vec<&[Person]> = nodes.values().flat_map(|g| g.chunks(MOST)).collect();
        let calls = groups.iter().map(|group| Call::Wait {
            mark: names.mark(Shard::of(group[0])),
            records: group.iter().map(|person| names.record(*person)).collect(),
            replicas: self.replicas,
            milliseconds: PATIENCE_MS,
        });
        let answers: Vec<(Vec<Value>, u32)> = self.link.ask_all(calls).await?;
        for (group, (versions, _)) in groups.iter().zip(&answers) {
            for (person, found) in group.iter().zip(versions) {
                // Of somebody who was erased meanwhile there is nothing, and nothing is missing.
                if (1..people[person].version).contains(&version(found)) {
                    return Err(StoreError::Unusable(LOST.to_owned()));
                }
            }
        }
        let least = answers.iter().map(|(_, have)| *have).min();
        if let Some(least) = least.filter(|least| *least < self.replicas) {
            return Err(StoreError::Unavailable(format!(
                "{least} of {} replicas of Redis have what was written",
                self.replicas
            )));
        }
        let safe: BTreeSet<u64> = people.values().map(|seen| seen.number).collect();
        lock(&self.open)
            .people
            .retain(|_, seen| !safe.contains(&seen.number));
        Ok(())
    }
}

/// The version that was read from the header of a record; 0 when there is none.
fn version(found: &Value) -> u64 {
    match found {
        Value::BulkString(bytes) => bytes.as_slice().try_into().map_or(0, u64::from_be_bytes),
        _ => 0,
    }
}

fn lock<T>(mutex: &StdMutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
