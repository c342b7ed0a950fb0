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
    #[error("{0} has reviewed this replay. Change its expectations by hand, or take the `reviewed` line out.")]
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
        return Err(RewriteError::Unfinished { turns, seen: seen.len() });
    }
    let mut out = replay.clone();
    let mut orphans: Above = Vec::new();
    for (n, turn) in out.turns_mut().enumerate() {
        let before = n.checked_sub(1).map(|b| &seen[b]);
        let change = Change { now: &seen[n], before, fill, is_last: n + 1 == turns };
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
        let wants_sees = self.fill >= Fill::Questions && sees.is_some() && self.changed(|o| &o.sees);
        let sees_is = || sees.map(Message::exactly);
        let sees = one(old.sees, wants_sees, |is| accepts(is.as_ref(), sees), || Some(sees_is()), orphans);
        let wants = self.fill >= Fill::Changes;
        let asks = now.asks.is_some() && self.changed(|o| &o.asks);
        let asks = one(old.asks, wants && asks, |is| *is == now.asks, || Some(now.asks.clone()), orphans);
        let said = asks.as_ref().and_then(|a| a.is.as_ref()).is_some_and(|id| now.state == format!("asking {id}"));
        let wants_state = if self.is_last { asks.is_none() } else { wants && self.changed(|o| &o.state) && !said };
        let state = one(old.state, wants_state, |is| *is == now.state, || Some(now.state.clone()), orphans);
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
        Expect { bot, sees, asks, state, rules, due }
    }

    fn changed<T: PartialEq>(&self, part: impl Fn(&Observed) -> &T) -> bool {
        self.before.is_none_or(|before| part(before) != part(self.now))
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
    is.map(|is| Stated { above: tidy(std::mem::take(orphans)), line, is })
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
        out.extend(is.map(|is| Stated { above: tidy(std::mem::take(orphans)), line, is }));
    }
    out
}
