//! `frontdesk token`.

use std::io::Write;
use std::time::Duration;

use protocol::{Clock, InitialAccessToken};
use store::{NewToken, TokenId};

use super::{columns, date_or};
use crate::config::Config;
use crate::{open, random_text, serve};

/// What a token is to be good for.
#[derive(Debug)]
pub struct Wanted {
    /// How many clients it may register.
    pub uses: Option<i64>,
    /// For how long.
    pub expires_in: Option<Duration>,
    /// A word to know it by.
    pub label: Option<String>,
    /// The account its clients will belong to.
    pub owner: Option<String>,
}

/// Issues an initial access token and prints it.
///
/// # Errors
/// One sentence.
pub fn issue(config: &Config, wanted: Wanted, out: &mut impl Write) -> Result<(), String> {
    let store = open::store(config)?;
    let now = Clock::system().now();
    if let Some(owner) = wanted.owner.as_deref().filter(|owner| !store::is_account_name(owner)) {
        return Err(format!("--owner must be the name of an account, not {owner:?}"));
    }
    let token = InitialAccessToken::new(format!("{}{}", InitialAccessToken::PREFIX, random_text(&serve::random(), 32)?));
    let new =
        NewToken { label: wanted.label, uses: wanted.uses, expires_at: wanted.expires_in.map(|span| now.plus(span)), owner: wanted.owner };
    store.issue_token(&token, new, now).map_err(|error| error.to_string())?;
    writeln!(out, "{}", token.reveal()).map_err(|error| error.to_string())
}

/// Lists the tokens, without the tokens.
///
/// # Errors
/// One sentence.
pub fn list(config: &Config, out: &mut impl Write) -> Result<(), String> {
    let tokens = open::store(config)?.tokens().map_err(|error| error.to_string())?;
    let row = |token: &store::TokenInfo| {
        vec![
            token.id.to_string(),
            token.uses_left.map_or_else(|| "any".to_owned(), |uses| uses.to_string()),
            date_or(token.expires_at, "never"),
            token.owner.clone().unwrap_or_else(|| "-".to_owned()),
            token.label.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    write!(out, "{}", columns(&["ID", "USES LEFT", "EXPIRES", "OWNER", "LABEL"], &tokens.iter().map(row).collect::<Vec<_>>()))
        .map_err(|error| error.to_string())
}

/// Revokes a token.
///
/// # Errors
/// One sentence.
pub fn revoke(config: &Config, id: &TokenId, out: &mut impl Write) -> Result<(), String> {
    match open::store(config)?.revoke_token(id).map_err(|error| error.to_string())? {
        true => writeln!(out, "revoked {id}").map_err(|error| error.to_string()),
        false => Err(format!("there is no token {id}; `frontdesk token list` shows the identifiers")),
    }
}
