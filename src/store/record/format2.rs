//! Bodies as the version before this one wrote them: format 2, without check-ins as questions, time
//! zones, pauses and exercises. They are read, and written in the new format with the next commit.

use serde::Deserialize;

use super::{Body, OwedEntry, Shown};
use crate::engine::coaching::{self, Day, Earlier, Rest, Standing};
use crate::engine::session::{Aside, Event, Form, Pack, RoundEvent, Session};

/// The number of that format.
pub const FORMAT: u8 = 2;

/// A body from the bytes behind the format number.
pub fn read(bytes: &[u8]) -> Result<Body, postcard::Error> {
    postcard::from_bytes::<Body2>(bytes).map(Body::from)
}

#[derive(Deserialize)]
struct Body2 {
    session: Option<Session2>,
    shown: Option<Shown>,
    folding: Vec<i64>,
    owed: Vec<OwedEntry>,
    next_owed: u32,
    refused: u8,
    invited: bool,
}

#[derive(Deserialize)]
struct Session2 {
    form: Form,
    country: Option<String>,
    language: Option<String>,
    visits_before: u32,
    #[serde(with = "crate::engine::compact")]
    log: Vec<Event>,
    #[serde(with = "crate::engine::compact")]
    rounds: Vec<RoundEvent>,
    earlier: Earlier2,
    aside: Aside,
    waiting: Vec<Aside>,
    page: Option<(u8, u8)>,
}

#[derive(Deserialize)]
struct Earlier2 {
    standing: Standing2,
    #[serde(with = "crate::engine::compact")]
    starts: Vec<(i64, Pack)>,
    #[serde(with = "crate::engine::compact")]
    days: Vec<Day>,
}

#[derive(Deserialize)]
struct Standing2 {
    round: Round2,
    last_pack: Option<Pack>,
    skin_wrong: bool,
    silenced: bool,
    got_help_ms: Option<i64>,
    #[serde(with = "crate::engine::compact")]
    followed_up: Vec<(i64, u8)>,
}

#[derive(Deserialize)]
enum Round2 {
    Idle,
    On {
        pack: Pack,
        since_ms: i64,
        skin: bool,
        may_stop: bool,
        off_ms: Option<i64>,
        again: bool,
    },
    Resting {
        pack: Pack,
        since_ms: i64,
        rest: Rest,
    },
    Offered {
        pack: Pack,
    },
}

impl From<Body2> for Body {
    fn from(old: Body2) -> Body {
        Body {
            session: old.session.map(Session::from),
            shown: old.shown,
            folding: old.folding,
            owed: old.owed,
            next_owed: old.next_owed,
            refused: old.refused,
            invited: old.invited,
            ..Body::default()
        }
    }
}

impl From<Session2> for Session {
    fn from(old: Session2) -> Session {
        let standing = old.earlier.standing;
        Session {
            country: old.country,
            language: old.language,
            visits_before: old.visits_before,
            log: old.log,
            rounds: old.rounds,
            earlier: Earlier {
                standing: Standing {
                    round: round(standing.round),
                    last_pack: standing.last_pack,
                    // When it was is not known, so it counts for whatever check there is.
                    skin_wrong_ms: standing.skin_wrong.then_some(i64::MAX),
                    silenced: standing.silenced,
                    got_help_ms: standing.got_help_ms,
                    followed_up: standing.followed_up,
                    ..Standing::default()
                },
                starts: old.earlier.starts,
                days: old.earlier.days,
            },
            aside: old.aside,
            waiting: old.waiting,
            page: old.page,
            ..Session::new(old.form)
        }
    }
}

fn round(old: Round2) -> coaching::Round {
    match old {
        Round2::Idle => coaching::Round::Idle,
        Round2::On {
            pack,
            since_ms,
            skin,
            may_stop,
            off_ms,
            again,
        } => coaching::Round::On {
            pack,
            since_ms,
            skin,
            may_stop,
            off_ms,
            again,
        },
        Round2::Resting {
            pack,
            since_ms,
            rest,
        } => coaching::Round::Resting {
            pack,
            since_ms,
            rest,
        },
        // When it was offered was not kept: long ago, so that it is soon offered anew or given up.
        Round2::Offered { pack } => coaching::Round::Offered { pack, since_ms: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::session::RoundWhat;

    /// What the program of before wrote of somebody with a pack on, byte by byte: the form, GB and
    /// en, one start of ice 1000 ms after 1970, an invitation.
    fn written() -> Vec<u8> {
        let mut out = vec![1];
        out.extend([7; 8]);
        out.extend([1, 2, b'G', b'B', 1, 2, b'e', b'n', 3]);
        // No answers; one event of the rounds: its time, `Started`, ice.
        out.extend([0, 1, 0xe8, 0x07, 0, 0]);
        // Nothing earlier: idle, no pack, no skin, not silenced, no help, no follow-ups, no starts,
        // no days.
        out.extend([0, 0, 0, 0, 0, 0, 0, 0]);
        // No aside, nothing waits, no page.
        out.extend([0, 0, 0]);
        // Nothing shown, folded or owed; the next number 5, none refused, invited.
        out.extend([0, 0, 0, 5, 0, 1]);
        out
    }

    #[test]
    fn a_body_of_the_format_before_is_read() {
        let mut bytes = vec![FORMAT];
        bytes.extend(written());
        let body = Body::read(&bytes).expect("it can be read");
        assert!(body.invited);
        assert_eq!(body.next_owed, 5);
        let session = body.session.as_ref().expect("a session");
        assert_eq!(session.form, Form([7; 8]));
        assert_eq!(session.country.as_deref(), Some("GB"));
        assert_eq!(session.visits_before, 3);
        let started = RoundEvent {
            at_ms: 1000,
            what: RoundWhat::Started(Pack::Ice),
        };
        assert_eq!(session.rounds, [started]);
        assert_eq!(Body::read(&body.bytes()).as_ref().ok(), Some(&body));
    }
}
