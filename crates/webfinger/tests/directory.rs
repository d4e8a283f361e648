//! The provider of each host, and the links of a resource.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use protocol::Issuer;
use webfinger::{Directory, ExtraLinks, HostedProvider, Link, LinkTarget, Resource};

fn hosted(issuer: &str, domains: &[&str]) -> HostedProvider {
    let domains = domains
        .iter()
        .map(|domain| domain.parse().unwrap())
        .collect();
    HostedProvider {
        issuer: Issuer::parse(issuer).unwrap(),
        domains,
        extras: Vec::new(),
    }
}

/// Each resource with the issuer it leads to, or nothing.
fn leads(providers: &[(&str, &[&str])], cases: &[(&str, Option<&str>)]) {
    let directory = Directory::new(
        providers
            .iter()
            .map(|(issuer, domains)| hosted(issuer, domains))
            .collect(),
    )
    .unwrap();
    for (text, issuer) in cases {
        let jrd = directory.describe(&Resource::parse(text).unwrap(), &[]);
        let jrd = jrd.map(|jrd| serde_json::from_str::<serde_json::Value>(&jrd).unwrap());
        assert_eq!(
            jrd.as_ref()
                .and_then(|jrd| jrd.pointer("/links/0/href")?.as_str()),
            *issuer,
            "{text}"
        );
    }
}

fn problem(providers: &[(&str, &[&str])]) -> String {
    Directory::new(
        providers
            .iter()
            .map(|(issuer, domains)| hosted(issuer, domains))
            .collect(),
    )
    .unwrap_err()
    .to_string()
}

#[test]
fn the_issuers_own_host_is_hosted_on_any_port() {
    let ours = Some("https://localhost:9443");
    leads(
        &[("https://localhost:9443", &[])],
        &[
            ("acct:alice@localhost", ours),
            ("ACCT:alice@LocalHost.:9443", ours),
            ("acct:alice@localhost:1", ours),
            ("localhost", ours),
            ("localhost:9443", ours),
            ("https://localhost:9443/anything?at=all", ours),
            ("http://localhost", ours),
            ("https://alice@localhost/", ours),
            ("acct:alice@127.0.0.1", None),
            ("acct:alice@localhost.evil.example", None),
            ("acct:alice@evil-localhost", None),
            ("acct:localhost@evil.example", None),
            ("https://localhost@evil.example/", None),
            ("mailto:alice@localhost", None),
        ],
    );
}

#[test]
fn a_domain_with_a_port_is_that_port_only() {
    let ours = Some("https://login.example.com");
    leads(
        &[(
            "https://login.example.com",
            &[
                "example.com:8443",
                "example.org",
                "[::1]:9443",
                "bücher.example",
                "secure.example:443",
            ],
        )],
        &[
            ("acct:alice@example.com:8443", ours),
            ("acct:alice@example.com", None),
            ("example.com:8444", None),
            ("acct:alice@example.org:8444", ours),
            ("https://[0::1]:9443/", ours),
            ("https://[::1]/", None),
            ("acct:a@BÜCHER.example", ours),
            ("acct:a@xn--bcher-kva.example", ours),
            ("acct:a@secure.example", ours),
            ("acct:a@secure.example:8443", None),
        ],
    );
}

#[test]
fn the_port_tells_providers_on_one_host_apart() {
    leads(
        &[
            ("https://localhost:9443", &["example.com"]),
            ("https://localhost:8443", &["example.com:8443"]),
        ],
        &[
            ("acct:a@localhost:9443", Some("https://localhost:9443")),
            ("acct:a@localhost:8443", Some("https://localhost:8443")),
            ("acct:a@localhost", Some("https://localhost:9443")),
            ("acct:a@example.com", Some("https://localhost:9443")),
            ("acct:a@example.com:8443", Some("https://localhost:8443")),
        ],
    );
}

#[test]
fn a_second_at_names_a_tenant_where_there_are_tenants() {
    let (root, acme, other) = (
        Some("https://localhost:9443"),
        Some("https://localhost:9443/t/acme.example"),
        Some("https://localhost:9443/t/other"),
    );
    leads(
        &[
            ("https://localhost:9443/t/acme.example", &["acme.example"]),
            ("https://localhost:9443", &["example.com"]),
            ("https://localhost:9443/t/other", &[]),
        ],
        &[
            ("acct:bob@acme.example@localhost", acme),
            ("acct:bob%40acme.example@localhost:9443", acme),
            ("bob@ACME.example@localhost", acme),
            ("bob@acme.example@localhost:9443", acme),
            ("acct:bob@other@localhost", other),
            ("acct:bob@nobody@localhost", None),
            ("acct:bob@@localhost", None),
            ("acct:bob@localhost", root),
            ("acct:bob@acme.example", acme),
            ("acct:bob@other@example.com", root),
            ("https://localhost:9443/t/acme.example", acme),
            ("https://localhost/t/acme.example/users/bob", acme),
            ("https://localhost/t/acme.example.org", root),
            ("https://localhost/t/nobody", root),
            ("https://localhost/t/acme.example/../other/", other),
        ],
    );
}

/// RFC 7565 §4 and §7: without tenants a second `@` belongs to the opaque user name.
#[test]
fn second_at_belongs_to_the_user() {
    let shop = Some("https://shoppingsite.example");
    leads(
        &[("https://shoppingsite.example", &[])],
        &[
            ("acct:juliet%40capulet.example@shoppingsite.example", shop),
            ("acct:juliet@capulet.example@shoppingsite.example", shop),
        ],
    );
}

/// A tenant alone on its host does not own the accounts without a tenant there.
#[test]
fn lone_tenant_owns_no_bare_accounts() {
    let acme = Some("https://id.example/t/acme");
    leads(
        &[("https://id.example/t/acme", &[])],
        &[
            ("acct:bob@id.example", None),
            ("https://id.example/", None),
            ("acct:bob@acme@id.example", acme),
            ("https://id.example/t/acme/", acme),
        ],
    );
    leads(
        &[("https://id.example/t/acme", &["id.example"])],
        &[("acct:bob@id.example", acme)],
    );
    leads(
        &[
            ("https://id.example/t/acme", &["example.com"]),
            ("https://login.example.com", &["example.com"]),
        ],
        &[
            ("acct:bob@example.com", Some("https://login.example.com")),
            ("acct:bob@acme@example.com", acme),
        ],
    );
}

/// Tenants that differ in case or in port are different tenants.
#[test]
fn tenants_differ_by_case_and_port() {
    let (here, there) = (
        Some("https://localhost:9443/t/acme"),
        Some("https://localhost:8443/t/acme"),
    );
    leads(
        &[
            ("https://localhost:9443/t/acme", &[]),
            ("https://localhost:8443/t/acme", &[]),
            ("https://localhost:9443/t/Acme", &[]),
        ],
        &[
            ("acct:bob@acme@localhost:9443", here),
            ("acct:bob@acme@localhost:8443", there),
            ("https://localhost:8443/t/acme/x", there),
            ("acct:bob@acme@localhost", here),
            (
                "acct:bob@Acme@localhost:9443",
                Some("https://localhost:9443/t/Acme"),
            ),
        ],
    );
}

/// The provider with the longest issuer path answers, then the owner of the host.
#[test]
fn longest_issuer_path_wins() {
    let (short, long) = (Some("https://id.example/a"), Some("https://id.example/a/b"));
    leads(
        &[
            ("https://id.example/a", &[]),
            ("https://id.example/a/b", &[]),
        ],
        &[
            ("https://id.example/a/b/c", long),
            ("https://id.example/a/c", short),
            ("https://id.example/ab", short),
            ("acct:alice@id.example", short),
        ],
    );
    leads(
        &[
            ("https://id.example/a", &[]),
            ("https://id.example/a/b", &["id.example"]),
        ],
        &[("acct:alice@id.example", long)],
    );
    leads(
        &[("https://id.example/a", &[]), ("https://id.example", &[])],
        &[("acct:alice@id.example", Some("https://id.example"))],
    );
}

#[test]
fn a_domain_has_one_owner() {
    let sentence = |host| {
        format!(
            "The domain `{host}` is claimed by two providers, `https://a.example` and `https://b.example`; list it in the domains of one of them only."
        )
    };
    assert_eq!(
        problem(&[
            ("https://a.example", &["example.com"]),
            ("https://b.example", &["EXAMPLE.com."])
        ]),
        sentence("example.com")
    );
    assert_eq!(
        problem(&[
            ("https://a.example", &["x.example:1"]),
            ("https://b.example", &["x.example:1"])
        ]),
        sentence("x.example")
    );
    assert_eq!(
        problem(&[
            ("https://a.example", &[]),
            ("https://b.example", &["a.example"])
        ]),
        sentence("a.example")
    );
    assert_eq!(
        problem(&[
            ("https://a.example", &["b.example:443"]),
            ("https://b.example", &[])
        ]),
        sentence("b.example")
    );
    leads(
        &[
            (
                "https://a.example",
                &["a.example", "a.example", "a.example:443", "c.example"],
            ),
            ("https://b.example", &["c.example:8443"]),
        ],
        &[
            ("acct:x@a.example", Some("https://a.example")),
            ("acct:x@c.example:8443", Some("https://b.example")),
        ],
    );
}

#[test]
fn an_issuer_has_one_provider() {
    assert_eq!(
        problem(&[("https://a.example", &[]), ("https://a.example/", &[])]),
        "Two providers have the issuer `https://a.example/`."
    );
    assert_eq!(
        problem(&[
            ("https://a.example/t/x", &["b.example"]),
            ("https://a.example:443/t/x", &[])
        ]),
        "Two providers have the issuer `https://a.example:443/t/x`."
    );
}

/// The aliases of a resource at a provider that gives each user one on that domain.
fn aliases(issuer: &str, domains: &[&str], domain: Option<&str>, text: &str) -> serde_json::Value {
    let extra = ExtraLinks {
        domain: domain.map(|domain| domain.parse().unwrap()),
        aliases: vec!["https://pages.example/{user}".parse().unwrap()],
        links: Vec::new(),
    };
    let directory = Directory::new(vec![HostedProvider {
        extras: vec![extra],
        ..hosted(issuer, domains)
    }])
    .unwrap();
    let jrd = directory
        .describe(&Resource::parse(text).unwrap(), &[])
        .unwrap();
    serde_json::from_str::<serde_json::Value>(&jrd)
        .unwrap()
        .pointer("/aliases/0")
        .cloned()
        .unwrap_or_default()
}

/// The user of a tenant is named without the tenant.
#[test]
fn tenant_user_is_named_without_tenant() {
    let (acme, domain) = ("https://localhost:9443/t/acme", &["acme.example"][..]);
    assert_eq!(
        aliases(acme, domain, None, "acct:bob@acme@localhost"),
        "https://pages.example/bob"
    );
    assert_eq!(
        aliases(acme, domain, None, "acct:bob%40acme@localhost"),
        "https://pages.example/bob"
    );
    assert_eq!(
        aliases(acme, domain, None, "acct:bob@acme.example"),
        "https://pages.example/bob"
    );
    let shop = "https://shop.example";
    assert_eq!(
        aliases(
            shop,
            &[],
            None,
            "acct:juliet%40capulet.example@shop.example"
        ),
        "https://pages.example/juliet%40capulet.example"
    );
    assert_eq!(
        aliases(shop, &[], None, "https://shop.example/juliet"),
        serde_json::Value::Null
    );
}

#[test]
fn aliases_and_links_may_be_one_domains() {
    let (issuer, domains) = (
        "https://login.example.com",
        &["bücher.example", "example.org:8443"][..],
    );
    for (domain, text) in [
        ("xn--bcher-kva.example", "acct:a@BÜCHER.example:8443"),
        ("login.example.com:9443", "acct:a@login.example.com:9443"),
        ("example.org", "acct:a@example.org:8443"),
    ] {
        assert_eq!(
            aliases(issuer, domains, Some(domain), text),
            "https://pages.example/a",
            "{domain}"
        );
    }
    assert_eq!(
        aliases(
            issuer,
            domains,
            Some("bücher.example"),
            "acct:a@login.example.com"
        ),
        serde_json::Value::Null
    );
}

/// Links and aliases that cannot be served are refused.
#[test]
fn unservable_link_is_refused() {
    let problem = |extra: ExtraLinks| {
        let provider = HostedProvider {
            extras: vec![extra],
            ..hosted("https://a.example", &["b.example:8443"])
        };
        Directory::new(vec![provider]).unwrap_err().to_string()
    };
    for domain in ["c.example", "b.example:443", "b.a.example"] {
        let extra = ExtraLinks {
            domain: Some(domain.parse().unwrap()),
            ..ExtraLinks::default()
        };
        assert_eq!(
            problem(extra),
            format!("The domain `{domain}` is not among those of `https://a.example`.")
        );
    }
    let link = Link {
        rel: protocol::issuer::ISSUER_REL.to_owned(),
        target: LinkTarget::Href("https://evil.example".parse().unwrap()),
        media_type: None,
        titles: [].into(),
        properties: [].into(),
    };
    assert_eq!(
        problem(ExtraLinks {
            links: vec![link],
            ..ExtraLinks::default()
        }),
        "The link `http://openid.net/specs/connect/1.0/issuer` has the relation of the issuer, which cannot be configured."
    );
}
