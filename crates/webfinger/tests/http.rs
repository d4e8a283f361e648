//! The endpoint over real HTTP, byte by byte: a client library would hide what a HEAD or a broken query does.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::thread;

use actix_web::{App, HttpServer, web};
use protocol::Issuer;
use serde_json::{Value, json};
use webfinger::{Directory, ExtraLinks, HostedProvider, ISSUER_REL, Link, LinkTarget};

const ISSUER: &str = "https://localhost:9443";

fn directory() -> Directory {
    let provider = |issuer: &str, domains: &[&str], extras: Vec<ExtraLinks>| HostedProvider {
        issuer: Issuer::parse(issuer).unwrap(),
        domains: domains
            .iter()
            .map(|domain| domain.parse().unwrap())
            .collect(),
        extras,
    };
    let profile = Link {
        rel: "profile".to_owned(),
        target: LinkTarget::Href("https://example.org/about".parse().unwrap()),
        media_type: None,
        titles: [].into(),
        properties: [].into(),
    };
    let extra = ExtraLinks {
        links: vec![profile],
        ..ExtraLinks::default()
    };
    Directory::new(vec![
        provider(ISSUER, &["example.com"], Vec::new()),
        provider("https://localhost:9443/t/acme.example", &[], Vec::new()),
        provider(
            "https://login.example.org",
            &["example.org", "bücher.example"],
            vec![extra],
        ),
    ])
    .unwrap()
}

/// One server for every test; its socket listens before the first of them asks.
fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let directory = web::Data::new(directory());
            let app = move || {
                App::new()
                    .app_data(directory.clone())
                    .configure(webfinger::mount)
            };
            let server = HttpServer::new(app)
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap();
            actix_web::rt::System::new().block_on(server.run()).unwrap();
        });
        address
    })
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

fn ask(method: &str, query: &str, headers: &str) -> Answer {
    let mut connection = TcpStream::connect(address()).unwrap();
    let request = format!(
        "{method} /.well-known/webfinger{query} HTTP/1.1\r\nHost: evil.example\r\n{headers}Connection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

fn get(query: &str) -> Answer {
    ask("GET", query, "")
}

fn issuer_of(subject: &str, issuer: &str) -> Value {
    json!({ "subject": subject, "links": [{ "rel": ISSUER_REL, "href": issuer }] })
}

/// RFC 7033 §4.2, §4.4, §10.2; OIDC Discovery §2.2.
#[test]
fn an_account_leads_to_its_issuer() {
    let answer = get(
        "?resource=acct%3Aalice%40localhost%3A9443&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/jrd+json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(
        answer.body,
        r#"{"subject":"acct:alice@localhost:9443","links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://localhost:9443"}]}"#
    );
}

/// OIDC Discovery §2.1, §2.2; identifiers as clients send them, with and without escapes, in any
/// order.
#[test]
fn every_form_of_identifier_is_answered() {
    for (query, subject, issuer) in [
        (
            "?resource=acct:admin@localhost&rel=",
            "acct:admin@localhost",
            ISSUER,
        ),
        (
            "?rel=http://openid.net/specs/connect/1.0/issuer&resource=acct:a+b@example.com",
            "acct:a+b@example.com",
            ISSUER,
        ),
        (
            "?resource=alice%40example.com",
            "acct:alice@example.com",
            ISSUER,
        ),
        (
            "?resource=https%3A%2F%2Flocalhost%3A9443",
            "https://localhost:9443",
            ISSUER,
        ),
        (
            "?resource=localhost:9443",
            "https://localhost:9443/",
            ISSUER,
        ),
        (
            "?resource=ACCT:Alice@EXAMPLE.COM",
            "ACCT:Alice@EXAMPLE.COM",
            ISSUER,
        ),
        (
            "?resource=acct:a@b%C3%BCcher.example&rel=http://openid.net/specs/connect/1.0/issuer",
            "acct:a@bücher.example",
            "https://login.example.org",
        ),
        (
            "?resource=acct:bob@acme.example@localhost",
            "acct:bob@acme.example@localhost",
            "https://localhost:9443/t/acme.example",
        ),
        (
            "?resource=acct:bob%40acme.example@localhost",
            "acct:bob@acme.example@localhost",
            "https://localhost:9443/t/acme.example",
        ),
        (
            "?resource=acct%3Abob%2540acme.example%40localhost",
            "acct:bob%40acme.example@localhost",
            "https://localhost:9443/t/acme.example",
        ),
        (
            "?resource=https://localhost:9443/t/acme.example/me",
            "https://localhost:9443/t/acme.example/me",
            "https://localhost:9443/t/acme.example",
        ),
    ] {
        let answer = get(query);
        assert_eq!(
            (answer.status, answer.json()),
            (200, issuer_of(subject, issuer)),
            "{query}"
        );
    }
}

/// RFC 7033 §4.3.
#[test]
fn rel_chooses_among_the_links() {
    let profile = json!({ "rel": "profile", "href": "https://example.org/about" });
    let issuer = json!({ "rel": ISSUER_REL, "href": "https://login.example.org" });
    for (rels, links) in [
        ("", json!([issuer, profile])),
        ("&rel=", json!([issuer, profile])),
        ("&rel=profile", json!([profile])),
        (
            "&rel=profile&rel=http://openid.net/specs/connect/1.0/issuer",
            json!([issuer, profile]),
        ),
        ("&rel=avatar", json!([])),
    ] {
        let answer = get(&format!("?resource=acct:a@example.org{rels}"));
        assert_eq!(
            (answer.status, answer.json()),
            (
                200,
                json!({ "subject": "acct:a@example.org", "links": links })
            ),
            "{rels}"
        );
    }
}

/// RFC 7033 §4.2: a missing or malformed resource is 400, an unknown resource is 404; neither
/// answer repeats the request nor looks like a descriptor.
#[test]
fn unanswerable_query_is_refused() {
    for (query, status, error, description) in [
        (
            "",
            400,
            "invalid_request",
            "The resource parameter is missing.",
        ),
        (
            "?resource=",
            400,
            "invalid_request",
            "The resource parameter must not be blank.",
        ),
        (
            "?resource=%20",
            400,
            "invalid_request",
            "The resource parameter must not be blank.",
        ),
        (
            "?resource=a@example.com&resource=a@example.com",
            400,
            "invalid_request",
            "The resource parameter must be given once.",
        ),
        (
            "?resource=%zz",
            400,
            "invalid_request",
            "The query must be percent-encoded UTF-8.",
        ),
        (
            "?resource=%ff",
            400,
            "invalid_request",
            "The query must be percent-encoded UTF-8.",
        ),
        (
            "?resource=acct:alice",
            400,
            "invalid_request",
            "The resource is an account without a host.",
        ),
        (
            "?resource=%3Dalice",
            400,
            "invalid_request",
            "The resource is an XRI, which is not supported.",
        ),
        (
            "?resource=acct:alice@evil.example",
            404,
            "not_found",
            "The resource is unknown.",
        ),
        (
            "?resource=acct:bob@nobody@localhost",
            404,
            "not_found",
            "The resource is unknown.",
        ),
        (
            "?resource=mailto:alice@example.com",
            404,
            "not_found",
            "The resource is unknown.",
        ),
    ] {
        let answer = get(query);
        assert_eq!(
            (answer.status, answer.json()),
            (
                status,
                json!({ "error": error, "error_description": description })
            ),
            "{query}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{query}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{query}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{query}"
        );
    }
}

/// RFC 7033 §5: pages of any origin may read the answer, without credentials.
#[test]
fn pages_read_answers_uncredentialed() {
    let answer = ask(
        "GET",
        "?resource=acct:a@example.com",
        "Origin: https://rp.example\r\n",
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);

    let preflight = ask(
        "OPTIONS",
        "?resource=acct:a@example.com",
        "Origin: https://rp.example\r\nAccess-Control-Request-Method: GET\r\n",
    );
    assert_eq!((preflight.status, preflight.body.as_str()), (204, ""));
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        (
            "access-control-allow-headers",
            "Authorization, Content-Type, MCP-Protocol-Version",
        ),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{name}");
    }
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
}

/// RFC 7033 §4.2 knows no authentication: only the query decides, with every `Accept` header.
#[test]
fn credentials_and_accept_are_ignored() {
    let plain = get("?resource=acct:a@example.com");
    for headers in [
        "Authorization: Basic YWRtaW46YWRtaW4=\r\n",
        "Authorization: nonsense\r\n",
        "Accept: text/html\r\n",
        "X-Forwarded-Host: x\r\n",
    ] {
        let answer = ask("GET", "?resource=acct:a@example.com", headers);
        assert_eq!(
            (answer.status, &answer.body),
            (200, &plain.body),
            "{headers}"
        );
    }
}

/// RFC 9110 §9.3.2: a HEAD is a GET without its body.
#[test]
fn a_head_has_the_headers_of_a_get_and_no_body() {
    for query in [
        "?resource=acct:a@example.com",
        "?resource=acct:a@evil.example",
        "",
    ] {
        let (head, get) = (ask("HEAD", query, ""), get(query));
        assert_eq!(
            (head.status, head.body.as_str()),
            (get.status, ""),
            "{query}"
        );
        assert_eq!(
            head.header("content-length"),
            Some(get.body.len().to_string().as_str()),
            "{query}"
        );
        for name in [
            "content-type",
            "cache-control",
            "access-control-allow-origin",
        ] {
            assert!(
                head.header(name).is_some() && head.header(name) == get.header(name),
                "{query} {name}"
            );
        }
    }
}

/// RFC 9110 §15.5.6: another method is not allowed.
#[test]
fn unsupported_method_is_405() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = ask(
            method,
            "?resource=acct:a@example.com",
            "Content-Length: 0\r\n",
        );
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(
            answer.header("allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{method}"
        );
        assert_eq!(answer.json()["error"], "invalid_request", "{method}");
    }
}
