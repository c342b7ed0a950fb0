//! Screens and their answers, and the buttons of messages.

use super::*;

impl Builder<'_> {
    pub(super) fn screen(
        &mut self,
        file: &str,
        all: &[file::ScreenEntry],
        index: usize,
        phases: &[Phase],
    ) -> Screen {
        let e = &all[index];
        let at = span_of(&e.screen);
        let phase = phases
            .iter()
            .position(|p| p.id == e.phase.value)
            .unwrap_or_else(|| {
                let cure = did_you_mean(&e.phase.value, phases.iter().map(|p| p.id.as_str()));
                self.l.say(
                    Code::UnknownPhase,
                    file,
                    span_of(&e.phase),
                    format!("there is no phase `{}`", e.phase.value),
                    cure,
                );
                0
            });
        let mut body = e;
        if let Some(like) = &e.like {
            match all[..index].iter().find(|s| s.screen.value == like.value) {
                Some(found) => body = found,
                None => {
                    let cure = did_you_mean(
                        &like.value,
                        all[..index].iter().map(|s| s.screen.value.as_str()),
                    );
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
            l.say(
                Code::BadScreen,
                file,
                at.clone(),
                format!("`{}` {message}", e.screen.value),
                cure,
            );
        };
        let kinds = usize::from(!body.one_of.is_empty())
            + usize::from(!body.any_of.is_empty())
            + usize::from(body.number.is_some());
        if kinds != 1 {
            bad(
                &mut self.l,
                "needs one of `one_of`, `any_of` and `number`",
                "Keep the one that fits the question.",
            );
        }
        if e.opened && e.when.is_some() {
            bad(
                &mut self.l,
                "is opened by another screen and has a guard",
                "Take out `when` or `opened`.",
            );
        }
        let several = !body.any_of.is_empty();
        let for_ticks = !body.none.is_empty() || !body.not_sure.is_empty() || body.at_least_one;
        if for_ticks && !several {
            bad(
                &mut self.l,
                "has `none`, `not_sure` or `at_least_one` without ticks",
                "They go with `any_of`.",
            );
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
                        recheck: None,
                        also: None,
                        lasts: false,
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
                bad(
                    &mut self.l,
                    "asks nothing",
                    "Give it `ask`, or `like` an earlier screen.",
                );
                self.plain(file, "?")
            }
        };
        for (list, word) in [(&body.one_of, "say"), (&body.any_of, "tick")] {
            for item in list {
                if (if word == "say" { &item.say } else { &item.tick }).is_none() {
                    let other = item
                        .say
                        .as_ref()
                        .or(item.tick.as_ref())
                        .map_or(at.clone(), span_of);
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
            was: former(&e.was),
            phase,
            when: self.optional(file, e.when.as_ref(), true),
            // A check-in opens its screens.
            opened: e.opened || phases[phase].check_in,
            ask_again: e.ask_again,
            recheck: e.recheck,
            ask,
            kind,
            none: self.fact_list(file, &body.none),
            at_least_one: body.at_least_one,
            not_sure: self.fact_list(file, &body.not_sure),
            skip: e.skip,
            advises: e.advises.clone(),
            source: self.source(file, &format!("screen {}", e.screen.value), &e.source),
            items,
        }
    }

    pub(super) fn items(&mut self, file: &str, entries: &[ItemEntry]) -> Vec<Item> {
        entries.iter().map(|e| self.item(file, e)).collect()
    }

    pub(super) fn item(&mut self, file: &str, e: &ItemEntry) -> Item {
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
        if e.fact.is_none()
            && e.then.is_none()
            && e.act.is_none()
            && e.reply.is_none()
            && e.page.is_none()
            && e.recheck.is_none()
            && e.also.is_none()
            && !e.lasts
            && !e.goes_on
        {
            self.l.say(
                Code::BadItem,
                file,
                at.clone(),
                "a button does nothing".into(),
                "Give it `fact`, `then`, `do`, `reply`, `page`, `recheck` or `also`.",
            );
        }
        let sets = e
            .fact
            .as_ref()
            .map_or_else(Vec::new, |t| self.sets(file, t));
        let then = e.then.as_ref().and_then(|t| self.screen_named(file, t));
        let recheck = e.recheck.as_ref().map(|first| {
            let screens = first.iter();
            screens.filter_map(|s| self.screen_named(file, s)).collect()
        });
        if let Some(reply) = &e.reply {
            self.known_message(file, reply);
        }
        let page = e.page.as_ref().and_then(|p| {
            let found = self.page_ids.iter().position(|id| *id == p.value);
            if found.is_none() {
                let cure = did_you_mean(&p.value, self.page_ids.iter().map(String::as_str));
                self.l.say(
                    Code::UnknownMessage,
                    file,
                    span_of(p),
                    format!("there is no page `{}`", p.value),
                    cure,
                );
            }
            found
        });
        let about_other = e
            .about_other
            .as_ref()
            .map(|t| self.words(file, at.clone(), t));
        let in_fahrenheit = e
            .in_fahrenheit
            .as_ref()
            .map(|t| self.words(file, at.clone(), t));
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
            recheck,
            also: e.also,
            lasts: e.lasts,
        }
    }

    /// Read `fact = option, fact + option`.
    pub(super) fn sets(&mut self, file: &str, text: &Text) -> Vec<(FactId, u8)> {
        let source = self.l.texts.get(file).map_or("", String::as_str);
        let mut out = Vec::new();
        let mut start = 0;
        for part in text.value.split(',') {
            let at = start + (part.len() - part.trim_start().len());
            start += part.len() + 1;
            let span = span_inside(
                source,
                span_of(text),
                &text.value,
                at..at + part.trim().len(),
            );
            let Some((fact, adds, option)) = part
                .split_once('=')
                .map(|(f, o)| (f.trim(), false, o.trim()))
                .or_else(|| {
                    part.split_once('+')
                        .map(|(f, o)| (f.trim(), true, o.trim()))
                })
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
            let Some(id) = self.fact_named(file, span.clone(), fact) else {
                continue;
            };
            let f = &self.facts[id];
            if adds != (f.kind == FactKind::Multi) {
                let (sign, kind) = if adds {
                    ("=", "one answer")
                } else {
                    ("+", "several answers")
                };
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
                    self.l.say(
                        Code::UnknownOption,
                        file,
                        span,
                        format!("`{fact}` has no option `{option}`"),
                        cure,
                    );
                }
            }
        }
        out
    }
}
