//! The flags of a new initial access token.

use std::time::Duration;

use anyhow::{anyhow, bail};
use protocol::json::{JsonLimits, read_object};
use protocol::token_terms::{ImposedMetadata, RedirectHost};
use protocol::values::{GrantType, RegistryName, token_text};
use protocol::{ProviderMetadata, TokenTerms};

use crate::config::{Config, ProviderConfig};
use crate::{durations, upstream};

/// The properties of a new token.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// The maximum number of clients it may register; no maximum by default.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub uses: Option<i64>,
    /// The lifetime of the token, such as 7d or 12h; unlimited by default.
    #[arg(long, value_name = "DURATION", value_parser = durations::parse_lifetime)]
    pub expires_in: Option<Duration>,
    /// A label to recognise it by.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// The account its clients will belong to.
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// The issuer of the provider it registers with; any provider by default.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// The scopes its clients may have, such as "openid profile"; a client that requests none has all of these.
    #[arg(long = "scope", value_name = "SCOPES")]
    pub scopes: Vec<String>,
    /// A grant its clients may use; may be repeated.
    #[arg(long = "grant-type", value_name = "GRANT")]
    pub grant_types: Vec<String>,
    /// A host that the redirect URIs of its clients may have, such as rp.example; may be repeated.
    #[arg(long = "redirect-host", value_name = "HOST")]
    pub redirect_hosts: Vec<String>,
    /// Client metadata imposed on its clients, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub metadata: Option<String>,
}

impl TokenArgs {
    /// Returns the terms, if there are any, and checks them against every provider the token is for.
    ///
    /// # Errors
    /// If a flag has a wrong value, or the store fails.
    pub(super) fn terms(&self, config: &Config) -> anyhow::Result<Option<TokenTerms>> {
        let words: Vec<&str> = self
            .scopes
            .iter()
            .flat_map(|scopes| scopes.split_whitespace())
            .collect();
        if words.is_empty() && !self.scopes.is_empty() {
            bail!("--scope must name a scope");
        }
        let terms = TokenTerms {
            scopes: list(&words, |scope| {
                word("--scope", scope).map(RegistryName::from)
            })?,
            grant_types: list(&self.grant_types, |grant| {
                word("--grant-type", grant).map(GrantType::from)
            })?,
            redirect_hosts: list(&self.redirect_hosts, |host| {
                RedirectHost::parse(host).map_err(|reason| wrong("--redirect-host", &reason, host))
            })?,
            metadata: self.metadata.as_deref().map(imposed).transpose()?,
            ..TokenTerms::default()
        };
        if terms == TokenTerms::default() {
            return Ok(None);
        }
        let is_for = |provider: &&ProviderConfig| {
            self.provider
                .as_deref()
                .is_none_or(|issuer| issuer == provider.issuer.as_str())
        };
        for provider in config.providers.iter().filter(is_for) {
            terms
                .check(&document(config, provider, &terms)?)
                .map_err(|invalid| anyhow!("{} {}", flag(&invalid.member), invalid.reason))?;
        }
        Ok(Some(terms))
    }
}

fn word<'a>(flag: &'static str, text: &'a str) -> anyhow::Result<&'a str> {
    token_text(text).map_err(|reason| wrong(flag, &reason, text))
}

/// Reads the values of a flag, each once; `None` if it was omitted.
fn list<T: PartialEq>(
    given: &[impl AsRef<str>],
    read: impl Fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<Option<Vec<T>>> {
    let mut values: Vec<T> = Vec::new();
    for text in given {
        let value = read(text.as_ref())?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok((!values.is_empty()).then_some(values))
}

fn wrong(flag: &str, reason: &str, text: &str) -> anyhow::Error {
    anyhow!("{flag} {reason}, not {text:?}")
}

fn imposed(text: &str) -> anyhow::Result<ImposedMetadata> {
    let object = read_object(text.as_bytes(), &JsonLimits::default()).map_err(|malformed| {
        let said = malformed.to_string();
        anyhow!(
            "--metadata{}",
            said.strip_prefix("The body")
                .unwrap_or(&said)
                .trim_end_matches('.')
        )
    })?;
    ImposedMetadata::parse(object).map_err(|reason| anyhow!("--metadata {reason}"))
}

/// Returns the document that the terms are compared with. A server that lists no scopes has every one.
fn document(
    config: &Config,
    provider: &ProviderConfig,
    terms: &TokenTerms,
) -> anyhow::Result<ProviderMetadata> {
    let offer = upstream::described(config, provider)?;
    let mut document = offer.policy();
    if offer.any_scope() {
        document.scopes_supported = Some(terms.named_scopes());
    }
    Ok(document)
}

/// Returns the flag of a term.
fn flag(term: &str) -> &'static str {
    match term {
        "scopes" => "--scope",
        "grant_types" => "--grant-type",
        "redirect_hosts" => "--redirect-host",
        _ => "--metadata",
    }
}
