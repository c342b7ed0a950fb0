//! What a run shows, as a table.

use std::fmt;
use std::time::Duration;

use crate::chaos::Done;
use crate::repeats::Repeats;

/// Later than this a reply is late.
const LATE: Duration = Duration::from_secs(2);

/// How a kill of a Redis was overcome, each from the kill on.
#[derive(Debug)]
pub struct Recovery {
    /// When another Redis was the master, as far as it was looked; nothing where there is no other.
    pub replaced: Option<Duration>,
    /// When the first person whose record was there saw what follows from something done after the
    /// kill.
    pub first: Duration,
    /// When the last did.
    pub last: Duration,
}

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
    /// How long people waited from what they did to what follows from it, shortest first.
    pub waits: Vec<Duration>,
    /// How long each process took to stop when it was asked to, shortest first.
    pub stops: Vec<Duration>,
    /// Processes that did not stop by themselves, in time and with success.
    pub bad_stops: usize,
    /// Processes that ended without being asked to.
    pub gave_up: usize,
    /// What each kill of a Redis came to, of which somebody was kept waiting.
    pub recoveries: Vec<Recovery>,
    pub seconds: u64,
}

impl Report {
    /// How many replies were late.
    pub fn late(&self) -> usize {
        self.waits.iter().filter(|wait| **wait > LATE).count()
    }

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
            (
                self.bad_stops > 0,
                "a process did not stop by itself within 10 s with success",
            ),
        ];
        let broken = promises.iter().filter(|(broken, _)| *broken);
        broken.map(|(_, what)| *what).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "soak: {}, BACKTALK_SOAK_SEED={}", self.what, self.seed)?;
        let bytes_lost: u64 = self.done.cuts.iter().map(|cut| cut.bytes_lost).sum();
        let rows = [
            ("people", self.people),
            ("what they did", self.inputs),
            ("  of it tried again", self.tries_again),
            ("requests to Telegram", self.requests),
            ("kills of the bot", self.done.bot_kills),
            ("restarts of the bot", self.stops.len()),
            ("  longest stop, in ms", longest_ms(&self.stops)),
            ("  bad stops", self.bad_stops),
            ("processes that gave up", self.gave_up),
            ("kills of Redis", self.done.cuts.len()),
            ("bytes the disk had not", bytes_lost as usize),
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
        let at = |percent: usize| self.waits.get(self.waits.len() * percent / 100);
        let [half, most, nearly_all] = [50, 90, 99].map(|p| at(p).map_or(0, Duration::as_millis));
        let longest = longest_ms(&self.waits);
        let late = self.late();
        writeln!(
            f,
            "  from what they did to what follows, in ms: p50 {half}, p90 {most}, p99 {nearly_all}, \
             longest {longest}; over 2 s: {late} of {}",
            self.waits.len()
        )?;
        for (n, recovery) in (1..).zip(&self.recoveries) {
            let replaced = recovery.replaced.map_or("".to_owned(), |after| {
                format!("replaced after {:.1} s; ", after.as_secs_f64())
            });
            let [first, last] = [recovery.first, recovery.last].map(|after| after.as_secs_f64());
            writeln!(
                f,
                "  kill {n} of Redis: {replaced}the first whose record was there went on after \
                 {first:.1} s, the last after {last:.1} s"
            )?;
        }
        Ok(())
    }
}

fn longest_ms(times: &[Duration]) -> usize {
    times.last().map_or(0, |time| time.as_millis() as usize)
}
