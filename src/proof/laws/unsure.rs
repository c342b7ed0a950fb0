//! L5: doubt about a sign that acts at once by itself is at least urgent.

use std::collections::BTreeSet;

use crate::dialogue::{Disposition, FactId};
use crate::proof::{Broken, Exercised, Proved, World};

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    let d = w.d();
    let urgent = w.told.at_least(Disposition::Urgent);
    let mut names = Vec::new();
    for fact in signs(w) {
        let f = &d.facts[fact];
        let Some(unsure) = f.option("unsure") else {
            continue;
        };
        names.push(f.id.as_str());
        let less = w.space.says(fact, unsure).and_not(&urgent);
        if let Some(person) = w.somebody(&less) {
            out.broken.push(Broken {
                what: format!("not sure about `{}` gives less than urgent", f.id),
                person: Some(person),
                lawful: Some(Disposition::Urgent),
            });
        }
    }
    out.how = format!(
        "decision diagrams over every combination of all other answers, for the {} signs of which one answer alone is an emergency and that can be answered with not sure: {}",
        names.len(),
        names.join(", ")
    );
    out
}

/// The facts of answers that are an emergency whatever else is true, where they would be none
/// without: *Both legs weak* stores that it is new as well, which is no sign by itself.
fn signs(w: &World<'_>) -> BTreeSet<FactId> {
    let d = w.d();
    let emergency = w.told.exactly(Disposition::Emergency);
    let alone = |sets: &[(FactId, u8)]| {
        let says = sets.iter().map(|(f, o)| w.space.says(*f, *o));
        let who = says.fold(w.space.everybody(), |who, says| who.and(says));
        !w.there_are(&who).is_false() && w.there_are(&who.and_not(emergency)).is_false()
    };
    let asked = d
        .screens
        .iter()
        .filter(|s| !d.phases[s.phase].after_verdict);
    let acts = asked.flat_map(|s| &s.items).filter(|i| alone(&i.sets));
    let mut out = BTreeSet::new();
    for item in acts {
        for n in 0..item.sets.len() {
            let mut without = item.sets.clone();
            let fact = without[n].0;
            match d.facts[fact].default.option() {
                Some(harmless) => without[n].1 = harmless,
                // Of several answers none is the harmless one.
                None => drop(without.remove(n)),
            }
            if !alone(&without) {
                out.insert(fact);
            }
        }
    }
    out
}
