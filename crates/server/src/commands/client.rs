//! `frontdesk client`.

use std::io::Write;

use protocol::values::HumanText;
use protocol::{ClientId, Clock, RegistrationAccessToken};
use serde_json::{Value, json};
use store::{Client, Store};

use super::{columns, date, date_or};
use crate::config::Config;
use crate::{open, random_text, serve};

/// How many clients are read at a time.
const PAGE: i64 = 500;

/// Lists the clients in the order in which they registered.
///
/// # Errors
/// One sentence.
pub fn list(config: &Config, json: bool, out: &mut impl Write) -> Result<(), String> {
    let store = open::store(config)?;
    let mut after: Option<ClientId> = None;
    loop {
        let page = store.clients(after.as_ref(), PAGE).map_err(|error| error.to_string())?;
        if json {
            for client in &page {
                writeln!(out, "{}", shown(client, false)).map_err(|error| error.to_string())?;
            }
        } else if after.is_none() || !page.is_empty() {
            let rows: Vec<_> = page.iter().map(row).collect();
            write!(out, "{}", columns(&["CLIENT ID", "NAME", "OWNER", "ISSUED", "PROVIDER"], &rows)).map_err(|error| error.to_string())?;
        }
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

/// Shows a client as JSON; its secret only when asked to.
///
/// # Errors
/// One sentence.
pub fn show(config: &Config, id: &ClientId, with_secret: bool, out: &mut impl Write) -> Result<(), String> {
    let client = found(&open::store(config)?, id)?;
    let text = serde_json::to_string_pretty(&shown(&client, with_secret)).map_err(|error| error.to_string())?;
    writeln!(out, "{text}").map_err(|error| error.to_string())
}

/// Deletes a client.
///
/// # Errors
/// One sentence.
pub fn delete(config: &Config, id: &ClientId, out: &mut impl Write) -> Result<(), String> {
    let store = open::store(config)?;
    let client = found(&store, id)?;
    match store.delete(&client).wait().map_err(|error| error.to_string())? {
        true => writeln!(out, "deleted {id}").map_err(|error| error.to_string()),
        false => Err(format!("there is no client {id}")),
    }
}

/// Gives a client a new registration access token and prints it.
///
/// # Errors
/// One sentence.
pub fn reissue(config: &Config, id: &ClientId, out: &mut impl Write) -> Result<(), String> {
    let store = open::store(config)?;
    let token = RegistrationAccessToken::new(format!("{}{}", RegistrationAccessToken::PREFIX, random_text(&serve::random(), 32)?));
    match store.reissue(id, &token, Clock::system().now()).wait().map_err(|error| error.to_string())? {
        true => writeln!(out, "{}", token.reveal()).map_err(|error| error.to_string()),
        false => Err(format!("there is no client {id}")),
    }
}

fn found(store: &Store, id: &ClientId) -> Result<Client, String> {
    store.client(id).map_err(|error| error.to_string())?.ok_or_else(|| format!("there is no client {id}"))
}

fn name(client: &Client) -> Option<&str> {
    client.metadata.members().client_name.as_ref().and_then(|names| names.untagged()).map(HumanText::as_str)
}

fn row(client: &Client) -> Vec<String> {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    vec![
        client.id.to_string(),
        or_dash(name(client)),
        or_dash(client.owner.as_deref()),
        date(client.issued_at),
        client.provider.to_string(),
    ]
}

fn shown(client: &Client, with_secret: bool) -> Value {
    let secret = client.secret.as_ref().map(|secret| if with_secret { secret.reveal() } else { "(hidden)" });
    let metadata: Value = serde_json::from_str(client.metadata.json()).unwrap_or(Value::Null);
    json!({
        "client_id": client.id.as_str(),
        "provider": client.provider.as_str(),
        "owner": client.owner,
        "composed_name": client.composed_name,
        "issued_at": date(client.issued_at),
        "expires_at": date_or(client.expires_at, "never"),
        "client_secret": secret,
        "client_secret_expires_at": client.secret.as_ref().map(|_| date_or(client.secret_expires_at, "never")),
        "expired": client.expires_at.is_some_and(|at| at <= Clock::system().now()),
        "revision": client.revision,
        "metadata": metadata,
    })
}
