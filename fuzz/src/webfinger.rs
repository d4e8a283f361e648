//! The query of WebFinger.

use std::sync::LazyLock;

use ::webfinger::{Directory, HostedProvider, Resource, WebFingerQuery};
use protocol::Issuer;
use serde_json::Value;
use url::Url;

static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    let hosted = |issuer: &str, domains: &[&str]| HostedProvider {
        issuer: Issuer::parse(issuer).expect("an issuer"),
        domains: domains
            .iter()
            .map(|domain| domain.parse().expect("a domain"))
            .collect(),
        extras: Vec::new(),
    };
    let providers = vec![
        hosted("https://localhost:9443", &["example.com"]),
        hosted("https://localhost:9443/t/acme", &[]),
    ];
    Directory::new(providers).expect("a directory")
});

/// Checks that a query is read or refused with a sentence, that normalising a resource twice changes nothing, and that a
/// descriptor has the requested subject and links to a configured issuer.
pub fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let escaped: String = text
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    assert_eq!(
        WebFingerQuery::parse(&format!("resource={escaped}")).map(|request| request.resource),
        Resource::parse(text),
        "{text}"
    );
    if let Ok(once) = Resource::parse(text) {
        assert_eq!(Resource::parse(once.subject()), Ok(once.clone()), "{text}");
        let whole = text.split('#').next().unwrap_or_default();
        let (site, query) = whole
            .find('?')
            .and_then(|query| whole.split_at_checked(query))
            .unwrap_or((whole, ""));
        let rooted = format!("{site}/{query}");
        let named = |scheme| {
            once.subject()
                .strip_prefix(scheme)
                .is_some_and(|rest| rest == whole || rest == rooted)
        };
        assert!(
            once.subject() == text || named("acct:") || named("https://"),
            "{text}"
        );
        described(&once, &[]);
    }
    for query in [
        text.to_owned(),
        format!("resource={text}"),
        format!("resource={escaped}&rel={text}"),
    ] {
        match WebFingerQuery::parse(&query) {
            Ok(request) => described(&request.resource, &request.rels),
            Err(refused) => {
                assert!(refused.reason().starts_with("The ") && refused.reason().ends_with('.'));
            }
        }
    }
}

fn described(resource: &Resource, rels: &[String]) {
    let Some(jrd) = DIRECTORY.describe(resource, rels) else {
        return;
    };
    let jrd: Value = serde_json::from_str(&jrd).expect("a JSON object");
    assert_eq!(
        jrd.get("subject").and_then(Value::as_str),
        Some(resource.subject())
    );
    for link in jrd.get("links").and_then(Value::as_array).expect("links") {
        let href = link.get("href").and_then(Value::as_str);
        assert!(
            matches!(
                href,
                Some("https://localhost:9443" | "https://localhost:9443/t/acme")
            ),
            "{jrd}"
        );
    }
    // If the resource is a URL, another parser finds one of the configured hosts in it.
    if let Some(url) = Url::parse(resource.subject())
        .ok()
        .filter(|url| ["https", "http"].contains(&url.scheme()))
    {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        assert!(["localhost", "example.com"].contains(&host), "{jrd}");
    }
}
