//! Clients with a metadata document: the methods and algorithms that they get. CIMD §4.1, §6,
//! OIDC RP Metadata Choices §2.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod support;

use protocol::published::changed_members;
use protocol::{ClientMetadata, InvalidMember, PublishedTerms, RegisteredMetadata};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

/// A key set with a public key, which fits `EdDSA`.
fn keys() -> Value {
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
}

fn decide(offer: &Value, published: &Value) -> Result<Value, InvalidMember> {
    let mut members = object(&json!({ "redirect_uris": ["https://app.example/cb"] }));
    members.extend(object(published));
    let published = ClientMetadata::parse(members)?;
    let agreed = PublishedTerms::new(&provider(offer)).decide(published, &STANDARD)?;
    let text = agreed.metadata.json().to_owned();
    assert_eq!(
        RegisteredMetadata::from_stored_document(text.clone()),
        Ok(agreed.metadata),
        "stored and read again"
    );
    Ok(serde_json::from_str(&text).expect("JSON"))
}

const METHOD: &str = "token_endpoint_auth_method";
const METHODS: &str = "token_endpoint_auth_methods_supported";
const NOT_LISTED: &str =
    "has no value listed in the provider's token_endpoint_auth_methods_supported";
const ABSENT: &str = "counts as none when it is absent, which the provider's token_endpoint_auth_methods_supported lacks";
const NOT_A_CHOICE: &str =
    "must be one of the values in the client's token_endpoint_auth_methods_supported";
const SECRET: &str =
    "must not use a shared secret, which a client with a metadata document does not have";

/// The method, or the member that is refused and the reason.
type Verdict<'a> = Result<&'a str, (&'a str, &'a str)>;

/// The method of a client that names a method, choices, or both, by what the provider offers: both members absent means `none`, and
/// choices alone do not; a value that is not offered is no error if another fits.
/// CIMD §6, OIDC RP Metadata Choices §2.
#[test]
fn cimd_6_choices_decide_the_method() {
    let absent = json!(null);
    let both = json!(["private_key_jwt", "none"]);
    let key = "private_key_jwt";
    let secret = "client_secret_basic";
    let refused = Err((METHOD, NOT_LISTED));
    let table: [(Value, Value, [Verdict<'_>; 3]); 9] = [
        (
            absent.clone(),
            absent.clone(),
            [Ok("none"), Ok("none"), Err((METHOD, ABSENT))],
        ),
        (
            absent.clone(),
            both.clone(),
            [Ok(key), Ok("none"), Err((METHODS, NOT_LISTED))],
        ),
        (
            absent.clone(),
            json!([key]),
            [
                Ok(key),
                Err((METHODS, NOT_LISTED)),
                Err((METHODS, NOT_LISTED)),
            ],
        ),
        (
            json!("none"),
            absent.clone(),
            [Ok("none"), Ok("none"), refused],
        ),
        (json!(key), absent.clone(), [Ok(key), refused, refused]),
        (
            json!(key),
            json!(["none", key]),
            [Ok(key), Ok("none"), refused],
        ),
        (
            json!("none"),
            json!([key]),
            [Err((METHOD, NOT_A_CHOICE)); 3],
        ),
        (
            json!("client_secret_post"),
            absent,
            [Err((METHOD, SECRET)); 3],
        ),
        (
            json!(secret),
            json!([secret, "none"]),
            [Err((METHOD, SECRET)); 3],
        ),
    ];
    let offers = [json!(["none", key]), json!(["none"]), json!([secret])];
    for (singular, plural, verdicts) in &table {
        for (offered, verdict) in offers.iter().zip(verdicts) {
            let published = json!({ METHOD: singular, METHODS: plural, "jwks": keys() });
            let agreed = decide(&json!({ METHODS: offered }), &published);
            match (agreed, verdict) {
                (Ok(agreed), Ok(method)) => {
                    assert_eq!(agreed[METHOD], *method, "{singular} {plural} {offered}");
                }
                (Err(invalid), Err((member, reason))) => assert_eq!(
                    (&*invalid.member, &*invalid.reason),
                    (*member, *reason),
                    "{singular} {plural} {offered}"
                ),
                (agreed, _) => panic!("{singular} {plural} {offered}: {agreed:?}"),
            }
        }
    }
}

/// A client keeps the methods that it supports and can use, in its own order, since no response tells it which was chosen.
/// CIMD §6.
#[test]
fn cimd_6_narrowed_methods_are_kept() {
    let offer = json!({ METHODS: ["client_secret_basic", "private_key_jwt", "none"] });
    for (choices, with_keys, method, kept) in [
        (
            json!(["none", "private_key_jwt"]),
            true,
            "none",
            json!(["none", "private_key_jwt"]),
        ),
        (
            json!(["private_key_jwt", "none"]),
            true,
            "private_key_jwt",
            json!(["private_key_jwt", "none"]),
        ),
        (
            json!(["private_key_jwt", "none"]),
            false,
            "none",
            json!(["none"]),
        ),
        (
            json!(["client_secret_basic", "none", "none"]),
            true,
            "none",
            json!(["none"]),
        ),
        (
            json!(["tls_client_auth", "none"]),
            true,
            "none",
            json!(["none"]),
        ),
    ] {
        let mut published = json!({ METHODS: choices });
        if with_keys {
            published["jwks"] = keys();
        }
        let agreed = decide(&offer, &published).expect("agreed");
        assert_eq!(
            (&agreed[METHOD], &agreed[METHODS]),
            (&json!(method), &kept),
            "{choices}"
        );
    }
    let agreed = decide(&offer, &json!({})).expect("agreed");
    assert_eq!(
        (&agreed[METHOD], agreed.get(METHODS)),
        (&json!("none"), None)
    );
}

/// A method that uses a shared secret is refused, alone or as the only choices, with each method of the registry and of the future.
/// CIMD §4.1.
#[test]
fn cimd_4_1_secret_methods_are_refused() {
    let offer = json!({
        METHODS: ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["HS256", "RS256", "EdDSA"],
    });
    for method in [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "client_secret_x",
    ] {
        for (published, member) in [
            (json!({ METHOD: method }), METHOD),
            (json!({ METHOD: method, METHODS: [method] }), METHOD),
            (json!({ METHOD: method, METHODS: [method, "none"] }), METHOD),
            (json!({ METHODS: [method] }), METHODS),
        ] {
            let invalid = decide(&offer, &published).expect_err("refused");
            assert_eq!(
                (&*invalid.member, &*invalid.reason),
                (member, SECRET),
                "{published}"
            );
            assert_eq!(invalid.rule, "shared_secret");
        }
    }
    let invalid = decide(&offer, &json!({ METHODS: [] })).expect_err("refused");
    assert_eq!(
        invalid.to_string(),
        format!("{METHODS} must have at least one element")
    );
}

/// A provider without a list of methods supports `client_secret_basic` alone (RFC 8414 §2), which no client with a document
/// can use.
#[test]
fn provider_without_methods_admits_no_document() {
    let mut offer = provider(&json!({}));
    offer.token_endpoint_auth_methods_supported = None;
    let published = ClientMetadata::parse(object(
        &json!({ "redirect_uris": ["https://app.example/cb"], METHOD: "none" }),
    ));
    let invalid = PublishedTerms::new(&offer)
        .decide(published.expect("metadata"), &STANDARD)
        .expect_err("refused");
    assert_eq!(invalid.to_string(), format!("{METHOD} {NOT_LISTED}"));
}

/// An algorithm that needs a shared secret is refused although the provider offers it, unless the client has another choice.
/// CIMD §4.1.
#[test]
fn cimd_4_1_secret_algorithms_are_refused() {
    let offer = json!({
        METHODS: ["client_secret_jwt", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["HS256", "EdDSA"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "id_token_encryption_alg_values_supported": ["dir", "A128KW", "PBES2-HS256+A128KW", "ECDH-ES"],
        "userinfo_signing_alg_values_supported": ["HS512", "RS256"],
        "request_object_signing_alg_values_supported": ["HS384", "EdDSA"],
    });
    for (member, value) in [
        ("token_endpoint_auth_signing_alg", "HS256"),
        ("id_token_signed_response_alg", "HS256"),
        ("id_token_encrypted_response_alg", "dir"),
        ("id_token_encrypted_response_alg", "A128KW"),
        ("id_token_encrypted_response_alg", "PBES2-HS256+A128KW"),
        ("userinfo_signed_response_alg", "HS512"),
        ("request_object_signing_alg", "HS384"),
    ] {
        for method in ["none", "private_key_jwt"] {
            let published = json!({ METHOD: method, "jwks": keys(), member: value });
            let invalid = decide(&offer, &published).expect_err(member);
            assert_eq!(invalid.to_string(), format!("{member} {SECRET}"));
        }
    }
    let published = json!({
        METHOD: "private_key_jwt", "jwks": keys(),
        "id_token_signed_response_alg": "HS256", "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "userinfo_signing_alg_values_supported": ["HS512", "RS256"],
    });
    let agreed = decide(&offer, &published).expect("another choice");
    assert_eq!(agreed["id_token_signed_response_alg"], "RS256");
    assert_eq!(agreed["userinfo_signed_response_alg"], "RS256");
    assert_eq!(agreed.get("id_token_signing_alg_values_supported"), None);
    let published = json!({ "id_token_signing_alg_values_supported": ["HS256"] });
    let invalid = decide(&offer, &published).expect_err("secrets alone");
    assert_eq!(
        invalid.to_string(),
        format!("id_token_signing_alg_values_supported {SECRET}")
    );
}

/// `private_key_jwt` requires keys, and keys beside `none` are accepted.
#[test]
fn keys_are_required_by_their_method_alone() {
    let invalid = decide(&json!({}), &json!({ METHOD: "private_key_jwt" })).expect_err("no keys");
    assert_eq!(
        invalid.to_string(),
        "token_endpoint_auth_method requires jwks or jwks_uri"
    );
    let agreed = decide(&json!({}), &json!({ METHOD: "none", "jwks": keys() })).expect("agreed");
    assert_eq!(agreed["jwks"], keys());
}

/// A registration chooses in the same way, and has the methods with a shared secret as well; its choices are in no response. OIDC RP
/// Metadata Choices §2, §4.
#[test]
fn registrations_choose_in_the_same_way() {
    let offer = provider(&json!({ METHODS: ["client_secret_basic", "none"] }));
    for (singular, plural, verdict) in [
        (json!(null), json!(["private_key_jwt", "none"]), Ok("none")),
        (
            json!(null),
            json!(["client_secret_basic", "none"]),
            Ok("client_secret_basic"),
        ),
        (
            json!("private_key_jwt"),
            json!(["none", "private_key_jwt"]),
            Ok("none"),
        ),
        (
            json!("none"),
            json!(["client_secret_basic", "none"]),
            Ok("none"),
        ),
        (
            json!(null),
            json!(["private_key_jwt"]),
            Err(format!("{METHODS} {NOT_LISTED}")),
        ),
        (
            json!("none"),
            json!(["client_secret_basic"]),
            Err(format!("{METHOD} {NOT_A_CHOICE}")),
        ),
        (
            json!("private_key_jwt"),
            json!(null),
            Err(format!("{METHOD} {NOT_LISTED}")),
        ),
    ] {
        let asked = json!({ "redirect_uris": ["https://app.example/cb"], METHOD: singular, METHODS: plural });
        match (agree(&offer, &STANDARD, &asked), verdict) {
            (Ok(agreed), Ok(method)) => {
                let agreed: Value = serde_json::from_str(&agreed).expect("JSON");
                assert_eq!(
                    (&agreed[METHOD], agreed.get(METHODS)),
                    (&json!(method), None),
                    "{asked}"
                );
            }
            (agreed, verdict) => assert_eq!(
                agreed.map_err(|invalid| invalid.to_string()).err(),
                verdict.err(),
                "{asked}"
            ),
        }
    }
}

/// A change of each member that matters for consent or for tokens is told, in every language, and no other change is.
/// CIMD §8.4.
#[test]
fn cimd_8_4_changes_are_named() {
    let read = |value: &Value| ClientMetadata::parse(object(value)).expect("metadata");
    let before = json!({
        "redirect_uris": ["https://app.example/cb"], "client_name": "A", "client_name#ja": "B", "scope": "openid",
        "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["none"], "grant_types": ["authorization_code"],
        "response_types": ["code"], "logo_uri": "https://app.example/logo", "jwks": keys(), "software_version": "1",
    });
    for (member, value) in [
        (
            "redirect_uris",
            json!(["https://app.example/cb", "https://app.example/b"]),
        ),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        (
            "token_endpoint_auth_methods_supported",
            json!(["none", "private_key_jwt"]),
        ),
        ("jwks", json!(null)),
        ("jwks_uri", json!("https://app.example/jwks")),
        ("scope", json!("openid email")),
        (
            "grant_types",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("response_types", json!(null)),
        ("client_name", json!("C")),
        ("client_name#ja", json!("C")),
        ("logo_uri#en", json!("https://app.example/en")),
    ] {
        let mut after = before.clone();
        after[member] = value;
        let name = member.split('#').next().unwrap_or_default();
        assert_eq!(
            changed_members(&read(&before), &read(&after)),
            [name],
            "{member}"
        );
    }
    let mut after = before.clone();
    after["software_version"] = json!("2");
    after["client_uri"] = json!("https://app.example/");
    assert_eq!(
        changed_members(&read(&before), &read(&after)),
        Vec::<&str>::new()
    );
}
