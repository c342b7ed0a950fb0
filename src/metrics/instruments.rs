//! What counts: each is a few numbers in memory, changed without a lock and never looked up by name.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::labels::Label;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn one(&self) {
        self.many(1);
    }

    /// So many more.
    pub fn many(&self, more: usize) {
        self.0.fetch_add(more as u64, Relaxed);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A counter that shows whole tens only, so that two looks at it cannot tell of one person.
#[derive(Debug, Default)]
pub struct Tens(Counter);

impl Tens {
    /// One more.
    pub fn one(&self) {
        self.0.one();
    }

    /// As many as may be shown.
    pub fn shown(&self) -> u64 {
        self.0.count() / 10 * 10
    }
}

/// A number that rises and falls.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// It is this now.
    pub fn set(&self, now: usize) {
        self.0
            .store(i64::try_from(now).unwrap_or(i64::MAX), Relaxed);
    }

    /// One more until what this gives is dropped.
    pub fn hold(&'static self) -> Held {
        self.0.fetch_add(1, Relaxed);
        Held(self)
    }

    /// What it is.
    pub fn value(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// One that a gauge counts as long as it is there.
#[derive(Debug)]
pub struct Held(&'static Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

/// A time that is longer or shorter at each look.
#[derive(Debug, Default)]
pub struct Length(AtomicU64);

impl Length {
    /// It is this now.
    pub fn set(&self, now: Duration) {
        self.0.store(nanoseconds(now), Relaxed);
    }

    /// What it is.
    pub fn value(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }
}

/// How long something takes: how often it took no longer than each of these bounds.
#[derive(Debug)]
pub struct Timing {
    bounds: &'static [Duration],
    /// How often it lay between a bound and the one before; the last is for what is beyond all.
    counts: Box<[AtomicU64]>,
    nanoseconds: AtomicU64,
}

impl Timing {
    /// Nothing was timed yet. The bounds rise.
    pub fn new(bounds: &'static [Duration]) -> Timing {
        Timing {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            nanoseconds: AtomicU64::new(0),
        }
    }

    /// It took so long.
    pub fn took(&self, time: Duration) {
        let bounds = self.bounds.iter();
        let place = bounds.take_while(|bound| time > **bound).count();
        self.counts[place].fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(nanoseconds(time), Relaxed);
    }

    /// How often it took no longer than each bound, in order, and how often at all.
    pub fn counts(&self) -> (Vec<(Duration, u64)>, u64) {
        let mut count = 0;
        let mut so_far = |more: &AtomicU64| {
            count += more.load(Relaxed);
            count
        };
        let within = self.bounds.iter().zip(&self.counts);
        let within = within.map(|(b, more)| (*b, so_far(more))).collect();
        (within, so_far(&self.counts[self.bounds.len()]))
    }

    /// How long it took, all together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Relaxed))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One of a kind for each word of a label.
#[derive(Debug)]
pub struct By<L, T> {
    each: Box<[T]>,
    label: PhantomData<fn(L)>,
}

impl<L: Label, T> By<L, T> {
    /// One for each, made anew.
    pub fn each(make: impl Fn() -> T) -> By<L, T> {
        By {
            each: L::ALL.iter().map(|_| make()).collect(),
            label: PhantomData,
        }
    }

    /// The one of this word.
    pub fn of(&self, says: impl Into<L>) -> &T {
        &self.each[says.into().index()]
    }

    /// Each with its word.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &T)> {
        L::ALL.iter().map(|says| says.word()).zip(&self.each)
    }
}

impl<L: Label, T: Default> Default for By<L, T> {
    fn default() -> By<L, T> {
        By::each(T::default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_not_shown() {
        let tens = Tens::default();
        let mut shown = Vec::new();
        for _ in 0..21 {
            tens.one();
            shown.push(tens.shown());
        }
        assert_eq!(shown[..9], [0; 9]);
        assert_eq!(shown[9..19], [10; 10]);
        assert_eq!(shown[19..], [20; 2]);
    }

    #[test]
    fn a_time_counts_up_to_its_bound_and_not_beyond() {
        const BOUNDS: &[Duration] = &[Duration::from_millis(1), Duration::from_millis(10)];
        let timing = Timing::new(BOUNDS);
        for microseconds in [0, 1000, 1001, 10_000, 10_001] {
            timing.took(Duration::from_micros(microseconds));
        }
        let (within, all) = timing.counts();
        assert_eq!(within, [(BOUNDS[0], 2), (BOUNDS[1], 4)]);
        assert_eq!((all, timing.sum()), (5, Duration::from_micros(22_002)));
    }

    #[test]
    fn what_is_held_is_counted_until_it_is_dropped() {
        static GAUGE: Gauge = Gauge(AtomicI64::new(0));
        let (one, other) = (GAUGE.hold(), GAUGE.hold());
        assert_eq!(GAUGE.value(), 2);
        drop(one);
        assert_eq!(GAUGE.value(), 1);
        drop(other);
        assert_eq!(GAUGE.value(), 0);
    }
}
