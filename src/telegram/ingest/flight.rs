//! Updates that were taken by polling and are not yet confirmed to Telegram.

use std::collections::BTreeMap;

/// How far an update has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is being worked on.
    Flying,
    /// It is stored, or can never be.
    Finished,
    /// It could not be stored and must come again; until then it holds the offset.
    Again,
}

/// Updates that were taken and not yet confirmed to Telegram.
#[derive(Default)]
pub struct Flight {
    pub taken: BTreeMap<u32, Stage>,
    /// One past the highest update that was ever finished with all below it.
    next: u32,
}

impl Flight {
    /// The offset to ask from. Everything below it is finished, and is forgotten here too.
    pub fn offset(&mut self) -> u32 {
        while let Some((&id, &Stage::Finished)) = self.taken.first_key_value() {
            self.taken.remove(&id);
            self.next = id.wrapping_add(1);
        }
        self.taken
            .first_key_value()
            .map_or(self.next, |(&id, _)| id)
    }

    /// Whether an update is new to us; it is then in flight.
    pub fn take(&mut self, id: u32) -> bool {
        let is_new = self.is_new(id);
        if is_new {
            self.taken.insert(id, Stage::Flying);
        }
        is_new
    }

    pub fn is_new(&self, id: u32) -> bool {
        !matches!(self.taken.get(&id), Some(Stage::Flying | Stage::Finished))
    }

    /// One past the highest update that was ever taken.
    pub fn end(&self) -> u32 {
        let highest = self.taken.last_key_value();
        highest.map_or(self.next, |(&id, _)| id.wrapping_add(1))
    }

    pub fn is_idle(&self) -> bool {
        !self.taken.values().any(|stage| *stage == Stage::Flying)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_stays_at_the_lowest_unfinished_update() {
        let mut f = Flight::default();
        assert_eq!(f.offset(), 0);
        for id in [7, 8, 9] {
            assert!(f.take(id));
        }
        assert!(!f.take(8));
        f.taken.insert(8, Stage::Finished);
        assert_eq!(f.offset(), 7);
        f.taken.insert(7, Stage::Finished);
        assert_eq!(f.offset(), 9);
        f.taken.insert(9, Stage::Finished);
        assert_eq!(f.offset(), 10);
        assert!(f.is_idle());
    }

    #[test]
    fn an_update_that_must_come_again_holds_the_offset() {
        let mut f = Flight::default();
        assert!(f.take(7) && f.take(8));
        f.taken.insert(7, Stage::Again);
        f.taken.insert(8, Stage::Finished);
        assert_eq!(f.offset(), 7);
        assert!(f.take(7));
        assert!(!f.take(8));
    }
}
