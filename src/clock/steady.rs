//! A clock that never steps: set once, and moved on by time that nobody can set.
//!
//! Rounds are timed from real taps, so an hour that somebody turns the computer's clock by must not
//! end one early or begin it anew. Where processes share a store, each sets its clock by the time
//! of the store and follows it as it drifts (`common_time`), so that they agree whatever their
//! computers say.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::{Clock, Machine, Sources};

/// The computer's clock was set when it is off by more than this from what it was.
const SET: SignedDuration = SignedDuration::from_secs(3);

/// A clock that is followed is followed over no more than this at once.
const MOST_FOLLOWED: SignedDuration = SignedDuration::from_millis(500);

/// The same is warned of only this often.
const WARN_EVERY: Duration = Duration::from_secs(3600);

/// A clock that never steps back, and is ahead only by the time that passed.
#[derive(Debug)]
pub struct SteadyClock<S = Machine> {
    sources: S,
    hands: Mutex<Hands>,
}

#[derive(Debug)]
struct Hands {
    /// What was shown when the steady source stood at `since`.
    base: Timestamp,
    since: Duration,
    /// The latest that was shown.
    latest: Timestamp,
    /// How far the computer's clock was ahead when it was last found to be as it should be.
    ahead: SignedDuration,
    warned_of_wall: Option<Duration>,
    warned_of_other: Option<Duration>,
}

/// What another clock said, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// What it said.
    pub said: Timestamp,
    /// What [`SteadyClock::passed`] was before it was asked.
    pub asked: Duration,
    /// What it was when the answer was there.
    pub heard: Duration,
}

impl Sample {
    /// How long the answer took. What was said is true to half of it.
    pub fn round_trip(&self) -> Duration {
        self.heard.saturating_sub(self.asked)
    }

    /// When it was said, as far as can be told.
    fn middle(&self) -> Duration {
        self.asked + self.round_trip() / 2
    }
}

/// What came of following another clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// It says the same, as far as can be told.
    Same,
    /// This clock was moved by so much; where that is back, it stands still until it is made up.
    By(SignedDuration),
    /// The other is ahead by so much, which is too far.
    TooFar(SignedDuration),
}

impl SteadyClock {
    /// A clock that shows now what this computer does.
    pub fn of_this_machine() -> SteadyClock {
        SteadyClock::new(Machine)
    }
}

impl<S: Sources> SteadyClock<S> {
    /// A clock that shows now what the computer does.
    pub fn new(sources: S) -> SteadyClock<S> {
        let (base, since) = (sources.wall(), sources.steady());
        SteadyClock {
            sources,
            hands: Mutex::new(Hands {
                base,
                since,
                latest: base,
                ahead: SignedDuration::ZERO,
                warned_of_wall: None,
                warned_of_other: None,
            }),
        }
    }

    /// A moment of the source that moves this clock on, to compare with another.
    pub fn passed(&self) -> Duration {
        self.sources.steady()
    }

    /// Show what another clock shows, however far that is off: before anybody goes by this one.
    pub fn set(&self, sample: &Sample) {
        let mut hands = self.hands();
        hands.base = sample.said;
        hands.since = sample.middle();
        hands.latest = sample.said;
        let (wall, shown) = (self.sources.wall(), hands.at(self.sources.steady()));
        hands.ahead = wall.duration_since(shown);
    }

    /// Follow another clock as it drifts. One that is too far off was set, and is only warned of.
    pub fn follow(&self, sample: &Sample) -> Followed {
        let mut hands = self.hands();
        let shown = hands.at(sample.middle());
        let by = sample.said.duration_since(shown);
        if by.unsigned_abs() <= sample.round_trip() / 2 {
            return Followed::Same;
        }
        if by.unsigned_abs() > MOST_FOLLOWED.unsigned_abs() {
            if is_time(&mut hands.warned_of_other, sample.heard) {
                warn!(
                    seconds = by.as_secs_f64(),
                    "the store's clock was set while the bot runs; rounds under way keep their \
                     time, and the new time counts from the next start of every process"
                );
            }
            return Followed::TooFar(by);
        }
        hands.base = later(hands.base, by);
        hands.ahead -= by;
        Followed::By(by)
    }

    /// Warn when the computer's clock was set since it was last looked at.
    fn look_at_wall(&self, hands: &mut Hands, passed: Duration) -> bool {
        let shown = hands.at(passed);
        let ahead = self.sources.wall().duration_since(shown);
        if (ahead - hands.ahead).abs() <= SET || !is_time(&mut hands.warned_of_wall, passed) {
            return false;
        }
        warn!(
            seconds = (ahead - hands.ahead).as_secs_f64(),
            "the system's clock was set while the bot runs; rounds under way keep their time, \
             and the new time counts from the next start"
        );
        hands.ahead = ahead;
        true
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        // Nothing is left half done under this lock.
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hands {
    /// What is shown when the steady source stands there, but for not stepping back.
    fn at(&self, passed: Duration) -> Timestamp {
        let forth = passed.saturating_sub(self.since);
        let back = self.since.saturating_sub(passed);
        let signed = |time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        later(later(self.base, signed(forth)), -signed(back))
    }
}

/// A moment later, or the last one there is.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Whether it is time to warn again. If so, it is noted.
fn is_time(warned: &mut Option<Duration>, passed: Duration) -> bool {
    let is_time = warned.is_none_or(|last| passed.saturating_sub(last) >= WARN_EVERY);
    if is_time {
        *warned = Some(passed);
    }
    is_time
}

impl<S: Sources> Clock for SteadyClock<S> {
    fn now(&self) -> Timestamp {
        let mut hands = self.hands();
        let passed = self.sources.steady();
        self.look_at_wall(&mut hands, passed);
        hands.latest = hands.latest.max(hands.at(passed));
        hands.latest
    }

    fn until(&self, then: Timestamp) -> Duration {
        let aim = self.hands().at(self.sources.steady());
        Duration::try_from(then.duration_since(aim)).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// A computer of which the test moves the clocks.
    #[derive(Default)]
    struct Toy {
        wall_ms: AtomicI64,
        steady_ms: AtomicU64,
    }

    impl Toy {
        /// Time passes.
        fn pass(&self, ms: u64) {
            self.wall_ms.fetch_add(ms.cast_signed(), Ordering::SeqCst);
            self.steady_ms.fetch_add(ms, Ordering::SeqCst);
        }

        /// Somebody sets the computer's clock.
        fn set(&self, by_ms: i64) {
            self.wall_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }

    impl Sources for Toy {
        fn wall(&self) -> Timestamp {
            at(self.wall_ms.load(Ordering::SeqCst))
        }

        fn steady(&self) -> Duration {
            Duration::from_millis(self.steady_ms.load(Ordering::SeqCst))
        }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    /// A clock that was begun at noon of some day, after the computer ran for a while.
    fn clock() -> SteadyClock<Toy> {
        let toy = Toy::default();
        toy.pass(5000);
        toy.set(12 * HOUR_MS - 5000);
        SteadyClock::new(toy)
    }

    fn shows(clock: &SteadyClock<Toy>) -> i64 {
        clock.now().as_millisecond() - 12 * HOUR_MS
    }

    /// What a clock that is `ahead_ms` of the computer's would say now, over so long a way.
    fn sample(clock: &SteadyClock<Toy>, ahead_ms: i64, way_ms: u64) -> Sample {
        let asked = clock.passed();
        clock.sources.pass(way_ms);
        let said = clock.sources.wall() + SignedDuration::from_millis(ahead_ms);
        clock.sources.pass(way_ms);
        let heard = clock.passed();
        Sample { said, asked, heard }
    }

    /// Whether the next look warns that the computer's clock was set.
    fn warns(clock: &SteadyClock<Toy>) -> bool {
        clock.look_at_wall(&mut clock.hands(), clock.passed())
    }

    #[test]
    fn a_clock_that_is_set_back_or_forward_an_hour_moves_nothing_and_is_warned_of_once() {
        for by in [-HOUR_MS, HOUR_MS] {
            let clock = clock();
            clock.sources.pass(1000);
            assert_eq!(shows(&clock), 1000);
            clock.sources.set(by);
            assert!(warns(&clock));
            assert_eq!(shows(&clock), 1000);
            clock.sources.pass(1000);
            assert_eq!(shows(&clock), 2000);
            let wait = clock.until(at(12 * HOUR_MS + 5000));
            assert_eq!(wait, Duration::from_secs(3));
            assert!(!warns(&clock), "Once is enough.");
            clock.sources.set(-by);
            assert!(!warns(&clock), "Not so soon again.");
            clock.sources.pass(3_600_000);
            assert!(warns(&clock));
        }
    }

    #[test]
    fn a_small_correction_of_the_computers_clock_is_no_matter() {
        let clock = clock();
        clock.sources.set(2500);
        assert!(!warns(&clock));
        assert_eq!(shows(&clock), 0);
    }

    #[test]
    fn an_hour_in_which_the_computer_slept_or_the_process_was_paused_has_passed() {
        let clock = clock();
        assert_eq!(shows(&clock), 0);
        clock.sources.pass(3_600_000);
        assert!(!warns(&clock));
        assert_eq!(shows(&clock), HOUR_MS);
        assert_eq!(clock.until(at(12 * HOUR_MS)), Duration::ZERO);
    }

    #[test]
    fn two_clocks_two_seconds_apart_agree_once_they_are_set_by_a_third() {
        let (one, other) = (clock(), clock());
        other.sources.set(2000);
        let other = SteadyClock::new(other.sources);
        assert_eq!(shows(&other) - shows(&one), 2000);
        // The third is three seconds ahead of the one, and one ahead of the other.
        one.set(&sample(&one, 3000, 20));
        other.set(&sample(&other, 1000, 20));
        for _ in 0..3 {
            assert_eq!(shows(&one), shows(&other));
            assert!(!warns(&one) && !warns(&other));
            one.sources.pass(HOUR_MS.unsigned_abs());
            other.sources.pass(HOUR_MS.unsigned_abs());
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed_without_running_back() {
        let clock = clock();
        let follow = |ahead| clock.follow(&sample(&clock, ahead, 0));
        let by = |ms| Followed::By(SignedDuration::from_millis(ms));
        assert_eq!(follow(40), by(40));
        assert_eq!(shows(&clock), 40);
        assert_eq!(follow(-200), by(-240));
        assert_eq!(shows(&clock), 40, "It stands still.");
        let wait = clock.until(at(12 * HOUR_MS));
        assert_eq!(
            wait,
            Duration::from_millis(200),
            "Nobody is woken too soon."
        );
        clock.sources.pass(200);
        assert_eq!(shows(&clock), 40);
        clock.sources.pass(100);
        assert_eq!(shows(&clock), 100);
        assert!(!warns(&clock));
    }

    #[test]
    fn what_the_way_there_may_account_for_is_not_followed() {
        let clock = clock();
        let off = |ahead| clock.follow(&sample(&clock, ahead, 50));
        assert_eq!(off(50), Followed::Same);
        assert_eq!(off(-50), Followed::Same);
        assert_eq!(off(51), Followed::By(SignedDuration::from_millis(51)));
    }

    #[test]
    fn a_clock_that_was_set_is_not_followed() {
        let clock = clock();
        for ahead in [HOUR_MS, -HOUR_MS, 501] {
            let far = Followed::TooFar(SignedDuration::from_millis(ahead));
            assert_eq!(clock.follow(&sample(&clock, ahead, 0)), far);
            assert_eq!(shows(&clock), 0);
        }
    }
}
