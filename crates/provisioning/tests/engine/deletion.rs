//! Deletions, which end at the latest after the patience, and never fail because of the authorization server.

use std::time::{Duration, Instant};

use provisioning::http::HttpConnector;
use provisioning::keycloak::{KeycloakConnector, KeycloakSettings};
use provisioning::{CopyTemplate, CredentialFile, OnDelete};
use serde_json::json;
use std::sync::Arc;

use crate::bench::{Bench, PATIENCE, marked_copy, run};
use crate::support::scripted::keycloak::{Keycloak, REALM, SECRET};
use crate::support::scripted::switches::Fault;
use crate::support::{random, trust};

/// The copy is gone before the answer.
#[test]
fn deletion_waits_for_the_copy() {
    run(async {
        let bench = Bench::new();
        let (one, other) = (
            bench.registered(&json!({})).await,
            bench.registered(&json!({})).await,
        );
        let (provisioner, store) = (&bench.provisioner, &bench.store);
        assert!(provisioner.delete(store, &one.data.id).await.unwrap());
        assert!(!bench.is_there(&one.data.id));
        assert_eq!(bench.state(&one.data.id), None);
        assert!(provisioner.unregister(store, &other.data.id).await.unwrap());
        assert!(!bench.is_there(&other.data.id));
        assert!(!provisioner.delete(store, &one.data.id).await.unwrap());
        assert_eq!(
            bench.audit()[2..],
            ["client deleted", "client unregistered"]
        );
    });
}

/// With a server that fails, refuses or hangs the client is gone here at once, and its copy as soon as the server works.
#[test]
fn deletion_succeeds_without_the_server() {
    for fault in [
        Some(Fault::Status(500)),
        Some(Fault::Status(400)),
        Some(Fault::CutBeforeWork),
        None,
    ] {
        run(async {
            let bench = Bench::new();
            let client = bench.registered(&json!({})).await;
            match fault {
                Some(fault) => bench.server.switches.fail_writes(fault),
                None => bench.server.switches.hold(true),
            }
            let (id, begun) = (&client.data.id, Instant::now());
            let deleted = bench.provisioner.delete(&bench.store, id).await;
            assert!(deleted.unwrap());
            assert!(begun.elapsed() < PATIENCE + Duration::from_secs(1));
            assert!(bench.client(id).is_none());
            assert_eq!(bench.state(id), Some("deleting"), "{fault:?}");
            bench.server.switches.heal();
            bench
                .deliver_until("the copy is gone", || bench.rows().is_empty())
                .await;
            assert!(!bench.is_there(id));
        });
    }
}

/// After an update with an unknown outcome the server must say twice that the copy is gone, a minute apart.
#[test]
fn doubtful_copy_is_deleted_twice() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        bench.server.switches.fail_writes(Fault::CutBeforeWork);
        bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap_err();
        bench.server.switches.heal();
        let id = &client.data.id;
        bench.provisioner.delete(&bench.store, id).await.unwrap();
        let row = bench.row(id).unwrap();
        assert_eq!((row.state.as_str(), row.confirmations), ("deleting", 1));
        let due_at = row.due_at.unwrap().seconds();
        assert_eq!(due_at - bench.clock.now().seconds(), 60);
        // The server does the late request after the deletion.
        bench.server.put(id.as_str(), &marked_copy(id.as_str()));
        bench
            .deliver_until("the copy is gone", || bench.rows().is_empty())
            .await;
        assert!(!bench.is_there(id));
    });
}

/// With `on_delete = disable` Keycloak keeps the copy, disabled.
#[test]
fn deleted_client_is_disabled() {
    run(async {
        let keycloak = Keycloak::start();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, SECRET).unwrap();
        let settings = KeycloakSettings {
            at: keycloak.at.clone(),
            realm: REALM.to_owned(),
            client: "frontdesk".to_owned(),
            secret: CredentialFile {
                setting: "provider.provision.secret_file".to_owned(),
                path,
            },
        };
        let connector =
            KeycloakConnector::new(settings, trust(), CopyTemplate::default(), random());
        let bench = Bench::of(keycloak, Arc::new(connector), |settings| {
            settings.on_delete = OnDelete::Disable;
        });
        let client = bench.registered(&json!({})).await;
        assert_eq!(bench.server.only()["enabled"], true);
        let (store, id) = (&bench.store, &client.data.id);
        bench.provisioner.delete(store, id).await.unwrap();
        assert_eq!(bench.server.only()["enabled"], false);
        assert!(bench.rows().is_empty());
        bench.pass(5);
        let report = bench
            .provisioner
            .reconcile(provisioning::ReconcileOptions::default())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((report.deleted, report.guarded), (0, None));
    });
}

/// A copy that is gone at the server is deleted all the same.
#[test]
fn copy_that_is_gone_is_deleted() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        bench.server.forget();
        let (store, id) = (&bench.store, &client.data.id);
        assert!(bench.provisioner.delete(store, id).await.unwrap());
        assert!(bench.rows().is_empty());
    });
}

/// A server that nothing answers for at its address is as one that fails.
#[test]
fn absent_server_is_unavailable() {
    run(async {
        let at = "http://127.0.0.1:1/clients".parse().unwrap();
        let connector = HttpConnector::new(at, trust(), None, CopyTemplate::default(), random());
        let bench = Bench::of((), Arc::new(connector), |_| {});
        let begun = Instant::now();
        crate::bench::wait_of(bench.register(&json!({})).await);
        assert!(begun.elapsed() < PATIENCE);
    });
}
