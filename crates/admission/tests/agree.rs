//! The decision about client metadata, without a server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on is a panic"
)]

mod provider;

use admission::sector::SectorDocument;
use admission::{ClientRequest, Policy, Rejection, agree};
use outbound::{FetchSettings, Fetcher};
use protocol::{Agreement, LegacyRedirects, RegisteredMetadata, Timestamp, TokenTerms};
use provider::policy;
use serde_json::{Value, json};

/// 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

const PATTERN: &str = "regexp=https://rp.example/(one|two)";

/// Returns the policy of a provider that offers pairwise subjects.
fn pairwise_policy() -> Policy {
    policy(&json!({ "subject_types_supported": ["public", "pairwise"] }))
}

fn request<'a>(members: &Value, redirects: LegacyRedirects<'a>) -> ClientRequest<'a> {
    ClientRequest {
        members: members.as_object().unwrap().clone(),
        redirects,
        may_introduce_patterns: false,
        terms: None,
        now: NOW,
    }
}

fn decide(request: ClientRequest<'_>) -> Result<RegisteredMetadata, Rejection> {
    decide_with_changes(request).map(|agreed| agreed.metadata)
}

fn decide_with_changes(request: ClientRequest<'_>) -> Result<Agreement, Rejection> {
    let fetcher = Fetcher::new(FetchSettings::default()).unwrap();
    agree(&pairwise_policy(), &fetcher, request)
}

fn standard(members: &Value) -> Result<RegisteredMetadata, Rejection> {
    decide(request(members, LegacyRedirects::Refused))
}

/// Returns the member that a rejection is about.
fn rejected_member(outcome: Result<RegisteredMetadata, Rejection>) -> String {
    match outcome {
        Err(Rejection::Invalid(invalid)) => invalid.member.into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Defaults are added to what was asked for, and unknown members are ignored. RFC 7591 §2.
#[test]
fn defaults_are_added() {
    let agreed = standard(&json!({ "redirect_uris": ["https://rp.example/cb"], "x": 1 })).unwrap();
    let members: Value = serde_json::from_str(agreed.json()).unwrap();
    assert_eq!(members["redirect_uris"], json!(["https://rp.example/cb"]));
    assert_eq!(members["response_types"], json!(["code"]));
    assert_eq!(members.get("x"), None);
}

/// Only an account may register a new pattern, and only where legacy forms are accepted.
#[test]
fn new_pattern_needs_an_account() {
    let members = json!({ "redirect_uris": [PATTERN] });
    for redirects in [LegacyRedirects::Refused, LegacyRedirects::Accepted] {
        assert_eq!(
            rejected_member(decide(request(&members, redirects))),
            "redirect_uris"
        );
    }
    let of_account = ClientRequest {
        may_introduce_patterns: true,
        ..request(&members, LegacyRedirects::Accepted)
    };
    assert!(decide(of_account).is_ok());
}

/// An update may repeat the patterns of the client and bring no others. RFC 7592 §2.2.
#[test]
fn update_keeps_registered_patterns() {
    let members = json!({ "redirect_uris": [PATTERN] });
    let registered = decide(ClientRequest {
        may_introduce_patterns: true,
        ..request(&members, LegacyRedirects::Accepted)
    })
    .unwrap();
    let kept = LegacyRedirects::Kept(registered.members());
    assert!(decide(request(&members, kept)).is_ok());
    let other = json!({ "redirect_uris": ["regexp=https://rp.example/(three|four)"] });
    assert_eq!(
        rejected_member(decide(request(&other, kept))),
        "redirect_uris"
    );
}

/// The issuer of a statement is compared with the trusted ones before the signature is. RFC 7591 §2.3.
#[test]
fn untrusted_statement_is_rejected() {
    // {"alg":"EdDSA"} and {"iss":"https://other.example"}
    let statement = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.AA";
    let members =
        json!({ "redirect_uris": ["https://rp.example/cb"], "software_statement": statement });
    assert_eq!(
        standard(&members).unwrap_err(),
        Rejection::UntrustedStatement
    );
    let members = json!({ "redirect_uris": ["https://rp.example/cb"], "software_statement": "a" });
    assert!(matches!(standard(&members), Err(Rejection::Statement(_))));
}

/// An address that a server follows later must be public, whether or not the member is kept.
#[test]
fn private_address_is_rejected() {
    for member in ["jwks_uri", "logo_uri", "backchannel_logout_uri"] {
        let members =
            json!({ "redirect_uris": ["https://rp.example/cb"], member: "https://127.0.0.1/x" });
        assert_eq!(rejected_member(standard(&members)), member);
    }
}

/// A client that authenticates with a key must have one. OIDC Core §9.
#[test]
fn missing_key_is_rejected() {
    let members = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [] },
    });
    assert_eq!(rejected_member(standard(&members)), "jwks");
}

/// The hosts that an initial access token allows bound the redirect URIs.
#[test]
fn token_terms_bound_redirect_hosts() {
    let terms = TokenTerms::from_json(r#"{"redirect_hosts":["rp.example"]}"#).unwrap();
    let decide_within = |uri: &str| {
        decide(ClientRequest {
            terms: Some(&terms),
            ..request(&json!({ "redirect_uris": [uri] }), LegacyRedirects::Refused)
        })
    };
    assert!(decide_within("https://rp.example/cb").is_ok());
    assert_eq!(
        rejected_member(decide_within("https://other.example/cb")),
        "redirect_uris"
    );
}

/// Pairwise subjects of clients with several hosts need a sector document. OIDC Core §8.1.
#[test]
fn pairwise_on_two_hosts_needs_a_sector() {
    let agreed = |more: Value| {
        let mut members = json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"] });
        let object = members.as_object_mut().unwrap();
        object.extend(more.as_object().unwrap().clone());
        standard(&members).unwrap()
    };
    let without = agreed(json!({}));
    let invalid = SectorDocument::required_by(without.members()).unwrap_err();
    assert_eq!(invalid.member, "subject_type");
    let with = agreed(json!({ "sector_identifier_uri": "https://a.example/sector" }));
    assert!(
        SectorDocument::required_by(with.members())
            .unwrap()
            .is_some()
    );
    let one_host = standard(
        &json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.example/1", "https://a.example/2"] }),
    )
    .unwrap();
    assert!(
        SectorDocument::required_by(one_host.members())
            .unwrap()
            .is_none()
    );
}

/// Returns the identifiers of the rules that changed what was asked for.
fn changes(members: &Value, terms: Option<&TokenTerms>) -> Vec<String> {
    let mut all = json!({ "redirect_uris": ["https://rp.example/cb"] });
    let object = all.as_object_mut().unwrap();
    object.extend(members.as_object().unwrap().clone());
    let agreed = decide_with_changes(ClientRequest {
        terms,
        ..request(&all, LegacyRedirects::Refused)
    });
    let changes = agreed.unwrap().changes;
    changes.iter().map(protocol::Change::id).collect()
}

/// A client that asks for exactly what it gets is not changed, and each default is a change. RFC 7591 §3.2.1.
#[test]
fn defaults_are_changes() {
    let whole = json!({
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"], "response_types": ["code"],
        "application_type": "web", "id_token_signed_response_alg": "RS256", "require_auth_time": false, "client_name": "A client",
    });
    assert_eq!(changes(&whole, None), Vec::<String>::new());
    assert_eq!(
        changes(&json!({}), None),
        [
            "token_endpoint_auth_method.default",
            "application_type.default",
            "id_token_signed_response_alg.default",
            "require_auth_time.default",
            "grant_types.default",
            "response_types.default",
        ]
    );
}

/// The reason why a member was narrowed, dropped or replaced is the identifier of a rule. RFC 7591 §3.2.1.
#[test]
fn changes_name_their_rule() {
    for (members, rule) in [
        (json!({ "scope": "openid mcp:tools" }), "scope.not_offered"),
        (json!({ "scope": "mcp:tools" }), "scope.not_offered"),
        (
            json!({ "response_modes": ["query", "jwt"] }),
            "response_modes.not_offered",
        ),
        (json!({ "response_modes": [] }), "response_modes.empty"),
        (
            json!({ "userinfo_signed_response_alg": "RS256" }),
            "userinfo_signed_response_alg.no_list",
        ),
        (
            json!({ "id_token_encrypted_response_alg": "dir", "id_token_encrypted_response_enc": "A256GCM" }),
            "id_token_encrypted_response_enc.needs",
        ),
        (
            json!({ "dpop_bound_access_tokens": true }),
            "dpop_bound_access_tokens.not_served",
        ),
        (
            json!({ "post_logout_redirect_uris": ["https://rp.example/bye"] }),
            "post_logout_redirect_uris.not_served",
        ),
        (
            json!({ "backchannel_logout_session_required": true }),
            "backchannel_logout_session_required.not_served",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg": "RS256" }),
            "token_endpoint_auth_signing_alg.no_jwt",
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_methods_supported": ["client_secret_jwt", "none"] }),
            "token_endpoint_auth_method.chosen",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["none"] }),
            "token_endpoint_auth_methods_supported.chosen",
        ),
        (
            json!({ "redirect_uris": ["com.example.app:/cb"] }),
            "application_type.inferred",
        ),
        (
            json!({ "grant_types": ["authorization_code", "implicit"], "response_types": ["code"] }),
            "grant_types.flow",
        ),
        (
            json!({ "grant_types": ["authorization_code"], "response_types": ["code", "id_token"] }),
            "response_types.flow",
        ),
    ] {
        let changes = changes(&members, None);
        assert!(
            changes.iter().any(|change| change == rule),
            "{members}: {changes:?}"
        );
    }
    let terms = TokenTerms::from_json(r#"{"scopes":["openid"],"metadata":{"client_name":"Ours"}}"#)
        .unwrap();
    let changes = changes(
        &json!({ "scope": "openid email", "client_name": "Theirs" }),
        Some(&terms),
    );
    assert_eq!(
        changes[..2],
        ["client_name.token_terms", "scope.token_terms"]
    );
}

/// A rejection carries the identifier of the rule that the request breaks.
#[test]
fn rejections_name_their_rule() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "x5c": "abc" });
    for (members, rule) in [
        (json!({ "client_name": 7 }), "client_name.form"),
        (json!({ "client_name#de": 7 }), "client_name.form"),
        (json!({ "contacts": [""] }), "contacts.empty_element"),
        (
            json!({ "redirect_uris": ["http://rp.example/cb"] }),
            "redirect_uris.http_not_loopback",
        ),
        (
            json!({ "grant_types": ["urn:x"] }),
            "grant_types.not_offered",
        ),
        (
            json!({ "grant_types": ["implicit"], "response_types": ["code"] }),
            "grant_types.no_flow",
        ),
        (
            json!({ "id_token_encrypted_response_enc": "A256GCM" }),
            "id_token_encrypted_response_enc.needs",
        ),
        (
            json!({ "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            "token_endpoint_auth_method.not_a_choice",
        ),
        (
            json!({ "application_type": "secret" }),
            "application_type.unknown",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            "token_endpoint_auth_method.no_keys",
        ),
        (
            json!({ "post_logout_redirect_uris": ["https://rp.example/bye?state"] }),
            "post_logout_redirect_uris.state_parameter",
        ),
        (
            json!({ "redirect_uris": [PATTERN] }),
            "redirect_uris.pattern",
        ),
        (
            json!({ "jwks_uri": "https://127.0.0.1/jwks" }),
            "jwks_uri.address_not_public",
        ),
        (json!({ "jwks": { "keys": [key] } }), "jwks.unsuitable_key"),
        (
            json!({ "software_statement": "a" }),
            "software_statement.invalid",
        ),
    ] {
        let mut all = json!({ "redirect_uris": ["https://rp.example/cb"] });
        let object = all.as_object_mut().unwrap();
        object.extend(members.as_object().unwrap().clone());
        assert_eq!(standard(&all).unwrap_err().rule_id(), rule, "{members}");
    }
    let terms = TokenTerms::from_json(r#"{"redirect_hosts":["rp.example"]}"#).unwrap();
    let members = json!({ "redirect_uris": ["https://other.example/cb"] });
    let outside = decide(ClientRequest {
        terms: Some(&terms),
        ..request(&members, LegacyRedirects::Refused)
    });
    assert_eq!(outside.unwrap_err().rule_id(), "redirect_uris.token_terms");
}
