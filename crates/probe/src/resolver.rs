//! Resolves hosts with the system's resolver, or with the caller's overrides.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// An override of DNS, written `HOST:PORT:ADDRESS`, to check a deployment before its name points there. The address may have
/// its own port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveOverride {
    host: String,
    port: u16,
    to: SocketAddr,
}

impl FromStr for ResolveOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || "must be HOST:PORT:ADDRESS, as in login.example.com:443:192.0.2.7".to_owned();
        let (host, rest) = text.split_once(':').ok_or_else(form)?;
        let (port, address) = rest.split_once(':').ok_or_else(form)?;
        let port: u16 = port.parse().map_err(|_| form())?;
        let ip = address
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .map(|ip| SocketAddr::new(ip, port));
        let to = ip.or_else(|_| address.parse()).map_err(|_| form())?;
        if host.is_empty() {
            Err(form())
        } else {
            Ok(Self {
                host: host.to_ascii_lowercase(),
                port,
                to,
            })
        }
    }
}

fn find_override(resolve: &[ResolveOverride], host: &str, port: u16) -> Option<SocketAddr> {
    resolve
        .iter()
        .find(|entry| entry.host.eq_ignore_ascii_case(host) && entry.port == port)
        .map(|entry| entry.to)
}

/// Returns every address of a host; an empty list if it is unknown.
pub(crate) fn resolve_addresses(
    resolve: &[ResolveOverride],
    host: &str,
    port: u16,
) -> Vec<SocketAddr> {
    match find_override(resolve, host, port) {
        Some(to) => vec![to],
        None => (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .map(Iterator::collect)
            .unwrap_or_default(),
    }
}

/// Applies the overrides, then asks the system's resolver. A name without an address is reported as an unknown host instead of a
/// connection error.
#[derive(Debug, Default)]
pub(crate) struct HostResolver {
    system: DefaultResolver,
    resolve: Vec<ResolveOverride>,
}

impl HostResolver {
    pub(crate) fn new(resolve: &[ResolveOverride]) -> Self {
        Self {
            system: DefaultResolver::default(),
            resolve: resolve.to_vec(),
        }
    }
}

impl Resolver for HostResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri
            .port_u16()
            .unwrap_or(if uri.scheme_str() == Some("http") {
                80
            } else {
                443
            });
        if let Some(to) = uri
            .host()
            .and_then(|host| find_override(&self.resolve, host, port))
        {
            let mut addresses = self.empty();
            addresses.push(to);
            return Ok(addresses);
        }
        self.system
            .resolve(uri, config, timeout)
            .map_err(|error| match error {
                ureq::Error::Io(_) => ureq::Error::HostNotFound,
                other => other,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host resolves to the address that the caller gives.
    #[test]
    fn host_resolves_to_the_given_address() {
        for (text, to) in [
            ("Login.example.com:443:192.0.2.7", "192.0.2.7:443"),
            ("login.example.com:443:192.0.2.7:8443", "192.0.2.7:8443"),
            ("login.example.com:443:2001:db8::7", "[2001:db8::7]:443"),
            (
                "login.example.com:443:[2001:db8::7]:8443",
                "[2001:db8::7]:8443",
            ),
        ] {
            let resolve = [text.parse::<ResolveOverride>().unwrap()];
            assert_eq!(
                resolve_addresses(&resolve, "login.example.com", 443),
                [to.parse().unwrap()],
                "{text}"
            );
            assert_eq!(
                find_override(&resolve, "login.example.com", 80),
                None,
                "{text}"
            );
        }
    }

    /// A malformed override of an address is refused.
    #[test]
    fn malformed_override_is_refused() {
        for text in [
            "",
            "login.example.com",
            "login.example.com:443",
            "login.example.com:x:192.0.2.7",
            "a:443:b",
            ":443:192.0.2.7",
        ] {
            assert!(
                text.parse::<ResolveOverride>()
                    .unwrap_err()
                    .starts_with("must be HOST:PORT:ADDRESS"),
                "{text}"
            );
        }
    }
}
