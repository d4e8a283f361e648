//! The task that writes due copies.

use std::sync::Arc;

use provisioning::{CopyTemplate, ProvisionError, Ready};
use serde_json::json;

use crate::bench::{Bench, connector, marked_copy, run};
use crate::support::scripted::switches::Fault;

/// Two processes with one store write each copy once.
#[test]
fn two_processes_write_each_copy_once() {
    run(async {
        let bench = Bench::with(|settings| settings.ready = Ready::Later);
        let other = bench.other_process(connector(&bench.server, CopyTemplate::default()), |_| {});
        for _ in 0..60 {
            bench.registered(&json!({})).await;
        }
        let task = tokio::spawn(Arc::clone(&other).run());
        bench
            .deliver_until("every copy is there", || {
                bench
                    .rows()
                    .iter()
                    .all(|row| row.state.as_str() == "synced")
            })
            .await;
        other.stop();
        task.await.unwrap();
        assert_eq!(bench.server.ids().len(), 60);
        assert_eq!(bench.server.switches.count("POST", ""), 60);
    });
}

/// A failed delivery is repeated later and later, and its row has the reason.
#[test]
fn failed_delivery_is_repeated() {
    run(async {
        let bench = Bench::with(|settings| settings.ready = Ready::Later);
        let client = bench.registered(&json!({})).await;
        let id = &client.data.id;
        bench.server.switches.fail_writes(Fault::Busy(30));
        bench
            .deliver_until("the delivery failed", || {
                bench.row(id).unwrap().attempts >= 2
            })
            .await;
        let row = bench.row(id).unwrap();
        assert_eq!(row.state.as_str(), "pending");
        assert_eq!(
            row.error.as_deref(),
            Some("the authorization server answered 429: a fault of the script")
        );
        assert!(row.due_at.unwrap() > bench.clock.now());
    });
}

/// After a process ended, its registration is taken back by another process.
#[test]
fn ended_process_is_taken_back() {
    run(async {
        let bench = Bench::new();
        let new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        let now = bench.clock.now();
        let place = Some((id.clone(), None));
        let until = now.plus(std::time::Duration::from_secs(15));
        bench
            .store
            .begin_create(&crate::bench::issuer(), place, until, 0, now)
            .await
            .unwrap();
        bench.server.put(id.as_str(), &marked_copy(id.as_str()));
        bench
            .deliver_until("the registration is taken back", || bench.rows().is_empty())
            .await;
        assert!(!bench.is_there(&id));
        // Twice, since a slow server may do the request of the ended process after the deletion.
        assert_eq!(bench.server.switches.count("DELETE", id.as_str()), 2);
        assert_eq!(bench.audit(), ["registration withdrawn"]);
    });
}

/// A client that is stored already is published before the answer. The state that the server refused is refused again without a call.
#[test]
fn stored_client_is_published() {
    run(async {
        let bench = Bench::new();
        bench
            .server
            .refuse("Poison", 400, "invalid_client_metadata");
        let mut ids = Vec::new();
        for name in ["App", "Poison"] {
            let new = bench.new_client(&json!({ "client_name": name }));
            ids.push(new.data.id.clone());
            let inserted = bench.store.insert(new, None, bench.clock.now());
            inserted.await.unwrap();
        }
        for _ in 0..2 {
            bench.provisioner.publish(&ids[0]).await.unwrap();
            let refused = bench.provisioner.publish(&ids[1]).await;
            assert!(
                matches!(refused, Err(ProvisionError::Rejected { .. })),
                "{refused:?}"
            );
        }
        assert!(bench.is_there(&ids[0]));
        assert_eq!(bench.state(&ids[0]), Some("synced"));
        assert_eq!(bench.state(&ids[1]), Some("rejected"));
        assert_eq!(bench.server.ids().len(), 1);
    });
}
