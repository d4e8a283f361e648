//! Every assertion of the OpenID Foundation's discovery module that needs no authorization endpoint, and those its other
//! modules make of the key set.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreJsonWebKeySet;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Setup, TestServer};
use crate::{ADDRESSES, provider, serving};

fn https(value: &Value) -> Url {
    let text = value.as_str().unwrap();
    let url = Url::parse(text).unwrap();
    assert!(
        url.scheme() == "https"
            && url.has_host()
            && url.fragment().is_none()
            && url.username().is_empty(),
        "{text}"
    );
    url
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|element| element.as_str().unwrap())
        .collect()
}

/// OIDC Discovery §3, §4.2, §4.3; RFC 8414 §2, §3.2.
#[test]
fn the_document_passes_the_discovery_module() {
    for (issuer, paths, _) in ADDRESSES {
        let server = serving(issuer);
        for path in paths {
            let answer = server.get(path);
            assert_eq!(
                (answer.status(), answer.header("content-type")),
                (200, Some("application/json"))
            );
            let document = answer.json();
            check_document(&document, issuer);
            assert!(!answer.text.starts_with('\u{feff}'));
        }
    }
}

fn check_document(document: &Value, issuer: &str) {
    let url = https(&document["issuer"]);
    assert_eq!(
        (document["issuer"].as_str(), url.query()),
        (Some(issuer), None)
    );
    for (member, value) in document.as_object().unwrap() {
        if member.ends_with("_endpoint") || member.ends_with("_uri") {
            https(value);
        } else if value.is_array() {
            let texts = texts(value);
            assert!(
                !texts.is_empty() && texts.iter().all(|text| !text.is_empty()),
                "{member}"
            );
            assert_eq!(
                texts.iter().collect::<BTreeSet<_>>().len(),
                texts.len(),
                "{member}"
            );
        } else if member == "signed_metadata" {
            assert_eq!(value.as_str().unwrap().split('.').count(), 3);
        } else if member != "issuer" {
            assert!(
                member.ends_with("_supported") && value.is_boolean(),
                "{member}"
            );
        }
    }
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "registration_endpoint",
    ] {
        https(&document[member]);
    }
    for (list, wanted) in [
        (
            "response_types_supported",
            &["code", "id_token", "id_token token"][..],
        ),
        ("subject_types_supported", &["public", "pairwise"]),
        ("id_token_signing_alg_values_supported", &["RS256"]),
        ("grant_types_supported", &["authorization_code", "implicit"]),
        ("scopes_supported", &["openid"]),
        ("code_challenge_methods_supported", &["S256"]),
        (
            "token_endpoint_auth_methods_supported",
            &[
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
        ),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            &["RS256"],
        ),
        ("claims_supported", &["sub", "iss", "name", "email"]),
    ] {
        let texts = texts(&document[list]);
        assert!(
            wanted.iter().all(|one| texts.contains(one)),
            "{list}: {texts:?}"
        );
    }
    assert!(
        texts(&document["subject_types_supported"])
            .iter()
            .all(|subject_type| ["public", "pairwise"].contains(subject_type))
    );
    for algorithms in [
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
    ] {
        assert!(
            !texts(&document[algorithms]).contains(&"none"),
            "{algorithms}"
        );
    }
    let token = |scope: &&str| {
        scope
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    assert!(texts(&document["scopes_supported"]).iter().all(token));
}

/// RFC 7517 §4, §5; RFC 7518 §6; OIDC Core §10.1: public keys, each readable and of a name of its own.
#[test]
fn the_key_set_passes_the_modules_that_read_it() {
    let server = serving(ADDRESSES[2].0);
    let address = https(&server.get(ADDRESSES[2].1[0]).json()["jwks_uri"]);
    let answer = server.get(address.path());
    assert_eq!(
        (answer.status(), answer.header("content-type")),
        (200, Some("application/json"))
    );
    let set = answer.json();
    assert_eq!(
        set.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["keys"]
    );
    let keys = set["keys"].as_array().unwrap();
    let algorithms: BTreeSet<_> = keys
        .iter()
        .map(|key| key["alg"].as_str().unwrap())
        .collect();
    assert_eq!(algorithms, BTreeSet::from(["RS256", "ES256"]));
    let kids: BTreeSet<_> = keys
        .iter()
        .map(|key| key["kid"].as_str().unwrap().trim())
        .collect();
    assert!(kids.len() == keys.len() && !kids.contains(""), "{kids:?}");
    for key in keys {
        check_key(key);
    }
    let read: CoreJsonWebKeySet = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(read.keys().len(), keys.len());
}

fn check_key(key: &Value) {
    let number = |member: &str| {
        let text = key[member].as_str().unwrap();
        assert!(!text.is_empty() && !text.contains('='), "{member}: {text}");
        BigNum::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    assert_eq!(key["use"], "sig");
    let members: BTreeSet<_> = key
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let common = ["kty", "kid", "use", "alg"];
    if key["kty"] == "RSA" {
        assert_eq!(members, common.into_iter().chain(["n", "e"]).collect());
        let read = Rsa::from_public_components(number("n"), number("e")).unwrap();
        assert!(read.size() >= 256 && read.e().to_string() == "65537");
        return;
    }
    assert_eq!((&key["kty"], &key["crv"]), (&json!("EC"), &json!("P-256")));
    assert_eq!(
        members,
        common.into_iter().chain(["crv", "x", "y"]).collect()
    );
    assert_eq!(
        (
            key["x"].as_str().unwrap().len(),
            key["y"].as_str().unwrap().len()
        ),
        (43, 43)
    );
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    EcKey::from_public_key_affine_coordinates(&group, &number("x"), &number("y"))
        .unwrap()
        .check_key()
        .unwrap();
}

/// Clients fail on `null` and on empty texts, so a member without a value is left out.
#[test]
fn documents_have_no_null_or_empty_text() {
    fn check(value: &Value, at: &str) {
        match value {
            Value::Null => panic!("{at} is null"),
            Value::String(text) => assert!(!text.is_empty(), "{at}"),
            Value::Array(elements) => elements.iter().for_each(|element| check(element, at)),
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| check(value, &format!("{at} {name}"))),
            Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let metadata = "userinfo_endpoint = \"\"\nop_policy_uri = \"\"\nservice_documentation = \"\"\norganization_name = \"\"\n";
    let emptied = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let servers = [TestServer::start(), emptied];
    for server in &servers {
        for path in [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/jwks",
            "/.well-known/webfinger?resource=acct:a@localhost",
        ] {
            check(&server.get(path).json(), path);
        }
    }
    assert_eq!(
        servers[1]
            .get("/.well-known/openid-configuration")
            .json()
            .get("userinfo_endpoint"),
        None
    );
}
