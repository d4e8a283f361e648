//! Client identifiers, client secrets and tokens.

use std::fmt;

use crate::secret::Secret;

/// A client identifier. RFC 6749 §2.2.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// Creates the identifier.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text of the identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! credential {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Secret);

        impl $name {
            /// Wraps `text`.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Secret::new(text))
            }

            /// Returns the text.
            pub fn reveal(&self) -> &str {
                self.0.reveal()
            }
        }
    };
}

credential! {
    /// A client secret. RFC 6749 §2.3.1.
    ClientSecret
}

credential! {
    /// A token that permits the management of a client. RFC 7592 §1.2.
    RegistrationAccessToken
}

impl RegistrationAccessToken {
    /// The prefix of every token, by which secret scanners recognise it.
    pub const PREFIX: &'static str = "rat_";
}

credential! {
    /// A token that permits the registration of clients. RFC 7591 §1.2.
    InitialAccessToken
}

impl InitialAccessToken {
    /// The prefix of every token, by which secret scanners recognise it.
    pub const PREFIX: &'static str = "iat_";
}

/// The prefix of every lookup token, by which secret scanners recognise it.
pub const LOOKUP_TOKEN_PREFIX: &str = "lkt_";

/// Returns true for a text that begins like a token of this service.
pub fn is_token(text: &str) -> bool {
    [
        RegistrationAccessToken::PREFIX,
        InitialAccessToken::PREFIX,
        LOOKUP_TOKEN_PREFIX,
    ]
    .iter()
    .any(|prefix| text.starts_with(prefix))
}
