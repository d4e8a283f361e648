//! What becomes of keys over time: the first ones, their successors, and the end of those that retired.

use std::time::Duration;

use protocol::values::SigningAlgorithm;
use protocol::{Issuer, Timestamp};
use store::{NewSigningKey, SigningKey, Store};

use crate::error::KeyError;
use crate::key::Key;
use crate::tenure::{KeyInfo, State, in_order};

/// What a provider signs with. RS256 comes first: every OpenID Provider has it (OIDC Core §15.1).
pub static SIGNING_ALGORITHMS: [SigningAlgorithm; 2] =
    [SigningAlgorithm::Rs256, SigningAlgorithm::Es256];

/// A provider's keys and what they do at that time, in the order in which they are published.
///
/// # Errors
/// [`KeyError::Store`].
pub fn list(store: &Store, provider: &Issuer, now: Timestamp) -> Result<Vec<KeyInfo>, KeyError> {
    Ok(infos(&store.signing_keys(provider)?, now))
}

/// Publishes a successor for each algorithm at once. It signs from `now + publish_ahead` on, and its predecessor until then;
/// `publish_ahead` is therefore the longest time for which anybody may keep the JWK Set. OIDC Core §10.1.1.
///
/// A provider without keys gets its first ones. Rotating again while successors wait is refused: replacing them would only
/// publish keys that never sign, and two timers that fire together rotate once.
///
/// # Errors
/// [`KeyError::Rotating`] while successors wait; [`KeyError::Raced`] when somebody else rotated in the same moment;
/// [`KeyError::Store`]; what OpenSSL says.
pub fn rotate(
    store: &Store,
    provider: &Issuer,
    publish_ahead: Duration,
    now: Timestamp,
) -> Result<Vec<KeyInfo>, KeyError> {
    let present = store.signing_keys(provider)?;
    if present.is_empty() {
        return Ok(infos(&present_or_first(store, provider, now)?, now));
    }
    let last = infos(&present, now)
        .into_iter()
        .filter(|key| key.state == State::Next)
        .map(|key| key.signs_from)
        .max();
    if let Some(last) = last {
        return Err(KeyError::Rotating {
            seconds: last.seconds().saturating_sub(now.seconds()),
        });
    }
    if !store.rotate_signing_keys(
        provider,
        &present,
        &generated()?,
        now.plus(publish_ahead),
        now,
    )? {
        return Err(KeyError::Raced);
    }
    list(store, provider, now)
}

/// Deletes the keys of all providers that retired longer than `keep` ago, and says how many there were. Nothing they signed
/// can be verified any more, so `keep` is longer than what they signed is valid.
///
/// # Errors
/// [`KeyError::Store`].
pub fn purge(store: &Store, keep: Duration, now: Timestamp) -> Result<usize, KeyError> {
    Ok(store.purge_signing_keys(now.minus(keep))?)
}

/// A provider's keys; its first ones are made when there are none. Replicas that start together end with the same.
///
/// # Errors
/// [`KeyError::Store`]; what OpenSSL says.
pub(crate) fn present_or_first(
    store: &Store,
    provider: &Issuer,
    now: Timestamp,
) -> Result<Vec<SigningKey>, KeyError> {
    let present = store.signing_keys(provider)?;
    if !present.is_empty() {
        return Ok(present);
    }
    // Whether ours were taken or another replica's were there first, the store has the answer.
    store.add_first_signing_keys(provider, &generated()?, now)?;
    Ok(store.signing_keys(provider)?)
}

fn generated() -> Result<Vec<NewSigningKey>, KeyError> {
    SIGNING_ALGORITHMS
        .iter()
        .map(|algorithm| Key::generate(algorithm.as_str())?.to_stored())
        .collect()
}

fn infos(keys: &[SigningKey], now: Timestamp) -> Vec<KeyInfo> {
    in_order(keys, now)
        .into_iter()
        .map(|(_, info)| info)
        .collect()
}
