//! The plan and its pages.

use super::*;
use crate::engine::session::Pack;
use crate::engine::{coach, rounds};

/// The plan, at the page that is open.
pub(super) fn plan_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    now: Timestamp,
) -> View {
    let button = |label: &str, wish: Wish| Button::new(label, state.visit, wish);
    let labels = &d.common.buttons;
    let page_buttons = || -> Vec<Button> {
        d.pages
            .iter()
            .enumerate()
            .filter(|(n, _)| !plan::lines(d, session, state, *n, now).is_empty())
            .map(|(n, p)| button(&p.button, Wish::Page(n as u8, 0)))
            .collect()
    };
    if let Some((page, part)) = session.page {
        let open = open_page(d, session, state, words, usize::from(page), now);
        let text = open
            .parts
            .get(usize::from(part))
            .or(open.parts.first())
            .cloned()
            .unwrap_or_default();
        let mut rows: Vec<Button> = open
            .more
            .into_iter()
            .map(|(label, page)| button(&label, Wish::Page(page as u8, 0)))
            .collect();
        for number in plan::drills(d, session, state, now) {
            let drill = &d.drills[number];
            if drill.page == usize::from(page) && part == 0 {
                rows.push(button(&drill.button, Wish::Drill(number as u8)));
            }
        }
        if usize::from(part) + 1 < open.parts.len() {
            rows.push(button(&labels.more, Wish::Page(page, part + 1)));
        }
        let back = open
            .back
            .map_or(Wish::Act(Act::Plan), |page| Wish::Page(page as u8, 0));
        rows.push(button(&labels.back, back));
        return View {
            text: format!("{}\n\n{text}", open.title).trim_end().to_owned(),
            rows: button_rows(rows),
        };
    }
    let packs = plan::packs(d, session, state, now);
    let (firing, out) = plan::gates(d, state, now);
    let own_reasons = |elements: &[Element]| {
        let mut says: Vec<String> = firing
            .iter()
            .filter(|&&g| d.gates[g].leaves_out.iter().any(|e| elements.contains(e)))
            .map(|&g| d.gates[g].say.fill(words))
            .collect();
        says.dedup();
        says.join(" ")
    };
    let say = |id: &str, words: &Words| {
        d.messages
            .get(id)
            .map(|m| m.text.fill(words))
            .unwrap_or_default()
    };
    let pack_line = match packs.state {
        ClockState::Ice => say("pack_line_ice", words),
        ClockState::Choose | ClockState::EarlyHeat => say("pack_line_choose", words),
        ClockState::Heat => say("pack_line_heat", words),
        ClockState::Neither if packs.skin_wrong => say("pack_line_skin", words),
        ClockState::Neither => say(
            "pack_line_none",
            &words
                .clone()
                .with("gate_reason", own_reasons(&[Element::Ice, Element::Heat])),
        ),
    };
    let pack_line = if packs.state == ClockState::EarlyHeat {
        say("pack_line_heat", words)
    } else {
        pack_line
    };
    let mut text = String::new();
    let disposition = state
        .disposition()
        .unwrap_or(crate::dialogue::Disposition::SelfCare);
    let cards = crate::assess::cards(d, &d.completed(&state.known), disposition);
    if !cards.is_empty() {
        text.push_str(&say("card_head", words));
        for c in cards {
            text.push_str(&format!(
                "\n• {}: {}",
                d.cards[c].title,
                d.cards[c].text.fill(words)
            ));
        }
        text.push_str("\n\n");
    }
    if out.contains(&Element::NsaidAdvice) || out.contains(&Element::ParacetamolAdvice) {
        let gate = own_reasons(&[Element::NsaidAdvice, Element::ParacetamolAdvice]);
        text.push_str(&format!(
            "{}\n\n",
            say("no_tablets_line", &words.clone().with("gate_text", gate))
        ));
    }
    text.push_str(&say(
        "plan_first",
        &words.clone().with("pack_line", pack_line),
    ));
    let mut rows = Vec::new();
    let r = rounds::fold(d, session, state);
    let on = matches!(r.state, rounds::RoundState::On { .. });
    let rests = rounds::rests_until(d, &r.standing).is_some_and(|until| now < until);
    let coached = coach::over(d, session, state, now).is_none();
    if on {
        rows.push(button(&labels.pack_off, Wish::Act(Act::ItIsOff)));
    }
    for (pack, allowed, wish, label) in [
        (Pack::Ice, packs.ice, Act::StartIce, &labels.start_ice),
        (Pack::Heat, packs.heat, Act::StartHeat, &labels.start_heat),
    ] {
        if allowed && coached && !on && !rests {
            let minutes = rounds::on_minutes(d, state, pack).to_string();
            rows.push(button(
                &label.replace("{ $minutes }", &minutes),
                Wish::Act(wish),
            ));
        }
    }
    rows.extend(page_buttons());
    if d.cards.iter().any(|c| c.when.is_none()) {
        rows.push(button(&labels.cards, Wish::Page(d.pages.len() as u8, 0)));
    }
    rows.push(button(&labels.coming, Wish::Act(Act::Reminders)));
    if session.zone.is_none() {
        rows.push(button(&labels.set_time, Wish::Act(Act::Timezone)));
    }
    rows.push(button(&plan_worse(d, words), Wish::Act(Act::FeelsWorse)));
    View {
        text,
        rows: button_rows(rows),
    }
}

pub(super) fn plan_worse(d: &Dialogue, words: &Words) -> String {
    d.messages
        .get("plan_first")
        .and_then(|m| m.buttons.iter().find(|b| b.act == Some(Act::FeelsWorse)))
        .map_or_else(|| "Something feels worse".into(), |b| b.label.fill(words))
}

/// A page of the plan, the list of education cards, or one of these cards.
pub(super) struct OpenPage {
    title: String,
    parts: Vec<String>,
    /// Pages it leads to, by label and number.
    more: Vec<(String, usize)>,
    /// The page it goes back to, when not the plan.
    back: Option<usize>,
}

/// The page of this number: the plan's own, then the list of education cards, then each card.
pub(super) fn open_page(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    page: usize,
    now: Timestamp,
) -> OpenPage {
    let menu = d.pages.len();
    let cards: Vec<_> = d.cards.iter().filter(|c| c.when.is_none()).collect();
    if let Some(own) = d.pages.get(page) {
        let lines = plan::lines(d, session, state, page, now)
            .into_iter()
            .map(|l| format!("• {}", l.say.fill(words)));
        return OpenPage {
            title: own.title.clone(),
            parts: parts(lines),
            more: Vec::new(),
            back: None,
        };
    }
    if let Some(card) = page.checked_sub(menu + 1).and_then(|n| cards.get(n)) {
        let text = card.text.fill(words);
        let sentences = text
            .split_inclusive(". ")
            .map(str::to_owned)
            .collect::<Vec<_>>();
        return OpenPage {
            title: card.title.clone(),
            parts: joined(sentences, ""),
            more: Vec::new(),
            back: Some(menu),
        };
    }
    OpenPage {
        title: d.common.buttons.cards.clone(),
        parts: Vec::new(),
        more: cards
            .iter()
            .enumerate()
            .map(|(n, c)| (c.title.clone(), menu + 1 + n))
            .collect(),
        back: None,
    }
}

/// How many pages a plan has, with the list of cards and each card.
pub fn page_count(d: &Dialogue) -> usize {
    d.pages.len() + 1 + d.cards.iter().filter(|c| c.when.is_none()).count()
}

/// Lines, cut into parts that fit a phone.
pub(super) fn parts(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    joined(lines, "\n")
}

pub(super) fn joined(pieces: impl IntoIterator<Item = String>, between: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.chars().count() + piece.chars().count() < PAGE_LIMIT => {
                last.push_str(between);
                last.push_str(&piece);
            }
            _ => parts.push(piece),
        }
    }
    parts
}
