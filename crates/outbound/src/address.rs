//! Tells public IP addresses from private and special ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns true for an address of the public Internet: not of a private network, this machine, a link, documentation or a
/// retired tunnel, and not unassigned (RFC 6890, RFC 8190 and the registries they created).
///
/// An IPv4 address inside an IPv6 one is judged as itself where the system would connect to it: mapped (RFC 4291
/// §2.5.5.2) and NAT64 (RFC 6052 §2.1) forms.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|(first, length)| {
        address.to_bits() >> (32 - length) == first.to_bits() >> (32 - length)
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped().or_else(|| nat64(address)) {
        return is_public_v4(inner);
    }
    is_in_range(address, GLOBAL_UNICAST)
        && !NOT_PUBLIC_V6
            .iter()
            .any(|range| is_in_range(address, *range))
}

/// Returns the IPv4 address in an address of the well-known translation prefix `64:ff9b::/96`: a network with IPv6 only
/// resolves every IPv4 host to an address of this prefix.
fn nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            let [.., a, b, c, d] = address.octets();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

fn is_in_range(address: Ipv6Addr, (first, length): (Ipv6Addr, u32)) -> bool {
    address.to_bits() >> (128 - length) == first.to_bits() >> (128 - length)
}

const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),            // this network, RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // shared by carriers, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback, RFC 1122
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a public address that is a cloud's own inside that cloud (Azure)
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local and the clouds' metadata, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation, RFC 5737
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays, retired by RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved and broadcast, RFC 1112
];

/// The block from which global unicast addresses are assigned (RFC 4291 §2.4). Outside of it are, among others, `::/128`, `::1/128`,
/// `::/96`, `64:ff9b:1::/48`, `100::/64`, `5f00::/16`, `fc00::/7`, `fe80::/10`, `fec0::/10` and `ff00::/8`.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarking, ORCHID and more, RFC 2928
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation, RFC 3849
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, RFC 3056: its relays are retired (RFC 7526)
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation, RFC 9637
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first and the last address of every special range, with a neighbour outside where that one is public.
    #[test]
    fn special_ranges_are_not_public() {
        for text in "
            0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.255.255.255
            168.63.129.16 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192
            192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255 192.168.0.0 192.168.255.255 198.18.0.0
            198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255 240.0.0.0
            255.255.255.255 :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::
            64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1:: 64:ff9b:1::8.8.8.8
            64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: 100::ffff:ffff:ffff:ffff 100:0:0:1::
            1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:: 2001::1 2001:1::1 2001:2:: 2001:3:: 2001:4:112:: 2001:10::
            2001:20:: 2001:30:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8::
            2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:7f00:1:: 2002:808:808::
            2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: 5f00::
            5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff fc00:: fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
            fe80:: fe80::1 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: feff::1 ff00:: ff02::1
            ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
        "
        .split_whitespace()
        {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in "
            1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
            168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
            192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255
            198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2000:: 2001:200::
            2001:db7::1 2001:db9:: 2003:: 2606:4700:4700::1111 3ffe::1 3fff:1000::
        "
        .split_whitespace()
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    proptest! {
        /// An address that the standard library classifies as special is not public.
        #[test]
        fn std_special_ranges_are_not_public(bits: u32, inside in 0_usize..NOT_PUBLIC_V4.len()) {
            let (first, length) = NOT_PUBLIC_V4[inside];
            let special = Ipv4Addr::from_bits(first.to_bits() | bits.checked_shr(length).unwrap_or(0));
            prop_assert!(!is_public(IpAddr::V4(special)));
            for address in [Ipv4Addr::from_bits(bits), special] {
                let known = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_broadcast()
                    || address.is_documentation() || address.is_multicast() || address.is_unspecified();
                prop_assert!(!(known && is_public(IpAddr::V4(address))));
            }
        }

        /// An IPv4 address that is embedded in an IPv6 address is checked like the address itself.
        #[test]
        fn embedded_ipv4_address_is_checked(bits: u32) {
            let plain = Ipv4Addr::from_bits(bits);
            let translated = Ipv6Addr::from_bits(0x64_ff9b << 96 | u128::from(bits));
            prop_assert_eq!(is_public(IpAddr::V6(plain.to_ipv6_mapped())), is_public(IpAddr::V4(plain)));
            prop_assert_eq!(is_public(IpAddr::V6(translated)), is_public(IpAddr::V4(plain)));
        }

        #[test]
        fn only_global_unicast_is_public(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let known = address.is_loopback() || address.is_unspecified() || address.is_multicast() || address.is_unique_local()
                || address.is_unicast_link_local() || bits >> 125 != 1;
            let embedded = address.to_ipv4_mapped().or_else(|| nat64(address)).is_some();
            prop_assert!(embedded || !(known && is_public(IpAddr::V6(address))));
        }
    }
}
