//! What is kept of one person as one string of Redis.
//!
//! The header has fixed places, so that the scripts read it without a decoder:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | [`FORMAT`] |
//! | 8 | version, unsigned |
//! | 1 | 2 when somebody is due in the first lane, 1 when in the other, 0 when not due |
//! | 8 | when, in milliseconds since 1970, signed; 0 when not due |
//! | 8 | when last active, in milliseconds since 1970, signed |
//! | 1 | how many updates follow |
//! | 1 | their width: how many of the 8 bytes of an update stand apart for each |
//! | 8 less the width | the first bytes, which all updates share |
//! | the width, each | the last bytes of each update, oldest first |
//! | the rest | the body |
//!
//! All numbers are big-endian, and updates signed. Those of one person lie close together, so that
//! most of their bytes are shared. `lua/commit.lua` knows the places too.

use crate::store::{Lane, StoreError, Stored};

/// The format of the header.
pub const FORMAT: u8 = 1;

/// The string of `stored`. Of very many updates the last 255 are kept.
pub fn pack(stored: &Stored) -> Vec<u8> {
    let surplus = stored.seen.len().saturating_sub(usize::from(u8::MAX));
    let seen = &stored.seen[surplus..];
    let seen: Vec<[u8; 8]> = seen.iter().map(|update| update.to_be_bytes()).collect();
    let shared = shared(&seen);
    let mut out = Vec::with_capacity(36 + 8 * seen.len() + stored.body.len());
    out.push(FORMAT);
    out.extend(stored.version.to_be_bytes());
    out.push(match (stored.due_ms, stored.lane) {
        (None, _) => 0,
        (Some(_), Lane::Other) => 1,
        (Some(_), Lane::First) => 2,
    });
    out.extend(stored.due_ms.unwrap_or_default().to_be_bytes());
    out.extend(stored.active_ms.to_be_bytes());
    // No more than 255 are left, and the width is at most 8.
    out.push(seen.len() as u8);
    out.push((8 - shared) as u8);
    out.extend(seen.first().iter().flat_map(|update| &update[..shared]));
    out.extend(seen.iter().flat_map(|update| &update[shared..]));
    out.extend(&stored.body);
    out
}

/// How many first bytes all have in common; none where there is nothing.
fn shared(seen: &[[u8; 8]]) -> usize {
    let Some((first, others)) = seen.split_first() else {
        return 0;
    };
    let is_shared = |n: &usize| others.iter().all(|other| other[*n] == first[*n]);
    (0..8).take_while(is_shared).count()
}

/// What was kept as this string.
pub fn unpack(bytes: &[u8]) -> Result<Stored, StoreError> {
    match bytes.first() {
        Some(&FORMAT) => {}
        Some(other) => {
            return Err(StoreError::Unreadable(format!(
                "its header has format {other}, this program reads {FORMAT}"
            )));
        }
        None => return Err(StoreError::Unreadable("it is empty".into())),
    }
    read(&bytes[1..]).ok_or_else(|| StoreError::Unreadable("its header is damaged".into()))
}

fn read(rest: &[u8]) -> Option<Stored> {
    let (version, rest) = rest.split_first_chunk()?;
    let (is_due, rest) = rest.split_first()?;
    let (due_ms, rest) = rest.split_first_chunk()?;
    let (active_ms, rest) = rest.split_first_chunk()?;
    let (count, rest) = rest.split_first()?;
    let (width, rest) = rest.split_first()?;
    let width = usize::from(*width);
    let (shared, rest) = rest.split_at_checked(8_usize.checked_sub(width)?)?;
    let (apart, body) = rest.split_at_checked(width * usize::from(*count))?;
    let update = |n: usize| {
        let mut whole = [0; 8];
        whole[..shared.len()].copy_from_slice(shared);
        whole[shared.len()..].copy_from_slice(&apart[n * width..(n + 1) * width]);
        i64::from_be_bytes(whole)
    };
    // Without any update nothing is shared.
    if *count == 0 && width != 8 {
        return None;
    }
    Some(Stored {
        version: u64::from_be_bytes(*version),
        due_ms: (*is_due != 0).then(|| i64::from_be_bytes(*due_ms)),
        lane: match is_due {
            2 => Lane::First,
            _ => Lane::Other,
        },
        active_ms: i64::from_be_bytes(*active_ms),
        seen: (0..usize::from(*count)).map(update).collect(),
        body: body.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(seen: Vec<i64>) -> Stored {
        Stored {
            version: u64::MAX,
            due_ms: Some(-1),
            lane: Lane::First,
            active_ms: i64::MIN,
            seen,
            body: b"body".to_vec(),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for stored in [
            stored(vec![]),
            stored(vec![i64::MIN, 0, i64::MAX]),
            stored(vec![900_000_000]),
            stored(vec![7, 7]),
            stored(vec![900_000_256, 900_000_000, 900_070_000]),
            Stored {
                lane: Lane::Other,
                ..stored(vec![5])
            },
            Stored {
                due_ms: None,
                lane: Lane::Other,
                ..stored(vec![5])
            },
        ] {
            assert_eq!(unpack(&pack(&stored)).unwrap(), stored);
        }
    }

    #[test]
    fn of_very_many_updates_the_last_are_kept() {
        let found = unpack(&pack(&stored((0..300).collect()))).unwrap();
        assert_eq!(found, stored((45..300).collect()));
    }

    #[test]
    fn a_damaged_header_is_unreadable_wherever_it_ends() {
        let whole = pack(&stored(vec![1, 2]));
        let body = whole.len() - 4;
        for end in 0..body {
            assert!(unpack(&whole[..end]).is_err());
        }
        assert!(unpack(b"\x02whatever").is_err());
    }

    #[test]
    fn updates_that_lie_close_together_take_little_room() {
        let size = |seen| pack(&stored(seen)).len();
        let none = size(vec![]);
        let close = (0..16).map(|n| 900_000_000 + 5000 * n).collect();
        assert_eq!(size(close) - none, 5 + 16 * 3);
        assert_eq!(size(vec![i64::MIN, i64::MAX]) - none, 16);
    }
}
