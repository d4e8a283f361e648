//! The properties that all answers share.

mod support;

use support::{Ask, TestServer};

/// Everything this service says is one of these; none is a page that a browser would show and run.
const TYPES: [&str; 7] = [
    "application/json",
    "application/jrd+json",
    "application/jwk-set+json",
    "application/xrd+xml",
    "text/plain",
    "text/plain; charset=utf-8",
    "text/plain; version=0.0.4",
];

const PATHS: [&str; 22] = [
    "/",
    "/nowhere",
    "/index.html",
    "/<script>",
    "/%3Cscript%3Ealert(1)%3C/script%3E",
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/register",
    "/.well-known/host-meta",
    "/.well-known/host-meta.json",
    "/.well-known/webfinger",
    "/.well-known/webfinger?resource=acct:alice@localhost",
    "/.well-known/webfinger?resource=<script>alert(1)</script>",
    "/register",
    "/register/<script>",
    "/register/nobody",
    "/identity/connect/register",
    "/identity/register",
    "/identity/register/nobody",
    "/oauth2/authorize?client_id=<script>",
    "/oauth2/token",
];

/// OWASP secure headers, Fetch §3.6: no answer is a page, and none is taken for one.
#[test]
fn answers_are_never_html_pages() {
    let server = TestServer::open();
    let (service, management) = (
        format!("http://127.0.0.1:{}", server.port),
        format!("http://127.0.0.1:{}", server.management),
    );
    let mut seen = std::collections::BTreeSet::new();
    let mut ask = |method: &str, url: &str, more: &dyn Fn(Ask) -> Ask| {
        let answer = more(Ask::new(method, url).header("Accept", "text/html")).send();
        let kind = answer.header("content-type").map(str::to_owned);
        if !answer.text.is_empty() || kind.is_some() {
            let kind = kind.unwrap_or_else(|| "nothing".to_owned());
            assert!(TYPES.contains(&kind.as_str()), "{method} {url}: {kind}");
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{method} {url}"
            );
        }
        assert!(
            !answer.text.contains("<script"),
            "{method} {url}: {}",
            answer.text
        );
        seen.insert(answer.status());
    };
    for path in PATHS {
        // What a URI cannot hold is sent as a browser would.
        let url = format!("{service}{}", path.replace('<', "%3C").replace('>', "%3E"));
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            ask(method, &url, &|ask| ask);
        }
        for body in [
            "<script>alert(1)</script>",
            "{\"redirect_uris\":[\"<script>\"]}",
            "{}",
        ] {
            ask("POST", &url, &|ask| {
                ask.header("Content-Type", "application/json")
                    .body(body.as_bytes())
            });
            ask("POST", &url, &|ask| {
                ask.header("Content-Type", "text/html")
                    .body(body.as_bytes())
            });
            ask("PUT", &url, &|ask| {
                ask.bearer("<script>").body(body.as_bytes())
            });
        }
        ask("GET", &url, &|ask| {
            ask.header("X-Long", &"a".repeat(20_000))
        });
    }
    for path in ["/", "/healthz", "/readyz", "/metrics", "/nowhere"] {
        ask("GET", &format!("{management}{path}"), &|ask| ask);
        ask("POST", &format!("{management}{path}"), &|ask| ask);
    }
    for status in [200, 400, 401, 404, 405, 415, 431, 501] {
        assert!(seen.contains(&status), "{status} is not among {seen:?}");
    }
    assert!(
        server
            .clients()
            .iter()
            .all(|client| !client.to_string().contains("<script")),
        "{:?}",
        server.clients()
    );
    server.get("/jwks").json().get("keys").unwrap();
}
