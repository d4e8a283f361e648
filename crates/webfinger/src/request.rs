//! The query of a WebFinger request.

use crate::percent;
use crate::resource::{Resource, ResourceError};

/// The maximum number of `rel` values that are read; the rest are ignored.
pub const RELS_MAX: usize = 32;

/// The parsed query: the resource, and the requested relations. RFC 7033 §4.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebFingerQuery {
    /// The resource.
    pub resource: Resource,
    /// The requested relations; an empty list means all. A `rel` without a value is ignored.
    pub rels: Vec<String>,
}

impl WebFingerQuery {
    /// Parses a percent-encoded query with its parameters in any order. Unknown parameters are ignored.
    ///
    /// # Errors
    /// The parameter `resource` is missing, repeated or cannot be normalised, or an escape cannot be decoded. RFC 7033 §4.2.
    pub fn parse(query: &str) -> Result<Self, ResourceError> {
        let mut resource = None;
        let mut rels = Vec::new();
        // `rel` may occur several times (RFC 7033 §4.1), so the query is read as pairs and not into a map.
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match percent::decode(name).ok_or(BAD_ESCAPE)?.as_ref() {
                "resource" => {
                    let value = percent::decode(value).ok_or(BAD_ESCAPE)?;
                    if resource.replace(value).is_some() {
                        return Err(ResourceError("The resource parameter must be given once."));
                    }
                }
                "rel" => {
                    let rel = percent::decode(value).ok_or(BAD_ESCAPE)?;
                    if !rel.is_empty() && rels.len() < RELS_MAX {
                        rels.push(rel.into_owned());
                    }
                }
                _ => {}
            }
        }
        let resource = resource.ok_or(ResourceError("The resource parameter is missing."))?;
        Ok(Self {
            resource: Resource::parse(&resource)?,
            rels,
        })
    }
}

const BAD_ESCAPE: ResourceError = ResourceError("The query must be percent-encoded UTF-8.");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> (String, Vec<String>) {
        let request =
            WebFingerQuery::parse(query).unwrap_or_else(|problem| panic!("{query}: {problem:?}"));
        (request.resource.subject().to_owned(), request.rels)
    }

    /// Order, encoding and unknown parameters of the query do not matter.
    #[test]
    fn order_and_encoding_do_not_matter() {
        for query in [
            "resource=acct:a+b@example.com&rel=author&rel=avatar",
            "rel=author&resource=acct%3Aa%2Bb%40example.com&rel=avatar",
            "&rel=author&x&y=%zz&rel=&%72esource=acct:a+b@example.com&rel&rel=avatar&",
        ] {
            assert_eq!(
                read(query),
                (
                    "acct:a+b@example.com".to_owned(),
                    vec!["author".to_owned(), "avatar".to_owned()]
                ),
                "{query}"
            );
        }
        assert_eq!(
            read("resource=https://example.com/?a=b").0,
            "https://example.com/?a=b"
        );
    }

    /// An empty rel is ignored.
    #[test]
    fn empty_rel_is_ignored() {
        assert_eq!(
            read("resource=acct:admin@localhost&rel=").1,
            Vec::<String>::new()
        );
    }

    /// Only a limited number of rels is read.
    #[test]
    fn number_of_rels_is_limited() {
        let rels: Vec<_> = (0..100).map(|n| format!("rel={n}")).collect();
        let (_, rels) = read(&format!("resource=localhost&{}", rels.join("&")));
        assert_eq!((rels.len(), rels[RELS_MAX - 1].as_str()), (RELS_MAX, "31"));
    }

    /// A query without a resource is malformed.
    #[test]
    fn query_without_resource_is_malformed() {
        for (query, reason) in [
            ("", "The resource parameter is missing."),
            ("rel=author", "The resource parameter is missing."),
            ("Resource=localhost", "The resource parameter is missing."),
            ("resource", "The resource parameter must not be blank."),
            ("resource=%20", "The resource parameter must not be blank."),
            (
                "resource=localhost&resource=localhost",
                "The resource parameter must be given once.",
            ),
            (
                "resource=a@b&%72esource=a@b",
                "The resource parameter must be given once.",
            ),
            ("resource=%", "The query must be percent-encoded UTF-8."),
            (
                "resource=%ff@localhost",
                "The query must be percent-encoded UTF-8.",
            ),
            (
                "resource=localhost&rel=%e4",
                "The query must be percent-encoded UTF-8.",
            ),
            (
                "resource=localhost&%f",
                "The query must be percent-encoded UTF-8.",
            ),
        ] {
            assert_eq!(
                WebFingerQuery::parse(query).map_err(ResourceError::reason),
                Err(reason),
                "{query}"
            );
        }
    }
}
