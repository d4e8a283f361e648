//! Updates that wait for the authorization server.

use std::time::Duration;

use protocol::{ClientSecret, Timestamp};
use provisioning::ProvisionError;
use serde_json::json;
use store::{SecretChange, StoreError};

use crate::bench::{Bench, issuer, metadata, run, wait_of};
use crate::support::scripted::switches::Fault;

/// The copy is changed before the answer.
#[test]
fn update_changes_the_copy() {
    run(async {
        let bench = Bench::new();
        let client = bench
            .registered(&json!({ "client_name": "Old", "contacts": ["a@rp.example"] }))
            .await;
        let changed = bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap();
        assert_eq!(changed.revision, 2);
        let copy = bench.server.client(client.data.id.as_str()).unwrap();
        assert_eq!(
            (&copy["client_name"], copy.get("contacts")),
            (&json!("New"), None)
        );
        assert_eq!(copy["metadata"]["frontdesk"]["revision"], "2");
        let row = bench.row(&client.data.id).unwrap();
        assert_eq!(
            (row.state.as_str(), row.synced_revision),
            ("synced", Some(2))
        );
    });
}

/// A replaced secret is at the server, and an update to the same values changes no revision on either side.
#[test]
fn update_replaces_the_secret() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        let change = SecretChange::Issue(ClientSecret::new("another"), None);
        let changed = bench
            .provisioner
            .replace(&bench.store, &client, metadata(&json!({})), change)
            .await
            .unwrap();
        let id = client.data.id.as_str();
        assert_eq!(bench.server.client(id).unwrap()["client_secret"], "another");
        let same = bench.replace(&changed, &json!({})).await.unwrap();
        assert_eq!(same.revision, changed.revision);
        let copy = bench.server.client(id).unwrap();
        assert_eq!(copy["metadata"]["frontdesk"]["revision"], "2");
        assert_eq!(copy["client_secret"], "another");
    });
}

/// An update to the values that the client and its copy have makes no call and writes nothing, also while the server is down; where the
/// copy is not confirmed, it is written.
#[test]
fn unchanged_update_makes_no_call() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({ "client_name": "A" })).await;
        let (writes, before) = (bench.server.switches.writes(), bench.row(&client.data.id));
        bench.server.switches.fail_writes(Fault::Status(503));
        let same = bench.replace(&client, &json!({ "client_name": "A" })).await;
        assert_eq!(same.unwrap().revision, client.revision);
        assert_eq!(bench.server.switches.writes(), writes);
        let after = bench.row(&client.data.id);
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
        let failed = bench.replace(&client, &json!({ "client_name": "B" })).await;
        assert!(failed.is_err());
        assert_eq!(bench.state(&client.data.id), Some("pending"));
        bench.server.switches.heal();
        let writes = bench.server.switches.writes();
        bench
            .deliver_until("the old state is written", || {
                bench.state(&client.data.id) == Some("synced")
            })
            .await;
        assert!(bench.server.switches.writes() > writes);
    });
}

/// An update that the server refuses, or whose answer is lost, leaves the old state on both sides.
#[test]
fn failed_update_keeps_the_old_state() {
    for fault in [
        Fault::Status(400),
        Fault::Status(503),
        Fault::CutAfterWork,
        Fault::CutBeforeWork,
    ] {
        run(async {
            let bench = Bench::new();
            let client = bench.registered(&json!({ "client_name": "Old" })).await;
            bench.server.switches.fail_writes(fault);
            let failed = bench
                .replace(&client, &json!({ "client_name": "New" }))
                .await;
            match fault {
                Fault::Status(400) => assert!(
                    matches!(failed, Err(ProvisionError::Rejected { member: None, .. })),
                    "{failed:?}"
                ),
                _ => assert!(wait_of(failed) >= Duration::from_secs(1)),
            }
            let id = &client.data.id;
            let kept = bench.client(id).unwrap();
            assert_eq!(kept.revision, 1);
            assert_eq!(bench.state(id), Some("pending"), "{fault:?}");
            bench.server.switches.heal();
            bench
                .deliver_until("the stored state is there", || {
                    bench.state(id) == Some("synced")
                })
                .await;
            let copy = bench.server.client(id.as_str()).unwrap();
            assert_eq!(copy["client_name"], "Old", "{fault:?}");
            assert_eq!(copy["metadata"]["frontdesk"]["revision"], "1");
        });
    }
}

/// A client that another request changed is not written.
#[test]
fn stale_update_is_not_sent() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        bench
            .replace(&client, &json!({ "client_name": "First" }))
            .await
            .unwrap();
        let writes = bench.server.switches.writes();
        let lost = bench
            .replace(&client, &json!({ "client_name": "Second" }))
            .await;
        assert_eq!(lost.unwrap_err(), ProvisionError::Store(StoreError::Stale));
        assert_eq!(bench.server.switches.writes(), writes);
    });
}

/// A copy that another writer has is answered with the rest of its time.
#[test]
fn copy_in_writing_is_answered_with_its_time() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        let now = bench.clock.now();
        let until = now.plus(Duration::from_secs(40));
        bench
            .store
            .begin_update(&client, None, until, now)
            .await
            .unwrap();
        let wait = wait_of(
            bench
                .replace(&client, &json!({ "client_name": "New" }))
                .await,
        );
        assert_eq!(wait, Duration::from_secs(40));
    });
}

/// A client without a row gets one, and a copy.
#[test]
fn client_without_row_gets_a_copy() {
    run(async {
        let bench = Bench::new();
        let new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        bench
            .store
            .insert(new, None, bench.clock.now())
            .await
            .unwrap();
        let client = bench.client(&id).unwrap();
        bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap();
        assert!(bench.is_there(&id));
        assert_eq!(bench.state(&id), Some("synced"));
    });
}

/// An expired secret becomes unusable at the server, and an update brings another one.
#[test]
fn expired_secret_is_unusable_there() {
    run(async {
        let bench = Bench::new();
        let mut new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        let expiry = Timestamp::from_seconds(bench.clock.now().seconds() + 100);
        new.data.secret_expires_at = Some(expiry);
        bench
            .provisioner
            .register(&bench.store, new, None)
            .await
            .unwrap();
        let row = bench.row(&id).unwrap();
        assert_eq!((row.secret_until, row.due_at), (Some(expiry), Some(expiry)));
        bench
            .deliver_until("the secret is unusable", || {
                bench.server.client(id.as_str()).unwrap()["client_secret"] != "secret-0"
            })
            .await;
        assert_eq!(bench.state(&id), Some("synced"));
        assert_eq!(bench.row(&id).unwrap().due_at, None);
        let client = bench.client(&id).unwrap();
        let change = SecretChange::Issue(ClientSecret::new("another"), None);
        bench
            .provisioner
            .replace(&bench.store, &client, metadata(&json!({})), change)
            .await
            .unwrap();
        let copy = bench.server.client(id.as_str()).unwrap();
        assert_eq!(copy["client_secret"], "another");
    });
}

/// The copy of an expired client is gone where the server cannot disable it, and stays gone when the client is purged.
#[test]
fn expired_client_has_no_copy() {
    run(async {
        let bench = Bench::new();
        let mut new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        new.data.expires_at = Some(Timestamp::from_seconds(bench.clock.now().seconds() + 100));
        bench
            .provisioner
            .register(&bench.store, new, None)
            .await
            .unwrap();
        assert!(bench.is_there(&id));
        bench
            .deliver_until("the copy is gone", || !bench.is_there(&id))
            .await;
        assert_eq!(bench.state(&id), Some("synced"));
        bench.store.purge_expired(bench.clock.now()).unwrap();
        assert_eq!(bench.state(&id), Some("deleting"));
        let row = bench.row(&id).unwrap();
        assert_eq!(row.provider, issuer());
    });
}
