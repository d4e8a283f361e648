//! The signing keys of a provider in a server.

use std::fmt;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use openssl::sha::sha256;
use protocol::values::SigningAlgorithm;
use protocol::{Clock, Issuer, Object, Timestamp, lock};
use serde_json::json;
use store::{SigningKey, Store};

use crate::error::KeyError;
use crate::jwk::base64url;
use crate::key::ParsedKey;
use crate::rotate::load_or_create;
use crate::signing_period::{KeyInfo, KeyState, SigningPeriod, sort_for_publication};

/// A provider's signing keys. Clones share them, readers never wait, and [`KeyRing::reload`] reads the changes of other
/// processes.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    store: Store,
    provider: Issuer,
    clock: Clock,
    snapshot: ArcSwap<Snapshot>,
    /// Serialises reloads, so that an older reading never replaces a newer one.
    reloading: Mutex<()>,
}

impl KeyRing {
    /// Reads a provider's keys. If there are none, it generates the first ones, RS256 and ES256, which sign at once. Replicas that
    /// start at the same time get the same keys.
    ///
    /// # Errors
    /// [`KeyError::Store`], also for a damaged key, since a provider does not start with a part of its keys.
    pub fn open(store: Store, provider: Issuer, clock: Clock) -> Result<Self, KeyError> {
        let now = clock.now();
        let snapshot = Snapshot::new(&load_or_create(&store, &provider, now)?, now)?;
        Ok(Self(Arc::new(Inner {
            store,
            provider,
            clock,
            snapshot: ArcSwap::from_pointee(snapshot),
            reloading: Mutex::new(()),
        })))
    }

    /// Returns the keys as last read, for the JWK Set endpoint. RFC 7517 §5.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// Reads the keys again. Returns true if the published keys or the signing keys changed. It blocks on the store.
    ///
    /// # Errors
    /// As [`KeyRing::open`]; the keys last read stay in use.
    pub fn reload(&self) -> Result<bool, KeyError> {
        let inner = &*self.0;
        let _guard = lock(&inner.reloading);
        let now = inner.clock.now();
        let stored = load_or_create(&inner.store, &inner.provider, now)?;
        if sort_for_publication(&stored, now)
            .into_iter()
            .map(|(_, info)| info)
            .eq(inner.snapshot.load().keys.iter().cloned())
        {
            return Ok(false);
        }
        inner.snapshot.store(Arc::new(Snapshot::new(&stored, now)?));
        Ok(true)
    }

    /// Signs claims as a JWT in the compact serialization, with the current signing key; `typ` is a header parameter.
    /// RFC 7515 §4.1.9 and §7.1, RFC 7519 §7.1.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] for an algorithm with which the provider does not sign.
    pub fn sign(
        &self,
        algorithm: &SigningAlgorithm,
        typ: &str,
        claims: &Object,
    ) -> Result<String, KeyError> {
        let snapshot = self.0.snapshot.load();
        let key = snapshot
            .signing_key(algorithm, self.0.clock.now())
            .ok_or_else(|| KeyError::NoKey(algorithm.as_str().to_owned()))?;
        key.sign(typ, claims)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({})", self.0.provider)
    }
}

/// A provider's keys at the time they were read.
#[derive(Debug)]
pub struct Snapshot {
    jwks: String,
    revision: String,
    keys: Vec<KeyInfo>,
    signers: Vec<(SigningPeriod, ParsedKey)>,
}

impl Snapshot {
    fn new(stored: &[SigningKey], now: Timestamp) -> Result<Self, KeyError> {
        let (mut keys, mut signers) = (Vec::new(), Vec::new());
        for (key, info) in sort_for_publication(stored, now) {
            keys.push(info);
            signers.push((SigningPeriod::new(key, stored), ParsedKey::from_row(key)?));
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

    /// The JWK Set document: the public members of every key that is not purged. The signing keys come first, then their
    /// successors, then the retired keys. RFC 7517 §5.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// A digest of the document, which changes with the keys and their states.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The keys without their private parts, in the order of the document.
    pub fn keys(&self) -> &[KeyInfo] {
        &self.keys
    }

    fn signing_key(&self, algorithm: &SigningAlgorithm, now: Timestamp) -> Option<&ParsedKey> {
        let mut signers = self
            .signers
            .iter()
            .filter(|(period, _)| period.state(now) == KeyState::Signing);
        signers
            .find(|(_, key)| key.algorithm() == algorithm.as_str())
            .map(|(_, key)| key)
    }
}
