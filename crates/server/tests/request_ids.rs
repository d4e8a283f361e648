//! The identifiers of requests.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{Setup, TestServer, until};

/// The identifiers of the requests that logged this.
fn logged(server: &TestServer, message: &str) -> Vec<String> {
    let lines = server.log();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_message = lines.filter(|line| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|said| said.starts_with(message))
    });
    of_message
        .map(|line| line["request_id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Every answer has its own request identifier.
#[test]
fn every_answer_has_its_request_id() {
    let server = TestServer::start();
    let asks = [
        server.request("GET", "/.well-known/openid-configuration"),
        server.request("GET", "/.well-known/webfinger"),
        server.request("OPTIONS", "/register"),
        server.request("GET", "/nothing"),
        server.request("PATCH", "/register"),
        server.request("POST", "/register"),
        server
            .request("POST", "/register")
            .admin()
            .json(&json!({ "redirect_uris": ["https://rp.example/cb"] })),
        server.request("GET", "/register/nobody").bearer("rat_x"),
        server.request("GET", &format!("/{}", "x".repeat(9_000))),
        server.request("GET", "/oauth2/token"),
        // The peer is not a configured proxy, so its header is ignored.
        server
            .request("GET", "/jwks")
            .header("X-Request-Id", "forged"),
    ];
    let count = asks.len();
    let ids: HashSet<String> = asks
        .map(|ask| ask.send().header("x-request-id").unwrap().to_owned())
        .into();
    assert_eq!(ids.len(), count, "{ids:?}");
    assert!(ids.iter().all(|id| is_random(id)), "{ids:?}");
}

/// Returns true if an identifier is 16 bytes in hexadecimal.
fn is_random(id: &str) -> bool {
    id.len() == 32
        && id
            .chars()
            .all(|character| matches!(character, '0'..='9' | 'a'..='f'))
}

/// Two identifiers share no prefix, and tell nothing of how many requests came between.
#[test]
fn request_ids_share_no_prefix() {
    let server = TestServer::start();
    let ids: Vec<String> = (0..300)
        .map(|_| {
            server
                .request("GET", "/jwks")
                .send()
                .header("x-request-id")
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(ids.iter().all(|id| is_random(id)), "{ids:?}");
    // Of 300 random ones, two share 12 digits with a chance of one in six milliards.
    for range in [0..12, 10..22, 20..32] {
        let parts: HashSet<&str> = ids
            .iter()
            .map(|id| id.get(range.clone()).unwrap())
            .collect();
        assert_eq!(parts.len(), ids.len(), "{ids:?}");
    }
    assert!(!ids.is_sorted() && !ids.iter().rev().is_sorted(), "{ids:?}");
}

#[test]
fn a_configured_proxy_may_name_the_request() {
    let server = Setup::new()
        .with("FRONTDESK_PROXIES", "127.0.0.0/8")
        .start();
    let named = |id: &str| {
        server
            .request("GET", "/jwks")
            .header("X-Request-Id", id)
            .send()
            .header("x-request-id")
            .unwrap()
            .to_owned()
    };
    for id in ["a", "7d1c0f2e-trace.Id_9", &"x".repeat(128)] {
        assert_eq!(named(id), id);
    }
    for id in ["", "a b", "\"}", "a;b", &"x".repeat(129)] {
        assert!(is_random(&named(id)), "{id:?}");
    }
    let twice = server
        .request("GET", "/jwks")
        .header("X-Request-Id", "one")
        .header("X-Request-Id", "two")
        .send();
    assert!(is_random(twice.header("x-request-id").unwrap()));
}

/// The log lines of a request have its identifier.
#[test]
fn log_lines_have_the_request_id() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_HANDLER_SECONDS", "1")
        .start();
    let registered = server.register(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    registered.created();
    let id = registered.header("x-request-id").unwrap();
    until("the registration is logged", || {
        logged(&server, "client registered") == [id]
    });
    // One that is cut short has it too.
    let head = "POST /register HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YWRtaW46Y29ycmVjdCBob3JzZTpiYXR0ZXJ5\r\n";
    let cut = server.raw(&format!(
        "{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    ));
    assert!(cut.starts_with("HTTP/1.1 503 "), "{cut}");
    let id = cut
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    until("the limit is logged", || {
        logged(&server, "a request took longer than the limit") == [id]
    });
    assert!(
        server
            .log()
            .lines()
            .filter(|line| line.contains("serving"))
            .all(|line| !line.contains("request_id"))
    );
}
