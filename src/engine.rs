//! The conversation: `step(dialogue, session, input, now) -> Step`. Pure and total.
//!
//! A session is a log of what was said; where the person stands is its fold ([`fold`]), the next
//! question follows from that ([`route`]), and so does what they see ([`view`]). `step` only
//! decides which events an input adds, and what is owed for them.

pub mod effect;
pub mod fold;
pub mod input;
pub mod press;
pub mod rounds;
pub mod route;
pub mod session;
pub mod text_answer;
pub mod verdict;
pub mod view;
pub mod words;

use jiff::{SignedDuration, Timestamp};

pub use effect::{Button, Owed, Step, Timer, View};
pub use fold::State;
pub use input::{Command, Input};
pub use press::{Press, Wish};
pub use route::Place;
pub use session::{Aside, Pack, Session};

use crate::assess;
use crate::dialogue::{Act, Dialogue, Disposition, Element, FactKind, ScreenKind};
use crate::plan;
use session::{Begin, RoundWhat, What};
use text_answer::{Danger, Typed};

/// After a longer pause the person is asked whether anything is new (triage.md section 2, our value).
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// After a longer pause the danger signs are asked again (triage.md section 2, our value).
const DAY_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The most events that one check keeps, far more than any real one: after that only a new check
/// goes on, so that a flood of taps cannot grow a record without end.
const MOST_EVENTS: usize = 600;

/// Apply one input to a session.
pub fn step(d: &Dialogue, session: &Session, input: &Input, now: Timestamp) -> Step {
    let mut turn = Turn {
        d,
        now,
        s: session.clone(),
        owed: Vec::new(),
        fresh: false,
        notice: None,
        erase: false,
    };
    turn.take(input);
    turn.conclude();
    Step {
        session: (!turn.erase).then_some(turn.s),
        owed: turn.owed,
        fresh: turn.fresh,
        notice: turn.notice,
    }
}

/// A new session for a dialogue.
pub fn begin(d: &Dialogue) -> Session {
    Session::new(d.form)
}

/// Note the language of somebody new, and the country if it names one.
pub fn meet(d: &Dialogue, session: &mut Session, language: &str) {
    if session.language.is_none() {
        session.language = Some(language.chars().take(12).collect());
        let region = language.split(['-', '_']).nth(1).unwrap_or("");
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
}

impl Turn<'_> {
    fn state(&self) -> State {
        State::of(self.d, &self.s)
    }

    fn say(&mut self, what: What) {
        self.s.say(self.now, what);
    }

    fn message(&mut self, id: &str) {
        self.owed.push(Owed::message(id));
    }

    /// Show a message in place of the open question, or as a message of its own when none is open.
    fn aside(&mut self, id: &str) {
        self.s.aside = Aside::Message(id.to_owned());
    }

    fn take(&mut self, input: &Input) {
        let before = self.state();
        if !matches!(input, Input::Due | Input::Blocked) {
            self.came_back_first(&before);
            if rounds::fold(self.d, &self.s, &before).silenced {
                self.s.round(self.now, RoundWhat::Resumed);
            }
        }
        match input {
            Input::Due => {
                let owed = rounds::fire(self.d, &mut self.s, self.now);
                self.owed.extend(owed);
            }
            Input::Blocked => self.s.round(self.now, RoundWhat::Silenced),
            Input::Start { language } => self.start(language.as_deref()),
            Input::Command(command) => self.command(*command),
            Input::Media => {
                self.note("unknown_media");
                self.fresh = true;
            }
            Input::UnknownPress => self.stale(),
            Input::Press(press) if self.is_full() && press.wish.is_an_answer() => {
                self.fresh = true;
                self.aside("start_again");
            }
            Input::Press(press) => self.press(press, &before),
            Input::Text(text) => self.text(text, &before),
            Input::Edited(text) => self.edited(text, &before),
        }
    }

    /// Whether the log has no room for another answer.
    fn is_full(&self) -> bool {
        self.s.log.len() >= MOST_EVENTS
    }

    /// What follows from the facts whatever the input was: an emergency at once, a verdict when
    /// every question is answered.
    fn conclude(&mut self) {
        if self.erase {
            return;
        }
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
            if found == Disposition::NoTriage {
                self.tell(Disposition::NoTriage);
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
        self.s.aside = Aside::None;
        self.s.page = None;
        self.fresh = true;
        self.end_rounds_if_barred();
    }

    /// Coaching stops where a gate says so.
    fn end_rounds_if_barred(&mut self) {
        let state = self.state();
        let (_, out) = plan::gates(self.d, &state);
        let running = rounds::fold(self.d, &self.s, &state).state != rounds::RoundState::Idle;
        if running && out.contains(&Element::Coaching) {
            if state.disposition() == Some(Disposition::Emergency) {
                // Nothing may stand beside the call for help.
                self.s.round(self.now, RoundWhat::Stopped);
            } else {
                self.end_rounds(RoundWhat::Stopped);
            }
        }
    }

    /// End the rounds. No timer will speak of a pack that is still on, so it is said at once.
    fn end_rounds(&mut self, how: RoundWhat) {
        let state = self.state();
        if matches!(
            rounds::fold(self.d, &self.s, &state).state,
            rounds::RoundState::On { .. }
        ) {
            self.message("off_again");
        }
        self.s.round(self.now, how);
    }

    // ---- starting --------------------------------------------------------------------------

    fn start(&mut self, language: Option<&str>) {
        self.fresh = true;
        if let Some(language) = language {
            meet(self.d, &mut self.s, language);
        }
        let state = self.state();
        self.s.aside = Aside::None;
        if state.began || state.told.is_some() {
            self.aside("start_again");
        }
    }

    fn start_over(&mut self) {
        let state = self.state();
        self.s.visits_before = state.visit + 1;
        self.s.log.clear();
        self.s.aside = Aside::None;
        self.s.page = None;
        if rounds::fold(self.d, &self.s, &state).state != rounds::RoundState::Idle {
            self.end_rounds(RoundWhat::Stopped);
        }
        self.fresh = true;
        if state.began {
            self.say(What::Began(Begin::Fresh));
        }
    }

    // ---- commands --------------------------------------------------------------------------

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
                self.s.aside = Aside::None;
                if route::place(self.d, &state) == Place::Told {
                    self.again(&state);
                }
            }
            Command::Plan if told => self.act(Act::Plan),
            Command::Summary if state.began || told => self.act(Act::Summary),
            Command::Why if state.began || told => self.act(Act::Why),
            Command::Undo if state.began => self.act(Act::Back),
            Command::Export if state.began || told => self.owed.push(Owed::Export),
            Command::Restart if state.began || told => self.start_over(),
            Command::Restart => {}
            _ => self.note("nothing_yet"),
        }
    }

    // ---- buttons ---------------------------------------------------------------------------

    fn stale(&mut self) {
        self.notice = Some("stale");
        self.s.aside = match std::mem::take(&mut self.s.aside) {
            // A message over the question stays: it waits for its own answer.
            keep @ (Aside::Crisis | Aside::Words { .. } | Aside::Mistake) => keep,
            _ => Aside::None,
        };
    }

    /// A press counts for the question that was open when it was made, also when a long pause
    /// ended with it.
    fn press(&mut self, press: &Press, state: &State) {
        let now_open = press.visit == state.visit;
        let screen = match route::place(self.d, state) {
            Place::Asking(screen) => Some(screen),
            _ => None,
        };
        match (&press.wish, screen) {
            (Wish::Act(act), _) => self.act_press(*act, now_open),
            (Wish::Reply(id), _) => self.reply(id),
            (Wish::Page(page, part), _) => self.page(*page, *part),
            (Wish::Country(code), _) => self.country(code),
            (Wish::Reopen(screen), _) if now_open => self.reopen(*screen),
            (Wish::ChangePart(part), _) => self.s.aside = Aside::Change { part: *part },
            (Wish::Asked(fact, option), _) if now_open => self.asked(*fact, *option),
            (Wish::AskedThen(fact, option, reply), _) if now_open => {
                self.asked(*fact, *option);
                self.reply(reply);
            }
            (wish, Some(screen)) if now_open => self.answer(state, screen, wish),
            _ => self.stale(),
        }
    }

    /// An answer to the open screen.
    fn answer(&mut self, state: &State, screen: usize, wish: &Wish) {
        let s = &self.d.screens[screen];
        let id = screen as u16;
        let offered = |item: u8| {
            s.items
                .get(usize::from(item))
                .filter(|i| route::is_offered(self.d, state, screen, i))
        };
        match *wish {
            Wish::Answer(item) | Wish::Confirm(item) if s.kind != ScreenKind::Any => {
                let Some(i) = offered(item) else {
                    return self.stale();
                };
                self.s.aside = Aside::None;
                let reply = i.reply.clone();
                self.say(What::Answered { screen: id, item });
                if let Some(reply) = reply {
                    self.reply(&reply);
                }
            }
            Wish::Tick(item) | Wish::Confirm(item) if s.kind == ScreenKind::Any => {
                if offered(item).is_none() {
                    return self.stale();
                }
                self.s.aside = Aside::None;
                if !state.is_ticked(screen, item) {
                    self.say(What::Ticked { screen: id, item });
                }
            }
            Wish::Untick(item) if s.kind == ScreenKind::Any => {
                if state.is_ticked(screen, item) {
                    self.say(What::Unticked { screen: id, item });
                }
            }
            Wish::Finish if s.kind == ScreenKind::Any => {
                if s.at_least_one && !state.has_ticks(screen) {
                    return self.stale();
                }
                self.s.aside = Aside::None;
                self.say(What::Finished { screen: id });
            }
            Wish::Skip if s.skip => {
                self.s.aside = Aside::None;
                self.say(What::Skipped { screen: id });
            }
            Wish::NotSure if !s.not_sure.is_empty() => {
                self.s.aside = match s.not_sure.as_slice() {
                    [fact] => Aside::Explain { fact: *fact as u8 },
                    _ => Aside::Which,
                };
            }
            Wish::Explain(fact) if s.not_sure.contains(&usize::from(fact)) => {
                self.s.aside = Aside::Explain { fact };
            }
            Wish::Explained(fact, option) if s.not_sure.contains(&usize::from(fact)) => {
                if self.is_option(fact, option) {
                    self.s.aside = Aside::None;
                    self.say(What::Explained {
                        screen: id,
                        fact,
                        option,
                    });
                }
            }
            _ => self.stale(),
        }
    }

    /// A long pause is noted before the answer that ends it, so that the answer counts as new.
    fn came_back_first(&mut self, state: &State) {
        let Some(last) = self.s.last_said().filter(|_| state.open && state.began) else {
            return;
        };
        if state.came_back.is_some() {
            return;
        }
        let away = self.now.duration_since(last);
        if away > STALE_AFTER {
            self.say(What::CameBack {
                a_day: away > DAY_AFTER,
            });
        }
    }

    fn is_option(&self, fact: u8, option: u8) -> bool {
        self.d
            .facts
            .get(usize::from(fact))
            .is_some_and(|f| usize::from(option) < f.options.len())
    }

    fn asked(&mut self, fact: u8, option: u8) {
        if !self.is_option(fact, option) {
            return self.stale();
        }
        self.s.aside = Aside::None;
        let barred = |turn: &Self| {
            plan::gates(turn.d, &turn.state())
                .1
                .contains(&Element::Coaching)
        };
        let found = |turn: &Self| verdict::assessment(turn.d, &turn.state());
        let (was_barred, was_found) = (barred(self), found(self).rules);
        self.say(What::Asked { fact, option });
        // What is said after a verdict is answered with the verdict as it is now: for other
        // reasons, say, or with the plan that was held back until an adult joined. `conclude`
        // tells one that rises.
        let state = self.state();
        let Some(told) = state
            .told
            .filter(|t| !state.open && t.disposition != Disposition::NoTriage)
        else {
            return;
        };
        let now = found(self);
        let changed = now.rules != was_found || was_barred && !barred(self);
        if now.disposition <= told.disposition
            && (changed || route::place(self.d, &state) == Place::Told)
        {
            self.tell(told.disposition);
        }
    }

    fn reopen(&mut self, screen: u16) {
        let state = self.state();
        if !state.began || !state.done.contains(&usize::from(screen)) {
            return self.stale();
        }
        self.s.aside = Aside::None;
        self.fresh = !state.open;
        self.say(What::Reopened { screen });
    }

    fn page(&mut self, page: u8, part: u8) {
        let state = self.state();
        if route::place(self.d, &state) == Place::Plan
            && usize::from(page) < view::page_count(self.d)
        {
            self.s.aside = Aside::None;
            self.s.page = Some((page, part));
        } else {
            self.stale();
        }
    }

    fn country(&mut self, code: &str) {
        match self.d.numbers.country(code) {
            Some(c) => {
                self.s.country = Some(c.code.clone());
                self.s.aside = Aside::None;
            }
            None => self.stale(),
        }
    }

    /// Answer with a message: over the open question when there is one.
    fn reply(&mut self, id: &str) {
        let Some(message) = self.d.messages.get(id) else {
            return self.stale();
        };
        let state = self.state();
        let asking = matches!(route::place(self.d, &state), Place::Asking(_) | Place::Plan);
        // A verdict that follows from the same tap takes the question away.
        let found = verdict::assessment(self.d, &state).disposition;
        let rises = assess::is_emergency(self.d, &state.known)
            || state
                .told
                .is_some_and(|t| !state.open && found > t.disposition);
        if !asking || rises {
            self.message(id);
        } else if message.buttons.is_empty() {
            self.note(id);
        } else {
            self.aside(id);
        }
    }

    /// A press on a button that does something. Those of another visit count where they still
    /// mean the same.
    fn act_press(&mut self, act: Act, now_open: bool) {
        let state = self.state();
        let told = state.told.filter(|_| !state.open).map(|t| t.disposition);
        let fits = match act {
            Act::Consent => !state.began,
            Act::Back => now_open,
            Act::Slip | Act::Mistake => told == Some(Disposition::Emergency),
            Act::Plan => told.is_some_and(assess::is_coached),
            Act::GotHelp => told.is_some(),
            _ => true,
        };
        match act {
            _ if !fits => self.stale(),
            // An older "Carry on" shows where we are; it answers nothing.
            Act::CarryOn if !now_open => self.command(Command::Status),
            act => self.act(act),
        }
    }

    fn act(&mut self, act: Act) {
        let state = self.state();
        match act {
            Act::Consent => {
                self.s.aside = Aside::None;
                self.say(What::Began(Begin::Fresh));
            }
            Act::Refuse => {
                self.message("not_now");
                self.erase = true;
            }
            Act::HelpNow => self.aside("help_now"),
            Act::About => self.aside("about"),
            Act::Country => self.s.aside = Aside::Country,
            Act::CountryOther => self.s.aside = Aside::CountryName,
            Act::CountryNone => {
                self.s.country = None;
                self.s.aside = Aside::None;
            }
            Act::CarryOn => {
                let covered = std::mem::take(&mut self.s.aside) != Aside::None;
                // Only somebody who saw the question after a pause has answered it.
                if state.came_back.is_some() && !covered {
                    self.say(What::NothingNew);
                } else if route::place(self.d, &state) == Place::Told {
                    self.again(&state);
                }
            }
            Act::StartOver => {
                self.start_over();
                if !self.state().began {
                    self.s.aside = Aside::None;
                }
            }
            Act::CheckAgain | Act::FeelsWorse => {
                self.end_rounds(RoundWhat::Stopped);
                self.s.aside = Aside::None;
                self.s.page = None;
                self.fresh = true;
                if state.began {
                    self.say(What::Began(Begin::Again));
                }
                if act == Act::FeelsWorse {
                    self.note("feels_worse");
                }
            }
            Act::Plan => {
                self.s.aside = Aside::None;
                self.s.page = None;
                let (_, out) = plan::gates(self.d, &state);
                if out.contains(&Element::Coaching) {
                    self.again(&state);
                } else if !state.planned {
                    self.fresh = true;
                    self.say(What::Planned);
                }
            }
            Act::Verdict => {
                self.s.aside = Aside::None;
                self.again(&state);
            }
            Act::Summary => {
                self.put_by();
                self.owed.push(Owed::Summary);
            }
            Act::Why => {
                if state.open {
                    self.aside("why");
                } else {
                    self.put_by();
                    self.owed.push(Owed::WhyVerdict);
                }
            }
            Act::Change => {
                self.fresh = true;
                self.s.aside = Aside::Change { part: 0 };
            }
            Act::Back => self.back(&state),
            Act::Mistake => {
                self.fresh = true;
                self.s.aside = Aside::Mistake;
            }
            Act::Slip => {
                self.s.aside = Aside::None;
                self.fresh = true;
                self.say(What::Withdrawn);
            }
            Act::StartIce => self.start_pack(Pack::Ice),
            Act::StartHeat => self.start_pack(Pack::Heat),
            Act::ItIsOff => self.off(&state),
            Act::SkinFine => self.s.round(self.now, RoundWhat::SkinFine),
            Act::SkinWrong => {
                self.s.round(self.now, RoundWhat::SkinWrong);
                self.message("skin_wrong");
            }
            Act::Snooze => self.offered(RoundWhat::Snoozed, "snoozed"),
            Act::SkipRound => self.offered(RoundWhat::Skipped, "skipped"),
            Act::StopToday => {
                self.end_rounds(RoundWhat::StoppedToday);
                self.message("stopped_today");
            }
            Act::Stop => {
                self.end_rounds(RoundWhat::Silenced);
                self.message("stopped");
            }
            Act::GotHelp => {
                self.s.round(self.now, RoundWhat::GotHelp);
                self.message("got_help");
            }
            Act::Forget => {
                self.message("forget_done");
                self.erase = true;
            }
        }
    }

    /// A message that only tells something gives way to what comes.
    fn put_by(&mut self) {
        if matches!(self.s.aside, Aside::Message(_) | Aside::Note(_)) {
            self.s.aside = Aside::None;
        }
    }

    /// Say the verdict that stands once more.
    fn again(&mut self, state: &State) {
        if let Some(told) = state.told.filter(|_| !state.open) {
            self.owed.push(Owed::Verdict {
                event: told.index as u16,
            });
        }
    }

    fn back(&mut self, state: &State) {
        if !matches!(self.s.aside, Aside::None | Aside::Note(_)) {
            self.s.aside = Aside::None;
            return;
        }
        self.s.aside = Aside::None;
        if state
            .told
            .is_some_and(|t| t.disposition == Disposition::Emergency)
            && !state.open
        {
            self.s.aside = Aside::Mistake;
            self.fresh = true;
        } else if state.began {
            self.fresh |= !state.open && !state.planned;
            self.say(What::Undone);
        }
    }

    // ---- rounds ----------------------------------------------------------------------------

    fn start_pack(&mut self, pack: Pack) {
        let state = self.state();
        let packs = plan::packs(self.d, &self.s, &state, self.now);
        let round = rounds::fold(self.d, &self.s, &state).state;
        if !packs.allows(pack) || state.open {
            return self.stale();
        }
        if matches!(round, rounds::RoundState::On { .. }) {
            // A double tap starts nothing twice.
            return;
        }
        if rounds::rounds_in_a_day(&self.s, pack, self.now)
            >= rounds::times(self.d, pack).cap_per_day
        {
            return self.message("day_full");
        }
        let safety = if pack == Pack::Ice {
            "pack_safety_ice"
        } else {
            "pack_safety_heat"
        };
        if round == rounds::RoundState::Idle && self.s.aside != Aside::Message(safety.to_owned()) {
            // The first pack shows how to use it safely; its *Start* begins the round.
            return self.aside(safety);
        }
        self.s.aside = Aside::None;
        self.s.round(self.now, RoundWhat::Started(pack));
        let id = if pack == Pack::Ice {
            "ice_on"
        } else {
            "heat_on"
        };
        self.owed.push(Owed::Message {
            id: id.into(),
            about_ms: Some(self.now.as_millisecond()),
        });
    }

    fn off(&mut self, state: &State) {
        if matches!(
            rounds::fold(self.d, &self.s, state).state,
            rounds::RoundState::On { .. }
        ) {
            self.s.round(self.now, RoundWhat::Off);
            self.owed.push(Owed::Message {
                id: "is_off".into(),
                about_ms: Some(self.now.as_millisecond()),
            });
        }
    }

    fn offered(&mut self, what: RoundWhat, reply: &str) {
        let state = self.state();
        let round = rounds::fold(self.d, &self.s, &state).state;
        if matches!(self.s.aside, Aside::Message(_)) {
            self.s.aside = Aside::None;
        }
        if matches!(round, rounds::RoundState::Offered { .. }) {
            self.s.round(self.now, what);
            self.owed.push(Owed::Message {
                id: reply.into(),
                about_ms: Some(self.now.as_millisecond()),
            });
        }
    }

    // ---- text ------------------------------------------------------------------------------

    /// A message over the open question.
    fn note(&mut self, id: &str) {
        self.s.aside = Aside::Note(id.to_owned());
    }

    fn text(&mut self, text: &str, state: &State) {
        self.fresh = true;
        let screen = match route::place(self.d, state) {
            Place::Asking(screen) => Some(screen),
            _ => None,
        };
        if self.s.aside == Aside::CountryName {
            match self.d.numbers.named(text) {
                Some(c) => {
                    self.s.country = Some(c.code.clone());
                    self.s.aside = Aside::None;
                }
                None => self.note("country_unknown_name"),
            }
            return;
        }
        match text_answer::danger(self.d, text) {
            Some(Danger::Crisis) => {
                self.s.aside = Aside::Crisis;
                return;
            }
            Some(Danger::Emergency { fact, words }) if !self.is_told_emergency(state) => {
                self.s.aside = Aside::Words {
                    fact: fact as u8,
                    words,
                };
                return;
            }
            _ => {}
        }
        let article = text_answer::looks_like_an_article(self.d, text);
        let waiting =
            !matches!(self.s.aside, Aside::None | Aside::Note(_)) || state.came_back.is_some();
        let screen = match screen {
            Some(screen) if !waiting && !article => screen,
            _ => return self.text_beside_a_screen(text, state, article),
        };
        let words = words::words(self.d, &self.s, state);
        match text_answer::typed(self.d, state, screen, text, &words) {
            Some(Typed::Item(item)) => {
                let wish = match self.d.screens[screen].kind {
                    ScreenKind::Any => Wish::Tick(item),
                    _ => Wish::Answer(item),
                };
                self.answer(state, screen, &wish);
            }
            Some(Typed::Perhaps(item)) => self.s.aside = Aside::Took { item },
            Some(Typed::Finish) => self.answer(state, screen, &Wish::Finish),
            Some(Typed::NotSure) => self.answer(state, screen, &Wish::NotSure),
            Some(Typed::Back) => self.act(Act::Back),
            None => self.note("unknown_text"),
        }
    }

    /// Words while no question of the triage waits for them: they may name a button, or start.
    fn text_beside_a_screen(&mut self, text: &str, state: &State, article: bool) {
        let shown = view::view(self.d, &self.s, self.now);
        let named = shown
            .as_ref()
            .and_then(|v| text_answer::button(self.d, v, text));
        if let Some(press) = named {
            return self.press(&press, state);
        }
        match route::place(self.d, state) {
            Place::Welcome if article => self.aside("own_back"),
            Place::Welcome => self.s.aside = Aside::None,
            Place::Told if matches!(self.s.aside, Aside::None) => self.aside("help"),
            Place::Plan if matches!(self.s.aside, Aside::None) => self.note("unknown_text"),
            Place::Asking(_) if matches!(self.s.aside, Aside::None) => self.note("unknown_text"),
            // The message that waits for its answer is shown again.
            _ => {}
        }
    }

    /// An edited message answers nothing, but it may name a danger.
    fn edited(&mut self, text: &str, state: &State) {
        if text_answer::danger(self.d, text).is_some() {
            self.text(text, state);
        } else {
            self.fresh = true;
            self.note("unknown_media");
        }
    }

    fn is_told_emergency(&self, state: &State) -> bool {
        !state.open
            && state
                .told
                .is_some_and(|t| t.disposition == Disposition::Emergency)
    }
}

/// Whether a fact of several answers, or of one, is answered by this option.
pub fn is_answered_by(
    d: &Dialogue,
    known: &crate::dialogue::Knowledge,
    fact: usize,
    option: u8,
) -> bool {
    match d.facts[fact].kind {
        FactKind::Multi => known.get(fact).on & (1 << option) != 0,
        _ => known.get(fact).option() == Some(option),
    }
}
