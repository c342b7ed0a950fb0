//! A session that began over one form of the dialogue, moved to another.
//!
//! It moves when its log folds over the new form to the same: every event has a counterpart, by
//! ids and by those that elements had before, and then the same is known and the same was told.
//! Anything else stays on the form that it began with until a new check begins. `turn` steps
//! through here whoever is on another form; `backtalk migrate` and `recall` count and move.

mod carry;
mod map;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::coaching;
use super::effect::{Owed, Step};
use super::fold::State;
use super::input::Input;
use super::route::{self, Place};
use super::session::{Begin, Event, Session, What};
use super::{conclude, hear, verdict};
use crate::assess;
use crate::dialogue::{Dialogue, Disposition, ScreenId};
use map::Map;

/// What becomes of a session under another form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It goes on there.
    To(Box<Session>),
    /// It stays, and why: in words that tell nothing of what was said.
    Pinned(&'static str),
}

/// What a move changes for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Same,
    /// Their check has a question that it had not; whether that one is next.
    MoreQuestions {
        /// It comes before the one that is open.
        now: bool,
    },
    /// By the new rules it is more urgent than what was told.
    Rises(Disposition),
    /// By the new rules it is less urgent. What was told stands until a new check.
    Falls(Disposition),
    /// The session cannot move.
    Pinned,
}

/// The way from one form to another.
pub struct Way<'a> {
    old: &'a Dialogue,
    new: &'a Dialogue,
    map: Map,
}

/// Apply one input to a session of the form `old`, with `new` as the form of today.
///
/// What the input says is understood with the form that the person saw; what follows from it is
/// decided by the new one, if the session moves. What they notice waits until they write or press
/// something: only an emergency is told whatever the hour. `may_cut` lets a new check begin on the
/// new form where what was before it cannot move.
pub fn step(
    old: &Dialogue,
    new: &Dialogue,
    session: &Session,
    input: &Input,
    now: Timestamp,
    may_cut: bool,
) -> Step {
    let heard = hear(old, session, input, now);
    let Some(said) = &heard.session else {
        return heard;
    };
    let stays = || super::step(old, session, input, now);
    let way = Way::new(old, new);
    let to = match way.moved(said) {
        Moved::To(to) => to,
        Moved::Pinned(_) => match way.last_check(said).filter(|_| may_cut) {
            Some(to) => to,
            None => return stays(),
        },
    };
    let fate = way.fate_of(said, &to);
    let is_emergency = fate == Fate::Rises(Disposition::Emergency);
    if !input.is_theirs() && fate != Fate::Same && !is_emergency {
        return stays();
    }
    let asked_before = State::of(old, session).open;
    let mut step = conclude(new, &to, now);
    let told = step.owed.iter().any(|o| matches!(o, Owed::Verdict { .. }));
    let line = match fate {
        Fate::MoreQuestions { now: true } if asked_before && !told => Some("version_asks"),
        Fate::Rises(_) if told && !asked_before && !to.is_recalled() => Some("version_rises"),
        _ => None,
    };
    step.fresh |= heard.fresh || line.is_some();
    step.notice = step.notice.or(heard.notice);
    let line = line.map(Owed::message);
    step.owed = heard
        .owed
        .into_iter()
        .chain(line)
        .chain(step.owed)
        .collect();
    step
}

impl<'a> Way<'a> {
    /// The way from `old` to `new`.
    pub fn new(old: &'a Dialogue, new: &'a Dialogue) -> Way<'a> {
        Way {
            old,
            new,
            map: Map::of(old, new),
        }
    }

    /// The whole session under the new form.
    pub fn moved(&self, session: &Session) -> Moved {
        self.carried(session, false)
    }

    /// What a move changes for this person.
    pub fn fate(&self, session: &Session) -> Fate {
        match self.moved(session) {
            Moved::To(to) => self.fate_of(session, &to),
            Moved::Pinned(_) => Fate::Pinned,
        }
    }

    /// The check that began last from nothing, alone, under the new form.
    fn last_check(&self, session: &Session) -> Option<Box<Session>> {
        let fresh = What::Began(Begin::Fresh);
        let begin = session.log.iter().rposition(|e| e.what == fresh)?;
        let mut before = session.clone();
        let log = before.log.split_off(begin);
        let visits_before = State::of(self.old, &before).visit;
        coaching::keep_days_of_answers(self.old, &mut before);
        let alone = Session {
            visits_before,
            log,
            ..before
        };
        match self.carried(&alone, true) {
            Moved::To(to) => Some(to),
            Moved::Pinned(_) => None,
        }
    }

    fn carried(&self, session: &Session, lenient: bool) -> Moved {
        let was = State::of(self.old, session);
        let before = route::place(self.old, &was);
        // Whether the open question is the same is known only once the log is moved.
        let Some(mut to) = self.map.session(session, None, lenient) else {
            return Moved::Pinned("something that was said has no place in the new form");
        };
        to.form = self.new.form;
        let is = State::of(self.new, &to);
        if !self.is_same(&was, &is) {
            return Moved::Pinned("the new form understands it otherwise");
        }
        let after = route::place(self.new, &is);
        let open = match (before, after) {
            (Place::Asking(b), Place::Asking(a)) => (self.map.screen(b) == Some(a)).then_some(b),
            _ => None,
        };
        if let Some(with_open) = self.map.session(session, open, lenient) {
            (to.aside, to.waiting) = (with_open.aside, with_open.waiting);
        }
        let same_place = open.is_some() || before == after;
        let renumbered = !self.map.is_same() || !same_place;
        match to.log.last().copied() {
            Some(Event { at_ms, .. }) => to.log.push(Event {
                at_ms,
                what: What::Moved { renumbered },
            }),
            None => to.visits_before = to.visits_before.wrapping_add(u32::from(renumbered)),
        }
        Moved::To(Box::new(to))
    }

    /// Whether the same is known, and the same was told.
    fn is_same(&self, was: &State, is: &State) -> bool {
        let known = self.map.knowledge(&was.known, self.new);
        let before = match &was.before {
            Some(before) => self.map.knowledge(before, self.new).map(Some),
            None => Some(None),
        };
        let screens = |all: &BTreeSet<ScreenId>| {
            let all = all.iter().map(|s| self.map.screen(*s));
            all.collect::<Option<BTreeSet<_>>>()
        };
        let unanswered = was.unanswered.iter().map(|f| self.map.fact(*f));
        let check_in = match was.check_in {
            Some(mut open) => self.map.check_in(open.number).map(|number| {
                open.number = number;
                Some(open)
            }),
            None => Some(None),
        };
        known.as_ref() == Some(&is.known)
            && before.as_ref() == Some(&is.before)
            && screens(&was.done).as_ref() == Some(&is.done)
            && screens(&was.skipped).as_ref() == Some(&is.skipped)
            && unanswered.collect::<Option<_>>().as_ref() == Some(&is.unanswered)
            && check_in == Some(is.check_in)
            && (was.began, was.open, was.planned) == (is.began, is.open, is.planned)
            && (was.told, was.floor, was.came_back) == (is.told, is.floor, is.came_back)
            && was.triaged_ms == is.triaged_ms
    }

    fn fate_of(&self, session: &Session, to: &Session) -> Fate {
        let (was, is) = (State::of(self.old, session), State::of(self.new, to));
        let told = is.told.filter(|_| !is.open).map(|t| t.disposition);
        let is_emergency = |d, state: &State| assess::is_emergency(d, &state.known);
        if told != Some(Disposition::Emergency)
            && is_emergency(self.new, &is)
            && !is_emergency(self.old, &was)
        {
            return Fate::Rises(Disposition::Emergency);
        }
        if let Some(told) = told.filter(|t| *t != Disposition::NoTriage) {
            let before = verdict::assessment(self.old, &was).disposition;
            let found = verdict::assessment(self.new, &is).disposition;
            return match found {
                found if found > told && before <= told => Fate::Rises(found),
                found if found < told && before >= told => Fate::Falls(found),
                _ => Fate::Same,
            };
        }
        if !is.open {
            return Fate::Same;
        }
        let there: Vec<ScreenId> = route::pending(self.old, &was)
            .into_iter()
            .filter_map(|s| self.map.screen(s))
            .collect();
        let pending = route::pending(self.new, &is);
        let mut more = pending.iter().filter(|s| !there.contains(s)).peekable();
        match more.peek() {
            None => Fate::Same,
            Some(first) => Fate::MoreQuestions {
                now: pending.first() == Some(*first),
            },
        }
    }
}
