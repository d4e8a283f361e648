//! Secrets and clients that end, by expiry, replacement, purge and deletion.

use serde_json::json;
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::keycloak::Keycloak;
use crate::scripted_server::switches::Fault;
use crate::support::until;
use crate::world::{
    await_state, id, into_hydra, into_keycloak, on_both, post, put, register, rows, state_of, web,
};

/// A secret that is replaced or removed at an update is replaced or removed at the server before the answer.
#[test]
fn replaced_secret_is_at_the_server() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let server = into_hydra(setup, &hydra).start();
        let client = register(&server);
        let copy = || hydra.client(&id(&client)).unwrap();
        assert_eq!(copy()["client_secret"], client["client_secret"]);
        let method = |name: &str| json!({ "token_endpoint_auth_method": name });
        let mut public = client.clone();
        public.as_object_mut().unwrap().remove("client_secret");
        let answer = put(&server, &public, &method("none")).ok();
        assert_eq!(answer.get("client_secret"), None);
        assert_eq!(copy().get("client_secret"), None);
        assert_eq!(copy()["token_endpoint_auth_method"], "none");
        let answer = put(&server, &public, &method("client_secret_post")).ok();
        assert_ne!(answer["client_secret"], client["client_secret"]);
        assert_eq!(copy()["client_secret"], answer["client_secret"]);
    });
}

/// A secret that expires is replaced at the server by a random one, also when the server is down at that moment; an update brings
/// another one.
#[test]
fn expired_secret_is_useless_at_the_server() {
    on_both(|setup| {
        for is_down in [false, true] {
            let hydra = Hydra::start();
            let server = into_hydra(setup.clone(), &hydra)
                .with("FRONTDESK_CLIENT_SECRET_LIFETIME", "3s")
                .start();
            let client = register(&server);
            let secret = client["client_secret"].as_str().unwrap();
            let held = || hydra.client(&id(&client)).unwrap()["client_secret"].clone();
            assert_eq!(held(), secret);
            if is_down {
                hydra.switches.fail_writes(Fault::Status(503));
                await_state(&server, &id(&client), "pending");
                assert_eq!(held(), secret);
                hydra.switches.heal();
            }
            until("the secret is useless", || held() != secret);
            await_state(&server, &id(&client), "synced");
            let random = held();
            assert!(random.as_str().unwrap().len() >= 32);
            let mut without = client.clone();
            without.as_object_mut().unwrap().remove("client_secret");
            let renewed = put(&server, &without, &json!({})).ok();
            assert_ne!(renewed["client_secret"], client["client_secret"]);
            assert_ne!(renewed["client_secret"], random);
            assert_eq!(held(), renewed["client_secret"]);
            server.manage("DELETE", &client).send().deleted();
        }
    });
}

/// A client that expires is disabled at a server that can disable one, and deleted at another; its purge deletes the copy.
#[test]
fn expired_client_is_useless_at_the_server() {
    on_both(|setup| {
        let (hydra, keycloak) = (Hydra::start(), Keycloak::start());
        let folder = TempDir::new().unwrap();
        let short = setup.with("FRONTDESK_CLIENT_LIFETIME", "2s");
        let server = into_hydra(short.clone(), &hydra).start();
        let client = register(&server);
        assert!(hydra.client(&id(&client)).is_some());
        until("the copy is gone", || hydra.ids().is_empty());
        server.ran(&["purge"]);
        until("the row is gone", || rows(&server).is_empty());
        drop(server);
        let server = into_keycloak(short, &keycloak, folder.path()).start();
        let client = register(&server);
        let enabled = || {
            keycloak
                .client(&id(&client))
                .map(|copy| copy["enabled"].clone())
        };
        assert_eq!(enabled(), Some(json!(true)));
        until("the copy is disabled", || enabled() == Some(json!(false)));
        server.ran(&["purge"]);
        until("the disabled copy is gone", || enabled().is_none());
        until("the row is gone", || rows(&server).is_empty());
    });
}

/// With `on_delete = "disable"` the copy of a deleted client stays, disabled and without our mark.
#[test]
fn deleted_client_may_be_disabled() {
    on_both(|setup| {
        let (keycloak, folder) = (Keycloak::start(), TempDir::new().unwrap());
        let server = into_keycloak(setup, &keycloak, folder.path())
            .with("FRONTDESK_PROVISION_ON_DELETE", "disable")
            .start();
        let client = register(&server);
        server.manage("DELETE", &client).send().deleted();
        let copy = keycloak.client(&id(&client)).unwrap();
        assert_eq!(copy["enabled"], false);
        assert_eq!(copy["attributes"].get("frontdesk.issuer"), None, "{copy}");
        assert!(rows(&server).is_empty());
        server.ran(&["provision", "reconcile"]);
        assert_eq!(keycloak.client(&id(&client)).unwrap(), copy);
    });
}

/// A client that the command line deletes is deleted at the server, and another one stays.
#[test]
fn command_deletes_the_copy() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let server = into_hydra(setup, &hydra).start();
        let client = register(&server);
        let other = post(&server, &web(&json!({ "client_name": "Other" }))).created();
        server.ran(&["client", "delete", &id(&client)]);
        until("the copy is gone", || hydra.ids() == [id(&other)]);
        assert_eq!(state_of(&server, &id(&other)).as_deref(), Some("synced"));
    });
}
