//! The clients that commands on behalf of an account reach.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Postgres, TestServer};
use crate::{fixed, issue, refused, register, web};

fn ids(server: &TestServer, arguments: &[&str]) -> Vec<String> {
    let printed = server.ran(&[&["client", "list", "--json"], arguments].concat());
    printed
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["client_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn of(server: &TestServer, account: &str) -> Value {
    server
        .request("POST", "/register")
        .basic(account, PASSWORD)
        .json(&web(&json!({ "client_name": account })))
        .send()
        .created()
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

/// RFC 7592 §2: with the rights of a registrar a command reaches the clients of that account;
/// another account's client is answered like an unknown client.
#[test]
fn registrar_manages_only_its_clients() {
    let database = Postgres::new();
    for server in [fixed().start(), fixed().on(&database).start()] {
        server.account("alice", "registrar");
        server.account("bob", "registrar");
        let clients = [
            of(&server, "alice"),
            of(&server, "bob"),
            of(&server, "admin"),
        ];
        let token = issue(&server, &["--owner", "alice"]);
        let by_token = register(&server, &token, &web(&json!({}))).created();
        let nobodys = register(&server, &issue(&server, &[]), &web(&json!({}))).created();
        let [alices, bobs, admins] = &clients;

        assert_eq!(
            ids(&server, &["--as", "alice"]),
            [id(alices), id(&by_token)]
        );
        assert_eq!(ids(&server, &["--as", "bob"]), [id(bobs)]);
        assert_eq!(
            ids(&server, &["--as", "alice", "--owner", "alice"]),
            [id(alices), id(&by_token)]
        );
        assert!(ids(&server, &["--as", "alice", "--owner", "bob"]).is_empty());
        let table = server.ran(&["client", "list", "--as", "alice"]);
        assert!(
            table.contains(id(alices)) && !table.contains(id(bobs)),
            "{table}"
        );
        assert_eq!(
            server.ran(&["client", "list", "--as", "alice", "--owner", "bob"]),
            "CLIENT ID  NAME  OWNER  ISSUED  PROVIDER\n"
        );

        let before = server.clients();
        for other in [id(bobs), id(admins), id(&nobodys), "nowhere"] {
            for command in ["show", "delete", "reissue"] {
                let sentence = format!("there is no client {other}");
                assert_eq!(
                    refused(&server, &["client", command, other, "--as", "alice"]),
                    sentence
                );
                assert_eq!(
                    refused(&server, &["client", "--as", "alice", command, other]),
                    sentence
                );
            }
            assert_eq!(
                refused(
                    &server,
                    &["client", "show", other, "--with-secret", "--as", "alice"]
                ),
                format!("there is no client {other}")
            );
        }
        assert_eq!(server.clients(), before);
        for client in [bobs, admins, &nobodys] {
            assert_eq!(
                &server.manage("GET", client).send().ok(),
                client,
                "its token is still good"
            );
        }

        let shown: Value = serde_json::from_str(&server.ran(&[
            "client",
            "show",
            id(alices),
            "--with-secret",
            "--as",
            "alice",
        ]))
        .unwrap();
        assert_eq!(
            (&shown["owner"], &shown["client_secret"]),
            (&json!("alice"), &alices["client_secret"])
        );
        let reissued = server.ran(&["client", "reissue", id(alices), "--as", "alice"]);
        assert!(reissued.starts_with("rat_"), "{reissued}");
        server
            .manage("GET", alices)
            .send()
            .refused(401, "invalid_token");
        assert_eq!(
            server.ran(&["client", "delete", id(alices), "--as", "alice"]),
            format!("deleted {}\n", id(alices))
        );
        assert_eq!(ids(&server, &["--as", "alice"]), [id(&by_token)]);
    }
}

/// An administrator and an operator reach every client; an unknown account reaches none.
#[test]
fn unknown_account_reaches_nothing() {
    let server = fixed().start();
    server.account("alice", "registrar");
    let (alices, admins) = (of(&server, "alice"), of(&server, "admin"));
    for everything in [&[][..], &["--as", "admin"]] {
        assert_eq!(ids(&server, everything), [id(&alices), id(&admins)]);
    }
    for (owner, expected) in [("alice", id(&alices)), ("admin", id(&admins))] {
        assert_eq!(ids(&server, &["--owner", owner]), [expected]);
        assert_eq!(
            ids(&server, &["--as", "admin", "--owner", owner]),
            [expected]
        );
    }
    for scope in [&[][..], &["--as", "admin"], &["--as", "alice"]] {
        assert_eq!(
            refused(
                &server,
                &[&["client", "list", "--owner", "nobody"], scope].concat()
            ),
            "--owner must be the name of an account or of the owner of a client, not \"nobody\""
        );
    }
    for name in ["nobody", "Alice", "", "alice\u{e4}"] {
        let sentence =
            format!("--as must be the name of an account, and there is no account {name}");
        for command in [
            &["list"][..],
            &["show", id(&alices)],
            &["delete", id(&alices)],
            &["reissue", id(&alices)],
        ] {
            assert_eq!(
                refused(&server, &[&["client", "--as", name], command].concat()),
                sentence
            );
        }
    }
    assert_eq!(server.manage("GET", &alices).send().ok(), alices);
    assert_eq!(
        server.ran(&["client", "delete", id(&alices), "--as", "admin"]),
        format!("deleted {}\n", id(&alices))
    );

    // The operator sees the clients of a removed account, but no command reaches them on its behalf.
    server.account("bob", "registrar");
    let bobs = of(&server, "bob");
    server.ran(&["account", "remove", "bob"]);
    assert_eq!(
        refused(&server, &["client", "list", "--as", "bob"]),
        "--as must be the name of an account, and there is no account bob"
    );
    assert_eq!(ids(&server, &["--owner", "bob"]), [id(&bobs)]);
}

/// A client that cannot be read stays within reach of its owner, and of no other account.
#[test]
fn damaged_client_is_deleted_by_owner() {
    let database = Postgres::new();
    let server = fixed().on(&database).start();
    server.account("alice", "registrar");
    server.account("bob", "registrar");
    let (alices, bobs) = (of(&server, "alice"), of(&server, "bob"));
    database.execute("UPDATE client SET secret_sealed = 'AQ'");
    let listed = server.run(&["client", "list", "--as", "alice"]);
    let said = String::from_utf8(listed.stderr).unwrap();
    assert!(
        listed.status.code() == Some(1) && said.contains(id(&alices)) && !said.contains(id(&bobs)),
        "{said}"
    );
    for command in ["show", "delete"] {
        assert_eq!(
            refused(&server, &["client", command, id(&bobs), "--as", "alice"]),
            format!("there is no client {}", id(&bobs))
        );
    }
    server.ran(&["client", "delete", id(&alices), "--as", "alice"]);
    assert_eq!(
        server.ran(&["client", "list", "--json", "--as", "alice"]),
        ""
    );
}
