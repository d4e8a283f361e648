//! Discovery whole: the signed document, the registration endpoint as a protected resource, and the mistakes a start refuses.
//! OIDC Discovery §3, RFC 8414 §2, RFC 9728.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

#[path = "discovery_whole/everything.rs"]
mod everything;
#[path = "discovery_whole/mistakes.rs"]
mod mistakes;
#[path = "discovery_whole/resource.rs"]
mod resource;
#[path = "discovery_whole/signed.rs"]
mod signed;

use support::{Setup, TestServer};

const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// A section of a provider whose authorization server is elsewhere; `more` is what else it says, then its document.
fn provider(issuer: &str, more: &str, metadata: &str) -> String {
    format!(
        "[[provider]]\nissuer = \"{issuer}\"\n{more}\n[provider.metadata]\n\
         authorization_endpoint = \"https://as.example/authorize\"\ntoken_endpoint = \"https://as.example/token\"\n{metadata}\n"
    )
}

fn serving(file: &str) -> TestServer {
    Setup::new().file(file).start()
}

/// Clients try the addresses of optional documents: a page of any origin may read that a document
/// does not exist, also with headers of its own. Fetch §3.2, RFC 9110 §15.5.5.
#[test]
fn missing_document_allows_cors() {
    let one = serving(&provider("https://login.example.com/a", "", ""));
    let several = serving(
        &[
            provider("https://login.example.com/a", "", ""),
            provider("https://other.example", "", ""),
        ]
        .join("\n"),
    );
    for server in [&one, &several] {
        for path in [
            CONFIGURATION,
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-protected-resource/mcp",
            "/nowhere",
        ] {
            let at = |method| {
                server
                    .request(method, path)
                    .header("Host", "login.example.com")
                    .header("Origin", "https://page.example")
            };
            for method in ["GET", "POST"] {
                let answer = at(method).send();
                assert_eq!(
                    answer.refused(404, "not_found"),
                    "There is nothing at this address."
                );
                assert_eq!(
                    answer.header("access-control-allow-origin"),
                    Some("*"),
                    "{method} {path}"
                );
                assert_eq!(
                    answer.header("access-control-allow-credentials"),
                    None,
                    "{method} {path}"
                );
            }
            let preflight = at("OPTIONS")
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
                ("access-control-allow-methods", Some("GET, HEAD")),
                (
                    "access-control-allow-headers",
                    Some("Authorization, Content-Type, MCP-Protocol-Version"),
                ),
                ("access-control-allow-credentials", None),
            ] {
                assert_eq!(preflight.header(header), value, "{path} {header}");
            }
            assert_eq!(
                at("OPTIONS").send().refused(404, "not_found"),
                "There is nothing at this address."
            );
        }
    }
}
