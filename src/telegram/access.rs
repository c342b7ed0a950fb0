//! Who may talk to the bot: everybody, or only those who are invited.
//!
//! [`Doorkeeper::door`] is asked for every input on its way to a chat; `turn` then lets in whoever has
//! the mark of an invitation in their record. Whoever is left outside gets one kind line with the
//! numbers to call, and nothing of them is stored.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

use crate::config::Access;
use crate::dialogue::Dialogue;
use crate::engine::{self, Command, Input, Priority, State, View, plain_text, text_answer, words};
use crate::invite;
use crate::store::Person;
use crate::turn::{Channel, Door};

/// How often somebody outside is told so.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// How often they are given the numbers when they speak of danger.
const DANGER_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// How many people outside are remembered as told; of more than these somebody is told twice.
const MOST_TOLD: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Decides who comes in, and remembers who was told that they may not.
pub struct Doorkeeper {
    access: Access,
    key: invite::Key,
    told: Mutex<LruCache<Person, Told>>,
}

/// When somebody was last told what.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    anything: Option<Timestamp>,
    over: Option<Timestamp>,
    danger: Option<Timestamp>,
}

/// Why somebody outside is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// They came without an invitation.
    NotInvited,
    /// Their invitation is not valid, or not any more.
    Over,
    /// They speak of danger.
    Danger,
}

impl Doorkeeper {
    /// A doorkeeper for a bot with this key.
    pub fn new(access: Access, key: invite::Key) -> Doorkeeper {
        Doorkeeper {
            access,
            key,
            told: Mutex::new(LruCache::new(MOST_TOLD)),
        }
    }

    /// How this person comes, with the code that stood behind their /start, if one did.
    pub fn door(&self, person: Person, code: Option<&str>, now: Timestamp) -> Door {
        match &self.access {
            _ if code.is_some_and(|c| self.key.is_good(c, now)) => Door::Invitation,
            Access::Open => Door::Open,
            Access::Invited { listed } if listed.contains(&person.0) => Door::Open,
            Access::Invited { .. } => Door::OnlyInvited {
                with_code: code.is_some(),
            },
        }
    }

    /// Answer somebody who may not come in: one kind line, not more often than is of use.
    pub async fn turn_away(
        &self,
        d: &Dialogue,
        channel: &dyn Channel,
        person: Person,
        input: &Input,
        (door, language): (Door, Option<&str>),
        now: Timestamp,
    ) {
        let of_danger = match input {
            Input::Command(Command::Emergency) => true,
            Input::Text(text) | Input::Edited(text) => {
                !text_answer::dangers(d, &plain_text::cleaned(text)).is_empty()
            }
            // Nobody can be answered who has blocked the bot.
            input if !input.is_theirs() => return,
            _ => false,
        };
        let why = match door {
            _ if of_danger => Why::Danger,
            Door::OnlyInvited { with_code: true } => Why::Over,
            _ => Why::NotInvited,
        };
        if self.is_told_now(person, why, now) {
            let text = line(d, why, language);
            let rows = Vec::new();
            // It is not owed: whoever does not get it may write again.
            channel.ready(person, Priority::Answer).await;
            let _ = channel.send(person, &View { text, rows }).await;
        }
    }

    /// Whether this is to be said now; it is then noted as said.
    fn is_told_now(&self, person: Person, why: Why, now: Timestamp) -> bool {
        let mut all = self.told.lock().unwrap_or_else(|e| e.into_inner());
        let told = all.get_or_insert_mut(person, Told::default);
        let (last, again) = match why {
            Why::NotInvited => (&mut told.anything, AGAIN),
            Why::Over => (&mut told.over, AGAIN),
            Why::Danger => (&mut told.danger, DANGER_AGAIN),
        };
        if last.is_some_and(|last| now.duration_since(last) < again) {
            return false;
        }
        *last = Some(now);
        told.anything = Some(now);
        true
    }
}

/// The kind line, with the numbers of the country that the language code names.
fn line(d: &Dialogue, why: Why, language: Option<&str>) -> String {
    let mut session = engine::begin(d);
    if let Some(language) = language {
        engine::meet(d, &mut session, language);
    }
    let id = match why {
        Why::NotInvited | Why::Danger => "only_invited",
        Why::Over => "invitation_over",
    };
    let state = State::of(d, &session);
    let words = words::words(d, &session, &state);
    d.messages
        .get(id)
        .map_or_else(String::new, |m| m.text.fill(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Doorkeeper {
        let listed = [7].into();
        Doorkeeper::new(Access::Invited { listed }, invite::Key::of_token("1:a"))
    }

    fn minute(n: i64) -> Timestamp {
        Timestamp::from_second(60 * n).unwrap()
    }

    #[test]
    fn a_code_or_the_list_opens_and_everybody_else_needs_a_mark() {
        let (gate, now) = (gate(), minute(0));
        let good = invite::Key::of_token("1:a").code(minute(1), [0; 8]);
        let door = |person, code: Option<&str>| gate.door(Person(person), code, now);
        assert_eq!(door(7, None), Door::Open);
        assert_eq!(door(8, good.as_deref()), Door::Invitation);
        assert_eq!(door(8, Some("x")), Door::OnlyInvited { with_code: true });
        assert_eq!(door(8, None), Door::OnlyInvited { with_code: false });
    }

    #[test]
    fn somebody_outside_is_told_once_an_hour_and_of_danger_once_a_minute() {
        let gate = gate();
        let ann = Person(8);
        for (at, why, told) in [
            (0, Why::NotInvited, true),
            (59, Why::NotInvited, false),
            (59, Why::Over, true),
            (61, Why::NotInvited, false),
            (61, Why::Danger, true),
            (61, Why::Danger, false),
            (62, Why::Danger, true),
            (121, Why::NotInvited, false),
            (122, Why::NotInvited, true),
        ] {
            assert_eq!(gate.is_told_now(ann, why, minute(at)), told, "{at} {why:?}");
        }
        assert!(gate.is_told_now(Person(9), Why::NotInvited, minute(0)));
    }
}
