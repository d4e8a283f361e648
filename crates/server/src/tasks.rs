//! Tasks on a schedule, on this thread's runtime.
//!
//! A task that fails logs a warning and runs again at its next time. Work that blocks runs on another thread.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use anyhow::{anyhow, bail};
use oauth_http::blocking;
use provisioning::Provisioner;
use registration::Services;
use store::{Actor, Store};

use crate::commands::error_text;
use crate::config::Config;
use crate::deployment::Deployment;

/// The interval at which keys that another process changed are read.
const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// The time after which a read of the keys is abandoned.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The interval at which refusals are written to the audit trail.
const REFUSALS_INTERVAL: Duration = Duration::from_secs(1);

/// The interval at which expired rows are purged.
const PURGE_INTERVAL: Duration = Duration::from_mins(10);

/// The interval at which the last use of clients is saved.
const LAST_USED_INTERVAL: Duration = Duration::from_hours(1);

/// The time for which the end of the process waits for deliveries in progress.
const DELIVERIES_TIMEOUT: Duration = Duration::from_secs(10);

/// The beginnings of the warnings about the documents of servers behind providers.
const UPSTREAM_NOT_ASKED: &str = "the document of an authorization server was not asked for";
const UPSTREAM_NOT_FOLLOWED: &str = "the stored documents of authorization servers were not read";

/// The interval at which documents of clients in use are fetched again when their time is over.
const DOCUMENTS_INTERVAL: Duration = Duration::from_mins(1);

/// The beginning of the warnings about keys.
const NOT_RELOADED: &str = "signing keys could not be reloaded";

/// The tasks that deliver clients to authorization servers.
pub struct Deliveries(Vec<(Arc<Provisioner>, rt::task::JoinHandle<()>)>);

impl Deliveries {
    fn start(deployment: &Deployment) -> Self {
        let provisioners = deployment.provisioners().cloned();
        let run = |one: Arc<Provisioner>| (Arc::clone(&one), rt::spawn(one.run()));
        Self(provisioners.map(run).collect())
    }

    /// Returns the function that begins no further delivery from then on.
    pub fn stopping(&self) -> impl FnOnce() + 'static {
        let provisioners: Vec<_> = self.0.iter().map(|(one, _)| Arc::clone(one)).collect();
        move || provisioners.iter().for_each(|one| one.stop())
    }

    /// Waits for the deliveries in progress, for a limited time. The store has what remains.
    pub async fn end(self) {
        let deadline = tokio::time::Instant::now() + DELIVERIES_TIMEOUT;
        for (provisioner, task) in self.0 {
            provisioner.stop();
            if tokio::time::timeout_at(deadline, task).await.is_err() {
                let issuer = &provisioner.settings().issuer;
                tracing::warn!(provider = %issuer, "deliveries in progress were abandoned");
            }
        }
    }
}

/// Starts every task, and returns those that deliver clients.
pub fn start(deployment: &Deployment, services: &Services, config: &Config) -> Deliveries {
    let deliveries = Deliveries::start(deployment);
    let store = services.store.acting_as(Actor::process("schedule"));
    upstreams(deployment);
    client_documents(deployment);
    let document_limiter = Arc::clone(&deployment.document_limiter);
    let deployment = deployment.clone();
    spawn(NOT_RELOADED, RELOAD_INTERVAL, move || {
        reload_keys(deployment.clone())
    });
    let used = store.clone();
    spawn(
        "last-used dates were not saved",
        LAST_USED_INTERVAL,
        move || {
            let store = used.clone();
            run_blocking(move || store.flush_last_used())
        },
    );
    let (expiring, keep) = (services.clone(), (config.keep_retired, config.keep_audit));
    spawn("expired rows were not purged", PURGE_INTERVAL, move || {
        document_limiter.remove_expired();
        purge(expiring.clone(), store.clone(), keep)
    });
    let services = services.clone();
    spawn("refusals were not saved", REFUSALS_INTERVAL, move || {
        write_refusals(services.clone())
    });
    deliveries
}

/// Fetches the documents of clients in use again. Copies of changed ones are due from then on.
fn client_documents(deployment: &Deployment) {
    for (documents, provisioner) in deployment.accepted_documents() {
        let (documents, provisioner) = (Arc::clone(documents), provisioner.cloned());
        spawn(
            "the documents of clients were not refreshed",
            DOCUMENTS_INTERVAL,
            move || {
                let (documents, provisioner) = (Arc::clone(&documents), provisioner.clone());
                async move {
                    let changed = documents.refresh().await?;
                    if let Some(provisioner) = provisioner.filter(|_| !changed.is_empty()) {
                        provisioner.wake();
                    }
                    Ok(())
                }
            },
        );
    }
}

/// Asks for the document of each server behind a provider, and follows those that other replicas took.
fn upstreams(deployment: &Deployment) {
    let mut has_any = false;
    for upstream in deployment.upstreams() {
        has_any = true;
        let (upstream, deployment) = (Arc::clone(upstream), deployment.clone());
        rt::spawn(async move {
            loop {
                rt::time::sleep(upstream.wait()).await;
                let (deployment, issuer) = (deployment.clone(), upstream.issuer().clone());
                let asked = run_blocking(move || deployment.refresh_upstream(&issuer));
                if let Err(error) = asked.await {
                    tracing::warn!("{UPSTREAM_NOT_ASKED}: {}", error_text(&error));
                }
            }
        });
    }
    if has_any {
        let deployment = deployment.clone();
        spawn(UPSTREAM_NOT_FOLLOWED, RELOAD_INTERVAL, move || {
            let deployment = deployment.clone();
            run_blocking(move || deployment.reload_upstreams())
        });
    }
}

/// Runs a task at once, and again after each interval. The name begins the warning about a failure.
fn spawn<F>(failure: &'static str, every: Duration, task: impl Fn() -> F + 'static)
where
    F: Future<Output = anyhow::Result<()>> + 'static,
{
    rt::spawn(async move {
        let mut tick = rt::time::interval(every);
        loop {
            tick.tick().await;
            if let Err(error) = task().await {
                tracing::warn!("{failure}: {}", error_text(&error));
            }
        }
    });
}

async fn run_blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> anyhow::Result<T>
where
    T: Send + 'static,
    E: Into<anyhow::Error> + Send + 'static,
{
    match blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(failure) => Err(anyhow!("{failure}")),
    }
}

/// Reads keys that another process changed. A database that does not answer keeps its thread; the next read uses another.
async fn reload_keys(deployment: Deployment) -> anyhow::Result<()> {
    let reload = run_blocking(move || deployment.reload_keys());
    match rt::time::timeout(RELOAD_TIMEOUT, reload).await {
        Ok(reloaded) => reloaded,
        Err(_) => bail!("the store does not answer"),
    }
}

/// Deletes what has expired from memory and from the store. Retired keys and the audit trail are kept for the given times.
async fn purge(
    services: Services,
    store: Store,
    (keep_retired, keep_audit): (Duration, Option<Duration>),
) -> anyhow::Result<()> {
    services.limiter.remove_expired();
    services.passwords.remove_expired();
    let now = services.clock.now();
    let purged = run_blocking(move || {
        let clients = store.purge_expired(now)?;
        let documents = store.purge_documents(now)?;
        let keys = keys::purge(&store, keep_retired, now)?;
        let audit = keep_audit.map_or(Ok(0), |keep| store.purge_audit(now.minus(keep)))?;
        anyhow::Ok((clients, documents, keys, audit))
    });
    let (clients, documents, keys, audit) = purged.await?;
    if (clients, documents, keys, audit) != (0, 0, 0, 0) {
        tracing::info!(clients, documents, keys, audit, "expired rows purged");
    }
    Ok(())
}

/// Writes refusals to the audit trail. Refusals that cannot be written are kept: the metrics show how many wait.
async fn write_refusals(services: Services) -> anyhow::Result<()> {
    let refused = services.refusals.take();
    if services
        .store
        .record_refusals(refused.clone())
        .await
        .is_err()
    {
        services.refusals.put_back(refused);
    }
    Ok(())
}
