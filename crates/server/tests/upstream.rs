//! The document of the authorization server behind a provider, with the real binary and a scripted server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

#[path = "upstream/behind_tls.rs"]
mod behind_tls;
#[path = "upstream/scripted.rs"]
mod scripted;
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use behind_tls::TlsFront;
use scripted::{ISSUER, Script, Scripted, document};
use serde_json::{Value, json};
use support::{Answer, Postgres, Setup, TestServer, until};
use tempfile::TempDir;

const CONFIGURATION: &str = "/realms/main/.well-known/openid-configuration";
const REGISTER: &str = "/realms/main/register";

fn setup(behind: &Scripted) -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_UPSTREAM_DOCUMENT", &behind.url())
}

fn folder() -> Arc<TempDir> {
    Arc::new(TempDir::new().unwrap())
}

fn started(document: &Value) -> (Scripted, TestServer) {
    let behind = Scripted::start(Script::json(document));
    let server = setup(&behind).start();
    (behind, server)
}

/// A folder whose store has the copy of a document.
fn with_copy(behind: &Scripted) -> Arc<TempDir> {
    let folder = folder();
    drop(setup(behind).within(&folder).start());
    folder
}

/// The whole configuration file, with the members and tables behind the issuer.
fn file(behind: &Scripted, upstream: &str, more: &str) -> String {
    format!(
        "[[provider]]\nissuer = \"{ISSUER}\"\nregistration = \"open\"\n[provider.upstream]\ndocument = \"{}\"\n{upstream}\n{more}\n",
        behind.url()
    )
}

fn register(server: &TestServer, metadata: &Value) -> Answer {
    server.request("POST", REGISTER).json(metadata).send()
}

fn web(more: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
    let members = metadata.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    metadata
}

fn served(server: &TestServer) -> Value {
    server.get(CONFIGURATION).json()
}

/// The document that must be served: the server's own with our registration endpoint.
fn expected(document: &Value) -> Value {
    let mut expected = document.clone();
    let members = expected.as_object_mut().unwrap();
    members.remove("signed_metadata");
    members.insert(
        "registration_endpoint".to_owned(),
        format!("{ISSUER}/register").into(),
    );
    expected
}

fn with(mut document: Value, member: &str, value: Value) -> Value {
    document
        .as_object_mut()
        .unwrap()
        .insert(member.to_owned(), value);
    document
}

fn without(mut document: Value, member: &str) -> Value {
    document.as_object_mut().unwrap().remove(member).unwrap();
    document
}

fn counted(server: &TestServer, outcome: &str) -> u64 {
    let line = format!("frontdesk_upstream_total{{outcome=\"{outcome}\",provider=\"{ISSUER}\"}} ");
    let other = format!("frontdesk_upstream_total{{provider=\"{ISSUER}\",outcome=\"{outcome}\"}} ");
    let metrics = server.managed("/metrics").text;
    let value = metrics.lines().find_map(|text| {
        text.strip_prefix(&line)
            .or_else(|| text.strip_prefix(&other))
    });
    value
        .unwrap_or_else(|| panic!("{metrics}"))
        .parse()
        .unwrap()
}

/// The document is the server's but for the registration endpoint; `signed_metadata` is left out (RFC 8414 §2.1).
#[test]
fn document_is_the_servers_own() {
    let (behind, server) = started(&document());
    assert_eq!(served(&server), expected(&document()));
    let requests = behind.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let head = requests[0].to_ascii_lowercase();
    assert!(head.contains("accept: application/json"), "{head}");
    assert!(!head.contains("if-none-match"), "{head}");
    assert_eq!(counted(&server, "changed"), 1);
}

/// Without registration there is no registration endpoint, neither ours nor the server's.
#[test]
fn closed_registration_has_no_endpoint() {
    let behind = Scripted::start(Script::json(&document()));
    let server = setup(&behind)
        .with("FRONTDESK_REGISTRATION", "closed")
        .start();
    assert_eq!(
        served(&server),
        without(expected(&document()), "registration_endpoint")
    );
}

/// Members that are absent stay absent, and the policy has the defaults of RFC 8414 §2. Without `scopes_supported` scopes are
/// agreed as asked.
#[test]
fn absent_members_stay_absent() {
    let lists = [
        "scopes_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
    ];
    let short = lists.into_iter().fold(document(), without);
    let (_behind, server) = started(&short);
    assert_eq!(served(&server), expected(&short));
    let client = register(&server, &web(&json!({ "scope": "strange words" }))).created();
    assert_eq!(client["scope"], "strange words");
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    for (member, value) in [
        ("token_endpoint_auth_method", json!("none")),
        ("grant_types", json!(["client_credentials"])),
    ] {
        let asked = web(&json!({ member: value }));
        let said = register(&server, &asked).refused(400, "invalid_client_metadata");
        assert!(said.contains(member), "{said}");
    }
    assert_eq!(server.clients().len(), 1);
}

/// A scope that the server does not list is left out.
#[test]
fn policy_follows_the_document() {
    let (_behind, server) = started(&document());
    let client = register(&server, &web(&json!({ "scope": "openid strange" }))).created();
    assert_eq!(client["scope"], "openid");
}

/// `add` extends lists, `[provider.metadata]` and `[provider.extra_metadata]` replace members, an empty array takes one out.
#[test]
fn configuration_lies_over_the_document() {
    let behind = Scripted::start(Script::json(&document()));
    let text = file(
        &behind,
        "add = { token_endpoint_auth_methods_supported = [\"none\"], acr_values_supported = [\"gold\"], response_modes_supported = [\"form_post\"] }",
        "[provider.metadata]\nscopes_supported = [\"openid\", \"mine\"]\nuserinfo_endpoint = \"https://login.example.com/me\"\n\
         [provider.extra_metadata]\nan_object_of_theirs = \"mine\"\nanother = 1\n",
    );
    let server = Setup::new().file(&text).start();
    let mut wanted = expected(&document());
    for (member, value) in [
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_post", "client_secret_basic", "none"]),
        ),
        ("acr_values_supported", json!(["gold"])),
        (
            "response_modes_supported",
            json!(["query", "fragment", "form_post"]),
        ),
        ("scopes_supported", json!(["openid", "mine"])),
        ("userinfo_endpoint", json!("https://login.example.com/me")),
        ("an_object_of_theirs", json!("mine")),
        ("another", json!(1)),
    ] {
        wanted = with(wanted, member, value);
    }
    assert_eq!(served(&server), wanted);
    let emptied = file(&behind, "", "[provider.metadata]\nscopes_supported = []\n");
    let server = Setup::new().file(&emptied).start();
    assert_eq!(
        served(&server),
        without(expected(&document()), "scopes_supported")
    );
}

/// The issuer is compared byte for byte; a Keycloak is told its public name by a setting.
#[test]
fn other_issuer_ends_the_first_start() {
    let behind = Scripted::start(Script::json(&with(
        document(),
        "issuer",
        json!("http://127.0.0.1:8080/realms/main"),
    )));
    let place = TempDir::new().unwrap();
    let said = setup(&behind)
        .with("FRONTDESK_LISTEN", "localhost:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0")
        .with("FRONTDESK_LOG", "off")
        .refused(place.path(), &["serve"]);
    assert_eq!(
        said,
        format!(
            "the document at {} names the issuer \"http://127.0.0.1:8080/realms/main\", and this provider is \"{ISSUER}\"; \
             start Keycloak with --hostname=https://login.example.com",
            behind.url()
        )
    );
}

/// A document with a member of another shape, a duplicate member, or a broken rule is refused, and the member is named.
#[test]
fn wrong_document_ends_the_first_start() {
    let twice = document().to_string().replacen(
        '{',
        &format!("{{\"scopes_supported\":[\"openid\"],\"issuer\":\"{ISSUER}\","),
        1,
    );
    for (text, reason) in [
        (
            with(document(), "scopes_supported", json!("openid")).to_string(),
            "scopes_supported must be an array",
        ),
        (twice, "it has a duplicate member at line 1, column "),
        ("[]".to_owned(), "it must be a JSON object"),
        (
            without(document(), "jwks_uri").to_string(),
            "jwks_uri must be configured",
        ),
        (
            with(
                document(),
                "token_endpoint",
                json!("http://127.0.0.1/token"),
            )
            .to_string(),
            "token_endpoint must be https, because the issuer is not on loopback",
        ),
        (
            with(
                document(),
                "grant_types_supported",
                json!(["authorization_code"]),
            )
            .to_string(),
            "response_types_supported offers ",
        ),
    ] {
        let behind = Scripted::start(Script::text(&text));
        let Err((status, log)) = setup(&behind).try_start() else {
            panic!("{text} was taken");
        };
        assert_eq!(status.code(), Some(1));
        let sentence = format!(
            "the provider {ISSUER}: its document at {} cannot be taken: {reason}",
            behind.url()
        );
        assert!(log.contains(&sentence), "{sentence}\n{log}");
        assert_eq!(behind.requests().len(), 1);
    }
}

/// A server that starts beside us is waited for.
#[test]
fn first_start_waits_for_the_server() {
    let behind = Scripted::start(Script::status("503 Service Unavailable"));
    let script = behind.clone();
    let waiting = std::thread::spawn(move || setup(&script).start());
    until("the server is asked", || !behind.requests().is_empty());
    behind.says(Script::json(&document()));
    let server = waiting.join().unwrap();
    assert_eq!(served(&server), expected(&document()));
    server.logs("the start waits for it");
}

/// Without a copy and without the server the start ends after a minute, with a sentence.
#[test]
fn first_start_ends_without_the_server() {
    let behind = Scripted::start(Script::status("503 Service Unavailable"));
    let begun = Instant::now();
    let Err((status, log)) = setup(&behind).try_start() else {
        panic!("it started without a document");
    };
    assert_eq!(status.code(), Some(1));
    let sentence = format!(
        "the provider {ISSUER}: its document at {} cannot be had: the server answers 503; the first start needs it",
        behind.url()
    );
    assert!(log.contains(&sentence), "{log}");
    let seconds = begun.elapsed().as_secs();
    assert!((50..70).contains(&seconds), "{seconds}");
    let asked = behind.requests().len();
    assert!((20..=31).contains(&asked), "{asked}");
}

/// With a copy the start needs no server: the copy is served, and every failure keeps it.
#[test]
fn copy_is_served_whatever_the_server_says() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = with_copy(&behind);
    let long = format!("{}{}", document(), " ".repeat(64 * 1024));
    let moved = Script {
        headers: format!("Location: {}\r\n", behind.url()),
        ..Script::status("302 Found")
    };
    let html = Script {
        content_type: "text/html",
        ..Script::json(&document())
    };
    let other = with(document(), "issuer", json!("https://other.example.com"));
    for (outcome, script, reason) in [
        (
            "failed",
            Script::status("500 Internal Server Error"),
            "the server answers 500",
        ),
        (
            "failed",
            Script::status("304 Not Modified"),
            "the server answers 304",
        ),
        ("failed", moved, "the server answers 302"),
        ("failed", html, "the answer is not application/json"),
        (
            "failed",
            Script::text(&long),
            "the answer is longer than 64 KiB",
        ),
        (
            "refused",
            Script::text("{\"a\":1,\"a\":2}"),
            "it has a duplicate member",
        ),
        (
            "refused",
            Script::json(&other),
            "names the issuer \\\"https://other.example.com\\\"",
        ),
    ] {
        behind.says(script);
        let server = setup(&behind).within(&folder).start();
        until(reason, || {
            counted(&server, outcome) == 1 && server.log().contains(reason)
        });
        assert_eq!(served(&server), expected(&document()), "{reason}");
        assert_eq!(register(&server, &web(&json!({}))).status(), 201);
    }
}

/// A server that is gone does not keep a start with a copy.
#[test]
fn start_with_a_copy_needs_no_server() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = with_copy(&behind);
    behind.hold(true);
    let server = setup(&behind).within(&folder).start();
    assert_eq!(served(&server), expected(&document()));
    assert_eq!(counted(&server, "failed"), 0, "the answer is awaited still");
}

/// A change at run time: a new `ETag`, the new policy for new clients and for the next update, and clients of before stay.
#[test]
fn change_reaches_document_and_policy() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = with_copy(&behind);
    let new = with(
        with(document(), "scopes_supported", json!(["openid", "fresh"])),
        "their_new_member",
        json!(1),
    );
    behind.says(Script::json(&new));
    behind.hold(true);
    let server = setup(&behind).within(&folder).start();
    let before = server.get(CONFIGURATION);
    assert_eq!(before.json(), expected(&document()));
    let asked = web(&json!({ "scope": "profile fresh" }));
    let old = register(&server, &asked).created();
    assert_eq!(old["scope"], "profile");
    behind.hold(false);
    until("the document changes", || served(&server) == expected(&new));
    let tag = before.header("etag").unwrap();
    let conditional = server.request("GET", CONFIGURATION);
    let after = conditional.header("If-None-Match", tag).send();
    assert_eq!(after.status(), 200);
    assert_ne!(after.header("etag"), Some(tag));
    assert_eq!(register(&server, &asked).created()["scope"], "fresh");
    let manage = |method| {
        let path = format!("{REGISTER}/{}", old["client_id"].as_str().unwrap());
        let token = old["registration_access_token"].as_str().unwrap();
        server.request(method, &path).bearer(token)
    };
    assert_eq!(manage("GET").send().ok()["scope"], "profile");
    let update = with(asked.clone(), "client_id", old["client_id"].clone());
    assert_eq!(manage("PUT").json(&update).send().ok()["scope"], "fresh");
    let audit = server.ran(&["audit", "--json"]);
    let row = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|row| row["event"] == "upstream changed")
        .unwrap();
    assert_eq!(row["provider"], ISSUER);
    let detail = row["detail"].as_str().unwrap();
    assert!(
        detail.contains("scopes_supported, their_new_member"),
        "{detail}"
    );
    assert_eq!(counted(&server, "changed"), 1);
}

/// The server is asked again with the validators of the copy (RFC 9110 §13.1), and 304 confirms it.
#[test]
fn unchanged_document_is_confirmed() {
    let validators = "ETag: \"one\"\r\nLast-Modified: Mon, 30 Nov 2026 10:00:00 GMT\r\n";
    let behind = Scripted::start(Script {
        headers: validators.to_owned(),
        ..Script::json(&document())
    });
    let server = setup(&behind)
        .with("FRONTDESK_UPSTREAM_REFRESH", "30s")
        .start();
    let tag = server.get(CONFIGURATION).header("etag").unwrap().to_owned();
    behind.says(Script::status("304 Not Modified"));
    let begun = Instant::now();
    while counted(&server, "unchanged") == 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", server.log());
        std::thread::yield_now();
    }
    let head = behind.requests()[1].to_ascii_lowercase();
    assert!(head.contains("if-none-match: \"one\""), "{head}");
    assert!(
        head.contains("if-modified-since: mon, 30 nov 2026 10:00:00 gmt"),
        "{head}"
    );
    assert_eq!(server.get(CONFIGURATION).header("etag"), Some(&*tag));
    let age = format!("frontdesk_upstream_age_seconds{{provider=\"{ISSUER}\"}} ");
    assert!(server.managed("/metrics").text.contains(&age));
}

/// Of several replicas one takes the change, and the others follow.
#[test]
fn replicas_follow_the_one_that_asks() {
    let database = Postgres::new();
    let behind = Scripted::start(Script::json(&document()));
    let first = setup(&behind).on(&database).start();
    let second = setup(&behind).on(&database).start();
    until("the second has asked", || {
        counted(&second, "unchanged") == 1
    });
    let new = with(document(), "scopes_supported", json!(["openid", "fresh"]));
    behind.says(Script::json(&new));
    let third = setup(&behind).on(&database).start();
    for replica in [&first, &second, &third] {
        until("every replica has it", || served(replica) == expected(&new));
        let client = register(replica, &web(&json!({ "scope": "fresh" }))).created();
        assert_eq!(client["scope"], "fresh");
    }
    assert_eq!(
        database.value("SELECT count(*) FROM audit WHERE event = 'upstream changed'"),
        "1"
    );
    assert_eq!(behind.requests().len(), 3, "each process asked once");
}

/// Every wrong setting is refused by its name.
#[test]
fn wrong_settings_are_named() {
    let place = TempDir::new().unwrap();
    let environment = |document: &str, more: &[(&str, &str)]| {
        let setup = Setup::new()
            .with("FRONTDESK_ISSUER", ISSUER)
            .with("FRONTDESK_UPSTREAM_DOCUMENT", document);
        more.iter()
            .fold(setup, |setup, (name, value)| setup.with(name, value))
    };
    let good = "https://login.example.com/x";
    for (setup, said) in [
        (
            environment("http://keycloak:8080/x", &[]),
            "provider.upstream.document (FRONTDESK_UPSTREAM_DOCUMENT) must be an https URL (http on loopback, or with plain_http), not \"http://keycloak:8080/x\"",
        ),
        (
            environment(good, &[("FRONTDESK_UPSTREAM_REFRESH", "1s")]),
            "provider.upstream.refresh (FRONTDESK_UPSTREAM_REFRESH) must be at least 30s, not 1s",
        ),
        (
            environment(good, &[("FRONTDESK_UPSTREAM_PLAIN_HTTP", "yes")]),
            "provider.upstream.plain_http (FRONTDESK_UPSTREAM_PLAIN_HTTP) must be true or false, not \"yes\"",
        ),
        (
            Setup::new()
                .with("FRONTDESK_ISSUER", ISSUER)
                .with("FRONTDESK_UPSTREAM_PLAIN_HTTP", "true"),
            "provider.upstream.document (FRONTDESK_UPSTREAM_DOCUMENT) must be set, since other settings of [provider.upstream] are",
        ),
    ] {
        assert_eq!(setup.refused(place.path(), &["serve"]), said);
    }
    let behind = Scripted::start(Script::json(&document()));
    for (add, said) in [
        (
            "add = { issuer = [\"x\"] }",
            "provider.upstream.add.issuer is not a member with a list of values",
        ),
        (
            "add = { scopes_supported = \"x\" }",
            "provider.upstream.add.scopes_supported must be an array of strings",
        ),
    ] {
        let setup = Setup::new().file(&file(&behind, add, ""));
        assert_eq!(setup.refused(place.path(), &["serve"]), said);
    }
    assert!(behind.requests().is_empty());
}

/// `check` asks for the document, and compares it with the configuration.
#[test]
fn check_compares_with_the_server() {
    let far = with(
        document(),
        "token_endpoint",
        json!("https://idp.internal.example/token"),
    );
    let behind = Scripted::start(Script::json(&far));
    let place = TempDir::new().unwrap();
    let text = file(
        &behind,
        "",
        "[provider.metadata]\nscopes_supported = [\"openid\", \"mine\"]\n",
    );
    let check = |setup: Setup| {
        let setup = setup
            .with("FRONTDESK_LISTEN", "localhost:0")
            .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0");
        let output = setup.command(place.path(), &["check"]).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let setup = || Setup::new().file(&text);
    let (status, said) = check(setup());
    assert_eq!(status, Some(0), "{said}");
    for note in [
        "provider.metadata.scopes_supported offers mine, which the authorization server does not",
        "the authorization server has endpoints on idp.internal.example, first token_endpoint, while the issuer is on login.example.com",
    ] {
        assert!(said.contains(note), "{note}\n{said}");
    }
    behind.says(Script::json(&with(
        far,
        "issuer",
        json!("https://other.example.com"),
    )));
    let (status, said) = check(setup());
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("names the issuer \"https://other.example.com\""),
        "{said}"
    );
    behind.says(Script::status("503 Service Unavailable"));
    let (status, said) = check(setup());
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("cannot be had: the server answers 503; the first start needs it"),
        "{said}"
    );
    assert_eq!(behind.requests().len(), 3);
}

/// `check` names the copy that would be served while the server is down.
#[test]
fn check_names_the_copy() {
    let behind = Scripted::start(Script::json(&document()));
    let server = setup(&behind).start();
    behind.says(Script::status("503 Service Unavailable"));
    let said = server.ran(&["check"]);
    assert!(
        said.contains("cannot be had: the server answers 503; the copy of 20"),
        "{said}"
    );
}

/// The terms of a token are compared with the document in the store.
#[test]
fn token_terms_follow_the_document() {
    let (_behind, server) = started(&document());
    let issue = |scope| server.run(&["token", "issue", "--scope", scope]);
    assert!(issue("profile").status.success());
    let refused = issue("strange");
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("strange"), "{said}");
}

/// The document comes over TLS, and `outbound.ca` is trusted for it; another authority is not.
#[test]
fn document_comes_over_tls() {
    let behind = Scripted::start(Script::json(&document()));
    let front = TlsFront::start(behind.port);
    let url = format!(
        "https://localhost:{}/realms/main/.well-known/openid-configuration",
        front.port
    );
    let over_tls = || setup(&behind).with("FRONTDESK_UPSTREAM_DOCUMENT", &url);
    let place = TempDir::new().unwrap();
    let untrusted = over_tls()
        .with("FRONTDESK_LISTEN", "localhost:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0");
    let output = untrusted
        .command(place.path(), &["check"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be had: "), "{said}");
    assert!(behind.requests().is_empty());
    let ca = front.ca.to_str().unwrap();
    let server = over_tls().with("FRONTDESK_OUTBOUND_CA", ca).start();
    assert_eq!(served(&server), expected(&document()));
    assert_eq!(behind.requests().len(), 1);
}

/// A connector adds the values that its kind of server supports and does not list; the configuration adds its own beside them.
#[test]
fn connector_adds_its_values() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    std::fs::write(folder.path().join("keycloak.secret"), "secret").unwrap();
    let keycloak = "[provider.provision]\nto = \"keycloak\"\nat = \"http://127.0.0.1:1\"\nsecret_file = \"keycloak.secret\"\n";
    let hydra = "[provider.provision]\nto = \"http\"\nat = \"http://127.0.0.1:1/clients\"\n";
    let own = ["client_secret_post", "client_secret_basic"];
    for (add, provision, more) in [
        ("", keycloak, &["none"][..]),
        (
            "add = { token_endpoint_auth_methods_supported = [\"none\", \"tls_client_auth\"] }",
            keycloak,
            &["none", "tls_client_auth"],
        ),
        ("", hydra, &[]),
    ] {
        let text = file(&behind, add, provision);
        let server = Setup::new().within(&folder).file(&text).start();
        assert_eq!(
            served(&server)["token_endpoint_auth_methods_supported"],
            json!([&own[..], more].concat()),
            "{text}"
        );
    }
}

/// `check` counts the active clients with a value that the server does not offer any more, and names the members that it changed.
#[test]
fn check_counts_clients_beyond_the_offer() {
    let behind = Scripted::start(Script::json(&document()));
    let server = setup(&behind).start();
    for grants in [
        json!(["authorization_code"]),
        json!(["authorization_code", "refresh_token"]),
    ] {
        register(&server, &web(&json!({ "grant_types": grants }))).created();
    }
    let printed = server.ran(&["check"]);
    assert!(!printed.contains("no longer offered"), "{printed}");
    assert!(!printed.contains("changed"), "{printed}");
    let fewer = json!(["implicit", "authorization_code"]);
    behind.says(Script::json(&with(
        document(),
        "grant_types_supported",
        fewer,
    )));
    let printed = server.ran(&["check"]);
    for note in [
        "note: the authorization server changed grant_types_supported since 20",
        "note: 1 active client has a value that is no longer offered, first in grant_types; their next update is judged by the document of now",
    ] {
        assert!(printed.contains(note), "{note}\n{printed}");
    }
}
