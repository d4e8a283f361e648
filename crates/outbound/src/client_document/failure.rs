//! Why a client document could not be fetched.
//!
//! The client gets one sentence for every reason. The class decides whether an older copy may serve; the operator's log and
//! metrics get the word.

use std::fmt;
use std::time::Duration;

use crate::fetch_error::{FetchError, FetchErrorReason};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The server says that there is no document.
    Gone,
    /// The server could not be reached, or does not answer now.
    Unreachable,
    /// The address is not fetched, or the answer is not acceptable.
    Refused,
    /// Nothing was fetched because of a limit.
    Busy,
}

impl FailureClass {
    /// Returns the class of a reason, by its word.
    pub fn of_word(word: &str) -> Option<Self> {
        FAILURES
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, class)| *class)
    }
}

/// The failure to fetch a client document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFetchError {
    pub(crate) reason: DocumentFailureReason,
    retry_after: Option<Duration>,
}

impl DocumentFetchError {
    /// The text for the client.
    pub const TEXT: &'static str = "The client's document could not be read.";

    /// Creates the error of a limit, after which the caller may ask again later.
    pub(crate) fn busy(reason: DocumentFailureReason, retry_after: Duration) -> Self {
        Self {
            reason,
            retry_after: Some(retry_after),
        }
    }

    /// Returns the class.
    pub const fn class(&self) -> FailureClass {
        self.reason.class()
    }

    /// Returns the word of the reason, for metrics and rows.
    pub const fn word(&self) -> &'static str {
        self.reason.word()
    }

    /// Returns the reason, for the operator only: a fixed sentence without any part of the address or the response.
    pub const fn reason(&self) -> &'static str {
        self.reason.text()
    }

    /// Returns the time after which asking again makes sense, where a limit says so.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for DocumentFetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TEXT)
    }
}

impl std::error::Error for DocumentFetchError {}

impl From<DocumentFailureReason> for DocumentFetchError {
    fn from(reason: DocumentFailureReason) -> Self {
        Self {
            reason,
            retry_after: None,
        }
    }
}

macro_rules! failures {
    ($( $(#[doc = $doc:literal])+ $name:ident: $class:ident = $word:literal, $text:literal; )+) => {
        /// The reason of a failure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum DocumentFailureReason { $( $(#[doc = $doc])+ $name, )+ }

        impl DocumentFailureReason {
            const fn class(self) -> FailureClass {
                match self { $( Self::$name => FailureClass::$class, )+ }
            }

            const fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }

            const fn text(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }

        /// The words of all reasons, with their classes.
        const FAILURES: &[(&str, FailureClass)] = &[$( ($word, FailureClass::$class) ),+];
    };
}

failures! {
    /// The text is not an acceptable https URL.
    Url: Refused = "url", "The address is not a plain https URL.";
    /// The port belongs to another protocol.
    Port: Refused = "port", "The port is neither 443 nor a port from 1024 on that no other protocol uses.";
    /// The name belongs to this machine or a private network.
    Name: Refused = "name", "The host is a name of this machine or of a private network.";
    /// The literal, or one of the addresses of the name, is not public.
    Address: Refused = "address", "The host has an address that is neither public nor allowed.";
    /// The name has no address, or none in time.
    Unresolved: Unreachable = "unresolved", "The host could not be resolved in time.";
    /// The connection failed.
    Connection: Unreachable = "connection", "The connection failed or was closed early.";
    /// The TLS handshake failed.
    Tls: Unreachable = "tls", "The TLS handshake failed, or the certificate is not trusted for this host.";
    /// The time limit was exceeded.
    Slow: Unreachable = "slow", "The response did not arrive in time.";
    /// The status is 404 or 410.
    Gone: Gone = "gone", "The server says that there is no document at this address (404 or 410).";
    /// The status is 403, 429 or a 5xx.
    Unavailable: Unreachable = "unavailable", "The server does not give the document now (403, 429 or 5xx).";
    /// The status is a redirect.
    Redirect: Unreachable = "redirect", "The server redirects to another address, which is not followed.";
    /// Another status.
    Status: Refused = "status", "The status of the response is not 200.";
    /// The status is 304, and the request was not conditional.
    NotAsked: Refused = "not_modified", "The server answers 304 to a request without validators.";
    /// The response is not HTTP, or its head is too long.
    Http: Refused = "http", "The response is not valid HTTP.";
    /// The content type is not JSON.
    ContentType: Refused = "content_type", "The content type of the response is neither application/json nor application/<name>+json, once.";
    /// The body is encoded.
    Encoding: Refused = "encoding", "The response has a content encoding, which was not accepted.";
    /// The body is too long.
    Length: Refused = "length", "The response is longer than limits.document_bytes.";
    /// The address failed a moment ago.
    Resting: Busy = "resting", "The address failed a moment ago.";
    /// The host has its share of fetches.
    HostRate: Busy = "host_limit", "The host has had limits.documents_per_minute fetches within a minute.";
    /// There were too many fetches.
    Rate: Busy = "limit", "All hosts together have had ten times limits.documents_per_minute fetches within a minute.";
    /// The host has too many fetches in progress.
    HostShare: Busy = "host_busy", "Too many fetches of this host are in progress.";
    /// Too many fetches are in progress.
    Busy: Busy = "busy", "Too many fetches are in progress.";
}

impl From<FetchError> for DocumentFailureReason {
    fn from(error: FetchError) -> Self {
        error.reason.into()
    }
}

impl From<FetchErrorReason> for DocumentFailureReason {
    fn from(reason: FetchErrorReason) -> Self {
        match reason {
            FetchErrorReason::Url => Self::Url,
            FetchErrorReason::Port => Self::Port,
            FetchErrorReason::Name => Self::Name,
            FetchErrorReason::Address => Self::Address,
            FetchErrorReason::Unresolved => Self::Unresolved,
            FetchErrorReason::Share => Self::HostShare,
            FetchErrorReason::Busy => Self::Busy,
            FetchErrorReason::Connection => Self::Connection,
            FetchErrorReason::Tls => Self::Tls,
            FetchErrorReason::Slow => Self::Slow,
            FetchErrorReason::Http => Self::Http,
            FetchErrorReason::Status => Self::Status,
            FetchErrorReason::ContentType | FetchErrorReason::Json => Self::ContentType,
            FetchErrorReason::Length => Self::Length,
        }
    }
}
