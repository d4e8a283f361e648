//! Names of query parameters in URIs.

/// The parameters of authorization responses. A server appends them to the query of a redirection URI, and a client reads the
/// first of two parameters with the same name. RFC 6749 §4.1.2, RFC 9207 §2, OIDC Session Management §2, JARM §2.3.1.
pub(super) const RESPONSE_PARAMETERS: [&str; 9] = [
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

/// Returns the first of `names` that is the name of a query parameter of the URI, however it is encoded.
pub(crate) fn find_parameter(uri: &str, names: &[&'static str]) -> Option<&'static str> {
    let (_, query) = uri.split_once('?')?;
    let mut parameters = query.split(['&', ';']).map(name);
    parameters.find_map(|found| names.iter().find(|name| name.as_bytes() == found).copied())
}

/// Returns the decoded name of a parameter. URL Standard, `application/x-www-form-urlencoded`.
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
    fn encoded_parameter_names_are_found() {
        let found = |uri: &str| find_parameter(uri, &RESPONSE_PARAMETERS);
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
