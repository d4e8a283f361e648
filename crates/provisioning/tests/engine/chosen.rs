//! Servers that choose identifiers, secrets and members: the values of their answers are the client's.

use std::fs;
use std::sync::Arc;

use protocol::ClientId;
use provisioning::CredentialFile;
use provisioning::rfc7591::Rfc7591Connector;
use serde_json::{Value, json};
use store::SecretChange;

use crate::bench::{Bench, metadata, run, wait_of};
use crate::support::scripted::registration::{Registration, TOKEN};
use crate::support::trust;

fn bench() -> (Bench<Registration>, tempfile::TempDir) {
    let (server, folder) = (Registration::start(), tempfile::tempdir().unwrap());
    let path = folder.path().join("token");
    fs::write(&path, TOKEN).unwrap();
    let file = CredentialFile {
        setting: "provider.provision.token_file".to_owned(),
        path,
    };
    let connector = Rfc7591Connector::new(server.at.clone(), trust(), Some(file));
    (Bench::of(server, Arc::new(connector), |_| {}), folder)
}

fn there(bench: &Bench<Registration>, id: &str) -> Option<Value> {
    bench.server.state.lock().unwrap().clients.get(id).cloned()
}

/// Identifier, secret and members are the server's, in the answer and in the store.
#[test]
fn chosen_values_are_adopted() {
    run(async {
        let (bench, _folder) = bench();
        let summary = bench
            .register(&json!({ "client_name": "App", "client_name#ja": "アプリ" }))
            .await
            .unwrap();
        assert_eq!(summary.id.as_str(), "chosen-1");
        assert_eq!(summary.secret.unwrap().reveal(), "secret-of-chosen-1");
        let agreed: Value = serde_json::from_str(&summary.metadata).unwrap();
        assert_eq!(agreed["client_name"], "App");
        assert_eq!(agreed.get("client_name#ja"), None);
        let row = bench.row(&summary.id).unwrap();
        assert_eq!(row.state.as_str(), "synced");
        assert!(row.handle.unwrap().ends_with("/register/chosen-1"));
        assert_eq!(row.token.unwrap().reveal(), "token-of-chosen-1");
        assert!(bench.client(&ClientId::new("client0000")).is_none());
    });
}

/// An update uses the token that the server exchanged, twice, and a deletion the last one.
#[test]
fn exchanged_token_is_kept() {
    run(async {
        let (bench, _folder) = bench();
        let client = bench.registered(&json!({})).await;
        let change = || SecretChange::Keep;
        let one = bench
            .provisioner
            .replace(
                &bench.store,
                &client,
                metadata(&json!({ "client_name": "One" })),
                change(),
            )
            .await
            .unwrap();
        let two = bench
            .provisioner
            .replace(
                &bench.store,
                &one,
                metadata(&json!({ "client_name": "Two" })),
                change(),
            )
            .await
            .unwrap();
        assert_eq!(there(&bench, "chosen-1").unwrap()["client_name"], "Two");
        assert_eq!(two.data.secret.unwrap().reveal(), "secret-of-chosen-1");
        let row = bench.row(&two.data.id).unwrap();
        assert_eq!(row.token.unwrap().reveal(), "token-of-chosen-1++");
        bench
            .provisioner
            .delete(&bench.store, &client.data.id)
            .await
            .unwrap();
        assert_eq!(there(&bench, "chosen-1"), None);
        assert!(bench.rows().is_empty());
    });
}

/// A registration that failed is not repeated, since it could make a second client; its row ends and the loss is counted.
#[test]
fn failed_registration_is_not_repeated() {
    run(async {
        let (bench, _folder) = bench();
        bench.server.state.lock().unwrap().broken = true;
        wait_of(bench.register(&json!({})).await);
        assert_eq!(bench.rows().len(), 1);
        bench.server.state.lock().unwrap().broken = false;
        bench
            .deliver_until("the row has ended", || bench.rows().is_empty())
            .await;
        assert_eq!(bench.provisioner.status().lost, 1);
        assert_eq!(bench.server.state.lock().unwrap().made, 0);
    });
}

/// A client from before there was provisioning is updated here alone: the server cannot be given its identifier.
#[test]
fn older_client_is_updated_here() {
    run(async {
        let (bench, _folder) = bench();
        let new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        bench
            .store
            .insert(new, None, bench.clock.now())
            .await
            .unwrap();
        let client = bench.client(&id).unwrap();
        let changed = bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap();
        assert_eq!(changed.revision, 2);
        assert!(bench.rows().is_empty());
    });
}

/// An identifier that is a URL, or that another client has, is not stored.
#[test]
fn unusable_identifier_is_not_stored() {
    run(async {
        let (bench, _folder) = bench();
        bench.registered(&json!({})).await;
        for (forced, rows) in [("https://evil.example/client", 2), ("chosen-1", 2)] {
            bench.server.state.lock().unwrap().forced_id = Some(forced);
            wait_of(bench.register(&json!({})).await);
            assert_eq!(bench.rows().len(), rows, "{forced}");
            assert!(
                bench
                    .client(&ClientId::new("https://evil.example/client"))
                    .is_none()
            );
        }
        let first = bench.client(&ClientId::new("chosen-1")).unwrap();
        assert_eq!(first.revision, 1);
    });
}
