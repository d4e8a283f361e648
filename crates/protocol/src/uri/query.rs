//! Query parameters of URIs, by their names.

/// Members of authorization responses. A server adds them to the query of a redirection URI, and a client that finds one
/// there already reads the first. RFC 6749 §4.1.2, RFC 9207 §2, OIDC Session Management §2, JARM §2.3.1.
pub(super) const OF_RESPONSES: [&str; 9] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "session_state",
    "id_token",
    "access_token",
    "response",
];

/// The first of some names that a query parameter of a URI has, spelled in whatever way.
pub(crate) fn parameter_among(uri: &str, names: &[&'static str]) -> Option<&'static str> {
    let (_, query) = uri.split_once('?')?;
    let mut parameters = query.split(['&', ';']).map(name);
    parameters.find_map(|found| names.iter().find(|name| name.as_bytes() == found).copied())
}

/// The name of a parameter, as a client decodes it. URL Standard, `application/x-www-form-urlencoded`.
fn name(parameter: &str) -> Vec<u8> {
    let encoded = parameter.split('=').next().unwrap_or_default();
    url::form_urlencoded::parse(encoded.as_bytes())
        .next()
        .map_or_else(Vec::new, |(name, _)| name.into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_spelled() {
        let found = |uri: &str| parameter_among(uri, &OF_RESPONSES);
        for query in [
            "code",
            "code=",
            "code=1",
            "%63ode=1",
            "%63%6F%64%65",
            "a=b&code=1",
            "a=b;code=1",
            "a;code",
            "&code",
            "=&code=x=y",
        ] {
            assert_eq!(
                found(&format!("https://rp.example/cb?{query}")),
                Some("code"),
                "{query}"
            );
        }
        for query in [
            "",
            "codec=1",
            "Code=1",
            "x=code",
            "+code=1",
            "code+=1",
            "code%3D1",
            "code%26=1",
            "%2563ode=1",
            "a.code=1",
            "%ff=code",
        ] {
            assert_eq!(
                found(&format!("https://rp.example/code/state?{query}")),
                None,
                "{query}"
            );
        }
        assert_eq!(
            (
                found("https://rp.example/code=1&state=2"),
                found("com.example.app:/cb?iss")
            ),
            (None, Some("iss"))
        );
    }
}
