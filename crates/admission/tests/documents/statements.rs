//! Software statements in documents. CIMD §4.3.

use admission::DocumentStep;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::pkey::{Id, PKey};
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::support::{Bench, ID};

/// Returns a statement that the trusted directory signed, with the private key of RFC 8037, appendix A.
fn statement(claims: &Value) -> String {
    keys::install();
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let key = PKey::private_key_from_raw_bytes(&seed, Id::ED25519).unwrap();
    let mut claims = claims.as_object().unwrap().clone();
    claims
        .entry("iss")
        .or_insert_with(|| json!("https://directory.example"));
    let parts = [
        json!({ "alg": "EdDSA" }).to_string(),
        Value::Object(claims).to_string(),
    ];
    let signed = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut directory = Signer::new_without_digest(&key).unwrap();
    let signature = directory.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A statement overrides members of the document, as at registration. CIMD §4.3.
#[test]
fn cimd_4_3_statement_overrides_the_document() {
    let claims = json!({ "client_name": "Signed", "client_id": ID, "redirect_uris": ["https://app.example/signed"] });
    let statement = statement(&claims);
    let agreed = Bench::new().agree(&json!({ "client_name": "Plain", "client_name#en": "Plain", "software_statement": statement }));
    assert_eq!(agreed["client_name"], "Signed");
    assert_eq!(agreed.get("client_name#en"), None);
    assert_eq!(
        agreed["redirect_uris"],
        json!(["https://app.example/signed"])
    );
    assert_eq!(agreed["software_statement"], statement);
}

/// A statement that is not acceptable, or says what a document must not say, is refused as `software_statement`.
/// CIMD §4.1, §4.3.
#[test]
fn cimd_4_3_refused_statements_are_named() {
    let other = "software_statement has a client_id claim that is not the URL of the document.";
    let secret = "software_statement has the claim client_secret, which anyone can read.";
    for (statement, said) in [
        (
            json!(statement(
                &json!({ "client_id": "https://app.example/other" })
            )),
            other,
        ),
        (json!(statement(&json!({ "client_id": 1 }))), other),
        (
            json!(statement(&json!({ "client_secret": "hush" }))),
            secret,
        ),
        (
            json!(statement(&json!({ "iss": "https://unknown.example" }))),
            "software_statement is from an issuer that is not trusted.",
        ),
        (
            json!(statement(&json!({ "exp": 1 }))),
            "software_statement has expired.",
        ),
        (
            json!(format!("{}A", statement(&json!({})))),
            "software_statement is not signed by a key of its issuer.",
        ),
        (
            json!("a"),
            "software_statement must be a signed JWT in its compact form.",
        ),
        (
            json!(1),
            "software_statement must be a JWT in its compact form.",
        ),
    ] {
        let rejected = Bench::new().refuse(&json!({ "software_statement": statement }));
        assert_eq!(
            (rejected.step, rejected.member()),
            (DocumentStep::SoftwareStatement, Some("software_statement"))
        );
        assert_eq!(rejected.message(), said);
        assert!(rejected.is_about_content());
    }
}

/// The claims of a statement pass the rules of the document. CIMD §4.1, §4.3.
#[test]
fn cimd_4_3_claims_pass_the_same_rules() {
    for (claims, member) in [
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_jwt"] }),
            "token_endpoint_auth_methods_supported",
        ),
        (
            json!({ "redirect_uris": ["https://evil.example/cb"] }),
            "redirect_uris",
        ),
        (
            json!({ "sector_identifier_uri": "https://app.example/sector" }),
            "sector_identifier_uri",
        ),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }),
            "jwks",
        ),
        (
            json!({ "id_token_signed_response_alg": "HS256" }),
            "id_token_signed_response_alg",
        ),
    ] {
        let rejected = Bench::new().refuse(&json!({ "software_statement": statement(&claims) }));
        assert_eq!(rejected.member(), Some(member), "{claims}");
    }
}
