//! Wrong passwords from many addresses at once: they delay no other login, and take no memory that stays.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use support::{Setup, TestServer, until};

/// The time that an answer may take on a machine that does many other things; bounds are measured below.
const LONGEST: Duration = Duration::from_mins(5);

/// The server of these tests: behind a proxy, which says whose address it is, and with no limit on guesses.
fn setup() -> Setup {
    Setup::new()
        .with("FRONTDESK_PROXIES", "127.0.0.1, ::1")
        .with(
            "FRONTDESK_LIMITS_HANDLER_SECONDS",
            &LONGEST.as_secs().to_string(),
        )
}

/// Each test takes the whole machine, and measures it.
static MACHINE: Mutex<()> = Mutex::new(());

/// A connection with one guess: a refusal before the body is read is the end of it.
struct Guesser(BufReader<TcpStream>);

/// An answer: its status, its `Retry-After`, its body.
type Answer = (u16, Option<String>, String);

impl Guesser {
    /// Asks for a registration with a wrong password, in the name of an address behind the proxy.
    fn guess(server: &TestServer, address: &str, name: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        let (credentials, body) = (
            STANDARD.encode(format!("{name}:wrong")),
            r#"{"redirect_uris":["https://rp.example/cb"]}"#,
        );
        let request = format!(
            "POST /register HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    fn answer(mut self) -> Answer {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            assert!(
                self.0.read_line(&mut line).unwrap() > 0,
                "the connection was closed: {head:?}"
            );
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_ascii_lowercase()),
            }
        }
        let field = |name: &str| {
            head.iter().find_map(|line| {
                line.strip_prefix(name)?
                    .strip_prefix(": ")
                    .map(str::to_owned)
            })
        };
        let mut body = vec![0; field("content-length").unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        let status = head
            .first()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        (
            status,
            field("retry-after"),
            String::from_utf8(body).unwrap(),
        )
    }
}

/// The time that a wrong password takes on an idle server: the measure of this machine.
fn calm(server: &TestServer) -> Duration {
    let times = (0..5).map(|_| {
        let begun = Instant::now();
        assert_eq!(Guesser::guess(server, "192.0.2.1", "calm").answer().0, 401);
        begun.elapsed()
    });
    times.max().unwrap()
}

fn waiting(server: &TestServer) -> usize {
    let text = server.managed("/metrics").text;
    text.lines()
        .find_map(|line| line.strip_prefix("frontdesk_passwords_waiting "))
        .unwrap()
        .parse()
        .unwrap()
}

/// RFC 7617 §4: a password hash is slow by design; 3000 wrong passwords from other addresses lock
/// no account out.
#[test]
fn login_survives_many_wrong_passwords() {
    const ADDRESSES: usize = 30;
    const CONNECTIONS: usize = 25;
    const ROUNDS: usize = 4;
    let _machine = MACHINE.lock();
    let server = setup().start();
    let calm = calm(&server);
    let (first, answered) = std::thread::scope(|scope| {
        let guessers: Vec<_> = (0..ADDRESSES)
            .map(|address| {
                let server = &server;
                scope.spawn(move || {
                    let text = format!("203.0.113.{address}");
                    let mut answered = Vec::new();
                    for round in 0..ROUNDS {
                        let begun = Instant::now();
                        let guess = |number| {
                            Guesser::guess(server, &text, &format!("name-{round}-{number}"))
                        };
                        let guessers: Vec<Guesser> = (0..CONNECTIONS).map(guess).collect();
                        answered.extend(
                            guessers
                                .into_iter()
                                .map(|guesser| (guesser.answer(), begun.elapsed())),
                        );
                    }
                    answered
                })
            })
            .collect();
        // Passwords of most addresses wait when the administrator comes.
        until("passwords wait", || waiting(&server) >= ADDRESSES / 2);
        let begun = Instant::now();
        let ask = server
            .request("POST", "/register")
            .admin()
            .header("X-Forwarded-For", "198.51.100.1");
        ask.json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
            .send()
            .created();
        let first = begun.elapsed();
        (
            first,
            guessers
                .into_iter()
                .flat_map(|guesser| guesser.join().unwrap())
                .collect::<Vec<(Answer, Duration)>>(),
        )
    });
    // One password of each address stands before it.
    let turn = calm * u32::try_from(ADDRESSES + 2).unwrap();
    assert!(
        first < Duration::from_secs(2).max(2 * turn),
        "the first log-in took {first:?}, one takes {calm:?}"
    );

    let soon = Duration::from_secs(6).max(calm * 128);
    let late = answered.iter().filter(|(_, after)| *after > soon).count();
    assert!(
        late * 20 <= answered.len(),
        "{late} of {} were answered after more than {soon:?}",
        answered.len()
    );
    let mut counts = [0, 0];
    for ((status, retry_after, body), _) in &answered {
        match status {
            401 => counts[0] += 1,
            503 => {
                counts[1] += 1;
                assert_eq!(retry_after.as_deref(), Some("5"), "{body}");
                assert!(
                    body.starts_with(r#"{"error":"temporarily_unavailable","error_description":""#),
                    "{body}"
                );
            }
            other => panic!("{other}: {body}"),
        }
    }
    assert_eq!(counts[0] + counts[1], ADDRESSES * CONNECTIONS * ROUNDS);
    assert!(
        counts.iter().all(|count| *count > ADDRESSES),
        "verified and refused: {counts:?}"
    );
    assert_eq!((waiting(&server), server.clients().len()), (0, 1));
    assert!(
        !server.log().contains("temporarily_unavailable"),
        "strangers do not choose how long the log is"
    );
}

/// The memory for passwords belongs to the threads that verify them, with every setting of the
/// allocator.
#[test]
fn wrong_passwords_leak_no_memory() {
    let _machine = MACHINE.lock();
    for tunables in ["", "glibc.malloc.tcache_count=100"] {
        let server = setup()
            .with("GLIBC_TUNABLES", tunables)
            .with("FRONTDESK_LIMITS_PASSWORDS_WAITING", "250")
            .start();
        server.get("/.well-known/openid-configuration");
        let before = server.memory("VmRSS");
        for round in 0..3 {
            let guess =
                |number| Guesser::guess(&server, "192.0.2.1", &format!("name-{round}-{number}"));
            let guessers: Vec<Guesser> = (0..250).map(guess).collect();
            for guesser in guessers {
                assert_eq!(guesser.answer().0, 401);
            }
        }
        let threads = u64::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
        let bound = 40_000 + 19_456 * threads;
        for line in ["VmRSS", "VmHWM"] {
            let grown = server.memory(line).saturating_sub(before);
            assert!(
                grown < bound,
                "{tunables:?}: {line} grew by {grown} KiB from {before}, more than {bound}"
            );
        }
    }
}
