//! Telegram's HTML: what `parse_mode=HTML` accepts, and the plain text and entities it becomes.
//!
//! Called by `methods`. It follows the parser of the Bot API server, error texts included, and is
//! stricter in one thing: an `&` that begins no entity is an error here, where Telegram shows it as
//! it stands, because it means that something was not escaped.

use serde_json::{Value, json};

/// A text as people see it, with its entities as the Bot API describes them (UTF-16 offsets).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formatted {
    pub text: String,
    pub entities: Vec<Value>,
}

struct Open {
    tag: String,
    attributes: Vec<(String, String)>,
    start: usize,
}

/// Reads Telegram's HTML; the error is the description after `can't parse entities: `.
pub fn parse(html: &str) -> Result<Formatted, String> {
    let mut text = String::new();
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(next) = html[at..].chars().next() {
        match next {
            '&' => {
                let (decoded, length) = entity(&html[at..])
                    .ok_or_else(|| format!("Unescaped \"&\" at byte offset {at}"))?;
                text.push(decoded);
                at += length;
            }
            '<' if html[at..].starts_with("</") => {
                let length = html[at..]
                    .find('>')
                    .ok_or_else(|| format!("Unclosed end tag at byte offset {at}"))?;
                let found = html[at + 2..at + length].trim().to_lowercase();
                let last = open
                    .pop()
                    .ok_or_else(|| format!("Unexpected end tag at byte offset {at}"))?;
                if found != last.tag {
                    return Err(format!(
                        "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{found}>\"",
                        last.tag
                    ));
                }
                entities.extend(described(&last, utf16(&text)));
                at += length + 1;
            }
            '<' => {
                let (tag, attributes, length) = start_tag(html, at)?;
                open.push(Open {
                    tag,
                    attributes,
                    start: utf16(&text),
                });
                at += length;
            }
            other => {
                text.push(other);
                at += other.len_utf8();
            }
        }
    }
    if let Some(last) = open.pop() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            last.tag
        ));
    }
    entities.sort_by_key(|entity| {
        let number = |name: &str| entity[name].as_u64().unwrap_or_default();
        (number("offset"), u64::MAX - number("length"))
    });
    Ok(Formatted { text, entities })
}

/// Removes the white space around a text, as Telegram does, and moves the entities along.
pub fn trimmed(formatted: Formatted) -> Formatted {
    let whole = &formatted.text;
    let cut = whole.len() - whole.trim_start().len();
    let lead = utf16(&whole[..cut]) as u64;
    let text = whole.trim().to_owned();
    let end = utf16(&text) as u64;
    let entities = formatted
        .entities
        .into_iter()
        .filter_map(|mut entity| {
            let offset = entity["offset"].as_u64()?;
            let stop = (offset + entity["length"].as_u64()?)
                .saturating_sub(lead)
                .min(end);
            let offset = offset.saturating_sub(lead);
            (stop > offset).then(|| {
                entity["offset"] = json!(offset);
                entity["length"] = json!(stop - offset);
                entity
            })
        })
        .collect();
    Formatted { text, entities }
}

/// The length of a text in UTF-16 units, the measure of all entity offsets.
pub fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn entity(html: &str) -> Option<(char, usize)> {
    let end = html.find(';')?;
    let name = &html[1..end];
    let decoded = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((decoded, end + 1))
}

type StartTag = (String, Vec<(String, String)>, usize);

fn start_tag(html: &str, at: usize) -> Result<StartTag, String> {
    let rest = &html[at + 1..];
    let name_end = rest
        .find(|c: char| c.is_whitespace() || c == '>')
        .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
    let tag = rest[..name_end].to_lowercase();
    if kind(&tag).is_none() {
        return Err(format!(
            "Unsupported start tag \"{tag}\" at byte offset {at}"
        ));
    }
    let unclosed = || format!("Unclosed start tag \"{tag}\" at byte offset {at}");
    let mut attributes = Vec::new();
    let mut left = &rest[name_end..];
    loop {
        left = left.trim_start();
        if let Some(after) = left.strip_prefix('>') {
            let length = html.len() - at - after.len();
            return Ok((tag, attributes, length));
        }
        let end = left
            .find(|c: char| c.is_whitespace() || c == '=' || c == '>')
            .ok_or_else(unclosed)?;
        let name = left[..end].to_lowercase();
        if name.is_empty() {
            return Err(format!(
                "Empty attribute name in the tag \"{tag}\" at byte offset {at}"
            ));
        }
        left = &left[end..];
        let Some(value) = left.strip_prefix('=') else {
            attributes.push((name, String::new()));
            continue;
        };
        let quote = value
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\''))
            .ok_or_else(|| {
                format!("Unquoted attribute value in the tag \"{tag}\" at byte offset {at}")
            })?;
        let end = value[1..].find(quote).ok_or_else(unclosed)?;
        attributes.push((name, decoded(&value[1..=end])));
        left = &value[end + 2..];
    }
}

fn decoded(value: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(next) = value[at..].chars().next() {
        let (c, length) = match next {
            '&' => entity(&value[at..]).unwrap_or(('&', 1)),
            other => (other, other.len_utf8()),
        };
        out.push(c);
        at += length;
    }
    out
}

fn kind(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "tg-emoji" => "custom_emoji",
        "a" => "text_link",
        "code" => "code",
        "pre" => "pre",
        "blockquote" => "blockquote",
        _ => return None,
    })
}

fn described(open: &Open, end: usize) -> Option<Value> {
    let attribute = |name: &str| {
        open.attributes
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.clone())
    };
    if end == open.start {
        return None;
    }
    let mut entity =
        json!({ "type": kind(&open.tag)?, "offset": open.start, "length": end - open.start });
    match open.tag.as_str() {
        "a" => entity["url"] = json!(attribute("href")?),
        "tg-emoji" => entity["custom_emoji_id"] = json!(attribute("emoji-id")?),
        "blockquote" if attribute("expandable").is_some() => {
            entity["type"] = json!("expandable_blockquote");
        }
        _ => {}
    }
    Some(entity)
}
