//! The overview: phases, dispositions and what follows them, a box each.

use std::collections::BTreeSet;

use super::{
    DISPOSITIONS, Drawing, Edge, Group, Kind, Look, NO_BREAK, Node, check_ins, count, has_plan,
    interrupt, is_always_asked, outcome, outcome_node, title, wrap,
};
use crate::dialogue::{Dialogue, Disposition};

/// The longest line in a box, in characters.
const WIDTH: usize = 46;

/// The overview of a dialogue.
pub fn draw(d: &Dialogue) -> Drawing {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let asked: Vec<usize> = (0..d.phases.len())
        .filter(|&p| !d.phases[p].after_verdict)
        .collect();
    for &p in &asked {
        nodes.push(phase(d, p, Look::Asked));
    }
    for pair in asked.windows(2) {
        edges.push(Edge::new(
            &phase_node(d, pair[0]),
            &phase_node(d, pair[1]),
            "",
            Kind::Next,
        ));
    }
    nodes.push(Node {
        id: "verdict".into(),
        title: "Verdict".into(),
        lines: vec!["the most severe rule counts".into()],
        look: Look::Verdict,
    });
    if let Some(&last) = asked.last() {
        edges.push(Edge::new(
            &phase_node(d, last),
            "verdict",
            "all answered",
            Kind::Next,
        ));
    }

    for disposition in DISPOSITIONS {
        nodes.push(outcome(d, disposition));
        if disposition != Disposition::Emergency {
            edges.push(Edge::new(
                "verdict",
                &outcome_node(disposition),
                "",
                Kind::Next,
            ));
        }
    }
    let interrupts = interrupt::interrupts(d);
    for &p in &asked {
        let can_fire: BTreeSet<usize> = interrupts
            .iter()
            .filter(|i| d.screens[i.opened_by.unwrap_or(i.screen)].phase == p)
            .flat_map(|i| i.rules.iter().copied())
            .collect();
        if !can_fire.is_empty() {
            let label = count(can_fire.len(), "rule", "rules");
            edges.push(Edge::new(
                &phase_node(d, p),
                &outcome_node(Disposition::Emergency),
                &label,
                Kind::Interrupt,
            ));
        }
    }
    after(d, &mut nodes, &mut edges);
    if d.rules
        .iter()
        .any(|r| r.disposition == Disposition::NoTriage)
        && let Some(&first) = asked.first()
    {
        nodes.push(outcome(d, Disposition::NoTriage));
        edges.push(Edge::new(
            &phase_node(d, first),
            &outcome_node(Disposition::NoTriage),
            "",
            Kind::Seldom,
        ));
    }
    let row = DISPOSITIONS.into_iter().map(outcome_node).collect();
    let groups = vec![Group {
        id: "all".into(),
        title: String::new(),
        nodes,
        row,
    }];
    Drawing {
        title: format!("{}: overview", d.title),
        groups,
        edges,
    }
}

/// What follows the dispositions: the plan where the verdict offers one, and the check-ins.
fn after(d: &Dialogue, nodes: &mut Vec<Node>, edges: &mut Vec<Edge>) {
    let (coached, told): (Vec<Disposition>, Vec<Disposition>) =
        DISPOSITIONS.into_iter().partition(|&x| has_plan(d, x));
    if !coached.is_empty() {
        let mut last = None;
        let plans = |p: &usize| d.phases[*p].after_verdict && !d.phases[*p].check_in;
        for p in (0..d.phases.len()).filter(plans) {
            nodes.push(phase(d, p, Look::After));
            last = Some(nodes.len() - 1);
            for &disposition in &coached {
                edges.push(Edge::new(
                    &outcome_node(disposition),
                    &phase_node(d, p),
                    "",
                    Kind::Next,
                ));
            }
        }
        let line = format!(
            "{}, {}, ice and heat rounds",
            count(d.pages.len(), "page", "pages"),
            count(d.drills.len(), "guided exercise", "guided exercises")
        );
        let plan = last.map(|last| {
            nodes[last].lines.extend(wrap(&line, WIDTH));
            nodes[last].id.clone()
        });
        for p in (0..d.phases.len()).filter(|&p| d.phases[p].check_in) {
            let mut node = phase(d, p, Look::After);
            if let Some(times) = check_ins(d, &coached) {
                node.lines.extend(wrap(&format!("after {times}"), WIDTH));
            }
            if let Some(plan) = &plan {
                edges.push(Edge::new(plan, &node.id, "", Kind::Next));
            }
            nodes.push(node);
        }
    }
    if let Some(times) = check_ins(d, &told) {
        nodes.push(Node {
            id: "follow_up".into(),
            title: "Follow-up".into(),
            lines: vec![format!("after {times}")],
            look: Look::After,
        });
        for disposition in told
            .into_iter()
            .filter(|x| d.check_ins.iter().any(|c| c.dispositions.contains(x)))
        {
            edges.push(Edge::new(
                &outcome_node(disposition),
                "follow_up",
                "",
                Kind::Next,
            ));
        }
    }
}

fn phase(d: &Dialogue, p: usize, look: Look) -> Node {
    let screens = || d.screens.iter().filter(|s| s.phase == p);
    let always: Vec<String> = screens()
        .filter(|s| is_always_asked(s))
        .map(|s| s.id.replace('_', NO_BREAK))
        .collect();
    let details = screens().filter(|s| s.opened).count();
    let guarded = screens().filter(|s| !s.opened).count() - always.len();
    let mut lines = Vec::new();
    if !always.is_empty() {
        lines.extend(wrap(&always.join(" · "), WIDTH));
    }
    let mut more = Vec::new();
    if guarded > 0 {
        more.push(format!("{guarded} for some people"));
    }
    if details > 0 && !d.phases[p].check_in {
        more.push(format!("{details} opened by an answer"));
    }
    if !more.is_empty() {
        lines.push(format!("+ {}", more.join(", ")));
    }
    let title = format!(
        "{}: {}",
        title(&d.phases[p]),
        count(screens().count(), "screen", "screens")
    );
    Node {
        id: phase_node(d, p),
        title,
        lines,
        look,
    }
}

fn phase_node(d: &Dialogue, p: usize) -> String {
    format!("p_{}", d.phases[p].id)
}
