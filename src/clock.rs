//! The only reader of the time. Everything else takes `now` as an argument, or a [`Clock`].

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Tells the time, and how long to sleep until a moment.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// How long to really wait until `then`; zero when it has passed.
    fn until(&self, then: Timestamp) -> Duration;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // This is the one place that reads the clock.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(then.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }
}

/// A clock that stands still, for one turn at a chosen moment.
#[derive(Debug, Clone, Copy)]
pub struct Still(pub Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn until(&self, then: Timestamp) -> Duration {
        Duration::try_from(then.duration_since(self.0)).unwrap_or(Duration::ZERO)
    }
}

/// A clock that began at a chosen moment and runs faster or slower than the real one.
#[derive(Debug, Clone, Copy)]
pub struct ShiftedClock {
    began: Timestamp,
    from: Timestamp,
    speed: f64,
}

impl ShiftedClock {
    /// A clock that shows `from` now and runs `speed` times as fast as the real one.
    pub fn new(from: Timestamp, speed: f64) -> ShiftedClock {
        ShiftedClock {
            began: SystemClock.now(),
            from,
            speed: speed.max(0.001),
        }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let real = SystemClock.now().duration_since(self.began).as_secs_f64();
        let passed = SignedDuration::try_from_secs_f64(real * self.speed).unwrap_or_default();
        self.from.checked_add(passed).unwrap_or(self.from)
    }

    fn until(&self, then: Timestamp) -> Duration {
        let shown = then.duration_since(self.now()).as_secs_f64().max(0.0);
        Duration::try_from_secs_f64(shown / self.speed).unwrap_or(Duration::MAX)
    }
}
