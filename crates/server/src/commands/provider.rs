//! `frontdesk provider`.

use std::time::Duration;

use humantime::format_duration;
use keys::{KeyInfo, KeyState};
use protocol::{Clock, Timestamp};
use serde_json::json;
use store::ClientFilter;

use super::{key, providers};
use crate::config::{Config, ProviderConfig};
use crate::open_store;
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
        let which = ClientFilter {
            provider: Some(provider.issuer.as_str().to_owned()),
            ..ClientFilter::default()
        };
        listed.push(ProviderLine {
            provider,
            access: format!("{:?}", provider.access).to_lowercase(),
            clients: store.count_clients(&which)?,
            keys: keys::list(&store, &provider.issuer, now)?,
        });
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

fn to_json(listed: &ProviderLine<'_>) -> serde_json::Value {
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
