//! The types of the settings of client ID metadata documents.

use std::ops::RangeInclusive;
use std::time::Duration;

use ::documents::DocumentAccess;
use admission::DocumentRedirects;
use protocol::ClientIdUrl;
use protocol::token_terms::RedirectHostPattern;

use crate::setting::{
    DefaultText, ListElement, SettingValue, ValueError, ValueKind, choices, one_of,
};

/// The bounds of the time for which a document is used.
pub const KEPT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);

choices! {
    DocumentAccess: "closed" => Closed, "listed" => Listed, "open" => Open;
    DocumentRedirects: "own-host" => OwnHost, "any" => Any;
}

/// An element of `provider.document_hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentHost(pub RedirectHostPattern);

impl ListElement for DocumentHost {
    fn parse(text: &str) -> Result<Self, ValueError> {
        RedirectHostPattern::parse(text).map(Self).map_err(|_| {
            ValueError::sentence(format!(
                "{text:?} must be a host name or *. and a host name"
            ))
        })
    }
}

impl ListElement for ClientIdUrl {
    fn parse(text: &str) -> Result<Self, ValueError> {
        Self::parse(text).map_err(|error| ValueError::sentence(format!("{text:?} {error}")))
    }
}
