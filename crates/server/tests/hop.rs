//! The authorization hop, on the real binary: a browser brings its authorization request and is sent on.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

#[path = "hop/documents.rs"]
mod documents;
#[path = "hop/requests.rs"]
mod requests;
#[path = "upstream/scripted.rs"]
mod scripted;
#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
#[path = "hop/settings.rs"]
mod settings;
#[path = "../../outbound/tests/site/mod.rs"]
mod site;
mod support;

use support::{Answer, Setup, TestServer};

/// The authorization endpoint of the server behind.
const TARGET: &str = "https://login.example/auth?realm=a";

/// A provider with the hop.
fn setup() -> Setup {
    Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_AUTHORIZATION_ENDPOINT", TARGET)
        .with("FRONTDESK_AUTHORIZATION_HOP", "true")
}

/// The header fields that every answer of the hop has. RFC 9700 §4.2.4.
#[track_caller]
fn has_headers(answer: &Answer) {
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{answer:?}"
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

/// The browser is sent on with exactly this query behind the target.
#[track_caller]
fn is_sent_on(answer: &Answer, status: u16, query: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(
        answer.header("location"),
        Some(&*format!("{TARGET}{query}"))
    );
    assert_eq!(answer.text, "");
    has_headers(answer);
}

/// The browser is shown a page with this sentence, and is sent nowhere.
#[track_caller]
fn is_page(answer: &Answer, status: u16, sentence: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = answer.header("content-security-policy").unwrap();
    let (beginning, end) = policy.split_once("'sha256-").unwrap();
    assert_eq!(beginning, "default-src 'none'; style-src ");
    let (_, end) = end.split_once('\'').unwrap();
    assert_eq!(
        end,
        "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("retry-after").is_some(), status == 503);
    assert!(
        answer.text.contains("<html lang=\"en\">"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains(&format!("<p>{sentence}</p>")),
        "{}",
        answer.text
    );
    let id = answer.header("x-request-id").unwrap();
    assert!(answer.text.contains(id), "{}", answer.text);
    for forbidden in ["<a ", "<form", "<script", "<img", "<link", "http-equiv"] {
        assert!(!answer.text.contains(forbidden), "{}", answer.text);
    }
    has_headers(answer);
}

/// Sends an authorization request.
fn ask(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/authorize?{query}"))
}

/// Returns the number of answers of a kind and outcome, as /metrics has it.
fn counted(server: &TestServer, kind: &str, outcome: &str) -> u64 {
    let metrics = server.managed("/metrics").text;
    let labels = format!("kind=\"{kind}\",outcome=\"{outcome}\"");
    let line = metrics
        .lines()
        .find(|line| line.starts_with("frontdesk_hop_total{") && line.contains(&labels))
        .unwrap_or_else(|| panic!("{labels}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
