//! The stored form of lists of timed things: each time is kept as the difference from the one
//! before, which a variable-length number makes small. Used by the fields of a session through
//! `#[serde(with = "compact")]`.
//!
//! It is exact for all times. A time that goes back, where a clock was set back, takes ten bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something with a time, of which the rest can be stored by itself.
pub trait Timed: Sized {
    /// Everything but the time.
    type Rest: Serialize + for<'de> Deserialize<'de>;

    /// The time, in any unit, and the rest.
    fn parts(&self) -> (i64, Self::Rest);

    /// Put together what [`parts`](Timed::parts) took apart.
    fn whole(at: i64, rest: Self::Rest) -> Self;
}

/// A time in milliseconds since 1970 with something small.
impl<T: Copy + Serialize + for<'de> Deserialize<'de>> Timed for (i64, T) {
    type Rest = T;

    fn parts(&self) -> (i64, T) {
        *self
    }

    fn whole(at: i64, rest: T) -> (i64, T) {
        (at, rest)
    }
}

/// Write a list; the first time is told whole.
pub fn serialize<S: Serializer, T: Timed>(list: &[T], to: S) -> Result<S::Ok, S::Error> {
    let mut last = 0_i64;
    to.collect_seq(list.iter().map(|t| {
        let (at, rest) = t.parts();
        let passed = at.wrapping_sub(last).cast_unsigned();
        last = at;
        (passed, rest)
    }))
}

/// Read a list.
pub fn deserialize<'de, D: Deserializer<'de>, T: Timed>(from: D) -> Result<Vec<T>, D::Error> {
    let mut last = 0_i64;
    let list = Vec::<(u64, T::Rest)>::deserialize(from)?;
    Ok(list
        .into_iter()
        .map(|(passed, rest)| {
            last = last.wrapping_add_unsigned(passed);
            T::whole(last, rest)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct List(#[serde(with = "super")] Vec<(i64, u8)>);

    fn bytes(times: &[i64]) -> usize {
        let list = List(times.iter().map(|t| (*t, 7)).collect());
        let bytes = postcard::to_allocvec(&list).expect("it can be written");
        assert_eq!(
            postcard::from_bytes::<List>(&bytes).expect("it can be read"),
            list
        );
        bytes.len()
    }

    #[test]
    fn all_times_survive_also_those_that_go_back() {
        bytes(&[]);
        bytes(&[0, i64::MAX, i64::MIN, -1, i64::MAX]);
        bytes(&[1_772_487_600_000, 1_772_487_599_000, 1_772_487_600_000]);
    }

    #[test]
    fn a_time_that_is_sixteen_seconds_later_takes_two_bytes() {
        let first = 1_772_487_600_000;
        assert_eq!(
            bytes(&[first, first + 16_000]) - bytes(&[first]),
            2 + size_of::<u8>()
        );
    }
}
