//! The answers to clients while the authorization server is well, refuses a client, does not answer, or was not asked.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::keycloak::Keycloak;
use crate::scripted_server::switches::Fault;
use crate::support::{Setup, TestServer, until};
use crate::world::{
    ISSUER, await_state, id, into_hydra, into_keycloak, on_both, plain, post, put, register, rows,
    server_down, state_of, states, until_late, web,
};

/// A service whose clients are written into a Hydra, with a short patience.
fn started(setup: Setup) -> (Hydra, TestServer) {
    let hydra = Hydra::start();
    let setup = into_hydra(setup, &hydra).with("FRONTDESK_PROVISION_PATIENCE", "2s");
    let server = setup.start();
    (hydra, server)
}

fn later(setup: Setup) -> (Hydra, TestServer) {
    started(setup.with("FRONTDESK_PROVISION_READY", "later"))
}

/// A 201 is answered after the server has the client with its identifier, secret and redirect URIs, and 200 to an update after the
/// copy is changed. GET does not ask the server.
#[test]
fn answered_client_is_at_the_server() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let client = register(&server);
        let copy = hydra.client(&id(&client)).unwrap();
        for member in ["client_id", "client_secret", "redirect_uris", "client_name"] {
            assert_eq!(copy[member], client[member], "{member}");
        }
        assert_eq!(state_of(&server, &id(&client)).as_deref(), Some("synced"));
        let moved = json!({ "redirect_uris": ["https://rp.example/new"], "client_name": null });
        let updated = put(&server, &client, &moved).ok();
        let copy = hydra.client(&id(&client)).unwrap();
        assert_eq!(copy["redirect_uris"], json!(["https://rp.example/new"]));
        assert_eq!(copy.get("client_name"), None);
        assert_eq!(copy["client_secret"], client["client_secret"]);
        let calls = hydra.switches.writes();
        assert_eq!(server.manage("GET", &client).send().ok(), updated);
        assert_eq!(hydra.switches.writes(), calls);
        server.manage("DELETE", &client).send().deleted();
        assert_eq!(hydra.client(&id(&client)), None);
        assert!(rows(&server).is_empty());
    });
}

/// A client that the server refuses for good is 400 with the member, and nothing of it stays.
#[test]
fn refused_client_leaves_nothing() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let token = server
            .ran(&["token", "issue", "--uses", "1"])
            .trim()
            .to_owned();
        let refusals = [
            (
                "invalid_redirect_uri",
                "invalid_redirect_uri",
                "One or more redirect_uri values are invalid: redirect_uris is refused by the authorization server",
            ),
            (
                "invalid_scope",
                "invalid_client_metadata",
                "The authorization server refuses this client.",
            ),
        ];
        for (theirs, code, sentence) in refusals {
            hydra.refuse("App", 400, theirs);
            let request = server.request("POST", "/register").bearer(&token);
            let answer = request.json(&web(&json!({}))).send();
            assert_eq!(answer.refused(400, code), sentence);
            assert_eq!(answer.header("retry-after"), None);
        }
        assert!(server.clients().is_empty());
        assert!(rows(&server).is_empty());
        assert!(hydra.ids().is_empty());
        let asked = web(&json!({ "client_name": "Another" }));
        let request = server.request("POST", "/register").bearer(&token);
        request.json(&asked).send().created();
        server.logs("the script refuses it");
        let warning = "the authorization server refuses a client: ";
        until("both refusals are in the log", || {
            server.log().matches(warning).count() == 2
        });
    });
}

/// An update that the server refuses is 400; the old state stays on both sides.
#[test]
fn refused_update_keeps_the_old_state() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let client = register(&server);
        hydra.refuse("Poison", 400, "invalid_redirect_uri");
        let poison = json!({ "client_name": "Poison", "redirect_uris": ["https://rp.example/2"] });
        assert_eq!(
            put(&server, &client, &poison).refused(400, "invalid_redirect_uri"),
            "One or more redirect_uri values are invalid: redirect_uris is refused by the authorization server"
        );
        assert_eq!(
            server.manage("GET", &client).send().ok()["client_name"],
            "App"
        );
        await_state(&server, &id(&client), "synced");
        let copy = hydra.client(&id(&client)).unwrap();
        assert_eq!(copy["redirect_uris"], json!(["https://rp.example/cb"]));
    });
}

/// A server that is down, slow or too busy, or whose answer is lost, is 503 within the patience and a second; the client is not
/// here, its identifier is taken back, and nothing of it is at the server afterwards.
#[test]
fn unanswered_registration_is_taken_back() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let faults = [
            Some(Fault::Status(503)),
            Some(Fault::Busy(7)),
            Some(Fault::CutAfterWork),
            None,
        ];
        for fault in faults {
            let slow = Fault::Status(503);
            hydra
                .switches
                .fail_methods(&["POST"], fault.unwrap_or(slow));
            if fault.is_none() {
                hydra.switches.delay(Duration::from_millis(2500));
            }
            let begun = Instant::now();
            let wait = server_down(&post(&server, &web(&json!({}))));
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(3), "{fault:?}: {took:?}");
            if fault == Some(Fault::Busy(7)) {
                assert_eq!(wait, 7);
            }
            assert!(server.clients().is_empty(), "{fault:?}");
            hydra.switches.heal();
            let states = states(&server);
            assert!(states.iter().all(|state| state == "deleting"), "{states:?}");
            until("the copy is gone", || hydra.ids().is_empty());
        }
        assert_eq!(rows(&server).len(), faults.len());
        let audit = server.ran(&["audit"]);
        assert_eq!(
            audit.matches("registration withdrawn").count(),
            faults.len(),
            "{audit}"
        );
    });
}

/// A server that makes the client after it was given up, and even after the first deletion, loses it all the same: the deletion is
/// confirmed twice, a minute apart.
#[test]
fn late_copy_is_deleted_too() {
    let (hydra, server) = started(plain());
    hydra.switches.hold(true);
    server_down(&post(&server, &web(&json!({}))));
    hydra.switches.heal();
    until("the copy is made late", || {
        hydra.switches.count("DELETE", "/admin/clients/") > 0
    });
    let client = rows(&server).remove(0);
    let id = client["client_id"].as_str().unwrap();
    let mark = json!({ "frontdesk": { "issuer": ISSUER, "revision": "1" } });
    hydra.put(id, &json!({ "client_id": id, "metadata": mark }));
    until_late("the copy is gone", || {
        hydra.ids().is_empty() && rows(&server).is_empty()
    });
}

/// An answer that is lost once is asked for again, and the client is there once.
#[test]
fn lost_answer_is_repeated() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        until("the first comparison is over", || {
            hydra.switches.count("GET", "/admin/clients") == 1
        });
        hydra.fail([Some(Fault::CutAfterWork)]);
        let client = register(&server);
        assert_eq!(hydra.ids(), [id(&client)]);
        assert_eq!(states(&server), ["synced"]);
    });
}

/// An update while the server is down is 503; the old state stays here, and is restored there.
#[test]
fn unanswered_update_restores_the_old_state() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let client = register(&server);
        for fault in [Fault::Status(500), Fault::CutAfterWork] {
            hydra.switches.fail_methods(&["PUT"], fault);
            let moved = json!({ "redirect_uris": ["https://rp.example/new"] });
            server_down(&put(&server, &client, &moved));
            let kept = server.manage("GET", &client).send().ok();
            assert_eq!(kept["redirect_uris"], client["redirect_uris"]);
            hydra.switches.heal();
            await_state(&server, &id(&client), "synced");
            let copy = hydra.client(&id(&client)).unwrap();
            assert_eq!(copy["redirect_uris"], client["redirect_uris"], "{fault:?}");
        }
        put(&server, &client, &json!({ "client_name": "Renamed" })).ok();
        assert_eq!(
            hydra.client(&id(&client)).unwrap()["client_name"],
            "Renamed"
        );
    });
}

/// A deletion is 204 although the server is down; the token is dead at once, and the copy goes later.
#[test]
fn deletion_does_not_need_the_server() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let client = register(&server);
        hydra.switches.fail_writes(Fault::Status(503));
        let begun = Instant::now();
        server.manage("DELETE", &client).send().deleted();
        assert!(begun.elapsed() < Duration::from_secs(3));
        assert_eq!(server.manage("GET", &client).send().status(), 401);
        assert!(server.clients().is_empty());
        assert_eq!(state_of(&server, &id(&client)).as_deref(), Some("deleting"));
        assert!(hydra.client(&id(&client)).is_some());
        hydra.switches.heal();
        until("the copy is gone", || {
            hydra.ids().is_empty() && rows(&server).is_empty()
        });
    });
}

/// After five failures in a row the server is not asked for a while: requests are 503 at once and write nothing, and a deletion is
/// 204 at once.
#[test]
fn open_breaker_answers_at_once() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let client = register(&server);
        let spare = register(&server);
        hydra.switches.fail_writes(Fault::Status(503));
        let opened = "the authorization server is not asked for a while";
        until("the breaker opens", || {
            server_down(&post(&server, &web(&json!({}))));
            server.log().contains(opened)
        });
        hydra.switches.hold(true);
        let known = rows(&server).len();
        let at_once = |begun: Instant| {
            let took = begun.elapsed();
            assert!(took < Duration::from_millis(1800), "{took:?}");
        };
        // A single request may be the one that tries the server again.
        let begun = Instant::now();
        let wait = server_down(&post(&server, &web(&json!({}))));
        if rows(&server).len() == known {
            at_once(begun);
            assert!(wait <= 30, "{wait}");
        }
        let begun = Instant::now();
        server_down(&put(&server, &client, &json!({ "client_name": "Renamed" })));
        at_once(begun);
        assert_eq!(state_of(&server, &id(&client)).as_deref(), Some("synced"));
        assert_eq!(
            server.manage("GET", &client).send().ok()["client_name"],
            "App"
        );
        let begun = Instant::now();
        server.manage("DELETE", &spare).send().deleted();
        at_once(begun);
        assert_eq!(server.log().matches(opened).count(), 1, "{}", server.log());
        hydra.switches.heal();
        until("the server is asked again", || {
            post(&server, &web(&json!({}))).status() == 201
        });
        server.logs("the authorization server answers again");
        until("the copy is gone", || hydra.client(&id(&spare)).is_none());
    });
}

/// With `later` the client is registered at once, and delivered when the server takes it.
#[test]
fn later_answers_before_the_delivery() {
    on_both(|setup| {
        let (hydra, server) = later(setup);
        hydra.switches.fail_writes(Fault::Status(503));
        let client = register(&server);
        assert_eq!(
            server.manage("GET", &client).send().ok()["client_name"],
            "App"
        );
        assert_eq!(state_of(&server, &id(&client)).as_deref(), Some("pending"));
        put(&server, &client, &json!({ "client_name": "Renamed" })).ok();
        assert!(hydra.ids().is_empty());
        hydra.switches.heal();
        await_state(&server, &id(&client), "synced");
        let copy = hydra.client(&id(&client)).unwrap();
        assert_eq!(copy["client_name"], "Renamed");
        assert_eq!(copy["client_secret"], client["client_secret"]);
    });
}

/// With `later` a client that the server refuses stays here as `rejected` and stops no other; the next update tries it again.
#[test]
fn refused_client_stops_no_other() {
    on_both(|setup| {
        let (hydra, server) = later(setup);
        hydra.refuse("Poison", 400, "invalid_client_metadata");
        let poison = post(&server, &web(&json!({ "client_name": "Poison" }))).created();
        let others: Vec<String> = (0..100).map(|_| id(&register(&server))).collect();
        until("all others are there", || {
            let there = hydra.ids();
            others.iter().all(|one| there.contains(one))
        });
        await_state(&server, &id(&poison), "rejected");
        assert_eq!(hydra.client(&id(&poison)), None);
        let row = rows(&server)
            .into_iter()
            .find(|row| row["client_id"] == poison["client_id"])
            .unwrap();
        assert!(
            row["error"]
                .as_str()
                .unwrap()
                .contains("the script refuses it"),
            "{row}"
        );
        let audit = server.ran(&["audit"]);
        assert_eq!(audit.matches("provisioning refused").count(), 1, "{audit}");
        put(&server, &poison, &json!({ "client_name": "Cured" })).ok();
        await_state(&server, &id(&poison), "synced");
        assert_eq!(hydra.client(&id(&poison)).unwrap()["client_name"], "Cured");
    });
}

/// A value beyond a limit of the server is 400 and names the member, with `wait` and with `later`; nothing is asked or written.
#[test]
fn limit_is_refused_before_anything() {
    let long = format!("https://rp.example/{}", "a".repeat(286));
    for ready in ["wait", "later"] {
        let (keycloak, folder) = (Keycloak::start(), TempDir::new().unwrap());
        let server = into_keycloak(plain(), &keycloak, folder.path())
            .with("FRONTDESK_PROVISION_READY", ready)
            .start();
        for (members, code, sentence) in [
            (
                json!({ "redirect_uris": [long] }),
                "invalid_redirect_uri",
                "One or more redirect_uri values are invalid: redirect_uris has a value of 305 characters, and the authorization server keeps at most 255",
            ),
            (
                json!({ "redirect_uris": ["https://rp.example/*"] }),
                "invalid_redirect_uri",
                "One or more redirect_uri values are invalid: redirect_uris has a value that ends in *, which the authorization server reads as a pattern",
            ),
            (
                json!({ "client_name": "n".repeat(256) }),
                "invalid_client_metadata",
                "client_name has a value of 256 characters, and the authorization server keeps at most 255.",
            ),
        ] {
            let answer = post(&server, &web(&members));
            assert_eq!(answer.refused(400, code), sentence);
        }
        assert!(server.clients().is_empty() && rows(&server).is_empty());
        let writes = keycloak.switches.count("POST", "/clients");
        assert_eq!(writes + keycloak.switches.count("PUT", "/clients"), 0);
        let client = register(&server);
        let answer = put(&server, &client, &json!({ "redirect_uris": [long] }));
        answer.refused(400, "invalid_redirect_uri");
        until("the client is there", || {
            keycloak.client(&id(&client)).is_some()
        });
    }
}

/// No copy is made beyond `at_most`: 503 with 300 seconds, with `wait` and with `later`, and nothing is written. A deletion makes
/// room.
#[test]
fn copies_are_limited() {
    on_both(|setup| {
        for ready in ["wait", "later"] {
            let limited = setup
                .clone()
                .with("FRONTDESK_PROVISION_READY", ready)
                .with("FRONTDESK_PROVISION_AT_MOST", "2");
            let (hydra, server) = started(limited);
            let first = register(&server);
            let second = register(&server);
            let answer = post(&server, &web(&json!({})));
            assert_eq!(
                answer.refused(503, "temporarily_unavailable"),
                "No more clients can be registered now. Try again after the time in Retry-After."
            );
            assert_eq!(answer.header("retry-after"), Some("300"));
            server.logs("provider.provision.at_most is reached");
            assert_eq!((server.clients().len(), rows(&server).len()), (2, 2));
            put(&server, &first, &json!({ "client_name": "Renamed" })).ok();
            await_state(&server, &id(&first), "synced");
            server.manage("DELETE", &first).send().deleted();
            let third = register(&server);
            until("the copies are there", || {
                hydra.ids() == sorted([id(&second), id(&third)])
            });
            for client in [second, third] {
                await_state(&server, &id(&client), "synced");
                server.manage("DELETE", &client).send().deleted();
            }
            until("the copies are gone", || rows(&server).is_empty());
        }
    });
}

fn sorted<const N: usize>(mut ids: [String; N]) -> [String; N] {
    ids.sort();
    ids
}

/// The WSO2 endpoints answer the same.
#[test]
fn wso2_endpoints_answer_the_same() {
    let (hydra, server) = started(plain());
    let asked = |name: &str| {
        let body = json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": name, "ext_param_owner": "admin" });
        let request = server.request("POST", "/identity/connect/register");
        request.admin().json(&body).send()
    };
    let made = asked("App").created();
    assert!(hydra.client(&id(&made)).is_some());
    hydra.switches.fail_writes(Fault::Status(503));
    server_down(&asked("Another"));
    hydra.switches.heal();
    hydra.refuse("admin_Poison", 400, "invalid_redirect_uri");
    let answer = asked("Poison");
    assert_eq!(answer.status(), 400, "{}", answer.text);
    assert_eq!(server.clients().len(), 1);
}
