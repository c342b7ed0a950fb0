//! What changes besides people: hours, counts, numbers, typed words, and what answers store.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Setting;
use crate::dialogue::{Condition, Dialogue, FactKind, Item, Page};

/// Values and lists that are about nobody by themselves.
pub(super) fn settings(old: &Dialogue, new: &Dialogue) -> Vec<Setting> {
    let mut out = defaults(old, new);
    let (was, is) = (values(old), values(new));
    let mut ids: Vec<&String> = was.keys().chain(is.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let say = |values: &BTreeMap<String, String>| values.get(id).cloned().unwrap_or_default();
        let (before, after) = (say(&was), say(&is));
        if before != after {
            let id = id.clone();
            out.push(Setting { id, before, after });
        }
    }
    let (was, is) = (lists(old), lists(new));
    for (id, now) in &is {
        let before = was.get(id).map_or(&[][..], Vec::as_slice);
        let only = |own: &[String], other: &[String]| {
            let own = own.iter().filter(|x| !other.contains(x));
            own.cloned().collect::<Vec<String>>().join(", ")
        };
        let (before, after) = (only(before, now), only(now, before));
        if before != after {
            let id = id.clone();
            out.push(Setting { id, before, after });
        }
    }
    out
}

/// Lists of which only what comes and goes is worth reading.
fn lists(d: &Dialogue) -> BTreeMap<String, Vec<String>> {
    let c = &d.common;
    let mut out = BTreeMap::new();
    for f in &d.facts {
        // A fact without such words is in the list, so that one that loses all of them is told.
        let own = c.emergency_words.iter();
        let own = own.filter(|(g, _)| d.facts[*g].id == f.id);
        let words = own.flat_map(|(_, w)| w.clone()).collect();
        out.insert(format!("typed words that ask for `{}`", f.id), words);
    }
    for (id, words) in [
        ("crisis words", &c.crisis_words),
        ("negations", &c.negations),
        ("words about a person", &c.about_a_person),
        ("words for yes", &c.yes),
        ("words for no", &c.no),
        ("words for not sure", &c.unsure),
        ("words for done", &c.done),
        ("words for back", &c.back),
        ("words for stop", &c.stop),
    ] {
        out.insert(id.to_owned(), words.clone());
    }
    for (voice, words) in &c.voices {
        let words = words.iter().map(|(k, w)| format!("{k}: {w}")).collect();
        out.insert(format!("words of the voice {voice}"), words);
    }
    out.insert("shared buttons".into(), fields(&c.buttons));
    out.insert("words of what is coming".into(), fields(&c.coming));
    out.insert("words of the picture".into(), fields(&c.picture));
    let exceptions = d.exceptions.iter().map(|e| {
        let f = &d.facts[e.fact];
        let id = |o: u8| f.options[usize::from(o)].id.as_str();
        let from = e.from.map_or("without it", id);
        format!("{} from {from} to {}", f.id, id(e.to))
    });
    out.insert("steps that may lower".into(), exceptions.collect());
    out
}

/// The fields of a list of words, each with its name.
fn fields(words: &impl Serialize) -> Vec<String> {
    let Ok(serde_json::Value::Object(map)) = serde_json::to_value(words) else {
        return Vec::new();
    };
    map.iter().map(|(k, v)| format!("{k}: {v}")).collect()
}

fn values(d: &Dialogue) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut add = |id: String, value: String| {
        out.insert(id, value);
    };
    let c = &d.clock;
    add(
        "clock ice_until_hours".into(),
        c.ice_until_hours.to_string(),
    );
    add(
        "clock choose_until_hours".into(),
        c.choose_until_hours.to_string(),
    );
    add("clock ice".into(), format!("{:?}", c.ice));
    add("clock heat".into(), format!("{:?}", c.heat));
    add(
        "clock minutes".into(),
        format!(
            "late {}, off again {}, snooze {} then {:?} at most {}, progress {}, offer late {}, missed {}",
            c.late_after_minutes,
            c.off_again_after_minutes,
            c.snooze_minutes,
            c.snooze_again_minutes,
            c.most_snoozes,
            c.progress_minutes,
            c.offer_late_after_minutes,
            c.most_missed
        ),
    );
    add(
        "quiet hours".into(),
        format!("{:?} or {:?}", c.quiet, c.other_quiet),
    );
    for s in &c.since {
        let f = &d.facts[s.fact];
        let options = f.options.iter().zip(&s.hours);
        let hours = options.filter_map(|(o, h)| Some(format!("{} {}", o.id, (*h)?)));
        let when = s.when.print(&d.facts);
        let hours: Vec<String> = hours.collect();
        add(
            format!("clock since `{}` when {when}", f.id),
            hours.join(", "),
        );
    }
    let f = &d.follow_up;
    add(
        "follow-up".into(),
        format!(
            "repeat after {} h, close after {} h, spread {} min, coaching ends after {} h, stop after {} soon, exercise back after {} h",
            f.repeat_after_hours,
            f.close_after_hours,
            f.spread_minutes,
            f.coaching_ends_after_hours,
            f.stop_after_soon,
            f.drop_drill_hours
        ),
    );
    add(
        "pauses".into(),
        format!(
            "what is new after {} h, danger again after {} h",
            d.pauses.what_is_new_after_hours, d.pauses.danger_again_after_hours
        ),
    );
    for c in &d.check_ins {
        let asks: Vec<&str> = c
            .asks
            .iter()
            .map(|(s, _)| d.screens[*s].id.as_str())
            .collect();
        let closes = c.closes.iter();
        let closes: Vec<String> = closes
            .map(|(when, message)| format!("{message} when {}", when.print(&d.facts)))
            .collect();
        add(
            format!("check-in {}", c.id),
            format!(
                "after {} h for {:?}: {:?}; asks {}; closes {}",
                c.after_hours,
                c.dispositions,
                c.message,
                asks.join(", "),
                closes.join(", ")
            ),
        );
    }
    for x in &d.drills {
        let seconds: Vec<u32> = x.steps.iter().map(|(_, s)| *s).collect();
        add(
            format!("exercise {}", x.id),
            format!(
                "from {} h, {} rounds of {seconds:?} s",
                x.from_hours, x.rounds
            ),
        );
    }
    for page in &d.pages {
        add(format!("page {} hours", page.id), hours(page));
    }
    for f in &d.facts {
        let explained = f.explain.iter().flat_map(|e| &e.answers);
        let explained: Vec<&str> = explained
            .map(|(_, o)| f.options[usize::from(*o)].id.as_str())
            .collect();
        let options: Vec<&str> = f.options.iter().map(|o| o.id.as_str()).collect();
        add(
            format!("fact {}", f.id),
            format!(
                "{:?} of {}; applies when {}; explained to {}",
                f.kind,
                options.join(", "),
                f.ask_when.print(&d.facts),
                explained.join(", ")
            ),
        );
    }
    for (id, m) in &d.messages {
        if !m.buttons.is_empty() {
            add(format!("buttons of the message {id}"), items(d, &m.buttons));
        }
    }
    for s in &d.screens {
        add(
            format!("answers of the screen {}", s.id),
            items(d, &s.items),
        );
    }
    for v in &d.verdicts {
        let rules: Vec<&str> = v.rules.iter().map(|r| d.rules[*r].id.as_str()).collect();
        add(
            format!("verdict {}", v.id),
            format!("{} {}", rules.join(", "), items(d, &v.buttons)),
        );
    }
    for c in &d.numbers.countries {
        add(
            format!("numbers of {}", c.name),
            format!("{}; {}; {}", c.help, c.emergency, c.crisis),
        );
    }
    out
}

/// The hours of the lines of a page that have any, by what they say.
fn hours(page: &Page) -> String {
    let timed = page
        .lines
        .iter()
        .filter(|l| l.from_hours > 0 || l.until_hours < u32::MAX);
    let out: Vec<String> = timed
        .map(|l| {
            let until = match l.until_hours {
                u32::MAX => String::new(),
                hours => hours.to_string(),
            };
            format!("{} to {until}: {}", l.from_hours, l.say.source())
        })
        .collect();
    out.join("; ")
}

/// What the answers of a screen store and do, by id: wording is told elsewhere.
fn items(d: &Dialogue, items: &[Item]) -> String {
    let say = |i: &Item| {
        let mut parts: Vec<String> = i
            .sets
            .iter()
            .map(|(f, o)| {
                let f = &d.facts[*f];
                format!("{} = {}", f.id, f.options[usize::from(*o)].id)
            })
            .collect();
        parts.extend(i.then.map(|s| format!("asks {}", d.screens[s].id)));
        parts.extend(i.act.map(|a| format!("{a:?}")));
        parts.extend(i.also.map(|a| format!("{a:?}")));
        parts.extend(i.reply.clone());
        if i.only_if != Condition::Always {
            parts.push(format!("only if {}", i.only_if.print(&d.facts)));
        }
        format!("[{}]", parts.join(", "))
    };
    items.iter().map(say).collect::<Vec<_>>().join(" ")
}

/// Facts whose harmless answer is another, which moves people by itself.
fn defaults(old: &Dialogue, new: &Dialogue) -> Vec<Setting> {
    let says = |d: &Dialogue, fact: usize| {
        let f = &d.facts[fact];
        let on = (0..f.options.len()).filter(|o| f.default.on & (1 << o) != 0);
        let ids: Vec<&str> = on.map(|o| f.options[o].id.as_str()).collect();
        match f.kind {
            FactKind::Multi => format!("[{}]", ids.join(", ")),
            _ => ids.join(", "),
        }
    };
    let mut out = Vec::new();
    for (fact, f) in new.facts.iter().enumerate() {
        if let Some(was) = old.fact(&f.id) {
            let (before, after) = (says(old, was), says(new, fact));
            if before != after {
                let id = format!("the harmless answer of `{}`", f.id);
                out.push(Setting { id, before, after });
            }
        }
    }
    out
}
