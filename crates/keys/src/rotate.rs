//! Generates first keys and successors, and deletes retired keys.

use std::time::Duration;

use protocol::{Issuer, Timestamp};
use store::{NewSigningKey, SigningKey, Store};

use crate::error::KeyError;
use crate::key::ParsedKey;
use crate::scheme::SIGNING_ALGORITHMS;
use crate::signing_period::{KeyInfo, KeyState, sort_for_publication};

/// Returns a provider's keys with their states at `now`, in the order in which they are published.
///
/// # Errors
/// [`KeyError::Store`].
pub fn list(store: &Store, provider: &Issuer, now: Timestamp) -> Result<Vec<KeyInfo>, KeyError> {
    Ok(key_infos(&store.signing_keys(provider)?, now))
}

/// Publishes a successor for each algorithm at once. It signs from `now + publish_ahead` on, and its predecessor until then;
/// `publish_ahead` must be the maximum time for which a client may cache the JWK Set. OIDC Core §10.1.1.
///
/// A provider without keys gets its first ones. Another rotation before the successors sign is refused: it would publish keys that
/// never sign, and two timers that fire at the same time must rotate once.
///
/// # Errors
/// [`KeyError::RotationPending`] before the successors sign; [`KeyError::ConcurrentRotation`] if another process rotated at the
/// same time; [`KeyError::Store`].
pub fn rotate(
    store: &Store,
    provider: &Issuer,
    publish_ahead: Duration,
    now: Timestamp,
) -> Result<Vec<KeyInfo>, KeyError> {
    let present = store.signing_keys(provider)?;
    if present.is_empty() {
        return Ok(key_infos(&load_or_create(store, provider, now)?, now));
    }
    let last = key_infos(&present, now)
        .into_iter()
        .filter(|key| key.state == KeyState::Next)
        .map(|key| key.signs_from)
        .max();
    if let Some(last) = last {
        return Err(KeyError::RotationPending {
            seconds: last.seconds().saturating_sub(now.seconds()),
        });
    }
    if !store.rotate_signing_keys(
        provider,
        &present,
        &generate_keys()?,
        now.plus(publish_ahead),
        now,
    )? {
        return Err(KeyError::ConcurrentRotation);
    }
    list(store, provider, now)
}

/// Deletes the keys of all providers that retired longer than `keep` ago, and returns their number. Their signatures cannot be
/// verified afterwards, so `keep` must be longer than the lifetime of what they signed.
///
/// # Errors
/// [`KeyError::Store`].
pub fn purge(store: &Store, keep: Duration, now: Timestamp) -> Result<usize, KeyError> {
    Ok(store.purge_signing_keys(now.minus(keep))?)
}

/// Returns a provider's keys, and generates the first ones if there are none. Replicas that start at the same time get the same
/// keys.
pub(crate) fn load_or_create(
    store: &Store,
    provider: &Issuer,
    now: Timestamp,
) -> Result<Vec<SigningKey>, KeyError> {
    let present = store.signing_keys(provider)?;
    if !present.is_empty() {
        return Ok(present);
    }
    // Another replica may have added its keys first, so the keys are read again.
    store.add_first_signing_keys(provider, &generate_keys()?, now)?;
    Ok(store.signing_keys(provider)?)
}

fn generate_keys() -> Result<Vec<NewSigningKey>, KeyError> {
    SIGNING_ALGORITHMS
        .iter()
        .map(|algorithm| ParsedKey::generate(algorithm.as_str())?.to_row())
        .collect()
}

fn key_infos(keys: &[SigningKey], now: Timestamp) -> Vec<KeyInfo> {
    sort_for_publication(keys, now)
        .into_iter()
        .map(|(_, info)| info)
        .collect()
}
