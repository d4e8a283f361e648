//! The resource of a query: a normalised identifier.

use std::ops::Range;

use url::Url;

use crate::authority::Authority;
use crate::percent;

/// The prefix of an account's URI, in any case.
const ACCT_PREFIX: &str = "acct:";

/// The maximum length of a resource, in octets after decoding.
pub const RESOURCE_MAX: usize = protocol::uri::URI_MAX;

/// A WebFinger resource after the normalisation of OIDC Discovery §2.1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    subject: String,
    authority: Option<Authority>,
    tenant: Option<String>,
    path: String,
    /// The range of the user's name in the subject; empty unless it is an account.
    user: Range<usize>,
}

impl Resource {
    /// Normalises an identifier.
    ///
    /// | identifier | read as |
    /// |---|---|
    /// | `acct:user@host` | an account; the rightmost `@` separates the host, which may have a port |
    /// | `https://host/path`, `http://host/path` | the host; user information is ignored but for a tenant |
    /// | `user@host` | `acct:user@host` |
    /// | `host`, `host:port`, `host/path`, `user@host:port` | `https://` and that |
    /// | any other scheme | a resource of no host |
    ///
    /// A fragment is dropped. A name before a colon and digits is a host with its port, although it could be a scheme.
    ///
    /// # Errors
    /// The text is not a URI, has no host, or is an XRI (OIDC Discovery §2.1.1 reserves them).
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        if text.trim().is_empty() {
            return Err(ResourceError("The resource parameter must not be blank."));
        }
        if text.len() > RESOURCE_MAX {
            return Err(TOO_LONG);
        }
        if text.starts_with(['=', '@', '+', '$', '!']) {
            return Err(ResourceError(
                "The resource is an XRI, which is not supported.",
            ));
        }
        if has_forbidden_character(text) || !percent::is_well_formed(text) {
            return Err(ResourceError("The resource must be a URI."));
        }
        let whole = text.split('#').next().unwrap_or_default();
        let Some((scheme, rest)) = split_scheme(whole) else {
            return Self::parse_without_scheme(whole);
        };
        if scheme.eq_ignore_ascii_case("acct") {
            Self::parse_account(text.to_owned(), rest)
        } else if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
            Self::parse_url(text.to_owned(), whole, rest)
        } else {
            Ok(Self {
                subject: text.to_owned(),
                authority: None,
                tenant: None,
                path: String::new(),
                user: 0..0,
            })
        }
    }

    /// The resource as it was sent, or the normalised URI if it was sent without a scheme.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The host of the account or URL, or `None` for a scheme without hosts.
    pub(crate) fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The text after an `@` in the user name, which may be written `%40`. It is a tenant only if the host has tenants.
    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The user name of an account, still percent-encoded.
    pub(crate) fn user(&self) -> Option<&str> {
        self.subject
            .get(self.user.clone())
            .filter(|user| !user.is_empty())
    }

    /// The user name without the tenant after its last `@`.
    pub(crate) fn user_at_tenant(&self) -> Option<&str> {
        let user = self.user()?;
        user.get(..user.rfind('@').max(user.rfind("%40"))?)
            .filter(|user| !user.is_empty())
    }

    /// The path of a URL, empty for an account.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Parses an identifier without a scheme. OIDC Discovery §2.1.2 steps 1 and 2.
    fn parse_without_scheme(text: &str) -> Result<Self, ResourceError> {
        let authority = text.split(['/', '?']).next().unwrap_or_default();
        let rest = text.strip_prefix(authority).unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((_, host))
                if rest.is_empty()
                    && Authority::parse(host).is_some_and(|host| host.port.is_none()) =>
            {
                Self::parse_account(format!("{ACCT_PREFIX}{text}"), text)
            }
            _ => {
                // An empty path of an https URL is `/` (RFC 3986 §6.2.3), as in the examples of §2.2.3.
                let slash = if rest.starts_with('/') { "" } else { "/" };
                let after = format!("//{authority}{slash}{rest}");
                let subject = format!("https:{after}");
                if subject.len() > RESOURCE_MAX {
                    return Err(TOO_LONG);
                }
                Self::parse_url(subject.clone(), &subject, &after)
            }
        }
    }

    /// Parses an account from the text after `acct:`. RFC 7565 §7.
    fn parse_account(subject: String, rest: &str) -> Result<Self, ResourceError> {
        let (user, host) = rest
            .rsplit_once('@')
            .ok_or(ResourceError("The resource is an account without a host."))?;
        if user.is_empty() || user.contains(['/', '?', '[', ']']) {
            return Err(ResourceError("The resource is an account without a user."));
        }
        let authority = Authority::parse(host).ok_or(NO_HOST)?;
        let begin = ACCT_PREFIX.len();
        Ok(Self {
            authority: Some(authority),
            tenant: tenant(user),
            path: String::new(),
            user: begin..begin + user.len(),
            subject,
        })
    }

    /// Parses an https or http URL; `rest` is the text after the colon of its scheme.
    fn parse_url(subject: String, text: &str, rest: &str) -> Result<Self, ResourceError> {
        // The parser would use the first segment of `https:host` and of `https:///host` as the host.
        if !rest
            .strip_prefix("//")
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        {
            return Err(NO_HOST);
        }
        let url = Url::parse(text).map_err(|_| NO_HOST)?;
        let authority = Authority::from_url(&url).ok_or(NO_HOST)?;
        Ok(Self {
            subject,
            authority: Some(authority),
            tenant: tenant(url.username()),
            path: url.path().to_owned(),
            user: 0..0,
        })
    }
}

fn tenant(user: &str) -> Option<String> {
    percent::decode(user)?
        .rsplit_once('@')
        .map(|(_, tenant)| tenant.to_owned())
}

/// Splits a text into its scheme and the text after the colon. RFC 3986 §3.1.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let port = rest.split(['/', '?']).next().unwrap_or_default();
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_scheme && !is_port).then_some((scheme, rest))
}

/// Returns true for a character that must be percent-encoded in every URI (RFC 3986 §2). Characters beyond ASCII are accepted,
/// since people type IRIs.
pub(crate) fn is_forbidden_in_uri(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// Returns true if a text has a character that is forbidden in a URI. ASCII text, the usual case, is checked by octet.
fn has_forbidden_character(text: &str) -> bool {
    match text.is_ascii() {
        true => text
            .bytes()
            .any(|byte| is_forbidden_in_uri(char::from(byte))),
        false => text.contains(is_forbidden_in_uri),
    }
}

const TOO_LONG: ResourceError = ResourceError("The resource is too long.");

const NO_HOST: ResourceError = ResourceError("The resource must have a host.");

/// A malformed query, which is answered with 400: a sentence without any part of the request. RFC 7033 §4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceError(pub(crate) &'static str);

impl ResourceError {
    /// The sentence for the client.
    pub fn reason(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subject, host with port, what might be a tenant, path.
    fn read(text: &str) -> (String, Option<String>, Option<String>, String) {
        let Resource {
            subject,
            authority,
            tenant,
            path,
            ..
        } = Resource::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        let place = authority.map(|Authority { host, port }| {
            port.map_or(host.to_string(), |port| format!("{host}:{port}"))
        });
        (subject, place, tenant, path)
    }

    /// OIDC Discovery §2.1.2, steps 1, 2 and 4, and the examples of §2.2: an identifier without a
    /// scheme gets a scheme.
    #[test]
    fn missing_scheme_is_added() {
        for (text, subject, place, path) in [
            (
                "alice@example.com",
                "acct:alice@example.com",
                "example.com",
                "",
            ),
            (
                "alice@example.com#me",
                "acct:alice@example.com",
                "example.com",
                "",
            ),
            (
                "alice@EXAMPLE.com.",
                "acct:alice@EXAMPLE.com.",
                "example.com",
                "",
            ),
            (
                "a+b@bücher.example",
                "acct:a+b@bücher.example",
                "xn--bcher-kva.example",
                "",
            ),
            (
                "alice@example.com:8080",
                "https://alice@example.com:8080/",
                "example.com:8080",
                "/",
            ),
            (
                "alice@example.com/home",
                "https://alice@example.com/home",
                "example.com",
                "/home",
            ),
            ("alice@[::1]", "acct:alice@[::1]", "[::1]", ""),
            ("example.com", "https://example.com/", "example.com", "/"),
            (
                "example.com:8080",
                "https://example.com:8080/",
                "example.com:8080",
                "/",
            ),
            (
                "example.com:8080/alice",
                "https://example.com:8080/alice",
                "example.com:8080",
                "/alice",
            ),
            (
                "example.com:8080?x=1",
                "https://example.com:8080/?x=1",
                "example.com:8080",
                "/",
            ),
            (
                "example.com/alice#me",
                "https://example.com/alice",
                "example.com",
                "/alice",
            ),
            (
                "example.com/alice@home",
                "https://example.com/alice@home",
                "example.com",
                "/alice@home",
            ),
            ("[::1]:9443", "https://[::1]:9443/", "[::1]:9443", "/"),
        ] {
            assert_eq!(
                read(text),
                (
                    subject.to_owned(),
                    Some(place.to_owned()),
                    None,
                    path.to_owned()
                ),
                "{text}"
            );
        }
    }

    /// OIDC Discovery §2.1.2, step 3: an identifier with a scheme is the subject as it was sent.
    #[test]
    fn subject_with_scheme_is_unchanged() {
        for (text, place, path) in [
            ("acct:alice@example.com", "example.com", ""),
            ("ACCT:Alice@LOCALHOST:9443", "localhost:9443", ""),
            ("acct:alice@bücher.example", "xn--bcher-kva.example", ""),
            ("acct:%ff@example.com", "example.com", ""),
            ("acct:alice@example.com#me", "example.com", ""),
            ("https://example.com", "example.com", "/"),
            ("https://example.com:443/", "example.com", "/"),
            ("HTTPS://Example.Com:9443/a/../b", "example.com:9443", "/b"),
            ("https://alice:secret@example.com/", "example.com", "/"),
            (
                "https://b%C3%BCcher.example./x?y#z",
                "xn--bcher-kva.example",
                "/x",
            ),
            ("https://[::1]:9443", "[::1]:9443", "/"),
            ("http://example.com/alice", "example.com", "/alice"),
        ] {
            assert_eq!(
                read(text),
                (
                    text.to_owned(),
                    Some(place.to_owned()),
                    None,
                    path.to_owned()
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn the_rightmost_at_separates_the_host() {
        for (text, tenant) in [
            ("acct:bob@acme.example@localhost", "acme.example"),
            ("acct:bob%40acme.example@localhost", "acme.example"),
            ("acct:a@b@acme.example@localhost", "acme.example"),
            ("bob@acme.example@localhost", "acme.example"),
            ("https://bob%40acme.example@localhost/", "acme.example"),
            ("https://bob@acme.example@localhost/", "acme.example"),
            ("acct:bob@@localhost", ""),
        ] {
            let (_, place, found, _) = read(text);
            assert_eq!(
                (place.as_deref(), found.as_deref()),
                (Some("localhost"), Some(tenant)),
                "{text}"
            );
        }
    }

    /// The user of an account is given with and without its tenant.
    #[test]
    fn account_user_has_and_lacks_tenant() {
        for (text, user, at_tenant) in [
            ("acct:alice@example.com", Some("alice"), None),
            ("ACCT:alice@example.com#a@b", Some("alice"), None),
            ("b%C3%BCcher@example.com", Some("b%C3%BCcher"), None),
            (
                "acct:bob@acme.example@localhost",
                Some("bob@acme.example"),
                Some("bob"),
            ),
            (
                "acct:a@b%40acme.example@localhost",
                Some("a@b%40acme.example"),
                Some("a@b"),
            ),
            ("acct:@acme@localhost", Some("@acme"), None),
            ("https://alice@example.com/", None, None),
            ("example.com", None, None),
            ("mailto:alice@example.com", None, None),
        ] {
            let resource = Resource::parse(text).unwrap();
            assert_eq!(
                (resource.user(), resource.user_at_tenant()),
                (user, at_tenant),
                "{text}"
            );
        }
    }

    #[test]
    fn other_schemes_are_resources_without_a_host() {
        for text in [
            "mailto:alice@example.com",
            "urn:isbn:0451450523",
            "tel:+15551234",
            "localhost:alice",
            "foo://example.com",
            "xri://=a",
        ] {
            assert_eq!(
                read(text),
                (text.to_owned(), None, None, String::new()),
                "{text}"
            );
        }
    }

    /// A resource that cannot be normalised is malformed.
    #[test]
    fn unnormalisable_resource_is_malformed() {
        for text in [
            "",
            "   ",
            "=alice",
            "@alice",
            "+alice",
            "$alice",
            "!alice",
            "#alice",
            "acct:",
            "acct:alice",
            "acct:@example.com",
            "acct:alice@",
            "acct:alice@.",
            "acct://alice@example.com",
            "acct:alice@example.com/home",
            "acct:alice@example.com?x",
            "acct:alice@example.com:port",
            "acct:alice@acme.example%40localhost",
            "acct:al ice@example.com",
            "acct:a%zz@example.com",
            "acct:a\0@example.com",
            "https:",
            "https:example.com",
            "https:/example.com",
            "https://",
            "https:///example.com",
            "https://?x",
            "https://alice@",
            "https://example.com:65536/",
            "https://example.com\\@localhost",
            "https://[::1",
            "https://xn--a/",
            "::1",
            ":9443",
            "/alice",
            "?x",
            "localhost:99999",
            "<script>",
        ] {
            assert!(Resource::parse(text).is_err(), "{text}");
        }
        assert!(
            Resource::parse(&format!("acct:{}@example.com", "a".repeat(RESOURCE_MAX))).is_err()
        );
    }
}
