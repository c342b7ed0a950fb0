//! A session in the numbers of another form, event by event.

use super::map::Map;
use crate::engine::coaching::{Earlier, Standing};
use crate::engine::session::{Aside, RoundEvent, RoundWhat, Session, What};
use crate::engine::timers::RECHECK;

impl Map {
    /// The session, or nothing when an event has no counterpart. `lenient` leaves out what rounds
    /// have none for.
    ///
    /// `open` is the open screen in both forms, where it is the same one.
    pub(super) fn session(
        &self,
        session: &Session,
        open: Option<usize>,
        lenient: bool,
    ) -> Option<Session> {
        let mut out = session.clone();
        for event in &mut out.log {
            event.what = self.what(event.what)?;
        }
        out.rounds.clear();
        for event in &session.rounds {
            match self.round(event.what) {
                Some(what) => out.rounds.push(RoundEvent { what, ..*event }),
                None if lenient => {}
                None => return None,
            }
        }
        self.earlier(&mut out.earlier);
        out.aside = self.aside(&session.aside, open)?;
        let waiting = session.waiting.iter().map(|a| self.aside(a, open));
        out.waiting = waiting.collect::<Option<_>>()?;
        let page = |(page, part)| Some((self.page(page)?, part));
        out.page = session.page.and_then(page);
        Some(out)
    }

    fn what(&self, what: What) -> Option<What> {
        let screen_of = |screen: u16| {
            let to = self.screen(usize::from(screen))?;
            u16::try_from(to).ok()
        };
        let item_of = |screen: u16, item: u8| {
            let (screen, item) = self.item(usize::from(screen), item)?;
            Some((u16::try_from(screen).ok()?, item))
        };
        let option_of = |fact: u8, option: u8| {
            let (fact, option) = self.option(usize::from(fact), option)?;
            Some((u8::try_from(fact).ok()?, option))
        };
        Some(match what {
            What::Answered { screen, item } => {
                let (screen, item) = item_of(screen, item)?;
                What::Answered { screen, item }
            }
            What::Ticked { screen, item } => {
                let (screen, item) = item_of(screen, item)?;
                What::Ticked { screen, item }
            }
            What::Unticked { screen, item } => {
                let (screen, item) = item_of(screen, item)?;
                What::Unticked { screen, item }
            }
            What::Finished { screen } => What::Finished {
                screen: screen_of(screen)?,
            },
            What::Skipped { screen } => What::Skipped {
                screen: screen_of(screen)?,
            },
            What::Reopened { screen } => What::Reopened {
                screen: screen_of(screen)?,
            },
            What::First { screen } => What::First {
                screen: screen_of(screen)?,
            },
            What::Explained {
                screen,
                fact,
                option,
            } => {
                let (fact, option) = option_of(fact, option)?;
                What::Explained {
                    screen: screen_of(screen)?,
                    fact,
                    option,
                }
            }
            What::Asked { fact, option } => {
                let (fact, option) = option_of(fact, option)?;
                What::Asked { fact, option }
            }
            What::CheckIn {
                number,
                packs,
                no_visit,
            } => What::CheckIn {
                number: self.check_in(number)?,
                packs,
                no_visit,
            },
            What::Began(_)
            | What::Undone
            | What::Withdrawn
            | What::Told { .. }
            | What::Planned
            | What::CameBack { .. }
            | What::NothingNew
            | What::CheckedIn
            | What::Moved { .. }
            | What::Recalled => what,
        })
    }

    fn round(&self, what: RoundWhat) -> Option<RoundWhat> {
        let check_in = |n| match n {
            RECHECK => Some(RECHECK),
            n => self.check_in(n),
        };
        Some(match what {
            RoundWhat::FollowedUp(n) => RoundWhat::FollowedUp(check_in(n)?),
            RoundWhat::Repeated(n) => RoundWhat::Repeated(check_in(n)?),
            RoundWhat::Closed(n) => RoundWhat::Closed(check_in(n)?),
            RoundWhat::SkippedCheckIn(n) => RoundWhat::SkippedCheckIn(check_in(n)?),
            RoundWhat::Drill(n) => RoundWhat::Drill(self.drill(n)?),
            RoundWhat::DrillDropped(n) => RoundWhat::DrillDropped(self.drill(n)?),
            other => other,
        })
    }

    /// What was rolled up is counts: those of what is gone are left out.
    fn earlier(&self, earlier: &mut Earlier) {
        let check_in = |(at_ms, n): (i64, u8)| Some((at_ms, self.check_in(n)?));
        let drill = |(at_ms, n): (i64, u8)| Some((at_ms, self.drill(n)?));
        let Standing {
            followed_up,
            repeated,
            drill: under_way,
            last_drill,
            dropped,
            ..
        } = &mut earlier.standing;
        *followed_up = followed_up.iter().copied().filter_map(check_in).collect();
        *repeated = repeated.and_then(|(at_ms, n)| match n {
            RECHECK => Some((at_ms, n)),
            n => check_in((at_ms, n)),
        });
        *under_way = under_way.and_then(drill);
        *last_drill = last_drill.and_then(|n| self.drill(n));
        *dropped = dropped.iter().copied().filter_map(drill).collect();
        for day in &mut earlier.days {
            let bits = day.done.followed_up;
            let sent = (0..64_u8).filter(|n| bits & (1 << n) != 0);
            let kept = sent.filter_map(|n| self.check_in(n));
            day.done.followed_up = kept.fold(0, |sum, n| sum | crate::engine::coaching::bit(n));
        }
    }

    /// What stands over the question. What belongs to a screen that is not open any more is put
    /// away; a question of danger must have its counterpart.
    fn aside(&self, aside: &Aside, open: Option<usize>) -> Option<Aside> {
        Some(match aside {
            Aside::Words { fact, words } => Aside::Words {
                fact: u8::try_from(self.fact(usize::from(*fact))?).ok()?,
                words: words.clone(),
            },
            Aside::Explain { fact } => {
                let fact = self.fact(usize::from(*fact)).filter(|_| open.is_some());
                match fact.and_then(|f| u8::try_from(f).ok()) {
                    Some(fact) => Aside::Explain { fact },
                    None => Aside::None,
                }
            }
            Aside::Took { item } => match open.and_then(|screen| self.item(screen, *item)) {
                Some((_, item)) => Aside::Took { item },
                None => Aside::None,
            },
            Aside::Which if open.is_none() => Aside::None,
            other => other.clone(),
        })
    }
}
