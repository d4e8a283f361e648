//! `[[provider]]`: one provider as configured.

use admission::TrustedIssuer;
use std::fs;
use std::path::Path;
use std::time::Duration;

use protocol::uri::{RedirectForm, RedirectUri};
use protocol::{Invalid, Issuer, Object};
use registration::Access;
use webfinger::{Directory, Hosted};

use super::file::{ProviderSection, StatementIssuerSection};
use super::{ConfigError, Sources, descriptor, parsed, span, unreadable};
use crate::provider::{self as document, addresses};
use crate::{settings, spans};

/// One provider as configured.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its issuer.
    pub issuer: Issuer,
    /// The domains it answers for besides its own host.
    pub domains: Vec<webfinger::Domain>,
    /// Who may register.
    pub access: Access,
    /// Private-use schemes without a dot that native clients may use.
    pub native_schemes: Vec<String>,
    /// How long client secrets are good for.
    pub secret_lifetime: Option<Duration>,
    /// How long clients are.
    pub client_lifetime: Option<Duration>,
    /// Members of the provider's document.
    pub metadata: Object,
    /// Whether the document is signed as well.
    pub signed_metadata: bool,
    /// Who may vouch for software.
    pub trusted: Vec<TrustedIssuer>,
    /// What WebFinger says besides who the issuer is.
    pub extras: Vec<webfinger::Extra>,
}

impl ProviderConfig {
    /// What WebFinger is to know of it.
    pub fn hosted(&self) -> Hosted {
        Hosted {
            issuer: self.issuer.clone(),
            domains: self.domains.clone(),
            extras: self.extras.clone(),
        }
    }

    /// Whether its document can be put together.
    ///
    /// # Errors
    /// One sentence that names the provider and the settings that are missing or wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let setting = |member: &str| settings::named(&format!("provider.metadata.{member}"));
        let Err(Invalid { member, reason }) = document::offer(self) else {
            return Ok(());
        };
        let needed = ["authorization_endpoint", "token_endpoint"];
        let missing: Vec<&str> = needed
            .into_iter()
            .filter(|needed| !self.metadata.contains_key(*needed))
            .collect();
        Err(ConfigError::new(if missing.contains(&&*member) {
            format!(
                "the provider {} needs {}",
                self.issuer,
                missing
                    .into_iter()
                    .map(setting)
                    .collect::<Vec<_>>()
                    .join(" and ")
            )
        } else {
            format!(
                "the provider {}: {} {reason}",
                self.issuer,
                setting(&member)
            )
        }))
    }
}

/// Reads every provider; in development mode the only one.
///
/// # Errors
/// One sentence that names the first setting that is wrong.
pub(super) fn all(
    sections: Vec<ProviderSection>,
    development_issuer: Option<String>,
    sources: &Sources,
) -> Result<Vec<ProviderConfig>, ConfigError> {
    if development_issuer.is_some() {
        let mut only = sections.into_iter().next().unwrap_or_default();
        only.issuer = development_issuer;
        return Ok(vec![provider(only, sources)?]);
    }
    if sections.is_empty() {
        return Err(no_issuer());
    }
    let providers: Vec<ProviderConfig> = sections
        .into_iter()
        .map(|section| provider(section, sources))
        .collect::<Result<_, _>>()?;
    for (at, one) in providers.iter().enumerate() {
        if providers.iter().skip(at + 1).any(|other| {
            other.issuer.host() == one.issuer.host() && other.issuer.path() == one.issuer.path()
        }) {
            return Err(ConfigError::new(format!(
                "two providers have the host and path of {}; each needs its own",
                one.issuer
            )));
        }
    }
    addresses::apart(&providers).map_err(|reason| {
        ConfigError::new(format!("{}: {reason}", settings::named("provider.issuer")))
    })?;
    Directory::new(providers.iter().map(ProviderConfig::hosted).collect())
        .map_err(|error| descriptor::refused(&error))?;
    Ok(providers)
}

fn no_issuer() -> ConfigError {
    ConfigError::new(format!(
        "there is no issuer: set {}, the https URL of the provider",
        settings::named("provider.issuer")
    ))
}

fn provider(section: ProviderSection, sources: &Sources) -> Result<ProviderConfig, ConfigError> {
    let text = section.issuer.ok_or_else(no_issuer)?;
    let issuer = Issuer::parse(&text).map_err(|reason| {
        ConfigError::new(format!(
            "{}: the issuer {text:?} {reason}",
            settings::named("provider.issuer")
        ))
    })?;
    let access = match section.registration.as_deref() {
        None | Some("protected") => Access::Protected,
        Some("closed") => Access::Closed,
        Some("open") => Access::Open,
        Some(other) => {
            return Err(ConfigError::new(format!(
                "{} must be closed, protected or open, not {other:?}",
                settings::named("provider.registration")
            )));
        }
    };
    section
        .native_schemes
        .iter()
        .try_for_each(|scheme| native_scheme(scheme))?;
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
    let Ok(serde_json::Value::Object(metadata)) = serde_json::to_value(section.metadata) else {
        return Err(ConfigError::new(
            "provider.metadata has a value that JSON cannot carry",
        ));
    };
    Ok(ProviderConfig {
        domains: parsed("provider.domains", &section.domains)?,
        access,
        native_schemes: section.native_schemes,
        secret_lifetime: span(
            "provider.client_secret_lifetime",
            section.client_secret_lifetime.as_deref(),
            spans::LIFETIME,
        )?,
        client_lifetime: span(
            "provider.client_lifetime",
            section.client_lifetime.as_deref(),
            spans::LIFETIME,
        )?,
        metadata,
        signed_metadata: section.signed_metadata.unwrap_or(true),
        trusted,
        extras: section
            .webfinger
            .into_iter()
            .map(descriptor::extra)
            .collect::<Result<_, _>>()?,
        issuer,
    })
}

/// Whether applications can have URIs with a scheme to themselves. RFC 8252 §7.1.
fn native_scheme(scheme: &str) -> Result<(), ConfigError> {
    let wrong = |reason: &str| {
        Err(ConfigError::new(format!(
            "{}: {scheme:?} {reason}",
            settings::named("provider.native_schemes")
        )))
    };
    if !is_scheme(scheme) {
        return wrong("is not a scheme");
    }
    match RedirectUri::parse(format!("{scheme}:/callback")) {
        Ok(uri) if uri.form() == RedirectForm::PrivateUse => Ok(()),
        _ => wrong("is not a scheme that an application can have for itself"),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn statement_issuer(
    section: StatementIssuerSection,
    base: &Path,
) -> Result<TrustedIssuer, ConfigError> {
    let path = base.join(&section.jwks_file);
    let jwks = fs::read_to_string(&path).map_err(|error| {
        unreadable(
            "provider.software_statement_issuer.jwks_file",
            &path,
            &error,
        )
    })?;
    TrustedIssuer::new(section.issuer, &jwks)
        .map_err(|reason| ConfigError::new(format!("the key file {} {reason}", path.display())))
}
