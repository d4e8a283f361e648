//! Texts that others chose, as a terminal shows them.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::{fed, fixed, text};

/// Characters that a terminal would obey, would not show, or would take for the end of a line.
const DECEIVING: [char; 16] = [
    '\u{2028}',
    '\u{2029}',
    '\u{200b}',
    '\u{200f}',
    '\u{61c}',
    '\u{feff}',
    '\u{e0041}',
    '\u{fdd0}',
    '\u{ffff}',
    '\u{202e}',
    '\u{2066}',
    '\u{ad}',
    '\u{3164}',
    '\u{1b}',
    '\u{9b}',
    '\u{7f}',
];

/// The characters that a client's name in the store can have, if it is older than the rules.
fn in_names() -> impl Iterator<Item = char> {
    DECEIVING.into_iter().filter(|character| {
        !character.is_control() && !['\u{202e}', '\u{2066}'].contains(character)
    })
}

/// A text that would stand in four columns of a table, one of them empty.
const FORGED: &str = "Wiki\"  admin  2026-01-31T12:00:00Z  http://localhost:9443\\";

#[track_caller]
fn shows_nothing_deceiving(printed: &str) {
    let found = printed.lines().find(|line| line.contains(DECEIVING));
    assert_eq!(found, None);
    assert!(!printed.contains('\r'), "{printed:?}");
}

/// A registered client without a secret, carried in again with other texts.
fn carried(server: &TestServer, id: &str, name: &str, owner: &str) {
    let mut line: Value =
        serde_json::from_str(server.ran(&["client", "export"]).lines().next().unwrap()).unwrap();
    let mut metadata: Value = serde_json::from_str(line["metadata"].as_str().unwrap()).unwrap();
    metadata["client_name"] = name.into();
    (line["metadata"], line["client_id"], line["owner"]) =
        (metadata.to_string().into(), id.into(), owner.into());
    let mut import = server.command(&["client", "import"]);
    let folder = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(folder.path(), line.to_string()).unwrap();
    let output: Output = import.arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn public(server: &TestServer, name: &str) {
    let body = json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none", "client_name": name });
    server.register(&body).created();
}

/// Unicode TR 36 §3: every command escapes each deceptive character in a text of a client or of
/// another operator.
#[test]
fn commands_escape_deceptive_characters() {
    let server = fixed(None).with("FRONTDESK_\u{200b}\u{202e}X", "1").start();
    public(&server, "A client");
    let mut ids = Vec::new();
    for character in DECEIVING {
        let id = format!("id{character}");
        let name = if in_names().any(|known| known == character) {
            format!("A{character}B")
        } else {
            "Plain".to_owned()
        };
        carried(&server, &id, &name, &format!("owner{character}"));
        server.ran(&["token", "issue", "--label", &format!("label{character}")]);
        ids.push((character, id, name));
    }
    let escaped = |character: char| character.escape_unicode().to_string();
    for arguments in [&["client", "list"][..], &["token", "list"], &["audit"]] {
        let printed = server.ran(arguments);
        shows_nothing_deceiving(&printed);
        for character in DECEIVING {
            assert!(
                printed.contains(&escaped(character)),
                "{arguments:?}: {character:?} in {printed}"
            );
        }
    }
    for arguments in [
        &["client", "list", "--json"][..],
        &["token", "list", "--json"],
        &["audit", "--json"],
        &["client", "export"],
    ] {
        let printed = server.ran(arguments);
        shows_nothing_deceiving(&printed);
        let read: Vec<Value> = printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for character in DECEIVING {
            assert!(
                read.iter()
                    .any(|object| object.to_string().contains(character)
                        || object["client_id"] == format!("id{character}")
                        || object["label"] == format!("label{character}")),
                "{arguments:?}: {character:?}"
            );
        }
    }
    shows_nothing_deceiving(&server.ran(&["check"]));
    assert!(
        server
            .ran(&["check"])
            .contains(r"FRONTDESK_\u{200b}\u{202e}X")
    );
    for (character, id, name) in ids {
        let shown = server.ran(&["client", "show", &id]);
        shows_nothing_deceiving(&shown);
        let read: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            (&read["client_id"], &read["metadata"]["client_name"]),
            (&json!(id), &json!(name))
        );
        let deleted = server.ran(&["client", "delete", &id]);
        assert_eq!(deleted, format!("deleted \"id{}\"\n", escaped(character)));
        let gone = server.run(&["client", "show", &id]);
        assert_eq!(
            (gone.status.code(), text(&gone.stderr)),
            (
                Some(1),
                format!("frontdesk: there is no client id{}\n", escaped(character))
            )
        );
    }
    for arguments in [
        &["account", "list"][..],
        &["key", "list"],
        &["provider", "list"],
        &["provider", "list", "--json"],
    ] {
        shows_nothing_deceiving(&server.ran(arguments));
    }
}

/// A text that a client sent stays in its column, with every content.
#[test]
fn forged_row_is_quoted() {
    let server = fixed(None).start();
    public(&server, FORGED);
    carried(
        &server,
        "an id  Wiki",
        FORGED,
        "admin  2026-01-31T12:00:00Z",
    );
    server.ran(&["token", "issue", "--label", FORGED]);
    let quoted = r#""Wiki\"  admin  2026-01-31T12:00:00Z  http://localhost:9443\\""#;
    let listed = server.ran(&["client", "list"]);
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    assert_eq!(rows.len(), 2);
    let first = server.clients()[0]["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        rows[0].starts_with(&format!("{first}  {quoted}  admin  ")),
        "{listed}"
    );
    let second = rows[1].split_once(quoted).unwrap();
    assert_eq!(second.0.trim_end(), r#""an id  Wiki""#);
    assert!(
        second.1.starts_with(r#"  "admin  2026-01-31T12:00:00Z"  "#),
        "{listed}"
    );
    assert!(
        server
            .ran(&["token", "list"])
            .lines()
            .nth(1)
            .unwrap()
            .ends_with(&format!("  {quoted}"))
    );
    let trail = server.ran(&["audit"]);
    assert!(
        trail
            .lines()
            .any(|line| line.contains("client imported") && line.contains(r#"  "an id  Wiki"  "#)),
        "{trail}"
    );
    let output = fed(
        &fixed(None),
        server.folder.path(),
        &["client", "show", "an id  Wiki"],
        b"",
    );
    let shown: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(shown["metadata"]["client_name"], FORGED);
}
