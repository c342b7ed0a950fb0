//! Drives real turns through a replay file, over any store, and writes replay files.
//!
//! `replay` is pure; here the turns happen: load, step, commit, deliver, with a channel that
//! remembers what was sent. Callers are the command line and `tests/replay.rs`.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::answerer;
use crate::assess::assess;
use crate::dialogue::Dialogue;
use crate::engine::rounds::{self, RoundState};
use crate::engine::route::{Place, place};
use crate::engine::session::{Aside, Pack};
use crate::engine::verdict::name_of;
use crate::engine::{Command, Input, Press, Session, State, View, Wish};
use crate::replay::{
    Action, At, Chat, Day, Expect, Fill, Given, How, Media, Observed, Replay, Seen, Start, Turn,
    compare, explain, parse, parse_draft, print, report, rewrite,
};
use crate::store::memory::MemoryStore;
use crate::store::{Person, Record, Store, StoreError};
use crate::turn::{Bot, Channel, Origin, SendError, deliver, take};
use crate::vignettes::{self, FactMap, FactValue, Vignette};

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
}

impl<'a> Runner<'a> {
    fn new(
        d: &Arc<Dialogue>,
        mode: Mode,
        open: OpenStore<'a>,
        language: Option<String>,
    ) -> Runner<'a> {
        let bot = Bot {
            dialogue: d.clone(),
            store: open(),
        };
        Runner {
            bot,
            mode,
            open,
            channel: Remembering::default(),
            language,
            update: 1000,
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
            self.input(&Input::Due, due).await?;
        }
        Err("timers fire without end".into())
    }

    async fn input(&mut self, input: &Input, now: Timestamp) -> Result<(), String> {
        self.update += 1;
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
            };
            let done = take(&self.bot, PERSON, input, &origin, now)
                .await
                .map_err(said)?;
            for view in &done.farewell {
                // Last words go out once: they leave nothing behind that could remember them.
                self.channel
                    .send(PERSON, view, 2)
                    .await
                    .map_err(|e| format!("{e:?}"))?;
            }
            if done.record.is_none() {
                break;
            }
            if let Some(record) = done.record {
                deliver(&self.bot, PERSON, record, &self.channel, now)
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
            state: state(d, &session),
            rules: told.map(|t| {
                let known = State::until(d, &session, t + 1).known;
                assess(d, &d.completed(&known))
                    .rules
                    .iter()
                    .map(|&r| d.rules[r].id.clone())
                    .collect()
            }),
            due: rounds::next_due(d, &session),
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

fn told_index(d: &Dialogue, session: &Session) -> Option<usize> {
    State::of(d, session).told.map(|t| t.index)
}

fn seen(view: &View) -> Seen {
    Seen::new(
        &view.text,
        view.rows
            .iter()
            .map(|r| r.iter().map(|b| b.label.clone()).collect()),
    )
}

/// Where a conversation stands, in a word that does not change with wording.
pub fn state(d: &Dialogue, session: &Session) -> String {
    let state = State::of(d, session);
    let pack = |p: Pack| if p == Pack::Ice { "ice" } else { "heat" };
    match rounds::fold(d, session, &state).state {
        RoundState::On { pack: p, .. } => return format!("cycle.{}", pack(p)),
        RoundState::Resting { pack: p, .. } => return format!("cycle.{}_off", pack(p)),
        RoundState::Offered { pack: p } => return format!("cycle.{}_offered", pack(p)),
        RoundState::Idle => {}
    }
    match place(d, &state) {
        Place::Welcome => "welcome".into(),
        Place::Asking(screen) => format!("asking.{}", d.phases[d.screens[screen].phase].id),
        Place::Complete => "complete".into(),
        Place::Told => format!("verdict.{}", state.disposition().map_or("none", name_of)),
        Place::Plan => "plan".into(),
    }
}

/// The id of what the question message shows.
fn asks(d: &Dialogue, session: &Session) -> String {
    let state = State::of(d, session);
    let open = || match place(d, &state) {
        Place::Asking(_) | Place::Complete if state.came_back == Some(true) => {
            "anything_new_day".to_owned()
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(false) => {
            "anything_new".to_owned()
        }
        Place::Asking(screen) => d.screens[screen].id.clone(),
        Place::Plan => match session.page {
            Some((page, _)) => d
                .pages
                .get(usize::from(page))
                .map_or_else(|| "cards".to_owned(), |p| p.id.clone()),
            None => "plan".into(),
        },
        Place::Welcome => d.screens[0].id.clone(),
        Place::Told | Place::Complete => "nothing".into(),
    };
    let fact = |f: u8| {
        d.facts
            .get(usize::from(f))
            .map_or("?", |f| f.id.as_str())
            .to_owned()
    };
    match &session.aside {
        Aside::None => open(),
        Aside::Which => "not_sure_which".into(),
        Aside::Explain { fact: f } => format!("explain_{}", fact(*f)),
        Aside::Words { fact: f, .. } => format!("words_{}", fact(*f)),
        Aside::Crisis => "crisis_words".into(),
        Aside::Mistake => "by_mistake".into(),
        Aside::Took { .. } => "text_understood".into(),
        Aside::Country => "country".into(),
        Aside::CountryName => "country_other".into(),
        Aside::Change { .. } => "change_ask".into(),
        Aside::Message(id) => id.clone(),
        Aside::Note(id) => format!("{id}_{}", open()),
    }
}

/// A channel that remembers what was sent.
#[derive(Default)]
struct Remembering {
    inner: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    chat: Chat,
    new: Vec<(i64, View)>,
    last: i64,
}

impl Remembering {
    fn find(&self, label: &str, how: How) -> Result<(i64, String), String> {
        let inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner
            .chat
            .press(label, how)
            .map(|(m, data)| (m, data.to_owned()))
            .map_err(|e| e.to_string())
    }

    fn take_new(&self) -> Vec<(i64, View)> {
        std::mem::take(&mut self.inner.lock().unwrap_or_else(|e| e.into_inner()).new)
    }
}

fn buttons(view: &View) -> Vec<(String, String)> {
    view.buttons()
        .map(|b| (b.label.clone(), b.data.clone()))
        .collect()
}

#[async_trait]
impl Channel for Remembering {
    async fn send(&self, _: Person, view: &View, _: u8) -> Result<i64, SendError> {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.last += 1;
        let id = inner.last;
        inner.chat.shows(id, buttons(view));
        inner.new.push((id, view.clone()));
        Ok(id)
    }

    async fn edit(&self, _: Person, message: i64, view: &View) -> Result<(), SendError> {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.chat.shows(message, buttons(view));
        Ok(())
    }

    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError> {
        let lines = content.lines().count();
        let view = View {
            text: format!("(file {name}, {lines} lines)"),
            rows: Vec::new(),
        };
        self.send(person, &view, 2).await
    }
}

// ---- files ---------------------------------------------------------------------------------

/// Run a replay file as it stands.
pub fn check(d: &Arc<Dialogue>, path: &Path) -> Result<(), String> {
    let text = read(path)?;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let find = |name: &str| beside(path, name);
    block(mismatches(
        d,
        &path.display().to_string(),
        &text,
        Mode::Straight,
        &open,
        &find,
    ))
}

/// Run a replay file and write what happened into its expectations.
pub fn accept(d: &Arc<Dialogue>, path: &Path) -> Result<(), String> {
    let text = read(path)?;
    let shown = path.display().to_string();
    let replay = parse_draft(&text).map_err(|errors| explain(&shown, &text, &errors))?;
    let find = |name: &str| beside(path, name);
    let done = accepted(d, &replay, Fill::Stated, &find)?;
    std::fs::write(path, done).map_err(|e| format!("{shown} cannot be written: {e}"))
}

fn accepted(
    d: &Arc<Dialogue>,
    replay: &Replay,
    fill: Fill,
    find: FindReplay<'_>,
) -> Result<String, String> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let seen = block(run(d, replay, Mode::Straight, &open, find))?;
    rewrite(replay, &seen, fill)
        .map(|r| print(&r))
        .map_err(|e| e.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
}

/// Another replay of the same folder.
pub fn beside(path: &Path, name: &str) -> Result<String, String> {
    read(&path.with_file_name(format!("{name}.replay")))
}

fn block<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("The program cannot start: {e}"))?
        .block_on(work)
}

/// A conversation that was held in the terminal, as a replay file.
pub fn record(d: &Arc<Dialogue>, said: &[(Input, Timestamp)]) -> Result<String, String> {
    let mut session = crate::engine::begin(d);
    let mut country = None;
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut turns = Vec::new();
    for (input, now) in said {
        // Whole seconds read better, and the same rounded times are run and written.
        let now = &Timestamp::from_second(now.as_second()).unwrap_or(*now);
        let action = match input {
            Input::Press(press) => {
                let data = press.to_string();
                let label = labels
                    .iter()
                    .rev()
                    .find(|(_, d)| *d == data)
                    .map_or_else(String::new, |(l, _)| l.clone());
                Action::Press {
                    label,
                    how: How::Newest,
                }
            }
            Input::Text(text) => Action::Say(text.clone()),
            Input::Command(c) => {
                let name = Command::ALL
                    .iter()
                    .find(|(_, x, _)| x == c)
                    .map_or("help", |(n, _, _)| n);
                Action::Command(name.to_owned())
            }
            Input::Start { language } => {
                country = country.or_else(|| {
                    language
                        .as_ref()
                        .and_then(|l| l.split('-').nth(1).map(str::to_owned))
                });
                Action::Command("start".into())
            }
            Input::Due => Action::Wait,
            Input::Media | Input::UnknownPress => Action::Media(Media::Sticker),
            Input::Edited(_) => Action::Media(Media::Edit),
            Input::Blocked => Action::Block,
        };
        if let Some(after) = crate::engine::step(d, &session, input, *now).session {
            session = after;
        }
        let state = State::of(d, &session);
        let words = crate::engine::words::words(d, &session, &state);
        let message =
            |id: &String| crate::engine::view::message_view(d, &session, &state, &words, id);
        let told = state
            .told
            .map(|told| crate::engine::verdict::verdict(d, &session, told.index));
        let open = crate::engine::view::view(d, &session, *now);
        // What is in front of the person comes last, since several buttons may carry the same.
        let views = d.messages.keys().map(message).chain(told).chain(open);
        labels = views.flat_map(|v| buttons(&v)).collect();
        turns.push((*now, action));
    }
    let comment = vec!["# Say here what must hold.".to_owned()];
    let replay = assemble(d, comment, country, turns);
    accepted(d, &replay, Fill::Changes, &|name| {
        Err(format!("there is no replay {name}"))
    })
}

/// A vignette as a conversation: the story typed where it is a reader's comment, then the screens.
pub fn of_vignette(d: &Arc<Dialogue>, v: &Vignette) -> Result<String, String> {
    let person = vignettes::facts(d, &v.facts).map_err(|w| w.join("\n"))?;
    let start: Timestamp = "2026-03-02T21:40:00Z".parse().map_err(|e| format!("{e}"))?;
    let mut session = crate::engine::begin(d);
    crate::engine::meet(d, &mut session, "en-GB");
    let mut turns = Vec::new();
    let mut now = start;
    let typed = v.source.starts_with("seed comment");
    let opening = if typed {
        (Input::Text(v.story.clone()), Action::Say(v.story.clone()))
    } else {
        (
            Input::Start { language: None },
            Action::Command("start".into()),
        )
    };
    turns.push((now, opening.1));
    session = crate::engine::step(d, &session, &opening.0, now)
        .session
        .unwrap_or(session);
    for _ in 0..200 {
        let state = State::of(d, &session);
        let Some(wish) = next_wish(d, &session, &state, &person) else {
            break;
        };
        now += jiff::SignedDuration::from_secs(10);
        let press = Press {
            visit: state.visit,
            wish,
        };
        let data = press.to_string();
        let view = crate::engine::view::view(d, &session, now);
        let label = view
            .iter()
            .flat_map(|v| v.buttons())
            .find(|b| b.data == data)
            .map(|b| b.label.clone());
        let label =
            label.ok_or_else(|| format!("{}: the screen shows no button for {data}", v.id))?;
        turns.push((
            now,
            Action::Press {
                label,
                how: How::Newest,
            },
        ));
        session = crate::engine::step(d, &session, &Input::Press(press), now)
            .session
            .unwrap_or(session);
    }
    let comment = vec![format!(
        "# {}: {}.",
        v.title.trim_end_matches('.'),
        name_of(v.expected).replace('_', " ")
    )];
    let replay = assemble(d, comment, Some("GB".into()), turns);
    accepted(d, &replay, Fill::Changes, &|name| {
        Err(format!("there is no replay {name}"))
    })
}

/// What the person of a vignette taps: also under messages that stand over the question.
fn next_wish(
    d: &Dialogue,
    session: &Session,
    state: &State,
    person: &crate::dialogue::Knowledge,
) -> Option<Wish> {
    match &session.aside {
        Aside::Crisis => {
            let mood = d.fact("mood")?;
            let option = person.get(mood).option()?;
            // The button for "no" stores nothing.
            Some(
                match d
                    .messages
                    .get("crisis_words")?
                    .buttons
                    .iter()
                    .find(|b| b.sets == [(mood, option)])
                {
                    Some(b) => match &b.reply {
                        Some(reply) => Wish::AskedThen(mood as u8, option, reply.clone()),
                        None => Wish::Asked(mood as u8, option),
                    },
                    None => Wish::Act(crate::dialogue::Act::CarryOn),
                },
            )
        }
        Aside::Words { fact, .. } => {
            let fact = usize::from(*fact);
            let option = person.get(fact).option()?;
            Some(Wish::Asked(fact as u8, option))
        }
        Aside::Message(id) if id == "own_back" => {
            let intent = d.fact("intent")?;
            let option = person.get(intent).option()?;
            let no = d
                .messages
                .get(id)?
                .buttons
                .iter()
                .any(|b| b.sets == [(intent, option)]);
            Some(if no {
                Wish::Asked(intent as u8, option)
            } else {
                Wish::Act(crate::dialogue::Act::CarryOn)
            })
        }
        _ => answerer::next(d, session, state, person),
    }
}

fn assemble(
    d: &Dialogue,
    comment: Vec<String>,
    country: Option<String>,
    turns: Vec<(Timestamp, Action)>,
) -> Replay {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let mut days: Vec<Day> = Vec::new();
    for (at, action) in turns {
        let at: Zoned = at.to_zoned(zone.clone());
        if days.last().is_none_or(|day| day.date != at.date()) {
            days.push(Day {
                above: vec![String::new()],
                date: at.date(),
                zone: zone.clone(),
                turns: Vec::new(),
            });
        }
        if let Some(day) = days.last_mut() {
            day.turns.push(Turn {
                above: vec![String::new()],
                line: At(0),
                at,
                action,
                expect: Expect::default(),
            });
        }
    }
    Replay {
        comment,
        dialogue: d.name.clone(),
        reviewed: None,
        country,
        language: None,
        given: None,
        days,
        below: Vec::new(),
    }
}
