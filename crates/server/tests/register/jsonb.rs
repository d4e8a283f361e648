//! The store as another program reads it: every column that docs/store.md calls JSON is JSON for PostgreSQL.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use protocol::ClientMetadata;
use serde_json::{Value, json};

use super::support::{Postgres, Setup};

#[path = "../../../../fuzz/tests/near_valid/members.rs"]
#[expect(clippy::panic, reason = "a test says what it expects")]
mod members;

const PAGE: &str = include_str!("../../../../docs/store.md");

/// A provider that offers something in every list of the table.
fn everything() -> String {
    let mut file = "[[provider]]\nissuer = \"http://localhost:9443\"\nregistration = \"open\"\n[provider.metadata]\n".to_owned();
    let mut lists: Vec<&str> = ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.offered)
        .collect();
    lists.retain(|list| {
        ![
            "grant_types_supported",
            "response_types_supported",
            "scopes_supported",
        ]
        .contains(list)
    });
    lists.retain(|list| !list.starts_with("token_endpoint_"));
    lists.sort_unstable();
    lists.dedup();
    for list in lists {
        writeln!(file, r#"{list} = ["value", "RS256", "ES256", "none", "RSA-OAEP", "dir", "A256GCM", "A128CBC-HS256", "pairwise"]"#)
            .unwrap();
    }
    file
}

/// Members that are valid or nearly so, half of them with a key of a type that is kept as it is sent.
fn any_body() -> impl Strategy<Value = Value> {
    let key = ("\\PC{0,6}", members::any_json()).prop_map(
        |(name, value)| json!({ "keys": [{ "kty": "new", "more": value.clone(), name: value }] }),
    );
    (members::any_members(), proptest::option::of(key)).prop_map(|(mut body, jwks)| {
        if let (Some(jwks), Some(body)) = (jwks, body.as_object_mut()) {
            body.insert("jwks".to_owned(), jwks);
            body.remove("jwks_uri");
        }
        body
    })
}

/// The columns of a table in a section of the page, and whether each is called JSON there.
fn columns(section: &str) -> Vec<(&'static str, bool)> {
    let text = PAGE
        .split("\n## ")
        .find(|text| text.starts_with(section))
        .unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let columns = rows.map(|row| (row.split('`').next().unwrap(), row.contains("JSON")));
    // The section has another table, of the grammar of patterns.
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    columns.filter(|(name, _)| is_name(name)).collect()
}

/// docs/store.md, "Clients": an authorization server reads members with the database's own JSON functions.
#[test]
fn accepted_metadata_is_json_for_postgresql() {
    let database = Postgres::new();
    let server = Setup::new().on(&database).file(&everything()).start();
    let imposed = json!({ "jwks": { "keys": [{ "kty": "new", "kid": "\\u0000\u{2028}" }] } });
    let token = server.ran(&["token", "issue", "--metadata", &imposed.to_string()]);
    let plain = json!({ "redirect_uris": ["https://rp.example/cb"] });
    server
        .request("POST", "/register")
        .bearer(token.trim_end())
        .json(&plain)
        .send()
        .created();

    let (strategy, mut runner) = (any_body(), TestRunner::deterministic());
    let (mut accepted, mut with_keys) = (1, 0);
    for _ in 0..500 {
        let body = strategy.new_tree(&mut runner).unwrap().current();
        let answer = server.request("POST", "/register").json(&body).send();
        assert!(
            [201, 400].contains(&answer.status()),
            "{body}: {}",
            answer.status()
        );
        if answer.status() == 201 {
            accepted += 1;
            with_keys += usize::from(body.get("jwks").is_some());
        }
    }
    assert!(
        accepted > 100 && with_keys > 40,
        "{accepted} were accepted, {with_keys} with keys"
    );

    for (section, table, json, rows) in [
        (
            "Clients",
            "client",
            &["metadata", "terms"][..],
            Some(accepted),
        ),
        ("Signing keys", "signing_key", &["public_jwk"], None),
    ] {
        let columns = columns(section);
        assert!(
            json.iter().all(|column| columns.contains(&(column, true))),
            "{columns:?}"
        );
        let counts: Vec<String> = columns
            .iter()
            .map(|(column, json)| {
                format!(
                    "count({column}::{})",
                    if *json { "jsonb::text" } else { "text" }
                )
            })
            .collect();
        let read = database
            .select(&format!(
                "SELECT count(*), {} FROM {table}",
                counts.join(", ")
            ))
            .unwrap();
        let counted = read[0].split('|').next().unwrap();
        assert!(
            rows.map_or_else(|| counted != "0", |rows| counted == rows.to_string()),
            "{table}: {read:?}"
        );
    }
    let names = database
        .select("SELECT count(metadata::jsonb ->> 'client_name') FROM client")
        .unwrap();
    assert_ne!(names, ["0"]);
}
