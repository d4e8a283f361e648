//! Fetches that never end, and many that are refused: they take nothing from other clients.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::sectors::{JSON, NOT_PUBLIC, TOLD, fetching, site};
use super::support::{Answer, PATIENCE, TestServer, until};

/// A server that takes connections and says nothing.
fn dead() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn pairwise(sector: &str) -> Value {
    json!({ "redirect_uris": ["https://a.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": sector })
}

fn metric(server: &TestServer, series: &str) -> u64 {
    let text = server.managed("/metrics").text;
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
        .unwrap()
        .parse()
        .unwrap()
}

const UNDER_WAY: &str = "frontdesk_outbound_fetches_under_way";

/// A client has two fetches at a time; its third is refused at once, and another client's is served.
#[test]
fn dead_server_delays_no_other_client() {
    let (port, certificate, _) = site(&[("/sector.json", JSON, r#"["https://a.example/cb"]"#)]);
    let (_listener, dead) = dead();
    let folder = TempDir::new().unwrap();
    let server = fetching(&[port, dead], &certificate, &folder).start();
    let client = server.client();
    let mut update = pairwise(&format!("https://127.0.0.1:{dead}/never.json"));
    update["client_id"] = client["client_id"].clone();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let threads: Vec<_> = (0..32)
            .map(|_| scope.spawn(|| server.manage("PUT", &client).json(&update).send()))
            .collect();
        until("two are under way", || metric(&server, UNDER_WAY) > 1);
        let begun = Instant::now();
        server
            .request("POST", "/register")
            .json(&pairwise(&format!("https://127.0.0.1:{port}/sector.json")))
            .send()
            .created();
        assert!(
            begun.elapsed() < Duration::from_millis(1500),
            "{:?}",
            begun.elapsed()
        );
        assert!(
            metric(&server, UNDER_WAY) > 1,
            "they were under way meanwhile"
        );
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (throttled, fetched): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() == 429);
    assert!((2..=6).contains(&fetched.len()), "{}", fetched.len());
    for answer in fetched {
        assert_eq!(answer.refused(400, "invalid_client_metadata"), TOLD);
    }
    for answer in throttled {
        answer.refused(429, "invalid_request");
        assert!(
            (1..=6).contains(
                &answer
                    .header("retry-after")
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
            )
        );
    }
    assert_eq!(
        server.manage("GET", &client).send().ok(),
        client,
        "nothing changed"
    );
}

/// A full queue is no fault of the client's: 503, with the time after which to try again.
#[test]
fn full_queue_of_fetches_is_unavailable() {
    let (port, certificate, _) = site(&[]);
    let (_listener, dead) = dead();
    let folder = TempDir::new().unwrap();
    let server = fetching(&[port, dead], &certificate, &folder)
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .start();
    let never = pairwise(&format!("https://127.0.0.1:{dead}/never.json"));
    let register = |number: usize| {
        let ask = server
            .request("POST", "/register")
            .header("X-Forwarded-For", &format!("203.0.113.{}", number % 40));
        ask.json(&never).send()
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let threads: Vec<_> = (0..80)
            .map(|number| scope.spawn(move || register(number)))
            .collect();
        until("all threads fetch", || metric(&server, UNDER_WAY) > 7);
        server
            .register(&json!({ "redirect_uris": ["https://a.example/cb"] }))
            .created();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (busy, fetched): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() == 503);
    assert!(busy.len() >= 40 && fetched.len() >= 8, "{}", busy.len());
    for answer in busy {
        let told = answer.refused(503, "temporarily_unavailable");
        assert_eq!(
            told,
            "Too many documents of clients are being fetched. Try again after the time in the Retry-After header."
        );
        assert!(
            (1..=6).contains(
                &answer
                    .header("retry-after")
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
            )
        );
    }
    for answer in fetched {
        assert_eq!(answer.refused(400, "invalid_client_metadata"), TOLD);
    }
    assert!(metric(&server, "frontdesk_outbound_fetches_total{result=\"busy\"}") > 39);
    assert_eq!(server.clients().len(), 1);
}

/// A refusal waits for its time without a thread, and the log does not grow with refusals.
#[test]
fn refused_documents_hold_no_thread() {
    const MANY: usize = 1000;
    let folder = TempDir::new().unwrap();
    let server = fetching(&[1], b"", &folder)
        .with("FRONTDESK_OUTBOUND_CA", "")
        .with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "0")
        .start();
    server.client();
    let (lines, threads) = (
        server.log().lines().count(),
        metric(&server, "process_threads"),
    );
    let body = pairwise("https://10.0.0.1/sector.json").to_string();
    let request = format!(
        "POST /register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connections: Vec<TcpStream> = (0..MANY)
        .map(|_| TcpStream::connect(("127.0.0.1", server.port)).unwrap())
        .collect();
    for connection in &mut connections {
        connection.write_all(request.as_bytes()).unwrap();
    }
    let begun = Instant::now();
    server.client();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "an administrator waited {:?}",
        begun.elapsed()
    );
    let more = metric(&server, "process_threads").saturating_sub(threads);
    assert!(more < 20, "{more} more threads");
    for mut connection in connections {
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains(NOT_PUBLIC),
            "{answer}"
        );
    }
    let rows = || -> Vec<Value> {
        let text = server.ran(&["audit", "--json"]);
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|row| row["event"] == "registration refused")
            .collect()
    };
    until("refusals are in the audit trail", || !rows().is_empty());
    assert!(rows().len() <= 3, "{:?}", rows());
    let more = server.log().lines().count() - lines;
    assert!(
        more < 20,
        "{more} more lines for {MANY} refusals:\n{}",
        server.log()
    );
    assert_eq!(
        metric(
            &server,
            "frontdesk_outbound_fetches_total{result=\"address\"}"
        ),
        u64::try_from(MANY).unwrap()
    );
}
