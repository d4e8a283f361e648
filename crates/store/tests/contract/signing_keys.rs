//! Signing keys: first keys, rotation, purge.

use std::time::Duration;

use protocol::{Issuer, Secret, Timestamp};
use store::{NewSigningKey, SigningKey};

use crate::bench::{Bench, NOW, provider, race};

on_both!(
    keys_come_back_as_they_were_stored,
    of_racing_first_keys_one_set_survives,
    a_successor_signs_where_its_predecessor_stops,
    of_racing_rotations_one_wins,
    retired_keys_are_purged_when_their_time_is_over,
);

fn new_key(kid: &str, algorithm: &str) -> NewSigningKey {
    NewSigningKey {
        kid: kid.to_owned(),
        algorithm: algorithm.to_owned(),
        private: Secret::new(format!("hush of {kid}")),
        public_jwk: format!(r#"{{"kid":"{kid}"}}"#),
    }
}

fn kids(keys: &[SigningKey]) -> Vec<&str> {
    keys.iter().map(|key| key.kid.as_str()).collect()
}

fn signing(keys: &[SigningKey], now: Timestamp) -> Vec<&str> {
    keys.iter()
        .filter(|key| key.signs_at(now))
        .map(|key| key.kid.as_str())
        .collect()
}

fn keys_come_back_as_they_were_stored(bench: &Bench) {
    let store = bench.store();
    let elsewhere = Issuer::parse("https://other.example").unwrap();
    assert!(store.signing_keys(&provider()).unwrap().is_empty());
    assert!(
        store
            .add_first_signing_keys(
                &provider(),
                &[new_key("k1", "RS256"), new_key("k2", "ES256")],
                NOW
            )
            .unwrap()
    );
    assert!(
        !store
            .add_first_signing_keys(&provider(), &[new_key("k3", "ES256")], NOW)
            .unwrap()
    );
    assert!(
        store
            .add_first_signing_keys(&elsewhere, &[new_key("k4", "ES256")], NOW)
            .unwrap()
    );
    let keys = bench.open().signing_keys(&provider()).unwrap();
    assert_eq!(kids(&keys), ["k1", "k2"]);
    assert_eq!(keys[0].private.reveal(), "hush of k1");
    assert_eq!(
        (keys[0].algorithm.as_str(), keys[0].public_jwk.as_str()),
        ("RS256", r#"{"kid":"k1"}"#)
    );
    assert_eq!(
        (keys[0].created_at, keys[0].signs_from, keys[0].retired_at),
        (NOW, NOW, None)
    );
    assert!(!format!("{keys:?}").contains("hush"));
    assert_eq!(kids(&store.signing_keys(&elsewhere).unwrap()), ["k4"]);
}

fn of_racing_first_keys_one_set_survives(bench: &Bench) {
    let store = bench.store();
    let other = bench.open();
    let read = race(|number| {
        let store = if number % 2 == 0 { &store } else { &other };
        let first = [
            new_key(&format!("r{number}"), "RS256"),
            new_key(&format!("e{number}"), "ES256"),
        ];
        let added = store
            .add_first_signing_keys(&provider(), &first, NOW)
            .unwrap();
        let keys = store.signing_keys(&provider()).unwrap();
        (
            added,
            keys.into_iter().map(|key| key.kid).collect::<Vec<_>>(),
        )
    });
    assert_eq!(read.iter().filter(|(added, _)| *added).count(), 1);
    assert!(
        read.iter()
            .all(|(_, kids)| kids.len() == 2 && *kids == read[0].1),
        "{read:?}"
    );
}

fn a_successor_signs_where_its_predecessor_stops(bench: &Bench) {
    let store = bench.store();
    let then = NOW.plus(Duration::from_hours(1));
    store
        .add_first_signing_keys(
            &provider(),
            &[new_key("r1", "RS256"), new_key("e1", "ES256")],
            NOW,
        )
        .unwrap();
    let seen = store.signing_keys(&provider()).unwrap();
    assert!(
        store
            .rotate_signing_keys(&provider(), &seen, &[new_key("r2", "RS256")], then, NOW)
            .unwrap()
    );
    let keys = store.signing_keys(&provider()).unwrap();
    assert_eq!(kids(&keys), ["e1", "r1", "r2"], "all are published");
    assert_eq!(signing(&keys, NOW), ["e1", "r1"]);
    assert_eq!(
        signing(&keys, then.minus(Duration::from_secs(1))),
        ["e1", "r1"]
    );
    assert_eq!(signing(&keys, then), ["e1", "r2"]);
    assert_eq!(keys[1].retired_at, Some(then));
}

fn of_racing_rotations_one_wins(bench: &Bench) {
    let store = bench.store();
    let other = bench.open();
    store
        .add_first_signing_keys(&provider(), &[new_key("r1", "RS256")], NOW)
        .unwrap();
    let seen = store.signing_keys(&provider()).unwrap();
    let rotated = race(|number| {
        let store = if number % 2 == 0 { &store } else { &other };
        store
            .rotate_signing_keys(
                &provider(),
                &seen,
                &[new_key(&format!("s{number}"), "RS256")],
                NOW,
                NOW,
            )
            .unwrap()
    });
    assert_eq!(rotated.iter().filter(|rotated| **rotated).count(), 1);
    let keys = store.signing_keys(&provider()).unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(signing(&keys, NOW).len(), 1);
}

fn retired_keys_are_purged_when_their_time_is_over(bench: &Bench) {
    let store = bench.store();
    let then = NOW.plus(Duration::from_mins(1));
    store
        .add_first_signing_keys(&provider(), &[new_key("r1", "RS256")], NOW)
        .unwrap();
    let seen = store.signing_keys(&provider()).unwrap();
    store
        .rotate_signing_keys(&provider(), &seen, &[new_key("r2", "RS256")], then, NOW)
        .unwrap();
    let seen = store.signing_keys(&provider()).unwrap();
    assert_eq!(store.purge_signing_keys(then).unwrap(), 0);
    assert_eq!(
        store
            .purge_signing_keys(then.plus(Duration::from_secs(1)))
            .unwrap(),
        1
    );
    assert_eq!(kids(&store.signing_keys(&provider()).unwrap()), ["r2"]);
    assert!(
        store
            .rotate_signing_keys(&provider(), &seen, &[new_key("r3", "RS256")], then, NOW)
            .unwrap(),
        "a purge is no rotation"
    );
}
