//! Registrations and updates that do not wait for the authorization server.

use std::time::Duration;

use provisioning::Ready;
use serde_json::json;

use crate::bench::{Bench, run, wait_of};
use crate::support::scripted::switches::Fault;

fn bench() -> Bench {
    Bench::with(|settings| settings.ready = Ready::Later)
}

/// The answer comes at once, also while the server is down, and the copy follows.
#[test]
fn copy_follows_the_answer() {
    run(async {
        let bench = bench();
        bench.server.switches.fail_writes(Fault::Status(503));
        let client = bench.registered(&json!({ "client_name": "Old" })).await;
        let id = &client.data.id;
        assert_eq!(bench.state(id), Some("pending"));
        bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap();
        assert_eq!(bench.server.switches.writes(), 0);
        bench.server.switches.heal();
        bench
            .deliver_until("the copy is there", || bench.state(id) == Some("synced"))
            .await;
        let copy = bench.server.client(id.as_str()).unwrap();
        assert_eq!(copy["client_name"], "New");
        assert_eq!(copy["metadata"]["frontdesk"]["revision"], "2");
    });
}

/// A client that the server refuses becomes rejected, stops no other, and an update makes it pending again.
#[test]
fn refused_client_stops_no_other() {
    run(async {
        let bench = bench();
        bench.server.refuse("Poison", 400, "invalid_redirect_uri");
        let poison = bench.registered(&json!({ "client_name": "Poison" })).await;
        for _ in 0..100 {
            bench.registered(&json!({})).await;
        }
        bench
            .deliver_until("the others are there", || bench.server.ids().len() == 100)
            .await;
        let id = &poison.data.id;
        let row = bench.row(id).unwrap();
        assert_eq!((row.state.as_str(), row.due_at), ("rejected", None));
        assert_eq!(
            row.error.as_deref(),
            Some("redirect_uris: the authorization server answered 400: the script refuses it")
        );
        let refusals = bench.audit();
        let refusals = refusals
            .iter()
            .filter(|event| **event == "provisioning refused");
        assert_eq!(refusals.count(), 1);
        bench
            .replace(&poison, &json!({ "client_name": "Poison" }))
            .await
            .unwrap();
        assert_eq!(
            bench.state(id),
            Some("pending"),
            "the same values are tried again"
        );
        bench
            .replace(&poison, &json!({ "client_name": "Harmless" }))
            .await
            .unwrap();
        assert_eq!(bench.state(id), Some("pending"));
    });
}

/// The maximum number of copies holds here too.
#[test]
fn full_target_takes_no_client_later() {
    run(async {
        let bench = Bench::with(|settings| {
            settings.ready = Ready::Later;
            settings.at_most = 1;
        });
        bench.registered(&json!({})).await;
        let wait = wait_of(bench.register(&json!({})).await);
        assert_eq!(wait, Duration::from_mins(5));
        assert_eq!(bench.rows().len(), 1);
        assert!(
            bench
                .client(&protocol::ClientId::new("client0001"))
                .is_none()
        );
    });
}

/// A server that chooses another secret later is not adopted: the client has its answer already.
#[test]
fn chosen_values_are_refused_later() {
    run(async {
        let bench = bench();
        let client = bench.registered(&json!({})).await;
        bench.server.state.lock().unwrap().forced_secret = Some("chosen");
        let id = &client.data.id;
        bench
            .deliver_until("the copy is rejected", || {
                bench.state(id) == Some("rejected")
            })
            .await;
        let error = bench.row(id).unwrap().error.unwrap();
        assert!(error.contains("another secret"), "{error}");
    });
}
