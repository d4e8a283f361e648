//! Requests of registered and unknown clients, methods, and requests that are refused.

use protocol::Clock;
use serde_json::{Value, json};

use crate::support::{Ask, Setup, TestServer, until};
use crate::{TARGET, ask, counted, has_headers, is_page, is_sent_on, setup};

const FORM: &str = "application/x-www-form-urlencoded";

/// RFC 6749 §3.1, RFC 9700 §4.11: the query goes on as it came, and the document leads here.
#[test]
fn query_goes_on_byte_for_byte() {
    let server = setup().start();
    let endpoint = format!("{}/authorize", server.issuer());
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let document = server.get(path).json();
        assert_eq!(document["authorization_endpoint"], endpoint, "{path}");
        assert_eq!(
            signed(&document)["authorization_endpoint"],
            endpoint,
            "{path}"
        );
        assert_eq!(document["client_id_metadata_document_supported"], false);
    }
    for query in [
        "client_id=x&state=a+b%20c&scope=&scope=openid&&nonce=%2F%2f",
        "state=1&client%5Fid=x&=&?/?:@!$'()*,;=-._~",
        "client_id=",
        "redirect_uri=https://evil.example/&client_id=x",
        "client_id=x&redirect_uri=//evil.example&resume=@evil.example",
        "request=e30.e30.&client_id=x",
        "client_id=x&request_uri=urn:ietf:params:oauth:request_uri:abc",
        "prompt=none",
    ] {
        is_sent_on(&ask(&server, query), 302, &format!("&{query}"));
    }
    is_sent_on(&server.get("/authorize"), 302, "");
    is_sent_on(&server.get("/authorize?"), 302, "");
    assert_eq!(counted(&server, "other", "redirected"), 10);
}

fn signed(document: &Value) -> Value {
    use base64::Engine;
    let token = document["signed_metadata"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

/// Bytes that no URI has, line breaks and fragments never reach `Location`.
#[test]
fn strange_bytes_reach_no_location() {
    let server = setup().start();
    let head = "Host: localhost\r\nConnection: close\r\n\r\n";
    for (target, location) in [
        ("/authorize?client_id=x#@evil.example", "&client_id=x"),
        (
            "/authorize?client_id=x%0d%0aSet-Cookie:%20a=b",
            "&client_id=x%0d%0aSet-Cookie:%20a=b",
        ),
    ] {
        let answer = server.raw(&format!("GET {target} HTTP/1.1\r\n{head}"));
        let sent: Vec<&str> = answer
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with("location:"))
            .collect();
        assert_eq!(sent.len(), 1, "{answer}");
        let (_, there) = sent[0].split_once(": ").unwrap();
        assert_eq!(there, format!("{TARGET}{location}"));
        assert!(
            !answer.to_ascii_lowercase().contains("\r\nset-cookie"),
            "{answer}"
        );
    }
    for target in [
        "/authorize?client_id=x\r\nX: y",
        "/authorize?a b",
        "/authorize?a\u{e4}\u{1}",
    ] {
        let answer = server.raw(&format!("GET {target} HTTP/1.1\r\n{head}"));
        let is_safe = answer.starts_with("HTTP/1.1 400")
            || answer
                .to_ascii_lowercase()
                .contains(&format!("location: {TARGET}"));
        assert!(is_safe, "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
    }
    let long = "x".repeat(9_000);
    let answer = ask(&server, &format!("client_id=x&state={long}"));
    assert_eq!((answer.status(), answer.header("location")), (414, None));
}

/// RFC 6749 §3.1: a parameter must not be included twice. No other client than the one read here may be meant by the server behind.
#[test]
fn client_that_cannot_be_told_is_refused() {
    let server = setup().start();
    let sentence = "The application's identifier is not valid.";
    for query in [
        "client_id=A&client_id=B",
        "client_id=A&client%5fid=A",
        "client_id=%ff",
        "client_id=a%00b",
        "client_id=https://app.example",
        "client_id=https://app.example/a/../b",
        "client_id=HTTPS://app.example/c",
        "client_id=https://user@app.example/c",
        "client_id=https://app.example/%3Cscript%3E?x",
        "client_id=https://app.example/c%23",
    ] {
        let answer = ask(&server, query);
        is_page(&answer, 400, sentence);
        assert!(!answer.text.contains("app.example"), "{}", answer.text);
    }
    assert_eq!(counted(&server, "other", "refused"), 10);
    assert!(!server.log().contains("app.example"), "{}", server.log());
    server.logs("client_id is not valid");
}

/// OpenID Connect Core §3.1.2.1: POST is allowed. After 307 the browser sends the form itself.
#[test]
fn form_is_sent_on_by_the_browser() {
    let server = setup().start();
    let post = |path: &str, form: &str| {
        server
            .request("POST", path)
            .header("Content-Type", FORM)
            .body(form.as_bytes())
            .send()
    };
    is_sent_on(&post("/authorize", "client_id=x&state=1"), 307, "");
    is_sent_on(&post("/authorize?ui=de&b", "client_id=x"), 307, "&ui=de&b");
    is_page(
        &post("/authorize?client_id=x", "client_id=x"),
        400,
        "The application's identifier is not valid.",
    );
    let other = server
        .request("POST", "/authorize")
        .json(&json!({ "client_id": "x" }))
        .send();
    other.refused(415, "invalid_request");
    has_headers(&other);
    let long = post("/authorize", &"x".repeat(70_000));
    long.refused(413, "invalid_request");
    has_headers(&long);
}

/// RFC 9110 §15.5.6, RFC 9700 §2.6: other methods are refused, and there is no CORS.
#[test]
fn other_methods_are_refused() {
    let server = setup().start();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = server
            .request(method, "/authorize?client_id=x")
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "GET")
            .send();
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
        assert_eq!(answer.header("location"), None);
        has_headers(&answer);
    }
}

/// RFC 9110 §9.3.2: HEAD is answered as GET would be; a browser that asks in advance is not.
#[test]
fn head_and_prefetch_have_no_effect() {
    let server = setup().start();
    let id = registered(&server);
    let path = format!("/authorize?client_id={id}");
    is_sent_on(
        &server.request("HEAD", &path).send(),
        302,
        &format!("&client_id={id}"),
    );
    for (name, value) in [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
    ] {
        let answer = server.request("GET", &path).header(name, value).send();
        assert_eq!((answer.status(), answer.text.as_str()), (503, ""), "{name}");
        assert_eq!(answer.header("location"), None);
        has_headers(&answer);
    }
    server.ran(&["client", "show", &id]);
    drop(stopped(server, &id, None));
}

fn registered(server: &TestServer) -> String {
    let metadata =
        json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" });
    let client = server.register(&metadata).created();
    client["client_id"].as_str().unwrap().to_owned()
}

/// Stops the server, which writes the recorded uses, and compares the day of the last use of a client.
fn stopped(mut server: TestServer, id: &str, expected: Option<i64>) -> TestServer {
    server.signal("-TERM");
    assert!(server.wait().success());
    let shown: Value =
        serde_json::from_str(&server.ran(&["client", "show", id, "--json"])).unwrap();
    assert_eq!(shown["last_used_at"].as_i64(), expected, "{shown}");
    server
}

/// A redirect of a registered client counts as its use; that of an expired client does not.
#[test]
fn redirect_counts_as_a_use() {
    let server = setup().start();
    let id = registered(&server);
    is_sent_on(
        &ask(&server, &format!("client_id={id}")),
        302,
        &format!("&client_id={id}"),
    );
    assert_eq!(counted(&server, "registered", "redirected"), 1);
    assert_eq!(counted(&server, "other", "redirected"), 0);
    let today = Clock::system().now().seconds() / 86_400 * 86_400;
    drop(stopped(server, &id, Some(today)));
    let server = setup().with("FRONTDESK_CLIENT_LIFETIME", "1s").start();
    let id = registered(&server);
    until("the client has expired", || {
        is_sent_on(
            &ask(&server, &format!("client_id={id}")),
            302,
            &format!("&client_id={id}"),
        );
        counted(&server, "other", "redirected") > 0
    });
}

/// Without the hop its address does not exist, and the document has the server's own endpoint.
#[test]
fn without_the_setting_there_is_no_hop() {
    let server = Setup::new()
        .with("FRONTDESK_AUTHORIZATION_ENDPOINT", TARGET)
        .start();
    let document = server.get("/.well-known/openid-configuration").json();
    assert_eq!(document["authorization_endpoint"], TARGET);
    assert_eq!(document.get("client_id_metadata_document_supported"), None);
    let answer = ask(&server, "client_id=x");
    assert_eq!((answer.status(), answer.header("location")), (404, None));
    assert_eq!(
        Ask::new("GET", &format!("{}/authorize", server.issuer()))
            .send()
            .status(),
        404
    );
}
