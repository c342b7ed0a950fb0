//! The real program against the emulated Bot API: talks, kills, faults, floods, and what it prints.

mod emulator;

#[path = "telegram/access.rs"]
mod access;
#[path = "telegram/crash.rs"]
mod crash;
#[path = "telegram/data.rs"]
mod data;
#[path = "telegram/network.rs"]
mod network;
#[path = "telegram/redis.rs"]
mod redis;
#[path = "store/redis_server.rs"]
#[allow(dead_code, reason = "The suite of the stores uses the rest.")]
mod redis_server;
#[path = "telegram/reminders.rs"]
mod reminders;
#[path = "telegram/stage.rs"]
mod stage;
#[path = "telegram/start.rs"]
mod start;
#[path = "telegram/strangers.rs"]
mod strangers;
#[path = "telegram/talk.rs"]
mod talk;
