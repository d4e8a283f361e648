//! `ext_param_owner`: whose a client is, and what it is called then.

use std::thread;

use serde_json::{Value, json};

use crate::support::{PASSWORD, Postgres, TestServer};
use crate::{DOORS, door, id, plain, register, setup, unregister};

/// An administrator may name any owner; a registrar may name only itself.
#[test]
fn owner_depends_on_the_role() {
    let server = setup().start();
    server.account("alice", "registrar");
    let owned = |owner: Value, name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": owner });
    let owner_of = |client: &Value| {
        let known = server
            .clients()
            .into_iter()
            .find(|known| known["client_id"] == client["client_id"])
            .unwrap();
        known["owner"].clone()
    };

    let client = register(&server, &owned(json!("application_owner"), "application_1")).created();
    assert_eq!(client["client_name"], "application_owner_application_1");
    assert_eq!(client.get("ext_param_owner"), None);
    assert_eq!(owner_of(&client), "application_owner");
    assert_eq!(server.manage("GET", &client).send().ok(), client);

    let client = door(&server)
        .basic("alice", PASSWORD)
        .json(&owned(json!("alice"), "Shop"))
        .send()
        .created();
    assert_eq!(
        (client["client_name"].as_str(), owner_of(&client)),
        (Some("alice_Shop"), json!("alice"))
    );
    for absent in [plain("Shop"), owned(Value::Null, "Shop")] {
        let client = door(&server)
            .basic("alice", PASSWORD)
            .json(&absent)
            .send()
            .created();
        assert_eq!(
            (client["client_name"].as_str(), owner_of(&client)),
            (Some("Shop"), json!("alice"))
        );
    }

    let before = server.clients();
    for other in ["admin", "bob", "Alice"] {
        let refusal = door(&server)
            .basic("alice", PASSWORD)
            .json(&owned(json!(other), "Other"))
            .send();
        assert_eq!(
            refusal.expect(403),
            json!({ "error": "access_denied", "error_description": "You may not register clients for this application owner." })
        );
    }
    let long = "x".repeat(65);
    for nobody in [
        json!(""),
        json!(" "),
        json!("two words"),
        json!("a/b"),
        json!("bob@nowhere"),
        json!(long),
        json!(7),
        json!(["bob"]),
        json!(true),
    ] {
        for (name, password) in [("admin", PASSWORD), ("alice", PASSWORD)] {
            let refusal = door(&server)
                .basic(name, password)
                .json(&owned(nobody.clone(), "Other"))
                .send();
            assert_eq!(
                refusal.expect(400),
                json!({ "error": "invalid_client_metadata", "error_description": "Invalid application owner." }),
                "{nobody}"
            );
        }
    }
    assert_eq!(server.clients(), before);
}

/// RFC 7591 §1.2: an initial access token registers clients for the owner that it names, or for no
/// owner.
#[test]
fn token_registers_only_for_its_owner() {
    let server = setup().start();
    let owned = |owner: &str, name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": owner });
    let with = |token: &str, asked: &Value| door(&server).bearer(token.trim()).json(asked).send();
    let owners = || {
        server
            .clients()
            .iter()
            .map(|client| client["owner"].clone())
            .collect::<Vec<_>>()
    };

    let nobodys = server.ran(&["token", "issue", "--uses", "1"]);
    with(&nobodys, &owned("alice", "Shop")).refused(403, "access_denied");
    assert_eq!(
        with(&nobodys, &plain("Shop")).created()["client_name"],
        "Shop"
    );
    with(&nobodys, &plain("Shop")).refused(401, "invalid_token");
    assert_eq!(owners(), [Value::Null]);

    server.account("alice", "registrar");
    let alices = server.ran(&["token", "issue", "--uses", "2", "--owner", "alice"]);
    with(&alices, &owned("bob", "Shop")).refused(403, "access_denied");
    assert_eq!(
        with(&alices, &owned("alice", "Shop")).created()["client_name"],
        "alice_Shop"
    );
    // What was refused has not used the token up.
    with(&alices, &owned("a lice", "Shop")).refused(400, "invalid_client_metadata");
    assert_eq!(
        with(&alices, &plain("Shop")).created()["client_name"],
        "Shop"
    );
    with(&alices, &plain("Another")).refused(401, "invalid_token");
    assert_eq!(owners(), [Value::Null, json!("alice"), json!("alice")]);
}

/// RFC 7591 §3.2.1: a second client of one composed name has an identifier of its own, and the first keeps its secret.
#[test]
fn composed_name_may_repeat() {
    let server = setup().start();
    let owned = |owner: &str, name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": owner });
    let first = register(&server, &owned("test_owner", "TestApplication")).created();
    let mut seen = vec![id(&first).to_owned()];
    for path in DOORS {
        let again = server
            .request("POST", path)
            .admin()
            .json(&owned("test_owner", "TestApplication"))
            .send()
            .created();
        assert_eq!(again["client_name"], first["client_name"]);
        assert_ne!(again["client_secret"], first["client_secret"]);
        assert!(!seen.contains(&id(&again).to_owned()));
        seen.push(id(&again).to_owned());
    }
    assert_eq!(server.manage("GET", &first).send().ok(), first);

    let query = "?userId=test_owner&applicationName=test_owner_TestApplication";
    unregister(&server, id(&first), query)
        .admin()
        .send()
        .deleted();
    let mut left: Vec<_> = server
        .clients()
        .iter()
        .map(|client| id(client).to_owned())
        .collect();
    left.sort();
    seen.remove(0);
    seen.sort();
    assert_eq!(left, seen);
}

fn race_for_one_name(server: &TestServer) {
    let asked =
        json!({ "client_name": "same", "grant_types": ["password"], "ext_param_owner": "racer" });
    let clients: Vec<Value> = thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| register(server, &asked).created()))
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let mut identifiers: Vec<_> = clients.iter().map(id).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 8);
    let stored = server.clients();
    assert_eq!(stored.len(), 8);
    assert!(
        stored
            .iter()
            .all(|client| client["composed_name"] == "racer_same")
    );
}

/// Concurrent requests for the same composed name register a client each on SQLite.
#[test]
fn raced_name_is_given_to_all_on_sqlite() {
    race_for_one_name(&setup().start());
}

/// Concurrent requests for the same composed name register a client each on PostgreSQL.
#[test]
fn raced_name_is_given_to_all_on_postgresql() {
    let database = Postgres::new();
    race_for_one_name(&setup().on(&database).start());
}
