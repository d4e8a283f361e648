//! Client metadata that is valid or nearly so; the tests of the server send it as well.

use proptest::prelude::*;
use proptest::sample::select;
use protocol::{ClientMetadata, Object};
use serde_json::{Value, json};

#[path = "../../../crates/protocol/tests/support/sample.rs"]
mod sample;

/// Generates any JSON of limited depth.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any_uri().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(vec!["a\0", "\\u0000", "\u{2028}", "\u{feff}", "\u{fffe}"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z#\0]{0,6}", inner), 0..4)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// Generates a text that is a URI, nearly a URI, or easily mistaken for another URI.
pub fn any_uri() -> impl Strategy<Value = String> {
    let mostly = |usual: &[&'static str], odd: &[&'static str]| prop_oneof![9 => select(usual.to_vec()), 1 => select(odd.to_vec())];
    let scheme = mostly(
        &["https", "http", "HTTPS", "com.example.app"],
        &["javascript", "cursor", "regexp=https", ""],
    );
    let after = mostly(&["://"], &[":/", ":", ":///", "//", ""]);
    let user = mostly(&[""], &["user@", "user:secret@", "@"]);
    let strange = [
        "127.1",
        "0x7f.1",
        "[::ffff:1.2.3.4]",
        "bücher.example",
        "rp_.example",
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
        "app.localhost",
        "my_app.example",
    ];
    let host =
        prop_oneof![9 => mostly(&plain, &strange).prop_map(str::to_owned), 1 => "[!-~]{1,12}"];
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
    let built = (scheme, after, user, host, port, rest).prop_map(
        |(scheme, after, user, host, port, rest)| {
            format!("{scheme}{after}{user}{host}{port}{rest}")
        },
    );
    prop_oneof![8 => built, 1 => "[!-~]{0,24}", 1 => "\\PC{0,24}"]
}

/// Generates a value that the member of the row may accept.
fn good(row: &'static protocol::MemberRow) -> BoxedStrategy<Value> {
    let words = |words: &[&'static str]| {
        proptest::sample::subsequence(words.to_vec(), 0..=words.len())
            .prop_map(Value::from)
            .boxed()
    };
    let word = |words: &[&'static str]| select(words.to_vec()).prop_map(Value::from).boxed();
    match row.name {
        "redirect_uris" | "claims_redirect_uris" => proptest::collection::vec(any_uri(), 0..3)
            .prop_map(Value::from)
            .boxed(),
        "grant_types" => words(&[
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            "password",
            "urn:x",
        ]),
        "response_types" => words(&[
            "code",
            "id_token",
            "token id_token",
            "token",
            "code token",
            "none",
        ]),
        "scope" => word(&["openid", "openid email", "email unknown", "unknown", "a  b"]),
        "token_endpoint_auth_method" => word(&[
            "client_secret_basic",
            "none",
            "private_key_jwt",
            "client_secret_jwt",
        ]),
        "application_type" => word(&["web", "native", "service"]),
        name if name.ends_with("_alg") => {
            word(&["RS256", "ES256", "HS256", "none", "RSA-OAEP", "dir"])
        }
        name if name.ends_with("_enc") => word(&["A128CBC-HS256", "A256GCM"]),
        _ => Just(sample::of(row)).boxed(),
    }
}

/// Generates members of the table, some with language tags, some with values of the wrong type, and unknown members.
pub fn any_members() -> impl Strategy<Value = Value> {
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
