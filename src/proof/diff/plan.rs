//! Who is asked something else, and whose plan is another.

use std::collections::BTreeMap;

use super::{Changes, Pair};
use crate::assess::is_coached;
use crate::dialogue::{Condition, Dialogue, Disposition, Element, Line};
use crate::proof::World;
use crate::proof::space::{LEVELS, People};
use crate::vignettes::element_name;

/// Screens that are met by others than before. Whom either dialogue sends away at once is left
/// out: for them the rest of the conversation falls away.
pub(super) fn screens(p: &Pair<'_>) -> Vec<Changes> {
    let emergency = |w: &World<'_>| w.told.exactly(Disposition::Emergency).clone();
    let asked = p
        .people
        .and_not(&emergency(p.old))
        .and_not(&emergency(p.new));
    let coached = coached(p);
    let mut ids: Vec<&String> = p.new.d().screens.iter().map(|s| &s.id).collect();
    for s in &p.old.d().screens {
        if !ids.contains(&&s.id) {
            ids.push(&s.id);
        }
    }
    ids.into_iter()
        .filter_map(|id| {
            let (was, is) = (meets(p.old, id), meets(p.new, id));
            let after = [p.old.d(), p.new.d()].into_iter().any(|d| {
                let screen = d.screen(id).map(|s| &d.screens[s]);
                screen.is_some_and(|s| d.phases[s.phase].after_verdict)
            });
            let of = if after { &coached } else { &asked };
            p.changes(id.clone(), &was, &is, of)
        })
        .collect()
}

fn meets(w: &World<'_>, id: &str) -> People {
    let d = w.d();
    match d.screen(id) {
        None => w.space.nobody(),
        Some(s) if d.phases[d.screens[s].phase].check_in => w.plan.holds(&d.screens[s].when),
        Some(s) => w.plan.shown[s].clone(),
    }
}

/// Who gets a plan in both dialogues, as far as what they are told goes.
fn told_with_plan(p: &Pair<'_>) -> People {
    let of = |w: &World<'_>| {
        let levels = LEVELS.into_iter().filter(|l| is_coached(*l));
        levels.fold(w.space.nobody(), |out, l| out.or(w.told.exactly(l)))
    };
    p.people.and(&of(p.old)).and(&of(p.new))
}

/// Who is coached in both dialogues.
fn coached(p: &Pair<'_>) -> People {
    let bars = |w: &World<'_>| left_out(w, Element::Coaching);
    told_with_plan(p)
        .and_not(&bars(p.old))
        .and_not(&bars(p.new))
}

/// Whose plan has no such element.
fn left_out(w: &World<'_>, element: Element) -> People {
    let gates = w.d().gates.iter();
    let bars = gates.filter(|g| g.leaves_out.contains(&element));
    bars.fold(w.space.nobody(), |out, g| out.or(&w.plan.holds(&g.when)))
}

/// Gates that fire for others than before.
pub(super) fn gates(p: &Pair<'_>) -> Vec<Changes> {
    let fires = |w: &World<'_>| -> BTreeMap<String, People> {
        let gates = w.d().gates.iter();
        gates
            .map(|g| (g.id.clone(), w.plan.holds(&g.when)))
            .collect()
    };
    by_id(p, &fires(p.old), &fires(p.new), &told_with_plan(p))
}

/// What the plan has for others than before.
pub(super) fn elements(p: &Pair<'_>) -> Vec<Changes> {
    let (told, coached) = (told_with_plan(p), coached(p));
    Element::ALL
        .into_iter()
        .filter_map(|e| {
            let has = |w: &World<'_>| left_out(w, e).not();
            let of = if e == Element::Coaching {
                &told
            } else {
                &coached
            };
            p.changes(element_name(e), &has(p.old), &has(p.new), of)
        })
        .collect()
}

/// Lines, cards, exercises, choices and lines for some people that are for others than before.
pub(super) fn parts(p: &Pair<'_>) -> Vec<Changes> {
    let mut out = by_id(p, &by_condition(p.old), &by_condition(p.new), &coached(p));
    // Whoever is told another disposition gets another message anyway.
    let nobody = p.old.space.nobody();
    let same = LEVELS
        .into_iter()
        .fold(nobody, |out, l| out.or(&p.told(l, l)));
    out.extend(by_id(p, &with_verdict(p.old), &with_verdict(p.new), &same));
    out.extend(lines(p));
    out
}

fn by_id(
    p: &Pair<'_>,
    was: &BTreeMap<String, People>,
    is: &BTreeMap<String, People>,
    of: &People,
) -> Vec<Changes> {
    let nobody = p.old.space.nobody();
    let mut ids: Vec<&String> = was.keys().chain(is.keys()).collect();
    ids.sort();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| {
            let (was, is) = (was.get(id), is.get(id));
            p.changes(
                id.clone(),
                was.unwrap_or(&nobody),
                is.unwrap_or(&nobody),
                of,
            )
        })
        .collect()
}

/// Whom the plan has cards, exercises and choices for.
fn by_condition(w: &World<'_>) -> BTreeMap<String, People> {
    let d = w.d();
    let holds = |when: &Condition| w.plan.holds(when);
    let mut out = BTreeMap::new();
    for c in &d.cards {
        let who = c.when.as_ref().map_or_else(|| w.space.everybody(), holds);
        out.insert(format!("card {}", c.id), who);
    }
    for x in &d.drills {
        let barred = x.advises.iter().map(|e| left_out(w, *e));
        let who = barred.fold(holds(&x.when), |who, bars| who.and_not(&bars));
        out.insert(format!("exercise {}", x.id), who);
    }
    for (name, when) in [
        ("stay_on_ice_when", &d.clock.stay_on_ice_when),
        ("early_heat_when", &d.clock.early_heat_when),
        ("short_ice_when", &d.clock.short_ice_when),
        ("child_when", &d.clock.child_when),
        ("sleepy_when", &d.clock.sleepy_when),
        ("warm_when", &d.clock.warm_when),
    ] {
        out.insert(format!("clock {name}"), holds(when));
    }
    out
}

/// Who is told a line with their verdict.
fn with_verdict(w: &World<'_>) -> BTreeMap<String, People> {
    let d = w.d();
    let holds = |when: &Condition| w.verdict.holds_told(when, &w.told);
    let people = d.people.iter();
    let mut out: BTreeMap<String, People> = people
        .map(|l| (format!("line {}", l.id), holds(&l.when)))
        .collect();
    for wait in &d.waits {
        let rules = wait.rules.iter().map(|r| holds(&d.rules[*r].when));
        let any = rules.fold(w.space.nobody(), |out, who| out.or(&who));
        let waits = w.told.at_least(Disposition::Urgent).and(&any);
        out.insert(format!("wait {}", wait.id), waits.and(&holds(&wait.when)));
    }
    out
}

/// Lines of the pages, the same text being the same line; of what is left, the first with the
/// first.
fn lines(p: &Pair<'_>) -> Vec<Changes> {
    let none = Vec::new();
    let of = coached(p);
    let mut ids: Vec<&String> = Vec::new();
    for page in p.old.d().pages.iter().chain(&p.new.d().pages) {
        if !ids.contains(&&page.id) {
            ids.push(&page.id);
        }
    }
    let mut out = Vec::new();
    for id in ids {
        let find = |d: &'_ Dialogue| d.pages.iter().position(|page| page.id == *id);
        let (was, is) = (find(p.old.d()), find(p.new.d()));
        let was_lines = was.map_or(&none, |n| &p.old.d().pages[n].lines);
        let is_lines = is.map_or(&none, |n| &p.new.d().pages[n].lines);
        for (before, after) in paired(was_lines, is_lines) {
            let sees = |w: &World<'_>, line: Option<&Line>| match line {
                Some(line) => sees(w, line),
                None => w.space.nobody(),
            };
            let place = after.map_or("that is gone".to_owned(), |n| (n + 1).to_string());
            let line = after
                .map(|n| &is_lines[n])
                .or(before.map(|n| &was_lines[n]));
            let says = line.map_or("", |l| l.say.source());
            let was = sees(p.old, before.map(|n| &was_lines[n]));
            let is = sees(p.new, after.map(|n| &is_lines[n]));
            out.extend(p.changes(format!("page {id} line {place}, “{says}”"), &was, &is, &of));
        }
    }
    out
}

/// Which line was which.
fn paired(was: &[Line], is: &[Line]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut open: Vec<usize> = (0..was.len()).collect();
    let mut out: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    for line in is {
        let same = open
            .iter()
            .position(|n| was[*n].say.source() == line.say.source());
        out.push((same.map(|at| open.remove(at)), Some(out.len())));
    }
    let mut rest = open.into_iter();
    for pair in out.iter_mut().filter(|pair| pair.0.is_none()) {
        pair.0 = rest.next();
    }
    out.extend(rest.map(|n| (Some(n), None)));
    out
}

/// Who sees a line at its hours.
fn sees(w: &World<'_>, line: &Line) -> People {
    let barred = line.advises.iter().map(|e| left_out(w, *e));
    let who = barred.fold(w.plan.holds(&line.when), |who, bars| who.and_not(&bars));
    if line.instead_of.is_empty() {
        return who;
    }
    let instead = line.instead_of.iter().map(|e| left_out(w, *e));
    who.and(&instead.fold(w.space.nobody(), |out, bars| out.or(&bars)))
}
