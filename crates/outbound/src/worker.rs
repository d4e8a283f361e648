//! The threads that fetch. They are separate from the threads that verify tokens and passwords, so that a server that never
//! answers blocks none of those.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslConnectorBuilder};
use openssl::x509::X509;
use protocol::Timestamp;
use tokio::sync::oneshot;
use tracing::Span;

use crate::cache::DocumentCache;
use crate::fetch_error::{FetchError, FetchErrorReason};
use crate::queue::FetchQueue;
use crate::resolver::{self, ResolveFn};
use crate::settings::{FetchLimits, FetchSettingsError};
use crate::target::FetchTarget;
use crate::{exchange, tls};

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
    pub(crate) authorities: Vec<X509>,
    pub(crate) trust: OnceLock<Option<SslConnector>>,
    pub(crate) resolve: Arc<ResolveFn>,
    pub(crate) cache: DocumentCache,
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
        let Self {
            limits,
            resolve,
            cache,
            ..
        } = self;
        let timeout = limits
            .connect
            .min(job.deadline.saturating_duration_since(Instant::now()));
        let addresses = resolver::resolve(resolve, &job.target, timeout)?;
        let answer = exchange::fetch(
            &job.target,
            addresses,
            self.connector()?,
            limits,
            job.deadline,
        )?;
        if !(job.has_shape)(&answer.body) {
            return Err(FetchErrorReason::Json.into());
        }
        let body: Arc<[u8]> = answer.body.into();
        cache.put(
            job.target.url(),
            Arc::clone(&body),
            answer.lifetime,
            job.now,
        );
        Ok(body)
    }

    /// Returns the connector with the trusted authorities. It is created for the first fetch, since reading the system's
    /// authorities takes time and memory, and most deployments never fetch.
    fn connector(&self) -> Result<&SslConnector, FetchErrorReason> {
        let read = || {
            tls::connector_builder(self.authorities.clone())
                .ok()
                .map(SslConnectorBuilder::build)
        };
        self.trust
            .get_or_init(read)
            .as_ref()
            .ok_or(FetchErrorReason::Tls)
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
