//! The circuit breaker of a target.

use std::time::{Duration, Instant};

use provisioning::http::HttpConnector;
use provisioning::{CopyTemplate, CredentialFile, ProvisionOutcome};
use serde_json::json;
use std::sync::Arc;

use crate::bench::{Bench, run, wait_of};
use crate::support::scripted::hydra::Hydra;
use crate::support::scripted::switches::Fault;
use crate::support::{random, trust};

/// After five failures in a row registrations are refused at once and write nothing; after the pause one call tries.
#[test]
fn open_breaker_refuses_at_once() {
    run(async {
        let bench = Bench::new();
        bench.server.switches.fail_writes(Fault::Busy(1));
        for _ in 0..5 {
            wait_of(bench.register(&json!({})).await);
        }
        assert!(bench.provisioner.status().is_breaker_open);
        let (rows, writes) = (bench.rows().len(), bench.server.switches.writes());
        let begun = Instant::now();
        let wait = wait_of(bench.register(&json!({})).await);
        assert!(begun.elapsed() < Duration::from_millis(200));
        assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(2));
        assert_eq!(
            (bench.rows().len(), bench.server.switches.writes()),
            (rows, writes)
        );
        let refused = bench.provisioner.status().outcomes;
        assert!(refused.contains(&(ProvisionOutcome::BreakerOpen, 1)));
        bench.server.switches.heal();
        while bench.register(&json!({})).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            tokio::task::yield_now().await;
        }
        assert!(!bench.provisioner.status().is_breaker_open);
    });
}

/// A deletion does not wait for a server that the breaker has closed off.
#[test]
fn deletion_passes_an_open_breaker() {
    run(async {
        let bench = Bench::new();
        let client = bench.registered(&json!({})).await;
        bench.server.switches.fail_writes(Fault::Busy(1));
        for _ in 0..5 {
            wait_of(bench.register(&json!({})).await);
        }
        let (begun, writes) = (Instant::now(), bench.server.switches.writes());
        let (store, id) = (&bench.store, &client.data.id);
        assert!(bench.provisioner.delete(store, id).await.unwrap());
        assert!(begun.elapsed() < Duration::from_millis(200));
        assert_eq!(bench.state(id), Some("deleting"));
        assert_eq!(bench.server.switches.writes(), writes);
        let update = bench.replace(&client, &json!({})).await;
        assert!(wait_of(update) <= Duration::from_secs(2));
    });
}

/// A wrong credential opens it at once, and the state says so.
#[test]
fn wrong_credential_opens_it_at_once() {
    run(async {
        let hydra = Hydra::start();
        let file = CredentialFile {
            setting: "provider.provision.token_file".to_owned(),
            path: "does-not-exist".into(),
        };
        let connector = HttpConnector::new(
            hydra.at.clone(),
            trust(),
            Some(file),
            CopyTemplate::default(),
            random(),
        );
        let bench = Bench::of(hydra, Arc::new(connector), |_| {});
        let wait = wait_of(bench.register(&json!({})).await);
        assert!(wait > Duration::from_secs(1));
        let status = bench.provisioner.status();
        assert!(status.is_breaker_open && status.is_misconfigured);
        assert!(bench.server.ids().is_empty());
    });
}
