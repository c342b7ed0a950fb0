//! L3: what is not asked could not have mattered.

use crate::dialogue::{Disposition, Element, FactId, FactKind};
use crate::engine::verdict::name_of;
use crate::proof::space::{LEVELS, People};
use crate::proof::walk::Correction;
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
        let told = w.space.level(&person, &w.told);
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
    for c in &w.verdict.corrected {
        if !matters(w, c) {
            continue;
        }
        if let Some(person) = w.somebody(&c.who) {
            let f = &w.d().facts[c.fact];
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

/// Whether an emergency rule tells apart what was known and what is known instead.
fn matters(w: &World<'_>, c: &Correction) -> bool {
    let d = w.d();
    let emergency = d
        .rules
        .iter()
        .filter(|r| r.disposition == Disposition::Emergency);
    emergency.map(|r| w.space.truly(&r.when, None)).any(|who| {
        let (before, after) = match d.facts[c.fact].kind {
            // One answer of several was known not to be there, or to be there.
            FactKind::Multi => (
                w.space.without(&who, c.fact, c.from),
                w.space.given(&who, c.fact, c.from),
            ),
            _ => (
                w.space.given(&who, c.fact, c.from),
                w.space.given(&who, c.fact, c.to),
            ),
        };
        !before.xor(&after).is_false()
    })
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
