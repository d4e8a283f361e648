//! `frontdesk token`.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use protocol::random::{SECRET_CHARACTERS, letters_and_digits};
use protocol::{Clock, InitialAccessToken, Issuer, TokenTerms};
use serde_json::{Value, json};
use store::{NewToken, Store, TokenId, TokenInfo};

use super::{by_hand, configured, date_or, plain_or_dash, seconds};
use crate::config::Config;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;
use crate::{open_store, serve};
use protocol::escape::{plain, quoted};

mod args;

pub use args::TokenArgs;

/// Issues an initial access token and prints it.
///
/// # Errors
/// If a flag has a wrong value, or the store fails.
pub fn issue(config: &Config, args: TokenArgs, out: &mut Output) -> anyhow::Result<()> {
    let terms = args.terms(config)?;
    let provider = args
        .provider
        .as_deref()
        .map(|issuer| configured(config, issuer))
        .transpose()?;
    let store = open_store::open_existing(config)?;
    let now = Clock::system().now();
    if let Some(owner) = &args.owner {
        check_owner(&store, owner, provider.as_ref())?;
    }
    let token = InitialAccessToken::new(format!(
        "{}{}",
        InitialAccessToken::PREFIX,
        letters_and_digits(&serve::random(), SECRET_CHARACTERS)?
    ));
    let new = NewToken {
        label: args.label,
        uses: args.uses,
        expires_at: args.expires_in.map(|span| now.plus(span)),
        owner: args.owner,
        provider,
        terms: terms.map(Arc::new),
    };
    let expires_at = seconds(new.expires_at);
    let id = store
        .acting_as(by_hand(None))
        .issue_token(&token, new, now)?;
    out.outcome(
        token.reveal(),
        &json!({ "id": id.as_str(), "token": token.reveal(), "expires_at": expires_at }),
    )
}

/// Lists the tokens without their secret values, as a table or as a JSON object per line.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let tokens = open_store::open_existing(config)?.tokens()?;
    let mut table = TextTable::new(&[
        "ID",
        "USES LEFT",
        "EXPIRES",
        "OWNER",
        "PROVIDER",
        "TERMS",
        "LABEL",
    ]);
    out.rows(&mut table, &tokens, row, to_json)
}

/// Revokes a token.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn revoke(config: &Config, id: &TokenId, out: &mut Output) -> anyhow::Result<()> {
    match open_store::open_existing(config)?
        .acting_as(by_hand(None))
        .revoke_token(id)?
    {
        true => out.outcome(format!("revoked {id}"), &json!({ "revoked": id.as_str() })),
        false => Err(anyhow!(
            "there is no token {id}; `frontdesk token list` shows the identifiers"
        )),
    }
}

/// Checks that the owner's account exists at the token's provider.
fn check_owner(store: &Store, owner: &str, provider: Option<&Issuer>) -> anyhow::Result<()> {
    if !store::is_account_name(owner) {
        bail!("--owner must be the name of an account, not {owner:?}");
    }
    let account = store.account(owner)?;
    let account = account.with_context(|| {
        format!("--owner must be the name of an account, and there is no account {owner}")
    })?;
    match account.provider {
        Some(own) if provider != Some(&own) => Err(anyhow!(
            "--owner {owner} is held to one provider; add --provider {own}"
        )),
        _ => Ok(()),
    }
}

fn row(token: &TokenInfo) -> Vec<String> {
    vec![
        token.id.to_string(),
        token
            .uses_left
            .map_or_else(|| "any".to_owned(), |uses| uses.to_string()),
        date_or(token.expires_at, "never"),
        plain_or_dash(token.owner.as_deref()),
        plain_or_dash(token.provider.as_ref().map(Issuer::as_str)),
        token.terms.as_deref().map_or_else(
            || "-".to_owned(),
            |terms| plain(&summary(terms)).into_owned(),
        ),
        token
            .label
            .as_deref()
            .map_or_else(|| "-".to_owned(), quoted),
    ]
}

/// Returns the terms as a line: the values of every list, and the names of imposed members.
fn summary(terms: &TokenTerms) -> String {
    let list = |term: &str| Some(format!("{term}: {}", terms.values(term)?.join(" ")));
    let imposed = terms.metadata.as_ref().map(|imposed| {
        let names: Vec<String> = imposed.members().object().keys().cloned().collect();
        format!("metadata: {}", names.join(" "))
    });
    let lists = ["scopes", "grant_types", "redirect_hosts"]
        .into_iter()
        .filter_map(list);
    lists.chain(imposed).collect::<Vec<_>>().join("; ")
}

fn to_json(token: &TokenInfo) -> Value {
    json!({
        "id": token.id.as_str(),
        "label": token.label,
        "uses_left": token.uses_left,
        "issued_at": token.created_at.seconds(),
        "expires_at": seconds(token.expires_at),
        "expired": token.expires_at.is_some_and(|at| at <= Clock::system().now()),
        "owner": token.owner,
        "provider": token.provider.as_ref().map(Issuer::as_str),
        "terms": token.terms.as_ref().map(|terms| terms.object()),
    })
}
