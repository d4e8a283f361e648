//! The access to registration: open, protected, closed.

use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{Answer, PASSWORD, Postgres, Setup, TestServer, until};

const BEARER: &str = r#"Bearer realm="client registration""#;
const BASIC: &str = r#"Basic realm="client registration", charset="UTF-8""#;
const WRONG_BEARER: &str = r#"Bearer realm="client registration", error="invalid_token""#;

fn metadata() -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"] })
}

fn with_authorization(server: &TestServer, values: &[&str]) -> Answer {
    let ask = server.request("POST", "/register").json(&metadata());
    values
        .iter()
        .fold(ask, |ask, value| ask.header("Authorization", value))
        .send()
}

fn with_token(server: &TestServer, token: &str) -> Answer {
    server
        .request("POST", "/register")
        .bearer(token)
        .json(&metadata())
        .send()
}

fn issue(server: &TestServer, options: &[&str]) -> String {
    server
        .ran(&[&["token", "issue"], options].concat())
        .trim()
        .to_owned()
}

/// RFC 6750 §3, RFC 7617 §2: a request without credentials, or with an unknown scheme, is answered
/// with both schemes and no error.
#[test]
fn missing_credentials_name_schemes() {
    let server = TestServer::start();
    for values in [
        &[][..],
        &["Digest username=\"admin\""],
        &["Negotiate"],
        &[""],
        &["Bearer iat_x", "Bearer iat_x"],
    ] {
        let answer = with_authorization(&server, values);
        answer.refused(401, "invalid_token");
        assert_eq!(
            answer.headers("www-authenticate"),
            [BEARER, BASIC],
            "{values:?}"
        );
    }
    assert!(server.clients().is_empty());
}

/// RFC 6750 §3.1, RFC 7617 §2: wrong credentials are answered in the scheme of the request, all
/// alike.
#[test]
fn wrong_credentials_name_their_scheme() {
    let server = TestServer::start();
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let mut told = Vec::new();
    for (value, challenge) in [
        ("Bearer".to_owned(), WRONG_BEARER),
        ("Bearer ".to_owned(), WRONG_BEARER),
        ("bearer iat_wrong".to_owned(), WRONG_BEARER),
        ("Bearer two words".to_owned(), WRONG_BEARER),
        (format!("Bearer iat_{}", "A".repeat(43)), WRONG_BEARER),
        (format!("Bearer {PASSWORD}"), WRONG_BEARER),
        (basic("admin:wrong"), BASIC),
        (basic(&format!("Admin:{PASSWORD}")), BASIC),
        (basic(&format!("nobody:{PASSWORD}")), BASIC),
        (basic(&format!("admin:{PASSWORD} ")), BASIC),
        (basic("admin:"), BASIC),
        (basic("admin"), BASIC),
        (basic("admin\0:x"), BASIC),
        ("Basic".to_owned(), BASIC),
        ("Basic !!!".to_owned(), BASIC),
        ("Basic /w==".to_owned(), BASIC),
    ] {
        let answer = with_authorization(&server, &[&value]);
        told.push(answer.refused(401, "invalid_token"));
        assert_eq!(answer.headers("www-authenticate"), [challenge], "{value}");
    }
    told.dedup();
    assert_eq!(
        told,
        ["The credentials are wrong, expired or revoked, or the client does not exist."]
    );
    assert!(server.clients().is_empty());
}

/// RFC 7235 §2.1, RFC 7591 §3: a scheme is written in any case; a token may come as the base64 of itself.
#[test]
fn an_account_and_a_token_may_register() {
    let server = TestServer::start();
    server.register(&metadata()).created();
    let token = issue(&server, &["--label", "for a test"]);
    assert!(token.starts_with("iat_") && token.len() == 47, "{token}");
    for value in [
        format!("Bearer {token}"),
        format!("bEARER   {token}"),
        format!("Bearer {}", STANDARD.encode(&token)),
        format!("basic {}", STANDARD.encode(format!("admin:{PASSWORD}"))),
    ] {
        with_authorization(&server, &[&value]).created();
    }
    assert_eq!(server.clients().len(), 5);
}

/// RFC 7591 §3, §1.2: an initial access token is valid for its number of uses; a refused
/// registration costs none.
#[test]
fn refusals_spend_no_token_use() {
    let server = TestServer::start();
    let token = issue(&server, &["--uses", "2"]);
    let bad = json!({ "redirect_uris": ["https://rp.example/#"] });
    for _ in 0..3 {
        server
            .request("POST", "/register")
            .bearer(&token)
            .json(&bad)
            .send()
            .refused(400, "invalid_redirect_uri");
    }
    with_token(&server, &token).created();
    with_token(&server, &token).created();
    let answer = with_token(&server, &token);
    answer.refused(401, "invalid_token");
    assert_eq!(answer.headers("www-authenticate"), [WRONG_BEARER]);
    assert_eq!(server.clients().len(), 2);
}

/// RFC 6750 §3.1: an expired or revoked token is refused like an unknown token.
#[test]
fn expired_or_revoked_token_is_refused() {
    let server = TestServer::start();
    let short = issue(&server, &["--expires-in", "1s"]);
    let empty = || {
        server
            .request("POST", "/register")
            .bearer(&short)
            .json(&json!({}))
            .send()
    };
    until("a token expires", || empty().status() == 401);
    empty().refused(401, "invalid_token");

    let token = issue(&server, &["--label", "revoked"]);
    with_token(&server, &token).created();
    let list = server.ran(&["token", "list"]);
    let line = list
        .lines()
        .find(|line| line.ends_with("\"revoked\""))
        .unwrap();
    server.ran(&["token", "revoke", line.split_whitespace().next().unwrap()]);
    with_token(&server, &token).refused(401, "invalid_token");
    assert_eq!(server.clients().len(), 1);
}

/// Twenty at once with a token for five.
fn race(server: &TestServer) {
    let token = issue(server, &["--uses", "5"]);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| with_token(server, &token).status()))
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(401)), (5, 15), "{statuses:?}");
    assert_eq!(server.clients().len(), 5);
}

/// RFC 7591 §3: a token with five uses registers five clients, also under concurrent requests.
#[test]
fn raced_token_keeps_its_uses() {
    race(&TestServer::start());
}

/// RFC 7591 §3: a token with five uses registers five clients under concurrent requests on
/// PostgreSQL, with two writers.
#[test]
fn postgresql_token_keeps_its_uses() {
    let database = Postgres::new();
    race(&Setup::new().on(&database).start());
}

/// RFC 7591 §3: open registration accepts anonymous clients, but presented credentials must be
/// valid.
#[test]
fn open_provider_checks_credentials() {
    let server = TestServer::open();
    with_authorization(&server, &[]).created();
    with_token(&server, &issue(&server, &[])).created();
    for (value, challenge) in [
        ("Bearer iat_wrong", WRONG_BEARER),
        ("Bearer", WRONG_BEARER),
        ("Basic YWRtaW46", BASIC),
    ] {
        let answer = with_authorization(&server, &[value]);
        answer.refused(401, "invalid_token");
        assert_eq!(answer.headers("www-authenticate"), [challenge], "{value}");
    }
    assert_eq!(server.clients().len(), 2);
}

/// RFC 7591 §3, RFC 7592 §2: a closed provider registers no clients and advertises no registration;
/// its clients are managed as before.
#[test]
fn closed_provider_keeps_its_clients() {
    let before = TestServer::start();
    let client = before.client();
    let address = format!("localhost:{}", before.port);
    let setup = Setup::new()
        .with("FRONTDESK_REGISTRATION", "closed")
        .with("FRONTDESK_LISTEN", &address)
        .inside(&before);
    drop(before);
    let server = setup.start();
    assert_eq!(
        server
            .get("/.well-known/openid-configuration")
            .json()
            .get("registration_endpoint"),
        None
    );
    for answer in [
        server.register(&metadata()),
        with_authorization(&server, &[]),
        with_authorization(&server, &["Bearer x"]),
    ] {
        answer.refused(403, "access_denied");
        assert!(answer.headers("www-authenticate").is_empty());
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let asked =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/closed"] });
    assert_eq!(
        server.manage("PUT", &client).json(&asked).send().ok()["redirect_uris"],
        asked["redirect_uris"]
    );
    server.manage("DELETE", &client).send().deleted();
    assert!(server.clients().is_empty());
}
