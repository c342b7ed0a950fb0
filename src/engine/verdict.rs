//! The verdict message, its reasons, and the summary for a clinician.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::coaching::{self, Done};
use super::effect::View;
use super::fold::State;
use super::route;
use super::session::{Session, What};
use super::view::{button_rows, row_for};
use super::words::words;
use super::would_change::would_change;
use crate::assess::{self, Assessment};
use crate::dialogue::file::SummaryPlace;
use crate::dialogue::{
    Act, Dialogue, Disposition, Element, Fact, FactId, FactKind, Item, Knowledge, Known, Options,
};
use crate::plan;

/// The most characters of an emergency message (our limit: it must fit one phone screen).
pub const EMERGENCY_LIMIT: usize = 900;

/// What the rules say at this point, and whether everything was known.
///
/// An emergency told while questions are open rests on what is known for sure; afterwards the
/// rules that fire are those of the same facts with harmless values for the rest.
pub fn assessment(d: &Dialogue, state: &State) -> Assessment {
    assess::assess(d, &d.completed(&state.known))
}

/// The verdict message that the event of this number told.
pub fn verdict(d: &Dialogue, session: &Session, event: usize) -> View {
    let state = State::until(d, session, event + 1);
    let Some(What::Told { disposition }) = session.log.get(event).map(|e| e.what) else {
        return View::default();
    };
    let words = words(d, session, &state);
    let found = assessment(d, &state);
    let Some(verdict) = d.verdicts.iter().find(|v| {
        v.disposition == disposition
            && (v.rules.is_empty() || v.rules.iter().any(|r| found.rules.contains(r)))
    }) else {
        return View::default();
    };
    let message = |id: &str| {
        d.messages
            .get(id)
            .map(|m| m.text.fill(&words))
            .unwrap_or_default()
    };
    let crisis = !verdict.rules.is_empty();
    let kept = found.disposition < disposition && disposition > Disposition::NoTriage;

    let mut reasons: Vec<String> = reasons(d, &found, disposition)
        .into_iter()
        .map(|r| d.rules[r].reason.fill(&words))
        .collect();
    // What fires now is not why an older, more urgent advice is kept.
    if crisis || kept || matches!(disposition, Disposition::SelfCare | Disposition::NoTriage) {
        reasons.clear();
    }
    let mut waits: Vec<String> = d
        .waits
        .iter()
        .filter(|_| disposition >= Disposition::Urgent)
        .filter(|w| {
            w.rules
                .iter()
                .any(|r| found.rules.contains(r) && d.rules[*r].disposition >= Disposition::Urgent)
        })
        .filter(|w| d.holds(&w.when, &d.completed(&state.known), Some(disposition)))
        .map(|w| w.say.fill(&words))
        .collect();
    // Two rules may ask for the same; it is said once.
    let mut said = BTreeSet::new();
    waits.retain(|w| said.insert(w.clone()));
    let full = d.completed(&state.known);
    let people: Vec<_> = d
        .people
        .iter()
        .filter(|_| disposition > Disposition::NoTriage && !crisis)
        .filter(|p| {
            d.holds(&p.when, &full, Some(disposition))
                || p.or_unanswered
                    .is_some_and(|f| state.unanswered.contains(&f))
        })
        .collect();
    let mut lines: Vec<String> = people.iter().map(|p| p.say.fill(&words)).collect();
    if kept {
        lines.push(message("kept_level"));
    }
    // The words for a crisis stand alone.
    let signs = (disposition > Disposition::NoTriage && !crisis).then(|| message("p_signs"));
    let trust = (disposition < Disposition::Emergency && disposition > Disposition::NoTriage)
        .then(|| message("p_trust"));

    let compose = |reasons: &[String], waits: &[String], lines: &[String]| {
        let mut parts = vec![verdict.text.fill(&words)];
        if !reasons.is_empty() {
            let bullets: Vec<String> = reasons.iter().map(|r| format!("• {r}")).collect();
            let words = words.clone().with("reasons", bullets.join("\n"));
            parts.push(
                d.messages
                    .get("p_reasons")
                    .map(|m| m.text.fill(&words))
                    .unwrap_or_default(),
            );
        }
        parts.extend(waits.iter().cloned());
        parts.extend(lines.iter().cloned());
        parts.extend(signs.clone());
        parts.extend(trust.clone());
        parts.join("\n\n")
    };
    // An emergency must be read at a glance: what matters less is left to /why.
    let mut text = compose(&reasons, &waits, &lines);
    while disposition == Disposition::Emergency && text.chars().count() > EMERGENCY_LIMIT {
        if reasons.len() > 1 {
            reasons.pop();
        } else if waits.len() > 1 {
            waits.pop();
        } else if lines.pop().is_none() {
            break;
        }
        text = compose(&reasons, &waits, &lines);
    }

    let told_at = session.log.get(event).map_or(0, |e| e.at_ms);
    let (_, left_out) = plan::gates(d, &state, super::rounds::time(told_at));
    let no_plan = left_out.contains(&Element::Coaching);
    let mut items: Vec<&Item> = Vec::new();
    for item in &verdict.buttons {
        if item.act == Some(Act::Plan) && no_plan {
            items.extend(people.iter().filter_map(|p| p.button.as_ref()));
        } else {
            items.push(item);
        }
    }
    if kept {
        items.extend(
            d.messages
                .get("kept_level")
                .into_iter()
                .flat_map(|m| &m.buttons),
        );
    }
    let rows = button_rows(
        items
            .into_iter()
            .map(|i| row_for(d, session, &state, &words, i))
            .collect(),
    );
    View { text, rows }
}

/// The rules whose reasons are shown: the most severe that fired, at most three, in table order.
/// Milder ones would talk a reader out of the advice ("book a visit" under a call for help).
pub fn reasons(d: &Dialogue, found: &Assessment, disposition: Disposition) -> Vec<usize> {
    let of = |r: usize| d.rules[r].disposition;
    let severest = found
        .rules
        .iter()
        .map(|&r| of(r))
        .filter(|&x| x <= disposition)
        .max();
    found
        .rules
        .iter()
        .copied()
        .filter(|&r| Some(of(r)) == severest)
        .take(3)
        .collect()
}

/// Every rule that fired, with the answers that counted and the source; then what would change the
/// advice.
pub fn why(d: &Dialogue, session: &Session, state: &State) -> String {
    let words = words(d, session, state);
    let found = assessment(d, state);
    let full = d.completed(&state.known);
    let mut parts = Vec::new();
    for &r in &found.rules {
        let rule = &d.rules[r];
        let answers: Vec<String> = rule
            .when
            .facts()
            .into_iter()
            .filter(|&f| !state.known.get(f).is_open() && full.get(f).on != d.facts[f].default.on)
            .map(|f| format!("{}: {}", d.facts[f].name, labels(d, f, &full)))
            .collect();
        let answers = if answers.is_empty() {
            "no warning sign".into()
        } else {
            answers.join("; ")
        };
        let source = published(d, rule.source.iter());
        let own = words
            .clone()
            .with("answers", answers)
            .with("reason", rule.reason.fill(&words))
            .with("source", source);
        parts.push(
            d.messages
                .get("why_verdict")
                .map(|m| m.text.fill(&own))
                .unwrap_or_default(),
        );
    }
    parts.extend(would_change(d, state, &words));
    parts.join("\n\n")
}

/// The titles of at most three published sources: the ids of the seed statements are for clinicians.
pub fn published<'a>(d: &Dialogue, ids: impl Iterator<Item = &'a String>) -> String {
    let published = ids.filter(|s| s.starts_with(|c: char| c.is_uppercase()));
    let mut titles: Vec<&str> = published
        .filter_map(|s| d.sources.get(s))
        .map(|s| s.title.trim_end_matches('.'))
        .collect();
    titles.sort_unstable();
    titles.dedup();
    titles.truncate(3);
    if titles.is_empty() {
        "our own judgement".to_owned()
    } else {
        titles.join("; ")
    }
}

/// The labels of what is known of a fact.
pub fn labels(d: &Dialogue, fact: usize, known: &Knowledge) -> String {
    labels_of(d, fact, known.get(fact).on)
}

/// The labels of these options of a fact.
pub fn labels_of(d: &Dialogue, fact: usize, on: Options) -> String {
    let f = &d.facts[fact];
    let list: Vec<String> = (0..f.options.len())
        .filter(|o| on & (1 << o) != 0)
        .map(|o| f.options[o].label.source().to_owned())
        .collect();
    if list.is_empty() {
        "none".into()
    } else {
        list.join(", ")
    }
}

/// The summary of the answers, as plain text for a clinician. Only what was asked, nothing guessed.
pub fn summary(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> String {
    let known = &state.known;
    let to_answer = to_answer(d, state);
    let mut lists = Lists::default();
    for (i, f) in d.facts.iter().enumerate() {
        let k = known.get(i);
        let open = k.is_open() || state.unanswered.contains(&i);
        let said = || format!("{}: {}", f.name, labels(d, i, known));
        match f.summary {
            Some(SummaryPlace::Hidden) => {}
            Some(SummaryPlace::Who) if !open => lists.who.push(labels(d, i, known)),
            Some(SummaryPlace::Pain) if !open => lists.pain.push(said()),
            Some(SummaryPlace::Medicines) if !open => lists.medicines.push(said()),
            _ if open => {
                if f.phase <= 3 && (state.unanswered.contains(&i) || to_answer.contains(&i)) {
                    lists.open.push(f.name.clone());
                }
            }
            _ if k
                .option()
                .is_some_and(|o| f.options[usize::from(o)].id == "unsure")
                && f.kind != FactKind::Multi =>
            {
                lists.unsure.push(f.name.clone());
            }
            _ if is_no(f, k) => lists.no.push(f.name.clone()),
            _ => {
                let labels = labels(d, i, known);
                lists.yes.push(if labels == "Yes" {
                    f.name.clone()
                } else {
                    format!("{} ({labels})", f.name)
                });
            }
        }
    }
    let list = |v: Vec<String>| {
        if v.is_empty() {
            "none".to_owned()
        } else {
            v.join("; ")
        }
    };
    let found = assessment(d, state);
    let words = words(d, session, state);
    let (result, reasons) = match state.told {
        Some(t) => {
            let ids: Vec<&str> = found
                .rules
                .iter()
                .map(|&r| d.rules[r].id.as_str())
                .collect();
            let reasons = found
                .rules
                .iter()
                .map(|&r| d.rules[r].reason.fill(&words))
                .collect();
            (
                format!("{} ({})", name_of(t.disposition), ids.join(", ")),
                reasons,
            )
        }
        None => ("not finished".into(), Vec::new()),
    };
    let rounds = |of: fn(&Done) -> u8| -> u32 {
        coaching::days(session)
            .iter()
            .map(|day| u32::from(of(&day.done)))
            .sum()
    };
    let standing = coaching::standing(session);
    let visit = match (standing.seen_ms, standing.booked_ms) {
        (Some(_), _) => "; visit: seen",
        (None, Some(_)) => "; visit: booked",
        (None, None) => "",
    };
    let since = match (rounds(|d| d.ice), rounds(|d| d.heat)) {
        (0, 0) if visit.is_empty() => String::new(),
        (ice, heat) => format!("\nSince then: rounds of ice {ice}, heat {heat}{visit}"),
    };
    let open = if state.told.is_some() {
        list(lists.open)
    } else {
        "the questions still to come".into()
    };
    let date = now
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string();
    let draft = if d.signed_off.is_none() {
        "\nDraft questions: not checked by a clinician."
    } else {
        ""
    };
    format!(
        "{} summary · {date} · made from answers in a chat, not a diagnosis{draft}\n\
         Who: {}\n\
         Result: {result}\n\
         Why: {}\n\
         Yes: {}\n\
         Not sure: {}\n\
         Not answered: {open}\n\
         No to: {}\n\
         Pain: {}\n\
         Medicines and risks: {}{since}",
        d.title,
        list(lists.who),
        list(reasons),
        list(lists.yes),
        list(lists.unsure),
        list(lists.no),
        list(lists.pain),
        list(lists.medicines),
    )
}

/// The facts of questions that this person was not asked yet, or skipped.
fn to_answer(d: &Dialogue, state: &State) -> BTreeSet<FactId> {
    let full = d.completed(&state.known);
    (0..d.screens.len())
        .filter(|id| {
            !d.screens[*id].opened && (!state.done.contains(id) || state.skipped.contains(id))
        })
        .filter(|&id| d.holds(&d.screens[id].when, &full, state.disposition()))
        .flat_map(|id| route::asks(d, id))
        .map(|(fact, _)| fact)
        .collect()
}

/// Whether an answer says no. A harmless one that is not a no ("OK", "sore but moving") is told.
fn is_no(f: &Fact, known: Known) -> bool {
    match known.option() {
        Some(o) if f.kind != FactKind::Multi => {
            matches!(f.options[usize::from(o)].id.as_str(), "no" | "none")
        }
        _ => known.on == 0,
    }
}

#[derive(Default)]
struct Lists {
    who: Vec<String>,
    yes: Vec<String>,
    unsure: Vec<String>,
    open: Vec<String>,
    no: Vec<String>,
    pain: Vec<String>,
    medicines: Vec<String>,
}

/// A disposition in the words of the files.
pub fn name_of(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::NoTriage => "no_triage",
        Disposition::SelfCare => "self_care",
        Disposition::Routine => "routine",
        Disposition::Soon => "soon",
        Disposition::Urgent => "urgent",
        Disposition::Emergency => "emergency",
    }
}
