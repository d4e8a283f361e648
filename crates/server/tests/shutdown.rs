//! The end of a process, wanted or not, and a database that goes away and comes back.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod cluster;
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::Cluster;
use serde_json::{Value, json};
use support::{PASSWORD, PATIENCE, Postgres, Setup, TestServer, until};

/// The time limit of a shutdown.
const AT_MOST: Duration = Duration::from_secs(15);

/// A served provider with a fixed issuer, independent of the port.
fn fixed() -> Setup {
    Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443")
}

fn metadata(name: &str) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": name })
}

fn connect(server: &TestServer) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A registration of which the last byte is still to come.
fn begun(server: &TestServer, name: &str) -> (TcpStream, String) {
    let body = metadata(name).to_string();
    let (sent, rest) = body.split_at(body.len() - 1);
    let mut stream = connect(server);
    let head = format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        STANDARD.encode(format!("admin:{PASSWORD}")),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The service has begun to read the body.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(go_on, *b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(sent.as_bytes()).unwrap();
    (stream, rest.to_owned())
}

/// Reads until the other side closes.
fn read(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// A request in progress is finished before the service stops.
#[test]
fn request_in_progress_is_finished() {
    let database = Postgres::new();
    for setup in [fixed(), fixed().on(&database)] {
        let mut server = setup.clone().start();
        assert_eq!(server.managed("/readyz").status(), 200);
        let (mut stream, rest) = begun(&server, "Under way");
        server.signal("-TERM");
        until("readiness is withdrawn", || {
            server.managed("/readyz").status() == 503
        });
        assert_eq!(server.managed("/readyz").text, "draining\n");
        assert_eq!(server.managed("/healthz").status(), 200);
        until("nothing new is taken", || {
            TcpStream::connect(("127.0.0.1", server.port)).is_err()
        });
        let signalled = Instant::now();
        stream.write_all(rest.as_bytes()).unwrap();
        let answer = read(stream);
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
        assert_eq!(server.wait().code(), Some(0));
        assert!(signalled.elapsed() < AT_MOST);
        assert!(
            server.log().lines().last().unwrap().contains("\"stopped\""),
            "{}",
            server.log()
        );

        let client: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let again = setup.inside(&server).start();
        assert_eq!(again.manage("GET", &client).send().ok(), client);
    }
}

/// Waits until the other side closes; a connection that was never accepted is reset.
fn closed(mut stream: TcpStream) {
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
}

#[test]
fn idle_connections_do_not_delay_the_end() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Setup::new().start();
        let mut idle = connect(&server);
        idle.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut first = [0; 15];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(first, *b"HTTP/1.1 200 OK");
        let silent = connect(&server);
        let begun = Instant::now();
        server.signal(signal);
        closed(idle);
        closed(silent);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{signal}: {:?}",
            begun.elapsed()
        );
    }
}

/// A request that never ends does not keep the service running.
#[test]
fn endless_request_does_not_block_stop() {
    let mut server = Setup::new()
        .with("FRONTDESK_LIMITS_BODY_SECONDS", "600")
        .with("FRONTDESK_LIMITS_HANDLER_SECONDS", "600")
        .start();
    let (_stream, _) = begun(&server, "Never ends");
    let signalled = Instant::now();
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(signalled.elapsed() < AT_MOST, "{:?}", signalled.elapsed());
}

/// Registers from several threads until the service is gone; gives every client that was promised.
fn promised(server: &TestServer, enough: usize, end: impl FnOnce()) -> Vec<Value> {
    let promised = Mutex::new(Vec::new());
    let one = |name: &str| -> Option<Value> {
        let body = metadata(name).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(
            stream,
            "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        assert!(head.starts_with("HTTP/1.1 201 "), "{answer}");
        serde_json::from_str(body).ok()
    };
    thread::scope(|scope| {
        for thread in 0..4 {
            let (one, promised) = (&one, &promised);
            scope.spawn(move || {
                for number in 0.. {
                    match one(&format!("Client {number} of {thread}")) {
                        Some(client) => promised.lock().unwrap().push(client),
                        None => return,
                    }
                }
            });
        }
        until("clients register", || {
            promised.lock().unwrap().len() >= enough
        });
        end();
    });
    promised.into_inner().unwrap()
}

/// RFC 7591 §3.2.1: a client that was answered 201 is registered, also after a kill or a stop.
#[test]
fn answered_registrations_survive_kill() {
    let database = Postgres::new();
    for setup in [fixed(), fixed().on(&database)] {
        for signal in ["-KILL", "-TERM"] {
            let setup = setup.clone().with("FRONTDESK_REGISTRATION", "open");
            let mut server = setup.clone().start();
            let clients = promised(&server, 40, || server.signal(signal));
            assert_eq!(server.wait().success(), signal == "-TERM");
            let again = setup.inside(&server).start();
            for client in &clients {
                assert_eq!(again.manage("GET", client).send().ok(), *client);
            }
        }
    }
}

/// RFC 9110 §15.6.4: while the store is down, requests that need it are refused and others are
/// served. No restart is needed.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn database_outage_needs_no_restart() {
    let cluster = Cluster::start();
    let mut server = fixed()
        .with("FRONTDESK_DATABASE", &cluster.url)
        .with(
            "FRONTDESK_SEALING_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        )
        .start();
    let client = server.client();
    let documents = [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks",
        "/.well-known/webfinger?resource=acct:alice@localhost:9443",
    ];
    let before: Vec<String> = documents.iter().map(|path| server.get(path).text).collect();

    cluster.down();
    let unavailable = |ask: support::Ask| {
        let asked = Instant::now();
        let answer = ask.send();
        assert_eq!(
            answer.expect(503),
            json!({
                "error": "temporarily_unavailable",
                "error_description": "The service is busy or cannot reach its store. Try again shortly.",
            })
        );
        assert!(
            answer
                .header("retry-after")
                .unwrap()
                .parse::<u32>()
                .unwrap()
                < 10
        );
        assert!(
            asked.elapsed() < Duration::from_secs(10),
            "{:?}",
            asked.elapsed()
        );
    };
    let changed =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/b"] });
    let asks = [
        server
            .request("POST", "/register")
            .admin()
            .json(&metadata("While it is down")),
        server
            .request("POST", "/register")
            .bearer("iat_unknown")
            .json(&metadata("While it is down")),
        server
            .request("POST", "/identity/connect/register")
            .admin()
            .json(&metadata("While it is down")),
        server.manage("GET", &client),
        server.manage("PUT", &client).json(&changed),
        server.manage("DELETE", &client),
    ];
    thread::scope(|scope| {
        for ask in asks {
            scope.spawn(|| unavailable(ask));
        }
    });
    assert_eq!(
        (
            server.managed("/readyz").status(),
            server.managed("/healthz").status()
        ),
        (503, 200)
    );
    assert_eq!(
        server.managed("/readyz").text,
        "the store does not answer\n"
    );
    for (path, text) in documents.iter().zip(&before) {
        let answer = server.get(path);
        assert_eq!((answer.status(), &answer.text), (200, text), "{path}");
    }

    cluster.up();
    let begun = Instant::now();
    until("the store is back", || {
        server.managed("/readyz").status() == 200
    });
    assert_eq!(server.register(&metadata("When it is back")).status(), 201);
    assert!(begun.elapsed() < AT_MOST, "{:?}", begun.elapsed());
    assert_eq!(
        server.manage("GET", &client).send().ok(),
        client,
        "what was refused changed nothing"
    );
    assert_eq!(server.ran(&["client", "list", "--json"]).lines().count(), 2);

    cluster.down();
    let begun = Instant::now();
    server.signal("-TERM");
    assert_eq!(
        server.wait().code(),
        Some(0),
        "a stop does not need the database"
    );
    assert!(begun.elapsed() < AT_MOST, "{:?}", begun.elapsed());
    cluster.up();
}
