//! Configuration of provider metadata, and the document that results.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

mod support;

use protocol::{Issuer, ProviderMetadata};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

fn configured(members: &Value) -> Result<ProviderMetadata, String> {
    let issuer = Issuer::parse("https://op.example").unwrap();
    ProviderMetadata::default_offer(issuer)
        .configure(object(members))
        .map_err(|invalid| invalid.to_string())
}

/// The default offer is the offer that the test writes out.
#[test]
fn default_offer_matches_its_table() {
    assert_eq!(
        Value::Object(provider(&json!({})).object()),
        json!({
            "issuer": "https://op.example",
            "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
            "response_types_supported": ["code", "id_token", "id_token token", "token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials", "password"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "acr", "auth_time", "name", "given_name", "family_name", "middle_name", "nickname",
                "preferred_username", "profile", "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo",
                "locale", "phone_number", "phone_number_verified", "address", "updated_at",
            ],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "code_challenge_methods_supported": ["S256"],
        })
    );
}

#[test]
fn configured_member_replaces_the_default() {
    let offer = configured(&json!({
        "scopes_supported": ["openid"],
        "pre-authorized_grant_anonymous_access_supported": true,
        "organization_name#de": "Beispiel",
    }))
    .unwrap();
    assert_eq!(offer.offers("scopes_supported", "openid"), Some(true));
    assert_eq!(offer.offers("scopes_supported", "email"), Some(false));
    assert_eq!(offer.offers("acr_values_supported", "0"), None);
    let document = Value::Object(offer.object());
    assert_eq!(
        document["pre-authorized_grant_anonymous_access_supported"],
        json!(true)
    );
    assert_eq!(document["organization_name#de"], json!("Beispiel"));
}

/// RFC 8414 §3.2: an empty list is left out of the document; registration then drops what it governs.
#[test]
fn empty_list_removes_its_member() {
    let offer = configured(&json!({ "scopes_supported": [], "claims_supported": [] })).unwrap();
    assert!(!offer.has("scopes_supported") && !offer.has("claims_supported"));
    let asked = json!({ "redirect_uris": ["https://rp.example/cb"], "scope": "openid" });
    assert!(!agree(&offer, &STANDARD, &asked).unwrap().contains("scope"));
}

/// RFC 7591 §2.1: a document offers no response type without its grants, and no grant without a response type that takes it.
#[test]
fn defaults_follow_the_configuration() {
    let flows = |members: Value| {
        let document = Value::Object(configured(&members).unwrap().object());
        (
            document["response_types_supported"].clone(),
            document["grant_types_supported"].clone(),
        )
    };
    let (code, implicit) = ("authorization_code", "implicit");
    let others = ["refresh_token", "client_credentials", "password"];
    for (members, types, grants) in [
        (
            json!({ "grant_types_supported": [code] }),
            json!(["code"]),
            json!([code]),
        ),
        (
            json!({ "grant_types_supported": [implicit] }),
            json!(["id_token", "id_token token", "token"]),
            json!([implicit]),
        ),
        (
            json!({ "grant_types_supported": ["password"] }),
            Value::Null,
            json!(["password"]),
        ),
        (
            json!({ "response_types_supported": ["code"] }),
            json!(["code"]),
            json!([&[code][..], &others].concat()),
        ),
        (
            json!({ "response_types_supported": ["token"] }),
            json!(["token"]),
            json!([&[implicit][..], &others].concat()),
        ),
        (
            json!({ "response_types_supported": ["code token"] }),
            json!(["code token"]),
            json!([&[code, implicit][..], &others].concat()),
        ),
        (
            json!({ "response_types_supported": ["none"] }),
            json!(["none"]),
            json!(others),
        ),
        (
            json!({ "response_types_supported": ["none", "code"], "grant_types_supported": ["authorization_code", "urn:example:grant"] }),
            json!(["none", "code"]),
            json!(["authorization_code", "urn:example:grant"]),
        ),
    ] {
        assert_eq!(flows(members.clone()), (types, grants), "{members}");
    }
}

/// A member of the wrong form is refused with its name.
#[test]
fn invalid_member_is_refused_by_name() {
    for (members, refusal) in [
        (
            json!({ "issuer": "https://other.example" }),
            "issuer is set by the server and cannot be configured",
        ),
        (
            json!({ "registration_endpoint": "https://op.example/r" }),
            "registration_endpoint is set by the server and cannot be configured",
        ),
        (
            json!({ "scope_supported": ["openid"] }),
            "scope_supported is not a member of provider metadata",
        ),
        (
            json!({ "scopes_supported": "openid" }),
            "scopes_supported must be an array",
        ),
        (
            json!({ "jwks_uri": "http://op.example/jwks" }),
            "jwks_uri must be an https URL",
        ),
        (
            json!({ "ui_locales_supported": ["de_CH"] }),
            "ui_locales_supported has an element that must be a language tag (BCP 47)",
        ),
        (
            json!({ "grant_types_supported": [] }),
            "grant_types_supported must have at least one element, since its absence means the default",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg_values_supported": ["RS256", "none"] }),
            "token_endpoint_auth_signing_alg_values_supported must not offer none",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg_values_supported": [] }),
            "token_endpoint_auth_signing_alg_values_supported is required when token_endpoint_auth_methods_supported offers private_key_jwt",
        ),
        (
            json!({ "introspection_endpoint_auth_methods_supported": ["client_secret_jwt"] }),
            "introspection_endpoint_auth_signing_alg_values_supported is required when introspection_endpoint_auth_methods_supported offers client_secret_jwt",
        ),
        // A value that registration would refuse every client is not offered.
        (
            json!({ "grant_types_supported": ["implicit"], "response_types_supported": ["id_token", "token code"] }),
            "response_types_supported offers code token, which requires authorization_code in grant_types_supported",
        ),
        (
            json!({ "grant_types_supported": ["authorization_code", "implicit"], "response_types_supported": ["code"] }),
            "grant_types_supported offers implicit, which requires a type that uses it in response_types_supported",
        ),
        (
            json!({ "grant_types_supported": ["authorization_code", "implicit"], "response_types_supported": ["token"] }),
            "grant_types_supported offers authorization_code, which requires a type that uses it in response_types_supported",
        ),
        (
            json!({ "grant_types_supported": ["authorization_code", "urn:openid:params:grant-type:ciba"] }),
            "backchannel_token_delivery_modes_supported is required when grant_types_supported offers urn:openid:params:grant-type:ciba",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_jwt"] }),
            "token_endpoint_auth_signing_alg_values_supported must offer an HMAC algorithm when token_endpoint_auth_methods_supported offers client_secret_jwt",
        ),
        (
            json!({ "token_endpoint_auth_signing_alg_values_supported": ["HS256"] }),
            "token_endpoint_auth_signing_alg_values_supported must offer an asymmetric algorithm when token_endpoint_auth_methods_supported offers private_key_jwt",
        ),
        (
            json!({ "acr_values_supported": ["0", ""] }),
            "acr_values_supported has an empty element",
        ),
        // RFC 7517 §9.3: what is published is public.
        (
            json!({ "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ", "d": "eg" }] } }),
            "jwks has a private key; only public keys may be registered",
        ),
        (
            json!({ "jwks": { "keys": [] } }),
            "jwks must have 1 to 20 keys",
        ),
    ] {
        assert_eq!(configured(&members).unwrap_err(), refusal);
    }
}

/// A server's document that lists `private_key_jwt` and no algorithm is the server's omission: it is served, as Hydra's must be.
/// An operator who takes the algorithms out, or adds the method, is told.
#[test]
fn omission_of_a_server_is_no_mistake() {
    let of = |value: Value| match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    };
    let server = |methods: &[&str], algorithms: &[&str]| {
        let mut document = json!({ "token_endpoint_auth_methods_supported": methods });
        if !algorithms.is_empty() {
            document["token_endpoint_auth_signing_alg_values_supported"] = json!(algorithms);
        }
        ProviderMetadata::read_configured(of(document)).unwrap()
    };
    let algorithms = "token_endpoint_auth_signing_alg_values_supported";
    let hydra = server(&["client_secret_basic", "private_key_jwt"], &[]);
    let offer = hydra.configure(of(json!({}))).unwrap();
    assert_eq!(offer.token_endpoint_auth_signing_alg_values_supported, None);
    for (base, configured) in [
        (
            server(&["private_key_jwt"], &["RS256"]),
            json!({ algorithms: [] }),
        ),
        (
            server(&["client_secret_basic"], &[]),
            json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
        ),
    ] {
        let refused = base.configure(of(configured)).unwrap_err();
        assert_eq!(refused.member, algorithms);
    }
}
