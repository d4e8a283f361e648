//! The address of the client that sent a request, directly or through configured proxies. RFC 7239.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use ipnet::IpNet;

/// The proxies whose header about the client's address is trusted; none by default.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// The networks of the proxies.
    pub networks: Vec<IpNet>,
    /// The header that they write. The other header may come from the client and is ignored.
    pub header: ProxyHeader,
}

/// The networks whose addresses have no limit on registrations; none by default.
#[derive(Debug, Clone, Default)]
pub struct UnthrottledNetworks(pub Vec<IpNet>);

/// The header in which proxies name the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded`. RFC 7239 §4.
    Forwarded,
}

impl Proxies {
    /// Returns true for the address of a proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Returns the client's address: that of the peer, or, if that is a proxy, the last address in the proxies' header that is not
    /// a proxy.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let mut hops = self.header.hops(headers);
        while let Some(hop) = hops.pop() {
            // A proxy that does not know or name its client ends the chain, and counts as the client.
            let Some(address) = hop else { return client };
            client = address;
            if !self.contains(client) {
                return client;
            }
        }
        client
    }
}

/// Returns the address of a request's client for rate limits: an IPv6 address is reduced to its /64 network, which usually
/// belongs to a customer.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    full_client_address(request).map(rate_limit_address)
}

/// Returns the same address for limits on an address, or `None` for a proxy, which has many clients.
pub fn client_address_unless_proxy(request: &HttpRequest) -> Option<IpAddr> {
    let proxies = request.app_data::<Data<Proxies>>();
    full_client_address(request)
        .filter(|client| !proxies.is_some_and(|proxies| proxies.contains(*client)))
        .map(rate_limit_address)
}

/// Returns true if the address of a request's client is in one of the [`UnthrottledNetworks`]. It is the whole address, not the
/// IPv6 network of a rate limit.
pub fn is_unthrottled(request: &HttpRequest) -> bool {
    let networks = request.app_data::<Data<UnthrottledNetworks>>();
    networks.is_some_and(|networks| {
        full_client_address(request)
            .is_some_and(|client| networks.0.iter().any(|network| network.contains(&client)))
    })
}

fn full_client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request
        .peer_addr()
        .map(|address: SocketAddr| address.ip())?;
    Some(match request.app_data::<Data<Proxies>>() {
        Some(proxies) => proxies.client(peer, request.headers()),
        None => peer.to_canonical(),
    })
}

/// Reduces an IPv6 address to its /64 network, for rate limits.
pub fn rate_limit_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl ProxyHeader {
    /// Returns the address of every hop in the header, the nearest last, or `None` for a hop without an address.
    fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self {
            Self::XForwardedFor => ("x-forwarded-for", parse_node),
            Self::Forwarded => ("forwarded", for_parameter),
        };
        // Bytes that are not text count as one unknown hop, and do not hide the hops after them.
        let lists = headers
            .get_all(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        lists
            .flat_map(|list| list.split(',').map(read).collect::<Vec<_>>())
            .collect()
    }
}

/// Parses the `for` parameter of an element of `Forwarded`. RFC 7239 §5.2.
fn for_parameter(element: &str) -> Option<IpAddr> {
    let (_, value) = element
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    parse_node(value.trim().trim_matches('"'))
}

/// Parses an address with or without a port. RFC 7239 §6.
fn parse_node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?.parse().ok()?,
        None => text
            .parse()
            .ok()
            .or_else(|| text.rsplit_once(':')?.0.parse().ok())?,
    };
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn seen(peer: &str, headers: &[(&str, &str)]) -> String {
        seen_in(ProxyHeader::XForwardedFor, peer, headers)
    }

    fn seen_in(header: ProxyHeader, peer: &str, headers: &[(&str, &str)]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"]
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        Proxies { networks, header }
            .client(peer.parse().unwrap(), &map)
            .to_string()
    }

    /// Only configured proxies are trusted with the client's address.
    #[test]
    fn only_configured_proxies_are_trusted() {
        assert_eq!(
            seen("192.0.2.9", &[("x-forwarded-for", "203.0.113.5")]),
            "192.0.2.9"
        );
        assert_eq!(
            seen("10.0.0.1", &[("x-forwarded-for", "203.0.113.5")]),
            "203.0.113.5"
        );
        assert_eq!(
            seen("::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.5")]),
            "203.0.113.5"
        );
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    /// An address that a client writes into the header itself is ignored.
    #[test]
    fn claimed_client_address_is_ignored() {
        assert_eq!(
            seen(
                "10.0.0.1",
                &[("x-forwarded-for", "198.51.100.1, 203.0.113.5")]
            ),
            "203.0.113.5"
        );
        assert_eq!(
            seen(
                "10.0.0.1",
                &[
                    ("x-forwarded-for", "198.51.100.1"),
                    ("x-forwarded-for", "203.0.113.5, 10.9.9.9")
                ]
            ),
            "203.0.113.5"
        );
        assert_eq!(
            seen("10.0.0.1", &[("x-forwarded-for", "10.2.2.2")]),
            "10.2.2.2"
        );
        assert_eq!(
            seen("10.0.0.1", &[("x-forwarded-for", "203.0.113.5, rubbish")]),
            "10.0.0.1"
        );
        assert_eq!(
            seen("10.0.0.1", &[("x-forwarded-for", "\u{fc}, 203.0.113.5")]),
            "203.0.113.5"
        );
    }

    /// Only the header that the proxies write is read.
    #[test]
    fn only_the_configured_header_is_read() {
        let both = [
            (
                "forwarded",
                "for=198.51.100.1, for=\"[2001:db8::7]:4711\";proto=https",
            ),
            ("x-forwarded-for", "203.0.113.5"),
        ];
        assert_eq!(seen("10.0.0.1", &both), "203.0.113.5");
        let forwarded =
            |peer: &str, headers: &[(&str, &str)]| seen_in(ProxyHeader::Forwarded, peer, headers);
        assert_eq!(forwarded("10.0.0.1", &both), "2001:db8::7");
        assert_eq!(
            forwarded("fd00::1", &[("forwarded", "For=203.0.113.5:80")]),
            "203.0.113.5"
        );
        assert_eq!(
            forwarded("10.0.0.1", &[("forwarded", "for=unknown")]),
            "10.0.0.1"
        );
        assert_eq!(
            forwarded("10.0.0.1", &[("forwarded", "proto=https")]),
            "10.0.0.1"
        );
        assert_eq!(
            forwarded("10.0.0.1", &[("x-forwarded-for", "203.0.113.5")]),
            "10.0.0.1"
        );
    }
}
