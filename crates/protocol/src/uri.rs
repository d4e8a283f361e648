//! URIs: judged once by the raw text and by a parser that must agree with it, and kept as sent.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use url::{Host, Url};

use crate::issuer::is_loopback;
use crate::member::{Reason, Single, text};

/// How long any URI may be, in characters.
pub const URI_MAX: usize = 2048;

/// What begins a pattern among redirect URIs, at the WSO2 doors.
pub const PATTERN_MARKER: &str = "regexp=";

/// How long such a pattern may be, in characters.
pub const PATTERN_MAX: usize = 4096;

/// Schemes that never lead back to an application.
const DENIED_SCHEMES: [&str; 15] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "filesystem",
    "about",
    "view-source",
    "ws",
    "wss",
    "ftp",
    "jar",
    "mailto",
    "intent",
    "chrome-extension",
];

/// A redirection URI, or one of the two forms only WSO2 clients send. RFC 6749 §3.1.2, RFC 8252 §7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    form: RedirectForm,
}

/// What kind of redirection URI it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectForm {
    /// `https`, somewhere on the internet.
    Https,
    /// `https` on `localhost`.
    HttpsLocalhost,
    /// `http` on `localhost`, `127.0.0.1` or `[::1]`. RFC 8252 §7.3.
    HttpLoopback,
    /// A private-use scheme. RFC 8252 §7.1.
    PrivateUse,
    /// `regexp=` and a pattern; WSO2 clients only.
    Pattern,
    /// No scheme at all, such as `server.example.com`; WSO2 clients only.
    Schemeless,
}

impl RedirectUri {
    /// Reads a redirection URI of any form. Which forms a client may have is for its application type and its door.
    ///
    /// # Errors
    /// The rest of a sentence that begins with "has an element that".
    pub fn parse(text: String) -> Result<Self, Reason> {
        if let Some(pattern) = text.strip_prefix(PATTERN_MARKER) {
            if pattern.is_empty() || pattern.len() > PATTERN_MAX || !pattern.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(format!("must be a pattern of 1 to {PATTERN_MAX} plain characters after {PATTERN_MARKER}").into());
            }
            return Ok(Self { text, form: RedirectForm::Pattern });
        }
        plain(&text)?;
        let form = match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
            None => schemeless(&text)?,
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "https" => match agreed(&text, rest)?.host() {
                    Some(Host::Domain("localhost")) => RedirectForm::HttpsLocalhost,
                    _ => RedirectForm::Https,
                },
                "http" => match agreed(&text, rest)?.host() {
                    Some(Host::Domain("localhost") | Host::Ipv4(Ipv4Addr::LOCALHOST) | Host::Ipv6(Ipv6Addr::LOCALHOST)) => {
                        RedirectForm::HttpLoopback
                    }
                    _ => return Err("uses http, which is for loopback addresses only".into()),
                },
                denied if DENIED_SCHEMES.contains(&denied) => return Err("uses a scheme that cannot be a redirection".into()),
                scheme => private_use(&text, scheme, rest)?,
            },
        };
        Ok(Self { text, form })
    }

    /// The URI byte for byte as sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind it is.
    pub fn form(&self) -> RedirectForm {
        self.form
    }

    /// The scheme in lower case; none for the forms only WSO2 clients send.
    pub fn scheme(&self) -> Option<String> {
        match self.form {
            RedirectForm::Pattern | RedirectForm::Schemeless => None,
            _ => self.text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()),
        }
    }

    /// The host in its canonical form, for URIs that have one.
    pub fn host(&self) -> Option<String> {
        match self.form {
            RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback => {
                Url::parse(&self.text).ok().and_then(|url| url.host_str().map(str::to_owned))
            }
            _ => None,
        }
    }

    /// Whether it points at the machine the client runs on without https, which only native applications may.
    pub fn is_native_only(&self) -> bool {
        matches!(self.form, RedirectForm::HttpLoopback | RedirectForm::PrivateUse)
    }
}

impl Single for RedirectUri {
    const SHAPE: &'static str = "URI";

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(Self::parse)
    }

    fn write(&self) -> Value {
        self.text.as_str().into()
    }
}

macro_rules! uri {
    ($(#[$meta:meta])* $name:ident, $shape:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Reads the URI.
            ///
            /// # Errors
            /// The rest of a sentence that begins with the member's name.
            pub fn parse(text: String) -> Result<Self, Reason> {
                let check: fn(&str) -> Result<(), Reason> = $check;
                check(&text).map(|()| Self(text))
            }

            /// The URI byte for byte as sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Single for $name {
            const SHAPE: &'static str = $shape;

            fn read(value: Value) -> Result<Self, Reason> {
                text(value).and_then(Self::parse)
            }

            fn write(&self) -> Value {
                self.0.as_str().into()
            }
        }
    };
}

uri! {
    /// A page people may open: http or https, without a fragment or user information.
    WebUri, "http or https URL", |text| no_fragment(text).and_then(|()| web(text, &["https", "http"]))
}

uri! {
    /// An https URL without a fragment or user information.
    HttpsUri, "https URL", |text| no_fragment(text).and_then(|()| web(text, &["https"]))
}

uri! {
    /// An https URL that may have a fragment, such as a hash of what it points at. OIDC Core §6.2.
    RequestUri, "https URL", |text| web(text.split('#').next().unwrap_or_default(), &["https"]).and_then(|()| plain(text))
}

uri! {
    /// A URI an application is sent to without anything secret in it: http, https or a private-use scheme.
    /// OIDC RP-Initiated Logout §3.1.
    ReturnUri, "URI", |text| {
        no_fragment(text)?;
        match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => web(text, &["https", "http"]),
            Some(_) => RedirectUri::parse(text.to_owned()).map(drop),
            None => Err("must be an absolute URI".into()),
        }
    }
}

uri! {
    /// An endpoint of a provider: https, or http on loopback, without a fragment or user information.
    EndpointUri, "https URL", |text| {
        no_fragment(text)?;
        web(text, &["https", "http"])?;
        match Url::parse(text) {
            Ok(url) if url.scheme() == "https" || is_loopback(&url) => Ok(()),
            _ => Err("must be an https URL".into()),
        }
    }
}

/// What holds for every URI before any parser sees it.
fn plain(text: &str) -> Result<(), Reason> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.len() > URI_MAX {
        return Err(format!("is longer than {URI_MAX} characters").into());
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !br#"\<>"{}|^`"#.contains(&byte)) {
        return Err("has a character that does not belong in a URI".into());
    }
    if text.split('%').skip(1).any(|rest| !rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count().eq(&2)) {
        return Err("has a broken percent escape".into());
    }
    Ok(())
}

fn no_fragment(text: &str) -> Result<(), Reason> {
    if text.contains('#') { Err("must not contain a fragment".into()) } else { plain(text) }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// A URL with one of `schemes`, whose text and parser agree.
fn web(text: &str, schemes: &[&str]) -> Result<(), Reason> {
    plain(text)?;
    match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, rest)) if schemes.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed)) => agreed(text, rest).map(drop),
        _ => Err(format!("must be an {} URL", schemes.join(" or ")).into()),
    }
}

/// Parses an http or https URL and makes sure that the parser read what is written: the same user information (none),
/// host and port. A URL two programs read differently is how a code ends up with a stranger.
fn agreed(text: &str, rest: &str) -> Result<Url, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    let rest = rest.strip_prefix("//").ok_or("must have // after its scheme")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("must not contain user information".into());
    }
    let (host, port) = split_port(authority);
    if host.is_empty() {
        return Err("must have a host".into());
    }
    if !host.starts_with('[') {
        dns_name(host)?;
    }
    let url = Url::parse(text).map_err(|_| Reason::from("is not a URL"))?;
    let same_host = url.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host));
    let written = match port {
        None => url.port_or_known_default(),
        Some(port) => Some(port_number(port)?),
    };
    if !same_host || url.port_or_known_default() != written || !url.username().is_empty() || url.password().is_some() {
        return Err("has a host that programs would read differently".into());
    }
    Ok(url)
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority.get(after_host..).and_then(|rest| rest.find(':')) {
        Some(colon) => authority.split_at_checked(after_host + colon).map_or((authority, None), |(host, port)| (host, port.get(1..))),
        None => (authority, None),
    }
}

fn port_number(digits: &str) -> Result<u16, Reason> {
    match digits.parse::<u16>() {
        Ok(port) if port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err("must have a port from 1 to 65535".into()),
    }
}

/// A name of labels of letters, digits and inner hyphens. RFC 1123 §2.1.
fn dns_name(host: &str) -> Result<(), Reason> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err("must have a host of letters, digits and hyphens".into());
    }
    Ok(())
}

fn private_use(text: &str, scheme: &str, rest: &str) -> Result<RedirectForm, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    if rest.is_empty() {
        return Err("has nothing after its scheme".into());
    }
    if let Some(hier) = rest.strip_prefix("//") {
        let authority = hier.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("must not contain user information".into());
        }
        let (host, port) = split_port(authority);
        if host.is_empty() {
            return Err("must have a host after //".into());
        }
        if let Some(port) = port {
            port_number(port)?;
        }
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == scheme => Ok(RedirectForm::PrivateUse),
        _ => Err("is not a URI".into()),
    }
}

fn schemeless(text: &str) -> Result<RedirectForm, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    let host = text.split(['/', '?', ':']).next().unwrap_or_default();
    dns_name(host).map_err(|_| Reason::from("must be an absolute URI"))?;
    Ok(RedirectForm::Schemeless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_recognised_and_kept_byte_for_byte() {
        use RedirectForm::{HttpLoopback, Https, HttpsLocalhost, Pattern, PrivateUse, Schemeless};
        for (text, form) in [
            ("https://rp.example/cb", Https),
            ("https://rp.example", Https),
            ("https://RP.example:443/a/../b?x=%2F&y", Https),
            ("HTTPS://rp.example/cb", Https),
            ("https://192.0.2.1/cb", Https),
            ("https://[2001:db8::1]:8443/cb", Https),
            ("https://xn--bcher-kva.example/cb", Https),
            ("https://localhost:9443/callback", HttpsLocalhost),
            ("http://localhost:3000/cb", HttpLoopback),
            ("http://127.0.0.1/cb", HttpLoopback),
            ("http://[::1]:49152/cb", HttpLoopback),
            ("com.example.app:/oauth", PrivateUse),
            ("com.example.app://callback/x", PrivateUse),
            ("cursor://anysphere.cursor-retrieval/oauth/cb", PrivateUse),
            ("regexp=(https://a.example/cb|https://b.example/cb)", Pattern),
            ("server.example.com", Schemeless),
        ] {
            let uri = RedirectUri::parse(text.to_owned()).unwrap_or_else(|reason| panic!("{text}: {reason}"));
            assert_eq!((uri.form(), uri.as_str()), (form, text));
        }
    }

    #[test]
    fn what_could_lead_somewhere_else_is_refused() {
        for text in [
            "",
            " ",
            "https://rp.example/cb#",
            "https://rp.example/cb#x",
            "https://rp.example/c b",
            "https://rp.example/ü",
            "https://rp.example\\@evil.example",
            "https://user@rp.example/",
            "https://u:p@rp.example/",
            "https://@rp.example/",
            "https:///cb",
            "https://",
            "https:rp.example/cb",
            "https:/rp.example/cb",
            "https://rp.example:0/",
            "https://rp.example:65536/",
            "https://rp.example:/",
            "https://rp.example:+443/",
            "https://*.rp.example/",
            "https://rp%2eexample/",
            "https://rp_1.example/",
            "https://-rp.example/",
            "https://rp..example/",
            "https://rp.example./",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://127.1/",
            "https://[::1",
            "https://[::1]x/",
            "http://rp.example/cb",
            "http://localhost.evil.example/",
            "http://127.0.0.2/",
            "http://127.0.0.1.nip.example/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://rp.example/x",
            "ftp://rp.example/",
            "mailto:a@rp.example",
            "com.example.app://u@h/",
            "com.example.app:///cb",
            "com.example.app:",
            "https://rp.example/%zz",
            "https://rp.example/%2",
            "/cb",
            "//rp.example/cb",
            "regexp=",
            "https://xn--a/cb",
        ] {
            assert!(RedirectUri::parse(text.to_owned()).is_err(), "{text}");
        }
        assert!(RedirectUri::parse(format!("https://rp.example/{}", "a".repeat(URI_MAX))).is_err());
    }

    #[test]
    fn request_uris_may_carry_a_fragment_and_the_others_may_not() {
        assert!(RequestUri::parse("https://rp.example/r#sha256".to_owned()).is_ok());
        assert!(RequestUri::parse("http://rp.example/r".to_owned()).is_err());
        assert!(HttpsUri::parse("https://rp.example/r#x".to_owned()).is_err());
        assert!(HttpsUri::parse("http://rp.example/".to_owned()).is_err());
        assert!(WebUri::parse("http://rp.example/".to_owned()).is_ok());
        assert!(WebUri::parse("ftp://rp.example/".to_owned()).is_err());
        assert!(EndpointUri::parse("http://localhost:9443/token".to_owned()).is_ok());
        assert!(EndpointUri::parse("http://op.example/token".to_owned()).is_err());
    }
}
