//! Whether the loops of this process still go round, for `/healthz`.
//!
//! Each loop says so at every turn ([`Pulse::beat`]); one that was heard once and then is silent for
//! longer than any of its waits hangs. Whether Telegram and the store answer is no matter here: to
//! end a process because they do not would help nobody. That is what `readiness` and the sign of
//! life in `heartbeat` tell.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// A loop that hangs is silent for longer than this. It is above one long poll with its deadline and
/// the longest wait before the next try, and above all deadlines of the store in one turn.
const SILENT: Duration = Duration::from_secs(90);

/// A loop of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// It takes updates, or stands by to.
    Ingest,
    /// It leads, or asks to.
    Leading,
    /// It wakes people who are due.
    Reminding,
}

impl Loop {
    const ALL: [Loop; 3] = [Loop::Ingest, Loop::Leading, Loop::Reminding];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Loop::Ingest => "ingest",
            Loop::Leading => "leading",
            Loop::Reminding => "reminding",
        }
    }
}

/// When each loop was last heard.
#[derive(Debug)]
pub struct Pulse {
    began: Instant,
    /// Milliseconds after `began`, and one; zero for a loop that has not begun.
    heard: [AtomicU64; Loop::ALL.len()],
}

/// The pulse of this process.
pub fn pulse() -> &'static Pulse {
    static OURS: LazyLock<Pulse> = LazyLock::new(Pulse::new);
    &OURS
}

impl Pulse {
    fn new() -> Pulse {
        Pulse {
            began: Instant::now(),
            heard: Default::default(),
        }
    }

    /// This loop goes round.
    pub fn beat(&self, which: Loop) {
        self.beat_at(which, self.began.elapsed());
    }

    /// The loops that began and were not heard for too long.
    pub fn silent(&self) -> Vec<Loop> {
        self.silent_at(self.began.elapsed())
    }

    fn beat_at(&self, which: Loop, now: Duration) {
        // It fits for half a billion years.
        let now_ms = now.as_millis() as u64;
        self.heard[which as usize].store(now_ms + 1, Relaxed);
    }

    fn silent_at(&self, now: Duration) -> Vec<Loop> {
        let is_silent = |which: &Loop| {
            let heard = self.heard[*which as usize].load(Relaxed).checked_sub(1);
            let last = heard.map(Duration::from_millis);
            last.is_some_and(|last| now.saturating_sub(last) > SILENT)
        };
        Loop::ALL.into_iter().filter(is_silent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_began_and_then_is_silent_is_named() {
        let pulse = Pulse::new();
        let at = Duration::from_secs;
        assert_eq!(pulse.silent_at(at(1000)), [], "Nothing has begun.");
        pulse.beat_at(Loop::Ingest, at(1000));
        pulse.beat_at(Loop::Reminding, at(1000));
        assert_eq!(pulse.silent_at(at(1000) + SILENT), []);
        pulse.beat_at(Loop::Ingest, at(1000) + SILENT);
        assert_eq!(pulse.silent_at(at(1001) + SILENT), [Loop::Reminding]);
        pulse.beat_at(Loop::Reminding, at(1001) + SILENT);
        assert_eq!(pulse.silent_at(at(1001) + SILENT), []);
    }
}
