//! A [`Drawing`] in the two notations.

use std::fmt::Write as _;

use super::{Drawing, Edge, Group, Kind, Look, Node, wrap};

/// The longest line on an arrow, in characters.
const LABEL: usize = 18;

/// Fill, border and text of a box. One table, so that both notations look the same.
fn colours(look: Look) -> (&'static str, &'static str, &'static str) {
    match look {
        Look::Asked => ("#eaf2fb", "#3b6ea5", "#10243a"),
        Look::Guarded => ("#ffffff", "#3b6ea5", "#10243a"),
        Look::Opened => ("#f6f0fa", "#7d5ba6", "#2a1a3d"),
        Look::Emergency => ("#fde8e8", "#c62828", "#7a0f0f"),
        Look::Verdict => ("#fff4d6", "#a67c00", "#3d2e00"),
        Look::Outcome => ("#ffffff", "#a67c00", "#3d2e00"),
        Look::After => ("#e9f6ec", "#3c8a50", "#0f3319"),
        Look::Onward => ("#ffffff", "#ffffff", "#555555"),
    }
}

fn class(look: Look) -> &'static str {
    match look {
        Look::Asked => "asked",
        Look::Guarded => "guarded",
        Look::Opened => "opened",
        Look::Emergency => "emergency",
        Look::Verdict => "verdict",
        Look::Outcome => "outcome",
        Look::After => "after",
        Look::Onward => "onward",
    }
}

const RED: &str = "#c62828";
const GREY: &str = "#777777";
const VIOLET: &str = "#7d5ba6";

// ---- Mermaid -----------------------------------------------------------------------------------

/// A drawing as Mermaid text.
pub fn mermaid(drawing: &Drawing) -> String {
    // Our lines are broken already; its own limit of 200 pixels would break them again.
    let mut out =
        String::from("%%{init: {\"flowchart\": {\"wrappingWidth\": 500}}}%%\nflowchart TD\n");
    for group in &drawing.groups {
        let framed = !group.title.is_empty();
        if framed {
            let _ = writeln!(
                out,
                "  subgraph g_{}[\"{}\"]\n    direction TB",
                group.id,
                entity(&group.title)
            );
        }
        for node in &group.nodes {
            let indent = if framed { "    " } else { "  " };
            let _ = writeln!(out, "{indent}{}:::{}", mermaid_node(node), class(node.look));
        }
        if framed {
            out.push_str("  end\n");
        }
    }
    for edge in &drawing.edges {
        let label = if edge.label.is_empty() {
            String::new()
        } else {
            format!("|\"{}\"|", entity(&edge.label))
        };
        let _ = writeln!(
            out,
            "  {} {}{label} {}",
            edge.from,
            mermaid_arrow(edge.kind),
            edge.to
        );
    }
    let red: Vec<String> = drawing
        .edges
        .iter()
        .enumerate()
        .filter(|(_, e)| matches!(e.kind, Kind::Interrupt | Kind::InterruptBeside))
        .map(|(i, _)| i.to_string())
        .collect();
    if !red.is_empty() {
        let _ = writeln!(
            out,
            "  linkStyle {} stroke:{RED},color:{RED}",
            red.join(",")
        );
    }
    for group in drawing.groups.iter().filter(|g| !g.title.is_empty()) {
        let _ = writeln!(
            out,
            "  style g_{} fill:#fafafa,stroke:#bbbbbb,color:#333333",
            group.id
        );
    }
    for look in looks(drawing) {
        let (fill, line, text) = colours(look);
        let dashed = if look == Look::Guarded {
            ",stroke-dasharray:4 3"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "  classDef {} fill:{fill},stroke:{line},color:{text}{dashed}",
            class(look)
        );
    }
    out
}

fn mermaid_node(node: &Node) -> String {
    let mut text = format!("<b>{}</b>", entity(&node.title));
    for line in &node.lines {
        let _ = write!(text, "<br/>{}", entity(line));
    }
    match node.look {
        Look::Emergency => format!("{}([\"{text}\"])", node.id),
        Look::Verdict => format!("{}{{{{\"{text}\"}}}}", node.id),
        _ => format!("{}[\"{text}\"]", node.id),
    }
}

fn mermaid_arrow(kind: Kind) -> &'static str {
    match kind {
        Kind::Next | Kind::Onward => "-->",
        Kind::Below => "~~~",
        Kind::Opens | Kind::Seldom => "-.->",
        Kind::Interrupt | Kind::InterruptBeside => "==>",
    }
}

/// Text inside quotes of Mermaid. A `#` begins an entity there.
fn entity(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
}

// ---- Graphviz ----------------------------------------------------------------------------------

/// A drawing as Graphviz text.
pub fn dot(drawing: &Drawing) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "digraph {} {{", quoted(&drawing.title));
    out.push_str("  graph [rankdir=TB, nodesep=0.25, ranksep=0.4, fontname=\"Helvetica\", fontsize=16, bgcolor=\"white\"];\n");
    out.push_str("  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=12, margin=\"0.12,0.06\"];\n");
    out.push_str("  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n");
    for group in &drawing.groups {
        dot_group(&mut out, group, &drawing.edges);
    }
    // Columns side by side: an arrow from the end of one to the top of the next would cross too much.
    for edge in drawing.edges.iter().filter(|e| e.kind != Kind::Onward) {
        let _ = writeln!(out, "  {} -> {} [{}];", edge.from, edge.to, dot_edge(edge));
    }
    out.push_str("}\n");
    out
}

fn dot_group(out: &mut String, group: &Group, edges: &[Edge]) {
    let framed = !group.title.is_empty();
    if framed {
        let _ = writeln!(out, "  subgraph cluster_{} {{", group.id);
        let _ = writeln!(
            out,
            "    graph [label={}, style=\"rounded\", color=\"#bbbbbb\", labeljust=l];",
            quoted(&group.title)
        );
    }
    let indent = if framed { "    " } else { "  " };
    for node in &group.nodes {
        let _ = writeln!(out, "{indent}{} [{}];", node.id, dot_node(node));
    }
    let inside = |id: &str| group.nodes.iter().any(|n| n.id == id);
    for edge in edges
        .iter()
        .filter(|e| e.kind == Kind::InterruptBeside && inside(&e.from))
    {
        let _ = writeln!(out, "{indent}{{ rank=same; {}; {}; }}", edge.from, edge.to);
    }
    if !group.row.is_empty() {
        let _ = writeln!(
            out,
            "{indent}{{ rank=same; {} [style=invis]; }}",
            group.row.join(" -> ")
        );
    }
    if framed {
        out.push_str("  }\n");
    }
}

fn dot_node(node: &Node) -> String {
    let mut text = format!("<b>{}</b>", escaped(&node.title));
    for line in &node.lines {
        let _ = write!(text, "<br/><font point-size=\"9\">{}</font>", escaped(line));
    }
    let (fill, line, colour) = colours(node.look);
    let style = match node.look {
        Look::Guarded => ", style=\"rounded,filled,dashed\"",
        Look::Verdict => ", shape=hexagon, style=\"filled\"",
        _ => "",
    };
    format!("label=<{text}>, fillcolor=\"{fill}\", color=\"{line}\", fontcolor=\"{colour}\"{style}")
}

fn dot_edge(edge: &Edge) -> String {
    let mut parts = Vec::new();
    if !edge.label.is_empty() {
        let lines: Vec<String> = wrap(&edge.label, LABEL)
            .iter()
            .map(|l| format!("&#160;{}&#160;", escaped(l)))
            .collect();
        parts.push(format!("label=<{}>", lines.join("<br/>")));
    }
    parts.push(match edge.kind {
        Kind::Next => format!("weight=20, color=\"{GREY}\""),
        Kind::Below | Kind::Onward => "style=invis, weight=20".to_owned(),
        Kind::Opens => format!("style=dashed, color=\"{VIOLET}\", fontcolor=\"{VIOLET}\""),
        Kind::Interrupt => format!("penwidth=2, color=\"{RED}\", fontcolor=\"{RED}\""),
        Kind::InterruptBeside => format!("penwidth=1.5, color=\"{RED}\""),
        Kind::Seldom => format!("style=dashed, color=\"{GREY}\""),
    });
    parts.join(", ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn looks(drawing: &Drawing) -> Vec<Look> {
    let mut looks: Vec<Look> = drawing
        .groups
        .iter()
        .flat_map(|g| &g.nodes)
        .map(|n| n.look)
        .collect();
    looks.sort_unstable();
    looks.dedup();
    looks
}
