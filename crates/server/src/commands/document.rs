//! `frontdesk document`: client ID metadata documents.

mod args;
mod check;
mod read;

use std::io::Write;

use anyhow::{Context, anyhow, bail};
use documents::changes;
use protocol::client_id_url::ClientIdUrl;
use protocol::escape::{plain, visible_json_lines};
use protocol::{ClientId, Issuer};
use serde_json::{Value, json};
use store::{
    ClientDocument, DocumentContent, DocumentFilter, DocumentState, DocumentValidators, Store,
    StoreError,
};

use self::args::ProviderArg;
use self::read::DocumentReader;
use super::{by_hand, configured, date, plain_or_dash, providers, seconds};
use crate::config::{Config, ProviderConfig};
use crate::open_store;
use crate::settings::DocumentAccess;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;

pub use args::DocumentCommand;

/// The number of documents per query.
const PAGE: i64 = 500;

/// Runs the command.
///
/// # Errors
/// If the document is refused or unknown, the store fails, or the output cannot be written.
pub fn run(config: &Config, command: DocumentCommand, out: &mut Output) -> anyhow::Result<()> {
    match command {
        DocumentCommand::Check {
            url,
            file,
            provider,
        } => check::run(
            config,
            chosen(config, &provider)?,
            &url,
            file.as_deref(),
            out,
        ),
        DocumentCommand::Add { url, pin, provider } => {
            add(config, chosen(config, &provider)?, &url, pin, out)
        }
        DocumentCommand::List {
            host,
            state,
            provider,
        } => list(config, &provider, host, state, out),
        DocumentCommand::Show { url, provider } => {
            show(config, chosen(config, &provider)?, &url, out)
        }
        DocumentCommand::Disable { url, provider } => {
            disable(config, chosen(config, &provider)?, &url, true, out)
        }
        DocumentCommand::Enable { url, provider } => {
            disable(config, chosen(config, &provider)?, &url, false, out)
        }
        DocumentCommand::Remove { urls, provider } => {
            remove(config, chosen(config, &provider)?, &urls, out)
        }
    }
}

/// Returns the provider that `--provider` names, or the only provider.
fn chosen<'a>(config: &'a Config, provider: &ProviderArg) -> anyhow::Result<&'a ProviderConfig> {
    let known = providers(config)?;
    match (&provider.issuer, known) {
        (None, [only]) => Ok(only),
        (None, several) => {
            let issuers: Vec<&str> = several.iter().map(|one| one.issuer.as_str()).collect();
            bail!(
                "several providers are configured: --provider must name the issuer of one ({})",
                issuers.join(", ")
            )
        }
        (Some(issuer), _) => {
            let issuer = configured(config, issuer)?;
            let found = known.iter().find(|one| one.issuer == issuer);
            found.context("the provider is not configured")
        }
    }
}

fn open(config: &Config) -> anyhow::Result<Store> {
    Ok(open_store::open_existing(config)?.acting_as(by_hand(None)))
}

/// Reads a document, decides about it, and keeps it.
fn add(
    config: &Config,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
    pin: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    let store = open(config)?;
    let (issuer, id) = (&provider.issuer, ClientId::new(url.as_str()));
    if matches!(store.client(&id)?, Some(client) if client.data.provider == *issuer) {
        bail!("a registered client has this identifier; frontdesk client delete removes it");
    }
    let known = store.find_document(issuer, &id)?;
    if matches!(&known, Some(known) if known.state == DocumentState::Disabled) {
        bail!("the client is disabled here; frontdesk document enable accepts it again");
    }
    let reader = DocumentReader::new(config, provider)?;
    let document = reader
        .fetch(url)?
        .map_err(|unread| anyhow!("the document is refused: {}", unread.sentence))?;
    let judged = reader
        .judge(url, &document)
        .map_err(|rejected| anyhow!("the document is refused: {}", rejected.message()))?;
    let changed = match &known {
        Some(known) => changes(&known.metadata, judged.metadata.json())?,
        None => Vec::new(),
    };
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    let content = DocumentContent {
        document: String::from_utf8_lossy(&document.body).into_owned(),
        validators: DocumentValidators {
            etag: document.validators.etag.clone(),
            last_modified: document.validators.last_modified.clone(),
        },
        fetched_at: reader.now(),
        fresh_until: document.fresh_until,
        is_consistent: judged.is_consistent,
        metadata: judged.metadata.into_json(),
    };
    let added = store
        .add_document(
            issuer,
            &id,
            content,
            &changed,
            pin,
            reader.settings.limits,
            reader.now(),
        )
        .map_err(|error| match error {
            StoreError::DocumentsFull => anyhow!(
                "the provider has as many documents as limits.documents allows, and none of them may make room"
            ),
            error => error.into(),
        })?;
    if provider.documents.access == DocumentAccess::Closed && !out.is_json() {
        writeln!(
            out,
            "warning: provider.documents is closed: this provider uses no document"
        )?;
    }
    out.outcome(
        format!("added {url}, {}", added.state),
        &json!({ "added": url.as_str(), "state": added.state.as_str(), "revision": added.revision }),
    )
}

/// Lists the documents of every provider, or of the provider that is named.
fn list(
    config: &Config,
    provider: &ProviderArg,
    host: Option<String>,
    state: Option<DocumentState>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let provider: Option<Issuer> = match &provider.issuer {
        Some(issuer) => Some(configured(config, issuer)?),
        None => None,
    };
    let store = open_store::open_existing(config)?;
    let filter = DocumentFilter {
        provider,
        host: host.map(|host| host.to_ascii_lowercase()),
        state,
    };
    let mut table = TextTable::new(&[
        "URL",
        "NAME",
        "STATE",
        "METHOD",
        "FETCHED",
        "FRESH UNTIL",
        "LAST USED",
    ]);
    let mut after: Option<ClientDocument> = None;
    loop {
        let page = store.documents(&filter, after.as_ref(), PAGE)?;
        out.rows(&mut table, &page, row, to_json)?;
        if i64::try_from(page.len())? < PAGE {
            return Ok(());
        }
        after = page.into_iter().next_back();
    }
}

/// Shows a document, its state and the agreed metadata.
fn show(
    config: &Config,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
    out: &mut Output,
) -> anyhow::Result<()> {
    let id = ClientId::new(url.as_str());
    let store = open_store::open_existing(config)?;
    let known = store
        .find_document(&provider.issuer, &id)?
        .ok_or_else(|| unknown(url))?;
    let object = to_json_whole(&known);
    let text = serde_json::to_string_pretty(&object)?;
    out.outcome(visible_json_lines(&text), &object)
}

/// Disables a document, or accepts it again.
fn disable(
    config: &Config,
    provider: &ProviderConfig,
    url: &ClientIdUrl,
    is_disabled: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    let id = ClientId::new(url.as_str());
    let store = open(config)?;
    let known = store.find_document(&provider.issuer, &id)?;
    let known = known.ok_or_else(|| unknown(url))?;
    let word = if is_disabled { "disabled" } else { "enabled" };
    let is_changed = store.disable_document(&provider.issuer, &id, is_disabled)?;
    let was_disabled = known.state == DocumentState::Disabled;
    if !is_changed && was_disabled != is_disabled {
        return Err(unknown(url));
    }
    let text = match is_changed {
        true => format!("{word} {url}"),
        false => format!("{url} is {word} already"),
    };
    out.outcome(text, &json!({ word: url.as_str(), "changed": is_changed }))
}

/// Removes documents; an unknown document is told at the end.
fn remove(
    config: &Config,
    provider: &ProviderConfig,
    urls: &[ClientIdUrl],
    out: &mut Output,
) -> anyhow::Result<()> {
    let store = open(config)?;
    let mut absent = Vec::new();
    for url in urls {
        let id = ClientId::new(url.as_str());
        if store.remove_document(&provider.issuer, &id)? {
            out.outcome(
                format!("removed {url}"),
                &json!({ "removed": url.as_str() }),
            )?;
        } else {
            absent.push(url);
        }
    }
    match absent.first() {
        Some(url) => Err(unknown(url)),
        None => Ok(()),
    }
}

fn unknown(url: &ClientIdUrl) -> anyhow::Error {
    anyhow!(
        "there is no document {url} at this provider; `frontdesk document list` shows those that are kept"
    )
}

/// Returns the agreed metadata as JSON, or null if it is damaged.
fn metadata_of(known: &ClientDocument) -> Value {
    serde_json::from_str(&known.metadata).unwrap_or_default()
}

fn row(known: &ClientDocument) -> Vec<String> {
    let metadata = metadata_of(known);
    let text = |member: &str| metadata.get(member).and_then(Value::as_str);
    vec![
        plain(known.client_id.as_str()).into_owned(),
        plain_or_dash(text("client_name")),
        known.state.to_string(),
        plain_or_dash(text("token_endpoint_auth_method")),
        date(known.fetched_at),
        match known.state {
            DocumentState::Pinned => "-".to_owned(),
            _ => date(known.fresh_until),
        },
        known.last_used_at.map_or_else(
            || "-".to_owned(),
            |day| date(day).chars().take(10).collect(),
        ),
    ]
}

fn to_json(known: &ClientDocument) -> Value {
    let metadata = metadata_of(known);
    json!({
        "url": known.client_id.as_str(),
        "name": metadata.get("client_name"),
        "state": known.state.as_str(),
        "method": metadata.get("token_endpoint_auth_method"),
        "fetched": known.fetched_at.seconds(),
        "fresh_until": known.fresh_until.seconds(),
        "last_used": seconds(known.last_used_at),
        "provider": known.provider.as_str(),
    })
}

fn to_json_whole(known: &ClientDocument) -> Value {
    let failure = known.failure.as_ref();
    json!({
        "url": known.client_id.as_str(),
        "provider": known.provider.as_str(),
        "state": known.state.as_str(),
        "added_by": known.added_by,
        "proven": known.is_proven(),
        "first_seen": known.first_seen_at.seconds(),
        "fetched": known.fetched_at.seconds(),
        "fresh_until": known.fresh_until.seconds(),
        "failed_since": failure.map(|failure| failure.since.seconds()),
        "failure": failure.map(|failure| failure.reason.as_str()),
        "revision": known.revision,
        "changed_at": known.changed_at.seconds(),
        "changed": known.changed,
        "asked": known.asked_at.seconds(),
        "last_used": seconds(known.last_used_at),
        "consistent": known.metadata_consistent,
        "metadata": metadata_of(known),
    })
}
