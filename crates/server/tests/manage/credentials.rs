//! The credentials for the management of a client, the answer without them, and the methods.

use serde_json::{Value, json};

use super::support::{Answer, PASSWORD, Setup, TestServer, until};

const BEARER: &str = r#"Bearer realm="client registration""#;
const WRONG: &str = r#"Bearer realm="client registration", error="invalid_token""#;

/// Refused as one without a token would be: the scheme there is, and no error in the challenge.
#[track_caller]
fn asks_for_a_token(answer: &Answer) {
    answer.refused(401, "invalid_token");
    assert_eq!(answer.headers("www-authenticate"), [BEARER]);
}

/// Refused as a wrong token is.
#[track_caller]
fn says_wrong(answer: &Answer) -> String {
    assert_eq!(answer.headers("www-authenticate"), [WRONG]);
    answer.refused(401, "invalid_token")
}

/// RFC 7592 §2, RFC 6750 §3: without a token, or with credentials that are no token, the answer names the one scheme there is.
#[test]
fn management_needs_the_registration_access_token() {
    let server = TestServer::start();
    let client = server.client();
    let path = format!("/register/{}", client["client_id"].as_str().unwrap());
    let token = client["registration_access_token"].as_str().unwrap();
    let update =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/other"] });
    for method in ["GET", "PUT", "DELETE"] {
        let ask = || server.request(method, &path).json(&update);
        asks_for_a_token(&ask().send());
        asks_for_a_token(&ask().admin().send());
        asks_for_a_token(
            &ask()
                .basic(
                    client["client_id"].as_str().unwrap(),
                    client["client_secret"].as_str().unwrap(),
                )
                .send(),
        );
        asks_for_a_token(&ask().header("Authorization", "Basic !!!").send());
        asks_for_a_token(&ask().header("Authorization", "Digest x").send());
        asks_for_a_token(&ask().header("Authorization", token).send());
        asks_for_a_token(&ask().bearer(token).bearer(token).send());
        asks_for_a_token(
            &server
                .request(method, &format!("{path}?access_token={token}"))
                .json(&update)
                .send(),
        );
        for wrong in [
            "",
            " ",
            "x",
            PASSWORD,
            token.split_at(46).0,
            &format!("{token}x"),
            &format!("{token} x"),
            &token.to_uppercase(),
        ] {
            says_wrong(&ask().bearer(wrong).send());
        }
        says_wrong(
            &ask()
                .bearer(client["client_secret"].as_str().unwrap())
                .send(),
        );
        says_wrong(&ask().bearer(server.ran(&["token", "issue"]).trim()).send());
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}

/// RFC 7592 §2.1, OIDC Registration §4.4: another client's token, an unknown client, a deleted client and anything else below the
/// endpoint look the same, and none of them is 404.
#[test]
fn foreign_client_looks_unknown() {
    let server = TestServer::start();
    let (one, other, gone) = (server.client(), server.client(), server.client());
    server.manage("DELETE", &gone).send().deleted();
    let mut told = Vec::new();
    let id = |client: &Value| client["client_id"].as_str().unwrap().to_owned();
    for method in ["GET", "PUT", "DELETE"] {
        for path in [
            id(&other),
            id(&gone),
            "unknown".to_owned(),
            "0".repeat(34),
            "/".to_owned(),
            "%00".to_owned(),
            "%ff".to_owned(),
            "%2e%2e".to_owned(),
            "a/b/c".to_owned(),
            "'%20OR%201=1--".to_owned(),
            format!("{}//", id(&one)),
            format!("{}%00", id(&one)),
            format!("{}/secret", id(&one)),
            format!("/{}", id(&one)),
            id(&one).to_uppercase(),
            "x".repeat(4000),
        ] {
            let path = format!("/register/{path}");
            let ask = || {
                server.request(method, &path).json(
                    &json!({ "client_id": id(&one), "redirect_uris": ["https://rp.example/"] }),
                )
            };
            told.push(says_wrong(
                &ask()
                    .bearer(one["registration_access_token"].as_str().unwrap())
                    .send(),
            ));
            asks_for_a_token(&ask().send());
        }
        told.push(says_wrong(
            &server.manage(method, &gone).json(&json!({})).send(),
        ));
    }
    told.dedup();
    assert_eq!(
        told,
        ["The credentials are wrong, expired or revoked, or the client does not exist."]
    );
    for client in [one, other] {
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
}

/// RFC 7592 §2.1, §3: a client may read its registration any number of times; reading changes
/// nothing and repeats the token.
#[test]
fn client_reads_its_registration() {
    let server = TestServer::start();
    let client = server
        .register(&json!({ "redirect_uris": ["https://rp.example/cb"], "client_name#ja": "名", "contacts": ["ops@rp.example"] }))
        .created();
    for _ in 0..3 {
        assert_eq!(server.manage("GET", &client).send().ok(), client);
    }
    let with_odd_headers = server
        .manage("GET", &client)
        .header("Accept", "text/html")
        .header("Content-Type", "text/plain")
        .send();
    assert_eq!(with_odd_headers.ok(), client);
    let lower = server.request(
        "GET",
        &format!("/register/{}", client["client_id"].as_str().unwrap()),
    );
    let lower = lower.header(
        "authorization",
        &format!(
            "bearer  {} ",
            client["registration_access_token"].as_str().unwrap()
        ),
    );
    assert_eq!(lower.send().ok(), client);
    let head = server.manage("HEAD", &client).send();
    let get = server.manage("GET", &client).send();
    assert_eq!((head.status(), head.text.as_str()), (200, ""));
    for name in [
        "content-type",
        "content-length",
        "cache-control",
        "pragma",
        "x-content-type-options",
    ] {
        assert_eq!(head.header(name), get.header(name), "{name}");
        assert!(head.header(name).is_some(), "{name}");
    }
}

/// RFC 7592 §2.3: a client is deleted once; after that its token is invalid and its identifier
/// unknown.
#[test]
fn deleted_client_is_unknown() {
    let server = TestServer::start();
    let (client, other) = (server.client(), server.client());
    let answer = server.manage("DELETE", &client).send();
    answer.deleted();
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    for method in ["DELETE", "GET", "PUT"] {
        let answer = server
            .manage(method, &client)
            .json(&json!({ "client_id": client["client_id"] }))
            .send();
        says_wrong(&answer);
        assert!(answer.json().get("client_id").is_none());
    }
    assert_eq!(server.clients().len(), 1);
    assert_eq!(server.manage("GET", &other).send().ok(), other);
}

/// RFC 9110 §15.5.6, §9.3.7, Fetch §3.2: three methods, and pages of any origin may use them.
#[test]
fn management_has_three_methods() {
    let server = TestServer::start();
    let client = server.client();
    for method in ["POST", "PATCH", "TRACE", "PROPFIND"] {
        let answer = server.manage(method, &client).json(&json!({})).send();
        answer.refused(405, "invalid_request");
        assert_eq!(
            answer.header("allow"),
            Some("GET, HEAD, PUT, DELETE, OPTIONS"),
            "{method}"
        );
    }
    let page = |method: &str| {
        server
            .manage(method, &client)
            .header("Origin", "https://page.example")
    };
    let preflight = server
        .request(
            "OPTIONS",
            &format!("/register/{}", client["client_id"].as_str().unwrap()),
        )
        .header("Origin", "https://page.example")
        .header("Access-Control-Request-Method", "DELETE")
        .send();
    assert_eq!((preflight.status(), preflight.text.as_str()), (204, ""));
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("GET, HEAD, PUT, DELETE, OPTIONS")
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("Authorization, Content-Type, MCP-Protocol-Version")
    );
    let answers = [
        preflight,
        page("GET").send(),
        page("PUT").json(&json!({})).send(),
        page("GET").bearer("x").send(),
        page("PATCH").send(),
        page("DELETE").send(),
        page("GET").send(),
    ];
    assert_eq!(
        answers.each_ref().map(Answer::status),
        [204, 200, 400, 401, 405, 204, 401]
    );
    for answer in &answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("ETag, Retry-After, WWW-Authenticate, X-Request-Id")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

/// RFC 7592 §5, RFC 6819 §5.1.6: every change is logged, at every level, without the secrets that
/// would let a reader repeat it.
#[test]
fn changes_are_logged_without_secrets() {
    let server = Setup::new().with("FRONTDESK_LOG", "trace").start();
    let initial = server.ran(&["token", "issue"]);
    let metadata =
        json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "Logged\nforged" });
    server
        .request("POST", "/register")
        .bearer(initial.trim())
        .json(&metadata)
        .send()
        .refused(400, "invalid_client_metadata");
    let client = server
        .request("POST", "/register")
        .bearer(initial.trim())
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send()
        .created();
    server.client();
    let body = json!({ "client_id": client["client_id"], "client_secret": client["client_secret"], "redirect_uris": ["https://rp.example/other"] });
    server.manage("PUT", &client).json(&body).send().ok();
    server
        .request("GET", "/register/unknown")
        .bearer("rat_wrong")
        .send()
        .refused(401, "invalid_token");
    server.manage("DELETE", &client).send().deleted();
    let id = client["client_id"].as_str().unwrap();
    until("a deletion is logged", || {
        server.log().contains("client deleted")
    });
    let log = server.log();
    for message in ["client registered", "client updated", "client deleted"] {
        assert!(
            log.lines()
                .any(|line| line.contains(message) && line.contains(id)),
            "{message}: {log}"
        );
    }
    for secret in [
        PASSWORD,
        initial.trim(),
        client["client_secret"].as_str().unwrap(),
        client["registration_access_token"].as_str().unwrap(),
    ] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(!log.contains("YWRtaW46"), "{log}");
}
