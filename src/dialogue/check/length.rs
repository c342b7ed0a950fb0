//! What fits on a phone: the length of texts, labels and what buttons carry, and an emergency
//! message that says at once what to do.

use super::said::{self, Kind};
use super::{Report, answerable};
use crate::dialogue::issue::Code;
use crate::dialogue::{Dialogue, Disposition, Item, ScreenKind, Words};
use crate::engine::press::{MOST_BYTES, Press, Wish};
use crate::engine::verdict::EMERGENCY_LIMIT;

/// The most characters of a question, a reminder or a message (our limit: one look, no scrolling).
const TEXT_LIMIT: usize = 700;

/// The most characters of a label (our limit: it must not be cut on a narrow phone).
const LABEL_LIMIT: usize = 28;

/// The number to call stands within this many characters of an emergency message.
const AT_ONCE: usize = 200;

pub fn check(report: &mut Report<'_>) {
    let d = report.d;
    let longest = d
        .numbers
        .countries
        .iter()
        .max_by_key(|c| c.crisis.len() + c.help.len() + c.emergency.len());
    let words = said::words(d, longest.as_slice());
    texts(report, d, &words);
    emergencies_say_at_once(report, d, &words);
    labels(report, d, &words);
    callbacks(report, d);
}

fn texts(report: &mut Report<'_>, d: &Dialogue, words: &[Words]) {
    for s in said::all(d, words) {
        let limit = match s.kind {
            Kind::Screen | Kind::Message => TEXT_LIMIT,
            Kind::Verdict if emergency(d, &s.element) => EMERGENCY_LIMIT,
            Kind::Verdict | Kind::Card => continue,
        };
        let length = s.texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
        if length > limit {
            report.say(
                Code::TooLong,
                &s.element,
                format!(
                    "{} has {length} characters, {} more than fit",
                    s.what,
                    length - limit
                ),
                format!("Cut it to {limit}, or say it in two messages."),
            );
        }
    }
}

fn emergency(d: &Dialogue, element: &str) -> bool {
    d.rules.iter().any(|r| {
        r.disposition == Disposition::Emergency
            && element.strip_prefix("rule ") == Some(r.id.as_str())
    })
}

fn emergencies_say_at_once(report: &mut Report<'_>, d: &Dialogue, words: &[Words]) {
    for v in d
        .verdicts
        .iter()
        .filter(|v| v.disposition == Disposition::Emergency)
    {
        let named = ["help_number", "emergency_number", "crisis_line"]
            .into_iter()
            .filter(|n| v.text.placeables().contains(*n));
        let in_time = |n: &str| {
            words.iter().all(|w| {
                let (text, number) = (v.text.fill(w), w.get(n).unwrap_or(""));
                let end = text
                    .find(number)
                    .map(|at| text[..at + number.len()].chars().count());
                end.is_some_and(|e| e <= AT_ONCE)
            })
        };
        if !named.clone().any(in_time) {
            let message = if named.clone().next().is_some() {
                format!(
                    "`{}` names the number to call only after {AT_ONCE} characters",
                    v.id
                )
            } else {
                format!("`{}` does not name the number to call", v.id)
            };
            let cure = "Begin with what to do, such as “Call { $help_number } now.”";
            report.say(
                Code::EmergencyText,
                &format!("verdict {}", v.id),
                message,
                cure,
            );
        }
    }
}

fn labels(report: &mut Report<'_>, d: &Dialogue, words: &[Words]) {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |element: &str, labels: Vec<String>| {
        found.extend(labels.into_iter().map(|l| (element.to_owned(), l)));
    };
    let mut items = |element: String, list: &[Item]| {
        for (n, item) in list.iter().enumerate() {
            add(
                &format!("{element} item {}", n + 1),
                said::labels(std::slice::from_ref(item), words),
            );
        }
    };
    for s in d.screens.iter().filter(|s| s.kind != ScreenKind::Number) {
        items(format!("screen {}", s.id), &s.items);
    }
    d.verdicts
        .iter()
        .for_each(|v| items(format!("verdict {}", v.id), &v.buttons));
    d.people
        .iter()
        .for_each(|p| items(format!("line {}", p.id), p.button.as_slice()));
    let mut ids: Vec<&String> = d.messages.keys().collect();
    ids.sort();
    ids.into_iter()
        .for_each(|id| items(format!("message {id}"), &d.messages[id].buttons));
    d.pages
        .iter()
        .for_each(|p| add(&format!("page {}", p.id), vec![p.button.clone()]));
    d.drills
        .iter()
        .for_each(|x| add(&format!("drill {}", x.id), vec![x.button.clone()]));
    for (fact, f) in d.facts.iter().enumerate() {
        let element = format!("fact {}", f.id);
        let typed = d.common.emergency_words.iter().any(|(g, _)| *g == fact);
        match &f.explain {
            Some(e) => e
                .answers
                .iter()
                .for_each(|(l, _)| add(&element, said::fill(l, words))),
            None if typed => f
                .options
                .iter()
                .for_each(|o| add(&element, said::fill(&o.label, words))),
            None => {}
        }
    }
    let b = &d.common.buttons;
    for label in [
        &b.none,
        &b.done,
        &b.not_sure,
        &b.back,
        &b.skip,
        &b.yes,
        &b.no,
        &b.more,
        &b.another_country,
        &b.no_country,
        &b.change,
        &b.pack_off,
        &b.cards,
        &b.set_time,
        &b.another_time,
        &b.other_hours,
        &b.pause,
        &b.pause_tomorrow,
        &b.pause_open,
        &b.resume,
        &b.skip_next,
        &b.check_in_now,
        &b.skip_check_in,
        &b.quiet_hours,
        &b.stop_today,
        &b.coming,
    ] {
        add("buttons", vec![label.clone()]);
    }
    for label in [&b.start_ice, &b.start_heat] {
        add("buttons", vec![label.replace("{ $minutes }", "20")]);
    }
    found.dedup();
    for (element, label) in found {
        let length = label.chars().count();
        if length > LABEL_LIMIT {
            report.say(
                Code::LabelTooLong,
                &element,
                format!(
                    "the label “{label}” has {length} characters, {} more than fit",
                    length - LABEL_LIMIT
                ),
                format!("Cut it to {LABEL_LIMIT}; what it leaves out can stand in the question."),
            );
        }
    }
}

/// Telegram refuses a button that carries more than [`MOST_BYTES`].
fn callbacks(report: &mut Report<'_>, d: &Dialogue) {
    for (element, item) in answerable::buttons(d) {
        let Some(reply) = &item.reply else { continue };
        let wish = match item.sets.first() {
            Some((f, o)) => Wish::AskedThen(*f as u8, *o, reply.clone()),
            None => Wish::Reply(reply.clone()),
        };
        let length = Press {
            visit: u32::MAX,
            wish,
        }
        .to_string()
        .len();
        if length > MOST_BYTES {
            report.say(
                Code::TooLong,
                &element,
                format!(
                    "the id `{reply}` is too long for a button to carry: {} bytes too many",
                    length - MOST_BYTES
                ),
                "Give the message a shorter id.",
            );
        }
    }
}
