//! The doors of WSO2 Identity Server 5.3.0: clients written against it and its documentation work unchanged.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

#[path = "wso2/discovered.rs"]
mod discovered;
#[path = "wso2/doors.rs"]
mod doors;
#[path = "wso2/owners.rs"]
mod owners;
#[path = "wso2/patterns.rs"]
mod patterns;
#[path = "wso2/requests.rs"]
mod requests;
#[path = "wso2/unregistration.rs"]
mod unregistration;

use serde_json::{Value, json};
use support::{Answer, Ask, Setup, TestServer};

/// The registration endpoints of WSO2.
const DOORS: [&str; 4] = [
    "/identity/connect/register",
    "/identity/connect/register/",
    "/identity/register",
    "/identity/register/",
];

const BASIC: &str = r#"Basic realm="client registration", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="client registration""#;
const WRONG_BEARER: &str = r#"Bearer realm="client registration", error="invalid_token""#;

fn setup() -> Setup {
    Setup::new().with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "0")
}

/// A registration without credentials.
fn door(server: &TestServer) -> Ask {
    server.request("POST", DOORS[0])
}

fn register(server: &TestServer, metadata: &Value) -> Answer {
    door(server).admin().json(metadata).send()
}

/// The plainest client there is.
fn plain(name: &str) -> Value {
    json!({ "client_name": name, "grant_types": ["password"] })
}

/// Returns the agreed metadata: the answer without the members that the provider issued.
fn agreed(answer: &Value) -> Value {
    let mut members = answer.as_object().unwrap().clone();
    for issued in [
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "client_id_issued_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        assert!(members.remove(issued).is_some(), "{issued}: {answer}");
    }
    Value::Object(members)
}

/// An unregistration without credentials.
fn unregister(server: &TestServer, client: &str, query: &str) -> Ask {
    server.request("DELETE", &format!("/identity/register/{client}{query}"))
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

/// A provider with the issuer and the account of the published documentation.
fn published() -> TestServer {
    // The published password is too short for a new account outside development mode.
    let mut development = setup().with("FRONTDESK_ADMIN_PASSWORD", "admin").start();
    development.signal("-TERM");
    assert!(development.wait().success());
    setup()
        .inside(&development)
        .file("[[provider]]\nissuer = \"https://localhost:9443\"\n")
        .start()
}

/// The four lines of the published documentation, at the address it names.
#[test]
fn the_published_lines_work_as_published() {
    let server = published();
    let published = |method, path: &str| server.request(method, path).basic("admin", "admin");

    let found = published(
        "GET",
        "/.well-known/webfinger?resource=acct:admin@localhost&rel=",
    )
    .send();
    assert_eq!(
        (found.status(), found.header("content-type")),
        (200, Some("application/jrd+json"))
    );
    assert_eq!(
        found.text,
        r#"{"subject":"acct:admin@localhost","links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://localhost:9443"}]}"#
    );

    let document = published(
        "GET",
        "/oauth2/oidcdiscovery/.well-known/openid-configuration",
    )
    .send();
    assert_eq!(
        (document.status(), document.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(
        document.text,
        server.get("/.well-known/openid-configuration").text
    );
    assert_eq!(document.json()["issuer"], "https://localhost:9443");
    for list in [
        "scopes_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "claims_supported",
    ] {
        assert!(
            document.json()[list]
                .as_array()
                .is_some_and(|list| !list.is_empty()),
            "{list}"
        );
    }
    for address in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "registration_endpoint",
    ] {
        assert!(
            document.json()[address]
                .as_str()
                .is_some_and(|url| url.starts_with("https://localhost:9443/")),
            "{address}"
        );
    }

    let asked = br#"{"redirect_uris": ["https://localhost:9443/callback"],"client_name": "TestApplication","ext_param_owner":"test_owner","grant_types": ["password"]}"#;
    let client = published("POST", "/identity/connect/register")
        .header("Content-Type", "application/json")
        .body(asked)
        .send()
        .created();
    let client_id = id(&client);
    assert_eq!(
        client,
        json!({
            "client_id": client_id,
            "client_secret": client["client_secret"].as_str().unwrap(),
            "client_secret_expires_at": 0,
            "client_id_issued_at": client["client_id_issued_at"].as_i64().unwrap(),
            "registration_access_token": client["registration_access_token"].as_str().unwrap(),
            "registration_client_uri": format!("https://localhost:9443/register/{client_id}"),
            "redirect_uris": ["https://localhost:9443/callback"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["password"],
            "response_types": [],
            "application_type": "web",
            "client_name": "test_owner_TestApplication",
            "id_token_signed_response_alg": "RS256",
            "require_auth_time": false,
        })
    );

    let line = format!(
        "/identity/register/{client_id}?userId=admin&applicationName=test_owner_TestApplication"
    );
    let deleted = published("DELETE", &line).send();
    deleted.deleted();
    assert_eq!(deleted.header("pragma"), Some("no-cache"));
    server
        .manage("GET", &client)
        .send()
        .refused(401, "invalid_token");
}

/// OIDC Discovery §2: the published WebFinger request with every other `rel` and resource the documentation allows.
#[test]
fn webfinger_ignores_credentials() {
    let server = setup().start();
    let issuer = server.issuer();
    let links = json!([{ "rel": "http://openid.net/specs/connect/1.0/issuer", "href": issuer }]);
    for (query, subject, links) in [
        (
            "resource=acct:nobody@localhost&rel=",
            "acct:nobody@localhost",
            &links,
        ),
        (
            "resource=acct:admin@localhost",
            "acct:admin@localhost",
            &links,
        ),
        (
            "resource=acct:admin@localhost&rel=http://openid.net/specs/connect/1.0/issuer",
            "acct:admin@localhost",
            &links,
        ),
        (
            "resource=ACCT:admin@localhost",
            "ACCT:admin@localhost",
            &links,
        ),
        ("resource=admin@localhost", "acct:admin@localhost", &links),
        (
            "resource=https://localhost/some/path",
            "https://localhost/some/path",
            &links,
        ),
        ("resource=localhost:9443", "https://localhost:9443/", &links),
        (
            "resource=acct%3Aadmin%40localhost",
            "acct:admin@localhost",
            &links,
        ),
        (
            "resource=acct:admin@localhost&rel=avatar",
            "acct:admin@localhost",
            &json!([]),
        ),
    ] {
        for authorization in [
            None,
            Some("Basic bm9ib2R5Om5vdGhpbmc="),
            Some("Bearer nothing"),
            Some("nonsense"),
        ] {
            let mut ask = server.request("GET", &format!("/.well-known/webfinger?{query}"));
            if let Some(value) = authorization {
                ask = ask.header("Authorization", value);
            }
            let answer = ask.send();
            assert_eq!(
                (answer.status(), answer.json()),
                (200, json!({ "subject": subject, "links": links })),
                "{query} {authorization:?}"
            );
        }
    }
    for (query, status) in [
        ("", 400),
        ("?resource=", 400),
        ("?resource=%20", 400),
        ("?resource=acct:admin", 400),
        ("?resource=acct:admin@elsewhere.example", 404),
        ("?resource=acct:admin@localhost.elsewhere.example", 404),
    ] {
        let answer = server.get(&format!("/.well-known/webfinger{query}"));
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (status, Some("application/json")),
            "{query}"
        );
        assert!(
            answer.json()["links"].is_null() && answer.json()["error_description"].is_string(),
            "{query}"
        );
    }
}
