//! What an operator has a provider say of resources besides who their issuer is.

use std::collections::{BTreeMap, BTreeSet};

use protocol::member::SingleValue;
use protocol::values::Locale;
use serde_json::Value;

use crate::domain::Domain;
use crate::template::{Template, is_absolute};
use protocol::issuer::ISSUER_REL;

/// Aliases and links of a provider's resources, on one of its domains or on all.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// The domain whose resources have them; all of the provider's, when absent.
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
    /// Where it leads.
    pub target: Target,
    /// The media type to expect there.
    pub media_type: Option<String>,
    /// What it may be called, by language tag or `und`. RFC 7033 §4.4.4.4.
    pub titles: BTreeMap<String, String>,
    /// What else is to be said of it, by URI. RFC 7033 §4.4.4.5.
    pub properties: BTreeMap<String, String>,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an address. RFC 7033 §4.4.4.3.
    Href(Template),
    /// To whatever the reader makes of a pattern, which is passed on as it stands. RFC 6415 §3.1.
    Pattern(String),
}

impl Link {
    /// Whether it can be served.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the link.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.rel == ISSUER_REL {
            return Err("has the issuer's own relation, which cannot be configured");
        }
        if !is_relation(&self.rel) {
            return Err(
                "must have an absolute URI or a registered name such as `avatar` for its relation",
            );
        }
        if self
            .media_type
            .as_deref()
            .is_some_and(|media_type| !is_media_type(media_type))
        {
            return Err("must have a media type such as `text/html`");
        }
        if let Target::Pattern(pattern) = &self.target
            && !is_absolute(&pattern.replace(['{', '}'], ""))
        {
            return Err("must have an absolute URI with names in braces for its template");
        }
        if !self
            .titles
            .keys()
            .all(|tag| Locale::read(Value::from(tag.as_str())).is_ok())
        {
            return Err("must have its titles under language tags or `und`");
        }
        // Languages are told apart whatever the case of their tags (RFC 5646 §2.1.1).
        let languages: BTreeSet<String> = self
            .titles
            .keys()
            .map(|tag| tag.to_ascii_lowercase())
            .collect();
        if languages.len() < self.titles.len() {
            return Err("must have one title in each language");
        }
        if !self.properties.keys().all(|name| is_absolute(name)) {
            return Err("must have its properties under absolute URIs");
        }
        Ok(())
    }
}

/// A URI or the name of a registered relation. RFC 7033 §4.4.4.1, RFC 8288 §3.3.
fn is_relation(text: &str) -> bool {
    let name = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        });
    name || is_absolute(text)
}

/// Two names with a slash between them, and parameters. RFC 9110 §8.3.1.
fn is_media_type(text: &str) -> bool {
    let name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    text.bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && essence
            .split_once('/')
            .is_some_and(|(a, b)| name(a) && name(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            rel: "http://webfinger.net/rel/profile-page".to_owned(),
            target: Target::Href("https://example.com/@{user}".parse().unwrap()),
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

    #[test]
    fn a_link_that_can_be_served_passes() {
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
                target: Target::Pattern("https://example.com/follow?uri={uri}".to_owned()),
                ..link()
            }
            .check(),
            Ok(())
        );
    }

    #[test]
    fn what_cannot_be_served_is_told() {
        let text = |text: &str| text.to_owned();
        for (wrong, reason) in [
            (
                Link {
                    rel: text(ISSUER_REL),
                    ..link()
                },
                "has the issuer's own relation, which cannot be configured",
            ),
            (
                Link {
                    rel: text("Avatar"),
                    ..link()
                },
                "must have an absolute URI or a registered name such as `avatar` for its relation",
            ),
            (
                Link {
                    rel: text(""),
                    ..link()
                },
                "must have an absolute URI or a registered name such as `avatar` for its relation",
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
                    target: Target::Pattern(text("/follow?uri={uri}")),
                    ..link()
                },
                "must have an absolute URI with names in braces for its template",
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
