//! Issuers.

use protocol::Issuer;
use protocol::uri::EndpointUri;
use url::Url;

/// Checks that every URL that is derived from an issuer is valid and has the issuer's host.
pub fn holds(bytes: &[u8]) {
    let Some(issuer) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| Issuer::parse(text).ok())
    else {
        return;
    };
    assert_eq!(issuer.as_str().as_bytes(), bytes);
    assert!(
        issuer.as_str().starts_with(issuer.origin())
            && issuer.origin().ends_with(issuer.authority()),
        "{issuer}"
    );
    for address in [
        issuer.endpoint("register"),
        issuer.appended("openid-configuration"),
        issuer.inserted("openid-configuration"),
    ] {
        let url = Url::parse(&address).unwrap_or_else(|error| panic!("{address}: {error}"));
        assert_eq!(
            url.as_str()
                .split('/')
                .filter(|part| part.is_empty())
                .count(),
            1,
            "{address}"
        );
        assert_eq!(
            (url.host_str(), url.port_or_known_default()),
            (Some(issuer.host()), Some(issuer.port())),
            "{address}"
        );
        assert!(EndpointUri::parse(address).is_ok());
    }
}
