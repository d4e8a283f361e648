//! The hosts for which the operator lets a provider answer.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use url::Host;

use crate::authority::Authority;

/// A host for which a provider answers: `example.com` is that host on any port, `example.com:8443` on that port only. A name
/// may be written in Unicode or as A-labels (RFC 5891 §4), an IPv6 address is in brackets (RFC 3986 §3.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(Authority);

impl Domain {
    /// The host, without a port.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let authority = Authority::parse(text).filter(|_| !text.ends_with(':'));
        authority
            .filter(|authority| authority.port != Some(0) && is_plain(&authority.host))
            .map(Self)
            .ok_or_else(|| DomainError(text.to_owned()))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.port {
            Some(port) => write!(f, "{}:{port}", self.0.host),
            None => write!(f, "{}", self.0.host),
        }
    }
}

/// Returns true for a host name of letters, digits, `-` and `_`, or an address. The host of a URI may have other characters,
/// for example `*`, which an operator might take for a wildcard.
fn is_plain(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        }),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

/// Text that is not a [`Domain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainError(String);

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` among the domains must be a host, or a host and a port, such as `example.com` or `example.com:8443`.",
            self.0
        )
    }
}

impl Error for DomainError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A domain is a host with an optional port.
    #[test]
    fn domain_is_a_host_with_optional_port() {
        for (text, normal) in [
            ("example.com", "example.com"),
            ("Example.COM.:8443", "example.com:8443"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("127.0.0.1:9443", "127.0.0.1:9443"),
            ("[0::1]:9443", "[::1]:9443"),
        ] {
            assert_eq!(text.parse::<Domain>().unwrap().to_string(), normal);
        }
    }

    /// A text that is not a domain is named in the error.
    #[test]
    fn invalid_domain_is_named() {
        for text in [
            "",
            " example.com",
            "https://example.com",
            "example.com/",
            "alice@example.com",
            "*.example.com",
            "example..com",
            ".example.com",
            "example.com:",
            "example.com:0",
            "example.com:https",
            "::1",
            "xn--a",
        ] {
            let problem = text.parse::<Domain>().unwrap_err().to_string();
            assert!(
                problem.starts_with(&format!("`{text}` among the domains must be")),
                "{problem}"
            );
        }
        assert!(
            format!("{}.example", "a".repeat(64))
                .parse::<Domain>()
                .is_err()
        );
    }
}
