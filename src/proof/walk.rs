//! The conversation with everybody at once: what is known of each at its end.
//!
//! It goes through the screens as `engine::route` and `engine::fold` do, with somebody who answers
//! as `answerer` does, and keeps for every fact the set of people of whom it is known. An emergency
//! that ends a conversation early is left out: what is known only grows, but for
//! [`Walk::corrected`], so whoever is told early would be told at the end as well. `tests/proof.rs`
//! holds this walk against the real conversation.

use super::possible::only;
use super::space::{Levels, People, Space};
use crate::dialogue::{Condition, FactId, FactKind, Item, ScreenId, ScreenKind};
use crate::engine::route;

/// Of whom one answer was replaced by another. For a fact of several answers `from` was known not
/// to hold where it is `to`, and to hold where it is not.
#[derive(Clone)]
pub struct Correction {
    /// The fact.
    pub fact: FactId,
    /// What was known.
    pub from: u8,
    /// What is known instead.
    pub to: u8,
    /// Of whom.
    pub who: People,
}

/// What is known of everybody at one point of the conversation.
#[derive(Clone)]
pub struct Walk<'a> {
    space: &'a Space<'a>,
    /// Of whom it is known that they give this answer.
    on: Vec<Vec<People>>,
    /// Of whom it is known that they do not, for facts of several answers.
    off: Vec<Vec<People>>,
    /// Who counts as giving this answer: what is open is harmless.
    full: Vec<Vec<People>>,
    /// Who has seen each screen.
    pub shown: Vec<People>,
    /// Who found no true answer on each screen.
    pub stuck: Vec<People>,
    /// Who is offered no answer at all on each screen.
    pub blocked: Vec<People>,
    /// Of whom one answer was replaced by another.
    pub corrected: Vec<Correction>,
    levels: Option<Levels>,
}

impl<'a> Walk<'a> {
    /// The conversation with these people, to the verdict.
    pub fn to_the_verdict(space: &'a Space<'a>, people: &People) -> Walk<'a> {
        let d = space.d;
        let nobody = || -> Vec<Vec<People>> {
            d.facts
                .iter()
                .map(|f| vec![space.nobody(); f.options.len()])
                .collect()
        };
        let mut walk = Walk {
            space,
            on: nobody(),
            off: nobody(),
            full: nobody(),
            shown: vec![space.nobody(); d.screens.len()],
            stuck: vec![space.nobody(); d.screens.len()],
            blocked: vec![space.nobody(); d.screens.len()],
            corrected: Vec::new(),
            levels: None,
        };
        for fact in 0..d.facts.len() {
            walk.complete(fact);
        }
        // The first screen is the consent, which is given by whoever goes on.
        walk.shown[0] = people.clone();
        for screen in 1..d.screens.len() {
            if !d.phases[d.screens[screen].phase].after_verdict {
                walk.screen(screen, people);
            }
        }
        walk
    }

    /// On to the end of the plan's questions, for those who are told this.
    pub fn to_the_plan(&mut self, people: &People, levels: Levels) {
        let d = self.space.d;
        self.levels = Some(levels);
        for screen in 0..d.screens.len() {
            let phase = &d.phases[d.screens[screen].phase];
            if phase.after_verdict && !phase.check_in {
                self.screen(screen, people);
            }
        }
    }

    /// Who counts as giving this answer.
    pub fn says(&self, fact: FactId, option: u8) -> &People {
        &self.full[fact][usize::from(option)]
    }

    /// For whom a condition holds by what is known, where the rest is harmless.
    pub fn holds(&self, condition: &Condition) -> People {
        self.space
            .holds(condition, &|f, o| self.says(f, o), self.levels.as_ref())
    }

    /// For whom a condition holds that may read what they are told.
    pub fn holds_told(&self, condition: &Condition, told: &Levels) -> People {
        self.space
            .holds(condition, &|f, o| self.says(f, o), Some(told))
    }

    /// What the rules say of everybody by what is known.
    pub fn told(&self) -> Levels {
        self.space.levels(&|f, o| self.says(f, o))
    }

    /// Of whom this is known, one way or the other.
    pub fn knows(&self, fact: FactId, option: u8) -> People {
        let o = usize::from(option);
        match self.space.d.facts[fact].kind {
            FactKind::Multi => self.on[fact][o].or(&self.off[fact][o]),
            _ => self.knows_any(fact),
        }
    }

    /// Of whom a fact of one answer is known.
    fn knows_any(&self, fact: FactId) -> People {
        let on = self.on[fact].iter();
        on.fold(self.space.nobody(), |out, who| out.or(who))
    }

    /// Who would be shown a screen now.
    pub fn would_see(&self, screen: ScreenId, people: &People) -> People {
        let s = &self.space.d.screens[screen];
        let who = people.and(&self.holds(&s.when));
        if s.ask_again || who.is_false() {
            return who;
        }
        who.and_not(&self.is_known(screen))
    }

    /// For whom all that a screen asks is known.
    fn is_known(&self, screen: ScreenId) -> People {
        let d = self.space.d;
        let asks_nothing = |i: &Item| i.sets.is_empty() && i.then.is_none();
        if d.screens[screen].items.iter().all(asks_nothing) {
            return self.space.nobody();
        }
        let asks = route::asks(d, screen).into_iter();
        asks.fold(self.space.everybody(), |out, (f, o)| {
            out.and(&self.knows(f, o))
        })
    }

    fn screen(&mut self, screen: ScreenId, people: &People) {
        if self.space.d.screens[screen].opened {
            return;
        }
        let who = self.would_see(screen, people);
        self.ask(screen, &who);
    }

    /// Ask these people a screen, and then the details that their answers open.
    fn ask(&mut self, screen: ScreenId, who: &People) {
        if who.is_false() {
            return;
        }
        self.shown[screen] = self.shown[screen].or(who);
        let opens = match self.space.d.screens[screen].kind {
            ScreenKind::Any => self.tick(screen, who),
            ScreenKind::One | ScreenKind::Number => self.choose(screen, who),
        };
        for (detail, who) in opens {
            self.ask(detail, &who);
        }
    }

    /// The first answer that is true; and whom it asks which detail.
    fn choose(&mut self, screen: ScreenId, who: &People) -> Vec<(ScreenId, People)> {
        let (space, d) = (self.space, self.space.d);
        let items = &d.screens[screen].items;
        let mut rest = who.clone();
        let mut opens = Vec::new();
        let offered = items.iter().map(|i| self.holds(&i.only_if));
        let offered = offered.fold(space.nobody(), |all, who| all.or(&who));
        self.blocked[screen] = self.blocked[screen].or(&who.and_not(&offered));
        for with_detail in [false, true] {
            for item in items.iter().filter(|i| i.act.is_none()) {
                let mut takes = rest.and(&self.holds(&item.only_if));
                match item.then {
                    None if !with_detail && !item.sets.is_empty() => {
                        for &(f, o) in &item.sets {
                            takes = takes.and(&only(space, f, o));
                        }
                    }
                    Some(detail) if with_detail => takes = takes.and(&self.fits(detail)),
                    _ => continue,
                }
                rest = rest.and_not(&takes);
                for &(f, o) in &item.sets {
                    self.answer(f, o, &takes, true);
                }
                opens.extend(item.then.map(|detail| (detail, takes)));
            }
        }
        self.stuck[screen] = self.stuck[screen].or(&rest);
        opens
    }

    /// Every tick that is true, then *Not sure* and *Done*; and whom it asks which details.
    fn tick(&mut self, screen: ScreenId, who: &People) -> Vec<(ScreenId, People)> {
        let (space, d) = (self.space, self.space.d);
        let s = &d.screens[screen];
        let offered: Vec<People> = s.items.iter().map(|i| self.offers(i)).collect();
        let mut ticked: Vec<People> = Vec::new();
        for (item, offered) in s.items.iter().zip(&offered) {
            let mut ticks = who.and(offered);
            if item.act.is_some() {
                ticks = space.nobody();
            }
            match item.then {
                None => {
                    for &(f, o) in &item.sets {
                        ticks = ticks.and(space.says(f, o));
                    }
                }
                Some(detail) => {
                    ticks = ticks
                        .and(&self.fits(detail))
                        .and_not(&self.unsure_instead(detail, &s.not_sure));
                }
            }
            for &(f, o) in &item.sets {
                self.answer(f, o, &ticks, false);
            }
            ticked.push(ticks);
        }
        for &fact in &s.not_sure {
            let Some((unsure, stored)) = self.unsure_of(fact) else {
                continue;
            };
            let says = who
                .and(space.says(fact, unsure))
                .and_not(&self.knows_any(fact));
            self.answer(fact, stored, &says, false);
        }
        if s.at_least_one {
            let any = offered.iter().fold(space.nobody(), |all, o| all.or(o));
            self.blocked[screen] = self.blocked[screen].or(&who.and_not(&any));
            let any = ticked.iter().fold(space.nobody(), |out, t| out.or(t));
            self.stuck[screen] = self.stuck[screen].or(&who.and_not(&any));
        }
        self.finish(screen, who, &ticked);
        let details = s.items.iter().zip(ticked);
        details
            .filter_map(|(i, who)| i.then.map(|d| (d, who)))
            .collect()
    }

    /// *Done* or *None*: what is still open on the screen gets its harmless value.
    fn finish(&mut self, screen: ScreenId, who: &People, ticked: &[People]) {
        let d = self.space.d;
        let s = &d.screens[screen];
        let of_detail = |item: &Item| -> Vec<(FactId, u8)> {
            let items = item.then.iter().flat_map(|t| &d.screens[*t].items);
            items.flat_map(|i| i.sets.iter().copied()).collect()
        };
        for &fact in &s.none {
            if d.facts[fact].kind == FactKind::Multi {
                for (item, ticked) in s.items.iter().zip(ticked) {
                    let options = item.sets.iter().copied().chain(of_detail(item));
                    for (_, o) in options.filter(|(f, _)| *f == fact) {
                        let settles = who.and_not(ticked).and_not(&self.knows(fact, o));
                        let off = &mut self.off[fact][usize::from(o)];
                        *off = off.or(&settles);
                    }
                }
                self.complete(fact);
            } else {
                let mut settles = who.and_not(&self.knows_any(fact));
                for (item, ticked) in s.items.iter().zip(ticked) {
                    if of_detail(item).iter().any(|(f, _)| *f == fact) {
                        settles = settles.and_not(ticked);
                    }
                }
                if let Some(harmless) = d.facts[fact].default.option() {
                    self.answer(fact, harmless, &settles, false);
                }
            }
        }
    }

    /// For whom something on a detail screen is true beyond the harmless.
    fn fits(&self, detail: ScreenId) -> People {
        let d = self.space.d;
        let mut out = self.space.nobody();
        for item in &d.screens[detail].items {
            let beyond = item.sets.iter().any(|&(f, o)| {
                d.facts[f].kind == FactKind::Multi || d.facts[f].default.on & (1 << o) == 0
            });
            if beyond {
                let sets = item.sets.iter();
                out = out.or(&sets.fold(self.space.everybody(), |who, (f, o)| {
                    who.and(self.space.says(*f, *o))
                }));
            }
        }
        out
    }

    /// Who answers a detail's question with *Not sure* on the screen itself.
    fn unsure_instead(&self, detail: ScreenId, not_sure: &[FactId]) -> People {
        let items = self.space.d.screens[detail].items.iter();
        let facts = items.flat_map(|i| i.sets.iter().map(|s| s.0));
        facts
            .filter(|f| not_sure.contains(f))
            .filter_map(|f| Some((f, self.unsure_of(f)?.0)))
            .fold(self.space.nobody(), |out, (f, unsure)| {
                out.or(self.space.says(f, unsure))
            })
    }

    /// The option of somebody who is not sure, and the one that is stored for them.
    fn unsure_of(&self, fact: FactId) -> Option<(u8, u8)> {
        let f = &self.space.d.facts[fact];
        let unsure = f.option("unsure")?;
        let answers = &f.explain.as_ref()?.answers;
        let own = answers.iter().find(|(_, o)| *o == unsure);
        own.or(answers.last()).map(|(_, stored)| (unsure, *stored))
    }

    /// To whom an item is offered on a screen of several answers. One whose answer another screen
    /// has settled is left out.
    fn offers(&self, item: &Item) -> People {
        let d = self.space.d;
        if item.only_if != Condition::Always {
            return self.holds(&item.only_if);
        }
        let sets: Vec<(FactId, u8)> = match item.then {
            Some(detail) if item.sets.is_empty() => d.screens[detail]
                .items
                .iter()
                .filter(|i| i.only_if == Condition::Always)
                .flat_map(|i| i.sets.iter().copied())
                .collect(),
            _ => item.sets.clone(),
        };
        if sets.is_empty() {
            return self.space.everybody();
        }
        let settled = sets.iter().fold(self.space.everybody(), |out, (f, o)| {
            out.and(&self.knows(*f, *o))
        });
        settled.not()
    }

    /// Store an answer of these people. `alone` makes it the only one of a fact of several.
    fn answer(&mut self, fact: FactId, option: u8, who: &People, alone: bool) {
        if who.is_false() {
            return;
        }
        let several = self.space.d.facts[fact].kind == FactKind::Multi;
        let mut corrected = Vec::new();
        for o in 0..self.space.d.facts[fact].options.len() {
            let (on, off) = (&mut self.on[fact][o], &mut self.off[fact][o]);
            if o == usize::from(option) {
                corrected.push((option, who.and(off)));
                *on = on.or(who);
                *off = off.and_not(who);
            } else if alone || !several {
                corrected.push((o as u8, who.and(on)));
                *on = on.and_not(who);
                if several {
                    *off = off.or(who);
                }
            }
        }
        corrected.retain(|(_, who)| !who.is_false());
        self.corrected
            .extend(corrected.into_iter().map(|(from, who)| Correction {
                fact,
                from,
                to: option,
                who,
            }));
        self.complete(fact);
    }

    /// Bring up to date who counts as giving the answers of a fact.
    fn complete(&mut self, fact: FactId) {
        let f = &self.space.d.facts[fact];
        for o in 0..f.options.len() {
            let mut full = self.on[fact][o].clone();
            if f.default.on & (1 << o) != 0 {
                full = full.or(&self.knows(fact, o as u8).not());
            }
            self.full[fact][o] = full;
        }
    }
}
