//! What the buttons do that answer no question: menus, the plan, slips, and rounds.

use super::*;

impl Turn<'_> {
    pub(super) fn act(&mut self, act: Act) {
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
                self.carried_on = true;
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
    pub(super) fn put_by(&mut self) {
        if matches!(self.s.aside, Aside::Message(_) | Aside::Note(_)) {
            self.s.aside = Aside::None;
        }
    }

    /// Take away what stands over the open question, but never a question of danger: that waits
    /// for its own answer.
    pub(super) fn uncover(&mut self) {
        if !self.asks_of_danger() {
            self.s.aside = Aside::None;
        }
    }

    /// Whether a question of danger stands over the open one.
    pub(super) fn asks_of_danger(&self) -> bool {
        matches!(
            self.s.aside,
            Aside::Crisis | Aside::Words { .. } | Aside::Mistake
        )
    }

    /// Say the verdict that stands once more.
    pub(super) fn again(&mut self, state: &State) {
        if let Some(told) = state.told.filter(|_| !state.open) {
            self.owed.push(Owed::Verdict {
                event: told.index as u16,
            });
        }
    }

    pub(super) fn back(&mut self, state: &State) {
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
        } else if state.began && !self.is_full() {
            self.fresh |= !state.open && !state.planned;
            self.say(What::Undone);
        }
    }

    pub(super) fn start_pack(&mut self, pack: Pack) {
        let state = self.state();
        let packs = plan::packs(self.d, &self.s, &state, self.now);
        let round = rounds::fold(self.d, &self.s, &state).state;
        if !packs.allows(pack) || state.open {
            return self.stale();
        }
        match round {
            // A double tap starts nothing twice.
            rounds::RoundState::On { .. } => return,
            // The time off is part of the round.
            rounds::RoundState::Resting {
                pack: p,
                may_start: false,
                ..
            } if p == pack => return self.stale(),
            _ => {}
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
        let offered = matches!(round, rounds::RoundState::Offered { pack: p } if p == pack);
        if !offered && self.s.aside != Aside::Message(safety.to_owned()) {
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

    pub(super) fn off(&mut self, state: &State) {
        if matches!(
            rounds::fold(self.d, &self.s, state).state,
            rounds::RoundState::On { .. }
        ) {
            self.s.round(self.now, RoundWhat::Off);
            self.owed.push(Owed::Message {
                id: "is_off".into(),
                about_ms: Some(self.now.as_millisecond()),
            });
        } else {
            self.stale();
        }
    }

    pub(super) fn offered(&mut self, what: RoundWhat, reply: &str) {
        let state = self.state();
        let round = rounds::fold(self.d, &self.s, &state).state;
        let first = match &self.s.aside {
            Aside::Message(id) if id == "pack_safety_ice" => Some(Pack::Ice),
            Aside::Message(id) if id == "pack_safety_heat" => Some(Pack::Heat),
            _ => None,
        };
        self.put_by();
        let noted = match (round, first) {
            (rounds::RoundState::Offered { .. }, _) => Some(what),
            (rounds::RoundState::Idle, Some(pack)) if what == RoundWhat::Snoozed => {
                Some(RoundWhat::PutOff(pack))
            }
            _ => None,
        };
        if let Some(noted) = noted {
            self.s.round(self.now, noted);
            self.owed.push(Owed::Message {
                id: reply.into(),
                about_ms: Some(self.now.as_millisecond()),
            });
        }
    }

    /// End the rounds. No timer will speak of a pack that is still on, so it is said at once.
    pub(super) fn end_rounds(&mut self, how: RoundWhat) {
        let state = self.state();
        if matches!(
            rounds::fold(self.d, &self.s, &state).state,
            rounds::RoundState::On { .. }
        ) {
            self.message("off_again");
        }
        self.s.round(self.now, how);
    }

    /// Coaching stops where a gate says so.
    pub(super) fn end_rounds_if_barred(&mut self) {
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
}
