//! The one failure of a fetch.

use std::fmt;

/// A fetch that did not happen or brought nothing acceptable.
///
/// To the client every such failure is one text, so that it cannot use this server to look around a network. The
/// operator's log gets [`Refused::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub(crate) Reason);

impl Refused {
    /// What the client is told, after the name of the member that held the address.
    pub const TEXT: &'static str = "could not be fetched, or what is there is not acceptable";

    /// Returns the limit that was reached, where nothing was fetched for that reason: no fault of the address.
    pub const fn limit(&self) -> Option<FetchLimit> {
        match self.0 {
            Reason::Share => Some(FetchLimit::Caller),
            Reason::Busy => Some(FetchLimit::Queue),
            _ => None,
        }
    }

    /// What went wrong, for the operator only: a fixed sentence with nothing in it from the address or the answer.
    pub const fn reason(&self) -> &'static str {
        self.0.text()
    }
}

/// A limit on fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchLimit {
    /// That of one caller, or of the callers of one address.
    Caller,
    /// That of all callers together.
    Queue,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TEXT)
    }
}

impl std::error::Error for Refused {}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

macro_rules! reasons {
    ($( $(#[doc = $doc:literal])+ $name:ident = $word:literal, $text:literal; )+) => {
        /// Why a fetch was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Reason { $( $(#[doc = $doc])+ $name, )+ }

        /// Every reason, in a word for whoever counts.
        pub(crate) const REASONS: &[(Reason, &str)] = &[$( (Reason::$name, $word) ),+];

        impl Reason {
            const fn text(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }
    };
}

reasons! {
    /// The text is not an https URL of the kind we follow.
    Url = "url", "The address is not a plain https URL without user information and fragment.";
    /// The port belongs to another protocol.
    Port = "port", "The port of the address is neither 443 nor a high port free of other protocols.";
    /// The name can only mean something inside a network.
    Name = "name", "The host of the address is a name of this machine or of a private network.";
    /// The literal, or one of the addresses of the name, is not public.
    Address = "address", "The host of the address has an address that is not public and not allowed.";
    /// The name has no address, or none in time.
    Unresolved = "unresolved", "The host of the address could not be resolved in time.";
    /// The caller's places are taken.
    Share = "share", "The caller has too many fetches under way.";
    /// All places are taken.
    Busy = "busy", "Too many fetches are under way.";
    /// No connection.
    Connection = "connection", "The connection failed or broke off.";
    /// No TLS.
    Tls = "tls", "TLS could not be agreed, or the certificate is not trusted for this host.";
    /// Out of time.
    Slow = "slow", "The answer did not arrive in time.";
    /// Not HTTP, or its head is too long.
    Http = "http", "The answer is not HTTP as it should be.";
    /// A status other than 200: a redirect too.
    Status = "status", "The status of the answer is not 200.";
    /// Another content type.
    ContentType = "content_type", "The content type of the answer is not application/json.";
    /// Too long.
    Length = "length", "The answer is too long.";
    /// Not JSON, or not of the expected shape.
    Json = "json", "The answer is not JSON of the expected shape.";
}
