//! The fetch, for callers that wait for it without a thread.

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

use crate::allowed::Allowed;
use crate::cache::Cache;
use crate::lookup::{self, Lookup};
use crate::queue::{Caller, Queue};
use crate::refused::{REASONS, Reason, Refused};
use crate::settings::{Settings, SettingsError};
use crate::target::{Target, check_host_of};
use crate::worker::{self, Job, Worker, end_of_bucket};

/// Fetches JSON documents from addresses that strangers wrote. Clones share their threads and their cache.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    allow: Vec<Allowed>,
    worker: Arc<Worker>,
    queue: Arc<Queue<Job>>,
    counts: Counts,
}

/// What became of fetches.
#[derive(Default)]
struct Counts {
    fetched: AtomicU64,
    cached: AtomicU64,
    refused: [AtomicU64; REASONS.len()],
}

impl Fetcher {
    /// A fetcher that asks the system's resolver.
    ///
    /// # Errors
    /// One sentence naming what is wrong with the certificate authorities, or why there are no threads.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Self::with_lookup(settings, Arc::new(lookup::system))
    }

    /// A fetcher that asks `lookup` for the addresses of a name.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_lookup(settings: Settings, lookup: Arc<Lookup>) -> Result<Self, SettingsError> {
        let Settings { allow, ca, limits } = settings;
        let authorities = ca.as_deref().map_or_else(|| Ok(Vec::new()), authorities)?;
        let queue = Arc::new(Queue::new(&limits));
        let cache = Cache::new(limits.kept, limits.keep);
        let worker = Arc::new(Worker {
            limits,
            authorities,
            trust: OnceLock::new(),
            lookup,
            cache,
        });
        worker::start(&worker, &queue)?;
        Ok(Self(Arc::new(Inner {
            allow,
            worker,
            queue,
            counts: Counts::default(),
        })))
    }

    /// [`check_address_of`](crate::check_address_of) with this fetcher's allow-list: for an address that is kept now
    /// and fetched, if ever, later.
    ///
    /// # Errors
    /// The one failure of this crate.
    pub fn check_address(&self, url: &str) -> Result<(), Refused> {
        Target::read(url, &self.0.allow).map(|_| ())
    }

    /// [`check_host_of`] with this fetcher's allow-list.
    ///
    /// # Errors
    /// The one failure of this crate.
    pub fn check_host(&self, url: &str) -> Result<(), Refused> {
        check_host_of(url, &self.0.allow)
    }

    /// Reads the JSON document at `url` as a `T`, from the cache while its own lifetime (RFC 9111) lasts. It takes no longer than
    /// the limits say, and no thread but those that fetch. It waits by the clock of the tokio runtime it runs in: the pause after
    /// a failure is a part of it, so that no caller can forget it.
    ///
    /// # Errors
    /// The one failure of this crate: for an address we do not go to, a server that does not answer as it should, and a
    /// document that is no `T` alike. [`Refused::limit`] tells a fetch that was not begun, at once.
    pub async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        caller: Caller,
        now: Timestamp,
    ) -> Result<T, Refused> {
        let begun = Instant::now();
        let span = tracing::info_span!("fetch", otel.kind = "client", frontdesk.fetch = Empty);
        let outcome = self
            .attempt(url, caller, now, begun)
            .instrument(span.clone())
            .await;
        if let Err(refused) = &outcome {
            if let Some(((_, word), count)) = REASONS
                .iter()
                .zip(&self.0.counts.refused)
                .find(|((listed, _), _)| *listed == refused.0)
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

    /// Returns the time a fetch takes at most.
    pub fn timeout(&self) -> Duration {
        self.0.worker.limits.total
    }

    /// What became of the fetches so far, in a word each: `fetched`, `cached`, or why there was no document.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Counts {
            fetched,
            cached,
            refused,
        } = &self.0.counts;
        let refused = REASONS
            .iter()
            .zip(refused)
            .map(|((_, word), count)| (*word, count));
        let all = [("fetched", fetched), ("cached", cached)]
            .into_iter()
            .chain(refused);
        all.map(|(word, count)| (word, count.load(Ordering::Relaxed)))
    }

    /// How many fetches are under way.
    pub fn under_way(&self) -> usize {
        self.0.queue.running()
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        url: &str,
        caller: Caller,
        now: Timestamp,
        begun: Instant,
    ) -> Result<T, Refused> {
        let Inner {
            allow,
            worker,
            counts,
            ..
        } = &*self.0;
        let target = Target::read(url, allow)?;
        let (document, count, word) = match worker.cache.get(target.url(), now) {
            Some(body) => (read(&body)?, &counts.cached, "cached"),
            None => (
                read(
                    &self
                        .fetched(target, has_shape::<T>, caller, now, begun)
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

    /// Waits for a thread and for what it fetches. A caller that goes away takes its job back.
    async fn fetched(
        &self,
        target: Target,
        has_shape: fn(&[u8]) -> bool,
        caller: Caller,
        now: Timestamp,
        begun: Instant,
    ) -> Result<Arc<[u8]>, Refused> {
        let queue = &*self.0.queue;
        let deadline = begun.checked_add(self.timeout()).unwrap_or(begun);
        let (answer, answered) = oneshot::channel();
        let job = Job {
            target,
            has_shape,
            now,
            begun,
            deadline,
            span: Span::current(),
            answer,
        };
        let waiting = Waiting {
            queue,
            id: queue.push(caller, job)?,
        };
        match timeout_at(deadline.into(), answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Reason::Busy.into()),
            Err(_) => Err(if queue.withdraw(waiting.id) {
                Reason::Busy
            } else {
                Reason::Slow
            }
            .into()),
        }
    }
}

/// A job that somebody waits for.
struct Waiting<'a> {
    queue: &'a Queue<Job>,
    id: u64,
}

impl Drop for Waiting<'_> {
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

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|_| Reason::Json.into())
}

fn has_shape<T: DeserializeOwned>(body: &[u8]) -> bool {
    read::<T>(body).is_ok()
}

/// The certificates in a PEM text, at least one.
fn authorities(pem: &[u8]) -> Result<Vec<X509>, SettingsError> {
    match X509::stack_from_pem(pem).map_err(SettingsError::Certificate)? {
        none if none.is_empty() => Err(SettingsError::NoCertificate),
        authorities => Ok(authorities),
    }
}
