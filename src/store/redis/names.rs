//! The names of the keys, and which shard a person belongs to.
//!
//! All keys of a shard carry the same hash tag, so that a Cluster keeps them on one node and a
//! script may touch them together.

use crate::store::{Lane, Person, StoreError};

/// Shards. The number is noted in the store, and a store with another is refused.
pub const SHARDS: u16 = 128;

/// A part of all people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u16);

impl Shard {
    /// Every shard.
    pub fn all() -> impl Iterator<Item = Shard> {
        (0..SHARDS).map(Shard)
    }

    /// The shard of a person. It must never change, since it tells where the person is found.
    pub fn of(person: Person) -> Shard {
        // The last step of SplitMix64: it spreads numbers that lie close together.
        let mut mixed = person.0.cast_unsigned();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The remainder is below SHARDS, which fits.
        Shard((mixed % u64::from(SHARDS)) as u16)
    }
}

/// Names that begin with the prefix of one bot.
#[derive(Debug, Clone)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// Names with this prefix.
    pub fn new(prefix: &str) -> Result<Names, StoreError> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(StoreError::Unusable(
                "the prefix of the keys in Redis must not be empty and must not contain braces; \
                 give another with BACKTALK_REDIS_PREFIX"
                    .into(),
            ));
        }
        Ok(Names {
            prefix: prefix.to_owned(),
        })
    }

    /// The prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is kept of a person: a string, see `packed`.
    pub fn record(&self, person: Person) -> String {
        format!("{}{}", self.records(Shard::of(person)), person.0)
    }

    /// What the names of all records of a shard begin with; the person's number follows.
    pub fn records(&self, shard: Shard) -> String {
        self.in_shard(shard, "p:")
    }

    /// A sorted set: each person of the shard who is due in this lane, by the millisecond at which
    /// they are due or at which the lease that holds them ends. Nobody stands in both.
    pub fn due(&self, shard: Shard, lane: Lane) -> String {
        self.in_shard(
            shard,
            match lane {
                Lane::First => "first",
                Lane::Other => "due",
            },
        )
    }

    /// A sorted set: each person of the shard, by the millisecond at which they were last active.
    pub fn active(&self, shard: Shard) -> String {
        self.in_shard(shard, "active")
    }

    /// A number that is written before waiting for replicas.
    pub fn mark(&self, shard: Shard) -> String {
        self.in_shard(shard, "mark")
    }

    /// A hash: the count of shards, the format, and the notes.
    pub fn meta(&self) -> String {
        self.shared("meta")
    }

    /// A hash: the packed files of each edition of the dialogue, by its form.
    pub fn editions(&self) -> String {
        self.shared("editions")
    }

    /// A hash: who leads, and until when.
    pub fn lead(&self) -> String {
        self.shared("lead")
    }

    /// A sorted set: the processes that take updates, and until when they said so.
    pub fn present(&self) -> String {
        self.shared("present")
    }

    /// A hash: tries by update.
    pub fn attempts(&self) -> String {
        self.shared("attempts")
    }

    /// A list of dead letters, oldest first.
    pub fn letters(&self) -> String {
        self.shared("letters")
    }

    /// A number: when the next message may be sent, in microseconds of the server's clock.
    pub fn budget(&self) -> String {
        self.shared("budget")
    }

    /// The channel on which it is told that somebody is due sooner than was known.
    pub fn wake(&self) -> String {
        self.shared("wake")
    }

    fn in_shard(&self, shard: Shard, what: &str) -> String {
        format!("{}:{{bt:{:03}}}:{what}", self.prefix, shard.0)
    }

    fn shared(&self, what: &str) -> String {
        format!("{}:{what}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_stay_in_their_shards_for_ever() {
        let shard = |person| Shard::of(Person(person)).0;
        assert_eq!(shard(0), 0);
        assert_eq!(
            [1, 7, -7, 123_456_789, i64::MIN, i64::MAX].map(shard),
            [101, 20, 115, 96, 10, 61]
        );
    }

    #[test]
    fn people_are_spread_over_the_shards() {
        let mut counts = [0; SHARDS as usize];
        for person in 0..12_800 {
            counts[Shard::of(Person(person)).0 as usize] += 1;
        }
        assert!(counts.iter().all(|count| (50..200).contains(count)));
    }

    #[test]
    fn the_keys_of_a_person_carry_the_tag_of_their_shard() {
        let names = Names::new("backtalk").unwrap();
        assert_eq!(names.record(Person(0)), "backtalk:{bt:000}:p:0");
        assert_eq!(names.due(Shard(17), Lane::Other), "backtalk:{bt:017}:due");
        let first = names.due(Shard(17), Lane::First);
        assert_eq!(first, "backtalk:{bt:017}:first");
        assert_eq!(names.meta(), "backtalk:meta");
    }

    #[test]
    fn a_prefix_with_braces_is_refused() {
        assert!(Names::new("{one}").is_err());
        assert!(Names::new("").is_err());
    }
}
