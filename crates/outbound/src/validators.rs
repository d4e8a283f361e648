//! The validators of a document that was fetched before. RFC 9110 §8.8.

use ureq::RequestBuilder;
use ureq::http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use ureq::http::{HeaderMap, HeaderName};
use ureq::typestate::WithoutBody;

/// The maximum length of a validator, in bytes. A longer one is not kept.
const MAX_BYTES: usize = 512;

/// The validators of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The `ETag`.
    pub etag: Option<String>,
    /// The `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Returns true if no request can be conditional.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Reads the validators of a response.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            etag: text(headers, &ETAG),
            last_modified: text(headers, &LAST_MODIFIED),
        }
    }

    /// Makes a request conditional. RFC 9110 §13.1.2, §13.1.3.
    pub(crate) fn add_to(
        &self,
        mut request: RequestBuilder<WithoutBody>,
    ) -> RequestBuilder<WithoutBody> {
        if let Some(etag) = &self.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &self.last_modified {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        request
    }

    /// Returns these validators, with those of `older` where a 304 repeated none. RFC 9111 §4.3.4.
    pub(crate) fn or(self, older: &Self) -> Self {
        Self {
            etag: self.etag.or_else(|| older.etag.clone()),
            last_modified: self.last_modified.or_else(|| older.last_modified.clone()),
        }
    }
}

/// Returns a field that has one line of text.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| text.len() <= MAX_BYTES)
        .map(str::to_owned)
}
