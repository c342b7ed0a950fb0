//! Invitation codes: signed, expiring, and made without keeping anything.
//!
//! A code is when it expires (4 bytes, seconds since 1970), 8 random bytes that make it unlike any
//! other, and a tag over both (16 bytes of HMAC-SHA-256), as base64url without padding: 38 of the
//! characters that a Telegram link may carry. The key comes from the bot token, so that a code
//! opens only the bot it was made for, and a new token ends all codes. Pure: `cli` makes codes,
//! `telegram/access` reads them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// What the key is for, so that the token can be the root of other keys too.
const LABEL: &[u8] = b"backtalk invitation 1";

/// Bytes of the tag: half of the hash, far beyond guessing.
const TAG: usize = 16;

/// Bytes before the tag.
const SIGNED: usize = 12;

/// The key with which one bot signs its codes. It does not print.
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key of the bot with this token.
    pub fn of_token(token: &str) -> Key {
        let derived = mac(token.as_bytes()).chain_update(LABEL).finalize();
        Key(mac(&derived.into_bytes()))
    }

    /// A code that is good until `until`, cut to whole seconds. Nothing when that is outside of 1970
    /// to 2106, which 4 bytes can tell.
    pub fn code(&self, until: Timestamp, random: [u8; 8]) -> Option<String> {
        let until = u32::try_from(until.as_second()).ok()?;
        let mut bytes = [until.to_be_bytes().as_slice(), &random].concat();
        let tag = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG]);
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether a code is one of ours and not expired. The tag is compared in constant time.
    pub fn is_good(&self, code: &str, now: Timestamp) -> bool {
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(code) else {
            return false;
        };
        let Some((signed, tag)) = bytes.split_at_checked(SIGNED) else {
            return false;
        };
        let until = signed.first_chunk().map(|b| u32::from_be_bytes(*b));
        let ours = tag.len() == TAG
            && self
                .0
                .clone()
                .chain_update(signed)
                .verify_truncated_left(tag)
                .is_ok();
        ours && until.is_some_and(|until| now.as_second() < i64::from(until))
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length, so this never falls back to the empty one.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn code() -> String {
        Key::of_token(TOKEN).code(at(1_000), [7; 8]).unwrap()
    }

    #[test]
    fn a_code_is_good_until_the_second_it_expires() {
        let key = Key::of_token(TOKEN);
        for (now, good) in [(0, true), (999, true), (1_000, false), (1_001, false)] {
            assert_eq!(key.is_good(&code(), at(now)), good, "{now}");
        }
        let last = i64::from(u32::MAX);
        let code = key.code(at(last), [0; 8]).unwrap();
        assert!(key.is_good(&code, at(last - 1)) && !key.is_good(&code, at(last)));
        assert_eq!(key.code(at(last + 1), [0; 8]), None);
        assert_eq!(key.code(at(-1), [0; 8]), None);
    }

    #[test]
    fn a_code_fits_a_telegram_link_and_is_unlike_the_next() {
        let code = code();
        assert_eq!(code.len(), 38);
        assert!(
            code.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        );
        assert_ne!(Key::of_token(TOKEN).code(at(1_000), [8; 8]).unwrap(), code);
    }

    #[test]
    fn a_code_with_any_bit_changed_is_not_good() {
        let key = Key::of_token(TOKEN);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(code()).unwrap();
        for n in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[n / 8] ^= 1 << (n % 8);
            let other = BASE64_URL_SAFE_NO_PAD.encode(other);
            assert!(!key.is_good(&other, at(0)), "bit {n}");
        }
    }

    #[test]
    fn what_is_no_code_is_not_good() {
        let key = Key::of_token(TOKEN);
        let (whole, long) = (code(), format!("{}AAAA", code()));
        for other in ["", "group", &whole[..16], &whole[..37], &long, "é", "=="] {
            assert!(!key.is_good(other, at(0)), "{other}");
        }
        assert!(!key.is_good(&format!("{whole}="), at(0)));
    }

    #[test]
    fn a_code_opens_no_other_bot() {
        let other = TOKEN.replace("123456789", "123456788");
        assert!(!Key::of_token(&other).is_good(&code(), at(0)));
    }
}
