//! The fetcher: waits for documents without blocking a thread.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use openssl::x509::X509;
use protocol::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::allowed_destination::AllowedDestination;
use crate::cache::DocumentCache;
use crate::fetch_error::{FETCH_ERROR_REASONS, FetchError, FetchErrorReason};
use crate::guard::GuardedTransport;
use crate::queue::{Caller, FetchQueue};
use crate::resolver::{self, ResolveFn};
use crate::settings::{FetchLimits, FetchSettings, FetchSettingsError};
use crate::target::{FetchTarget, check_host_of};
use crate::worker::{self, FetchJob, FetchWorker, end_of_bucket};

/// Fetches JSON documents from addresses in client metadata. Clones share their threads and their cache.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    allow: Vec<AllowedDestination>,
    worker: Arc<FetchWorker>,
    queue: Arc<FetchQueue<FetchJob>>,
    counts: FetchCounts,
}

/// The number of fetches by outcome.
#[derive(Default)]
struct FetchCounts {
    fetched: AtomicU64,
    cached: AtomicU64,
    refused: [AtomicU64; FETCH_ERROR_REASONS.len()],
}

impl Fetcher {
    /// Creates a fetcher with the system's resolver.
    ///
    /// # Errors
    /// The certificate authorities cannot be used, or the threads cannot be started.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchSettingsError> {
        Self::with_resolver(settings, Arc::new(resolver::resolve_by_system))
    }

    /// Creates a fetcher that calls `resolve` for the addresses of a name.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_resolver(
        settings: FetchSettings,
        resolve: Arc<ResolveFn>,
    ) -> Result<Self, FetchSettingsError> {
        let FetchSettings { allow, ca, limits } = settings;
        let authorities = ca
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), parse_authorities)?;
        let queue = Arc::new(FetchQueue::new(&limits));
        let cache = DocumentCache::new(limits.kept);
        let guard = Arc::new(GuardedTransport {
            authorities,
            trust: OnceLock::new(),
            resolve,
        });
        let worker = Arc::new(FetchWorker {
            limits,
            guard,
            cache,
        });
        worker::start(&worker, &queue)?;
        Ok(Self(Arc::new(Inner {
            allow,
            worker,
            queue,
            counts: FetchCounts::default(),
        })))
    }

    /// Calls [`check_address_of`](crate::check_address_of) with this fetcher's allow-list, for an address that is stored now
    /// and fetched later, if at all.
    ///
    /// # Errors
    /// The address is refused.
    pub fn check_address(&self, url: &str) -> Result<(), FetchError> {
        FetchTarget::parse(url, &self.0.allow).map(|_| ())
    }

    /// Calls [`check_host_of`] with this fetcher's allow-list.
    ///
    /// # Errors
    /// The host is refused.
    pub fn check_host(&self, url: &str) -> Result<(), FetchError> {
        check_host_of(url, &self.0.allow)
    }

    /// Reads the JSON document at `url` as a `T`, from the cache during its lifetime (RFC 9111). It takes no longer than the
    /// limits allow, and only the threads of this crate block. The pause after a failure is part of the call, so that no caller can
    /// forget it.
    ///
    /// # Errors
    /// The address is refused, the server does not answer as required, or the document is not a `T`. After
    /// [`FetchError::limit`] nothing was fetched, and there is no pause.
    pub async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        caller: Caller,
        now: Timestamp,
    ) -> Result<T, FetchError> {
        let begun = Instant::now();
        let span = tracing::info_span!("fetch", otel.kind = "client", frontdesk.fetch = Empty);
        let outcome = self
            .fetch(url, caller, now, begun)
            .instrument(span.clone())
            .await;
        if let Err(refused) = &outcome {
            if let Some(((_, word), count)) = FETCH_ERROR_REASONS
                .iter()
                .zip(&self.0.counts.refused)
                .find(|((listed, _), _)| *listed == refused.reason)
            {
                count.fetch_add(1, Ordering::Relaxed);
                span.record("frontdesk.fetch", word);
            }
            if refused.limit().is_none() {
                sleep_until(end_of_bucket(begun, self.0.worker.limits.bucket).into()).await;
            }
        }
        outcome
    }

    /// Returns the allow-list and the transport, for fetches with rules of their own.
    pub(crate) fn shared(&self) -> (Vec<AllowedDestination>, Arc<GuardedTransport>, &FetchLimits) {
        let Inner { allow, worker, .. } = &*self.0;
        (allow.clone(), Arc::clone(&worker.guard), &worker.limits)
    }

    /// Returns the maximum time of a fetch.
    pub fn timeout(&self) -> Duration {
        self.0.worker.limits.total
    }

    /// Returns the number of fetches so far by outcome: `fetched`, `cached`, or the reason of the failure.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let FetchCounts {
            fetched,
            cached,
            refused,
        } = &self.0.counts;
        let refused = FETCH_ERROR_REASONS
            .iter()
            .zip(refused)
            .map(|((_, word), count)| (*word, count));
        let all = [("fetched", fetched), ("cached", cached)]
            .into_iter()
            .chain(refused);
        all.map(|(word, count)| (word, count.load(Ordering::Relaxed)))
    }

    /// The number of fetches in progress.
    pub fn in_progress(&self) -> usize {
        self.0.queue.running()
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        url: &str,
        caller: Caller,
        now: Timestamp,
        begun: Instant,
    ) -> Result<T, FetchError> {
        let Inner {
            allow,
            worker,
            counts,
            ..
        } = &*self.0;
        let target = FetchTarget::parse(url, allow)?;
        let (document, count, word) = match worker.cache.get(target.url(), now) {
            Some(body) => (parse(&body)?, &counts.cached, "cached"),
            None => (
                parse(
                    &self
                        .fetch_queued(target, has_shape::<T>, caller, now, begun)
                        .await?,
                )?,
                &counts.fetched,
                "fetched",
            ),
        };
        count.fetch_add(1, Ordering::Relaxed);
        Span::current().record("frontdesk.fetch", word);
        Ok(document)
    }

    /// Queues a job and waits for its result. If the caller is dropped, the job is withdrawn.
    async fn fetch_queued(
        &self,
        target: FetchTarget,
        has_shape: fn(&[u8]) -> bool,
        caller: Caller,
        now: Timestamp,
        begun: Instant,
    ) -> Result<Arc<[u8]>, FetchError> {
        let queue = &*self.0.queue;
        let deadline = begun.checked_add(self.timeout()).unwrap_or(begun);
        let (answer, answered) = oneshot::channel();
        let job = FetchJob {
            target,
            has_shape,
            now,
            begun,
            deadline,
            span: Span::current(),
            answer,
        };
        let queued = QueuedFetch {
            queue,
            id: queue.push(caller, job)?,
        };
        match timeout_at(deadline.into(), answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(FetchErrorReason::Busy.into()),
            Err(_) => Err(if queue.withdraw(queued.id) {
                FetchErrorReason::Busy
            } else {
                FetchErrorReason::Slow
            }
            .into()),
        }
    }
}

/// A queued job, which is withdrawn when this is dropped.
struct QueuedFetch<'a> {
    queue: &'a FetchQueue<FetchJob>,
    id: u64,
}

impl Drop for QueuedFetch<'_> {
    fn drop(&mut self) {
        self.queue.withdraw(self.id);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("allow", &self.0.allow)
            .field("limits", &self.0.worker.limits)
            .finish_non_exhaustive()
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    serde_json::from_slice(body).map_err(|_| FetchErrorReason::Json.into())
}

fn has_shape<T: DeserializeOwned>(body: &[u8]) -> bool {
    parse::<T>(body).is_ok()
}

/// Parses the certificates in a PEM text, at least one.
pub(crate) fn parse_authorities(pem: &[u8]) -> Result<Vec<X509>, FetchSettingsError> {
    match X509::stack_from_pem(pem).map_err(FetchSettingsError::Certificate)? {
        authorities if authorities.is_empty() => Err(FetchSettingsError::NoCertificate),
        authorities => Ok(authorities),
    }
}
