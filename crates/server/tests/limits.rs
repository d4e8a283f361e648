//! The limits of one address: its connections, and the size of request heads.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use serde_json::{Value, json};
use support::{PATIENCE, Setup, TestServer, until};

const KEYS: &[u8] = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn few() -> Setup {
    Setup::new().with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "3")
}

/// A connection that is there: its first request was answered; none when it was closed without an answer.
fn served(server: &TestServer) -> Option<TcpStream> {
    let mut connection = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    asked(&mut connection).then_some(connection)
}

/// Returns true if a request on the connection is answered with the keys.
fn asked(connection: &mut TcpStream) -> bool {
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    if connection.write_all(KEYS).is_err() {
        return false;
    }
    let mut answer = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        match connection.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
        if answer.ends_with(b"]}") {
            assert!(
                answer.starts_with(b"HTTP/1.1 200 "),
                "{}",
                String::from_utf8_lossy(&answer)
            );
            return true;
        }
    }
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    false
}

/// The connections of an address are limited.
#[test]
fn connections_of_an_address_are_limited() {
    let server = few().start();
    let mut kept: Vec<TcpStream> = (0..3).map(|_| served(&server).unwrap()).collect();
    for _ in 0..3 {
        assert!(served(&server).is_none());
    }
    assert!(
        kept.iter_mut().all(asked),
        "those that were there first stay"
    );
    let told = "connection limit reached";
    until("the operator is told", || server.log().contains(told));
    assert_eq!(server.log().matches(told).count(), 1, "{}", server.log());

    drop(kept.pop());
    let begun = Instant::now();
    let mut another = loop {
        match served(&server) {
            Some(connection) => break connection,
            None => assert!(
                begun.elapsed() < PATIENCE,
                "a place that was left stays taken"
            ),
        }
    };
    assert!(served(&server).is_none());
    assert!(asked(&mut another));
}

/// Trusted proxies have any number of connections, and a limit of 0 gives every client any number.
#[test]
fn proxies_and_limit_0_are_unlimited() {
    for setup in [
        few().with("FRONTDESK_PROXIES", "127.0.0.0/8"),
        Setup::new().with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "0"),
    ] {
        let server = setup.start();
        let mut kept: Vec<TcpStream> = (0..10).map(|_| served(&server).unwrap()).collect();
        assert!(kept.iter_mut().all(asked));
    }
}

#[test]
fn connections_with_tls_are_counted_too() {
    let server = few().with("FRONTDESK_TLS", "self-signed").start();
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    let connector = connector.build();
    // An answer's first bytes, or nothing when the connection was closed.
    let connect = || {
        let connection = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut connection = connector.connect("localhost", connection).ok()?;
        connection.write_all(KEYS).ok()?;
        let mut begin = [0_u8; 12];
        connection.read_exact(&mut begin).ok()?;
        assert_eq!(&begin, b"HTTP/1.1 200");
        Some(connection)
    };
    let kept: Vec<_> = (0..3).map(|_| connect().unwrap()).collect();
    assert!(connect().is_none());
    drop(kept);
    let begun = Instant::now();
    while connect().is_none() {
        assert!(
            begun.elapsed() < PATIENCE,
            "places that were left stay taken"
        );
    }
}

/// A refusal as it stands on the wire: its status and what it tells.
fn refusal(server: &TestServer, request: &str) -> (u16, String) {
    let answer = server.raw(request);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let lower = head.to_ascii_lowercase();
    for header in [
        "connection: close",
        "content-type: application/json",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(lower.contains(header), "{head}");
    }
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        json!({ "error": "invalid_request", "error_description": body["error_description"] })
    );
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        body["error_description"].as_str().unwrap().to_owned(),
    )
}

fn request(target: &str, fields: usize, filling: usize) -> String {
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n");
    for number in 1..fields {
        let _ = write!(request, "X-{number:02}: {}\r\n", "a".repeat(filling));
    }
    request + "\r\n"
}

/// RFC 9110 §15.5.15, RFC 6585 §5: a head that is too long is refused, in the form of every
/// refusal.
#[test]
fn oversized_head_is_refused() {
    let server = TestServer::start();
    let target = |bytes: usize| format!("/jwks?{}", "a".repeat(bytes - "/jwks?".len()));
    let wrong = |status: u16, told: &str| (status, told.to_owned());
    assert_eq!(
        refusal(&server, &request(&target(8193), 1, 0)),
        wrong(414, "The path and query must be at most 8192 bytes.")
    );
    assert_eq!(
        refusal(&server, &request("/jwks", 65, 0)),
        wrong(431, "The request must have at most 64 header fields.")
    );
    let together = wrong(
        431,
        "The path, the query and the header fields must be at most 16384 bytes together.",
    );
    assert_eq!(refusal(&server, &request("/jwks", 3, 8192)), together);
    assert_eq!(refusal(&server, &request(&target(8192), 2, 8192)), together);
    for fits in [
        request(&target(8192), 1, 0),
        request("/jwks", 63, 0),
        request("/jwks", 3, 8000),
    ] {
        let answer = server.raw(&fits.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let counted = server.managed("/metrics").text;
    assert!(
        counted.contains("status=\"414\"} 1\n") && counted.contains("status=\"431\"} 3\n"),
        "{counted}"
    );
}

/// The operator configures the limits of heads.
#[test]
fn limits_of_heads_are_configurable() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_TARGET_BYTES", "128")
        .with("FRONTDESK_LIMITS_HEADERS", "8")
        .with("FRONTDESK_LIMITS_HEAD_BYTES", "1024")
        .start();
    assert_eq!(
        refusal(&server, &request(&format!("/{}", "a".repeat(128)), 1, 0)).0,
        414
    );
    assert_eq!(refusal(&server, &request("/jwks", 9, 0)).0, 431);
    assert_eq!(refusal(&server, &request("/jwks", 2, 1024)).0, 431);
    assert_eq!(server.get("/jwks").status(), 200);
}

/// Security §F23: requests that are no HTTP are answered with 400 and write no line of the log, however many they are.
#[test]
fn malformed_heads_write_no_log_lines() {
    let server = TestServer::start();
    for head in [
        "\r\nGET",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\n\r\n",
        "NO SPACE\r\n\r\n",
        "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
    ]
    .repeat(4)
    {
        let answer = server.raw(&format!("{head}\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer}");
    }
    // A line of the service's own, behind all that the heads could have written.
    assert_eq!(
        server
            .register(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
            .status(),
        201
    );
    until("the last line is there", || {
        server.log().contains("client registered")
    });
    let log = server.log();
    assert!(
        !log.contains("actix_http") && !log.contains("\"ERROR\"") && !log.contains("\"WARN\""),
        "{log}"
    );
}
