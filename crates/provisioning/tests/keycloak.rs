//! The connector `keycloak` against a Keycloak in memory.

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

use provisioning::keycloak::{KeycloakConnector, KeycloakSettings};
use provisioning::{
    Connector, ConnectorError, CopyHandle, CopyTemplate, CredentialFile, ListedCopy,
};
use serde_json::{Value, json};
use support::scripted::keycloak::{Keycloak, REALM, SECRET, State};
use support::{Wanted, random, soon, trust};

struct Bench {
    keycloak: Keycloak,
    connector: KeycloakConnector,
    folder: tempfile::TempDir,
}

fn bench(realm: &str, secret: &str, template: CopyTemplate) -> Bench {
    let (keycloak, folder) = (Keycloak::start(), tempfile::tempdir().unwrap());
    let path = folder.path().join("secret");
    fs::write(&path, format!("{secret}\n")).unwrap();
    let settings = KeycloakSettings {
        at: keycloak.at.clone(),
        realm: realm.to_owned(),
        client: "frontdesk".to_owned(),
        secret: CredentialFile {
            setting: "provider.provision.secret_file".to_owned(),
            path,
        },
    };
    Bench {
        connector: KeycloakConnector::new(settings, trust(), template, random()),
        keycloak,
        folder,
    }
}

fn ready() -> Bench {
    bench(REALM, SECRET, CopyTemplate::default())
}

fn create(bench: &Bench, wanted: &Wanted) -> CopyHandle {
    bench
        .connector
        .create(&wanted.desired(), soon())
        .unwrap()
        .place
}

fn listed(bench: &Bench, wanted: &Wanted) -> Vec<ListedCopy> {
    let mut copies = Vec::new();
    bench
        .connector
        .list(&wanted.issuer, soon(), &mut |copy| copies.push(copy))
        .unwrap();
    copies
}

fn public(members: &Value) -> Wanted {
    let mut wanted = Wanted::new(members);
    wanted.secret = None;
    wanted
}

/// Every flag is sent, so that Keycloak's own defaults count for nothing.
#[test]
fn created_copy_has_every_flag() {
    let (bench, wanted) = (
        ready(),
        Wanted::new(&json!({ "client_name": "App", "scope": "openid email phone" })),
    );
    create(&bench, &wanted);
    let copy = bench.keycloak.only();
    for (field, value) in [
        ("clientId", json!("0ABCdefGHI")),
        ("name", json!("App")),
        ("secret", json!("S3cretOfTheClient")),
        ("publicClient", json!(false)),
        ("clientAuthenticatorType", json!("client-secret")),
        ("redirectUris", json!(["https://rp.example/cb"])),
        ("standardFlowEnabled", json!(true)),
        ("implicitFlowEnabled", json!(false)),
        ("directAccessGrantsEnabled", json!(false)),
        ("serviceAccountsEnabled", json!(false)),
        ("consentRequired", json!(true)),
        ("fullScopeAllowed", json!(false)),
        ("webOrigins", json!(["+"])),
        ("protocolMappers", json!([])),
    ] {
        assert_eq!(copy[field], value, "{field}");
    }
    assert_eq!(
        copy["attributes"]["frontdesk.issuer"],
        "https://login.example.com"
    );
    assert_eq!(copy["attributes"]["frontdesk.revision"], "1");
    assert_eq!(copy["attributes"]["use.refresh.tokens"], "false");
    let scopes = bench.keycloak.scopes(copy["id"].as_str().unwrap());
    assert_eq!(scopes[0], ["acr", "basic", "roles", "web-origins"]);
    assert_eq!(scopes[1], ["email", "phone"]);
}

/// A public client has no secret and needs PKCE. RFC 8252 §8.1.
#[test]
fn public_client_needs_pkce() {
    let (bench, wanted) = (
        ready(),
        public(&json!({ "token_endpoint_auth_method": "none" })),
    );
    create(&bench, &wanted);
    let copy = bench.keycloak.only();
    assert_eq!(
        (&copy["publicClient"], copy.get("secret")),
        (&json!(true), None)
    );
    assert_eq!(copy["attributes"]["pkce.code.challenge.method"], "S256");
}

/// A native client may use any port of its loopback URIs (RFC 8252 §7.3), for which Keycloak needs them without a port.
#[test]
fn native_client_may_use_any_loopback_port() {
    let (bench, native) = (
        ready(),
        public(&json!({
            "application_type": "native", "token_endpoint_auth_method": "none",
            "redirect_uris": ["http://127.0.0.1:3000/cb", "http://localhost/cb", "http://[::1]:3000/cb", "com.example.app:/cb"],
        })),
    );
    let place = create(&bench, &native);
    let uris = [
        "http://127.0.0.1:3000/cb",
        "http://localhost/cb",
        "http://[::1]:3000/cb",
        "com.example.app:/cb",
    ];
    let mut portless = uris.to_vec();
    portless.push("http://127.0.0.1/cb");
    assert_eq!(bench.keycloak.only()["redirectUris"], json!(portless));
    assert!(
        bench
            .connector
            .is_current(&native.desired(), &listed(&bench, &native)[0], &[])
    );
    let web = public(
        &json!({ "application_type": "web", "token_endpoint_auth_method": "none", "redirect_uris": uris }),
    );
    bench
        .connector
        .update(&web.desired(), &place, soon())
        .unwrap();
    assert_eq!(bench.keycloak.only()["redirectUris"], json!(uris));
}

/// A creation is idempotent, and an update takes members away and changes scopes.
#[test]
fn update_takes_members_away() {
    let bench = ready();
    let mut wanted = Wanted::new(&json!({
        "client_uri": "https://rp.example/", "logo_uri": "https://rp.example/logo.png", "scope": "openid email",
    }));
    create(&bench, &wanted);
    let place = create(&bench, &wanted);
    wanted = Wanted::new(
        &json!({ "scope": "openid phone", "grant_types": ["authorization_code", "refresh_token"] }),
    );
    wanted.revision = 2;
    bench
        .connector
        .update(&wanted.desired(), &place, soon())
        .unwrap();
    let copy = bench.keycloak.only();
    assert_eq!(
        (&copy["baseUrl"], copy["attributes"].get("logoUri")),
        (&json!(""), None)
    );
    assert_eq!(copy["attributes"]["use.refresh.tokens"], "true");
    assert_eq!(copy["attributes"]["frontdesk.revision"], "2");
    assert_eq!(
        bench.keycloak.scopes(copy["id"].as_str().unwrap())[1],
        ["phone"]
    );
    wanted = Wanted::new(&json!({}));
    bench
        .connector
        .update(&wanted.desired(), &place, soon())
        .unwrap();
    let scopes = bench.keycloak.scopes(copy["id"].as_str().unwrap());
    assert_eq!(
        scopes[0],
        ["acr", "basic", "email", "profile", "roles", "web-origins"]
    );
    assert_eq!(scopes[1], ["phone"]);
}

/// An update makes a copy that is gone, and a deletion is idempotent.
#[test]
fn update_makes_copy_that_is_gone() {
    let (bench, wanted) = (ready(), Wanted::new(&json!({})));
    let place = create(&bench, &wanted);
    bench.connector.delete(&place, soon()).unwrap();
    bench.connector.delete(&place, soon()).unwrap();
    assert!(bench.keycloak.state.lock().unwrap().clients.is_empty());
    bench
        .connector
        .update(&wanted.desired(), &place, soon())
        .unwrap();
    assert_eq!(bench.keycloak.only()["clientId"], "0ABCdefGHI");
}

/// An administrator's client with our identifier is not touched, and the refusal names `client_id`.
#[test]
fn unmarked_client_is_not_touched() {
    let (bench, wanted) = (ready(), Wanted::new(&json!({})));
    let foreign = json!({ "id": "11111111-0000-0000-0000-000000000000", "clientId": "0ABCdefGHI", "attributes": {} });
    bench.keycloak.state.lock().unwrap().clients.insert(
        "11111111-0000-0000-0000-000000000000".to_owned(),
        foreign.clone(),
    );
    let refused = bench
        .connector
        .create(&wanted.desired(), soon())
        .unwrap_err();
    assert!(
        matches!(&refused, ConnectorError::Rejected { member: Some(member), .. } if member == "client_id"),
        "{refused:?}"
    );
    assert_eq!(bench.keycloak.only(), foreign);
    assert!(listed(&bench, &wanted).is_empty());
}

/// A value that is too long is refused for good although Keycloak answers 500.
#[test]
fn too_long_value_is_permanent() {
    let uri = format!("https://rp.example/{}", "a".repeat(300));
    let (bench, wanted) = (ready(), Wanted::new(&json!({ "redirect_uris": [uri] })));
    let refused = bench.connector.create(&wanted.desired(), soon());
    assert!(
        matches!(refused, Err(ConnectorError::Rejected { .. })),
        "{refused:?}"
    );
    let limit = bench.connector.limits()[0];
    assert_eq!(
        limit.check(&json!([uri])).unwrap_err(),
        "has a value of 319 characters, and the authorization server keeps at most 255"
    );
}

/// A token that ends in the middle is replaced once, and the call is repeated.
#[test]
fn expired_token_is_replaced() {
    let (bench, wanted) = (ready(), Wanted::new(&json!({})));
    let place = create(&bench, &wanted);
    bench.keycloak.state.lock().unwrap().expired = true;
    bench
        .connector
        .update(&wanted.desired(), &place, soon())
        .unwrap();
    assert_eq!(bench.keycloak.only()["clientId"], "0ABCdefGHI");
}

/// The check names a wrong secret, a missing role and a wrong realm.
#[test]
fn check_names_what_is_wrong() {
    let wanted = Wanted::new(&json!({}));
    let sentences = |bench: &Bench| -> Vec<(bool, String)> {
        bench
            .connector
            .check(&wanted.issuer, soon())
            .into_iter()
            .map(|finding| (finding.is_well, finding.sentence))
            .collect()
    };
    let good = ready();
    assert!(
        sentences(&good).iter().all(|(is_well, _)| *is_well),
        "{:?}",
        sentences(&good)
    );
    assert!(good.keycloak.state.lock().unwrap().clients.is_empty());
    good.keycloak.state.lock().unwrap().denied = true;
    assert_eq!(
        sentences(&good).last().unwrap().1,
        "the clients can be listed: the service account frontdesk lacks the role manage-clients of realm-management"
    );
    let secret = sentences(&bench(REALM, "wrong", CopyTemplate::default()));
    assert_eq!(
        secret,
        [(false, "the service account can log in: the client frontdesk cannot log in to the realm main: the authorization server answered 401: Invalid client or Invalid client credentials".to_owned())]
    );
    let realm = sentences(&bench("other", SECRET, CopyTemplate::default()));
    assert_eq!(
        realm,
        [(
            false,
            "the service account can log in: the realm other is not at the address of Keycloak"
                .to_owned()
        )]
    );
}

/// The list follows its pages, and a copy that was changed there is not current.
#[test]
fn drift_is_seen() {
    let (bench, mut wanted) = (ready(), Wanted::new(&json!({})));
    for number in 0..150 {
        wanted.id = protocol::ClientId::new(format!("client{number}"));
        create(&bench, &wanted);
    }
    let copies = listed(&bench, &wanted);
    assert_eq!(copies.len(), 150);
    let find = |copies: &[ListedCopy]| {
        copies
            .iter()
            .find(|copy| copy.place.client_id == wanted.id)
            .unwrap()
            .clone()
    };
    let copy = find(&copies);
    assert!(bench.connector.is_current(&wanted.desired(), &copy, &[]));
    let id = copy.place.handle.clone().unwrap();
    let edits: [fn(&mut State, &str); 5] = [
        |state, id| state.clients.get_mut(id).unwrap()["redirectUris"] = json!([]),
        |state, id| state.clients.get_mut(id).unwrap()["secret"] = json!("another"),
        |state, id| {
            state.clients.get_mut(id).unwrap()["protocolMappers"] = json!([{ "name": "more" }]);
        },
        |state, id| state.scopes.get_mut(id).unwrap()[1].clear(),
        |state, id| state.scopes.get_mut(id).unwrap()[0].push("phone".to_owned()),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        edit(&mut bench.keycloak.state.lock().unwrap(), &id);
        let copy = find(&listed(&bench, &wanted));
        assert!(
            !bench.connector.is_current(&wanted.desired(), &copy, &[]),
            "edit {number}"
        );
        bench
            .connector
            .update(&wanted.desired(), &copy.place, soon())
            .unwrap();
        let copy = find(&listed(&bench, &wanted));
        assert!(
            bench.connector.is_current(&wanted.desired(), &copy, &[]),
            "edit {number} is not repaired"
        );
    }
}

/// A copy of an older program has its revision only. It is listed without a mark, and an update at its own place marks it.
#[test]
fn copy_of_older_program_is_taken_over() {
    let (bench, wanted) = (ready(), Wanted::new(&json!({})));
    let id = "22222222-0000-0000-0000-000000000000";
    for (id, client_id, attributes) in [
        (id, "0ABCdefGHI", json!({ "frontdesk.revision": "1" })),
        (
            "other",
            "x",
            json!({ "frontdesk.revision": "1", "frontdesk.issuer": "https://other.example.com" }),
        ),
        ("foreign", "y", json!({})),
    ] {
        bench.keycloak.state.lock().unwrap().clients.insert(
            id.to_owned(),
            json!({ "id": id, "clientId": client_id, "attributes": attributes }),
        );
        bench
            .keycloak
            .state
            .lock()
            .unwrap()
            .scopes
            .insert(id.to_owned(), Default::default());
    }
    let copies = listed(&bench, &wanted);
    assert_eq!(copies.len(), 1);
    assert!(!copies[0].has_mark);
    assert!(
        !bench
            .connector
            .is_current(&wanted.desired(), &copies[0], &[])
    );
    bench
        .connector
        .update(&wanted.desired(), &copies[0].place, soon())
        .unwrap();
    let copies = listed(&bench, &wanted);
    assert!(copies[0].has_mark);
    assert_eq!(copies[0].place.handle.as_deref(), Some(id));
    assert!(
        bench
            .connector
            .is_current(&wanted.desired(), &copies[0], &[])
    );
}

/// A copy that is taken out of use stays without our mark, so that the list has it no more.
#[test]
fn disabled_copy_leaves_the_list() {
    let (bench, wanted) = (ready(), Wanted::new(&json!({})));
    let place = create(&bench, &wanted);
    bench.connector.disable(&place, soon()).unwrap();
    let copy = bench.keycloak.only();
    assert_eq!(
        (&copy["enabled"], &copy["secret"]),
        (&json!(false), &json!("S3cretOfTheClient"))
    );
    assert_eq!(
        copy["attributes"]["frontdesk.deleted"],
        "https://login.example.com"
    );
    assert!(listed(&bench, &wanted).is_empty());
    bench.connector.delete(&place, soon()).unwrap();
    bench.connector.disable(&place, soon()).unwrap();
}

/// A missing role is our mistake and not the client's, also when the service account may read.
#[test]
fn missing_role_rejects_no_client() {
    let (bench, mut wanted) = (ready(), Wanted::new(&json!({})));
    let place = create(&bench, &wanted);
    wanted.id = protocol::ClientId::new("another");
    for role in ["none", "view-clients"] {
        let mut state = bench.keycloak.state.lock().unwrap();
        (state.denied, state.only_views) = (role == "none", role != "none");
        drop(state);
        for refused in [
            bench.connector.create(&wanted.desired(), soon()),
            bench.connector.update(&wanted.desired(), &place, soon()),
        ] {
            assert!(
                matches!(refused, Err(ConnectorError::Misconfigured { .. })),
                "{role}: {refused:?}"
            );
        }
    }
}

/// A refusal of Keycloak names the member that it is about.
#[test]
fn refusal_names_the_member() {
    let (bench, wanted) = (
        ready(),
        Wanted::new(&json!({ "default_acr_values": ["gold"] })),
    );
    let refused = bench.connector.create(&wanted.desired(), soon());
    assert!(
        matches!(&refused, Err(ConnectorError::Rejected { member: Some(member), .. }) if member == "default_acr_values"),
        "{refused:?}"
    );
}

/// A template's mapper and scope are in the copy; the mapping wins, but for consent, full scope and web origins.
#[test]
fn template_lies_under_the_copy() {
    let template = CopyTemplate::parse(
        r#"{"consentRequired": false, "enabled": false, "protocolMappers": [{"name": "aud"}], "defaultClientScopes": ["email", "phone"], "attributes": {"logoUri": "no", "team": "web"}}"#,
    )
    .unwrap();
    let (bench, wanted) = (
        bench(REALM, SECRET, template),
        Wanted::new(&json!({ "logo_uri": "https://rp.example/logo.png", "scope": "openid" })),
    );
    create(&bench, &wanted);
    let copy = bench.keycloak.only();
    assert_eq!(
        (&copy["consentRequired"], &copy["enabled"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(copy["protocolMappers"], json!([{ "name": "aud" }]));
    assert_eq!(copy["attributes"]["logoUri"], "https://rp.example/logo.png");
    assert_eq!(copy["attributes"]["team"], "web");
    assert!(bench.keycloak.scopes(copy["id"].as_str().unwrap())[0].contains(&"email".to_owned()));
    let unscoped = Wanted::new(&json!({}));
    bench
        .connector
        .delete(&listed(&bench, &wanted)[0].place, soon())
        .unwrap();
    create(&bench, &unscoped);
    let copies = listed(&bench, &unscoped);
    assert!(
        bench
            .connector
            .is_current(&unscoped.desired(), &copies[0], &[])
    );
    let id = copies[0].place.handle.clone().unwrap();
    assert!(bench.keycloak.scopes(&id)[0].contains(&"phone".to_owned()));
    assert!(bench.folder.path().exists());
}

/// No error has the secret of the service account or of the client.
#[test]
fn errors_have_no_secret() {
    let (bench, wanted) = (
        bench(REALM, "wrong-service-secret", CopyTemplate::default()),
        Wanted::new(&json!({})),
    );
    let error = bench
        .connector
        .create(&wanted.desired(), soon())
        .unwrap_err();
    let printed = format!("{error} {error:?}");
    assert!(
        !printed.contains("wrong-service-secret") && !printed.contains("S3cretOfTheClient"),
        "{printed}"
    );
    assert!(matches!(error, ConnectorError::Misconfigured { .. }));
}
