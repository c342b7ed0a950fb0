//! One simulated person: what they do, what they see, and what they may count on.
//!
//! Every input they ever made goes, in order, through the pure engine as well: `sure` is where they
//! stand when nothing goes wrong. An answer is acknowledged when the chat shows what follows from
//! it. They act on the buttons that are on the screen, as anybody does.

use std::collections::VecDeque;
use std::ops::Range;

use backtalk::answerer;
use backtalk::assess::is_coached;
use backtalk::clock::{Clock, SystemClock};
use backtalk::dialogue::{Act, Dialogue, Disposition, FactId, Knowledge, ScreenId, ScreenKind};
use backtalk::engine::route::{Place, is_offered, place};
use backtalk::engine::session::{Aside, What};
use backtalk::engine::{self, Command, Input, Press, Session, State, View, Wish, step, view};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::emulator::{self, Emulator, Message};

/// Everybody lives in Great Britain.
pub const LANGUAGE: &str = "en-GB";

/// How long somebody thinks, in milliseconds.
const THINKING: Range<u64> = 0..1_000;

/// How long somebody waits before they try again.
const PATIENCE: Range<u64> = 6_000..12_000;

/// After so many tries in vain they look whether the bot thinks otherwise.
const TRIES: u32 = 3;

/// What somebody waits to see.
enum Awaited {
    /// This question, or page, with its buttons at the bottom of the chat.
    Shown(View),
    /// These words, in a message above this number.
    Said(String, i64),
    Nothing,
}

/// Where somebody is in the conversation.
enum Mood {
    /// They will do something then.
    Thinking {
        until: Instant,
    },
    /// They did something and wait, until then.
    Waiting {
        until: Instant,
        tries: u32,
    },
    Finished,
}

/// Somebody.
pub struct Somebody {
    pub id: i64,
    facts: Knowledge,
    chance: Chance,
    hand: emulator::Person,
    /// Where they stand when nothing goes wrong.
    pub sure: Session,
    /// What they did, and when.
    pub did: Vec<(Timestamp, Input)>,
    /// The log as far as the chat showed that it was taken.
    pub acknowledged: Vec<What>,
    awaited: Awaited,
    mood: Mood,
    /// What they will press next, whatever they would say else.
    intends: VecDeque<Wish>,
    /// So many mistakes and side steps they still make.
    detours: usize,
    wants_plan: bool,
    /// The update of what they did last.
    pub last_update: u32,
    /// How often something had no effect for so long that they tried again.
    pub tries_again: usize,
    /// Since when they have waited.
    waits_since: Option<Instant>,
    /// When they did something, and when the chat showed what follows from it.
    pub waits: Vec<(Instant, Instant)>,
}

impl Somebody {
    /// Somebody with these facts, who begins within a few seconds.
    pub fn new(
        d: &Dialogue,
        telegram: &Emulator,
        seed: u64,
        id: i64,
        facts: Knowledge,
    ) -> Somebody {
        let mut chance = Chance::new(seed, id.unsigned_abs());
        let until = Instant::now() + chance.within(&(0..8_000));
        let mut sure = engine::begin(d);
        engine::meet(d, &mut sure, LANGUAGE);
        Somebody {
            id,
            facts,
            hand: telegram.person_with(id, Some(LANGUAGE), "Ann"),
            sure,
            did: Vec::new(),
            acknowledged: Vec::new(),
            awaited: Awaited::Nothing,
            mood: Mood::Thinking { until },
            intends: VecDeque::new(),
            detours: chance.below(7),
            wants_plan: chance.percent(50),
            last_update: 0,
            tries_again: 0,
            waits_since: None,
            waits: Vec::new(),
            chance,
        }
    }

    /// Whether they have their verdict, and the plan if they want it.
    pub fn is_finished(&self) -> bool {
        matches!(self.mood, Mood::Finished)
    }

    /// When they will do something, whatever happens in the chat.
    pub fn acts_at(&self) -> Option<Instant> {
        match self.mood {
            Mood::Thinking { until } | Mood::Waiting { until, .. } => Some(until),
            Mood::Finished => None,
        }
    }

    /// The verdict that these facts have when nothing goes wrong.
    pub fn verdict(&self, d: &Dialogue) -> Option<Disposition> {
        let mut session = engine::begin(d);
        engine::meet(d, &mut session, LANGUAGE);
        let held = answerer::hold_from(d, session, &self.facts, SystemClock.now());
        told(d, &held.session)
    }

    /// Whether they have tried in vain for so long that the bot may think otherwise.
    pub fn is_at_a_loss(&self, telegram: &Emulator) -> bool {
        matches!(self.mood, Mood::Waiting { tries, until } if tries >= TRIES && until <= Instant::now())
            && telegram.is_confirmed(self.last_update)
    }

    /// The bot thinks otherwise, and they go on from there.
    pub fn go_on_from(&mut self, d: &Dialogue, session: Option<Session>) {
        self.sure = session.unwrap_or_else(|| engine::begin(d));
        self.acknowledged = whats(&self.sure);
        self.intends.clear();
        // They wait no longer for what follows from what is gone.
        self.awaited = Awaited::Nothing;
        self.say(d, "/status", Input::Command(Command::Status));
        self.mood = Mood::Waiting {
            until: Instant::now() + self.chance.within(&PATIENCE),
            tries: 0,
        };
    }

    /// Look at the chat, in which something changed.
    pub fn look(&mut self, d: &Dialogue, chat: &[Message]) {
        if !matches!(self.mood, Mood::Waiting { .. }) || !self.sees_what_follows(d, chat) {
            return;
        }
        self.acknowledged = whats(&self.sure);
        if let Some(since) = self.waits_since.take() {
            self.waits.push((since, Instant::now()));
        }
        self.mood = Mood::Thinking {
            until: Instant::now() + self.chance.within(&THINKING),
        };
    }

    /// Do the next thing, or try again what had no effect.
    pub fn act(&mut self, d: &Dialogue, chat: &[Message]) {
        match self.mood {
            Mood::Thinking { .. } => self.go_on(d, chat),
            Mood::Waiting { tries, .. } => {
                self.try_again(d, chat);
                self.wait(tries + 1);
            }
            Mood::Finished => {}
        }
        self.look(d, chat);
    }

    fn wait(&mut self, tries: u32) {
        self.mood = Mood::Waiting {
            until: Instant::now() + self.chance.within(&PATIENCE),
            tries,
        };
    }

    fn go_on(&mut self, d: &Dialogue, chat: &[Message]) {
        let floor = chat.last().map_or(0, |message| message.id);
        let before = self.sure.clone();
        if self.did.is_empty() {
            self.say(d, "/start", Input::Start { language: None });
        } else {
            let Some(wish) = self.wish(d) else {
                self.mood = Mood::Finished;
                return;
            };
            self.express(d, chat, wish);
        }
        if let (Awaited::Nothing, true) = (&self.awaited, before != self.sure) {
            self.await_verdict(d, floor);
        }
        self.wait(0);
    }

    /// A message to wait for where no question is open.
    fn await_verdict(&mut self, d: &Dialogue, floor: i64) {
        let state = State::of(d, &self.sure);
        if let Some(told) = state.told {
            let event = told.index as u16;
            let now = SystemClock.now();
            let verdict = view::render(d, &self.sure, &engine::Owed::Verdict { event }, now);
            self.awaited = Awaited::Said(verdict.text, floor);
        }
    }

    /// What they want now: what their facts say, but for a detour now and then.
    fn wish(&mut self, d: &Dialogue) -> Option<Wish> {
        if let Some(wish) = self.intends.front() {
            return Some(wish.clone());
        }
        let state = State::of(d, &self.sure);
        if self.detours > 0
            && self.sure.aside == Aside::None
            && let Place::Asking(screen) = place(d, &state)
            && self.chance.percent(12)
        {
            self.detours -= 1;
            if let Some(wish) = self.detour(d, &state, screen) {
                return Some(wish);
            }
        }
        let next = answerer::next(d, &self.sure, &state, &self.facts);
        let coached =
            state.disposition().is_some_and(is_coached) && place(d, &state) == Place::Told;
        next.or_else(|| {
            (coached && std::mem::take(&mut self.wants_plan)).then_some(Wish::Act(Act::Plan))
        })
    }

    /// A wrong answer that is taken back, an answer that is taken back, or a question back.
    fn detour(&mut self, d: &Dialogue, state: &State, screen: ScreenId) -> Option<Wish> {
        let back = Wish::Act(Act::Back);
        match self.chance.below(4) {
            0 => return Some(Wish::Act(Act::Why)),
            1 => return self.offers(d, &self.sure, &back).then_some(back),
            _ => {}
        }
        let s = &d.screens[screen];
        let items = (0..s.items.len() as u8).filter(|n| {
            let item = &s.items[usize::from(*n)];
            let plain = item.act.is_none() && item.then.is_none() && item.reply.is_none();
            let sure = item
                .sets
                .iter()
                .all(|(fact, _)| !self.is_unsure_of(d, *fact));
            plain && sure && is_offered(d, state, screen, item) && !state.is_ticked(screen, *n)
        });
        let items: Vec<u8> = items.collect();
        if items.is_empty() {
            return None;
        }
        let item = items[self.chance.below(items.len())];
        let (wrong, back) = match s.kind {
            ScreenKind::Any => (Wish::Tick(item), Wish::Untick(item)),
            _ => (Wish::Answer(item), back),
        };
        // Only where it leads to no verdict, so that there is something to be taken back.
        let after = self.after(d, &self.press(d, &wrong));
        if State::of(d, &after).told != state.told || !self.offers(d, &after, &back) {
            return None;
        }
        self.intends.push_back(back);
        Some(wrong)
    }

    /// Who is unsure of something says so, and that only once.
    fn is_unsure_of(&self, d: &Dialogue, fact: FactId) -> bool {
        let option = self.facts.get(fact).option();
        option.is_some_and(|option| d.facts[fact].options[usize::from(option)].id == "unsure")
    }

    /// Whether the question then has a button for this.
    fn offers(&self, d: &Dialogue, then: &Session, wish: &Wish) -> bool {
        let press = Press {
            visit: State::of(d, then).visit,
            wish: wish.clone(),
        };
        let data = press.to_string();
        let view = view::view(d, then, SystemClock.now());
        view.is_some_and(|view| view.buttons().any(|button| button.data == data))
    }

    /// Press or type it, perhaps twice.
    fn express(&mut self, d: &Dialogue, chat: &[Message], wish: Wish) {
        if wish == Wish::Act(Act::Why) {
            return self.say(d, "/why", Input::Command(Command::Why));
        }
        let is_intended = self.intends.front() == Some(&wish);
        let press = self.press(d, &wish);
        let Some((message, label)) = on_screen(chat, &press) else {
            // What they did before is still on its way, and the chat shows what was before that.
            // They decide anew, but a slip is still to be taken back.
            if !is_intended {
                self.intends.clear();
            }
            return;
        };
        if is_intended {
            self.intends.pop_front();
        }
        let pressed = self.after(d, &press);
        if self.chance.percent(10) && matches!(wish, Wish::Answer(_) | Wish::Tick(_)) {
            let typed = Input::Text(label.clone());
            let after = self.after(d, &typed);
            if whats(&after) == whats(&pressed) && after.aside == pressed.aside {
                return self.say(d, &label, typed);
            }
        }
        self.put_finger(d, message, press.clone());
        if self.chance.percent(10) {
            self.put_finger(d, message, press);
        }
    }

    fn put_finger(&mut self, d: &Dialogue, message: i64, press: Input) {
        let Input::Press(wish) = &press else { return };
        self.last_update = self.hand.press_data(message, &wish.to_string()).update;
        self.did(d, press);
    }

    fn say(&mut self, d: &Dialogue, words: &str, input: Input) {
        self.last_update = self.hand.text(words).update;
        self.did(d, input);
    }

    fn did(&mut self, d: &Dialogue, input: Input) {
        self.sure = self.after(d, &input);
        self.did.push((SystemClock.now(), input));
        self.waits_since.get_or_insert_with(Instant::now);
        self.awaited = match view::view(d, &self.sure, SystemClock.now()) {
            Some(view) => Awaited::Shown(view),
            None => match std::mem::replace(&mut self.awaited, Awaited::Nothing) {
                said @ Awaited::Said(..) => said,
                _ => Awaited::Nothing,
            },
        };
    }

    /// Press the same again, or ask the bot where it stands.
    fn try_again(&mut self, d: &Dialogue, chat: &[Message]) {
        self.tries_again += 1;
        let last = self.did.last().map(|(_, input)| input.clone());
        if let Some(press @ Input::Press(_)) = last
            && self.chance.percent(50)
            && let Some((message, _)) = on_screen(chat, &press)
        {
            return self.put_finger(d, message, press);
        }
        self.say(d, "/status", Input::Command(Command::Status));
    }

    fn press(&self, d: &Dialogue, wish: &Wish) -> Input {
        Input::Press(Press {
            visit: State::of(d, &self.sure).visit,
            wish: wish.clone(),
        })
    }

    fn after(&self, d: &Dialogue, input: &Input) -> Session {
        let after = step(d, &self.sure, input, SystemClock.now()).session;
        after.expect("Nobody asks to be forgotten.")
    }

    fn sees_what_follows(&self, d: &Dialogue, chat: &[Message]) -> bool {
        match &self.awaited {
            Awaited::Nothing => true,
            Awaited::Said(words, floor) => chat.iter().any(|message| {
                message.id > *floor
                    && !message.deleted
                    && words.trim().contains(message.text.trim())
            }),
            Awaited::Shown(view) => {
                let with_buttons = |message: &&Message| message.buttons().next().is_some();
                let Some(lowest) = chat.iter().rfind(with_buttons) else {
                    return false;
                };
                let shown = lowest.buttons().filter_map(|button| button.data.as_deref());
                let wanted = view.buttons().map(|button| button.data.as_str());
                // The plan tells the time.
                let is_plan = place(d, &State::of(d, &self.sure)) == Place::Plan;
                shown.eq(wanted) && (is_plan || lowest.text.trim() == view.text.trim())
            }
        }
    }
}

/// What was said, without when.
pub fn whats(session: &Session) -> Vec<What> {
    session.log.iter().map(|event| event.what).collect()
}

/// The verdict that was told last.
pub fn told(d: &Dialogue, session: &Session) -> Option<Disposition> {
    State::of(d, session).told.map(|told| told.disposition)
}

/// The lowest message with this button, and what the button says.
fn on_screen(chat: &[Message], press: &Input) -> Option<(i64, String)> {
    let Input::Press(press) = press else {
        return None;
    };
    let data = press.to_string();
    let mut found = chat.iter().rev().flat_map(|message| {
        let buttons = message.buttons();
        buttons.map(|button| (message.id, button))
    });
    let (message, button) = found.find(|(_, button)| button.data.as_ref() == Some(&data))?;
    Some((message, button.label.clone()))
}
