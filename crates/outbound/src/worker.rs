//! The threads that fetch. They are separate from the threads that verify tokens and passwords, so that a server that never
//! answers blocks none of those.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use protocol::Timestamp;
use tokio::sync::oneshot;
use tracing::Span;

use crate::cache::DocumentCache;
use crate::exchange;
use crate::fetch_error::{FetchError, FetchErrorReason};
use crate::guard::{GuardedRequest, GuardedTransport};
use crate::queue::FetchQueue;
use crate::settings::{FetchLimits, FetchSettingsError};
use crate::target::FetchTarget;

/// A request for a document, and the channel for its result.
pub(crate) struct FetchJob {
    pub(crate) target: FetchTarget,
    /// Returns true for a document of the expected shape.
    pub(crate) has_shape: fn(&[u8]) -> bool,
    pub(crate) now: Timestamp,
    pub(crate) begun: Instant,
    pub(crate) deadline: Instant,
    pub(crate) span: Span,
    pub(crate) answer: oneshot::Sender<Result<Arc<[u8]>, FetchError>>,
}

/// The state that all threads share.
pub(crate) struct FetchWorker {
    pub(crate) limits: FetchLimits,
    pub(crate) guard: Arc<GuardedTransport>,
    pub(crate) cache: DocumentCache<Arc<[u8]>>,
}

/// Starts the threads, which end when the queue is closed.
pub(crate) fn start(
    worker: &Arc<FetchWorker>,
    queue: &Arc<FetchQueue<FetchJob>>,
) -> Result<(), FetchSettingsError> {
    for number in 0..worker.limits.concurrency {
        let (own, jobs) = (Arc::clone(worker), Arc::clone(queue));
        let started = thread::Builder::new()
            .name(format!("outbound-fetch-{number}"))
            .spawn(move || own.work(&jobs));
        if let Err(error) = started {
            queue.close();
            return Err(FetchSettingsError::Threads(error));
        }
    }
    Ok(())
}

impl FetchWorker {
    fn work(&self, queue: &FetchQueue<FetchJob>) {
        while let Some((id, job)) = queue.take() {
            // The thread survives a panic, which would otherwise leave a thread less for all callers.
            let outcome = catch_unwind(AssertUnwindSafe(|| job.span.in_scope(|| self.fetch(&job))))
                .unwrap_or(Err(FetchErrorReason::Http.into()));
            let until = outcome
                .as_ref()
                .err()
                .map(|_| end_of_bucket(job.begun, self.limits.bucket));
            queue.finish(id, until);
            // The caller may be gone.
            drop(job.answer.send(outcome));
        }
    }

    fn fetch(&self, job: &FetchJob) -> Result<Arc<[u8]>, FetchError> {
        let request = GuardedRequest {
            target: &job.target,
            connect: self.limits.connect,
            deadline: job.deadline,
            accept: "application/json",
            known: None,
        };
        let answer = exchange::fetch(self.guard.prepare(&request)?, self.limits.body)?;
        if !(job.has_shape)(&answer.body) {
            return Err(FetchErrorReason::Json.into());
        }
        let body: Arc<[u8]> = answer.body.into();
        let lifetime = answer.lifetime.min(self.limits.keep);
        self.cache.put(
            job.target.url(),
            Arc::clone(&body),
            job.now.plus(lifetime),
            job.now,
        );
        Ok(body)
    }
}

/// Returns the end of the current interval, at which a failure is answered.
pub(crate) fn end_of_bucket(begun: Instant, bucket: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause(now.saturating_duration_since(begun), bucket))
        .unwrap_or(now)
}

/// Returns the time from `elapsed` to the end of its interval.
fn pause(elapsed: Duration, bucket: Duration) -> Duration {
    match elapsed.as_nanos().checked_rem(bucket.as_nanos()) {
        Some(into) => bucket.saturating_sub(Duration::from_nanos(u64::try_from(into).unwrap_or(0))),
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_its_bucket() {
        let milliseconds = Duration::from_millis;
        assert_eq!(pause(milliseconds(1), milliseconds(250)), milliseconds(249));
        assert_eq!(
            pause(milliseconds(251), milliseconds(250)),
            milliseconds(249)
        );
        assert_eq!(pause(milliseconds(499), milliseconds(250)), milliseconds(1));
        assert_eq!(pause(milliseconds(7), Duration::ZERO), Duration::ZERO);
    }
}
