//! The real program against the emulated Bot API: talks, kills, faults, floods, and what it prints.

#[path = "changed/mod.rs"]
mod changed;
mod emulator;

#[path = "telegram/access.rs"]
mod access;
#[path = "telegram/breaking.rs"]
mod breaking;
#[path = "telegram/coached.rs"]
mod coached;
#[path = "telegram/crash.rs"]
mod crash;
#[path = "telegram/data.rs"]
mod data;
#[path = "telegram/fail_points.rs"]
mod fail_points;
#[path = "telegram/gone.rs"]
mod gone;
#[path = "telegram/inside.rs"]
mod inside;
#[path = "telegram/isolation.rs"]
mod isolation;
#[path = "telegram/metrics.rs"]
mod metrics;
#[path = "telegram/network.rs"]
mod network;
#[path = "telegram/order.rs"]
mod order;
#[path = "telegram/outage.rs"]
mod outage;
#[path = "telegram/pair.rs"]
mod pair;
#[path = "telegram/picture.rs"]
mod picture;
#[path = "telegram/redis.rs"]
mod redis;
#[allow(dead_code, reason = "The tests of stores use the rest.")]
#[path = "store/redis_server.rs"]
mod redis_server;
#[path = "telegram/redis_trouble.rs"]
mod redis_trouble;
#[path = "telegram/reload.rs"]
mod reload;
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
#[path = "telegram/versions.rs"]
mod versions;
#[path = "telegram/webhook.rs"]
mod webhook;
