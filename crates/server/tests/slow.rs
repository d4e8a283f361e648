//! Clients that take their time, and what the others notice of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use support::{PATIENCE, Setup, TestServer};

const SLOW: usize = 64;

/// The two beginnings of slow requests: half of them never finish the head, the others never finish the body.
const HEADS: [&str; 2] = [
    "GET /jwks HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{",
];

fn slow(server: &TestServer, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .write_all(HEADS.get(number % HEADS.len()).unwrap().as_bytes())
        .unwrap();
    stream
}

/// One more byte, and whether the server has said or done anything since the last.
fn dribble(stream: &mut TcpStream, wait: Duration) -> Option<String> {
    stream.set_read_timeout(Some(wait)).unwrap();
    let written = stream.write_all(b" ");
    let mut some = [0_u8; 1024];
    match stream.read(&mut some) {
        Ok(read) => {
            Some(String::from_utf8_lossy(some.get(..read).unwrap_or_default()).into_owned())
        }
        Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
            written.err().map(|_| String::new())
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Some(String::new()),
        Err(error) => panic!("{error}"),
    }
}

fn timed(server: &TestServer, path: &str) -> Duration {
    let begun = Instant::now();
    assert_eq!(server.get(path).status(), 200, "{path}");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A server with 64 slow clients answers as fast as a server without: every request is finished
/// while all of them still hang, and half of the requests take at most 200 ms. On a slower machine
/// the limit is the time of the server without slow clients, which is measured in turn.
#[test]
fn slow_clients_delay_no_other_client() {
    let patient = || {
        Setup::new()
            .with("FRONTDESK_REGISTRATION", "open")
            .with("FRONTDESK_LIMITS_HEAD_SECONDS", "600")
            .with("FRONTDESK_LIMITS_BODY_SECONDS", "600")
            .with("FRONTDESK_LIMITS_HANDLER_SECONDS", "600")
    };
    let (busy, idle) = (patient().start(), patient().start());
    let mut streams: Vec<TcpStream> = (0..SLOW).map(|number| slow(&busy, number)).collect();
    let client = [&busy, &idle].map(TestServer::client);
    let (mut among, mut alone) = (Vec::new(), Vec::new());
    for round in 0..SLOW {
        let stream = streams.get_mut(round).unwrap();
        assert_eq!(
            dribble(stream, Duration::from_millis(1)),
            None,
            "it was ended early"
        );
        for path in [
            "/jwks",
            "/.well-known/openid-configuration",
            "/.well-known/webfinger?resource=acct:alice@localhost",
        ] {
            among.push(timed(&busy, path));
            alone.push(timed(&idle, path));
        }
        for (server, client) in [&busy, &idle].into_iter().zip(&client) {
            assert_eq!(server.manage("GET", client).send().ok(), *client);
        }
    }
    busy.register(&serde_json::json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .created();
    assert!(
        streams
            .iter_mut()
            .all(|stream| dribble(stream, Duration::from_millis(1)).is_none()),
        "all of them still hang"
    );
    let (among, alone) = (median(among), median(alone));
    assert!(
        among < Duration::from_millis(200) || among < alone * 4,
        "{among:?} among slow clients, {alone:?} without"
    );
}

/// RFC 9110 §15.5.9: a client that does not finish a head or a body in time gets 408 or is closed.
#[test]
fn slow_clients_hit_the_time_limits() {
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_LIMITS_HEAD_SECONDS", "1")
        .with("FRONTDESK_LIMITS_BODY_SECONDS", "1")
        .start();
    thread::scope(|scope| {
        for number in 0..SLOW {
            let server = &server;
            scope.spawn(move || {
                let mut stream = slow(server, number);
                let begun = Instant::now();
                let said = loop {
                    assert!(begun.elapsed() < PATIENCE, "{number} is still waited for");
                    if let Some(said) = dribble(&mut stream, Duration::from_millis(250)) {
                        break said;
                    }
                };
                assert!(
                    said.is_empty() || said.starts_with("HTTP/1.1 408 "),
                    "{said}"
                );
            });
        }
    });
    assert!(server.clients().is_empty());
    server.client();
}

/// RFC 9112 §9.5: a connection without further requests is closed.
#[test]
fn idle_connection_is_closed() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_KEEP_ALIVE_SECONDS", "1")
        .start();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ")
            && !answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
}
