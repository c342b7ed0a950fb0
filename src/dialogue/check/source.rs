//! Where advice comes from: all of it has a source, and every source is used. Also the matrix of
//! sources and their users.

use std::fmt::Write as _;

use super::Report;
use crate::dialogue::Dialogue;
use crate::dialogue::file::SourceStatus;
use crate::dialogue::issue::Code;

/// How a missing source is mended.
const CURE: &str =
    "Name an id of sources.yaml; our own choices are OUR-JUDGEMENT, our wording is SCREEN-PLAN.";

pub fn check(report: &mut Report<'_>) {
    for element in without_source(report.d) {
        let (kind, id) = element.split_once(' ').unwrap_or((&element, ""));
        let message = match id.split_once(" line ") {
            Some((page, n)) => {
                format!("line {n} of the page `{page}` gives advice without a source")
            }
            None => format!("the {kind} `{id}` gives advice without a source"),
        };
        report.say(Code::NoSource, &element, message, CURE);
    }
    let unused: Vec<String> = report
        .d
        .sources
        .iter()
        .filter(|(_, s)| s.used_by.is_empty())
        .map(|(id, _)| id.clone())
        .collect();
    for id in unused {
        report.say(
            Code::UnusedSource,
            &format!("source {id}"),
            format!("nobody uses the source `{id}`"),
            "Name it where its claim is used, or move it to `excluded` with the reason.",
        );
    }
}

/// Everything that advises and names no source. Facts, screens, and the messages of common.yaml
/// advise nobody; messages of verdict.yaml and plan.yaml do.
fn without_source(d: &Dialogue) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut look = |element: String, source: &[String]| {
        if source.is_empty() {
            out.push(element);
        }
    };
    d.rules
        .iter()
        .for_each(|r| look(format!("rule {}", r.id), &r.source));
    d.verdicts
        .iter()
        .for_each(|v| look(format!("verdict {}", v.id), &v.source));
    d.waits
        .iter()
        .for_each(|w| look(format!("wait {}", w.id), &w.source));
    d.people
        .iter()
        .for_each(|p| look(format!("line {}", p.id), &p.source));
    d.gates
        .iter()
        .for_each(|g| look(format!("gate {}", g.id), &g.source));
    d.cards
        .iter()
        .for_each(|c| look(format!("card {}", c.id), &c.source));
    d.check_ins
        .iter()
        .for_each(|c| look(format!("check-in {}", c.id), &c.source));
    d.drills
        .iter()
        .for_each(|x| look(format!("drill {}", x.id), &x.source));
    look("follow-up".into(), &d.follow_up.source);
    for p in &d.pages {
        for (n, l) in p.lines.iter().enumerate() {
            look(format!("page {} line {}", p.id, n + 1), &l.source);
        }
    }
    look("clock".into(), &d.clock.source);
    let mut ids: Vec<&String> = d.messages.keys().collect();
    ids.sort();
    for id in ids {
        let element = format!("message {id}");
        if d.places.of(&element).file != "common.yaml" {
            look(element, &d.messages[id].source);
        }
    }
    out
}

/// Every source with its title, status and users; then the counts, and what is left out on
/// purpose with the reason.
pub fn sources_matrix(d: &Dialogue) -> String {
    let mut out = String::new();
    let mut uses = 0;
    for (id, s) in &d.sources {
        uses += s.used_by.len();
        let mut users = s.used_by.clone();
        users.sort();
        users.dedup();
        let users = if users.is_empty() {
            "nobody".to_owned()
        } else {
            users.join(", ")
        };
        let _ = writeln!(
            out,
            "{id} ({})\n  {}\n  used by: {users}",
            status(s.status),
            s.title
        );
    }
    let count = |wanted| d.sources.values().filter(|s| s.status == wanted).count();
    let used = d.sources.values().filter(|s| !s.used_by.is_empty()).count();
    let _ = writeln!(
        out,
        "\n{} sources: {} seen, {} recalled, {} our judgement; {used} used, {uses} times.",
        d.sources.len(),
        count(SourceStatus::Seen),
        count(SourceStatus::Recalled),
        count(SourceStatus::OurJudgement),
    );
    let _ = writeln!(out, "{} statements left out on purpose:", d.excluded.len());
    for e in &d.excluded {
        let _ = writeln!(out, "{}\n  {}\n  left out: {}", e.id, e.says, e.reason);
    }
    out
}

fn status(status: SourceStatus) -> &'static str {
    match status {
        SourceStatus::Seen => "seen",
        SourceStatus::Recalled => "recalled",
        SourceStatus::OurJudgement => "our judgement",
    }
}
