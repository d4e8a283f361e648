//! The lookup, on the real binary: an authorization server asks who a client is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "lookup/client_documents.rs"]
mod client_documents;
#[expect(clippy::expect_used, reason = "a test says what it expects")]
#[path = "../../outbound/tests/site/mod.rs"]
mod site;
mod support;

use protocol::Clock;
use serde_json::{Value, json};
use support::{Answer, Ask, Setup, TestServer};

/// A server with a lookup.
struct Bench {
    server: TestServer,
    port: u16,
}

impl Bench {
    fn start(setup: Setup) -> Self {
        let server = setup.with("FRONTDESK_LOOKUP_LISTEN", "127.0.0.1:0").start();
        let line = server
            .log()
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| line["fields"]["message"] == "the lookup answers authorization servers")
            .unwrap();
        let listen = line["fields"]["listen"].as_str().unwrap();
        let port = listen.rsplit(':').next().unwrap().parse().unwrap();
        Self { server, port }
    }

    fn token(&self, arguments: &[&str]) -> String {
        let issue = ["lookup-token", "issue"];
        let arguments: Vec<&str> = issue.iter().chain(arguments).copied().collect();
        self.server.ran(&arguments).trim().to_owned()
    }

    fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(method, &format!("http://127.0.0.1:{}{path}", self.port))
    }

    fn question(&self, token: &str, parameters: &[(&str, &str)]) -> Ask {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("issuer", &self.server.issuer())
            .extend_pairs(parameters);
        self.ask("GET", &format!("/clients?{}", query.finish()))
            .bearer(token)
    }

    fn look_up(&self, token: &str, id: &Value, more: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![("client_id", id.as_str().unwrap())];
        parameters.extend(more);
        self.question(token, &parameters).send()
    }

    fn authenticate(&self, token: &str, id: &Value, secret: &str) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("issuer", &self.server.issuer())
            .append_pair("client_id", id.as_str().unwrap())
            .append_pair("client_secret", secret)
            .finish();
        self.ask("POST", "/clients/authenticate")
            .bearer(token)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.as_bytes())
            .send()
    }

    /// Reports clients as used.
    fn use_clients(&self, token: &str, ids: &Value) -> Answer {
        let used = json!({ "issuer": self.server.issuer(), "client_ids": ids });
        self.ask("POST", "/clients/used")
            .bearer(token)
            .json(&used)
            .send()
    }
}

fn unix_seconds() -> i64 {
    Clock::system().now().seconds()
}

fn ready() -> Bench {
    Bench::start(Setup::new().with("FRONTDESK_REGISTRATION", "open"))
}

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.expect(status)["error"], error);
}

/// A client is answered with what was agreed and nothing secret.
#[test]
fn client_is_answered_without_secrets() {
    let bench = ready();
    let (token, client) = (bench.token(&[]), bench.server.client());
    assert!(
        token.starts_with("lkt_") && token.len() == 47,
        "{}",
        token.len()
    );
    let answer = bench.look_up(&token, &client["client_id"], &[]);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let mut body = answer.json();
    let own = body.as_object_mut().unwrap().remove("frontdesk").unwrap();
    assert_eq!(
        own,
        json!({ "kind": "registered", "revision": 1, "changed_at": body["client_id_issued_at"], "redirects": "host", "consistent": true })
    );
    let mut expected = client;
    for name in [
        "client_secret",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(body, expected);
}

/// A token with `--secrets read` sees the secret, and one with `check` does not.
#[test]
fn secrets_need_the_level_read() {
    let bench = ready();
    let client = bench.server.client();
    for (level, sees) in [("no", false), ("check", false), ("read", true)] {
        let body = bench
            .look_up(
                &bench.token(&["--secrets", level]),
                &client["client_id"],
                &[],
            )
            .json();
        assert_eq!(body.get("client_secret").is_some(), sees, "{level}");
        assert_eq!(
            body.get("client_secret_expires_at").is_some(),
            sees,
            "{level}"
        );
        if sees {
            assert_eq!(body["client_secret"], client["client_secret"]);
        }
    }
}

/// An unchanged client is 304, and the next update changes the tag. RFC 9110 §13.1.2.
#[test]
fn etag_changes_with_the_client() {
    let bench = ready();
    let (token, client) = (bench.token(&[]), bench.server.client());
    let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let first = tag(&bench.look_up(&token, &client["client_id"], &[]));
    let again = |tag: &str| {
        bench
            .question(
                &token,
                &[("client_id", client["client_id"].as_str().unwrap())],
            )
            .header("If-None-Match", tag)
            .send()
    };
    let answer = again(&first);
    assert_eq!((answer.status(), answer.text.as_str()), (304, ""));
    let update =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/new"] });
    assert_eq!(
        bench
            .server
            .manage("PUT", &client)
            .json(&update)
            .send()
            .status(),
        200
    );
    let answer = again(&first);
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.json()["redirect_uris"],
        json!(["https://rp.example/new"])
    );
    assert_ne!(tag(&answer), first);
}

/// The answer tells when the client changed last: at its registration, then at its update, also after an export and import.
#[test]
fn change_is_dated() {
    let bench = ready();
    let (token, client) = (bench.token(&[]), bench.server.client());
    let changed_at = || {
        let body = bench.look_up(&token, &client["client_id"], &[]).json();
        body["frontdesk"]["changed_at"].as_i64().unwrap()
    };
    let issued_at = client["client_id_issued_at"].as_i64().unwrap();
    assert_eq!(changed_at(), issued_at);
    support::until("the second of the registration is over", || {
        unix_seconds() > issued_at
    });
    let update =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/new"] });
    let updated = bench.server.manage("PUT", &client).json(&update).send();
    assert_eq!(updated.status(), 200);
    let updated_at = changed_at();
    assert!(updated_at > issued_at, "{updated_at} {issued_at}");
    let exported = bench.server.ran(&["client", "export"]);
    let line: Value = serde_json::from_str(exported.trim()).unwrap();
    assert_eq!(line["changed_at"], updated_at);
    bench
        .server
        .ran(&["client", "delete", client["client_id"].as_str().unwrap()]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &exported).unwrap();
    bench
        .server
        .ran(&["client", "import", file.path().to_str().unwrap()]);
    assert_eq!(changed_at(), updated_at);
}

/// Every answer is counted with its provider and status, also those before the provider is known; a refused caller stands in the audit
/// trail, and an unknown client does not.
#[test]
fn answers_and_refusals_are_recorded() {
    let bench = ready();
    let (client, token) = (bench.server.client(), bench.token(&["--secrets", "check"]));
    let id = &client["client_id"];
    assert_eq!(bench.look_up(&token, id, &[]).status(), 200);
    refused(
        &bench.look_up(&token, &json!("never"), &[]),
        404,
        "not_found",
    );
    refused(&bench.look_up("lkt_wrong", id, &[]), 401, "invalid_token");
    refused(
        &bench.authenticate(&token, id, "wrong"),
        401,
        "invalid_client",
    );
    let used = bench.use_clients(&token, &json!([id]));
    assert_eq!(used.status(), 204);
    let metrics = bench.server.managed("/metrics").text;
    let issuer = bench.server.issuer();
    for (provider, status, count) in [
        (issuer.as_str(), 200, 1),
        (&issuer, 404, 1),
        (&issuer, 401, 1),
        (&issuer, 204, 1),
        ("none", 401, 1),
    ] {
        let line = format!(
            "frontdesk_lookup_total{{provider=\"{provider}\",status=\"{status}\"}} {count}\n"
        );
        assert!(metrics.contains(&line), "{line} {metrics}");
    }
    assert!(
        metrics.contains("frontdesk_lookup_seconds_count 5\n"),
        "{metrics}"
    );
    let rows = || -> Vec<Value> {
        let audit = bench.server.ran(&["audit", "--json"]);
        let rows = audit
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        rows.filter(|row: &Value| row["event"] == "lookup refused")
            .collect()
    };
    support::until("the refusals are in the audit trail", || rows().len() == 2);
    let details: Vec<Value> = rows().iter().map(|row| row["detail"].clone()).collect();
    for detail in ["401 invalid_token", "401 invalid_client"] {
        assert!(details.contains(&json!(detail)), "{details:?}");
    }
}

/// RFC 6749 §3.1.2.3, RFC 8252 §7.3: the answer says whether a presented redirect URI may be used.
#[test]
fn redirect_uri_is_judged() {
    let bench = ready();
    let token = bench.token(&[]);
    let native = json!({ "redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native", "token_endpoint_auth_method": "none" });
    let native = bench.server.register(&native).created();
    let web = bench.server.client();
    for (client, presented, verdict) in [
        (&web, "https://rp.example/cb", "allowed"),
        (&web, "https://rp.example/cb/", "other"),
        (&web, "https://evil.example/cb", "other"),
        (&native, "http://127.0.0.1:49152/cb", "allowed"),
        (&native, "http://127.0.0.1:49152/other", "other"),
        (&native, "http://127.0.0.1@evil.example/cb", "other"),
    ] {
        let body = bench
            .look_up(
                &token,
                &client["client_id"],
                &[("redirect_uri", presented), ("purpose", "authorize")],
            )
            .json();
        assert_eq!(body["frontdesk"]["redirect"], verdict, "{presented}");
    }
}

/// A client that never was is 404, and one that was deleted or has expired 410 with the reason.
#[test]
fn ended_client_is_gone_and_unknown_is_not_found() {
    let bench = ready();
    let (token, client) = (bench.token(&[]), bench.server.client());
    refused(
        &bench.look_up(&token, &json!("never"), &[]),
        404,
        "not_found",
    );
    assert_eq!(bench.server.manage("DELETE", &client).send().status(), 204);
    let answer = bench.look_up(&token, &client["client_id"], &[]);
    refused(&answer, 410, "not_found");
    assert_eq!(answer.json()["reason"], "deleted");
}

/// RFC 6750 §3: without a token, with a wrong, expired or revoked one nothing is answered.
#[test]
fn nothing_is_answered_without_a_token() {
    let bench = ready();
    let (client, token) = (bench.server.client(), bench.token(&[]));
    let path = "/clients?issuer=x&client_id=y";
    let answer = bench.ask("GET", path).send();
    refused(&answer, 401, "invalid_token");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="lookup""#)
    );
    let wrong = bench.ask("GET", path).bearer("lkt_wrong").send();
    refused(&wrong, 401, "invalid_token");
    for path in ["/clients/authenticate", "/clients/used"] {
        refused(&bench.ask("POST", path).send(), 401, "invalid_token");
    }
    for path in [
        "/",
        "/.well-known/openid-configuration",
        "/.well-known/webfinger?resource=acct:a@b.example",
        "/register",
        "/healthz",
        "/metrics",
    ] {
        refused(&bench.ask("GET", path).send(), 404, "not_found");
    }
    for path in [
        "/clients?client_id=y",
        "/clients/authenticate",
        "/clients/used",
    ] {
        let public = bench.server.request("GET", path).bearer(&token).send();
        assert_eq!(public.status(), 404, "{path} at the public address");
    }
    let listed = bench.server.ran(&["lookup-token", "list", "--json"]);
    let listed: Value = serde_json::from_str(listed.trim()).unwrap();
    bench
        .server
        .ran(&["lookup-token", "revoke", listed["id"].as_str().unwrap()]);
    refused(
        &bench.look_up(&token, &client["client_id"], &[]),
        401,
        "invalid_token",
    );
}

/// A token that was used and then revoked, or has expired, is refused within two seconds.
#[test]
fn revoked_token_is_refused_soon() {
    let bench = ready();
    let (client, token) = (bench.server.client(), bench.token(&[]));
    assert_eq!(
        bench.look_up(&token, &client["client_id"], &[]).status(),
        200
    );
    let listed = bench.server.ran(&["lookup-token", "list", "--json"]);
    let listed: Value = serde_json::from_str(listed.trim()).unwrap();
    assert!(listed["last_used_at"].is_i64(), "{listed}");
    bench
        .server
        .ran(&["lookup-token", "revoke", listed["id"].as_str().unwrap()]);
    let short = bench.token(&["--expires-in", "1s"]);
    for token in [&token, &short] {
        support::until("the token is refused", || {
            bench.look_up(token, &client["client_id"], &[]).status() == 401
        });
    }
}

/// A client that has expired is 410 with the reason, before and after it is purged.
#[test]
fn expired_client_is_gone() {
    let setup = Setup::new().with("FRONTDESK_REGISTRATION", "open");
    let bench = Bench::start(setup.with("FRONTDESK_CLIENT_LIFETIME", "1s"));
    let (token, client) = (bench.token(&[]), bench.server.client());
    let gone = || bench.look_up(&token, &client["client_id"], &[]);
    support::until("the client has expired", || gone().status() == 410);
    for _ in 0..2 {
        assert_eq!(gone().json()["reason"], "expired");
        bench.server.ran(&["purge"]);
    }
}

/// A token of another provider, or with too little access to secrets, is 403.
#[test]
fn token_is_held_to_provider_and_level() {
    let provider = |issuer: &str| {
        format!(
            "[[provider]]\nissuer = \"{issuer}\"\nregistration = \"open\"\n[provider.metadata]\n\
             authorization_endpoint = \"{issuer}/authorize\"\ntoken_endpoint = \"{issuer}/token\"\n"
        )
    };
    let [one, other] = [
        "https://login.example.com/one",
        "https://login.example.com/other",
    ];
    let setup = Setup::new().with("FRONTDESK_TLS", "off");
    let bench = Bench::start(setup.file(&format!("{}{}", provider(one), provider(other))));
    let client = json!({ "redirect_uris": ["https://rp.example/cb"] });
    let client = bench
        .server
        .request("POST", "/one/register")
        .json(&client)
        .send()
        .created();
    let id = client["client_id"].as_str().unwrap();
    let ask = |token: &str, issuer: &str| {
        let path = format!("/clients?issuer={issuer}&client_id={id}");
        bench.ask("GET", &path).bearer(token).send()
    };
    let (own, foreign) = (
        bench.token(&["--provider", one]),
        bench.token(&["--provider", other]),
    );
    assert_eq!(ask(&own, one).status(), 200);
    refused(&ask(&own, other), 403, "insufficient_scope");
    refused(&ask(&foreign, one), 403, "insufficient_scope");
    refused(&ask(&foreign, other), 404, "not_found");
    let form = format!("issuer={one}&client_id={id}&client_secret=x");
    let answer = bench
        .ask("POST", "/clients/authenticate")
        .bearer(&own)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form.as_bytes())
        .send();
    refused(&answer, 403, "insufficient_scope");
}

/// RFC 6749 §2.3.1: the secret is checked, and wrong ones of one client are limited without harm to another.
#[test]
fn client_secret_is_checked_and_limited() {
    let setup = Setup::new().with("FRONTDESK_REGISTRATION", "open");
    let bench = Bench::start(setup.with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "1"));
    let token = bench.token(&["--secrets", "check"]);
    let (client, other) = (bench.server.client(), bench.server.client());
    let secret = client["client_secret"].as_str().unwrap();
    let answer = bench.authenticate(&token, &client["client_id"], secret);
    assert_eq!((answer.status(), answer.text.as_str()), (204, ""));
    refused(
        &bench.authenticate(&token, &json!("never"), secret),
        401,
        "invalid_client",
    );
    refused(
        &bench.authenticate(&token, &client["client_id"], "wrong"),
        401,
        "invalid_client",
    );
    let answer = bench.authenticate(&token, &client["client_id"], "wrong");
    refused(&answer, 429, "invalid_request");
    assert!(answer.header("retry-after").is_some());
    let right = bench.authenticate(&token, &client["client_id"], secret);
    assert_eq!(right.status(), 204, "wrong secrets lock no client out");
    let secret = other["client_secret"].as_str().unwrap();
    assert_eq!(
        bench
            .authenticate(&token, &other["client_id"], secret)
            .status(),
        204
    );
}

/// RFC 9110 §15.5.14, §15.5.16: a form has the limits of other bodies, and its media type once.
#[test]
fn form_has_the_limits_of_other_bodies() {
    let bench = ready();
    let token = bench.token(&["--secrets", "check"]);
    let form = |media_type: &str, body: &str| {
        bench
            .ask("POST", "/clients/authenticate")
            .bearer(&token)
            .header("Content-Type", media_type)
            .body(body.as_bytes())
    };
    let urlencoded = "application/x-www-form-urlencoded";
    refused(
        &form(urlencoded, &"x".repeat(600_000)).send(),
        413,
        "invalid_request",
    );
    refused(
        &form("application/json", "{}").send(),
        415,
        "invalid_request",
    );
    let twice = form(urlencoded, "issuer=x").header("Content-Type", "application/json");
    refused(&twice.send(), 415, "invalid_request");
    let encoded = form(urlencoded, "issuer=x").header("Content-Encoding", "gzip");
    refused(&encoded.send(), 415, "invalid_request");
}

/// RFC 6750 §3: a token that permits too little is told so in the challenge.
#[test]
fn insufficient_token_gets_a_challenge() {
    let bench = ready();
    let client = bench.server.client();
    let answer = bench.authenticate(&bench.token(&[]), &client["client_id"], "x");
    refused(&answer, 403, "insufficient_scope");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="lookup", error="insufficient_scope""#)
    );
}

/// The answer tells where redirect URIs lead: to a host, to this machine, or nowhere. RFC 8252 §7.3.
#[test]
fn kinds_of_redirects_are_told() {
    let bench = ready();
    let token = bench.token(&[]);
    for (uris, kind) in [
        (json!(["https://rp.example/cb"]), "host"),
        (json!(["https://127.0.0.1/cb"]), "loopback"),
        (json!(["https://[::1]/cb"]), "loopback"),
        (
            json!(["http://localhost/cb", "com.example.app:/cb"]),
            "loopback",
        ),
        (
            json!(["https://rp.example/cb", "http://localhost/cb"]),
            "mixed",
        ),
    ] {
        let client = bench
            .server
            .register(&json!({ "redirect_uris": uris }))
            .created();
        let body = bench.look_up(&token, &client["client_id"], &[]).json();
        assert_eq!(body["frontdesk"]["redirects"], kind, "{uris}");
    }
    let machine = json!({ "grant_types": ["client_credentials"] });
    let machine = bench.server.register(&machine).created();
    let body = bench.look_up(&token, &machine["client_id"], &[]).json();
    assert_eq!(body["frontdesk"]["redirects"], "none");
}

/// Connections at the public address do not use up those of the lookup.
#[test]
fn public_connections_leave_the_lookup_its_own() {
    let setup = Setup::new().with("FRONTDESK_REGISTRATION", "open");
    let bench = Bench::start(setup.with("FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", "8"));
    let token = bench.token(&[]);
    let client = bench.server.client();
    let held: Vec<_> = (0..16)
        .filter_map(|_| std::net::TcpStream::connect(("127.0.0.1", bench.server.port)).ok())
        .collect();
    assert_eq!(
        bench.look_up(&token, &client["client_id"], &[]).status(),
        200
    );
    drop(held);
}

/// A public client has no secret, also not the empty one.
#[test]
fn absent_secret_authenticates_no_client() {
    let bench = ready();
    let token = bench.token(&["--secrets", "check"]);
    let client =
        json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" });
    let client = bench.server.register(&client).created();
    refused(
        &bench.authenticate(&token, &client["client_id"], ""),
        401,
        "invalid_client",
    );
}

/// A reported use is the client's last use of that day; unknown clients are ignored.
#[test]
fn reported_use_is_recorded() {
    let bench = ready();
    let (token, client) = (bench.token(&[]), bench.server.client());
    let report = |ids: Value| bench.use_clients(&token, &ids);
    assert_eq!(report(json!([client["client_id"], "never"])).status(), 204);
    refused(&report(json!(vec!["x"; 1001])), 400, "invalid_request");
    refused(&report(json!("x")), 400, "invalid_request");
}

/// A parameter that is missing, occurs twice or names a foreign issuer is 400.
#[test]
fn wrong_question_is_refused() {
    let bench = ready();
    let token = bench.token(&[]);
    for (query, sentence) in [
        ("client_id=x".to_owned(), "issuer is required."),
        (
            "issuer=https%3A%2F%2Fother.example&client_id=x".to_owned(),
            "issuer is not the issuer of a provider served here.",
        ),
        (
            format!("issuer={}", bench.server.issuer()),
            "client_id is required.",
        ),
        (
            format!("issuer={}&client_id=x&client_id=x", bench.server.issuer()),
            "client_id occurs twice.",
        ),
        (
            format!("issuer={}&client_id=x&purpose=token", bench.server.issuer()),
            "purpose must be authorize, or left out.",
        ),
    ] {
        let answer = bench
            .ask("GET", &format!("/clients?{query}"))
            .bearer(&token)
            .send();
        refused(&answer, 400, "invalid_request");
        assert_eq!(answer.json()["error_description"], sentence);
    }
    let answer = bench.ask("DELETE", "/clients").bearer(&token).send();
    assert_eq!(
        (answer.status(), answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
}

/// Answers may be kept where the operator says so, never beyond the end of the secret.
#[test]
fn max_age_ends_with_the_secret() {
    let bench = Bench::start(
        Setup::new()
            .with("FRONTDESK_REGISTRATION", "open")
            .with("FRONTDESK_LOOKUP_MAX_AGE", "5m")
            .with("FRONTDESK_CLIENT_SECRET_LIFETIME", "2m"),
    );
    let (token, client) = (bench.token(&[]), bench.server.client());
    let answer = bench.look_up(&token, &client["client_id"], &[]);
    let control = answer.header("cache-control").unwrap().to_owned();
    let seconds: u64 = control
        .strip_prefix("private, max-age=")
        .unwrap()
        .parse()
        .unwrap();
    assert!((60..=120).contains(&seconds), "{control}");
}

/// A lookup that would send secrets in clear beyond loopback is refused, unless the operator allows it.
#[test]
fn clear_text_beyond_loopback_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let setup = || {
        Setup::new()
            .with("FRONTDESK_TLS", "off")
            .with("FRONTDESK_LOOKUP_LISTEN", "0.0.0.0:0")
    };
    let sentence = setup().refused(folder.path(), &["serve"]);
    assert!(
        sentence.contains("lookup_listen (FRONTDESK_LOOKUP_LISTEN) would send secrets in clear: with tls.mode (FRONTDESK_TLS) off it must be a loopback address, or lookup.plain_http (FRONTDESK_LOOKUP_PLAIN_HTTP) must be true"),
        "{sentence}"
    );
    let bench = setup().with("FRONTDESK_LOOKUP_PLAIN_HTTP", "true").start();
    assert_eq!(bench.get("/.well-known/openid-configuration").status(), 200);
}
