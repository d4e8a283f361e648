//! `frontdesk provider`.

use std::time::Duration;

use anyhow::Context;
use humantime::format_duration;
use keys::{KeyInfo, KeyState};
use protocol::escape::visible_json_lines;
use protocol::{Clock, Timestamp};
use provisioning::{Limit, LimitRule};
use serde_json::{Value, json};
use store::{ClientFilter, Store};
use url::Url;

use super::{key, providers, seconds};
use crate::config::{Config, ProviderConfig};
use crate::open_store;
use crate::setting::DefaultText;
use crate::terminal::output::Output;
use crate::terminal::table::TextTable;

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

struct ProviderLine<'a> {
    provider: &'a ProviderConfig,
    access: String,
    clients: u64,
    keys: Vec<KeyInfo>,
}

/// Lists the configured providers, with their clients and keys.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn list(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let store = open_store::open_existing(config)?;
    let now = Clock::system().now();
    let mut listed = Vec::new();
    for provider in providers(config)? {
        listed.push(line(&store, provider, now)?);
    }
    let mut table = TextTable::new(&[
        "ISSUER",
        "REGISTRATION",
        "DOMAINS",
        "CLIENTS",
        "SIGNING KEYS",
    ]);
    out.rows(&mut table, &listed, |listed| row(listed, now), to_json)
}

fn line<'a>(
    store: &Store,
    provider: &'a ProviderConfig,
    now: Timestamp,
) -> anyhow::Result<ProviderLine<'a>> {
    let which = ClientFilter {
        provider: Some(provider.issuer.as_str().to_owned()),
        ..ClientFilter::default()
    };
    Ok(ProviderLine {
        provider,
        access: format!("{:?}", provider.access).to_lowercase(),
        clients: store.count_clients(&which)?,
        keys: keys::list(store, &provider.issuer, now)?,
    })
}

/// Shows a provider as JSON, with the authorization server behind it and the limits of that server.
///
/// # Errors
/// If the provider is not configured, or the store fails.
pub fn show(config: &Config, issuer: Option<&str>, out: &mut Output) -> anyhow::Result<()> {
    let all = providers(config)?;
    let provider = match (issuer, all) {
        (Some(issuer), all) => all.iter().find(|one| one.issuer.as_str() == issuer),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let provider = provider.with_context(|| {
        let known: Vec<&str> = all.iter().map(|one| one.issuer.as_str()).collect();
        format!(
            "name the issuer of a provider that is configured: {}",
            known.join(", ")
        )
    })?;
    let store = open_store::open_existing(config)?;
    let line = line(&store, provider, Clock::system().now())?;
    let mut object = to_json(&line);
    let upstream = provider.upstream.as_ref();
    let copy = upstream.map(|_| store.upstream_copy(&provider.issuer));
    let times = copy.transpose()?.flatten().map(|copy| copy.times);
    let upstream = upstream.map(|upstream| {
        json!({
            "document": upstream.document.as_str(),
            "fetched_at": seconds(times.map(|times| times.fetched_at)),
            "changed_at": seconds(times.map(|times| times.changed_at)),
        })
    });
    let provision = provider.provision.as_ref().map(|provision| {
        let target = &provision.target;
        json!({
            "to": target.kind().text(),
            "at": target.address().map(Url::as_str),
            "limits": target.limits().iter().map(limit).collect::<Vec<_>>(),
        })
    });
    if let Some(members) = object.as_object_mut() {
        members.insert("upstream".to_owned(), upstream.into());
        members.insert("provision".to_owned(), provision.into());
    }
    let text = serde_json::to_string_pretty(&object)?;
    out.outcome(visible_json_lines(&text), &object)
}

/// Returns a limit of an authorization server for JSON.
fn limit(limit: &Limit) -> Value {
    match limit.rule {
        LimitRule::MaxChars(most) => json!({ "member": limit.member, "max_chars": most }),
        LimitRule::NotEndingIn(end) => json!({ "member": limit.member, "not_ending_in": end }),
    }
}

/// Returns the hosts that WebFinger answers for, the issuer's own first.
fn domains(provider: &ProviderConfig) -> Vec<String> {
    let own = provider.issuer.host().to_owned();
    let others = provider
        .domains
        .iter()
        .map(ToString::to_string)
        .filter(|domain| *domain != own);
    std::iter::once(own.clone()).chain(others).collect()
}

fn row(listed: &ProviderLine<'_>, now: Timestamp) -> Vec<String> {
    let signing = listed
        .keys
        .iter()
        .filter(|key| key.state == KeyState::Signing);
    let keys: Vec<String> = signing
        .map(|key| format!("{} {}", key.algorithm.as_str(), age(key.created_at, now)))
        .collect();
    vec![
        listed.provider.issuer.to_string(),
        listed.access.clone(),
        domains(listed.provider).join(", "),
        listed.clients.to_string(),
        if keys.is_empty() {
            "-".to_owned()
        } else {
            keys.join(", ")
        },
    ]
}

/// Formats an age in whole days.
fn age(made: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(now.seconds().saturating_sub(made.seconds())).unwrap_or(0);
    match seconds - seconds % DAY {
        0 => "0days".to_owned(),
        days => format_duration(Duration::from_secs(days)).to_string(),
    }
}

fn to_json(listed: &ProviderLine<'_>) -> Value {
    let issuer = &listed.provider.issuer;
    let keys = listed.keys.iter().map(|key| key::to_json(issuer, key));
    json!({
        "issuer": listed.provider.issuer.as_str(),
        "registration": listed.access,
        "domains": domains(listed.provider),
        "clients": listed.clients,
        "keys": keys.collect::<Vec<_>>(),
    })
}
