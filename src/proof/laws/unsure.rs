//! L5: doubt about a sign that alone is an emergency is at least urgent.

use crate::dialogue::{Disposition, FactId};
use crate::proof::{Broken, Exercised, Proved, World};

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    let d = w.d();
    let emergency = w.told.at_least(Disposition::Emergency);
    let urgent = w.told.at_least(Disposition::Urgent);
    let mut signs = Vec::new();
    for (fact, f) in d.facts.iter().enumerate() {
        let Some(unsure) = f.option("unsure") else {
            continue;
        };
        if !(0..f.options.len() as u8).any(|o| alone(w, fact, o, &emergency)) {
            continue;
        }
        signs.push(f.id.as_str());
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
        "decision diagrams over every combination of all other answers, for the {} signs that alone are an emergency and can be answered with not sure: {}",
        signs.len(),
        signs.join(", ")
    );
    out
}

/// Whether everybody who gives this answer is told to get help now.
fn alone(w: &World<'_>, fact: FactId, option: u8, emergency: &crate::proof::space::People) -> bool {
    let who = w.space.says(fact, option);
    w.there_are(&who.and_not(emergency)).is_false() && !w.there_are(who).is_false()
}
