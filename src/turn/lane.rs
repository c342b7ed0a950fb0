//! In which lane somebody is due. `turn` asks it whenever it says when they are.

use crate::engine::{Priority, Seen};
use crate::store::{Lane, Record};

/// The lane of somebody who is due. Who has a pack on is in the first, whatever else is due before:
/// else what is due a minute later would wait behind it.
pub fn lane(record: &Record, seen: &Seen) -> Lane {
    let owes = record.body.owed.iter().any(|o| {
        let priority = o.owed.priority();
        let first = [Priority::Emergency, Priority::TakeOff, Priority::Safety];
        priority.is_some_and(|p| first.contains(&p))
    });
    match owes || seen.awaits_something_urgent() {
        true => Lane::First,
        false => Lane::Other,
    }
}
