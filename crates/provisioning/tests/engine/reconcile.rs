//! The comparison of all copies: missing, changed and foreign copies, the guard, and two processes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::ClientId;
use provisioning::{CopyTemplate, ReconcileOptions, ReconcileReport};
use serde_json::json;
use store::Client;

use crate::bench::{Bench, connector, issuer, marked_copy, run, wait_of};
use crate::support::scripted::switches::Fault;

const DRY: ReconcileOptions = ReconcileOptions {
    is_dry_run: true,
    may_delete_most: false,
};

async fn reconcile(bench: &Bench, options: ReconcileOptions) -> ReconcileReport {
    bench.provisioner.reconcile(options).await.unwrap().unwrap()
}

async fn clients(bench: &Bench, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(bench.registered(&json!({ "client_name": "App" })).await);
    }
    bench.pass(60);
    clients
}

fn counts(report: &ReconcileReport) -> [usize; 6] {
    [
        report.created,
        report.updated,
        report.deleted,
        report.unchanged,
        report.rejected,
        report.waiting,
    ]
}

/// A deleted copy is made again and a changed one repaired; another owner's client is left as it is. `--dry-run` says the same
/// and writes nothing.
#[test]
fn drift_is_repaired() {
    run(async {
        let bench = Bench::new();
        let clients = clients(&bench, 5).await;
        let (gone, changed) = (clients[0].data.id.as_str(), clients[1].data.id.as_str());
        bench.server.take(gone);
        let mut copy = bench.server.client(changed).unwrap();
        copy["redirect_uris"] = json!(["https://attacker.example/"]);
        bench.server.put(changed, &copy);
        let foreign = json!({ "client_id": "administrator", "owner": "someone" });
        bench.server.put("administrator", &foreign);
        let writes = bench.server.switches.writes();
        let dry = reconcile(&bench, DRY).await;
        assert_eq!(counts(&dry), [1, 1, 0, 3, 0, 0]);
        assert_eq!(bench.server.switches.writes(), writes);
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [1, 1, 0, 3, 0, 0]);
        assert!(bench.server.client(gone).is_some());
        let copy = bench.server.client(changed).unwrap();
        assert_eq!(copy["redirect_uris"], json!(["https://rp.example/cb"]));
        assert_eq!(bench.server.client("administrator"), Some(foreign));
        assert_eq!(bench.audit().last().unwrap(), "drift repaired");
        bench.pass(60);
        let again = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&again), [0, 0, 0, 5, 0, 0]);
        let state = bench.store.reconcile_state(&issuer()).unwrap();
        assert_eq!(
            state.last_result.as_deref(),
            Some("created 0, updated 0, deleted 0, unchanged 5, rejected 0")
        );
        assert_eq!(state.until, None);
    });
}

/// A server that lost everything is filled again, and clients from before there was provisioning get copies.
#[test]
fn empty_server_is_filled() {
    run(async {
        let bench = Bench::new();
        let mut clients = clients(&bench, 6).await;
        let new = bench.new_client(&json!({}));
        let id = new.data.id.clone();
        bench
            .store
            .insert(new, None, bench.clock.now())
            .await
            .unwrap();
        clients.push(bench.client(&id).unwrap());
        bench.server.forget();
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [7, 0, 0, 0, 0, 0]);
        for client in clients {
            let copy = bench.server.client(client.data.id.as_str()).unwrap();
            assert_eq!(copy["client_secret"], client.data.secret.unwrap().reveal());
            assert_eq!(bench.state(&client.data.id), Some("synced"));
        }
    });
}

/// Marked copies without a client are removed, but not when they are more than half of all: then `--yes` does it.
#[test]
fn guard_keeps_most_copies() {
    run(async {
        let bench = Bench::new();
        clients(&bench, 3).await;
        for number in 0..2 {
            let id = format!("orphan{number}");
            bench.server.put(&id, &marked_copy(&id));
        }
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [0, 0, 2, 3, 0, 0]);
        assert_eq!(bench.audit().last().unwrap(), "drift repaired");
        for number in 0..4 {
            let id = format!("orphan{number}");
            bench.server.put(&id, &marked_copy(&id));
        }
        bench.pass(60);
        let sentence = "4 of 7 copies would be deleted, and that is more than half; frontdesk provision reconcile --yes does it";
        for options in [DRY, ReconcileOptions::default()] {
            let report = reconcile(&bench, options).await;
            assert_eq!(counts(&report), [0, 0, 0, 3, 0, 0]);
            assert_eq!(report.guarded.as_deref(), Some(sentence));
            assert_eq!(bench.server.ids().len(), 7);
        }
        let yes = ReconcileOptions {
            is_dry_run: false,
            may_delete_most: true,
        };
        let report = reconcile(&bench, yes).await;
        assert_eq!(counts(&report), [0, 0, 4, 3, 0, 0]);
        assert_eq!(report.guarded, None);
        assert_eq!(bench.audit().last().unwrap(), "copies deleted");
        assert_eq!(bench.server.ids().len(), 3);
    });
}

/// A row that waits for its deletion is no copy without a client.
#[test]
fn deleted_clients_are_not_guarded() {
    run(async {
        let bench = Bench::new();
        let clients = clients(&bench, 3).await;
        bench.server.switches.fail_writes(Fault::Status(503));
        for client in &clients {
            let (store, id) = (&bench.store, &client.data.id);
            bench.provisioner.delete(store, id).await.unwrap();
        }
        bench.server.switches.heal();
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [0; 6]);
        assert_eq!(report.guarded, None);
    });
}

/// A list that fails ends the run, and nothing is changed.
#[test]
fn failed_list_changes_nothing() {
    run(async {
        let bench = Bench::new();
        let clients = clients(&bench, 5).await;
        bench.server.take(clients[0].data.id.as_str());
        // The second page fails.
        bench.server.switches.next([None, Some(Fault::Status(500))]);
        let writes = bench.server.switches.writes();
        let failed = bench
            .provisioner
            .reconcile(ReconcileOptions::default())
            .await;
        assert!(failed.is_err());
        assert_eq!(bench.server.switches.writes(), writes);
        assert_eq!(bench.state(&clients[0].data.id), Some("synced"));
        let state = bench.store.reconcile_state(&issuer()).unwrap();
        assert!(state.last_result.unwrap().starts_with("failed: "));
        bench.pass(60);
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [1, 0, 0, 4, 0, 0]);
    });
}

/// An administrator's client with an identifier of ours is not touched, and our row is rejected.
#[test]
fn unmarked_client_rejects_the_row() {
    run(async {
        let bench = Bench::new();
        let clients = clients(&bench, 1).await;
        let id = clients[0].data.id.as_str();
        let foreign = json!({ "client_id": id, "owner": "administrator", "client_name": "Theirs" });
        bench.server.put(id, &foreign);
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [0, 0, 0, 0, 1, 0]);
        assert_eq!(bench.server.client(id), Some(foreign));
        assert_eq!(bench.state(&clients[0].data.id), Some("rejected"));
    });
}

/// While a process compares, another one does not.
#[test]
fn one_process_reconciles_at_a_time() {
    run(async {
        let bench = Bench::new();
        clients(&bench, 1).await;
        let now = bench.clock.now();
        let until = now.plus(Duration::from_mins(1));
        let lease = bench.store.begin_reconcile(&issuer(), until, now).unwrap();
        assert!(lease.is_some());
        let options = ReconcileOptions::default();
        assert_eq!(bench.provisioner.reconcile(options).await.unwrap(), None);
        bench.pass(61);
        assert!(
            bench
                .provisioner
                .reconcile(options)
                .await
                .unwrap()
                .is_some()
        );
    });
}

/// A changed template reaches every copy.
#[test]
fn changed_template_reaches_every_copy() {
    run(async {
        let bench = Bench::new();
        let clients = clients(&bench, 3).await;
        let template = CopyTemplate::parse(r#"{"audience": ["api"]}"#).unwrap();
        let other = bench.other_process(connector(&bench.server, template), |_| {});
        let options = ReconcileOptions::default();
        let report = other.reconcile(options).await.unwrap().unwrap();
        assert_eq!(counts(&report), [0, 3, 0, 0, 0, 0]);
        for client in clients {
            let copy = bench.server.client(client.data.id.as_str()).unwrap();
            assert_eq!(copy["audience"], json!(["api"]));
        }
    });
}

/// A registration that has begun is not taken for a copy without a client.
#[test]
fn registration_in_progress_is_no_orphan() {
    run(async {
        let bench = Bench::new();
        clients(&bench, 3).await;
        let id = ClientId::new("inprogress");
        let now = bench.clock.now();
        let until = now.plus(Duration::from_secs(15));
        let place = Some((id.clone(), None));
        bench
            .store
            .begin_create(&issuer(), place, until, 0, now)
            .await
            .unwrap();
        bench.server.put(id.as_str(), &marked_copy(id.as_str()));
        let report = reconcile(&bench, ReconcileOptions::default()).await;
        assert_eq!(counts(&report), [0, 0, 0, 3, 0, 0]);
        assert!(bench.is_there(&id));
    });
}

/// A list that hangs does not delay the end of the service, and nothing was changed.
#[test]
fn hanging_list_does_not_delay_the_end() {
    run(async {
        let bench = Bench::new();
        clients(&bench, 2).await;
        bench.server.switches.hold(true);
        let running = tokio::spawn(Arc::clone(&bench.provisioner).run());
        while bench.server.switches.held() == 0 {
            tokio::task::yield_now().await;
        }
        let begun = Instant::now();
        bench.provisioner.stop();
        running.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2));
        bench.server.switches.hold(false);
        let state = bench.store.reconcile_state(&issuer()).unwrap();
        assert_eq!(
            state.last_result.as_deref(),
            Some("failed: the service stops")
        );
        assert_eq!(state.until, None);
    });
}

/// While the breaker is open there is no comparison: it would be too long a try.
#[test]
fn open_breaker_allows_no_comparison() {
    run(async {
        let bench = Bench::new();
        clients(&bench, 1).await;
        bench.server.switches.fail_writes(Fault::Busy(1));
        for _ in 0..5 {
            wait_of(bench.register(&json!({})).await);
        }
        let asked = bench.server.switches.count("GET", "");
        let compared = bench.provisioner.reconcile(DRY).await;
        wait_of(compared);
        assert_eq!(bench.server.switches.count("GET", ""), asked);
    });
}
