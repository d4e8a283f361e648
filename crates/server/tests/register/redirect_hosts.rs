//! `redirect_hosts`: the https hosts of clients that register without credentials.

use serde_json::{Value, json};

use super::support::{Answer, Setup, TestServer};

fn post(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", "/register").json(metadata).send()
}

fn put(server: &TestServer, client: &Value, uris: &Value) -> Answer {
    let body = json!({ "client_id": client["client_id"], "redirect_uris": uris });
    server.manage("PUT", client).json(&body).send()
}

const OTHER_HOST: &str =
    "has an element with an https host that the provider does not allow in open registration";

/// An issuer that does not change at a restart.
const ISSUER: &str = "http://localhost:9443";

fn limited() -> Setup {
    Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REDIRECT_HOSTS", "claude.ai,*.example.com")
}

/// RFC 7591 §5: an operator can limit the https hosts of clients that register without credentials.
#[test]
fn redirect_hosts_limit_open_registration() {
    let server = limited().start();
    for uris in [
        json!(["https://claude.ai/api/mcp/auth_callback"]),
        json!([
            "https://Claude.AI:8443/cb",
            "https://a.example.com/cb",
            "https://a.b.example.com/"
        ]),
        json!(["http://localhost:3000/cb"]),
        json!(["https://localhost/cb"]),
        json!([
            "com.example.app:/cb",
            "http://127.0.0.1/",
            "https://claude.ai/cb"
        ]),
    ] {
        let client = post(&server, &json!({ "redirect_uris": uris })).created();
        assert_eq!(client["redirect_uris"], uris);
    }
    let before = server.clients();
    for uri in [
        "https://rp.example/cb",
        "https://example.com/cb",
        "https://notexample.com/cb",
        "https://a.example.com.evil.example/cb",
        "https://claude.ai.evil.example/cb",
        "https://www.claude.ai/cb",
        "https://evil-claude.ai/cb",
        "https://192.0.2.1/cb",
    ] {
        for uris in [
            json!([uri]),
            json!(["https://claude.ai/cb", uri]),
            json!([uri, "http://localhost/cb"]),
        ] {
            for member in ["redirect_uris", "claims_redirect_uris"] {
                let mut body = json!({ "redirect_uris": ["https://claude.ai/cb"] });
                body[member] = uris.clone();
                assert_eq!(
                    post(&server, &body).refused(400, "invalid_redirect_uri"),
                    format!("One or more redirect_uri values are invalid: {member} {OTHER_HOST}")
                );
            }
        }
    }
    assert_eq!(server.clients(), before);
}

/// Accounts and initial access tokens are not limited by `redirect_hosts`, and neither are their clients.
#[test]
fn redirect_hosts_spare_credentials() {
    let server = limited().start();
    let uris = json!(["https://rp.example/cb"]);
    let body = json!({ "redirect_uris": uris });
    let token = server.ran(&["token", "issue"]);
    let of_token = server
        .request("POST", "/register")
        .bearer(token.trim())
        .json(&body)
        .send()
        .created();
    for client in [server.register(&body).created(), of_token] {
        assert_eq!(client["redirect_uris"], uris);
        let moved = json!(["https://other.example/cb"]);
        assert_eq!(put(&server, &client, &moved).ok()["redirect_uris"], moved);
    }
}

/// RFC 7592 §2.2: an update is no way round the hosts, also after the operator took the setting away.
#[test]
fn redirect_hosts_hold_for_updates() {
    let server = limited().start();
    let client = post(
        &server,
        &json!({ "redirect_uris": ["https://claude.ai/cb"] }),
    )
    .created();
    let judge = |server: &TestServer| {
        let before = server.manage("GET", &client).send().ok();
        for uris in [
            json!(["https://rp.example/cb"]),
            json!(["https://claude.ai/cb", "https://example.com/cb"]),
        ] {
            assert_eq!(
                put(server, &client, &uris).refused(400, "invalid_redirect_uri"),
                format!("One or more redirect_uri values are invalid: redirect_uris {OTHER_HOST}")
            );
            assert_eq!(server.manage("GET", &client).send().ok(), before);
        }
        let allowed = json!(["https://a.example.com/cb", "http://localhost/cb"]);
        assert_eq!(
            put(server, &client, &allowed).ok()["redirect_uris"],
            allowed
        );
    };
    judge(&server);
    let id = client["client_id"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&server.ran(&["client", "show", id])).unwrap();
    assert_eq!(
        shown["terms"],
        json!({ "https_hosts": ["claude.ai", "*.example.com"] })
    );
    let again = Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REGISTRATION", "open")
        .inside(&server);
    drop(server);
    let server = again.start();
    judge(&server);
    post(
        &server,
        &json!({ "redirect_uris": ["https://rp.example/cb"] }),
    )
    .created();
}
