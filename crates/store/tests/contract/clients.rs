//! Clients: insert, authenticate, replace, delete, reissue, list, purge.

use std::time::Duration;

use protocol::{ClientId, ClientSecret, Issuer, RegisteredMetadata, RegistrationAccessToken};
use store::{ClientData, ClientFilter, ClientSummary, SecretChange, StoreError};

use crate::bench::{
    Bench, NOW, client_data, insert, insert_as, metadata, new_client, provider, race, terms, token,
    with_token,
};

on_both!(
    a_client_comes_back_as_it_was_inserted,
    only_its_own_token_opens_a_client,
    an_identifier_with_a_nul_is_nobodys,
    a_replacement_changes_what_it_says,
    metadata_consistency_is_stored,
    replacement_without_a_change_writes_nothing,
    racing_replacements_without_a_change_lose_nothing,
    a_stale_replacement_changes_nothing,
    of_racing_replacements_one_wins,
    of_racing_deletes_one_wins,
    a_reissued_token_takes_the_place_of_the_old_one,
    an_expired_client_is_gone_before_it_is_purged,
    composed_names_may_repeat,
    clients_are_listed_in_pages,
    a_client_belongs_to_its_owner_and_to_nobody_else,
    more_clients_expire_than_one_transaction_takes,
    what_was_written_survives_reopening,
);

fn a_client_comes_back_as_it_was_inserted(bench: &Bench) {
    let store = bench.store();
    let new = with_token(ClientData {
        secret_expires_at: Some(NOW.plus(Duration::from_mins(1))),
        expires_at: Some(NOW.plus(Duration::from_secs(90))),
        owner: Some("alice".to_owned()),
        composed_name: Some("alice_shop".to_owned()),
        terms: Some(terms()),
        ..client_data("c1")
    });
    let told = store.insert(new.clone(), None, NOW).wait().unwrap();
    let read = store.client(&new.data.id).unwrap().unwrap();
    assert_eq!(
        format!("{told:?}"),
        format!("{:?}", ClientSummary::from(read.clone()))
    );
    assert_eq!(read.data.id, new.data.id);
    assert_eq!(read.data.provider, new.data.provider);
    assert_eq!(
        read.data.metadata.json(),
        new.data.metadata.json(),
        "byte for byte"
    );
    assert_eq!(read.data.secret, new.data.secret);
    assert_eq!(read.data.issued_at, new.data.issued_at);
    assert_eq!(read.data.secret_expires_at, new.data.secret_expires_at);
    assert_eq!(read.data.expires_at, new.data.expires_at);
    assert_eq!(read.data.owner, new.data.owner);
    assert_eq!(read.data.composed_name, new.data.composed_name);
    assert_eq!(read.data.terms, new.data.terms);
    assert_eq!((read.revision, read.last_used_at), (1, None));
    assert_eq!(
        store
            .insert(new_client("c1"), None, NOW)
            .wait()
            .unwrap_err(),
        StoreError::Conflict
    );

    let public = with_token(ClientData {
        secret: None,
        ..client_data("c2")
    });
    store.insert(public, None, NOW).wait().unwrap();
    assert_eq!(
        store
            .client(&ClientId::new("c2"))
            .unwrap()
            .unwrap()
            .data
            .secret,
        None
    );
    assert!(store.client(&ClientId::new("c3")).unwrap().is_none());
}

/// Only its own token at its own provider opens a client.
fn only_its_own_token_opens_a_client(bench: &Bench) {
    let store = bench.store();
    let (one, _) = (insert(&store, "c1"), insert(&store, "c2"));
    let opened = store
        .authenticate(&provider(), &one.data.id, &token("c1"), NOW)
        .unwrap()
        .unwrap();
    assert_eq!(opened.data.secret, Some(ClientSecret::new("hush_of_c1")));
    let elsewhere = Issuer::parse("https://other.example").unwrap();
    for (provider, id, token) in [
        (provider(), "c1", token("c2")),
        (provider(), "c2", token("c1")),
        (provider(), "c3", token("c1")),
        (provider(), "C1", token("c1")),
        (provider(), "c1", RegistrationAccessToken::new("")),
        (elsewhere, "c1", token("c1")),
    ] {
        assert!(
            store
                .authenticate(&provider, &ClientId::new(id), &token, NOW)
                .unwrap()
                .is_none(),
            "{provider} {id}"
        );
    }
}

fn an_identifier_with_a_nul_is_nobodys(bench: &Bench) {
    let store = bench.store();
    let id = ClientId::new("c\0");
    assert!(
        store
            .authenticate(&provider(), &id, &token("c"), NOW)
            .unwrap()
            .is_none()
    );
    assert!(store.client(&id).unwrap().is_none());
    assert!(!store.delete(&id).wait().unwrap());
    assert!(!store.reissue(&id, &token("c"), NOW).wait().unwrap());
    assert!(
        store
            .clients(&ClientFilter::default(), Some(&id), 10)
            .unwrap()
            .is_empty()
    );
    let named = with_token(ClientData {
        owner: Some("alice".to_owned()),
        composed_name: Some("alice_\0".to_owned()),
        ..client_data("c1")
    });
    assert_eq!(
        store.insert(named, None, NOW).wait().unwrap_err(),
        StoreError::Refused("the owner and the composed name must not contain a NUL character")
    );
}

fn a_replacement_changes_what_it_says(bench: &Bench) {
    let store = bench.store();
    let first = insert_as(
        &store,
        with_token(ClientData {
            terms: Some(terms()),
            ..client_data("c1")
        }),
    );
    let kept = store
        .replace(&first, metadata("kept"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let other = ClientSecret::new("other");
    let until = Some(NOW.plus(Duration::from_secs(9)));
    let issued = store
        .replace(
            &kept,
            metadata("issued"),
            SecretChange::Issue(other.clone(), until),
            NOW,
        )
        .wait()
        .unwrap();
    let read = store.client(&first.data.id).unwrap().unwrap();
    assert_eq!(format!("{issued:?}"), format!("{read:?}"));
    assert_eq!(
        (read.data.secret, read.data.secret_expires_at),
        (Some(other), until)
    );
    assert_eq!(read.data.metadata.json(), metadata("issued").json());
    assert_eq!(read.data.issued_at, first.data.issued_at);
    assert_eq!(
        read.data.terms,
        Some(terms()),
        "an update does not shake them off"
    );
    let removed = store
        .replace(&issued, metadata("removed"), SecretChange::Remove, NOW)
        .wait()
        .unwrap();
    let read = store
        .authenticate(&provider(), &first.data.id, &token("c1"), NOW)
        .unwrap()
        .unwrap();
    assert_eq!(format!("{removed:?}"), format!("{read:?}"));
    assert_eq!(
        (read.data.secret, read.data.secret_expires_at),
        (None, None)
    );
    assert_eq!(kept.data.secret, first.data.secret);
}

/// RFC 7591 §5.
fn metadata_consistency_is_stored(bench: &Bench) {
    let store = bench.store();
    let foreign =
        r#"{"redirect_uris":["https://rp.example/cb"],"logo_uri":"https://bank.example/logo.png"}"#;
    let foreign = RegisteredMetadata::from_stored(foreign.to_owned()).unwrap();
    let kept = || {
        bench.raw().values(
            "SELECT client_id || ':' || CASE WHEN metadata_consistent THEN 'yes' ELSE 'no' END AS value FROM client ORDER BY client_id",
        )
    };
    let one = insert(&store, "c1");
    store
        .insert(
            with_token(ClientData {
                metadata: foreign.clone(),
                ..client_data("c2")
            }),
            None,
            NOW,
        )
        .wait()
        .unwrap();
    assert_eq!(kept(), ["c1:yes", "c2:no"]);
    store
        .replace(&one, foreign, SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    assert_eq!(kept(), ["c1:no", "c2:no"]);
}

/// RFC 7592 §2.2: a replacement that changes nothing writes nothing, and is stale in the same cases
/// as any other.
fn replacement_without_a_change_writes_nothing(bench: &Bench) {
    let store = bench.store();
    let stored = |name: &str| {
        bench.raw().values(&format!(
            "SELECT COALESCE(CAST({name} AS TEXT), '') AS value FROM client ORDER BY client_id"
        ))
    };
    let row = || ["revision", "metadata", "secret_sealed", "last_used_at"].map(stored);
    let told = || store.audit(None, None, None, 100).unwrap();
    let first = insert(&store, "c1");
    let (before, rows) = (row(), told());
    let again = store
        .replace(&first, first.data.metadata.clone(), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    assert_eq!(format!("{again:?}"), format!("{first:?}"));
    assert_eq!((row(), told()), (before, rows));

    // Issuing or removing a secret is a change. Removing an absent secret is not.
    let removed = store
        .replace(
            &first,
            first.data.metadata.clone(),
            SecretChange::Remove,
            NOW,
        )
        .wait()
        .unwrap();
    let (before, rows) = (row(), told());
    assert_eq!(removed.revision, first.revision + 1);
    let again = store
        .replace(
            &removed,
            removed.data.metadata.clone(),
            SecretChange::Remove,
            NOW,
        )
        .wait()
        .unwrap();
    assert_eq!(
        (format!("{again:?}"), row(), told()),
        (format!("{removed:?}"), before, rows)
    );
    let secret = SecretChange::Issue(ClientSecret::new("other"), None);
    let issued = store
        .replace(&removed, removed.data.metadata.clone(), secret, NOW)
        .wait()
        .unwrap();
    assert_eq!(issued.revision, removed.revision + 1);

    // After a write by another request, it does not report success.
    let other = store
        .replace(&issued, metadata("other"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let (before, rows) = (row(), told());
    for stale in [&first, &issued] {
        let late = store
            .replace(stale, stale.data.metadata.clone(), SecretChange::Keep, NOW)
            .wait();
        assert_eq!(late.unwrap_err(), StoreError::Stale);
    }
    assert_eq!((row(), told()), (before, rows));
    assert!(store.delete(&other.data.id).wait().unwrap());
    assert_eq!(
        store
            .replace(&other, other.data.metadata.clone(), SecretChange::Keep, NOW)
            .wait()
            .unwrap_err(),
        StoreError::Stale
    );
    let then = NOW.plus(Duration::from_mins(1));
    let brief = insert_as(
        &store,
        with_token(ClientData {
            expires_at: Some(then),
            ..client_data("c2")
        }),
    );
    assert_eq!(
        store
            .replace(
                &brief,
                brief.data.metadata.clone(),
                SecretChange::Keep,
                then
            )
            .wait()
            .unwrap_err(),
        StoreError::Stale
    );
}

/// Of concurrent replacements, with and without a change, no change is lost.
fn racing_replacements_without_a_change_lose_nothing(bench: &Bench) {
    let store = bench.store();
    let first = insert(&store, "c1");
    let outcomes = race(|number| {
        let metadata = if number == 3 {
            metadata("changed")
        } else {
            first.data.metadata.clone()
        };
        (
            number,
            store
                .replace(&first, metadata, SecretChange::Keep, NOW)
                .wait(),
        )
    });
    for (number, outcome) in outcomes {
        match outcome {
            Ok(client) if number == 3 => assert_eq!(client.revision, first.revision + 1),
            Ok(client) => assert_eq!(client.revision, first.revision, "it was first"),
            Err(error) => assert_eq!(
                (number == 3, error),
                (false, StoreError::Stale),
                "nothing else changed it"
            ),
        }
    }
    let read = store.client(&first.data.id).unwrap().unwrap();
    assert_eq!(
        (read.data.metadata.json(), read.revision),
        (metadata("changed").json(), first.revision + 1)
    );
}

fn a_stale_replacement_changes_nothing(bench: &Bench) {
    let store = bench.store();
    let first = insert(&store, "c1");
    let second = store
        .replace(&first, metadata("second"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let stale = store
        .replace(&first, metadata("third"), SecretChange::Remove, NOW)
        .wait();
    assert_eq!(stale.unwrap_err(), StoreError::Stale);
    let read = store.client(&first.data.id).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{second:?}"));
    assert!(store.delete(&second.data.id).wait().unwrap());
    assert_eq!(
        store
            .replace(&second, metadata("fourth"), SecretChange::Keep, NOW)
            .wait()
            .unwrap_err(),
        StoreError::Stale
    );
    assert!(
        store.client(&first.data.id).unwrap().is_none(),
        "a replacement does not bring a client back"
    );
}

fn of_racing_replacements_one_wins(bench: &Bench) {
    let store = bench.store();
    let first = insert(&store, "c1");
    let outcomes = race(|number| {
        store
            .replace(
                &first,
                metadata(&number.to_string()),
                SecretChange::Keep,
                NOW,
            )
            .wait()
    });
    let won: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .collect();
    assert_eq!(won.len(), 1);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::Stale))),
        "{outcomes:?}"
    );
    assert_eq!(
        store
            .client(&first.data.id)
            .unwrap()
            .unwrap()
            .data
            .metadata
            .json(),
        won[0].data.metadata.json()
    );
}

fn of_racing_deletes_one_wins(bench: &Bench) {
    let store = bench.store();
    let other = bench.open();
    let client = insert(&store, "c1");
    let outcomes = race(|number| {
        if number % 2 == 0 { &store } else { &other }
            .delete(&client.data.id)
            .wait()
            .unwrap()
    });
    assert_eq!(outcomes.iter().filter(|deleted| **deleted).count(), 1);
    assert!(
        store
            .authenticate(&provider(), &client.data.id, &token("c1"), NOW)
            .unwrap()
            .is_none()
    );
}

fn a_reissued_token_takes_the_place_of_the_old_one(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    assert!(
        store
            .reissue(&client.data.id, &token("new"), NOW)
            .wait()
            .unwrap()
    );
    assert!(
        store
            .authenticate(&provider(), &client.data.id, &token("c1"), NOW)
            .unwrap()
            .is_none()
    );
    assert!(
        store
            .authenticate(&provider(), &client.data.id, &token("new"), NOW)
            .unwrap()
            .is_some()
    );
    let late = store
        .replace(&client, metadata("late"), SecretChange::Keep, NOW)
        .wait();
    assert_eq!(
        late.unwrap_err(),
        StoreError::Stale,
        "whoever authenticated with the old token comes too late"
    );
    assert!(
        !store
            .reissue(&ClientId::new("c2"), &token("new"), NOW)
            .wait()
            .unwrap()
    );
}

fn an_expired_client_is_gone_before_it_is_purged(bench: &Bench) {
    let store = bench.store();
    let then = NOW.plus(Duration::from_mins(1));
    let before = NOW.plus(Duration::from_secs(59));
    let client = insert_as(
        &store,
        with_token(ClientData {
            expires_at: Some(then),
            ..client_data("c1")
        }),
    );
    insert(&store, "c2");
    assert!(
        store
            .authenticate(&provider(), &client.data.id, &token("c1"), before)
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .authenticate(&provider(), &client.data.id, &token("c1"), then)
            .unwrap()
            .is_none()
    );
    assert_eq!(
        store
            .replace(&client, metadata("late"), SecretChange::Keep, then)
            .wait()
            .unwrap_err(),
        StoreError::Stale
    );
    assert!(
        !store
            .reissue(&client.data.id, &token("late"), then)
            .wait()
            .unwrap()
    );
    assert_eq!(store.purge_expired(before).unwrap(), 0);
    assert_eq!(store.purge_expired(then).unwrap(), 1);
    assert_eq!(store.purge_expired(then).unwrap(), 0);
    assert!(store.client(&client.data.id).unwrap().is_none());
    assert!(store.client(&ClientId::new("c2")).unwrap().is_some());
}

fn composed_names_may_repeat(bench: &Bench) {
    let store = bench.store();
    let named = |id: &str| {
        with_token(ClientData {
            owner: Some("alice".to_owned()),
            composed_name: Some("alice_shop".to_owned()),
            ..client_data(id)
        })
    };
    for id in ["c1", "c2", "c3"] {
        store.insert(named(id), None, NOW).wait().unwrap();
    }
    assert!(store.delete(&ClientId::new("c2")).wait().unwrap());
    for (id, is_there) in [("c1", true), ("c2", false), ("c3", true)] {
        let found = store.client(&ClientId::new(id)).unwrap();
        assert_eq!(found.is_some(), is_there, "{id}");
    }
}

fn clients_are_listed_in_pages(bench: &Bench) {
    let store = bench.store();
    for (number, owner) in [
        None,
        Some("alice"),
        Some("bob"),
        Some("alice"),
        Some("alice"),
    ]
    .into_iter()
    .enumerate()
    {
        let new = with_token(ClientData {
            owner: owner.map(str::to_owned),
            ..client_data(&format!("c{}", number + 1))
        });
        store.insert(new, None, NOW).wait().unwrap();
    }
    let ids = |owner: Option<&str>, after: Option<&str>| -> Vec<String> {
        let clients = store
            .clients(
                &ClientFilter {
                    owner: owner.map(str::to_owned),
                    ..ClientFilter::default()
                },
                after.map(ClientId::new).as_ref(),
                2,
            )
            .unwrap();
        clients
            .into_iter()
            .map(|listed| listed.id.as_str().to_owned())
            .collect()
    };
    assert_eq!(ids(None, None), ["c1", "c2"]);
    assert_eq!(ids(None, Some("c2")), ["c3", "c4"]);
    assert_eq!(ids(None, Some("c4")), ["c5"]);
    assert!(ids(None, Some("c5")).is_empty());
    assert_eq!(ids(Some("alice"), None), ["c2", "c4"]);
    assert_eq!(ids(Some("alice"), Some("c4")), ["c5"]);
    assert!(ids(Some("carol"), None).is_empty());
}

fn a_client_belongs_to_its_owner_and_to_nobody_else(bench: &Bench) {
    let store = bench.store();
    let of_alice = with_token(ClientData {
        owner: Some("alice".to_owned()),
        ..client_data("c1")
    });
    store.insert(of_alice, None, NOW).wait().unwrap();
    insert(&store, "c2");
    for (id, owner, belongs) in [
        ("c1", "alice", true),
        ("c1", "Alice", false),
        ("c1", "", false),
        ("c2", "alice", false),
        ("c3", "alice", false),
        ("c1\0", "alice", false),
    ] {
        assert_eq!(
            store.is_owned_by(&ClientId::new(id), Some(owner), None),
            Ok(belongs),
            "{id} {owner}"
        );
        assert_eq!(
            store.is_owned_by(&ClientId::new(id), Some(owner), Some(&provider())),
            Ok(belongs),
            "{id} {owner}"
        );
    }
    let other = Issuer::parse("https://other.example").unwrap();
    for (at, belongs) in [
        (None, true),
        (Some(&provider()), true),
        (Some(&other), false),
    ] {
        assert_eq!(
            store.is_owned_by(&ClientId::new("c2"), None, at),
            Ok(belongs),
            "{at:?}"
        );
        assert_eq!(
            store.is_owned_by(&ClientId::new("c1"), Some("alice"), at),
            Ok(belongs),
            "{at:?}"
        );
    }
}

fn more_clients_expire_than_one_transaction_takes(bench: &Bench) {
    let store = bench.store();
    let expiring = |number: usize| {
        with_token(ClientData {
            expires_at: Some(NOW),
            ..client_data(&format!("c{number:04}"))
        })
    };
    let written: Vec<_> = (0..1_100)
        .map(|number| store.insert(expiring(number), None, NOW))
        .collect();
    assert!(written.into_iter().all(|written| written.wait().is_ok()));
    assert_eq!(store.purge_expired(NOW).unwrap(), 1_100);
    assert!(
        store
            .clients(&ClientFilter::default(), None, 10)
            .unwrap()
            .is_empty()
    );
}

fn what_was_written_survives_reopening(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    drop(store);
    let store = bench.store();
    let read = store
        .authenticate(&provider(), &client.data.id, &token("c1"), NOW)
        .unwrap()
        .unwrap();
    assert_eq!(format!("{read:?}"), format!("{client:?}"));
    assert_eq!(read.data.secret, client.data.secret);
}
