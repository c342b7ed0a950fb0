//! All that is kept of a person, in words they can read.

use jiff::Timestamp;

use super::session::{Session, What};
use super::verdict::name_of;
use crate::dialogue::Dialogue;

/// All that is kept of a person, as JSON they can read: events by the names of the dialogue.
pub fn export(d: &Dialogue, session: &Session) -> String {
    let screen = |s: u16| d.screens.get(usize::from(s)).map_or("?", |s| s.id.as_str());
    let item = |s: u16, i: u8| {
        d.screens
            .get(usize::from(s))
            .and_then(|s| s.items.get(usize::from(i)))
            .map_or("?", |i| i.label.source())
    };
    let fact = |f: u8, o: u8| {
        d.facts
            .get(usize::from(f))
            .and_then(|f| {
                f.options
                    .get(usize::from(o))
                    .map(|o| format!("{} = {}", f.id, o.id))
            })
            .unwrap_or_default()
    };
    let time = |ms: i64| {
        Timestamp::from_millisecond(ms)
            .map(|t| t.to_string())
            .unwrap_or_default()
    };
    let log: Vec<serde_json::Value> = session
        .log
        .iter()
        .map(|e| {
            let (what, about) = match e.what {
                What::Began(_) => ("began a check", String::new()),
                What::Answered { screen: s, item: i } => {
                    ("answered", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Ticked { screen: s, item: i } => {
                    ("ticked", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Unticked { screen: s, item: i } => {
                    ("took a tick away", format!("{}: {}", screen(s), item(s, i)))
                }
                What::Finished { screen: s } => ("finished", screen(s).to_owned()),
                What::Skipped { screen: s } => ("skipped", screen(s).to_owned()),
                What::Explained {
                    fact: f, option: o, ..
                }
                | What::Asked { fact: f, option: o } => ("said", fact(f, o)),
                What::Undone => ("took the last answer back", String::new()),
                What::Reopened { screen: s } => ("changed", screen(s).to_owned()),
                What::Withdrawn => ("said it was a slip", String::new()),
                What::Told { disposition } => ("was told", name_of(disposition).to_owned()),
                What::Planned => ("asked for the plan", String::new()),
                What::CameBack { .. } => ("came back", String::new()),
                What::NothingNew => ("nothing was new", String::new()),
            };
            serde_json::json!({ "at": time(e.at_ms), "what": what, "about": about })
        })
        .collect();
    let rounds: Vec<serde_json::Value> = session
        .rounds
        .iter()
        .map(|e| serde_json::json!({ "at": time(e.at_ms), "what": format!("{:?}", e.what) }))
        .collect();
    let all = serde_json::json!({
        "dialogue": d.name,
        "form": d.form.to_string(),
        "country": session.country,
        "language": session.language,
        "answers": log,
        "rounds": rounds,
    });
    serde_json::to_string_pretty(&all).unwrap_or_default()
}
