//! Clients that are identified by the URL of a document: what is fetched, provisioned, refused and recorded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::switches::Fault;
use crate::site::{Answer as Served, Pages, Site};
use crate::support::{Answer, Setup, TestServer, until};
use crate::{TARGET, ask, counted, has_headers, is_page, is_sent_on, setup};

const UNREADABLE: &str = "The application's description could not be read.";
const NOT_ALLOWED: &str = "This application is not allowed here.";
const LATER: &str = "Try again in a moment.";

/// A server of documents: each path has an answer.
struct World {
    site: Site,
    pages: Pages,
    folder: Arc<TempDir>,
    hydra: Hydra,
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
            hydra: Hydra::start(),
        }
    }

    /// A provider that accepts every document, without a server into which clients are written.
    fn open(&self) -> Setup {
        setup()
            .within(&self.folder)
            .with("FRONTDESK_ISSUER", "http://localhost:9443")
            .with("FRONTDESK_DOCUMENTS", "open")
            .with("FRONTDESK_OUTBOUND_CA", "documents.pem")
            .with("FRONTDESK_OUTBOUND_ALLOW", &self.site.address())
    }

    /// Clients are written into Hydra too.
    fn provisioned(&self) -> Setup {
        self.open()
            .with("FRONTDESK_PROVISION_TO", "http")
            .with("FRONTDESK_PROVISION_AT", self.hydra.at.as_str())
            .with("FRONTDESK_PROVISION_PATIENCE", "1s")
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.site.address())
    }

    fn answer(&self, path: &str, served: Served) {
        self.pages.lock().unwrap().insert(path.to_owned(), served);
    }

    /// Serves a document with more members, and returns the identifier.
    fn serve(&self, path: &str, more: &Value) -> String {
        let url = self.url(path);
        let mut document = json!({
            "client_id": url, "client_name": "My app", "redirect_uris": ["http://127.0.0.1/cb"],
            "token_endpoint_auth_method": "none",
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        let headers = "Cache-Control: max-age=600\r\n";
        self.answer(path, Served::json(headers, &document.to_string()));
        url
    }
}

/// The authorization request of a client, with a state that must be nowhere else.
fn query(id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("response_type=code&client_id={id}&state=kept-secret&code_challenge=kept-secret")
}

fn authorize(server: &TestServer, id: &str) -> Answer {
    ask(server, &query(id))
}

#[track_caller]
fn passes(server: &TestServer, id: &str) {
    is_sent_on(&authorize(server, id), 302, &format!("&{}", query(id)));
}

/// draft-ietf-oauth-client-id-metadata-document §5: the document is read when the client first appears, written into the server behind
/// before the browser goes on, and not fetched again while it is fresh.
#[test]
fn cimd_5_document_is_written_before_the_redirect() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({}));
    passes(&server, &id);
    let copy = world.hydra.client(&id).unwrap();
    assert_eq!(copy["redirect_uris"], json!(["http://127.0.0.1/cb"]));
    assert_eq!(copy["client_name"], "My app");
    assert_eq!(copy["token_endpoint_auth_method"], "none");
    assert_eq!(copy.get("client_secret"), None);
    let writes = world.hydra.switches.writes();
    passes(&server, &id);
    assert_eq!(world.hydra.switches.writes(), writes, "nothing to write");
    assert_eq!(world.site.connections(), 1, "nothing to fetch");
    let document = server.get("/.well-known/openid-configuration").json();
    assert_eq!(document["client_id_metadata_document_supported"], true);
    assert_eq!(counted(&server, "document", "redirected"), 2);
    assert!(server.clients().is_empty(), "it is no registered client");
}

/// Browsers that come at the same time are all sent on: one fetch and one copy serve them.
#[test]
fn browsers_at_once_share_fetch_and_copy() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({}));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| passes(&server, &id));
        }
    });
    assert_eq!(world.site.connections(), 1);
    assert_eq!(world.hydra.switches.count("POST", "/admin/clients"), 1);
}

/// A changed document is written before the redirect, and the row says what changed.
#[test]
fn cimd_8_4_changed_document_is_written_again() {
    let world = World::new();
    let server = world
        .provisioned()
        .with("FRONTDESK_DOCUMENT_KEEP_MIN", "1s")
        .with("FRONTDESK_DOCUMENT_KEEP_MAX", "1s")
        .start();
    let id = world.serve("/client", &json!({}));
    passes(&server, &id);
    world.serve(
        "/client",
        &json!({ "redirect_uris": ["http://127.0.0.1/new"] }),
    );
    until("the document is fetched again", || {
        passes(&server, &id);
        world.site.connections() > 1
    });
    passes(&server, &id);
    let copy = world.hydra.client(&id).unwrap();
    assert_eq!(copy["redirect_uris"], json!(["http://127.0.0.1/new"]));
    let audit = server.ran(&["audit", "--json"]);
    let changed = audit.lines().find(|line| line.contains("document changed"));
    assert!(changed.unwrap().contains("redirect_uris"), "{audit}");
}

/// With `later` the browser goes on at once, and the copy follows.
#[test]
fn ready_later_redirects_at_once() {
    let world = World::new();
    let server = world
        .provisioned()
        .with("FRONTDESK_PROVISION_READY", "later")
        .start();
    let id = world.serve("/client", &json!({}));
    passes(&server, &id);
    until("the copy is there", || world.hydra.client(&id).is_some());
}

/// A server behind that is down is 503 and no redirect; when it is up again the same request goes on.
#[test]
fn server_behind_that_is_down_is_503() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({}));
    world.hydra.switches.fail_writes(Fault::Status(500));
    is_page(&authorize(&server, &id), 503, LATER);
    assert_eq!(world.hydra.client(&id), None);
    assert_eq!(counted(&server, "document", "unavailable"), 1);
    world.hydra.switches.heal();
    until("the server is asked again", || {
        authorize(&server, &id).status() == 302
    });
    assert!(world.hydra.client(&id).is_some());
}

/// A client that the server behind refuses for good is a page that blames the description.
#[test]
fn client_refused_behind_is_a_page() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({ "client_name": "Poison" }));
    world.hydra.refuse("Poison", 400, "invalid_redirect_uri");
    let answer = authorize(&server, &id);
    assert_eq!(answer.status(), 400, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert!(
        answer
            .text
            .contains("The application's description cannot be accepted"),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("Poison") && !answer.text.contains("the script refuses it"));
    assert_eq!(world.hydra.client(&id), None);
}

/// draft-ietf-oauth-client-id-metadata-document §5.1: what is wrong with a document is told by its member; what kept it from being read is
/// not told at all.
#[test]
fn cimd_5_1_refused_document_is_a_page() {
    let world = World::new();
    let server = world.provisioned().start();
    for (path, more, member) in [
        ("/secret", json!({ "client_secret": "x" }), "client_secret"),
        (
            "/method",
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            "token_endpoint_auth_method",
        ),
        (
            "/redirect",
            json!({ "redirect_uris": ["https://evil.example/cb"] }),
            "redirect_uris",
        ),
        ("/none", json!({ "redirect_uris": null }), "redirect_uris"),
    ] {
        let id = world.serve(path, &more);
        let sentence = format!("The application's description cannot be accepted: {member}.");
        let answer = authorize(&server, &id);
        is_page(&answer, 400, &sentence);
        assert!(
            answer.text.contains("<code>127.0.0.1</code>"),
            "{}",
            answer.text
        );
        assert!(!answer.text.contains("evil.example"));
    }
    let other = world.serve("/other", &json!({ "client_id": "https://other.example/c" }));
    is_page(&authorize(&server, &other), 400, UNREADABLE);
    world.answer("/text", Served::json("", "no JSON"));
    is_page(&authorize(&server, &world.url("/text")), 400, UNREADABLE);
    assert_eq!(world.hydra.ids(), Vec::<String>::new());
    assert_eq!(counted(&server, "document", "refused"), 6);
    until("the refusals are in the audit trail", || {
        let audit = server.ran(&["audit", "--json"]);
        let refused: Vec<&str> = audit
            .lines()
            .filter(|line| line.contains("document refused"))
            .collect();
        refused.len() >= 3
            && refused
                .iter()
                .any(|line| line.contains("127.0.0.1 client_secret"))
    });
}

/// draft-ietf-oauth-client-id-metadata-document §9.2: a refused connection, an address that is not public and a wrong status have the same bytes,
/// but for the identifier of the request, and their time is a multiple of a quarter of a second.
#[test]
fn cimd_9_2_failures_cannot_be_told_apart() {
    let world = World::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed_port = closed.local_addr().unwrap().port();
    drop(closed);
    let allow = format!("{},127.0.0.1:{closed_port}", world.site.address());
    let server = world
        .open()
        .with("FRONTDESK_OUTBOUND_ALLOW", &allow)
        .start();
    world.answer(
        "/moved",
        Served::new("302 Found", "Location: https://127.0.0.1/\r\n", ""),
    );
    let mut pages = Vec::new();
    for id in [
        format!("https://127.0.0.1:{closed_port}/c"),
        "https://127.0.0.1:1/c".to_owned(),
        world.url("/missing"),
        world.url("/moved"),
    ] {
        let begun = Instant::now();
        let answer = authorize(&server, &id);
        let took = begun.elapsed();
        is_page(&answer, 400, UNREADABLE);
        let request_id = answer.header("x-request-id").unwrap();
        pages.push(answer.text.replace(request_id, "ID"));
        assert!(took >= Duration::from_millis(250), "{id}: {took:?}");
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
}

/// draft-ietf-oauth-client-id-metadata-document §8.1: hosts that are not listed, disabled documents and a provider that accepts none are refused
/// without a connection, and clients of the server itself go on without one.
#[test]
fn cimd_8_1_refused_hosts_cause_no_connection() {
    let world = World::new();
    let id = world.serve("/client", &json!({}));
    let passed = world.url("/passed");
    let listed = world
        .open()
        .with("FRONTDESK_DOCUMENTS", "listed")
        .with("FRONTDESK_DOCUMENT_HOSTS", "app.example")
        .with("FRONTDESK_DOCUMENT_PASS", &passed)
        .start();
    is_page(&authorize(&listed, &id), 403, NOT_ALLOWED);
    passes(&listed, &passed);
    assert_eq!(counted(&listed, "other", "redirected"), 1);
    drop(listed);
    let closed = world.open().with("FRONTDESK_DOCUMENTS", "closed").start();
    is_page(&authorize(&closed, &id), 403, NOT_ALLOWED);
    drop(closed);
    assert_eq!(world.site.connections(), 0);
    let open = world.open().start();
    passes(&open, &id);
    assert_eq!(world.site.connections(), 1);
    open.ran(&["document", "disable", &id]);
    let answer = authorize(&open, &id);
    is_page(&answer, 403, NOT_ALLOWED);
    assert!(
        answer.text.contains("<code>127.0.0.1</code>"),
        "{}",
        answer.text
    );
    open.ran(&["document", "enable", &id]);
    passes(&open, &id);
    assert_eq!(world.site.connections(), 1);
}

/// RFC 9110 §9.3.2: HEAD and a browser that asks in advance fetch nothing, write nothing and count no use.
#[test]
fn head_and_prefetch_fetch_nothing() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({}));
    let path = format!("/authorize?{}", query(&id));
    let head = || server.request("HEAD", &path).send();
    let unknown = head();
    assert_eq!((unknown.status(), unknown.header("location")), (404, None));
    has_headers(&unknown);
    let prefetch = server
        .request("GET", &path)
        .header("Sec-Purpose", "prefetch")
        .send();
    assert_eq!(prefetch.status(), 503);
    assert_eq!(world.site.connections(), 0);
    assert_eq!(world.hydra.switches.writes(), 0);
    passes(&server, &id);
    is_sent_on(&head(), 302, &format!("&{}", query(&id)));
}

/// POST is as GET, for the client in the form.
#[test]
fn form_with_a_document_is_sent_on() {
    let world = World::new();
    let server = world.provisioned().start();
    let id = world.serve("/client", &json!({}));
    let answer = server
        .request("POST", "/authorize")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(query(&id).as_bytes())
        .send();
    is_sent_on(&answer, 307, "");
    assert!(world.hydra.client(&id).is_some());
}

/// An address that names ever new documents is refused after the limit, and documents that are held go on.
#[test]
fn fetches_of_an_address_are_limited() {
    let world = World::new();
    let server = world
        .open()
        .with("FRONTDESK_LIMITS_DOCUMENTS_PER_MINUTE", "2")
        .start();
    let ids: Vec<String> = (0..3)
        .map(|number| world.serve(&format!("/{number}"), &json!({})))
        .collect();
    passes(&server, &ids[0]);
    passes(&server, &ids[1]);
    is_page(&authorize(&server, &ids[2]), 503, LATER);
    passes(&server, &ids[0]);
    assert_eq!(world.site.connections(), 2);
}

/// draft-ietf-oauth-client-id-metadata-document §8.8: no log line and no audit row has the query, a state, a challenge or bytes of a document.
#[test]
fn nothing_of_a_request_is_logged() {
    let world = World::new();
    let server = world.provisioned().with("FRONTDESK_LOG", "debug").start();
    let name = "name-in-a-document";
    let good = world.serve("/good", &json!({ "client_name": name }));
    let bad = world.serve(
        "/bad",
        &json!({ "client_name": name, "client_secret": "x" }),
    );
    passes(&server, &good);
    is_page(
        &authorize(&server, &bad),
        400,
        "The application's description cannot be accepted: client_secret.",
    );
    is_page(
        &authorize(&server, &world.url("/missing-page")),
        400,
        UNREADABLE,
    );
    until("the refusals are written", || {
        server
            .ran(&["audit", "--json"])
            .contains("document refused")
    });
    let told = server.log() + &server.ran(&["audit", "--json"]);
    for secret in [
        "kept-secret",
        name,
        "response_type",
        "/bad",
        "missing-page",
        TARGET,
    ] {
        let line = told.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    let line = told
        .lines()
        .find(|line| line.contains("authorization request refused"))
        .unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["fields"]["host"], "127.0.0.1");
    assert_eq!(line["fields"]["member"], "client_secret");
    assert_eq!(line["fields"]["status"], 400);
}
