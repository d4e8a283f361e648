//! WebFinger at the real binary.

use serde_json::json;

use crate::support::{Answer, Setup, TestServer};
use crate::{provider, stops};

const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

fn ask(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/.well-known/webfinger{query}"))
}

/// RFC 7033 §4: the path is the well-known one, and nothing else is WebFinger.
#[test]
fn only_the_well_known_path_is_webfinger() {
    let server = TestServer::start();
    assert_eq!(ask(&server, "?resource=acct:a@localhost").status(), 200);
    for path in [
        "/webfinger",
        "/.well-known/webfinger//",
        "/.well-known/WebFinger",
        "/oauth2/.well-known/webfinger",
    ] {
        server
            .get(&format!("{path}?resource=acct:a@localhost"))
            .refused(404, "not_found");
    }
}

/// RFC 7033 §4.1: one `resource` and any number of `rel`, in any order, percent-encoded as a query is.
#[test]
fn a_query_is_percent_encoded_and_in_any_order() {
    let server = TestServer::start();
    let expected = json!({ "subject": "acct:a+b@localhost", "links": [{ "rel": ISSUER, "href": server.issuer() }] });
    for query in [
        "?resource=acct%3Aa%2Bb%40localhost",
        "?resource=acct:a+b@localhost&rel=http://openid.net/specs/connect/1.0/issuer",
        "?rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer&resource=acct%3Aa%2Bb%40localhost",
        "?rel=self&resource=acct:a%2bb@localhost&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer&rel=author",
        "?format=xml&%72esource=acct:a+b@localhost&",
    ] {
        let answer = ask(&server, query);
        assert_eq!(
            (answer.status(), answer.json()),
            (200, expected.clone()),
            "{query}"
        );
    }
    let delimiters = ask(
        &server,
        "?resource=https%3A%2F%2Flocalhost%2F%3Fa%3Db%26rel%3Dc%2520d",
    );
    assert_eq!(
        delimiters.json()["subject"],
        "https://localhost/?a=b&rel=c%20d"
    );
}

/// RFC 7033 §4.2: a request without a resource, or with an invalid resource, is a bad request; an
/// unknown resource is not found.
#[test]
fn malformed_is_400_and_unknown_is_404() {
    let server = TestServer::start();
    for (query, status, error, description) in [
        (
            "",
            400,
            "invalid_request",
            "The resource parameter is missing.",
        ),
        (
            "?rel=self",
            400,
            "invalid_request",
            "The resource parameter is missing.",
        ),
        (
            "?resource=",
            400,
            "invalid_request",
            "The resource parameter must not be blank.",
        ),
        (
            "?resource=acct:alice",
            400,
            "invalid_request",
            "The resource is an account without a host.",
        ),
        (
            "?resource=a@localhost&resource=b@localhost",
            400,
            "invalid_request",
            "The resource parameter must be given once.",
        ),
        (
            "?resource=%f",
            400,
            "invalid_request",
            "The query must be percent-encoded UTF-8.",
        ),
        (
            "?resource=acct:alice@evil.example",
            404,
            "not_found",
            "The resource is unknown.",
        ),
        (
            "?resource=https://evil.example/",
            404,
            "not_found",
            "The resource is unknown.",
        ),
        (
            "?resource=urn:isbn:0451450523",
            404,
            "not_found",
            "The resource is unknown.",
        ),
    ] {
        let answer = ask(&server, query);
        let expected = json!({ "error": error, "error_description": description });
        assert_eq!(
            (answer.status(), answer.json()),
            (status, expected),
            "{query}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{query}"
        );
    }
}

/// RFC 7033 §4.2: the descriptor is answered directly, without a redirect, for every preferred
/// representation.
#[test]
fn descriptor_ignores_accept() {
    let server = TestServer::start();
    let plain = ask(&server, "?resource=acct:alice@localhost");
    for accept in [
        "*/*",
        "application/jrd+json",
        "application/json",
        "application/xrd+xml",
        "text/html;q=0.9, image/*",
        "nonsense",
        "",
    ] {
        let answer = server
            .request(
                "GET",
                "/.well-known/webfinger?resource=acct:alice@localhost",
            )
            .header("Accept", accept)
            .send();
        assert_eq!(
            (answer.status(), answer.header("location")),
            (200, None),
            "{accept}"
        );
        assert_eq!(
            (answer.header("content-type"), &answer.text),
            (Some("application/jrd+json"), &plain.text),
            "{accept}"
        );
    }
}

/// RFC 7033 §4.3: `rel` chooses among the links, compared as plain text, and leaves the rest of the descriptor alone.
#[test]
fn rel_chooses_links_and_nothing_else() {
    let server = TestServer::start();
    let issuer = json!([{ "rel": ISSUER, "href": server.issuer() }]);
    for (rel, links) in [
        ("", issuer.clone()),
        (
            "&rel=http://openid.net/specs/connect/1.0/issuer",
            issuer.clone(),
        ),
        (
            "&rel=author&rel=http://openid.net/specs/connect/1.0/issuer",
            issuer,
        ),
        ("&rel=author", json!([])),
        ("&rel=HTTP://openid.net/specs/connect/1.0/issuer", json!([])),
        (
            "&rel=http://openid.net/specs/connect/1.0/issuer/",
            json!([]),
        ),
        (
            "&rel=https://openid.net/specs/connect/1.0/issuer",
            json!([]),
        ),
    ] {
        let answer = ask(&server, &format!("?resource=acct:alice@localhost{rel}"));
        assert_eq!(
            (answer.status(), answer.json()),
            (
                200,
                json!({ "subject": "acct:alice@localhost", "links": links })
            ),
            "{rel}"
        );
    }
}

/// RFC 7033 §4.4, §4.4.1, §4.4.4, §4.4.4.1, §4.4.4.3, OIDC Discovery §2: one JSON object with its subject, and in each link one
/// relation and its target, which for a provider is the issuer.
#[test]
fn descriptor_has_subject_and_links() {
    let server = TestServer::start();
    for resource in ["acct:alice@localhost", "https://localhost/alice"] {
        let answer = ask(&server, &format!("?resource={resource}"));
        assert_eq!(
            answer.text,
            format!(
                r#"{{"subject":"{resource}","links":[{{"rel":"{ISSUER}","href":"{}"}}]}}"#,
                server.issuer()
            )
        );
    }
}

/// RFC 7033 §5, OIDC Discovery §2: pages of every origin may read public answers, including
/// refusals.
#[test]
fn every_answer_allows_any_origin() {
    let server = TestServer::start();
    for (method, query, status) in [
        ("GET", "?resource=acct:alice@localhost", 200),
        ("HEAD", "?resource=acct:alice@localhost", 200),
        ("GET", "", 400),
        ("GET", "?resource=acct:alice@evil.example", 404),
        ("POST", "?resource=acct:alice@localhost", 405),
        ("OPTIONS", "?resource=acct:alice@localhost", 204),
    ] {
        let ask = server
            .request(method, &format!("/.well-known/webfinger{query}"))
            .header("Origin", "https://page.example");
        let answer = ask.header("Access-Control-Request-Method", "GET").send();
        assert_eq!(answer.status(), status, "{method} {query}");
        assert_eq!(
            answer.headers("access-control-allow-origin"),
            ["*"],
            "{method} {query}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            None,
            "{method} {query}"
        );
    }
}

/// RFC 7033 §4.4.4.4: a configured link has one title in each language, however the tag is spelled.
#[test]
fn a_link_has_one_title_in_each_language() {
    let with = |titles: &str| {
        let link = "[[provider.webfinger]]\n[[provider.webfinger.link]]\nrel = \"author\"\nhref = \"https://login.example.com/about\"\n";
        provider(
            "https://login.example.com",
            &format!("{link}titles = {titles}"),
            "",
        )
    };
    let server = Setup::new()
        .file(&with(
            "{ en = \"About\", fr-CA = \"Au sujet\", und = \"?\" }",
        ))
        .start();
    let found = ask(&server, "?resource=acct:alice@login.example.com&rel=author").json();
    assert_eq!(
        found["links"][0]["titles"],
        json!({ "en": "About", "fr-CA": "Au sujet", "und": "?" })
    );
    assert!(stops(&with("{ en = \"About\", EN = \"About us\" }")).contains("title"));
}
