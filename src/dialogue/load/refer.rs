//! What every entry is made of: conditions, texts, and references to sources, rules and messages.

use super::*;

impl Builder<'_> {
    /// Which named conditions lead back to themselves; each is reported where it does.
    pub(super) fn circular(
        &mut self,
        file: &str,
        conditions: &[file::ConditionEntry],
    ) -> Vec<bool> {
        let names_in = |text: &str| -> Vec<(usize, String)> {
            text.match_indices('@')
                .map(|(at, _)| {
                    let rest = text[at + 1..].chars();
                    (
                        at,
                        rest.take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                            .collect(),
                    )
                })
                .collect()
        };
        let find = |name: &str| conditions.iter().position(|c| c.name.value == name);
        let next: Vec<Vec<usize>> = conditions
            .iter()
            .map(|c| {
                names_in(&c.when.value)
                    .iter()
                    .filter_map(|(_, n)| find(n))
                    .collect()
            })
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
                    let span = span_inside(
                        source,
                        span_of(&c.when),
                        &c.when.value,
                        at..at + name.len() + 1,
                    );
                    self.l.say(
                        Code::CircularCondition,
                        file,
                        span,
                        format!(
                            "the condition `{}` leads back to itself through `@{name}`",
                            c.name.value
                        ),
                        "Write one of the two out, so that each is explained by those above it.",
                    );
                }
            }
        }
        out
    }

    pub(super) fn condition(
        &mut self,
        file: &str,
        text: &Text,
        disposition: bool,
        or_else: bool,
    ) -> Condition {
        let names = Names {
            facts: &self.facts,
            named: &self.named,
            disposition,
            or_else,
        };
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

    pub(super) fn optional(
        &mut self,
        file: &str,
        text: Option<&Text>,
        disposition: bool,
    ) -> Condition {
        text.map_or(Condition::Always, |t| {
            self.condition(file, t, disposition, false)
        })
    }

    pub(super) fn text(&mut self, file: &str, text: &Text) -> Template {
        self.words(file, span_of(text), &text.value)
    }

    pub(super) fn words(&mut self, file: &str, span: Range<usize>, value: &str) -> Template {
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

    pub(super) fn plain(&mut self, file: &str, value: &str) -> Template {
        self.words(file, 0..0, value)
    }

    /// Note who uses these sources and give their ids back.
    pub(super) fn source(&mut self, file: &str, user: &str, ids: &[Text]) -> Vec<String> {
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

    pub(super) fn rules(&mut self, file: &str, ids: &[Text]) -> Vec<usize> {
        let mut out = Vec::new();
        for id in ids {
            match self.rule_ids.iter().position(|r| *r == id.value) {
                Some(i) => out.push(i),
                None => {
                    let cure = did_you_mean(&id.value, self.rule_ids.iter().map(String::as_str));
                    self.l.say(
                        Code::UnknownRule,
                        file,
                        span_of(id),
                        format!("there is no rule `{}`", id.value),
                        cure,
                    );
                }
            }
        }
        out
    }

    pub(super) fn known_message(&mut self, file: &str, id: &Text) {
        if !self.message_ids.contains(&id.value) {
            let cure = did_you_mean(&id.value, self.message_ids.iter().map(String::as_str));
            self.l.say(
                Code::UnknownMessage,
                file,
                span_of(id),
                format!("there is no message `{}`", id.value),
                cure,
            );
        }
    }
}
