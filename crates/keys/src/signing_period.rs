//! The period in which each key signs.

use std::cmp::Reverse;

use protocol::Timestamp;
use protocol::values::SigningAlgorithm;
use store::SigningKey;

use crate::scheme::SIGNING_ALGORITHMS;

/// The state of a key. Keys in every state are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// The key signs.
    Signing,
    /// The key will sign once every cached copy of the JWK Set has it.
    Next,
    /// The key no longer signs; its signatures can still be verified.
    Retired,
}

impl KeyState {
    /// The name in lower case, for output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Next => "next",
            Self::Retired => "retired",
        }
    }
}

/// A signing key without its private part, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The identifier, which is the thumbprint of its public half. RFC 7517 §4.5, RFC 7638.
    pub kid: String,
    /// The algorithm with which it signs.
    pub algorithm: SigningAlgorithm,
    /// The time at which it was generated and first published.
    pub created_at: Timestamp,
    /// The time from which it signs.
    pub signs_from: Timestamp,
    /// The time until which it signs; absent without a successor.
    pub retired_at: Option<Timestamp>,
    /// The state at the time of the query.
    pub state: KeyState,
}

/// The period in which a key signs: from its start until the start of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SigningPeriod {
    from: Timestamp,
    until: Timestamp,
}

impl SigningPeriod {
    /// Returns the period of a key, one of the provider's keys `all`.
    ///
    /// The periods of an algorithm have no gap and do not overlap: at any time the newest key that may sign is the one that signs.
    pub(crate) fn new(key: &SigningKey, all: &[SigningKey]) -> Self {
        let others = all.iter().filter(|other| other.algorithm == key.algorithm);
        let is_first = others
            .clone()
            .all(|other| signing_order(other) >= signing_order(key));
        let successor = others
            .filter(|other| signing_order(other) > signing_order(key))
            .min_by_key(|other| other.signs_from);
        Self {
            // A first key signs from its creation on, so a replica with a slow clock uses it too.
            from: if is_first && key.signs_from <= key.created_at {
                Timestamp::from_seconds(i64::MIN)
            } else {
                key.signs_from
            },
            until: successor.map_or(Timestamp::from_seconds(i64::MAX), |successor| {
                successor.signs_from
            }),
        }
    }

    /// The state of the key at `now`.
    pub(crate) fn state(self, now: Timestamp) -> KeyState {
        if self.until <= now {
            KeyState::Retired
        } else if self.from <= now {
            KeyState::Signing
        } else {
            KeyState::Next
        }
    }
}

/// Returns the sort key for the order in which keys sign. Of keys that start in the same second, the one without a successor
/// comes last.
fn signing_order(key: &SigningKey) -> (Timestamp, bool, Timestamp, &str) {
    (
        key.signs_from,
        key.retired_at.is_none(),
        key.created_at,
        &key.kid,
    )
}

/// Returns keys with their states at `now` in the order of publication: the signing keys, their successors, the retired keys. In
/// each group RSA comes first, which every client can verify.
pub(crate) fn sort_for_publication(
    all: &[SigningKey],
    now: Timestamp,
) -> Vec<(&SigningKey, KeyInfo)> {
    let mut keys: Vec<_> = all
        .iter()
        .map(|key| (key, key_info(key, SigningPeriod::new(key, all).state(now))))
        .collect();
    keys.sort_by_key(|(key, info)| (info.state, algorithm_rank(key), Reverse(signing_order(key))));
    keys
}

fn algorithm_rank(key: &SigningKey) -> usize {
    SIGNING_ALGORITHMS
        .iter()
        .position(|algorithm| algorithm.as_str() == key.algorithm)
        .unwrap_or(SIGNING_ALGORITHMS.len())
}

fn key_info(key: &SigningKey, state: KeyState) -> KeyInfo {
    KeyInfo {
        kid: key.kid.clone(),
        algorithm: SigningAlgorithm::from(key.algorithm.as_str()),
        created_at: key.created_at,
        signs_from: key.signs_from,
        retired_at: key.retired_at,
        state,
    }
}

#[cfg(test)]
mod tests {
    use protocol::Secret;

    use super::*;

    fn key(
        kid: &str,
        algorithm: &str,
        created_at: i64,
        signs_from: i64,
        retired_at: Option<i64>,
    ) -> SigningKey {
        SigningKey {
            kid: kid.to_owned(),
            algorithm: algorithm.to_owned(),
            private: Secret::new(""),
            public_jwk: String::new(),
            created_at: Timestamp::from_seconds(created_at),
            signs_from: Timestamp::from_seconds(signs_from),
            retired_at: retired_at.map(Timestamp::from_seconds),
        }
    }

    fn at(keys: &[SigningKey], now: i64) -> Vec<(&str, KeyState)> {
        sort_for_publication(keys, Timestamp::from_seconds(now))
            .into_iter()
            .map(|(key, info)| (key.kid.as_str(), info.state))
            .collect()
    }

    use KeyState::{Next, Retired, Signing};

    /// A successor signs from its start time.
    #[test]
    fn successor_signs_from_its_start_time() {
        let keys = [
            key("e0", "ES256", 100, 100, Some(260)),
            key("e1", "ES256", 200, 260, None),
            key("r0", "RS256", 100, 100, Some(260)),
            key("r1", "RS256", 200, 260, None),
        ];
        assert_eq!(
            at(&keys, 200),
            [("r0", Signing), ("e0", Signing), ("r1", Next), ("e1", Next)]
        );
        assert_eq!(at(&keys, 259), at(&keys, 200));
        assert_eq!(
            at(&keys, 260),
            [
                ("r1", Signing),
                ("e1", Signing),
                ("r0", Retired),
                ("e0", Retired)
            ]
        );
    }

    #[test]
    fn the_newest_retired_key_comes_first() {
        let keys = [
            key("a", "RS256", 1, 1, Some(2)),
            key("b", "RS256", 2, 2, Some(3)),
            key("c", "RS256", 3, 3, None),
        ];
        assert_eq!(
            at(&keys, 9),
            [("c", Signing), ("b", Retired), ("a", Retired)]
        );
    }

    #[test]
    fn the_first_key_signs_even_when_the_clock_is_behind() {
        assert_eq!(
            at(&[key("a", "RS256", 100, 100, None)], 50),
            [("a", Signing)]
        );
    }

    /// A key of a new algorithm signs only after it was published for long enough.
    #[test]
    fn new_algorithm_signs_after_publication() {
        let keys = [
            key("r", "RS256", 1, 1, None),
            key("d", "EdDSA", 100, 200, None),
        ];
        assert_eq!(at(&keys, 199), [("r", Signing), ("d", Next)]);
        assert_eq!(at(&keys, 200), [("r", Signing), ("d", Signing)]);
    }

    /// Of the keys with one start time, the last key signs.
    #[test]
    fn last_of_simultaneous_keys_signs() {
        let keys = [
            key("o", "RS256", 1, 1, Some(5)),
            key("z", "RS256", 5, 5, Some(5)),
            key("a", "RS256", 5, 5, None),
        ];
        assert_eq!(at(&keys, 4), [("o", Signing), ("a", Next), ("z", Next)]);
        assert_eq!(
            at(&keys, 5),
            [("a", Signing), ("z", Retired), ("o", Retired)]
        );
    }
}
