//! `frontdesk provision …` with the real binary and scripted authorization servers.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use scripted_server::hydra::Hydra;
use scripted_server::keycloak::{Keycloak, SECRET};
use scripted_server::switches::Fault;
use serde_json::{Value, json};
use support::Setup;
use tempfile::TempDir;

const ISSUER: &str = "https://login.example.com/realms/main";

/// The configuration of a provider whose clients are written into a server, without an upstream document.
fn configured() -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with(
            "FRONTDESK_AUTHORIZATION_ENDPOINT",
            "https://login.example.com/auth",
        )
        .with(
            "FRONTDESK_TOKEN_ENDPOINT",
            "https://login.example.com/token",
        )
        .with("FRONTDESK_REGISTRATION", "open")
}

fn into_hydra(hydra: &Hydra) -> Setup {
    configured()
        .with("FRONTDESK_PROVISION_TO", "http")
        .with("FRONTDESK_PROVISION_AT", hydra.at.as_str())
}

fn into_keycloak(keycloak: &Keycloak, folder: &Path) -> Setup {
    let secret = folder.join("keycloak.secret");
    fs::write(&secret, SECRET).unwrap();
    configured()
        .with("FRONTDESK_PROVISION_TO", "keycloak")
        .with("FRONTDESK_PROVISION_AT", keycloak.at.as_str())
        .with("FRONTDESK_PROVISION_SECRET_FILE", secret.to_str().unwrap())
}

/// A folder with a store.
fn with_store(setup: &Setup) -> Arc<TempDir> {
    let folder = Arc::new(TempDir::new().unwrap());
    let migrated = setup.command(folder.path(), &["migrate"]).output().unwrap();
    assert!(migrated.status.success());
    folder
}

/// Runs a command; its exit code, output and error.
fn ran(setup: &Setup, folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = setup.command(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The objects that a command printed.
fn objects(printed: &str) -> Vec<Value> {
    printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `provision check` tries the log-in, the list and a probe client, and leaves nothing behind.
#[test]
fn check_tries_every_call() {
    let keycloak = Keycloak::start();
    let folder = TempDir::new().unwrap();
    let setup = into_keycloak(&keycloak, folder.path());
    let (code, printed, error) = ran(&setup, folder.path(), &["provision", "check"]);
    let expected = format!(
        "ok     {ISSUER}: the service account can log in\n\
        ok     {ISSUER}: the clients can be listed\n\
        ok     {ISSUER}: a client can be made and deleted\n"
    );
    assert_eq!(
        (code, printed.as_str(), error.as_str()),
        (0, expected.as_str(), "")
    );
    assert!(keycloak.state.lock().unwrap().clients.is_empty());
    assert_eq!(keycloak.switches.count("DELETE", "/clients/"), 1);
    let (code, printed, _) = ran(&setup, folder.path(), &["provision", "check", "--json"]);
    let first =
        json!({ "provider": ISSUER, "ok": true, "finding": "the service account can log in" });
    assert_eq!((code, objects(&printed).first()), (0, Some(&first)));
}

/// A wrong secret, a missing role, a wrong realm and a server that does not answer are named, each with exit code 1.
#[test]
fn check_names_what_is_wrong() {
    let keycloak = Keycloak::start();
    let folder = TempDir::new().unwrap();
    let setup = into_keycloak(&keycloak, folder.path());
    let wrong = |setup: &Setup| {
        let (code, printed, error) = ran(setup, folder.path(), &["provision", "check"]);
        assert_eq!(code, 1, "{printed}");
        assert_eq!(
            error,
            "frontdesk: one call to an authorization server does not work\n"
        );
        let last = printed.lines().last().unwrap();
        last.strip_prefix(&format!("wrong  {ISSUER}: "))
            .unwrap()
            .to_owned()
    };
    keycloak.state.lock().unwrap().denied = true;
    let denied = wrong(&setup);
    assert!(
        denied.starts_with("the clients can be listed: "),
        "{denied}"
    );
    assert!(
        denied.contains(
            "the service account frontdesk lacks the role manage-clients of realm-management"
        ),
        "{denied}"
    );
    keycloak.state.lock().unwrap().denied = false;
    keycloak.state.lock().unwrap().only_views = true;
    let read_only = wrong(&setup);
    assert!(
        read_only.starts_with("a client can be made and deleted: "),
        "{read_only}"
    );
    assert!(read_only.contains("manage-clients"), "{read_only}");
    keycloak.state.lock().unwrap().only_views = false;
    let elsewhere = wrong(&setup.clone().with("FRONTDESK_PROVISION_REALM", "elsewhere"));
    assert!(
        elsewhere.starts_with("the service account can log in: "),
        "{elsewhere}"
    );
    assert!(elsewhere.contains("elsewhere"), "{elsewhere}");
    fs::write(folder.path().join("keycloak.secret"), "another-secret").unwrap();
    let refused = wrong(&setup);
    assert!(
        refused.starts_with("the service account can log in: "),
        "{refused}"
    );
    assert!(!refused.contains("another-secret"), "{refused}");
    fs::remove_file(folder.path().join("keycloak.secret")).unwrap();
    let missing = wrong(&setup);
    assert!(
        missing.contains("provider.provision.secret_file (FRONTDESK_PROVISION_SECRET_FILE)"),
        "{missing}"
    );
    let hydra = Hydra::start();
    hydra.switches.fail_methods(&["GET"], Fault::CutBeforeWork);
    let (code, printed, _) = ran(&into_hydra(&hydra), folder.path(), &["provision", "check"]);
    assert_eq!(code, 1);
    assert!(
        printed.starts_with(&format!("wrong  {ISSUER}: the clients can be listed: ")),
        "{printed}"
    );
}

/// A provider that is unknown or writes its clients nowhere is an error of every command, and so is a client without a copy.
#[test]
fn unknown_providers_and_clients_are_errors() {
    let hydra = Hydra::start();
    let setup = into_hydra(&hydra);
    let folder = with_store(&setup);
    let nowhere = "https://nowhere.example.com";
    let unknown = format!(
        "frontdesk: --provider must be the issuer of a provider that is configured ({ISSUER}), not {nowhere:?}\n"
    );
    for command in ["status", "reconcile", "check"] {
        let arguments = ["provision", command, "--provider", nowhere];
        let (code, _, error) = ran(&setup, folder.path(), &arguments);
        assert_eq!((code, error.as_str()), (1, unknown.as_str()), "{command}");
    }
    let arguments = ["provision", "retry", "--all", "--provider", nowhere];
    assert_eq!(ran(&setup, folder.path(), &arguments).2, unknown);
    let none =
        "frontdesk: no provider has [provider.provision], so clients are written into no server\n";
    for arguments in [
        &["provision", "reconcile"][..],
        &["provision", "check"],
        &["provision", "retry", "--all"],
    ] {
        let (code, _, error) = ran(&configured(), folder.path(), arguments);
        assert_eq!((code, error.as_str()), (1, none), "{arguments:?}");
    }
    let arguments = ["provision", "reconcile", "--provider", ISSUER];
    let (_, _, error) = ran(&configured(), folder.path(), &arguments);
    assert_eq!(
        error,
        format!(
            "frontdesk: the provider {ISSUER} has no [provider.provision], so its clients are written into no server\n"
        )
    );
    let (code, _, error) = ran(&setup, folder.path(), &["provision", "status", "absent"]);
    assert_eq!(
        (code, error.as_str()),
        (1, "frontdesk: there is no client absent\n")
    );
    let (code, _, error) = ran(&setup, folder.path(), &["provision", "retry", "absent"]);
    assert_eq!(
        (code, error.as_str()),
        (
            1,
            "frontdesk: the client absent has no copy at an authorization server\n"
        )
    );
    for arguments in [
        &["provision", "retry"][..],
        &["provision", "retry", "one", "--all"],
        &["provision", "status", "one", "--all"],
    ] {
        assert_eq!(ran(&setup, folder.path(), arguments).0, 2, "{arguments:?}");
    }
}

/// `provider show` has the address of the server and the limits of its kind.
#[test]
fn provider_is_shown_with_limits() {
    let keycloak = Keycloak::start();
    let folder = TempDir::new().unwrap();
    let setup = into_keycloak(&keycloak, folder.path());
    let store = with_store(&setup);
    let (code, printed, _) = ran(&setup, store.path(), &["provider", "show", "--json"]);
    assert_eq!(code, 0);
    let shown = objects(&printed).remove(0);
    assert_eq!(shown.get("issuer"), Some(&ISSUER.into()));
    assert_eq!(shown.get("upstream"), Some(&Value::Null));
    let expected = json!({
        "to": "keycloak",
        "at": keycloak.at.as_str(),
        "limits": [
            { "member": "redirect_uris", "max_chars": 255 },
            { "member": "redirect_uris", "not_ending_in": "*" },
            { "member": "client_name", "max_chars": 255 },
            { "member": "client_uri", "max_chars": 255 },
            { "member": "post_logout_redirect_uris", "not_ending_in": "*" },
        ],
    });
    assert_eq!(shown.get("provision"), Some(&expected));
    let (_, printed, _) = ran(&setup, store.path(), &["provider", "show", ISSUER]);
    assert!(printed.contains("\"max_chars\": 255"), "{printed}");
    let (code, _, error) = ran(
        &setup,
        store.path(),
        &["provider", "show", "https://nowhere.example.com"],
    );
    assert_eq!(code, 1);
    assert_eq!(
        error,
        format!("frontdesk: name the issuer of a provider that is configured: {ISSUER}\n")
    );
}
