//! Places for people in hand: claimed and not yet dealt with. Some of them are for the first lane
//! only, so that whoever waits there finds one, however many of the other lane wait to be sent to.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::store::Lane;

/// The least and the most people who may be in hand, however much may be sent.
const ALL: RangeInclusive<usize> = 256..=4096;

/// A part of these places, one of so many, is for the first lane only.
const RESERVED: usize = 4;

/// Fewer places than one of so many are not worth a question to the store, unless no more are given
/// back for [`PATIENCE`].
const ENOUGH: usize = 8;

/// How long it is waited for more places once one was given back.
const PATIENCE: Duration = Duration::from_millis(100);

/// The places of one loop.
pub struct Places {
    all: usize,
    taken: Mutex<Taken>,
    given_back: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    other: usize,
}

/// A place that is taken. Dropping it gives it back.
pub struct Place {
    places: Arc<Places>,
    lane: Lane,
}

impl Places {
    /// Places for as many as may be sent to in this time, when so many may be in a second: other
    /// processes take their share meanwhile.
    pub fn new(per_second: NonZeroU32, time: Duration) -> Places {
        let all = u64::from(per_second.get()) * time.as_millis() as u64 / 1000;
        let all = usize::try_from(all).unwrap_or(usize::MAX);
        Places {
            all: all.clamp(*ALL.start(), *ALL.end()),
            taken: Mutex::default(),
            given_back: Notify::new(),
        }
    }

    /// How many people of this lane find a place.
    pub fn room(&self, lane: Lane) -> usize {
        let taken = self.taken();
        let room = self.all.saturating_sub(taken.all);
        match lane {
            Lane::First => room,
            Lane::Other => {
                let most = self.all - self.all / RESERVED;
                room.min(most.saturating_sub(taken.other))
            }
        }
    }

    /// How much room a lane must have to be worth a question to the store.
    pub fn enough(&self) -> usize {
        self.all / ENOUGH
    }

    /// Take a place, of which there is [`room`](Places::room).
    pub fn take(self: &Arc<Self>, lane: Lane) -> Place {
        let mut taken = self.taken();
        taken.all += 1;
        taken.other += usize::from(lane == Lane::Other);
        Place {
            places: self.clone(),
            lane,
        }
    }

    /// Return once there is room again in one of these lanes: at once when it is enough, else a
    /// moment later.
    pub async fn room_again(&self, lanes: &[Lane]) {
        let room = || lanes.iter().map(|lane| self.room(*lane)).max();
        while room() == Some(0) {
            self.given_back.notified().await;
        }
        let enough = async {
            while room() < Some(self.enough()) {
                self.given_back.notified().await;
            }
        };
        // Those few will do.
        let _ = tokio::time::timeout(PATIENCE, enough).await;
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing is left half done under this lock.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        taken.other -= usize::from(self.lane == Lane::Other);
        drop(taken);
        self.places.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(per_second: u32) -> Arc<Places> {
        let per_second = NonZeroU32::new(per_second).expect("It is not zero.");
        Arc::new(Places::new(per_second, Duration::from_millis(11_250)))
    }

    #[test]
    fn there_are_as_many_as_can_be_sent_to_within_bounds() {
        let all = |per_second| places(per_second).room(Lane::First);
        assert_eq!([1, 30, 100, 1_000_000].map(all), [256, 337, 1125, 4096]);
    }

    #[test]
    fn the_other_lane_never_takes_what_is_reserved_and_the_first_may_take_all() {
        let places = places(1);
        let others: Vec<_> = (0..192).map(|_| places.take(Lane::Other)).collect();
        let room = || Lane::ALL.map(|lane| places.room(lane));
        assert_eq!(room(), [64, 0]);
        let first = places.take(Lane::First);
        assert_eq!(room(), [63, 0]);
        drop(others);
        assert_eq!(room(), [255, 192]);
        drop(first);
        let _all: Vec<_> = (0..256).map(|_| places.take(Lane::First)).collect();
        assert_eq!(room(), [0, 0]);
    }
}
