//! What a token is to be good for, as the command line says it.

use std::time::Duration;

use protocol::json::{JsonLimits, read_object};
use protocol::token_terms::{ImposedMetadata, RedirectHost};
use protocol::values::{GrantType, RegistryName, token_text};
use protocol::{ProviderMetadata, TokenTerms};

use crate::config::{Config, ProviderConfig};
use crate::{cli, provider};

/// What a token is to be good for.
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// How many clients it may register; any number, when left out.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub uses: Option<i64>,
    /// For how long it is good, such as 7d or 12h; for ever, when left out.
    #[arg(long, value_name = "SPAN", value_parser = cli::span)]
    pub expires_in: Option<Duration>,
    /// A word to know it by.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// The account its clients will belong to.
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: Option<String>,
    /// The issuer of the provider it registers with; any, when left out.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// The scopes its clients may have, such as "openid profile"; those that name none have all of these.
    #[arg(long = "scope", value_name = "SCOPES")]
    pub scopes: Vec<String>,
    /// A grant its clients may use; may be repeated.
    #[arg(long = "grant-type", value_name = "GRANT")]
    pub grant_types: Vec<String>,
    /// A host the redirect URIs of its clients may be on, such as rp.example; may be repeated.
    #[arg(long = "redirect-host", value_name = "HOST")]
    pub redirect_hosts: Vec<String>,
    /// Client metadata its clients have whatever they ask for, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub metadata: Option<String>,
}

impl Wanted {
    /// What its clients may be, if that is limited; every provider it is for can agree to it.
    ///
    /// # Errors
    /// One sentence that names the flag that is wrong, and its value.
    pub(super) fn terms(&self, config: &Config) -> Result<Option<TokenTerms>, String> {
        let words: Vec<&str> = self
            .scopes
            .iter()
            .flat_map(|scopes| scopes.split_whitespace())
            .collect();
        if words.is_empty() && !self.scopes.is_empty() {
            return Err("--scope must name a scope".to_owned());
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
                .check(&document(provider)?)
                .map_err(|invalid| format!("{} {}", flag(&invalid.member), invalid.reason))?;
        }
        Ok(Some(terms))
    }
}

fn word<'a>(flag: &'static str, text: &'a str) -> Result<&'a str, String> {
    token_text(text).map_err(|reason| wrong(flag, &reason, text))
}

/// What the flag said, each once; nothing, when it was left out.
fn list<T: PartialEq>(
    given: &[impl AsRef<str>],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<Vec<T>>, String> {
    let mut values: Vec<T> = Vec::new();
    for text in given {
        let value = read(text.as_ref())?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok((!values.is_empty()).then_some(values))
}

fn wrong(flag: &str, reason: &str, text: &str) -> String {
    format!("{flag} {reason}, not {text:?}")
}

fn imposed(text: &str) -> Result<ImposedMetadata, String> {
    let object = read_object(text.as_bytes(), &JsonLimits::default()).map_err(|malformed| {
        let said = malformed.to_string();
        format!(
            "--metadata{}",
            said.strip_prefix("The body")
                .unwrap_or(&said)
                .trim_end_matches('.')
        )
    })?;
    ImposedMetadata::parse(object.into()).map_err(|reason| format!("--metadata {reason}"))
}

fn document(config: &ProviderConfig) -> Result<ProviderMetadata, String> {
    config.check().map_err(|error| error.to_string())?;
    provider::offer(config)
        .map(|offer| offer.metadata)
        .map_err(|invalid| invalid.to_string())
}

/// The flag that says a term.
fn flag(term: &str) -> &'static str {
    match term {
        "scopes" => "--scope",
        "grant_types" => "--grant-type",
        "redirect_hosts" => "--redirect-host",
        _ => "--metadata",
    }
}
