//! The provider's documents at the real binary.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use serde_json::{Value, json};

use crate::support::{Setup, TestServer};
use crate::{provider, serving, stops};

/// OIDC Discovery §2, §2.1, §2.1.1, §2.1.2: every form of identifier leads to the issuer, which is
/// https, has a host and neither query nor fragment; a fragment of the identifier is ignored.
#[test]
fn every_identifier_leads_to_the_issuer() {
    let issuer = "https://login.example.com:8443/idp";
    let server = Setup::new()
        .file(&provider(issuer, "domains = [\"example.com\"]", ""))
        .start();
    for (resource, subject) in [
        ("joe@example.com", "acct:joe@example.com"),
        ("joe%40example.com", "acct:joe@example.com"),
        ("Jane.Doe@example.com%23work", "acct:Jane.Doe@example.com"),
        ("acct:joe@example.com", "acct:joe@example.com"),
        (
            "acct%3Ajuliet%2540capulet.example%40example.com",
            "acct:juliet%40capulet.example@example.com",
        ),
        ("example.com", "https://example.com/"),
        ("example.com:8080", "https://example.com:8080/"),
        ("example.com/joe%23me", "https://example.com/joe"),
        ("joe@example.com:8080", "https://joe@example.com:8080/"),
        ("https://example.com", "https://example.com"),
        ("https://example.com/joe", "https://example.com/joe"),
        (
            "https://joe@example.com:8080",
            "https://joe@example.com:8080",
        ),
    ] {
        let answer = server.get(&format!("/.well-known/webfinger?resource={resource}&rel=http://openid.net/specs/connect/1.0/issuer"));
        let links =
            json!([{ "rel": "http://openid.net/specs/connect/1.0/issuer", "href": issuer }]);
        assert_eq!(
            (answer.status(), answer.json()),
            (200, json!({ "subject": subject, "links": links })),
            "{resource}"
        );
    }
    for reserved in ["=joe", "@joe", "!joe", "%3Djoe%40example.com"] {
        assert_eq!(
            server
                .get(&format!("/.well-known/webfinger?resource={reserved}"))
                .status(),
            400,
            "{reserved}"
        );
    }
}

/// OIDC Discovery §4, §4.1, RFC 8414 §3, §3.1: a slash at the end of the issuer's path is taken away before the well-known
/// name goes behind it or before it, and the document is there for GET.
#[test]
fn trailing_slash_is_not_in_addresses() {
    for issuer in [
        "https://login.example.com/a/",
        "https://login.example.com/a",
    ] {
        let server = serving(issuer);
        for path in [
            "/a/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/a",
        ] {
            let answer = server.get(path);
            assert_eq!(
                (answer.status(), &answer.json()["issuer"]),
                (200, &json!(issuer)),
                "{path}"
            );
        }
        for path in [
            "/a//.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/a//",
            "/.well-known/openid-configuration",
        ] {
            server.get(path).refused(404, "not_found");
        }
    }
}

/// OIDC Discovery §4, §4.2, RFC 8414 §3.2: 200, application/json, for pages of any origin; and an error has the status of
/// what is wrong.
#[test]
fn document_is_json_for_any_origin() {
    let server = serving("https://login.example.com");
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = server
            .request("GET", path)
            .header("Origin", "https://page.example")
            .send();
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (200, Some("application/json")),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert!(answer.json().is_object());
        server
            .request("POST", path)
            .send()
            .refused(405, "invalid_request");
        server
            .get(&format!("{path}/elsewhere"))
            .refused(404, "not_found");
    }
}

/// OIDC Discovery §3, RFC 8414 §2: a document with an address that is not https, without a required
/// member is not served: the start is refused and names the member.
#[test]
fn unusable_document_stops_the_start() {
    let endpoints = [
        "authorization_endpoint = \"https://as.example/authorize\"\n",
        "token_endpoint = \"https://as.example/token\"\n",
    ];
    let refused = |member: &str, metadata: &str| {
        let text = format!(
            "[[provider]]\nissuer = \"https://login.example.com\"\n[provider.metadata]\n{metadata}\n"
        );
        let told = stops(&text);
        assert!(
            told.contains(member) && (told.contains(" must ") || told.contains(" needs ")),
            "{metadata}: {told}"
        );
    };
    let addresses = [
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "introspection_endpoint",
        "pushed_authorization_request_endpoint",
        "end_session_endpoint",
        "check_session_iframe",
    ];
    for member in addresses {
        for address in [
            "http://as.example/x",
            "/x",
            "https://user@as.example/x",
            "https://as.example/x#y",
        ] {
            refused(
                member,
                &format!("{}{member} = \"{address}\"", endpoints.concat()),
            );
        }
    }
    for (there, missing) in [(endpoints[0], endpoints[1]), (endpoints[1], endpoints[0])] {
        let member = missing.split(' ').next().unwrap();
        refused(member, there);
        refused(
            member,
            &format!("{there}{}", missing.replace("https", "http")),
        );
    }
    for lacking in [
        "response_types_supported = []",
        "subject_types_supported = []",
        "id_token_signing_alg_values_supported = []",
    ] {
        refused(
            lacking.split(' ').next().unwrap(),
            &format!("{}{lacking}", endpoints.concat()),
        );
    }
}

/// OIDC Discovery §3, RFC 8414 §2: methods that sign come with the algorithms they sign with, RS256 among them by default, and
/// `none` is never one of these.
#[test]
fn auth_algorithms_never_include_none() {
    let document = serving("https://login.example.com")
        .get("/.well-known/openid-configuration")
        .json();
    let algorithms = document["token_endpoint_auth_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(
        document["token_endpoint_auth_methods_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("private_key_jwt"))
    );
    assert!(algorithms.contains(&json!("RS256")) && !algorithms.contains(&json!("none")));
    for endpoint in ["token", "revocation", "introspection"] {
        let methods = format!("{endpoint}_endpoint_auth_methods_supported");
        let algorithms = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
        for (metadata, told) in [
            (
                format!("{methods} = [\"private_key_jwt\"]\n{algorithms} = []"),
                format!("{algorithms} is required when {methods} offers private_key_jwt"),
            ),
            (
                format!("{methods} = [\"client_secret_jwt\"]\n{algorithms} = []"),
                format!("{algorithms} is required when {methods} offers client_secret_jwt"),
            ),
            (
                format!("{methods} = [\"private_key_jwt\"]\n{algorithms} = [\"RS256\", \"none\"]"),
                format!("{algorithms} must not offer none"),
            ),
        ] {
            let said = stops(&provider("https://login.example.com", "", &metadata));
            assert!(said.contains(&told), "{metadata}: {said}");
        }
    }
}

/// OIDC Discovery §3: the document offers ID Tokens signed with RS256, the three response types and
/// the two grants of a dynamic provider, `openid` and the standard scopes, both subject types and
/// the standard claims.
#[test]
fn default_offer_is_a_dynamic_provider() {
    let document = serving("https://login.example.com")
        .get("/.well-known/openid-configuration")
        .json();
    for (member, wanted) in [
        ("id_token_signing_alg_values_supported", &["RS256"][..]),
        (
            "response_types_supported",
            &["code", "id_token", "id_token token"],
        ),
        ("grant_types_supported", &["authorization_code", "implicit"]),
        (
            "scopes_supported",
            &[
                "openid",
                "profile",
                "email",
                "address",
                "phone",
                "offline_access",
            ],
        ),
        ("subject_types_supported", &["public", "pairwise"]),
        (
            "claims_supported",
            &["sub", "iss", "auth_time", "acr", "name", "email"],
        ),
    ] {
        let values = document[member].as_array().unwrap();
        assert!(
            wanted.iter().all(|one| values.contains(&json!(one))),
            "{member}: {values:?}"
        );
    }
    assert!(
        !document["id_token_signing_alg_values_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("none"))
    );
}

/// OIDC Discovery §3, RFC 8414 §2: every published key has the use of signatures; none is private
/// or shared.
#[test]
fn every_published_key_has_its_use() {
    let keys = serving("https://login.example.com").get("/jwks").json();
    let keys = keys["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    for key in keys {
        assert_eq!(key["use"], "sig");
        assert!(
            ["RSA", "EC", "OKP"].contains(&key["kty"].as_str().unwrap()),
            "{}",
            key["kty"]
        );
        for secret in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(secret).is_none(), "{secret}");
        }
    }
}

/// OIDC Discovery §3: pages of any origin may read the keys and use registration, but a page is sent to the authorization
/// endpoint and does not read it.
#[test]
fn pages_may_use_all_but_authorization() {
    let server = TestServer::start();
    let page = |path: &str| {
        server
            .request("GET", path)
            .header("Origin", "https://page.example")
            .send()
    };
    for path in ["/jwks", "/register", "/register/unknown"] {
        assert_eq!(
            page(path).header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    let authorization = page("/oauth2/authorize");
    assert_eq!(
        (
            authorization.status(),
            authorization.header("access-control-allow-origin")
        ),
        (501, None)
    );
}

/// RFC 8414 §2.1: the metadata is repeated as a JWS signed by a published key; its claims are the
/// members without `signed_metadata`, and `iss` names the issuer that attests to them.
#[test]
fn signed_metadata_repeats_the_members() {
    let issuer = "https://login.example.com/idp";
    let server = serving(issuer);
    let mut document = server.get("/idp/.well-known/openid-configuration").json();
    let signed = document
        .as_object_mut()
        .unwrap()
        .shift_remove("signed_metadata")
        .unwrap();
    let parts: Vec<&str> = signed.as_str().unwrap().split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{signed}")
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let mut claims_object: Value = serde_json::from_slice(&decode(claims)).unwrap();
    assert_eq!(
        claims_object.as_object_mut().unwrap().shift_remove("iss"),
        Some(issuer.into())
    );
    assert_eq!(claims_object, document);

    let keys = server.get("/idp/jwks").json();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .unwrap();
    assert_eq!(
        (&header["alg"], &key["alg"]),
        (&json!("RS256"), &json!("RS256"))
    );
    let number = |member: &str| BigNum::from_slice(&decode(key[member].as_str().unwrap())).unwrap();
    let key =
        PKey::from_rsa(Rsa::from_public_components(number("n"), number("e")).unwrap()).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    let signing_input = signed.as_str().unwrap().rsplit_once('.').unwrap().0;
    assert!(
        verifier
            .verify_oneshot(&decode(signature), signing_input.as_bytes())
            .unwrap()
    );
    assert!(
        !verifier
            .verify_oneshot(&decode(signature), claims.as_bytes())
            .unwrap_or(false)
    );
}
