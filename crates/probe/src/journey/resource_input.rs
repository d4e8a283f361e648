//! The user's input as a URI and the host to ask. OIDC Discovery §2.1.

use anyhow::{anyhow, bail};
use protocol::Issuer;
use url::Url;

/// An identifier to ask WebFinger about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResourceInput {
    /// The normalised URI: the `resource` of the query.
    pub(super) identifier: String,
    /// Scheme, host and port to ask.
    pub(super) origin: String,
    /// True if it is a URL, which may be an issuer itself.
    pub(super) is_url: bool,
}

impl ResourceInput {
    /// Normalises the input: `acct:` for `user@host`, `https:` for everything else without a scheme, no fragment.
    /// The error is the rest of a sentence.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.split('#').next().unwrap_or_default();
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            bail!("it must be an account or a URL without spaces, as in acct:alice@example.com");
        }
        if text.starts_with(['=', '@', '+', '$', '!']) {
            bail!("{text} is an XRI, which is not supported; give an account or a URL");
        }
        match parse_scheme(text).as_deref() {
            Some("acct") => Self::parse_account(text),
            Some("https" | "http") => Self::parse_url(text),
            Some(other) => {
                bail!("the scheme of {text} is {other}, but only acct and https are supported")
            }
            None if is_account(text) => Self::parse_account(&format!("acct:{text}")),
            None => Self::parse_url(&format!("https://{text}")),
        }
    }

    fn parse_account(text: &str) -> anyhow::Result<Self> {
        let form = || anyhow!("{text} must have the form acct:user@host");
        let (_, account) = text.split_once(':').ok_or_else(form)?;
        let (user, host) = account.rsplit_once('@').ok_or_else(form)?;
        let url = Url::parse(&format!("https://{host}")).map_err(|_| form())?;
        if user.is_empty() || host.contains(['/', '?', '\\']) || url.host_str().is_none() {
            return Err(form());
        }
        Ok(Self {
            identifier: text.to_owned(),
            origin: url.origin().ascii_serialization(),
            is_url: false,
        })
    }

    fn parse_url(text: &str) -> anyhow::Result<Self> {
        let url = Url::parse(text).map_err(|fault| anyhow!("{text} is not a URL ({fault})"))?;
        let origin = url.origin().ascii_serialization();
        Issuer::parse(&origin).map_err(|reason| anyhow!("{text} {reason}"))?;
        Ok(Self {
            identifier: text.to_owned(),
            origin,
            is_url: true,
        })
    }
}

/// Returns the scheme in lower case, or `None` if the first colon separates a host from its port.
fn parse_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let port = rest.split(['/', '?']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (is_scheme && !is_port).then(|| scheme.to_ascii_lowercase())
}

/// Returns true for `user@host` without scheme, path, query or port.
fn is_account(text: &str) -> bool {
    text.rsplit_once('@')
        .is_some_and(|(_, host)| !host.contains(':'))
        && !text.contains(['/', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An identifier, as people type it, becomes a WebFinger query to a host.
    #[test]
    fn typed_identifier_becomes_a_query() {
        for (typed, identifier, origin, is_url) in [
            (
                "acct:alice@localhost:9443",
                "acct:alice@localhost:9443",
                "https://localhost:9443",
                false,
            ),
            (
                "ACCT:alice@example.com",
                "ACCT:alice@example.com",
                "https://example.com",
                false,
            ),
            (
                "alice@example.com",
                "acct:alice@example.com",
                "https://example.com",
                false,
            ),
            (
                "acct:bob@acme.example@Example.com",
                "acct:bob@acme.example@Example.com",
                "https://example.com",
                false,
            ),
            (
                "acct:alice@bücher.example",
                "acct:alice@bücher.example",
                "https://xn--bcher-kva.example",
                false,
            ),
            (
                "example.com",
                "https://example.com",
                "https://example.com",
                true,
            ),
            (
                "example.com/joe?x=1#me",
                "https://example.com/joe?x=1",
                "https://example.com",
                true,
            ),
            (
                "localhost:9443",
                "https://localhost:9443",
                "https://localhost:9443",
                true,
            ),
            (
                "alice@localhost:9443",
                "https://alice@localhost:9443",
                "https://localhost:9443",
                true,
            ),
            (
                "https://example.com:443/t/acme",
                "https://example.com:443/t/acme",
                "https://example.com",
                true,
            ),
            (
                "http://[::1]:8080",
                "http://[::1]:8080",
                "http://[::1]:8080",
                true,
            ),
        ] {
            let expected = ResourceInput {
                identifier: identifier.to_owned(),
                origin: origin.to_owned(),
                is_url,
            };
            assert_eq!(ResourceInput::parse(typed).unwrap(), expected, "{typed}");
        }
    }

    /// An identifier that cannot be queried is reported.
    #[test]
    fn invalid_identifier_is_reported() {
        for (typed, part) in [
            ("", "must be an account or a URL"),
            ("acct:al ice@example.com", "without spaces"),
            ("=example", "XRI"),
            ("acct:alice", "acct:user@host"),
            ("acct:@example.com", "acct:user@host"),
            ("acct:alice@example.com/x", "acct:user@host"),
            ("mailto:alice@example.com", "mailto"),
            ("http://example.com", "must be https"),
            ("https://", "not a URL"),
        ] {
            let reason = ResourceInput::parse(typed).unwrap_err().to_string();
            assert!(reason.contains(part), "{typed}: {reason}");
        }
    }
}
