//! What holds for anything anybody could send.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

#[path = "support/sample.rs"]
mod sample;
mod support;

use std::collections::HashSet;

use http::Uri;
use http::uri::Authority;
use proptest::prelude::*;
use proptest::sample::select;
use protocol::json::{JsonLimits, read_object};
use protocol::uri::{EndpointUri, RedirectForm};
use protocol::{ClientMetadata, Issuer, LegacyRedirects, Object, ProviderMetadata, RedirectUri, RegisteredMetadata, Terms};
use serde_json::{Value, json};
use support::{STANDARD, agree, provider};

/// Any JSON at all, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any_uri().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z#]{0,6}", inner), 0..4).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// Text that is a URI, nearly one, or made to be taken for another.
fn any_uri() -> impl Strategy<Value = String> {
    let mostly = |usual: &[&'static str], odd: &[&'static str]| prop_oneof![9 => select(usual.to_vec()), 1 => select(odd.to_vec())];
    let scheme = mostly(&["https", "http", "HTTPS", "com.example.app"], &["javascript", "cursor", "regexp=https", ""]);
    let after = mostly(&["://"], &[":/", ":", ":///", "//", ""]);
    let user = mostly(&[""], &["user@", "user:secret@", "@"]);
    let strange = [
        "127.1",
        "0x7f.1",
        "[::ffff:1.2.3.4]",
        "bücher.example",
        "rp_1.example",
        "rp..example",
        "*.example",
        "%65xample",
        "rp.example.",
        "1.2.3",
        "",
    ];
    let plain = [
        "rp.example",
        "RP.example",
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "[::1]",
        "[2001:DB8::1]",
        "xn--bcher-kva.example",
        "localhost.example",
    ];
    let host = prop_oneof![9 => mostly(&plain, &strange).prop_map(str::to_owned), 1 => "[!-~]{1,12}"];
    let port = prop_oneof![
        4 => Just(String::new()),
        2 => any::<u32>().prop_map(|port| format!(":{}", port % 70_000)),
        1 => select(vec![":", ":+1", ":-1", ":0443", ":443:443"]).prop_map(str::to_owned),
    ];
    let rest = prop_oneof![
        6 => "(/[a-z.%2F;~!$&'()*+,=:@-]{0,8}){0,2}(\\?[a-z=&@:/%20?]{0,8})?",
        6 => "(/[a-z.]{0,4})?(\\?[a-z=]{0,4})?",
        1 => "[!-~]{0,12}",
        1 => "\\PC{0,6}",
    ];
    let built = (scheme, after, user, host, port, rest)
        .prop_map(|(scheme, after, user, host, port, rest)| format!("{scheme}{after}{user}{host}{port}{rest}"));
    prop_oneof![8 => built, 1 => "[!-~]{0,24}", 1 => "\\PC{0,24}"]
}

/// A value the row's member may well accept.
fn good(row: &'static protocol::Row) -> BoxedStrategy<Value> {
    let words = |words: &[&'static str]| proptest::sample::subsequence(words.to_vec(), 0..=words.len()).prop_map(Value::from).boxed();
    let word = |words: &[&'static str]| select(words.to_vec()).prop_map(Value::from).boxed();
    match row.name {
        "redirect_uris" | "claims_redirect_uris" => proptest::collection::vec(any_uri(), 0..3).prop_map(Value::from).boxed(),
        "grant_types" => words(&["authorization_code", "implicit", "refresh_token", "client_credentials", "password", "urn:x"]),
        "response_types" => words(&["code", "id_token", "token id_token", "token", "code token", "none"]),
        "scope" => word(&["openid", "openid email", "email unknown", "unknown", "a  b"]),
        "token_endpoint_auth_method" => word(&["client_secret_basic", "none", "private_key_jwt", "client_secret_jwt"]),
        "application_type" => word(&["web", "native", "service"]),
        name if name.ends_with("_alg") => word(&["RS256", "ES256", "HS256", "none", "RSA-OAEP", "dir"]),
        name if name.ends_with("_enc") => word(&["A128CBC-HS256", "A256GCM"]),
        _ => Just(sample::of(row)).boxed(),
    }
}

/// Members of the table, some with language tags, some with values that are not theirs, and members of no table.
fn any_members() -> impl Strategy<Value = Value> {
    let row = || select(ClientMetadata::ROWS.iter().collect::<Vec<_>>());
    let member = prop_oneof![
        6 => row().prop_flat_map(|row| good(row).prop_map(|value| (row.name.to_owned(), value))),
        1 => (row(), any_json()).prop_map(|(row, value)| (row.name.to_owned(), value)),
        1 => (row(), "#[a-zA-Z-]{0,8}", any_json()).prop_map(|(row, tag, value)| (format!("{}{tag}", row.name), value)),
        1 => ("\\PC{0,8}", any_json()),
    ];
    (any::<bool>(), proptest::collection::vec(member, 0..8)).prop_map(|(callback, members)| {
        let mut object: Object = members.into_iter().collect();
        if callback {
            object.insert("redirect_uris".to_owned(), json!(["https://rp.example/cb"]));
        }
        Value::Object(object)
    })
}

/// The default offer, and one with a list for everything.
fn providers() -> [ProviderMetadata; 2] {
    let everything: Object = ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.offered)
        .filter(|list| !["grant_types_supported", "response_types_supported", "scopes_supported"].contains(list))
        .filter(|list| !list.starts_with("token_endpoint_"))
        .map(|list| {
            (list.to_owned(), json!(["value", "RS256", "ES256", "none", "RSA-OAEP", "dir", "A256GCM", "A128CBC-HS256", "pairwise"]))
        })
        .collect();
    [provider(&json!({})), provider(&Value::Object(everything))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_agreed_is_as_it_was_asked_and_is_agreed_again(asked in any_members()) {
        for legacy in [LegacyRedirects::Refused, LegacyRedirects::Accepted] {
            for provider in providers() {
                let terms = Terms { legacy, ..STANDARD };
                let text = match agree(&provider, &terms, &asked) {
                    Ok(text) => text,
                    Err(invalid) => {
                        // A refusal repeats no more than a name the tables know.
                        let known = ClientMetadata::ROWS.iter().any(|row| invalid.member.split('#').next() == Some(row.name));
                        prop_assert!(known && invalid.to_string().bytes().all(|byte| byte != b'"' && byte != b'\\'), "{invalid}");
                        continue;
                    }
                };
                let agreed: Value = serde_json::from_str(&text).unwrap();
                for uris in ["redirect_uris", "claims_redirect_uris", "post_logout_redirect_uris", "request_uris"] {
                    let once = asked.get(uris).and_then(Value::as_array).map(|uris| {
                        let mut seen = HashSet::new();
                        uris.iter().filter(|uri| seen.insert(*uri)).cloned().collect::<Value>()
                    });
                    prop_assert_eq!(agreed.get(uris), once.as_ref());
                }
                let null = agreed.as_object().unwrap().values().any(|value| value.is_null() || value == "");
                prop_assert!(!null, "what was not set is left out: {text}");
                prop_assert_eq!(agree(&provider, &terms, &agreed), Ok(text.clone()));
                prop_assert_eq!(RegisteredMetadata::from_stored(text.clone()).unwrap().members().object(), agreed.as_object().unwrap().clone());
            }
        }
    }

    #[test]
    fn a_redirect_uri_is_read_as_another_program_reads_it(text in any_uri()) {
        let Ok(uri) = RedirectUri::parse(text.clone()) else { return Ok(()) };
        prop_assert_eq!(uri.as_str(), &text);
        prop_assert_eq!(RedirectUri::parse(uri.as_str().to_owned()), Ok(uri.clone()));
        match uri.form() {
            RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback => {
                let other: Uri = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
                prop_assert_eq!(uri.scheme(), other.scheme_str().map(str::to_owned));
                prop_assert_eq!(uri.host(), other.host().map(str::to_ascii_lowercase));
                prop_assert!(!other.authority().unwrap().as_str().contains('@'));
                let url = url::Url::parse(&text).unwrap();
                let usual = if other.scheme_str() == Some("https") { 443 } else { 80 };
                prop_assert_eq!(url.port_or_known_default(), Some(other.port_u16().unwrap_or(usual)));
            }
            RedirectForm::PrivateUse => {
                let (scheme, rest) = text.split_once(':').unwrap();
                prop_assert_eq!(uri.scheme(), Some(scheme.to_ascii_lowercase()));
                prop_assert!(!rest.is_empty() && !["javascript", "http", "https"].contains(&uri.scheme().unwrap().as_str()));
            }
            RedirectForm::Pattern => prop_assert!(text.starts_with("regexp=")),
            RedirectForm::Schemeless => {
                let authority = text.split(['/', '?']).next().unwrap();
                prop_assert_eq!(authority.parse::<Authority>().unwrap(), authority);
            }
        }
    }

    #[test]
    fn every_address_that_follows_from_an_issuer_is_one(text in prop_oneof![any_uri(), "https://[a-z]{1,5}\\.example(:[1-9][0-9]{0,3})?(/[a-z]{1,4}){0,2}/?"]) {
        let Ok(issuer) = Issuer::parse(&text) else { return Ok(()) };
        prop_assert_eq!(issuer.as_str(), &text);
        prop_assert!(text.starts_with(issuer.origin()) && issuer.origin().ends_with(issuer.authority()));
        for address in [issuer.endpoint("register"), issuer.appended("openid-configuration"), issuer.inserted("openid-configuration")] {
            let url = url::Url::parse(&address).unwrap();
            prop_assert_eq!(url.as_str().split('/').filter(|part| part.is_empty()).count(), 1, "{}", address);
            prop_assert_eq!((url.host_str(), url.port_or_known_default()), (Some(issuer.host()), Some(issuer.port())));
            prop_assert!(EndpointUri::parse(address).is_ok());
        }
    }

    #[test]
    fn the_strict_reader_reads_what_the_ordinary_one_does_or_nothing(text in prop_oneof![
        any_json().prop_map(|value| value.to_string()),
        any_members().prop_map(|value| value.to_string()),
        "[\\[\\]{}:,\"a0 \\\\u]{0,24}",
    ]) {
        match read_object(text.as_bytes(), &JsonLimits::default()) {
            Ok(object) => prop_assert_eq!(Value::Object(object), serde_json::from_str::<Value>(&text).unwrap()),
            Err(refused) => prop_assert!(refused.to_string().starts_with("The body ") && refused.to_string().ends_with('.')),
        }
    }

    #[test]
    fn the_strict_reader_survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let opens = bytes.contains(&b'{');
        prop_assert!(read_object(&bytes, &JsonLimits::default()).is_err() || opens);
    }
}
