//! The identifier of the current request, for its response, its log lines and its rows in the audit trail.

use std::future::Future;

use actix_web::http::header::{HeaderName, HeaderValue};

/// The header field with the identifier.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of an identifier.
pub const LONGEST: usize = 128;

/// The number of random bytes in a generated identifier.
pub const RANDOM_BYTES: usize = 16;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The identifier of a request: 1 to 128 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Parses an identifier. Returns `None` if it is empty, too long or has other characters.
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        Self::is_valid(value.as_bytes()).then(|| Self(value.clone()))
    }

    /// Parses an identifier from bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::is_valid(bytes)
            .then(|| HeaderValue::from_bytes(bytes).ok().map(Self))
            .flatten()
    }

    /// Spells random bytes as hexadecimal digits.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Option<Self> {
        let text = format!("{:032x}", u128::from_be_bytes(bytes));
        HeaderValue::try_from(text).ok().map(Self)
    }

    fn is_valid(bytes: &[u8]) -> bool {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(plain)
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The identifier of the current request, if there is one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Runs the future `work` as part of this request.
    pub fn handle<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Runs the function `work` as part of this request.
    pub fn within<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

/// Returns the value of the header field.
impl From<RequestId> for HeaderValue {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request identifier has only letters, digits and a few signs, and a limited length.
    #[test]
    fn request_id_characters_are_limited() {
        for text in ["a", "4f2e-0001", "A.b_c-9", &"x".repeat(128)] {
            assert_eq!(
                RequestId::from_bytes(text.as_bytes()).unwrap().as_str(),
                text
            );
        }
        for text in ["", "a b", "a\"b", "a\tb", "\u{e4}", "a/b", &"x".repeat(129)] {
            assert!(RequestId::from_bytes(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    /// Random bytes are written in hexadecimal.
    #[test]
    fn random_bytes_are_hexadecimal() {
        let bytes = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128.to_be_bytes();
        let id = RequestId::from_random(bytes).unwrap();
        assert_eq!(id.as_str(), "0123456789abcdeffedcba9876543210");
        assert_eq!(RequestId::from_bytes(id.as_str().as_bytes()), Some(id));
    }

    /// There is no request identifier outside of requests.
    #[test]
    fn no_request_id_outside_of_requests() {
        let id = RequestId::from_bytes(b"one").unwrap();
        assert_eq!(RequestId::current(), None);
        assert_eq!(id.clone().within(RequestId::current), Some(id));
        assert_eq!(RequestId::current(), None);
    }
}
