//! The person's own time, what is coming, and pauses.

use super::*;
use crate::quiet::{self, Quiet};
use session::RoundWhat::{FollowedUp, SkippedCheckIn};

/// The most time zones that are offered to choose from.
const MOST_ZONES: usize = 5;

impl Turn<'_> {
    /// Show one of the questions about time or reminders; it waits for no danger to be missed.
    pub(super) fn ask_setting(&mut self, aside: Aside) {
        if self.asks_of_danger() {
            return;
        }
        self.s.aside = aside;
    }

    /// Keep a time zone. Quiet hours are asked after the first.
    pub(super) fn zone(&mut self, name: &str) {
        if local::named(name).is_none() {
            return self.stale();
        }
        let first = self.s.zone.is_none() && self.s.quiet.is_none();
        self.s.zone = Some(name.to_owned());
        if self.asks_of_danger() {
            return;
        }
        if first {
            self.s.aside = Aside::Quiet;
        } else {
            self.s.aside = Aside::None;
            self.message_now("time_set");
        }
    }

    pub(super) fn quiet(&mut self, from: u16, to: u16) {
        let time = |minute: u16| {
            let hour = u8::try_from(minute / 60).ok()?;
            Some((hour, (minute % 60) as u8))
        };
        let hours = time(from)
            .zip(time(to))
            .and_then(|(from, to)| Quiet::between(from, to));
        match hours {
            Some(hours) => self.keep_quiet(hours),
            None => self.stale(),
        }
    }

    fn keep_quiet(&mut self, hours: Quiet) {
        self.s.quiet = Some(hours);
        self.uncover();
        let set = if self.s.zone.is_some() {
            "time_set"
        } else {
            "quiet_set"
        };
        self.message_now(set);
        // Quiet hours need a clock.
        if self.s.zone.is_none() {
            self.ask_setting(Aside::Time);
        }
    }

    /// What was typed while the time or a city was asked.
    pub(super) fn typed_time(&mut self, text: &str) {
        let country = self.s.country.as_deref();
        let mut found: Vec<String> = Vec::new();
        if plain_text::can_be_an_answer(text) {
            match quiet::read_time(text) {
                Some((hour, minute)) => {
                    let zones = self.d.zones.of_clock(hour, minute, country, self.now);
                    found.extend(zones.into_iter().map(|z| z.id.clone()));
                }
                None => {
                    let mut cities = self.d.zones.of_city(text, country);
                    // A city of their own country is meant, not its namesakes.
                    if cities.iter().any(|c| Some(c.country) == country) {
                        cities.retain(|c| Some(c.country) == country);
                    }
                    found.extend(cities.into_iter().map(|f| f.zone.to_owned()));
                }
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|zone| seen.insert(zone.clone()));
        found.truncate(MOST_ZONES);
        match found.as_slice() {
            [] => self.s.aside = Aside::TimeBad,
            [one] => {
                let one = one.clone();
                self.zone(&one);
            }
            _ => self.s.aside = Aside::Zones(found),
        }
    }

    /// What was typed while quiet hours were asked.
    pub(super) fn typed_quiet(&mut self, text: &str) {
        let hours = plain_text::can_be_an_answer(text).then(|| quiet::read_quiet(text));
        match hours.flatten() {
            Some(hours) => self.keep_quiet(hours),
            None => self.s.aside = Aside::QuietTyped { bad: true },
        }
    }

    /// No reminders for so many hours; none: until the next morning; the most there is: until they
    /// say so. What belongs to a pack that is on goes on.
    pub(super) fn pause(&mut self, hours: u16) {
        let until = match hours {
            u16::MAX => None,
            0 => Some(self.tomorrow()),
            hours => Some(rounds::later(
                self.now,
                SignedDuration::from_hours(hours.into()),
            )),
        };
        let until_ms = until.map_or(i64::MAX, Timestamp::as_millisecond);
        self.put_by_setting();
        self.s.round(self.now, RoundWhat::Paused(until_ms));
        self.message_now(if until.is_some() {
            "paused"
        } else {
            "paused_open"
        });
    }

    /// The end of the next quiet hours; where none are known, a day later.
    fn tomorrow(&self) -> Timestamp {
        let day = SignedDuration::from_hours(24);
        match local::hours(self.d, &self.s) {
            Some(hours) if !hours.quiet.is_never() => {
                let night = if hours.is_quiet(self.now) {
                    self.now
                } else {
                    hours.quiet.begins(&hours.zone, self.now)
                };
                hours.good(night)
            }
            _ => rounds::later(self.now, day),
        }
    }

    pub(super) fn resume(&mut self) {
        self.put_by_setting();
        self.s.round(self.now, RoundWhat::Unpaused);
        self.message("unpaused");
    }

    /// Ask now what a check-in that is coming would ask.
    pub(super) fn check_in_now(&mut self, number: u8) {
        if !self.is_coming(number) {
            return self.stale();
        }
        let state = self.state();
        let r = rounds::fold(self.d, &self.s, &state);
        self.put_by_setting();
        self.s.round(self.now, FollowedUp(number));
        self.say(What::CheckIn {
            number,
            packs: r.standing.used_packs(),
            no_visit: !r.has_visit(state.triaged_ms.unwrap_or(i64::MIN)),
        });
        self.fresh = true;
    }

    /// Leave out a check-in that is coming.
    pub(super) fn skip_check_in(&mut self, number: u8) {
        if !self.is_coming(number) {
            return self.stale();
        }
        self.s.round(self.now, SkippedCheckIn(number));
    }

    fn is_coming(&self, number: u8) -> bool {
        let check_in = self.d.check_ins.get(usize::from(number));
        let state = self.state();
        let timers = timers::timers(self.d, &self.s, &state, self.now);
        check_in.is_some_and(|c| c.message.is_none())
            && timers
                .iter()
                .any(|t| t.what == FollowedUp(number) && timers::is_near(&state, t, self.now))
    }

    fn put_by_setting(&mut self) {
        if matches!(self.s.aside, Aside::Reminders | Aside::Pause) {
            self.s.aside = Aside::None;
        }
    }
}
