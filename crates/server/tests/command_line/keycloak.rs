//! The program of the recipe for Keycloak.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::variable;

/// Runs the copy against a realm with four copies and a Frontdesk that lists some of their clients. Returns the exit code,
/// the changes in the realm and the text on standard error.
fn copied(listed: &[u8], flags: &[&str]) -> (i64, Vec<String>, String) {
    let folder = TempDir::new().unwrap();
    let lines: Vec<String> = listed
        .iter()
        .map(|number| {
            let metadata = json!({ "token_endpoint_auth_method": "none" });
            json!({ "client_id": format!("client-{number}"), "revision": 1, "expired": false, "metadata": metadata }).to_string()
        })
        .collect();
    fs::write(folder.path().join("listed"), lines.join("\n")).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let frontdesk = folder.path().join("frontdesk");
    fs::write(
        &frontdesk,
        format!("#!/bin/sh\nexec cat '{}/listed'\n", folder.path().display()),
    )
    .unwrap();
    fs::set_permissions(&frontdesk, fs::Permissions::from_mode(0o755)).unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Command::new("python3")
        .arg(format!(
            "{root}/crates/server/tests/command_line/fake_keycloak.py"
        ))
        .arg(format!("{root}/docs/recipes/keycloak/clients.py"))
        .args(["4", "--secret-file"])
        .arg(folder.path().join("secret"))
        .args(flags)
        .env(
            "PATH",
            format!(
                "{}:{}",
                folder.path().display(),
                variable("PATH").unwrap_or_default()
            ),
        )
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    let changes = done["changes"].as_array().unwrap().iter();
    (
        done["code"].as_i64().unwrap(),
        changes
            .map(|change| change.as_str().unwrap().to_owned())
            .collect(),
        done["error"].as_str().unwrap().to_owned(),
    )
}

/// A copy never deletes more than half of the realm's copies without `--yes`, also if it read an empty list.
#[test]
fn copy_deletes_at_most_half() {
    let said = |gone: u8| {
        format!(
            "{gone} of the realm's 4 copies would be deleted, and nothing was changed; --yes deletes them\n"
        )
    };
    assert_eq!(copied(&[], &[]), (1, vec![], said(4)));
    assert_eq!(copied(&[1], &[]), (1, vec![], said(3)));
    assert_eq!(copied(&[1, 9], &[]), (1, vec![], said(3)));
    let deleted = |names: &[u8]| {
        names
            .iter()
            .map(|name| format!("deleted client-{name}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(copied(&[1, 2], &[]), (0, deleted(&[3, 4]), String::new()));
    assert_eq!(
        copied(&[], &["--yes"]),
        (0, deleted(&[1, 2, 3, 4]), String::new())
    );
    assert_eq!(copied(&[1, 2, 3, 4], &[]), (0, vec![], String::new()));
}
