//! Vignettes: cases with expected results, answered on the real screens and on the rule table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answerer;
use crate::assess::{self, Assessment};
use crate::dialogue::issue::did_you_mean;
use crate::dialogue::{Dialogue, Disposition, Element, FactKind, Knowledge, Known};
use crate::engine::verdict::name_of;
use crate::engine::{Input, Press, State, Wish, step};

/// A file of vignettes: people with what each should be told.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VignetteFile {
    /// The version of this shape: 1.
    #[allow(dead_code)] // It is there for people who change the schema.
    pub version: u32,
    /// The cases.
    pub vignettes: Vec<Vignette>,
}

/// One case: a person, and what they should be told.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vignette {
    /// Its id, by which reports name it.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// The story as the person would type it.
    #[serde(default)]
    pub story: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// The facts that differ from the harmless values, by the ids of `facts.yaml`.
    #[serde(default)]
    pub facts: FactMap,
    /// How urgent it should be called.
    pub expected: Disposition,
    /// What may be accepted besides.
    #[serde(default)]
    pub acceptable: Vec<Disposition>,
    /// Ids of rules that must fire.
    #[serde(default)]
    pub must_mention: Vec<String>,
    /// What the plan must leave out.
    #[serde(default)]
    pub must_not: Vec<Element>,
}

impl Vignette {
    /// All that counts as right: what is expected, and what may be accepted besides.
    fn accepted(&self) -> Vec<Disposition> {
        let mut out = self.acceptable.clone();
        if !out.contains(&self.expected) {
            out.push(self.expected);
        }
        out
    }
}

/// Facts by id, as people write them in YAML.
pub type FactMap = BTreeMap<String, FactValue>;

/// One answer or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// A bare yes or no, which some YAML readers take for a truth value.
    Bool(bool),
    /// A number.
    Number(u8),
    /// One option.
    One(String),
    /// Several options.
    Many(Vec<String>),
}

/// A file with one set of facts.
#[derive(Debug, Deserialize)]
pub struct FactsOnly {
    /// The facts.
    pub facts: FactMap,
}

/// What the rules, gates and cards say of one set of facts.
#[derive(Debug, Serialize)]
pub struct Triage {
    /// How urgent.
    pub disposition: Disposition,
    /// Every rule that fired.
    pub rules: Vec<String>,
    /// Every gate that fires.
    pub gates: Vec<String>,
    /// What the plan leaves out.
    pub leaves_out: Vec<Element>,
    /// The contributor cards that fit.
    pub cards: Vec<String>,
}

/// Turn facts into knowledge, harmless where they say nothing; or say what is wrong with them.
pub fn facts(d: &Dialogue, map: &FactMap) -> Result<Knowledge, Vec<String>> {
    let mut known = d.nothing_known();
    let mut wrong = Vec::new();
    for (id, value) in map {
        let Some(fact) = d.fact(id) else {
            wrong.push(format!(
                "there is no fact `{id}`. {}",
                did_you_mean(id, d.facts.iter().map(|f| f.id.as_str()))
            ));
            continue;
        };
        let f = &d.facts[fact];
        let mut find = |option: &str| {
            let found = f.option(option);
            if found.is_none() {
                let cure = did_you_mean(option, f.options.iter().map(|o| o.id.as_str()));
                wrong.push(format!("`{id}` has no option `{option}`. {cure}"));
            }
            found
        };
        let one = match value {
            FactValue::Bool(true) => "yes".to_owned(),
            FactValue::Bool(false) => "no".to_owned(),
            FactValue::Number(n) => n.to_string(),
            FactValue::One(option) => option.clone(),
            FactValue::Many(options) => {
                let on = options
                    .iter()
                    .filter_map(|o| find(o))
                    .fold(0, |set, o| set | 1 << o);
                if f.kind == FactKind::Multi {
                    known.set(fact, Known::exactly(on, f.all()));
                } else {
                    wrong.push(format!("`{id}` takes one option, not a list"));
                }
                continue;
            }
        };
        if f.kind == FactKind::Multi {
            wrong.push(format!("`{id}` takes a list, such as [{one}]"));
        } else if let Some(o) = find(&one) {
            known.set(fact, Known::one(o));
        }
    }
    if wrong.is_empty() {
        Ok(d.completed(&known))
    } else {
        Err(wrong)
    }
}

/// The facts of somebody that are not harmless, as people write them.
pub fn facts_of(d: &Dialogue, person: &Knowledge) -> FactMap {
    let mut out = FactMap::new();
    for (fact, f) in d.facts.iter().enumerate() {
        let on = person.get(fact).on;
        if on == f.default.on {
            continue;
        }
        let ids: Vec<String> = (0..f.options.len())
            .filter(|o| on & (1 << o) != 0)
            .map(|o| f.options[o].id.clone())
            .collect();
        let value = match (f.kind, ids.as_slice()) {
            (FactKind::Multi, _) => FactValue::Many(ids),
            (FactKind::Number, [one]) => one
                .parse()
                .map_or_else(|_| FactValue::One(one.clone()), FactValue::Number),
            (_, [one]) => FactValue::One(one.clone()),
            _ => continue,
        };
        out.insert(f.id.clone(), value);
    }
    out
}

/// The verdict for facts that are all known.
pub fn triage(d: &Dialogue, known: &Knowledge) -> Triage {
    let found = assess::assess(d, known);
    let (gates, leaves_out) = assess::gates(d, known, found.disposition);
    Triage {
        disposition: found.disposition,
        rules: rule_ids(d, &found),
        gates: gates.iter().map(|&g| d.gates[g].id.clone()).collect(),
        leaves_out,
        cards: assess::cards(d, known, found.disposition)
            .iter()
            .map(|&c| d.cards[c].id.clone())
            .collect(),
    }
}

fn rule_ids(d: &Dialogue, found: &Assessment) -> Vec<String> {
    found.rules.iter().map(|&r| d.rules[r].id.clone()).collect()
}

/// What came out of one vignette.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Its id.
    pub id: String,
    /// What it should be.
    pub expected: Disposition,
    /// What may be accepted.
    pub acceptable: Vec<Disposition>,
    /// What the screens said.
    pub disposition: Disposition,
    /// What the rule table says over all facts.
    pub by_facts: Disposition,
    /// Every rule that fires over all facts.
    pub rules: Vec<String>,
    /// Those of them that were not asked, since an emergency came first.
    pub not_asked: Vec<String>,
    /// The gates that fire.
    pub gates: Vec<String>,
    /// What the plan leaves out.
    pub leaves_out: Vec<Element>,
    /// Taps from consent to the verdict.
    pub taps: usize,
    /// Screens shown.
    pub screens: usize,
    /// What is wrong, in words; empty when all is well.
    pub wrong: Vec<String>,
}

/// The sums over a file.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// How many.
    pub vignettes: usize,
    /// As expected.
    pub exact: usize,
    /// Acceptable.
    pub acceptable: usize,
    /// Less urgent than expected.
    pub under_triage: usize,
    /// More urgent than expected.
    pub over_triage: usize,
    /// Expected emergencies.
    pub emergencies: usize,
    /// Those called emergencies.
    pub emergencies_caught: usize,
    /// Vignettes with anything wrong.
    pub wrong: usize,
}

/// Answer one vignette on the screens and on the rule table.
pub fn run(d: &Dialogue, v: &Vignette, now: Timestamp) -> Result<Outcome, Vec<String>> {
    let person = facts(d, &v.facts)?;
    let full = triage(d, &person);
    let (disposition, asked, taps, screens) = hold(d, v, &person, now);
    let mut wrong = Vec::new();
    let acceptable = v.accepted();
    if !acceptable.contains(&disposition) {
        let names: Vec<&str> = acceptable.iter().map(|a| name_of(*a)).collect();
        wrong.push(format!(
            "told {}, which is not acceptable: it should be {}",
            name_of(disposition),
            names.join(" or ")
        ));
    }
    if disposition != full.disposition {
        wrong.push(format!(
            "the screens say {}, all facts say {}",
            name_of(disposition),
            name_of(full.disposition)
        ));
    }
    for id in &v.must_mention {
        if !full.rules.contains(id) {
            let known = if d.rules.iter().any(|r| r.id == *id) {
                "did not fire"
            } else {
                "does not exist"
            };
            wrong.push(format!("{id} {known}"));
        }
    }
    for element in &v.must_not {
        if !full.leaves_out.contains(element) {
            wrong.push(format!("{} is not left out", element_name(*element)));
        }
    }
    Ok(Outcome {
        id: v.id.clone(),
        expected: v.expected,
        acceptable,
        disposition,
        by_facts: full.disposition,
        not_asked: full
            .rules
            .iter()
            .filter(|r| !asked.contains(r))
            .cloned()
            .collect(),
        rules: full.rules,
        gates: full.gates,
        leaves_out: full.leaves_out,
        taps,
        screens,
        wrong,
    })
}

/// The conversation of a vignette: disposition, rules that fired on what was asked, taps, screens.
fn hold(
    d: &Dialogue,
    v: &Vignette,
    person: &Knowledge,
    now: Timestamp,
) -> (Disposition, Vec<String>, usize, usize) {
    let off_topic = d
        .fact("intent")
        .filter(|f| person.get(*f) != d.facts[*f].default);
    let (session, taps, screens) = if let Some(intent) = off_topic {
        // An advert: the story is typed, and only the tap says that it is nobody's back.
        let mut session = crate::engine::begin(d);
        let option = person.get(intent).option().unwrap_or_default();
        for input in [
            Input::Text(v.story.clone()),
            Input::Press(Press {
                visit: 0,
                wish: Wish::Asked(intent as u8, option),
            }),
        ] {
            session = step(d, &session, &input, now).session.unwrap_or(session);
        }
        (session, 1, 1)
    } else {
        let held = answerer::hold(d, person, now);
        (held.session, held.presses.len(), held.screens.len() + 1)
    };
    let state = State::of(d, &session);
    let asked = rule_ids(d, &assess::assess(d, &d.completed(&state.known)));
    (
        state.disposition().unwrap_or(Disposition::NoTriage),
        asked,
        taps,
        screens,
    )
}

/// An element in the words of the files.
pub fn element_name(element: Element) -> String {
    serde_json::to_value(element)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The sums over outcomes.
pub fn totals(outcomes: &[Outcome]) -> Totals {
    let count = |f: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|o| f(o)).count();
    Totals {
        vignettes: outcomes.len(),
        exact: count(&|o| o.disposition == o.expected),
        acceptable: count(&|o| o.acceptable.contains(&o.disposition)),
        under_triage: count(&|o| o.disposition < o.expected),
        over_triage: count(&|o| o.disposition > o.expected),
        emergencies: count(&|o| o.expected == Disposition::Emergency),
        emergencies_caught: count(&|o| {
            o.expected == Disposition::Emergency && o.disposition == Disposition::Emergency
        }),
        wrong: count(&|o| !o.wrong.is_empty()),
    }
}

/// The outcomes as a table, then the sums.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = (|| -> std::fmt::Result {
        for o in outcomes {
            let mark = if o.wrong.is_empty() { "ok   " } else { "WRONG" };
            writeln!(
                out,
                "{mark} {:<42} {:<10} expected {:<10} {:>2} taps",
                o.id,
                name_of(o.disposition),
                name_of(o.expected),
                o.taps
            )?;
            let asked: Vec<&str> = o
                .rules
                .iter()
                .filter(|r| !o.not_asked.contains(r))
                .map(String::as_str)
                .collect();
            writeln!(out, "      rules: {}", join(&asked))?;
            if !o.not_asked.is_empty() {
                writeln!(out, "      not asked: {}", join(&o.not_asked))?;
            }
            writeln!(out, "      gates: {}", join(&o.gates))?;
            let left: Vec<String> = o.leaves_out.iter().map(|e| element_name(*e)).collect();
            writeln!(out, "      leaves out: {}", join(&left))?;
            for w in &o.wrong {
                writeln!(out, "      WRONG: {w}")?;
            }
        }
        let t = totals(outcomes);
        writeln!(
            out,
            "\n{} vignettes: {} exact, {} acceptable, {} too low, {} too high; {} of {} emergencies caught; {} wrong.",
            t.vignettes,
            t.exact,
            t.acceptable,
            t.under_triage,
            t.over_triage,
            t.emergencies_caught,
            t.emergencies,
            t.wrong
        )
    })();
    out
}

/// A list in words, "none" where it is empty.
pub fn join<T: AsRef<str>>(list: &[T]) -> String {
    if list.is_empty() {
        return "none".into();
    }
    list.iter()
        .map(AsRef::as_ref)
        .collect::<Vec<&str>>()
        .join(", ")
}

/// A verdict for people who read it in a terminal.
pub fn triage_text(t: &Triage) -> String {
    let left: Vec<String> = t.leaves_out.iter().map(|e| element_name(*e)).collect();
    format!(
        "disposition: {}\nrules: {}\ngates: {}\nleaves out: {}\ncards: {}\n",
        name_of(t.disposition),
        join(&t.rules),
        join(&t.gates),
        join(&left),
        join(&t.cards)
    )
}
