//! Listing and counting clients with filters.

use std::time::Duration;

use protocol::{ClientId, Issuer, RegisteredMetadata};
use store::{ClientData, ClientFilter, ClientsWithNul, Store};

use crate::bench::{Bench, NOW, client_data, insert, new_client, provider, token, with_token};

on_both!(
    clients_are_filtered_and_counted,
    clients_with_nul_are_counted_and_readable,
    a_use_is_noted_to_the_day_and_written_when_told,
);

fn ids(store: &Store, which: &ClientFilter) -> Vec<String> {
    store
        .clients(which, None, 10)
        .unwrap()
        .into_iter()
        .map(|listed| listed.id.as_str().to_owned())
        .collect()
}

/// Clients are selected by owner, provider and time, and counted.
fn clients_are_filtered_and_counted(bench: &Bench) {
    let store = bench.store();
    let later = NOW.plus(Duration::from_mins(1));
    let other = Issuer::parse("https://other.example").unwrap();
    for new in [
        new_client("c1"),
        with_token(ClientData {
            owner: Some("alice".to_owned()),
            ..client_data("c2")
        }),
        with_token(ClientData {
            provider: other.clone(),
            ..client_data("c3")
        }),
        with_token(ClientData {
            owner: Some("alice".to_owned()),
            provider: other.clone(),
            issued_at: later,
            ..client_data("c4")
        }),
    ] {
        store.insert(new, None, NOW).wait().unwrap();
    }
    let alice = Some("alice".to_owned());
    let of = |issuer: &Issuer| Some(issuer.as_str().to_owned());
    for (which, expected) in [
        (ClientFilter::default(), &["c1", "c2", "c3", "c4"][..]),
        (
            ClientFilter {
                owner: alice.clone(),
                ..ClientFilter::default()
            },
            &["c2", "c4"],
        ),
        (
            ClientFilter {
                provider: of(&provider()),
                ..ClientFilter::default()
            },
            &["c1", "c2"],
        ),
        (
            ClientFilter {
                provider: of(&other),
                owner: alice.clone(),
                ..ClientFilter::default()
            },
            &["c4"],
        ),
        (
            ClientFilter {
                issued_from: Some(later),
                ..ClientFilter::default()
            },
            &["c4"],
        ),
        (
            ClientFilter {
                issued_before: Some(later),
                ..ClientFilter::default()
            },
            &["c1", "c2", "c3"],
        ),
        (
            ClientFilter {
                issued_from: Some(NOW),
                issued_before: Some(NOW),
                ..ClientFilter::default()
            },
            &[],
        ),
        (
            ClientFilter {
                owner: Some("a\0".to_owned()),
                ..ClientFilter::default()
            },
            &[],
        ),
    ] {
        assert_eq!(ids(&store, &which), expected, "{which:?}");
        assert_eq!(
            store.count_clients(&which),
            Ok(u64::try_from(expected.len()).unwrap()),
            "{which:?}"
        );
    }
}

/// A client registered before U+0000 was refused can be read, counted, named and deleted, but not
/// imported.
fn clients_with_nul_are_counted_and_readable(bench: &Bench) {
    let store = bench.store();
    let jwks = |kid: &str| format!(r#"{{"jwks":{{"keys":[{{"kty":"EC","kid":"{kid}"}}]}}}}"#);
    for (id, kid) in [
        ("c1", "plain"),
        ("c2", r"a\u0000b"),
        ("c3", r"a\\u0000b"),
        ("c4", r"\\\u0000"),
    ] {
        let metadata = RegisteredMetadata::from_stored(jwks(kid)).unwrap();
        store
            .insert(
                with_token(ClientData {
                    metadata,
                    ..client_data(id)
                }),
                None,
                NOW,
            )
            .wait()
            .unwrap();
    }
    let found = |count: u64, ids: &[&str]| ClientsWithNul {
        count,
        first: ids.iter().map(|id| ClientId::new(*id)).collect(),
    };
    assert_eq!(store.clients_with_nul(10), Ok(found(2, &["c2", "c4"])));
    assert_eq!(store.clients_with_nul(1), Ok(found(2, &["c2"])));
    let kept = store.client(&ClientId::new("c2")).unwrap().unwrap();
    assert_eq!(kept.data.metadata.json(), jwks(r"a\u0000b"));
    let lines: Vec<_> = store
        .exported(&ClientFilter::default(), None, 10)
        .unwrap()
        .into_iter()
        .map(|one| one.client.unwrap().to_line().unwrap())
        .collect();
    let taken: Vec<bool> = lines
        .iter()
        .map(|line| store.read_exported(line, None).is_ok())
        .collect();
    assert_eq!(taken, [true, false, true, false]);
    for id in ["c2", "c4"] {
        assert_eq!(store.delete(&ClientId::new(id)).wait(), Ok(true), "{id}");
    }
    assert_eq!(store.clients_with_nul(10), Ok(ClientsWithNul::default()));
}

fn a_use_is_noted_to_the_day_and_written_when_told(bench: &Bench) {
    let store = bench.store();
    let (used, unused) = (insert(&store, "c1"), insert(&store, "c2"));
    assert!(
        store
            .authenticate(&provider(), &unused.data.id, &token("c1"), NOW)
            .unwrap()
            .is_none()
    );
    let day = Duration::from_hours(24);
    let later = NOW.plus(10 * day);
    let seen = |store: &Store| store.client(&used.data.id).unwrap().unwrap();
    assert!(
        store
            .authenticate(&provider(), &used.data.id, &token("c1"), later)
            .unwrap()
            .is_some()
    );
    assert_eq!(seen(&store).last_used_at, None, "a read writes nothing");
    store.flush_last_used().unwrap();
    let known = seen(&store).last_used_at.unwrap();
    assert!(
        known <= later && later < known.plus(day) && known.seconds() % 86_400 == 0,
        "{known:?}"
    );
    assert_eq!(
        seen(&store).revision,
        used.revision,
        "nobody's update comes too late for it"
    );
    store.flush_last_used().unwrap();
    assert_eq!(
        store.client(&unused.data.id).unwrap().unwrap().last_used_at,
        None,
        "a wrong token is no use"
    );

    let unused_since = |since| {
        ids(
            &store,
            &ClientFilter {
                unused_since: Some(since),
                ..ClientFilter::default()
            },
        )
    };
    assert!(unused_since(NOW).is_empty(), "what is newer is not unused");
    assert_eq!(unused_since(NOW.plus(day)), ["c2"]);
    assert_eq!(
        unused_since(known.plus(day / 2)),
        ["c2"],
        "that day is not over"
    );
    assert_eq!(unused_since(known.plus(day)), ["c1", "c2"]);

    assert!(
        store
            .authenticate(&provider(), &used.data.id, &token("c1"), NOW)
            .unwrap()
            .is_some()
    );
    store.flush_last_used().unwrap();
    assert_eq!(
        seen(&store).last_used_at,
        Some(known),
        "a clock that goes back does not take a use away"
    );
    assert!(
        store
            .authenticate(&provider(), &unused.data.id, &token("c2"), later)
            .unwrap()
            .is_some()
    );
    store.close();
    assert_eq!(
        bench
            .open()
            .client(&unused.data.id)
            .unwrap()
            .unwrap()
            .last_used_at,
        Some(known),
        "an orderly end writes what waits"
    );
}
