//! Chance that is the same for the same seed (SplitMix64).

use std::ops::Range;
use std::time::Duration;

/// A stream of random numbers.
pub struct Chance(u64);

impl Chance {
    /// The stream of this seed; each `of` has one of its own.
    pub fn new(seed: u64, of: u64) -> Chance {
        let mut chance = Chance(seed ^ of.wrapping_mul(0xd134_2543_de82_ef95));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// A time within these milliseconds.
    pub fn within(&mut self, ms: &Range<u64>) -> Duration {
        Duration::from_millis(ms.start + self.next() % (ms.end - ms.start))
    }
}
