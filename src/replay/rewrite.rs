//! Taking over what happened as what is expected. A command calls this, never a test.

use thiserror::Error;

use super::align::Pair;
use super::compare::{accepts, align_messages};
use super::message::{Message, Seen};
use super::read::tidy;
use super::{Above, At, Expect, Observed, Replay, Rules, Stated};

/// How much is written down. Messages always are, and at the end the state and the next timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fill {
    /// What is stated is corrected.
    Stated,
    /// Also what is asked, the state, the rules and the next timer, in each turn that changes them.
    Changes,
    /// Also the question message in full, in each turn that changes it.
    Questions,
}

/// Why a replay is not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RewriteError {
    /// Somebody stands for what it says.
    #[error(
        "{0} has reviewed this replay. Change its expectations by hand, or take the `reviewed` line out."
    )]
    Reviewed(String),
    /// It was not run to its end.
    #[error("The replay has {turns} turns, but {seen} were run. Mend what stops it first.")]
    Unfinished {
        /// How many turns it has.
        turns: usize,
        /// How many were run.
        seen: usize,
    },
}

/// The replay with its expectations as things really are, `seen` being what each turn did. What
/// holds already stays as it is written; everything else in the file is left alone.
pub fn rewrite(replay: &Replay, seen: &[Observed], fill: Fill) -> Result<Replay, RewriteError> {
    if let Some(reviewed) = &replay.reviewed {
        return Err(RewriteError::Reviewed(reviewed.by.clone()));
    }
    let turns = replay.turns().count();
    if turns != seen.len() {
        return Err(RewriteError::Unfinished {
            turns,
            seen: seen.len(),
        });
    }
    let mut out = replay.clone();
    let mut orphans: Above = Vec::new();
    for (n, turn) in out.turns_mut().enumerate() {
        let before = n.checked_sub(1).map(|b| &seen[b]);
        let change = Change {
            now: &seen[n],
            before,
            fill,
            is_last: n + 1 == turns,
        };
        orphans.append(&mut turn.above);
        turn.above = tidy(std::mem::take(&mut orphans));
        turn.expect = change.rewritten(std::mem::take(&mut turn.expect), &mut orphans);
        turn.settle();
        turn.above = tidy(std::mem::take(&mut turn.above));
    }
    orphans.append(&mut out.below);
    out.below = tidy(orphans);
    Ok(out)
}

/// What one turn changed.
struct Change<'a> {
    now: &'a Observed,
    before: Option<&'a Observed>,
    fill: Fill,
    is_last: bool,
}

impl Change<'_> {
    /// The comments of what is taken out go to what follows, at last out of the turn.
    fn rewritten(&self, old: Expect, orphans: &mut Above) -> Expect {
        let now = self.now;
        let bot = messages(old.bot, &now.bot, orphans);
        let sees = now.sees.as_ref();
        let wants_sees =
            self.fill >= Fill::Questions && sees.is_some() && self.changed(|o| &o.sees);
        let sees_is = || sees.map(Message::exactly);
        let sees = one(
            old.sees,
            wants_sees,
            |is| accepts(is.as_ref(), sees),
            || Some(sees_is()),
            orphans,
        );
        let wants = self.fill >= Fill::Changes;
        let asks = now.asks.is_some() && self.changed(|o| &o.asks);
        let asks = one(
            old.asks,
            wants && asks,
            |is| *is == now.asks,
            || Some(now.asks.clone()),
            orphans,
        );
        let wants_state = match self.is_last {
            true => asks.is_none(),
            false => wants && self.changed(|o| &o.state),
        };
        let state = one(
            old.state,
            wants_state,
            |is| *is == now.state,
            || Some(now.state.clone()),
            orphans,
        );
        let fired = now.rules.as_deref();
        let rules = one(
            old.rules,
            wants && fired.is_some(),
            |is| fired.is_some_and(|ids| is.accept(ids)),
            || fired.map(Rules::exactly),
            orphans,
        );
        let due = self.is_last || wants && self.changed(|o| &o.due);
        let due = one(old.due, due, |is| *is == now.due, || Some(now.due), orphans);
        Expect {
            bot,
            sees,
            asks,
            state,
            rules,
            due,
        }
    }

    fn changed<T: PartialEq>(&self, part: impl Fn(&Observed) -> &T) -> bool {
        self.before
            .is_none_or(|before| part(before) != part(self.now))
    }
}

/// A thing stated at most once: kept while it holds, else what is true now, if anything is.
fn one<T>(
    old: Option<Stated<T>>,
    wanted: bool,
    holds: impl Fn(&T) -> bool,
    now: impl Fn() -> Option<T>,
    orphans: &mut Above,
) -> Option<Stated<T>> {
    let (mut above, line, is) = match old {
        Some(Stated { above, line, is }) if holds(&is) => (above, line, Some(is)),
        Some(Stated { above, line, .. }) => (above, line, now()),
        None if wanted => (Above::new(), At(0), now()),
        None => return None,
    };
    orphans.append(&mut above);
    is.map(|is| Stated {
        above: tidy(std::mem::take(orphans)),
        line,
        is,
    })
}

fn messages(old: Vec<Stated<Message>>, seen: &[Seen], orphans: &mut Above) -> Vec<Stated<Message>> {
    let mut out: Vec<Stated<Message>> = Vec::new();
    for pair in align_messages(&old, seen) {
        let (i, is) = match pair {
            Pair::Same(i, _) => (Some(i), Some(old[i].is.clone())),
            Pair::Differ(i, j) => (Some(i), Some(Message::exactly(&seen[j]))),
            Pair::First(i) => (Some(i), None),
            Pair::Second(j) => (None, Some(Message::exactly(&seen[j]))),
        };
        if let Some(i) = i {
            orphans.extend(old[i].above.iter().cloned());
        }
        let line = i.map_or(At(0), |i| old[i].line);
        out.extend(is.map(|is| Stated {
            above: tidy(std::mem::take(orphans)),
            line,
            is,
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_draft, print};
    use super::*;

    const TOP: &str = "# It holds.\ndialogue: back_spasm\n\n--- 2026-03-02 Europe/London\n";

    /// A first turn that asks, and a second that tells.
    fn seen() -> Vec<Observed> {
        let asks = Observed {
            sees: Some(Seen::new(
                "Any of these?",
                [vec!["None of these".to_owned()]],
            )),
            asks: Some("danger_now".to_owned()),
            state: "asking.safety".to_owned(),
            ..Observed::default()
        };
        let tells = Observed {
            bot: vec![Seen::new("Call 999.", [vec!["Why?".to_owned()]])],
            state: "verdict.emergency".to_owned(),
            rules: Some(vec!["E01_a".to_owned()]),
            due: Some("2026-03-02T11:01:00Z".parse().unwrap()),
            ..Observed::default()
        };
        vec![asks, tells]
    }

    fn check(fill: Fill, before: &str, after: &str) {
        let replay = parse_draft(&format!("{TOP}{before}")).unwrap();
        let rewritten = rewrite(&replay, &seen(), fill).unwrap();
        let text = print(&rewritten);
        assert_eq!(text.strip_prefix(TOP), Some(after), "{before}");
        assert_eq!(parse(&text).as_ref(), Ok(&rewritten), "{before}");
        assert_eq!(
            rewrite(&rewritten, &seen(), fill).as_ref(),
            Ok(&rewritten),
            "again: {before}"
        );
    }

    #[test]
    fn messages_and_the_end_are_always_filled_in() {
        check(
            Fill::Stated,
            "09:00  user   [Yes]\n\n# Now.\n09:01  user   [No]\n",
            "09:00  user   [Yes]\n\n# Now.\n09:01  user   [No]\n       bot    Call 999.\n              [Why?]\n       state  verdict.emergency\n       due    11:01\n",
        );
    }

    #[test]
    fn what_each_turn_changes_is_filled_in_when_asked_for() {
        check(
            Fill::Changes,
            "09:00  user   [Yes]\n09:01  user   [No]\n",
            "09:00  user   [Yes]\n       asks   danger_now\n       state  asking.safety\n       due    none\n09:01  user   [No]\n       bot    Call 999.\n              [Why?]\n       state  verdict.emergency\n       rules  E01_a\n       due    11:01\n",
        );
        check(
            Fill::Questions,
            "09:00  user   [Yes]\n09:01\n",
            "09:00  user   [Yes]\n       sees   Any of these?\n              [None of these]\n       asks   danger_now\n       state  asking.safety\n       due    none\n09:01  bot    Call 999.\n              [Why?]\n       state  verdict.emergency\n       rules  E01_a\n       due    11:01\n",
        );
    }

    #[test]
    fn what_holds_stays_as_it_is_written_and_what_does_not_is_corrected_in_place() {
        check(
            Fill::Stated,
            "09:00  user   [Yes]\n       sees   *\n              [None of these]\n       asks   who\n09:01  user   [No]\n# Whatever it says.\n       bot    *\n       state  plan\n       rules  *\n       due    none\n",
            "09:00  user   [Yes]\n       sees   *\n              [None of these]\n       asks   danger_now\n09:01  user   [No]\n# Whatever it says.\n       bot    *\n       state  verdict.emergency\n       rules  *\n       due    11:01\n",
        );
    }

    #[test]
    fn what_is_taken_out_leaves_its_comment_behind() {
        check(
            Fill::Stated,
            "09:00  user   [Yes]\n# A greeting.\n       bot    Hello.\n       rules  none\n09:01  bot    Call.\n# The end.\n",
            "09:00  user   [Yes]\n# A greeting.\n09:01  bot    Call 999.\n              [Why?]\n       state  verdict.emergency\n       due    11:01\n# The end.\n",
        );
    }

    #[test]
    fn a_reviewed_or_unfinished_replay_is_not_rewritten() {
        let text = format!("{TOP}09:00  restart\n");
        let draft = parse_draft(&text).unwrap();
        let unfinished = RewriteError::Unfinished { turns: 1, seen: 2 };
        assert_eq!(rewrite(&draft, &seen(), Fill::Stated), Err(unfinished));
        let text = text.replace("\n\n", "\nreviewed: Dr A, 2026-03-02\n\n");
        let reviewed = parse_draft(&text).unwrap();
        assert_eq!(
            rewrite(&reviewed, &seen()[..1], Fill::Stated),
            Err(RewriteError::Reviewed("Dr A".to_owned()))
        );
    }
}
