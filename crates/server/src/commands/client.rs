//! `frontdesk client`.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use protocol::random::{SECRET_CHARACTERS, letters_and_digits};
use protocol::values::HumanText;
use protocol::{ClientId, ClientSecret, Clock, Issuer, RegistrationAccessToken};
use serde_json::{Value, json};
use store::{Account, Client, ClientFilter, ProvisioningRow, Role, Store, StoreError};

use super::{by_hand, date, plain_or_dash, providers, seconds};
use crate::config::{Config, ProviderConfig};
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;
use crate::{open_store, serve};
use protocol::escape::{plain, quoted, visible, visible_json_lines};

mod filter;
mod import_export;

pub use filter::ClientFilterArgs;
pub use import_export::{export, import};

/// The number of clients per query.
const PAGE: i64 = 500;

/// The clients that a command may access: all, or those of an account or a provider.
#[derive(Debug)]
pub struct ClientScope {
    store: Store,
    own: Option<String>,
    provider: Option<Issuer>,
}

impl ClientScope {
    /// Opens the store with the rights of an account: a registrar has its own clients, an administrator all, and an account
    /// of a provider only those there.
    /// Without an account the scope is every client.
    ///
    /// # Errors
    /// If the store fails, or the output cannot be written.
    pub fn open(config: &Config, account: Option<&str>) -> anyhow::Result<Self> {
        let store = open_store::open_existing(config)?.acting_as(by_hand(account));
        let Some(name) = account else {
            return Ok(Self {
                store,
                own: None,
                provider: None,
            });
        };
        match store.account(name)? {
            Some(Account {
                role,
                name,
                provider,
                ..
            }) => Ok(Self {
                store,
                own: (role == Role::Registrar).then_some(name),
                provider,
            }),
            None => Err(anyhow!(
                "--as must be the name of an account, and there is no account {name}"
            )),
        }
    }

    /// Refuses a provider that is not configured and an owner that is no account, unless a client has it: clients outlive
    /// accounts and renamed issuers.
    ///
    /// # Errors
    /// If a name is unknown, or the store fails.
    pub fn check_names(&self, config: &Config, filter: &ClientFilterArgs) -> anyhow::Result<()> {
        let has_clients =
            |filter: ClientFilter| Ok::<_, StoreError>(self.store.count_clients(&filter)? > 0);
        if let Some(issuer) = &filter.provider {
            let is_configured = |provider: &ProviderConfig| provider.issuer.as_str() == issuer;
            let of_provider = ClientFilter {
                provider: filter.provider.clone(),
                ..ClientFilter::default()
            };
            let is_known = config.issuers_are_known() && config.providers.iter().any(is_configured);
            if !is_known && !has_clients(of_provider)? {
                let known: Vec<&str> = providers(config)?
                    .iter()
                    .map(|provider| provider.issuer.as_str())
                    .collect();
                bail!(
                    "--provider must be the issuer of a provider that is configured ({}) or has clients, not {issuer:?}",
                    known.join(", ")
                );
            }
        }
        if let Some(owner) = &filter.owner {
            let of_owner = ClientFilter {
                owner: filter.owner.clone(),
                ..ClientFilter::default()
            };
            if self.store.account(owner)?.is_none() && !has_clients(of_owner)? {
                bail!(
                    "--owner must be the name of an account or of the owner of a client, not {owner:?}"
                );
            }
        }
        Ok(())
    }

    /// Narrows a filter to the scope; `None` if no client can match.
    fn within(&self, filter: &ClientFilterArgs) -> Option<ClientFilter> {
        let which = filter.which();
        let narrowed = |limit: Option<&str>, asked: Option<String>| match (limit, asked) {
            (Some(limit), Some(asked)) if limit != asked => None,
            (Some(limit), _) => Some(Some(limit.to_owned())),
            (None, asked) => Some(asked),
        };
        let owner = narrowed(self.own.as_deref(), which.owner)?;
        let provider = narrowed(self.provider.as_ref().map(Issuer::as_str), which.provider)?;
        Some(ClientFilter {
            owner,
            provider,
            ..which
        })
    }

    /// Refuses a client outside the scope with the error of an unknown client.
    fn to(&self, id: &ClientId) -> anyhow::Result<()> {
        let limited = self.own.is_some() || self.provider.is_some();
        let belongs = || {
            self.store
                .is_owned_by(id, self.own.as_deref(), self.provider.as_ref())
        };
        if limited && !belongs()? {
            Err(unknown_client(id))
        } else {
            Ok(())
        }
    }
}

/// Lists the clients in the scope that match, in the order of registration. Damaged clients are reported on standard
/// error.
///
/// # Errors
/// If the store cannot be read, or after the listing if clients were damaged.
pub fn list(
    scope: &ClientScope,
    filter: &ClientFilterArgs,
    name: Option<&str>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let Some(which) = scope.within(filter) else {
        return write_rows(&mut TextTable::new(&HEADS), &[], out);
    };
    let name = name.map(str::to_lowercase);
    let mut table = TextTable::new(&HEADS);
    let mut after: Option<ClientId> = None;
    let mut damaged = 0_u64;
    loop {
        let page = scope.store.clients(&which, after.as_ref(), PAGE)?;
        let mut clients = Vec::new();
        for listed in &page {
            match &listed.client {
                Ok(client) if name.as_deref().is_none_or(|name| is_called(client, name)) => {
                    clients.push(client);
                }
                Ok(_) => {}
                Err(error) => {
                    damaged = damaged.saturating_add(1);
                    writeln!(io::stderr(), "frontdesk: {}", visible(&error.to_string()))?;
                }
            }
        }
        write_rows(&mut table, &clients, out)?;
        match page.last() {
            Some(last) => after = Some(last.id.clone()),
            None => return check_damaged(damaged, "listed"),
        }
    }
}

const HEADS: [&str; 5] = ["CLIENT ID", "NAME", "OWNER", "ISSUED", "PROVIDER"];

fn write_rows(table: &mut TextTable, clients: &[&Client], out: &mut Output) -> anyhow::Result<()> {
    out.rows(
        table,
        clients,
        |client| row(client),
        |client| to_json(client, false),
    )
}

/// True if a text in lower case is part of a client's name, in any language.
fn is_called(client: &Client, part: &str) -> bool {
    let names = client.data.metadata.members().client_name.as_ref();
    names.is_some_and(|names| {
        names
            .iter()
            .any(|(_, name)| name.as_str().to_lowercase().contains(part))
    })
}

/// Fails if damaged clients were skipped.
fn check_damaged(clients: u64, done: &str) -> anyhow::Result<()> {
    match clients {
        0 => Ok(()),
        1 => Err(anyhow!("one client is damaged and was not {done}")),
        many => Err(anyhow!("{many} clients are damaged and were not {done}")),
    }
}

/// Shows a client as JSON, with its secret only if `with_secret` is set.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn show(
    scope: &ClientScope,
    id: &ClientId,
    with_secret: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    scope.to(id)?;
    let client = scope.store.client(id)?.ok_or_else(|| unknown_client(id))?;
    let mut object = to_json(&client, with_secret);
    let row = scope.store.provisioning_row(&client.data.provider, id)?;
    if let Some(members) = object.as_object_mut() {
        members.insert(
            "provisioned".to_owned(),
            row.as_ref().map(provisioned).into(),
        );
    }
    let text = serde_json::to_string_pretty(&object)?;
    out.outcome(visible_json_lines(&text), &object)
}

/// Deletes a client, even a damaged one.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn delete(scope: &ClientScope, id: &ClientId, out: &mut Output) -> anyhow::Result<()> {
    scope.to(id)?;
    match scope.store.delete(id).wait()? {
        true => out.outcome(
            format!("deleted {}", plain(id.as_str())),
            &json!({ "deleted": id.as_str() }),
        ),
        false => Err(unknown_client(id)),
    }
}

/// Gives a client a new registration access token and prints it.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn reissue(scope: &ClientScope, id: &ClientId, out: &mut Output) -> anyhow::Result<()> {
    scope.to(id)?;
    let token = RegistrationAccessToken::new(format!(
        "{}{}",
        RegistrationAccessToken::PREFIX,
        letters_and_digits(&serve::random(), SECRET_CHARACTERS)?
    ));
    match scope
        .store
        .reissue(id, &token, Clock::system().now())
        .wait()?
    {
        true => out.outcome(
            token.reveal(),
            &json!({ "client_id": id.as_str(), "registration_access_token": token.reveal() }),
        ),
        false => Err(unknown_client(id)),
    }
}

/// Returns the state of a client's copy at the authorization server.
fn provisioned(row: &ProvisioningRow) -> Value {
    json!({
        "state": row.state.as_str(),
        "revision": row.synced_revision,
        "since": row.since.seconds(),
        "error": row.error,
        "dropped_members": row.dropped_members,
    })
}

fn unknown_client(id: &ClientId) -> anyhow::Error {
    anyhow!("there is no client {id}")
}

fn name(client: &Client) -> Option<&str> {
    client
        .data
        .metadata
        .members()
        .client_name
        .as_ref()
        .and_then(|names| names.untagged())
        .map(HumanText::as_str)
}

fn row(client: &Client) -> Vec<String> {
    vec![
        plain(client.data.id.as_str()).into_owned(),
        name(client).map_or_else(|| "-".to_owned(), quoted),
        plain_or_dash(client.data.owner.as_deref()),
        date(client.data.issued_at),
        plain(client.data.provider.as_str()).into_owned(),
    ]
}

fn to_json(client: &Client, with_secret: bool) -> Value {
    let secret = client.data.secret.as_ref().filter(|_| with_secret);
    let metadata: Value = serde_json::from_str(client.data.metadata.json()).unwrap_or(Value::Null);
    json!({
        "client_id": client.data.id.as_str(),
        "provider": client.data.provider.as_str(),
        "owner": client.data.owner,
        "composed_name": client.data.composed_name,
        "issued_at": client.data.issued_at.seconds(),
        "expires_at": seconds(client.data.expires_at),
        "has_client_secret": client.data.secret.is_some(),
        "client_secret": secret.map(ClientSecret::reveal),
        "client_secret_expires_at": seconds(client.data.secret_expires_at),
        "expired": client.data.expires_at.is_some_and(|at| at <= Clock::system().now()),
        "last_used_at": seconds(client.last_used_at),
        "revision": client.revision,
        "terms": client.data.terms.as_ref().map(|terms| terms.object()),
        "metadata": metadata,
        "metadata_consistent": client.data.metadata.members().is_consistent(),
    })
}
