//! The one thread that owns the file.
//!
//! Everything that waits is done in one transaction and answered when it is on the disk, so that
//! many commits cost one write to the disk.

use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::fault::{self, Fault};
use super::file::StoreFile;
use crate::store::StoreError;

/// The most jobs in one transaction, so that the first does not wait long for the last.
const MOST_JOBS: usize = 256;

/// When a job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// When its transaction is on the disk.
    Commit,
    /// When, besides, what it deleted can be read nowhere in the file or its log.
    Scrubbing,
}

/// The thread, and the way to give it jobs.
pub struct Writer {
    inbox: Sender<Letter>,
    thread: Mutex<Option<JoinHandle<()>>>,
    path: PathBuf,
}

enum Letter {
    Job(Box<dyn Job>),
    Stop,
}

impl Writer {
    /// Give the file to a thread of its own.
    pub fn start(file: StoreFile) -> Result<Writer, StoreError> {
        let path = file.path.clone();
        let (inbox, letters) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store".into())
            .spawn(move || run(file, &letters))
            .map_err(|why| {
                StoreError::Unusable(format!("the store's thread cannot start: {why}"))
            })?;
        Ok(Writer {
            inbox,
            thread: Mutex::new(Some(thread)),
            path,
        })
    }

    /// Have `work` done. It may run more than once, and only the last run counts.
    pub async fn ask<T, W>(&self, after: After, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let task = Task {
            work,
            after,
            found: None,
            answer,
        };
        let closed = || StoreError::Unusable(format!("{} is closed", self.path.display()));
        self.inbox
            .send(Letter::Job(Box::new(task)))
            .map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Finish what was asked before, and close the file.
    pub fn stop(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // Either can only fail when the thread is already gone.
            let _ = self.inbox.send(Letter::Stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn run(mut file: StoreFile, letters: &Receiver<Letter>) {
    while let Ok(first) = letters.recv() {
        let mut jobs = Vec::new();
        for letter in std::iter::once(first)
            .chain(letters.try_iter())
            .take(MOST_JOBS)
        {
            match letter {
                Letter::Job(job) => jobs.push(job),
                Letter::Stop => return settle(&mut file, jobs),
            }
        }
        settle(&mut file, jobs);
    }
}

/// Do the jobs together and answer them. When one of them spoils the transaction, each is done
/// alone, so that it spoils nothing for the others.
fn settle(file: &mut StoreFile, mut jobs: Vec<Box<dyn Job>>) {
    if jobs.is_empty() {
        return;
    }
    // A file that is only read cannot begin to write.
    let behavior = match file.connection.is_readonly("main") {
        Ok(true) => TransactionBehavior::Deferred,
        _ => TransactionBehavior::Immediate,
    };
    let tx = match file.connection.transaction_with_behavior(behavior) {
        Ok(tx) => tx,
        Err(error) => {
            return jobs
                .into_iter()
                .for_each(|job| job.refuse(fault::tell(&file.path, &error)));
        }
    };
    let done = jobs
        .iter_mut()
        .try_for_each(|job| job.run(&tx))
        .and_then(|()| tx.commit());
    match done {
        Ok(()) => answer(file, jobs),
        Err(error) if jobs.len() == 1 => {
            jobs.into_iter()
                .for_each(|job| job.refuse(fault::tell(&file.path, &error)));
        }
        Err(_) => jobs.into_iter().for_each(|job| settle(file, vec![job])),
    }
}

fn answer(file: &StoreFile, jobs: Vec<Box<dyn Job>>) {
    let (scrubbing, others): (Vec<_>, Vec<_>) = jobs
        .into_iter()
        .partition(|job| job.after() == After::Scrubbing);
    others.into_iter().for_each(|job| job.answer());
    if scrubbing.is_empty() {
        return;
    }
    let scrubbed = file.scrub();
    for job in scrubbing {
        match &scrubbed {
            Ok(()) => job.answer(),
            Err(error) => job.refuse(fault::tell(&file.path, error)),
        }
    }
}

/// A task whose type of answer is not told.
trait Job: Send {
    fn run(&mut self, file: &Connection) -> rusqlite::Result<()>;
    fn after(&self) -> After;
    fn answer(self: Box<Self>);
    fn refuse(self: Box<Self>, why: StoreError);
}

struct Task<T, W> {
    work: W,
    after: After,
    found: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, file: &Connection) -> rusqlite::Result<()> {
        self.found = Some(match (self.work)(file) {
            Ok(found) => Ok(found),
            Err(Fault::Record(why)) => Err(why),
            Err(Fault::File(error)) => return Err(error),
        });
        Ok(())
    }

    fn after(&self) -> After {
        self.after
    }

    fn answer(self: Box<Self>) {
        if let Some(found) = self.found {
            // Whoever asked may have gone away; what was done stays done.
            let _ = self.answer.send(found);
        }
    }

    fn refuse(self: Box<Self>, why: StoreError) {
        let _ = self.answer.send(Err(why));
    }
}
