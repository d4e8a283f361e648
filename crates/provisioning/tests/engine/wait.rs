//! Registrations that wait for the authorization server: the first row of the table of answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use provisioning::{ProvisionError, ProvisionOutcome};
use serde_json::json;
use store::{StoreError, TokenId};
use tokio::task::JoinSet;

use crate::bench::{Bench, PATIENCE, run, wait_of};
use crate::support::scripted::switches::Fault;

/// The longest duration of a request: its patience and a second.
const LIMIT: Duration = Duration::from_millis(2500);

/// The client is stored after the copy is there, with the identifier and the secret of the answer.
#[test]
fn client_is_stored_after_its_copy() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({ "client_name": "App" })).await;
        let copy = bench.server.client(client.data.id.as_str()).unwrap();
        assert_eq!(
            copy["client_secret"],
            client.data.secret.as_ref().unwrap().reveal()
        );
        assert_eq!(copy["client_name"], "App");
        let row = bench.row(&client.data.id).unwrap();
        assert_eq!(
            (row.state.as_str(), row.synced_revision, row.due_at),
            ("synced", Some(1), None)
        );
        assert_eq!(bench.audit(), ["client registered"]);
    });
}

/// A client that the server refuses for good leaves nothing on either side, and the member is named.
#[test]
fn refused_client_leaves_nothing() {
    run(async {
        let bench = Bench::new();
        bench.server.refuse("Poison", 400, "invalid_redirect_uri");
        let refused = bench.register(&json!({ "client_name": "Poison" })).await;
        assert!(
            matches!(&refused, Err(ProvisionError::Rejected { member: Some(member), .. }) if member == "redirect_uris"),
            "{refused:?}"
        );
        assert_eq!((bench.rows(), bench.server.ids()), (vec![], vec![]));
        assert!(
            bench
                .client(&protocol::ClientId::new("client0000"))
                .is_none()
        );
        assert!(bench.registered(&json!({})).await.revision == 1);
    });
}

/// A server that cannot work now answers 503 within the patience, stores no client, and has no copy afterwards.
#[test]
fn failing_server_leaves_no_client() {
    for fault in [
        Fault::Status(500),
        Fault::Status(503),
        Fault::CutBeforeWork,
        Fault::CutAfterWork,
    ] {
        run(async {
            let bench = Bench::new();
            bench.server.switches.fail_writes(fault);
            let begun = Instant::now();
            let wait = wait_of(bench.register(&json!({})).await);
            assert!(begun.elapsed() < LIMIT, "{fault:?}");
            assert_eq!(wait, Duration::from_secs(1), "{fault:?}");
            let id = protocol::ClientId::new("client0000");
            assert!(bench.client(&id).is_none());
            assert_eq!(bench.state(&id), Some("deleting"), "{fault:?}");
            assert_eq!(bench.audit(), ["registration withdrawn"]);
            bench.server.switches.heal();
            bench
                .deliver_until("the registration is taken back", || bench.rows().is_empty())
                .await;
            assert!(!bench.is_there(&id), "{fault:?}");
        });
    }
}

/// A first try that fails early is repeated once.
#[test]
fn early_failure_is_repeated_once() {
    run(async {
        let bench = Bench::new();
        bench.server.switches.next([Some(Fault::Status(503))]);
        bench.registered(&json!({})).await;
        assert_eq!(bench.server.switches.count("POST", ""), 2);
    });
}

/// A server that asks for time is not asked again at once, and its time is the answer's.
#[test]
fn servers_own_wait_is_answered() {
    run(async {
        let bench = Bench::new();
        bench.server.switches.fail_writes(Fault::Busy(30));
        let wait = wait_of(bench.register(&json!({})).await);
        assert_eq!(wait, Duration::from_secs(30));
        assert_eq!(bench.server.switches.writes(), 1);
    });
}

/// A hanging server holds at most sixteen calls, and every request ends within the patience and a second.
#[test]
fn hanging_server_holds_sixteen_calls() {
    run(async {
        let bench = Arc::new(Bench::new());
        bench.server.switches.hold(true);
        let mut requests = JoinSet::new();
        let begun = Instant::now();
        for _ in 0..64 {
            let bench = Arc::clone(&bench);
            requests.spawn(async move { wait_of(bench.register(&json!({})).await) });
        }
        while let Some(wait) = requests.join_next().await {
            assert!(wait.unwrap() >= Duration::from_secs(1));
        }
        assert!(begun.elapsed() < PATIENCE + Duration::from_secs(1));
        assert!(bench.server.switches.most_at_once() <= 16);
        let creating = bench.rows().len();
        assert!(creating <= 16, "{creating}");
        bench.server.switches.hold(false);
    });
}

/// An initial access token that was used up meanwhile is refused, and the copy is taken back.
#[test]
fn spent_token_takes_the_copy_back() {
    run(async {
        let bench = Bench::new();
        let new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        let token = TokenId::new("no-such-token");
        let spent = bench
            .provisioner
            .register(&bench.store, new, Some(token))
            .await;
        assert_eq!(
            spent.unwrap_err(),
            ProvisionError::Store(StoreError::TokenExhausted)
        );
        assert!(bench.client(&id).is_none());
        assert_eq!(bench.state(&id), Some("deleting"));
        bench
            .deliver_until("the copy is gone", || bench.rows().is_empty())
            .await;
        assert!(!bench.is_there(&id));
    });
}

/// A request that was dropped leaves a row, and the deliverer takes the registration back when its time has passed.
#[test]
fn dropped_request_is_taken_back() {
    run(async {
        let bench = Bench::new();
        bench.server.switches.hold(true);
        let id = protocol::ClientId::new("client0000");
        {
            let members = json!({});
            let registration = bench.register(&members);
            tokio::pin!(registration);
            let held = async {
                while bench.server.switches.held() == 0 {
                    tokio::task::yield_now().await;
                }
            };
            let both = tokio::time::timeout(Duration::from_millis(1), registration.as_mut());
            assert!(both.await.is_err());
            let both = tokio::time::timeout(Duration::from_millis(300), registration.as_mut());
            assert!(both.await.is_err());
            held.await;
        }
        assert_eq!(bench.state(&id), Some("creating"));
        bench.server.switches.hold(false);
        bench
            .deliver_until("the registration is taken back", || bench.rows().is_empty())
            .await;
        assert!(bench.client(&id).is_none());
        assert!(!bench.is_there(&id));
        assert_eq!(bench.audit(), ["registration withdrawn"]);
    });
}

/// A registration at the maximum number of copies is answered with five minutes, and nothing is written.
#[test]
fn full_target_takes_no_further_copy() {
    run(async {
        let bench = Bench::with(|settings| settings.at_most = 2);
        bench.registered(&json!({})).await;
        let second = bench.registered(&json!({})).await;
        let wait = wait_of(bench.register(&json!({})).await);
        assert_eq!(wait, Duration::from_mins(5));
        assert_eq!((bench.rows().len(), bench.server.ids().len()), (2, 2));
        bench
            .provisioner
            .delete(&bench.store, &second.data.id)
            .await
            .unwrap();
        bench.registered(&json!({})).await;
    });
}

/// The outcomes and the durations of calls are counted.
#[test]
fn calls_are_counted() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        bench
            .replace(&client, &json!({ "client_name": "New" }))
            .await
            .unwrap();
        bench
            .provisioner
            .delete(&bench.store, &client.data.id)
            .await
            .unwrap();
        bench
            .server
            .refuse("Poison", 400, "invalid_client_metadata");
        bench
            .register(&json!({ "client_name": "Poison" }))
            .await
            .unwrap_err();
        bench.server.switches.fail_writes(Fault::Busy(1));
        bench.register(&json!({})).await.unwrap_err();
        let status = bench.provisioner.status();
        let count = |outcome| {
            let counts = status.outcomes.iter();
            counts
                .filter(|(one, _)| *one == outcome)
                .map(|(_, count)| *count)
                .sum::<u64>()
        };
        for outcome in [
            ProvisionOutcome::Created,
            ProvisionOutcome::Updated,
            ProvisionOutcome::Deleted,
            ProvisionOutcome::Rejected,
            ProvisionOutcome::Unavailable,
        ] {
            assert_eq!(count(outcome), 1, "{outcome:?}");
        }
        let durations = status.durations;
        let counted: u64 = durations.buckets.iter().map(|(_, count)| count).sum();
        assert_eq!(counted + durations.above, 5);
    });
}
