//! `Authorization` headers.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oauth_http::authorization::{Presented, Scheme};

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
    for read in [Presented::of, Presented::of_wso2] {
        assert!(
            matches!(read(&request(2)), Presented::Unreadable(Scheme::Other)),
            "two headers contradict each other"
        );
        let presented = read(&request(1));
        match value.to_str() {
            Ok(text) => is_written(text, &presented),
            Err(_) => assert!(matches!(presented, Presented::Unreadable(Scheme::Other))),
        }
    }
    if let Ok(text) = value.to_str()
        && !matches!(Presented::read(text), Presented::Unreadable(_))
    {
        assert_eq!(
            Presented::read(text).scheme(),
            Presented::read_wso2(text).scheme(),
            "the endpoints agree about credentials that both can read"
        );
    }
}

fn is_written(text: &str, presented: &Presented) {
    let scheme = text
        .trim()
        .split(' ')
        .next()
        .unwrap_or_default()
        .trim_end_matches(':');
    match presented {
        Presented::Nothing => panic!("something was presented: {text}"),
        Presented::Bearer(token) => {
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
        Presented::Basic { name, password } => {
            assert!(
                scheme.eq_ignore_ascii_case("basic") && !name.contains(':'),
                "{text}"
            );
            let again = STANDARD.encode(format!("{name}:{}", password.reveal()));
            assert!(text.contains(again.trim_end_matches('=')), "{text}");
        }
        Presented::Unreadable(tried) => {
            let named = [("bearer", Scheme::Bearer), ("basic", Scheme::Basic)]
                .into_iter()
                .find(|(name, _)| scheme.eq_ignore_ascii_case(name));
            assert!(
                *tried == Scheme::Other || named.is_some_and(|(_, named)| named == *tried),
                "{text}"
            );
        }
    }
}
