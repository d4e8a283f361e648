//! WebFinger over HTTP: every spelling of an identifier, what an operator has said of accounts and pages, and the documents
//! of a host that lead here. RFC 7033, OIDC Discovery §2, RFC 6415.

mod support;

use serde_json::{Value, json};
use support::{Answer, Setup, TestServer};
use tempfile::TempDir;

const ISSUER_REL: &str = "http://openid.net/specs/connect/1.0/issuer";

/// A section of a provider whose authorization server is elsewhere; `more` comes after everything else.
fn provider(issuer: &str, domains: &str, more: &str) -> String {
    format!(
        "[[provider]]\nissuer = \"{issuer}\"\ndomains = {domains}\n[provider.metadata]\n\
         authorization_endpoint = \"https://as.example/authorize\"\ntoken_endpoint = \"https://as.example/token\"\n{more}\n"
    )
}

fn serving(file: &str) -> TestServer {
    Setup::new().file(file).start()
}

fn ask(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/.well-known/webfinger?resource={query}"))
}

/// OIDC Discovery §2.1, RFC 3986 §6.2.2, RFC 5890 §2.3.2.1, RFC 7565 §7: one account or page has many spellings.
#[test]
fn every_spelling_leads_to_the_issuer() {
    let domains = r#"["example.com", "bücher.example", "ports.example:8443", "[2001:db8::1]", "192.0.2.1:9443", "xn--fa-hia.example"]"#;
    let server = serving(&provider("https://login.example.com", domains, ""));
    for (query, subject) in [
        ("acct:alice@example.com", "acct:alice@example.com"),
        // Percent-encoding: of the whole, of parts, of what needs none, with either case of digits; once and no more.
        ("acct%3Aalice%40example.com", "acct:alice@example.com"),
        (
            "%61%63%63%74:%61lice@exampl%65.com",
            "acct:alice@example.com",
        ),
        ("acct:b%c3%bcrger@example.com", "acct:bürger@example.com"),
        (
            "acct:b%25C3%25BCrger@example.com",
            "acct:b%C3%BCrger@example.com",
        ),
        ("acct:a+b@example.com", "acct:a+b@example.com"),
        ("acct:a%2Bb@example.com", "acct:a+b@example.com"),
        (
            "acct:juliet%2540capulet.example@example.com",
            "acct:juliet%40capulet.example@example.com",
        ),
        (
            "https%3A%2F%2Fexample.com%2Falice%3Fa%3Db%26c",
            "https://example.com/alice?a=b&c",
        ),
        ("acct:alice@ex%2561mple.com", "acct:alice@ex%61mple.com"),
        // Upper-case schemes and hosts.
        ("ACCT:Alice@EXAMPLE.Com", "ACCT:Alice@EXAMPLE.Com"),
        ("HTTPS://Login.Example.COM/", "HTTPS://Login.Example.COM/"),
        ("Https://EXAMPLE.com:443/A", "Https://EXAMPLE.com:443/A"),
        // U-labels, A-labels, and both in any case.
        ("acct:a@b%C3%BCcher.example", "acct:a@bücher.example"),
        ("acct:a@B%C3%9CCHER.Example", "acct:a@BÜCHER.Example"),
        (
            "acct:a@xn--bcher-kva.example",
            "acct:a@xn--bcher-kva.example",
        ),
        (
            "https://XN--BCHER-KVA.example/",
            "https://XN--BCHER-KVA.example/",
        ),
        ("a@bu%CC%88cher.example", "acct:a@bu\u{308}cher.example"),
        ("acct:a@fa%C3%9F.example", "acct:a@faß.example"),
        (
            "acct:a@b%C3%BCcher%E3%80%82example",
            "acct:a@bücher。example",
        ),
        // Ports: a domain without one has all of them.
        ("acct:alice@example.com:8443", "acct:alice@example.com:8443"),
        ("example.com:9443", "https://example.com:9443/"),
        (
            "acct:alice@ports.example:8443",
            "acct:alice@ports.example:8443",
        ),
        (
            "https://ports.example:8443/alice",
            "https://ports.example:8443/alice",
        ),
        (
            "acct:alice@login.example.com:443",
            "acct:alice@login.example.com:443",
        ),
        // The dot of an absolute name.
        ("acct:alice@example.com.", "acct:alice@example.com."),
        ("https://example.com./", "https://example.com./"),
        (
            "acct:alice@EXAMPLE.com.:8443",
            "acct:alice@EXAMPLE.com.:8443",
        ),
        ("acct:a@b%C3%BCcher.example.", "acct:a@bücher.example."),
        // Addresses.
        ("acct:alice@[2001:db8::1]", "acct:alice@[2001:db8::1]"),
        (
            "acct:alice@[2001:DB8:0:0::1]:9443",
            "acct:alice@[2001:DB8:0:0::1]:9443",
        ),
        (
            "https://%5B2001:db8::0001%5D/alice",
            "https://[2001:db8::0001]/alice",
        ),
        ("[2001:db8::1]:9443", "https://[2001:db8::1]:9443/"),
        ("acct:alice@192.0.2.1:9443", "acct:alice@192.0.2.1:9443"),
        // Without a scheme.
        ("alice@example.com", "acct:alice@example.com"),
        ("example.com", "https://example.com/"),
        ("example.com/alice#me", "https://example.com/alice"),
    ] {
        let answer = ask(&server, query);
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (200, Some("application/jrd+json")),
            "{query}: {}",
            answer.text
        );
        let links = json!([{ "rel": ISSUER_REL, "href": "https://login.example.com" }]);
        assert_eq!(
            answer.json(),
            json!({ "subject": subject, "links": links }),
            "{query}"
        );
    }
}

/// RFC 7033 §4.2: a text that resembles a hosted resource is unknown, and a text that is not an
/// identifier is malformed.
#[test]
fn similar_resource_is_unknown() {
    let server = serving(&provider(
        "https://login.example.com",
        r#"["example.com", "ports.example:8443", "bücher.example"]"#,
        "",
    ));
    for query in [
        "acct:alice@ports.example",
        "acct:alice@ports.example:443",
        "https://ports.example/",
        "acct:alice@bucher.example",
        "acct:alice@sub.example.com",
        "acct:alice@example.com.evil.example",
        "acct:alice@example.com..",
        "https://example.com@evil.example/",
        "acct:example.com@evil.example",
        "mailto:alice@example.com",
        "urn:example:com",
    ] {
        let answer = ask(&server, query);
        assert_eq!(
            (answer.status(), &answer.json()["error"]),
            (404, &json!("not_found")),
            "{query}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{query}"
        );
    }
    for query in [
        "acct:alice@[2001:db8::1",
        "acct:alice@xn--a.example",
        "%ff",
        "acct:alice@exa%20mple.com",
        "",
    ] {
        let answer = ask(&server, query);
        assert_eq!(
            (answer.status(), &answer.json()["error"]),
            (400, &json!("invalid_request")),
            "{query}"
        );
    }
}

/// A resource has at most 2048 characters, as it is sent and as it is normalised.
#[test]
fn resource_is_limited_to_2048_chars() {
    let server = serving(&provider(
        "https://login.example.com",
        r#"["example.com"]"#,
        "",
    ));
    let padded =
        |begin: &str, length: usize| format!("{begin}{}", "a".repeat(length - begin.len()));
    for (query, status) in [
        (padded("https://example.com/", 2048), 200),
        (padded("https://example.com/", 2049), 400),
        (padded("example.com/", 2040), 200),
        (padded("example.com/", 2041), 400),
    ] {
        let answer = ask(&server, &query);
        assert_eq!(answer.status(), status, "{}", query.len());
        if status == 400 {
            assert_eq!(
                answer.json()["error_description"],
                "The resource is too long."
            );
        }
    }
}

const DESCRIBED: &str = r#"
[[provider.webfinger]]
[[provider.webfinger.link]]
rel = "http://webfinger.net/rel/avatar"
href = "https://example.com/avatar.png"
type = "image/png"

[[provider.webfinger]]
domain = "bücher.example"
aliases = ["https://xn--bcher-kva.example/"]

[[provider.webfinger]]
domain = "example.com"
aliases = ["https://example.com/@{user}", "https://example.com/"]
[[provider.webfinger.link]]
rel = "http://webfinger.net/rel/profile-page"
href = "https://example.com/@{user}"
type = "text/html"
titles = { en = "{user}'s page", und = "…" }
properties = { "https://example.com/ns/role" = "author" }
[[provider.webfinger.link]]
rel = "http://ostatus.org/schema/1.0/subscribe"
template = "https://example.com/follow?uri={uri}"
"#;

fn described() -> String {
    provider(
        "https://login.example.com",
        r#"["example.com", "bücher.example"]"#,
        DESCRIBED,
    )
}

fn issuer() -> Value {
    json!({ "rel": ISSUER_REL, "href": "https://login.example.com" })
}

fn avatar() -> Value {
    json!({ "rel": "http://webfinger.net/rel/avatar", "type": "image/png", "href": "https://example.com/avatar.png" })
}

fn page(user: &str) -> Value {
    json!({
        "rel": "http://webfinger.net/rel/profile-page",
        "type": "text/html",
        "href": format!("https://example.com/@{user}"),
        "titles": { "en": "{user}'s page", "und": "…" },
        "properties": { "https://example.com/ns/role": "author" },
    })
}

fn follow() -> Value {
    json!({ "rel": "http://ostatus.org/schema/1.0/subscribe", "template": "https://example.com/follow?uri={uri}" })
}

/// RFC 7033 §4.4: other names and links of a resource, by domain; the issuer's link is the first.
#[test]
fn descriptor_has_its_domains_links() {
    let server = serving(&described());
    for (query, user) in [
        ("acct:alice@example.com", "alice"),
        ("ACCT:alice@EXAMPLE.com.:8443", "alice"),
        ("alice@example.com", "alice"),
        ("acct:%2541lice@example.com", "Alice"),
        ("acct:b%C3%BCrger@example.com", "b%C3%BCrger"),
        ("acct:b%25c3%25bcrger@example.com", "b%C3%BCrger"),
        (
            "acct:juliet%2540capulet.example@example.com",
            "juliet%40capulet.example",
        ),
        ("acct:a%2B%27%28%29;b@example.com", "a%2B%27%28%29%3Bb"),
        ("acct:..%252F..%252Fadmin@example.com", "..%2F..%2Fadmin"),
    ] {
        let found = ask(&server, query).json();
        assert_eq!(
            found["aliases"],
            json!([
                format!("https://example.com/@{user}"),
                "https://example.com/"
            ]),
            "{query}"
        );
        assert_eq!(
            found["links"],
            json!([issuer(), avatar(), page(user), follow()]),
            "{query}"
        );
        assert_eq!(
            found.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["subject", "aliases", "links"],
            "{query}"
        );
    }
    // What needs a user's name is left out of a page's descriptor.
    for query in [
        "https://example.com/@alice",
        "https://alice@example.com/",
        "example.com",
    ] {
        let found = ask(&server, query).json();
        assert_eq!(found["aliases"], json!(["https://example.com/"]), "{query}");
        assert_eq!(
            found["links"],
            json!([issuer(), avatar(), follow()]),
            "{query}"
        );
    }
    let other = ask(&server, "acct:alice@xn--bcher-kva.example").json();
    assert_eq!(
        (&other["aliases"], &other["links"]),
        (
            &json!(["https://xn--bcher-kva.example/"]),
            &json!([issuer(), avatar()])
        )
    );
    let own = ask(&server, "acct:alice@login.example.com");
    assert_eq!(
        own.json(),
        json!({ "subject": "acct:alice@login.example.com", "links": [issuer(), avatar()] })
    );
}

/// RFC 7033 §4.3: relations choose among links and leave the rest alone.
#[test]
fn relations_choose_among_configured_links() {
    let server = serving(&described());
    let subscribe = "http://ostatus.org/schema/1.0/subscribe";
    for (rels, links) in [
        (format!("&rel={ISSUER_REL}"), json!([issuer()])),
        (
            format!("&rel={subscribe}&rel={ISSUER_REL}"),
            json!([issuer(), follow()]),
        ),
        (
            "&rel=http://webfinger.net/rel/profile-page".to_owned(),
            json!([page("alice")]),
        ),
        ("&rel=author".to_owned(), json!([])),
        (
            "&rel=".to_owned(),
            json!([issuer(), avatar(), page("alice"), follow()]),
        ),
    ] {
        let found = ask(&server, &format!("acct:alice@example.com{rels}")).json();
        assert_eq!(found["links"], links, "{rels}");
        assert_eq!(
            found["aliases"],
            json!(["https://example.com/@alice", "https://example.com/"]),
            "{rels}"
        );
    }
}

/// RFC 7565 §4: a tenant's user is named without the tenant, and each provider has its own links.
#[test]
fn each_provider_describes_its_own_accounts() {
    let alias =
        |host: &str| format!("[[provider.webfinger]]\naliases = [\"https://{host}/{{user}}\"]\n");
    let file = [
        provider("https://id.example", "[]", &alias("root.example")),
        provider(
            "https://id.example/t/acme",
            "[\"acme.example\"]",
            &alias("acme.example"),
        ),
        provider("https://id.example/t/plain", "[]", ""),
    ];
    let server = serving(&file.join("\n"));
    for (query, aliases) in [
        ("acct:bob@id.example", json!(["https://root.example/bob"])),
        (
            "acct:bob@acme@id.example",
            json!(["https://acme.example/bob"]),
        ),
        (
            "acct:b%2540b%2540acme@id.example",
            json!(["https://acme.example/b%40b"]),
        ),
        ("acct:bob@acme.example", json!(["https://acme.example/bob"])),
        ("acct:bob@plain@id.example", Value::Null),
        ("https://id.example/t/acme/bob", Value::Null),
    ] {
        assert_eq!(
            ask(&server, query)
                .json()
                .get("aliases")
                .cloned()
                .unwrap_or_default(),
            aliases,
            "{query}"
        );
    }
}

/// A start names the alias, link or domain that cannot be served.
#[test]
fn unservable_configuration_is_refused() {
    let link =
        |lines: &str| format!("[[provider.webfinger]]\n[[provider.webfinger.link]]\n{lines}\n");
    let template =
        "must be an absolute URI, which may contain {user} as a placeholder for the user's name.";
    for (more, sentence) in [
        (
            "[[provider.webfinger]]\ndomain = \"example.org\"".to_owned(),
            "provider.webfinger.domain: The domain `example.org` is not among those of `https://login.example.com`.".to_owned(),
        ),
        (
            "[[provider.webfinger]]\ndomain = \"example.com:443\"".to_owned(),
            "provider.webfinger.domain: The domain `example.com:443` is not among those of `https://login.example.com`.".to_owned(),
        ),
        (
            "[[provider.webfinger]]\ndomain = \"https://example.com\"".to_owned(),
            "provider.webfinger.domain: `https://example.com` among the domains must be a host, or a host and a port, such as `example.com` or \
             `example.com:8443`."
                .to_owned(),
        ),
        ("[[provider.webfinger]]\naliases = [\"/@{user}\"]".to_owned(), format!("provider.webfinger.aliases: `/@{{user}}` {template}")),
        (
            "[[provider.webfinger]]\naliases = [\"https://example.com/@{name}\"]".to_owned(),
            format!("provider.webfinger.aliases: `https://example.com/@{{name}}` {template}"),
        ),
        (link("rel = \"avatar\"\nhref = \"avatar.png\""), format!("provider.webfinger.link: `avatar.png` {template}")),
        (
            link(&format!("rel = \"{ISSUER_REL}\"\nhref = \"https://other.example\"")),
            format!("provider.webfinger.link: The link `{ISSUER_REL}` has the relation of the issuer, which cannot be configured."),
        ),
        (
            link("rel = \"avatar\""),
            "provider.webfinger.link: The link `avatar` must have either an href or a template.".to_owned(),
        ),
        (
            link("rel = \"avatar\"\nhref = \"https://example.com/a\"\ntype = \"png\""),
            "provider.webfinger.link: The link `avatar` must have a media type such as `text/html`.".to_owned(),
        ),
        (
            link("rel = \"avatar\"\nhref = \"https://example.com/a\"\ntitles = { de_CH = \"Bild\" }"),
            "provider.webfinger.link: The link `avatar` must have its titles under language tags or `und`.".to_owned(),
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let setup = Setup::new().file(&provider("https://login.example.com", "[\"example.com:8443\"]", &more));
        assert_eq!(setup.refused(folder.path(), &["serve"]), sentence);
        assert_eq!(setup.refused(folder.path(), &["check"]), sentence);
    }
}

/// RFC 6415 §2, §3, §4.2: the host's metadata leads to WebFinger, in XML and in JSON.
#[test]
fn host_meta_leads_to_webfinger() {
    let server = serving(&provider(
        "https://login.example.com:8443/idp",
        "[\"example.com\"]",
        "",
    ));
    let xml = server.get("/.well-known/host-meta");
    assert_eq!(
        (xml.status(), xml.header("content-type")),
        (200, Some("application/xrd+xml"))
    );
    assert_eq!(
        xml.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" type="application/jrd+json" template="https://login.example.com:8443/.well-known/webfinger?resource={uri}"/>
</XRD>
"#
    );
    let json = server.get("/.well-known/host-meta.json");
    assert_eq!(
        (json.status(), json.header("content-type")),
        (200, Some("application/json"))
    );
    let template = "https://login.example.com:8443/.well-known/webfinger?resource={uri}";
    assert_eq!(
        json.json(),
        json!({ "links": [{ "rel": "lrdd", "type": "application/jrd+json", "template": template }] })
    );
    // RFC 6415 §4.2: the template is filled in with the resource, percent-encoded.
    let filled = template
        .replace("https://login.example.com:8443", "")
        .replace("{uri}", "acct%3Aalice%40example.com");
    assert_eq!(
        server.get(&filled).json()["links"][0]["href"],
        "https://login.example.com:8443/idp"
    );
}

/// RFC 9110 §9.3.2, §13.1.2, §15.5.6; RFC 7033 §5: the host metadata is read like every other
/// document.
#[test]
fn host_meta_is_read_by_get_and_head() {
    let server = serving(&provider("https://login.example.com", "[]", ""));
    for path in ["/.well-known/host-meta", "/.well-known/host-meta.json"] {
        let get = server.get(path);
        let tag = get.header("etag").unwrap().to_owned();
        assert_eq!(get.header("cache-control"), Some("public, max-age=3600"));
        let head = server.request("HEAD", path).send();
        assert_eq!((head.status(), head.text.as_str()), (200, ""));
        for header in [
            "content-type",
            "etag",
            "cache-control",
            "access-control-allow-origin",
            "x-content-type-options",
        ] {
            assert!(
                get.header(header).is_some() && get.header(header) == head.header(header),
                "{path} {header}"
            );
        }
        assert_eq!(
            head.header("content-length"),
            Some(get.text.len().to_string().as_str())
        );
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            let answer = server
                .request("GET", path)
                .header("If-None-Match", &known)
                .send();
            assert_eq!(
                (answer.status(), answer.text.as_str()),
                (304, ""),
                "{path} {known}"
            );
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
        }
        assert_eq!(
            server
                .request("GET", path)
                .header("If-None-Match", "\"other\"")
                .send()
                .text,
            get.text
        );
        let preflight = server
            .request("OPTIONS", path)
            .header("Access-Control-Request-Method", "GET")
            .send();
        assert_eq!(
            (
                preflight.status(),
                preflight.header("access-control-allow-origin")
            ),
            (204, Some("*"))
        );
        let post = server.request("POST", path).send();
        assert_eq!(
            (
                post.status(),
                post.header("allow"),
                post.header("access-control-allow-origin")
            ),
            (405, Some("GET, HEAD, OPTIONS"), Some("*"))
        );
        assert_eq!(get.header("access-control-allow-origin"), Some("*"));
    }
}

/// RFC 7239 §8.1: no byte of the host metadata depends on the host of the request, and it is the
/// same on every host.
#[test]
fn host_meta_ignores_the_host() {
    let server = serving(
        &[
            provider("https://one.example", "[]", ""),
            provider("https://two.example", "[]", ""),
        ]
        .join("\n"),
    );
    for path in ["/.well-known/host-meta", "/.well-known/host-meta.json"] {
        let first = server.get(path);
        assert!(
            first
                .text
                .contains("https://one.example/.well-known/webfinger?resource={uri}"),
            "{}",
            first.text
        );
        for host in ["one.example", "two.example", "evil.example", ""] {
            let answer = server
                .request("GET", path)
                .header("Host", host)
                .header("X-Forwarded-Host", "evil.example")
                .send();
            assert_eq!(
                (answer.status(), &answer.text),
                (200, &first.text),
                "{host}"
            );
        }
    }
}
