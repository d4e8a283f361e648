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
    with(&alices, &owned("alice", "Shop")).refused(400, "invalid_client_metadata");
    assert_eq!(
        with(&alices, &plain("Shop")).created()["client_name"],
        "Shop"
    );
    with(&alices, &plain("Another")).refused(401, "invalid_token");
    assert_eq!(owners(), [Value::Null, json!("alice"), json!("alice")]);
}

/// The composed name belongs to the owner: a second client of that name is refused, and the secret
/// of the first client stays.
#[test]
fn composed_name_is_unique_per_owner() {
    let server = setup().start();
    let owned = |owner: &str, name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": owner });
    let first = register(&server, &owned("test_owner", "TestApplication")).created();
    let before = server.clients();
    for path in DOORS {
        let refusal = server
            .request("POST", path)
            .admin()
            .json(&owned("test_owner", "TestApplication"))
            .send();
        assert_eq!(
            refusal.expect(400),
            json!({
                "error": "invalid_client_metadata",
                "error_description": "client_name conflicts: this owner has a client of the composed name already.",
            })
        );
    }
    assert_eq!(server.clients(), before);
    assert_eq!(server.manage("GET", &first).send().ok(), first);

    for other in [
        owned("other_owner", "TestApplication"),
        owned("test_owner", "Other"),
        plain("test_owner_TestApplication"),
        plain("Same"),
        plain("Same"),
    ] {
        assert_ne!(
            register(&server, &other).created()["client_id"],
            first["client_id"],
            "{other}"
        );
    }
    server
        .register(&plain("test_owner_TestApplication"))
        .created();

    unregister(
        &server,
        id(&first),
        "?userId=test_owner&applicationName=test_owner_TestApplication",
    )
    .admin()
    .send()
    .deleted();
    assert_ne!(
        register(&server, &owned("test_owner", "TestApplication")).created()["client_id"],
        first["client_id"]
    );
}

fn race_for_one_name(server: &TestServer) {
    let owned = |name: &str| json!({ "client_name": name, "grant_types": ["password"], "ext_param_owner": "racer" });
    let statuses = |name: fn(usize) -> String| {
        thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|n| scope.spawn(move || register(server, &owned(&name(n))).status()))
                .collect();
            let mut statuses: Vec<u16> = racers
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .collect();
            statuses.sort_unstable();
            statuses
        })
    };
    assert_eq!(
        statuses(|_| "same".to_owned()),
        [201, 400, 400, 400, 400, 400, 400, 400]
    );
    // Half of them want the taken name, and that is no reason to refuse the others.
    let mixed = statuses(|n| {
        if n % 2 == 0 {
            "same".to_owned()
        } else {
            format!("own-{n}")
        }
    });
    assert_eq!(mixed, [201, 201, 201, 201, 400, 400, 400, 400]);
    let mut names: Vec<_> = server
        .clients()
        .iter()
        .map(|client| client["composed_name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "racer_own-1",
            "racer_own-3",
            "racer_own-5",
            "racer_own-7",
            "racer_same"
        ]
    );
}

/// Concurrent requests for the same composed name register a single client on SQLite.
#[test]
fn raced_name_is_given_once_on_sqlite() {
    race_for_one_name(&setup().start());
}

/// Concurrent requests for the same composed name register a single client on PostgreSQL.
#[test]
fn raced_name_is_given_once_on_postgresql() {
    let database = Postgres::new();
    race_for_one_name(&setup().on(&database).start());
}
