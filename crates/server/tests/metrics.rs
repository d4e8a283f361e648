//! The metrics of the management listener, and the dashboards and alerts in docs/monitoring that read them.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test says what it expects; the numbers are whole"
)]

mod cluster;
#[path = "upstream/scripted.rs"]
mod scripted;
#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cluster::Cluster;
use scripted::{ISSUER, Script, Scripted, document};
use scripted_server::hydra::Hydra;
use serde_json::{Value, json};
use support::{PASSWORD, Setup, TestServer, until};
use telemetry::metrics::table::{self, Metric, MetricKind};

fn row(name: &str) -> Option<&'static Metric> {
    table::ALL.iter().find(|metric| metric.name == name)
}

/// The metric a sample is of: those of a histogram have names of their own.
fn of_sample(name: &str) -> Option<&'static Metric> {
    let histogram = |suffix: &str| {
        name.strip_suffix(suffix)
            .and_then(row)
            .filter(|metric| metric.kind == MetricKind::Histogram)
    };
    row(name)
        .filter(|metric| metric.kind != MetricKind::Histogram)
        .or_else(|| {
            ["_bucket", "_sum", "_count"]
                .into_iter()
                .find_map(histogram)
        })
}

/// The samples of a page by what stands before their values.
fn samples(server: &TestServer) -> BTreeMap<String, f64> {
    let answer = server.managed("/metrics");
    assert_eq!(
        (answer.status(), answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4"))
    );
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
        .collect()
}

fn value(server: &TestServer, series: &str) -> f64 {
    *samples(server)
        .get(series)
        .unwrap_or_else(|| panic!("there is no {series} in {:#?}", samples(server)))
}

/// The names of the metrics that are served, each found in the table with its kind and its labels.
fn served(server: &TestServer) -> BTreeSet<&'static str> {
    let text = server.managed("/metrics").text;
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert_eq!(
            row(name).map(|metric| metric.kind.as_str()),
            Some(kind),
            "{name}"
        );
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        assert_eq!(
            row(name).map(|metric| metric.help.trim()),
            Some(help),
            "{name}"
        );
    }
    let mut names = BTreeSet::new();
    for series in samples(server).keys() {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let metric = of_sample(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        let labels = labels
            .split("\",")
            .filter_map(|label| label.split_once("=\""))
            .map(|(label, _)| label);
        let labels: BTreeSet<&str> = labels.filter(|label| *label != "le").collect();
        assert_eq!(labels, metric.labels.iter().copied().collect(), "{series}");
        names.insert(metric.name);
    }
    names
}

#[test]
fn every_metric_of_the_table_is_served_and_no_other() {
    let server = TestServer::start();
    server.client();
    until("the clients are counted", || {
        samples(&server).contains_key("frontdesk_clients")
    });
    let mut names = served(&server);
    assert!(
        !names.contains(table::CERTIFICATE_END.name),
        "TLS is left to a proxy"
    );
    names.extend(served(
        &Setup::new().with("FRONTDESK_TLS", "self-signed").start(),
    ));
    let behind = Scripted::start(Script::json(&document()));
    names.extend(served(
        &Setup::new()
            .with("FRONTDESK_ISSUER", ISSUER)
            .with("FRONTDESK_UPSTREAM_DOCUMENT", &behind.url())
            .start(),
    ));
    let hydra = Hydra::start();
    names.extend(served(
        &Setup::new()
            .with("FRONTDESK_PROVISION_TO", "http")
            .with("FRONTDESK_PROVISION_AT", hydra.at.as_str())
            .start(),
    ));
    names.extend(served(
        &Setup::new()
            .with("FRONTDESK_AUTHORIZATION_ENDPOINT", "https://login.example/")
            .with("FRONTDESK_AUTHORIZATION_HOP", "true")
            .start(),
    ));
    assert_eq!(names, table::ALL.iter().map(|metric| metric.name).collect());
}

/// Registrations are counted by provider, outcome and reason.
#[test]
fn registrations_are_counted_by_reason() {
    let server = TestServer::start();
    server.client();
    server.client();
    let refusals = [
        json!({ "redirect_uris": ["https://rp.example/cb#fragment"] }),
        json!({ "redirect_uris": ["https://rp.example/cb"], "client_uri": "nonsense" }),
        json!({ "redirect_uris": ["https://rp.example/cb"], "client_uri#de": "nonsense" }),
        json!({ "redirect_uris": ["https://rp.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": "https://10.0.0.1/" }),
    ];
    for metadata in &refusals {
        assert_eq!(server.register(metadata).status(), 400, "{metadata}");
    }
    server
        .request("POST", "/register")
        .basic("admin", "wrong")
        .json(&json!({}))
        .send()
        .refused(401, "invalid_token");
    let issuer = server.issuer();
    let counted = |outcome: &str, status: u16, error: &str, member: &str| {
        let labels = format!(
            "provider=\"{issuer}\",outcome=\"{outcome}\",status=\"{status}\",error=\"{error}\",member=\"{member}\""
        );
        value(
            &server,
            &format!("frontdesk_registrations_total{{{labels}}}"),
        )
    };
    let found = [
        counted("registered", 201, "", ""),
        counted("refused", 400, "invalid_redirect_uri", "redirect_uris"),
        counted("refused", 400, "invalid_client_metadata", "client_uri"),
        counted(
            "refused",
            400,
            "invalid_client_metadata",
            "sector_identifier_uri",
        ),
        counted("refused", 401, "invalid_token", ""),
        value(&server, "frontdesk_failed_logins_total"),
        value(
            &server,
            "frontdesk_outbound_fetches_total{result=\"address\"}",
        ),
        value(
            &server,
            "frontdesk_requests_total{method=\"POST\",route=\"/register\",status=\"400\"}",
        ),
        value(&server, "frontdesk_store_transactions_failed_total"),
    ];
    assert_eq!(found, [2.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 4.0, 0.0]);
}

/// Requests beyond a limit are counted by kind.
#[test]
fn limited_requests_are_counted_by_kind() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "1")
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "1")
        .start();
    server.client();
    assert_eq!(
        server
            .register(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
            .status(),
        429
    );
    let guess = |password: &str| {
        server
            .request("POST", "/register")
            .basic("admin", password)
            .json(&json!({}))
            .send()
            .status()
    };
    assert_eq!(
        [guess("wrong"), guess("wrong"), guess("wrong")],
        [401, 429, 429]
    );
    let kinds = ["account", "password", "address", "token"];
    let found = kinds.map(|kind| {
        value(
            &server,
            &format!("frontdesk_throttled_total{{kind=\"{kind}\"}}"),
        )
    });
    assert_eq!(found, [1.0, 2.0, 0.0, 0.0]);
    assert_eq!(
        [
            value(&server, "frontdesk_failed_logins_total"),
            value(&server, "frontdesk_passwords_waiting")
        ],
        [1.0, 0.0]
    );
}

/// Connections are counted while they are open, and when they exceed the limit.
#[test]
fn open_and_refused_connections_count() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "1")
        .start();
    let one = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    until("one is open", || {
        value(&server, "frontdesk_connections_open") == 1.0
    });
    let other = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    until("another is refused", || {
        value(
            &server,
            "frontdesk_connections_refused_total{reason=\"address\"}",
        ) == 1.0
    });
    assert_eq!(value(&server, "frontdesk_connections_open"), 1.0);
    drop((one, other));
    until("none is open", || {
        value(&server, "frontdesk_connections_open") == 0.0
    });
}

/// The metrics show the resources in use, with their limits and their age.
#[test]
fn gauges_show_use_limits_and_age() {
    let server = TestServer::start();
    let client = server.client();
    server.manage("DELETE", &client).send().deleted();
    let issuer = server.issuer();
    let found = |series: &str| value(&server, series);
    assert_eq!(
        found("frontdesk_store_batch_writes_sum"),
        found("frontdesk_store_batch_writes_count"),
        "nobody else was writing"
    );
    assert_eq!(
        found("frontdesk_store_batch_writes_count"),
        found("frontdesk_store_commit_seconds_count")
    );
    assert!(found("frontdesk_store_batch_writes_count") >= 2.0);
    assert!(found("frontdesk_store_commit_seconds_sum") < 60.0);
    assert_eq!(
        [
            found("frontdesk_store_writes_waiting"),
            found("frontdesk_store_writes_waiting_limit")
        ],
        [0.0, 4096.0]
    );
    assert!(
        found("frontdesk_store_connections{state=\"idle\"}")
            <= found("frontdesk_store_connections_limit")
    );
    for algorithm in ["RS256", "ES256"] {
        let age = found(&format!(
            "frontdesk_signing_key_age_seconds{{provider=\"{issuer}\",algorithm=\"{algorithm}\"}}"
        ));
        assert!((0.0..600.0).contains(&age), "{age}");
    }
    assert_eq!(
        [found("frontdesk_ready"), found("frontdesk_store_up")],
        [1.0, 1.0]
    );
    assert_eq!(
        found(&format!(
            "frontdesk_build_info{{version=\"{}\"}}",
            env!("CARGO_PKG_VERSION")
        )),
        1.0
    );
}

/// Readiness is withdrawn while the store is down, and returns with it.
#[test]
fn readiness_follows_the_store() {
    let cluster = Cluster::start();
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let server = Setup::new()
        .with("FRONTDESK_SEALING_KEY", key)
        .with("FRONTDESK_DATABASE", &cluster.url)
        .start();
    let client = server.client();
    let told = || {
        [
            value(&server, "frontdesk_store_up"),
            value(&server, "frontdesk_ready"),
        ]
    };
    assert_eq!(told(), [1.0, 1.0]);
    cluster.down();
    until("the store is missed", || told() == [0.0, 0.0]);
    let ready = server.managed("/readyz");
    assert_eq!(
        (ready.status(), ready.text.as_str()),
        (503, "the store does not answer\n")
    );
    assert_eq!(server.managed("/healthz").status(), 200);
    assert_eq!(server.get("/jwks").status(), 200);
    cluster.up();
    until("the store is back", || told() == [1.0, 1.0]);
    assert_eq!(server.managed("/readyz").status(), 200);
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// A right password is not counted as a failed login.
#[test]
fn right_password_is_no_failed_login() {
    let server = TestServer::start();
    assert_eq!(
        server
            .request("POST", "/register")
            .basic("admin", PASSWORD)
            .json(&json!({}))
            .send()
            .status(),
        400
    );
    assert_eq!(value(&server, "frontdesk_failed_logins_total"), 0.0);
}

fn page(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/monitoring")
            .join(name),
    )
    .unwrap()
}

/// Asserts that each name of ours in an expression is a sample's, and each label one of those metrics' or what Prometheus adds.
fn known(expression: &str) {
    let words = || {
        expression.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
    };
    let metrics: Vec<_> = words()
        .filter(|word| word.starts_with("frontdesk_") || word.starts_with("process_"))
        .collect();
    assert!(
        !metrics.is_empty() || expression.contains("up{"),
        "{expression}"
    );
    let rows: Vec<_> = metrics
        .iter()
        .map(|name| of_sample(name).unwrap_or_else(|| panic!("{name} is not in the table")))
        .collect();
    let labels: BTreeSet<&str> = rows
        .iter()
        .flat_map(|metric| metric.labels)
        .copied()
        .chain(["le", "job", "instance"])
        .collect();
    let grouped = expression
        .split("by (")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|list| list.split(", "));
    let selected = expression
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .flat_map(|list| list.split(','));
    for label in grouped.chain(selected.filter_map(|selector| selector.split(['=', '!']).next())) {
        assert!(labels.contains(label), "{label} in {expression}");
    }
}

/// The dashboard uses only metrics of the table.
#[test]
fn dashboard_uses_metrics_of_the_table() {
    let dashboard: Value = serde_json::from_str(&page("grafana-dashboard.json")).unwrap();
    let mut shown = String::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            known(expression);
            shown.push_str(expression);
        }
    }
    for metric in table::ALL
        .iter()
        .filter(|metric| metric.name != "process_virtual_memory_bytes")
    {
        assert!(
            shown.contains(metric.name),
            "{} is on no panel",
            metric.name
        );
    }
}

/// The alerts use only metrics of the table.
#[test]
fn alerts_use_metrics_of_the_table() {
    let rules = page("alerts.yml");
    let expressions: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .collect();
    assert_eq!(expressions.len(), rules.matches("- alert: ").count());
    assert!(expressions.len() > 10);
    expressions.into_iter().for_each(known);
    for (at, _) in rules.match_indices("frontdesk_") {
        let name = rules[at..]
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .next()
            .unwrap();
        assert!(
            of_sample(name).or_else(|| row(name)).is_some(),
            "{name} is not in the table"
        );
    }
}
