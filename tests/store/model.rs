//! What a store must say, in the plainest words: the reference for random histories.

use std::collections::BTreeMap;

use backtalk::store::Record;

use crate::history::{Ask, Said, at};

/// A store in thought.
#[derive(Default)]
pub struct Model {
    people: BTreeMap<i64, Kept>,
    now: i64,
    held_before: Vec<i64>,
}

struct Kept {
    record: Record,
    damaged: bool,
    /// When to look at them: their due time, or the end of the lease they are or were held by.
    wake: Option<i64>,
}

impl Model {
    /// The version that stands.
    pub fn version(&self, person: i64) -> u64 {
        self.people
            .get(&person)
            .map_or(0, |kept| kept.record.version)
    }

    /// The updates seen.
    pub fn seen(&self, person: i64) -> Vec<i64> {
        self.people
            .get(&person)
            .map_or_else(Vec::new, |kept| kept.record.seen.clone())
    }

    /// The time.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// What a store must say to this.
    pub fn ask(&mut self, ask: &Ask) -> Said {
        match ask {
            Ask::Load(person) => self.see(*person, Said::Has, Said::Nothing),
            Ask::Commit {
                person,
                expected,
                record,
                update,
            } => {
                let standing = self.people.get(person).map(|kept| &kept.record);
                if let (Some(standing), Some(update)) = (standing, update)
                    && standing.seen.contains(update)
                {
                    return self.see(*person, Said::Already, Said::Nothing);
                }
                if self.version(*person) != *expected {
                    return self.see(*person, |r| Said::Conflict(Some(r)), Said::Conflict(None));
                }
                let record = Record {
                    version: expected + 1,
                    ..Record::clone(record)
                };
                self.people.insert(
                    *person,
                    Kept {
                        wake: record.due.map(|due| due.as_millisecond()),
                        record,
                        damaged: false,
                    },
                );
                Said::Applied
            }
            Ask::Claim {
                limit,
                lease_ms,
                lane,
            } => {
                let mut due: Vec<_> = self
                    .people
                    .iter_mut()
                    .filter(|(_, kept)| kept.record.lane == *lane)
                    .filter_map(|(person, kept)| Some((kept.wake?, *person, kept)))
                    .filter(|(wake, ..)| *wake <= self.now)
                    .collect();
                due.sort_by_key(|(wake, person, _)| (*wake, *person));
                let mut claims = Vec::new();
                self.held_before.clear();
                for (wake, person, kept) in due {
                    if claims.len() == *limit {
                        break;
                    }
                    kept.wake = Some(self.now + i64::try_from(*lease_ms).unwrap());
                    if !kept.damaged {
                        if kept.record.due != Some(at(wake)) {
                            self.held_before.push(person);
                        }
                        claims.push((person, kept.record.clone()));
                    }
                }
                Said::Claims(claims)
            }
            Ask::Release(person, version) => {
                if let Some(kept) = self.people.get_mut(person)
                    && kept.record.version == *version
                {
                    kept.wake = kept.record.due.map(|due| due.as_millisecond());
                }
                Said::Done
            }
            Ask::HeldBefore => Said::People(self.held_before.clone()),
            Ask::NextDue => Said::Next(self.people.values().filter_map(|kept| kept.wake).min()),
            Ask::NextDueIn(lane) => {
                let fitting = self.people.values();
                let fitting = fitting.filter(|kept| kept.record.lane == *lane);
                Said::Next(fitting.filter_map(|kept| kept.wake).min())
            }
            Ask::Active(after, until) => {
                let active = |kept: &Kept| kept.record.active.as_millisecond();
                let found = self.people.iter();
                let found = found.filter(|(_, k)| active(k) > *after && active(k) <= *until);
                Said::People(found.map(|(person, _)| *person).collect())
            }
            Ask::Sweep(until) => {
                let before = self.people.len();
                self.people
                    .retain(|_, kept| kept.record.active.as_millisecond() > *until);
                Said::Swept(before - self.people.len())
            }
            Ask::Forget(person) => {
                self.people.remove(person);
                Said::Done
            }
            Ask::People => Said::People(self.people.keys().copied().collect()),
            Ask::Damage(person) => {
                if let Some(kept) = self.people.get_mut(person) {
                    kept.damaged = true;
                }
                Said::Done
            }
            Ask::At(ms) => {
                self.now = *ms;
                Said::Done
            }
        }
    }

    fn see(&self, person: i64, has: impl Fn(Record) -> Said, nothing: Said) -> Said {
        match self.people.get(&person) {
            Some(kept) if kept.damaged => Said::Unreadable,
            Some(kept) => has(kept.record.clone()),
            None => nothing,
        }
    }
}
