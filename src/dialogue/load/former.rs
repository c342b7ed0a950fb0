//! Ids of earlier versions, which elements go by in sessions that began then.

use std::collections::HashMap;

use super::*;

/// Ids of earlier versions.
pub(super) fn former(ids: &[Text]) -> Vec<String> {
    ids.iter().map(|id| id.value.clone()).collect()
}

impl Builder<'_> {
    /// A former id must name one element alone: none that lives, and no two.
    pub(super) fn check_former(
        &mut self,
        facts: &file::FactsFile,
        rules: &file::RulesFile,
        screens: &file::DialogueFile,
        plan: &file::PlanFile,
    ) {
        self.former_of(
            "facts",
            "fact",
            facts.facts.iter().map(|f| (&f.fact, &f.was)),
        );
        for fact in &facts.facts {
            let options = fact.options.iter().map(|o| (&o.id, &o.was));
            self.former_of("facts", "option", options);
        }
        self.former_of(
            "rules",
            "rule",
            rules.rules.iter().map(|r| (&r.rule, &r.was)),
        );
        let all = screens.screens.iter().map(|s| (&s.screen, &s.was));
        self.former_of("dialogue", "screen", all);
        let all = plan.check_ins.iter().map(|c| (&c.check_in, &c.was));
        self.former_of("plan", "check-in", all);
        let all = plan.drills.iter().map(|d| (&d.drill, &d.was));
        self.former_of("plan", "exercise", all);
    }

    fn former_of<'t>(
        &mut self,
        file: &str,
        kind: &str,
        all: impl Iterator<Item = (&'t Text, &'t Vec<Text>)> + Clone,
    ) {
        let file = format!("{}/{file}.yaml", self.name);
        let living: Vec<&str> = all.clone().map(|(id, _)| id.value.as_str()).collect();
        let mut claimed: HashMap<&str, &str> = HashMap::new();
        for (id, was) in all.flat_map(|(id, was)| was.iter().map(move |w| (id, w))) {
            let (now, then) = (id.value.as_str(), was.value.as_str());
            let (message, cure) = if living.contains(&then) {
                let message = format!("`{then}` is an id of today, so `{now}` was not it");
                (
                    message,
                    "Give the id of an earlier version, or take it out.",
                )
            } else if let Some(other) = claimed.insert(then, now) {
                let message = format!("`{other}` and `{now}` both say that they were `{then}`");
                (
                    message,
                    "Answers can go to one of them only: leave it there.",
                )
            } else {
                continue;
            };
            let message = format!("{kind}: {message}");
            self.l
                .say(Code::BadFormer, &file, span_of(was), message, cure);
        }
    }
}
