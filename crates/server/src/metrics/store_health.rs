//! The health of the store and its number of clients. Both are read in the background, so that a scrape is answered at once even if the
//! store does not answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::rt;
use oauth_http::blocking;
use protocol::lock;
use store::{Store, StoreError};

/// The interval between two checks of the store.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The time after which a check counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// The maximum age of the number of clients. Counting them scans an index.
const COUNT_MAX_AGE: Duration = Duration::from_mins(5);

/// The number of clients before the first count.
const UNKNOWN: u64 = u64::MAX;

/// The results of the last check and the last count.
pub struct StoreHealth {
    store: Store,
    up: AtomicBool,
    ready: AtomicBool,
    clients: AtomicU64,
    counted_at: Mutex<Option<Instant>>,
}

impl StoreHealth {
    /// Starts to check the store on this thread's runtime. Until the first check the store counts as available.
    pub fn start(store: Store) -> Arc<Self> {
        let (up, ready) = (AtomicBool::new(true), AtomicBool::new(true));
        let health = Arc::new(Self {
            store,
            up,
            ready,
            clients: AtomicU64::new(UNKNOWN),
            counted_at: Mutex::default(),
        });
        let checked = Arc::clone(&health);
        rt::spawn(async move {
            let mut tick = rt::time::interval(CHECK_INTERVAL);
            loop {
                tick.tick().await;
                checked.check().await;
            }
        });
        health
    }

    async fn check(&self) {
        let store = self.store.clone();
        let mut check = Box::pin(blocking(move || store.check()));
        let outcome = if let Ok(outcome) = rt::time::timeout(CHECK_TIMEOUT, &mut check).await {
            outcome
        } else {
            self.record(&Err(StoreError::Unavailable("no answer".to_owned())));
            // The next check starts after this one, because each one occupies a thread.
            check.await
        };
        if let Ok(outcome) = outcome {
            self.record(&outcome);
        }
    }

    fn record(&self, outcome: &Result<(), StoreError>) {
        self.ready
            .store(unready_reason(outcome).is_none(), Ordering::Relaxed);
        let is_up = !matches!(
            outcome,
            Err(StoreError::Unavailable(_) | StoreError::Open { .. } | StoreError::Database(_))
        );
        self.up.store(is_up, Ordering::Relaxed);
    }

    /// Returns true if the store answers.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Returns true if the store answers, and its schema and sealing key match this program.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Returns the number of clients at the last count.
    pub fn clients(&self) -> Option<u64> {
        Some(self.clients.load(Ordering::Relaxed)).filter(|clients| *clients != UNKNOWN)
    }

    /// Counts the clients in the background, unless the last count is recent.
    pub fn refresh_clients(self: &Arc<Self>) {
        let mut counted_at = lock(&self.counted_at);
        if counted_at.is_some_and(|at| at.elapsed() < COUNT_MAX_AGE) {
            return;
        }
        *counted_at = Some(Instant::now());
        let health = Arc::clone(self);
        rt::spawn(async move {
            let store = health.store.clone();
            match blocking(move || store.clients_stored()).await {
                Ok(Ok(clients)) => health.clients.store(clients, Ordering::Relaxed),
                Ok(Err(error)) => tracing::debug!("the clients could not be counted: {error}"),
                Err(failure) => tracing::debug!("the clients could not be counted: {failure}"),
            }
        });
    }
}

/// The answer of `/readyz` while the store does not answer.
pub const NO_ANSWER: &str = "the store does not answer";

/// Returns the reason why the store cannot be used after a check of it, as `/readyz` answers it.
pub fn unready_reason(checked: &Result<(), StoreError>) -> Option<String> {
    match checked {
        // An upgrade replaces one replica after another. The old ones continue to work with the newer schema.
        Ok(()) | Err(StoreError::SchemaNewer { .. }) => None,
        Err(
            error
            @ (StoreError::SchemaOutdated | StoreError::WrongKey | StoreError::Corrupt { .. }),
        ) => Some(error.to_string()),
        Err(_) => Some(NO_ANSWER.to_owned()),
    }
}
