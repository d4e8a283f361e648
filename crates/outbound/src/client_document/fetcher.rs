//! The fetcher of client documents.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::{ClientIdUrl, Timestamp};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::failure::{DocumentFailureReason, DocumentFetchError};
use super::rates::FetchRates;
use super::shared::{FetchShare, FetchStart, SharedOutcome};
use super::worker::{self, DocumentJob, DocumentWorker};
use crate::allowed_destination::AllowedDestination;
use crate::cache::DocumentCache;
use crate::fetcher::Fetcher;
use crate::queue::{Caller, FetchQueue, QueueShares};
use crate::settings::FetchSettingsError;
use crate::target::FetchTarget;
use crate::validators::Validators;
use crate::worker::end_of_bucket;

/// The maximum number of times a caller joins a fetch whose answer it cannot use.
const ATTEMPTS: usize = 3;

/// The limits on fetches of client documents. Those on time are the fetcher's.
#[derive(Debug, Clone)]
pub struct ClientDocumentLimits {
    /// The maximum length of a document, in bytes.
    pub body_bytes: usize,
    /// The maximum number of fetches of a host within a minute, and a tenth of that of all hosts; 0 for any number.
    pub per_minute: u32,
    /// The number of threads that fetch.
    pub concurrency: usize,
    /// The maximum number of fetches that wait for a thread; the next is refused at once.
    pub waiting: usize,
    /// The maximum number of running fetches of a host with its port.
    pub per_host: usize,
    /// The maximum number of running and waiting fetches of a host with its port; the next is refused at once.
    pub waiting_per_host: usize,
    /// The maximum number of documents in memory.
    pub kept: usize,
}

impl Default for ClientDocumentLimits {
    fn default() -> Self {
        Self {
            body_bytes: 5120,
            per_minute: 60,
            concurrency: 8,
            waiting: 32,
            per_host: 2,
            waiting_per_host: 16,
            kept: 4096,
        }
    }
}

/// The bounds of the time for which a provider uses a document without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The lower bound, which also counts where a response names no time or forbids its use.
    pub min: Duration,
    /// The upper bound.
    pub max: Duration,
}

impl Keep {
    fn bound(self, lifetime: Duration) -> Duration {
        lifetime.min(self.max).max(self.min)
    }
}

/// Fetches client documents. Clones share their threads and their cache.
#[derive(Clone)]
pub struct ClientDocumentFetcher(Arc<Inner>);

struct Inner {
    allow: Vec<AllowedDestination>,
    worker: Arc<DocumentWorker>,
    withdraw: Arc<dyn Fn(u64) -> bool + Send + Sync>,
    rates: FetchRates,
    cache: DocumentCache<CachedDocument>,
    total: Duration,
    connections: AtomicU64,
}

#[derive(Clone)]
struct CachedDocument {
    body: Arc<[u8]>,
    validators: Validators,
    lifetime: Duration,
    fetched_at: Timestamp,
}

/// A fetched document, which is neither read nor judged yet.
pub struct FetchedClientDocument {
    /// The document, or `None` if it is the one with the validators that were given.
    pub body: Option<Arc<[u8]>>,
    /// The validators of the document.
    pub validators: Validators,
    /// The time of the fetch.
    pub fetched_at: Timestamp,
    /// The time until which the document is used without asking again.
    pub fresh_until: Timestamp,
    /// The share in the fetch; `None` for a document from memory.
    share: Option<FetchShare>,
    lifetime: Duration,
    begun: Instant,
}

impl FetchedClientDocument {
    /// Returns true if the document was in memory already.
    pub fn is_cached(&self) -> bool {
        self.share.is_none()
    }
}

impl ClientDocumentFetcher {
    /// Creates a fetcher with the address guard, the authorities and the time limits of another one.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(
        fetcher: &Fetcher,
        limits: &ClientDocumentLimits,
    ) -> Result<Self, FetchSettingsError> {
        let (allow, guard, times) = fetcher.shared();
        let shares = QueueShares {
            threads: limits.concurrency,
            slots: limits.concurrency.saturating_add(limits.waiting),
            per_caller: limits.waiting_per_host,
            running_per_caller: limits.per_host,
            is_newest_first: true,
        };
        let queue = Arc::new(FetchQueue::new(shares));
        let worker = Arc::new(DocumentWorker {
            guard,
            queue: Arc::clone(&queue),
            fetches: Arc::default(),
            body_bytes: limits.body_bytes,
            connect: times.connect,
            bucket: times.bucket,
        });
        worker::start(&worker, &shares)?;
        Ok(Self(Arc::new(Inner {
            allow,
            worker,
            withdraw: Arc::new(move |job| queue.withdraw(job)),
            rates: FetchRates::new(limits.per_minute),
            cache: DocumentCache::new(limits.kept),
            total: times.total,
            connections: AtomicU64::new(0),
        })))
    }

    /// Fetches the document of a client identifier, unless it has the `known` validators, or returns the copy in memory while it is
    /// fresh within `keep`. Other callers that ask for it now share the connection and the answer.
    ///
    /// A failure is told at the end of an interval, so that its time says no more than its text. The caller says what became of
    /// the document: [`Self::keep`] or [`Self::reject`].
    ///
    /// # Errors
    /// The address is refused, a limit is reached, or the server does not answer as required.
    pub async fn fetch(
        &self,
        id: &ClientIdUrl,
        known: &Validators,
        keep: Keep,
        now: Timestamp,
    ) -> Result<FetchedClientDocument, DocumentFetchError> {
        let begun = Instant::now();
        if let Some(document) = self.cached(id, keep, now, begun) {
            return Ok(document);
        }
        let target = match FetchTarget::parse(id.as_str(), &self.0.allow) {
            Ok(target) => target,
            Err(error) => {
                sleep_until(end_of_bucket(begun, self.0.worker.bucket).into()).await;
                return Err(DocumentFailureReason::from(error).into());
            }
        };
        let span = tracing::info_span!("fetch", otel.kind = "client", frontdesk.fetch = Empty);
        let outcome = self
            .fetch_shared(id, &target, known, keep, now)
            .instrument(span.clone())
            .await;
        let word = outcome
            .as_ref()
            .map_or_else(DocumentFetchError::word, |_| "fetched");
        span.record("frontdesk.fetch", word);
        outcome
    }

    /// Keeps a document in memory while it is fresh. It is for a document that a provider admitted.
    pub fn keep(&self, id: &ClientIdUrl, document: &FetchedClientDocument, now: Timestamp) {
        if let (Some(share), Some(body)) = (&document.share, &document.body) {
            let kept = CachedDocument {
                body: Arc::clone(body),
                validators: document.validators.clone(),
                lifetime: document.lifetime,
                fetched_at: document.fetched_at,
            };
            self.0
                .cache
                .put(id.as_str(), kept, document.fresh_until, now);
            share.finish();
        } else if let Some(share) = &document.share {
            share.finish();
        }
    }

    /// Drops a document that a provider refused, lets its address rest, and waits for the end of the interval at which failures are
    /// told.
    pub async fn reject(&self, document: FetchedClientDocument) {
        if let Some(share) = &document.share {
            share.reject();
        }
        sleep_until(end_of_bucket(document.begun, self.0.worker.bucket).into()).await;
    }

    /// Returns the number of fetches so far.
    pub fn fetches(&self) -> u64 {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Returns the number of fetches in progress.
    pub fn in_progress(&self) -> usize {
        self.0.worker.queue.running()
    }

    fn cached(
        &self,
        id: &ClientIdUrl,
        keep: Keep,
        now: Timestamp,
        begun: Instant,
    ) -> Option<FetchedClientDocument> {
        let cached = self.0.cache.get(id.as_str(), now)?;
        let fresh_until = cached.fetched_at.plus(keep.bound(cached.lifetime));
        (now < fresh_until).then_some(FetchedClientDocument {
            body: Some(cached.body),
            validators: cached.validators,
            fetched_at: cached.fetched_at,
            fresh_until,
            share: None,
            lifetime: cached.lifetime,
            begun,
        })
    }

    async fn fetch_shared(
        &self,
        id: &ClientIdUrl,
        target: &FetchTarget,
        known: &Validators,
        keep: Keep,
        now: Timestamp,
    ) -> Result<FetchedClientDocument, DocumentFetchError> {
        for _ in 0..ATTEMPTS {
            let share = self.share(id, target, known, now)?;
            let response = match self.wait(&share).await {
                Ok(response) => response,
                Err((error, told_at)) => {
                    drop(share);
                    sleep_until(told_at.into()).await;
                    return Err(error);
                }
            };
            // The answer to another caller's validators says nothing about a document that this caller does not have.
            if response.body.is_none() && share.start.known != *known {
                share.finish();
                continue;
            }
            let start = &share.start;
            return Ok(FetchedClientDocument {
                body: response.body.clone(),
                validators: response.validators.clone(),
                fetched_at: start.now,
                fresh_until: start.now.plus(keep.bound(response.lifetime)),
                lifetime: response.lifetime,
                begun: start.begun,
                share: Some(share),
            });
        }
        Err(DocumentFailureReason::Busy.into())
    }

    /// Joins the fetch of this document, or begins it.
    fn share(
        &self,
        id: &ClientIdUrl,
        target: &FetchTarget,
        known: &Validators,
        now: Timestamp,
    ) -> Result<FetchShare, DocumentFetchError> {
        let Inner {
            worker,
            withdraw,
            rates,
            ..
        } = &*self.0;
        let start = FetchStart {
            begun: Instant::now(),
            now,
            known: known.clone(),
        };
        let (at, total) = (start.begun, self.0.total);
        let push = |number: u64, answer: watch::Sender<Option<SharedOutcome>>| {
            rates.count(&target.host())?;
            let job = DocumentJob {
                target: target.clone(),
                url: id.as_str().to_owned(),
                number,
                known: known.clone(),
                now,
                begun: at,
                deadline: at.checked_add(total).unwrap_or(at),
                span: Span::current(),
                answer,
            };
            let caller = Caller {
                name: format!("{}:{}", target.host(), target.port()),
                address: None,
            };
            let job = worker.queue.push(caller, job).map_err(|reason| {
                DocumentFetchError::busy(reason.into(), Duration::from_secs(1))
            })?;
            self.0.connections.fetch_add(1, Ordering::Relaxed);
            Ok(job)
        };
        worker
            .fetches
            .join_or_begin(id.as_str(), &start, withdraw, push)
    }

    /// Waits for the answer until the time of the fetch is over.
    async fn wait(&self, share: &FetchShare) -> SharedOutcome {
        let begun = share.start.begun;
        let deadline = begun.checked_add(self.0.total).unwrap_or(begun);
        let mut answer = share.answer.clone();
        let known = timeout_at(deadline.into(), answer.wait_for(Option::is_some)).await;
        let failure = match known {
            Ok(Ok(outcome)) => match &*outcome {
                Some(outcome) => return outcome.clone(),
                None => DocumentFailureReason::Busy,
            },
            Ok(Err(_)) => DocumentFailureReason::Busy,
            Err(_) if share.withdraw() => DocumentFailureReason::Busy,
            Err(_) => DocumentFailureReason::Slow,
        };
        let told_at = end_of_bucket(begun, self.0.worker.bucket);
        Err((failure.into(), told_at))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.worker.queue.close();
    }
}

impl fmt::Debug for ClientDocumentFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientDocumentFetcher")
            .field("allow", &self.0.allow)
            .finish_non_exhaustive()
    }
}
