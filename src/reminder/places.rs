//! Places for people in hand: claimed and not yet dealt with. Some of them are for the first lane
//! only, so that whoever waits there finds one, however many of the other lane wait to be sent to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::store::Lane;

/// How many people may be in hand: about what the send budget lets out during a quarter of a lease,
/// so that other processes can take their share.
const ALL: usize = 256;

/// How many of these places are for the first lane only.
const RESERVED: usize = 64;

/// Fewer places than this are not worth a question to the store, unless no more are given back for
/// [`PATIENCE`].
pub const ENOUGH: usize = 32;

/// How long it is waited for more places once one was given back.
const PATIENCE: Duration = Duration::from_millis(100);

/// The places of one loop.
#[derive(Default)]
pub struct Places {
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
    /// How many people of this lane find a place.
    pub fn room(&self, lane: Lane) -> usize {
        let taken = self.taken();
        let room = ALL.saturating_sub(taken.all);
        match lane {
            Lane::First => room,
            Lane::Other => room.min((ALL - RESERVED).saturating_sub(taken.other)),
        }
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
            while room() < Some(ENOUGH) {
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

    #[test]
    fn the_other_lane_never_takes_what_is_reserved_and_the_first_may_take_all() {
        let places = Arc::<Places>::default();
        let others: Vec<_> = (0..ALL - RESERVED)
            .map(|_| places.take(Lane::Other))
            .collect();
        let room = || Lane::ALL.map(|lane| places.room(lane));
        assert_eq!(room(), [RESERVED, 0]);
        let first = places.take(Lane::First);
        assert_eq!(room(), [RESERVED - 1, 0]);
        drop(others);
        assert_eq!(room(), [ALL - 1, ALL - RESERVED]);
        drop(first);
        let _all: Vec<_> = (0..ALL).map(|_| places.take(Lane::First)).collect();
        assert_eq!(room(), [0, 0]);
    }
}
