//! Something for a chat to do, and how it is told what became of it.

use tokio::time::Instant;

use crate::engine::Input;
use crate::store::UpdateId;
use crate::telegram::ingest::Way;
use crate::turn::Door;

/// Something for a chat to do.
pub struct Job {
    /// What happened.
    pub input: Input,
    /// The update it came with.
    pub update: Option<UpdateId>,
    /// Their language code.
    pub language: Option<String>,
    /// How they come in.
    pub door: Door,
    /// The press to answer.
    pub press: Option<String>,
    /// When the update came; none for what is no update.
    pub received: Option<Instant>,
    /// How it came.
    pub way: Way,
    /// Told what became of it.
    pub done: Done,
}

/// Told once what became of an update.
pub type Done = Box<dyn FnOnce(End) + Send>;

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is stored, or can never be. Where Telegram waits for it, the answer to a press goes with
    /// it.
    Finished(Option<Answer>),
    /// It must come again.
    Again,
}

/// The answer to a press that was not given yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The press.
    pub press: String,
    /// What to show for a moment over the button.
    pub notice: Option<String>,
}

impl End {
    /// Finished, with nothing left to answer.
    pub fn finished() -> End {
        End::Finished(None)
    }

    /// Finished, but for the answer to a press.
    pub fn answering(press: String, notice: Option<String>) -> End {
        End::Finished(Some(Answer { press, notice }))
    }
}

impl Job {
    /// Something that the person did not do, such as a timer.
    pub fn of_ours(input: Input, done: impl FnOnce(End) + Send + 'static) -> Job {
        Job {
            input,
            update: None,
            language: None,
            door: Door::Open,
            press: None,
            received: None,
            way: Way::Poll,
            done: Box::new(done),
        }
    }
}
