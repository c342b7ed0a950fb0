//! The full drawing: every screen, in a frame for each phase, in asking order.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    DISPOSITIONS, Drawing, Edge, Group, Kind, Look, NO_BREAK, Node, check_ins, count, has_plan,
    interrupt, outcome, screen_node, title, wrap,
};
use crate::dialogue::{Condition, Dialogue, Disposition, Screen, ScreenId, ScreenKind};

/// The longest line of a guard, in characters.
const WIDTH: usize = 40;

/// Every screen of a dialogue.
pub fn draw(d: &Dialogue) -> Drawing {
    let mut drawing = Drawing {
        title: d.title.clone(),
        ..Drawing::default()
    };
    let mut rules: BTreeMap<ScreenId, Vec<usize>> = BTreeMap::new();
    for i in interrupt::interrupts(d) {
        let of = rules.entry(i.screen).or_default();
        of.extend(i.rules);
        of.sort_unstable();
        of.dedup();
    }
    let mut told = false;
    for (p, phase) in d.phases.iter().enumerate() {
        if phase.after_verdict && !told {
            drawing.groups.push(verdict(d, &mut drawing.edges));
            told = true;
        }
        let mut nodes = Vec::new();
        for (id, screen) in d.screens.iter().enumerate().filter(|(_, s)| s.phase == p) {
            nodes.push(node(d, id));
            if let Some(rules) = rules.get(&id) {
                let pill = format!("e_{}", screen.id);
                nodes.push(Node {
                    id: pill.clone(),
                    title: "EMERGENCY".into(),
                    lines: rules.iter().map(|&r| d.rules[r].id.clone()).collect(),
                    look: Look::Emergency,
                });
                drawing.edges.push(Edge::new(
                    &screen_node(screen),
                    &pill,
                    "",
                    Kind::InterruptBeside,
                ));
            }
        }
        drawing.groups.push(Group {
            id: phase.id.clone(),
            title: title(phase),
            nodes,
            row: Vec::new(),
        });
    }
    if !told {
        drawing.groups.push(verdict(d, &mut drawing.edges));
    }
    order(d, &mut drawing);
    check_in_order(d, &mut drawing);
    details(d, &mut drawing);
    drawing
}

fn node(d: &Dialogue, id: ScreenId) -> Node {
    let s = &d.screens[id];
    let by_answers = s.opened && !d.phases[s.phase].check_in;
    let look = match (by_answers, &s.when) {
        (true, _) => Look::Opened,
        (_, Condition::Always) => Look::Asked,
        _ => Look::Guarded,
    };
    let kind = match s.kind {
        ScreenKind::One => count(s.items.len(), "answer", "answers"),
        ScreenKind::Any => count(s.items.len(), "tick", "ticks"),
        ScreenKind::Number => "number".to_owned(),
    };
    let alone = interrupt::alone(d, id);
    let mut lines = vec![if alone == 0 {
        kind
    } else {
        format!("{kind}, ⚡ {alone}")
    }];
    if s.when != Condition::Always {
        let guard = [" = ", " >= ", " <= "]
            .iter()
            .fold(s.when.print(&d.facts), |text, sign| {
                text.replace(sign, &sign.replace(' ', NO_BREAK))
            });
        lines.extend(wrap(&format!("when {guard}"), WIDTH));
    }
    Node {
        id: screen_node(s),
        title: s.id.clone(),
        lines,
        look,
    }
}

/// The frame between the questions and the plan.
fn verdict(d: &Dialogue, edges: &mut Vec<Edge>) -> Group {
    let all = vec!["the most severe rule counts".to_owned()];
    let mut nodes = vec![Node {
        id: "verdict".into(),
        title: "All answered".into(),
        lines: all,
        look: Look::Verdict,
    }];
    let plan = d.phases.iter().find(|p| p.after_verdict);
    let no_triage = d
        .rules
        .iter()
        .any(|r| r.disposition == Disposition::NoTriage)
        .then_some(Disposition::NoTriage);
    for disposition in DISPOSITIONS.into_iter().skip(1).chain(no_triage) {
        let mut node = outcome(d, disposition);
        if let Some(plan) = plan.filter(|_| has_plan(d, disposition)) {
            node.lines.push(format!("then {}", title(plan)));
        }
        if let Some(times) = check_ins(d, &[disposition]) {
            node.lines.push(format!("check-ins after {times}"));
        }
        let above = nodes.last().map_or_else(String::new, |n| n.id.clone());
        edges.push(Edge::new(&above, &node.id, "", Kind::Below));
        nodes.push(node);
    }
    Group {
        id: "all_answered".into(),
        title: "Verdict".into(),
        nodes,
        row: Vec::new(),
    }
}

/// Arrows in asking order: a screen that does not fit the person is passed over. The frames are
/// numbered, and each ends in the name of the next.
fn order(d: &Dialogue, drawing: &mut Drawing) {
    let asked: Vec<&Screen> = d.screens.iter().filter(|s| !s.opened).collect();
    for pair in asked.windows(2).filter(|p| p[0].phase == p[1].phase) {
        drawing.edges.push(Edge::new(
            &screen_node(pair[0]),
            &screen_node(pair[1]),
            "",
            Kind::Next,
        ));
    }
    for (n, group) in drawing.groups.iter_mut().enumerate() {
        group.title = format!("{} · {}", n + 1, group.title);
    }
    for n in 1..drawing.groups.len() {
        let next = drawing.groups[n].title.clone();
        let first = drawing.groups[n].nodes.first().map(|n| n.id.clone());
        let group = &mut drawing.groups[n - 1];
        let phase = d.phases.iter().position(|p| p.id == group.id);
        let last = asked
            .iter()
            .rev()
            .find(|s| Some(s.phase) == phase)
            .map(|s| screen_node(s));
        let last = last.or_else(|| group.nodes.last().map(|n| n.id.clone()));
        let id = format!("n_{}", group.id);
        if let Some(last) = last {
            drawing.edges.push(Edge::new(
                &last,
                &id,
                "",
                if phase.is_some() {
                    Kind::Next
                } else {
                    Kind::Below
                },
            ));
        }
        if let Some(first) = first {
            drawing.edges.push(Edge::new(&id, &first, "", Kind::Onward));
        }
        group.nodes.push(Node {
            id,
            title: format!("→ {next}"),
            lines: Vec::new(),
            look: Look::Onward,
        });
    }
}

/// Arrows in the order in which check-ins ask; several may go the same way.
fn check_in_order(d: &Dialogue, drawing: &mut Drawing) {
    let mut drawn = BTreeSet::new();
    for c in &d.check_ins {
        for pair in c.asks.windows(2) {
            let (from, to) = (pair[0].0, pair[1].0);
            if drawn.insert((from, to)) {
                let (from, to) = (screen_node(&d.screens[from]), screen_node(&d.screens[to]));
                drawing.edges.push(Edge::new(&from, &to, "", Kind::Next));
            }
        }
    }
}

/// Arrows from a screen to what its answers open; a detail of another frame is only named.
fn details(d: &Dialogue, drawing: &mut Drawing) {
    for s in &d.screens {
        for item in &s.items {
            let Some(detail) = item.then.map(|t| &d.screens[t]) else {
                continue;
            };
            let mut to = screen_node(detail);
            if s.phase != detail.phase {
                to = format!("o_{}_{}", s.id, detail.id);
                let group = drawing
                    .groups
                    .iter_mut()
                    .find(|g| g.id == d.phases[s.phase].id);
                if let Some(group) = group.filter(|g| g.nodes.iter().all(|n| n.id != to)) {
                    group.nodes.push(Node {
                        id: to.clone(),
                        title: format!("→ {}", detail.id),
                        lines: Vec::new(),
                        look: Look::Onward,
                    });
                }
            }
            drawing.edges.push(Edge::new(
                &screen_node(s),
                &to,
                &plain(item.label.source()),
                Kind::Opens,
            ));
        }
    }
}

/// A text with the bare names of its placeables.
fn plain(text: &str) -> String {
    text.replace("{ $", "").replace(" }", "").replace('_', " ")
}
