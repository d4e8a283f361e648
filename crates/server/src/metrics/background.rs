//! Counts that are read from the store in the background, since a scrape waits for nothing.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::rt;
use oauth_http::blocking;
use protocol::lock;
use store::{Store, StoreError};

/// The interval at which rows are counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(5);

/// Counts of rows, as they were last read.
pub struct BackgroundCounts<T>(Mutex<Vec<T>>);

impl<T: Send + 'static> BackgroundCounts<T> {
    /// Starts to count on this thread's runtime, if `is_needed`. `rows` names them for the log.
    pub fn start(
        rows: &'static str,
        store: Store,
        is_needed: bool,
        count: fn(&Store) -> Result<Vec<T>, StoreError>,
    ) -> Arc<Self> {
        let counts = Arc::new(Self(Mutex::default()));
        if is_needed {
            let counted = Arc::clone(&counts);
            rt::spawn(async move {
                let mut tick = rt::time::interval(COUNT_INTERVAL);
                loop {
                    tick.tick().await;
                    let store = store.clone();
                    match blocking(move || count(&store)).await {
                        Ok(Ok(counts)) => *lock(&counted.0) = counts,
                        Ok(Err(error)) => tracing::debug!("{rows} were not counted: {error}"),
                        Err(failure) => tracing::debug!("{rows} were not counted: {failure}"),
                    }
                }
            });
        }
        counts
    }

    pub(super) fn last(&self) -> MutexGuard<'_, Vec<T>> {
        lock(&self.0)
    }
}
