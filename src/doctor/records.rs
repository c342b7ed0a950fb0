//! What is kept: whose it is, how it is sealed, who waits, and what was given up.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Finding, Group, span};
use crate::store::look::Look;
use crate::store::seal::{KeyId, Keyring};

const GROUP: Group = Group::Records;

/// Somebody who is due for longer than this is not looked after.
const LATE_S: i64 = 5 * 60;

/// A bot that polls reaches Telegram more often than this.
const QUIET_S: i64 = 2 * 60;

/// How many dead letters are told of one by one.
const NEWEST: usize = 3;

/// What records are judged by.
pub struct Question<'a> {
    /// The number of the bot; nothing when its token cannot be used.
    pub bot: Option<u64>,
    /// The keys at hand.
    pub keys: &'a Keyring,
    /// How many days records are kept.
    pub keep_days: u32,
    /// Who was last active until then should be erased.
    pub oldest: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// Judge what was seen of the records in a store.
pub fn judge(look: &Look, question: &Question<'_>) -> Vec<Finding> {
    let mut findings = vec![owner(look, question.bot)];
    if look.is_half_filled {
        findings.push(GROUP.fail(
            "move",
            "records were being moved into this store, and not all are there",
            "finish it with: backtalk store migrate FROM TO --resume",
        ));
    }
    findings.push(GROUP.ok("people", look.records.all.to_string()));
    findings.extend(sealing(look, question.keys));
    findings.push(retention(look, question));
    findings.push(due(look, question.now));
    findings.push(polled(look, question.now));
    findings.extend(letters(look));
    findings
}

fn owner(look: &Look, bot: Option<u64>) -> Finding {
    let name = |bot: u64| match bot {
        0 => "the terminal".to_owned(),
        bot => format!("bot {bot}"),
    };
    match (look.owner, bot) {
        (None, _) => GROUP.note("whose", "nobody's yet", "the first bot that starts takes it"),
        (Some(owner), Some(bot)) if owner != bot => GROUP.fail(
            "whose",
            format!("those of {}, and this is {}", name(owner), name(bot)),
            "give the token that belongs to this store, or another store with --store, or for Redis another BACKTALK_REDIS_PREFIX",
        ),
        (Some(owner), _) => GROUP.ok("whose", name(owner)),
    }
}

fn sealing(look: &Look, keys: &Keyring) -> Vec<Finding> {
    let list = |ids: &mut dyn Iterator<Item = &KeyId>| {
        let ids: Vec<String> = ids.map(KeyId::to_string).collect();
        ids.join(" and ")
    };
    let at_hand: BTreeSet<KeyId> = keys.ids().collect();
    let mut missing = look.keys.difference(&at_hand).peekable();
    if missing.peek().is_some() {
        return vec![GROUP.fail(
            "encryption",
            format!(
                "sealed with key {}, which is not at hand",
                list(&mut missing)
            ),
            "add it to BACKTALK_KEY after a comma",
        )];
    }
    let Some(newest) = keys.newest() else {
        return vec![GROUP.warn(
            "encryption",
            "NONE: whoever can read the store reads what people said",
            "make a key with `backtalk key`, set BACKTALK_KEY to it, start the bot again, and run `backtalk store rotate`",
        )];
    };
    let mut findings = vec![GROUP.ok("encryption", format!("with key {newest}"))];
    if look.records.waiting > 0 {
        findings.push(GROUP.note(
            "rotation",
            format!(
                "{} records are not sealed with this key yet",
                look.records.waiting
            ),
            "backtalk store rotate",
        ));
    } else {
        let mut unused = at_hand.iter().filter(|id| **id != newest).peekable();
        if unused.peek().is_some() {
            let cure = "when every bot has the first, run `backtalk store rotate` and take them out of BACKTALK_KEY";
            findings.push(GROUP.note("other keys", list(&mut unused), cure));
        }
    }
    findings
}

fn retention(look: &Look, question: &Question<'_>) -> Finding {
    let days = format!("{} days after somebody last wrote", question.keep_days);
    match look.expired {
        0 => GROUP.ok("kept", days),
        expired => GROUP.warn(
            "kept",
            format!("{days}; {expired} people should be erased by now"),
            "see that the bot runs: it erases them",
        ),
    }
}

fn due(look: &Look, now: Timestamp) -> Finding {
    match look.due {
        None => GROUP.ok("due", "nobody"),
        Some(due) => match now.duration_since(due).as_secs() {
            late @ LATE_S.. => GROUP.warn(
                "due",
                format!("somebody waits since {}", span(late)),
                "see that the bot runs; its log says what hinders it",
            ),
            late @ 1.. => GROUP.ok("due", format!("since {}", span(late))),
            soon => GROUP.ok("due", format!("in {}", span(-soon))),
        },
    }
}

fn polled(look: &Look, now: Timestamp) -> Finding {
    match look
        .polled
        .map(|polled| now.duration_since(polled).as_secs())
    {
        None => GROUP.note("polled", "never", "start the bot with: backtalk run"),
        Some(ago @ QUIET_S..) => GROUP.warn(
            "polled",
            format!("{} ago", span(ago)),
            "see that the bot runs and reaches Telegram",
        ),
        Some(ago) => GROUP.ok("polled", format!("{} ago", span(ago.max(0)))),
    }
}

fn letters(look: &Look) -> Vec<Finding> {
    let count = look.letters.len();
    if count == 0 {
        return vec![GROUP.ok("dead letters", "none")];
    }
    let all = GROUP.warn(
        "dead letters",
        format!("{count}; the newest follow"),
        "look for their times in the log of the bot; then: backtalk store clear-letters",
    );
    let newest = look.letters.iter().rev().take(NEWEST).map(|letter| {
        let at = Timestamp::from_millisecond(letter.at_ms).unwrap_or_default();
        let at = at.strftime("%Y-%m-%d %H:%M:%S UTC");
        let update = letter
            .update
            .map_or(String::new(), |u| format!(", update {u}"));
        let said = format!("{at}{update}: {}", letter.why);
        Finding {
            cure: None,
            ..GROUP.note("dead letter", said, "")
        }
    });
    std::iter::once(all).chain(newest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::print;
    use crate::store::commons::DeadLetter;
    use crate::store::keys::Waiting;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    /// What is said of this, with these keys, when the bot has number 1.
    fn said(look: &Look, keys: &str) -> String {
        let keys = Keyring::parse(1, keys).unwrap();
        let question = Question {
            bot: Some(1),
            keys: &keys,
            keep_days: 90,
            oldest: Timestamp::UNIX_EPOCH,
            now: now(),
        };
        print::text(&judge(look, &question))
    }

    #[track_caller]
    fn check(look: &Look, keys: &str, says: &str) {
        let said = said(look, keys);
        assert!(said.contains(says), "{said}");
    }

    #[test]
    fn whose_the_records_are_is_compared_with_the_token() {
        check(&Look::default(), "", "note  whose: nobody's yet");
        let theirs = Look {
            owner: Some(2),
            ..Look::default()
        };
        check(
            &theirs,
            "",
            "FAIL  whose: those of bot 2, and this is bot 1",
        );
        let half = Look {
            is_half_filled: true,
            ..Look::default()
        };
        check(&half, "", "FAIL  move:");
    }

    #[test]
    fn keys_that_are_missing_waiting_or_not_needed_are_told_apart() {
        let (old, new) = (Keyring::new_key(), Keyring::new_key());
        let id = |key: &str| Keyring::parse(1, key).unwrap().newest().unwrap();
        let sealed = |waiting| Look {
            keys: [id(&old)].into(),
            records: Waiting { all: 4, waiting },
            ..Look::default()
        };
        let both = format!("{new},{old}");
        check(&Look::default(), "", "warn  encryption: NONE");
        check(
            &sealed(4),
            &new,
            &format!("FAIL  encryption: sealed with key {}", id(&old)),
        );
        check(&sealed(4), &both, "note  rotation: 4 records");
        check(
            &sealed(0),
            &both,
            &format!("note  other keys: {}", id(&old)),
        );
        let said = said(&sealed(4), &both);
        assert!(!said.contains(&old) && !said.contains(&new), "{said}");
    }

    #[test]
    fn who_waits_too_long_is_warned_of() {
        let ago = |s: i64| now() - jiff::SignedDuration::from_secs(s);
        let look = |due, polled| Look {
            due: Some(ago(due)),
            polled: Some(ago(polled)),
            expired: 2,
            ..Look::default()
        };
        check(&look(7300, 300), "", "warn  due: somebody waits since 2 h");
        check(&look(7300, 300), "", "warn  polled: 5 min ago");
        check(&look(7300, 300), "", "2 people should be erased");
        check(&look(-60, 5), "", "ok    due: in 60 s");
        check(&look(-60, 5), "", "ok    polled: 5 s ago");
    }

    #[test]
    fn the_newest_dead_letters_are_told_with_their_time_and_why() {
        let letter = |n: i64| DeadLetter {
            at_ms: n * 1000,
            person: Some(777_777),
            update: Some(n),
            why: "panic".into(),
        };
        let look = Look {
            letters: (1..=5).map(letter).collect(),
            ..Look::default()
        };
        let said = said(&look, "");
        assert!(said.contains("dead letters: 5"), "{said}");
        assert!(
            said.contains("1970-01-01 00:00:05 UTC, update 5: panic"),
            "{said}"
        );
        assert!(
            !said.contains("update 2") && !said.contains("777777"),
            "{said}"
        );
    }
}
