//! Who is due, over all shards.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use super::call::Call;
use super::names::Shard;
use super::{RedisStore, packed, script};
use crate::store::{Claim, Lane, Person, StoreError, stored};

/// The most people who are looked at for the first time in one go.
const MOST: usize = 1000;

/// Somebody in the due set: soonest first in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at_ms: i64,
    person: Person,
}

impl RedisStore {
    pub(super) async fn claim(
        &self,
        now: Timestamp,
        limit: usize,
        lease: Duration,
        lane: Lane,
    ) -> Result<Vec<Claim>, StoreError> {
        let now_ms = stored::present(now);
        let until_ms = stored::lease_end(now_ms, lease);
        let mut claims = Vec::new();
        let mut looked_at = HashSet::new();
        while claims.len() < limit {
            let missing = limit - claims.len();
            // A lease that ends at once leaves people among those who are due.
            let most = looked_at.len().saturating_add(missing.min(MOST));
            let found = self.peek(&[lane], &now_ms.to_string(), most).await?;
            let is_all = found.len() < most;
            let mut due: Vec<Due> = found
                .into_iter()
                .filter(|due| looked_at.insert(due.person))
                .collect();
            due.sort_unstable();
            due.split_off(missing.min(due.len()))
                .iter()
                .for_each(|later| {
                    looked_at.remove(&later.person);
                });
            let held = self.hold(lane, until_ms, &due).await?;
            for (due, standing) in due.iter().zip(held) {
                let Some(standing) = standing else { continue };
                let claim = packed::unpack(&standing)
                    .inspect_err(|why| tracing::error!("somebody is due, but {why}"))
                    .ok()
                    .and_then(|stored| stored.claim(due.person, due.at_ms, &self.keys));
                claims.extend(claim);
            }
            if is_all || due.is_empty() {
                break;
            }
        }
        Ok(claims)
    }

    pub(super) async fn soonest(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let found = self.peek(lanes, "+inf", 1).await?;
        let soonest = found.into_iter().min();
        soonest.map(|due| stored::instant(due.at_ms)).transpose()
    }

    /// People of these lanes who are due until then, in no order: at least the `most` who are due
    /// soonest. A shard that cannot be reached holds the others up, but not back.
    async fn peek(&self, lanes: &[Lane], until: &str, most: usize) -> Result<Vec<Due>, StoreError> {
        let groups = self.link.groups(Shard::all().collect(), |shard| *shard);
        let calls = groups.into_iter().map(|shards| {
            let keys = shards
                .into_iter()
                .flat_map(|shard| lanes.iter().map(move |lane| self.names.due(shard, *lane)));
            script::PEEK.on(keys).with(until).with(most)
        });
        let found: Vec<Vec<String>> = self.link.ask_some(calls).await?;
        let read = |pair: &[String]| {
            let at_ms: f64 = pair[1].parse().ok()?;
            Some(Due {
                // Milliseconds of any year that a timestamp knows are exact.
                at_ms: at_ms as i64,
                person: Person(pair[0].parse().ok()?),
            })
        };
        Ok(found
            .iter()
            .flat_map(|found| found.chunks_exact(2).filter_map(read))
            .collect())
    }

    /// What stands of each, where nobody else was faster. Those are held.
    async fn hold(
        &self,
        lane: Lane,
        until_ms: i64,
        due: &[Due],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let groups = self
            .link
            .groups((0..due.len()).collect(), |n| Shard::of(due[*n].person));
        let calls = groups.iter().map(|group| {
            let keys = group.iter().flat_map(|n| {
                let person = due[*n].person;
                let set = self.names.due(Shard::of(person), lane);
                [self.names.record(person), set]
            });
            let call = script::HOLD.on(keys).with(until_ms);
            Call::from(group.iter().fold(call, |call, n| {
                call.with(due[*n].person.0).with(due[*n].at_ms)
            }))
        });
        let answers: Vec<Vec<Option<Vec<u8>>>> = self.link.ask_all(calls).await?;
        let mut held = vec![None; due.len()];
        for (n, standing) in groups.iter().flatten().zip(answers.into_iter().flatten()) {
            held[*n] = standing;
        }
        Ok(held)
    }
}
