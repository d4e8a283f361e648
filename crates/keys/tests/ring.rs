//! A provider's keys over time, against a real store.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use jsonwebtoken::jwk::{JwkSet, ThumbprintHash};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use keys::{KeyError, KeyInfo, KeyRing, KeyState, list, purge, rotate};
use protocol::values::SigningAlgorithm::{self, EdDsa, Es256, Hs256, Rs256};
use protocol::{Clock, Issuer, Object, Timestamp};
use serde_json::{Value, json};
use store::{DatabaseUrl, NewSigningKey, SealingKey, Store, StoreError};
use tempfile::TempDir;

const START: i64 = 1_800_000_000;
const AHEAD: Duration = Duration::from_mins(10);
const KEEP: Duration = Duration::from_hours(30 * 24);

/// An empty store in a file of its own, and what opens it again.
struct Place {
    folder: TempDir,
    url: DatabaseUrl,
    seal: SealingKey,
    clock: Clock,
}

impl Place {
    fn new() -> Self {
        keys::install();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("store.db").display())
            .parse()
            .unwrap();
        let seal = SealingKey::from_base64(SealingKey::generate().unwrap().reveal()).unwrap();
        let place = Self {
            folder,
            url,
            seal,
            clock: Clock::fixed(at(0)),
        };
        place.store().migrate().unwrap();
        place
    }

    /// Another process's view of the same store.
    fn store(&self) -> Store {
        Store::open(&self.url, self.seal.clone()).unwrap()
    }

    fn ring(&self) -> KeyRing {
        KeyRing::open(self.store(), provider(), self.clock.clone()).unwrap()
    }

    fn rotate(&self) -> Result<Vec<KeyInfo>, KeyError> {
        rotate(&self.store(), &provider(), AHEAD, self.clock.now())
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

fn provider() -> Issuer {
    Issuer::parse("https://op.example").unwrap()
}

fn claims() -> Object {
    json!({ "iss": "https://op.example", "exp": 4_102_444_800_u64 })
        .as_object()
        .unwrap()
        .clone()
}

fn published(ring: &KeyRing) -> JwkSet {
    serde_json::from_str(ring.snapshot().jwks()).unwrap()
}

fn kids(ring: &KeyRing) -> Vec<String> {
    published(ring)
        .keys
        .into_iter()
        .map(|key| key.common.key_id.unwrap())
        .collect()
}

/// Signs, verifies with the published set as a client would, and says which key it was.
fn signed_by(ring: &KeyRing, algorithm: &SigningAlgorithm) -> String {
    let token = ring.sign(algorithm, "JWT", &claims()).unwrap();
    let header = decode_header(&token).unwrap();
    let kid = header.kid.unwrap();
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let jwk = published(ring).find(&kid).cloned().unwrap();
    assert_eq!(
        jwk.common.key_algorithm.unwrap().to_string(),
        algorithm.as_str()
    );
    let verified = decode::<Value>(
        &token,
        &DecodingKey::from_jwk(&jwk).unwrap(),
        &Validation::new(algorithm.as_str().parse().unwrap()),
    )
    .unwrap();
    assert_eq!(verified.claims, Value::Object(claims()));
    kid
}

fn states(keys: &[KeyInfo]) -> Vec<(&str, KeyState)> {
    keys.iter()
        .map(|key| (key.algorithm.as_str(), key.state))
        .collect()
}

#[test]
fn a_new_provider_signs_at_once() {
    let place = Place::new();
    let ring = place.ring();
    let keys = published(&ring).keys;
    let algorithms: Vec<_> = keys
        .iter()
        .map(|key| key.common.key_algorithm.unwrap().to_string())
        .collect();
    assert_eq!(algorithms, ["RS256", "ES256"]);
    assert_eq!(signed_by(&ring, &Rs256), kids(&ring)[0]);
    assert_eq!(signed_by(&ring, &Es256), kids(&ring)[1]);
    for key in &keys {
        assert_eq!(
            key.common.key_id,
            Some(key.thumbprint(ThumbprintHash::SHA256).unwrap())
        );
    }
    for algorithm in [Hs256, EdDsa, SigningAlgorithm::None] {
        let refused = ring.sign(&algorithm, "JWT", &claims()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("the provider has no signing key for {}", algorithm.as_str())
        );
    }
}

/// OIDC Discovery §3, RFC 7517 §9.2: clients get public keys, and nothing else.
#[test]
fn published_keys_have_only_public_members() {
    let place = Place::new();
    let document: Value = serde_json::from_str(place.ring().snapshot().jwks()).unwrap();
    assert_eq!(
        document.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["keys"]
    );
    let members: Vec<BTreeSet<&str>> = document["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| {
            key.as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect()
        })
        .collect();
    assert_eq!(
        members[0],
        BTreeSet::from(["alg", "e", "kid", "kty", "n", "use"])
    );
    assert_eq!(
        members[1],
        BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"])
    );
    assert_eq!(document["keys"][0]["use"], "sig");
    assert!(
        !place.ring().snapshot().jwks().contains('='),
        "base64url is not padded"
    );
}

#[test]
fn keys_outlive_the_process() {
    let place = Place::new();
    let ring = place.ring();
    let (before, revision) = (kids(&ring), ring.snapshot().revision().to_owned());
    drop(ring);
    let ring = place.ring();
    assert_eq!(kids(&ring), before);
    assert_eq!(ring.snapshot().revision(), revision);
    assert!(!ring.reload().unwrap(), "nothing changed");
}

/// Replicas that start at the same time end with the same keys.
#[test]
fn concurrent_replicas_share_their_keys() {
    let place = Place::new();
    let start = Barrier::new(4);
    let seen: BTreeSet<Vec<String>> = thread::scope(|scope| {
        let replica = || {
            let store = place.store();
            start.wait();
            kids(&KeyRing::open(store, provider(), place.clock.clone()).unwrap())
        };
        let replicas: Vec<_> = (0..4).map(|_| scope.spawn(replica)).collect();
        replicas
            .into_iter()
            .map(|replica| replica.join().unwrap())
            .collect()
    });
    assert_eq!(seen.len(), 1, "all replicas publish the same keys");
    assert_eq!(list(&place.store(), &provider(), at(0)).unwrap().len(), 2);
}

#[test]
fn providers_do_not_share_keys() {
    let place = Place::new();
    let tenant = KeyRing::open(
        place.store(),
        Issuer::parse("https://op.example/t/acme").unwrap(),
        place.clock.clone(),
    )
    .unwrap();
    let own = place.ring();
    assert!(kids(&tenant).iter().all(|kid| !kids(&own).contains(kid)));
    place.rotate().unwrap();
    assert!(!tenant.reload().unwrap());
}

/// OIDC Core §10.1.1: a new key is published before it signs; the old key stays published while its
/// signatures are valid.
#[test]
fn rotation_publishes_retires_and_purges() {
    let place = Place::new();
    let ring = place.ring();
    let first = kids(&ring);

    place.clock.set(at(1000));
    let rotated = place.rotate().unwrap();
    assert_eq!(
        states(&rotated),
        [
            ("RS256", KeyState::Signing),
            ("ES256", KeyState::Signing),
            ("RS256", KeyState::Next),
            ("ES256", KeyState::Next)
        ]
    );
    assert_eq!(rotated[2].signs_from, at(1600));
    assert_eq!(rotated[0].retired_at, Some(at(1600)));

    assert!(ring.reload().unwrap(), "another process's rotation is seen");
    let both = kids(&ring);
    assert_eq!(both[..2], first[..], "those that sign come first");
    assert_eq!(ring.snapshot().keys(), rotated);

    place.clock.set(at(1599));
    assert!(!ring.reload().unwrap());
    assert_eq!(
        [signed_by(&ring, &Rs256), signed_by(&ring, &Es256)],
        first[..]
    );

    let revision = ring.snapshot().revision().to_owned();
    place.clock.set(at(1600));
    assert_eq!(
        [signed_by(&ring, &Rs256), signed_by(&ring, &Es256)],
        both[2..],
        "the turn needs no reload"
    );
    assert!(ring.reload().unwrap(), "the order of publication changed");
    assert_ne!(ring.snapshot().revision(), revision);
    assert_eq!(
        kids(&ring),
        [&both[2..], &both[..2]].concat(),
        "the old keys are still published"
    );

    place.clock.set(at(1600).plus(KEEP));
    assert_eq!(purge(&place.store(), KEEP, place.clock.now()).unwrap(), 0);
    place.clock.set(at(1601).plus(KEEP));
    assert_eq!(purge(&place.store(), KEEP, place.clock.now()).unwrap(), 2);
    assert!(ring.reload().unwrap());
    assert_eq!(kids(&ring), both[2..]);
    assert_eq!(signed_by(&ring, &Rs256), both[2]);
}

#[test]
fn rotating_again_waits_for_the_successors() {
    let place = Place::new();
    let ring = place.ring();
    place.rotate().unwrap();
    place.clock.set(at(100));
    let refused = place.rotate().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the keys of the last rotation begin to sign in 500 seconds; rotate again after that"
    );
    place.clock.set(at(600));
    place.rotate().unwrap();
    ring.reload().unwrap();
    let states: Vec<KeyState> = ring.snapshot().keys().iter().map(|key| key.state).collect();
    assert_eq!(
        states,
        [
            KeyState::Signing,
            KeyState::Signing,
            KeyState::Next,
            KeyState::Next,
            KeyState::Retired,
            KeyState::Retired
        ]
    );
}

#[test]
fn a_rotation_without_notice_takes_effect_at_once() {
    let place = Place::new();
    let ring = place.ring();
    let first = kids(&ring);
    rotate(&place.store(), &provider(), Duration::ZERO, at(0)).unwrap();
    assert!(ring.reload().unwrap());
    assert!(!first.contains(&signed_by(&ring, &Rs256)));
    assert_eq!(kids(&ring).len(), 4);
}

/// Concurrent rotations count as a single rotation.
#[test]
fn concurrent_rotations_count_once() {
    let place = Place::new();
    place.ring();
    let start = Barrier::new(4);
    let done = thread::scope(|scope| {
        let replica = || {
            let store = place.store();
            start.wait();
            match rotate(&store, &provider(), AHEAD, at(0)) {
                Ok(keys) => keys.len(),
                Err(KeyError::ConcurrentRotation | KeyError::RotationPending { seconds: 600 }) => 0,
                Err(other) => panic!("{other}"),
            }
        };
        let replicas: Vec<_> = (0..4).map(|_| scope.spawn(replica)).collect();
        replicas
            .into_iter()
            .map(|replica| replica.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(
        done, 4,
        "one rotation, two keys that sign and two that wait"
    );
    assert_eq!(list(&place.store(), &provider(), at(0)).unwrap().len(), 4);
}

/// The first rotation of a provider without keys creates its first keys.
#[test]
fn first_rotation_creates_the_first_keys() {
    let place = Place::new();
    assert!(list(&place.store(), &provider(), at(0)).unwrap().is_empty());
    assert_eq!(
        states(&place.rotate().unwrap()),
        [("RS256", KeyState::Signing), ("ES256", KeyState::Signing)]
    );
}

/// A replica continues to sign and creates no new keys if its clock goes back or is behind.
#[test]
fn clock_moving_back_changes_nothing() {
    let place = Place::new();
    let ring = place.ring();
    place.clock.set(at(-3600));
    assert!(!ring.reload().unwrap());
    assert_eq!(signed_by(&ring, &Rs256), kids(&ring)[0]);
    assert_eq!(kids(&place.ring()), kids(&ring));
}

/// Private keys are not printed and not stored in clear text.
#[test]
fn private_keys_are_not_printed() {
    let place = Place::new();
    let ring = place.ring();
    let store = place.store();
    let stored = store.signing_keys(&provider()).unwrap();
    let shown = format!("{ring:?} {:?} {stored:?}", ring.snapshot());
    // The database, and the write-ahead log beside it.
    let files: Vec<Vec<u8>> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    for key in &stored {
        assert!(
            key.private
                .reveal()
                .starts_with("-----BEGIN PRIVATE KEY-----")
        );
        for line in key.private.reveal().lines() {
            assert!(!shown.contains(line));
            assert!(files.iter().all(|file| {
                !file
                    .windows(line.len())
                    .any(|window| window == line.as_bytes())
            }));
        }
    }
}

/// A row that does not belong together is reported by name and never published; the keys last read stay in use.
#[test]
fn a_damaged_key_is_named() {
    for swapped in [false, true] {
        let place = Place::new();
        let ring = place.ring();
        let before = kids(&ring);
        let store = place.store();
        let stored = store.signing_keys(&provider()).unwrap();
        let (one, other) = (&stored[0], &stored[1]);
        let forged = NewSigningKey {
            kid: "forged".to_owned(),
            algorithm: if swapped {
                other.algorithm.clone()
            } else {
                one.algorithm.clone()
            },
            private: one.private.clone(),
            public_jwk: one.public_jwk.clone(),
        };
        assert!(
            store
                .rotate_signing_keys(&provider(), &stored, &[forged], at(600), at(0))
                .unwrap()
        );
        for error in [
            ring.reload().unwrap_err(),
            KeyRing::open(store, provider(), place.clock.clone()).unwrap_err(),
        ] {
            assert_eq!(
                error.to_string(),
                "the store is damaged: signing_key.private_sealed of \"forged\" cannot be read"
            );
            assert!(matches!(error, KeyError::Store(StoreError::Corrupt { .. })));
        }
        assert_eq!(kids(&ring), before);
        assert_eq!(signed_by(&ring, &Es256), before[1]);
    }
}
