//! Fetches, against a server on loopback that plays every part.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

mod site;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use outbound::{
    Caller, FetchError, FetchLimit, FetchLimits, FetchSettings, FetchSettingsError, Fetcher,
    ResolveFn,
};
use protocol::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use site::{Answer, Site};
use tokio::runtime::{Builder, Runtime};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Limits that leave a busy machine its time, with small documents and no pause after a failure.
fn patient() -> FetchLimits {
    FetchLimits {
        connect: Duration::from_secs(10),
        total: Duration::from_secs(10),
        body: 1024,
        bucket: Duration::ZERO,
        ..FetchLimits::default()
    }
}

/// Limits a test can wait for.
fn hurried() -> FetchLimits {
    FetchLimits {
        connect: Duration::from_millis(400),
        total: Duration::from_millis(400),
        ..patient()
    }
}

/// Trusts the site's certificate and may go to its address.
fn settings(site: &Site, limits: FetchLimits) -> FetchSettings {
    FetchSettings {
        allow: vec![site.address().parse().unwrap()],
        ca: Some(site.certificate.clone()),
        limits,
    }
}

fn fetcher(site: &Site) -> Fetcher {
    Fetcher::new(settings(site, patient())).unwrap()
}

/// Resolves every name to these addresses.
fn always(addresses: &[&str]) -> Arc<ResolveFn> {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Arc::new(move |_: &str| Ok(addresses.clone()))
}

/// Waits for a fetch.
fn json<T: DeserializeOwned>(
    fetcher: &Fetcher,
    url: &str,
    now: Timestamp,
) -> Result<T, FetchError> {
    of(fetcher, "a caller", url, now)
}

/// Waits for a fetch on behalf of a caller.
fn of<T: DeserializeOwned>(
    fetcher: &Fetcher,
    name: &str,
    url: &str,
    now: Timestamp,
) -> Result<T, FetchError> {
    let caller = Caller {
        name: name.to_owned(),
        address: None,
    };
    runtime().block_on(fetcher.json(url, caller, now))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn refused(outcome: Result<Value, FetchError>) -> &'static str {
    refused_with(FetchError::TEXT, outcome)
}

/// The reason, when the client gets that text.
fn refused_with(text: &str, outcome: Result<Value, FetchError>) -> &'static str {
    let refused = outcome.expect_err("the fetch is refused");
    assert_eq!(refused.to_string(), text);
    refused.reason()
}

#[test]
fn a_document_is_fetched_with_a_plain_request() {
    let site = Site::start(Answer::json("", r#"["https://rp.example/cb"]"#));
    let uris: Vec<String> = json(&fetcher(&site), &site.url(), NOW).unwrap();
    assert_eq!(uris, ["https://rp.example/cb"]);
    let host = site.address();
    let requests = site.requests();
    let mut lines: Vec<&str> = requests[0].trim_end().lines().collect();
    lines.sort_unstable_by_key(|line| line.to_ascii_lowercase());
    assert_eq!(
        lines
            .iter()
            .map(|line| line.to_ascii_lowercase())
            .collect::<Vec<_>>(),
        [
            "accept-encoding: identity",
            "accept: application/json",
            "connection: close",
            "get /document.json http/1.1",
            &format!("host: {host}"),
            "user-agent: frontdesk",
        ]
    );
}

/// Every wrong answer is refused with the same text.
#[test]
fn wrong_answers_get_the_same_error() {
    let long = format!("[\"{}\"]", "a".repeat(1024));
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".to_vec();
    let too_long = "The response is too long.";
    let status = "The status of the response is not 200.";
    let kind = "The content type of the response is not application/json.";
    let shape = "The response is not JSON of the expected shape.";
    for (answer, reason) in [
        (
            Answer::new("404 Not Found", "Content-Type: application/json\r\n", "[]"),
            status,
        ),
        (
            Answer::new("201 Created", "Content-Type: application/json\r\n", "[]"),
            status,
        ),
        (Answer::new("204 No Content", "", ""), status),
        (
            Answer::new("302 Found", "Location: /elsewhere\r\n", ""),
            status,
        ),
        (
            Answer::new(
                "301 Moved",
                "Location: https://rp.example/\r\nContent-Type: application/json\r\n",
                "[]",
            ),
            status,
        ),
        (Answer::new("200 OK", "", "[]"), kind),
        (
            Answer::new("200 OK", "Content-Type: text/html\r\n", "[]"),
            kind,
        ),
        (
            Answer::new("200 OK", "Content-Type: application/json-seq\r\n", "[]"),
            kind,
        ),
        (
            Answer::new(
                "200 OK",
                "Content-Type: application/json\r\nContent-Type: text/html\r\n",
                "[]",
            ),
            kind,
        ),
        (Answer::json("", "<html>"), shape),
        (Answer::json("", ""), shape),
        (Answer::json("", "[] []"), shape),
        (
            Answer::json("Content-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
            shape,
        ),
        (Answer::json("", &"[".repeat(1000)), shape),
        (Answer::json("", &long), too_long),
        (Answer::Endless([&head[..], b"\r\n["].concat()), too_long),
        (
            Answer::Endless([&head[..], b"Content-Length: 99999999\r\n\r\n["].concat()),
            too_long,
        ),
        (
            Answer::Endless([&head[..], b"X-Long: "].concat()),
            "The response is not valid HTTP.",
        ),
        (
            Answer::Whole(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
            "The response is not valid HTTP.",
        ),
        (
            Answer::Whole(Vec::new()),
            "The connection failed or was closed early.",
        ),
        (
            Answer::Whole([&head[..], b"Content-Length: 5\r\n\r\n[]"].concat()),
            "The connection failed or was closed early.",
        ),
    ] {
        let site = Site::start(answer);
        let outcome = json(&fetcher(&site), &site.url(), NOW);
        assert_eq!(refused(outcome), reason, "{:?}", site.requests());
        assert_eq!(site.connections(), 1, "{reason}");
    }
}

#[test]
fn a_slow_answer_is_refused_in_time() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".to_vec();
    let slow_head = [&head[..], b"X-Slow: "].concat();
    let slow_body = [&head[..], b"\r\n["].concat();
    for answer in [
        Answer::Silence,
        Answer::Dribble(slow_head),
        Answer::Dribble(slow_body),
    ] {
        let site = Site::start(answer);
        let fetcher = Fetcher::new(settings(&site, hurried())).unwrap();
        let begun = Instant::now();
        assert_eq!(
            refused(json(&fetcher, &site.url(), NOW)),
            "The response did not arrive in time."
        );
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
    }
}

/// A peer that accepts the connection and sends no byte of TLS is refused within the time limit.
#[test]
fn stalled_handshake_is_refused_in_time() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let limits = FetchLimits {
        total: Duration::from_secs(10),
        ..hurried()
    };
    let fetcher = Fetcher::new(FetchSettings {
        allow: vec![address.parse().unwrap()],
        ca: None,
        limits,
    })
    .unwrap();
    let begun = Instant::now();
    let reason = refused(json(&fetcher, &format!("https://{address}/"), NOW));
    assert_eq!(
        reason,
        "The TLS handshake failed, or the certificate is not trusted for this host."
    );
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}

/// Content-Type parameters and a body of exactly the maximum size are accepted.
#[test]
fn full_size_body_is_accepted() {
    let body = format!("[\"{}\"]", "a".repeat(1020));
    let site = Site::start(Answer::new(
        "200 OK",
        "Content-Type: Application/JSON; charset=utf-8\r\n",
        &body,
    ));
    let texts: Vec<String> = json(&fetcher(&site), &site.url(), NOW).unwrap();
    assert_eq!(texts[0].len(), 1020);
}

#[test]
fn a_document_of_another_shape_is_refused() {
    let site = Site::start(Answer::json("", r#"{"uris": []}"#));
    let outcome: Result<Vec<String>, FetchError> = json(&fetcher(&site), &site.url(), NOW);
    assert_eq!(
        outcome.unwrap_err().reason(),
        "The response is not JSON of the expected shape."
    );
}

/// A private address that the operator has not allowed gets no connection.
#[test]
fn private_address_gets_no_connection() {
    let site = Site::start(Answer::json("", "[]"));
    let stranger = Fetcher::new(FetchSettings {
        allow: Vec::new(),
        ..settings(&site, patient())
    })
    .unwrap();
    let port = site.port;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "１２７.0.0.1",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
    ] {
        let outcome = json(
            &stranger,
            &format!("https://{host}:{port}/document.json"),
            NOW,
        );
        assert_eq!(
            refused_with(FetchError::PRIVATE_TEXT, outcome),
            "The host has an address that is neither public nor allowed.",
            "{host}"
        );
    }
    for host in [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "a.localhost",
        "x.internal",
    ] {
        let outcome = json(
            &stranger,
            &format!("https://{host}:{port}/document.json"),
            NOW,
        );
        assert_eq!(
            refused_with(FetchError::PRIVATE_TEXT, outcome),
            "The host is a name of this machine or of a private network.",
            "{host}"
        );
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn a_name_with_any_private_address_gets_no_connection() {
    let site = Site::start(Answer::json("", "[]"));
    let url = format!("https://documents.example:{}/document.json", site.port);
    for addresses in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["::ffff:127.0.0.1"],
        &["2606:4700::1", "::1"],
    ] {
        let stranger =
            Fetcher::with_resolver(settings(&site, patient()), always(addresses)).unwrap();
        let reason = "The host has an address that is neither public nor allowed.";
        assert_eq!(refused(json(&stranger, &url, NOW)), reason, "{addresses:?}");
    }
    // The seventeenth address is beyond what the client would connect to, and is looked at all the same.
    let mut many = vec!["8.8.8.8"; 16];
    many.push("127.0.0.1");
    let stranger = Fetcher::with_resolver(settings(&site, patient()), always(&many)).unwrap();
    refused(json(&stranger, &url, NOW));
    assert_eq!(site.connections(), 0);
}

/// A name is resolved once, and the connection goes to the resolved address.
#[test]
fn name_is_resolved_once() {
    let site = Site::start(Answer::json("", "[1]"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // The second answer would be another address: a name that changes its mind.
    let lookup = move |name: &str| -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, "documents.example");
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![IpAddr::from(if first {
            [127, 0, 0, 1]
        } else {
            [127, 0, 0, 2]
        })])
    };
    let allow = vec![format!("documents.example:{}", site.port).parse().unwrap()];
    let fetcher = Fetcher::with_resolver(
        FetchSettings {
            allow,
            ..settings(&site, patient())
        },
        Arc::new(lookup),
    )
    .unwrap();
    let url = format!("https://documents.example:{}/document.json", site.port);
    assert_eq!(json::<Value>(&fetcher, &url, NOW), Ok(json!([1])));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn the_next_address_is_tried_when_one_does_not_answer() {
    let site = Site::start(Answer::json("", "[1]"));
    let allow = vec![format!("documents.example:{}", site.port).parse().unwrap()];
    let settings = FetchSettings {
        allow,
        ..settings(&site, patient())
    };
    let mut many = vec!["127.0.0.9"; 20];
    many.insert(1, "127.0.0.1");
    let fetcher = Fetcher::with_resolver(settings, always(&many)).unwrap();
    let url = format!("https://documents.example:{}/document.json", site.port);
    assert_eq!(json::<Value>(&fetcher, &url, NOW), Ok(json!([1])));
}

/// A name without an address, or without an answer from the resolver, is refused within the time
/// limit.
#[test]
fn unresolved_name_is_refused_in_time() {
    let none: Arc<ResolveFn> = Arc::new(|_: &str| Err(io::Error::other("no such name")));
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let never: Arc<ResolveFn> = Arc::new(move |_: &str| {
        // Lasts until the test is over.
        let _ = gate.lock().unwrap().recv();
        Ok(Vec::new())
    });
    for lookup in [none, always(&[]), never] {
        let fetcher = Fetcher::with_resolver(
            FetchSettings {
                // Longer in all than a resolver may take, so that the two ends do not race.
                limits: FetchLimits {
                    total: patient().total,
                    ..hurried()
                },
                ..FetchSettings::default()
            },
            lookup,
        )
        .unwrap();
        let begun = Instant::now();
        let outcome = json(&fetcher, "https://rp.example/sectors.json", NOW);
        assert_eq!(refused(outcome), "The host could not be resolved in time.");
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
    }
    drop(release);
}

/// An untrusted certificate, or a certificate for another host, is refused.
#[test]
fn untrusted_certificate_is_refused() {
    let site = Site::start(Answer::json("", "[]"));
    let reason = "The TLS handshake failed, or the certificate is not trusted for this host.";
    let system_only = Fetcher::new(FetchSettings {
        ca: None,
        ..settings(&site, patient())
    })
    .unwrap();
    assert_eq!(refused(json(&system_only, &site.url(), NOW)), reason);

    let other = format!("other.example:{}", site.port);
    let allow = vec![other.parse().unwrap()];
    let other_host = Fetcher::with_resolver(
        FetchSettings {
            allow,
            ..settings(&site, patient())
        },
        always(&["127.0.0.1"]),
    )
    .unwrap();
    assert_eq!(
        refused(json(
            &other_host,
            &format!("https://{other}/document.json"),
            NOW
        )),
        reason
    );
    assert!(site.requests().is_empty());
}

/// Certificate authorities that cannot be loaded are reported at startup.
#[test]
fn unusable_authorities_are_reported() {
    let with = |ca: &[u8]| {
        Fetcher::new(FetchSettings {
            ca: Some(ca.to_vec()),
            ..FetchSettings::default()
        })
        .unwrap_err()
    };
    assert!(matches!(with(b""), FetchSettingsError::NoCertificate));
    assert!(matches!(
        with(b"a line of text\n"),
        FetchSettingsError::NoCertificate
    ));
    let broken = with(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(
        broken
            .to_string()
            .starts_with("The file of `[outbound] ca` cannot be used: "),
        "{broken}"
    );
}

/// A refused literal, a refused name, a name that resolves to a refused address and a name that
/// does not resolve are refused after the same time.
#[test]
fn refusals_take_the_same_time() {
    let bucket = FetchLimits::default().bucket;
    let nowhere: Arc<ResolveFn> = Arc::new(|_: &str| Err(io::Error::other("no such name")));
    let (private, any) = (FetchError::PRIVATE_TEXT, FetchError::TEXT);
    for (url, lookup, text) in [
        ("https://127.0.0.1/", always(&[]), private),
        ("https://printer.local/", always(&[]), private),
        ("https://rp.example/", always(&["10.0.0.1"]), any),
        ("https://rp.example/", nowhere, any),
    ] {
        let fetcher = Fetcher::with_resolver(FetchSettings::default(), lookup).unwrap();
        let begun = Instant::now();
        refused_with(text, json(&fetcher, url, NOW));
        assert!(
            begun.elapsed() >= bucket,
            "{url} after {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_document_is_kept_for_its_lifetime_and_no_longer() {
    let site = Site::start(Answer::json(
        "Cache-Control: max-age=60\r\nAge: 10\r\n",
        "[1]",
    ));
    let fetcher = fetcher(&site);
    for (seconds, connections) in [(0, 1), (49, 1), (50, 2), (51, 2), (200, 3)] {
        let now = NOW.plus(Duration::from_secs(seconds));
        assert_eq!(
            json::<Value>(&fetcher.clone(), &site.url(), now),
            Ok(json!([1]))
        );
        assert_eq!(site.connections(), connections, "after {seconds} s");
    }
}

/// A document is cached no longer than the operator's limit, however long its server allows.
#[test]
fn lifetime_is_bounded_by_the_maximum() {
    let site = Site::start(Answer::json("Cache-Control: max-age=31536000\r\n", "[1]"));
    let fetcher = fetcher(&site);
    for (seconds, connections) in [(0, 1), (3599, 1), (3600, 2)] {
        let now = NOW.plus(Duration::from_secs(seconds));
        assert_eq!(json::<Value>(&fetcher, &site.url(), now), Ok(json!([1])));
        assert_eq!(site.connections(), connections, "after {seconds} s");
    }
}

/// A document that must not be cached is fetched again.
#[test]
fn uncacheable_document_is_refetched() {
    let refusals = Answer::new(
        "404 Not Found",
        "Content-Type: application/json\r\nCache-Control: max-age=60\r\n",
        "[]",
    );
    let other_shape = Answer::json("Cache-Control: max-age=60\r\n", "{}");
    for answer in [
        Answer::json("", "[]"),
        Answer::json("Cache-Control: no-store, max-age=60\r\n", "[]"),
        refusals,
        other_shape,
    ] {
        let site = Site::start(answer);
        let fetcher = fetcher(&site);
        let outcomes: [Result<Vec<String>, FetchError>; 2] = [
            json(&fetcher, &site.url(), NOW),
            json(&fetcher, &site.url(), NOW),
        ];
        assert_eq!(outcomes[0], outcomes[1]);
        assert_eq!(site.connections(), 2);
    }
}

/// A fetcher whose look-ups arrive at the test and last until it lets them go.
fn held(settings: FetchSettings) -> (Fetcher, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (arrive, arrived) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let lookup = move |_: &str| {
        arrive.send(()).map_err(io::Error::other)?;
        gate.lock().unwrap().recv().map_err(io::Error::other)?;
        Ok(Vec::new())
    };
    (
        Fetcher::with_resolver(settings, Arc::new(lookup)).unwrap(),
        arrived,
        release,
    )
}

fn limited(limits: FetchLimits) -> FetchSettings {
    FetchSettings {
        limits,
        ..FetchSettings::default()
    }
}

const ANYWHERE: &str = "https://rp.example/sectors.json";
const UNRESOLVED: &str = "The host could not be resolved in time.";

#[test]
fn no_more_fetches_run_at_once_than_allowed() {
    let (fetcher, arrived, release) = held(limited(FetchLimits {
        concurrency: 1,
        waiting: 0,
        ..patient()
    }));
    thread::scope(|scope| {
        let first = scope.spawn(|| refused(of(&fetcher, "one", ANYWHERE, NOW)));
        arrived.recv().unwrap();
        assert_eq!(fetcher.in_progress(), 1);
        let full = of::<Value>(&fetcher, "another", ANYWHERE, NOW).unwrap_err();
        assert_eq!(
            (full.reason(), full.limit()),
            ("Too many fetches are in progress.", Some(FetchLimit::Queue))
        );
        release.send(()).unwrap();
        assert_eq!(first.join().unwrap(), UNRESOLVED);
    });
    release.send(()).unwrap();
    assert_eq!(refused(of(&fetcher, "another", ANYWHERE, NOW)), UNRESOLVED);
}

/// A third fetch is refused at once for every address, and does not delay other callers. A cached document is not a fetch.
#[test]
fn third_fetch_of_a_caller_is_refused() {
    let (fetcher, arrived, release) = held(limited(FetchLimits {
        bucket: Duration::from_mins(1),
        ..patient()
    }));
    let caller = Caller {
        name: "one".to_owned(),
        address: None,
    };
    // They are dropped while they are under way, and keep their places.
    runtime().block_on(async {
        let mut both =
            [(); 2].map(|()| Box::pin(fetcher.json::<Value>(ANYWHERE, caller.clone(), NOW)));
        for fetch in &mut both {
            assert!(
                tokio::time::timeout(Duration::ZERO, fetch).await.is_err(),
                "it waits"
            );
            arrived.recv().unwrap();
        }
    });
    let begun = Instant::now();
    let third = of::<Value>(&fetcher, "one", ANYWHERE, NOW).unwrap_err();
    assert_eq!(
        (third.reason(), third.limit()),
        (
            "The caller has too many fetches in progress.",
            Some(FetchLimit::Caller)
        )
    );
    release.send(()).unwrap();
    release.send(()).unwrap();
    while fetcher.in_progress() > 0 {
        thread::yield_now();
    }
    let third = of::<Value>(&fetcher, "one", ANYWHERE, NOW).unwrap_err();
    assert_eq!(
        third.limit(),
        Some(FetchLimit::Caller),
        "how long the others took is not told before the end of their bucket"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "a refusal for a limit waits for no bucket"
    );
}

/// A caller that disconnects before its turn leaves no job behind.
#[test]
fn fetch_of_a_gone_caller_is_withdrawn() {
    let (fetcher, arrived, release) = held(limited(FetchLimits {
        concurrency: 1,
        waiting: 1,
        ..patient()
    }));
    thread::scope(|scope| {
        let first = scope.spawn(|| refused(of(&fetcher, "one", ANYWHERE, NOW)));
        arrived.recv().unwrap();
        for name in ["another", "a third"] {
            let caller = Caller {
                name: name.to_owned(),
                address: None,
            };
            let waiting = async {
                tokio::time::timeout(Duration::ZERO, fetcher.json::<Value>(ANYWHERE, caller, NOW))
                    .await
            };
            assert!(runtime().block_on(waiting).is_err(), "{name} waits");
        }
        release.send(()).unwrap();
        assert_eq!(first.join().unwrap(), UNRESOLVED);
    });
    assert!(arrived.try_recv().is_err(), "nothing else was looked up");
}

/// A cached document is read while the caller's share is used up.
#[test]
fn cached_document_needs_no_share() {
    let site = Site::start(Answer::json("Cache-Control: max-age=60\r\n", "[1]"));
    let (fetcher, arrived, release) = held(settings(
        &site,
        FetchLimits {
            per_caller: 1,
            ..patient()
        },
    ));
    assert_eq!(json(&fetcher, &site.url(), NOW), Ok(json!([1])));
    thread::scope(|scope| {
        let first = scope.spawn(|| refused(json(&fetcher, ANYWHERE, NOW)));
        arrived.recv().unwrap();
        assert_eq!(json(&fetcher, &site.url(), NOW), Ok(json!([1])));
        release.send(()).unwrap();
        assert_eq!(first.join().unwrap(), UNRESOLVED);
    });
    assert_eq!(site.connections(), 1);
}

/// The outcomes of fetches are counted.
#[test]
fn fetch_outcomes_are_counted() {
    let site = Site::start(Answer::json("Cache-Control: max-age=60\r\n", "[]"));
    let fetcher = fetcher(&site);
    let count = |word: &str| {
        fetcher
            .counts()
            .find(|(counted, _)| *counted == word)
            .unwrap()
            .1
    };
    for _ in 0..2 {
        let _: Value = json(&fetcher, &site.url(), NOW).unwrap();
    }
    assert!(json::<Value>(&fetcher, "https://10.0.0.1/", NOW).is_err());
    assert!(json::<Value>(&fetcher, "http://rp.example/", NOW).is_err());
    assert_eq!(
        ["fetched", "cached", "address", "url", "slow"].map(count),
        [1, 1, 1, 1, 0]
    );
    assert_eq!(fetcher.in_progress(), 0);
}
