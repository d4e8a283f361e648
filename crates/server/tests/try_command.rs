//! `frontdesk try` as an operator runs it, against the real service.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::Value;
use support::{PASSWORD, Setup, TestServer};

/// The exit code, what was printed, and the last line on standard error.
fn tried(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String, String) {
    let issuer = server.issuer();
    let all: Vec<&str> = ["try", issuer.as_str()]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let output = server.run(&all);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// In development mode the endpoints are placeholders: registration works, and that no user can log in is said with the setting
/// that changes it.
#[test]
fn placeholders_let_no_user_log_in() {
    let server = TestServer::start();
    let account = format!("admin:{PASSWORD}");
    let (code, printed, said) = tried(&server, &["--register", "--account", &account]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
    let last = printed.lines().last().unwrap();
    assert!(
        last.starts_with(
            "No user can log in at this provider: authorization_endpoint is answered with 501 ("
        ) && last.contains(
            "This endpoint is a placeholder; set provider.metadata.authorization_endpoint (FRONTDESK_AUTHORIZATION_ENDPOINT) to the real endpoint"
        ) && last.contains("Everything else that was asked for works: 9 steps in "),
        "{last}"
    );
    assert!(server.clients().is_empty());
}

/// Of a secret its length is printed and no part of it.
#[test]
fn only_the_length_of_secrets_is_printed() {
    let server = TestServer::open();
    let (code, printed, _) = tried(&server, &["--register", "--json"]);
    assert_eq!(code, Some(0), "{printed}");
    let registration = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["step"] == "registration")
        .unwrap();
    let client = server.client();
    for member in ["client_secret", "registration_access_token"] {
        let length = client[member].as_str().unwrap().len();
        assert_eq!(
            registration["members"][member],
            format!("({length} characters)")
        );
    }
    assert!(!printed.contains("rat_"), "{printed}");
}

/// A password that is a word of an error message hides no word of it.
#[test]
fn words_of_messages_are_not_masked() {
    let server = TestServer::start();
    let wrong = "The credentials are wrong, expired or revoked, or the client does not exist";
    for word in [
        "wrong",
        "credentials",
        "expired",
        "client",
        "invalid_token",
        "status",
        "registration",
    ] {
        let (code, printed, said) = tried(
            &server,
            &["--register", "--account", &format!("admin:{word}")],
        );
        assert_eq!(code, Some(1), "{printed}");
        assert_eq!(
            said,
            format!(
                "frontdesk: registration failed: the status should be 201 and is 401 (invalid_token: {wrong}); are the credentials right?\n"
            ),
            "{word}"
        );
    }
    assert!(server.clients().is_empty());
}

/// Credentials are for the registration, so without `--register` they are a usage error and nothing is asked.
#[test]
fn credentials_need_register() {
    let server = TestServer::start();
    let account = format!("admin:{PASSWORD}");
    for credentials in [["--account", &account], ["--token", "iat_x"]] {
        let (code, printed, said) = tried(&server, &credentials);
        assert_eq!((code, printed.as_str()), (Some(2), ""), "{credentials:?}");
        let needed = "required arguments were not provided:\n  --register\n";
        assert!(said.contains(needed), "{said}");
    }
    assert!(server.clients().is_empty());
}

/// The authorization endpoint of a provider with https may be http on loopback, and is asked like any other.
#[test]
fn http_authorization_endpoint_is_asked() {
    let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = endpoint.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = endpoint.accept().unwrap();
        let mut first = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        lines.read_line(&mut first).unwrap();
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        first
    });
    let server = Setup::new()
        .with("FRONTDESK_TLS", "self-signed")
        .with(
            "FRONTDESK_AUTHORIZATION_ENDPOINT",
            &format!("http://{address}/authorize"),
        )
        .start();
    let (code, printed, said) = tried(&server, &["--ca", "frontdesk-data/ca.pem"]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
    let last = printed.lines().last().unwrap();
    assert!(
        last.starts_with("Everything asked for works: 4 steps in "),
        "{printed}"
    );
    assert_eq!(asked.join().unwrap(), "GET /authorize HTTP/1.1\r\n");
}
