//! The client ID metadata documents of providers, from the configuration.

use std::sync::Arc;

use ::documents::{DocumentServices, DocumentSettings, Documents};
use admission::Policy;
use outbound::{ClientDocumentFetcher, ClientDocumentLimits, FetchSettingsError, Fetcher, Keep};
use registration::Services;
use store::{Actor, DocumentLimits};

use crate::config::{Config, ProviderConfig};
use crate::settings::Limits;

/// The actor in the audit trail for changes of documents.
const ACTOR: &str = "documents";

/// Makes the fetcher of documents, which all providers share, if any of them accepts documents.
///
/// # Errors
/// The threads of the fetcher cannot be started.
pub fn fetcher(
    config: &Config,
    fetcher: &Fetcher,
) -> Result<Option<ClientDocumentFetcher>, FetchSettingsError> {
    let is_needed = config
        .providers
        .iter()
        .any(|provider| provider.documents.are_accepted());
    is_needed
        .then(|| ClientDocumentFetcher::new(fetcher, &limits(&config.limits)))
        .transpose()
}

/// Returns the limits of the fetcher.
pub fn limits(limits: &Limits) -> ClientDocumentLimits {
    ClientDocumentLimits {
        body_bytes: limits.document_bytes.try_into().unwrap_or(usize::MAX),
        per_minute: limits.documents_per_minute,
        ..ClientDocumentLimits::default()
    }
}

/// Returns the objects that the documents of all providers share.
pub fn services(services: &Services, documents: Option<ClientDocumentFetcher>) -> DocumentServices {
    DocumentServices {
        store: services.store.acting_as(Actor::process(ACTOR)),
        fetcher: services.fetcher.clone(),
        documents,
        clock: services.clock.clone(),
    }
}

/// Returns the documents of a provider.
pub fn documents(
    provider: &ProviderConfig,
    limits: &Limits,
    services: DocumentServices,
    policy: Arc<Policy>,
) -> Arc<Documents> {
    Arc::new(Documents::new(settings(provider, limits), services, policy))
}

/// Returns the settings of the documents of a provider.
pub fn settings(provider: &ProviderConfig, limits: &Limits) -> DocumentSettings {
    let configured = &provider.documents;
    DocumentSettings {
        issuer: provider.issuer.clone(),
        access: configured.access,
        hosts: configured.hosts.clone(),
        redirects: configured.redirects,
        keep: Keep {
            min: configured.keep_min,
            max: configured.keep_max,
        },
        stale: configured.stale,
        pass: configured.pass.clone(),
        limits: DocumentLimits {
            documents: limits.documents,
            unproven_per_host: limits.documents_per_host,
        },
        json: limits.body().json,
    }
}
