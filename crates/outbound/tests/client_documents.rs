//! Fetches of client documents, against a server on loopback that plays every part.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

mod site;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use outbound::{
    Caller, ClientDocumentFetcher, ClientDocumentLimits, DocumentFetchError, FailureClass,
    FetchLimits, FetchSettings, FetchedClientDocument, Fetcher, Keep, ResolveFn, Validators,
};
use protocol::{ClientIdUrl, Timestamp};
use serde_json::Value;
use site::{Answer, Site};
use tokio::runtime::{Builder, Runtime};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const KEEP: Keep = Keep {
    min: Duration::from_mins(5),
    max: Duration::from_hours(24),
};
const BODY: &str = r#"{"client_id":"x"}"#;

/// Limits that leave a busy machine its time, without a pause after a failure.
fn patient() -> FetchLimits {
    FetchLimits {
        connect: Duration::from_secs(10),
        total: Duration::from_secs(10),
        bucket: Duration::ZERO,
        ..FetchLimits::default()
    }
}

fn any_number() -> ClientDocumentLimits {
    ClientDocumentLimits {
        per_minute: 0,
        ..ClientDocumentLimits::default()
    }
}

/// Trusts the site's certificate, may go to its address and, by name, to `documents.example` and sixteen names below it.
fn general(site: &Site, limits: FetchLimits, resolve: Arc<ResolveFn>) -> Fetcher {
    let port = site.port;
    let names = (0..17).map(|number| format!("{number}.documents.example:{port}"));
    let allow = [site.address(), format!("documents.example:{port}")]
        .into_iter()
        .chain(names)
        .map(|entry| entry.parse().unwrap())
        .collect();
    let settings = FetchSettings {
        allow,
        ca: Some(site.certificate.clone()),
        limits,
    };
    Fetcher::with_resolver(settings, resolve).unwrap()
}

/// Resolves every name to these addresses.
fn always(addresses: &[&str]) -> Arc<ResolveFn> {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Arc::new(move |_: &str| Ok(addresses.clone()))
}

fn fetcher(site: &Site) -> ClientDocumentFetcher {
    fetcher_with(site, patient(), &any_number())
}

fn fetcher_with(
    site: &Site,
    limits: FetchLimits,
    documents: &ClientDocumentLimits,
) -> ClientDocumentFetcher {
    let general = general(site, limits, always(&["127.0.0.1"]));
    ClientDocumentFetcher::new(&general, documents).unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn id(text: &str) -> ClientIdUrl {
    ClientIdUrl::parse(text).unwrap()
}

fn fetch(
    fetcher: &ClientDocumentFetcher,
    url: &str,
    now: Timestamp,
) -> Result<FetchedClientDocument, DocumentFetchError> {
    let known = Validators::default();
    runtime().block_on(fetcher.fetch(&id(url), &known, KEEP, now))
}

/// The word of the reason and the class of a failure, which is told in one sentence.
fn failure(
    outcome: Result<FetchedClientDocument, DocumentFetchError>,
) -> (&'static str, FailureClass) {
    let error = outcome.err().expect("the fetch fails");
    assert_eq!(
        error.to_string(),
        "The client's document could not be read."
    );
    (error.word(), error.class())
}

fn text(document: &FetchedClientDocument) -> &str {
    std::str::from_utf8(document.body.as_deref().unwrap()).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// The request has these lines and no other, and the bytes of the answer are returned as they are (CIMD §5).
#[test]
fn document_is_fetched_with_a_plain_request() {
    let site = Site::start(Answer::json("", "\u{feff}{not json"));
    let document = fetch(&fetcher(&site), &site.url(), NOW).unwrap();
    assert_eq!(text(&document), "\u{feff}{not json");
    let requests = site.requests();
    let mut lines: Vec<String> = requests[0]
        .trim_end()
        .lines()
        .map(str::to_ascii_lowercase)
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json, application/*+json;q=0.9",
            "connection: close",
            "get /document.json http/1.1",
            &format!("host: {}", site.address()),
            "user-agent: frontdesk",
        ]
    );
}

/// A wrong answer is told in one sentence, with its reason and class for the operator; no redirect is followed (CIMD §5).
#[test]
fn wrong_answer_fails_with_its_reason() {
    use FailureClass::{Gone, Refused, Unreachable};
    let json = "Content-Type: application/json\r\n";
    let head = format!("HTTP/1.1 200 OK\r\n{json}");
    let status = |line: &str| Answer::new(line, json, BODY);
    let redirect =
        |status: &str, to: &str| Answer::new(status, &format!("{json}Location: {to}\r\n"), BODY);
    let whole = |text: String| Answer::Whole(text.into_bytes());
    let endless = |text: String| Answer::Endless(text.into_bytes());
    for (answer, word, class) in [
        (status("404 Not Found"), "gone", Gone),
        (status("410 Gone"), "gone", Gone),
        (status("403 Forbidden"), "unavailable", Unreachable),
        (status("429 Too Many Requests"), "unavailable", Unreachable),
        (
            status("500 Internal Server Error"),
            "unavailable",
            Unreachable,
        ),
        (
            status("503 Service Unavailable"),
            "unavailable",
            Unreachable,
        ),
        (
            redirect("301 Moved", "https://127.0.0.1/"),
            "redirect",
            Unreachable,
        ),
        (
            redirect("302 Found", "https://other.example/c"),
            "redirect",
            Unreachable,
        ),
        (
            redirect("307 Temporary", "/document.json"),
            "redirect",
            Unreachable,
        ),
        (
            redirect("308 Permanent", "/document.json"),
            "redirect",
            Unreachable,
        ),
        (status("201 Created"), "status", Refused),
        (Answer::new("204 No Content", "", ""), "status", Refused),
        (status("206 Partial Content"), "status", Refused),
        (status("400 Bad Request"), "status", Refused),
        (
            Answer::new("304 Not Modified", "ETag: \"a\"\r\n", ""),
            "not_modified",
            Refused,
        ),
        (
            Answer::new("200 OK", "Content-Type: text/html\r\n", BODY),
            "content_type",
            Refused,
        ),
        (Answer::new("200 OK", "", BODY), "content_type", Refused),
        (
            Answer::new("200 OK", &format!("{json}{json}"), BODY),
            "content_type",
            Refused,
        ),
        (
            Answer::json("Content-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
            "encoding",
            Refused,
        ),
        (
            Answer::json("Content-Encoding: identity, br\r\n", BODY),
            "encoding",
            Refused,
        ),
        (Answer::json("", &" ".repeat(5121)), "length", Refused),
        (endless(format!("{head}\r\n{{")), "length", Refused),
        (
            endless(format!("{head}Content-Length: 99999999\r\n\r\n{{")),
            "length",
            Refused,
        ),
        (endless(format!("{head}X-Long: ")), "http", Refused),
        (
            whole("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned()),
            "http",
            Refused,
        ),
        (whole(String::new()), "connection", Unreachable),
        (
            whole(format!("{head}Content-Length: 99\r\n\r\n{BODY}")),
            "connection",
            Unreachable,
        ),
    ] {
        let site = Site::start(answer);
        let outcome = fetch(&fetcher(&site), &site.url(), NOW);
        assert_eq!(failure(outcome), (word, class), "{:?}", site.requests());
        assert_eq!(site.connections(), 1, "{word}");
    }
}

/// Chunks without end are cut off at the limit; a false `Content-Length` ends the document where it says (CIMD §8.7).
#[test]
fn document_has_a_limited_length() {
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let site = Site::start(Answer::Whole(
        format!("{head}{}", chunk.repeat(6)).into_bytes(),
    ));
    assert_eq!(
        failure(fetch(&fetcher(&site), &site.url(), NOW)),
        ("length", FailureClass::Refused)
    );

    let site = Site::start(Answer::json("", &"x".repeat(5120)));
    assert_eq!(
        text(&fetch(&fetcher(&site), &site.url(), NOW).unwrap()).len(),
        5120
    );

    let short =
        "HTTP/1.1 200 OK\r\nContent-Type: application/client+json\r\nContent-Length: 2\r\n\r\n{}{}";
    let site = Site::start(Answer::Whole(short.as_bytes().to_vec()));
    assert_eq!(
        text(&fetch(&fetcher(&site), &site.url(), NOW).unwrap()),
        "{}"
    );
}

#[test]
fn slow_answer_fails_in_time() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{";
    for answer in [Answer::Silence, Answer::Dribble(head.as_bytes().to_vec())] {
        let site = Site::start(answer);
        let hurried = FetchLimits {
            connect: Duration::from_millis(400),
            total: Duration::from_millis(400),
            ..patient()
        };
        let begun = Instant::now();
        let outcome = fetch(
            &fetcher_with(&site, hurried, &any_number()),
            &site.url(),
            NOW,
        );
        assert_eq!(failure(outcome), ("slow", FailureClass::Unreachable));
        assert!(begun.elapsed() < Duration::from_secs(4));
    }
}

/// A private address in the identifier, or behind its name, gets no connection (CIMD §8.6).
#[test]
fn private_address_of_a_client_gets_no_connection() {
    let site = Site::start(Answer::json("", BODY));
    let port = site.port;
    let settings = FetchSettings {
        limits: patient(),
        ..FetchSettings::default()
    };
    for (host, addresses, word) in [
        ("127.0.0.1", &["127.0.0.1"][..], "address"),
        ("[::1]", &["127.0.0.1"], "address"),
        ("[::ffff:7f00:1]", &["127.0.0.1"], "address"),
        ("localhost", &["127.0.0.1"], "name"),
        ("app.internal", &["127.0.0.1"], "name"),
        ("documents.example", &["127.0.0.1"], "address"),
        ("documents.example", &["8.8.8.8", "127.0.0.1"], "address"),
        ("documents.example", &["::ffff:127.0.0.1"], "address"),
    ] {
        let general = Fetcher::with_resolver(settings.clone(), always(addresses)).unwrap();
        let fetcher = ClientDocumentFetcher::new(&general, &any_number()).unwrap();
        let outcome = fetch(&fetcher, &format!("https://{host}:{port}/c"), NOW);
        assert_eq!(failure(outcome), (word, FailureClass::Refused), "{host}");
    }
    assert_eq!(site.connections(), 0);
}

/// A name whose second answer is another address is resolved once, and the connection goes to the first answer.
#[test]
fn rebinding_name_is_resolved_once() {
    let site = Site::start(Answer::json("", BODY));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup = move |_: &str| -> io::Result<Vec<IpAddr>> {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![IpAddr::from([127, 0, 0, if first { 1 } else { 2 }])])
    };
    let general = general(&site, patient(), Arc::new(lookup));
    let fetcher = ClientDocumentFetcher::new(&general, &any_number()).unwrap();
    let url = format!("https://documents.example:{}/c", site.port);
    assert_eq!(text(&fetch(&fetcher, &url, NOW).unwrap()), BODY);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A document is in memory only after a provider admitted it, under its exact address, and as long as both sides say
/// (CIMD §5.2).
#[test]
fn only_an_admitted_document_is_kept() {
    let site = Site::start(Answer::json("Cache-Control: max-age=3600\r\n", BODY));
    let fetcher = fetcher(&site);
    let url = site.url();
    drop(fetch(&fetcher, &url, NOW).unwrap());
    let document = loop {
        // A document that was neither kept nor rejected can be shared for a moment.
        let document = fetch(&fetcher, &url, NOW).unwrap();
        if site.connections() == 2 {
            break document;
        }
    };
    assert_eq!(
        (document.fetched_at, document.fresh_until),
        (NOW, after(3600))
    );
    fetcher.keep(&id(&url), &document, NOW);
    for seconds in [0, 3599] {
        let cached = fetch(&fetcher, &url, after(seconds)).unwrap();
        assert!(cached.is_cached() && cached.fetched_at == NOW && text(&cached) == BODY);
    }
    assert_eq!(site.connections(), 2);

    let escaped = url.replace("document", "%64ocument");
    assert!(!fetch(&fetcher, &escaped, NOW).unwrap().is_cached());
    let brief = Keep {
        min: Duration::from_secs(1),
        max: Duration::from_mins(1),
    };
    let known = Validators::default();
    let other = runtime().block_on(fetcher.fetch(&id(&url), &known, brief, after(60)));
    let other = other.unwrap();
    assert!(
        !other.is_cached(),
        "a provider with a shorter time asks again"
    );
    assert_eq!(other.fresh_until, after(120));
    assert!(!fetch(&fetcher, &url, after(3600)).unwrap().is_cached());
}

/// The lifetime that an answer names counts within the bounds of the provider (CIMD §5.2).
#[test]
fn lifetime_is_within_the_bounds() {
    let day = 86_400;
    for (headers, seconds) in [
        ("Cache-Control: max-age=3600\r\nAge: 600\r\n", 3000),
        ("Cache-Control: max-age=31536000\r\n", day),
        ("Cache-Control: max-age=1\r\n", 300),
        ("Cache-Control: no-store\r\n", 300),
        ("Cache-Control: private, max-age=3600\r\n", 300),
        ("Vary: *\r\nCache-Control: max-age=3600\r\n", 300),
        ("Cache-Control: max-age=soon\r\n", 300),
        (
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: Sun, 06 Nov 1994 09:49:37 GMT\r\n",
            3600,
        ),
        ("Expires: 0\r\n", 300),
        ("", 300),
    ] {
        let site = Site::start(Answer::json(headers, BODY));
        let document = fetch(&fetcher(&site), &site.url(), NOW).unwrap();
        assert_eq!(document.fresh_until, after(seconds), "{headers}");
    }
}

/// The validators of the copy make the request conditional, and 304 renews it (RFC 9111 §4.3).
#[test]
fn known_document_is_asked_for_conditionally() {
    let site = Site::answering(|_, head| {
        if head
            .to_ascii_lowercase()
            .contains("if-none-match: \"a\"\r\n")
        {
            Answer::new("304 Not Modified", "Cache-Control: max-age=600\r\n", "")
        } else {
            let validators = "ETag: \"a\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
            Answer::json(validators, BODY)
        }
    });
    let fetcher = fetcher(&site);
    let first = fetch(&fetcher, &site.url(), NOW).unwrap();
    fetcher.keep(&id(&site.url()), &first, NOW);
    let known = first.validators.clone();
    assert_eq!(known.etag.as_deref(), Some("\"a\""));
    let later = after(400);
    let again = runtime().block_on(fetcher.fetch(&id(&site.url()), &known, KEEP, later));
    let again = again.unwrap();
    assert!(again.body.is_none());
    assert_eq!((again.validators, again.fresh_until), (known, after(1000)));
    let requests = site.requests();
    let date = "if-modified-since: sun, 06 nov 1994 08:49:37 gmt\r\n";
    assert!(
        requests[1].to_ascii_lowercase().contains(date),
        "{}",
        requests[1]
    );
}

/// A caller without a copy gets the document, although another caller's request was answered with 304.
#[test]
fn answer_to_other_validators_is_not_used() {
    let site = Site::answering(|_, head| {
        if head.to_ascii_lowercase().contains("if-none-match:") {
            Answer::new("304 Not Modified", "", "")
        } else {
            Answer::json("", BODY)
        }
    });
    let (fetcher, url) = (fetcher(&site), id(&site.url()));
    let known = Validators {
        etag: Some("\"a\"".to_owned()),
        last_modified: None,
    };
    runtime().block_on(async {
        let held = fetcher.fetch(&url, &known, KEEP, NOW).await.unwrap();
        assert!(held.body.is_none());
        let other = fetcher.fetch(&url, &Validators::default(), KEEP, NOW).await;
        assert_eq!(text(&other.unwrap()), BODY);
    });
    assert_eq!(site.connections(), 2);
}

/// Fifty requests for a new address at once open one connection and share its answer, be it a document or a failure.
#[test]
fn requests_at_once_share_a_connection() {
    for (answer, expected) in [
        (Answer::json("", BODY), Ok(BODY.to_owned())),
        (Answer::new("404 Not Found", "", ""), Err("gone")),
    ] {
        let site = Site::start(answer);
        // All of them come before the failure is told.
        let limits = FetchLimits {
            bucket: Duration::from_secs(2),
            ..patient()
        };
        let (fetcher, url) = (fetcher_with(&site, limits, &any_number()), id(&site.url()));
        let outcomes: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..50)
                .map(|_| {
                    scope.spawn(|| {
                        let known = Validators::default();
                        let outcome = runtime().block_on(fetcher.fetch(&url, &known, KEEP, NOW));
                        outcome.map(|document| {
                            fetcher.keep(&url, &document, NOW);
                            text(&document).to_owned()
                        })
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        for outcome in outcomes {
            assert_eq!(outcome.map_err(|error| error.word()), expected);
        }
        assert_eq!(site.connections(), 1);
    }
}

/// After a failure, or a document that a provider refused, the address rests for a second; then it is fetched again.
#[test]
fn failed_address_rests_and_recovers() {
    for (first, rejects) in [
        (Answer::new("404 Not Found", "", ""), false),
        (Answer::json("", "not a client"), true),
    ] {
        let site = Site::answering(move |number, _| match number {
            0 => first.clone(),
            _ => Answer::json("", BODY),
        });
        let fetcher = fetcher(&site);
        match fetch(&fetcher, &site.url(), NOW) {
            Ok(document) => {
                assert!(rejects);
                runtime().block_on(fetcher.reject(document));
            }
            Err(error) => assert!(!rejects && error.word() == "gone"),
        }
        let refused = fetch(&fetcher, &site.url(), NOW);
        let wait = refused
            .as_ref()
            .err()
            .and_then(DocumentFetchError::retry_after);
        assert_eq!(wait, Some(Duration::from_secs(1)));
        assert_eq!(failure(refused), ("resting", FailureClass::Busy));
        assert_eq!(site.connections(), 1);
        let other = site.url().replace("document", "other");
        assert_eq!(
            text(&fetch(&fetcher, &other, NOW).unwrap()),
            BODY,
            "another address does not rest"
        );
        let again = loop {
            match fetch(&fetcher, &site.url(), NOW) {
                Err(error) if error.word() == "resting" => thread::yield_now(),
                outcome => break outcome,
            }
        };
        assert_eq!(text(&again.unwrap()), BODY);
    }
}

/// Failures of every kind end after the same time, and a second caller learns of a failure no earlier than the first.
#[test]
fn failures_take_the_same_time() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let unused = closed.local_addr().unwrap();
    drop(closed);
    let site = Site::start(Answer::new("404 Not Found", "", ""));
    let settings = FetchSettings {
        allow: vec![
            unused.to_string().parse().unwrap(),
            site.address().parse().unwrap(),
        ],
        ca: Some(site.certificate.clone()),
        limits: FetchLimits {
            bucket: Duration::from_secs(1),
            ..patient()
        },
    };
    let general = Fetcher::with_resolver(settings, always(&["10.0.0.1"])).unwrap();
    let fetcher = ClientDocumentFetcher::new(&general, &any_number()).unwrap();
    for url in [
        "https://127.0.0.1:8443/c".to_owned(),
        "https://documents.example/c".to_owned(),
        format!("https://{unused}/c"),
        site.url(),
    ] {
        let begun = Instant::now();
        let (one, other) = (fetch_later(&fetcher, &url), fetch_later(&fetcher, &url));
        for outcome in [one, other].map(|thread| thread.join().unwrap()) {
            assert_ne!(failure(outcome).0, "resting", "{url}");
        }
        let elapsed = begun.elapsed();
        assert!(elapsed >= Duration::from_secs(1), "{url} after {elapsed:?}");
    }
}

/// A fetch on a thread of its own.
fn fetch_later(
    fetcher: &ClientDocumentFetcher,
    url: &str,
) -> thread::JoinHandle<Result<FetchedClientDocument, DocumentFetchError>> {
    let (fetcher, url) = (fetcher.clone(), url.to_owned());
    thread::spawn(move || fetch(&fetcher, &url, NOW))
}

/// Two fetches of a host run at once; the others of it wait, and those of another host do not wait for them.
#[test]
fn host_has_two_fetches_at_once() {
    let site = Site::answering(|_, head| {
        if head.contains("/slow") {
            Answer::Silence
        } else {
            Answer::json("", BODY)
        }
    });
    let fetcher = fetcher(&site);
    let slow: Vec<_> = (0..4)
        .map(|number| {
            let url = format!("https://documents.example:{}/slow{number}", site.port);
            fetch_later(&fetcher, &url)
        })
        .collect();
    while site.requests().len() < 2 {
        thread::yield_now();
    }
    let url = format!("https://1.documents.example:{}/c", site.port);
    assert_eq!(text(&fetch(&fetcher, &url, NOW).unwrap()), BODY);
    assert_eq!(
        site.connections(),
        3,
        "the third and the fourth of the host wait"
    );
    assert_eq!(fetcher.in_progress(), 2);
    drop(slow);
}

/// Sixteen hosts that never answer delay neither a sector document nor the document of a host that answers.
#[test]
fn slow_hosts_leave_room_for_others() {
    let site = Site::answering(|_, head| {
        if head.contains("/slow") {
            Answer::Silence
        } else {
            Answer::json("", BODY)
        }
    });
    let limits = FetchLimits {
        connect: Duration::from_secs(2),
        total: Duration::from_secs(5),
        ..FetchLimits::default()
    };
    let general = general(&site, limits, always(&["127.0.0.1"]));
    let fetcher = ClientDocumentFetcher::new(&general, &any_number()).unwrap();
    let slow: Vec<_> = (0..16)
        .map(|number| {
            let url = format!("https://{number}.documents.example:{}/slow", site.port);
            fetch_later(&fetcher, &url)
        })
        .collect();
    while site.requests().len() < 8 {
        thread::yield_now();
    }
    let begun = Instant::now();
    let caller = Caller {
        name: "a caller".to_owned(),
        address: None,
    };
    let sector: Result<Value, _> = runtime().block_on(general.json(&site.url(), caller, NOW));
    assert_eq!(sector.unwrap()["client_id"], "x");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    let url = format!("https://16.documents.example:{}/c", site.port);
    let document = fetch(&fetcher, &url, NOW).expect("a good document within its 5 s");
    assert_eq!(text(&document), BODY);
    for thread in slow {
        let (word, _) = failure(thread.join().unwrap());
        assert!(["slow", "busy"].contains(&word), "{word}");
    }
}

/// The fetches of a host within a minute are limited, before a connection is opened.
#[test]
fn fetches_of_a_host_are_limited_by_time() {
    let site = Site::start(Answer::json("", BODY));
    let limits = ClientDocumentLimits {
        per_minute: 2,
        ..ClientDocumentLimits::default()
    };
    let fetcher = fetcher_with(&site, patient(), &limits);
    let url = |number: usize| format!("https://documents.example:{}/{number}", site.port);
    for number in 0..2 {
        assert!(fetch(&fetcher, &url(number), NOW).is_ok());
    }
    let third = fetch(&fetcher, &url(2), NOW);
    assert!(third.as_ref().err().unwrap().retry_after() >= Some(Duration::from_secs(1)));
    assert_eq!(failure(third), ("host_limit", FailureClass::Busy));
    let other = format!("https://1.documents.example:{}/c", site.port);
    assert!(fetch(&fetcher, &other, NOW).is_ok());
    assert_eq!(site.connections(), 3);
}

/// Addresses without number take a bounded part of the memory.
#[test]
fn documents_in_memory_are_bounded() {
    let site = Site::start(Answer::json("", BODY));
    let limits = ClientDocumentLimits {
        kept: 3,
        ..any_number()
    };
    let fetcher = fetcher_with(&site, patient(), &limits);
    let url = |number: usize| format!("https://documents.example:{}/{number}", site.port);
    for number in 0..10 {
        let document = fetch(&fetcher, &url(number), NOW).unwrap();
        fetcher.keep(&id(&url(number)), &document, NOW);
    }
    let kept = (0..10).filter(|number| {
        let outcome = fetch(&fetcher, &url(*number), NOW);
        outcome.unwrap().is_cached()
    });
    assert_eq!(kept.count(), 3);
}
