//! A replay as text. Reading it again gives the same replay.

use jiff::tz::TimeZone;

use super::message::{NOTHING, WIDTH, WORDS, print_label};
use super::{Action, Day, Expect, Given, How, Replay, Rules, Said, Start, Stated, Turn, moment};

/// The replay as a file.
pub fn print(replay: &Replay) -> String {
    let mut out: Vec<String> = replay.comment.clone();
    let mut header = |key: &str, value: &str| out.push(format!("{key}: {value}"));
    header("dialogue", &replay.dialogue);
    if let Some(reviewed) = &replay.reviewed {
        header("reviewed", &format!("{}, {}", reviewed.by, reviewed.on));
    }
    if let Some(country) = &replay.country {
        header("country", country);
    }
    if let Some(language) = &replay.language {
        header("language", language);
    }
    let mut zone = None;
    for (n, day) in replay.days.iter().enumerate() {
        day_line(day, zone, &mut out);
        if n == 0
            && let Some(given) = &replay.given
        {
            given_lines(given, &mut out);
        }
        for turn in &day.turns {
            turn_lines(turn, &mut out);
        }
        zone = Some(&day.zone);
    }
    out.extend(replay.below.iter().cloned());
    out.join("\n") + "\n"
}

fn day_line(day: &Day, before: Option<&TimeZone>, out: &mut Vec<String>) {
    out.extend(day.above.iter().cloned());
    let zone = day.zone.iana_name().unwrap_or("UTC");
    out.push(match before {
        Some(before) if *before == day.zone => format!("--- {}", day.date),
        _ => format!("--- {} {zone}", day.date),
    });
}

fn given_lines(given: &Given, out: &mut Vec<String>) {
    out.extend(given.above.iter().cloned());
    let facts = match &given.from {
        Start::Replay(name) => return out.push(format!("given  replay {name}")),
        Start::Facts(facts) => facts,
    };
    let mut line = "given  facts {".to_owned();
    for (n, (id, said)) in facts.iter().enumerate() {
        let said = match said {
            Said::One(option) => option.clone(),
            Said::Many(options) => format!("[{}]", options.join(", ")),
        };
        let end = if n + 1 < facts.len() { "," } else { " }" };
        let item = format!("{id}: {said}{end}");
        if line.chars().count() + 1 + item.chars().count() > WIDTH {
            out.push(std::mem::replace(&mut line, format!("{:WORDS$}{item}", "")));
        } else {
            line.push(' ');
            line.push_str(&item);
        }
    }
    if facts.is_empty() {
        line.push('}');
    }
    out.push(line);
}

fn turn_lines(turn: &Turn, out: &mut Vec<String>) {
    out.extend(turn.above.iter().cloned());
    let time = moment::print(&turn.at);
    let mut stated = expected(turn, time.len()).into_iter();
    match (action(&turn.action), stated.len()) {
        (Some(action), _) => out.push(format!("{time}  {action}")),
        (None, 0) => out.push(time),
        (None, _) => {
            for (above, mut lines) in stated.by_ref().take(1) {
                out.extend(above);
                if let Some(first) = lines.first_mut() {
                    *first = format!("{time}  {first}");
                }
                out.extend(lines);
            }
        }
    }
    for (above, mut lines) in stated {
        out.extend(above);
        if let Some(first) = lines.first_mut() {
            *first = format!("{:7}{first}", "");
        }
        out.extend(lines);
    }
}

fn action(action: &Action) -> Option<String> {
    Some(match action {
        Action::Wait => return None,
        Action::Restart => "restart".to_owned(),
        Action::Block => "user   (blocks the bot)".to_owned(),
        Action::Media(kind) => format!("user   ({})", kind.word()),
        Action::Command(name) => format!("user   /{name}"),
        Action::Say(words) => format!("user   \"{}\"", escape(words)),
        Action::Press { label, how } => {
            let label = print_label(label);
            match how {
                How::Newest => format!("user   {label}"),
                How::Older(n) => format!("user   {label}@{}", n + 1),
                How::Twice => format!("user   twice {label}"),
                How::Stale => format!("user   stale {label}"),
            }
        }
    })
}

fn escape(words: &str) -> String {
    words
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}

/// Each thing that is stated: the lines above it, and its own, the first from its keyword on.
fn expected(turn: &Turn, time: usize) -> Vec<(Vec<String>, Vec<String>)> {
    let Expect {
        bot,
        sees,
        asks,
        state,
        rules,
        due,
    } = &turn.expect;
    let mut out: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    // Only the first thing of a turn without an action stands beside the time.
    let lead = |out: &Vec<_>| match turn.action {
        Action::Wait if out.is_empty() => time + 2 + 7,
        _ => WORDS,
    };
    for Stated { above, is, .. } in bot {
        let lines = block("bot", is.block(lead(&out)));
        out.push((above.clone(), lines));
    }
    if let Some(Stated { above, is, .. }) = sees {
        let lines = is
            .as_ref()
            .map_or_else(|| vec![NOTHING.to_owned()], |m| m.block(lead(&out)));
        out.push((above.clone(), block("sees", lines)));
    }
    let mut line = |key: &str, above: &[String], value: &str| {
        out.push((above.to_vec(), vec![format!("{key:<6} {value}")]));
    };
    if let Some(s) = asks {
        line("asks", &s.above, s.is.as_deref().unwrap_or(NOTHING));
    }
    if let Some(s) = state {
        line("state", &s.above, &s.is);
    }
    if let Some(s) = rules {
        line("rules", &s.above, &print_rules(&s.is));
    }
    if let Some(s) = due {
        line("due", &s.above, &moment::print_due(s.is, &turn.at));
    }
    out
}

fn block(key: &str, lines: Vec<String>) -> Vec<String> {
    let mut lines = lines.into_iter();
    let first = format!("{key:<6} {}", lines.next().unwrap_or_default());
    let rest = lines.map(|l| {
        if l.is_empty() {
            l
        } else {
            format!("{:WORDS$}{l}", "")
        }
    });
    std::iter::once(first).chain(rest).collect()
}

/// Rules as they stand in a file.
pub(super) fn print_rules(rules: &Rules) -> String {
    let mut ids: Vec<&str> = rules.ids.iter().map(String::as_str).collect();
    if rules.others {
        ids.push("*");
    }
    if ids.is_empty() {
        "none".to_owned()
    } else {
        ids.join(", ")
    }
}
