//! What is kept of one person as one string of Redis.
//!
//! The header has fixed places, so that the scripts read it without a decoder:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | [`FORMAT`] |
//! | 8 | version, unsigned |
//! | 1 | 1 when somebody is due, else 0 |
//! | 8 | when, in milliseconds since 1970, signed; 0 when not due |
//! | 8 | when last active, in milliseconds since 1970, signed |
//! | 1 | how many updates follow |
//! | 8 each | updates, oldest first, signed |
//! | the rest | the body |
//!
//! All numbers are big-endian. `lua/commit.lua` knows the places too.

use crate::store::{StoreError, Stored};

/// The format of the header.
pub const FORMAT: u8 = 1;

/// The string of `stored`. Of very many updates the last 255 are kept.
pub fn pack(stored: &Stored) -> Vec<u8> {
    let surplus = stored.seen.len().saturating_sub(usize::from(u8::MAX));
    let seen = &stored.seen[surplus..];
    let mut out = Vec::with_capacity(27 + 8 * seen.len() + stored.body.len());
    out.push(FORMAT);
    out.extend(stored.version.to_be_bytes());
    out.push(u8::from(stored.due_ms.is_some()));
    out.extend(stored.due_ms.unwrap_or_default().to_be_bytes());
    out.extend(stored.active_ms.to_be_bytes());
    // No more than 255 are left.
    out.push(seen.len() as u8);
    out.extend(seen.iter().flat_map(|update| update.to_be_bytes()));
    out.extend(&stored.body);
    out
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
    let (seen, body) = rest.split_at_checked(8 * usize::from(*count))?;
    let (seen, _) = seen.as_chunks();
    Some(Stored {
        version: u64::from_be_bytes(*version),
        due_ms: (*is_due == 1).then(|| i64::from_be_bytes(*due_ms)),
        active_ms: i64::from_be_bytes(*active_ms),
        seen: seen
            .iter()
            .map(|update| i64::from_be_bytes(*update))
            .collect(),
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
            Stored {
                due_ms: None,
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
}
