//! The reasons for which a request is rejected.

use protocol::Invalid;

/// The reason for which client metadata is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// A member has a value that cannot be accepted.
    Invalid(Invalid),
    /// The software statement is malformed, not signed by its issuer or not valid now. The text is a sentence for the client.
    Statement(&'static str),
    /// The issuer of the software statement is not trusted.
    UntrustedStatement,
}

impl From<Invalid> for Rejection {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}
