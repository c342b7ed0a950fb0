//! What a run shows, as a table.

use std::fmt;

use crate::chaos::Done;
use crate::repeats::Repeats;

/// The counts of one run.
#[derive(Debug)]
pub struct Report {
    pub what: &'static str,
    pub seed: u64,
    pub people: usize,
    pub inputs: usize,
    pub tries_again: usize,
    pub requests: usize,
    pub done: Done,
    pub unfinished: usize,
    pub lost: usize,
    pub disagreements: usize,
    pub wrong_states: usize,
    pub wrong_verdicts: usize,
    pub unsaid_verdicts: usize,
    pub repeats: Repeats,
    pub seconds: u64,
}

impl Report {
    /// What is above the promise.
    pub fn broken(&self) -> Vec<&'static str> {
        let promises = [
            (self.unfinished > 0, "somebody never came to the end"),
            (self.lost > 0, "answers were lost"),
            (self.wrong_states > 0, "a final state is another"),
            (self.wrong_verdicts > 0, "a verdict is another"),
            (self.unsaid_verdicts > 0, "a verdict is not in the chat"),
            (
                self.repeats.most > 1,
                "somebody got more than one message again after one crash",
            ),
        ];
        let broken = promises.iter().filter(|(broken, _)| *broken);
        broken.map(|(_, what)| *what).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "soak: {}, BACKTALK_SOAK_SEED={}", self.what, self.seed)?;
        let rows = [
            ("people", self.people),
            ("what they did", self.inputs),
            ("  of it tried again", self.tries_again),
            ("requests to Telegram", self.requests),
            ("kills of the bot", self.done.bot_kills),
            ("kills of Redis", self.done.redis_kills),
            ("bytes the disk had not", self.done.bytes_lost as usize),
            ("faults of Telegram", self.done.faults),
            ("people not at the end", self.unfinished),
            ("lost answers", self.lost),
            ("people set back", self.disagreements),
            ("wrong final states", self.wrong_states),
            ("wrong verdicts", self.wrong_verdicts),
            ("verdicts not in the chat", self.unsaid_verdicts),
            ("messages sent again", self.repeats.total),
            ("  most per person and crash", self.repeats.most),
            ("excuses", self.repeats.excuses),
            ("seconds", self.seconds as usize),
        ];
        for (name, count) in rows {
            writeln!(f, "  {name:<28} {count:>7}")?;
        }
        Ok(())
    }
}
