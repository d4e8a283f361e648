//! Providers on several hosts.

use serde_json::json;

use crate::support::TestServer;
use crate::{at, id, plain, refuses_as_unknown, serving, token};

const ONE: &str = "https://one.example";
const TWO: &str = "https://two.example:8443/idp";
const THREE: &str = "https://[2001:db8::1]";
const TENANT: &str = "https://one.example/t/acme";

fn hosts() -> TestServer {
    serving(&[
        (ONE, ""),
        (TWO, "domains = [\"example.org\"]"),
        (THREE, ""),
        (TENANT, ""),
    ])
}

/// RFC 9110 §7.2: `Host` chooses, however it is written, and its port does not matter.
#[test]
fn host_header_selects_the_provider() {
    let server = hosts();
    for (host, path, issuer) in [
        ("one.example", "/.well-known/openid-configuration", ONE),
        (
            "One.Example:9999",
            "/.well-known/oauth-authorization-server",
            ONE,
        ),
        (
            "one.example.",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
            ONE,
        ),
        (
            "one.example",
            "/t/acme/.well-known/openid-configuration",
            TENANT,
        ),
        (
            "one.example",
            "/.well-known/oauth-authorization-server/t/acme",
            TENANT,
        ),
        (
            "two.example:8443",
            "/idp/.well-known/openid-configuration",
            TWO,
        ),
        ("TWO.example", "/.well-known/openid-configuration/idp", TWO),
        (
            "two.example",
            "/oauth2/oidcdiscovery/.well-known/openid-configuration",
            TWO,
        ),
        ("[2001:db8::1]", "/.well-known/openid-configuration", THREE),
        (
            "[2001:DB8::1]:443",
            "/.well-known/openid-configuration",
            THREE,
        ),
    ] {
        let answer = at(&server, host, "GET", path).send();
        assert_eq!(
            (answer.status(), &answer.json()["issuer"]),
            (200, &json!(issuer)),
            "{host} {path}"
        );
        // RFC 9112 §3.2.2: a target with a host of its own makes `Host` irrelevant.
        let absolute = server.raw(&format!(
            "GET http://{host}{path} HTTP/1.1\r\nHost: three.example\r\nConnection: close\r\n\r\n"
        ));
        assert!(absolute.ends_with(&answer.text), "{absolute}");
    }
    let keys = |host| at(&server, host, "GET", "/oauth2/jwks").send().text;
    assert!(
        keys("one.example") != keys("two.example") && keys("two.example") != keys("[2001:db8::1]")
    );
}

/// RFC 9110 §15.5.20: a request for a host that is not served is answered 421, for every address.
#[test]
fn unserved_host_gets_421() {
    let server = hosts();
    for host in [
        "evil.example",
        "example.org",
        "sub.one.example",
        "one.example.evil.example",
        "localhost",
        "127.0.0.1",
        "[2001:db8::2]",
        "",
    ] {
        for (method, path) in [
            ("GET", "/.well-known/openid-configuration"),
            ("GET", "/idp/jwks"),
            ("POST", "/register"),
            ("POST", "/identity/register"),
            ("OPTIONS", "/nowhere"),
        ] {
            let answer = at(&server, host, method, path)
                .header("X-Forwarded-Host", "one.example")
                .send();
            assert_eq!(
                answer.expect(421),
                json!({ "error": "misdirected_request", "error_description": "This deployment does not serve that host." }),
                "{host} {path}"
            );
        }
    }
    for (host, path) in [
        ("one.example", "/idp/jwks"),
        ("two.example", "/jwks"),
        ("two.example", "/.well-known/openid-configuration"),
        ("two.example", "/t/acme/jwks"),
    ] {
        at(&server, host, "GET", path)
            .send()
            .refused(404, "not_found");
    }
}

/// RFC 7033 §4: the query names the resource, so WebFinger answers alike on every host.
#[test]
fn webfinger_depends_only_on_resource() {
    let server = hosts();
    for (resource, issuer) in [
        ("acct:alice@one.example", ONE),
        ("acct:alice@acme@one.example", TENANT),
        ("acct:alice@two.example:8443", TWO),
        ("acct:alice@example.org", TWO),
        ("https://two.example:8443/idp/alice", TWO),
        ("acct:alice@[2001:db8::1]", THREE),
    ] {
        for host in ["one.example", "two.example", "example.org", "evil.example"] {
            let answer = at(
                &server,
                host,
                "GET",
                &format!("/.well-known/webfinger?resource={resource}"),
            )
            .send();
            assert_eq!(
                answer.json()["links"][0]["href"],
                issuer,
                "{host} {resource}"
            );
        }
    }
    let unknown = at(
        &server,
        "evil.example",
        "GET",
        "/.well-known/webfinger?resource=acct:alice@evil.example",
    )
    .send();
    assert_eq!(unknown.status(), 404);
}

/// RFC 7592 §2: the same path at another host is another provider.
#[test]
fn client_is_unknown_at_other_hosts() {
    let server = hosts();
    let client = at(&server, "one.example", "POST", "/register")
        .admin()
        .json(&plain("Shop"))
        .send()
        .created();
    assert_eq!(
        client["registration_client_uri"],
        format!("{ONE}/register/{}", id(&client))
    );
    let manage = |host, path: &str, method| {
        at(&server, host, method, &format!("{path}/{}", id(&client)))
            .bearer(token(&client))
            .send()
    };
    for (host, path) in [
        ("[2001:db8::1]", "/register"),
        ("two.example", "/idp/register"),
        ("one.example", "/t/acme/register"),
    ] {
        refuses_as_unknown(&manage(host, path, "GET"));
        refuses_as_unknown(&manage(host, path, "DELETE"));
    }
    for (host, door) in [
        ("two.example", "/identity/register"),
        ("two.example", "/idp/identity/register"),
        ("[2001:db8::1]", "/identity/register"),
    ] {
        let query = format!("{door}/{}?userId=admin&applicationName=Shop", id(&client));
        at(&server, host, "DELETE", &query)
            .admin()
            .send()
            .refused(403, "access_denied");
    }
    assert_eq!(manage("one.example", "/register", "GET").ok(), client);
    let query = format!(
        "/identity/register/{}?userId=admin&applicationName=Shop",
        id(&client)
    );
    at(&server, "one.example", "DELETE", &query)
        .admin()
        .send()
        .deleted();
}

/// RFC 8414 §3.1, OIDC Discovery §4: two paths of one host and another host each answer for exactly their issuer, with
/// the well-known segment before and after the path, and each host's domains lead to its own.
#[test]
fn each_path_and_host_has_its_issuer() {
    let providers = [
        ("https://a.test/one", "one.test"),
        ("https://a.test/two", "two.test"),
        ("https://b.test", "three.test"),
    ];
    let domains = providers.map(|(_, domain)| format!("domains = [\"{domain}\"]"));
    let configured: Vec<(&str, &str)> = providers
        .iter()
        .zip(&domains)
        .map(|((issuer, _), domain)| (*issuer, domain.as_str()))
        .collect();
    let server = serving(&configured);
    for (issuer, domain) in providers {
        let (host, path) = (host_of(issuer), path_of(issuer));
        for name in ["openid-configuration", "oauth-authorization-server"] {
            for form in [
                format!("{path}/.well-known/{name}"),
                format!("/.well-known/{name}{path}"),
            ] {
                let document = at(&server, host, "GET", &form).send().json();
                assert_eq!(document["issuer"], issuer, "{form}");
                assert_eq!(
                    document["registration_endpoint"],
                    format!("{issuer}/register")
                );
            }
        }
        let found = at(
            &server,
            host,
            "GET",
            &format!("/.well-known/webfinger?resource=acct:alice@{domain}"),
        )
        .send()
        .json();
        assert_eq!(found["links"][0]["href"], issuer);
        let client = at(&server, host, "POST", &format!("{path}/register"))
            .admin()
            .json(&plain("Shop"))
            .send()
            .created();
        for (other, _) in providers.iter().filter(|(other, _)| *other != issuer) {
            let foreign = format!("{}/register/{}", path_of(other), id(&client));
            refuses_as_unknown(
                &at(&server, host_of(other), "GET", &foreign)
                    .bearer(token(&client))
                    .send(),
            );
        }
    }
    at(
        &server,
        "a.test",
        "GET",
        "/.well-known/openid-configuration",
    )
    .send()
    .refused(404, "not_found");
    at(
        &server,
        "b.test",
        "GET",
        "/.well-known/openid-configuration/one",
    )
    .send()
    .refused(404, "not_found");
}

fn host_of(issuer: &str) -> &str {
    issuer.split('/').nth(2).unwrap_or_default()
}

fn path_of(issuer: &str) -> String {
    issuer
        .split('/')
        .nth(3)
        .map_or_else(String::new, |path| format!("/{path}"))
}
