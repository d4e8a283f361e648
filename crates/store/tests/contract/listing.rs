//! Clients, chosen and counted.

use std::time::Duration;

use protocol::Issuer;
use store::{NewClient, Store, Which};

use crate::bench::{Bench, NOW, new_client, provider};

on_both!(clients_are_chosen_by_owner_provider_and_time_and_counted);

fn ids(store: &Store, which: &Which) -> Vec<String> {
    store.clients(which, None, 10).unwrap().into_iter().map(|listed| listed.id.as_str().to_owned()).collect()
}

fn clients_are_chosen_by_owner_provider_and_time_and_counted(bench: &Bench) {
    let store = bench.store();
    let later = NOW.plus(Duration::from_mins(1));
    let other = Issuer::parse("https://other.example").unwrap();
    for new in [
        new_client("c1"),
        NewClient { owner: Some("alice".to_owned()), ..new_client("c2") },
        NewClient { provider: other.clone(), ..new_client("c3") },
        NewClient { owner: Some("alice".to_owned()), provider: other.clone(), issued_at: later, ..new_client("c4") },
    ] {
        store.insert(new, None, NOW).wait().unwrap();
    }
    let alice = Some("alice".to_owned());
    let of = |issuer: &Issuer| Some(issuer.as_str().to_owned());
    for (which, expected) in [
        (Which::default(), &["c1", "c2", "c3", "c4"][..]),
        (Which { owner: alice.clone(), ..Which::default() }, &["c2", "c4"]),
        (Which { provider: of(&provider()), ..Which::default() }, &["c1", "c2"]),
        (Which { provider: of(&other), owner: alice.clone(), ..Which::default() }, &["c4"]),
        (Which { issued_from: Some(later), ..Which::default() }, &["c4"]),
        (Which { issued_before: Some(later), ..Which::default() }, &["c1", "c2", "c3"]),
        (Which { issued_from: Some(NOW), issued_before: Some(NOW), ..Which::default() }, &[]),
        (Which { owner: Some("a\0".to_owned()), ..Which::default() }, &[]),
    ] {
        assert_eq!(ids(&store, &which), expected, "{which:?}");
        assert_eq!(store.count_clients(&which), Ok(u64::try_from(expected.len()).unwrap()), "{which:?}");
    }
}
