//! Everything is served over TLS, and nothing in the clear.

use std::io::{Read, Write};
use std::net::TcpStream;

use openssl::ssl::{SslConnector, SslMethod, SslVersion};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Setup, TestServer};

/// Sends `request` over that version of TLS, trusting the development authority; returns the answer, or nothing without a
/// handshake.
fn over_tls(server: &TestServer, version: SslVersion, request: &str) -> Option<String> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder
        .set_ca_file(server.folder.path().join("frontdesk-data/ca.pem"))
        .unwrap();
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    let connection = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = builder.build().connect("localhost", connection).ok()?;
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A peer that closes without a word of TLS is no concern of this test.
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8(answer).unwrap())
}

/// Sends `request` without TLS; returns the answer.
fn in_the_clear(server: &TestServer, request: &str) -> Vec<u8> {
    let mut connection = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    answer
}

fn request(server: &TestServer, line: &str, more: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: localhost:{}\r\n{more}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        server.port,
        body.len()
    )
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// RFC 7033 §4, OIDC Discovery §2, §3, §4, RFC 8414 §3, RFC 7591 §3, RFC 7592 §2, OIDC Registration
/// §3, §4: every address is answered over TLS 1.2 and 1.3, with https addresses, and no byte of
/// HTTP is answered without TLS.
#[test]
fn everything_is_served_over_tls_only() {
    let server = Setup::new()
        .with("FRONTDESK_TLS", "self-signed")
        .with("FRONTDESK_REGISTRATION", "open")
        .start();
    let issuer = server.issuer();
    assert!(issuer.starts_with("https://"));
    let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] }).to_string();
    let register = request(
        &server,
        "POST /register",
        "Content-Type: application/json\r\n",
        &metadata,
    );
    let client = body(&over_tls(&server, SslVersion::TLS1_3, &register).unwrap());
    let address = client["registration_client_uri"].as_str().unwrap();
    assert!(
        address.starts_with(&format!("{issuer}/register/")),
        "{address}"
    );
    let bearer = format!(
        "Authorization: Bearer {}\r\n",
        client["registration_access_token"].as_str().unwrap()
    );
    let read = format!("GET {}", address.strip_prefix(&issuer).unwrap());

    let found = request(
        &server,
        "GET /.well-known/webfinger?resource=acct:alice@localhost",
        "",
        "",
    );
    let document = request(&server, "GET /.well-known/openid-configuration", "", "");
    let metadata = request(
        &server,
        "GET /.well-known/oauth-authorization-server",
        "",
        "",
    );
    let keys = request(&server, "GET /jwks", "", "");
    let managed = request(&server, &read, &bearer, "");
    for asked in [&found, &document, &metadata, &keys, &managed] {
        for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
            let answer = over_tls(&server, version, asked).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{asked}{answer}");
        }
        let answer = in_the_clear(&server, asked);
        assert!(
            !answer.starts_with(b"HTTP/"),
            "{asked}{}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert!(!in_the_clear(&server, &register).starts_with(b"HTTP/"));
    assert_eq!(server.clients().len(), 1);
    for (member, value) in body(&over_tls(&server, SslVersion::TLS1_3, &document).unwrap())
        .as_object()
        .unwrap()
    {
        if member == "issuer" || member.ends_with("_endpoint") || member.ends_with("_uri") {
            assert!(value.as_str().unwrap().starts_with("https://"), "{member}");
        }
    }
    assert_eq!(
        body(&over_tls(&server, SslVersion::TLS1_3, &found).unwrap())["links"][0]["href"],
        issuer
    );
}
