//! The authorization server behind a provider, and the state of its document.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::{DocumentAnswer, DocumentError, DocumentSource, Validators};
use protocol::{Clock, Issuer, RandomSource, Timestamp, lock};
use store::{FetchedDocument, Store, UpstreamTimes};

use crate::config::{ProviderConfig, UpstreamConfig};
use crate::provider::{ProviderOffer, offer_from};

use crate::upstream::refusal::DocumentRefusal;

/// The outcomes of a question, as the metrics name them.
pub(super) const OUTCOMES: [&str; 4] = ["unchanged", "changed", "refused", "failed"];

/// The outcome of a question for the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Unchanged,
    Changed,
    Refused,
    Failed,
}

/// The authorization server behind a provider.
pub struct Upstream {
    pub(super) provider: ProviderConfig,
    pub(super) config: UpstreamConfig,
    pub(super) source: DocumentSource,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) random: RandomSource,
    pub(super) counts: [AtomicU64; OUTCOMES.len()],
    pub(super) state: Mutex<State>,
}

/// The state of the document in service.
pub(super) struct State {
    pub(super) times: UpstreamTimes,
    /// True until the server was asked by this process.
    pub(super) is_unasked: bool,
    /// The problem that was logged last, if the server is not well since then.
    pub(super) problem: Option<String>,
}

/// A server behind a provider, and the document with which the process starts.
pub struct OpenedUpstream {
    pub upstream: Arc<Upstream>,
    pub offer: ProviderOffer,
}

/// The reason why the server gave no document that can be taken.
pub(super) enum NoDocument {
    Failed(DocumentError),
    Refused(DocumentRefusal),
}

impl Upstream {
    /// Returns the issuer of the provider.
    pub fn issuer(&self) -> &Issuer {
        &self.provider.issuer
    }

    /// Returns the configuration of the provider.
    pub fn provider(&self) -> &ProviderConfig {
        &self.provider
    }

    /// Returns the number of questions with each outcome, for the metrics.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES
            .into_iter()
            .zip(&self.counts)
            .map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)))
    }

    /// Returns the time since the server last confirmed the document in service.
    pub fn age(&self, now: Timestamp) -> Duration {
        let fetched = lock(&self.state).times.fetched_at;
        let seconds = now.seconds().saturating_sub(fetched.seconds());
        Duration::from_secs(seconds.try_into().unwrap_or(0))
    }

    /// Returns the time until the server is asked again: the configured interval, give or take a tenth, so that replicas that
    /// started together do not ask together; nothing if the process has not asked yet.
    pub fn wait(&self) -> Duration {
        if lock(&self.state).is_unasked {
            return Duration::ZERO;
        }
        let mut bytes = [0x80; 2];
        let drawn = (self.random)(&mut bytes).map_or(0x8000, |()| u16::from_be_bytes(bytes));
        let part = 0.9 + 0.2 * f64::from(drawn) / f64::from(u16::MAX);
        self.config.refresh.mul_f64(part)
    }

    pub(super) fn count(&self, outcome: Outcome) {
        let place = match outcome {
            Outcome::Unchanged => 0,
            Outcome::Changed => 1,
            Outcome::Refused => 2,
            Outcome::Failed => 3,
        };
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks for the document; nothing if it is the known one.
    pub(super) fn ask(
        &self,
        known: &Validators,
    ) -> Result<Option<(FetchedDocument, ProviderOffer)>, NoDocument> {
        let answer = self.source.ask(known).map_err(NoDocument::Failed)?;
        let DocumentAnswer::Document(body, validators) = answer else {
            return Ok(None);
        };
        let offer = offer_from(&self.provider, &self.config, &body).map_err(NoDocument::Refused)?;
        let document = String::from_utf8(body)
            .map_err(|_| NoDocument::Refused(DocumentRefusal::not_utf8()))?;
        let fetched = FetchedDocument {
            document,
            etag: validators.etag,
            last_modified: validators.last_modified,
        };
        Ok(Some((fetched, offer)))
    }

    /// Returns the sentence about a document that cannot be had or taken.
    pub(super) fn sentence(&self, none: &NoDocument) -> String {
        let (issuer, url) = (&self.provider.issuer, self.source.url());
        match none {
            NoDocument::Failed(error) => {
                format!("the provider {issuer}: its document at {url} cannot be had: {error}")
            }
            NoDocument::Refused(refusal) => refusal.sentence(issuer, url),
        }
    }
}
