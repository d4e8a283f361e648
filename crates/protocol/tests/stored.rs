//! Metadata from before a rule: it is read from the store as it is, and judged by the rule when it is sent again.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod support;

use protocol::{ClientMetadata, RegisteredMetadata, TokenTerms};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

/// Members that were accepted before each of the rules.
fn older() -> [Value; 9] {
    [
        json!({ "redirect_uris": ["https://rp.example/cb?code=1"] }),
        json!({ "claims_redirect_uris": ["com.example.app:/cb?state"] }),
        json!({ "redirect_uris": ["x-apple.systempreferences:x"] }),
        json!({ "redirect_uris": ["ssh://rp.example/", "ms-word:x"] }),
        json!({ "post_logout_redirect_uris": ["x-apple.systempreferences:x", "ftp://rp.example/"] }),
        json!({ "client_name": "a\u{2028}b" }),
        json!({ "client_name#de": "a\u{feff}" }),
        json!({ "description": "\u{e0041}" }),
        json!({ "contacts": ["\u{fdd0}"] }),
    ]
}

/// RFC 7592 §2.1: a client can read its registration even if rules became stricter since.
#[test]
fn older_metadata_is_read_from_the_store() {
    let nul = json!({ "jwks": { "keys": [{ "kty": "EC", "kid": "\0" }] } });
    let state = json!({ "post_logout_redirect_uris": ["https://rp.example/out?state=1"] });
    for members in older().into_iter().chain([nul, state]) {
        let stored = RegisteredMetadata::from_stored(members.to_string()).expect("readable");
        assert_eq!(Value::Object(stored.members().object()), members);
        assert_eq!(stored.json(), members.to_string());
    }
    for members in [
        json!({ "redirect_uris": ["https://rp.example/#x"] }),
        json!({ "client_name": "\u{202e}" }),
        json!([]),
    ] {
        assert!(
            RegisteredMetadata::from_stored(members.to_string()).is_err(),
            "{members}"
        );
    }
}

/// RFC 7592 §2.2: an update is agreed like a registration.
#[test]
fn older_values_are_refused_when_sent_again() {
    for members in older() {
        assert!(
            ClientMetadata::parse(object(&members)).is_err(),
            "{members}"
        );
    }
}

/// OIDC RP-Initiated Logout §3: the provider adds `state`.
#[test]
fn state_is_refused_after_a_logout() {
    let asked = |uri: &str| json!({ "redirect_uris": ["https://rp.example/cb"], "post_logout_redirect_uris": [uri] });
    for uri in [
        "https://rp.example/out?state=1",
        "https://rp.example/out?a;st%61te",
        "https://rp.example/out?state&state",
    ] {
        let refused = agree(&provider(&json!({})), &STANDARD, &asked(uri))
            .expect_err(uri)
            .to_string();
        assert_eq!(
            refused,
            "post_logout_redirect_uris has an element with the query parameter state, which is reserved for the provider"
        );
    }
    for uri in [
        "https://rp.example/out?State=1",
        "https://rp.example/state?a=state",
        "https://rp.example/out?code=1",
    ] {
        assert!(
            agree(&provider(&json!({})), &STANDARD, &asked(uri)).is_ok(),
            "{uri}"
        );
    }
}

/// RFC 7591 §3.2.1: members that an older token imposes are judged as if the client had sent them.
#[test]
fn older_imposed_members_are_rechecked() {
    let nul = json!({ "jwks": { "keys": [{ "kty": "EC", "kid": "\0" }] } });
    let of_nul = "metadata of the client's initial access token has the character U+0000";
    for (members, refusal) in older()
        .into_iter()
        .map(|members| (members, None))
        .chain([(nul, Some(of_nul))])
    {
        let terms =
            TokenTerms::from_json(&json!({ "metadata": members }).to_string()).expect("readable");
        let asked = ClientMetadata::parse(object(
            &json!({ "redirect_uris": ["https://rp.example/cb"] }),
        ))
        .expect("asked");
        let refused = terms
            .admit(&provider(&json!({})), asked, &STANDARD)
            .expect_err("refused")
            .to_string();
        let name = members
            .as_object()
            .and_then(|members| members.keys().next())
            .expect("a name");
        assert!(
            refusal.map_or_else(
                || refused.starts_with(name.as_str()),
                |refusal| refused == refusal
            ),
            "{members}: {refused}"
        );
    }
}

/// RFC 7591 §2.2: names in every script are accepted; only deceptive characters are refused.
#[test]
fn names_have_visible_characters() {
    let parse = |member: &str, text: &str| ClientMetadata::parse(object(&json!({ member: text })));
    for member in [
        "client_name",
        "client_name#ja",
        "organization_name",
        "display_name",
        "description",
        "software_id",
    ] {
        for text in [
            "\u{1f469}\u{200d}\u{1f680} Labs",
            "\u{2764}\u{fe0f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}!",
            "\u{61c}\u{627}\u{644}\u{639}\u{631}\u{628}\u{64a}\u{629}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "\u{30af}\u{30e9}\u{30a4}\u{30a2}\u{30f3}\u{30c8}",
            "A\u{a0}B",
        ] {
            assert!(parse(member, text).is_ok(), "{member} {text:?}");
        }
        let tags = ('\u{e0000}'..='\u{e007f}').collect::<Vec<_>>();
        let last_of_planes = (0..=16_u32)
            .flat_map(|plane| [plane * 0x1_0000 + 0xfffe, plane * 0x1_0000 + 0xffff])
            .filter_map(char::from_u32);
        for character in ['\u{2028}', '\u{2029}', '\u{feff}']
            .into_iter()
            .chain(tags)
            .chain('\u{fdd0}'..='\u{fdef}')
            .chain(last_of_planes)
        {
            let refused = parse(member, &format!("a{character}b"))
                .expect_err("refused")
                .to_string();
            assert_eq!(
                refused,
                format!("{member} must not have line separators or invisible characters"),
                "{character:?}"
            );
        }
    }
}
