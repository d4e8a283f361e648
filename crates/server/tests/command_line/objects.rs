//! The output for programs: JSON objects with numbers for times, and null for what is absent.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PASSWORD, Setup, TestServer};
use crate::{fed, fixed, gave, text};

/// Words that stand for an absent value in a table, and must not stand in JSON.
const WORDS: [&str; 5] = ["never", "-", "(hidden)", "any", "none"];

/// The objects that a command printed, one per line.
#[track_caller]
fn objects(server: &TestServer, arguments: &[&str]) -> Vec<Value> {
    let printed = server.ran(&[arguments, &["--json"]].concat());
    printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[track_caller]
fn object(server: &TestServer, arguments: &[&str]) -> Value {
    let [object] = objects(server, arguments).try_into().unwrap();
    object
}

/// Fails if any text in a value is a word for an absent value or a time in ISO 8601.
#[track_caller]
fn check_values(value: &Value) {
    match value {
        Value::String(text) => {
            let is_time = text.len() >= 10
                && text
                    .as_bytes()
                    .iter()
                    .take(10)
                    .enumerate()
                    .all(|(at, byte)| match at {
                        4 | 7 => *byte == b'-',
                        _ => byte.is_ascii_digit(),
                    });
            assert!(!WORDS.contains(&text.as_str()) && !is_time, "{text}");
        }
        Value::Array(values) => values.iter().for_each(check_values),
        Value::Object(members) => members.values().for_each(check_values),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every list prints objects with numbers and null.
#[test]
fn lists_have_numbers_and_null() {
    let server = fixed(None).with("FRONTDESK_CLIENT_LIFETIME", "1h").start();
    let client = server.client();
    let id = client["client_id"].as_str().unwrap();
    server.ran(&["token", "issue"]);
    server.ran(&["token", "issue", "--expires-in", "1h", "--uses", "2"]);
    server.ran(&["key", "rotate"]);
    let lists: [&[&str]; 7] = [
        &["account", "list"],
        &["token", "list"],
        &["client", "list"],
        &["client", "show", id],
        &["key", "list"],
        &["provider", "list"],
        &["audit"],
    ];
    for arguments in lists {
        let listed = objects(&server, arguments);
        assert!(!listed.is_empty(), "{arguments:?}");
        listed.iter().for_each(check_values);
    }
    let time = |value: &Value| assert!(value.as_i64().unwrap() > 1_700_000_000, "{value}");
    time(&object(&server, &["account", "list"])["created_at"]);
    let mut tokens = objects(&server, &["token", "list"]);
    tokens.sort_by_key(|token| token["uses_left"].as_i64());
    assert_eq!(
        (&tokens[0]["uses_left"], &tokens[0]["expires_at"]),
        (&Value::Null, &Value::Null)
    );
    time(&tokens[1]["expires_at"]);
    let shown = object(&server, &["client", "show", id]);
    time(&shown["issued_at"]);
    assert_eq!(
        shown["expires_at"].as_i64().unwrap(),
        shown["issued_at"].as_i64().unwrap() + 3600
    );
    assert_eq!(shown["last_used_at"], Value::Null);
    assert_eq!(
        (&shown["client_secret"], &shown["has_client_secret"]),
        (&Value::Null, &json!(true))
    );
    let shown = object(&server, &["client", "show", id, "--with-secret"]);
    assert_eq!(shown["client_secret"], client["client_secret"]);
    let keys = objects(&server, &["key", "list"]);
    assert_eq!(keys.len(), 4);
    for key in &keys {
        assert_eq!(key["provider"], "http://localhost:9443");
        time(&key["signs_from"]);
        match key["state"].as_str().unwrap() {
            "signing" => time(&key["signs_until"]),
            _ => assert_eq!(key["signs_until"], Value::Null),
        }
    }
    time(&objects(&server, &["audit"])[0]["time"]);
    let provider = object(&server, &["provider", "list"]);
    time(&provider["keys"][0]["created_at"]);
    assert_eq!(provider["clients"], 1);
}

/// Every command that changes something prints what it did as one object.
#[test]
fn changes_are_printed_as_objects() {
    let server = fixed(None).start();
    let client = server.client();
    let id = client["client_id"].as_str().unwrap();
    let typed = |arguments: &[&str]| -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let input = format!("{PASSWORD}\n");
        let output = fed(
            &fixed(None),
            server.folder.path(),
            &arguments,
            input.as_bytes(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(
        typed(&["account", "add", "alice"]),
        json!({ "added": "alice", "role": "registrar", "provider": null })
    );
    assert_eq!(
        typed(&["account", "password", "alice"]),
        json!({ "changed": "alice" })
    );
    assert_eq!(
        object(&server, &["account", "remove", "alice"]),
        json!({ "removed": "alice" })
    );
    let token = object(&server, &["token", "issue"]);
    assert!(token["token"].as_str().unwrap().starts_with("iat_"));
    assert_eq!(token["expires_at"], Value::Null);
    let token = token["id"].as_str().unwrap();
    assert_eq!(
        object(&server, &["token", "revoke", token]),
        json!({ "revoked": token })
    );
    let reissued = object(&server, &["client", "reissue", id]);
    assert_eq!(reissued["client_id"], id);
    assert!(
        reissued["registration_access_token"]
            .as_str()
            .unwrap()
            .starts_with("rat_")
    );
    assert_eq!(
        object(&server, &["client", "export", "clients.jsonl"]),
        json!({ "exported": 1 })
    );
    assert_eq!(
        object(&server, &["client", "delete", id]),
        json!({ "deleted": id })
    );
    for (dry_run, flag) in [(true, &["--dry-run"][..]), (false, &[])] {
        assert_eq!(
            object(
                &server,
                &[&["client", "import", "clients.jsonl"], flag].concat()
            ),
            json!({ "imported": 1, "present": 0, "dry_run": dry_run })
        );
    }
    for (dry_run, flag) in [(true, &["--dry-run"][..]), (false, &[])] {
        assert_eq!(
            object(&server, &[&["purge"], flag].concat()),
            json!({ "clients": 0, "tokens": 0, "keys": 0, "dry_run": dry_run })
        );
    }
    let backup = object(&server, &["backup", "a.backup"]);
    assert_eq!(backup["file"], "a.backup");
    assert_eq!(
        object(&server, &["restore", "--replace", "a.backup"]),
        json!({ "restored": backup["rows"] })
    );
    assert_eq!(objects(&server, &["key", "rotate"]).len(), 4);
}

/// A migration and the health of the service are objects too.
#[test]
fn migration_and_health_are_objects() {
    let folder = TempDir::new().unwrap();
    let migrate = |setup: &Setup| -> Value {
        serde_json::from_str(&gave(setup, folder.path(), &["migrate", "--json"], b"")).unwrap()
    };
    let setup = fixed(None);
    assert_eq!(migrate(&setup)["applied"][0], "0001_client");
    assert_eq!(migrate(&setup), json!({ "applied": [] }));
    let server = setup.start();
    let listens = format!("127.0.0.1:{}", server.management);
    let asked = ["health", "--management-listen", &listens];
    assert_eq!(
        object(&server, &asked),
        json!({ "healthy": true, "answer": "ready" })
    );
}
