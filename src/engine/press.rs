//! What a button carries: the visit it belongs to and the wanted result, never a toggle.
//!
//! As text it is at most 64 bytes (Telegram's limit on callback data): the visit, a letter, and
//! small numbers, such as `17t3` for "tick item 3 in visit 17".

use std::fmt;

use crate::dialogue::Act;

/// The most bytes that callback data may have, by the Bot API.
pub const MOST_BYTES: usize = 64;

/// One press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// The visit of the question that the button stood under.
    pub visit: u32,
    /// The wanted result.
    pub wish: Wish,
}

/// What a button asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Answer with this item of the open screen.
    Answer(u8),
    /// Tick this item.
    Tick(u8),
    /// Take the tick away.
    Untick(u8),
    /// *Done* or *None of these*.
    Finish,
    /// Skip the list.
    Skip,
    /// *Not sure*.
    NotSure,
    /// Explain this fact.
    Explain(u8),
    /// The answer to an explanation on the open screen.
    Explained(u8, u8),
    /// The answer to a fact asked by itself.
    Asked(u8, u8),
    /// The typed answer was understood rightly: this item of the open screen.
    Confirm(u8),
    /// A button of the dialogue's own that does something.
    Act(Act),
    /// Answer with this message.
    Reply(String),
    /// Open this page of the plan, at this part.
    Page(u8, u8),
    /// This country.
    Country(String),
    /// Change the answers of this screen.
    Reopen(u16),
    /// This part of the list of answers to change.
    ChangePart(u8),
    /// The fact of a message's button, then its reply.
    AskedThen(u8, u8, String),
    /// This time zone, by its name in the tz database.
    Zone(String),
    /// Quiet from this minute of the day until that.
    Quiet(u16, u16),
    /// A pause of so many hours; 0 until the morning, the largest number until they say so.
    Pause(u16),
    /// Ask this check-in now.
    CheckInNow(u8),
    /// Leave this check-in out.
    SkipCheckIn(u8),
    /// Begin this guided exercise.
    Drill(u8),
}

impl Wish {
    /// Whether it may be held back when a log is full: it settles or takes away, and cannot be
    /// the answer that is an emergency.
    pub fn could_wait(&self) -> bool {
        matches!(self, Wish::Untick(_) | Wish::Finish | Wish::Skip)
    }
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.visit)?;
        match &self.wish {
            Wish::Answer(i) => write!(f, "a{i}"),
            Wish::Tick(i) => write!(f, "t{i}"),
            Wish::Untick(i) => write!(f, "u{i}"),
            Wish::Finish => f.write_str("d"),
            Wish::Skip => f.write_str("s"),
            Wish::NotSure => f.write_str("n"),
            Wish::Explain(x) => write!(f, "e{x}"),
            Wish::Explained(x, o) => write!(f, "x{x}.{o}"),
            Wish::Asked(x, o) => write!(f, "q{x}.{o}"),
            Wish::Confirm(i) => write!(f, "k{i}"),
            Wish::Act(act) => write!(f, "!{}", act_name(*act)),
            Wish::Reply(id) => write!(f, "r{id}"),
            Wish::Page(p, part) => write!(f, "p{p}.{part}"),
            Wish::Country(code) => write!(f, "c{code}"),
            Wish::Reopen(s) => write!(f, "o{s}"),
            Wish::ChangePart(p) => write!(f, "l{p}"),
            Wish::AskedThen(x, o, id) => write!(f, "m{x}.{o}.{id}"),
            Wish::Zone(name) => write!(f, "z{name}"),
            Wish::Quiet(from, to) => write!(f, "h{from}.{to}"),
            Wish::Pause(hours) => write!(f, "w{hours}"),
            Wish::CheckInNow(n) => write!(f, "i{n}"),
            Wish::SkipCheckIn(n) => write!(f, "j{n}"),
            Wish::Drill(n) => write!(f, "g{n}"),
        }
    }
}

impl Press {
    /// Read callback data. Anything that this program did not write gives nothing.
    pub fn read(data: &str) -> Option<Press> {
        if data.len() > MOST_BYTES {
            return None;
        }
        let letter = data.find(|c: char| !c.is_ascii_digit())?;
        let visit = data[..letter].parse().ok()?;
        let mut chars = data[letter..].chars();
        let kind = chars.next()?;
        let rest = chars.as_str();
        let one = || rest.parse::<u8>().ok();
        let two = || {
            let (a, b) = rest.split_once('.')?;
            Some((a.parse::<u8>().ok()?, b.parse::<u8>().ok()?))
        };
        let wish = match kind {
            'a' => Wish::Answer(one()?),
            't' => Wish::Tick(one()?),
            'u' => Wish::Untick(one()?),
            'd' if rest.is_empty() => Wish::Finish,
            's' if rest.is_empty() => Wish::Skip,
            'n' if rest.is_empty() => Wish::NotSure,
            'e' => Wish::Explain(one()?),
            'x' => two().map(|(a, b)| Wish::Explained(a, b))?,
            'q' => two().map(|(a, b)| Wish::Asked(a, b))?,
            'k' => Wish::Confirm(one()?),
            '!' => Wish::Act(act_named(rest)?),
            'r' => Wish::Reply(rest.to_owned()),
            'p' => two().map(|(a, b)| Wish::Page(a, b))?,
            'c' => Wish::Country(rest.to_owned()),
            'o' => Wish::Reopen(rest.parse().ok()?),
            'l' => Wish::ChangePart(one()?),
            'z' if !rest.is_empty() => Wish::Zone(rest.to_owned()),
            'h' => {
                let (from, to) = rest.split_once('.')?;
                Wish::Quiet(from.parse().ok()?, to.parse().ok()?)
            }
            'w' => Wish::Pause(rest.parse().ok()?),
            'i' => Wish::CheckInNow(one()?),
            'j' => Wish::SkipCheckIn(one()?),
            'g' => Wish::Drill(one()?),
            'm' => {
                let mut parts = rest.splitn(3, '.');
                let fact = parts.next()?.parse().ok()?;
                let option = parts.next()?.parse().ok()?;
                Wish::AskedThen(fact, option, parts.next()?.to_owned())
            }
            _ => return None,
        };
        let press = Press { visit, wish };
        // `+3` and `007` are numbers too, but not as we write them.
        (press.to_string() == data).then_some(press)
    }
}

fn act_name(act: Act) -> String {
    // The serde name is the one the dialogue files use, so buttons and files say the same.
    serde_json::to_value(act)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn act_named(name: &str) -> Option<Act> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wish_survives_the_round_trip() {
        let wishes = [
            Wish::Answer(3),
            Wish::Tick(10),
            Wish::Untick(0),
            Wish::Finish,
            Wish::Skip,
            Wish::NotSure,
            Wish::Explain(54),
            Wish::Explained(54, 3),
            Wish::Asked(9, 1),
            Wish::Confirm(2),
            Wish::Act(Act::StartIce),
            Wish::Reply("help_coming".into()),
            Wish::Page(3, 1),
            Wish::Country("GB".into()),
            Wish::Reopen(40),
            Wish::ChangePart(1),
            Wish::AskedThen(4, 2, "re_worse".into()),
            Wish::Zone("America/Argentina/ComodRivadavia".into()),
            Wish::Quiet(1320, 420),
            Wish::Pause(u16::MAX),
            Wish::CheckInNow(2),
            Wish::SkipCheckIn(3),
            Wish::Drill(1),
        ];
        for wish in wishes {
            let press = Press {
                visit: 4_294_967_295,
                wish,
            };
            let data = press.to_string();
            assert!(data.len() <= MOST_BYTES, "{data}");
            assert_eq!(Press::read(&data), Some(press));
        }
    }

    #[test]
    fn foreign_data_gives_nothing() {
        for data in [
            "", "x", "12", "7z", "7a999", "7!fly", "-1a2", "7d1", "é1a2", "7a+3", "07a3", "7x1.02",
        ] {
            assert_eq!(Press::read(data), None, "{data}");
        }
    }
}
