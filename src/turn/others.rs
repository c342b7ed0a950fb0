//! Another process that shows something to the same person at this moment.
//!
//! Processes share the work, and two updates of one chat may reach two of them. What one is sending is
//! owed until it is settled, so the other would send it too; and of two edits under way at once the
//! older might stay. Whoever committed a moment ago is given that moment.

use super::*;

/// What another process committed is left to it for so long. One that died is waited for in vain, so it
/// is a part of the two seconds in which somebody is to be answered.
const MOMENT: SignedDuration = SignedDuration::from_millis(1_500);

/// The most that a turn waits for others, however often they commit.
pub(super) const MOST: SignedDuration = SignedDuration::from_millis(1_750);

/// So long after its commit an edit has arrived. One that took longer looks by itself whether something
/// else was to be shown meanwhile.
pub const SWIFT: SignedDuration = SignedDuration::from_millis(250);

/// Who is sending a new message is looked at again after this long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_millis(20);

/// Whether others may be showing something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Others {
    /// Nobody else shows anything.
    #[default]
    None,
    /// Other processes may.
    Some {
        /// But what stands in the record of this version is ours to show.
        ours: Option<u64>,
    },
}

impl Others {
    /// How long to wait before this record is looked at again, since somebody else is showing what it
    /// asks for.
    pub(super) fn wait(
        self,
        d: &Dialogue,
        (record, session): (&Record, &Session),
        input: &Input,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let Others::Some { ours } = self else {
            return None;
        };
        let leased = record.due? - DELIVERY_LEASE;
        let age = now.duration_since(leased);
        if ours == Some(record.version) || age.is_negative() || age >= MOMENT {
            return None;
        }
        let body = &record.body;
        if !body.owed.is_empty() {
            return Some(LOOK_AGAIN);
        }
        let is_edited = age < SWIFT && body.shown.is_some_and(|s| s.view == Shown::UNKNOWN);
        // Only who has begun a round or an exercise can be about to see one.
        let may_be_sent = body.shown.is_none() || body.live.is_none() && !session.rounds.is_empty();
        if !is_edited && !may_be_sent {
            return None;
        }
        let seen = Seen::of(d, session, now);
        let is_question_sent = body.shown.is_none() && seen.question.is_some();
        if is_question_sent || body.live.is_none() && seen.live.is_some() {
            return Some(LOOK_AGAIN);
        }
        // Who presses what only the edit can have brought has seen it.
        let visit = seen.question.and_then(|view| view.visit());
        let is_pressed = matches!(input, Input::Press(press) if Some(press.visit) == visit);
        let last = session.log.last();
        let is_new = session.aside == Aside::None && last.is_some_and(|e| !e.what.is_tick());
        (is_edited && !(is_pressed && is_new)).then(|| SWIFT - age)
    }
}
