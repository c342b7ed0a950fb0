//! Places at which a test can have the process die, as `kill -9` would have it.
//!
//! `turn` and `telegram` name the boundaries that they pass. A build for use has none of this: it
//! is there only with debug assertions, and then only when `BACKTALK_DIE_AT` asks for it, as
//! `commit.after` or, at the third time, `commit.after:3`.

/// Every boundary, in the order in which an update passes them.
pub const ALL: [&str; 10] = [
    "load.before",
    "load.after",
    "commit.before",
    "commit.after",
    "send.before",
    "send.after",
    "settle.before",
    "settle.after",
    "acknowledge.before",
    "acknowledge.after",
];

/// Die here if this is the boundary, and the time, that was asked for.
#[cfg(debug_assertions)]
pub fn reach(name: &'static str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ASKED: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let asked = std::env::var("BACKTALK_DIE_AT").ok()?;
        let (name, time) = asked.split_once(':').unwrap_or((&asked, "1"));
        assert!(
            ALL.contains(&name),
            "BACKTALK_DIE_AT names no boundary: {name}"
        );
        Some((name.to_owned(), time.parse().unwrap_or(1)))
    });
    static PASSED: AtomicU32 = AtomicU32::new(0);

    if let Some((asked, time)) = &*ASKED
        && asked == name
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *time
    {
        // Nothing is cleaned up, flushed or told to anybody.
        std::process::abort();
    }
}

/// Nothing in a build for use.
#[cfg(not(debug_assertions))]
pub fn reach(_: &'static str) {}
