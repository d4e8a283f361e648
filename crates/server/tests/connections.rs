//! Connections that say nothing: whom they hold off, and what they take.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use serde_json::Value;
use support::{Setup, TestServer, until};

/// The value of a series of /metrics.
fn value(server: &TestServer, series: &str) -> u64 {
    let page = server.managed("/metrics").text;
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(series))
        .unwrap();
    line.trim().parse().unwrap()
}

fn refused(server: &TestServer, reason: &str) -> u64 {
    value(
        server,
        &format!("frontdesk_connections_refused_total{{reason=\"{reason}\"}}"),
    )
}

/// The status line of a GET on a new TLS connection from that address.
fn served(server: &TestServer, address: &str) -> String {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    let mut connection = connector
        .build()
        .connect("localhost", server.connect_from(address))
        .unwrap();
    connection
        .write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut status = [0_u8; 12];
    connection.read_exact(&mut status).unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

/// Security §F6: stalled handshakes keep no worker from accepting other connections, independent of
/// their number.
#[test]
fn silent_connections_block_no_client() {
    let server = Setup::new()
        .with("FRONTDESK_TLS", "self-signed")
        .with("FRONTDESK_LIMITS_HEAD_SECONDS", "600")
        .with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "0")
        .with("FRONTDESK_LIMITS_HANDSHAKES_PER_ADDRESS", "0")
        .start();
    let workers = std::thread::available_parallelism().unwrap().get();
    // More than actix-tls lets run in each worker, if nothing is said.
    let silent: Vec<TcpStream> = (0..workers * 256 + 64)
        .map(|_| server.connect_from("127.0.0.1"))
        .collect();
    let open = u64::try_from(silent.len()).unwrap();
    until("all are counted", || {
        value(&server, "frontdesk_connections_open") >= open
    });
    assert_eq!(served(&server, "127.0.0.2"), "HTTP/1.1 200");
    assert!(
        value(&server, "frontdesk_connections_open") >= open,
        "they are all still there"
    );
}

/// Security §F6: a connection is counted when it is accepted, before TLS; one more handshake than the limit is closed unread.
#[test]
fn handshakes_of_an_address_are_limited() {
    let server = Setup::new()
        .with("FRONTDESK_TLS", "self-signed")
        .with("FRONTDESK_LIMITS_HEAD_SECONDS", "600")
        .with("FRONTDESK_LIMITS_HANDSHAKES_PER_ADDRESS", "4")
        .start();
    let silent: Vec<TcpStream> = (0..10).map(|_| server.connect_from("127.0.0.1")).collect();
    until("six are refused", || refused(&server, "handshakes") >= 6);
    assert_eq!(value(&server, "frontdesk_connections_open"), 4);
    assert_eq!(
        (refused(&server, "address"), refused(&server, "total")),
        (0, 0)
    );
    assert_eq!(served(&server, "127.0.0.2"), "HTTP/1.1 200");
    drop(silent);
    until("the handshakes are over", || {
        value(&server, "frontdesk_connections_open") == 0
    });
    assert_eq!(served(&server, "127.0.0.1"), "HTTP/1.1 200");
}

/// Security §F12: the limit of all connections together closes a further connection at once, from
/// every address.
#[test]
fn total_connections_are_limited() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_CONNECTIONS", "3")
        .start();
    let mut kept: Vec<TcpStream> = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
        .map(|address| server.connect_from(address))
        .into();
    until("three are open", || {
        value(&server, "frontdesk_connections_open") == 3
    });
    let mut more = server.connect_from("127.0.0.4");
    assert_eq!(
        more.read(&mut [0; 16]).unwrap_or(0),
        0,
        "closed without a byte"
    );
    assert_eq!(refused(&server, "total"), 1);
    kept.pop();
    until("one is free", || {
        value(&server, "frontdesk_connections_open") == 2
    });
    assert_eq!(server.get("/jwks").status(), 200);
}

/// The fields of the line that says how many connections there may be.
fn limits(server: &TestServer) -> (Value, Value) {
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.contains("open connections are limited"))
        .unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    (
        line["fields"]["descriptors"].clone(),
        line["fields"]["connections"].clone(),
    )
}

/// Security §F12: a start raises the soft limit of file descriptors to the hard limit; `check`
/// reports the resulting limit.
#[test]
fn soft_limit_of_descriptors_is_raised() {
    let server = Setup::new()
        .after("ulimit -Sn 400; ulimit -Hn 4096")
        .start();
    assert_eq!(limits(&server), (4096.into(), (4096 - 64 - 4 * 4).into()));
    let told = server.ran(&["check"]);
    assert!(
        told.contains("connections: at most 4016 connections, of 4096 file descriptors\n"),
        "{told}"
    );
}

/// Security §F12: where descriptors are few, connections are closed, and those that are there are served.
#[test]
fn connections_leave_descriptors_for_the_store() {
    let server = Setup::new().after("ulimit -n 400").start();
    assert_eq!(limits(&server), (400.into(), 320.into()));
    let mut own = server.connect_from("127.0.0.1");
    let keys = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n";
    own.write_all(keys).unwrap();
    let mut some = [0_u8; 4096];
    assert!(own.read(&mut some).unwrap() > 0);
    let held: Vec<TcpStream> = (0..480)
        .map(|number| server.connect_from(&format!("127.0.0.{}", 2 + number % 4)))
        .collect();
    until("those over the limit are closed", || {
        refused(&server, "total") >= 161
    });
    let body = r#"{"redirect_uris":["https://rp.example/cb"]}"#;
    let register = format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("admin:{}", support::PASSWORD)
        ),
        body.len(),
    );
    own.write_all(register.as_bytes()).unwrap();
    let read = own.read(&mut some).unwrap();
    assert!(
        some.get(..read).unwrap().starts_with(b"HTTP/1.1 201 "),
        "{}",
        String::from_utf8_lossy(&some)
    );
    assert!(
        !server.log().contains("Too many open files"),
        "{}",
        server.log()
    );
    drop(held);
}
