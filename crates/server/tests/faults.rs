//! A disk that is full, a database that does not answer, and many at once.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::thread;

use serde_json::{Value, json};
use support::{Ask, Postgres, Setup, TestServer};

fn metadata(name: &str) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": name })
}

/// RFC 9110 §15.6.4: the store is away for a while, and the answer says for how long.
#[track_caller]
fn unavailable(ask: Ask) {
    let answer = ask.send();
    answer.refused(503, "temporarily_unavailable");
    assert!(
        (1..10).contains(
            &answer
                .header("retry-after")
                .unwrap()
                .parse::<u32>()
                .unwrap()
        )
    );
}

/// RFC 7591 §3.2.1: a client is registered when its row is on the disk, and a disk without room refuses writes only.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_refuses_only_writes() {
    let server = Setup::new().ignoring("XFSZ").start();
    let clients: Vec<Value> = (0..3).map(|_| server.client()).collect();
    let first = clients.first().unwrap();

    // Nothing is written beyond the first bytes of any file, which is where a disk is full.
    server.limit("--fsize=512:");
    let changed =
        json!({ "client_id": first["client_id"], "redirect_uris": ["https://rp.example/b"] });
    unavailable(
        server
            .request("POST", "/register")
            .admin()
            .json(&metadata("Without room")),
    );
    unavailable(
        server
            .request("POST", "/identity/connect/register")
            .admin()
            .json(&metadata("Without room")),
    );
    unavailable(server.manage("PUT", first).json(&changed));
    unavailable(server.manage("DELETE", first));
    for path in [
        "/.well-known/openid-configuration",
        "/jwks",
        "/.well-known/webfinger?resource=acct:alice@localhost",
    ] {
        assert_eq!(server.get(path).status(), 200, "{path}");
    }
    for client in &clients {
        assert_eq!(
            server.manage("GET", client).send().ok(),
            *client,
            "reads go on"
        );
    }

    server.limit("--fsize=unlimited:");
    let another = server.client();
    for client in clients.iter().chain([&another]) {
        assert_eq!(server.manage("GET", client).send().ok(), *client);
    }
    assert_eq!(server.clients().len(), 4, "what was refused is not there");
}

/// While every connection of the pool waits for a lock, requests that need a connection are refused
/// after a time limit. The pool recovers.
#[test]
fn exhausted_pool_refuses_and_recovers() {
    let database = Postgres::new();
    let server = Setup::new().on(&database).start();
    let client = server.client();
    let held = database.hold("LOCK TABLE client IN ACCESS EXCLUSIVE MODE");
    thread::scope(|scope| {
        for number in 0..40 {
            let ask = match number % 4 {
                0 => server
                    .request("POST", "/register")
                    .admin()
                    .json(&metadata("While it is locked")),
                _ => server.manage("GET", &client),
            };
            scope.spawn(|| unavailable(ask));
        }
    });
    assert_eq!(server.get("/jwks").status(), 200);
    held.release();
    support::until("the store is back", || {
        server.manage("GET", &client).send().status() == 200
    });
    server.register(&metadata("When it is free")).created();
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// A hundred concurrent registrations create a hundred clients.
#[test]
fn concurrent_registrations_all_succeed() {
    let database = Postgres::new();
    for setup in [Setup::new(), Setup::new().on(&database)] {
        let server: TestServer = setup.with("FRONTDESK_REGISTRATION", "open").start();
        let register = |number: usize| {
            server
                .request("POST", "/register")
                .json(&metadata(&number.to_string()))
                .send()
                .created()
        };
        let clients: Vec<Value> = thread::scope(|scope| {
            let threads: Vec<_> = (0..100)
                .map(|number| scope.spawn(move || register(number)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(server.clients().len(), 100);
        for client in &clients {
            assert_eq!(server.manage("GET", client).send().ok(), *client);
        }
    }
}
