//! Words typed instead of tapped: what they answer, and whether they name a danger.

use super::effect::View;
use super::fold::State;
use super::plain_text;
use super::press::Press;
use super::route::is_offered;
use super::session::Session;
use super::view::label;
use crate::dialogue::{Dialogue, FactId, ScreenId, ScreenKind, Words};

/// What typed words say about danger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Danger {
    /// Crisis words.
    Crisis,
    /// Emergency words, with the fact to ask and the words that hit.
    Emergency {
        /// The fact to ask.
        fact: FactId,
        /// The words of the list that were found.
        words: String,
    },
}

/// What typed words answer on the open screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// They are this item, without doubt.
    Item(u8),
    /// They may be this item; the person is asked.
    Perhaps(u8),
    /// None of these, or done.
    Finish,
    /// Not sure.
    NotSure,
    /// Back.
    Back,
}

/// Small letters, apostrophes and marks on letters gone, everything else that is not a letter or digit a space.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\'' | '’' | '‘' | '`' => {}
            c if plain_text::is_mark(c) => {}
            '.' | '!' | '?' | ';' | '\n' | ',' | ':' | '(' | ')' | '/' | '…' | '–' | '—' => {
                out.push_str(" | ")
            }
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => out.push(' '),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words of danger in a typed text, the crisis first.
///
/// A hit after a negation in the same clause does not count: "no chest pain" is not chest pain.
/// Crisis words count even so, since "I'm not OK, I want to die" must not be missed, and the
/// question that follows is gentle.
pub fn dangers(d: &Dialogue, text: &str) -> Vec<Danger> {
    let text = plain(text);
    let negations: Vec<String> = d.common.negations.iter().map(|n| plain(n)).collect();
    let crisis = d
        .common
        .crisis_words
        .iter()
        .any(|w| says(&text, &plain(w), &[]))
        .then_some(Danger::Crisis);
    let emergencies = d.common.emergency_words.iter().filter_map(|(fact, words)| {
        let hit = words.iter().find(|w| says(&text, &plain(w), &negations))?;
        Some(Danger::Emergency {
            fact: *fact,
            words: hit.clone(),
        })
    });
    crisis.into_iter().chain(emergencies).collect()
}

/// Words that begin a new thought within a clause.
const NEW_THOUGHTS: &[&str] = &[
    "but", "just", "now", "only", "i", "im", "ive", "my", "it", "its", "he", "hes", "his", "she",
    "shes", "her", "they", "theyre", "their", "we", "and", "with", "because", "plus", "since",
];

/// Whether `text` says `words` somewhere without a negation up to three words before, in its clause.
fn says(text: &str, words: &str, negations: &[String]) -> bool {
    if words.is_empty() {
        return false;
    }
    let padded = format!(" {text} ");
    let needle = format!(" {words} ");
    let mut from = 0;
    while let Some(at) = padded[from..].find(&needle) {
        let at = from + at;
        let clause = padded[..at].rsplit('|').next().unwrap_or("");
        let near: Vec<&str> = clause.split_whitespace().rev().take(3).collect();
        let near: Vec<&str> = near.into_iter().rev().collect();
        // A new thought denies nothing before it: "not sleeping but chest pain", "no my chest hurts".
        let near = match near.iter().rposition(|w| NEW_THOUGHTS.contains(w)) {
            Some(i) => &near[i + 1..],
            None => &near[..],
        };
        let near = format!(" {} ", near.join(" "));
        if !negations.iter().any(|n| near.contains(&format!(" {n} "))) {
            return true;
        }
        from = at + 1;
    }
    false
}

/// Whether a whole text is one of these.
pub fn is_among(text: &str, list: &[String]) -> bool {
    let whole = |text: &str| plain(text).replace('|', "").trim().to_owned();
    let text = whole(text);
    list.iter().any(|w| whole(w) == text)
}

/// Whether a text looks like an advert or an article: long, and about nobody.
pub fn looks_like_an_article(d: &Dialogue, text: &str) -> bool {
    let text = plain(text);
    let words: Vec<&str> = text.split_whitespace().filter(|w| *w != "|").collect();
    words.len() >= 20
        && !d
            .common
            .about_a_person
            .iter()
            .any(|p| words.contains(&plain(p).as_str()))
}

/// What typed words answer on a screen, where they fit.
pub fn typed(
    d: &Dialogue,
    session: &Session,
    state: &State,
    screen: ScreenId,
    text: &str,
    words: &Words,
) -> Option<Typed> {
    if !plain_text::can_be_an_answer(text) {
        return None;
    }
    let s = &d.screens[screen];
    let text = plain(text)
        .replace(" |", "")
        .trim_start_matches("| ")
        .to_owned();
    let among = |list: &[String]| list.iter().any(|w| plain(w) == text);
    if among(&d.common.back) {
        return Some(Typed::Back);
    }
    let offered: Vec<(u8, String)> = s
        .items
        .iter()
        .enumerate()
        .filter(|(_, i)| i.act.is_none() && is_offered(d, state, screen, i))
        .map(|(n, i)| {
            (
                n as u8,
                plain(&label(d, session, state, words, i)).replace(" |", ""),
            )
        })
        .collect();
    if let Some((n, _)) = offered.iter().find(|(_, l)| *l == text) {
        return Some(Typed::Item(*n));
    }
    match s.kind {
        ScreenKind::Number => {
            let number = number(&text)?;
            return s
                .items
                .get(usize::from(number))
                .map(|_| Typed::Item(number));
        }
        ScreenKind::Any => {
            // "No" is a tap on *None of these*, which is there only while nothing is ticked, and
            // "done" one on *Done*.
            if among(&d.common.no) {
                return (!state.has_ticks(screen)).then_some(Typed::Finish);
            }
            if among(&d.common.done) {
                return state.has_ticks(screen).then_some(Typed::Finish);
            }
            if among(&d.common.unsure) && !s.not_sure.is_empty() {
                return Some(Typed::NotSure);
            }
        }
        ScreenKind::One => {
            let label_says = |list: &[String]| {
                offered
                    .iter()
                    .find(|(_, l)| list.iter().any(|w| plain(w) == *l))
                    .map(|(n, _)| *n)
            };
            for list in [&d.common.yes, &d.common.no, &d.common.unsure] {
                if among(list)
                    && let Some(n) = label_says(list)
                {
                    return Some(Typed::Item(n));
                }
            }
            if let Some(n) = duration(d, screen, &text) {
                return Some(Typed::Perhaps(n));
            }
        }
    }
    perhaps(&offered, &text)
}

/// The button of a message that typed words name: by its whole label, by yes or no, or by words
/// that only one label has.
pub fn button(d: &Dialogue, view: &View, text: &str) -> Option<Press> {
    if !plain_text::can_be_an_answer(text) {
        return None;
    }
    let text = plain(text).replace(" |", "");
    let labels: Vec<(String, &str)> = view
        .buttons()
        .map(|b| (plain(&b.label).replace(" |", ""), b.data.as_str()))
        .collect();
    let among = |list: &[String], w: &str| list.iter().any(|x| plain(x) == w);
    let same = |list: &[String]| {
        among(list, &text)
            .then(|| {
                let hits: Vec<&str> = labels
                    .iter()
                    .filter(|(l, _)| {
                        among(list, l)
                            || l.split_whitespace().next().is_some_and(|w| among(list, w))
                    })
                    .map(|(_, data)| *data)
                    .collect();
                match (labels.iter().find(|(l, _)| among(list, l)), hits.as_slice()) {
                    (Some((_, exact)), _) => Some(*exact),
                    (None, [one]) => Some(*one),
                    _ => None,
                }
            })
            .flatten()
    };
    let exact = labels
        .iter()
        .find(|(l, _)| *l == text)
        .map(|(_, data)| *data);
    let found = exact
        .or_else(|| same(&d.common.yes))
        .or_else(|| same(&d.common.no))
        .or_else(|| same(&d.common.unsure))?;
    Press::read(found)
}

/// A whole number, alone or in front of "out of 10" and the like.
fn number(text: &str) -> Option<u8> {
    const NAMES: [&str; 11] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let mut words = text.split_whitespace();
    let first = words.find(|w| {
        !matches!(
            *w,
            "its" | "it" | "is" | "about" | "a" | "an" | "maybe" | "like"
        )
    })?;
    let rest: Vec<&str> = words.collect();
    if !matches!(
        rest.as_slice(),
        [] | ["10"] | ["of", "10"] | ["out", "of", "10"] | ["out", "of", "ten"] | ["of", "ten"]
    ) {
        return None;
    }
    first
        .parse()
        .ok()
        .or_else(|| NAMES.iter().position(|n| *n == first).map(|n| n as u8))
}

/// "about 3 days" as an item of the screen that asks a fact with hours in the plan's clock.
fn duration(d: &Dialogue, screen: ScreenId, text: &str) -> Option<u8> {
    let s = &d.screens[screen];
    let since = d.clock.since.iter().find(|c| {
        s.items
            .iter()
            .all(|i| matches!(i.sets.as_slice(), [(f, _)] if *f == c.fact))
    })?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let unit = words.iter().position(|w| {
        ["hour", "day", "week", "month", "year", "yesterday", "today"]
            .iter()
            .any(|u| w.starts_with(u))
    })?;
    let hours = match words[unit].trim_end_matches('s') {
        "today" => 1,
        "yesterday" => 30,
        named => {
            let each = match named {
                "hour" => 1,
                "day" => 24,
                "week" => 168,
                "month" => 720,
                _ => 8760,
            };
            let n: u32 = match words.get(unit.checked_sub(1)?)? {
                &"a" | &"an" | &"one" | &"last" => 1,
                &"couple" | &"of" => 2,
                &"few" => 3,
                w => w.parse().ok().or_else(|| number(w).map(u32::from))?,
            };
            n.checked_mul(each)?
        }
    };
    // The last option that can have begun that long ago.
    s.items
        .iter()
        .enumerate()
        .filter_map(|(n, i)| {
            Some((
                n as u8,
                since
                    .hours
                    .get(usize::from(i.sets[0].1))
                    .copied()
                    .flatten()?,
            ))
        })
        .filter(|(_, from)| *from <= hours)
        .max_by_key(|(_, from)| *from)
        .map(|(n, _)| n)
}

/// The one label that holds every typed word, or whose words are all typed.
fn perhaps(offered: &[(u8, String)], text: &str) -> Option<Typed> {
    let typed: Vec<&str> = text.split_whitespace().collect();
    if typed.is_empty() || typed.len() > 8 {
        return None;
    }
    let fits: Vec<u8> = offered
        .iter()
        .filter(|(_, label)| {
            let label: Vec<&str> = label.split_whitespace().collect();
            typed.iter().all(|w| label.contains(w))
                || (label.len() > 1 && label.iter().all(|w| typed.contains(w)))
        })
        .map(|(n, _)| *n)
        .collect();
    match fits.as_slice() {
        [one] => Some(Typed::Perhaps(*one)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &str, expected: bool) {
        let negations: Vec<String> = ["no", "not", "dont have", "without"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            says(&plain(text), &plain(words), &negations),
            expected,
            "{text}"
        );
    }

    #[test]
    fn a_negation_in_the_same_clause_takes_a_hit_away() {
        check("I have chest pain", "chest pain", true);
        check("No chest pain.", "chest pain", false);
        check("no fever, chest pain since noon", "chest pain", true);
        check("I don't have any chest pain", "chest pain", false);
        check("not sleeping but chest pain", "chest pain", true);
        check("chest painting", "chest pain", false);
        check("no i cant breathe", "cant breathe", true);
        check("no my chest hurts", "chest hurts", true);
        check("no I don't have chest pain", "chest pain", false);
        check("c\u{337}hest\u{301} p\u{337}a\u{337}in", "chest pain", true);
    }

    #[test]
    fn numbers_are_read_alone_or_out_of_ten() {
        for (text, expected) in [
            ("7", Some(7)),
            ("7 out of 10", Some(7)),
            ("its seven", Some(7)),
            ("7 days", None),
            ("", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
