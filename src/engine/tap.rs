//! What a press does: an answer to the open question, or one of the other wishes of a button.

use super::*;

impl Turn<'_> {
    pub(super) fn stale(&mut self) {
        self.notice = Some("stale");
        self.uncover();
    }

    /// A press counts for the question that was open when it was made, also when a long pause
    /// ended with it.
    pub(super) fn press(&mut self, press: &Press, state: &State) {
        let now_open = press.visit == state.visit;
        // These count whenever they are pressed, so their numbers must be those of today.
        let by_number = matches!(
            press.wish,
            Wish::Page(..) | Wish::CheckInNow(_) | Wish::SkipCheckIn(_) | Wish::Drill(_)
        );
        if by_number && press.visit < state.renumbered {
            return self.stale();
        }
        let screen = match route::place(self.d, state) {
            Place::Asking(screen) => Some(screen),
            _ => None,
        };
        match (&press.wish, screen) {
            (Wish::Act(act), _) => self.act_press(*act, now_open),
            (Wish::Reply(id), _) => self.reply(id),
            (Wish::Page(page, part), _) => self.page(*page, *part),
            (Wish::Country(code), _) => self.country(code),
            (Wish::Zone(name), _) => self.zone(name),
            (Wish::Quiet(from, to), _) => self.quiet(*from, *to),
            (Wish::Pause(hours), _) => self.pause(*hours),
            (Wish::CheckInNow(number), _) => self.check_in_now(*number),
            (Wish::SkipCheckIn(number), _) => self.skip_check_in(*number),
            (Wish::Drill(number), _) => self.start_drill(*number),
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
    pub(super) fn answer(&mut self, state: &State, screen: usize, wish: &Wish) {
        let s = &self.d.screens[screen];
        let id = screen as u16;
        let offered = |item: u8| {
            s.items
                .get(usize::from(item))
                .filter(|i| route::is_offered(self.d, state, screen, i))
        };
        if wish.could_wait() && self.is_full() {
            return;
        }
        // The ticks of yesterday are asked again: what would only settle them answers nothing.
        if self.day_passed
            && !matches!(
                wish,
                Wish::Answer(_) | Wish::Tick(_) | Wish::Confirm(_) | Wish::Explained(..)
            )
        {
            self.fresh = true;
            return;
        }
        match *wish {
            Wish::Answer(item) | Wish::Confirm(item) if s.kind != ScreenKind::Any => {
                let Some(i) = offered(item) else {
                    return self.stale();
                };
                self.uncover();
                let (reply, also, recheck) = (i.reply.clone(), i.also, i.recheck.clone());
                self.say(What::Answered { screen: id, item });
                if let Some(also) = also {
                    self.act(also);
                }
                if let Some(first) = recheck {
                    self.check_again(&first);
                }
                if let Some(reply) = reply {
                    self.reply(&reply);
                }
            }
            Wish::Tick(item) | Wish::Confirm(item) if s.kind == ScreenKind::Any => {
                if offered(item).is_none() {
                    return self.stale();
                }
                self.uncover();
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
                self.uncover();
                self.say(What::Finished { screen: id });
            }
            Wish::Skip if s.skip => {
                self.uncover();
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
                    self.uncover();
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

    /// A long pause is noted before the answer that ends it, so that the answer counts as new. One
    /// that was short when it was noted may have become a day.
    pub(super) fn came_back_first(&mut self, state: &State) {
        let Some(last) = self.s.last_said().filter(|_| state.open && state.began) else {
            return;
        };
        let hours = |n: u32| SignedDuration::from_hours(n.into());
        let (short, day) = (
            hours(self.d.pauses.what_is_new_after_hours),
            hours(self.d.pauses.danger_again_after_hours),
        );
        let away = self.now.duration_since(last);
        let noted = match state.came_back {
            None => short,
            Some(false) => day,
            Some(true) => return,
        };
        if away > noted {
            self.say(What::CameBack { a_day: away > day });
        }
    }

    pub(super) fn is_option(&self, fact: u8, option: u8) -> bool {
        self.d
            .facts
            .get(usize::from(fact))
            .is_some_and(|f| usize::from(option) < f.options.len())
    }

    pub(super) fn asked(&mut self, fact: u8, option: u8) {
        if !self.is_option(fact, option) {
            return self.stale();
        }
        self.s.aside = Aside::None;
        let barred = |turn: &Self| {
            plan::gates(turn.d, &turn.state(), turn.now)
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

    pub(super) fn reopen(&mut self, screen: u16) {
        let state = self.state();
        if !state.began || !state.done.contains(&usize::from(screen)) {
            return self.stale();
        }
        if self.is_full() {
            return;
        }
        self.s.aside = Aside::None;
        self.fresh = !state.open;
        self.say(What::Reopened { screen });
    }

    pub(super) fn page(&mut self, page: u8, part: u8) {
        let state = self.state();
        if route::place(self.d, &state) == Place::Plan
            && usize::from(page) < view::page_count(self.d)
        {
            self.uncover();
            self.s.page = Some((page, part));
        } else {
            self.stale();
        }
    }

    pub(super) fn country(&mut self, code: &str) {
        match self.d.numbers.country(code) {
            Some(c) => {
                self.s.country = Some(c.code.clone());
                self.uncover();
            }
            None => self.stale(),
        }
    }

    /// Answer with a message: over the open question when there is one.
    pub(super) fn reply(&mut self, id: &str) {
        if id == "crisis_words" {
            return self.ask_of_danger(Aside::Crisis, Vec::new());
        }
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
    pub(super) fn act_press(&mut self, act: Act, now_open: bool) {
        let state = self.state();
        let told = state.told.filter(|_| !state.open).map(|t| t.disposition);
        let fits = match act {
            Act::Consent => !state.began,
            Act::Back => now_open,
            Act::Refuse => !state.began,
            Act::Forget => self.s.aside == Aside::Message("forget_ask".into()),
            Act::Slip => told == Some(Disposition::Emergency) && now_open,
            Act::Mistake => told == Some(Disposition::Emergency),
            Act::Plan => told.is_some_and(assess::is_coached),
            Act::GotHelp | Act::Booked | Act::Seen => told.is_some(),
            Act::SkinFine | Act::StopToday => told.is_some(),
            Act::DrillWorse | Act::DrillDrop => told.is_some(),
            _ => true,
        };
        match act {
            _ if !fits => self.stale(),
            // An older "Carry on" shows where we are; it answers nothing.
            Act::CarryOn if !now_open => self.command(Command::Status),
            act => self.act(act),
        }
    }
}
