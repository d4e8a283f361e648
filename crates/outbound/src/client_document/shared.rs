//! Fetches that several callers wait for, and addresses at rest.
//!
//! The first caller that asks for an address begins the fetch, and all others who come until its answer is used share it. A fetch
//! that succeeded stays in the table until a caller says that the document is kept or rejected, so that callers in between
//! open no second connection. A failed one stays until its answer may be told; then the address rests, and nothing of the failure
//! is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use protocol::{Timestamp, lock};
use tokio::sync::watch;

use super::exchange::DocumentResponse;
use super::failure::{DocumentFailureReason, DocumentFetchError};
use crate::validators::Validators;

/// The time for which an address rests after a failure.
pub(crate) const REST: Duration = Duration::from_secs(1);

/// The time for which a document that was neither kept nor rejected can be shared.
const SHARED: Duration = Duration::from_secs(1);

/// A fetched document, or the failure and the time at which it is told.
pub(crate) type SharedOutcome = Result<Arc<DocumentResponse>, (DocumentFetchError, Instant)>;

/// The fetches under way, by address.
#[derive(Default)]
pub(crate) struct SharedFetches {
    state: Mutex<SharedState>,
}

#[derive(Default)]
struct SharedState {
    fetches: HashMap<String, SharedFetch>,
    /// The ends of the rests.
    resting: HashMap<String, Instant>,
    last: u64,
}

struct SharedFetch {
    number: u64,
    start: FetchStart,
    /// The number of its job in the queue.
    job: u64,
    answer: watch::Receiver<Option<SharedOutcome>>,
    /// The number of callers that wait for the answer or use it.
    callers: usize,
    /// The time until which the answer can be shared, once it is known.
    until: Option<Instant>,
}

/// The circumstances of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct FetchStart {
    pub(crate) begun: Instant,
    pub(crate) now: Timestamp,
    pub(crate) known: Validators,
}

/// A caller's share in a fetch. The last one that is dropped before a thread took the job withdraws it.
pub(crate) struct FetchShare {
    fetches: Arc<SharedFetches>,
    withdraw: Arc<dyn Fn(u64) -> bool + Send + Sync>,
    url: String,
    number: u64,
    pub(crate) start: FetchStart,
    pub(crate) answer: watch::Receiver<Option<SharedOutcome>>,
}

impl SharedFetches {
    /// Joins the fetch of an address, or calls `begin` for a new one, which returns the number of its job.
    pub(crate) fn join_or_begin(
        self: &Arc<Self>,
        url: &str,
        start: &FetchStart,
        withdraw: &Arc<dyn Fn(u64) -> bool + Send + Sync>,
        begin: impl FnOnce(u64, watch::Sender<Option<SharedOutcome>>) -> Result<u64, DocumentFetchError>,
    ) -> Result<FetchShare, DocumentFetchError> {
        let mut state = self.state();
        state.remove_ended(Instant::now());
        if !state.fetches.contains_key(url) {
            if state.resting.contains_key(url) {
                return Err(DocumentFetchError::busy(
                    DocumentFailureReason::Resting,
                    REST,
                ));
            }
            state.last += 1;
            let (number, (told, answer)) = (state.last, watch::channel(None));
            let job = begin(number, told)?;
            state.fetches.insert(
                url.to_owned(),
                SharedFetch {
                    number,
                    start: start.clone(),
                    job,
                    answer,
                    callers: 0,
                    until: None,
                },
            );
        }
        let Some(fetch) = state.fetches.get_mut(url) else {
            return Err(DocumentFailureReason::Busy.into());
        };
        fetch.callers += 1;
        Ok(FetchShare {
            fetches: Arc::clone(self),
            withdraw: Arc::clone(withdraw),
            url: url.to_owned(),
            number: fetch.number,
            start: fetch.start.clone(),
            answer: fetch.answer.clone(),
        })
    }

    /// Notes that the answer of a fetch is known; `told_at` is the time at which a failure is told.
    pub(crate) fn end(&self, url: &str, number: u64, told_at: Option<Instant>) {
        let mut state = self.state();
        let until = told_at.or_else(|| Instant::now().checked_add(SHARED));
        if let Some(fetch) = state.fetch_mut(url, number) {
            fetch.until = until;
        }
        if let Some(rested) = told_at.and_then(|at| at.checked_add(REST)) {
            state.resting.insert(url.to_owned(), rested);
        }
    }

    /// Removes a fetch, so that the next caller begins another one.
    fn remove(&self, url: &str, number: u64, is_rejected: bool) {
        let mut state = self.state();
        if state.fetch_mut(url, number).is_none() {
            return;
        }
        state.fetches.remove(url);
        if is_rejected && let Some(rested) = Instant::now().checked_add(REST) {
            state.resting.insert(url.to_owned(), rested);
        }
    }

    fn state(&self) -> MutexGuard<'_, SharedState> {
        lock(&self.state)
    }
}

impl SharedState {
    fn fetch_mut(&mut self, url: &str, number: u64) -> Option<&mut SharedFetch> {
        self.fetches
            .get_mut(url)
            .filter(|fetch| fetch.number == number)
    }

    fn remove_ended(&mut self, now: Instant) {
        self.fetches
            .retain(|_, fetch| fetch.until.is_none_or(|until| now < until));
        self.resting.retain(|_, until| now < *until);
    }
}

impl FetchShare {
    /// Removes the fetch from the table: its document is kept, or of no use.
    pub(crate) fn finish(&self) {
        self.fetches.remove(&self.url, self.number, false);
    }

    /// Removes the fetch from the table and lets its address rest.
    pub(crate) fn reject(&self) {
        self.fetches.remove(&self.url, self.number, true);
    }

    /// Withdraws the job if no thread took it, and returns true then.
    pub(crate) fn withdraw(&self) -> bool {
        let mut state = self.fetches.state();
        let withdraws = state
            .fetch_mut(&self.url, self.number)
            .is_some_and(|fetch| (self.withdraw)(fetch.job));
        if withdraws {
            state.fetches.remove(&self.url);
        }
        withdraws
    }
}

impl Drop for FetchShare {
    fn drop(&mut self) {
        let mut state = self.fetches.state();
        let Some(fetch) = state.fetch_mut(&self.url, self.number) else {
            return;
        };
        fetch.callers = fetch.callers.saturating_sub(1);
        if fetch.callers == 0 && fetch.until.is_none() && (self.withdraw)(fetch.job) {
            state.fetches.remove(&self.url);
        }
    }
}
