//! The limits of a request body: its type, its size, its pace and its JSON.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{PATIENCE, Setup, TestServer};

const GOOD: &[u8] = br#"{"redirect_uris":["https://rp.example/cb"]}"#;

/// Sends `bytes` as they are and reads until the server closes the connection.
fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn head(more: &str) -> String {
    format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}\r\n"
    )
}

/// The whole answer of a refusal after which the server closes the connection.
fn closes_with(answer: &str, status: &str, error: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{answer}");
    for header in [
        "connection: close",
        "content-type: application/json",
        "cache-control: no-store",
        "pragma: no-cache",
    ] {
        assert!(
            head.lines().any(|line| line == header),
            "{header}: {answer}"
        );
    }
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["error"], error, "{answer}");
    assert!(body["error_description"].is_string(), "{answer}");
}

/// RFC 7591 §3.1: the body is sent as application/json; parameters of the type and its case do not matter.
#[test]
fn a_body_is_sent_as_json() {
    let server = TestServer::open();
    let post = || server.request("POST", "/register").body(GOOD);
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
        "application/json;",
    ] {
        post().header("Content-Type", content_type).send().created();
    }
    for content_type in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jose",
        "application/jsonp",
        "application/vnd.api+json",
        "application/json, text/plain",
        "text/plain; application/json",
    ] {
        post()
            .header("Content-Type", content_type)
            .send()
            .refused(415, "invalid_request");
    }
    let twice = post()
        .header("Content-Type", "application/json")
        .header("Content-Type", "application/json")
        .send();
    twice.refused(415, "invalid_request");
    let packed = post()
        .header("Content-Type", "application/json")
        .header("Content-Encoding", "gzip")
        .send();
    packed.refused(415, "invalid_request");
    let untyped = format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{{}}",
        GOOD.len()
    );
    closes_with(&raw(&server, untyped.as_bytes()), "415", "invalid_request");
    assert_eq!(server.clients().len(), 4);
}

/// RFC 8259 §4, §8: a body is one JSON object in UTF-8, without a duplicate member in any spelling;
/// the refusal does not repeat the body.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn ambiguous_json_body_is_refused() {
    let server = TestServer::open();
    let member = |value: &str| {
        format!(r#"{{"redirect_uris":["https://rp.example/cb"],"x":{value}}}"#).into_bytes()
    };
    let nested = |depth: usize| member(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let elements = |count: usize| member(&format!("[{}]", vec!["0"; count].join(",")));
    let members = |count: usize| {
        let all: Vec<String> = (0..count).map(|at| format!("\"m{at}\":0")).collect();
        member(&format!("{{{}}}", all.join(",")))
    };
    for body in [
        nested(31),
        elements(200),
        members(200),
        [GOOD, b" \n"].concat(),
    ] {
        server
            .request("POST", "/register")
            .header("Content-Type", "application/json")
            .body(&body)
            .send()
            .created();
    }
    for (body, told) in [
        (
            b"".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 0.",
        ),
        (b"[]".to_vec(), "The body must be a JSON object."),
        (b"null".to_vec(), "The body must be a JSON object."),
        (b"\"{}\"".to_vec(), "The body must be a JSON object."),
        (
            b"redirect_uris=x".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 1.",
        ),
        (
            b"{'a':1}".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 2.",
        ),
        (
            b"{\"a\":1,}".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 8.",
        ),
        (
            b"{\"a\":NaN}".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 6.",
        ),
        (
            b"{\"a\":1e999}".to_vec(),
            "The body must be a JSON object; it is not JSON at line 1, column 10.",
        ),
        (
            [GOOD, b"{}"].concat(),
            "The body must be a JSON object; it is not JSON at line 1, column 44.",
        ),
        (
            [GOOD, b"\0"].concat(),
            "The body must be a JSON object; it is not JSON at line 1, column 44.",
        ),
        (
            ["\u{feff}".as_bytes(), GOOD].concat(),
            "The body must be a JSON object; it is not JSON at line 1, column 1.",
        ),
        (
            b"{\"client_name\":\"\xff\"}".to_vec(),
            "The body must be UTF-8.",
        ),
        (
            b"{\"client_name\":\"\xed\xa0\x80\"}".to_vec(),
            "The body must be UTF-8.",
        ),
        (
            member(r#""\ud800""#),
            "The body must be a JSON object; it is not JSON at line 1, column 55.",
        ),
        (
            member(r#""\udc00\ud800""#),
            "The body must be a JSON object; it is not JSON at line 1, column 54.",
        ),
        (
            member(r#"1,"x":2"#),
            "The body has a duplicate member at line 1, column 52.",
        ),
        (
            member(r#"1,"\u0078":2"#),
            "The body has a duplicate member at line 1, column 57.",
        ),
        (
            member(r#"1,"redirect_\u0075ris":[]"#),
            "The body has a duplicate member at line 1, column 69.",
        ),
        (
            member(r#"{"kty":1,"kty":1}"#),
            "The body has a duplicate member at line 1, column 61.",
        ),
        (
            nested(32),
            "The body is nested too deeply at line 1, column 80.",
        ),
        (
            nested(20_000),
            "The body is nested too deeply at line 1, column 79.",
        ),
        (
            elements(201),
            "The body has an array with too many elements at line 1, column 450.",
        ),
        (
            members(201),
            "The body has an object with too many members at line 1, column 1744.",
        ),
    ] {
        let answer = server
            .request("POST", "/register")
            .header("Content-Type", "application/json")
            .body(&body)
            .send();
        assert_eq!(
            answer.refused(400, "invalid_client_metadata"),
            told,
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
    assert_eq!(server.clients().len(), 4);
}

/// RFC 9110 §15.5.14: 64 KiB, whether the length is announced or the body comes in chunks; the rest is not read.
#[test]
fn oversized_body_is_refused_unread() {
    let server = TestServer::open();
    let post = || {
        server
            .request("POST", "/register")
            .header("Content-Type", "application/json")
    };
    let padded = |length: usize| [GOOD, vec![b' '; length - GOOD.len()].as_slice()].concat();
    post().body(&padded(65_536)).send().created();
    // Announced and not sent: the answer does not wait for it.
    closes_with(
        &raw(&server, head("Content-Length: 65537\r\n").as_bytes()),
        "413",
        "invalid_request",
    );
    closes_with(
        &raw(&server, head("Content-Length: 99999999999\r\n").as_bytes()),
        "413",
        "invalid_request",
    );
    let chunked = |length: usize| {
        let body = padded(length);
        let chunks: Vec<u8> = body
            .chunks(4096)
            .flat_map(|chunk| {
                [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()
            })
            .collect();
        [
            head("Connection: close\r\nTransfer-Encoding: chunked\r\n").into_bytes(),
            chunks,
        ]
        .concat()
    };
    let whole = [chunked(65_536), b"0\r\n\r\n".to_vec()].concat();
    assert!(raw(&server, &whole).starts_with("HTTP/1.1 201 Created\r\n"));
    closes_with(&raw(&server, &chunked(65_537)), "413", "invalid_request");
    assert_eq!(server.clients().len(), 2);
}

/// RFC 9110 §15.5.9: a body that does not arrive in time is refused, and an incomplete body
/// registers no client.
#[test]
fn slow_or_incomplete_body_is_refused() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_LIMITS_BODY_SECONDS", "1")
        .start();
    let begun = Instant::now();
    let request = [
        head(&format!("Content-Length: {}\r\n", GOOD.len())).as_bytes(),
        GOOD.get(..20).unwrap(),
    ]
    .concat();
    closes_with(&raw(&server, &request), "408", "invalid_request");
    closes_with(
        &raw(
            &server,
            [
                head("Transfer-Encoding: chunked\r\n").as_bytes(),
                b"5\r\n{\"red",
            ]
            .concat()
            .as_slice(),
        ),
        "408",
        "invalid_request",
    );
    // A refusal that did not look at the body does not go on reading it either.
    let unfinished = [
        head("Authorization: Bearer x\r\nTransfer-Encoding: chunked\r\n").as_bytes(),
        b"5\r\n{\"red",
    ]
    .concat();
    closes_with(&raw(&server, &unfinished), "401", "invalid_token");
    assert!(begun.elapsed().as_secs() < 10);

    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all(&request).unwrap();
    drop(stream);
    assert!(server.clients().is_empty());
    server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send()
        .created();
}

/// Sends a request and goes on with its body, a chunk at a time, until the server closes the connection.
fn endless(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (begun, mut answer) = (Instant::now(), Vec::new());
    loop {
        assert!(begun.elapsed() < PATIENCE, "{request} is still read");
        let mut some = [0; 16_384];
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&some[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        // Whether it is still taken is seen by reading.
        let _ = stream.write_all(b"1\r\n \r\n");
    }
    String::from_utf8(answer).unwrap()
}

/// RFC 9112 §9.3: an endless body closes its connection at every address, on the first request of a
/// connection and on a later request.
#[test]
fn endless_body_closes_its_connection() {
    let server = TestServer::open();
    let begin = |request: &str| format!("{request} HTTP/1.1\r\nHost: localhost\r\n");
    let first = begin("GET /jwks") + "\r\n";
    std::thread::scope(|scope| {
        for (request, status) in [
            ("GET /jwks", "200 "),
            ("GET /.well-known/openid-configuration", "200 "),
            ("GET /.well-known/webfinger", "400 "),
            ("GET /nowhere", "404 "),
            ("GET /register", "405 "),
            ("BREW /jwks", "405 "),
            ("POST /register", "415 "),
        ] {
            for before in ["", first.as_str()] {
                let whole = format!(
                    "{before}{}Transfer-Encoding: chunked\r\n\r\n",
                    begin(request)
                );
                let server = &server;
                scope.spawn(move || {
                    let answer = endless(server, &whole);
                    let last = answer
                        .rsplit("HTTP/1.1 ")
                        .next()
                        .unwrap()
                        .to_ascii_lowercase();
                    assert!(
                        last.starts_with(status) && last.contains("connection: close"),
                        "{whole}{answer}"
                    );
                });
            }
        }
    });
}

/// RFC 9112 §9.3: a connection is kept behind a body that was read to its end, announced or in chunks.
#[test]
fn a_body_that_was_read_keeps_its_connection() {
    let server = TestServer::open();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let chunked = [
        head("Transfer-Encoding: chunked\r\n").as_bytes(),
        b"2b\r\n",
        GOOD,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let announced = [
        head(&format!("Content-Length: {}\r\n", GOOD.len())).as_bytes(),
        GOOD,
    ]
    .concat();
    for request in [&chunked, &announced, &chunked] {
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        while answer.last() != Some(&b'}') {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).unwrap();
            assert_ne!(read, 0);
            answer.extend_from_slice(&some[..read]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 201 ")
                && !answer.to_ascii_lowercase().contains("connection: close"),
            "{answer}"
        );
    }
    assert_eq!(server.clients().len(), 3);
}

/// RFC 9112 §6.1, §6.3: a body is not read if two programs would disagree about its end.
#[test]
fn ambiguous_framing_is_refused() {
    let server = TestServer::open();
    let length = format!("Content-Length: {}\r\n", GOOD.len());
    for framing in [
        format!("{length}Transfer-Encoding: chunked\r\n"),
        format!("{length}Content-Length: 5\r\n"),
        "Content-Length: +43\r\n".to_owned(),
        "Content-Length: 4 3\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
    ] {
        let answer = raw(&server, &[head(&framing).as_bytes(), GOOD].concat());
        assert!(
            answer.starts_with("HTTP/1.1 400 ")
                && answer.to_ascii_lowercase().contains("connection: close"),
            "{framing}: {answer}"
        );
    }
    assert!(server.clients().is_empty());
}

/// RFC 9110 §15.5.14: every limit is a setting.
#[test]
fn body_limits_are_configurable() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_LIMITS_BODY_BYTES", "200")
        .with("FRONTDESK_LIMITS_JSON_DEPTH", "2")
        .with("FRONTDESK_LIMITS_JSON_MEMBERS", "3")
        .with("FRONTDESK_LIMITS_JSON_ELEMENTS", "2")
        .start();
    let register = |metadata: &Value| server.request("POST", "/register").json(metadata).send();
    register(&json!({ "redirect_uris": ["https://rp.example/1", "https://rp.example/2"], "a": 1, "b": 2 })).created();
    for (metadata, told) in [
        (
            json!({ "a": [[]] }),
            "The body is nested too deeply at line 1, column 8.",
        ),
        (
            json!({ "a": 1, "b": 2, "c": 3, "d": 4 }),
            "The body has an object with too many members at line 1, column 22.",
        ),
        (
            json!({ "a": [1, 2, 3] }),
            "The body has an array with too many elements at line 1, column 12.",
        ),
    ] {
        assert_eq!(
            register(&metadata).refused(400, "invalid_client_metadata"),
            told
        );
    }
    assert_eq!(
        register(&json!({ "a": "x".repeat(200) })).refused(413, "invalid_request"),
        "The body must be at most 200 bytes."
    );
    assert_eq!(server.clients().len(), 1);
}

/// RFC 9110 §15.5.6, §9.3.7, Fetch §3.2: registration has one method, and pages of any origin may use it.
#[test]
fn registration_has_one_method() {
    let server = TestServer::open();
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
        let answer = server.request(method, "/register").send();
        match method {
            "HEAD" => assert_eq!((answer.status(), answer.text.as_str()), (405, "")),
            _ => drop(answer.refused(405, "invalid_request")),
        }
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"), "{method}");
    }
    let preflight = server
        .request("OPTIONS", "/register")
        .header("Origin", "https://page.example")
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type",
        )
        .send();
    assert_eq!((preflight.status(), preflight.text.as_str()), (204, ""));
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("POST, OPTIONS")
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("Authorization, Content-Type, MCP-Protocol-Version")
    );
    assert_eq!(preflight.header("access-control-max-age"), Some("86400"));
    let page = || {
        server
            .request("POST", "/register")
            .header("Origin", "https://page.example")
    };
    let answers = [
        preflight,
        page()
            .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
            .send(),
        page().json(&json!({})).send(),
        page().bearer("iat_wrong").json(&json!({})).send(),
        page().send(),
        server.get("/register"),
    ];
    assert_eq!(
        answers.each_ref().map(super::support::Answer::status),
        [204, 201, 400, 401, 415, 405]
    );
    for answer in &answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("ETag, Retry-After, WWW-Authenticate, X-Request-Id")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("set-cookie"), None);
    }
}
