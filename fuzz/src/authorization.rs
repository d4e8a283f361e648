//! `Authorization` headers.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oauth_http::authorization::{AuthScheme, Credentials};

/// Checks that every reader returns the credentials that were written, and refuses anything else without a panic.
pub fn holds(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let request = |times: usize| {
        let with = |request: TestRequest, ()| request.append_header((AUTHORIZATION, value.clone()));
        std::iter::repeat_n((), times)
            .fold(TestRequest::default(), with)
            .to_http_request()
    };
    for read in [Credentials::from_request, Credentials::from_wso2_request] {
        assert!(
            matches!(read(&request(2)), Credentials::Malformed(AuthScheme::Other)),
            "two headers contradict each other"
        );
        let presented = read(&request(1));
        match value.to_str() {
            Ok(text) => is_written(text, &presented),
            Err(_) => assert!(matches!(
                presented,
                Credentials::Malformed(AuthScheme::Other)
            )),
        }
    }
    if let Ok(text) = value.to_str()
        && !matches!(Credentials::parse(text), Credentials::Malformed(_))
    {
        assert_eq!(
            Credentials::parse(text).scheme(),
            Credentials::parse_wso2(text).scheme(),
            "the endpoints agree about credentials that both can read"
        );
    }
}

fn is_written(text: &str, presented: &Credentials) {
    let scheme = text
        .trim()
        .split(' ')
        .next()
        .unwrap_or_default()
        .trim_end_matches(':');
    match presented {
        Credentials::Missing => panic!("something was presented: {text}"),
        Credentials::Bearer(token) => {
            assert!(
                scheme.eq_ignore_ascii_case("bearer") && text.trim().ends_with(token.reveal()),
                "{text}"
            );
            assert!(
                !token.reveal().is_empty()
                    && token.reveal().bytes().all(|byte| byte.is_ascii_graphic()),
                "{text}"
            );
        }
        Credentials::Basic { name, password } => {
            assert!(
                scheme.eq_ignore_ascii_case("basic") && !name.contains(':'),
                "{text}"
            );
            let again = STANDARD.encode(format!("{name}:{}", password.reveal()));
            assert!(text.contains(again.trim_end_matches('=')), "{text}");
        }
        Credentials::Malformed(tried) => {
            let named = [("bearer", AuthScheme::Bearer), ("basic", AuthScheme::Basic)]
                .into_iter()
                .find(|(name, _)| scheme.eq_ignore_ascii_case(name));
            assert!(
                *tried == AuthScheme::Other || named.is_some_and(|(_, named)| named == *tried),
                "{text}"
            );
        }
    }
}
