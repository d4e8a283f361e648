//! The properties of this crate with inputs that are valid or nearly so: a bounded number, with a stable compiler.

#![expect(clippy::panic, reason = "a test says what it expects")]

#[path = "near_valid/members.rs"]
mod members;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use members::{any_json, any_members, any_uri};
use proptest::prelude::*;
use proptest::sample::select;
use protocol::redirect_pattern::RedirectPattern;
use serde_json::{Value, json};

/// Generates a pattern from typical pieces.
fn any_pattern() -> impl Strategy<Value = String> {
    let origin = prop_oneof![
        6 => select(vec!["https://a.example/", "https://b.example:8443/", "http://localhost:8080/", "https://xn--bcher-kva.example/"]),
        1 => select(vec!["https://a\\.example/", "^https://a.example/", "https?://a.example/", "(?i)https://a.example/", "(?:https://a.example/)"]),
        1 => select(vec!["https://a.example", "https://a.example(/|)", "https://[a-z]+.example/", "http://a.example/", ".*", "", "javascript:"]),
    ];
    let rest = proptest::collection::vec(
        prop_oneof![
            4 => select(vec!["cb", "cb/", ".*", "[a-z]+", "[0-9]{1,3}", "(x|y)?", "\\.", "\\d", "$", "(a+)+", "\\?x=1"]).prop_map(str::to_owned),
            1 => select(vec!["#", "\\x23", "|", "(", ")", "(?x)", "(?-u)", "\\b", "^", "\\z", "{9}{9}", "://", "https://c.example/"]).prop_map(str::to_owned),
            1 => "[!-~]{0,3}",
        ],
        0..4,
    );
    let one = (origin, rest).prop_map(|(origin, rest)| origin.to_owned() + &rest.concat());
    prop_oneof![
        4 => one.clone(),
        3 => proptest::collection::vec(one, 2..4).prop_map(|several| format!("({})", several.join("|"))),
        1 => "[!-~]{0,24}",
    ]
}

/// Generates the header and the claims of a statement, most of them as a trusted issuer would write them.
fn any_statement() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        6 => select(vec![r#"{"alg":"EdDSA"}"#, r#"{"alg":"EdDSA","typ":"JWT"}"#, r#"{"kid":"x","alg":"EdDSA"}"#]).prop_map(str::to_owned),
        1 => select(vec![r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"EdDSA","crit":["x"]}"#, r#"{"alg":"eddsa"}"#, "{}", ""]).prop_map(str::to_owned),
        1 => (any_json(), any_json()).prop_map(|(alg, typ)| json!({ "alg": alg, "typ": typ }).to_string()),
    ];
    let instant = || {
        prop_oneof![
            6 => (1_799_999_900_i64..1_800_000_100).prop_map(Value::from),
            2 => select(vec![json!(1_800_000_300), json!(1_800_000_000.5), json!("1800000300"), json!(1e300), json!(-1), json!(i64::MAX), json!(null)]),
            1 => any_json(),
        ]
    };
    let audience = prop_oneof![
        6 => Just(json!("https://op.example")),
        2 => select(vec![json!(["https://op.example"]), json!(["x", "https://op.example"]), json!(["https://op.example", 1]), json!([])]),
        1 => any_json(),
    ];
    let issuer = prop_oneof![8 => Just(json!("https://directory.example")), 1 => any_json()];
    let claims = (
        issuer,
        proptest::option::weighted(0.8, audience),
        proptest::option::weighted(0.8, instant()),
        proptest::option::weighted(0.8, instant()),
        proptest::option::of(instant()),
        any_members(),
    )
        .prop_map(|(iss, aud, exp, iat, nbf, more)| {
            let mut claims = json!({ "iss": iss });
            for (name, value) in [("aud", aud), ("exp", exp), ("iat", iat), ("nbf", nbf)] {
                if let (Some(value), Value::Object(claims)) = (value, &mut claims) {
                    claims.insert(name.to_owned(), value);
                }
            }
            if let (Value::Object(more), Value::Object(claims)) = (more, &mut claims) {
                claims.extend(more);
            }
            claims.to_string()
        });
    (header, claims).prop_map(|(header, claims)| format!("{header}\n{claims}"))
}

/// Generates credentials, some of them malformed.
fn any_authorization() -> impl Strategy<Value = String> {
    let scheme = select(vec![
        "Basic", "basic", "BASIC", "Basic:", "Bearer", "bEARER", "Bearer:", "Digest", "Basic\t", "",
    ]);
    let space = select(vec![" ", "  ", "", "\t", " , "]);
    let rest = prop_oneof![
        3 => "[a-zA-Z0-9:é ]{0,12}".prop_map(|text| STANDARD.encode(text)),
        2 => "(iat|rat)_[A-Za-z0-9_-]{0,43}",
        1 => "[ -~]{0,12}",
    ];
    (scheme, space, rest, select(vec!["", "=", " ", " x", "é"]))
        .prop_map(|(scheme, space, rest, end)| format!("{scheme}{space}{rest}{end}"))
}

/// Generates the elements of a forwarding header that a client sends.
fn any_forwarded() -> impl Strategy<Value = String> {
    let node = select(vec![
        "198.51.100.1",
        "10.9.9.9",
        "[2001:db8::7]",
        "[2001:db8::7]:4711",
        "2001:db8::7",
        "fd00::1",
        "::ffff:10.0.0.1",
        "198.51.100.1:80",
        "unknown",
        "_hidden",
        "",
        "[",
        "\"",
        "\"[::1]\"",
        "\\\"",
        "999.1.1.1",
        "é",
        ":",
    ]);
    let element = (
        select(vec![
            "",
            "for=",
            "For=",
            "for=\"",
            "by=1;for=",
            "proto=https",
            ";",
            "for==",
            "for = ",
        ]),
        node,
        select(vec!["", "\"", ";proto=http", ";for=10.0.0.1"]),
    )
        .prop_map(|(before, node, after)| format!("{before}{node}{after}"));
    proptest::collection::vec((element, select(vec![",", ", ", " ,", "\n", ""])), 0..5).prop_map(
        |list| {
            list.into_iter()
                .map(|(element, separator)| element + separator)
                .collect()
        },
    )
}

/// Strings in which the characters that mean something to WebFinger are frequent.
fn any_query() -> impl Strategy<Value = String> {
    "((acct|https?|mailto|localhost|acme|example\\.com|xn--|bücher|rel=|resource=|[0-9]{1,6}|%[0-9a-f]{0,2}|[:/@?#.\\[\\]+=&$!%a-z\u{0}-\u{7f}])){0,12}"
}

/// Hosts in every spelling, ours and others'; and any four or sixteen bytes.
fn any_address() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        any::<u8>().prop_map(|number| number.to_string()),
        any::<u32>().prop_map(|number| format!("0x{number:x}")),
        any::<u16>().prop_map(|number| format!("0{number:o}")),
        select(vec!["127", "0177", "0x7f", "10", "169", "254", "0", ""]).prop_map(str::to_owned),
    ];
    let dotted = proptest::collection::vec(number, 1..5).prop_map(|numbers| numbers.join("."));
    let six = any::<u128>().prop_map(|bits| format!("[{}]", std::net::Ipv6Addr::from_bits(bits)));
    let name = select(vec![
        "rp.example",
        "localhost",
        "a.localhost",
        "LOCALHOST.",
        "printer.local",
        "x.internal",
        "wiki",
        "１２７.0.0.1",
        "loc%61lhost",
        "127.0.0.1.rp.example",
    ]);
    let host = prop_oneof![dotted, six, name.prop_map(str::to_owned), "[!-~]{1,12}"];
    let port = select(vec!["", ":443", ":8443", ":80", ":22", ":0", ":5432"]);
    prop_oneof![
        2 => any::<[u8; 4]>().prop_map(Vec::from),
        2 => any::<[u8; 16]>().prop_map(Vec::from),
        3 => (host, port).prop_map(|(host, port)| format!("{host}{port}").into_bytes()),
        1 => any_uri().prop_map(String::into_bytes),
    ]
}

fn any_issuer() -> impl Strategy<Value = String> {
    prop_oneof![
        any_uri(),
        "https://[a-z]{1,5}\\.example(:[1-9][0-9]{0,3})?(/[a-z]{1,4}){0,2}/?"
    ]
}

fn any_request() -> impl Strategy<Value = Vec<u8>> {
    let part = select(vec![
        "client_id",
        "client%5Fid",
        "client%5fid",
        "state",
        "=",
        "=",
        "&",
        "&",
        "a",
        "%",
        "%4",
        "%00",
        "%ff",
        "%C3%A4",
        "+",
        "?",
        "\n",
        "//evil.example",
        "@",
        "https://app.example/c",
        "\u{e4}",
    ]);
    proptest::collection::vec(part, 0..12).prop_map(|all| all.concat().into_bytes())
}

fn any_client_id_url() -> impl Strategy<Value = String> {
    let segment = select(vec![
        "c",
        "client.json",
        "oauth",
        "%7E",
        "%2e",
        ".",
        "..",
        "%2E%2e",
        "",
        "%",
        "\\",
        "é",
        " ",
        "?",
        "#",
        "a@b",
        "|",
    ]);
    let path = proptest::collection::vec(segment, 0..4).prop_map(|all| all.join("/"));
    let begin = select(vec![
        "https://", "https://", "https://", "HTTPS://", "http://", "https:/",
    ]);
    let host = select(vec![
        "app.example",
        "app.example:8443",
        "app.example:443",
        "App.example",
        "127.0.0.1",
        "127.1",
        "[::1]:8443",
        "[::0:1]",
        "u@app.example",
        "xn--bcher-kva.example",
        "bücher.example",
        "app.example.",
        "a\"b.example",
        "",
    ]);
    prop_oneof![
        3 => (begin, host, select(vec!["/", ""]), path).prop_map(|(begin, host, slash, path)| format!("{begin}{host}{slash}{path}")),
        1 => any_uri(),
    ]
}

/// Client metadata with the members that documents have: choices, keys and URLs of their own host.
fn any_document() -> impl Strategy<Value = String> {
    let method = select(vec![
        "none",
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_jwt",
        "tls_client_auth",
        "x",
    ]);
    let method = prop_oneof![2 => Just("none"), 1 => method];
    let methods = proptest::collection::vec(method.clone(), 1..4);
    let uri = prop_oneof![
        6 => select(vec!["https://rp.example/cb", "https://RP.example:8443/cb", "http://127.0.0.1/cb", "http://localhost:1/cb", "com.example.app:/cb"]).prop_map(str::to_owned),
        1 => any_uri(),
    ];
    let more = (
        proptest::option::of(method),
        proptest::option::of(methods),
        proptest::collection::vec(uri.clone(), 1..3),
        proptest::option::weighted(0.2, uri),
        proptest::option::weighted(0.3, select(vec!["HS256", "RS256", "EdDSA", "none"])),
    );
    let members = prop_oneof![2 => Just(json!({})), 1 => any_members()];
    (members, more).prop_map(|(members, (method, methods, uris, jwks_uri, algorithm))| {
        let mut members = members;
        let more = [
            ("token_endpoint_auth_method", json!(method)),
            ("token_endpoint_auth_methods_supported", json!(methods)),
            ("redirect_uris", json!(uris)),
            ("jwks_uri", json!(jwks_uri)),
            ("id_token_signed_response_alg", json!(algorithm)),
        ];
        if let Value::Object(members) = &mut members {
            for (name, value) in more.into_iter().filter(|(_, value)| !value.is_null()) {
                members.insert(name.to_owned(), value);
            }
        }
        members.to_string()
    })
}

fn any_body() -> impl Strategy<Value = String> {
    prop_oneof![
        any_json().prop_map(|value| value.to_string()),
        any_members().prop_map(|value| value.to_string()),
        "[\\[\\]{}:,\"a0 \\\\u]{0,24}"
    ]
}

macro_rules! properties {
    ($($property:ident: $strategy:expr;)+) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $property(input in $strategy) {
                    fuzz::$property::holds(input.as_ref());
                }
            )+
        }
        const TRIED: &[&str] = &[$(stringify!($property)),+];
    };
}

properties! {
    json: any_body();
    metadata: any_members().prop_map(|members| members.to_string());
    redirect_uri: any_uri();
    pattern: prop_oneof![any_pattern(), fuzz::pattern::written::any_written()];
    statement: any_statement();
    authorization: any_authorization();
    forwarded: any_forwarded();
    webfinger: any_query();
    address: any_address();
    issuer: any_issuer();
    client_id_url: any_client_id_url();
    document: any_document();
    hop: any_request();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    /// A pattern of the grammar is refused for its size alone.
    #[test]
    fn patterns_of_the_grammar_are_accepted(pattern in fuzz::pattern::written::any_written()) {
        let judged = protocol::RedirectUri::parse(format!("regexp={pattern}")).map(|uri| RedirectPattern::parse(&uri).err());
        prop_assert!(
            matches!(judged, Ok(None | Some("has a pattern that is too large when it is compiled" | "has a pattern with more than 1000 repetitions"))),
            "{pattern} {judged:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn properties_hold_for_random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for (_, holds) in fuzz::ALL {
            holds(&bytes);
        }
    }
}

#[test]
fn every_property_has_a_target_and_seeds() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(TRIED, fuzz::ALL.map(|(name, _)| name));
    for (name, holds) in fuzz::ALL {
        let target = fs::read_to_string(here.join(format!("targets/{name}.rs"))).unwrap();
        assert!(
            target.contains(&format!("fuzz::{name}::holds(bytes)")),
            "{target}"
        );
        let seeds = fs::read_to_string(here.join(format!("seeds/{name}.txt"))).unwrap();
        assert!(seeds.lines().count() > 5, "{name}");
        for seed in seeds.lines() {
            holds(seed.as_bytes());
            holds(seed.replace("\\n", "\n").as_bytes());
        }
    }
}
