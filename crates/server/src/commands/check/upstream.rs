//! Compares a provider with the authorization server behind it, whose document is asked for.

use std::collections::BTreeSet;

use anyhow::anyhow;
use protocol::json::read_stored_object;
use protocol::member::SingleValue;
use protocol::uri::EndpointUri;
use protocol::{Object, ProviderMetadata};
use serde_json::Value;
use store::UpstreamCopy;
use url::Url;

use crate::commands::{date, error_text};
use crate::config::{Config, ProviderConfig, UpstreamConfig};
use crate::provider::{ProviderOffer, offer_from};
use crate::upstream::{asked, changes, source, stored};

/// Returns the document that a start would serve, with notes about it; nothing if the configured members are wrong, which is
/// reported elsewhere.
///
/// # Errors
/// There is no document, or the server's cannot be taken.
pub(super) fn check(
    config: &Config,
    provider: &ProviderConfig,
    upstream: &UpstreamConfig,
    notes: &mut Vec<String>,
) -> anyhow::Result<Option<ProviderOffer>> {
    if provider.check().is_err() {
        return Ok(None);
    }
    if upstream.is_plain {
        notes.push(format!(
            "the document at {} comes in clear: a network that can change it on its way decides where users log in",
            upstream.document
        ));
    }
    let source = source(config, upstream)?;
    let text = match (asked(provider, &source), stored(config, provider)) {
        (Ok(text), copy) => {
            notes.extend(copy.and_then(|copy| changed(&copy, &text)));
            text
        }
        (Err(error), Some(copy)) => {
            notes.push(format!(
                "{}; the copy of {} is served",
                error_text(&error),
                date(copy.times.fetched_at)
            ));
            copy.fetched.document.into_bytes()
        }
        (Err(error), None) => {
            return Err(anyhow!("{}; the first start needs it", error_text(&error)));
        }
    };
    let offer = offer_from(provider, upstream, &text)
        .map_err(|refusal| anyhow!(refusal.sentence(&provider.issuer, source.url())))?;
    let server = read_stored_object(&text).unwrap_or_default();
    notes.extend(beyond(&provider.metadata, &server));
    notes.extend(elsewhere(provider, &server));
    Ok(Some(offer))
}

/// Returns a note about the members that the server changed since its document was stored, if there are any.
fn changed(copy: &UpstreamCopy, text: &[u8]) -> Option<String> {
    let names = changes(&copy.fetched.document, std::str::from_utf8(text).ok()?);
    (!names.is_empty()).then(|| {
        format!(
            "the authorization server changed {} since {}; the next refresh takes it",
            names.join(", "),
            date(copy.times.changed_at)
        )
    })
}

/// Returns a note for each configured list with values that the server does not offer.
fn beyond(configured: &Object, server: &Object) -> Vec<String> {
    let elements = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
    let mut notes = Vec::new();
    for (name, value) in configured {
        let (Some(ours), Some(theirs)) = (elements(Some(value)), elements(server.get(name))) else {
            continue;
        };
        let more: Vec<&str> = ours
            .iter()
            .filter(|one| !theirs.contains(one))
            .filter_map(Value::as_str)
            .collect();
        if !more.is_empty() {
            notes.push(format!(
                "provider.metadata.{name} offers {}, which the authorization server does not",
                more.join(", ")
            ));
        }
    }
    notes
}

/// Returns a note about the endpoints of the server on another host than the issuer's, if it has any.
fn elsewhere(provider: &ProviderConfig, server: &Object) -> Option<String> {
    let endpoints = ProviderMetadata::ROWS
        .iter()
        .filter(|row| row.shape == EndpointUri::SHAPE && row.name != "registration_endpoint");
    let mut hosts = BTreeSet::new();
    let mut first = None;
    for row in endpoints {
        let text = server.get(row.name).and_then(Value::as_str);
        let url = text.and_then(|text| Url::parse(text).ok());
        let host = url.as_ref().and_then(Url::host_str);
        if let Some(host) = host.filter(|host| *host != provider.issuer.host()) {
            first = first.or(Some(row.name));
            hosts.insert(host.to_owned());
        }
    }
    let hosts: Vec<String> = hosts.into_iter().collect();
    first.map(|first| {
        format!(
            "the authorization server has endpoints on {}, first {first}, while the issuer is on {}: it may not know its public name",
            hosts.join(", "),
            provider.issuer.host()
        )
    })
}
