//! The connector `rfc7591` against a registration endpoint in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]

mod support;

use std::fs;

use protocol::Secret;
use provisioning::rfc7591::Rfc7591Connector;
use provisioning::{Connector, ConnectorError, CredentialFile, ProvisionedClient};
use serde_json::{Value, json};
use support::scripted::registration::{Registration, TOKEN};
use support::{Wanted, soon, trust};

struct Bench {
    server: Registration,
    connector: Rfc7591Connector,
    _folder: tempfile::TempDir,
}

fn bench(token: &str) -> Bench {
    let (server, folder) = (Registration::start(), tempfile::tempdir().unwrap());
    let path = folder.path().join("token");
    fs::write(&path, token).unwrap();
    let token = CredentialFile {
        setting: "provider.provision.token_file".to_owned(),
        path,
    };
    Bench {
        connector: Rfc7591Connector::new(server.at.clone(), trust(), Some(token)),
        server,
        _folder: folder,
    }
}

fn create(bench: &Bench, members: &Value) -> Result<ProvisionedClient, ConnectorError> {
    bench
        .connector
        .create(&Wanted::new(members).desired(), soon())
}

/// The server chooses the identifier and the secret, and its members are what was agreed. `openid` and members with a language
/// tag are left out of the request; `openid` is in the answer again.
#[test]
fn chosen_values_are_adopted() {
    let bench = bench(TOKEN);
    let made = create(
        &bench,
        &json!({ "scope": "openid email", "client_name#ja": "x" }),
    )
    .unwrap();
    assert_eq!(made.client_id.unwrap().as_str(), "chosen-1");
    assert_eq!(made.secret.unwrap().reveal(), "secret-of-chosen-1");
    assert_eq!(made.place.token.unwrap().reveal(), "token-of-chosen-1");
    assert_eq!(made.members.unwrap()["scope"], "openid email");
    assert_eq!(made.dropped_members, ["client_name#ja"]);
    let held = bench.server.state.lock().unwrap().clients["chosen-1"].clone();
    assert_eq!(
        (&held["scope"], held.get("client_name#ja")),
        (&json!("email"), None)
    );
}

/// An update returns the new registration access token, and the old token is refused for good. RFC 7592 §3.
#[test]
fn exchanged_token_is_kept() {
    let bench = bench(TOKEN);
    let made = create(&bench, &json!({})).unwrap();
    let wanted = Wanted::new(&json!({ "client_name": "New" }));
    let updated = bench
        .connector
        .update(&wanted.desired(), &made.place, soon())
        .unwrap();
    assert_eq!(updated.place.token, Some(Secret::new("token-of-chosen-1+")));
    let refused = bench
        .connector
        .update(&wanted.desired(), &made.place, soon());
    assert!(
        matches!(refused, Err(ConnectorError::Rejected { .. })),
        "{refused:?}"
    );
    bench.connector.delete(&updated.place, soon()).unwrap();
    bench.connector.delete(&updated.place, soon()).unwrap();
    assert!(bench.server.state.lock().unwrap().clients.is_empty());
}

/// A management address at the public origin of the server is asked for at the configured origin, and an address elsewhere is not
/// asked for at all.
#[test]
fn requests_stay_at_the_configured_origin() {
    let bench = bench(TOKEN);
    bench.server.state.lock().unwrap().public_origin =
        Some("https://login.example.com/".to_owned());
    let mut made = create(&bench, &json!({})).unwrap();
    assert_eq!(
        made.place.handle.as_deref(),
        Some("https://login.example.com/register/chosen-1")
    );
    bench.connector.delete(&made.place, soon()).unwrap();
    assert!(bench.server.state.lock().unwrap().clients.is_empty());
    made.place.handle = Some("https://evil.example/elsewhere/chosen-1".to_owned());
    let refused = bench.connector.delete(&made.place, soon());
    assert!(
        matches!(refused, Err(ConnectorError::Rejected { .. })),
        "{refused:?}"
    );
}

/// A value that the server answers with 500 is refused for good, unless the server answers so to every registration.
#[test]
fn unstorable_value_is_no_outage() {
    let bench = bench(TOKEN);
    let long = json!({ "redirect_uris": [format!("https://rp.example/{}", "a".repeat(300))] });
    let refused = create(&bench, &long);
    assert!(
        matches!(refused, Err(ConnectorError::Rejected { .. })),
        "{refused:?}"
    );
    bench.server.state.lock().unwrap().broken = true;
    let down = create(&bench, &long);
    assert!(
        matches!(down, Err(ConnectorError::Unavailable { .. })),
        "{down:?}"
    );
}

/// The check names a wrong token, and leaves no client behind at a server that takes one without redirect URIs.
#[test]
fn check_leaves_no_client() {
    let wanted = Wanted::new(&json!({}));
    let good = bench(TOKEN);
    for takes_everything in [false, true] {
        good.server.state.lock().unwrap().takes_everything = takes_everything;
        let findings = good.connector.check(&wanted.issuer, soon());
        assert!(
            findings.iter().all(|finding| finding.is_well),
            "{findings:?}"
        );
        let state = good.server.state.lock().unwrap();
        assert_eq!(
            (state.clients.len(), state.made),
            (0, usize::from(takes_everything))
        );
    }
    let wrong = bench("wrong");
    let findings = wrong.connector.check(&wanted.issuer, soon());
    assert_eq!(
        findings[0].sentence,
        "the registration endpoint takes clients: the authorization server answered 401: invalid_token"
    );
}

/// A copy is read at its management address; a copy that was changed there is not current, and one that is gone is `None`.
/// RFC 7592 §2.1.
#[test]
fn read_copy_is_compared() {
    let bench = bench(TOKEN);
    let wanted = Wanted::new(&json!({ "scope": "openid email", "client_name#ja": "x" }));
    let made = bench.connector.create(&wanted.desired(), soon()).unwrap();
    let read = || bench.connector.read(&made.place, soon()).unwrap();
    let is_current = || {
        bench
            .connector
            .is_current(&wanted.desired(), &read().unwrap(), &made.dropped_members)
    };
    assert!(is_current());
    let edit = |name: &str, value: Value| {
        bench
            .server
            .state
            .lock()
            .unwrap()
            .clients
            .get_mut("chosen-1")
            .unwrap()[name] = value;
    };
    edit("redirect_uris", json!(["https://evil.example/"]));
    assert!(!is_current());
    bench.connector.delete(&made.place, soon()).unwrap();
    assert!(read().is_none());
}
