//! What the buttons of rounds and guided exercises do.

use super::coaching::Round;
use super::*;
use rounds::RoundState;

impl Turn<'_> {
    /// Start a pack, if everything still allows it now: with the page about its safety, where that
    /// was not an offer of this pack.
    pub(super) fn start_pack(&mut self, pack: Pack) {
        self.begin_pack(pack, false);
    }

    /// Start the pack whose safety page is open, if everything still allows it now.
    pub(super) fn start_from_page(&mut self) {
        match self.safety_page() {
            Some(pack) => self.begin_pack(pack, true),
            // A double tap.
            None if matches!(coaching::standing(&self.s).round, Round::On { .. }) => {}
            None => self.stale(),
        }
    }

    /// Start a pack; `is_read` when the page about its safety was.
    fn begin_pack(&mut self, pack: Pack, is_read: bool) {
        let state = self.state();
        if self.says_why_over(&state) {
            return;
        }
        let packs = plan::packs(self.d, &self.s, &state, self.now);
        let r = rounds::fold(self.d, &self.s, &state);
        if !packs.allows(pack) {
            return self.stale();
        }
        // A double tap starts nothing twice.
        if matches!(r.state, RoundState::On { .. }) {
            return;
        }
        if rounds::rests_until(self.d, &r.standing).is_some_and(|until| self.now < until) {
            self.put_by();
            // It is offered when the time off is over, as they want it.
            if !matches!(
                r.state,
                RoundState::Resting { .. } | RoundState::Offered { .. }
            ) {
                self.s.round(self.now, RoundWhat::PutOff(pack));
            }
            return self.message_now("rest_first");
        }
        // Nobody knows when the last pack came off.
        if r.standing.unconfirmed {
            self.put_by();
            return self.message("was_it_off");
        }
        if rounds::is_full(self.d, &self.s, pack, self.now) {
            self.put_by();
            return self.message("day_full");
        }
        let offered =
            matches!(r.state, RoundState::Offered { .. }) && r.standing.last_pack == Some(pack);
        if !offered && !is_read {
            // A double tap does not pass over the page.
            if self.safety_page() == Some(pack) {
                return;
            }
            // The first pack of a day shows how to use it safely; its *Start* begins the round. Whoever
            // was asked in a message of its own sees it below that.
            self.fresh |= r.state != RoundState::Idle;
            return self.aside(match pack {
                Pack::Ice => "pack_safety_ice",
                Pack::Heat => "pack_safety_heat",
            });
        }
        self.s.aside = Aside::None;
        self.s.round(self.now, RoundWhat::Started(pack));
        // With the first reminders it matters what time it is.
        if self.s.zone.is_none() && r.standing.came_off.is_none() && self.s.waiting.is_empty() {
            self.s.aside = Aside::Time;
        }
    }

    /// Say why there is no coaching; the answer is whether there is none.
    fn says_why_over(&mut self, state: &State) -> bool {
        match coach::over(self.d, &self.s, state, self.now) {
            None => return false,
            Some(Over::Ended) => self.message("coaching_over"),
            Some(Over::UntilSeen) => self.message("stop_until_seen"),
            Some(Over::Skin) => self.message("pack_line_skin"),
            Some(Over::Barred | Over::Asking) => self.stale(),
        }
        true
    }

    /// Go on with the pack that fits now: after a night, or after rounds were missed.
    pub(super) fn go_on(&mut self) {
        let state = self.state();
        if self.says_why_over(&state) {
            return;
        }
        let packs = plan::packs(self.d, &self.s, &state, self.now);
        let last = coaching::standing(&self.s).last_pack;
        let mut open = [Pack::Ice, Pack::Heat].map(|p| Some(p).filter(|p| packs.allows(*p)));
        if last == Some(Pack::Heat) {
            open.reverse();
        }
        let not_full = |p: &Pack| !rounds::is_full(self.d, &self.s, *p, self.now);
        // Where all are full, the first of them says so.
        let all = || open.into_iter().flatten();
        match all().find(not_full).or_else(|| all().next()) {
            Some(pack) => self.start_pack(pack),
            None => self.stale(),
        }
    }

    pub(super) fn off(&mut self, state: &State) {
        let r = rounds::fold(self.d, &self.s, state);
        if !matches!(r.state, RoundState::On { .. }) && !r.standing.unconfirmed {
            return self.stale();
        }
        self.s.round(self.now, RoundWhat::Off);
        let pack = coaching::standing(&self.s).last_pack.unwrap_or(Pack::Ice);
        let full = |pack| {
            let packs = plan::packs(self.d, &self.s, state, self.now);
            !packs.allows(pack) || rounds::is_full(self.d, &self.s, pack, self.now)
        };
        if rounds::is_full(self.d, &self.s, pack, self.now) && full(Pack::Ice) && full(Pack::Heat) {
            self.s.round(self.now, RoundWhat::StoppedToday);
            return self.message("day_full");
        }
        self.message_now(match self.next() {
            Some(RoundWhat::Morning) => "is_off_night",
            Some(_) => "is_off",
            None => "is_off_last",
        });
    }

    /// The pack of which nobody had said so was off in time: the next may start.
    pub(super) fn was_off(&mut self) {
        if !coaching::standing(&self.s).unconfirmed {
            return self.stale();
        }
        self.s.round(self.now, RoundWhat::WasOff);
        self.go_on();
    }

    /// How the next round comes: offered, or asked about in the morning; nothing where none comes.
    fn next(&self) -> Option<RoundWhat> {
        let timers = timers::timers(self.d, &self.s, &self.state(), self.now);
        let rounds = [RoundWhat::Offered, RoundWhat::Morning];
        timers.iter().map(|t| t.what).find(|w| rounds.contains(w))
    }

    /// Put an offer off, or the first pack of the day.
    pub(super) fn snooze(&mut self, minutes: u32) {
        let state = self.state();
        let r = rounds::fold(self.d, &self.s, &state);
        let first = self.safety_page();
        let usual = minutes == self.d.clock.snooze_minutes;
        let noted = match (r.state, first) {
            _ if r.standing.snoozes >= self.d.clock.most_snoozes => return self.skip_round(),
            (RoundState::Offered { .. }, _) if usual => RoundWhat::Snoozed,
            (RoundState::Offered { .. }, _) => {
                RoundWhat::SnoozedFor(u16::try_from(minutes).unwrap_or(u16::MAX))
            }
            // On the page before the first pack of the day only the usual wait can be chosen.
            (RoundState::On { .. } | RoundState::Resting { .. }, _) | (_, None) => {
                return self.stale();
            }
            (_, Some(pack)) => RoundWhat::PutOff(pack),
        };
        self.put_by();
        self.s.round(self.now, noted);
        self.later("snoozed");
    }

    /// Leave out the round that is offered, or the one that is coming.
    pub(super) fn skip_round(&mut self) {
        let state = self.state();
        let r = rounds::fold(self.d, &self.s, &state);
        let first = self.safety_page().is_some();
        self.put_by();
        match r.state {
            RoundState::Offered { .. } | RoundState::Resting { .. } => {
                self.s.round(self.now, RoundWhat::Skipped);
                self.later("skipped");
            }
            // The page before a first pack is put by; there is nothing to leave out.
            _ if first => {}
            _ => self.stale(),
        }
    }

    /// No more rounds today. Tomorrow it is asked whether to go on, also with a first that was not
    /// begun.
    pub(super) fn stop_today(&mut self) {
        let state = self.state();
        let idle = rounds::fold(self.d, &self.s, &state).state == RoundState::Idle;
        match self.safety_page().filter(|_| idle) {
            Some(pack) => self.s.round(self.now, RoundWhat::PutOff(pack)),
            None if idle => return self.stale(),
            None => {}
        }
        let asked = matches!(
            rounds::fold(self.d, &self.s, &state).state,
            RoundState::Morning { .. }
        );
        self.put_by();
        self.end_rounds(RoundWhat::StoppedToday);
        self.message(if asked { "not_today" } else { "stopped_today" });
    }

    fn later(&mut self, id: &str) {
        self.message_now(match self.next() {
            Some(RoundWhat::Morning) => "next_morning",
            Some(_) => id,
            None => "while_paused",
        });
    }

    /// The pack whose safety page is open.
    fn safety_page(&self) -> Option<Pack> {
        match &self.s.aside {
            Aside::Message(id) if id == "pack_safety_ice" => Some(Pack::Ice),
            Aside::Message(id) if id == "pack_safety_heat" => Some(Pack::Heat),
            _ => None,
        }
    }

    pub(super) fn ice_worse(&mut self) {
        let state = self.state();
        if coaching::standing(&self.s).last_pack != Some(Pack::Ice) || state.open {
            return self.stale();
        }
        self.end_rounds(RoundWhat::IceWorse);
        let packs = plan::packs(self.d, &self.s, &state, self.now);
        self.message(if packs.heat {
            "ice_worse"
        } else {
            "ice_worse_only"
        });
    }

    /// A message that speaks of this moment.
    pub(super) fn message_now(&mut self, id: &str) {
        self.owed.push(Owed::Message {
            id: id.to_owned(),
            about_ms: Some(self.now.as_millisecond()),
        });
    }

    /// Begin a guided exercise, if everything allows it now.
    pub(super) fn start_drill(&mut self, number: u8) {
        let state = self.state();
        if self.says_why_over(&state) {
            return;
        }
        if coaching::standing(&self.s)
            .drill
            .is_some_and(|(_, n)| n == number)
        {
            return;
        }
        if !plan::drills(self.d, &self.s, &state, self.now).contains(&usize::from(number)) {
            return self.stale();
        }
        self.put_by();
        self.s.round(self.now, RoundWhat::Drill(number));
    }

    /// End the exercise that is under way; the answer is whether one was.
    pub(super) fn end_drill(&mut self) -> bool {
        let runs = coaching::standing(&self.s).drill.is_some();
        if runs {
            self.s.round(self.now, RoundWhat::DrillStopped);
        }
        runs
    }

    /// The exercise brought a sign of danger on: that is asked first.
    pub(super) fn drill_worse(&mut self) {
        let last = coaching::standing(&self.s).last_drill;
        let last = last.and_then(|n| self.d.drills.get(usize::from(n)));
        let first: Vec<ScreenId> = last.map(|drill| drill.recheck).into_iter().collect();
        self.check_again(&first);
        self.note("re_new_sign");
    }

    pub(super) fn drop_drill(&mut self) {
        self.end_drill();
        match coaching::standing(&self.s).last_drill {
            Some(number) => {
                self.s.round(self.now, RoundWhat::DrillDropped(number));
                self.message("drill_dropped");
            }
            None => self.stale(),
        }
    }
}
