//! Text in; a checked [`Dialogue`] or every [`Issue`] out.
//!
//! Load resolves references and shapes. What needs the whole dialogue (reachability, sources,
//! lengths, reading grade) is in [`check`](super::check).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::de::DeserializeOwned;

use super::condition::{Condition, Names};
use super::file::{self, Disposition, FactKind, ItemEntry, MessageEntry, Text};
use super::issue::{Code, Issue, Sources, did_you_mean, location, span_inside, span_of};
use super::knowledge::{FactId, Known, MOST_OPTIONS};
use super::numbers::{Country, Numbers, Unknown};
use super::places::Places;
use super::template::Template;
use super::{
    Card, CheckIn, Clock, Common, Concern, Dialogue, Excluded, Explain, Fact, FactOption, Form, Gate, Item,
    Line, Message, Page, PersonLine, Phase, Round, Rule, Ruling, Screen, ScreenKind, Since, Source,
    Verdict, Wait, form,
};

/// The placeables that a text may use: what the bot can fill in.
pub const PLACEABLES: &[&str] = &[
    "you", "you_obj", "your", "do_you", "have_you", "you_are", "how_are_you", "in_self", "me",
    "ask_them", "no_drive", "sex_line", "baby_line", "help_number", "emergency_number",
    "crisis_line", "er", "country", "draft_line", "reasons", "when_check", "when_off",
    "when_next", "when_15", "when_20", "n", "cap", "pack", "pack_line", "gate_reason", "gate_text",
    "label", "words", "plain_question", "sleepy_line", "warm_line", "child_line", "late_line",
    "answers", "reason", "source", "why", "clock", "from", "to", "guess_1", "guess_2", "guess_3",
    "when_line", "next_line", "minutes",
];

/// The files of one dialogue, by the part of the path below `dialogues/`.
pub fn files(name: &str) -> [String; 9] {
    let own = |file: &str| format!("{name}/{file}.yaml");
    [
        "common.yaml".into(),
        "numbers.yaml".into(),
        own("facts"),
        own("rules"),
        own("dialogue"),
        own("verdict"),
        own("plan"),
        own("cards"),
        own("sources"),
    ]
}

/// Read the dialogue `name` from its files, or say everything that is wrong with them.
pub fn load(sources: &Sources, name: &str) -> Result<Dialogue, Vec<Issue>> {
    let mut loader = Loader { texts: sources, issues: Vec::new() };
    let common: Option<file::CommonFile> = loader.read("common.yaml");
    let numbers: Option<file::NumbersFile> = loader.read("numbers.yaml");
    let own = |file: &str| format!("{name}/{file}.yaml");
    let facts: Option<file::FactsFile> = loader.read(&own("facts"));
    let rules: Option<file::RulesFile> = loader.read(&own("rules"));
    let screens: Option<file::DialogueFile> = loader.read(&own("dialogue"));
    let verdict: Option<file::VerdictFile> = loader.read(&own("verdict"));
    let plan: Option<file::PlanFile> = loader.read(&own("plan"));
    let cards: Option<file::CardsFile> = loader.read(&own("cards"));
    let source_list: Option<file::SourcesFile> = loader.read(&own("sources"));
    let rulings: Option<file::RulingsFile> = loader.read(&own("rulings"));
    let (
        Some(common),
        Some(numbers),
        Some(facts),
        Some(rules),
        Some(screens),
        Some(verdict),
        Some(plan),
        Some(cards),
        Some(source_list),
        Some(rulings),
    ) = (common, numbers, facts, rules, screens, verdict, plan, cards, source_list, rulings)
    else {
        return Err(loader.issues);
    };
    let built = Builder {
        l: loader,
        name: name.to_owned(),
        facts: Vec::new(),
        named: BTreeMap::new(),
        screen_ids: Vec::new(),
        rule_ids: Vec::new(),
        page_ids: Vec::new(),
        message_ids: Vec::new(),
        sources: BTreeMap::new(),
        places: Places::default(),
    };
    built.build(common, numbers, facts, rules, screens, verdict, plan, cards, source_list, rulings)
}

/// A disposition as the files write it.
fn name_of(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::NoTriage => "`no_triage`",
        Disposition::SelfCare => "`self_care`",
        Disposition::Routine => "`routine`",
        Disposition::Soon => "`soon`",
        Disposition::Urgent => "`urgent`",
        Disposition::Emergency => "`emergency`",
    }
}

struct Loader<'a> {
    texts: &'a Sources,
    issues: Vec<Issue>,
}

impl Loader<'_> {
    fn read<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let Some(text) = self.texts.get(path) else {
            self.issues.push(Issue {
                code: Code::Missing,
                file: path.to_owned(),
                span: 0..0,
                message: format!("the file `dialogues/{path}` is missing"),
                cure: "Every dialogue has all of its files; an empty list is enough where there is nothing to say.".into(),
            });
            return None;
        };
        let options = serde_saphyr::options! { with_snippet: false };
        match serde_saphyr::from_str_with_options(text, options) {
            Ok(value) => Some(value),
            Err(error) => {
                let span = error.location().map_or(0..0, |at| location(&at));
                let (message, cure) = shape(&error.to_string());
                self.issues.push(Issue { code: Code::Shape, file: path.to_owned(), span, message, cure });
                None
            }
        }
    }

    fn say(&mut self, code: Code, file: &str, span: Range<usize>, message: String, cure: impl Into<String>) {
        self.issues.push(Issue { code, file: file.to_owned(), span, message, cure: cure.into() });
    }
}

/// What the YAML reader says, in words for people who write dialogues.
fn shape(said: &str) -> (String, String) {
    let first = said.lines().next().unwrap_or("the YAML cannot be read");
    let said = first.split(" at line ").next().unwrap_or(first);
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    if let (Some(key), Some((_, known))) = (said.strip_prefix("unknown field ").and(quoted.first()), said.split_once("expected one of ")) {
        let known: Vec<&str> = known.split(", ").map(|k| k.trim_matches('`')).collect();
        return (format!("there is no key `{key}` here"), did_you_mean(key, known));
    }
    if let Some(key) = said.strip_prefix("missing field ").and(quoted.first()) {
        return (format!("the key `{key}` is missing here"), "Add it; most editors know the keys of each file.".into());
    }
    (said.to_owned(), "The schema named in the file's first line lists the keys; most editors complete them.".into())
}

struct Builder<'a> {
    l: Loader<'a>,
    name: String,
    facts: Vec<Fact>,
    named: BTreeMap<String, Condition>,
    screen_ids: Vec<String>,
    rule_ids: Vec<String>,
    page_ids: Vec<String>,
    message_ids: Vec<String>,
    sources: BTreeMap<String, Source>,
    places: Places,
}

impl Builder<'_> {
    #[allow(clippy::too_many_arguments)] // One argument for each file of a dialogue.
    fn build(
        mut self,
        common: file::CommonFile,
        numbers: file::NumbersFile,
        facts: file::FactsFile,
        rules: file::RulesFile,
        screens: file::DialogueFile,
        verdict: file::VerdictFile,
        plan: file::PlanFile,
        cards: file::CardsFile,
        source_list: file::SourcesFile,
        rulings: file::RulingsFile,
    ) -> Result<Dialogue, Vec<Issue>> {
        self.take_ids(&facts, &rules, &screens, &verdict, &plan, &cards, &source_list, &rulings, &common);
        let path = |file: &str| format!("{}/{file}.yaml", self.name);
        let (facts_path, rules_path, screens_path) = (path("facts"), path("rules"), path("dialogue"));
        let (verdict_path, plan_path, cards_path) = (path("verdict"), path("plan"), path("cards"));
        let rulings_path = path("rulings");

        for entry in &facts.facts {
            let fact = self.fact(&facts_path, entry);
            self.facts.push(fact);
        }
        // `ask_when` may look at any fact, so it is read once all are known.
        for (i, entry) in facts.facts.iter().enumerate() {
            self.facts[i].ask_when = self.optional(&facts_path, entry.ask_when.as_ref(), true);
        }
        self.note_places(&facts, &rules, &screens, &verdict, &plan, &cards, &source_list, &common);
        let circular = self.circular(&rules_path, &rules.conditions);
        for (entry, leads_back) in rules.conditions.iter().zip(circular) {
            let condition = if leads_back {
                Condition::Always
            } else {
                self.condition(&rules_path, &entry.when, false, false)
            };
            self.named.insert(entry.name.value.clone(), condition);
        }
        let rules: Vec<Rule> = rules
            .rules
            .iter()
            .map(|r| Rule {
                id: r.rule.value.clone(),
                when: self.condition(&rules_path, &r.when, false, true),
                disposition: r.disposition,
                reason: self.text(&rules_path, &r.reason),
                source: self.source(&rules_path, &format!("rule {}", r.rule.value), &r.source),
            })
            .collect();
        let phases: Vec<Phase> = screens
            .phases
            .iter()
            .map(|p| Phase {
                id: p.phase.value.clone(),
                title: p.title.clone(),
                danger: p.danger,
                after_verdict: p.after_verdict,
            })
            .collect();
        let built_screens: Vec<Screen> = (0..screens.screens.len())
            .map(|i| self.screen(&screens_path, &screens.screens, i, &phases))
            .collect();
        let verdicts: Vec<Verdict> = verdict
            .verdicts
            .iter()
            .map(|v| Verdict {
                id: v.verdict.value.clone(),
                disposition: v.disposition,
                rules: self.rules(&verdict_path, &v.rules),
                text: self.text(&verdict_path, &v.text),
                buttons: self.items(&verdict_path, &v.buttons),
                source: self.source(&verdict_path, &format!("verdict {}", v.verdict.value), &v.source),
            })
            .collect();
        let waits = verdict
            .while_you_wait
            .iter()
            .map(|w| Wait {
                id: w.wait.value.clone(),
                rules: self.rules(&verdict_path, &w.rules),
                when: self.optional(&verdict_path, w.when.as_ref(), true),
                say: self.text(&verdict_path, &w.say),
                source: self.source(&verdict_path, &format!("wait {}", w.wait.value), &w.source),
            })
            .collect();
        let people = verdict
            .people
            .iter()
            .map(|p| PersonLine {
                id: p.line.value.clone(),
                when: self.condition(&verdict_path, &p.when, true, false),
                or_unanswered: p
                    .or_unanswered
                    .as_ref()
                    .and_then(|f| self.fact_named(&verdict_path, span_of(f), &f.value)),
                button: p.button.as_ref().map(|b| self.item(&verdict_path, b)),
                say: self.text(&verdict_path, &p.say),
                source: self.source(&verdict_path, &format!("line {}", p.line.value), &p.source),
            })
            .collect();
        let built_cards = cards
            .contributors
            .iter()
            .map(|c| (c, true))
            .chain(cards.education.iter().map(|c| (c, false)))
            .map(|(c, contributor)| {
                if contributor != c.when.is_some() {
                    self.l.say(
                        Code::BadItem,
                        &cards_path,
                        span_of(&c.card),
                        format!("the card `{}` stands in the wrong list", c.card.value),
                        "Contributors have a `when`, education cards have none.",
                    );
                }
                Card {
                    id: c.card.value.clone(),
                    title: c.title.clone(),
                    when: c.when.as_ref().map(|w| self.condition(&cards_path, w, true, false)),
                    text: self.text(&cards_path, &c.text),
                    source: self.source(&cards_path, &format!("card {}", c.card.value), &c.source),
                }
            })
            .collect();
        let gates = plan
            .gates
            .iter()
            .map(|g| Gate {
                id: g.gate.value.clone(),
                when: self.condition(&plan_path, &g.when, true, false),
                leaves_out: g.leaves_out.clone(),
                say: self.text(&plan_path, &g.say),
                source: self.source(&plan_path, &format!("gate {}", g.gate.value), &g.source),
            })
            .collect();
        let clock = self.clock(&plan_path, &plan.clock);
        let pages = plan.pages.iter().map(|p| self.page(&plan_path, p)).collect();
        let check_ins = plan
            .check_ins
            .iter()
            .map(|c| {
                self.known_message(&plan_path, &c.message);
                CheckIn {
                    id: c.check_in.value.clone(),
                    after_hours: c.after_hours,
                    dispositions: c.dispositions.clone(),
                    message: c.message.value.clone(),
                    asks: self.fact_list(&plan_path, &c.asks),
                    source: self.source(&plan_path, &format!("check-in {}", c.check_in.value), &c.source),
                }
            })
            .collect();
        let mut messages = HashMap::new();
        self.messages(&verdict_path, &verdict.messages, &mut messages);
        self.messages(&plan_path, &plan.messages, &mut messages);
        self.messages("common.yaml", &common.messages, &mut messages);
        self.needed_messages(&messages);
        for d in [
            Disposition::NoTriage,
            Disposition::SelfCare,
            Disposition::Routine,
            Disposition::Soon,
            Disposition::Urgent,
            Disposition::Emergency,
        ] {
            if !verdicts.iter().any(|v| v.disposition == d && v.rules.is_empty()) {
                self.l.say(
                    Code::MissingVerdict,
                    &verdict_path,
                    0..0,
                    format!("there is no verdict text for {}", name_of(d)),
                    "Add an entry under `verdicts` without `rules`.",
                );
            }
        }
        let rulings = rulings
            .rulings
            .iter()
            .map(|r| {
                self.source(&rulings_path, &format!("ruling {}", r.ruling.value), &r.source);
                Ruling { id: r.ruling.value.clone(), topic: r.topic.clone(), choice: r.choice.clone() }
            })
            .collect();
        let excluded = source_list
            .excluded
            .into_iter()
            .map(|e| Excluded { id: e.id.value, says: e.says, reason: e.reason })
            .collect();
        let numbers = self.numbers(&numbers, &common.country_unknown);
        let common = self.common(common);

        let voices = screens
            .voices
            .iter()
            .map(|v| (v.voice.value.clone(), self.condition(&screens_path, &v.when, false, false)))
            .collect();
        let only_words = screens
            .only_words
            .iter()
            .map(|w| (w.word.value.clone(), self.condition(&screens_path, &w.only_if, false, false)))
            .collect();

        let mut dialogue = Dialogue {
            name: self.name,
            title: screens.title,
            signed_off: None,
            form: Form::default(),
            facts: self.facts,
            voices,
            only_words,
            phases,
            screens: built_screens,
            rules,
            verdicts,
            waits,
            people,
            cards: built_cards,
            gates,
            clock,
            pages,
            check_ins,
            messages,
            common,
            numbers,
            sources: self.sources,
            excluded,
            rulings,
            places: self.places,
        };
        dialogue.form = form::form(&dialogue);
        if let Some(signed) = &screens.signed_off {
            dialogue.signed_off = Some(format!("{}, {}", signed.by, signed.date));
            if signed.form.value != dialogue.form.to_string() {
                self.l.say(
                    Code::SignedOther,
                    &screens_path,
                    span_of(&signed.form),
                    format!("the signature is for form {}, this is form {}", signed.form.value, dialogue.form),
                    "Read the change, then sign the new form, or take the signature out.",
                );
            }
        }
        if self.l.issues.is_empty() { Ok(dialogue) } else { Err(self.l.issues) }
    }

    /// Collect every id, so that entries may refer forward, and report doubles.
    #[allow(clippy::too_many_arguments)] // One argument for each file of a dialogue.
    fn take_ids(
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
            (own("rules"), rules.conditions.iter().map(|c| &c.name).collect()),
            (own("rules"), rules.rules.iter().map(|r| &r.rule).collect()),
            (own("dialogue"), screens.phases.iter().map(|p| &p.phase).collect()),
            (own("dialogue"), screens.screens.iter().map(|s| &s.screen).collect()),
            (own("verdict"), verdict.verdicts.iter().map(|v| &v.verdict).collect()),
            (own("verdict"), verdict.while_you_wait.iter().map(|w| &w.wait).collect()),
            (own("verdict"), verdict.people.iter().map(|p| &p.line).collect()),
            (own("plan"), plan.gates.iter().map(|g| &g.gate).collect()),
            (own("plan"), plan.pages.iter().map(|p| &p.page).collect()),
            (own("plan"), plan.check_ins.iter().map(|c| &c.check_in).collect()),
            (own("cards"), cards.contributors.iter().chain(&cards.education).map(|c| &c.card).collect()),
            (own("sources"), sources.sources.iter().map(|s| &s.source).chain(sources.excluded.iter().map(|e| &e.id)).collect()),
            (own("rulings"), rulings.rulings.iter().map(|r| &r.ruling).collect()),
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
        self.screen_ids = screens.screens.iter().map(|s| s.screen.value.clone()).collect();
        self.rule_ids = rules.rules.iter().map(|r| r.rule.value.clone()).collect();
        self.page_ids = plan.pages.iter().map(|p| p.page.value.clone()).collect();
        self.sources = sources
            .sources
            .iter()
            .map(|s| {
                let source = Source { title: s.title.clone(), status: s.status, used_by: Vec::new() };
                (s.source.value.clone(), source)
            })
            .collect();
    }

    /// Note where every element stands.
    #[allow(clippy::too_many_arguments)] // One argument for each file of a dialogue.
    fn note_places(
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
        facts.facts.iter().for_each(|f| at("fact", &f.fact, &facts_path));
        rules.conditions.iter().for_each(|c| at("condition", &c.name, &rules_path));
        rules.rules.iter().for_each(|r| at("rule", &r.rule, &rules_path));
        screens.screens.iter().for_each(|s| at("screen", &s.screen, &screens_path));
        verdict.verdicts.iter().for_each(|v| at("verdict", &v.verdict, &verdict_path));
        verdict.while_you_wait.iter().for_each(|w| at("wait", &w.wait, &verdict_path));
        verdict.people.iter().for_each(|p| at("line", &p.line, &verdict_path));
        verdict.messages.iter().for_each(|m| at("message", &m.message, &verdict_path));
        plan.gates.iter().for_each(|g| at("gate", &g.gate, &plan_path));
        plan.pages.iter().for_each(|p| at("page", &p.page, &plan_path));
        plan.check_ins.iter().for_each(|c| at("check-in", &c.check_in, &plan_path));
        plan.messages.iter().for_each(|m| at("message", &m.message, &plan_path));
        cards.contributors.iter().chain(&cards.education).for_each(|c| at("card", &c.card, &cards_path));
        sources.sources.iter().for_each(|s| at("source", &s.source, &sources_path));
        common.messages.iter().for_each(|m| at("message", &m.message, "common.yaml"));
        let mut when = |element: String, condition: Option<&Text>, file: &str| {
            if let Some(text) = condition {
                places.note(element + " when", file, span_of(text));
            }
        };
        for f in &facts.facts {
            when(format!("fact {}", f.fact.value), f.ask_when.as_ref(), &facts_path);
        }
        for c in &rules.conditions {
            when(format!("condition {}", c.name.value), Some(&c.when), &rules_path);
        }
        for r in &rules.rules {
            when(format!("rule {}", r.rule.value), Some(&r.when), &rules_path);
        }
        for s in &screens.screens {
            when(format!("screen {}", s.screen.value), s.when.as_ref(), &screens_path);
        }
        for w in &verdict.while_you_wait {
            when(format!("wait {}", w.wait.value), w.when.as_ref(), &verdict_path);
        }
        for p in &verdict.people {
            when(format!("line {}", p.line.value), Some(&p.when), &verdict_path);
        }
        for g in &plan.gates {
            when(format!("gate {}", g.gate.value), Some(&g.when), &plan_path);
        }
        for c in &cards.contributors {
            when(format!("card {}", c.card.value), c.when.as_ref(), &cards_path);
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
        places.note("clock", &plan_path, plan.clock.source.first().map_or(0..0, span_of));
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
            items(format!("verdict {}", v.verdict.value), &v.buttons, &verdict_path);
        }
        for p in &verdict.people {
            items(format!("line {}", p.line.value), p.button.as_slice(), &verdict_path);
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

    /// Which named conditions lead back to themselves; each is reported where it does.
    fn circular(&mut self, file: &str, conditions: &[file::ConditionEntry]) -> Vec<bool> {
        let names_in = |text: &str| -> Vec<(usize, String)> {
            text.match_indices('@')
                .map(|(at, _)| {
                    let rest = text[at + 1..].chars();
                    (at, rest.take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
                })
                .collect()
        };
        let find = |name: &str| conditions.iter().position(|c| c.name.value == name);
        let next: Vec<Vec<usize>> = conditions
            .iter()
            .map(|c| names_in(&c.when.value).iter().filter_map(|(_, n)| find(n)).collect())
            .collect();
        let reaches = |from: usize, wanted: usize| {
            let mut seen = vec![false; conditions.len()];
            let mut open = vec![from];
            while let Some(i) = open.pop() {
                if i == wanted {
                    return true;
                }
                if !std::mem::replace(&mut seen[i], true) {
                    open.extend(&next[i]);
                }
            }
            false
        };
        let mut out = vec![false; conditions.len()];
        for (i, c) in conditions.iter().enumerate() {
            for (at, name) in names_in(&c.when.value) {
                if find(&name).is_some_and(|to| reaches(to, i)) {
                    out[i] = true;
                    let source = self.l.texts.get(file).map_or("", String::as_str);
                    let span = span_inside(source, span_of(&c.when), &c.when.value, at..at + name.len() + 1);
                    self.l.say(
                        Code::CircularCondition,
                        file,
                        span,
                        format!("the condition `{}` leads back to itself through `@{name}`", c.name.value),
                        "Write one of the two out, so that each is explained by those above it.",
                    );
                }
            }
        }
        out
    }

    fn condition(&mut self, file: &str, text: &Text, disposition: bool, or_else: bool) -> Condition {
        let names = Names { facts: &self.facts, named: &self.named, disposition, or_else };
        match Condition::read(&text.value, &names) {
            Ok(condition) => condition,
            Err(faults) => {
                let source = self.l.texts.get(file).map_or("", String::as_str);
                for f in faults {
                    let span = span_inside(source, span_of(text), &text.value, f.span);
                    self.l.issues.push(Issue {
                        code: f.code,
                        file: file.to_owned(),
                        span,
                        message: f.message,
                        cure: f.cure,
                    });
                }
                Condition::Always
            }
        }
    }

    fn optional(&mut self, file: &str, text: Option<&Text>, disposition: bool) -> Condition {
        text.map_or(Condition::Always, |t| self.condition(file, t, disposition, false))
    }

    fn text(&mut self, file: &str, text: &Text) -> Template {
        self.words(file, span_of(text), &text.value)
    }

    fn words(&mut self, file: &str, span: Range<usize>, value: &str) -> Template {
        match Template::read(value) {
            Ok(template) => {
                for p in template.placeables() {
                    if !PLACEABLES.contains(&p.as_str()) {
                        let source = self.l.texts.get(file).map_or("", String::as_str);
                        let at = value.find(&format!("${p}")).unwrap_or(0);
                        let span = span_inside(source, span.clone(), value, at..at + p.len() + 1);
                        self.l.say(
                            Code::UnknownPlaceable,
                            file,
                            span,
                            format!("there is no placeable `{{ ${p} }}`"),
                            did_you_mean(p, PLACEABLES.iter().copied()),
                        );
                    }
                }
                template
            }
            Err(said) => {
                self.l.say(
                    Code::BadText,
                    file,
                    span,
                    format!("this text cannot be read: {said}"),
                    "Text is Fluent: braces hold a placeable, as in `{ $help_number }`.",
                );
                Template::read("?").unwrap_or_else(|_| unreachable!("a question mark is a text"))
            }
        }
    }

    fn plain(&mut self, file: &str, value: &str) -> Template {
        self.words(file, 0..0, value)
    }

    /// Note who uses these sources and give their ids back.
    fn source(&mut self, file: &str, user: &str, ids: &[Text]) -> Vec<String> {
        for id in ids {
            if let Some(source) = self.sources.get_mut(&id.value) {
                source.used_by.push(user.to_owned());
            } else {
                let cure = did_you_mean(&id.value, self.sources.keys().map(String::as_str));
                self.l.say(
                    Code::UnknownSource,
                    file,
                    span_of(id),
                    format!("there is no source `{}`", id.value),
                    cure,
                );
            }
        }
        ids.iter().map(|i| i.value.clone()).collect()
    }

    fn fact(&mut self, file: &str, e: &file::FactEntry) -> Fact {
        let at = span_of(&e.fact);
        let bad = |l: &mut Loader<'_>, span: Range<usize>, message: String, cure: &str| {
            l.say(Code::BadFact, file, span, format!("`{}`: {message}", e.fact.value), cure);
        };
        let mut options: Vec<FactOption> = Vec::new();
        match e.kind {
            FactKind::Yn if e.options.is_empty() => {
                for (id, label) in [("no", "No"), ("yes", "Yes"), ("unsure", "Not sure")] {
                    let label = self.plain(file, label);
                    options.push(FactOption { id: id.into(), label });
                }
            }
            FactKind::Number => match (e.min, e.max) {
                (Some(min), Some(max)) if min == 0 && min < max && usize::from(max) < MOST_OPTIONS => {
                    for n in min..=max {
                        let label = self.plain(file, &n.to_string());
                        options.push(FactOption { id: n.to_string(), label });
                    }
                }
                _ => bad(&mut self.l, at.clone(), "a number needs `min: 0` and a `max` below 32".into(), "Give both."),
            },
            _ => {
                for o in &e.options {
                    let label = self.words(file, span_of(&o.id), &o.label);
                    options.push(FactOption { id: o.id.value.clone(), label });
                }
                if e.kind == FactKind::Yn {
                    bad(&mut self.l, at.clone(), "a yn fact lists no options".into(), "Its options are yes, no and unsure.");
                }
            }
        }
        if options.is_empty() || options.len() > MOST_OPTIONS {
            bad(&mut self.l, at, "a fact has 1 to 32 options".into(), "List them under `options`.");
            options.push(FactOption { id: "none".into(), label: self.plain(file, "None") });
            options.truncate(MOST_OPTIONS);
        }
        let find = |id: &str| options.iter().position(|o| o.id == id).map(|i| i as u8);
        let all = if options.len() >= 32 { u32::MAX } else { (1 << options.len()) - 1 };
        let known: Vec<&str> = options.iter().map(|o| o.id.as_str()).collect();
        let default_at = location(&e.default.referenced);
        let unknown = |l: &mut Loader<'_>, span: Range<usize>, id: &str| {
            l.say(
                Code::UnknownOption,
                file,
                span,
                format!("`{}` has no option `{id}`", e.fact.value),
                did_you_mean(id, known.iter().copied()),
            );
        };
        let default = match (&e.default.value, e.kind) {
            (file::DefaultEntry::Many(ids), FactKind::Multi) => {
                let mut on = 0;
                for id in ids {
                    match find(id) {
                        Some(o) => on |= 1 << o,
                        None => unknown(&mut self.l, default_at.clone(), id),
                    }
                }
                Known::exactly(on, all)
            }
            (file::DefaultEntry::One(id), FactKind::Yn | FactKind::Choice) => match find(id) {
                Some(o) => Known::one(o),
                None => {
                    unknown(&mut self.l, default_at, id);
                    Known::one(0)
                }
            },
            (file::DefaultEntry::Number(n), FactKind::Number) => match find(&n.to_string()) {
                Some(o) => Known::one(o),
                None => {
                    unknown(&mut self.l, default_at, &n.to_string());
                    Known::one(0)
                }
            },
            _ => {
                bad(
                    &mut self.l,
                    default_at,
                    "the default does not fit the type".into(),
                    "A multi has a list, a number a number, the others one option.",
                );
                Known::one(0)
            }
        };
        let concern_at = location(&e.concern.referenced);
        let concern = match &e.concern.value {
            file::ConcernEntry::Word(w) if w == "none" => Concern::None,
            file::ConcernEntry::Word(w) if w == "adding" && e.kind == FactKind::Multi => Concern::Adding,
            file::ConcernEntry::Word(w) if w == "rising" && e.kind == FactKind::Number => Concern::Rising,
            file::ConcernEntry::Order(ids) if matches!(e.kind, FactKind::Yn | FactKind::Choice) => {
                let mut order = Vec::new();
                for id in ids {
                    match find(id) {
                        Some(o) => order.push(o),
                        None => unknown(&mut self.l, concern_at.clone(), id),
                    }
                }
                Concern::Order(order)
            }
            _ => {
                bad(
                    &mut self.l,
                    concern_at,
                    "the order of concern does not fit the type".into(),
                    "Use a list of options, `rising` for a number, `adding` for a multi, or `none`.",
                );
                Concern::None
            }
        };
        let explain = e.explain.as_ref().map(|x| Explain {
            ask: self.text(file, &x.ask),
            answers: x
                .answers
                .iter()
                .filter_map(|a| {
                    let label = self.words(file, span_of(&a.value), &a.say);
                    let option = find(&a.value.value);
                    if option.is_none() {
                        unknown(&mut self.l, span_of(&a.value), &a.value.value);
                    }
                    option.map(|o| (label, o))
                })
                .collect(),
        });
        Fact {
            id: e.fact.value.clone(),
            kind: e.kind,
            phase: e.phase,
            name: e.name.clone(),
            summary: e.summary,
            ordered: e.ordered || e.kind == FactKind::Number,
            default,
            concern,
            ask_when: Condition::Always,
            question: self.text(file, &e.question),
            explain,
            why: self.text(file, &e.why),
            source: self.source(file, &format!("fact {}", e.fact.value), &e.source),
            options,
        }
    }

    fn fact_named(&mut self, file: &str, span: Range<usize>, id: &str) -> Option<FactId> {
        let found = self.facts.iter().position(|f| f.id == id);
        if found.is_none() {
            let cure = did_you_mean(id, self.facts.iter().map(|f| f.id.as_str()));
            self.l.say(Code::UnknownFact, file, span, format!("there is no fact `{id}`"), cure);
        }
        found
    }

    fn fact_list(&mut self, file: &str, ids: &[Text]) -> Vec<FactId> {
        ids.iter().filter_map(|id| self.fact_named(file, span_of(id), &id.value)).collect()
    }

    fn rules(&mut self, file: &str, ids: &[Text]) -> Vec<usize> {
        let mut out = Vec::new();
        for id in ids {
            match self.rule_ids.iter().position(|r| *r == id.value) {
                Some(i) => out.push(i),
                None => {
                    let cure = did_you_mean(&id.value, self.rule_ids.iter().map(String::as_str));
                    self.l.say(Code::UnknownRule, file, span_of(id), format!("there is no rule `{}`", id.value), cure);
                }
            }
        }
        out
    }

    fn known_message(&mut self, file: &str, id: &Text) {
        if !self.message_ids.contains(&id.value) {
            let cure = did_you_mean(&id.value, self.message_ids.iter().map(String::as_str));
            self.l.say(Code::UnknownMessage, file, span_of(id), format!("there is no message `{}`", id.value), cure);
        }
    }

    fn items(&mut self, file: &str, entries: &[ItemEntry]) -> Vec<Item> {
        entries.iter().map(|e| self.item(file, e)).collect()
    }

    fn item(&mut self, file: &str, e: &ItemEntry) -> Item {
        let label = e.say.as_ref().or(e.tick.as_ref());
        let at = label.or(e.fact.as_ref()).map_or(0..0, span_of);
        if label.is_none() {
            self.l.say(
                Code::BadItem,
                file,
                at.clone(),
                "an answer has no label".into(),
                "A button has `say`, a tick has `tick`.",
            );
        }
        if e.fact.is_none() && e.then.is_none() && e.act.is_none() && e.reply.is_none() && e.page.is_none() {
            self.l.say(
                Code::BadItem,
                file,
                at.clone(),
                "a button does nothing".into(),
                "Give it `fact`, `then`, `do`, `reply` or `page`.",
            );
        }
        let sets = e.fact.as_ref().map_or_else(Vec::new, |t| self.sets(file, t));
        let then = e.then.as_ref().and_then(|t| {
            let found = self.screen_ids.iter().position(|s| *s == t.value);
            if found.is_none() {
                let cure = did_you_mean(&t.value, self.screen_ids.iter().map(String::as_str));
                self.l.say(Code::UnknownScreen, file, span_of(t), format!("there is no screen `{}`", t.value), cure);
            }
            found
        });
        if let Some(reply) = &e.reply {
            self.known_message(file, reply);
        }
        let page = e.page.as_ref().and_then(|p| {
            let found = self.page_ids.iter().position(|id| *id == p.value);
            if found.is_none() {
                let cure = did_you_mean(&p.value, self.page_ids.iter().map(String::as_str));
                self.l.say(Code::UnknownMessage, file, span_of(p), format!("there is no page `{}`", p.value), cure);
            }
            found
        });
        let about_other = e.about_other.as_ref().map(|t| self.words(file, at.clone(), t));
        let in_fahrenheit = e.in_fahrenheit.as_ref().map(|t| self.words(file, at.clone(), t));
        let label = match label {
            Some(text) => self.text(file, text),
            None => self.plain(file, "?"),
        };
        Item {
            label,
            about_other,
            in_fahrenheit,
            sets,
            only_if: self.optional(file, e.only_if.as_ref(), false),
            unanswered: e.unanswered,
            then,
            act: e.act,
            reply: e.reply.as_ref().map(|r| r.value.clone()),
            page,
        }
    }

    /// Read `fact = option, fact + option`.
    fn sets(&mut self, file: &str, text: &Text) -> Vec<(FactId, u8)> {
        let source = self.l.texts.get(file).map_or("", String::as_str);
        let mut out = Vec::new();
        let mut start = 0;
        for part in text.value.split(',') {
            let at = start + (part.len() - part.trim_start().len());
            start += part.len() + 1;
            let span = span_inside(source, span_of(text), &text.value, at..at + part.trim().len());
            let Some((fact, adds, option)) = part
                .split_once('=')
                .map(|(f, o)| (f.trim(), false, o.trim()))
                .or_else(|| part.split_once('+').map(|(f, o)| (f.trim(), true, o.trim())))
            else {
                self.l.say(
                    Code::BadItem,
                    file,
                    span,
                    format!("`{}` does not say what it stores", part.trim()),
                    "Write `fact = option`, or `fact + option` for a fact of several answers.",
                );
                continue;
            };
            let Some(id) = self.fact_named(file, span.clone(), fact) else { continue };
            let f = &self.facts[id];
            if adds != (f.kind == FactKind::Multi) {
                let (sign, kind) = if adds { ("=", "one answer") } else { ("+", "several answers") };
                self.l.say(
                    Code::WrongOperator,
                    file,
                    span.clone(),
                    format!("`{fact}` takes {kind}"),
                    format!("Write `{fact} {sign} {option}`."),
                );
            }
            let f = &self.facts[id];
            match f.option(option) {
                Some(o) => out.push((id, o)),
                None => {
                    let cure = did_you_mean(option, f.options.iter().map(|o| o.id.as_str()));
                    self.l.say(Code::UnknownOption, file, span, format!("`{fact}` has no option `{option}`"), cure);
                }
            }
        }
        out
    }

    fn screen(&mut self, file: &str, all: &[file::ScreenEntry], index: usize, phases: &[Phase]) -> Screen {
        let e = &all[index];
        let at = span_of(&e.screen);
        let phase = phases.iter().position(|p| p.id == e.phase.value).unwrap_or_else(|| {
            let cure = did_you_mean(&e.phase.value, phases.iter().map(|p| p.id.as_str()));
            self.l.say(Code::UnknownPhase, file, span_of(&e.phase), format!("there is no phase `{}`", e.phase.value), cure);
            0
        });
        let mut body = e;
        if let Some(like) = &e.like {
            match all[..index].iter().find(|s| s.screen.value == like.value) {
                Some(found) => body = found,
                None => {
                    let cure = did_you_mean(&like.value, all[..index].iter().map(|s| s.screen.value.as_str()));
                    self.l.say(
                        Code::UnknownScreen,
                        file,
                        span_of(like),
                        format!("there is no screen `{}` above this one", like.value),
                        cure,
                    );
                }
            }
        }
        let bad = |l: &mut Loader<'_>, message: &str, cure: &str| {
            l.say(Code::BadScreen, file, at.clone(), format!("`{}` {message}", e.screen.value), cure);
        };
        let kinds = usize::from(!body.one_of.is_empty())
            + usize::from(!body.any_of.is_empty())
            + usize::from(body.number.is_some());
        if kinds != 1 {
            bad(&mut self.l, "needs one of `one_of`, `any_of` and `number`", "Keep the one that fits the question.");
        }
        if e.opened && e.when.is_some() {
            bad(&mut self.l, "is opened by another screen and has a guard", "Take out `when` or `opened`.");
        }
        let several = !body.any_of.is_empty();
        let for_ticks = !body.none.is_empty() || !body.not_sure.is_empty() || body.at_least_one;
        if for_ticks && !several {
            bad(&mut self.l, "has `none`, `not_sure` or `at_least_one` without ticks", "They go with `any_of`.");
        }
        let (kind, items) = if let Some(number) = &body.number {
            let items = match self.fact_named(file, span_of(number), &number.value) {
                Some(fact) => (0..self.facts[fact].options.len())
                    .map(|o| Item {
                        label: self.plain(file, &o.to_string()),
                        about_other: None,
                        in_fahrenheit: None,
                        sets: vec![(fact, o as u8)],
                        only_if: Condition::Always,
                        unanswered: false,
                        then: None,
                        act: None,
                        reply: None,
                        page: None,
                    })
                    .collect(),
                None => Vec::new(),
            };
            (ScreenKind::Number, items)
        } else if several {
            (ScreenKind::Any, self.items(file, &body.any_of))
        } else {
            (ScreenKind::One, self.items(file, &body.one_of))
        };
        let ask = match e.ask.as_ref().or(body.ask.as_ref()) {
            Some(ask) => self.text(file, ask),
            None => {
                bad(&mut self.l, "asks nothing", "Give it `ask`, or `like` an earlier screen.");
                self.plain(file, "?")
            }
        };
        for (list, word) in [(&body.one_of, "say"), (&body.any_of, "tick")] {
            for item in list {
                if (if word == "say" { &item.say } else { &item.tick }).is_none() {
                    let other = item.say.as_ref().or(item.tick.as_ref()).map_or(at.clone(), span_of);
                    self.l.say(
                        Code::BadItem,
                        file,
                        other,
                        format!("an answer of `{}` needs `{word}`", e.screen.value),
                        "Single choices have `say`, ticks have `tick`.",
                    );
                }
            }
        }
        Screen {
            id: e.screen.value.clone(),
            phase,
            when: self.optional(file, e.when.as_ref(), true),
            opened: e.opened,
            ask_again: e.ask_again,
            recheck: e.recheck,
            ask,
            kind,
            none: self.fact_list(file, &body.none),
            at_least_one: body.at_least_one,
            not_sure: self.fact_list(file, &body.not_sure),
            skip: e.skip,
            source: self.source(file, &format!("screen {}", e.screen.value), &e.source),
            items,
        }
    }

    fn clock(&mut self, file: &str, e: &file::ClockEntry) -> Clock {
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
                            let cure = did_you_mean(id, self.facts[fact].options.iter().map(|o| o.id.as_str()));
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
                Some(Since { fact, when: self.optional(file, s.when.as_ref(), false), hours })
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
            source: self.source(file, "clock", &e.source),
        }
    }

    fn page(&mut self, file: &str, e: &file::PageEntry) -> Page {
        let user = format!("page {}", e.page.value);
        Page {
            id: e.page.value.clone(),
            button: e.button.clone(),
            title: e.title.clone(),
            lines: e
                .lines
                .iter()
                .map(|l| {
                    Line {
                        say: self.text(file, &l.say),
                        when: self.optional(file, l.when.as_ref(), true),
                        advises: l.advises.clone(),
                        instead_of: l.instead_of.clone(),
                        from_hours: l.from_hours.unwrap_or(0),
                        until_hours: l.until_hours.unwrap_or(u32::MAX),
                        source: self.source(file, &user, &l.source),
                    }
                })
                .collect(),
        }
    }

    fn messages(&mut self, file: &str, entries: &[MessageEntry], into: &mut HashMap<String, Message>) {
        for m in entries {
            let message = Message {
                text: self.text(file, &m.text),
                buttons: self.items(file, &m.buttons),
                source: self.source(file, &format!("message {}", m.message.value), &m.source),
            };
            into.insert(m.message.value.clone(), message);
        }
    }

    fn needed_messages(&mut self, messages: &HashMap<String, Message>) {
        for id in NEEDED_MESSAGES {
            if !messages.contains_key(*id) {
                self.l.say(
                    Code::MissingMessage,
                    "common.yaml",
                    0..0,
                    format!("the bot needs a message `{id}`"),
                    "Add it under `messages` of common.yaml, verdict.yaml or plan.yaml.",
                );
            }
        }
    }

    fn numbers(&mut self, e: &file::NumbersFile, unknown: &file::CountryUnknown) -> Numbers {
        let path = "numbers.yaml";
        let mut countries: Vec<Country> = Vec::new();
        for n in &e.numbers {
            let at = span_of(&n.code);
            let mut bad = |message: String, cure: &str| {
                self.l.say(Code::BadNumbers, path, at.clone(), message, cure);
            };
            let code = &n.code.value;
            if countries.iter().any(|c| c.code == *code) {
                bad(format!("`{code}` stands twice"), "Keep one row for each country.");
            }
            if n.emergency.is_empty() {
                bad(format!("`{code}` has no emergency number"), "Leave the row out when no number is sure.");
            }
            if n.emergency_note.as_deref() == Some("police") && n.ambulance.is_empty() {
                bad(
                    format!("the number of `{code}` reaches the police, and there is no ambulance number"),
                    "Give the ambulance number too.",
                );
            }
            let or = |list: &[String]| list.join(" or ");
            let crisis: Vec<String> = n
                .crisis
                .iter()
                .map(|c| match &c.note {
                    Some(note) => format!("{} ({note})", c.number),
                    None => c.number.clone(),
                })
                .collect();
            countries.push(Country {
                code: code.clone(),
                name: n.country.clone(),
                help: or(if n.ambulance.is_empty() { &n.emergency } else { &n.ambulance }),
                emergency: or(&n.emergency),
                crisis: if crisis.is_empty() { unknown.crisis_line.clone() } else { crisis.join(" or ") },
                checked_on: n.checked_on.value.clone(),
            });
        }
        Numbers {
            countries,
            unknown: Unknown {
                help_number: unknown.help_number.clone(),
                emergency_number: unknown.emergency_number.clone(),
                crisis_line: unknown.crisis_line.clone(),
            },
        }
    }

    fn common(&mut self, e: file::CommonFile) -> Common {
        let emergency_words = e
            .emergency_words
            .iter()
            .filter_map(|w| {
                let fact = self.fact_named("common.yaml", span_of(&w.fact), &w.fact.value)?;
                Some((fact, w.words.clone()))
            })
            .collect();
        for voice in ["self", "child", "other"] {
            if !e.voices.contains_key(voice) {
                self.l.say(
                    Code::MissingMessage,
                    "common.yaml",
                    0..0,
                    format!("there is no voice `{voice}`"),
                    "`voices` has self, child and other.",
                );
            }
        }
        Common {
            voices: e.voices,
            emergency_room: e.emergency_room,
            country_guesses: e.country_guesses,
            fahrenheit: e.fahrenheit,
            emergency_words,
            crisis_words: e.crisis_words,
            negations: e.negations,
            about_a_person: e.about_a_person,
            yes: e.answers.yes,
            no: e.answers.no,
            unsure: e.answers.unsure,
            done: e.answers.done,
            back: e.answers.back,
            buttons: e.buttons,
            grade_exceptions: e.grade_exceptions,
        }
    }
}

/// Messages that the engine sends by name.
pub const NEEDED_MESSAGES: &[&str] = &[
    "about", "anything_new", "anything_new_day", "by_mistake", "by_mistake_other", "card_head",
    "change_ask", "child_line", "country", "country_other", "country_unknown_name", "crisis_support",
    "crisis_words", "day_full", "draft_line", "emergency_words", "error", "error_lost", "feels_worse",
    "folded", "forget_ask", "forget_done", "got_help", "group", "heat_15", "heat_off", "heat_on", "heat_round",
    "help", "help_now", "ice_off", "ice_on", "ice_round", "is_off", "kept_level", "moved",
    "no_tablets_line", "not_now", "not_sure_which", "nothing_yet", "off_again", "own_back",
    "p_reasons", "p_signs", "p_trust", "pack_late", "pack_line_choose", "pack_line_heat",
    "pack_line_ice", "pack_line_none", "pack_line_skin", "pack_safety_heat", "pack_safety_ice", "plan_first",
    "privacy", "safety_24h", "safety_2h", "settings", "skin_check_5", "skin_wrong", "skipped",
    "sleepy_line", "snoozed", "stale", "start_again", "stopped", "stopped_today", "text_understood",
    "unknown_media", "unknown_text", "warm_line", "why", "why_verdict", "busy",
];
