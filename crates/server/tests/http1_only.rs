//! HTTP/1.1 is all that is spoken: HTTP/2 in any form is turned away before it costs anything.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};
use support::{PATIENCE, Setup, TestServer};

/// The preface of an HTTP/2 connection with its first frame, SETTINGS. RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The most that the process may grow while 16 MB are sent to it, in KiB.
const GROWTH: u64 = 4 << 10;

fn with_tls() -> TestServer {
    Setup::new().with("FRONTDESK_TLS", "self-signed").start()
}

/// A TLS connection that offers these protocols in ALPN, in their form on the wire. RFC 7301 §3.1.
fn tls(server: &TestServer, protocols: &[u8]) -> Result<SslStream<TcpStream>, String> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    if !protocols.is_empty() {
        connector.set_alpn_protos(protocols).unwrap();
    }
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    connector
        .build()
        .connect("localhost", stream)
        .map_err(|error| error.to_string())
}

/// Everything that comes until the connection ends, however it ends.
fn rest(connection: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let mut some = [0_u8; 4096];
    loop {
        match connection.read(&mut some) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(some.get(..read).unwrap()),
            Err(error)
                if [
                    ErrorKind::ConnectionReset,
                    ErrorKind::BrokenPipe,
                    ErrorKind::UnexpectedEof,
                ]
                .contains(&error.kind()) =>
            {
                break;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the connection does not end")
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the preface and 16 MB behind it, as far as the server takes them; gives the answer.
fn flood(mut connection: impl Read + Write) -> String {
    let _ = connection.write_all(PREFACE);
    let first = {
        let mut some = [0_u8; 4096];
        let read = connection.read(&mut some).unwrap();
        String::from_utf8_lossy(some.get(..read).unwrap()).into_owned()
    };
    let piece = vec![0; 65_536];
    for _ in 0..256 {
        if connection.write_all(&piece).is_err() {
            break;
        }
    }
    first + &rest(&mut connection)
}

/// RFC 7301 §3.2: http/1.1 is chosen from the offered protocols, and a client that has only h2 gets
/// an alert.
#[test]
fn alpn_chooses_http_1_1() {
    let server = with_tls();
    for protocols in [
        &b"\x02h2\x08http/1.1"[..],
        b"\x08http/1.1",
        b"\x08http/1.1\x02h2",
        b"\x08http/1.0\x08http/1.1",
    ] {
        let mut connection = tls(&server, protocols).unwrap();
        assert_eq!(
            connection.ssl().selected_alpn_protocol(),
            Some(&b"http/1.1"[..])
        );
        connection
            .write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        assert!(rest(&mut connection).starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(
        tls(&server, b"").unwrap().ssl().selected_alpn_protocol(),
        None
    );
    let refused = tls(&server, b"\x02h2").unwrap_err();
    assert!(refused.contains("no application protocol"), "{refused}");
}

/// RFC 9113 §3.4: the preface is no request of HTTP/1.1, over TLS or without, and the bytes after
/// it are not kept.
#[test]
fn http2_preface_is_400_and_costs_nothing() {
    let (plain, server) = (TestServer::start(), with_tls());
    let grown = |server: &TestServer, answer: &dyn Fn() -> String| {
        let before = server.memory("VmRSS");
        let answer = answer();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
        let grown = server.memory("VmRSS").saturating_sub(before);
        assert!(grown < GROWTH, "{grown} KiB more");
    };
    grown(&plain, &|| {
        flood(TcpStream::connect(("127.0.0.1", plain.port)).unwrap())
    });
    grown(&server, &|| flood(tls(&server, b"").unwrap()));
    grown(&server, &|| flood(tls(&server, b"\x08http/1.1").unwrap()));
    for server in [plain, server] {
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }
}

/// RFC 9113 §3.1: an upgrade to h2c is not taken, and the request is answered as it is.
#[test]
fn upgrade_to_h2c_is_not_taken() {
    let server = TestServer::start();
    let upgrade = "GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\
                   HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    let answer = server.raw(upgrade);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        !answer.to_ascii_lowercase().contains("upgrade:"),
        "{answer}"
    );
}

/// RFC 9112 §9.6: an answer is not held back for as long as a client cares to send, and the connection ends behind it.
#[test]
fn endless_body_is_cut_off() {
    let server = TestServer::start();
    let mut connection = server.connect_from("127.0.0.1");
    connection.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n").unwrap();
    let mut writer = connection.try_clone().unwrap();
    let dribble = std::thread::spawn(move || while writer.write_all(b"1\r\n \r\n").is_ok() {});
    let answer = rest(&mut connection);
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"keys\""),
        "{answer}"
    );
    drop(connection);
    dribble.join().unwrap();
}
