//! Facts: their options, defaults and orders of concern.

use super::*;
use crate::dialogue::Exception;

impl Builder<'_> {
    pub(super) fn fact(&mut self, file: &str, e: &file::FactEntry) -> Fact {
        let at = span_of(&e.fact);
        let bad = |l: &mut Loader<'_>, span: Range<usize>, message: String, cure: &str| {
            l.say(
                Code::BadFact,
                file,
                span,
                format!("`{}`: {message}", e.fact.value),
                cure,
            );
        };
        let mut options: Vec<FactOption> = Vec::new();
        match e.kind {
            FactKind::Yn if e.options.is_empty() => {
                for (id, label) in [("no", "No"), ("yes", "Yes"), ("unsure", "Not sure")] {
                    let label = self.plain(file, label);
                    options.push(FactOption {
                        id: id.into(),
                        was: Vec::new(),
                        label,
                        if_so: None,
                    });
                }
            }
            FactKind::Number => match (e.min, e.max) {
                (Some(min), Some(max))
                    if min == 0 && min < max && usize::from(max) < MOST_OPTIONS =>
                {
                    for n in min..=max {
                        let label = self.plain(file, &n.to_string());
                        options.push(FactOption {
                            id: n.to_string(),
                            was: Vec::new(),
                            label,
                            if_so: None,
                        });
                    }
                }
                _ => bad(
                    &mut self.l,
                    at.clone(),
                    "a number needs `min: 0` and a `max` below 32".into(),
                    "Give both.",
                ),
            },
            _ => {
                for o in &e.options {
                    let label = self.words(file, span_of(&o.id), &o.label);
                    options.push(FactOption {
                        id: o.id.value.clone(),
                        was: former(&o.was),
                        label,
                        if_so: None,
                    });
                }
                if e.kind == FactKind::Yn {
                    bad(
                        &mut self.l,
                        at.clone(),
                        "a yn fact lists no options".into(),
                        "Its options are yes, no and unsure.",
                    );
                }
            }
        }
        if options.is_empty() || options.len() > MOST_OPTIONS {
            bad(
                &mut self.l,
                at,
                "a fact has 1 to 32 options".into(),
                "List them under `options`.",
            );
            options.push(FactOption {
                id: "none".into(),
                was: Vec::new(),
                label: self.plain(file, "None"),
                if_so: None,
            });
            options.truncate(MOST_OPTIONS);
        }
        let find = |id: &str| options.iter().position(|o| o.id == id).map(|i| i as u8);
        let all = if options.len() >= 32 {
            u32::MAX
        } else {
            (1 << options.len()) - 1
        };
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
            file::ConcernEntry::Word(w) if w == "adding" && e.kind == FactKind::Multi => {
                Concern::Adding
            }
            file::ConcernEntry::Word(w) if w == "rising" && e.kind == FactKind::Number => {
                Concern::Rising
            }
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
        let phrases: Vec<(u8, IfSo)> = e
            .if_so
            .iter()
            .filter_map(|x| {
                let say = self.text(file, &x.say);
                let option = find(&x.value.value);
                if option.is_none() {
                    unknown(&mut self.l, span_of(&x.value), &x.value.value);
                }
                let plausible = x.plausible;
                option.map(|o| (o, IfSo { say, plausible }))
            })
            .collect();
        for (option, if_so) in phrases {
            options[usize::from(option)].if_so = Some(if_so);
        }
        Fact {
            id: e.fact.value.clone(),
            was: former(&e.was),
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

    /// A step to a more worrying answer that may lower the disposition.
    pub(super) fn exception(
        &mut self,
        file: &str,
        e: &super::file::ExceptionEntry,
    ) -> Option<Exception> {
        let fact = self.fact_named(file, span_of(&e.fact), &e.fact.value)?;
        let mut option = |text: &Text| {
            let f = &self.facts[fact];
            let found = f.option(&text.value);
            if found.is_none() {
                self.l.say(
                    Code::UnknownOption,
                    file,
                    span_of(text),
                    format!("`{}` has no option `{}`", f.id, text.value),
                    did_you_mean(&text.value, f.options.iter().map(|o| o.id.as_str())),
                );
            }
            found
        };
        let from = e.from.as_ref().map(&mut option);
        let to = option(&e.to)?;
        if from == Some(None) {
            return None;
        }
        Some(Exception {
            fact,
            from: from.flatten(),
            to,
            reason: e.reason.clone(),
            source: self.source(file, &format!("exception {}", e.fact.value), &e.source),
        })
    }

    pub(super) fn fact_named(
        &mut self,
        file: &str,
        span: Range<usize>,
        id: &str,
    ) -> Option<FactId> {
        let found = self.facts.iter().position(|f| f.id == id);
        if found.is_none() {
            let cure = did_you_mean(id, self.facts.iter().map(|f| f.id.as_str()));
            self.l.say(
                Code::UnknownFact,
                file,
                span,
                format!("there is no fact `{id}`"),
                cure,
            );
        }
        found
    }

    pub(super) fn fact_list(&mut self, file: &str, ids: &[Text]) -> Vec<FactId> {
        ids.iter()
            .filter_map(|id| self.fact_named(file, span_of(id), &id.value))
            .collect()
    }
}
