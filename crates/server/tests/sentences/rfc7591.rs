//! Registration at the real binary.

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

fn register(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", "/register").json(metadata).send()
}

fn with(more: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    metadata
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    metadata
}

/// RFC 7591 §2, OIDC Registration §2: a client of a redirecting flow registers redirect URIs; any
/// other client need not.
#[test]
fn redirecting_flows_require_redirect_uri() {
    let server = TestServer::open();
    for more in [
        json!({}),
        json!({ "redirect_uris": [] }),
        json!({ "grant_types": ["authorization_code"] }),
        json!({ "grant_types": ["implicit"], "response_types": ["id_token"] }),
        json!({ "grant_types": ["authorization_code", "client_credentials"] }),
    ] {
        register(&server, &more).refused(400, "invalid_redirect_uri");
    }
    assert!(server.clients().is_empty());
    let machine = register(&server, &json!({ "grant_types": ["client_credentials"] })).created();
    assert_eq!(
        (machine.get("redirect_uris"), &machine["grant_types"]),
        (None, &json!(["client_credentials"]))
    );
}

/// RFC 7591 §2, OIDC Registration §2: keys are a JWK Set of public keys, given by value or by an https address, not both.
#[test]
fn keys_are_public_and_in_one_place() {
    let server = TestServer::open();
    let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
    let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
    let mut private = key.clone();
    private["d"] = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE".into();
    for more in [
        json!({ "jwks": { "keys": [key] }, "jwks_uri": "https://rp.example/jwks" }),
        json!({ "jwks": { "keys": [private] } }),
        json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }),
        json!({ "jwks": { "keys": [{ "crv": "P-256", "x": x, "y": y }] } }),
        json!({ "jwks": { "keys": key } }),
        json!({ "jwks": [key] }),
        json!({ "jwks": {} }),
        json!({ "jwks_uri": "http://rp.example/jwks" }),
        json!({ "jwks_uri": { "keys": [key] } }),
    ] {
        let told = register(&server, &with(&more)).refused(400, "invalid_client_metadata");
        assert!(told.starts_with("jwks"), "{more}: {told}");
    }
    assert!(server.clients().is_empty());
    let by_value = json!({ "jwks": { "keys": [key] } });
    assert_eq!(
        register(&server, &with(&by_value)).created()["jwks"],
        by_value["jwks"]
    );
    let by_reference = json!({ "jwks_uri": "https://rp.example/jwks" });
    assert_eq!(
        register(&server, &with(&by_reference)).created()["jwks_uri"],
        by_reference["jwks_uri"]
    );
}

/// RFC 7591 §3, §3.1, §3.2, §3.2.1, OIDC Registration §3, §3.1, §3.2: a POST of one JSON object,
/// without credentials where the provider is open, is answered 201 with one JSON object that has
/// the issued values and the agreed metadata at its top.
#[test]
fn registration_is_answered_201_in_json() {
    let server = TestServer::open();
    let asked = json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "A client", "favourite_colour": "teal" });
    let answer = register(&server, &asked);
    let client = answer.created();
    for issued in [
        "client_id",
        "client_secret",
        "registration_access_token",
        "registration_client_uri",
    ] {
        assert!(
            client[issued].as_str().is_some_and(|text| !text.is_empty()),
            "{issued}"
        );
    }
    assert_eq!(client["client_secret_expires_at"], 0);
    assert!(client["client_id_issued_at"].is_u64());
    assert_eq!(
        (&client["redirect_uris"], &client["client_name"]),
        (&asked["redirect_uris"], &asked["client_name"])
    );
    assert_eq!(client.get("favourite_colour"), None);
    let other = register(&server, &asked).created();
    assert!(
        client["client_id"] != other["client_id"]
            && client["client_secret"] != other["client_secret"]
    );
}

/// RFC 7591 §3, OIDC Registration §3: an initial access token is taken as RFC 6750 §2.1 sends it, in the header.
#[test]
fn an_initial_access_token_is_a_bearer_token() {
    let server = TestServer::start();
    let token = server.ran(&["token", "issue"]);
    let metadata = with(&json!({}));
    server
        .request("POST", "/register")
        .bearer(token.trim())
        .json(&metadata)
        .send()
        .created();
    server
        .request("POST", &format!("/register?access_token={}", token.trim()))
        .json(&metadata)
        .send()
        .refused(401, "invalid_token");
    assert_eq!(server.clients().len(), 1);
}

/// RFC 7591 §3.2.2, RFC 7592 §2.1, §2.2, §2.3, OIDC Registration §3.3, §4.4: an OAuth error is
/// answered as RFC 6750 §3 defines, at registration and at management.
#[test]
fn wrong_token_gets_bearer_error() {
    let server = TestServer::start();
    let client = server.client();
    let path = format!("/register/{}", client["client_id"].as_str().unwrap());
    let update = with(&json!({ "client_id": client["client_id"], "client_name": "Another" }));
    for (method, path) in [
        ("POST", "/register"),
        ("GET", &path),
        ("PUT", &path),
        ("DELETE", &path),
    ] {
        let answer = server
            .request(method, path)
            .bearer("wrong")
            .json(&update)
            .send();
        answer.refused(401, "invalid_token");
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Bearer realm="client registration", error="invalid_token""#),
            "{method}"
        );
        assert!(
            !answer.text.contains(client["client_id"].as_str().unwrap()),
            "{method}"
        );
    }
    assert_eq!(server.clients().len(), 1);
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// RFC 7591 §3.2.2, OIDC Registration §3.3: an error of registration is 400 and one JSON object with a code, and with a
/// description in ASCII.
#[test]
fn an_error_is_one_json_object_in_ascii() {
    let server = TestServer::open();
    for (error, metadata) in [
        (
            "invalid_redirect_uri",
            json!({ "redirect_uris": ["https://rp.example/#é"] }),
        ),
        (
            "invalid_redirect_uri",
            json!({ "redirect_uris": ["https://bücher.example/"] }),
        ),
        ("invalid_redirect_uri", json!({ "redirect_uris": 7 })),
        (
            "invalid_client_metadata",
            with(&json!({ "client_name": "\u{202e}" })),
        ),
        (
            "invalid_client_metadata",
            with(&json!({ "client_name#": "x" })),
        ),
        (
            "invalid_client_metadata",
            with(&json!({ "client_name#日本語": "x" })),
        ),
        (
            "invalid_client_metadata",
            with(&json!({ "client_name#en": "x", "client_name#EN": "y" })),
        ),
        (
            "invalid_client_metadata",
            with(&json!({ "logo_uri#fr": "é" })),
        ),
        ("invalid_client_metadata", with(&json!({ "scope": "é" }))),
        (
            "invalid_client_metadata",
            with(&json!({ "grant_types": ["é"] })),
        ),
        ("invalid_client_metadata", json!(["é"])),
        (
            "invalid_software_statement",
            with(&json!({ "software_statement": "é" })),
        ),
    ] {
        let description = register(&server, &metadata).refused(400, error);
        assert!(description.is_ascii(), "{metadata}: {description}");
    }
    assert!(server.clients().is_empty());
}
