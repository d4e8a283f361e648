//! Redirect URIs.

use http::Uri;
use http::uri::Authority;
use protocol::RedirectUri;
use protocol::uri::RedirectForm;
use url::Url;

use crate::rfc3986;

/// Checks that an accepted URI is stored byte for byte and accepted again, and that three other parsers agree about its host.
pub fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(uri) = RedirectUri::parse(text.to_owned()) else {
        return;
    };
    assert_eq!(uri.as_str(), text);
    assert_eq!(RedirectUri::parse(text.to_owned()), Ok(uri.clone()));
    if let (Ok(url), false) = (Url::parse(text), uri.form() == RedirectForm::Pattern) {
        assert!(
            !url.query_pairs()
                .any(|(name, _)| ["code", "state", "iss", "error"].contains(&&*name)),
            "{text}"
        );
        assert!(
            !["x-apple.", "ms-", "chrome-"]
                .iter()
                .any(|begin| url.scheme().starts_with(begin)),
            "{text}"
        );
    }
    match uri.form() {
        RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback => {
            leads_to_one_host(text, &uri);
        }
        RedirectForm::PrivateUse => leads_to_an_application(text, &uri),
        RedirectForm::Pattern => assert!(text.starts_with("regexp=")),
        RedirectForm::Schemeless => {
            let authority = text.split(['/', '?']).next().unwrap_or_default();
            assert_eq!(
                authority
                    .parse::<Authority>()
                    .map(|parsed| parsed.to_string())
                    .ok()
                    .as_deref(),
                Some(authority),
                "{text}"
            );
        }
    }
}

fn leads_to_one_host(text: &str, uri: &RedirectUri) {
    let other: Uri = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(uri.scheme().as_deref(), other.scheme_str(), "{text}");
    assert_eq!(
        uri.host(),
        other.host().map(str::to_ascii_lowercase),
        "{text}"
    );
    assert!(
        !text.contains(['@', '#'])
            || !other
                .authority()
                .expect("an authority")
                .as_str()
                .contains(['@', '#']),
        "{text}"
    );

    let url = Url::parse(text).expect("a URL");
    let usual = if other.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    assert_eq!(
        url.port_or_known_default(),
        Some(other.port_u16().unwrap_or(usual)),
        "{text}"
    );

    let parts = rfc3986::parts(text).expect("a scheme");
    assert_eq!(
        uri.scheme(),
        Some(parts.scheme.to_ascii_lowercase()),
        "{text}"
    );
    let host = rfc3986::host(parts.authority.expect("an authority")).to_ascii_lowercase();
    assert_eq!(uri.host(), Some(host.clone()), "{text}");
    let localhost = host == "localhost" || host.ends_with(".localhost");
    let loopback = localhost || ["127.0.0.1", "[::1]"].contains(&host.as_str());
    assert!(
        uri.scheme().as_deref() == Some("https") || loopback,
        "http stays on this machine: {text}"
    );
    assert_eq!(
        uri.form() == RedirectForm::HttpsLocalhost,
        uri.scheme().as_deref() == Some("https") && localhost,
        "{text}"
    );
}

fn leads_to_an_application(text: &str, uri: &RedirectUri) {
    let parts = rfc3986::parts(text).expect("a scheme");
    let scheme = parts.scheme.to_ascii_lowercase();
    assert_eq!(uri.scheme(), Some(scheme.clone()), "{text}");
    assert_eq!(Url::parse(text).expect("a URL").scheme(), scheme, "{text}");
    assert!(
        text.len() > scheme.len() + 1 && !text.contains('#'),
        "{text}"
    );
    assert!(
        ![
            "javascript",
            "data",
            "vbscript",
            "http",
            "https",
            "file",
            "blob",
            "ftp",
            "mailto",
            "ssh"
        ]
        .contains(&scheme.as_str()),
        "{text}"
    );
    assert!(
        parts
            .authority
            .is_none_or(|authority| !authority.contains('@')),
        "{text}"
    );
}
