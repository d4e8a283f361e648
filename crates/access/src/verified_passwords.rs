//! Passwords that were verified a moment ago. A program that sends its password with each request would otherwise cost a slow hash
//! each time.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use openssl::memcmp;
use openssl::sha::Sha256;
use protocol::{Issuer, RandomSource, Secret, lock};
use store::Account;

/// The time for which a verified password is not verified again.
const REMEMBERED: Duration = Duration::from_mins(1);

/// The maximum number of verified passwords.
const CAPACITY: usize = 1024;

/// The keyed digest of a name and a password at a provider. The key is of this process only.
pub(crate) type Digest = [u8; 32];

/// The verified passwords, by provider and account.
pub(crate) struct VerifiedPasswords {
    key: [u8; 32],
    passwords: Mutex<HashMap<(String, String), VerifiedPassword>>,
}

/// A password that was right.
struct VerifiedPassword {
    revision: i64,
    digest: Digest,
    until: Instant,
}

impl VerifiedPasswords {
    /// Creates an empty memory.
    ///
    /// # Errors
    /// When the random source fails.
    pub(crate) fn new(random: &RandomSource) -> Result<Self, String> {
        let mut key = [0; 32];
        random(&mut key)?;
        Ok(Self {
            key,
            passwords: Mutex::default(),
        })
    }

    /// Returns the digest of an attempt.
    pub(crate) fn digest(&self, provider: &Issuer, name: &str, password: &Secret) -> Digest {
        let mut digest = Sha256::new();
        for part in [
            &self.key[..],
            provider.as_str().as_bytes(),
            &[0],
            name.as_bytes(),
            &[0],
            password.reveal().as_bytes(),
        ] {
            digest.update(part);
        }
        digest.finish()
    }

    /// Returns the revision of the account if its password was verified a moment ago.
    pub(crate) fn revision(
        &self,
        provider: &Issuer,
        name: &str,
        digest: &Digest,
        now: Instant,
    ) -> Option<i64> {
        let passwords = lock(&self.passwords);
        let verified = passwords.get(&(provider.as_str().to_owned(), name.to_owned()))?;
        (verified.until > now && memcmp::eq(&verified.digest, digest)).then_some(verified.revision)
    }

    /// Adds a password that was right.
    pub(crate) fn add(&self, provider: &Issuer, account: &Account, digest: Digest, now: Instant) {
        let mut passwords = lock(&self.passwords);
        if passwords.len() >= CAPACITY {
            passwords.retain(|_, verified| verified.until > now);
        }
        if passwords.len() < CAPACITY {
            let verified = VerifiedPassword {
                revision: account.revision,
                digest,
                until: now + REMEMBERED,
            };
            passwords.insert(
                (provider.as_str().to_owned(), account.name.clone()),
                verified,
            );
        }
    }

    /// Removes passwords that were verified too long ago.
    pub(crate) fn remove_expired(&self, now: Instant) {
        lock(&self.passwords).retain(|_, verified| verified.until > now);
    }
}
