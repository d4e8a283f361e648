//! `frontdesk provision …` with the real binary and scripted authorization servers.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

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
use support::{Answer, Postgres, Setup, TestServer, until};
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

const REGISTER: &str = "/realms/main/register";

fn named(name: &str) -> Value {
    json!({ "client_name": name, "redirect_uris": ["https://rp.example/cb"] })
}

fn register(server: &TestServer, name: &str) -> Answer {
    server.request("POST", REGISTER).json(&named(name)).send()
}

fn identifier(client: &Value) -> String {
    client["client_id"].as_str().unwrap().to_owned()
}

/// Registers clients with a service that is stopped then; their identifiers. A copy that was written in this second is not compared
/// yet, so this waits until all are.
fn registered(setup: &Setup, folder: &Arc<TempDir>, clients: usize) -> Vec<String> {
    let server = setup.clone().within(folder).start();
    let name = |number| format!("Client {number}");
    let ids = (0..clients).map(|number| identifier(&register(&server, &name(number)).created()));
    let ids: Vec<String> = ids.collect();
    drop(server);
    until_unchanged(setup, folder.path(), clients);
    ids
}

fn until_unchanged(setup: &Setup, folder: &Path, clients: usize) {
    until("every copy is compared", || {
        let (_, compared, _) = reconciled(setup, folder, &["--dry-run"]);
        compared.is_some_and(|compared| compared["unchanged"] == clients)
    });
}

fn counts(numbers: [u64; 5]) -> Value {
    let [created, updated, deleted, unchanged, rejected] = numbers;
    json!({
        "provider": ISSUER, "created": created, "updated": updated, "deleted": deleted,
        "unchanged": unchanged, "rejected": rejected,
    })
}

/// Runs `provision reconcile`; its exit code, the object that it printed and its error.
fn reconciled(setup: &Setup, folder: &Path, flags: &[&str]) -> (i32, Option<Value>, String) {
    let arguments = [&["provision", "reconcile", "--json"], flags].concat();
    let (code, printed, error) = ran(setup, folder, &arguments);
    (code, objects(&printed).pop(), error)
}

/// `client show`, `provision status` and `provision retry` tell the state of a copy from its registration to a server that is down
/// and back.
#[test]
fn state_of_a_copy_is_shown() {
    let hydra = Hydra::start();
    let server = into_hydra(&hydra).start();
    let client = register(&server, "Wiki").created();
    let id = identifier(&client);
    let shown: Value = serde_json::from_str(&server.ran(&["client", "show", &id])).unwrap();
    let since = &shown["provisioned"]["since"];
    assert!(since.as_i64().unwrap() > 1_700_000_000);
    let expected = json!({
        "state": "synced", "revision": 1, "since": since, "error": null, "dropped_members": [],
    });
    assert_eq!(shown["provisioned"], expected);
    assert_eq!(server.ran(&["provision", "status", "--json"]), "");
    let all = server.ran(&["provision", "status", "--all", "--json"]);
    let expected = json!({
        "client_id": id, "provider": ISSUER, "state": "synced", "attempts": 0, "due_at": null,
        "since": since, "error": null, "dropped_members": [],
    });
    assert_eq!(objects(&all), [expected]);
    let summary = |states: &str| format!("{ISSUER} (http): {states}\n");
    let text = server.ran(&["provision", "status"]);
    let states = "1 synced, 0 pending, 0 creating, 0 rejected, 0 deleting";
    assert!(text.starts_with(&summary(states)), "{text}");
    assert!(
        text.contains("so it is unknown whether calls are paused"),
        "{text}"
    );
    let management = format!("127.0.0.1:{}", server.management);
    let mut command = server.command(&["provision", "status"]);
    let beside = command
        .env("FRONTDESK_MANAGEMENT_LISTEN", management)
        .output()
        .unwrap();
    let beside = String::from_utf8(beside.stdout).unwrap();
    assert!(
        beside.contains("  the service calls the server\n"),
        "{beside}"
    );

    hydra.switches.fail_writes(Fault::Status(500));
    let mut metadata = named("Renamed");
    metadata["client_id"] = id.as_str().into();
    let path = format!("{REGISTER}/{id}");
    let token = client["registration_access_token"].as_str().unwrap();
    let refused = server
        .request("PUT", &path)
        .bearer(token)
        .json(&metadata)
        .send();
    assert_eq!(refused.status(), 503);
    let pending = objects(&server.ran(&["provision", "status", "--json"])).remove(0);
    assert_eq!(
        (&pending["client_id"], &pending["state"]),
        (&json!(id), &json!("pending"))
    );
    assert!(pending["due_at"].is_i64(), "{pending}");
    assert!(
        pending["error"].as_str().unwrap().contains("500"),
        "{pending}"
    );
    let text = server.ran(&["provision", "status", &id]);
    assert!(text.starts_with("CLIENT"), "{text}");
    assert!(text.contains(&format!("{id}  pending  ")), "{text}");
    hydra.switches.heal();
    let due = objects(&server.ran(&["provision", "retry", &id, "--json"])).remove(0);
    assert!(due["due"].as_u64().unwrap() <= 1, "{due}");
    until("the stored state is there", || {
        server.ran(&["provision", "status", "--json"]).is_empty()
    });
    assert_eq!(hydra.client(&id).unwrap()["client_name"], "Wiki");
    let retried = server.ran(&["provision", "retry", "--all"]);
    assert_eq!(retried, "no copy waits for a later time or was refused\n");
}

/// A dry run tells the differences and changes nothing, a comparison repairs them without a running service, and what an
/// administrator entered is left alone.
#[test]
fn differences_are_told_and_repaired() {
    let database = Postgres::new();
    for on_postgres in [false, true] {
        let hydra = Hydra::start();
        let setup = match on_postgres {
            true => into_hydra(&hydra).on(&database),
            false => into_hydra(&hydra),
        };
        let folder = Arc::new(TempDir::new().unwrap());
        let ids = registered(&setup, &folder, 5);
        let foreign = json!({ "client_id": "entered", "owner": "admin", "redirect_uris": ["https://entered.example/cb"] });
        hydra.put("entered", &foreign);
        let lost = hydra.take(&ids[0]).unwrap();
        let mut changed = hydra.client(&ids[1]).unwrap();
        changed["redirect_uris"] = json!(["https://evil.example/cb"]);
        hydra.put(&ids[1], &changed);
        let mut orphan = lost.clone();
        orphan["client_id"] = "orphan".into();
        hydra.put("orphan", &orphan);
        let writes = hydra.switches.writes();
        let expected = (0, Some(counts([1, 1, 1, 3, 0])), String::new());
        assert_eq!(reconciled(&setup, folder.path(), &["--dry-run"]), expected);
        let dry_run = ["provision", "reconcile", "--dry-run", "--provider", ISSUER];
        let text = format!(
            "{ISSUER}: 1 would be created, 1 would be updated, 1 would be deleted, 3 unchanged, 0 rejected\n"
        );
        assert_eq!(
            ran(&setup, folder.path(), &dry_run),
            (0, text, String::new())
        );
        assert_eq!(hydra.switches.writes(), writes);
        assert_eq!(reconciled(&setup, folder.path(), &[]), expected);
        assert_eq!(hydra.client(&ids[0]), Some(lost));
        assert_eq!(
            hydra.client(&ids[1]).unwrap()["redirect_uris"],
            json!(["https://rp.example/cb"])
        );
        assert_eq!(hydra.client("orphan"), None);
        assert_eq!(hydra.client("entered"), Some(foreign));
        until_unchanged(&setup, folder.path(), 5);
        let again = (0, Some(counts([0, 0, 0, 5, 0])), String::new());
        assert_eq!(reconciled(&setup, folder.path(), &[]), again);
        let (_, told, _) = ran(&setup, folder.path(), &["provision", "status"]);
        let comparison = ": created 0, updated 0, deleted 0, unchanged 5, rejected 0\n";
        assert!(told.contains(comparison), "{told}");
    }
}

/// Without a running service `retry` and `reconcile` write what is due, deletions too.
#[test]
fn commands_write_without_a_service() {
    for command in ["retry", "reconcile"] {
        let hydra = Hydra::start();
        let setup = into_hydra(&hydra);
        let folder = Arc::new(TempDir::new().unwrap());
        let ids = registered(&setup, &folder, 2);
        ran(&setup, folder.path(), &["client", "delete", &ids[0]]);
        assert_eq!(hydra.ids().len(), 2);
        let arguments = match command {
            "retry" => vec!["provision", "retry", "--all"],
            _ => vec!["provision", "reconcile"],
        };
        let (code, told, error) = ran(&setup, folder.path(), &arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{told}");
        assert_eq!(hydra.ids(), [ids[1].clone()], "{command}");
    }
}

/// More than half of the copies are deleted with `--yes` only.
#[test]
fn most_copies_are_deleted_with_yes_only() {
    let hydra = Hydra::start();
    let setup = into_hydra(&hydra);
    let ids = registered(&setup, &Arc::new(TempDir::new().unwrap()), 3);
    assert_eq!(hydra.ids().len(), ids.len());
    let empty = with_store(&setup);
    let sentence = "3 of 3 copies would be deleted, and that is more than half; frontdesk provision reconcile --yes does it";
    let guarded = (
        1,
        Some(counts([0, 0, 0, 0, 0])),
        format!("frontdesk: {ISSUER}: {sentence}\n"),
    );
    for flags in [&["--dry-run"][..], &[]] {
        assert_eq!(reconciled(&setup, empty.path(), flags), guarded);
        assert_eq!(hydra.ids().len(), 3);
    }
    let (_, status, _) = ran(&setup, empty.path(), &["provision", "status"]);
    assert!(status.contains(sentence), "{status}");
    let done = (0, Some(counts([0, 0, 3, 0, 0])), String::new());
    assert_eq!(reconciled(&setup, empty.path(), &["--yes"]), done);
    assert!(hydra.ids().is_empty());
    let (_, audit, _) = ran(&setup, empty.path(), &["audit", "--json"]);
    assert!(audit.contains("\"copies deleted\""), "{audit}");
}

/// A client of the server with an identifier of ours and without our mark is not overwritten: the comparison names it and fails.
/// So does a comparison with a server that is down, which changes nothing.
#[test]
fn refused_and_failed_comparisons_exit_1() {
    let hydra = Hydra::start();
    let setup = into_hydra(&hydra);
    let folder = Arc::new(TempDir::new().unwrap());
    let ids = registered(&setup, &folder, 2);
    let foreign = json!({ "client_id": ids[0], "redirect_uris": ["https://entered.example/cb"] });
    hydra.put(&ids[0], &foreign);
    let (code, object, error) = reconciled(&setup, folder.path(), &[]);
    assert_eq!((code, object), (1, Some(counts([0, 0, 0, 1, 1]))));
    assert_eq!(
        error,
        format!(
            "frontdesk: {ISSUER}: the authorization server refuses one client; `frontdesk provision status` names it\n"
        )
    );
    assert_eq!(hydra.client(&ids[0]), Some(foreign));
    let (_, listed, _) = ran(&setup, folder.path(), &["provision", "status", "--json"]);
    let listed = objects(&listed);
    assert_eq!(
        (listed.len(), &listed[0]["client_id"], &listed[0]["state"]),
        (1, &json!(ids[0]), &json!("rejected"))
    );
    hydra.switches.fail_methods(&["GET"], Fault::CutBeforeWork);
    let (code, object, error) = reconciled(&setup, folder.path(), &[]);
    assert_eq!((code, object), (1, None));
    assert!(
        error.starts_with(&format!("frontdesk: {ISSUER}: ")),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1);
}

/// With `later` a refused client stands in the status with the server's reason, and is written after a retry.
#[test]
fn refused_client_is_written_after_retry() {
    let hydra = Hydra::start();
    hydra.refuse("Poison", 400, "invalid_client_metadata");
    let server = into_hydra(&hydra)
        .with("FRONTDESK_PROVISION_READY", "later")
        .start();
    let id = identifier(&register(&server, "Poison").created());
    let rejected = || {
        let rows = objects(&server.ran(&["provision", "status", "--json"]));
        rows.into_iter().find(|row| row["state"] == "rejected")
    };
    until("the refusal is recorded", || rejected().is_some());
    let row = rejected().unwrap();
    assert_eq!(
        (&row["client_id"], &row["due_at"]),
        (&json!(id), &Value::Null)
    );
    assert!(
        row["error"]
            .as_str()
            .unwrap()
            .contains("the script refuses it"),
        "{row}"
    );
    let text = server.ran(&["provision", "status"]);
    assert!(
        text.contains("0 synced, 0 pending, 0 creating, 1 rejected, 0 deleting\n"),
        "{text}"
    );
    assert!(text.contains("the script refuses it"), "{text}");
    hydra.refuse("Nothing", 400, "invalid_client_metadata");
    assert_eq!(
        server.ran(&["provision", "retry", "--all"]),
        "one copy was tried again; frontdesk provision status tells the result\n"
    );
    until("the copy is there", || hydra.client(&id).is_some());
    until("the copy is confirmed", || {
        server.ran(&["provision", "status", "--json"]).is_empty()
    });
}
