//! The private destinations an operator permits.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// One destination that is fetched from although its address is not public: a host, compared exactly after
/// normalisation, and a port. Written `idp.internal:8443`, `10.0.0.5:443` or `[fd00::5]:8443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    host: Host<String>,
    port: u16,
}

impl Allowed {
    pub(crate) fn covers(&self, host: &Host<&str>, port: u16) -> bool {
        self.port == port
            && match (&self.host, host) {
                (Host::Domain(ours), Host::Domain(theirs)) => ours == theirs,
                (Host::Ipv4(ours), Host::Ipv4(theirs)) => ours == theirs,
                (Host::Ipv6(ours), Host::Ipv6(theirs)) => ours == theirs,
                _ => false,
            }
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| AllowedError(text.to_owned()))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn read(text: &str) -> Option<Allowed> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())
        .flatten()
        .filter(|port| *port != 0)?;
    // The same parser that reads the addresses, so that both sides are normalised alike. A special scheme is what makes
    // it read numbers as IPv4 addresses; what would make it stop early, or promise a pattern, is no part of a host.
    let second_port = host.contains(':') && !host.starts_with('[');
    if host.is_empty()
        || second_port
        || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/\\?#@*".contains(c))
    {
        return None;
    }
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    Some(Allowed {
        host: url.host()?.to_owned(),
        port,
    })
}

/// An entry of the allow-list that is not a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` in `[outbound] allow` must be a host and a port, such as `idp.internal:8443`.")]
pub struct AllowedError(String);

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
            assert_eq!(text.parse::<Allowed>().unwrap().to_string(), normal);
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
            let problem = text.parse::<Allowed>().unwrap_err().to_string();
            assert!(
                problem.starts_with(&format!("`{text}` in `[outbound] allow`")),
                "{problem}"
            );
        }
    }
}
