//! Addresses to fetch from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use outbound::address::is_public;
use outbound::check_address_of;
use url::{Host, Url};

use crate::rfc3986;

/// Checks that no special address of the standard library counts as public, in any form, and that no accepted text leads to one.
pub fn holds(bytes: &[u8]) {
    if let Some(four) = bytes.first_chunk::<4>() {
        judged_alike(Ipv4Addr::from(*four));
    }
    if let Some(sixteen) = bytes.first_chunk::<16>() {
        let address = Ipv6Addr::from(*sixteen);
        assert!(
            !(is_special_v6(address) && is_public(address.into())),
            "{address}"
        );
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for text in [text.to_owned(), format!("https://{text}/sector.json")] {
        if check_address_of(&text, &[]).is_ok() {
            leads_outside(&text);
        }
    }
}

/// Checks that an address is judged alike in every form in which a system would connect to it.
fn judged_alike(address: Ipv4Addr) {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_unspecified();
    let public = is_public(address.into());
    assert!(!(special && public), "{address}");
    assert_eq!(
        is_public(address.to_ipv6_mapped().into()),
        public,
        "{address}"
    );
    let bits = u128::from(address.to_bits());
    assert_eq!(
        is_public(Ipv6Addr::from_bits((0x64_ff9b << 96) | bits).into()),
        public,
        "NAT64 of {address}"
    );
    for (tunnel, prefix, shift) in [
        ("6to4", 0x2002_u128 << 112, 80),
        ("Teredo", 0x2001_0000_u128 << 96, 0),
        ("compatible", 0, 0),
    ] {
        assert!(
            !is_public(Ipv6Addr::from_bits(prefix | (bits << shift)).into()),
            "{tunnel} of {address}"
        );
    }
    for host in spellings(address) {
        assert_eq!(
            check_address_of(&format!("https://{host}/sector.json"), &[]).is_ok(),
            public,
            "{host}"
        );
    }
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let embedded = address.to_ipv4_mapped().is_some()
        || address.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]);
    let special = address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_bits() >> 125 != 1;
    special && !embedded
}

/// Returns the ways to write an IPv4 address that some program understands.
fn spellings(address: Ipv4Addr) -> [String; 8] {
    let ([a, b, c, d], bits) = (address.octets(), address.to_bits());
    let [high, low] = [bits >> 16, bits & 0xffff];
    [
        address.to_string(),
        format!("{address}."),
        bits.to_string(),
        format!("0x{bits:X}"),
        format!("0{bits:o}"),
        format!("0{a:o}.0x{b:x}.{c}.0{d:o}"),
        format!("{a}.{b}.{low}"),
        format!("[::ffff:{high:x}:{low:x}]"),
    ]
}

/// Checks an accepted URL with another parser: the host is a name of several labels or a public address, and not a number.
fn leads_outside(text: &str) {
    let parts = rfc3986::parts(text).expect("a scheme");
    assert!(parts.scheme.eq_ignore_ascii_case("https"), "{text}");
    let authority = parts.authority.expect("an authority");
    assert!(
        !authority.contains(['@', '\\']) && !text.contains('#'),
        "{text}"
    );
    let url = Url::parse(text).expect("a URL");
    match url.host().expect("a host") {
        Host::Ipv4(address) => assert!(is_public(IpAddr::V4(address)), "{text}"),
        Host::Ipv6(address) => assert!(is_public(IpAddr::V6(address)), "{text}"),
        Host::Domain(name) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            let hexadecimal = last
                .strip_prefix("0x")
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(
                name.contains('.')
                    && !last.bytes().all(|byte| byte.is_ascii_digit())
                    && !hexadecimal,
                "{text}"
            );
            assert!(
                !["localhost", "local", "internal", "invalid", "onion"].contains(&last),
                "{text}"
            );
        }
    }
    assert!(
        url.port_or_known_default()
            .is_some_and(|port| port == 443 || port >= 1024),
        "{text}"
    );
}
