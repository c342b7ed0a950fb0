//! What a new version of the dialogue means for those who talk already: counted, moved, and told.
//!
//! `backtalk migrate` and `backtalk recall` call it. A bot moves people by itself as they write; how
//! is in `engine/moved.rs`. Counts name nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::dialogue::{Dialogue, Disposition};
use crate::engine::moved::{Fate, Moved, Way};
use crate::engine::recall::{self, Recall};
use crate::engine::route::{self, Place};
use crate::engine::session::What;
use crate::engine::{Seen, Session, State, timers};
use crate::store::{Commit, Person, Record, StoreError};
use crate::turn::{self, Bot};

/// How often a change is tried against others who write the same record.
const MOST_CONFLICTS: usize = 20;

/// People by what a version means for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// They are on this version.
    pub here: usize,
    /// Nothing changes for them.
    pub same: usize,
    /// Their check has one question more, or several.
    pub more: usize,
    /// It is more urgent by this version.
    pub rises: usize,
    /// It is less urgent by this version.
    pub falls: usize,
    /// They finish on the version that they began with.
    pub pinned: usize,
    /// The version that they began with is not kept; they begin again when they write.
    pub unknown: usize,
    /// Their record cannot be read.
    pub unreadable: usize,
    /// Of all these, those who were moved just now.
    pub moved: usize,
}

/// Count what this version means for everybody who was active after `oldest`. `moves` also moves
/// those for whom nothing changes and who are not in the middle of a question: a button that
/// somebody sees is still to count, so the others are moved by the bot with their next word.
pub async fn migrate(
    bot: &Bot,
    oldest: Timestamp,
    now: Timestamp,
    moves: bool,
) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    for person in bot.store.active_between(oldest, Timestamp::MAX).await? {
        let record = match bot.store.load(person).await {
            Err(StoreError::Unreadable(_)) => {
                counts.unreadable += 1;
                continue;
            }
            record => record?,
        };
        let Some((record, session)) = with_session(record) else {
            continue;
        };
        if session.form == bot.dialogue.form {
            counts.here += 1;
            continue;
        }
        let Some(old) = bot.edition_of(&record).await? else {
            counts.unknown += 1;
            continue;
        };
        let way = Way::new(&old, &bot.dialogue);
        let fate = way.fate(&session);
        *match fate {
            Fate::Same => &mut counts.same,
            Fate::MoreQuestions { .. } => &mut counts.more,
            Fate::Rises(_) => &mut counts.rises,
            Fate::Falls(_) => &mut counts.falls,
            Fate::Pinned => &mut counts.pinned,
        } += 1;
        if moves && moves_unseen(&way, &old, &session, fate).is_some() {
            let change = |record: &mut Record| match record.body.session.clone() {
                // Only as long as it is what was looked at.
                Some(s) if s == session => match moves_unseen(&way, &old, &s, fate) {
                    Some(to) => moved(&bot.dialogue, record, to, now),
                    None => false,
                },
                _ => false,
            };
            counts.moved += usize::from(commit(bot, person, change).await?);
        }
    }
    Ok(counts)
}

/// The session where it is moved, if they would not notice.
fn moves_unseen(way: &Way<'_>, old: &Dialogue, session: &Session, fate: Fate) -> Option<Session> {
    let Moved::To(to) = way.moved(session) else {
        return None;
    };
    let renumbered = What::Moved { renumbered: true };
    let is_asked = matches!(
        route::place(old, &State::of(old, session)),
        Place::Asking(_)
    );
    let is_unseen = match fate {
        Fate::Same | Fate::Falls(_) => true,
        Fate::MoreQuestions { .. } | Fate::Rises(_) | Fate::Pinned => false,
    };
    let keeps_buttons = !is_asked || to.log.last().is_none_or(|e| e.what != renumbered);
    (is_unseen && keeps_buttons).then_some(*to)
}

fn moved(d: &Dialogue, record: &mut Record, to: Session, now: Timestamp) -> bool {
    let next = timers::next_due(d, &to, now);
    record.body.session = Some(to);
    // Nothing is due to somebody who cannot be reached.
    if next.is_some() {
        due_by(d, record, next, now);
    }
    true
}

/// Let the bot look at somebody at this moment at the latest.
fn due_by(d: &Dialogue, record: &mut Record, at: Option<Timestamp>, now: Timestamp) {
    record.due = [record.due, at].into_iter().flatten().min();
    if let Some(session) = &record.body.session {
        record.lane = turn::lane(record, &Seen::of(d, session, now));
    }
}

/// How many people are to be told what, and how many cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recalls {
    /// By what they were told and what is found now, the most urgent last.
    pub by_level: BTreeMap<(Disposition, Disposition), usize>,
    /// Those who finish, or finished, on an older version and cannot be judged by this one.
    pub pinned: usize,
    /// Those who were told something by a version that is not kept, or whose record cannot be read.
    pub unknown: usize,
}

impl Recalls {
    /// How many are to be told.
    pub fn people(&self) -> usize {
        self.by_level.values().sum()
    }
}

/// Count whom this version finds more urgent than what they were told, of those who were active
/// after `oldest`. `tells` owes each of them the message, once.
pub async fn recall(
    bot: &Bot,
    oldest: Timestamp,
    now: Timestamp,
    tells: bool,
) -> Result<Recalls, StoreError> {
    let mut recalls = Recalls::default();
    for person in bot.store.active_between(oldest, Timestamp::MAX).await? {
        let record = match bot.store.load(person).await {
            Err(StoreError::Unreadable(_)) => {
                recalls.unknown += 1;
                continue;
            }
            record => record?,
        };
        let Some((record, session)) = with_session(record) else {
            continue;
        };
        if session.form == bot.dialogue.form {
            continue;
        }
        let Some(old) = bot.edition_of(&record).await? else {
            recalls.unknown += 1;
            continue;
        };
        let way = Way::new(&old, &bot.dialogue);
        recalls.pinned += usize::from(way.fate(&session) == Fate::Pinned);
        let Some(found) = recall::recall(&old, &way, &session) else {
            continue;
        };
        let is_counted = !tells || {
            let change = |record: &mut Record| tell(&way, &old, record, found, now);
            commit(bot, person, change).await?
        };
        let level = (found.told, found.found);
        *recalls.by_level.entry(level).or_default() += usize::from(is_counted);
    }
    recalls.by_level.retain(|_, count| *count > 0);
    Ok(recalls)
}

/// Owe the message, if it is still to be told.
fn tell(way: &Way<'_>, old: &Dialogue, record: &mut Record, found: Recall, now: Timestamp) -> bool {
    let Some(mut session) = record.body.session.clone() else {
        return false;
    };
    // Somebody who wrote meanwhile may be on this version by now.
    if session.form != old.form || recall::recall(old, way, &session) != Some(found) {
        return false;
    }
    let at = recall::may_come(old, &session, found, now);
    let owed = recall::note(&mut session, found, now);
    record.body.session = Some(session);
    record.body.owe(owed);
    due_by(old, record, Some(at), now);
    true
}

fn with_session(record: Option<Record>) -> Option<(Record, Session)> {
    let record = record?;
    let session = record.body.session.clone()?;
    Some((record, session))
}

/// Change a record as it stands; the answer is whether it was changed.
async fn commit(
    bot: &Bot,
    person: Person,
    change: impl Fn(&mut Record) -> bool,
) -> Result<bool, StoreError> {
    let mut found = bot.store.load(person).await?;
    for _ in 0..MOST_CONFLICTS {
        // Forgotten meanwhile.
        let Some(record) = found else {
            return Ok(false);
        };
        let mut next = record.clone();
        if !change(&mut next) {
            return Ok(false);
        }
        let committed = bot.store.commit(person, record.version, &next, None);
        match committed.await? {
            Commit::Applied => return Ok(true),
            Commit::Already(_) => return Ok(false),
            Commit::Conflict(other) => found = other,
        }
    }
    Err(StoreError::Unavailable(
        "too many others are writing the same record".into(),
    ))
}
