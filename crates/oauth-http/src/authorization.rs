//! The credentials in the `Authorization` header of a request.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use protocol::Secret;

/// The credentials of a request.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The request has no `Authorization` header.
    Missing,
    /// A bearer token. RFC 6750 §2.1.
    Bearer(Secret),
    /// A name and a password. RFC 7617 §2.
    Basic {
        /// The name before the first colon.
        name: String,
        /// The text after it, including further colons.
        password: Secret,
    },
    /// The header has no usable credentials: another scheme, an empty token, invalid base64, or it occurs twice.
    Malformed(AuthScheme),
}

/// The authentication scheme of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// `Bearer`. RFC 6750.
    Bearer,
    /// `Basic`. RFC 7617.
    Basic,
    Other,
}

impl Credentials {
    pub fn from_request(request: &HttpRequest) -> Self {
        Self::from_header(request, Self::parse)
    }

    /// Reads the header, and also accepts `Basic:` and `Bearer:`, as WSO2's documentation spells the schemes.
    pub fn from_wso2_request(request: &HttpRequest) -> Self {
        Self::from_header(request, Self::parse_wso2)
    }

    fn from_header(request: &HttpRequest, read: fn(&str) -> Self) -> Self {
        let mut values = request.headers().get_all(header::AUTHORIZATION);
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(value), None) => value
                .to_str()
                .map_or(Self::Malformed(AuthScheme::Other), read),
            (Some(_), Some(_)) => Self::Malformed(AuthScheme::Other),
        }
    }

    /// Parses the header's value: a scheme in any case, spaces, and the credentials.
    pub fn parse(value: &str) -> Self {
        let (scheme, rest) = split(value);
        Self::from_scheme(scheme, rest)
    }

    /// Parses the header's value, with or without a colon after the scheme.
    pub fn parse_wso2(value: &str) -> Self {
        let (scheme, rest) = split(value);
        Self::from_scheme(scheme.strip_suffix(':').unwrap_or(scheme), rest)
    }

    fn from_scheme(scheme: &str, rest: &str) -> Self {
        if scheme.eq_ignore_ascii_case("bearer") {
            return match rest.is_empty()
                || rest.contains(|character: char| !character.is_ascii_graphic())
            {
                true => Self::Malformed(AuthScheme::Bearer),
                false => Self::Bearer(Secret::new(rest)),
            };
        }
        if scheme.eq_ignore_ascii_case("basic") {
            return basic(rest).unwrap_or(Self::Malformed(AuthScheme::Basic));
        }
        Self::Malformed(AuthScheme::Other)
    }

    /// The scheme of the header, or `None` without a header.
    pub fn scheme(&self) -> Option<AuthScheme> {
        match self {
            Self::Missing => None,
            Self::Bearer(_) => Some(AuthScheme::Bearer),
            Self::Basic { .. } => Some(AuthScheme::Basic),
            Self::Malformed(scheme) => Some(*scheme),
        }
    }
}

fn split(value: &str) -> (&str, &str) {
    let value = value.trim();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    (scheme, rest.trim())
}

fn basic(encoded: &str) -> Option<Credentials> {
    let bytes = STANDARD
        .decode(encoded)
        .or_else(|_| STANDARD_NO_PAD.decode(encoded))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(Credentials::Basic {
        name: name.to_owned(),
        password: Secret::new(password),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scheme is case-insensitive, and a password may contain colons.
    #[test]
    fn scheme_in_any_case_is_read() {
        for value in [
            "Basic YWRtaW46YTpi",
            "basic YWRtaW46YTpi",
            "BASIC  YWRtaW46YTpi ",
        ] {
            for presented in [Credentials::parse(value), Credentials::parse_wso2(value)] {
                let Credentials::Basic { name, password } = presented else {
                    panic!("{value}")
                };
                assert_eq!((name.as_str(), password.reveal()), ("admin", "a:b"));
            }
        }
        let Credentials::Bearer(token) = Credentials::parse("bEARER iat_x") else {
            panic!()
        };
        assert_eq!(token.reveal(), "iat_x");
    }

    /// A colon after the scheme is accepted only where the caller of the parser asks for it.
    #[test]
    fn scheme_colon_is_accepted_on_request() {
        for value in ["Basic: YWRtaW46YTpi", "Bearer: iat_x"] {
            assert!(
                matches!(
                    Credentials::parse(value),
                    Credentials::Malformed(AuthScheme::Other)
                ),
                "{value}"
            );
            assert!(
                matches!(
                    Credentials::parse_wso2(value),
                    Credentials::Basic { .. } | Credentials::Bearer(_)
                ),
                "{value}"
            );
        }
    }

    /// A header without valid credentials is unreadable.
    #[test]
    fn malformed_credentials_are_unreadable() {
        for (value, scheme) in [
            ("Bearer", AuthScheme::Bearer),
            ("Bearer ", AuthScheme::Bearer),
            ("Bearer a b", AuthScheme::Bearer),
            ("Basic", AuthScheme::Basic),
            ("Basic !!!", AuthScheme::Basic),
            ("Basic YWRtaW4=", AuthScheme::Basic),
            ("Basic /w==", AuthScheme::Basic),
            ("Digest x", AuthScheme::Other),
            ("", AuthScheme::Other),
        ] {
            let presented = Credentials::parse(value);
            assert!(
                matches!(presented, Credentials::Malformed(tried) if tried == scheme),
                "{value}: {presented:?}"
            );
        }
    }

    #[test]
    fn credentials_print_as_placeholders() {
        let printed = format!(
            "{:?} {:?}",
            Credentials::parse("Basic YWRtaW46aHVudGVyMg=="),
            Credentials::parse("Bearer rat_secret")
        );
        assert!(
            !printed.contains("hunter2") && !printed.contains("rat_secret"),
            "{printed}"
        );
    }
}
