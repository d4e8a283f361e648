//! `Forwarded` and `X-Forwarded-For`: what strangers write in front of what a proxy writes.

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use oauth_http::peer::{Proxies, ProxyHeader, rate_limit_address};

/// Only a proxy is believed, and of what it passes on only what it wrote itself.
pub fn holds(bytes: &[u8]) {
    let [stranger, proxy, seen]: [IpAddr; 3] =
        ["192.0.2.9", "10.0.0.1", "203.0.113.5"].map(|text| text.parse().expect("an address"));
    let networks = ["10.0.0.0/8", "fd00::/8"]
        .map(|text| text.parse().expect("a network"))
        .to_vec();
    for (header, name, element) in [
        (ProxyHeader::XForwardedFor, "x-forwarded-for", "203.0.113.5"),
        (
            ProxyHeader::Forwarded,
            "forwarded",
            "for=203.0.113.5;proto=https",
        ),
    ] {
        let proxies = Proxies {
            networks: networks.clone(),
            header,
        };
        let name = HeaderName::from_static(name);
        let mut sent = HeaderMap::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                sent.append(name.clone(), value);
            }
        }
        assert_eq!(
            proxies.client(stranger, &sent),
            stranger,
            "nobody else is believed"
        );
        let client = proxies.client(proxy, &sent);
        assert!(client == proxy || client == client.to_canonical());
        assert_eq!(
            rate_limit_address(rate_limit_address(client)),
            rate_limit_address(client)
        );

        // The proxy writes a line of its own, or at the end of the last one.
        let mut beside = sent.clone();
        beside.append(name.clone(), HeaderValue::from_static(element));
        assert_eq!(proxies.client(proxy, &beside), seen);
        if let Some(last) = sent.get_all(&name).last() {
            let longer = [last.as_bytes(), b", ", element.as_bytes()].concat();
            let mut behind = HeaderMap::new();
            behind.append(name, HeaderValue::from_bytes(&longer).expect("a value"));
            assert_eq!(proxies.client(proxy, &behind), seen);
        }
    }
}
