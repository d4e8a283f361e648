//! The first document of a process: the stored copy, or else the server's, which may start at the same time.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use outbound::{DocumentAnswer, DocumentSource, Validators};
use protocol::Timestamp;
use registration::Services;
use store::{Actor, FetchedDocument, StoreError, UpstreamCopy, UpstreamTimes};

use super::state::{NoDocument, OpenedUpstream, Outcome, State, Upstream};
use crate::config::{Config, ProviderConfig, UpstreamConfig};
use crate::open_store;
use crate::provider::{self, ProviderOffer, offer_from};

/// The time for which a start waits for servers of which there is no copy.
const PATIENCE: Duration = Duration::from_mins(1);

/// The interval at which a start asks a server again.
const INTERVAL: Duration = Duration::from_secs(2);

/// Returns the server behind each provider with its first document, and nothing for providers without one. Blocks until every
/// document is there.
///
/// # Errors
/// A document cannot be had within a minute, or cannot be taken.
pub fn open(config: &Config, services: &Services) -> anyhow::Result<Vec<Option<OpenedUpstream>>> {
    let begun = Instant::now();
    let deadline = begun.checked_add(PATIENCE).unwrap_or(begun);
    let one = |provider: &ProviderConfig| {
        let Some(upstream) = &provider.upstream else {
            return Ok(None);
        };
        let opened = Upstream::new(provider, upstream, config, services)?;
        opened.first_document(deadline).map(Some)
    };
    config.providers.iter().map(one).collect()
}

/// Returns a provider's document for a command: from the stored copy, if there is one, otherwise from the server.
///
/// # Errors
/// The document cannot be had, or cannot be rendered.
pub fn described(config: &Config, provider: &ProviderConfig) -> anyhow::Result<ProviderOffer> {
    provider.check()?;
    let Some(upstream) = &provider.upstream else {
        return provider::offer(provider).map_err(|invalid| anyhow!(invalid.to_string()));
    };
    let source = source(config, upstream)?;
    let text = match stored(config, provider) {
        Some(copy) => copy.fetched.document.into_bytes(),
        None => asked(provider, &source)?,
    };
    offer_from(provider, upstream, &text)
        .map_err(|refusal| anyhow!(refusal.sentence(&provider.issuer, source.url())))
}

/// Returns the stored copy of a provider's document, if there is a store with one.
pub fn stored(config: &Config, provider: &ProviderConfig) -> Option<UpstreamCopy> {
    let store = open_store::open_unmigrated(config).ok()?;
    store.upstream_copy(&provider.issuer).ok().flatten()
}

/// Asks for a document once.
///
/// # Errors
/// It cannot be had.
pub fn asked(provider: &ProviderConfig, source: &DocumentSource) -> anyhow::Result<Vec<u8>> {
    let (issuer, url) = (&provider.issuer, source.url());
    let reason = match source.ask(&Validators::default()) {
        Ok(DocumentAnswer::Document(body, _)) => return Ok(body),
        Ok(DocumentAnswer::NotModified) => "the server answers 304".to_owned(),
        Err(error) => error.to_string(),
    };
    bail!("the provider {issuer}: its document at {url} cannot be had: {reason}")
}

/// Returns the place of a provider's document.
///
/// # Errors
/// The certificate authority of `outbound.ca` cannot be used.
pub fn source(config: &Config, upstream: &UpstreamConfig) -> anyhow::Result<DocumentSource> {
    let ca = config.outbound_authority()?;
    Ok(DocumentSource::new(
        upstream.document.clone(),
        ca.as_deref(),
    )?)
}

impl Upstream {
    fn new(
        provider: &ProviderConfig,
        upstream: &UpstreamConfig,
        config: &Config,
        services: &Services,
    ) -> anyhow::Result<Self> {
        let never = Timestamp::from_seconds(0);
        Ok(Self {
            provider: provider.clone(),
            config: upstream.clone(),
            source: source(config, upstream)?,
            store: services
                .store
                .acting_as(Actor::process(upstream.document.as_str())),
            clock: services.clock.clone(),
            random: Arc::clone(&services.random),
            counts: Default::default(),
            state: State {
                times: UpstreamTimes {
                    fetched_at: never,
                    changed_at: never,
                },
                is_unasked: true,
                problem: None,
            }
            .into(),
        })
    }

    /// Takes the stored copy, if there is one that can be served; the server is asked later then. Otherwise waits for the server.
    fn first_document(self, deadline: Instant) -> anyhow::Result<OpenedUpstream> {
        let stored = self.store.upstream_copy(self.issuer())?;
        if let Some(copy) = &stored {
            let text = copy.fetched.document.as_bytes();
            match offer_from(&self.provider, &self.config, text) {
                Ok(offer) => return Ok(self.opened(offer, copy.times, true)),
                Err(refusal) => tracing::warn!(
                    "the stored copy is not served, and the server is asked: {}",
                    refusal.sentence(self.issuer(), self.source.url())
                ),
            }
        }
        let (fetched, offer) = self.await_server(deadline)?;
        let (times, first) = self.keep_first(stored, fetched, offer)?;
        Ok(self.opened(first, times, false))
    }

    /// Asks until the server has a document.
    fn await_server(&self, deadline: Instant) -> anyhow::Result<(FetchedDocument, ProviderOffer)> {
        let mut is_announced = false;
        loop {
            let none = match self.ask(&Validators::default()) {
                Ok(Some(document)) => {
                    self.count(Outcome::Changed);
                    return Ok(document);
                }
                Ok(None) => bail!("the server answers 304 to a question that has no condition"),
                Err(none) => none,
            };
            let sentence = self.sentence(&none);
            if let NoDocument::Refused(_) = none {
                bail!(sentence);
            }
            self.count(Outcome::Failed);
            let next = Instant::now().checked_add(INTERVAL);
            if next.is_none_or(|next| next > deadline) {
                bail!("{sentence}; the first start needs it");
            }
            if !is_announced {
                tracing::warn!("{sentence}; the start waits for it, for at most a minute");
                is_announced = true;
            }
            thread::sleep(INTERVAL);
        }
    }

    /// Stores the first document. Where another replica was first, its document is served.
    fn keep_first(
        &self,
        stored: Option<UpstreamCopy>,
        fetched: FetchedDocument,
        offer: ProviderOffer,
    ) -> anyhow::Result<(UpstreamTimes, ProviderOffer)> {
        let (issuer, now) = (self.issuer(), self.clock.now());
        if let Some(old) = stored {
            let times = UpstreamTimes {
                fetched_at: now,
                ..old.times
            };
            let names = super::refresh::changes(&old.fetched.document, &fetched.document);
            let names = Some(names.join(", "));
            let times = self
                .store
                .replace_upstream(issuer, fetched, times, names.as_deref())?;
            return Ok((times, offer));
        }
        match self.store.insert_upstream(issuer, fetched, now) {
            Ok(times) => Ok((times, offer)),
            Err(StoreError::Conflict) => {
                let Some(copy) = self.store.upstream_copy(issuer)? else {
                    bail!("the document of {issuer} was stored and removed by another process");
                };
                let text = copy.fetched.document.as_bytes();
                let offer = offer_from(&self.provider, &self.config, text)
                    .map_err(|refusal| anyhow!(refusal.sentence(issuer, self.source.url())))?;
                Ok((copy.times, offer))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn opened(
        self,
        offer: ProviderOffer,
        times: UpstreamTimes,
        is_unasked: bool,
    ) -> OpenedUpstream {
        *protocol::lock(&self.state) = State {
            times,
            is_unasked,
            problem: None,
        };
        OpenedUpstream {
            upstream: Arc::new(self),
            offer,
        }
    }
}
