//! The threads that fetch. They are few and of their own: a thread that waits for a server that never answers is none of those that
//! verify tokens and passwords.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslConnectorBuilder};
use openssl::x509::X509;
use protocol::Timestamp;
use tokio::sync::oneshot;
use tracing::Span;

use crate::cache::Cache;
use crate::lookup::{self, Lookup};
use crate::queue::Queue;
use crate::refused::{Reason, Refused};
use crate::settings::{Limits, SettingsError};
use crate::target::Target;
use crate::{exchange, tls};

/// A document that somebody waits for.
pub(crate) struct Job {
    pub(crate) target: Target,
    /// True for a document of the expected shape.
    pub(crate) has_shape: fn(&[u8]) -> bool,
    pub(crate) now: Timestamp,
    pub(crate) begun: Instant,
    pub(crate) deadline: Instant,
    pub(crate) span: Span,
    pub(crate) answer: oneshot::Sender<Result<Arc<[u8]>, Refused>>,
}

/// Everything that fetching takes besides an address.
pub(crate) struct Worker {
    pub(crate) limits: Limits,
    pub(crate) authorities: Vec<X509>,
    pub(crate) trust: OnceLock<Option<SslConnector>>,
    pub(crate) lookup: Arc<Lookup>,
    pub(crate) cache: Cache,
}

/// Starts the threads, which end with the queue.
pub(crate) fn start(worker: &Arc<Worker>, queue: &Arc<Queue<Job>>) -> Result<(), SettingsError> {
    for number in 0..worker.limits.concurrency {
        let (own, jobs) = (Arc::clone(worker), Arc::clone(queue));
        let started = thread::Builder::new()
            .name(format!("outbound-fetch-{number}"))
            .spawn(move || own.work(&jobs));
        if let Err(error) = started {
            queue.close();
            return Err(SettingsError::Threads(error));
        }
    }
    Ok(())
}

impl Worker {
    fn work(&self, queue: &Queue<Job>) {
        while let Some((id, job)) = queue.take() {
            // The thread outlives a fault in what it calls, or there would be one less for all others.
            let outcome = catch_unwind(AssertUnwindSafe(|| job.span.in_scope(|| self.fetch(&job))))
                .unwrap_or(Err(Reason::Http.into()));
            let until = outcome
                .as_ref()
                .err()
                .map(|_| end_of_bucket(job.begun, self.limits.bucket));
            queue.finish(id, until);
            // A caller that went away wants no answer.
            drop(job.answer.send(outcome));
        }
    }

    fn fetch(&self, job: &Job) -> Result<Arc<[u8]>, Refused> {
        let Self {
            limits,
            lookup,
            cache,
            ..
        } = self;
        let patience = limits
            .connect
            .min(job.deadline.saturating_duration_since(Instant::now()));
        let addresses = lookup::resolve(lookup, &job.target, patience)?;
        let answer = exchange::get(&job.target, addresses, self.trust()?, limits, job.deadline)?;
        if !(job.has_shape)(&answer.body) {
            return Err(Reason::Json.into());
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

    /// Whom to trust. The system has some hundred authorities, which take longer to read than everything else at the start of a
    /// service and millions of bytes to keep: they are read for the first fetch, which most providers never see.
    fn trust(&self) -> Result<&SslConnector, Reason> {
        let read = || {
            tls::trust(self.authorities.clone())
                .ok()
                .map(SslConnectorBuilder::build)
        };
        self.trust.get_or_init(read).as_ref().ok_or(Reason::Tls)
    }
}

/// Returns the end of the bucket of time that this moment is in. A failure is told then.
pub(crate) fn end_of_bucket(begun: Instant, bucket: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause(now.saturating_duration_since(begun), bucket))
        .unwrap_or(now)
}

/// Returns the time until the bucket that `elapsed` is in ends.
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
