//! Checks an address as text, before its name is resolved.

use std::net::IpAddr;

use url::{Host, Url};

use crate::address::is_public;
use crate::allowed_destination::AllowedDestination;
use crate::fetch_error::{FetchError, FetchErrorReason};

/// An https URL that may be fetched once its name is resolved.
#[derive(Debug, Clone)]
pub(crate) struct FetchTarget {
    url: Url,
    port: u16,
    permitted: bool,
}

/// Checks an address as text: an https URL without user information and fragment, on a port that no other protocol uses, whose
/// host is a public name or address in any spelling, or is on the allow-list. No name is resolved, so a name may still prove to
/// be private when it is fetched.
///
/// # Errors
/// The address is refused.
pub fn check_address_of(url: &str, allow: &[AllowedDestination]) -> Result<(), FetchError> {
    FetchTarget::parse(url, allow).map(|_| ())
}

/// Checks the host of an http or https URL: a public name or address in any spelling, or one on the allow-list. For an image,
/// which a browser fetches from any port.
///
/// # Errors
/// The host is refused.
pub fn check_host_of(url: &str, allow: &[AllowedDestination]) -> Result<(), FetchError> {
    let url = Url::parse(url).map_err(|_| FetchErrorReason::Url)?;
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(FetchErrorReason::Url.into());
    };
    if allow.iter().any(|entry| entry.matches(&host, port)) {
        Ok(())
    } else {
        check_host(&host)
    }
}

impl FetchTarget {
    pub(crate) fn parse(text: &str, allow: &[AllowedDestination]) -> Result<Self, FetchError> {
        if !is_plain(text) {
            return Err(FetchErrorReason::Url.into());
        }
        let url = Url::parse(text).map_err(|_| FetchErrorReason::Url)?;
        let (Some(host), Some(port), None) =
            (url.host(), url.port_or_known_default(), url.fragment())
        else {
            return Err(FetchErrorReason::Url.into());
        };
        let permitted = allow.iter().any(|entry| entry.matches(&host, port));
        if !permitted {
            check_port(port)?;
            check_host(&host)?;
        }
        Ok(Self {
            url,
            port,
            permitted,
        })
    }

    /// The URL in its normal form.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The host as in its certificate, without brackets.
    pub(crate) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => self.url.host_str().unwrap_or_default().to_owned(),
        }
    }

    /// The address, if the host is an IP literal.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// Returns true if a connection to this address may be opened.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        self.permitted || is_public(address)
    }
}

/// Returns true for an https URL that every parser reads alike. The parser used here would skip or correct white space,
/// backslashes, missing slashes, and an empty user.
fn is_plain(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    scheme.eq_ignore_ascii_case("https")
        && !authority.is_empty()
        && !authority.contains('@')
        && !text.contains(odd)
}

fn check_port(port: u16) -> Result<(), FetchError> {
    if port == 443 || (port >= 1024 && !OTHER_PROTOCOL_PORTS.contains(&port)) {
        Ok(())
    } else {
        Err(FetchErrorReason::Port.into())
    }
}

fn check_host(host: &Host<&str>) -> Result<(), FetchError> {
    let (is_allowed, reason) = match host {
        Host::Ipv4(address) => (is_public((*address).into()), FetchErrorReason::Address),
        Host::Ipv6(address) => (is_public((*address).into()), FetchErrorReason::Address),
        Host::Domain(name) => (is_public_name(name), FetchErrorReason::Name),
    };
    if is_allowed {
        Ok(())
    } else {
        Err(FetchError::written_private(reason))
    }
}

/// Returns true for a name of several labels, none of them empty, that does not end in a private-use domain. A final dot is
/// refused as an empty label, since it would be a second spelling.
fn is_public_name(name: &str) -> bool {
    let ends_in = |suffix: &&str| {
        name.strip_suffix(*suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.')
        && name.split('.').all(|label| !label.is_empty())
        && !PRIVATE_DOMAINS.iter().any(ends_in)
}

/// Domains for private use: RFC 6761 §6, RFC 6762 §3 and appendix G, RFC 7686, RFC 8375, and a reservation of ICANN.
const PRIVATE_DOMAINS: &[&str] = &[
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "localdomain",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "onion",
    "invalid",
];

/// Ports from 1024 on of other protocols, where a TLS handshake might do harm: the Fetch standard's list (§2.9), and well-known
/// databases, queues and proxies.
const OTHER_PROTOCOL_PORTS: &[u16] = &[
    1080, 1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2379, 2380, 3128, 3306, 3389, 3659,
    4045, 4190, 4222, 5060, 5061, 5222, 5269, 5432, 5671, 5672, 5900, 5984, 5985, 6000, 6379, 6566,
    6665, 6666, 6667, 6668, 6669, 6679, 6697, 8883, 9042, 9092, 10080, 10250, 11211, 25672, 26257,
    27017,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> FetchErrorReason {
        FetchTarget::parse(text, &[]).expect_err(text).reason
    }

    #[test]
    fn only_plain_https_is_followed() {
        for text in [
            "",
            "rp.example",
            "http://rp.example/s",
            "ftp://rp.example/s",
            "file:///etc/passwd",
            "gopher://rp.example/",
            "https://",
            "https:rp.example/s",
            "https:/rp.example/s",
            "https:///rp.example/s",
            "https://user@rp.example/s",
            "https://user:pw@rp.example/s",
            "https://:pw@rp.example/s",
            "https://@rp.example/s",
            "https://u@v@rp.example/s",
            "https://rp.example/s#f",
            "https://rp.example/s#",
            "https://rp.example\\@127.0.0.1/",
            " https://rp.example/s",
            "https://rp.example/s\n",
            "https://rp.exa\tmple/s",
            "https://rp.example:0x50/",
            "https://rp.example:65536/",
            "https://[::1/",
            "https://[fe80::1%25eth0]/",
            "https://rp.example%00.evil/",
            "https://1.2.3.4.5/",
            "https://256.1.1.1/",
            "javascript:alert(1)",
            "data:application/json,[]",
        ] {
            assert_eq!(reason(text), FetchErrorReason::Url, "{text}");
        }
    }

    #[test]
    fn a_private_address_is_recognised_in_every_spelling() {
        for host in "
            127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0X7F.0.0.1 0177.0.0.1 017700000001
            0x7f.0.0.0x1 127.0.0.0x1 １２７.0.0.1 １２７。０。０。１ ①②⑦.⓪.⓪.① %31%32%37.0.0.1 0 0.0.0.0 10.0.0.1 012.0.0.1
            167772161 172.16.0.1 192.168.1.1 3232235777 169.254.169.254 0xa9fea9fe 2852039166 0251.0376.0251.0376
            100.100.100.200 192.0.0.192 168.63.129.16 255.255.255.255 224.0.0.1 [::] [::1] [0:0:0:0:0:0:0:1]
            [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:0a00:0001] [::127.0.0.1] [64:ff9b::127.0.0.1]
            [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1]
            [2001:0:4136:e378:8000:63bf:3fff:fdd2] [fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1]
            [2001:db8::1] [3fff::1] [5f00::1] [100::1]
        "
        .split_whitespace()
        {
            assert_eq!(reason(&format!("https://{host}/s")), FetchErrorReason::Address, "{host}");
            assert_eq!(reason(&format!("https://{host}:8443/s")), FetchErrorReason::Address, "{host}");
        }
        for host in [
            "8.8.8.8",
            "134744072",
            "[2606:4700:4700::1111]",
            "[::ffff:8.8.8.8]",
        ] {
            assert!(
                check_address_of(&format!("https://{host}/s"), &[]).is_ok(),
                "{host}"
            );
        }
    }

    #[test]
    fn a_private_name_is_recognised_in_every_spelling() {
        for host in "
            localhost LOCALHOST localhost. ｌｏｃａｌｈｏｓｔ loc%61lhost a.localhost localhost.localdomain printer.local
            printer.local. metadata.google.internal metadata.google.internal. router.home.arpa router.lan wiki.corp
            wiki.intranet wiki kubernetes x.onion rp.example. rp..example .rp.example
        "
        .split_whitespace()
        {
            assert_eq!(reason(&format!("https://{host}/s")), FetchErrorReason::Name, "{host}");
        }
        for host in [
            "rp.example",
            "local.example",
            "notlocal.example",
            "internal-tools.example.com",
            "myinternal.dev",
            "home.arpa.example",
            "bücher.example",
        ] {
            assert!(
                check_address_of(&format!("https://{host}/s"), &[]).is_ok(),
                "{host}"
            );
        }
    }

    /// A port of another protocol is refused.
    #[test]
    fn port_of_another_protocol_is_refused() {
        for port in [
            0, 1, 21, 22, 25, 80, 444, 1023, 3306, 5432, 6379, 6667, 11211, 27017,
        ] {
            assert_eq!(
                reason(&format!("https://rp.example:{port}/")),
                FetchErrorReason::Port,
                "{port}"
            );
        }
        for port in [443, 1024, 8443, 9443, 65535] {
            assert!(
                check_address_of(&format!("https://rp.example:{port}/"), &[]).is_ok(),
                "{port}"
            );
        }
    }

    #[test]
    fn host_of_a_picture_is_public_or_allowed() {
        let allow = ["10.0.0.7:80", "10.0.0.8:8080"].map(|entry| entry.parse().unwrap());
        for text in "http://rp.example/l https://rp.example:6379/l http://8.8.8.8/l http://10.0.0.7/l https://10.0.0.8:8080/l".split(' ') {
            assert!(check_host_of(text, &allow).is_ok(), "{text}");
        }
        for text in "http://localhost:6379/ http://127.1/ https://[::1]/ http://intranet/ http://10.0.0.8/ http://10.0.0.7:81/".split(' ') {
            assert!(check_host_of(text, &allow).is_err(), "{text}");
        }
    }

    /// An allowed destination matches its own host and port only.
    #[test]
    fn allowed_destination_is_exact() {
        let allow = ["idp.internal:443", "127.0.0.1:5432", "[::1]:8443"]
            .map(|entry| entry.parse().unwrap());
        for text in [
            "https://idp.internal/s",
            "https://IDP.internal:443/s",
            "https://127.1:5432/s",
            "https://[0::1]:8443/s",
        ] {
            assert!(check_address_of(text, &allow).is_ok(), "{text}");
        }
        for text in "
            https://idp.internal:8443/s https://x.idp.internal/s https://idp.internal./s https://127.0.0.1/s
            https://127.0.0.2:5432/s https://[::ffff:127.0.0.1]:5432/s http://idp.internal:443/s
            https://u@idp.internal/s
        "
        .split_whitespace()
        {
            assert!(check_address_of(text, &allow).is_err(), "{text}");
        }
    }
}
