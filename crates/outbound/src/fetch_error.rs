//! The error of a fetch.

use std::fmt;

/// A fetch that was refused, or failed, or returned no acceptable document.
///
/// The client gets the same text for every reason that a name or a server behind it could have caused, so that it cannot explore
/// a network through this server. Only an address that is private as it is written has a text of its own: it says nothing that
/// the client does not know. The operator's log gets [`FetchError::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchError {
    pub(crate) reason: FetchErrorReason,
    /// True if the address was refused as it is written, before any name was resolved.
    is_written_private: bool,
}

impl FetchError {
    /// The text for the client, after the name of the member that held the address.
    pub const TEXT: &'static str = "could not be fetched, or its content is not acceptable";

    /// The text for the client about an address that is private as it is written.
    pub const PRIVATE_TEXT: &'static str = "has an address that is not public";

    /// The error for an address that is private as it is written.
    pub(crate) const fn written_private(reason: FetchErrorReason) -> Self {
        Self {
            reason,
            is_written_private: true,
        }
    }

    /// Returns the text for the client, after the name of the member that held the address.
    pub const fn text(&self) -> &'static str {
        if self.is_written_private {
            Self::PRIVATE_TEXT
        } else {
            Self::TEXT
        }
    }

    /// Returns the limit because of which nothing was fetched; the address is not at fault.
    pub const fn limit(&self) -> Option<FetchLimit> {
        match self.reason {
            FetchErrorReason::Share => Some(FetchLimit::Caller),
            FetchErrorReason::Busy => Some(FetchLimit::Queue),
            _ => None,
        }
    }

    /// Returns the reason, for the operator only: a fixed sentence without any part of the address or the response.
    pub const fn reason(&self) -> &'static str {
        self.reason.text()
    }
}

/// A limit on fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchLimit {
    /// The limit of a caller, or of the callers of an address.
    Caller,
    /// The limit of all callers together.
    Queue,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for FetchError {}

impl From<FetchErrorReason> for FetchError {
    fn from(reason: FetchErrorReason) -> Self {
        Self {
            reason,
            is_written_private: false,
        }
    }
}

macro_rules! reasons {
    ($( $(#[doc = $doc:literal])+ $name:ident = $word:literal, $text:literal; )+) => {
        /// The reason of a failed fetch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum FetchErrorReason { $( $(#[doc = $doc])+ $name, )+ }

        /// Every reason with its label in the metrics.
        pub(crate) const FETCH_ERROR_REASONS: &[(FetchErrorReason, &str)] = &[$( (FetchErrorReason::$name, $word) ),+];

        impl FetchErrorReason {
            const fn text(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }
    };
}

reasons! {
    /// The text is not an acceptable https URL.
    Url = "url", "The address is not a plain https URL without user information and fragment.";
    /// The port belongs to another protocol.
    Port = "port", "The port is neither 443 nor a port from 1024 on that no other protocol uses.";
    /// The name belongs to this machine or a private network.
    Name = "name", "The host is a name of this machine or of a private network.";
    /// The literal, or one of the addresses of the name, is not public.
    Address = "address", "The host has an address that is neither public nor allowed.";
    /// The name has no address, or none in time.
    Unresolved = "unresolved", "The host could not be resolved in time.";
    /// The slots of the caller are in use.
    Share = "share", "The caller has too many fetches in progress.";
    /// All slots are in use.
    Busy = "busy", "Too many fetches are in progress.";
    /// The connection failed.
    Connection = "connection", "The connection failed or was closed early.";
    /// The TLS handshake failed.
    Tls = "tls", "The TLS handshake failed, or the certificate is not trusted for this host.";
    /// The time limit was exceeded.
    Slow = "slow", "The response did not arrive in time.";
    /// The response is not HTTP, or its head is too long.
    Http = "http", "The response is not valid HTTP.";
    /// The status is not 200; redirects are included.
    Status = "status", "The status of the response is not 200.";
    /// The content type is not JSON.
    ContentType = "content_type", "The content type of the response is not application/json.";
    /// The body is too long.
    Length = "length", "The response is too long.";
    /// The body is not JSON, or not of the expected shape.
    Json = "json", "The response is not JSON of the expected shape.";
}
