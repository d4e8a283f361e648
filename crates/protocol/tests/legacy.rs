//! The metadata that only WSO2 clients may have: at registration, and in an update of a client that has it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

mod support;

use protocol::{AdmissionRules, ClientMetadata, LegacyRedirects};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

const GRANTS: [&str; 5] = [
    "authorization_code",
    "implicit",
    "password",
    "client_credentials",
    "refresh_token",
];

fn asked(grants: &[&str]) -> Value {
    json!({ "redirect_uris": ["https://localhost:9443/callback"], "grant_types": grants })
}

/// Returns the agreed members, or the reason for the refusal.
fn decide(legacy: LegacyRedirects<'_>, asked: &Value) -> Result<Value, String> {
    let rules = AdmissionRules { legacy, ..STANDARD };
    agree(&provider(&json!({})), &rules, asked)
        .map(|agreed| serde_json::from_str(&agreed).unwrap())
        .map_err(|invalid| invalid.to_string())
}

fn registered(members: &Value) -> ClientMetadata {
    ClientMetadata::parse(object(members)).unwrap()
}

/// WSO2 clients register each grant of their documentation alone and all of them together, with a redirect URI on localhost.
#[test]
fn legacy_client_may_have_every_grant() {
    for grant in GRANTS {
        let agreed = decide(LegacyRedirects::Accepted, &asked(&[grant])).unwrap();
        assert_eq!(agreed["grant_types"], json!([grant]));
        let kept = registered(&agreed);
        assert_eq!(
            decide(LegacyRedirects::Kept(&kept), &agreed),
            Ok(agreed.clone()),
            "{grant}"
        );
    }
    let agreed = decide(LegacyRedirects::Accepted, &asked(&GRANTS)).unwrap();
    assert_eq!(agreed["grant_types"], json!(GRANTS));
    let alone = decide(LegacyRedirects::Accepted, &asked(&["refresh_token"])).unwrap();
    assert_eq!(alone["response_types"], json!([]));
}

/// OIDC Registration §2, RFC 6749 §1.5: other clients have neither localhost with the implicit grant nor the refresh token
/// grant alone.
#[test]
fn standard_client_has_no_legacy_grants() {
    let localhost =
        "redirect_uris must not use localhost for a web application with the implicit grant";
    let alone = "grant_types and response_types select no flow that the provider supports";
    for (grants, reason) in [
        (&["implicit"][..], localhost),
        (&GRANTS[..], localhost),
        (&["refresh_token"][..], alone),
    ] {
        assert_eq!(
            decide(LegacyRedirects::Refused, &asked(grants)),
            Err(reason.to_owned())
        );
    }
}

/// RFC 7592 §2.2: an update keeps what the client has, and introduces neither of the two.
#[test]
fn update_introduces_no_legacy_grant() {
    let code = registered(&asked(&["authorization_code", "refresh_token"]));
    for grants in [&["implicit"][..], &["refresh_token"]] {
        assert!(decide(LegacyRedirects::Kept(&code), &asked(grants)).is_err());
    }
    let implicit = registered(&asked(&["implicit"]));
    let mut other = asked(&["implicit"]);
    other["redirect_uris"] = json!(["https://localhost:9443/other"]);
    assert!(decide(LegacyRedirects::Kept(&implicit), &other).is_err());
    other["redirect_uris"] = json!(["https://rp.example/cb"]);
    assert!(decide(LegacyRedirects::Kept(&implicit), &other).is_ok());
}

/// A redirect grant that no response type uses does not leave the refresh token grant alone.
#[test]
fn unused_redirect_grant_is_still_refused() {
    let asked = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "grant_types": ["implicit", "refresh_token"],
        "response_types": ["code"],
    });
    assert_eq!(
        decide(LegacyRedirects::Accepted, &asked),
        Err("grant_types and response_types select no flow that the provider supports".to_owned())
    );
}
