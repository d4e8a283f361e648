//! A service with a scripted Hydra or Keycloak behind it, and the looks at both sides.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::keycloak::{Keycloak, REALM, SECRET};
use crate::support::{Answer, Postgres, Setup, TestServer, until};

/// The issuer, which stays the same when the service is started again.
pub const ISSUER: &str = "http://localhost:9443";

/// The longest patience, for tests that are not about it.
const LONG: &str = "10s";

/// A service on a store of its own, without provisioning.
pub fn plain() -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REGISTRATION", "open")
        .within(&Arc::new(TempDir::new().unwrap()))
}

/// Provisioning into a Hydra.
pub fn into_hydra(setup: Setup, hydra: &Hydra) -> Setup {
    setup
        .with("FRONTDESK_PROVISION_TO", "http")
        .with("FRONTDESK_PROVISION_AT", hydra.at.as_str())
        .with("FRONTDESK_PROVISION_PATIENCE", LONG)
}

/// Provisioning into a Keycloak, whose secret is in a file of the folder.
pub fn into_keycloak(setup: Setup, keycloak: &Keycloak, folder: &Path) -> Setup {
    let secret = folder.join("keycloak.secret");
    fs::write(&secret, SECRET).unwrap();
    setup
        .with("FRONTDESK_PROVISION_TO", "keycloak")
        .with("FRONTDESK_PROVISION_AT", keycloak.at.as_str())
        .with("FRONTDESK_PROVISION_REALM", REALM)
        .with("FRONTDESK_PROVISION_SECRET_FILE", secret.to_str().unwrap())
        .with("FRONTDESK_PROVISION_PATIENCE", LONG)
}

/// Runs a test on SQLite and on PostgreSQL.
pub fn on_both(test: impl Fn(Setup)) {
    test(plain());
    let database = Postgres::new();
    test(plain().on(&database));
}

/// A web client with these members besides.
pub fn web(more: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "App" });
    let members = metadata.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    metadata
}

pub fn post(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", "/register").json(metadata).send()
}

/// Registers a web client, which must succeed.
pub fn register(server: &TestServer) -> Value {
    post(server, &web(&json!({}))).created()
}

pub fn id(client: &Value) -> String {
    client["client_id"].as_str().unwrap().to_owned()
}

/// The issued members of a registration's answer, which an update leaves out.
const ISSUED: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_id_issued_at",
    "client_secret_expires_at",
];

/// Updates a client to these members besides those of its registration.
pub fn put(server: &TestServer, client: &Value, more: &Value) -> Answer {
    let mut body = client.clone();
    let members = body.as_object_mut().unwrap();
    members.retain(|name, _| !ISSUED.contains(&name.as_str()));
    members.extend(more.as_object().unwrap().clone());
    server.manage("PUT", client).json(&body).send()
}

/// The rows of copies: the state of each client, with its error.
pub fn rows(server: &TestServer) -> Vec<Value> {
    server
        .ran(&["provision", "status", "--json", "--all"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The states of all copies.
pub fn states(server: &TestServer) -> Vec<String> {
    let state = |row: &Value| row["state"].as_str().unwrap().to_owned();
    rows(server).iter().map(state).collect()
}

/// The state of a client's copy; nothing if it has no row.
pub fn state_of(server: &TestServer, id: &str) -> Option<String> {
    let rows = rows(server);
    let row = rows.iter().find(|row| row["client_id"] == id)?;
    Some(row["state"].as_str().unwrap().to_owned())
}

/// Waits until a client's copy has a state.
pub fn await_state(server: &TestServer, id: &str, state: &str) {
    until(state, || state_of(server, id).as_deref() == Some(state));
}

/// Waits for at most 90 seconds: a lease of a process that was killed lasts for half a minute, and a deletion with an unknown outcome
/// is confirmed after a minute.
pub fn until_late(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
    }
}

/// The answer of a request that the authorization server did not take: 503, with the exact sentence. Returns the seconds of
/// `Retry-After`.
#[track_caller]
pub fn server_down(answer: &Answer) -> u64 {
    assert_eq!(
        answer.refused(503, "temporarily_unavailable"),
        "The authorization server does not answer. Try again after the time in Retry-After."
    );
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1, "{seconds}");
    seconds
}
