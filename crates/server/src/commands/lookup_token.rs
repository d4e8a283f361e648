//! `frontdesk lookup-token`.

use std::time::Duration;

use anyhow::anyhow;
use protocol::credentials::LOOKUP_TOKEN_PREFIX;
use protocol::escape::quoted;
use protocol::random::{SECRET_CHARACTERS, letters_and_digits};
use protocol::{Clock, Issuer, Secret};
use serde_json::{Value, json};
use store::{LookupToken, LookupTokenId, NewLookupToken, SecretAccess};

use super::{by_hand, configured, date, date_or, plain_or_dash, seconds};
use crate::config::Config;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;
use crate::{durations, open_store, serve};

/// The properties of a new lookup token.
#[derive(Debug, clap::Args)]
pub struct LookupTokenArgs {
    /// The issuer of the only provider whose clients it may ask about; every provider by default.
    #[arg(long, value_name = "ISSUER")]
    pub provider: Option<String>,
    /// The access to client secrets: no, check (whether a secret is right) or read.
    #[arg(long, value_name = "ACCESS", default_value = "no", value_parser = secret_access)]
    pub secrets: SecretAccess,
    /// A label to recognise it by.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// The lifetime of the token, such as 90d or 12h; unlimited by default.
    #[arg(long, value_name = "DURATION", value_parser = durations::parse_lifetime)]
    pub expires_in: Option<Duration>,
}

fn secret_access(text: &str) -> Result<SecretAccess, store::UnknownSecretAccess> {
    text.parse()
}

/// Issues a lookup token and prints it.
///
/// # Errors
/// If the provider is not configured, or the store fails.
pub fn issue(config: &Config, args: LookupTokenArgs, out: &mut Output) -> anyhow::Result<()> {
    let provider = args
        .provider
        .as_deref()
        .map(|issuer| configured(config, issuer))
        .transpose()?;
    let store = open_store::open_existing(config)?;
    let now = Clock::system().now();
    let random = letters_and_digits(&serve::random(), SECRET_CHARACTERS)?;
    let token = Secret::new(format!("{LOOKUP_TOKEN_PREFIX}{random}"));
    let new = NewLookupToken {
        label: args.label,
        provider,
        secrets: args.secrets,
        expires_at: args.expires_in.map(|span| now.plus(span)),
    };
    let expires_at = seconds(new.expires_at);
    let id = store
        .acting_as(by_hand(None))
        .issue_lookup_token(&token, new, now)?;
    out.outcome(
        token.reveal(),
        &json!({ "id": id.as_str(), "token": token.reveal(), "expires_at": expires_at }),
    )
}

/// Lists the tokens without their secret values.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let tokens = open_store::open_existing(config)?.lookup_tokens()?;
    let mut table = TextTable::new(&["ID", "SECRETS", "PROVIDER", "EXPIRES", "LAST USED", "LABEL"]);
    out.rows(&mut table, &tokens, row, to_json)
}

/// Revokes a token.
///
/// # Errors
/// If the token does not exist, or the store fails.
pub fn revoke(config: &Config, id: &LookupTokenId, out: &mut Output) -> anyhow::Result<()> {
    match open_store::open_existing(config)?
        .acting_as(by_hand(None))
        .revoke_lookup_token(id)?
    {
        true => out.outcome(format!("revoked {id}"), &json!({ "revoked": id.as_str() })),
        false => Err(anyhow!(
            "there is no lookup token {id}; `frontdesk lookup-token list` shows the identifiers"
        )),
    }
}

fn row(token: &LookupToken) -> Vec<String> {
    let day = |at| date(at).chars().take(10).collect();
    vec![
        token.id.to_string(),
        token.secrets.as_str().to_owned(),
        plain_or_dash(token.provider.as_ref().map(Issuer::as_str)),
        date_or(token.expires_at, "never"),
        token.last_used_at.map_or_else(|| "-".to_owned(), day),
        token
            .label
            .as_deref()
            .map_or_else(|| "-".to_owned(), quoted),
    ]
}

fn to_json(token: &LookupToken) -> Value {
    json!({
        "id": token.id.as_str(),
        "label": token.label,
        "provider": token.provider.as_ref().map(Issuer::as_str),
        "secrets": token.secrets.as_str(),
        "issued_at": token.created_at.seconds(),
        "expires_at": seconds(token.expires_at),
        "expired": token.has_expired(Clock::system().now()),
        "last_used_at": seconds(token.last_used_at),
    })
}
