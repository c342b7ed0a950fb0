//! What the person sees: the open question with its buttons, and every other message.
//!
//! Pure: the same session gives the same view, so repeating an edit is harmless.

mod folded;
mod layout;
mod live;
mod plan_page;
mod question;
mod times;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::effect::{Button, Owed, View};
use super::fold::{State, answer_behind};
use super::press::Wish;
use super::route::{self, Place, is_offered};
use super::session::{Aside, Pack, Session, What};
use super::verdict;
use super::words::{round_words, words};
use super::{coaching, history};
use crate::dialogue::{Act, Dialogue, Element, FactId, Item, ScreenId, ScreenKind, Words};
use crate::plan::{self, ClockState};

pub use folded::{answered_screens, folded};
pub use layout::button_rows;
use layout::{grid, short, singles};
pub use live::{live, live_of, live_over};
pub use plan_page::page_count;
use plan_page::plan_view;
use question::{plain_question, screen_view, unsure_items};

/// Parts of a list or page are at most this long.
const PAGE_LIMIT: usize = 700;

/// The question message as it should be now; nothing while no question is open.
pub fn view(d: &Dialogue, session: &Session, now: Timestamp) -> Option<View> {
    view_of(d, session, &State::of(d, session), now)
}

/// The same, of somebody of whom it is known where they stand.
pub fn view_of(d: &Dialogue, session: &Session, state: &State, now: Timestamp) -> Option<View> {
    let words = words(d, session, state);
    aside_view(d, session, state, &words, now)
}

fn aside_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    now: Timestamp,
) -> Option<View> {
    let button = |label: &str, wish: Wish| Button::new(label, state.visit, wish);
    let labels = &d.common.buttons;
    let say = |id: &str, words: &Words| {
        d.messages
            .get(id)
            .map(|m| m.text.fill(words))
            .unwrap_or_default()
    };
    match &session.aside {
        Aside::None => place_view(d, session, state, words, now),
        Aside::Which => {
            let Place::Asking(screen) = route::place(d, state) else {
                return place_view(d, session, state, words, now);
            };
            let mut rows: Vec<Button> = unsure_items(d, state, screen)
                .into_iter()
                .map(|(fact, item)| {
                    button(
                        &label(d, session, state, words, item),
                        Wish::Explain(fact as u8),
                    )
                })
                .collect();
            rows.push(button(&labels.back, Wish::Act(Act::CarryOn)));
            Some(View {
                text: say("not_sure_which", words),
                rows: button_rows(rows),
            })
        }
        Aside::Explain { fact } => {
            let explain = d.facts.get(usize::from(*fact))?.explain.as_ref()?;
            let buttons = explain
                .answers
                .iter()
                .map(|(l, o)| button(&l.fill(words), Wish::Explained(*fact, *o)))
                .collect();
            Some(View {
                text: explain.ask.fill(words),
                rows: singles(buttons),
            })
        }
        Aside::Words { fact, words: typed } => {
            let f = d.facts.get(usize::from(*fact))?;
            let question = plain_question(d, usize::from(*fact), words);
            let own = words
                .clone()
                .with("words", typed.as_str())
                .with("plain_question", question);
            let buttons = match &f.explain {
                Some(e) => e
                    .answers
                    .iter()
                    .map(|(l, o)| button(&l.fill(words), Wish::Asked(*fact, *o)))
                    .collect(),
                None => f
                    .options
                    .iter()
                    .enumerate()
                    .map(|(o, option)| {
                        button(&option.label.fill(words), Wish::Asked(*fact, o as u8))
                    })
                    .collect(),
            };
            Some(View {
                text: say("emergency_words", &own),
                rows: singles(buttons),
            })
        }
        Aside::Mistake => {
            let question = match answer_behind(d, session) {
                Some(What::Explained { fact, .. } | What::Asked { fact, .. }) => {
                    plain_question(d, usize::from(fact), words)
                }
                Some(What::Ticked { screen, item } | What::Answered { screen, item }) => {
                    let item = d
                        .screens
                        .get(usize::from(screen))?
                        .items
                        .get(usize::from(item))?;
                    match item.sets.as_slice() {
                        [(fact, _)] if d.facts[*fact].explain.is_some() => {
                            plain_question(d, *fact, words)
                        }
                        _ => say(
                            "by_mistake_other",
                            &words
                                .clone()
                                .with("label", label(d, session, state, words, item)),
                        ),
                    }
                }
                _ => say(
                    "by_mistake_other",
                    &words.clone().with("label", labels.done.clone()),
                ),
            };
            let own = words.clone().with("plain_question", question);
            Some(message_view(d, session, state, &own, "by_mistake"))
        }
        Aside::Took { item } => {
            let Place::Asking(screen) = route::place(d, state) else {
                return place_view(d, session, state, words, now);
            };
            let taken = d.screens[screen].items.get(usize::from(*item))?;
            let own = words
                .clone()
                .with("label", label(d, session, state, words, taken));
            let rows = vec![
                button(&labels.yes, Wish::Confirm(*item)),
                button(&labels.no, Wish::Act(Act::CarryOn)),
            ];
            Some(View {
                text: say("text_understood", &own),
                rows: button_rows(rows),
            })
        }
        Aside::Country => {
            let guesses = &d.common.country_guesses;
            let language = session.language.as_deref().unwrap_or("");
            let own = guesses
                .get(language.split('-').next().unwrap_or(""))
                .or_else(|| guesses.get("default"));
            let mut rows: Vec<Button> = own
                .into_iter()
                .flatten()
                .filter_map(|code| d.numbers.country(code))
                .map(|c| button(&c.name, Wish::Country(c.code.clone())))
                .collect();
            rows.push(button(
                &labels.another_country,
                Wish::Act(Act::CountryOther),
            ));
            rows.push(button(&labels.no_country, Wish::Act(Act::CountryNone)));
            Some(View {
                text: say("country", words),
                rows: button_rows(rows),
            })
        }
        Aside::CountryName => {
            let rows = vec![button(&labels.no_country, Wish::Act(Act::CountryNone))];
            Some(View {
                text: say("country_other", words),
                rows: button_rows(rows),
            })
        }
        Aside::Change { part } => {
            let answered = answered_screens(d, state);
            let per_part = 8;
            let start = usize::from(*part) * per_part;
            let mut rows: Vec<Button> = answered
                .iter()
                .skip(start)
                .take(per_part)
                .map(|&s| {
                    button(
                        &short(&d.screens[s].ask.fill(words)),
                        Wish::Reopen(s as u16),
                    )
                })
                .collect();
            if answered.len() > start + per_part {
                rows.push(button(&labels.more, Wish::ChangePart(part + 1)));
            }
            rows.push(button(&labels.back, Wish::Act(Act::CarryOn)));
            Some(View {
                text: say("change_ask", words),
                rows: singles(rows),
            })
        }
        Aside::Time
        | Aside::TimeTyped
        | Aside::TimeBad
        | Aside::Zones(_)
        | Aside::Quiet
        | Aside::QuietTyped { .. }
        | Aside::Reminders
        | Aside::Pause => Some(times::view(d, session, state, words, now)),
        Aside::Crisis => Some(message_view(d, session, state, words, "crisis_words")),
        Aside::Message(id) => {
            let mut own = words.clone();
            round_words(d, session, state, now, &mut own);
            why_words(d, state, &mut own);
            Some(message_view(d, session, state, &own, id))
        }
        Aside::Note(id) => {
            let note = say(id, words);
            match place_view(d, session, state, words, now) {
                Some(v) => Some(View {
                    text: format!("{note}\n\n{}", v.text),
                    rows: v.rows,
                }),
                None => Some(message_view(d, session, state, words, id)),
            }
        }
    }
}

fn place_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    now: Timestamp,
) -> Option<View> {
    match route::place(d, state) {
        Place::Welcome if session.log.is_empty() || !state.open => {
            if state.told.is_some() {
                None
            } else {
                Some(screen_view(d, session, state, words, 0))
            }
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(true) => {
            Some(message_view(d, session, state, words, "anything_new_day"))
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(false) => {
            Some(message_view(d, session, state, words, "anything_new"))
        }
        Place::Asking(screen) => Some(screen_view(d, session, state, words, screen)),
        Place::Plan => Some(plan_view(d, session, state, words, now)),
        Place::Welcome | Place::Complete | Place::Told => None,
    }
}

/// The label of an item for this person.
pub fn label(d: &Dialogue, session: &Session, state: &State, words: &Words, item: &Item) -> String {
    let is_other = || {
        let full = d.completed(&state.known);
        d.voices.iter().any(|(_, when)| d.holds(when, &full, None))
    };
    let is_fahrenheit = || {
        let country = session.country.as_ref();
        country.is_some_and(|c| d.common.fahrenheit.contains(c))
    };
    match (&item.about_other, &item.in_fahrenheit) {
        (Some(t), _) if is_other() => t.fill(words),
        (_, Some(t)) if is_fahrenheit() => t.fill(words),
        _ => item.label.fill(words),
    }
}

/// A message of the files as a view.
pub fn message_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    id: &str,
) -> View {
    let Some(message) = d.messages.get(id) else {
        return View::default();
    };
    let rows = message
        .buttons
        .iter()
        .filter(|i| fits(d, session, state, id, i))
        .map(|i| row_for(d, session, state, words, i))
        .collect();
    View {
        text: message.text.fill(words),
        rows: button_rows(rows),
    }
}

/// Messages that offer a round, or ask whether to go on.
pub const OFFERS: [&str; 9] = [
    "ice_round",
    "heat_round",
    "choose_round",
    "choose_switch",
    "heat_switch",
    "morning",
    "morning_choose",
    "next_day",
    "still_there",
];

/// Whether a button of a message has a use for this person now.
fn fits(d: &Dialogue, session: &Session, state: &State, message: &str, item: &Item) -> bool {
    let standing = || coaching::standing(session);
    match item.act {
        Some(Act::Snooze) => standing().snoozes == 0,
        Some(Act::SnoozeMore | Act::SnoozeMost) => {
            (1..d.clock.most_snoozes).contains(&standing().snoozes)
        }
        Some(Act::IceWorse) => {
            standing().last_pack == Some(Pack::Ice)
                && d.holds(&d.clock.early_heat_when, &d.completed(&state.known), None)
        }
        // On offers it stands for a pack of which nobody said that it is off.
        Some(Act::ItIsOff) if OFFERS.contains(&message) => standing().unconfirmed,
        // Whoever has told their time finds it in the settings.
        Some(Act::Timezone) => session.zone.is_none() || message == "settings",
        _ => true,
    }
}

/// The button of an item of a message or verdict.
pub fn row_for(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    item: &Item,
) -> Button {
    let wish = match (item.sets.first(), &item.act, &item.reply, item.page) {
        (Some((f, o)), _, Some(reply), _) => Wish::AskedThen(*f as u8, *o, reply.clone()),
        (Some((f, o)), _, None, _) => Wish::Asked(*f as u8, *o),
        (None, Some(act), _, _) => Wish::Act(*act),
        (None, None, Some(reply), _) => Wish::Reply(reply.clone()),
        (None, None, None, Some(page)) => Wish::Page(page as u8, 0),
        (None, None, None, None) => Wish::Act(Act::CarryOn),
    };
    let label = label(d, session, state, words, item);
    Button::new(&label, state.visit, wish)
}

/// The question whose "why" is asked: the reason for each of its facts, in the order of its items.
fn why_words(d: &Dialogue, state: &State, words: &mut Words) {
    let Place::Asking(screen) = route::place(d, state) else {
        return;
    };
    let s = &d.screens[screen];
    let mut facts: Vec<FactId> = Vec::new();
    for item in &s.items {
        let own = item.sets.iter().chain(
            item.then
                .iter()
                .flat_map(|t| d.screens[*t].items.iter().flat_map(|i| &i.sets)),
        );
        for (f, _) in own.take(1) {
            if !facts.contains(f) {
                facts.push(*f);
            }
        }
    }
    let mut why: Vec<String> = Vec::new();
    for &f in &facts {
        let reason = d.facts[f].why.fill(words);
        why.push(if facts.len() == 1 {
            reason
        } else {
            format!("\n• {}: {reason}", d.facts[f].name)
        });
    }
    words.set("why", why.concat());
    let source = verdict::published(d, facts.iter().flat_map(|f| &d.facts[*f].source));
    words.set("source", source);
}

/// A new message that is owed, as it is sent now.
pub fn render(d: &Dialogue, session: &Session, owed: &Owed, now: Timestamp) -> View {
    render_of(d, session, &State::of(d, session), owed, now)
}

/// The same, of a session that is folded already.
pub fn render_of(
    d: &Dialogue,
    session: &Session,
    state: &State,
    owed: &Owed,
    now: Timestamp,
) -> View {
    let words = words(d, session, state);
    match owed {
        Owed::Verdict { event } => verdict::verdict(d, session, usize::from(*event)),
        Owed::Reminder {
            id,
            planned_ms,
            note,
        } => reminder(
            d,
            session,
            state,
            words,
            (id, note.as_deref()),
            *planned_ms,
            now,
        ),
        // The caption; the picture itself is drawn where it is sent.
        Owed::History => View {
            text: history::caption(d, session, words, now),
            rows: Vec::new(),
        },
        Owed::Message { id, about_ms } => {
            let at = about_ms
                .and_then(|ms| Timestamp::from_millisecond(ms).ok())
                .unwrap_or(now);
            let mut own = words;
            round_words(d, session, state, at, &mut own);
            let utc = now.to_zoned(TimeZone::UTC);
            own.set(
                "deleted_at",
                utc.strftime("%-d %B %Y, %H:%M UTC").to_string(),
            );
            message_view(d, session, state, &own, id)
        }
        Owed::Summary => View {
            text: verdict::summary(d, session, state, now),
            rows: change_row(d, state),
        },
        Owed::WhyVerdict => View {
            text: verdict::why(d, session, state),
            rows: Vec::new(),
        },
        Owed::Export => View {
            text: verdict::summary(d, session, state, now),
            rows: Vec::new(),
        },
        Owed::Folded => folded(d, session, state),
    }
}

/// Whether what was to come then is so late by now that it says so.
pub fn is_late(d: &Dialogue, planned_ms: i64, now: Timestamp) -> bool {
    let limit_ms = i64::from(d.clock.late_after_minutes).saturating_mul(60_000);
    now.as_millisecond().saturating_sub(planned_ms) > limit_ms
}

/// What a timer sends. One that comes late says so: a pack that should be off by now is no matter
/// of "next round in 90 minutes".
fn reminder(
    d: &Dialogue,
    session: &Session,
    state: &State,
    mut words: Words,
    (id, note): (&str, Option<&str>),
    planned_ms: i64,
    now: Timestamp,
) -> View {
    let late = is_late(d, planned_ms, now);
    let takes_off = matches!(id, "ice_off" | "heat_off" | "off_again");
    let id = if late && takes_off { "pack_late" } else { id };
    let text = |id: &str| {
        d.messages
            .get(id)
            .map_or("", |m| m.text.source())
            .to_owned()
    };
    let note = note.map(text).unwrap_or_default();
    words.set("note", note.clone());
    round_words(d, session, state, now, &mut words);
    let mut view = message_view(d, session, state, &words, id);
    // A note that stands in front says what there is to say.
    if late && !takes_off && note.is_empty() {
        view.text.insert_str(0, &text("late"));
    }
    view
}

fn change_row(d: &Dialogue, state: &State) -> Vec<Vec<Button>> {
    if answered_screens(d, state).is_empty() {
        return Vec::new();
    }
    let label = &d.common.buttons.change;
    vec![vec![Button::new(
        label,
        state.visit,
        Wish::Act(Act::Change),
    )]]
}
