//! Load, step, commit, deliver: the one place where the pure core meets I/O.
//!
//! Save, then speak: session, owed messages and the next due time are stored in one commit; only
//! then anything is sent, and what was sent is settled with another. Every part may be repeated.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::dialogue::Dialogue;
use crate::engine::session::Aside;
use crate::engine::{self, Input, Owed, Session, State, View, rounds, step, view};
use crate::store::{Commit, OwedEntry, Person, Record, Shown, Store, StoreError, UpdateId};

/// What a turn needs: the dialogue and where records live.
#[derive(Clone)]
pub struct Bot {
    /// The dialogue.
    pub dialogue: Arc<Dialogue>,
    /// The store.
    pub store: Arc<dyn Store>,
}

/// What a turn did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The record after the commit. Nothing when everything about the person was erased.
    pub record: Option<Record>,
    /// The update was applied before, so nothing changed.
    pub already: bool,
    /// A message to show for a moment over the pressed button.
    pub notice: Option<&'static str>,
    /// Last words to somebody whose record is gone.
    pub farewell: Vec<View>,
    /// The question message of somebody whose record is gone.
    pub left_behind: Option<i64>,
}

/// A way to reach a person.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Send a new message; the answer is its number.
    async fn send(&self, person: Person, view: &View, priority: u8) -> Result<i64, SendError>;

    /// Change a message. A message that shows this already is a success.
    async fn edit(&self, person: Person, message: i64, view: &View) -> Result<(), SendError>;

    /// Send a text file.
    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError>;
}

/// Why a message was not sent. The variants differ in what the caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The person cannot be reached any more: stop their timers.
    Gone,
    /// The message to edit does not exist: send anew.
    NoMessage,
    /// Try again after this long.
    Later(Duration),
}

/// How long after a commit somebody else may try to deliver it.
const DELIVERY_LEASE: SignedDuration = SignedDuration::from_secs(15);

/// How often a commit is tried against others before giving up.
const MOST_CONFLICTS: usize = 20;

/// Longest wait between tries to deliver, in seconds.
const LONGEST_RETRY: i64 = 60;

/// Where an input came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The update it came with.
    pub update: Option<UpdateId>,
    /// The person's language code, which may name their country.
    pub language: Option<String>,
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
    let mut found = bot.store.load(person).await?;
    for _ in 0..MOST_CONFLICTS {
        // Nothing begins with a timer or a block: of this person nothing is kept, or not any more.
        if found.is_none() && matches!(input, Input::Due | Input::Blocked) {
            return Ok(nothing_kept());
        }
        let record = found.unwrap_or_default();
        if update.is_some_and(|u| record.seen.contains(&u)) {
            return Ok(unchanged(record));
        }
        let mut session = session_of(&bot.dialogue, &record);
        if let Some(language) = &origin.language {
            engine::meet(&bot.dialogue, &mut session, language);
        }
        let result = step(&bot.dialogue, &session, input, now);
        let Some(after) = result.session else {
            let farewell = result
                .owed
                .iter()
                .map(|o| engine::view::render(&bot.dialogue, &session, o, now))
                .collect();
            bot.store.forget(person).await?;
            return Ok(Turned {
                record: None,
                already: false,
                notice: result.notice,
                farewell,
                left_behind: record.body.shown.map(|s| s.message),
            });
        };
        let mut next = record.clone();
        next.body.session = Some(after);
        for owed in result.owed {
            next.body.owed.push(OwedEntry {
                number: next.body.next_owed,
                owed,
                attempts: 0,
            });
            next.body.next_owed = next.body.next_owed.wrapping_add(1);
        }
        if let Some(u) = update {
            next.saw(u);
        }
        place_question(&bot.dialogue, &mut next, result.fresh, now);
        next.due = due(&bot.dialogue, &next, now);
        match bot
            .store
            .commit(person, record.version, &next, update)
            .await?
        {
            Commit::Applied => {
                next.version = record.version + 1;
                return Ok(Turned {
                    record: Some(next),
                    already: false,
                    notice: result.notice,
                    farewell: Vec::new(),
                    left_behind: None,
                });
            }
            Commit::Already(record) => return Ok(unchanged(record)),
            Commit::Conflict(other) => found = other,
        }
    }
    Err(StoreError::Unavailable(
        "too many others are writing the same record".into(),
    ))
}

fn unchanged(record: Record) -> Turned {
    Turned {
        record: Some(record),
        already: true,
        notice: None,
        farewell: Vec::new(),
        left_behind: None,
    }
}

fn nothing_kept() -> Turned {
    Turned {
        record: None,
        already: false,
        notice: None,
        farewell: Vec::new(),
        left_behind: None,
    }
}

/// The session of a record, or a new one. Answers to another form of the dialogue cannot be read
/// with this one, so the person is told and asked again.
fn session_of(d: &Dialogue, record: &Record) -> Session {
    match &record.body.session {
        Some(s) if s.form == d.form => s.clone(),
        Some(other) => {
            let mut new = engine::begin(d);
            new.country.clone_from(&other.country);
            new.language.clone_from(&other.language);
            new.visits_before = other.visits_before + other.log.len() as u32 + 1;
            new.aside = Aside::Note("error_lost".into());
            new
        }
        None => engine::begin(d),
    }
}

/// Decide where the open question is to be shown: a message that lies above newer ones, or has no
/// question any more, is left behind and folded.
fn place_question(d: &Dialogue, record: &mut Record, fresh: bool, now: Timestamp) {
    let Some(session) = &record.body.session else {
        return;
    };
    let open = view::view(d, session, now).is_some();
    // A question goes below what is said meanwhile; the plan stays where it is.
    let asking = State::of(d, session).open;
    let news = asking && !record.body.owed.is_empty();
    if (fresh || news || !open)
        && let Some(shown) = record.body.shown.take()
    {
        record.body.folding.push(shown.message);
    }
}

/// When the bot must look at this person again.
fn due(d: &Dialogue, record: &Record, now: Timestamp) -> Option<Timestamp> {
    let session = record.body.session.as_ref()?;
    let timer = rounds::next_due(d, session);
    let retry = has_undelivered(d, record, now).then(|| now + DELIVERY_LEASE);
    [timer, retry].into_iter().flatten().min()
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
    SignedDuration::from_secs((1_i64 << attempts.saturating_sub(1).min(12)).min(LONGEST_RETRY))
}

fn has_undelivered(d: &Dialogue, record: &Record, now: Timestamp) -> bool {
    let body = &record.body;
    let Some(session) = &body.session else {
        return false;
    };
    if !body.owed.is_empty() || !body.folding.is_empty() {
        return true;
    }
    match view::view(d, session, now) {
        Some(v) => body.shown.is_none_or(|s| s.view != hash(&v)),
        None => false,
    }
}

/// Send everything that this record owes and bring the question message up to date; then settle.
///
/// What could not be sent stays owed. The answer is the record as it stands, or nothing when it
/// was changed by somebody else meanwhile and their delivery will follow.
pub async fn deliver(
    bot: &Bot,
    person: Person,
    record: Record,
    channel: &dyn Channel,
    now: Timestamp,
) -> Result<(), StoreError> {
    let d = &*bot.dialogue;
    let Some(session) = record.body.session.clone() else {
        return Ok(());
    };
    if !has_undelivered(d, &record, now) {
        return Ok(());
    }
    let mut done = Delivered::default();
    let outcome = send_all(d, &session, &record, person, channel, now, &mut done).await;
    match outcome {
        Ok(()) => {}
        Err(SendError::Gone) => {
            take(bot, person, &Input::Blocked, &Origin::default(), now).await?;
            done.gone = true;
        }
        Err(SendError::Later(wait)) => done.wait = Some(wait),
        Err(SendError::NoMessage) => {}
    }
    settle(bot, person, record, done, now).await
}

#[derive(Default)]
struct Delivered {
    sent: Vec<u32>,
    folded: Vec<i64>,
    shown: Option<Shown>,
    gone: bool,
    wait: Option<Duration>,
}

async fn send_all(
    d: &Dialogue,
    session: &Session,
    record: &Record,
    person: Person,
    channel: &dyn Channel,
    now: Timestamp,
    done: &mut Delivered,
) -> Result<(), SendError> {
    let body = &record.body;
    let mut owed: Vec<&OwedEntry> = body.owed.iter().collect();
    owed.sort_by_key(|o| (o.owed.priority() != 0, o.number));
    for entry in owed {
        if entry.owed == Owed::Export {
            channel
                .file(person, "backtalk.json", &export(d, session))
                .await?;
        } else {
            let view = view::render(d, session, &entry.owed, now);
            for part in parts(view) {
                channel.send(person, &part, entry.owed.priority()).await?;
            }
        }
        done.sent.push(entry.number);
    }
    let open = view::view(d, session, now);
    if let Some(open) = &open {
        let view = hash(open);
        match body.shown {
            Some(shown) if shown.view == view => {}
            Some(shown) => match channel.edit(person, shown.message, open).await {
                Ok(()) => done.shown = Some(Shown { view, ..shown }),
                Err(SendError::NoMessage) => {
                    let message = channel.send(person, open, 2).await?;
                    done.shown = Some(Shown { message, view });
                }
                Err(other) => return Err(other),
            },
            None => {
                let message = channel.send(person, open, 2).await?;
                done.shown = Some(Shown { message, view });
            }
        }
    }
    if !body.folding.is_empty() {
        let state = State::of(d, session);
        let folded = if state.open {
            let text = d
                .messages
                .get("moved")
                .map(|m| m.text.source().to_owned())
                .unwrap_or_default();
            View {
                text,
                rows: Vec::new(),
            }
        } else {
            view::folded(d, session, &state)
        };
        for &message in &body.folding {
            match channel.edit(person, message, &folded).await {
                Ok(()) | Err(SendError::NoMessage) => done.folded.push(message),
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

/// Store what was sent, whatever happened to the record meanwhile.
async fn settle(
    bot: &Bot,
    person: Person,
    record: Record,
    done: Delivered,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut found = if done.gone {
        bot.store.load(person).await?.unwrap_or_default()
    } else {
        record
    };
    for _ in 0..MOST_CONFLICTS {
        let mut next = found.clone();
        let body = &mut next.body;
        body.owed.retain(|o| !done.sent.contains(&o.number));
        body.folding.retain(|m| !done.folded.contains(m));
        if let Some(shown) = done.shown {
            body.shown = Some(shown);
        }
        if done.gone {
            body.owed.clear();
            body.folding.clear();
        }
        if done.wait.is_some() {
            for o in &mut body.owed {
                o.attempts = o.attempts.saturating_add(1);
            }
        }
        next.due = if done.gone {
            None
        } else {
            due(&bot.dialogue, &next, now)
        };
        if let (Some(wait), Some(_)) = (done.wait, next.due) {
            let wait = SignedDuration::try_from(wait)
                .unwrap_or(DELIVERY_LEASE)
                .max(back_off(&next));
            let timer = next
                .body
                .session
                .as_ref()
                .and_then(|s| rounds::next_due(&bot.dialogue, s));
            next.due = [Some(now + wait), timer].into_iter().flatten().min();
        }
        match bot.store.commit(person, found.version, &next, None).await? {
            Commit::Applied | Commit::Already(_) => return Ok(()),
            Commit::Conflict(Some(other)) => found = other,
            // Forgotten meanwhile: nothing to settle.
            Commit::Conflict(None) => return Ok(()),
        }
    }
    Err(StoreError::Unavailable(
        "too many others are writing the same record".into(),
    ))
}

/// The hash by which a view is known to be shown.
pub fn hash(view: &View) -> u64 {
    let mut hasher = DefaultHasher::new();
    view.hash(&mut hasher);
    hasher.finish()
}

/// The most characters of one message, by the Bot API.
const MOST_CHARACTERS: usize = 4096;

/// A long message in parts that a messenger takes; the buttons stand under the last.
fn parts(view: View) -> Vec<View> {
    if view.text.chars().count() <= MOST_CHARACTERS {
        return vec![view];
    }
    let mut texts: Vec<String> = vec![String::new()];
    for paragraph in view.text.split_inclusive("\n") {
        let last = texts.len() - 1;
        if texts[last].chars().count() + paragraph.chars().count() > MOST_CHARACTERS {
            texts.push(String::new());
        }
        let last = texts.len() - 1;
        texts[last].extend(paragraph.chars().take(MOST_CHARACTERS));
    }
    let count = texts.len();
    texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| View {
            text,
            rows: if n + 1 == count {
                view.rows.clone()
            } else {
                Vec::new()
            },
        })
        .collect()
}

/// All that is kept of a person, as JSON they can read: events by the names of the dialogue.
pub fn export(d: &Dialogue, session: &Session) -> String {
    use crate::engine::session::What;
    let screen = |s: u16| d.screens.get(usize::from(s)).map_or("?", |s| s.id.as_str());
    let item = |s: u16, i: u8| {
        d.screens
            .get(usize::from(s))
            .and_then(|s| s.items.get(usize::from(i)))
            .map_or("?", |i| i.label.source())
    };
    let fact = |f: u8, o: u8| {
        d.facts
            .get(usize::from(f))
            .and_then(|f| {
                f.options
                    .get(usize::from(o))
                    .map(|o| format!("{} = {}", f.id, o.id))
            })
            .unwrap_or_default()
    };
    let time = |ms: i64| {
        Timestamp::from_millisecond(ms)
            .map(|t| t.to_string())
            .unwrap_or_default()
    };
    let log: Vec<serde_json::Value> = session
        .log
        .iter()
        .map(|e| {
            let (what, about) = match e.what {
                What::Began(_) => ("began a check", String::new()),
                What::Answered { screen: s, item: i } => {
                    ("answered", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Ticked { screen: s, item: i } => {
                    ("ticked", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Unticked { screen: s, item: i } => {
                    ("took a tick away", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Finished { screen: s } => ("finished", screen(s).to_owned()),
                What::Skipped { screen: s } => ("skipped", screen(s).to_owned()),
                What::Explained {
                    fact: f, option: o, ..
                }
                | What::Asked { fact: f, option: o } => ("said", fact(f, o)),
                What::Undone => ("took the last answer back", String::new()),
                What::Reopened { screen: s } => ("changed", screen(s).to_owned()),
                What::Withdrawn => ("said it was a slip", String::new()),
                What::Told { disposition } => {
                    ("was told", engine::verdict::name_of(disposition).to_owned())
                }
                What::Planned => ("asked for the plan", String::new()),
                What::CameBack { .. } => ("came back", String::new()),
                What::NothingNew => ("nothing was new", String::new()),
            };
            serde_json::json!({ "at": time(e.at_ms), "what": what, "about": about })
        })
        .collect();
    let rounds: Vec<serde_json::Value> = session
        .rounds
        .iter()
        .map(|e| serde_json::json!({ "at": time(e.at_ms), "what": format!("{:?}", e.what) }))
        .collect();
    let all = serde_json::json!({
        "dialogue": d.name,
        "form": d.form.to_string(),
        "country": session.country,
        "language": session.language,
        "answers": log,
        "rounds": rounds,
    });
    serde_json::to_string_pretty(&all).unwrap_or_default()
}
