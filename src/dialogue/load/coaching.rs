//! What the bot does in the days after: guided exercises, check-ins and quiet hours.

use super::*;
use crate::quiet::{Quiet, read_quiet};

impl Builder<'_> {
    /// A guided exercise, unless it names a page or a screen that is not there.
    pub(super) fn drill(&mut self, file: &str, e: &file::DrillEntry) -> Option<Drill> {
        let page = self.page_ids.iter().position(|id| *id == e.page.value);
        if page.is_none() {
            let cure = did_you_mean(&e.page.value, self.page_ids.iter().map(String::as_str));
            self.l.say(
                Code::UnknownMessage,
                file,
                span_of(&e.page),
                format!("there is no page `{}`", e.page.value),
                cure,
            );
        }
        let recheck = self.screen_named(file, &e.recheck);
        self.known_message(file, &e.done);
        if e.rounds == 0 || e.steps.is_empty() || e.steps.iter().any(|s| s.seconds == 0) {
            self.l.say(
                Code::BadItem,
                file,
                span_of(&e.drill),
                format!("the exercise `{}` is over before it begins", e.drill.value),
                "Give it steps of a second at least, and one round at least.",
            );
        }
        Some(Drill {
            id: e.drill.value.clone(),
            was: former(&e.was),
            page: page?,
            button: e.button.clone(),
            advises: e.advises.clone(),
            when: self.optional(file, e.when.as_ref(), true),
            from_hours: e.from_hours,
            title: self.text(file, &e.title),
            steps: e
                .steps
                .iter()
                .map(|s| (self.text(file, &s.say), s.seconds))
                .collect(),
            rounds: e.rounds,
            stop: self.text(file, &e.stop),
            done: e.done.value.clone(),
            recheck: recheck?,
            source: self.source(file, &format!("drill {}", e.drill.value), &e.source),
        })
    }

    pub(super) fn follow_up(&mut self, file: &str, e: &file::FollowUpEntry) -> FollowUp {
        FollowUp {
            repeat_after_hours: e.repeat_after_hours,
            close_after_hours: e.close_after_hours,
            spread_minutes: e.spread_minutes,
            coaching_ends_after_hours: e.coaching_ends_after_hours,
            stop_after_soon: e.stop_after_soon,
            drop_drill_hours: e.drop_drill_hours,
            source: self.source(file, "follow-up", &e.source),
        }
    }

    pub(super) fn check_in(
        &mut self,
        file: &str,
        e: &file::CheckInEntry,
        screens: &[Screen],
        phases: &[Phase],
    ) -> CheckIn {
        if e.message.is_some() != e.asks.is_empty() {
            self.l.say(
                Code::BadItem,
                file,
                span_of(&e.check_in),
                format!(
                    "the check-in `{}` sends a message or asks screens",
                    e.check_in.value
                ),
                "Give it one of `message` and `asks`.",
            );
        }
        if let Some(message) = &e.message {
            self.known_message(file, message);
        }
        let asks = e
            .asks
            .iter()
            .filter_map(|a| {
                let screen = self.screen_named(file, &a.screen)?;
                if !phases[screens[screen].phase].check_in {
                    self.l.say(
                        Code::BadItem,
                        file,
                        span_of(&a.screen),
                        format!("`{}` is no screen of check-ins", a.screen.value),
                        "Move it to a phase with `check_in: true`.",
                    );
                }
                Some((screen, a.only))
            })
            .collect();
        let closes = e
            .closes
            .iter()
            .map(|c| {
                self.known_message(file, &c.message);
                let when = self.optional(file, c.when.as_ref(), true);
                (when, c.message.value.clone())
            })
            .collect();
        CheckIn {
            id: e.check_in.value.clone(),
            was: former(&e.was),
            after_hours: e.after_hours,
            dispositions: e.dispositions.clone(),
            message: e.message.as_ref().map(|m| m.value.clone()),
            asks,
            closes,
            source: self.source(file, &format!("check-in {}", e.check_in.value), &e.source),
        }
    }

    /// Hours written as `22:00 to 07:00`.
    pub(super) fn quiet(&mut self, file: &str, text: &Text, whole: &str) -> Quiet {
        read_quiet(whole).unwrap_or_else(|| {
            self.l.say(
                Code::BadItem,
                file,
                span_of(text),
                format!("`{whole}` are no quiet hours"),
                "Write them like `22:00 to 07:00`.",
            );
            Quiet { from: 0, to: 0 }
        })
    }

    /// The number of the screen that a text names.
    pub(super) fn screen_named(&mut self, file: &str, text: &Text) -> Option<ScreenId> {
        let found = self.screen_ids.iter().position(|s| *s == text.value);
        if found.is_none() {
            let cure = did_you_mean(&text.value, self.screen_ids.iter().map(String::as_str));
            self.l.say(
                Code::UnknownScreen,
                file,
                span_of(text),
                format!("there is no screen `{}`", text.value),
                cure,
            );
        }
        found
    }
}
