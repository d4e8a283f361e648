//! The JSON Resource Descriptor. RFC 7033 §4.4.

use protocol::issuer::ISSUER_REL;
use serde_json::{Value, json};

use crate::authority::{Authority, HTTPS_PORT};
use crate::domain::Domain;
use crate::extra_links::{ExtraLinks, Link, LinkTarget};
use crate::percent;
use crate::template::USER_PLACEHOLDER;

/// The links of a provider, rendered once.
#[derive(Debug)]
pub(crate) struct Links {
    issuer: JsonTemplate,
    extras: Vec<RenderedLinks>,
    has_placeholder: bool,
}

#[derive(Debug)]
struct RenderedLinks {
    domain: Option<Domain>,
    aliases: Vec<JsonTemplate>,
    links: Vec<(String, JsonTemplate)>,
}

impl Links {
    pub(crate) fn new(issuer: &str, extras: &[ExtraLinks]) -> Self {
        let extras: Vec<_> = extras.iter().map(RenderedLinks::new).collect();
        let mut pieces = extras.iter().flat_map(|extra| {
            extra
                .aliases
                .iter()
                .chain(extra.links.iter().map(|(_, link)| link))
        });
        Self {
            has_placeholder: pieces.any(JsonTemplate::has_placeholder),
            issuer: JsonTemplate::literal(json!({ "rel": ISSUER_REL, "href": issuer }).to_string()),
            extras,
        }
    }

    /// Returns the descriptor of a subject on a host, with the links of the requested relations or with all. Links and aliases
    /// with a placeholder are left out if there is no user's name.
    pub(crate) fn jrd(
        &self,
        subject: &str,
        authority: &Authority,
        user: Option<&str>,
        rels: &[String],
    ) -> String {
        let user = user
            .filter(|_| self.has_placeholder)
            .map(percent::canonical);
        let user = user.as_deref();
        let is_requested =
            |rel: &str| rels.is_empty() || rels.iter().any(|requested| requested == rel);
        let mut jrd = String::with_capacity(subject.len() + 256);
        jrd.push_str("{\"subject\":");
        // A string is always serialized.
        jrd.push_str(&serde_json::to_string(subject).unwrap_or_default());
        // Empty members are left out, since some clients fail on null.
        let mut aliases = self
            .extras_for(authority)
            .flat_map(|extra| &extra.aliases)
            .filter(|alias| alias.is_usable(user))
            .peekable();
        if aliases.peek().is_some() {
            jrd.push_str(",\"aliases\":[");
            put_all(&mut jrd, aliases, user);
            jrd.push(']');
        }
        // The issuer's link comes first, since some clients use the first link without checking its relation.
        let issuer = is_requested(ISSUER_REL).then_some(&self.issuer);
        let others = self
            .extras_for(authority)
            .flat_map(|extra| &extra.links)
            .filter(|(rel, link)| is_requested(rel) && link.is_usable(user))
            .map(|(_, link)| link);
        jrd.push_str(",\"links\":[");
        put_all(&mut jrd, issuer.into_iter().chain(others), user);
        jrd.push_str("]}");
        jrd
    }

    fn extras_for(&self, authority: &Authority) -> impl Iterator<Item = &RenderedLinks> {
        self.extras
            .iter()
            .filter(|extra| extra.applies_to(authority))
    }
}

fn put_all<'a>(
    jrd: &mut String,
    pieces: impl Iterator<Item = &'a JsonTemplate>,
    user: Option<&str>,
) {
    for (nth, piece) in pieces.enumerate() {
        if nth > 0 {
            jrd.push(',');
        }
        piece.put(jrd, user.unwrap_or_default());
    }
}

impl RenderedLinks {
    fn new(extra: &ExtraLinks) -> Self {
        Self {
            domain: extra.domain.clone(),
            aliases: extra
                .aliases
                .iter()
                .map(|alias| JsonTemplate::with_placeholders("", alias.as_str(), ""))
                .collect(),
            links: extra
                .links
                .iter()
                .map(|link| (link.rel.clone(), JsonTemplate::from_link(link)))
                .collect(),
        }
    }

    /// Returns true if they apply to resources on that host. A resource without a port is on the port of https.
    fn applies_to(&self, authority: &Authority) -> bool {
        self.domain
            .as_ref()
            .map(Domain::authority)
            .is_none_or(|domain| {
                domain.host == authority.host
                    && domain
                        .port
                        .is_none_or(|port| port == authority.port.unwrap_or(HTTPS_PORT))
            })
    }
}

/// JSON text in parts, between which the user's name is inserted.
#[derive(Debug)]
struct JsonTemplate(Vec<String>);

impl JsonTemplate {
    fn literal(json: String) -> Self {
        Self(vec![json])
    }

    /// Splits a string at the placeholders for the user's name, and adds the text before and after it.
    fn with_placeholders(before: &str, string: &str, after: &str) -> Self {
        let mut parts: Vec<String> = Value::from(string)
            .to_string()
            .split(USER_PLACEHOLDER)
            .map(str::to_owned)
            .collect();
        if let Some(first) = parts.first_mut() {
            first.insert_str(0, before);
        }
        if let Some(last) = parts.last_mut() {
            last.push_str(after);
        }
        Self(parts)
    }

    fn from_link(link: &Link) -> Self {
        let media_type = link
            .media_type
            .iter()
            .map(|media_type| format_member("type", &json!(media_type)));
        let before = format!(
            "{{\"rel\":{}{}",
            json!(link.rel),
            media_type.collect::<String>()
        );
        let texts = [("titles", &link.titles), ("properties", &link.properties)];
        let after: String = texts
            .iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(name, texts)| format_member(name, &json!(texts)))
            .collect();
        match &link.target {
            LinkTarget::Href(href) => Self::with_placeholders(
                &format!("{before},\"href\":"),
                href.as_str(),
                &format!("{after}}}"),
            ),
            LinkTarget::Pattern(pattern) => Self::literal(format!(
                "{before}{}{after}}}",
                format_member("template", &json!(pattern))
            )),
        }
    }

    fn has_placeholder(&self) -> bool {
        self.0.len() > 1
    }

    fn is_usable(&self, user: Option<&str>) -> bool {
        user.is_some() || !self.has_placeholder()
    }

    fn put(&self, jrd: &mut String, user: &str) {
        for (nth, part) in self.0.iter().enumerate() {
            if nth > 0 {
                jrd.push_str(user);
            }
            jrd.push_str(part);
        }
    }
}

fn format_member(name: &str, value: &Value) -> String {
    format!(",\"{name}\":{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(rel: &str, href: &str) -> Link {
        let target = LinkTarget::Href(href.parse().unwrap());
        Link {
            rel: rel.to_owned(),
            target,
            media_type: None,
            titles: [].into(),
            properties: [].into(),
        }
    }

    fn links() -> Links {
        let follow = Link {
            target: LinkTarget::Pattern(
                "https://example.com/follow?uri={uri}&who={user}".to_owned(),
            ),
            titles: [("en".to_owned(), "Follow {user}".to_owned())].into(),
            ..link(
                "http://ostatus.org/schema/1.0/subscribe",
                "https://example.com/",
            )
        };
        let page = Link {
            media_type: Some("text/html".to_owned()),
            titles: [("und".to_owned(), "About {user}".to_owned())].into(),
            properties: [(
                "https://example.com/ns/role".to_owned(),
                "author".to_owned(),
            )]
            .into(),
            ..link("profile", "https://example.com/@{user}?of={user}")
        };
        let everywhere = ExtraLinks {
            links: vec![link("avatar", "https://example.com/a.png")],
            ..ExtraLinks::default()
        };
        let here = ExtraLinks {
            domain: Some("example.com:443".parse().unwrap()),
            aliases: vec![
                "https://example.com/@{user}".parse().unwrap(),
                "https://example.com/".parse().unwrap(),
            ],
            links: vec![page, follow],
        };
        Links::new("https://login.example.com", &[everywhere, here])
    }

    fn jrd(place: &str, user: Option<&str>, rels: &[&str]) -> String {
        let rels: Vec<_> = rels.iter().map(ToString::to_string).collect();
        links().jrd("s", &Authority::parse(place).unwrap(), user, &rels)
    }

    const ISSUER: &str = r#"{"rel":"http://openid.net/specs/connect/1.0/issuer","href":"https://login.example.com"}"#;
    const AVATAR: &str = r#"{"rel":"avatar","href":"https://example.com/a.png"}"#;
    const FOLLOW: &str = r#"{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"https://example.com/follow?uri={uri}&who={user}","titles":{"en":"Follow {user}"}}"#;

    #[test]
    fn the_issuer_comes_first_and_nothing_is_null() {
        assert_eq!(
            jrd("example.org", Some("alice"), &[]),
            format!(r#"{{"subject":"s","links":[{ISSUER},{AVATAR}]}}"#)
        );
        assert_eq!(
            jrd("example.com:8443", Some("alice"), &[]),
            jrd("example.org", None, &[])
        );
    }

    /// The user is inserted percent-encoded.
    #[test]
    fn user_is_inserted_percent_encoded() {
        for place in ["example.com", "EXAMPLE.com.:443"] {
            assert_eq!(
                jrd(place, Some("b%c3%bccher/é\"@x"), &[]),
                format!(
                    r#"{{"subject":"s","aliases":["https://example.com/@b%C3%BCcher%2F%C3%A9%22%40x","https://example.com/"],"links":[{ISSUER},{AVATAR},{{"rel":"profile","type":"text/html","href":"https://example.com/@b%C3%BCcher%2F%C3%A9%22%40x?of=b%C3%BCcher%2F%C3%A9%22%40x","titles":{{"und":"About {{user}}"}},"properties":{{"https://example.com/ns/role":"author"}}}},{FOLLOW}]}}"#
                )
            );
        }
    }

    /// A link with a placeholder for the user is left out if there is no user.
    #[test]
    fn user_templates_need_a_user() {
        assert_eq!(
            jrd("example.com", None, &[]),
            format!(
                r#"{{"subject":"s","aliases":["https://example.com/"],"links":[{ISSUER},{AVATAR},{FOLLOW}]}}"#
            )
        );
    }

    /// RFC 7033 §4.3.
    #[test]
    fn rel_filters_links_and_only_links() {
        assert_eq!(
            jrd("example.org", None, &["avatar", ISSUER_REL, ISSUER_REL]),
            format!(r#"{{"subject":"s","links":[{ISSUER},{AVATAR}]}}"#)
        );
        assert_eq!(
            jrd("example.org", None, &["avatar"]),
            format!(r#"{{"subject":"s","links":[{AVATAR}]}}"#)
        );
        assert_eq!(
            jrd("example.com", None, &["author"]),
            r#"{"subject":"s","aliases":["https://example.com/"],"links":[]}"#
        );
    }

    #[test]
    fn a_subject_cannot_break_out_of_its_string() {
        let subject = "acct:\"},\\\u{1}é@example.com";
        let jrd = links().jrd(
            subject,
            &Authority::parse("example.org").unwrap(),
            None,
            &[],
        );
        assert_eq!(
            serde_json::from_str::<Value>(&jrd).unwrap()["subject"],
            subject
        );
    }
}
