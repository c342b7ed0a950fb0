//! What an answered question message folds into.

use super::*;

/// What an answered question message folds into: the answers given so far.
pub fn folded(d: &Dialogue, session: &Session, state: &State) -> View {
    let words = words(d, session, state);
    let mut said = Vec::new();
    for (id, screen) in d.screens.iter().enumerate() {
        for (n, item) in screen.items.iter().enumerate() {
            let chosen = match screen.kind {
                ScreenKind::Any => state.is_ticked(id, n as u8),
                _ => {
                    state.done.contains(&id)
                        && id != 0
                        && !item.sets.is_empty()
                        && item
                            .sets
                            .iter()
                            .all(|(f, o)| state.known.get(*f).on & (1 << o) != 0)
                }
            };
            if chosen {
                let text = label(d, session, state, &words, item);
                said.push(if screen.kind == ScreenKind::Number {
                    format!("{text} of 10")
                } else {
                    text
                });
            }
        }
    }
    let answers = if said.is_empty() {
        "none".to_owned()
    } else {
        said.join(" · ")
    };
    let text = d
        .messages
        .get("folded")
        .map(|m| m.text.fill(&words.clone().with("answers", answers)))
        .unwrap_or_default();
    View {
        text,
        rows: Vec::new(),
    }
}

/// The screens whose answers can be changed, in order.
pub fn answered_screens(d: &Dialogue, state: &State) -> Vec<ScreenId> {
    state
        .done
        .iter()
        .copied()
        .filter(|&s| s != 0 && !d.screens[s].opened)
        .collect()
}
