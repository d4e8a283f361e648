//! Backups, made while the service runs, and restored.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Postgres, Setup, TestServer, until};
use crate::{OTHER_KEY, audited, fixed, gave, refused, text};

fn kids(server: &TestServer) -> Vec<String> {
    let jwks = server.get("/jwks").json();
    jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The URL of the store of a command in that folder.
fn url(setup: &Setup, folder: &Path) -> String {
    setup.database.clone().unwrap_or_else(|| {
        let folder = folder.canonicalize().unwrap();
        format!("sqlite://{}/frontdesk-data/frontdesk.db", folder.display())
    })
}

/// Registers clients from several threads for as long as a backup is made, and gives those that were acknowledged before it began.
fn under_load(server: &TestServer, file: &Path) -> Vec<Value> {
    let acknowledged = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let client = server.client();
                    acknowledged.lock().unwrap().push(client);
                }
            });
        }
        until("there is load", || acknowledged.lock().unwrap().len() >= 40);
        let before = acknowledged.lock().unwrap().clone();
        let printed = server.ran(&["backup", file.to_str().unwrap()]);
        stop.store(true, Ordering::Relaxed);
        let (path, rest) = printed.split_once(" has ").unwrap();
        assert_eq!(path, file.to_str().unwrap());
        assert!(
            rest.ends_with(" rows; the sealing key is not in it\n"),
            "{printed}"
        );
        before
    })
}

/// Every client acknowledged before the backup is there after it, with its token, its secret, and the same signing keys.
fn comes_back(from: Setup, to: &Setup) {
    let server = from.start();
    server.account("alice", "registrar");
    let token = server.ran(&["token", "issue", "--uses", "2"]);
    let files = TempDir::new().unwrap();
    let file = files.path().join("frontdesk.backup");
    let clients = under_load(&server, &file);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let folder = Arc::new(TempDir::new().unwrap());
    let restored = gave(to, folder.path(), &["restore", file.to_str().unwrap()], b"");
    let rows = fs::read_to_string(&file).unwrap().lines().count() - 2;
    assert_eq!(
        restored,
        format!("restored {rows} rows into {}\n", url(to, folder.path()))
    );
    let target = to.clone().within(&folder).start();
    assert_eq!(kids(&target), kids(&server));
    for client in &clients {
        assert_eq!(&target.manage("GET", client).send().ok(), client);
    }
    let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    assert_eq!(
        target
            .request("POST", "/register")
            .basic("alice", crate::support::PASSWORD)
            .json(&metadata)
            .send()
            .status(),
        201
    );
    assert_eq!(
        target
            .request("POST", "/register")
            .bearer(token.trim_end())
            .json(&metadata)
            .send()
            .status(),
        201
    );
}

/// A backup of SQLite, made under load, is restored to PostgreSQL.
#[test]
fn sqlite_backup_moves_to_postgresql() {
    let database = Postgres::new();
    comes_back(fixed(None), &fixed(Some(&database)));
}

/// A backup of PostgreSQL, made under load, is restored to SQLite.
#[test]
fn postgresql_backup_moves_to_sqlite() {
    let database = Postgres::new();
    comes_back(fixed(Some(&database)), &fixed(None));
}

/// A restore that fails gives the reason and changes nothing.
#[test]
fn failed_restore_changes_nothing() {
    let server = fixed(None).start();
    let client = server.client();
    let files = TempDir::new().unwrap();
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let file = path("a.backup");
    server.ran(&["backup", &file]);
    let again = server.run(&["backup", &file]);
    let there = format!("frontdesk: {file} exists and is not overwritten\n");
    assert_eq!(
        (
            again.status.code(),
            String::from_utf8(again.stderr).unwrap()
        ),
        (Some(1), there)
    );
    let nowhere = server.run(&["backup", &path("nowhere/a.backup")]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(
        String::from_utf8(nowhere.stderr)
            .unwrap()
            .contains("nowhere/a.backup cannot be written: No such file or directory")
    );

    let restore = |setup: &Setup, folder: &Path, arguments: &[&str]| {
        refused(setup, folder, &[&["restore"], arguments].concat(), b"")
    };
    let full = restore(&fixed(None), server.folder.path(), &[&file]);
    assert_eq!(
        full,
        format!(
            "the store {} is not empty: it has 1 rows in client; --replace deletes everything it has first",
            url(&fixed(None), server.folder.path())
        )
    );
    assert_eq!(server.manage("GET", &client).send().status(), 200);

    let fresh = TempDir::new().unwrap();
    let unkeyed = Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443");
    let key = "frontdesk-data/sealing.key does not exist: copy the sealing key of the backed-up store there first";
    assert_eq!(restore(&unkeyed, fresh.path(), &[&file]), key);
    assert_eq!(
        fs::read_dir(fresh.path()).unwrap().count(),
        0,
        "nothing was made"
    );
    let other = restore(
        &fixed(None).with("FRONTDESK_SEALING_KEY", OTHER_KEY),
        fresh.path(),
        &[&file],
    );
    assert!(
        other.starts_with(&format!(
            "{file}: it was sealed with another sealing key, whose identifier is "
        )),
        "{other}"
    );
    assert!(
        other.ends_with("; set sealing_key_file (FRONTDESK_SEALING_KEY_FILE) to that key"),
        "{other}"
    );

    let fresh = TempDir::new().unwrap();
    let missing = restore(&fixed(None), fresh.path(), &[&path("nothing")]);
    assert_eq!(
        missing,
        format!(
            "{} cannot be read: No such file or directory (os error 2)",
            path("nothing")
        )
    );
    let whole = fs::read(&file).unwrap();
    fs::write(path("cut"), &whole[..whole.len() - 2]).unwrap();
    let cut = restore(&fixed(None), fresh.path(), &[&path("cut")]);
    assert!(
        cut.starts_with(&format!("{}: line ", path("cut")))
            && cut.ends_with(" does not end: the file was cut off, or is no backup"),
        "{cut}"
    );
    assert_eq!(
        gave(
            &fixed(None),
            fresh.path(),
            &["client", "list", "--json"],
            b""
        ),
        ""
    );
}

/// A restore replaces a store that has data if its flag says so.
#[test]
fn restore_replaces_a_used_store() {
    let server = fixed(None).start();
    let kept = server.client();
    let files = TempDir::new().unwrap();
    let file = files.path().join("a.backup").to_str().unwrap().to_owned();
    server.ran(&["backup", &file]);
    let later = server.client();
    server.manage("DELETE", &kept).send().deleted();
    let rows = fs::read_to_string(&file).unwrap().lines().count() - 2;
    let before = audited(&server);
    assert_eq!(
        server.ran(&["restore", "--replace", &file]),
        format!(
            "restored {rows} rows into {}\n",
            url(&fixed(None), server.folder.path())
        )
    );
    let after = audited(&server);
    let (last, of_backup) = after.split_last().unwrap();
    assert_eq!(
        of_backup,
        &before[..of_backup.len()],
        "the trail is the backup's"
    );
    assert!(
        before.len() > of_backup.len(),
        "what came later is gone with the clients it tells of"
    );
    assert_eq!(
        *last,
        format!("store restored | - | - | command line; {rows} rows")
    );
    assert_eq!(server.manage("GET", &kept).send().ok(), kept);
    server
        .manage("GET", &later)
        .send()
        .refused(401, "invalid_token");
}

/// A backup goes through a pipe from store to store: `backup -` prints nothing but the backup, and
/// `restore -` reads it once.
#[test]
fn backup_and_restore_use_standard_streams() {
    let database = Postgres::new();
    for target in [fixed(None), fixed(Some(&database))] {
        let server = fixed(None).start();
        let client = server.client();
        let backup = server.ran(&["backup", "-"]);
        let rows = backup.lines().count() - 2;
        assert!(!server.folder.path().join("-").exists());
        let folder = Arc::new(TempDir::new().unwrap());
        let cut = &backup.as_bytes()[..backup.len() - 2];
        let said = refused(&target, folder.path(), &["restore", "-"], cut);
        assert!(said.starts_with("standard input: line "), "{said}");
        let listed = gave(&target, folder.path(), &["client", "list", "--json"], b"");
        assert_eq!(listed, "");
        let restored = gave(&target, folder.path(), &["restore", "-"], backup.as_bytes());
        let store = url(&target, folder.path());
        assert_eq!(restored, format!("restored {rows} rows into {store}\n"));
        let again = refused(&target, folder.path(), &["restore", "-"], backup.as_bytes());
        assert!(
            again.starts_with(&format!("the store {store} is not empty: ")),
            "{again}"
        );
        let copy = target.within(&folder).start();
        assert_eq!(copy.manage("GET", &client).send().ok(), client);
    }
}

/// A backup whose reader is gone ends with the exit code for a closed pipe.
#[test]
fn backup_to_a_closed_pipe_fails() {
    let server = fixed(None).start();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = server
        .command(&["backup", "-"])
        .stdin(std::process::Stdio::null())
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(141), 0));
}

/// A terminal changes line ends and shows messages between the rows, so no backup is written to it: `docker compose exec`
/// without `-T` makes one.
#[test]
fn backup_to_a_terminal_is_refused() {
    let server = fixed(None).start();
    let script = "import os, pty, subprocess, sys\n\
        ours, theirs = pty.openpty()\n\
        code = subprocess.run(sys.argv[1:], stdout=theirs).returncode\n\
        os.set_blocking(ours, False)\n\
        try:\n  print(os.read(ours, 4096))\n\
        except BlockingIOError:\n  print('nothing')\n\
        sys.exit(code)";
    let backup = server.command(&["backup", "-"]);
    let mut terminal = Command::new("python3");
    terminal
        .current_dir(server.folder.path())
        .args(["-c", script])
        .arg(backup.get_program())
        .args(backup.get_args());
    let variables = backup.get_envs();
    terminal.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let output = terminal.output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr)
        ),
        (
            Some(1),
            "nothing\n".to_owned(),
            "frontdesk: standard output is a terminal, which does not keep a backup as it is: redirect it to a file or a pipe, \
             and in a container use `docker compose exec -T`, since exec without -T makes a terminal\n"
                .to_owned()
        )
    );
}

/// A store is not replaced under the service that has it: the service would go on with rows that are gone.
#[test]
fn running_store_is_not_replaced() {
    let server = fixed(None).start();
    let client = server.client();
    server.ran(&["backup", "a.backup"]);
    let later = server.client();
    let listens = format!("127.0.0.1:{}", server.management);
    let setup = fixed(None).with("FRONTDESK_MANAGEMENT_LISTEN", &listens);
    let restore = ["restore", "--replace", "a.backup"];
    let said = refused(&setup, server.folder.path(), &restore, b"");
    assert_eq!(
        said,
        format!(
            "the service answers at {listens} (management_listen (FRONTDESK_MANAGEMENT_LISTEN)), \
             and its store must not be replaced meanwhile: stop it first"
        )
    );
    assert_eq!(server.manage("GET", &later).send().ok(), later);
    let folder = Arc::clone(&server.folder);
    drop(server);
    gave(&setup, folder.path(), &restore, b"");
    let server = setup.within(&folder).start();
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    server
        .manage("GET", &later)
        .send()
        .refused(401, "invalid_token");
}
