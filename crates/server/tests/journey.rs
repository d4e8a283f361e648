//! The whole journey, on both databases: WebFinger → discovery → registration → read → update → delete.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

use serde_json::{Value, json};
use support::{Postgres, Setup, TestServer};

fn journey(server: &TestServer) {
    let issuer = server.issuer();
    let found = server.get(&format!(
        "/.well-known/webfinger?resource=acct%3Aalice%40localhost%3A{}",
        server.port
    ));
    assert_eq!(found.status(), 200);
    assert_eq!(found.header("content-type"), Some("application/jrd+json"));
    let found = found.json();
    assert_eq!(
        found["links"],
        json!([{ "rel": "http://openid.net/specs/connect/1.0/issuer", "href": issuer }])
    );

    let document = server.get("/.well-known/openid-configuration").json();
    assert_eq!(document["issuer"], issuer.as_str());
    assert_eq!(
        document["registration_endpoint"],
        format!("{issuer}/register")
    );

    let client = server.client();
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(
        client["registration_client_uri"],
        format!(
            "{issuer}/register/{}",
            client["client_id"].as_str().unwrap()
        )
    );
    assert_eq!(server.manage("GET", &client).send().ok(), client);

    let mut asked = json!({
        "client_id": client["client_id"], "client_secret": client["client_secret"],
        "redirect_uris": ["https://rp.example/other"], "client_name": "Another name", "client_name#ja": "別名",
    });
    let updated = server.manage("PUT", &client).json(&asked).send().ok();
    assert_eq!(
        updated["redirect_uris"],
        json!(["https://rp.example/other"])
    );
    assert_eq!(updated["client_name#ja"], "別名");
    for kept in [
        "client_id",
        "client_secret",
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
    ] {
        assert_eq!(updated[kept], client[kept], "{kept}");
    }
    assert_eq!(server.manage("GET", &client).send().ok(), updated);
    asked["client_name#ja"] = Value::Null;
    assert!(
        server
            .manage("PUT", &client)
            .json(&asked)
            .send()
            .ok()
            .get("client_name#ja")
            .is_none()
    );

    server.manage("DELETE", &client).send().deleted();
    server
        .manage("GET", &client)
        .send()
        .refused(401, "invalid_token");
    server
        .manage("DELETE", &client)
        .send()
        .refused(401, "invalid_token");
}

/// The four steps of a client run on SQLite.
#[test]
fn four_steps_run_on_sqlite() {
    journey(&TestServer::start());
}

/// The four steps of a client run on PostgreSQL.
#[test]
fn four_steps_run_on_postgresql() {
    let database = Postgres::new();
    journey(&Setup::new().on(&database).start());
}
