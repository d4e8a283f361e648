//! Properties of every user of a known or unknown host; the properties of every query are in `fuzz/`.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use proptest::prelude::*;
use protocol::Issuer;
use webfinger::{Directory, ExtraLinks, HostedProvider, Resource};

fn directory() -> Directory {
    let hosted = |issuer, domains: &[&str]| HostedProvider {
        issuer: Issuer::parse(issuer).unwrap(),
        domains: domains
            .iter()
            .map(|domain| domain.parse().unwrap())
            .collect(),
        extras: vec![ExtraLinks {
            aliases: vec!["https://pages.example/{user}?of={user}".parse().unwrap()],
            ..ExtraLinks::default()
        }],
    };
    Directory::new(vec![
        hosted("https://localhost:9443", &["example.com"]),
        hosted("https://localhost:9443/t/acme", &[]),
    ])
    .unwrap()
}

proptest! {
    /// A user's name with any content stays in its place: it ends neither the string nor its part of the URI.
    #[test]
    fn alias_adds_only_one_segment(user in "([A-Za-z0-9._~!$&'()*+,;=:é☃-]|%[0-9a-fA-F]{2}){1,40}") {
        let resource = Resource::parse(&format!("acct:{user}@example.com"));
        prop_assume!(resource.is_ok());
        if let Some(jrd) = resource.ok().and_then(|resource| directory().describe(&resource, &[])) {
            let alias = serde_json::from_str::<serde_json::Value>(&jrd).unwrap()["aliases"][0].as_str().unwrap().to_owned();
            let (path, query) = alias.strip_prefix("https://pages.example/").unwrap().split_once("?of=").unwrap();
            prop_assert!(path == query && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{}", alias);
        }
    }

    /// Every user name is opaque.
    #[test]
    fn every_user_of_a_hosted_domain_exists(user in "[A-Za-z0-9._~!$&'()*+,;=-]{1,40}", port in proptest::option::of(1_u16..)) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let resource = Resource::parse(&format!("acct:{user}@Example.COM{port}")).unwrap();
        prop_assert!(directory().describe(&resource, &[]).is_some());
    }

    /// Accounts of every other host are unknown.
    #[test]
    fn other_hosts_are_unknown(host in "[a-z]{1,10}\\.(example|localhost|example\\.com)", user in "[a-z]{1,10}") {
        for text in [format!("acct:{user}@{host}"), format!("https://{user}@{host}/"), format!("{host}/localhost"), format!("https://localhost@{host}")] {
            prop_assert!(directory().describe(&Resource::parse(&text).unwrap(), &[]).is_none(), "{}", text);
        }
    }
}
