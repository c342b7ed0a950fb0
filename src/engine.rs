//! The conversation: `step(dialogue, session, input, now) -> Step`. Pure and total.
//!
//! A session is a log of what was said; where the person stands is its fold ([`fold`]), the next
//! question follows from that ([`route`]), and so does what they see ([`view`]). `step` only
//! decides which events an input adds, and what is owed for them.

mod act;
pub mod coach;
pub mod coaching;
pub mod compact;
pub mod effect;
pub mod export;
pub mod fire;
pub mod fold;
pub mod history;
pub mod input;
pub mod local;
pub mod meant;
pub mod moved;
pub mod plain_text;
pub mod press;
pub mod recall;
pub mod rounds;
pub mod route;
pub mod seen;
pub mod session;
mod settings;
pub mod standing;
mod start_round;
mod tap;
pub mod text_answer;
pub mod timers;
mod typed;
pub mod verdict;
pub mod view;
pub mod words;
mod would_change;

use std::cell::RefCell;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use effect::{Button, Owed, Priority, Step, Timer, View};
pub use fold::State;
pub use input::{Command, Input};
pub use press::{Press, Wish};
pub use route::Place;
pub use seen::Seen;
pub use session::{Aside, Pack, Session};

use crate::assess;
use crate::dialogue::{Act, Dialogue, Disposition, Element, ScreenId, ScreenKind};
use crate::plan;
use coach::Over;
use session::{Begin, RoundWhat, What};
use text_answer::{Danger, Typed};

/// The most events that one check keeps, far more than any real one: after that only a new check
/// goes on, so that a flood of taps cannot grow a record without end.
const MOST_EVENTS: usize = 600;

/// The most events at all. What can be an emergency is taken in beyond [`MOST_EVENTS`], for far
/// more answers than a check can ask for; then the check begins anew, the danger signs first.
const MOST_EVENTS_AT_ALL: usize = 900;

/// How much longer a log may get while its last verdict is only just told, so that it is sent.
const ROOM_FOR_A_VERDICT: usize = 100;

/// The most questions of danger that wait at once; a text may name many.
const MOST_WAITING: usize = 6;

/// Apply one input to a session.
pub fn step(d: &Dialogue, session: &Session, input: &Input, now: Timestamp) -> Step {
    let mut turn = Turn::new(d, session, now);
    turn.take(input);
    turn.keep_danger(session);
    turn.conclude();
    turn.done()
}

/// The first half of a step: what the input says. What follows from it is left to [`conclude`],
/// which may be over a newer form.
fn hear(d: &Dialogue, session: &Session, input: &Input, now: Timestamp) -> Step {
    let mut turn = Turn::new(d, session, now);
    turn.take(input);
    turn.keep_danger(session);
    turn.done()
}

/// The other half of a step.
fn conclude(d: &Dialogue, session: &Session, now: Timestamp) -> Step {
    let mut turn = Turn::new(d, session, now);
    turn.conclude();
    turn.done()
}

/// A new session for a dialogue.
pub fn begin(d: &Dialogue) -> Session {
    Session::new(d.form)
}

/// The longest language code that is kept; longer ones are no codes (BCP 47, section 4.4.1).
const LONGEST_LANGUAGE: usize = 35;

/// Note the language of somebody new, and the country if it names one. What is no language code,
/// such as `en`, `pt-br` or `zh_Hant_TW`, is passed over.
pub fn meet(d: &Dialogue, session: &mut Session, language: &str) {
    let mut parts = language.split(['-', '_']);
    let name = parts.next().unwrap_or("");
    let is_code = language.len() <= LONGEST_LANGUAGE
        && (2..=8).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && parts
            .clone()
            .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if session.language.is_none() && is_code {
        session.language = Some(language.to_owned());
        let region = parts.find(|p| p.len() == 2).unwrap_or("");
        session.country = d.numbers.country(region).map(|c| c.code.clone());
    }
}

struct Turn<'a> {
    d: &'a Dialogue,
    now: Timestamp,
    s: Session,
    owed: Vec<Owed>,
    fresh: bool,
    notice: Option<&'static str>,
    erase: bool,
    /// More than a day has passed since the question on the screen was shown.
    day_passed: bool,
    /// *No* or *Carry on* was pressed.
    carried_on: bool,
    /// The session as it was last folded.
    folded: RefCell<Option<Folded>>,
}

/// A session that was folded, by what the fold depends on. A log only grows in a turn, or is cleared.
struct Folded {
    events: usize,
    visits_before: u32,
    state: Arc<State>,
}

impl<'a> Turn<'a> {
    fn new(d: &'a Dialogue, session: &Session, now: Timestamp) -> Turn<'a> {
        Turn {
            d,
            now,
            s: session.clone(),
            owed: Vec::new(),
            fresh: false,
            notice: None,
            erase: false,
            day_passed: false,
            carried_on: false,
            folded: RefCell::default(),
        }
    }

    /// The session as it is now, if it was folded.
    fn known_state(&self) -> Option<Arc<State>> {
        let folded = self.folded.borrow();
        let is_current =
            |f: &&Folded| (f.events, f.visits_before) == (self.s.log.len(), self.s.visits_before);
        folded.as_ref().filter(is_current).map(|f| f.state.clone())
    }

    fn done(self) -> Step {
        let state = self.known_state();
        Step {
            session: (!self.erase).then_some(self.s),
            state,
            owed: self.owed,
            fresh: self.fresh,
            notice: self.notice,
        }
    }
}

impl Turn<'_> {
    fn state(&self) -> Arc<State> {
        if let Some(state) = self.known_state() {
            return state;
        }
        let state = Arc::new(State::of(self.d, &self.s));
        self.folded.replace(Some(Folded {
            events: self.s.log.len(),
            visits_before: self.s.visits_before,
            state: state.clone(),
        }));
        state
    }

    fn say(&mut self, what: What) {
        self.s.say(self.now, what);
    }

    fn message(&mut self, id: &str) {
        self.owed.push(Owed::message(id));
    }

    /// Show a message in place of the open question, or as a message of its own when none is open.
    ///
    /// A question of danger comes back after it.
    fn aside(&mut self, id: &str) {
        let message = Aside::Message(id.to_owned());
        let covered = std::mem::replace(&mut self.s.aside, message);
        if matches!(covered, Aside::Crisis | Aside::Words { .. }) {
            self.s.waiting.insert(0, covered);
        }
    }

    fn take(&mut self, input: &Input) {
        let before = self.state();
        if input.is_theirs() {
            self.came_back_first(&before);
            self.day_passed =
                before.came_back != Some(true) && self.state().came_back == Some(true);
            self.wrote_again();
        }
        match input {
            Input::Due => {
                let fired = fire::fire(self.d, &mut self.s, before.clone(), self.now);
                self.owed.extend(fired.owed);
                self.fresh |= fired.fresh;
            }
            Input::Blocked => self.s.round(self.now, RoundWhat::Silenced),
            Input::Away { .. } => self.was_away(&before),
            Input::Start { language } => self.start(language.as_deref()),
            Input::Command(command) => self.command(*command),
            Input::Media => {
                self.fresh = true;
                if !self.asks_of_danger() {
                    self.note("unknown_media");
                }
            }
            Input::UnknownPress => self.stale(),
            Input::Press(press) => self.press(press, &before),
            Input::Text(text) => self.text(&plain_text::cleaned(text), &before),
            Input::Edited(text) => self.edited(&plain_text::cleaned(text), &before),
        }
        if input.is_theirs() && !before.began && self.d.begins_at_once() {
            self.begin_at_once();
        }
    }

    /// Where nobody is asked for consent, the questions begin with whatever is said first.
    fn begin_at_once(&mut self) {
        let state = self.state();
        if !self.erase && !state.began && state.told.is_none() {
            self.say(What::Began(Begin::Fresh));
        }
    }

    /// Whoever writes is there again: what waited for that goes on.
    fn wrote_again(&mut self) {
        let standing = coaching::standing(&self.s);
        if standing.silenced || standing.closed {
            self.s.round(self.now, RoundWhat::Resumed);
        }
        if matches!(standing.round, coaching::Round::Waiting { .. }) {
            self.s.round(self.now, RoundWhat::Back);
        }
    }

    /// The open question comes again, with a word of excuse, to somebody who waits for it.
    fn was_away(&mut self, state: &State) {
        // What is no check of danger can wait for the morning.
        let quiet = local::hours(self.d, &self.s).is_some_and(|h| h.is_quiet(self.now));
        let asks = state.open || !quiet && route::checking(self.d, state).is_some();
        if !asks || coaching::standing(&self.s).silenced {
            return;
        }
        self.fresh = true;
        if self.s.aside == Aside::None {
            self.note("away");
        }
    }

    /// Whether the log has no room for what can wait; the person is then offered a new check.
    fn is_full(&mut self) -> bool {
        let full = self.s.log.len() >= MOST_EVENTS;
        if full {
            self.fresh = true;
            self.aside("start_again");
        }
        full
    }

    /// What follows from the facts whatever the input was: an emergency at once, a verdict when
    /// every question is answered.
    fn conclude(&mut self) {
        if self.erase {
            return;
        }
        self.judge();
        self.close_check_in();
        self.begin_anew_when_over_full();
        // A note stands over the open question, so it gives way too.
        if matches!(self.s.aside, Aside::None | Aside::Note(_)) && !self.s.waiting.is_empty() {
            self.s.aside = self.s.waiting.remove(0);
            self.fresh = true;
        }
        self.bound_waiting();
        coaching::roll_up(&mut self.s, self.now);
    }

    /// After the last question of a check-in its closing words are said.
    fn close_check_in(&mut self) {
        // Most talks never come to one.
        let asked = |e: &session::Event| matches!(e.what, What::CheckIn { .. });
        if !self.s.log.iter().any(asked) {
            return;
        }
        let state = self.state();
        let Some(open) = state.check_in else { return };
        if state.open || route::checking(self.d, &state).is_some() {
            return;
        }
        self.say(What::CheckedIn);
        let Some(check_in) = self.d.check_ins.get(usize::from(open.number)) else {
            return;
        };
        let full = self.d.completed(&state.known);
        let close = check_in
            .closes
            .iter()
            .find(|(when, _)| self.d.holds(when, &full, state.disposition()));
        if let Some((_, message)) = close {
            self.message(message);
        }
    }

    fn begin_anew_when_over_full(&mut self) {
        let told = self.owed.iter().any(|o| matches!(o, Owed::Verdict { .. }));
        let most = MOST_EVENTS_AT_ALL + if told { ROOM_FOR_A_VERDICT } else { 0 };
        if self.s.log.len() >= most {
            self.start_over();
            self.note("error_lost");
        }
    }

    /// The question that waits last goes first, but never that of a crisis.
    fn bound_waiting(&mut self) {
        while self.s.waiting.len() > MOST_WAITING {
            let last = self.s.waiting.iter().rposition(|w| *w != Aside::Crisis);
            self.s.waiting.remove(last.unwrap_or(MOST_WAITING));
        }
    }

    /// A question of danger goes only with its own answer, a new check, or an emergency.
    fn keep_danger(&mut self, before: &Session) {
        let new = self.s.log.get(before.log.len()..);
        let said = |f: &dyn Fn(What) -> bool| new.is_none_or(|l| l.iter().any(|e| f(e.what)));
        let settled = match &before.aside {
            Aside::Words { fact, .. } => said(&|w| match w {
                What::Asked { fact: f, .. } => f == *fact,
                What::Began(_) => true,
                _ => false,
            }),
            Aside::Crisis => {
                self.carried_on || said(&|w| matches!(w, What::Asked { .. } | What::Began(_)))
            }
            _ => true,
        };
        if !settled && self.s.aside != before.aside && !self.s.waiting.contains(&before.aside) {
            self.s.waiting.insert(0, before.aside.clone());
        }
    }

    fn judge(&mut self) {
        let state = self.state();
        let emergency = assess::is_emergency(self.d, &state.known);
        let told = state.told.filter(|_| !state.open).map(|t| t.disposition);
        if emergency && told != Some(Disposition::Emergency) {
            self.tell(Disposition::Emergency);
            return;
        }
        // After a long pause the last answer is not enough: what is new is asked first.
        if route::place(self.d, &state) == Place::Complete && state.came_back.is_none() {
            let found = verdict::assessment(self.d, &state).disposition;
            // A disposition falls only after the danger signs were all asked again.
            self.tell(found.max(state.floor.unwrap_or(found)));
            return;
        }
        let intent = state.told.is_none() && !state.began && !state.known.facts_are_open();
        if intent {
            let found = assess::assess(self.d, &self.d.completed(&state.known)).disposition;
            // Somebody who has not even begun is told at once when it cannot wait.
            if found == Disposition::NoTriage || found >= Disposition::Urgent {
                self.tell(found);
            }
            return;
        }
        // Answers given after the verdict (a check-in, say) may raise it.
        if let Some(told) = told {
            let found = verdict::assessment(self.d, &state).disposition;
            if found > told && told != Disposition::NoTriage {
                self.tell(found);
            }
        }
    }

    fn tell(&mut self, disposition: Disposition) {
        let event = self.s.log.len() as u16;
        self.say(What::Told { disposition });
        self.owed.push(Owed::Verdict { event });
        let covered = std::mem::take(&mut self.s.aside);
        if matches!(covered, Aside::Crisis | Aside::Words { .. }) {
            self.s.waiting.insert(0, covered);
        }
        if disposition == Disposition::Emergency {
            self.s.waiting.retain(|w| *w == Aside::Crisis);
        }
        self.s.page = None;
        self.fresh = true;
        self.end_rounds_if_barred();
        let state = self.state();
        if coach::over(self.d, &self.s, &state, self.now) == Some(Over::UntilSeen) {
            self.message("stop_until_seen");
        }
    }

    fn start(&mut self, language: Option<&str>) {
        self.fresh = true;
        if let Some(language) = language {
            meet(self.d, &mut self.s, language);
        }
        let state = self.state();
        self.uncover();
        if (state.began || state.told.is_some()) && !self.asks_of_danger() {
            self.aside("start_again");
        }
    }

    fn start_over(&mut self) {
        let state = self.state();
        // What was told, and is perhaps not delivered yet, stays in the log while there is room.
        if !state.began || self.s.log.len() > MOST_EVENTS / 2 {
            self.s.visits_before = state.visit.wrapping_add(1);
            coaching::keep_days_of_answers(self.d, &mut self.s);
            self.s.log.clear();
            self.folded.take();
        }
        self.s.aside = Aside::None;
        self.s.waiting.clear();
        self.s.page = None;
        if rounds::fold(self.d, &self.s, &state).state != rounds::RoundState::Idle {
            self.end_rounds(RoundWhat::Stopped);
        }
        self.end_drill();
        self.fresh = true;
        if state.began {
            self.say(What::Began(Begin::Fresh));
        }
    }

    fn command(&mut self, command: Command) {
        self.fresh = true;
        let state = self.state();
        let told = state.told.is_some();
        match command {
            Command::Help => self.aside("help"),
            Command::Emergency => self.aside("help_now"),
            Command::Privacy => self.aside("privacy"),
            Command::Settings => self.aside("settings"),
            Command::Forget => self.aside("forget_ask"),
            Command::Stop => {
                self.end_rounds(RoundWhat::Silenced);
                self.s.aside = Aside::None;
                self.message("stopped");
                self.fresh = false;
            }
            Command::Status => {
                self.uncover();
                if route::place(self.d, &state) == Place::Told {
                    self.again(&state);
                }
            }
            Command::Timezone => self.act(Act::Timezone),
            Command::Reminders => self.act(Act::Reminders),
            Command::Pause => self.act(Act::Pause),
            Command::Resume => self.act(Act::Resume),
            Command::History if state.began || told => self.owed.push(Owed::History),
            Command::Plan if told => self.act(Act::Plan),
            Command::Summary if state.began || told => self.act(Act::Summary),
            Command::Why if state.began || told => self.act(Act::Why),
            Command::Undo if state.began => self.act(Act::Back),
            // Before consent there is little, the language say, but it is theirs to see.
            Command::Export => self.owed.push(Owed::Export),
            Command::Restart if state.began || told => self.start_over(),
            Command::Restart => {}
            _ => self.note("nothing_yet"),
        }
    }
}
