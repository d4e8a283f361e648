//! The command line as scripts, shells and operators meet it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

#[path = "command_line/backups.rs"]
mod backups;
#[path = "command_line/carrying.rs"]
mod carrying;
#[path = "command_line/described.rs"]
mod described;
#[path = "command_line/help.rs"]
mod help;
#[path = "command_line/listing.rs"]
mod listing;
#[path = "command_line/objects.rs"]
mod objects;
#[path = "command_line/stores.rs"]
mod stores;
#[path = "command_line/terminal.rs"]
mod terminal;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use serde_json::Value;
use support::{Postgres, Setup, TestServer};
use tempfile::TempDir;

/// The sealing key of every PostgreSQL store here.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Another one.
const OTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A provider with a fixed issuer, independent of the port, on SQLite or on PostgreSQL, with the same sealing key.
fn fixed(database: Option<&Postgres>) -> Setup {
    let setup = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .with("FRONTDESK_SEALING_KEY", KEY);
    match database {
        Some(database) => setup.on(database),
        None => setup,
    }
}

/// A folder with a store that was just made.
fn with_store(setup: &Setup) -> Arc<TempDir> {
    let folder = Arc::new(TempDir::new().unwrap());
    let printed = gave(setup, folder.path(), &["migrate"], b"");
    assert!(printed.starts_with("applied "), "{printed}");
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command with something on its standard input.
fn fed(setup: &Setup, folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = setup
        .command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails before it reads closes its standard input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Runs a command with something on its standard input; asserts success without messages, returns its output.
#[track_caller]
fn gave(setup: &Setup, folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let output = fed(setup, folder, arguments, input);
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), ""),
        "{arguments:?}"
    );
    text(&output.stdout)
}

/// Runs a command with something on its standard input; asserts exit 1 without output, returns its message.
#[track_caller]
fn refused(setup: &Setup, folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let output = fed(setup, folder, arguments, input);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(1), ""),
        "{arguments:?}"
    );
    let said = text(&output.stderr);
    let sentence = said
        .strip_prefix("frontdesk: ")
        .and_then(|said| said.strip_suffix('\n'))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(!sentence.contains('\n'), "{said}");
    sentence.to_owned()
}

/// The rows of the audit trail that no stranger brought about: event, client, account and detail.
fn audited(server: &TestServer) -> Vec<String> {
    let rows = server.ran(&["audit", "--json"]);
    let rows = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = |row: Value| {
        ["event", "client_id", "account", "detail"]
            .map(|name| row[name].as_str().unwrap_or("-").to_owned())
            .join(" | ")
    };
    rows.map(told).collect()
}
