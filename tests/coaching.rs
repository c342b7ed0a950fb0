//! The laws of coaching: packs, reminders, quiet hours, check-ins and exercises.
//!
//! `watch` holds every law on every step, from what it saw itself and not from the fold of the
//! engine. `random` samples whole lives, `explore` walks through every short one, and `clock` has
//! the troubles that clocks make.

#[path = "coaching/clock.rs"]
mod clock;
#[path = "coaching/day.rs"]
mod day;
#[path = "coaching/explore.rs"]
mod explore;
#[path = "coaching/person.rs"]
mod person;
#[path = "coaching/random.rs"]
mod random;
#[path = "coaching/watch.rs"]
mod watch;
