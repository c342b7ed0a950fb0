//! Drives real turns through a replay file, over any store, and writes replay files.
//!
//! `replay` is pure; here the turns happen: load, step, commit, deliver, with a channel that
//! remembers what was sent. Callers are the command line and `tests/replay.rs`.

mod files;
mod law;
mod observe;
mod write;

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::answerer;
use crate::assess::assess;
use crate::clock::Still;
use crate::dialogue::Dialogue;
use crate::engine::export::{Retraced, retrace};
use crate::engine::route::{Place, place};
use crate::engine::session::Aside;
use crate::engine::standing::standing;
use crate::engine::timers;
use crate::engine::verdict::name_of;
use crate::engine::{Command, Input, Press, Priority, Session, State, View, Wish};
use crate::replay::{
    Action, At, Chat, Day, Expect, Fill, Given, How, Media, Observed, Replay, Seen, Start, Turn,
    compare, explain, parse, parse_draft, print, report, rewrite,
};
use crate::store::memory::MemoryStore;
use crate::store::{Person, Record, Store, StoreError};
use crate::turn::{Bot, Channel, Origin, SendError, deliver, take};
use crate::vignettes::{self, FactMap, FactValue, Vignette};

pub use files::{accept, beside, check, check_export, check_text, is_export};
pub use law::{exercised, exercised_by, of_person, replays};
use observe::{Remembering, asks, seen, told_index};
pub use write::{of_vignette, record};

/// The person of every replay.
const PERSON: Person = Person(1);

/// How a replay is run. What comes of it must be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each update once.
    Straight,
    /// The store is opened anew before every turn.
    Reloaded,
    /// Every update is delivered twice.
    Twice,
}

/// Opens the store of a replay: again before each turn when it is run reloaded, and at a restart.
pub type OpenStore<'a> = &'a dyn Fn() -> Arc<dyn Store>;

/// Reads another replay by name, for `given`.
pub type FindReplay<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Run a replay; the answer is what each of its turns did.
pub async fn run(
    d: &Arc<Dialogue>,
    replay: &Replay,
    mode: Mode,
    open: OpenStore<'_>,
    find: FindReplay<'_>,
) -> Result<Vec<Observed>, String> {
    let mut runner = Runner::new(d, mode, open, language(replay));
    runner.start_from(replay, find, 0).await?;
    let mut seen = Vec::new();
    for turn in replay.turns() {
        let observed = runner
            .turn(turn)
            .await
            .map_err(|e| format!("line {}: {e}", turn.line.0))?;
        seen.push(observed);
    }
    Ok(seen)
}

fn language(replay: &Replay) -> Option<String> {
    match (&replay.language, &replay.country) {
        (Some(l), Some(c)) => Some(format!("{l}-{c}")),
        (Some(l), None) => Some(l.clone()),
        (None, Some(c)) => Some(format!("en-{c}")),
        (None, None) => None,
    }
}

/// Run a replay and compare; the answer is every mismatch in words, or nothing.
pub async fn mismatches(
    d: &Arc<Dialogue>,
    path: &str,
    text: &str,
    mode: Mode,
    open: OpenStore<'_>,
    find: FindReplay<'_>,
) -> Result<(), String> {
    let replay = parse(text).map_err(|errors| explain(path, text, &errors))?;
    let seen = run(d, &replay, mode, open, find).await?;
    let last = seen.len().saturating_sub(1);
    let wrong: Vec<_> = replay
        .turns()
        .zip(&seen)
        .enumerate()
        .flat_map(|(n, (turn, observed))| compare(turn, observed, n == last))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(report(path, &replay, &wrong))
    }
}

struct Runner<'a> {
    bot: Bot,
    mode: Mode,
    open: OpenStore<'a>,
    channel: Remembering,
    language: Option<String>,
    update: i64,
    /// When something last happened.
    last: Timestamp,
}

impl<'a> Runner<'a> {
    fn new(
        d: &Arc<Dialogue>,
        mode: Mode,
        open: OpenStore<'a>,
        language: Option<String>,
    ) -> Runner<'a> {
        let bot = Bot::new(d.clone(), open());
        Runner {
            bot,
            mode,
            open,
            channel: Remembering::default(),
            language,
            update: 1000,
            last: Timestamp::MIN,
        }
    }

    async fn start_from(
        &mut self,
        replay: &Replay,
        find: FindReplay<'_>,
        depth: usize,
    ) -> Result<(), String> {
        let Some(Given { from, .. }) = &replay.given else {
            return Ok(());
        };
        let first = replay
            .turns()
            .next()
            .map_or(Timestamp::UNIX_EPOCH, |t| t.at.timestamp());
        match from {
            Start::Facts(said) => {
                let map: FactMap = said.iter().map(|(id, s)| (id.clone(), value(s))).collect();
                let person =
                    vignettes::facts(&self.bot.dialogue, &map).map_err(|w| w.join("\n"))?;
                let held = answerer::hold(&self.bot.dialogue, &person, first);
                let mut visit_of = crate::engine::begin(&self.bot.dialogue);
                for wish in held.presses {
                    let visit = State::of(&self.bot.dialogue, &visit_of).visit;
                    self.input(&Input::Press(Press { visit, wish }), first)
                        .await?;
                    visit_of = self
                        .session()
                        .await?
                        .unwrap_or_else(|| crate::engine::begin(&self.bot.dialogue));
                }
            }
            Start::Replay(name) => {
                if depth > 8 {
                    return Err(format!("`given replay {name}` leads back to itself"));
                }
                let text = find(name)?;
                let other = parse_draft(&text).map_err(|e| explain(name, &text, &e))?;
                Box::pin(self.start_from(&other, find, depth + 1)).await?;
                for turn in other.turns() {
                    self.turn(turn)
                        .await
                        .map_err(|e| format!("{name}: line {}: {e}", turn.line.0))?;
                }
            }
        }
        self.channel.take_new();
        Ok(())
    }

    async fn session(&self) -> Result<Option<Session>, String> {
        Ok(self.record().await?.and_then(|r| r.body.session))
    }

    async fn record(&self) -> Result<Option<Record>, String> {
        self.bot.store.load(PERSON).await.map_err(said)
    }

    async fn turn(&mut self, turn: &Turn) -> Result<Observed, String> {
        if self.mode == Mode::Reloaded || turn.action == Action::Restart {
            self.bot.store = Arc::new(MemoryStore::default());
            self.bot.store = (self.open)();
        }
        let now = turn.at.timestamp();
        let told_before = self
            .session()
            .await?
            .and_then(|s| told_index(&self.bot.dialogue, &s));
        self.let_timers_fire(now).await?;
        let language = self.language.clone();
        match &turn.action {
            Action::Say(words) => self.input(&Input::Text(words.clone()), now).await?,
            Action::Command(name) if name == "start" => {
                self.input(&Input::Start { language }, now).await?
            }
            Action::Command(name) => {
                let input = Command::named(name)
                    .map_or_else(|| Input::Text(format!("/{name}")), Input::Command);
                self.input(&input, now).await?;
            }
            Action::Press { label, how } => {
                let (_, data) = self.channel.find(label, *how)?;
                let input = Press::read(&data).map_or(Input::UnknownPress, Input::Press);
                self.input(&input, now).await?;
                if *how == How::Twice {
                    self.input(&input, now).await?;
                }
            }
            Action::Media(Media::Edit) => self.input(&Input::Edited(String::new()), now).await?,
            Action::Media(_) => self.input(&Input::Media, now).await?,
            Action::Block => self.input(&Input::Blocked, now).await?,
            Action::Restart | Action::Wait => {}
        }
        self.observe(told_before, now).await
    }

    /// Every timer that is due by `now` fires at its own moment.
    async fn let_timers_fire(&mut self, now: Timestamp) -> Result<(), String> {
        for _ in 0..1000 {
            let Some(due) = self
                .record()
                .await?
                .and_then(|r| r.due)
                .filter(|due| *due <= now)
            else {
                return Ok(());
            };
            // No timer fires before what happened already.
            let at = due.max(self.last);
            self.input(&Input::Due, at).await?;
        }
        Err("timers fire without end".into())
    }

    async fn input(&mut self, input: &Input, now: Timestamp) -> Result<(), String> {
        self.update += 1;
        self.last = self.last.max(now);
        let times = if self.mode == Mode::Twice && *input != Input::Due {
            2
        } else {
            1
        };
        let update = (*input != Input::Due).then_some(self.update);
        for _ in 0..times {
            let origin = Origin {
                update,
                language: self.language.clone(),
                ..Origin::default()
            };
            let done = take(&self.bot, PERSON, input, &origin, now)
                .await
                .map_err(said)?;
            for view in &done.farewell {
                // Last words go out once: they leave nothing behind that could remember them.
                self.channel
                    .send(PERSON, view)
                    .await
                    .map_err(|e| format!("{e:?}"))?;
            }
            if done.record.is_none() {
                break;
            }
            if let Some(record) = done.record {
                deliver(
                    &self.bot,
                    PERSON,
                    record,
                    &self.channel,
                    Priority::Answer,
                    &Still(now),
                )
                .await
                .map_err(said)?;
            }
        }
        Ok(())
    }

    async fn observe(
        &self,
        told_before: Option<usize>,
        now: Timestamp,
    ) -> Result<Observed, String> {
        let d = &*self.bot.dialogue;
        let record = self.record().await?;
        let shown = record
            .as_ref()
            .and_then(|r| r.body.shown)
            .map(|s| s.message);
        let new = self.channel.take_new();
        // A message that shows a round or an exercise is new once, and edited from then on.
        let bot = new
            .into_iter()
            .filter(|(id, _)| Some(*id) != shown)
            .map(|(_, v)| seen(&v))
            .collect();
        let Some(session) = record.as_ref().and_then(|r| r.body.session.clone()) else {
            return Ok(Observed {
                bot,
                state: "gone".into(),
                ..Observed::default()
            });
        };
        let view = crate::engine::view::view(d, &session, now);
        let told = told_index(d, &session).filter(|t| Some(*t) != told_before);
        Ok(Observed {
            bot,
            asks: view.as_ref().map(|_| asks(d, &session)),
            sees: view.map(|v| seen(&v)),
            state: standing(d, &session),
            rules: told.map(|t| {
                let known = State::until(d, &session, t + 1).known;
                assess(d, &d.completed(&known))
                    .rules
                    .iter()
                    .map(|&r| d.rules[r].id.clone())
                    .collect()
            }),
            due: timers::next_due(d, &session, now),
        })
    }
}

fn said(error: StoreError) -> String {
    error.to_string()
}

fn value(said: &crate::replay::Said) -> FactValue {
    match said {
        crate::replay::Said::Many(list) => FactValue::Many(list.clone()),
        crate::replay::Said::One(one) => one
            .parse()
            .map_or_else(|_| FactValue::One(one.clone()), FactValue::Number),
    }
}
