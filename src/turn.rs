//! Load, step, commit, deliver: the one place where the pure core meets I/O.
//!
//! Save, then speak: session, owed messages and the next due time are stored in one commit; only
//! then anything is sent, and what was sent is settled with another. Every part may be repeated.

mod channel;
mod counts;
mod delivery;
mod edit;
mod lane;
mod others;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use channel::{Channel, LONGEST_CAPTION, SendError, caption_to_send};
use counts::Counts;
pub use delivery::{deliver, deliver_after};
pub use edit::{Edit, Known, Settled, edit, is_near, put_right, settle, urgency};
pub use lane::lane;
pub use others::{Others, SWIFT};

use crate::dialogue::{Act, Dialogue};
use crate::editions::Editions;
use crate::engine::coaching::{Round, standing};
use crate::engine::session::Aside;
use crate::engine::{
    self, Command, Input, Owed, Press, Seen, Session, State, View, Wish, moved, step, timers, view,
};
use crate::fail_point;
use crate::store::{
    Commit, Lane, Live, OwedEntry, Person, Record, Shown, Store, StoreError, UpdateId,
};

/// What a turn needs: the dialogue and where records live.
#[derive(Clone)]
pub struct Bot {
    /// The dialogue.
    pub dialogue: Arc<Dialogue>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Older editions of the dialogue, for talks that began with them.
    pub editions: Arc<Editions>,
}

impl Bot {
    /// A bot that knows no edition but today's.
    pub fn new(dialogue: Arc<Dialogue>, store: Arc<dyn Store>) -> Bot {
        Bot {
            dialogue,
            store,
            editions: Arc::default(),
        }
    }

    /// The edition over which a record was held, if it is at hand; of an empty one that of today.
    pub async fn edition_of(&self, record: &Record) -> Result<Option<Arc<Dialogue>>, StoreError> {
        let form = record.body.session.as_ref().map(|s| s.form);
        let form = form.unwrap_or(self.dialogue.form);
        self.editions.find(&*self.store, &self.dialogue, form).await
    }

    /// The same, or today's where it is not at hand.
    async fn edition_or_today(&self, record: &Record) -> Result<Arc<Dialogue>, StoreError> {
        let found = self.edition_of(record).await?;
        Ok(found.unwrap_or_else(|| self.dialogue.clone()))
    }
}

/// What a turn did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The record after the commit. Nothing when everything about the person was erased.
    pub record: Option<Record>,
    /// The update was applied before, so nothing changed.
    pub already: bool,
    /// They may not come in, so nothing was stored.
    pub turned_away: bool,
    /// A message to show for a moment over the pressed button.
    pub notice: Option<&'static str>,
    /// How they stand after a commit over today's dialogue.
    pub seen: Option<Seen>,
    /// Last words to somebody whose record is gone.
    pub farewell: Vec<View>,
    /// The messages that showed the question, or a round, of somebody whose record is gone.
    pub left_behind: Vec<i64>,
}

/// How long after a commit somebody else may try to deliver it.
const DELIVERY_LEASE: SignedDuration = SignedDuration::from_secs(15);

/// How often a commit is tried against others before giving up.
const MOST_CONFLICTS: usize = 20;

/// The most messages that are owed at once: more than a person would read when a messenger that
/// could not be reached for long takes them at last.
const MOST_OWED: usize = 16;

/// The most messages that wait to be folded. One that is left out keeps its buttons, and a press
/// on them is told to be late.
const MOST_FOLDING: usize = 8;

/// Longest wait between tries to deliver, in seconds.
const LONGEST_RETRY: i64 = 60;

/// Where an input came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The update it came with.
    pub update: Option<UpdateId>,
    /// The person's language code, which may name their country.
    pub language: Option<String>,
    /// How they come in.
    pub door: Door,
    /// What is shown to them and was not stored yet.
    pub known: Option<Known>,
    /// Whether others may be showing something.
    pub others: Others,
}

/// How somebody comes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Door {
    /// Nobody asks them anything.
    #[default]
    Open,
    /// With a good invitation, which is noted in their record.
    Invitation,
    /// Only if such a note is there. Otherwise nothing of them is stored.
    OnlyInvited {
        /// Whether they showed an invitation that is no good.
        with_code: bool,
    },
}

/// Load, step and commit one input.
pub async fn take(
    bot: &Bot,
    person: Person,
    input: &Input,
    origin: &Origin,
    now: Timestamp,
) -> Result<Turned, StoreError> {
    let update = origin.update;
    fail_point::reach("load.before");
    let loaded = bot.store.load(person).await;
    fail_point::reach("load.after");
    let mut found = match loaded {
        // Nobody can read it any more, but it can be erased.
        Err(StoreError::Unreadable(_)) if *input == Input::Command(Command::Forget) => {
            bot.store.forget(person).await?;
            return Ok(erased_unread(&bot.dialogue, now));
        }
        loaded => loaded?,
    };
    if turns_away(origin, found.as_ref(), input) {
        // Another process may have let them in a moment ago.
        bot.store.doubt(person);
        found = bot.store.load(person).await?;
    }
    let (begun, mut now) = (now, now);
    let mut conflicts = 0;
    while conflicts < MOST_CONFLICTS {
        // Nothing begins with a timer or a block: of this person nothing is kept, or not any more.
        if found.is_none() && !input.is_theirs() {
            return Ok(nothing_kept());
        }
        if turns_away(origin, found.as_ref(), input) {
            return Ok(Turned {
                turned_away: true,
                ..nothing_kept()
            });
        }
        let is_unknown = found.is_none();
        let record = found.unwrap_or_default();
        if matches!(input, Input::Away { since } if record.active >= *since) {
            return Ok(unchanged(record));
        }
        let edition = bot.edition_or_today(&record).await?;
        let (before, today) = (&*edition, &*bot.dialogue);
        let mut session = session_of(before, &record);
        let busy = origin.others.wait(before, (&record, &session), input, now);
        if let Some(wait) = busy.filter(|_| now.duration_since(begun) < others::MOST) {
            tokio::time::sleep(wait.unsigned_abs()).await;
            now += wait;
            bot.store.doubt(person);
            found = bot.store.load(person).await?;
            continue;
        }
        if update.is_some_and(|u| record.seen.contains(&u)) {
            return Ok(unchanged(record));
        }
        let lost = record
            .body
            .session
            .as_ref()
            .filter(|s| s.form != session.form);
        if is_unknown && is_press(input, |act| act == Act::Forget) {
            // It comes again: they were forgotten before it was acknowledged.
            session.aside = Aside::Message("forget_ask".into());
        }
        if let Some(language) = &origin.language {
            engine::meet(&bot.dialogue, &mut session, language);
        }
        let mut result = if session.form == today.form {
            step(today, &session, input, now)
        } else {
            // A verdict that is still owed is told from the log of before.
            let owes = |o: &OwedEntry| matches!(o.owed, Owed::Verdict { .. });
            let may_cut = !record.body.owed.iter().any(owes);
            moved::step(before, today, &session, input, now, may_cut)
        };
        let Some(after) = result.session else {
            // Nothing will speak of a pack that is still on.
            let on = matches!(standing(&session).round, Round::On { .. });
            let off = on.then(|| Owed::message("off_again"));
            let farewell = result
                .owed
                .iter()
                .chain(&off)
                .map(|o| engine::view::render(before, &session, o, now))
                // Nobody would know what a button means.
                .map(|view| View {
                    rows: Vec::new(),
                    ..view
                })
                .collect();
            bot.store.forget(person).await?;
            return Ok(Turned {
                notice: result.notice,
                farewell,
                left_behind: left_behind(&record),
                ..nothing_kept()
            });
        };
        let mut next = record.clone();
        if let Some(known) = origin.known {
            known.note_in(&mut next);
        }
        next.body.session = Some(after);
        next.body.invited |= origin.door == Door::Invitation;
        // The rounds of another form are gone, but a pack of theirs may still be on.
        let pack_on = lost.is_some_and(|s| matches!(standing(s).round, Round::On { .. }));
        let warning = pack_on.then(|| Owed::message("off_again"));
        if let Some(session) = &next.body.session {
            let meant = |o: &OwedEntry| engine::meant::is_meant(session, &o.owed, now);
            next.body.owed.retain(meant);
        }
        let mut counts = Counts::default();
        for owed in warning.into_iter().chain(result.owed) {
            counts.owes(&owed, next.body.session.as_ref(), now);
            next.body.owe(owed);
        }
        bound_owed(&mut next.body.owed);
        if let Some(u) = update {
            next.saw(u);
        }
        if input.is_theirs() {
            next.active = now;
        }
        let form = next.body.session.as_ref().map(|s| s.form);
        let after = if form == Some(before.form) {
            before
        } else {
            today
        };
        let seen = next.body.session.as_ref();
        // The fold is large, and not needed while this is stored.
        let state = result.state.take();
        let seen = seen.map(|session| match state {
            Some(state) => Seen::of_state(after, session, &state, now),
            None => Seen::of(after, session, now),
        });
        if let Some(seen) = &seen {
            place_question(seen, &mut next, result.fresh);
            place_live(seen, &mut next);
        }
        note_due(seen.as_ref(), &mut next, now);
        if *input == Input::Blocked {
            owe_nothing(&mut next);
        }
        fail_point::reach("commit.before");
        let committed = bot
            .store
            .commit(person, record.version, &next, update)
            .await?;
        fail_point::reach("commit.after");
        match committed {
            Commit::Applied => {
                counts.count();
                next.version = record.version + 1;
                return Ok(Turned {
                    record: Some(next),
                    notice: result.notice,
                    seen,
                    ..nothing_kept()
                });
            }
            Commit::Already(record) => return Ok(unchanged(record)),
            Commit::Conflict(other) => {
                conflicts += 1;
                found = other;
            }
        }
    }
    Err(StoreError::Unavailable(
        "too many others are writing the same record".into(),
    ))
}

/// The messages with buttons that would be left as they are.
fn left_behind(record: &Record) -> Vec<i64> {
    let body = &record.body;
    let shown = [body.shown, body.live.map(|l| l.shown)];
    let shown = shown.into_iter().flatten().map(|s| s.message);
    shown.chain(body.over.iter().copied()).collect()
}

/// Somebody cannot be reached: nothing is sent, and nothing is due, until they write again.
fn owe_nothing(record: &mut Record) {
    record.body.owed.clear();
    record.body.folding.clear();
    record.body.over.clear();
    record.due = None;
    record.lane = Lane::default();
}

/// Leave somebody alone until then, whatever is due.
pub async fn put_off(bot: &Bot, person: Person, until: Timestamp) -> Result<(), StoreError> {
    if let Some(mut record) = bot.store.load(person).await? {
        record.due = Some(until);
        record.lane = Lane::default();
        // When somebody else is writing, they have set a new time.
        bot.store
            .commit(person, record.version, &record, None)
            .await?;
    }
    Ok(())
}

/// Whether somebody may not come in. What ends something is heard from everybody whose record is
/// still kept.
fn turns_away(origin: &Origin, found: Option<&Record>, input: &Input) -> bool {
    let ends = || {
        let ends = [Act::Forget, Act::Stop, Act::StopToday, Act::ItIsOff];
        *input == Input::Blocked
            || matches!(input, Input::Command(Command::Forget | Command::Stop))
            || is_press(input, |act| ends.contains(&act))
    };
    matches!(origin.door, Door::OnlyInvited { .. })
        && !found.is_some_and(|record| record.body.invited || ends())
}

/// Whether a button was pressed that does such a thing.
fn is_press(input: &Input, fits: impl Fn(Act) -> bool) -> bool {
    matches!(input, Input::Press(Press { wish: Wish::Act(act), .. }) if fits(*act))
}

/// What is said to somebody whose record could not be read and is erased now.
fn erased_unread(d: &Dialogue, now: Timestamp) -> Turned {
    let done = Owed::message("forget_done");
    Turned {
        farewell: vec![view::render(d, &engine::begin(d), &done, now)],
        ..nothing_kept()
    }
}

fn unchanged(record: Record) -> Turned {
    Turned {
        record: Some(record),
        already: true,
        ..nothing_kept()
    }
}

fn nothing_kept() -> Turned {
    Turned {
        record: None,
        already: false,
        turned_away: false,
        notice: None,
        seen: None,
        farewell: Vec::new(),
        left_behind: Vec::new(),
    }
}

/// The session of a record over the edition it names, or a new one. Answers to a form of which no
/// edition is at hand cannot be read, so the person is told and asked again.
fn session_of(d: &Dialogue, record: &Record) -> Session {
    match &record.body.session {
        Some(s) if s.form == d.form => s.clone(),
        Some(other) => {
            let mut new = engine::begin(d);
            new.country.clone_from(&other.country);
            new.language.clone_from(&other.language);
            new.zone.clone_from(&other.zone);
            new.quiet = other.quiet;
            new.visits_before = other
                .visits_before
                .wrapping_add(other.log.len() as u32)
                .wrapping_add(1);
            new.aside = Aside::Note("error_lost".into());
            new
        }
        None => engine::begin(d),
    }
}

/// Decide where the open question is to be shown: a message that lies above newer ones, or has no
/// question any more, is left behind and folded. While another view of it is on its way, nobody can tell
/// what it shows.
fn place_question(seen: &Seen, record: &mut Record, fresh: bool) {
    let is_gone = seen.question.is_none();
    // A question goes below what is said meanwhile; the plan stays where it is.
    let news = seen.is_open && !record.body.owed.is_empty();
    if (fresh || news || is_gone)
        && let Some(shown) = record.body.shown.take()
    {
        let folding = &mut record.body.folding;
        folding.push(shown.message);
        folding.drain(..folding.len().saturating_sub(MOST_FOLDING));
    }
    if let (Some(view), Some(shown)) = (&seen.question, &mut record.body.shown)
        && !is_shown(*shown, view)
    {
        shown.view = Shown::UNKNOWN;
    }
}

/// The message of a round or an exercise that is over is left behind.
fn place_live(seen: &Seen, record: &mut Record) {
    let wanted = seen.live.as_ref().map(|(began_ms, _)| *began_ms);
    if let Some(live) = record.body.live.take_if(|l| Some(l.began_ms) != wanted) {
        let over = &mut record.body.over;
        over.push(live.shown.message);
        over.drain(..over.len().saturating_sub(MOST_FOLDING));
    }
}

/// Leave out the oldest of the least urgent messages, so that the newest verdict stays.
fn bound_owed(owed: &mut Vec<OwedEntry>) {
    while owed.len() > MOST_OWED {
        let lazy = owed.iter().position(|o| o.owed.priority().is_none());
        owed.remove(lazy.unwrap_or(0));
    }
}

/// Note when the bot must look at this person again, and in which lane.
fn note_due(seen: Option<&Seen>, record: &mut Record, now: Timestamp) {
    record.due = seen.and_then(|seen| due(seen, record, now));
    record.lane = match (seen, record.due) {
        (Some(seen), Some(_)) => lane(record, seen),
        _ => Lane::default(),
    };
}

/// When the bot must look at this person again.
fn due(seen: &Seen, record: &Record, now: Timestamp) -> Option<Timestamp> {
    // While something is being sent, a timer waits until that is settled: another process that took
    // it up meanwhile would send the same.
    if has_undelivered(seen, record) {
        return Some(now + DELIVERY_LEASE);
    }
    // What changes by itself as time goes by is looked at too; a timer never waits for it.
    let lease = has_progress(seen, record).then_some(now + DELIVERY_LEASE);
    let soonest = [seen.next_due(), lease.or(seen.next_look)];
    soonest.into_iter().flatten().min()
}

/// How the session of a record stands now.
fn seen(d: &Dialogue, record: &Record, now: Timestamp) -> Option<Seen> {
    let session = record.body.session.as_ref()?;
    Some(Seen::of(d, session, now))
}

/// The least wait after a failed delivery: twice as long with every failure of the same message.
fn back_off(record: &Record) -> SignedDuration {
    let attempts = record
        .body
        .owed
        .iter()
        .map(|o| o.attempts)
        .max()
        .unwrap_or(0);
    if record.body.owed.is_empty() {
        // Only what is shown is not up to date, and no tries of that are counted.
        return DELIVERY_LEASE;
    }
    SignedDuration::from_secs((1_i64 << attempts.saturating_sub(1).min(12)).min(LONGEST_RETRY))
}

fn has_undelivered(seen: &Seen, record: &Record) -> bool {
    let body = &record.body;
    if !body.owed.is_empty() || !body.folding.is_empty() {
        return true;
    }
    if !body.over.is_empty() || body.live.is_none() && seen.live.is_some() {
        return true;
    }
    match &seen.question {
        Some(v) => body.shown.is_none_or(|s| !is_shown(s, v)),
        None => false,
    }
}

/// Whether the message of a round or an exercise shows how far it was a while ago. An edit may be
/// repeated, so nothing waits for it.
fn has_progress(seen: &Seen, record: &Record) -> bool {
    let (Some(live), Some((_, view))) = (record.body.live, &seen.live) else {
        return false;
    };
    hash(view) != live.shown.view
}

/// Whether a message is known to show this view.
fn is_shown(shown: Shown, view: &View) -> bool {
    shown.view != Shown::UNKNOWN && shown.view == hash(view)
}

/// The hash by which a view is known to be shown.
pub fn hash(view: &View) -> u64 {
    let mut hasher = DefaultHasher::new();
    view.hash(&mut hasher);
    match hasher.finish() {
        Shown::UNKNOWN => 1,
        hash => hash,
    }
}
