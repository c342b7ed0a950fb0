//! Where a person stands: the fold of their log over a dialogue.

use std::collections::{BTreeMap, BTreeSet};

use super::session::{Begin, Event, Session, What};
use crate::dialogue::{
    Dialogue, Disposition, FactId, FactKind, Item, Knowledge, Known, ScreenId, ScreenKind,
};

/// Where one person stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What is known of their facts.
    pub known: Knowledge,
    /// What they had answered before the danger signs were asked again.
    pub before: Option<Knowledge>,
    /// Which screen settled each option (for facts of one answer, option 0).
    origin: BTreeMap<(FactId, u8), Option<ScreenId>>,
    /// The ticks of each screen, as bits by item.
    ticks: BTreeMap<ScreenId, u64>,
    /// Screens that are answered.
    pub done: BTreeSet<ScreenId>,
    /// Screens that were skipped.
    pub skipped: BTreeSet<ScreenId>,
    /// Facts whose question was passed by with "I'd rather not say".
    pub unanswered: BTreeSet<FactId>,
    /// Screens that an answer opened, in order.
    opened: Vec<ScreenId>,
    /// Whether consent was given and a check began.
    pub began: bool,
    /// Whether questions are being asked.
    pub open: bool,
    /// What was told last, with the place in the log.
    pub told: Option<Told>,
    /// The most severe disposition told since the danger signs were last begun.
    pub floor: Option<Disposition>,
    /// Whether the plan was asked for.
    pub planned: bool,
    /// The number of the open question; a button names it.
    pub visit: u32,
    /// The first visit whose buttons carry the numbers of this form.
    pub renumbered: u32,
    /// When each fact that the clock counts from was last answered, in milliseconds since 1970.
    pub said_at: BTreeMap<FactId, i64>,
    /// The person was away for long, and is asked whether anything is new.
    pub came_back: Option<bool>,
    /// When the check from nothing began, in milliseconds since 1970.
    pub began_ms: Option<i64>,
    /// Whether the danger signs are or were asked again since then.
    again: bool,
    /// When the last triage ended with a verdict, in milliseconds since 1970.
    pub triaged_ms: Option<i64>,
    /// When a check of the danger signs again, in a row with others, came out as soon or more.
    pub soon_again_ms: Vec<i64>,
    /// The check-in that is being asked.
    pub check_in: Option<OpenCheckIn>,
    /// When the last event of the log was, in milliseconds since 1970.
    pub last_ms: i64,
}

/// A check-in that is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCheckIn {
    /// Its number in the dialogue.
    pub number: u8,
    /// Whether ice or heat was used before.
    pub packs: bool,
    /// Whether no visit was booked or made yet.
    pub no_visit: bool,
    /// How many of its questions were answered, and when the last, in milliseconds since 1970.
    pub answered: (usize, i64),
}

/// A verdict that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How urgent.
    pub disposition: Disposition,
    /// Its place in the log.
    pub index: usize,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

impl State {
    /// Fold a session's log.
    pub fn of(d: &Dialogue, session: &Session) -> State {
        State::until(d, session, session.log.len())
    }

    /// Fold the first `count` events.
    pub fn until(d: &Dialogue, session: &Session, count: usize) -> State {
        let log = &session.log[..count.min(session.log.len())];
        let mut state = State {
            known: d.nothing_known(),
            before: None,
            origin: BTreeMap::new(),
            ticks: BTreeMap::new(),
            done: BTreeSet::new(),
            skipped: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            opened: Vec::new(),
            began: false,
            open: false,
            told: None,
            floor: None,
            planned: false,
            visit: session.visits_before.wrapping_add(visits(log)),
            renumbered: renumbered(session.visits_before, log),
            said_at: BTreeMap::new(),
            came_back: None,
            began_ms: None,
            again: false,
            triaged_ms: None,
            soon_again_ms: Vec::new(),
            check_in: None,
            last_ms: log.last().map_or(0, |e| e.at_ms),
        };
        let mut before: Vec<Known> = Vec::new();
        for (index, event) in effective(d, log) {
            before.clear();
            before.extend(d.clock.since.iter().map(|s| state.known.get(s.fact)));
            state.apply(d, index, event);
            if lasts(d, event.what) {
                state.age(d, event.at_ms);
                continue;
            }
            for (since, before) in d.clock.since.iter().zip(&before) {
                if state.known.get(since.fact) != *before {
                    state.said_at.insert(since.fact, event.at_ms);
                }
            }
        }
        state
    }

    fn apply(&mut self, d: &Dialogue, index: usize, event: Event) {
        match event.what {
            What::Began(Begin::Fresh) => {
                if self.began {
                    self.forget_all(d);
                }
                self.began = true;
                self.began_ms = Some(event.at_ms);
                self.again = false;
                self.soon_again_ms.clear();
                self.check_in = None;
                self.open = true;
                self.floor = None;
                self.done.insert(0);
            }
            What::Began(Begin::Again) => {
                self.ask_danger_again(d);
                self.again = true;
                self.check_in = None;
                self.came_back = None;
            }
            What::First { screen } => {
                self.done.remove(&usize::from(screen));
                self.opened.insert(0, screen.into());
            }
            What::CheckIn {
                number,
                packs,
                no_visit,
            } => {
                self.check_in = Some(OpenCheckIn {
                    number,
                    packs,
                    no_visit,
                    answered: (0, event.at_ms),
                });
                let asks = d.check_ins.get(usize::from(number)).map(|c| &c.asks);
                for (screen, _) in asks.into_iter().flatten() {
                    self.done.remove(screen);
                    self.ticks.remove(screen);
                    self.skipped.remove(screen);
                }
            }
            What::CheckedIn => self.check_in = None,
            What::NothingNew => self.came_back = None,
            What::Answered { screen, item } => {
                let screen = usize::from(screen);
                if let Some(open) = &mut self.check_in {
                    open.answered = (open.answered.0 + 1, event.at_ms);
                }
                if let Some(i) = d
                    .screens
                    .get(screen)
                    .and_then(|s| s.items.get(usize::from(item)))
                {
                    self.store(d, screen, i, d.screens[screen].kind != ScreenKind::Any);
                    self.done.insert(screen);
                    self.opened.retain(|s| *s != screen);
                    if let Some(detail) = i.then {
                        self.done.remove(&detail);
                        self.opened.push(detail);
                    }
                }
            }
            What::Ticked { screen, item } => self.tick(d, screen.into(), item, true),
            What::Unticked { screen, item } => self.tick(d, screen.into(), item, false),
            What::Finished { screen } => self.finish(d, screen.into()),
            What::Skipped { screen } => {
                self.done.insert(screen.into());
                self.skipped.insert(screen.into());
            }
            What::Explained {
                screen,
                fact,
                option,
            } => {
                self.answer(d, fact.into(), option, Some(screen.into()), false);
            }
            What::Asked { fact, option } => self.answer(d, fact.into(), option, None, false),
            What::Undone | What::Reopened { .. } | What::Withdrawn => self.open = self.began,
            What::Told { disposition } => {
                if self.open {
                    self.triaged_ms = Some(event.at_ms);
                    if self.again && disposition >= Disposition::Soon {
                        self.soon_again_ms.push(event.at_ms);
                    } else {
                        self.soon_again_ms.clear();
                    }
                }
                // A check-in that raised it goes on: what is left of it is asked.
                if self.open || disposition >= Disposition::Urgent {
                    self.check_in = None;
                }
                self.told = Some(Told {
                    disposition,
                    index,
                    at_ms: event.at_ms,
                });
                self.floor = self.floor.max(Some(disposition));
                self.open = false;
                // A plan belongs to the verdict that it was made for.
                self.planned = false;
            }
            What::Planned => self.planned = true,
            What::CameBack { a_day } => {
                if a_day {
                    self.ask_danger_again(d);
                }
                self.came_back = Some(a_day);
            }
            // They are not among the events that count.
            What::Moved { .. } | What::Recalled => {}
        }
    }

    /// Forget what the danger screens ask, so that they are asked again.
    fn ask_danger_again(&mut self, d: &Dialogue) {
        self.before = Some(self.known.clone());
        self.open = self.began;
        self.floor = None;
        self.planned = false;
        let again = |id: ScreenId| d.phases[d.screens[id].phase].danger || d.screens[id].recheck;
        let mut forget: BTreeSet<FactId> = BTreeSet::new();
        for (id, screen) in d.screens.iter().enumerate() {
            if !again(id) {
                continue;
            }
            let details = screen.items.iter().filter_map(|i| i.then);
            for asked in details.chain([id]) {
                self.done.remove(&asked);
                self.ticks.remove(&asked);
                self.skipped.remove(&asked);
            }
            // An early question about the background (cancer, say) keeps its answer.
            let asked = super::route::asks(d, id).into_iter().map(|(f, _)| f);
            forget.extend(
                asked.filter(|&f| !screen.ask_again && (d.facts[f].phase <= 1 || screen.recheck)),
            );
        }
        for fact in forget {
            self.forget(fact);
        }
        self.opened.retain(|id| !again(*id));
    }

    /// The pain goes on at this moment, so what it counts from is by now longer ago.
    fn age(&mut self, d: &Dialogue, at_ms: i64) {
        for aged in aged(d, &self.known, &self.said_at, at_ms) {
            self.known.set(aged.fact, Known::one(aged.option));
            self.said_at.insert(aged.fact, aged.said_ms);
        }
    }

    /// A new check begins from nothing; what was told stands until it ends.
    fn forget_all(&mut self, d: &Dialogue) {
        self.known = d.nothing_known();
        self.before = None;
        self.origin.clear();
        self.ticks.clear();
        self.done.clear();
        self.skipped.clear();
        self.unanswered.clear();
        self.opened.clear();
        self.said_at.clear();
        self.planned = false;
        self.came_back = None;
    }

    fn forget(&mut self, fact: FactId) {
        self.known.open(fact);
        let options = self.origin.range((fact, 0)..=(fact, u8::MAX));
        let options: Vec<(FactId, u8)> = options.map(|(option, _)| *option).collect();
        for option in options {
            self.origin.remove(&option);
        }
    }

    /// Store what a tapped item says.
    fn store(&mut self, d: &Dialogue, screen: ScreenId, item: &Item, alone: bool) {
        for &(fact, option) in &item.sets {
            self.answer(d, fact, option, Some(screen), alone);
            if item.unanswered {
                self.unanswered.insert(fact);
            }
        }
    }

    /// Set one option. `alone` makes it the only one of a fact of several answers.
    fn answer(
        &mut self,
        d: &Dialogue,
        fact: FactId,
        option: u8,
        by: Option<ScreenId>,
        alone: bool,
    ) {
        let Some(f) = d.facts.get(fact) else { return };
        if usize::from(option) >= f.options.len() {
            return;
        }
        self.unanswered.remove(&fact);
        if f.kind == FactKind::Multi {
            let mut known = self.known.get(fact);
            if alone {
                known = Known::exactly(1 << option, f.all());
                for o in 0..f.options.len() as u8 {
                    self.origin.insert((fact, o), by);
                }
            } else {
                known.on |= 1 << option;
                known.off &= !(1 << option);
                self.origin.insert((fact, option), by);
            }
            self.known.set(fact, known);
        } else {
            self.known.set(fact, Known::one(option));
            self.origin.insert((fact, 0), by);
        }
    }

    fn tick(&mut self, d: &Dialogue, screen: ScreenId, item: u8, on: bool) {
        let Some(s) = d.screens.get(screen) else {
            return;
        };
        let Some(i) = s.items.get(usize::from(item)) else {
            return;
        };
        let ticks = self.ticks.entry(screen).or_default();
        if on {
            *ticks |= 1 << item;
            // A later tick for the same fact of one answer replaces an earlier one.
            for (n, other) in s.items.iter().enumerate() {
                let clash = n != usize::from(item)
                    && other.sets.iter().any(|(f, _)| {
                        d.facts[*f].kind != FactKind::Multi && i.sets.iter().any(|(g, _)| f == g)
                    });
                if clash {
                    *ticks &= !(1 << n);
                }
            }
            self.store(d, screen, i, false);
        } else {
            *ticks &= !(1 << item);
            for &(fact, option) in &i.sets {
                if d.facts[fact].kind == FactKind::Multi {
                    let mut known = self.known.get(fact);
                    known.on &= !(1 << option);
                    self.known.set(fact, known);
                    self.origin.remove(&(fact, option));
                } else {
                    self.forget(fact);
                }
            }
        }
    }

    /// *Done* or *None*: what is still open on the screen gets its harmless value.
    fn finish(&mut self, d: &Dialogue, screen: ScreenId) {
        let Some(s) = d.screens.get(screen) else {
            return;
        };
        let ticked = |n: usize| self.is_ticked(screen, n as u8);
        let mut settle: Vec<(FactId, Option<u8>)> = Vec::new();
        for &fact in &s.none {
            if d.facts[fact].kind == FactKind::Multi {
                for (n, item) in s.items.iter().enumerate() {
                    let via = item.then.map_or(&[][..], |t| &d.screens[t].items);
                    let offered = item.sets.iter().chain(via.iter().flat_map(|i| &i.sets));
                    if !ticked(n) {
                        settle.extend(
                            offered
                                .filter(|(f, _)| *f == fact)
                                .map(|(f, o)| (*f, Some(*o))),
                        );
                    }
                }
            } else {
                let held_open = s.items.iter().enumerate().any(|(n, item)| {
                    ticked(n)
                        && item.then.is_some_and(|t| {
                            d.screens[t]
                                .items
                                .iter()
                                .any(|i| i.sets.iter().any(|(f, _)| *f == fact))
                        })
                });
                if !held_open {
                    settle.push((fact, None));
                }
            }
        }
        let details: Vec<ScreenId> = s
            .items
            .iter()
            .enumerate()
            .filter(|(n, _)| ticked(*n))
            .filter_map(|(_, i)| i.then)
            .collect();
        for (fact, option) in settle {
            let mut known = self.known.get(fact);
            match option {
                Some(o) if (known.on | known.off) & (1 << o) == 0 => {
                    known.off |= 1 << o;
                    self.known.set(fact, known);
                    self.origin.insert((fact, o), Some(screen));
                }
                None if known.is_open() => {
                    self.known.set(fact, d.facts[fact].default);
                    self.origin.insert((fact, 0), Some(screen));
                }
                _ => {}
            }
        }
        self.done.insert(screen);
        self.opened.retain(|o| *o != screen);
        for detail in details {
            self.done.remove(&detail);
            self.opened.push(detail);
        }
    }

    /// Whether an item of a screen is ticked. A press may name one that no screen has.
    pub fn is_ticked(&self, screen: ScreenId, item: u8) -> bool {
        self.ticks
            .get(&screen)
            .zip(1_u64.checked_shl(item.into()))
            .is_some_and(|(ticks, bit)| ticks & bit != 0)
    }

    /// Whether anything on a screen is ticked.
    pub fn has_ticks(&self, screen: ScreenId) -> bool {
        self.ticks.get(&screen).is_some_and(|t| *t != 0)
    }

    /// The screen that an answer opened and that is not answered yet.
    ///
    /// One that is only asked first, and not opened, is asked where its guard holds by now.
    pub fn detail(&self, d: &Dialogue) -> Option<ScreenId> {
        let full = d.completed(&self.known);
        self.opened.iter().copied().find(|&s| {
            let screen = &d.screens[s];
            !self.done.contains(&s)
                && (screen.opened || d.holds(&screen.when, &full, self.disposition()))
        })
    }

    /// Whether an option is settled, by another screen than this one.
    pub fn is_settled_elsewhere(
        &self,
        d: &Dialogue,
        screen: ScreenId,
        fact: FactId,
        option: u8,
    ) -> bool {
        let multi = d.facts[fact].kind == FactKind::Multi;
        let known = self.known.get(fact);
        let settled = if multi {
            (known.on | known.off) & (1 << option) != 0
        } else {
            known.on != 0
        };
        let key = (fact, if multi { option } else { 0 });
        settled && self.origin.get(&key) != Some(&Some(screen))
    }

    /// Whether something happened since the check from nothing began: what was of an earlier bout
    /// does not count for this one.
    pub fn is_of_this_check(&self, at_ms: Option<i64>) -> bool {
        at_ms.is_some_and(|ms| ms >= self.began_ms.unwrap_or(i64::MIN))
    }

    /// The last disposition that still stands.
    pub fn disposition(&self) -> Option<Disposition> {
        self.told.map(|t| t.disposition)
    }
}

/// An answer that has aged: what it would be by now, and when that would have been said.
pub struct Aged {
    /// The fact.
    pub fact: FactId,
    /// The option that fits by now.
    pub option: u8,
    /// A moment at which it would have been true, in milliseconds since 1970.
    pub said_ms: i64,
}

/// The facts that the clock counts from, as they are by `at_ms`: "under a day ago" that was said
/// two days ago is two to three days ago.
pub fn aged(
    d: &Dialogue,
    known: &Knowledge,
    said_at: &BTreeMap<FactId, i64>,
    at_ms: i64,
) -> Vec<Aged> {
    const HOUR_MS: i64 = 3_600_000;
    let mut out = Vec::new();
    for since in &d.clock.since {
        let (Some(option), Some(&said_ms)) =
            (known.get(since.fact).option(), said_at.get(&since.fact))
        else {
            continue;
        };
        let hours = |o: usize| since.hours.get(o).copied().flatten().map(i64::from);
        let Some(then) = hours(option.into()) else {
            continue;
        };
        let by_now = then.saturating_add(at_ms.saturating_sub(said_ms).max(0) / HOUR_MS);
        let fits = (0..since.hours.len())
            .filter_map(|o| Some((hours(o)?, o)))
            .filter(|(from, _)| *from <= by_now && *from > then)
            .max();
        if let Some((from, option)) = fits {
            out.push(Aged {
                fact: since.fact,
                option: option as u8,
                said_ms: said_ms.saturating_add((from - then).saturating_mul(HOUR_MS)),
            });
        }
    }
    out
}

/// Whether an answer says that the pain goes on.
fn lasts(d: &Dialogue, what: What) -> bool {
    let What::Answered { screen, item } = what else {
        return false;
    };
    let screen = d.screens.get(usize::from(screen));
    let item = screen.and_then(|s| s.items.get(usize::from(item)));
    item.is_some_and(|i| i.lasts)
}

/// How many questions were settled: every event but ticks opens a new visit, and so does a form
/// in which the numbers of buttons mean something else.
fn visits(log: &[Event]) -> u32 {
    let opens = |what| match what {
        What::Moved { renumbered } => renumbered,
        What::Recalled => false,
        what => !what.is_tick(),
    };
    log.iter().filter(|e| opens(e.what)).count() as u32
}

/// The first visit whose buttons carry the numbers of this form.
fn renumbered(before: u32, log: &[Event]) -> u32 {
    let moved = What::Moved { renumbered: true };
    let last = log.iter().rposition(|e| e.what == moved);
    last.map_or(0, |n| before.wrapping_add(visits(&log[..=n])))
}

fn answers(what: What) -> bool {
    matches!(
        what,
        What::Answered { .. } | What::Finished { .. } | What::Skipped { .. } | What::Asked { .. }
    )
}

/// The events that still count, once undoing, reopening and withdrawing are worked in.
pub(super) fn effective(d: &Dialogue, log: &[Event]) -> Vec<(usize, Event)> {
    let mut out: Vec<(usize, Event)> = Vec::new();
    for (index, &event) in log.iter().enumerate() {
        match event.what {
            What::Undone => {
                let checking = checks_in(&out);
                let taken = undo(&mut out);
                // Going back among the questions of the plan, or of a check-in, leaves the verdict
                // as it is.
                if taken.map_or(checking, |w| is_after_verdict(d, w)) {
                    continue;
                }
            }
            What::Reopened { screen } => reopen(d, &mut out, screen),
            What::Withdrawn => withdraw(&mut out),
            What::Moved { .. } | What::Recalled => continue,
            _ => {}
        }
        out.push((index, event));
    }
    out
}

/// Whether a check-in is being asked after these events.
fn checks_in(out: &[(usize, Event)]) -> bool {
    let last = out.iter().rev().find(|(_, e)| {
        matches!(
            e.what,
            What::CheckIn { .. } | What::CheckedIn | What::Began(_)
        )
    });
    last.is_some_and(|(_, e)| matches!(e.what, What::CheckIn { .. }))
}

/// Whether an answer was given on a screen that comes after the verdict.
fn is_after_verdict(d: &Dialogue, what: What) -> bool {
    let (What::Answered { screen, .. } | What::Finished { screen } | What::Skipped { screen }) =
        what
    else {
        return false;
    };
    d.screens
        .get(usize::from(screen))
        .is_some_and(|s| d.phases[s.phase].after_verdict)
}

/// Drop the ticks of the open screen, then the last answer.
///
/// The answer is what was taken back, if there was anything.
fn undo(out: &mut Vec<(usize, Event)>) -> Option<What> {
    while let Some((_, e)) = out.last() {
        if e.what.is_tick() || matches!(e.what, What::Explained { .. }) {
            out.pop();
        } else {
            break;
        }
    }
    let begin = out
        .iter()
        .rposition(|(_, e)| {
            matches!(
                e.what,
                What::Began(_) | What::CameBack { a_day: true } | What::CheckIn { .. }
            )
        })
        .map_or(0, |i| i + 1);
    // An answer to words that were typed is no screen to go back to.
    let last = out[begin..]
        .iter()
        .rposition(|(_, e)| answers(e.what) && !matches!(e.what, What::Asked { .. }))?;
    Some(out.remove(begin + last).1.what)
}

/// Drop everything said on a screen and on the details it opens.
fn reopen(d: &Dialogue, out: &mut Vec<(usize, Event)>, screen: u16) {
    let mut gone = vec![usize::from(screen)];
    if let Some(s) = d.screens.get(usize::from(screen)) {
        gone.extend(s.items.iter().filter_map(|i| i.then));
    }
    out.retain(|(_, e)| match e.what {
        What::Answered { screen, .. }
        | What::Ticked { screen, .. }
        | What::Unticked { screen, .. }
        | What::Finished { screen }
        | What::Skipped { screen }
        | What::Explained { screen, .. } => !gone.contains(&usize::from(screen)),
        _ => true,
    });
}

/// Drop the last emergency and the answer behind it.
fn withdraw(out: &mut Vec<(usize, Event)>) {
    let told = out.iter().rposition(|(_, e)| {
        matches!(
            e.what,
            What::Told {
                disposition: Disposition::Emergency
            }
        )
    });
    let Some(told) = told else { return };
    let answer = out[..told].iter().rposition(|(_, e)| {
        answers(e.what) || matches!(e.what, What::Ticked { .. } | What::Explained { .. })
    });
    out.remove(told);
    if let Some(answer) = answer {
        out.remove(answer);
    }
}

/// The answer behind the last emergency: the event that a slip would withdraw.
pub fn answer_behind(d: &Dialogue, session: &Session) -> Option<What> {
    let out = effective(d, &session.log);
    let told = out.iter().rposition(|(_, e)| {
        matches!(
            e.what,
            What::Told {
                disposition: Disposition::Emergency
            }
        )
    })?;
    out[..told]
        .iter()
        .rev()
        .map(|(_, e)| e.what)
        .find(|w| answers(*w) || matches!(w, What::Ticked { .. } | What::Explained { .. }))
}
