//! Every id of a dialogue: collected before anything refers to one, and where each stands.

use super::*;

impl Builder<'_> {
    /// Collect every id, so that entries may refer forward, and report doubles.
    #[allow(clippy::too_many_arguments)] // One argument for each file of a dialogue.
    pub(super) fn take_ids(
        &mut self,
        facts: &file::FactsFile,
        rules: &file::RulesFile,
        screens: &file::DialogueFile,
        verdict: &file::VerdictFile,
        plan: &file::PlanFile,
        cards: &file::CardsFile,
        sources: &file::SourcesFile,
        rulings: &file::RulingsFile,
        common: &file::CommonFile,
    ) {
        let own = |file: &str| format!("{}/{file}.yaml", self.name);
        let lists: Vec<(String, Vec<&Text>)> = vec![
            (own("facts"), facts.facts.iter().map(|f| &f.fact).collect()),
            (
                own("rules"),
                rules.conditions.iter().map(|c| &c.name).collect(),
            ),
            (own("rules"), rules.rules.iter().map(|r| &r.rule).collect()),
            (
                own("dialogue"),
                screens.phases.iter().map(|p| &p.phase).collect(),
            ),
            (
                own("dialogue"),
                screens.screens.iter().map(|s| &s.screen).collect(),
            ),
            (
                own("verdict"),
                verdict.verdicts.iter().map(|v| &v.verdict).collect(),
            ),
            (
                own("verdict"),
                verdict.while_you_wait.iter().map(|w| &w.wait).collect(),
            ),
            (
                own("verdict"),
                verdict.people.iter().map(|p| &p.line).collect(),
            ),
            (own("plan"), plan.gates.iter().map(|g| &g.gate).collect()),
            (own("plan"), plan.pages.iter().map(|p| &p.page).collect()),
            (
                own("plan"),
                plan.check_ins.iter().map(|c| &c.check_in).collect(),
            ),
            (own("plan"), plan.drills.iter().map(|d| &d.drill).collect()),
            (
                own("cards"),
                cards
                    .contributors
                    .iter()
                    .chain(&cards.education)
                    .map(|c| &c.card)
                    .collect(),
            ),
            (
                own("sources"),
                sources
                    .sources
                    .iter()
                    .map(|s| &s.source)
                    .chain(sources.excluded.iter().map(|e| &e.id))
                    .collect(),
            ),
            (
                own("rulings"),
                rulings.rulings.iter().map(|r| &r.ruling).collect(),
            ),
        ];
        for (file, ids) in lists {
            let mut seen = std::collections::HashSet::new();
            for id in ids {
                if !seen.insert(id.value.as_str()) {
                    self.l.say(
                        Code::Duplicate,
                        &file,
                        span_of(id),
                        format!("`{}` stands twice", id.value),
                        "Give one of them another id.",
                    );
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        for (file, list) in [
            (own("verdict"), &verdict.messages),
            (own("plan"), &plan.messages),
            ("common.yaml".to_owned(), &common.messages),
        ] {
            for m in list {
                if !seen.insert(m.message.value.clone()) {
                    self.l.say(
                        Code::Duplicate,
                        &file,
                        span_of(&m.message),
                        format!("the message `{}` stands twice", m.message.value),
                        "Messages of all files share one set of ids.",
                    );
                }
            }
        }
        self.message_ids = seen.into_iter().collect();
        self.message_ids.sort();
        self.screen_ids = screens
            .screens
            .iter()
            .map(|s| s.screen.value.clone())
            .collect();
        self.rule_ids = rules.rules.iter().map(|r| r.rule.value.clone()).collect();
        self.page_ids = plan.pages.iter().map(|p| p.page.value.clone()).collect();
        self.sources = sources
            .sources
            .iter()
            .map(|s| {
                let source = Source {
                    title: s.title.clone(),
                    status: s.status,
                    used_by: Vec::new(),
                };
                (s.source.value.clone(), source)
            })
            .collect();
    }

    /// Note where every element stands.
    #[allow(clippy::too_many_arguments)] // One argument for each file of a dialogue.
    pub(super) fn note_places(
        &mut self,
        facts: &file::FactsFile,
        rules: &file::RulesFile,
        screens: &file::DialogueFile,
        verdict: &file::VerdictFile,
        plan: &file::PlanFile,
        cards: &file::CardsFile,
        sources: &file::SourcesFile,
        common: &file::CommonFile,
    ) {
        let own = |file: &str| format!("{}/{file}.yaml", self.name);
        let (facts_path, rules_path, screens_path) = (own("facts"), own("rules"), own("dialogue"));
        let (verdict_path, plan_path, cards_path) = (own("verdict"), own("plan"), own("cards"));
        let sources_path = own("sources");
        let places = &mut self.places;
        let mut at = |kind: &str, id: &Text, file: &str| {
            places.note(format!("{kind} {}", id.value), file, span_of(id));
        };
        facts
            .facts
            .iter()
            .for_each(|f| at("fact", &f.fact, &facts_path));
        rules
            .conditions
            .iter()
            .for_each(|c| at("condition", &c.name, &rules_path));
        rules
            .rules
            .iter()
            .for_each(|r| at("rule", &r.rule, &rules_path));
        screens
            .screens
            .iter()
            .for_each(|s| at("screen", &s.screen, &screens_path));
        verdict
            .verdicts
            .iter()
            .for_each(|v| at("verdict", &v.verdict, &verdict_path));
        verdict
            .while_you_wait
            .iter()
            .for_each(|w| at("wait", &w.wait, &verdict_path));
        verdict
            .people
            .iter()
            .for_each(|p| at("line", &p.line, &verdict_path));
        verdict
            .messages
            .iter()
            .for_each(|m| at("message", &m.message, &verdict_path));
        plan.gates
            .iter()
            .for_each(|g| at("gate", &g.gate, &plan_path));
        plan.pages
            .iter()
            .for_each(|p| at("page", &p.page, &plan_path));
        plan.drills
            .iter()
            .for_each(|d| at("drill", &d.drill, &plan_path));
        plan.check_ins
            .iter()
            .for_each(|c| at("check-in", &c.check_in, &plan_path));
        plan.messages
            .iter()
            .for_each(|m| at("message", &m.message, &plan_path));
        cards
            .contributors
            .iter()
            .chain(&cards.education)
            .for_each(|c| at("card", &c.card, &cards_path));
        sources
            .sources
            .iter()
            .for_each(|s| at("source", &s.source, &sources_path));
        common
            .messages
            .iter()
            .for_each(|m| at("message", &m.message, "common.yaml"));
        let mut when = |element: String, condition: Option<&Text>, file: &str| {
            if let Some(text) = condition {
                places.note(element + " when", file, span_of(text));
            }
        };
        for f in &facts.facts {
            when(
                format!("fact {}", f.fact.value),
                f.ask_when.as_ref(),
                &facts_path,
            );
        }
        for c in &rules.conditions {
            when(
                format!("condition {}", c.name.value),
                Some(&c.when),
                &rules_path,
            );
        }
        for r in &rules.rules {
            when(format!("rule {}", r.rule.value), Some(&r.when), &rules_path);
        }
        for s in &screens.screens {
            when(
                format!("screen {}", s.screen.value),
                s.when.as_ref(),
                &screens_path,
            );
        }
        for w in &verdict.while_you_wait {
            when(
                format!("wait {}", w.wait.value),
                w.when.as_ref(),
                &verdict_path,
            );
        }
        for p in &verdict.people {
            when(
                format!("line {}", p.line.value),
                Some(&p.when),
                &verdict_path,
            );
        }
        for g in &plan.gates {
            when(format!("gate {}", g.gate.value), Some(&g.when), &plan_path);
        }
        for c in &cards.contributors {
            when(
                format!("card {}", c.card.value),
                c.when.as_ref(),
                &cards_path,
            );
        }
        for p in &plan.pages {
            for (n, l) in p.lines.iter().enumerate() {
                let line = format!("page {} line {}", p.page.value, n + 1);
                places.note(line.as_str(), &plan_path, span_of(&l.say));
                if let Some(text) = &l.when {
                    places.note(line + " when", &plan_path, span_of(text));
                }
            }
        }
        let clock = &plan.clock;
        places.note(
            "clock",
            &plan_path,
            plan.clock.source.first().map_or(0..0, span_of),
        );
        for (name, text) in [
            ("stay_on_ice_when", &clock.stay_on_ice_when),
            ("early_heat_when", &clock.early_heat_when),
            ("short_ice_when", &clock.short_ice_when),
            ("child_when", &clock.child_when),
            ("sleepy_when", &clock.sleepy_when),
            ("warm_when", &clock.warm_when),
        ] {
            places.note(format!("clock {name} when"), &plan_path, span_of(text));
        }
        let mut items = |element: String, items: &[ItemEntry], file: &str| {
            for (n, i) in items.iter().enumerate() {
                let item = format!("{element} item {}", n + 1);
                if let Some(label) = i.say.as_ref().or(i.tick.as_ref()) {
                    places.note(item.as_str(), file, span_of(label));
                }
                if let Some(text) = &i.only_if {
                    places.note(item + " when", file, span_of(text));
                }
            }
        };
        for s in &screens.screens {
            let element = format!("screen {}", s.screen.value);
            items(element.clone(), &s.one_of, &screens_path);
            items(element, &s.any_of, &screens_path);
        }
        for v in &verdict.verdicts {
            items(
                format!("verdict {}", v.verdict.value),
                &v.buttons,
                &verdict_path,
            );
        }
        for p in &verdict.people {
            items(
                format!("line {}", p.line.value),
                p.button.as_slice(),
                &verdict_path,
            );
        }
        for (list, file) in [
            (&verdict.messages, verdict_path.as_str()),
            (&plan.messages, plan_path.as_str()),
            (&common.messages, "common.yaml"),
        ] {
            for m in list {
                items(format!("message {}", m.message.value), &m.buttons, file);
            }
        }
    }
}
