//! What is counted of a turn once it is stored: what is owed now, and verdicts by their level alone.

use jiff::Timestamp;

use crate::dialogue::Disposition;
use crate::engine::session::What;
use crate::engine::{Owed, Session};
use crate::metrics::{Level, metrics};

/// What a turn will have added.
#[derive(Debug, Default)]
pub struct Counts {
    owed: usize,
    told: Option<Level>,
}

impl Counts {
    /// This is owed to the person of the session, since now. A verdict that is only said once more
    /// was told before.
    pub fn owes(&mut self, owed: &Owed, session: Option<&Session>, now: Timestamp) {
        self.owed += 1;
        if let (Owed::Verdict { event }, Some(session)) = (owed, session)
            && let Some(event) = session.log.get(usize::from(*event))
            && let What::Told { disposition } = event.what
            && event.at_ms == now.as_millisecond()
        {
            self.told = level(disposition);
        }
    }

    /// The turn is stored.
    pub fn count(self) {
        metrics().owed.many(self.owed);
        if let Some(level) = self.told {
            metrics().dispositions.of(level).one();
        }
    }
}

/// The level of a verdict; none when it was about nobody's symptoms.
fn level(disposition: Disposition) -> Option<Level> {
    Some(match disposition {
        Disposition::NoTriage => return None,
        Disposition::SelfCare => Level::SelfCare,
        Disposition::Routine => Level::Routine,
        Disposition::Soon => Level::Soon,
        Disposition::Urgent => Level::Urgent,
        Disposition::Emergency => Level::Emergency,
    })
}
