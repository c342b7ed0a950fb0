//! The only reader of the time. Everything else takes `now` as an argument, or a [`Clock`].
//!
//! A bot goes by a [`SteadyClock`]; `common_time` sets it by the store that the processes share.

mod steady;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use steady::{Followed, Sample, SteadyClock};

/// Tells the time, and how long to sleep until a moment.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// How long to really wait until `then`; zero when it has passed.
    fn until(&self, then: Timestamp) -> Duration;
}

/// What a steady clock goes by.
pub trait Sources: Send + Sync {
    /// The time as the computer is set to. It may be set anew at any moment.
    fn wall(&self) -> Timestamp;

    /// Time since some moment before the start. No setting moves it, and it counts while the
    /// process is paused and while the computer sleeps, where the system can tell.
    fn steady(&self) -> Duration;
}

/// The clocks of this computer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Sources for Machine {
    fn wall(&self) -> Timestamp {
        SystemClock.now()
    }

    #[cfg(target_os = "linux")]
    #[allow(clippy::disallowed_methods)] // This is the one place that reads the clock.
    fn steady(&self) -> Duration {
        let passed = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // Neither is below zero, and there are less than 2^32 nanoseconds in a second.
        Duration::new(passed.tv_sec.unsigned_abs(), passed.tv_nsec as u32)
    }

    /// It stands still while the computer sleeps: the standard library knows no other.
    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::disallowed_methods)] // This is the one place that reads the clock.
    fn steady(&self) -> Duration {
        use std::sync::LazyLock;
        use std::time::Instant;
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed()
    }
}

/// The processor time that this process has used, where the system says it.
#[cfg(target_os = "linux")]
#[allow(clippy::disallowed_methods)] // This is the one place that reads the clock.
pub fn cpu_time() -> Option<Duration> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    // Neither is below zero, and there are less than 2^32 nanoseconds in a second.
    Some(Duration::new(
        used.tv_sec.unsigned_abs(),
        used.tv_nsec as u32,
    ))
}

/// The processor time that this process has used, where the system says it.
#[cfg(not(target_os = "linux"))]
pub fn cpu_time() -> Option<Duration> {
    None
}

/// The computer's clock, as it is set at the moment: for commands that are over soon, and for what
/// other programs compare with it.
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
    /// What [`Machine`] said then.
    began: Duration,
    from: Timestamp,
    speed: f64,
}

impl ShiftedClock {
    /// A clock that shows `from` now and runs `speed` times as fast as the real one.
    pub fn new(from: Timestamp, speed: f64) -> ShiftedClock {
        ShiftedClock {
            began: Machine.steady(),
            from,
            speed: speed.max(0.001),
        }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let real = Machine.steady().saturating_sub(self.began).as_secs_f64();
        let passed = SignedDuration::try_from_secs_f64(real * self.speed).unwrap_or_default();
        self.from.checked_add(passed).unwrap_or(self.from)
    }

    fn until(&self, then: Timestamp) -> Duration {
        let shown = then.duration_since(self.now()).as_secs_f64().max(0.0);
        Duration::try_from_secs_f64(shown / self.speed).unwrap_or(Duration::MAX)
    }
}
