//! Clients that are identified by the URL of their document. draft-ietf-oauth-client-id-metadata-document.

use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::{Answer as Served, Pages, Site};
use crate::support::{Answer, Setup, until};
use crate::{Bench, refused};

/// A server of documents: each path has an answer.
struct World {
    site: Site,
    pages: Pages,
    folder: Arc<TempDir>,
}

impl World {
    fn new() -> Self {
        let (site, pages) = Site::with_pages();
        let folder = Arc::new(TempDir::new().unwrap());
        std::fs::write(folder.path().join("documents.pem"), &site.certificate).unwrap();
        Self {
            site,
            pages,
            folder,
        }
    }

    /// A provider with documents as `access` says.
    fn start(&self, access: &str, more: &[(&str, &str)]) -> (Bench, String) {
        let mut setup = Setup::new()
            .within(&self.folder)
            .with("FRONTDESK_DOCUMENTS", access)
            .with("FRONTDESK_OUTBOUND_CA", "documents.pem")
            .with("FRONTDESK_OUTBOUND_ALLOW", &self.site.address());
        for (name, value) in more {
            setup = setup.with(name, value);
        }
        let bench = Bench::start(setup);
        let token = bench.token(&["--secrets", "check"]);
        (bench, token)
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.site.address())
    }

    /// Serves a document with more members, and returns the identifier.
    fn serve(&self, path: &str, more: &Value) -> String {
        let url = self.url(path);
        let mut document = json!({
            "client_id": url, "client_name": "My app", "token_endpoint_auth_method": "none",
            "redirect_uris": [self.url("/cb"), "http://127.0.0.1/cb"],
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        let served = Served::json("Cache-Control: max-age=600\r\n", &document.to_string());
        self.pages.lock().unwrap().insert(path.to_owned(), served);
        url
    }

    fn fail(&self, path: &str, status: &str) -> String {
        let served = Served::new(status, "", "");
        self.pages.lock().unwrap().insert(path.to_owned(), served);
        self.url(path)
    }
}

/// Asks about a client at a login.
fn authorize(bench: &Bench, token: &str, id: &str) -> Answer {
    bench.look_up(token, &json!(id), &[("purpose", "authorize")])
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, error: &str, reason: &str) {
    refused(answer, status, error);
    assert_eq!(answer.json()["reason"], reason, "{}", answer.text);
    assert_eq!(answer.header("retry-after").is_some(), status == 503);
}

/// The document is fetched at a login alone; the token request sees the row, and every answer has the agreed members and the
/// facts about the document.
#[test]
fn cimd_5_document_is_answered_after_a_login() {
    let world = World::new();
    let (bench, token) = world.start("open", &[("FRONTDESK_LOOKUP_MAX_AGE", "5m")]);
    let plural = json!(["client_secret_basic", "none"]);
    let more = json!({"unknown": 1, "token_endpoint_auth_methods_supported": plural});
    let id = world.serve("/client", &more);
    let before = bench.look_up(&token, &json!(id), &[]);
    is_refused(&before, 404, "not_found", "unknown");
    assert_eq!(world.site.connections(), 0, "no login, no fetch");

    let answer = authorize(&bench, &token, &id);
    assert_eq!(answer.status(), 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("private, max-age=60"));
    let body = answer.json();
    assert_eq!(body["client_id"], id);
    assert_eq!(body["client_name"], "My app");
    assert_eq!(body["token_endpoint_auth_method"], "none");
    assert_eq!(
        body["token_endpoint_auth_methods_supported"],
        json!(["none"])
    );
    assert_eq!(
        (body.get("client_secret"), body.get("unknown")),
        (None, None)
    );
    let facts = &body["frontdesk"];
    let seen = body["client_id_issued_at"].as_i64().unwrap();
    assert!((facts["fresh_until"].as_i64().unwrap() - seen - 600).abs() < 5);
    assert_eq!(facts["changed_at"], seen);
    for (name, value) in [
        ("kind", json!("document")),
        ("host", json!("127.0.0.1")),
        ("revision", json!(1)),
        ("changed", json!([])),
        ("stale", json!(false)),
        ("redirects", json!("loopback")),
    ] {
        assert_eq!(facts[name], value, "{name} {facts}");
    }

    for (presented, word) in [
        (world.url("/cb"), "allowed"),
        (world.url("/cb/other"), "other"),
        ("http://127.0.0.1:49152/cb".to_owned(), "allowed"),
    ] {
        let answer = bench.look_up(&token, &json!(id), &[("redirect_uri", &presented)]);
        assert_eq!(answer.json()["frontdesk"]["redirect"], word, "{presented}");
    }
    let tag = answer.header("etag").unwrap();
    let again = bench
        .question(&token, &[("client_id", &id)])
        .header("If-None-Match", tag);
    assert_eq!(again.send().status(), 304);
    assert_eq!(world.site.connections(), 1);
    assert!(
        bench.server.clients().is_empty(),
        "it is no registered client"
    );
}

/// CIMD §5.1: each failure has its status and reason, names the member at fault, and quotes nothing of the document.
#[test]
fn cimd_5_1_failure_has_its_status_and_reason() {
    let world = World::new();
    let (bench, token) = world.start("open", &[]);
    for (path, status, answer) in [
        ("/gone", "404 Not Found", (404, "not_found", "gone")),
        ("/gone2", "410 Gone", (404, "not_found", "gone")),
        (
            "/away",
            "503 Service Unavailable",
            (503, "temporarily_unavailable", "unreachable"),
        ),
        (
            "/moved",
            "302 Found",
            (503, "temporarily_unavailable", "unreachable"),
        ),
        (
            "/odd",
            "201 Created",
            (422, "invalid_client_metadata", "refused"),
        ),
    ] {
        let (code, error, reason) = answer;
        is_refused(
            &authorize(&bench, &token, &world.fail(path, status)),
            code,
            error,
            reason,
        );
        let again = authorize(&bench, &token, &world.url(path));
        is_refused(&again, 503, "temporarily_unavailable", "busy");
    }
    for (path, more, member) in [
        (
            "/secret",
            json!({"client_secret": "hush-hush"}),
            "client_secret",
        ),
        (
            "/elsewhere",
            json!({"redirect_uris": ["https://evil.example/cb"]}),
            "redirect_uris",
        ),
    ] {
        let answer = authorize(&bench, &token, &world.serve(path, &more));
        is_refused(&answer, 422, "invalid_client_metadata", "refused");
        assert_eq!(answer.json()["member"], member);
        let description = answer.json()["error_description"].to_string();
        assert!(description.contains(member), "{description}");
        assert!(
            !description.contains("evil") && !description.contains("hush"),
            "{description}"
        );
    }
    for wrong in [
        "HTTPS://app.example/c",
        "https://app.example",
        "https://app.example/c?x",
    ] {
        let answer = authorize(&bench, &token, wrong);
        is_refused(&answer, 422, "invalid_client_metadata", "refused");
        assert_eq!(answer.json()["member"], "client_id");
    }
    let rows = || -> Vec<Value> {
        let audit = bench.server.ran(&["audit", "--json"]);
        let rows = audit
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        rows.filter(|row: &Value| row["event"] == "document refused")
            .collect()
    };
    until("the refusals are in the audit trail", || rows().len() >= 4);
    let details: Vec<Value> = rows().iter().map(|row| row["detail"].clone()).collect();
    for detail in [
        "127.0.0.1",
        "127.0.0.1 client_secret",
        "127.0.0.1 redirect_uris",
        "client_id",
    ] {
        assert!(details.contains(&json!(detail)), "{details:?}");
    }
    let metrics = bench.server.managed("/metrics").text;
    for labels in [
        "outcome=\"failed\",reason=\"gone\"} 2",
        "outcome=\"refused\",reason=\"refused\"} 2",
    ] {
        assert!(metrics.contains(labels), "{labels}");
    }
}

/// CIMD §7.2: without an entry for its host, with the documents off, or as a client of the server behind, nothing is fetched.
#[test]
fn cimd_7_2_settings_decide_before_a_fetch() {
    let world = World::new();
    let id = world.serve("/client", &json!({}));
    let (closed, token) = world.start("closed", &[]);
    is_refused(
        &authorize(&closed, &token, &id),
        404,
        "not_found",
        "unknown",
    );
    drop(closed);
    let (listed, token) = world.start("listed", &[("FRONTDESK_DOCUMENT_HOSTS", "app.example")]);
    is_refused(
        &authorize(&listed, &token, &id),
        403,
        "access_denied",
        "not_listed",
    );
    drop(listed);
    let (passing, token) = world.start("open", &[("FRONTDESK_DOCUMENT_PASS", &id)]);
    is_refused(
        &authorize(&passing, &token, &id),
        404,
        "not_found",
        "unknown",
    );
    assert_eq!(world.site.connections(), 0);
}

/// CIMD §4.1: a document client has no secret; a reported use is accepted, and proves the document.
#[test]
fn cimd_4_1_document_client_has_no_secret() {
    let world = World::new();
    let (bench, token) = world.start("open", &[]);
    let id = world.serve("/client", &json!({}));
    assert_eq!(authorize(&bench, &token, &id).status(), 200);
    for secret in ["", "guess"] {
        let answer = bench.authenticate(&token, &json!(id), secret);
        refused(&answer, 401, "invalid_client");
    }
    let used = bench.use_clients(&token, &json!([id]));
    assert_eq!(used.status(), 204);
}
