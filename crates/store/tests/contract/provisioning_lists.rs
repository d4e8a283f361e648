//! The copies of clients at authorization servers: lists, counts, repairs, reconciliations, backup.

use std::io::Cursor;

use protocol::{Issuer, Timestamp};
use store::{
    ClientData, ClientFilter, DeliveryOutcome, DueSelection, ProvisioningCount, ProvisioningFilter,
    ProvisioningState, ReconcileState, Store, StoreError,
};

use crate::bench::{Bench, NOW, client_data, insert, insert_as, provider, race, with_token};
use crate::provisioned::{
    after, assert_rests, begin, copy_with_token, count, has_row, id, is_recorded, lease, pending,
    register, row,
};

on_both!(
    rows_are_listed_in_pages,
    damaged_row_is_listed_with_its_error,
    copies_are_counted_by_state,
    chosen_rows_become_due,
    waiting_rows_become_due,
    every_copy_is_written_again,
    many_rows_become_due,
    clients_without_a_row_are_found,
    one_reconciliation_runs_at_a_time,
    racing_reconciliations_have_one_winner,
    rows_are_in_the_backup,
);

fn reject(store: &Store, client: &str) {
    pending(store, client);
    let (taken, _) = lease(store, client, 40, 0);
    let rejected = DeliveryOutcome::Rejected {
        error: "no".to_owned(),
    };
    assert!(is_recorded(store, &taken, rejected, NOW));
}

fn listed(store: &Store, filter: &ProvisioningFilter) -> Vec<String> {
    let rows = store.provisioning_rows(filter, None, 99).unwrap();
    rows.into_iter()
        .map(|listed| listed.row.unwrap().client_id.unwrap().as_str().to_owned())
        .collect()
}

fn rows_are_listed_in_pages(bench: &Bench) {
    let store = bench.store();
    for name in ["c2", "c1", "c3"] {
        register(&store, name);
    }
    reject(&store, "c4");
    let all = ProvisioningFilter::default();
    assert_eq!(listed(&store, &all), ["c2", "c1", "c3", "c4"]);
    let first = store.provisioning_rows(&all, None, 2).unwrap();
    let next = store
        .provisioning_rows(&all, Some(&first[1].id), 9)
        .unwrap();
    assert_eq!((first.len(), next.len()), (2, 2));
    assert!(next[0].id > first[1].id);
    let of = |states: &[ProvisioningState]| ProvisioningFilter {
        states: states.to_vec(),
        ..ProvisioningFilter::default()
    };
    assert_eq!(listed(&store, &of(&[ProvisioningState::Rejected])), ["c4"]);
    assert_eq!(
        listed(
            &store,
            &of(&[ProvisioningState::Synced, ProvisioningState::Rejected])
        )
        .len(),
        4
    );
    assert!(listed(&store, &of(&[ProvisioningState::Deleting])).is_empty());
    let one = ProvisioningFilter {
        client_id: Some(id("c1")),
        ..ProvisioningFilter::default()
    };
    assert_eq!(listed(&store, &one), ["c1"]);
    let elsewhere = ProvisioningFilter {
        provider: Some(Issuer::parse("https://other.example").unwrap()),
        ..ProvisioningFilter::default()
    };
    assert!(listed(&store, &elsewhere).is_empty());
}

fn damaged_row_is_listed_with_its_error(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c2"] {
        register(&store, name);
    }
    let damaged = row(&store, "c1").id;
    bench
        .raw()
        .execute("UPDATE provisioning SET dropped_members = '{' WHERE client_id = 'c1'");
    let rows = store
        .provisioning_rows(&ProvisioningFilter::default(), None, 9)
        .unwrap();
    let error = StoreError::Corrupt {
        table: "provisioning",
        column: "dropped_members",
        key: damaged.clone(),
    };
    assert_eq!(rows[0].row.as_ref().unwrap_err(), &error);
    assert_eq!(rows[0].id, damaged);
    assert!(rows[1].row.is_ok());
}

fn copies_are_counted_by_state(bench: &Bench) {
    let store = bench.store();
    assert!(store.provisioning_counts().unwrap().is_empty());
    for name in ["c1", "c2"] {
        register(&store, name);
    }
    begin(&store, "c3");
    let (_, taken) = lease(&store, "c3", 50, 20);
    assert_eq!(taken.since, after(20));
    let counted = |state, count, oldest| ProvisioningCount {
        provider: provider().as_str().to_owned(),
        state,
        count,
        oldest,
    };
    assert_eq!(
        store.provisioning_counts().unwrap(),
        [
            counted(ProvisioningState::Deleting, 1, after(20)),
            counted(ProvisioningState::Synced, 2, NOW),
        ]
    );
}

/// A reconciliation has copies written again that are missing or differ. Rows in flight are left alone.
fn chosen_rows_become_due(bench: &Bench) {
    let store = bench.store();
    register(&store, "synced");
    reject(&store, "rejected");
    register(&store, "other");
    begin(&store, "creating");
    pending(&store, "flying");
    lease(&store, "flying", 40, 0);
    let names = ["synced", "rejected", "creating", "flying"];
    let mut ids: Vec<String> = names.iter().map(|name| row(&store, name).id).collect();
    ids.push("unknown".to_owned());
    ids.push("\0".to_owned());
    let (creating, flying) = (row(&store, "creating"), row(&store, "flying"));
    let marked = store.mark_due(&DueSelection::Ids(ids), after(5)).unwrap();
    assert_eq!(marked, 2);
    assert_rests(
        &store,
        "synced",
        ProvisioningState::Pending,
        Some(after(5)),
        1,
    );
    assert_rests(
        &store,
        "rejected",
        ProvisioningState::Pending,
        Some(after(5)),
        2,
    );
    assert_eq!(row(&store, "synced").since, after(5));
    assert_rests(&store, "other", ProvisioningState::Synced, None, 1);
    assert_eq!(row(&store, "creating"), creating);
    assert_eq!(row(&store, "flying"), flying);
}

/// `frontdesk provision retry` makes waiting and rejected copies due now, and leaves the confirmed ones.
fn waiting_rows_become_due(bench: &Bench) {
    let store = bench.store();
    register(&store, "synced");
    reject(&store, "rejected");
    for (name, error) in [("waiting", true), ("deleting", true), ("second", false)] {
        pending(&store, name);
        let (taken, _) = lease(&store, name, 40, 0);
        if name == "waiting" {
            let again = DeliveryOutcome::Postponed {
                error: "no answer".to_owned(),
                due_at: after(300),
            };
            assert!(is_recorded(&store, &taken, again, NOW));
            continue;
        }
        bench
            .raw()
            .execute(&format!("DELETE FROM client WHERE client_id = '{name}'"));
        let (taken, _) = lease(&store, name, 90, 40);
        let outcome = if error {
            DeliveryOutcome::Postponed {
                error: "no answer".to_owned(),
                due_at: after(300),
            }
        } else {
            DeliveryOutcome::Gone {
                again_at: after(100),
            }
        };
        assert!(is_recorded(&store, &taken, outcome, after(41)));
    }
    let marked = store
        .mark_due(&DueSelection::Waiting(provider()), after(50))
        .unwrap();
    assert_eq!(marked, 3);
    assert_rests(&store, "synced", ProvisioningState::Synced, None, 1);
    assert_rests(
        &store,
        "rejected",
        ProvisioningState::Pending,
        Some(after(50)),
        2,
    );
    assert_rests(
        &store,
        "waiting",
        ProvisioningState::Pending,
        Some(after(50)),
        2,
    );
    assert_eq!(
        (
            row(&store, "waiting").since,
            row(&store, "waiting").attempts
        ),
        (NOW, 0)
    );
    assert_rests(
        &store,
        "deleting",
        ProvisioningState::Deleting,
        Some(after(50)),
        2,
    );
    // Its second confirmation must come a minute after the first.
    assert_rests(
        &store,
        "second",
        ProvisioningState::Deleting,
        Some(after(100)),
        1,
    );
    let other = Issuer::parse("https://other.example").unwrap();
    assert_eq!(
        store
            .mark_due(&DueSelection::Waiting(other), after(60))
            .unwrap(),
        0
    );
}

/// A changed template makes every copy of the provider pending.
fn every_copy_is_written_again(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c2"] {
        register(&store, name);
    }
    reject(&store, "c3");
    assert_eq!(
        store
            .mark_due(&DueSelection::All(provider()), after(5))
            .unwrap(),
        3
    );
    for name in ["c1", "c2", "c3"] {
        assert_eq!(row(&store, name).state, ProvisioningState::Pending);
    }
    assert_eq!(store.due_rows(&provider(), after(5), 9).unwrap().len(), 3);
}

/// More rows than a statement takes.
fn many_rows_become_due(bench: &Bench) {
    let store = bench.store();
    let writes: Vec<_> = (0..1_100)
        .map(|number| {
            let new = with_token(client_data(&format!("c{number:04}")));
            store.insert_pending(new, None, None, 0, after(100))
        })
        .collect();
    for write in writes {
        write.wait().unwrap();
    }
    let rows = store
        .provisioning_rows(&ProvisioningFilter::default(), None, 2_000)
        .unwrap();
    let ids: Vec<String> = rows.into_iter().map(|listed| listed.id).collect();
    assert_eq!(store.mark_due(&DueSelection::Ids(ids), NOW).unwrap(), 1_100);
    assert_eq!(
        store.due_rows(&provider(), NOW, 2_000).unwrap().len(),
        1_100
    );
}

fn clients_without_a_row_are_found(bench: &Bench) {
    let store = bench.store();
    for name in ["c1", "c3", "c4"] {
        insert(&store, name);
    }
    register(&store, "c2");
    insert_as(
        &store,
        with_token(ClientData {
            expires_at: Some(after(5)),
            ..client_data("expired")
        }),
    );
    let other = Issuer::parse("https://other.example").unwrap();
    insert_as(
        &store,
        with_token(ClientData {
            provider: other.clone(),
            ..client_data("elsewhere")
        }),
    );
    let found = |after_id: Option<&str>, limit| -> Vec<String> {
        let after_id = after_id.map(id);
        let found = store
            .clients_without_row(&provider(), after_id.as_ref(), limit, after(5))
            .unwrap();
        assert!(found.iter().all(|(_, revision)| *revision == 1));
        found
            .into_iter()
            .map(|(id, _)| id.as_str().to_owned())
            .collect()
    };
    assert_eq!(found(None, 9), ["c1", "c3", "c4"]);
    assert_eq!(found(None, 2), ["c1", "c3"]);
    assert_eq!(found(Some("c3"), 9), ["c4"]);
    assert_eq!(
        store
            .clients_without_row(&other, None, 9, NOW)
            .unwrap()
            .len(),
        1
    );
}

fn one_reconciliation_runs_at_a_time(bench: &Bench) {
    let (store, replica) = (bench.store(), bench.open());
    assert_eq!(
        store.reconcile_state(&provider()).unwrap(),
        ReconcileState::default()
    );
    let mut first = store
        .begin_reconcile(&provider(), after(60), NOW)
        .unwrap()
        .unwrap();
    assert!(
        replica
            .begin_reconcile(&provider(), after(99), after(59))
            .unwrap()
            .is_none()
    );
    assert!(store.extend_reconcile(&mut first, after(70)).unwrap());
    assert!(
        replica
            .begin_reconcile(&provider(), after(99), after(69))
            .unwrap()
            .is_none()
    );
    let other = Issuer::parse("https://other.example").unwrap();
    assert!(
        replica
            .begin_reconcile(&other, after(99), NOW)
            .unwrap()
            .is_some()
    );
    assert!(store.end_reconcile(&first, after(65), "1 created").unwrap());
    let ended = ReconcileState {
        until: None,
        last_at: Some(after(65)),
        last_result: Some("1 created".to_owned()),
    };
    assert_eq!(store.reconcile_state(&provider()).unwrap(), ended);
    // A process that died loses its right by time.
    let mut dead = store
        .begin_reconcile(&provider(), after(100), after(80))
        .unwrap()
        .unwrap();
    let alive = replica
        .begin_reconcile(&provider(), after(200), after(100))
        .unwrap()
        .unwrap();
    assert!(!store.extend_reconcile(&mut dead, after(300)).unwrap());
    assert!(!store.end_reconcile(&dead, after(101), "late").unwrap());
    assert_eq!(
        store.reconcile_state(&provider()).unwrap().last_result,
        ended.last_result
    );
    assert!(replica.end_reconcile(&alive, after(101), "a\0b").unwrap());
    assert_eq!(
        store
            .reconcile_state(&provider())
            .unwrap()
            .last_result
            .as_deref(),
        Some("a\u{fffd}b")
    );
}

fn racing_reconciliations_have_one_winner(bench: &Bench) {
    let store = bench.store();
    let begun = race(|number| {
        let store = if number % 2 == 0 {
            store.clone()
        } else {
            bench.open()
        };
        store
            .begin_reconcile(&provider(), after(60), NOW)
            .unwrap()
            .is_some()
    });
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
}

/// A restored service goes on from the backup; an export of clients has no copies.
fn rows_are_in_the_backup(bench: &Bench) {
    let store = bench.store();
    let begun = begin(&store, "c1");
    let new = with_token(client_data("c1"));
    store
        .complete_create(&begun, new, None, copy_with_token(1, "rat"), NOW)
        .wait()
        .unwrap();
    begin(&store, "c2");
    let reconciled = store
        .begin_reconcile(&provider(), after(9), NOW)
        .unwrap()
        .unwrap();
    assert!(store.end_reconcile(&reconciled, after(3), "well").unwrap());
    let mut backup = Cursor::new(Vec::new());
    store.backup(NOW, &mut backup, |_| {}).unwrap();
    let text = String::from_utf8(backup.get_ref().clone()).unwrap();
    assert!(!text.contains("\"rat\""), "tokens are sealed");
    for target in [Bench::sqlite(), Bench::postgres()] {
        backup.set_position(0);
        let restored = target.store();
        restored.restore(&mut backup, false, |_| {}).unwrap();
        for name in ["c1", "c2"] {
            assert_eq!(row(&restored, name), row(&store, name));
        }
        assert_eq!(
            restored.reconcile_state(&provider()).unwrap(),
            store.reconcile_state(&provider()).unwrap()
        );
        let (_, taken) = lease(&restored, "c2", 50, 15);
        assert_eq!(taken.state, ProvisioningState::Deleting);
    }
    let exported = store.exported(&ClientFilter::default(), None, 9).unwrap();
    assert_eq!(exported.len(), 1);
    let line = exported[0].client.as_ref().unwrap().to_line().unwrap();
    assert!(!line.contains("provision"), "{line}");
    assert_eq!(count(&store, "client registered"), 1);
    assert!(has_row(&store, "c1"));
    let far = Timestamp::from_seconds(4_000_000_000);
    assert!(store.due_rows(&provider(), far, 9).unwrap().len() == 1);
}
