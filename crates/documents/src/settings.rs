//! The settings of a provider's documents, and the objects that all providers share.

use std::time::Duration;

use admission::DocumentRedirects;
use outbound::{ClientDocumentFetcher, Fetcher, Keep};
use protocol::json::JsonLimits;
use protocol::token_terms::RedirectHostPattern;
use protocol::{ClientIdUrl, Clock, Issuer};
use store::{DocumentLimits, Store};

/// The documents that a provider accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentAccess {
    /// None.
    Closed,
    /// Documents on listed hosts, and those that an administrator added.
    Listed,
    /// Documents on any public host.
    Open,
}

/// The settings of a provider's documents.
#[derive(Debug, Clone)]
pub struct DocumentSettings {
    /// The issuer.
    pub issuer: Issuer,
    /// The accepted documents.
    pub access: DocumentAccess,
    /// The listed hosts.
    pub hosts: Vec<RedirectHostPattern>,
    /// The hosts of URLs in a document.
    pub redirects: DocumentRedirects,
    /// The bounds of the time for which a document is used without asking again.
    pub keep: Keep,
    /// The time for which a document in use serves while its server cannot be reached; zero switches it off.
    pub stale: Duration,
    /// The identifiers of clients that the authorization server has itself.
    pub pass: Vec<ClientIdUrl>,
    /// The limits on rows.
    pub limits: DocumentLimits,
    /// The limits on the JSON of a document.
    pub json: JsonLimits,
}

/// The objects that all providers share.
#[derive(Debug, Clone)]
pub struct DocumentServices {
    /// The store, migrated.
    pub store: Store,
    /// The fetcher, whose allow-list decides about addresses in documents.
    pub fetcher: Fetcher,
    /// The fetcher of documents; `None` if no provider accepts any.
    pub documents: Option<ClientDocumentFetcher>,
    /// The clock.
    pub clock: Clock,
}
