//! Scopes that the provider does not offer. RFC 7591 §2, §3.2.1.

use serde_json::{Value, json};

use super::support::{Setup, TestServer};

fn register(server: &TestServer, body: &Value) -> Value {
    server
        .request("POST", "/register")
        .json(body)
        .send()
        .created()
}

/// RFC 7591 §2, §3.2.1: a client that requests only scopes of another server registers without scopes, and what it updates follows
/// the same rule.
#[test]
fn unknown_scopes_are_left_out() {
    let server = TestServer::open();
    let asked =
        json!({ "redirect_uris": ["http://localhost:1179/callback"], "scope": "mcp:tools" });
    let client = register(&server, &asked);
    assert_eq!(client.get("scope"), None);
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    for (scope, agreed) in [
        ("openid mcp:tools", Some("openid")),
        ("mcp:tools mcp:resources", None),
        ("https://api.example/read", None),
        ("https://api.example/read email", Some("email")),
        ("offline_access", Some("offline_access")),
    ] {
        let body = json!({ "redirect_uris": ["http://localhost:1179/callback"], "scope": scope });
        let agreed = agreed.map(Value::from);
        assert_eq!(register(&server, &body).get("scope"), agreed.as_ref());
        let mut update = body;
        update["client_id"] = client["client_id"].clone();
        let updated = server.manage("PUT", &client).json(&update).send().ok();
        assert_eq!(updated.get("scope"), agreed.as_ref(), "{scope}");
        assert_eq!(server.manage("GET", &client).send().ok(), updated);
    }
    assert_eq!(server.clients().len(), 6);
}

/// RFC 6749 §3.3: a scope in the wrong form is refused, whether or not something of it is offered.
#[test]
fn malformed_scope_is_refused() {
    let server = TestServer::open();
    for scope in [
        json!("mcp:tools  openid"),
        json!(" mcp:tools"),
        json!("mcp\"tools"),
        json!(["mcp:tools"]),
        json!(7),
    ] {
        let body = json!({ "redirect_uris": ["https://rp.example/cb"], "scope": scope });
        let told = server
            .request("POST", "/register")
            .json(&body)
            .send()
            .refused(400, "invalid_client_metadata");
        assert!(told.starts_with("scope must be "), "{told}");
    }
    assert!(server.clients().is_empty());
}

/// RFC 7591 §3.2.1: scopes that an initial access token imposes are a limit, so a client that keeps none of them is refused.
#[test]
fn imposed_scopes_are_not_left_out() {
    let server = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .start();
    let issued = server.ran(&["token", "issue", "--scope", "openid email"]);
    let register = |scope: &str| {
        let body = json!({ "redirect_uris": ["https://rp.example/cb"], "scope": scope });
        server
            .request("POST", "/register")
            .bearer(issued.trim())
            .json(&body)
            .send()
    };
    for scope in ["mcp:tools", "profile", "https://api.example/read"] {
        let told = register(scope).refused(400, "invalid_client_metadata");
        assert_eq!(
            told,
            "scope has no value that the initial access token allows."
        );
    }
    assert!(server.clients().is_empty());
    assert_eq!(register("mcp:tools email").created()["scope"], "email");
}
