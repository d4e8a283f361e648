//! Admission of client metadata, case by case. Each case shows the difference from the smallest client: the members it
//! requests in addition to one redirect URI, and the members it gets that differ from the defaults (`null`: does not get).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use Outcome::{Agreed, Refused};
use protocol::admit::ANY_SCHEME;
use protocol::{
    AdmissionRules, ClientMetadata, LegacyRedirects, ProviderMetadata, RedirectUri,
    RegisteredMetadata,
};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

enum Outcome<'a> {
    /// The members that differ from the smallest client.
    Agreed(Value),
    /// The whole sentence: member and reason.
    Refused(&'a str),
}

fn with(mut base: Value, members: &Value) -> Value {
    base.as_object_mut()
        .expect("a JSON object")
        .extend(object(members));
    base
}

fn asks(members: &Value) -> Value {
    with(
        json!({ "redirect_uris": ["https://rp.example/cb"] }),
        members,
    )
}

fn gets(members: &Value) -> Value {
    let all = with(
        json!({
            "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "application_type": "web",
            "id_token_signed_response_alg": "RS256",
            "require_auth_time": false,
        }),
        members,
    );
    object(&all)
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect()
}

fn check_at(
    provider: &ProviderMetadata,
    terms: &AdmissionRules<'_>,
    cases: &[(Value, Outcome<'_>)],
) {
    for (members, outcome) in cases {
        match (agree(provider, terms, &asks(members)), outcome) {
            (Ok(text), Agreed(expected)) => {
                let agreed: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(agreed, gets(expected), "{members}");
                assert_eq!(
                    agree(provider, terms, &agreed).as_ref(),
                    Ok(&text),
                    "agreed once, agreed again: {members}"
                );
                let stored = RegisteredMetadata::from_stored(text.clone()).unwrap();
                assert_eq!(
                    (stored.json(), stored.members().object()),
                    (text.as_str(), object(&agreed))
                );
            }
            (Err(invalid), Refused(expected)) => {
                assert_eq!(invalid.to_string(), *expected, "{members}");
            }
            (Ok(text), Refused(expected)) => panic!("{members} gave {text}, not {expected}"),
            (Err(invalid), Agreed(_)) => panic!("{members}: {invalid}"),
        }
    }
}

/// At the default offer with `lists` over it.
fn check(lists: &Value, cases: &[(Value, Outcome<'_>)]) {
    check_at(&provider(lists), &STANDARD, cases);
}

#[test]
fn members_are_written_in_table_order() {
    let asked = json!({ "client_name#ja": "クライアント", "client_name": "Client", "x": 1, "redirect_uris": ["https://rp.example/cb?a=%2F"] });
    assert_eq!(
        agree(&provider(&json!({})), &STANDARD, &asked).unwrap(),
        concat!(
            r#"{"redirect_uris":["https://rp.example/cb?a=%2F"],"token_endpoint_auth_method":"client_secret_basic","#,
            r#""grant_types":["authorization_code"],"response_types":["code"],"application_type":"web","#,
            r#""client_name":"Client","client_name#ja":"クライアント","id_token_signed_response_alg":"RS256","require_auth_time":false}"#
        )
    );
}

/// RFC 7591 §2: unknown members are ignored. RFC 7592 §2.2: null and empty values mean absence.
#[test]
fn unknown_null_and_empty_members_are_absent() {
    check(
        &json!({}),
        &[
            (json!({}), Agreed(json!({}))),
            (
                json!({ "favourite_colour": "teal", "ext_param_owner": "x", "id_token_token_binding_cnf": "tbh" }),
                Agreed(json!({})),
            ),
            (
                json!({ "client_id": "mine", "client_secret": "mine", "registration_access_token": "mine" }),
                Agreed(json!({})),
            ),
            (
                json!({ "client_name": null, "contacts": null, "jwks": null, "default_max_age": null, "scope": null }),
                Agreed(json!({})),
            ),
            (
                json!({ "client_name": "", "client_uri": "", "jwks_uri": "", "scope": "", "client_name#de": "" }),
                Agreed(json!({})),
            ),
            (
                json!({ "token_endpoint_auth_method": "", "application_type": null }),
                Agreed(json!({})),
            ),
            (json!({ "contacts": [] }), Agreed(json!({ "contacts": [] }))),
            (
                json!({ "grant_types": [], "response_types": [] }),
                Agreed(json!({})),
            ),
            (
                json!({ "contacts": "" }),
                Refused("contacts must be an array"),
            ),
            (
                json!({ "contacts": [null] }),
                Refused("contacts has an element that must be a string"),
            ),
            (
                json!({ "grant_types": [null] }),
                Refused("grant_types has an element that must be a string"),
            ),
        ],
    );
}

/// OIDC Registration §2.1.
#[test]
fn language_tags_belong_to_members_shown_to_people() {
    let many: serde_json::Map<_, _> = (0..21)
        .map(|n| (format!("client_name#x-{n}"), json!("x")))
        .collect();
    let name = json!({ "client_name": "A", "client_name#de": "B", "client_name#ja-Jpan-JP": "C", "tos_uri#fr": "https://rp.example/fr" });
    check(
        &json!({}),
        &[
            (name.clone(), Agreed(name)),
            (
                json!({ "client_name#de": "B" }),
                Agreed(json!({ "client_name#de": "B" })),
            ),
            (
                json!({ "client_name#JA-jpan-jp": "C" }),
                Agreed(json!({ "client_name#JA-jpan-jp": "C" })),
            ),
            (
                json!({ "scope#de": "openid", "redirect_uris#de": [1], "contacts#de": 1 }),
                Agreed(json!({})),
            ),
            (
                json!({ "client_name#": "x" }),
                Refused("client_name#... must have a language tag (BCP 47) after the #"),
            ),
            (
                json!({ "client_name#not a tag": 1 }),
                Refused("client_name#... must have a language tag (BCP 47) after the #"),
            ),
            (
                json!({ "client_name#de": "B", "client_name#DE": "C" }),
                Refused("client_name#DE has a language tag twice"),
            ),
            (
                json!({ "client_name#de": 1 }),
                Refused("client_name#de must be a string"),
            ),
            (
                json!({ "tos_uri#de": "ftp://rp.example/" }),
                Refused("tos_uri#de must be an https or http URL"),
            ),
            (
                Value::Object(many),
                Refused("client_name must have at most 20 language tags"),
            ),
        ],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn values_have_the_form_of_their_member() {
    check(
        &logging_out(),
        &[
            (
                json!({ "default_max_age": 86400 }),
                Agreed(json!({ "default_max_age": 86400 })),
            ),
            (
                json!({ "default_max_age": 86400.0 }),
                Agreed(json!({ "default_max_age": 86400 })),
            ),
            (
                json!({ "default_max_age": 0 }),
                Agreed(json!({ "default_max_age": 0 })),
            ),
            (
                json!({ "default_max_age": -1 }),
                Refused("default_max_age must be a whole number of seconds"),
            ),
            (
                json!({ "default_max_age": 1.5 }),
                Refused("default_max_age must be a whole number of seconds"),
            ),
            (
                json!({ "default_max_age": 1e300 }),
                Refused("default_max_age must be a whole number of seconds"),
            ),
            (
                json!({ "default_max_age": "60" }),
                Refused("default_max_age must be a whole number of seconds"),
            ),
            (
                json!({ "require_auth_time": true }),
                Agreed(json!({ "require_auth_time": true })),
            ),
            (
                json!({ "require_auth_time": "true" }),
                Refused("require_auth_time must be true or false"),
            ),
            (
                json!({ "client_name": 7 }),
                Refused("client_name must be a string"),
            ),
            (
                json!({ "client_name": "é".repeat(256) }),
                Agreed(json!({ "client_name": "é".repeat(256) })),
            ),
            (
                json!({ "client_name": "é".repeat(257) }),
                Refused("client_name is longer than 256 characters"),
            ),
            (
                json!({ "client_name": "a\u{0}b" }),
                Refused("client_name must not have control characters"),
            ),
            (
                json!({ "client_name": "a\u{202e}b" }),
                Refused("client_name must not have control characters"),
            ),
            (
                json!({ "software_id": "a\nb" }),
                Refused("software_id must not have control characters"),
            ),
            (
                json!({ "contacts": ["a".repeat(1025)] }),
                Refused("contacts has an element that is longer than 1024 characters"),
            ),
            (
                json!({ "contacts": vec!["a"; 201] }),
                Refused("contacts must have at most 200 elements"),
            ),
            (
                json!({ "contacts": "a" }),
                Refused("contacts must be an array"),
            ),
            (
                json!({ "redirect_uris": "https://rp.example/cb" }),
                Refused("redirect_uris must be an array"),
            ),
            (
                json!({ "redirect_uris": [7] }),
                Refused("redirect_uris has an element that must be a string"),
            ),
            (
                json!({ "grant_types": ["a b"] }),
                Refused(
                    "grant_types has an element that must be a word of printable ASCII characters",
                ),
            ),
            (
                json!({ "software_statement": "a b" }),
                Refused("software_statement must be a JWT in its compact form"),
            ),
            (
                json!({ "tls_client_auth_san_ip": "2001:db8::1" }),
                Agreed(json!({ "tls_client_auth_san_ip": "2001:db8::1" })),
            ),
            (
                json!({ "tls_client_auth_san_ip": "rp.example" }),
                Refused("tls_client_auth_san_ip must be an IP address"),
            ),
            (
                json!({ "client_uri": "http://rp.example/" }),
                Agreed(json!({ "client_uri": "http://rp.example/" })),
            ),
            (
                json!({ "logo_uri": "javascript:alert(1)" }),
                Refused("logo_uri must be an https or http URL"),
            ),
            (
                json!({ "policy_uri": "https://rp.example/#x" }),
                Refused("policy_uri must not contain a fragment"),
            ),
            (
                json!({ "initiate_login_uri": "http://rp.example/" }),
                Refused("initiate_login_uri must be an https URL"),
            ),
            (
                json!({ "sector_identifier_uri": "http://rp.example/" }),
                Refused("sector_identifier_uri must be an https URL"),
            ),
            (
                json!({ "jwks_uri": "https://u@rp.example/" }),
                Refused("jwks_uri must not contain user information"),
            ),
            (
                json!({ "post_logout_redirect_uris": ["com.example.app:/out"] }),
                Agreed(json!({ "post_logout_redirect_uris": ["com.example.app:/out"] })),
            ),
            (
                json!({ "post_logout_redirect_uris": ["rp.example/out"] }),
                Refused("post_logout_redirect_uris has an element that must be an absolute URI"),
            ),
            (
                json!({ "post_logout_redirect_uris": ["rp.example:443/out"] }),
                Refused("post_logout_redirect_uris has an element that must be an absolute URI"),
            ),
        ],
    );
}

/// RFC 7517 §5, RFC 7518 §6.
#[test]
fn key_sets_hold_public_keys_only() {
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ", "kid": "1", "unknown": { "kept": [1.5] } });
    let set = |keys: Value| json!({ "jwks": { "keys": keys } });
    let mut private = Vec::new();
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut key = key.clone();
        key[member] = "c2VjcmV0".into();
        private.push((
            set(json!([key])),
            Refused("jwks has a private key; only public keys may be registered"),
        ));
    }
    check(&json!({}), &private);
    check(
        &json!({}),
        &[
            (set(json!([key])), Agreed(set(json!([key])))),
            (
                json!({ "jwks": { "keys": [key], "note": "kept" } }),
                Agreed(json!({ "jwks": { "keys": [key], "note": "kept" } })),
            ),
            (
                json!({ "jwks": "{}" }),
                Refused("jwks must be a JSON object with a keys array"),
            ),
            (
                json!({ "jwks": {} }),
                Refused("jwks must have a keys array"),
            ),
            (set(json!([])), Refused("jwks must have 1 to 20 keys")),
            (
                set(json!(vec![json!({ "kty": "EC" }); 21])),
                Refused("jwks must have 1 to 20 keys"),
            ),
            (
                set(json!(["key"])),
                Refused("jwks has a key that is not a JSON object"),
            ),
            (
                set(json!([{ "crv": "P-256" }])),
                Refused("jwks has a key without kty"),
            ),
            (
                set(json!([{ "kty": "oct", "k": "c2VjcmV0" }])),
                Refused("jwks has a symmetric key; only public keys may be registered"),
            ),
            (
                set(json!([{ "kty": "EC", "kid": 1 }])),
                Refused("jwks has a kid that is not a string"),
            ),
            (
                set(json!([key, key])),
                Refused("jwks has two keys with the same kid and kty"),
            ),
            // RFC 7517 §4.5: keys of different types may be alternatives under one identifier.
            (
                set(json!([key, { "kty": "RSA", "kid": "1" }])),
                Agreed(set(json!([key, { "kty": "RSA", "kid": "1" }]))),
            ),
        ],
    );
}

/// RFC 7591 §3.2.1: the provider may replace what is asked, and the answer says what was agreed.
#[test]
fn values_are_narrowed_refused_or_dropped() {
    check(
        &json!({ "acr_values_supported": ["urn:example:loa2"], "client_registration_types_supported": ["automatic"] }),
        &[
            (
                json!({ "client_registration_types": ["automatic", "explicit"] }),
                Agreed(json!({ "client_registration_types": ["automatic"] })),
            ),
            (
                json!({ "scope": "openid profile launch/patient offline_access" }),
                Agreed(json!({ "scope": "openid profile offline_access" })),
            ),
            (json!({ "scope": "launch/patient" }), Agreed(json!({}))),
            (
                json!({ "scope": "openid  profile" }),
                Refused(
                    "scope must be words of printable ASCII characters with one space between them",
                ),
            ),
            (
                json!({ "response_modes": ["query", "web_message", "form_post"] }),
                Agreed(json!({ "response_modes": ["query", "form_post"] })),
            ),
            (
                json!({ "response_modes": ["web_message"] }),
                Refused(
                    "response_modes has no value listed in the provider's response_modes_supported",
                ),
            ),
            (json!({ "response_modes": [] }), Agreed(json!({}))),
            (
                json!({ "default_acr_values": ["0", "urn:example:loa2"] }),
                Agreed(json!({ "default_acr_values": ["urn:example:loa2"] })),
            ),
            (
                json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
                Refused(
                    "token_endpoint_auth_method has no value listed in the provider's token_endpoint_auth_methods_supported",
                ),
            ),
            (
                json!({ "id_token_signed_response_alg": "HS256" }),
                Refused(
                    "id_token_signed_response_alg has no value listed in the provider's id_token_signing_alg_values_supported",
                ),
            ),
            (
                json!({ "id_token_signed_response_alg": "ES256" }),
                Agreed(json!({ "id_token_signed_response_alg": "ES256" })),
            ),
            (
                json!({ "subject_type": "pairwise" }),
                Agreed(json!({ "subject_type": "pairwise" })),
            ),
            (
                json!({ "subject_type": "ephemeral" }),
                Refused(
                    "subject_type has no value listed in the provider's subject_types_supported",
                ),
            ),
            (
                json!({ "token_endpoint_auth_signing_alg": "RS256" }),
                Agreed(json!({})),
            ),
            (
                json!({ "token_endpoint_auth_signing_alg": "HS256" }),
                Refused(
                    "token_endpoint_auth_signing_alg has no value listed in the provider's token_endpoint_auth_signing_alg_values_supported",
                ),
            ),
        ],
    );
    check(
        &json!({}),
        &[
            (json!({ "default_acr_values": ["0"] }), Agreed(json!({}))),
            (
                json!({ "client_registration_types": ["automatic"] }),
                Agreed(json!({})),
            ),
            (
                json!({ "userinfo_signed_response_alg": "RS256", "request_object_signing_alg": "RS256" }),
                Agreed(json!({})),
            ),
            (
                json!({ "id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A256GCM" }),
                Agreed(json!({})),
            ),
            (
                json!({ "backchannel_token_delivery_mode": "ping", "nfv_token_signed_response_alg": "ES256" }),
                Agreed(json!({})),
            ),
        ],
    );
}

/// RFC 7591 §2.1, OIDC Registration §2.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn grants_and_response_types_are_made_consistent() {
    let flows = |grants: &[&str], responses: &[&str]| {
        Agreed(json!({ "grant_types": grants, "response_types": responses }))
    };
    let implicit = ["id_token", "id_token token", "token"];
    check(
        &json!({}),
        &[
            // From response types to grants.
            (
                json!({ "response_types": ["code"] }),
                flows(&["authorization_code"], &["code"]),
            ),
            (
                json!({ "response_types": ["id_token"] }),
                flows(&["implicit"], &["id_token"]),
            ),
            (
                json!({ "response_types": ["code", "token"] }),
                flows(&["authorization_code", "implicit"], &["code", "token"]),
            ),
            // The order of the words means nothing; the registry's is echoed.
            (
                json!({ "response_types": ["token id_token"] }),
                flows(&["implicit"], &["id_token token"]),
            ),
            // From grants to response types.
            (
                json!({ "grant_types": ["authorization_code"] }),
                flows(&["authorization_code"], &["code"]),
            ),
            (
                json!({ "grant_types": ["implicit"] }),
                flows(&["implicit"], &implicit),
            ),
            (
                json!({ "grant_types": ["authorization_code", "refresh_token"] }),
                flows(&["authorization_code", "refresh_token"], &["code"]),
            ),
            (
                json!({ "grant_types": ["authorization_code", "implicit"] }),
                flows(
                    &["authorization_code", "implicit"],
                    &["code", "id_token", "id_token token", "token"],
                ),
            ),
            (
                json!({ "grant_types": ["client_credentials"] }),
                flows(&["client_credentials"], &[]),
            ),
            (
                json!({ "grant_types": ["password"], "response_types": [] }),
                flows(&["password"], &[]),
            ),
            (
                json!({ "grant_types": [], "response_types": ["code"] }),
                flows(&["authorization_code"], &["code"]),
            ),
            // Both, and one goes without the other.
            (
                json!({ "grant_types": ["authorization_code"], "response_types": ["code", "token"] }),
                flows(&["authorization_code"], &["code"]),
            ),
            (
                json!({ "grant_types": ["authorization_code", "implicit", "refresh_token"], "response_types": ["code"] }),
                flows(&["authorization_code", "refresh_token"], &["code"]),
            ),
            (
                json!({ "grant_types": ["client_credentials"], "response_types": ["code"] }),
                flows(&["client_credentials"], &[]),
            ),
            (
                json!({ "grant_types": ["authorization_code"], "response_types": ["token"] }),
                Refused("grant_types and response_types select no flow that the provider supports"),
            ),
            // Unknown ones beside known ones, and alone.
            (
                json!({ "grant_types": ["authorization_code", "urn:example:grant"], "response_types": ["code", "vp_token"] }),
                flows(&["authorization_code"], &["code"]),
            ),
            (
                json!({ "grant_types": ["urn:example:grant"] }),
                Refused("grant_types has no value listed in the provider's grant_types_supported"),
            ),
            (
                json!({ "response_types": ["vp_token"] }),
                Refused(
                    "response_types has no value listed in the provider's response_types_supported",
                ),
            ),
            (
                json!({ "response_types": ["code id_token"] }),
                Refused(
                    "response_types has no value listed in the provider's response_types_supported",
                ),
            ),
            // What an untuned module of a web server asks for.
            (
                json!({
                    "grant_types": ["authorization_code", "implicit", "refresh_token"],
                    "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
                }),
                flows(
                    &["authorization_code", "implicit", "refresh_token"],
                    &["code", "id_token", "id_token token"],
                ),
            ),
        ],
    );
    check(
        &json!({ "grant_types_supported": ["authorization_code", "implicit"], "response_types_supported": ["code id_token", "code"] }),
        &[
            (
                json!({ "response_types": ["id_token code"] }),
                Agreed(
                    json!({ "grant_types": ["authorization_code", "implicit"], "response_types": ["code id_token"] }),
                ),
            ),
            (
                json!({ "grant_types": ["authorization_code"], "response_types": ["code id_token"] }),
                Refused("grant_types and response_types select no flow that the provider supports"),
            ),
            (
                json!({ "grant_types": ["implicit"] }),
                Refused("grant_types and response_types select no flow that the provider supports"),
            ),
        ],
    );
    // A response type with a grant that is not offered. Configuration refuses it, but a provider can be built without configuration.
    let mut careless = provider(&json!({}));
    careless
        .set("grant_types_supported", json!(["authorization_code"]))
        .unwrap();
    check_at(
        &careless,
        &STANDARD,
        &[(
            json!({ "response_types": ["token"] }),
            Refused("grant_types and response_types select no flow that the provider supports"),
        )],
    );
}

/// RFC 6749 §1.5: a refresh token comes out of another grant.
#[test]
fn refreshing_alone_is_no_flow() {
    let nothing = "grant_types and response_types select no flow that the provider supports";
    let agreed = json!({ "grant_types": ["refresh_token", "password"], "response_types": [] });
    check(
        &json!({}),
        &[
            (
                json!({ "grant_types": ["refresh_token"] }),
                Refused(nothing),
            ),
            (
                json!({ "grant_types": ["refresh_token"], "response_types": ["code"] }),
                Refused(nothing),
            ),
            (
                json!({ "grant_types": ["refresh_token", "urn:example:grant"] }),
                Refused(nothing),
            ),
            (
                json!({ "grant_types": ["authorization_code", "refresh_token"], "response_types": ["token"] }),
                Refused(nothing),
            ),
            (
                json!({ "grant_types": ["refresh_token", "password"] }),
                Agreed(agreed),
            ),
        ],
    );
}

/// A list keeps an element once and has no empty element.
#[test]
fn duplicate_elements_are_dropped() {
    let twice = json!({
        "redirect_uris": ["https://rp.example/b", "https://rp.example/a", "https://rp.example/b"],
        "grant_types": ["refresh_token", "authorization_code", "refresh_token"],
        "response_types": ["id_token token", "code", "token id_token", "code"],
        "contacts": ["b", "a", "b"],
        "scope": "openid email openid",
    });
    let once = json!({
        "redirect_uris": ["https://rp.example/b", "https://rp.example/a"],
        "grant_types": ["refresh_token", "authorization_code"],
        "response_types": ["code"],
        "contacts": ["b", "a"],
        "scope": "openid email",
    });
    check(
        &json!({ "acr_values_supported": ["0"] }),
        &[
            (twice, Agreed(once)),
            (
                json!({ "redirect_uris": vec!["https://rp.example/cb"; 60] }),
                Agreed(json!({})),
            ),
            (
                json!({ "contacts": ["a", ""] }),
                Refused("contacts has an empty element"),
            ),
            (
                json!({ "keywords": [""] }),
                Refused("keywords has an empty element"),
            ),
            (
                json!({ "default_acr_values": ["0", ""] }),
                Refused("default_acr_values has an empty element"),
            ),
        ],
    );
}

#[test]
fn client_without_a_flow_gets_the_first_offered() {
    check(
        &json!({ "response_types_supported": ["id_token", "code"] }),
        &[(json!({}), Agreed(json!({})))],
    );
    check(
        &json!({ "response_types_supported": ["id_token", "token"] }),
        &[(
            json!({}),
            Agreed(json!({ "grant_types": ["implicit"], "response_types": ["id_token"] })),
        )],
    );
    check(
        &json!({ "grant_types_supported": ["refresh_token", "client_credentials"] }),
        &[(
            json!({}),
            Agreed(json!({ "grant_types": ["client_credentials"], "response_types": [] })),
        )],
    );
    check(
        &json!({ "grant_types_supported": ["refresh_token"] }),
        &[(
            json!({}),
            Refused("grant_types and response_types select no flow that the provider supports"),
        )],
    );
}

#[test]
fn default_outside_offer_is_the_first_offered() {
    check(
        &json!({
            "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
            "id_token_signing_alg_values_supported": ["none", "PS256", "ES256"],
        }),
        &[
            (
                json!({}),
                Agreed(
                    json!({ "token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "PS256" }),
                ),
            ),
            // What the client says of itself is respected (OIDC RP Metadata Choices §2).
            (
                json!({ "id_token_signing_alg_values_supported": ["RS256", "ES256"], "token_endpoint_auth_methods_supported": ["none"] }),
                Agreed(
                    json!({ "id_token_signed_response_alg": "ES256", "token_endpoint_auth_method": "none" }),
                ),
            ),
        ],
    );
    check(
        &json!({ "id_token_signing_alg_values_supported": ["none"] }),
        &[(
            json!({}),
            Agreed(json!({ "id_token_signed_response_alg": null })),
        )],
    );
}

/// OIDC RP Metadata Choices §2: a choice that a rule would refuse, or that leaves tokens unsigned, is taken only if no other
/// is offered.
#[test]
fn usable_choice_is_taken_first() {
    let lists = json!({
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_jwt", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["HS256", "ES256"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "ES256", "none"],
    });
    let keys = || json!({ "jwks": { "keys": [{ "kty": "EC" }] } });
    check(
        &lists,
        &[
            (
                json!({ "id_token_signing_alg_values_supported": ["none", "ES256"] }),
                Agreed(json!({ "id_token_signed_response_alg": "ES256" })),
            ),
            (
                json!({ "id_token_signing_alg_values_supported": ["none"] }),
                Agreed(json!({ "id_token_signed_response_alg": "none" })),
            ),
            (
                json!({ "id_token_signed_response_alg": "ES256", "id_token_signing_alg_values_supported": ["none", "ES256"] }),
                Agreed(json!({ "id_token_signed_response_alg": "ES256" })),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["none"], "id_token_signing_alg_values_supported": ["HS256", "ES256"] }),
                Agreed(
                    json!({ "token_endpoint_auth_method": "none", "id_token_signed_response_alg": "ES256" }),
                ),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"] }),
                Agreed(json!({})),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
                Refused("token_endpoint_auth_method requires jwks or jwks_uri"),
            ),
            (
                with(
                    json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"], "token_endpoint_auth_signing_alg_values_supported": ["HS256", "ES256"] }),
                    &keys(),
                ),
                Agreed(with(
                    json!({ "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256" }),
                    &keys(),
                )),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["client_secret_jwt"], "token_endpoint_auth_signing_alg_values_supported": ["ES256", "HS256"] }),
                Agreed(
                    json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS256" }),
                ),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"], "grant_types": ["client_credentials"] }),
                Agreed(json!({ "grant_types": ["client_credentials"], "response_types": [] })),
            ),
            // Nothing uses the algorithm of a JWT that the client does not send.
            (
                json!({ "token_endpoint_auth_signing_alg_values_supported": ["ES256"] }),
                Agreed(json!({})),
            ),
        ],
    );
}

/// OIDC RP Metadata Choices §2, OIDC Registration §2: content encryption may stand beside choices of key management.
#[test]
fn choices_of_key_management_are_enough() {
    let lists = json!({
        "id_token_encryption_alg_values_supported": ["dir", "RSA-OAEP"],
        "id_token_encryption_enc_values_supported": ["A128CBC-HS256", "A256GCM"],
    });
    let agreed = |alg: &str, enc: &str| {
        Agreed(
            json!({ "id_token_encrypted_response_alg": alg, "id_token_encrypted_response_enc": enc }),
        )
    };
    check(
        &lists,
        &[
            (
                json!({ "id_token_encryption_alg_values_supported": ["RSA-OAEP", "dir"], "id_token_encrypted_response_enc": "A256GCM" }),
                agreed("RSA-OAEP", "A256GCM"),
            ),
            (
                json!({ "id_token_encryption_alg_values_supported": ["RSA-OAEP"], "id_token_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"] }),
                agreed("RSA-OAEP", "A256GCM"),
            ),
            (
                json!({ "id_token_encryption_enc_values_supported": ["A256GCM"] }),
                Agreed(json!({})),
            ),
            (
                json!({ "id_token_encryption_alg_values_supported": [], "id_token_encrypted_response_enc": "A256GCM" }),
                Refused("id_token_encrypted_response_enc requires id_token_encrypted_response_alg"),
            ),
        ],
    );
}

/// OIDC Registration §2: content encryption is A128CBC-HS256 unless the client says otherwise.
#[test]
fn content_encryption_requires_key_management() {
    let lists = |alg: &str, enc: Value| json!({ alg: ["RSA-OAEP", "dir"], alg.replace("_alg_", "_enc_"): enc });
    for (alg, list) in [
        (
            "id_token_encrypted_response_alg",
            "id_token_encryption_alg_values_supported",
        ),
        (
            "userinfo_encrypted_response_alg",
            "userinfo_encryption_alg_values_supported",
        ),
        (
            "request_object_encryption_alg",
            "request_object_encryption_alg_values_supported",
        ),
        (
            "introspection_encrypted_response_alg",
            "introspection_encryption_alg_values_supported",
        ),
        (
            "authorization_encrypted_response_alg",
            "authorization_encryption_alg_values_supported",
        ),
    ] {
        let enc = alg.replace("_alg", "_enc");
        let enc = enc.as_str();
        let alone = format!("{enc} requires {alg}");
        check(
            &lists(list, json!(["A256GCM", "A128CBC-HS256"])),
            &[
                (json!({}), Agreed(json!({}))),
                (
                    json!({ alg: "RSA-OAEP" }),
                    Agreed(json!({ alg: "RSA-OAEP", enc: "A128CBC-HS256" })),
                ),
                (
                    json!({ alg: "RSA-OAEP", enc: "A256GCM" }),
                    Agreed(json!({ alg: "RSA-OAEP", enc: "A256GCM" })),
                ),
                (json!({ enc: "A256GCM" }), Refused(&alone)),
            ],
        );
        check(
            &lists(list, json!(["A256GCM"])),
            &[(
                json!({ alg: "dir" }),
                Agreed(json!({ alg: "dir", enc: "A256GCM" })),
            )],
        );
        check(
            &json!({ list: ["dir"] }),
            &[
                (json!({ alg: "dir" }), Agreed(json!({ alg: "dir" }))),
                (
                    json!({ alg: "dir", enc: "A256GCM" }),
                    Agreed(json!({ alg: "dir" })),
                ),
            ],
        );
        // What needs a member that was dropped is dropped with it.
        check(
            &json!({ list.replace("_alg_", "_enc_"): ["A256GCM"] }),
            &[
                (json!({ alg: "dir", enc: "A256GCM" }), Agreed(json!({}))),
                (json!({ enc: "A256GCM" }), Refused(&alone)),
            ],
        );
    }
}

/// RFC 8252 §7, OIDC Registration §2.
#[test]
fn application_type_is_inferred_from_redirect_uris() {
    let uris = |uris: &[&str]| json!({ "redirect_uris": uris });
    let native =
        |uris: &[&str]| Agreed(json!({ "redirect_uris": uris, "application_type": "native" }));
    let web = |uris: &[&str]| Agreed(json!({ "redirect_uris": uris }));
    let typed =
        |kind: &str, uris: &[&str]| json!({ "application_type": kind, "redirect_uris": uris });
    let http = "redirect_uris must use https for a web application with the implicit grant";
    let owner = "redirect_uris has a private-use scheme that is not a reversed domain name, such as com.example.app";
    let cases = [
        (
            uris(&["http://localhost:3000/cb"]),
            native(&["http://localhost:3000/cb"]),
        ),
        (
            uris(&["http://127.0.0.1/cb", "http://[::1]:1/cb"]),
            native(&["http://127.0.0.1/cb", "http://[::1]:1/cb"]),
        ),
        (
            uris(&["com.example.app:/cb"]),
            native(&["com.example.app:/cb"]),
        ),
        (
            uris(&["com.example.app:/cb", "http://LOCALHOST/"]),
            native(&["com.example.app:/cb", "http://LOCALHOST/"]),
        ),
        (
            uris(&["https://localhost/cb"]),
            web(&["https://localhost/cb"]),
        ),
        (
            typed("native", &["https://rp.example/cb"]),
            native(&["https://rp.example/cb"]),
        ),
        (
            typed("native", &["http://localhost/cb"]),
            native(&["http://localhost/cb"]),
        ),
        (
            uris(&["https://rp.example/cb", "http://localhost/cb"]),
            native(&["https://rp.example/cb", "http://localhost/cb"]),
        ),
        (
            uris(&["http://app.LocalHost/cb", "https://rp.example/cb"]),
            native(&["http://app.LocalHost/cb", "https://rp.example/cb"]),
        ),
        (
            uris(&["https://rp.example/cb", "com.example.app:/cb"]),
            native(&["https://rp.example/cb", "com.example.app:/cb"]),
        ),
        (
            typed("web", &["http://localhost/cb"]),
            web(&["http://localhost/cb"]),
        ),
        (
            typed("web", &["com.example.app:/cb"]),
            native(&["com.example.app:/cb"]),
        ),
        (typed("web", &["cursor://callback"]), Refused(owner)),
        (
            json!({ "application_type": "web", "grant_types": ["implicit"], "redirect_uris": ["http://localhost/cb"] }),
            Refused(http),
        ),
        (
            json!({ "application_type": "web", "response_types": ["code", "id_token"], "redirect_uris": ["http://[::1]/cb"] }),
            Refused(http),
        ),
        (
            typed("service", &["https://rp.example/cb"]),
            Refused("application_type must be web or native"),
        ),
        (uris(&["cursor://callback"]), Refused(owner)),
        (uris(&["javascript.:alert(1)"]), Refused(owner)),
        (uris(&["a.:/cb"]), Refused(owner)),
        (uris(&["a..b:/cb"]), Refused(owner)),
        (typed("native", &["CURSOR://callback"]), Refused(owner)),
        (
            json!({ "application_type": "web", "grant_types": ["implicit"], "redirect_uris": ["https://LocalHost/cb"] }),
            Refused(
                "redirect_uris must not use localhost for a web application with the implicit grant",
            ),
        ),
    ];
    check(&json!({}), &cases);
}

/// RFC 8252 §7.1: a provider allows private-use schemes by name, or every one.
#[test]
fn provider_allows_private_use_schemes() {
    let uris = |uris: &[&str]| json!({ "redirect_uris": uris });
    let native =
        |uris: &[&str]| Agreed(json!({ "redirect_uris": uris, "application_type": "native" }));
    let typed =
        |kind: &str, uris: &[&str]| json!({ "application_type": kind, "redirect_uris": uris });
    let owner = "redirect_uris has a private-use scheme that is not a reversed domain name, such as com.example.app";
    let schemes = ["cursor".to_owned()];
    check_at(
        &provider(&json!({})),
        &AdmissionRules {
            native_schemes: &schemes,
            ..STANDARD
        },
        &[
            (uris(&["cursor://callback"]), native(&["cursor://callback"])),
            (uris(&["CURSOR://callback"]), native(&["CURSOR://callback"])),
            (uris(&["vscode://callback"]), Refused(owner)),
        ],
    );
    let every = [ANY_SCHEME.to_owned()];
    check_at(
        &provider(&json!({})),
        &AdmissionRules {
            native_schemes: &every,
            ..STANDARD
        },
        &[
            (uris(&["vscode://callback"]), native(&["vscode://callback"])),
            (typed("web", &["a+b-c.:/cb"]), native(&["a+b-c.:/cb"])),
            (
                uris(&["MS-Word:/cb"]),
                Refused(
                    "redirect_uris has an element that uses a scheme that is not allowed in a redirect URI",
                ),
            ),
        ],
    );
}

#[test]
fn redirect_uris_are_required_and_limited() {
    let numbered = |count: usize| {
        (0..count)
            .map(|n| format!("https://rp.example/{n}"))
            .collect::<Vec<_>>()
    };
    let missing = "redirect_uris must have at least one element for the authorization code and implicit grants";
    let none = Agreed(
        json!({ "redirect_uris": null, "grant_types": ["client_credentials", "password"], "response_types": [] }),
    );
    check(
        &logging_out(),
        &[
            (json!({ "redirect_uris": null }), Refused(missing)),
            (json!({ "redirect_uris": [] }), Refused(missing)),
            (
                json!({ "redirect_uris": [], "grant_types": ["implicit", "password"] }),
                Refused(missing),
            ),
            (
                json!({ "redirect_uris": null, "grant_types": ["client_credentials", "password"] }),
                none,
            ),
            (
                json!({ "redirect_uris": [], "grant_types": ["password"] }),
                Agreed(
                    json!({ "redirect_uris": [], "grant_types": ["password"], "response_types": [] }),
                ),
            ),
            (
                json!({ "redirect_uris": numbered(50) }),
                Agreed(json!({ "redirect_uris": numbered(50) })),
            ),
            (
                json!({ "redirect_uris": numbered(51) }),
                Refused("redirect_uris must have at most 50 elements"),
            ),
            (
                json!({ "claims_redirect_uris": numbered(50) }),
                Agreed(json!({ "claims_redirect_uris": numbered(50) })),
            ),
            (
                json!({ "claims_redirect_uris": numbered(51) }),
                Refused("claims_redirect_uris must have at most 50 elements"),
            ),
            (
                json!({ "post_logout_redirect_uris": numbered(50) }),
                Agreed(json!({ "post_logout_redirect_uris": numbered(50) })),
            ),
            (
                json!({ "post_logout_redirect_uris": numbered(51) }),
                Refused("post_logout_redirect_uris must have at most 50 elements"),
            ),
            // One bad one refuses all.
            (
                json!({ "redirect_uris": ["https://rp.example/cb", "https://rp.example/cb#x"] }),
                Refused("redirect_uris has an element that must not contain a fragment"),
            ),
        ],
    );
}

/// UMA 2.0 Grant §2.
#[test]
fn claims_redirect_uris_keep_the_same_rules() {
    let claims = |uri: &str| json!({ "claims_redirect_uris": [uri] });
    check(
        &json!({}),
        &[
            (
                claims("https://rp.example/claims"),
                Agreed(claims("https://rp.example/claims")),
            ),
            (
                with(
                    claims("http://localhost/claims"),
                    &json!({ "application_type": "web", "grant_types": ["implicit"] }),
                ),
                Refused(
                    "claims_redirect_uris must use https for a web application with the implicit grant",
                ),
            ),
            (
                claims("com.example.app:/claims"),
                Agreed(with(
                    claims("com.example.app:/claims"),
                    &json!({ "application_type": "native" }),
                )),
            ),
            (
                claims("regexp=https://rp.example/.*"),
                Refused(
                    "claims_redirect_uris has an element that must be an absolute URI, not a pattern",
                ),
            ),
            (
                claims("rp.example"),
                Refused("claims_redirect_uris has an element that must be an absolute URI"),
            ),
            (
                with(
                    claims("cursor://claims"),
                    &json!({ "application_type": "native" }),
                ),
                Refused(
                    "claims_redirect_uris has a private-use scheme that is not a reversed domain name, such as com.example.app",
                ),
            ),
        ],
    );
}

/// Forms that only WSO2 clients send are accepted only at the WSO2 endpoints.
#[test]
fn wso2_forms_are_only_for_wso2() {
    let uris =
        |uris: &[&str], grant: &str| json!({ "redirect_uris": uris, "grant_types": [grant] });
    let pattern = "regexp=(https://a.example/cb|https://b.example/cb)";
    let password = |uris: &[&str]| {
        Agreed(json!({ "redirect_uris": uris, "grant_types": ["password"], "response_types": [] }))
    };
    let code = |uris: &[&str]| Agreed(json!({ "redirect_uris": uris }));
    let not_a_pattern = "redirect_uris has an element that must be an absolute URI, not a pattern";
    let absolute = "redirect_uris has an element that must be an absolute URI";
    check(
        &json!({}),
        &[
            (
                uris(&[pattern], "authorization_code"),
                Refused(not_a_pattern),
            ),
            (uris(&["server.example.com"], "password"), Refused(absolute)),
            (
                uris(&["server.example.com:8080/cb"], "password"),
                Refused(absolute),
            ),
            (
                uris(&["localhost:3000/cb"], "authorization_code"),
                Refused(absolute),
            ),
        ],
    );
    check_at(
        &provider(&json!({})),
        &AdmissionRules {
            legacy: LegacyRedirects::Accepted,
            ..STANDARD
        },
        &[
            (uris(&[pattern], "authorization_code"), code(&[pattern])),
            (
                uris(&[pattern, "https://rp.example/cb"], "authorization_code"),
                Refused("redirect_uris must not have other elements when it has a pattern"),
            ),
            (
                uris(&["server.example.com"], "password"),
                password(&["server.example.com"]),
            ),
            (
                uris(&["server.example.com:8080/cb"], "password"),
                password(&["server.example.com:8080/cb"]),
            ),
            (
                uris(&["server.example.com"], "authorization_code"),
                Refused(absolute),
            ),
            (
                json!({ "claims_redirect_uris": [pattern] }),
                Refused(
                    "claims_redirect_uris has an element that must be an absolute URI, not a pattern",
                ),
            ),
        ],
    );
    let registered = ClientMetadata {
        redirect_uris: Some(vec![RedirectUri::parse(pattern.to_owned()).unwrap()]),
        ..ClientMetadata::default()
    };
    check_at(
        &provider(&json!({})),
        &AdmissionRules {
            legacy: LegacyRedirects::Kept(&registered),
            ..STANDARD
        },
        &[
            (uris(&[pattern], "authorization_code"), code(&[pattern])),
            (
                uris(&["regexp=(https://a.example/cb)"], "authorization_code"),
                Refused(not_a_pattern),
            ),
            (uris(&["server.example.com"], "password"), Refused(absolute)),
        ],
    );
}

/// RFC 7591 §2, OIDC Core §9, RFC 8705 §2.1.2, RFC 6749 §4.4.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn client_authentication_is_complete() {
    let lists = json!({
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "HS256"],
    });
    let method =
        |method: &str, more: Value| with(json!({ "token_endpoint_auth_method": method }), &more);
    let same = |members: Value| (members.clone(), Agreed(members));
    let keys = json!({ "keys": [{ "kty": "EC" }] });
    let no_keys = "token_endpoint_auth_method requires jwks or jwks_uri";
    let subject = "token_endpoint_auth_method requires exactly one tls_client_auth_* member";
    let credentials = json!({ "grant_types": ["client_credentials"] });
    check(
        &lists,
        &[
            same(method("private_key_jwt", json!({ "jwks": keys }))),
            same(method(
                "private_key_jwt",
                json!({ "jwks_uri": "https://rp.example/jwks" }),
            )),
            same(method(
                "self_signed_tls_client_auth",
                json!({ "jwks": keys }),
            )),
            same(method(
                "tls_client_auth",
                json!({ "tls_client_auth_subject_dn": "CN=rp.example" }),
            )),
            same(method(
                "tls_client_auth",
                json!({ "tls_client_auth_san_dns": "rp.example" }),
            )),
            same(method(
                "client_secret_basic",
                json!({ "tls_client_auth_san_dns": "rp.example", "tls_client_auth_san_email": "a@b" }),
            )),
            same(method(
                "client_secret_jwt",
                json!({ "token_endpoint_auth_signing_alg": "HS256" }),
            )),
            same(method(
                "private_key_jwt",
                json!({ "jwks": keys, "token_endpoint_auth_signing_alg": "RS256" }),
            )),
            (
                method(
                    "client_secret_basic",
                    json!({ "token_endpoint_auth_signing_alg": "RS256" }),
                ),
                Agreed(method("client_secret_basic", json!({}))),
            ),
            same(method("none", json!({}))),
            (
                json!({ "jwks": keys, "jwks_uri": "https://rp.example/jwks" }),
                Refused("jwks must not be combined with jwks_uri"),
            ),
            (method("private_key_jwt", json!({})), Refused(no_keys)),
            (
                method("self_signed_tls_client_auth", json!({})),
                Refused(no_keys),
            ),
            (method("tls_client_auth", json!({})), Refused(subject)),
            (
                method(
                    "tls_client_auth",
                    json!({ "tls_client_certificate_bound_access_tokens": true }),
                ),
                Refused(subject),
            ),
            (
                method(
                    "tls_client_auth",
                    json!({ "tls_client_auth_san_dns": "rp.example", "tls_client_auth_subject_dn": "CN=x" }),
                ),
                Refused(subject),
            ),
            (
                method("none", credentials.clone()),
                Refused(
                    "token_endpoint_auth_method must not be none with the client credentials grant",
                ),
            ),
            (
                credentials,
                Agreed(json!({ "grant_types": ["client_credentials"], "response_types": [] })),
            ),
            (
                method(
                    "client_secret_jwt",
                    json!({ "token_endpoint_auth_signing_alg": "RS256" }),
                ),
                Refused(
                    "token_endpoint_auth_signing_alg must be an HMAC algorithm with client_secret_jwt",
                ),
            ),
            (
                method(
                    "private_key_jwt",
                    json!({ "jwks": keys, "token_endpoint_auth_signing_alg": "HS256" }),
                ),
                Refused(
                    "token_endpoint_auth_signing_alg must not be an HMAC algorithm with private_key_jwt",
                ),
            ),
        ],
    );
    // No list of ours offers it, but a provider may be put together without our configuration.
    let mut careless = provider(&json!({}));
    careless
        .set(
            "token_endpoint_auth_signing_alg_values_supported",
            json!(["none"]),
        )
        .unwrap();
    let unsigned = json!({ "token_endpoint_auth_signing_alg": "none" });
    check_at(
        &careless,
        &STANDARD,
        &[(
            unsigned,
            Refused("token_endpoint_auth_signing_alg must not be none"),
        )],
    );
}

/// OIDC Core §10.1, §10.2.
#[test]
fn public_client_uses_no_shared_secret() {
    let algorithms = [
        "value",
        "RS256",
        "HS256",
        "HS384",
        "HS512",
        "ES256",
        "dir",
        "A128KW",
        "A256GCMKW",
        "PBES2-HS512+A256KW",
        "ECDH-ES+A128KW",
    ];
    let rows = || {
        ClientMetadata::ROWS
            .iter()
            .filter(|row| row.name.ends_with("_alg"))
    };
    let lists: Value = rows()
        .map(|row| (row.offered.unwrap().to_owned(), json!(algorithms)))
        .collect();
    let mut seen = 0;
    for row in rows() {
        let refused = format!(
            "{} must not use a shared secret when token_endpoint_auth_method is none",
            row.name
        );
        let asked = |algorithm: &str, method: &str| {
            with(
                json!({ row.name: algorithm }),
                &json!({ "token_endpoint_auth_method": method }),
            )
        };
        for secret in [
            "HS256",
            "HS384",
            "HS512",
            "dir",
            "A128KW",
            "A256GCMKW",
            "PBES2-HS512+A256KW",
        ] {
            check(&lists, &[(asked(secret, "none"), Refused(&refused))]);
        }
        // Nothing uses the algorithm of a JWT that the client does not send.
        let is_unused = row.name == "token_endpoint_auth_signing_alg";
        for own in ["RS256", "ES256", "ECDH-ES+A128KW"] {
            let agreed = match is_unused {
                true => json!({ "token_endpoint_auth_method": "none" }),
                false => asked(own, "none"),
            };
            check(&lists, &[(asked(own, "none"), Agreed(agreed))]);
        }
        if row.name != "backchannel_authentication_request_signing_alg" && !is_unused {
            let same = asked("HS256", "client_secret_post");
            check(&lists, &[(same.clone(), Agreed(same))]);
        }
        seen += 1;
    }
    assert!(seen > 10);
    let public = json!({ "token_endpoint_auth_method": "none" });
    check(
        &json!({ "id_token_signing_alg_values_supported": ["HS256", "none", "ES256"] }),
        &[
            (
                json!({}),
                Agreed(json!({ "id_token_signed_response_alg": "HS256" })),
            ),
            (
                public.clone(),
                Agreed(with(
                    public,
                    &json!({ "id_token_signed_response_alg": "ES256" }),
                )),
            ),
        ],
    );
}

/// A document that offers every kind of logout, and request objects by reference.
fn logging_out() -> Value {
    json!({
        "end_session_endpoint": "https://op.example/end",
        "frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true,
        "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
        "request_uri_parameter_supported": true,
    })
}

/// OIDC Front-Channel Logout §2: scheme, host and port are those of a redirect URI.
#[test]
fn frontchannel_logout_uri_has_a_redirect_origin() {
    let at = |uri: &str| json!({ "frontchannel_logout_uri": uri });
    let same = |members: Value| (members.clone(), Agreed(members));
    let refused =
        || Refused("frontchannel_logout_uri must have the scheme, host and port of a redirect URI");
    let beside = |uris: &[&str], uri: &str| with(json!({ "redirect_uris": uris }), &at(uri));
    let native = |members: Value| {
        (
            members.clone(),
            Agreed(with(members, &json!({ "application_type": "native" }))),
        )
    };
    check(
        &logging_out(),
        &[
            same(at("https://rp.example/out?x")),
            same(at("https://RP.example:443/out")),
            same(beside(
                &["https://a.example/cb", "https://b.example:8443/cb"],
                "https://b.example:8443/out",
            )),
            native(beside(&["com.example.app:/cb"], "https://rp.example/out")),
            native(beside(
                &["http://localhost:3000/cb"],
                "http://localhost:3000/out",
            )),
            (at("http://rp.example/out"), refused()),
            (at("https://rp.example:8443/out"), refused()),
            (at("https://other.example/out"), refused()),
            (at("https://sub.rp.example/out"), refused()),
            (
                beside(
                    &["com.example.app:/cb", "http://localhost:3000/cb"],
                    "http://localhost:3001/out",
                ),
                refused(),
            ),
            (
                json!({ "redirect_uris": null, "grant_types": ["password"], "frontchannel_logout_uri": "https://rp.example/out" }),
                Agreed(json!({
                    "redirect_uris": null, "grant_types": ["password"], "response_types": [],
                    "frontchannel_logout_uri": "https://rp.example/out",
                })),
            ),
        ],
    );
}

/// OIDC Back-Channel Logout §2.2, OIDC RP-Initiated Logout §3.1: http is for clients that authenticate.
#[test]
fn public_client_logs_out_over_https() {
    let public = |members: Value| with(members, &json!({ "token_endpoint_auth_method": "none" }));
    let same = |members: Value| (members.clone(), Agreed(members));
    let told = |uri: &str| json!({ "backchannel_logout_uri": uri });
    let out = |uri: &str| json!({ "post_logout_redirect_uris": ["https://rp.example/out", uri] });
    let native = |members: Value| public(with(members, &json!({ "application_type": "native" })));
    let no_http = || Refused("post_logout_redirect_uris must use https for a public client");
    check(
        &logging_out(),
        &[
            same(told("http://rp.example/told")),
            same(public(told("https://rp.example/told"))),
            (
                public(told("http://rp.example/told")),
                Refused("backchannel_logout_uri must use https for a public client"),
            ),
            (
                public(told("HTTP://rp.example/told")),
                Refused("backchannel_logout_uri must use https for a public client"),
            ),
            same(out("http://rp.example/out")),
            same(public(out("https://rp.example/gone"))),
            same(native(out("http://localhost:3000/out"))),
            same(native(out("http://127.0.0.1/out"))),
            same(native(out("com.example.app:/out"))),
            (public(out("http://rp.example/out")), no_http()),
            (public(out("http://localhost:3000/out")), no_http()),
            (native(out("http://rp.example/out")), no_http()),
            same(public(with(
                out("http://localhost:3000/out"),
                &json!({ "application_type": "web", "redirect_uris": ["http://localhost:3000/cb"] }),
            ))),
            (
                public(with(
                    out("http://rp.example/out"),
                    &json!({ "application_type": "web", "redirect_uris": ["http://localhost:3000/cb"] }),
                )),
                no_http(),
            ),
        ],
    );
    let schemes = ["cursor".to_owned()];
    check_at(
        &provider(&logging_out()),
        &AdmissionRules {
            native_schemes: &schemes,
            ..STANDARD
        },
        &[same(out("cursor://out"))],
    );
    let owner = "post_logout_redirect_uris has a private-use scheme that is not a reversed domain name, such as com.example.app";
    for uri in ["cursor://out", "a.:/out", "javascript.:alert(1)"] {
        check(&logging_out(), &[(out(uri), Refused(owner))]);
    }
}

/// OIDC Core §8: subjects are public, unless that is not offered or a client could not use it.
#[test]
fn subject_type_defaults_to_the_first_offered() {
    check(&json!({}), &[(json!({}), Agreed(json!({})))]);
    check(
        &json!({ "subject_types_supported": ["pairwise", "public"] }),
        &[(json!({}), Agreed(json!({})))],
    );
    check(
        &json!({ "subject_types_supported": [] }),
        &[(json!({}), Agreed(json!({})))],
    );
    check(
        &json!({ "subject_types_supported": ["pairwise", "ephemeral"] }),
        &[
            (json!({}), Agreed(json!({ "subject_type": "pairwise" }))),
            (
                json!({ "subject_type": "ephemeral" }),
                Agreed(json!({ "subject_type": "ephemeral" })),
            ),
            (
                json!({ "subject_type": "public" }),
                Refused(
                    "subject_type has no value listed in the provider's subject_types_supported",
                ),
            ),
        ],
    );
    let choice = |types: &[&str]| json!({ "subject_types_supported": types });
    check(
        &json!({}),
        &[
            (
                choice(&["pairwise", "public"]),
                Agreed(json!({ "subject_type": "pairwise" })),
            ),
            (
                choice(&["public", "pairwise"]),
                Agreed(json!({ "subject_type": "public" })),
            ),
        ],
    );
}

/// RFC 7591 §3.2.1: a demand that the provider cannot meet is dropped; the value `false` is registered.
#[test]
fn unmet_demand_is_dropped() {
    let par = || json!({ "pushed_authorization_request_endpoint": "https://op.example/par" });
    for (demand, servings, lacking) in [
        (
            "require_pushed_authorization_requests",
            vec![par()],
            vec![json!({ "require_pushed_authorization_requests": true })],
        ),
        (
            "require_signed_request_object",
            vec![
                json!({ "request_parameter_supported": true }),
                json!({ "request_uri_parameter_supported": true }),
                par(),
            ],
            vec![json!({ "require_signed_request_object": true })],
        ),
        (
            "backchannel_user_code_parameter",
            vec![json!({ "backchannel_user_code_parameter_supported": true })],
            vec![json!({ "backchannel_user_code_parameter_supported": false })],
        ),
        (
            "dpop_bound_access_tokens",
            vec![json!({ "dpop_signing_alg_values_supported": ["ES256"] })],
            vec![],
        ),
        (
            "tls_client_certificate_bound_access_tokens",
            vec![json!({ "tls_client_certificate_bound_access_tokens": true })],
            vec![json!({ "tls_client_certificate_bound_access_tokens": false })],
        ),
        (
            "use_mtls_endpoint_aliases",
            vec![
                json!({ "mtls_endpoint_aliases": { "token_endpoint": "https://mtls.op.example/token" } }),
            ],
            vec![],
        ),
    ] {
        let (yes, no) = (json!({ demand: true }), json!({ demand: false }));
        for serving in servings {
            check(
                &serving,
                &[
                    (yes.clone(), Agreed(yes.clone())),
                    (no.clone(), Agreed(no.clone())),
                    (json!({}), Agreed(json!({}))),
                ],
            );
        }
        for lacking in lacking.into_iter().chain([json!({})]) {
            check(
                &lacking,
                &[
                    (yes.clone(), Agreed(json!({}))),
                    (no.clone(), Agreed(no.clone())),
                ],
            );
        }
    }
}

/// OIDC Registration §2, JARM §3, RFC 9101 §10.5: values that must be signed have a signing
/// algorithm other than none.
#[test]
fn required_signatures_are_enforced() {
    let same = |members: Value| (members.clone(), Agreed(members));
    let unsigned = json!({ "id_token_signed_response_alg": "none" });
    let more = "id_token_signed_response_alg must not be none with a response type other than code";
    check(
        &json!({}),
        &[(
            unsigned.clone(),
            Refused(
                "id_token_signed_response_alg has no value listed in the provider's id_token_signing_alg_values_supported",
            ),
        )],
    );
    check(
        &json!({
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "authorization_signing_alg_values_supported": ["RS256", "none"],
            "request_object_signing_alg_values_supported": ["RS256", "none"],
            "request_parameter_supported": true,
        }),
        &[
            same(unsigned.clone()),
            (
                with(
                    unsigned.clone(),
                    &json!({ "response_types": ["code", "token"] }),
                ),
                Refused(more),
            ),
            (
                with(unsigned, &json!({ "grant_types": ["implicit"] })),
                Refused(more),
            ),
            same(json!({ "authorization_signed_response_alg": "RS256" })),
            (
                json!({ "authorization_signed_response_alg": "none" }),
                Refused("authorization_signed_response_alg must not be none"),
            ),
            same(json!({ "request_object_signing_alg": "none" })),
            same(
                json!({ "request_object_signing_alg": "none", "require_signed_request_object": false }),
            ),
            same(
                json!({ "request_object_signing_alg": "RS256", "require_signed_request_object": true }),
            ),
            (
                json!({ "request_object_signing_alg": "none", "require_signed_request_object": true }),
                Refused(
                    "request_object_signing_alg must not be none when require_signed_request_object is true",
                ),
            ),
        ],
    );
}

/// OIDC Registration §2, OIDC Core §6.2.
#[test]
fn request_uris_are_https_and_limited() {
    let uris = |count: usize| json!({ "request_uris": (0..count).map(|n| format!("https://rp.example/r{n}#GkurKxf5")).collect::<Vec<_>>() });
    check(
        &logging_out(),
        &[
            (uris(10), Agreed(uris(10))),
            (
                uris(11),
                Refused("request_uris must have at most 10 elements"),
            ),
            (
                json!({ "request_uris": ["http://rp.example/r"] }),
                Refused("request_uris has an element that must be an https URL"),
            ),
        ],
    );
}

/// OIDC Registration §2, OIDC RP-Initiated Logout §3.1, OIDC Back-Channel Logout §2.2: a member that no feature of the provider
/// uses is judged as ever, and then dropped.
#[test]
fn unused_uri_is_judged_and_dropped() {
    for (member, value, feature, serving) in [
        (
            "request_uris",
            json!(["https://rp.example/r"]),
            "request_uri_parameter_supported",
            json!(true),
        ),
        (
            "post_logout_redirect_uris",
            json!(["https://rp.example/bye"]),
            "end_session_endpoint",
            json!("https://op.example/end"),
        ),
        (
            "frontchannel_logout_uri",
            json!("https://rp.example/out"),
            "frontchannel_logout_supported",
            json!(true),
        ),
        (
            "backchannel_logout_uri",
            json!("https://rp.example/out"),
            "backchannel_logout_supported",
            json!(true),
        ),
    ] {
        let asked = json!({ member: value });
        check(
            &json!({ feature: serving }),
            &[(asked.clone(), Agreed(asked.clone()))],
        );
        check(&json!({}), &[(asked.clone(), Agreed(json!({})))]);
        if serving == true {
            check(&json!({ feature: false }), &[(asked, Agreed(json!({})))]);
        }
    }
    check(
        &json!({}),
        &[
            (
                json!({ "post_logout_redirect_uris": ["https://rp.example/bye?state=1"] }),
                Refused(
                    "post_logout_redirect_uris has an element with the query parameter state, which is reserved for the provider",
                ),
            ),
            (
                json!({ "frontchannel_logout_uri": "https://other.example/out" }),
                Refused(
                    "frontchannel_logout_uri must have the scheme, host and port of a redirect URI",
                ),
            ),
            (
                json!({ "backchannel_logout_uri": "http://rp.example/out", "token_endpoint_auth_method": "none" }),
                Refused("backchannel_logout_uri must use https for a public client"),
            ),
        ],
    );
}

/// OIDC Front-Channel Logout §2, OIDC Back-Channel Logout §2.2: a client may demand the session only where a logout can name it.
#[test]
fn session_of_a_logout_is_demanded_if_offered() {
    for channel in ["frontchannel", "backchannel"] {
        let member = format!("{channel}_logout_session_required");
        let (yes, no) = (json!({ &*member: true }), json!({ &*member: false }));
        let logout = format!("{channel}_logout_supported");
        let session = format!("{channel}_logout_session_supported");
        for (lists, agreed_yes, agreed_no) in [
            (json!({}), json!({}), json!({})),
            (
                json!({ &*logout: false, &*session: false }),
                json!({}),
                json!({}),
            ),
            (json!({ &*logout: true }), json!({}), no.clone()),
            (
                json!({ &*logout: true, &*session: true }),
                yes.clone(),
                no.clone(),
            ),
        ] {
            check(
                &lists,
                &[
                    (yes.clone(), Agreed(agreed_yes)),
                    (no.clone(), Agreed(agreed_no)),
                ],
            );
        }
    }
}

/// CIBA §4, §7.1.1: a CIBA client names its delivery mode and its notification endpoint.
#[test]
fn ciba_client_names_its_delivery() {
    let ciba = |more: Value| {
        with(
            json!({ "redirect_uris": null, "grant_types": ["urn:openid:params:grant-type:ciba"] }),
            &more,
        )
    };
    let agreed = |more: Value| Agreed(with(ciba(more), &json!({ "response_types": [] })));
    let endpoint =
        "backchannel_client_notification_endpoint is required for the delivery modes ping and push";
    let mode = |mode: &str| json!({ "backchannel_token_delivery_mode": mode });
    let told = |mode: &str| json!({ "backchannel_token_delivery_mode": mode, "backchannel_client_notification_endpoint": "https://rp.example/told" });
    let signed = |alg: &str| {
        with(
            mode("poll"),
            &json!({ "backchannel_authentication_request_signing_alg": alg }),
        )
    };
    check(
        &json!({
            "grant_types_supported": ["authorization_code", "urn:openid:params:grant-type:ciba"],
            "backchannel_token_delivery_modes_supported": ["poll", "ping", "push"],
            "backchannel_authentication_request_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }),
        &[
            (ciba(mode("poll")), agreed(mode("poll"))),
            (ciba(told("ping")), agreed(told("ping"))),
            (ciba(told("push")), agreed(told("push"))),
            (told("push"), Agreed(told("push"))),
            (
                ciba(json!({})),
                Refused("backchannel_token_delivery_mode is required for the CIBA grant"),
            ),
            (ciba(mode("ping")), Refused(endpoint)),
            (ciba(mode("push")), Refused(endpoint)),
            (mode("push"), Refused(endpoint)),
            (ciba(signed("ES256")), agreed(signed("ES256"))),
            (
                ciba(signed("HS256")),
                Refused(
                    "backchannel_authentication_request_signing_alg must be an asymmetric algorithm",
                ),
            ),
            (
                ciba(signed("none")),
                Refused(
                    "backchannel_authentication_request_signing_alg must be an asymmetric algorithm",
                ),
            ),
        ],
    );
}
