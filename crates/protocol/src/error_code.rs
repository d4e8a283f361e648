//! The OAuth error codes of responses, and the descriptions that never quote a request.

/// The description for credentials that are not accepted.
pub const WRONG_CREDENTIALS: &str =
    "The credentials are wrong, expired or revoked, or the client does not exist.";

/// The description for a caller over a rate limit.
pub const TOO_MANY_REQUESTS: &str =
    "Too many requests. Try again after the time in the Retry-After header.";

/// The description of an address that no route has.
pub const NOTHING_HERE: &str = "There is nothing at this address.";

/// The description while the store is down, full or slow.
pub const UNAVAILABLE: &str = "The service is busy or cannot reach its store. Try again shortly.";

/// Descriptions whose every word is the service's own.
pub const FIXED_DESCRIPTIONS: [&str; 3] = [WRONG_CREDENTIALS, TOO_MANY_REQUESTS, UNAVAILABLE];

/// One row of the table of error codes.
#[derive(Debug, Clone, Copy)]
pub struct ErrorRow {
    /// The code.
    pub code: ErrorCode,
    /// The value of the `error` member.
    pub name: &'static str,
    /// The default HTTP status.
    pub status: u16,
    /// The specification and section that define it.
    pub spec: &'static str,
    /// The meaning in one sentence, for the reference page.
    pub doc: &'static str,
}

macro_rules! error_codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $status:literal, $spec:literal; )+) => {
        /// An OAuth error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorCode { $( $(#[doc = $doc])+ $variant, )+ }

        impl ErrorCode {
            /// The rows of all codes.
            pub const ROWS: &'static [ErrorRow] = &[$( ErrorRow {
                code: Self::$variant, name: $name, status: $status, spec: $spec, doc: concat!($($doc),+),
            } ),+];

            /// Returns the value of the `error` member.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Returns the default HTTP status.
            pub const fn status(self) -> u16 {
                match self { $( Self::$variant => $status, )+ }
            }
        }
    };
}

error_codes! {
    /// One or more redirect URIs cannot be registered.
    InvalidRedirectUri = "invalid_redirect_uri", 400, "RFC 7591 §3.2.2";
    /// The body is not client metadata, or a member of it cannot be accepted; the description names the member.
    InvalidClientMetadata = "invalid_client_metadata", 400, "RFC 7591 §3.2.2";
    /// The software statement is unreadable, unsigned, badly signed or out of date.
    InvalidSoftwareStatement = "invalid_software_statement", 400, "RFC 7591 §3.2.2";
    /// The software statement comes from an issuer this provider does not trust.
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400, "RFC 7591 §3.2.2";
    /// The request itself is wrong: its method (405), its timing (408), its size (413), its content type (415), its rate (429), or a conflict with another request (409).
    InvalidRequest = "invalid_request", 400, "RFC 6749 §5.2";
    /// The credentials are wrong, expired or revoked, or the client no longer exists.
    InvalidToken = "invalid_token", 401, "RFC 6750 §3.1";
    /// The client is unknown to the lookup, has no secret, or has another one.
    InvalidClient = "invalid_client", 401, "RFC 6749 §5.2";
    /// The credentials are right and do not permit this.
    InsufficientScope = "insufficient_scope", 403, "RFC 6750 §3.1";
    /// Registration is closed, or not open to this caller.
    AccessDenied = "access_denied", 403, "RFC 6749 §4.1.2.1";
    /// There is nothing at this address.
    NotFound = "not_found", 404, "RFC 9110 §15.5.5";
    /// The request came to a host this deployment does not serve.
    MisdirectedRequest = "misdirected_request", 421, "RFC 9110 §15.5.20";
    /// Internal server error; the log gives the reason.
    ServerError = "server_error", 500, "RFC 6749 §4.1.2.1";
    /// The endpoint is a placeholder; the description names the setting for the real one.
    NotImplemented = "not_implemented", 501, "RFC 9110 §15.6.2";
    /// The store, or the authorization server behind the provider, is down, full or busy; try again after the time in `Retry-After`.
    TemporarilyUnavailable = "temporarily_unavailable", 503, "RFC 6749 §4.1.2.1";
}
