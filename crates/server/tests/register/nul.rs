//! U+0000, which is JSON and no text of PostgreSQL: at no door, in no string or name.

use serde_json::{Value, json};

use super::support::{Postgres, Setup, TestServer};

/// Members with U+0000 in a string or a name that is kept, dropped or unknown.
const PLACES: [&str; 14] = [
    r#""client_name":"a\u0000b""#,
    r#""client_name#de":"\u0000""#,
    r#""client_name#\u0000":"x""#,
    r#""contacts":["a","\u0000"]"#,
    r#""software_id":"\u0000""#,
    r#""scope":"openid \u0000""#,
    r#""logo_uri":"https://rp.example/\u0000""#,
    r#""claims_redirect_uris":["https://rp.example/\u0000"]"#,
    r#""jwks":{"keys":[{"kty":"new","kid":"a\u0000b"}]}"#,
    r#""jwks":{"keys":[{"kty":"new","a\u0000b":1}]}"#,
    r#""jwks":{"keys":[{"kty":"new"}],"more":[{"x":["\\\u0000"]}]}"#,
    r#""unknown":"\u0000""#,
    r#""unknown\u0000":1"#,
    r#""unknown":{"a":[{"\u0000":[]}]}"#,
];

fn body(more: &str) -> Vec<u8> {
    format!(r#"{{"redirect_uris":["https://rp.example/cb"],{more}}}"#).into_bytes()
}

/// PostgreSQL §8.14: `jsonb` has no U+0000. It is refused in every place, at every endpoint, and an
/// update changes nothing.
#[test]
fn nul_is_refused_in_every_place() {
    let server = TestServer::open();
    let client = server.client();
    let before = server.clients();
    let id = format!(r#""client_id":{},"#, client["client_id"]);
    for place in PLACES {
        for ask in [
            server.request("POST", "/register").body(&body(place)),
            server
                .request("POST", "/identity/register")
                .admin()
                .body(&body(place)),
            server
                .manage("PUT", &client)
                .body(&body(&format!("{id}{place}"))),
        ] {
            let told = ask
                .header("Content-Type", "application/json")
                .send()
                .refused(400, "invalid_client_metadata");
            assert!(
                told.starts_with("The body has the character U+0000 at line 1, column "),
                "{place}: {told}"
            );
        }
        assert_eq!(server.manage("GET", &client).send().ok(), client, "{place}");
    }
    assert_eq!(server.clients(), before);
    // The six characters themselves are a text like any other.
    let asked = json!({ "redirect_uris": ["https://rp.example/cb"], "software_id": r"\u0000", "jwks": { "keys": [{ "kty": "new", r"\u0000": 1 }] } });
    let other = server
        .request("POST", "/register")
        .json(&asked)
        .send()
        .created();
    assert_eq!(
        (&other["software_id"], &other["jwks"]),
        (&asked["software_id"], &asked["jwks"])
    );
}

/// RFC 7592 §2: a client from before U+0000 was refused is found by `check`, can be read, and an update without it ends that.
#[test]
fn older_clients_with_nul_are_named_by_check() {
    let database = Postgres::new();
    let server = Setup::new()
        .on(&database)
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .start();
    let (client, other) = (server.client(), server.client());
    let id = |client: &Value| client["client_id"].as_str().unwrap().to_owned();
    assert!(!server.ran(&["check"]).contains("U+0000"));
    let query = "SELECT count(metadata::jsonb) FROM client";
    assert_eq!(database.select(query), Ok(vec!["2".to_owned()]));

    let jwks = r#"'{"jwks":{"keys":[{"kty":"new","kid":"a\\u0000b"}]},' || substr(metadata, 2)"#
        .replace(r"\\", r"\");
    database.execute(&format!(
        "UPDATE client SET metadata = {jwks} WHERE client_id = '{}'",
        id(&client)
    ));
    let failed = database.select(query).unwrap_err();
    assert!(
        failed.contains("unsupported Unicode escape sequence"),
        "{failed}"
    );
    let checked = server.ran(&["check"]);
    let note = format!(
        "note: 1 client has the character U+0000 in metadata or terms, at which every query with metadata::jsonb fails on PostgreSQL: {}; \
         an update without it, or `frontdesk client delete CLIENT_ID`, ends that\n",
        id(&client)
    );
    assert!(
        checked.contains(&note) && !checked.contains(&id(&other)),
        "{checked}"
    );

    let read = server.manage("GET", &client).send().ok();
    assert_eq!(read["jwks"]["keys"][0]["kid"], "a\0b");
    let mut update = json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"], "jwks": read["jwks"] });
    server
        .manage("PUT", &client)
        .json(&update)
        .send()
        .refused(400, "invalid_client_metadata");
    assert_eq!(server.manage("GET", &client).send().ok(), read);
    update["jwks"] = Value::Null;
    server.manage("PUT", &client).json(&update).send().ok();
    assert_eq!(database.select(query), Ok(vec!["2".to_owned()]));
    assert!(!server.ran(&["check"]).contains("U+0000"));
}
