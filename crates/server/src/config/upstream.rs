//! `[provider.upstream]`: the authorization server whose document is the provider's.

use std::time::Duration;

use anyhow::{anyhow, bail};
use protocol::Object;
use protocol::upstream::check_additions;
use url::{Host, Url};

use super::json_table::json_object;
use crate::settings::{UpstreamSettings, named};

const DOCUMENT: &str = "provider.upstream.document";
const ADD: &str = "provider.upstream.add";

/// The authorization server behind a provider.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// The address of its document.
    pub document: Url,
    /// The interval at which it is asked again.
    pub refresh: Duration,
    /// Values that are added to its lists.
    pub add: Object,
    /// True if its document comes in clear from beyond loopback.
    pub is_plain: bool,
}

/// Reads the section; nothing if it is empty.
///
/// # Errors
/// Names the setting that is wrong.
pub(super) fn read(settings: UpstreamSettings) -> anyhow::Result<Option<UpstreamConfig>> {
    let Some(text) = &settings.document else {
        if settings != UpstreamSettings::default() {
            bail!(
                "{} must be set, since other settings of [provider.upstream] are",
                named(DOCUMENT)
            );
        }
        return Ok(None);
    };
    let document = address(text, settings.plain_http).ok_or_else(|| {
        anyhow!(
            "{} must be an https URL (http on loopback, or with plain_http), not {text:?}",
            named(DOCUMENT)
        )
    })?;
    let add = json_object(settings.add, ADD)?;
    check_additions(&add)
        .map_err(|invalid| anyhow!("{ADD}.{} {}", invalid.member, invalid.reason))?;
    Ok(Some(UpstreamConfig {
        is_plain: document.scheme() == "http" && !is_loopback(&document),
        document,
        refresh: settings.refresh,
        add,
    }))
}

/// Parses an address of the operator's: https, or http on loopback or where that is allowed, without user information and fragment.
fn address(text: &str, plain_http: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let allowed = match url.scheme() {
        "https" => true,
        "http" => plain_http || is_loopback(&url),
        _ => false,
    };
    let has_more =
        !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
    (allowed && !has_more && url.has_host()).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address is https, or http on loopback or with `plain_http`, without user information and fragment.
    #[test]
    fn address_is_https_or_on_loopback() {
        for (text, plain, with_plain_http) in [
            ("https://login.example.com/x", true, true),
            ("http://127.0.0.1:8080/x", true, true),
            ("http://[::1]/x", true, true),
            ("http://idp.localhost/x", true, true),
            ("http://keycloak:8080/x", false, true),
            ("http://localhost.example.com/x", false, true),
            ("https://user@login.example.com/x", false, false),
            ("https://:secret@login.example.com/x", false, false),
            ("https://login.example.com/x#y", false, false),
            ("ftp://login.example.com/x", false, false),
            ("file:///etc/passwd", false, false),
            ("login.example.com", false, false),
        ] {
            assert_eq!(address(text, false).is_some(), plain, "{text}");
            assert_eq!(address(text, true).is_some(), with_plain_http, "{text}");
        }
    }
}
