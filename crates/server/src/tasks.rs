//! What happens on a schedule: keys are read again, what was refused is written, and what is over is purged.

use std::sync::Arc;
use std::time::Duration;

use access::{PasswordVerifier, RefusalLog, RegistrationLimiter};
use actix_web::rt;
use oauth_http::blocking;
use protocol::Clock;

use store::{By, Store};

use crate::wiring::Site;

/// How soon a server sees the keys another program changed.
const RELOAD: Duration = Duration::from_secs(2);

/// How often what was refused is written into the audit trail.
const WRITE: Duration = Duration::from_secs(1);

/// How long reading them may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often what has expired is purged.
const PURGE: Duration = Duration::from_mins(10);

/// How often it is written which clients were used.
const USES: Duration = Duration::from_hours(1);

/// Writes what was refused into the audit trail, on this thread's runtime; what cannot be written yet waits.
pub fn write_trail(store: Store, refusals: Arc<RefusalLog>) {
    rt::spawn(async move {
        let mut tick = rt::time::interval(WRITE);
        loop {
            tick.tick().await;
            let refused = refusals.take();
            if store.refused(refused.clone()).await.is_err() {
                refusals.put_back(refused);
            }
        }
    });
}

/// Starts the rest of the schedule there. Retired keys are kept that long, and the audit trail that long or for ever.
pub fn start(
    site: Site,
    store: &Store,
    clock: Clock,
    (limiter, passwords): (Arc<RegistrationLimiter>, Arc<PasswordVerifier>),
    (keep_retired, keep_audit): (Duration, Option<Duration>),
) {
    let store = store.by(By::hand("schedule"));
    rt::spawn(async move {
        let mut tick = rt::time::interval(RELOAD);
        loop {
            tick.tick().await;
            let site = site.clone();
            // Whoever hangs on a database that does not answer is left behind.
            match rt::time::timeout(PATIENCE, blocking(move || site.reload_keys())).await {
                Ok(Ok(Err(error))) => tracing::warn!("the keys could not be read again: {error}"),
                Ok(Err(failure)) => tracing::warn!("{failure}"),
                Err(_) => {
                    tracing::warn!("the keys could not be read again: the store does not answer")
                }
                Ok(Ok(Ok(()))) => {}
            }
        }
    });
    let used = store.clone();
    rt::spawn(async move {
        let mut tick = rt::time::interval(USES);
        loop {
            tick.tick().await;
            let store = used.clone();
            match blocking(move || store.write_uses()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!("it could not be written which clients were used: {error}")
                }
                Err(failure) => tracing::warn!("{failure}"),
            }
        }
    });
    rt::spawn(async move {
        let mut tick = rt::time::interval(PURGE);
        loop {
            tick.tick().await;
            limiter.remove_expired();
            passwords.remove_expired();
            let (store, now) = (store.clone(), clock.now());
            let purged = blocking(move || {
                let clients = store
                    .purge_expired(now)
                    .map_err(|error| error.to_string())?;
                let keys =
                    keys::purge(&store, keep_retired, now).map_err(|error| error.to_string())?;
                let told = keep_audit
                    .map_or(Ok(0), |keep| store.purge_audit(now.minus(keep)))
                    .map_err(|error| error.to_string())?;
                Ok::<_, String>((clients, keys, told))
            });
            match purged.await {
                Ok(Ok((0, 0, 0))) => {}
                Ok(Ok((clients, keys, audit))) => {
                    tracing::info!(clients, keys, audit, "what is over was purged")
                }
                Ok(Err(error)) => tracing::warn!("what is over could not be purged: {error}"),
                Err(failure) => tracing::warn!("{failure}"),
            }
        }
    });
}
