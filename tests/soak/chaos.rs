//! What goes wrong while people talk: the bot is killed, Redis is killed, Telegram stumbles.
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
use crate::disk::Disk;
use crate::emulator::{Emulator, Fault, FaultHandle};

/// Between two kills of a process of the bot, in milliseconds.
const BETWEEN_KILLS: Range<u64> = 2_000..9_000;

/// Between the start of Redis and its next end.
const BETWEEN_POWER_CUTS: Range<u64> = 8_000..20_000;

/// For how long Redis is away.
const WITHOUT_POWER: Range<u64> = 50..2_500;

/// Between two faults of Telegram or the network.
const BETWEEN_FAULTS: Range<u64> = 1_000..8_000;

/// How often it is looked whether something is to be done.
const TICK: Duration = Duration::from_millis(50);

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub bot_kills: usize,
    pub redis_kills: usize,
    pub faults: usize,
    /// Bytes that Redis had taken and the disk had not.
    pub bytes_lost: u64,
    /// How many requests Telegram had seen at each kill, of whichever.
    pub marks: Vec<usize>,
}

/// The thread at work.
pub struct Chaos {
    stop: Sender<()>,
    work: JoinHandle<(Done, Bots, Option<Disk>)>,
}

impl Chaos {
    /// Begin.
    pub fn begin(seed: u64, telegram: Arc<Emulator>, bots: Bots, disk: Option<Disk>) -> Chaos {
        let (stop, stopped) = channel();
        let work = Work {
            chance: Chance::new(seed, 0),
            telegram,
            bots,
            disk,
            fault: None,
            done: Done::default(),
        };
        let work = std::thread::spawn(move || work.run(&stopped));
        Chaos { stop, work }
    }

    /// End it. Bots and Redis run on.
    pub fn end(self) -> (Done, Bots, Option<Disk>) {
        let _ = self.stop.send(());
        self.work.join().expect("Chaos does not fail.")
    }
}

struct Work {
    chance: Chance,
    telegram: Arc<Emulator>,
    bots: Bots,
    disk: Option<Disk>,
    fault: Option<FaultHandle>,
    done: Done,
}

impl Work {
    fn run(mut self, stopped: &Receiver<()>) -> (Done, Bots, Option<Disk>) {
        let now = Instant::now();
        let mut kill = now + self.chance.within(&BETWEEN_KILLS);
        let mut power_cut = now + self.chance.within(&BETWEEN_POWER_CUTS);
        let mut fault = now + self.chance.within(&BETWEEN_FAULTS);
        let mut back = None;
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
            let now = Instant::now();
            if kill <= now {
                self.kill_a_bot();
                kill = now + self.chance.within(&BETWEEN_KILLS);
            }
            if fault <= now {
                self.stumble();
                fault = now + self.chance.within(&BETWEEN_FAULTS);
            }
            let Some(disk) = &mut self.disk else { continue };
            match back {
                None if power_cut <= now => {
                    self.done.marks.push(self.telegram.request_count());
                    self.done.redis_kills += 1;
                    self.done.bytes_lost += disk.cut_power(self.chance.below(1000));
                    back = Some(now + self.chance.within(&WITHOUT_POWER));
                }
                None => disk.look(),
                Some(at) if at <= now => {
                    disk.server.restart();
                    back = None;
                    power_cut = Instant::now() + self.chance.within(&BETWEEN_POWER_CUTS);
                }
                Some(_) => {}
            }
        }
        if let (Some(disk), Some(_)) = (&mut self.disk, back) {
            disk.server.restart();
        }
        (self.done, self.bots, self.disk)
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
        let any = [
            "sendMessage",
            "editMessageText",
            "answerCallbackQuery",
            "getUpdates",
        ];
        let (fault, methods) = match self.chance.below(4) {
            0 => (Fault::CutBefore, &any[..]),
            1 => (Fault::CutAfter, &any[1..]),
            2 => (Fault::Broken { status: 502 }, &any[1..]),
            _ => (Fault::Flood { retry_after: 1 }, &any[..3]),
        };
        let method = methods[self.chance.below(methods.len())];
        self.fault = Some(self.telegram.fault(fault).on(method).arm());
        self.done.faults += 1;
    }
}
