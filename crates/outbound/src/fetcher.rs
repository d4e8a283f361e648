//! The fetch itself.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslConnectorBuilder};
use openssl::x509::X509;
use protocol::Timestamp;
use serde::de::DeserializeOwned;
use tracing::Span;
use tracing::field::Empty;

use crate::allowed::Allowed;
use crate::cache::Cache;
use crate::gate::Gate;
use crate::lookup::{self, Lookup};
use crate::refused::{REASONS, Reason, Refused};
use crate::settings::{Limits, Settings, SettingsError};
use crate::target::Target;
use crate::{exchange, tls};

/// Fetches JSON documents from addresses that strangers wrote. Clones share their places and their cache.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    allow: Vec<Allowed>,
    limits: Limits,
    authorities: Vec<X509>,
    trust: OnceLock<Option<SslConnector>>,
    lookup: Arc<Lookup>,
    gate: Gate,
    cache: Cache,
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
    /// One sentence naming what is wrong with the certificate authorities.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Self::with_lookup(settings, Arc::new(lookup::system))
    }

    /// A fetcher that asks `lookup` for the addresses of a name.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_lookup(settings: Settings, lookup: Arc<Lookup>) -> Result<Self, SettingsError> {
        let Settings { allow, ca, limits } = settings;
        Ok(Self(Arc::new(Inner {
            authorities: ca.as_deref().map_or_else(|| Ok(Vec::new()), authorities)?,
            trust: OnceLock::new(),
            gate: Gate::new(limits.concurrency, limits.waiting),
            cache: Cache::new(limits.kept, limits.keep),
            allow,
            limits,
            lookup,
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

    /// Reads the JSON document at `url` as a `T`, from the cache while its own lifetime (RFC 9111) lasts. Blocks for no
    /// longer than the limits say, so it belongs on a thread that may block.
    ///
    /// # Errors
    /// The one failure of this crate: for an address we do not go to, a server that does not answer as it should, and a
    /// document that is no `T` alike.
    pub fn json<T: DeserializeOwned>(&self, url: &str, now: Timestamp) -> Result<T, Refused> {
        let begun = Instant::now();
        let span = tracing::info_span!("fetch", otel.kind = "client", frontdesk.fetch = Empty).entered();
        self.attempt(url, now, begun).inspect_err(|Refused(reason)| {
            if let Some(((_, word), count)) = REASONS.iter().zip(&self.0.counts.refused).find(|((listed, _), _)| listed == reason) {
                count.fetch_add(1, Ordering::Relaxed);
                span.record("frontdesk.fetch", word);
            }
            thread::sleep(pause(begun.elapsed(), self.0.limits.bucket));
        })
    }

    /// What became of the fetches so far, in a word each: `fetched`, `cached`, or why there was no document.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Counts { fetched, cached, refused } = &self.0.counts;
        let refused = REASONS.iter().zip(refused).map(|((_, word), count)| (*word, count));
        let all = [("fetched", fetched), ("cached", cached)].into_iter().chain(refused);
        all.map(|(word, count)| (word, count.load(Ordering::Relaxed)))
    }

    /// How many fetches are under way.
    pub fn under_way(&self) -> usize {
        self.0.gate.inside()
    }

    fn attempt<T: DeserializeOwned>(&self, url: &str, now: Timestamp, begun: Instant) -> Result<T, Refused> {
        let Inner { allow, limits, lookup, gate, cache, counts, .. } = &*self.0;
        let deadline = begun.checked_add(limits.total).unwrap_or(begun);
        let target = Target::read(url, allow)?;
        if let Some(body) = cache.get(target.url(), now) {
            let document = read(&body)?;
            counts.cached.fetch_add(1, Ordering::Relaxed);
            Span::current().record("frontdesk.fetch", "cached");
            return Ok(document);
        }
        let _turn = gate.enter(deadline)?;
        let patience = limits.connect.min(deadline.saturating_duration_since(Instant::now()));
        let addresses = lookup::resolve(lookup, &target, patience)?;
        let answer = exchange::get(&target, addresses, self.0.trust()?, limits, deadline)?;
        let document = read(&answer.body)?;
        cache.put(target.url(), answer.body, answer.lifetime, now);
        counts.fetched.fetch_add(1, Ordering::Relaxed);
        Span::current().record("frontdesk.fetch", "fetched");
        Ok(document)
    }
}

impl Inner {
    /// Whom to trust. The system has some hundred authorities, which take longer to read than everything else at the start of a
    /// service and millions of bytes to keep: they are read for the first fetch, which most providers never see.
    fn trust(&self) -> Result<&SslConnector, Reason> {
        let read = || tls::trust(self.authorities.clone()).ok().map(SslConnectorBuilder::build);
        self.trust.get_or_init(read).as_ref().ok_or(Reason::Tls)
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("allow", &self.0.allow).field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|_| Reason::Json.into())
}

/// How long until the bucket that `elapsed` is in ends.
fn pause(elapsed: Duration, bucket: Duration) -> Duration {
    match elapsed.as_nanos().checked_rem(bucket.as_nanos()) {
        Some(into) => bucket.saturating_sub(Duration::from_nanos(u64::try_from(into).unwrap_or(0))),
        None => Duration::ZERO,
    }
}

/// The certificates in a PEM text, at least one.
fn authorities(pem: &[u8]) -> Result<Vec<X509>, SettingsError> {
    match X509::stack_from_pem(pem).map_err(SettingsError::Certificate)? {
        none if none.is_empty() => Err(SettingsError::NoCertificate),
        authorities => Ok(authorities),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_its_bucket() {
        let milliseconds = Duration::from_millis;
        assert_eq!(pause(milliseconds(1), milliseconds(250)), milliseconds(249));
        assert_eq!(pause(milliseconds(251), milliseconds(250)), milliseconds(249));
        assert_eq!(pause(milliseconds(499), milliseconds(250)), milliseconds(1));
        assert_eq!(pause(milliseconds(7), Duration::ZERO), Duration::ZERO);
    }
}
