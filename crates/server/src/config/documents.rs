//! The client ID metadata documents of a provider, and its authorization hop.

use std::time::Duration;

use admission::DocumentRedirects;
use anyhow::bail;
use protocol::token_terms::RedirectHostPattern;
use protocol::{ClientIdUrl, Issuer};

use crate::settings::{DocumentAccess, ProviderSettings, named};

const DOCUMENTS: &str = "provider.documents";
const HOSTS: &str = "provider.document_hosts";
const KEEP_MIN: &str = "provider.document_keep_min";
const KEEP_MAX: &str = "provider.document_keep_max";

/// The member with the authorization endpoint of the server behind.
const TARGET: &str = "authorization_endpoint";

/// The setting of the hop.
const HOP: &str = "provider.authorization_hop";

/// The documents of a provider as configured.
#[derive(Debug, Clone)]
pub struct DocumentsConfig {
    pub access: DocumentAccess,
    /// The hosts of documents that are accepted with `listed`.
    pub hosts: Vec<RedirectHostPattern>,
    /// The rule about hosts in a document.
    pub redirects: DocumentRedirects,
    /// The shortest time for which a document is used.
    pub keep_min: Duration,
    /// The longest time for which a document is used.
    pub keep_max: Duration,
    /// The time for which a document in use is used while its server cannot be reached.
    pub stale: Duration,
    /// The identifiers of clients of the authorization server itself.
    pub pass: Vec<ClientIdUrl>,
    /// True if authorization requests come here first.
    pub has_hop: bool,
}

impl DocumentsConfig {
    /// Returns true if a client may be identified by a URL.
    pub fn are_accepted(&self) -> bool {
        self.access != DocumentAccess::Closed
    }
}

/// Reads the settings of a provider.
///
/// # Errors
/// Names the setting that is wrong.
pub(super) fn read(
    settings: &ProviderSettings,
    issuer: &Issuer,
) -> anyhow::Result<DocumentsConfig> {
    let access = settings.documents;
    if access == DocumentAccess::Listed && settings.document_hosts.is_empty() {
        bail!(
            "{} is listed and {} names no host",
            named(DOCUMENTS),
            named(HOSTS)
        );
    }
    if settings.document_keep_min > settings.document_keep_max {
        bail!(
            "{} must not be more than {}",
            named(KEEP_MIN),
            named(KEEP_MAX)
        );
    }
    let by_default = access != DocumentAccess::Closed && settings.provision.to.is_some();
    let has_hop = settings.authorization_hop.unwrap_or(by_default);
    if has_hop {
        let target = settings.metadata.get(TARGET).and_then(toml::Value::as_str);
        match target {
            None if settings.upstream.document.is_none() => {
                bail!(
                    "{} needs the authorization_endpoint of the server behind it",
                    named(HOP)
                )
            }
            Some(target) if authorize::is_endpoint(issuer, target) => {
                bail!(
                    "{} leads to itself: {} must be that of the server behind it",
                    named(HOP),
                    named("provider.metadata.authorization_endpoint")
                )
            }
            _ => {}
        }
    }
    Ok(DocumentsConfig {
        access,
        hosts: settings
            .document_hosts
            .iter()
            .map(|host| host.0.clone())
            .collect(),
        redirects: settings.document_redirects,
        keep_min: settings.document_keep_min,
        keep_max: settings.document_keep_max,
        stale: settings.document_stale,
        pass: settings.document_pass.clone(),
        has_hop,
    })
}
