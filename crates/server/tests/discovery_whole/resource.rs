//! The registration endpoint as a protected resource. RFC 9728.

use serde_json::json;

use crate::{provider, serving};

/// RFC 9728 §2, §3.1, §3.3: the well-known segment stands between host and path, and the document names the very resource.
#[test]
fn resource_metadata_describes_endpoint() {
    for (issuer, path) in [
        ("https://login.example.com", "/register"),
        ("https://login.example.com/", "/register"),
        ("https://login.example.com:8443/a/b", "/a/b/register"),
    ] {
        let server = serving(&provider(issuer, "", ""));
        let answer = server.get(&format!("/.well-known/oauth-protected-resource{path}"));
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (200, Some("application/json")),
            "{issuer}"
        );
        let resource = format!("{}/register", issuer.trim_end_matches('/'));
        assert_eq!(
            answer.json(),
            json!({
                "resource": resource,
                "authorization_servers": [issuer],
                "bearer_methods_supported": ["header"],
                "resource_name": "Client registration",
            })
        );
        let origin = if issuer.contains(":8443") {
            "https://login.example.com:8443"
        } else {
            "https://login.example.com"
        };
        assert_eq!(
            resource,
            format!("{origin}{path}"),
            "the resource is where its metadata was looked for"
        );
        server
            .get("/.well-known/oauth-protected-resource")
            .refused(404, "not_found");
    }
}

/// RFC 9728 §2: each provider speaks for its own endpoint; a closed one has none.
#[test]
fn each_provider_speaks_for_its_own_endpoint() {
    let file = [
        provider("https://one.example", "", ""),
        provider("https://one.example/t/acme", "registration = \"open\"", ""),
        provider(
            "https://one.example/t/shut",
            "registration = \"closed\"",
            "",
        ),
        provider("https://two.example", "", ""),
    ];
    let server = serving(&file.join("\n"));
    let at = |host: &str, path: &str| {
        server
            .request(
                "GET",
                &format!("/.well-known/oauth-protected-resource{path}"),
            )
            .header("Host", host)
            .send()
    };
    for (host, path, issuer) in [
        ("one.example", "/register", "https://one.example"),
        (
            "one.example",
            "/t/acme/register",
            "https://one.example/t/acme",
        ),
        ("two.example", "/register", "https://two.example"),
    ] {
        let document = at(host, path).json();
        assert_eq!(document["resource"], format!("{issuer}/register"));
        assert_eq!(document["authorization_servers"], json!([issuer]));
    }
    for (host, path) in [
        ("one.example", "/t/shut/register"),
        ("two.example", "/t/acme/register"),
        ("one.example", "/register//"),
    ] {
        at(host, path).refused(404, "not_found");
    }
    assert_eq!(at("evil.example", "/register").status(), 421);
}

/// RFC 9728 §3.2, RFC 9110 §9.3.2, §13.1.2, §15.5.6: the resource metadata is read like every other
/// document.
#[test]
fn resource_metadata_is_read_by_get() {
    let server = serving(&provider("https://login.example.com", "", ""));
    let path = "/.well-known/oauth-protected-resource/register";
    let get = server
        .request("GET", path)
        .header("Origin", "https://page.example")
        .send();
    let tag = get.header("etag").unwrap();
    assert_eq!(
        (
            get.header("cache-control"),
            get.header("access-control-allow-origin")
        ),
        (Some("public, max-age=3600"), Some("*"))
    );
    let head = server.request("HEAD", path).send();
    assert_eq!(
        (head.status(), head.text.as_str(), head.header("etag")),
        (200, "", Some(tag))
    );
    let known = server
        .request("GET", path)
        .header("If-None-Match", tag)
        .send();
    assert_eq!((known.status(), known.text.as_str()), (304, ""));
    let preflight = server
        .request("OPTIONS", path)
        .header("Access-Control-Request-Method", "GET")
        .send();
    assert_eq!(
        (
            preflight.status(),
            preflight.header("access-control-allow-methods")
        ),
        (204, Some("GET, HEAD, OPTIONS"))
    );
    let post = server.request("POST", path).send();
    post.refused(405, "invalid_request");
    assert_eq!(post.header("allow"), Some("GET, HEAD, OPTIONS"));
}
