//! The issuer of a provider and the URLs that are derived from it.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::uri::{URI_MAX, dns_name, is_loopback, port_number, split_port};

/// The WebFinger link relation of an issuer. OIDC Discovery §2.
pub const ISSUER_REL: &str = "http://openid.net/specs/connect/1.0/issuer";

/// The path of WebFinger. RFC 7033 §4.
pub const WEBFINGER_PATH: &str = "/.well-known/webfinger";

/// The description of WebFinger's 404, by which a check from outside knows that it comes from this program.
pub const UNKNOWN_RESOURCE: &str = "The resource is unknown.";

/// The well-known name of an OpenID Provider's metadata. OIDC Discovery §4.
pub const OPENID_CONFIGURATION: &str = "openid-configuration";

/// The well-known name of an authorization server's metadata. RFC 8414 §3.
pub const OAUTH_AUTHORIZATION_SERVER: &str = "oauth-authorization-server";

/// The maximum length of an issuer, in characters. It leaves room for the paths of the URLs that are derived from it.
const ISSUER_MAX: usize = URI_MAX / 2;

/// An Issuer Identifier: https (http on loopback only), with a host, without query, fragment or user information,
/// stored byte for byte. OIDC Discovery §3, RFC 8414 §2.
#[derive(Debug, Clone)]
pub struct Issuer {
    text: Arc<str>,
    host: Arc<str>,
    port: u16,
    loopback: bool,
    origin_len: usize,
}

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// The text is not an Issuer Identifier. The reason continues "the issuer".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic())
            || text.contains(['\\', '"', '<', '>', '{', '}', '|', '^', '`'])
        {
            return Err("must be a URL of plain ASCII characters");
        }
        if text.len() > ISSUER_MAX {
            return Err("is too long for the addresses that are derived from it");
        }
        if text.contains('?') {
            return Err("must not have a query");
        }
        if text.contains('#') {
            return Err("must not have a fragment");
        }
        let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
        let loopback = is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("must be https, except on loopback"),
            _ => return Err("must be an https URL"),
        }
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or("must begin with https:// in lower case")?;
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            return Err("must not have user information");
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("must have a host")?;
        let (raw_host, raw_port) = split_port(authority);
        if raw_host != host {
            return Err("must spell its host in lower case and in its canonical form");
        }
        if !host.starts_with('[') {
            check_dns_name(host)?;
        }
        if let Some(port) = raw_port {
            port_number(port)?;
        }
        let path = rest.get(authority.len()..).unwrap_or_default();
        let raw_path = if path.is_empty() { "/" } else { path };
        if url.path() != raw_path || path.contains("//") || path.contains('%') {
            return Err("must have a plain path");
        }
        let origin_len = text.len() - path.len();
        Ok(Self {
            host: host.into(),
            port: url.port_or_known_default().ok_or("must have a port")?,
            loopback,
            origin_len,
            text: text.into(),
        })
    }

    /// Returns the issuer, byte for byte as configured.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host, as an A-label in lower case or an IP literal.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, which is the default port of the scheme if none is written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns scheme, host and port as written: `https://login.example.com:9443`.
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin_len).unwrap_or(&self.text)
    }

    /// Returns host and port as written: `login.example.com:9443`.
    pub fn authority(&self) -> &str {
        self.origin()
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// Returns the path without a trailing slash: empty, or `/t/acme`.
    pub fn path(&self) -> &str {
        self.text
            .get(self.origin_len..)
            .unwrap_or_default()
            .trim_end_matches('/')
    }

    /// Returns true if the host is loopback.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Returns true if the scheme is https.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Returns the tenant, if the path is `/t/{tenant}`.
    pub fn tenant(&self) -> Option<&str> {
        self.path()
            .strip_prefix("/t/")
            .filter(|tenant| !tenant.is_empty() && !tenant.contains('/'))
    }

    /// Returns the URL of an endpoint below the issuer: `{issuer}/register`.
    pub fn endpoint(&self, name: &str) -> String {
        [self.origin(), self.path(), "/", name].concat()
    }

    /// Returns the URL of a metadata document with the well-known segment after the path (OIDC Discovery §4).
    pub fn appended(&self, well_known: &str) -> String {
        self.endpoint(&format!(".well-known/{well_known}"))
    }

    /// Returns the URL of a metadata document with the well-known segment before the path (RFC 8414 §3.1).
    pub fn inserted(&self, well_known: &str) -> String {
        format!("{}/.well-known/{well_known}{}", self.origin(), self.path())
    }
}

impl PartialEq for Issuer {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Issuer {}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks that a host is a DNS name without underscores, for which no certificate authority issues certificates.
fn check_dns_name(host: &str) -> Result<(), &'static str> {
    match host.contains('_') {
        true => Err("must have a host of letters, digits and hyphens"),
        false => dns_name(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_follows_from_the_issuer() {
        let issuer = Issuer::parse("https://login.example.com:9443/t/acme").unwrap();
        assert_eq!(issuer.origin(), "https://login.example.com:9443");
        assert_eq!(issuer.authority(), "login.example.com:9443");
        assert_eq!(issuer.path(), "/t/acme");
        assert_eq!(issuer.tenant(), Some("acme"));
        assert_eq!(
            issuer.endpoint("register"),
            "https://login.example.com:9443/t/acme/register"
        );
        assert_eq!(
            issuer.inserted(OAUTH_AUTHORIZATION_SERVER),
            "https://login.example.com:9443/.well-known/oauth-authorization-server/t/acme"
        );
        assert_eq!(
            issuer.appended(OPENID_CONFIGURATION),
            "https://login.example.com:9443/t/acme/.well-known/openid-configuration"
        );
    }

    #[test]
    fn trailing_slash_is_not_doubled_in_derived_urls() {
        let issuer = Issuer::parse("https://login.example.com/").unwrap();
        assert_eq!(issuer.as_str(), "https://login.example.com/");
        assert_eq!(issuer.endpoint("jwks"), "https://login.example.com/jwks");
        assert_eq!(
            issuer.inserted(OPENID_CONFIGURATION),
            "https://login.example.com/.well-known/openid-configuration"
        );
    }

    /// A text that is not an issuer is refused.
    #[test]
    fn invalid_issuer_is_refused() {
        for text in [
            "",
            "login.example.com",
            "http://login.example.com",
            "https://",
            "https://user@login.example.com",
            "https://login.example.com?x=1",
            "https://login.example.com#",
            "https://Login.example.com",
            "https://login.example.com/a/../b",
            "https://login.example.com/a//b",
            "https://0x7f.1",
            "ftp://login.example.com",
            "HTTPS://login.example.com",
            "https://bücher.example",
            "https://login_1.example.com",
            "https://login.example.com:",
            "https://login.example.com:0",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
        assert!(Issuer::parse("http://localhost:9443").is_ok());
        assert!(Issuer::parse("http://[::1]:9443").is_ok());
    }
}
