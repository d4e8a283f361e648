//! The task that writes due copies.

use std::sync::Arc;

use provisioning::{CopyTemplate, Ready};
use serde_json::json;

use crate::bench::{Bench, connector, run};
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

/// A registration whose process ended is taken back by another one.
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
        bench.server.put(
            id.as_str(),
            &json!({ "client_id": id.as_str(), "owner": "frontdesk" }),
        );
        bench
            .deliver_until("the registration is taken back", || bench.rows().is_empty())
            .await;
        assert!(!bench.is_there(&id));
        // Twice, since a slow server may do the request of the ended process after the deletion.
        assert_eq!(bench.server.switches.count("DELETE", id.as_str()), 2);
        assert_eq!(bench.audit(), ["registration withdrawn"]);
    });
}
