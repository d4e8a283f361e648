//! The end of the service, by a signal or by force, with work left over, and two replicas.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::switches::Fault;
use crate::support::{Postgres, until};
use crate::world::{
    await_state, id, into_hydra, on_both, plain, post, register, rows, states, until_late, web,
};

/// Deliveries that wait when the process is killed are made by the next process.
#[test]
fn work_left_over_is_done_after_a_restart() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let setup = into_hydra(setup, &hydra).with("FRONTDESK_PROVISION_READY", "later");
        let server = setup.clone().start();
        let kept = register(&server);
        let gone = register(&server);
        await_state(&server, &id(&kept), "synced");
        await_state(&server, &id(&gone), "synced");
        hydra.switches.fail_writes(Fault::Status(503));
        let new = register(&server);
        server.manage("DELETE", &gone).send().deleted();
        drop(server);
        hydra.switches.heal();
        let server = setup.start();
        until_late("everything is delivered", || {
            let mut wanted = [id(&kept), id(&new)];
            wanted.sort();
            hydra.ids() == wanted && states(&server) == ["synced", "synced"]
        });
    });
}

/// A registration leaves neither a client nor a copy if its process is killed before its answer.
#[test]
fn unanswered_registration_ends_with_the_process() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let setup = into_hydra(setup, &hydra).with("FRONTDESK_PROVISION_PATIENCE", "2s");
        let server = setup.clone().start();
        until("the first comparison is over", || {
            hydra.switches.count("GET", "/admin/clients") == 1
        });
        hydra.switches.hold(true);
        let port = server.port;
        let asking = thread::spawn(move || {
            let body = r#"{"redirect_uris":["https://rp.example/cb"]}"#;
            let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
            let request = agent.post(format!("http://127.0.0.1:{port}/register"));
            request.content_type("application/json").send(body).is_err()
        });
        until("the server is asked", || hydra.switches.held() == 1);
        server.signal("-KILL");
        assert!(asking.join().unwrap(), "the killed process has answered");
        drop(server);
        hydra.switches.heal();
        until("the server has made the client", || hydra.ids().len() == 1);
        let server = setup.start();
        assert_eq!(states(&server), ["creating"]);
        until("the copy is gone", || hydra.ids().is_empty());
        assert_eq!(states(&server), ["deleting"]);
        assert!(server.clients().is_empty());
    });
}

/// A service that is asked to stop ends the deliveries in progress, and begins no other.
#[test]
fn stop_waits_for_deliveries() {
    on_both(|setup| {
        let hydra = Hydra::start();
        let setup = into_hydra(setup, &hydra).with("FRONTDESK_PROVISION_READY", "later");
        let mut server = setup.clone().start();
        until("the first comparison is over", || {
            hydra.switches.count("GET", "/admin/clients") == 1
        });
        hydra.switches.hold(true);
        let client = register(&server);
        until("the delivery is in progress", || hydra.switches.held() == 1);
        server.signal("-TERM");
        until("the service stops", || server.log().contains("stopping:"));
        hydra.switches.heal();
        assert!(server.wait().success());
        assert_eq!(hydra.ids(), [id(&client)]);
        let writes = hydra.switches.writes();
        let server = setup.start();
        assert_eq!(states(&server), ["synced"]);
        until("the copies are compared", || {
            hydra.switches.count("GET", "/admin/clients") >= 2
        });
        assert_eq!(hydra.switches.writes(), writes);
    });
}

/// Two replicas on one database deliver each change once, and one of them may be killed.
#[test]
fn replicas_deliver_each_change_once() {
    let (hydra, database) = (Hydra::start(), Postgres::new());
    let setup = into_hydra(plain().on(&database), &hydra)
        .with("FRONTDESK_PROVISION_READY", "later")
        .with("FRONTDESK_PROVISION_PATIENCE", "1s");
    let (first, second) = (setup.clone().start(), setup.start());
    let mut clients = Vec::new();
    for number in 0..40 {
        let server = if number % 2 == 0 { &first } else { &second };
        let name = json!({ "client_name": format!("Client {number}") });
        clients.push(id(&post(server, &web(&name)).created()));
    }
    clients.sort();
    until("all are there", || hydra.ids() == clients);
    until("all are confirmed", || {
        rows(&first).iter().all(|row| row["state"] == "synced")
    });
    assert_eq!(
        hydra.switches.count("POST", "/admin/clients"),
        clients.len()
    );
    hydra.switches.delay(Duration::from_millis(300));
    for server in [&first, &second] {
        for _ in 0..5 {
            clients.push(id(&register(server)));
        }
    }
    drop(second);
    hydra.switches.heal();
    clients.sort();
    until_late("all are there and confirmed", || {
        hydra.ids() == clients && rows(&first).iter().all(|row| row["state"] == "synced")
    });
}
