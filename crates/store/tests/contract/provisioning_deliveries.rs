//! The copies of clients at authorization servers: deliveries, leases and their races.

use protocol::{ClientSecret, Issuer, Timestamp};
use store::audit::AuditEvent;
use store::{
    ClientData, ConfirmedCopy, DeliveryOutcome, DocumentContent, DocumentLimits,
    DocumentValidators, ProvisioningState, SecretChange, Store, StoreError,
};

use crate::bench::{
    Bench, NOW, client_data, insert, insert_as, metadata, provider, race, token, with_token,
};
use crate::provisioned::{
    after, assert_rests, begin, copy, copy_with_token, count, has_client, has_row, id, is_recorded,
    lease, pending, register, row,
};

on_both!(
    due_rows_are_the_oldest_of_the_provider,
    damaged_row_stands_in_no_others_way,
    one_of_two_leases_wins,
    racing_leases_have_one_winner,
    row_is_leased_only_while_it_is_due,
    expired_secret_makes_the_copy_pending,
    copy_without_its_client_is_deleted,
    delivery_confirms_the_copy,
    postponed_delivery_is_due_again,
    copy_is_gone_when_the_server_says_so,
    copy_in_doubt_is_gone_at_the_second_word,
    lost_lease_records_nothing,
    outcome_of_another_kind_changes_nothing,
    desired_state_is_the_stored_state,
    document_has_a_copy_as_a_client_has,
    removed_document_may_come_back,
    stored_token_belongs_to_its_row,
);

fn rejected(error: &str) -> DeliveryOutcome {
    DeliveryOutcome::Rejected {
        error: error.to_owned(),
    }
}

fn postponed(error: &str, due_at: Timestamp) -> DeliveryOutcome {
    DeliveryOutcome::Postponed {
        error: error.to_owned(),
        due_at,
    }
}

fn gone(again: u64) -> DeliveryOutcome {
    DeliveryOutcome::Gone {
        again_at: after(again),
    }
}

fn due(store: &Store, at: u64, limit: i64) -> Vec<String> {
    let rows = store.due_rows(&provider(), after(at), limit).unwrap();
    let name = |row: store::ProvisioningRow| row.client_id.unwrap().as_str().to_owned();
    rows.into_iter().map(name).collect()
}

fn due_rows_are_the_oldest_of_the_provider(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c2", "c3"] {
        pending(&store, name);
    }
    register(&store, "synced");
    begin(&store, "creating");
    let other = Issuer::parse("https://other.example").unwrap();
    let elsewhere = with_token(ClientData {
        provider: other.clone(),
        ..client_data("elsewhere")
    });
    store
        .insert_pending(elsewhere, None, None, 0, NOW)
        .wait()
        .unwrap();
    let (taken, _) = lease(&store, "c1", 40, 0);
    let again = store.record_delivery(&taken, postponed("no answer", after(9)), NOW);
    assert!(again.wait().unwrap());
    assert_eq!(due(&store, 8, 9), ["c2", "c3"]);
    assert_eq!(due(&store, 9, 9), ["c2", "c3", "c1"]);
    assert_eq!(due(&store, 9, 1), ["c2"]);
    assert_eq!(due(&store, 15, 9), ["c2", "c3", "c1", "creating"]);
    assert_eq!(store.due_rows(&other, NOW, 9).unwrap().len(), 1);
}

/// A row that cannot be read is tried again later, and the others go on.
fn damaged_row_stands_in_no_others_way(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c2", "c3"] {
        pending(&store, name);
    }
    let mut raw = bench.raw();
    raw.execute("UPDATE provisioning SET state = 'lost' WHERE client_id = 'c1'");
    raw.execute("UPDATE provisioning SET token_sealed = 'AQ' WHERE client_id = 'c2'");
    assert!(due(&store, 0, 2).is_empty());
    assert_eq!(due(&store, 0, 2), ["c3"]);
    assert!(matches!(
        store.provisioning_row(&provider(), &id("c1")),
        Err(StoreError::Corrupt {
            table: "provisioning",
            column: "state",
            ..
        })
    ));
    assert!(matches!(
        store.provisioning_row(&provider(), &id("c2")),
        Err(StoreError::Corrupt {
            table: "provisioning",
            column: "token_sealed",
            ..
        })
    ));
    raw.execute("UPDATE provisioning SET state = 'pending', token_sealed = NULL");
    assert_eq!(due(&store, 299, 9), ["c3"]);
    assert_eq!(due(&store, 300, 9), ["c3", "c1", "c2"]);
}

/// Two replicas never write a copy at once.
fn one_of_two_leases_wins(bench: &Bench) {
    let (store, replica) = (bench.store(), bench.open());
    pending(&store, "c1");
    let seen = row(&store, "c1");
    let (taken, leased) = store.lease(&seen, after(40), NOW).wait().unwrap().unwrap();
    assert_eq!(leased, row(&store, "c1"));
    assert_eq!(taken.until(), after(40));
    assert_eq!(
        (leased.state, leased.attempts, leased.confirmations),
        (ProvisioningState::Pending, 1, 2)
    );
    assert!(leased.is_in_flight);
    assert!(
        replica
            .lease(&seen, after(41), after(1))
            .wait()
            .unwrap()
            .is_none()
    );
    assert!(
        replica
            .lease(&leased, after(41), after(1))
            .wait()
            .unwrap()
            .is_none()
    );
    assert!(
        replica
            .due_rows(&provider(), after(39), 9)
            .unwrap()
            .is_empty()
    );
    assert_eq!(row(&store, "c1"), leased);
    // The first ended without a word.
    let (_, second) = lease(&replica, "c1", 80, 40);
    assert_eq!((second.attempts, second.due_at), (2, Some(after(80))));
    assert!(!is_recorded(
        &store,
        &taken,
        DeliveryOutcome::Synced(copy(1)),
        after(41)
    ));
    assert_eq!(row(&store, "c1"), second);
}

fn racing_leases_have_one_winner(bench: &Bench) {
    let store = bench.store();
    let late = begin(&store, "c1");
    let seen = row(&store, "c1");
    let answers = race(|number| {
        let store = if number % 2 == 0 {
            store.clone()
        } else {
            bench.open()
        };
        if number == 7 {
            let new = with_token(client_data("c1"));
            let done = store
                .complete_create(&late, new, None, copy(1), after(15))
                .wait();
            return done.map(|_| ()).is_ok();
        }
        store
            .lease(&seen, after(50), after(15))
            .wait()
            .unwrap()
            .is_some()
    });
    assert_eq!(answers.iter().filter(|won| **won).count(), 1);
    assert_eq!(has_client(&store, "c1"), answers[7]);
    let state = if answers[7] {
        ProvisioningState::Synced
    } else {
        ProvisioningState::Deleting
    };
    assert_eq!(row(&store, "c1").state, state);
}

fn row_is_leased_only_while_it_is_due(bench: &Bench) {
    let store = bench.store();
    register(&store, "c1");
    let synced = row(&store, "c1");
    assert!(
        store
            .lease(&synced, after(40), after(9))
            .wait()
            .unwrap()
            .is_none()
    );
    begin(&store, "c2");
    let creating = row(&store, "c2");
    assert!(
        store
            .lease(&creating, after(40), after(14))
            .wait()
            .unwrap()
            .is_none()
    );
    assert_eq!(row(&store, "c2"), creating);
    assert_eq!(count(&store, AuditEvent::RegistrationWithdrawn.as_str()), 0);
    let unknown = store::ProvisioningRow {
        id: "unknown".to_owned(),
        ..creating
    };
    assert!(
        store
            .lease(&unknown, after(40), after(15))
            .wait()
            .unwrap()
            .is_none()
    );
}

/// The copy of an expired secret gets another state without a change of the client.
fn expired_secret_makes_the_copy_pending(bench: &Bench) {
    let store = bench.store();
    let begun = begin(&store, "c1");
    let confirmed = ConfirmedCopy {
        secret_until: Some(after(20)),
        due_at: Some(after(20)),
        ..copy(1)
    };
    let new = with_token(ClientData {
        secret_expires_at: Some(after(20)),
        ..client_data("c1")
    });
    store
        .complete_create(&begun, new, None, confirmed, NOW)
        .wait()
        .unwrap();
    assert_rests(&store, "c1", ProvisioningState::Synced, Some(after(20)), 1);
    assert!(due(&store, 19, 9).is_empty());
    assert_eq!(due(&store, 20, 9), ["c1"]);
    let (taken, leased) = lease(&store, "c1", 60, 20);
    assert_eq!(
        (leased.state, leased.since),
        (ProvisioningState::Pending, after(20))
    );
    assert_eq!(leased.secret_until, Some(after(20)));
    let unusable = DeliveryOutcome::Synced(copy(1));
    assert!(is_recorded(&store, &taken, unusable, after(21)));
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
    assert_eq!(row(&store, "c1").secret_until, None);
}

/// A `pending` row without its client becomes `deleting`.
fn copy_without_its_client_is_deleted(bench: &Bench) {
    let store = bench.store();
    pending(&store, "c1");
    bench.raw().execute("DELETE FROM client");
    let (taken, leased) = lease(&store, "c1", 40, 5);
    assert_eq!(
        (leased.state, leased.since, leased.confirmations),
        (ProvisioningState::Deleting, after(5), 1)
    );
    assert!(!is_recorded(
        &store,
        &taken,
        DeliveryOutcome::Synced(copy(1)),
        NOW
    ));
    assert!(is_recorded(&store, &taken, gone(60), after(6)));
    assert!(!has_row(&store, "c1"));
    assert_eq!(count(&store, AuditEvent::RegistrationWithdrawn.as_str()), 0);
}

fn delivery_confirms_the_copy(bench: &Bench) {
    let store = bench.store();
    pending(&store, "c1");
    let (taken, _) = lease(&store, "c1", 40, 1);
    let synced = DeliveryOutcome::Synced(copy_with_token(1, "rat"));
    assert!(is_recorded(&store, &taken, synced, after(2)));
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
    let stored = row(&store, "c1");
    assert_eq!(
        (stored.revision, stored.synced_revision, stored.attempts),
        (1, Some(1), 0)
    );
    assert_eq!(
        (stored.handle.as_deref(), stored.since),
        (Some("handle"), after(2))
    );
    assert_eq!(stored.token.unwrap().reveal(), "rat");
    assert_eq!(count(&store, AuditEvent::ProvisioningRefused.as_str()), 0);
    // A client that was given another token has another revision, and the same copy.
    pending(&store, "c2");
    assert!(store.reissue(&id("c2"), &token("new"), NOW).wait().unwrap());
    let (taken, _) = lease(&store, "c2", 40, 1);
    let synced = DeliveryOutcome::Synced(copy(2));
    assert!(is_recorded(&store, &taken, synced, after(2)));
    assert_eq!(
        (
            row(&store, "c2").revision,
            row(&store, "c2").synced_revision
        ),
        (2, Some(2))
    );
}

/// Attempts are counted until the server confirms the copy, for the backoff.
fn postponed_delivery_is_due_again(bench: &Bench) {
    let store = bench.store();
    pending(&store, "c1");
    for attempt in 1..=3 {
        let at = u64::try_from(attempt).unwrap() * 10;
        let (taken, leased) = lease(&store, "c1", at + 5, at);
        assert_eq!(leased.attempts, attempt);
        let again = postponed(&format!("failure {attempt}"), after(at + 10));
        assert!(is_recorded(&store, &taken, again, after(at)));
        assert_rests(
            &store,
            "c1",
            ProvisioningState::Pending,
            Some(after(at + 10)),
            2,
        );
    }
    let waiting = row(&store, "c1");
    assert_eq!(
        (waiting.error.as_deref(), waiting.since),
        (Some("failure 3"), NOW)
    );
    let (taken, _) = lease(&store, "c1", 60, 50);
    assert!(is_recorded(&store, &taken, rejected("too long"), after(51)));
    assert_rests(&store, "c1", ProvisioningState::Rejected, None, 2);
    let refused = row(&store, "c1");
    assert_eq!(
        (refused.error.as_deref(), refused.since),
        (Some("too long"), after(51))
    );
    let rows = store.audit(None, None, Some(&id("c1")), 99).unwrap();
    let refusal = rows.last().unwrap();
    assert_eq!(refusal.event, AuditEvent::ProvisioningRefused.as_str());
    assert_eq!(refusal.provider.as_deref(), Some(provider().as_str()));
    assert_eq!(refusal.detail.as_deref(), Some("too long"));
}

fn copy_is_gone_when_the_server_says_so(bench: &Bench) {
    let store = bench.store();
    register(&store, "c1");
    assert!(store.delete(&id("c1")).wait().unwrap());
    let (taken, _) = lease(&store, "c1", 40, 0);
    assert!(is_recorded(
        &store,
        &taken,
        postponed("no answer", after(5)),
        NOW
    ));
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(after(5)), 1);
    let (taken, leased) = lease(&store, "c1", 40, 5);
    assert_eq!(leased.attempts, 2);
    assert!(is_recorded(&store, &taken, gone(65), after(5)));
    assert!(!has_row(&store, "c1"));
    assert!(!is_recorded(&store, &taken, gone(65), after(5)));
}

/// After an unknown outcome a slow server may do the request after the deletion.
fn copy_in_doubt_is_gone_at_the_second_word(bench: &Bench) {
    let store = bench.store();
    begin(&store, "c1");
    let (first, _) = lease(&store, "c1", 50, 15);
    assert!(is_recorded(&store, &first, gone(76), after(16)));
    assert_rests(
        &store,
        "c1",
        ProvisioningState::Deleting,
        Some(after(76)),
        1,
    );
    assert!(due(&store, 75, 9).is_empty());
    let (second, _) = lease(&store, "c1", 90, 76);
    assert!(is_recorded(&store, &second, gone(140), after(77)));
    assert!(!has_row(&store, "c1"));
    // An update in doubt before a deletion of the client.
    let client = register(&store, "c2");
    let (update, _) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    assert!(
        store
            .release_update(&update, Some("no answer"), NOW)
            .wait()
            .unwrap()
    );
    assert!(store.delete(&id("c2")).wait().unwrap());
    assert_eq!(row(&store, "c2").confirmations, 2);
}

fn lost_lease_records_nothing(bench: &Bench) {
    let store = bench.store();
    for (name, outcome) in [
        ("c1", DeliveryOutcome::Synced(copy(1))),
        ("c2", rejected("no")),
        ("c3", postponed("no answer", after(99))),
    ] {
        pending(&store, name);
        let (dead, _) = lease(&store, name, 10, 0);
        let (_, leased) = lease(&store, name, 50, 10);
        assert!(!is_recorded(&store, &dead, outcome, after(11)));
        assert_eq!(row(&store, name), leased);
    }
    begin(&store, "c4");
    let (dead, _) = lease(&store, "c4", 20, 15);
    let (_, leased) = lease(&store, "c4", 50, 20);
    assert!(!is_recorded(&store, &dead, gone(99), after(21)));
    assert_eq!(row(&store, "c4"), leased);
    assert_eq!(count(&store, AuditEvent::ProvisioningRefused.as_str()), 0);
}

fn outcome_of_another_kind_changes_nothing(bench: &Bench) {
    let store = bench.store();
    pending(&store, "c1");
    let (writes, leased) = lease(&store, "c1", 40, 0);
    assert!(!is_recorded(&store, &writes, gone(60), NOW));
    assert_eq!(row(&store, "c1"), leased);
    begin(&store, "c2");
    let (deletes, leased) = lease(&store, "c2", 40, 15);
    for outcome in [DeliveryOutcome::Synced(copy(1)), rejected("no")] {
        assert!(!is_recorded(&store, &deletes, outcome, after(16)));
        assert_eq!(row(&store, "c2"), leased);
    }
    assert_eq!(count(&store, AuditEvent::ProvisioningRefused.as_str()), 0);
}

/// The deliverer writes the stored state, also that of an expired client.
fn desired_state_is_the_stored_state(bench: &Bench) {
    let store = bench.store();
    let client = insert_as(
        &store,
        with_token(ClientData {
            secret_expires_at: Some(after(5)),
            expires_at: Some(after(9)),
            ..client_data("c1")
        }),
    );
    let desired = store.desired(&provider(), &id("c1")).unwrap().unwrap();
    assert_eq!(desired.metadata, client.data.metadata);
    assert_eq!(desired.secret.unwrap().reveal(), "hush_of_c1");
    assert_eq!(
        (desired.secret_expires_at, desired.expires_at),
        (Some(after(5)), Some(after(9)))
    );
    assert_eq!((desired.revision, desired.is_disabled), (1, false));
    let secret = SecretChange::Issue(ClientSecret::new("new"), None);
    store
        .replace(&client, metadata("new"), secret, NOW)
        .wait()
        .unwrap();
    let desired = store.desired(&provider(), &id("c1")).unwrap().unwrap();
    assert_eq!((desired.metadata, desired.revision), (metadata("new"), 2));
    assert_eq!(desired.secret.unwrap().reveal(), "new");
    let other = Issuer::parse("https://other.example").unwrap();
    assert!(store.desired(&other, &id("c1")).unwrap().is_none());
    assert!(
        store
            .desired(&provider(), &id("unknown"))
            .unwrap()
            .is_none()
    );
}

const URL: &str = "https://app.example/client.json";

fn content(name: &str) -> DocumentContent {
    DocumentContent {
        metadata: format!(r#"{{"client_name":"{name}"}}"#),
        document: "{}".to_owned(),
        validators: DocumentValidators::default(),
        fetched_at: NOW,
        fresh_until: after(300),
        is_consistent: true,
    }
}

const ANY: DocumentLimits = DocumentLimits {
    documents: 0,
    unproven_per_host: 0,
};

/// A client ID metadata document has a copy, which follows it. CIMD §4.
fn document_has_a_copy_as_a_client_has(bench: &Bench) {
    let store = bench.store();
    let document = store
        .insert_document(&provider(), &id(URL), content("one"), ANY, NOW)
        .unwrap();
    assert!(
        !has_row(&store, URL),
        "the authorization request has it copied"
    );
    let added = store.add_pending(&provider(), &id(URL), None, 0, NOW);
    assert!(added.wait().unwrap());
    let (taken, leased) = lease(&store, URL, 40, 0);
    assert_eq!(leased.state, ProvisioningState::Pending);
    let desired = store.desired(&provider(), &id(URL)).unwrap().unwrap();
    assert_eq!(desired.metadata.json(), r#"{"client_name":"one"}"#);
    assert!(desired.secret.is_none() && !desired.is_disabled);
    assert!(is_recorded(
        &store,
        &taken,
        DeliveryOutcome::Synced(copy(1)),
        NOW
    ));
    let same = store
        .replace_document(&document, content("one"), &[], after(1))
        .unwrap();
    assert_rests(&store, URL, ProvisioningState::Synced, None, 1);
    store
        .replace_document(&same, content("two"), &["client_name"], after(2))
        .unwrap();
    assert_rests(&store, URL, ProvisioningState::Pending, Some(after(2)), 1);
    assert_eq!(row(&store, URL).revision, 2);
    let (taken, _) = lease(&store, URL, 40, 2);
    assert!(is_recorded(
        &store,
        &taken,
        DeliveryOutcome::Synced(copy(2)),
        after(3)
    ));
    assert!(store.disable_document(&provider(), &id(URL), true).unwrap());
    assert_eq!(row(&store, URL).state, ProvisioningState::Pending);
    assert!(
        store
            .desired(&provider(), &id(URL))
            .unwrap()
            .unwrap()
            .is_disabled
    );
    // Enabled while the disabled copy is being written: it is written again.
    let (taken, _) = lease(&store, URL, 40, 3);
    assert!(
        store
            .disable_document(&provider(), &id(URL), false)
            .unwrap()
    );
    assert!(is_recorded(
        &store,
        &taken,
        DeliveryOutcome::Synced(copy(3)),
        after(4)
    ));
    assert_rests(&store, URL, ProvisioningState::Pending, Some(after(4)), 1);
    assert_eq!(row(&store, URL).revision, 4);
    assert!(store.remove_document(&provider(), &id(URL)).unwrap());
    assert_eq!(row(&store, URL).state, ProvisioningState::Deleting);
    assert!(store.desired(&provider(), &id(URL)).unwrap().is_none());
}

/// The identifier of a document is used again, so its copy is written after the deletion in flight.
fn removed_document_may_come_back(bench: &Bench) {
    let store = bench.store();
    let put = || {
        store
            .insert_document(&provider(), &id(URL), content("one"), ANY, NOW)
            .unwrap();
        store
            .add_pending(&provider(), &id(URL), None, 0, NOW)
            .wait()
            .unwrap()
    };
    assert!(put());
    assert!(store.remove_document(&provider(), &id(URL)).unwrap());
    let (deletes, leased) = lease(&store, URL, 40, 0);
    assert_eq!(leased.state, ProvisioningState::Deleting);
    assert!(put());
    assert_rests(&store, URL, ProvisioningState::Pending, Some(after(40)), 2);
    assert!(!is_recorded(&store, &deletes, gone(60), NOW));
    assert!(has_row(&store, URL));
    let (_, leased) = lease(&store, URL, 90, 40);
    assert_eq!(leased.state, ProvisioningState::Pending);
}

/// The token is sealed for its row alone.
fn stored_token_belongs_to_its_row(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c2"] {
        let begun = begin(&store, name);
        let new = with_token(client_data(name));
        store
            .complete_create(&begun, new, None, copy_with_token(1, name), NOW)
            .wait()
            .unwrap();
    }
    insert(&store, "c3");
    let mut raw = bench.raw();
    let sealed = raw.values("SELECT token_sealed AS value FROM provisioning ORDER BY client_id");
    assert!(sealed.iter().all(|sealed| sealed.len() > 40));
    assert_eq!(row(&store, "c2").token.unwrap().reveal(), "c2");
    raw.execute("UPDATE provisioning SET token_sealed = (SELECT token_sealed FROM provisioning AS other WHERE other.client_id = 'c1') WHERE client_id = 'c2'");
    assert!(matches!(
        store.provisioning_row(&provider(), &id("c2")),
        Err(StoreError::Corrupt {
            column: "token_sealed",
            ..
        })
    ));
}
