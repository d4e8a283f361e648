//! Several providers in one deployment: tenants on one host, told apart by path; and several hosts, chosen by `Host`.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

#[path = "providers/accounts.rs"]
mod accounts;
#[path = "providers/hosts.rs"]
mod hosts;
#[path = "providers/tenants.rs"]
mod tenants;

use serde_json::{Value, json};
use support::{Answer, Ask, Setup, TestServer};

/// A deployment with these sections, whose authorization server is elsewhere.
fn serving(providers: &[(&str, &str)]) -> TestServer {
    let section = |(issuer, more): &(&str, &str)| {
        format!(
            "[[provider]]\nissuer = \"{issuer}\"\n{more}\n[provider.metadata]\n\
             authorization_endpoint = \"https://as.example/authorize\"\ntoken_endpoint = \"https://as.example/token\"\n"
        )
    };
    let file: Vec<_> = providers.iter().map(section).collect();
    Setup::new()
        .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "0")
        .file(&file.join("\n"))
        .start()
}

/// A request at a path of one of several hosts.
fn at(server: &TestServer, host: &str, method: &str, path: &str) -> Ask {
    server.request(method, path).header("Host", host)
}

/// The plainest client there is.
fn plain(name: &str) -> Value {
    json!({ "client_name": name, "grant_types": ["password"] })
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

fn token(client: &Value) -> &str {
    client["registration_access_token"].as_str().unwrap()
}

/// RFC 7592 §2: another provider's client is an unknown client.
fn refuses_as_unknown(answer: &Answer) {
    let description = answer.refused(401, "invalid_token");
    assert_eq!(
        description,
        "The credentials are wrong, expired or revoked, or the client does not exist."
    );
}
