//! Writing replay files: of a conversation that was held, and of a vignette.

use super::files::accepted;
use super::observe::buttons;
use super::*;

/// A conversation that was held in the terminal, as a replay file.
pub fn record(d: &Arc<Dialogue>, said: &[(Input, Timestamp)]) -> Result<String, String> {
    let mut session = crate::engine::begin(d);
    let mut country = None;
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut turns = Vec::new();
    for (input, now) in said {
        // Whole seconds read better, and the same rounded times are run and written.
        let now = &Timestamp::from_second(now.as_second()).unwrap_or(*now);
        let action = match input {
            Input::Press(press) => {
                let data = press.to_string();
                let label = labels
                    .iter()
                    .rev()
                    .find(|(_, d)| *d == data)
                    .map_or_else(String::new, |(l, _)| l.clone());
                Action::Press {
                    label,
                    how: How::Newest,
                }
            }
            Input::Text(text) => Action::Say(crate::engine::plain_text::cleaned(text)),
            Input::Command(c) => {
                let name = Command::ALL
                    .iter()
                    .find(|(_, x, _)| x == c)
                    .map_or("help", |(n, _, _)| n);
                Action::Command(name.to_owned())
            }
            Input::Start { language } => {
                country = country.or_else(|| {
                    language
                        .as_ref()
                        .and_then(|l| l.split('-').nth(1).map(str::to_owned))
                });
                Action::Command("start".into())
            }
            Input::Due | Input::Away { .. } => Action::Wait,
            Input::Media | Input::UnknownPress => Action::Media(Media::Sticker),
            Input::Edited(_) => Action::Media(Media::Edit),
            Input::Blocked => Action::Block,
        };
        if let Some(after) = crate::engine::step(d, &session, input, *now).session {
            session = after;
        }
        let state = State::of(d, &session);
        let words = crate::engine::words::words(d, &session, &state);
        let message =
            |id: &String| crate::engine::view::message_view(d, &session, &state, &words, id);
        let told = state
            .told
            .map(|told| crate::engine::verdict::verdict(d, &session, told.index));
        let open = crate::engine::view::view(d, &session, *now);
        // What is in front of the person comes last, since several buttons may carry the same.
        let views = d.messages.keys().map(message).chain(told).chain(open);
        labels = views.flat_map(|v| buttons(&v)).collect();
        turns.push((*now, action));
    }
    let comment = vec!["# Say here what must hold.".to_owned()];
    let replay = assemble(d, comment, country, turns);
    accepted(d, &replay, Fill::Changes, &|name| {
        Err(format!("there is no replay {name}"))
    })
}

/// A vignette as a conversation: the story typed where it is a reader's comment, then the screens.
pub fn of_vignette(d: &Arc<Dialogue>, v: &Vignette) -> Result<String, String> {
    talk(d, v, true)
}

/// The same as far as it goes, where some screen may have no answer that is true.
pub(super) fn talk(d: &Arc<Dialogue>, v: &Vignette, to_its_end: bool) -> Result<String, String> {
    let person = vignettes::facts(d, &v.facts).map_err(|w| w.join("\n"))?;
    let start: Timestamp = "2026-03-02T21:40:00Z".parse().map_err(|e| format!("{e}"))?;
    let mut session = crate::engine::begin(d);
    crate::engine::meet(d, &mut session, "en-GB");
    let mut turns = Vec::new();
    let mut now = start;
    let typed = v.source.starts_with("seed comment");
    let opening = if typed {
        (Input::Text(v.story.clone()), Action::Say(v.story.clone()))
    } else {
        (
            Input::Start { language: None },
            Action::Command("start".into()),
        )
    };
    turns.push((now, opening.1));
    session = crate::engine::step(d, &session, &opening.0, now)
        .session
        .unwrap_or(session);
    for _ in 0..200 {
        let state = State::of(d, &session);
        let Some(wish) = next_wish(d, &session, &state, &person) else {
            break;
        };
        now += jiff::SignedDuration::from_secs(10);
        let press = Press {
            visit: state.visit,
            wish,
        };
        let data = press.to_string();
        let view = crate::engine::view::view(d, &session, now);
        let label = view
            .iter()
            .flat_map(|v| v.buttons())
            .find(|b| b.data == data)
            .map(|b| b.label.clone());
        if label.is_none() && !to_its_end {
            break;
        }
        let label =
            label.ok_or_else(|| format!("{}: the screen shows no button for {data}", v.id))?;
        turns.push((
            now,
            Action::Press {
                label,
                how: How::Newest,
            },
        ));
        session = crate::engine::step(d, &session, &Input::Press(press), now)
            .session
            .unwrap_or(session);
    }
    let comment = vec![format!(
        "# {}: {}.",
        v.title.trim_end_matches('.'),
        name_of(v.expected).replace('_', " ")
    )];
    let replay = assemble(d, comment, Some("GB".into()), turns);
    accepted(d, &replay, Fill::Changes, &|name| {
        Err(format!("there is no replay {name}"))
    })
}

/// What the person of a vignette taps: also under messages that stand over the question.
pub(super) fn next_wish(
    d: &Dialogue,
    session: &Session,
    state: &State,
    person: &crate::dialogue::Knowledge,
) -> Option<Wish> {
    match &session.aside {
        Aside::Crisis => {
            let mood = d.fact("mood")?;
            let option = person.get(mood).option()?;
            // The button for "no" stores nothing.
            Some(
                match d
                    .messages
                    .get("crisis_words")?
                    .buttons
                    .iter()
                    .find(|b| b.sets == [(mood, option)])
                {
                    Some(b) => match &b.reply {
                        Some(reply) => Wish::AskedThen(mood as u8, option, reply.clone()),
                        None => Wish::Asked(mood as u8, option),
                    },
                    None => Wish::Act(crate::dialogue::Act::CarryOn),
                },
            )
        }
        Aside::Words { fact, .. } => {
            let fact = usize::from(*fact);
            let option = person.get(fact).option()?;
            Some(Wish::Asked(fact as u8, option))
        }
        Aside::Message(id) if id == "own_back" => {
            let intent = d.fact("intent")?;
            let option = person.get(intent).option()?;
            let no = d
                .messages
                .get(id)?
                .buttons
                .iter()
                .any(|b| b.sets == [(intent, option)]);
            Some(if no {
                Wish::Asked(intent as u8, option)
            } else {
                Wish::Act(crate::dialogue::Act::CarryOn)
            })
        }
        _ => answerer::next(d, session, state, person),
    }
}

pub(super) fn assemble(
    d: &Dialogue,
    comment: Vec<String>,
    country: Option<String>,
    turns: Vec<(Timestamp, Action)>,
) -> Replay {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let mut days: Vec<Day> = Vec::new();
    for (at, action) in turns {
        let at: Zoned = at.to_zoned(zone.clone());
        if days.last().is_none_or(|day| day.date != at.date()) {
            days.push(Day {
                above: vec![String::new()],
                date: at.date(),
                zone: zone.clone(),
                turns: Vec::new(),
            });
        }
        if let Some(day) = days.last_mut() {
            day.turns.push(Turn {
                above: vec![String::new()],
                line: At(0),
                at,
                action,
                expect: Expect::default(),
            });
        }
    }
    Replay {
        comment,
        dialogue: d.name.clone(),
        reviewed: None,
        country,
        language: None,
        given: None,
        days,
        below: Vec::new(),
    }
}
