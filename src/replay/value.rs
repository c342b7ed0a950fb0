//! What stands behind the words of a replay: a press, rules, facts, a name and a date.

use super::message::read_label;
use super::moment::{self, Wrong};
use super::{Action, How, Media, Reviewed, Rules, Said};
use crate::dialogue::issue::did_you_mean;

/// The first word, and what stands behind it.
pub(super) fn keyword(text: &str) -> (&str, &str) {
    text.split_once(' ')
        .map_or((text, &text[text.len()..]), |(word, rest)| {
            (word, rest.trim_start_matches(' '))
        })
}

/// Whether this is an id or a file name: letters, digits, and what joins them.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// A name and a date.
pub(super) fn reviewed(value: &str) -> Result<Reviewed, Wrong> {
    let (by, on) = value
        .rsplit_once(',')
        .map(|(by, on)| (by.trim(), on.trim()))
        .filter(|(by, _)| !by.is_empty())
        .ok_or_else(|| {
            (
                "A name or a date is missing.".to_owned(),
                "Write `reviewed: name, 2026-03-02`.".to_owned(),
            )
        })?;
    Ok(Reviewed {
        by: by.to_owned(),
        on: moment::read_date(on)?,
    })
}

/// Rules by id, or `none`.
pub(super) fn rules(value: &str) -> Option<Rules> {
    if value == "none" {
        return Some(Rules::default());
    }
    let mut ids: Vec<&str> = value.split(',').map(str::trim).collect();
    let others = ids.last() == Some(&"*");
    if others {
        ids.pop();
    }
    let fine = ids.iter().all(|id| is_name(id));
    fine.then(|| Rules {
        ids: ids.into_iter().map(str::to_owned).collect(),
        others,
    })
}

/// What the person does, behind `user`.
pub(super) fn said(text: &str) -> Result<Action, Wrong> {
    let wrong = |message: &str, cure: &str| Err((message.to_owned(), cure.to_owned()));
    if let Some(name) = text.strip_prefix('/') {
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Ok(Action::Command(name.to_owned()));
        }
        return wrong(
            "This command cannot be read.",
            "Write one word behind the slash, or put what is typed in quotes.",
        );
    }
    if let Some(open) = text.strip_prefix('"') {
        return match open.strip_suffix('"') {
            Some(words) => Ok(Action::Say(unescape(words))),
            None => wrong(
                "The quotes are not closed.",
                "Write \" behind the words; a new line in them is \\n.",
            ),
        };
    }
    if let Some(open) = text.strip_prefix('(') {
        let word = open.strip_suffix(')').unwrap_or(open);
        let media = Media::ALL.iter().find(|m| m.word() == word);
        return match media {
            _ if word == "blocks the bot" => Ok(Action::Block),
            Some(media) => Ok(Action::Media(*media)),
            None => {
                let words: Vec<&str> = Media::ALL
                    .iter()
                    .map(|m| m.word())
                    .chain(["blocks the bot"])
                    .collect();
                Err((
                    format!("`({word})` is not known."),
                    did_you_mean(word, words),
                ))
            }
        };
    }
    press(text)
}

/// A press, in each of its forms.
fn press(text: &str) -> Result<Action, Wrong> {
    let wrong = || {
        let cure = "Write [Label], [Label]@2, twice [Label], stale [Label], \"words\", /command or (photo).";
        (
            "What the person does cannot be read.".to_owned(),
            cure.to_owned(),
        )
    };
    let (word, rest) = keyword(text);
    let (how, button) = match word {
        "twice" => (How::Twice, rest),
        "stale" => (How::Stale, rest),
        _ => (How::Newest, text),
    };
    let (label, after) = read_label(button).ok_or_else(wrong)?;
    let label = label.filter(|l| !l.is_empty()).ok_or_else(wrong)?;
    let how = match (how, after) {
        (how, "") => how,
        (How::Newest, after) => {
            let place: Option<usize> = after.strip_prefix('@').and_then(|n| n.parse().ok());
            How::Older(place.filter(|n| *n >= 2).ok_or_else(wrong)? - 1)
        }
        _ => return Err(wrong()),
    };
    Ok(Action::Press { label, how })
}

fn unescape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut chars = words.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(next @ ('n' | 'r' | 't' | '\\'))) => {
                chars.next();
                out.push(match next {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
            }
            _ => out.push(c),
        }
    }
    out
}

/// Facts in their braces, or the part that cannot be read.
pub(super) fn facts(text: &str) -> Result<Vec<(String, Said)>, String> {
    let inner = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .ok_or_else(|| text.to_owned())?;
    let mut out = Vec::new();
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let unread = || rest.to_owned();
        let (id, value) = rest.split_once(':').ok_or_else(unread)?;
        let (id, value) = (id.trim(), value.trim_start());
        let (said, after) = match value.strip_prefix('[') {
            Some(list) => {
                let (list, after) = list.split_once(']').ok_or_else(unread)?;
                let options: Vec<&str> = list
                    .split(',')
                    .map(str::trim)
                    .filter(|o| !o.is_empty())
                    .collect();
                if !options.iter().all(|o| is_name(o)) {
                    return Err(unread());
                }
                (
                    Said::Many(options.into_iter().map(str::to_owned).collect()),
                    after.trim_start(),
                )
            }
            None => {
                let (option, after) = value.split_at(value.find(',').unwrap_or(value.len()));
                let option = option.trim();
                if !is_name(option) {
                    return Err(unread());
                }
                (Said::One(option.to_owned()), after)
            }
        };
        let known = out.iter().any(|(known, _)| known == id);
        if !is_name(id) || known || !(after.is_empty() || after.starts_with(',')) {
            return Err(unread());
        }
        out.push((id.to_owned(), said));
        rest = after.strip_prefix(',').unwrap_or(after).trim_start();
    }
    Ok(out)
}
