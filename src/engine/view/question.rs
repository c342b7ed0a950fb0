//! The open question: phase line, words, and the buttons of its answers.

use super::*;

/// One screen: phase line, question, answers.
pub(super) fn screen_view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    screen: ScreenId,
) -> View {
    let s = &d.screens[screen];
    let button = |label: &str, wish: Wish| Button::new(label, state.visit, wish);
    let labels = &d.common.buttons;
    let mut answers = Vec::new();
    for (n, item) in s.items.iter().enumerate() {
        if !is_offered(d, state, screen, item) {
            continue;
        }
        let n = n as u8;
        let text = label(d, session, state, words, item);
        answers.push(match (item.act, s.kind) {
            (Some(act), _) => button(&text, Wish::Act(act)),
            (None, ScreenKind::Any) if state.is_ticked(screen, n) => {
                button(&format!("✓ {text}"), Wish::Untick(n))
            }
            (None, ScreenKind::Any) if is_unsure(d, state, item) => {
                button(&format!("{text} ?"), Wish::Tick(n))
            }
            (None, ScreenKind::Any) => button(&text, Wish::Tick(n)),
            (None, _) => button(&text, Wish::Answer(n)),
        });
    }
    let mut rows = if s.kind == ScreenKind::Number {
        grid(answers)
    } else {
        button_rows(answers)
    };
    if s.kind == ScreenKind::Any {
        let any =
            state.has_ticks(screen) || s.not_sure.iter().any(|f| is_unsure_fact(d, state, *f));
        if any {
            rows.push(vec![button(&labels.done, Wish::Finish)]);
        } else if !s.at_least_one {
            rows.push(vec![button(&labels.none, Wish::Finish)]);
        }
    }
    let mut last = Vec::new();
    if !unsure_items(d, state, screen).is_empty() {
        last.push(button(&labels.not_sure, Wish::NotSure));
    }
    if s.skip {
        last.push(button(&labels.skip, Wish::Skip));
    }
    let checking = !state.open && state.check_in.is_some();
    let answered = match checking {
        // Back goes no further than the check-in.
        true => route::check_in_screens(d, state)
            .iter()
            .any(|s| state.done.contains(s)),
        false => !state.done.iter().all(|s| *s == 0),
    };
    if state.began && answered {
        last.push(button(&labels.back, Wish::Act(Act::Back)));
    }
    rows.extend(button_rows(last));
    let mut text = String::new();
    let title = &d.phases[s.phase].title;
    if !title.is_empty() {
        let (at, of) = progress(d, state, screen);
        text.push_str(&format!("{title} · {at} of {of}\n"));
    }
    text.push_str(&s.ask.fill(words));
    if let Some(before) = &state.before {
        let old = before_labels(d, session, state, words, screen, before);
        if !old.is_empty() {
            text.push_str(&format!("\n(Before: {})", old.join(", ")));
        }
    }
    View { text, rows }
}

/// What was answered here before the danger signs were asked again.
pub(super) fn before_labels(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    screen: ScreenId,
    before: &crate::dialogue::Knowledge,
) -> Vec<String> {
    d.screens[screen]
        .items
        .iter()
        .filter(|i| {
            !i.sets.is_empty()
                && i.sets
                    .iter()
                    .all(|(f, o)| before.get(*f).on & (1 << o) != 0)
        })
        .map(|i| label(d, session, state, words, i))
        .collect()
}

/// The place of a screen among those asked and still to be asked in its part of the talk.
pub(super) fn progress(d: &Dialogue, state: &State, screen: ScreenId) -> (usize, usize) {
    if d.phases[d.screens[screen].phase].check_in {
        let all = route::check_in_screens(d, state);
        let done = all.iter().filter(|s| state.done.contains(s)).count();
        return (done + 1, all.len());
    }
    let after = d.phases[d.screens[screen].phase].after_verdict;
    let full = d.completed(&state.known);
    let counts = |id: &ScreenId| *id != 0 && d.phases[d.screens[*id].phase].after_verdict == after;
    let done = state.done.iter().filter(|id| counts(id)).count();
    let open = (0..d.screens.len())
        .filter(|id| counts(id) && !state.done.contains(id))
        .filter(|&id| {
            id == screen
                || (!d.screens[id].opened
                    && d.holds(&d.screens[id].when, &full, state.disposition()))
        })
        .count();
    (done + 1, done + open)
}

/// The facts of a screen that can be explained and are not ticked, each with its item.
pub(super) fn unsure_items<'a>(
    d: &'a Dialogue,
    state: &State,
    screen: ScreenId,
) -> Vec<(FactId, &'a Item)> {
    let s = &d.screens[screen];
    s.not_sure
        .iter()
        .filter_map(|&fact| {
            let (n, item) = s
                .items
                .iter()
                .enumerate()
                .find(|(_, i)| item_is_about(d, i, fact))?;
            let open = !state.is_ticked(screen, n as u8)
                && is_offered(d, state, screen, item)
                && d.facts[fact].explain.is_some();
            open.then_some((fact, item))
        })
        .collect()
}

pub(super) fn item_is_about(d: &Dialogue, item: &Item, fact: FactId) -> bool {
    item.sets.first().is_some_and(|(f, _)| *f == fact)
        || (item.sets.is_empty()
            && item.then.is_some_and(|t| {
                d.screens[t]
                    .items
                    .iter()
                    .any(|i| i.sets.iter().any(|(f, _)| *f == fact))
            }))
}

pub(super) fn is_unsure(d: &Dialogue, state: &State, item: &Item) -> bool {
    let detail = item
        .then
        .into_iter()
        .flat_map(|t| &d.screens[t].items)
        .flat_map(|i| &i.sets);
    item.sets
        .iter()
        .chain(detail)
        .any(|(f, _)| is_unsure_fact(d, state, *f))
}

pub(super) fn is_unsure_fact(d: &Dialogue, state: &State, fact: FactId) -> bool {
    let known = state.known.get(fact);
    known
        .option()
        .is_some_and(|o| d.facts[fact].options[usize::from(o)].id == "unsure")
}

/// The question of a fact asked by itself.
pub(super) fn plain_question(d: &Dialogue, fact: FactId, words: &Words) -> String {
    match &d.facts[fact].explain {
        Some(e) => e.ask.fill(words),
        None => d.facts[fact].question.fill(words),
    }
}
