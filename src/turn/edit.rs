//! The one edit that is most of what is ever shown: the open question, changed in its message.

use super::*;
use crate::clock::Clock;
use crate::engine::Priority;

/// What a record asks to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Nothing: it is all there.
    Nothing,
    /// Only that the open question is changed in its message.
    Question {
        /// The message.
        message: i64,
        /// What it is to show.
        view: View,
        /// What is shown then.
        shown: Shown,
    },
    /// More, which [`deliver`] does.
    More,
}

/// What is shown by now, and not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The version of the record that was shown.
    pub version: u64,
    /// What is shown of it.
    pub shown: Shown,
}

impl Known {
    /// Note it in the record, if that is still the one that was shown.
    pub(super) fn note_in(self, record: &mut Record) {
        if record.version == self.version {
            record.body.shown = Some(self.shown);
            record.body.refused = 0;
        }
    }
}

/// How urgent is what is not urgent by itself.
pub fn urgency(is_theirs: bool) -> Priority {
    if is_theirs {
        Priority::Answer
    } else {
        Priority::Reminder
    }
}

/// What a turn asks to be shown: of how somebody stands only the question, where nothing else changed.
pub fn edit(record: Option<&Record>, seen: Option<Seen>) -> Edit {
    let Some(body) = record.map(|record| &record.body) else {
        return Edit::More;
    };
    let nothing_else = body.owed.is_empty()
        && body.folding.is_empty()
        && body.over.is_empty()
        && body.live.is_none();
    // How they stand over another edition is not at hand.
    let Some(seen) = seen.filter(|seen| nothing_else && seen.live.is_none()) else {
        return Edit::More;
    };
    let Some(view) = seen.question else {
        return Edit::Nothing;
    };
    let hash = hash(&view);
    match body.shown {
        Some(shown) if shown.view == hash => Edit::Nothing,
        Some(Shown { message, .. }) => Edit::Question {
            message,
            view,
            shown: Shown {
                message,
                view: hash,
            },
        },
        None => Edit::More,
    }
}

/// Whether this time comes so soon that it must not wait for an edit to be stored with something else.
pub fn is_near(next_due: Option<Timestamp>, clock: &dyn Clock) -> bool {
    next_due.is_some_and(|at| at < clock.now() + DELIVERY_LEASE)
}

/// What storing that a question is shown came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is stored, and they are due then.
    Done(Option<Timestamp>),
    /// Somebody else has changed the record meanwhile, and shows it, or has erased it.
    Overtaken,
}

/// Store that the question of this record is shown.
pub async fn settle(
    bot: &Bot,
    person: Person,
    record: Record,
    shown: Shown,
    clock: &dyn Clock,
) -> Result<Settled, StoreError> {
    let version = record.version;
    let mut next = record;
    Known { version, shown }.note_in(&mut next);
    let d = bot.edition_or_today(&next).await?;
    let now = clock.now();
    note_due(seen(&d, &next, now).as_ref(), &mut next, now);
    fail_point::reach("settle.before");
    let committed = bot.store.commit(person, version, &next, None).await?;
    fail_point::reach("settle.after");
    Ok(match committed {
        Commit::Applied | Commit::Already(_) => Settled::Done(next.due),
        Commit::Conflict(_) => Settled::Overtaken,
    })
}

/// The record after others showed it and an edit of ours came, perhaps behind theirs: what it asks for
/// then puts that right.
pub fn put_right(mut record: Record, ours: Shown) -> Record {
    match &mut record.body.shown {
        Some(shown) if shown.message == ours.message => *shown = ours,
        _ => record.body.folding.push(ours.message),
    }
    record
}
