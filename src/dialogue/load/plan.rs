//! The ice and heat clock and the pages of the plan.

use super::*;

impl Builder<'_> {
    pub(super) fn clock(&mut self, file: &str, e: &file::ClockEntry) -> Clock {
        let since = e
            .since
            .iter()
            .filter_map(|s| {
                let fact = self.fact_named(file, span_of(&s.fact), &s.fact.value)?;
                let mut hours = vec![None; self.facts[fact].options.len()];
                for (id, h) in &s.hours.value {
                    match self.facts[fact].option(id) {
                        Some(o) => hours[o as usize] = Some(*h),
                        None => {
                            let cure = did_you_mean(
                                id,
                                self.facts[fact].options.iter().map(|o| o.id.as_str()),
                            );
                            self.l.say(
                                Code::UnknownOption,
                                file,
                                location(&s.hours.referenced),
                                format!("`{}` has no option `{id}`", s.fact.value),
                                cure,
                            );
                        }
                    }
                }
                Some(Since {
                    fact,
                    when: self.optional(file, s.when.as_ref(), false),
                    hours,
                })
            })
            .collect();
        let round = |r: &file::RoundEntry| Round {
            on_minutes: r.on_minutes,
            short_on_minutes: r.short_on_minutes,
            check_after_minutes: r.check_after_minutes,
            may_stop_after_minutes: r.may_stop_after_minutes,
            off_minutes: r.off_minutes,
            cap_per_day: r.cap_per_day,
        };
        let quiet = &e.quiet;
        let whole = format!("{} to {}", quiet.from.value, quiet.to.value);
        let own = self.quiet(file, &quiet.from, &whole);
        let others = quiet.others.iter();
        let other_quiet = others.map(|t| self.quiet(file, t, &t.value)).collect();
        Clock {
            since,
            ice_until_hours: e.ice_until_hours,
            choose_until_hours: e.choose_until_hours,
            stay_on_ice_when: self.condition(file, &e.stay_on_ice_when, false, false),
            early_heat_when: self.condition(file, &e.early_heat_when, false, false),
            short_ice_when: self.condition(file, &e.short_ice_when, false, false),
            child_when: self.condition(file, &e.child_when, false, false),
            sleepy_when: self.condition(file, &e.sleepy_when, false, false),
            warm_when: self.condition(file, &e.warm_when, false, false),
            ice: round(&e.ice),
            heat: round(&e.heat),
            late_after_minutes: e.late_after_minutes,
            off_again_after_minutes: e.off_again_after_minutes,
            snooze_minutes: e.snooze_minutes,
            snooze_again_minutes: e.snooze_again_minutes,
            most_snoozes: e.most_snoozes,
            progress_minutes: e.progress_minutes.max(1),
            offer_late_after_minutes: e.offer_late_after_minutes,
            most_missed: e.most_missed,
            quiet: own,
            other_quiet,
            source: self.source(file, "clock", &e.source),
        }
    }

    pub(super) fn page(&mut self, file: &str, e: &file::PageEntry) -> Page {
        let user = format!("page {}", e.page.value);
        Page {
            id: e.page.value.clone(),
            button: e.button.clone(),
            title: e.title.clone(),
            lines: e
                .lines
                .iter()
                .map(|l| Line {
                    say: self.text(file, &l.say),
                    when: self.optional(file, l.when.as_ref(), true),
                    advises: l.advises.clone(),
                    instead_of: l.instead_of.clone(),
                    names: l.names.clone(),
                    from_hours: l.from_hours.unwrap_or(0),
                    until_hours: l.until_hours.unwrap_or(u32::MAX),
                    source: self.source(file, &user, &l.source),
                })
                .collect(),
        }
    }
}
