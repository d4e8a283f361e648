//! The threads that fetch client documents.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use protocol::Timestamp;
use tokio::sync::watch;
use tracing::Span;

use super::exchange::{self, ACCEPT, DocumentResponse};
use super::failure::{DocumentFailureReason, DocumentFetchError};
use super::shared::{SharedFetches, SharedOutcome};
use crate::guard::{GuardedRequest, GuardedTransport};
use crate::queue::{FetchQueue, QueueShares};
use crate::settings::FetchSettingsError;
use crate::target::FetchTarget;
use crate::validators::Validators;
use crate::worker::end_of_bucket;

/// The time limit of a fetch that begins while more than half of the threads are in use, so that slow servers do not use up the
/// time of those that answer.
const CROWDED: Duration = Duration::from_secs(2);

/// A request for a document, and the channel for its result.
pub(crate) struct DocumentJob {
    pub(crate) target: FetchTarget,
    /// The address as it is written, under which the fetch is shared.
    pub(crate) url: String,
    /// The number of the shared fetch.
    pub(crate) number: u64,
    pub(crate) known: Validators,
    pub(crate) now: Timestamp,
    pub(crate) begun: Instant,
    pub(crate) deadline: Instant,
    pub(crate) span: Span,
    pub(crate) answer: watch::Sender<Option<SharedOutcome>>,
}

/// The state that all threads share.
pub(crate) struct DocumentWorker {
    pub(crate) guard: Arc<GuardedTransport>,
    pub(crate) queue: Arc<FetchQueue<DocumentJob>>,
    pub(crate) fetches: Arc<SharedFetches>,
    pub(crate) body_bytes: usize,
    pub(crate) connect: Duration,
    pub(crate) bucket: Duration,
}

/// Starts the threads, which end when the queue is closed.
pub(crate) fn start(
    worker: &Arc<DocumentWorker>,
    shares: &QueueShares,
) -> Result<(), FetchSettingsError> {
    let half = shares.threads.div_ceil(2);
    for number in 0..shares.threads {
        let own = Arc::clone(worker);
        let started = thread::Builder::new()
            .name(format!("outbound-document-{number}"))
            .spawn(move || own.work(half));
        if let Err(error) = started {
            worker.queue.close();
            return Err(FetchSettingsError::Threads(error));
        }
    }
    Ok(())
}

impl DocumentWorker {
    fn work(&self, half: usize) {
        while let Some((id, job)) = self.queue.take() {
            let is_crowded = self.queue.running() > half;
            // The thread survives a panic, which would otherwise leave a thread less for all callers.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                job.span.in_scope(|| self.fetch(&job, is_crowded))
            }))
            .unwrap_or(Err(DocumentFailureReason::Http));
            let told_at = outcome
                .as_ref()
                .err()
                .map(|_| end_of_bucket(job.begun, self.bucket));
            self.queue.finish(id, told_at);
            self.fetches.end(&job.url, job.number, told_at);
            let outcome = match (outcome, told_at) {
                (Err(failure), Some(at)) => Err((DocumentFetchError::from(failure), at)),
                (Err(failure), None) => Err((failure.into(), Instant::now())),
                (Ok(response), _) => Ok(Arc::new(response)),
            };
            // The callers may be gone.
            drop(job.answer.send(Some(outcome)));
        }
    }

    fn fetch(
        &self,
        job: &DocumentJob,
        is_crowded: bool,
    ) -> Result<DocumentResponse, DocumentFailureReason> {
        let deadline = match Instant::now().checked_add(CROWDED) {
            Some(sooner) if is_crowded => sooner.min(job.deadline),
            _ => job.deadline,
        };
        let request = GuardedRequest {
            target: &job.target,
            connect: self.connect,
            deadline,
            accept: ACCEPT,
            known: Some(&job.known),
        };
        exchange::fetch(&self.guard, &request, self.body_bytes, job.now)
    }
}
