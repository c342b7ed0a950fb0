//! L3: what is not asked could not have mattered.

use crate::dialogue::{Element, FactId, FactKind};
use crate::engine::verdict::name_of;
use crate::proof::space::{LEVELS, People};
use crate::proof::{Broken, Exercised, Proved, World, count};

pub fn prove(w: &World<'_>, _: &Exercised) -> Proved {
    let mut out = Proved::default();
    dispositions(w, &mut out);
    gates(w, &mut out);
    corrections(w, &mut out);
    out.how = format!(
        "decision diagrams: for each of {} dispositions and {} gates, who gets it by the conversation and who by all facts are the same of all {} possible sets of answers",
        LEVELS.len(),
        w.d().gates.len(),
        count(w.space.count(w.possible()))
    );
    out.notes.push(asked_of_some(w));
    out
}

fn dispositions(w: &World<'_>, out: &mut Proved) {
    for level in LEVELS {
        let differs = w.levels.exactly(level).and_not(w.told.exactly(level));
        let Some(person) = w.somebody(&differs) else {
            continue;
        };
        let told = LEVELS
            .into_iter()
            .find(|l| w.space.is_among(&person, w.told.exactly(*l)));
        out.broken.push(Broken {
            what: format!(
                "somebody is told {}, and all their facts say {}",
                told.map_or("nothing", name_of),
                name_of(level)
            ),
            person: Some(person),
            lawful: Some(level),
        });
    }
}

/// Where there is a plan, its gates are those of all facts.
fn gates(w: &World<'_>, out: &mut Proved) {
    let d = w.d();
    let mut coached = w.space.everybody();
    let by_facts: Vec<People> = d
        .gates
        .iter()
        .map(|g| w.space.truly(&g.when, Some(&w.levels)))
        .collect();
    for (gate, who) in d.gates.iter().zip(&by_facts) {
        if gate.leaves_out.contains(&Element::Coaching) {
            coached = coached.and_not(who);
        }
    }
    for (gate, by_facts) in d.gates.iter().zip(&by_facts) {
        let told = w.plan.holds(&gate.when);
        let of_interest = match gate.leaves_out.contains(&Element::Coaching) {
            true => w.space.everybody(),
            false => coached.clone(),
        };
        if let Some(person) = w.somebody(&of_interest.and(&by_facts.xor(&told))) {
            let misses = w.space.is_among(&person, by_facts);
            out.broken.push(Broken {
                what: format!(
                    "somebody's plan {} the gate `{}`",
                    if misses { "misses" } else { "has without need" },
                    gate.id
                ),
                person: Some(person),
                lawful: None,
            });
        }
    }
}

/// An emergency may be told on what a later question makes more exact (*pregnant*, then the
/// weeks). That is safe where no emergency rule tells the two answers apart.
fn corrections(w: &World<'_>, out: &mut Proved) {
    let d = w.d();
    let emergency = |f: FactId, from: u8, to: u8| {
        d.rules
            .iter()
            .filter(|r| r.disposition == crate::dialogue::Disposition::Emergency)
            .any(|r| {
                let who = w.space.truly(&r.when, None);
                let given = |o: u8| w.space.given(&who, f, o);
                !given(from).xor(&given(to)).is_false()
            })
    };
    for c in &w.verdict.corrected {
        if d.facts[c.fact].kind == FactKind::Multi || !emergency(c.fact, c.from, c.to) {
            continue;
        }
        if let Some(person) = w.somebody(&c.who) {
            let f = &d.facts[c.fact];
            out.broken.push(Broken {
                what: format!(
                    "`{}` is first taken for `{}` and then for `{}`, which an emergency rule tells apart",
                    f.id,
                    f.options[usize::from(c.from)].id,
                    f.options[usize::from(c.to)].id
                ),
                person: Some(person),
                lawful: None,
            });
        }
    }
}

/// Which facts are not asked of everybody.
fn asked_of_some(w: &World<'_>) -> String {
    let d = w.d();
    let asked = |f: FactId| {
        (0..d.facts[f].options.len() as u8)
            .all(|o| w.there_are(&w.plan.knows(f, o).not()).is_false())
    };
    let some: Vec<&str> = (0..d.facts.len())
        .filter(|f| !asked(*f))
        .map(|f| d.facts[f].id.as_str())
        .collect();
    format!(
        "{} facts are asked of some people only, which is safe since the proof leaves them to be anything for everybody else: {}.",
        some.len(),
        some.join(", ")
    )
}
