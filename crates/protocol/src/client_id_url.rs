//! Client identifiers that are the URL of the client's own metadata document. draft-ietf-oauth-client-id-metadata-document §3.
//!
//! An identifier is compared as text (§3), so a URL may be an identifier only in the spelling that a URL parser gives it. Otherwise a
//! client would have as many identities as its URL has spellings, and a spelling that an operator disabled would leave the others.

use std::fmt;

use url::Url;

use crate::uri::{HttpsUri, URI_MAX, authority, split_port};

/// The beginning of every identifier that is a URL of a document.
const SCHEME: &str = "https://";

/// A client identifier that is the URL of a client ID metadata document, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientIdUrl(String);

/// The reason for which a text is not the URL of a client ID metadata document. It continues a sentence that begins with the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIdUrlError {
    /// The text does not begin with `https://`.
    Scheme,
    /// The text is longer than a URI may be.
    Length,
    /// The authority has user information.
    UserInformation,
    /// The URL has a query or a fragment, which may be empty.
    QueryOrFragment,
    /// A segment of the path is `.` or `..`, in any spelling.
    DotSegment,
    /// The URL has no path, or `/` alone.
    Path,
    /// The text is not the spelling that a URL parser gives the URL, or is not a URL.
    NormalForm,
}

impl ClientIdUrlError {
    /// Returns the name of the rule.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Length => "length",
            Self::UserInformation => "user_information",
            Self::QueryOrFragment => "query_or_fragment",
            Self::DotSegment => "dot_segment",
            Self::Path => "path",
            Self::NormalForm => "normal_form",
        }
    }

    /// Returns the rest of a sentence that begins with the member.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Scheme => "must begin with https://",
            Self::Length => "must not be longer than 2048 characters",
            Self::UserInformation => "must not have user information",
            Self::QueryOrFragment => "must not have a query or a fragment",
            Self::DotSegment => "must not have a path segment that is . or ..",
            Self::Path => "must have a path after its host",
            Self::NormalForm => "must be a URL in its normal form",
        }
    }
}

impl fmt::Display for ClientIdUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for ClientIdUrlError {}

impl ClientIdUrl {
    /// Reads the URL.
    ///
    /// # Errors
    /// The text is not the URL of a document in its normal form.
    pub fn parse(text: &str) -> Result<Self, ClientIdUrlError> {
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return Err(match looks_like_document_id(text) {
                true => ClientIdUrlError::NormalForm,
                false => ClientIdUrlError::Scheme,
            });
        };
        if text.len() > URI_MAX {
            return Err(ClientIdUrlError::Length);
        }
        if text.contains(['?', '#']) {
            return Err(ClientIdUrlError::QueryOrFragment);
        }
        let authority = authority(rest);
        if authority.contains('@') {
            return Err(ClientIdUrlError::UserInformation);
        }
        let path = rest.get(authority.len()..).unwrap_or_default();
        if path.split(['/', '\\']).any(is_dot_segment) {
            return Err(ClientIdUrlError::DotSegment);
        }
        if matches!(path, "" | "/") {
            return Err(ClientIdUrlError::Path);
        }
        let parsed = Url::parse(text).map_err(|_| ClientIdUrlError::NormalForm)?;
        // The parser takes texts that are no URIs, such as a host with quotation marks and a broken percent escape.
        let uri = HttpsUri::parse(text.to_owned()).map_err(|_| ClientIdUrlError::NormalForm)?;
        if parsed.as_str() != uri.as_str() {
            return Err(ClientIdUrlError::NormalForm);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the URL, byte for byte as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host without the port: a name in lower case, or an IP literal.
    pub fn host(&self) -> &str {
        split_port(self.authority()).0
    }

    /// Returns host and port as written, such as `app.example:8443`.
    pub fn authority(&self) -> &str {
        authority(self.0.strip_prefix(SCHEME).unwrap_or_default())
    }
}

impl fmt::Display for ClientIdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns true for a client identifier that begins with `https://` in any case. An identifier of this kind is the URL of a document or
/// is not valid, and never the identifier of a registered client (§7.1).
pub fn looks_like_document_id(text: &str) -> bool {
    text.get(..SCHEME.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(SCHEME))
}

/// Returns true for `.` and `..`, also with percent escapes, as URL parsers read them.
fn is_dot_segment(segment: &str) -> bool {
    let decoded = segment.replace("%2e", ".").replace("%2E", ".");
    matches!(decoded.as_str(), "." | "..")
}
