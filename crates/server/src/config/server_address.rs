//! The address of an authorization server, which is the operator's word: private addresses are allowed.

use anyhow::anyhow;
use protocol::uri::is_loopback;
use url::Url;

use crate::settings::named;

/// Reads the address that a setting has.
///
/// # Errors
/// Names the setting.
pub(super) fn read(key: &str, text: &str, plain_http: bool) -> anyhow::Result<Url> {
    parse(text, plain_http).ok_or_else(|| {
        anyhow!(
            "{} must be an https URL (http on loopback, or with plain_http), not {text:?}",
            named(key)
        )
    })
}

/// Parses an address: https, or http on loopback or where that is allowed, without user information and fragment.
pub fn parse(text: &str, plain_http: bool) -> Option<Url> {
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

/// Returns true if what is sent to the address passes a network in clear.
pub(super) fn is_plain(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
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
            assert_eq!(parse(text, false).is_some(), plain, "{text}");
            assert_eq!(parse(text, true).is_some(), with_plain_http, "{text}");
        }
    }
}
