//! The private destinations that the operator permits.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// A destination from which documents are fetched although its address is not public: a host, compared exactly after
/// normalisation, and a port. Written `idp.internal:8443`, `10.0.0.5:443` or `[fd00::5]:8443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedDestination {
    host: Host<String>,
    port: u16,
}

impl AllowedDestination {
    pub(crate) fn matches(&self, host: &Host<&str>, port: u16) -> bool {
        self.port == port
            && match (&self.host, host) {
                (Host::Domain(ours), Host::Domain(theirs)) => ours == theirs,
                (Host::Ipv4(ours), Host::Ipv4(theirs)) => ours == theirs,
                (Host::Ipv6(ours), Host::Ipv6(theirs)) => ours == theirs,
                _ => false,
            }
    }
}

impl FromStr for AllowedDestination {
    type Err = AllowedDestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| AllowedDestinationError(text.to_owned()))
    }
}

impl fmt::Display for AllowedDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn parse(text: &str) -> Option<AllowedDestination> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())
        .flatten()
        .filter(|port| *port != 0)?;
    // The parser is the one for the addresses to fetch, so that both sides are normalised alike. With a special scheme it reads
    // numbers as IPv4 addresses. Characters that would end the host early, or look like a pattern, are refused first.
    let second_port = host.contains(':') && !host.starts_with('[');
    if host.is_empty()
        || second_port
        || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\?#@*".contains(c))
    {
        return None;
    }
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    Some(AllowedDestination {
        host: url.host()?.to_owned(),
        port,
    })
}

/// An entry of the allow-list that is not a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` in `[outbound] allow` must be a host and a port, such as `idp.internal:8443`.")]
pub struct AllowedDestinationError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_normalised_and_ports_are_needed() {
        for (text, normal) in [
            ("IDP.Internal:8443", "idp.internal:8443"),
            ("127.1:443", "127.0.0.1:443"),
            ("[FD00:0::5]:8443", "[fd00::5]:8443"),
            ("localhost:1", "localhost:1"),
            ("bücher.internal:443", "xn--bcher-kva.internal:443"),
        ] {
            assert_eq!(
                text.parse::<AllowedDestination>().unwrap().to_string(),
                normal
            );
        }
        for text in [
            "",
            ":",
            "idp.internal",
            "idp.internal:",
            ":443",
            "idp.internal:0",
            "idp.internal:65536",
            "idp.internal:+1",
            "https://idp.internal:443",
            "a:b:443",
            "u@idp.internal:443",
            "idp.internal/x:443",
            "fd00::5:443",
            "[fd00::5]",
            "*:443",
            "*.internal:443",
            "a:443:443",
            "a b:443",
        ] {
            let problem = text.parse::<AllowedDestination>().unwrap_err().to_string();
            assert!(
                problem.starts_with(&format!("`{text}` in `[outbound] allow`")),
                "{problem}"
            );
        }
    }
}
