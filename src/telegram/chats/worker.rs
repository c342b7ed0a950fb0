//! The worker of one chat: one thing after the other, and while what came of one is being shown, the
//! next is taken as soon as that cannot mix them up.
//!
//! Most of what is shown is one edit of the question. While it is on its way, a press on a button that
//! only it has put there proves that it has arrived, so nobody waits for Telegram to say so. That it
//! was shown is stored with the next thing that happens, or after a moment.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{error, warn};

use super::task::{Stored, Task};
use super::{End, Flood, InHand, Job, Shared};
use crate::engine::{Input, Press, Seen};
use crate::logs::Mark;
use crate::metrics::metrics;
use crate::store::{Person, Record, Shown, UpdateId};
use crate::telegram::first_reply::FirstReply;
use crate::turn::{self, Edit, Known, Origin, Others, SendError, Settled};

/// A worker with nothing to do ends after this long. What it knows is in the store, and another is begun
/// in a microsecond.
const IDLE: Duration = Duration::from_millis(100);

/// What failed comes again within this long; until then it is known that it comes before anything else.
const COMES_AGAIN: Duration = Duration::from_secs(60);

/// A chat of which an update was shed is answered when it has shed none for so long: a flood is
/// answered once, at its end, and takes no more of what all may send.
pub const CALM: Duration = Duration::from_secs(1);

/// How long it may wait to be stored that an edit was shown: it is stored with the next answer, when
/// that comes sooner.
const SETTLE: Duration = Duration::from_millis(500);

/// How many turns in a row may leave what is to be shown to the next.
const MOST_UNSPOKEN: u32 = 5;

/// The worker of a chat.
pub struct Worker {
    shared: Arc<Shared>,
    person: Person,
    jobs: mpsc::Receiver<Box<InHand>>,
    flood: Flood,
    /// The version of the record that the last turn left. What it asks for is shown here.
    left: Option<u64>,
    /// Turns in a row that left what is to be shown to the next.
    unspoken: u32,
    failed: Option<Failed>,
    /// The edit on its way.
    showing: Option<Showing>,
    /// An edit that was shown, which is not stored yet, and when it is to be.
    unsettled: Option<(Unsettled, Instant)>,
    /// The visit of the buttons that are shown, as far as it is known.
    visit: Option<u32>,
}

/// An edit on its way.
struct Showing {
    edit: BoxFuture<'static, Result<(), SendError>>,
    unsettled: Unsettled,
    /// When the turn was stored that it shows.
    stored: Instant,
    /// The visit of the buttons that it brings.
    visit: Option<u32>,
    /// That of the buttons that stood there before.
    visit_before: Option<u32>,
    /// Dropped once it is shown.
    _showing: oneshot::Sender<()>,
}

/// A record of which it is not stored that its question is shown.
struct Unsettled {
    record: Record,
    shown: Shown,
    /// It took so long to be shown that others may have shown something before.
    is_late: bool,
    /// When their next timer is due.
    next_due: Option<Timestamp>,
    /// What was done counts as under way until that is stored.
    _token: TaskTrackerToken,
}

/// What is shown of a turn, and for what.
struct Shows {
    input: Input,
    received: Option<Instant>,
    /// When their next timer is due.
    next_due: Option<Timestamp>,
    /// Nothing of this chat waits behind it.
    is_last: bool,
    mark: Mark,
    /// Dropped once it is shown.
    showing: oneshot::Sender<()>,
}

/// An update that could not be stored and comes again.
#[derive(Clone, Copy)]
struct Failed {
    update: Option<UpdateId>,
    at: Instant,
}

impl Failed {
    /// Whether it is still to come before this one.
    fn is_before(&self, other: Option<UpdateId>) -> bool {
        self.update != other && self.at.elapsed() < COMES_AGAIN
    }
}

/// What is next.
enum Next {
    Job(Box<InHand>),
    Shown(Result<(), SendError>),
    Waited,
    End,
}

impl Worker {
    /// A worker that has done nothing yet.
    pub fn new(
        shared: Arc<Shared>,
        person: Person,
        jobs: mpsc::Receiver<Box<InHand>>,
        flood: Flood,
    ) -> Worker {
        Worker {
            shared,
            person,
            jobs,
            flood,
            left: None,
            unspoken: 0,
            failed: None,
            showing: None,
            unsettled: None,
            visit: None,
        }
    }

    /// Work until there was nothing to do for long. `ends` is asked whether it may end: not when
    /// somebody has just given it something.
    ///
    /// Whoever does nothing for the moment is small: what works has a box of its own.
    pub async fn run(mut self, ends: impl Fn(&mpsc::Receiver<Box<InHand>>) -> bool) {
        loop {
            match self.next().await {
                Next::Job(in_hand) => {
                    let mark = Mark::new(in_hand.job.update);
                    Box::pin(mark.on(self.take(*in_hand, mark))).await;
                }
                Next::Shown(result) => Box::pin(self.shown(result)).await,
                // The flood is over. Any turn shows where they are now.
                Next::Waited if self.unspoken > 0 => {
                    let look = Job::of_ours(Input::Due, |_| {});
                    let token = self.shared.under_way.token();
                    let mark = Mark::new(None);
                    let look = InHand { job: look, token };
                    Box::pin(mark.on(self.take(look, mark))).await;
                }
                Next::Waited if self.unsettled.is_some() => Box::pin(self.settle()).await,
                Next::Waited if ends(&self.jobs) => return,
                Next::Waited => {}
                Next::End => return,
            }
        }
    }

    async fn next(&mut self) -> Next {
        if let Some(showing) = &mut self.showing {
            return tokio::select! {
                job = self.jobs.recv() => job.map_or(Next::End, Next::Job),
                result = &mut showing.edit => Next::Shown(result),
            };
        }
        let until = match &self.unsettled {
            _ if self.unspoken > 0 => Instant::now() + CALM,
            Some((_, at)) => *at,
            None if self.failed.is_some() => Instant::now() + COMES_AGAIN,
            None => Instant::now() + IDLE,
        };
        match tokio::time::timeout_at(until, self.jobs.recv()).await {
            Ok(Some(job)) => Next::Job(job),
            Ok(None) => Next::End,
            Err(_) => Next::Waited,
        }
    }

    /// Do one thing, and begin to show what came of it.
    async fn take(&mut self, in_hand: InHand, mark: Mark) {
        let InHand { job, token } = in_hand;
        let is_theirs = job.input.is_theirs();
        if self.shared.is_stopping() {
            // The next process gets it.
            return (job.done)(End::Again);
        }
        if is_theirs && self.failed.is_some_and(|f| f.is_before(job.update)) {
            // What failed comes again first.
            return (job.done)(End::Again);
        }
        self.make_way_for(&job.input).await;
        // Of many taps only the last needs to be shown, and it is.
        let is_last =
            !self.flood.is_on() && (self.jobs.is_empty() || self.unspoken >= MOST_UNSPOKEN);
        self.unspoken = if is_last { 0 } else { self.unspoken + 1 };
        let known = self.unsettled.as_ref().map(|(unsettled, _)| Known {
            version: unsettled.record.version,
            shown: unsettled.shown,
        });
        let task = Task {
            shared: &self.shared,
            person: self.person,
            input: job.input,
            origin: Origin {
                update: job.update,
                language: job.language,
                door: job.door,
                known,
                others: Others::Some { ours: self.left },
            },
            press: job.press,
            received: job.received,
            mark,
            is_repeated: self.failed.is_some_and(|f| f.update == job.update),
        };
        self.failed = None;
        let mut turned = match task.take().await {
            Stored::Done(turned) => *turned,
            Stored::Never => return (job.done)(End::finished()),
            Stored::NotYet => {
                if is_theirs {
                    self.failed = Some(Failed {
                        update: job.update,
                        at: Instant::now(),
                    });
                    // It comes again, and what waits behind it then comes behind it.
                    while let Ok(behind) = self.jobs.try_recv() {
                        (behind.job.done)(End::Again);
                    }
                }
                return (job.done)(End::Again);
            }
        };
        self.left = turned.record.as_ref().map(|record| record.version);
        if !turned.already && turned.record.is_some() {
            // It was stored too that the edit before was shown.
            self.unsettled = None;
        }
        let next_due = turned.seen.as_ref().and_then(Seen::next_due);
        let edit = turn::edit(turned.record.as_ref(), turned.seen.take());
        let mut after = None;
        let (showing, shown) = oneshot::channel();
        if is_theirs {
            task.acknowledge(turned.notice, job.way, shown, job.done, &token);
        } else {
            after = Some(job.done);
        }
        task.say_what_is_not_kept(&turned).await;
        let Task {
            input, received, ..
        } = task;
        let what = Shows {
            input,
            received,
            next_due,
            is_last,
            mark,
            showing,
        };
        self.show(turned.record, edit, what, token).await;
        if let Some(done) = after {
            done(End::finished());
        }
    }

    /// Let an edit on its way arrive, unless this input proves that it has.
    async fn make_way_for(&mut self, input: &Input) {
        let Some(showing) = self.showing.take() else {
            return;
        };
        let pressed = match input {
            Input::Press(Press { visit, .. }) => Some(*visit),
            _ => None,
        };
        let is_new = showing.visit_before.is_some() && showing.visit != showing.visit_before;
        if is_new && pressed.is_some() && pressed == showing.visit {
            // What Telegram still says to it matters to nobody.
            tokio::spawn(showing.edit);
            self.visit = showing.visit;
            self.unsettled = Some((showing.unsettled, Instant::now() + SETTLE));
            return;
        }
        self.showing = Some(showing);
        self.arrive().await;
    }

    /// Wait for the edit on its way.
    async fn arrive(&mut self) {
        if let Some(showing) = &mut self.showing {
            let result = (&mut showing.edit).await;
            self.shown(result).await;
        }
    }

    /// An edit arrived, or did not.
    async fn shown(&mut self, result: Result<(), SendError>) {
        let Some(showing) = self.showing.take() else {
            return;
        };
        match result {
            Ok(()) => {
                self.visit = showing.visit;
                let mut unsettled = showing.unsettled;
                unsettled.is_late = showing.stored.elapsed() >= turn::SWIFT.unsigned_abs();
                let is_near = turn::is_near(unsettled.next_due, &*self.shared.clock);
                let is_now = unsettled.is_late || is_near;
                self.unsettled = Some((unsettled, Instant::now() + SETTLE));
                if is_now {
                    self.settle().await;
                }
            }
            // Whatever is wrong, what delivers everything knows what to do about it.
            Err(error) => {
                let edited = Some(error);
                self.deliver(showing.unsettled.record, true, None, edited)
                    .await;
            }
        }
    }

    /// Store that an edit was shown.
    async fn settle(&mut self) {
        let Some((unsettled, _)) = self.unsettled.take() else {
            return;
        };
        let (bot, clock) = (self.shared.bot(), &*self.shared.clock);
        let Unsettled {
            record,
            shown,
            is_late,
            ..
        } = unsettled;
        match turn::settle(&bot, self.person, record, shown, clock).await {
            Ok(Settled::Done(due)) => self.shared.alarm.due(due),
            Ok(Settled::Overtaken) if is_late => self.put_right(shown).await,
            Ok(Settled::Overtaken) => {}
            // It is edited once more, which changes nothing.
            Err(error) => warn!(%error, "it could not be stored that a question was shown"),
        }
    }

    /// Show again what others showed while an edit of ours was under way, which may have come behind it.
    async fn put_right(&mut self, ours: Shown) {
        let (bot, now) = (self.shared.bot(), self.shared.clock.now());
        let origin = Origin {
            others: Others::Some { ours: None },
            ..Origin::default()
        };
        match turn::take(&bot, self.person, &Input::Due, &origin, now).await {
            Ok(turned) => {
                if let Some(record) = turned.record {
                    let record = turn::put_right(record, ours);
                    Box::pin(self.deliver(record, true, None, None)).await;
                }
            }
            Err(error) => warn!(%error, "what two processes showed could not be put in order"),
        }
    }

    /// Show what came of a turn.
    async fn show(
        &mut self,
        record: Option<Record>,
        edit: Edit,
        what: Shows,
        token: TaskTrackerToken,
    ) {
        let Shows {
            input,
            received,
            next_due,
            is_last,
            mark,
            showing,
        } = what;
        let is_wanted = |record: &Record| {
            let urgent = |o: &crate::store::OwedEntry| o.owed.priority().is_some();
            input != Input::Blocked && (is_last || record.body.owed.iter().any(urgent))
        };
        let Some(record) = record.filter(is_wanted) else {
            return;
        };
        match edit {
            Edit::Nothing => {}
            Edit::Question {
                message,
                view,
                shown,
            } if input.is_theirs() => {
                let visit = view.visit();
                let (shared, person) = (self.shared.clone(), self.person);
                let edit = mark.on(async move {
                    let shown = shared.sender.show(person, message, &view).await;
                    if let (Ok(()), Some(received)) = (&shown, received) {
                        metrics().first_reply.took(received.elapsed());
                    }
                    shown
                });
                self.showing = Some(Showing {
                    edit: AssertUnwindSafe(edit)
                        .catch_unwind()
                        .map(|done| done.unwrap_or(Err(SendError::Refused)))
                        .boxed(),
                    unsettled: Unsettled {
                        record,
                        shown,
                        is_late: false,
                        next_due,
                        _token: token,
                    },
                    stored: Instant::now(),
                    visit,
                    visit_before: self.visit,
                    _showing: showing,
                });
            }
            Edit::Question { .. } | Edit::More => {
                self.deliver(record, input.is_theirs(), received, None)
                    .await;
            }
        }
    }

    /// Send everything that a record asks for.
    async fn deliver(
        &mut self,
        record: Record,
        is_theirs: bool,
        received: Option<Instant>,
        edited: Option<SendError>,
    ) {
        // What stands there afterwards is not looked up.
        self.visit = None;
        let shared = &self.shared;
        let (bot, urgency) = (shared.bot(), turn::urgency(is_theirs));
        let reply = FirstReply::new(&shared.sender, received);
        let sending = turn::deliver_after(
            &bot,
            self.person,
            record,
            &reply,
            urgency,
            &*shared.clock,
            edited,
        );
        // It is seldom and large, and would be a part of every worker.
        let sending = AssertUnwindSafe(Box::pin(sending));
        match sending.catch_unwind().await {
            Ok(Ok(due)) => self.shared.alarm.due(due),
            // It is stored as owed, and the reminder loop tries again.
            Ok(Err(error)) => warn!(%error, "a delivery could not be settled"),
            Err(_) => error!("what came of an update broke while it was shown"),
        }
    }
}
