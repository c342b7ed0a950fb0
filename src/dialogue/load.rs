//! Text in; a checked [`Dialogue`] or every [`Issue`] out.
//!
//! Load resolves references and shapes. What needs the whole dialogue (reachability, sources,
//! lengths, reading grade) is in [`check`](super::check).

mod changes;
mod coaching;
mod common;
mod fact;
mod former;
mod ids;
mod plan;
mod refer;
mod screen;

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
use super::zones::{self, Zones};
use super::{
    Card, CheckIn, Clock, Common, Concern, Dialogue, Drill, Excluded, Explain, Fact, FactOption,
    FollowUp, Form, Gate, IfSo, Item, Line, Message, Page, Pauses, PersonLine, Phase, Round, Rule,
    Ruling, Screen, ScreenId, ScreenKind, Since, Source, Verdict, Wait, form,
};
use former::former;

/// The placeables that a text may use: what the bot can fill in.
pub const PLACEABLES: &[&str] = &[
    "you",
    "you_obj",
    "your",
    "do_you",
    "have_you",
    "you_are",
    "how_are_you",
    "in_self",
    "me",
    "ask_them",
    "no_drive",
    "sex_line",
    "baby_line",
    "help_number",
    "emergency_number",
    "crisis_line",
    "er",
    "country",
    "draft_line",
    "reasons",
    "when_check",
    "when_off",
    "when_next",
    "n",
    "cap",
    "pack",
    "pack_line",
    "gate_reason",
    "gate_text",
    "label",
    "words",
    "plain_question",
    "sleepy_line",
    "warm_line",
    "child_line",
    "late_line",
    "answers",
    "reason",
    "source",
    "why",
    "clock",
    "from",
    "to",
    "minutes",
    "keep_days",
    "deleted_at",
    "passed",
    "bar",
    "check_line",
    "note",
    "title",
    "step",
    "stop",
    "until",
    "hours",
    "list",
    "scores",
    "ice",
    "heat",
    "changes",
];

/// The files of a dialogue that [`load`] reads besides those that hold everywhere.
pub const FILES: [&str; 8] = [
    "facts", "rules", "dialogue", "verdict", "plan", "cards", "sources", "rulings",
];

/// Read the dialogue `name` from its files, or say everything that is wrong with them.
pub fn load(sources: &Sources, name: &str) -> Result<Dialogue, Vec<Issue>> {
    strictly(read(sources, name, None))
}

/// Read an edition that had this form when it was kept. Another program may have taken the hash of
/// it otherwise, so it is not taken again.
pub fn load_edition(sources: &Sources, name: &str, form: Form) -> Result<Dialogue, Vec<Issue>> {
    strictly(read(sources, name, Some(form)))
}

fn strictly(read: (Option<Dialogue>, Vec<Issue>)) -> Result<Dialogue, Vec<Issue>> {
    match read {
        (Some(dialogue), issues) if issues.is_empty() => Ok(dialogue),
        (_, issues) => Err(issues),
    }
}

/// Read a dialogue of an earlier time, only to compare it: what this program needs to say and that
/// one did not, a word that is no longer filled in, and a signature do not keep it from being read.
pub fn load_former(sources: &Sources, name: &str) -> Result<Dialogue, Vec<Issue>> {
    let (dialogue, mut issues) = read(sources, name, None);
    issues.retain(|i| {
        !matches!(
            i.code,
            Code::MissingMessage | Code::UnknownPlaceable | Code::SignedOther | Code::BadChange
        )
    });
    match dialogue {
        Some(dialogue) if issues.is_empty() => Ok(dialogue),
        _ => Err(issues),
    }
}

/// The dialogue where all of its files have their shape, and everything that is wrong.
fn read(sources: &Sources, name: &str, form: Option<Form>) -> (Option<Dialogue>, Vec<Issue>) {
    let mut loader = Loader {
        texts: sources,
        issues: Vec::new(),
    };
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
    // The only file that a dialogue may do without.
    let changes: Option<file::ChangesFile> = match sources.contains_key(&own("CHANGES")) {
        true => loader.read(&own("CHANGES")),
        false => None,
    };
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
    ) = (
        common,
        numbers,
        facts,
        rules,
        screens,
        verdict,
        plan,
        cards,
        source_list,
        rulings,
    )
    else {
        return (None, loader.issues);
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
    built.build(
        common,
        numbers,
        facts,
        rules,
        screens,
        verdict,
        plan,
        cards,
        source_list,
        rulings,
        changes.as_ref(),
        form,
    )
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

impl<'a> Loader<'a> {
    fn text(&mut self, path: &str) -> Option<&'a str> {
        let text = self.texts.get(path);
        if text.is_none() {
            self.issues.push(Issue {
                code: Code::Missing,
                file: path.to_owned(),
                span: 0..0,
                message: format!("the file `dialogues/{path}` is missing"),
                cure: "Every dialogue has all of its files; an empty list is enough where there is nothing to say.".into(),
            });
        }
        text.map(String::as_str)
    }

    fn read<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let text = self.text(path)?;
        let options = serde_saphyr::options! { with_snippet: false };
        match serde_saphyr::from_str_with_options(text, options) {
            Ok(value) => Some(value),
            Err(error) => {
                let span = error.location().map_or(0..0, |at| location(&at));
                let (message, cure) = shape(&error.to_string());
                self.issues.push(Issue {
                    code: Code::Shape,
                    file: path.to_owned(),
                    span,
                    message,
                    cure,
                });
                None
            }
        }
    }

    fn say(
        &mut self,
        code: Code,
        file: &str,
        span: Range<usize>,
        message: String,
        cure: impl Into<String>,
    ) {
        self.issues.push(Issue {
            code,
            file: file.to_owned(),
            span,
            message,
            cure: cure.into(),
        });
    }
}

/// What the YAML reader says, in words for people who write dialogues.
fn shape(said: &str) -> (String, String) {
    let first = said.lines().next().unwrap_or("the YAML cannot be read");
    let said = first.split(" at line ").next().unwrap_or(first);
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    if let (Some(key), Some((_, known))) = (
        said.strip_prefix("unknown field ").and(quoted.first()),
        said.split_once("expected one of "),
    ) {
        let known: Vec<&str> = known.split(", ").map(|k| k.trim_matches('`')).collect();
        return (
            format!("there is no key `{key}` here"),
            did_you_mean(key, known),
        );
    }
    if let Some(key) = said.strip_prefix("missing field ").and(quoted.first()) {
        return (
            format!("the key `{key}` is missing here"),
            "Add it; most editors know the keys of each file.".into(),
        );
    }
    (
        said.to_owned(),
        "The schema named in the file's first line lists the keys; most editors complete them."
            .into(),
    )
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
        changes: Option<&file::ChangesFile>,
        known_form: Option<Form>,
    ) -> (Option<Dialogue>, Vec<Issue>) {
        self.take_ids(
            &facts,
            &rules,
            &screens,
            &verdict,
            &plan,
            &cards,
            &source_list,
            &rulings,
            &common,
        );
        self.check_former(&facts, &rules, &screens, &plan);
        let path = |file: &str| format!("{}/{file}.yaml", self.name);
        let (facts_path, rules_path, screens_path) =
            (path("facts"), path("rules"), path("dialogue"));
        let (verdict_path, plan_path, cards_path) = (path("verdict"), path("plan"), path("cards"));
        let rulings_path = path("rulings");
        let changes_path = path("CHANGES");

        for entry in &facts.facts {
            let fact = self.fact(&facts_path, entry);
            self.facts.push(fact);
        }
        // `ask_when` may look at any fact, so it is read once all are known.
        for (i, entry) in facts.facts.iter().enumerate() {
            self.facts[i].ask_when = self.optional(&facts_path, entry.ask_when.as_ref(), true);
        }
        self.note_places(
            &facts,
            &rules,
            &screens,
            &verdict,
            &plan,
            &cards,
            &source_list,
            &common,
        );
        let circular = self.circular(&rules_path, &rules.conditions);
        for (entry, leads_back) in rules.conditions.iter().zip(circular) {
            let condition = if leads_back {
                Condition::Always
            } else {
                self.condition(&rules_path, &entry.when, false, false)
            };
            self.named.insert(entry.name.value.clone(), condition);
        }
        let exceptions = rules
            .worse_may_lower
            .iter()
            .filter_map(|e| self.exception(&rules_path, e))
            .collect();
        let unexercised = rules
            .unexercised
            .iter()
            .map(|u| (u.element.clone(), u.reason.clone()))
            .collect();
        let rules: Vec<Rule> = rules
            .rules
            .iter()
            .map(|r| Rule {
                id: r.rule.value.clone(),
                was: former(&r.was),
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
                check_in: p.check_in,
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
                source: self.source(
                    &verdict_path,
                    &format!("verdict {}", v.verdict.value),
                    &v.source,
                ),
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
                    when: c
                        .when
                        .as_ref()
                        .map(|w| self.condition(&cards_path, w, true, false)),
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
        let element_words = plan
            .element_words
            .iter()
            .map(|e| (e.element, e.words.clone()))
            .collect();
        let clock = self.clock(&plan_path, &plan.clock);
        let pages = plan
            .pages
            .iter()
            .map(|p| self.page(&plan_path, p))
            .collect();
        let drills = plan
            .drills
            .iter()
            .filter_map(|d| self.drill(&plan_path, d))
            .collect();
        let follow_up = self.follow_up(&plan_path, &plan.follow_up);
        let check_ins = plan
            .check_ins
            .iter()
            .map(|c| self.check_in(&plan_path, c, &built_screens, &phases))
            .collect();
        let mut messages = HashMap::new();
        self.messages(&verdict_path, &verdict.messages, &mut messages);
        self.messages(&plan_path, &plan.messages, &mut messages);
        self.messages("common.yaml", &common.messages, &mut messages);
        self.needed_messages(&messages);
        for d in Disposition::ALL {
            if !verdicts
                .iter()
                .any(|v| v.disposition == d && v.rules.is_empty())
            {
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
                self.source(
                    &rulings_path,
                    &format!("ruling {}", r.ruling.value),
                    &r.source,
                );
                Ruling {
                    id: r.ruling.value.clone(),
                    topic: r.topic.clone(),
                    choice: r.choice.clone(),
                }
            })
            .collect();
        let excluded = source_list
            .excluded
            .into_iter()
            .map(|e| Excluded {
                id: e.id.value,
                says: e.says,
                reason: e.reason,
            })
            .collect();
        let numbers = self.numbers(&numbers, &common.country_unknown);
        let zones = self.zones();
        let common = self.common(common);

        let pauses = Pauses {
            what_is_new_after_hours: screens.pauses.what_is_new_after_hours,
            danger_again_after_hours: screens.pauses.danger_again_after_hours,
            source: self.source(&screens_path, "pauses", &screens.pauses.source),
        };
        let voices = screens
            .voices
            .iter()
            .map(|v| {
                (
                    v.voice.value.clone(),
                    self.condition(&screens_path, &v.when, false, false),
                )
            })
            .collect();
        let only_words = screens
            .only_words
            .iter()
            .map(|w| {
                (
                    w.word.value.clone(),
                    self.condition(&screens_path, &w.only_if, false, false),
                )
            })
            .collect();

        let mut dialogue = Dialogue {
            name: self.name,
            title: screens.title,
            signed_off: None,
            form: Form::default(),
            facts: self.facts,
            pauses,
            voices,
            only_words,
            phases,
            screens: built_screens,
            rules,
            exceptions,
            unexercised,
            verdicts,
            waits,
            people,
            cards: built_cards,
            gates,
            element_words,
            clock,
            pages,
            drills,
            follow_up,
            check_ins,
            messages,
            common,
            numbers,
            zones,
            sources: self.sources,
            excluded,
            rulings,
            changes: Vec::new(),
            places: self.places,
            keep_days: super::KEEP_DAYS,
        };
        dialogue.form = known_form.unwrap_or_else(|| form::form(&dialogue));
        if let Some(file) = changes {
            changes::read(&mut self.l, &changes_path, file, &mut dialogue);
        }
        if let Some(signed) = &screens.signed_off {
            dialogue.signed_off = Some(format!("{}, {}", signed.by, signed.date));
            if signed.form.value != dialogue.form.to_string() {
                self.l.say(
                    Code::SignedOther,
                    &screens_path,
                    span_of(&signed.form),
                    format!(
                        "the signature is for form {}, this is form {}",
                        signed.form.value, dialogue.form
                    ),
                    "Read the change, then sign the new form, or take the signature out.",
                );
            }
        }
        (Some(dialogue), self.l.issues)
    }
}

/// Messages that the engine sends by name.
pub const NEEDED_MESSAGES: &[&str] = &[
    "about",
    "anything_new",
    "anything_new_day",
    "away",
    "busy",
    "by_mistake",
    "by_mistake_other",
    "card_head",
    "change_ask",
    "check_close",
    "check_line",
    "check_repeat",
    "child_line",
    "choose_round",
    "choose_switch",
    "coaching_over",
    "country",
    "country_other",
    "country_unknown_name",
    "crisis_support",
    "crisis_words",
    "day_full",
    "draft_line",
    "drill_dropped",
    "drill_now",
    "drill_stopped",
    "emergency_words",
    "error",
    "error_lost",
    "feels_worse",
    "folded",
    "forget_ask",
    "forget_done",
    "full",
    "got_help",
    "group",
    "heat_15",
    "heat_off",
    "heat_on",
    "heat_round",
    "heat_switch",
    "help",
    "help_now",
    "history",
    "history_empty",
    "ice_off",
    "ice_on",
    "ice_round",
    "ice_worse",
    "ice_worse_only",
    "invitation_over",
    "is_off",
    "is_off_last",
    "is_off_night",
    "kept_level",
    "late",
    "morning",
    "morning_choose",
    "moved",
    "next_day",
    "next_morning",
    "no_tablets_line",
    "not_now",
    "not_sure_which",
    "not_today",
    "note_heat",
    "note_missed",
    "note_unconfirmed",
    "nothing_coming",
    "nothing_yet",
    "off_again",
    "only_invited",
    "own_back",
    "p_reasons",
    "p_signs",
    "p_trust",
    "pack_late",
    "pack_line_choose",
    "pack_line_heat",
    "pack_line_ice",
    "pack_line_none",
    "pack_line_skin",
    "pack_safety_heat",
    "pack_safety_ice",
    "packs_end",
    "pause_ask",
    "paused",
    "paused_open",
    "plan_first",
    "privacy",
    "quiet_bad",
    "quiet_hours",
    "quiet_other",
    "quiet_set",
    "re_booked",
    "re_new_sign",
    "re_seen",
    "recall_emergency",
    "recall_routine",
    "recall_soon",
    "recall_urgent",
    "recheck_repeat",
    "reminders",
    "rest_first",
    "round_over",
    "safety_24h",
    "safety_2h",
    "settings",
    "skin_check_5",
    "skin_wrong",
    "skipped",
    "sleepy_line",
    "snoozed",
    "stale",
    "start_again",
    "still_there",
    "stop_until_seen",
    "stopped",
    "stopped_today",
    "text_understood",
    "time_bad",
    "time_now",
    "time_other",
    "time_set",
    "time_up",
    "time_which",
    "trouble",
    "unknown_media",
    "unknown_text",
    "unpaused",
    "version_asks",
    "version_rises",
    "warm_line",
    "was_it_off",
    "what_if",
    "what_if_emergency",
    "what_if_routine",
    "what_if_soon",
    "what_if_urgent",
    "what_keeps",
    "while_paused",
    "why",
    "why_verdict",
];
