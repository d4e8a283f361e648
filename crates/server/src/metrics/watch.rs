//! What must be asked of the store, and so is asked in the background: a scrape answers at once, also when the store does not.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::rt;
use oauth_http::blocking;
use store::{Store, StoreError};

use crate::management::readiness;

/// How often the store is asked whether it is there.
const LOOK: Duration = Duration::from_secs(5);

/// How long it may take to say so.
const PATIENCE: Duration = Duration::from_secs(3);

/// How old a count of clients may be: the database goes through an index for it.
const COUNT: Duration = Duration::from_mins(5);

/// No count yet.
const UNKNOWN: u64 = u64::MAX;

/// What was last heard of the store.
pub struct Watch {
    store: Store,
    up: AtomicBool,
    ready: AtomicBool,
    clients: AtomicU64,
    counted: Mutex<Option<Instant>>,
}

impl Watch {
    /// Watches a store that was there a moment ago, on this thread's runtime.
    pub fn start(store: Store) -> Arc<Self> {
        let (up, ready) = (AtomicBool::new(true), AtomicBool::new(true));
        let watch = Arc::new(Self {
            store,
            up,
            ready,
            clients: AtomicU64::new(UNKNOWN),
            counted: Mutex::default(),
        });
        let watching = Arc::clone(&watch);
        rt::spawn(async move {
            let mut tick = rt::time::interval(LOOK);
            loop {
                tick.tick().await;
                watching.look().await;
            }
        });
        watch
    }

    async fn look(&self) {
        let store = self.store.clone();
        let mut asked = Box::pin(blocking(move || store.check()));
        let outcome = if let Ok(outcome) = rt::time::timeout(PATIENCE, &mut asked).await {
            outcome
        } else {
            self.note(&Err(StoreError::Unavailable("no answer".to_owned())));
            // Not asked again before: each question would take another thread.
            asked.await
        };
        if let Ok(outcome) = outcome {
            self.note(&outcome);
        }
    }

    fn note(&self, outcome: &Result<(), StoreError>) {
        self.ready
            .store(readiness(outcome).is_ok(), Ordering::Relaxed);
        let answers = !matches!(
            outcome,
            Err(StoreError::Unavailable(_) | StoreError::Open { .. } | StoreError::Database(_))
        );
        self.up.store(answers, Ordering::Relaxed);
    }

    /// Whether the store answers.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Whether it can be worked with.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// How many clients it had at the last count.
    pub fn clients(&self) -> Option<u64> {
        Some(self.clients.load(Ordering::Relaxed)).filter(|clients| *clients != UNKNOWN)
    }

    /// Counts the clients in the background, unless that was done a moment ago.
    pub fn count(self: &Arc<Self>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_some_and(|counted| counted.elapsed() < COUNT) {
            return;
        }
        *counted = Some(Instant::now());
        let watch = Arc::clone(self);
        rt::spawn(async move {
            let store = watch.store.clone();
            match blocking(move || store.clients_stored()).await {
                Ok(Ok(clients)) => watch.clients.store(clients, Ordering::Relaxed),
                Ok(Err(error)) => tracing::debug!("the clients could not be counted: {error}"),
                Err(failure) => tracing::debug!("the clients could not be counted: {failure}"),
            }
        });
    }
}
