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
            Act::CheckAgain => self.check_again(&[]),
            Act::FeelsWorse => {
                self.check_again(&[]);
                self.note("feels_worse");
            }
            Act::Plan => {
                self.s.aside = Aside::None;
                self.s.page = None;
                if coach::over(self.d, &self.s, &state, self.now) == Some(Over::Barred) {
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
            Act::StartPack => self.start_from_page(),
            Act::ItIsOff => self.off(&state),
            Act::SkinFine => self.s.round(self.now, RoundWhat::SkinFine),
            Act::SkinWrong => {
                self.uncover();
                self.s.round(self.now, RoundWhat::SkinWrong);
                self.message("skin_wrong");
            }
            Act::Snooze => self.snooze(self.d.clock.snooze_minutes),
            Act::SnoozeMore => self.snooze(self.d.clock.snooze_again_minutes[0]),
            Act::SnoozeMost => self.snooze(self.d.clock.snooze_again_minutes[1]),
            Act::SkipRound => self.skip_round(),
            Act::StopToday => self.stop_today(),
            Act::GoOn => self.go_on(),
            Act::WasOff => self.was_off(),
            Act::IceWorse => self.ice_worse(),
            Act::Stop => {
                self.s.aside = Aside::None;
                self.end_rounds(RoundWhat::Silenced);
                self.message("stopped");
            }
            Act::GotHelp => {
                self.s.round(self.now, RoundWhat::GotHelp);
                self.message("got_help");
            }
            Act::Booked => self.visit(RoundWhat::Booked, "re_booked"),
            Act::Seen => self.visit(RoundWhat::Seen, "re_seen"),
            Act::NotBooked => self.s.round(self.now, RoundWhat::NotBooked),
            Act::Timezone => self.ask_setting(Aside::Time),
            Act::TimezoneOther => self.ask_setting(Aside::TimeTyped),
            Act::QuietHours => self.ask_setting(Aside::Quiet),
            Act::QuietOther => self.ask_setting(Aside::QuietTyped { bad: false }),
            Act::Reminders => self.ask_setting(Aside::Reminders),
            Act::Pause => self.ask_setting(Aside::Pause),
            Act::Resume => self.resume(),
            Act::DrillStop => {
                if self.end_drill() {
                    self.message("drill_stopped");
                } else {
                    self.stale();
                }
            }
            Act::DrillWorse => self.drill_worse(),
            Act::DrillDrop => self.drop_drill(),
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

    /// Ask the danger signs again, and silence everything else.
    pub(super) fn check_again(&mut self, first: &[ScreenId]) {
        self.end_rounds(RoundWhat::Stopped);
        self.s.aside = Aside::None;
        self.s.page = None;
        self.fresh = true;
        if self.state().began {
            self.say(What::Began(Begin::Again));
            // The last that is said goes first.
            for screen in first.iter().rev() {
                self.say(What::First {
                    screen: *screen as u16,
                });
            }
        }
    }

    fn visit(&mut self, what: RoundWhat, reply: &str) {
        self.s.round(self.now, what);
        self.message(reply);
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
        let (_, out) = plan::gates(self.d, &state, self.now);
        let r = rounds::fold(self.d, &self.s, &state);
        let running = r.state != rounds::RoundState::Idle || r.standing.drill.is_some();
        let over = coach::over(self.d, &self.s, &state, self.now) == Some(Over::UntilSeen);
        if running && (over || out.contains(&Element::Coaching)) {
            self.end_rounds(RoundWhat::Stopped);
        }
    }
}
