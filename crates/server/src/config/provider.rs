//! `[[provider]]`: one provider as configured.

use admission::{RequiredClaim, TrustedIssuer};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{anyhow, bail};
use protocol::token_terms::RedirectHostPattern;
use protocol::{Issuer, Object};
use registration::RegistrationAccess;
use webfinger::{Directory, HostedProvider};

use super::json_table::json_object;
use super::provision::{self, ProvisionConfig};
use super::secret_files::unreadable;
use super::upstream::{self, UpstreamConfig};
use super::{ConfigSources, DocumentsConfig, descriptor, documents};
use crate::settings::{Limits, ProviderSettings, StatementIssuerSection, named};

/// One provider as configured.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    pub issuer: Issuer,
    /// The WebFinger domains besides its own host.
    pub domains: Vec<webfinger::Domain>,
    /// The access to registration.
    pub access: RegistrationAccess,
    /// Private-use schemes without a dot that native clients may use.
    pub native_schemes: Vec<String>,
    /// The hosts of https redirect URIs in open registration; empty if they are not limited.
    pub redirect_hosts: Vec<RedirectHostPattern>,
    /// The lifetime of client secrets.
    pub secret_lifetime: Option<Duration>,
    /// The lifetime of clients.
    pub client_lifetime: Option<Duration>,
    /// Members of the provider's document.
    pub metadata: Object,
    /// Members of the document that the table does not know, served as written.
    pub extra_metadata: Object,
    /// The authorization server whose document is the provider's, if there is one.
    pub upstream: Option<UpstreamConfig>,
    /// The server into which its clients are written, if there is one.
    pub provision: Option<ProvisionConfig>,
    /// The client ID metadata documents of the provider, and its authorization hop.
    pub documents: DocumentsConfig,
    /// True if the document has `signed_metadata`.
    pub signed_metadata: bool,
    /// The issuers of accepted software statements.
    pub trusted: Vec<TrustedIssuer>,
    /// Additional WebFinger links and aliases.
    pub extras: Vec<webfinger::ExtraLinks>,
}

impl ProviderConfig {
    /// Returns the part that WebFinger needs.
    pub fn hosted(&self) -> HostedProvider {
        HostedProvider {
            issuer: self.issuer.clone(),
            domains: self.domains.clone(),
            extras: self.extras.clone(),
        }
    }
}

/// Reads every provider; in development mode the only one.
///
/// # Errors
/// Names the first setting that is wrong.
pub(super) fn all(
    sections: Vec<ProviderSettings>,
    development_issuer: Option<Issuer>,
    sources: &ConfigSources,
    limits: &Limits,
) -> anyhow::Result<Vec<ProviderConfig>> {
    if development_issuer.is_some() {
        let mut only = sections.into_iter().next().unwrap_or_default();
        only.issuer = development_issuer;
        return Ok(vec![provider(only, sources, limits)?]);
    }
    if sections.is_empty() {
        return Err(no_issuer());
    }
    let providers: Vec<ProviderConfig> = sections
        .into_iter()
        .map(|section| provider(section, sources, limits))
        .collect::<Result<_, _>>()?;
    for (at, one) in providers.iter().enumerate() {
        if providers.iter().skip(at + 1).any(|other| {
            other.issuer.host() == one.issuer.host() && other.issuer.path() == one.issuer.path()
        }) {
            bail!(
                "two providers have the host and path of {}; each needs its own",
                one.issuer
            );
        }
    }
    Directory::new(providers.iter().map(ProviderConfig::hosted).collect())
        .map_err(|error| descriptor::refused(&error))?;
    Ok(providers)
}

fn no_issuer() -> anyhow::Error {
    anyhow!(
        "there is no issuer: set {}, the https URL of the provider",
        named("provider.issuer")
    )
}

fn provider(
    mut section: ProviderSettings,
    sources: &ConfigSources,
    limits: &Limits,
) -> anyhow::Result<ProviderConfig> {
    let issuer = section.issuer.take().ok_or_else(no_issuer)?;
    let documents = documents::read(&section, &issuer)?;
    let base = sources
        .file
        .as_deref()
        .and_then(Path::parent)
        .unwrap_or(Path::new(""));
    let trusted = section
        .software_statement_issuer
        .into_iter()
        .map(|section| statement_issuer(section, base))
        .collect::<Result<_, _>>()?;
    let metadata = json_object(section.metadata, "provider.metadata")?;
    let extra_metadata = json_object(section.extra_metadata, "provider.extra_metadata")?;
    let mut upstream = upstream::read(section.upstream)?;
    let provision = provision::read(section.provision, &issuer, upstream.is_some(), limits)?;
    if let (Some(upstream), Some(provision)) = (&mut upstream, &provision) {
        upstream.extend(provision.target.additions());
    }
    Ok(ProviderConfig {
        issuer,
        domains: section.domains,
        access: section.registration,
        native_schemes: section
            .native_schemes
            .into_iter()
            .map(|scheme| scheme.0)
            .collect(),
        redirect_hosts: section.redirect_hosts,
        secret_lifetime: section.client_secret_lifetime,
        client_lifetime: section.client_lifetime,
        metadata,
        extra_metadata,
        upstream,
        provision,
        documents,
        signed_metadata: section.signed_metadata.unwrap_or(true),
        trusted,
        extras: section
            .webfinger
            .into_iter()
            .map(descriptor::extra)
            .collect::<Result<_, _>>()?,
    })
}

fn statement_issuer(section: StatementIssuerSection, base: &Path) -> anyhow::Result<TrustedIssuer> {
    let path = base.join(&section.jwks_file);
    let jwks = fs::read_to_string(&path).map_err(|error| {
        unreadable(
            "provider.software_statement_issuer.jwks_file",
            &path,
            &error,
        )
    })?;
    let required = section.require.into_iter().map(RequiredClaim::from);
    TrustedIssuer::new(section.issuer, &jwks)
        .map(|issuer| issuer.requiring(required.collect()))
        .map_err(|reason| anyhow!("the key file {} {reason}", path.display()))
}
