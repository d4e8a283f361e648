//! Clients on their way from one store to another.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Postgres, Setup, TestServer};
use crate::{KEY, OTHER_KEY, audited, fixed, gave, refused, with_store};

/// Clients of every kind, as their registrations were answered.
fn registered(server: &TestServer) -> Vec<Value> {
    let named = json!({
        "redirect_uris": ["https://rp.example/cb?a=%C3%BC&b"], "client_name": "Kundenportal “zwei”", "client_name#ja": "クライアント名",
    });
    let public =
        json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" });
    let mut clients = vec![
        server.client(),
        server.register(&named).created(),
        server.register(&public).created(),
    ];
    let token = server.ran(&[
        "token",
        "issue",
        "--scope",
        "openid",
        "--redirect-host",
        "rp.example",
    ]);
    let limited = server
        .request("POST", "/register")
        .bearer(token.trim_end())
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    clients.push(limited.send().created());
    clients
}

/// The clients of `from` come up in a server of `to` as if they had registered there.
fn carried(from: &Setup, to: &Setup, exported_with: Option<&str>) {
    let server = from.clone().start();
    let clients = registered(&server);
    let export = server.ran(&["client", "export"]);
    assert_eq!(export.lines().count(), 4);
    for client in &clients {
        for member in ["client_secret", "registration_access_token"] {
            if let Some(secret) = client[member].as_str() {
                assert!(!export.contains(secret), "{member}");
            }
        }
    }
    let folder = with_store(to);
    let key = folder.path().join("old.key");
    let mut arguments = vec!["client", "import"];
    if let Some(text) = exported_with {
        fs::write(&key, format!("{text}\n")).unwrap();
        arguments.extend(["--sealed-with", key.to_str().unwrap()]);
    }
    let dry = [&arguments[..], &["--dry-run"]].concat();
    assert_eq!(
        gave(to, folder.path(), &dry, export.as_bytes()),
        "4 clients would be imported\n"
    );
    assert_eq!(
        gave(to, folder.path(), &["client", "list", "--json"], b""),
        ""
    );
    assert_eq!(
        gave(to, folder.path(), &arguments, export.as_bytes()),
        "imported 4 clients\n"
    );
    assert_eq!(
        gave(to, folder.path(), &arguments, export.as_bytes()),
        "imported 0 clients; 4 of 4 are here already\n"
    );

    let target = to.clone().within(&folder).start();
    let shown = |server: &TestServer| server.ran(&["client", "list", "--json"]);
    assert_eq!(shown(&target), shown(&server));
    let mut imported: Vec<String> = audited(&target)
        .into_iter()
        .filter(|row| row.starts_with("client "))
        .collect();
    imported.sort();
    let mut expected: Vec<String> = clients
        .iter()
        .map(|client| {
            format!(
                "client imported | {} | - | command line",
                client["client_id"].as_str().unwrap()
            )
        })
        .collect();
    expected.sort();
    assert_eq!(
        imported, expected,
        "a row for each, and none for those that were here already"
    );
    for client in &clients {
        let read = target.manage("GET", client).send().ok();
        assert_eq!(
            &read, client,
            "the token works, the secret and the metadata are those of the registration"
        );
    }
    let metadata = |export: &str| -> Vec<Value> {
        export
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["metadata"].clone())
            .collect()
    };
    assert_eq!(
        metadata(&target.ran(&["client", "export"])),
        metadata(&export),
        "texts, byte for byte"
    );
    target.manage("DELETE", &clients[0]).send().deleted();
}

/// RFC 7592 §3: clients move from SQLite to PostgreSQL with their tokens and secrets, and the other
/// store gives the answers of the registration.
#[test]
fn export_moves_sqlite_to_postgresql() {
    let database = Postgres::new();
    carried(&fixed(None), &fixed(Some(&database)), None);
}

/// Clients move from PostgreSQL to SQLite under another sealing key.
#[test]
fn export_moves_postgresql_to_sqlite() {
    let database = Postgres::new();
    carried(
        &fixed(Some(&database)),
        &fixed(None).with("FRONTDESK_SEALING_KEY", OTHER_KEY),
        Some(KEY),
    );
}

/// A file that cannot be imported is refused with the number of its line, and nothing changes.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn invalid_import_line_is_reported() {
    let server = fixed(None).start();
    for _ in 0..3 {
        server.client();
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("clients.jsonl");
    assert_eq!(
        server.ran(&["client", "export", file.to_str().unwrap()]),
        "exported 3 clients\n"
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let export = fs::read_to_string(&file).unwrap();
    let again = server.run(&["client", "export", file.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1));
    let said = format!(
        "frontdesk: {} exists and is not overwritten\n",
        file.display()
    );
    assert_eq!(String::from_utf8(again.stderr).unwrap(), said);
    assert_eq!(fs::read_to_string(&file).unwrap(), export);

    let to = fixed(None);
    gave(&to, folder.path(), &["migrate"], b"");
    let import = |text: &str| refused(&to, folder.path(), &["client", "import"], text.as_bytes());
    let lines: Vec<&str> = export.lines().collect();
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["client_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let said = import(&format!(
        "{}\n{}\n",
        lines[0],
        lines[1].replacen('{', "{\"colour\":1,", 1)
    ));
    assert!(
        said.starts_with(
            "line 2: it is not an exported client: unknown field `colour`, expected one of "
        ),
        "{said}"
    );
    assert!(
        import(&export.replacen("\"revision\":", "\"revision\":-", 1))
            .starts_with("line 1: revision of ")
    );
    let cut = export.split_at(export.len() - 40).0;
    assert!(
        import(cut).starts_with("line 3: it is not an exported client: "),
        "{}",
        import(cut)
    );
    let twice = format!(
        "{export}{}\n",
        lines[0].replacen("\"revision\":1", "\"revision\":2", 1)
    );
    assert_eq!(
        import(&twice),
        format!(
            "line 4: the client {:?} exists already and differs",
            id(lines[0])
        )
    );
    let other = fixed(None).with("FRONTDESK_SEALING_KEY", OTHER_KEY);
    let elsewhere = with_store(&other);
    let sealed = format!(
        "line 1: the secret of {:?} does not open with this store's sealing key; name the key of the store it comes from with --sealed-with",
        id(lines[0])
    );
    assert_eq!(
        refused(
            &other,
            elsewhere.path(),
            &["client", "import"],
            export.as_bytes()
        ),
        sealed
    );
    let missing = refused(
        &to,
        folder.path(),
        &["client", "import", "nothing.jsonl"],
        b"",
    );
    assert_eq!(
        missing,
        "nothing.jsonl cannot be read: No such file or directory (os error 2)"
    );
    let missing = refused(
        &to,
        folder.path(),
        &["client", "import", "--sealed-with", "nothing.key"],
        b"",
    );
    assert_eq!(
        missing,
        "--sealed-with names nothing.key, which cannot be read: No such file or directory (os error 2)"
    );
    for folder in [folder.path(), elsewhere.path()] {
        assert_eq!(
            gave(
                if folder == elsewhere.path() {
                    &other
                } else {
                    &to
                },
                folder,
                &["client", "list", "--json"],
                b""
            ),
            ""
        );
    }
    assert_eq!(
        gave(
            &to,
            folder.path(),
            &["client", "import", "clients.jsonl"],
            b""
        ),
        "imported 3 clients\n"
    );
}

/// An imported line may have its secret in clear text, since other programs have no sealing key;
/// the store seals it.
#[test]
fn plain_secret_is_sealed_on_import() {
    let server = fixed(None).start();
    let client = server.client();
    let (id, secret) = (
        client["client_id"].as_str().unwrap(),
        client["client_secret"].as_str().unwrap(),
    );
    let mut line: Value = serde_json::from_str(&server.ran(&["client", "export"])).unwrap();
    let sealed = line["secret_sealed"].take();
    line["client_secret"] = secret.into();

    let to = fixed(None).with("FRONTDESK_SEALING_KEY", OTHER_KEY);
    let folder = with_store(&to);
    let import = |line: &Value| {
        gave(
            &to,
            folder.path(),
            &["client", "import"],
            format!("{line}\n").as_bytes(),
        )
    };
    assert_eq!(import(&line), "imported 1 client\n");
    assert_eq!(
        import(&line),
        "imported 0 clients; 1 of 1 are here already\n"
    );
    let shown: Value = serde_json::from_str(&gave(
        &to,
        folder.path(),
        &["client", "show", id, "--with-secret"],
        b"",
    ))
    .unwrap();
    assert_eq!(shown["client_secret"], secret);
    assert!(!gave(&to, folder.path(), &["client", "export"], b"").contains(secret));

    let elsewhere = with_store(&to);
    let refused = |line: &Value| {
        refused(
            &to,
            elsewhere.path(),
            &["client", "import"],
            format!("{line}\n").as_bytes(),
        )
    };
    let unreadable = format!("line 1: client_secret of {id:?} cannot be read");
    let mut both = line.clone();
    both["secret_sealed"] = sealed;
    assert_eq!(refused(&both), unreadable);
    line["client_secret"] = "".into();
    assert_eq!(refused(&line), unreadable);
    assert_eq!(
        gave(&to, elsewhere.path(), &["client", "list", "--json"], b""),
        ""
    );
}

/// A registrar exports its own clients and may not import.
#[test]
fn registrar_exports_only_its_clients() {
    let server = fixed(None).start();
    server.account("alice", "registrar");
    server.client();
    let of_alice = server
        .request("POST", "/register")
        .basic("alice", crate::support::PASSWORD);
    let of_alice = of_alice
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send()
        .created();
    let export = server.ran(&["client", "--as", "alice", "export"]);
    assert_eq!(export.lines().count(), 1);
    assert!(
        export.contains(of_alice["client_id"].as_str().unwrap()),
        "{export}"
    );
    assert_eq!(
        server.ran(&["client", "--as", "alice", "export", "--owner", "admin"]),
        ""
    );
    let output = server.run(&["client", "--as", "alice", "import"]);
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap().as_str()
        ),
        (
            Some(1),
            "frontdesk: only an administrator imports clients\n"
        )
    );
}

/// `-` is standard output of an export and standard input of an import, and a pipe is read as a file is.
#[test]
fn standard_streams_carry_clients() {
    let server = fixed(None).start();
    let client = server.client();
    let export = server.ran(&["client", "export", "-"]);
    assert_eq!(export, server.ran(&["client", "export"]));
    assert_eq!(export.lines().count(), 1);
    assert!(!server.folder.path().join("-").exists());
    for source in ["-", "/dev/stdin"] {
        let folder = with_store(&fixed(None));
        let import = ["client", "import", source];
        let printed = gave(&fixed(None), folder.path(), &import, export.as_bytes());
        assert_eq!(printed, "imported 1 client\n", "{source}");
        let listed = gave(
            &fixed(None),
            folder.path(),
            &["client", "list", "--json"],
            b"",
        );
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed["client_id"], client["client_id"], "{source}");
    }
}
