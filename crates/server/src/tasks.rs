//! What happens on a schedule: keys are read again, and what has expired is purged.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use oauth_http::blocking;
use protocol::Clock;
use registration::{Logins, Throttle};
use store::Store;

use crate::wiring::Site;

/// How soon a server sees the keys another program changed.
const RELOAD: Duration = Duration::from_secs(2);

/// How often what has expired is purged.
const PURGE: Duration = Duration::from_mins(10);

/// Starts the schedule on this thread's runtime.
pub fn start(site: Site, store: Store, clock: Clock, (throttle, logins): (Arc<Throttle>, Arc<Logins>), keep_retired: Duration) {
    rt::spawn(async move {
        let mut tick = rt::time::interval(RELOAD);
        loop {
            tick.tick().await;
            let site = site.clone();
            match blocking(move || site.reload_keys()).await {
                Ok(Err(error)) => tracing::warn!("the keys could not be read again: {error}"),
                Err(failure) => tracing::warn!("{failure}"),
                Ok(Ok(())) => {}
            }
        }
    });
    rt::spawn(async move {
        let mut tick = rt::time::interval(PURGE);
        loop {
            tick.tick().await;
            throttle.tidy();
            logins.tidy();
            let (store, now) = (store.clone(), clock.now());
            let purged = blocking(move || {
                let clients = store.purge_expired(now).map_err(|error| error.to_string())?;
                keys::purge(&store, keep_retired, now).map(|keys| (clients, keys)).map_err(|error| error.to_string())
            });
            match purged.await {
                Ok(Ok((0, 0))) => {}
                Ok(Ok((clients, keys))) => tracing::info!(clients, keys, "expired clients and retired keys purged"),
                Ok(Err(error)) => tracing::warn!("expired clients and keys could not be purged: {error}"),
                Err(failure) => tracing::warn!("{failure}"),
            }
        }
    });
}
