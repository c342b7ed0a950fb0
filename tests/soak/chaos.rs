//! What goes wrong while people talk: the bot is killed or restarted, Redis is killed, Telegram stumbles.
//!
//! It runs on a thread of its own, since starting and killing block.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::time::Instant;

use crate::bots::Bots;
use crate::chance::Chance;
use crate::emulator::{Emulator, Fault, FaultHandle};
use crate::ground::{Cut, Ground};

/// Between two kills of a process of the bot, in milliseconds.
const BETWEEN_KILLS: Range<u64> = 2_000..9_000;

/// Between the moment when all processes are ready and the next restart of one.
const BETWEEN_RESTARTS: Range<u64> = 500..2_500;

/// Between the return of a Redis and the next end of one.
const BETWEEN_POWER_CUTS: Range<u64> = 8_000..20_000;

/// For how long a Redis is away, after another has taken its place where there are others.
const WITHOUT_POWER: Range<u64> = 50..2_500;

/// Between two faults of Telegram or the network.
const BETWEEN_FAULTS: Range<u64> = 1_000..8_000;

/// How often it is looked whether something is to be done.
const TICK: Duration = Duration::from_millis(50);

/// Which things go wrong. Redis is killed wherever there is one and `cuts` says so.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub kills: bool,
    /// One process after the other is asked to stop, and started again.
    pub restarts: bool,
    pub cuts: bool,
    /// A Redis that was killed comes back before the end.
    pub repairs: bool,
    pub faults: bool,
}

impl Plan {
    /// Everything but restarts.
    pub const BREAKS: Plan = Plan {
        kills: true,
        restarts: false,
        cuts: true,
        repairs: true,
        faults: true,
    };
    /// Everything.
    pub const ALL: Plan = Plan {
        restarts: true,
        ..Plan::BREAKS
    };
    /// What happens on a good day.
    pub const ONLY_RESTARTS: Plan = Plan {
        kills: false,
        restarts: true,
        cuts: false,
        repairs: true,
        faults: false,
    };
    /// One Redis dies, and nobody sees to it.
    pub const NO_REPAIRS: Plan = Plan {
        kills: false,
        restarts: false,
        cuts: true,
        repairs: false,
        faults: false,
    };
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub bot_kills: usize,
    pub cuts: Vec<Cut>,
    pub faults: usize,
    /// How many requests Telegram had seen at each kill, of whichever.
    pub marks: Vec<usize>,
}

/// The thread at work.
pub struct Chaos {
    stop: Sender<()>,
    work: JoinHandle<(Done, Bots, Ground)>,
}

impl Chaos {
    /// Begin.
    pub fn begin(
        seed: u64,
        plan: Plan,
        telegram: Arc<Emulator>,
        bots: Bots,
        ground: Ground,
    ) -> Chaos {
        let (stop, stopped) = channel();
        let work = Work {
            chance: Chance::new(seed, 0),
            telegram,
            bots,
            ground,
            fault: None,
            done: Done::default(),
        };
        let work = std::thread::spawn(move || work.run(plan, &stopped));
        Chaos { stop, work }
    }

    /// End it. Bots and Redis run on.
    pub fn end(self) -> (Done, Bots, Ground) {
        let _ = self.stop.send(());
        self.work.join().expect("Chaos does not fail.")
    }
}

struct Work {
    chance: Chance,
    telegram: Arc<Emulator>,
    bots: Bots,
    ground: Ground,
    fault: Option<FaultHandle>,
    done: Done,
}

/// A Redis that was killed.
struct Away {
    cut: Cut,
    /// Another has its place, where there is another.
    is_replaced: bool,
    /// When it comes back, which is after that.
    until: Option<Instant>,
}

impl Work {
    fn run(mut self, plan: Plan, stopped: &Receiver<()>) -> (Done, Bots, Ground) {
        let mut kill = self.soon(plan.kills, &BETWEEN_KILLS);
        let mut restart = self.soon(plan.restarts, &BETWEEN_RESTARTS);
        let mut power_cut = self.soon(plan.cuts, &BETWEEN_POWER_CUTS);
        let mut fault = self.soon(plan.faults, &BETWEEN_FAULTS);
        let mut turn = 0;
        let mut away = None;
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= Instant::now());
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
            self.bots.look();
            if is_due(kill) {
                self.kill_a_bot();
                kill = self.soon(true, &BETWEEN_KILLS);
            }
            if is_due(restart) && self.bots.are_ready() {
                self.bots.stop(turn % self.bots.count());
                turn += 1;
                restart = None;
            }
            if plan.restarts && restart.is_none() && self.bots.are_ready() {
                restart = self.soon(true, &BETWEEN_RESTARTS);
            }
            if is_due(fault) {
                self.stumble();
                fault = self.soon(true, &BETWEEN_FAULTS);
            }
            match &mut away {
                None if is_due(power_cut) && self.ground.may_be_cut() => {
                    self.done.marks.push(self.telegram.request_count());
                    let cut = self.ground.cut(self.chance.below(1 << 20));
                    self.done.cuts.push(cut.clone());
                    away = Some(Away {
                        cut,
                        is_replaced: false,
                        until: None,
                    });
                }
                None => self.ground.look(),
                Some(gone) if !gone.is_replaced && self.ground.is_replaced(&gone.cut) => {
                    gone.is_replaced = true;
                    gone.until = self.soon(plan.repairs, &WITHOUT_POWER);
                    let is_another = self.ground.replicas().is_some();
                    if let Some(noted) = self.done.cuts.last_mut() {
                        noted.replaced_after = is_another.then(|| gone.cut.at.elapsed());
                    }
                }
                Some(gone) if is_due(gone.until) => {
                    self.ground.restore(&gone.cut);
                    away = None;
                    power_cut = self.soon(true, &BETWEEN_POWER_CUTS);
                }
                Some(_) => {}
            }
        }
        if let Some(Away { cut, .. }) = away {
            self.ground.restore(&cut);
        }
        (self.done, self.bots, self.ground)
    }

    /// A moment within this time, if there is to be one.
    fn soon(&mut self, is_planned: bool, within: &Range<u64>) -> Option<Instant> {
        is_planned.then(|| Instant::now() + self.chance.within(within))
    }

    fn kill_a_bot(&mut self) {
        let which = self.chance.below(self.bots.count());
        self.bots.kill(which);
        self.done.marks.push(self.telegram.request_count());
        self.done.bot_kills += 1;
    }

    /// One request goes wrong. Of a new message the answer is never lost on the way: nobody can
    /// tell that from a message that never arrived, so it would be sent again.
    fn stumble(&mut self) {
        // While nobody asks Telegram anything, faults must not heap up.
        if self.fault.as_ref().is_some_and(|fault| fault.hits() == 0) {
            return;
        }
        let answers = match self.bots.poll() {
            true => "answerCallbackQuery",
            // It may be in the answer to the press, where nothing befalls it.
            false => "editMessageText",
        };
        let updates = match self.bots.poll() {
            true => "getUpdates",
            false => "webhook",
        };
        let edits = "editMessageText";
        let (fault, methods) = match self.chance.below(4) {
            0 => (
                Fault::CutBefore,
                &["sendMessage", edits, answers, updates][..],
            ),
            1 => (Fault::CutAfter, &[edits, answers, updates][..]),
            2 => (Fault::Broken { status: 502 }, &[edits, answers][..]),
            _ => (
                Fault::Flood { retry_after: 1 },
                &["sendMessage", edits, answers][..],
            ),
        };
        let method = methods[self.chance.below(methods.len())];
        self.fault = Some(self.telegram.fault(fault).on(method).arm());
        self.done.faults += 1;
    }
}
