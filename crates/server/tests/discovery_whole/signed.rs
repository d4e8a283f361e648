//! The document as a JWT. RFC 8414 §2.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde_json::{Value, json};

use crate::support::{Postgres, Setup, TestServer, until};
use crate::{CONFIGURATION, provider, serving};

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// The key's identifier and the claims of a signed document, after its signature was verified with a published key.
fn verified(document: &Value, jwks: &Value) -> (String, Value) {
    let token = document["signed_metadata"].as_str().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("JWT"))
    );
    let key = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key is published");
    let number =
        |member: &str| BigNum::from_slice(&decoded(key[member].as_str().unwrap())).unwrap();
    let key =
        PKey::from_rsa(Rsa::from_public_components(number("n"), number("e")).unwrap()).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier.update(signed.as_bytes()).unwrap();
    assert!(verifier.verify(&decoded(signature)).unwrap());
    (
        header["kid"].as_str().unwrap().to_owned(),
        serde_json::from_slice(&decoded(claims)).unwrap(),
    )
}

/// RFC 8414 §2.1: the claims are the members of the document and the issuer, which attests to them.
#[test]
fn signed_document_equals_the_document() {
    let file = [
        provider(
            "https://login.example.com",
            "",
            "op_tos_uri = \"https://as.example/terms\"\n\"organization_name#ja\" = \"例\"",
        ),
        provider(
            "https://login.example.com/t/acme",
            "",
            "authorization_response_iss_parameter_supported = true",
        ),
    ];
    let server = serving(&file.join("\n"));
    for (path, issuer) in [
        ("", "https://login.example.com"),
        ("/t/acme", "https://login.example.com/t/acme"),
    ] {
        let document = server.get(&format!("{path}{CONFIGURATION}")).json();
        let (kid, mut claims) = verified(&document, &server.get(&format!("{path}/jwks")).json());
        assert_eq!(
            kid,
            server.get(&format!("{path}/jwks")).json()["keys"][0]["kid"],
            "the key that signs comes first"
        );
        assert_eq!(
            claims.as_object_mut().unwrap().shift_remove("iss"),
            Some(json!(issuer))
        );
        let mut members = document.clone();
        members
            .as_object_mut()
            .unwrap()
            .shift_remove("signed_metadata");
        assert_eq!(claims, members);
        assert_eq!(members["issuer"], issuer);
    }
}

/// RFC 8414 §2.1: signed metadata can only be verified with our own keys, so it is left out if the
/// document names other keys.
#[test]
fn signed_document_needs_our_own_keys() {
    let signed = |more: &str, metadata: &str| {
        let document = serving(&provider("https://login.example.com", more, metadata))
            .get(CONFIGURATION)
            .json();
        document.get("signed_metadata").is_some()
    };
    assert!(signed("", ""));
    assert!(signed(
        "signed_metadata = true",
        "jwks_uri = \"https://login.example.com/jwks\""
    ));
    assert!(!signed("", "jwks_uri = \"https://as.example/keys\""));
    assert!(!signed(
        "signed_metadata = true",
        "jwks_uri = \"https://as.example/keys\""
    ));
    assert!(!signed("signed_metadata = false", ""));
}

/// RFC 8414 §2.1, RFC 9110 §8.8.3: a restart and a replica serve the same bytes, so that clients
/// see no change.
#[test]
fn replicas_serve_the_same_signed_bytes() {
    let fixed = || Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443");
    let before = fixed().start();
    let document = before.get(CONFIGURATION);
    let setup = fixed().inside(&before);
    drop(before);
    let after = setup.start().get(CONFIGURATION);
    assert_eq!(
        (&after.text, after.header("etag")),
        (&document.text, document.header("etag"))
    );

    let database = Postgres::new();
    let replicas = [fixed().on(&database).start(), fixed().on(&database).start()];
    let [one, other] = replicas
        .each_ref()
        .map(|replica| replica.get(CONFIGURATION));
    assert_eq!(
        (&one.text, one.header("etag")),
        (&other.text, other.header("etag"))
    );
    assert!(one.json().get("signed_metadata").is_some() && one.text != document.text);
}

/// OIDC Core §10.1.1: the document changes when the successor begins to sign, and not before.
#[test]
fn document_is_resigned_on_rotation() {
    let server = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .with("FRONTDESK_DISCOVERY_MAX_AGE", "4s")
        .start();
    let kid = |server: &TestServer| {
        verified(
            &server.get(CONFIGURATION).json(),
            &server.get("/jwks").json(),
        )
        .0
    };
    let (first, etag) = (
        kid(&server),
        server.get(CONFIGURATION).header("etag").unwrap().to_owned(),
    );
    server.ran(&["key", "rotate"]);
    let published = || server.get("/jwks").json()["keys"].as_array().unwrap().len();
    until("the successors are published", || published() == 4);
    until("the successor signs the document", || kid(&server) != first);
    let known = server
        .request("GET", CONFIGURATION)
        .header("If-None-Match", &etag)
        .send();
    assert_eq!(known.status(), 200);
    assert_eq!(
        verified(&known.json(), &server.get("/jwks").json()).1["iss"],
        "http://localhost:9443"
    );
    for path in [
        "/.well-known/oauth-authorization-server",
        "/oauth2/oidcdiscovery/.well-known/openid-configuration",
    ] {
        assert_eq!(server.get(path).text, known.text, "{path}");
    }
}
