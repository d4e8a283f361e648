//! A provider's keys as a server holds them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use openssl::sha::sha256;
use protocol::values::SigningAlgorithm;
use protocol::{Clock, Issuer, Object, Timestamp};
use serde_json::json;
use store::{SigningKey, Store};

use crate::error::KeyError;
use crate::jwk::base64url;
use crate::key::Key;
use crate::rotate::present_or_first;
use crate::tenure::{KeyInfo, State, Tenure, in_order};

/// A provider's signing keys. Clones share them, readers never wait, and [`KeyRing::reload`] brings what others changed.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    store: Store,
    provider: Issuer,
    clock: Clock,
    snapshot: ArcSwap<Snapshot>,
    /// One reload at a time, so that an older reading never replaces a newer one.
    reloading: Mutex<()>,
}

impl KeyRing {
    /// Reads a provider's keys and makes its first ones, RS256 and ES256, when there are none: they sign at once.
    /// Replicas that start together end with the same keys.
    ///
    /// # Errors
    /// [`KeyError::Store`], also for a damaged key: a provider does not start with half of its keys; what OpenSSL says.
    pub fn open(store: Store, provider: Issuer, clock: Clock) -> Result<Self, KeyError> {
        let now = clock.now();
        let snapshot = Snapshot::new(&present_or_first(&store, &provider, now)?, now)?;
        Ok(Self(Arc::new(Inner {
            store,
            provider,
            clock,
            snapshot: ArcSwap::from_pointee(snapshot),
            reloading: Mutex::new(()),
        })))
    }

    /// The keys as last read: what a JWK Set endpoint answers with. RFC 7517 §5.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// Reads the keys again; `true` when what is published or what signs has changed. It blocks on the store.
    ///
    /// # Errors
    /// As [`KeyRing::open`]; the keys last read then stay in use.
    pub fn reload(&self) -> Result<bool, KeyError> {
        let inner = &*self.0;
        let _one = inner
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = inner.clock.now();
        let stored = present_or_first(&inner.store, &inner.provider, now)?;
        if in_order(&stored, now)
            .into_iter()
            .map(|(_, info)| info)
            .eq(inner.snapshot.load().keys.iter().cloned())
        {
            return Ok(false);
        }
        inner.snapshot.store(Arc::new(Snapshot::new(&stored, now)?));
        Ok(true)
    }

    /// Signs claims as a JWT in the compact serialization, with the key whose turn it is now; `typ` is the header's.
    /// RFC 7515 §4.1.9 and §7.1, RFC 7519 §7.1.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] for an algorithm the provider does not sign with; what OpenSSL says.
    pub fn sign(
        &self,
        algorithm: &SigningAlgorithm,
        typ: &str,
        claims: &Object,
    ) -> Result<String, KeyError> {
        let snapshot = self.0.snapshot.load();
        let key = snapshot
            .signing(algorithm, self.0.clock.now())
            .ok_or_else(|| KeyError::NoKey(algorithm.as_str().to_owned()))?;
        key.sign(typ, claims)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({})", self.0.provider)
    }
}

/// A provider's keys as they were read at one time.
#[derive(Debug)]
pub struct Snapshot {
    jwks: String,
    revision: String,
    keys: Vec<KeyInfo>,
    signers: Vec<(Tenure, Key)>,
}

impl Snapshot {
    fn new(stored: &[SigningKey], now: Timestamp) -> Result<Self, KeyError> {
        let (mut keys, mut signers) = (Vec::new(), Vec::new());
        for (key, info) in in_order(stored, now) {
            keys.push(info);
            signers.push((Tenure::new(key, stored), Key::open(key)?));
        }
        let published: Vec<&Object> = signers.iter().map(|(_, key)| key.public()).collect();
        let jwks = json!({ "keys": published }).to_string();
        Ok(Self {
            revision: base64url(&sha256(jwks.as_bytes())),
            jwks,
            keys,
            signers,
        })
    }

    /// The JWK Set document: every key that is not purged, public members only; the keys that sign come first, then their
    /// successors, then the retired. RFC 7517 §5.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// A digest of the document: the same wherever the same keys are published, another when they or their turns change.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The keys as an operator sees them, in the order of the document.
    pub fn keys(&self) -> &[KeyInfo] {
        &self.keys
    }

    fn signing(&self, algorithm: &SigningAlgorithm, now: Timestamp) -> Option<&Key> {
        let mut signers = self
            .signers
            .iter()
            .filter(|(tenure, _)| tenure.state(now) == State::Signing);
        signers
            .find(|(_, key)| key.algorithm() == algorithm.as_str())
            .map(|(_, key)| key)
    }
}
