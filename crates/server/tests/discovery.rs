//! The provider's document, the same at every address where clients look for it, and its keys.
//! OIDC Discovery §4, RFC 8414 §3, RFC 7517.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

#[path = "discovery/conformance.rs"]
mod conformance;
#[path = "discovery/exchange.rs"]
mod exchange;
#[path = "discovery/extra.rs"]
mod extra;
#[path = "discovery/offer.rs"]
mod offer;

use support::{Setup, TestServer};

/// A provider whose authorization server is elsewhere; `more` is what else its section says, then its document's.
fn provider(issuer: &str, more: &str, metadata: &str) -> String {
    format!(
        "[[provider]]\nissuer = \"{issuer}\"\n{more}\n[provider.metadata]\n\
         authorization_endpoint = \"https://as.example/authorize\"\ntoken_endpoint = \"https://as.example/token\"\n{metadata}\n"
    )
}

fn serving(issuer: &str) -> TestServer {
    Setup::new().file(&provider(issuer, "", "")).start()
}

const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// The addresses of a document and of its keys, by issuer; OIDC Discovery §4, RFC 8414 §3 and §3.1, and those WSO2 clients ask.
const ADDRESSES: [(&str, &[&str], &[&str]); 4] = [
    (
        "https://login.example.com",
        &[
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
        ],
        &["/jwks", "/oauth2/jwks"],
    ),
    (
        "https://login.example.com/",
        &[
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
        ],
        &["/jwks", "/oauth2/jwks"],
    ),
    (
        "https://login.example.com:8443/a/b",
        &[
            "/a/b/.well-known/openid-configuration",
            "/.well-known/openid-configuration/a/b",
            "/.well-known/oauth-authorization-server/a/b",
            "/a/b/.well-known/oauth-authorization-server",
            "/a/b/oauth2/oidcdiscovery/.well-known/openid-configuration",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
        ],
        &["/a/b/jwks", "/a/b/oauth2/jwks", "/oauth2/jwks"],
    ),
    (
        "https://login.example.com/a/",
        &[
            "/a/.well-known/openid-configuration",
            "/.well-known/openid-configuration/a",
            "/.well-known/oauth-authorization-server/a",
            "/a/.well-known/oauth-authorization-server",
            "/a/oauth2/oidcdiscovery/.well-known/openid-configuration",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
        ],
        &["/a/jwks", "/a/oauth2/jwks", "/oauth2/jwks"],
    ),
];

/// OIDC Discovery §4.3, RFC 8414 §3.3: one document, whose issuer is the configured one byte for byte.
#[test]
fn every_address_has_the_same_document() {
    for (issuer, documents, jwks) in ADDRESSES {
        let server = serving(issuer);
        let first = server.get(documents[0]);
        let endpoint = |name: &str| format!("{}/{name}", issuer.trim_end_matches('/'));
        assert_eq!(first.json()["issuer"], issuer);
        assert_eq!(first.json()["jwks_uri"], endpoint("jwks"));
        assert_eq!(first.json()["registration_endpoint"], endpoint("register"));
        for (same, paths) in [(&first, documents), (&server.get(jwks[0]), jwks)] {
            for path in paths {
                let answer = server.get(path);
                assert_eq!(
                    (answer.status(), answer.header("content-type")),
                    (200, Some("application/json")),
                    "{issuer} {path}"
                );
                assert_eq!(answer.text, same.text, "{issuer} {path}");
                assert_eq!(
                    answer.header("etag"),
                    same.header("etag"),
                    "{issuer} {path}"
                );
            }
        }
        let found = server.get("/.well-known/webfinger?resource=acct:alice@login.example.com");
        assert_eq!(found.json()["links"][0]["href"], issuer);
    }
}

/// RFC 9110 §15.5.5: an unknown address is answered 404 in JSON.
#[test]
fn unknown_address_is_answered_in_json() {
    let root = serving("https://login.example.com");
    let below = serving("https://login.example.com/a");
    for (server, path) in [
        (&root, "/"),
        (&root, "/.well-known/openid-configuration//"),
        (&root, "/.well-known/openid-configuration/a"),
        (&root, "/a/.well-known/openid-configuration"),
        (&root, "/.well-known/oauth-protected-resource"),
        (&root, "/jwks//"),
        (&root, "//jwks"),
        (&root, "/JWKS"),
        (&root, "/healthz"),
        (&root, "/metrics"),
        (&root, "/oauth2/authorize"),
        (&below, CONFIGURATION),
        (&below, "/.well-known/oauth-authorization-server"),
        (&below, "/.well-known/openid-configuration/a/b"),
        (&below, "/jwks"),
        (&below, "/register"),
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = server.request(method, path).send();
            assert_eq!(
                answer.refused(404, "not_found"),
                "There is nothing at this address.",
                "{method} {path}"
            );
        }
    }
}
