//! Who there is: the people whose facts go together, and can be said on the screens.
//!
//! Not every combination of answers is a person. A fact that does not apply to somebody
//! (`ask_when`) has its harmless value, and a question of one answer has an answer that is true.

use super::space::{Levels, People, Space};
use crate::dialogue::{Condition, Dialogue, FactId, FactKind, Item, Options, ScreenId, ScreenKind};

/// What holds of everybody there is, in parts: small sets whose product is everybody.
///
/// `levels` is what the rules say of them.
pub fn parts(space: &Space<'_>, levels: &Levels) -> Vec<People> {
    let d = space.d;
    let shown: Vec<People> = (0..d.screens.len())
        .map(|s| match d.screens[s].opened {
            true => space.nobody(),
            false => space.truly(&d.screens[s].when, Some(levels)),
        })
        .collect();
    let all: Vec<Vec<Answer<'_>>> = (0..d.screens.len()).map(|s| answers(d, s)).collect();
    let mut out = vec![space.whole.clone()];
    for fact in 0..d.facts.len() {
        out.push(applies(space, fact, levels, &shown, &all));
    }
    for screen in 0..d.screens.len() {
        if d.screens[screen].kind == ScreenKind::One && !all[screen].is_empty() {
            let fits = fits_one(space, screen, &all[screen]);
            out.push(shown[screen].imp(&fits));
        }
    }
    out.retain(|part| !part.is_true());
    out.sort_by_key(People::size);
    out
}

/// One answer of a screen or of a detail it opens, with all that it stores.
struct Answer<'a> {
    sets: Vec<(FactId, u8)>,
    only_if: &'a Condition,
}

fn answers(d: &Dialogue, screen: ScreenId) -> Vec<Answer<'_>> {
    let own = |item: &Item| item.sets.clone();
    let mut out = Vec::new();
    for item in &d.screens[screen].items {
        for detail in item.then.iter().flat_map(|t| &d.screens[*t].items) {
            out.push(Answer {
                sets: [own(item), own(detail)].concat(),
                only_if: &item.only_if,
            });
        }
        out.push(Answer {
            sets: own(item),
            only_if: &item.only_if,
        });
    }
    out.retain(|a| !a.sets.is_empty());
    out
}

/// The options that the explanation of a fact can store.
fn explained(d: &Dialogue, fact: FactId) -> Options {
    let answers = d.facts[fact].explain.iter().flat_map(|e| &e.answers);
    answers.fold(0, |set, (_, o)| set | 1 << o)
}

/// Whose answer to this fact can be: the harmless one, or one that applies to them and that some
/// screen can store.
fn applies(
    space: &Space<'_>,
    fact: FactId,
    levels: &Levels,
    shown: &[People],
    all: &[Vec<Answer<'_>>],
) -> People {
    let d = space.d;
    let f = &d.facts[fact];
    let unsure_on = |s: &ScreenId| d.screens[*s].not_sure.contains(&fact);
    let mut can: Options = (0..d.screens.len())
        .filter(unsure_on)
        .fold(0, |set, _| set | explained(d, fact));
    for (g, o) in all.iter().flatten().flat_map(|a| &a.sets) {
        if *g == fact {
            can |= 1 << o;
        }
    }
    let asked_when = space.truly(&f.ask_when, Some(levels));
    let mut out = space.everybody();
    for o in (0..f.options.len() as u8).filter(|o| f.default.on & (1 << o) == 0) {
        let mut may = space.nobody();
        if can & (1 << o) != 0 {
            may = asked_when.clone();
            for (screen, answers) in all.iter().enumerate() {
                may = may.or(&says_on(space, screen, (fact, o), shown, answers));
            }
        }
        out = out.and(&space.says(fact, o).imp(&may));
    }
    out
}

/// Who can say this on a screen, though the fact itself would not be asked of them.
fn says_on(
    space: &Space<'_>,
    screen: ScreenId,
    (fact, option): (FactId, u8),
    shown: &[People],
    answers: &[Answer<'_>],
) -> People {
    let d = space.d;
    let mut out = space.nobody();
    let mut asked = space.nobody();
    for a in answers
        .iter()
        .filter(|a| a.sets.iter().any(|(g, _)| *g == fact))
    {
        let offered = space.truly(a.only_if, None);
        asked = asked.or(&offered);
        if a.sets.contains(&(fact, option)) {
            // An answer that stores more counts where the rest is true as well.
            let rest = a.sets.iter().filter(|(g, _)| *g != fact);
            out = out.or(&rest.fold(offered, |who, (g, o)| who.and(space.says(*g, *o))));
        }
    }
    if d.screens[screen].not_sure.contains(&fact) && explained(d, fact) & (1 << option) != 0 {
        out = out.or(&asked);
    }
    out.and(&shown[screen])
}

/// Who finds a true answer on a screen of one answer.
fn fits_one(space: &Space<'_>, screen: ScreenId, answers: &[Answer<'_>]) -> People {
    let mut out = space.nobody();
    for a in answers {
        let offered = space.truly(a.only_if, None);
        let is_true = a.sets.iter().fold(offered, |who, &(f, o)| {
            let alone =
                space.d.facts[f].kind == FactKind::Multi && !opens_ticks(space.d, screen, f);
            who.and(&match alone {
                true => only(space, f, o),
                false => space.says(f, o).clone(),
            })
        });
        out = out.or(&is_true);
    }
    out
}

/// Who gives this answer to a fact of several, and no other.
pub fn only(space: &Space<'_>, fact: FactId, option: u8) -> People {
    let mut out = space.says(fact, option).clone();
    if space.d.facts[fact].kind == FactKind::Multi {
        let others = (0..space.d.facts[fact].options.len() as u8).filter(|o| *o != option);
        for o in others {
            out = out.and_not(space.says(fact, o));
        }
    }
    out
}

/// Whether an answer of this screen opens ticks for a fact of several answers.
fn opens_ticks(d: &Dialogue, screen: ScreenId, fact: FactId) -> bool {
    let details = d.screens[screen].items.iter().filter_map(|i| i.then);
    details
        .flat_map(|t| &d.screens[t].items)
        .any(|i| i.sets.iter().any(|(f, _)| *f == fact))
}
