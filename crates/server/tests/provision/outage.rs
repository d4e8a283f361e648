//! An authorization server that hangs, with many requests at once and another provider beside it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::switches::Fault;
use crate::support::{Answer, Setup, TestServer, until};
use crate::world::{on_both, rows, server_down, web};

/// The number of requests at once.
const AT_ONCE: usize = 64;

/// A file with three providers: two with a server each, and one without.
fn file(first: &Hydra, second: &Hydra) -> String {
    let provider = |path: &str, provision: &str| {
        format!(
            "[[provider]]\nissuer = \"http://localhost:9443/{path}\"\nregistration = \"open\"\n{provision}\n"
        )
    };
    let into = |hydra: &Hydra| {
        format!(
            "[provider.provision]\nto = \"http\"\nat = \"{}\"\npatience = \"3s\"\n",
            hydra.at
        )
    };
    [
        provider("first", &into(first)),
        provider("second", &into(second)),
        provider("third", ""),
    ]
    .concat()
}

fn post(server: &TestServer, path: &str) -> Answer {
    let request = server.request("POST", &format!("/{path}/register"));
    request.json(&web(&json!({}))).send()
}

/// 64 registrations at once while the server hangs are 503 within the patience and a second, with at most 16 calls at a time. The
/// other providers answer meanwhile, and the server is used again when it answers.
#[test]
fn hanging_server_stops_no_other_provider() {
    on_both(|setup| {
        let (first, second) = (Hydra::start(), Hydra::start());
        let server = hanging(setup, &first, &second);
        let warm = Instant::now();
        for path in ["second", "third"] {
            post(&server, path).created();
        }
        let warm = warm.elapsed();
        first.switches.fail_writes(Fault::Status(503));
        first.switches.hold(true);
        let begun = Instant::now();
        let asking: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let server = Arc::clone(&server);
                thread::spawn(move || {
                    let begun = Instant::now();
                    server_down(&post(&server, "first"));
                    begun.elapsed()
                })
            })
            .collect();
        until("the calls are in progress", || first.switches.held() == 16);
        let mut slowest = Duration::ZERO;
        for path in ["second", "third", "second", "third"] {
            let begun = Instant::now();
            post(&server, path).created();
            slowest = slowest.max(begun.elapsed());
        }
        assert!(
            slowest < warm + Duration::from_millis(700),
            "{slowest:?}, {warm:?}"
        );
        assert_eq!(first.switches.held(), 16);
        let took = asking
            .into_iter()
            .map(|asking| asking.join().unwrap())
            .max();
        assert!(took.unwrap() < Duration::from_secs(4), "{took:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        // Those that were held are refused, not worked on.
        first.switches.hold(false);
        until("no call is held", || first.switches.held() == 0);
        first.switches.heal();
        until("the server is used again", || {
            post(&server, "first").status() == 201
        });
        until("nothing else is there", || first.ids().len() == 1);
        let clients = server.clients();
        let of = |path: &str| {
            let issuer = format!("http://localhost:9443/{path}");
            clients
                .iter()
                .filter(|client| client["provider"] == *issuer)
                .count()
        };
        assert_eq!([of("first"), of("second"), of("third")], [1, 3, 3]);
        let states = rows(&server);
        let synced = states.iter().filter(|row| row["state"] == "synced").count();
        assert_eq!(synced, 4, "{states:?}");
    });
}

fn hanging(setup: Setup, first: &Hydra, second: &Hydra) -> Arc<TestServer> {
    let text = file(first, second);
    let setup = setup
        .with("FRONTDESK_ISSUER", "")
        .with("FRONTDESK_REGISTRATION", "");
    let folder = Arc::new(TempDir::new().unwrap());
    Arc::new(setup.within(&folder).file(&text).start())
}
