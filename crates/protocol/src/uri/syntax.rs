//! The rules for the text of a URI, and the reading of its parts, before and after a parser reads it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::member::Reason;

/// The maximum length of a URI, in characters.
pub const URI_MAX: usize = 2048;

/// Checks the rules for the text of every URI, before it is parsed.
pub(super) fn plain(text: &str) -> Result<(), Reason> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.len() > URI_MAX {
        return Err(format!("is longer than {URI_MAX} characters").into());
    }
    let seen = CharacterClasses::in_text(text);
    if seen.has(CharacterClasses::FORBIDDEN) {
        return Err("has a character that is not allowed in a URI".into());
    }
    let escaped = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if seen.has(CharacterClasses::PERCENT) && !text.split('%').skip(1).all(escaped) {
        return Err("has invalid percent-encoding".into());
    }
    Ok(())
}

/// The classes of characters that occur in a text, found in a single pass because it runs for every URI of every client.
#[derive(Clone, Copy)]
struct CharacterClasses(u8);

impl CharacterClasses {
    /// A character that is not allowed in a URI.
    const FORBIDDEN: u8 = 1;
    /// `%`.
    const PERCENT: u8 = 2;
    /// `#`.
    const HASH: u8 = 4;

    const TABLE: [u8; 256] = {
        let mut table = [Self::FORBIDDEN; 256];
        let (mut rest, mut byte) = (table.as_mut_slice(), 0_u8);
        while let Some((this, others)) = rest.split_first_mut() {
            match byte {
                b'%' => *this = Self::PERCENT,
                b'#' => *this = Self::HASH,
                b'\\' | b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'^' | b'`' => {}
                graphic if graphic.is_ascii_graphic() => *this = 0,
                _ => {}
            }
            (rest, byte) = (others, byte.wrapping_add(1));
        }
        table
    };

    fn in_text(text: &str) -> Self {
        Self(text.bytes().fold(0, |seen, byte| {
            seen | Self::TABLE
                .get(usize::from(byte))
                .copied()
                .unwrap_or(Self::FORBIDDEN)
        }))
    }

    fn has(self, kind: u8) -> bool {
        self.0 & kind != 0
    }
}

pub(super) fn no_fragment(text: &str) -> Result<(), Reason> {
    if CharacterClasses::in_text(text).has(CharacterClasses::HASH) {
        Err("must not contain a fragment".into())
    } else {
        plain(text)
    }
}

pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Checks that `text` is a URL with one of `schemes` that parsers read as it is written.
pub(super) fn web(text: &str, schemes: &[&str]) -> Result<(), Reason> {
    match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, rest))
            if schemes
                .iter()
                .any(|allowed| scheme.eq_ignore_ascii_case(allowed)) =>
        {
            check_host(text, rest).map(drop)
        }
        _ => Err(format!("must be an {} URL", schemes.join(" or ")).into()),
    }
}

/// The kind of host of an http or https URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostKind {
    /// `localhost` or a name below it. RFC 6761 §6.3.
    Localhost,
    /// `127.0.0.1` or `[::1]`.
    LoopbackAddress,
    /// Any other host.
    Other,
}

impl HostKind {
    fn from_name(name: &str) -> Self {
        let top = name.rsplit('.').next();
        if top.is_some_and(|label| label.eq_ignore_ascii_case("localhost")) {
            Self::Localhost
        } else {
            Self::Other
        }
    }
}

/// Returns the kind of host of an http or https URL, after checking that the parser finds the host and the port that are written,
/// and no user information.
pub(super) fn check_host(text: &str, rest: &str) -> Result<HostKind, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    let rest = rest
        .strip_prefix("//")
        .ok_or("must have // after its scheme")?;
    let authority = authority(rest);
    if is_plain_name(authority) {
        return Ok(HostKind::from_name(authority));
    }
    if authority.contains('@') {
        return Err("must not contain user information".into());
    }
    let (host, port) = split_port(authority);
    if host.is_empty() {
        return Err("must have a host".into());
    }
    if !host.starts_with('[') {
        dns_name(host)?;
        if is_plain_name(host) && port.is_some_and(|port| port_number(port).is_ok()) {
            return Ok(HostKind::from_name(host));
        }
    }
    check_parsed_host(text, host, port)
}

/// Returns the kind of host that the parser finds, after checking that it finds this host and port, and no user information.
fn check_parsed_host(text: &str, host: &str, port: Option<&str>) -> Result<HostKind, Reason> {
    let url = Url::parse(text).map_err(|_| Reason::from("is not a URL"))?;
    let same_host = url
        .host_str()
        .is_some_and(|parsed| parsed.eq_ignore_ascii_case(host));
    let written = match port {
        None => url.port_or_known_default(),
        Some(port) => Some(port_number(port)?),
    };
    if !same_host
        || url.port_or_known_default() != written
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err("has a host that URL parsers read differently".into());
    }
    match url.host() {
        Some(Host::Domain(name)) => Ok(HostKind::from_name(name)),
        Some(Host::Ipv4(Ipv4Addr::LOCALHOST) | Host::Ipv6(Ipv6Addr::LOCALHOST)) => {
            Ok(HostKind::LoopbackAddress)
        }
        Some(_) => Ok(HostKind::Other),
        None => Err("must have a host".into()),
    }
}

/// Returns the authority at the beginning of `rest`, which is the URL after `//`.
pub(crate) fn authority(rest: &str) -> &str {
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?'));
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Returns true for a DNS name that every parser reads as it is written: no label is an A-label, and the last label is not a number,
/// as in an IPv4 address.
fn is_plain_name(host: &str) -> bool {
    parse_dns_name(host).is_some_and(|name| !name.a_label && name.ends_in_letters)
}

/// Returns scheme, host and port of a URL.
pub(crate) fn origin(text: &str) -> Option<url::Origin> {
    Url::parse(text).ok().map(|url| url.origin())
}

/// Splits an authority into its host and its port, which is `None` without a colon.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_host = authority
        .bytes()
        .rposition(|byte| byte == b']')
        .map_or(0, |bracket| bracket + 1);
    match authority
        .bytes()
        .skip(after_host)
        .position(|byte| byte == b':')
    {
        Some(colon) => authority
            .split_at_checked(after_host + colon)
            .map_or((authority, None), |(host, port)| (host, port.get(1..))),
        None => (authority, None),
    }
}

/// Parses a port in decimal digits.
pub(crate) fn port_number(digits: &str) -> Result<u16, &'static str> {
    match digits.parse::<u16>() {
        Ok(port) if port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err("must have a port from 1 to 65535"),
    }
}

/// Checks that `host` is a DNS name: labels of letters, digits, and inner hyphens (RFC 1123 §2.1) and underscores, which hosts of
/// real deployments have.
pub(crate) fn dns_name(host: &str) -> Result<(), &'static str> {
    parse_dns_name(host)
        .map(drop)
        .ok_or("must have a host of letters, digits, hyphens and underscores")
}

/// The properties of a DNS name that decide whether parsers agree about it.
struct DnsName {
    /// True if one of its labels is an A-label, which stands for other characters. RFC 5890 §2.3.2.1.
    a_label: bool,
    /// True if its last label begins with a letter, and so is not a number.
    ends_in_letters: bool,
}

/// Parses a DNS name; `None` if the text is not one.
fn parse_dns_name(text: &str) -> Option<DnsName> {
    let mut name = DnsName {
        a_label: false,
        ends_in_letters: false,
    };
    let (mut length, mut last) = (0_usize, b'.');
    let is_joint = |byte: u8| matches!(byte, b'-' | b'_');
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || is_joint(byte);
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'.' {
            if length == 0 || is_joint(last) {
                return None;
            }
            length = 0;
        } else if is_inner(byte) && length < 63 && !(length == 0 && is_joint(byte)) {
            if length == 0 {
                name.ends_in_letters = byte.is_ascii_alphabetic();
            } else if length == 3 && byte == b'-' && last == b'-' {
                let begins = text.as_bytes().get(at.saturating_sub(3)..at);
                name.a_label |= begins.is_some_and(|label| label.eq_ignore_ascii_case(b"xn-"));
            }
            length += 1;
        } else {
            return None;
        }
        last = byte;
    }
    (length > 0 && !is_joint(last) && text.len() <= 253).then_some(name)
}

/// Returns true if the host of a URL is loopback: `localhost`, a name below it, or a loopback address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
