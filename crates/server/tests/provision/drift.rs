//! Copies that were changed, lost or added at the server, and clients from before provisioning.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::support::{Setup, TestServer, until};
use crate::world::{await_state, id, into_hydra, on_both, post, register, rows, state_of, web};

/// Runs a comparison: its exit code, its report, and the sentence on standard error.
fn reconcile(server: &TestServer, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let all = [&["provision", "reconcile", "--json"], arguments].concat();
    let output = server.run(&all);
    let said = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), report, said)
}

fn started(setup: Setup) -> (Hydra, TestServer) {
    let hydra = Hydra::start();
    let server = into_hydra(setup, &hydra).start();
    until("the first comparison is over", || {
        server.ran(&["provision", "status"]).contains("unchanged")
    });
    (hydra, server)
}

/// Waits until a comparison finds this number of copies as they must be: a copy that was just written is left alone.
fn settle(server: &TestServer, copies: usize) {
    until("the copies are compared", || {
        reconcile(server, &["--dry-run"]).1["unchanged"] == copies
    });
}

/// A deleted and a changed copy are repaired, a client of the server's own under an identifier of ours is left alone, and a dry run
/// says it first and writes nothing.
#[test]
fn drift_is_repaired() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let [lost, changed, taken, kept] = [(); 4].map(|()| register(&server));
        settle(&server, 4);
        let own = json!({ "client_id": id(&taken), "client_name": "An administrator's" });
        hydra.take(&id(&lost)).unwrap();
        let right = hydra.client(&id(&changed)).unwrap();
        let mut wrong = right.clone();
        wrong["redirect_uris"] = json!(["https://evil.example/cb"]);
        hydra.put(&id(&changed), &wrong);
        hydra.put(&id(&taken), &own);
        let writes = hydra.switches.writes();
        let (_, report, said) = reconcile(&server, &["--dry-run"]);
        assert_eq!(
            (
                &report["created"],
                &report["updated"],
                &report["deleted"],
                &report["unchanged"]
            ),
            (&json!(2), &json!(1), &json!(0), &json!(1)),
            "{report} {said}"
        );
        assert_eq!(hydra.switches.writes(), writes);
        let (code, report, said) = reconcile(&server, &[]);
        assert_eq!(
            (
                &report["created"],
                &report["updated"],
                &report["rejected"],
                &report["unchanged"]
            ),
            (&json!(1), &json!(1), &json!(1), &json!(1)),
            "{report} {said}"
        );
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(hydra.client(&id(&changed)).unwrap(), right);
        assert_eq!(
            hydra.client(&id(&lost)).unwrap()["client_secret"],
            lost["client_secret"]
        );
        assert_eq!(hydra.client(&id(&taken)).unwrap(), own);
        for (client, state) in [
            (&lost, "synced"),
            (&changed, "synced"),
            (&taken, "rejected"),
            (&kept, "synced"),
        ] {
            assert_eq!(state_of(&server, &id(client)).as_deref(), Some(state));
        }
        let audit = server.ran(&["audit"]);
        assert!(audit.contains("drift repaired"), "{audit}");
        server.manage("DELETE", &taken).send().deleted();
        assert_eq!(
            hydra.client(&id(&taken)).unwrap(),
            own,
            "it is not ours to delete"
        );
    });
}

/// A server that lost everything is filled again.
#[test]
fn emptied_server_is_filled_again() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        for _ in 0..5 {
            register(&server);
        }
        settle(&server, 5);
        let ids = hydra.ids();
        hydra.forget();
        let (code, report, said) = reconcile(&server, &[]);
        assert_eq!((code, &report["created"]), (Some(0), &json!(5)), "{said}");
        assert_eq!(hydra.ids(), ids);
        settle(&server, 5);
    });
}

/// A store that lost its clients deletes no copies by itself: more than half of them is the operator's decision. The server's own
/// clients stay as they are.
#[test]
fn most_copies_are_not_deleted_without_a_word() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let own =
            json!({ "client_id": "theirs", "client_name": "Theirs", "metadata": { "x": [1, 2] } });
        hydra.put("theirs", &own);
        let clients: Vec<Value> = (0..12).map(|_| register(&server)).collect();
        for client in &clients[5..] {
            let mut orphan = hydra.client(&id(client)).unwrap();
            let name = format!("orphan-{}", id(client));
            orphan["client_id"] = name.clone().into();
            hydra.put(&name, &orphan);
        }
        for client in &clients {
            server.manage("DELETE", client).send().deleted();
        }
        assert_eq!(hydra.ids().len(), 8);
        let guard = "7 of 7 copies would be deleted, and that is more than half; frontdesk provision reconcile --yes does it";
        let (code, _, said) = reconcile(&server, &[]);
        assert_eq!(code, Some(1));
        assert!(said.contains(guard), "{said}");
        assert_eq!(hydra.ids().len(), 8);
        let status = server.ran(&["provision", "status"]);
        assert!(status.contains(guard), "{status}");
        let (code, report, said) = reconcile(&server, &["--yes"]);
        assert_eq!((code, &report["deleted"]), (Some(0), &json!(7)), "{said}");
        assert_eq!(hydra.ids(), ["theirs"]);
        assert_eq!(hydra.client("theirs").unwrap(), own);
        let audit = server.ran(&["audit"]);
        assert!(audit.contains("copies deleted"), "{audit}");
    });
}

/// Less than half of the copies are removed at a comparison, since they belong to no client.
#[test]
fn orphans_are_removed() {
    on_both(|setup| {
        let (hydra, server) = started(setup);
        let clients = [(); 3].map(|()| id(&register(&server)));
        let mut orphan = hydra.client(&clients[0]).unwrap();
        orphan["client_id"] = "orphan".into();
        hydra.put("orphan", &orphan);
        let (code, report, said) = reconcile(&server, &[]);
        assert_eq!((code, &report["deleted"]), (Some(0), &json!(1)), "{said}");
        assert_eq!(hydra.ids().len(), 3);
    });
}

/// Clients that were registered before provisioning was switched on are written into the server at the next start.
#[test]
fn earlier_clients_are_delivered() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let server = setup.clone().start();
        let clients = [(); 3].map(|()| register(&server));
        assert!(rows(&server).is_empty());
        drop(server);
        let server = into_hydra(setup, &hydra).start();
        for client in &clients {
            await_state(&server, &id(client), "synced");
            let copy = hydra.client(&id(client)).unwrap();
            assert_eq!(copy["client_secret"], client["client_secret"]);
        }
    });
}

/// A changed template reaches every copy at the next start.
#[test]
fn changed_template_reaches_every_copy() {
    on_both(|setup| {
        let (hydra, folder) = (Hydra::start(), TempDir::new().unwrap());
        let template = folder.path().join("template.json");
        let setup = into_hydra(setup, &hydra)
            .with("FRONTDESK_PROVISION_TEMPLATE", template.to_str().unwrap());
        fs::write(&template, r#"{"audience":["api"],"client_name":"Below"}"#).unwrap();
        let server = setup.clone().start();
        let named = register(&server);
        let nameless = post(&server, &web(&json!({ "client_name": null }))).created();
        let copy = |client: &Value| hydra.client(&id(client)).unwrap();
        assert_eq!(copy(&named)["audience"], json!(["api"]));
        assert_eq!(copy(&named)["client_name"], "App");
        assert_eq!(copy(&nameless)["client_name"], "Below");
        settle(&server, 2);
        drop(server);
        fs::write(&template, r#"{"audience":["api","more"]}"#).unwrap();
        let _server = setup.start();
        until("every copy has the template", || {
            [&named, &nameless]
                .iter()
                .all(|client| copy(client)["audience"] == json!(["api", "more"]))
        });
        assert_eq!(copy(&nameless).get("client_name"), None);
    });
}
