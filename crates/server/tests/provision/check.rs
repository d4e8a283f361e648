//! `frontdesk check` tries the connector, and reads the rows of copies.

use std::fs;

use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::keycloak::Keycloak;
use crate::scripted_server::switches::Fault;
use crate::support::Setup;
use crate::world::{into_hydra, into_keycloak, on_both, plain, register};

/// The exit code and the output of `check`.
fn check(setup: &Setup, folder: &TempDir) -> (Option<i32>, String) {
    let setup = setup
        .clone()
        .with("FRONTDESK_LISTEN", "127.0.0.1:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0");
    let output = setup.command(folder.path(), &["check"]).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[track_caller]
fn has(printed: &(Option<i32>, String), code: i32, line: &str) {
    let lines = printed.1.lines().map(str::trim_start);
    assert!(
        printed.0 == Some(code) && lines.clone().any(|text| text == line),
        "{code}: {line}\n{printed:#?}"
    );
}

const WRONG: &str = "wrong: the provider http://localhost:9443: its clients cannot be written into the authorization server:";

/// A connector that works is no finding, and the probe is gone afterwards.
#[test]
fn working_connector_is_no_finding() {
    let folder = TempDir::new().unwrap();
    let (hydra, keycloak) = (Hydra::start(), Keycloak::start());
    for setup in [
        into_hydra(plain(), &hydra),
        into_keycloak(plain(), &keycloak, folder.path()),
    ] {
        let (code, printed) = check(&setup, &folder);
        assert_eq!(code, Some(0), "{printed}");
        assert!(!printed.contains("authorization server"), "{printed}");
    }
    assert!(keycloak.state.lock().unwrap().clients.is_empty());
    assert!(hydra.ids().is_empty());
}

/// The right that is missing, or the wrong credential, is named.
#[test]
fn missing_right_is_named() {
    let folder = TempDir::new().unwrap();
    let keycloak = Keycloak::start();
    let setup = into_keycloak(plain(), &keycloak, folder.path());
    keycloak.state.lock().unwrap().denied = true;
    has(
        &check(&setup, &folder),
        1,
        &format!(
            "{WRONG} the clients can be listed: the service account frontdesk lacks the role manage-clients of realm-management"
        ),
    );
    keycloak.state.lock().unwrap().denied = false;
    fs::write(folder.path().join("keycloak.secret"), "wrong").unwrap();
    let (code, printed) = check(&setup, &folder);
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("the client frontdesk cannot log in to the realm main")
            && !printed.contains("wrong\""),
        "{printed}"
    );
}

/// A server that is down is a problem, and so is a credential that cannot be read.
#[test]
fn unusable_connector_is_a_problem() {
    let folder = TempDir::new().unwrap();
    let hydra = Hydra::start();
    let setup = into_hydra(plain(), &hydra);
    hydra.switches.fail_methods(&["GET"], Fault::Status(503));
    has(
        &check(&setup, &folder),
        1,
        &format!(
            "{WRONG} the clients can be listed: the authorization server answered 503: a fault of the script"
        ),
    );
    has(
        &check(
            &setup.with("FRONTDESK_PROVISION_TOKEN_FILE", "none.token"),
            &folder,
        ),
        1,
        "wrong: the provider http://localhost:9443: provider.provision.token_file (FRONTDESK_PROVISION_TOKEN_FILE) names none.token, which \
         cannot be read: No such file or directory (os error 2)",
    );
}

/// Plain HTTP beyond loopback is noted.
#[test]
fn plain_http_is_noted() {
    let folder = TempDir::new().unwrap();
    let setup = plain()
        .with("FRONTDESK_PROVISION_TO", "http")
        .with("FRONTDESK_PROVISION_AT", "http://192.0.2.1:1/clients")
        .with("FRONTDESK_PROVISION_PLAIN_HTTP", "true");
    has(
        &check(&setup, &folder),
        1,
        "note: credentials and client secrets pass the network to the authorization server in clear: a network that can read them can \
         register clients there",
    );
}
/// Copies near their limit are noted, and copies of a provider that does not provision any more.
#[test]
fn copies_are_counted() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let limited = into_hydra(setup.clone(), &hydra).with("FRONTDESK_PROVISION_AT_MOST", "5");
        let server = limited.clone().start();
        for _ in 0..3 {
            register(&server);
        }
        assert!(!server.ran(&["check"]).contains("copies"));
        register(&server);
        let printed = server.ran(&["check"]);
        let noted = "note: 4 of at most 5 copies are there; a registration beyond provider.provision.at_most (FRONTDESK_PROVISION_AT_MOST) is 503";
        assert!(printed.contains(noted), "{printed}");
        drop(server);
        let printed = setup.start().ran(&["check"]);
        let noted = "note: 4 copies of clients of http://localhost:9443 rest: that provider has no [provider.provision], so changes and \
             deletions do not reach the authorization server";
        assert!(printed.contains(noted), "{printed}");
    });
}
