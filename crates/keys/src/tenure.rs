//! Which key signs when.

use std::cmp::Reverse;

use protocol::Timestamp;
use protocol::values::SigningAlgorithm;
use store::SigningKey;

use crate::rotate::SIGNING_ALGORITHMS;

/// What a key does at some time. All of them are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It signs.
    Signing,
    /// It will sign, once everybody who caches the JWK Set has seen it.
    Next,
    /// It signed, and what it signed can still be verified.
    Retired,
}

impl State {
    /// Its name in lower case, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Next => "next",
            Self::Retired => "retired",
        }
    }
}

/// A signing key as an operator sees it, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its identifier, the thumbprint of its public half. RFC 7517 §4.5, RFC 7638.
    pub kid: String,
    /// The algorithm it signs with.
    pub algorithm: SigningAlgorithm,
    /// When it was made and first published.
    pub created_at: Timestamp,
    /// When it begins to sign, or began.
    pub signs_from: Timestamp,
    /// When it stops signing, or stopped; absent while it has no successor.
    pub retired_at: Option<Timestamp>,
    /// What it does now.
    pub state: State,
}

/// The time in which a key signs: from its beginning until that of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenure {
    from: Timestamp,
    until: Timestamp,
}

impl Tenure {
    /// The tenure of one of a provider's keys, which are `all`.
    ///
    /// Tenures of one algorithm leave no gap and never overlap: at any time the newest key that may sign is the one that does.
    pub(crate) fn new(key: &SigningKey, all: &[SigningKey]) -> Self {
        let others = all.iter().filter(|other| other.algorithm == key.algorithm);
        let is_first = others
            .clone()
            .all(|other| seniority(other) >= seniority(key));
        let successor = others
            .filter(|other| seniority(other) > seniority(key))
            .min_by_key(|other| other.signs_from);
        Self {
            // A key that signs from the moment it was made did not wait to be seen, so neither does a replica whose clock is behind.
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

    /// What the key does at that time.
    pub(crate) fn state(self, now: Timestamp) -> State {
        if self.until <= now {
            State::Retired
        } else if self.from <= now {
            State::Signing
        } else {
            State::Next
        }
    }
}

/// The order in which keys sign. Of keys that begin in the same second, the one without a successor comes last.
fn seniority(key: &SigningKey) -> (Timestamp, bool, Timestamp, &str) {
    (
        key.signs_from,
        key.retired_at.is_none(),
        key.created_at,
        &key.kid,
    )
}

/// Keys and what they do at that time, in the order of publication: those that sign, their successors, those that are retired;
/// in each group RSA first, which every client can verify.
pub(crate) fn in_order(all: &[SigningKey], now: Timestamp) -> Vec<(&SigningKey, KeyInfo)> {
    let mut keys: Vec<_> = all
        .iter()
        .map(|key| (key, info(key, Tenure::new(key, all).state(now))))
        .collect();
    keys.sort_by_key(|(key, info)| (info.state, preference(key), Reverse(seniority(key))));
    keys
}

fn preference(key: &SigningKey) -> usize {
    SIGNING_ALGORITHMS
        .iter()
        .position(|algorithm| algorithm.as_str() == key.algorithm)
        .unwrap_or(SIGNING_ALGORITHMS.len())
}

fn info(key: &SigningKey, state: State) -> KeyInfo {
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

    fn at(keys: &[SigningKey], now: i64) -> Vec<(&str, State)> {
        in_order(keys, Timestamp::from_seconds(now))
            .into_iter()
            .map(|(key, info)| (key.kid.as_str(), info.state))
            .collect()
    }

    use State::{Next, Retired, Signing};

    #[test]
    fn a_successor_signs_from_its_time_on() {
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

    #[test]
    fn a_new_algorithm_waits_until_it_was_seen() {
        let keys = [
            key("r", "RS256", 1, 1, None),
            key("d", "EdDSA", 100, 200, None),
        ];
        assert_eq!(at(&keys, 199), [("r", Signing), ("d", Next)]);
        assert_eq!(at(&keys, 200), [("r", Signing), ("d", Signing)]);
    }

    #[test]
    fn of_keys_that_begin_together_the_last_one_signs() {
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
