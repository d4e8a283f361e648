//! Provisioning under faults: lost answers, processes that are killed at any moment, and replicas. Afterwards the authorization
//! server has every client that was answered, and nothing else.
//!
//! `make test` takes few rounds; `PROVISION_FAULTS=full`, which `make torture` sets, takes 200 and 100.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;
#[expect(dead_code, reason = "other tests provision into Keycloak")]
#[path = "provision/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use scripted_server::hydra::Hydra;
use scripted_server::switches::{Fault, WRITES};
use serde_json::{Value, json};
use support::{Postgres, Setup, TestServer, until, variable};
use world::{ISSUER, into_hydra, plain};

/// The time in which all is well again after the last fault: a delivery that was killed is due after 31 seconds.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The number of rounds, or the greater number of the long way.
fn rounds(few: usize, many: usize) -> usize {
    match variable("PROVISION_FAULTS").as_deref() {
        Some("full") => many,
        _ => few,
    }
}

fn patient(setup: Setup) -> Setup {
    setup
        .with("FRONTDESK_PROVISION_PATIENCE", "1s")
        .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "100000")
        .with("FRONTDESK_LIMITS_UPDATES_PER_MINUTE", "100000")
}

fn metadata(name: &str) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": name })
}

fn register(server: &TestServer, name: &str) -> support::Answer {
    server
        .request("POST", "/register")
        .json(&metadata(name))
        .send()
}

fn identifier(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

/// The members of an update to another name.
fn renamed(client: &Value, name: &str) -> Value {
    let mut asked = metadata(name);
    asked["client_id"] = client["client_id"].clone();
    asked
}

/// Tries until it is so. It may take as long as a lease and a second confirmation.
fn settle(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < SETTLE_TIMEOUT, "{what}");
        thread::yield_now();
    }
}

fn here(server: &TestServer) -> BTreeSet<String> {
    let clients = server.clients();
    clients
        .iter()
        .map(|client| identifier(client).to_owned())
        .collect()
}

fn there(hydra: &Hydra) -> BTreeSet<String> {
    hydra.ids().into_iter().collect()
}

/// Waits until both sides have the same clients, with the same names and secrets as the registered ones.
fn settle_both(server: &TestServer, hydra: &Hydra, registered: &[Value]) {
    settle("both sides have the same clients", || {
        here(server) == there(hydra)
    });
    for client in registered {
        let id = identifier(client);
        let read = server.manage("GET", client).send().ok();
        settle("the copy is the client", || {
            hydra
                .client(id)
                .is_some_and(|copy| copy["client_name"] == read["client_name"])
        });
        assert_eq!(
            hydra.client(id).unwrap()["client_secret"],
            client["client_secret"]
        );
    }
}

/// Nothing is left for a reconciliation.
fn assert_reconciled(server: &TestServer) {
    let printed = server.ran(&["provision", "reconcile", "--dry-run", "--json"]);
    let report: Value = serde_json::from_str(printed.lines().next().unwrap()).unwrap();
    for change in ["created", "updated", "deleted", "rejected"] {
        assert_eq!(report[change], 0, "{report}");
    }
}

/// Sets the faults of a round: of its first requests, or of all of them. Every second round is well, so that the breaker seldom opens.
fn break_calls(hydra: &Hydra, round: usize) {
    let switches = &hydra.switches;
    match round % 10 {
        1 => switches.next([None, Some(Fault::CutAfterWork)]),
        3 => switches.next([Some(Fault::CutAfterWork); 2]),
        5 => switches.fail_methods(WRITES, Fault::CutAfterWork),
        7 => switches.next([None, Some(Fault::CutBeforeWork)]),
        9 => switches.fail_methods(&["POST"], Fault::CutAfterWork),
        _ => {}
    }
}

/// Waits until a registration is answered 201, and returns the client.
fn register_when_well(server: &TestServer, name: &str) -> Value {
    let mut made = None;
    settle("the breaker closes", || {
        let answer = register(server, name);
        made = (answer.status() == 201).then(|| answer.created());
        made.is_some()
    });
    made.unwrap()
}

/// Each 201 is there, each 503 is not, and none twice; an update is done on both sides or on neither.
#[test]
fn lost_answers_leave_both_sides_equal() {
    let hydra = Hydra::start();
    let server = patient(into_hydra(plain(), &hydra)).start();
    let (mut made, mut refused) = (Vec::new(), BTreeSet::new());
    let rounds = rounds(24, 200);
    for round in 0..rounds {
        let name = format!("client {round}");
        if round % 2 == 0 {
            made.push(register_when_well(&server, &name));
            continue;
        }
        break_calls(&hydra, round);
        let answer = register(&server, &name);
        hydra.switches.heal();
        if answer.status() == 201 {
            made.push(answer.created());
        } else {
            answer.refused(503, "temporarily_unavailable");
            assert!(answer.header("retry-after").is_some());
            refused.insert(name);
        }
    }
    assert!(made.len() > rounds / 2, "a repeat is answered too");
    assert!(refused.len() >= rounds / 10, "{}", refused.len());
    let answered: BTreeSet<String> = made
        .iter()
        .map(|client| identifier(client).to_owned())
        .collect();
    settle("each 201 is there and nothing else", || {
        there(&hydra) == answered
    });
    assert_eq!(here(&server), answered);
    let names: Vec<Value> = answered
        .iter()
        .map(|id| hydra.client(id).unwrap()["client_name"].clone())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !refused.contains(name.as_str().unwrap()))
    );
    assert_eq!(
        names
            .iter()
            .map(Value::to_string)
            .collect::<BTreeSet<_>>()
            .len(),
        names.len()
    );

    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..rounds / 2 {
        let client = &made[round % made.len()];
        let name = format!("renamed {round}");
        break_calls(&hydra, round);
        let answer = server
            .manage("PUT", client)
            .json(&renamed(client, &name))
            .send();
        hydra.switches.heal();
        if answer.status() == 200 {
            expected.insert(identifier(client).to_owned(), name);
        } else {
            answer.refused(503, "temporarily_unavailable");
        }
    }
    for client in &made {
        let read = server.manage("GET", client).send().ok();
        let before = client["client_name"].as_str().unwrap();
        let name = expected
            .get(identifier(client))
            .map_or(before, String::as_str);
        assert_eq!(read["client_name"], name);
    }
    settle_both(&server, &hydra, &made);

    let (gone, kept) = made.split_at(made.len() / 2);
    for (round, client) in gone.iter().enumerate() {
        break_calls(&hydra, round);
        server.manage("DELETE", client).send().deleted();
        hydra.switches.heal();
    }
    settle_both(&server, &hydra, kept);
    assert_eq!(here(&server).len(), kept.len());
    assert_reconciled(&server);
}

/// A request to a service that may be killed; `None` without a whole answer.
fn attempt(port: u16, method: &str, path: &str, token: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{token}\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    if status == 204 {
        return Some((status, Value::Null));
    }
    Some((status, serde_json::from_str(body).ok()?))
}

/// The clients of a service that is killed again and again.
#[derive(Default)]
struct Ledger {
    /// Clients with an answer, which must stay.
    registered: Vec<Value>,
    /// Clients with a deletion that was answered.
    deleted: BTreeSet<String>,
}

/// The moments of the end: while the server works, before or after that.
fn end(server: &mut TestServer, hydra: &Hydra, round: usize) {
    let offset = Duration::from_micros(u64::try_from(round).unwrap() * 397 % 9_000);
    match round % 3 {
        // Before the server is asked, or in any step after it.
        0 => thread::park_timeout(offset),
        // While it holds the request, which it does afterwards.
        1 => until("a request is held", || hydra.switches.held() > 0),
        // After its answer, in the commit, or after ours.
        _ => {
            until("a request is held", || hydra.switches.held() > 0);
            hydra.switches.hold(false);
            thread::park_timeout(offset);
        }
    }
    server.signal("-KILL");
    server.wait();
    hydra.switches.hold(false);
}

/// Each 201 is there, and nothing else, wherever the process ends.
#[test]
fn killed_service_leaves_both_sides_equal() {
    let hydra = Hydra::start();
    let setup = patient(into_hydra(plain(), &hydra));
    let mut server = setup.clone().start();
    let mut ledger = Ledger::default();
    for number in 0..4 {
        ledger
            .registered
            .push(register(&server, &format!("first {number}")).created());
    }
    for round in 0..rounds(12, 100) {
        let chosen = ledger.registered.first().cloned().filter(|_| round % 4 > 1);
        let (method, path, token, body) = match (&chosen, round % 4) {
            (Some(client), action) => (
                if action == 2 { "PUT" } else { "DELETE" },
                format!("/register/{}", identifier(client)),
                format!(
                    "Authorization: Bearer {}\r\n",
                    client["registration_access_token"].as_str().unwrap()
                ),
                renamed(client, &format!("renamed {round}")),
            ),
            (None, _) => (
                "POST",
                "/register".to_owned(),
                String::new(),
                metadata(&format!("client {round}")),
            ),
        };
        hydra.switches.hold(round % 3 > 0);
        let (port, body) = (server.port, body.to_string());
        let asked = thread::spawn(move || attempt(port, method, &path, &token, &body));
        end(&mut server, &hydra, round);
        let answer = asked.join().unwrap();
        match (method, answer) {
            ("POST", Some((201, client))) => ledger.registered.push(client),
            ("DELETE", answer) => {
                let client = ledger.registered.remove(0);
                if answer.is_some_and(|(status, _)| status == 204) {
                    ledger.deleted.insert(identifier(&client).to_owned());
                }
            }
            (_, Some((status, body))) => {
                assert!([200, 201, 503].contains(&status), "{status} {body}");
            }
            (_, None) => {}
        }
        server = setup.clone().start();
    }
    settle_both(&server, &hydra, &ledger.registered);
    assert!(ledger.deleted.is_disjoint(&there(&hydra)));
    assert_reconciled(&server);
}

/// A replica on a shared database, which delivers later.
fn replica(database: &Postgres, hydra: &Hydra) -> TestServer {
    let setup = Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REGISTRATION", "open")
        .on(database);
    patient(into_hydra(setup, hydra))
        .with("FRONTDESK_PROVISION_READY", "later")
        .start()
}

/// True if the server confirmed every copy.
fn is_synced(server: &TestServer) -> bool {
    let waiting = server.ran(&["provision", "status", "--json"]);
    !waiting.contains("\"pending\"") && !waiting.contains("\"deleting\"")
}

/// Two replicas deliver each change once.
#[test]
fn replicas_deliver_each_change_once() {
    let hydra = Hydra::start();
    let database = Postgres::new();
    let replicas = [replica(&database, &hydra), replica(&database, &hydra)];
    let made: Vec<Value> = (0..24)
        .map(|number| register(&replicas[number % 2], &format!("client {number}")).created())
        .collect();
    settle("all are there", || {
        there(&hydra).len() == made.len() && is_synced(&replicas[0])
    });
    assert_eq!(
        hydra.switches.count("POST", "/admin/clients"),
        made.len(),
        "each client is made once"
    );
    let writes = hydra.switches.writes();
    for (number, client) in made.iter().enumerate() {
        let asked = renamed(client, &format!("renamed {number}"));
        let replica = &replicas[(number + 1) % 2];
        replica.manage("PUT", client).json(&asked).send().ok();
    }
    settle_both(&replicas[0], &hydra, &made);
    settle("all are synced", || is_synced(&replicas[1]));
    assert_eq!(
        hydra.switches.writes(),
        writes + made.len(),
        "each update is written once"
    );
    assert_reconciled(&replicas[0]);
}

/// A replica ends while it delivers, and the other has every copy written in the end.
fn outlive(signal: &str) {
    let hydra = Hydra::start();
    let database = Postgres::new();
    let (mut ended, other) = (replica(&database, &hydra), replica(&database, &hydra));
    hydra.switches.hold(true);
    let mut made: Vec<Value> = (0..8)
        .map(|number| {
            let replica = if number % 2 == 0 { &ended } else { &other };
            register(replica, &format!("client {number}")).created()
        })
        .collect();
    until("deliveries are held", || hydra.switches.held() > 4);
    ended.signal(signal);
    hydra.switches.hold(false);
    ended.wait();
    made.push(register(&other, "later").created());
    settle_both(&other, &hydra, &made);
    assert_eq!(there(&hydra).len(), made.len());
    settle("all are synced", || is_synced(&other));
    assert_reconciled(&other);
}

#[test]
fn stopped_replica_leaves_nothing_undone() {
    outlive("-TERM");
}

/// The deliveries of a process that was killed are the other's after their time.
#[test]
fn killed_replica_leaves_nothing_undone() {
    outlive("-KILL");
}
