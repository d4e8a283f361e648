//! What holds for every query and every resource.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use proptest::prelude::*;
use protocol::Issuer;
use webfinger::{Directory, Extra, Hosted, Request, Resource};

fn directory() -> Directory {
    let hosted = |issuer, domains: &[&str]| Hosted {
        issuer: Issuer::parse(issuer).unwrap(),
        domains: domains.iter().map(|domain| domain.parse().unwrap()).collect(),
        extras: vec![Extra { aliases: vec!["https://pages.example/{user}?of={user}".parse().unwrap()], ..Extra::default() }],
    };
    Directory::new(vec![hosted("https://localhost:9443", &["example.com"]), hosted("https://localhost:9443/t/acme", &[])]).unwrap()
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

/// Strings in which the characters that mean something are frequent.
fn almost_a_uri() -> impl Strategy<Value = String> {
    "((acct|https?|mailto|localhost|acme|example\\.com|xn--|bücher|[0-9]{1,6}|%[0-9a-f]{0,2}|[:/@?#.\\[\\]+=&$!%a-z\u{0}-\u{7f}])){0,12}"
}

proptest! {
    #[test]
    fn no_query_and_no_resource_panics(query in prop_oneof![".*", almost_a_uri()]) {
        let directory = directory();
        for query in [query.clone(), format!("resource={query}"), format!("resource={}&rel={query}", encode(&query))] {
            if let Ok(request) = Request::parse(&query) {
                let jrd = directory.describe(&request.resource, &request.rels);
                let jrd = jrd.map(|jrd| serde_json::from_str::<serde_json::Value>(&jrd).unwrap());
                prop_assert!(jrd.is_none_or(|jrd| jrd["subject"] == request.resource.subject() && jrd["links"].is_array()));
            }
        }
    }

    /// What normalisation makes is a resource already, and the same one.
    #[test]
    fn normalising_twice_changes_nothing(text in almost_a_uri()) {
        if let Ok(once) = Resource::parse(&text) {
            prop_assert_eq!(Resource::parse(once.subject()), Ok(once));
        }
    }

    #[test]
    fn escaping_does_not_change_the_resource(text in almost_a_uri()) {
        prop_assert_eq!(Request::parse(&format!("resource={}", encode(&text))).map(|request| request.resource), Resource::parse(&text));
    }

    /// A user's name keeps its place, whatever is in it: it ends neither the string nor the part of the URI it stands in.
    #[test]
    fn an_alias_is_one_segment_longer_and_nothing_else(user in "([A-Za-z0-9._~!$&'()*+,;=:é☃-]|%[0-9a-fA-F]{2}){1,40}") {
        let resource = Resource::parse(&format!("acct:{user}@example.com"));
        prop_assume!(resource.is_ok());
        if let Some(jrd) = resource.ok().and_then(|resource| directory().describe(&resource, &[])) {
            let alias = serde_json::from_str::<serde_json::Value>(&jrd).unwrap()["aliases"][0].as_str().unwrap().to_owned();
            let (path, query) = alias.strip_prefix("https://pages.example/").unwrap().split_once("?of=").unwrap();
            prop_assert!(path == query && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{}", alias);
        }
    }

    /// The user is opaque, whatever it is.
    #[test]
    fn any_user_of_a_hosted_domain_is_known(user in "[A-Za-z0-9._~!$&'()*+,;=-]{1,40}", port in proptest::option::of(1_u16..)) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let resource = Resource::parse(&format!("acct:{user}@Example.COM{port}")).unwrap();
        prop_assert!(directory().describe(&resource, &[]).is_some());
    }

    #[test]
    fn no_other_host_is_known(host in "[a-z]{1,10}\\.(example|localhost|example\\.com)", user in "[a-z]{1,10}") {
        for text in [format!("acct:{user}@{host}"), format!("https://{user}@{host}/"), format!("{host}/localhost"), format!("https://localhost@{host}")] {
            prop_assert!(directory().describe(&Resource::parse(&text).unwrap(), &[]).is_none(), "{}", text);
        }
    }
}
