//! Sealing: what a person said is kept encrypted when a key is configured.
//!
//! The stores seal the body of a record when they keep it and open it when they read it. Version,
//! due time and update ids stay outside, since the store works with them. A sealed body is bound to
//! the bot, the person and the version: moved to another place it does not open.
//!
//! Shape of a body in a store: one byte for how it is kept, then
//! - [`PLAIN`]: the bytes as they are;
//! - [`SEALED`]: 4 bytes that name the key, 24 bytes nonce, the ciphertext with its 16-byte tag
//!   (XChaCha20-Poly1305, draft-irtf-cfrg-xchacha).

use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{Person, StoreError};

/// A body that is kept as it is.
pub const PLAIN: u8 = 0;

/// A body that is kept encrypted.
pub const SEALED: u8 = 1;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Names a key without telling anything about it: the first bytes of a hash of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    fn of(key: &[u8]) -> KeyId {
        let digest = Sha256::new_with_prefix(b"backtalk key id\0")
            .chain_update(key)
            .finalize();
        KeyId([digest[0], digest[1], digest[2], digest[3]])
    }

    /// The id that was printed like this.
    pub fn parse(text: &str) -> Option<KeyId> {
        u32::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() == 8)
            .map(|n| KeyId(n.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Keys that cannot be used. The key itself is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not 32 bytes in base64.
    #[error(
        "key number {0} of BACKTALK_KEY is not 32 bytes in base64. Make one with: backtalk key"
    )]
    Shape(usize),
    /// The same key twice.
    #[error("key number {0} of BACKTALK_KEY stands there twice. Take one away")]
    Twice(usize),
}

/// The keys of one bot: the first seals, all open. Without any, bodies are kept as they are.
#[derive(Clone, Default)]
pub struct Keyring {
    bot: u64,
    keys: Vec<(KeyId, XChaCha20Poly1305)>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Keyring {
    /// No keys.
    pub fn none() -> Keyring {
        Keyring::default()
    }

    /// The keys in `text`, apart by commas, each 32 bytes in base64; the newest first. `bot` is the
    /// number of the bot in its token.
    pub fn parse(bot: u64, text: &str) -> Result<Keyring, KeyError> {
        let mut keys: Vec<(KeyId, XChaCha20Poly1305)> = Vec::new();
        let written = text.split(',').map(str::trim).filter(|k| !k.is_empty());
        for (n, written) in written.enumerate() {
            let shape = || KeyError::Shape(n + 1);
            let bytes = BASE64_STANDARD
                .decode(written)
                .or_else(|_| BASE64_URL_SAFE.decode(written))
                .map(Zeroizing::new)
                .map_err(|_| shape())?;
            let key: Zeroizing<[u8; KEY_BYTES]> =
                Zeroizing::new(bytes.as_slice().try_into().map_err(|_| shape())?);
            let id = KeyId::of(&*key);
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(KeyError::Twice(n + 1));
            }
            keys.push((id, XChaCha20Poly1305::new(&Key::from(*key))));
        }
        Ok(Keyring { bot, keys })
    }

    /// A new key, as [`Keyring::parse`] reads it.
    pub fn new_key() -> String {
        BASE64_STANDARD.encode(Key::generate())
    }

    /// The keys, newest first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|(id, _)| *id)
    }

    /// The key that seals; none when bodies are kept as they are.
    pub fn newest(&self) -> Option<KeyId> {
        self.ids().next()
    }

    /// The form in which this version of the body of a person's record is kept.
    pub fn close(&self, person: Person, version: u64, body: &[u8]) -> Vec<u8> {
        let Some((id, cipher)) = self.keys.first() else {
            return [&[PLAIN], body].concat();
        };
        let nonce = XNonce::generate();
        let aad = self.bound_to(person, version);
        let payload = Payload {
            msg: body,
            aad: &aad,
        };
        match cipher.encrypt(&nonce, payload) {
            Ok(sealed) => [&[SEALED][..], &id.0, &nonce, &sealed].concat(),
            // The cipher refuses only bodies of more than 250 GB.
            Err(_) => Vec::new(),
        }
    }

    /// The body that is kept like this.
    pub fn open(
        &self,
        person: Person,
        version: u64,
        kept: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = || StoreError::Unreadable("its bytes are damaged".into());
        match kept {
            [PLAIN, body @ ..] => Ok(Zeroizing::new(body.to_vec())),
            [SEALED, rest @ ..] if rest.len() > 4 + NONCE_BYTES => {
                let (id, rest) = rest.split_at(4);
                let (nonce, sealed) = rest.split_at(NONCE_BYTES);
                let id = KeyId(id.try_into().map_err(|_| damaged())?);
                let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
                let (_, cipher) = self.keys.iter().find(|(k, _)| *k == id).ok_or_else(|| {
                    StoreError::Unreadable(format!(
                        "it is sealed with key {id}, which is not in BACKTALK_KEY"
                    ))
                })?;
                let aad = self.bound_to(person, version);
                let payload = Payload {
                    msg: sealed,
                    aad: &aad,
                };
                cipher
                    .decrypt(&nonce, payload)
                    .map(Zeroizing::new)
                    .map_err(|_| damaged())
            }
            _ => Err(damaged()),
        }
    }

    /// The bytes that a sealed body is bound to: bot, person and version.
    fn bound_to(&self, person: Person, version: u64) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.bot.to_be_bytes());
        bytes[8..16].copy_from_slice(&person.0.to_be_bytes());
        bytes[16..].copy_from_slice(&version.to_be_bytes());
        bytes
    }
}

/// The key that a kept body is sealed with; none when it is kept as it is.
pub fn key_of(kept: &[u8]) -> Option<KeyId> {
    match kept {
        [SEALED, rest @ ..] => rest.first_chunk().copied().map(KeyId),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Person = Person(7);

    fn ring(bot: u64, text: &str) -> Keyring {
        Keyring::parse(bot, text).unwrap()
    }

    #[test]
    fn a_sealed_body_opens_only_in_its_own_place() {
        let key = Keyring::new_key();
        let ours = ring(1, &key);
        let kept = ours.close(ANN, 3, b"numb");
        assert!(!kept.windows(4).any(|w| w == b"numb"));
        assert_eq!(&**ours.open(ANN, 3, &kept).unwrap(), b"numb");
        assert!(ours.open(Person(8), 3, &kept).is_err());
        assert!(ours.open(ANN, 4, &kept).is_err());
        assert!(ring(2, &key).open(ANN, 3, &kept).is_err());
        let mut spoilt = kept.clone();
        *spoilt.last_mut().unwrap() ^= 1;
        assert!(ours.open(ANN, 3, &spoilt).is_err());
    }

    #[test]
    fn an_old_key_still_opens_and_a_missing_one_is_named() {
        let (old, new) = (Keyring::new_key(), Keyring::new_key());
        let kept = ring(1, &old).close(ANN, 3, b"numb");
        let both = ring(1, &format!("{new}, {old}"));
        assert_eq!(&**both.open(ANN, 3, &kept).unwrap(), b"numb");
        assert_eq!(key_of(&both.close(ANN, 3, b"numb")), both.newest());
        let said = ring(1, &new).open(ANN, 3, &kept).unwrap_err().to_string();
        let id = key_of(&kept).unwrap().to_string();
        assert!(said.contains(&id), "{said}");
        assert_eq!(KeyId::parse(&id), key_of(&kept));
    }

    #[test]
    fn without_a_key_a_body_is_kept_as_it_is_and_still_opens_with_one() {
        let kept = Keyring::none().close(ANN, 3, b"numb");
        assert_eq!(kept, b"\0numb");
        assert_eq!(key_of(&kept), None);
        let keyed = ring(1, &Keyring::new_key());
        assert_eq!(&**keyed.open(ANN, 3, &kept).unwrap(), b"numb");
    }

    #[test]
    fn a_key_that_cannot_be_one_is_refused_without_showing_it() {
        let said = Keyring::parse(1, "c2hvcnQ=").unwrap_err();
        assert_eq!(said, KeyError::Shape(1));
        assert!(!said.to_string().contains("c2hvcnQ"));
        let key = Keyring::new_key();
        let twice = Keyring::parse(1, &format!("{key},{key}")).unwrap_err();
        assert_eq!(twice, KeyError::Twice(2));
        assert!(!format!("{:?}", ring(1, &key)).contains(&key));
    }
}
