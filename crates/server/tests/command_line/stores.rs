//! The store of a command: found by the configuration, and never made by accident.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{PASSWORD, Postgres, Setup};
use crate::{KEY, fed, fixed, gave, refused, text};

/// Every command that reads or changes the store, but `serve`, `migrate` and `restore`.
const COMMANDS: [&[&str]; 23] = [
    &["account", "add", "alice"],
    &["account", "list"],
    &["account", "list", "--json"],
    &["account", "remove", "alice"],
    &["account", "password", "alice"],
    &["token", "issue"],
    &["token", "issue", "--owner", "alice", "--json"],
    &["token", "list"],
    &["token", "revoke", "x"],
    &["client", "list"],
    &["client", "list", "--provider", "http://localhost:9443"],
    &["client", "list", "--json"],
    &["client", "export"],
    &["client", "export", "clients.jsonl"],
    &["client", "import", "--dry-run"],
    &["client", "import"],
    &["client", "show", "x"],
    &["client", "delete", "x"],
    &["client", "reissue", "x"],
    &["key", "list"],
    &["key", "rotate"],
    &["audit"],
    &["provider", "list"],
];

/// The commands with a `-` or a flag of their own that could write all the same.
const OTHERS: [&[&str]; 5] = [
    &["backup", "-"],
    &["backup", "a.backup"],
    &["purge"],
    &["purge", "--dry-run"],
    &["client", "list", "--as", "alice"],
];

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Only `serve`, `migrate` and `restore` make a store: every other command in the wrong folder fails,
/// names `--config` and leaves nothing behind.
#[test]
fn only_three_commands_make_a_store() {
    let folder = TempDir::new().unwrap();
    let postgres = Postgres::new();
    let input = format!("{PASSWORD}\n");
    for setup in [fixed(None), fixed(Some(&postgres))] {
        for arguments in COMMANDS.iter().chain(&OTHERS) {
            let sentence = refused(&setup, folder.path(), arguments, input.as_bytes());
            assert!(
                sentence.starts_with("there is no store at ")
                    && sentence.ends_with(
                        ", and there is no configuration file: name the service's with --config or FRONTDESK_CONFIG, \
                         or make a store with `frontdesk serve` or `frontdesk migrate`"
                    ),
                "{arguments:?}: {sentence}"
            );
            assert_eq!(files(folder.path()), [""; 0], "{arguments:?}");
        }
    }
    assert_eq!(
        postgres
            .value("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"),
        "0"
    );
    let setup = fixed(None);
    gave(&setup, folder.path(), &["migrate"], b"");
    assert_eq!(
        gave(&setup, folder.path(), &["account", "list", "--json"], b""),
        ""
    );
}

/// A store whose schema is of an older program is read by no command, and stays as it is.
#[test]
fn commands_do_not_migrate() {
    let folder = TempDir::new().unwrap();
    let postgres = Postgres::new();
    let setup = fixed(Some(&postgres));
    gave(&setup, folder.path(), &["migrate"], b"");
    let versions =
        "SELECT string_agg(version, ' ' ORDER BY version) FROM __diesel_schema_migrations";
    postgres.execute(include_str!(
        "../../../../migrations/0011_account_provider/down.sql"
    ));
    postgres.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0011'");
    let before = postgres.value(versions);
    for arguments in [&["account", "list"][..], &["purge"], &["backup", "-"]] {
        let sentence = refused(&setup, folder.path(), arguments, b"");
        assert!(
            sentence.ends_with(": the database schema is outdated; run frontdesk migrate"),
            "{sentence}"
        );
    }
    assert_eq!(postgres.value(versions), before);
}

/// The configuration is that of `--config`, or else of `FRONTDESK_CONFIG`, or else `./frontdesk.toml`.
#[test]
fn configuration_is_found_in_order() {
    let folder = TempDir::new().unwrap();
    for name in ["flag", "variable", "frontdesk"] {
        let issuer = format!("[[provider]]\nissuer = \"http://localhost:9443/t/{name}\"\n");
        fs::write(folder.path().join(format!("{name}.toml")), issuer).unwrap();
    }
    let variable = |path: &str| Setup::new().with("FRONTDESK_CONFIG", path);
    let flag = ["check", "--config", "flag.toml"];
    for (setup, arguments, expected) in [
        (Setup::new(), &["check"][..], "frontdesk"),
        (variable(""), &["check"], "frontdesk"),
        (variable("variable.toml"), &["check"], "variable"),
        (variable("variable.toml"), &flag, "flag"),
        (Setup::new(), &flag, "flag"),
    ] {
        let printed = gave(&setup, folder.path(), arguments, b"");
        assert!(
            printed.contains(&format!("\nprovider: http://localhost:9443/t/{expected} ("))
                && printed.contains(&format!(
                    "\nconfiguration: {expected}.toml\ndevelopment mode: false\n"
                ))
                && !printed.contains("FRONTDESK_CONFIG"),
            "{arguments:?}: {printed}"
        );
    }
    assert_eq!(
        refused(&variable("missing.toml"), folder.path(), &["check"], b""),
        "the configuration file missing.toml cannot be read: No such file or directory (os error 2)"
    );
    let empty = TempDir::new().unwrap();
    let printed = gave(&Setup::new(), empty.path(), &["check"], b"");
    assert!(
        printed.contains("\nconfiguration: no file\ndevelopment mode: true\n"),
        "{printed}"
    );
}

/// A provider that is not configured and an owner that is no account are errors, not an empty list:
/// a program that copies the list would delete every client.
#[test]
fn unknown_provider_and_owner_are_refused() {
    let server = fixed(None).start();
    server.account("alice", "registrar");
    for (flag, value, sentence) in [
        (
            "--provider",
            "http://localhost:9443/",
            "--provider must be the issuer of a provider that is configured (http://localhost:9443) or has clients, not \"http://localhost:9443/\"",
        ),
        (
            "--owner",
            "alicia",
            "--owner must be the name of an account or of the owner of a client, not \"alicia\"",
        ),
    ] {
        for arguments in [
            &["client", "list"][..],
            &["client", "list", "--json"],
            &["client", "list", "--as", "alice"],
            &["client", "export"],
            &["client", "export", "clients.jsonl"],
        ] {
            let arguments = [arguments, &[flag, value]].concat();
            let output = server.run(&arguments);
            assert_eq!(
                (
                    output.status.code(),
                    text(&output.stdout),
                    text(&output.stderr)
                ),
                (Some(1), String::new(), format!("frontdesk: {sentence}\n")),
                "{arguments:?}"
            );
        }
    }
    assert!(!server.folder.path().join("clients.jsonl").exists());
}

/// Clients outlive their owner's account and their provider's issuer, and are found by the old names.
#[test]
fn names_of_clients_outlive_the_configuration() {
    let server = fixed(None).start();
    server.account("alice", "registrar");
    let metadata = serde_json::json!({ "redirect_uris": ["https://rp.example/cb"] });
    let request = server.request("POST", "/register");
    let client = request
        .basic("alice", PASSWORD)
        .json(&metadata)
        .send()
        .created();
    server.ran(&["account", "remove", "alice"]);
    let renamed = fixed(None).with("FRONTDESK_ISSUER", "http://localhost:9443/t/new");
    for filter in [
        ["--owner", "alice"],
        ["--provider", "http://localhost:9443"],
    ] {
        let arguments = [&["client", "list", "--json"][..], &filter].concat();
        let listed = gave(&renamed, server.folder.path(), &arguments, b"");
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed["client_id"], client["client_id"]);
    }
    let none = [
        "client",
        "list",
        "--json",
        "--provider",
        "http://localhost:9443/t/new",
    ];
    assert_eq!(gave(&renamed, server.folder.path(), &none, b""), "");
}

/// If PostgreSQL asks for a password and none is configured, the sentence says where to write it.
#[test]
fn missing_password_names_the_fix() {
    let postgres = Postgres::new();
    let without = postgres.with_password().replace(":hush@", "@");
    let folder = TempDir::new().unwrap();
    let setup = fixed(Some(&postgres)).with("FRONTDESK_DATABASE", &without);
    for arguments in [&["migrate"][..], &["account", "list"], &["serve"]] {
        let sentence = refused(&setup, folder.path(), arguments, b"");
        assert!(
            sentence.contains("no password supplied; write the password into a file that PGPASSFILE names, readable by its owner only, \
                               as host:port:database:user:password, or into database (FRONTDESK_DATABASE)"),
            "{sentence}"
        );
    }
    let output = fed(&setup, folder.path(), &["check"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains(" PGPASSFILE "),
        "{}",
        text(&output.stdout)
    );
}

/// Runs a program at a terminal of its own and prints everything that the terminal shows.
const TERMINAL: &str =
    "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/// A command at a terminal names its store.
#[test]
fn store_is_named_at_a_terminal() {
    let folder = TempDir::new().unwrap();
    let setup = fixed(None);
    gave(&setup, folder.path(), &["migrate"], b"");
    for arguments in [&["account", "list"][..], &["migrate"]] {
        let command = setup.command(folder.path(), arguments);
        let shown = Command::new("python3")
            .args(["-c", TERMINAL])
            .arg(command.get_program())
            .args(arguments)
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = text(&shown.stdout);
        assert!(
            printed.starts_with("store: sqlite://frontdesk-data/frontdesk.db\r\n"),
            "{printed}{}",
            text(&shown.stderr)
        );
        assert_eq!(shown.status.code(), Some(0));
    }
}

/// With PostgreSQL, a sealing key that is given and TLS off nothing is kept in the data folder: no
/// command and no start needs or makes it.
#[test]
fn data_folder_is_made_only_for_files() {
    let postgres = Postgres::new();
    let folder = std::sync::Arc::new(TempDir::new().unwrap());
    let key = folder.path().join("sealing.key");
    fs::write(&key, KEY).unwrap();
    let setup = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .with("FRONTDESK_DATABASE", &postgres.url)
        .with("FRONTDESK_SEALING_KEY_FILE", key.to_str().unwrap())
        .with("FRONTDESK_DATA", "sealing.key/never");
    for arguments in [
        &["check"][..],
        &["migrate"],
        &["check"],
        &["account", "list"],
    ] {
        gave(&setup, folder.path(), arguments, b"");
    }
    let server = setup.clone().within(&folder).start();
    server.client();
    assert_eq!(files(folder.path()), ["sealing.key"]);
    drop(server);
    let secure = setup
        .with("FRONTDESK_TLS", "self-signed")
        .with("FRONTDESK_DATA", "made/below");
    gave(&secure, folder.path(), &["migrate"], b"");
    assert_eq!(files(folder.path()), ["sealing.key"]);
    drop(secure.within(&folder).start());
    assert!(folder.path().join("made/below/ca.pem").exists());
}

/// The place of a missing store is absolute, and a file that was named is not asked for.
#[test]
fn missing_store_is_named_with_its_path() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let absolute = format!("sqlite://{}/else/x.db", place.display());
    let (relative, note) = (
        "sqlite://frontdesk-data/frontdesk.db",
        " (relative paths are relative to the working directory)",
    );
    let path =
        |database: &str| database.replace("sqlite://", &format!("sqlite://{}/", place.display()));
    let found = "name the service's with --config or FRONTDESK_CONFIG";
    for (file, database, told, advice) in [
        ("frontdesk.toml", relative, path(relative) + note, found),
        ("frontdesk.toml", &absolute, absolute.clone(), found),
        (
            "named.toml",
            relative,
            path(relative) + note,
            "run the command in the folder of the service",
        ),
        (
            "named.toml",
            &absolute,
            absolute.clone(),
            "correct database (FRONTDESK_DATABASE)",
        ),
    ] {
        let text = format!(
            "database = \"{database}\"\n[[provider]]\nissuer = \"http://localhost:9443\"\n"
        );
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        let list = ["account", "list"];
        let flagged = ["account", "list", "--config", file];
        let variable = fixed(None).with("FRONTDESK_CONFIG", file);
        let runs = match file {
            "named.toml" => [(fixed(None), &flagged[..]), (variable, &list)],
            _ => [(fixed(None), &list[..]), (fixed(None), &list)],
        };
        for (setup, arguments) in runs {
            assert_eq!(
                refused(&setup, folder.path(), arguments, b""),
                format!(
                    "there is no store at {told}, and the configuration file is {file}: {advice}, \
                     or make a store with `frontdesk serve` or `frontdesk migrate`"
                )
            );
        }
        fs::remove_file(path).unwrap();
        assert_eq!(files(folder.path()), [""; 0]);
    }
}
