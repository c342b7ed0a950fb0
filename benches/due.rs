//! What people cost while they sleep, and how soon they are heard of when they are due.
//!
//! `cargo bench --bench due -- --people 100000 --due 10000` starts a Redis of its own and makes a
//! SQLite file, fills each with people made by real steps of the engine, sealed as a bot seals them,
//! and prints a table. Without redis-server its rows are left out.

#[path = "due/bench.rs"]
mod bench;
#[path = "due/late.rs"]
mod late;
#[path = "../tests/people/mod.rs"]
mod people;
#[path = "../tests/store/redis_server.rs"]
#[allow(dead_code, reason = "The tests of stores use the rest.")]
mod redis_server;
#[path = "due/sleep.rs"]
mod sleep;

use std::process::Command;

use bench::Args;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args = Args::read();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut rows = Vec::new();
    let has_redis = Command::new("redis-server").arg("--version").output();
    match has_redis {
        Ok(_) => {
            let kinds = [("Redis", &[][..]), ("Redis in memory", bench::IN_MEMORY)];
            for kind in kinds {
                runtime.block_on(bench::redis(&args, kind, &mut rows));
            }
        }
        Err(_) => println!("redis-server is not installed: its rows are left out."),
    }
    runtime.block_on(bench::sqlite(&args, &mut rows));
    println!("\n| store | what | measured |\n|---|---|---|");
    for row in rows {
        println!("| {} | {} | {} |", row.store, row.what, row.measured);
    }
}
