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
        self.heard[which as usize].store(self.now_ms(), Relaxed);
    }

    /// The loops that began and were not heard for too long.
    pub fn silent(&self) -> Vec<Loop> {
        let now_ms = self.now_ms();
        let is_silent = |which: &Loop| {
            let heard = self.heard[*which as usize].load(Relaxed);
            heard != 0 && u128::from(now_ms.saturating_sub(heard)) > SILENT.as_millis()
        };
        Loop::ALL.into_iter().filter(is_silent).collect()
    }

    fn now_ms(&self) -> u64 {
        // It fits for half a billion years.
        self.began.elapsed().as_millis() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_began_and_then_is_silent_is_named() {
        let pulse = Pulse::new();
        tokio::time::advance(SILENT * 2).await;
        assert_eq!(pulse.silent(), [], "Nothing has begun.");
        pulse.beat(Loop::Ingest);
        pulse.beat(Loop::Reminding);
        tokio::time::advance(SILENT).await;
        assert_eq!(pulse.silent(), []);
        pulse.beat(Loop::Ingest);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(pulse.silent(), [Loop::Reminding]);
        pulse.beat(Loop::Reminding);
        assert_eq!(pulse.silent(), []);
    }
}
