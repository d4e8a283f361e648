//! Traces: the content of the exported spans, what they leave out, and that no request waits for the collector.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]
#![expect(clippy::cast_precision_loss, reason = "a span here is short")]

#[path = "traces/collector.rs"]
mod collector;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use collector::{Collector, Manner, Span};
use serde_json::{Value, json};
use support::{Answer, PASSWORD, Postgres, Setup, TestServer, until};

/// The numbers of span kinds. opentelemetry/proto/trace/v1/trace.proto.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// The span a proxy says a request belongs to: its trace, itself, and the whole field with the flag that it is sampled.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn traced(collector: &Collector) -> Setup {
    Setup::new().with("FRONTDESK_TRACES_ENDPOINT", &collector.endpoint())
}

/// The span of an answered request.
#[track_caller]
fn span(collector: &Collector, answer: &Answer) -> Span {
    collector.of_request(answer.header("x-request-id").unwrap())
}

/// Returns a span's attributes without the request identifier.
fn attributes(span: &Span) -> Value {
    span.attributes
        .iter()
        .filter(|(name, _)| *name != "frontdesk.request_id")
        .map(|(name, text)| (name.clone(), json!(text)))
        .collect()
}

fn spans_total(server: &TestServer, result: &str) -> u64 {
    let series = format!("frontdesk_traces_spans_total{{result=\"{result}\"}} ");
    let page = server.managed("/metrics").text;
    page.lines()
        .find_map(|line| line.strip_prefix(&series))
        .unwrap_or_else(|| panic!("{page}"))
        .parse()
        .unwrap()
}

/// A request is a span with its route, its status and its error.
#[test]
fn request_span_has_route_and_status() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector)
        .with("FRONTDESK_REGISTRATION", "open")
        .start();
    let issuer = server.issuer();
    let client = server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send();
    let id = client.created()["client_id"].as_str().unwrap().to_owned();
    let document = "/.well-known/openid-configuration";
    for (answer, name, expected) in [
        (
            server.get(document),
            "GET /.well-known/openid-configuration",
            json!({ "http.request.method": "GET", "http.route": document, "http.response.status_code": "200", "frontdesk.issuer": issuer }),
        ),
        (
            server.request("POST", document).send(),
            "POST /.well-known/openid-configuration",
            json!({
                "http.request.method": "POST", "http.route": document, "http.response.status_code": "405",
                "frontdesk.issuer": issuer, "frontdesk.error": "invalid_request",
            }),
        ),
        (
            server.get("/.well-known/webfinger?resource=acct:nobody@elsewhere.example"),
            "GET /.well-known/webfinger",
            json!({ "http.request.method": "GET", "http.route": "/.well-known/webfinger", "http.response.status_code": "404" }),
        ),
        (
            client,
            "POST /register",
            json!({ "http.request.method": "POST", "http.route": "/register", "http.response.status_code": "201", "frontdesk.issuer": issuer }),
        ),
        (
            server
                .request("POST", "/register")
                .json(&json!({ "redirect_uris": ["https://rp.example/#a"] }))
                .send(),
            "POST /register",
            json!({
                "http.request.method": "POST", "http.route": "/register", "http.response.status_code": "400",
                "frontdesk.issuer": issuer, "frontdesk.error": "invalid_redirect_uri",
            }),
        ),
        (
            server
                .request("GET", &format!("/register/{id}"))
                .bearer("rat_wrong")
                .send(),
            "GET /register/{client_id:.*}",
            json!({
                "http.request.method": "GET", "http.route": "/register/{client_id:.*}", "http.response.status_code": "401",
                "frontdesk.issuer": issuer, "frontdesk.error": "invalid_token",
            }),
        ),
        (
            server.get("/nothing-here"),
            "GET",
            json!({ "http.request.method": "GET", "http.response.status_code": "404", "frontdesk.error": "not_found" }),
        ),
        (
            server.request("BREW", "/coffee").send(),
            "HTTP",
            json!({ "http.request.method": "_OTHER", "http.response.status_code": "404", "frontdesk.error": "not_found" }),
        ),
        (
            server.get(&format!("/{}", "a".repeat(9000))),
            "GET",
            json!({ "http.request.method": "GET", "http.response.status_code": "414", "frontdesk.error": "invalid_request" }),
        ),
    ] {
        let span = span(&collector, &answer);
        assert_eq!(
            (
                span.name.as_str(),
                span.kind,
                span.parent.as_str(),
                span.failed
            ),
            (name, SERVER, "", false)
        );
        assert_eq!(attributes(&span), expected, "{name}");
        assert!((0.0..30.0).contains(&span.seconds), "{span:?}");
    }
    let traces: BTreeSet<String> = collector
        .spans()
        .into_iter()
        .filter(|span| span.kind == SERVER)
        .map(|span| span.trace)
        .collect();
    assert_eq!(traces.len(), 9, "each is a trace of its own");
}

/// Each wait of a request is a child span, and nothing else is a span.
#[test]
fn request_waits_are_child_spans() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector).start();
    let registered = server.register(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    let client = registered.created();
    let read = server.manage("GET", &client).send();
    read.ok();
    let sector = json!({ "redirect_uris": ["https://rp.example/cb"], "sector_identifier_uri": "https://127.0.0.1/secret-sector.json" });
    let refused = server.register(&sector);
    refused.refused(400, "invalid_client_metadata");

    let names = |answer: &Answer| {
        let parent = span(&collector, answer);
        let children = collector.children(&parent);
        assert!(
            children
                .iter()
                .all(|child| child.trace == parent.trace && child.kind != SERVER),
            "{children:#?}"
        );
        let mut names: Vec<String> = children.into_iter().map(|child| child.name).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(
        names(&registered),
        ["password", "store change", "store read"]
    );
    assert_eq!(names(&read), ["store read"]);
    let fetch = collector
        .children(&span(&collector, &refused))
        .into_iter()
        .find(|span| span.name == "fetch")
        .unwrap();
    assert_eq!(
        (fetch.kind, fetch.attribute("frontdesk.fetch")),
        (CLIENT, Some("address"))
    );
    // The keys have been read on a schedule meanwhile, and the store was asked whether it is there.
    let spans = collector.spans();
    assert!(
        spans
            .iter()
            .all(|span| span.kind == SERVER || !span.parent.is_empty()),
        "{spans:#?}"
    );
}

/// The collector gets the name and the version of the service.
#[test]
fn collector_gets_the_service_name() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector).start();
    span(&collector, &server.get("/jwks"));
    let service = &collector.services()[0];
    assert_eq!(
        (
            service["service.name"].as_str(),
            service["service.version"].as_str()
        ),
        ("frontdesk", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        (service["service.instance.id"].len(), service.len()),
        (16, 3)
    );
    let head = &collector.heads()[0];
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(
        head.to_ascii_lowercase()
            .contains("\r\ncontent-type: application/x-protobuf\r\n"),
        "{head}"
    );
}

/// Spans contain no secret and no text that a client sent.
#[test]
#[expect(clippy::too_many_lines, reason = "one trace, looked at from all sides")]
fn spans_have_no_secret_or_client_text() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector).start();
    let metadata = json!({
        "client_name": "Marmalade", "redirect_uris": ["https://rp.example/cb?flavour=marzipan"], "contacts": ["nutmeg@rp.example"],
        "sector_identifier_uri": "https://127.0.0.1/?key=saffron",
    });
    server
        .register(&metadata)
        .refused(400, "invalid_client_metadata");
    let client = server.client();
    for (ask, status) in [
        (
            server
                .manage("GET", &client)
                .header("Cookie", "session=cinnamon"),
            200,
        ),
        (
            server
                .manage("PUT", &client)
                .json(&json!({ "client_id": "vanilla" })),
            400,
        ),
        (
            server
                .request("POST", "/register")
                .basic("admin", "cardamom")
                .json(&metadata),
            401,
        ),
        (
            server
                .request("POST", "/register")
                .bearer("iat_turmeric")
                .json(&metadata),
            401,
        ),
        (
            server.request(
                "GET",
                "/.well-known/webfinger?resource=acct:anise@localhost&token=fennel",
            ),
            200,
        ),
        (
            server
                .request("GET", "/paprika?client_secret=coriander")
                .header("User-Agent", "oregano"),
            404,
        ),
        (
            server
                .request("GET", "/jwks")
                .header("traceparent", SAMPLED)
                .header("baggage", "thyme=1")
                .header("tracestate", "basil=1"),
            200,
        ),
    ] {
        assert_eq!(ask.send().status(), status);
    }
    server.manage("DELETE", &client).send().deleted();
    span(&collector, &server.get("/jwks"));

    let sent = String::from_utf8_lossy(&collector.bytes()).into_owned();
    assert!(sent.contains("/register/{client_id:.*}"), "{sent}");
    let secrets = ["client_id", "client_secret", "registration_access_token"]
        .map(|member| client[member].as_str().unwrap());
    let presented = [
        PASSWORD.to_owned(),
        STANDARD.encode(format!("admin:{PASSWORD}")),
        STANDARD.encode("admin:cardamom"),
    ];
    let strangers = [
        "Marmalade",
        "marzipan",
        "nutmeg",
        "saffron",
        "cinnamon",
        "vanilla",
        "cardamom",
        "turmeric",
        "anise",
        "fennel",
        "paprika",
        "coriander",
        "oregano",
        "thyme",
        "basil",
        "rp.example",
    ];
    for word in secrets
        .into_iter()
        .chain(presented.iter().map(String::as_str))
        .chain(strangers)
    {
        assert!(!sent.contains(word), "{word}");
    }
    assert!(
        collector.spans().iter().all(|span| span.trace != TRACE),
        "a stranger's traceparent is not believed"
    );
}

/// W3C Trace Context §3.2: the parent span of a request is taken only from a trusted proxy.
#[test]
fn only_proxies_set_the_parent_span() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector)
        .with("FRONTDESK_PROXIES", "127.0.0.1")
        .start();
    let asked = |values: &[&str]| {
        let ask = values
            .iter()
            .fold(server.request("GET", "/jwks"), |ask, value| {
                ask.header("traceparent", value)
            });
        span(&collector, &ask.send())
    };
    let continued = asked(&[SAMPLED]);
    assert_eq!(
        (continued.trace.as_str(), continued.parent.as_str()),
        (TRACE, CALLER)
    );
    let broken = [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "anything",
        "",
    ];
    for values in broken
        .iter()
        .map(|value| vec![*value])
        .chain([vec![SAMPLED, SAMPLED]])
    {
        let begun = asked(&values);
        assert_eq!(begun.parent, "", "{values:?}");
        assert_ne!(begun.trace, TRACE, "{values:?}");
    }

    // What is not sampled there is not here either, below it too.
    let unsampled = server
        .register(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .created();
    let answer = server
        .manage("GET", &unsampled)
        .header("traceparent", &SAMPLED.replace("-01", "-00"))
        .send();
    answer.ok();
    let later = span(&collector, &server.get("/jwks"));
    assert_ne!(later.trace, TRACE);
    let of_caller: Vec<Span> = collector
        .spans()
        .into_iter()
        .filter(|span| span.trace == TRACE)
        .collect();
    assert_eq!(of_caller, [continued]);
}

/// The configured percentage applies to traces that begin here, and not to the traces of a proxy.
#[test]
fn new_traces_are_sampled() {
    let collector = Collector::start(Manner::Takes);
    let server = traced(&collector)
        .with("FRONTDESK_TRACES_PERCENT", "0")
        .with("FRONTDESK_PROXIES", "127.0.0.1")
        .start();
    server.client();
    server.get("/jwks");
    let sampled = server
        .request("GET", "/jwks")
        .header("traceparent", SAMPLED)
        .send();
    assert_eq!(span(&collector, &sampled).trace, TRACE);
    assert_eq!(collector.spans().len(), 1, "{:#?}", collector.spans());
}

#[test]
fn a_collector_behind_tls_must_be_trusted() {
    let collector = Collector::with_tls();
    let trusting = traced(&collector)
        .with(
            "FRONTDESK_OUTBOUND_CA",
            collector.ca.as_ref().unwrap().to_str().unwrap(),
        )
        .start();
    span(&collector, &trusting.get("/jwks"));
    let (wary, came) = (traced(&collector).start(), collector.spans().len());
    assert_eq!(wary.get("/jwks").status(), 200);
    until("a refused certificate is told of", || {
        wary.log().contains("spans were lost")
    });
    let place = collector.endpoint();
    wary.logs(&format!(
        "spans were lost: the collector at {place} cannot be reached: self-signed certificate"
    ));
    assert_eq!(collector.spans().len(), came);
}

/// Many requests for one small document, over a few connections.
fn many(server: &TestServer, requests: usize) {
    const AT_ONCE: usize = 100;
    for _ in 0..requests / AT_ONCE {
        let mut asked = String::new();
        for at in 1..=AT_ONCE {
            let connection = if at == AT_ONCE { "close" } else { "keep-alive" };
            write!(
                asked,
                "GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n"
            )
            .unwrap();
        }
        assert_eq!(
            server.raw(&asked).matches("HTTP/1.1 200 OK\r\n").count(),
            AT_ONCE
        );
    }
}

/// The lines of the log that say that spans were lost.
fn losses(server: &TestServer) -> Vec<(u64, String)> {
    let lines = server.log();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = |line: Value| {
        let why = line["fields"]["message"]
            .as_str()?
            .strip_prefix("spans were lost: ")?
            .to_owned();
        assert_eq!(
            (&line["level"], &line["request_id"]),
            (&json!("WARN"), &Value::Null)
        );
        Some((line["fields"]["spans"].as_u64().unwrap(), why))
    };
    lines.filter_map(told).collect()
}

/// A hanging collector delays neither requests nor the shutdown.
#[test]
fn hanging_collector_delays_nothing() {
    let collector = Collector::start(Manner::Hangs);
    let mut server = traced(&collector).start();
    many(&server, 6000);
    // 4096 wait or are under way, the rest finds no place.
    until("spans are dropped", || {
        spans_total(&server, "dropped") >= 6000 - 4096
    });
    assert_eq!(spans_total(&server, "exported"), 0);
    server.client();
    let begun = Instant::now();
    server.signal("-TERM");
    assert!(server.wait().success(), "{}", server.log());
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let told = losses(&server);
    let lost: u64 = told.iter().map(|(spans, _)| spans).sum();
    assert!(lost >= 6001, "{told:?}");
    assert!(
        (1..=2).contains(&told.len()),
        "once, and at the end: {told:?}"
    );
}

/// A collector that is down or fails costs no request and is logged once.
#[test]
fn failing_collector_is_logged_once() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    let failing = Collector::start(Manner::Fails);
    for (endpoint, why) in [
        (gone, "cannot be reached: Connection refused"),
        (failing.endpoint(), "answered 500"),
    ] {
        let server = Setup::new()
            .with("FRONTDESK_TRACES_ENDPOINT", &endpoint)
            .start();
        for _ in 0..3 {
            let before = spans_total(&server, "failed");
            assert_eq!(server.get("/jwks").status(), 200);
            until("the export fails", || {
                spans_total(&server, "failed") > before
            });
        }
        assert_eq!(
            (
                spans_total(&server, "exported"),
                spans_total(&server, "dropped")
            ),
            (0, 0)
        );
        let told = losses(&server);
        let [(1, said)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!(
            said.starts_with(&format!("the collector at {endpoint} {why}")),
            "{said}"
        );
    }
}

/// The remaining spans are sent at shutdown.
#[test]
fn remaining_spans_are_sent_at_shutdown() {
    let collector = Collector::start(Manner::Takes);
    let mut server = traced(&collector).start();
    let answers: Vec<Answer> = (0..5).map(|_| server.get("/jwks")).collect();
    server.signal("-TERM");
    assert!(server.wait().success());
    let sent = collector.spans();
    let ids: BTreeSet<&str> = sent
        .iter()
        .filter_map(|span| span.attribute("frontdesk.request_id"))
        .collect();
    assert!(
        answers
            .iter()
            .all(|answer| ids.contains(answer.header("x-request-id").unwrap())),
        "{sent:#?}"
    );
    assert_eq!(losses(&server), []);
}

/// The span of a request that exceeds the time limit ends although its work goes on.
#[test]
fn timed_out_request_ends_its_span() {
    let (collector, database) = (Collector::start(Manner::Takes), Postgres::new());
    let server = traced(&collector)
        .on(&database)
        .with("FRONTDESK_LIMITS_HANDLER_SECONDS", "1")
        .start();
    let held = database.hold("LOCK TABLE account IN ACCESS EXCLUSIVE MODE");
    let answer = server.register(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    answer.refused(503, "temporarily_unavailable");
    let cut = span(&collector, &answer);
    assert_eq!((cut.name.as_str(), cut.failed), ("POST", true));
    assert_eq!(
        attributes(&cut),
        json!({ "http.request.method": "POST", "http.response.status_code": "503", "frontdesk.error": "temporarily_unavailable" })
    );
    let read = || {
        collector
            .children(&cut)
            .iter()
            .any(|child| child.name == "store read")
    };
    assert!(!read(), "it is still waiting");
    held.release();
    until("what it waited for is told later", read);
}

/// An invalid destination of traces is refused.
#[test]
fn invalid_trace_endpoint_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let refused = |name: &str, value: &str| {
        Setup::new()
            .with(name, value)
            .refused(folder.path(), &["serve"])
    };
    let plain = "traces.endpoint (FRONTDESK_TRACES_ENDPOINT) must be an http or https URL without a user, a query and a fragment";
    for endpoint in [
        "ftp://localhost",
        "http://user:hunter2@localhost",
        "http://localhost/?key=hunter2",
        "https://localhost/#hunter2",
    ] {
        assert_eq!(refused("FRONTDESK_TRACES_ENDPOINT", endpoint), plain);
    }
    assert_eq!(
        refused("FRONTDESK_TRACES_ENDPOINT", "localhost"),
        "traces.endpoint (FRONTDESK_TRACES_ENDPOINT) must be an http or https URL: relative URL without a base"
    );
    assert_eq!(
        refused("FRONTDESK_TRACES_PERCENT", "101"),
        "traces.percent (FRONTDESK_TRACES_PERCENT) must be from 0 to 100, not 101"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
