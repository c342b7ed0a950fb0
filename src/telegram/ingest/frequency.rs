//! How many updates come in a second, about.

use tokio::time::Instant;

/// A count in which what was counted a second ago weighs a third of what is counted now.
#[derive(Debug, Default)]
pub struct Frequency {
    /// How many come in a second.
    pub a_second: f64,
    counted: Option<Instant>,
}

impl Frequency {
    /// So many came now.
    pub fn add(&mut self, count: usize, now: Instant) {
        let before = self.counted.replace(now);
        let passed = before.map_or(0.0, |before| now.duration_since(before).as_secs_f64());
        self.a_second = self.a_second * (-passed).exp() + count as f64;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_follows_what_comes() {
        let mut frequency = Frequency::default();
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        for tenth in 0..100 {
            frequency.add(20, at(tenth * 100));
        }
        assert!((190.0..220.0).contains(&frequency.a_second));
        frequency.add(0, at(12_900));
        assert!(frequency.a_second < 12.0, "It is quiet by now.");
        frequency.add(1, at(60_000));
        assert!((1.0..1.1).contains(&frequency.a_second));
    }
}
