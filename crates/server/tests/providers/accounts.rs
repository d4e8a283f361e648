//! Accounts that are held to one provider.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer};
use crate::tenants::{ACME, OTHER, ROOT, tenants};
use crate::{id, plain, refuses_as_unknown};

/// Each provider: its issuer and its path.
const ELSEWHERE: [(&str, &str); 2] = [(ROOT, ""), (OTHER, "/t/other")];

const DOORS: [&str; 3] = [
    "/register",
    "/identity/connect/register",
    "/identity/register",
];

/// Runs a command with [`PASSWORD`] on its standard input; gives its exit code and the last thing it said.
fn run(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = server.command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads no password.
    drop(writeln!(child.stdin.take().unwrap(), "{PASSWORD}"));
    let output = child.wait_with_output().unwrap();
    let said = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn refused(server: &TestServer, arguments: &[&str]) -> String {
    let (code, said) = run(server, arguments);
    assert_eq!(code, Some(1), "{arguments:?}: {said}");
    said.strip_prefix("frontdesk: ")
        .unwrap()
        .trim_end()
        .to_owned()
}

fn held(server: &TestServer, name: &str, role: &str) {
    let added = run(
        server,
        &["account", "add", name, "--role", role, "--provider", ACME],
    );
    assert_eq!(
        added,
        (Some(0), format!("added {name}, {role} at {ACME}\n"))
    );
}

fn ids(server: &TestServer, arguments: &[&str]) -> Vec<String> {
    let printed = server.ran(&[&["client", "list", "--json"], arguments].concat());
    printed
        .lines()
        .map(|line| id(&serde_json::from_str(line).unwrap()).to_owned())
        .collect()
}

/// RFC 7617 §2: an account that is held to another provider is refused like an unknown account, at
/// every endpoint.
#[test]
fn held_account_is_unknown_elsewhere() {
    let server = tenants();
    held(&server, "alice", "registrar");
    held(&server, "boss", "administrator");
    let attempt = |path: &str, door: &str, name: &str| {
        let ask = server
            .request("POST", &format!("{path}{door}"))
            .basic(name, PASSWORD);
        ask.json(&plain(&format!("{name} {door} {path}"))).send()
    };
    for name in ["alice", "boss"] {
        // What was proved where the account is known proves nothing elsewhere.
        for door in DOORS {
            attempt("/t/acme.example", door, name).created();
            for (issuer, path) in ELSEWHERE {
                let (unknown, nobody) = (attempt(path, door, name), attempt(path, door, "nobody"));
                refuses_as_unknown(&unknown);
                refuses_as_unknown(&nobody);
                assert_eq!(
                    unknown.headers("www-authenticate"),
                    nobody.headers("www-authenticate"),
                    "{issuer}{door}"
                );
            }
        }
    }
    let providers: Vec<Value> = server
        .clients()
        .into_iter()
        .map(|client| client["provider"].clone())
        .collect();
    assert_eq!(providers, vec![json!(ACME); 6]);
    let wrong = server.managed("/metrics").text.lines().find_map(|line| {
        line.strip_prefix("frontdesk_failed_logins_total ")?
            .parse()
            .ok()
    });
    assert_eq!(
        wrong,
        Some(24.0),
        "each is counted as a password that was wrong"
    );
    // An account that is held to none is known everywhere, as before.
    for (_, path) in ELSEWHERE {
        attempt(path, "/register", "admin").created();
    }
}

/// WSO2 Identity Server 5.3.0: `name@tenant` names an account at its tenant, which is one that is held to it too.
#[test]
fn held_account_owns_and_unregisters_at_its_tenant() {
    let server = tenants();
    held(&server, "alice", "registrar");
    let owning = |path: &str| {
        let metadata = json!({ "client_name": "Shop", "grant_types": ["password"], "ext_param_owner": "alice@acme.example" });
        server
            .request("POST", &format!("{path}/identity/register"))
            .basic("alice", PASSWORD)
            .json(&metadata)
            .send()
    };
    let client = owning("/t/acme.example").created();
    let unregister = |path: &str, name: &str| {
        let line = format!(
            "{path}/identity/register/{}?userId=alice@acme.example&applicationName={name}",
            id(&client)
        );
        server
            .request("DELETE", &line)
            .basic("alice", PASSWORD)
            .send()
    };
    for (_, path) in ELSEWHERE {
        refuses_as_unknown(&owning(path));
        refuses_as_unknown(&unregister(path, "alice@acme.example_Shop"));
    }
    assert_eq!(ids(&server, &[]), [id(&client)]);
    unregister("/t/acme.example", "alice@acme.example_Shop").deleted();
    assert!(server.clients().is_empty());
}

/// With the rights of an account that is held to a provider a command reaches the clients there.
#[test]
fn commands_as_a_held_account_reach_its_provider() {
    let server = tenants();
    held(&server, "boss", "administrator");
    held(&server, "alice", "registrar");
    server.account("carol", "registrar");
    let register = |path: &str, name: &str| {
        server
            .request("POST", &format!("{path}/register"))
            .basic(name, PASSWORD)
            .json(&plain(name))
            .send()
            .created()
    };
    let (there, alices, carols) = (
        register("/t/acme.example", "admin"),
        register("/t/acme.example", "alice"),
        register("/t/acme.example", "carol"),
    );
    let elsewhere = register("", "carol");
    let all = [id(&there), id(&alices), id(&carols), id(&elsewhere)];

    assert_eq!(ids(&server, &["--as", "admin"]), all);
    assert_eq!(ids(&server, &["--as", "boss"]), all[..3]);
    assert_eq!(ids(&server, &["--as", "alice"]), all[1..2]);
    assert_eq!(ids(&server, &["--as", "carol"]), all[2..]);
    assert_eq!(
        ids(
            &server,
            &["--as", "boss", "--provider", ACME, "--owner", "carol"]
        ),
        all[2..3]
    );
    assert!(ids(&server, &["--as", "boss", "--provider", ROOT]).is_empty());
    assert_eq!(
        server
            .ran(&["client", "export", "--as", "boss"])
            .lines()
            .count(),
        3
    );
    for command in ["show", "delete", "reissue"] {
        assert_eq!(
            refused(&server, &["client", command, all[3], "--as", "boss"]),
            format!("there is no client {}", all[3])
        );
        assert_eq!(
            refused(&server, &["client", command, all[2], "--as", "alice"]),
            format!("there is no client {}", all[2])
        );
    }
    assert_eq!(
        refused(&server, &["client", "import", "--as", "boss"]),
        "only an account of every provider imports clients"
    );
    assert_eq!(ids(&server, &[]), all);
    assert_eq!(
        server.ran(&["client", "delete", all[2], "--as", "boss"]),
        format!("deleted {}\n", all[2])
    );
}

/// An account is held to a configured provider; lists show it, and a backup keeps it.
#[test]
fn account_is_held_to_a_configured_provider() {
    let server = tenants();
    let unknown = "--provider must be the issuer of a provider that is configured (https://localhost:9443/t/other, https://localhost:9443, \
                   https://localhost:9443/t/acme.example), not \"https://localhost:9443/\"";
    assert_eq!(
        refused(
            &server,
            &[
                "account",
                "add",
                "alice",
                "--provider",
                "https://localhost:9443/"
            ]
        ),
        unknown
    );
    held(&server, "alice", "registrar");
    run(&server, &["account", "password", "alice"]);
    let listed = |server: &TestServer| -> Vec<[Value; 3]> {
        let printed = server.ran(&["account", "list", "--json"]);
        let rows = printed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| {
            [
                row["name"].clone(),
                row["role"].clone(),
                row["provider"].clone(),
            ]
        })
        .collect()
    };
    let expected = [
        [json!("admin"), json!("administrator"), json!(null)],
        [json!("alice"), json!("registrar"), json!(ACME)],
    ];
    assert_eq!(listed(&server), expected);
    let table = server.ran(&["account", "list"]);
    let cells: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        cells
            .iter()
            .map(|row| (row[0], row[row.len() - 1]))
            .collect::<Vec<_>>(),
        [("NAME", "PROVIDER"), ("admin", "-"), ("alice", ACME)]
    );
    let audit = server.ran(&["audit", "--json"]);
    assert!(
        audit
            .lines()
            .any(|line| line.contains("account added") && line.contains(ACME)),
        "{audit}"
    );

    server.ran(&["backup", "held.jsonl"]);
    server.ran(&["account", "remove", "alice"]);
    assert_eq!(listed(&server), expected[..1]);
    server.ran(&["restore", "--replace", "held.jsonl"]);
    assert_eq!(listed(&server), expected);
}

/// A token registers clients of its owner where the owner is known.
#[test]
fn token_of_a_held_owner_is_for_its_provider() {
    let server = tenants();
    held(&server, "alice", "registrar");
    let sentence = format!("--owner alice is held to one provider; add --provider {ACME}");
    for more in [&[][..], &["--provider", ROOT]] {
        assert_eq!(
            refused(
                &server,
                &[&["token", "issue", "--owner", "alice"], more].concat()
            ),
            sentence
        );
    }
    assert_eq!(server.ran(&["token", "list", "--json"]), "");
    assert!(
        server
            .ran(&["token", "issue", "--owner", "alice", "--provider", ACME])
            .starts_with("iat_")
    );
}
