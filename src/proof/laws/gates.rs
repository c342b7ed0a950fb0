//! L6: what a firing gate leaves out is not shown.
//!
//! The real conversation is held with somebody for every gate and every stretch of the clock, and
//! what the plan says, offers and sends is looked at through the four weeks of coaching. Gates and
//! the clock are all that decides about it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::answerer;
use crate::dialogue::{Act, Dialogue, Element, Knowledge};
use crate::engine::session::{Pack, RoundWhat};
use crate::engine::{self, Input, Owed, Press, Session, State, Wish, route, timers, view};
use crate::plan;
use crate::proof::space::LEVELS;
use crate::proof::{Broken, Exercised, Proved, World};
use crate::vignettes::element_name;

/// When the plan is looked at, in hours after the verdict: on both sides of every change of the
/// clock that comes with time.
fn moments(d: &Dialogue) -> Vec<i64> {
    let mut out = BTreeSet::from([0]);
    let lines = d.pages.iter().flat_map(|p| &p.lines);
    let hours = lines
        .flat_map(|l| [l.from_hours, l.until_hours])
        .chain([d.clock.ice_until_hours, d.clock.choose_until_hours])
        .filter(|h| *h > 0 && *h < 28 * 24);
    for hour in hours {
        out.extend([i64::from(hour) - 1, i64::from(hour)]);
    }
    out.into_iter().collect()
}

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let d = w.d();
    let mut out = Proved::default();
    let mut looks = 0;
    let mut people: Vec<(usize, Knowledge)> = Vec::new();
    for (g, gate) in d.gates.iter().enumerate() {
        let fires = w.plan.holds_told(&gate.when, &w.told);
        // Those without a plan too: none may come to have one.
        for level in LEVELS {
            let who = fires.and(w.told.exactly(level));
            for since in d.clock.since.iter() {
                for option in 0..d.facts[since.fact].options.len() as u8 {
                    let person = w.somebody(&who.and(w.space.says(since.fact, option)));
                    people.extend(
                        person
                            .filter(|p| !people.iter().any(|(_, q)| q == p))
                            .map(|p| (g, p)),
                    );
                }
            }
        }
    }
    let named = untold(d);
    out.broken
        .extend(named.into_iter().map(Broken::of_dialogue));
    let mut said: BTreeSet<String> = BTreeSet::new();
    for (gate, person) in &people {
        let mut look = Look {
            d,
            gate: *gate,
            looks: 0,
            wrong: BTreeSet::new(),
        };
        look.at(person);
        looks += look.looks;
        for what in look.wrong {
            if said.insert(what.clone()) {
                out.broken.push(Broken {
                    what,
                    person: Some(person.clone()),
                    lawful: None,
                });
            }
        }
    }
    out.how = format!(
        "{} real conversations: somebody for every gate, disposition and answer that the clock counts from, and {looks} looks at every page, exercise, offer, check-in and reminder, on both sides of every hour at which something changes, and at what old buttons do",
        people.len()
    );
    out
}

/// Texts that speak of something that gates leave out and do not say what they do with it, so that
/// no gate could take them away.
fn untold(d: &Dialogue) -> Vec<String> {
    let mut out = Vec::new();
    let mut look = |place: String, text: &str, told: &[&[Element]]| {
        for (element, words) in &d.element_words {
            let is_told = told.iter().any(|list| list.contains(element));
            if !is_told && words.iter().any(|w| speaks_of(text, w)) {
                out.push(format!(
                    "{place} names {} and does not say whether it advises it: “{text}”",
                    element_name(*element)
                ));
            }
        }
    };
    for page in &d.pages {
        for (n, l) in page.lines.iter().enumerate() {
            let place = format!("line {} of the page `{}`", n + 1, page.id);
            look(
                place,
                l.say.source(),
                &[&l.advises, &l.instead_of, &l.names],
            );
        }
    }
    for s in d.screens.iter().filter(|s| d.phases[s.phase].check_in) {
        look(
            format!("the check-in's `{}`", s.id),
            s.ask.source(),
            &[&s.advises],
        );
    }
    for x in &d.drills {
        let title = x.title.source();
        look(format!("the exercise `{}`", x.id), title, &[&x.advises]);
    }
    out
}

/// Whether a word of this text begins so.
fn speaks_of(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let whole = word.len() > 3 || !after.is_some_and(char::is_alphanumeric);
        whole && !before.is_some_and(char::is_alphanumeric)
    })
}

/// Looks at one person's coaching.
struct Look<'a> {
    d: &'a Dialogue,
    gate: usize,
    looks: usize,
    wrong: BTreeSet<String>,
}

impl Look<'_> {
    fn at(&mut self, person: &Knowledge) {
        let start = Timestamp::UNIX_EPOCH;
        let held = answerer::hold(self.d, person, start);
        let session = self.with_plan(held.session, person, start);
        for hours in moments(self.d) {
            let now = start + SignedDuration::from_hours(hours);
            let state = State::of(self.d, &session);
            let out = plan::gates(self.d, &state, now).1;
            self.pages(&session, &state, &out, now);
            self.old_buttons(&session, &out, now);
        }
        self.reminders(session.clone(), start);
        let used = self.with_a_pack(session, start);
        self.reminders(used, start);
    }

    /// Use a pack that is allowed, since some reminders come only after one.
    fn with_a_pack(&mut self, mut session: Session, now: Timestamp) -> Session {
        for act in [Act::StartIce, Act::StartHeat, Act::StartPack, Act::ItIsOff] {
            let visit = State::of(self.d, &session).visit;
            let press = Input::Press(Press {
                visit,
                wish: Wish::Act(act),
            });
            session = engine::step(self.d, &session, &press, now)
                .session
                .unwrap_or(session);
        }
        session
    }

    fn wrong(&mut self, what: &str) {
        let gate = &self.d.gates[self.gate].id;
        self.wrong.insert(format!("with the gate `{gate}`, {what}"));
    }

    /// Ask for the plan and answer its questions.
    fn with_plan(&mut self, mut session: Session, person: &Knowledge, now: Timestamp) -> Session {
        for tap in 0..60 {
            let state = State::of(self.d, &session);
            let wish = match tap {
                0 => Some(Wish::Act(Act::Plan)),
                _ => answerer::next(self.d, &session, &state, person),
            };
            let Some(wish) = wish else { break };
            let press = Input::Press(Press {
                visit: state.visit,
                wish,
            });
            session = engine::step(self.d, &session, &press, now)
                .session
                .unwrap_or(session);
        }
        session
    }

    fn pages(&mut self, session: &Session, state: &State, out: &[Element], now: Timestamp) {
        self.looks += 1;
        let bars = |e: &Element| out.contains(e) || out.contains(&Element::Coaching);
        for (n, page) in self.d.pages.iter().enumerate() {
            for line in plan::lines(self.d, session, state, n, now) {
                if line.advises.iter().any(bars) {
                    self.wrong(&format!(
                        "the page `{}` still says “{}”",
                        page.id,
                        line.say.source()
                    ));
                }
            }
        }
        for number in plan::drills(self.d, session, state, now) {
            let drill = &self.d.drills[number];
            if drill.advises.iter().any(bars) {
                self.wrong(&format!("the exercise `{}` is still offered", drill.id));
            }
        }
        let packs = plan::packs(self.d, session, state, now);
        for (pack, element) in [(Pack::Ice, Element::Ice), (Pack::Heat, Element::Heat)] {
            if packs.allows(pack) && bars(&element) {
                self.wrong(&format!("{pack:?} may still be started"));
            }
        }
        if let Some(shown) = view::view(self.d, session, now) {
            self.offers(&shown, out);
        }
    }

    /// No button starts what is left out.
    fn offers(&mut self, shown: &engine::View, out: &[Element]) {
        for button in shown.buttons() {
            let wish = Press::read(&button.data).map(|p| p.wish);
            if let Some(element) = wish.and_then(|w| started_by(self.d, &w))
                && (out.contains(&element) || out.contains(&Element::Coaching))
            {
                self.wrong(&format!("the button “{}” is still shown", button.label));
            }
        }
    }

    /// A button from before, or a word typed, starts nothing that is left out.
    fn old_buttons(&mut self, session: &Session, out: &[Element], now: Timestamp) {
        let acts = [Act::StartIce, Act::StartHeat];
        let drills = (0..self.d.drills.len() as u8).map(Wish::Drill);
        for wish in acts.into_iter().map(Wish::Act).chain(drills) {
            let Some(element) = started_by(self.d, &wish) else {
                continue;
            };
            if !out.contains(&element) && !out.contains(&Element::Coaching) {
                continue;
            }
            let visit = State::of(self.d, session).visit;
            let mut after = session.clone();
            // The page about safety has a button of its own.
            for wish in [wish, Wish::Act(Act::StartPack)] {
                let press = Input::Press(Press { visit, wish });
                after = engine::step(self.d, &after, &press, now)
                    .session
                    .unwrap_or(after);
            }
            let began = after.rounds.iter().skip(session.rounds.len());
            if began
                .into_iter()
                .any(|e| matches!(e.what, RoundWhat::Started(_) | RoundWhat::Drill(_)))
            {
                self.wrong(&format!("an old button still starts {element:?}"));
            }
        }
    }

    /// What timers send and ask in four weeks, to somebody who answers nothing.
    fn reminders(&mut self, mut session: Session, start: Timestamp) {
        let mut now = start;
        for _ in 0..200 {
            let Some(due) = timers::next_due(self.d, &session, now) else {
                return;
            };
            now = due.max(now);
            if now > start + SignedDuration::from_hours(29 * 24) {
                return;
            }
            let step = engine::step(self.d, &session, &Input::Due, now);
            session = step.session.unwrap_or(session);
            let state = State::of(self.d, &session);
            let out = plan::gates(self.d, &state, now).1;
            for owed in &step.owed {
                if matches!(owed, Owed::Reminder { .. } | Owed::Message { .. }) {
                    let shown = view::render(self.d, &session, owed, now);
                    self.looks += 1;
                    self.offers(&shown, &out);
                }
            }
            // Every screen of a check-in that is open, not only the first.
            for screen in route::check_in_screens(self.d, &state) {
                let advises = &self.d.screens[screen].advises;
                if advises.iter().any(|e| out.contains(e)) {
                    self.wrong(&format!(
                        "the check-in still asks `{}`",
                        self.d.screens[screen].id
                    ));
                }
            }
        }
    }
}

/// What a button starts.
fn started_by(d: &Dialogue, wish: &Wish) -> Option<Element> {
    match wish {
        Wish::Act(Act::StartIce) => Some(Element::Ice),
        Wish::Act(Act::StartHeat) => Some(Element::Heat),
        Wish::Drill(n) => d.drills.get(usize::from(*n))?.advises.first().copied(),
        _ => None,
    }
}
