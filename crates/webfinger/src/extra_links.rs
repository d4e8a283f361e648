//! The links and aliases that the operator configures for a provider's resources.

use std::collections::{BTreeMap, BTreeSet};

use protocol::member::SingleValue;
use protocol::values::Locale;
use serde_json::Value;

use crate::domain::Domain;
use crate::template::{Template, is_absolute};
use protocol::issuer::ISSUER_REL;

/// Aliases and links of a provider's resources, on one of its domains or on all.
#[derive(Debug, Clone, Default)]
pub struct ExtraLinks {
    /// The domain of the resources that have them; without it, all domains of the provider.
    pub domain: Option<Domain>,
    /// Other names of a resource. RFC 7033 §4.4.2.
    pub aliases: Vec<Template>,
    /// Links besides the issuer's.
    pub links: Vec<Link>,
}

/// A link besides the issuer's. RFC 7033 §4.4.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The relation: a URI or a registered name.
    pub rel: String,
    /// The target.
    pub target: LinkTarget,
    /// The media type of the target.
    pub media_type: Option<String>,
    /// Titles by language tag or `und`. RFC 7033 §4.4.4.4.
    pub titles: BTreeMap<String, String>,
    /// Properties by URI. RFC 7033 §4.4.4.5.
    pub properties: BTreeMap<String, String>,
}

/// The target of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// An address. RFC 7033 §4.4.4.3.
    Href(Template),
    /// A pattern that the reader fills in; it is served unchanged. RFC 6415 §3.1.
    Pattern(String),
}

impl Link {
    /// Checks that the link can be served.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the link.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.rel == ISSUER_REL {
            return Err("has the relation of the issuer, which cannot be configured");
        }
        if !is_relation(&self.rel) {
            return Err(
                "must have an absolute URI or a registered name such as `avatar` as its relation",
            );
        }
        if self
            .media_type
            .as_deref()
            .is_some_and(|media_type| !is_media_type(media_type))
        {
            return Err("must have a media type such as `text/html`");
        }
        if let LinkTarget::Pattern(pattern) = &self.target
            && !is_absolute(&pattern.replace(['{', '}'], ""))
        {
            return Err("must have an absolute URI with names in braces as its template");
        }
        if !self.properties.keys().all(|name| is_absolute(name)) {
            return Err("must have its properties under absolute URIs");
        }
        self.check_titles()
    }

    fn check_titles(&self) -> Result<(), &'static str> {
        let is_tag = |tag: &String| Locale::read(Value::from(tag.as_str())).is_ok();
        if !self.titles.keys().all(is_tag) {
            return Err("must have its titles under language tags or `und`");
        }
        // Language tags are compared without regard to case (RFC 5646 §2.1.1).
        let languages: BTreeSet<String> = self
            .titles
            .keys()
            .map(|tag| tag.to_ascii_lowercase())
            .collect();
        if languages.len() < self.titles.len() {
            return Err("must have one title in each language");
        }
        Ok(())
    }
}

/// Returns true for a URI or the name of a registered relation. RFC 7033 §4.4.4.1, RFC 8288 §3.3.
fn is_relation(text: &str) -> bool {
    let name = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        });
    name || is_absolute(text)
}

/// Returns true for two names with a slash between them, and parameters. RFC 9110 §8.3.1.
fn is_media_type(text: &str) -> bool {
    let name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let media_type = text.split(';').next().unwrap_or_default().trim_end();
    text.bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && media_type
            .split_once('/')
            .is_some_and(|(a, b)| name(a) && name(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            rel: "http://webfinger.net/rel/profile-page".to_owned(),
            target: LinkTarget::Href("https://example.com/@{user}".parse().unwrap()),
            media_type: Some("text/html; charset=utf-8".to_owned()),
            titles: [("en-GB", "Profile"), ("und", "Profil")]
                .map(|(tag, title)| (tag.to_owned(), title.to_owned()))
                .into(),
            properties: [(
                "https://example.com/ns/role".to_owned(),
                "author".to_owned(),
            )]
            .into(),
        }
    }

    /// A link that can be served is accepted.
    #[test]
    fn servable_link_is_accepted() {
        assert_eq!(link().check(), Ok(()));
        for rel in ["avatar", "self", "http://ostatus.org/schema/1.0/subscribe"] {
            assert_eq!(
                Link {
                    rel: rel.to_owned(),
                    ..link()
                }
                .check(),
                Ok(()),
                "{rel}"
            );
        }
        assert_eq!(
            Link {
                target: LinkTarget::Pattern("https://example.com/follow?uri={uri}".to_owned()),
                ..link()
            }
            .check(),
            Ok(())
        );
    }

    /// A link that cannot be served is reported.
    #[test]
    fn unservable_link_is_reported() {
        let text = |text: &str| text.to_owned();
        for (wrong, reason) in [
            (
                Link {
                    rel: text(ISSUER_REL),
                    ..link()
                },
                "has the relation of the issuer, which cannot be configured",
            ),
            (
                Link {
                    rel: text("Avatar"),
                    ..link()
                },
                "must have an absolute URI or a registered name such as `avatar` as its relation",
            ),
            (
                Link {
                    rel: text(""),
                    ..link()
                },
                "must have an absolute URI or a registered name such as `avatar` as its relation",
            ),
            (
                Link {
                    media_type: Some(text("html")),
                    ..link()
                },
                "must have a media type such as `text/html`",
            ),
            (
                Link {
                    target: LinkTarget::Pattern(text("/follow?uri={uri}")),
                    ..link()
                },
                "must have an absolute URI with names in braces as its template",
            ),
            (
                Link {
                    titles: [(text("de_CH"), text("Profil"))].into(),
                    ..link()
                },
                "must have its titles under language tags or `und`",
            ),
            (
                Link {
                    titles: [(text("en"), text("A")), (text("EN"), text("B"))].into(),
                    ..link()
                },
                "must have one title in each language",
            ),
            (
                Link {
                    properties: [(text("role"), text("author"))].into(),
                    ..link()
                },
                "must have its properties under absolute URIs",
            ),
        ] {
            assert_eq!(wrong.check(), Err(reason));
        }
    }
}
