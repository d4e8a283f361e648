//! Initial access tokens as objects, and whose clients an account reaches from the command line.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

#[path = "tokens/imposed.rs"]
mod imposed;
#[path = "tokens/issuing.rs"]
mod issuing;
#[path = "tokens/owners.rs"]
mod owners;
#[path = "tokens/terms.rs"]
mod terms;

use serde_json::{Value, json};
use support::{Answer, Setup, TestServer};

/// A served provider with a fixed issuer, independent of the port, so that every command knows it.
fn fixed() -> Setup {
    Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443")
}

fn issue(server: &TestServer, flags: &[&str]) -> String {
    server
        .ran(&[&["token", "issue"], flags].concat())
        .trim_end()
        .to_owned()
}

fn register(server: &TestServer, token: &str, metadata: &Value) -> Answer {
    server
        .request("POST", "/register")
        .bearer(token)
        .json(metadata)
        .send()
}

/// A web application, and more.
fn web(more: &Value) -> Value {
    with(json!({ "redirect_uris": ["https://rp.example/cb"] }), more)
}

/// The body of an update, and more.
fn update(client: &Value, more: &Value) -> Value {
    with(
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"] }),
        more,
    )
}

fn with(mut members: Value, more: &Value) -> Value {
    members
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    members
}

/// The tokens as `token list --json` shows them.
fn tokens(server: &TestServer) -> Vec<Value> {
    server
        .ran(&["token", "list", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs a command that must end with exit 1, print nothing, and say one sentence.
#[track_caller]
fn refused(server: &TestServer, arguments: &[&str]) -> String {
    let output = server.run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), &b""[..]),
        "{arguments:?}: {said}"
    );
    said.strip_prefix("frontdesk: ")
        .and_then(|said| said.strip_suffix('\n'))
        .unwrap()
        .to_owned()
}
