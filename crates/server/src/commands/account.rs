//! `frontdesk account`.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, anyhow, bail};
use protocol::{Clock, Issuer, Secret};
use serde_json::{Value, json};
use store::{Account, Role, StoreError};

use super::{by_hand, configured, date};
use crate::config::{Config, check_new_password};
use crate::open_store;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;

/// Adds an account, for a provider if `--provider` names it.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn add(
    config: &Config,
    name: &str,
    role: Role,
    provider: Option<&str>,
    out: &mut Output,
) -> anyhow::Result<()> {
    if !store::is_account_name(name) {
        bail!(
            "an account's name is 1 to 64 letters, digits, dots, underscores and hyphens, not {name:?}"
        );
    }
    let provider = provider
        .map(|issuer| configured(config, issuer))
        .transpose()?;
    let store = open_store::open_existing(config)?;
    if store.account(name)?.is_some() {
        bail!("there is an account {name} already");
    }
    let password = new_password(name, config.loopback_only)?;
    match store.acting_as(by_hand(None)).add_account(
        name,
        role,
        provider.as_ref(),
        &password,
        Clock::system().now(),
    ) {
        Ok(()) => {
            let bound = provider.as_ref().map(Issuer::as_str);
            let at = bound.map_or_else(String::new, |issuer| format!(" at {issuer}"));
            out.outcome(
                format!("added {name}, {role}{at}"),
                &json!({ "added": name, "role": role.as_str(), "provider": bound }),
            )
        }
        Err(StoreError::Conflict) => Err(anyhow!("there is an account {name} already")),
        Err(error) => Err(error.into()),
    }
}

/// Lists the accounts, as a table or as a JSON object per line.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let accounts = open_store::open_existing(config)?.accounts()?;
    let mut table = TextTable::new(&["NAME", "ROLE", "CREATED", "PROVIDER"]);
    out.rows(&mut table, &accounts, row, to_json)
}

fn row(account: &Account) -> Vec<String> {
    let provider = account.provider.as_ref().map_or("-", Issuer::as_str);
    vec![
        account.name.clone(),
        account.role.to_string(),
        date(account.created_at),
        provider.to_owned(),
    ]
}

fn to_json(account: &Account) -> Value {
    json!({
        "name": account.name,
        "role": account.role.as_str(),
        "created_at": account.created_at.seconds(),
        "provider": account.provider.as_ref().map(Issuer::as_str),
    })
}

/// Removes an account.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn remove(config: &Config, name: &str, out: &mut Output) -> anyhow::Result<()> {
    match open_store::open_existing(config)?
        .acting_as(by_hand(None))
        .remove_account(name)?
    {
        true => out.outcome(format!("removed {name}"), &json!({ "removed": name })),
        false => Err(anyhow!("there is no account {name}")),
    }
}

/// Sets an account's password.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn password(config: &Config, name: &str, out: &mut Output) -> anyhow::Result<()> {
    let store = open_store::open_existing(config)?;
    if store.account(name)?.is_none() {
        bail!("there is no account {name}");
    }
    let password = new_password(name, config.loopback_only)?;
    match store
        .acting_as(by_hand(None))
        .set_password(name, &password)?
    {
        true => out.outcome(
            format!("changed the password of {name}"),
            &json!({ "changed": name }),
        ),
        false => Err(anyhow!("there is no account {name}")),
    }
}

/// Reads a new password: typed twice at a terminal, or the first line of standard input.
fn new_password(name: &str, loopback_only: bool) -> anyhow::Result<Secret> {
    let unreadable = "the password cannot be read";
    if io::stdin().is_terminal() {
        let password =
            rpassword::prompt_password(format!("Password for {name}: ")).context(unreadable)?;
        let again = rpassword::prompt_password("Again: ").context(unreadable)?;
        return if password == again {
            acceptable(password, loopback_only)
        } else {
            Err(anyhow!("the two passwords differ; nothing was changed"))
        };
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context(unreadable)?;
    acceptable(
        line.trim_end_matches(['\r', '\n']).to_owned(),
        loopback_only,
    )
}

fn acceptable(password: String, loopback_only: bool) -> anyhow::Result<Secret> {
    let password = Secret::new(password);
    match check_new_password(&password, loopback_only) {
        Ok(()) => Ok(password),
        Err(reason) => Err(anyhow!(
            "a password {reason}; type it, or give it on standard input"
        )),
    }
}
