//! A host with an optional port.

use protocol::Issuer;
use url::{Host, Url};

/// The default port, which is that of https: WebFinger uses https only. RFC 7033 §4.
pub(crate) const HTTPS_PORT: u16 = 443;

/// `host [ ":" port ]` of RFC 3986 §3.2. The host is in canonical form: A-labels in lower case without a dot at the end, or an
/// address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// Parses a host with an optional port.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The colons inside the brackets of an IPv6 literal do not begin a port.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (text, ""),
        };
        let port = if port.is_empty() {
            None
        } else {
            Some(parse_port(port)?)
        };
        Some(Self {
            host: if is_canonical(host) {
                Host::Domain(host.to_owned())
            } else {
                canonical(Host::parse(host).ok()?)?
            },
            port,
        })
    }

    /// Returns the authority of a URL, or `None` without a host. The default port of the scheme is left out.
    pub(crate) fn from_url(url: &Url) -> Option<Self> {
        Some(Self {
            host: canonical(url.host()?.to_owned())?,
            port: url.port(),
        })
    }

    /// Returns the authority of an issuer, including its default port.
    pub(crate) fn from_issuer(issuer: &Issuer) -> Option<Self> {
        Some(Self {
            host: canonical(Host::parse(issuer.host()).ok()?)?,
            port: Some(issuer.port()),
        })
    }
}

/// Returns true for a domain that is surely in canonical form, which saves parsing it: plain labels, none of them an A-label, the
/// last of them not a number.
fn is_canonical(text: &str) -> bool {
    let plain = |label: &str| {
        !label.is_empty()
            && !label.starts_with("xn--")
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.split('.').all(plain)
        && text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_lowercase()))
}

fn parse_port(text: &str) -> Option<u16> {
    // The number's parser would accept a sign as well.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Removes the dot at the end of an absolute name, which is the same host (RFC 1034 §3.1).
fn canonical(host: Host) -> Option<Host> {
    match host {
        Host::Domain(mut name) => {
            if name.ends_with('.') {
                name.pop();
            }
            (!name.is_empty()).then_some(Host::Domain(name))
        }
        address => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_form() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("EXAMPLE.com.:8443", "example.com", Some(8443)),
            ("localhost:", "localhost", None),
            ("bücher.example", "xn--bcher-kva.example", None),
            ("XN--BCHER-KVA.example:1", "xn--bcher-kva.example", Some(1)),
            ("b%C3%BCcher.example", "xn--bcher-kva.example", None),
            ("bücher。example", "xn--bcher-kva.example", None),
            ("127.0.0.1:9443", "127.0.0.1", Some(9443)),
            ("[::1]", "[::1]", None),
            ("[0:0::1]:9443", "[::1]", Some(9443)),
        ] {
            let authority = Authority::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (authority.host.to_string().as_str(), authority.port),
                (host, port),
                "{text}"
            );
        }
    }

    /// A text that is not a host is refused.
    #[test]
    fn invalid_host_is_refused() {
        for text in [
            "",
            ".",
            ":",
            ":443",
            "a b",
            "a:b",
            "a:+1",
            "a:65536",
            "::1",
            "[::1",
            "[::1]x",
            "a/b",
            "a?b",
            "a#b",
            "u@a",
            "a%00",
            "xn--a",
            "1.2.3.4.5",
        ] {
            assert_eq!(Authority::parse(text), None, "{text}");
        }
    }
}
