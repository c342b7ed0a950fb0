//! L1: one disposition for everybody, an answer on every screen, and an end.

use crate::dialogue::{Disposition, ScreenId};
use crate::engine::verdict::name_of;
use crate::proof::space::{LEVELS, People};
use crate::proof::{Broken, Exercised, Proved, World, count};

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    one_disposition(w, &mut out);
    an_answer_everywhere(w, &mut out);
    nothing_twice(w, &mut out);
    let everybody = w.space.count(w.possible());
    let (most, longest) = most_screens(w);
    out.how = format!(
        "decision diagrams over all {} possible sets of answers",
        count(everybody)
    );
    let names: Vec<&str> = longest
        .iter()
        .map(|s| w.d().screens[*s].id.as_str())
        .collect();
    out.notes.push(format!(
        "At most {most} screens to the verdict, details included: {}.",
        names.join(", ")
    ));
    out
}

fn one_disposition(w: &World<'_>, out: &mut Proved) {
    let mut told = w.space.nobody();
    for level in LEVELS {
        let own = w.told.exactly(level);
        let twice = told.and(own);
        if let Some(person) = w.somebody(&twice) {
            out.broken.push(Broken {
                what: format!("somebody is told {} and something else", name_of(level)),
                person: Some(person),
                lawful: None,
            });
        }
        told = told.or(own);
        let verdict = w.d().verdicts.iter();
        let general = verdict.filter(|v| v.disposition == level && v.rules.is_empty());
        if general.count() == 0 && !w.there_are(own).is_false() {
            out.broken.push(Broken {
                what: format!("there is no verdict for {}", name_of(level)),
                person: w.somebody(own),
                lawful: Some(level),
            });
        }
    }
    if let Some(person) = w.somebody(&told.not()) {
        out.broken.push(Broken {
            what: "somebody is told nothing".into(),
            person: Some(person),
            lawful: Some(Disposition::SelfCare),
        });
    }
}

fn an_answer_everywhere(w: &World<'_>, out: &mut Proved) {
    let nothing_offered = w
        .plan
        .blocked
        .iter()
        .map(|who| (who, "offers somebody no answer"));
    let nothing_true = w
        .plan
        .stuck
        .iter()
        .map(|who| (who, "has no answer that is true for somebody"));
    for (screen, found) in nothing_offered.enumerate().chain(nothing_true.enumerate()) {
        let (who, what) = found;
        // Where nothing is offered it does not matter whether the answers before go together.
        let person = w
            .somebody(who)
            .or_else(|| match what.starts_with("offers") {
                true => w.space.simplest(who),
                false => None,
            });
        if let Some(person) = person {
            out.broken.push(Broken {
                what: format!("the screen `{}` {what}", w.d().screens[screen].id),
                person: Some(person),
                lawful: None,
            });
        }
    }
}

/// Nobody is shown a screen again at the end, so nobody goes round in circles.
fn nothing_twice(w: &World<'_>, out: &mut Proved) {
    let d = w.d();
    for (screen, s) in d.screens.iter().enumerate().skip(1) {
        let phase = &d.phases[s.phase];
        if s.opened || phase.after_verdict {
            continue;
        }
        let unseen = w.verdict.would_see(screen, &w.verdict.shown[screen].not());
        if let Some(person) = w.somebody(&unseen) {
            out.broken.push(Broken {
                what: format!(
                    "the screen `{}` is passed over when its turn comes and asked later, out of order",
                    s.id
                ),
                person: Some(person),
                lawful: None,
            });
        }
    }
}

/// The most screens that anybody sees to the verdict, and which.
fn most_screens(w: &World<'_>) -> (usize, Vec<ScreenId>) {
    let d = w.d();
    let seen: Vec<(ScreenId, &People)> = (0..d.screens.len())
        .filter(|s| !d.phases[d.screens[*s].phase].after_verdict)
        .map(|s| (s, &w.verdict.shown[s]))
        .filter(|(_, who)| !who.is_false())
        .collect();
    let (always, sometimes): (Vec<_>, Vec<_>) = seen.iter().partition(|(_, who)| who.is_true());
    // `at_least[n]`: who sees n or more of those looked at so far.
    let mut at_least = vec![w.space.everybody()];
    for (_, who) in &sometimes {
        at_least.push(w.space.nobody());
        for n in (1..at_least.len()).rev() {
            at_least[n] = at_least[n].or(&at_least[n - 1].and(who));
        }
    }
    let most = at_least
        .iter()
        .rposition(|who| !w.there_are(who).is_false());
    let most = most.unwrap_or(0);
    let person = at_least.get(most).and_then(|who| w.somebody(who));
    let sees = |who: &People| person.as_ref().is_some_and(|p| w.space.is_among(p, who));
    let longest = seen
        .iter()
        .filter(|(_, who)| sees(who))
        .map(|(s, _)| *s)
        .collect();
    (always.len() + most, longest)
}
