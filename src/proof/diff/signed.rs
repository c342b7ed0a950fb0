//! Whether everybody who is told less is told so on somebody's responsibility.

use serde::Serialize;

use super::{Example, Pair};
use crate::dialogue::{Changed, Dialogue};
use crate::proof::space::People;

/// People who are told less without a signature.
#[derive(Debug, Serialize)]
pub struct Unsigned {
    /// How many answer sets.
    pub people: f64,
    /// The simplest of them.
    pub example: Option<Example>,
    /// The signatures that would cover all of them.
    pub missing: Vec<SignOff>,
}

/// A signature that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignOff {
    /// What is to be signed.
    pub of: Changed,
    /// Whether the new dialogue no longer has it.
    pub removed: bool,
    /// The form it is to be signed for.
    pub form: String,
}

impl SignOff {
    /// The entry for `CHANGES.yaml`, with what only a person can say left open.
    pub fn entry(&self) -> String {
        let named = match &self.of {
            Changed::Rule(id) => format!("rule: {id}"),
            Changed::Screen(id) => format!("screen: {id}"),
        };
        let removed = if self.removed {
            "\n    removed: true"
        } else {
            ""
        };
        format!(
            "  - {named}{removed}\n    form: \"{}\"\n    reason: \"\"\n    source: []\n    who: \"\"\n    date: YYYY-MM-DD\n",
            self.form
        )
    }
}

/// Who is told less without a signature for the new form; nothing where nobody is.
///
/// Somebody is covered by signatures for every rule that decided for them before. Of rules that are
/// as they were, a screen that only one of the dialogues shows them stands for all.
pub(super) fn unsigned(p: &Pair<'_>) -> Option<Unsigned> {
    let lowered = p.lowered();
    if lowered.is_false() {
        return None;
    }
    let new = p.new.d();
    let form = new.form.to_string();
    let here = new.changes.iter().filter(|c| c.form == form);
    let signed: Vec<&Changed> = here.map(|c| &c.of).collect();
    let deciders = deciders(p, &lowered);
    let unsigned = deciders.iter().filter(|(rule, _)| !signed.contains(&rule));
    let (mut open, mut by_rules) = (p.old.space.nobody(), p.old.space.nobody());
    for (rule, who) in unsigned {
        // A screen excuses no change of a rule.
        match was_changed(p, rule) {
            true => by_rules = by_rules.or(who),
            false => open = open.or(who),
        }
    }
    for of in &signed {
        if let Changed::Screen(id) = of {
            open = open.and_not(&meets_otherwise(p, id));
        }
    }
    let open = open.or(&by_rules);
    if open.is_false() {
        return None;
    }
    Some(Unsigned {
        people: open.cardinality(),
        example: p.example(&open),
        missing: missing(p, open, &deciders, &signed),
    })
}

/// The rules that decided for these people before, each with those of them.
fn deciders(p: &Pair<'_>, lowered: &People) -> Vec<(Changed, People)> {
    let rules = p.old.d().rules.iter().zip(&p.old_fires);
    rules
        .map(|(rule, fires)| {
            let decided = p.old.told.exactly(rule.disposition).and(fires);
            (Changed::Rule(rule.id.clone()), decided.and(lowered))
        })
        .filter(|(_, who)| !who.is_false())
        .collect()
}

/// Who meets a screen in one of the dialogues and not in the other.
fn meets_otherwise(p: &Pair<'_>, id: &str) -> People {
    let shown = |w: &crate::proof::World<'_>| match w.d().screen(id) {
        Some(screen) => w.verdict.shown[screen].clone(),
        None => w.space.nobody(),
    };
    shown(p.old).xor(&shown(p.new))
}

/// Signatures that cover all of these: for rules that were changed, then for screens, those that
/// cover the most first, and for what is left the rules that decided.
fn missing(
    p: &Pair<'_>,
    mut open: People,
    deciders: &[(Changed, People)],
    signed: &[&Changed],
) -> Vec<SignOff> {
    let form = p.new.d().form.to_string();
    let mut out = Vec::new();
    let (changed, same): (Vec<_>, Vec<_>) = deciders
        .iter()
        .filter(|(rule, who)| !signed.contains(&rule) && !who.and(&open).is_false())
        .partition(|(rule, _)| was_changed(p, rule));
    let sign = |of: &Changed| SignOff {
        of: of.clone(),
        removed: is_removed(p.new.d(), of),
        form: form.clone(),
    };
    let covered = |open: &People, rules: &[&(Changed, People)]| {
        // Whoever another rule decided for as well needs that one's signature too.
        let left = rules
            .iter()
            .fold(p.old.space.nobody(), |out, r| out.or(&r.1));
        open.and(&left)
    };
    out.extend(changed.iter().map(|(rule, _)| sign(rule)));
    open = covered(&open, &same);
    let ids = || p.old.d().screens.iter().chain(&p.new.d().screens);
    while !open.is_false() {
        let best = ids()
            .map(|s| (s, open.and(&meets_otherwise(p, &s.id)).cardinality()))
            .filter(|(_, n)| *n > 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((screen, _)) = best else {
            break;
        };
        open = open.and_not(&meets_otherwise(p, &screen.id));
        out.push(sign(&Changed::Screen(screen.id.clone())));
    }
    for (rule, who) in same {
        if !who.and(&open).is_false() {
            out.push(sign(rule));
        }
    }
    out
}

/// Whether a rule is gone, gives another disposition or holds for others than before.
fn was_changed(p: &Pair<'_>, of: &Changed) -> bool {
    let Changed::Rule(id) = of else {
        return false;
    };
    let find = |d: &'_ Dialogue| d.rules.iter().position(|r| r.id == *id);
    match (find(p.old.d()), find(p.new.d())) {
        (Some(was), Some(is)) => {
            let (was, is) = (&p.old.d().rules[was], &p.new.d().rules[is]);
            was.disposition != is.disposition || !p.same(&was.when, &is.when)
        }
        _ => true,
    }
}

fn is_removed(d: &Dialogue, of: &Changed) -> bool {
    match of {
        Changed::Rule(id) => !d.rules.iter().any(|r| r.id == *id),
        Changed::Screen(id) => d.screen(id).is_none(),
    }
}
