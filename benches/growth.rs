//! How cost grows: with the people in the store, with the processes that share it, and with the dialogue.
//!
//! `cargo bench --bench growth -- people [--most 1000000]`, `-- replicas` and `-- screens`; all three
//! without a word. It starts a Redis of its own that keeps nothing on disk, and prints tables. How late
//! many are who are due at once is what `cargo bench --bench due -- --due 100000` says.

// It measures real time.
#![allow(clippy::disallowed_methods)]

#[path = "growth/crowd.rs"]
mod crowd;
#[path = "../tests/store/redis_server.rs"]
#[allow(dead_code, reason = "The tests of stores use the rest.")]
mod redis_server;
#[path = "growth/replicas.rs"]
mod replicas;
#[path = "growth/screens.rs"]
mod screens;
#[path = "growth/store.rs"]
mod store;
mod work;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| {
        let parts = ["people", "replicas", "screens"];
        words.iter().any(|w| w == name) || !words.iter().any(|w| parts.contains(&w.as_str()))
    };
    let most = words.iter().position(|w| w == "--most");
    let most = most.and_then(|at| words.get(at + 1)?.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if wanted("screens") {
        screens::table();
    }
    if wanted("replicas") {
        runtime.block_on(replicas::table());
    }
    if wanted("people") {
        runtime.block_on(crowd::table(most.unwrap_or(100_000)));
    }
}
