//! The JSON Resource Descriptor. RFC 7033 §4.4.

use serde_json::{Value, json};

/// The relation a relying party follows to find its provider. OIDC Discovery §2.
pub const ISSUER_REL: &str = "http://openid.net/specs/connect/1.0/issuer";

/// A link besides the issuer's. RFC 7033 §4.4.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The relation: a URI or a registered name.
    pub rel: String,
    /// Where it leads.
    pub href: String,
    /// The media type to expect there.
    pub media_type: Option<String>,
}

/// The links of one provider, serialised once.
#[derive(Debug)]
pub struct Links(Vec<(String, String)>);

impl Links {
    /// The issuer's link first, since some clients take the first without looking at its relation; then the others.
    pub(crate) fn new(issuer: &str, others: &[Link]) -> Self {
        let mut links = vec![(ISSUER_REL.to_owned(), json!({ "rel": ISSUER_REL, "href": issuer }).to_string())];
        for Link { rel, href, media_type } in others {
            // An absent member is left out: some clients fail on null.
            let link = match media_type {
                Some(media_type) => json!({ "rel": rel, "type": media_type, "href": href }),
                None => json!({ "rel": rel, "href": href }),
            };
            links.push((rel.clone(), link.to_string()));
        }
        Self(links)
    }

    /// The descriptor of a subject that has these links: those of the relations asked for, or all when none was. Only
    /// the subject is serialised here.
    pub fn jrd(&self, subject: &str, rels: &[String]) -> String {
        let mut jrd = format!("{{\"subject\":{},\"links\":[", Value::from(subject));
        let asked = self.0.iter().filter(|(rel, _)| rels.is_empty() || rels.contains(rel));
        for (nth, (_, link)) in asked.enumerate() {
            if nth > 0 {
                jrd.push(',');
            }
            jrd.push_str(link);
        }
        jrd.push_str("]}");
        jrd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        let avatar = Link {
            rel: "http://webfinger.net/rel/avatar".to_owned(),
            href: "https://example.com/a.png".to_owned(),
            media_type: Some("image/png".to_owned()),
        };
        let profile =
            Link { rel: "http://webfinger.net/rel/profile-page".to_owned(), href: "https://example.com/".to_owned(), media_type: None };
        Links::new("https://login.example.com", &[avatar, profile])
    }

    fn rels(rels: &[&str]) -> Vec<String> {
        rels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_issuer_comes_first_and_nothing_is_null() {
        assert_eq!(
            links().jrd("acct:alice@example.com", &[]),
            r#"{"subject":"acct:alice@example.com","links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://login.example.com"},{"rel":"http://webfinger.net/rel/avatar","type":"image/png","href":"https://example.com/a.png"},{"rel":"http://webfinger.net/rel/profile-page","href":"https://example.com/"}]}"#
        );
    }

    /// RFC 7033 §4.3.
    #[test]
    fn rel_filters_links_and_only_links() {
        let both = rels(&["http://webfinger.net/rel/profile-page", ISSUER_REL, ISSUER_REL]);
        assert_eq!(
            links().jrd("a", &both),
            r#"{"subject":"a","links":[{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://login.example.com"},{"rel":"http://webfinger.net/rel/profile-page","href":"https://example.com/"}]}"#
        );
        assert_eq!(links().jrd("a", &rels(&["author"])), r#"{"subject":"a","links":[]}"#);
    }

    #[test]
    fn a_subject_cannot_break_out_of_its_string() {
        let subject = "acct:\"},\\\u{1}é@example.com";
        let jrd: Value = serde_json::from_str(&links().jrd(subject, &[])).unwrap();
        assert_eq!(jrd["subject"], subject);
    }
}
