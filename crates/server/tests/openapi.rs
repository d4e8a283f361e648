//! The description in `docs/openapi.json` beside the service: every address it names is there, with the methods it names
//! and no other, and answers as it says.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Answer, Ask, PASSWORD, Setup, TestServer};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A provider at the root and a tenant's, as the description has them.
fn serving() -> TestServer {
    let provider = |issuer: &str| {
        format!(
            "[[provider]]\nissuer = \"{issuer}\"\nregistration = \"open\"\nauthorization_hop = true\n[provider.metadata]\n\
             authorization_endpoint = \"{issuer}/login\"\ntoken_endpoint = \"{issuer}/token\"\n"
        )
    };
    let file =
        provider("https://localhost:9443") + &provider("https://localhost:9443/t/example.com");
    Setup::new().file(&file).start()
}

fn description() -> Value {
    server::openapi::description()
}

/// Follows a reference.
fn resolved<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    value.get("$ref").map_or(value, |at| {
        description
            .pointer(at.as_str().unwrap().trim_start_matches('#'))
            .expect("a component")
    })
}

/// Asserts that an operation describes an answer: its status, its media type, and every header field.
fn check(description: &Value, operation: &Value, asked: &str, answer: &Answer) {
    let status = answer.status().to_string();
    let answers = &operation["responses"];
    let described = resolved(
        description,
        answers
            .get(&status)
            .unwrap_or_else(|| panic!("{asked}: {status} is not described")),
    );
    for (name, header) in described["headers"].as_object().unwrap() {
        let values = answer.headers(name);
        assert!(!values.is_empty(), "{asked}: {status} without {name}");
        let schema = &resolved(description, header)["schema"];
        if let Some(only) = schema["const"].as_str() {
            assert_eq!(values, [only], "{asked}: {name}");
        }
    }
    if let Some(content) = described.get("content").and_then(Value::as_object) {
        let types: Vec<&str> = content.keys().map(String::as_str).collect();
        assert_eq!(answer.headers("content-type"), types, "{asked}: {status}");
    } else {
        assert_eq!(
            (answer.text.as_str(), answer.header("content-type")),
            ("", None),
            "{asked}: {status}"
        );
    }
}

/// `OpenAPI` 3.1.1 §4.8.9: every described address is served with its methods and no others.
#[test]
fn described_methods_are_served() {
    let (server, description) = (serving(), description());
    let mut seen = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let port = if item.get("servers").is_some() {
            server.management
        } else {
            server.port
        };
        let url = format!(
            "http://127.0.0.1:{port}{}",
            path.replace("{tenant}", "example.com")
                .replace("{client_id}", "nobody")
        );
        for method in METHODS {
            let answer = Ask::new(method, &url).send();
            let asked = format!("{method} {path}");
            let Some(operation) = item.get(method.to_ascii_lowercase()) else {
                assert_eq!(answer.status(), 405, "{asked} is not described");
                continue;
            };
            assert_ne!(answer.status(), 404, "{asked} is not there");
            check(&description, operation, &asked, &answer);
            seen.insert(answer.status());
        }
    }
    assert_eq!(Vec::from_iter(seen), [200, 204, 302, 400, 401, 415]);
}

/// Every answer of a client's lifecycle, at each registration endpoint, is described.
#[test]
fn lifecycle_answers_are_described() {
    let (server, description) = (serving(), description());
    let operation = |path: &str, method: &str| &description["paths"][path][method];
    let metadata =
        json!({ "redirect_uris": ["https://client.example/callback"], "client_name": "Example" });
    for (shown, path) in [("", ""), ("/t/{tenant}", "/t/example.com")] {
        let (register, manage) = (
            format!("{shown}/register"),
            format!("{shown}/register/{{client_id}}"),
        );
        let registered = server
            .request("POST", &format!("{path}/register"))
            .json(&metadata)
            .send();
        check(
            &description,
            operation(&register, "post"),
            &register,
            &registered,
        );
        let client = registered.created();
        let (id, token) = (
            client["client_id"].as_str().unwrap(),
            client["registration_access_token"].as_str().unwrap(),
        );
        let ask = |method| {
            server
                .request(method, &format!("{path}/register/{id}"))
                .bearer(token)
        };
        let update =
            json!({ "client_id": id, "redirect_uris": ["https://client.example/callback"] });
        for (method, asked, status) in [
            ("get", ask("GET"), 200),
            ("head", ask("HEAD"), 200),
            ("put", ask("PUT").json(&update), 200),
            ("put", ask("PUT").json(&json!({})), 400),
            (
                "put",
                ask("PUT").header("Content-Type", "text/plain").body(b"{}"),
                415,
            ),
            ("delete", ask("DELETE"), 204),
            ("delete", ask("DELETE"), 401),
        ] {
            let answer = asked.send();
            assert_eq!(answer.status(), status, "{method} {manage}");
            check(&description, operation(&manage, method), &manage, &answer);
        }
        let legacy = format!("{shown}/identity/connect/register");
        let registered = server
            .request("POST", &format!("{path}/identity/connect/register"))
            .basic("admin", PASSWORD)
            .json(&metadata)
            .send();
        check(
            &description,
            operation(&legacy, "post"),
            &legacy,
            &registered,
        );
        let id = registered.created()["client_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let unregister = format!("{shown}/identity/register/{{client_id}}");
        for (name, status) in [("Another", 403), ("Example", 204)] {
            let url = format!("{path}/identity/register/{id}?userId=admin&applicationName={name}");
            let answer = server
                .request("DELETE", &url)
                .basic("admin", PASSWORD)
                .send();
            assert_eq!(answer.status(), status, "{url}: {}", answer.text);
            check(
                &description,
                operation(&unregister, "delete"),
                &unregister,
                &answer,
            );
        }
    }
}
