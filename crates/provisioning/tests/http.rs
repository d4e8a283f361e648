//! The connector `http` against Hydra's admin API in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]

mod support;

use protocol::ClientId;
use provisioning::http::HttpConnector;
use provisioning::{
    Connector, ConnectorError, CopyTemplate, CredentialFile, DesiredSecret, ListedCopy, Listing,
};
use serde_json::json;
use support::scripted::hydra::Hydra;
use support::scripted::switches::Fault;
use support::{Wanted, random, soon, trust};

fn connector(hydra: &Hydra, template: CopyTemplate) -> HttpConnector {
    HttpConnector::new(hydra.at.clone(), trust(), None, template, random())
}

fn listed(connector: &HttpConnector, wanted: &Wanted) -> Vec<ListedCopy> {
    let mut copies = Vec::new();
    let listing = connector
        .list(&wanted.issuer, soon(), &mut |copy| copies.push(copy))
        .unwrap();
    assert_eq!(listing, Listing::Complete);
    copies
}

/// A copy has the agreed members, our mark, and always a scope.
#[test]
fn created_copy_has_members_and_mark() {
    let (hydra, wanted) = (
        Hydra::start(),
        Wanted::new(&json!({ "client_name": "App" })),
    );
    let made = connector(&hydra, CopyTemplate::default())
        .create(&wanted.desired(), soon())
        .unwrap();
    assert_eq!((made.client_id, made.secret), (None, None));
    assert_eq!(made.dropped_members, Vec::<String>::new());
    assert_eq!(
        hydra.client("0ABCdefGHI").unwrap(),
        json!({
            "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "client_name": "App",
            "scope": "openid profile",
            "client_id": "0ABCdefGHI",
            "client_secret": "S3cretOfTheClient",
            "owner": "frontdesk",
            "metadata": { "frontdesk": { "issuer": "https://login.example.com", "revision": "1" } },
        })
    );
}

/// A creation that is repeated, since its answer was lost, ends with one copy.
#[test]
fn lost_answer_is_repeated_safely() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let connector = connector(&hydra, CopyTemplate::default());
    hydra.fail([Some(Fault::CutAfterWork)]);
    let lost = connector.create(&wanted.desired(), soon());
    assert!(
        matches!(lost, Err(ConnectorError::Unavailable { .. })),
        "{lost:?}"
    );
    connector.create(&wanted.desired(), soon()).unwrap();
    assert_eq!(hydra.state.lock().unwrap().clients.len(), 1);
}

/// An update replaces every member, and makes a copy that is gone.
#[test]
fn update_replaces_or_makes_copy() {
    let hydra = Hydra::start();
    let connector = connector(&hydra, CopyTemplate::default());
    let mut wanted = Wanted::new(&json!({ "client_name": "App" }));
    let place = connector.create(&wanted.desired(), soon()).unwrap().place;
    wanted = Wanted::new(&json!({ "scope": "openid" }));
    wanted.revision = 2;
    for _ in 0..2 {
        connector.update(&wanted.desired(), &place, soon()).unwrap();
        let copy = hydra.client("0ABCdefGHI").unwrap();
        assert_eq!(copy.get("client_name"), None);
        assert_eq!(copy["scope"], "openid");
        assert_eq!(copy["metadata"]["frontdesk"]["revision"], "2");
        hydra.state.lock().unwrap().clients.clear();
    }
}

/// A deletion succeeds also when the copy is gone.
#[test]
fn delete_is_idempotent() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let connector = connector(&hydra, CopyTemplate::default());
    let place = connector.create(&wanted.desired(), soon()).unwrap().place;
    connector.delete(&place, soon()).unwrap();
    assert_eq!(hydra.client("0ABCdefGHI"), None);
    connector.delete(&place, soon()).unwrap();
}

/// The list follows its pages and has the copies of this provider only.
#[test]
fn list_has_marked_copies_of_all_pages() {
    let (hydra, mut wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let connector = connector(&hydra, CopyTemplate::default());
    for number in 0..5 {
        wanted.id = ClientId::new(format!("client{number}"));
        connector.create(&wanted.desired(), soon()).unwrap();
    }
    let mut foreign = hydra.client("client0").unwrap();
    foreign["metadata"]["frontdesk"]["issuer"] = "https://other.example".into();
    let unmarked = json!({ "client_id": "unmarked", "owner": "frontdesk" });
    for (id, copy) in [("foreign", foreign), ("unmarked", unmarked)] {
        let mut state = hydra.state.lock().unwrap();
        state.clients.insert(id.to_owned(), copy);
    }
    let ids: Vec<String> = listed(&connector, &wanted)
        .iter()
        .map(|copy| copy.place.client_id.to_string())
        .collect();
    assert_eq!(ids, ["client0", "client1", "client2", "client3", "client4"]);
}

/// A copy differs when a sent member, or the revision, differs; a member that the server dropped does not count.
#[test]
fn drift_is_seen() {
    let (hydra, wanted) = (
        Hydra::start(),
        Wanted::new(&json!({ "client_name": "App" })),
    );
    let connector = connector(&hydra, CopyTemplate::default());
    hydra.state.lock().unwrap().forgotten = vec!["client_name"];
    let made = connector.create(&wanted.desired(), soon()).unwrap();
    assert_eq!(made.dropped_members, ["client_name"]);
    let is_current = |wanted: &Wanted| {
        let copies = listed(&connector, wanted);
        connector.is_current(&wanted.desired(), &copies[0], &made.dropped_members)
    };
    assert!(is_current(&wanted));
    hydra
        .state
        .lock()
        .unwrap()
        .clients
        .get_mut("0ABCdefGHI")
        .unwrap()["redirect_uris"] = json!(["https://other.example/"]);
    assert!(!is_current(&wanted));
    let mut next = Wanted::new(&json!({}));
    next.revision = 2;
    assert!(!is_current(&next));
}

/// Each status has its kind of error.
#[test]
fn statuses_are_classified() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let connector = connector(&hydra, CopyTemplate::default());
    for status in [400, 403, 405, 413, 415, 422] {
        hydra.fail([Some(Fault::Status(status))]);
        let refused = connector.create(&wanted.desired(), soon());
        assert!(
            matches!(refused, Err(ConnectorError::Rejected { .. })),
            "{status}"
        );
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        hydra.fail([Some(Fault::Status(status))]);
        let passing = connector.create(&wanted.desired(), soon());
        assert!(
            matches!(passing, Err(ConnectorError::Unavailable { .. })),
            "{status}"
        );
    }
    for status in [401, 302, 404] {
        hydra.fail([Some(Fault::Status(status))]);
        let ours = connector.create(&wanted.desired(), soon());
        assert!(
            matches!(ours, Err(ConnectorError::Misconfigured { .. })),
            "{status}"
        );
    }
    assert_eq!(hydra.state.lock().unwrap().clients.len(), 0);
}

/// The mark wins over a template, and a template's other members lie under the copy.
#[test]
fn template_lies_under_the_copy() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let template = CopyTemplate::parse(
        r#"{"skip_consent": false, "metadata": {"team": "web"}, "audience": ["api"]}"#,
    )
    .unwrap();
    connector(&hydra, template.clone())
        .create(&wanted.desired(), soon())
        .unwrap();
    let copy = hydra.client("0ABCdefGHI").unwrap();
    assert_eq!(copy["client_secret"], "S3cretOfTheClient");
    assert_eq!(copy["audience"], json!(["api"]));
    assert_eq!(copy["metadata"]["team"], "web");
    assert_eq!(
        copy["metadata"]["frontdesk"]["revision"],
        template.revision(1)
    );
    assert_ne!(template.revision(1), "1");
}

/// A template has no member that belongs to a single client: every copy would share it.
#[test]
fn template_has_nothing_of_one_client() {
    for member in [
        "client_id",
        "client_secret",
        "redirect_uris",
        "clientId",
        "secret",
        "redirectUris",
        "id",
        "registration_access_token",
    ] {
        let template = json!({ "audience": ["api"], member: "no" }).to_string();
        let refused = CopyTemplate::parse(&template).unwrap_err();
        assert!(refused.contains("of a client"), "{member}: {refused}");
    }
}

/// A copy whose secret expired has a random one, and the answer adopts none.
#[test]
fn expired_secret_becomes_unusable() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let mut desired = wanted.desired();
    desired.secret = DesiredSecret::Unusable;
    let made = connector(&hydra, CopyTemplate::default())
        .create(&desired, soon())
        .unwrap();
    assert_eq!(made.secret, None);
    assert_eq!(
        hydra.client("0ABCdefGHI").unwrap()["client_secret"],
        "07".repeat(32)
    );
}

/// A missing credential file is our mistake, and its message names the setting.
#[test]
fn missing_credential_names_the_setting() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let file = CredentialFile {
        setting: "provider.provision.token_file".to_owned(),
        path: "does-not-exist".into(),
    };
    let connector = HttpConnector::new(
        hydra.at.clone(),
        trust(),
        Some(file),
        CopyTemplate::default(),
        random(),
    );
    let error = connector.create(&wanted.desired(), soon()).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "provider.provision.token_file names does-not-exist, which cannot be read: "
        ),
        "{error}"
    );
    assert_eq!(hydra.switches.calls().len(), 0);
}

/// A pattern that lists plain URIs is expanded; another one is left out and reported.
#[test]
fn patterns_never_reach_the_server() {
    let (hydra, wanted) = (
        Hydra::start(),
        Wanted::new(&json!({
            "redirect_uris": ["regexp=(https://a.example/cb|https://b.example/cb)", "regexp=https://c.example/.*"],
        })),
    );
    let made = connector(&hydra, CopyTemplate::default())
        .create(&wanted.desired(), soon())
        .unwrap();
    assert_eq!(made.dropped_members, ["redirect_uris"]);
    assert_eq!(
        hydra.client("0ABCdefGHI").unwrap()["redirect_uris"],
        json!(["https://a.example/cb", "https://b.example/cb"])
    );
}

/// A client of the server that has our identifier and not our mark is not touched, and the refusal names `client_id`.
#[test]
fn unmarked_client_is_not_touched() {
    let (hydra, wanted) = (Hydra::start(), Wanted::new(&json!({})));
    let foreign = json!({ "client_id": "0ABCdefGHI", "owner": "", "metadata": {} });
    hydra
        .state
        .lock()
        .unwrap()
        .clients
        .insert("0ABCdefGHI".to_owned(), foreign.clone());
    let connector = connector(&hydra, CopyTemplate::default());
    let place = connector.place(&wanted.issuer, &wanted.id).unwrap();
    for refused in [
        connector.create(&wanted.desired(), soon()),
        connector.update(&wanted.desired(), &place, soon()),
    ] {
        assert!(
            matches!(&refused, Err(ConnectorError::Rejected { member: Some(member), .. }) if member == "client_id"),
            "{refused:?}"
        );
    }
    assert_eq!(hydra.client("0ABCdefGHI"), Some(foreign));
}
