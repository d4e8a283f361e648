//! Passwords that were right a moment ago. A hash made to be slow is no burden for a person, and a heavy one for a program that sends
//! its password with each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use openssl::memcmp;
use openssl::sha::Sha256;
use protocol::{Issuer, Secret};
use store::Account;

use crate::Random;

/// The time for which a proved password need not be proved again.
const REMEMBERED: Duration = Duration::from_mins(1);

/// The maximum number of proofs.
const PROOFS: usize = 1024;

/// A name and a password at a provider, as a digest only this process can make.
pub(crate) type Digest = [u8; 32];

/// The proofs, by provider and account.
pub(crate) struct Proofs {
    key: [u8; 32],
    proofs: Mutex<HashMap<(String, String), Proof>>,
}

/// A password that was right.
struct Proof {
    revision: i64,
    digest: Digest,
    until: Instant,
}

impl Proofs {
    /// Remembers nothing yet.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn new(random: &Random) -> Result<Self, String> {
        let mut key = [0; 32];
        random(&mut key)?;
        Ok(Self {
            key,
            proofs: Mutex::default(),
        })
    }

    /// Returns the digest of what an attempt presents.
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

    /// Returns the revision of the account whose password was proved a moment ago.
    pub(crate) fn revision(
        &self,
        provider: &Issuer,
        name: &str,
        digest: &Digest,
        now: Instant,
    ) -> Option<i64> {
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        let proof = proofs.get(&(provider.as_str().to_owned(), name.to_owned()))?;
        (proof.until > now && memcmp::eq(&proof.digest, digest)).then_some(proof.revision)
    }

    /// Remembers that a password is an account's.
    pub(crate) fn add(&self, provider: &Issuer, account: &Account, digest: Digest, now: Instant) {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= PROOFS {
            proofs.retain(|_, proof| proof.until > now);
        }
        if proofs.len() < PROOFS {
            let proof = Proof {
                revision: account.revision,
                digest,
                until: now + REMEMBERED,
            };
            proofs.insert((provider.as_str().to_owned(), account.name.clone()), proof);
        }
    }

    /// Forgets the proofs that are too old.
    pub(crate) fn tidy(&self, now: Instant) {
        self.proofs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, proof| proof.until > now);
    }
}
