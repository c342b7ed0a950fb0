//! What whoever runs a bot does beside running it: moving a store, and asking the doctor.

mod emulator;

#[path = "operators/doctor.rs"]
mod doctor;
#[path = "operators/hand.rs"]
mod hand;
#[path = "operators/migrate.rs"]
mod migrate;
#[path = "store/redis_server.rs"]
#[allow(dead_code, reason = "The tests of stores use the rest.")]
mod redis_server;
