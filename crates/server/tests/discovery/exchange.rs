//! Requests for the documents: conditions, methods, origins, and headers that must not change a byte.

use serde_json::json;

use crate::support::{Answer, Setup, TestServer};
use crate::{ADDRESSES, provider, serving};

/// RFC 9110 §8.8.3, §13.1.2: If-None-Match is compared weakly, with any of several.
#[test]
fn known_document_is_not_sent_again() {
    let server = serving(ADDRESSES[2].0);
    for path in ADDRESSES[2].1.iter().chain(ADDRESSES[2].2) {
        let whole = server.get(path);
        let tag = whole.header("etag").unwrap();
        assert!(
            tag.len() > 20 && tag.starts_with('"') && tag.ends_with('"'),
            "{tag}"
        );
        assert_eq!(
            whole.header("cache-control"),
            Some("public, max-age=3600"),
            "{path}"
        );
        let weak = format!("W/{tag}");
        let list = format!("\"other\", {tag}");
        let weak_list = format!("W/\"other\",{weak} , \"third\"");
        for known in [tag, &weak, &list, &weak_list, "*"] {
            for method in ["GET", "HEAD"] {
                let answer = server
                    .request(method, path)
                    .header("If-None-Match", known)
                    .send();
                assert_eq!(
                    (answer.status(), answer.text.as_str()),
                    (304, ""),
                    "{method} {path} {known}"
                );
                for header in ["etag", "cache-control", "access-control-allow-origin"] {
                    assert_eq!(
                        answer.header(header),
                        whole.header(header),
                        "{method} {path} {known}"
                    );
                }
            }
        }
        let second = server
            .request("GET", path)
            .header("If-None-Match", "\"a, *, b\"")
            .header("If-None-Match", tag)
            .send();
        assert_eq!(second.status(), 304, "{path}");
        for unknown in [
            "\"other\"",
            "",
            tag.trim_matches('"'),
            "W/\"other\", \"third\"",
            "w/*",
        ] {
            let answer = server
                .request("GET", path)
                .header("If-None-Match", unknown)
                .send();
            assert_eq!(
                (answer.status(), &answer.text),
                (200, &whole.text),
                "{path} {unknown}"
            );
        }
    }
}

/// RFC 9110 §9.3.2: HEAD is GET without the content; §15.5.6: other methods are answered with the
/// allowed methods. Pages of any origin may read the document.
#[test]
fn document_is_read_with_get_and_head() {
    let server = serving(ADDRESSES[2].0);
    for path in ADDRESSES[2].1.iter().chain(ADDRESSES[2].2) {
        let page = |method| {
            server
                .request(method, path)
                .header("Origin", "https://page.example")
                .header("Accept", "text/html")
                .send()
        };
        let get = page("GET");
        assert_eq!(get.status(), 200);
        let head = page("HEAD");
        assert_eq!((head.status(), head.text.as_str()), (200, ""), "{path}");
        assert_eq!(
            head.header("content-length"),
            Some(get.text.len().to_string().as_str()),
            "{path}"
        );
        for header in [
            "content-type",
            "content-length",
            "etag",
            "cache-control",
            "access-control-allow-origin",
            "x-content-type-options",
        ] {
            assert!(
                get.header(header).is_some() && get.header(header) == head.header(header),
                "{path} {header}"
            );
        }
        let preflight = server
            .request("OPTIONS", path)
            .header("Origin", "https://page.example")
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "mcp-protocol-version")
            .send();
        assert_eq!(
            (preflight.status(), preflight.text.as_str()),
            (204, ""),
            "{path}"
        );
        for (header, value) in [
            ("access-control-allow-origin", Some("*")),
            ("access-control-allow-methods", Some("GET, HEAD, OPTIONS")),
            (
                "access-control-allow-headers",
                Some("Authorization, Content-Type, MCP-Protocol-Version"),
            ),
            ("access-control-allow-credentials", None),
            ("allow", Some("GET, HEAD, OPTIONS")),
        ] {
            assert_eq!(preflight.header(header), value, "{path} {header}");
        }
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = page(method);
            answer.refused(405, "invalid_request");
            assert_eq!(
                answer.header("allow"),
                Some("GET, HEAD, OPTIONS"),
                "{method} {path}"
            );
        }
        for answer in [get, head, page("POST")] {
            assert_eq!(
                answer.header("access-control-allow-origin"),
                Some("*"),
                "{path}"
            );
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                None,
                "{path}"
            );
        }
    }
}

/// Returns a response without its date and request identifier, its header lines in alphabetical order.
fn canonical(answer: &str) -> (Vec<String>, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let every_time = |line: &&str| line.starts_with("date:") || line.starts_with("x-request-id:");
    let mut lines: Vec<_> = head
        .lines()
        .filter(|line| !every_time(line))
        .map(str::to_owned)
        .collect();
    lines.sort();
    (lines, body.to_owned())
}

/// RFC 9700 §4.13, RFC 7239 §8.1: with one host, no byte of an answer follows from whom a request says it is for.
#[test]
fn host_headers_change_no_byte() {
    let server = serving(ADDRESSES[2].0);
    let paths = ADDRESSES[2].1.iter().chain(ADDRESSES[2].2).copied();
    let others = [
        "/.well-known/webfinger?resource=acct:alice@login.example.com",
        "/a/b/register/nobody",
        "/a/b/identity/register",
        "/nowhere",
    ];
    for path in paths.chain(others) {
        let ask = |target: &str, headers: &str| {
            canonical(&server.raw(&format!(
                "GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
            )))
        };
        let usual = ask(path, "Host: login.example.com:8443\r\n");
        assert!(!usual.0.is_empty());
        for headers in [
            "Host: evil.example\r\n",
            "Host: EVIL.example.:99\r\n",
            "Host: [::1]:9443\r\n",
            "Host: \r\n",
            "Host: not a host/at\\all\r\n",
            "Host: login.example.com:8443\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\n",
            "Host: login.example.com:8443\r\nForwarded: for=192.0.2.1;host=evil.example;proto=http\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "Host: login.example.com:8443\r\nX-Original-Host: evil.example\r\nX-Forwarded-Prefix: /evil\r\nX-Original-URL: /evil\r\n",
        ] {
            assert_eq!(ask(path, headers), usual, "{path} {headers:?}");
        }
        assert_eq!(
            ask(
                &format!("http://evil.example{path}"),
                "Host: evil.example\r\n"
            ),
            usual,
            "{path}"
        );
    }
}

/// RFC 7591 §3.2.1: the host headers of a request do not change the issued addresses.
#[test]
fn host_headers_change_no_issued_url() {
    let server = TestServer::start();
    for path in ["/register", "/identity/connect/register"] {
        let client = server
            .request("POST", path)
            .admin()
            .header("Host", "evil.example")
            .header("X-Forwarded-Host", "evil.example")
            .header("Forwarded", "host=evil.example")
            .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
            .send()
            .created();
        let uri = client["registration_client_uri"].as_str().unwrap();
        assert_eq!(
            uri,
            format!(
                "{}/register/{}",
                server.issuer(),
                client["client_id"].as_str().unwrap()
            )
        );
        // With its dot, which no random identifier or token has.
        assert!(!client.to_string().contains("evil.example"), "{client}");
    }
}

/// RFC 9111 §5.2.2.1: the operator says for how long caches may keep the documents.
#[test]
fn the_lifetime_of_the_documents_is_configured() {
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", ""))
        .with("FRONTDESK_DISCOVERY_MAX_AGE", "5m")
        .start();
    let lifetimes: Vec<Answer> = ADDRESSES[0]
        .1
        .iter()
        .chain(ADDRESSES[0].2)
        .map(|path| server.get(path))
        .collect();
    assert!(
        lifetimes
            .iter()
            .all(|answer| answer.header("cache-control") == Some("public, max-age=300")),
        "{lifetimes:?}"
    );
}
