//! Every text that a person can get, with its placeables filled in as they may be.

use crate::dialogue::load::PLACEABLES;
use crate::dialogue::numbers::Country;
use crate::dialogue::{Dialogue, Disposition, Item, Template, Verdict, Words};

/// One text in each of its forms.
pub struct Said {
    /// The element it belongs to.
    pub element: String,
    /// What it is, in a sentence: "the question of `who`".
    pub what: String,
    /// What kind of text.
    pub kind: Kind,
    /// The text as each voice gets it, doubles left out.
    pub texts: Vec<String>,
    /// Its buttons, which are read as sentences of their own.
    pub labels: Vec<String>,
}

/// The kinds of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A question of a screen.
    Screen,
    /// A message, an explanation, or a line of one.
    Message,
    /// A verdict with the reason of one rule, as one message.
    Verdict,
    /// A card.
    Card,
}

/// The words of each voice, where the country is unknown and in each of these countries.
pub fn words(d: &Dialogue, countries: &[&Country]) -> Vec<Words<'static>> {
    let unknown = &d.numbers.unknown;
    let mut rows = vec![(
        &unknown.help_number,
        &unknown.emergency_number,
        &unknown.crisis_line,
        "GB",
    )];
    rows.extend(
        countries
            .iter()
            .map(|c| (&c.help, &c.emergency, &c.crisis, c.code.as_str())),
    );
    let say = |id: &str| d.messages.get(id).map_or("", |m| m.text.source());
    let mut out = Vec::new();
    for (help, emergency, crisis, code) in rows {
        for voice in d.common.voices.values() {
            let mut words = Words::new();
            for name in PLACEABLES.iter().copied() {
                words.set(name, voice.get(name).map_or("", String::as_str));
            }
            let rooms = &d.common.emergency_room;
            let er = rooms
                .get(code)
                .or_else(|| rooms.get("default"))
                .map_or("", String::as_str);
            for (name, word) in [
                ("help_number", help.as_str()),
                ("emergency_number", emergency),
                ("crisis_line", crisis),
                ("country", code),
                ("er", er),
                ("draft_line", say("draft_line")),
                ("sleepy_line", say("sleepy_line")),
                ("warm_line", say("warm_line")),
                ("child_line", say("child_line")),
                ("late_line", say("late_line")),
                ("pack_line", say("pack_line_ice")),
                ("when_check", "in 5 minutes"),
                ("when_off", "in 20 minutes"),
                ("when_next", "in 90 minutes"),
                ("passed", "10"),
                ("bar", "●●○○"),
                ("check_line", say("check_line")),
                ("note", say("note_unconfirmed")),
                ("until", "in 8 hours"),
                ("scores", "8 on 2 Mar, 6 on 3 Mar, 5 on 5 Mar, 2 on 9 Mar"),
                ("ice", "12"),
                ("heat", "30"),
                ("changes", "Self-care on 2 Mar, Book a visit on 9 Mar"),
                ("minutes", "20"),
                ("n", "3"),
                ("cap", "8"),
                ("pack", "heat"),
                ("clock", "14:30"),
                ("from", "22:00"),
                ("to", "08:00"),
                ("keep_days", "90 days"),
                ("deleted_at", "2 March 2026, 21:40 UTC"),
            ] {
                words.set(name, word);
            }
            out.push(words);
        }
    }
    out
}

/// Every text, in the order of the files.
pub fn all(d: &Dialogue, words: &[Words]) -> Vec<Said> {
    let mut out = Vec::new();
    let mut add = |element: String, what: String, kind: Kind, text: &Template, items: &[Item]| {
        out.push(Said {
            element,
            what,
            kind,
            texts: fill(text, words),
            labels: labels(items, words),
        });
    };
    for s in &d.screens {
        add(
            format!("screen {}", s.id),
            format!("the question of `{}`", s.id),
            Kind::Screen,
            &s.ask,
            &s.items,
        );
    }
    for f in &d.facts {
        let element = format!("fact {}", f.id);
        add(
            element.clone(),
            format!("the question of the fact `{}`", f.id),
            Kind::Message,
            &f.question,
            &[],
        );
        add(
            element.clone(),
            format!("the why of `{}`", f.id),
            Kind::Message,
            &f.why,
            &[],
        );
        // A phrase is read in its sentence.
        for o in &f.options {
            let (Some(x), Some(frame)) = (&o.if_so, d.messages.get("what_if_emergency")) else {
                continue;
            };
            let whole = frame.text.source().replace("{ $list }", x.say.source());
            if let Ok(text) = Template::read(&whole) {
                let what = format!("the phrase of `{}` for `{}`", f.id, o.id);
                add(element.clone(), what, Kind::Message, &text, &[]);
            }
        }
        if let Some(e) = &f.explain {
            add(
                element,
                format!("the explanation of `{}`", f.id),
                Kind::Message,
                &e.ask,
                &[],
            );
        }
    }
    for r in &d.rules {
        add(
            format!("rule {}", r.id),
            format!("the reason of `{}`", r.id),
            Kind::Message,
            &r.reason,
            &[],
        );
    }
    for w in &d.waits {
        add(
            format!("wait {}", w.id),
            format!("the line `{}`", w.id),
            Kind::Message,
            &w.say,
            &[],
        );
    }
    for p in &d.people {
        add(
            format!("line {}", p.id),
            format!("the line `{}`", p.id),
            Kind::Message,
            &p.say,
            p.button.as_slice(),
        );
    }
    for c in &d.cards {
        add(
            format!("card {}", c.id),
            format!("the card `{}`", c.id),
            Kind::Card,
            &c.text,
            &[],
        );
    }
    for g in &d.gates {
        add(
            format!("gate {}", g.id),
            format!("the line of the gate `{}`", g.id),
            Kind::Message,
            &g.say,
            &[],
        );
    }
    for p in &d.pages {
        for (n, l) in p.lines.iter().enumerate() {
            let what = format!("line {} of the page `{}`", n + 1, p.id);
            add(
                format!("page {} line {}", p.id, n + 1),
                what,
                Kind::Message,
                &l.say,
                &[],
            );
        }
    }
    for x in &d.drills {
        let element = format!("drill {}", x.id);
        let whole = |step: &Template| {
            format!(
                "{}\n{}\n{}",
                x.title.source(),
                step.source(),
                x.stop.source()
            )
        };
        for (n, (step, _)) in x.steps.iter().enumerate() {
            let what = format!("step {} of the exercise `{}`", n + 1, x.id);
            // What a step says stands between the title and when to stop.
            let Ok(text) = Template::read(&whole(step)) else {
                continue;
            };
            add(element.clone(), what, Kind::Message, &text, &[]);
        }
    }
    let mut ids: Vec<&String> = d.messages.keys().collect();
    ids.sort();
    for id in ids {
        let m = &d.messages[id];
        add(
            format!("message {id}"),
            format!("the message `{id}`"),
            Kind::Message,
            &m.text,
            &m.buttons,
        );
    }
    out.extend(verdicts(d, words));
    out
}

/// The verdict message of every rule, as it is when that rule alone fires.
fn verdicts(d: &Dialogue, words: &[Words]) -> Vec<Said> {
    let mut out = Vec::new();
    for (n, rule) in d.rules.iter().enumerate() {
        let Some(verdict) = d.verdicts.iter().find(|v| {
            v.disposition == rule.disposition && (v.rules.is_empty() || v.rules.contains(&n))
        }) else {
            continue;
        };
        let mut texts: Vec<String> = words.iter().map(|w| composed(d, verdict, n, w)).collect();
        texts.dedup();
        out.push(Said {
            element: format!("rule {}", rule.id),
            what: format!("the verdict for `{}`", rule.id),
            kind: Kind::Verdict,
            texts,
            labels: labels(&verdict.buttons, &words[..words.len().min(1)]),
        });
    }
    out
}

fn composed(d: &Dialogue, verdict: &Verdict, rule: usize, words: &Words) -> String {
    let message = |id: &str, words: &Words| d.messages.get(id).map(|m| m.text.fill(words));
    let disposition = verdict.disposition;
    let mut parts = vec![Some(verdict.text.fill(words))];
    if verdict.rules.is_empty() && disposition > Disposition::SelfCare {
        let reason = format!("• {}", d.rules[rule].reason.fill(words));
        parts.push(message("p_reasons", &words.clone().with("reasons", reason)));
    }
    if disposition >= Disposition::Urgent {
        let waits = d.waits.iter().filter(|w| w.rules.contains(&rule));
        parts.extend(waits.map(|w| Some(w.say.fill(words))));
    }
    if disposition > Disposition::NoTriage {
        parts.push(message("p_signs", words));
        if disposition < Disposition::Emergency {
            parts.push(message("p_trust", words));
        }
    }
    parts
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join("\n\n")
}

/// A text as each voice gets it, doubles left out.
pub fn fill(text: &Template, words: &[Words]) -> Vec<String> {
    let used = if text.placeables().is_empty() {
        &words[..words.len().min(1)]
    } else {
        words
    };
    let mut out: Vec<String> = Vec::new();
    for w in used {
        let filled = text.fill(w);
        if !out.contains(&filled) {
            out.push(filled);
        }
    }
    out
}

/// Every label that these answers or buttons can have.
pub fn labels(items: &[Item], words: &[Words]) -> Vec<String> {
    items
        .iter()
        .flat_map(|i| {
            [
                Some(&i.label),
                i.about_other.as_ref(),
                i.in_fahrenheit.as_ref(),
            ]
        })
        .flatten()
        .flat_map(|l| fill(l, words))
        .collect()
}
