//! Seals secrets that must be readable again, and digests tokens that need not be.
//!
//! A sealed text is base64url, without padding, of
//!
//! | bytes | content |
//! |---:|---|
//! | 1 | version, 1 |
//! | 8 | key identifier: the first bytes of SHA-256 of a label and the key |
//! | 12 | nonce, random |
//! | 16 | tag |
//! | rest | AES-256-GCM of the text |
//!
//! The associated data are the kind of the text, the provider and the key of the row, joined with
//! `|`, so a value that was moved to another row does not open.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::rand::rand_bytes;
use openssl::sha::Sha256;
use protocol::{Secret, lock};
use zeroize::Zeroizing;

use crate::random::hexadecimal;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const KEY_ID_LABEL: &[u8] = b"frontdesk sealing key id";

/// Returns AES-256-GCM. OpenSSL looks an unfetched cipher up by its name at each use, which takes
/// longer than sealing a secret.
fn cipher() -> Option<&'static Cipher> {
    static FETCHED: OnceLock<Option<Cipher>> = OnceLock::new();
    FETCHED
        .get_or_init(|| Cipher::fetch(None, "AES-256-GCM", None).ok())
        .as_ref()
}

/// The key that seals client secrets and private keys. It is kept outside the database.
#[derive(Clone)]
pub struct SealingKey {
    key: Zeroizing<[u8; KEY_BYTES]>,
    id: [u8; KEY_ID_BYTES],
    sealing: Arc<CipherContext>,
    opening: Arc<CipherContext>,
}

/// A cipher context with the key set, kept for the next text. Creating one takes longer than
/// sealing a secret.
#[derive(Default)]
struct CipherContext(Mutex<Option<CipherCtx>>);

impl CipherContext {
    /// Runs `work` with the context, or with a new one if none is kept. A context that failed is
    /// dropped.
    fn with<T>(
        &self,
        new: impl FnOnce() -> Option<CipherCtx>,
        work: impl FnOnce(&mut CipherCtx) -> Option<T>,
    ) -> Option<T> {
        let mut kept = lock(&self.0);
        let mut context = kept.take().or_else(new)?;
        let done = work(&mut context)?;
        *kept = Some(context);
        Some(done)
    }
}

/// Returns a fresh random nonce.
fn nonce() -> Option<[u8; NONCE_BYTES]> {
    static DRAWN: Mutex<Vec<[u8; NONCE_BYTES]>> = Mutex::new(Vec::new());
    let mut drawn = lock(&DRAWN);
    if drawn.is_empty() {
        // A request for random bytes has a high fixed cost, so 64 nonces are drawn at once. Nonces
        // are not secret.
        let mut bytes = [0; NONCE_BYTES * 64];
        rand_bytes(&mut bytes).ok()?;
        drawn.extend(bytes.as_chunks().0);
    }
    drawn.pop()
}

/// The reason why a sealing key is invalid. Never quotes the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is not base64.
    #[error("the sealing key must be 32 bytes in base64, and this is not base64")]
    NotBase64,
    /// The key has the wrong length.
    #[error("the sealing key must be 32 bytes in base64, and this is {0} bytes")]
    WrongLength(usize),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes for a sealing key")]
    NoRandomness,
}

impl SealingKey {
    /// Parses 32 bytes of base64: standard or URL-safe alphabet, padded or not, surrounding white
    /// space ignored.
    ///
    /// # Errors
    /// [`SealError::NotBase64`], [`SealError::WrongLength`].
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        let text = Zeroizing::new(
            text.trim()
                .trim_end_matches('=')
                .replace('-', "+")
                .replace('_', "/"),
        );
        let bytes = Zeroizing::new(
            STANDARD_NO_PAD
                .decode(text.as_bytes())
                .map_err(|_| SealError::NotBase64)?,
        );
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
            .map_err(|_| SealError::WrongLength(bytes.len()))?;
        let mut digest = Sha256::new();
        digest.update(KEY_ID_LABEL);
        digest.update(&key);
        let mut id = [0; KEY_ID_BYTES];
        id.iter_mut()
            .zip(digest.finish())
            .for_each(|(to, from)| *to = from);
        Ok(Self {
            key: Zeroizing::new(key),
            id,
            sealing: Arc::default(),
            opening: Arc::default(),
        })
    }

    /// Generates a random key, in base64, for an operator to keep.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] if the operating system gives no random bytes.
    pub fn generate() -> Result<Secret, SealError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand_bytes(key.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
        Ok(Secret::new(STANDARD.encode(key.as_slice())))
    }

    /// Returns the identifier of the key in sealed texts and in the table `seal_check`, in
    /// hexadecimal.
    pub fn id(&self) -> String {
        hexadecimal(&self.id)
    }

    /// Seals a text. Returns `None` if the operating system gives no random bytes.
    pub(crate) fn seal(&self, associated: &SealContext<'_>, text: &str) -> Option<String> {
        let nonce = nonce()?;
        let mut tag = [0; TAG_BYTES];
        // The cipher asks for room for a block more than it writes.
        let mut sealed = Vec::with_capacity(text.len() + 2 * TAG_BYTES);
        let new = || {
            let mut context = CipherCtx::new().ok()?;
            context
                .encrypt_init(Some(cipher()?), Some(self.key.as_slice()), None)
                .ok()?;
            Some(context)
        };
        self.sealing.with(new, |context| {
            context.encrypt_init(None, None, Some(&nonce)).ok()?;
            context
                .cipher_update(associated.text().as_bytes(), None)
                .ok()?;
            context
                .cipher_update_vec(text.as_bytes(), &mut sealed)
                .ok()?;
            context.cipher_final_vec(&mut sealed).ok()?;
            context.tag(&mut tag).ok()
        })?;
        let parts: [&[u8]; 5] = [&[VERSION], &self.id, &nonce, &tag, &sealed];
        Some(URL_SAFE_NO_PAD.encode(parts.concat()))
    }

    /// Opens a sealed text. Returns `None` if it was sealed with another key or for another row, or
    /// was changed.
    pub(crate) fn open(
        &self,
        associated: &SealContext<'_>,
        sealed: &str,
    ) -> Option<Zeroizing<String>> {
        let blob = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (version, rest) = blob.split_first()?;
        let (id, rest) = rest.split_at_checked(KEY_ID_BYTES)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_BYTES)?;
        let (tag, rest) = rest.split_at_checked(TAG_BYTES)?;
        if *version != VERSION || id != self.id {
            return None;
        }
        // Allocated in full at once, so that no copy is left in memory that is not wiped.
        let mut opened = Zeroizing::new(Vec::with_capacity(rest.len() + TAG_BYTES));
        let new = || {
            let mut context = CipherCtx::new().ok()?;
            context
                .decrypt_init(Some(cipher()?), Some(self.key.as_slice()), None)
                .ok()?;
            Some(context)
        };
        self.opening.with(new, |context| {
            context.decrypt_init(None, None, Some(nonce)).ok()?;
            context
                .cipher_update(associated.text().as_bytes(), None)
                .ok()?;
            context.cipher_update_vec(rest, &mut opened).ok()?;
            context.set_tag(tag).ok()?;
            context.cipher_final_vec(&mut opened).ok()
        })?;
        std::str::from_utf8(&opened)
            .ok()
            .map(|text| Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// The row and column that a sealed text belongs to: its associated data.
pub(crate) enum SealContext<'a> {
    /// The secret of a client of a provider.
    ClientSecret {
        provider: &'a str,
        client_id: &'a str,
    },
    /// The private part of a signing key of a provider.
    PrivateKey { provider: &'a str, kid: &'a str },
    /// The registration access token of a client's copy at the server behind a provider.
    UpstreamToken { provider: &'a str, id: &'a str },
    /// The sentinel, which proves the key.
    Check,
}

impl SealContext<'_> {
    fn text(&self) -> String {
        match self {
            Self::ClientSecret {
                provider,
                client_id,
            } => ["client_secret", provider, client_id].join("|"),
            Self::PrivateKey { provider, kid } => ["signing_key", provider, kid].join("|"),
            Self::UpstreamToken { provider, id } => ["upstream_token", provider, id].join("|"),
            Self::Check => "seal_check".to_owned(),
        }
    }
}

/// Returns the digest of a token: SHA-256 in base64url.
pub(crate) fn digest(token: &str) -> String {
    // The one-shot function would look the algorithm up by its name each time.
    let mut sha256 = Sha256::new();
    sha256.update(token.as_bytes());
    URL_SAFE_NO_PAD.encode(sha256.finish())
}

/// Compares two digests in constant time.
pub(crate) fn constant_time_eq(one: &str, other: &str) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one.as_bytes(), other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: SealContext<'_> = SealContext::ClientSecret {
        provider: "https://op.example",
        client_id: "c1",
    };

    fn key() -> SealingKey {
        SealingKey::from_base64(SealingKey::generate().unwrap().reveal()).unwrap()
    }

    /// A sealed text can be opened and reveals nothing.
    #[test]
    fn sealed_text_opens_and_is_opaque() {
        let key = key();
        let sealed = key.seal(&ABOUT, "hush").unwrap();
        assert_eq!(key.open(&ABOUT, &sealed).unwrap().as_str(), "hush");
        assert_ne!(
            sealed,
            key.seal(&ABOUT, "hush").unwrap(),
            "the nonce is random"
        );
        assert_eq!(format!("{key:?}"), "SealingKey(..)");
    }

    #[test]
    fn a_change_of_any_byte_is_refused() {
        let key = key();
        let blob = URL_SAFE_NO_PAD
            .decode(key.seal(&ABOUT, "hush").unwrap())
            .unwrap();
        assert_eq!(blob.len(), 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES + 4);
        for at in 0..blob.len() {
            let mut changed = blob.clone();
            changed[at] ^= 1;
            assert!(
                key.open(&ABOUT, &URL_SAFE_NO_PAD.encode(changed)).is_none(),
                "byte {at}"
            );
            assert!(
                key.open(&ABOUT, &URL_SAFE_NO_PAD.encode(&blob[..at]))
                    .is_none(),
                "cut at {at}"
            );
        }
        assert!(key.open(&ABOUT, "not base64!").is_none());
        assert_eq!(
            key.open(&ABOUT, &URL_SAFE_NO_PAD.encode(blob))
                .unwrap()
                .as_str(),
            "hush",
            "one refusal has nothing to do with the next"
        );
    }

    /// Every sealed text has its own nonce.
    #[test]
    fn every_sealed_text_has_its_own_nonce() {
        let key = key();
        let mut nonces: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let seal = || {
                (0..500)
                    .map(|_| key.seal(&ABOUT, "hush").unwrap())
                    .collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(seal)).collect();
            let sealed = threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap());
            sealed
                .map(|sealed| {
                    URL_SAFE_NO_PAD.decode(sealed).unwrap()[1 + KEY_ID_BYTES..][..NONCE_BYTES]
                        .to_vec()
                })
                .collect()
        });
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), 2_000);
    }

    /// A sealed text opens only for its row and with its key.
    #[test]
    fn seal_is_bound_to_row_and_key() {
        let key = key();
        let sealed = key.seal(&ABOUT, "hush").unwrap();
        for other in [
            SealContext::ClientSecret {
                provider: "https://op.example",
                client_id: "c2",
            },
            SealContext::ClientSecret {
                provider: "https://other.example",
                client_id: "c1",
            },
            SealContext::PrivateKey {
                provider: "https://op.example",
                kid: "c1",
            },
            SealContext::Check,
        ] {
            assert!(key.open(&other, &sealed).is_none(), "{}", other.text());
        }
        let another = SealingKey::from_base64(SealingKey::generate().unwrap().reveal()).unwrap();
        assert!(another.open(&ABOUT, &sealed).is_none());
    }

    #[test]
    fn a_key_is_read_in_every_common_spelling() {
        let bytes = [0xfb; KEY_BYTES];
        let standard = STANDARD.encode(bytes);
        let id = SealingKey::from_base64(&standard).unwrap().id();
        assert_eq!(id.len(), 2 * KEY_ID_BYTES);
        for text in [
            URL_SAFE_NO_PAD.encode(bytes),
            standard.trim_end_matches('=').to_owned(),
            format!(" {standard}\n"),
        ] {
            assert_eq!(SealingKey::from_base64(&text).unwrap().id(), id, "{text}");
        }
        assert_eq!(
            SealingKey::from_base64("").unwrap_err(),
            SealError::WrongLength(0)
        );
        assert_eq!(
            SealingKey::from_base64(&STANDARD.encode([1; 31])).unwrap_err(),
            SealError::WrongLength(31)
        );
        assert_eq!(
            SealingKey::from_base64("correct horse").unwrap_err(),
            SealError::NotBase64
        );
    }

    #[test]
    fn digests_compare_by_value() {
        assert_eq!(digest("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(constant_time_eq(&digest("abc"), &digest("abc")));
        assert!(!constant_time_eq(&digest("abc"), &digest("abd")));
        assert!(!constant_time_eq("", &digest("abc")));
    }
}
